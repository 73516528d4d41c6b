/*
 * bench_goodput.c - weir as a sender that always has data, for goodput.py: connects through a TUN interface, sends for
 * some seconds, says what it was like, and ends with a RST.
 *
 * usage: bench_goodput INTERFACE ADDRESS/PREFIX GATEWAY PEER PORT CONGESTION BUFFER SECONDS [TRACE]
 *
 * BUFFER is the most bytes of the send buffer. TRACE is a file for the course of cwnd, one change in a line.
 */
#include "kit.h"

#include "host/config.h"
#include "host/loop.h"
#include <weir/trace.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK (64u << 10)

struct bench {
    struct loop *loop;
    struct weir_stack *stack;
    weir_handle conn;
    weir_time duration;
    bool over;
    FILE *trace;
    weir_time began;
    uint8_t data[CHUNK];
};

static void on_time(void *ctx, weir_time now)
{
    struct bench *b = ctx;
    (void)now;
    b->over = true;
    loop_stop(b->loop);
}

static void on_event(void *ctx, struct weir_stack *stack, const struct weir_event *event,
                     weir_time now)
{
    struct bench *b = ctx;
    (void)stack;
    if (event->bits & WEIR_EVENT_CONNECTED) {
        b->began = now;
        loop_at(b->loop, now + b->duration, on_time, b);
    }
    if (event->bits & WEIR_EVENT_CLOSED && !b->over)
        kit_die("the connection", event->error);
}

static weir_time on_run(void *ctx, struct weir_stack *stack, weir_time now)
{
    struct bench *b = ctx;
    (void)now;
    while (!b->over && b->began && weir_tcp_send(stack, b->conn, b->data, CHUNK) > 0) {
        ;
    }
    return WEIR_NEVER;
}

static void on_record(void *ctx, const struct weir_record *r)
{
    struct bench *b = ctx;
    double at = b->began ? (double)(r->time - b->began) / 1e9 : 0;
    if (r->type == WEIR_RECORD_CWND)
        fprintf(b->trace, "%.6f cwnd %u ssthresh %u in flight %u %s\n", at, r->u.cwnd.cwnd,
                r->u.cwnd.ssthresh, r->u.cwnd.inflight,
                weir_reason_name((enum weir_reason)r->u.cwnd.reason));
    else if (r->type == WEIR_RECORD_TIMER)
        fprintf(b->trace, "%.6f timer %s %u\n", at,
                weir_timer_name((enum weir_timer)r->u.timer.timer), r->u.timer.count);
    else if (r->type == WEIR_RECORD_LOST)
        fprintf(b->trace, "%.6f lost %u of %u %s\n", at, r->u.range.length, r->u.range.seq,
                weir_reason_name((enum weir_reason)r->u.range.reason));
}

static void set_up(struct bench *b, char **argv)
{
    char why[200] = "";
    struct node_app app = {.ctx = b, .event = on_event, .run = on_run};
    struct weir_tuntap_config tun = {.name = argv[1], .offload = true};
    struct weir_config config;
    struct weir_device *device = NULL;
    host_config(&config);
    if (b->trace) {
        config.trace = on_record;
        config.trace_ctx = b;
    }
    if (loop_new(&b->loop))
        kit_die("making a loop", WEIR_ENOBUFS);
    struct node *node = loop_add(b->loop, &config, &app);
    if (!node || weir_tuntap_new(&device, &tun, why, sizeof(why)))
        kit_die(why, WEIR_ENOENT);
    int link = node_attach(node, device, NULL);
    int error = link < 0 ? link : node_address(node, (uint32_t)link, argv[2], argv[3]);
    if (error)
        kit_die("the interface", error);
    b->stack = node_stack(node);
}

static void connect_to(struct bench *b, char **argv)
{
    struct weir_connect_config config;
    struct weir_tcp_options options;
    int congestion = weir_congestion_find(argv[6], strlen(argv[6]));
    weir_connect_config_default(&config);
    weir_tcp_options_default(&options);
    if (congestion < 0)
        kit_die("the congestion control", congestion);
    options.congestion = (uint8_t)congestion;
    options.send_buffer = (uint32_t)strtoul(argv[7], NULL, 10);
    options.ecn = WEIR_ECN_OFF;
    config.options = &options;
    config.remote.port = (uint16_t)strtoul(argv[5], NULL, 10);
    int error = weir_ip_parse(argv[4], &config.remote.ip);
    error = error ? error : weir_tcp_connect(b->stack, &config, &b->conn);
    if (error)
        kit_die("connecting", error);
}

static void report(struct bench *b)
{
    struct weir_tcp_info i = {.size = sizeof(i)};
    weir_tcp_info(b->stack, b->conn, &i);
    printf(
        "{\"sent\": %llu, \"retransmitted\": %llu, \"rto\": %u, \"recoveries\": %u, \"undo\": %u, "
        "\"probes\": %u, \"lost_again\": %u, \"reordering\": %u, \"srtt\": %.6f, \"min_rtt\": %.6f, "
        "\"cwnd\": %u, \"limited\": {",
        (unsigned long long)i.bytes_sent, (unsigned long long)i.bytes_retransmitted, i.rto_count,
        i.fast_retransmit_count, i.undo_count, i.tail_probe_count, i.lost_retransmission_count,
        i.reordering_count, (double)i.srtt / 1e9, (double)i.min_rtt / 1e9, i.cwnd_bytes);
    for (int l = 0; l < WEIR_LIMIT_COUNT; l++)
        printf("%s\"%s\": %.3f", l ? ", " : "", weir_limit_name((enum weir_limit)l),
               (double)i.limited[l] / 1e9);
    printf("}, \"cpu\": %.3f}\n", kit_cpu_seconds());
}

int main(int argc, char **argv)
{
    static struct bench b;
    if (argc < 9) {
        fprintf(stderr, "usage: bench_goodput INTERFACE ADDRESS/PREFIX GATEWAY PEER PORT "
                        "CONGESTION BUFFER SECONDS [TRACE]\n");
        return 64;
    }
    b.duration = (weir_time)(strtod(argv[8], NULL) * 1e9);
    if (argc > 9 && !(b.trace = fopen(argv[9], "we")))
        kit_die(argv[9], 0);
    set_up(&b, argv);
    connect_to(&b, argv);
    int error = loop_run(b.loop);
    if (error)
        kit_die("running", error);
    report(&b);
    weir_tcp_abort(b.stack, b.conn);
    loop_turn(b.loop, 0);
    loop_del(b.loop);
    return 0;
}
