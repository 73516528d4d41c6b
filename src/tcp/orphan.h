/*
 * orphan.h - connections that their application has closed and that are not over yet: nobody waits for them, so
 * there is a limit to how many there are and to how long each may take.
 *
 * More than orphans_max of them: the one that is closed then is reset. Those that retransmit, or probe a closed
 * window without an answer, are given up after orphan_retries (as Linux's tcp_orphan_retries; sooner if R2 or the
 * user timeout says so). A window that stays closed while its owner answers, which must never end a connection that
 * somebody has (MUST-37), ends an orphan once probes are as rare as they get.
 */
#ifndef TCP_ORPHAN_H
#define TCP_ORPHAN_H

#include "tcp/conn.h"

/* The application has closed `c`, which is to go on. false: there are too many, reset it. */
bool orphan_begin(struct tcp *t, struct tcp_conn *c);
/* It is over, or in TIME-WAIT, which has a limit of its own. */
void orphan_end(struct tcp *t, struct tcp_conn *c);

/* The timer has expired `tries` times in a row: is it enough for an orphan? */
bool orphan_gives_up(const struct tcp *t, const struct tcp_conn *c, uint32_t tries);
/* The window is still closed, and the next probe would come after `wait`. */
bool orphan_waited(const struct tcp_conn *c, weir_time wait);

#endif
