/*
 * state.c - the state machine of one side, inferred from its segments (RFC 9293 3.3.2, 3.10.7).
 *
 * Reading order: machine_set (the only writer of `state`), machine_sends, machine_receives.
 */
#include "trace/state.h"

const char *state_short_name(uint8_t state)
{
    if (state == WEIR_TCP_SYN_RECEIVED) {
        return "SYN-RCVD";
    }
    if (state < WEIR_TCP_STATE_COUNT) {
        return weir_tcp_state_name(state);
    }
    return state == LADDER_STATE_UNKNOWN ? "?" : "";
}

const char *state_name(uint8_t state)
{
    return state < WEIR_TCP_STATE_COUNT ? weir_tcp_state_name(state) : "UNKNOWN";
}

void machine_init(struct machine *m, uint8_t initial_state)
{
    *m = (struct machine){.state = initial_state, .passive = initial_state == WEIR_TCP_LISTEN};
    ranges_init(&m->beyond, m->storage, MACHINE_GAPS_MAX);
}

static void machine_set(struct machine *m, uint8_t state)
{
    if (m->state == state) {
        return;
    }
    if (m->steps < MACHINE_STEPS_MAX) {
        m->step[m->steps++] = (struct machine_step){.from = m->state, .to = state};
    }
    m->state = state;
}

/* The peer's FIN is in order: it has nothing more to say. */
static void take_fin(struct machine *m)
{
    m->fin_taken = true;
    switch (m->state) {
    case WEIR_TCP_SYN_RECEIVED:
    case WEIR_TCP_ESTABLISHED: machine_set(m, WEIR_TCP_CLOSE_WAIT); break;
    case WEIR_TCP_FIN_WAIT_1: machine_set(m, WEIR_TCP_CLOSING); break;
    case WEIR_TCP_FIN_WAIT_2: machine_set(m, WEIR_TCP_TIME_WAIT); break;
    default: break;
    }
}

static void received_up_to(struct machine *m, seq_pos position)
{
    if (position > m->rcv_nxt) {
        m->rcv_nxt = position;
    }
    uint32_t i = ranges_find(&m->beyond, m->rcv_nxt);
    if (i < m->beyond.count && m->beyond.at[i].start <= m->rcv_nxt) {
        m->rcv_nxt = m->beyond.at[i].end;
    }
    ranges_trim_below(&m->beyond, m->rcv_nxt);
    if (m->fin_known && !m->fin_taken && m->rcv_nxt > m->fin_position) {
        take_fin(m);
    }
}

/* ---- Sending ------------------------------------------------------------------------------------------ */

static void sends_syn(struct machine *m, const struct trace_segment *s)
{
    m->iss = s->seq;
    m->iss_known = true;
    if ((s->flags & WEIR_TCP_ACK) != 0) {
        if (m->state == WEIR_TCP_SYN_SENT || m->state == WEIR_TCP_LISTEN ||
            m->state == WEIR_TCP_CLOSED || m->state == LADDER_STATE_UNKNOWN) {
            machine_set(m, WEIR_TCP_SYN_RECEIVED);
        }
    } else if (m->state == WEIR_TCP_CLOSED || m->state == WEIR_TCP_LISTEN ||
               m->state == LADDER_STATE_UNKNOWN) {
        machine_set(m, WEIR_TCP_SYN_SENT);
    }
}

static void sends_rst(struct machine *m, const struct trace_segment *s)
{
    /* In LISTEN and CLOSED a RST only turns a stranger away; in SYN-SENT one without ACK answers an
     * unacceptable ACK (3.10.7.3), and the opening goes on. */
    bool answers_stranger = m->state == WEIR_TCP_LISTEN ||
                            (m->state == WEIR_TCP_SYN_SENT && (s->flags & WEIR_TCP_ACK) == 0);
    if (!answers_stranger) {
        machine_set(m, WEIR_TCP_CLOSED);
    }
}

static void sends_fin(struct machine *m, const struct trace_segment *s)
{
    m->fin_sent = true;
    m->fin_seq = s->seq + s->length;
    if (m->state == WEIR_TCP_ESTABLISHED || m->state == WEIR_TCP_SYN_RECEIVED) {
        machine_set(m, WEIR_TCP_FIN_WAIT_1);
    } else if (m->state == WEIR_TCP_CLOSE_WAIT) {
        machine_set(m, WEIR_TCP_LAST_ACK);
    }
}

void machine_sends(struct machine *m, const struct trace_segment *s)
{
    m->steps = 0;
    if ((s->flags & WEIR_TCP_RST) != 0) {
        sends_rst(m, s);
        return;
    }
    if ((s->flags & WEIR_TCP_SYN) != 0) {
        sends_syn(m, s);
        return;
    }
    if ((s->flags & WEIR_TCP_ACK) != 0) {
        if (m->state == WEIR_TCP_SYN_SENT) { /* nothing else allows it to send this */
            machine_set(m, WEIR_TCP_ESTABLISHED);
        }
        if (m->irs_known) { /* what it acknowledges, it has, whatever the capture missed */
            received_up_to(m, seq_widen(m->rcv_nxt, s->ack));
        }
    }
    if ((s->flags & WEIR_TCP_FIN) != 0) {
        sends_fin(m, s);
    }
}

/* ---- Receiving ---------------------------------------------------------------------------------------- */

static void learn_irs(struct machine *m, const struct trace_segment *s)
{
    if ((s->flags & WEIR_TCP_SYN) != 0 && !m->irs_known) {
        m->irs_known = true;
        m->rcv_nxt = seq_from_isn(s->seq) + 1;
    }
}

static void learn_fin(struct machine *m, const struct trace_segment *s)
{
    if ((s->flags & WEIR_TCP_FIN) != 0 && m->irs_known) {
        m->fin_known = true;
        m->fin_position = seq_widen(m->rcv_nxt, s->seq + s->length);
    }
}

void machine_foresees(struct machine *m, const struct trace_segment *s)
{
    learn_irs(m, s);
    learn_fin(m, s);
}

static bool acks_own_syn(const struct machine *m, const struct trace_segment *s)
{
    return (s->flags & WEIR_TCP_ACK) != 0 && (!m->iss_known || s->ack == m->iss + 1);
}

static void receives_in_syn_sent(struct machine *m, const struct trace_segment *s)
{
    if ((s->flags & WEIR_TCP_RST) != 0) {
        if (acks_own_syn(m, s)) {
            machine_set(m, WEIR_TCP_CLOSED);
        }
    } else if ((s->flags & WEIR_TCP_SYN) != 0) {
        if (acks_own_syn(m, s)) {
            machine_set(m, WEIR_TCP_ESTABLISHED);
        } else if ((s->flags & WEIR_TCP_ACK) == 0) {
            machine_set(m, WEIR_TCP_SYN_RECEIVED); /* simultaneous open */
        }
    }
}

static void receives_rst(struct machine *m, const struct trace_segment *s)
{
    /* RFC 5961 3.2: only a RST that is exactly at rcv_nxt resets. */
    if (m->irs_known && seq_wire(m->rcv_nxt) != s->seq) {
        return;
    }
    bool back = m->state == WEIR_TCP_SYN_RECEIVED && m->passive;
    machine_set(m, back ? WEIR_TCP_LISTEN : WEIR_TCP_CLOSED);
}

static void receives_ack(struct machine *m, uint32_t ack)
{
    if (m->state == WEIR_TCP_SYN_RECEIVED && m->iss_known && (int32_t)(ack - m->iss) > 0) {
        machine_set(m, WEIR_TCP_ESTABLISHED);
    }
    if (!m->fin_sent || (int32_t)(ack - m->fin_seq) <= 0) {
        return;
    }
    switch (m->state) {
    case WEIR_TCP_FIN_WAIT_1: machine_set(m, WEIR_TCP_FIN_WAIT_2); break;
    case WEIR_TCP_CLOSING: machine_set(m, WEIR_TCP_TIME_WAIT); break;
    case WEIR_TCP_LAST_ACK: machine_set(m, WEIR_TCP_CLOSED); break;
    default: break;
    }
}

static void receives_text(struct machine *m, const struct trace_segment *s)
{
    if (!m->irs_known) {
        return;
    }
    learn_fin(m, s);
    seq_pos start = seq_widen(m->rcv_nxt, s->seq);
    seq_pos end = start + trace_segment_span(s);
    if (start > m->rcv_nxt) {
        (void)ranges_add(&m->beyond, start, end, NULL); /* no room: the ACK will tell */
        return;
    }
    received_up_to(m, end);
}

void machine_receives(struct machine *m, const struct trace_segment *s)
{
    uint8_t before = m->state;

    m->steps = 0;
    learn_irs(m, s);
    if (before == WEIR_TCP_CLOSED) {
        return;
    }
    if (before == WEIR_TCP_LISTEN) {
        if ((s->flags & (WEIR_TCP_SYN | WEIR_TCP_ACK | WEIR_TCP_RST)) == WEIR_TCP_SYN) {
            machine_set(m, WEIR_TCP_SYN_RECEIVED);
        }
    } else if (before == WEIR_TCP_SYN_SENT) {
        receives_in_syn_sent(m, s);
    } else if ((s->flags & WEIR_TCP_RST) != 0) {
        receives_rst(m, s);
    } else {
        bool syn_ack = (s->flags & WEIR_TCP_SYN) != 0 && (s->flags & WEIR_TCP_ACK) != 0;
        if (before == LADDER_STATE_UNKNOWN && syn_ack) { /* its SYN was not captured */
            machine_set(m, WEIR_TCP_ESTABLISHED);
        }
        if ((s->flags & WEIR_TCP_ACK) != 0) {
            receives_ack(m, s->ack);
        }
        receives_text(m, s);
    }
}
