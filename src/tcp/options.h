/* options.h - the numbers behind weir_tcp_set and weir_tcp_get that have to do with paths and time-outs. */
#ifndef TCP_OPTIONS_H
#define TCP_OPTIONS_H

#include "tcp/conn.h"

/* As tcp_option_apply and tcp_option_read, which pass on what they do not know. */
int option_apply_path(struct weir_tcp_options *o, enum weir_option option, uint64_t value);
int option_read_path(const struct weir_tcp_options *o, enum weir_option option, uint64_t *value);

#endif
