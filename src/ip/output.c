/*
 * output.c - link and IP headers, and the way of a connectionless packet into the ring of replies.
 *
 * Large packets are cut here (RFC 791 3.2, RFC 8200 4.5). Fragment identifications are a counter plus a
 * keyed hash of the addresses, so that one peer cannot count what goes to another (RFC 7739 5.2).
 */
#include "ip/internal.h"

#include "base/siphash.h"

#define IP6_FRAGMENT_HEADER_SIZE 8
#define IP6_NEXT_FRAGMENT 44

/* ---- Headers ----------------------------------------------------------------------------------------- */

uint32_t ip_header_size(const struct ip *ip, const struct ip_path *path, const struct ip_addr *dst)
{
    uint32_t size = ip_addr_is_v4(dst) ? IP4_HEADER_SIZE : IP6_HEADER_SIZE;
    return path->link == IP_LINK_LOOPBACK ? size : size + ip->links[path->link].header_size;
}

void output_link_header(const struct ip *ip, uint32_t link, const struct ip_neighbor *n,
                        const struct ip_addr *dst, uint8_t *header)
{
    bool v4 = ip_addr_is_v4(dst);
    if (LIKELY(n != NULL)) {
        memcpy(header, n->mac, 6);
    } else if (!ip_addr_is_multicast(dst)) {
        memcpy(header, eth_broadcast, 6);
    } else if (v4) {
        eth_multicast_ip4(header, dst->b + 12);
    } else {
        eth_multicast_ip6(header, dst->b);
    }
    memcpy(header + 6, ip->links[link].config.mac, 6);
    store_be16(header + 12, v4 ? ETH_TYPE_IP4 : ETH_TYPE_IP6);
}

static void build4(const struct ip_send *send, uint8_t *header)
{
    struct ip4_header h = {
        .tos = send->tos,
        .ttl = send->ttl,
        .protocol = send->protocol,
        .total_size = (uint16_t)(send->payload_size + IP4_HEADER_SIZE),
        .id = send->id,
        .dont_fragment = send->dont_fragment,
    };
    memcpy(h.src, send->src.b + 12, 4);
    memcpy(h.dst, send->dst.b + 12, 4);
    ip4_build(header, &h);
}

static void build6(const struct ip_send *send, uint8_t *header)
{
    struct ip6_header h = {
        .tos = send->tos,
        .payload_size = (uint16_t)send->payload_size,
        .next_header = send->protocol,
        .hop_limit = send->ttl,
    };
    memcpy(h.src, send->src.b, 16);
    memcpy(h.dst, send->dst.b, 16);
    ip6_build(header, &h);
}

static void build_ip(const struct ip_send *send, uint8_t *header)
{
    if (ip_addr_is_v4(&send->dst)) {
        build4(send, header);
    } else {
        build6(send, header);
    }
}

/* What routers advertise takes the place of our own default (RFC 4861 6.3.4). */
static NOINLINE void set_hop_limit(const struct ip *ip, uint32_t link, const struct ip_addr *dst,
                                   uint8_t *header)
{
    bool ours = header[7] == ip->env->config.tcp.ttl && header[7] != NDP_HOP_LIMIT;
    if (ours && !ip_addr_is_v4(dst) && !ip_addr_is_multicast(dst)) {
        header[7] = ip->links[link].hop_limit;
    }
}

void ip_header_build(const struct ip *ip, const struct ip_path *path, const struct ip_send *send,
                     uint8_t *header)
{
    if (path->link != IP_LINK_LOOPBACK && ip->links[path->link].header_size != 0) {
        const struct ip_neighbor *n =
            path->neighbor != 0 ? ip_neighbor_at(ip, path->neighbor) : NULL;
        output_link_header(ip, path->link, n, &send->dst, header);
        header += ETH_HEADER_SIZE;
    }
    build_ip(send, header);
    if (path->link != IP_LINK_LOOPBACK && UNLIKELY(ip->links[path->link].hop_limit != 0)) {
        set_hop_limit(ip, path->link, &send->dst, header);
    }
}

/* ---- Queueing ------------------------------------------------------------------------------------------ */

static uint32_t link_size(const struct ip *ip, const struct ip_path *path)
{
    return path->link == IP_LINK_LOOPBACK ? 0 : ip->links[path->link].header_size;
}

void output_queue(struct ip *ip, struct weir_buffer *buffer, const struct ip_addr *dst,
                  const struct ip_path *path)
{
    uint32_t size = link_size(ip, path);
    if (path->link != IP_LINK_LOOPBACK && ip->links[path->link].hop_limit != 0) {
        set_hop_limit(ip, path->link, dst, buffer->data);
    }
    ASSERT((size_t)(buffer->data - buffer->memory) >= size);
    buffer->data -= size;
    buffer->size += size;
    buffer->capacity += size;
    buffer->offload = (struct weir_offload){0};
    if (size != 0 && path->neighbor == 0) {
        output_link_header(ip, path->link, NULL, dst, buffer->data);
    }
    reply_push(ip, buffer, path->link, path->neighbor);
}

static void prepend(struct weir_buffer *buffer, uint32_t size)
{
    ASSERT((size_t)(buffer->data - buffer->memory) >= size);
    buffer->data -= size;
    buffer->size += size;
    buffer->capacity += size;
}

void output_on_path(struct ip *ip, struct weir_buffer *buffer, const struct ip_send *send,
                    const struct ip_path *path)
{
    uint32_t size = ip_addr_is_v4(&send->dst) ? IP4_HEADER_SIZE : IP6_HEADER_SIZE;
    struct ip_send whole = *send;
    whole.payload_size = buffer->size;
    if (UNLIKELY(buffer->size + size > path->mtu)) {
        if (send->dont_fragment) {
            ip_drop_reply(ip, buffer, path->link, WEIR_DROP_IP_TOTAL_LENGTH);
        } else {
            output_fragments(ip, buffer, &whole, path);
        }
        return;
    }
    if (whole.id == 0 && !whole.dont_fragment) {
        whole.id = ip->ip4_id++; /* may be fragmented by others: RFC 6864 4.1 */
    }
    prepend(buffer, size);
    build_ip(&whole, buffer->data);
    output_queue(ip, buffer, &send->dst, path);
}

/* ---- Fragments ------------------------------------------------------------------------------------------- */

/* A packet being cut. */
struct cut {
    const struct ip_send *send;
    const struct ip_path *path;
    struct weir_buffer *whole;
    uint32_t id;
    uint32_t header_size; /* IP headers of each fragment */
    uint32_t piece;       /* payload bytes of all fragments but the last: a multiple of 8 */
};

static uint32_t fragment_id(struct ip *ip, const struct ip_send *send)
{
    uint8_t key[32];
    memcpy(key, send->src.b, 16);
    memcpy(key + 16, send->dst.b, 16);
    uint32_t hash = (uint32_t)siphash(ip->env->config.secret + 16, key, sizeof(key));
    if (ip_addr_is_v4(&send->dst)) {
        return send->id != 0 ? send->id : (uint16_t)(hash + ip->ip4_id++);
    }
    return hash + ip->ip6_fragment_id++;
}

static void fragment_header(const struct cut *cut, uint32_t offset, uint32_t size, bool more,
                            uint8_t *p)
{
    struct ip_send part = *cut->send;
    part.payload_size = cut->header_size - IP6_HEADER_SIZE + size;
    part.protocol = IP6_NEXT_FRAGMENT;
    if (!ip_addr_is_v4(&part.dst)) {
        build6(&part, p);
        p += IP6_HEADER_SIZE;
        p[0] = cut->send->protocol;
        p[1] = 0;
        store_be16(p + 2, (uint16_t)(offset | more));
        store_be32(p + 4, cut->id);
        return;
    }
    struct ip4_header h = {
        .tos = cut->send->tos,
        .ttl = cut->send->ttl,
        .protocol = cut->send->protocol,
        .total_size = (uint16_t)(size + IP4_HEADER_SIZE),
        .id = (uint16_t)cut->id,
        .fragment_offset = (uint16_t)offset,
        .more_fragments = more,
    };
    memcpy(h.src, part.src.b + 12, 4);
    memcpy(h.dst, part.dst.b + 12, 4);
    ip4_build(p, &h);
}

static bool send_fragment(struct ip *ip, const struct cut *cut, uint32_t offset)
{
    uint32_t left = cut->whole->size - offset;
    uint32_t size = min_u32(cut->piece, left);
    struct weir_buffer *buffer = ip_reply_buffer(ip, size);
    if (buffer == NULL) {
        env_drop(ip->env, WEIR_DROP_NO_MEMORY, cut->path->link, 0);
        return false;
    }
    buffer_copy_within(&ip->env->buffers, buffer->data, cut->whole->data + offset, size);
    buffer->size = size;
    prepend(buffer, cut->header_size);
    fragment_header(cut, offset, size, left > size, buffer->data);
    output_queue(ip, buffer, &cut->send->dst, cut->path);
    return true;
}

void output_fragments(struct ip *ip, struct weir_buffer *buffer, const struct ip_send *send,
                      const struct ip_path *path)
{
    uint32_t header_size = ip_addr_is_v4(&send->dst) ? (uint32_t)IP4_HEADER_SIZE
                                                     : IP6_HEADER_SIZE + IP6_FRAGMENT_HEADER_SIZE;
    struct cut cut = {
        .send = send,
        .path = path,
        .whole = buffer,
        .id = fragment_id(ip, send),
        .header_size = header_size,
        .piece = (path->mtu - header_size) & ~7u,
    };
    uint32_t pieces = (buffer->size + cut.piece - 1) / cut.piece;
    if (buffer->size + IP4_HEADER_SIZE > UINT16_MAX) {
        ip_drop_reply(ip, buffer, path->link, WEIR_DROP_IP_TOTAL_LENGTH);
        return;
    }
    if (pieces > IP_REPLIES - ip->reply_count) { /* some of them would be of no use */
        ip_drop_reply(ip, buffer, path->link, WEIR_DROP_REPLY_RING);
        return;
    }
    for (uint32_t offset = 0; offset < buffer->size; offset += cut.piece) {
        if (!send_fragment(ip, &cut, offset)) {
            break;
        }
    }
    buffer_unref(&ip->env->buffers, buffer);
}

/* ---- The public way in --------------------------------------------------------------------------------------- */

struct weir_buffer *ip_reply_buffer(struct ip *ip, uint32_t capacity)
{
    struct weir_buffer *buffer = buffer_alloc(&ip->env->buffers, capacity + IP_HEADROOM);
    if (buffer != NULL) {
        buffer->data += IP_HEADROOM;
        buffer->capacity -= IP_HEADROOM;
    }
    return buffer;
}

void ip_path_send(struct ip *ip, struct weir_buffer *buffer, const struct ip_send *send,
                  const struct ip_path *path)
{
    output_on_path(ip, buffer, send, path);
}

static enum weir_drop drop_reason(int error)
{
    return error == WEIR_ENOBUFS ? WEIR_DROP_NO_NEIGHBOR : WEIR_DROP_NO_ROUTE;
}

void ip_reply_send(struct ip *ip, struct weir_buffer *buffer, const struct ip_send *send,
                   uint32_t link)
{
    struct ip_path path;
    struct ip_send filled = *send;
    struct ip_addr *chosen = ip_addr_is_unspecified(&send->src) ? &filled.src : NULL;
    int error = ip_path_find(ip, &send->dst, &send->src, link, &path, chosen);
    if (error == WEIR_ENETUNREACH && link != WEIR_ANY_LINK && !ip_addr_is_link_local(&send->dst)) {
        /* The question came in another way than the answer can go. */
        error = ip_path_find(ip, &send->dst, &send->src, WEIR_ANY_LINK, &path, chosen);
    }
    if (error != WEIR_OK) {
        ip_drop_reply(ip, buffer, link, drop_reason(error));
        return;
    }
    (void)ip_path_ready(ip, &path); /* starts resolution */
    output_on_path(ip, buffer, &filled, &path);
}
