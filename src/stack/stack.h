/*
 * stack.h - struct weir_stack, private to stack/: the only place that knows both tcp/ and ip/.
 *
 * Reading order: stack.c (making, settling: what a touched connection needs), demux.c (who is a segment for),
 * receive.c (weir_input), transmit.c (weir_output), frames.c (their memory), api_*.c (user calls);
 * UDP is udp.h and what it names.
 */
#ifndef STACK_STACK_H
#define STACK_STACK_H

#include "ip/ip.h"
#include "stack/demux.h"
#include "stack/udp.h"
#include "tcp/tcp.h"
#include "wire/gso.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

enum block_kind { BLOCK_DATA = 0, BLOCK_CUT, BLOCK_REPLY };

#define BLOCK_HEADER 136 /* 14 + 40 + 60, rounded up; aligned so that the IP header is */

/* What a frame points at until weir_frame_done: its headers, slices, and counts on its buffers. */
struct frame_block {
    struct frame_block *next_free;
    struct frame_block *parent; /* CUT: the super-segment it was cut from */
    uint32_t references;        /* DATA: itself while being cut, and its pieces */
    uint32_t conn, generation;  /* whose; generation 0: nobody's */
    uint32_t pool_index;
    uint8_t kind;
    uint8_t buffer_count;
    seq_pos start, end; /* range in the scoreboard; equal: none */
    struct weir_slice slices[WEIR_SLICES_MAX];
    struct weir_buffer *buffers[WEIR_SLICES_MAX - 1];
    uint8_t header[BLOCK_HEADER];
};

struct weir_stack {
    struct env env;
    struct ip ip;
    struct tcp tcp;
    struct demux demux;
    struct pool blocks;
    struct frame_block *free_blocks;
    uint32_t frames_out;
    /* the super-segment that is being cut for a device that cannot */
    struct gso_cut cut;
    struct frame_block *cut_block; /* NULL: none */
    uint32_t cut_link;
    bool cut_complete;  /* checksums in software */
    seq_pos cut_at;     /* position of the next piece */
    weir_time retry_at; /* no memory for a reply or a piece: not before then */
    /* packets to own addresses, to be taken in by the next turn */
    struct weir_buffer *loop_head, *loop_tail;
    uint32_t loop_count;
    uint64_t frames_in, frames_sent, bytes_in, bytes_sent;
    uint16_t port_next;
    bool dying, emptied; /* how far weir_stack_del has come */
    struct udp udp;
};

#define LOOP_MAX 1024

/* stack.c */
void stack_clock(struct weir_stack *s, weir_time now);
/* Evaluates every touched connection: into the ready FIFO, the wheel, TIME-WAIT or the grave. */
void stack_settle(struct weir_stack *s);
void stack_time_wait_end(struct weir_stack *s, uint32_t index, enum weir_reason reason);
bool stack_options_valid(const struct weir_tcp_options *o);
void stack_place_push(struct weir_stack *s, struct fifo *f, struct tcp_conn *c,
                      enum tcp_place place);
void stack_place_remove(struct weir_stack *s, struct tcp_conn *c);

/* receive.c */
void stack_loop_run(struct weir_stack *s, uint32_t most);
void stack_receive(struct weir_stack *s, uint32_t link, struct weir_buffer *b);

/* reply.c: TCP segments without a connection */
void stack_reply_tcp(struct weir_stack *s, const struct tcp_tuple *tuple, struct tcp_segment *seg,
                     uint32_t link, uint8_t ttl, uint8_t tos);
/* What signs a segment: a connection, or without one a TCP-MD5 key. */
struct stack_signer {
    struct tcp_conn *conn;
    const struct weir_tcp_key *key;
};
void stack_reply_signed(struct weir_stack *s, const struct tcp_tuple *tuple,
                        struct tcp_segment *seg, uint32_t link, const struct stack_signer *signer);
void stack_send_syn_ack(struct weir_stack *s, uint32_t half);

/* keyed.c: false: dealt with */
bool stack_keyed_listen(struct weir_stack *s, const struct listener *l, struct tcp_arrival *a,
                        const struct ip_packet *p);
bool stack_keyed_icmp(struct weir_stack *s, const struct tcp_conn *c, const struct ip_error *e);
/* The listener has got a key for the peer since: the handshake without it is void, and the entry has to go. */
bool stack_keyed_half(struct weir_stack *s, uint32_t name, const struct tcp_arrival *a);
/* The RST that an authenticated connection answers with. */
void stack_keyed_rst(struct weir_stack *s, struct tcp_conn *c, const struct tcp_arrival *a,
                     const struct ip_packet *p);

/* frames.c */
struct frame_block *block_get(struct weir_stack *s, enum block_kind kind);
void block_put(struct weir_stack *s, struct frame_block *b); /* drops what it holds */
bool stack_loop_push(struct weir_stack *s, struct weir_buffer *b);

/* transmit.c */
bool stack_path(struct weir_stack *s, struct tcp_conn *c, struct ip_path *path);
/* Of the link alone: what may come in, whatever the way out is like (RFC 1191 3.1). */
uint32_t stack_link_mtu(const struct weir_stack *s, uint32_t link, bool v4);
/* Of the way to a peer, as far as known; of its first link, for the MSS of a SYN,ACK. */
uint32_t stack_path_mtu(struct weir_stack *s, const struct tcp_tuple *tuple, uint32_t link);
uint32_t stack_announced_mtu(struct weir_stack *s, const struct tcp_tuple *tuple, uint32_t link);

/* api_slaac.c */
bool slaac_event(struct weir_stack *s, struct weir_event *e);

/* api_tcp.c */
bool stack_local_usable(const struct weir_stack *s, const struct ip_addr *a);
struct tcp_conn *stack_conn(const struct weir_stack *s, weir_handle handle);
struct listener *stack_listener(const struct weir_stack *s, weir_handle handle);
static inline weir_handle stack_conn_handle(const struct tcp_conn *c)
{
    return (weir_handle)c->generation << 32 | c->index;
}
static inline weir_handle stack_listener_handle(const struct listener *l)
{
    return (weir_handle)l->generation << 32 | TCP_LISTENER_EVENT | l->index;
}

#endif
