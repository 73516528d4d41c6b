/*
 * state.h - the RFC 9293 state machine of one side, driven by what that side was seen to send and receive.
 *
 * It never sees the application or a timer, so it claims only what the segments prove: SYN-SENT because a
 * SYN was sent, CLOSE-WAIT because a FIN arrived in order (or was acknowledged). Without a handshake the
 * state stays LADDER_STATE_UNKNOWN until a RST makes it CLOSED.
 */
#ifndef TRACE_STATE_H
#define TRACE_STATE_H

#include "base/ranges.h"
#include "base/seq.h"
#include "trace/ladder.h"

#define MACHINE_STEPS_MAX 4
#define MACHINE_GAPS_MAX 64

struct machine {
    uint8_t state; /* enum weir_tcp_state or LADDER_STATE_UNKNOWN; written by one function only */
    bool passive;  /* came from LISTEN: goes back there when reset in SYN-RECEIVED */
    bool iss_known, fin_sent;
    bool irs_known, fin_known, fin_taken; /* the peer's SYN and FIN */
    uint32_t iss;
    uint32_t fin_seq; /* of the own FIN */
    seq_pos rcv_nxt;
    seq_pos fin_position; /* of the peer's FIN */
    struct ranges beyond; /* received out of order */
    struct range storage[MACHINE_GAPS_MAX];
    /* The changes made by the last call, in order. */
    struct machine_step {
        uint8_t from, to;
    } step[MACHINE_STEPS_MAX];
    uint32_t steps;
};

void machine_init(struct machine *m, uint8_t initial_state);
void machine_sends(struct machine *m, const struct trace_segment *s);
void machine_receives(struct machine *m, const struct trace_segment *s);

/* The peer has sent this segment; whether it arrives is another question. So that an acknowledgement of
 * the peer's FIN is understood even when no copy of it is known to have arrived. */
void machine_foresees(struct machine *m, const struct trace_segment *s);

/* "SYN-RCVD": at most 11 columns; "?" for a state that nobody knows, "" for LADDER_STATE_SAME. */
const char *state_short_name(uint8_t state);
/* "SYN-RECEIVED": RFC 9293's name, "UNKNOWN". */
const char *state_name(uint8_t state);

#endif
