/*
 * width.h - UTF-8, and how many columns of a terminal a character takes (Unicode's East Asian Width).
 *
 * Wide and full-width characters take two columns, combining and control characters none, everything else
 * one. Ambiguous characters count as one; a terminal that draws them two columns wide needs --ascii.
 */
#ifndef RENDER_WIDTH_H
#define RENDER_WIDTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at `text`; 1 for a byte that is not UTF-8, 0 at the end. */
size_t utf8_length(const char *text);
/* The character itself; U+FFFD for a byte that is not UTF-8. */
uint32_t utf8_decode(const char *text);

unsigned width_of_char(uint32_t code);
unsigned width_of(const char *text);
unsigned width_of_bytes(const char *text, size_t size);

/* Breaks text into lines of at most `columns`. On entry *text is what is left; on return it is what is
 * left after this line. Returns the bytes of the line, which begins at *line. 0: nothing was left. Breaks
 * at spaces (which are dropped) and between Chinese characters, not before closing punctuation; a word
 * is split only when it is longer than a line. */
size_t width_wrap(const char **text, unsigned columns, const char **line);

#endif
