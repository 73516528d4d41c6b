/*
 * packets.c - packets between packetdrill and the stack. Everything the stack sends is checked here with code
 * that shares nothing with it (packetdrill does not look at TCP checksums), and what packetdrill never fetched
 * is told at the end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "packetdrill/adapter.h"

#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17
#define IP4_HEADER 20u
#define IP6_HEADER 40u
#define TCP_HEADER 20u
#define TCP_RST 4

/* ---- Checking ----------------------------------------------------------------------------------------- */

static uint64_t add_words(const uint8_t *data, size_t size, uint64_t sum)
{
    for (size_t i = 0; i + 1 < size; i += 2) {
        sum += (uint64_t)data[i] << 8 | data[i + 1];
    }
    return size % 2 ? sum + ((uint64_t)data[size - 1] << 8) : sum;
}

static bool sums_up(uint64_t sum)
{
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum == 0xffff;
}

/* Where the transport header begins and which protocol it has; NULL: no whole IP packet. */
static const uint8_t *transport_of(const uint8_t *p, size_t size, uint8_t *protocol)
{
    size_t header = 0, total = 0;

    if (size >= IP4_HEADER && p[0] >> 4 == 4) {
        header = (p[0] & 15u) * 4u;
        total = (size_t)p[2] << 8 | p[3];
        *protocol = p[9];
    } else if (size >= IP6_HEADER && p[0] >> 4 == 6) {
        header = IP6_HEADER;
        total = IP6_HEADER + ((size_t)p[4] << 8 | p[5]);
        *protocol = p[6];
    }
    return header && total == size && header <= size ? p + header : NULL;
}

static const char *complaint_about(const uint8_t *p, size_t size)
{
    uint8_t protocol = 0;
    const uint8_t *transport = transport_of(p, size, &protocol);
    size_t rest = transport ? size - (size_t)(transport - p) : 0;
    uint64_t sum;

    if (!transport) {
        return "its length is not that of its IP header";
    }
    if (p[0] >> 4 == 4 && !sums_up(add_words(p, size - rest, 0))) {
        return "wrong IPv4 header checksum";
    }
    if ((protocol != PROTOCOL_TCP && protocol != PROTOCOL_UDP) ||
        (p[0] >> 4 == 4 && ((p[6] & 0x3fu) || p[7]))) { /* a fragment has no sum of its own */
        return NULL;
    }
    sum = p[0] >> 4 == 4 ? add_words(p + 12, 8, 0) : add_words(p + 8, 32, 0);
    sum = add_words(transport, rest, sum + protocol + rest);
    if (protocol == PROTOCOL_UDP) {
        bool none = rest >= 8 && p[0] >> 4 == 4 && !transport[6] && !transport[7];

        return rest < 8 ? "cut UDP header" : none || sums_up(sum) ? NULL : "wrong UDP checksum";
    }
    if (rest < TCP_HEADER || (transport[12] >> 4) * 4u < TCP_HEADER ||
        (transport[12] >> 4) * 4u > rest) {
        return "cut TCP header";
    }
    return sums_up(sum) ? NULL : "wrong TCP checksum";
}

static void describe(const uint8_t *p, size_t size, char *text, size_t room)
{
    static const char names[] = "FSRPAUEC";
    char flags[sizeof(names)] = "";
    uint8_t protocol = 0;
    const uint8_t *t = transport_of(p, size, &protocol);
    size_t n = 0, rest = t ? size - (size_t)(t - p) : 0;

    if (protocol != PROTOCOL_TCP || rest < TCP_HEADER) {
        snprintf(text, room, "IP protocol %u, %zu bytes", protocol, size);
        return;
    }
    for (unsigned i = 0; i < 8; i++) {
        if (t[13] >> i & 1) {
            flags[n++] = names[i];
        }
    }
    flags[n] = 0;
    snprintf(text, room, "TCP %s, %zu bytes of payload", flags, rest - (t[12] >> 4) * 4u);
}

/* ---- Out of the stack ----------------------------------------------------------------------------------- */

static void record(struct adapter *a, const uint8_t *data, size_t size, bool out)
{
    struct pcapfile_packet packet = {
        .time = a->now, .data = data, .size = (uint32_t)size, .out = out};

    if (a->capture) {
        (void)pcapfile_write(a->capture, &packet);
        (void)pcapfile_flush(a->capture); /* a script that fails ends the process without notice */
    }
}

void packets_keep(struct adapter *a, const struct weir_frame *frame)
{
    struct packet *packet = malloc(sizeof(*packet) + frame->size);
    const char *complaint;
    size_t at = 0;

    if (!packet) {
        a->broken = true;
        return;
    }
    for (uint32_t i = 0; i < frame->slice_count; i++) {
        memcpy(packet->data + at, frame->slices[i].data, frame->slices[i].size);
        at += frame->slices[i].size;
    }
    *packet = (struct packet){.number = ++a->emitted, .time = a->now, .size = at};
    *a->packets_tail = packet;
    a->packets_tail = &packet->next;
    record(a, packet->data, at, true);
    complaint = complaint_about(packet->data, at);
    if (complaint) {
        fprintf(stderr, "weir: packet %llu sent at %llu us: %s\n",
                (unsigned long long)packet->number, (unsigned long long)(a->now / WEIR_US),
                complaint);
        a->broken = true;
    }
}

static struct packet *take(struct adapter *a)
{
    struct packet *packet = a->packets;

    if (packet) {
        a->packets = packet->next;
        if (!a->packets) {
            a->packets_tail = &a->packets;
        }
    }
    return packet;
}

int slot_netdev_receive(void *u, void *data, size_t *size, long long *time_us)
{
    struct adapter *a = u;
    struct packet *packet;
    size_t room = *size;

    adapter_enter(a);
    adapter_run_due(a);
    while (!a->packets && !a->broken && adapter_advance_to_next(a)) {}
    packet = a->broken ? NULL : take(a);
    *size = 0; /* none will ever come: packetdrill fails the script at once */
    *time_us = (long long)(a->now / WEIR_US);
    if (packet) {
        *size = packet->size < room ? packet->size : room;
        *time_us = (long long)(packet->time / WEIR_US);
        memcpy(data, packet->data, *size);
        free(packet);
    }
    return (int)adapter_leave(a, 0);
}

void packets_check_strays(struct adapter *a)
{
    char text[80];
    bool any = false;

    for (const struct packet *p = a->packets; p && p->number <= a->claimed; p = p->next) {
        describe(p->data, p->size, text, sizeof(text));
        fprintf(stderr,
                "weir: stray packet sent at %llu us, which the script does not expect: %s\n",
                (unsigned long long)(p->time / WEIR_US), text);
        any = true;
    }
    if ((any && a->flags.stray_fails) || a->broken) {
        exit(EXIT_FAILURE);
    }
}

void packets_free(struct adapter *a)
{
    for (struct packet *p = take(a); p; p = take(a)) {
        free(p);
    }
}

/* ---- Into the stack ------------------------------------------------------------------------------------- */

static bool is_reset(const uint8_t *p, size_t size)
{
    uint8_t protocol = 0;
    const uint8_t *t = transport_of(p, size, &protocol);

    return t && protocol == PROTOCOL_TCP && size - (size_t)(t - p) >= TCP_HEADER &&
           (t[13] & TCP_RST);
}

int slot_netdev_send(void *u, const void *packet, size_t size)
{
    struct adapter *a = u;
    struct weir_buffer *buffer = NULL;
    uint64_t claimed;
    int64_t result;

    adapter_enter(a);
    if (a->stack) { /* before the first socket there is nobody to receive */
        buffer = weir_buffer_alloc(a->stack, (uint32_t)size);
    }
    claimed = a->claimed;
    if (buffer) {
        memcpy(buffer->data, packet, size);
        buffer->size = (uint32_t)size;
        record(a, packet, size, false);
        weir_input(a->stack, a->link, &buffer, 1, a->now);
        a->state_changed = true; /* counters, if nothing else */
    }
    result = adapter_leave(a, buffer ? 0 : -ENOBUFS);
    if (is_reset(
            packet,
            size)) { /* packetdrill ends each script with one: what follows is not the script's */
        a->claimed = claimed;
    }
    return (int)result;
}
