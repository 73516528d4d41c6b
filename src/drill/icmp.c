/* icmp.c - names of ICMP types and codes (RFC 792, 950, 1122, 1812, 4443), and type_N, code_N. */
#include "drill/icmp.h"

#include <string.h>

#include "base/compiler.h"

struct entry {
    int type;
    int code; /* -1: this is the name of the type itself */
    const char *name;
};

static const struct entry names4[] = {
    {0, -1, "echo_reply"},
    {3, -1, "unreachable"},
    {3, 0, "net_unreachable"},
    {3, 1, "host_unreachable"},
    {3, 2, "protocol_unreachable"},
    {3, 3, "port_unreachable"},
    {3, 4, "frag_needed"},
    {3, 5, "source_route_failed"},
    {3, 6, "net_unknown"},
    {3, 7, "host_unknown"},
    {3, 8, "source_host_isolated"},
    {3, 9, "net_prohibited"},
    {3, 10, "host_prohibited"},
    {3, 11, "net_unreachable_for_tos"},
    {3, 12, "host_unreachable_for_tos"},
    {3, 13, "packet_filtered"},
    {3, 14, "precedence_violation"},
    {3, 15, "precedence_cutoff"},
    {4, -1, "source_quench"},
    {5, -1, "redirect"},
    {8, -1, "echo_request"},
    {11, -1, "time_exceeded"},
    {11, 0, "ttl_exceeded_in_transit"},
    {11, 1, "frag_reass_exceeded"},
    {12, -1, "parameter_problem"},
    {13, -1, "timestamp_request"},
    {14, -1, "timestamp_reply"},
    {15, -1, "information_request"},
    {16, -1, "information_reply"},
    {17, -1, "address_mask_request"},
    {18, -1, "address_mask_reply"},
};

static const struct entry names6[] = {
    {1, -1, "unreachable"},       {1, 0, "no_route"},
    {1, 0, "net_unreachable"},    {1, 1, "admin_prohibited"},
    {1, 2, "not_neighbour"},      {1, 3, "address_unreachable"},
    {1, 4, "port_unreachable"},   {2, -1, "packet_too_big"},
    {3, -1, "time_exceeded"},     {3, 0, "exceeded_hop_limit"},
    {3, 1, "exceeded_frag_time"}, {4, -1, "parameter_problem"},
    {4, 0, "header_field"},       {4, 1, "unknown_next_header"},
    {4, 2, "unknown_option"},     {128, -1, "echo_request"},
    {129, -1, "echo_reply"},      {134, -1, "router_advertisement"},
};

/* The number in PREFIXn, or -1. */
static int numbered(const char *name, const char *prefix)
{
    size_t size = strlen(prefix);
    int sum = 0;

    if (strncmp(name, prefix, size) != 0 || name[size] == '\0') {
        return -1;
    }
    for (const char *p = name + size; *p != '\0'; p++) {
        if (*p < '0' || *p > '9' || sum > UINT8_MAX) {
            return -1;
        }
        sum = sum * 10 + (*p - '0');
    }
    return sum <= UINT8_MAX ? sum : -1;
}

static const struct entry *find(const struct entry *names, size_t count, int type, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        bool wanted = type < 0 ? names[i].code < 0 : names[i].type == type && names[i].code >= 0;

        if (wanted && strcmp(names[i].name, name) == 0) {
            return &names[i];
        }
    }
    return NULL;
}

bool drill_icmp_numbers(int family, const struct drill_icmp *icmp, uint8_t *type, uint8_t *code)
{
    const struct entry *names = family == 4 ? names4 : names6;
    size_t count = family == 4 ? ARRAY_SIZE(names4) : ARRAY_SIZE(names6);
    int type_number = numbered(icmp->type, "type_");
    int code_number = icmp->code == NULL ? 0 : numbered(icmp->code, "code_");

    if (type_number < 0) {
        const struct entry *entry = find(names, count, -1, icmp->type);
        type_number = entry == NULL ? -1 : entry->type;
    }
    if (type_number >= 0 && code_number < 0) {
        const struct entry *entry = find(names, count, type_number, icmp->code);
        code_number = entry == NULL ? -1 : entry->code;
    }
    if (type_number < 0 || code_number < 0) {
        return false;
    }
    *type = (uint8_t)type_number;
    *code = (uint8_t)code_number;
    return true;
}
