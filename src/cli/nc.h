/*
 * nc.h - what the files of `weir nc` share.
 *
 * Reading order: cmd_nc.c (the conversation from open to close), nc_options.c (arguments), nc_link.c (stack,
 * addresses), nc_config.c (addresses from the network), nc_key.c (--md5-key), nc_pump.c (standard input to the
 * connection, the connection to standard output), nc_watch.c (-w and --ladder).
 */
#ifndef CLI_NC_H
#define CLI_NC_H

#include "cli/cli.h"
#include "cli/device_options.h"
#include "cli/impair_options.h"
#include "host/loop.h"
#include <weir/dhcp.h>

/* ---- Arguments ----------------------------------------------------------------------------------------- */

#define NC_ADDRESSES_MAX 16

struct nc_options {
    struct cli_output output; /* for --ladder */
    struct impair_options impair;
    struct device_spec device;
    bool listen, no_offload, no_dad, ladder, internals;
    bool dhcp, slaac;
    struct weir_endpoint remote; /* with `listen`: the local one, family 0 for any */
    const char *addresses[NC_ADDRESSES_MAX];
    size_t address_count;
    struct weir_ip gateways[NC_ADDRESSES_MAX];
    size_t gateway_count;
    uint32_t mtu;                /* 0: the interface's */
    weir_time timeout;           /* for connecting; 0: the stack's */
    const char *write;           /* NULL: no capture */
    struct weir_tcp_key key;     /* when tcp.key_count */
    struct weir_tcp_options tcp; /* complete once the arguments are parsed */
};

/* Returns -1 to go on, or an exit code. */
int nc_parse(int argc, char **argv, struct nc_options *options);

/* ---- The key ------------------------------------------------------------------------------------------ */

/* Of --md5-key. CLI_OK, or an exit code after one line on standard error. */
int nc_key_read(struct nc_options *options, const char *path);
/* The MACs for it, if there is one. The same. */
int nc_key_config(const struct nc_options *options, struct weir_config *config);
/* With a key: how many segments were dropped for want of it, on standard error. */
void nc_key_report(const struct nc_options *options, const struct weir_stack *stack);

/* ---- The link ------------------------------------------------------------------------------------------ */

struct nc_watch;

/* A stack with one link, its addresses and routes, in a loop. */
struct nc_link {
    struct loop *loop; /* the caller deletes it, also after a failure; NULL: none */
    struct weir_stack *stack;
    uint32_t index;
    struct weir_dhcp *dhcp; /* NULL: none */
};

/* Takes the device over in any case. CLI_OK, or an exit code after one line on standard error. */
int nc_link_open(struct nc_link *link, const struct nc_options *options, struct nc_watch *watch,
                 struct weir_device *device, const struct node_app *app);

const char *nc_address_text(const struct weir_ip *ip, char text[WEIR_IP_TEXT_MAX]);

/* nc_config.c: --dhcp and --slaac. */
int nc_config_start(struct nc_link *link, const struct nc_options *options);
bool nc_config_event(struct nc_link *link,
                     const struct weir_event *event);         /* true: it was for that */
weir_time nc_config_run(struct nc_link *link, weir_time now); /* when it wants to run again */
bool nc_config_release(struct nc_link *link);                 /* true: there is something to send */
void nc_config_end(struct nc_link *link);                     /* before the stack is deleted */

/* ---- The pump ------------------------------------------------------------------------------------------ */

struct pump {
    struct loop *loop;
    struct weir_stack *stack;
    weir_handle conn;
    uint8_t *buffer; /* what was read and not yet taken by the connection: [start, end) */
    size_t start, end;
    bool input_over;  /* everything was read and sent: the FIN is on its way */
    bool output_over; /* the peer's FIN was reached and everything before it written */
    int output;       /* descriptor */
    bool own_output;  /* opened here: does not block */
    bool output_blocked;
    size_t output_most; /* bytes that can be written at once without blocking */
    int error;          /* how receiving ended: a negative enum weir_error, 0: it did not fail */
    int exit;           /* what is wrong with a descriptor has been said: the exit code; else 0 */
};

/* WEIR_OK or WEIR_ENOBUFS. Stop it in both cases. */
int pump_start(struct pump *pump, struct loop *loop, struct weir_stack *stack, weir_handle conn);

/* Moves what can be moved now. True: there is more to do at once. */
bool pump_run(struct pump *pump);

void pump_stop(struct pump *pump);

/* ---- Watching ------------------------------------------------------------------------------------------ */

struct weir_record;

/* Opens the capture file and puts the impairment and the tap before *device. CLI_OK, or an exit code after
 * one line on standard error; *device is the caller's in any case. */
int nc_watch_new(struct nc_watch **watch, const struct nc_options *options,
                 struct weir_device **device);

/* For weir_config.trace. */
void nc_watch_record(void *ctx, const struct weir_record *record);

/* The connection to draw is known now. */
void nc_watch_conn(struct nc_watch *watch, const struct weir_tcp_info *info);

/* Draws what is settled by now; WEIR_NEVER or when to be called again. */
weir_time nc_watch_draw(struct nc_watch *watch, weir_time now);

/* Draws the rest, closes the file; what comes later is ignored. CLI_OK, or an exit code after one line. */
int nc_watch_end(struct nc_watch *watch);

/* The device and the stack, which still call it, must be gone. */
void nc_watch_del(struct nc_watch *watch);

#endif
