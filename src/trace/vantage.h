/* vantage.h - where was this captured? Judged by clues that the segments leave as they go by. */
#ifndef TRACE_VANTAGE_H
#define TRACE_VANTAGE_H

#include "trace/ladder.h"

/* On what it rests, strongest first. */
enum vantage_basis {
    VANTAGE_NONE = 0,
    VANTAGE_CHECKSUM,  /* one side's checksums were left to its network card */
    VANTAGE_HANDSHAKE, /* the handshake's two gaps */
    VANTAGE_ACKS,      /* the least time that either side's data waited for its ACK */
    VANTAGE_TTL        /* one side's TTL is as hosts set it, the other's is not */
};

struct vantage_clues {
    uint8_t stage;         /* of the handshake: 1 SYN, 2 SYN, ACK, 3 ACK seen */
    bool complete;         /* the handshake, in order */
    bool unsummed[2];      /* sent with a checksum that is not one yet */
    bool summed[2];        /* sent data with a good one */
    uint8_t ttl[2];        /* the last one seen; 0: none */
    uint32_t syn, syn_ack; /* sequence numbers */
    weir_time syn_time, syn_ack_time;
    weir_time syn_gap, ack_gap; /* SYN to SYN, ACK to ACK */
    uint32_t data_end[2];       /* one past the data whose ACK is waited for */
    bool waiting[2];
    weir_time data_time[2];
    weir_time answered[2]; /* the least time until that ACK; 0: none */
};

/* segment->side is known. Starts from zero. */
void vantage_look(struct vantage_clues *clues, const struct trace_segment *segment);
enum ladder_vantage vantage_of(const struct vantage_clues *clues, enum vantage_basis *basis);

/* segments[n]: of one conversation, in order of the capture, sides known. */
enum ladder_vantage vantage_infer(const struct trace_segment *segments, size_t n);

/* The round trip between the tap and the far side, from the handshake: SYN to SYN,ACK at the client, SYN,
 * ACK to ACK at the server. 0: not known. */
weir_time vantage_rtt(const struct trace_segment *segments, size_t n, enum ladder_vantage vantage);

#endif
