/* half.h - half-open entries (shared by half.c and listen.c). */
#ifndef TCP_HALF_H
#define TCP_HALF_H

#include "tcp/tcp.h"

struct half_open *half_new(struct tcp *t, struct listener *l, const struct tcp_tuple *tuple,
                           uint32_t *name);
/* Puts the entry into the FIFO of that retry level. */
void half_link(struct tcp *t, uint32_t name, uint32_t level);
/* What the options of a SYN say, as far as we want them. */
void half_learn_options(struct half_open *h, const struct weir_tcp_options *mine,
                        const struct tcp_options *o);
/* The connection that the entry has become, in SYN-RECEIVED as it was; NULL: no memory. */
struct tcp_conn *half_promote(struct tcp *t, const struct half_open *h,
                              const struct tcp_arrival *a);
/* At the end of the accept queue. */
struct tcp_conn *listen_open(struct tcp *t, struct listener *l, const struct tcp_arrival *a);
void listen_queue(struct tcp *t, struct listener *l, struct tcp_conn *c);

#endif
