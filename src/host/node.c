/*
 * node.c - a stack with its devices and its application, and the one turn that drives them.
 *
 * Reading order: ports (one device with its kept frames), receive, events, output, the turn, making
 * one.
 */
#include "host/node.h"

#include "base/compiler.h"

#include <stdlib.h>
#include <string.h>

#define KEEP_MAX (2 * NODE_BATCH) /* frames a full device may owe us */
#define RECEIVE_BATCHES 4         /* per device and turn */
#define RECEIVE_BYTES 262144u     /* likewise, so that the application finds them in the cache */
#define OUTPUT_BATCHES 8          /* per turn */
#define EVENTS_MAX 4096           /* per turn */
#define RETRY_TIME WEIR_MS        /* for a full device that has no descriptor to wait for */

struct port {
    struct weir_device *device;
    uint32_t link;
    int gone;          /* the error it failed with, 0: works */
    bool not_readable; /* the poll said so */
    size_t batch;      /* packets to ask for at once: fewer while they are large */
    size_t kept_count;
    struct weir_frame kept[KEEP_MAX]; /* not taken yet, in order */
};

struct node {
    struct weir_stack *stack;
    struct node_app app;
    struct port **ports;
    size_t port_count;
    weir_time now, wake; /* wake: what app.run asked for */
    int error;
};

/* ---- Ports ---- */

static void port_drop_kept(struct node *node, struct port *port)
{
    if (port->kept_count > 0) {
        weir_frame_done(node->stack, port->kept, port->kept_count, WEIR_FRAME_DROPPED);
    }
    port->kept_count = 0;
}

static void port_fail(struct node *node, struct port *port, int error)
{
    port->gone = error;
    port_drop_kept(node, port);
    weir_link_set_up(node->stack, port->link, false);
    if (node->app.gone) {
        node->app.gone(node->app.ctx, node->stack, port->link, error);
    } else if (!node->error) {
        node->error = error;
    }
}

/* Hands frames to the device; returns how many are settled: taken, or dropped for ever. */
static size_t port_offer(struct node *node, struct port *port, struct weir_frame *frames, size_t n)
{
    int sent = port->gone ? port->gone : weir_device_send(port->device, frames, n, node->now);
    if (sent < 0) {
        weir_frame_done(node->stack, frames, n, WEIR_FRAME_DROPPED);
        if (!port->gone) {
            port_fail(node, port, sent);
        }
        return n;
    }
    if (sent > 0) {
        weir_frame_done(node->stack, frames, (size_t)sent, WEIR_FRAME_SENT);
    }
    return (size_t)sent;
}

static bool port_retry_kept(struct node *node, struct port *port)
{
    if (port->kept_count == 0) {
        return false;
    }
    struct weir_frame frames[KEEP_MAX];
    size_t n = port->kept_count;
    memcpy(frames, port->kept, n * sizeof(frames[0]));
    port->kept_count = 0; /* they are ours now: a failing port must not drop them twice */
    size_t settled = port_offer(node, port, frames, n);
    port->kept_count = n - settled;
    memcpy(port->kept, frames + settled, port->kept_count * sizeof(frames[0]));
    return settled > 0;
}

/* Sends, or keeps behind what is kept already. */
static void port_send(struct node *node, struct port *port, struct weir_frame *frames, size_t n)
{
    size_t settled = port->kept_count > 0 ? 0 : port_offer(node, port, frames, n);
    ASSERT(port->kept_count + n - settled <= KEEP_MAX);
    memcpy(port->kept + port->kept_count, frames + settled, (n - settled) * sizeof(frames[0]));
    port->kept_count += n - settled;
}

static struct port *port_of_link(const struct node *node, uint32_t link)
{
    for (size_t i = 0; i < node->port_count; i++) {
        if (node->ports[i]->link == link) {
            return node->ports[i];
        }
    }
    return NULL;
}

/* ---- Receive ---- */

static uint32_t bytes_of(struct weir_buffer *const *buffers, size_t n)
{
    uint32_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        bytes += buffers[i]->size;
    }
    return bytes;
}

/* Takes one batch; returns how many packets, or an error. Adds to *bytes. */
static int receive_batch(struct node *node, struct port *port, uint32_t *bytes)
{
    struct weir_buffer *buffers[NODE_BATCH];
    int got = weir_device_recv(port->device, buffers, port->batch, node->now);
    if (got > 0) {
        uint32_t size = bytes_of(buffers, (size_t)got), average = size / (uint32_t)got;
        *bytes += size;
        port->batch = MAX(MIN(RECEIVE_BYTES / (average + 1), NODE_BATCH), 1);
        weir_input(node->stack, port->link, buffers, (size_t)got, node->now);
    }
    return got;
}

static unsigned receive(struct node *node, struct port *port)
{
    unsigned result = 0;
    uint32_t bytes = 0;
    bool skip = port->not_readable && weir_device_deadline(port->device) > node->now;
    port->not_readable = false;
    if (port->gone || skip) {
        return 0;
    }
    for (int batch = 0; batch < RECEIVE_BATCHES && bytes < RECEIVE_BYTES; batch++) {
        size_t asked = port->batch;
        int got = receive_batch(node, port, &bytes);
        if (got < 0) {
            port_fail(node, port, got);
            return result | NODE_WORKED;
        }
        if (got > 0) {
            result |= NODE_WORKED;
        }
        if ((size_t)got < asked) {
            return result;
        }
    }
    return result | NODE_AGAIN;
}

/* ---- Events ---- */

static unsigned tell_events(struct node *node)
{
    struct weir_event event;
    unsigned count = 0;
    while (count < EVENTS_MAX && weir_event(node->stack, &event)) {
        count++;
        if (node->app.event) {
            node->app.event(node->app.ctx, node->stack, &event, node->now);
        }
    }
    return (count > 0 ? NODE_WORKED : 0) | (count == EVENTS_MAX ? NODE_AGAIN : 0);
}

/* ---- Output ---- */

/* Frames that can be pulled so that, whatever their links, each can be kept. */
static size_t output_room(const struct node *node)
{
    size_t room = NODE_BATCH;
    for (size_t i = 0; i < node->port_count; i++) {
        room = MIN(room, KEEP_MAX - node->ports[i]->kept_count);
    }
    return room;
}

/* Sends runs of frames of the same link together. */
static void distribute(struct node *node, struct weir_frame *frames, size_t n)
{
    for (size_t start = 0, end = 0; start < n; start = end) {
        while (end < n && frames[end].link == frames[start].link) {
            end++;
        }
        struct port *port = port_of_link(node, frames[start].link);
        if (port) {
            port_send(node, port, frames + start, end - start);
        } else { /* a link that the application added without a device */
            weir_frame_done(node->stack, frames + start, end - start, WEIR_FRAME_DROPPED);
        }
    }
}

static unsigned output(struct node *node)
{
    struct weir_frame frames[NODE_BATCH];
    unsigned result = 0;
    for (int batch = 0; batch < OUTPUT_BATCHES; batch++) {
        size_t room = output_room(node);
        size_t got = room > 0 ? weir_output(node->stack, frames, room, node->now) : 0;
        if (got > 0) {
            result |= NODE_WORKED;
        }
        distribute(node, frames, got);
        if (got < NODE_BATCH) {
            return result;
        }
    }
    return result | NODE_AGAIN;
}

/* ---- The turn ---- */

unsigned node_turn(struct node *node, weir_time now)
{
    unsigned result = 0;
    node->now = now;
    weir_input(node->stack, 0, NULL, 0, now); /* tells the time to calls made by the application */
    for (size_t i = 0; i < node->port_count; i++) {
        if (port_retry_kept(node, node->ports[i])) {
            result |= NODE_WORKED;
        }
        result |= receive(node, node->ports[i]);
    }
    result |= tell_events(node);
    if (node->app.run) {
        node->wake = node->app.run(node->app.ctx, node->stack, now);
    }
    result |= output(node);
    unsigned late = tell_events(node);
    return result | late | (late ? NODE_AGAIN : 0); /* app.run must see what they changed */
}

weir_time node_deadline(const struct node *node)
{
    weir_time deadline = node->wake;
    if (output_room(node) > 0) {
        deadline = min_u64(deadline, weir_deadline(node->stack));
    }
    for (size_t i = 0; i < node->port_count; i++) {
        const struct port *port = node->ports[i];
        if (port->gone) {
            continue;
        }
        deadline = min_u64(deadline, weir_device_deadline(port->device));
        if (port->kept_count > 0 && weir_device_fd(port->device) < 0) {
            deadline = min_u64(deadline, node->now + RETRY_TIME);
        }
    }
    return deadline;
}

int node_error(const struct node *node)
{
    return node->error;
}

size_t node_polls(const struct node *node, struct node_poll polls[], size_t n)
{
    for (size_t i = 0; i < MIN(n, node->port_count); i++) {
        const struct port *port = node->ports[i];
        polls[i].fd = port->gone ? -1 : weir_device_fd(port->device);
        polls[i].want_write = port->kept_count > 0;
    }
    return node->port_count;
}

void node_not_readable(struct node *node, size_t index)
{
    if (weir_device_fd(node->ports[index]->device) >= 0) {
        node->ports[index]->not_readable = true;
    }
}

/* ---- Making one ---- */

struct node *node_new(struct weir_stack *stack, const struct node_app *app)
{
    struct node *node = calloc(1, sizeof(*node));
    if (!node) {
        return NULL;
    }
    node->stack = stack;
    node->wake = WEIR_NEVER;
    node_set_app(node, app);
    return node;
}

void node_del(struct node *node)
{
    if (!node) {
        return;
    }
    for (size_t i = 0; i < node->port_count; i++) {
        port_drop_kept(node, node->ports[i]);
        weir_device_del(node->ports[i]->device);
        free(node->ports[i]);
    }
    if (weir_stack_del(node->stack) == WEIR_EBUSY) { /* what it gives back is still to be taken */
        struct weir_event event;
        uint64_t cookie;

        while (weir_event(node->stack, &event) || weir_buffer_returned(node->stack, &cookie)) {}
        weir_stack_del(node->stack);
    }
    free(node->ports);
    free(node);
}

struct weir_stack *node_stack(const struct node *node)
{
    return node->stack;
}

void node_set_app(struct node *node, const struct node_app *app)
{
    node->app = app ? *app : (struct node_app){0};
}

void node_link_config(struct weir_link_config *config, const struct weir_device *device)
{
    const struct weir_device_caps *caps = &device->caps;
    weir_link_config_default(config);
    config->medium = caps->medium;
    memcpy(config->mac, caps->mac, sizeof(config->mac));
    config->mtu = caps->mtu;
    config->tx_csum = caps->tx_csum;
    config->tx_gso = caps->tx_gso;
    if (caps->gso_max > 0) {
        config->tx_gso_max = caps->gso_max;
    }
}

int node_attach(struct node *node, struct weir_device *device,
                const struct weir_link_config *config)
{
    struct weir_link_config from_caps;
    if (!config) {
        node_link_config(&from_caps, device);
        config = &from_caps;
    }
    struct port **ports = realloc(node->ports, (node->port_count + 1) * sizeof(ports[0]));
    if (!ports) {
        return WEIR_ENOBUFS;
    }
    node->ports = ports;
    struct port *port = calloc(1, sizeof(*port));
    if (!port) {
        return WEIR_ENOBUFS;
    }
    int link = weir_link_add(node->stack, config);
    if (link < 0) {
        free(port);
        return link;
    }
    weir_device_attach(device, node->stack);
    port->device = device;
    port->batch = NODE_BATCH;
    port->link = (uint32_t)link;
    node->ports[node->port_count++] = port;
    return link;
}

int node_address(struct node *node, uint32_t link, const char *address, const char *gateway)
{
    char text[WEIR_IP_TEXT_MAX];
    struct weir_ip ip, via, any = {0};
    const char *slash = strchr(address, '/');
    size_t length = slash ? (size_t)(slash - address) : strlen(address);
    if (length >= sizeof(text)) {
        return WEIR_EINVAL;
    }
    memcpy(text, address, length);
    text[length] = '\0';
    if (weir_ip_parse(text, &ip) < 0) {
        return WEIR_EINVAL;
    }

    unsigned long bits = ip.family == 4 ? 32 : 128, prefix = bits;
    if (slash) {
        char *end;
        prefix = strtoul(slash + 1, &end, 10);
        if (slash[1] < '0' || slash[1] > '9' || *end || prefix > bits) {
            return WEIR_EINVAL;
        }
    }
    if (gateway && (weir_ip_parse(gateway, &via) < 0 || via.family != ip.family)) {
        return WEIR_EINVAL;
    }
    int error = weir_address_add(node->stack, link, &ip, (uint8_t)prefix);
    any.family = ip.family;
    if (error >= 0 && gateway) {
        error = weir_route_add(node->stack, &any, 0, &via, link, 0);
    }
    return error < 0 ? error : WEIR_OK;
}
