/* text.c - see text.h. */
#include "tcp/text.h"

#include "tcp/autotune.h"
#include "tcp/cold.h"
#include "tcp/dsack.h"
#include "tcp/quickack.h"
#include "tcp/reassembly.h"
#include "tcp/state.h"
#include "tcp/timeout.h"
#include "tcp/trace.h"

static bool receives(const struct tcp_conn *c)
{
    return c->state == WEIR_TCP_ESTABLISHED || c->state == WEIR_TCP_FIN_WAIT_1 ||
           c->state == WEIR_TCP_FIN_WAIT_2;
}

/* A duplicate goes unreported when what follows it is the end of the peer's data: there is nothing more that its
 * sender could do better (RFC 2883 4 says "should"; as Linux). Once our own FIN is out it is reported all the same. */
static bool reports_duplicate(const struct tcp_conn *c, const struct seg_in *in)
{
    return c->sack &&
           !(in->fin && c->state == WEIR_TCP_ESTABLISHED && in->seq + in->size <= c->rcv_adv);
}

/* Cuts what is before rcv_nxt and what is beyond the window (with the FIN that hangs on it). */
static void trim(struct tcp *t, struct tcp_conn *c, struct seg_in *in)
{
    if (in->seq < c->rcv_nxt) {
        uint32_t cut = (uint32_t)min_u64(c->rcv_nxt - in->seq, in->size);

        if (cut && reports_duplicate(c, in)) {
            /* an ACK of its own: data does not carry the report */
            dsack_note(t, c, in->seq, in->seq + cut);
            c->acks_owed = (uint16_t)min_u32(c->acks_owed + (cut < in->size ? 1u : 0u), UINT16_MAX);
        }
        in->seq += cut;
        in->data += cut;
        in->size -= cut;
    }
    if (in->seq + in->size > c->rcv_adv) {
        in->size = c->rcv_adv > in->seq ? (uint32_t)(c->rcv_adv - in->seq) : 0;
        in->fin = false;
    }
}

static void owe_each(struct tcp_conn *c, uint32_t segments)
{
    c->acks_owed = (uint16_t)min_u32(c->acks_owed + segments, UINT16_MAX);
}

/* Less than the application wants to be told of waits, unless no more can come. */
static bool enough_to_read(const struct tcp_conn *c)
{
    return c->recvq_bytes >= c->settings->o.receive_lowat || c->rcv_adv - c->rcv_nxt <= c->rcv_mss;
}

void text_in_order(struct tcp *t, struct tcp_conn *c, struct seg_in *in)
{
    bool hole = c->reassembly != NULL;

    if (UNLIKELY(hole) && dsack_note_held(t, c, in->seq, in->seq + in->size)) {
        owe_each(c, 1); /* alone: data does not carry it */
    }
    if (!recvq_append(t, c, in->data, in->size, in->buffer)) {
        trace_drop(t, c->id, WEIR_DROP_NO_MEMORY, in->s);
        in->fin = false;
        return;
    }
    if (UNLIKELY(hole)) {
        reassembly_advance(t, c);
    }
    quickack_arrived(t, c, in, hole);
    autotune_arrived(t, c, in);
    if (enough_to_read(c)) {
        tcp_event(t, c, WEIR_EVENT_READABLE);
    }
}

static void out_of_order(struct tcp *t, struct tcp_conn *c, struct seg_in *in)
{
    enum weir_drop drop;

    (void)dsack_note_held(t, c, in->seq, in->seq + in->size);
    drop = reassembly_insert(t, c, in->seq, in->data, in->size, in->buffer);

    if (drop != WEIR_DROP_NONE) {
        trace_drop(t, c->id, drop, in->s);
    }
    COLD_COUNT(t, c, out_of_order_in, in->segments);
    quickack_enter(c);
    owe_each(c, in->segments);
}

static bool is_after_close(const struct tcp_conn *c, const struct seg_in *in)
{
    return c->orphan && in->seq + in->size > c->rcv_nxt;
}

/* Data for an application that has closed: its sender must learn that nobody reads (RFC 9293 3.6.1, RFC 2525
 * 2.17). The RST is the answer to this segment, so that it stands where the peer waits: it may not have all that
 * was sent, and RFC 5961 3.2 has it believe no other number. */
static enum tcp_verdict refuse_after_close(struct tcp *t, struct tcp_conn *c,
                                           const struct seg_in *in)
{
    trace_drop(t, c->id, WEIR_DROP_AFTER_CLOSE, in->s);
    tcp_finish(t, c, WEIR_ECONNABORTED, WEIR_REASON_DATA_AFTER_CLOSE);
    return TCP_VERDICT_RST;
}

static void fin_arrived(struct tcp *t, struct tcp_conn *c)
{
    c->fin_received = 1;
    c->rcv_nxt++;
    c->rcv_adv = max_u64(c->rcv_adv, c->rcv_nxt);
    c->ack_now = 1;
    tcp_event(t, c, WEIR_EVENT_END | WEIR_EVENT_READABLE);
    switch (c->state) {
    case WEIR_TCP_ESTABLISHED: tcp_set_state(t, c, WEIR_TCP_CLOSE_WAIT, WEIR_REASON_FIN_IN); break;
    case WEIR_TCP_FIN_WAIT_1: tcp_set_state(t, c, WEIR_TCP_CLOSING, WEIR_REASON_FIN_IN); break;
    case WEIR_TCP_FIN_WAIT_2: tcp_enter_time_wait(t, c, WEIR_REASON_FIN_IN); break;
    default: break;
    }
}

/* `at`: the FIN's place, if the segment has one. */
static void handle_fin(struct tcp *t, struct tcp_conn *c, const struct seg_in *in, seq_pos at)
{
    struct reassembly *r = c->reassembly;

    if ((r && r->fin && r->fin_at == c->rcv_nxt) || /* it came early; the hole is filled now */
        (in->fin && at == c->rcv_nxt)) {
        reassembly_clear(t, c); /* what is held beyond a FIN is a lie */
        fin_arrived(t, c);
    } else if (in->fin && at > c->rcv_nxt) {
        (void)reassembly_note_fin(t, c, at); /* no memory: it comes again */
        if (in->size == 0) {
            owe_each(c, 1);
        }
    }
}

enum tcp_verdict text_handle(struct tcp *t, struct tcp_conn *c, struct seg_in *in)
{
    seq_pos fin_at = in->seq + in->size;

    if (!receives(c)) {
        if ((in->size || in->fin) && c->state != WEIR_TCP_CLOSED) {
            trace_drop(t, c->id, WEIR_DROP_AFTER_FIN, in->s);
            input_owe_ack(t, c, false);
        }
        return TCP_VERDICT_DONE;
    }
    if (in->size == 0 && !in->fin) {
        return TCP_VERDICT_DONE;
    }
    if (UNLIKELY(is_after_close(c, in))) {
        return refuse_after_close(t, c, in);
    }
    trim(t, c, in);
    if (in->size == 0 && !in->fin) {
        trace_drop(t, c->id, WEIR_DROP_DUPLICATE_DATA, in->s);
        quickack_enter(c);
        owe_each(c, in->segments);
        return TCP_VERDICT_DONE;
    }
    if (in->size) {
        if (LIKELY(in->seq == c->rcv_nxt)) {
            text_in_order(t, c, in);
        } else {
            out_of_order(t, c, in);
        }
    }
    handle_fin(t, c, in, fin_at);
    return TCP_VERDICT_DONE;
}
