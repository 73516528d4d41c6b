/* user.c - the user calls of RFC 9293 3.10.1-6, on a connection. They change state only; what follows from
 * it is sent by the next weir_output. */
#include "tcp/cold.h"
#include "tcp/tcp.h"

#include "tcp/autotune.h"
#include "tcp/cc.h"
#include "tcp/ecn.h"
#include "tcp/flight.h"
#include "tcp/mtuprobe.h"
#include "tcp/options.h"
#include "tcp/orphan.h"
#include "tcp/pacer.h"
#include "tcp/push.h"
#include "tcp/quickack.h"
#include "tcp/rate.h"
#include "tcp/reassembly.h"
#include "tcp/rtt.h"
#include "tcp/scoreboard.h"
#include "tcp/sendq.h"
#include "tcp/trace.h"
#include "tcp/uto.h"
#include "tcp/window.h"

#define MSS_CLAMP_MIN 64 /* of a link with the smallest MTU there is */

/* May the application still send? */
static int check_send(const struct tcp_conn *c)
{
    if (c->fin_queued) {
        return WEIR_EPIPE;
    }
    switch (c->state) {
    case WEIR_TCP_SYN_SENT:
    case WEIR_TCP_SYN_RECEIVED:
    case WEIR_TCP_ESTABLISHED:
    case WEIR_TCP_CLOSE_WAIT: return WEIR_OK;
    default: return c->error ? c->error : WEIR_ENOTCONN;
    }
}

/* The end of a write of `size` bytes: what it says about the bytes behind. One that was cut short says nothing. */
static void written(struct tcp_conn *c, uint64_t size, uint32_t flags)
{
    struct tcp_flight *f = c->flight;

    push_gather(c, c->snd_end - size);
    f->send_flags &= (uint8_t) ~(FLIGHT_MORE | FLIGHT_PUSH);
    if (flags & WEIR_SEND_MORE) {
        f->send_flags |= FLIGHT_MORE;
    } else {
        f->push_at = seq_wire(c->snd_end);
    }
    if (flags & WEIR_SEND_RECORD_END) {
        sendq_end_record(c);
    }
}

int64_t tcp_user_send(struct tcp *t, struct tcp_conn *c, const void *data, size_t size,
                      uint32_t flags)
{
    int error = check_send(c);
    size_t done;
    bool waited;

    if (error != WEIR_OK) {
        return error;
    }
    if (size == 0) {
        return 0;
    }
    waited = rate_waits_for_app(c);
    done = sendq_append(t, c, data, size);
    if (waited) {
        rate_mark_app_limited(c);
    }
    if (done < size) {
        c->write_blocked = 1;
    }
    if (done == 0) {
        bool full = sendq_room(c, autotune_send_limit(t, c)) == 0;

        flight_release_if_idle(t, c);
        return full ? WEIR_EAGAIN : WEIR_ENOBUFS;
    }
    written(c, done, done < size ? 0 : flags);
    tcp_touch(t, c);
    return (int64_t)done;
}

/* Bytes that one borrowed piece may have. */
static uint32_t send_most(const struct tcp_conn *c)
{
    const struct weir_tcp_options *o = &c->settings->o;

    return o->send_buffer ? o->send_buffer : max_u32(o->send_buffer_max, TCP_BUFFER_INITIAL);
}

int tcp_user_send_ref(struct tcp *t, struct tcp_conn *c, const void *data, uint32_t size,
                      uint64_t cookie)
{
    int error = check_send(c);
    bool waited;

    if (error != WEIR_OK) {
        return error;
    }
    if (size == 0 || size > send_most(c)) {
        return size ? WEIR_EMSGSIZE : WEIR_EINVAL;
    }
    waited = rate_waits_for_app(c);
    error = sendq_append_ref(t, c, data, size, cookie);
    if (waited) {
        rate_mark_app_limited(c);
    }
    if (error == WEIR_EAGAIN) {
        c->write_blocked = 1;
    } else if (error == WEIR_OK) {
        written(c, size, 0);
        tcp_touch(t, c);
    }
    return error;
}

/* Nothing to read: why? */
static int nothing_to_read(const struct tcp_conn *c)
{
    if (c->fin_received) {
        return 0;
    }
    if (c->state == WEIR_TCP_CLOSED) {
        return c->error ? c->error : WEIR_ENOTCONN;
    }
    return WEIR_EAGAIN;
}

static void has_read(struct tcp *t, struct tcp_conn *c)
{
    quickack_read(c);
    autotune_read(t, c);
}

int64_t tcp_user_recv(struct tcp *t, struct tcp_conn *c, void *data, size_t size)
{
    uint32_t done;

    if (c->recvq_bytes == 0) {
        return nothing_to_read(c);
    }
    done = recvq_read(t, c, data, (uint32_t)min_u64(size, UINT32_MAX));
    has_read(t, c);
    tcp_touch(t, c);
    return done;
}

int tcp_user_peek(struct tcp *t, struct tcp_conn *c, struct weir_slice *slices, size_t n)
{
    (void)t;
    if (c->recvq_bytes == 0) {
        return nothing_to_read(c);
    }
    return (int)recvq_peek(c, slices, (uint32_t)min_u64(n, INT32_MAX));
}

int tcp_user_consume(struct tcp *t, struct tcp_conn *c, size_t size)
{
    if (size > c->recvq_bytes) {
        return WEIR_EINVAL;
    }
    recvq_consume(t, c, (uint32_t)size);
    has_read(t, c);
    tcp_touch(t, c);
    return WEIR_OK;
}

/* FIN after what is queued. RFC 9293 3.10.4: the state changes at once. */
static void queue_fin(struct tcp *t, struct tcp_conn *c, enum weir_reason reason)
{
    c->fin_queued = 1;
    if (c->state == WEIR_TCP_ESTABLISHED) {
        tcp_set_state(t, c, WEIR_TCP_FIN_WAIT_1, reason);
    } else if (c->state == WEIR_TCP_CLOSE_WAIT) {
        tcp_set_state(t, c, WEIR_TCP_LAST_ACK, reason);
    }
    tcp_touch(t, c);
}

int tcp_user_shutdown(struct tcp *t, struct tcp_conn *c)
{
    if (c->state == WEIR_TCP_CLOSED) {
        return c->error ? c->error : WEIR_ENOTCONN;
    }
    if (c->fin_queued) {
        return WEIR_OK;
    }
    queue_fin(t, c, WEIR_REASON_USER_SHUTDOWN);
    return WEIR_OK;
}

static void drop_handle(struct tcp *t, struct tcp_conn *c)
{
    c->orphan = 1;
    c->events = 0;
    tcp_touch(t, c);
}

void tcp_user_close(struct tcp *t, struct tcp_conn *c)
{
    bool unread = c->recvq_bytes > 0;

    drop_handle(t, c);
    recvq_clear(t, c);
    switch (c->state) {
    case WEIR_TCP_CLOSED:
    case WEIR_TCP_TIME_WAIT: break;
    case WEIR_TCP_SYN_SENT: tcp_finish(t, c, 0, WEIR_REASON_USER_CLOSE); break;
    default:
        if (unread) { /* SHLD-3: the peer must learn that data was lost */
            tcp_reset(t, c, WEIR_ECONNABORTED, WEIR_REASON_UNREAD_DATA);
        } else if (!orphan_begin(t, c)) {
            tcp_reset(t, c, WEIR_ECONNABORTED, WEIR_REASON_ORPHANS);
        } else if (!c->fin_queued) {
            queue_fin(t, c, WEIR_REASON_USER_CLOSE);
        } else {
            timeout_fin_wait_2(t, c);
        }
        break;
    }
}

void tcp_user_abort(struct tcp *t, struct tcp_conn *c)
{
    /* both FINs are out: RFC 9293 3.10.5 has nothing to say to the peer then */
    bool silent = (c->state == WEIR_TCP_CLOSING || c->state == WEIR_TCP_LAST_ACK) && c->fin_sent;

    drop_handle(t, c);
    recvq_clear(t, c);
    if (silent) {
        tcp_finish(t, c, WEIR_ECONNABORTED, WEIR_REASON_USER_ABORT);
    } else {
        tcp_reset(t, c, WEIR_ECONNABORTED, WEIR_REASON_USER_ABORT);
    }
}

int tcp_option_apply(struct weir_tcp_options *o, enum weir_option option, uint64_t value)
{
    switch (option) {
    case WEIR_OPT_NODELAY: o->nodelay = value != 0; return WEIR_OK;
    case WEIR_OPT_KEEPALIVE: o->keepalive = value != 0; return WEIR_OK;
    case WEIR_OPT_KEEPALIVE_IDLE: o->keepalive_idle = value; return value ? WEIR_OK : WEIR_EINVAL;
    case WEIR_OPT_KEEPALIVE_INTERVAL:
        o->keepalive_interval = value;
        return value ? WEIR_OK : WEIR_EINVAL;
    case WEIR_OPT_KEEPALIVE_PROBES:
        o->keepalive_probes = (uint32_t)value;
        return value > 1 && value < UINT8_MAX ? WEIR_OK
                                              : WEIR_EINVAL; /* MUST-29: never after a single one */
    case WEIR_OPT_DELAYED_ACK: o->delayed_ack = value != 0; return WEIR_OK;
    case WEIR_OPT_R2_TIME: o->r2_time = value; return value ? WEIR_OK : WEIR_EINVAL;
    case WEIR_OPT_TTL:
        o->ttl = (uint8_t)value;
        return value && value <= UINT8_MAX ? WEIR_OK : WEIR_EINVAL;
    case WEIR_OPT_TOS: o->tos = (uint8_t)value; return value <= UINT8_MAX ? WEIR_OK : WEIR_EINVAL;
    case WEIR_OPT_RECEIVE_BUFFER:
        o->receive_buffer = (uint32_t)value;
        return value == (uint32_t)value && tcp_buffer_valid((uint32_t)value) ? WEIR_OK
                                                                             : WEIR_EINVAL;
    case WEIR_OPT_SEND_BUFFER:
        o->send_buffer = (uint32_t)value;
        return value == (uint32_t)value && tcp_buffer_valid((uint32_t)value) ? WEIR_OK
                                                                             : WEIR_EINVAL;
    case WEIR_OPT_CONGESTION:
        o->congestion = (uint8_t)value;
        return value < WEIR_CC_COUNT ? WEIR_OK : WEIR_EINVAL;
    case WEIR_OPT_PACING: o->pacing = value != 0; return WEIR_OK;
    case WEIR_OPT_MAX_PACING_RATE: o->max_pacing_rate = value; return WEIR_OK;
    case WEIR_OPT_SYN_RETRIES:
        o->syn_retries = (uint8_t)value;
        return value <= UINT8_MAX ? WEIR_OK : WEIR_EINVAL;
    case WEIR_OPT_SYNACK_RETRIES:
        o->synack_retries = (uint8_t)value;
        return value < HALF_LEVELS ? WEIR_OK : WEIR_EINVAL;
    case WEIR_OPT_ECN:
        o->ecn = (uint8_t)value;
        return value <= WEIR_ECN_ACCURATE_PASSIVE ? WEIR_OK : WEIR_EINVAL;
    case WEIR_OPT_ABE: o->abe = value != 0; return WEIR_OK;
    case WEIR_OPT_MSS_CLAMP:
        o->mss_clamp = (uint16_t)value;
        return value == 0 || (value >= MSS_CLAMP_MIN && value <= UINT16_MAX) ? WEIR_OK
                                                                             : WEIR_EINVAL;
    case WEIR_OPT_RECEIVE_LOWAT:
        o->receive_lowat = (uint32_t)value;
        return value && value <= TCP_BUFFER_MAX ? WEIR_OK : WEIR_EINVAL;
    case WEIR_OPT_NOTSENT_LOWAT:
        o->notsent_lowat = (uint32_t)value;
        return value && value <= UINT32_MAX ? WEIR_OK : WEIR_EINVAL;
    case WEIR_OPT_PATH_MTU_DISCOVERY: o->path_mtu_discovery = value != 0; return WEIR_OK;
    case WEIR_OPT_USER_TIMEOUT: o->user_timeout = value; return WEIR_OK;
    case WEIR_OPT_FIN_WAIT_2_TIME: o->fin_wait_2_time = value; return WEIR_OK;
    case WEIR_OPT_FASTOPEN_NO_COOKIE: o->fastopen_no_cookie = value != 0; return WEIR_OK;
    default: return option_apply_path(o, option, value);
    }
}

int tcp_option_read(const struct weir_tcp_options *o, enum weir_option option, uint64_t *value)
{
    switch (option) {
    case WEIR_OPT_NODELAY: *value = o->nodelay; return WEIR_OK;
    case WEIR_OPT_KEEPALIVE: *value = o->keepalive; return WEIR_OK;
    case WEIR_OPT_KEEPALIVE_IDLE: *value = o->keepalive_idle; return WEIR_OK;
    case WEIR_OPT_KEEPALIVE_INTERVAL: *value = o->keepalive_interval; return WEIR_OK;
    case WEIR_OPT_KEEPALIVE_PROBES: *value = o->keepalive_probes; return WEIR_OK;
    case WEIR_OPT_DELAYED_ACK: *value = o->delayed_ack; return WEIR_OK;
    case WEIR_OPT_R2_TIME: *value = o->r2_time; return WEIR_OK;
    case WEIR_OPT_TTL: *value = o->ttl; return WEIR_OK;
    case WEIR_OPT_TOS: *value = o->tos; return WEIR_OK;
    case WEIR_OPT_RECEIVE_BUFFER: *value = tcp_receive_initial(o); return WEIR_OK;
    case WEIR_OPT_SEND_BUFFER:
        *value = o->send_buffer ? o->send_buffer : TCP_BUFFER_INITIAL;
        return WEIR_OK;
    case WEIR_OPT_RECEIVE_LOWAT: *value = o->receive_lowat; return WEIR_OK;
    case WEIR_OPT_NOTSENT_LOWAT: *value = o->notsent_lowat; return WEIR_OK;
    case WEIR_OPT_CONGESTION: *value = o->congestion; return WEIR_OK;
    case WEIR_OPT_PACING: *value = o->pacing; return WEIR_OK;
    case WEIR_OPT_MAX_PACING_RATE: *value = o->max_pacing_rate; return WEIR_OK;
    case WEIR_OPT_SYN_RETRIES: *value = o->syn_retries; return WEIR_OK;
    case WEIR_OPT_SYNACK_RETRIES: *value = o->synack_retries; return WEIR_OK;
    case WEIR_OPT_ECN: *value = o->ecn; return WEIR_OK;
    case WEIR_OPT_ABE: *value = o->abe; return WEIR_OK;
    case WEIR_OPT_MSS_CLAMP: *value = o->mss_clamp; return WEIR_OK;
    case WEIR_OPT_PATH_MTU_DISCOVERY: *value = o->path_mtu_discovery; return WEIR_OK;
    case WEIR_OPT_USER_TIMEOUT: *value = o->user_timeout; return WEIR_OK;
    case WEIR_OPT_FIN_WAIT_2_TIME: *value = o->fin_wait_2_time; return WEIR_OK;
    case WEIR_OPT_FASTOPEN_NO_COOKIE: *value = o->fastopen_no_cookie; return WEIR_OK;
    default: return option_read_path(o, option, value);
    }
}

/* Options that are a connection's own: nothing to share. false: another one. */
static bool set_own(struct tcp *t, struct tcp_conn *c, enum weir_option option, uint64_t value)
{
    switch (option) {
    case WEIR_OPT_USER: c->user = value; return true;
    case WEIR_OPT_CORK: c->cork = value != 0; break;
    case WEIR_OPT_QUICKACK: quickack_set(c, value); break;
    default: return false;
    }
    tcp_touch(t, c);
    return true;
}

/* What follows at once from an option that has changed. */
static void option_changed(struct tcp *t, struct tcp_conn *c, enum weir_option option)
{
    if (option == WEIR_OPT_NODELAY && c->nodelay && c->flight != &tcp_flight_none) {
        c->flight->send_flags |= FLIGHT_PUSH; /* what is held back goes now, corked or not */
    }
    if (option == WEIR_OPT_RECEIVE_BUFFER) {
        autotune_reset(t, c);
    }
    if (option == WEIR_OPT_CONGESTION) {
        cc_change(t, c, c->settings->o.congestion);
    } else if (option == WEIR_OPT_PACING || option == WEIR_OPT_MAX_PACING_RATE) {
        pacer_reset(c);
    }
    if (option == WEIR_OPT_RECEIVE_LOWAT && c->recvq_bytes >= c->settings->o.receive_lowat) {
        tcp_event(t, c, WEIR_EVENT_READABLE);
    }
    if (c->write_blocked && sendq_writable(c, autotune_send_limit(t, c))) {
        c->write_blocked = 0;
        tcp_event(t, c, WEIR_EVENT_WRITABLE);
    }
    if (option == WEIR_OPT_PATH_MTU_DISCOVERY) {
        c->path_generation = 0; /* its path is looked at anew */
    }
    if ((option == WEIR_OPT_MSS_CLAMP || option == WEIR_OPT_MTU_PROBING) && tcp_synchronized(c)) {
        c->mss_base = tcp_mss_base(c, c->path_mtu);
        if (c->mtu_probing) {
            mtuprobe_on_path(t, c);
        }
    }
    if (option == WEIR_OPT_USER_TIMEOUT || option == WEIR_OPT_USER_TIMEOUT_OPTION ||
        option == WEIR_OPT_USER_TIMEOUT_ADVERTISED) {
        uto_announce(c);
    }
    timeout_keepalive(t, c);
    tcp_touch(t, c);
}

int tcp_user_set(struct tcp *t, struct tcp_conn *c, enum weir_option option, uint64_t value)
{
    struct weir_tcp_options o = c->settings->o;
    int error;

    if (set_own(t, c, option, value)) {
        return WEIR_OK;
    }
    error = tcp_option_apply(&o, option, value);
    if (error != WEIR_OK) {
        return error;
    }
    if (!tcp_settings_own(t, &c->settings)) {
        return WEIR_ENOBUFS;
    }
    if (option == WEIR_OPT_RECEIVE_BUFFER) {
        autotune_forget(t, c);
    }
    c->settings->o = o;
    c->nodelay = o.nodelay;
    option_changed(t, c, option);
    return WEIR_OK;
}

int tcp_user_get(const struct tcp *t, const struct tcp_conn *c, enum weir_option option,
                 uint64_t *value)
{
    switch (option) {
    case WEIR_OPT_USER: *value = c->user; return WEIR_OK;
    case WEIR_OPT_CORK: *value = c->cork; return WEIR_OK;
    case WEIR_OPT_QUICKACK: *value = !(c->ack_flags & QUICKACK_INTERACTIVE); return WEIR_OK;
    case WEIR_OPT_RECEIVE_BUFFER: *value = c->rcv_limit; return WEIR_OK;
    case WEIR_OPT_SEND_BUFFER: *value = autotune_send_limit(t, c); return WEIR_OK;
    default: return tcp_option_read(&c->settings->o, option, value);
    }
}
