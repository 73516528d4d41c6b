/*
 * demux.h - who is a segment for: connections, half-open and TIME-WAIT entries by four-tuple, listeners by
 * port. The hash is keyed, so that a peer cannot aim at one bucket.
 */
#ifndef STACK_DEMUX_H
#define STACK_DEMUX_H

#include "tcp/tcp.h"

#define DEMUX_LISTENERS 64

struct demux {
    struct tcp *tcp;
    uint32_t *heads; /* names (tcp_name), chained through hash_next */
    uint32_t mask;   /* buckets - 1 */
    uint32_t count;
    uint32_t last; /* the connection found last: bulk traffic asks for it again and again */
    uint32_t listeners[DEMUX_LISTENERS]; /* by port; indexes chained through hash_next */
    uint32_t wildcards;                  /* listeners for any port */
};

int demux_init(struct demux *d, struct tcp *tcp);
void demux_fini(struct demux *d);

/* The name under this tuple, or 0. */
uint32_t demux_search(struct demux *d, const struct tcp_tuple *tuple);
static inline uint32_t demux_find(struct demux *d, const struct tcp_tuple *tuple)
{
    const struct tcp_conn *c = d->last ? tcp_conn_at(d->tcp, d->last) : NULL;

    if (LIKELY(c && c->remote_port == tuple->remote_port && c->local_port == tuple->local_port &&
               ip_addr_equal(&c->remote, &tuple->remote) &&
               ip_addr_equal(&c->local, &tuple->local))) {
        return d->last;
    }
    return demux_search(d, tuple);
}
/* false: no memory to grow (the entry is in nevertheless unless there is no table at all). */
bool demux_enter(struct demux *d, const struct tcp_tuple *tuple, uint32_t name);
void demux_remove(struct demux *d, const struct tcp_tuple *tuple, uint32_t name);

/* The listener for a SYN: exact address before any, port before wildcard; NULL: nobody. */
struct listener *demux_listener(const struct demux *d, const struct tcp_tuple *tuple,
                                uint32_t link);
void demux_listen(struct demux *d, struct listener *l);
void demux_unlisten(struct demux *d, struct listener *l);
/* Does anybody listen on exactly this port (wildcards aside)? */
bool demux_port_listened(const struct demux *d, uint16_t port);
/* Would a listener like this collide with one that exists? */
bool demux_listen_conflict(const struct demux *d, const struct listener *l);

#endif
