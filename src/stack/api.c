/* api.c - the calls of weir.h about links, buffers, events and counters. */
#include "stack/stack.h"

/* ---- Links, addresses, routes ------------------------------------------------------------------------------ */

void weir_link_config_default(struct weir_link_config *c)
{
    *c = (struct weir_link_config){.size = sizeof(*c), .mtu = 1500, .tx_gso_max = UINT16_MAX};
}

int weir_link_add(struct weir_stack *s, const struct weir_link_config *config)
{
    return ip_link_add(&s->ip, config);
}

int weir_link_set_up(struct weir_stack *s, uint32_t link, bool up)
{
    return ip_link_set_up(&s->ip, link, up);
}

int weir_link_set_mtu(struct weir_stack *s, uint32_t link, uint32_t mtu)
{
    return ip_link_set_mtu(&s->ip, link, mtu);
}

int weir_link_set_offload(struct weir_stack *s, uint32_t link, bool tx_csum, bool tx_gso)
{
    return ip_link_set_offload(&s->ip, link, tx_csum, tx_gso);
}

int weir_address_add(struct weir_stack *s, uint32_t link, const struct weir_ip *ip, uint8_t prefix)
{
    struct ip_addr a = ip_addr_from_public(ip);

    return ip_address_add(&s->ip, link, &a, prefix);
}

int weir_address_del(struct weir_stack *s, uint32_t link, const struct weir_ip *ip)
{
    struct ip_addr a = ip_addr_from_public(ip);

    return ip_address_del(&s->ip, link, &a);
}

/* A route's destination may be ::/0 or 0.0.0.0/0, which as bare addresses are "unspecified": the family
 * has to be kept. */
static struct ip_addr network(const struct weir_ip *ip)
{
    static const uint8_t any[4];

    return ip->family == 4 && memcmp(ip->bytes, any, 4) == 0 ? ip_addr_from_v4(any)
                                                             : ip_addr_from_public(ip);
}

int weir_route_add(struct weir_stack *s, const struct weir_ip *destination, uint8_t prefix,
                   const struct weir_ip *gateway, uint32_t link, uint32_t metric)
{
    struct ip_addr to = network(destination), via = {{0}};

    if (gateway) {
        via = ip_addr_from_public(gateway);
    }
    return ip_route_add(&s->ip, &to, prefix, gateway ? &via : NULL, link, metric);
}

int weir_route_del(struct weir_stack *s, const struct weir_ip *destination, uint8_t prefix,
                   const struct weir_ip *gateway, uint32_t link)
{
    struct ip_addr to = network(destination), via = {{0}};

    if (gateway) {
        via = ip_addr_from_public(gateway);
    }
    return ip_route_del(&s->ip, &to, prefix, gateway ? &via : NULL, link);
}

/* ---- Buffers ----------------------------------------------------------------------------------------------- */

struct weir_buffer *weir_buffer_alloc(struct weir_stack *s, uint32_t size)
{
    return buffer_alloc(&s->env.buffers, size);
}

void weir_buffer_free(struct weir_stack *s, struct weir_buffer *buffer)
{
    buffer_unref(&s->env.buffers, buffer);
}

struct weir_buffer *weir_buffer_wrap(struct weir_stack *s, void *memory, uint32_t size,
                                     uint64_t cookie)
{
    return buffer_wrap(&s->env.buffers, BUFFER_FOREIGN, memory, size, cookie);
}

bool weir_buffer_returned(struct weir_stack *s, uint64_t *cookie)
{
    return buffer_pull_returned(&s->env.buffers, cookie);
}

/* ---- Events ------------------------------------------------------------------------------------------------ */

static uint32_t pop_event(struct weir_stack *s)
{
    struct fifo *f = &s->tcp.events;
    uint32_t name = f->head;

    if (!name) {
        return 0;
    }
    f->head = name & TCP_LISTENER_EVENT
                  ? tcp_listener_at(&s->tcp, name & ~TCP_LISTENER_EVENT)->event_next
                  : tcp_conn_at(&s->tcp, name)->event_next;
    if (!f->head) {
        f->tail = 0;
    }
    return name;
}

/* A deferred listener announces one entry per event, and stands in the list until all are told. */
static bool listener_event(struct weir_stack *s, uint32_t index, struct weir_event *e)
{
    struct listener *l = tcp_listener_at(&s->tcp, index);
    struct tcp_tuple tuple;
    uint32_t name;

    l->in_event_list = false;
    if (!l->generation) { /* closed meanwhile */
        tcp_listener_free(&s->tcp, l);
        return false;
    }
    e->handle = stack_listener_handle(l);
    e->user = l->user;
    e->bits = l->events & ~(uint32_t)WEIR_EVENT_SYN;
    name = l->events & WEIR_EVENT_SYN ? tcp_half_announce(&s->tcp, l) : 0;
    l->events = 0;
    if (name) {
        const struct half_open *h = tcp_half_at(&s->tcp, name);

        e->bits |= WEIR_EVENT_SYN;
        e->syn = (uint64_t)h->id << 32 | name;
        e->link = h->link == UINT8_MAX ? IP_LINK_LOOPBACK : h->link;
        tcp_half_tuple(&s->tcp, name, &tuple);
        ip_addr_to_public(&tuple.local, &e->local.ip);
        ip_addr_to_public(&tuple.remote, &e->remote.ip);
        e->local.port = tuple.local_port;
        e->remote.port = tuple.remote_port;
        if (l->undecided) {
            tcp_listener_event(&s->tcp, l, WEIR_EVENT_SYN);
        }
    }
    return e->bits != 0;
}

static bool conn_event(struct weir_stack *s, uint32_t index, struct weir_event *e)
{
    struct tcp_conn *c = tcp_conn_at(&s->tcp, index);

    c->in_event_list = 0;
    if (c->orphan) { /* nobody listens; it may have waited for this to be freed */
        tcp_touch(&s->tcp, c);
        stack_settle(s);
        return false;
    }
    e->handle = stack_conn_handle(c);
    e->user = c->user;
    e->bits = c->events;
    e->error = c->events & WEIR_EVENT_CLOSED  ? c->error
               : c->events & WEIR_EVENT_ERROR ? c->soft_error
                                              : 0;
    c->events = 0;
    return e->bits != 0;
}

static bool released_event(struct weir_stack *s, struct weir_event *e)
{
    struct weir_buffer *b = buffer_pull_released(&s->env.buffers);

    if (!b) {
        return false;
    }
    e->bits = WEIR_EVENT_RELEASED;
    e->cookie = b->cookie;
    buffer_dispose(&s->env.buffers, b);
    return true;
}

static bool address_event(struct weir_stack *s, struct weir_event *e)
{
    const struct ip_address *a;

    if (!s->ip.duplicate_address) {
        return false;
    }
    a = &s->ip.addresses[s->ip.duplicate_address - 1];
    s->ip.duplicate_address = 0;
    e->bits = WEIR_EVENT_ADDRESS;
    e->link = a->link;
    ip_addr_to_public(&a->ip, &e->local.ip);
    return true;
}

bool weir_event(struct weir_stack *s, struct weir_event *e)
{
    uint32_t name;

    memset(e, 0, sizeof(*e));
    if (released_event(s, e) || address_event(s, e) || slaac_event(s, e)) {
        return true;
    }
    while ((name = pop_event(s)) != 0) {
        bool told = name & TCP_LISTENER_EVENT ? listener_event(s, name & ~TCP_LISTENER_EVENT, e)
                                              : conn_event(s, name, e);

        if (told) {
            return true;
        }
    }
    return udp_next_event(s, e);
}

/* ---- Counters ---------------------------------------------------------------------------------------------- */

int weir_stats(const struct weir_stack *s, struct weir_stats *out)
{
    struct weir_stats st = {0};

    if (out->size < sizeof(uint32_t) || out->size > sizeof(st)) {
        return WEIR_EINVAL;
    }
    st.size = out->size;
    st.frames_in = s->frames_in;
    st.frames_out = s->frames_sent;
    st.bytes_in = s->bytes_in;
    st.bytes_out = s->bytes_sent;
    memcpy(st.dropped, s->env.dropped, sizeof(s->env.dropped));
    st.bytes_copied_in = s->env.buffers.copied_in;
    st.bytes_copied_out = s->env.buffers.copied_out;
    st.bytes_copied_within = s->env.buffers.copied_within;
    st.memory_bytes = s->env.memory.used;
    st.memory_bytes_max = s->env.memory.used_max;
    st.connections = s->tcp.conn_count;
    st.half_open = s->tcp.half_count;
    st.time_wait = s->tcp.time_wait_count;
    st.syncookies_sent = s->tcp.syncookies_sent;
    st.syncookies_received = s->tcp.syncookies_received;
    st.syncookies_failed = s->tcp.syncookies_failed;
    st.fastopen_active = s->tcp.fastopen.active;
    st.fastopen_active_failed = s->tcp.fastopen.active_failed;
    st.fastopen_passive = s->tcp.fastopen.passive;
    st.fastopen_passive_failed = s->tcp.fastopen.passive_failed;
    st.fastopen_cookies = s->tcp.fastopen.cookies;
    st.fastopen_overflow = s->tcp.fastopen.overflow;
    st.orphans = s->tcp.orphans;
    st.orphans_reset = s->tcp.orphans_reset;
    st.listeners = s->tcp.listener_count;
    st.frames_out_now = s->frames_out;
    st.buffers_out_now = s->env.buffers.out;
    memcpy(out, &st, out->size);
    return WEIR_OK;
}

_Static_assert(WEIR_DROP_COUNT <= WEIR_DROP_REASONS_MAX, "weir_stats.dropped holds every reason");

size_t weir_ring(const struct weir_stack *s, struct weir_record *records, size_t n)
{
    uint32_t size = s->env.config.ring_records;
    uint64_t have = size ? min_u64(s->env.ring_count, size) : 0;
    uint64_t first;

    n = (size_t)min_u64(n, have);
    first = s->env.ring_count - n;
    for (size_t i = 0; i < n; i++) {
        records[i] = s->env.ring[(first + i) & (size - 1)];
    }
    return n;
}
