/*
 * html.c - the page: its code with the title and the data put in.
 *
 * Data stands in script elements that no browser runs: a connection in each, and the index last, because
 * only then everything is known. Nothing in them can end the element: base64 has no "<", and JSON writes
 * it as \u003c. The title is escaped as HTML: what a packet or a file's name says never becomes markup.
 */
#include "render/html.h"

#include <stdlib.h>
#include <string.h>

#include "render/html_code.h"
#include "render/html_private.h"

#define MARK_TITLE "<!--weir:title-->"
#define MARK_DATA "<!--weir:data-->"

struct html_page {
    FILE *out;
    struct html_options options;
    const char *rest; /* of the code */
    json_t *connections;
    weir_time start;
    bool failed;
};

bool html_available(void)
{
    return html_code_size > 0;
}

static void write_escaped(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '&': fputs("&amp;", out); break;
        case '"': fputs("&quot;", out); break;
        default: fputc(*text, out); break;
        }
    }
}

/* The code up to the mark. */
static void write_until(struct html_page *page, const char *mark)
{
    const char *at = strstr(page->rest, mark);

    if (at != NULL) {
        fwrite(page->rest, 1, (size_t)(at - page->rest), page->out);
        page->rest = at + strlen(mark);
    }
}

struct html_page *html_begin(FILE *out, const struct html_options *options)
{
    struct html_page *page = html_available() ? malloc(sizeof(*page)) : NULL;

    if (page == NULL) {
        return NULL;
    }
    *page = (struct html_page){.out = out,
                               .options = *options,
                               .rest = (const char *)html_code,
                               .connections = json_array()};
    if (page->connections == NULL) {
        free(page);
        return NULL;
    }
    write_until(page, MARK_TITLE);
    write_escaped(out, options->title);
    write_until(page, MARK_DATA);
    return page;
}

/* JSON as it may stand in a script element. */
static bool write_json(FILE *out, json_t *json)
{
    char *text = json != NULL ? json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;

    for (const char *at = text; at != NULL && *at != '\0'; at++) {
        if (*at == '<' || *at == '>' || *at == '&') {
            fprintf(out, "\\u%04x", (unsigned)(unsigned char)*at);
        } else {
            fputc(*at, out);
        }
    }
    free(text);
    return text != NULL;
}

/* JSON's size, JSON, columns, and the two columns of texts. */
static bool pack_connection(struct pack *pack, const struct html_connection *c)
{
    struct words words;

    words_init(&words);
    html_texts(&words, c);
    json_t *detail = html_detail(c, &words);
    char *text = detail != NULL ? json_dumps(detail, JSON_COMPACT) : NULL;
    bool done = text != NULL && !words.failed;
    if (done) {
        pack_u32(pack, (uint32_t)strlen(text));
        pack_bytes(pack, text, strlen(text));
        html_columns(pack, c);
        pack_bytes(pack, words.which.bytes, words.which.size);
        pack_bytes(pack, words.numbers.bytes, words.numbers.size);
        done = !words.which.failed && !words.numbers.failed && !pack->failed;
    }
    free(text);
    json_decref(detail);
    words_free(&words);
    return done;
}

int html_add(struct html_page *page, const struct ladder *ladder, const struct internals *internals)
{
    struct html_connection c = {.ladder = ladder,
                                .internals = internals,
                                .info = ladder_info(ladder),
                                .verbose = page->options.verbose};
    struct pack pack = {.bytes = NULL};

    c.segment = ladder_segments(ladder, &c.segments);
    numbering_init(&c.numbering, c.info, page->options.seq);
    if (json_array_size(page->connections) == 0) {
        page->start = c.info->origin;
    }
    bool done = pack_connection(&pack, &c);
    if (done) {
        fprintf(page->out, "<script type=\"application/octet-stream\" id=\"weir-c%u\">",
                c.info->number);
        done = pack_write(page->out, &pack);
        fputs("</script>\n", page->out);
    }
    pack_free(&pack);
    if (!done || json_array_append_new(page->connections, html_summary(&c, page->start)) != 0) {
        page->failed = true;
        return WEIR_ENOBUFS;
    }
    return WEIR_OK;
}

static json_t *story_of(const struct html_page *page)
{
    const enum message_id *story = page->options.story;

    return story != NULL ? json_pack("[o, o]", html_message(story[0]), html_message(story[1]))
                         : json_array();
}

static json_t *index_of(const struct html_page *page)
{
    static const char *const modes[] = {
        [SEQ_PRETTY] = "pretty", [SEQ_RAW] = "raw", [SEQ_RELATIVE] = "rel"};
    json_t *title = json_string(page->options.title);

    if (title == NULL) { /* a file's name need not be UTF-8 */
        title = json_string("capture");
    }
    return json_pack("{s:i, s:o, s:s, s:s, s:o, s:o, s:O}", "v", 1, "title", title, "language",
                     page->options.language == LANGUAGE_ZH ? "zh" : "en", "seq",
                     modes[page->options.seq], "story", story_of(page), "names", html_names(),
                     "connections", page->connections);
}

int html_end(struct html_page *page)
{
    if (page == NULL) {
        return WEIR_OK;
    }
    json_t *index = index_of(page);
    fputs("<script type=\"application/json\" id=\"weir-index\">", page->out);
    bool done = write_json(page->out, index) && !page->failed;
    fputs("</script>\n", page->out);
    fputs(page->rest, page->out);
    json_decref(index);
    json_decref(page->connections);
    free(page);
    return done ? WEIR_OK : WEIR_ENOBUFS;
}
