/* fuzz_ranges.c - ranges against a naive model, which ../unit/ranges_model.h has together with the driver. */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/ranges_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *wrong = ranges_model_run(data, size);
    if (wrong != NULL) {
        fprintf(stderr, "fuzz_ranges: %s\n", wrong);
        abort();
    }
    return 0;
}
