/* conversations.c - reading captures for the verbs that need whole conversations. */
#include "cli/conversations.h"

#include <stdlib.h>

#include "base/compiler.h"
#include "cli/cli.h"
#include "trace/merge.h"

/* Two captures: two files, or the interfaces of one. */
struct conversations {
    struct flows *flows[2]; /* [1]: NULL when there is one only */
    size_t *mate;           /* of each in [0]: its index in [1], or flows_count([1]) */
    size_t *alone;          /* those of [1] that [0] does not have */
    size_t alone_count;
    weir_time start;
    bool begun, cut;
    int damage;
    char why[CAPTURE_WHY_MAX];
};

static void free_conversations(struct conversations *c)
{
    if (c != NULL) {
        flows_del(c->flows[0]);
        flows_del(c->flows[1]);
        free(c->mate);
        free(c->alone);
        free(c);
    }
}

/* ---- Reading --------------------------------------------------------------------------------------------- */

static int take_packet(struct conversations *c, struct flows *flows,
                       const struct capture_packet *packet)
{
    struct trace_segment segment;
    struct trace_icmp icmp = {.time = packet->time, .frame = packet->number};
    struct weir_endpoint src, dst;

    if (!c->begun || packet->time < c->start) {
        c->begun = true;
        c->start = packet->time;
    }
    if (packet->ip == NULL) {
        return WEIR_OK;
    }
    switch (trace_parse_ip(packet->ip, packet->size, packet->original, &segment, &src, &dst)) {
    case TRACE_TCP:
        segment.time = packet->time;
        segment.frame = packet->number;
        segment.checksum = (uint8_t)trace_verify(packet->ip, packet->size, packet->original);
        return flows_add(flows, &segment, &src, &dst);
    case TRACE_CUT: c->cut = true; return WEIR_OK;
    case TRACE_NOT_TCP:
        return trace_parse_icmp(packet->ip, packet->size, packet->original, &icmp)
                   ? flows_add_icmp(flows, &icmp)
                   : WEIR_OK;
    case TRACE_MALFORMED: break;
    }
    return WEIR_OK;
}

/* One file into `flows`, or its first two interfaces into one each when `other` is not NULL. */
static void read_file(struct conversations *c, struct capture *capture, struct flows *flows,
                      struct flows *other)
{
    struct cli_progress progress = {.next = 0};
    struct capture_packet packet;
    enum capture_status status = CAPTURE_OK;
    char why[CAPTURE_WHY_MAX] = "";

    while ((status = capture_next(capture, &packet, why)) == CAPTURE_OK) {
        bool second = other != NULL && packet.interface != 0;
        cli_progress_tick(&progress, capture, packet.number);
        if (take_packet(c, second ? other : flows, &packet) != WEIR_OK) {
            snprintf(why, sizeof(why), "no memory: packet %u", packet.number);
            status = CAPTURE_SYSTEM;
            break;
        }
    }
    cli_progress_end(&progress);
    if (status != CAPTURE_END && c->damage == CLI_OK) {
        c->damage = cli_input_exit(status);
        snprintf(c->why, sizeof(c->why), "%s", why);
    }
}

static int check_interfaces(const struct cli_input *input, const struct capture *capture)
{
    struct capture_stat stat;

    capture_stat(capture, &stat);
    if (input->merge && stat.interfaces != 2) {
        return cli_error(CLI_BAD_INPUT, "--merge needs two interfaces, this file has %u: %s",
                         stat.interfaces, capture_name(capture));
    }
    return CLI_OK;
}

static int read_one(struct conversations *c, struct cli_input *input, int which)
{
    struct capture *capture;
    int code = cli_input_open(input, which, false, &capture);

    if (code != CLI_OK) {
        return code;
    }
    read_file(c, capture, c->flows[which], input->merge ? c->flows[1] : NULL);
    size_t found = flows_count(c->flows[which]) + (input->merge ? flows_count(c->flows[1]) : 0);
    if (found == 0 && c->damage == CLI_OK) {
        code = cli_input_nothing(input, capture, c->cut);
    } else if (c->damage == CLI_OK) {
        code = check_interfaces(input, capture);
    }
    capture_close(capture);
    return code;
}

/* ---- Who belongs to whom ---------------------------------------------------------------------------------- */

static int find_mates(struct conversations *c)
{
    size_t near = flows_count(c->flows[0]), far = flows_count(c->flows[1]);
    bool *found = calloc(far + 1, sizeof(*found));

    c->mate = malloc((near + 1) * sizeof(*c->mate));
    c->alone = malloc((far + 1) * sizeof(*c->alone));
    if (found == NULL || c->mate == NULL || c->alone == NULL) {
        free(found);
        return WEIR_ENOBUFS;
    }
    for (size_t i = 0; i < near; i++) {
        c->mate[i] = merge_find(c->flows[0], i, c->flows[1]);
        found[c->mate[i]] = true;
    }
    for (size_t i = 0; i < far; i++) {
        if (!found[i]) {
            c->alone[c->alone_count++] = i;
        }
    }
    free(found);
    return WEIR_OK;
}

int conversations_read(struct cli_input *input, struct conversations **conversations)
{
    struct conversations *c = calloc(1, sizeof(*c));
    bool two = input->file[1] != NULL || input->merge;
    int code = CLI_OK;

    *conversations = NULL;
    if (c != NULL) {
        c->flows[0] = flows_new();
        c->flows[1] = two ? flows_new() : NULL;
    }
    if (c == NULL || c->flows[0] == NULL || (two && c->flows[1] == NULL)) {
        free_conversations(c);
        return cli_error(CLI_SYSTEM, "no memory: %s", input->file[0]);
    }
    for (int i = 0; i < 2 && input->file[i] != NULL && code == CLI_OK; i++) {
        code = read_one(c, input, i);
    }
    if (code == CLI_OK && two && find_mates(c) != WEIR_OK) {
        code = cli_error(CLI_SYSTEM, "no memory: %s", input->file[0]);
    }
    if (code == CLI_OK && conversations_count(c) == 0) {
        code = cli_error(c->damage, "%s", c->why);
    }
    if (code != CLI_OK) {
        free_conversations(c);
        return code;
    }
    *conversations = c;
    return CLI_OK;
}

/* ---- Out --------------------------------------------------------------------------------------------------- */

size_t conversations_count(const struct conversations *c)
{
    return flows_count(c->flows[0]) + c->alone_count;
}

weir_time conversations_start(const struct conversations *c)
{
    return c->start;
}

struct ladder *conversations_ladder(const struct conversations *c, size_t index)
{
    size_t near = flows_count(c->flows[0]);

    if (index >= near) {
        return flows_ladder(c->flows[1], c->alone[index - near]);
    }
    if (c->mate != NULL && c->mate[index] < flows_count(c->flows[1])) {
        return merge_flows(c->flows[0], index, c->flows[1], c->mate[index]);
    }
    return flows_ladder(c->flows[0], index);
}

int conversations_end(struct conversations *c, int code)
{
    if (c->damage != CLI_OK) {
        code = cli_error(c->damage, "%s", c->why);
    }
    free_conversations(c);
    return code;
}
