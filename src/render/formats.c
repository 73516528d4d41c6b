/* formats.c - the table of formats; docs/formats.md describes them. */
#include <string.h>

#include "render/export.h"
#include "render/json.h"

static int jsonl(FILE *out, const struct ladder *ladder, const struct export_options *options)
{
    return json_ladder(out, ladder, options->seq);
}

const struct format formats[] = {
    {.name = "html",
     .extension = ".html",
     .what = "a page to explore: ladder, header, plots; stands alone (docs/page.md)",
     .many = true},
    {.name = "svg",
     .extension = ".svg",
     .what = "a drawing for pages and slides",
     .folded = true,
     .write = svg_ladder},
    {.name = "plot-svg",
     .extension = ".plot.svg",
     .what = "plots over time: sequence numbers, flight, round trip, window",
     .write = plots_ladder},
    {.name = "mermaid",
     .extension = ".mmd",
     .what = "Mermaid's sequence diagram",
     .folded = true,
     .write = mermaid_ladder},
    {.name = "plantuml",
     .extension = ".puml",
     .what = "PlantUML's sequence diagram",
     .folded = true,
     .write = plantuml_ladder},
    {.name = "mscgen",
     .extension = ".msc",
     .what = "mscgen's message sequence chart",
     .folded = true,
     .write = mscgen_ladder},
    {.name = "jsonl",
     .extension = ".jsonl",
     .what = "events, one JSON object per line",
     .raw = true,
     .many = true,
     .write = jsonl},
    {.name = "qlog",
     .extension = ".sqlog",
     .what = "qlog, as a sequence of JSON texts",
     .raw = true,
     .many = true,
     .write = qlog_ladder},
    {.name = "qlog-qvis",
     .extension = ".qlog",
     .what = "qlog in the older form that qvis reads",
     .raw = true,
     .write = qvis_ladder},
    {.name = "csv",
     .extension = ".csv",
     .what = "figures of each connection, with tcptrace's names",
     .many = true,
     .begin = csv_begin,
     .write = csv_ladder},
    {.name = "xplot",
     .extension = ".xpl",
     .what = "xplot's time-sequence graph",
     .raw = true,
     .write = xplot_ladder},
    {.name = "pcapng",
     .extension = ".pcapng",
     .what = "the packets, each with what is known of it as its comment",
     .packets = true,
     .many = true},
    {.name = "packetdrill",
     .extension = ".pkt",
     .what = "a script that repeats it as a test (weir drill)",
     .raw = true,
     .write = packetdrill_ladder},
};

const size_t format_count = sizeof(formats) / sizeof(formats[0]);

const struct format *format_by_name(const char *name)
{
    for (size_t i = 0; i < format_count; i++) {
        if (strcmp(formats[i].name, name) == 0) {
            return &formats[i];
        }
    }
    return NULL;
}

const struct format *format_by_extension(const char *path)
{
    const struct format *best = NULL;
    size_t length = strlen(path);

    for (size_t i = 0; i < format_count; i++) {
        const char *extension = formats[i].extension;
        size_t size = extension == NULL ? 0 : strlen(extension);
        bool fits = size > 0 && length > size && strcmp(path + length - size, extension) == 0;
        if (fits && (best == NULL || size > strlen(best->extension))) {
            best = &formats[i];
        }
    }
    return best;
}

const struct ladder_row *export_rows(const struct ladder *ladder,
                                     const struct export_options *options, size_t *count)
{
    if (options->rows != NULL) {
        *count = options->row_count;
        return options->rows;
    }
    return ladder_rows(ladder, count);
}
