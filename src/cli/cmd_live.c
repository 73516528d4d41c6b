/*
 * cmd_live.c - weir live: the loop. Packets of an interface go to conversations, what is settled is printed;
 * a command runs beside it; signals, limits and the kernel's drop counters are looked at in between.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "cli/cmd.h"
#include "cli/live_options.h"
#include "device/pcapfile.h"
#include "trace/stream.h"

#define BATCH 256           /* packets between two looks at everything else */
#define TICK (10 * WEIR_MS) /* between two looks at what is settled */
#define DROPS_INTERVAL (200 * WEIR_MS)
#define LAST_PACKETS_WAIT (300 * WEIR_MS) /* after the command has ended */
#define LAST_PACKETS_MAX (2 * WEIR_S)

struct live {
    struct live_options options;
    struct tap *tap;
    struct pcapfile *file;
    struct live_show show;
    struct live_conns *conns;
    struct child child;
    sigset_t mask; /* what it was before */
    int signals;   /* descriptor */
    weir_time started, drops_looked, advanced, next, child_ended, last_packet;
    uint64_t packets, tcp;
    unsigned interrupts;
    bool ended;
    int code;
};

static weir_time clock_real(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (weir_time)now.tv_sec * WEIR_S + (weir_time)now.tv_nsec;
}

/* ---- Packets -------------------------------------------------------------------------------------------- */

static void write_packet(struct live *l, const struct tap_packet *packet)
{
    struct pcapfile_packet p = {.time = packet->time,
                                .data = packet->bytes,
                                .size = packet->size,
                                .original_size = packet->original,
                                .out = packet->out};

    if (l->file != NULL && pcapfile_write(l->file, &p) != WEIR_OK) {
        l->code = cli_error(CLI_SYSTEM, "%s", pcapfile_error(l->file));
        l->ended = true;
    }
}

static void take_packet(struct live *l, const struct tap_packet *packet)
{
    struct trace_segment segment;
    struct weir_endpoint src, dst;
    int header = trace_link_header(tap_link_type(l->tap), packet->bytes, packet->size);

    l->packets++;
    if (header < 0 ||
        trace_parse_ip(packet->bytes + header, packet->size - (size_t)header,
                       packet->original - (size_t)header, &segment, &src, &dst) != TRACE_TCP) {
        if (l->options.command == NULL) {
            write_packet(l, packet);
        }
        return;
    }
    segment.time = packet->time;
    segment.frame = 0;
    l->tcp++;
    weir_time now = max_u64(packet->time, l->last_packet);
    l->last_packet = now;
    if (live_conns_packet(l->conns, &segment, &src, &dst, packet->interface, now)) {
        write_packet(l, packet);
    }
}

static bool take_packets(struct live *l)
{
    char why[TAP_WHY_MAX];
    struct tap_packet packet;
    int result = 0;

    for (int i = 0; i < BATCH && !l->ended; i++) {
        result = tap_next(l->tap, &packet, why);
        if (result <= 0) {
            break;
        }
        take_packet(l, &packet);
        l->ended = l->ended || (l->options.count != 0 && l->packets >= l->options.count);
    }
    if (result < 0) {
        l->code = cli_error(CLI_MISSING, "%s", why);
        l->ended = true;
    }
    return result > 0;
}

/* ---- Everything else ------------------------------------------------------------------------------------ */

static void take_signals(struct live *l)
{
    struct signalfd_siginfo info;

    while (read(l->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGCHLD) {
            child_reap(&l->child);
            continue;
        }
        l->interrupts++;
        bool waits = l->options.command != NULL && !l->child.ended && l->interrupts == 1;
        if (waits && info.ssi_signo == SIGTERM) {
            kill(l->child.pid, SIGTERM);
        }
        l->ended = l->ended || !waits; /* an interrupt from the terminal reaches the command too */
    }
}

static void look_at_child(struct live *l, weir_time now)
{
    if (l->options.command == NULL || !l->child.ended) {
        return;
    }
    l->child_ended = l->child_ended == 0 ? now : l->child_ended;
    weir_time quiet_since = max_u64(l->child_ended, l->last_packet);
    l->ended = l->ended || now >= quiet_since + LAST_PACKETS_WAIT ||
               now >= l->child_ended + LAST_PACKETS_MAX;
}

static void look_at_drops(struct live *l, weir_time now)
{
    struct tap_counts counts;

    if (now >= l->drops_looked + DROPS_INTERVAL || now < l->drops_looked) {
        l->drops_looked = now;
        tap_count(l->tap, &counts);
        uint64_t more = live_show_drops(&l->show, &counts);
        if (more > 0) {
            live_conns_dropped(l->conns, more);
        }
    }
}

static void look_around(struct live *l, weir_time now)
{
    look_at_drops(l, now);
    if (now >= l->advanced + TICK || now < l->advanced) {
        l->advanced = now;
        l->next = live_conns_advance(l->conns, now);
        live_show_tick(&l->show, now, false);
        if (fflush(l->show.out) != 0) { /* the reader has gone, or the disk is full */
            l->code = l->show.out == stdout
                          ? CLI_SYSTEM
                          : cli_error(CLI_SYSTEM, "cannot write (%s): %s", strerror(errno),
                                      l->options.file != NULL ? l->options.file : "standard error");
            l->ended = true;
        }
        if (l->file != NULL) {
            pcapfile_flush(l->file);
        }
    }
    look_at_child(l, now);
    bool late = l->options.duration != 0 && now >= l->started + l->options.duration;
    l->ended = l->ended || late;
}

static int wait_time(const struct live *l, weir_time now)
{
    weir_time until = min_u64(now + WEIR_S, max_u64(l->next, now + TICK));

    if (l->options.duration != 0) {
        until = min_u64(until, l->started + l->options.duration);
    }
    if (l->child_ended != 0) {
        until = min_u64(until, now + LAST_PACKETS_WAIT / 6);
    }
    return until > now ? (int)((until - now + WEIR_MS - 1) / WEIR_MS) : 0;
}

static void loop(struct live *l)
{
    while (!l->ended) {
        struct pollfd fds[2] = {{.fd = tap_descriptor(l->tap), .events = POLLIN},
                                {.fd = l->signals, .events = POLLIN}};
        if (poll(fds, 2, wait_time(l, clock_real())) < 0 && errno != EINTR) {
            l->code = cli_error(CLI_SYSTEM, "cannot wait (%s): poll", strerror(errno));
            return;
        }
        take_signals(l);
        if (take_packets(l)) {
            l->next = 0;
        }
        l->next = l->packets > 0 ? min_u64(l->next, clock_real() + TICK) : l->next;
        look_around(l, clock_real());
    }
    while (l->code == CLI_OK && l->options.count == 0 && take_packets(l)) {
        /* what the kernel has already: all of it before the end */
        if (l->interrupts > 1) {
            break;
        }
    }
}

/* ---- Begin and end -------------------------------------------------------------------------------------- */

static int open_signals(struct live *l)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, &l->mask);
    l->signals = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    return l->signals >= 0 ? CLI_OK : cli_error(CLI_SYSTEM, "no descriptor: signals");
}

static int open_files(struct live *l)
{
    char why[256];
    const struct live_options *o = &l->options;
    struct pcapfile_interface interface = {.name = o->tap.interface,
                                           .link_type = (uint16_t)tap_link_type(l->tap)};
    struct pcapfile_config config = {
        .path = o->write, .interfaces = &interface, .interface_count = 1};

    l->show.out = o->command != NULL ? stderr : stdout;
    if (o->file != NULL) {
        l->show.out = fopen(o->file, "we");
        if (l->show.out == NULL) {
            return cli_error(errno == EACCES ? CLI_PERMISSION : CLI_SYSTEM, "cannot write (%s): %s",
                             strerror(errno), o->file);
        }
    }
    setvbuf(l->show.out, NULL, _IOFBF, 1 << 16); /* whole lines, written in every round */
    if (o->write != NULL) {
        int error = pcapfile_open(&l->file, &config, why, sizeof(why));
        if (error != WEIR_OK) {
            return cli_error(error == WEIR_EACCES ? CLI_PERMISSION : CLI_SYSTEM, "%s", why);
        }
    }
    return CLI_OK;
}

static int prepare(struct live *l)
{
    char why[TAP_WHY_MAX];
    const struct live_options *o = &l->options;
    int code = tap_open(&l->tap, &o->tap, why);

    if (code != CLI_OK) {
        return cli_error(code, "%s", why);
    }
    code = open_files(l);
    if (code != CLI_OK) {
        return code;
    }
    l->show.options = o;
    l->show.text = (struct text_live){
        .out = l->show.out, .options = &o->output.text, .prefixed = o->conn == 0};
    l->conns = live_conns_new(&l->show, o->command != NULL ? &l->child : NULL, STREAM_REORDER);
    if (l->conns == NULL) {
        return cli_error(CLI_SYSTEM, "no memory: weir live");
    }
    code = open_signals(l);
    if (code == CLI_OK && o->command != NULL) {
        code = child_start(&l->child, o->command, &l->mask);
    }
    return code;
}

static void sum_up(struct live *l)
{
    struct tap_counts counts;
    weir_time now = clock_real();

    live_conns_end(l->conns, now);
    live_show_tick(&l->show, now, true);
    tap_count(l->tap, &counts);
    live_show_drops(&l->show, &counts);
    live_show_summary(&l->show,
                      &(struct json_live_summary){.packets = l->packets,
                                                  .tcp = l->tcp,
                                                  .conversations = live_conns_count(l->conns),
                                                  .drops = counts.drops,
                                                  .interface_drops = counts.interface_drops,
                                                  .duration_s = (double)(now - l->started) / 1e9});
}

static int close_all(struct live *l, int code)
{
    char why[256];

    live_conns_del(l->conns);
    tap_close(l->tap);
    if (pcapfile_close(l->file, why, sizeof(why)) != WEIR_OK && code == CLI_OK) {
        code = cli_error(CLI_SYSTEM, "%s", why);
    }
    if (l->options.file != NULL && l->show.out != NULL && fclose(l->show.out) != 0) {
        code = cli_error(CLI_SYSTEM, "cannot write (%s): %s", strerror(errno), l->options.file);
    }
    return cli_finish(code);
}

int cmd_live(int argc, char **argv)
{
    struct live l = {.signals = -1};

    int code = live_options_parse(&l.options, argc, argv);
    if (code >= 0) {
        return code;
    }
    code = prepare(&l);
    if (code == CLI_OK) {
        l.started = clock_real();
        loop(&l);
        code = l.code;
        sum_up(&l);
        if (code == CLI_OK && l.options.command != NULL) {
            code = l.child.ended ? l.child.code : CLI_OK;
        }
    }
    return close_all(&l, code);
}
