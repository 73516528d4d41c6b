/* preload.h - how libweir_packetdrill.so finds the preload library: by this name, if it is there. */
#ifndef PACKETDRILL_PRELOAD_H
#define PACKETDRILL_PRELOAD_H

#include <stdbool.h>

#include "packetdrill/table.h"

typedef void packetdrill_attach(struct packetdrill_table *table, bool (*owns)(void *u, int fd));

packetdrill_attach weir_packetdrill_attach;

#endif
