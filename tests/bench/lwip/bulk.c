/*
 * bulk.c - bench_bulk.c's measurement for lwIP, by its raw API: client and server in one process and one
 * thread, two interfaces, a link that copies each packet once into a buffer of the receiver, the
 * application's bytes copied in and out. Compiled against lwIP's source with lwipopts.h of this folder, and
 * against Debian's shared library with its options. Time is virtual, as there.
 *
 * usage: lwip_bulk [MEGABYTES]
 */
#include <lwip/init.h>
#include <lwip/ip4.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PORT 7
#define CHUNK (64u << 10) /* what suits lwIP; docs/performance.md */
#define QUEUE 4096u       /* packets on the way, a power of two */

static uint64_t now_us = 1000000;

#if NO_SYS
u32_t sys_now(void)
{
    return (u32_t)(now_us / 1000);
}
#define LINK_BUFFER PBUF_POOL
#else
#define LINK_BUFFER PBUF_RAM /* the library's pool buffers are smaller than it believes */
#endif

/* ---- The link ---- */

struct end {
    struct netif netif;
    struct end *peer;
    struct pbuf *queue[QUEUE]; /* what waits for this end */
    uint32_t head, tail;
    uint64_t packets; /* sent by this end */
};

static struct end ends[2];

static err_t link_output(struct netif *netif, struct pbuf *p, const ip4_addr_t *to)
{
    struct end *end = netif->state;
    struct end *peer = end->peer;
    (void)to;
    struct pbuf *copy = pbuf_alloc(PBUF_RAW, p->tot_len, LINK_BUFFER);
    if (!copy || peer->tail - peer->head == QUEUE) {
        if (copy)
            pbuf_free(copy);
        return ERR_MEM;
    }
    pbuf_copy(copy, p);
    peer->queue[peer->tail++ % QUEUE] = copy;
    end->packets++;
    return ERR_OK;
}

static err_t link_init(struct netif *netif)
{
    netif->name[0] = 'b';
    netif->name[1] = 'e';
    netif->mtu = (u16_t)(TCP_MSS + 40);
    netif->output = link_output;
    netif->flags |= NETIF_FLAG_LINK_UP;
    return ERR_OK;
}

/* At most as many packets as weir's node takes in a turn. */
static void deliver(struct end *end)
{
    for (int n = 0; n < 128 && end->head != end->tail; n++) {
        struct pbuf *p = end->queue[end->head++ % QUEUE];
        if (end->netif.input(p, &end->netif) != ERR_OK)
            pbuf_free(p);
    }
}

/* ---- The two applications ---- */

static struct tcp_pcb *client;
static bool connected;
static uint64_t received;
static uint8_t source[CHUNK], sink[CHUNK];

static err_t on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    (void)arg;
    (void)error;
    if (!p)
        return ERR_OK;
    received += pbuf_copy_partial(p, sink, p->tot_len, 0);
    tcp_recved(pcb, p->tot_len);
    pbuf_free(p);
    return ERR_OK;
}

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t error)
{
    (void)arg;
    if (!pcb)
        return error;
    tcp_recv(pcb, on_recv);
    return ERR_OK;
}

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t error)
{
    (void)arg;
    (void)pcb;
    connected = error == ERR_OK;
    return ERR_OK;
}

static void fill(void)
{
    while (connected && tcp_sndbuf(client) > 0 && tcp_sndqueuelen(client) + 50 < TCP_SND_QUEUELEN) {
        u32_t size = LWIP_MIN((u32_t)tcp_sndbuf(client), LWIP_MIN(CHUNK, 0xffffu));
        if (tcp_write(client, source, (u16_t)size, TCP_WRITE_FLAG_COPY) != ERR_OK)
            break;
    }
    if (connected)
        tcp_output(client);
}

static void round_once(void)
{
    deliver(&ends[0]);
    fill();
    deliver(&ends[1]);
    now_us += 20;
    sys_check_timeouts();
}

/* ---- Measuring ---- */

void bench_measured(uint64_t wanted);
__attribute__((noinline)) void bench_measured(uint64_t wanted)
{
    while (received < wanted)
        round_once();
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void pin(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)(sysconf(_SC_NPROCESSORS_ONLN) - 1), &set);
    sched_setaffinity(0, sizeof(set), &set);
}

static void set_up(void)
{
    ip4_addr_t address[2], mask, none;
    IP4_ADDR(&address[0], 10, 0, 1, 1);
    IP4_ADDR(&address[1], 10, 0, 2, 1);
    IP4_ADDR(&mask, 255, 255, 255, 0);
    IP4_ADDR(&none, 0, 0, 0, 0);
    lwip_init();
    for (int i = 0; i < 2; i++) {
        ends[i].peer = &ends[!i];
        netif_add(&ends[i].netif, &address[i], &mask, &none, &ends[i], link_init, ip_input);
        netif_set_up(&ends[i].netif);
        netif_set_link_up(&ends[i].netif);
    }
    struct tcp_pcb *server = tcp_new();
    tcp_bind_netif(server, &ends[1].netif);
    tcp_bind(server, IP_ADDR_ANY, PORT);
    server = tcp_listen(server);
    tcp_accept(server, on_accept);
    client = tcp_new();
    tcp_nagle_disable(client);
    tcp_bind_netif(client, &ends[0].netif);
    ip_addr_t to;
    ip_addr_copy_from_ip4(to, address[1]);
    tcp_connect(client, &to, PORT, on_connected);
}

int main(int argc, char **argv)
{
    uint64_t bytes = (argc > 1 ? strtoull(argv[1], NULL, 10) : 4000) * 1000000;
    pin();
    memset(source, 0x5a, sizeof(source));
    set_up();
    while (received < bytes / 16 + (4u << 20)) /* warm: the window open, caches and pools filled */
        round_once();
    received = 0;
    uint64_t data = ends[0].packets, acks = ends[1].packets;
    double start = cpu_seconds();
    bench_measured(bytes);
    double seconds = cpu_seconds() - start;
    printf("gbit_per_s %.6g Gbit/s\n", (double)received * 8 / seconds / 1e9);
    printf("seconds %.6g s\n", seconds);
    printf("data_frames %.6g frames\n", (double)(ends[0].packets - data));
    printf("ack_frames %.6g frames\n", (double)(ends[1].packets - acks));
    return 0;
}
