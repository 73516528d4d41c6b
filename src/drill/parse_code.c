/*
 * parse_code.c - the statements of a code block, in the little of Python that scripts use:
 *
 *   assert EXPRESSION, MESSAGE      the message is left out
 *   name = EXPRESSION   name += EXPRESSION   (also -= and *=)
 *   print(...)          left out
 *
 * Statements end at a semicolon or at the end of a line; a backslash there goes on in the next.
 */
#include "drill/eval.h"
#include "drill/parser.h"

static bool at_statement_end(const struct parser *parser)
{
    return parser->token.kind == LEX_END || parser->token.kind == LEX_NEWLINE ||
           parser_is(parser, ";");
}

/* Takes tokens to the end of the statement; within brackets a line may end. */
static bool skip_statement(struct parser *parser)
{
    int depth = 0;

    while (parser->token.kind != LEX_END && (depth > 0 || !at_statement_end(parser))) {
        bool open = parser_is(parser, "(") || parser_is(parser, "[") || parser_is(parser, "{");
        bool close = parser_is(parser, ")") || parser_is(parser, "]") || parser_is(parser, "}");

        if (parser->token.kind == LEX_BAD) {
            return parser_expected(parser, "a statement");
        }
        depth += open - close;
        parser_next(parser);
    }
    return true;
}

/* An expression, and its text for messages. */
static bool parse_value(struct parser *parser, struct drill_statement *statement)
{
    const char *start = parser->token.text;
    struct drill_text source;

    if (!parse_numeric(parser, NUMERIC_CODE, &statement->ops)) {
        return false;
    }
    const char *end = parser->lexer.text + parser->taken;
    if (!parser_text(parser, &source, start, (size_t)(end - start))) {
        return false;
    }
    statement->source = source.data;
    return true;
}

/* name += value is name = name + value: the operations are name, then the value's, then the sum. */
static bool accumulate(struct parser *parser, struct drill_statement *statement,
                       enum drill_op_kind kind)
{
    struct drill_op *name = parser_get(parser, sizeof(*name));
    struct drill_op *last = parser_get(parser, sizeof(*last));

    if (name == NULL || last == NULL) {
        return false;
    }
    *name =
        (struct drill_op){.pos = statement->pos, .kind = DRILL_OP_NAME, .name = statement->name};
    *last = (struct drill_op){.pos = statement->pos, .kind = kind};
    if (!parse_value(parser, statement)) {
        return false;
    }
    struct drill_op *tail = name;
    for (const struct drill_op *op = statement->ops; op != NULL; op = op->next) {
        struct drill_op *copy = parser_get(parser, sizeof(*copy));

        if (copy == NULL) {
            return false;
        }
        *copy = *op;
        tail->next = copy;
        tail = copy;
    }
    tail->next = last;
    statement->ops = name;
    return true;
}

static bool parse_assignment(struct parser *parser, struct drill_statement *statement)
{
    static const struct {
        const char *spelling;
        enum drill_op_kind kind;
    } operators[] = {{"+=", DRILL_OP_ADD}, {"-=", DRILL_OP_SUBTRACT}, {"*=", DRILL_OP_MULTIPLY}};

    statement->kind = DRILL_ASSIGN;
    statement->name = parser_token_text(parser);
    if (statement->name == NULL) {
        return false;
    }
    if (parser_accept(parser, "=")) {
        return parse_value(parser, statement);
    }
    for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
        if (parser_accept(parser, operators[i].spelling)) {
            return accumulate(parser, statement, operators[i].kind);
        }
    }
    return parser_fail(parser, statement->pos, "expected assert, print or an assignment");
}

/* One statement; *out stays NULL for one that is left out. */
static bool parse_statement(struct parser *parser, struct drill_statement **out)
{
    if (parser_is(parser, "print")) {
        return skip_statement(parser);
    }
    struct drill_statement *statement = parser_get(parser, sizeof(*statement));
    if (statement == NULL) {
        return false;
    }
    statement->pos = parser->token.pos;
    if (parser_accept(parser, "assert")) {
        statement->kind = DRILL_ASSERT;
        if (!parse_value(parser, statement) ||
            (parser_is(parser, ",") && !skip_statement(parser))) {
            return false;
        }
    } else if (parser->token.kind != LEX_WORD) {
        return parser_expected(parser, "assert, print or an assignment");
    } else if (!parse_assignment(parser, statement)) {
        return false;
    }
    *out = statement;
    return at_statement_end(parser) || parser_expected(parser, "the end of the statement");
}

static bool parse_block(struct parser *parser, struct drill_code *code)
{
    struct drill_statement **end = &code->statements;

    parser_next(parser);
    while (parser->token.kind != LEX_END) {
        struct drill_statement *statement = NULL;

        if (at_statement_end(parser)) {
            parser_next(parser);
            continue;
        }
        if (!parse_statement(parser, &statement)) {
            return false;
        }
        if (statement != NULL) {
            *end = statement;
            end = &statement->next;
        }
    }
    return true;
}

/*
 * The block is read by a lexer of its own, at the same place of the same text, with the rules of
 * code.
 */
bool parse_code(struct parser *parser, struct drill_event *event)
{
    struct drill_code *code = parser_get(parser, sizeof(*code));
    struct lexer outer = parser->lexer;
    struct lex_token block = parser->token;

    if (code == NULL || !parser_text(parser, &code->text, block.text, block.size)) {
        return false;
    }
    lexer_back(&parser->lexer, &block);
    parser->lexer.at += 2;
    parser->lexer.size = parser->lexer.at + block.size;
    parser->lexer.code = true;
    if (!parse_block(parser, code)) {
        return false;
    }
    event->kind = DRILL_EVENT_CODE;
    event->code = code;
    parser->lexer = outer;
    parser_next(parser);
    return true;
}
