/*
 * bench_tun.c - weir as the source or the sink of a bulk transfer over a TUN interface with offloads. The
 * interface exists already and has the kernel's address; bench_kernel is at the other end.
 *
 * usage: bench_tun source|sink INTERFACE ADDRESS/PREFIX PEER PORT MEGABYTES
 */
#include "kit.h"

#include "host/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK (128u << 10)

struct bench {
    struct loop *loop;
    weir_handle conn;
    bool source, closed;
    uint64_t bytes, wanted;
    uint8_t data[CHUNK];
};

static void send_more(struct bench *b, struct weir_stack *stack)
{
    int64_t sent = 1;
    while (b->bytes < b->wanted && sent > 0) {
        uint64_t left = b->wanted - b->bytes;
        sent = weir_tcp_send(stack, b->conn, b->data, left < CHUNK ? left : CHUNK);
        b->bytes += sent > 0 ? (uint64_t)sent : 0;
    }
    if (b->bytes == b->wanted && !b->closed) {
        b->closed = true;
        weir_tcp_shutdown(stack, b->conn);
    }
}

static void receive_more(struct bench *b, struct weir_stack *stack)
{
    int64_t got;
    while ((got = weir_tcp_recv(stack, b->conn, b->data, CHUNK)) > 0)
        b->bytes += (uint64_t)got;
    if (got == 0 && !b->closed) {
        b->closed = true;
        weir_tcp_shutdown(stack, b->conn);
    }
}

static void on_event(void *ctx, struct weir_stack *stack, const struct weir_event *event,
                     weir_time now)
{
    struct bench *b = ctx;
    (void)now;
    if (event->bits & WEIR_EVENT_ACCEPT)
        weir_tcp_accept(stack, event->handle, &b->conn);
    if (event->bits & WEIR_EVENT_CLOSED) {
        if (event->error)
            kit_die("the connection", event->error);
        loop_stop(b->loop);
    }
}

static weir_time on_run(void *ctx, struct weir_stack *stack, weir_time now)
{
    struct bench *b = ctx;
    (void)now;
    if (b->conn && b->source)
        send_more(b, stack);
    else if (b->conn)
        receive_more(b, stack);
    return WEIR_NEVER;
}

static struct weir_stack *set_up(struct bench *b, char **argv)
{
    char why[200] = "";
    struct node_app app = {.ctx = b, .event = on_event, .run = on_run};
    struct weir_tuntap_config tun = {.name = argv[2], .offload = true};
    struct weir_device *device = NULL;
    if (loop_new(&b->loop))
        kit_die("making a loop", WEIR_ENOBUFS);
    struct node *node = loop_add(b->loop, NULL, &app);
    if (!node || weir_tuntap_new(&device, &tun, why, sizeof(why)))
        kit_die(why, WEIR_ENOENT);
    int link = node_attach(node, device, NULL);
    int error = link < 0 ? link : node_address(node, (uint32_t)link, argv[3], NULL);
    if (error)
        kit_die("the interface", error);
    return node_stack(node);
}

int main(int argc, char **argv)
{
    static struct bench b;
    struct weir_listen_config listen;
    struct weir_connect_config connect;
    weir_handle listener;
    int error;
    if (argc != 7) {
        fprintf(stderr,
                "usage: bench_tun source|sink INTERFACE ADDRESS/PREFIX PEER PORT MEGABYTES\n");
        return 64;
    }
    b.source = strcmp(argv[1], "source") == 0;
    b.wanted = strtoull(argv[6], NULL, 10) * 1000000;
    struct weir_stack *stack = set_up(&b, argv);
    weir_listen_config_default(&listen);
    weir_connect_config_default(&connect);
    listen.local.port = connect.remote.port = (uint16_t)strtoul(argv[5], NULL, 10);
    if (b.source) {
        error = weir_ip_parse(argv[4], &connect.remote.ip);
        error = error ? error : weir_tcp_connect(stack, &connect, &b.conn);
    } else {
        error = weir_tcp_listen(stack, &listen, &listener);
    }
    error = error ? error : loop_run(b.loop);
    if (error)
        kit_die("running", error);
    kit_usage(b.bytes);
    loop_del(b.loop);
    return b.bytes == b.wanted ? 0 : 1;
}
