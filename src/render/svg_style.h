/* svg_style.h - the style sheet that every drawing carries: light, and dark where the reader prefers it. */
#ifndef RENDER_SVG_STYLE_H
#define RENDER_SVG_STYLE_H

#include <stdio.h>

void svg_style(FILE *out);

#endif
