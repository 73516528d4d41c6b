/*
 * cmd_relay.c - weir relay: joins two interfaces by a link that is as bad as wanted, and logs the truth.
 *
 * From A: tap, interface A. From B: impairment, tap, interface B. What A sends is handed to the impairment,
 * which cuts it into wire packets, decides and logs, and lets it out on B when it is due; what B sends comes
 * out of the impairment when it is due and goes to A. There is no TCP here: the stack lends buffers.
 *
 * Reading order: moving packets, waiting, making it all.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/compiler.h"
#include "cli/cli.h"
#include "cli/cmd.h"
#include "cli/relay_log.h"
#include "cli/relay_options.h"
#include "device/pcapfile.h"
#include "host/allocator.h"
#include "host/clock.h"
#include "host/config.h"
#include "host/loop.h"

#define BATCH 32
#define ROUNDS 16               /* batches a direction in a turn */
#define DRAIN_TIME (WEIR_S / 5) /* at the end, besides what is delayed on purpose */

struct relay {
    const struct relay_options *options;
    struct weir_stack *stack;
    struct weir_device *device[2]; /* B with its impairment */
    struct loop *loop;
    struct pcapfile *file;
    struct relay_log log;
    int signals;
    struct weir_buffer
        *waiting[BATCH]; /* for A, which was full: in order, before everything else */
    size_t waiting_count;
    weir_time alarm; /* the earliest one that is set */
    bool over;
    int code;
};

static void finish(struct relay *r, int code)
{
    if (!r->over) {
        r->over = true;
        r->code = code;
        loop_stop(r->loop);
    }
}

/* ---- Moving packets ------------------------------------------------------------------------------------ */

static bool gone(struct relay *r, int which, int result)
{
    if (result >= 0) {
        return false;
    }
    finish(r, cli_error(CLI_SYSTEM, "the interface is gone: %s", r->options->names[which]));
    return true;
}

static int send_buffers(struct weir_device *device, struct weir_buffer *buffers[], size_t n,
                        weir_time now)
{
    struct weir_frame frames[BATCH];
    struct weir_slice slices[BATCH];

    for (size_t i = 0; i < n; i++) {
        slices[i] = (struct weir_slice){.data = buffers[i]->data, .size = buffers[i]->size};
        frames[i] = (struct weir_frame){.size = buffers[i]->size,
                                        .offload = buffers[i]->offload,
                                        .slice_count = 1,
                                        .slices = &slices[i]};
    }
    return weir_device_send(device, frames, n, now);
}

static void free_buffers(struct relay *r, struct weir_buffer *buffers[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        weir_buffer_free(r->stack, buffers[i]);
    }
}

/* One batch; false: there is no more now. The impairment takes everything. */
static bool move_to_b(struct relay *r, weir_time now)
{
    struct weir_buffer *buffers[BATCH];
    int got = weir_device_recv(r->device[RELAY_A], buffers, BATCH, now);

    if (gone(r, RELAY_A, got) || got == 0) {
        return false;
    }
    int sent = send_buffers(r->device[RELAY_B], buffers, (size_t)got, now);
    free_buffers(r, buffers, (size_t)got);
    return !gone(r, RELAY_B, sent) && got == BATCH;
}

/* One batch; what A does not take now waits, and holds up what comes behind it. */
static bool move_to_a(struct relay *r, weir_time now)
{
    size_t n = r->waiting_count;

    if (n == 0) {
        int got = weir_device_recv(r->device[RELAY_B], r->waiting, BATCH, now);
        if (gone(r, RELAY_B, got) || got == 0) {
            return false;
        }
        n = (size_t)got;
    }
    int sent = send_buffers(r->device[RELAY_A], r->waiting, n, now);
    if (gone(r, RELAY_A, sent)) {
        r->waiting_count = n;
        return false;
    }
    free_buffers(r, r->waiting, (size_t)sent);
    r->log.counts[1].handed_out += (uint64_t)sent;
    r->waiting_count = n - (size_t)sent;
    memmove(r->waiting, r->waiting + sent, r->waiting_count * sizeof(r->waiting[0]));
    return r->waiting_count == 0;
}

static void on_alarm(void *ctx, weir_time now);

/* Everything that can move now; then sets the alarm for what is due next. */
static void move_all(struct relay *r, weir_time now)
{
    bool to_b = true, to_a = true;

    for (int i = 0; i < ROUNDS && !r->over && (to_b || to_a); i++) {
        to_b = to_b && move_to_b(r, now);
        to_a = to_a && move_to_a(r, now);
    }
    bool full = r->waiting_count > 0;
    weir_time next = to_b || to_a ? now
                     : full       ? WEIR_NEVER
                                  : weir_device_deadline(r->device[RELAY_B]);
    loop_watch_events(r->loop, weir_device_fd(r->device[RELAY_A]),
                      full ? POLLIN | POLLOUT : POLLIN);
    if (next < r->alarm && loop_at(r->loop, next, on_alarm, r) == WEIR_OK) {
        r->alarm = next;
    }
}

static void on_alarm(void *ctx, weir_time now)
{
    struct relay *r = ctx;

    if (r->alarm <= now) {
        r->alarm = WEIR_NEVER;
    }
    if (!r->over) {
        move_all(r, now);
    }
}

static void on_ready(void *ctx, int fd, short revents, weir_time now)
{
    (void)fd;
    (void)revents;
    move_all(ctx, now);
}

/* ---- Taps ---------------------------------------------------------------------------------------------- */

/* With the clock's time, not the turn's: what a turn moves goes one after the other. */
static void write_packet(struct relay *r, uint32_t interface, const uint8_t *packet, size_t size,
                         bool out)
{
    struct pcapfile_packet p = {.interface = interface,
                                .time = clock_now(),
                                .data = packet,
                                .size = (uint32_t)size,
                                .out = out};

    if (r->file != NULL) {
        pcapfile_write(r->file, &p);
    }
}

static void on_tap_a(void *ctx, const uint8_t *packet, size_t size,
                     const struct weir_offload *offload, bool out, weir_time now)
{
    (void)offload;
    (void)now;
    write_packet(ctx, RELAY_A, packet, size, out);
}

static void on_tap_b(void *ctx, const uint8_t *packet, size_t size,
                     const struct weir_offload *offload, bool out, weir_time now)
{
    struct relay *r = ctx;

    (void)offload;
    (void)now;
    r->log.counts[0].handed_out += out;
    write_packet(r, RELAY_B, packet, size, out);
}

static void on_truth(void *ctx, const struct weir_impair_record *record)
{
    struct relay *r = ctx;

    relay_log_packet(&r->log, record);
}

/* ---- Waiting ------------------------------------------------------------------------------------------- */

static void on_signal(void *ctx, int fd, short revents, weir_time now)
{
    struct signalfd_siginfo info;

    (void)revents;
    (void)now;
    if (read(fd, &info, sizeof(info)) == sizeof(info)) {
        finish(ctx, CLI_OK);
    }
}

static void on_time(void *ctx, weir_time now)
{
    (void)now;
    finish(ctx, CLI_OK);
}

static int watch_signals(struct relay *r)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (r->signals < 0 || loop_watch(r->loop, r->signals, POLLIN, on_signal, r) != WEIR_OK) {
        return cli_error(CLI_SYSTEM, "cannot wait for signals (%s): weir relay", strerror(errno));
    }
    return CLI_OK;
}

/* What has been accepted is still delivered when it is due. */
static void drain(struct relay *r)
{
    weir_time end = clock_now() + DRAIN_TIME + impair_longest_delay(&r->options->impair);

    if (r->code != CLI_OK) {
        return;
    }
    r->over = false;
    for (weir_time now = clock_now(); now < end && !r->over; now = clock_now()) {
        move_all(r, now);
        weir_time due = weir_device_deadline(r->device[RELAY_B]);
        if (due == WEIR_NEVER && r->waiting_count == 0) {
            return;
        }
        loop_turn(r->loop, MIN(due > now ? due - now : 0, end - now));
    }
}

static int run(struct relay *r)
{
    for (int i = 0; i < 2; i++) {
        if (loop_watch(r->loop, weir_device_fd(r->device[i]), POLLIN, on_ready, r) != WEIR_OK) {
            return cli_error(CLI_SYSTEM, "no memory: weir relay");
        }
    }
    int code = watch_signals(r);
    if (code != CLI_OK) {
        return code;
    }
    r->log.start = loop_now(r->loop);
    if (r->options->run_time > 0) {
        loop_at(r->loop, r->log.start + r->options->run_time, on_time, r);
    }
    relay_log_begin(&r->log, &r->options->impair, clock_epoch());
    fprintf(stderr, "Relaying between %s and %s...\n", r->log.names[RELAY_A],
            r->log.names[RELAY_B]);
    int error = loop_run(r->loop);
    if (error != WEIR_OK) {
        return cli_error(CLI_SYSTEM, "cannot go on (%s): weir relay", weir_strerror(error));
    }
    drain(r);
    relay_log_end(&r->log, clock_now());
    relay_log_print(&r->log, stderr);
    return r->code;
}

/* ---- Making it all ------------------------------------------------------------------------------------- */

static int exit_of_file(int number)
{
    return number == EACCES || number == EPERM || number == EROFS ? CLI_PERMISSION : CLI_SYSTEM;
}

static int open_files(struct relay *r)
{
    const struct relay_options *o = r->options;
    uint8_t medium = r->device[RELAY_A]->caps.medium;
    struct pcapfile_interface interfaces[2] = {{o->device[RELAY_A].name, medium, 0},
                                               {o->device[RELAY_B].name, medium, 0}};
    struct pcapfile_config config = {.path = o->write,
                                     .interfaces = interfaces,
                                     .interface_count = 2,
                                     .epoch_ns = clock_epoch()};
    char why[256];

    r->log.medium = medium;
    memcpy(r->log.names, o->names, sizeof(r->log.names));
    if (o->log != NULL) {
        r->log.file = strcmp(o->log, "-") == 0 ? stdout : fopen(o->log, "we");
        if (r->log.file == NULL) {
            return cli_error(exit_of_file(errno), "cannot write (%s): %s", strerror(errno), o->log);
        }
    }
    if (o->write != NULL) {
        int error = pcapfile_open(&r->file, &config, why, sizeof(why));
        if (error != WEIR_OK) {
            return cli_error(error == WEIR_EACCES ? CLI_PERMISSION : CLI_SYSTEM, "%s", why);
        }
    }
    return CLI_OK;
}

/* Wraps the devices, outermost last. */
static int wrap(struct relay *r)
{
    struct weir_tracer_config a = {.wire = true, .tap = on_tap_a, .ctx = r};
    struct weir_tracer_config b = {.wire = true, .tap = on_tap_b, .ctx = r};
    struct weir_impair_config impair = r->options->impair.config;
    struct weir_config config;

    impair.log = on_truth;
    impair.log_ctx = r;
    host_config(&config);
    if ((r->file != NULL &&
         weir_tracer_new(&r->device[RELAY_A], r->device[RELAY_A], &a) != WEIR_OK) ||
        weir_tracer_new(&r->device[RELAY_B], r->device[RELAY_B], &b) != WEIR_OK ||
        weir_impair_new(&r->device[RELAY_B], r->device[RELAY_B], &impair) != WEIR_OK ||
        weir_stack_new(&r->stack, &config, &host_allocator) != WEIR_OK ||
        loop_new(&r->loop) != WEIR_OK) {
        return cli_error(CLI_SYSTEM, "no memory, or no entropy: weir relay");
    }
    weir_device_attach(r->device[RELAY_A], r->stack);
    weir_device_attach(r->device[RELAY_B], r->stack);
    return CLI_OK;
}

/* Closes everything; what could not be written shows now. */
static int clean_up(struct relay *r)
{
    char why[256];
    int code = CLI_OK;

    loop_del(r->loop);
    free_buffers(r, r->waiting, r->waiting_count);
    weir_device_del(r->device[RELAY_A]);
    weir_device_del(r->device[RELAY_B]);
    if (r->stack != NULL) {
        weir_stack_del(r->stack);
    }
    if (r->signals >= 0) {
        close(r->signals);
    }
    if (r->file != NULL && pcapfile_close(r->file, why, sizeof(why)) != WEIR_OK) {
        code = cli_error(CLI_SYSTEM, "%s", why);
    }
    if (r->log.file != NULL) {
        bool bad = fflush(r->log.file) != 0 || ferror(r->log.file) != 0 || r->log.failed;
        if ((r->log.file != stdout && fclose(r->log.file) != 0) || bad) {
            code = cli_error(CLI_SYSTEM, "cannot write (%s): %s", strerror(errno), r->options->log);
        }
    }
    return code;
}

int cmd_relay(int argc, char **argv)
{
    struct relay_options options;
    struct relay r = {.options = &options, .signals = -1, .alarm = WEIR_NEVER};

    int code = relay_parse(argc, argv, &options);
    if (code >= 0) {
        return code;
    }
    code = CLI_OK;
    for (int i = 0; i < 2 && code == CLI_OK; i++) {
        code = device_open(&r.device[i], &options.device[i], !options.no_offload);
    }
    code = code == CLI_OK ? open_files(&r) : code;
    code = code == CLI_OK ? wrap(&r) : code;
    code = code == CLI_OK ? run(&r) : code;
    int late = clean_up(&r);
    return code != CLI_OK ? code : late;
}
