/*
 * demux.h - from a segment and its two endpoints to its conversation.
 *
 * A conversation is a pair of endpoints, and more than one when a port is used again: a SYN with a new
 * ISN after the end of the old one (or when the old one was never seen to begin) starts a new one.
 *
 * Entries stay where they are, each with room for whatever its user keeps of a conversation. Looking one up
 * costs a cache miss or two in a large table, so who has several segments at hand asks for all of them
 * ahead (demux_prefetch).
 */
#ifndef TRACE_DEMUX_H
#define TRACE_DEMUX_H

#include "trace/segment.h"

struct demux;

/* Two endpoints in one order, whichever sent. */
struct demux_key {
    uint64_t word[5];
    uint32_t hash;
    bool swapped; /* the sender is the second one */
};
void demux_key(struct demux_key *key, const struct weir_endpoint *src,
               const struct weir_endpoint *dst);

enum demux_flag {
    DEMUX_SYN = 1 << 0,     /* by side: shift left by the side */
    DEMUX_SYN_ACK = 1 << 2, /* sent a SYN, ACK */
    DEMUX_FIN = 1 << 4,
    DEMUX_ISN = 1 << 6, /* isn[side] is known */
    DEMUX_SPOKE = 1 << 8,
    DEMUX_RESET = 1 << 10,
    DEMUX_FIRST_SYN_1 = 1 << 11, /* side 1 sent the first SYN */
    DEMUX_SWAPPED = 1 << 12      /* side 0 is the key's second endpoint */
};

#define DEMUX_NONE UINT32_MAX

/* A conversation. Its sides are 0 and 1 by whose packet came first. */
struct demux_entry {
    uint64_t word[5];
    uint32_t hash;
    uint32_t index; /* in order of their first packet, from 0 */
    uint32_t isn[2];
    uint32_t flags;    /* enum demux_flag */
    uint32_t previous; /* index of the conversation before it with this key, or DEMUX_NONE */
};

/* `payload`: bytes that follow each entry, zeroed. NULL: no memory. */
struct demux *demux_new(size_t payload);
void demux_del(struct demux *demux); /* NULL is allowed; the payloads are the user's */

void demux_prefetch(const struct demux *demux, const struct demux_key *key);
/* The latest conversation between these endpoints, or NULL; nothing is changed. */
struct demux_entry *demux_peek(const struct demux *demux, const struct demux_key *key);

/* The segment's conversation, made when there is none; *side is the sender. NULL: no memory. */
struct demux_entry *demux_take(struct demux *demux, const struct demux_key *key,
                               const struct trace_segment *segment, uint8_t *side);

static inline void *demux_payload(struct demux_entry *entry)
{
    return entry + 1;
}

size_t demux_count(const struct demux *demux);
struct demux_entry *demux_at(const struct demux *demux, size_t index);

void demux_endpoints(const struct demux_entry *entry, struct weir_endpoint end[2]);

/* The SYN's sender; else who got a SYN, ACK; else, a guess, who uses the larger port, if only one of them is
 * ephemeral; else whose packet came first. */
uint8_t demux_client(const struct demux_entry *entry, bool *guessed);

#endif
