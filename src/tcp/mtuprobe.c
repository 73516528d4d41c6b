/* mtuprobe.c - see mtuprobe.h. The model is Linux's tcp_mtu_probing, whose settings the options are. */
#include "tcp/mtuprobe.h"

#include "tcp/cold.h"
#include "tcp/emit.h"
#include "tcp/scoreboard.h"
#include "tcp/state.h"
#include "tcp/window.h"

#define TIMESTAMP_SPACE 12
#define CWND_SEGMENTS 11 /* no probe with a smaller window: its loss would be a timeout */

static struct mtu_search *search_of(const struct tcp *t, const struct tcp_conn *c)
{
    return &cold_of(t, c)->mtu;
}

/* Options that every segment has: mtu_base_mss and the floor are payload. */
static uint32_t fixed_options(const struct tcp_conn *c)
{
    return c->timestamps ? TIMESTAMP_SPACE : 0;
}

static uint16_t path_limit(const struct tcp_conn *c)
{
    return tcp_mss_base(c, c->path_mtu);
}

static void search_from(const struct tcp *t, struct tcp_conn *c, uint32_t payload)
{
    struct mtu_search *m = search_of(t, c);

    m->low = (uint16_t)min_u32(payload + fixed_options(c), path_limit(c));
    m->size = 0;
    m->since = t->env->now;
    c->mss_base = m->low;
}

static bool begin(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_cold *cold = cold_ensure(t, c);

    if (!cold) {
        return false;
    }
    c->mtu_probing = 1;
    cold->mtu.high = path_limit(c);
    search_from(t, c, c->settings->o.mtu_base_mss);
    return true;
}

void mtuprobe_start(struct tcp *t, struct tcp_conn *c)
{
    const struct weir_tcp_options *o = &c->settings->o;

    if (o->mtu_probing == WEIR_MTU_PROBING_ALWAYS && o->path_mtu_discovery) {
        (void)begin(t, c);
    }
}

void mtuprobe_on_path(struct tcp *t, struct tcp_conn *c)
{
    struct mtu_search *m = search_of(t, c);
    uint16_t limit = c->mss_base;

    if (!c->settings->o.path_mtu_discovery || c->settings->o.mtu_probing == WEIR_MTU_PROBING_OFF) {
        c->mtu_probing = 0; /* routers fragment, or the application wants none of this */
        m->size = 0;
        return;
    }
    m->high = (uint16_t)min_u32(m->high, limit);
    m->low = (uint16_t)min_u32(m->low, limit);
    c->mss_base = m->low;
    if (m->size > m->high) { /* a router has told what became of the probe */
        m->size = 0;
        scoreboard_mark_too_large(t, c, emit_payload_max(c), WEIR_REASON_PMTU);
    }
}

/* Payload that the next step down would leave; RFC 4821 7.7. */
static uint32_t step_down(const struct tcp *t, const struct tcp_conn *c)
{
    const struct weir_tcp_options *o = &c->settings->o;

    if (!c->mtu_probing) {
        return o->mtu_base_mss;
    }
    return max_u32(min_u32(o->mtu_base_mss, (search_of(t, c)->low - fixed_options(c)) / 2),
                   min_u32(o->mtu_probe_floor, o->mtu_base_mss));
}

void mtuprobe_on_rto(struct tcp *t, struct tcp_conn *c)
{
    const struct weir_tcp_options *o = &c->settings->o;
    const struct tx_record *r = tx_at(t, c->flight->tx_head);
    uint32_t payload;

    if (o->mtu_probing == WEIR_MTU_PROBING_OFF || !o->path_mtu_discovery || !c->flight->tx_head ||
        c->backoff <= o->r1_retransmissions) {
        return;
    }
    payload = step_down(t, c);
    if (min_u32(r->size - ((r->flags & TX_FIN) != 0), r->segment) <= payload || r->frames_out ||
        r->start + r->size > c->snd_una + c->snd_wnd) {
        return; /* it is not its size that keeps it from arriving: our device, or their window */
    }
    if (!c->mtu_probing && !begin(t, c)) {
        return;
    }
    search_from(t, c, payload);
    search_of(t, c)->black_holes++;
    scoreboard_mark_too_large(t, c, emit_payload_max(c), WEIR_REASON_BLACK_HOLE);
    tcp_touch(t, c);
}

/* The size to try next, or 0: the search is over for now. */
static uint16_t next_size(const struct tcp *t, struct tcp_conn *c)
{
    const struct weir_tcp_options *o = &c->settings->o;
    struct mtu_search *m = search_of(t, c);

    if ((uint32_t)m->high < (uint32_t)m->low + o->mtu_probe_threshold) {
        if (t->env->now - m->since < o->mtu_probe_interval) {
            return 0;
        }
        m->high = path_limit(c);
        m->since = t->env->now;
    }
    return (uint32_t)m->high < (uint32_t)m->low + o->mtu_probe_threshold ? 0 : mtuprobe_size(t, c);
}

uint16_t mtuprobe_size(const struct tcp *t, const struct tcp_conn *c)
{
    const struct mtu_search *m = search_of(t, c);

    return (uint16_t)(((uint32_t)m->low + m->high) / 2);
}

enum mtuprobe_turn mtuprobe_turn(struct tcp *t, struct tcp_conn *c)
{
    uint32_t per = emit_payload_max(c), flying = scoreboard_in_flight(c), payload, needed;
    uint16_t size;

    if (c->recovery != TCP_OPEN || search_of(t, c)->size || c->cwnd < CWND_SEGMENTS * per ||
        c->reassembly || c->urgent_out || (c->flight->send_flags & FLIGHT_RECORDS)) {
        return MTUPROBE_NO;
    }
    size = next_size(t, c);
    if (size <= c->mss_base) {
        return MTUPROBE_NO;
    }
    payload = per + (size - c->mss_base);
    /* what follows it tells soon whether it has arrived */
    needed = payload + (max_u32(c->reordering, TCP_DUP_THRESHOLD) + 1) * per;
    if (c->snd_end < c->snd_nxt + needed || c->snd_wnd < needed) {
        return MTUPROBE_NO;
    }
    if (window_usable(c) < needed || flying + payload > c->cwnd) {
        return flying ? MTUPROBE_WAIT : MTUPROBE_NO;
    }
    return MTUPROBE_SEND;
}

void mtuprobe_sent(struct tcp *t, struct tcp_conn *c, seq_pos start, seq_pos end)
{
    struct mtu_search *m = search_of(t, c);

    m->size = mtuprobe_size(t, c);
    m->start = start;
    m->end = end;
    m->lost_before = c->flight->rate.lost;
    m->sent++;
}

void mtuprobe_on_ack(struct tcp *t, struct tcp_conn *c)
{
    struct mtu_search *m = search_of(t, c);

    if (m->size && c->snd_una >= m->end) {
        m->low = m->size;
        m->size = 0;
        c->mss_base = m->low;
    }
}

static bool is_probe(const struct mtu_search *m, const struct tx_record *r)
{
    return m->size && r->start < m->end && r->start + r->size > m->start;
}

enum weir_reason mtuprobe_on_lost(struct tcp *t, struct tcp_conn *c, const struct tx_record *r,
                                  enum weir_reason reason)
{
    struct mtu_search *m = search_of(t, c);
    uint16_t size = m->size;

    if (!is_probe(m, r)) {
        return reason;
    }
    m->size = 0;
    if (reason == WEIR_REASON_FRAME_DROPPED || reason == WEIR_REASON_PMTU) {
        return reason; /* it never left, or a router has said more than it could */
    }
    if (reason == WEIR_REASON_RTO) {
        m->high = (uint16_t)(size - 1); /* and nothing else arrived: that may be congestion too */
        m->failed++;
        return reason;
    }
    if (c->recovery != TCP_OPEN || c->flight->rate.lost != m->lost_before) {
        return reason; /* others were lost too: it says nothing (RFC 4821 7.6.1) */
    }
    m->high = (uint16_t)(size - 1);
    m->failed++;
    return WEIR_REASON_MTU_PROBE;
}

void mtuprobe_on_resent(struct tcp *t, struct tcp_conn *c, const struct tx_record *r)
{
    struct mtu_search *m = search_of(t, c);

    if (is_probe(m, r)) {
        m->size = 0;
    }
}

bool mtuprobe_is_oldest(const struct tcp *t, const struct tcp_conn *c)
{
    return c->flight->tx_head && is_probe(search_of(t, c), tx_at(t, c->flight->tx_head));
}

void mtuprobe_info(const struct tcp *t, const struct tcp_conn *c, struct weir_tcp_info *info)
{
    const struct tcp_cold *cold = cold_of(t, c);

    if (cold) {
        info->mtu_probe_count = cold->mtu.sent;
        info->mtu_probe_lost_count = cold->mtu.failed;
        info->black_hole_count = cold->mtu.black_holes;
    }
    info->mtu_probing = c->mtu_probing != 0;
}
