/* dhcp.c - see dhcp.h. */
#include "wire/dhcp.h"

#include "base/bytes.h"
#include "base/compiler.h"

#include <string.h>

enum field { /* offsets (RFC 2131 2) */
             AT_XID = 4,
             AT_SECS = 8,
             AT_FLAGS = 10,
             AT_CIADDR = 12,
             AT_YIADDR = 16,
             AT_MAC = 28,
             AT_SNAME = 44,
             AT_FILE = 108,
             AT_COOKIE = 236,
             AT_OPTIONS = 240
};

enum option {
    OPTION_PAD = 0,
    OPTION_MASK = 1,
    OPTION_ROUTERS = 3,
    OPTION_DNS = 6,
    OPTION_HOSTNAME = 12,
    OPTION_DOMAIN = 15,
    OPTION_MTU = 26,
    OPTION_REQUESTED = 50,
    OPTION_LEASE = 51,
    OPTION_OVERLOAD = 52,
    OPTION_TYPE = 53,
    OPTION_SERVER = 54,
    OPTION_PARAMETERS = 55,
    OPTION_SIZE_MOST = 57,
    OPTION_T1 = 58,
    OPTION_T2 = 59,
    OPTION_CLIENT_ID = 61,
    OPTION_ROUTES = 121,
    OPTION_END = 255
};

#define COOKIE 0x63825363u
#define OP_REQUEST 1
#define OP_REPLY 2
#define HARDWARE_ETHERNET 1
#define FLAG_BROADCAST 0x8000u
#define SIZE_LEAST 300u
#define MTU_LEAST 68u /* RFC 2132 5.1 */
#define VALUE_MAX 512u

/* ---- Reading ------------------------------------------------------------------------------------------------ */

struct area {
    const uint8_t *p;
    size_t size;
};

/* Where options are, in the order in which parts are put together (RFC 3396 7). */
struct areas {
    struct area area[3];
    uint32_t count;
};

/* The next option of an area; false at the end, with *ok false if it is broken. */
static bool next_option(struct area *a, uint8_t *code, struct area *value, bool *ok)
{
    while (a->size != 0 && a->p[0] == OPTION_PAD) {
        a->p++;
        a->size--;
    }
    if (a->size == 0 || a->p[0] == OPTION_END) {
        return false;
    }
    if (a->size < 2 || a->size - 2 < a->p[1]) {
        *ok = false;
        return false;
    }
    *code = a->p[0];
    *value = (struct area){a->p + 2, a->p[1]};
    a->p += 2 + value->size;
    a->size -= 2 + value->size;
    return true;
}

struct value {
    bool present;
    uint32_t size;
    uint8_t bytes[VALUE_MAX];
};

/* All parts of one option. false: broken, or too long. */
static bool gather(const struct areas *areas, uint8_t wanted, struct value *v)
{
    bool ok = true;
    v->present = false;
    v->size = 0;
    for (uint32_t i = 0; i < areas->count; i++) {
        struct area a = areas->area[i], part;
        uint8_t code;
        while (next_option(&a, &code, &part, &ok)) {
            if (code != wanted) {
                continue;
            }
            if (part.size > VALUE_MAX - v->size) {
                return false;
            }
            v->present = true;
            if (part.size != 0) {
                memcpy(v->bytes + v->size, part.p, part.size);
                v->size += (uint32_t)part.size;
            }
        }
    }
    return ok;
}

static bool read_number(const struct areas *areas, uint8_t code, uint32_t size, uint32_t *number,
                        bool *present)
{
    struct value v;
    *number = 0;
    if (!gather(areas, code, &v) || (v.present && v.size != size)) {
        return false;
    }
    *present = v.present;
    for (uint32_t i = 0; i < v.size; i++) {
        *number = *number << 8 | v.bytes[i];
    }
    return true;
}

static bool read_addresses(const struct areas *areas, uint8_t code, struct dhcp_addresses *list)
{
    struct value v;
    if (!gather(areas, code, &v) || (v.present && (v.size == 0 || v.size % 4 != 0))) {
        return false;
    }
    for (uint32_t at = 0; at < v.size && list->count < DHCP_ADDRESSES_MAX; at += 4) {
        memcpy(list->ip[list->count++], v.bytes + at, 4);
    }
    return true;
}

/* Ones, then zeros. */
static bool read_mask(const struct areas *areas, uint8_t *prefix)
{
    uint32_t mask;
    bool present;
    *prefix = DHCP_NO_PREFIX;
    if (!read_number(areas, OPTION_MASK, 4, &mask, &present)) {
        return false;
    }
    if (!present) {
        return true;
    }
    for (uint8_t bits = 0; bits <= 32; bits++) {
        if (mask == (bits == 0 ? 0 : UINT32_MAX << (32 - bits))) {
            *prefix = bits;
            return true;
        }
    }
    return false;
}

/* RFC 3442: width of the destination, as many of its bytes as matter, router. */
static bool read_routes(const struct areas *areas, struct dhcp_network *n)
{
    struct value v;
    if (!gather(areas, OPTION_ROUTES, &v) || (v.present && v.size < 5)) {
        return false;
    }
    n->classless = v.present;
    for (uint32_t at = 0; at < v.size;) {
        uint32_t prefix = v.bytes[at], bytes = (prefix + 7) / 8;
        if (prefix > 32 || v.size - at - 1 < bytes + 4) {
            return false;
        }
        if (n->route_count < DHCP_ROUTES_MAX) {
            struct dhcp_route *r = &n->routes[n->route_count++];
            *r = (struct dhcp_route){.prefix = (uint8_t)prefix};
            memcpy(r->destination, v.bytes + at + 1, bytes);
            if (prefix % 8 != 0) {
                r->destination[bytes - 1] &= (uint8_t)(0xff00u >> prefix % 8);
            }
            memcpy(r->gateway, v.bytes + at + 1 + bytes, 4);
        }
        at += 1 + bytes + 4;
    }
    return true;
}

static bool read_network(const struct areas *areas, struct dhcp_network *n)
{
    struct value v;
    uint32_t mtu;
    bool present;
    if (!read_mask(areas, &n->prefix) || !read_addresses(areas, OPTION_ROUTERS, &n->routers) ||
        !read_addresses(areas, OPTION_DNS, &n->dns) || !read_routes(areas, n) ||
        !read_number(areas, OPTION_MTU, 2, &mtu, &present) || (present && mtu < MTU_LEAST) ||
        !gather(areas, OPTION_DOMAIN, &v)) {
        return false;
    }
    n->mtu = (uint16_t)mtu;
    if (v.size <= DHCP_NAME_MAX) {
        n->domain_size = v.size;
        memcpy(n->domain, v.bytes, v.size);
    }
    return true;
}

static bool read_options(const struct areas *areas, struct dhcp_reply *r)
{
    struct value v;
    uint32_t server, type;
    bool present, has_type;
    if (!read_number(areas, OPTION_TYPE, 1, &type, &has_type) || !has_type ||
        !read_number(areas, OPTION_SERVER, 4, &server, &r->has_server) ||
        !read_number(areas, OPTION_LEASE, 4, &r->lease, &r->has_lease) ||
        !read_number(areas, OPTION_T1, 4, &r->t1, &present) ||
        !read_number(areas, OPTION_T2, 4, &r->t2, &present) ||
        !gather(areas, OPTION_CLIENT_ID, &v) || v.size > DHCP_CLIENT_ID_MAX) {
        return false;
    }
    r->type = (uint8_t)type;
    store_be32(r->server, server);
    r->client_id_size = v.size;
    memcpy(r->client_id, v.bytes, v.size);
    return read_network(areas, &r->network);
}

bool dhcp_parse(const uint8_t *p, size_t size, struct dhcp_reply *r)
{
    struct areas areas = {.count = 1};
    uint32_t overload;
    bool present;
    if (size < AT_OPTIONS || p[0] != OP_REPLY || p[1] != HARDWARE_ETHERNET || p[2] != 6 ||
        load_be32(p + AT_COOKIE) != COOKIE) {
        return false;
    }
    memset(r, 0, sizeof(*r));
    r->xid = load_be32(p + AT_XID);
    memcpy(r->ip, p + AT_YIADDR, 4);
    memcpy(r->mac, p + AT_MAC, 6);
    areas.area[0] = (struct area){p + AT_OPTIONS, size - AT_OPTIONS};
    if (!read_number(&areas, OPTION_OVERLOAD, 1, &overload, &present) ||
        (present && (overload == 0 || overload > 3))) {
        return false;
    }
    if (overload & 1) {
        areas.area[areas.count++] = (struct area){p + AT_FILE, AT_COOKIE - AT_FILE};
    }
    if (overload & 2) {
        areas.area[areas.count++] = (struct area){p + AT_SNAME, AT_FILE - AT_SNAME};
    }
    return read_options(&areas, r);
}

/* ---- Building ----------------------------------------------------------------------------------------------- */

static uint8_t *put(uint8_t *p, uint8_t code, const void *value, uint32_t size)
{
    p[0] = code;
    p[1] = (uint8_t)size;
    memcpy(p + 2, value, size);
    return p + 2 + size;
}

static uint8_t *put_options(uint8_t *p, const struct dhcp_request *r)
{
    /* RFC 3442: classless routes before routers. */
    static const uint8_t parameters[] = {OPTION_MASK,  OPTION_ROUTES, OPTION_ROUTERS,
                                         OPTION_DNS,   OPTION_DOMAIN, OPTION_MTU,
                                         OPTION_LEASE, OPTION_T1,     OPTION_T2};
    uint8_t most[2];
    p = put(p, OPTION_TYPE, &r->type, 1);
    if (r->client_id_size != 0) {
        p = put(p, OPTION_CLIENT_ID, r->client_id, r->client_id_size);
    }
    if (r->requested != NULL) {
        p = put(p, OPTION_REQUESTED, r->requested, 4);
    }
    if (r->server != NULL) {
        p = put(p, OPTION_SERVER, r->server, 4);
    }
    if (r->hostname_size != 0) {
        p = put(p, OPTION_HOSTNAME, r->hostname, r->hostname_size);
    }
    if (r->asks) {
        store_be16(most, r->size_most);
        p = put(p, OPTION_SIZE_MOST, most, 2);
        p = put(p, OPTION_PARAMETERS, parameters, sizeof(parameters));
    }
    *p++ = OPTION_END;
    return p;
}

size_t dhcp_build(uint8_t *p, const struct dhcp_request *r)
{
    memset(p, 0, DHCP_SIZE_MAX);
    p[0] = OP_REQUEST;
    p[1] = HARDWARE_ETHERNET;
    p[2] = 6;
    store_be32(p + AT_XID, r->xid);
    store_be16(p + AT_SECS, r->secs);
    store_be16(p + AT_FLAGS, r->broadcast ? FLAG_BROADCAST : 0);
    memcpy(p + AT_CIADDR, r->ip, 4);
    memcpy(p + AT_MAC, r->mac, 6);
    store_be32(p + AT_COOKIE, COOKIE);
    size_t size = (size_t)(put_options(p + AT_OPTIONS, r) - p);
    return size < SIZE_LEAST ? SIZE_LEAST : size;
}
