/*
 * numeric.c - the parser of numeric expressions: operators wait on a stack until one that binds
 * less comes.
 *
 * (E. W. Dijkstra's shunting yard.) Two small stacks of fixed size stand in for recursion: the
 * operators that wait, and for each operand on the evaluator's stack whether it came from a
 * comparison, because Python reads 1 <= x <= 2 as 1 <= x and x <= 2.
 */
#include "drill/eval.h"
#include "drill/parser.h"

struct rule {
    const char *spelling;
    enum drill_op_kind kind;
    uint8_t binds; /* more: earlier; 0 is an open parenthesis */
    uint8_t from;  /* places where it may stand: 1 << enum numeric_place */
};

#define ALL (1 << NUMERIC_ARGUMENT | 1 << NUMERIC_RESULT | 1 << NUMERIC_CODE)
#define INNER (1 << NUMERIC_ARGUMENT | 1 << NUMERIC_CODE)
#define CODE (1 << NUMERIC_CODE)

static const struct rule binary[] = {
    {"or", DRILL_OP_OR, 1, CODE},          {"and", DRILL_OP_AND, 2, CODE},
    {"<", DRILL_OP_LESS, 4, CODE},         {"<=", DRILL_OP_LESS_EQUAL, 4, CODE},
    {">", DRILL_OP_GREATER, 4, CODE},      {">=", DRILL_OP_GREATER_EQUAL, 4, CODE},
    {"==", DRILL_OP_EQUAL, 4, CODE},       {"!=", DRILL_OP_NOT_EQUAL, 4, CODE},
    {"|", DRILL_OP_BIT_OR, 5, ALL},        {"^", DRILL_OP_BIT_XOR, 6, INNER},
    {"&", DRILL_OP_BIT_AND, 7, INNER},     {"<<", DRILL_OP_SHIFT_LEFT, 8, CODE},
    {">>", DRILL_OP_SHIFT_RIGHT, 8, CODE}, {"+", DRILL_OP_ADD, 9, INNER},
    {"-", DRILL_OP_SUBTRACT, 9, INNER},    {"*", DRILL_OP_MULTIPLY, 10, INNER},
    {"/", DRILL_OP_DIVIDE, 10, INNER},     {"//", DRILL_OP_DIVIDE_FLOOR, 10, CODE},
    {"%", DRILL_OP_MODULO, 10, INNER},
};

static const struct rule unary[] = {
    {"not", DRILL_OP_NOT, 3, CODE},
    {"-", DRILL_OP_NEGATE, 11, ALL},
    {"~", DRILL_OP_INVERT, 11, ALL},
};

static const struct rule parenthesis = {"(", DRILL_OP_NUMBER, 0, ALL};

struct waiting {
    const struct rule *what;
    struct drill_pos pos;
};

struct numeric {
    struct parser *parser;
    enum numeric_place place;
    struct waiting operators[DRILL_STACK_MAX];
    size_t operator_count;
    size_t open;                    /* parentheses among them */
    bool compared[DRILL_STACK_MAX]; /* by operand */
    size_t operand_count;
    struct drill_op *first, *last;
};

static bool emit(struct numeric *numeric, const struct drill_op *op)
{
    struct drill_op *copy = parser_get(numeric->parser, sizeof(*copy));

    if (copy == NULL) {
        return false;
    }
    *copy = *op;
    if (numeric->last != NULL) {
        numeric->last->next = copy;
    } else {
        numeric->first = copy;
    }
    numeric->last = copy;
    return true;
}

static bool too_deep(struct numeric *numeric)
{
    return parser_fail(numeric->parser, numeric->parser->token.pos, "this expression is too deep");
}

static bool push_operator(struct numeric *numeric, const struct rule *what)
{
    if (numeric->operator_count == DRILL_STACK_MAX) {
        return too_deep(numeric);
    }
    numeric->operators[numeric->operator_count++] =
        (struct waiting){what, numeric->parser->token.pos};
    parser_next(numeric->parser);
    return true;
}

/* The operator on top gets its operands. */
static bool apply(struct numeric *numeric)
{
    const struct waiting *top = &numeric->operators[--numeric->operator_count];
    struct drill_op op = {.pos = top->pos, .kind = top->what->kind};

    if (op.kind >= DRILL_OP_OR) {
        bool compares = op.kind >= DRILL_OP_LESS && op.kind <= DRILL_OP_NOT_EQUAL;

        numeric->operand_count--;
        op.chained = compares && numeric->compared[numeric->operand_count - 1];
        numeric->compared[numeric->operand_count - 1] = compares;
    } else {
        numeric->compared[numeric->operand_count - 1] = false;
    }
    return emit(numeric, &op);
}

/* Applies the operators on top that bind at least so much. */
static bool apply_down_to(struct numeric *numeric, uint8_t binds)
{
    while (numeric->operator_count != 0 &&
           numeric->operators[numeric->operator_count - 1].what->binds >= binds) {
        if (!apply(numeric)) {
            return false;
        }
    }
    return true;
}

static const struct rule *find(const struct numeric *numeric, const struct rule *table,
                               size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if ((table[i].from >> numeric->place & 1) != 0 &&
            parser_is(numeric->parser, table[i].spelling)) {
            return &table[i];
        }
    }
    return NULL;
}

static bool operand(struct numeric *numeric)
{
    struct parser *parser = numeric->parser;
    struct lex_token token = parser->token;
    struct drill_op op = {.pos = token.pos, .kind = DRILL_OP_NUMBER};

    if (numeric->operand_count == DRILL_STACK_MAX) {
        return too_deep(numeric);
    }
    if (token.kind == LEX_NUMBER && token.number <= INT64_MAX) {
        op.number = (int64_t)token.number;
        parser_next(parser);
    } else if (token.kind == LEX_NUMBER) {
        return parser_fail(parser, token.pos, "this number is too large");
    } else if (token.kind == LEX_DECIMAL) {
        return parser_fail(parser, token.pos, "only whole numbers can be used here");
    } else if (token.kind == LEX_WORD) {
        op.kind = DRILL_OP_NAME;
        op.name = parser_token_text(parser);
    } else {
        return parser_expected(parser, "a value");
    }
    numeric->compared[numeric->operand_count++] = false;
    return parser->status == DRILL_OK && emit(numeric, &op);
}

/* Python goes on in the next line within parentheses. */
static void skip_newlines(struct numeric *numeric)
{
    while (numeric->open != 0 && numeric->parser->token.kind == LEX_NEWLINE) {
        parser_next(numeric->parser);
    }
}

/* Prefix operators and opening parentheses, then one operand. */
static bool prefixed_operand(struct numeric *numeric)
{
    for (;;) {
        skip_newlines(numeric);
        const struct rule *prefix = find(numeric, unary, ARRAY_SIZE(unary));
        if (prefix == NULL && !parser_is(numeric->parser, "(")) {
            return operand(numeric);
        }
        numeric->open += prefix == NULL;
        if (!push_operator(numeric, prefix != NULL ? prefix : &parenthesis)) {
            return false;
        }
    }
}

static bool close_parentheses(struct numeric *numeric)
{
    skip_newlines(numeric);
    while (numeric->open != 0 && parser_is(numeric->parser, ")")) {
        if (!apply_down_to(numeric, 1)) {
            return false;
        }
        numeric->operator_count--;
        numeric->open--;
        numeric->compared[numeric->operand_count - 1] = false;
        parser_next(numeric->parser);
        skip_newlines(numeric);
    }
    return true;
}

bool parse_numeric(struct parser *parser, enum numeric_place place, const struct drill_op **out)
{
    struct numeric numeric = {.parser = parser, .place = place};

    for (;;) {
        if (!prefixed_operand(&numeric) || !close_parentheses(&numeric)) {
            return false;
        }
        const struct rule *next = find(&numeric, binary, ARRAY_SIZE(binary));
        if (next == NULL) {
            break;
        }
        if (!apply_down_to(&numeric, next->binds) || !push_operator(&numeric, next)) {
            return false;
        }
    }
    if (numeric.open != 0) {
        return parser_expected(parser, "an operator or ')'");
    }
    *out = numeric.first;
    return apply_down_to(&numeric, 1) && *out != NULL;
}
