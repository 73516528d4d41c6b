/*
 * echo.c - the smallest program around libweir: a TCP server that sends back what it gets.
 *
 *     ip tuntap add dev tun0 mode tun && ip addr add 10.0.0.1/24 dev tun0 && ip link set tun0 up
 *     echo tun0 10.0.0.2/24 &
 *     nc 10.0.0.2 7
 */
#include <stdio.h>
#include <weir/host.h>

/* What has arrived is sent from where it lies; what the send buffer does not take stays until it does, which
 * closes the receive window and so holds the sender back. */
static void echo(struct weir_stack *stack, weir_handle conn)
{
    struct weir_slice slice;
    int n;

    while ((n = weir_tcp_peek(stack, conn, &slice, 1)) > 0) {
        int64_t sent = weir_tcp_send(stack, conn, slice.data, slice.size);
        if (sent <= 0)
            return;
        weir_tcp_consume(stack, conn, (size_t)sent);
    }
    if (n == 0) /* the peer has closed its direction, and all of it was read */
        weir_tcp_shutdown(stack, conn);
}

static void on_event(void *ctx, struct weir_stack *stack, const struct weir_event *event,
                     weir_time now)
{
    weir_handle conn;
    (void)ctx;
    (void)now;

    if (event->bits & WEIR_EVENT_ACCEPT) {
        while (weir_tcp_accept(stack, event->handle, &conn) == WEIR_OK)
            echo(stack, conn);
        return;
    }
    echo(stack, event->handle);
    if (event->bits & WEIR_EVENT_CLOSED)
        weir_tcp_close(stack, event->handle);
}

int main(int argc, char **argv)
{
    struct weir_host_app app = {.event = on_event};
    struct weir_tuntap_config tun = {.name = argc == 3 ? argv[1] : "", .offload = true};
    struct weir_listen_config listen;
    struct weir_device *device;
    struct weir_host *host;
    weir_handle listener;
    char why[256];

    if (argc != 3)
        return fprintf(stderr, "usage: echo TUN-INTERFACE ADDRESS/PREFIX\n"), 64;
    if (weir_tuntap_new(&device, &tun, why, sizeof(why)) < 0)
        return fprintf(stderr, "echo: %s\n", why), 69;
    if (weir_host_new(&host, NULL, &app) < 0)
        return fprintf(stderr, "echo: no memory, or no entropy\n"), 71;

    weir_listen_config_default(&listen);
    listen.local.port = 7;
    int error = weir_host_attach(host, device, NULL);
    if (error >= 0)
        error = weir_host_address(host, (uint32_t)error, argv[2], NULL);
    if (error >= 0)
        error = weir_tcp_listen(weir_host_stack(host), &listen, &listener);
    if (error >= 0)
        error = weir_host_run(host);
    fprintf(stderr, "echo: %s\n", weir_strerror(error));
    weir_host_del(host);
    return 71;
}
