/* relay_log.c - see relay_log.h. */
#include "cli/relay_log.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/compiler.h"
#include "render/text.h"
#include "trace/segment.h"

#define SCHEMA_VERSION 1

static const char *const direction_names[2] = {"ab", "ba"};

/* Takes the value over, NULL included. */
static void put_line(struct relay_log *log, json_t *line)
{
    if (log->file != NULL && line != NULL) {
        json_dumpf(line, log->file, JSON_COMPACT); /* the stream remembers a failure */
        fputc('\n', log->file);
    }
    log->failed = log->failed || line == NULL;
    json_decref(line);
}

/* ---- Begin --------------------------------------------------------------------------------------------- */

static json_t *describe(const struct weir_impair_direction *d)
{
    return json_pack("{s:f, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:I, s:f, s:I, s:I, s:I}",
                     "loss", d->loss, "delay_ns", (json_int_t)d->delay, "jitter_ns",
                     (json_int_t)d->jitter, "rate_bits", (json_int_t)d->rate, "queue_packets",
                     (json_int_t)d->queue_packets, "reorder", d->reorder, "duplicate", d->duplicate,
                     "corrupt", d->corrupt, "mark", d->mark, "mark_queue",
                     (json_int_t)d->mark_queue, "data_loss", d->data_loss, "drop_larger",
                     (json_int_t)d->drop_larger, "stall_nth", (json_int_t)d->stall_nth, "stall_ns",
                     (json_int_t)d->stall_time);
}

void relay_log_begin(struct relay_log *log, const struct impair_options *impair, uint64_t epoch_ns)
{
    if (log->file == NULL) {
        return;
    }
    put_line(log,
             json_pack("{s:i, s:s, s:s, s:s, s:I, s:I, s:o, s:o}", "v", SCHEMA_VERSION, "e",
                       "relay", "a", log->names[0], "b", log->names[1], "start_unix_ns",
                       (json_int_t)(log->start + epoch_ns), "seed", (json_int_t)impair->config.seed,
                       "ab", describe(&impair->config.direction[0]), "ba",
                       describe(&impair->config.direction[1])));
}

/* ---- Packets ------------------------------------------------------------------------------------------- */

static const char *fate_name(uint8_t fate)
{
    static const char *const names[] = {
        [WEIR_IMPAIR_DELIVERED] = "delivered", [WEIR_IMPAIR_LOST] = "lost",
        [WEIR_IMPAIR_DROPPED_NTH] = "dropped", [WEIR_IMPAIR_QUEUE_FULL] = "queue-full",
        [WEIR_IMPAIR_DUPLICATE] = "duplicate", [WEIR_IMPAIR_TOO_LARGE] = "too-large",
    };

    return names[fate];
}

static void count(struct relay_counts *c, const struct weir_impair_record *r)
{
    bool copy = r->fate == WEIR_IMPAIR_DUPLICATE;

    c->duplicated += copy;
    c->delivered += r->fate == WEIR_IMPAIR_DELIVERED;
    c->lost += r->fate == WEIR_IMPAIR_LOST;
    c->dropped += r->fate == WEIR_IMPAIR_DROPPED_NTH;
    c->queue_full += r->fate == WEIR_IMPAIR_QUEUE_FULL;
    c->too_large += r->fate == WEIR_IMPAIR_TOO_LARGE;
    if (!copy) {
        c->sent++;
        c->bytes += r->size;
        c->payload += r->payload;
        c->repeated += r->transmission > 1 ? r->payload : 0;
        c->reordered += r->reordered && r->fate == WEIR_IMPAIR_DELIVERED;
        c->corrupted += r->corrupted && r->fate == WEIR_IMPAIR_DELIVERED;
        c->marked += r->marked && r->fate == WEIR_IMPAIR_DELIVERED;
    }
}

#define FLAGS_MAX 48

static const char *flags_text(uint16_t flags, char out[FLAGS_MAX])
{
    static const char *const names[] = {"FIN", "SYN", "RST", "PSH", "ACK",
                                        "URG", "ECE", "CWR", "AE"};
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if ((flags >> i & 1) != 0) {
            used += (size_t)snprintf(out + used, FLAGS_MAX - used, "%s%s", used > 0 ? "," : "",
                                     names[i]);
        }
    }
    return out;
}

/* What the packet says, if it is TCP. */
static void add_tcp(const struct relay_log *log, json_t *line, const struct weir_impair_record *r)
{
    struct trace_segment s;
    struct weir_endpoint src, dst;
    char from[TEXT_ENDPOINT_MAX], to[TEXT_ENDPOINT_MAX], flags[FLAGS_MAX];
    int header =
        trace_link_header(log->medium == WEIR_MEDIUM_ETHERNET ? 1 : 101, r->packet, r->size);

    if (header < 0) {
        return;
    }
    size_t size = r->size - (size_t)header;
    if (trace_parse_ip(r->packet + header, size, size, &s, &src, &dst) != TRACE_TCP) {
        return;
    }
    json_t *tcp = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "src", text_endpoint(&src, from),
                            "dst", text_endpoint(&dst, to), "flags", flags_text(s.flags, flags),
                            "seq", (json_int_t)s.seq, "ack", (json_int_t)s.ack, "len",
                            (json_int_t)s.length, "win", (json_int_t)s.window);
    json_object_update_new(line, tcp);
}

/* Nanoseconds since the start; null: never. */
static json_t *time_of(const struct relay_log *log, weir_time time)
{
    return time == 0 ? json_null() : json_integer((json_int_t)(time - log->start));
}

void relay_log_packet(struct relay_log *log, const struct weir_impair_record *r)
{
    count(&log->counts[r->direction], r);
    if (log->file == NULL) {
        return;
    }
    json_t *line =
        json_pack("{s:i, s:s, s:s, s:I, s:s, s:o, s:o, s:I, s:b, s:b, s:b}", "v", SCHEMA_VERSION,
                  "e", "packet", "dir", direction_names[r->direction], "n", (json_int_t)r->number,
                  "fate", fate_name(r->fate), "sent_ns", time_of(log, r->sent), "delivered_ns",
                  time_of(log, r->delivered), "size", (json_int_t)r->size, "reordered",
                  (int)r->reordered, "corrupted", (int)r->corrupted, "marked", (int)r->marked);
    if (line != NULL) {
        add_tcp(log, line, r);
        if (r->transmission > 0) {
            json_object_set_new(line, "transmission", json_integer(r->transmission));
        }
    }
    put_line(log, line);
}

/* ---- End ----------------------------------------------------------------------------------------------- */

static uint64_t under_way(const struct relay_counts *c)
{
    return c->delivered + c->duplicated - c->handed_out;
}

static json_t *sum_up(const struct relay_counts *c)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
                     "sent", (json_int_t)c->sent, "bytes", (json_int_t)c->bytes, "delivered",
                     (json_int_t)c->delivered, "lost", (json_int_t)c->lost, "dropped",
                     (json_int_t)c->dropped, "queue_full", (json_int_t)c->queue_full, "duplicated",
                     (json_int_t)c->duplicated, "reordered", (json_int_t)c->reordered, "corrupted",
                     (json_int_t)c->corrupted, "marked", (json_int_t)c->marked, "under_way",
                     (json_int_t)under_way(c), "payload", (json_int_t)c->payload, "repeated",
                     (json_int_t)c->repeated, "too_large", (json_int_t)c->too_large);
}

void relay_log_end(struct relay_log *log, weir_time now)
{
    if (log->file != NULL) {
        put_line(log, json_pack("{s:i, s:s, s:I, s:o, s:o}", "v", SCHEMA_VERSION, "e", "end",
                                "duration_ns", (json_int_t)(now - log->start), "ab",
                                sum_up(&log->counts[0]), "ba", sum_up(&log->counts[1])));
    }
}

void relay_log_print(const struct relay_log *log, FILE *out)
{
    for (int i = 0; i < 2; i++) {
        const struct relay_counts *c = &log->counts[i];
        fprintf(out,
                "%s to %s: %" PRIu64 " packets, %" PRIu64 " lost, %" PRIu64 " dropped, %" PRIu64
                " queue full, %" PRIu64 " duplicated, %" PRIu64 " reordered, %" PRIu64
                " corrupted, %" PRIu64 " marked\n",
                log->names[i], log->names[1 - i], c->sent, c->lost, c->dropped, c->queue_full,
                c->duplicated, c->reordered, c->corrupted, c->marked);
        if (c->payload > 0) {
            fprintf(out, "%s to %s: %" PRIu64 " bytes of data, %" PRIu64 " of them repeated\n",
                    log->names[i], log->names[1 - i], c->payload, c->repeated);
        }
    }
}
