/* demo_run.c - runs a scene (demo.h): two stacks, a link, and everything that happened as a ladder. */
#include <stdio.h>
#include <string.h>

#include "cli/demo.h"
#include "cli/demo_actor.h"
#include "device/pcapfile.h"

#define CLIENT_ADDRESS "192.168.0.100"
#define SERVER_ADDRESS "192.168.0.200"
#define CLIENT_PORT 40000
#define SERVER_PORT 8000
#define MTU 1500

struct stage {
    const struct demo_scene *scene;
    const struct demo_options *options;
    struct virtual *virtual;
    struct demo_actor actor[2]; /* by enum trace_side */
    struct weir_impair_config impair;
    struct ladder *ladder;
    struct pcapfile *file;
    bool over; /* what the stacks still do when they are taken down is not part of the scene */
    int error;
};

static void keep(struct stage *s, int error)
{
    if (error < 0 && s->error == 0) {
        s->error = error;
    }
}

static void take_record(struct stage *s, enum trace_side side, const struct weir_record *record)
{
    if (s->over) {
        return;
    }
    keep(s, ladder_add_record(s->ladder, side, record));
    if (s->options->internals) {
        keep(s, internals_add(s->options->internals, side, record));
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

/* The capture is the client's: it has what the client sent, and what reached it. */
static void on_tap(void *ctx, const uint8_t *packet, size_t size,
                   const struct weir_offload *offload, bool out, weir_time now)
{
    struct stage *s = ctx;
    struct pcapfile_packet p = {.time = now, .data = packet, .size = (uint32_t)size, .out = out};

    (void)offload;
    keep(s, pcapfile_write(s->file, &p));
}

/* The truth of the link: each wire packet once. */
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
        .corrupted = r->corrupted,
    };

    keep(s, ladder_add_packet(s->ladder, &packet));
}

static size_t count_nth(const uint32_t *numbers)
{
    size_t n = 0;

    while (n < DEMO_NTH_MAX && numbers[n] != 0) {
        n++;
    }
    return n;
}

static struct weir_impair_direction trouble(const struct stage *s, const struct demo_side *side)
{
    return (struct weir_impair_direction){
        .delay = s->options->delay,
        .rate = side->rate,
        .drop = side->drop,
        .drop_count = count_nth(side->drop),
        .delay_nth = side->delay,
        .delay_nth_count = count_nth(side->delay),
        .delay_nth_by = side->late,
    };
}

/* Teaching options: what would clutter the picture is off, everything else is as always. */
static void set_options(struct stage *s, enum trace_side who)
{
    const struct demo_side *side = who == LADDER_CLIENT ? &s->scene->client : &s->scene->server;
    struct demo_actor *a = &s->actor[who];
    struct weir_tcp_options *o = &a->options;

    weir_tcp_options_default(o);
    o->window_scaling = false;
    o->timestamps = false;
    o->sack = s->scene->sack;
    o->quickack = WEIR_QUICKACK_OFF; /* the answer carries the ACK: ten segments, not eleven */
    o->fixed_isn = true;
    o->isn = s->options->isn[who];
    o->receive_buffer = side->receive_buffer ? side->receive_buffer : UINT16_MAX;
    o->keepalive = side->keepalive;
    if (side->keepalive) {
        o->keepalive_idle = side->keepalive_idle;
        o->keepalive_interval = side->keepalive_interval;
    }
    a->side = side;
    weir_ip_parse(who == LADDER_CLIENT ? CLIENT_ADDRESS : SERVER_ADDRESS, &a->local.ip);
    weir_ip_parse(who == LADDER_CLIENT ? SERVER_ADDRESS : CLIENT_ADDRESS, &a->remote.ip);
    a->local.port = who == LADDER_CLIENT ? CLIENT_PORT : SERVER_PORT;
    a->remote.port = who == LADDER_CLIENT ? SERVER_PORT : CLIENT_PORT;
    if (s->scene->server_port) {
        (who == LADDER_CLIENT ? &a->remote : &a->local)->port = s->scene->server_port;
    }
}

static struct node *add_node(struct stage *s, enum trace_side who)
{
    struct weir_config config;
    struct node_app app = demo_actor_app(&s->actor[who]);

    set_options(s, who);
    weir_config_default(&config);
    config.reproducible = true;
    config.trace = who == LADDER_CLIENT ? on_client_record : on_server_record;
    config.trace_ctx = s;
    return virtual_add(s->virtual, &config, &app);
}

static int connect_nodes(struct stage *s, struct node *client, struct node *server)
{
    struct virtual_cable cable = virtual_cable_default();
    struct weir_tracer_config tap = {.wire = true, .tap = on_tap, .ctx = s};
    uint32_t links[2];
    int error;

    s->impair = (struct weir_impair_config){
        .seed = 1,
        .direction = {trouble(s, &s->scene->client), trouble(s, &s->scene->server)},
        .log = on_packet,
        .log_ctx = s,
    };
    cable.impair = &s->impair;
    if (s->file) {
        cable.tap[0] = &tap;
    }
    cable.memory.mtu[0] = s->scene->client.mtu ? s->scene->client.mtu : MTU;
    cable.memory.mtu[1] = s->scene->server.mtu ? s->scene->server.mtu : MTU;
    error = virtual_connect(s->virtual, client, server, &cable, links);
    if (error == WEIR_OK) {
        error = node_address(client, links[0], CLIENT_ADDRESS "/24", NULL);
    }
    if (error == WEIR_OK) {
        error = node_address(server, links[1], SERVER_ADDRESS "/24", NULL);
    }
    if (error == WEIR_OK) {
        error = demo_actor_listen(&s->actor[LADDER_CLIENT], node_stack(client));
    }
    return error == WEIR_OK ? demo_actor_listen(&s->actor[LADDER_SERVER], node_stack(server))
                            : error;
}

static int play(struct stage *s)
{
    struct node *client, *server;
    int error;

    s->virtual = virtual_new(0);
    client = s->virtual ? add_node(s, LADDER_CLIENT) : NULL;
    server = client ? add_node(s, LADDER_SERVER) : NULL;
    if (!server) {
        return WEIR_ENOBUFS;
    }
    error = connect_nodes(s, client, server);
    if (error != WEIR_OK) {
        return error;
    }
    virtual_run(s->virtual, s->scene->lasts ? s->scene->lasts : 30 * WEIR_S);
    s->over = true;
    keep(s, s->actor[LADDER_CLIENT].error);
    keep(s, s->actor[LADDER_SERVER].error);
    if (s->error == 0 && s->scene->server.listens) {
        ladder_set_initial(s->ladder, LADDER_SERVER, WEIR_TCP_LISTEN);
    }
    return s->error;
}

static int open_capture(struct stage *s, char *why, size_t size)
{
    static const struct pcapfile_interface interface = {.name = "client", .medium = WEIR_MEDIUM_IP};
    struct pcapfile_config config = {
        .path = s->options->write, .interfaces = &interface, .interface_count = 1};

    return s->options->write ? pcapfile_open(&s->file, &config, why, size) : WEIR_OK;
}

int demo_run(const struct demo_scene *scene, const struct demo_options *options,
             struct ladder **ladder, char *why, size_t size)
{
    struct stage s = {.scene = scene, .options = options};
    int error = open_capture(&s, why, size), closing;

    if (error != WEIR_OK) {
        return error;
    }
    s.ladder = ladder_new(LADDER_AT_BOTH);
    error = s.ladder ? play(&s) : WEIR_ENOBUFS;
    if (error == WEIR_OK) {
        error = ladder_finish(s.ladder);
    }
    if (error == WEIR_OK && options->internals) {
        error = internals_finish(options->internals, s.ladder);
    }
    if (error != WEIR_OK) {
        snprintf(why, size, "%s: demo %s", weir_strerror(error), scene->name);
    }
    virtual_del(s.virtual);
    closing = pcapfile_close(s.file, error == WEIR_OK ? why : NULL, error == WEIR_OK ? size : 0);
    if (error == WEIR_OK) {
        error = closing;
    }
    if (error != WEIR_OK) {
        ladder_del(s.ladder);
        s.ladder = NULL;
    }
    *ladder = s.ladder;
    return error;
}
