/* run_call_open.c - socket, bind, listen, accept, connect, shutdown, close. */
#include "drill/run_private.h"

#define TYPE_MASK 0xf

/* ---- socket ---------------------------------------------------------------------------------------------- */

static bool socket_begin(struct run *run, struct run_call *call)
{
    int64_t domain = run->v6 || run->mapped ? WEIR_AF_INET6 : WEIR_AF_INET, type = 0, protocol = 0;

    if ((!run_arg_is_ellipsis(call, 0) && !run_arg_number(run, call, 0, &domain)) ||
        !run_arg_number(run, call, 1, &type) || !run_arg_number(run, call, 2, &protocol)) {
        return false;
    }
    call->number[0] = (int32_t)domain;
    call->number[1] = (int32_t)type;
    call->number[2] = (int32_t)protocol;
    return true;
}

/* What weir has no sockets for is nothing a script can be held to. */
static bool unknown_socket(const struct run_call *call)
{
    return call->result < 0 && !call->script->error;
}

static bool socket_attempt(struct run *run, struct run_call *call)
{
    call->result = weir_sock_socket(run->space, call->number[0], call->number[1], call->number[2],
                                    &call->sock);
    if (unknown_socket(call)) {
        (void)run_skip(run, call->pos, "not modelled: sockets of type %d, protocol %d",
                       call->number[1] & TYPE_MASK, call->number[2]);
    }
    return true;
}

static struct run_fd *new_socket(struct run *run, struct run_call *call, struct run_conn *conn)
{
    int64_t number = 0;
    struct run_fd *fd;

    if (call->result < 0 || !run_expr_number(run, call->script->result, &number)) {
        return NULL;
    }
    fd = run_fd_new(run, number, FD_SOCKET);
    if (fd) {
        fd->sock = call->sock;
        fd->conn = conn;
    }
    return fd;
}

static bool socket_finish(struct run *run, struct run_call *call)
{
    struct run_fd *fd = new_socket(run, call, NULL);

    if (fd) {
        fd->conn = run_conn_new(run);
        fd->nonblocking = call->number[1] & WEIR_SOCK_NONBLOCK;
    }
    return !run->failed;
}

/* ---- bind, listen ---------------------------------------------------------------------------------------- */

static bool socket_arg(struct run *run, struct run_call *call)
{
    if (!run_arg_fd(run, call, 0, &call->fd)) {
        return false;
    }
    return call->fd->kind == FD_SOCKET ||
           run_broken(run, call->pos, "%s(): descriptor %d is not a socket", call->kind->name,
                      call->fd->number);
}

void run_name_of(const struct run *run, const struct ip_addr *ip, struct weir_endpoint *e)
{
    *e = (struct weir_endpoint){.port = RUN_PORT};
    ip_addr_to_public(ip, &e->ip);
    if (run->mapped) {
        e->ip.family = 6;
        memcpy(e->ip.bytes, ip->b, sizeof(ip->b));
    }
}

static bool bind_attempt(struct run *run, struct run_call *call)
{
    struct weir_endpoint local;

    run_name_of(run, &run->local, &local);
    call->result = weir_sock_bind(call->fd->sock, &local);
    return true;
}

static bool listen_begin(struct run *run, struct run_call *call)
{
    int64_t backlog = 0;

    if (!socket_arg(run, call) || !run_arg_number(run, call, 1, &backlog)) {
        return false;
    }
    call->number[0] = (int32_t)backlog;
    return true;
}

static bool listen_attempt(struct run *run, struct run_call *call)
{
    (void)run;
    call->result = weir_sock_listen(call->fd->sock, call->number[0]);
    if (call->result == 0 && call->fd->conn) {
        call->fd->conn->state = CONN_LISTENING;
    }
    return true;
}

/* ---- accept ---------------------------------------------------------------------------------------------- */

static bool accept_attempt(struct run *run, struct run_call *call)
{
    (void)run;
    call->result = weir_sock_accept(call->fd->sock, &call->sock, &call->endpoint);
    return call->result != -WEIR_SOCK_EAGAIN || call->fd->nonblocking;
}

static bool accept_finish(struct run *run, struct run_call *call)
{
    struct run_conn *conn = run_conn_by_port(run, call->endpoint.port);
    int64_t flags = 0;
    struct run_fd *fd;

    if (call->result < 0) {
        return true;
    }
    if (!conn) {
        return run_fail(run, call->pos,
                        "accept() returned a connection that the script did not open");
    }
    fd = new_socket(run, call, conn);
    if (fd && call->script->arg_count == 4 && run_arg_number(run, call, 3, &flags)) {
        fd->nonblocking = (flags & WEIR_SOCK_NONBLOCK) != 0;
    }
    return !run->failed;
}

/* ---- connect --------------------------------------------------------------------------------------------- */

/* The address is always the script's peer; a number instead of it is a family: AF_UNSPEC disconnects. */
static bool connect_begin(struct run *run, struct run_call *call)
{
    int64_t family = -1;
    struct run_conn *conn;

    if (!socket_arg(run, call)) {
        return false;
    }
    run_name_of(run, &run->remote, &call->endpoint);
    if (!run_arg_is_ellipsis(call, 1) && run_arg(call, 1)->kind != DRILL_EXPR_STRUCT) {
        if (!run_arg_number(run, call, 1, &family)) {
            return false;
        }
        call->endpoint.ip.family = family == WEIR_AF_UNSPEC ? 0 : call->endpoint.ip.family;
    }
    conn = call->fd->conn;
    if (call->endpoint.ip.family == 0) {
        conn->state = CONN_NEW;
        conn->written = conn->read = 0;
    } else {
        run_conn_connects(conn);
    }
    return true;
}

/* Linux's blocking connect: begins, then waits for the outcome. */
static bool connect_attempt(struct run *run, struct run_call *call)
{
    (void)run;
    call->result = weir_sock_connect(call->fd->sock, &call->endpoint);
    if (call->fd->nonblocking || (call->started && call->result != -WEIR_SOCK_EALREADY) ||
        (!call->started && call->result != -WEIR_SOCK_EINPROGRESS &&
         call->result != -WEIR_SOCK_EALREADY)) {
        return true;
    }
    return false;
}

/* ---- shutdown, close ------------------------------------------------------------------------------------- */

static bool shutdown_attempt(struct run *run, struct run_call *call)
{
    (void)run;
    call->result = weir_sock_shutdown(call->fd->sock, call->number[0]);
    return true;
}

static bool close_begin(struct run *run, struct run_call *call)
{
    if (!run_arg_fd(run, call, 0, &call->fd)) {
        return false;
    }
    if (run->pending && (run->pending->fd == call->fd || run->pending->other == call->fd)) {
        return run_skip(run, call->pos, "not modelled: closing what another call waits for");
    }
    return true;
}

/* The descriptor is gone at once; with SO_LINGER the call may go on for a while. */
static bool close_attempt(struct run *run, struct run_call *call)
{
    if (call->started) {
        if (weir_sock_lingering(call->sock, run->now)) {
            call->timeout = weir_sock_linger_deadline(call->sock);
            return false;
        }
        return true;
    }
    run_fd_close(run, call->fd);
    call->sock = call->fd->sock;
    if (call->fd->kind != FD_SOCKET ||
        weir_sock_close(call->sock, call->fd->nonblocking ? WEIR_NEVER : run->now) == 0) {
        return true;
    }
    if (call->fd->nonblocking) {
        (void)weir_sock_lingering(call->sock, WEIR_NEVER);
        return true;
    }
    call->timeout = weir_sock_linger_deadline(call->sock);
    return false;
}

const struct run_call_kind run_calls_open[] = {
    {"socket", 3, 3, socket_begin, socket_attempt, socket_finish, true},
    {"bind", 3, 3, socket_arg, bind_attempt, NULL, false},
    {"listen", 2, 2, listen_begin, listen_attempt, NULL, false},
    {"accept", 3, 3, socket_arg, accept_attempt, accept_finish, true},
    {"accept4", 4, 4, socket_arg, accept_attempt, accept_finish, true},
    {"connect", 3, 3, connect_begin, connect_attempt, NULL, false},
    {"shutdown", 2, 2, listen_begin, shutdown_attempt, NULL, false},
    {"close", 1, 1, close_begin, close_attempt, NULL, false},
    {0}};
