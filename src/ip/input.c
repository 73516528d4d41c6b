/*
 * input.c - a received frame: link header, IP header, destination, source, then who it is for.
 *
 * The plain case (unfragmented TCP or UDP to the own address that was matched last, from the peer seen
 * last) goes straight through ip_input, input4 or input6, and deliver without a loop.
 */
#include "ip/internal.h"

#include "wire/group.h"
#include "wire/gso.h"

#define IP6_NO_NEXT_HEADER 59

/* ---- Addresses ---------------------------------------------------------------------------------------- */

static NOINLINE bool find_destination(struct ip *ip, struct arrival *a)
{
    const struct ip_addr *dst = &a->packet->dst;
    a->packet->to_group = address_is_our_group(ip, a->link, dst);
    if (a->packet->to_group) {
        return true;
    }
    /* RFC 1122 3.3.6: a unicast packet in a broadcast frame is nobody's. */
    if (a->link_group || !ip_address_accepts(ip, a->link, dst)) {
        return !a->link_group && probe_is_awaited(ip, a);
    }
    const struct ip_address *own = ip_address_find(ip, dst);
    if (own != NULL && own->link != IP_LINK_LOOPBACK) {
        ip->own_hint = (uint32_t)(own - ip->addresses);
    }
    return true;
}

static inline bool is_for_us(struct ip *ip, struct arrival *a)
{
    const struct ip_address *hint = &ip->addresses[ip->own_hint];
    if (LIKELY(ip_addr_equal(&hint->ip, &a->packet->dst) && hint->link == a->link &&
               hint->state == IP_ADDRESS_VALID && !a->link_group)) {
        a->packet->to_group = false;
        return true;
    }
    return find_destination(ip, a);
}

static inline bool is_bad_source(struct ip *ip, const struct arrival *a)
{
    const struct ip_addr *src = &a->packet->src;
    if (UNLIKELY(a->link == IP_LINK_LOOPBACK)) { /* we sent it */
        return ip_addr_is_multicast(src) || ip_addr_is_unspecified(src);
    }
    return UNLIKELY(!address_is_known_source(ip, src)) && address_is_bad_source(ip, a->link, src);
}

/* ---- Upper layers --------------------------------------------------------------------------------------- */

static NOINLINE enum ip_verdict deliver_other(struct ip *ip, struct arrival *a)
{
    uint8_t protocol = a->packet->protocol;
    bool v4 = ip_addr_is_v4(&a->packet->dst);
    if ((ip->tapped[!v4][protocol / 32] >> (protocol % 32) & 1) != 0) {
        a->tapped = ip->tap(ip->tap_ctx, a->packet);
    }
    if (v4 && protocol == IP_PROTOCOL_ICMP) {
        return icmp4_input(ip, a);
    }
    if (v4 && protocol == IP_PROTOCOL_IGMP) {
        return igmp_input(ip, a);
    }
    if (!v4 && protocol == IP_PROTOCOL_ICMP6) {
        return icmp6_input(ip, a);
    }
    if (!a->tapped && (v4 || protocol != IP6_NO_NEXT_HEADER)) {
        ip_send_unreachable(ip, a->packet, IP_UNREACHABLE_PROTOCOL);
    }
    return ip_drop_untapped(ip, a, WEIR_DROP_IP_PROTOCOL);
}

/* data/size to the upper layer, link padding cut off. */
static inline void trim(struct arrival *a, uint32_t header_size, uint32_t total_size)
{
    struct weir_buffer *buffer = a->buffer;
    struct ip_packet *packet = a->packet;
    buffer->data += header_size;
    buffer->capacity -= header_size;
    buffer->size = total_size - header_size;
    packet->link = a->link;
    packet->csum = buffer->offload.csum;
    packet->gso_size = buffer->offload.gso_type != WEIR_GSO_NONE ? buffer->offload.gso_size : 0;
    packet->ip_size = (uint16_t)header_size;
    packet->buffer = buffer;
}

static inline enum ip_verdict deliver(struct ip *ip, struct arrival *a)
{
    uint8_t protocol = a->packet->protocol;
    if (LIKELY(protocol == IP_PROTOCOL_TCP || protocol == IP_PROTOCOL_UDP)) {
        return IP_PACKET;
    }
    return deliver_other(ip, a);
}

/* A fragment cannot be a super-segment, nor be checksummed by a device. */
static bool is_offload_wrong(const struct arrival *a)
{
    return a->packet->gso_size != 0 || a->packet->csum == WEIR_CSUM_PARTIAL;
}

/* Goes on with the whole datagram if this was its last fragment. */
static bool reassemble(struct ip *ip, struct arrival *a, struct fragment *f)
{
    f->link = a->link;
    f->src = a->packet->src;
    f->dst = a->packet->dst;
    f->tos = a->packet->tos;
    f->header_size = a->packet->ip_size;
    f->size = a->buffer->size;
    f->buffer = a->buffer;
    a->buffer = fragments_add(ip, f);
    a->reassembled = true;
    return a->buffer != NULL;
}

/* ---- IPv4 --------------------------------------------------------------------------------------------------- */

/* Strict and loose source routes are refused (RFC 7126 4.3, 4.4); other options are ignored (RFC 9293
 * MUST-50), and so is a list of options that makes no sense. */
static NOINLINE bool has_source_route(const uint8_t *options, uint32_t size)
{
    for (uint32_t i = 0; i < size;) {
        uint8_t kind = options[i];
        if (kind == 131 || kind == 137) {
            return true;
        }
        if (kind == 1) {
            i++;
            continue;
        }
        if (kind == 0 || i + 1u >= size || options[i + 1] < 2) {
            return false;
        }
        i += options[i + 1];
    }
    return false;
}

static ALWAYS_INLINE enum weir_drop header4(struct ip *ip, struct arrival *a, struct ip4_header *h)
{
    struct weir_buffer *buffer = a->buffer;
    struct ip_packet *packet = a->packet;
    bool super = buffer->offload.gso_type != WEIR_GSO_NONE;
    enum weir_drop drop = ip4_parse(buffer->data, buffer->size, super, h);
    if (UNLIKELY(drop != WEIR_DROP_NONE)) {
        return drop;
    }
    packet->src = ip_addr_from_v4(h->src);
    packet->dst = ip_addr_from_v4(h->dst);
    if (UNLIKELY(!is_for_us(ip, a))) {
        return WEIR_DROP_IP_NOT_US;
    }
    if (UNLIKELY(is_bad_source(ip, a)) && !group_query_unnamed(a, h->protocol)) {
        return WEIR_DROP_IP_SOURCE;
    }
    if (UNLIKELY(h->options_size != 0) && has_source_route(h->options, h->options_size)) {
        return WEIR_DROP_IP_OPTION;
    }
    packet->protocol = h->protocol;
    packet->tos = h->tos;
    packet->ttl = h->ttl;
    trim(a, h->header_size, h->total_size);
    return WEIR_DROP_NONE;
}

/* `h` by value: its address is not to be taken on the usual way, where it lives in registers. */
static NOINLINE enum ip_verdict fragment4(struct ip *ip, struct arrival *a, struct ip4_header h)
{
    uint32_t size = a->buffer->size;
    struct fragment f = {
        .id = h.id,
        .protocol = h.protocol,
        .more = h.more_fragments,
        .offset = h.fragment_offset,
    };
    if (is_offload_wrong(a)) {
        return ip_drop(ip, a, WEIR_DROP_OFFLOAD);
    }
    if (size == 0 || (f.more && size % 8 != 0) || f.offset + size + IP4_HEADER_SIZE > UINT16_MAX) {
        return ip_drop(ip, a, WEIR_DROP_FRAGMENT_MALFORMED);
    }
    if (!reassemble(ip, a, &f)) {
        return IP_DONE;
    }
    enum weir_drop drop = header4(ip, a, &h);
    return drop != WEIR_DROP_NONE ? ip_drop(ip, a, drop) : deliver(ip, a);
}

static inline enum ip_verdict input4(struct ip *ip, struct arrival *a)
{
    struct ip4_header h;
    enum weir_drop drop = header4(ip, a, &h);
    if (UNLIKELY(drop != WEIR_DROP_NONE)) {
        return ip_drop(ip, a, drop);
    }
    if (UNLIKELY(h.fragment)) {
        return fragment4(ip, a, h);
    }
    return deliver(ip, a);
}

/* ---- IPv6 ----------------------------------------------------------------------------------------------------- */

/* Only duplicate address detection speaks before it has an address. */
static bool is_bad_source6(struct ip *ip, const struct arrival *a, const struct ip6_header *h)
{
    if (UNLIKELY(ip_addr_is_unspecified(&a->packet->src))) {
        return a->eth == NULL || h->protocol != IP_PROTOCOL_ICMP6 || h->fragment;
    }
    return is_bad_source(ip, a);
}

/* RFC 8200 4: some errors in extension headers are answered, if the packet was for us at all. */
static NOINLINE void answer_extension(struct ip *ip, struct arrival *a, const struct ip6_header *h)
{
    a->packet->src = ip_addr_from_v6(h->src);
    a->packet->dst = ip_addr_from_v6(h->dst);
    if (h->bad_code == 255 || !is_for_us(ip, a) || is_bad_source(ip, a)) {
        return;
    }
    trim(a, 0, IP6_HEADER_SIZE + (uint32_t)h->payload_size);
    struct icmp_answer answer = {
        .type = ICMP6_PARAMETER_PROBLEM, .code = h->bad_code, .rest = h->bad_offset};
    icmp_error_send(ip, a->packet, &answer);
}

static inline enum weir_drop header6(struct ip *ip, struct arrival *a, struct ip6_header *h)
{
    struct weir_buffer *buffer = a->buffer;
    struct ip_packet *packet = a->packet;
    enum weir_drop drop = ip6_parse(buffer->data, buffer->size, h);
    if (UNLIKELY(drop != WEIR_DROP_NONE)) {
        if (drop == WEIR_DROP_IP6_EXTENSION) {
            answer_extension(ip, a, h);
        }
        return drop;
    }
    packet->src = ip_addr_from_v6(h->src);
    packet->dst = ip_addr_from_v6(h->dst);
    if (UNLIKELY(!is_for_us(ip, a))) {
        return WEIR_DROP_IP_NOT_US;
    }
    if (UNLIKELY(is_bad_source6(ip, a, h))) {
        return WEIR_DROP_IP_SOURCE;
    }
    packet->protocol = h->protocol;
    packet->tos = h->tos;
    packet->ttl = h->hop_limit;
    trim(a, h->upper_offset, IP6_HEADER_SIZE + (uint32_t)h->payload_size);
    return WEIR_DROP_NONE;
}

/* RFC 6946: a fragment that is the whole packet is taken by itself; its fragment header is cut out. */
static void strip_fragment_header(struct arrival *a, const struct ip6_header *h)
{
    struct weir_buffer *buffer = a->buffer;
    uint8_t *packet = buffer->data - a->packet->ip_size;
    packet[icmp6_next_header_at(packet, h->fragment_header)] = h->protocol;
    store_be16(packet + 4, (uint16_t)(h->payload_size - 8));
    memmove(packet + 8, packet, h->fragment_header);
    uint32_t header_size = a->packet->ip_size - 8u;
    buffer->data -= header_size;
    buffer->size += header_size;
    buffer->capacity += header_size;
    a->reassembled = true;
}

/* RFC 8200 4.5, RFC 7112 5. Answers what must be answered. */
static enum weir_drop check_fragment6(struct ip *ip, struct arrival *a, const struct ip6_header *h)
{
    struct icmp_answer answer = {.type = ICMP6_PARAMETER_PROBLEM};
    uint32_t size = a->buffer->size, ip_size = a->packet->ip_size;
    uint8_t protocol;
    size_t offset;
    bool fragment;
    if (is_offload_wrong(a)) {
        return WEIR_DROP_OFFLOAD;
    }
    if (size == 0) {
        return WEIR_DROP_FRAGMENT_MALFORMED;
    }
    if (h->more_fragments && size % 8 != 0) {
        answer.rest = 4; /* the payload length */
    } else if ((uint32_t)h->fragment_header - IP6_HEADER_SIZE + h->fragment_offset + size >
               UINT16_MAX) {
        answer.rest = h->fragment_header + 2u;
    } else if (h->fragment_offset == 0 &&
               (!ip6_find_upper(a->buffer->data - ip_size, ip_size + size, &protocol, &offset,
                                &fragment) ||
                offset >= ip_size + size)) {
        answer.code = 3; /* the first fragment does not hold all headers */
    } else {
        return WEIR_DROP_NONE;
    }
    icmp_error_send(ip, a->packet, &answer);
    return WEIR_DROP_FRAGMENT_MALFORMED;
}

static NOINLINE enum ip_verdict fragment6(struct ip *ip, struct arrival *a, struct ip6_header *h)
{
    enum weir_drop drop = check_fragment6(ip, a, h);
    if (drop != WEIR_DROP_NONE) {
        return ip_drop(ip, a, drop);
    }
    struct fragment f = {
        .id = h->fragment_id,
        .protocol = h->protocol,
        .more = h->more_fragments,
        .fragment_header = h->fragment_header,
        .offset = h->fragment_offset,
    };
    if (f.offset == 0 && !f.more) {
        strip_fragment_header(a, h);
    } else if (!reassemble(ip, a, &f)) {
        return IP_DONE;
    }
    drop = header6(ip, a, h);
    if (drop == WEIR_DROP_NONE && h->fragment) { /* a fragment in a fragment */
        drop = WEIR_DROP_FRAGMENT_MALFORMED;
    }
    return drop != WEIR_DROP_NONE ? ip_drop(ip, a, drop) : deliver(ip, a);
}

static NOINLINE enum ip_verdict input6(struct ip *ip, struct arrival *a)
{
    struct ip6_header h;
    enum weir_drop drop = header6(ip, a, &h);
    if (UNLIKELY(drop != WEIR_DROP_NONE)) {
        return ip_drop(ip, a, drop);
    }
    if (UNLIKELY(h.fragment)) {
        return fragment6(ip, a, &h);
    }
    return deliver(ip, a);
}

/* ---- Links ------------------------------------------------------------------------------------------------------ */

static NOINLINE enum ip_verdict input_ethernet(struct ip *ip, struct arrival *a)
{
    struct weir_buffer *buffer = a->buffer;
    const struct ip_link *link = &ip->links[a->link];
    if (UNLIKELY(buffer->size < ETH_HEADER_SIZE)) {
        return ip_drop(ip, a, WEIR_DROP_ETH_SHORT);
    }
    a->eth = buffer->data;
    if (UNLIKELY(memcmp(a->eth, link->config.mac, 6) != 0)) {
        a->link_group = eth_is_group(a->eth);
        if (!a->link_group || !address_is_our_mac_group(ip, a->link, a->eth)) {
            return ip_drop(ip, a, WEIR_DROP_ETH_NOT_US);
        }
    }
    buffer->data += ETH_HEADER_SIZE;
    buffer->size -= ETH_HEADER_SIZE;
    buffer->capacity -= ETH_HEADER_SIZE;
    switch (load_be16(a->eth + 12)) {
    case ETH_TYPE_IP4: return input4(ip, a);
    case ETH_TYPE_IP6: return input6(ip, a);
    case ETH_TYPE_ARP: return arp_input(ip, a);
    default: return ip_drop(ip, a, WEIR_DROP_ETH_TYPE);
    }
}

static inline enum ip_verdict input_bare(struct ip *ip, struct arrival *a)
{
    if (UNLIKELY(a->buffer->size == 0)) {
        return ip_drop(ip, a, WEIR_DROP_IP_SHORT);
    }
    switch (a->buffer->data[0] >> 4) {
    case 4: return input4(ip, a);
    case 6: return input6(ip, a);
    default: return ip_drop(ip, a, WEIR_DROP_IP_VERSION);
    }
}

enum ip_verdict ip_input(struct ip *ip, uint32_t link, struct weir_buffer *buffer,
                         struct ip_packet *packet, struct ip_error *error)
{
    struct arrival a = {.link = link, .buffer = buffer, .packet = packet, .error = error};
    const struct weir_offload *offload = &buffer->offload;
    bool ethernet = false;
    if (LIKELY(link != IP_LINK_LOOPBACK)) {
        ASSERT(link < ip->link_count);
        if (UNLIKELY(!ip->links[link].up)) {
            return ip_drop(ip, &a, WEIR_DROP_LINK_DOWN);
        }
        ethernet = ip->links[link].header_size != 0;
    }
    if ((offload->csum == WEIR_CSUM_PARTIAL || offload->gso_type != WEIR_GSO_NONE) &&
        UNLIKELY(
            !gso_offload_ok(buffer->data, buffer->size, ethernet ? ETH_HEADER_SIZE : 0, offload))) {
        return ip_drop(ip, &a, WEIR_DROP_OFFLOAD);
    }
    return ethernet ? input_ethernet(ip, &a) : input_bare(ip, &a);
}
