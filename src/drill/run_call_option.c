/* run_call_option.c - setsockopt and getsockopt. */
#include "drill/run_private.h"

#define VALUE_MAX 512

static bool option_begin(struct run *run, struct run_call *call)
{
    int64_t level = 0, name = 0, size = 0;

    if (!run_arg_fd(run, call, 0, &call->fd) || !run_arg_number(run, call, 1, &level) ||
        !run_arg_number(run, call, 2, &name) || !run_arg_number(run, call, 4, &size)) {
        return false;
    }
    if (call->fd->kind != FD_SOCKET || size < 0 || size > VALUE_MAX) {
        return run_broken(run, call->pos, "%s(): not a socket, or a size of %lld", call->kind->name,
                          (long long)size);
    }
    call->number[0] = (int32_t)level;
    call->number[1] = (int32_t)name;
    call->size = (uint64_t)size;
    call->data = run_get(run, VALUE_MAX + 1);
    return call->data != NULL;
}

/* {onoff=1, linger=0} */
static bool linger_value(struct run *run, const struct drill_expr *value,
                         struct weir_sock_linger *linger)
{
    const struct drill_expr *on = drill_expr_field(value, "onoff");
    const struct drill_expr *seconds = drill_expr_field(value, "linger");
    int64_t numbers[2] = {0, 0};

    on = on ? on : drill_expr_field(value, "l_onoff");
    seconds = seconds ? seconds : drill_expr_field(value, "l_linger");
    if (!on || !seconds) {
        return run_skip(run, value->pos, "not modelled: an option's value like this");
    }
    if (!run_expr_number(run, on, &numbers[0]) || !run_expr_number(run, seconds, &numbers[1])) {
        return false;
    }
    *linger = (struct weir_sock_linger){(int32_t)numbers[0], (int32_t)numbers[1]};
    return true;
}

/* ---- {key="secret"} and {key="secret", sndid=1, rcvid=2}: keys for the peer of the script ------------------- */

/* Offsets in Linux's struct tcp_md5sig and tcp_ao_add. */
enum {
    MD5_KEY_SIZE = 130,
    MD5_KEY = 136,
    AO_NAME = 128,
    AO_IDS = 203,
    AO_KEY_SIZE = 207,
    AO_KEY = 208
};
#define KEY_MAX 80

static void put_peer(const struct run *run, uint8_t *sockaddr)
{
    bool wide = run->v6 || run->mapped;
    uint16_t family = wide ? WEIR_AF_INET6 : WEIR_AF_INET;

    memcpy(sockaddr, &family, sizeof(family));
    memcpy(sockaddr + (wide ? 8 : 4), run->remote.b + (wide ? 0 : 12), wide ? 16 : 4);
}

static bool key_id(struct run *run, const struct drill_expr *value, const char *name, uint8_t *out)
{
    const struct drill_expr *field = drill_expr_field(value, name);
    int64_t number = 0;

    if (!field || !run_expr_number(run, field, &number) || number < 0 || number > UINT8_MAX) {
        return run_broken(run, value->pos, "a key of TCP-AO without %s", name);
    }
    *out = (uint8_t)number;
    return true;
}

static bool key_value(struct run *run, struct run_call *call, const struct drill_expr *value)
{
    const struct drill_expr *key = drill_expr_field(value, "key");
    const struct drill_expr *mac = drill_expr_field(value, "mac");
    bool ao = drill_expr_field(value, "sndid") != NULL;
    uint8_t *data = call->data;
    uint16_t size = (uint16_t)key->text.size;

    if (key->kind != DRILL_EXPR_STRING || key->text.size > KEY_MAX) {
        return run_broken(run, value->pos, "a key is a text of at most %d bytes", KEY_MAX);
    }
    put_peer(run, data);
    call->size = (ao ? AO_KEY : MD5_KEY) + KEY_MAX;
    memcpy(data + (ao ? AO_KEY : MD5_KEY), key->text.data, size);
    if (!ao) {
        memcpy(data + MD5_KEY_SIZE, &size, sizeof(size));
        return true;
    }
    memcpy(data + AO_NAME, mac && mac->kind == DRILL_EXPR_STRING ? mac->text.data : "hmac(sha1)",
           mac && mac->kind == DRILL_EXPR_STRING ? min_u64(mac->text.size, 63) : 10);
    data[AO_KEY_SIZE] = (uint8_t)size;
    data[AO_IDS - 1] = run->v6 ? 128 : 32;
    return key_id(run, value, "sndid", &data[AO_IDS]) &&
           key_id(run, value, "rcvid", &data[AO_IDS + 1]);
}

static bool set_begin(struct run *run, struct run_call *call)
{
    const struct drill_expr *value = run_arg(call, 3);
    struct weir_sock_linger linger;
    int64_t number = 0;
    int32_t plain;

    if (!option_begin(run, call)) {
        return false;
    }
    if (value->kind == DRILL_EXPR_STRUCT && drill_expr_field(value, "key")) {
        return key_value(run, call, value);
    }
    if (value->kind == DRILL_EXPR_STRUCT) {
        if (!linger_value(run, value, &linger)) {
            return false;
        }
        memcpy(call->data, &linger, sizeof(linger));
    } else if (value->kind == DRILL_EXPR_STRING) {
        memcpy(call->data, value->text.data, min_u64(value->text.size, VALUE_MAX));
    } else if (value->kind != DRILL_EXPR_ELLIPSIS) {
        if (!run_expr_number(run, value, &number)) {
            return false;
        }
        plain = (int32_t)number;
        memcpy(call->data, &plain, sizeof(plain));
    }
    return true;
}

static bool set_attempt(struct run *run, struct run_call *call)
{
    int32_t number;

    (void)run;
    if (call->number[0] == WEIR_SOL_TCP && call->number[1] == RUN_TCP_INQ) {
        memcpy(&number, call->data, sizeof(number));
        call->result =
            call->size < sizeof(number) || number < 0 || number > 1 ? -WEIR_SOCK_EINVAL : 0;
        call->fd->tells_left = call->result == 0 ? number == 1 : call->fd->tells_left;
        return true;
    }
    call->result = weir_sock_setsockopt(call->fd->sock, call->number[0], call->number[1],
                                        call->data, (uint32_t)call->size);
    return true;
}

static bool get_attempt(struct run *run, struct run_call *call)
{
    uint32_t size = (uint32_t)call->size;

    (void)run;
    call->result =
        weir_sock_getsockopt(call->fd->sock, call->number[0], call->number[1], call->data, &size);
    call->done = size;
    return true;
}

static bool check_string(struct run *run, const struct run_call *call, struct drill_text text)
{
    if (call->done == text.size && memcmp(call->data, text.data, text.size) == 0) {
        return true;
    }
    return run_fail(run, call->pos,
                    "getsockopt() gave something else\n  expected: \"%s\"\n  actual:   \"%.*s\"",
                    text.data, (int)call->done, (const char *)call->data);
}

static bool check_linger(struct run *run, const struct run_call *call,
                         const struct drill_expr *value)
{
    struct weir_sock_linger expected, actual;

    if (!linger_value(run, value, &expected)) {
        return false;
    }
    memcpy(&actual, call->data, sizeof(actual));
    return (actual.on == expected.on && actual.seconds == expected.seconds) ||
           run_fail(run, call->pos,
                    "getsockopt() gave something else\n  expected: {onoff=%d, linger=%d}\n"
                    "  actual:   {onoff=%d, linger=%d}",
                    expected.on, expected.seconds, actual.on, actual.seconds);
}

static bool get_finish(struct run *run, struct run_call *call)
{
    const struct drill_expr *value = run_arg(call, 3);
    int64_t expected = 0;
    int32_t number = 0;

    if (call->result < 0 || value->kind == DRILL_EXPR_ELLIPSIS) {
        return true;
    }
    if (call->done != call->size) {
        return run_fail(run, call->pos,
                        "getsockopt() gave another size\n  expected: %llu\n  actual:   %llu",
                        (unsigned long long)call->size, (unsigned long long)call->done);
    }
    if (value->kind == DRILL_EXPR_STRING) {
        return check_string(run, call, value->text);
    }
    if (value->kind == DRILL_EXPR_STRUCT) {
        return check_linger(run, call, value);
    }
    if (!run_expr_number(run, value, &expected)) {
        return false;
    }
    memcpy(&number, call->data, min_u64(call->done, sizeof(number)));
    return number == (int32_t)expected ||
           run_fail(run, call->pos,
                    "getsockopt() gave another number\n  expected: %lld\n  actual:   %d",
                    (long long)expected, number);
}

const struct run_call_kind run_calls_option[] = {
    {"setsockopt", 5, 5, set_begin, set_attempt, NULL, false},
    {"getsockopt", 5, 5, option_begin, get_attempt, get_finish, false},
    {0}};
