/*
 * drill_kit.h - what the tests of src/drill share: parse a text that must be right, or must be
 * wrong.
 */
#ifndef UNIT_DRILL_KIT_H
#define UNIT_DRILL_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drill/eval.h"
#include "drill/icmp.h"
#include "drill/script.h"

/* A script that must parse. The text is given in a buffer of its own size, without the 0. */
static inline struct drill_script *drill_good(const char *text)
{
    size_t size = strlen(text);
    char *copy = malloc(size == 0 ? 1 : size);
    struct drill_script *script = NULL;
    struct drill_error error;

    assert_non_null(copy);
    memcpy(copy, text, size);
    if (drill_parse("t.pkt", copy, size, &script, &error) != DRILL_OK) {
        print_error("%s\n", error.text);
        fail();
    }
    free(copy);
    return script;
}

/* A text that must not parse, with this message. */
static inline void drill_wrong(const char *text, const char *message)
{
    struct drill_script *script = (struct drill_script *)&script;
    struct drill_error error;

    if (drill_parse("t.pkt", text, strlen(text), &script, &error) != DRILL_ESYNTAX) {
        print_error("this is accepted: %s\n", text);
        fail();
    }
    assert_null(script);
    assert_string_equal(error.text, message);
}

/* The packet of a script of one packet. */
static inline const struct drill_packet *drill_packet_of(const struct drill_script *script)
{
    assert_int_equal(script->event_count, 1);
    assert_int_equal(script->events->kind, DRILL_EVENT_PACKET);
    return script->events->packet;
}

static inline const struct drill_call *drill_call_of(const struct drill_script *script)
{
    assert_int_equal(script->event_count, 1);
    assert_int_equal(script->events->kind, DRILL_EVENT_CALL);
    return script->events->call;
}

#endif
