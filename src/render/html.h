/*
 * html.h - ladders as one HTML page that stands alone: docs/page.md.
 *
 *     page = html_begin(stdout, &options);
 *     html_add(page, ladder);              each finished ladder, in the order of their numbers
 *     html_end(page);
 *
 * The page's code is built from web/ and lies inside the tool (html_code.h). What is put into it here are
 * columns of numbers and ready sentences: the page draws, it judges nothing.
 */
#ifndef RENDER_HTML_H
#define RENDER_HTML_H

#include <stdio.h>

#include "render/label.h"
#include "trace/internals.h"

struct html_page;

struct html_options {
    const char *title; /* shown as it is, whatever is in it: a file's name */
    const enum message_id
        *story;             /* two: what is shown, and what it is about; NULL: nothing to say */
    enum language language; /* the page begins in this one; it holds both */
    enum seq_mode seq;
    bool verbose; /* win, PSH and timestamps in every label */
};

/* false: this build has no page in it, because npm was not there or could not fetch what it needs. */
bool html_available(void);

/* Writes the page's beginning. `title` must live until html_end. NULL: no memory, or not available. */
struct html_page *html_begin(FILE *out, const struct html_options *options);

/* WEIR_OK or WEIR_ENOBUFS. Nothing of the ladder is needed afterwards. `internals`: what the stacks did
 * inside, finished; NULL: not known. */
int html_add(struct html_page *page, const struct ladder *ladder,
             const struct internals *internals);

/* Writes the rest and frees the page; NULL is allowed. WEIR_OK or WEIR_ENOBUFS. */
int html_end(struct html_page *page);

#endif
