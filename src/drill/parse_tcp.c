/*
 * parse_tcp.c - the line of a TCP segment: flags seq:end(length) ack win urg <options>/udp(a > b).
 */
#include "drill/parser.h"

#include <string.h>

/* ---- flags: S. FP. .5 - ---------------------------------------------------------------------- */
static const char flag_letters[] = "FSRP.UEWA"; /* from bit 0: DRILL_FIN ... */

static bool add_flag(struct parser *parser, struct drill_tcp *tcp, char c)
{
    const char *found = strchr(flag_letters, c);

    if (c >= '0' && c <= '7' && tcp->ace < 0) {
        tcp->ace = c - '0';
        return true;
    }
    if (c == '\0' || found == NULL) {
        return parser_fail(parser, lexer_pos(&parser->lexer),
                           "'%c' is no TCP flag: F S R P . U E W A, one digit, or - for none", c);
    }
    tcp->flags |= (uint16_t)(1u << (found - flag_letters));
    return true;
}

/* Flags are read as characters: they are not words, and .5 is no number here. */
static bool parse_flags(struct parser *parser, struct drill_tcp *tcp)
{
    struct lexer *lexer = &parser->lexer;
    struct drill_pos pos = parser->token.pos;
    bool begins = parser->token.kind == LEX_WORD || parser->token.kind == LEX_DECIMAL ||
                  parser_is(parser, ".");

    if (parser_accept(parser, "-")) {
        return true;
    }
    if (!begins) {
        return parser_expected(parser, "TCP flags, udp or icmp");
    }
    parser_back(parser);
    for (int c; lex_is_word(c = lexer_peek(lexer, 0)) || c == '.'; lexer->at++) {
        if (!add_flag(parser, tcp, (char)c)) {
            return false;
        }
    }
    parser_next(parser);
    if ((tcp->flags & DRILL_ACK) == 0 && parser_accept(parser, ".")) { /* "F  ." */
        tcp->flags |= DRILL_ACK;
    }
    if (tcp->ace >= 0 && (tcp->flags & (DRILL_ECE | DRILL_CWR | DRILL_AE)) != 0) {
        return parser_fail(parser, pos, "a digit stands for the flags E, W and A together");
    }
    return true;
}

/* ---- sequence numbers ------------------------------------------------------------------------ */
static bool parse_length(struct parser *parser, struct drill_seq *seq)
{
    uint64_t length = 0;

    if (!parser_expect(parser, "(") ||
        !parser_number(parser, "a payload length", UINT16_MAX, &length)) {
        return false;
    }
    seq->length = (uint32_t)length;
    return parser_expect(parser, ")");
}

bool parse_seq(struct parser *parser, struct drill_seq *seq)
{
    struct drill_pos pos = parser->token.pos;
    uint64_t start = 0;
    uint64_t end = 0;

    if (parser->token.kind == LEX_ELLIPSIS) {
        parser_next(parser);
        seq->any = true;
        return parse_length(parser, seq);
    }
    if (!parser_number(parser, "a sequence number", UINT32_MAX, &start) ||
        !parser_expect(parser, ":") ||
        !parser_number(parser, "a sequence number", UINT32_MAX, &end) ||
        !parse_length(parser, seq)) {
        return false;
    }
    seq->start = (uint32_t)start;
    seq->end = (uint32_t)end;
    seq->absolute = parser_accept(parser, "!");
    return (uint32_t)(seq->start + seq->length) == seq->end ||
           parser_fail(parser, pos, "%u to %u is not a length of %u", seq->start, seq->end,
                       seq->length);
}

/* ---- the rest of the line -------------------------------------------------------------------- */

/* /udp(source > destination), if it is there. */
bool parse_tunnel(struct parser *parser, struct drill_ports *ports)
{
    uint64_t src = 0;
    uint64_t dst = 0;

    if (!parser_accept(parser, "/")) {
        return true;
    }
    if (!parser_expect(parser, "udp") || !parser_expect(parser, "(") ||
        !parser_number(parser, "a port", UINT16_MAX, &src) || !parser_expect(parser, ">") ||
        !parser_number(parser, "a port", UINT16_MAX, &dst) || !parser_expect(parser, ")")) {
        return false;
    }
    *ports = (struct drill_ports){.said = true, .src = (uint16_t)src, .dst = (uint16_t)dst};
    return true;
}

static bool parse_numbers(struct parser *parser, struct drill_tcp *tcp)
{
    uint64_t value = 0;

    if (parser_accept(parser, "ack")) {
        tcp->ack_said = parser_number(parser, "an ACK number", UINT32_MAX, &value);
        tcp->ack = (uint32_t)value;
    }
    if (parser_accept(parser, "win")) {
        tcp->window_said = parser_number(parser, "a window", UINT16_MAX, &value);
        tcp->window = (uint16_t)value;
    }
    if (parser_accept(parser, "urg")) {
        tcp->urgent_said = parser_number(parser, "an urgent pointer", UINT16_MAX, &value);
        tcp->urgent = (uint16_t)value;
    }
    return parser->status == DRILL_OK;
}

bool parse_tcp(struct parser *parser, struct drill_packet *packet)
{
    struct drill_tcp *tcp = &packet->tcp;

    packet->kind = DRILL_PACKET_TCP;
    if (!parse_flags(parser, tcp) || !parse_seq(parser, &tcp->seq) || !parse_numbers(parser, tcp)) {
        return false;
    }
    struct drill_pos pos = parser->token.pos;
    if (parser_accept(parser, "<") && !parse_options(parser, tcp)) {
        return false;
    }
    if (tcp->options_mode == DRILL_OPTIONS_ANY && packet->direction == DRILL_IN) {
        return parser_fail(parser, pos, "<...> is for packets that are expected ('>') only");
    }
    return parse_tunnel(parser, &tcp->tunnel);
}
