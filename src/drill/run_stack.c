/* run_stack.c - the machine under test: a stack with one link, in virtual time. */
#include "drill/arena.h"
#include "drill/run_private.h"

#include <stdio.h>
#include <stdlib.h>

#define FRAMES 32
#define TURNS_MAX 100000 /* at one instant: more than this is a stack that makes no progress */
#define MTU4 1500
#define MTU6 1520 /* the same segments as IPv4's: so scripts are right for both */
#define PREFIX4 24
#define PREFIX6 64

/* ---- Memory ---------------------------------------------------------------------------------------------- */

static void *count_alloc(void *ctx, size_t size)
{
    struct run *run = ctx;
    void *memory = malloc(size);

    run->memory += memory ? size : 0;
    return memory;
}

static void count_free(void *ctx, void *memory, size_t size)
{
    struct run *run = ctx;

    run->memory -= memory ? size : 0;
    free(memory);
}

static struct weir_allocator allocator(struct run *run)
{
    return (struct weir_allocator){.ctx = run, .alloc = count_alloc, .free = count_free};
}

void *run_get(struct run *run, size_t size)
{
    void *memory = drill_arena_get(run->script->arena, size);

    if (!memory) {
        run_broken(run, run->event ? run->event->pos : (struct drill_pos){1, 1}, "out of memory");
    }
    return memory;
}

/* ---- Making ---------------------------------------------------------------------------------------------- */

static void on_record(void *ctx, const struct weir_record *record)
{
    struct run *run = ctx;

    if (run->options->record && !run->over) {
        run->options->record(run->options->ctx, record);
    }
}

bool run_stack_settings(struct run *run)
{
    run->sock_config.tcp_differs = true; /* the stack has what was set at first */
    return !run->stack || weir_sock_space_configure(run->space, &run->sock_config) == 0;
}

static uint32_t mtu(const struct run *run)
{
    const char *text = drill_script_setting(run->script, "mtu");
    unsigned long number = text ? strtoul(text, NULL, 10) : 0;

    return number >= 68 && number <= UINT16_MAX ? (uint32_t)number : run->v6 ? MTU6 : MTU4;
}

static bool set_address(const struct run *run, const char *setting, const char *otherwise,
                        struct ip_addr *out)
{
    const char *text = drill_script_setting(run->script, setting);
    char plain[WEIR_IP_TEXT_MAX];
    struct weir_ip ip;

    snprintf(plain, sizeof(plain), "%.*s", text ? (int)strcspn(text, "/") : (int)strlen(otherwise),
             text ? text : otherwise);
    if (weir_ip_parse(plain, &ip) != WEIR_OK || ip.family != (run->v6 ? 6 : 4)) {
        (void)weir_ip_parse(otherwise, &ip);
    }
    *out = ip_addr_from_public(&ip);
    return true;
}

static int add_link(struct run *run)
{
    struct weir_link_config config;
    struct weir_ip ip, any = {.family = run->v6 ? 6 : 4};
    int link, error;

    weir_link_config_default(&config);
    config.medium = WEIR_MEDIUM_IP;
    config.mtu = mtu(run);
    config.no_dad = true;
    link = weir_link_add(run->stack, &config);
    if (link < 0) {
        return link;
    }
    run->link = (uint32_t)link;
    ip_addr_to_public(&run->local, &ip);
    error = weir_address_add(run->stack, run->link, &ip, run->v6 ? PREFIX6 : PREFIX4);
    return error ? error : weir_route_add(run->stack, &any, 0, NULL, run->link, 0);
}

bool run_stack_new(struct run *run)
{
    struct weir_allocator memory = allocator(run);
    int error;

    if (run->stack) {
        return true;
    }
    set_address(run, "local_ip", run->v6 ? "fd3d:a0b:17d6::1" : "192.168.0.1", &run->local);
    set_address(run, "remote_ip", run->v6 ? "fd3d:fa7b:d17d::1" : "192.0.2.1", &run->remote);
    run->stack_config.reproducible = true;
    if (run->options->mac) {
        run->stack_config.mac = *run->options->mac;
    }
    run->stack_config.trace = on_record;
    run->stack_config.trace_ctx = run;
    error = weir_stack_new(&run->stack, &run->stack_config, &memory);
    if (error == WEIR_OK) {
        error = add_link(run);
        weir_input(run->stack, run->link, NULL, 0, run->now);
    }
    if (error != WEIR_OK ||
        weir_sock_space_new(&run->space, run->stack, &run->sock_config, &memory) != 0) {
        return run_broken(run, (struct drill_pos){1, 1}, "the stack cannot be made: %s",
                          weir_strerror(error));
    }
    return true;
}

/* Everything must come back: a leak of the stack's is a failure of the script that found it. */
void run_stack_del(struct run *run)
{
    struct drill_pos end = {run->last_event ? run->last_event->pos.line : 1, 1};

    run->over = true;
    weir_sock_space_del(run->space);
    if (run->stack) {
        weir_stack_check(run->stack);
        if (weir_stack_del(run->stack) != WEIR_OK || run->memory != 0) {
            run_fail(run, end, "the stack did not give back all memory");
        }
    }
    while (run->packet_head) {
        struct run_packet *next = run->packet_head->next;

        free(run->packet_head);
        run->packet_head = next;
    }
}

/* ---- Packets --------------------------------------------------------------------------------------------- */

static void keep(struct run *run, const struct weir_frame *frame)
{
    struct run_packet *packet = malloc(sizeof(*packet) + frame->size);
    size_t at = 0;

    if (!packet) {
        run_broken(run, run->event->pos, "out of memory");
        return;
    }
    *packet = (struct run_packet){.time = run->now, .size = frame->size};
    for (uint32_t i = 0; i < frame->slice_count; i++) {
        memcpy(packet->bytes + at, frame->slices[i].data, frame->slices[i].size);
        at += frame->slices[i].size;
    }
    *run->packet_tail = packet;
    run->packet_tail = &packet->next;
    if (run->options->packet) {
        run->options->packet(run->options->ctx, packet->bytes, packet->size, true, run->now);
    }
}

bool run_input(struct run *run, const uint8_t *packet, size_t size)
{
    struct weir_buffer *buffer = weir_buffer_alloc(run->stack, (uint32_t)size);

    if (!buffer) {
        return run_broken(run, run->event->pos, "out of memory");
    }
    memcpy(buffer->data, packet, size);
    buffer->size = (uint32_t)size;
    if (run->options->packet) {
        run->options->packet(run->options->ctx, packet, size, false, run->now);
    }
    weir_input(run->stack, run->link, &buffer, 1, run->now);
    run_turn(run);
    return !run->failed;
}

/* ---- Time ------------------------------------------------------------------------------------------------ */

static void pull_events(struct run *run)
{
    struct weir_event event;
    struct weir_sock *sock;

    while (weir_event(run->stack, &event)) {
        (void)weir_sock_event(run->space, &event);
    }
    while ((sock = weir_sock_changed(run->space)) != NULL) {
        run_watch_changed(run, sock);
    }
}

static void stack_turn(struct run *run)
{
    struct weir_frame frames[FRAMES];
    unsigned turns = 0;
    size_t n;

    do {
        n = weir_output(run->stack, frames, FRAMES, run->now);
        for (size_t i = 0; i < n; i++) {
            keep(run, &frames[i]);
        }
        weir_frame_done(run->stack, frames, n, WEIR_FRAME_SENT);
        pull_events(run);
    } while ((n > 0 || weir_deadline(run->stack) <= run->now) && ++turns < TURNS_MAX);
    if (turns == TURNS_MAX) {
        run_fail(run, run->event->pos, "the stack is never done with this instant");
    }
}

void run_turn(struct run *run)
{
    const struct run_call *before;

    do {
        before = run->pending;
        stack_turn(run);
        run_call_poll(run);
    } while (run->pending != before && !run->failed);
    stack_turn(run); /* a call that still blocks may have given bytes or made room */
}

weir_time run_next(const struct run *run)
{
    return min_u64(weir_deadline(run->stack), run_call_deadline(run));
}

bool run_step(struct run *run, weir_time limit)
{
    weir_time next = run_next(run);

    if (run->failed || next > limit || next == WEIR_NEVER) {
        return false;
    }
    run->now = max_u64(run->now, next);
    run_turn(run);
    return true;
}

void run_advance(struct run *run, weir_time until)
{
    while (run_step(run, until)) {}
    if (!run->failed && until > run->now) {
        run->now = until;
        run_turn(run);
    }
}
