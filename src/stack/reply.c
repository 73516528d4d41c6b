/* reply.c - TCP segments that belong to no connection: RST, the SYN,ACKs of half-open entries, ACKs of
 * TIME-WAIT. They go through ip/'s ring of ready-made packets. */
#include "stack/stack.h"
#include "tcp/auth.h"
#include "wire/checksum.h"

static void reply(struct weir_stack *s, const struct tcp_tuple *tuple, struct tcp_segment *seg,
                  uint32_t link, uint8_t ttl, uint8_t tos, const struct stack_signer *signer)
{
    struct weir_buffer *b = ip_reply_buffer(&s->ip, TCP_HEADER_MAX);
    struct ip_send send = {
        .src = tuple->local,
        .dst = tuple->remote,
        .protocol = IP_PROTOCOL_TCP,
        .tos = tos,
        .ttl = ttl,
        .dont_fragment = true,
    };
    uint64_t sum;

    if (!b) {
        s->env.dropped[WEIR_DROP_NO_MEMORY]++;
        return;
    }
    b->size = tcp_build(b->data, seg);
    if (signer && !(signer->conn ? auth_sign(&s->tcp, signer->conn, b->data, seg, NULL, 0)
                                 : auth_sign_reset(&s->tcp, signer->key, tuple, b->data, seg))) {
        buffer_unref(&s->env.buffers, b);
        return;
    }
    sum = csum_pseudo(&send.src, &send.dst, IP_PROTOCOL_TCP, b->size);
    csum_store(b->data + 16, csum_finish(csum_sum(&s->env.config.ops, b->data, b->size, sum)));
    send.payload_size = b->size;
    ip_reply_send(&s->ip, b, &send, link);
}

void stack_reply_tcp(struct weir_stack *s, const struct tcp_tuple *tuple, struct tcp_segment *seg,
                     uint32_t link, uint8_t ttl, uint8_t tos)
{
    reply(s, tuple, seg, link, ttl, tos, NULL);
}

void stack_reply_signed(struct weir_stack *s, const struct tcp_tuple *tuple,
                        struct tcp_segment *seg, uint32_t link, const struct stack_signer *signer)
{
    if (signer->conn) {
        auth_prepare(&s->tcp, signer->conn, &seg->options);
    } else {
        seg->options.present |= WEIR_SEGMENT_MD5;
    }
    reply(s, tuple, seg, link, s->env.config.tcp.ttl, 0, signer);
}

/* The way to a peer, preferably where it came from. */
static bool find_path(struct weir_stack *s, const struct tcp_tuple *tuple, uint32_t link,
                      struct ip_path *path)
{
    return ip_path_find(&s->ip, &tuple->remote, &tuple->local, link, path, NULL) == WEIR_OK ||
           ip_path_find(&s->ip, &tuple->remote, &tuple->local, WEIR_ANY_LINK, path, NULL) ==
               WEIR_OK;
}

static uint32_t mtu_without_path(const struct weir_stack *s, uint32_t link)
{
    return link < IP_LINKS_MAX && s->ip.links[link].used ? s->ip.links[link].config.mtu : 576;
}

uint32_t stack_path_mtu(struct weir_stack *s, const struct tcp_tuple *tuple, uint32_t link)
{
    struct ip_path path;

    return find_path(s, tuple, link, &path) ? path.mtu : mtu_without_path(s, link);
}

uint32_t stack_announced_mtu(struct weir_stack *s, const struct tcp_tuple *tuple, uint32_t link)
{
    struct ip_path path;

    return find_path(s, tuple, link, &path)
               ? stack_link_mtu(s, path.link, ip_addr_is_v4(&tuple->remote))
               : mtu_without_path(s, link);
}

void stack_send_syn_ack(struct weir_stack *s, uint32_t name)
{
    struct half_open *h = tcp_half_at(&s->tcp, name);
    const struct weir_tcp_options *o = &tcp_listener_at(&s->tcp, h->listener)->settings->o;
    uint32_t link = h->link == UINT8_MAX ? IP_LINK_LOOPBACK : h->link;
    struct tcp_segment seg;
    struct tcp_tuple tuple;

    tcp_half_tuple(&s->tcp, name, &tuple);
    tcp_half_syn_ack(&s->tcp, name, stack_announced_mtu(s, &tuple, link), &seg);
    stack_reply_tcp(s, &tuple, &seg, link, o->ttl, (uint8_t)(o->tos & ~3u));
}
