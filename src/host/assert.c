/* assert.c - what happens when weir finds a bug of its own: say where, and stop. */
#include <weir/weir.h>

#include <stdio.h>
#include <stdlib.h>

void weir_assert_fail(const char *expression, const char *file, int line)
{
    fprintf(stderr, "weir: bug at %s:%d: %s\n", file, line, expression);
    fflush(stderr);
    abort();
}
