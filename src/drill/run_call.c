/*
 * run_call.c - system calls: arguments, results, descriptors, and calls that block.
 *
 * A call is made once and then asked again until it has a result. One that the script says blocks
 * (0...0.2) waits in run->pending while events go on; any other holds the script up.
 */
#include "drill/run_private.h"

#include <stdio.h>

#define HOLD_UP_MAX (7200 * WEIR_S)

/* ---- Descriptors ----------------------------------------------------------------------------------------- */

struct run_fd *run_fd_find(const struct run *run, int64_t number)
{
    struct run_fd *fd = run->fds;

    while (fd && fd->number != number) {
        fd = fd->next;
    }
    return fd;
}

struct run_fd *run_fd_new(struct run *run, int64_t number, enum run_fd_kind kind)
{
    struct run_fd *fd = run_get(run, sizeof(*fd));

    /* A number in use begins to mean the new one, as for upstream; the old one stays open, without a number. */
    if (fd) {
        fd->number = (int)number;
        fd->kind = kind;
        fd->next = run->fds;
        run->fds = fd;
    }
    return fd;
}

static void unwatch(struct run_fd *epoll, const struct run_fd *fd)
{
    struct run_watch **at = &epoll->watches;

    while (*at) {
        if ((*at)->fd == fd) {
            *at = (*at)->next;
        } else {
            at = &(*at)->next;
        }
    }
}

void run_fd_close(struct run *run, struct run_fd *fd)
{
    struct run_fd **at = &run->fds;

    while (*at != fd) {
        at = &(*at)->next;
    }
    *at = fd->next;
    for (struct run_fd *other = run->fds; other; other = other->next) {
        unwatch(other, fd);
    }
    if (fd->pipe) {
        fd->pipe->pipe = NULL;
    }
}

/* ---- Arguments ------------------------------------------------------------------------------------------- */

const struct drill_expr *run_arg(const struct run_call *call, size_t index)
{
    const struct drill_expr *arg = call->script->args;

    while (arg && index-- > 0) {
        arg = arg->next;
    }
    return arg;
}

bool run_arg_is_ellipsis(const struct run_call *call, size_t index)
{
    const struct drill_expr *arg = run_arg(call, index);

    return arg && arg->kind == DRILL_EXPR_ELLIPSIS;
}

bool run_expr_number(struct run *run, const struct drill_expr *expr, int64_t *value)
{
    struct drill_error error;

    if (!expr) {
        return run_broken(run, run->event->pos, "an argument is missing");
    }
    if (drill_expr_value(run->script, expr, run_symbol, run, value, &error) != DRILL_OK) {
        const char *text = strstr(error.text, ": ");

        return run_broken(run, expr->pos, "%s", text ? text + 2 : error.text);
    }
    return true;
}

bool run_arg_number(struct run *run, const struct run_call *call, size_t index, int64_t *value)
{
    return run_expr_number(run, run_arg(call, index), value);
}

bool run_arg_fd(struct run *run, struct run_call *call, size_t index, struct run_fd **fd)
{
    int64_t number = 0;

    if (!run_arg_number(run, call, index, &number)) {
        return false;
    }
    *fd = run_fd_find(run, number);
    return *fd || run_broken(run, call->pos, "%s(): descriptor %lld is not open", call->kind->name,
                             (long long)number);
}

/* ---- Results --------------------------------------------------------------------------------------------- */

static const char *result_text(int64_t result, char *out, size_t size)
{
    if (result < 0) {
        snprintf(out, size, "-1 %s", run_errno_name(-result));
    } else {
        snprintf(out, size, "%lld", (long long)result);
    }
    return out;
}

static bool wrong_result(struct run *run, const struct run_call *call, int64_t expected)
{
    const char *error = call->script->error;
    char actual[64];

    return run_fail(run, call->pos,
                    "%s() returned something else\n  expected: %lld%s%s\n  actual:   %s",
                    call->kind->name, (long long)expected, error ? " " : "", error ? error : "",
                    result_text(call->result, actual, sizeof(actual)));
}

static bool check_result(struct run *run, const struct run_call *call)
{
    int64_t expected = 0, number = 0;
    bool right;

    if (!call->script->result || call->script->result->kind == DRILL_EXPR_ELLIPSIS) {
        return true;
    }
    if (!run_expr_number(run, call->script->result, &expected)) {
        return false;
    }
    if (call->kind->returns_fd && expected >= 0) {
        right = call->result >= 0;
    } else {
        right = expected == (call->result < 0 ? -1 : call->result);
    }
    if (right && call->script->error && call->result < 0) {
        if (!run_symbol(run, call->script->error, &number)) {
            return run_broken(run, call->pos, "'%s' is not known", call->script->error);
        }
        right = number == -call->result;
    }
    return right || wrong_result(run, call, expected);
}

static bool check_end(struct run *run, const struct run_call *call)
{
    struct drill_time end = {.kind = call->time.kind,
                             .start_ns = call->end - RUN_BEGIN,
                             .end_ns = call->end - RUN_BEGIN};
    char what[64];

    snprintf(what, sizeof(what), "%.40s() returned", call->kind->name);
    return !call->script->blocking ||
           run_check_time(run, call->pos, &end, &call->time.start_ns, run->now, what);
}

static void complete(struct run *run, struct run_call *call)
{
    if (check_result(run, call) && check_end(run, call) && call->kind->finish) {
        (void)call->kind->finish(run, call);
    }
}

/* ---- Calls ----------------------------------------------------------------------------------------------- */

static const struct run_call_kind *find_kind(const char *name)
{
    const struct run_call_kind *const tables[] = {run_calls_open, run_calls_io, run_calls_option,
                                                  run_calls_wait, run_calls_file};

    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        for (const struct run_call_kind *kind = tables[i]; kind->name; kind++) {
            if (strcmp(kind->name, name) == 0) {
                return kind;
            }
        }
    }
    return NULL;
}

static bool attempt(struct run *run, struct run_call *call)
{
    bool done = call->kind->attempt(run, call);

    call->started = true;
    return done;
}

void run_call_poll(struct run *run)
{
    struct run_call *call = run->pending;

    if (call && !run->failed && attempt(run, call)) {
        run->pending = NULL;
        complete(run, call);
    }
}

weir_time run_call_deadline(const struct run *run)
{
    return run->pending ? run->pending->timeout : WEIR_NEVER;
}

/* A program that does not say that it blocks: nothing else happens until it is done. */
static bool hold_up(struct run *run, struct run_call *call)
{
    weir_time limit = run->now + HOLD_UP_MAX;
    struct run_call *waiting = run->pending;

    run->pending = call;
    while (run->pending == call && run_step(run, limit)) {}
    if (run->pending == call && !run->failed) {
        return run_fail(run, call->pos, "%s() blocks for ever", call->kind->name);
    }
    run->pending = waiting;
    return !run->failed;
}

bool run_call_event(struct run *run, const struct drill_call *script)
{
    const struct run_call_kind *kind = find_kind(script->name);
    struct run_call *call = run_get(run, sizeof(*call));

    if (!call) {
        return false;
    }
    if (!kind) {
        return run_skip(run, run->event->pos, "not modelled: %s()", script->name);
    }
    *call = (struct run_call){.kind = kind,
                              .script = script,
                              .pos = run->event->pos,
                              .time = run->time,
                              .timeout = WEIR_NEVER};
    call->end = RUN_BEGIN + script->end_ns + (run->time.start_ns - run->event->time.start_ns);
    if (script->arg_count < kind->args_min || script->arg_count > kind->args_max) {
        return run_broken(run, call->pos, "%s() has %zu arguments", kind->name, script->arg_count);
    }
    if (!kind->begin(run, call)) {
        return false;
    }
    if (attempt(run, call)) {
        complete(run, call);
        run_turn(run);
        return !run->failed;
    }
    if (script->blocking) {
        run->pending = call;
        run_turn(run);
        return !run->failed;
    }
    return hold_up(run, call);
}
