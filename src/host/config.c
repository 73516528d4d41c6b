/* config.c - a stack's config for a real machine. */
#include "host/config.h"

#include "host/entropy.h"
#include "host/simd.h"

void host_config(struct weir_config *config)
{
    weir_config_default(config);
    entropy_fill(config->secret, sizeof(config->secret));
    simd_fill(&config->ops);
}
