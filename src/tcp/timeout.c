/* timeout.c - see timeout.h. */
#include "tcp/timeout.h"

#include "tcp/cold.h"
#include "tcp/flight.h"
#include "tcp/mtuprobe.h"
#include "tcp/orphan.h"
#include "tcp/output.h"
#include "tcp/pacer.h"
#include "tcp/quickack.h"
#include "tcp/recovery.h"
#include "tcp/rtt.h"
#include "tcp/scoreboard.h"
#include "tcp/state.h"
#include "tcp/tlp.h"
#include "tcp/trace.h"
#include "tcp/uto.h"

static bool outstanding(const struct tcp_conn *c)
{
    return c->snd_nxt != c->snd_una;
}

weir_time timeout_deadline(const struct tcp_conn *c)
{
    weir_time early = c->flight->early_at ? c->flight->early_at : WEIR_NEVER;
    weir_time best = min_u64(min_u64(c->rto_at, c->delack_at), min_u64(c->keepalive_at, early));

    return min_u64(best, pacer_deadline(c));
}

void timeout_clear(struct tcp_conn *c)
{
    c->rto_at = c->delack_at = c->keepalive_at = WEIR_NEVER;
    c->timer_mode = TCP_MODE_NONE;
}

static void set_mode(struct tcp_conn *c, enum tcp_timer_mode mode, weir_time at)
{
    c->timer_mode = (uint8_t)mode;
    c->rto_at = at;
}

void timeout_on_send(struct tcp *t, struct tcp_conn *c)
{
    if (c->timer_mode != TCP_MODE_RTO) {
        set_mode(c, TCP_MODE_RTO, t->env->now + rtt_rto(c));
        if (c->flight != &tcp_flight_none) {
            c->flight->retransmit_since = 0; /* what could not be sent has left */
        }
    }
    tlp_arm(t, c);
}

void timeout_keepalive(struct tcp *t, struct tcp_conn *c)
{
    const struct weir_tcp_options *o = &c->settings->o;
    bool wanted = o->keepalive && tcp_synchronized(c) && c->state != WEIR_TCP_TIME_WAIT;

    if (!wanted) {
        c->keepalive_at = WEIR_NEVER;
        c->keepalive_due = 0;
    } else if (c->probes == 0 || c->timer_mode == TCP_MODE_PERSIST) {
        c->keepalive_at = max_u64(c->last_received + o->keepalive_idle, t->env->now);
    }
}

void timeout_on_ack(struct tcp *t, struct tcp_conn *c, const struct ack_info *info)
{
    if (info->acked) {
        c->backoff = 0;
        if (outstanding(c)) {
            set_mode(c, TCP_MODE_RTO, t->env->now + rtt_rto(c));
        } else if (c->timer_mode == TCP_MODE_RTO) {
            set_mode(c, TCP_MODE_NONE, WEIR_NEVER);
        }
        tlp_arm(t, c);
    } else if (c->timer_mode == TCP_MODE_PERSIST) {
        /* the peer answers probes: it may keep its window closed for ever (MUST-37) */
        c->probes = 0;
        if (c->flight != &tcp_flight_none) {
            c->flight->retransmit_since = 0;
        }
        if (info->window_changed && c->snd_wnd > 0) {
            c->backoff = 0;
            set_mode(c, TCP_MODE_NONE, WEIR_NEVER);
        }
    } else if (c->snd_wnd == 0 && c->flight != &tcp_flight_none) {
        /* closed below what is out (a shrunk window), but the peer answers: SHLD-17 */
        c->flight->retransmit_since = 0;
    }
}

/* Called when nothing can be sent now: is it the window's fault alone? */
void timeout_persist(struct tcp *t, struct tcp_conn *c)
{
    bool waiting = tcp_synchronized(c) && !outstanding(c) && tcp_send_limit(c) > c->snd_nxt;
    bool persisting = c->timer_mode == TCP_MODE_PERSIST || c->timer_mode == TCP_MODE_SWS;

    if (!waiting) {
        if (persisting) {
            set_mode(c, TCP_MODE_NONE, WEIR_NEVER);
        }
        return;
    }
    if (c->snd_wnd == 0 && c->timer_mode != TCP_MODE_PERSIST) {
        c->backoff = 0;
        set_mode(c, TCP_MODE_PERSIST, t->env->now + rtt_rto(c));
    } else if (c->snd_wnd > 0 && c->timer_mode != TCP_MODE_SWS && !c->sws_override) {
        bool held = c->cork || (c->flight->send_flags & FLIGHT_MORE);

        set_mode(c, TCP_MODE_SWS, t->env->now + TCP_SWS_OVERRIDE + (held ? rtt_srtt(c) : 0));
    }
}

void timeout_fin_wait_2(struct tcp *t, struct tcp_conn *c)
{
    /* nobody can read: do not wait for ever for a FIN (as every kernel does) */
    if (c->orphan && c->state == WEIR_TCP_FIN_WAIT_2) {
        weir_time wait = c->settings->o.fin_wait_2_time;

        wait = wait ? wait : 2 * t->env->config.msl;
        set_mode(c, TCP_MODE_LINGER, wait == WEIR_NEVER ? WEIR_NEVER : t->env->now + wait);
    }
}

/* How long something may remain unacknowledged, or unsent. */
static weir_time give_up_after(const struct tcp *t, const struct tcp_conn *c, bool syn)
{
    const struct weir_tcp_options *o = &c->settings->o;
    weir_time limit = syn ? o->user_timeout : uto_limit(t, c);

    return limit ? limit : syn ? o->syn_r2_time : o->r2_time;
}

/* The timer of something unanswered: not later than the user timeout. */
static weir_time until_user_timeout(const struct tcp *t, const struct tcp_conn *c)
{
    weir_time at = t->env->now + rtt_rto(c), limit = uto_limit(t, c);
    weir_time since = c->flight->retransmit_since;

    return limit && limit != WEIR_NEVER && since ? min_u64(at, since + limit) : at;
}

static int give_up_error(const struct tcp_conn *c)
{
    return c->soft_error && c->soft_error != WEIR_ETIMEDOUT ? c->soft_error : WEIR_ETIMEDOUT;
}

bool timeout_unsent(struct tcp *t, struct tcp_conn *c)
{
    bool waiting =
        tcp_synchronized(c) && c->state != WEIR_TCP_TIME_WAIT && tcp_send_limit(c) > c->snd_una;
    weir_time limit = give_up_after(t, c, false);

    if (!waiting || !flight_ensure(t, c)) {
        return false;
    }
    if (!c->flight->retransmit_since) {
        c->flight->retransmit_since = t->env->now;
        return false;
    }
    if (limit == WEIR_NEVER || t->env->now - c->flight->retransmit_since < limit) {
        return false;
    }
    tcp_finish(t, c, give_up_error(c), WEIR_REASON_R2);
    return true;
}

/* RFC 9293 3.8.3: R1 is reported, R2 ends the connection. True: it ended. */
static bool check_limits(struct tcp *t, struct tcp_conn *c)
{
    const struct weir_tcp_options *o = &c->settings->o;
    bool syn = c->state == WEIR_TCP_SYN_SENT || c->state == WEIR_TCP_SYN_RECEIVED;
    weir_time limit = give_up_after(t, c, syn);
    weir_time since = syn ? c->last_send_at : c->flight->retransmit_since;
    uint32_t tries = c->backoff + 1u, most = o->synack_retries;

    if (c->state == WEIR_TCP_SYN_SENT) {
        most = (uint32_t)o->syn_retries + o->syn_linear;
    }
    if ((since && limit != WEIR_NEVER && t->env->now - since >= limit) || (syn && tries > most)) {
        /* no RST: who did not answer so far is not reached by it either (RFC 9293 3.10.8) */
        tcp_finish(t, c, give_up_error(c), syn ? WEIR_REASON_SYN_TIMEOUT : WEIR_REASON_R2);
        return true;
    }
    if (orphan_gives_up(t, c, tries)) {
        tcp_finish(t, c, give_up_error(c), WEIR_REASON_ORPHANS);
        return true;
    }
    if (!c->r1_reported && tries > o->r1_retransmissions) {
        c->r1_reported = 1;
        if (!c->soft_error) {
            c->soft_error = WEIR_ETIMEDOUT;
        }
        c->path_generation = 0; /* negative advice: look the path up again (MUST-20) */
        tcp_event(t, c, WEIR_EVENT_ERROR);
    }
    return false;
}

static void run_rto(struct tcp *t, struct tcp_conn *c)
{
    if (!outstanding(c)) {
        set_mode(c, TCP_MODE_NONE, WEIR_NEVER);
        return;
    }
    if (c->flight != &tcp_flight_none && !c->flight->retransmit_since) {
        c->flight->retransmit_since = t->env->now;
    }
    if (check_limits(t, c)) {
        return;
    }
    if (c->backoff < UINT8_MAX) {
        c->backoff++;
    }
    COLD_COUNT(t, c, rto_count, 1);
    trace_timer(t, c->id, WEIR_TIMER_RTO, c->backoff, rtt_rto(c));
    if (!tcp_synchronized(c)) {
        c->syn_due = 1;
    } else {
        mtuprobe_on_rto(t, c);
        recovery_on_rto(t, c);
    }
    set_mode(c, TCP_MODE_RTO, until_user_timeout(t, c));
}

static void run_persist(struct tcp *t, struct tcp_conn *c)
{
    weir_time limit = give_up_after(t, c, false);

    if (!flight_ensure(t, c)) { /* a FIN alone waits */
        set_mode(c, TCP_MODE_PERSIST, t->env->now + rtt_rto(c));
        return;
    }
    /* only probes without any answer count against R2 (MUST-37) */
    if (c->probes == 0) {
        c->flight->retransmit_since = t->env->now;
    } else if (limit != WEIR_NEVER && t->env->now - c->flight->retransmit_since >= limit) {
        tcp_finish(t, c, WEIR_ETIMEDOUT, WEIR_REASON_R2);
        return;
    }
    if (orphan_gives_up(t, c, c->probes) || orphan_waited(c, rtt_rto(c))) {
        tcp_reset(t, c, WEIR_ETIMEDOUT, WEIR_REASON_ORPHANS);
        return;
    }
    c->probe_due = 1;
    c->backoff = (uint8_t)min_u32(c->backoff + 1u, RTT_DOUBLINGS_MAX);
    set_mode(c, TCP_MODE_PERSIST, until_user_timeout(t, c));
    trace_timer(t, c->id, WEIR_TIMER_PERSIST, c->backoff, rtt_rto(c));
}

static void run_linger(struct tcp *t, struct tcp_conn *c)
{
    trace_timer(t, c->id, WEIR_TIMER_TIME_WAIT, 1, 0);
    tcp_finish(t, c, 0, WEIR_REASON_TIME_WAIT_OVER);
}

static void run_mode(struct tcp *t, struct tcp_conn *c)
{
    switch (c->timer_mode) {
    case TCP_MODE_RTO: run_rto(t, c); break;
    case TCP_MODE_PERSIST: run_persist(t, c); break;
    case TCP_MODE_SWS:
        c->sws_override = 1;
        set_mode(c, TCP_MODE_NONE, WEIR_NEVER);
        trace_timer(t, c->id, WEIR_TIMER_SWS_OVERRIDE, 1, 0);
        break;
    case TCP_MODE_LINGER: run_linger(t, c); break;
    default: c->rto_at = WEIR_NEVER; break;
    }
}

static void run_keepalive(struct tcp *t, struct tcp_conn *c)
{
    const struct weir_tcp_options *o = &c->settings->o;

    if (outstanding(c) || c->timer_mode == TCP_MODE_PERSIST) {
        c->keepalive_at = t->env->now + o->keepalive_idle; /* MUST-26: something else is watching */
        return;
    }
    if (c->probes == 0 && t->env->now < c->last_received + o->keepalive_idle) {
        c->keepalive_at = c->last_received + o->keepalive_idle; /* not idle that long after all */
        return;
    }
    if (o->user_timeout ? c->probes && t->env->now - c->last_received >= o->user_timeout
                        : c->probes >= o->keepalive_probes) { /* as Linux: it overrides the count */
        c->rst_pending = 1;
        tcp_finish(t, c, WEIR_ETIMEDOUT, WEIR_REASON_KEEPALIVE);
        return;
    }
    c->keepalive_due = 1;
    c->probes++;
    c->keepalive_at = t->env->now + o->keepalive_interval;
    trace_timer(t, c->id, WEIR_TIMER_KEEPALIVE, c->probes, o->keepalive_interval);
}

void timeout_run(struct tcp *t, struct tcp_conn *c)
{
    weir_time now = t->env->now;

    if (c->delack_at <= now) {
        c->delack_at = WEIR_NEVER;
        c->ack_now = 1;
        quickack_timer(c);
        trace_timer(t, c->id, WEIR_TIMER_DELAYED_ACK, 1, 0);
    }
    if (c->keepalive_at <= now) {
        run_keepalive(t, c);
    }
    if (c->flight->early_at && c->flight->early_at <= now) {
        recovery_on_early(t, c);
    }
    if (c->rto_at <= now) {
        run_mode(t, c);
    }
    tcp_touch(t, c);
}
