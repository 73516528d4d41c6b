/* urgent.c - see urgent.h. */
#include "tcp/urgent.h"

#include "tcp/cold.h"
#include "tcp/input.h"
#include "tcp/state.h"
#include "tcp/tcp.h"

bool urgent_mark(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_cold *cold = cold_ensure(t, c);

    if (!cold) {
        return false;
    }
    cold->snd_up = c->snd_end;
    c->urgent_out = 1;
    return true;
}

void urgent_put(struct tcp *t, const struct tcp_conn *c, struct tcp_segment *s, seq_pos seq)
{
    seq_pos up = cold_of(t, c)->snd_up;

    if (up <= seq) {
        return;
    }
    /* out of reach: as far as it goes, so that the peer knows early (MUST-31: of any length) */
    s->urgent = (uint16_t)min_u64(up - seq, UINT16_MAX);
    s->flags |= WEIR_TCP_URG;
}

void urgent_acked(struct tcp *t, struct tcp_conn *c)
{
    if (c->snd_una >= cold_of(t, c)->snd_up) {
        c->urgent_out = 0;
    }
}

/* The next byte that the application will read. */
static seq_pos read_position(const struct tcp_conn *c)
{
    return c->rcv_nxt - c->fin_received - c->recvq_bytes;
}

void urgent_arrived(struct tcp *t, struct tcp_conn *c, const struct seg_in *in)
{
    seq_pos up = in->seq + in->s->urgent;
    struct tcp_cold *cold;

    if (c->fin_received || up <= read_position(c)) { /* RFC 9293: ignored after their FIN */
        return;
    }
    cold = cold_ensure(t, c);
    if (!cold || (c->urgent_in && up <= cold->rcv_up)) {
        return; /* no memory: the data still comes */
    }
    cold->rcv_up = up;
    c->urgent_in = 1;
    tcp_event(t, c, WEIR_EVENT_URGENT); /* MUST-32 */
}

int64_t tcp_user_send_urgent(struct tcp *t, struct tcp_conn *c, const void *data, size_t size,
                             uint32_t flags)
{
    int64_t done;

    if (!cold_ensure(t, c)) {
        return WEIR_ENOBUFS;
    }
    done = tcp_user_send(t, c, data, size, flags);
    if (done > 0 && urgent_mark(t, c) && c->snd_wnd == 0) {
        c->ack_now = 1; /* the news passes a closed window (RFC 9293 3.8.6.1, 3.10.2) */
    }
    return done;
}

int tcp_user_urgent(const struct tcp *t, struct tcp_conn *c, struct weir_urgent *u)
{
    const struct tcp_cold *cold = cold_of(t, c);
    uint64_t at;

    memset(u, 0, sizeof(*u));
    if (c->urgent_in && cold->rcv_up <= read_position(c)) {
        c->urgent_in = 0;
    }
    if (!c->urgent_in) {
        return 0;
    }
    u->ahead = (uint32_t)(cold->rcv_up - read_position(c));
    at = u->ahead - 1;
    for (const struct weir_buffer *b = c->recvq_head; b; b = b->next) {
        if (at < b->size) {
            u->arrived = true;
            u->byte = b->data[at];
            break;
        }
        at -= b->size;
    }
    return 1;
}
