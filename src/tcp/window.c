/* window.c - see window.h. */
#include "tcp/window.h"

#include "tcp/recvq.h"

uint8_t window_scale_for(const struct weir_tcp_options *o)
{
    uint8_t scale = 0;

    while (scale < TCP_WSCALE_MAX && (tcp_receive_most(o) >> scale) > UINT16_MAX) {
        scale++;
    }
    return scale;
}

/* Free room. What is announced is payload; the memory that holds it may be twice that, and no more: queues
 * are charged with whole buffers too. */
static uint32_t space(const struct tcp_conn *c)
{
    uint64_t limit = c->rcv_limit, memory = limit * RECVQ_CHARGE_FACTOR;

    if (c->recvq_bytes >= limit || c->recvq_charge >= memory) {
        return 0;
    }
    return (uint32_t)min_u64(limit - c->recvq_bytes, memory - c->recvq_charge);
}

seq_pos window_edge(const struct tcp_conn *c)
{
    uint32_t limit = c->rcv_limit;
    uint32_t useful = min_u32(limit / 2, c->rcv_mss);
    uint32_t room = space(c);
    seq_pos edge;

    /* what the scaled field can express, rounded down so that nothing beyond the buffer is promised */
    room = min_u32(room, (uint32_t)UINT16_MAX << c->rcv_wscale);
    edge = c->rcv_nxt + (room >> c->rcv_wscale << c->rcv_wscale);
    return edge >= c->rcv_adv + useful ? edge : c->rcv_adv;
}

bool window_update_due(const struct tcp_conn *c)
{
    uint32_t limit = c->rcv_limit;
    seq_pos edge;
    uint64_t gain;

    if (c->fin_received || !tcp_synchronized(c) || c->orphan) {
        return false;
    }
    if (c->rcv_nxt == seq_from_isn(c->irs) + 1) {
        return false; /* a SYN's window cannot be scaled: the first ACK of data will tell the rest */
    }
    edge = window_edge(c);
    gain = edge - c->rcv_adv;
    if (gain >= limit / 2 && c->delack_at == WEIR_NEVER) {
        return true; /* else it rides on the ACK that is coming */
    }
    /* the peer may be stuck: its view is smaller than two segments and we can offer a real step */
    return gain > 0 && c->rcv_adv - c->rcv_nxt < 2u * c->rcv_mss &&
           gain >= min_u32(limit / 2, 2u * c->rcv_mss);
}

uint16_t window_announce(struct tcp_conn *c, bool syn)
{
    uint64_t window;

    if (syn) {
        window = min_u64(space(c), UINT16_MAX);
        c->rcv_adv = max_u64(c->rcv_adv, c->rcv_nxt + window);
        return (uint16_t)window;
    }
    c->rcv_adv = window_edge(c);
    /* an edge that is kept need not fall on a step of the scale: what is announced is then more, and holds */
    window = (c->rcv_adv - c->rcv_nxt + ((1u << c->rcv_wscale) - 1)) >> c->rcv_wscale;
    window = min_u64(window, UINT16_MAX);
    c->rcv_adv = max_u64(c->rcv_adv, c->rcv_nxt + (window << c->rcv_wscale));
    return (uint16_t)window;
}

uint32_t window_usable(const struct tcp_conn *c)
{
    seq_pos edge = c->snd_una + c->snd_wnd;

    return edge > c->snd_nxt ? (uint32_t)(edge - c->snd_nxt) : 0;
}
