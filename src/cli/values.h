/* values.h - values of options: durations, percentages, rates, sizes. Each returns false for nonsense. */
#ifndef CLI_VALUES_H
#define CLI_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <weir/weir.h>

/* "20ms", "1.5s", "300us", "10ns"; a bare number is seconds. */
bool value_duration(const char *text, weir_time *out);

/* "1%", "0.5%"; a bare number is a fraction: "0.01". From 0 to 1. */
bool value_probability(const char *text, double *out);

/* "10mbit", "1.5gbit", "500kbit", "9600bit"; a bare number is bits per second. At least 1. */
bool value_rate(const char *text, uint64_t *out);

/* A whole decimal number from `least` to `most`: no sign, no blanks. */
bool value_number(const char *text, uint64_t least, uint64_t most, uint64_t *out);

#endif
