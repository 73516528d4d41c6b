/* clock.h - the time of the real world. */
#ifndef HOST_CLOCK_H
#define HOST_CLOCK_H

#include <weir/weir.h>

/* The monotonic clock: what is given to weir as `now`. */
weir_time clock_now(void);

/* What added to clock_now() gives nanoseconds since 1970: for the times in capture files. */
uint64_t clock_epoch(void);

#endif
