/*
 * settings.c - what scripts say with sysctl, as far as the core or the sockets have an option that means the
 * same. The stand-in for sysctl appends "name=value" lines to a file, which is read at each socket();
 * a later line wins. Names that are not here are not modelled; the stand-in says so.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "packetdrill/adapter.h"

#define SYN_RETRIES_MAX 30

void settings_default(struct settings *s)
{
    struct weir_sock_config sockets;

    weir_sock_config_default(&sockets);
    weir_tcp_options_default(&s->tcp);
    s->rcvbuf_max = sockets.rcvbuf_max;
    s->sndbuf_max = sockets.sndbuf_max;
    s->somaxconn = sockets.somaxconn;
}

/* The n-th number of a list; false: there is none. */
static bool number_at(const char *text, unsigned n, uint64_t *number)
{
    char *end = NULL;

    for (unsigned i = 0; i <= n; i++) {
        errno = 0;
        *number = strtoull(text, &end, 0);
        if (end == text || errno) {
            return false;
        }
        text = end;
    }
    return true;
}

static uint32_t bounded(uint64_t value, uint32_t least, uint32_t most)
{
    return value < least ? least : value > most ? most : (uint32_t)value;
}

/* Linux counts the retransmissions of a SYN, the core has the time they take: 1, 2, 4 ... s. */
static weir_time time_of_retries(uint64_t retries)
{
    return ((2ULL << bounded(retries, 0, SYN_RETRIES_MAX)) - 1) * WEIR_S;
}

static bool set_congestion(struct weir_tcp_options *o, const char *name)
{
    if (strncmp(name, "reno", 4) == 0) {
        o->congestion = WEIR_CC_NEWRENO;
    } else if (strncmp(name, "cubic", 5) == 0) {
        o->congestion = WEIR_CC_CUBIC;
    } else {
        return false;
    }
    return true;
}

static bool set_switch(struct settings *s, const char *name, bool on)
{
    if (strcmp(name, "net.ipv4.tcp_timestamps") == 0) {
        s->tcp.timestamps = on;
    } else if (strcmp(name, "net.ipv4.tcp_sack") == 0) {
        s->tcp.sack = on;
    } else if (strcmp(name, "net.ipv4.tcp_window_scaling") == 0) {
        s->tcp.window_scaling = on;
    } else {
        return false;
    }
    return true;
}

static bool set_number(struct settings *s, const char *name, uint64_t number)
{
    if (strcmp(name, "net.ipv4.tcp_syn_retries") == 0) {
        s->tcp.syn_r2_time = time_of_retries(number);
    } else if (strcmp(name, "net.ipv4.tcp_keepalive_time") == 0) {
        s->tcp.keepalive_idle = bounded(number, 1, 32767) * WEIR_S;
    } else if (strcmp(name, "net.ipv4.tcp_keepalive_intvl") == 0) {
        s->tcp.keepalive_interval = bounded(number, 1, 32767) * WEIR_S;
    } else if (strcmp(name, "net.ipv4.tcp_keepalive_probes") == 0) {
        s->tcp.keepalive_probes = bounded(number, 2, 127);
    } else if (strcmp(name, "net.ipv4.ip_default_ttl") == 0) {
        s->tcp.ttl = (uint8_t)bounded(number, 1, 255);
    } else if (strcmp(name, "net.core.rmem_max") == 0) {
        s->rcvbuf_max = bounded(number, 2304, 1u << 29);
    } else if (strcmp(name, "net.core.wmem_max") == 0) {
        s->sndbuf_max = bounded(number, 4608, 1u << 29);
    } else if (strcmp(name, "net.core.somaxconn") == 0) {
        s->somaxconn = bounded(number, 1, 65535);
    } else {
        return false;
    }
    return true;
}

/* tcp_rmem and tcp_wmem: least, at first, most. */
static bool set_memory(struct settings *s, const char *name, const char *value)
{
    uint64_t most;

    if (!number_at(value, 2, &most)) {
        return false;
    }
    if (strcmp(name, "net.ipv4.tcp_rmem") == 0) {
        s->tcp.receive_buffer = bounded(most, 2304, 1u << 29);
    } else {
        s->tcp.send_buffer = bounded(most, 4608, 1u << 29);
    }
    return true;
}

/* false: not modelled. */
static bool set(struct settings *s, const char *name, const char *value)
{
    uint64_t number;

    if (strcmp(name, "net.ipv4.tcp_congestion_control") == 0) {
        return set_congestion(&s->tcp, value);
    }
    if (strcmp(name, "net.ipv4.tcp_rmem") == 0 || strcmp(name, "net.ipv4.tcp_wmem") == 0) {
        return set_memory(s, name, value);
    }
    return number_at(value, 0, &number) &&
           (set_switch(s, name, number != 0) || set_number(s, name, number));
}

static bool read_file(const struct adapter *a, struct settings *s, FILE *unmodelled)
{
    FILE *file = a->flags.settings ? fopen(a->flags.settings, "re") : NULL;
    char line[512];

    if (!file) {
        return false;
    }
    settings_default(s);
    while (fgets(line, sizeof(line), file)) {
        char *value = strchr(line, '=');

        if (!value) {
            continue;
        }
        *value++ = 0;
        value[strcspn(value, "\n")] = 0;
        if (!set(s, line, value) && unmodelled) {
            fprintf(unmodelled, "unmodelled %s\n", line);
        }
    }
    (void)fclose(file);
    return true;
}

bool settings_read(struct adapter *a)
{
    struct settings before = a->settings;

    return read_file(a, &a->settings, NULL) && memcmp(&before, &a->settings, sizeof(before)) != 0;
}

void settings_unmodelled(const struct adapter *a, FILE *out)
{
    struct settings ignored;

    (void)read_file(a, &ignored, out);
}
