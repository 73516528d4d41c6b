/* drill_log.h - what happened while a script ran: packets and records, kept for a ladder of the end. */
#ifndef CLI_DRILL_LOG_H
#define CLI_DRILL_LOG_H

#include "trace/internals.h"

struct drill_log;

/* `inside`: also keep what the stack does inside. NULL: no memory. */
struct drill_log *drill_log_new(bool inside);
void drill_log_del(struct drill_log *log);
void drill_log_packet(struct drill_log *log, const uint8_t *packet, size_t size, bool out,
                      weir_time now);
void drill_log_record(struct drill_log *log, const struct weir_record *record);

/* The connection between these ports, or NULL: it has no packet, or there is no memory. `internals` (may be NULL) is
 * filled and finished with it. */
struct ladder *drill_log_ladder(const struct drill_log *log, uint16_t local_port,
                                uint16_t remote_port, struct internals *internals);

#endif
