/*
 * test_html.c - the data of a page: numbers and texts come back as they were put in, and nothing that a
 * packet or a file's name says can end an element or begin one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "render/html.h"
#include "render/html_code.h"
#include "render/html_words.h"
#include "trace/ladder.h"

/* ---- Reading what was packed, as the page does ---------------------------------------------------------- */

struct reader {
    const uint8_t *at, *end;
};

static uint64_t read_uint(struct reader *r)
{
    uint64_t value = 0;
    unsigned shift = 0;

    do {
        assert_true(r->at < r->end);
        value |= (uint64_t)(*r->at & 127) << shift;
        shift += 7;
    } while (*r->at++ >= 128);
    return value;
}

static int64_t read_int(struct reader *r)
{
    uint64_t value = read_uint(r);

    return (value & 1) != 0 ? -(int64_t)(value >> 1) - 1 : (int64_t)(value >> 1);
}

static void test_numbers(void **state)
{
    static const int64_t numbers[] = {
        0,    1,         -1,        63,        64,           -64,       -65,
        8191, INT32_MAX, INT32_MIN, 1LL << 40, -(1LL << 52), INT64_MAX, INT64_MIN};
    struct pack pack = {.bytes = NULL};

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        pack_int(&pack, numbers[i]);
    }
    struct reader r = {pack.bytes, pack.bytes + pack.size};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        assert_int_equal(read_int(&r), numbers[i]);
    }
    assert_ptr_equal(r.at, r.end);
    assert_int_equal(pack.bytes[0], 0);
    assert_int_equal(pack.bytes[1], 2); /* small numbers of either sign take one byte */
    assert_int_equal(pack.bytes[2], 1);
    pack_free(&pack);
}

static void test_words(void **state)
{
    static const char *const texts[] = {
        "5 8001(10), ACK 1021",
        "6 8011(10), ACK 1021",
        "",
        "no number",
        "007 and 0.040 s",
        "4294967295 4294967296 99999999999",
        "1 1 1 2 2 1\0371 字节:2",
        "5 8001(10), ACK 5",
    };
    size_t count = sizeof(texts) / sizeof(texts[0]);
    struct words words;
    uint32_t last[16][WORDS_NUMBERS_MAX] = {{0}};

    (void)state;
    words_init(&words);
    for (size_t i = 0; i < count; i++) {
        words_add(&words, texts[i]);
    }
    assert_true(words.count < count); /* the first two share a template */
    struct reader which = {words.which.bytes, words.which.bytes + words.which.size};
    struct reader numbers = {words.numbers.bytes, words.numbers.bytes + words.numbers.size};
    for (size_t i = 0; i < count; i++) {
        char out[256] = "";
        uint32_t t = (uint32_t)read_uint(&which), used = 0;
        assert_true(t < words.count);
        for (uint32_t k = 0; k < words.template[t].numbers; k++) {
            last[t][k] += (uint32_t)read_int(&numbers);
        }
        for (const char *p = words.template[t].text; *p != '\0'; p++) {
            size_t size = strlen(out);
            if (*p == '\x01') {
                snprintf(out + size, sizeof(out) - size, "%u", last[t][used++]);
            } else if (*p == '\x02') {
                snprintf(out + size, sizeof(out) - size, "%u", last[t][*++p - '0']);
            } else {
                snprintf(out + size, sizeof(out) - size, "%c", *p);
            }
        }
        assert_string_equal(out, texts[i]);
    }
    words_free(&words);
}

/* A million labels of a bulk transfer are one template, and a few bytes each. */
static void test_words_are_few(void **state)
{
    struct words words;
    char text[128];

    (void)state;
    words_init(&words);
    for (uint32_t i = 0; i < 10000; i++) {
        snprintf(text, sizeof(text), "%u %u(1448), ACK 8001\0371448 bytes: numbers %u..%u",
                 20000 + i, 100000 + i * 1448, 100000 + i * 1448, 100000 + i * 1448 + 1447);
        words_add(&words, text);
    }
    assert_int_equal(words.count, 1);
    assert_true(words.numbers.size < 10000 * 9);
    words_free(&words);
}

/* ---- A whole page ----------------------------------------------------------------------------------------- */

static char *page_of(const char *title)
{
    struct html_options options = {.title = title, .language = LANGUAGE_EN, .seq = SEQ_PRETTY};
    struct ladder *ladder = ladder_new(LADDER_AT_CLIENT);
    struct weir_endpoint ends[2] = {{.port = 40000}, {.port = 80}};
    struct trace_segment syn = {.time = 1, .seq = 77, .flags = WEIR_TCP_SYN, .window = 1024};
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    ends[0].ip.family = ends[1].ip.family = 4;
    ladder_set_ends(ladder, &ends[0], &ends[1], false);
    ladder_set_number(ladder, 1);
    syn.options.present = WEIR_SEGMENT_MSS;
    syn.options.mss = 1024;
    assert_int_equal(ladder_add_segment(ladder, &syn), WEIR_OK);
    assert_int_equal(ladder_finish(ladder), WEIR_OK);
    struct html_page *page = html_begin(out, &options);
    assert_non_null(page);
    assert_int_equal(html_add(page, ladder, NULL), WEIR_OK);
    assert_int_equal(html_end(page), WEIR_OK);
    ladder_del(ladder);
    fclose(out);
    return text;
}

/* The article's "<mss 1024>" was eaten as a tag once; a file may even be named like that. */
static void test_titles_are_text(void **state)
{
    if (!html_available()) {
        skip();
    }
    (void)state;
    char *page = page_of("</title><script>hurt()</script><mss 1024>&\"");
    assert_non_null(
        strstr(page, "<title>&lt;/title&gt;&lt;script&gt;hurt()&lt;/script&gt;&lt;mss 1024&gt;&amp;"
                     "&quot;</title>"));
    assert_null(strstr(page, "<script>hurt"));
    assert_null(strstr(page, "<mss"));
    assert_non_null(strstr(page, "\\u003cmss 1024\\u003e"));
    char *index = strstr(page, "id=\"weir-index\">");
    assert_non_null(index);
    char *end = strstr(index, "</script>");
    for (char *at = index + strlen("id=\"weir-index\">"); at < end; at++) {
        assert_true(*at != '<' && *at != '>' && *at != '&');
    }
    free(page);
}

/* Not UTF-8: the page is written all the same. */
static void test_strange_name(void **state)
{
    if (!html_available()) {
        skip();
    }
    (void)state;
    char *page = page_of("\xff\xfe.pcap");
    assert_non_null(strstr(page, "\"title\":\"capture\""));
    free(page);
}

static void test_code_has_its_marks(void **state)
{
    if (!html_available()) {
        skip();
    }
    (void)state;
    assert_int_equal(html_code[html_code_size], 0);
    const char *title = strstr((const char *)html_code, "<!--weir:title-->");
    assert_non_null(title);
    assert_non_null(strstr(title, "<!--weir:data-->"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),       cmocka_unit_test(test_words),
        cmocka_unit_test(test_words_are_few), cmocka_unit_test(test_titles_are_text),
        cmocka_unit_test(test_strange_name),  cmocka_unit_test(test_code_has_its_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
