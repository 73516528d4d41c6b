/* width.c - UTF-8, widths and line breaking. The tables are from Unicode 15's EastAsianWidth.txt and the
 * combining marks that occur in text for people. */
#include "render/width.h"

#include <string.h>

#include "base/compiler.h"

#define REPLACEMENT 0xfffd

struct span {
    uint32_t first, last;
};

static const struct span zero_width[] = {
    {0x0000, 0x001f}, {0x007f, 0x009f}, {0x0300, 0x036f},   {0x0483, 0x0489}, {0x0591, 0x05bd},
    {0x200b, 0x200f}, {0x202a, 0x202e}, {0x2060, 0x2064},   {0x20d0, 0x20f0}, {0xfe00, 0xfe0f},
    {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0100, 0xe01ef},
};

static const struct span double_width[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},
    {0x25fd, 0x25fe},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x26aa, 0x26ab},
    {0x26bd, 0x26be},   {0x2705, 0x2705},   {0x270a, 0x270b},   {0x274c, 0x274c},
    {0x2753, 0x2755},   {0x2795, 0x2797},   {0x2b1b, 0x2b1c},   {0x2e80, 0x303e},
    {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0xa4cf},   {0xa960, 0xa97c},
    {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe10, 0xfe19},   {0xfe30, 0xfe6f},
    {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x16fe0, 0x18aff}, {0x1b000, 0x1b2ff},
    {0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a}, {0x1f200, 0x1f265}, {0x1f300, 0x1f64f},
    {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};

static bool in_table(const struct span *table, size_t n, uint32_t code)
{
    for (size_t i = 0; i < n && table[i].first <= code; i++) {
        if (code <= table[i].last) {
            return true;
        }
    }
    return false;
}

/* Length that the first byte announces; 0: it cannot be a first byte. */
static size_t announced(unsigned char byte)
{
    if (byte < 0x80) {
        return 1;
    }
    if (byte >= 0xc2 && byte < 0xe0) {
        return 2;
    }
    if (byte >= 0xe0 && byte < 0xf0) {
        return 3;
    }
    return byte >= 0xf0 && byte < 0xf5 ? 4 : 0;
}

/* Decodes one character of well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates. */
static size_t decode(const char *text, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    static const unsigned char mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    const unsigned char *p = (const unsigned char *)text;
    size_t length = announced(p[0]);

    if (p[0] == 0) {
        *code = 0;
        return 0;
    }
    uint32_t value = length != 0 ? p[0] & mask[length] : 0;
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            length = 0; /* also stops at the final 0 */
        } else {
            value = value << 6 | (p[i] & 0x3fu);
        }
    }
    bool surrogate = value >= 0xd800 && value < 0xe000;
    if (length == 0 || value < least[length] || surrogate || value > 0x10ffff) {
        *code = REPLACEMENT;
        return 1;
    }
    *code = value;
    return length;
}

size_t utf8_length(const char *text)
{
    uint32_t code;

    return decode(text, &code);
}

uint32_t utf8_decode(const char *text)
{
    uint32_t code;

    decode(text, &code);
    return code;
}

unsigned width_of_char(uint32_t code)
{
    if (in_table(zero_width, ARRAY_SIZE(zero_width), code)) {
        return 0;
    }
    return in_table(double_width, ARRAY_SIZE(double_width), code) ? 2 : 1;
}

unsigned width_of_bytes(const char *text, size_t size)
{
    unsigned width = 0;
    uint32_t code;

    for (size_t at = 0; at < size;) {
        size_t length = decode(text + at, &code);
        if (length == 0) {
            break;
        }
        width += width_of_char(code);
        at += length;
    }
    return width;
}

unsigned width_of(const char *text)
{
    return width_of_bytes(text, strlen(text));
}

static bool closes(uint32_t code)
{
    return code < 0x80 ? strchr(",.;:!?)]>", (int)code) != NULL
                       : code == 0x3002 || code == 0xff0c || code == 0xff1b || code == 0xff1a ||
                             code == 0x3001 || code == 0xff01 || code == 0xff1f || code == 0xff09;
}

static bool opens(uint32_t code)
{
    return code == '(' || code == '[' || code == '<' || code == 0xff08;
}

/* May a line end between these two characters? */
static bool breakable(uint32_t before, uint32_t after)
{
    if (before == ' ' || after == ' ') {
        return true;
    }
    bool wide = width_of_char(before) == 2 || width_of_char(after) == 2;
    return wide && !closes(after) && !opens(before);
}

size_t width_wrap(const char **text, unsigned columns, const char **line)
{
    const char *start = *text + strspn(*text, " ");
    const char *at = start, *good = NULL;
    uint32_t before = 0, code;
    unsigned width = 0;
    size_t length;

    while ((length = decode(at, &code)) != 0) {
        if (before != 0 && breakable(before, code)) {
            good = at;
        }
        if (width + width_of_char(code) > columns && at != start) {
            at = good != NULL ? good : at; /* a word longer than a line is split */
            break;
        }
        width += width_of_char(code);
        before = code;
        at += length;
    }
    *line = start;
    *text = at + strspn(at, " ");
    while (at > start && at[-1] == ' ') {
        at--;
    }
    return (size_t)(at - start);
}
