/*
 * raw.h - raw and ping sockets, private to stack/: UDP sockets (udp.h) without UDP. What they have besides is a
 * struct raw of their own; they are in one list, since nobody has many.
 *
 * raw.c finds who gets a packet or an error, raw_send.c sends, api_raw.c has the public calls.
 */
#ifndef STACK_RAW_H
#define STACK_RAW_H

#include <weir/raw.h>

#include "ip/ip.h"

struct weir_stack;
struct udp_socket;

struct raw {
    uint32_t self; /* index; never 0 while in use */
    bool ping, header_included;
    uint8_t protocol;
    int32_t checksum_offset; /* -1: none */
    uint32_t blocked[8];     /* ICMP types */
};

/* ---- raw.c */
/* True: somebody got it. `ctx` is the stack; ip/ asks this about protocols in ip->tapped. */
bool raw_receive(void *ctx, const struct ip_packet *packet);
bool raw_error(struct weir_stack *s, const struct ip_error *error);
/* For udp_port.c: the identifier of a ping socket (0: chooses); a raw socket has nothing to take. */
int raw_port_take(struct weir_stack *s, struct udp_socket *u, uint16_t port);
void raw_leave(struct weir_stack *s, struct udp_socket *u);
void raw_enter(struct weir_stack *s, struct udp_socket *u);
int raw_bind(struct weir_stack *s, struct udp_socket *u, const struct weir_endpoint *local);

/* ---- raw_send.c */
struct outgoing;
int raw_emit(struct weir_stack *s, const struct udp_socket *u, struct outgoing *o, const void *data,
             uint32_t size);

#endif
