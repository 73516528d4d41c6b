/* symmetry_kit.c - see symmetry_kit.h. The stage is that of demo_run.c, with a tap at both ends. */
#include "unit/symmetry_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cli/demo_actor.h"

static const char *const addresses[2] = {"192.168.0.100", "192.168.0.200"};
static const uint16_t ports[2] = {40000, 8000};

struct stage {
    const struct symmetry_setup *setup;
    struct symmetry_run *run;
    struct virtual *virtual;
    struct demo_actor actor[2];
    struct tap {
        struct stage *stage;
        enum trace_side side;
    } tap[2];
    bool over;
};

static void take_record(struct stage *s, enum trace_side side, const struct weir_record *record)
{
    if (!s->over) {
        assert_int_equal(ladder_add_record(s->run->truth, side, record), WEIR_OK);
    }
}

static void on_client_record(void *ctx, const struct weir_record *record)
{
    take_record(ctx, LADDER_CLIENT, record);
}

static void on_server_record(void *ctx, const struct weir_record *record)
{
    take_record(ctx, LADDER_SERVER, record);
}

/* What a capture at this end has. */
static void on_tap(void *ctx, const uint8_t *packet, size_t size,
                   const struct weir_offload *offload, bool out, weir_time now)
{
    const struct tap *tap = ctx;
    struct trace_segment segment;
    struct weir_endpoint src, dst;

    (void)offload;
    if (!tap->stage->over &&
        trace_parse_ip(packet, size, size, &segment, &src, &dst) == TRACE_TCP) {
        segment.time = now;
        segment.frame = 0;
        segment.side = (uint8_t)(out ? tap->side : trace_other(tap->side));
        assert_int_equal(ladder_add_segment(tap->stage->run->capture[tap->side], &segment),
                         WEIR_OK);
    }
}

/* The truth of the link: each wire packet once, when it is sent. */
static void on_packet(void *ctx, const struct weir_impair_record *r)
{
    struct stage *s = ctx;
    bool copy = r->fate == WEIR_IMPAIR_DUPLICATE;
    bool lost = r->fate != WEIR_IMPAIR_DELIVERED && !copy;
    struct ladder_packet packet = {
        .from = r->direction == 0 ? LADDER_CLIENT : LADDER_SERVER,
        .sent = r->sent,
        .arrived = lost ? LADDER_NEVER : r->delivered,
        .bytes = r->packet,
        .size = r->size,
        .duplicate = copy,
    };

    if (!s->over) {
        assert_int_equal(ladder_add_packet(s->run->truth, &packet), WEIR_OK);
    }
}

/* ---- The stage -------------------------------------------------------------------------------------------- */

static void set_actor(struct stage *s, enum trace_side who)
{
    const struct demo_scene *scene = s->setup->scene;
    const struct demo_side *side = who == LADDER_CLIENT ? &scene->client : &scene->server;
    struct demo_actor *a = &s->actor[who];
    struct weir_tcp_options *o = &a->options;

    weir_tcp_options_default(o);
    o->window_scaling = s->setup->window_scaling;
    o->timestamps = s->setup->timestamps;
    o->sack = s->setup->sack;
    o->quickack = s->setup->quickack;
    o->fixed_isn = true;
    o->isn = who == LADDER_CLIENT ? 1000 : 8000;
    o->receive_buffer = side->receive_buffer != 0 ? side->receive_buffer : UINT16_MAX;
    o->keepalive = side->keepalive;
    if (side->keepalive) {
        o->keepalive_idle = side->keepalive_idle;
        o->keepalive_interval = side->keepalive_interval;
    }
    a->side = side;
    weir_ip_parse(addresses[who], &a->local.ip);
    weir_ip_parse(addresses[trace_other(who)], &a->remote.ip);
    a->local.port = ports[who];
    a->remote.port = ports[trace_other(who)];
    if (scene->server_port != 0) {
        (who == LADDER_CLIENT ? &a->remote : &a->local)->port = scene->server_port;
    }
}

static struct node *add_node(struct stage *s, enum trace_side who)
{
    struct weir_config config;
    struct node_app app = demo_actor_app(&s->actor[who]);

    set_actor(s, who);
    weir_config_default(&config);
    config.reproducible = true;
    config.trace = who == LADDER_CLIENT ? on_client_record : on_server_record;
    config.trace_ctx = s;
    struct node *node = virtual_add(s->virtual, &config, &app);
    assert_non_null(node);
    return node;
}

static void connect_nodes(struct stage *s, struct node *client, struct node *server)
{
    const struct demo_scene *scene = s->setup->scene;
    struct virtual_cable cable = virtual_cable_default();
    struct weir_impair_config impair = {
        .seed = s->setup->seed,
        .direction = {s->setup->trouble[0], s->setup->trouble[1]},
        .log = on_packet,
        .log_ctx = s,
    };
    struct weir_tracer_config tap[2];
    uint32_t links[2];

    for (int side = 0; side < 2; side++) {
        s->tap[side] = (struct tap){s, (enum trace_side)side};
        tap[side] = (struct weir_tracer_config){.wire = true, .tap = on_tap, .ctx = &s->tap[side]};
        cable.tap[side] = &tap[side];
    }
    cable.impair = &impair;
    cable.memory.mtu[0] = scene->client.mtu != 0 ? scene->client.mtu : 1500;
    cable.memory.mtu[1] = scene->server.mtu != 0 ? scene->server.mtu : 1500;
    assert_int_equal(virtual_connect(s->virtual, client, server, &cable, links), WEIR_OK);
    assert_int_equal(node_address(client, links[0], "192.168.0.100/24", NULL), WEIR_OK);
    assert_int_equal(node_address(server, links[1], "192.168.0.200/24", NULL), WEIR_OK);
    assert_int_equal(demo_actor_listen(&s->actor[0], node_stack(client)), WEIR_OK);
    assert_int_equal(demo_actor_listen(&s->actor[1], node_stack(server)), WEIR_OK);
}

void symmetry_play(const struct symmetry_setup *setup, struct symmetry_run *run)
{
    struct stage s = {.setup = setup, .run = run, .virtual = virtual_new(0)};

    assert_non_null(s.virtual);
    run->truth = ladder_new(LADDER_AT_BOTH);
    run->capture[LADDER_CLIENT] = ladder_new(LADDER_AT_CLIENT);
    run->capture[LADDER_SERVER] = ladder_new(LADDER_AT_SERVER);
    assert_true(run->truth && run->capture[0] && run->capture[1]);
    struct node *client = add_node(&s, LADDER_CLIENT);
    struct node *server = add_node(&s, LADDER_SERVER);
    connect_nodes(&s, client, server);
    virtual_run(s.virtual, setup->scene->lasts != 0 ? setup->scene->lasts : 30 * WEIR_S);
    s.over = true;
    virtual_del(s.virtual);
    if (setup->scene->server.listens) {
        ladder_set_initial(run->truth, LADDER_SERVER, WEIR_TCP_LISTEN);
    }
    assert_int_equal(ladder_finish(run->truth), WEIR_OK);
    assert_int_equal(ladder_finish(run->capture[0]), WEIR_OK);
    assert_int_equal(ladder_finish(run->capture[1]), WEIR_OK);
}

void symmetry_free(struct symmetry_run *run)
{
    ladder_del(run->truth);
    ladder_del(run->capture[0]);
    ladder_del(run->capture[1]);
}

/* ---- Setups ------------------------------------------------------------------------------------------------- */

static size_t count_nth(const uint32_t *numbers)
{
    size_t n = 0;

    while (n < DEMO_NTH_MAX && numbers[n] != 0) {
        n++;
    }
    return n;
}

struct symmetry_setup symmetry_of_scene(const struct demo_scene *scene)
{
    struct symmetry_setup setup = {
        .scene = scene, .seed = 1, .sack = scene->sack, .quickack = WEIR_QUICKACK_OFF};

    for (int i = 0; i < 2; i++) {
        const struct demo_side *side = i == 0 ? &scene->client : &scene->server;
        setup.trouble[i] = (struct weir_impair_direction){
            .delay = 20 * WEIR_MS,
            .rate = side->rate,
            .drop = side->drop,
            .drop_count = count_nth(side->drop),
            .delay_nth = side->delay,
            .delay_nth_count = count_nth(side->delay),
            .delay_nth_by = side->late,
        };
    }
    return setup;
}
