/*
 * xml.c - escaping.
 *
 * A well-known article about TCP lost its "<mss 1024>" because a page took it for a tag. Whatever is written
 * into SVG or HTML goes through here.
 */
#include "render/xml.h"

#include "render/width.h"

static const char *entity(char c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

static int allowed(const char *text, size_t length)
{
    unsigned char first = (unsigned char)text[0];

    if (length == 1) { /* ASCII without controls; 0x80 and above alone is not UTF-8 */
        return (first >= 0x20 && first < 0x7f) || first == '\n' || first == '\t';
    }
    uint32_t code = utf8_decode(text);
    return code != 0xfffe && code != 0xffff && (code < 0xd800 || code > 0xdfff) && code >= 0xa0;
}

void xml_put(FILE *out, const char *text)
{
    for (size_t length; (length = utf8_length(text)) > 0; text += length) {
        const char *name = entity(text[0]);
        if (name != NULL) {
            fputs(name, out);
        } else if (allowed(text, length)) {
            fwrite(text, 1, length, out);
        } else {
            fputs("\xef\xbf\xbd", out);
        }
    }
}
