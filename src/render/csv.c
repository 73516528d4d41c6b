/*
 * csv.c - figures of each connection, one line each, in columns with tcptrace's names and meanings.
 *
 * Columns come in pairs: a2b of what the client sends, b2a of what the server does. Only what means the same
 * here as there has its name; zwnd_probe, RTT and losses are as this program judges them.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "render/export.h"

#define US_PER_S UINT64_C(1000000)
#define US_PER_MS 1000.0

struct side_figures {
    uint64_t packets, resets, acks, pure_acks, sacks, dsacks, data_packets, data_bytes;
    uint64_t again_packets, again_bytes, probes, probe_bytes, late, pushed, syns, fins, urgent;
    uint64_t window_max, window_min, window_sum, windows, windows_zero, dup_acks, triple;
    uint64_t rtt_count, rtt_sum;
    uint32_t rtt_min, rtt_max, size_max, size_min, sack_blocks, flight_max;
    uint32_t mss;
    int64_t first_data, last_data, last, idle_max;
    bool scaled, stamped, sack_permitted, data, spoke;
    uint8_t wscale;
};

/* ---- Counting ---------------------------------------------------------------------------------------------- */

static int64_t tap_time(const struct ladder_info *info, const struct ladder_segment *s)
{
    bool sent = info->vantage == LADDER_AT_UNKNOWN ||
                (enum trace_side)s->wire.side == info->reference || s->arrived.known == LADDER_LOST;

    return sent ? s->sent.ns : s->arrived.ns;
}

static void count_syn(struct side_figures *f, const struct tcp_options *o)
{
    f->syns++;
    f->scaled = (o->present & WEIR_SEGMENT_WSCALE) != 0;
    f->wscale = o->wscale;
    f->stamped = (o->present & WEIR_SEGMENT_TIMESTAMPS) != 0;
    f->sack_permitted = (o->present & WEIR_SEGMENT_SACK_PERMITTED) != 0;
    f->mss = (o->present & WEIR_SEGMENT_MSS) != 0 ? o->mss : 0;
}

static void count_data(struct side_figures *f, const struct ladder_segment *s, int64_t ns)
{
    bool again = s->class == LADDER_RETX;
    uint32_t length = s->wire.length;

    f->data_packets++;
    f->data_bytes += length;
    f->again_packets += again;
    f->again_bytes += again ? length : 0;
    f->late += s->class == LADDER_REORDERED;
    f->pushed += (s->wire.flags & WEIR_TCP_PSH) != 0;
    f->size_max = MAX(f->size_max, length);
    f->size_min = f->size_min == 0 ? length : MIN(f->size_min, length);
    f->first_data = f->data ? f->first_data : ns;
    f->last_data = ns;
    f->data = true;
}

static void count_ack(struct side_figures *f, const struct ladder_segment *s)
{
    const struct tcp_options *o = &s->wire.options;
    bool plain =
        s->wire.length == 0 && (s->wire.flags & (WEIR_TCP_SYN | WEIR_TCP_FIN | WEIR_TCP_RST)) == 0;

    f->acks++;
    f->pure_acks += plain;
    f->sacks += o->sack_count > 0;
    f->dsacks += (s->facts & LADDER_FACT_DSACK) != 0;
    f->sack_blocks = MAX(f->sack_blocks, o->sack_count);
    f->dup_acks += s->class == LADDER_DUP_ACK;
    f->triple += s->class == LADDER_DUP_ACK && s->count == 3;
}

static void count_window(struct side_figures *f, const struct ladder_segment *s)
{
    f->window_max = MAX(f->window_max, s->window);
    if ((s->wire.flags & WEIR_TCP_SYN) != 0) {
        return;
    }
    if (s->window != 0) { /* as tcptrace: zero_win_adv counts the others */
        f->window_min = f->window_min == 0 ? s->window : MIN(f->window_min, s->window);
    }
    f->window_sum += s->window;
    f->windows++;
    f->windows_zero += s->window == 0;
}

static void count_rtt(struct side_figures *f, uint32_t us)
{
    f->rtt_min = f->rtt_count == 0 ? us : MIN(f->rtt_min, us);
    f->rtt_max = MAX(f->rtt_max, us);
    f->rtt_sum += us;
    f->rtt_count++;
}

static void count(struct side_figures figures[2], const struct ladder_info *info,
                  const struct ladder_segment *s)
{
    enum trace_side side = (enum trace_side)s->wire.side;
    struct side_figures *f = &figures[side];
    int64_t ns = tap_time(info, s);
    bool reset = (s->wire.flags & WEIR_TCP_RST) != 0, probe = s->class == LADDER_ZERO_WINDOW_PROBE;

    f->packets++;
    f->resets += reset;
    f->fins += (s->wire.flags & WEIR_TCP_FIN) != 0;
    f->urgent += (s->wire.flags & WEIR_TCP_URG) != 0;
    f->idle_max = f->spoke ? MAX(f->idle_max, ns - f->last) : 0;
    f->last = ns;
    f->spoke = true;
    f->flight_max = MAX(f->flight_max, s->flight);
    f->probes += probe;
    f->probe_bytes += probe ? s->wire.length : 0;
    if ((s->wire.flags & WEIR_TCP_SYN) != 0) {
        count_syn(f, &s->wire.options);
    }
    if (s->wire.length > 0) {
        count_data(f, s, ns);
    }
    if ((s->wire.flags & WEIR_TCP_ACK) != 0) {
        count_ack(f, s);
    }
    if (!reset) {
        count_window(f, s);
    }
    /* at the receiver's side it would only be how long the receiver took */
    if (s->rtt_us != 0 && (info->vantage == LADDER_AT_UNKNOWN || side != info->reference)) {
        count_rtt(&figures[trace_other(side)], s->rtt_us);
    }
}

/* ---- Columns ------------------------------------------------------------------------------------------------- */

/* X(name, format, value of f) */
#define COLUMNS(X)                                                                                 \
    X("total_packets", "%" PRIu64, f->packets)                                                     \
    X("resets_sent", "%" PRIu64, f->resets)                                                        \
    X("ack_pkts_sent", "%" PRIu64, f->acks)                                                        \
    X("pure_acks_sent", "%" PRIu64, f->pure_acks)                                                  \
    X("sack_pkts_sent", "%" PRIu64, f->sacks)                                                      \
    X("dsack_pkts_sent", "%" PRIu64, f->dsacks)                                                    \
    X("max_sack_blks/ack", "%" PRIu32, f->sack_blocks)                                             \
    X("unique_bytes_sent", "%" PRIu64, bytes)                                                      \
    X("actual_data_pkts", "%" PRIu64, f->data_packets)                                             \
    X("actual_data_bytes", "%" PRIu64, f->data_bytes)                                              \
    X("rexmt_data_pkts", "%" PRIu64, f->again_packets)                                             \
    X("rexmt_data_bytes", "%" PRIu64, f->again_bytes)                                              \
    X("zwnd_probe_pkts", "%" PRIu64, f->probes)                                                    \
    X("zwnd_probe_bytes", "%" PRIu64, f->probe_bytes)                                              \
    X("outoforder_pkts", "%" PRIu64, f->late)                                                      \
    X("pushed_data_pkts", "%" PRIu64, f->pushed)                                                   \
    X("SYN/FIN_pkts_sent", "%" PRIu64 "/%" PRIu64, f->syns, f->fins)                               \
    X("req_1323_ws/ts", "%c/%c", f->scaled ? 'Y' : 'N', f->stamped ? 'Y' : 'N')                    \
    X("adv_wind_scale", "%u", f->wscale)                                                           \
    X("req_sack", "%c", f->sack_permitted ? 'Y' : 'N')                                             \
    X("sacks_sent", "%" PRIu64, f->sacks)                                                          \
    X("urgent_data_pkts", "%" PRIu64, f->urgent)                                                   \
    X("mss_requested", "%" PRIu32, f->mss)                                                         \
    X("max_segm_size", "%" PRIu32, f->size_max)                                                    \
    X("min_segm_size", "%" PRIu32, f->size_min)                                                    \
    X("avg_segm_size", "%" PRIu64, f->data_packets ? f->data_bytes / f->data_packets : 0)          \
    X("max_win_adv", "%" PRIu64, f->window_max)                                                    \
    X("min_win_adv", "%" PRIu64, f->window_min)                                                    \
    X("zero_win_adv", "%" PRIu64, f->windows_zero)                                                 \
    X("avg_win_adv", "%" PRIu64, f->windows ? f->window_sum / f->windows : 0)                      \
    X("max_owin", "%" PRIu32, f->flight_max)                                                       \
    X("data_xmit_time", "%.3f", (double)(f->last_data - f->first_data) / 1e9)                      \
    X("idletime_max", "%.1f", (double)f->idle_max / 1e6)                                           \
    X("throughput", "%.0f", lasts > 0 ? (double)bytes * 1e9 / (double)lasts : 0)                   \
    X("RTT_samples", "%" PRIu64, f->rtt_count)                                                     \
    X("RTT_min", "%.1f", f->rtt_min / US_PER_MS)                                                   \
    X("RTT_max", "%.1f", f->rtt_max / US_PER_MS)                                                   \
    X("RTT_avg", "%.1f", f->rtt_count ? (double)f->rtt_sum / (double)f->rtt_count / US_PER_MS : 0) \
    X("duplicate_acks", "%" PRIu64, dups)                                                          \
    X("triple_dupacks", "%" PRIu64, triple)

#define COLUMN(name, format, ...) name,
static const char *const names[] = {COLUMNS(COLUMN)};
#undef COLUMN

static void value(FILE *out, size_t column, const struct side_figures *f,
                  const struct side_figures *peer, uint64_t bytes, int64_t lasts)
{
    uint64_t dups = peer->dup_acks, triple = peer->triple; /* about this side's data */
    size_t n = 0;

#define COLUMN(name, format, ...)              \
    if (column == n++) {                       \
        fprintf(out, "," format, __VA_ARGS__); \
    }
    COLUMNS(COLUMN)
#undef COLUMN
}

static void instant(FILE *out, weir_time time)
{
    uint64_t us = (time + 500) / 1000;

    fprintf(out, ",%" PRIu64 ".%06" PRIu64, us / US_PER_S, us % US_PER_S);
}

int csv_begin(FILE *out)
{
    fputs("conn_#,host_a,host_b,port_a,port_b,first_packet,last_packet", out);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        fprintf(out, ",%s_a2b,%s_b2a", names[i], names[i]);
    }
    putc('\n', out);
    return WEIR_OK;
}

int csv_ladder(FILE *out, const struct ladder *ladder, const struct export_options *options)
{
    struct side_figures f[2] = {{.packets = 0}, {.packets = 0}};
    const struct ladder_info *info = ladder_info(ladder);
    char host[2][WEIR_IP_TEXT_MAX];
    size_t segments;
    const struct ladder_segment *s = ladder_segments(ladder, &segments);
    int64_t last = 0;

    (void)options;
    for (size_t i = 0; i < segments; i++) {
        count(f, info, &s[i]);
        last = MAX(last, tap_time(info, &s[i]));
    }
    for (int side = 0; side < 2; side++) {
        weir_ip_format(&info->side[side].endpoint.ip, host[side], sizeof(host[0]));
    }
    fprintf(out, "%" PRIu32 ",%s,%s,%u,%u", info->number, host[0], host[1],
            info->side[0].endpoint.port, info->side[1].endpoint.port);
    instant(out, info->origin);
    instant(out, info->origin + (weir_time)last);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        value(out, i, &f[0], &f[1], info->side[0].bytes, last);
        value(out, i, &f[1], &f[0], info->side[1].bytes, last);
    }
    putc('\n', out);
    return WEIR_OK;
}
