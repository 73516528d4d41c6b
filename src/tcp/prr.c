/* prr.c - see prr.h. */
#include "tcp/prr.h"

#include "tcp/cc.h"
#include "tcp/cold.h"
#include "tcp/emit.h"
#include "tcp/scoreboard.h"

static bool reducing(const struct tcp_conn *c)
{
    return c->recovery == TCP_RECOVERY || c->recovery == TCP_CWR;
}

void prr_begin(struct tcp *t, struct tcp_conn *c, const struct ack_info *info)
{
    struct tcp_cold *cold = cold_ensure(t, c);
    uint32_t sacked_before = c->flight->sacked_bytes;

    if (c->cc->own_recovery) {
        return;
    }
    if (!cold) {
        c->cwnd = c->ssthresh;
        return;
    }
    /* RecoverFS: what this recovery will see delivered. What this ACK covered is already out of the
     * scoreboard, what was SACKed earlier will not be delivered again. */
    sacked_before -= min_u32(info->sacked, sacked_before);
    cold->prr_flight = max_u32(scoreboard_total(c) - sacked_before + info->delivered -
                                   min_u32(info->sacked, info->delivered),
                               1);
    cold->prr_delivered = cold->prr_out = 0;
}

void prr_on_ack(struct tcp *t, struct tcp_conn *c, uint32_t delivered, bool safe)
{
    struct tcp_cold *cold = cold_of(t, c);
    uint32_t pipe = scoreboard_in_flight(c), mss = emit_payload_max(c);
    uint64_t may;

    if (!cold || !cold->prr_flight || delivered == 0 || c->cc->own_recovery) {
        return;
    }
    cold->prr_delivered += delivered;
    if (pipe > c->ssthresh) {
        may =
            ((uint64_t)cold->prr_delivered * c->ssthresh + cold->prr_flight - 1) / cold->prr_flight;
        may = (may + mss - 1) / mss * mss; /* whole segments go with the ACK that begins to pay */
        may = may > cold->prr_out ? may - cold->prr_out : 0;
    } else {
        uint32_t owed =
            cold->prr_delivered > cold->prr_out ? cold->prr_delivered - cold->prr_out : 0;

        may = (uint64_t)max_u32(owed, delivered) + (safe ? mss : 0);
        may = min_u64(may, c->ssthresh - pipe);
    }
    if (cold->prr_out == 0) { /* the fast retransmit goes at once */
        may = max_u64(may, mss);
    }
    c->cwnd = (uint32_t)min_u64(pipe + may, 1u << 30);
}

void prr_on_sent(struct tcp *t, struct tcp_conn *c, uint32_t size)
{
    struct tcp_cold *cold;

    if (UNLIKELY(reducing(c)) && (cold = cold_of(t, c)) != NULL) {
        cold->prr_out += size;
    }
}
