/* icmp.h - a captured ICMP error as a plain value: about which conversation it is, and what it says. */
#ifndef TRACE_ICMP_H
#define TRACE_ICMP_H

#include "trace/finder.h"

struct trace_icmp {
    weir_time time;
    uint32_t frame;
    enum finder_icmp what;
    uint32_t mtu;                  /* FINDER_ICMP_TOO_BIG */
    struct weir_endpoint src, dst; /* of the TCP segment that it quotes */
};

/* `size` bytes of `original` were captured. false: not an ICMP error about TCP. Fills everything but time
 * and frame. */
bool trace_parse_icmp(const uint8_t *packet, size_t size, size_t original, struct trace_icmp *icmp);

#endif
