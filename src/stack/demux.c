/* demux.c - see demux.h. */
#include "stack/demux.h"

#include "base/siphash.h"

#define BUCKETS_FIRST 64

int demux_init(struct demux *d, struct tcp *tcp)
{
    memset(d, 0, sizeof(*d));
    d->tcp = tcp;
    d->heads = memory_alloc_zero(&tcp->env->memory, BUCKETS_FIRST * sizeof(uint32_t));
    d->mask = BUCKETS_FIRST - 1;
    return d->heads ? WEIR_OK : WEIR_ENOBUFS;
}

void demux_fini(struct demux *d)
{
    memory_free(&d->tcp->env->memory, d->heads, (size_t)(d->mask + 1) * sizeof(uint32_t));
}

static uint32_t *hash_next(const struct demux *d, uint32_t name)
{
    uint32_t index = name & TCP_INDEX_MASK;

    switch (tcp_name_kind(name)) {
    case TCP_KIND_CONN: return &tcp_conn_at(d->tcp, index)->hash_next;
    case TCP_KIND_TIME_WAIT: return &tcp_time_wait_at(d->tcp, index)->hash_next;
    default: return &tcp_half_at(d->tcp, name)->hash_next;
    }
}

static void tuple_of(const struct demux *d, uint32_t name, struct tcp_tuple *tuple)
{
    uint32_t index = name & TCP_INDEX_MASK;

    switch (tcp_name_kind(name)) {
    case TCP_KIND_CONN: {
        const struct tcp_conn *c = tcp_conn_at(d->tcp, index);

        *tuple = (struct tcp_tuple){c->local, c->remote, c->local_port, c->remote_port};
        break;
    }
    case TCP_KIND_TIME_WAIT: {
        const struct time_wait *w = tcp_time_wait_at(d->tcp, index);

        *tuple = (struct tcp_tuple){w->local, w->remote, w->local_port, w->remote_port};
        break;
    }
    default: tcp_half_tuple(d->tcp, name, tuple); break;
    }
}

static bool tuple_equal(const struct tcp_tuple *a, const struct tcp_tuple *b)
{
    return a->local_port == b->local_port && a->remote_port == b->remote_port &&
           ip_addr_equal(&a->remote, &b->remote) && ip_addr_equal(&a->local, &b->local);
}

static uint32_t bucket(const struct demux *d, const struct tcp_tuple *tuple)
{
    uint8_t bytes[36];

    memcpy(bytes, tuple->local.b, 16);
    memcpy(bytes + 16, tuple->remote.b, 16);
    memcpy(bytes + 32, &tuple->local_port, 2);
    memcpy(bytes + 34, &tuple->remote_port, 2);
    return (uint32_t)siphash(d->tcp->env->config.secret, bytes, sizeof(bytes)) & d->mask;
}

uint32_t demux_search(struct demux *d, const struct tcp_tuple *tuple)
{
    struct tcp_tuple other;
    uint32_t name;

    for (name = d->heads[bucket(d, tuple)]; name; name = *hash_next(d, name)) {
        tuple_of(d, name, &other);
        if (tuple_equal(tuple, &other)) {
            if (tcp_name_kind(name) == TCP_KIND_CONN) {
                d->last = name;
            }
            return name;
        }
    }
    return 0;
}

static void grow(struct demux *d)
{
    uint32_t old_mask = d->mask, *old = d->heads;
    uint32_t buckets = (old_mask + 1) * 2;
    uint32_t *heads = memory_alloc_zero(&d->tcp->env->memory, (size_t)buckets * sizeof(uint32_t));

    if (!heads) {
        return; /* longer chains are better than a refused connection */
    }
    d->heads = heads;
    d->mask = buckets - 1;
    for (uint32_t i = 0; i <= old_mask; i++) {
        uint32_t name = old[i], next;

        for (; name; name = next) {
            struct tcp_tuple tuple;
            uint32_t b;

            next = *hash_next(d, name);
            tuple_of(d, name, &tuple);
            b = bucket(d, &tuple);
            *hash_next(d, name) = heads[b];
            heads[b] = name;
        }
    }
    memory_free(&d->tcp->env->memory, old, (size_t)(old_mask + 1) * sizeof(uint32_t));
}

bool demux_enter(struct demux *d, const struct tcp_tuple *tuple, uint32_t name)
{
    uint32_t b;

    if (d->count > d->mask) {
        grow(d);
    }
    b = bucket(d, tuple);
    *hash_next(d, name) = d->heads[b];
    d->heads[b] = name;
    d->count++;
    return true;
}

void demux_remove(struct demux *d, const struct tcp_tuple *tuple, uint32_t name)
{
    uint32_t *at = &d->heads[bucket(d, tuple)];

    if (d->last == name) {
        d->last = 0;
    }
    while (*at && *at != name) {
        at = hash_next(d, *at);
    }
    ASSERT(*at == name);
    *at = *hash_next(d, name);
    d->count--;
}

static uint32_t *listener_list(struct demux *d, uint16_t port)
{
    return port ? &d->listeners[port % DEMUX_LISTENERS] : &d->wildcards;
}

void demux_listen(struct demux *d, struct listener *l)
{
    uint32_t *head = listener_list(d, l->local_port);

    l->hash_next = *head;
    *head = l->index;
}

void demux_unlisten(struct demux *d, struct listener *l)
{
    uint32_t *at = listener_list(d, l->local_port);

    while (*at != l->index) {
        at = &tcp_listener_at(d->tcp, *at)->hash_next;
    }
    *at = l->hash_next;
}

/* How well does a listener fit? 0: not at all. */
static uint32_t fitness(const struct listener *l, const struct tcp_tuple *tuple, uint32_t link)
{
    uint32_t score = 1;
    uint8_t family = ip_addr_is_v4(&tuple->local) ? 4 : 6;

    if ((l->local_port && l->local_port != tuple->local_port) ||
        (l->family && l->family != family) || (l->link != UINT16_MAX && l->link != link)) {
        return 0;
    }
    if (!ip_addr_is_unspecified(&l->local)) {
        if (!ip_addr_equal(&l->local, &tuple->local)) {
            return 0;
        }
        score += 4;
    }
    return score + (l->link != UINT16_MAX ? 2 : 0);
}

static struct listener *best_in(const struct demux *d, uint32_t head, const struct tcp_tuple *tuple,
                                uint32_t link)
{
    struct listener *best = NULL;
    uint32_t best_score = 0;

    for (uint32_t i = head; i; i = tcp_listener_at(d->tcp, i)->hash_next) {
        struct listener *l = tcp_listener_at(d->tcp, i);
        uint32_t score = fitness(l, tuple, link);

        if (score > best_score) {
            best = l;
            best_score = score;
        }
    }
    return best;
}

struct listener *demux_listener(const struct demux *d, const struct tcp_tuple *tuple, uint32_t link)
{
    struct listener *l = best_in(d, d->listeners[tuple->local_port % DEMUX_LISTENERS], tuple, link);

    return l ? l : best_in(d, d->wildcards, tuple, link);
}

bool demux_port_listened(const struct demux *d, uint16_t port)
{
    for (uint32_t i = d->listeners[port % DEMUX_LISTENERS]; i;
         i = tcp_listener_at(d->tcp, i)->hash_next) {
        if (tcp_listener_at(d->tcp, i)->local_port == port) {
            return true;
        }
    }
    return false;
}

bool demux_listen_conflict(const struct demux *d, const struct listener *l)
{
    uint32_t head = l->local_port ? d->listeners[l->local_port % DEMUX_LISTENERS] : d->wildcards;

    for (uint32_t i = head; i; i = tcp_listener_at(d->tcp, i)->hash_next) {
        const struct listener *o = tcp_listener_at(d->tcp, i);

        if (o->local_port == l->local_port && ip_addr_equal(&o->local, &l->local) &&
            o->link == l->link && (o->family == l->family || !o->family || !l->family)) {
            return true;
        }
    }
    return false;
}
