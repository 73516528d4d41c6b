/*
 * eval.h - numeric expressions: a list of operations in the order in which they are done.
 *
 * The parser already put operands before their operators, so a value is found with one loop and a
 * small stack; there is no tree. Numbers are 64-bit and wrap. Division follows Python, as
 * assertions are written for it: // and % round down; / must come out even.
 */
#ifndef DRILL_EVAL_H
#define DRILL_EVAL_H

#include "drill/script.h"

enum drill_op_kind {
    DRILL_OP_NUMBER, /* put `number` on the stack */
    DRILL_OP_NAME,   /* put the value of `name` on the stack */
    DRILL_OP_NEGATE, /* these change the number on top */
    DRILL_OP_INVERT,
    DRILL_OP_NOT,
    DRILL_OP_OR, /* these make one number of the two on top */
    DRILL_OP_AND,
    DRILL_OP_LESS,
    DRILL_OP_LESS_EQUAL,
    DRILL_OP_GREATER,
    DRILL_OP_GREATER_EQUAL,
    DRILL_OP_EQUAL,
    DRILL_OP_NOT_EQUAL,
    DRILL_OP_BIT_OR,
    DRILL_OP_BIT_XOR,
    DRILL_OP_BIT_AND,
    DRILL_OP_SHIFT_LEFT,
    DRILL_OP_SHIFT_RIGHT,
    DRILL_OP_ADD,
    DRILL_OP_SUBTRACT,
    DRILL_OP_MULTIPLY,
    DRILL_OP_DIVIDE,
    DRILL_OP_DIVIDE_FLOOR,
    DRILL_OP_MODULO
};

#define DRILL_STACK_MAX 64 /* operands that wait; the parser refuses what needs more */

struct drill_op {
    struct drill_op *next;
    struct drill_pos pos;
    enum drill_op_kind kind;
    bool chained;     /* a comparison after a comparison: 1 <= x <= 2 */
    int64_t number;   /* NUMBER */
    const char *name; /* NAME */
};

/* Knows names: true and *value, or false. */
typedef bool drill_lookup(void *context, const char *name, int64_t *value);

/* DRILL_OK and *value; or DRILL_EVALUE and *error. */
int drill_eval(const struct drill_script *script, const struct drill_op *ops, drill_lookup *lookup,
               void *context, int64_t *value, struct drill_error *error);

/* The same for an argument or result: NUMBER, WORD, NUMERIC; of a LIST with one item, that item. */
int drill_expr_value(const struct drill_script *script, const struct drill_expr *expr,
                     drill_lookup *lookup, void *context, int64_t *value,
                     struct drill_error *error);

/* What the code blocks of a script have assigned; begin with all zero, one for the whole run. */
#define DRILL_VARIABLES_MAX 32

struct drill_variables {
    size_t count;
    struct {
        const char *name; /* lives in the script */
        int64_t value;
    } items[DRILL_VARIABLES_MAX];
};

/*
 * Runs a code block. Variables come before `lookup`. DRILL_OK; DRILL_EASSERT and a message that
 * shows the assertion and the values in it; or DRILL_EVALUE.
 */
int drill_code_run(const struct drill_script *script, const struct drill_code *code,
                   struct drill_variables *variables, drill_lookup *lookup, void *context,
                   struct drill_error *error);

#endif
