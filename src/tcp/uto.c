/* uto.c - see uto.h. */
#include "tcp/uto.h"

#include "tcp/cold.h"
#include "tcp/state.h"

#define GRANULARITY 0x8000u /* minutes instead of seconds (3.3) */
#define VALUE_MAX 0x7fffu

static uint16_t encode(weir_time time)
{
    uint64_t seconds = time / WEIR_S + (time % WEIR_S != 0);

    if (seconds <= VALUE_MAX) {
        return (uint16_t)max_u64(seconds, 1); /* 0 must not be sent */
    }
    return (uint16_t)(GRANULARITY | min_u64(seconds / 60 + (seconds % 60 != 0), VALUE_MAX));
}

static weir_time advertised(const struct tcp_conn *c)
{
    const struct weir_tcp_options *o = &c->settings->o;

    return o->user_timeout_advertised ? o->user_timeout_advertised
           : o->user_timeout          ? o->user_timeout
                                      : o->r2_time;
}

void uto_put(const struct tcp_conn *c, struct tcp_options *o)
{
    if (!(o->present & WEIR_SEGMENT_SACK) &&
        tcp_options_size(o) + UTO_OPTION_SPACE <= TCP_OPTIONS_MAX) {
        o->present |= WEIR_SEGMENT_USER_TIMEOUT;
        o->user_timeout = encode(advertised(c));
    }
}

void uto_arrived(struct tcp *t, struct tcp_conn *c, const struct tcp_options *o)
{
    uint32_t seconds = (o->user_timeout & VALUE_MAX) * (o->user_timeout & GRANULARITY ? 60u : 1u);
    struct tcp_cold *cold;

    if (!c->settings->o.user_timeout_option || seconds == 0) { /* 0 is reserved (3.3) */
        return;
    }
    cold = cold_ensure(t, c);
    if (cold && cold->peer_timeout_s != seconds) {
        cold->peer_timeout_s = seconds;
        tcp_event(t, c, WEIR_EVENT_USER_TIMEOUT);
    }
}

weir_time uto_of_peer(const struct tcp *t, const struct tcp_conn *c)
{
    const struct tcp_cold *cold = cold_of(t, c);

    return cold ? cold->peer_timeout_s * WEIR_S : 0;
}

weir_time uto_limit(const struct tcp *t, const struct tcp_conn *c)
{
    const struct weir_tcp_options *o = &c->settings->o;
    weir_time peer;

    if (o->user_timeout || !o->user_timeout_option) {
        return o->user_timeout;
    }
    peer = uto_of_peer(t, c);
    if (!peer) {
        return o->user_timeout_advertised;
    }
    return min_u64(o->user_timeout_max,
                   max_u64(max_u64(advertised(c), peer), o->user_timeout_min)); /* 3.1 */
}
