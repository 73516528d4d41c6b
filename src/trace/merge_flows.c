/* merge_flows.c - which conversations of two captures belong together, and their ladder. */
#include <stdlib.h>
#include <string.h>

#include "trace/merge.h"

static bool same_ends(const struct flow_info *a, const struct flow_info *b)
{
    return (trace_same_end(&a->client, &b->client) && trace_same_end(&a->server, &b->server)) ||
           (trace_same_end(&a->client, &b->server) && trace_same_end(&a->server, &b->client));
}

static bool fits(const struct merge_capture *a, const struct flows *in, size_t other)
{
    struct merge_capture b;
    struct trace_segment *segments = flows_segments(in, other, &b.count);

    b.segments = segments;
    bool good = segments != NULL && merge_fits(a, &b);
    free(segments);
    return good;
}

size_t merge_find(const struct flows *of, size_t index, const struct flows *in)
{
    struct flow_info info, candidate;
    struct merge_capture a;
    size_t count = flows_count(in), found = count;
    struct trace_segment *segments = flows_segments(of, index, &a.count);

    a.segments = segments;
    flows_info(of, index, &info);
    /* First those with the same endpoints; behind a NAT they may be others. */
    for (int same = 1; same >= 0 && segments != NULL && found == count; same--) {
        for (size_t i = 0; i < count && found == count; i++) {
            flows_info(in, i, &candidate);
            bool asked = same_ends(&info, &candidate) == (same == 1);
            if (asked && (same == 1 || !candidate.client_guessed) && fits(&a, in, i)) {
                found = i;
            }
        }
    }
    free(segments);
    return found;
}

struct ladder *merge_flows(const struct flows *of, size_t index, const struct flows *in,
                           size_t other)
{
    struct merge_capture a, b;
    struct merge_report report;
    struct flow_info info;
    struct trace_segment *first = flows_segments(of, index, &a.count);
    struct trace_segment *second = flows_segments(in, other, &b.count);
    struct ladder *ladder = ladder_new(LADDER_AT_BOTH);
    int result = WEIR_ENOBUFS;

    a.segments = first;
    b.segments = second;
    flows_info(of, index, &info);
    if (first != NULL && second != NULL && ladder != NULL) {
        ladder_set_number(ladder, (uint32_t)index + 1);
        ladder_set_ends(ladder, &info.client, &info.server, info.client_guessed);
        result = merge_captures(ladder, &a, &b, &report);
    }
    if (result == WEIR_OK) {
        result = ladder_set_merge(ladder, &report);
    }
    if (result == WEIR_OK) {
        result = flows_surroundings(of, index, ladder);
    }
    if (result == WEIR_OK) {
        result = ladder_finish(ladder);
    }
    free(first);
    free(second);
    if (result != WEIR_OK) {
        ladder_del(ladder);
        return NULL;
    }
    return ladder;
}
