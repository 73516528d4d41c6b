/*
 * merge_clock.c - how far ahead is the other clock, and how much faster does it run?
 *
 * What was received minus when it was sent is flight plus offset one way, and flight minus offset the other
 * way. Nothing is faster than the empty path, so the lower edges of both clouds of points are that path, and
 * when it is equally long both ways, half their difference is the offset. If the clocks drift, both edges are
 * slanted, one up and one down: the slope of each is that of the edge of its lower convex hull at the middle
 * of the time (Zhang, Liu, Xia 2002), and only when both tell of the same drift is it believed.
 */
#include <stdlib.h>

#include "base/compiler.h"
#include "trace/merge_private.h"

/* Fewer points than this tell nothing about drift. */
#define DRIFT_POINTS_MIN 10
#define DRIFT_MAX 1e-3
#define PPM 1e6

struct point {
    double t, delay; /* nanoseconds */
};

struct cloud {
    struct point *at;
    size_t count;
};

static int by_time(const void *a, const void *b)
{
    const struct point *x = a, *y = b;

    return (x->t > y->t) - (x->t < y->t);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Times count from `origin`, by the client's clock. */
static bool fill_cloud(const struct merge_direction *d, bool client_sends, int64_t origin,
                       struct cloud *cloud)
{
    *cloud = (struct cloud){.at = malloc((d->sent_count + 1) * sizeof(*cloud->at))};
    if (cloud->at == NULL) {
        return false;
    }
    for (size_t i = 0; i < d->sent_count; i++) {
        if (d->sent[i].mate == MERGE_NONE) {
            continue;
        }
        int64_t sent = d->sent[i].time, received = d->received[d->sent[i].mate].time;
        cloud->at[cloud->count++] =
            (struct point){.t = (double)((client_sends ? sent : received) - origin),
                           .delay = (double)(received - sent)};
    }
    qsort(cloud->at, cloud->count, sizeof(*cloud->at), by_time);
    return true;
}

/* Twice the area of the triangle; negative: b lies above the line from a to c. */
static double turn(const struct point *a, const struct point *b, const struct point *c)
{
    return (b->t - a->t) * (c->delay - a->delay) - (b->delay - a->delay) * (c->t - a->t);
}

/* The slope of the lower hull where half of the time has passed; the cloud is not changed. */
static bool hull_slope(const struct cloud *cloud, double *slope)
{
    struct point *hull = malloc((cloud->count + 1) * sizeof(*hull));
    size_t n = 0;

    if (hull == NULL || cloud->count < DRIFT_POINTS_MIN) {
        free(hull);
        return false;
    }
    for (size_t i = 0; i < cloud->count; i++) {
        while (n >= 2 && turn(&hull[n - 2], &hull[n - 1], &cloud->at[i]) <= 0) {
            n--;
        }
        hull[n++] = cloud->at[i];
    }
    double middle = (cloud->at[0].t + cloud->at[cloud->count - 1].t) / 2;
    bool found = false;
    for (size_t i = 0; i + 1 < n && !found; i++) {
        found = hull[i].t <= middle && middle <= hull[i + 1].t && hull[i].t < hull[i + 1].t;
        if (found) {
            *slope = (hull[i + 1].delay - hull[i].delay) / (hull[i + 1].t - hull[i].t);
        }
    }
    free(hull);
    return found;
}

static double least_above(const struct cloud *cloud, double slope)
{
    double least = 0;

    for (size_t i = 0; i < cloud->count; i++) {
        double delay = cloud->at[i].delay - slope * cloud->at[i].t;
        least = i == 0 || delay < least ? delay : least;
    }
    return least;
}

/* The usual distance from the least one. 0 without memory. */
static double spread(const struct cloud *cloud, double slope, double least)
{
    double *above = malloc((cloud->count + 1) * sizeof(*above)), middle = 0;

    for (size_t i = 0; i < cloud->count && above != NULL; i++) {
        above[i] = cloud->at[i].delay - slope * cloud->at[i].t - least;
    }
    if (above != NULL && cloud->count > 0) {
        qsort(above, cloud->count, sizeof(*above), by_value);
        middle = above[cloud->count / 2];
    }
    free(above);
    return middle;
}

static double usual_spread(const struct cloud *there, const struct cloud *back, double drift)
{
    double up = spread(there, drift, least_above(there, drift));
    double down = spread(back, -drift, least_above(back, -drift));

    return MAX(up, down);
}

/* Both edges must say the same, more than they differ by, and in the end more than flights differ. */
static double believe_drift(const struct cloud *there, const struct cloud *back)
{
    double up, down;

    if (!hull_slope(there, &up) || !hull_slope(back, &down)) {
        return 0;
    }
    double drift = (up - down) / 2, doubt = (up + down) / 2;
    double amount = drift < 0 ? -drift : drift;
    doubt = doubt < 0 ? -doubt : doubt;
    double in_the_end = amount * (there->at[there->count - 1].t - there->at[0].t);
    bool clear = amount > doubt * 3 && in_the_end > usual_spread(there, back, drift);
    return amount < DRIFT_MAX && clear ? drift : 0;
}

static void estimate(const struct cloud *there, const struct cloud *back,
                     struct merge_report *report)
{
    double drift = believe_drift(there, back);
    double least_there = least_above(there, drift), least_back = least_above(back, -drift);
    double offset = (least_there - least_back) / 2;

    report->one_way = there->count == 0 || back->count == 0;
    if (there->count == 0) {
        offset = -least_back; /* as if it took no time at all */
    } else if (back->count == 0) {
        offset = least_there;
    }
    double residual = usual_spread(there, back, drift);
    report->one_clock = !report->one_way && drift == 0 && offset <= residual && -offset <= residual;
    report->offset = report->one_clock ? 0 : (int64_t)offset;
    report->drift_ppm = drift * PPM;
    report->residual = (int64_t)residual;
    report->bound = report->one_way ? 0 : (int64_t)((least_there + least_back) / 2);
}

/* From the server's clock to the client's. */
static void put_right(struct merge_one *one, size_t n, int64_t origin,
                      const struct merge_report *report)
{
    double drift = report->drift_ppm / PPM;

    for (size_t i = 0; i < n; i++) {
        int64_t since = one[i].time - report->offset - origin;
        one[i].time = origin + since - (int64_t)((double)since * drift / (1 + drift));
    }
}

void merge_least(struct merge_direction *d)
{
    d->least = INT64_MAX;
    for (size_t i = 0; i < d->sent_count; i++) {
        if (d->sent[i].mate != MERGE_NONE) {
            d->least = MIN(d->least, d->received[d->sent[i].mate].time - d->sent[i].time);
        }
    }
}

int merge_clocks(struct merge_direction d[2], struct merge_report *report)
{
    struct merge_direction *up = &d[LADDER_CLIENT], *down = &d[LADDER_SERVER];
    int64_t origin = up->sent_count > 0 ? up->sent[0].time : down->received[0].time;
    struct cloud there, back = {.at = NULL};
    int result = WEIR_ENOBUFS;

    if (fill_cloud(up, true, origin, &there) && fill_cloud(down, false, origin, &back)) {
        result = there.count + back.count == 0 ? WEIR_EINVAL : WEIR_OK;
    }
    if (result == WEIR_OK) {
        estimate(&there, &back, report);
        put_right(up->received, up->received_count, origin, report);
        put_right(down->sent, down->sent_count, origin, report);
        merge_least(up);
        merge_least(down);
    }
    free(there.at);
    free(back.at);
    return result;
}
