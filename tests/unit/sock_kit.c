/* sock_kit.c - see sock_kit.h. */
#include "unit/sock_kit.h"

#include "wire/icmp.h"
#include "wire/ip4.h"
#include <weir/mac.h>

/* ---- The cable ---- */

static void note_options(struct sk_packet *p, const uint8_t *at, const uint8_t *end)
{
    while (at + 4 <= end && at[0] != 2)
        at += at[0] <= 1 ? 1 : at[1];
    if (at + 4 <= end)
        p->mss = (uint16_t)(at[2] << 8 | at[3]);
}

/* Over IPv4 without options or IPv6 without extensions; only TCP is counted. */
static void on_packet(void *ctx, const uint8_t *packet, size_t size,
                      const struct weir_offload *offload, bool out, weir_time now)
{
    struct sk *k = ctx;
    struct sk_packet *p = &k->from[out ? 1 : 0];
    bool v4 = packet[0] >> 4 == 4;
    const uint8_t *tcp = packet + (v4 ? 20 : 40);
    (void)offload;
    (void)now;
    if (v4)
        memcpy(p->headers, packet, size < sizeof(p->headers) ? size : sizeof(p->headers));
    p->ttl = packet[v4 ? 8 : 7];
    if (size < (size_t)(v4 ? 40 : 60) || packet[v4 ? 9 : 6] != 6)
        return;
    p->count++;
    p->tos = (uint8_t)(v4 ? packet[1] : packet[0] << 4 | packet[1] >> 4);
    p->flags = tcp[13];
    p->fin += (tcp[13] & 1) != 0;
    p->syn += (tcp[13] & 2) != 0;
    p->rst += (tcp[13] & 4) != 0;
    if ((tcp[13] & 2) != 0)
        note_options(p, tcp + 20, tcp + (tcp[12] >> 4) * 4);
}

/* ---- Stacks ---- */

static void on_event(void *ctx, struct weir_stack *stack, const struct weir_event *event,
                     weir_time now)
{
    struct sk_side *side = ctx;
    (void)stack;
    (void)now;
    if (!weir_sock_event(side->k->space[side->index], event))
        side->k->foreign_events++;
}

static void add_side(struct sk *k, int index, void (*change)(struct weir_sock_config *config))
{
    struct weir_allocator allocator = heap_allocator(&k->heap);
    struct node_app app = {.ctx = &k->side[index], .event = on_event};
    struct weir_sock_config config;
    struct weir_config stack;
    weir_config_default(&stack);
    stack.reproducible = true;
    assert_true(weir_mac_libcrypto(&stack.mac));
    k->side[index] = (struct sk_side){.k = k, .index = index};
    k->node[index] = virtual_add(k->v, &stack, &app);
    assert_non_null(k->node[index]);
    weir_sock_config_default(&config);
    if (change)
        change(&config);
    sk_ok(weir_sock_space_new(&k->space[index], node_stack(k->node[index]), &config, &allocator));
    k->heap.calls = 0;
}

static struct sk *make(bool loopback, void (*change)(struct weir_sock_config *config),
                       weir_time delay)
{
    struct weir_impair_config impair = {
        .seed = 1, .direction[0].delay = delay, .direction[1].delay = delay};
    struct sk *k = calloc(1, sizeof(*k));
    struct weir_tracer_config tap = {.wire = true, .tap = on_packet, .ctx = k};
    struct virtual_cable cable = virtual_cable_default();
    assert_non_null(k);
    k->v = virtual_new(1000 * WEIR_S);
    add_side(k, 0, change);
    if (loopback)
        return k;
    add_side(k, 1, change);
    cable.tap[1] = &tap;
    cable.impair = delay ? &impair : NULL;
    assert_int_equal(virtual_connect(k->v, k->node[0], k->node[1], &cable, k->link), WEIR_OK);
    assert_int_equal(node_address(k->node[0], k->link[0], "10.0.0.1/24", NULL), WEIR_OK);
    assert_int_equal(node_address(k->node[1], k->link[1], "10.0.0.2/24", NULL), WEIR_OK);
    assert_int_equal(node_address(k->node[0], k->link[0], "fd00::1/64", NULL), WEIR_OK);
    assert_int_equal(node_address(k->node[1], k->link[1], "fd00::2/64", NULL), WEIR_OK);
    return k;
}

struct sk *sk_new_with(bool loopback, void (*change)(struct weir_sock_config *config))
{
    return make(loopback, change, 0);
}

struct sk *sk_new_far(void (*change)(struct weir_sock_config *config), weir_time delay)
{
    return make(false, change, delay);
}

struct sk *sk_new(void)
{
    return sk_new_with(false, NULL);
}

struct sk *sk_new_loopback(void)
{
    return sk_new_with(true, NULL);
}

void sk_del(struct sk *k)
{
    for (int i = 0; i < 2; i++) {
        if (k->space[i])
            weir_sock_space_del(k->space[i]);
        k->space[i] = NULL;
        if (k->node[i])
            weir_stack_check(node_stack(k->node[i]));
    }
    assert_int_equal(k->heap.bytes, 0);
    assert_int_equal(k->heap.blocks, 0);
    virtual_del(k->v);
    free(k);
}

void sk_run(struct sk *k, weir_time time)
{
    virtual_run(k->v, virtual_now(k->v) + time);
    assert_false(virtual_stalled(k->v));
    for (int i = 0; i < 2; i++) {
        if (k->node[i])
            weir_stack_check(node_stack(k->node[i]));
    }
}

weir_time sk_now(const struct sk *k)
{
    return virtual_now(k->v);
}

void sk_cut(struct sk *k)
{
    assert_int_equal(weir_link_set_up(node_stack(k->node[1]), k->link[1], false), WEIR_OK);
}

void sk_unreachable(struct sk *k, uint8_t code)
{
    struct weir_stack *stack = node_stack(k->node[0]);
    struct icmp_message m = {
        .type = ICMP4_UNREACHABLE, .code = code, .body = k->from[0].headers, .body_size = 40};
    struct ip4_header h = {.header_size = IP4_HEADER_SIZE,
                           .ttl = 64,
                           .protocol = IP_PROTOCOL_ICMP,
                           .total_size = IP4_HEADER_SIZE + ICMP_HEADER_SIZE + 40,
                           .src = {10, 0, 0, 2},
                           .dst = {10, 0, 0, 1}};
    struct weir_buffer *b = weir_buffer_alloc(stack, h.total_size);
    assert_non_null(b);
    ip4_build(b->data, &h);
    icmp4_build(b->data + IP4_HEADER_SIZE, &m);
    b->size = h.total_size;
    weir_input(stack, k->link[0], &b, 1, sk_now(k));
    sk_run(k, 0);
}

/* ---- Sockets ---- */

struct weir_endpoint sk_at(const char *address, uint16_t port)
{
    struct weir_endpoint e = {.port = port};
    const char *mapped = "::ffff:";
    if (strncmp(address, mapped, strlen(mapped)) == 0 && strchr(address, '.')) {
        struct weir_ip v4;
        assert_int_equal(weir_ip_parse(address + strlen(mapped), &v4), WEIR_OK);
        e.ip.family = 6;
        e.ip.bytes[10] = e.ip.bytes[11] = 0xff;
        memcpy(e.ip.bytes + 12, v4.bytes, 4);
        return e;
    }
    assert_int_equal(weir_ip_parse(address, &e.ip), WEIR_OK);
    e.ip.family = strchr(address, ':') ? 6 : 4;
    return e;
}

struct weir_sock *sk_socket(struct sk *k, int side, int domain)
{
    struct weir_sock *s = NULL;
    sk_ok(weir_sock_socket(k->space[side], domain, WEIR_SOCK_STREAM, 0, &s));
    return s;
}

int sk_bind(struct weir_sock *s, const char *address, uint16_t port)
{
    struct weir_endpoint e = sk_at(address, port);
    return weir_sock_bind(s, &e);
}

int sk_connect_to(struct weir_sock *s, const char *address, uint16_t port)
{
    struct weir_endpoint e = sk_at(address, port);
    return weir_sock_connect(s, &e);
}

static int domain_of(const char *address)
{
    return strchr(address, ':') ? WEIR_AF_INET6 : WEIR_AF_INET;
}

struct weir_sock *sk_listener(struct sk *k, int side, const char *address, uint16_t port,
                              int backlog)
{
    struct weir_sock *s = sk_socket(k, side, domain_of(address));
    sk_ok(sk_set(s, WEIR_SOL_SOCKET, WEIR_SO_REUSEADDR, 1));
    sk_ok(sk_bind(s, address, port));
    sk_ok(weir_sock_listen(s, backlog));
    return s;
}

struct weir_sock *sk_connect(struct sk *k, int side, const char *address, uint16_t port)
{
    struct weir_sock *s = sk_socket(k, side, domain_of(address));
    sk_fails(sk_connect_to(s, address, port), WEIR_SOCK_EINPROGRESS);
    return s;
}

struct weir_sock *sk_accept(struct weir_sock *listener)
{
    struct weir_sock *s = NULL;
    sk_ok(weir_sock_accept(listener, &s, NULL));
    return s;
}

void sk_pair(struct sk *k, uint16_t port, struct weir_sock **client, struct weir_sock **server,
             struct weir_sock **listener)
{
    struct weir_sock *l = sk_listener(k, 1, "10.0.0.2", port, 5);
    struct weir_sock *c = sk_connect(k, 0, "10.0.0.2", port);
    sk_run(k, 100 * WEIR_MS);
    struct weir_sock *s = sk_accept(l);
    sk_ok(sk_connect_to(c, "10.0.0.2", port));
    *client = c;
    *server = s;
    if (listener)
        *listener = l;
    else
        sk_close(k, l);
}

uint16_t sk_port(struct weir_sock *s)
{
    struct weir_endpoint e;
    sk_ok(weir_sock_getsockname(s, &e));
    return e.port;
}

int sk_get(struct weir_sock *s, int level, int name)
{
    int32_t value = -1000;
    uint32_t size = sizeof(value);
    int error = weir_sock_getsockopt(s, level, name, &value, &size);
    if (error < 0)
        return error;
    assert_int_equal(size, sizeof(value));
    return value;
}

int sk_set(struct weir_sock *s, int level, int name, int value)
{
    int32_t number = value;
    return weir_sock_setsockopt(s, level, name, &number, sizeof(number));
}

int sk_error(struct weir_sock *s)
{
    return sk_get(s, WEIR_SOL_SOCKET, WEIR_SO_ERROR);
}

int sk_state(struct weir_sock *s)
{
    struct weir_sock_tcp_info info;
    uint32_t size = sizeof(info);
    sk_ok(weir_sock_getsockopt(s, WEIR_SOL_TCP, WEIR_TCP_INFO, &info, &size));
    assert_int_equal(size, sizeof(info));
    return info.state;
}

int sk_linger(struct weir_sock *s, int seconds)
{
    struct weir_sock_linger linger = {.on = 1, .seconds = seconds};
    return weir_sock_setsockopt(s, WEIR_SOL_SOCKET, WEIR_SO_LINGER, &linger, sizeof(linger));
}

void sk_close(struct sk *k, struct weir_sock *s)
{
    assert_int_equal(weir_sock_close(s, sk_now(k)), 0);
}
