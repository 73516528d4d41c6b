/*
 * run_expect.c - packets that the script expects.
 *
 * The next packet of the connection must be the expected one. A line with more bytes than a segment has
 * stands for as many segments as it takes: they are put together first, with the header of the last.
 */
#include "drill/run_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

#define PATIENCE (2 * WEIR_S)        /* a packet may be so late before we stop to look for it */
#define PATIENCE_ANY (3600 * WEIR_S) /* a packet for which any time is right */

struct live { /* one packet, or several put together */
    weir_time time;
    uint8_t tos, ttl;
    uint32_t flow_label;
    struct tcp_segment tcp; /* with the script's numbers */
    const uint8_t *options;
    bool checksum_good, payload_good, signature_good;
    char problem[64]; /* room for a message about the IP header */
};

/* ---- Packets of the stack -------------------------------------------------------------------------------- */

static bool parse(const struct run_packet *packet, struct live *live, struct ip_addr *dst)
{
    const uint8_t *p = packet->bytes;
    struct ip_addr src;
    size_t at, end = packet->size;

    *live = (struct live){.time = packet->time};
    if (p[0] >> 4 == 4) {
        struct ip4_header h;

        if (ip4_parse(p, packet->size, false, &h) != WEIR_DROP_NONE ||
            h.protocol != IP_PROTOCOL_TCP) {
            return false;
        }
        at = h.header_size;
        end = h.total_size;
        live->tos = h.tos;
        live->ttl = h.ttl;
        src = ip_addr_from_v4(h.src);
        *dst = ip_addr_from_v4(h.dst);
    } else {
        struct ip6_header h;

        if (ip6_parse(p, packet->size, &h) != WEIR_DROP_NONE || h.protocol != IP_PROTOCOL_TCP) {
            return false;
        }
        at = h.upper_offset;
        end = IP6_HEADER_SIZE + (size_t)h.payload_size;
        live->tos = h.tos;
        live->ttl = h.hop_limit;
        live->flow_label = h.flow_label;
        src = ip_addr_from_v6(h.src);
        *dst = ip_addr_from_v6(h.dst);
    }
    if (tcp_parse(p + at, end - at, &live->tcp) != WEIR_DROP_NONE) {
        return false;
    }
    live->options = p + at + TCP_HEADER_SIZE;
    live->checksum_good = tcp_checksum_ok(NULL, p + at, end - at, &src, dst);
    return true;
}

/* Is it this connection's? A connection that connects learns its port from the SYN. */
static bool belongs(const struct run_conn *conn, const struct live *live)
{
    if (live->tcp.dst_port != conn->remote_port) {
        return false;
    }
    if (conn->state == CONN_SYN_SENT && conn->local_port == 0) {
        return (live->tcp.flags & (WEIR_TCP_SYN | WEIR_TCP_ACK)) == WEIR_TCP_SYN;
    }
    return conn->local_port == 0 || live->tcp.src_port == conn->local_port;
}

static void unlink_first(struct run *run)
{
    run->packet_head = run->packet_head->next;
    run->packet_tail = run->packet_head ? run->packet_tail : &run->packet_head;
}

/* The first packet in the queue that is this connection's; those of others go. */
struct run_packet *run_packet_for(struct run *run, const struct run_conn *conn)
{
    while (run->packet_head) {
        struct run_packet *packet = run->packet_head;
        struct ip_addr dst;
        struct live live;

        if (parse(packet, &live, &dst) && ip_addr_equal(&dst, &run->remote) &&
            belongs(conn, &live)) {
            return packet;
        }
        unlink_first(run);
        free(packet);
    }
    return NULL;
}

static struct run_packet *wait_packet(struct run *run, const struct run_conn *conn)
{
    weir_time limit = run->time.kind == DRILL_TIME_ANY
                          ? run->now + PATIENCE_ANY
                          : max_u64(RUN_BEGIN + run->time.end_ns, run->now) + PATIENCE;
    struct run_packet *packet;

    while ((packet = run_packet_for(run, conn)) == NULL && run_step(run, limit)) {}
    return packet;
}

/* ---- The script's numbers -------------------------------------------------------------------------------- */

static void learn(struct run_conn *conn, const struct live *live, const struct drill_packet *packet)
{
    bool syn_ack = (packet->tcp.flags & (DRILL_SYN | DRILL_ACK)) == (DRILL_SYN | DRILL_ACK);

    if (conn->state == CONN_SYN_RECEIVED && syn_ack && !conn->isn_known) {
        conn->isn_known = true; /* what a listener sent before (RST) had none */
        conn->script_isn = packet->tcp.seq.start;
        conn->live_isn = live->tcp.seq;
    }
    if (conn->state == CONN_SYN_SENT && conn->local_port == 0) {
        conn->local_port = live->tcp.src_port;
        conn->live_isn = live->tcp.seq;
    }
}

static void shift_sack(uint8_t *options, size_t size, uint32_t by)
{
    struct tcp_option_iterator it;
    const uint8_t *data;
    uint8_t kind, length;

    tcp_option_begin(&it, options, size);
    while (tcp_option_next(&it, &kind, &data, &length)) {
        for (size_t i = 0; kind == TCP_OPTION_SACK && i + 4 <= length; i += 4) {
            store_be32(options + (data - options) + i, load_be32(data + i) + by);
        }
    }
}

static void to_script(const struct run_conn *conn, struct live *live, struct run_packet *packet)
{
    bool syn = live->tcp.flags & WEIR_TCP_SYN;

    live->tcp.seq -= syn ? conn->live_isn - conn->script_isn : conn->live_isn;
    live->tcp.ack -= syn || !(live->tcp.flags & WEIR_TCP_ACK) ? 0 : conn->remote_isn;
    if (!syn) {
        shift_sack(packet->bytes + (live->options - packet->bytes),
                   live->tcp.header_size - TCP_HEADER_SIZE, 0u - conn->remote_isn);
    }
}

/* `seq`: of the wire. */
static bool payload_right(const struct run_conn *conn, const struct live *live, uint32_t seq)
{
    uint32_t at = seq - conn->live_isn - (live->tcp.flags & WEIR_TCP_SYN ? 0 : 1);

    for (uint32_t i = 0; i < live->tcp.payload_size; i++) {
        if (live->tcp.payload[i] != run_pattern(at + i)) {
            return false;
        }
    }
    return true;
}

/* Before to_script: it covers the wire's numbers. Right, too, where the script says its bytes, or nothing. */
static bool signature_right(const struct run *run, const struct run_conn *conn,
                            const struct drill_packet *packet, const struct live *live)
{
    struct run_signed s = {.tcp = live->options - TCP_HEADER_SIZE,
                           .header_size = live->tcp.header_size,
                           .payload_size = live->tcp.payload_size,
                           .src = &run->local,
                           .dst = &run->remote,
                           .src_isn = conn->live_isn,
                           .dst_isn = conn->remote_isn,
                           .first =
                               (live->tcp.flags & (WEIR_TCP_SYN | WEIR_TCP_ACK)) == WEIR_TCP_SYN};

    return !run->options->mac || !run_auth_option(&packet->tcp) || run_auth_good(run, &s);
}

/* ---- As text --------------------------------------------------------------------------------------------- */

static void shown_live(const struct live *live, const struct drill_packet *packet,
                       struct run_shown *s)
{
    uint16_t f = live->tcp.flags;

    *s = (struct run_shown){.seq = live->tcp.seq,
                            .length = live->tcp.payload_size,
                            .ack = live->tcp.ack,
                            .flags = f,
                            .window = live->tcp.window,
                            .urgent = live->tcp.urgent,
                            .ace = -1};
    if (packet && packet->tcp.ace >= 0) {
        s->ace =
            (f & WEIR_TCP_AE ? 4 : 0) | (f & WEIR_TCP_CWR ? 2 : 0) | (f & WEIR_TCP_ECE ? 1 : 0);
    }
    s->option_count =
        run_options_wire(live->options, live->tcp.header_size - TCP_HEADER_SIZE, s->options);
}

char *run_show_live(const struct run_conn *conn, const struct run_packet *packet,
                    char out[RUN_SHOWN_MAX])
{
    struct run_packet *copy = malloc(sizeof(*copy) + packet->size);
    struct run_shown shown;
    struct ip_addr dst;
    struct live live;

    out[0] = '\0';
    if (copy) {
        memcpy(copy, packet, sizeof(*copy) + packet->size);
        if (parse(copy, &live, &dst)) {
            to_script(conn, &live, copy);
            shown_live(&live, NULL, &shown);
            run_show(&shown, out);
        }
    }
    free(copy);
    return out;
}

static bool mismatch(struct run *run, const struct drill_packet *packet, const struct live *live,
                     const char *what)
{
    char expected[RUN_SHOWN_MAX], actual[RUN_SHOWN_MAX];
    double at = (double)(live->time - RUN_BEGIN) / (double)WEIR_S;
    struct run_shown shown;

    shown_live(live, packet, &shown);
    return run_fail(run, run->event->pos, "%s\n  expected: %.6f > %s\n  actual:   %.6f > %s", what,
                    run->time.kind == DRILL_TIME_ANY ? at
                                                     : (double)run->time.start_ns / (double)WEIR_S,
                    run_show_script(run, packet, expected), at, run_show(&shown, actual));
}

/* ---- Comparing ------------------------------------------------------------------------------------------- */

static const char *compare_ip(const struct drill_ip *ip, struct live *live)
{
    unsigned tos = live->tos & ip->tos_mask;

    if (ip->any_ect && (live->tos & 3) != 1 && (live->tos & 3) != 2) {
        return "the ECN field is not ECT";
    }
    if (tos != ip->tos) {
        snprintf(live->problem, sizeof(live->problem), "the %s is 0x%x, not 0x%x",
                 ip->tos_mask == 3 ? "ECN field" : "traffic class", tos, ip->tos);
        return live->problem;
    }
    if (ip->ttl_said && ip->ttl != live->ttl) {
        snprintf(live->problem, sizeof(live->problem), "the TTL is %u, not %u", live->ttl, ip->ttl);
        return live->problem;
    }
    return NULL;
}

static const char *compare_flags(const struct drill_tcp *tcp, const struct live *live)
{
    uint16_t ecn = WEIR_TCP_AE | WEIR_TCP_CWR | WEIR_TCP_ECE, mask = 0x1ff, f = live->tcp.flags;
    int ace = (f & WEIR_TCP_AE ? 4 : 0) | (f & WEIR_TCP_CWR ? 2 : 0) | (f & WEIR_TCP_ECE ? 1 : 0);

    if (tcp->ace >= 0) {
        mask = (uint16_t)(mask & ~ecn);
        if (ace != tcp->ace) {
            return "the ACE field is wrong";
        }
    }
    return (f & mask) != (tcp->flags & mask) ? "the flags are wrong" : NULL;
}

static const char *compare_header(const struct run_conn *conn, const struct drill_tcp *tcp,
                                  const struct live *live)
{
    const char *what = compare_flags(tcp, live);
    uint32_t seq = tcp->seq.start - (tcp->seq.absolute ? conn->script_isn : 0);

    if (what) {
        return what;
    }
    if (!tcp->seq.any && seq != live->tcp.seq) {
        return "the sequence number is wrong";
    }
    if (live->tcp.payload_size != tcp->seq.length) {
        return "the length is wrong";
    }
    if (tcp->ack_said && live->tcp.ack != tcp->ack) { /* without ACK the field says 0 */
        return "the acknowledgment number is wrong";
    }
    if (tcp->window_said && live->tcp.window != tcp->window) {
        return "the window is wrong";
    }
    return live->tcp.urgent != (tcp->urgent_said ? tcp->urgent : 0) ? "the urgent pointer is wrong"
                                                                    : NULL;
}

/* Linux's scripts have their own clock for timestamps: only differences can be compared. */
static const char *compare_stamps(struct run *run, struct run_conn *conn,
                                  const struct drill_tcp *tcp, const struct run_option *live)
{
    const struct drill_option *s = tcp->options;
    uint32_t val = load_be32(live->data), ecr = load_be32(live->data + 4);
    weir_time slack =
        max_u64(run->tolerance, run->time.start_ns * run->tolerance_thousandths / 1000);
    int64_t off;

    while (s && s->kind != DRILL_OPTION_TS) {
        s = s->next;
    }
    if (!s) {
        return NULL;
    }
    if (!s->val.any) {
        const struct run_stamp *first = conn->stamps;
        uint32_t expected = first ? first->live + (s->val.value - first->script) : val;

        run_stamp_set(run, conn, s->val.value, val);
        off = (int32_t)(val - expected);
        off = off < 0 ? -off : off;
        if (run->tick_us && (uint64_t)off * run->tick_us * WEIR_US > slack) {
            return "the timestamp is wrong";
        }
    }
    return run->strict && !s->ecr.any && ecr != s->ecr.value ? "the echoed timestamp is wrong"
                                                             : NULL;
}

static const char *compare_signature(const struct live *live, const struct run_option *expected,
                                     const struct run_option *actual)
{
    if (actual->kind == TCP_OPTION_AO && memcmp(expected->data, actual->data, 2) != 0) {
        return "the KeyIDs are wrong";
    }
    return live->signature_good ? NULL : "the signature is wrong";
}

static const char *compare_options(struct run *run, struct run_conn *conn,
                                   const struct drill_tcp *tcp, const struct live *live)
{
    struct run_option expected[RUN_OPTIONS_MAX], actual[RUN_OPTIONS_MAX];
    int n, m;

    if (tcp->options_mode == DRILL_OPTIONS_ANY) {
        return NULL;
    }
    n = run_options_script(run, tcp, expected);
    m = run_options_wire(live->options, live->tcp.header_size - TCP_HEADER_SIZE, actual);
    for (int i = 0; i < n && i < m; i++) {
        const struct run_option *e = &expected[i], *a = &actual[i];
        const char *what = NULL;

        if (e->kind != a->kind || e->size != a->size) {
            return "the options are wrong";
        }
        if (a->kind == TCP_OPTION_TIMESTAMPS && a->size == 10) {
            what = compare_stamps(run, conn, tcp, a);
        } else if (run_auth_option(tcp) &&
                   (a->kind == TCP_OPTION_MD5 || a->kind == TCP_OPTION_AO)) {
            what = compare_signature(live, e, a);
        } else if (a->size > 2 && memcmp(e->data, a->data, a->size - 2u) != 0) {
            what = "an option's value is wrong";
        }
        if (what) {
            return what;
        }
    }
    return n == m ? NULL : "the options are wrong";
}

static bool compare(struct run *run, struct run_conn *conn, const struct drill_packet *packet,
                    struct live *live)
{
    const char *what =
        live->checksum_good ? compare_ip(&packet->ip, live) : "the checksum is wrong";

    what = what ? what : compare_header(conn, &packet->tcp, live);
    what = what ? what : compare_options(run, conn, &packet->tcp, live);
    what = what || live->payload_good ? what : "the payload is wrong";
    if (run->failed) {
        return false;
    }
    if (what) {
        return mismatch(run, packet, live, what);
    }
    return run_check_time(run, run->event->pos, &run->time,
                          run->last_event ? &run->last_time.start_ns : NULL, live->time, "packet");
}

/* ---- Several segments as one ------------------------------------------------------------------------------ */

/* What makes them parts of one: nothing differs but position, FIN, PSH and CWR. */
static bool continues(const struct live *before, const struct live *next)
{
    uint16_t same = (uint16_t) ~(WEIR_TCP_FIN | WEIR_TCP_PSH | WEIR_TCP_CWR);

    return before->tos == next->tos && before->ttl == next->ttl &&
           (before->tcp.flags & same) == (next->tcp.flags & same) &&
           before->tcp.seq + before->tcp.payload_size == next->tcp.seq &&
           before->tcp.ack == next->tcp.ack && before->tcp.window == next->tcp.window &&
           before->tcp.header_size == next->tcp.header_size &&
           before->tcp.urgent == next->tcp.urgent;
}

static bool take(struct run *run, struct run_conn *conn, const struct drill_packet *packet,
                 struct live *live, struct run_packet **kept)
{
    struct run_packet *found = wait_packet(run, conn);
    struct ip_addr dst;
    char text[RUN_SHOWN_MAX];
    uint32_t seq;

    if (!found) {
        return run_fail(run, run->event->pos, "no packet came\n  expected: > %s",
                        run_show_script(run, packet, text));
    }
    (void)parse(found, live, &dst);
    seq = live->tcp.seq;
    learn(conn, live, packet);
    conn->last_out = live->tcp;
    conn->sent = true;
    live->payload_good = payload_right(conn, live, seq);
    live->signature_good = signature_right(run, conn, packet, live);
    to_script(conn, live, found);
    unlink_first(run);
    free(*kept);
    *kept = found;
    return true;
}

static bool gather(struct run *run, struct run_conn *conn, const struct drill_packet *packet,
                   struct live *whole, struct run_packet **kept)
{
    uint32_t length = packet->tcp.seq.length;
    struct live next, first, last;

    if (!take(run, conn, packet, whole, kept)) {
        return false;
    }
    first = last = *whole;
    while (!run->strict_segments && whole->tcp.payload_size > 0 &&
           whole->tcp.payload_size < length) {
        uint32_t total = whole->tcp.payload_size;

        if (!take(run, conn, packet, &next, kept)) {
            return false;
        }
        *whole = next;
        whole->tcp.payload_size += total;
        whole->checksum_good = whole->checksum_good && last.checksum_good;
        whole->payload_good = whole->payload_good && last.payload_good;
        whole->signature_good = whole->signature_good && last.signature_good;
        if (!continues(&last, &next) ||
            (whole->tcp.payload_size < length && next.tcp.payload_size != last.tcp.payload_size)) {
            return mismatch(run, packet, &next, "this segment does not continue the one before");
        }
        last = next;
        last.checksum_good = whole->checksum_good;
        last.payload_good = whole->payload_good;
        last.signature_good = whole->signature_good;
        whole->tcp.seq = first.tcp.seq;
        whole->tcp.flags =
            (uint16_t)((whole->tcp.flags & ~WEIR_TCP_CWR) | (first.tcp.flags & WEIR_TCP_CWR));
    }
    return true;
}

bool run_expect(struct run *run, const struct drill_packet *packet)
{
    struct run_packet *kept = NULL; /* whose bytes `live` points at */
    struct run_conn *conn;
    struct live live;
    bool good;

    if (packet->kind != DRILL_PACKET_TCP || packet->tcp.tunnel.said) {
        return run_skip(run, run->event->pos, "not modelled: expecting packets that are not TCP");
    }
    conn = run_conn_for(run, packet);
    good = conn && gather(run, conn, packet, &live, &kept) && compare(run, conn, packet, &live);
    free(kept);
    return good;
}
