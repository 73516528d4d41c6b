/* capture_private.h - the inside of a capture, shared by capture*.c only. */
#ifndef TRACE_CAPTURE_PRIVATE_H
#define TRACE_CAPTURE_PRIVATE_H

#include "base/bytes.h"
#include "trace/capture.h"
#include "trace/source.h"

#define NS_PER_S 1000000000ULL

/* A piece of a packet longer than this is damage. */
#define CAPTURED_MAX ((uint32_t)1 << 20)
/* A block of a pcapng file longer than this is damage. */
#define BLOCK_MAX ((uint32_t)1 << 26)
#define INTERFACES_MAX 4096

struct capture_interface {
    int link_type;
    uint32_t snaplen; /* 0: no limit */
    uint8_t resolution;
    int64_t offset_s;
    uint64_t drops; /* as its last statistics say */
    bool drops_known;
};

struct capture_bpf; /* a filter, compiled for one link type */

/* A packet as it stands in the file. */
struct capture_record {
    weir_time time;
    uint32_t interface;
    const uint8_t *bytes;
    uint32_t captured, original;
};

struct capture {
    struct source *source;
    struct source_window *window;
    char *name;
    char *expression; /* NULL: no filter */
    struct capture_bpf *bpf;
    bool swapped; /* the file's byte order is not big-endian */
    bool ng, fraction_is_ns;
    uint32_t record_header; /* of a pcap file: 16, or 24 of an old Linux variant */
    size_t record_size;     /* of the record handed out last, not stepped over yet */
    struct capture_interface *interface;
    uint32_t interface_count, interface_room;
    uint32_t section_first; /* the first interface of this section */
    weir_time last_time;
    struct capture_stat stat;
};

static inline uint16_t capture_u16(const struct capture *c, const uint8_t *p)
{
    return c->swapped ? (uint16_t)((unsigned)p[1] << 8 | p[0]) : load_be16(p);
}

static inline uint32_t capture_u32(const struct capture *c, const uint8_t *p)
{
    return c->swapped ? (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0]
                      : load_be32(p);
}

/* The next n bytes, or NULL. */
static inline const uint8_t *capture_bytes(const struct capture *c, size_t n)
{
    return source_bytes(c->source, c->window, n);
}

/* One line into `why`: "what: name, packet N (offset M)". Returns CAPTURE_BAD, or CAPTURE_SYSTEM when the
 * source could not be read. */
enum capture_status capture_damaged(const struct capture *c, const char *what,
                                    char why[CAPTURE_WHY_MAX]);
/* capture_bytes gave NULL: CAPTURE_END at the end of the file, else as capture_damaged. */
enum capture_status capture_ended(const struct capture *c, char why[CAPTURE_WHY_MAX]);

/* NULL: no memory. */
struct capture_interface *capture_add_interface(struct capture *c);

/* The format's own part: the file header, then one record at a time, the one before stepped over. */
enum capture_status capture_pcap_begin(struct capture *c, char why[CAPTURE_WHY_MAX]);
enum capture_status capture_pcap_next(struct capture *c, struct capture_record *record,
                                      char why[CAPTURE_WHY_MAX]);
enum capture_status capture_ng_begin(struct capture *c, char why[CAPTURE_WHY_MAX]);
enum capture_status capture_ng_next(struct capture *c, struct capture_record *record,
                                    char why[CAPTURE_WHY_MAX]);

/* capture_bpf.c */
enum capture_status capture_bpf_check(struct capture *c, int link_type, char why[CAPTURE_WHY_MAX]);
/* CAPTURE_OK and *pass, or CAPTURE_FILTER: not for this link type. */
enum capture_status capture_bpf_run(struct capture *c, const struct capture_record *record,
                                    bool *pass, char why[CAPTURE_WHY_MAX]);
void capture_bpf_free(struct capture *c);

#endif
