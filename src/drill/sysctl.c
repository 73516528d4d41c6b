/* sysctl.c - see sysctl.h. The names and the meaning of their values are Linux's (ip-sysctl). */
#include "drill/sysctl.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

#define NAME_MAX_SIZE 96
#define VALUES_MAX 3
#define FASTOPEN_BITS                                                                              \
    (WEIR_SOCK_FASTOPEN_CLIENT | WEIR_SOCK_FASTOPEN_SERVER | WEIR_SOCK_FASTOPEN_CLIENT_NO_COOKIE | \
     WEIR_SOCK_FASTOPEN_SERVER_NO_COOKIE | WEIR_SOCK_FASTOPEN_ALL_LISTENERS)

typedef const struct drill_sysctl_target *target;

/* A setting is a function of up to three numbers. False: weir cannot do that. */
typedef bool setter(target t, const int64_t *values, size_t count);

/* What is said of one connection's options goes to both structs. */
#define SET(t, field, value)               \
    do {                                   \
        (t)->stack->tcp.field = (value);   \
        (t)->sockets->tcp.field = (value); \
    } while (0)

static bool set_sack(target t, const int64_t *v, size_t n)
{
    (void)n;
    SET(t, sack, v[0] != 0);
    return true;
}

static bool set_timestamps(target t, const int64_t *v, size_t n)
{
    (void)n;
    SET(t, timestamps, v[0] != 0);
    return true;
}

static bool set_window_scaling(target t, const int64_t *v, size_t n)
{
    (void)n;
    SET(t, window_scaling, v[0] != 0);
    return true;
}

/* least, default, most: weir's buffers have one size, and the window scale follows from the most. */
static bool set_receive_buffer(target t, const int64_t *v, size_t n)
{
    SET(t, receive_buffer, (uint32_t)min_u64((uint64_t)v[n - 1], UINT32_MAX / 4));
    return true;
}

static bool set_send_buffer(target t, const int64_t *v, size_t n)
{
    SET(t, send_buffer, (uint32_t)min_u64((uint64_t)v[n - 1], UINT32_MAX / 4));
    return true;
}

static bool set_receive_max(target t, const int64_t *v, size_t n)
{
    (void)n;
    t->sockets->rcvbuf_max = (uint32_t)min_u64((uint64_t)v[0], UINT32_MAX);
    return true;
}

static bool set_send_max(target t, const int64_t *v, size_t n)
{
    (void)n;
    t->sockets->sndbuf_max = (uint32_t)min_u64((uint64_t)v[0], UINT32_MAX);
    return true;
}

static bool set_somaxconn(target t, const int64_t *v, size_t n)
{
    (void)n;
    t->sockets->somaxconn = (uint32_t)min_u64((uint64_t)v[0], UINT32_MAX);
    return v[0] > 0;
}

static bool set_keepalive_idle(target t, const int64_t *v, size_t n)
{
    (void)n;
    SET(t, keepalive_idle, (uint64_t)v[0] * WEIR_S);
    return v[0] > 0;
}

static bool set_keepalive_interval(target t, const int64_t *v, size_t n)
{
    (void)n;
    SET(t, keepalive_interval, (uint64_t)v[0] * WEIR_S);
    return v[0] > 0;
}

static bool set_keepalive_probes(target t, const int64_t *v, size_t n)
{
    (void)n;
    SET(t, keepalive_probes, (uint32_t)v[0]);
    return v[0] > 0;
}

static bool set_port_range(target t, const int64_t *v, size_t n)
{
    if (n != 2 || v[0] < 1 || v[1] < v[0] || v[1] > UINT16_MAX) {
        return false;
    }
    t->stack->port_first = t->sockets->port_first = (uint16_t)v[0];
    t->stack->port_last = t->sockets->port_last = (uint16_t)v[1];
    return true;
}

static bool set_ttl(target t, const int64_t *v, size_t n)
{
    (void)n;
    SET(t, ttl, (uint8_t)v[0]);
    return v[0] > 0 && v[0] <= UINT8_MAX;
}

/* weir's numbers are Linux's. */
static bool set_ecn(target t, const int64_t *v, size_t n)
{
    (void)n;
    SET(t, ecn, (uint8_t)v[0]);
    return v[0] <= WEIR_ECN_ACCURATE_PASSIVE;
}

static bool set_accecn_option(target t, const int64_t *v, size_t n)
{
    (void)n;
    SET(t, accecn_option, (uint8_t)v[0]);
    return v[0] <= WEIR_ACCECN_OPTION_PERSIST;
}

static bool set_accecn_beacon(target t, const int64_t *v, size_t n)
{
    (void)n;
    SET(t, accecn_beacon, (uint8_t)min_u64((uint64_t)v[0], UINT8_MAX));
    return true;
}

static bool set_ecn_fallback(target t, const int64_t *v, size_t n)
{
    (void)n;
    SET(t, ecn_fallback, v[0] != 0);
    return true;
}

#define RETRIES_MAX 30
#define SYNACK_RETRIES_MAX 7
#define SYN_LINEAR_MAX 127

/* Linux counts the retransmissions of a SYN; the last one is given its time, too. */
static bool set_burst(target t, const int64_t *v, size_t n)
{
    (void)n;
    SET(t, burst_segments, (uint8_t)min_u64((uint64_t)v[0], UINT8_MAX));
    return v[0] > 0;
}

static bool set_notsent_lowat(target t, const int64_t *v, size_t n)
{
    (void)n;
    SET(t, notsent_lowat, (uint32_t)min_u64((uint64_t)v[0], UINT32_MAX));
    return v[0] > 0;
}

static bool set_max_orphans(target t, const int64_t *v, size_t n)
{
    (void)n;
    t->stack->orphans_max = (uint32_t)min_u64((uint64_t)v[0], UINT32_MAX);
    return v[0] > 0;
}

/* Linux takes 0 for 8. */
static bool set_orphan_retries(target t, const int64_t *v, size_t n)
{
    (void)n;
    t->stack->orphan_retries = (uint8_t)min_u64(v[0] ? (uint64_t)v[0] : 8, UINT8_MAX);
    return true;
}

static bool set_mtu_probing(target t, const int64_t *v, size_t n)
{
    (void)n;
    SET(t, mtu_probing, (uint8_t)v[0]);
    return v[0] <= WEIR_MTU_PROBING_ALWAYS;
}

static bool set_base_mss(target t, const int64_t *v, size_t n)
{
    (void)n;
    SET(t, mtu_base_mss, (uint16_t)v[0]);
    return v[0] >= 48 && v[0] <= UINT16_MAX;
}

static bool set_probe_floor(target t, const int64_t *v, size_t n)
{
    (void)n;
    SET(t, mtu_probe_floor, (uint16_t)v[0]);
    return v[0] >= 48 && v[0] <= UINT16_MAX;
}

static bool set_probe_threshold(target t, const int64_t *v, size_t n)
{
    (void)n;
    SET(t, mtu_probe_threshold, (uint16_t)v[0]);
    return v[0] > 0 && v[0] <= UINT16_MAX;
}

static bool set_probe_interval(target t, const int64_t *v, size_t n)
{
    (void)n;
    SET(t, mtu_probe_interval, (uint64_t)v[0] * WEIR_S);
    return v[0] <= UINT32_MAX;
}

static bool set_syn_retries(target t, const int64_t *v, size_t n)
{
    uint64_t retries = min_u64((uint64_t)v[0], RETRIES_MAX);

    (void)n;
    SET(t, syn_retries, (uint8_t)retries);
    SET(t, syn_r2_time, ((2ULL << retries) - 1 + SYN_LINEAR_MAX) * WEIR_S);
    return true;
}

static bool set_synack_retries(target t, const int64_t *v, size_t n)
{
    (void)n;
    SET(t, synack_retries, (uint8_t)min_u64((uint64_t)v[0], SYNACK_RETRIES_MAX));
    return v[0] <= SYNACK_RETRIES_MAX;
}

static bool set_rto_max(target t, const int64_t *v, size_t n)
{
    (void)n;
    SET(t, rto_max, (uint64_t)v[0] * WEIR_MS);
    return v[0] >= 1000 && v[0] <= 120000;
}

static bool set_rto_min(target t, const int64_t *v, size_t n)
{
    (void)n;
    SET(t, rto_min, (uint64_t)v[0] * WEIR_US);
    return v[0] > 0 && v[0] <= 200000;
}

static bool set_syn_linear(target t, const int64_t *v, size_t n)
{
    (void)n;
    SET(t, syn_linear, (uint8_t)min_u64((uint64_t)v[0], SYN_LINEAR_MAX));
    return v[0] <= SYN_LINEAR_MAX;
}

static bool set_invalid_ratelimit(target t, const int64_t *v, size_t n)
{
    (void)n;
    t->stack->challenge_spacing = min_u64((uint64_t)v[0], INT32_MAX) * WEIR_MS;
    return true;
}

static bool set_syncookies(target t, const int64_t *v, size_t n)
{
    (void)n;
    t->stack->syncookies = (uint8_t)v[0];
    return v[0] <= WEIR_SYNCOOKIES_ALWAYS;
}

static bool set_time_wait_reuse(target t, const int64_t *v, size_t n)
{
    static const uint8_t reuse[] = {WEIR_REUSE_NEVER, WEIR_REUSE_ALWAYS, WEIR_REUSE_LOOPBACK};

    (void)n;
    t->stack->time_wait_reuse = reuse[v[0] < (int64_t)ARRAY_SIZE(reuse) ? v[0] : 0];
    return v[0] < (int64_t)ARRAY_SIZE(reuse);
}

static bool set_rfc1337(target t, const int64_t *v, size_t n)
{
    (void)n;
    t->stack->time_wait_ignore_rst = v[0] != 0;
    return true;
}

static bool set_fastopen(target t, const int64_t *v, size_t n)
{
    (void)n;
    t->sockets->fastopen = (uint32_t)v[0] & FASTOPEN_BITS;
    return true;
}

/* Settings with these values are what weir does; with others it cannot comply. */
static bool only_0(target t, const int64_t *v, size_t n)
{
    (void)t;
    (void)n;
    return v[0] == 0;
}

static bool only_1(target t, const int64_t *v, size_t n)
{
    (void)t;
    (void)n;
    return v[0] == 1;
}

static bool only_3(target t, const int64_t *v, size_t n)
{
    (void)t;
    (void)n;
    return v[0] == 3;
}

/* Bounds that no script comes near, and matters of Linux's own. */
static bool any(target t, const int64_t *v, size_t n)
{
    (void)t;
    (void)v;
    (void)n;
    return true;
}

static const struct setting {
    const char *name; /* after net. */
    setter *set;
} settings[] = {
    {"core.rmem_max", set_receive_max},
    {"core.somaxconn", set_somaxconn},
    {"core.wmem_max", set_send_max},
    {"ipv4.ip_default_ttl", set_ttl},
    {"ipv4.ip_local_port_range", set_port_range},
    {"ipv4.tcp_autocorking", any},
    {"ipv4.tcp_base_mss", set_base_mss},
    {"ipv4.tcp_dsack", only_1},
    {"ipv4.tcp_early_retrans", any},
    {"ipv4.tcp_ecn", set_ecn},
    {"ipv4.tcp_ecn_fallback", set_ecn_fallback},
    {"ipv4.tcp_ecn_option", set_accecn_option},
    {"ipv4.tcp_ecn_option_beacon", set_accecn_beacon},
    {"ipv4.tcp_fack", only_0},
    {"ipv4.tcp_fastopen", set_fastopen},
    {"ipv4.tcp_fastopen_blackhole_timeout_sec", only_0},
    {"ipv4.tcp_frto", any},
    {"ipv4.tcp_invalid_ratelimit", set_invalid_ratelimit},
    {"ipv4.tcp_keepalive_intvl", set_keepalive_interval},
    {"ipv4.tcp_keepalive_probes", set_keepalive_probes},
    {"ipv4.tcp_keepalive_time", set_keepalive_idle},
    {"ipv4.tcp_max_orphans", set_max_orphans},
    {"ipv4.tcp_min_tso_segs", set_burst},
    {"ipv4.tcp_moderate_rcvbuf", any},
    {"ipv4.tcp_mtu_probe_floor", set_probe_floor},
    {"ipv4.tcp_mtu_probing", set_mtu_probing},
    {"ipv4.tcp_no_metrics_save", any},
    {"ipv4.tcp_notsent_lowat", set_notsent_lowat},
    {"ipv4.tcp_orphan_retries", set_orphan_retries},
    {"ipv4.tcp_pacing_ca_ratio", any},
    {"ipv4.tcp_pacing_ss_ratio", any},
    {"ipv4.tcp_probe_interval", set_probe_interval},
    {"ipv4.tcp_probe_threshold", set_probe_threshold},
    {"ipv4.tcp_recovery", any},
    {"ipv4.tcp_reordering", only_3},
    {"ipv4.tcp_rmem", set_receive_buffer},
    {"ipv4.tcp_rfc1337", set_rfc1337},
    {"ipv4.tcp_rto_max_ms", set_rto_max},
    {"ipv4.tcp_rto_min_us", set_rto_min},
    {"ipv4.tcp_sack", set_sack},
    {"ipv4.tcp_shrink_window", only_0},
    {"ipv4.tcp_slow_start_after_idle", only_1},
    {"ipv4.tcp_syn_linear_timeouts", set_syn_linear},
    {"ipv4.tcp_syn_retries", set_syn_retries},
    {"ipv4.tcp_synack_retries", set_synack_retries},
    {"ipv4.tcp_syncookies", set_syncookies},
    {"ipv4.tcp_timestamps", set_timestamps},
    {"ipv4.tcp_tso_win_divisor", any},
    {"ipv4.tcp_tw_reuse", set_time_wait_reuse},
    {"ipv4.tcp_window_scaling", set_window_scaling},
    {"ipv4.tcp_wmem", set_send_buffer},
};

/* Congestion controls have names, not numbers. */
static const struct algorithm {
    const char *name;
    uint8_t congestion;
} algorithms[] = {
    {"bbr", WEIR_CC_BBR},       {"cubic", WEIR_CC_CUBIC},  {"dctcp", WEIR_CC_DCTCP},
    {"prague", WEIR_CC_PRAGUE}, {"reno", WEIR_CC_NEWRENO},
};

static enum drill_sysctl_result set_congestion(target t, const char *value)
{
    for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
        if (strcmp(algorithms[i].name, value) == 0) {
            SET(t, congestion, algorithms[i].congestion);
            return DRILL_SYSCTL_SET;
        }
    }
    return DRILL_SYSCTL_UNKNOWN;
}

/* Four numbers of 32 bits in hexadecimal, with - between them; bytes are counted from the low end. */
static bool read_key(const char **text, uint8_t key[16])
{
    for (unsigned word = 0; word < 4; word++) {
        char *end;
        unsigned long number = strtoul(*text, &end, 16);

        if (end == *text || end - *text > 8 || (word < 3 && *end != '-')) {
            return false;
        }
        for (unsigned i = 0; i < 4; i++) {
            key[4 * word + i] = (uint8_t)(number >> (8 * i));
        }
        *text = end + (word < 3);
    }
    return true;
}

/* One or two, with a comma between them. */
static enum drill_sysctl_result set_fastopen_key(target t, const char *value)
{
    uint8_t keys[2][16] = {{0}};
    uint32_t count = 0;

    do {
        if (!read_key(&value, keys[count++])) {
            return DRILL_SYSCTL_BAD;
        }
    } while (*value == ',' && *++value && count < ARRAY_SIZE(keys));
    if (*value) {
        return DRILL_SYSCTL_BAD;
    }
    memcpy(t->sockets->fastopen_keys, keys, sizeof(keys));
    t->sockets->fastopen_key_count = count;
    return DRILL_SYSCTL_SET;
}

/* What follows "net." with dots, or NULL. */
static const char *plain_name(const char *name, char out[NAME_MAX_SIZE])
{
    static const char proc[] = "/proc/sys/";
    size_t size;

    if (strncmp(name, proc, sizeof(proc) - 1) == 0) {
        name += sizeof(proc) - 1;
    }
    size = strlen(name);
    if (size >= NAME_MAX_SIZE) {
        return NULL;
    }
    for (size_t i = 0; i <= size; i++) {
        out[i] = name[i] == '/' ? '.' : name[i];
    }
    return strncmp(out, "net.", 4) == 0 ? out + 4 : NULL;
}

/* Up to three numbers; 0: there is something else. */
static size_t numbers(const char *text, int64_t out[VALUES_MAX])
{
    size_t count = 0;

    while (count < VALUES_MAX) {
        char *end;
        long long number = strtoll(text, &end, 0);

        if (end == text || number < 0) {
            return 0;
        }
        out[count++] = number;
        text = end + strspn(end, " \t,");
        if (*text == '\0') {
            return count;
        }
    }
    return 0;
}

enum drill_sysctl_result drill_sysctl_set(const struct drill_sysctl_target *t, const char *name,
                                          const char *value)
{
    char buffer[NAME_MAX_SIZE];
    const char *plain = plain_name(name, buffer);
    int64_t values[VALUES_MAX];
    size_t count;

    if (!plain) {
        return DRILL_SYSCTL_UNKNOWN;
    }
    if (strcmp(plain, "ipv4.tcp_congestion_control") == 0) {
        return set_congestion(t, value);
    }
    if (strcmp(plain, "ipv4.tcp_fastopen_key") == 0) {
        return set_fastopen_key(t, value);
    }
    for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
        if (strcmp(settings[i].name, plain) == 0) {
            count = numbers(value, values);
            if (count == 0) {
                return DRILL_SYSCTL_BAD;
            }
            return settings[i].set(t, values, count) ? DRILL_SYSCTL_SET : DRILL_SYSCTL_UNKNOWN;
        }
    }
    return DRILL_SYSCTL_UNKNOWN;
}

void drill_sysctl_defaults(const struct drill_sysctl_target *t)
{
    static const char *const values[][2] = {
        {"net.ipv4.tcp_rmem", "4096 540000 15728640"},
        {"net.ipv4.tcp_wmem", "4096 262144 4194304"},
        {"net.ipv4.tcp_timestamps", "1"},
        {"net.ipv4.tcp_sack", "1"},
        {"net.ipv4.tcp_ecn", "0"},
        {"net.ipv4.tcp_congestion_control", "cubic"},
        {"net.ipv4.tcp_window_scaling", "1"},
        {"net.ipv4.tcp_fastopen", "0x70403"},
        {"net.ipv4.tcp_fastopen_key", "a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        (void)drill_sysctl_set(t, values[i][0], values[i][1]);
    }
}
