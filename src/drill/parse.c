/*
 * parse.c - a script from its top: options, first command, events with their times, last command.
 *
 * Reading order: parser.h, this file, then what an event can be.
 */
#include "drill/parser.h"

#include <stdio.h>
#include <string.h>

#define SECOND_NS 1000000000u
#define TIME_MAX_S 1000000000u /* 30 years; no sum of a script's times overflows */

/* ---- times ----------------------------------------------------------------------------------- */

/* Digits of a number of seconds to nanoseconds; what is finer is cut off. */
static bool time_value(const struct lex_token *token, uint64_t *out)
{
    uint64_t seconds = 0;
    uint64_t fraction = 0;
    uint64_t unit = SECOND_NS;
    size_t i = 0;

    for (; i < token->size && token->text[i] != '.'; i++) {
        seconds = seconds * 10 + (uint64_t)(token->text[i] - '0');
        if (seconds > TIME_MAX_S) {
            return false;
        }
    }
    for (i++; i < token->size && unit > 1; i++) {
        unit /= 10;
        fraction += (uint64_t)(token->text[i] - '0') * unit;
    }
    *out = seconds * SECOND_NS + fraction;
    return true;
}

static bool parse_seconds(struct parser *parser, uint64_t *out)
{
    const struct lex_token *token = &parser->token;
    bool hex = token->size > 1 && token->text[1] == 'x';

    if (parser_is(parser, "-")) {
        return parser_fail(parser, token->pos, "a time cannot be negative");
    }
    if ((token->kind != LEX_NUMBER && token->kind != LEX_DECIMAL) || hex) {
        return parser_expected(parser, "a time in seconds");
    }
    if (!time_value(token, out)) {
        return parser_fail(parser, token->pos, "this time is too large");
    }
    parser_next(parser);
    return true;
}

/* ~end, after a start time. */
static bool parse_range(struct parser *parser, struct drill_time *time)
{
    struct drill_pos pos = parser->token.pos;
    bool relative = time->kind == DRILL_TIME_RELATIVE;

    parser_next(parser);
    if (parser_is(parser, "+") != relative) {
        return parser_fail(parser, parser->token.pos,
                           relative
                               ? "expected '+': both ends of a range count from the event before"
                               : "expected a time without '+', as the start has none");
    }
    parser_accept(parser, "+");
    if (!parse_seconds(parser, &time->end_ns)) {
        return false;
    }
    time->range = true;
    return time->end_ns >= time->start_ns ||
           parser_fail(parser, pos, "this time range is backwards");
}

/* ...end, after a start time: the system call that follows blocks. */
static bool parse_blocking(struct parser *parser, struct drill_event *event)
{
    struct drill_pos pos = parser->token.pos;
    struct drill_call *call = parser_get(parser, sizeof(*call));

    parser_next(parser);
    if (call == NULL || !parse_seconds(parser, &call->end_ns)) {
        return false;
    }
    call->blocking = true;
    event->call = call;
    return call->end_ns >= event->time.start_ns ||
           parser_fail(parser, pos, "this system call ends before it begins");
}

static bool parse_time(struct parser *parser, struct drill_event *event)
{
    struct drill_time *time = &event->time;

    event->pos = parser->token.pos;
    if (parser_accept(parser, "*")) {
        time->kind = DRILL_TIME_ANY;
        return true;
    }
    time->kind = parser_accept(parser, "+") ? DRILL_TIME_RELATIVE : DRILL_TIME_ABSOLUTE;
    if (!parse_seconds(parser, &time->start_ns)) {
        return false;
    }
    time->end_ns = time->start_ns;
    if (parser_is(parser, "~")) {
        return parse_range(parser, time);
    }
    return parser->token.kind != LEX_ELLIPSIS || parse_blocking(parser, event);
}

/* ---- events ---------------------------------------------------------------------------------- */
static bool parse_shell(struct parser *parser, struct drill_text *out)
{
    if (!parser_text(parser, out, parser->token.text, parser->token.size)) {
        return false;
    }
    parser_next(parser);
    return true;
}

static bool parse_action(struct parser *parser, struct drill_event *event)
{
    if (parser->token.kind == LEX_WORD) {
        return parse_call(parser, event);
    }
    if (event->call != NULL) {
        return parser_expected(parser, "a system call after start...end");
    }
    if (parser_is(parser, "<") || parser_is(parser, ">")) {
        return parse_packet(parser, event);
    }
    if (parser->token.kind == LEX_CODE) {
        return parse_code(parser, event);
    }
    if (parser->token.kind == LEX_SHELL) {
        event->kind = DRILL_EVENT_SHELL;
        return parse_shell(parser, &event->text);
    }
    return parser_expected(parser, "a system call, a packet, a command or a code block");
}

static bool check_time(struct parser *parser, const struct drill_event *event)
{
    bool loose = event->time.range || event->time.kind == DRILL_TIME_ANY;
    bool expected = event->kind == DRILL_EVENT_UNSUPPORTED ||
                    (event->kind == DRILL_EVENT_PACKET && event->packet->direction == DRILL_OUT);

    if (!loose || expected) {
        return true;
    }
    return parser_fail(parser, event->pos, "%s is for packets that are expected ('>') only",
                       event->time.range ? "a time range" : "the time '*'");
}

static bool parse_event(struct parser *parser, struct drill_event ***end)
{
    struct drill_script *script = parser->script;
    struct drill_event *event = parser_get(parser, sizeof(*event));

    if (event == NULL) {
        return false;
    }
    event->condition = parser->condition;
    if (!parse_time(parser, event) || !parse_action(parser, event) || !check_time(parser, event)) {
        return false;
    }
    **end = event;
    *end = &event->next;
    script->event_count++;
    if (event->kind == DRILL_EVENT_UNSUPPORTED && script->unsupported == NULL) {
        script->unsupported = event;
    }
    return true;
}

/* #ifdef NAME or #endif, the first being at hand; they do not nest. */
static bool parse_condition(struct parser *parser)
{
    struct drill_pos pos = parser->token.pos;

    parser_next(parser);
    if (parser_accept(parser, "endif")) {
        bool open = parser->condition != NULL;

        parser->condition = NULL;
        return open || parser_fail(parser, pos, "#endif without #ifdef");
    }
    if (!parser_accept(parser, "ifdef")) {
        return parser_expected(parser, "ifdef or endif");
    }
    if (parser->condition != NULL) {
        return parser_fail(parser, pos, "#ifdef within #ifdef");
    }
    if (parser->token.kind != LEX_WORD) {
        return parser_expected(parser, "a name after #ifdef");
    }
    parser->condition = parser_token_text(parser);
    return parser->condition != NULL;
}

static bool parse_item(struct parser *parser, struct drill_event ***end)
{
    if (parser->token.kind == LEX_SETTING) {
        return parser_fail(parser, parser->token.pos, "options stand before everything else");
    }
    if (parser_is(parser, "#")) {
        return parse_condition(parser);
    }
    if (parser->token.kind == LEX_SHELL && parser->script->events != NULL) {
        return parse_shell(parser, &parser->script->cleanup);
    }
    return parse_event(parser, end);
}

static bool parse_events(struct parser *parser)
{
    struct drill_event **end = &parser->script->events;
    const struct drill_text *cleanup = &parser->script->cleanup;

    if (parser->token.kind == LEX_SHELL && !parse_shell(parser, &parser->script->init)) {
        return false;
    }
    while (parser->token.kind != LEX_END && cleanup->data == NULL) {
        if (!parse_item(parser, &end)) {
            return false;
        }
    }
    if (parser->condition != NULL) {
        return parser_fail(parser, parser->token.pos, "#ifdef %.40s has no #endif",
                           parser->condition);
    }
    if (parser->token.kind != LEX_END) {
        return parser_fail(parser, parser->token.pos,
                           "only the first and the last command can be without a time");
    }
    return true;
}

/* ---- options --------------------------------------------------------------------------------- */

/*
 * The size of an option's value: to the next space or comment; space within quotes belongs to it.
 */
static size_t value_size(const struct lexer *lexer)
{
    size_t size = 0;
    int quote = 0;
    int c;

    for (; (c = lexer_peek(lexer, size)) != -1 && c != '\n'; size++) {
        int next = lexer_peek(lexer, size + 1);
        bool space = c == ' ' || c == '\t' || c == '\r';

        if (quote == 0 && (space || (c == '/' && (next == '/' || next == '*')))) {
            break;
        }
        if (quote != 0 ? c == quote : c == '"' || c == '`') {
            quote = quote == 0 ? c : 0;
        }
    }
    return size;
}

/* The token at hand is the option; the lexer stands behind its name. */
static bool setting_value(struct parser *parser, struct drill_setting *setting)
{
    struct lexer *lexer = &parser->lexer;
    struct drill_text text;

    while (lexer_peek(lexer, 0) == ' ' || lexer_peek(lexer, 0) == '\t') {
        lexer->at++;
    }
    if (lexer_peek(lexer, 0) != '=') {
        return true;
    }
    for (lexer->at++; lexer_peek(lexer, 0) == ' ' || lexer_peek(lexer, 0) == '\t';) {
        lexer->at++;
    }
    size_t size = value_size(lexer);
    const char *value = lexer->text + lexer->at;
    if (size == 0) {
        return parser_fail(parser, lexer_pos(lexer), "expected a value after '='");
    }
    lexer->at += size;
    bool whole = size >= 2 && value[0] == '"' && value[size - 1] == '"';
    if (!parser_text(parser, &text, value + whole, size - (whole ? 2 : 0))) {
        return false;
    }
    setting->value = text.data;
    return true;
}

static bool parse_settings(struct parser *parser)
{
    struct drill_setting **end = &parser->script->settings;

    while (parser->token.kind == LEX_SETTING) {
        struct drill_setting *setting = parser_get(parser, sizeof(*setting));
        struct drill_text name;

        if (setting == NULL ||
            !parser_text(parser, &name, parser->token.text, parser->token.size) ||
            !setting_value(parser, setting)) {
            return false;
        }
        setting->pos = parser->token.pos;
        setting->name = name.data;
        *end = setting;
        end = &setting->next;
        parser_next(parser);
    }
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------- */
static struct drill_script *script_new(const char *name)
{
    struct drill_arena *arena = drill_arena_new();
    struct drill_script *script = arena == NULL ? NULL : drill_arena_get(arena, sizeof(*script));

    if (script != NULL) {
        script->arena = arena;
        script->name = drill_arena_text(arena, name, strlen(name));
    }
    if (script == NULL || script->name == NULL) {
        drill_arena_del(arena);
        return NULL;
    }
    return script;
}

int drill_parse(const char *name, const char *text, size_t size, struct drill_script **script,
                struct drill_error *error)
{
    struct parser parser = {.script = script_new(name), .error = error};

    *script = NULL;
    *error = (struct drill_error){.pos = {1, 1}};
    if (parser.script == NULL) {
        snprintf(error->text, sizeof(error->text), "%.150s:1:1: out of memory", name);
        return DRILL_ENOMEM;
    }
    if (size > DRILL_SIZE_MAX) {
        parser_fail(&parser, error->pos, "this is too large for a script");
    } else {
        lexer_init(&parser.lexer, size == 0 ? "" : text, size);
        parser_next(&parser);
        if (parse_settings(&parser) && parse_events(&parser) && parser.script->events == NULL) {
            parser_expected(&parser, "an event");
        }
    }
    if (parser.status != DRILL_OK) {
        drill_script_del(parser.script);
        return parser.status;
    }
    *script = parser.script;
    return DRILL_OK;
}
