/* config.h - a stack's config for a real machine. */
#ifndef HOST_CONFIG_H
#define HOST_CONFIG_H

#include <weir/weir.h>

/* weir_config_default, a fresh secret, and the fastest inner loops that this CPU has. If the system
 * has no entropy the secret stays all zero, which weir_stack_new refuses. */
void host_config(struct weir_config *config);

#endif
