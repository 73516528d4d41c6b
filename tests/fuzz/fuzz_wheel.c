/* fuzz_wheel.c - wheel against a naive model, which ../unit/wheel_model.h has together with the driver. */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/wheel_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *wrong = wheel_model_run(data, size);
    if (wrong != NULL) {
        fprintf(stderr, "fuzz_wheel: %s\n", wrong);
        abort();
    }
    return 0;
}
