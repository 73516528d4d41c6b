/* time.c - virtual time: it moves when packetdrill asks for it, sleeps, or waits for a packet. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "packetdrill/adapter.h"

#define FRAMES 32
#define PATIENCE_S 5 /* real seconds for a woken thread to ask for the time */
#define TICK WEIR_US /* what asking for the time costs: packetdrill spins on it */

/* ---- Turns -------------------------------------------------------------------------------------------- */

static bool is_main(const struct adapter *a)
{
    return pthread_equal(pthread_self(), a->main_thread) != 0;
}

static void end_turn(struct adapter *a)
{
    if (a->its_turn) {
        a->its_turn = false;
        pthread_cond_signal(&a->done);
    }
}

/* The main thread lets the other one look at what is new, until that sleeps again or asks for the time. */
static void give_turn(struct adapter *a)
{
    struct timespec limit;

    if (!a->waiting || !is_main(a) || (!a->news && a->now < a->wait_until)) {
        return;
    }
    a->news = false;
    a->its_turn = true;
    pthread_cond_signal(&a->wake);
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += PATIENCE_S;
    while (a->its_turn) {
        if (pthread_cond_timedwait(&a->done, &a->lock, &limit) == ETIMEDOUT) {
            a->its_turn = false; /* a program that does not ask for the time: go on without it */
        }
    }
}

void adapter_enter(void *u)
{
    struct adapter *a = u;

    pthread_mutex_lock(&a->lock);
    if (!is_main(a)) {
        end_turn(a);
    }
}

int64_t adapter_leave(struct adapter *a, int64_t result)
{
    adapter_run_due(a);
    a->claimed = a->emitted;
    give_turn(a);
    pthread_mutex_unlock(&a->lock);
    if (result < 0) {
        errno = (int)-result;
        return -1;
    }
    return result;
}

/* ---- Running the stack -------------------------------------------------------------------------------- */

/* Which readiness an event wakes up: what Linux's callbacks name; 0 wakes everything. */
static uint32_t signal_of(uint32_t bits)
{
    if (bits & (WEIR_EVENT_CONNECTED | WEIR_EVENT_END | WEIR_EVENT_CLOSED | WEIR_EVENT_ERROR)) {
        return 0;
    }
    return (bits & (WEIR_EVENT_READABLE | WEIR_EVENT_ACCEPT) ? WEIR_POLLIN : 0u) |
           (bits & WEIR_EVENT_WRITABLE ? WEIR_POLLOUT : 0u) |
           (bits & WEIR_EVENT_URGENT ? WEIR_POLLPRI : 0u);
}

static bool take_events(struct adapter *a)
{
    const uint32_t silent = WEIR_EVENT_SENT_ALL | WEIR_EVENT_RELEASED | WEIR_EVENT_ADDRESS;
    struct weir_event event;
    struct weir_sock *sock;
    bool any = false;

    while (weir_event(a->stack, &event)) {
        any = true;
        if (!weir_sock_event(a->space, &event)) {
            continue;
        }
        while ((sock = weir_sock_changed(a->space)) != NULL) {
            struct file *f = file_find(a, (int)weir_sock_user(sock));

            if (f && (event.bits & ~silent)) {
                polls_signal(a, f, signal_of(event.bits));
            }
            if (f && (event.bits & (WEIR_EVENT_SENT_ALL | WEIR_EVENT_RELEASED)) &&
                (weir_sock_poll(sock) & WEIR_POLLERR)) { /* the error queue has something */
                polls_signal(a, f, WEIR_POLLERR);
            }
        }
        a->news = true;
    }
    return any;
}

void adapter_run_due(struct adapter *a)
{
    struct weir_frame frames[FRAMES];
    bool more = a->stack != NULL;

    while (more) {
        size_t n = weir_output(a->stack, frames, FRAMES, a->now);

        for (size_t i = 0; i < n; i++) {
            packets_keep(a, &frames[i]);
        }
        weir_frame_done(a->stack, frames, n, WEIR_FRAME_SENT);
        more = take_events(a) || n == FRAMES;
        a->state_changed |= n > 0 || more;
    }
}

static weir_time next_deadline(const struct adapter *a)
{
    weir_time next = a->stack ? weir_deadline(a->stack) : WEIR_NEVER;

    return a->waiting && a->wait_until < next ? a->wait_until : next;
}

/* One deadline; the clock moves at least a little, so that a deadline that stays due cannot hold it. */
static void step_to(struct adapter *a, weir_time next)
{
    weir_time least = a->now + TICK;

    a->now = next > a->now ? next : a->now;
    adapter_run_due(a);
    give_turn(a);
    if (next_deadline(a) <= a->now) {
        a->now = a->now > least ? a->now : least;
    }
}

void adapter_advance(struct adapter *a, weir_time to)
{
    for (weir_time next = next_deadline(a); next <= to && a->now <= to; next = next_deadline(a)) {
        step_to(a, next);
    }
    a->now = a->now > to ? a->now : to;
}

bool adapter_advance_to_next(struct adapter *a)
{
    weir_time next = next_deadline(a);

    if (next == WEIR_NEVER) {
        return false;
    }
    step_to(a, next);
    return true;
}

bool adapter_block(struct adapter *a, weir_time until)
{
    adapter_run_due(a);
    if (a->news) { /* what changed in this very moment may be what is waited for */
        a->news = false;
        return true;
    }
    if (a->now >= until) {
        return false;
    }
    if (is_main(a)) { /* nobody else moves the clock */
        weir_time next = next_deadline(a);

        if (next > until || next == WEIR_NEVER) {
            a->now = until == WEIR_NEVER ? a->now : until;
            return until != WEIR_NEVER;
        }
        step_to(a, next);
        return true;
    }
    a->waiting = true;
    a->returning = false;
    a->other_thread = gettid();
    a->wait_until = until;
    end_turn(a);
    while (!a->its_turn) {
        pthread_cond_wait(&a->wake, &a->lock);
    }
    a->waiting = false;
    a->returning = true; /* unless it comes here again */
    return true;
}

/* ---- Slots -------------------------------------------------------------------------------------------- */

weir_time adapter_after_ms(const struct adapter *a, int ms)
{
    return ms < 0 ? WEIR_NEVER : a->now + (uint32_t)ms * WEIR_MS;
}

static bool is_asleep(pid_t thread)
{
    char path[64], stat[256];
    size_t size = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)thread);
    file = fopen(path, "re");
    if (file) {
        size = fread(stat, 1, sizeof(stat) - 1, file);
        (void)fclose(file);
    }
    stat[size] = 0;
    return size == 0 || strstr(stat, ") S ") != NULL;
}

/* While the main thread sleeps, however short, the other one in a live run has ample time to do with the
 * result of its call what packetdrill does with it, and to sleep again. So it has here. */
static void let_it_return(struct adapter *a)
{
    const struct timespec pause = {.tv_nsec = 20000};

    for (int i = 0; i < PATIENCE_S * 10000 && a->returning && is_main(a); i++) {
        (void)nanosleep(&pause,
                        NULL); /* first: it may still be on its way into the lock it waits for */
        a->returning = !is_asleep(a->other_thread);
    }
}

int slot_usleep(void *u, useconds_t us)
{
    struct adapter *a = u;

    let_it_return(a);
    adapter_enter(a);
    adapter_advance(a, a->now + us * WEIR_US);
    return (int)adapter_leave(a, 0);
}

int slot_gettimeofday(void *u, struct timeval *time, struct timezone *zone)
{
    struct adapter *a = u;

    (void)zone;
    pthread_mutex_lock(&a->lock);
    if (a->its_turn && !is_main(a)) {
        end_turn(a); /* right after a call that had to wait: this is the time at which it ended */
    } else {
        adapter_advance(a, a->now + TICK);
        a->claimed = a->emitted;
        if (a->state_changed) {
            a->state_changed = false;
            state_write(a);
        }
    }
    time->tv_sec = (time_t)(a->now / WEIR_S);
    time->tv_usec = (suseconds_t)(a->now % WEIR_S / WEIR_US);
    pthread_mutex_unlock(&a->lock);
    return 0;
}
