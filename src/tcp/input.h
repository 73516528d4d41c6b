/* input.h - SEGMENT ARRIVES (RFC 9293 3.10.7): its numbered steps, one call each. */
#ifndef TCP_INPUT_H
#define TCP_INPUT_H

#include "tcp/challenge.h"
#include "tcp/conn.h"

/* A segment with its numbers widened. */
struct seg_in {
    const struct tcp_segment *s;
    struct weir_buffer **buffer; /* *buffer becomes NULL when it is kept */
    const uint8_t *data;
    seq_pos seq; /* of data[0] (of the SYN, if there is one) */
    seq_pos ack;
    uint32_t size;     /* payload bytes */
    uint32_t segments; /* wire segments in it */
    bool fin;
};

enum tcp_verdict {
    TCP_VERDICT_DONE = 0,
    TCP_VERDICT_RST,   /* to be answered with RST made from the segment (RFC 9293 3.10.7.1) */
    TCP_VERDICT_LISTEN /* a newer SYN for a connection in TIME-WAIT: for a listener if there is one
                        * (tcp_finish the connection first), else tcp_syn_refused */
};

/* A segment for a connection. *buffer (which s->payload points into) is set to NULL when it is kept. */
enum tcp_verdict tcp_input(struct tcp *t, struct tcp_conn *c, const struct tcp_segment *s,
                           struct weir_buffer **buffer, uint16_t gso_size);

/* A SYN that is not acceptable: a challenge ACK is owed. */
void tcp_syn_refused(struct tcp *t, struct tcp_conn *c, const struct tcp_segment *s);

#endif
