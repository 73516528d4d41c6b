/*
 * keys.c - TCP_MD5SIG, TCP_MD5SIG_EXT, TCP_AO_ADD_KEY and TCP_AO_DEL_KEY, with the layouts and errors of Linux's
 * linux/tcp.h. Before there is a handle the keys wait here; then they are the core's (weir_tcp_key_*). A connection
 * that began without a key does not get one (EISCONN), and the key that it sends with stays (EBUSY): Linux would
 * go on unsigned, in the midst of it.
 */
#include "socket/sock.h"
#include <weir/keys.h>

#define ADDRESS_SIZE 128 /* struct sockaddr_storage */
#define ALGORITHM_SIZE 64
#define MAC_SIZE 12

/* Offsets in struct tcp_md5sig. */
enum {
    MD5_FLAGS = ADDRESS_SIZE,
    MD5_PREFIX,
    MD5_KEY_SIZE,
    MD5_LINK = MD5_KEY_SIZE + 2,
    MD5_KEY = MD5_LINK + 4,
    MD5_SIZE = MD5_KEY + WEIR_KEY_MAX
};
#define MD5_FLAG_PREFIX 1
#define MD5_FLAG_LINK 2

/* Offsets in struct tcp_ao_add; its bit field is a word of flags. */
enum {
    ADD_ALGORITHM = ADDRESS_SIZE,
    ADD_LINK = ADD_ALGORITHM + ALGORITHM_SIZE,
    ADD_BITS = ADD_LINK + 4,
    ADD_RESERVED = ADD_BITS + 4,
    ADD_PREFIX = ADD_RESERVED + 2,
    ADD_SEND_ID,
    ADD_RECV_ID,
    ADD_MAC_SIZE,
    ADD_FLAGS,
    ADD_KEY_SIZE,
    ADD_KEY,
    ADD_SIZE = ADD_KEY + WEIR_KEY_MAX
};
/* And in struct tcp_ao_del. */
enum {
    DEL_LINK = ADDRESS_SIZE,
    DEL_BITS = DEL_LINK + 4,
    DEL_RESERVED = DEL_BITS + 4,
    DEL_PREFIX = DEL_RESERVED + 2,
    DEL_SEND_ID,
    DEL_RECV_ID,
    DEL_CURRENT,
    DEL_RNEXT,
    DEL_FLAGS,
    DEL_SIZE
};
#define AO_FLAG_EXCLUDE 2

static uint32_t word_at(const uint8_t *p)
{
    uint32_t word;

    memcpy(&word, p, sizeof(word));
    return word;
}

static uint16_t half_at(const uint8_t *p)
{
    uint16_t half;

    memcpy(&half, p, sizeof(half));
    return half;
}

/* The sockaddr of a key: of the socket's own family; IPv4 in IPv6's clothes is IPv4. */
static bool peer_from(const struct weir_sock *s, const uint8_t *sockaddr, struct weir_ip *peer)
{
    uint16_t family = half_at(sockaddr);
    struct weir_ip ip = {.family = s->domain};
    struct ip_addr address;

    if (family != (s->domain == 4 ? WEIR_AF_INET : WEIR_AF_INET6)) {
        return false;
    }
    memcpy(ip.bytes, sockaddr + (s->domain == 4 ? 4 : 8), s->domain == 4 ? 4 : 16);
    address = ip_addr_from_public(&ip);
    ip_addr_to_public(&address, peer);
    return true;
}

static uint8_t whole(const struct weir_ip *peer)
{
    return peer->family == 4 ? 32 : 128;
}

/* ---- Where the keys are --------------------------------------------------------------------------------- */

static bool same(const struct weir_tcp_key *a, const struct weir_tcp_key *b)
{
    return a->auth == b->auth && a->prefix == b->prefix && weir_ip_equal(&a->peer, &b->peer) &&
           (a->auth == WEIR_AUTH_MD5 || (a->send_id == b->send_id && a->recv_id == b->recv_id));
}

static bool in_the_way(const struct weir_tcp_key *a, const struct weir_tcp_key *b)
{
    return a->auth == b->auth && a->prefix == b->prefix && weir_ip_equal(&a->peer, &b->peer) &&
           (a->send_id == b->send_id || a->recv_id == b->recv_id);
}

void sock_keys_del(struct weir_sock *s)
{
    if (s->keys) {
        memset(s->keys, 0, s->key_room * sizeof(*s->keys)); /* key material does not stay behind */
        sock_free_memory(s->space, s->keys, s->key_room * sizeof(*s->keys));
    }
    s->keys = NULL;
    s->key_count = s->key_room = 0;
}

static bool more_room(struct weir_sock *s)
{
    uint32_t count = s->key_count, room = count + 1;
    struct weir_tcp_key *keys;

    if (count < s->key_room) {
        return true;
    }
    keys = sock_alloc(s->space, room * sizeof(*keys));
    if (!keys) {
        return false;
    }
    if (count) {
        memcpy(keys, s->keys, count * sizeof(*keys));
    }
    sock_keys_del(s);
    s->keys = keys;
    s->key_count = count;
    s->key_room = room;
    return true;
}

static int keep(struct weir_sock *s, const struct weir_tcp_key *key)
{
    for (uint32_t i = 0; i < s->key_count; i++) {
        if (key->auth == WEIR_AUTH_MD5 && same(&s->keys[i], key)) {
            s->keys[i] = *key; /* a new password for the same peer */
            return 0;
        }
        if (key->auth == WEIR_AUTH_AO && in_the_way(&s->keys[i], key)) {
            return -WEIR_SOCK_EEXIST;
        }
    }
    if (!more_room(s)) {
        return -WEIR_SOCK_ENOMEM;
    }
    s->keys[s->key_count++] = *key;
    return 0;
}

static int forget(struct weir_sock *s, const struct weir_tcp_key *key)
{
    for (uint32_t i = 0; i < s->key_count; i++) {
        if (same(&s->keys[i], key)) {
            s->keys[i] = s->keys[--s->key_count];
            memset(&s->keys[s->key_count], 0, sizeof(*s->keys));
            return 0;
        }
    }
    return -WEIR_SOCK_ENOENT;
}

/* To the core first: what it refuses is not kept either. */
static int add_key(struct weir_sock *s, const struct weir_tcp_key *key)
{
    struct weir_stack *stack = s->space->stack;
    int error = WEIR_OK;

    if (weir_tcp_key_check(stack, key) != WEIR_OK) {
        return -WEIR_SOCK_ENOPROTOOPT; /* nobody here can compute a MAC */
    }
    if (s->handle) {
        error = weir_tcp_key_add(stack, s->handle, key);
        if (error == WEIR_EEXIST && key->auth == WEIR_AUTH_MD5) {
            error = weir_tcp_key_change(stack, s->handle, key);
        }
    }
    if (error != WEIR_OK) {
        return -sock_errno(error);
    }
    return s->handle && !s->listening ? 0 : keep(s, key);
}

static int del_key(struct weir_sock *s, const struct weir_tcp_key *key)
{
    if (s->handle) {
        int error = weir_tcp_key_del(s->space->stack, s->handle, key);

        if (error != WEIR_OK || !s->listening) {
            return -sock_errno(error);
        }
    }
    return forget(s, key);
}

/* ---- The options ------------------------------------------------------------------------------------------ */

static int set_md5(struct weir_sock *s, const uint8_t *value, bool extended)
{
    struct weir_tcp_key key = {.size = sizeof(key), .auth = WEIR_AUTH_MD5, .mac = WEIR_MAC_MD5};
    uint8_t flags = value[MD5_FLAGS];
    uint16_t size = half_at(value + MD5_KEY_SIZE);

    if (!peer_from(s, value, &key.peer) || size > WEIR_KEY_MAX) {
        return -WEIR_SOCK_EINVAL;
    }
    key.prefix = whole(&key.peer);
    if (extended && (flags & MD5_FLAG_PREFIX)) {
        if (value[MD5_PREFIX] > key.prefix) {
            return -WEIR_SOCK_EINVAL;
        }
        key.prefix = value[MD5_PREFIX];
    }
    if (extended && (flags & MD5_FLAG_LINK) && word_at(value + MD5_LINK) != 0) {
        return -WEIR_SOCK_EINVAL; /* there are no routing domains here */
    }
    if (size == 0) {
        return del_key(s, &key);
    }
    key.key_size = (uint8_t)size;
    memcpy(key.key, value + MD5_KEY, size);
    return add_key(s, &key);
}

/* Address and prefix of an AO key: bits beyond the prefix are zero. */
static bool ao_peer(const struct weir_sock *s, const uint8_t *value, uint8_t prefix,
                    struct weir_tcp_key *key)
{
    uint32_t bits;

    if (!peer_from(s, value, &key->peer) || half_at(value + 2) != 0) {
        return false;
    }
    bits = whole(&key->peer);
    if (prefix > bits) {
        return false;
    }
    for (uint32_t i = prefix; i < bits; i++) {
        if (key->peer.bytes[i / 8] & 0x80 >> i % 8) {
            return false;
        }
    }
    key->prefix = prefix;
    return true;
}

static int ao_algorithm(const uint8_t *name)
{
    static const char sha1[] = "hmac(sha1)", aes[] = "cmac(aes128)";

    return memcmp(name, sha1, sizeof(sha1)) == 0 ? WEIR_MAC_HMAC_SHA1
           : memcmp(name, aes, sizeof(aes)) == 0 ? WEIR_MAC_AES_128_CMAC
                                                 : -1;
}

static int add_ao(struct weir_sock *s, const uint8_t *value)
{
    struct weir_tcp_key key = {.size = sizeof(key),
                               .auth = WEIR_AUTH_AO,
                               .send_id = value[ADD_SEND_ID],
                               .recv_id = value[ADD_RECV_ID],
                               .exclude_options = (value[ADD_FLAGS] & AO_FLAG_EXCLUDE) != 0,
                               .key_size = value[ADD_KEY_SIZE]};
    int mac = ao_algorithm(value + ADD_ALGORITHM);

    if (!ao_peer(s, value, value[ADD_PREFIX], &key) || word_at(value + ADD_BITS) != 0 ||
        half_at(value + ADD_RESERVED) != 0 || word_at(value + ADD_LINK) != 0 ||
        (value[ADD_FLAGS] & ~(unsigned)AO_FLAG_EXCLUDE) != 0 ||
        (value[ADD_MAC_SIZE] != 0 && value[ADD_MAC_SIZE] != MAC_SIZE) || key.key_size == 0 ||
        key.key_size > WEIR_KEY_MAX) {
        return -WEIR_SOCK_EINVAL;
    }
    if (mac < 0) {
        return -WEIR_SOCK_ENOENT;
    }
    key.mac = (uint8_t)mac;
    memcpy(key.key, value + ADD_KEY, key.key_size);
    return add_key(s, &key);
}

static int del_ao(struct weir_sock *s, const uint8_t *value)
{
    struct weir_tcp_key key = {.size = sizeof(key),
                               .auth = WEIR_AUTH_AO,
                               .send_id = value[DEL_SEND_ID],
                               .recv_id = value[DEL_RECV_ID]};

    if (!ao_peer(s, value, value[DEL_PREFIX], &key) || word_at(value + DEL_BITS) != 0 ||
        half_at(value + DEL_RESERVED) != 0 || word_at(value + DEL_LINK) != 0 ||
        value[DEL_FLAGS] != 0) {
        return -WEIR_SOCK_EINVAL;
    }
    return del_key(s, &key);
}

bool sock_option_is_key(int name)
{
    return name == WEIR_TCP_MD5SIG || name == WEIR_TCP_MD5SIG_EXT || name == WEIR_TCP_AO_ADD_KEY ||
           name == WEIR_TCP_AO_DEL_KEY;
}

int sock_option_set_key(struct weir_sock *s, int name, const void *value, uint32_t size)
{
    uint32_t wanted = name == WEIR_TCP_AO_ADD_KEY   ? (uint32_t)ADD_SIZE
                      : name == WEIR_TCP_AO_DEL_KEY ? (uint32_t)DEL_SIZE
                                                    : (uint32_t)MD5_SIZE;

    if (size < wanted) {
        return -WEIR_SOCK_EINVAL;
    }
    switch (name) {
    case WEIR_TCP_AO_ADD_KEY: return add_ao(s, value);
    case WEIR_TCP_AO_DEL_KEY: return del_ao(s, value);
    default: return set_md5(s, value, name == WEIR_TCP_MD5SIG_EXT);
    }
}
