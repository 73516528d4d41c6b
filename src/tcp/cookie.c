/*
 * cookie.c - SYN cookies (RFC 4987 3.6): a SYN is answered and forgotten; what must be known of it comes back
 * in the ACK of the SYN,ACK.
 *
 *     ISN   h1(tuple) + (age << 24) + ((h2(tuple, their ISN, age) + index of MSS) mod 2^24)
 *     TSval the time with its low six bits replaced by  ECN | SACK | window scale (15: none)
 *
 * `age` counts 64 s; so the ISN of a tuple moves on like the clock of RFC 6528. h1 hides the age, h2 is what
 * nobody can guess: one in four million guesses is right, and only while cookies go out. Without timestamps
 * there is no place for options: the connection has none.
 *
 * A segment whose ISN part is right except for h2 is later data whose predecessor was lost (h2 depends on their
 * ISN, so on the place of the segment). It is dropped without an RST: the first one comes again.
 */
#include "tcp/cookie.h"

#include "tcp/ecn.h"
#include "tcp/half.h"
#include "tcp/trace.h"
#include "tcp/window.h"

#define AGE_TIME (64 * WEIR_S)
#define AGE_MAX 2 /* ages that are good: this one and the one before */
#define LOW_BITS 24
#define LOW_MASK ((1u << LOW_BITS) - 1)
#define OPTION_BITS 6
#define OPTION_MASK ((1u << OPTION_BITS) - 1)
#define NO_WSCALE 15
#define OPTION_SACK (1u << 4)
#define OPTION_ECN (1u << 5) /* classic; AccECN needs no memory (RFC 9768 5.1) */

enum { PURPOSE_PLACE = 3, PURPOSE_PROOF = 4 };

/* What peers announce nearly always; the next lower one is used. */
static const uint16_t mss4[4] = {TCP_MSS_DEFAULT4, 1300, 1440, 1460};
static const uint16_t mss6[4] = {TCP_MSS_DEFAULT6, 1380, 1440, 8940};

static const uint16_t *mss_table(const struct tcp_tuple *tuple)
{
    return ip_addr_is_v4(&tuple->local) ? mss4 : mss6;
}

static uint32_t mss_index(const struct tcp_tuple *tuple, const struct tcp_options *o)
{
    const uint16_t *table = mss_table(tuple);
    uint32_t i = 3;

    while (i > 0 && (!(o->present & WEIR_SEGMENT_MSS) || table[i] > o->mss)) {
        i--;
    }
    return i;
}

static uint32_t age_now(const struct tcp *t)
{
    return (uint32_t)(t->env->now / AGE_TIME);
}

static uint32_t place(const struct tcp *t, const struct tcp_tuple *tuple)
{
    return (uint32_t)tcp_tuple_hash(t, tuple, PURPOSE_PLACE, 0);
}

static uint32_t proof(const struct tcp *t, const struct tcp_tuple *tuple, uint32_t irs,
                      uint32_t age)
{
    return (uint32_t)(tcp_tuple_hash(t, tuple, PURPOSE_PROOF + (age << 8), irs) >> 40);
}

bool cookie_wanted(const struct tcp *t, const struct listener *l, bool full)
{
    uint8_t mode = t->env->config.syncookies;

    return !l->deferred &&
           (mode == WEIR_SYNCOOKIES_ALWAYS || (mode == WEIR_SYNCOOKIES_AUTO && full));
}

bool tcp_cookie_expected(const struct tcp *t, const struct listener *l)
{
    return l->cookie_at && t->env->now - l->cookie_at < AGE_MAX * AGE_TIME;
}

/* ---- Out ------------------------------------------------------------------------------------------------ */

/* The time as the connection would tell it, at most 64 ms early so that it never runs back. */
static uint32_t timestamp_with(const struct tcp *t, uint32_t offset, uint32_t bits)
{
    uint32_t now = (uint32_t)(t->env->now / WEIR_MS) + offset;
    uint32_t ts = (now & ~OPTION_MASK) | bits;

    return (int32_t)(ts - now) > 0 ? ts - (1u << OPTION_BITS) : ts;
}

static uint32_t option_bits(const struct half_open *h)
{
    return (h->flags & HALF_WSCALE ? h->wscale : NO_WSCALE) |
           (h->flags & HALF_SACK ? OPTION_SACK : 0) | (h->ecn & HALF_ECN_CLASSIC ? OPTION_ECN : 0);
}

void tcp_cookie_syn_ack(struct tcp *t, struct listener *l, const struct tcp_arrival *a,
                        uint32_t mtu, struct tcp_segment *s)
{
    const struct weir_tcp_options *mine = &l->settings->o;
    uint32_t age = age_now(t), mss = mtu - (ip_addr_is_v4(&a->tuple.local) ? 40 : 60);
    uint32_t low = proof(t, &a->tuple, a->segment->seq, age);
    struct half_open h = {0};

    half_learn_options(&h, mine, &a->segment->options);
    (void)ecn_half_syn(&h, mine, a->segment);
    if (!(h.flags & HALF_TIMESTAMPS)) {
        h.ecn &= (uint8_t)~HALF_ECN_CLASSIC;
    }
    low = (low + mss_index(&a->tuple, &a->segment->options)) & LOW_MASK;
    memset(s, 0, sizeof(*s));
    s->src_port = a->tuple.local_port;
    s->dst_port = a->tuple.remote_port;
    s->seq = place(t, &a->tuple) + (age << LOW_BITS) + low;
    s->ack = a->segment->seq + 1;
    s->flags = WEIR_TCP_SYN | WEIR_TCP_ACK;
    s->window = (uint16_t)min_u32(tcp_receive_initial(mine), UINT16_MAX);
    s->options.present = WEIR_SEGMENT_MSS;
    s->options.mss = (uint16_t)(mine->mss_clamp ? min_u32(mss, mine->mss_clamp) : mss);
    if (h.flags & HALF_TIMESTAMPS) {
        s->options.present |= WEIR_SEGMENT_TIMESTAMPS |
                              (h.flags & HALF_SACK ? WEIR_SEGMENT_SACK_PERMITTED : 0) |
                              (h.flags & HALF_WSCALE ? WEIR_SEGMENT_WSCALE : 0);
        s->options.ts_val = timestamp_with(t, tcp_ts_offset(t, &a->tuple), option_bits(&h));
        s->options.ts_ecr = h.ts_recent;
        s->options.wscale = h.flags & HALF_WSCALE ? window_scale_for(mine) : 0;
    }
    ecn_half_syn_ack(&h, mine, s);
    l->cookie_at = t->env->now;
    t->syncookies_sent++;
    trace_segment(t, WEIR_RECORD_SEGMENT_OUT, 0, s, s->window, 0, 1, WEIR_NOTE_SYN_COOKIE);
}

/* ---- In ------------------------------------------------------------------------------------------------- */

enum check { COOKIE_BAD = 0, COOKIE_NOT_FIRST, COOKIE_GOOD };

static enum check check_cookie(const struct tcp *t, const struct tcp_arrival *a, uint16_t *mss)
{
    uint32_t cookie = a->segment->ack - 1 - place(t, &a->tuple);
    uint32_t behind = (age_now(t) - (cookie >> LOW_BITS)) & 0xff;
    uint32_t index;

    if (behind >= AGE_MAX) {
        return COOKIE_BAD;
    }
    index = (cookie - proof(t, &a->tuple, a->segment->seq - 1, age_now(t) - behind)) & LOW_MASK;
    if (index >= ARRAY_SIZE(mss4)) {
        return a->segment->payload_size ? COOKIE_NOT_FIRST : COOKIE_BAD;
    }
    *mss = mss_table(&a->tuple)[index];
    return COOKIE_GOOD;
}

/* The entry that there would be. */
static void remember(struct tcp *t, const struct listener *l, const struct tcp_arrival *a,
                     uint16_t mss, struct half_open *h)
{
    const struct weir_tcp_options *mine = &l->settings->o;
    const struct tcp_segment *s = a->segment;

    h->id = ++t->next_id;
    h->iss = s->ack - 1;
    h->irs = s->seq - 1;
    h->listener = l->index;
    h->peer_mss = mss;
    h->window = s->window;
    h->ecn = ecn_half_reflected(mine, s);
    if (mine->timestamps && (s->options.present & WEIR_SEGMENT_TIMESTAMPS)) {
        uint32_t bits = s->options.ts_ecr & OPTION_MASK;
        uint8_t wscale = bits & NO_WSCALE;

        h->flags = HALF_TIMESTAMPS;
        h->ts_recent = s->options.ts_val;
        h->flags |= mine->sack && (bits & OPTION_SACK) ? HALF_SACK : 0;
        if (mine->window_scaling && wscale != NO_WSCALE) {
            h->flags |= HALF_WSCALE;
            h->wscale = wscale;
        }
        if (mine->ecn != WEIR_ECN_OFF && (bits & OPTION_ECN)) {
            h->ecn = HALF_ECN_CLASSIC;
        }
    }
}

static void refuse(struct tcp *t, const struct tcp_arrival *a, struct tcp_outcome *out,
                   enum weir_drop drop, bool rst)
{
    trace_drop(t, 0, drop, a->segment);
    out->rst = rst;
}

void cookie_input(struct tcp *t, struct listener *l, const struct tcp_arrival *a,
                  struct tcp_outcome *out)
{
    struct half_open h = {0};
    uint16_t mss = 0;
    enum check check = check_cookie(t, a, &mss);

    if (check != COOKIE_GOOD) {
        t->syncookies_failed++;
        refuse(t, a, out, WEIR_DROP_LISTEN_ACK, check == COOKIE_BAD);
        return;
    }
    if (l->accept_count >= l->backlog) {
        refuse(t, a, out, WEIR_DROP_BACKLOG_FULL, l->abort_on_overflow);
        return;
    }
    remember(t, l, a, mss, &h);
    out->conn = half_promote(t, &h, a);
    if (!out->conn) {
        refuse(t, a, out, WEIR_DROP_NO_MEMORY, false);
        return;
    }
    t->syncookies_received++;
    trace_open(t, h.id, &a->tuple.local, a->tuple.local_port, &a->tuple.remote,
               a->tuple.remote_port, true);
    trace_state(t, h.id, WEIR_TCP_LISTEN, WEIR_TCP_SYN_RECEIVED, WEIR_REASON_ACK_IN);
    listen_queue(t, l, out->conn);
}
