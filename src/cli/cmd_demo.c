/* cmd_demo.c - weir demo: draws canned conversations between two weir stacks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/cmd.h"
#include "cli/demo.h"
#include "cli/export_cli.h"
#include "cli/values.h"
#include "cli/view_options.h"
#include "render/json_internals.h"
#include "render/width.h"

enum { KEY_LIST = 0x200, KEY_ISN, KEY_DELAY, KEY_INTERNALS };

struct arguments {
    struct cli_output output;
    struct export_cli export;
    struct demo_options demo;
    const struct demo_scene *scene;
    bool list, internals;
};

static error_t bad_value(const char *option, const char *arg)
{
    cli_error(CLI_USAGE, "bad value for %s: %s", option, arg);
    return EINVAL;
}

/* "1000,8000" */
static error_t parse_isns(struct arguments *a, const char *arg)
{
    char *end;
    unsigned long first, second;

    errno = 0;
    first = strtoul(arg, &end, 10);
    if (end == arg || *end != ',' || first > UINT32_MAX || arg[0] == '-') {
        return bad_value("--isn", arg);
    }
    arg = end + 1;
    second = strtoul(arg, &end, 10);
    if (end == arg || *end != '\0' || second > UINT32_MAX || arg[0] == '-' || errno) {
        return bad_value("--isn", arg);
    }
    a->demo.isn[0] = (uint32_t)first;
    a->demo.isn[1] = (uint32_t)second;
    return 0;
}

static error_t parse_scene(struct arguments *a, const char *arg)
{
    if (a->scene) {
        cli_error(CLI_USAGE, "more than one scene: %s", arg);
        return EINVAL;
    }
    a->scene = demo_find(arg);
    if (!a->scene) {
        cli_error(CLI_USAGE, "unknown scene (weir demo --list shows them): %s", arg);
        return EINVAL;
    }
    return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->child_inputs[1] = &a->output;
        state->child_inputs[2] = &a->export;
        return 0;
    case KEY_LIST: a->list = true; return 0;
    case KEY_ISN: return parse_isns(a, arg);
    case KEY_DELAY: return value_duration(arg, &a->demo.delay) ? 0 : bad_value("--delay", arg);
    case 'w': a->demo.write = arg; return 0;
    case KEY_INTERNALS: a->internals = true; return 0;
    case ARGP_KEY_ARG: return parse_scene(a, arg);
    default: return ARGP_ERR_UNKNOWN;
    }
}

static int list_scenes(const struct arguments *a)
{
    for (size_t i = 0; i < demo_scene_count; i++) {
        printf("%-20s %s\n", demo_scenes[i].name,
               message_text(demo_scenes[i].title, a->output.text.language));
    }
    return cli_finish(CLI_OK);
}

/* The story in lines of the ladder's width. */
static void print_story(const struct arguments *a, FILE *out)
{
    const char *text = message_text(a->scene->story, a->output.text.language);
    const char *line;
    size_t length;

    fprintf(out, "%s: %s\n\n", a->scene->name,
            message_text(a->scene->title, a->output.text.language));
    while ((length = width_wrap(&text, a->output.text.width, &line)) > 0) {
        fprintf(out, "%.*s\n", (int)length, line);
    }
    putc('\n', out);
}

/* A page has room for what the stacks did inside, asked for or not. */
static bool is_page(const struct arguments *a)
{
    return export_wanted(&a->export) && a->export.format->write == NULL;
}

static int export(struct arguments *a, FILE *out, const struct ladder *ladder)
{
    char title[64];

    snprintf(title, sizeof(title), "weir demo %s", a->scene->name);
    enum message_id story[] = {a->scene->title, a->scene->story};

    a->export.title = title;
    a->export.story = story;
    if (is_page(a)) {
        a->output.text.view.internals = a->demo.internals;
    }
    int code = export_begin(&a->export, 1);

    if (code == CLI_OK) {
        a->export.out = a->export.out == stdout ? out : a->export.out;
        code = export_ladder(&a->export, ladder, &a->output);
        if (code == CLI_OK && a->demo.internals && strcmp(a->export.format->name, "jsonl") == 0 &&
            json_internals(a->export.out, ladder, a->demo.internals, a->output.text.seq) !=
                WEIR_OK) {
            code = cli_error(CLI_SYSTEM, "no memory: demo %s", a->scene->name);
        }
        code = export_end(&a->export, code);
    }
    return code;
}

static int draw(struct arguments *a)
{
    /* a capture on standard output leaves no room for a picture there */
    FILE *out = a->demo.write && strcmp(a->demo.write, "-") == 0 ? stderr : stdout;
    struct ladder *ladder = NULL;
    char why[256] = "no memory: demo";
    int error = WEIR_ENOBUFS;

    bool inside = a->internals || is_page(a);

    a->demo.internals = inside ? internals_new() : NULL;
    if (!inside || a->demo.internals) {
        error = demo_run(a->scene, &a->demo, &ladder, why, sizeof(why));
    }
    int code = CLI_OK;
    if (error != WEIR_OK) {
        code = cli_error(error == WEIR_EACCES ? CLI_PERMISSION : CLI_SYSTEM, "%s", why);
    } else if (export_wanted(&a->export)) {
        code = export(a, out, ladder);
    } else {
        a->output.text.view.internals = a->demo.internals;
        print_story(a, out);
        text_ladder(out, ladder, &a->output.text);
    }
    internals_del(a->demo.internals);
    ladder_del(ladder);
    return code;
}

int cmd_demo(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"list", KEY_LIST, NULL, 0, "name the scenes there are", 0},
        {"isn", KEY_ISN, "CLIENT,SERVER", 0, "initial sequence numbers (1000,8000)", 0},
        {"internals", KEY_INTERNALS, NULL, 0,
         "show what the stacks do inside: windows, round trips, timers, losses marked, drops", 0},
        {"delay", KEY_DELAY, "TIME", 0, "of the link, one way (20ms)", 0},
        {"write", 'w', "FILE", 0,
         "write what the client saw on the wire as pcapng (-: standard output; the drawing then goes to standard error)",
         0},
        {0}};
    static const struct argp_child children[] = {{&cli_output_argp, 0, NULL, 0},
                                                 {&cli_view_argp, 0, NULL, 0},
                                                 {&export_argp, 0, NULL, 0},
                                                 {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "[SCENE]",
        .doc = "Draws a canned conversation between two weir stacks, which hold it over a link in "
               "memory in virtual time. Without SCENE: the ten segments that explain TCP.",
        .children = children};
    struct arguments a = {.demo = {.isn = {1000, 8000}, .delay = 20 * WEIR_MS}};
    int code = cli_parse(&argp, argc, argv, &a);

    if (code >= 0) {
        return code;
    }
    cli_output_settle(&a.output, SEQ_RAW);
    code = export_settle(&a.export, &a.output);
    if (code != CLI_OK) {
        return code;
    }
    if (a.list) {
        return list_scenes(&a);
    }
    if (!a.scene) {
        a.scene = &demo_scenes[0];
    }
    return cli_finish(draw(&a));
}
