/*
 * fast_open.c - TCP Fast Open (RFC 7413) with weir's sockets: an echo server that takes data in SYNs, and a client
 * whose requests are in them once it has a cookie. Each connection's line says whether the SYN's data was used.
 *
 *     ip tuntap add dev tun0 mode tun && ip addr add 10.0.0.1/24 dev tun0 && ip link set tun0 up
 *     sysctl net.ipv4.tcp_fastopen=3                                    Linux's sockets take part
 *     fast_open tun0 10.0.0.2/24 listen 7
 *     fast_open tun0 10.0.0.2/24 connect 10.0.0.1 7 3                   three connections, one after the other
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/host.h>
#include <weir/socket.h>

#define REQUEST 1000 /* bytes: less than a SYN holds */
#define QUEUE 16     /* connections whose handshake is not yet complete */

struct program {
    struct weir_host *host;
    struct weir_sock_space *space;
    struct weir_sock *listener;
    /* the client's */
    struct weir_endpoint server;
    unsigned wanted, begun; /* connections */
    struct weir_sock *sock; /* the present one */
    size_t in_syn, sent, received;
    char request[REQUEST];
    int code;
};

static int complain(int code, const char *what, const char *where)
{
    fprintf(stderr, "fast_open: %s: %s\n", what, where);
    return code;
}

static const char *used(struct weir_sock *s)
{
    struct weir_sock_tcp_info info;
    uint32_t size = sizeof(info);

    weir_sock_getsockopt(s, WEIR_SOL_TCP, WEIR_TCP_INFO, &info, &size);
    return info.options & 32 ? "used" : "not used";
}

/* ---- Server ------------------------------------------------------------------------------------------ */

/* Requests are small: what the send buffer does not take at once is an error here. */
static void echo(struct program *p, struct weir_sock *s)
{
    char bytes[4096];
    int64_t n, sent = 0;

    while ((n = weir_sock_recv(s, bytes, sizeof(bytes), 0)) > 0 && sent >= 0)
        sent = weir_sock_send(s, bytes, (size_t)n, 0) == n ? sent + n : -1;
    if (sent < 0)
        complain(1, "an answer was too long", "echo");
    if (n != -WEIR_SOCK_EAGAIN)
        weir_sock_close(s, weir_host_now(p->host));
}

static void accept_all(struct program *p)
{
    struct weir_endpoint from;
    char text[WEIR_IP_TEXT_MAX];
    struct weir_sock *s;

    while (weir_sock_accept(p->listener, &s, &from) == 0) {
        weir_ip_format(&from.ip, text, sizeof(text));
        printf("from %s: data in the SYN: %s\n", text, used(s));
        fflush(stdout);
        echo(p, s);
    }
}

/* ---- Client ------------------------------------------------------------------------------------------ */

static void stop(struct program *p, int code)
{
    p->code = code;
    weir_host_stop(p->host);
}

/* connect and send in one call: without a cookie the bytes wait for the handshake. */
static void begin(struct program *p)
{
    int domain = p->server.ip.family == 6 ? WEIR_AF_INET6 : WEIR_AF_INET;
    int64_t n = weir_sock_socket(p->space, domain, WEIR_SOCK_STREAM, 0, &p->sock);

    if (n == 0)
        n = weir_sock_sendto(p->sock, p->request, REQUEST, WEIR_MSG_FASTOPEN, &p->server);
    if (n < 0 && n != -WEIR_SOCK_EINPROGRESS) {
        stop(p, complain(1, "cannot connect", weir_sock_error_name((int)n)));
        return;
    }
    p->begun++;
    p->in_syn = p->sent = n > 0 ? (size_t)n : 0;
    p->received = 0;
}

static void end(struct program *p)
{
    printf("connection %u: %zu bytes in the SYN: %s; %zu bytes came back\n", p->begun, p->in_syn,
           used(p->sock), p->received);
    weir_sock_close(p->sock, weir_host_now(p->host));
    p->sock = NULL;
    if (p->received != REQUEST)
        stop(p, complain(1, "the answer is not the request", "echo"));
    else if (p->begun == p->wanted)
        stop(p, 0);
    else
        begin(p);
}

static void go_on(struct program *p)
{
    char bytes[REQUEST];
    int64_t n = 0;

    if (p->sent < REQUEST && (weir_sock_poll(p->sock) & WEIR_POLLOUT)) {
        n = weir_sock_send(p->sock, p->request + p->sent, REQUEST - p->sent, 0);
        p->sent += n > 0 ? (size_t)n : 0;
    }
    if (p->sent == REQUEST && (weir_sock_poll(p->sock) & WEIR_POLLOUT))
        weir_sock_shutdown(p->sock, WEIR_SHUT_WR);
    while ((n = weir_sock_recv(p->sock, bytes, REQUEST - p->received, 0)) > 0) {
        if (memcmp(bytes, p->request + p->received, (size_t)n) != 0)
            stop(p, complain(1, "the answer is not the request", "echo"));
        p->received += (size_t)n;
        if (p->received == REQUEST)
            break;
    }
    if (p->received == REQUEST || n == 0)
        end(p);
    else if (n != -WEIR_SOCK_EAGAIN)
        stop(p, complain(1, "the connection failed", weir_sock_error_name((int)n)));
}

/* ---- Both -------------------------------------------------------------------------------------------- */

static void on_event(void *ctx, struct weir_stack *stack, const struct weir_event *event,
                     weir_time now)
{
    struct program *p = ctx;
    (void)stack;
    (void)now;

    weir_sock_event(p->space, event);
}

static weir_time on_run(void *ctx, struct weir_stack *stack, weir_time now)
{
    struct program *p = ctx;
    struct weir_sock *s;
    (void)stack;
    (void)now;

    if (!p->listener && p->begun == 0)
        begin(p);
    while ((s = weir_sock_changed(p->space)) != NULL) {
        if (s == p->listener)
            accept_all(p);
        else if (p->listener)
            echo(p, s);
        else if (s == p->sock)
            go_on(p);
    }
    return WEIR_NEVER;
}

static int listen_at(struct program *p, const char *port)
{
    struct weir_endpoint any = {.ip.family = 6, .port = (uint16_t)strtoul(port, NULL, 10)};
    int32_t queue = QUEUE;
    int error = weir_sock_socket(p->space, WEIR_AF_INET6, WEIR_SOCK_STREAM, 0, &p->listener);

    if (error == 0)
        error = weir_sock_setsockopt(p->listener, WEIR_SOL_TCP, WEIR_TCP_FASTOPEN, &queue,
                                     sizeof(queue));
    if (error == 0)
        error = weir_sock_bind(p->listener, &any);
    if (error == 0)
        error = weir_sock_listen(p->listener, QUEUE);
    if (error == 0)
        fprintf(stderr, "listening at port %s\n", port);
    return error == 0 ? 0 : complain(71, "cannot listen", weir_sock_error_name(error));
}

/* "10.0.0.2/24" or several with commas between them. */
static int open_device(struct program *p, const char *name, char *addresses)
{
    struct weir_tuntap_config config = {.name = name, .offload = true};
    struct weir_device *device;
    char why[256], *rest;

    if (weir_tuntap_new(&device, &config, why, sizeof(why)) < 0)
        return complain(69, why, name);
    int link = weir_host_attach(p->host, device, NULL);
    if (link < 0)
        return complain(71, weir_strerror(link), name);
    for (char *one = strtok_r(addresses, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
        int error = weir_host_address(p->host, (uint32_t)link, one, NULL);
        if (error < 0)
            return complain(64, weir_strerror(error), one);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct program p = {.code = 71};
    struct weir_host_app app = {.ctx = &p, .event = on_event, .run = on_run};
    struct weir_sock_config config;
    bool server = argc == 5 && strcmp(argv[3], "listen") == 0;
    bool client = argc == 7 && strcmp(argv[3], "connect") == 0 &&
                  weir_ip_parse(argv[4], &p.server.ip) == WEIR_OK;

    if (!server && !client)
        return complain(64, "usage",
                        "fast_open TUN ADDRESS/PREFIX[,...] listen PORT | connect HOST PORT COUNT");
    weir_sock_config_default(&config);
    config.fastopen = WEIR_SOCK_FASTOPEN_CLIENT | WEIR_SOCK_FASTOPEN_SERVER;
    if (weir_host_new(&p.host, NULL, &app) < 0 ||
        weir_sock_space_new(&p.space, weir_host_stack(p.host), &config, weir_host_allocator()) < 0)
        return complain(71, "no memory, or no entropy", "weir");
    for (size_t i = 0; i < REQUEST; i++)
        p.request[i] = (char)('!' + i % 94);
    int code = open_device(&p, argv[1], argv[2]);
    if (code == 0 && server)
        code = listen_at(&p, argv[4]);
    if (code == 0 && client) {
        p.server.port = (uint16_t)strtoul(argv[5], NULL, 10);
        p.wanted = (unsigned)strtoul(argv[6], NULL, 10);
    }
    if (code == 0)
        code = weir_host_run(p.host) == WEIR_OK ? p.code : 71;
    weir_sock_space_del(p.space);
    weir_host_del(p.host);
    return code;
}
