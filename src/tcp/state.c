/* state.c - see state.h. */
#include "tcp/state.h"

#include "tcp/auth.h"
#include "tcp/cc.h"
#include "tcp/fastopen.h"
#include "tcp/flight.h"
#include "tcp/limits.h"
#include "tcp/mtuprobe.h"
#include "tcp/orphan.h"
#include "tcp/output.h"
#include "tcp/reassembly.h"
#include "tcp/timeout.h"
#include "tcp/trace.h"
#include "tcp/uto.h"

void tcp_set_state(struct tcp *t, struct tcp_conn *c, enum weir_tcp_state to,
                   enum weir_reason reason)
{
    trace_state(t, c->id, (enum weir_tcp_state)c->state, to, reason);
    c->state = (uint8_t)to;
}

void tcp_touch(struct tcp *t, struct tcp_conn *c)
{
    if (!c->touched) {
        c->touched = 1;
        c->touched_next = 0;
        if (t->touched.tail) {
            tcp_conn_at(t, t->touched.tail)->touched_next = c->index;
        } else {
            t->touched.head = c->index;
        }
        t->touched.tail = c->index;
    }
}

static void push_event(struct tcp *t, uint32_t name)
{
    if (t->events.tail & TCP_LISTENER_EVENT) {
        tcp_listener_at(t, t->events.tail & ~TCP_LISTENER_EVENT)->event_next = name;
    } else if (t->events.tail) {
        tcp_conn_at(t, t->events.tail)->event_next = name;
    } else {
        t->events.head = name;
    }
    t->events.tail = name;
}

void tcp_event(struct tcp *t, struct tcp_conn *c, uint32_t bits)
{
    if (c->orphan) {
        return;
    }
    c->events = (uint16_t)(c->events | bits);
    /* a connection waiting to be accepted has no holder yet: it keeps its bits until then */
    if (!c->in_event_list && !c->listener) {
        c->in_event_list = 1;
        c->event_next = 0;
        push_event(t, c->index);
    }
}

void tcp_listener_event(struct tcp *t, struct listener *l, uint32_t bits)
{
    l->events = (uint16_t)(l->events | bits);
    if (!l->in_event_list) {
        l->in_event_list = true;
        l->event_next = 0;
        push_event(t, l->index | TCP_LISTENER_EVENT);
    }
}

static void report_closed(struct tcp *t, struct tcp_conn *c)
{
    if (!c->closed_reported) {
        c->closed_reported = 1;
        tcp_event(t, c, WEIR_EVENT_CLOSED);
    }
}

void tcp_finish(struct tcp *t, struct tcp_conn *c, int error, enum weir_reason reason)
{
    if (c->state == WEIR_TCP_CLOSED) {
        return;
    }
    if (UNLIKELY(c->fastopen) && c->state == WEIR_TCP_SYN_RECEIVED) {
        fastopen_leave(t, c, reason == WEIR_REASON_RST_IN);
    }
    if (!c->closed_reported) {
        c->error = (int16_t)error;
    }
    c->close_reason = (uint16_t)reason;
    limits_close(t, c);
    orphan_end(t, c);
    tcp_set_state(t, c, WEIR_TCP_CLOSED, reason);
    trace_closed(t, c->id, error, reason);
    timeout_clear(c);
    flight_clear(t, c);
    reassembly_clear(t, c);
    c->recovery = TCP_OPEN;
    c->acks_owed = 0;
    c->ack_now = c->challenge_due = c->probe_due = c->keepalive_due = c->syn_due = 0;
    if (c->orphan) {
        recvq_clear(t, c);
    }
    report_closed(t, c);
    tcp_touch(t, c);
}

void tcp_reset(struct tcp *t, struct tcp_conn *c, int error, enum weir_reason reason)
{
    c->rst_pending = c->state != WEIR_TCP_SYN_SENT && c->state != WEIR_TCP_CLOSED &&
                     c->state != WEIR_TCP_TIME_WAIT && c->state != WEIR_TCP_LISTEN;
    tcp_finish(t, c, error, reason);
}

void tcp_enter_time_wait(struct tcp *t, struct tcp_conn *c, enum weir_reason reason)
{
    limits_close(t, c);
    orphan_end(t, c);
    tcp_set_state(t, c, WEIR_TCP_TIME_WAIT, reason);
    flight_clear(t, c);
    timeout_clear(c);
    c->recovery = TCP_OPEN;
    c->timer_mode = TCP_MODE_LINGER;
    c->rto_at = t->env->now + 2 * t->env->config.msl;
    report_closed(t, c);
}

void tcp_established(struct tcp *t, struct tcp_conn *c, enum weir_reason reason)
{
    tcp_set_state(t, c, WEIR_TCP_ESTABLISHED, reason);
    limits_open(t, c);
    c->backoff = 0;
    c->r1_reported = 0;
    c->syn_due = 0;
    c->timer_mode = TCP_MODE_NONE;
    c->rto_at = WEIR_NEVER;
    c->last_send_at = 0;
    if (UNLIKELY(c->fastopen)) {
        fastopen_established(t, c);
    }
    mtuprobe_start(t, c);
    uto_announce(c);
    if (!(c->fastopen && c->passive)) { /* those have begun to send already */
        cc_start(t, c);
    }
    if (UNLIKELY(c->fastopen) && !c->passive) {
        fastopen_send_again(t, c);
    }
    if (UNLIKELY(c->auth) && c->passive) {
        auth_established(t, c);
        if (c->state == WEIR_TCP_CLOSED) {
            return;
        }
    }
    timeout_keepalive(t, c);
    if (!c->passive) {
        tcp_event(t, c, WEIR_EVENT_CONNECTED | WEIR_EVENT_WRITABLE);
    }
    if (c->fin_queued) { /* closed before the handshake was complete */
        tcp_set_state(t, c, WEIR_TCP_FIN_WAIT_1, WEIR_REASON_USER_CLOSE);
    }
}

struct tcp_settings *tcp_settings_new(struct tcp *t, const struct weir_tcp_options *o)
{
    struct tcp_settings *s = memory_alloc(&t->env->memory, sizeof(*s));

    if (s) {
        s->o = *o;
        s->o.keys = NULL;
        s->o.key_count = 0;
        s->references = 1;
        s->keys = NULL;
        if (o->key_count && auth_chain_new(t, o->keys, o->key_count, &s->keys) != WEIR_OK) {
            memory_free(&t->env->memory, s, sizeof(*s));
            s = NULL;
        }
    }
    return s;
}

void tcp_settings_ref(struct tcp_settings *s)
{
    s->references++;
}

void tcp_settings_unref(struct tcp *t, struct tcp_settings *s)
{
    if (s && --s->references == 0) {
        auth_chain_unref(t, s->keys);
        memory_free(&t->env->memory, s, sizeof(*s));
    }
}

bool tcp_settings_own(struct tcp *t, struct tcp_settings **settings)
{
    struct tcp_settings *own;

    if ((*settings)->references == 1) {
        return true;
    }
    own = tcp_settings_new(t, &(*settings)->o);
    if (!own) {
        return false;
    }
    own->keys = (*settings)->keys;
    auth_chain_ref(own->keys);
    tcp_settings_unref(t, *settings);
    *settings = own;
    return true;
}
