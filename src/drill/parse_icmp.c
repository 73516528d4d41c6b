/*
 * parse_icmp.c - icmp TYPE [CODE] [mtu N] [id N] [QUOTE], where the quote is 1:2(1), udp(1) or
 * raw(1).
 */
#include "drill/parser.h"

static bool quoted_length(struct parser *parser, struct drill_icmp *icmp,
                          enum drill_quote_kind kind)
{
    uint64_t length = 0;

    icmp->quote = kind;
    if (!parser_expect(parser, "(") ||
        !parser_number(parser, "a payload length", UINT16_MAX, &length)) {
        return false;
    }
    icmp->seq.length = (uint32_t)length;
    return parser_expect(parser, ")");
}

bool parse_quote(struct parser *parser, struct drill_icmp *icmp)
{
    struct drill_pos pos = parser->token.pos;
    bool good;

    if (icmp->quote != DRILL_QUOTE_NONE) {
        return parser_fail(parser, pos, "this ICMP message quotes two packets");
    }
    if (parser_accept(parser, "udp")) {
        good = quoted_length(parser, icmp, DRILL_QUOTE_UDP);
    } else if (parser_accept(parser, "raw")) {
        good = quoted_length(parser, icmp, DRILL_QUOTE_RAW);
    } else {
        icmp->quote = DRILL_QUOTE_TCP;
        good = parse_seq(parser, &icmp->seq) && parse_tunnel(parser, &icmp->tunnel);
    }
    return good && parser_expect(parser, "]");
}

bool parse_icmp(struct parser *parser, struct drill_icmp *icmp)
{
    uint64_t value = 0;

    if (parser->token.kind != LEX_WORD) {
        return parser_expected(parser, "an ICMP type");
    }
    icmp->type = parser_token_text(parser);
    if (parser->token.kind == LEX_WORD && !parser_is(parser, "mtu") && !parser_is(parser, "id")) {
        icmp->code = parser_token_text(parser);
    }
    if (parser_accept(parser, "mtu")) {
        icmp->mtu_said = parser_number(parser, "an MTU", UINT32_MAX, &value);
        icmp->mtu = (uint32_t)value;
    }
    if (parser_accept(parser, "id")) {
        parser_number(parser, "an echo identifier", UINT16_MAX, &value);
        icmp->id = (uint16_t)value;
    }
    if (parser->status == DRILL_OK && parser_accept(parser, "[")) {
        return parse_quote(parser, icmp);
    }
    return parser->status == DRILL_OK;
}
