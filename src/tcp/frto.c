/* frto.c - see frto.h. */
#include "tcp/frto.h"

#include "tcp/emit.h"
#include "tcp/window.h"

void frto_begin(struct tcp_conn *c, enum tcp_recovery before, bool again)
{
    bool fresh = before == TCP_OPEN || before == TCP_CWR;

    c->flight->frto = fresh || again ? TCP_FRTO_FIRST : TCP_FRTO_OFF;
}

/* Can a segment of new data go, as far as the application and the peer's window allow? */
static bool has_new_data(const struct tcp_conn *c)
{
    uint32_t available = (uint32_t)(c->snd_end > c->snd_nxt ? c->snd_end - c->snd_nxt : 0);

    return available && window_usable(c) >= min_u32(available, emit_payload_max(c));
}

bool frto_on_ack(struct tcp_conn *c, const struct ack_info *info)
{
    struct tcp_flight *f = c->flight;

    if (f->frto == TCP_FRTO_OFF) {
        return false;
    }
    /* 2.1 step 3 (b), 3.1 step 3 (b): what was sent only once has arrived. Without SACK an ACK of the
     * repetition may cover it too and proves nothing. */
    if (info->original && (c->sack || !info->retransmitted_acked)) {
        return true;
    }
    if (c->snd_nxt > f->recover) {
        if (info->sacked || info->duplicate) {
            f->frto = TCP_FRTO_OFF; /* step 3 (a): the loss was real */
        }
    } else if (info->acked && c->snd_una < f->recover) {
        f->frto = has_new_data(c) ? TCP_FRTO_NEW : TCP_FRTO_OFF; /* step 2 (b) */
    } else if (info->duplicate) {
        f->frto = TCP_FRTO_OFF; /* step 2 (a) */
    }
    return false;
}
