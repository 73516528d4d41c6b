/* demo_actor.c - see demo_actor.h. */
#include "cli/demo_actor.h"

#include <string.h>

static void note(struct demo_actor *a, int64_t result)
{
    if (result < 0 && result != WEIR_EAGAIN && a->error == 0) {
        a->error = (int)result;
    }
}

int demo_actor_listen(struct demo_actor *a, struct weir_stack *stack)
{
    struct weir_listen_config config;

    a->reads = !a->side->lazy;
    a->since = WEIR_NEVER;
    if (!a->side->listens) {
        return WEIR_OK;
    }
    weir_listen_config_default(&config);
    config.local.port = a->local.port;
    config.options = &a->options;
    return weir_tcp_listen(stack, &config, &a->listener);
}

static void do_connect(struct demo_actor *a, struct weir_stack *stack)
{
    struct weir_connect_config config;

    weir_connect_config_default(&config);
    config.local.port = a->local.port;
    config.remote = a->remote;
    config.options = &a->options;
    note(a, weir_tcp_connect(stack, &config, &a->conn));
}

static void do_send(struct demo_actor *a, struct weir_stack *stack)
{
    char text[1024];

    memset(text, 'w', sizeof(text));
    while (a->to_send > 0) {
        size_t size = a->to_send < sizeof(text) ? a->to_send : sizeof(text);
        int64_t sent = weir_tcp_send(stack, a->conn, text, size);

        note(a, sent);
        if (sent <= 0) {
            return; /* the scenes' send buffers hold everything: this is an error, and noted */
        }
        a->to_send -= (uint32_t)sent;
    }
}

static void do_read(struct demo_actor *a, struct weir_stack *stack, uint32_t most)
{
    char text[1024];
    int64_t got = 1;

    while (most > 0 && got > 0) {
        got = weir_tcp_recv(stack, a->conn, text, most < sizeof(text) ? most : sizeof(text));
        if (got > 0) {
            a->received += (uint32_t)got;
            most -= (uint32_t)got;
        }
        a->end |= got == 0;
    }
}

static void take(struct demo_actor *a, struct weir_stack *stack, const struct demo_step *step)
{
    switch (step->what) {
    case DEMO_CONNECT: do_connect(a, stack); break;
    case DEMO_SEND:
        a->to_send = step->size;
        do_send(a, stack);
        break;
    case DEMO_SHUTDOWN: note(a, weir_tcp_shutdown(stack, a->conn)); break;
    case DEMO_CLOSE: note(a, weir_tcp_close(stack, a->conn)); break;
    case DEMO_READ:
        a->reads = true;
        do_read(a, stack, UINT32_MAX);
        break;
    case DEMO_READ_SOME: do_read(a, stack, step->size); break;
    case DEMO_NOTHING: break;
    }
}

static bool holds(const struct demo_actor *a, const struct demo_step *step)
{
    switch (step->when) {
    case DEMO_AT_START: return true;
    case DEMO_CONNECTED: return a->connected;
    case DEMO_RECEIVED: return a->received >= step->amount;
    case DEMO_END: return a->end;
    case DEMO_CLOSED: return a->over;
    }
    return false;
}

/* Takes every step that is due. Returns when the next one is. */
static weir_time run(void *ctx, struct weir_stack *stack, weir_time now)
{
    struct demo_actor *a = ctx;

    while (a->step < DEMO_STEPS_MAX && a->side->steps[a->step].what != DEMO_NOTHING) {
        const struct demo_step *step = &a->side->steps[a->step];

        if (a->since == WEIR_NEVER) {
            if (!holds(a, step)) {
                return WEIR_NEVER;
            }
            a->since = now;
        }
        if (now < a->since + step->after) {
            return a->since + step->after;
        }
        a->step++;
        a->since = WEIR_NEVER;
        take(a, stack, step);
    }
    return WEIR_NEVER;
}

static void event(void *ctx, struct weir_stack *stack, const struct weir_event *e, weir_time now)
{
    struct demo_actor *a = ctx;

    (void)now;
    if (e->bits & WEIR_EVENT_ACCEPT) {
        note(a, weir_tcp_accept(stack, a->listener, &a->conn));
        a->connected = true;
    }
    a->connected |= (e->bits & WEIR_EVENT_CONNECTED) != 0;
    a->over |= (e->bits & WEIR_EVENT_CLOSED) != 0;
    if ((e->bits & (WEIR_EVENT_READABLE | WEIR_EVENT_END)) && a->reads) {
        do_read(a, stack, UINT32_MAX);
    }
}

struct node_app demo_actor_app(struct demo_actor *actor)
{
    return (struct node_app){.ctx = actor, .event = event, .run = run};
}
