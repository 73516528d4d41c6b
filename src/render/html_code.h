/* html_code.h - the page without data, as web/build.mjs made it; generated into the build directory. */
#ifndef RENDER_HTML_CODE_H
#define RENDER_HTML_CODE_H

#include <stddef.h>

/* Ends with a NUL that does not count; size 0: the page was not built. */
extern const unsigned char html_code[];
extern const size_t html_code_size;

#endif
