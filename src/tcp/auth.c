/* auth.c - see auth.h: signing what leaves and checking what arrives. */
#include "tcp/auth.h"

#include "tcp/cold.h"
#include "tcp/half.h"
#include "tcp/tcp.h"

static struct tcp_auth *auth_of(const struct tcp *t, const struct tcp_conn *c)
{
    return cold_of(t, c)->auth;
}

/* The key for a peer by its receive ID (send: by its send ID), of the longest prefix; TCP-MD5 has no IDs. */
static const struct weir_tcp_key *find_key(const struct tcp_keychain *chain,
                                           const struct ip_addr *peer, enum weir_auth auth,
                                           uint8_t id, bool send)
{
    const struct weir_tcp_key *best = NULL;

    for (uint32_t i = 0; chain && i < chain->count; i++) {
        const struct weir_tcp_key *k = &chain->keys[i];

        if (k->auth == auth && auth_key_matches(k, peer) &&
            (auth == WEIR_AUTH_MD5 || (send ? k->send_id : k->recv_id) == id) &&
            (!best || k->prefix > best->prefix)) {
            best = k;
        }
    }
    return best;
}

static const struct weir_tcp_key *key_by_id(const struct tcp_conn *c, enum weir_auth auth,
                                            uint8_t id, bool send)
{
    return find_key(c->settings->keys, &c->remote, auth, id, send);
}

int auth_begin(struct tcp *t, struct tcp_conn *c, const struct weir_tcp_key *key)
{
    struct tcp_cold *cold = cold_ensure(t, c);
    struct tcp_auth *a = cold ? memory_alloc_zero(&t->env->memory, sizeof(*a)) : NULL;

    if (!a) {
        return WEIR_ENOBUFS;
    }
    a->auth = key->auth;
    a->send_id = key->send_id;
    a->recv_id = a->rnext = key->recv_id;
    cold->auth = a;
    c->auth = key->auth == WEIR_AUTH_MD5 ? 1 : 2;
    return WEIR_OK;
}

void auth_end(struct tcp *t, struct tcp_conn *c)
{
    if (c->auth) {
        struct tcp_auth *a = auth_of(t, c);

        c->auth = 0;
        cold_of(t, c)->auth = NULL;
        memset(a, 0, sizeof(*a));
        memory_free(&t->env->memory, a, sizeof(*a));
    }
}

bool auth_uses(const struct tcp *t, const struct tcp_conn *c, const struct weir_tcp_key *key)
{
    const struct tcp_auth *a = c->auth ? auth_of(t, c) : NULL;

    return a && a->auth == key->auth && (a->auth == WEIR_AUTH_MD5 || a->send_id == key->send_id);
}

int auth_set_rnext(struct tcp *t, struct tcp_conn *c, uint8_t recv_id)
{
    if (!c->auth || !key_by_id(c, WEIR_AUTH_AO, recv_id, false)) {
        return WEIR_ENOENT;
    }
    auth_of(t, c)->rnext = recv_id;
    return WEIR_OK;
}

void auth_prepare(const struct tcp *t, const struct tcp_conn *c, struct tcp_options *o)
{
    const struct tcp_auth *a = auth_of(t, c);

    if (a->auth == WEIR_AUTH_MD5) {
        o->present |= WEIR_SEGMENT_MD5;
    } else {
        o->present |= WEIR_SEGMENT_AO;
        o->ao_key_id = a->send_id;
        o->ao_rnext = a->rnext;
    }
}

/* The traffic key of a segment in either direction. A SYN's has no ISN of the other side (RFC 5925 5.2). */
static bool traffic_key(struct tcp *t, struct tcp_conn *c, const struct weir_tcp_key *key, bool out,
                        const struct tcp_segment *s, struct auth_traffic_key *traffic)
{
    struct tcp_auth *a = auth_of(t, c);
    bool syn = (s->flags & (WEIR_TCP_SYN | WEIR_TCP_ACK)) == WEIR_TCP_SYN;
    bool *valid = out ? &a->send_valid : &a->recv_valid;
    struct auth_traffic_key *cached = out ? &a->send : &a->recv;
    struct auth_context context = {
        .src = out ? c->local : c->remote,
        .dst = out ? c->remote : c->local,
        .src_port = out ? c->local_port : c->remote_port,
        .dst_port = out ? c->remote_port : c->local_port,
        .src_isn = out ? c->iss : c->irs,
        .dst_isn = out ? c->irs : c->iss,
    };
    /* in SYN-SENT the peer's ISN is in the segment itself, and not yet believed */
    bool unknown = c->state == WEIR_TCP_SYN_SENT;

    if (syn) {
        context.src_isn = s->seq;
        context.dst_isn = 0;
    } else if (unknown && !out) {
        context.src_isn = s->seq;
    }
    if (syn || unknown) {
        return auth_traffic_key(&t->env->config.mac, key, &context, traffic);
    }
    if (!*valid || (!out && a->recv_cached != key->recv_id)) {
        *valid = auth_traffic_key(&t->env->config.mac, key, &context, cached);
        a->recv_cached = out ? a->recv_cached : key->recv_id;
    }
    *traffic = *cached;
    return *valid;
}

static uint32_t extension(seq_pos near, uint32_t wire)
{
    return (uint32_t)(seq_widen(near, wire) >> 32) - 1; /* positions begin at 2^32 + ISN */
}

bool auth_sign(struct tcp *t, struct tcp_conn *c, uint8_t *header, const struct tcp_segment *s,
               const struct weir_slice *payload, uint32_t slices)
{
    struct tcp_auth *a = auth_of(t, c);
    const struct weir_tcp_key *key = key_by_id(c, (enum weir_auth)a->auth, a->send_id, true);
    struct auth_segment segment = {
        .src = &c->local,
        .dst = &c->remote,
        .header = header,
        .header_size = s->header_size,
        .payload = payload,
        .payload_slices = slices,
        .payload_size = s->payload_size,
        .sne = extension(c->snd_nxt, s->seq),
        .mac_offset = s->options.mac_offset,
    };
    struct auth_traffic_key traffic;

    if (!key) {
        return false;
    }
    if (a->auth == WEIR_AUTH_MD5) {
        return auth_md5_mac(&t->env->config.mac, key, &segment, header + segment.mac_offset);
    }
    return traffic_key(t, c, key, true, s, &traffic) &&
           auth_ao_mac(&t->env->config.mac, key, &traffic, &segment, header + segment.mac_offset);
}

static bool mac_matches(struct tcp *t, const struct weir_tcp_key *key,
                        const struct auth_traffic_key *traffic, const struct tcp_arrival *in,
                        uint32_t sne)
{
    const struct tcp_segment *s = in->segment;
    const uint8_t *header = s->payload - s->header_size;
    struct weir_slice payload = {s->payload, s->payload_size};
    uint8_t mac[AUTH_MD5_SIZE];
    struct auth_segment segment = {
        .src = &in->tuple.remote,
        .dst = &in->tuple.local,
        .header = header,
        .header_size = s->header_size,
        .payload = &payload,
        .payload_slices = 1,
        .payload_size = s->payload_size,
        .sne = sne,
        .mac_offset = s->options.mac_offset,
    };
    const uint8_t *theirs = header + s->options.mac_offset;

    if (in->gso_size) { /* joined by a device that does not know what it joins */
        return false;
    }
    if (key->auth == WEIR_AUTH_MD5) {
        return auth_md5_mac(&t->env->config.mac, key, &segment, mac) &&
               auth_equal(mac, theirs, AUTH_MD5_SIZE);
    }
    return auth_ao_mac(&t->env->config.mac, key, traffic, &segment, mac) &&
           auth_equal(mac, theirs, AUTH_MAC_SIZE);
}

/* RFC 5925 7.4: the peer asks for another key; we change when we have it. */
static void follow_rnext(struct tcp_conn *c, struct tcp_auth *a, uint8_t rnext)
{
    const struct weir_tcp_key *key;

    if (rnext != a->send_id && (key = key_by_id(c, WEIR_AUTH_AO, rnext, true)) != NULL) {
        a->send_id = key->send_id;
        a->recv_id = key->recv_id;
        a->send_valid = false;
    }
}

enum weir_drop auth_check(struct tcp *t, struct tcp_conn *c, const struct tcp_arrival *in)
{
    const struct tcp_options *o = &in->segment->options;
    struct tcp_auth *a = c->auth ? auth_of(t, c) : NULL;
    const struct weir_tcp_key *key;
    struct auth_traffic_key traffic = {0};

    if (!a) { /* RFC 5925 7.3: an AO option that nobody asked for is as an unknown one */
        return o->present & WEIR_SEGMENT_MD5 ? WEIR_DROP_AUTH_UNEXPECTED : WEIR_DROP_NONE;
    }
    if (!(o->present & (a->auth == WEIR_AUTH_MD5 ? WEIR_SEGMENT_MD5 : WEIR_SEGMENT_AO))) {
        return WEIR_DROP_AUTH_MISSING;
    }
    key = key_by_id(c, (enum weir_auth)a->auth, o->ao_key_id, false);
    if (!key) {
        return WEIR_DROP_AUTH_KEY;
    }
    if ((a->auth == WEIR_AUTH_AO && !traffic_key(t, c, key, false, in->segment, &traffic)) ||
        !mac_matches(t, key, &traffic, in,
                     c->state == WEIR_TCP_SYN_SENT ? 0 : extension(c->rcv_nxt, in->segment->seq))) {
        return WEIR_DROP_AUTH_MAC;
    }
    if (a->auth == WEIR_AUTH_AO) {
        follow_rnext(c, a, o->ao_rnext);
    }
    return WEIR_DROP_NONE;
}

enum weir_drop auth_check_syn(struct tcp *t, const struct tcp_keychain *chain,
                              const struct tcp_arrival *in, const struct weir_tcp_key **used)
{
    const struct tcp_segment *s = in->segment;
    bool md5 = (s->options.present & WEIR_SEGMENT_MD5) != 0;
    bool ao = (s->options.present & WEIR_SEGMENT_AO) != 0;
    struct auth_context context = {in->tuple.remote, in->tuple.local, s->src_port,
                                   s->dst_port,      s->seq,          0};
    struct auth_traffic_key traffic = {0};
    const struct weir_tcp_key *key =
        md5 || ao ? find_key(chain, &in->tuple.remote, md5 ? WEIR_AUTH_MD5 : WEIR_AUTH_AO,
                             s->options.ao_key_id, false)
                  : NULL;

    *used = NULL;
    if (!key) {
        if (auth_key_for(chain, &in->tuple.remote)) {
            return md5 || ao ? WEIR_DROP_AUTH_KEY : WEIR_DROP_AUTH_MISSING;
        }
        return md5 ? WEIR_DROP_AUTH_UNEXPECTED : WEIR_DROP_NONE;
    }
    if ((key->auth == WEIR_AUTH_AO &&
         !auth_traffic_key(&t->env->config.mac, key, &context, &traffic)) ||
        !mac_matches(t, key, &traffic, in, 0)) {
        return WEIR_DROP_AUTH_MAC;
    }
    *used = key;
    return WEIR_DROP_NONE;
}

enum weir_drop auth_check_stray(struct tcp *t, const struct tcp_keychain *chain,
                                const struct tcp_arrival *in, const struct weir_tcp_key **used)
{
    const struct ip_addr *peer = &in->tuple.remote;
    uint32_t present = in->segment->options.present;
    const struct weir_tcp_key *key =
        present & WEIR_SEGMENT_MD5 ? find_key(chain, peer, WEIR_AUTH_MD5, 0, false) : NULL;

    *used = NULL;
    if (!key) {
        return present & WEIR_SEGMENT_MD5   ? WEIR_DROP_AUTH_UNEXPECTED
               : !auth_key_for(chain, peer) ? WEIR_DROP_NONE
               : present & WEIR_SEGMENT_AO  ? WEIR_DROP_AUTH_KEY
                                            : WEIR_DROP_AUTH_MISSING;
    }
    if (!mac_matches(t, key, NULL, in, 0)) {
        return WEIR_DROP_AUTH_MAC;
    }
    *used = key;
    return WEIR_DROP_NONE;
}

bool auth_sign_reset(struct tcp *t, const struct weir_tcp_key *key, const struct tcp_tuple *tuple,
                     uint8_t *header, const struct tcp_segment *s)
{
    struct auth_segment segment = {
        .src = &tuple->local,
        .dst = &tuple->remote,
        .header = header,
        .header_size = s->header_size,
        .mac_offset = s->options.mac_offset,
    };

    return auth_md5_mac(&t->env->config.mac, key, &segment, header + segment.mac_offset);
}

struct tcp_conn *auth_open(struct tcp *t, struct listener *l, const struct tcp_arrival *in)
{
    struct tcp_conn *c = listen_open(t, l, in);
    struct tcp_auth *a;

    if (!c) {
        return NULL;
    }
    if (auth_begin(t, c, in->key) != WEIR_OK) {
        tcp_finish(t, c, WEIR_ENOBUFS, WEIR_REASON_NO_MEMORY);
        c->orphan = 1;
        return c;
    }
    a = auth_of(t, c);
    a->listener = l->index;
    a->generation = l->generation;
    c->orphan = 1; /* nobody has it in hand yet */
    c->mss_base = tcp_mss_base(c, c->path_mtu);
    return c;
}

void auth_established(struct tcp *t, struct tcp_conn *c)
{
    const struct tcp_auth *a = auth_of(t, c);
    struct listener *l = tcp_listener_at(t, a->listener);

    if (a->generation == 0) {
        return;
    }
    if (l->generation != a->generation) {
        c->rst_pending = 1;
        tcp_finish(t, c, WEIR_ECONNABORTED, WEIR_REASON_USER_CLOSE);
        return;
    }
    c->orphan = 0;
    listen_queue(t, l, c);
}
