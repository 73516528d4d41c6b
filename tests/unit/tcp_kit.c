/* tcp_kit.c - making and feeding segments, pulling and comparing them. See tcp_kit.h. */
#include "unit/tcp_kit.h"

#include "wire/checksum.h"
#include "wire/icmp.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

static const struct weir_ops no_ops;

uint8_t tk_pattern(uint32_t position, bool from_peer)
{
    return (uint8_t)(position * 7 + (position >> 8) * 13 + (position >> 16) +
                     (from_peer ? 101 : 0));
}

/* ---- Input ------------------------------------------------------------------------------------ */

struct tcp_segment tk_segment(const struct tk *k, uint16_t flags, uint32_t seq, uint32_t ack)
{
    struct tcp_segment s = {.src_port = k->peer_port,
                            .dst_port = k->local_port,
                            .seq = k->peer_iss + seq,
                            .flags = flags,
                            .window = k->window};
    if ((flags & A) != 0)
        s.ack = k->iss + ack;
    if (k->ts) {
        s.options.present |= WEIR_SEGMENT_TIMESTAMPS;
        s.options.ts_val = (uint32_t)(k->now / WEIR_MS) + k->ts_val;
        s.options.ts_ecr = k->ts_ecr;
    }
    return s;
}

static uint32_t ip_header(const struct tk *k, uint8_t *packet, uint8_t protocol, uint32_t upper)
{
    if (k->setup.v6) {
        struct ip6_header h = {.payload_size = (uint16_t)upper,
                               .next_header = protocol,
                               .hop_limit = k->ttl_in,
                               .tos = k->tos_in};
        memcpy(h.src, k->peer.b, 16);
        memcpy(h.dst, k->local.b, 16);
        ip6_build(packet, &h);
        return IP6_HEADER_SIZE;
    }
    struct ip4_header h = {.header_size = IP4_HEADER_SIZE,
                           .tos = k->tos_in,
                           .ttl = k->ttl_in,
                           .protocol = protocol,
                           .total_size = (uint16_t)(IP4_HEADER_SIZE + upper),
                           .dont_fragment = true};
    memcpy(h.src, k->peer.b + 12, 4);
    memcpy(h.dst, k->local.b + 12, 4);
    ip4_build(packet, &h);
    return IP4_HEADER_SIZE;
}

uint32_t tk_packet(const struct tk *k, uint8_t *packet, const struct tcp_segment *s, uint32_t len)
{
    struct tcp_segment copy = *s;
    uint32_t at = k->setup.v6 ? IP6_HEADER_SIZE : IP4_HEADER_SIZE;
    uint8_t *tcp = packet + at;
    uint32_t header = tcp_build(tcp, &copy);
    uint32_t first = s->seq - k->peer_iss + ((s->flags & S) != 0);

    for (uint32_t i = 0; i < len; i++)
        tcp[header + i] = tk_pattern(first + i, true);
    ip_header(k, packet, IP_PROTOCOL_TCP, header + len);
    uint64_t sum = csum_pseudo(&k->peer, &k->local, IP_PROTOCOL_TCP, header + len);
    if (k->in_offload.csum == WEIR_CSUM_PARTIAL) {
        csum_store(tcp + 16, csum_fold(sum));
    } else if (k->in_offload.csum == WEIR_CSUM_NONE) {
        csum_store(tcp + 16, csum_finish(csum_sum(&no_ops, tcp, header + len, sum)));
    }
    if (k->bad_checksum)
        tcp[17] ^= 1;
    return at + header + len;
}

static void give(struct tk *k, struct weir_buffer **buffers, size_t n)
{
    weir_input(k->stack, k->link, buffers, n, k->now);
    weir_stack_check(k->stack);
}

void tk_inject_packet(struct tk *k, const void *packet, uint32_t size,
                      const struct weir_offload *offload)
{
    struct weir_buffer *b = weir_buffer_alloc(k->stack, size);
    if (b == NULL && k->setup.config.memory_budget != 0)
        return; /* as a device does: the packet is lost */
    assert_non_null(b);
    assert_true(b->capacity >= size);
    memcpy(b->data, packet, size);
    b->size = size;
    b->offload = offload != NULL ? *offload : (struct weir_offload){0};
    if (k->batching) {
        assert_true(k->batch_count < ARRAY_SIZE(k->batch));
        k->batch[k->batch_count++] = b;
    } else {
        give(k, &b, 1);
    }
}

void tk_inject(struct tk *k, const struct tcp_segment *s, uint32_t len)
{
    static uint8_t packet[65536 + 200];
    struct weir_offload offload = k->in_offload;
    uint32_t size = tk_packet(k, packet, s, len);

    if (offload.csum == WEIR_CSUM_PARTIAL) {
        offload.csum_start = k->setup.v6 ? IP6_HEADER_SIZE : IP4_HEADER_SIZE;
        offload.csum_offset = 16;
    }
    tk_inject_packet(k, packet, size, &offload);
}

void tk_in(struct tk *k, uint16_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
    struct tcp_segment s = tk_segment(k, flags, seq, ack);
    tk_inject(k, &s, len);
}

void tk_in_sack(struct tk *k, uint32_t ack, const uint32_t *pairs)
{
    struct tcp_segment s = tk_segment(k, A, k->peer_pos, ack);
    s.options.present |= WEIR_SEGMENT_SACK;
    for (; pairs[0] != 0 && s.options.sack_count < WEIR_SACK_BLOCKS_MAX; pairs += 2) {
        struct tcp_sack_block *block = &s.options.sack[s.options.sack_count++];
        *block = (struct tcp_sack_block){k->iss + pairs[0], k->iss + pairs[1]};
    }
    tk_inject(k, &s, 0);
}

void tk_batch(struct tk *k)
{
    k->batching = true;
}

void tk_batch_end(struct tk *k)
{
    k->batching = false;
    give(k, k->batch, k->batch_count);
    k->batch_count = 0;
}

void tk_icmp(struct tk *k, uint8_t type, uint8_t code, uint32_t seq, uint32_t rest)
{
    uint8_t packet[200], quote[100];
    struct tk reversed = *(const struct tk *)k;
    struct tcp_segment s = {
        .src_port = k->local_port, .dst_port = k->peer_port, .seq = k->iss + seq, .flags = A};
    reversed.peer = k->local;
    reversed.local = k->peer;
    uint32_t quoted = tk_packet(&reversed, quote, &s, 0);
    struct icmp_message m = {
        .type = type, .code = code, .rest = rest, .body = quote, .body_size = quoted};
    uint32_t at = ip_header(k, packet, k->setup.v6 ? IP_PROTOCOL_ICMP6 : IP_PROTOCOL_ICMP,
                            ICMP_HEADER_SIZE + quoted);
    if (k->setup.v6) {
        icmp6_build(packet + at, &m, &k->peer, &k->local);
    } else {
        icmp4_build(packet + at, &m);
    }
    tk_inject_packet(k, packet, at + ICMP_HEADER_SIZE + quoted, NULL);
}

/* ---- Output ----------------------------------------------------------------------------------- */

static uint64_t frame_sum(const struct weir_frame *f)
{
    uint64_t sum = f->size;
    for (uint32_t i = 0; i < f->slice_count; i++) {
        const uint8_t *p = f->slices[i].data;
        for (size_t j = 0; j < f->slices[i].size; j++)
            sum = (sum ^ p[j]) * 1099511628211ULL;
    }
    return sum;
}

static uint32_t flatten(const struct weir_frame *f, uint8_t *packet)
{
    uint32_t size = 0;
    assert_true(f->slice_count >= 1 && f->slice_count <= WEIR_SLICES_MAX);
    for (uint32_t i = 0; i < f->slice_count; i++) {
        assert_true(size + f->slices[i].size <= 65535);
        memcpy(packet + size, f->slices[i].data, f->slices[i].size);
        size += (uint32_t)f->slices[i].size;
    }
    assert_int_equal(size, f->size);
    return size;
}

static uint32_t parse_ip(const struct tk *k, const uint8_t *packet, uint32_t size, struct tk_out *o)
{
    if (packet[0] >> 4 == 6) {
        struct ip6_header h;
        assert_int_equal(ip6_parse(packet, size, &h), WEIR_DROP_NONE);
        o->src = ip_addr_from_v6(h.src);
        o->dst = ip_addr_from_v6(h.dst);
        o->ttl = h.hop_limit;
        o->tos = h.tos;
        o->protocol = h.protocol;
        o->dont_fragment = true;
        assert_int_equal(h.payload_size + IP6_HEADER_SIZE, size);
        return h.upper_offset;
    }
    struct ip4_header h = {0};
    assert_int_equal(ip4_parse(packet, size, false, &h), WEIR_DROP_NONE);
    o->src = ip_addr_from_v4(h.src);
    o->dst = ip_addr_from_v4(h.dst);
    o->ttl = h.ttl;
    o->tos = h.tos;
    o->protocol = h.protocol;
    o->dont_fragment = h.dont_fragment;
    o->ip_id = h.id;
    assert_int_equal(h.total_size, size);
    assert_false(k->setup.v6);
    return h.header_size;
}

/* Every TCP segment that leaves: whole checksum or promised one, no lies in the offload fields,
 * option bytes padded with zeros after EOL (MUST-2, MUST-65, MUST-69), payload as written. */
static void check_tcp(struct tk *k, const uint8_t *tcp, uint32_t size, struct tk_out *o)
{
    assert_int_equal(tcp_parse(tcp, size, &o->s), WEIR_DROP_NONE);
    assert_false(o->s.options.illegal);
    if (o->offload.csum == WEIR_CSUM_PARTIAL) {
        uint64_t sum = csum_pseudo(&o->src, &o->dst, IP_PROTOCOL_TCP, size);
        assert_int_equal(csum_load(tcp + 16), csum_fold(sum));
        assert_int_equal(o->offload.csum_start, o->ip_size - size);
        assert_int_equal(o->offload.csum_offset, 16);
    } else {
        assert_int_equal(o->offload.csum, WEIR_CSUM_NONE);
        assert_true(tcp_checksum_ok(&no_ops, tcp, size, &o->src, &o->dst));
    }
    if ((o->s.flags & S) == 0) {
        assert_int_equal(o->s.options.present &
                             (WEIR_SEGMENT_MSS | WEIR_SEGMENT_WSCALE | WEIR_SEGMENT_SACK_PERMITTED),
                         0);
    }
    if (o->s.options.fastopen_size != 0)
        memcpy(o->cookie, o->s.options.fastopen, o->s.options.fastopen_size);
    o->s.options.fastopen = o->cookie;
    if (o->s.dst_port != k->peer_port || o->s.src_port != k->local_port)
        return;
    if ((o->s.flags & (S | R)) == S)
        k->iss = o->s.seq;
    if ((o->s.options.present & WEIR_SEGMENT_TIMESTAMPS) != 0)
        k->ts_ecr = o->s.options.ts_val;
    o->seq = o->s.seq - k->iss;
    o->ack = (o->s.flags & A) != 0 ? o->s.ack - k->peer_iss : 0;
    if (k->foreign_payload)
        return;
    uint32_t first = o->seq + ((o->s.flags & S) != 0);
    for (uint32_t i = 0; i < o->len; i++) {
        if (o->s.payload[i] != tk_pattern(first + i, false))
            fail_msg("payload byte %u of segment %u is wrong", i, o->seq);
    }
}

static void take(struct tk *k, const struct weir_frame *f)
{
    static uint8_t packet[65536];
    assert_true(k->out_count < TK_OUT_MAX);
    struct tk_out *o = &k->out[(k->out_head + k->out_count++) % TK_OUT_MAX];
    uint32_t size = flatten(f, packet);

    assert_int_equal(f->link, k->link);
    *o = (struct tk_out){.time = k->now, .offload = f->offload, .ip_size = size};
    uint32_t at = parse_ip(k, packet, size, o);
    if (o->protocol == IP_PROTOCOL_TCP) {
        struct tcp_segment s;
        assert_int_equal(tcp_parse(packet + at, size - at, &s), WEIR_DROP_NONE);
        o->len = s.payload_size;
        o->flags = (uint16_t)(s.flags & ~P);
        o->psh = (s.flags & P) != 0;
        check_tcp(k, packet + at, size - at, o);
        if (f->offload.gso_size != 0) {
            assert_true(o->len > f->offload.gso_size);
            assert_true(k->setup.link.tx_gso || k->gso_late);
        }
    } else {
        o->s.src_port = packet[at]; /* ICMP: type and code */
        o->s.dst_port = packet[at + 1];
    }
}

static void keep_or_free(struct tk *k, struct weir_frame *frames, size_t n)
{
    if (!k->hold) {
        weir_frame_done(k->stack, frames, n, WEIR_FRAME_SENT);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        assert_true(k->held_count < TK_OUT_MAX);
        k->held_sum[k->held_count] = frame_sum(&frames[i]);
        k->held[k->held_count++] = frames[i];
    }
}

/* Fewer frames than asked for means that nothing more is due; then the deadline lies ahead. */
void tk_pull(struct tk *k)
{
    struct weir_frame frames[64];
    size_t n, most = k->batch_out;
    uint32_t calls = 0;

    do {
        n = weir_output(k->stack, frames, most, k->now);
        assert_true(n <= most);
        for (size_t i = 0; i < n; i++)
            take(k, &frames[i]);
        keep_or_free(k, frames, n);
        weir_stack_check(k->stack);
        assert_true(calls++ < 10000);
    } while (n == most);
    if (weir_deadline(k->stack) <= k->now) {
        /* bounded work of one call may leave some: but it must come to an end */
        if (calls > 1)
            return;
        for (calls = 0; weir_deadline(k->stack) <= k->now; calls++) {
            n = weir_output(k->stack, frames, most, k->now);
            for (size_t i = 0; i < n; i++)
                take(k, &frames[i]);
            keep_or_free(k, frames, n);
            if (calls > 100)
                fail_msg("the stack claims to be due for ever");
        }
    }
}

const struct tk_out *tk_next(struct tk *k)
{
    if (k->out_count == 0)
        tk_pull(k);
    if (k->out_count == 0)
        return NULL;
    const struct tk_out *o = &k->out[k->out_head];
    k->out_head = (k->out_head + 1) % TK_OUT_MAX;
    k->out_count--;
    return o;
}

static const char *flag_text(uint16_t flags, char text[10])
{
    static const char letters[] = "FSRPAUECN";
    size_t n = 0;
    for (unsigned i = 0; i < 9; i++) {
        if ((flags >> i & 1) != 0)
            text[n++] = letters[i];
    }
    text[n] = '\0';
    return text;
}

const struct tk_out *tk_expect_at(struct tk *k, const char *file, int line, uint16_t flags,
                                  uint32_t seq, uint32_t ack, uint32_t len)
{
    char got[10], wanted[10];
    const struct tk_out *o = tk_next(k);

    flag_text(flags, wanted);
    if (o == NULL) {
        print_error("expected %s seq %u ack %u len %u, but nothing is due\n", wanted, seq, ack,
                    len);
        _fail(file, line);
        return NULL;
    }
    if (o->protocol != IP_PROTOCOL_TCP || o->flags != flags || o->seq != seq || o->ack != ack ||
        o->len != len) {
        print_error("expected %s seq %u ack %u len %u\ngot      %s seq %u ack %u len %u\n", wanted,
                    seq, ack, len, flag_text(o->flags, got), o->seq, o->ack, o->len);
        _fail(file, line);
    }
    return o;
}

void tk_expect_nothing_at(struct tk *k, const char *file, int line)
{
    char got[10];
    const struct tk_out *o = tk_next(k);
    if (o == NULL)
        return;
    print_error("expected nothing, got %s seq %u ack %u len %u (protocol %u)\n",
                flag_text(o->flags, got), o->seq, o->ack, o->len, o->protocol);
    _fail(file, line);
}

size_t tk_flush(struct tk *k)
{
    size_t n = 0;
    while (tk_next(k) != NULL)
        n++;
    return n;
}

void tk_done(struct tk *k, size_t index, size_t n, enum weir_frame_fate fate)
{
    assert_true(index + n <= k->held_count);
    for (size_t i = index; i < index + n; i++) /* bytes once sent never change in place */
        assert_true(frame_sum(&k->held[i]) == k->held_sum[i]);
    weir_frame_done(k->stack, k->held + index, n, fate);
    k->held_count -= n;
    memmove(k->held + index, k->held + index + n, (k->held_count - index) * sizeof(k->held[0]));
    memmove(k->held_sum + index, k->held_sum + index + n,
            (k->held_count - index) * sizeof(k->held_sum[0]));
    weir_stack_check(k->stack);
}

/* ---- Time ------------------------------------------------------------------------------------- */

void tk_advance(struct tk *k, weir_time by)
{
    weir_time end = k->now + by;
    tk_pull(k);
    for (;;) {
        weir_time due = weir_deadline(k->stack);
        if (due > end)
            break;
        k->now = MAX(due, k->now + 1);
        tk_pull(k);
    }
    k->now = end;
    tk_pull(k);
    tk_events(k);
}

const struct tk_out *tk_wait(struct tk *k, weir_time limit)
{
    weir_time end = k->now + limit;
    tk_pull(k);
    while (k->out_count == 0) {
        weir_time due = weir_deadline(k->stack);
        if (due > end) {
            k->now = end;
            tk_pull(k);
            break;
        }
        k->now = MAX(due, k->now + 1);
        tk_pull(k);
    }
    tk_events(k);
    return tk_next(k);
}
