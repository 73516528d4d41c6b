/* eval.c - values of numeric expressions, and the run of a code block. */
#include "drill/eval.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"

/* An operand; `last` is the right side of the comparison it came from, for 1 <= x <= 2. */
struct operand {
    int64_t value;
    int64_t last;
};

__attribute__((format(printf, 5, 6))) static int fail(const struct drill_script *script,
                                                      struct drill_error *error, int code,
                                                      struct drill_pos pos, const char *format, ...)
{
    va_list arguments;

    error->pos = pos;
    int size = snprintf(error->text, sizeof(error->text), "%.150s:%u:%u: ", script->name, pos.line,
                        pos.column);
    va_start(arguments, format);
    vsnprintf(error->text + size, sizeof(error->text) - (size_t)size, format, arguments);
    va_end(arguments);
    return code;
}

static bool compare(enum drill_op_kind kind, int64_t a, int64_t b)
{
    switch (kind) {
    case DRILL_OP_LESS: return a < b;
    case DRILL_OP_LESS_EQUAL: return a <= b;
    case DRILL_OP_GREATER: return a > b;
    case DRILL_OP_GREATER_EQUAL: return a >= b;
    case DRILL_OP_EQUAL: return a == b;
    default: return a != b;
    }
}

/* Rounds down. b is neither 0 nor -1. */
static int64_t divide_floor(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

/* NULL, or why there is no value. */
static const char *divide(enum drill_op_kind kind, int64_t a, int64_t b, int64_t *out)
{
    if (b == 0) {
        return "division by zero";
    }
    if (b == -1) { /* the smallest number has no opposite */
        *out = kind == DRILL_OP_MODULO ? 0 : (int64_t)(0 - (uint64_t)a);
        return NULL;
    }
    int64_t quotient = divide_floor(a, b);
    *out = kind == DRILL_OP_MODULO ? a - quotient * b : quotient;
    return kind == DRILL_OP_DIVIDE && a % b != 0 ? "this division leaves a rest: use //" : NULL;
}

static const char *shift(enum drill_op_kind kind, int64_t a, int64_t b, int64_t *out)
{
    if (b < 0 || b > 63) {
        return "a shift is by 0 to 63";
    }
    *out = kind == DRILL_OP_SHIFT_LEFT ? (int64_t)((uint64_t)a << b) : a >> b;
    return NULL;
}

static const char *combine(enum drill_op_kind kind, int64_t a, int64_t b, int64_t *out)
{
    switch (kind) {
    case DRILL_OP_OR: *out = a != 0 ? a : b; return NULL;
    case DRILL_OP_AND: *out = a != 0 ? b : a; return NULL;
    case DRILL_OP_BIT_OR: *out = a | b; return NULL;
    case DRILL_OP_BIT_XOR: *out = a ^ b; return NULL;
    case DRILL_OP_BIT_AND: *out = a & b; return NULL;
    case DRILL_OP_ADD: *out = (int64_t)((uint64_t)a + (uint64_t)b); return NULL;
    case DRILL_OP_SUBTRACT: *out = (int64_t)((uint64_t)a - (uint64_t)b); return NULL;
    case DRILL_OP_MULTIPLY: *out = (int64_t)((uint64_t)a * (uint64_t)b); return NULL;
    case DRILL_OP_SHIFT_LEFT:
    case DRILL_OP_SHIFT_RIGHT: return shift(kind, a, b, out);
    default: return divide(kind, a, b, out);
    }
}

/* An operator with two operands; the result takes the place of the left one. */
static const char *two(const struct drill_op *op, struct operand *left, const struct operand *right)
{
    bool compares = op->kind >= DRILL_OP_LESS && op->kind <= DRILL_OP_NOT_EQUAL;

    if (!compares) {
        return combine(op->kind, left->value, right->value, &left->value);
    }
    bool before = !op->chained || left->value != 0;
    int64_t from = op->chained ? left->last : left->value;
    left->value = before && compare(op->kind, from, right->value);
    left->last = right->value;
    return NULL;
}

static void one(enum drill_op_kind kind, int64_t *value)
{
    if (kind == DRILL_OP_NEGATE) {
        *value = (int64_t)(0 - (uint64_t)*value);
    } else {
        *value = kind == DRILL_OP_INVERT ? ~*value : *value == 0;
    }
}

int drill_eval(const struct drill_script *script, const struct drill_op *ops, drill_lookup *lookup,
               void *context, int64_t *value, struct drill_error *error)
{
    struct operand stack[DRILL_STACK_MAX];
    size_t count = 0;

    for (const struct drill_op *op = ops; op != NULL; op = op->next) {
        const char *problem = NULL;

        if (op->kind == DRILL_OP_NUMBER) {
            stack[count++].value = op->number;
        } else if (op->kind == DRILL_OP_NAME) {
            if (!lookup(context, op->name, &stack[count].value)) {
                return fail(script, error, DRILL_EVALUE, op->pos, "'%.60s' is not known", op->name);
            }
            count++;
        } else if (op->kind < DRILL_OP_OR) {
            one(op->kind, &stack[count - 1].value);
        } else {
            count--;
            problem = two(op, &stack[count - 1], &stack[count]);
        }
        if (problem != NULL) {
            return fail(script, error, DRILL_EVALUE, op->pos, "%s", problem);
        }
    }
    *value = stack[0].value;
    return DRILL_OK;
}

int drill_expr_value(const struct drill_script *script, const struct drill_expr *expr,
                     drill_lookup *lookup, void *context, int64_t *value, struct drill_error *error)
{
    if (expr->kind == DRILL_EXPR_LIST && expr->item_count == 1) {
        expr = expr->items;
    }
    struct drill_op word = {.pos = expr->pos, .kind = DRILL_OP_NAME, .name = expr->text.data};

    if (expr->kind == DRILL_EXPR_NUMBER) {
        *value = expr->number;
        return DRILL_OK;
    }
    if (expr->kind == DRILL_EXPR_WORD || expr->kind == DRILL_EXPR_NUMERIC) {
        const struct drill_op *ops = expr->kind == DRILL_EXPR_WORD ? &word : expr->ops;
        return drill_eval(script, ops, lookup, context, value, error);
    }
    return fail(script, error, DRILL_EVALUE, expr->pos, "this is not a number");
}

/* ---- code blocks ----------------------------------------------------------------------------- */
struct scope {
    struct drill_variables *variables;
    drill_lookup *lookup;
    void *context;
};

static bool scope_lookup(void *context, const char *name, int64_t *value)
{
    const struct scope *scope = context;

    for (size_t i = 0; i < scope->variables->count; i++) {
        if (strcmp(scope->variables->items[i].name, name) == 0) {
            *value = scope->variables->items[i].value;
            return true;
        }
    }
    return scope->lookup(scope->context, name, value);
}

/* False: there are too many. */
static bool assign(struct drill_variables *variables, const char *name, int64_t value)
{
    size_t i = 0;

    while (i < variables->count && strcmp(variables->items[i].name, name) != 0) {
        i++;
    }
    if (i == DRILL_VARIABLES_MAX) {
        return false;
    }
    variables->items[i].name = name;
    variables->items[i].value = value;
    variables->count = i < variables->count ? variables->count : i + 1;
    return true;
}

/* Writes "a is 1, b is 2" for the names in an expression, as far as there is room. */
static void show_values(const struct drill_statement *statement, struct scope *scope, char *out,
                        size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (const struct drill_op *op = statement->ops; op != NULL; op = op->next) {
        int64_t value = 0;

        if (op->kind == DRILL_OP_NAME && scope_lookup(scope, op->name, &value)) {
            int written = snprintf(out + used, size - used, "%s%s is %lld", used == 0 ? "" : ", ",
                                   op->name, (long long)value);
            if (written < 0 || (size_t)written >= size - used) {
                out[used] = '\0';
                return;
            }
            used += (size_t)written;
        }
    }
}

static int run_statement(const struct drill_script *script, const struct drill_statement *statement,
                         struct scope *scope, struct drill_error *error)
{
    char values[120];
    int64_t value = 0;
    int code = drill_eval(script, statement->ops, scope_lookup, scope, &value, error);

    if (code != DRILL_OK) {
        return code;
    }
    if (statement->kind == DRILL_ASSIGN) {
        return assign(scope->variables, statement->name, value)
                   ? DRILL_OK
                   : fail(script, error, DRILL_EVALUE, statement->pos, "too many variables");
    }
    if (value != 0) {
        return DRILL_OK;
    }
    show_values(statement, scope, values, sizeof(values));
    return fail(script, error, DRILL_EASSERT, statement->pos, "not true: %.100s%s%s%s",
                statement->source, values[0] == '\0' ? "" : " (", values,
                values[0] == '\0' ? "" : ")");
}

int drill_code_run(const struct drill_script *script, const struct drill_code *code,
                   struct drill_variables *variables, drill_lookup *lookup, void *context,
                   struct drill_error *error)
{
    struct scope scope = {variables, lookup, context};
    int result = DRILL_OK;

    for (const struct drill_statement *statement = code->statements;
         statement != NULL && result == DRILL_OK; statement = statement->next) {
        result = run_statement(script, statement, &scope, error);
    }
    return result;
}
