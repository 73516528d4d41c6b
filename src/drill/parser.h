/*
 * parser.h - what the parts of the parser share: the token at hand, the arena, the first error.
 *
 * Every function that returns bool says true if it went well. After the first error the others do
 * not matter: a function that got false returns false. parse.c begins; parse_call.c, parse_expr.c
 * and numeric.c are for system calls, parse_packet.c, parse_tcp.c, parse_option.c and parse_icmp.c
 * for packets, parse_code.c for blocks of assertions.
 */
#ifndef DRILL_PARSER_H
#define DRILL_PARSER_H

#include "base/compiler.h"
#include "drill/arena.h"
#include "drill/lexer.h"
#include "drill/script.h"

struct parser {
    struct lexer lexer;
    struct lex_token token; /* the one at hand; the lexer stands behind it */
    size_t taken;           /* offset behind the token that was taken last */
    struct drill_script *script;
    struct drill_error *error;
    const char *condition; /* of the #ifdef that is open, or NULL */
    int status;            /* DRILL_OK until the first error */
};

/* How a numeric expression ends, by where it stands. */
enum numeric_place {
    NUMERIC_ARGUMENT, /* within brackets: all operators but comparisons and shifts */
    NUMERIC_RESULT,   /* what follows may be the next event's time, so only | */
    NUMERIC_CODE      /* the operators of a code block */
};

void parser_next(struct parser *parser);
void parser_back(struct parser *parser); /* the token at hand again as characters: see lexer.at */
void *parser_get(struct parser *parser, size_t size);
bool parser_text(struct parser *parser, struct drill_text *out, const char *text, size_t size);
const char *
parser_token_text(struct parser *parser); /* of the token at hand, which is then taken */

__attribute__((format(printf, 3, 4))) bool parser_fail(struct parser *parser, struct drill_pos pos,
                                                       const char *format, ...);
bool parser_expected(struct parser *parser,
                     const char *what); /* "expected WHAT, found the token" */
bool parser_accept(struct parser *parser, const char *spelling); /* takes it if it is there */
bool parser_expect(struct parser *parser, const char *spelling);
bool parser_is(const struct parser *parser, const char *spelling);
/* Takes a number of at most `limit`; `what` for the message: "a port". */
bool parser_number(struct parser *parser, const char *what, uint64_t limit, uint64_t *out);
/* Bytes from an even count of hexadecimal digits. */
bool parser_hex(struct parser *parser, const struct lex_token *digits, struct drill_text *out);

/* NAME(...), the name being at hand; a CALL */
bool parse_arguments(struct parser *parser, struct drill_expr **out);
bool parse_call(struct parser *parser, struct drill_event *event);
bool parse_expr(struct parser *parser, enum numeric_place place, struct drill_expr **out);
bool parse_numeric(struct parser *parser, enum numeric_place place, const struct drill_op **out);
bool parse_packet(struct parser *parser, struct drill_event *event);
bool parse_tcp(struct parser *parser, struct drill_packet *packet);
bool parse_seq(struct parser *parser, struct drill_seq *seq);
bool parse_tunnel(struct parser *parser, struct drill_ports *ports);
bool parse_options(struct parser *parser, struct drill_tcp *tcp);
bool parse_icmp(struct parser *parser, struct drill_icmp *icmp);
bool parse_quote(struct parser *parser, struct drill_icmp *icmp); /* its [ is taken */
bool parse_code(struct parser *parser, struct drill_event *event);

#endif
