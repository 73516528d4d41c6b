/*
 * layout.c - what the structs of conn.h may cost, held at compile time (docs/performance.md has the figures).
 *
 * An idle connection has its core block, a slot in the demux and nothing else. Room is reserved in it for
 * what is still to come, so that it will not grow: see the fields named reserved.
 */
#include <assert.h>

#include "tcp/conn.h"

static_assert(sizeof(struct tcp_conn) <= 480, "an idle connection");
static_assert(sizeof(struct half4) <= 64, "a SYN that was answered, IPv4");
static_assert(sizeof(struct half6) <= 96, "a SYN that was answered, IPv6");
static_assert(sizeof(struct time_wait) <= 96, "a connection in TIME-WAIT");
static_assert(sizeof(struct tx_record) <= 64, "a super-segment on the way");
static_assert(sizeof(struct tcp_flight) <= 240, "a connection with data queued or on the way");

#define SIZE_OF(type, member) sizeof(((type *)0)->member)

static_assert(SIZE_OF(struct tcp_conn, cc_state) >= 40, "CUBIC, later BBR's part while idle");
