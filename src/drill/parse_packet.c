/*
 * parse_packet.c - packets up to their kind: direction, IP header, ports, and what weir will never
 * do.
 *
 *   < (4) [ect0] 1000 > 8080 S. 0:0(0) ack 1 win 1000 <mss 1000>      parse_tcp.c
 *   < icmp unreachable frag_needed mtu 1200 [1:1001(1000)]            parse_icmp.c
 *   < udp (12)
 */
#include "drill/parser.h"

#include <string.h>

#define LOOK_AHEAD 64 /* tokens */

/* ---- IP header: [ect0], (tos 0x10), (ttl 64), (flowlabel 0x1, hlim 1) ... -------------------- */
struct tos_name {
    const char *name;
    uint8_t value;
};

static const struct tos_name ecn_names[] = {
    {"noecn", 0}, {"ect0", 2}, {"ect1", 1}, {"ce", 3}, {"ect01", 2},
};

/* RFC 2474, 2597, 3246, 5865, 8622 */
static const struct tos_name dscp_names[] = {
    {"cs0", 0},   {"cs1", 8},   {"cs2", 16},  {"cs3", 24},  {"cs4", 32},   {"cs5", 40},
    {"cs6", 48},  {"cs7", 56},  {"af11", 10}, {"af12", 12}, {"af13", 14},  {"af21", 18},
    {"af22", 20}, {"af23", 22}, {"af31", 26}, {"af32", 28}, {"af33", 30},  {"af41", 34},
    {"af42", 36}, {"af43", 38}, {"ef", 46},   {"le", 1},    {"voice", 44}, /* voice-admit */
};

static const struct tos_name *find_tos(const struct parser *parser, const struct tos_name *names,
                                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (parser_is(parser, names[i].name)) {
            return &names[i];
        }
    }
    return NULL;
}

static bool set_tos(struct parser *parser, struct drill_ip *ip, uint8_t value, uint8_t mask)
{
    if ((ip->tos_mask & mask) != 0) {
        return parser_fail(parser, parser->token.pos,
                           "these bits of the IP header are given twice");
    }
    ip->tos_mask |= mask;
    ip->tos |= value;
    return true;
}

static bool parse_ecn(struct parser *parser, struct drill_ip *ip)
{
    const struct tos_name *name = find_tos(parser, ecn_names, ARRAY_SIZE(ecn_names));

    if (name == NULL) {
        return parser_expected(parser, "noecn, ect0, ect1, ect01 or ce");
    }
    ip->any_ect = strcmp(name->name, "ect01") == 0;
    parser_next(parser);
    return set_tos(parser, ip, name->value, 0x03);
}

static bool parse_dscp(struct parser *parser, struct drill_ip *ip)
{
    const struct tos_name *name = find_tos(parser, dscp_names, ARRAY_SIZE(dscp_names));
    uint64_t value = 0;

    if (name == NULL) {
        return parser_number(parser, "a DSCP", 63, &value) &&
               set_tos(parser, ip, (uint8_t)(value << 2), 0xfc);
    }
    parser_next(parser);
    if (strcmp(name->name, "voice") == 0 &&
        (!parser_expect(parser, "-") || !parser_expect(parser, "admit"))) {
        return false;
    }
    return set_tos(parser, ip, (uint8_t)(name->value << 2), 0xfc);
}

static bool parse_ip_item(struct parser *parser, struct drill_ip *ip)
{
    uint64_t value = 0;

    if (parser_accept(parser, "tos") || parser_accept(parser, "class")) {
        return parser_number(parser, "a TOS or class", UINT8_MAX, &value) &&
               set_tos(parser, ip, (uint8_t)value, 0xff);
    }
    if (parser_accept(parser, "ttl") || parser_accept(parser, "hlim")) {
        ip->ttl_said = parser_number(parser, "a TTL", UINT8_MAX, &value);
        ip->ttl = (uint8_t)value;
        return ip->ttl_said;
    }
    if (parser_accept(parser, "flowlabel")) {
        ip->flow_label_said = parser_number(parser, "a flow label", 0xfffff, &value);
        ip->flow_label = (uint32_t)value;
        return ip->flow_label_said;
    }
    if (parser_accept(parser, "dscp")) {
        return parse_dscp(parser, ip);
    }
    parser_accept(parser, "ecn");
    return parse_ecn(parser, ip);
}

static bool parse_ip(struct parser *parser, struct drill_ip *ip, const char *close)
{
    do {
        if (!parse_ip_item(parser, ip)) {
            return false;
        }
    } while (parser_accept(parser, ","));
    return parser_expect(parser, close);
}

/*
 * (descriptor): the packet belongs to the connection of that descriptor; else the token stays at
 * hand.
 */
static bool parse_socket(struct parser *parser, struct drill_packet *packet)
{
    struct lexer ahead = parser->lexer;
    struct lex_token next = lexer_next(&ahead);
    uint64_t value = 0;

    if (!parser_is(parser, "(") || next.kind != LEX_NUMBER) {
        return true;
    }
    parser_next(parser);
    packet->socket_said = true;
    bool good = parser_number(parser, "a descriptor", INT32_MAX, &value);
    packet->socket = (int)value;
    return good && parser_expect(parser, ")");
}

/*
 * The IP header's fields in brackets; in old scripts also the packet that an ICMP message quotes.
 */
static bool parse_brackets(struct parser *parser, struct drill_packet *packet)
{
    struct drill_pos pos = parser->token.pos;

    if (parser_accept(parser, "(")) {
        return parse_ip(parser, &packet->ip, ")");
    }
    if (!parser_accept(parser, "[")) {
        return true;
    }
    if (parser->token.kind != LEX_NUMBER) {
        return parse_ip(parser, &packet->ip, "]");
    }
    if (!parse_quote(parser, &packet->icmp)) {
        return false;
    }
    return parser_is(parser, "icmp") ||
           parser_fail(parser, pos, "a quoted packet belongs to an ICMP message");
}

/* source > destination, if a number is there. */
static bool parse_ports(struct parser *parser, struct drill_ports *ports)
{
    uint64_t src = 0;
    uint64_t dst = 0;

    if (parser->token.kind != LEX_NUMBER) {
        return true;
    }
    if (!parser_number(parser, "a port", UINT16_MAX, &src) || !parser_expect(parser, ">") ||
        !parser_number(parser, "a port", UINT16_MAX, &dst)) {
        return false;
    }
    *ports = (struct drill_ports){.said = true, .src = (uint16_t)src, .dst = (uint16_t)dst};
    return true;
}

/* udp (length), with the ports before the parenthesis; `udp` is taken. */
static bool parse_udp(struct parser *parser, struct drill_packet *packet)
{
    uint64_t length = 0;

    packet->kind = DRILL_PACKET_UDP;
    if (!parse_ports(parser, &packet->ports) || !parser_expect(parser, "(") ||
        !parser_number(parser, "a UDP payload", UINT16_MAX, &length)) {
        return false;
    }
    packet->udp_length = (uint16_t)length;
    return parser_expect(parser, ")");
}

/* ---- what weir will not do ------------------------------------------------------------------- */
static const struct {
    const char *word;
    const char *name;
} unsupported[] = {
    {"gre", "GRE"},       {"GREv0", "GRE"},     {"mpls", "MPLS"}, {"encap", "PSP"},
    {"ipv4", "IP in IP"}, {"ipv6", "IP in IP"}, {"sctp", "SCTP"}, {"udplite", "UDP-Lite"},
};

/* A token that may begin the next event. */
static bool begins_event(const struct lex_token *token)
{
    return token->first &&
           (token->kind == LEX_NUMBER || token->kind == LEX_DECIMAL || token->kind == LEX_SHELL ||
            lex_is(token, "+") || lex_is(token, "*") || lex_is(token, "#"));
}

/* How a token changes the depth of brackets. */
static int depth_change(const struct lex_token *token)
{
    if (lex_is(token, "(") || lex_is(token, "[") || lex_is(token, "{")) {
        return 1;
    }
    return lex_is(token, ")") || lex_is(token, "]") || lex_is(token, "}") ? -1 : 0;
}

/*
 * Reads ahead to the end of the packet: the name of the first thing in it that is not supported, or
 * NULL. Such a word comes early; without one, the reading ahead is not for long.
 */
static const char *find_unsupported(struct lexer *lexer, struct lex_token *token)
{
    const char *name = NULL;
    int depth = 0;

    for (int count = 0; count < LOOK_AHEAD || name != NULL; count++) {
        bool last = token->kind == LEX_END || token->kind == LEX_BAD;

        if (last || (depth <= 0 && begins_event(token))) {
            break;
        }
        for (size_t i = 0; i < ARRAY_SIZE(unsupported) && name == NULL; i++) {
            name = lex_is(token, unsupported[i].word) ? unsupported[i].name : NULL;
        }
        depth += depth_change(token);
        *token = lexer_next(lexer);
    }
    return name;
}

/* Does the packet at hand hold such a thing? Then it is taken, as text. */
static bool skip_unsupported(struct parser *parser, struct drill_event *event)
{
    struct lexer lexer = parser->lexer;
    struct lex_token token = parser->token;
    const char *start = token.text;
    const char *name = find_unsupported(&lexer, &token);

    if (name == NULL) {
        return false;
    }
    size_t size = (size_t)(lexer.text + token.at - start);
    while (size != 0 && (unsigned char)start[size - 1] <= ' ') {
        size--;
    }
    event->kind = DRILL_EVENT_UNSUPPORTED;
    event->unsupported = name;
    parser->lexer = lexer;
    parser->token = token;
    return parser_text(parser, &event->text, start, size);
}

/* ---- the packet ------------------------------------------------------------------------------ */
static bool parse_kind(struct parser *parser, struct drill_packet *packet)
{
    if (!parse_socket(parser, packet) || !parse_brackets(parser, packet)) {
        return false;
    }
    if (parser_accept(parser, "icmp")) {
        packet->kind = DRILL_PACKET_ICMP;
        return parse_icmp(parser, &packet->icmp);
    }
    if (parser_accept(parser, "udp")) {
        return parse_udp(parser, packet);
    }
    return parse_ports(parser, &packet->ports) && parse_tcp(parser, packet);
}

bool parse_packet(struct parser *parser, struct drill_event *event)
{
    struct drill_packet *packet = parser_get(parser, sizeof(*packet));
    struct drill_pos pos = parser->token.pos;

    if (packet == NULL) {
        return false;
    }
    if (skip_unsupported(parser, event)) {
        return true;
    }
    packet->direction = parser_is(parser, "<") ? DRILL_IN : DRILL_OUT;
    packet->tcp.ace = -1;
    parser_next(parser);
    if (!parse_kind(parser, packet)) {
        return false;
    }
    if (packet->direction == DRILL_IN && packet->ip.any_ect) {
        return parser_fail(parser, pos, "[ect01] is for packets that are expected ('>') only");
    }
    event->kind = DRILL_EVENT_PACKET;
    event->packet = packet;
    return parser->status == DRILL_OK;
}
