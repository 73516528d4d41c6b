/* tap.c - see tap.h. */
#include "cli/tap.h"

#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "cli/cli.h"
#include "trace/segment.h"

#define TIMEOUT_MS 10 /* where immediate mode does not exist */
#define LINK_SLL 113
#define LINK_SLL2 276
#define SLL2_INTERFACE 4 /* offsets in the header of "cooked" packets, version 2 */
#define SLL2_DIRECTION 10
#define SLL_DIRECTION 0 /* and version 1 */
#define DIRECTION_OUT 4

struct tap {
    pcap_t *pcap;
    int link_type;
    char name[64];
    uint32_t drops, interface_drops; /* as last told, 32 bits that wrap */
    struct tap_counts counts;
};

static void one_line(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n' || *text == '\r') {
            *text = ' ';
        }
    }
}

static int activation_failed(const struct tap *tap, int status, char why[TAP_WHY_MAX])
{
    switch (status) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
        snprintf(why, TAP_WHY_MAX, "no such interface: %s", tap->name);
        return CLI_MISSING;
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
        snprintf(why, TAP_WHY_MAX, "no permission to capture (it takes root or CAP_NET_RAW): %s",
                 tap->name);
        return CLI_PERMISSION;
    case PCAP_ERROR_IFACE_NOT_UP:
        snprintf(why, TAP_WHY_MAX, "the interface is down: %s", tap->name);
        return CLI_MISSING;
    default:
        snprintf(why, TAP_WHY_MAX, "cannot capture (%.200s): %s", pcap_geterr(tap->pcap),
                 tap->name);
        one_line(why);
        return CLI_SYSTEM;
    }
}

static bool is_loopback(const char *name)
{
    struct ifaddrs *list = NULL;
    bool found = false;

    if (getifaddrs(&list) != 0) {
        return false;
    }
    for (struct ifaddrs *a = list; a != NULL && !found; a = a->ifa_next) {
        found = strcmp(a->ifa_name, name) == 0 && (a->ifa_flags & IFF_LOOPBACK) != 0;
    }
    freeifaddrs(list);
    return found;
}

static int activate(struct tap *tap, const struct tap_config *config, char why[TAP_WHY_MAX])
{
    char error[PCAP_ERRBUF_SIZE] = "";

    tap->pcap = pcap_create(tap->name, error);
    if (tap->pcap == NULL) {
        snprintf(why, TAP_WHY_MAX, "cannot capture (%.200s): %s", error, tap->name);
        one_line(why);
        return CLI_SYSTEM;
    }
    pcap_set_snaplen(tap->pcap, config->snaplen);
    pcap_set_promisc(tap->pcap, config->promiscuous);
    pcap_set_immediate_mode(tap->pcap, 1);
    pcap_set_timeout(tap->pcap, TIMEOUT_MS);
    pcap_set_buffer_size(tap->pcap, config->buffer);
    pcap_set_tstamp_precision(tap->pcap, PCAP_TSTAMP_PRECISION_NANO);
    int status = pcap_activate(tap->pcap);
    if (status < 0) {
        return activation_failed(tap, status, why);
    }
    if (pcap_datalink(tap->pcap) == LINK_SLL) { /* version 2 names the interface */
        pcap_set_datalink(tap->pcap, LINK_SLL2);
    }
    if (is_loopback(tap->name)) { /* there each packet leaves and arrives: once is enough */
#ifdef PACKET_IGNORE_OUTGOING
        int on =
            1; /* libpcap passes over the first one, but the kernel would keep it, and count it when dropped */
        setsockopt(pcap_fileno(tap->pcap), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
#endif
    }
    tap->link_type = pcap_datalink(tap->pcap);
    if (!trace_link_known(tap->link_type)) {
        const char *name = pcap_datalink_val_to_name(tap->link_type);
        snprintf(why, TAP_WHY_MAX, "no TCP on this kind of interface (link type %d, %s): %s",
                 tap->link_type, name != NULL ? name : "unknown", tap->name);
        return CLI_BAD_INPUT;
    }
    return CLI_OK;
}

/* Without a filter TCP, also inside VLANs where the link can have them. */
static int set_filter(struct tap *tap, const char *filter, char why[TAP_WHY_MAX])
{
    static const char *const own[] = {"tcp or (vlan and tcp)", "tcp"};
    struct bpf_program program;
    int result = -1;

    for (size_t i = 0; i < (filter != NULL ? 1 : 2) && result != 0; i++) {
        result = pcap_compile(tap->pcap, &program, filter != NULL ? filter : own[i], 1,
                              PCAP_NETMASK_UNKNOWN);
    }
    if (result != 0) {
        snprintf(why, TAP_WHY_MAX, "bad filter (%.160s): %.160s", pcap_geterr(tap->pcap),
                 filter != NULL ? filter : own[1]);
        one_line(why);
        return CLI_USAGE;
    }
    result = pcap_setfilter(tap->pcap, &program);
    pcap_freecode(&program);
    if (result != 0) {
        snprintf(why, TAP_WHY_MAX, "cannot set the filter (%.200s): %s", pcap_geterr(tap->pcap),
                 tap->name);
        one_line(why);
        return CLI_SYSTEM;
    }
    return CLI_OK;
}

int tap_open(struct tap **result, const struct tap_config *config, char why[TAP_WHY_MAX])
{
    char error[PCAP_ERRBUF_SIZE] = "";
    struct tap *tap = calloc(1, sizeof(*tap));

    *result = NULL;
    if (tap == NULL) {
        snprintf(why, TAP_WHY_MAX, "no memory: %s", config->interface);
        return CLI_SYSTEM;
    }
    snprintf(tap->name, sizeof(tap->name), "%s", config->interface);
    int code = activate(tap, config, why);
    if (code == CLI_OK) {
        code = set_filter(tap, config->filter, why);
    }
    if (code == CLI_OK && pcap_setnonblock(tap->pcap, 1, error) != 0) {
        snprintf(why, TAP_WHY_MAX, "cannot capture (%.200s): %s", error, tap->name);
        code = CLI_SYSTEM;
    }
    if (code != CLI_OK) {
        tap_close(tap);
        return code;
    }
    *result = tap;
    return CLI_OK;
}

void tap_close(struct tap *tap)
{
    if (tap != NULL) {
        if (tap->pcap != NULL) {
            pcap_close(tap->pcap);
        }
        free(tap);
    }
}

int tap_descriptor(const struct tap *tap)
{
    return pcap_get_selectable_fd(tap->pcap);
}

int tap_link_type(const struct tap *tap)
{
    return tap->link_type;
}

static void read_cooked(const struct tap *tap, struct tap_packet *packet)
{
    if (tap->link_type == LINK_SLL2 && packet->size > SLL2_DIRECTION) {
        packet->interface = (int)load_be32(packet->bytes + SLL2_INTERFACE);
        packet->out = packet->bytes[SLL2_DIRECTION] == DIRECTION_OUT;
    } else if (tap->link_type == LINK_SLL && packet->size > SLL_DIRECTION + 1) {
        packet->out = load_be16(packet->bytes + SLL_DIRECTION) == DIRECTION_OUT;
    }
}

int tap_next(struct tap *tap, struct tap_packet *packet, char why[TAP_WHY_MAX])
{
    struct pcap_pkthdr *header;
    const u_char *bytes;
    int result = pcap_next_ex(tap->pcap, &header, &bytes);

    if (result == 1) {
        *packet = (struct tap_packet){.time = (weir_time)header->ts.tv_sec * WEIR_S +
                                              (weir_time)header->ts.tv_usec,
                                      .bytes = bytes,
                                      .size = header->caplen,
                                      .original = header->len};
        if (pcap_get_tstamp_precision(tap->pcap) != PCAP_TSTAMP_PRECISION_NANO) {
            packet->time = (weir_time)header->ts.tv_sec * WEIR_S +
                           (weir_time)header->ts.tv_usec * (WEIR_MS / 1000);
        }
        read_cooked(tap, packet);
        return 1;
    }
    if (result == 0) {
        return 0;
    }
    snprintf(why, TAP_WHY_MAX, "the capture ends (%.200s): %s", pcap_geterr(tap->pcap), tap->name);
    one_line(why);
    return -1;
}

void tap_count(struct tap *tap, struct tap_counts *counts)
{
    struct pcap_stat stat;

    if (pcap_stats(tap->pcap, &stat) == 0) {
        tap->counts.drops += (uint32_t)(stat.ps_drop - tap->drops);
        tap->counts.interface_drops += (uint32_t)(stat.ps_ifdrop - tap->interface_drops);
        tap->drops = stat.ps_drop;
        tap->interface_drops = stat.ps_ifdrop;
    }
    *counts = tap->counts;
}
