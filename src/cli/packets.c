/* packets.c - see packets.h. */
#include "cli/packets.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "render/comment.h"
#include "trace/capture.h"
#include "wire/pcapng.h"

#define NS_PER_S UINT64_C(1000000000)
#define PCAP_MAGIC_NS 0xa1b23c4du
#define PCAP_SNAPLEN 262144u
#define SECTION_ROOM 256
#define FLAG_IN 1
#define FLAG_OUT 2

struct packet {
    uint32_t frame, flags;
    char *comment; /* NULL: none */
};

struct packets {
    struct packet *packet;
    size_t count, room;
    uint8_t *block; /* a pcapng block being made */
    size_t block_room;
};

struct packets *packets_new(void)
{
    return calloc(1, sizeof(struct packets));
}

void packets_del(struct packets *p)
{
    if (p == NULL) {
        return;
    }
    for (size_t i = 0; i < p->count; i++) {
        free(p->packet[i].comment);
    }
    free(p->packet);
    free(p->block);
    free(p);
}

/* ---- Choosing -------------------------------------------------------------------------------------------- */

static struct packet *add(struct packets *p)
{
    if (p->count == p->room) {
        size_t room = MAX(p->room * 2, 256);
        struct packet *moved = realloc(p->packet, room * sizeof(*moved));
        if (moved == NULL) {
            return NULL;
        }
        p->packet = moved;
        p->room = room;
    }
    return &p->packet[p->count++];
}

static uint32_t flags_of(const struct ladder_info *info, const struct ladder_segment *s)
{
    if (info->vantage == LADDER_AT_UNKNOWN) {
        return 0;
    }
    return (enum trace_side)s->wire.side == info->reference ? FLAG_OUT : FLAG_IN;
}

int packets_add(struct packets *p, const struct ladder *ladder, bool comments, enum seq_mode seq,
                enum language language)
{
    const struct ladder_info *info = ladder_info(ladder);
    struct numbering numbering;
    size_t count;
    const struct ladder_segment *s = ladder_segments(ladder, &count);

    numbering_init(&numbering, info, seq);
    for (size_t i = 0; i < count; i++) {
        struct packet *packet = s[i].wire.frame != 0 ? add(p) : NULL;
        if (packet == NULL && s[i].wire.frame != 0) {
            return WEIR_ENOBUFS;
        }
        if (packet != NULL) {
            *packet = (struct packet){.frame = s[i].wire.frame, .flags = flags_of(info, &s[i])};
            packet->comment = comments ? comment_of(ladder, &s[i], &numbering, language) : NULL;
            if (comments && packet->comment == NULL) {
                return WEIR_ENOBUFS;
            }
        }
    }
    return WEIR_OK;
}

static int by_frame(const void *a, const void *b)
{
    const struct packet *x = a, *y = b;

    return x->frame < y->frame ? -1 : x->frame > y->frame;
}

/* ---- Writing --------------------------------------------------------------------------------------------- */

static void write_head(FILE *out, enum packets_form form)
{
    uint8_t block[SECTION_ROOM];

    if (form == PACKETS_PCAPNG) {
        size_t size = pcapng_section(block, sizeof(block), "weir");
        fwrite(block, 1, size, out);
        size = pcapng_interface(block, sizeof(block), PCAPNG_LINK_RAW, NULL);
        fwrite(block, 1, size, out);
        return;
    }
    struct {
        uint32_t magic;
        uint16_t major, minor;
        uint32_t zone, accuracy, snaplen, link_type;
    } head = {PCAP_MAGIC_NS, 2, 4, 0, 0, PCAP_SNAPLEN, PCAPNG_LINK_RAW};
    fwrite(&head, sizeof(head), 1, out);
}

static bool write_ng(struct packets *p, FILE *out, const struct packet *packet,
                     const struct capture_packet *captured)
{
    struct pcapng_packet block = {.time_ns = captured->time,
                                  .data = captured->ip,
                                  .size = (uint32_t)captured->size,
                                  .original_size = (uint32_t)captured->original,
                                  .flags = packet->flags,
                                  .comment = packet->comment};
    size_t room = pcapng_packet_room(&block);

    if (room > p->block_room) {
        uint8_t *moved = realloc(p->block, room);
        if (moved == NULL) {
            return false;
        }
        p->block = moved;
        p->block_room = room;
    }
    size_t size = pcapng_packet(p->block, p->block_room, &block);
    fwrite(p->block, 1, size, out);
    return size != 0;
}

static bool write_packet(struct packets *p, FILE *out, enum packets_form form,
                         const struct packet *packet, const struct capture_packet *captured)
{
    if (form == PACKETS_PCAPNG) {
        return write_ng(p, out, packet, captured);
    }
    struct {
        uint32_t seconds, nanoseconds, size, original;
    } head = {(uint32_t)(captured->time / NS_PER_S), (uint32_t)(captured->time % NS_PER_S),
              (uint32_t)captured->size, (uint32_t)captured->original};
    fwrite(&head, sizeof(head), 1, out);
    fwrite(captured->ip, 1, captured->size, out);
    return true;
}

int packets_write(struct packets *p, FILE *out, enum packets_form form, const char *path)
{
    char why[CAPTURE_WHY_MAX];
    struct capture *capture;
    struct capture_packet captured;
    size_t next = 0;
    bool done = true;

    enum capture_status status = capture_open(&capture, path, why);
    if (status != CAPTURE_OK) {
        return cli_error(cli_input_exit(status), "%s", why);
    }
    if (p->count > 0) {
        qsort(p->packet, p->count, sizeof(*p->packet), by_frame);
    }
    write_head(out, form);
    while (next < p->count && done && capture_next(capture, &captured, why) == CAPTURE_OK) {
        if (captured.number == p->packet[next].frame && captured.ip != NULL) {
            done = write_packet(p, out, form, &p->packet[next], &captured);
            next++;
        }
    }
    capture_close(capture);
    return done ? CLI_OK : cli_error(CLI_SYSTEM, "no memory: packet %u", captured.number);
}
