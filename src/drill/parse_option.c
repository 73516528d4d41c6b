/*
 * parse_option.c - TCP options between < and >, in the spellings of both dialects.
 *
 *   mss 1460  wscale 7  sackOK  sack 1:2 3:4  TS val 1 ecr 2  nop  eol
 *   md5 HEX  md5 valid  md5 invalid                      RFC 2385
 *   ao KEYID RNEXTKEYID valid  ao 1 2 invalid            RFC 5925
 *   FO HEX  FOEXP HEX  exp-FO HEX                        RFC 7413 and its experimental kind
 *   ECN e0b 1 ceb 0 e1b 1  AccECN0 ee0b 1 eceb 0 ee1b 1  RFC 9768
 *   exp-tarr 4  gen-KIND HEX  exp-gen-ID HEX             anything else, by number
 *   <...>  any options at all        <0204ffff>  these very bytes
 */
#include "drill/parser.h"

#include <string.h>

#define OPTIONS_SIZE_MAX 40 /* RFC 9293 3.1: the data offset leaves no more */

struct option_name;
typedef bool parse_fn(struct parser *parser, const struct option_name *name,
                      struct drill_option *option);

struct option_name {
    const char *name;
    enum drill_option_kind kind;
    bool experimental;
    uint8_t size; /* on the wire, without what varies */
    parse_fn *parse;
};

/* ---- what stands behind the names ------------------------------------------------------------ */
static bool nothing(struct parser *parser, const struct option_name *name,
                    struct drill_option *option)
{
    (void)parser;
    (void)name;
    (void)option;
    return true;
}

/* A name instead of a value: the caller of the script defines it. */
static bool symbol(struct parser *parser, struct drill_option *option)
{
    if (lex_is_digit(parser->token.text[0])) {
        return parser_expected(parser, "a number");
    }
    option->symbol = parser_token_text(parser);
    return option->symbol != NULL;
}

static bool number(struct parser *parser, const struct option_name *name,
                   struct drill_option *option)
{
    uint64_t limit = name->kind == DRILL_OPTION_MSS ? UINT16_MAX : UINT8_MAX;
    uint64_t value = 0;

    if (name->kind == DRILL_OPTION_TARR && parser->token.kind != LEX_NUMBER) {
        return true;
    }
    if (parser->token.kind == LEX_WORD) {
        return symbol(parser, option);
    }
    option->number_said = true;
    bool good = parser_number(parser, name->kind == DRILL_OPTION_MSS ? "an MSS" : "a number", limit,
                              &value);
    option->number = (uint32_t)value;
    return good;
}

static bool sack(struct parser *parser, const struct option_name *name, struct drill_option *option)
{
    uint64_t left = 0;
    uint64_t right = 0;

    (void)name;
    do {
        if (option->count == DRILL_SACK_MAX) {
            return parser_fail(parser, parser->token.pos, "there is room for %d SACK blocks",
                               DRILL_SACK_MAX);
        }
        if (!parser_number(parser, "a SACK block", UINT32_MAX, &left) ||
            !parser_expect(parser, ":") ||
            !parser_number(parser, "a sequence number", UINT32_MAX, &right)) {
            return false;
        }
        option->blocks[option->count++] =
            (struct drill_sack_block){(uint32_t)left, (uint32_t)right};
    } while (parser->token.kind == LEX_NUMBER);
    return true;
}

static bool stamp(struct parser *parser, struct drill_stamp *out)
{
    uint64_t value = 0;

    if (parser->token.kind == LEX_ELLIPSIS || parser_is(parser, "*")) {
        out->any = true;
        parser_next(parser);
        return true;
    }
    if (parser->token.kind == LEX_WORD) {
        out->name = parser_token_text(parser);
        return out->name != NULL;
    }
    if (!parser_number(parser, "a timestamp", UINT32_MAX, &value)) {
        return false;
    }
    out->value = (uint32_t)value;
    out->absolute = parser_accept(parser, "!");
    return true;
}

static bool stamps(struct parser *parser, const struct option_name *name,
                   struct drill_option *option)
{
    (void)name;
    return parser_expect(parser, "val") && stamp(parser, &option->val) &&
           parser_expect(parser, "ecr") && stamp(parser, &option->ecr);
}

static bool is_hex(const struct lex_token *token)
{
    for (size_t i = 0; i < token->size; i++) {
        if (lex_hex_digit(token->text[i]) < 0) {
            return false;
        }
    }
    return token->kind == LEX_WORD || token->kind == LEX_NUMBER;
}

/* Hexadecimal digits or a symbol, if there is either. */
static bool bytes(struct parser *parser, const struct option_name *name,
                  struct drill_option *option)
{
    struct lex_token token = parser->token;

    (void)name;
    if (token.kind != LEX_WORD && token.kind != LEX_NUMBER) {
        option->data.data = "";
        return true;
    }
    if (!is_hex(&token) && !lex_is_digit(token.text[0])) {
        option->data.data = "";
        return symbol(parser, option);
    }
    parser_next(parser);
    return parser_hex(parser, &token, &option->data);
}

static bool signature(struct parser *parser, struct drill_option *option)
{
    if (parser_accept(parser, "valid")) {
        option->signature = DRILL_SIGNATURE_VALID;
    } else if (parser_accept(parser, "invalid")) {
        option->signature = DRILL_SIGNATURE_INVALID;
    }
    return option->signature != DRILL_SIGNATURE_BYTES;
}

static bool ao(struct parser *parser, const struct option_name *name, struct drill_option *option)
{
    uint64_t ids[2] = {0, 0};

    (void)name;
    if (!parser_number(parser, "a KeyID", UINT8_MAX, &ids[0]) ||
        !parser_number(parser, "an RNextKeyID", UINT8_MAX, &ids[1])) {
        return false;
    }
    option->key_id = (uint8_t)ids[0];
    option->next_key_id = (uint8_t)ids[1];
    return signature(parser, option) || parser_expected(parser, "'valid' or 'invalid'");
}

static bool digest(struct parser *parser, const struct option_name *name,
                   struct drill_option *option)
{
    if (signature(parser, option)) {
        return true;
    }
    if (parser->token.kind != LEX_WORD && parser->token.kind != LEX_NUMBER) {
        return parser_expected(parser, "an MD5 digest or 'valid'");
    }
    return bytes(parser, name, option);
}

/* Counters in their fixed order; each with the name in one of the dialects. */
static bool counters(struct parser *parser, const struct option_name *name,
                     struct drill_option *option)
{
    static const char *const order[2][3] = {{"e0b", "ceb", "e1b"}, {"e1b", "ceb", "e0b"}};
    static const char *const other[2][3] = {{"ee0b", "eceb", "ee1b"}, {"ee1b", "eceb", "ee0b"}};
    int first = name->kind == DRILL_OPTION_ACCECN1;
    uint64_t value = 0;

    for (size_t i = 0; i < 3; i++) {
        if (!parser_accept(parser, order[first][i]) && !parser_accept(parser, other[first][i])) {
            break;
        }
        if (!parser_number(parser, "an AccECN counter", 0xffffff, &value)) {
            return false;
        }
        option->counters[option->count++] = (uint32_t)value;
    }
    return true;
}

/* ECN: which counter comes first tells the kind. */
static bool accecn(struct parser *parser, const struct option_name *name,
                   struct drill_option *option)
{
    struct option_name exact = *name;

    if (!parser_is(parser, "e0b") && !parser_is(parser, "e1b")) {
        return parser_expected(parser, "e0b or e1b");
    }
    exact.kind = parser_is(parser, "e1b") ? DRILL_OPTION_ACCECN1 : DRILL_OPTION_ACCECN0;
    option->kind = exact.kind;
    return counters(parser, &exact, option);
}

/* gen-KIND and exp-gen-ID: the number is the end of the name. */
static const struct option_name by_number[] = {
    {"gen-", DRILL_OPTION_OTHER, false, 2, bytes},
    {"exp-gen-", DRILL_OPTION_OTHER, true, 4, bytes},
};

static const struct option_name names[] = {
    {"nop", DRILL_OPTION_NOP, false, 1, nothing},
    {"eol", DRILL_OPTION_EOL, false, 1, nothing},
    {"mss", DRILL_OPTION_MSS, false, 4, number},
    {"wscale", DRILL_OPTION_WSCALE, false, 3, number},
    {"sackOK", DRILL_OPTION_SACK_OK, false, 2, nothing},
    {"sack", DRILL_OPTION_SACK, false, 2, sack},
    {"TS", DRILL_OPTION_TS, false, 10, stamps},
    {"md5", DRILL_OPTION_MD5, false, 2, digest},
    {"ao", DRILL_OPTION_AO, false, 16, ao},
    {"FO", DRILL_OPTION_FAST_OPEN, false, 2, bytes},
    {"FOEXP", DRILL_OPTION_FAST_OPEN, true, 4, bytes},
    {"exp-FO", DRILL_OPTION_FAST_OPEN, true, 4, bytes},
    {"EXP-FO", DRILL_OPTION_FAST_OPEN, true, 4, bytes},
    {"ECN", DRILL_OPTION_ACCECN0, false, 2, accecn},
    {"AccECN0", DRILL_OPTION_ACCECN0, false, 2, counters},
    {"AccECN1", DRILL_OPTION_ACCECN1, false, 2, counters},
    {"exp-AccECN0", DRILL_OPTION_ACCECN0, true, 4, counters},
    {"exp-AccECN1", DRILL_OPTION_ACCECN1, true, 4, counters},
    {"exp-tarr", DRILL_OPTION_TARR, true, 4, number},
};

/* ---- one option ------------------------------------------------------------------------------ */

/* The name at hand as characters, since it may have dashes. */
static struct lex_token option_name(struct parser *parser)
{
    struct lex_token token = parser->token;
    struct lexer *lexer = &parser->lexer;

    parser_back(parser);
    token.size = 0;
    for (int c; lex_is_word(c = lexer_peek(lexer, 0)) || c == '-'; lexer->at++) {
        token.size++;
    }
    parser_next(parser);
    return token;
}

/* The digits after gen- or exp-gen-; false: this is not such a name. */
static bool name_number(const struct lex_token *token, const char *prefix, uint32_t limit,
                        uint32_t *out)
{
    size_t i = strlen(prefix);
    uint32_t sum = 0;

    if (token->size <= i || memcmp(token->text, prefix, i) != 0) {
        return false;
    }
    for (; i < token->size; i++) {
        if (!lex_is_digit(token->text[i]) || sum > limit) {
            return false;
        }
        sum = sum * 10 + (uint32_t)(token->text[i] - '0');
    }
    *out = sum;
    return sum <= limit;
}

static const struct option_name *find_name(const struct lex_token *token, uint32_t *number_out)
{
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (strlen(names[i].name) == token->size &&
            memcmp(names[i].name, token->text, token->size) == 0) {
            return &names[i];
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(by_number); i++) {
        if (name_number(token, by_number[i].name,
                        by_number[i].experimental ? UINT16_MAX : UINT8_MAX, number_out)) {
            return &by_number[i];
        }
    }
    return NULL;
}

static size_t wire_size(const struct option_name *name, const struct drill_option *option)
{
    switch (option->kind) {
    case DRILL_OPTION_SACK: return name->size + 8 * option->count;
    case DRILL_OPTION_ACCECN0:
    case DRILL_OPTION_ACCECN1: return name->size + 3 * option->count;
    case DRILL_OPTION_TARR: return name->size + (option->number_said ? 1u : 0u);
    case DRILL_OPTION_MD5: return name->size + (option->signature ? 16u : option->data.size);
    default: return name->size + option->data.size;
    }
}

static bool parse_option(struct parser *parser, struct drill_tcp *tcp, struct drill_option ***end)
{
    struct drill_option *option = parser_get(parser, sizeof(*option));

    if (option == NULL) {
        return false;
    }
    if (parser->token.kind != LEX_WORD) {
        return parser_expected(parser, "a TCP option");
    }
    struct lex_token token = option_name(parser);
    const struct option_name *name = find_name(&token, &option->number);
    if (name == NULL) {
        return parser_fail(parser, token.pos, "'%.*s' is no TCP option that is known",
                           (int)(token.size < 24 ? token.size : 24), token.text);
    }
    option->pos = token.pos;
    option->kind = name->kind;
    option->experimental = name->experimental;
    if (!name->parse(parser, name, option)) {
        return false;
    }
    tcp->options_size += wire_size(name, option);
    if (tcp->options_size > OPTIONS_SIZE_MAX) {
        return parser_fail(parser, token.pos, "these options take more than %d bytes",
                           OPTIONS_SIZE_MAX);
    }
    **end = option;
    *end = &option->next;
    return true;
}

/* ---- the list -------------------------------------------------------------------------------- */

/* Nothing but hexadecimal digits up to the > : the bytes of all options. */
static bool is_raw(const struct parser *parser)
{
    struct lexer ahead = parser->lexer;
    struct lex_token next = lexer_next(&ahead);

    return is_hex(&parser->token) && lex_is(&next, ">");
}

static bool parse_raw(struct parser *parser, struct drill_tcp *tcp)
{
    struct lex_token token = parser->token;

    tcp->options_mode = DRILL_OPTIONS_RAW;
    if (token.size > (size_t)OPTIONS_SIZE_MAX * 2) {
        return parser_fail(parser, token.pos, "these options take more than %d bytes",
                           OPTIONS_SIZE_MAX);
    }
    parser_next(parser);
    return parser_hex(parser, &token, &tcp->raw) && parser_expect(parser, ">");
}

bool parse_options(struct parser *parser, struct drill_tcp *tcp)
{
    struct drill_option **end = &tcp->options;

    if (parser->token.kind == LEX_ELLIPSIS) {
        tcp->options_mode = DRILL_OPTIONS_ANY;
        parser_next(parser);
        return parser_expect(parser, ">");
    }
    if (is_raw(parser)) {
        return parse_raw(parser, tcp);
    }
    do {
        if (!parse_option(parser, tcp, &end)) {
            return false;
        }
    } while (parser_accept(parser, ","));
    return parser_is(parser, ">") ? parser_accept(parser, ">")
                                  : parser_expected(parser, "',' or '>'");
}
