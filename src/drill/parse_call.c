/* parse_call.c - system calls: name(arguments) = result ERRNO (note). */
#include "drill/parser.h"

/* The token at hand is the opening parenthesis; what is within is free text on one line. */
static bool parse_note(struct parser *parser, const char **out)
{
    struct lexer *lexer = &parser->lexer;
    struct drill_pos pos = parser->token.pos;
    struct drill_text note;
    size_t size = 0;
    int depth = 1;

    parser_back(parser);
    lexer->at++;
    for (;; size++) {
        int c = lexer_peek(lexer, size);

        if (c == -1 || c == '\n') {
            return parser_fail(parser, pos, "this note has no ')'");
        }
        depth += (c == '(') - (c == ')');
        if (depth == 0) {
            break;
        }
    }
    if (!parser_text(parser, &note, lexer->text + lexer->at, size)) {
        return false;
    }
    *out = note.data;
    lexer->at += size + 1;
    parser_next(parser);
    return true;
}

static bool parse_result(struct parser *parser, struct drill_call *call)
{
    if (!parser_expect(parser, "=") || !parse_expr(parser, NUMERIC_RESULT, &call->result)) {
        return false;
    }
    if (parser->token.kind == LEX_WORD) {
        call->error = parser_token_text(parser);
    }
    if (parser_is(parser, "(")) {
        return parse_note(parser, &call->note);
    }
    return parser->status == DRILL_OK;
}

bool parse_call(struct parser *parser, struct drill_event *event)
{
    struct drill_call *call = parser_get(parser, sizeof(*call));
    struct drill_expr *arguments = NULL;
    struct lexer ahead = parser->lexer;

    if (call == NULL) {
        return false;
    }
    if (event->call != NULL) { /* the end time, already read */
        *call = *event->call;
    }
    struct lex_token next = lexer_next(&ahead);
    if (!lex_is(&next, "(")) {
        return parser_fail(parser, next.pos, "expected '(' after the name of a system call");
    }
    if (!parse_arguments(parser, &arguments)) {
        return false;
    }
    call->name = arguments->text.data;
    call->args = arguments->items;
    call->arg_count = arguments->item_count;
    event->kind = DRILL_EVENT_CALL;
    event->call = call;
    return parse_result(parser, call);
}
