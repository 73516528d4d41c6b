/*
 * multicast.c - options about multicast groups: membership, and how what is sent to groups leaves. Linux's rules
 * (ip_sockglue.c, ipv6_sockglue.c of datagram sockets); an interface's index is its link's + 1, as ip.scope is.
 */
#include "socket/sock.h"
#include "stack/stack.h"

#define MREQ_SIZE 8   /* group, an address of the interface */
#define MREQN_SIZE 12 /* and its index */
#define MREQ6_SIZE 20 /* group, index */

bool sock_multicast_is_option(int level, int name)
{
    if (level == WEIR_SOL_IP) {
        return name >= WEIR_IP_MULTICAST_IF && name <= WEIR_IP_DROP_MEMBERSHIP;
    }
    return name >= WEIR_IPV6_MULTICAST_IF && name <= WEIR_IPV6_DROP_MEMBERSHIP;
}

static bool link_exists(const struct weir_sock *s, uint32_t index)
{
    return index >= 1 && index <= s->space->stack->ip.link_count;
}

/* Which link an index or an address of it means; WEIR_ANY_LINK if neither is said. false: none. */
static bool link_of(const struct weir_sock *s, const uint8_t address[4], uint32_t index,
                    uint32_t *link)
{
    struct ip_addr a = ip_addr_from_v4(address);
    const struct ip_address *own;

    *link = index ? index - 1 : WEIR_ANY_LINK;
    if (index) {
        return link_exists(s, index);
    }
    if (ip_addr_is_unspecified(&a)) {
        return true;
    }
    own = ip_address_find(&s->space->stack->ip, &a);
    if (!own || own->link >= s->space->stack->ip.link_count) {
        return false;
    }
    *link = own->link;
    return true;
}

/* ---- Membership ---------------------------------------------------------------------------------------- */

static int change_membership(struct weir_sock *s, const struct ip_addr *group, uint32_t link,
                             bool join)
{
    struct weir_ip ip;
    int error;

    ip_addr_to_public(group, &ip);
    if (!ip_addr_is_multicast(group)) {
        return -WEIR_SOCK_EINVAL;
    }
    error = join ? weir_udp_join(s->space->stack, s->handle, &ip, link)
                 : weir_udp_leave(s->space->stack, s->handle, &ip, link);
    switch (error) {
    case WEIR_EEXIST: return -WEIR_SOCK_EADDRINUSE;
    case WEIR_ENOENT: return join ? -WEIR_SOCK_ENODEV : -WEIR_SOCK_EADDRNOTAVAIL;
    default: return -sock_errno(error);
    }
}

static int membership4(struct weir_sock *s, const uint8_t *value, uint32_t size, bool join)
{
    struct ip_addr group;
    uint32_t link, index = 0;

    if (size < MREQ_SIZE) {
        return -WEIR_SOCK_EINVAL;
    }
    if (size >= MREQN_SIZE) {
        memcpy(&index, value + 8, sizeof(index));
    }
    if (!link_of(s, value + 4, index, &link)) {
        return -WEIR_SOCK_ENODEV;
    }
    group = ip_addr_from_v4(value);
    return change_membership(s, &group, link, join);
}

static int membership6(struct weir_sock *s, const uint8_t *value, uint32_t size, bool join)
{
    struct ip_addr group;
    uint32_t index;

    if (size < MREQ6_SIZE) {
        return -WEIR_SOCK_EINVAL;
    }
    memcpy(group.b, value, 16);
    memcpy(&index, value + 16, sizeof(index));
    if (ip_addr_is_v4(&group)) {
        return -WEIR_SOCK_EINVAL;
    }
    if (index && !link_exists(s, index)) {
        return -WEIR_SOCK_ENODEV;
    }
    return change_membership(s, &group, index ? index - 1 : WEIR_ANY_LINK, join);
}

/* ---- Sending to groups --------------------------------------------------------------------------------- */

static int set_link4(struct weir_sock *s, const uint8_t *value, uint32_t size)
{
    const uint8_t *address = size >= MREQ_SIZE ? value + 4 : value;
    uint32_t link, index = 0;

    if (size < 4) {
        return -WEIR_SOCK_EINVAL;
    }
    if (size >= MREQN_SIZE) {
        memcpy(&index, value + 8, sizeof(index));
    }
    if (!link_of(s, address, index, &link)) {
        return -WEIR_SOCK_EADDRNOTAVAIL;
    }
    s->o.multicast_link = link;
    memcpy(s->o.multicast_if, address, 4);
    return 0;
}

static int set_link6(struct weir_sock *s, int32_t index)
{
    if (index != 0 && (index < 0 || !link_exists(s, (uint32_t)index))) {
        return -WEIR_SOCK_ENODEV;
    }
    s->o.multicast_link = index ? (uint32_t)index - 1 : WEIR_ANY_LINK;
    return 0;
}

/* A byte is enough for IPv4. */
static int number4(const uint8_t *value, uint32_t size, int32_t *number)
{
    if (size == 0) {
        return -WEIR_SOCK_EINVAL;
    }
    *number = *value;
    if (size >= sizeof(*number)) {
        memcpy(number, value, sizeof(*number));
    }
    return 0;
}

static int set_hops(int16_t *hops, int32_t number)
{
    if (number < -1 || number > 255) {
        return -WEIR_SOCK_EINVAL;
    }
    *hops = (int16_t)(number == -1 ? 1 : number);
    return 0;
}

static int set4(struct weir_sock *s, int name, const uint8_t *value, uint32_t size)
{
    int32_t number = 0;
    int error = number4(value, size, &number);

    switch (name) {
    case WEIR_IP_ADD_MEMBERSHIP: return membership4(s, value, size, true);
    case WEIR_IP_DROP_MEMBERSHIP: return membership4(s, value, size, false);
    case WEIR_IP_MULTICAST_IF: return set_link4(s, value, size);
    case WEIR_IP_MULTICAST_TTL: return error ? error : set_hops(&s->o.multicast_ttl, number);
    default: s->o.multicast_loop = number != 0; return error;
    }
}

static int set6(struct weir_sock *s, int name, const uint8_t *value, uint32_t size)
{
    int32_t number = 0;

    if (name == WEIR_IPV6_ADD_MEMBERSHIP || name == WEIR_IPV6_DROP_MEMBERSHIP) {
        return membership6(s, value, size, name == WEIR_IPV6_ADD_MEMBERSHIP);
    }
    if (size < sizeof(number)) {
        return -WEIR_SOCK_EINVAL;
    }
    memcpy(&number, value, sizeof(number));
    switch (name) {
    case WEIR_IPV6_MULTICAST_IF: return set_link6(s, number);
    case WEIR_IPV6_MULTICAST_HOPS: return set_hops(&s->o.multicast_hops, number);
    default:
        if (number < 0 || number > 1) {
            return -WEIR_SOCK_EINVAL;
        }
        s->o.multicast_loop = number != 0;
        return 0;
    }
}

int sock_multicast_set(struct weir_sock *s, int level, int name, const void *value, uint32_t size)
{
    int error;

    if (!s->dgram) {
        return -WEIR_SOCK_EINVAL;
    }
    if (level == WEIR_SOL_IPV6 && s->domain != 6) {
        return -WEIR_SOCK_ENOPROTOOPT;
    }
    error = level == WEIR_SOL_IP ? set4(s, name, value, size) : set6(s, name, value, size);
    if (error == 0) {
        sock_dgram_apply(s);
    }
    return error;
}

int sock_multicast_get(const struct weir_sock *s, int level, int name, int32_t *value)
{
    if (level == WEIR_SOL_IP) {
        switch (name) {
        case WEIR_IP_MULTICAST_TTL: *value = s->o.multicast_ttl; return 0;
        case WEIR_IP_MULTICAST_LOOP: *value = s->o.multicast_loop; return 0;
        case WEIR_IP_MULTICAST_IF: memcpy(value, s->o.multicast_if, 4); return 0;
        default: return -WEIR_SOCK_ENOPROTOOPT;
        }
    }
    switch (name) {
    case WEIR_IPV6_MULTICAST_HOPS: *value = s->o.multicast_hops; return 0;
    case WEIR_IPV6_MULTICAST_LOOP: *value = s->o.multicast_loop; return 0;
    case WEIR_IPV6_MULTICAST_IF:
        *value = s->o.multicast_link == WEIR_ANY_LINK ? 0 : (int32_t)(s->o.multicast_link + 1);
        return 0;
    default: return -WEIR_SOCK_ENOPROTOOPT;
    }
}
