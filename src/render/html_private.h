/* html_private.h - what the files that make a page's data share: html.c, html_columns.c, html_detail.c. */
#ifndef RENDER_HTML_PRIVATE_H
#define RENDER_HTML_PRIVATE_H

#include <jansson.h>

#include "render/html.h"
#include "render/html_words.h"

/* One connection on its way into the page. */
struct html_connection {
    const struct ladder *ladder;
    const struct ladder_info *info;
    const struct internals *internals; /* NULL: not known */
    const struct ladder_segment *segment;
    size_t segments;
    struct numbering numbering;
    bool verbose;
};

/* Fields of a segment's text, and the options inside their field, are parted by these. */
#define HTML_FIELD "\x1f"
#define HTML_OPTION "\x1e"

/* html_columns.c: a column after the other, a number per segment, mostly as the difference from the number
 * before. What the columns are: web/src/data.ts reads them in the same order. */
void html_columns(struct pack *pack, const struct html_connection *c);
/* Label, tags, class, and the sentence in both languages, of each segment. */
void html_texts(struct words *words, const struct html_connection *c);

/* html_detail.c: everything about a connection that is not a column. NULL: no memory. */
json_t *html_detail(const struct html_connection *c, const struct words *words);
/* What the list of connections says about it. `start`: of the first one. */
json_t *html_summary(const struct html_connection *c, weir_time start);
/* Names that all connections share. */
json_t *html_names(void);

/* html_found.c: what was found, how many of each severity, the verdict, and where the time went. */
json_t *html_findings(const struct html_connection *c);
json_t *html_count_findings(const struct ladder *ladder);
json_t *html_verdict(const struct ladder *ladder);
json_t *html_parts(const struct ladder *ladder);
json_t *html_names_of_parts(void);
/* What the stacks did inside. */
json_t *html_inside(const struct html_connection *c);

/* A text in both languages; NULL: no memory. */
json_t *html_both(const char *en, const char *zh);
json_t *html_message(enum message_id id);

#endif
