/* half.h - half-open entries (shared by half.c and listen.c). */
#ifndef TCP_HALF_H
#define TCP_HALF_H

#include "tcp/tcp.h"

struct half_open *half_new(struct tcp *t, struct listener *l, const struct tcp_tuple *tuple,
                           uint32_t *name);
/* Puts the entry into the FIFO of that retry level. */
void half_link(struct tcp *t, uint32_t name, uint32_t level);

#endif
