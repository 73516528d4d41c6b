/*
 * run_auth.c - what `md5 valid` and `ao 1 2 valid` stand for: signatures of TCP-MD5 (RFC 2385) and TCP-AO (RFC 5925,
 * 5926), computed here and not with the stack's code, so that one checks the other. Only the digests and MACs
 * themselves come from outside (drill_options.mac). The peer's secrets are the script's settings
 * --tcp_md5_secret and --tcp_ao_secret; the program's are what setsockopt said.
 */
#include "drill/run_private.h"

#include "base/bytes.h"
#include "wire/ip4.h"

#define SIZE_AT 2
#define CHECKSUM_AT 16
#define AO_MAC_AT 4     /* kind, size, KeyID, RNextKeyID */
#define AES_KEY_SIZE 16 /* RFC 5926 3.1.1.2 */
#define PSEUDO_MAX 40

static size_t put_ip(uint8_t *p, const struct ip_addr *a)
{
    bool v4 = ip_addr_is_v4(a);

    memcpy(p, a->b + (v4 ? 12 : 0), v4 ? 4 : 16);
    return v4 ? 4 : 16;
}

static size_t put_pseudo(uint8_t *p, const struct run_signed *s)
{
    size_t n = put_ip(p, s->src), size = s->header_size + s->payload_size;

    n += put_ip(p + n, s->dst);
    if (n == 8) {
        store_be32(p + n, (uint32_t)(IP_PROTOCOL_TCP << 16 | size));
        return n + 4;
    }
    store_be32(p + n, (uint32_t)size);
    store_be32(p + n + 4, IP_PROTOCOL_TCP);
    return n + 8;
}

static struct weir_slice secret(const struct run *run, const char *setting)
{
    const char *text = drill_script_setting(run->script, setting);

    return (struct weir_slice){text, text ? (uint32_t)strlen(text) : 0};
}

/* ---- RFC 2385 2.0 ---------------------------------------------------------------------------------------- */

static bool md5(const struct run *run, const struct run_signed *s, const uint8_t *header,
                uint8_t *out)
{
    const struct weir_mac_ops *mac = run->options->mac;
    uint8_t pseudo[PSEUDO_MAX];
    struct weir_slice parts[4] = {
        {pseudo, (uint32_t)put_pseudo(pseudo, s)},
        {header, TCP_HEADER_SIZE},
        {s->tcp + s->header_size, s->payload_size},
        secret(run, "tcp_md5_secret"),
    };

    return mac->compute(mac->ctx, WEIR_MAC_MD5, NULL, 0, parts, 4, out);
}

/* ---- RFC 5925 5.1 and 5.2, RFC 5926 3.1 ------------------------------------------------------------------ */

/* The key of this direction of this connection. A SYN does not know the peer's number. */
static bool traffic_key(const struct run *run, const struct run_signed *s, enum weir_mac kind,
                        uint32_t size, uint8_t *out)
{
    static const uint8_t label[] = {1, 'T', 'C', 'P', '-', 'A', 'O'}, zero[AES_KEY_SIZE];
    const struct weir_mac_ops *mac = run->options->mac;
    struct weir_slice master = secret(run, "tcp_ao_secret"), parts[3];
    uint8_t context[PSEUDO_MAX + 12], bits[2], master_key[WEIR_MAC_MAX];
    size_t n = put_ip(context, s->src);

    n += put_ip(context + n, s->dst);
    memcpy(context + n, s->tcp, 4); /* the ports */
    store_be32(context + n + 4, s->src_isn);
    store_be32(context + n + 8, s->first ? 0 : s->dst_isn);
    store_be16(bits, (uint16_t)(size * 8));
    parts[0] = (struct weir_slice){label, sizeof(label)};
    parts[1] = (struct weir_slice){context, (uint32_t)n + 12};
    parts[2] = (struct weir_slice){bits, sizeof(bits)};
    if (kind == WEIR_MAC_AES_128_CMAC && master.size != AES_KEY_SIZE) {
        if (!mac->compute(mac->ctx, kind, zero, sizeof(zero), &master, 1, master_key)) {
            return false;
        }
        master = (struct weir_slice){master_key, AES_KEY_SIZE};
    }
    return mac->compute(mac->ctx, kind, master.data, master.size, parts, 3, out);
}

static bool ao(const struct run *run, const struct run_signed *s, const uint8_t *header,
               uint8_t *out)
{
    const struct weir_mac_ops *mac = run->options->mac;
    const char *name = drill_script_setting(run->script, "tcp_ao_mac");
    bool aes = name && strcmp(name, "aes") == 0;
    enum weir_mac kind = aes ? WEIR_MAC_AES_128_CMAC : WEIR_MAC_HMAC_SHA1;
    uint32_t size = aes ? AES_KEY_SIZE : WEIR_MAC_MAX;
    uint8_t extension[4] = {0}, pseudo[PSEUDO_MAX], key[WEIR_MAC_MAX];
    struct weir_slice parts[4] = {
        {extension, sizeof(extension)}, /* of the sequence number: no script has sent 4 GB */
        {pseudo, (uint32_t)put_pseudo(pseudo, s)},
        {header, s->header_size},
        {s->tcp + s->header_size, s->payload_size},
    };

    return traffic_key(run, s, kind, size, key) &&
           mac->compute(mac->ctx, kind, key, size, parts, 4, out);
}

/* ---- Finding the place ----------------------------------------------------------------------------------- */

/* Offset of the signature in the header; 0: there is none. */
static size_t find(const struct run_signed *s, uint8_t *kind)
{
    size_t at = TCP_HEADER_SIZE;

    while (at + SIZE_AT <= s->header_size && s->tcp[at] != TCP_OPTION_EOL) {
        size_t size = s->tcp[at] == TCP_OPTION_NOP ? 1 : s->tcp[at + 1];

        if (s->tcp[at] == TCP_OPTION_MD5 && size == SIZE_AT + RUN_MD5_SIZE) {
            *kind = TCP_OPTION_MD5;
            return at + SIZE_AT;
        }
        if (s->tcp[at] == TCP_OPTION_AO && size == AO_MAC_AT + RUN_AO_SIZE) {
            *kind = TCP_OPTION_AO;
            return at + AO_MAC_AT;
        }
        if (size == 0) {
            return 0;
        }
        at += size;
    }
    return 0;
}

static bool compute(const struct run *run, const struct run_signed *s, uint8_t kind, size_t at,
                    uint8_t *out)
{
    uint8_t header[TCP_HEADER_MAX];

    memcpy(header, s->tcp, s->header_size);
    store_be16(header + CHECKSUM_AT, 0);
    if (kind == TCP_OPTION_MD5) {
        return md5(run, s, header, out);
    }
    memset(header + at, 0, RUN_AO_SIZE);
    return ao(run, s, header, out);
}

bool run_auth_sign(struct run *run, const struct run_signed *s, uint8_t *tcp, bool wrong)
{
    uint8_t out[WEIR_MAC_MAX], kind = 0;
    size_t at = find(s, &kind);

    if (at == 0 || !compute(run, s, kind, at, out)) {
        return run_broken(run, run->event->pos, "the segment cannot be signed");
    }
    out[0] = (uint8_t)(out[0] ^ wrong);
    memcpy(tcp + at, out, kind == TCP_OPTION_MD5 ? RUN_MD5_SIZE : RUN_AO_SIZE);
    return true;
}

bool run_auth_good(const struct run *run, const struct run_signed *s)
{
    uint8_t out[WEIR_MAC_MAX], kind = 0;
    size_t at = find(s, &kind);

    return at != 0 && compute(run, s, kind, at, out) &&
           memcmp(out, s->tcp + at, kind == TCP_OPTION_MD5 ? RUN_MD5_SIZE : RUN_AO_SIZE) == 0;
}

const struct drill_option *run_auth_option(const struct drill_tcp *tcp)
{
    const struct drill_option *s = tcp->options;

    while (s && s->signature == DRILL_SIGNATURE_BYTES) {
        s = s->next;
    }
    return s;
}
