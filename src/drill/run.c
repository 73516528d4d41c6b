/* run.c - events in their order, and time. */
#include "drill/run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "drill/run_private.h"

#define TIME_MAX (1000000 * WEIR_S)
#define PATIENCE WEIR_S /* a call that blocks may delay the call after it so long */
#define SHARE 125 /* thousandths of the time since the event before that an event may be off */

/* ---- What went wrong ------------------------------------------------------------------------------------- */

static bool verdict(struct run *run, enum drill_verdict what, struct drill_pos pos,
                    const char *format, va_list arguments)
{
    struct drill_result *r = run->result;
    int size;

    if (run->failed) {
        return false;
    }
    run->failed = true;
    r->verdict = what;
    r->pos = pos;
    size = snprintf(r->text, sizeof(r->text), "%.200s:%u: ", run->script->name, pos.line);
    vsnprintf(r->text + size, sizeof(r->text) - (size_t)size, format, arguments);
    return false;
}

bool run_fail(struct run *run, struct drill_pos pos, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    verdict(run, DRILL_FAILED, pos, format, arguments);
    va_end(arguments);
    return false;
}

bool run_skip(struct run *run, struct drill_pos pos, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    verdict(run, DRILL_SKIPPED, pos, format, arguments);
    va_end(arguments);
    return false;
}

bool run_broken(struct run *run, struct drill_pos pos, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    verdict(run, DRILL_BROKEN, pos, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- Time ------------------------------------------------------------------------------------------------ */

static double seconds(uint64_t ns)
{
    return (double)ns / (double)WEIR_S;
}

bool run_check_time(struct run *run, struct drill_pos pos, const struct drill_time *time,
                    const uint64_t *last, weir_time actual, const char *what)
{
    weir_time slack = run->tolerance;
    uint64_t at = actual - RUN_BEGIN;
    char until[32] = "";

    if (time->kind == DRILL_TIME_ANY) {
        return true;
    }
    if (last && time->start_ns > *last) {
        slack = max_u64(slack, (time->start_ns - *last) * run->tolerance_thousandths / 1000);
    }
    if (at + slack >= time->start_ns && at <= time->end_ns + slack) {
        return true;
    }
    if (time->end_ns != time->start_ns) {
        snprintf(until, sizeof(until), "~%.6f", seconds(time->end_ns));
    }
    return run_fail(run, pos,
                    "%s at the wrong time\n  expected: at %.6f%s s (tolerance %.6f s)\n"
                    "  actual:   at %.6f s",
                    what, seconds(time->start_ns), until, seconds(slack), seconds(at));
}

static bool injects(const struct drill_event *event)
{
    return event && event->kind == DRILL_EVENT_PACKET && event->packet->direction == DRILL_IN;
}

/* Packets that are injected one after the other keep their distance even when the clock is late. */
static void settle_time(struct run *run)
{
    const struct drill_event *event = run->event;
    uint64_t from =
        injects(run->last_event) && injects(event) ? run->last_time.start_ns : run->now - RUN_BEGIN;

    run->time = event->time;
    if (event->time.kind != DRILL_TIME_ABSOLUTE) {
        run->time.start_ns += from;
        run->time.end_ns += from;
    }
}

static const uint64_t *last_start(const struct run *run)
{
    return run->last_event ? &run->last_time.start_ns : NULL;
}

static bool wait_for_event(struct run *run, const char *what)
{
    run_advance(run, RUN_BEGIN + run->time.start_ns);
    if (run->failed || !run->last_event) {
        return !run->failed;
    }
    return run_check_time(run, run->event->pos, &run->time, last_start(run), run->now, what);
}

/* ---- Events ---------------------------------------------------------------------------------------------- */

static bool run_packet_event(struct run *run, const struct drill_packet *packet)
{
    if (packet->direction == DRILL_OUT) {
        return run_expect(run, packet);
    }
    return wait_for_event(run, "injected packet") && run_inject(run, packet);
}

/* A call waits for the one that blocks, as it would in a program with one thread; not for ever. */
static bool run_system_call(struct run *run, const struct drill_call *call)
{
    weir_time limit = run->now + PATIENCE;

    while (run->pending && run_step(run, limit)) {}
    if (run->pending && call->blocking) {
        return run_fail(run, run->event->pos, "%s() while %s() of line %u still blocks", call->name,
                        run->pending->kind->name, run->pending->pos.line);
    }
    return wait_for_event(run, "system call") && run_call_event(run, call);
}

static bool run_event(struct run *run)
{
    const struct drill_event *event = run->event;

    if (event->kind == DRILL_EVENT_SHELL && !run->stack) { /* settings of the whole stack, too */
        return run_shell(run, event->pos, event->text.data);
    }
    if (!run_stack_new(run)) {
        return false;
    }
    switch (event->kind) {
    case DRILL_EVENT_SHELL:
        return wait_for_event(run, "command") && run_shell(run, event->pos, event->text.data);
    case DRILL_EVENT_UNSUPPORTED:
        return run_skip(run, event->pos, "not modelled: %s", event->unsupported);
    case DRILL_EVENT_PACKET: return run_packet_event(run, event->packet);
    case DRILL_EVENT_CALL: return run_system_call(run, event->call);
    case DRILL_EVENT_CODE: return wait_for_event(run, "code") && run_code(run, event->code);
    default: return true;
    }
}

static bool wanted(const struct run *run, const struct drill_event *event)
{
    for (size_t i = 0; event->condition && i < run->options->define_count; i++) {
        if (strcmp(event->condition, run->options->defines[i]) == 0) {
            return true;
        }
    }
    return !event->condition;
}

static bool goes_back(const struct run *run)
{
    return run->last_event && run->event->time.kind == DRILL_TIME_ABSOLUTE &&
           run->last_event->time.kind == DRILL_TIME_ABSOLUTE &&
           run->time.start_ns < run->last_time.start_ns;
}

static bool run_events(struct run *run)
{
    const struct drill_event *event = run->script->events;

    for (; event; event = event->next) {
        if (!wanted(run, event)) {
            continue;
        }
        run->event = event;
        settle_time(run);
        if (!run->last_event && run->time.start_ns != 0) {
            return run_broken(run, event->pos, "the first event must be at time 0");
        }
        if (run->time.end_ns > TIME_MAX || run->time.start_ns > TIME_MAX) {
            return run_broken(run, event->pos, "a time beyond 1 000 000 s");
        }
        if (goes_back(run)) {
            return run_broken(run, event->pos, "time goes backward: from %.6f s to %.6f s",
                              seconds(run->last_time.start_ns), seconds(run->time.start_ns));
        }
        if (!run_event(run) || run->failed) {
            return false;
        }
        run->last_event = event;
        run->last_time = run->time;
    }
    return true;
}

/* ---- The end --------------------------------------------------------------------------------------------- */

static bool finish_call(struct run *run)
{
    weir_time limit = run->now + PATIENCE;

    while (run->pending && run_step(run, limit)) {}
    return !run->pending || run_fail(run, run->pending->pos, "%s() still blocks at the end",
                                     run->pending->kind->name);
}

/* What the stack has sent by now and nobody has expected. */
static bool check_strays(struct run *run)
{
    struct run_packet *packet = run->conn ? run_packet_for(run, run->conn) : NULL;
    char text[RUN_SHOWN_MAX] = "";

    if (!packet || !run->strict) {
        return true;
    }
    run_show_live(run->conn, packet, text);
    return run_fail(run, run->last_event->pos,
                    "a packet that the script does not expect\n  actual:   %.6f > %s",
                    seconds(packet->time - RUN_BEGIN), text);
}

/* As upstream's: the connection is not left in the middle of things. */
static bool reset_connections(struct run *run)
{
    for (struct run_conn *conn = run->conns; conn; conn = conn->next) {
        if (conn->remote_port != 0 && !run_inject_reset(run, conn)) {
            return false;
        }
    }
    return true;
}

/* ---- The beginning --------------------------------------------------------------------------------------- */

void drill_options_default(struct drill_options *options)
{
    memset(options, 0, sizeof(*options));
}

static enum drill_ip_version script_version(const struct run *run)
{
    const char *text = drill_script_setting(run->script, "ip_version");

    if (!text) {
        return DRILL_IP_SCRIPT;
    }
    if (strcmp(text, "ipv6") == 0) {
        return DRILL_IP6;
    }
    return strcmp(text, "ipv4-mapped-ipv6") == 0 ? DRILL_IP_MAPPED : DRILL_IP4;
}

static enum drill_ip_version ip_version(const struct run *run)
{
    enum drill_ip_version wanted = run->options->ip_version;

    wanted = wanted == DRILL_IP_SCRIPT ? script_version(run) : wanted;
    return wanted == DRILL_IP_SCRIPT ? DRILL_IP4 : wanted;
}

/* A script that names a version is about that one. */
static bool check_version(struct run *run)
{
    enum drill_ip_version own = script_version(run);

    return own == DRILL_IP_SCRIPT || own == ip_version(run) ||
           run_skip(run, (struct drill_pos){1, 1}, "the script is for another --ip_version");
}

static void read_settings(struct run *run)
{
    const char *slack = drill_script_setting(run->script, "tolerance_usecs");
    const char *share = drill_script_setting(run->script, "tolerance_percent");
    const char *tick = drill_script_setting(run->script, "tcp_ts_tick_usecs");

    run->v6 = ip_version(run) == DRILL_IP6;
    run->mapped = ip_version(run) == DRILL_IP_MAPPED;
    run->tolerance = run->strict ? RUN_TOLERANCE_STRICT : RUN_TOLERANCE;
    run->tolerance_thousandths = run->strict ? 0 : SHARE;
    if (slack) {
        run->tolerance = min_u64(strtoul(slack, NULL, 10), 1000000) * WEIR_US;
    }
    if (share) {
        run->tolerance_thousandths = (unsigned)min_u64(strtoul(share, NULL, 10), 100) * 10;
    }
    run->tick_us = tick ? min_u64(strtoul(tick, NULL, 10), 1000000) : 0;
    run->ecr_scaled = drill_script_setting(run->script, "tcp_ts_ecr_scaled") != NULL;
    run->strict_segments = drill_script_setting(run->script, "strict_segments") != NULL;
}

static void run_init(struct run *run)
{
    run->strict = run->options->strict;
    run->ignore_shell = run->options->ignore_shell;
    run->now = RUN_BEGIN;
    run->packet_tail = &run->packet_head;
    run->next_peer_port = RUN_FIRST_PEER_PORT;
    weir_config_default(&run->stack_config);
    weir_sock_config_default(&run->sock_config);
    run->sock_config.zerocopy_copies = true; /* a call's buffer ends with the call */
    read_settings(run);
}

void drill_run(const struct drill_script *script, const struct drill_options *options,
               struct drill_result *result)
{
    struct run run = {.script = script, .options = options, .result = result};
    bool good = true;

    memset(result, 0, sizeof(*result));
    run_init(&run);
    good = check_version(&run);
    for (size_t i = 0; good && i < options->setting_count; i++) {
        good = run_setting(&run, options->settings[i]);
    }
    if (good && script->init.data) {
        good = run_shell(&run, (struct drill_pos){1, 1}, script->init.data);
    }
    good = good && run_events(&run) && run_stack_new(&run) && finish_call(&run) &&
           check_strays(&run) && reset_connections(&run);
    result->time = run.now - RUN_BEGIN;
    if (run.conn) {
        result->local_port = run.conn->local_port;
        result->remote_port = run.conn->remote_port;
    }
    run_stack_del(&run);
}
