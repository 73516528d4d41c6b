/* comment.c - see comment.h. */
#include "render/comment.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "render/findings.h"
#include "render/prose.h"
#include "trace/judge.h"

static bool names(const struct finding *f, uint32_t number)
{
    for (uint32_t i = 0; i < MIN(f->segment_count, FINDING_SEGMENTS_MAX); i++) {
        if (f->segments[i] == number) {
            return true;
        }
    }
    return false;
}

static void put_findings(FILE *out, const struct ladder *ladder, uint32_t number,
                         enum language language)
{
    char text[FINDING_TEXT_MAX];
    size_t count;
    const struct finding *finding = ladder_findings(ladder, &count);

    for (size_t i = 0; i < count; i++) {
        if (names(&finding[i], number)) {
            fprintf(out, "\n%s (%s): %s", finding_name(finding[i].id),
                    finding_severity_name(finding[i].severity),
                    finding_text(text, &finding[i], language));
        }
    }
}

static void put_class(FILE *out, const struct ladder_segment *s)
{
    fprintf(out, ": %s", ladder_class_name(s->class, s->cause));
    if (s->evidence != EVIDENCE_NONE) {
        fprintf(out, ", by %s", evidence_name((enum evidence)s->evidence));
    }
    if ((s->facts & LADDER_FACT_SPURIOUS) != 0) {
        fputs(", spurious", out);
    }
    if ((s->facts & LADDER_FACT_MISSED) != 0) {
        fputs(", lost?", out);
    }
    if (s->repaired_by != 0) {
        fprintf(out, ", repaired by %u", s->repaired_by);
    }
}

char *comment_of(const struct ladder *ladder, const struct ladder_segment *s,
                 const struct numbering *numbering, enum language language)
{
    char *text = NULL, label_text[LABEL_MAX], sentence[PROSE_MAX];
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct label label;

    if (out == NULL) {
        return NULL;
    }
    label_make(&label, s, numbering, false);
    label_fit(&label, sizeof(label_text) - 1, label_text);
    fprintf(out, "%s%s%s", label_text, label.tags[0] != '\0' ? "  " : "", label.tags);
    put_class(out, s);
    prose_of(sentence, ladder, s, numbering, language);
    fprintf(out, "\n%s", sentence);
    put_findings(out, ladder, s->number, language);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
