/*
 * address.c - what an address is, and address text: parsing (RFC 4291 2.2, strict) and formatting
 * (RFC 5952).
 *
 * Text is read with a cursor. Each read_* moves it over what it understood and says whether it did; a
 * parse is good when the cursor ends at the final 0.
 */
#include "base/address.h"

#include "base/bytes.h"
#include "base/compiler.h"

/* ---- Inside the core ------------------------------------------------------------------------- */

struct ip_addr ip_addr_from_v6(const uint8_t v6[16])
{
    struct ip_addr a;
    memcpy(a.b, v6, 16);
    return a;
}

struct ip_addr ip_addr_from_public(const struct weir_ip *ip)
{
    if (ip->family == 4) {
        return ip_addr_from_v4(ip->bytes);
    }
    if (ip->family == 6) {
        return ip_addr_from_v6(ip->bytes);
    }
    return (struct ip_addr){0};
}

void ip_addr_to_public(const struct ip_addr *a, struct weir_ip *ip)
{
    static const struct ip_addr none;
    *ip = (struct weir_ip){0};
    if (ip_addr_is_v4(a)) {
        ip->family = 4;
        memcpy(ip->bytes, a->b + 12, 4);
    } else if (!ip_addr_equal(a, &none)) {
        ip->family = 6;
        memcpy(ip->bytes, a->b, 16);
    }
}

bool ip_addr_is_unspecified(const struct ip_addr *a)
{
    bool top = load_be64(a->b) == 0 && load_be32(a->b + 12) == 0;
    return top && (load_be32(a->b + 8) == 0 || ip_addr_is_v4(a));
}

bool ip_addr_is_multicast(const struct ip_addr *a)
{
    return ip_addr_is_v4(a) ? a->b[12] >> 4 == 14 : a->b[0] == 0xff;
}

bool ip_addr_is_broadcast(const struct ip_addr *a)
{
    return ip_addr_is_v4(a) && load_be32(a->b + 12) == UINT32_MAX;
}

bool ip_addr_is_loopback(const struct ip_addr *a)
{
    if (ip_addr_is_v4(a)) {
        return a->b[12] == 127;
    }
    return load_be64(a->b) == 0 && load_be64(a->b + 8) == 1;
}

bool ip_addr_is_link_local(const struct ip_addr *a)
{
    if (ip_addr_is_v4(a)) {
        return a->b[12] == 169 && a->b[13] == 254;
    }
    return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

uint32_t ip_addr_common_prefix(const struct ip_addr *a, const struct ip_addr *b)
{
    uint64_t high = load_be64(a->b) ^ load_be64(b->b);
    if (high != 0) {
        return 63 - bit_highest(high);
    }
    uint64_t low = load_be64(a->b + 8) ^ load_be64(b->b + 8);
    return low != 0 ? 127 - bit_highest(low) : 128;
}

bool ip_addr_in_prefix(const struct ip_addr *a, const struct ip_addr *net, uint8_t prefix)
{
    bool v4 = ip_addr_is_v4(a);
    if (v4 != ip_addr_is_v4(net)) {
        return false;
    }
    return ip_addr_common_prefix(a, net) >= (v4 ? 96u : 0u) + prefix; /* no more than 128 agree */
}

/* ---- Text to address -------------------------------------------------------------------------- */

static bool read_char(const char **at, char c)
{
    if (**at != c) {
        return false;
    }
    (*at)++;
    return true;
}

/* 0..255 in decimal without leading zeros: "010" means 8 to some and 10 to others, so to us nothing. */
static bool read_octet(const char **at, uint8_t *octet)
{
    const char *p = *at;
    unsigned value = 0;
    while (*p >= '0' && *p <= '9' && p - *at < 3) {
        value = value * 10 + (unsigned)(*p++ - '0');
    }
    ptrdiff_t digits = p - *at;
    if (digits == 0 || value > 255 || (digits > 1 && **at == '0')) {
        return false;
    }
    *octet = (uint8_t)value;
    *at = p;
    return true;
}

static bool read_v4(const char **at, uint8_t v4[4])
{
    for (unsigned i = 0; i < 4; i++) {
        if ((i != 0 && !read_char(at, '.')) || !read_octet(at, &v4[i])) {
            return false;
        }
    }
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

static bool read_group(const char **at, uint8_t *group)
{
    unsigned value = 0, digits = 0;
    for (; digits < 4 && hex_digit(**at) >= 0; digits++, (*at)++) {
        value = value << 4 | (unsigned)hex_digit(**at);
    }
    store_be16(group, (uint16_t)value);
    return digits != 0;
}

/* Up to 16 bytes of groups and where the gap of "::" is in them; a dotted quad may be the last four. */
struct v6_parts {
    uint8_t bytes[16];
    size_t size;
    size_t gap; /* NO_GAP: none */
};
#define NO_GAP SIZE_MAX

/* One group, or the dotted quad that ends the address. */
static bool read_part(const char **at, struct v6_parts *parts)
{
    const char *start = *at;
    if (parts->size + 2 > 16 || !read_group(at, &parts->bytes[parts->size])) {
        return false;
    }
    parts->size += 2;
    if (**at != '.') {
        return true;
    }
    *at = start;
    if (parts->size + 2 > 16 || !read_v4(at, &parts->bytes[parts->size - 2])) {
        return false;
    }
    parts->size += 2;
    return **at == '\0';
}

static bool read_parts(const char **at, struct v6_parts *parts)
{
    *parts = (struct v6_parts){.gap = NO_GAP};
    if ((*at)[0] == ':' && (*at)[1] == ':') {
        *at += 2;
        parts->gap = 0;
    }
    if (**at == '\0') {
        return true; /* "::" itself; "" fails for want of a gap */
    }
    while (read_part(at, parts)) { /* at most eight times: then there is no room */
        if (**at == '\0') {
            return true;
        }
        if (!read_char(at, ':')) {
            return false;
        }
        if (**at != ':') {
            continue;
        }
        if (parts->gap != NO_GAP) {
            return false;
        }
        (*at)++;
        parts->gap = parts->size;
        if (**at == '\0') {
            return true;
        }
    }
    return false;
}

static bool parse_v6(const char *text, uint8_t v6[16])
{
    struct v6_parts parts;
    if (!read_parts(&text, &parts)) {
        return false;
    }
    if (parts.gap == NO_GAP) {
        memcpy(v6, parts.bytes, 16);
        return parts.size == 16;
    }
    size_t behind = parts.size - parts.gap;
    memset(v6, 0, 16);
    memcpy(v6, parts.bytes, parts.gap);
    memcpy(v6 + 16 - behind, parts.bytes + parts.gap, behind);
    return parts.size < 16; /* "::" stands for one group at least */
}

int weir_ip_parse(const char *text, struct weir_ip *ip)
{
    struct weir_ip parsed = {.family = 4};
    const char *at = text;
    if (!read_v4(&at, parsed.bytes) || *at != '\0') {
        parsed = (struct weir_ip){.family = 6};
        if (!parse_v6(text, parsed.bytes)) {
            return WEIR_EINVAL;
        }
    }
    *ip = parsed;
    return WEIR_OK;
}

/* ---- Address to text -------------------------------------------------------------------------- */

/* What does not fit is counted and not written; one byte is kept for the final 0. */
struct writer {
    char *text;
    size_t size, length;
};

static void write_char(struct writer *w, char c)
{
    if (w->length + 1 < w->size) {
        w->text[w->length] = c;
    }
    w->length++;
}

/* In base 10 or 16, without leading zeros. */
static void write_number(struct writer *w, unsigned value, unsigned base)
{
    unsigned power = 1;
    while (value / power >= base) {
        power *= base;
    }
    for (; power != 0; power /= base) {
        write_char(w, "0123456789abcdef"[value / power % base]);
    }
}

static void write_v4(struct writer *w, const uint8_t v4[4])
{
    for (unsigned i = 0; i < 4; i++) {
        if (i != 0) {
            write_char(w, '.');
        }
        write_number(w, v4[i], 10);
    }
}

struct gap {
    unsigned first, count; /* groups; count 0: none */
};

/* The longest run of two or more zero groups, the first one of equals (RFC 5952 4.2). */
static struct gap longest_gap(const uint8_t v6[16])
{
    struct gap best = {0}, run = {0};
    for (unsigned i = 0; i < 8; i++) {
        if (load_be16(v6 + 2 * (size_t)i) != 0) {
            run.count = 0;
            continue;
        }
        if (run.count++ == 0) {
            run.first = i;
        }
        if (run.count >= 2 && run.count > best.count) {
            best = run;
        }
    }
    return best;
}

static void write_v6(struct writer *w, const uint8_t v6[16])
{
    /* RFC 5952 5: mixed notation where a well-known prefix says that there is an IPv4 address. */
    struct ip_addr a = ip_addr_from_v6(v6);
    bool mixed = ip_addr_is_v4(&a);
    struct gap gap = longest_gap(v6);
    for (unsigned i = 0; i < (mixed ? 6 : 8); i++) {
        if (gap.count != 0 && i == gap.first) {
            write_char(w, ':');
            write_char(w, ':');
            i += gap.count - 1;
            continue;
        }
        if (i != 0 && (gap.count == 0 || i != gap.first + gap.count)) {
            write_char(w, ':');
        }
        write_number(w, load_be16(v6 + 2 * (size_t)i), 16);
    }
    if (mixed) {
        write_char(w, ':');
        write_v4(w, v6 + 12);
    }
}

size_t weir_ip_format(const struct weir_ip *ip, char *text, size_t size)
{
    struct writer w = {.text = text, .size = size};
    if (ip->family == 4) {
        write_v4(&w, ip->bytes);
    } else if (ip->family == 6) {
        write_v6(&w, ip->bytes);
    } else {
        write_char(&w, '*');
    }
    if (size != 0) {
        text[w.length < size ? w.length : size - 1] = '\0';
    }
    return w.length;
}

bool weir_ip_equal(const struct weir_ip *a, const struct weir_ip *b)
{
    if (a->family != b->family) {
        return false;
    }
    if (a->family == 4) {
        return memcmp(a->bytes, b->bytes, 4) == 0;
    }
    if (a->family == 6) {
        return a->scope == b->scope && memcmp(a->bytes, b->bytes, 16) == 0;
    }
    return true;
}
