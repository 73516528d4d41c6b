/* tcp.c - see tcp.h: making and freeing, ISNs, what ICMP says. */
#include "tcp/tcp.h"

#include "base/siphash.h"
#include "tcp/auth.h"
#include "tcp/autotune.h"
#include "tcp/cc.h"
#include "tcp/cc_bbr.h"
#include "tcp/cold.h"
#include "tcp/emit.h"
#include "tcp/fastopen.h"
#include "tcp/flight.h"
#include "tcp/limits.h"
#include "tcp/mtuprobe.h"
#include "tcp/orphan.h"
#include "tcp/reassembly.h"
#include "tcp/scoreboard.h"
#include "tcp/trace.h"

static struct wheel_entry *wheel_entry_of(void *ctx, uint32_t index)
{
    struct tcp *t = ctx;

    return &tcp_conn_at(t, index)->timer;
}

/* The first slab is there from the beginning: else queues could take the whole budget and nothing of them
 * could ever be sent. */
static bool reserve(struct pool *p)
{
    uint32_t index;

    if (!pool_get(p, &index)) {
        return false;
    }
    pool_put(p, index);
    return true;
}

int tcp_init(struct tcp *t, struct env *env)
{
    memset(t, 0, sizeof(*t));
    t->env = env;
    pool_init(&t->conns, &env->memory, sizeof(struct tcp_conn), 5);
    pool_init(&t->flights, &env->memory, sizeof(struct tcp_flight), 5);
    pool_init(&t->bbrs, &env->memory, sizeof(struct bbr), 3);
    pool_init(&t->colds, &env->memory, sizeof(struct tcp_cold), 5);
    pool_init(&t->records, &env->memory, sizeof(struct tx_record), 7);
    pool_init(&t->half4s, &env->memory, sizeof(struct half4), 6);
    pool_init(&t->half6s, &env->memory, sizeof(struct half6), 6);
    pool_init(&t->time_waits, &env->memory, sizeof(struct time_wait), 6);
    pool_init(&t->listeners, &env->memory, sizeof(struct listener), 3);
    wheel_init(&t->wheel, wheel_entry_of, t, env->now);
    fastopen_init(t);
    t->settings = tcp_settings_new(t, &env->config.tcp);
    return t->settings && reserve(&t->records) && reserve(&t->flights) ? WEIR_OK : WEIR_ENOBUFS;
}

void tcp_fini(struct tcp *t)
{
    tcp_settings_unref(t, t->settings);
    fastopen_fini(t);
    pool_fini(&t->conns);
    pool_fini(&t->flights);
    pool_fini(&t->bbrs);
    pool_fini(&t->colds);
    pool_fini(&t->records);
    pool_fini(&t->half4s);
    pool_fini(&t->half6s);
    pool_fini(&t->time_waits);
    pool_fini(&t->listeners);
}

uint64_t tcp_tuple_hash(const struct tcp *t, const struct tcp_tuple *tuple, uint32_t purpose,
                        uint32_t salt)
{
    uint8_t bytes[44];

    memcpy(bytes, tuple->local.b, 16);
    memcpy(bytes + 16, tuple->remote.b, 16);
    memcpy(bytes + 32, &tuple->local_port, 2);
    memcpy(bytes + 34, &tuple->remote_port, 2);
    memcpy(bytes + 36, &purpose, 4);
    memcpy(bytes + 40, &salt, 4);
    return siphash(t->env->config.secret + 16, bytes, salt ? 44 : 40);
}

/* RFC 6528: a 4-microsecond clock plus a keyed hash of the four-tuple. */
uint32_t tcp_isn(struct tcp *t, const struct tcp_tuple *tuple, const struct weir_tcp_options *o)
{
    if (o->fixed_isn) {
        return o->isn;
    }
    return (uint32_t)(t->env->now / 4000) + (uint32_t)tcp_tuple_hash(t, tuple, 1, 0);
}

uint32_t tcp_isn_above(uint32_t isn, uint32_t snd_nxt, const struct weir_tcp_options *o)
{
    return o->fixed_isn || (int32_t)(isn - snd_nxt) > 0 ? isn : snd_nxt + UINT16_MAX + 2;
}

void tcp_start_above(struct tcp_conn *c, uint32_t snd_nxt)
{
    c->iss = tcp_isn_above(c->iss, snd_nxt, &c->settings->o);
    c->snd_una = c->snd_nxt = seq_from_isn(c->iss);
    c->snd_end = c->snd_una + 1;
}

/* RFC 7323 5.4: timestamps of different connections are not comparable. */
uint32_t tcp_ts_offset(struct tcp *t, const struct tcp_tuple *tuple)
{
    return (uint32_t)tcp_tuple_hash(t, tuple, 2, 0);
}

struct tcp_conn *tcp_conn_new(struct tcp *t, const struct tcp_tuple *tuple,
                              struct tcp_settings *settings, bool passive)
{
    uint32_t index;
    struct tcp_conn *c;

    if (t->env->config.connections_max && t->conn_count >= t->env->config.connections_max) {
        return NULL;
    }
    c = pool_get(&t->conns, &index);
    if (!c) {
        return NULL;
    }
    t->conn_count++;
    c->index = index;
    c->generation = ++t->generation;
    c->local = tuple->local;
    c->remote = tuple->remote;
    c->local_port = tuple->local_port;
    c->remote_port = tuple->remote_port;
    c->passive = passive;
    c->bound_link = UINT16_MAX;
    c->settings = settings ? settings : t->settings;
    tcp_settings_ref(c->settings);
    c->nodelay = c->settings->o.nodelay;
    autotune_reset(t, c);
    c->cc = cc_find(c->settings->o.congestion);
    c->state = WEIR_TCP_CLOSED;
    c->iss = tcp_isn(t, tuple, &c->settings->o);
    c->snd_una = c->snd_nxt = seq_from_isn(c->iss);
    c->snd_end = c->snd_una + 1;
    c->ts_offset = tcp_ts_offset(t, tuple);
    c->peer_mss = tcp_is_v4(c) ? TCP_MSS_DEFAULT4 : TCP_MSS_DEFAULT6;
    c->rcv_mss = TCP_MSS_DEFAULT4;
    c->ip_id = (uint16_t)rng_next(&t->env->rng);
    flight_clear(t, c);
    timeout_clear(c);
    return c;
}

void tcp_conn_free(struct tcp *t, struct tcp_conn *c)
{
    uint32_t index = c->index;

    orphan_end(t, c);
    wheel_remove(&t->wheel, index);
    cc_release(t, c);
    auth_end(t, c);
    cold_release(t, c);
    flight_clear(t, c);
    reassembly_clear(t, c);
    recvq_clear(t, c);
    autotune_forget(t, c);
    tcp_settings_unref(t, c->settings);
    c->generation = 0;
    t->conn_count--;
    pool_put(&t->conns, index);
}

void tcp_open(struct tcp *t, struct tcp_conn *c, uint32_t mtu)
{
    c->id = ++t->next_id;
    trace_open(t, c->id, &c->local, c->local_port, &c->remote, c->remote_port, false);
    tcp_set_state(t, c, WEIR_TCP_SYN_SENT, WEIR_REASON_USER_CONNECT);
    tcp_set_mtu(t, c, mtu);
    c->snd_nxt = c->snd_una + 1; /* the SYN's number is taken from now on */
    c->rcv_nxt = c->rcv_adv = c->rcv_acked = seq_from_isn(0);
    c->syn_due = 1;
    c->last_send_at = t->env->now;
    tcp_touch(t, c);
}

void tcp_set_mtu(struct tcp *t, struct tcp_conn *c, uint32_t mtu)
{
    uint16_t before = c->mss_base;

    c->path_mtu = (uint16_t)min_u32(mtu, UINT16_MAX);
    c->mss_base = tcp_mss_base(c, c->path_mtu);
    if (UNLIKELY(c->mtu_probing)) {
        mtuprobe_on_path(t, c);
    }
    if (c->mss_base < before && c->flight->tx_head) {
        scoreboard_mark_too_large(t, c, emit_payload_max(c), WEIR_REASON_PMTU);
        tcp_touch(t, c);
    }
}

bool tcp_icmp_error(struct tcp *t, struct tcp_conn *c, const struct tcp_icmp *e)
{
    seq_pos seq = seq_widen(c->snd_una, e->seq);

    /* RFC 5927: only what quotes something in flight is believed */
    if (seq < c->snd_una || seq >= c->snd_nxt || c->state == WEIR_TCP_CLOSED) {
        t->env->dropped[WEIR_DROP_ICMP_SEQUENCE]++;
        return false;
    }
    if (e->too_big) {
        bool believed = c->settings->o.path_mtu_discovery && e->mtu < c->path_mtu;

        if (believed) {
            fastopen_too_big(t, c);
        }
        return believed;
    }
    if ((e->hard && !tcp_synchronized(c)) ||
        (UNLIKELY(c->fastopen) && fastopen_soft_error_ends(t, c))) {
        /* RFC 5461: hard errors end only what is not yet established */
        tcp_finish(t, c, e->error, WEIR_REASON_ICMP);
    } else {
        c->soft_error = (int16_t)e->error;
        tcp_event(t, c, WEIR_EVENT_ERROR);
    }
    tcp_touch(t, c);
    return false;
}

void tcp_conn_check(const struct tcp *t, const struct tcp_conn *c)
{
    ASSERT(c->snd_una <= c->snd_nxt);
    ASSERT(c->snd_nxt <= c->snd_end + 1 || c->state == WEIR_TCP_CLOSED);
    ASSERT(c->rcv_acked <= c->rcv_nxt || c->state <= WEIR_TCP_SYN_SENT);
    ASSERT(c->rcv_nxt <= c->rcv_adv || c->state <= WEIR_TCP_SYN_RECEIVED);
    ASSERT(!c->fin_sent || c->fin_queued || c->state == WEIR_TCP_CLOSED);
    if (c->state != WEIR_TCP_CLOSED && c->state != WEIR_TCP_TIME_WAIT) {
        scoreboard_check(t, c);
    }
    reassembly_check(c);
    limits_check(t, c);
    /* something outstanding always has a timer */
    if (c->snd_nxt != c->snd_una && c->state != WEIR_TCP_CLOSED && c->state != WEIR_TCP_TIME_WAIT) {
        ASSERT(c->rto_at != WEIR_NEVER || c->syn_due);
    }
}
