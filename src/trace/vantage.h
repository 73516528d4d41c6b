/* vantage.h - where was this captured? Judged by the handshake's gaps and, failing that, by the TTLs. */
#ifndef TRACE_VANTAGE_H
#define TRACE_VANTAGE_H

#include "trace/ladder.h"

/* segments[n]: of one conversation, in order of the capture, sides known. */
enum ladder_vantage vantage_infer(const struct trace_segment *segments, size_t n);

/* The round trip between the tap and the far side, from the handshake: SYN to SYN,ACK at the client, SYN,
 * ACK to ACK at the server. 0: not known. */
weir_time vantage_rtt(const struct trace_segment *segments, size_t n, enum ladder_vantage vantage);

#endif
