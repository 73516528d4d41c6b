/* run_call_file.c - open, pipe, splice, sendfile: files and pipes hold the pattern and are never full. */
#include "drill/run_private.h"

#define CHUNK 4096
#define FAULT_BAD_FD 9 /* EBADF */

/* ---- open, pipe ------------------------------------------------------------------------------------------ */

static bool no_begin(struct run *run, struct run_call *call)
{
    (void)run;
    (void)call;
    return true;
}

static bool zero_attempt(struct run *run, struct run_call *call)
{
    (void)run;
    call->result = 0;
    return true;
}

static bool open_finish(struct run *run, struct run_call *call)
{
    int64_t number = 0;

    return run_expr_number(run, call->script->result, &number) &&
           run_fd_new(run, number, FD_FILE) != NULL;
}

static bool pipe_finish(struct run *run, struct run_call *call)
{
    const struct drill_expr *list = run_arg(call, 0);
    int64_t in = 0, out = 0;
    struct run_fd *ends[2];

    if (list->kind != DRILL_EXPR_LIST || list->item_count != 2) {
        return run_broken(run, call->pos, "pipe() takes [IN, OUT]");
    }
    if (!run_expr_number(run, list->items, &in) || !run_expr_number(run, list->items->next, &out)) {
        return false;
    }
    ends[0] = run_fd_new(run, in, FD_PIPE_IN);
    ends[1] = ends[0] ? run_fd_new(run, out, FD_PIPE_OUT) : NULL;
    if (ends[1]) {
        ends[0]->pipe = ends[1];
        ends[1]->pipe = ends[0];
    }
    return ends[1] != NULL;
}

/* ---- splice, sendfile ------------------------------------------------------------------------------------ */

static bool splice_begin(struct run *run, struct run_call *call)
{
    int64_t size = 0;

    if (!run_arg_fd(run, call, 0, &call->fd) || !run_arg_fd(run, call, 2, &call->other) ||
        !run_arg_number(run, call, 4, &size)) {
        return false;
    }
    call->size = (uint64_t)size;
    return true;
}

static bool from_socket(struct run *run, struct run_call *call)
{
    uint8_t bytes[CHUNK];
    struct run_fd *pipe = call->other->pipe;

    while (call->done < call->size) {
        int64_t got =
            weir_sock_recv(call->fd->sock, bytes, min_u64(CHUNK, call->size - call->done), 0);

        if (got <= 0) {
            call->result = call->done ? (int64_t)call->done : got;
            return got != -WEIR_SOCK_EAGAIN || call->done > 0 || call->fd->nonblocking;
        }
        for (int64_t i = 0; i < got; i++) {
            if (bytes[i] != run_pattern(call->fd->conn->read + (uint64_t)i)) {
                return run_fail(run, call->pos, "splice() gave wrong bytes") || true;
            }
        }
        call->fd->conn->read += (uint64_t)got;
        call->done += (uint64_t)got;
        pipe->bytes += (uint64_t)got;
    }
    call->result = (int64_t)call->done;
    return true;
}

static bool to_socket(struct run_call *call, struct run_fd *to, uint64_t there)
{
    uint8_t bytes[CHUNK];
    uint64_t wanted = min_u64(call->size, there + call->done);

    while (call->done < wanted) {
        uint64_t part = min_u64(CHUNK, wanted - call->done);
        int64_t sent;

        run_pattern_fill(bytes, part, to->conn->written);
        sent = weir_sock_send(to->sock, bytes, part, 0);
        if (sent <= 0) {
            call->result = call->done ? (int64_t)call->done : sent;
            return sent != -WEIR_SOCK_EAGAIN || to->nonblocking;
        }
        to->conn->written += (uint64_t)sent;
        call->done += (uint64_t)sent;
    }
    call->result = (int64_t)call->done;
    return true;
}

static bool splice_attempt(struct run *run, struct run_call *call)
{
    uint64_t before = call->done;
    bool done;

    if (call->fd->kind == FD_SOCKET && call->other->kind == FD_PIPE_OUT && call->other->pipe) {
        return from_socket(run, call);
    }
    if (call->fd->kind == FD_PIPE_IN && call->other->kind == FD_SOCKET) {
        done = to_socket(call, call->other, call->fd->bytes);
        call->fd->bytes -= call->done - before;
        return done;
    }
    call->result = -FAULT_BAD_FD;
    return true;
}

/* sendfile(to, from, [offset], size) */
static bool sendfile_begin(struct run *run, struct run_call *call)
{
    int64_t size = 0;

    if (!run_arg_fd(run, call, 0, &call->other) || !run_arg_fd(run, call, 1, &call->fd) ||
        !run_arg_number(run, call, 3, &size)) {
        return false;
    }
    call->size = (uint64_t)size;
    return call->other->kind == FD_SOCKET ||
           run_broken(run, call->pos, "sendfile() sends to a socket");
}

static bool sendfile_attempt(struct run *run, struct run_call *call)
{
    (void)run;
    return to_socket(call, call->other, call->size - call->done);
}

const struct run_call_kind run_calls_file[] = {
    {"open", 2, 3, no_begin, zero_attempt, open_finish, true},
    {"pipe", 1, 1, no_begin, zero_attempt, pipe_finish, false},
    {"splice", 6, 6, splice_begin, splice_attempt, NULL, false},
    {"sendfile", 4, 4, sendfile_begin, sendfile_attempt, NULL, false},
    {0}};
