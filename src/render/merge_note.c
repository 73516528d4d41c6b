/* merge_note.c - how two captures of one conversation fit together, in words. */
#include "render/merge_note.h"

#include <stdio.h>

#include "trace/merge.h"

#define NUMBER 32

static char *number_text(char out[NUMBER], uint64_t n)
{
    snprintf(out, NUMBER, "%llu", (unsigned long long)n);
    return out;
}

static char *milliseconds(char out[NUMBER], int64_t ns)
{
    snprintf(out, NUMBER, "%.3f", (double)(ns < 0 ? -ns : ns) / 1e6);
    return out;
}

static void one_note(char out[PROSE_MAX], enum message_id id, enum language language, uint64_t n)
{
    char text[NUMBER];
    const char *args[] = {number_text(text, n)};

    message_format(out, PROSE_MAX, id, language, args, 1);
}

static void clock_note(char out[PROSE_MAX], const struct merge_report *report,
                       enum language language)
{
    char matched[NUMBER], residual[NUMBER], offset[NUMBER];
    const char *args[] = {number_text(matched, report->matched),
                          milliseconds(residual, report->residual),
                          milliseconds(offset, report->offset)};
    enum message_id id = report->one_clock    ? MESSAGE_MERGE_ONE_CLOCK
                         : report->offset < 0 ? MESSAGE_MERGE_BEHIND
                                              : MESSAGE_MERGE_OFFSET;

    message_format(out, PROSE_MAX, id, language, args, 3);
}

size_t merge_notes(char out[MERGE_NOTES_MAX][PROSE_MAX], const struct ladder_info *info,
                   enum language language)
{
    const struct merge_report *report = info->merge;
    size_t n = 0;

    if (report == NULL) {
        return 0;
    }
    clock_note(out[n++], report, language);
    if (report->drift_ppm != 0) {
        char drift[NUMBER];
        const char *args[] = {drift};
        snprintf(drift, sizeof(drift), "%.1f", report->drift_ppm);
        message_format(out[n++], PROSE_MAX, MESSAGE_MERGE_DRIFT, language, args, 1);
    }
    if (report->one_way) {
        one_note(out[n++], MESSAGE_MERGE_ONE_WAY, language, 0);
    }
    if (report->negative > 0) {
        one_note(out[n++], MESSAGE_MERGE_NEGATIVE, language, report->negative);
    }
    uint64_t not_sent = (uint64_t)report->not_sent[0] + report->not_sent[1];
    if (not_sent > 0) {
        one_note(out[n++], MESSAGE_MERGE_NOT_SENT, language, not_sent);
    }
    return n;
}
