/* text.h - steps six to eight of SEGMENT ARRIVES: segment text and FIN. */
#ifndef TCP_TEXT_H
#define TCP_TEXT_H

#include "tcp/input.h"

/* For text that begins at rcv_nxt and lies within the window, without FIN. */
void text_in_order(struct tcp *t, struct tcp_conn *c, struct seg_in *in);
/* The verdict is RST when nobody is there to read. */
enum tcp_verdict text_handle(struct tcp *t, struct tcp_conn *c, struct seg_in *in);

#endif
