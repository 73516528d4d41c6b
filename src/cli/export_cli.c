/* export_cli.c - see export_cli.h. */
#include "cli/export_cli.h"

#include <errno.h>
#include <string.h>

#include "base/compiler.h"

enum { KEY_TO = 0x400, KEY_SCALE, KEY_SLANT, KEY_WRITE_PCAP };

static const struct argp_option export_options[] = {
    {NULL, 0, NULL, 0, "Export:", 3},
    {"to", KEY_TO, "FORMAT", 0,
     "another format than the drawing: svg, jsonl and others; an unknown one lists them", 3},
    {"output", 'o', "FILE", 0, "write to FILE, in the format of its extension unless --to is given",
     3},
    {"scale", KEY_SCALE, "HOW", 0,
     "svg: height by time, squeezed where it is long (warp), one step per event (order), in "
     "proportion (time)",
     3},
    {"write-pcap", KEY_WRITE_PCAP, "FILE", 0,
     "also write the packets of what is shown to FILE (pcap)", 3},
    {"plantuml-slant", KEY_SLANT, NULL, 0, "plantuml: slanted arrows (from its version 2022.1 on)",
     3},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    static const char *const scales[] = {"warp", "order", "time"};
    struct export_cli *e = state->input;

    switch (key) {
    case KEY_TO: e->to = arg; return 0;
    case 'o': e->path = arg; return 0;
    case KEY_WRITE_PCAP: e->write_pcap = arg; return 0;
    case KEY_SLANT: e->slant = true; return 0;
    case KEY_SCALE:
        for (size_t i = 0; i < ARRAY_SIZE(scales); i++) {
            if (strcmp(arg, scales[i]) == 0) {
                e->scale = (enum svg_scale)i;
                return 0;
            }
        }
        cli_error(CLI_USAGE, "bad value for --scale: %s", arg);
        return EINVAL;
    default: return ARGP_ERR_UNKNOWN;
    }
}

const struct argp export_argp = {.options = export_options, .parser = parse};

static const char *wanted_name(const struct export_cli *e, const struct cli_output *output)
{
    return e->to != NULL ? e->to : output->json ? "jsonl" : NULL;
}

static int no_such_format(const char *name)
{
    char names[512] = "text";

    for (size_t i = 0; i < format_count; i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof(names) - used, ", %s", formats[i].name);
    }
    return cli_error(CLI_USAGE, "no such format (there are %s): --to %s", names, name);
}

int export_settle(struct export_cli *e, const struct cli_output *output)
{
    const char *name = wanted_name(e, output);

    if (name != NULL && strcmp(name, "text") != 0) {
        e->format = format_by_name(name);
        if (e->format == NULL) {
            return no_such_format(name);
        }
    } else if (e->path != NULL && name == NULL) {
        e->format = format_by_extension(e->path);
        if (e->format == NULL) {
            return cli_error(CLI_USAGE, "no format has this extension (--to names one): -o %s",
                             e->path);
        }
    }
    if (e->path != NULL && e->format == NULL) {
        return cli_error(CLI_USAGE, "the drawing for terminals goes to standard output: -o %s",
                         e->path);
    }
    if (e->format != NULL && e->format->write == NULL && !e->format->packets && !html_available()) {
        return cli_error(CLI_MISSING, "this build has no page in it (tools/install-deps page, then "
                                      "build again): --to html");
    }
    return CLI_OK;
}

static int need_capture(const struct export_cli *e)
{
    if (e->capture == NULL) {
        return cli_error(CLI_USAGE, "packets come from one capture file, and this is none: %s",
                         e->write_pcap != NULL ? "--write-pcap" : "--to pcapng");
    }
    if (strcmp(e->capture, "-") == 0) {
        return cli_error(CLI_USAGE, "the capture is read twice for its packets, which is not "
                                    "possible here: -");
    }
    return CLI_OK;
}

int export_begin(struct export_cli *e, size_t ladders)
{
    int code = e->format->packets ? need_capture(e) : CLI_OK;

    if (code != CLI_OK) {
        return code;
    }
    if (ladders > 1 && !e->format->many) {
        return cli_error(CLI_USAGE,
                         "%zu connections, and a file of this format holds one (--conn N chooses "
                         "it): --to %s",
                         ladders, e->format->name);
    }
    e->out = stdout;
    if (e->path != NULL && strcmp(e->path, "-") != 0) {
        e->out = fopen(e->path, "wb");
        if (e->out == NULL) {
            return cli_error(errno == EACCES ? CLI_PERMISSION : CLI_SYSTEM, "cannot write (%s): %s",
                             strerror(errno), e->path);
        }
    }
    if (e->format->begin != NULL) {
        e->format->begin(e->out);
    }
    return CLI_OK;
}

static int no_memory(const struct ladder *ladder)
{
    return cli_error(CLI_SYSTEM, "no memory: connection %u", ladder_info(ladder)->number);
}

/* A page begins with its first ladder, because only then it is certain where it is written to. */
static int put_in_page(struct export_cli *e, const struct ladder *ladder,
                       const struct cli_output *output)
{
    struct html_options options = {.title = e->title != NULL ? e->title : "weir",
                                   .story = e->story,
                                   .language = output->text.language,
                                   .seq = output->text.seq,
                                   .verbose = output->text.verbose};

    if (e->page == NULL) {
        e->page = html_begin(e->out, &options);
    }
    return e->page != NULL && html_add(e->page, ladder, output->text.view.internals) == WEIR_OK
               ? CLI_OK
               : no_memory(ladder);
}

static int take_packets(struct packets **packets, const struct ladder *ladder, bool comments,
                        const struct cli_output *output)
{
    enum seq_mode seq = output != NULL ? output->text.seq : SEQ_RAW;
    enum language language = output != NULL ? output->text.language : LANGUAGE_EN;

    *packets = *packets != NULL ? *packets : packets_new();
    return *packets != NULL && packets_add(*packets, ladder, comments, seq, language) == WEIR_OK
               ? CLI_OK
               : no_memory(ladder);
}

int export_packets(struct export_cli *e, const struct ladder *ladder)
{
    int code = e->write_pcap != NULL ? need_capture(e) : CLI_OK;

    if (code != CLI_OK || e->write_pcap == NULL) {
        return code;
    }
    return take_packets(&e->plain, ladder, false, NULL);
}

/* The file beside the drawing. */
static int write_plain(struct export_cli *e)
{
    FILE *out = fopen(e->write_pcap, "wb");

    if (out == NULL) {
        return cli_error(errno == EACCES ? CLI_PERMISSION : CLI_SYSTEM, "cannot write (%s): %s",
                         strerror(errno), e->write_pcap);
    }
    int code = packets_write(e->plain, out, PACKETS_PCAP, e->capture);
    bool failed = ferror(out) != 0;
    failed = fclose(out) != 0 || failed;
    return failed && code == CLI_OK
               ? cli_error(CLI_SYSTEM, "cannot write (%s): %s", strerror(errno), e->write_pcap)
               : code;
}

int export_ladder(struct export_cli *e, const struct ladder *ladder,
                  const struct cli_output *output)
{
    struct export_options options = {.language = output->text.language,
                                     .seq = output->text.seq,
                                     .verbose = output->text.verbose,
                                     .scale = e->scale,
                                     .slant = e->slant};

    if (e->format->packets) {
        return take_packets(&e->packets, ladder, true, output);
    }
    if (e->format->write == NULL) {
        return put_in_page(e, ladder, output);
    }
    struct view *view = e->format->folded ? text_view(ladder, &output->text) : NULL;

    if (view != NULL) {
        options.rows = view_rows(view, &options.row_count);
    }
    if (e->format->raw && !output->seq_given) {
        options.seq = SEQ_RAW;
    }
    int result = e->format->write(e->out, ladder, &options);
    view_del(view);
    return result == WEIR_OK ? CLI_OK : no_memory(ladder);
}

int export_end(struct export_cli *e, int code)
{
    if (html_end(e->page) != WEIR_OK && code == CLI_OK) {
        code = cli_error(CLI_SYSTEM, "no memory: the page");
    }
    e->page = NULL;
    if (e->packets != NULL && code == CLI_OK) {
        code = packets_write(e->packets, e->out, PACKETS_PCAPNG, e->capture);
    }
    if (e->plain != NULL && code == CLI_OK) {
        code = write_plain(e);
    }
    packets_del(e->packets);
    packets_del(e->plain);
    e->packets = e->plain = NULL;
    if (e->out == NULL || e->out == stdout || e->out == stderr) {
        return code;
    }
    bool failed = ferror(e->out) != 0;
    failed = fclose(e->out) != 0 || failed;
    e->out = NULL;
    if (failed && code == CLI_OK) {
        return cli_error(CLI_SYSTEM, "cannot write (%s): %s", strerror(errno), e->path);
    }
    return code;
}
