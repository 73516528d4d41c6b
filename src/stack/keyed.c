/*
 * keyed.c - segments and ICMP errors about connections that keys protect, where there is no connection to ask: what a
 * listener with keys takes, which RST is signed, which ICMP error counts (RFC 5925 7.7, 7.8, RFC 2385 4.1).
 */
#include "stack/stack.h"
#include "tcp/auth.h"
#include "tcp/trace.h"

/* RFC 2385 4.1: a peer that signs believes a signed RST only. Whoever sent us a good MAC shares our key, so a host that
 * has forgotten its connections can say so, as Linux does. TCP-AO's traffic keys would need both ISNs: silence. */
static void answer_stray(struct weir_stack *s, const struct tcp_arrival *a,
                         const struct ip_packet *p, const struct weir_tcp_key *key)
{
    struct stack_signer signer = {.key = key};
    struct tcp_segment rst;

    if (a->to_group) {
        return;
    }
    tcp_make_rst(a->segment, &rst);
    trace_segment(&s->tcp, WEIR_RECORD_SEGMENT_OUT, 0, &rst, 0, 0, 1, 0);
    stack_reply_signed(s, &a->tuple, &rst, p->link, &signer);
}

bool stack_keyed_listen(struct weir_stack *s, const struct listener *l, struct tcp_arrival *a,
                        const struct ip_packet *p)
{
    const struct tcp_segment *seg = a->segment;
    const struct weir_tcp_key *key = NULL;
    enum weir_drop drop;

    if (seg->flags & WEIR_TCP_RST) {
        return true; /* does nothing to a listener anyway */
    }
    if ((seg->flags & (WEIR_TCP_SYN | WEIR_TCP_ACK)) == WEIR_TCP_SYN) {
        drop = auth_check_syn(&s->tcp, l->settings->keys, a, &a->key);
    } else {
        drop = auth_check_stray(&s->tcp, l->settings->keys, a, &key);
    }
    if (drop == WEIR_DROP_NONE && !key) {
        return true;
    }
    trace_drop(&s->tcp, 0, key ? WEIR_DROP_LISTEN_ACK : drop, seg);
    if (key && (seg->flags & WEIR_TCP_ACK)) {
        answer_stray(s, a, p, key);
    }
    return false;
}

bool stack_keyed_half(struct weir_stack *s, uint32_t name, const struct tcp_arrival *a)
{
    const struct half_open *h = tcp_half_at(&s->tcp, name);
    const struct tcp_keychain *keys = tcp_listener_at(&s->tcp, h->listener)->settings->keys;

    if (LIKELY(!keys) || !auth_key_for(keys, &a->tuple.remote)) {
        return false;
    }
    trace_state(&s->tcp, h->id, WEIR_TCP_SYN_RECEIVED, WEIR_TCP_CLOSED, WEIR_REASON_USER_CLOSE);
    return true;
}

void stack_keyed_rst(struct weir_stack *s, struct tcp_conn *c, const struct tcp_arrival *a,
                     const struct ip_packet *p)
{
    struct stack_signer signer = {.conn = c};
    struct tcp_segment rst;

    if (c->auth != WEIR_AUTH_MD5 + 1 && c->state == WEIR_TCP_SYN_SENT) {
        return; /* an AO key needs the ISN that the peer has not told yet */
    }
    tcp_make_rst(a->segment, &rst);
    trace_segment(&s->tcp, WEIR_RECORD_SEGMENT_OUT, c->id, &rst, 0, 0, 1, 0);
    stack_reply_signed(s, &a->tuple, &rst, p->link, &signer);
}

bool stack_keyed_icmp(struct weir_stack *s, const struct tcp_conn *c, const struct ip_error *e)
{
    bool v4 = tcp_is_v4(c);
    bool named = e->kind == IP_ERROR_HARD || (v4 && e->kind == IP_ERROR_TOO_BIG) ||
                 (!v4 && e->kind == IP_ERROR_PROHIBITED);

    if (c->auth != WEIR_AUTH_AO + 1 || !named || !tcp_synchronized(c) ||
        c->settings->o.auth_accept_icmp) {
        return true;
    }
    env_drop(&s->env, WEIR_DROP_AUTH_ICMP, e->link, c->id);
    return false;
}
