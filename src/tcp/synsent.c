/* synsent.c - see synsent.h. */
#include "tcp/synsent.h"

#include "tcp/ecn.h"
#include "tcp/fastopen.h"
#include "tcp/output.h"
#include "tcp/quickack.h"
#include "tcp/rtt.h"
#include "tcp/state.h"
#include "tcp/text.h"
#include "tcp/timeout.h"
#include "tcp/trace.h"
#include "tcp/uto.h"
#include "tcp/window.h"

void synsent_learn_peer(struct tcp *t, struct tcp_conn *c, const struct tcp_segment *s)
{
    const struct weir_tcp_options *mine = &c->settings->o;
    const struct tcp_options *o = &s->options;
    uint64_t window = c->rcv_adv - c->rcv_nxt;

    c->irs = s->seq;
    c->rcv_nxt = seq_from_isn(s->seq) + 1;
    c->rcv_acked = c->rcv_nxt;
    c->rcv_adv = c->rcv_nxt + window; /* what our SYN promised, if it is out already */
    c->window_scaling = mine->window_scaling && (o->present & WEIR_SEGMENT_WSCALE);
    c->timestamps = mine->timestamps && (o->present & WEIR_SEGMENT_TIMESTAMPS);
    c->sack = mine->sack && (o->present & WEIR_SEGMENT_SACK_PERMITTED);
    c->snd_wscale = c->window_scaling ? (uint8_t)min_u32(o->wscale, TCP_WSCALE_MAX) : 0;
    c->rcv_wscale = c->window_scaling ? c->rcv_wscale : 0; /* as our SYN announced it */
    if (c->timestamps) {
        c->ts_recent = o->ts_val;
        c->ts_recent_at = t->env->now;
    }
    c->peer_mss = (o->present & WEIR_SEGMENT_MSS) ? o->mss
                  : tcp_is_v4(c)                  ? TCP_MSS_DEFAULT4
                                                  : TCP_MSS_DEFAULT6;
    c->mss_base = tcp_mss_base(c, c->path_mtu);
    if (UNLIKELY(o->present & WEIR_SEGMENT_USER_TIMEOUT)) {
        uto_arrived(t, c, o);
    }
    c->snd_wnd = s->window; /* never scaled in a SYN */
    c->max_snd_wnd = s->window;
    c->snd_wl1 = s->seq;
    c->snd_wl2 = s->ack;
}

/* Their SYN,ACK echoes a timestamp that none of our SYNs had: it answers somebody else's, or an older one of that
 * four-tuple, as its ACK could too. (As Linux; PAWS begins with the connection only.) */
static bool echo_impossible(const struct tcp *t, const struct tcp_conn *c,
                            const struct tcp_segment *s)
{
    uint32_t first = (uint32_t)(c->last_send_at / WEIR_MS), now = (uint32_t)(t->env->now / WEIR_MS);

    return c->settings->o.timestamps && (s->options.present & WEIR_SEGMENT_TIMESTAMPS) &&
           s->options.ts_ecr && s->options.ts_ecr - c->ts_offset - first > now - first;
}

/* First and second: ACK and RST. false: dealt with, *verdict says how. */
static bool check_ack_rst(struct tcp *t, struct tcp_conn *c, const struct seg_in *in,
                          enum tcp_verdict *verdict)
{
    const struct tcp_segment *s = in->s;
    bool ack = (s->flags & WEIR_TCP_ACK) != 0, rst = (s->flags & WEIR_TCP_RST) != 0;

    *verdict = TCP_VERDICT_DONE;
    if (ack && (s->ack - seq_wire(c->snd_nxt) > fastopen_data(t, c) || /* the SYN and its data */
                echo_impossible(t, c, s))) {
        trace_drop(t, c->id, WEIR_DROP_SYN_SENT_ACK, s);
        *verdict = rst ? TCP_VERDICT_DONE : TCP_VERDICT_RST;
        return false;
    }
    if (rst) {
        if (ack) {
            tcp_finish(t, c, WEIR_ECONNREFUSED, WEIR_REASON_RST_IN);
        } else {
            trace_drop(t, c->id, WEIR_DROP_SYN_SENT_RST, s);
        }
        return false;
    }
    if (!(s->flags & WEIR_TCP_SYN)) {
        trace_drop(t, c->id, WEIR_DROP_SYN_SENT_NOTHING, s);
        return false;
    }
    return true;
}

/* Our SYN is out and theirs came without an ACK: both answer with SYN,ACK (MUST-10). */
static void simultaneous_open(struct tcp *t, struct tcp_conn *c)
{
    c->simultaneous = 1;
    c->backoff = 0;
    c->timer_mode = TCP_MODE_NONE;
    c->rto_at = WEIR_NEVER;
    c->syn_due = 1;
    tcp_set_state(t, c, WEIR_TCP_SYN_RECEIVED, WEIR_REASON_SIMULTANEOUS_OPEN);
}

enum tcp_verdict synsent_input(struct tcp *t, struct tcp_conn *c, struct seg_in *in)
{
    enum tcp_verdict verdict;

    if (!check_ack_rst(t, c, in, &verdict)) {
        return verdict;
    }
    synsent_learn_peer(t, c, in->s);
    if (!(in->s->flags & WEIR_TCP_ACK)) {
        ecn_syn_crossed(t, c, in->s);
        simultaneous_open(t, c);
        return TCP_VERDICT_DONE;
    }
    if (c->backoff == 0) {
        rtt_sample(t, c, t->env->now - c->last_send_at);
    } else if (c->timestamps) {
        rtt_sample_echo(t, c, in->s->options.ts_ecr);
    }
    if (c->backoff) {
        rtt_syn_lost(c); /* unless a sample says better */
    }
    if (c->fastopen) {
        fastopen_on_syn_ack(t, c, in->s);
    }
    c->snd_una = c->snd_nxt;
    c->ack_now = 1;
    if (c->snd_end > c->snd_nxt + (c->fastopen ? fastopen_data(t, c) : 0)) {
        quickack_answers_syn_ack(t, c);
    }
    ecn_syn_ack_in(t, c, in->s);
    tcp_established(t, c, WEIR_REASON_SYN_ACK_IN);
    if (c->ecn) {
        ecn_established(t, c, in);
    }
    in->seq = c->rcv_nxt;
    in->ack = c->snd_una;
    (void)text_handle(t, c, in); /* data and FIN may ride on a SYN,ACK */
    return TCP_VERDICT_DONE;
}

bool synsent_crossing_syn_ack(struct tcp *t, struct tcp_conn *c, struct seg_in *in)
{
    if (in->s->seq != c->irs || !(in->s->flags & WEIR_TCP_ACK) || in->ack < c->snd_nxt ||
        in->ack - c->snd_nxt > fastopen_data(t, c)) {
        trace_drop(t, c->id, WEIR_DROP_SYN_CHALLENGE, in->s);
        if (in->s->seq == c->irs && !(in->s->flags & WEIR_TCP_ACK)) {
            c->syn_due = 1; /* their SYN again: our SYN,ACK was lost */
        } else {
            input_owe_ack(t, c, true);
        }
        return false;
    }
    if (c->fastopen) {
        fastopen_on_syn_ack(t, c, in->s);
    }
    in->seq++; /* if our SYN,ACK was lost theirs comes again, and the challenge ACK completes their side */
    return true;
}
