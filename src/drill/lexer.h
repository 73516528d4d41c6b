/*
 * lexer.h - the words of a script, and of the assertions in its code blocks.
 *
 * A token points into the text. The language has no reserved words; what a word means depends on
 * where it stands, so the parser compares spellings. Where a thing is not made of tokens (flags
 * such as `S.EW`, option names such as `exp-FO`, comments in parentheses), the parser goes back to
 * a token's first byte (lexer_back) and takes characters.
 */
#ifndef DRILL_LEXER_H
#define DRILL_LEXER_H

#include "drill/script.h"

enum lex_kind {
    LEX_END,
    LEX_BAD, /* bytes that no token begins with, or an unfinished one: lexer.problem says which */
    LEX_NUMBER,   /* 12, 0x1f; `number` */
    LEX_DECIMAL,  /* 1.5, .5 */
    LEX_WORD,     /* letters, digits and _; may begin with a digit */
    LEX_STRING,   /* "..." (in code '...' as well); text without the quotes, escapes as written */
    LEX_SHELL,    /* `...`; text without the quotes */
    LEX_CODE,     /* %{...}%; text without the brackets */
    LEX_SETTING,  /* --name; text without the dashes */
    LEX_ELLIPSIS, /* ... */
    LEX_NEWLINE,  /* in code only */
    LEX_PUNCT     /* one other character; in code also == <= += and the like */
};

struct lex_token {
    enum lex_kind kind;
    struct drill_pos pos;
    size_t at; /* offset of its first byte, of the quote if there is one */
    const char *text;
    size_t size;
    uint64_t number;
    bool first; /* nothing but space stands before it on its line */
    bool glued; /* nothing at all stands between it and the token before */
};

struct lexer {
    const char *text;
    size_t size;
    size_t at;
    size_t line_start;
    uint32_t line;
    bool code;           /* the rules of code blocks */
    const char *problem; /* of the last LEX_BAD */
};

void lexer_init(struct lexer *lexer, const char *text, size_t size);
struct lex_token lexer_next(struct lexer *lexer);
void lexer_back(struct lexer *lexer, const struct lex_token *token);
struct drill_pos lexer_pos(const struct lexer *lexer);
int lexer_peek(const struct lexer *lexer, size_t ahead);          /* a byte, or -1 */
bool lex_is(const struct lex_token *token, const char *spelling); /* a word or punctuation */

static inline bool lex_is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static inline bool lex_is_word(int c)
{
    return lex_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

int lex_hex_digit(int c); /* 0..15, or -1 */

#endif
