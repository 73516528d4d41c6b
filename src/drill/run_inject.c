/* run_inject.c - packets that the script injects, with the stack's numbers and right checksums. */
#include "drill/run_private.h"

#include "base/bytes.h"
#include "drill/icmp.h"
#include "wire/checksum.h"
#include "wire/icmp.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/udp.h"

#define TTL 255
#define TCP_CHECKSUM_AT 16
#define QUOTED 8 /* bytes of the transport header in an ICMP error */

/* ---- IP -------------------------------------------------------------------------------------------------- */

static size_t ip_size(const struct run *run)
{
    return run->v6 ? IP6_HEADER_SIZE : IP4_HEADER_SIZE;
}

/* `ours`: a packet of the stack's, as ICMP quotes it. */
static void build_ip(const struct run *run, uint8_t *p, size_t total, uint8_t protocol,
                     const struct drill_ip *ip, bool ours)
{
    const struct ip_addr *src = ours ? &run->local : &run->remote;
    const struct ip_addr *dst = ours ? &run->remote : &run->local;
    uint8_t tos = ip ? ip->tos : 0, ttl = ip && ip->ttl_said ? ip->ttl : TTL;

    if (ip && ip->any_ect) {
        tos = 2;
    }
    if (run->v6) {
        struct ip6_header h = {.tos = tos,
                               .flow_label = ip && ip->flow_label_said ? ip->flow_label : 0,
                               .payload_size = (uint16_t)(total - IP6_HEADER_SIZE),
                               .next_header = protocol,
                               .hop_limit = ttl};

        memcpy(h.src, src->b, 16);
        memcpy(h.dst, dst->b, 16);
        ip6_build(p, &h);
    } else {
        struct ip4_header h = {.header_size = IP4_HEADER_SIZE,
                               .tos = tos,
                               .ttl = ttl,
                               .protocol = protocol,
                               .total_size = (uint16_t)total,
                               .dont_fragment = true};

        memcpy(h.src, src->b + 12, 4);
        memcpy(h.dst, dst->b + 12, 4);
        ip4_build(p, &h);
    }
}

/* ---- TCP ------------------------------------------------------------------------------------------------- */

/* Numbers of the wire for those of the script. */
static void map_options(const struct run_conn *conn, bool syn, uint8_t *p,
                        const struct run_option *options, int count)
{
    uint32_t shift = syn ? conn->live_isn - conn->script_isn : conn->live_isn;

    for (int i = 0; i < count; p += options[i++].size) {
        const struct run_option *o = &options[i];

        p[0] = o->kind;
        if (o->size >= 2) {
            p[1] = o->size;
            memcpy(p + 2, o->data, o->size - 2u);
        }
        for (size_t at = 2; o->kind == TCP_OPTION_SACK && at + 4 <= o->size; at += 4) {
            store_be32(p + at, load_be32(p + at) + shift);
        }
    }
}

/* What it echoes must be something that the stack has sent. */
static bool map_echo(struct run *run, const struct run_conn *conn, const struct drill_tcp *tcp,
                     struct run_option *options, int count)
{
    const struct drill_option *s = tcp->options;

    while (s && s->kind != DRILL_OPTION_TS) {
        s = s->next;
    }
    if (!s || !(tcp->flags & DRILL_ACK) || s->ecr.absolute) {
        return true;
    }
    for (int i = 0; i < count; i++) {
        const struct run_stamp *found = run_stamp_find(conn, s->ecr.value);

        if (options[i].kind != TCP_OPTION_TIMESTAMPS) {
            continue;
        }
        if (!found && !(run->ecr_scaled && conn->stamp_count)) {
            return run_broken(run, run->event->pos,
                              "ecr %u echoes no timestamp that the script has expected",
                              s->ecr.value);
        }
        store_be32(options[i].data + 4,
                   found ? found->live
                         : s->ecr.value - conn->stamps[0].script + conn->stamps[0].live);
    }
    return true;
}

static void note_injected(struct run_conn *conn, const struct tcp_segment *s)
{
    conn->injected = true;
    conn->injected_ack = (s->flags & WEIR_TCP_ACK) != 0;
    conn->next_seq = s->seq + s->payload_size + ((s->flags & WEIR_TCP_SYN) != 0) +
                     ((s->flags & WEIR_TCP_FIN) != 0);
    conn->last_ack = s->ack;
    conn->last_window = s->window;
}

static void fill(const struct run_conn *conn, uint8_t *p, uint32_t seq, bool syn, size_t size)
{
    uint32_t at = seq - conn->remote_isn - (syn ? 0 : 1);

    for (size_t i = 0; i < size; i++) {
        p[i] = run_pattern(at + (uint32_t)i);
    }
}

static void finish_tcp(const struct run *run, uint8_t *tcp, size_t size)
{
    uint64_t sum = csum_pseudo(&run->remote, &run->local, IP_PROTOCOL_TCP, (uint32_t)size);

    csum_store(tcp + TCP_CHECKSUM_AT, 0);
    csum_store(tcp + TCP_CHECKSUM_AT, csum_finish(csum_sum(NULL, tcp, size, sum)));
}

static void build_tcp(uint8_t *p, const struct tcp_segment *s)
{
    memset(p, 0, TCP_HEADER_SIZE);
    store_be16(p, s->src_port);
    store_be16(p + 2, s->dst_port);
    store_be32(p + 4, s->seq);
    store_be32(p + 8, s->ack);
    store_be16(p + 12, (uint16_t)(s->header_size / 4 << 12 | s->flags));
    store_be16(p + 14, s->window);
    store_be16(p + 18, s->urgent);
}

static void choose_numbers(struct run_conn *conn, const struct drill_tcp *tcp,
                           struct tcp_segment *s)
{
    bool syn = tcp->flags & DRILL_SYN;

    if (syn && !(tcp->flags & DRILL_RST) && conn->state == CONN_SYN_SENT) {
        conn->remote_isn = tcp->seq.start;
        conn->state = tcp->flags & DRILL_ACK ? CONN_SYN_ACKED : CONN_SYN_SENT;
    }
    s->seq = tcp->seq.start + (syn || tcp->seq.absolute ? 0 : conn->remote_isn);
    s->ack = tcp->flags & DRILL_ACK
                 ? tcp->ack + (syn ? conn->live_isn - conn->script_isn : conn->live_isn)
                 : 0;
    s->flags = tcp->flags;
    if (tcp->ace >= 0) {
        s->flags =
            (uint16_t)(s->flags | (tcp->ace & 4 ? WEIR_TCP_AE : 0) |
                       (tcp->ace & 2 ? WEIR_TCP_CWR : 0) | (tcp->ace & 1 ? WEIR_TCP_ECE : 0));
    }
}

static bool sign(struct run *run, const struct run_conn *conn, const struct drill_tcp *tcp,
                 uint8_t *p, const struct tcp_segment *s)
{
    const struct drill_option *option = run_auth_option(tcp);
    struct run_signed whole = {.tcp = p,
                               .header_size = s->header_size,
                               .payload_size = s->payload_size,
                               .src = &run->remote,
                               .dst = &run->local,
                               .src_isn = conn->remote_isn,
                               .dst_isn = conn->live_isn,
                               .first = (s->flags & (WEIR_TCP_SYN | WEIR_TCP_ACK)) == WEIR_TCP_SYN};

    return !option || run_auth_sign(run, &whole, p, option->signature == DRILL_SIGNATURE_INVALID);
}

static bool inject_tcp(struct run *run, struct run_conn *conn, const struct drill_packet *packet)
{
    const struct drill_tcp *tcp = &packet->tcp;
    struct run_option options[RUN_OPTIONS_MAX];
    struct tcp_segment s = {.src_port = conn->remote_port,
                            .dst_port = conn->local_port,
                            .window = tcp->window_said ? tcp->window : 0,
                            .urgent = tcp->urgent_said ? tcp->urgent : 0,
                            .payload_size = tcp->seq.length};
    int count = run_options_script(run, tcp, options);
    size_t header = TCP_HEADER_SIZE, at = ip_size(run), total;
    uint8_t *p;

    if (count < 0 || !map_echo(run, conn, tcp, options, count)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        header += options[i].size;
    }
    s.header_size = (uint16_t)header;
    choose_numbers(conn, tcp, &s);
    s.src_port = packet->ports.said && packet->ports.src ? packet->ports.src : s.src_port;
    s.dst_port = packet->ports.said && packet->ports.dst ? packet->ports.dst : s.dst_port;
    total = at + header + s.payload_size;
    if (total > RUN_PACKET_MAX) {
        return run_broken(run, run->event->pos, "a packet of %zu bytes", total);
    }
    p = run_get(run, total);
    if (!p) {
        return false;
    }
    build_ip(run, p, total, IP_PROTOCOL_TCP, &packet->ip, false);
    build_tcp(p + at, &s);
    map_options(conn, s.flags & WEIR_TCP_SYN, p + at + TCP_HEADER_SIZE, options, count);
    fill(conn, p + at + header, s.seq, s.flags & WEIR_TCP_SYN, s.payload_size);
    if (!sign(run, conn, tcp, p + at, &s)) {
        return false;
    }
    finish_tcp(run, p + at, header + s.payload_size);
    note_injected(conn, &s);
    return run_input(run, p, total);
}

/* A reset that is acceptable whatever was said before. */
bool run_inject_reset(struct run *run, struct run_conn *conn)
{
    struct tcp_segment s = {.src_port = conn->remote_port,
                            .dst_port = conn->local_port,
                            .flags = WEIR_TCP_RST | WEIR_TCP_ACK,
                            .header_size = TCP_HEADER_SIZE};
    size_t at = ip_size(run), total = at + TCP_HEADER_SIZE;
    uint8_t p[IP6_HEADER_SIZE + TCP_HEADER_SIZE];

    if (conn->injected_ack) {
        s.seq = conn->next_seq;
        s.ack = conn->last_ack;
        s.window = conn->last_window;
    } else if (conn->sent && conn->last_out.flags & WEIR_TCP_ACK) {
        s.seq = conn->last_out.ack;
        s.ack = conn->last_out.seq;
    } else {
        s.ack = conn->sent ? conn->last_out.seq + 1 : 0;
    }
    build_ip(run, p, total, IP_PROTOCOL_TCP, NULL, false);
    build_tcp(p + at, &s);
    finish_tcp(run, p + at, TCP_HEADER_SIZE);
    return run_input(run, p, total);
}

/* ---- ICMP ------------------------------------------------------------------------------------------------ */

/* The packet that the error is about: headers only, with the script's sequence number mapped. */
static size_t build_quote(struct run *run, const struct run_conn *conn,
                          const struct drill_icmp *icmp, uint8_t *p)
{
    bool tcp = icmp->quote == DRILL_QUOTE_TCP;
    size_t at = ip_size(run), header = tcp ? TCP_HEADER_SIZE : UDP_HEADER_SIZE;

    build_ip(run, p, min_u64(at + header + icmp->seq.length, RUN_PACKET_MAX),
             tcp ? IP_PROTOCOL_TCP : IP_PROTOCOL_UDP, NULL, true);
    store_be16(p + at, conn->local_port);
    store_be16(p + at + 2, conn->remote_port);
    if (tcp) {
        store_be32(p + at + 4, icmp->seq.start + (icmp->seq.absolute ? 0 : conn->live_isn));
    }
    return at + QUOTED;
}

/* Which packet it quotes: an error without a word about it is about the beginning of the connection. */
static enum drill_quote_kind quoted(const struct run *run, const struct drill_icmp *icmp,
                                    uint8_t type)
{
    static const uint8_t errors4[] = {3, 4, 5, 11, 12}; /* RFC 792 */
    bool error = run->v6 ? type < 128 : memchr(errors4, type, sizeof(errors4)) != NULL;

    return icmp->quote == DRILL_QUOTE_NONE && error ? DRILL_QUOTE_TCP : icmp->quote;
}

static bool inject_icmp(struct run *run, const struct run_conn *conn,
                        const struct drill_packet *packet)
{
    const struct drill_icmp *icmp = &packet->icmp;
    struct drill_icmp named = *icmp;
    uint8_t p[2 * IP6_HEADER_SIZE + ICMP_HEADER_SIZE + QUOTED] = {0};
    size_t at = ip_size(run), total;
    struct icmp_message m = {.rest = icmp->mtu_said ? icmp->mtu : (uint32_t)icmp->id << 16};

    if (icmp->code && run_define(run, icmp->code)) {
        named.code = run_define(run, icmp->code);
    }
    if (!drill_icmp_numbers(run->v6 ? 6 : 4, &named, &m.type, &m.code)) {
        return run_broken(run, run->event->pos, "no such ICMP message: %s %s", icmp->type,
                          icmp->code ? icmp->code : "");
    }
    if (icmp->quote == DRILL_QUOTE_RAW) {
        return run_skip(run, run->event->pos, "not modelled: ICMP quoting raw packets");
    }
    m.body = p + at + ICMP_HEADER_SIZE;
    named.quote = quoted(run, icmp, m.type);
    m.body_size = named.quote == DRILL_QUOTE_NONE
                      ? 0
                      : build_quote(run, conn, &named, p + at + ICMP_HEADER_SIZE);
    total = at + ICMP_HEADER_SIZE + m.body_size;
    build_ip(run, p, total, run->v6 ? IP_PROTOCOL_ICMP6 : IP_PROTOCOL_ICMP, &packet->ip, false);
    if (run->v6) {
        icmp6_build(p + at, &m, &run->remote, &run->local);
    } else {
        icmp4_build(p + at, &m);
    }
    return run_input(run, p, total);
}

bool run_inject(struct run *run, const struct drill_packet *packet)
{
    struct run_conn *conn;

    if (packet->kind == DRILL_PACKET_UDP || packet->tcp.tunnel.said) {
        return run_skip(run, run->event->pos, "not modelled: UDP");
    }
    conn = run_conn_for(run, packet);
    if (!conn) {
        return false;
    }
    return packet->kind == DRILL_PACKET_TCP ? inject_tcp(run, conn, packet)
                                            : inject_icmp(run, conn, packet);
}
