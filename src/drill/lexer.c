/* lexer.c - space and comments, then one token; each kind has its function. */
#include "drill/lexer.h"

#include <string.h>

void lexer_init(struct lexer *lexer, const char *text, size_t size)
{
    *lexer = (struct lexer){.text = text, .size = size, .line = 1};
}

int lexer_peek(const struct lexer *lexer, size_t ahead)
{
    return ahead < lexer->size - lexer->at ? (unsigned char)lexer->text[lexer->at + ahead] : -1;
}

struct drill_pos lexer_pos(const struct lexer *lexer)
{
    return (struct drill_pos){.line = lexer->line,
                              .column = (uint32_t)(lexer->at - lexer->line_start + 1)};
}

void lexer_back(struct lexer *lexer, const struct lex_token *token)
{
    lexer->at = token->at;
    lexer->line = token->pos.line;
    lexer->line_start = token->at - (token->pos.column - 1);
}

bool lex_is(const struct lex_token *token, const char *spelling)
{
    return (token->kind == LEX_WORD || token->kind == LEX_PUNCT || token->kind == LEX_NUMBER) &&
           strlen(spelling) == token->size && memcmp(token->text, spelling, token->size) == 0;
}

int lex_hex_digit(int c)
{
    if (lex_is_digit(c)) {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Takes `count` bytes. */
static void step(struct lexer *lexer, size_t count)
{
    for (; count != 0 && lexer->at < lexer->size; count--) {
        if (lexer->text[lexer->at++] == '\n') {
            lexer->line++;
            lexer->line_start = lexer->at;
        }
    }
}

static void to_line_end(struct lexer *lexer)
{
    while (lexer_peek(lexer, 0) != -1 && lexer_peek(lexer, 0) != '\n') {
        lexer->at++;
    }
}

/* Takes a comment that begins with slash and star. False, with nothing taken: it does not end. */
static bool skip_long_comment(struct lexer *lexer)
{
    const char *body = lexer->text + lexer->at + 2;
    const char *end = memmem(body, lexer->size - lexer->at - 2, "*/", 2);

    if (end == NULL) {
        lexer->problem = "this comment has no end";
        return false;
    }
    step(lexer, (size_t)(end - body) + 4);
    return true;
}

/* The size of a backslash and the end of the line after it, or 0. */
static size_t continuation(const struct lexer *lexer)
{
    if (lexer_peek(lexer, 0) != '\\') {
        return 0;
    }
    if (lexer_peek(lexer, 1) == '\n') {
        return 2;
    }
    return lexer_peek(lexer, 1) == '\r' && lexer_peek(lexer, 2) == '\n' ? 3 : 0;
}

static bool skip_space(struct lexer *lexer)
{
    for (;;) {
        int c = lexer_peek(lexer, 0);
        int next = c == -1 ? -1 : lexer_peek(lexer, 1);

        if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || (c == '\n' && !lexer->code)) {
            step(lexer, 1);
        } else if (continuation(lexer) != 0) {
            step(lexer, continuation(lexer));
        } else if (lexer->code ? c == '#' : c == '/' && next == '/') {
            to_line_end(lexer);
        } else if (!lexer->code && c == '/' && next == '*') {
            if (!skip_long_comment(lexer)) {
                return false;
            }
        } else {
            return true;
        }
    }
}

static bool only_space_before(const struct lexer *lexer)
{
    size_t at = lexer->at;

    while (at > lexer->line_start && strchr(" \t\r\f", lexer->text[at - 1]) != NULL &&
           lexer->text[at - 1] != '\0') {
        at--;
    }
    return at == lexer->line_start;
}

static void bad(struct lexer *lexer, struct lex_token *token, const char *problem)
{
    token->kind = LEX_BAD;
    lexer->problem = problem;
}

/* Takes text up to `end`; a backslash takes the character after it along. */
static void quoted(struct lexer *lexer, struct lex_token *token, char end)
{
    size_t size = 1;
    int c;

    while ((c = lexer_peek(lexer, size)) != -1 && c != end && !(lexer->code && c == '\n')) {
        size += c == '\\' && lexer_peek(lexer, size + 1) != -1 ? 2 : 1;
    }
    if (c != end) {
        bad(lexer, token, end == '`' ? "this command has no end" : "this string has no end");
        return;
    }
    token->kind = end == '`' ? LEX_SHELL : LEX_STRING;
    token->text = lexer->text + lexer->at + 1;
    token->size = size - 1;
    step(lexer, size + 1);
}

static void code_block(struct lexer *lexer, struct lex_token *token)
{
    const char *body = lexer->text + lexer->at + 2;
    const char *end = memmem(body, lexer->size - lexer->at - 2, "}%", 2);

    if (end == NULL) {
        bad(lexer, token, "this code block has no end");
        return;
    }
    token->kind = LEX_CODE;
    token->text = body;
    token->size = (size_t)(end - body);
    step(lexer, token->size + 4);
}

/* The value of decimal or hexadecimal digits. False: it does not fit. */
static bool value(const char *text, size_t size, uint64_t *out)
{
    uint64_t base = size > 2 && text[1] == 'x' ? 16 : 10;
    uint64_t sum = 0;

    for (size_t i = base == 16 ? 2 : 0; i < size; i++) {
        uint64_t digit = (uint64_t)lex_hex_digit(text[i]);

        if (sum > (UINT64_MAX - digit) / base) {
            return false;
        }
        sum = sum * base + digit;
    }
    *out = sum;
    return true;
}

/* Digits only, or 0x and hexadecimal digits only? */
static bool is_number(const char *text, size_t size)
{
    bool hex = size > 2 && text[0] == '0' && text[1] == 'x';

    for (size_t i = hex ? 2 : 0; i < size; i++) {
        if (hex ? lex_hex_digit(text[i]) < 0 : !lex_is_digit(text[i])) {
            return false;
        }
    }
    return true;
}

/* Letters and digits: a word or a number, or with a point in the right place, a decimal. */
static void word(struct lexer *lexer, struct lex_token *token)
{
    size_t size = 0;

    while (lex_is_word(lexer_peek(lexer, size))) {
        size++;
    }
    token->kind = is_number(token->text, size) ? LEX_NUMBER : LEX_WORD;
    bool decimal = size == 0 || (token->kind == LEX_NUMBER && token->text[size - 1] != 'x');
    if (decimal && lexer_peek(lexer, size) == '.' && lex_is_digit(lexer_peek(lexer, size + 1))) {
        token->kind = LEX_DECIMAL;
        for (size++; lex_is_digit(lexer_peek(lexer, size));) {
            size++;
        }
    }
    token->size = size;
    lexer->at += size;
    if (token->kind == LEX_NUMBER && !value(token->text, size, &token->number)) {
        token->number = UINT64_MAX; /* too large for any use but as digits of a cookie */
    }
}

static void setting(struct lexer *lexer, struct lex_token *token)
{
    size_t size = 2;

    while (lex_is_word(lexer_peek(lexer, size))) {
        size++;
    }
    token->kind = LEX_SETTING;
    token->text += 2;
    token->size = size - 2;
    lexer->at += size;
}

static void punctuation(struct lexer *lexer, struct lex_token *token)
{
    static const char pairs[] = "== != <= >= << >> // ** += -= *= ";
    char both[] = {token->text[0], (char)lexer_peek(lexer, 1), ' ', '\0'};
    const char *found = lexer->code && lexer_peek(lexer, 1) > ' ' ? strstr(pairs, both) : NULL;

    token->kind = LEX_PUNCT;
    token->size = found != NULL && (found - pairs) % 3 == 0 ? 2 : 1;
    step(lexer, token->size);
}

static bool begins_decimal(const struct lexer *lexer)
{
    return lexer_peek(lexer, 0) == '.' && lex_is_digit(lexer_peek(lexer, 1));
}

static void token_of(struct lexer *lexer, struct lex_token *token)
{
    int c = lexer_peek(lexer, 0);
    int next = lexer_peek(lexer, 1);

    if (lex_is_word(c) || begins_decimal(lexer)) {
        word(lexer, token);
    } else if (c == '.' && next == '.' && lexer_peek(lexer, 2) == '.') {
        token->kind = LEX_ELLIPSIS;
        token->size = 3;
        lexer->at += 3;
    } else if (c == '"' || (c == '\'' && lexer->code) || (c == '`' && !lexer->code)) {
        quoted(lexer, token, (char)c);
    } else if (c == '%' && next == '{' && !lexer->code) {
        code_block(lexer, token);
    } else if (c == '-' && next == '-' && lex_is_word(lexer_peek(lexer, 2)) && !lexer->code) {
        setting(lexer, token);
    } else if (c == '\n') {
        token->kind = LEX_NEWLINE;
        token->size = 1;
        step(lexer, 1);
    } else if (c > ' ' && c < 0x7f) {
        punctuation(lexer, token);
    } else {
        bad(lexer, token, "this byte cannot stand here");
    }
}

struct lex_token lexer_next(struct lexer *lexer)
{
    size_t before = lexer->at;
    bool ended = skip_space(lexer);
    struct lex_token token = {.at = lexer->at,
                              .pos = lexer_pos(lexer),
                              .text = lexer->text + lexer->at,
                              .first = only_space_before(lexer),
                              .glued = lexer->at == before && before != 0};

    if (!ended) {
        token.kind = LEX_BAD;
    } else if (lexer->at == lexer->size) {
        token.kind = LEX_END;
    } else {
        token_of(lexer, &token);
    }
    return token;
}
