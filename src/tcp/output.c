/* output.c - see output.h: what is due. The making of segments is emit.c's. */
#include "tcp/output.h"

#include "tcp/cwv.h"
#include "tcp/ecn.h"
#include "tcp/emit.h"
#include "tcp/mtuprobe.h"
#include "tcp/pacer.h"
#include "tcp/scoreboard.h"
#include "tcp/sendq.h"
#include "tcp/tlp.h"
#include "tcp/trace.h"
#include "tcp/window.h"

static bool may_send_data(const struct tcp_conn *c)
{
    switch (c->state) {
    case WEIR_TCP_ESTABLISHED:
    case WEIR_TCP_CLOSE_WAIT:
    case WEIR_TCP_FIN_WAIT_1:
    case WEIR_TCP_CLOSING:
    case WEIR_TCP_LAST_ACK: return true;
    case WEIR_TCP_SYN_RECEIVED: return c->fastopen && c->passive; /* RFC 7413 4.2.2 */
    default: return false;
    }
}

/* Retransmissions are paced by cwnd too, but the oldest may always go: it is what the peer waits for. */
static bool retransmit_due(struct tcp *t, struct tcp_conn *c)
{
    uint32_t index = scoreboard_next_lost(t, c);
    const struct tx_record *r;

    if (!index || c->flight->frto == TCP_FRTO_NEW) {
        return false;
    }
    r = tx_at(t, index);
    if (r->start == c->snd_una &&
        (scoreboard_in_flight(c) == 0 || !(r->flags & TX_RETRANSMITTED))) {
        return true; /* RFC 5681 3.2, RFC 6582 3.2 step 3: the first one goes at once */
    }
    if (r->start >= c->snd_una + max_u32(c->snd_wnd, 1)) {
        return false; /* SHLD-16: not beyond a window that shrank */
    }
    return scoreboard_in_flight(c) + min_u32(r->size, emit_payload_max(c)) <= c->cwnd;
}

static uint32_t cwnd_room(const struct tcp_conn *c)
{
    uint32_t flight = scoreboard_in_flight(c);

    return c->cwnd > flight ? c->cwnd - flight : 0;
}

/* Does the application hold a small piece back? The time for that is the override timer's. */
static bool corked(const struct tcp_conn *c)
{
    return (c->cork || (c->flight->send_flags & FLIGHT_MORE)) &&
           !(c->sws_override && c->snd_una == c->snd_nxt);
}

/* RFC 9293 3.8.6.2.1 and Nagle (3.7.4) in Minshall's variant: may a last, small piece go now? It waits only
 * for an earlier small piece: whole segments on their way are no reason. */
static bool small_may_go(const struct tcp_conn *c)
{
    bool nothing_out = c->snd_una == c->snd_nxt ||
                       (c->state == WEIR_TCP_SYN_RECEIVED && !c->flight->tx_head); /* but our SYN */

    if (c->fin_queued || c->urgent_out || c->flight->frto == TCP_FRTO_NEW ||
        (c->flight->send_flags & FLIGHT_PUSH)) {
        return true;
    }
    return !corked(c) && (c->nodelay || nothing_out ||
                          (int32_t)(c->flight->small_end - seq_wire(c->snd_una)) <= 0);
}

/*
 * How many new bytes (without the FIN) may go now. Whole segments go as cwnd and window allow; a piece smaller
 * than a segment goes when it is all there is and Nagle agrees, or when the window will never be better
 * (at least half of the largest ever seen, or the override timer said so).
 */
uint32_t output_new_bytes(const struct tcp_conn *c, uint32_t payload_max, enum weir_limit *limit)
{
    uint32_t available = (uint32_t)(c->snd_end > c->snd_nxt ? c->snd_end - c->snd_nxt : 0);
    uint32_t usable = window_usable(c), room = cwnd_room(c);
    bool record = false;
    uint32_t size, tail;

    if (UNLIKELY(c->flight->send_flags & FLIGHT_RECORDS) && available) {
        uint32_t bytes = sendq_to_record_end(c);

        record = bytes < available; /* and more behind it: nothing will be added to this one */
        available = bytes;
    }
    size = min_u32(available, min_u32(usable, room));
    tail = size % payload_max;
    *limit = available == 0      ? WEIR_LIMIT_APP
             : size == available ? WEIR_LIMIT_NONE
             : usable < room     ? WEIR_LIMIT_WINDOW
                                 : WEIR_LIMIT_CWND;
    if (tail == 0) {
        return size;
    }
    if (size == available) {
        if (record || small_may_go(c)) {
            return size;
        }
        *limit = corked(c) ? WEIR_LIMIT_APP : WEIR_LIMIT_NAGLE;
        return size - tail;
    }
    if (size > tail) {
        return size - tail;
    }
    /* less than one segment fits */
    if (room <= usable) {
        return scoreboard_in_flight(c) == 0 ? size : 0;
    }
    return c->snd_una == c->snd_nxt && (size >= c->max_snd_wnd / 2 || c->sws_override) ? size : 0;
}

bool output_fin_due(const struct tcp_conn *c, uint32_t new_bytes)
{
    return c->fin_queued && !c->fin_sent && c->snd_nxt + new_bytes == c->snd_end &&
           (window_usable(c) > new_bytes ||
            (new_bytes == 0 && c->snd_una == c->snd_nxt && c->snd_wnd > 0));
}

static bool data_due(struct tcp *t, struct tcp_conn *c)
{
    enum weir_limit limit;
    uint32_t bytes;

    if (c->flight->lost_bytes && c->flight->frto != TCP_FRTO_NEW) {
        return false; /* what is lost goes before what is new */
    }
    if (c->fin_sent) {
        trace_limit(t, c, WEIR_LIMIT_APP);
        return false;
    }
    bytes = output_new_bytes(c, emit_payload_max(c), &limit);
    if (limit == WEIR_LIMIT_CWND && bytes == 0) {
        cwv_note(c, true);
    }
    if (bytes > 0 || output_fin_due(c, 0)) {
        trace_limit(t, c, WEIR_LIMIT_NONE);
        return true;
    }
    if (limit == WEIR_LIMIT_APP && c->write_blocked) {
        limit = WEIR_LIMIT_SEND_BUFFER;
    } else if (limit == WEIR_LIMIT_CWND && c->recovery != TCP_OPEN) {
        limit = WEIR_LIMIT_RECOVERY;
    }
    trace_limit(t, c, limit);
    return false;
}

static bool lost_due(struct tcp *t, struct tcp_conn *c)
{
    bool due = retransmit_due(t, c);

    trace_limit(t, c, due ? WEIR_LIMIT_NONE : WEIR_LIMIT_RECOVERY);
    return due;
}

/* New data may go: as a probe of the path's MTU? */
static enum tcp_due probe_or_data(struct tcp *t, struct tcp_conn *c)
{
    switch (mtuprobe_turn(t, c)) {
    case MTUPROBE_SEND: return TCP_DUE_MTU_PROBE;
    case MTUPROBE_WAIT: trace_limit(t, c, WEIR_LIMIT_CWND); return TCP_DUE_NOTHING;
    default: return TCP_DUE_DATA;
    }
}

static enum tcp_due due_synchronized(struct tcp *t, struct tcp_conn *c)
{
    if (UNLIKELY(c->ecn) && ecn_ack_due(t, c)) {
        return TCP_DUE_ECN_ACK;
    }
    if (c->acks_owed) {
        return TCP_DUE_OWED_ACK;
    }
    if (c->challenge_due) {
        return TCP_DUE_CHALLENGE;
    }
    if (c->probe_due) {
        return TCP_DUE_PROBE;
    }
    if (c->keepalive_due) {
        return TCP_DUE_KEEPALIVE;
    }
    if (may_send_data(c)) {
        enum tcp_due due;

        if (UNLIKELY(c->flight->tlp_due) && tlp_ready(t, c)) {
            return TCP_DUE_TAIL_PROBE;
        }
        due = c->flight->lost_bytes && lost_due(t, c) ? TCP_DUE_RETRANSMIT
              : data_due(t, c)                        ? TCP_DUE_DATA
                                                      : TCP_DUE_NOTHING;
        if (UNLIKELY(c->mtu_probing) && due == TCP_DUE_DATA) {
            due = probe_or_data(t, c);
        }
        if (due == TCP_DUE_NOTHING) {
            pacer_rest(c);
        } else if (!pacer_holds(t, c)) {
            return due;
        } else {
            trace_limit(t, c, WEIR_LIMIT_PACING);
        }
    } else {
        trace_limit(t, c, WEIR_LIMIT_APP); /* its FIN is acknowledged: nothing will be sent */
    }
    if (c->ack_now) {
        return TCP_DUE_ACK;
    }
    return window_update_due(c) ? TCP_DUE_WINDOW : TCP_DUE_NOTHING;
}

enum tcp_due tcp_due(struct tcp *t, struct tcp_conn *c)
{
    if (UNLIKELY(c->rst_pending)) {
        return TCP_DUE_RST;
    }
    switch (c->state) {
    case WEIR_TCP_CLOSED:
    case WEIR_TCP_LISTEN: return TCP_DUE_NOTHING;
    case WEIR_TCP_SYN_SENT: return c->syn_due ? TCP_DUE_SYN : TCP_DUE_NOTHING;
    case WEIR_TCP_SYN_RECEIVED:
        return c->syn_due                           ? TCP_DUE_SYN_ACK
               : c->acks_owed                       ? TCP_DUE_OWED_ACK
               : c->challenge_due                   ? TCP_DUE_CHALLENGE
               : may_send_data(c) && data_due(t, c) ? TCP_DUE_DATA
                                                    : TCP_DUE_NOTHING;
    default: return due_synchronized(t, c);
    }
}
