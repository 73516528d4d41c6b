/*
 * capture.c - reading capture files through libpcap, and saying in one line what is wrong with a file.
 *
 * The file is opened here and not by libpcap, so that "no such file", "no permission", "empty" and "a
 * directory" can be told apart. libpcap understands pcap and pcapng of either byte order.
 */
#include "trace/capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NS_PER_S 1000000000ULL

struct capture {
    pcap_t *pcap;
    char *name;
    int link_type;
    uint32_t packets;
};

static enum capture_status fail(enum capture_status status, char why[CAPTURE_WHY_MAX],
                                const char *what, const char *where)
{
    snprintf(why, CAPTURE_WHY_MAX, "%s: %s", what, where);
    return status;
}

static enum capture_status fail_errno(int error, char why[CAPTURE_WHY_MAX], const char *where)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR: return fail(CAPTURE_MISSING, why, "no such file", where);
    case EACCES:
    case EPERM: return fail(CAPTURE_DENIED, why, "no permission to read", where);
    default: return fail(CAPTURE_SYSTEM, why, strerror(error), where);
    }
}

/* What can be wrong with a file before its first byte is looked at. */
static enum capture_status open_file(FILE **file, const char *path, char why[CAPTURE_WHY_MAX])
{
    struct stat status;

    *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (*file == NULL) {
        return fail_errno(errno, why, path);
    }
    if (fstat(fileno(*file), &status) == 0) {
        if (S_ISDIR(status.st_mode)) {
            return fail(CAPTURE_BAD, why, "is a directory", path);
        }
        if (S_ISREG(status.st_mode) && status.st_size == 0) {
            return fail(CAPTURE_BAD, why, "empty file", path);
        }
    }
    return CAPTURE_OK;
}

static enum capture_status open_pcap(struct capture *c, FILE *file, char why[CAPTURE_WHY_MAX])
{
    char message[PCAP_ERRBUF_SIZE] = "";

    c->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, message);
    if (c->pcap == NULL) {
        bool bad_magic = strstr(message, "unknown file format") != NULL;
        bool cut = strstr(message, "truncated") != NULL;
        const char *what = bad_magic ? "not a capture file"
                           : cut     ? "the capture ends within its file header"
                                     : message;
        return fail(CAPTURE_BAD, why, what, c->name);
    }
    c->link_type = pcap_datalink(c->pcap);
    if (!trace_link_known(c->link_type)) {
        const char *name = pcap_datalink_val_to_name(c->link_type);
        snprintf(why, CAPTURE_WHY_MAX, "link type %d (%s) is not understood: %s", c->link_type,
                 name != NULL ? name : "unknown", c->name);
        return CAPTURE_BAD;
    }
    return CAPTURE_OK;
}

enum capture_status capture_open(struct capture **capture, const char *path,
                                 char why[CAPTURE_WHY_MAX])
{
    FILE *file = NULL;
    bool is_stdin = strcmp(path, "-") == 0;

    *capture = NULL;
    enum capture_status status = open_file(&file, path, why);
    struct capture *c = NULL;
    if (status == CAPTURE_OK) {
        c = calloc(1, sizeof(*c));
        if (c != NULL) {
            c->name = strdup(is_stdin ? "standard input" : path);
        }
        status = c == NULL || c->name == NULL ? fail(CAPTURE_SYSTEM, why, "no memory", path)
                                              : open_pcap(c, file, why);
    }
    if (status == CAPTURE_OK) {
        *capture = c;
        return status;
    }
    if (file != NULL && !is_stdin && (c == NULL || c->pcap == NULL)) {
        fclose(file);
    }
    capture_close(c);
    return status;
}

void capture_close(struct capture *c)
{
    if (c == NULL) {
        return;
    }
    if (c->pcap != NULL) {
        pcap_close(c->pcap);
    }
    free(c->name);
    free(c);
}

/* `offset`: where the packet that could not be read begins; negative when the input cannot tell. */
static enum capture_status fail_packet(const struct capture *c, long offset,
                                       char why[CAPTURE_WHY_MAX])
{
    const char *message = pcap_geterr(c->pcap);
    bool cut = strstr(message, "truncated") != NULL;
    char where[64] = "";

    if (offset >= 0) {
        snprintf(where, sizeof(where), " (offset %ld)", offset);
    }
    snprintf(why, CAPTURE_WHY_MAX, "%.150s: %.80s, packet %u%s",
             cut ? "the capture is cut short" : message, c->name, c->packets + 1, where);
    return CAPTURE_BAD;
}

enum capture_status capture_next(struct capture *c, struct capture_packet *packet,
                                 char why[CAPTURE_WHY_MAX])
{
    struct pcap_pkthdr *header;
    const uint8_t *bytes;
    FILE *file = pcap_file(c->pcap);
    long offset = file != NULL ? ftell(file) : -1;

    int result = pcap_next_ex(c->pcap, &header, &bytes);
    if (result == PCAP_ERROR_BREAK) {
        return CAPTURE_END;
    }
    if (result != 1) {
        return fail_packet(c, offset, why);
    }
    c->packets++;
    *packet = (struct capture_packet){
        /* With nanosecond precision libpcap puts nanoseconds into tv_usec. */
        .time = (weir_time)header->ts.tv_sec * NS_PER_S + (weir_time)header->ts.tv_usec,
        .number = c->packets};
    int skip = trace_link_header(c->link_type, bytes, header->caplen);
    if (skip >= 0 && header->len >= (bpf_u_int32)skip) {
        packet->ip = bytes + skip;
        packet->size = header->caplen - (size_t)skip;
        packet->original = header->len - (size_t)skip;
    }
    return CAPTURE_OK;
}
