/* authmac.c - see authmac.h. */
#include "tcp/authmac.h"

#include "base/bytes.h"
#include "base/compiler.h"
#include "wire/ip4.h"
#include "wire/tcp.h"

#include <string.h>

#define PSEUDO_MAX 40
#define AES_KEY_SIZE 16
#define PARTS_MAX (WEIR_SLICES_MAX + 4)

static uint32_t key_size_of(enum weir_mac mac)
{
    return mac == WEIR_MAC_AES_128_CMAC ? AES_KEY_SIZE : WEIR_MAC_MAX;
}

/* RFC 5926 3.1.1.2: a master key that is no AES key is turned into one. */
static bool derivation_key(const struct weir_mac_ops *ops, const struct weir_tcp_key *key,
                           uint8_t *derived, struct weir_slice *use)
{
    static const uint8_t zero[AES_KEY_SIZE];
    struct weir_slice master = {key->key, key->key_size};

    *use = master;
    if (key->mac != WEIR_MAC_AES_128_CMAC || key->key_size == AES_KEY_SIZE) {
        return true;
    }
    *use = (struct weir_slice){derived, AES_KEY_SIZE};
    return ops->compute(ops->ctx, WEIR_MAC_AES_128_CMAC, zero, sizeof(zero), &master, 1, derived);
}

static uint32_t put_address(uint8_t *p, const struct ip_addr *a)
{
    if (ip_addr_is_v4(a)) {
        memcpy(p, a->b + 12, 4);
        return 4;
    }
    memcpy(p, a->b, 16);
    return 16;
}

bool auth_traffic_key(const struct weir_mac_ops *ops, const struct weir_tcp_key *key,
                      const struct auth_context *c, struct auth_traffic_key *traffic)
{
    static const uint8_t label[] = {1, 'T', 'C', 'P', '-', 'A', 'O'}; /* counter and label */
    uint8_t context[44], length[2], derived[AES_KEY_SIZE];
    struct weir_slice use, parts[3];
    uint32_t n = put_address(context, &c->src);

    n += put_address(context + n, &c->dst);
    store_be16(context + n, c->src_port);
    store_be16(context + n + 2, c->dst_port);
    store_be32(context + n + 4, c->src_isn);
    store_be32(context + n + 8, c->dst_isn);
    store_be16(length, (uint16_t)(key_size_of((enum weir_mac)key->mac) * 8));
    parts[0] = (struct weir_slice){label, sizeof(label)};
    parts[1] = (struct weir_slice){context, n + 12};
    parts[2] = (struct weir_slice){length, sizeof(length)};
    return derivation_key(ops, key, derived, &use) &&
           ops->compute(ops->ctx, (enum weir_mac)key->mac, use.data, use.size, parts, 3,
                        traffic->bytes);
}

/* The IP pseudo-header as the checksum has it (RFC 9293 3.1, RFC 8200 8.1). */
static uint32_t put_pseudo(uint8_t *p, const struct auth_segment *s)
{
    uint32_t size = s->header_size + s->payload_size;
    uint32_t n = put_address(p, s->src);

    n += put_address(p + n, s->dst);
    if (n == 8) {
        store_be16(p + n, IP_PROTOCOL_TCP);
        store_be16(p + n + 2, (uint16_t)size);
        return n + 4;
    }
    store_be32(p + n, size);
    store_be32(p + n + 4, IP_PROTOCOL_TCP);
    return n + 8;
}

static size_t add_payload(const struct auth_segment *s, struct weir_slice *parts, size_t n)
{
    for (uint32_t i = 0; i < s->payload_slices && n < PARTS_MAX; i++) {
        parts[n++] = s->payload[i];
    }
    return n;
}

bool auth_ao_mac(const struct weir_mac_ops *ops, const struct weir_tcp_key *key,
                 const struct auth_traffic_key *traffic, const struct auth_segment *s,
                 uint8_t mac[AUTH_MAC_SIZE])
{
    uint8_t head[4 + PSEUDO_MAX], header[TCP_HEADER_MAX], out[WEIR_MAC_MAX];
    struct weir_slice parts[PARTS_MAX];
    uint32_t pseudo = put_pseudo(head + 4, s);
    size_t n = 2;

    store_be32(head, s->sne);
    memcpy(header, s->header, s->header_size);
    memset(header + 16, 0, 2);
    memset(header + s->mac_offset, 0, AUTH_MAC_SIZE);
    parts[0] = (struct weir_slice){head, 4 + pseudo};
    parts[1] = (struct weir_slice){header, s->header_size};
    if (key->exclude_options) { /* RFC 5925 5.1: then only the AO option itself is covered */
        parts[1].size = TCP_HEADER_SIZE;
        parts[n++] = (struct weir_slice){header + s->mac_offset - 4, 4 + AUTH_MAC_SIZE};
    }
    n = add_payload(s, parts, n);
    if (!ops->compute(ops->ctx, (enum weir_mac)key->mac, traffic->bytes,
                      key_size_of((enum weir_mac)key->mac), parts, n, out)) {
        return false;
    }
    memcpy(mac, out, AUTH_MAC_SIZE);
    return true;
}

/* RFC 2385 2.0: pseudo-header, TCP header without options, payload, key. */
bool auth_md5_mac(const struct weir_mac_ops *ops, const struct weir_tcp_key *key,
                  const struct auth_segment *s, uint8_t mac[AUTH_MD5_SIZE])
{
    uint8_t pseudo[PSEUDO_MAX], header[TCP_HEADER_SIZE], out[WEIR_MAC_MAX];
    struct weir_slice parts[PARTS_MAX];
    size_t n = 2;

    memcpy(header, s->header, sizeof(header));
    memset(header + 16, 0, 2);
    parts[0] = (struct weir_slice){pseudo, put_pseudo(pseudo, s)};
    parts[1] = (struct weir_slice){header, sizeof(header)};
    n = add_payload(s, parts, n);
    parts[n++] = (struct weir_slice){key->key, key->key_size};
    if (!ops->compute(ops->ctx, WEIR_MAC_MD5, NULL, 0, parts, n, out)) {
        return false;
    }
    memcpy(mac, out, AUTH_MD5_SIZE);
    return true;
}

bool auth_equal(const uint8_t *a, const uint8_t *b, size_t size)
{
    uint8_t difference = 0;

    for (size_t i = 0; i < size; i++) {
        difference |= (uint8_t)(a[i] ^ b[i]);
    }
    return difference == 0;
}
