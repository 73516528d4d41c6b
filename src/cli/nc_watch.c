/*
 * nc_watch.c - what `weir nc` does besides talking: trouble on the way, the capture, the drawing.
 *
 * From the stack outwards: tap, impairment, interface. So the capture and the drawing show what weir sent,
 * also if it was lost on purpose then, and what reached it. The impairment knows what became of each
 * packet; with it the drawing shows the truth about both ends.
 */
#include "cli/nc.h"

#include <stdlib.h>
#include <unistd.h>

#include "cli/live_ladder.h"
#include "device/pcapfile.h"
#include "host/clock.h"
#include "trace/ladder.h"

struct nc_watch {
    const struct nc_options *options;
    uint8_t medium;
    enum trace_side side;
    struct pcapfile *file;
    struct live_ladder *ladder;
};

/* ---- In ------------------------------------------------------------------------------------------------ */

/* Takes the link header off; false if it is not IP. */
static bool find_ip(const struct nc_watch *w, struct ladder_packet *packet)
{
    enum { LINK_ETHERNET = 1, LINK_RAW = 101 };
    int header = trace_link_header(w->medium == WEIR_MEDIUM_ETHERNET ? LINK_ETHERNET : LINK_RAW,
                                   packet->bytes, packet->size);

    if (header < 0) {
        return false;
    }
    packet->bytes += header;
    packet->size -= (size_t)header;
    return true;
}

static void on_tap(void *ctx, const uint8_t *packet, size_t size,
                   const struct weir_offload *offload, bool out, weir_time now)
{
    struct nc_watch *w = ctx;
    enum trace_side from = out ? w->side : trace_other(w->side);

    (void)offload;
    if (w->file != NULL) {
        struct pcapfile_packet p = {
            .time = now, .data = packet, .size = (uint32_t)size, .out = out};
        pcapfile_write(w->file, &p);
    }
    struct ladder_packet p = {
        .from = from, .sent = now, .arrived = now, .bytes = packet, .size = size};
    if (w->ladder == NULL || !find_ip(w, &p)) {
        return;
    }
    if (!w->options->impair.wanted) {
        live_ladder_packet(w->ladder, &p);
    } else if (!out) {
        live_ladder_arrived(w->ladder, p.bytes, p.size, now);
    }
}

static void on_truth(void *ctx, const struct weir_impair_record *r)
{
    struct nc_watch *w = ctx;
    bool copy = r->fate == WEIR_IMPAIR_DUPLICATE;
    bool lost = r->fate != WEIR_IMPAIR_DELIVERED && !copy;
    struct ladder_packet p = {.from = r->direction == 0 ? w->side : trace_other(w->side),
                              .sent = r->sent,
                              .arrived = lost ? LADDER_NEVER : r->delivered,
                              .bytes = r->packet,
                              .size = r->size,
                              .duplicate = copy,
                              .corrupted = r->corrupted};

    if (w->ladder != NULL && find_ip(w, &p)) {
        live_ladder_packet(w->ladder, &p);
    }
}

void nc_watch_record(void *ctx, const struct weir_record *record)
{
    struct nc_watch *w = ctx;

    if (w->ladder != NULL) {
        live_ladder_record(w->ladder, record);
    }
}

void nc_watch_conn(struct nc_watch *w, const struct weir_tcp_info *info)
{
    if (w->ladder != NULL) {
        live_ladder_conn(w->ladder, info);
    }
}

weir_time nc_watch_draw(struct nc_watch *w, weir_time now)
{
    return w->ladder != NULL ? live_ladder_draw(w->ladder, now) : WEIR_NEVER;
}

/* ---- Begin and end ------------------------------------------------------------------------------------- */

static int open_capture(struct nc_watch *w)
{
    char why[256];
    struct pcapfile_interface interface = {.name = w->options->device.name, .medium = w->medium};
    struct pcapfile_config config = {.path = w->options->write,
                                     .interfaces = &interface,
                                     .interface_count = 1,
                                     .epoch_ns = clock_epoch()};

    int error = pcapfile_open(&w->file, &config, why, sizeof(why));
    if (error == WEIR_OK) {
        return CLI_OK;
    }
    return cli_error(error == WEIR_EACCES ? CLI_PERMISSION : CLI_SYSTEM, "%s", why);
}

static int wrap_impair(struct nc_watch *w, struct weir_device **device)
{
    struct weir_impair_config config = w->options->impair.config;

    config.log = on_truth;
    config.log_ctx = w;
    if (weir_impair_new(device, *device, &config) != WEIR_OK) {
        return cli_error(CLI_SYSTEM, "no memory: impairment");
    }
    return CLI_OK;
}

static int wrap_tap(struct nc_watch *w, struct weir_device **device)
{
    struct weir_tracer_config config = {.wire = true, .tap = on_tap, .ctx = w};

    if (weir_tracer_new(device, *device, &config) != WEIR_OK) {
        return cli_error(CLI_SYSTEM, "no memory: tap");
    }
    return CLI_OK;
}

int nc_watch_new(struct nc_watch **watch, const struct nc_options *options,
                 struct weir_device **device)
{
    struct nc_watch *w = calloc(1, sizeof(*w));
    int code = CLI_OK;

    *watch = w;
    if (w == NULL) {
        return cli_error(CLI_SYSTEM, "no memory: weir nc");
    }
    w->options = options;
    w->medium = (*device)->caps.medium;
    w->side = options->listen ? LADDER_SERVER : LADDER_CLIENT;
    if (options->write != NULL) {
        code = open_capture(w);
    }
    if (code == CLI_OK && options->ladder) {
        struct live_ladder_setup setup = {.out = stderr,
                                          .options = &options->output.text,
                                          .json = options->output.json,
                                          .side = w->side,
                                          .both = options->impair.wanted,
                                          .inside = options->internals};
        w->ladder = live_ladder_new(&setup);
        code = w->ladder != NULL ? CLI_OK : cli_error(CLI_SYSTEM, "no memory: ladder");
    }
    if (code == CLI_OK && options->impair.wanted) {
        code = wrap_impair(w, device);
    }
    if (code == CLI_OK && (w->file != NULL || w->ladder != NULL)) {
        code = wrap_tap(w, device);
    }
    return code;
}

int nc_watch_end(struct nc_watch *w)
{
    char why[256];
    int code = CLI_OK;

    if (w->ladder != NULL) {
        live_ladder_finish(w->ladder);
    }
    live_ladder_del(w->ladder);
    w->ladder = NULL;
    if (w->file != NULL && pcapfile_close(w->file, why, sizeof(why)) != WEIR_OK) {
        code = cli_error(CLI_SYSTEM, "%s", why);
    }
    w->file = NULL;
    return code;
}

void nc_watch_del(struct nc_watch *w)
{
    free(w);
}
