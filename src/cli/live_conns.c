/*
 * live_conns.c - from packets to conversations for `weir live`: a stream (trace/stream.h) for each that is
 * going on, nothing but an entry in a table for those that are over.
 *
 * The table has two generations: when the young one is full, it becomes the old one, and what is still
 * going on in the old one begins anew. So memory is bounded however long this runs.
 */
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "cli/live.h"
#include "trace/demux.h"

#define GENERATION_MAX 65536
#define STREAMS_MAX 4096
#define OVER_WAIT WEIR_S          /* after the last segment of one that is closed */
#define SILENT_MAX (600 * WEIR_S) /* of one that is open */
#define ADDRESSES_TTL WEIR_S      /* so long the list of this machine's addresses is believed */
#define ADDRESSES_MAX 256
#define OTHER_INTERFACE_WAIT WEIR_S /* silence after which a direction may change its interface */
#define OWNER_TRIES 20

struct live_conn {
    struct live_conns *conns;
    struct demux_entry *entry;
    struct stream *stream;
    struct json_rows *rows;      /* with --json */
    struct weir_endpoint end[2]; /* of sides 0 and 1 */
    weir_time due, first, last;
    int interface[2]; /* where this side's segments are seen, when all are listened to */
    weir_time seen[2];
    uint32_t number;
    enum child_owner owner;
    uint32_t owner_tries;
    bool hidden, begun, local[2];
};

struct live_conns {
    struct live_show *show;
    const struct child *child;
    weir_time reorder, now;
    struct demux *table[2]; /* young and old */
    struct live_conn *live[STREAMS_MAX];
    size_t count;
    uint64_t numbers;
    struct weir_ip address[ADDRESSES_MAX];
    size_t addresses;
    weir_time addresses_read;
    bool told_memory;
};

/* ---- This machine's addresses --------------------------------------------------------------------------- */

static void read_addresses(struct live_conns *c)
{
    struct ifaddrs *list = NULL;

    c->addresses = 0;
    c->addresses_read = c->now;
    if (getifaddrs(&list) != 0) {
        return;
    }
    for (struct ifaddrs *a = list; a != NULL && c->addresses < ADDRESSES_MAX; a = a->ifa_next) {
        struct weir_ip *ip = &c->address[c->addresses];
        if (a->ifa_addr == NULL) {
            continue;
        }
        *ip = (struct weir_ip){.family = 0};
        if (a->ifa_addr->sa_family == AF_INET) {
            const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)a->ifa_addr;
            ip->family = 4;
            memcpy(ip->bytes, &in->sin_addr, 4);
            c->addresses++;
        } else if (a->ifa_addr->sa_family == AF_INET6) {
            const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)a->ifa_addr;
            ip->family = 6;
            memcpy(ip->bytes, &in->sin6_addr, 16);
            c->addresses++;
        }
    }
    freeifaddrs(list);
}

static bool is_local(const struct live_conns *c, const struct weir_ip *ip)
{
    if (ip->family == 4 && ip->bytes[0] == 127) {
        return true;
    }
    for (size_t i = 0; i < c->addresses; i++) {
        if (c->address[i].family == ip->family &&
            memcmp(c->address[i].bytes, ip->bytes, ip->family == 4 ? 4 : 16) == 0) {
            return true;
        }
    }
    return false;
}

/* Seen from the end that is this machine; with both of them here, or none, nobody's clock is near. */
static void find_vantage(struct live_conns *c, struct stream_setup *setup, bool local[2])
{
    if (c->now >= c->addresses_read + ADDRESSES_TTL || c->addresses_read == 0) {
        read_addresses(c);
    }
    local[0] = is_local(c, &setup->end[0].ip);
    local[1] = is_local(c, &setup->end[1].ip);
    setup->vantage_known = local[0] || local[1];
    setup->vantage = local[0] == local[1] ? LADDER_AT_UNKNOWN
                     : local[0]           ? LADDER_AT_CLIENT /* if side 0 is the client */
                                          : LADDER_AT_SERVER;
}

/* ---- Whose it is ---------------------------------------------------------------------------------------- */

static void find_owner(struct live_conn *conn)
{
    if (conn->owner == CHILD_UNKNOWN && conn->owner_tries < OWNER_TRIES) {
        conn->owner_tries++;
        conn->owner = child_owner(conn->end, conn->local);
    }
}

/* ---- What the stream tells ------------------------------------------------------------------------------ */

static void begin(struct live_conn *conn, const struct ladder *ladder)
{
    struct live_conns *c = conn->conns;
    const struct live_options *options = c->show->options;
    const char *remark = NULL;

    if (c->child != NULL) {
        conn->owner_tries = 0; /* once more, now that it must be known */
        find_owner(conn);
        conn->hidden = conn->owner == CHILD_FOREIGN;
        if (conn->owner == CHILD_UNKNOWN) {
            remark = message_text(MESSAGE_LIVE_OWNER_UNSEEN, options->output.text.language);
        }
    }
    if (!conn->hidden) {
        conn->number = (uint32_t)++c->numbers;
        stream_set_number(conn->stream, conn->number);
        conn->hidden = options->conn != 0 && options->conn != conn->number;
    }
    conn->begun = true;
    if (!conn->hidden) {
        conn->rows = live_show_rows(c->show);
        conn->hidden = options->output.json && conn->rows == NULL; /* no memory */
    }
    if (!conn->hidden) {
        live_show_begin(c->show, conn->rows, ladder, remark);
    }
}

static void on_event(void *ctx, const struct stream_event *event)
{
    struct live_conn *conn = ctx;

    if (event->kind == STREAM_BEGIN) {
        begin(conn, event->ladder);
    } else if (conn->hidden) {
        return;
    } else if (event->kind == STREAM_END) {
        live_show_end(conn->conns->show, conn->rows, event->ladder,
                      (int64_t)(conn->last - conn->first));
    } else {
        live_show_event(conn->conns->show, conn->rows, event, conn->conns->now);
    }
}

static uint8_t client_of(void *ctx, bool *guessed)
{
    const struct live_conn *conn = ctx;

    return demux_client(conn->entry, guessed);
}

/* ---- Conversations -------------------------------------------------------------------------------------- */

struct live_conns *live_conns_new(struct live_show *show, const struct child *child,
                                  weir_time reorder)
{
    struct live_conns *c = calloc(1, sizeof(*c));

    if (c != NULL) {
        c->show = show;
        c->child = child;
        c->reorder = reorder;
        c->table[0] = demux_new(sizeof(struct live_conn *));
        if (c->table[0] == NULL) {
            free(c);
            c = NULL;
        }
    }
    return c;
}

static struct live_conn **slot_of(struct demux_entry *entry)
{
    return (struct live_conn **)demux_payload(entry);
}

static void end_conn(struct live_conns *c, size_t index)
{
    struct live_conn *conn = c->live[index];

    c->live[index] = c->live[--c->count];
    stream_end(conn->stream);
    stream_del(conn->stream);
    json_rows_del(conn->rows);
    *slot_of(conn->entry) = NULL;
    free(conn);
}

void live_conns_end(struct live_conns *c, weir_time now)
{
    c->now = now;
    while (c->count > 0) { /* in order of their first packet, as far as it is known */
        size_t first = 0;
        for (size_t i = 1; i < c->count; i++) {
            first = c->live[i]->first < c->live[first]->first ? i : first;
        }
        end_conn(c, first);
    }
}

void live_conns_dropped(struct live_conns *c, uint64_t packets)
{
    for (size_t i = 0; i < c->count; i++) {
        stream_dropped(c->live[i]->stream, packets);
    }
}

void live_conns_del(struct live_conns *c)
{
    if (c == NULL) {
        return;
    }
    for (size_t i = 0; i < c->count; i++) {
        stream_del(c->live[i]->stream);
        json_rows_del(c->live[i]->rows);
        free(c->live[i]);
    }
    demux_del(c->table[0]);
    demux_del(c->table[1]);
    free(c);
}

uint64_t live_conns_count(const struct live_conns *c)
{
    return c->numbers;
}

/* The eighth that has been silent longest makes room. */
static int by_last(const void *a, const void *b)
{
    const struct live_conn *x = *(struct live_conn *const *)a, *y = *(struct live_conn *const *)b;

    return x->last == y->last ? 0 : x->last > y->last ? -1 : 1;
}

static void make_room(struct live_conns *c)
{
    if (c->count == STREAMS_MAX) {
        qsort(c->live, c->count, sizeof(struct live_conn *), by_last);
        while (c->count > STREAMS_MAX - STREAMS_MAX / 8) {
            end_conn(c, c->count - 1);
        }
    }
}

static void next_generation(struct live_conns *c)
{
    if (demux_count(c->table[0]) < GENERATION_MAX) {
        return;
    }
    struct demux *young = demux_new(sizeof(struct live_conn *));
    if (young == NULL) {
        return;
    }
    for (size_t i = c->count; c->table[1] != NULL && i-- > 0;) {
        if (c->live[i]->entry->index < demux_count(c->table[1]) &&
            demux_at(c->table[1], c->live[i]->entry->index) == c->live[i]->entry) {
            end_conn(c, i);
        }
    }
    demux_del(c->table[1]);
    c->table[1] = c->table[0];
    c->table[0] = young;
}

static struct live_conn *new_conn(struct live_conns *c, struct demux_entry *entry)
{
    struct live_conn *conn = calloc(1, sizeof(*conn));
    struct stream_setup setup = {
        .number = 1, .client = client_of, .reorder = c->reorder, .tell = on_event, .ctx = conn};

    if (conn == NULL) {
        return NULL;
    }
    demux_endpoints(entry, setup.end);
    bool local[2];
    find_vantage(c, &setup, local);
    *conn = (struct live_conn){.conns = c,
                               .local = {local[0], local[1]},
                               .entry = entry,
                               .end = {setup.end[0], setup.end[1]},
                               .last = c->now,
                               .stream = stream_new(&setup)};
    if (conn->stream == NULL) {
        free(conn);
        return NULL;
    }
    c->live[c->count++] = conn;
    return conn;
}

/* A conversation in the old generation stays there while it goes on. */
static struct demux_entry *find_entry(struct live_conns *c, const struct demux_key *key,
                                      const struct trace_segment *segment, uint8_t *side)
{
    struct demux_entry *old = c->table[1] != NULL ? demux_peek(c->table[1], key) : NULL;
    bool going_on = old != NULL && *slot_of(old) != NULL;

    return demux_take(c->table[going_on ? 1 : 0], key, segment, side);
}

/* With all interfaces listened to, a packet that goes through several of them (a bridge, a pair of veths) is seen
 * several times; it counts where this direction was seen first. */
static bool seen_elsewhere(struct live_conn *conn, uint8_t side, int interface, weir_time now)
{
    if (interface == 0) {
        return false;
    }
    if (conn->interface[side] == 0 || now >= conn->seen[side] + OTHER_INTERFACE_WAIT) {
        conn->interface[side] = interface;
    }
    if (conn->interface[side] != interface) {
        return true;
    }
    conn->seen[side] = now;
    return false;
}

/* Its conversation, made when there is none. NULL: no memory. */
static struct live_conn *find_conn(struct live_conns *c, const struct trace_segment *segment,
                                   const struct weir_endpoint *src, const struct weir_endpoint *dst,
                                   uint8_t *side)
{
    struct demux_key key;

    make_room(c);
    next_generation(c);
    demux_key(&key, src, dst);
    struct demux_entry *entry = find_entry(c, &key, segment, side);
    struct live_conn *conn = entry != NULL ? *slot_of(entry) : NULL;
    if (entry != NULL && conn == NULL) {
        conn = *slot_of(entry) = new_conn(c, entry);
    }
    if (conn == NULL && !c->told_memory) {
        cli_error(CLI_SYSTEM, "no memory: some conversations are not shown");
        c->told_memory = true;
    }
    return conn;
}

bool live_conns_packet(struct live_conns *c, const struct trace_segment *segment,
                       const struct weir_endpoint *src, const struct weir_endpoint *dst,
                       int interface, weir_time now)
{
    struct trace_segment own = *segment;

    c->now = now;
    struct live_conn *conn = find_conn(c, segment, src, dst, &own.side);
    if (conn == NULL) {
        return false;
    }
    if (c->child != NULL && !conn->begun) {
        find_owner(conn);
    }
    if (conn->begun && conn->hidden) {
        conn->last = now;
        return false;
    }
    if (seen_elsewhere(conn, own.side, interface, now)) {
        return false;
    }
    conn->first = conn->first == 0 ? own.time : conn->first;
    conn->last = max_u64(conn->last, own.time);
    conn->due = 0;
    (void)stream_take(conn->stream, &own); /* without memory it is as if it had been dropped */
    return conn->owner != CHILD_FOREIGN;
}

weir_time live_conns_advance(struct live_conns *c, weir_time now)
{
    weir_time next = WEIR_NEVER;

    c->now = now;
    for (size_t i = c->count; i-- > 0;) {
        struct live_conn *conn = c->live[i];
        if (conn->due <= now) {
            conn->due = stream_advance(conn->stream, now);
        }
        bool waits = stream_waiting(conn->stream) > 0 && !conn->hidden;
        weir_time ends = conn->last + (stream_over(conn->stream) ? OVER_WAIT : SILENT_MAX);
        if (!waits && now >= ends) {
            end_conn(c, i);
            continue;
        }
        next = min_u64(next, waits ? conn->due : ends);
    }
    return next;
}
