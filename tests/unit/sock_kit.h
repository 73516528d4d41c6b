/*
 * sock_kit.h - sockets in virtual time: two stacks on a cable, or one alone with its loopback.
 *
 *     struct sk *k = sk_new();                      or sk_new_loopback(): one stack, sk_space(k, 0)
 *     struct weir_sock *l = sk_listener(k, 1, "10.0.0.2", 80, 5);
 *     struct weir_sock *c = sk_connect(k, 0, "10.0.0.2", 80);
 *     sk_run(k, WEIR_S);                            packets, timers and events of one second
 *     sk_del(k);                                    closes what is open; nothing may leak
 *
 * Stack 0 has 10.0.0.1 and fd00::1, stack 1 has 10.0.0.2 and fd00::2. An address with a colon is IPv6.
 * Expectations about errors and poll bits were compared with Linux 6.18's own sockets on loopback.
 */
#ifndef TESTS_SOCK_KIT_H
#define TESTS_SOCK_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base_kit.h"
#include "host/virtual.h"
#include <weir/socket.h>

/* Short names, so that expectations read like poll's. */
enum {
    IN = WEIR_POLLIN,
    OUT = WEIR_POLLOUT,
    ERR = WEIR_POLLERR,
    HUP = WEIR_POLLHUP,
    RDHUP = WEIR_POLLRDHUP
};

struct sk_packet { /* the last one of a direction, and how many had which flag */
    uint32_t count, syn, fin, rst;
    uint8_t ttl, tos, flags;
    uint16_t mss;        /* of the last SYN */
    uint8_t headers[40]; /* of the last packet over IPv4 */
};

struct sk;
struct sk_side {
    struct sk *k;
    int index;
};

struct sk {
    struct virtual *v;
    struct node *node[2];
    struct weir_sock_space *space[2];
    struct sk_side side[2];
    struct heap heap;
    uint32_t link[2];
    struct sk_packet from[2]; /* by stack, seen on the cable's end of stack 1 */
    uint32_t foreign_events;  /* weir_sock_event said false */
};

struct sk *sk_new(void);
struct sk *sk_new_loopback(void);
/* The config of both spaces may be changed by `change`. */
struct sk *sk_new_with(bool loopback, void (*change)(struct weir_sock_config *config));
/* The same, and a packet takes that long. */
struct sk *sk_new_far(void (*change)(struct weir_sock_config *config), weir_time delay);
void sk_del(struct sk *k);
void sk_run(struct sk *k, weir_time time);
weir_time sk_now(const struct sk *k);
/* From now on stack 1 hears nothing. */
void sk_cut(struct sk *k);
/* Stack 0 hears "destination unreachable" with this code about the last packet it sent (over IPv4). */
void sk_unreachable(struct sk *k, uint8_t code);

struct weir_endpoint sk_at(const char *address, uint16_t port);
struct weir_sock *sk_socket(struct sk *k, int side, int domain);
int sk_bind(struct weir_sock *s, const char *address, uint16_t port);
int sk_connect_to(struct weir_sock *s, const char *address, uint16_t port);
/* These expect success; the family follows from the address. sk_listener has SO_REUSEADDR. */
struct weir_sock *sk_listener(struct sk *k, int side, const char *address, uint16_t port,
                              int backlog);
struct weir_sock *sk_connect(struct sk *k, int side, const char *address, uint16_t port);
struct weir_sock *sk_accept(struct weir_sock *listener);
/* Stack 0 connected to stack 1, 10.0.0.2:port; any of the three may be NULL: then it is closed. */
void sk_pair(struct sk *k, uint16_t port, struct weir_sock **client, struct weir_sock **server,
             struct weir_sock **listener);
uint16_t sk_port(struct weir_sock *s);
int sk_get(struct weir_sock *s, int level, int name); /* the value, or the negative error */
int sk_set(struct weir_sock *s, int level, int name, int value);
int sk_error(struct weir_sock *s); /* SO_ERROR */
int sk_state(struct weir_sock *s); /* TCP_INFO's */
int sk_linger(struct weir_sock *s, int seconds);
void sk_close(struct sk *k, struct weir_sock *s); /* expects that nothing lingers */

/* A result that is an error, compared by name. */
#define sk_fails(result, error) \
    assert_string_equal(weir_sock_error_name((int)(result)), weir_sock_error_name(error))
#define sk_ok(result) sk_fails(result, 0)

#endif
