/* group.c - IGMP and MLD messages. Which version a query is of is told by its length (RFC 3376 7.1, RFC 3810 8.1). */
#include "wire/group.h"

#include "base/bytes.h"
#include "wire/checksum.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

#include <string.h>

#define IGMP3_QUERY_SIZE 12
#define MLD2_QUERY_BODY 20 /* behind the ICMPv6 header: address, flags, interval, count */
#define IGMP1_RESPONSE_MS 10000

/* ---- In ------------------------------------------------------------------------------------------------ */

/* The short floating point of RFC 3376 4.1.1: 1, exponent, mantissa. */
static uint32_t float8(uint8_t code)
{
    return code < 128 ? code : (uint32_t)((code & 15) | 16) << (((code >> 4) & 7) + 3);
}

/* RFC 3810 5.1.3. */
static uint32_t float16(uint16_t code)
{
    return code < 32768 ? code : (uint32_t)((code & 0xfff) | 0x1000) << (((code >> 12) & 7) + 3);
}

static bool group_or_all(const struct ip_addr *group)
{
    return ip_addr_is_unspecified(group) || ip_addr_is_multicast(group);
}

static enum weir_drop igmp_query(const uint8_t *p, size_t size, struct group_message *m)
{
    m->kind = GROUP_QUERY;
    m->version = 3;
    if (size == IGMP_SIZE) {
        m->version = p[1] ? 2 : 1;
        m->response_ms = p[1] ? p[1] * 100u : IGMP1_RESPONSE_MS;
    } else if (size < IGMP3_QUERY_SIZE || load_be16(p + 10) > (size - IGMP3_QUERY_SIZE) / 4) {
        return WEIR_DROP_GROUP_MALFORMED;
    } else {
        m->response_ms = float8(p[1]) * 100;
        m->robustness = p[8] & 7;
        m->interval_s = float8(p[9]);
    }
    if (m->version == 1) {
        m->group = (struct ip_addr){{0}}; /* the field means nothing (RFC 1112 appendix I) */
    }
    return group_or_all(&m->group) ? WEIR_DROP_NONE : WEIR_DROP_GROUP_MALFORMED;
}

enum weir_drop igmp_parse(const uint8_t *p, size_t size, struct group_message *m)
{
    if (size < IGMP_SIZE) {
        return WEIR_DROP_GROUP_MALFORMED;
    }
    if (csum_fold(csum_sum_portable(p, size, 0)) != 0xffff) {
        return WEIR_DROP_ICMP_CHECKSUM;
    }
    *m = (struct group_message){.kind = GROUP_NOTHING, .group = ip_addr_from_v4(p + 4)};
    switch (p[0]) {
    case IGMP_QUERY: return igmp_query(p, size, m);
    case IGMP_REPORT_V1:
    case IGMP_REPORT_V2:
        m->kind = GROUP_REPORT;
        return ip_addr_is_multicast(&m->group) ? WEIR_DROP_NONE : WEIR_DROP_GROUP_MALFORMED;
    case IGMP_LEAVE:
    case IGMP_REPORT_V3: return WEIR_DROP_NONE;
    default: return WEIR_DROP_GROUP_TYPE;
    }
}

static enum weir_drop mld_query(const struct icmp_message *icmp, struct group_message *m)
{
    uint16_t code = (uint16_t)(icmp->rest >> 16);

    m->kind = GROUP_QUERY;
    if (icmp->body_size == 16) {
        m->version = 1;
        m->response_ms = code;
    } else if (icmp->body_size < MLD2_QUERY_BODY ||
               load_be16(icmp->body + 18) > (icmp->body_size - MLD2_QUERY_BODY) / 16) {
        return WEIR_DROP_GROUP_MALFORMED;
    } else {
        m->version = 2;
        m->response_ms = float16(code);
        m->robustness = icmp->body[16] & 7;
        m->interval_s = float8(icmp->body[17]);
    }
    return group_or_all(&m->group) && !ip_addr_is_v4(&m->group) ? WEIR_DROP_NONE
                                                                : WEIR_DROP_GROUP_MALFORMED;
}

enum weir_drop mld_parse(const struct icmp_message *icmp, struct group_message *m)
{
    *m = (struct group_message){.kind = GROUP_NOTHING};
    if (icmp->type == MLD_REPORT_V2) {
        return WEIR_DROP_NONE;
    }
    if (icmp->type != MLD_QUERY && icmp->type != MLD_REPORT_V1 && icmp->type != MLD_DONE) {
        return WEIR_DROP_GROUP_TYPE;
    }
    if (icmp->body_size < 16) {
        return WEIR_DROP_GROUP_MALFORMED;
    }
    memcpy(m->group.b, icmp->body, 16);
    if (icmp->type == MLD_QUERY) {
        return mld_query(icmp, m);
    }
    if (!ip_addr_is_multicast(&m->group) || ip_addr_is_v4(&m->group)) {
        return WEIR_DROP_GROUP_MALFORMED;
    }
    m->kind = icmp->type == MLD_DONE ? GROUP_NOTHING : GROUP_REPORT;
    return WEIR_DROP_NONE;
}

/* ---- Router Alert -------------------------------------------------------------------------------------- */

static bool alert4(const uint8_t *ip, uint32_t ip_size)
{
    for (uint32_t i = IP4_HEADER_SIZE; i < ip_size;) {
        if (ip[i] == 1) {
            i++;
            continue;
        }
        if (ip[i] == 0 || i + 1 >= ip_size || ip[i + 1] < 2) {
            return false;
        }
        if (ip[i] == 0x94) {
            return ip[i + 1] == 4;
        }
        i += ip[i + 1];
    }
    return false;
}

static bool alert6(const uint8_t *ip, uint32_t ip_size)
{
    uint32_t end;

    if (ip[6] != 0 || ip_size < IP6_HEADER_SIZE + 8) { /* hop-by-hop options */
        return false;
    }
    end = IP6_HEADER_SIZE + 8 + (uint32_t)ip[IP6_HEADER_SIZE + 1] * 8;
    for (uint32_t i = IP6_HEADER_SIZE + 2; i + 1 < end && end <= ip_size;) {
        if (ip[i] == 0) {
            i++;
            continue;
        }
        if (ip[i] == 5) {
            return ip[i + 1] == 2;
        }
        i += 2u + ip[i + 1];
    }
    return false;
}

bool group_router_alert(const uint8_t *ip, uint32_t ip_size)
{
    if (ip_size < IP4_HEADER_SIZE) {
        return false;
    }
    return ip[0] >> 4 == 4 ? alert4(ip, ip_size) : alert6(ip, ip_size);
}

/* ---- Out ----------------------------------------------------------------------------------------------- */

void igmp_build(uint8_t *p, uint8_t type, const struct ip_addr *group)
{
    memset(p, 0, IGMP_SIZE);
    p[0] = type;
    memcpy(p + 4, group->b + 12, 4);
    csum_store(p + 2, csum_finish(csum_sum_portable(p, IGMP_SIZE, 0)));
}

void mld_build(uint8_t *p, uint8_t type, const struct ip_addr *group, const struct ip_addr *src,
               const struct ip_addr *dst)
{
    struct icmp_message m = {.type = type, .body = group->b, .body_size = 16};

    (void)icmp6_build(p, &m, src, dst);
}

void group_record_build(uint8_t *p, enum group_record type, const struct ip_addr *group)
{
    memset(p, 0, 4);
    p[0] = (uint8_t)type;
    if (ip_addr_is_v4(group)) {
        memcpy(p + 4, group->b + 12, 4);
    } else {
        memcpy(p + 4, group->b, 16);
    }
}

void igmp_records_finish(uint8_t *p, uint32_t size, uint16_t count)
{
    memset(p, 0, GROUP_RECORDS_AT);
    p[0] = IGMP_REPORT_V3;
    store_be16(p + 6, count);
    csum_store(p + 2, csum_finish(csum_sum_portable(p, size, 0)));
}

void mld_records_finish(uint8_t *p, uint32_t size, uint16_t count, const struct ip_addr *src,
                        const struct ip_addr *dst)
{
    struct icmp_message m = {.type = MLD_REPORT_V2,
                             .rest = count,
                             .body = p + GROUP_RECORDS_AT,
                             .body_size = size - GROUP_RECORDS_AT};

    (void)icmp6_build(p, &m, src, dst);
}
