/* api_udp_option.c - options of UDP sockets, and what is known of them. */
#include "stack/stack.h"

#define BUFFER_MAX (1u << 30)

static bool flag_of(struct udp_socket *u, enum weir_udp_option option, bool **flag)
{
    switch (option) {
    case WEIR_UDP_BROADCAST: *flag = &u->broadcast; return true;
    case WEIR_UDP_DONT_FRAGMENT: *flag = &u->dont_fragment; return true;
    case WEIR_UDP_REUSE_ADDRESS: *flag = &u->reuse; return true;
    case WEIR_UDP_MULTICAST_LOOP: *flag = &u->multicast_loop; return true;
    default: return false;
    }
}

static int set_link(const struct weir_stack *s, uint16_t *link, uint64_t value)
{
    if (value != WEIR_ANY_LINK && (value >= s->ip.link_count || !s->ip.links[value].used)) {
        return WEIR_ENOENT;
    }
    *link = value == WEIR_ANY_LINK ? UDP_ANY_LINK : (uint16_t)value;
    return WEIR_OK;
}

static int set_byte(uint8_t *byte, uint64_t value, uint64_t least)
{
    if (value < least || value > UINT8_MAX) {
        return WEIR_EINVAL;
    }
    *byte = (uint8_t)value;
    return WEIR_OK;
}

int weir_udp_set(struct weir_stack *s, weir_handle socket, enum weir_udp_option option,
                 uint64_t value)
{
    struct udp_socket *u = udp_find(s, socket);
    bool *flag;

    if (!u) {
        return WEIR_ESTALE;
    }
    if (flag_of(u, option, &flag)) {
        *flag = value != 0;
        return value > 1 ? WEIR_EINVAL : WEIR_OK;
    }
    switch (option) {
    case WEIR_UDP_USER: u->user = value; return WEIR_OK;
    case WEIR_UDP_TTL: return set_byte(&u->ttl, value, 1);
    case WEIR_UDP_TOS: return set_byte(&u->tos, value, 0);
    case WEIR_UDP_MULTICAST_TTL: return set_byte(&u->multicast_ttl, value, 0);
    case WEIR_UDP_MULTICAST_LINK:
        u->path.generation = 0;
        return set_link(s, &u->multicast_link, value);
    case WEIR_UDP_LINK:
        u->path.generation = 0;
        u->link_by_connect = false;
        return set_link(s, &u->link, value);
    case WEIR_UDP_RECEIVE_BUFFER:
        if (value == 0 || value > BUFFER_MAX) {
            return WEIR_EINVAL;
        }
        u->receive_buffer = (uint32_t)value;
        return WEIR_OK;
    default: return WEIR_ENOPROTOOPT;
    }
}

static uint64_t link_value(uint16_t link)
{
    return link == UDP_ANY_LINK ? WEIR_ANY_LINK : link;
}

int weir_udp_get(struct weir_stack *s, weir_handle socket, enum weir_udp_option option,
                 uint64_t *value)
{
    struct udp_socket *u = udp_find(s, socket);
    bool *flag;

    if (!u) {
        return WEIR_ESTALE;
    }
    if (flag_of(u, option, &flag)) {
        *value = *flag;
        return WEIR_OK;
    }
    switch (option) {
    case WEIR_UDP_USER: *value = u->user; return WEIR_OK;
    case WEIR_UDP_TTL: *value = u->ttl; return WEIR_OK;
    case WEIR_UDP_TOS: *value = u->tos; return WEIR_OK;
    case WEIR_UDP_MULTICAST_TTL: *value = u->multicast_ttl; return WEIR_OK;
    case WEIR_UDP_MULTICAST_LINK: *value = link_value(u->multicast_link); return WEIR_OK;
    case WEIR_UDP_LINK: *value = link_value(u->link); return WEIR_OK;
    case WEIR_UDP_RECEIVE_BUFFER: *value = u->receive_buffer; return WEIR_OK;
    default: return WEIR_ENOPROTOOPT;
    }
}

int weir_udp_info(struct weir_stack *s, weir_handle socket, struct weir_udp_info *info)
{
    const struct udp_socket *u = udp_find(s, socket);

    if (!u) {
        return WEIR_ESTALE;
    }
    if (info->size != sizeof(*info)) {
        return WEIR_EINVAL;
    }
    memset(info, 0, sizeof(*info));
    info->size = sizeof(*info);
    ip_addr_to_public(&u->local, &info->local.ip);
    if (ip_addr_is_unspecified(&u->local)) {
        info->local.ip.family = u->family;
    }
    info->local.port = u->local_port;
    if (u->remote_port) {
        ip_addr_to_public(&u->remote, &info->remote.ip);
        info->remote.port = u->raw ? 0 : u->remote_port;
    }
    info->unread_datagrams = u->count;
    info->unread_bytes = u->unread_bytes;
    info->dropped = u->dropped;
    if (u->head) {
        info->next_size = ((const struct udp_datagram *)pool_at(&s->udp.datagrams, u->head))->size;
    }
    return WEIR_OK;
}
