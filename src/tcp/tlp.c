/* tlp.c - see tlp.h. */
#include "tcp/tlp.h"

#include "tcp/cold.h"
#include "tcp/emit.h"
#include "tcp/flight.h"
#include "tcp/rtt.h"
#include "tcp/scoreboard.h"
#include "tcp/trace.h"
#include "tcp/window.h"

#define SLACK (2 * WEIR_MS) /* the peer's timers and ours are not exact; as Linux */

static bool wanted(const struct tcp_conn *c)
{
    const struct tcp_flight *f = c->flight;

    return c->sack && f != &tcp_flight_none && f->tx_head && f->sacked_bytes == 0 &&
           f->tlp_end == 0 && (c->recovery == TCP_OPEN || c->recovery == TCP_CWR) &&
           c->timer_mode == TCP_MODE_RTO && tcp_synchronized(c);
}

/* RFC 8985 7.2; the allowance for the worst delayed ACK is the one that the RTO has. */
static weir_time timeout(const struct tcp *t, const struct tcp_conn *c)
{
    const struct tcp_flight *f = c->flight;
    weir_time pto = TCP_RTO_INITIAL;

    if (c->srtt8_us) {
        bool single = f->tx_head == f->tx_tail && scoreboard_segments(tx_at(t, f->tx_head)) == 1;

        pto = 2 * rtt_srtt(c) + (single ? c->settings->o.rto_min : SLACK);
    }
    return pto;
}

void tlp_arm(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_flight *f = c->flight;

    if (f == &tcp_flight_none || f->early == TCP_EARLY_REORDER) {
        return;
    }
    f->early = TCP_EARLY_NONE;
    f->early_at = 0;
    if (wanted(c)) {
        f->early = TCP_EARLY_PROBE;
        f->early_at = min_u64(t->env->now + timeout(t, c), c->rto_at);
    }
}

void tlp_fire(struct tcp *t, struct tcp_conn *c)
{
    if (!wanted(c)) {
        return;
    }
    c->flight->tlp_due = true;
    c->rto_at = t->env->now + rtt_rto(c);
    trace_timer(t, c->id, WEIR_TIMER_PROBE, 1, rtt_rto(c));
}

uint32_t tlp_new_bytes(const struct tcp_conn *c)
{
    uint32_t available = (uint32_t)(c->snd_end > c->snd_nxt ? c->snd_end - c->snd_nxt : 0);
    uint32_t size = min_u32(available, emit_payload_max(c));

    return size && !c->fin_sent && window_usable(c) >= size ? size : 0;
}

bool tlp_ready(const struct tcp *t, const struct tcp_conn *c)
{
    const struct tcp_flight *f = c->flight;
    const struct tx_record *r;

    if (!f->tlp_due || !f->tx_tail) {
        return false;
    }
    r = tx_at(t, f->tx_tail);
    return tlp_new_bytes(c) || (!(r->flags & (TX_SACKED | TX_LOST)) && !r->frames_out);
}

uint32_t tlp_last_segment(struct tcp *t, struct tcp_conn *c)
{
    struct tx_record *r = tx_at(t, c->flight->tx_tail);
    uint32_t data = r->size - ((r->flags & TX_FIN) != 0);
    uint32_t before = data > r->segment ? (data - 1) / r->segment * r->segment : 0;

    return scoreboard_cut_tail(t, c, before);
}

void tlp_sent(struct tcp *t, struct tcp_conn *c, bool repeats)
{
    struct tcp_cold *cold = cold_ensure(t, c);

    c->flight->tlp_due = false;
    c->flight->tlp_end = c->snd_nxt;
    c->flight->tlp_repeats = repeats & 1;
    if (cold) {
        cold->probes_sent++;
    }
}

bool tlp_on_ack(struct tcp *t, struct tcp_conn *c, const struct ack_info *info)
{
    struct tcp_flight *f = c->flight;
    bool repaired = false;

    (void)t;
    if (info->acked || info->sacked) {
        f->tlp_due = false;
    }
    if (!f->tlp_end || c->snd_una < f->tlp_end) {
        return false;
    }
    if (!f->tlp_repeats || info->dsack_probe) {
        f->tlp_end = 0; /* the ACK of new data, or both copies arrived: nothing was lost */
    } else if (c->snd_una > f->tlp_end) {
        f->tlp_end = 0; /* only one of them did: RFC 8985 7.4.2 */
        repaired = true;
    } else if (!info->acked && !info->sacked && info->duplicate) {
        f->tlp_end = 0;
    }
    return repaired;
}
