/*
 * parse_expr.c - arguments and results: lists, structs, calls and strings around numeric
 * expressions.
 *
 * Lists, structs, calls and fields that are not finished yet wait on a small stack, so nesting is
 * bounded and nothing recurses. Struct fields are not checked against a table of known structs:
 * whoever uses an argument asks for the fields it wants (drill_expr_field).
 */
#include "drill/eval.h"
#include "drill/parser.h"

#include <string.h>

#define NESTING_MAX 32

struct frame {
    struct drill_expr *expr; /* gets the items, or if it is a FIELD, the value */
    struct drill_expr **end; /* where the next item goes */
    const char *close;       /* NULL: FIELD */
};

struct nest {
    struct parser *parser;
    enum numeric_place place;
    struct frame frames[NESTING_MAX];
    size_t depth;
    struct drill_expr *done; /* the expression that was finished last */
};

static struct drill_expr *expr_new(struct parser *parser, enum drill_expr_kind kind)
{
    struct drill_expr *expr = parser_get(parser, sizeof(*expr));

    if (expr != NULL) {
        expr->kind = kind;
        expr->pos = parser->token.pos;
    }
    return expr;
}

/* ---- strings --------------------------------------------------------------------------------- */

/* One character after a backslash; -1: there is no such escape. */
static int simple_escape(char c)
{
    static const char letters[] = "abfnrtv0\\\"'";
    static const char bytes[] = "\a\b\f\n\r\t\v\0\\\"'";
    const char *found = strchr(letters, c);

    return c != '\0' && found != NULL ? (unsigned char)bytes[found - letters] : -1;
}

/* Turns escapes into bytes. The result is never longer than the text. -1: a bad escape. */
static int unescape(const struct lex_token *token, char *out, size_t *size)
{
    size_t used = 0;

    for (size_t i = 0; i < token->size; i++) {
        int c = (unsigned char)token->text[i];

        if (c == '\\' && i + 3 < token->size && token->text[i + 1] == 'x') {
            int high = lex_hex_digit(token->text[i + 2]);
            int low = lex_hex_digit(token->text[i + 3]);
            c = high < 0 || low < 0 ? -1 : high << 4 | low;
            i += 3;
        } else if (c == '\\' && i + 1 < token->size) {
            c = simple_escape(token->text[++i]);
        }
        if (c < 0) {
            return -1;
        }
        out[used++] = (char)c;
    }
    *size = used;
    return 0;
}

/* Appends the string token at hand. */
static bool add_string(struct parser *parser, struct drill_text *text)
{
    size_t size = 0;
    char *joined = parser_get(parser, text->size + parser->token.size + 1);

    if (joined == NULL) {
        return false;
    }
    if (text->size != 0) {
        memcpy(joined, text->data, text->size);
    }
    if (unescape(&parser->token, joined + text->size, &size) != 0) {
        return parser_fail(parser, parser->token.pos, "this string has an unknown escape");
    }
    joined[text->size + size] = '\0';
    *text = (struct drill_text){joined, text->size + size};
    parser_next(parser);
    return true;
}

static bool string_expr(struct nest *nest)
{
    struct parser *parser = nest->parser;
    struct drill_expr *expr = expr_new(parser, DRILL_EXPR_STRING);

    if (expr == NULL) {
        return false;
    }
    for (int count = 0; parser->token.kind == LEX_STRING; count++) {
        if (count == NESTING_MAX) {
            return parser_fail(parser, parser->token.pos, "too many strings in a row");
        }
        if (!add_string(parser, &expr->text)) {
            return false;
        }
    }
    if (parser->token.kind == LEX_ELLIPSIS) {
        expr->more = true;
        parser_next(parser);
    }
    nest->done = expr;
    return true;
}

/* ---- numbers and names ----------------------------------------------------------------------- */

/* A single number or name gets a kind of its own. */
static void simplify(struct drill_expr *expr)
{
    const struct drill_op *first = expr->ops;
    const struct drill_op *second = first->next;

    if (second != NULL && second->next == NULL && second->kind == DRILL_OP_NEGATE &&
        first->kind == DRILL_OP_NUMBER) {
        expr->kind = DRILL_EXPR_NUMBER;
        expr->number = -first->number;
    } else if (second == NULL && first->kind == DRILL_OP_NUMBER) {
        expr->kind = DRILL_EXPR_NUMBER;
        expr->number = first->number;
    } else if (second == NULL && first->kind == DRILL_OP_NAME) {
        expr->kind = DRILL_EXPR_WORD;
        expr->text = (struct drill_text){first->name, strlen(first->name)};
    }
}

static bool numeric_expr(struct nest *nest)
{
    struct drill_expr *expr = expr_new(nest->parser, DRILL_EXPR_NUMERIC);
    enum numeric_place place = nest->depth == 0 ? nest->place : NUMERIC_ARGUMENT;

    if (expr == NULL || !parse_numeric(nest->parser, place, &expr->ops)) {
        return false;
    }
    simplify(expr);
    nest->done = expr;
    return true;
}

static bool ellipsis_expr(struct nest *nest)
{
    nest->done = expr_new(nest->parser, DRILL_EXPR_ELLIPSIS);
    parser_next(nest->parser);
    return nest->done != NULL;
}

/* ---- nesting --------------------------------------------------------------------------------- */
static bool push(struct nest *nest, struct drill_expr *expr, const char *close)
{
    if (expr == NULL) {
        return false;
    }
    if (nest->depth == NESTING_MAX) {
        return parser_fail(nest->parser, expr->pos, "this is nested too deeply");
    }
    nest->frames[nest->depth++] = (struct frame){expr, &expr->items, close};
    return true;
}

/* The token after the word at hand; the word stays at hand. */
static struct lex_token after_word(const struct parser *parser)
{
    struct lexer ahead = parser->lexer;

    return lexer_next(&ahead);
}

/* A word that has a bracket or an equals sign behind it: a call, or a field. */
static bool named(struct nest *nest, const char *close)
{
    struct parser *parser = nest->parser;
    struct drill_expr *expr = expr_new(parser, close != NULL ? DRILL_EXPR_CALL : DRILL_EXPR_FIELD);

    if (expr == NULL || !parser_text(parser, &expr->text, parser->token.text, parser->token.size)) {
        return false;
    }
    parser_next(parser);
    parser_next(parser);
    return push(nest, expr, close);
}

static bool bracket(struct nest *nest, enum drill_expr_kind kind, const char *close)
{
    struct drill_expr *expr = expr_new(nest->parser, kind);

    parser_next(nest->parser);
    return push(nest, expr, close);
}

/* Begins an expression; nest->done stays NULL if it is one that others go into. */
static bool begin(struct nest *nest)
{
    struct parser *parser = nest->parser;

    nest->done = NULL;
    if (parser_is(parser, "[")) {
        return bracket(nest, DRILL_EXPR_LIST, "]");
    }
    if (parser_is(parser, "{")) {
        return bracket(nest, DRILL_EXPR_STRUCT, "}");
    }
    if (parser->token.kind == LEX_ELLIPSIS) {
        return ellipsis_expr(nest);
    }
    if (parser->token.kind == LEX_STRING) {
        return string_expr(nest);
    }
    if (parser->token.kind == LEX_WORD && nest->depth != 0) {
        struct lex_token next = after_word(parser);

        if (lex_is(&next, "(") || lex_is(&next, "=")) {
            return named(nest, lex_is(&next, "(") ? ")" : NULL);
        }
    }
    return numeric_expr(nest);
}

static void append(struct frame *frame, struct drill_expr *expr)
{
    *frame->end = expr;
    frame->end = &expr->next;
    frame->expr->item_count++;
}

/*
 * The bracket of the innermost frame is closed: it is finished, or the name of a field:
 * msg_iov(1)=...
 */
static bool close_bracket(struct nest *nest)
{
    struct drill_expr *expr = nest->frames[--nest->depth].expr;

    parser_next(nest->parser);
    if (expr->kind == DRILL_EXPR_CALL && nest->depth != 0 && parser_accept(nest->parser, "=")) {
        expr->kind = DRILL_EXPR_FIELD;
        nest->done = NULL;
        return push(nest, expr, NULL);
    }
    nest->done = expr;
    return true;
}

/*
 * Gives what is done to the frame around it, and so on outwards until something more must be read.
 */
static bool settle(struct nest *nest)
{
    while (nest->done != NULL && nest->depth != 0) {
        struct frame *frame = &nest->frames[nest->depth - 1];

        if (frame->close == NULL) {
            frame->expr->value = nest->done;
            nest->done = frame->expr;
            nest->depth--;
            continue;
        }
        append(frame, nest->done);
        nest->done = NULL;
        if (parser_accept(nest->parser, ",")) {
            return true;
        }
        if (!parser_is(nest->parser, frame->close)) {
            char what[] = "',' or ' '";

            what[8] = frame->close[0];
            return parser_expected(nest->parser, what);
        }
        if (!close_bracket(nest)) {
            return false;
        }
    }
    return true;
}

static bool is_empty(const struct nest *nest)
{
    const struct frame *frame = nest->depth == 0 ? NULL : &nest->frames[nest->depth - 1];

    return frame != NULL && frame->close != NULL && frame->expr->items == NULL &&
           parser_is(nest->parser, frame->close);
}

static bool run(struct nest *nest)
{
    do {
        if (!(is_empty(nest) ? close_bracket(nest) : begin(nest)) || !settle(nest)) {
            return false;
        }
    } while (nest->done == NULL);
    return true;
}

bool parse_expr(struct parser *parser, enum numeric_place place, struct drill_expr **out)
{
    struct nest nest = {.parser = parser, .place = place};

    if (!run(&nest)) {
        return false;
    }
    *out = nest.done;
    return true;
}

bool parse_arguments(struct parser *parser, struct drill_expr **out)
{
    struct nest nest = {.parser = parser, .place = NUMERIC_ARGUMENT};

    if (!named(&nest, ")") || !run(&nest)) {
        return false;
    }
    *out = nest.done;
    return true;
}

const struct drill_expr *drill_expr_field(const struct drill_expr *expr, const char *name)
{
    for (const struct drill_expr *item = expr->items; item != NULL; item = item->next) {
        if (item->kind == DRILL_EXPR_FIELD && strcmp(item->text.data, name) == 0) {
            return item->value;
        }
    }
    return NULL;
}
