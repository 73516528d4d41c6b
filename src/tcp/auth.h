/*
 * auth.h - authenticated connections: TCP-AO (RFC 5925) and TCP-MD5 (RFC 2385).
 *
 * Keys hang on the settings of a listener or a connection (weir_tcp_key_add). A connection is authenticated from
 * its SYN on or not at all: c->auth says so, and the state is in the cold block. Each wire segment has its own
 * MAC, so such a connection makes no super-segments and takes none.
 *
 * RFC 5925's sequence number extension needs no code of its own: it is the upper half of our 64-bit positions.
 */
#ifndef TCP_AUTH_H
#define TCP_AUTH_H

#include "tcp/authmac.h"
#include "tcp/conn.h"

/* The keys of one listener or connection; shared by counted settings. */
struct tcp_keychain {
    uint32_t references, count;
    struct weir_tcp_key keys[];
};

/* An authenticated connection's own part. */
struct tcp_auth {
    uint8_t auth;             /* enum weir_auth */
    uint8_t send_id, recv_id; /* AO: of the key that we send with */
    uint8_t rnext;            /* AO: KeyID that we ask the peer to use */
    uint8_t recv_cached;      /* AO: KeyID that `recv` belongs to */
    bool send_valid, recv_valid;
    struct auth_traffic_key send, recv; /* AO: once both ISNs are known */
    uint32_t listener, generation;      /* passive: whose queue it will stand in */
};

struct tcp_arrival; /* tcp.h */
struct tcp_tuple;

/* ---- Keys --------------------------------------------------------------------------------------------------- */
bool auth_key_valid(const struct env *env, const struct weir_tcp_key *key);
/* Each one valid, and none in the way of another. */
bool auth_keys_valid(const struct env *env, const struct weir_tcp_key *keys, uint32_t count);
int auth_chain_new(struct tcp *t, const struct weir_tcp_key *keys, uint32_t count,
                   struct tcp_keychain **out);
/* A chain with one more or one less than `chain` (NULL: none yet); the caller drops its reference to the old. */
int auth_chain_add(struct tcp *t, const struct tcp_keychain *chain, const struct weir_tcp_key *key,
                   struct tcp_keychain **out);
int auth_chain_del(struct tcp *t, const struct tcp_keychain *chain, const struct weir_tcp_key *key,
                   struct tcp_keychain **out);
/* The MD5 key of the same peer gets another password. */
int auth_chain_change(struct tcp *t, const struct tcp_keychain *chain,
                      const struct weir_tcp_key *key, struct tcp_keychain **out);
void auth_chain_ref(struct tcp_keychain *chain);
void auth_chain_unref(struct tcp *t, struct tcp_keychain *chain);
/* Is it a key for that peer? */
bool auth_key_matches(const struct weir_tcp_key *key, const struct ip_addr *peer);
/* The key for a peer: AO before MD5, the longest prefix, then the oldest. NULL: none. */
const struct weir_tcp_key *auth_key_for(const struct tcp_keychain *chain,
                                        const struct ip_addr *peer);

/* ---- Connections ----------------------------------------------------------------------------------------- */
/* Makes the connection an authenticated one that sends with this key. WEIR_ENOBUFS. */
int auth_begin(struct tcp *t, struct tcp_conn *c, const struct weir_tcp_key *key);
void auth_end(struct tcp *t, struct tcp_conn *c);
/* Does the connection send with this key just now? */
bool auth_uses(const struct tcp *t, const struct tcp_conn *c, const struct weir_tcp_key *key);
/* The AO key that the peer is asked to use from now on; WEIR_ENOENT. */
int auth_set_rnext(struct tcp *t, struct tcp_conn *c, uint8_t recv_id);

/* Bytes of the option, padding included. */
static inline uint32_t auth_option_size(const struct tcp_conn *c)
{
    return LIKELY(c->auth == 0) ? 0 : c->auth == WEIR_AUTH_MD5 + 1 ? 20 : 16;
}
/* Asks tcp_build for room in a segment of the connection. */
void auth_prepare(const struct tcp *t, const struct tcp_conn *c, struct tcp_options *o);
/* Fills the MAC in, once the header is built. false: the caller's table failed; the segment must not leave. */
bool auth_sign(struct tcp *t, struct tcp_conn *c, uint8_t *header, const struct tcp_segment *s,
               const struct weir_slice *payload, uint32_t slices);
/* WEIR_DROP_NONE: it may go on. */
enum weir_drop auth_check(struct tcp *t, struct tcp_conn *c, const struct tcp_arrival *a);

/* ---- Listeners: whoever holds a key is no flood, so its SYN makes a connection, not a half-open entry ---- */
/* The connection of an authenticated SYN (a->key); it belongs to nobody until the handshake is complete. */
struct tcp_conn *auth_open(struct tcp *t, struct listener *l, const struct tcp_arrival *a);
/* The handshake is complete: into the accept queue. Its listener may be gone: then it is reset. */
void auth_established(struct tcp *t, struct tcp_conn *c);
/* May this SYN pass? `*key`: what it was authenticated with, or NULL. */
enum weir_drop auth_check_syn(struct tcp *t, const struct tcp_keychain *chain,
                              const struct tcp_arrival *a, const struct weir_tcp_key **key);
/* May another segment that belongs to no connection pass to the listener? With WEIR_DROP_NONE and a `*key` it has
 * that TCP-MD5 key's MAC: it is of a connection that we know nothing of any more. */
enum weir_drop auth_check_stray(struct tcp *t, const struct tcp_keychain *chain,
                                const struct tcp_arrival *a, const struct weir_tcp_key **key);
/* Fills in the MAC of the RST that answers it. */
bool auth_sign_reset(struct tcp *t, const struct weir_tcp_key *key, const struct tcp_tuple *tuple,
                     uint8_t *header, const struct tcp_segment *s);
#endif
