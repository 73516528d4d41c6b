/* authkeys.c - the keys of listeners and connections: see auth.h. A chain is never changed, only replaced, so that
 * connections that share it keep what they had. */
#include "tcp/auth.h"

#include <string.h>

static size_t chain_size(uint32_t count)
{
    return sizeof(struct tcp_keychain) + count * sizeof(struct weir_tcp_key);
}

bool auth_key_valid(const struct env *env, const struct weir_tcp_key *k)
{
    uint8_t most = k->peer.family == 0 ? 0 : k->peer.family == 4 ? 32 : 128;

    if (k->size != sizeof(*k) || !env->config.mac.compute || k->key_size == 0 ||
        k->key_size > WEIR_KEY_MAX || k->prefix > most ||
        (k->peer.family != 0 && k->peer.family != 4 && k->peer.family != 6)) {
        return false;
    }
    return k->auth == WEIR_AUTH_MD5 ||
           (k->auth == WEIR_AUTH_AO &&
            (k->mac == WEIR_MAC_HMAC_SHA1 || k->mac == WEIR_MAC_AES_128_CMAC));
}

static bool same_peer(const struct weir_tcp_key *a, const struct weir_tcp_key *b)
{
    return a->auth == b->auth && a->prefix == b->prefix && a->peer.family == b->peer.family &&
           (a->peer.family == 0 || weir_ip_equal(&a->peer, &b->peer));
}

/* RFC 5925 3.1: the MKTs of a peer differ in both IDs; TCP-MD5 has one key a peer. */
static bool collides(const struct weir_tcp_key *a, const struct weir_tcp_key *b)
{
    return same_peer(a, b) &&
           (a->auth == WEIR_AUTH_MD5 || a->recv_id == b->recv_id || a->send_id == b->send_id);
}

static struct tcp_keychain *chain_alloc(struct tcp *t, uint32_t count)
{
    struct tcp_keychain *chain = memory_alloc(&t->env->memory, chain_size(count));

    if (chain) {
        chain->references = 1;
        chain->count = count;
    }
    return chain;
}

int auth_chain_add(struct tcp *t, const struct tcp_keychain *chain, const struct weir_tcp_key *key,
                   struct tcp_keychain **out)
{
    uint32_t count = chain ? chain->count : 0;

    for (uint32_t i = 0; i < count; i++) {
        if (collides(&chain->keys[i], key)) {
            return WEIR_EEXIST;
        }
    }
    *out = chain_alloc(t, count + 1);
    if (!*out) {
        return WEIR_ENOBUFS;
    }
    if (count) {
        memcpy((*out)->keys, chain->keys, count * sizeof(*key));
    }
    (*out)->keys[count] = *key;
    return WEIR_OK;
}

int auth_chain_del(struct tcp *t, const struct tcp_keychain *chain, const struct weir_tcp_key *key,
                   struct tcp_keychain **out)
{
    uint32_t count = chain ? chain->count : 0, at = 0;

    while (at < count &&
           !(same_peer(&chain->keys[at], key) &&
             (key->auth == WEIR_AUTH_MD5 || (chain->keys[at].recv_id == key->recv_id &&
                                             chain->keys[at].send_id == key->send_id)))) {
        at++;
    }
    if (at == count) {
        return WEIR_ENOENT;
    }
    *out = NULL;
    if (count == 1) {
        return WEIR_OK;
    }
    *out = chain_alloc(t, count - 1);
    if (!*out) {
        return WEIR_ENOBUFS;
    }
    memcpy((*out)->keys, chain->keys, at * sizeof(*key));
    memcpy((*out)->keys + at, chain->keys + at + 1, (count - at - 1) * sizeof(*key));
    return WEIR_OK;
}

int auth_chain_change(struct tcp *t, const struct tcp_keychain *chain,
                      const struct weir_tcp_key *key, struct tcp_keychain **out)
{
    uint32_t at = 0;

    while (chain && at < chain->count && !collides(&chain->keys[at], key)) {
        at++;
    }
    if (!chain || at == chain->count) {
        return WEIR_ENOENT;
    }
    if (auth_chain_new(t, chain->keys, chain->count, out) != WEIR_OK) {
        return WEIR_ENOBUFS;
    }
    (*out)->keys[at] = *key;
    return WEIR_OK;
}

int auth_chain_new(struct tcp *t, const struct weir_tcp_key *keys, uint32_t count,
                   struct tcp_keychain **out)
{
    *out = chain_alloc(t, count);
    if (!*out) {
        return WEIR_ENOBUFS;
    }
    memcpy((*out)->keys, keys, count * sizeof(*keys));
    return WEIR_OK;
}

bool auth_keys_valid(const struct env *env, const struct weir_tcp_key *keys, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!auth_key_valid(env, &keys[i])) {
            return false;
        }
        for (uint32_t k = 0; k < i; k++) {
            if (collides(&keys[i], &keys[k])) {
                return false;
            }
        }
    }
    return true;
}

void auth_chain_ref(struct tcp_keychain *chain)
{
    if (chain) {
        chain->references++;
    }
}

void auth_chain_unref(struct tcp *t, struct tcp_keychain *chain)
{
    if (chain && --chain->references == 0) {
        size_t size = chain_size(chain->count);

        memset(chain, 0, size); /* key material does not stay in freed memory */
        memory_free(&t->env->memory, chain, size);
    }
}

bool auth_key_matches(const struct weir_tcp_key *key, const struct ip_addr *peer)
{
    bool v4 = ip_addr_is_v4(peer);
    const uint8_t *p = v4 ? peer->b + 12 : peer->b;
    uint32_t whole = key->prefix / 8, rest = key->prefix % 8;

    if (key->peer.family == 0) {
        return true;
    }
    if (v4 != (key->peer.family == 4) || memcmp(p, key->peer.bytes, whole) != 0) {
        return false;
    }
    return rest == 0 || (uint8_t)((p[whole] ^ key->peer.bytes[whole]) >> (8 - rest)) == 0;
}

const struct weir_tcp_key *auth_key_for(const struct tcp_keychain *chain,
                                        const struct ip_addr *peer)
{
    const struct weir_tcp_key *best = NULL;

    for (uint32_t i = 0; chain && i < chain->count; i++) {
        const struct weir_tcp_key *k = &chain->keys[i];

        if (auth_key_matches(k, peer) && (!best || k->auth > best->auth ||
                                          (k->auth == best->auth && k->prefix > best->prefix))) {
            best = k;
        }
    }
    return best;
}
