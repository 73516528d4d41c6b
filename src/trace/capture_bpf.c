/* capture_bpf.c - filters as tcpdump writes them, compiled by libpcap for each link type that turns up. */
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/capture_private.h"

#define LINK_RAW 101
#define SNAPLEN 262144

struct capture_bpf {
    int link_type;
    struct bpf_program program;
    struct capture_bpf *next;
};

/* LINKTYPE_ numbers are libpcap's own, but for raw IP. */
static int dlt_of(int link_type)
{
    return link_type == LINK_RAW ? DLT_RAW : link_type;
}

static enum capture_status bad_filter(const struct capture *c, const char *message,
                                      char why[CAPTURE_WHY_MAX])
{
    snprintf(why, CAPTURE_WHY_MAX, "bad filter (%.120s): %.160s", message, c->expression);
    for (char *p = why; *p != '\0'; p++) {
        if (*p == '\n' || *p == '\r') {
            *p = ' ';
        }
    }
    return CAPTURE_FILTER;
}

static enum capture_status compile(struct capture *c, int link_type, struct capture_bpf **bpf,
                                   char why[CAPTURE_WHY_MAX])
{
    struct capture_bpf *new = calloc(1, sizeof(*new));
    pcap_t *dead = pcap_open_dead(dlt_of(link_type), SNAPLEN);
    enum capture_status status = CAPTURE_OK;

    if (new == NULL || dead == NULL) {
        status = CAPTURE_SYSTEM;
        snprintf(why, CAPTURE_WHY_MAX, "no memory: filter");
    } else if (pcap_compile(dead, &new->program, c->expression, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        status = bad_filter(c, pcap_geterr(dead), why);
    }
    if (dead != NULL) {
        pcap_close(dead);
    }
    if (status != CAPTURE_OK) {
        free(new);
        return status;
    }
    new->link_type = link_type;
    new->next = c->bpf;
    c->bpf = *bpf = new;
    return CAPTURE_OK;
}

enum capture_status capture_bpf_check(struct capture *c, int link_type, char why[CAPTURE_WHY_MAX])
{
    struct capture_bpf *bpf;

    return compile(c, link_type, &bpf, why);
}

enum capture_status capture_bpf_run(struct capture *c, const struct capture_record *record,
                                    bool *pass, char why[CAPTURE_WHY_MAX])
{
    int link_type = c->interface[record->interface].link_type;
    struct capture_bpf *bpf = c->bpf;
    struct pcap_pkthdr header = {.caplen = record->captured, .len = record->original};

    while (bpf != NULL && bpf->link_type != link_type) {
        bpf = bpf->next;
    }
    if (bpf == NULL) {
        enum capture_status status = compile(c, link_type, &bpf, why);
        if (status != CAPTURE_OK) {
            return status;
        }
    }
    *pass = pcap_offline_filter(&bpf->program, &header, record->bytes) != 0;
    return CAPTURE_OK;
}

void capture_bpf_free(struct capture *c)
{
    while (c->bpf != NULL) {
        struct capture_bpf *next = c->bpf->next;
        pcap_freecode(&c->bpf->program);
        free(c->bpf);
        c->bpf = next;
    }
}
