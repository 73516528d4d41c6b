/*
 * linux_info.c - weir_tcp_info as Linux's struct tcp_info: what TCP_INFO gives, and what tools that know that
 * layout want. Its fields are in segments, microseconds and milliseconds, as there; what the core does not
 * know is 0.
 */
#include "socket/sock.h"

#include <assert.h>
#include <weir/trace.h>

#define SSTHRESH_INFINITE 0x7fffffff

static_assert(offsetof(struct weir_sock_tcp_info, total_retrans) == 100, "as Linux's");
static_assert(offsetof(struct weir_sock_tcp_info, pacing_rate) == 104, "as Linux's");
static_assert(offsetof(struct weir_sock_tcp_info, delivery_rate) == 160, "as Linux's");
static_assert(offsetof(struct weir_sock_tcp_info, snd_wnd) == 228, "as Linux's");
static_assert(sizeof(struct weir_sock_tcp_info) == 280, "as Linux's");

static uint32_t to_us(weir_time time)
{
    return (uint32_t)min_u64(time / WEIR_US, UINT32_MAX);
}

static uint32_t to_ms(weir_time time)
{
    return (uint32_t)min_u64(time / WEIR_MS, UINT32_MAX);
}

static uint32_t in_segments(uint64_t bytes, uint32_t mss)
{
    return (uint32_t)min_u64((bytes + mss - 1) / mss, UINT32_MAX);
}

static void fill_counts(const struct weir_tcp_info *i, struct weir_sock_tcp_info *o)
{
    o->bytes_acked = i->bytes_acked;
    o->bytes_received = i->bytes_received;
    o->bytes_sent = i->bytes_sent;
    o->bytes_retrans = i->bytes_retransmitted;
    o->segs_out = (uint32_t)min_u64(i->segments_sent, UINT32_MAX);
    o->segs_in = (uint32_t)min_u64(i->segments_received, UINT32_MAX);
    o->total_retrans = (uint32_t)min_u64(i->segments_retransmitted, UINT32_MAX);
    o->total_rto = (uint16_t)min_u32(i->rto_count, UINT16_MAX);
    o->notsent_bytes = i->unsent_bytes;
    o->data_segs_out = i->data_segments_sent;
    o->data_segs_in = i->data_segments_received;
    o->rcv_ooopack = i->out_of_order_segments;
    o->max_pacing_rate = i->max_pacing_rate ? i->max_pacing_rate : UINT64_MAX;
    o->busy_time = i->busy_time / WEIR_US;
    o->rwnd_limited = i->limited[WEIR_LIMIT_WINDOW] / WEIR_US;
    o->sndbuf_limited = i->limited[WEIR_LIMIT_SEND_BUFFER] / WEIR_US;
    /* the SYN counts, as there, with its data as one */
    o->delivered =
        i->age || i->state >= WEIR_TCP_ESTABLISHED
            ? 1 + in_segments(i->delivered_bytes - i->syn_bytes_delivered, max_u32(i->snd_mss, 1))
            : 0;
    o->delivered_ce = (uint32_t)i->delivered_ce;
    o->delivered_ce_bytes = (uint32_t)i->delivered_ce_bytes;
    o->received_ce = (uint32_t)i->ce_received;
    o->received_ce_bytes = (uint32_t)i->ce_received_bytes;
    o->delivered_e0_bytes = (uint32_t)i->delivered_ect0_bytes;
    o->delivered_e1_bytes = (uint32_t)i->delivered_ect1_bytes;
    o->received_e0_bytes = (uint32_t)i->ect0_received_bytes;
    o->received_e1_bytes = (uint32_t)i->ect1_received_bytes;
    o->delivery_rate = i->delivery_rate;
    o->pacing_rate = i->pacing_rate ? i->pacing_rate : UINT64_MAX; /* as Linux: unknown */
    o->ca_state = i->recovery;
    o->sacked = i->sacked_segments;
    o->lost = i->lost_segments;
    o->retrans = i->repeated_segments;
    o->reordering = i->reordering_segments;
    o->reord_seen = i->reordering_count;
    o->dsack_dups = i->dsack_received_count;
}

static void fill_connection(const struct weir_tcp_info *i, struct weir_sock_tcp_info *o)
{
    uint32_t mss = max_u32(i->snd_mss, 1);

    o->options = (uint8_t)((i->timestamps ? 1 : 0) | (i->sack ? 2 : 0) |
                           (i->window_scaling ? 4 : 0) | (i->syn_data ? 32 : 0));
    o->wscale = (uint8_t)((i->snd_wscale & 15) | (i->rcv_wscale & 15) << 4);
    o->rto = to_us(i->rto);
    o->rtt = to_us(i->srtt);
    o->rttvar = to_us(i->rttvar);
    o->min_rtt = to_us(i->min_rtt);
    o->snd_mss = i->snd_mss;
    o->rcv_mss = i->rcv_mss;
    o->unacked = in_segments(i->unacked_bytes, mss);
    o->snd_cwnd = i->cwnd_bytes / mss;
    o->snd_ssthresh =
        i->ssthresh_bytes >= SSTHRESH_INFINITE ? SSTHRESH_INFINITE : i->ssthresh_bytes / mss;
    o->snd_wnd = i->snd_wnd_bytes;
    o->rcv_wnd = i->rcv_wnd_bytes;
    o->rcv_space = i->receive_space ? i->receive_space : i->rcv_wnd_bytes;
    o->rcv_rtt = to_us(i->receive_rtt);
    o->rcv_ssthresh = i->receive_buffer;
    o->pmtu = i->path_mtu;
    o->advmss = i->announced_mss;
    o->ato = to_us(i->ack_delay);
    o->retransmits = i->recovery == WEIR_RECOVERY_LOSS ? i->backoff : 0;
    o->probes = i->probes_unanswered;
    o->backoff = i->backoff;
    o->limited = i->app_limited ? 1 : 0;
    o->last_data_sent = to_ms(i->since_data_sent);
    o->last_data_recv = to_ms(i->since_data_received);
    o->last_ack_recv = to_ms(i->since_received);
}

static uint8_t linux_state(uint8_t state)
{
    static const uint8_t states[WEIR_TCP_STATE_COUNT] = {
        [WEIR_TCP_CLOSED] = WEIR_SOCK_CLOSE,
        [WEIR_TCP_LISTEN] = WEIR_SOCK_LISTEN,
        [WEIR_TCP_SYN_SENT] = WEIR_SOCK_SYN_SENT,
        [WEIR_TCP_SYN_RECEIVED] = WEIR_SOCK_SYN_RECV,
        [WEIR_TCP_ESTABLISHED] = WEIR_SOCK_ESTABLISHED,
        [WEIR_TCP_FIN_WAIT_1] = WEIR_SOCK_FIN_WAIT1,
        [WEIR_TCP_FIN_WAIT_2] = WEIR_SOCK_FIN_WAIT2,
        [WEIR_TCP_CLOSE_WAIT] = WEIR_SOCK_CLOSE_WAIT,
        [WEIR_TCP_CLOSING] = WEIR_SOCK_CLOSING,
        [WEIR_TCP_LAST_ACK] = WEIR_SOCK_LAST_ACK,
        [WEIR_TCP_TIME_WAIT] = WEIR_SOCK_TIME_WAIT,
    };

    return state < WEIR_TCP_STATE_COUNT ? states[state] : (uint8_t)WEIR_SOCK_CLOSE;
}

size_t weir_tcp_info_linux(const struct weir_tcp_info *info, void *linux_tcp_info, size_t size)
{
    struct weir_sock_tcp_info o;

    memset(&o, 0, sizeof(o));
    o.state = linux_state(info->state);
    fill_connection(info, &o);
    fill_counts(info, &o);
    size = size < sizeof(o) ? size : sizeof(o);
    memcpy(linux_tcp_info, &o, size);
    return size;
}
