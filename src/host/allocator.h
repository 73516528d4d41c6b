/* allocator.h - malloc as a struct weir_allocator. */
#ifndef HOST_ALLOCATOR_H
#define HOST_ALLOCATOR_H

#include <weir/weir.h>

extern const struct weir_allocator host_allocator;

#endif
