/*
 * group.h - IGMP (RFC 1112, 2236, 3376) and MLD (RFC 2710, 3810) messages as plain values.
 *
 * The two are one protocol in two families: queries ask who wants which group, reports tell. "Records" is the
 * form of IGMPv3 and MLDv2, where one report has many groups.
 */
#ifndef WIRE_GROUP_H
#define WIRE_GROUP_H

#include "base/address.h"
#include "wire/icmp.h"
#include <weir/trace.h>

#define IP_PROTOCOL_IGMP 2
#define IGMP_SIZE 8
#define MLD_SIZE 24
#define GROUP_RECORDS_AT 8 /* where records begin in both families */

enum igmp_type {
    IGMP_QUERY = 0x11,
    IGMP_REPORT_V1 = 0x12,
    IGMP_REPORT_V2 = 0x16,
    IGMP_LEAVE = 0x17,
    IGMP_REPORT_V3 = 0x22
};
enum mld_type { MLD_QUERY = 130, MLD_REPORT_V1 = 131, MLD_DONE = 132, MLD_REPORT_V2 = 143 };

enum group_kind {
    GROUP_QUERY = 0,
    GROUP_REPORT, /* of one group, by another host */
    GROUP_NOTHING /* for routers: leave, reports with records */
};
struct group_message {
    uint8_t kind;
    uint8_t version;      /* of a query: IGMP 1, 2, 3; MLD 1, 2 */
    uint8_t robustness;   /* of a query with records; 0: not said */
    uint32_t response_ms; /* of a query: the longest delay of the answer */
    uint32_t interval_s;  /* of a query with records: from one to the next; 0: not said */
    struct ip_addr group; /* all zero: a query about all */
};

/* Length, checksum (IGMP; that of MLD is ICMPv6's), addresses; of queries also that the sources are all there.
 * WEIR_DROP_GROUP_MALFORMED, WEIR_DROP_GROUP_TYPE (no message of these RFCs), WEIR_DROP_ICMP_CHECKSUM. */
enum weir_drop igmp_parse(const uint8_t *p, size_t size, struct group_message *m);
enum weir_drop mld_parse(const struct icmp_message *icmp, struct group_message *m);

/* Type, one group and checksum: IGMP_SIZE bytes. */
void igmp_build(uint8_t *p, uint8_t type, const struct ip_addr *group);
/* MLD_SIZE bytes. */
void mld_build(uint8_t *p, uint8_t type, const struct ip_addr *group, const struct ip_addr *src,
               const struct ip_addr *dst);

enum group_record { /* RFC 3376 4.2.12, RFC 3810 5.2.12 */
                    GROUP_IS_EXCLUDE = 2,
                    GROUP_TO_INCLUDE = 3,
                    GROUP_TO_EXCLUDE = 4
};
static inline uint32_t group_record_size(bool v4)
{
    return v4 ? 8 : 20;
}
/* One record without sources. */
void group_record_build(uint8_t *p, enum group_record type, const struct ip_addr *group);
/* The head in front of records that are there already, and the checksum over all `size` bytes. */
void igmp_records_finish(uint8_t *p, uint32_t size, uint16_t count);
void mld_records_finish(uint8_t *p, uint32_t size, uint16_t count, const struct ip_addr *src,
                        const struct ip_addr *dst);

/* Does the packet in front of an IGMP or MLD message carry the Router Alert option (RFC 2113, 2711)? `ip_size`:
 * of its headers, which were checked. */
bool group_router_alert(const uint8_t *ip, uint32_t ip_size);

#endif
