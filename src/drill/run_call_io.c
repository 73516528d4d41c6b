/*
 * run_call_io.c - calls that move bytes.
 *
 * What is written is the pattern of run_pattern, continued from call to call, and what is read must be:
 * so a stack that mixes bytes up is found out, whatever the script says.
 */
#include "drill/run_private.h"

#define BYTES_MAX (16u << 20)
#define FAULT_ADDRESS 14 /* EFAULT */

void run_pattern_fill(uint8_t *data, uint64_t size, uint64_t position)
{
    for (uint64_t i = 0; i < size; i++) {
        data[i] = run_pattern(position + i);
    }
}

static bool nonblocking(const struct run_call *call)
{
    return call->fd->nonblocking || (call->number[0] & WEIR_MSG_DONTWAIT);
}

/* ---- Arguments ------------------------------------------------------------------------------------------- */

static bool stream_arg(struct run *run, struct run_call *call)
{
    if (!run_arg_fd(run, call, 0, &call->fd)) {
        return false;
    }
    return call->fd->kind == FD_SOCKET ||
           run_skip(run, call->pos, "not modelled: %s() on this descriptor", call->kind->name);
}

static bool room(struct run *run, struct run_call *call, uint64_t size)
{
    if (size > BYTES_MAX) {
        return run_broken(run, call->pos, "%s(): %llu bytes", call->kind->name,
                          (unsigned long long)size);
    }
    call->size = size;
    call->data = run_get(run, size ? size : 1);
    return call->data != NULL;
}

/* fd, ..., size, and flags if there is a fourth. NULL instead of ... is no buffer. */
static bool plain_begin(struct run *run, struct run_call *call)
{
    int64_t size = 0, flags = 0, buffer = 1;

    if (!stream_arg(run, call) || !run_arg_number(run, call, 2, &size) ||
        (call->script->arg_count > 3 && !run_arg_number(run, call, 3, &flags)) ||
        (!run_arg_is_ellipsis(call, 1) && run_arg(call, 1)->kind != DRILL_EXPR_STRING &&
         !run_arg_number(run, call, 1, &buffer))) {
        return false;
    }
    call->number[0] = (int32_t)flags;
    call->number[1] = buffer == 0;
    return room(run, call, (uint64_t)size);
}

/* [{..., 10}, {..., 20}]: how many bytes they are together. */
static bool vector_size(struct run *run, const struct drill_expr *list, uint64_t *size)
{
    *size = 0;
    if (!list || list->kind != DRILL_EXPR_LIST) {
        return run_broken(run, run->event->pos, "a list of buffers was expected");
    }
    for (const struct drill_expr *item = list->items; item; item = item->next) {
        int64_t number = 0;

        if (item->kind != DRILL_EXPR_STRUCT || item->item_count != 2 ||
            !run_expr_number(run, item->items->next, &number)) {
            return run_broken(run, item->pos, "a buffer is {..., size}");
        }
        *size += (uint64_t)number;
    }
    return true;
}

static bool vector_begin(struct run *run, struct run_call *call)
{
    uint64_t size = 0;

    return stream_arg(run, call) && vector_size(run, run_arg(call, 1), &size) &&
           room(run, call, size);
}

static bool message_begin(struct run *run, struct run_call *call)
{
    const struct drill_expr *message = run_arg(call, 1), *list;
    int64_t flags = 0;
    uint64_t size = 0;

    if (!stream_arg(run, call) || !run_arg_number(run, call, 2, &flags)) {
        return false;
    }
    if (!message || message->kind != DRILL_EXPR_STRUCT) {
        return run_broken(run, call->pos, "a message was expected");
    }
    call->number[0] = (int32_t)flags;
    list = drill_expr_field(message, "msg_iov");
    return (!list || vector_size(run, list, &size)) && room(run, call, size);
}

/* ---- Sending --------------------------------------------------------------------------------------------- */

/* What the last argument of sendto, or msg_name, says about whereto: the script's peer, or AF_UNSPEC. */
static bool fastopen_name(struct run *run, struct run_call *call, const struct drill_expr *name)
{
    int64_t family = -1;

    if (!(call->number[0] & WEIR_MSG_FASTOPEN)) {
        return true;
    }
    if (name && name->kind != DRILL_EXPR_ELLIPSIS && name->kind != DRILL_EXPR_STRUCT &&
        !run_expr_number(run, name, &family)) {
        return false;
    }
    run_name_of(run, &run->remote, &call->endpoint);
    if (family == WEIR_AF_UNSPEC) {
        call->endpoint.ip.family = 0;
    } else {
        run_conn_connects(call->fd->conn);
    }
    return true;
}

static bool sendto_begin(struct run *run, struct run_call *call)
{
    return plain_begin(run, call) && fastopen_name(run, call, run_arg(call, 4));
}

static bool sendmsg_begin(struct run *run, struct run_call *call)
{
    return message_begin(run, call) && fastopen_name(run, call, NULL);
}

static bool connecting(const struct run_call *call)
{
    struct weir_sock_tcp_info info = {0};
    uint32_t size = sizeof(info);

    (void)weir_sock_getsockopt(call->fd->sock, WEIR_SOL_TCP, WEIR_TCP_INFO, &info, &size);
    return info.state == WEIR_SOCK_SYN_SENT;
}

/* A blocking send that began the connection (TCP Fast Open) waits for its outcome before it goes on. */
static bool await_connection(struct run_call *call)
{
    const struct weir_endpoint whatever = {.ip.family = 4}; /* the one that is under way */
    int result = weir_sock_connect(call->fd->sock, &whatever);

    if (result == -WEIR_SOCK_EALREADY) {
        return false;
    }
    call->awaits = call->blocked = false;
    call->number[0] &= ~WEIR_MSG_FASTOPEN;
    call->result = result < 0 ? result : (int64_t)call->done;
    return true;
}

/* Blocking: until all of it is in the send buffer, or an error, which is told when nothing was taken. */
static bool send_attempt(struct run *run, struct run_call *call)
{
    struct run_conn *conn = call->fd->conn;
    int64_t sent;

    (void)run;
    if (call->number[1] && call->size > 0) {
        call->result = -FAULT_ADDRESS;
        return true;
    }
    if (call->awaits) {
        if (!await_connection(call)) {
            return false;
        }
        if (call->result < 0 || call->done == call->size) {
            return true;
        }
    }
    if (call->blocked &&
        !(weir_sock_poll(call->fd->sock) & (WEIR_POLLOUT | WEIR_POLLERR | WEIR_POLLHUP))) {
        return false;
    }
    run_pattern_fill(call->data, call->size, conn->written - call->done);
    sent = weir_sock_sendto(call->fd->sock, call->data + call->done, call->size - call->done,
                            call->number[0] | (nonblocking(call) ? 0 : WEIR_MSG_WAITALL),
                            &call->endpoint);
    if (sent > 0) {
        call->done += (uint64_t)sent;
        conn->written += (uint64_t)sent;
    }
    if ((sent >= 0 || sent == -WEIR_SOCK_EINPROGRESS) && !nonblocking(call) && connecting(call)) {
        call->awaits = true;
        return false;
    }
    if (call->done < call->size && (sent >= 0 || sent == -WEIR_SOCK_EAGAIN) && !nonblocking(call)) {
        call->blocked = true;
        return false;
    }
    call->result = call->done > 0 ? (int64_t)call->done : sent;
    return true;
}

/* ---- Receiving ------------------------------------------------------------------------------------------- */

static bool check_pattern(struct run *run, const struct run_call *call, uint64_t at, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++) {
        if (call->data[at + i] != run_pattern(call->fd->conn->read + i)) {
            return run_fail(run, call->pos,
                            "%s() gave wrong bytes, from byte %llu of the stream on",
                            call->kind->name, (unsigned long long)(call->fd->conn->read + i));
        }
    }
    return true;
}

static bool receive_attempt(struct run *run, struct run_call *call)
{
    int flags = call->number[0] | (call->number[1] ? WEIR_MSG_PEEK : 0); /* nowhere to put it */
    bool all = (flags & WEIR_MSG_WAITALL) && !(flags & WEIR_MSG_PEEK);
    struct weir_sock_slice slice = {call->data + call->done, call->size - call->done};
    struct weir_sock_message m = {.slices = &slice, .slice_count = 1, .report = &call->report};
    int64_t got = weir_sock_recvmsg(call->fd->sock, &m, flags);

    if (call->number[1] && got > 0) {
        call->result = -FAULT_ADDRESS;
        return true;
    }
    if (got == -WEIR_SOCK_EAGAIN && !nonblocking(call) && !(flags & WEIR_MSG_ERRQUEUE)) {
        return false;
    }
    if (got > 0) {
        if (!(flags & WEIR_MSG_TRUNC)) {
            (void)check_pattern(run, call, call->done, (uint64_t)got);
        }
        call->fd->conn->read += flags & WEIR_MSG_PEEK ? 0 : (uint64_t)got;
        call->done += (uint64_t)got;
        if (all && call->done < call->size && !nonblocking(call)) {
            return false;
        }
    }
    call->result = call->done > 0 ? (int64_t)call->done : got;
    return true;
}

/* The control message that the script expects, if it is one with this type and data; NULL: run_fail was called. */
static const struct drill_expr *the_control(struct run *run, const struct run_call *call,
                                            const struct drill_expr *list, int64_t level,
                                            int64_t type, const char *what)
{
    const struct drill_expr *one = list->item_count == 1 ? list->items : NULL;
    const struct drill_expr *field[] = {one ? drill_expr_field(one, "cmsg_level") : NULL,
                                        one ? drill_expr_field(one, "cmsg_type") : NULL,
                                        one ? drill_expr_field(one, "cmsg_data") : NULL};
    int64_t said[2];

    if (!field[0] || !field[1] || !field[2]) {
        run_fail(run, call->pos, "recvmsg() gave one control message: %s", what);
        return NULL;
    }
    if (!run_expr_number(run, field[0], &said[0]) || !run_expr_number(run, field[1], &said[1])) {
        return NULL;
    }
    if (said[0] != level || said[1] != type) {
        run_fail(run, call->pos, "recvmsg() gave one control message: %s", what);
        return NULL;
    }
    return field[2];
}

/* {cmsg_level=SOL_TCP, cmsg_type=TCP_CM_INQ, cmsg_data=N}; as in Linux, the end of the stream counts as one. */
static bool check_left(struct run *run, const struct run_call *call, const struct drill_expr *list)
{
    const struct drill_expr *data =
        the_control(run, call, list, WEIR_SOL_TCP, RUN_TCP_INQ, "TCP_CM_INQ");
    int64_t expected;
    int left = 0;

    if (!data || !run_expr_number(run, data, &expected)) {
        return false;
    }
    (void)weir_sock_ioctl(call->fd->sock, WEIR_SIOCINQ, &left);
    left += left == 0 && (weir_sock_poll(call->fd->sock) & WEIR_POLLRDHUP);
    return expected == left ||
           run_fail(run, call->pos,
                    "recvmsg() gave another number\n  expected: %lld\n  actual:   %d",
                    (long long)expected, left);
}

/* {cmsg_level=SOL_IP, cmsg_type=IP_RECVERR, cmsg_data={ee_errno=..., ee_origin=..., ...}} */
static bool check_report(struct run *run, const struct run_call *call,
                         const struct drill_expr *list)
{
    const struct weir_sock_report *r = &call->report;
    const struct {
        const char *name;
        uint32_t value;
    } fields[] = {{"ee_errno", r->error}, {"ee_origin", r->origin}, {"ee_type", r->type},
                  {"ee_code", r->code},   {"ee_info", r->info},     {"ee_data", r->data}};
    int32_t domain = WEIR_AF_INET;
    uint32_t size = sizeof(domain);

    (void)weir_sock_getsockopt(call->fd->sock, WEIR_SOL_SOCKET, WEIR_SO_DOMAIN, &domain, &size);
    bool v6 = domain == WEIR_AF_INET6;
    const struct drill_expr *data =
        the_control(run, call, list, v6 ? WEIR_SOL_IPV6 : WEIR_SOL_IP,
                    v6 ? WEIR_IPV6_RECVERR : WEIR_IP_RECVERR, v6 ? "IPV6_RECVERR" : "IP_RECVERR");
    if (!data) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        const struct drill_expr *field = drill_expr_field(data, fields[i].name);
        int64_t expected;

        if (field && !run_expr_number(run, field, &expected)) {
            return false;
        }
        if (field && expected != fields[i].value) {
            return run_fail(run, call->pos,
                            "recvmsg() gave another %s\n  expected: %lld\n  actual:   %u",
                            fields[i].name, (long long)expected, fields[i].value);
        }
    }
    return true;
}

/* What is said beside the bytes: flags, and control messages. */
static bool recvmsg_finish(struct run *run, struct run_call *call)
{
    const struct drill_expr *message = run_arg(call, 1);
    const struct drill_expr *control = drill_expr_field(message, "msg_control");
    const struct drill_expr *flags = drill_expr_field(message, "msg_flags");
    bool listed = control && control->kind == DRILL_EXPR_LIST;
    int64_t given = call->number[0] & WEIR_MSG_ERRQUEUE, expected = given;

    if (call->result < 0) {
        return true;
    }
    if (given) {
        if (listed && !check_report(run, call, control)) {
            return false;
        }
    } else if (listed && call->fd->tells_left) {
        if (!check_left(run, call, control)) {
            return false;
        }
    } else if (listed && control->item_count > 0) {
        return run_fail(run, call->pos, "recvmsg() gave no control message");
    }
    if (flags && flags->kind != DRILL_EXPR_ELLIPSIS && !run_expr_number(run, flags, &expected)) {
        return false;
    }
    return expected == given || run_fail(run, call->pos, "msg_flags is 0x%llx, not 0x%llx",
                                         (long long)given, (long long)expected);
}

/* ---- ioctl, fcntl ---------------------------------------------------------------------------------------- */

static bool ioctl_begin(struct run *run, struct run_call *call)
{
    int64_t request = 0;

    if (!stream_arg(run, call) || !run_arg_number(run, call, 1, &request)) {
        return false;
    }
    call->number[1] = (int32_t)request;
    return true;
}

static bool ioctl_attempt(struct run *run, struct run_call *call)
{
    int value = 0;

    (void)run;
    call->result = weir_sock_ioctl(call->fd->sock, (unsigned)call->number[1], &value);
    call->number[2] = value;
    return true;
}

static bool ioctl_finish(struct run *run, struct run_call *call)
{
    int64_t expected = 0;

    if (call->script->arg_count < 3 || call->result < 0 || run_arg_is_ellipsis(call, 2)) {
        return true;
    }
    if (!run_arg_number(run, call, 2, &expected)) {
        return false;
    }
    return expected == call->number[2] ||
           run_fail(run, call->pos, "ioctl() gave another number\n  expected: %lld\n  actual:   %d",
                    (long long)expected, call->number[2]);
}

enum { GET_FLAGS = 3, SET_FLAGS = 4, READ_WRITE = 2 }; /* F_GETFL, F_SETFL, O_RDWR */

static bool fcntl_begin(struct run *run, struct run_call *call)
{
    int64_t command = 0, argument = 0;

    if (!run_arg_fd(run, call, 0, &call->fd) || !run_arg_number(run, call, 1, &command) ||
        (call->script->arg_count > 2 && !run_arg_number(run, call, 2, &argument))) {
        return false;
    }
    call->number[1] = (int32_t)command;
    call->number[2] = (int32_t)argument;
    return true;
}

static bool fcntl_attempt(struct run *run, struct run_call *call)
{
    (void)run;
    call->result = 0;
    if (call->number[1] == GET_FLAGS) {
        call->result = READ_WRITE | (call->fd->nonblocking ? WEIR_SOCK_NONBLOCK : 0);
    } else if (call->number[1] == SET_FLAGS) {
        call->fd->nonblocking = (call->number[2] & WEIR_SOCK_NONBLOCK) != 0;
    }
    return true;
}

const struct run_call_kind run_calls_io[] = {
    {"read", 3, 3, plain_begin, receive_attempt, NULL, false},
    {"readv", 3, 3, vector_begin, receive_attempt, NULL, false},
    {"recv", 4, 4, plain_begin, receive_attempt, NULL, false},
    {"recvfrom", 6, 6, plain_begin, receive_attempt, NULL, false},
    {"recvmsg", 3, 3, message_begin, receive_attempt, recvmsg_finish, false},
    {"write", 3, 3, plain_begin, send_attempt, NULL, false},
    {"writev", 3, 3, vector_begin, send_attempt, NULL, false},
    {"send", 4, 4, plain_begin, send_attempt, NULL, false},
    {"sendto", 6, 6, sendto_begin, send_attempt, NULL, false},
    {"sendmsg", 3, 3, sendmsg_begin, send_attempt, NULL, false},
    {"ioctl", 2, 3, ioctl_begin, ioctl_attempt, ioctl_finish, false},
    {"fcntl", 2, 3, fcntl_begin, fcntl_attempt, NULL, false},
    {0}};
