/* parser.c - tokens, memory and errors for the parts of the parser. */
#include "drill/parser.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_MAX 24 /* bytes of a token in a message */

void parser_next(struct parser *parser)
{
    parser->taken = parser->lexer.at;
    parser->token = lexer_next(&parser->lexer);
}

void parser_back(struct parser *parser)
{
    lexer_back(&parser->lexer, &parser->token);
}

static bool out_of_memory(struct parser *parser)
{
    if (parser->status == DRILL_OK) {
        parser_fail(parser, parser->token.pos, "out of memory");
        parser->status = DRILL_ENOMEM;
    }
    return false;
}

void *parser_get(struct parser *parser, size_t size)
{
    void *piece = drill_arena_get(parser->script->arena, size);

    if (piece == NULL) {
        out_of_memory(parser);
    }
    return piece;
}

bool parser_text(struct parser *parser, struct drill_text *out, const char *text, size_t size)
{
    *out = (struct drill_text){drill_arena_text(parser->script->arena, text, size), size};
    return out->data != NULL ? true : out_of_memory(parser);
}

const char *parser_token_text(struct parser *parser)
{
    struct drill_text text;

    if (!parser_text(parser, &text, parser->token.text, parser->token.size)) {
        return NULL;
    }
    parser_next(parser);
    return text.data;
}

bool parser_fail(struct parser *parser, struct drill_pos pos, const char *format, ...)
{
    struct drill_error *error = parser->error;
    va_list arguments;

    if (parser->status != DRILL_OK) {
        return false;
    }
    parser->status = DRILL_ESYNTAX;
    error->pos = pos;
    int size = snprintf(error->text, sizeof(error->text), "%.150s:%u:%u: ", parser->script->name,
                        pos.line, pos.column);
    va_start(arguments, format);
    vsnprintf(error->text + size, sizeof(error->text) - (size_t)size, format, arguments);
    va_end(arguments);
    return false;
}

/* The token for a message: quoted, shortened, without bytes that a terminal would obey. */
static const char *shown(const struct lex_token *token, char out[SHOWN_MAX + 8])
{
    static const char *const names[] = {[LEX_END] = "the end of the file",
                                        [LEX_STRING] = "a string",
                                        [LEX_SHELL] = "a command",
                                        [LEX_CODE] = "a code block",
                                        [LEX_SETTING] = "an option",
                                        [LEX_ELLIPSIS] = "...",
                                        [LEX_NEWLINE] = "the end of the line",
                                        [LEX_PUNCT] = NULL};

    if (names[token->kind] != NULL) {
        return names[token->kind];
    }
    int size = (int)(token->size < SHOWN_MAX ? token->size : SHOWN_MAX);
    snprintf(out, SHOWN_MAX + 8, "'%.*s%s'", size, token->text,
             token->size > SHOWN_MAX ? "..." : "");
    return out;
}

bool parser_expected(struct parser *parser, const char *what)
{
    const struct lex_token *token = &parser->token;
    char found[SHOWN_MAX + 8];

    if (token->kind != LEX_BAD) {
        return parser_fail(parser, token->pos, "expected %s, found %s", what, shown(token, found));
    }
    int byte = lexer_peek(&parser->lexer, 0);
    if (byte < ' ' || byte >= 0x7f) {
        return parser_fail(parser, token->pos, "%s: 0x%02x", parser->lexer.problem, (unsigned)byte);
    }
    return parser_fail(parser, token->pos, "%s", parser->lexer.problem);
}

bool parser_is(const struct parser *parser, const char *spelling)
{
    return lex_is(&parser->token, spelling);
}

bool parser_accept(struct parser *parser, const char *spelling)
{
    if (!parser_is(parser, spelling)) {
        return false;
    }
    parser_next(parser);
    return true;
}

bool parser_expect(struct parser *parser, const char *spelling)
{
    char what[SHOWN_MAX];

    if (parser_accept(parser, spelling)) {
        return true;
    }
    snprintf(what, sizeof(what), "'%s'", spelling);
    return parser_expected(parser, what);
}

bool parser_number(struct parser *parser, const char *what, uint64_t limit, uint64_t *out)
{
    const struct lex_token *token = &parser->token;

    if (token->kind != LEX_NUMBER) {
        return parser_expected(parser, what);
    }
    if (token->number > limit) {
        return parser_fail(parser, token->pos, "%s is at most %llu", what,
                           (unsigned long long)limit);
    }
    *out = token->number;
    parser_next(parser);
    return true;
}

bool parser_hex(struct parser *parser, const struct lex_token *digits, struct drill_text *out)
{
    char *bytes = parser_get(parser, digits->size / 2 + 1);

    if (bytes == NULL) {
        return false;
    }
    if (digits->size % 2 != 0) {
        return parser_fail(parser, digits->pos, "an odd number of hexadecimal digits");
    }
    for (size_t i = 0; i < digits->size; i += 2) {
        int high = lex_hex_digit(digits->text[i]);
        int low = lex_hex_digit(digits->text[i + 1]);

        if (high < 0 || low < 0) {
            return parser_fail(parser, digits->pos, "expected hexadecimal digits");
        }
        bytes[i / 2] = (char)(high << 4 | low);
    }
    *out = (struct drill_text){bytes, digits->size / 2};
    return true;
}
