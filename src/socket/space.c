/* space.c - the sockets of one stack: memory, the table from handles to sockets, and events. */
#include "socket/sock.h"

#define TYPE_MAX 10 /* of socket types there are */

void weir_sock_config_default(struct weir_sock_config *c)
{
    memset(c, 0, sizeof(*c));
    c->size = sizeof(*c);
    weir_tcp_options_default(&c->tcp);
    c->rcvbuf_max = c->sndbuf_max = 212992;
    c->somaxconn = 4096;
    c->port_first = 32768;
    c->port_last = 60999;
    c->soft_errors_end_connect = true;
    c->fastopen = WEIR_SOCK_FASTOPEN_CLIENT;
}

void *sock_alloc(struct weir_sock_space *space, size_t size)
{
    void *memory = space->allocator.alloc(space->allocator.ctx, size);

    if (memory) {
        memset(memory, 0, size);
    }
    return memory;
}

void sock_free_memory(struct weir_sock_space *space, void *memory, size_t size)
{
    space->allocator.free(space->allocator.ctx, memory, size);
}

static bool config_valid(const struct weir_sock_config *c)
{
    return c->size == sizeof(*c) && c->tcp.size == sizeof(c->tcp) && c->port_first &&
           c->port_first <= c->port_last && c->somaxconn && c->fastopen_key_count <= 2;
}

static void take_keys(struct weir_sock_space *space)
{
    const struct weir_sock_config *c = &space->config;

    if (c->fastopen_key_count) {
        (void)weir_fastopen_keys(space->stack, c->fastopen_keys, c->fastopen_key_count);
    }
}

int weir_sock_space_new(struct weir_sock_space **out, struct weir_stack *stack,
                        const struct weir_sock_config *config,
                        const struct weir_allocator *allocator)
{
    struct weir_sock_config defaults;
    struct weir_sock_space *space;

    weir_sock_config_default(&defaults);
    config = config ? config : &defaults;
    if (!out || !stack || !allocator || !config_valid(config)) {
        return -WEIR_SOCK_EINVAL;
    }
    space = allocator->alloc(allocator->ctx, sizeof(*space));
    if (!space) {
        return -WEIR_SOCK_ENOMEM;
    }
    memset(space, 0, sizeof(*space));
    space->stack = stack;
    space->allocator = *allocator;
    space->config = *config;
    rng_seed(&space->rng, config->seed);
    take_keys(space);
    *out = space;
    return 0;
}

int weir_sock_space_configure(struct weir_sock_space *space, const struct weir_sock_config *config)
{
    if (!config || !config_valid(config)) {
        return -WEIR_SOCK_EINVAL;
    }
    memcpy(&space->config, config, sizeof(*config));
    take_keys(space);
    return 0;
}

void weir_sock_space_del(struct weir_sock_space *space)
{
    if (!space) {
        return;
    }
    for (uint32_t i = 1; i < space->slot_count; i++) {
        struct weir_sock *s = space->slots[i].sock;

        if (s && s->lingering) {
            (void)weir_sock_lingering(s, WEIR_NEVER);
        } else if (s) {
            s->o.linger.on = 0;
            (void)weir_sock_close(s, 0);
        }
    }
    sock_ghosts_del(space);
    if (space->slots) {
        sock_free_memory(space, space->slots, space->slot_count * sizeof(space->slots[0]));
    }
    sock_free_memory(space, space, sizeof(*space));
}

/* ---- Slots -------------------------------------------------------------------------------------------- */

static bool grow(struct weir_sock_space *space)
{
    uint32_t count = space->slot_count ? space->slot_count * 2 : 16;
    struct sock_slot *slots = sock_alloc(space, count * sizeof(slots[0]));

    if (!slots) {
        return false;
    }
    if (space->slots) {
        memcpy(slots, space->slots, space->slot_count * sizeof(slots[0]));
        sock_free_memory(space, space->slots, space->slot_count * sizeof(slots[0]));
    }
    for (uint32_t i = count - 1; i >= (space->slot_count ? space->slot_count : 1); i--) {
        slots[i].next_free = space->slot_free;
        space->slot_free = i;
    }
    space->slots = slots;
    space->slot_count = count;
    return true;
}

struct weir_sock *sock_new(struct weir_sock_space *space, uint8_t domain)
{
    struct weir_sock *s;

    if (!space->slot_free && !grow(space)) {
        return NULL;
    }
    s = sock_alloc(space, sizeof(*s));
    if (!s) {
        return NULL;
    }
    s->space = space;
    s->domain = domain;
    s->slot = space->slot_free;
    space->slot_free = space->slots[s->slot].next_free;
    space->slots[s->slot].sock = s;
    s->local = s->remote = s->bound = sock_name_any(s);
    sock_options_init(&s->o, &space->config);
    return s;
}

/* ---- Events ------------------------------------------------------------------------------------------- */

static void mark_changed(struct weir_sock *s)
{
    struct weir_sock_space *space = s->space;

    if (s->in_changed) {
        return;
    }
    s->in_changed = true;
    s->changed_next = NULL;
    if (space->changed_tail) {
        space->changed_tail->changed_next = s;
    } else {
        space->changed_head = s;
    }
    space->changed_tail = s;
}

struct weir_sock *weir_sock_changed(struct weir_sock_space *space)
{
    struct weir_sock *s = space->changed_head;

    if (s) {
        space->changed_head = s->changed_next;
        if (!space->changed_head) {
            space->changed_tail = NULL;
        }
        s->in_changed = false;
    }
    return s;
}

static void unmark_changed(struct weir_sock *s)
{
    struct weir_sock **at = &s->space->changed_head, *before = NULL;

    if (!s->in_changed) {
        return;
    }
    while (*at != s) {
        before = *at;
        at = &before->changed_next;
    }
    *at = s->changed_next;
    if (s->space->changed_tail == s) {
        s->space->changed_tail = before;
    }
}

bool weir_sock_event(struct weir_sock_space *space, const struct weir_event *event)
{
    struct weir_sock *s;

    if (UNLIKELY(event->bits & WEIR_EVENT_RELEASED)) {
        bool ours = sock_released(space, event->cookie, &s);

        if (s) {
            mark_changed(s);
        }
        return ours;
    }
    if (!event->handle || !event->user || event->user >= space->slot_count) {
        return false;
    }
    s = space->slots[event->user].sock;
    if (!s || s->handle != event->handle) {
        return false;
    }
    if (s->dgram) {
        sock_dgram_on_event(s, event->bits, event->error);
    } else {
        sock_on_event(s, event->bits, event->error);
    }
    mark_changed(s);
    return true;
}

void sock_del(struct weir_sock *s)
{
    struct weir_sock_space *space = s->space;

    ASSERT(!s->handle && !s->waiting);
    sock_port_leave(s);
    sock_notices_del(s);
    sock_fastopen_keys_del(s);
    sock_keys_del(s);
    unmark_changed(s);
    space->slots[s->slot].sock = NULL;
    space->slots[s->slot].next_free = space->slot_free;
    space->slot_free = s->slot;
    sock_free_memory(space, s, sizeof(*s));
}

/* ---- Sockets ------------------------------------------------------------------------------------------ */

int weir_sock_socket(struct weir_sock_space *space, int domain, int type, int protocol,
                     struct weir_sock **out)
{
    if (domain != WEIR_AF_INET && domain != WEIR_AF_INET6) {
        return -WEIR_SOCK_EAFNOSUPPORT;
    }
    type &= ~(WEIR_SOCK_NONBLOCK | WEIR_SOCK_CLOEXEC);
    if (type < 0 || type > TYPE_MAX) {
        return -WEIR_SOCK_EINVAL;
    }
    protocol = sock_protocol_of(domain, type, protocol);
    if (protocol < 0) {
        return protocol;
    }
    *out = sock_new(space, domain == WEIR_AF_INET ? 4 : 6);
    if (!*out) {
        return -WEIR_SOCK_ENOMEM;
    }
    (*out)->type = (uint8_t)type;
    (*out)->protocol = (uint8_t)protocol;
    if (type != WEIR_SOCK_STREAM && sock_dgram_open(*out) != 0) {
        sock_del(*out);
        *out = NULL;
        return -WEIR_SOCK_ENOMEM;
    }
    return 0;
}

void weir_sock_set_user(struct weir_sock *s, uint64_t user)
{
    s->user = user;
}

uint64_t weir_sock_user(const struct weir_sock *s)
{
    return s->user;
}
