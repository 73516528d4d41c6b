/*
 * html_words.h - many texts that differ in their numbers only, packed as few templates and many numbers.
 *
 * "5 8001(10), ACK 1021" is the template "# #(#), ACK #" and 5, 8001, 10, 1021. A number that stood before
 * in the same text is not repeated: the template says which one it is. So the page has every sentence as
 * it was written here, in both languages, for a few bytes each.
 *
 * In a template \x01 is the next number, and \x02 with the character after it ('0' + k) the k-th again.
 * Numbers with leading zeros, or beyond 32 bits, stay letters.
 */
#ifndef RENDER_HTML_WORDS_H
#define RENDER_HTML_WORDS_H

#include "render/html_pack.h"

#define WORDS_NUMBERS_MAX 64
#define WORDS_TEXT_MAX 2048

struct words_template {
    char *text;
    uint32_t hash;
    uint32_t numbers;
    uint32_t
        *last; /* the numbers of the last text with this template: what the next ones differ from */
};

struct words {
    struct words_template *template;
    uint32_t count, room;
    uint32_t *table; /* hash to index + 1; its room is a power of two */
    uint32_t table_room;
    struct pack which;   /* per text: number of the template */
    struct pack numbers; /* per text: the differences */
    bool failed;
};

void words_init(struct words *words);
void words_free(struct words *words);
void words_add(struct words *words, const char *text);

#endif
