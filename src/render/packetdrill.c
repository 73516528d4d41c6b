/*
 * packetdrill.c - a conversation as a packetdrill script: what one side did as system calls, what came from the
 * other side as packets that arrive, what it answered as packets that must leave. So a capture becomes a test.
 *
 * The side is that at which the packets were seen (the client where both are known). Its application is not
 * on the wire and is guessed: new data up to the next PSH is one write, what arrives in order is read at once,
 * FIN is close, or shutdown when data still arrives after it.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "render/export.h"
#include "render/text.h"

#define DELAYED_ACK_NS (20 * (int64_t)WEIR_MS) /* slower than this was no quick ACK */
#define MTU 1500
#define HEADERS4 40 /* of IPv4 and TCP: between MTU and MSS */
#define HEADERS6 60

struct event {
    int64_t ns;
    const struct ladder_segment *s;
};

struct script {
    FILE *out;
    const struct ladder_info *info;
    enum trace_side local;
    struct event *event;
    size_t count;
    int64_t now;
    bool began;     /* the first event has been written */
    int fd;         /* of the connection; 0: not yet */
    bool closed;    /* close or shutdown was called */
    uint32_t sent;  /* wire number after what has been written */
    uint32_t taken; /* wire number after what has been read */
};

/* ---- What this side saw ---------------------------------------------------------------------------------------- */

static bool is_local(const struct script *c, const struct ladder_segment *s)
{
    return (enum trace_side)s->wire.side == c->local;
}

static int by_time(const void *a, const void *b)
{
    const struct event *x = a, *y = b;

    if (x->ns != y->ns) {
        return x->ns < y->ns ? -1 : 1;
    }
    return x->s->number < y->s->number ? -1 : 1;
}

static bool collect(struct script *c, const struct ladder *ladder)
{
    size_t count;
    const struct ladder_segment *s = ladder_segments(ladder, &count);

    c->event = malloc((count + 1) * sizeof(*c->event));
    if (c->event == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        bool here = is_local(c, &s[i]) || c->info->vantage == LADDER_AT_UNKNOWN;
        const struct ladder_time *t = here ? &s[i].sent : &s[i].arrived;
        bool useless = (s[i].facts & LADDER_FACT_CORRUPTED) != 0;
        bool seen = t->known == LADDER_MEASURED || t->known == LADDER_ESTIMATED ||
                    c->info->vantage == LADDER_AT_UNKNOWN;
        if (seen && !(useless && !here)) {
            c->event[c->count++] = (struct event){t->ns, &s[i]};
        }
    }
    qsort(c->event, c->count, sizeof(*c->event), by_time);
    return true;
}

/* Is there payload from the other side after event i? */
static bool data_follows(const struct script *c, size_t i)
{
    for (size_t k = i + 1; k < c->count; k++) {
        if (!is_local(c, c->event[k].s) && c->event[k].s->wire.length > 0) {
            return true;
        }
    }
    return false;
}

/* Does this side take its time to acknowledge, or put its ACK on an answer? Then its quick ACKs are off. */
static bool delays_acks(const struct script *c)
{
    bool slow = false;

    for (size_t i = 1; i < c->count; i++) {
        const struct ladder_segment *s = c->event[i].s, *before = c->event[i - 1].s;
        int64_t waited = c->event[i].ns - c->event[i - 1].ns;
        bool asked = !is_local(c, before) && (before->wire.flags & WEIR_TCP_SYN) == 0 &&
                     trace_segment_span(&before->wire) > 0;
        bool late = s->class == LADDER_ACK && waited >= DELAYED_ACK_NS;
        bool carried = (s->facts & LADDER_FACT_PIGGYBACK) != 0 && waited > 0;
        bool quick = s->class == LADDER_ACK && waited < DELAYED_ACK_NS &&
                     (s->facts & (LADDER_FACT_ACKS_FIN | LADDER_FACT_WINDOW_CHANGED)) == 0;
        if (is_local(c, s) && asked && quick) {
            return false;
        }
        slow = slow || (is_local(c, s) && asked && (late || carried));
    }
    return slow;
}

/* ---- Lines ------------------------------------------------------------------------------------------------------- */

/* The time of the next line: after the one before. */
static void at(struct script *c, int64_t ns)
{
    int64_t us = (ns - c->now) / 1000;

    if (!c->began) {
        fputs("0         ", c->out);
    } else if (us == 0) {
        fputs("+0        ", c->out);
    } else {
        fprintf(c->out, "+%" PRId64 ".%06" PRId64 " ", us / 1000000, us % 1000000);
    }
    c->now += us * 1000;
    c->began = true;
}

static void __attribute__((format(printf, 3, 4)))
call(struct script *c, int64_t ns, const char *format, ...)
{
    va_list args;

    at(c, ns);
    va_start(args, format);
    vfprintf(c->out, format, args);
    va_end(args);
    putc('\n', c->out);
}

/* A SYN's own number is 0, the first byte 1. */
static uint32_t relative(const struct script *c, enum trace_side side, uint32_t wire)
{
    return wire - c->info->side[side].isn;
}

/* PSH of the first copy: when a stack cuts its buffer anew it may put another one into the next. */
static uint16_t flags_of(const struct script *c, const struct ladder_segment *s)
{
    if (s->class != LADDER_RETX || s->first == 0) {
        return s->wire.flags;
    }
    for (size_t i = 0; i < c->count; i++) {
        const struct ladder_segment *first = c->event[i].s;
        if (first->number == s->first && first->wire.length == s->wire.length) {
            return (uint16_t)((s->wire.flags & ~WEIR_TCP_PSH) | (first->wire.flags & WEIR_TCP_PSH));
        }
    }
    return s->wire.flags;
}

static void put_flags(struct script *c, uint16_t flags)
{
    static const struct {
        uint16_t flag;
        char letter;
    } letters[] = {{WEIR_TCP_SYN, 'S'}, {WEIR_TCP_FIN, 'F'}, {WEIR_TCP_RST, 'R'},
                   {WEIR_TCP_PSH, 'P'}, {WEIR_TCP_URG, 'U'}, {WEIR_TCP_ECE, 'E'},
                   {WEIR_TCP_CWR, 'W'}, {WEIR_TCP_ACK, '.'}};

    for (size_t i = 0; i < ARRAY_SIZE(letters); i++) {
        if ((flags & letters[i].flag) != 0) {
            putc(letters[i].letter, c->out);
        }
    }
}

/* In Linux's order, with its padding. */
static void put_options(struct script *c, const struct trace_segment *wire)
{
    const struct tcp_options *o = &wire->options;
    bool stamps = (o->present & WEIR_SEGMENT_TIMESTAMPS) != 0;
    bool permitted = (o->present & WEIR_SEGMENT_SACK_PERMITTED) != 0;
    const char *comma = "";
    enum trace_side peer = trace_other((enum trace_side)wire->side);

    if (!stamps && !permitted && o->sack_count == 0 &&
        (o->present & (WEIR_SEGMENT_MSS | WEIR_SEGMENT_WSCALE)) == 0) {
        return;
    }
    fputs(" <", c->out);
    if ((o->present & WEIR_SEGMENT_MSS) != 0) {
        fprintf(c->out, "mss %u", o->mss);
        comma = ",";
    }
    if (permitted) {
        fprintf(c->out, "%s%ssackOK", comma, stamps ? "" : "nop,nop,");
        comma = ",";
    }
    if (stamps) {
        fprintf(c->out, "%s%sTS val %" PRIu32 " ecr %" PRIu32, comma, permitted ? "" : "nop,nop,",
                o->ts_val, o->ts_ecr);
        comma = ",";
    }
    if ((o->present & WEIR_SEGMENT_WSCALE) != 0) {
        fprintf(c->out, "%snop,wscale %u", comma, o->wscale);
        comma = ",";
    }
    for (uint32_t i = 0; i < o->sack_count; i++) {
        fprintf(c->out, "%s%s%" PRIu32 ":%" PRIu32, i == 0 ? comma : " ",
                i == 0 ? "nop,nop,sack " : "", relative(c, peer, o->sack[i].start),
                relative(c, peer, o->sack[i].end));
    }
    putc('>', c->out);
}

static void packet(struct script *c, int64_t ns, const struct ladder_segment *s)
{
    const struct trace_segment *wire = &s->wire;
    enum trace_side sender = (enum trace_side)wire->side;
    bool out = is_local(c, s);
    bool alone = (wire->flags & (WEIR_TCP_RST | WEIR_TCP_ACK)) == (WEIR_TCP_RST | WEIR_TCP_ACK) &&
                 !c->info->side[sender].numbered; /* a refusal: its number means nothing */
    uint32_t seq = alone ? wire->seq : relative(c, sender, wire->seq);

    at(c, ns);
    fprintf(c->out, "%c ", out ? '>' : '<');
    put_flags(c, out ? flags_of(c, s) : wire->flags);
    fprintf(c->out, " %" PRIu32 ":%" PRIu32 "(%" PRIu32 ")", seq, seq + wire->length, wire->length);
    if ((wire->flags & WEIR_TCP_ACK) != 0) {
        fprintf(c->out, " ack %" PRIu32, relative(c, trace_other(sender), wire->ack));
    }
    if (!out) {
        fprintf(c->out, " win %u", wire->window);
    }
    put_options(c, wire);
    putc('\n', c->out);
}

/* ---- Calls ------------------------------------------------------------------------------------------------------- */

static const struct ladder_segment *syn_of(const struct script *c, enum trace_side side)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct ladder_segment *s = c->event[i].s;
        if ((enum trace_side)s->wire.side == side && (s->wire.flags & WEIR_TCP_SYN) != 0) {
            return s;
        }
    }
    return NULL;
}

/* The settings without which this side's SYN would look different. */
static void settings(struct script *c, const struct ladder_segment *own,
                     const struct ladder_segment *other)
{
    uint32_t mine = own->wire.options.present;
    uint32_t theirs = other != NULL ? other->wire.options.present : mine;
    bool active = c->local == LADDER_CLIENT;
    unsigned headers = c->info->side[0].endpoint.ip.family == 6 ? HEADERS6 : HEADERS4;
    unsigned mtu = own->wire.options.mss + headers;

    if (headers == HEADERS6) {
        fputs("--ip_version=ipv6\n", c->out);
    }
    if ((mine & WEIR_SEGMENT_MSS) != 0 && mtu != MTU) {
        fprintf(c->out, "--mtu=%u\n", mtu);
    }
    /* a passive side only answers what it is asked for */
    uint32_t asked = active ? UINT32_MAX : theirs;
    bool off[3] = {(asked & ~mine & WEIR_SEGMENT_TIMESTAMPS) != 0,
                   (asked & ~mine & WEIR_SEGMENT_SACK_PERMITTED) != 0,
                   (asked & ~mine & WEIR_SEGMENT_WSCALE) != 0};
    static const char *const names[] = {"timestamps", "sack", "window_scaling"};
    const char *before = "`sysctl -q";
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (off[i]) {
            fprintf(c->out, "%s net.ipv4.tcp_%s=0", before, names[i]);
            before = "";
        }
    }
    if ((mine & WEIR_SEGMENT_WSCALE) != 0 && !off[2]) {
        uint64_t buffer = (uint64_t)UINT16_MAX << own->wire.options.wscale;
        fprintf(c->out, "%s net.ipv4.tcp_rmem=\"4096 131072 %" PRIu64 "\"", before, buffer);
        before = "";
    }
    fputs(before[0] == '\0' ? "`\n" : "", c->out);
    putc('\n', c->out);
}

static void open_active(struct script *c, int64_t ns)
{
    c->fd = 3;
    call(c, ns, "socket(..., SOCK_STREAM, IPPROTO_TCP) = 3");
    call(c, ns, "fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0");
    call(c, ns, "connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)");
}

static void open_passive(struct script *c, int64_t ns)
{
    call(c, ns, "socket(..., SOCK_STREAM, IPPROTO_TCP) = 3");
    call(c, ns, "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0");
    call(c, ns, "bind(3, ..., ...) = 0");
    call(c, ns, "listen(3, 1) = 0");
}

/* How much the write has that begins with event i: up to the segment with PSH. */
static uint32_t write_size(const struct script *c, size_t i)
{
    uint32_t size = 0;

    for (size_t k = i; k < c->count; k++) {
        const struct trace_segment *w = &c->event[k].s->wire;
        bool fresh = is_local(c, c->event[k].s) && w->length > 0 && w->seq == c->sent + size;
        if (fresh) {
            size += w->length;
        }
        if (fresh && (w->flags & (WEIR_TCP_PSH | WEIR_TCP_FIN)) != 0) {
            break;
        }
    }
    return size;
}

/* What the application must have done so that this segment leaves. */
static void before_sending(struct script *c, size_t i)
{
    const struct trace_segment *w = &c->event[i].s->wire;
    int64_t ns = c->event[i].ns;

    if ((w->flags & WEIR_TCP_SYN) != 0 && c->fd == 0 && c->local == LADDER_CLIENT) {
        open_active(c, ns);
        return;
    }
    if (w->length > 0 && w->seq == c->sent) {
        uint32_t size = write_size(c, i);
        call(c, ns, "write(%d, ..., %" PRIu32 ") = %" PRIu32, c->fd, size, size);
        c->sent += size;
    }
    if ((w->flags & WEIR_TCP_RST) != 0 && !c->closed && c->fd != 0) {
        call(c, ns, "setsockopt(%d, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0", c->fd);
    }
    if ((w->flags & (WEIR_TCP_FIN | WEIR_TCP_RST)) != 0 && !c->closed && c->fd != 0) {
        bool half = (w->flags & WEIR_TCP_FIN) != 0 && data_follows(c, i);
        call(c, ns, half ? "shutdown(%d, SHUT_WR) = 0" : "close(%d) = 0", c->fd);
        c->closed = true;
    }
}

/* What the application does when this segment has arrived. */
static void after_arrival(struct script *c, size_t i)
{
    const struct trace_segment *w = &c->event[i].s->wire;
    int64_t ns = c->event[i].ns;
    bool ack = (w->flags & (WEIR_TCP_SYN | WEIR_TCP_RST | WEIR_TCP_ACK)) == WEIR_TCP_ACK;

    if (ack && c->fd == 0) {
        c->fd = 4;
        call(c, ns, "accept(3, ..., ...) = 4");
    }
    if (w->length > 0 && w->seq == c->taken) {
        c->taken += w->length;
        bool gone = c->closed && !data_follows(c, i) && c->info->end == LADDER_END_RST;
        if (!gone) {
            call(c, ns, "read(%d, ..., %" PRIu32 ") = %" PRIu32, c->fd, w->length, w->length);
        }
    }
}

static void write_script(struct script *c, const struct ladder_segment *own)
{
    settings(c, own, syn_of(c, trace_other(c->local)));
    c->sent = c->info->side[c->local].isn + 1;
    c->taken = c->info->side[trace_other(c->local)].isn + 1;
    c->now = c->event[0].ns;
    bool slow = delays_acks(c); /* to be said each time: it does not last */
    if (c->local == LADDER_SERVER) {
        open_passive(c, c->now);
    }
    for (size_t i = 0; i < c->count; i++) {
        if (is_local(c, c->event[i].s)) {
            before_sending(c, i);
            packet(c, c->event[i].ns, c->event[i].s);
        } else {
            if (slow && c->fd != 0 && c->event[i].s->wire.length > 0) {
                call(c, c->event[i].ns, "setsockopt(%d, SOL_TCP, TCP_QUICKACK, [0], 4) = 0", c->fd);
            }
            packet(c, c->event[i].ns, c->event[i].s);
            after_arrival(c, i);
        }
    }
}

int packetdrill_ladder(FILE *out, const struct ladder *ladder, const struct export_options *options)
{
    const struct ladder_info *info = ladder_info(ladder);
    char client[TEXT_ENDPOINT_MAX], server[TEXT_ENDPOINT_MAX];
    bool at_server = info->vantage == LADDER_AT_SERVER;
    struct script c = {
        .out = out, .info = info, .local = at_server ? LADDER_SERVER : LADDER_CLIENT};

    (void)options;
    if (!collect(&c, ladder)) {
        return WEIR_ENOBUFS;
    }
    const struct ladder_segment *own = syn_of(&c, c.local);
    fprintf(out, "// %s -> %s, seen from the %s\n",
            text_endpoint(&info->side[LADDER_CLIENT].endpoint, client),
            text_endpoint(&info->side[LADDER_SERVER].endpoint, server),
            at_server ? "server" : "client");
    if (own != NULL) {
        write_script(&c, own);
    } else {
        fputs("// no SYN of this side was captured: there is no script\n", out);
    }
    free(c.event);
    return WEIR_OK;
}
