/*
 * sysctl.h - Linux's names of settings, and what they are in weir.
 *
 * Public scripts change the system they run on with commands such as `sysctl -q net.ipv4.tcp_sack=0`.
 * weir has no such names: a stack is configured by struct weir_config, a socket by struct
 * weir_sock_config. This table is the one place that translates. The runner (drill/run.h) uses it, and
 * so does the adapter that upstream's packetdrill loads.
 *
 * A setting changes only the two structs: it has its effect on stacks, and on sockets of spaces, that
 * are made of them afterwards.
 */
#ifndef DRILL_SYSCTL_H
#define DRILL_SYSCTL_H

#include <weir/socket.h>

struct drill_sysctl_target {
    struct weir_config *stack;
    struct weir_sock_config *sockets; /* its `tcp` and stack->tcp are changed alike */
};

enum drill_sysctl_result {
    DRILL_SYSCTL_SET = 0, /* done; or weir does what this value asks for in any case */
    DRILL_SYSCTL_UNKNOWN, /* no such setting in weir, or it cannot have this value */
    DRILL_SYSCTL_BAD      /* not a value of this setting */
};

/* `name`: net.ipv4.tcp_sack, net/ipv4/tcp_sack or /proc/sys/net/ipv4/tcp_sack. `value` as after the =,
 * without quotes: "1", "4096 16384 4194304". */
enum drill_sysctl_result drill_sysctl_set(const struct drill_sysctl_target *target,
                                          const char *name, const char *value);

/* The settings that the public scripts begin with (their common/defaults.sh). */
void drill_sysctl_defaults(const struct drill_sysctl_target *target);

#endif
