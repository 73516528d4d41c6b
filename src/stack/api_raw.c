/* api_raw.c - the calls of raw.h; what raw handles share with UDP is in api_udp.c. */
#include "stack/stack.h"

static int open(struct weir_stack *s, uint8_t family, const struct raw *wanted, uint64_t user,
                weir_handle *handle)
{
    struct udp_socket *u;
    struct raw *r;
    uint32_t index;
    int error;

    if (family != 4 && family != 6) {
        return WEIR_EINVAL;
    }
    r = pool_get(&s->udp.raws, &index);
    if (!r) {
        return WEIR_ENOBUFS;
    }
    error = weir_udp_open(s, user, handle);
    if (error != WEIR_OK) {
        pool_put(&s->udp.raws, index);
        return error;
    }
    *r = *wanted;
    r->self = index;
    u = udp_find(s, *handle);
    u->raw = index;
    u->family = u->bound_family = family;
    raw_enter(s, u);
    return WEIR_OK;
}

int weir_raw_open(struct weir_stack *s, uint8_t family, uint32_t protocol, uint64_t user,
                  weir_handle *raw)
{
    struct raw r = {.protocol = (uint8_t)protocol,
                    .header_included = protocol == WEIR_RAW_PROTOCOL_RAW,
                    .checksum_offset = family == 6 && protocol == IP_PROTOCOL_ICMP6 ? 2 : -1};

    return protocol == 0 || protocol > UINT8_MAX ? WEIR_EINVAL : open(s, family, &r, user, raw);
}

int weir_ping_open(struct weir_stack *s, uint8_t family, uint64_t user, weir_handle *ping)
{
    struct raw r = {.ping = true,
                    .protocol = family == 4 ? IP_PROTOCOL_ICMP : IP_PROTOCOL_ICMP6,
                    .checksum_offset = -1};

    return open(s, family, &r, user, ping);
}

/* ---- Options ------------------------------------------------------------------------------------------- */

static struct raw *find(const struct weir_stack *s, weir_handle handle, struct udp_socket **u,
                        int *error)
{
    struct raw *r;

    *u = udp_find(s, handle);
    if (!*u) {
        *error = WEIR_ESTALE;
        return NULL;
    }
    r = (*u)->raw ? pool_at(&s->udp.raws, (*u)->raw) : NULL;
    if (!r || r->ping) {
        *error = WEIR_ENOPROTOOPT;
        return NULL;
    }
    return r;
}

static int set_offset(struct raw *r, const struct udp_socket *u, uint64_t value)
{
    if (u->family != 6) {
        return WEIR_ENOPROTOOPT;
    }
    if (r->protocol == IP_PROTOCOL_ICMP6) {
        return value == 2 ? WEIR_OK : WEIR_EINVAL;
    }
    if (value != WEIR_RAW_NO_CHECKSUM && (value % 2 || value > WEIR_UDP_DATAGRAM_MAX)) {
        return WEIR_EINVAL;
    }
    r->checksum_offset = value == WEIR_RAW_NO_CHECKSUM ? -1 : (int32_t)value;
    return WEIR_OK;
}

int weir_raw_set(struct weir_stack *s, weir_handle raw, enum weir_raw_option option, uint64_t value)
{
    struct udp_socket *u;
    int error = WEIR_OK;
    struct raw *r = find(s, raw, &u, &error);

    if (!r) {
        return error;
    }
    switch (option) {
    case WEIR_RAW_HEADER_INCLUDED: r->header_included = value != 0; return WEIR_OK;
    case WEIR_RAW_CHECKSUM_OFFSET: return set_offset(r, u, value);
    default: return WEIR_ENOPROTOOPT;
    }
}

int weir_raw_get(struct weir_stack *s, weir_handle raw, enum weir_raw_option option,
                 uint64_t *value)
{
    struct udp_socket *u;
    int error = WEIR_OK;
    const struct raw *r = find(s, raw, &u, &error);

    if (!r) {
        return error;
    }
    switch (option) {
    case WEIR_RAW_HEADER_INCLUDED: *value = r->header_included; return WEIR_OK;
    case WEIR_RAW_CHECKSUM_OFFSET:
        *value = r->checksum_offset < 0 ? WEIR_RAW_NO_CHECKSUM : (uint64_t)r->checksum_offset;
        return WEIR_OK;
    default: return WEIR_ENOPROTOOPT;
    }
}

int weir_raw_filter(struct weir_stack *s, weir_handle raw, const uint32_t blocked[8])
{
    struct udp_socket *u;
    int error = WEIR_OK;
    struct raw *r = find(s, raw, &u, &error);

    if (!r) {
        return error;
    }
    if (r->protocol != (u->family == 4 ? IP_PROTOCOL_ICMP : IP_PROTOCOL_ICMP6)) {
        return WEIR_ENOPROTOOPT;
    }
    if (blocked) {
        memcpy(r->blocked, blocked, sizeof(r->blocked));
    } else {
        memset(r->blocked, 0, sizeof(r->blocked));
    }
    return WEIR_OK;
}
