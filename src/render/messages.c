/* messages.c - looking up and filling in the sentences of messages.h. */
#include "render/messages.h"

#include <string.h>
#include <strings.h>

#include "render/width.h"

/* Both columns are there: an empty one does not compile. */
#define MESSAGE_CHECK(id, en, zh) \
    _Static_assert(sizeof(en) > 1 && sizeof(zh) > 1, "message " #id " lacks a language");
MESSAGES(MESSAGE_CHECK)
#undef MESSAGE_CHECK

const char *message_text(enum message_id id, enum language language)
{
    static const char *const table[][LANGUAGE_COUNT] = {
#define MESSAGE_ROW(name, en, zh) [MESSAGE_##name] = {[LANGUAGE_EN] = en, [LANGUAGE_ZH] = zh},
        MESSAGES(MESSAGE_ROW)
#undef MESSAGE_ROW
    };
    _Static_assert(sizeof(table) / sizeof(table[0]) == MESSAGE_COUNT, "a row for every message");

    return table[id][language];
}

char *message_format(char *out, size_t size, enum message_id id, enum language language,
                     const char *const args[], size_t n)
{
    const char *text = message_text(id, language);
    size_t used = 0;

    while (*text != '\0') {
        const char *piece = text;
        size_t length = utf8_length(text);
        if (text[0] == '{' && text[1] >= '0' && text[1] <= '9' && text[2] == '}') {
            size_t arg = (size_t)(text[1] - '0');
            piece = arg < n && args[arg] != NULL ? args[arg] : "";
            length = strlen(piece);
            text += 3;
        } else {
            text += length;
        }
        if (used + length + 1 > size) {
            break;
        }
        memcpy(out + used, piece, length);
        used += length;
    }
    out[used] = '\0';
    return out;
}

enum language language_from_locale(const char *locale)
{
    return locale != NULL && strncasecmp(locale, "zh", 2) == 0 ? LANGUAGE_ZH : LANGUAGE_EN;
}
