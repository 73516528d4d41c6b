/*
 * fuzz_drill.c - the parser of scripts: any bytes give a whole script or one good error, and what was
 * parsed can be evaluated.
 */
#include "fuzz_kit.h"

#include "drill/eval.h"
#include "drill/icmp.h"
#include "drill/script.h"

/* Knows most names, so that evaluation goes on. */
static bool lookup(void *context, const char *name, int64_t *value)
{
    (void)context;
    *value = (int64_t)strlen(name) - 3;
    return name[0] != 'n';
}

static void check_error(const struct drill_error *error, const char *text, size_t size)
{
    char shown[700];

    CHECK(error->pos.line >= 1 && error->pos.column >= 1);
    CHECK(error->pos.line <= size + 1 && error->pos.column <= size + 1);
    CHECK(strncmp(error->text, "fuzz:", 5) == 0 && strlen(error->text) < sizeof(error->text));
    CHECK(strchr(error->text, '\n') == NULL);
    drill_error_show(error, text, size, shown, sizeof(shown));
    drill_error_show(error, text, size, shown, 7);
    CHECK(strlen(shown) < 7);
}

static void check_text(struct drill_text text)
{
    CHECK(text.data != NULL && text.data[text.size] == '\0');
}

/* Walks an argument down the first items of everything, and evaluates what is a number. */
static void check_expr(const struct drill_script *script, const struct drill_expr *expr)
{
    for (int depth = 0; expr != NULL; depth++) {
        struct drill_error error;
        int64_t value = 0;
        size_t count = 0;

        CHECK(depth < 100);
        for (const struct drill_expr *item = expr->items; item != NULL; item = item->next) {
            count++;
        }
        CHECK(count == expr->item_count);
        if (expr->kind >= DRILL_EXPR_CALL || expr->kind == DRILL_EXPR_STRING) {
            check_text(expr->text);
        }
        CHECK((expr->kind == DRILL_EXPR_FIELD) == (expr->value != NULL));
        drill_expr_value(script, expr, lookup, NULL, &value, &error);
        expr = expr->value != NULL ? expr->value : expr->items;
    }
}

static void check_packet(const struct drill_packet *packet)
{
    uint8_t type = 0;
    uint8_t code = 0;

    CHECK((packet->ip.tos & ~packet->ip.tos_mask) == 0);
    CHECK(packet->tcp.options_size <= 40 && packet->tcp.raw.size <= 40);
    CHECK(packet->tcp.ace >= -1 && packet->tcp.ace <= 7);
    for (const struct drill_option *o = packet->tcp.options; o != NULL; o = o->next) {
        CHECK(o->count <= DRILL_SACK_MAX);
    }
    if (packet->kind == DRILL_PACKET_ICMP) {
        drill_icmp_numbers(4, &packet->icmp, &type, &code);
        drill_icmp_numbers(6, &packet->icmp, &type, &code);
    }
}

static void check_event(const struct drill_script *script, const struct drill_event *event,
                        struct drill_variables *variables)
{
    struct drill_error error;

    CHECK(event->time.end_ns >= event->time.start_ns);
    switch (event->kind) {
    case DRILL_EVENT_CALL:
        for (const struct drill_expr *arg = event->call->args; arg != NULL; arg = arg->next) {
            check_expr(script, arg);
        }
        check_expr(script, event->call->result);
        CHECK(event->call->name != NULL);
        break;
    case DRILL_EVENT_PACKET: check_packet(event->packet); break;
    case DRILL_EVENT_CODE:
        check_text(event->code->text);
        if (drill_code_run(script, event->code, variables, lookup, NULL, &error) != DRILL_OK) {
            CHECK(strncmp(error.text, "fuzz:", 5) == 0);
        }
        break;
    case DRILL_EVENT_SHELL: check_text(event->text); break;
    case DRILL_EVENT_UNSUPPORTED:
        check_text(event->text);
        CHECK(event->unsupported != NULL && script->unsupported != NULL);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = (char *)fuzz_copy(data, size);
    struct drill_script *script = NULL;
    struct drill_error error;
    struct drill_variables variables = {0};
    size_t count = 0;

    if (drill_parse("fuzz", text, size, &script, &error) != DRILL_OK) {
        CHECK(script == NULL);
        check_error(&error, text, size);
        free(text);
        return 0;
    }
    free(text); /* a script keeps nothing of it */
    for (const struct drill_event *event = script->events; event != NULL; event = event->next) {
        check_event(script, event, &variables);
        count++;
    }
    CHECK(count == script->event_count && count != 0);
    drill_script_setting(script, "mtu");
    drill_script_define(script, "X");
    drill_script_del(script);
    return 0;
}
