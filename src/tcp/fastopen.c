/*
 * fastopen.c - see fastopen.h: the server's side of TCP Fast Open, and what both sides share. The client's side
 * and its cache are fastopen_client.c.
 *
 * A cookie is SipHash of the client's and the server's address under a key, as Linux makes it, so that a key
 * may be shared by the machines of a cluster whatever they run.
 */
#include "tcp/fastopen.h"

#include "base/siphash.h"
#include "tcp/cc.h"
#include "tcp/ecn.h"
#include "tcp/flight.h"
#include "tcp/half.h"
#include "tcp/reassembly.h"
#include "tcp/rtt.h"
#include "tcp/synsent.h"
#include "tcp/trace.h"

#define COOKIE_SIZE 8
#define RST_HOLD (60 * WEIR_S) /* RFC 7413 5.1: a request that was reset still counts for a while */

static void store_le64(uint8_t *p, uint64_t v)
{
    for (uint32_t i = 0; i < 8; i++) {
        p[i] = (uint8_t)(v >> (8 * i));
    }
}

/* A key of its own, derived so that the secret cannot be told from cookies. */
void fastopen_init(struct tcp *t)
{
    static const uint8_t first[] = "fast open 1", second[] = "fast open 2";

    t->fastopen.keys.count = 1;
    store_le64(t->fastopen.keys.key[0], siphash(t->env->config.secret, first, sizeof(first)));
    store_le64(t->fastopen.keys.key[0] + 8,
               siphash(t->env->config.secret + 16, second, sizeof(second)));
    t->fastopen.cache_size = t->env->config.fastopen_cache;
}

/* ---- Cookies -------------------------------------------------------------------------------------------- */

static void make_cookie(const uint8_t *key, const struct tcp_tuple *tuple, uint8_t *cookie)
{
    bool v4 = ip_addr_is_v4(&tuple->local);
    uint32_t size = v4 ? 4 : 16, skip = 16 - size;
    uint8_t bytes[32];

    memcpy(bytes, tuple->remote.b + skip, size);
    memcpy(bytes + size, tuple->local.b + skip, size);
    store_le64(cookie, siphash(key, bytes, 2 * (size_t)size));
}

const struct fastopen_keys *fastopen_keys_of(const struct tcp *t, const struct listener *l)
{
    return l && l->fastopen_keys.count ? &l->fastopen_keys : &t->fastopen.keys;
}

/* Which key made it? -1: none. */
static int key_of(const struct fastopen_keys *keys, const struct tcp_tuple *tuple,
                  const struct tcp_options *o)
{
    uint8_t cookie[COOKIE_SIZE];

    for (int i = 0; i < keys->count && o->fastopen_size == COOKIE_SIZE; i++) {
        make_cookie(keys->key[i], tuple, cookie);
        if (memcmp(cookie, o->fastopen, COOKIE_SIZE) == 0) {
            return i;
        }
    }
    return -1;
}

void fastopen_give(struct tcp *t, const struct listener *l, const struct tcp_tuple *tuple, bool exp,
                   struct tcp_options *o)
{
    make_cookie(fastopen_keys_of(t, l)->key[0], tuple, t->fastopen.given);
    o->present |= WEIR_SEGMENT_FASTOPEN;
    o->fastopen = t->fastopen.given;
    o->fastopen_size = COOKIE_SIZE;
    o->fastopen_exp = exp;
    t->fastopen.cookies++;
}

/* ---- SYN arrives ---------------------------------------------------------------------------------------- */

static bool queue_full(struct tcp *t, struct listener *l)
{
    if (l->fastopen_rst && t->env->now >= l->fastopen_rst_until) {
        l->fastopen_rst = 0;
    }
    return l->fastopen_pending + l->fastopen_rst >= l->fastopen_queue;
}

static void take_data(struct tcp *t, struct tcp_conn *c, const struct tcp_arrival *a)
{
    const struct tcp_segment *s = a->segment;
    uint32_t size = min_u32(s->payload_size, tcp_receive_initial(&c->settings->o));

    if (size && recvq_append(t, c, s->payload, size, a->buffer)) {
        cold_of(t, c)->fastopen_flags |= FASTOPEN_USED;
        tcp_event(t, c, WEIR_EVENT_READABLE);
    } /* no memory: it is not acknowledged, and comes again */
    c->rcv_adv = max_u64(c->rcv_adv, c->rcv_nxt);
}

static struct tcp_conn *open_by_syn(struct tcp *t, struct listener *l, const struct tcp_arrival *a,
                                    uint8_t flags)
{
    struct tcp_conn *c = listen_open(t, l, a);
    struct tcp_cold *cold = c ? cold_of(t, c) : NULL;

    if (!cold) {
        return NULL;
    }
    c->fastopen = 1;
    cold->fastopen_flags = flags;
    cold->fastopen_listener = l->index;
    cold->fastopen_generation = l->generation;
    l->fastopen_pending++;
    listen_queue(t, l, c);
    take_data(t, c, a);
    cc_start(t, c);
    return c;
}

uint16_t fastopen_listen(struct tcp *t, struct listener *l, const struct tcp_arrival *a,
                         struct tcp_conn **opened)
{
    const struct tcp_options *o = &a->segment->options;
    bool option = (o->present & WEIR_SEGMENT_FASTOPEN) != 0;
    bool bare = a->segment->payload_size && l->settings->o.fastopen_no_cookie;
    uint16_t give = (uint16_t)(HALF_FASTOPEN | (o->fastopen_exp ? HALF_FASTOPEN_EXP : 0));
    int key = 0;

    if (l->deferred || !(option || bare)) {
        return 0;
    }
    if (queue_full(t, l)) {
        t->fastopen.overflow++;
        return 0; /* the usual handshake, and no cookie */
    }
    if (!bare) {
        key = o->fastopen_size ? key_of(fastopen_keys_of(t, l), &a->tuple, o) : -1;
    }
    if (key < 0) {
        t->fastopen.passive_failed += o->fastopen_size != 0;
        return give;
    }
    *opened = open_by_syn(
        t, l, a, key > 0 ? (uint8_t)(FASTOPEN_GIVE | (o->fastopen_exp ? FASTOPEN_EXP : 0)) : 0);
    t->fastopen.passive += *opened != NULL;
    return 0;
}

/* ---- SYN-RECEIVED ends ---------------------------------------------------------------------------------- */

void fastopen_leave(struct tcp *t, struct tcp_conn *c, bool by_rst)
{
    struct tcp_cold *cold = cold_of(t, c);
    struct listener *l;

    if (!cold->fastopen_listener) {
        return;
    }
    l = tcp_listener_at(t, cold->fastopen_listener);
    if (l->generation == cold->fastopen_generation) {
        l->fastopen_pending--;
        if (by_rst) {
            l->fastopen_rst++;
            l->fastopen_rst_until = t->env->now + RST_HOLD;
        }
    }
    cold->fastopen_listener = 0;
}

/* As a half-open entry's, as long as nobody has accepted it. */
bool fastopen_soft_error_ends(const struct tcp *t, const struct tcp_conn *c)
{
    return c->passive && c->state == WEIR_TCP_SYN_RECEIVED && c->listener &&
           tcp_listener_at(t, c->listener)->soft_errors_end;
}

/* The round trip of the SYN,ACK, when nothing was sent behind it that moved the time of sending. */
void fastopen_sample(struct tcp *t, struct tcp_conn *c, const struct tcp_options *o)
{
    if (c->timestamps && (o->present & WEIR_SEGMENT_TIMESTAMPS)) {
        rtt_sample_echo(t, c, o->ts_ecr);
    } else if (c->backoff == 0 && !c->flight->tx_head) {
        rtt_sample(t, c, t->env->now - c->last_send_at);
    }
    if (c->backoff) {
        rtt_syn_lost(c);
    }
}

void fastopen_established(struct tcp *t, struct tcp_conn *c)
{
    if (c->passive) {
        fastopen_leave(t, c, false);
    }
    if (c->flight != &tcp_flight_none) {
        sendq_release(t, c);
        flight_release_if_idle(t, c);
    }
    if (c->snd_nxt != c->snd_una) {
        timeout_on_send(t, c);
    }
}
