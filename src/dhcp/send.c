/* send.c - the client's messages (RFC 2131, table 5). */
#include "dhcp/client.h"

static void send_to(struct weir_dhcp *d, const struct weir_ip *to, const struct weir_ip *from,
                    const uint8_t *bytes, size_t size)
{
    struct weir_endpoint remote = {.ip = *to, .port = DHCP_SERVER_PORT};

    (void)weir_udp_send_to(d->stack, d->socket, bytes, size, &remote, from);
}

/* May the link's address be used? It is not while a lease is only asked for. */
static bool speaks(const struct weir_dhcp *d, enum dhcp_type type)
{
    return type == DHCP_RELEASE || d->state == WEIR_DHCP_RENEWING ||
           d->state == WEIR_DHCP_REBINDING;
}

void dhcp_send(struct weir_dhcp *d, enum dhcp_type type)
{
    static const struct weir_ip nobody = {.family = 4};
    static const struct weir_ip everybody = {.family = 4, .bytes = {255, 255, 255, 255}};
    const struct weir_link_config *link = &d->stack->ip.links[d->link].config;
    bool speaking = speaks(d, type);
    bool unicast = type == DHCP_RELEASE || (speaking && d->state == WEIR_DHCP_RENEWING);
    bool asks = type == DHCP_DISCOVER || type == DHCP_REQUEST;
    weir_time secs = (d->stack->env.now - d->began) / WEIR_S;
    uint8_t bytes[DHCP_SIZE_MAX];
    struct dhcp_request r = {
        .type = (uint8_t)type,
        .broadcast = d->config.broadcast && asks && !speaking,
        .asks = asks,
        .xid = d->xid,
        .secs = (uint16_t)min_u64(asks ? secs : 0, UINT16_MAX),
        .client_id = d->config.client_id,
        .client_id_size = d->config.client_id_size,
        .hostname = (const uint8_t *)d->config.hostname,
        .hostname_size = asks ? d->hostname_size : 0,
        .size_most = (uint16_t)min_u32(link->mtu, 1500),
    };
    size_t size;

    memcpy(r.mac, link->mac, 6);
    if (speaking) {
        memcpy(r.ip, d->lease.ip.bytes, 4);
    } else if (d->wanted.family) {
        r.requested = d->wanted.bytes;
    }
    if (type == DHCP_RELEASE) {
        r.server = d->lease.server.bytes;
    } else if (!speaking && d->server.family) {
        r.server = d->server.bytes;
    }
    size = dhcp_build(bytes, &r);
    send_to(d, unicast ? &d->lease.server : &everybody, speaking ? &d->lease.ip : &nobody, bytes,
            size);
}
