/*
 * fastopen_client.c - the client's side of TCP Fast Open (RFC 7413 4.1.3, 4.2): what is known of each
 * destination, and the SYN with data.
 *
 * The cache has sets of WAYS entries, found by a keyed hash of the two addresses; the one used longest ago
 * goes. When SYNs with data get lost where plain ones arrive (a middlebox drops them), the destination is left
 * alone for a time that doubles.
 */
#include "tcp/fastopen.h"

#include "base/siphash.h"
#include "tcp/flight.h"
#include "tcp/rack.h"
#include "tcp/scoreboard.h"
#include "tcp/sendq.h"
#include "tcp/state.h"
#include "tcp/timeout.h"

#define WAYS 4
#define OPTION_SPACE 40 /* left for options, as Linux does, whatever there are */
#define BACKOFF (60 * WEIR_S)
#define BACKOFF_MAX 6 /* doublings */

enum try_exp { TRY_STANDARD = 0, TRY_EXPERIMENTAL, TRY_NO_MORE };

struct fastopen_entry {
    struct ip_addr local, remote;
    weir_time used; /* 0: free */
    weir_time lost_at;
    uint16_t mss;
    uint8_t size; /* 0: no cookie */
    bool exp;     /* it came in the experimental option */
    uint8_t try_exp, losses;
    uint8_t cookie[TCP_FASTOPEN_MAX];
};

void fastopen_fini(struct tcp *t)
{
    struct fastopen *f = &t->fastopen;

    if (f->cache) {
        memory_free(&t->env->memory, f->cache, f->cache_size * sizeof(*f->cache));
        f->cache = NULL;
    }
}

/* ---- The cache ------------------------------------------------------------------------------------------ */

static struct fastopen_entry *set_of(const struct tcp *t, const struct ip_addr *local,
                                     const struct ip_addr *remote, uint32_t *ways)
{
    const struct fastopen *f = &t->fastopen;
    uint32_t sets = max_u32(f->cache_size / WAYS, 1);
    uint8_t bytes[32];

    *ways = min_u32(f->cache_size, WAYS);
    memcpy(bytes, local->b, 16);
    memcpy(bytes + 16, remote->b, 16);
    return f->cache + siphash(t->env->config.secret, bytes, sizeof(bytes)) % sets * *ways;
}

static struct fastopen_entry *find(const struct tcp *t, const struct ip_addr *local,
                                   const struct ip_addr *remote)
{
    struct fastopen_entry *e;
    uint32_t ways;

    if (!t->fastopen.cache) {
        return NULL;
    }
    e = set_of(t, local, remote, &ways);
    for (; ways; ways--, e++) {
        if (e->used && ip_addr_equal(&e->remote, remote) && ip_addr_equal(&e->local, local)) {
            return e;
        }
    }
    return NULL;
}

/* The entry, made if need be in the place of the oldest of its set; NULL: no memory or no cache. */
static struct fastopen_entry *find_or_make(struct tcp *t, const struct ip_addr *local,
                                           const struct ip_addr *remote)
{
    struct fastopen *f = &t->fastopen;
    struct fastopen_entry *e = find(t, local, remote), *oldest;
    uint32_t ways;

    if (e || f->cache_size == 0) {
        return e;
    }
    if (!f->cache) {
        f->cache = memory_alloc_zero(&t->env->memory, f->cache_size * sizeof(*f->cache));
        if (!f->cache) {
            return NULL;
        }
    }
    e = oldest = set_of(t, local, remote, &ways);
    for (; ways; ways--, e++) {
        oldest = e->used < oldest->used ? e : oldest;
    }
    memset(oldest, 0, sizeof(*oldest));
    oldest->local = *local;
    oldest->remote = *remote;
    oldest->used = max_u64(t->env->now, 1);
    return oldest;
}

static bool backing_off(const struct tcp *t, const struct fastopen_entry *e)
{
    return e && e->losses > 1 &&
           t->env->now - e->lost_at < BACKOFF << min_u32(e->losses, BACKOFF_MAX);
}

uint32_t fastopen_room(const struct tcp *t, const struct tcp_tuple *tuple, uint32_t mtu,
                       const struct weir_tcp_options *o)
{
    const struct fastopen_entry *e = find(t, &tuple->local, &tuple->remote);
    bool v4 = ip_addr_is_v4(&tuple->remote);
    uint32_t mss = mtu - (v4 ? 40 : 60);

    if (!o->fastopen || backing_off(t, e) || !(o->fastopen_no_cookie || (e && e->size))) {
        return 0;
    }
    if (o->mss_clamp) {
        mss = min_u32(mss, o->mss_clamp);
    }
    if (e && e->mss) {
        mss = min_u32(mss, e->mss);
    }
    return mss > OPTION_SPACE ? mss - OPTION_SPACE : 0;
}

/* ---- SYN ------------------------------------------------------------------------------------------------ */

/* The option: the cookie we have, or the wish for one. */
static void put_option(const struct fastopen_entry *e, struct tcp_cold *cold, struct tcp_options *o)
{
    bool cookie = e && e->size;

    o->present |= WEIR_SEGMENT_FASTOPEN;
    o->fastopen = cookie ? e->cookie : NULL;
    o->fastopen_size = cookie ? e->size : 0;
    o->fastopen_exp = e && (cookie ? e->exp : e->try_exp == TRY_EXPERIMENTAL);
    cold->fastopen_flags |= (uint8_t)(FASTOPEN_OPTION | (o->fastopen_exp ? FASTOPEN_EXP : 0));
}

/* Data on a SYN that does not count as sent: it has no record. */
static void put_data(struct tcp_conn *c, struct tcp_emit *e, uint32_t room)
{
    uint32_t size = (uint32_t)min_u64(c->snd_end - tcp_first_data(c), room);

    if (size) {
        e->payload_slices =
            sendq_slices(c, tcp_first_data(c), size, e->slices, e->buffers, &e->payload_size);
        e->segment.payload_size = e->payload_size;
    }
}

static void first_syn(struct tcp *t, struct tcp_conn *c, struct tcp_emit *e, uint32_t mtu)
{
    const struct weir_tcp_options *o = &c->settings->o;
    struct tcp_tuple tuple = {c->local, c->remote, c->local_port, c->remote_port};
    const struct fastopen_entry *entry = find(t, &c->local, &c->remote);
    struct tcp_cold *cold;

    /* a MAC leaves no room for a cookie */
    if (c->auth || backing_off(t, entry) || (cold = cold_ensure(t, c)) == NULL) {
        return;
    }
    c->fastopen = 1;
    cold->fastopen_flags |= FASTOPEN_TRIED;
    if (!o->fastopen_no_cookie) {
        put_option(entry, cold, &e->segment.options);
    }
    put_data(c, e, fastopen_room(t, &tuple, mtu, o));
    cold->fastopen_data = (uint16_t)e->payload_size;
}

void fastopen_on_syn(struct tcp *t, struct tcp_conn *c, struct tcp_emit *e, uint32_t mtu,
                     bool with_ack)
{
    if (!with_ack) {
        if (!c->fastopen && c->backoff == 0) {
            first_syn(t, c, e, mtu);
        }
    } else if (c->passive && c->backoff == 0) {
        struct tcp_tuple tuple = {c->local, c->remote, c->local_port, c->remote_port};
        const struct tcp_cold *cold = cold_of(t, c);
        const struct listener *l = tcp_listener_at(t, cold->fastopen_listener);
        uint8_t flags = cold->fastopen_flags;

        if ((flags & FASTOPEN_GIVE) && l->generation == cold->fastopen_generation) {
            fastopen_give(t, l, &tuple, (flags & FASTOPEN_EXP) != 0, &e->segment.options);
        }
    }
}

void fastopen_too_big(struct tcp *t, struct tcp_conn *c)
{
    if (c->state == WEIR_TCP_SYN_SENT && fastopen_data(t, c)) {
        c->syn_due = 1;
        tcp_touch(t, c);
    }
}

/* ---- SYN,ACK -------------------------------------------------------------------------------------------- */

/* What the SYN,ACK says about Fast Open with that peer (RFC 7413 4.1.3.1). */
static void learn(struct tcp *t, struct tcp_conn *c, const struct tcp_segment *s, uint32_t unacked)
{
    const struct tcp_options *o = &s->options;
    uint8_t flags = cold_of(t, c)->fastopen_flags;
    bool cookie = (flags & FASTOPEN_OPTION) && (o->present & WEIR_SEGMENT_FASTOPEN) &&
                  o->fastopen_size; /* one that was not asked for is not kept */
    struct fastopen_entry *e = find_or_make(t, &c->local, &c->remote);

    if (!e) {
        return;
    }
    e->used = max_u64(t->env->now, 1);
    e->mss = c->peer_mss;
    if (cookie) {
        memcpy(e->cookie, o->fastopen, o->fastopen_size);
        e->size = o->fastopen_size;
        e->exp = o->fastopen_exp;
    } else if ((flags & FASTOPEN_OPTION) && c->backoff == 0 && cold_of(t, c)->fastopen_data == 0 &&
               e->size == 0) {
        e->try_exp =
            flags & FASTOPEN_EXP ? TRY_NO_MORE : (uint8_t)max_u32(e->try_exp, TRY_EXPERIMENTAL);
    }
    if (c->backoff && !cookie && unacked) { /* only the plain SYN arrived */
        e->losses = (uint8_t)min_u32(e->losses + 1u, UINT8_MAX);
        e->lost_at = t->env->now;
    } else {
        e->losses = 0;
    }
}

void fastopen_on_syn_ack(struct tcp *t, struct tcp_conn *c, const struct tcp_segment *s)
{
    struct tcp_cold *cold = cold_of(t, c);
    uint32_t acked = s->ack - seq_wire(c->snd_nxt), data = cold->fastopen_data;

    if (!(s->flags & WEIR_TCP_ACK)) {
        return;
    }
    learn(t, c, s, data - acked);
    if (data) {
        t->fastopen.active += acked == data;
        t->fastopen.active_failed += acked != data;
        cold->fastopen_flags |= acked == data ? FASTOPEN_USED : 0;
        c->snd_nxt += acked;
        c->delivered += acked;
        cold->fastopen_data = (uint16_t)(data - acked);
        cold->fastopen_taken = (uint16_t)acked;
        if (acked && c->snd_nxt == c->snd_end) {
            tcp_event(t, c, WEIR_EVENT_SENT_ALL);
        }
    }
}

/* RFC 7413 4.2.2: what they did not take comes again at once. It was sent and is not there, so it gets a record as
 * any other that is lost; that nothing of it was taken says nothing about the path, so nothing is reduced. */
void fastopen_send_again(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_cold *cold = cold_of(t, c);
    uint32_t size = cold->fastopen_data;
    struct tx_record *r;

    cold->fastopen_data = 0;
    if (size == 0 || size > c->snd_wnd || c->snd_nxt != c->snd_una ||
        !scoreboard_sent(t, c, size, false)) {
        return; /* no window, or no memory: it is sent as if for the first time */
    }
    r = tx_at(t, c->flight->tx_tail);
    rack_remove(t, c->flight, c->flight->tx_tail);
    r->flags |= TX_LOST | TX_PSH;
    c->flight->lost_bytes += size;
    timeout_on_send(t, c);
}
