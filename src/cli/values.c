/* values.c - see values.h. */
#include "cli/values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

struct unit {
    const char *name;
    double factor;
};

/* A number that is not negative, and the unit behind it. */
static bool read_quantity(const char *text, const struct unit *units, size_t n, double *out)
{
    char *end;
    double value = strtod(text, &end);

    if ((text[0] != '.' && (text[0] < '0' || text[0] > '9')) || !isfinite(value)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (strcmp(end, units[i].name) == 0) {
            *out = value * units[i].factor;
            return true;
        }
    }
    return false;
}

bool value_probability(const char *text, double *out)
{
    static const struct unit units[] = {{"", 1}, {"%", 0.01}};

    return read_quantity(text, units, ARRAY_SIZE(units), out) && *out <= 1;
}

bool value_rate(const char *text, uint64_t *out)
{
    static const struct unit units[] = {
        {"", 1}, {"bit", 1}, {"kbit", 1e3}, {"mbit", 1e6}, {"gbit", 1e9}};
    double rate;

    if (!read_quantity(text, units, ARRAY_SIZE(units), &rate) || rate < 1 || rate > 1e15) {
        return false;
    }
    *out = (uint64_t)rate;
    return true;
}

bool value_number(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
    char *end;

    if (text[0] < '0' || text[0] > '9' || strlen(text) > 19) {
        return false;
    }
    uint64_t value = strtoull(text, &end, 10);
    if (*end != '\0' || value < least || value > most) {
        return false;
    }
    *out = value;
    return true;
}

bool value_duration(const char *text, weir_time *out)
{
    static const struct {
        const char *unit;
        double ns;
    } units[] = {{"", 1e9}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}};
    char *end;
    double value = strtod(text, &end);

    if (end == text || !isfinite(value) || value < 0) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        if (strcmp(end, units[i].unit) == 0 && value * units[i].ns < 1e18) {
            *out = (weir_time)(value * units[i].ns + 0.5);
            return true;
        }
    }
    return false;
}
