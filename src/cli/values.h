/* values.h - values of options: durations, percentages, rates, sizes. Each returns false for nonsense. */
#ifndef CLI_VALUES_H
#define CLI_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <weir/weir.h>

/* "20ms", "1.5s", "300us", "10ns"; a bare number is seconds. */
bool value_duration(const char *text, weir_time *out);

#endif
