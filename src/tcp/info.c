/* info.c - what weir_tcp_info tells of a connection. */
#include <assert.h>

#include "tcp/autotune.h"
#include "tcp/cc.h"
#include "tcp/cold.h"
#include "tcp/ecn.h"
#include "tcp/fastopen.h"
#include "tcp/limits.h"
#include "tcp/mtuprobe.h"
#include "tcp/pacer.h"
#include "tcp/rate.h"
#include "tcp/rtt.h"
#include "tcp/scoreboard.h"
#include "tcp/tcp.h"
#include "tcp/uto.h"

static void fill_endpoint(const struct tcp_conn *c, const struct ip_addr *a, uint16_t port,
                          struct weir_endpoint *e)
{
    memset(e, 0, sizeof(*e));
    ip_addr_to_public(a, &e->ip);
    if (e->ip.family == 6 && ip_addr_is_link_local(a)) {
        e->ip.scope = c->path_link + 1u;
    }
    e->port = port;
}

static void fill_recovery(const struct tcp *t, const struct tcp_conn *c, struct weir_tcp_info *i)
{
    static const uint8_t states[] = {
        [TCP_OPEN] = WEIR_RECOVERY_OPEN,
        [TCP_RECOVERY] = WEIR_RECOVERY_FAST,
        [TCP_LOSS] = WEIR_RECOVERY_LOSS,
        [TCP_CWR] = WEIR_RECOVERY_CWR,
    };
    const struct tcp_cold *cold = cold_of(t, c);

    i->recovery = states[c->recovery];
    if (c->recovery == TCP_OPEN && (c->flight->sacked_bytes || c->flight->dup_acks)) {
        i->recovery = WEIR_RECOVERY_DISORDER;
    }
    scoreboard_count(t, c, i);
    i->reordering_segments = max_u32(c->reordering, TCP_DUP_THRESHOLD);
    i->reordering_count = c->reorder_seen;
    if (cold) {
        i->undo_count = cold->undone;
        i->spurious_rto_count = cold->spurious_rtos;
        i->tail_probe_count = cold->probes_sent;
        i->dsack_received_count = cold->dsacks_in;
        i->dsack_sent_count = cold->dsacks_out;
        i->lost_retransmission_count = cold->lost_again;
    }
}

static void fill_account(const struct tcp *t, const struct tcp_conn *c, struct weir_tcp_info *i)
{
    static_assert(WEIR_LIMIT_COUNT <= WEIR_LIMITS_MAX, "room for each");

    if (limits_age(t, c)) {
        limits_read(t, c, i->limited);
    }
    i->age = limits_age(t, c);
    i->busy_time = c->busy_time + (c->flight != &tcp_flight_none ? t->env->now : 0);
    i->send_buffer = autotune_send_limit(t, c);
    i->send_room = (uint32_t)min_u64(sendq_room(c, i->send_buffer), UINT32_MAX);
    i->since_data_sent = c->last_send_at ? t->env->now - c->last_send_at : i->age;
    i->since_received = t->env->now - c->last_received;
    i->data_segments_sent = c->data_segments_out;
    i->delivered_bytes = c->delivered;
    i->syn_bytes_delivered = c->fastopen ? cold_of(t, c)->fastopen_taken : 0;
    i->backoff = c->backoff;
    i->probes_unanswered = c->probes;
    i->max_pacing_rate = c->settings->o.max_pacing_rate;
}

static void fill_receiver(const struct tcp *t, const struct tcp_conn *c, struct weir_tcp_info *i)
{
    const struct tcp_cold *cold = cold_of(t, c);
    uint32_t headers = (tcp_is_v4(c) ? 20u : 40u) + TCP_HEADER_SIZE;
    uint32_t mss = c->path_mtu > headers ? c->path_mtu - headers : 0;

    i->receive_buffer = c->rcv_limit;
    i->data_segments_received = c->data_segments_in;
    i->since_data_received =
        ((uint32_t)(t->env->now / WEIR_MS) - c->data_in_ms) * WEIR_MS; /* as long as it is open */
    i->ack_delay = c->ato_ms * WEIR_MS;
    if (c->settings->o.mss_clamp) {
        mss = min_u32(mss, c->settings->o.mss_clamp);
    }
    i->announced_mss = (uint16_t)mss;
    if (cold && cold->measuring) {
        i->receive_rtt = cold->rcv_rtt_us * WEIR_US;
        i->receive_space = cold->rcv_space;
    }
}

void tcp_user_info(const struct tcp *t, const struct tcp_conn *c, struct weir_tcp_info *i)
{
    const struct tcp_cold *cold = cold_of(t, c);
    uint64_t sent = c->snd_nxt - seq_from_isn(c->iss), acked = c->snd_una - seq_from_isn(c->iss);

    i->state = c->state;
    i->window_scaling = c->window_scaling;
    i->timestamps = c->timestamps;
    i->sack = c->sack;
    i->snd_wscale = c->snd_wscale;
    i->rcv_wscale = c->rcv_wscale;
    i->snd_mss = (uint16_t)(c->mss_base - (c->timestamps ? 12 : 0));
    i->rcv_mss = c->rcv_mss;
    i->peer_mss = c->peer_mss;
    i->syn_data = c->fastopen && fastopen_used(t, c);
    i->error = c->error ? c->error : c->soft_error;
    fill_endpoint(c, &c->local, c->local_port, &i->local);
    fill_endpoint(c, &c->remote, c->remote_port, &i->remote);
    i->link = c->path_link;
    i->id = c->id;
    i->cwnd_bytes = c->cwnd;
    i->ssthresh_bytes = c->ssthresh;
    i->snd_wnd_bytes = c->snd_wnd;
    i->rcv_wnd_bytes = (uint32_t)(c->rcv_adv > c->rcv_nxt ? c->rcv_adv - c->rcv_nxt : 0);
    i->unacked_bytes = scoreboard_total(c);
    i->unsent_bytes = (uint32_t)(c->snd_end > c->snd_nxt ? c->snd_end - c->snd_nxt : 0);
    i->unread_bytes = c->recvq_bytes;
    i->srtt = rtt_srtt(c);
    i->rttvar = (weir_time)c->rttvar4_us * WEIR_US / 4;
    i->rto = rtt_rto(c);
    i->min_rtt = (weir_time)c->min_rtt_us * WEIR_US;
    i->bytes_sent = (sent ? sent - 1 : 0) + (cold ? cold->bytes_retransmitted : 0) - c->fin_sent;
    i->bytes_acked = acked ? acked - 1 - (c->fin_sent && c->snd_una > c->snd_end) : 0;
    i->bytes_received =
        c->irs || c->rcv_nxt ? c->rcv_nxt - seq_from_isn(c->irs) - 1 - c->fin_received : 0;
    i->segments_sent = (uint64_t)c->data_segments_out + c->other_segments_out;
    i->segments_received = (uint64_t)c->data_segments_in + c->other_segments_in;
    i->congestion = cc_congestion(c->cc);
    i->phase = (uint16_t)cc_phase(c);
    i->app_limited = c->flight->rate.last_app_limited;
    i->delivery_rate = rate_last(c);
    i->pacing_rate = pacer_rate(c);
    ecn_info(t, c, i);
    fill_recovery(t, c, i);
    i->soft_error = c->soft_error;
    i->path_mtu = c->path_mtu;
    fill_account(t, c, i);
    fill_receiver(t, c, i);
    mtuprobe_info(t, c, i);
    i->user_timeout = uto_limit(t, c) ? uto_limit(t, c) : c->settings->o.r2_time;
    i->peer_user_timeout = uto_of_peer(t, c);
    if (cold) {
        i->bytes_retransmitted = cold->bytes_retransmitted;
        i->segments_retransmitted = cold->segments_retransmitted;
        i->rto_count = cold->rto_count;
        i->fast_retransmit_count = cold->fast_retransmit_count;
        i->zero_window_probe_count = cold->probe_count;
        i->out_of_order_segments = cold->out_of_order_in;
    }
}
