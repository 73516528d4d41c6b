/* values.c - see values.h. */
#include "cli/values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

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
