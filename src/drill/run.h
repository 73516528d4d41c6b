/*
 * run.h - runs a script against weir's own sockets, in virtual time.
 *
 * The machine under test is a stack of the runner's with one link; the script is everything else: its
 * system calls are the program, its packets the network. There is no thread and no clock: a call that
 * blocks is asked again whenever something changed, and time goes on when the script waits.
 *
 *     drill_options_default(&options);
 *     drill_run(script, &options, &result);
 *
 * Reading order: script.h, run.h, run_private.h; run.c (events and time), run_stack.c (the stack and its
 * packets), run_conn.c (which connection, which numbers), run_inject.c and run_expect.c (packets in and
 * out), run_options.c, run_auth.c and run_show.c (TCP options, signatures, packets as text), run_call.c and the other run_call_*.c
 * (system calls), run_symbol.c (names), run_shell.c (commands).
 */
#ifndef DRILL_RUN_H
#define DRILL_RUN_H

#include <weir/trace.h>

#include "drill/script.h"

enum drill_ip_version {
    DRILL_IP_SCRIPT = 0, /* what the script's --ip_version says, IPv4 if it says nothing */
    DRILL_IP4,
    DRILL_IP6,
    DRILL_IP_MAPPED /* IPv6 sockets, IPv4 packets */
};

struct drill_options {
    enum drill_ip_version ip_version;
    /* Also demanded: times to 1 ms, echoed timestamps, no packet that the script does not expect. */
    bool strict;
    bool ignore_shell; /* commands that are not understood do nothing */
    /* NAME, which #ifdef knows, or NAME=VALUE: a constant, an ICMP code, or an option's bytes in hexadecimal.
     * The script's own --define=NAME=VALUE come first. */
    const char *const *defines;
    size_t define_count;
    /* NAME=VALUE, what the system begins with (drill/sysctl.h); the script's own settings come after it. */
    const char *const *settings;
    size_t setting_count;
    /* For segments that are signed (TCP-MD5, TCP-AO), the script's and the stack's; NULL: such scripts are skipped. */
    const struct weir_mac_ops *mac;
    /* Every packet from (out) and to the stack, and every trace record. NULL: nobody listens. */
    void (*packet)(void *ctx, const uint8_t *packet, size_t size, bool out, weir_time now);
    void (*record)(void *ctx, const struct weir_record *record);
    void *ctx;
};
void drill_options_default(struct drill_options *options);

enum drill_verdict {
    DRILL_PASSED = 0,
    DRILL_FAILED,
    DRILL_SKIPPED, /* it needs something that weir or the runner does not have */
    DRILL_BROKEN   /* the script makes no sense: a call with wrong arguments */
};

#define DRILL_RESULT_TEXT_MAX 1600

struct drill_result {
    enum drill_verdict verdict;
    struct drill_pos pos;             /* of the event, if it is about one */
    char text[DRILL_RESULT_TEXT_MAX]; /* "file.pkt:12: ..." and lines "  expected: ...", or "" */
    /* The ports of the connection the script was about; 0: there was none. */
    uint16_t local_port, remote_port;
    weir_time time; /* since the first event */
};

void drill_run(const struct drill_script *script, const struct drill_options *options,
               struct drill_result *result);

#endif
