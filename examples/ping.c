/*
 * ping.c - the smallest program that uses raw.h: echo requests from an address of its own on a TUN interface.
 *
 *     ip tuntap add dev tun0 mode tun && ip addr add 10.0.0.1/24 dev tun0 && ip link set tun0 up
 *     ping tun0 10.0.0.2/24 10.0.0.1 5
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/host.h>
#include <weir/raw.h>

#define INTERVAL (100 * WEIR_MS)
#define PATIENCE (3 * WEIR_S) /* for the last replies */

struct ping {
    struct weir_host *host;
    struct weir_endpoint to;
    weir_handle handle;
    uint32_t count, sent, received;
    weir_time next;
};

static void on_event(void *ctx, struct weir_stack *stack, const struct weir_event *event,
                     weir_time now)
{
    struct ping *p = ctx;
    struct weir_udp_meta meta;
    uint8_t reply[64];
    weir_time sent_at;
    int64_t size;

    if (event->bits & WEIR_EVENT_ERROR)
        printf("error: %s\n", weir_strerror(event->error));
    while ((size = weir_udp_recv_from(stack, p->handle, reply, sizeof(reply), &meta)) >= 0) {
        if ((size_t)size != 8 + sizeof(sent_at))
            continue;
        memcpy(&sent_at, reply + 8, sizeof(sent_at));
        printf("%d bytes: seq=%d ttl=%d time=%.3f ms\n", (int)size, reply[6] << 8 | reply[7],
               meta.ttl, (double)(now - sent_at) / 1e6);
        p->received++;
    }
}

static weir_time run(void *ctx, struct weir_stack *stack, weir_time now)
{
    struct ping *p = ctx;
    uint8_t request[8 + sizeof(now)] = {p->to.ip.family == 4 ? 8 : 128};

    if (p->received >= p->count || (p->sent == p->count && now >= p->next + PATIENCE)) {
        weir_host_stop(p->host);
        return WEIR_NEVER;
    }
    if (p->sent < p->count && now >= p->next) {
        request[7] = (uint8_t)++p->sent;
        memcpy(request + 8, &now, sizeof(now)); /* it comes back as it is */
        (void)weir_udp_send_to(stack, p->handle, request, sizeof(request), &p->to, NULL);
        p->next = now + INTERVAL;
    }
    return p->sent < p->count ? p->next : p->next + PATIENCE;
}

int main(int argc, char **argv)
{
    struct ping p = {.count = argc == 5 ? (uint32_t)strtoul(argv[4], NULL, 10) : 0};
    struct weir_host_app app = {.ctx = &p, .event = on_event, .run = run};
    struct weir_tuntap_config tun = {.name = argc == 5 ? argv[1] : "", .offload = true};
    struct weir_device *device;
    char why[256];
    int error;

    if (argc != 5 || p.count == 0 || p.count > 255 || weir_ip_parse(argv[3], &p.to.ip) < 0)
        return fprintf(stderr, "usage: ping TUN-INTERFACE ADDRESS/PREFIX DESTINATION COUNT\n"), 64;
    if (weir_tuntap_new(&device, &tun, why, sizeof(why)) < 0)
        return fprintf(stderr, "ping: %s\n", why), 69;
    if (weir_host_new(&p.host, NULL, &app) < 0)
        return fprintf(stderr, "ping: no memory, or no entropy\n"), 71;
    error = weir_host_attach(p.host, device, NULL);
    if (error >= 0)
        error = weir_host_address(p.host, (uint32_t)error, argv[2], NULL);
    if (error >= 0)
        error = weir_ping_open(weir_host_stack(p.host), p.to.ip.family, 0, &p.handle);
    if (error >= 0)
        error = weir_host_run(p.host);
    weir_host_del(p.host);
    if (error < 0)
        return fprintf(stderr, "ping: %s\n", weir_strerror(error)), 71;
    printf("%u sent, %u received\n", (unsigned)p.sent, (unsigned)p.received);
    return p.received == p.count ? 0 : 1;
}
