/*
 * vantage.c - where was this captured?
 *
 * At the client the answer to a SYN takes a round trip and the ACK after it next to nothing; at the server
 * it is the other way round. On a loopback, or in the middle, neither gap stands out: then a time belongs
 * to no side, and nothing is claimed.
 */
#include "trace/vantage.h"

/* One gap must be this many times the other to mean something. */
#define GAP_RATIO 4
#define TTL_WINDOWS 128

struct handshake {
    bool complete;
    weir_time syn_gap; /* SYN to SYN, ACK */
    weir_time ack_gap; /* SYN, ACK to ACK */
};

static struct handshake find_handshake(const struct trace_segment *s, size_t n)
{
    struct handshake h = {.complete = false};
    const struct trace_segment *syn = NULL, *syn_ack = NULL;
    uint16_t mask = WEIR_TCP_SYN | WEIR_TCP_ACK | WEIR_TCP_RST;

    for (size_t i = 0; i < n; i++) {
        uint16_t flags = s[i].flags & mask;
        if (flags == WEIR_TCP_SYN && s[i].side == LADDER_CLIENT && syn_ack == NULL) {
            syn = &s[i];
        } else if (flags == (WEIR_TCP_SYN | WEIR_TCP_ACK) && s[i].side == LADDER_SERVER &&
                   syn != NULL && s[i].ack == syn->seq + 1) {
            syn_ack = &s[i];
        } else if (flags == WEIR_TCP_ACK && s[i].side == LADDER_CLIENT && syn_ack != NULL) {
            h.complete = s[i].ack == syn_ack->seq + 1 && syn_ack->time >= syn->time &&
                         s[i].time >= syn_ack->time;
            h.syn_gap = syn_ack->time - syn->time;
            h.ack_gap = s[i].time - syn_ack->time;
            return h;
        }
    }
    return h;
}

static bool is_first_hop(uint8_t ttl)
{
    return ttl == 64 || ttl == TTL_WINDOWS || ttl == 255;
}

static enum ladder_vantage infer_from_ttl(const struct trace_segment *s, size_t n)
{
    uint8_t ttl[2] = {0, 0};

    for (size_t i = 0; i < n; i++) {
        if ((s[i].flags & WEIR_TCP_RST) == 0) { /* a forged RST may come from anywhere */
            ttl[s[i].side] = s[i].ttl;
        }
    }
    if (ttl[0] == 0 || ttl[1] == 0 || is_first_hop(ttl[0]) == is_first_hop(ttl[1])) {
        return LADDER_AT_UNKNOWN;
    }
    return is_first_hop(ttl[0]) ? LADDER_AT_CLIENT : LADDER_AT_SERVER;
}

enum ladder_vantage vantage_infer(const struct trace_segment *segments, size_t n)
{
    struct handshake h = find_handshake(segments, n);

    if (h.complete && h.syn_gap > h.ack_gap * GAP_RATIO) {
        return LADDER_AT_CLIENT;
    }
    if (h.complete && h.ack_gap > h.syn_gap * GAP_RATIO) {
        return LADDER_AT_SERVER;
    }
    return infer_from_ttl(segments, n);
}

weir_time vantage_rtt(const struct trace_segment *segments, size_t n, enum ladder_vantage vantage)
{
    struct handshake h = find_handshake(segments, n);

    if (!h.complete) {
        return 0;
    }
    switch (vantage) {
    case LADDER_AT_CLIENT: return h.syn_gap;
    case LADDER_AT_SERVER: return h.ack_gap;
    default: return 0;
    }
}
