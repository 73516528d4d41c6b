/*
 * group_out.c - IGMP and MLD messages that go out: hop limit 1 and Router Alert (RFC 2113, RFC 2711), so that
 * routers look at what is not addressed to them.
 */
#include "ip/internal.h"

#include "wire/checksum.h"
#include "wire/group.h"

#define IP4_ALERT_SIZE 4
#define IP6_ALERT_SIZE 8
#define NEXT_HOP_BY_HOP 0
#define TOS_CONTROL 0xc0 /* RFC 3376 4: internetwork control */

static const struct ip_addr igmp_all_routers = {{[10] = 0xff, 0xff, 224, 0, 0, 2}};
static const struct ip_addr igmp_v3_routers = {{[10] = 0xff, 0xff, 224, 0, 0, 22}};
static const struct ip_addr mld_all_routers = {{0xff, 0x02, [15] = 2}};
static const struct ip_addr mld_v2_routers = {{0xff, 0x02, [15] = 0x16}};

/* None: 0.0.0.0 (RFC 3376 4.2.13), or :: until DAD has proven a link-local address (RFC 3590). */
static struct ip_addr source_of(const struct ip *ip, uint32_t link, const struct ip_addr *dst)
{
    if (ip_addr_is_v4(dst)) {
        static const uint8_t none[4];
        const struct ip_address *own = source_select(ip, dst, link);
        return own != NULL ? own->ip : ip_addr_from_v4(none);
    }
    for (uint32_t i = 0; i < ip->address_count; i++) {
        const struct ip_address *own = &ip->addresses[i];
        if (own->state == IP_ADDRESS_VALID && own->link == link && !ip_addr_is_v4(&own->ip) &&
            ip_addr_is_link_local(&own->ip)) {
            return own->ip;
        }
    }
    return (struct ip_addr){{0}};
}

static void prepend(struct weir_buffer *buffer, uint32_t size)
{
    buffer->data -= size;
    buffer->size += size;
    buffer->capacity += size;
}

static void header4(struct weir_buffer *buffer, uint16_t id, const struct ip_addr *src,
                    const struct ip_addr *dst)
{
    uint8_t *p;
    prepend(buffer, IP4_HEADER_SIZE + IP4_ALERT_SIZE);
    p = buffer->data;
    struct ip4_header h = {.tos = TOS_CONTROL,
                           .ttl = 1,
                           .protocol = IP_PROTOCOL_IGMP,
                           .total_size = (uint16_t)buffer->size,
                           .id = id};
    memcpy(h.src, src->b + 12, 4);
    memcpy(h.dst, dst->b + 12, 4);
    ip4_build(p, &h);
    store_be32(p + IP4_HEADER_SIZE, 0x94040000u);
    p[0] = 0x40 | (IP4_HEADER_SIZE + IP4_ALERT_SIZE) / 4;
    store_be16(p + 10, 0);
    csum_store(p + 10, csum_finish(csum_sum_portable(p, IP4_HEADER_SIZE + IP4_ALERT_SIZE, 0)));
}

static void header6(struct weir_buffer *buffer, const struct ip_addr *src,
                    const struct ip_addr *dst)
{
    static const uint8_t alert[IP6_ALERT_SIZE] = {IP_PROTOCOL_ICMP6, 0, 5, 2, 0, 0, 1, 0};
    struct ip6_header h = {.next_header = NEXT_HOP_BY_HOP, .hop_limit = 1};
    prepend(buffer, IP6_ALERT_SIZE);
    memcpy(buffer->data, alert, IP6_ALERT_SIZE);
    h.payload_size = (uint16_t)buffer->size;
    memcpy(h.src, src->b, 16);
    memcpy(h.dst, dst->b, 16);
    prepend(buffer, IP6_HEADER_SIZE);
    ip6_build(buffer->data, &h);
}

static void send(struct ip *ip, struct weir_buffer *buffer, uint32_t link,
                 const struct ip_addr *src, const struct ip_addr *dst)
{
    struct ip_path path = {.generation = ip->generation,
                           .link = (uint16_t)link,
                           .mtu = (uint16_t)ip->links[link].config.mtu};
    if (ip_addr_is_v4(dst)) {
        header4(buffer, ip->ip4_id++, src, dst);
    } else {
        header6(buffer, src, dst);
    }
    output_queue(ip, buffer, dst, &path);
}

void group_send_single(struct ip *ip, const struct ip_group *g, uint32_t version, bool leave)
{
    bool v4 = ip_addr_is_v4(&g->ip);
    struct ip_addr dst = !leave ? g->ip : v4 ? igmp_all_routers : mld_all_routers;
    struct ip_addr src = source_of(ip, g->link, &dst);
    struct weir_buffer *buffer = ip_reply_buffer(ip, MLD_SIZE);
    if (buffer == NULL) {
        env_drop(ip->env, WEIR_DROP_NO_MEMORY, g->link, 0);
        return;
    }
    buffer->size = v4 ? IGMP_SIZE : MLD_SIZE;
    if (v4) {
        uint8_t report = version == 1 ? IGMP_REPORT_V1 : IGMP_REPORT_V2;
        igmp_build(buffer->data, leave ? IGMP_LEAVE : report, &g->ip);
    } else {
        mld_build(buffer->data, leave ? MLD_DONE : MLD_REPORT_V1, &g->ip, &src, &dst);
    }
    send(ip, buffer, g->link, &src, &dst);
}

/* Bytes of a report that fit the link. */
static uint32_t records_room(const struct ip *ip, const struct group_records *r)
{
    uint32_t headers = r->v4 ? IP4_HEADER_SIZE + IP4_ALERT_SIZE : IP6_HEADER_SIZE + IP6_ALERT_SIZE;
    return ip->links[r->link].config.mtu - headers;
}

void group_records_add(struct ip *ip, struct group_records *r, uint8_t type,
                       const struct ip_addr *group)
{
    uint32_t size = group_record_size(r->v4), room = records_room(ip, r);
    if (r->buffer != NULL && r->buffer->size + size > room) {
        group_records_send(ip, r);
    }
    if (r->buffer == NULL) {
        uint32_t most = GROUP_RECORDS_AT + IP_GROUPS_MAX * size;
        r->buffer = ip_reply_buffer(ip, min_u32(most, room));
        if (r->buffer == NULL) {
            env_drop(ip->env, WEIR_DROP_NO_MEMORY, r->link, 0);
            return;
        }
        r->buffer->size = GROUP_RECORDS_AT;
    }
    group_record_build(r->buffer->data + r->buffer->size, (enum group_record)type, group);
    r->buffer->size += size;
    r->count++;
}

void group_records_send(struct ip *ip, struct group_records *r)
{
    const struct ip_addr *dst = r->v4 ? &igmp_v3_routers : &mld_v2_routers;
    struct weir_buffer *buffer = r->buffer;
    if (buffer == NULL) {
        return;
    }
    struct ip_addr src = source_of(ip, r->link, dst);
    if (r->v4) {
        igmp_records_finish(buffer->data, buffer->size, r->count);
    } else {
        mld_records_finish(buffer->data, buffer->size, r->count, &src, dst);
    }
    r->buffer = NULL;
    r->count = 0;
    send(ip, buffer, r->link, &src, dst);
}
