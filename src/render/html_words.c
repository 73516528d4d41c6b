/* html_words.c - texts to templates and numbers: see html_words.h. */
#include "render/html_words.h"

#include <stdlib.h>
#include <string.h>

#define NEXT_NUMBER '\x01'
#define SAME_NUMBER '\x02'
#define TABLE_ROOM_MIN 256
#define DIGITS_MAX 10

/* A text taken apart. */
struct parts {
    char text[WORDS_TEXT_MAX];
    uint32_t number[WORDS_NUMBERS_MAX];
    uint32_t numbers;
};

void words_init(struct words *words)
{
    *words = (struct words){.count = 0};
}

void words_free(struct words *words)
{
    for (uint32_t i = 0; i < words->count; i++) {
        free(words->template[i].text);
        free(words->template[i].last);
    }
    free(words->template);
    free(words->table);
    pack_free(&words->which);
    pack_free(&words->numbers);
    words_init(words);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Length of the number at `text` if it can be a number of a template, else 0. */
static size_t take_number(const char *text, uint32_t *value)
{
    uint64_t sum = 0;
    size_t n = 0;

    while (is_digit(text[n]) && n <= DIGITS_MAX) {
        sum = sum * 10 + (uint64_t)(text[n] - '0');
        n++;
    }
    if (n == 0 || n > DIGITS_MAX || sum > UINT32_MAX || (text[0] == '0' && n > 1)) {
        return 0;
    }
    *value = (uint32_t)sum;
    return n;
}

static uint32_t find_number(const struct parts *p, uint32_t value)
{
    uint32_t i = 0;

    while (i < p->numbers && p->number[i] != value) {
        i++;
    }
    return i;
}

static void take_apart(struct parts *p, const char *text)
{
    size_t used = 0;

    p->numbers = 0;
    while (*text != '\0' && used + 2 < sizeof(p->text)) {
        uint32_t value;
        size_t digits = take_number(text, &value);
        uint32_t at = digits > 0 ? find_number(p, value) : 0;
        if (digits > 0 && at < p->numbers) {
            p->text[used++] = SAME_NUMBER;
            p->text[used++] = (char)('0' + at);
            text += digits;
        } else if (digits > 0 && at < WORDS_NUMBERS_MAX) {
            p->number[p->numbers++] = value;
            p->text[used++] = NEXT_NUMBER;
            text += digits;
        } else {
            do { /* the rest of a number that is none must not be taken for one */
                p->text[used++] = *text++;
            } while (is_digit(text[-1]) && is_digit(*text) && used + 2 < sizeof(p->text));
        }
    }
    p->text[used] = '\0';
}

static uint32_t hash_of(const char *text)
{
    uint32_t h = 2166136261u;

    for (; *text != '\0'; text++) {
        h = (h ^ (uint8_t)*text) * 16777619u;
    }
    return h ^ h >> 15;
}

static void put_in_table(struct words *words, uint32_t index)
{
    uint32_t mask = words->table_room - 1;
    uint32_t at = words->template[index].hash & mask;

    while (words->table[at] != 0) {
        at = (at + 1) & mask;
    }
    words->table[at] = index + 1;
}

static bool grow(struct words *words)
{
    if (words->count == words->room) {
        uint32_t room = words->room == 0 ? TABLE_ROOM_MIN / 2 : words->room * 2;
        struct words_template *more = realloc(words->template, room * sizeof(*more));
        if (more == NULL) {
            return false;
        }
        words->template = more;
        words->room = room;
        uint32_t *table = calloc((size_t)room * 2, sizeof(*table));
        if (table == NULL) {
            return false;
        }
        free(words->table);
        words->table = table;
        words->table_room = room * 2;
        for (uint32_t i = 0; i < words->count; i++) {
            put_in_table(words, i);
        }
    }
    return true;
}

static struct words_template *add_template(struct words *words, const struct parts *p,
                                           uint32_t hash)
{
    struct words_template made = {.hash = hash, .numbers = p->numbers};

    if (!grow(words)) {
        return NULL;
    }
    made.text = strdup(p->text);
    made.last = calloc(p->numbers + 1u, sizeof(*made.last));
    if (made.text == NULL || made.last == NULL) {
        free(made.text);
        free(made.last);
        return NULL;
    }
    words->template[words->count] = made;
    put_in_table(words, words->count);
    return &words->template[words->count++];
}

static struct words_template *template_of(struct words *words, const struct parts *p)
{
    uint32_t hash = hash_of(p->text), mask = words->table_room - 1;

    for (uint32_t at = hash & mask; words->table_room > 0 && words->table[at] != 0;
         at = (at + 1) & mask) {
        struct words_template *t = &words->template[words->table[at] - 1];
        if (t->hash == hash && t->numbers == p->numbers && strcmp(t->text, p->text) == 0) {
            return t;
        }
    }
    return add_template(words, p, hash);
}

void words_add(struct words *words, const char *text)
{
    struct parts p;

    take_apart(&p, text);
    struct words_template *t = template_of(words, &p);
    if (t == NULL) {
        words->failed = true;
        return;
    }
    pack_uint(&words->which, (uint64_t)(t - words->template));
    for (uint32_t i = 0; i < p.numbers; i++) {
        pack_int(&words->numbers, (int32_t)(p.number[i] - t->last[i]));
        t->last[i] = p.number[i];
    }
}
