/* user.c - the user calls of RFC 9293 3.10.1-6, on a connection. They change state only; what follows from
 * it is sent by the next weir_output. */
#include "tcp/cold.h"
#include "tcp/tcp.h"

#define MSS_CLAMP_MIN 64 /* of a link with the smallest MTU there is */

#include "tcp/cc.h"
#include "tcp/ecn.h"
#include "tcp/flight.h"
#include "tcp/pacer.h"
#include "tcp/rate.h"
#include "tcp/reassembly.h"
#include "tcp/rtt.h"
#include "tcp/scoreboard.h"
#include "tcp/sendq.h"
#include "tcp/trace.h"
#include "tcp/window.h"

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

int64_t tcp_user_send(struct tcp *t, struct tcp_conn *c, const void *data, size_t size)
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
        bool full = sendq_room(c) == 0;

        flight_release_if_idle(t, c);
        return full ? WEIR_EAGAIN : WEIR_ENOBUFS;
    }
    tcp_touch(t, c);
    return (int64_t)done;
}

int tcp_user_send_ref(struct tcp *t, struct tcp_conn *c, const void *data, uint32_t size,
                      uint64_t cookie)
{
    int error = check_send(c);
    bool waited;

    if (error != WEIR_OK) {
        return error;
    }
    if (size == 0 || size > c->settings->o.send_buffer) {
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

int64_t tcp_user_recv(struct tcp *t, struct tcp_conn *c, void *data, size_t size)
{
    uint32_t done;

    if (c->recvq_bytes == 0) {
        return nothing_to_read(c);
    }
    done = recvq_read(t, c, data, (uint32_t)min_u64(size, UINT32_MAX));
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
    drop_handle(t, c);
    recvq_clear(t, c);
    tcp_reset(t, c, WEIR_ECONNABORTED, WEIR_REASON_USER_ABORT);
}

static void fill_endpoint(const struct tcp_conn *c, const struct ip_addr *a, uint16_t port,
                          struct weir_endpoint *e)
{
    memset(e, 0, sizeof(*e));
    ip_addr_to_public(a, &e->ip);
    if (e->ip.family == 6 && ip_addr_is_link_local(a)) {
        e->ip.scope = c->path_link + 1u;
    }
    e->port = port;
}

static void fill_recovery(const struct tcp *t, const struct tcp_conn *c, struct weir_tcp_info *i)
{
    static const uint8_t states[] = {
        [TCP_OPEN] = WEIR_RECOVERY_OPEN,
        [TCP_RECOVERY] = WEIR_RECOVERY_FAST,
        [TCP_LOSS] = WEIR_RECOVERY_LOSS,
        [TCP_CWR] = WEIR_RECOVERY_CWR,
    };
    const struct tcp_cold *cold = cold_of(t, c);

    i->recovery = states[c->recovery];
    if (c->recovery == TCP_OPEN && (c->flight->sacked_bytes || c->flight->dup_acks)) {
        i->recovery = WEIR_RECOVERY_DISORDER;
    }
    scoreboard_count(t, c, i);
    i->reordering_segments = max_u32(c->reordering, TCP_DUP_THRESHOLD);
    i->reordering_count = c->reorder_seen;
    if (cold) {
        i->undo_count = cold->undone;
        i->spurious_rto_count = cold->spurious_rtos;
        i->tail_probe_count = cold->probes_sent;
        i->dsack_received_count = cold->dsacks_in;
        i->dsack_sent_count = cold->dsacks_out;
        i->lost_retransmission_count = cold->lost_again;
    }
}

void tcp_user_info(const struct tcp *t, const struct tcp_conn *c, struct weir_tcp_info *i)
{
    uint64_t sent = c->snd_nxt - seq_from_isn(c->iss), acked = c->snd_una - seq_from_isn(c->iss);

    i->state = c->state;
    i->window_scaling = c->window_scaling;
    i->timestamps = c->timestamps;
    i->sack = c->sack;
    i->snd_wscale = c->snd_wscale;
    i->rcv_wscale = c->rcv_wscale;
    i->snd_mss = (uint16_t)(c->mss_base - (c->timestamps ? 12 : 0));
    i->rcv_mss = c->rcv_mss;
    i->peer_mss = c->peer_mss;
    i->error = c->error ? c->error : c->soft_error;
    fill_endpoint(c, &c->local, c->local_port, &i->local);
    fill_endpoint(c, &c->remote, c->remote_port, &i->remote);
    i->link = c->path_link;
    i->id = c->id;
    i->cwnd_bytes = c->cwnd;
    i->ssthresh_bytes = c->ssthresh;
    i->snd_wnd_bytes = c->snd_wnd;
    i->rcv_wnd_bytes = (uint32_t)(c->rcv_adv > c->rcv_nxt ? c->rcv_adv - c->rcv_nxt : 0);
    i->unacked_bytes = scoreboard_total(c);
    i->unsent_bytes = (uint32_t)(c->snd_end > c->snd_nxt ? c->snd_end - c->snd_nxt : 0);
    i->unread_bytes = c->recvq_bytes;
    i->srtt = rtt_srtt(c);
    i->rttvar = (weir_time)c->rttvar4_us * WEIR_US / 4;
    i->rto = rtt_rto(c);
    i->min_rtt = (weir_time)c->min_rtt_us * WEIR_US;
    i->bytes_sent = (sent ? sent - 1 : 0) + c->bytes_retransmitted - c->fin_sent;
    i->bytes_acked = acked ? acked - 1 - (c->fin_sent && c->snd_una > c->snd_end) : 0;
    i->bytes_received =
        c->irs || c->rcv_nxt ? c->rcv_nxt - seq_from_isn(c->irs) - 1 - c->fin_received : 0;
    i->bytes_retransmitted = c->bytes_retransmitted;
    i->segments_sent = c->segments_out;
    i->segments_received = c->segments_in;
    i->segments_retransmitted = c->segments_retransmitted;
    i->rto_count = c->rto_count;
    i->fast_retransmit_count = c->fast_retransmit_count;
    i->zero_window_probe_count = c->probe_count;
    i->congestion = cc_congestion(c->cc);
    i->phase = (uint16_t)cc_phase(c);
    i->app_limited = c->flight->rate.last_app_limited;
    i->delivery_rate = rate_last(c);
    i->pacing_rate = pacer_rate(c);
    ecn_info(t, c, i);
    fill_recovery(t, c, i);
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
        return value >= 256 && value <= 1u << 30 ? WEIR_OK : WEIR_EINVAL;
    case WEIR_OPT_SEND_BUFFER:
        o->send_buffer = (uint32_t)value;
        return value >= 256 && value <= 1u << 30 ? WEIR_OK : WEIR_EINVAL;
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
        return value <= WEIR_ECN_ACCURATE ? WEIR_OK : WEIR_EINVAL;
    case WEIR_OPT_ABE: o->abe = value != 0; return WEIR_OK;
    case WEIR_OPT_MSS_CLAMP:
        o->mss_clamp = (uint16_t)value;
        return value == 0 || (value >= MSS_CLAMP_MIN && value <= UINT16_MAX) ? WEIR_OK
                                                                             : WEIR_EINVAL;
    default: return WEIR_ENOPROTOOPT;
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
    case WEIR_OPT_RECEIVE_BUFFER: *value = o->receive_buffer; return WEIR_OK;
    case WEIR_OPT_SEND_BUFFER: *value = o->send_buffer; return WEIR_OK;
    case WEIR_OPT_CONGESTION: *value = o->congestion; return WEIR_OK;
    case WEIR_OPT_PACING: *value = o->pacing; return WEIR_OK;
    case WEIR_OPT_MAX_PACING_RATE: *value = o->max_pacing_rate; return WEIR_OK;
    case WEIR_OPT_SYN_RETRIES: *value = o->syn_retries; return WEIR_OK;
    case WEIR_OPT_SYNACK_RETRIES: *value = o->synack_retries; return WEIR_OK;
    case WEIR_OPT_ECN: *value = o->ecn; return WEIR_OK;
    case WEIR_OPT_ABE: *value = o->abe; return WEIR_OK;
    case WEIR_OPT_MSS_CLAMP: *value = o->mss_clamp; return WEIR_OK;
    default: return WEIR_ENOPROTOOPT;
    }
}

int tcp_user_set(struct tcp *t, struct tcp_conn *c, enum weir_option option, uint64_t value)
{
    struct weir_tcp_options o = c->settings->o;
    int error;

    if (option == WEIR_OPT_USER) {
        c->user = value;
        return WEIR_OK;
    }
    error = tcp_option_apply(&o, option, value);
    if (error != WEIR_OK) {
        return error;
    }
    if (c->settings->references > 1) { /* shared: take a copy of its own */
        struct tcp_settings *own = tcp_settings_new(t, &o);

        if (!own) {
            return WEIR_ENOBUFS;
        }
        tcp_settings_unref(t, c->settings);
        c->settings = own;
    } else {
        c->settings->o = o;
    }
    c->nodelay = o.nodelay;
    if (option == WEIR_OPT_CONGESTION) {
        cc_change(t, c, o.congestion);
    } else if (option == WEIR_OPT_PACING || option == WEIR_OPT_MAX_PACING_RATE) {
        pacer_reset(c);
    }
    timeout_keepalive(t, c);
    tcp_touch(t, c);
    return WEIR_OK;
}

int tcp_user_get(const struct tcp_conn *c, enum weir_option option, uint64_t *value)
{
    if (option == WEIR_OPT_USER) {
        *value = c->user;
        return WEIR_OK;
    }
    return tcp_option_read(&c->settings->o, option, value);
}
