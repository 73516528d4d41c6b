/* emit.h - the making of segments (shared by output.c and emit.c). */
#ifndef TCP_EMIT_H
#define TCP_EMIT_H

#include "tcp/output.h"

/* Payload bytes that a data segment sent now can carry: mss_base less the options it will have. */
uint32_t emit_payload_max(const struct tcp_conn *c);

/* output.c's arithmetic. */
uint32_t output_new_bytes(const struct tcp_conn *c, uint32_t payload_max, enum weir_limit *limit);
bool output_fin_due(const struct tcp_conn *c, uint32_t new_bytes);

#endif
