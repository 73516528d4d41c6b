/*
 * cmd_nc.c - weir nc: one TCP connection between standard input and output, on weir's own stack.
 *
 * Reading order: opening (connect, listen, accept), the conversation (the node's callbacks), the end,
 * then making it all.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/compiler.h"
#include "cli/cmd.h"
#include "cli/nc.h"
#include "host/clock.h"

#define FAILED 1                  /* exit code: refused, reset, timed out */
#define ADDRESS_TIME (3 * WEIR_S) /* until IPv6 duplicate address detection is over */
#define CONFIG_TIME (30 * WEIR_S) /* until there is an address by DHCP or SLAAC */
#define DRAIN_TIME (2 * WEIR_S)   /* for the last frames, besides what is delayed on purpose */

struct nc {
    const struct nc_options *options;
    struct nc_watch *watch;
    struct weir_device *device;
    struct loop *loop;
    struct weir_stack *stack;
    struct nc_link link;
    int signals; /* descriptor */
    int caught;  /* signal, 0: none */
    weir_handle listener, conn;
    struct weir_endpoint peer;
    weir_time began;
    struct pump pump;
    bool talking; /* connected: the pump runs */
    bool closed;
    int error; /* how it was closed */
    int code;  /* exit code */
    bool over;
};

static void finish(struct nc *nc, int code)
{
    if (!nc->over) {
        nc->over = true;
        nc->code = code;
        loop_stop(nc->loop);
    }
}

/* ---- Words --------------------------------------------------------------------------------------------- */

/* As the C library says it, which is what people know from telnet. */
static const char *error_text(int error)
{
    switch (error) {
    case WEIR_ECONNREFUSED: return strerror(ECONNREFUSED);
    case WEIR_ECONNRESET: return strerror(ECONNRESET);
    case WEIR_ECONNABORTED: return strerror(ECONNABORTED);
    case WEIR_ETIMEDOUT: return strerror(ETIMEDOUT);
    case WEIR_EHOSTUNREACH: return strerror(EHOSTUNREACH);
    case WEIR_ENETUNREACH: return strerror(ENETUNREACH);
    case WEIR_EADDRNOTAVAIL: return strerror(EADDRNOTAVAIL);
    case WEIR_EADDRINUSE: return strerror(EADDRINUSE);
    default: return weir_strerror(error);
    }
}

static void fail_connect(struct nc *nc, int error)
{
    finish(nc, cli_error(FAILED, "Unable to connect to remote host: %s", error_text(error)));
}

static void fail_talk(struct nc *nc, int error)
{
    char text[WEIR_IP_TEXT_MAX];

    finish(nc, cli_error(FAILED, "%s: %s port %u", error_text(error),
                         nc_address_text(&nc->peer.ip, text), nc->peer.port));
}

/* ---- Opening ------------------------------------------------------------------------------------------- */

static bool is_link_local(const struct weir_ip *ip)
{
    return ip->family == 6 && ip->bytes[0] == 0xfe && (ip->bytes[1] & 0xc0) == 0x80;
}

/* An IPv6 address of ours on Ethernet cannot be used before nobody else has claimed it. */
static bool may_be_tentative(const struct nc *nc, int error, weir_time now)
{
    if (nc->options->dhcp || nc->options->slaac) {
        return (error == WEIR_EADDRNOTAVAIL || error == WEIR_ENETUNREACH) &&
               now < nc->began + CONFIG_TIME;
    }
    return (error == WEIR_EADDRNOTAVAIL || error == WEIR_ENETUNREACH) && nc->options->device.tap &&
           nc->options->remote.ip.family == 6 && now < nc->began + ADDRESS_TIME;
}

/* Returns when to try again, or WEIR_NEVER. */
static weir_time try_connect(struct nc *nc, weir_time now)
{
    struct weir_connect_config config;
    struct weir_tcp_options options = nc->options->tcp;
    struct weir_tcp_info info = {.size = sizeof(info)};

    weir_connect_config_default(&config);
    config.remote = nc->peer;
    config.options = &options;
    if (nc->options->timeout > 0) {
        options.syn_r2_time = nc->options->timeout;
    }
    int error = weir_tcp_connect(nc->stack, &config, &nc->conn);
    if (error == WEIR_OK) {
        weir_tcp_info(nc->stack, nc->conn, &info);
        nc_watch_conn(nc->watch, &info);
        return WEIR_NEVER;
    }
    if (may_be_tentative(nc, error, now)) {
        return now + 20 * WEIR_MS;
    }
    fail_connect(nc, error);
    return WEIR_NEVER;
}

static int start_listening(struct nc *nc)
{
    struct weir_listen_config config;
    char text[WEIR_IP_TEXT_MAX];
    const struct weir_endpoint *local = &nc->options->remote;

    weir_listen_config_default(&config);
    config.local = *local;
    config.backlog = 1;
    config.options = &nc->options->tcp;
    int error = weir_tcp_listen(nc->stack, &config, &nc->listener);
    if (error != WEIR_OK) {
        return cli_error(FAILED, "Unable to listen: %s", error_text(error));
    }
    fprintf(stderr, "Listening on %s port %u...\n",
            local->ip.family == 0 ? "any address" : nc_address_text(&local->ip, text), local->port);
    return CLI_OK;
}

static void start_talking(struct nc *nc)
{
    if (pump_start(&nc->pump, nc->loop, nc->stack, nc->conn) != WEIR_OK) {
        finish(nc, cli_error(CLI_SYSTEM, "no memory: weir nc"));
    }
    nc->talking = true;
}

/* One connection only: who comes later is refused. */
static void accept_one(struct nc *nc)
{
    struct weir_tcp_info info = {.size = sizeof(info)};
    char text[WEIR_IP_TEXT_MAX];

    if (weir_tcp_accept(nc->stack, nc->listener, &nc->conn) != WEIR_OK) {
        return;
    }
    weir_tcp_close(nc->stack, nc->listener);
    nc->listener = 0;
    weir_tcp_info(nc->stack, nc->conn, &info);
    nc->peer = info.remote;
    nc_watch_conn(nc->watch, &info);
    fprintf(stderr, "Connection from %s port %u.\n", nc_address_text(&nc->peer.ip, text),
            nc->peer.port);
    start_talking(nc);
}

/* ---- The conversation ---------------------------------------------------------------------------------- */

static void on_event(void *ctx, struct weir_stack *stack, const struct weir_event *e, weir_time now)
{
    struct nc *nc = ctx;
    char text[WEIR_IP_TEXT_MAX];

    (void)stack;
    (void)now;
    if (nc_config_event(&nc->link, e)) {
        return;
    }
    if ((e->bits & WEIR_EVENT_ADDRESS) != 0) {
        cli_error(CLI_OK, "somebody else has this address: %s",
                  nc_address_text(&e->local.ip, text));
    }
    if ((e->bits & WEIR_EVENT_ACCEPT) != 0 && nc->listener != 0) {
        accept_one(nc);
    }
    if (nc->conn == 0 || e->handle != nc->conn) {
        return;
    }
    if ((e->bits & WEIR_EVENT_CONNECTED) != 0) {
        fprintf(stderr, "Connected to %s.\n", nc_address_text(&nc->peer.ip, text));
        start_talking(nc);
    }
    if ((e->bits & WEIR_EVENT_CLOSED) != 0) {
        nc->closed = true;
        nc->error = e->error;
    }
}

static weir_time talk(struct nc *nc, weir_time now)
{
    bool more = pump_run(&nc->pump);

    if (nc->pump.exit != 0) {
        finish(nc, nc->pump.exit);
    } else if (nc->pump.error != 0) { /* everything that came before it is written */
        fail_talk(nc, nc->closed && nc->error != 0 ? nc->error : nc->pump.error);
    } else if (nc->closed && nc->pump.output_over) {
        if (nc->error != 0) {
            fail_talk(nc, nc->error);
        } else {
            finish(nc, CLI_OK);
        }
    }
    return more ? now : WEIR_NEVER;
}

static weir_time on_run(void *ctx, struct weir_stack *stack, weir_time now)
{
    struct nc *nc = ctx;
    weir_time again = WEIR_NEVER;

    (void)stack;
    if (nc->over) {
        return WEIR_NEVER;
    }
    weir_time config = nc_config_run(&nc->link, now);
    if (nc->talking) {
        again = talk(nc, now);
    } else if (nc->closed) {
        fail_connect(nc, nc->error);
    } else if (nc->listener == 0 && nc->conn == 0) {
        again = try_connect(nc, now);
    }
    return MIN(config, MIN(again, nc_watch_draw(nc->watch, now)));
}

static void on_gone(void *ctx, struct weir_stack *stack, uint32_t link, int error)
{
    struct nc *nc = ctx;

    (void)stack;
    (void)link;
    (void)error;
    finish(nc, cli_error(CLI_SYSTEM, "the interface is gone: %s", nc->options->device.name));
}

/* The peer is told, then the signal does what it always does. */
static void on_signal(void *ctx, int fd, short revents, weir_time now)
{
    struct nc *nc = ctx;
    struct signalfd_siginfo info;

    (void)revents;
    (void)now;
    if (read(fd, &info, sizeof(info)) == sizeof(info)) {
        nc->caught = (int)info.ssi_signo;
        finish(nc, FAILED);
    }
}

/* ---- The end ------------------------------------------------------------------------------------------- */

/* The last ACK, or a RST, may still wait in the stack, or be delayed on purpose. */
static void drain(struct nc *nc)
{
    weir_time end = clock_now() + DRAIN_TIME + impair_longest_delay(&nc->options->impair);
    struct weir_stats stats = {.size = sizeof(stats)};

    for (weir_time now = clock_now(); now < end; now = clock_now()) {
        if (loop_turn(nc->loop, 0) != WEIR_OK) {
            return;
        }
        weir_stats(nc->stack, &stats);
        weir_time due = weir_device_deadline(nc->device);
        if (due == WEIR_NEVER && stats.frames_out_now == 0 &&
            weir_deadline(nc->stack) > loop_now(nc->loop)) {
            return;
        }
        if (due != WEIR_NEVER && due > now) {
            loop_turn(nc->loop, MIN(due - now, 10 * WEIR_MS));
        }
    }
}

/* What is not over in order is aborted, so that the peer need not find out by itself. */
static void hang_up(struct nc *nc)
{
    pump_stop(&nc->pump);
    if (nc->conn != 0 && nc->code == CLI_OK) {
        weir_tcp_close(nc->stack, nc->conn);
    } else if (nc->conn != 0) {
        weir_tcp_abort(nc->stack, nc->conn);
    }
    drain(nc);
    nc_key_report(nc->options, nc->stack);
    if (nc_config_release(&nc->link)) {
        drain(nc);
    }
}

/* ---- Making it all ------------------------------------------------------------------------------------- */

static int watch_signals(struct nc *nc)
{
    sigset_t set;

    signal(SIGPIPE, SIG_IGN); /* a write says so itself */
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    nc->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (nc->signals < 0 || loop_watch(nc->loop, nc->signals, POLLIN, on_signal, nc) != WEIR_OK) {
        return cli_error(CLI_SYSTEM, "cannot wait for signals (%s): weir nc", strerror(errno));
    }
    return CLI_OK;
}

static int open_conversation(struct nc *nc)
{
    char text[WEIR_IP_TEXT_MAX];

    nc->began = loop_now(nc->loop);
    if (nc->options->listen) {
        return start_listening(nc);
    }
    nc->peer = nc->options->remote;
    if (is_link_local(&nc->peer.ip) && nc->peer.ip.scope == 0) {
        nc->peer.ip.scope = nc->link.index + 1;
    }
    fprintf(stderr, "Trying %s...\n", nc_address_text(&nc->options->remote.ip, text));
    return CLI_OK; /* the first turn connects */
}

static int converse(struct nc *nc)
{
    struct node_app app = {.ctx = nc, .event = on_event, .run = on_run, .gone = on_gone};
    int code = nc_link_open(&nc->link, nc->options, nc->watch, nc->device, &app);

    nc->loop = nc->link.loop;
    nc->stack = nc->link.stack;
    code = code == CLI_OK ? watch_signals(nc) : code;
    code = code == CLI_OK ? open_conversation(nc) : code;
    if (code != CLI_OK) {
        return code;
    }
    int error = loop_turn(nc->loop, 0); /* the first one connects: nothing has to happen for it */
    error = error == WEIR_OK ? loop_run(nc->loop) : error;
    if (error != WEIR_OK) {
        return cli_error(CLI_SYSTEM, "cannot go on (%s): %s", weir_strerror(error),
                         nc->options->device.name);
    }
    hang_up(nc);
    return nc->code;
}

int cmd_nc(int argc, char **argv)
{
    struct nc_options options;
    struct nc nc = {.options = &options, .signals = -1};

    int code = nc_parse(argc, argv, &options);
    if (code >= 0) {
        return code;
    }
    code = device_open(&nc.device, &options.device, !options.no_offload);
    if (code != CLI_OK) {
        return code;
    }
    code = nc_watch_new(&nc.watch, &options, &nc.device);
    if (code == CLI_OK) {
        code = converse(&nc);
    } else {
        weir_device_del(nc.device);
    }
    pump_stop(&nc.pump);
    int late = nc.watch != NULL ? nc_watch_end(nc.watch) : CLI_OK;
    nc_config_end(&nc.link);
    loop_del(nc.loop);
    nc_watch_del(nc.watch);
    if (nc.signals >= 0) {
        close(nc.signals);
    }
    if (nc.caught != 0) {
        signal(nc.caught, SIG_DFL);
        raise(nc.caught);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
    }
    return code != CLI_OK ? code : late;
}
