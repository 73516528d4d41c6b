/*
 * keys.h - keys of listeners and connections that are there already: TCP-AO (RFC 5925) and TCP-MD5 (RFC 2385). Those
 * from the beginning are in weir_tcp_options; the MACs come from weir_config.mac (mac.h fills it).
 */
#ifndef WEIR_KEYS_H
#define WEIR_KEYS_H

#include <weir/weir.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Adds a key to a listener or a connection, or takes one away (same auth, peer, prefix and IDs). Connections keep
 * the keys that their listener had when they were made. WEIR_EINVAL (nonsense, or no weir_config.mac),
 * WEIR_EEXIST (a TCP-MD5 key for that peer, or one of the IDs, is there), WEIR_ENOENT, WEIR_EBUSY (del: the
 * connection sends with it), WEIR_EISCONN (add: the connection with that peer began without a MAC and never gets
 * one), WEIR_ENOBUFS. */
WEIR_API int weir_tcp_key_add(struct weir_stack *stack, weir_handle handle,
                              const struct weir_tcp_key *key);
WEIR_API int weir_tcp_key_del(struct weir_stack *stack, weir_handle handle,
                              const struct weir_tcp_key *key);

/* Another password in the place of the TCP-MD5 key for the same peer, also of a connection that sends with it
 * (RFC 2385 4.5). WEIR_EINVAL (of TCP-AO keys too: they are rolled over), WEIR_ENOENT, WEIR_ENOBUFS. */
WEIR_API int weir_tcp_key_change(struct weir_stack *stack, weir_handle handle,
                                 const struct weir_tcp_key *key);

/* Can this stack use such a key? WEIR_EINVAL: nonsense, or no weir_config.mac. */
WEIR_API int weir_tcp_key_check(const struct weir_stack *stack, const struct weir_tcp_key *key);

/* TCP-AO: asks the peer to send with the key of this receive ID from now on (RNextKeyID, RFC 5925 7.4). */
WEIR_API int weir_tcp_key_prefer(struct weir_stack *stack, weir_handle conn, uint8_t recv_id);

#ifdef __cplusplus
}
#endif
#endif
