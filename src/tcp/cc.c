/* cc.c - see cc.h: the algorithms by name. */
#include "tcp/cc.h"

#include <assert.h>

static const struct cc_algorithm *const algorithms[] = {
    [WEIR_CC_NEWRENO] = &cc_newreno,
    [WEIR_CC_CUBIC] = &cc_cubic,
};
static_assert(ARRAY_SIZE(algorithms) == WEIR_CC_COUNT, "an algorithm for every name");

const struct cc_algorithm *cc_find(uint8_t congestion)
{
    return algorithms[congestion];
}
