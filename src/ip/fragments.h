/*
 * fragments.h - the fragments that are held: datagrams being put together, and their bounds.
 *
 * Reading order: fragments.h, reassembly.c (what a fragment does), fragments.c (bounds and time).
 */
#ifndef IP_FRAGMENTS_H
#define IP_FRAGMENTS_H

#include "ip/internal.h"

#define FRAGMENT_QUEUES_MAX 64

/* One datagram. A piece is a weir_buffer: position = offset, size = length, next = the piece after it. */
struct fragment_queue {
    bool used;
    bool dead; /* had an overlap: only there to swallow the rest */
    bool ce;   /* some fragment was marked (RFC 3168 5.3) */
    uint8_t protocol;
    uint16_t link;
    uint16_t header_size; /* of the first fragment, whose headers stand before its data */
    uint16_t fragment_header;
    uint32_t id;
    struct ip_addr src, dst;
    uint32_t end;    /* bytes of the whole, once the last fragment said so; 0 before */
    uint32_t have;   /* bytes held */
    uint32_t charge; /* what holding them costs */
    weir_time deadline;
    struct weir_buffer *head, *tail;
};

struct ip_fragments {
    uint32_t charge;
    weir_time deadline; /* not later than that of any queue */
    struct fragment_queue queues[FRAGMENT_QUEUES_MAX];
};

/* The datagram this fragment is of, a new one if need be; the oldest goes when there are too many. NULL:
 * no memory. */
struct fragment_queue *fragments_queue_of(struct ip *ip, const struct fragment *f);
/* Drops the oldest others until `charge` more is allowed. false: this datagram alone is more than is. */
bool fragments_make_room(struct ip *ip, const struct fragment_queue *q, uint32_t charge);
void fragments_free_pieces(struct ip *ip, struct fragment_queue *q);
void fragments_release(struct ip *ip, struct fragment_queue *q);
/* Counts why, and releases. */
void fragments_give_up(struct ip *ip, struct fragment_queue *q, enum weir_drop reason);

#endif
