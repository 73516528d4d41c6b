/*
 * state.c - the sockets' states and the stack's counters as text, for the commands that scripts call to
 * look at them. Written again whenever something has changed, just before packetdrill runs a command.
 *
 *     socket FD STATE LOCAL REMOTE UNREAD UNACKED
 *     counter NAME NUMBER
 *     unmodelled NAME          a setting that means nothing here
 */
#include <inttypes.h>

#include <weir/trace.h>

#include "packetdrill/adapter.h"

static void endpoint_text(const struct weir_endpoint *e, char *text, size_t size)
{
    char ip[WEIR_IP_TEXT_MAX];

    weir_ip_format(&e->ip, ip, sizeof(ip));
    snprintf(text, size, e->ip.family == 6 ? "[%s]:%u" : "%s:%u", ip, e->port);
}

static void write_socket(FILE *out, const struct file *f)
{
    static const char *const names[] = {"?",          "ESTABLISHED", "SYN-SENT",  "SYN-RECEIVED",
                                        "FIN-WAIT-1", "FIN-WAIT-2",  "TIME-WAIT", "CLOSED",
                                        "CLOSE-WAIT", "LAST-ACK",    "LISTEN",    "CLOSING"};
    char local[WEIR_IP_TEXT_MAX + 8], remote[WEIR_IP_TEXT_MAX + 8];
    struct weir_endpoint from = {0}, to = {0};
    struct weir_sock_tcp_info info = {0};
    uint32_t size = sizeof(info);
    int inq = 0, outq = 0;

    (void)weir_sock_getsockopt(f->sock, WEIR_SOL_TCP, WEIR_TCP_INFO, &info, &size);
    (void)weir_sock_getsockname(f->sock, &from);
    (void)weir_sock_getpeername(f->sock, &to);
    (void)weir_sock_ioctl(f->sock, WEIR_SIOCINQ, &inq);
    (void)weir_sock_ioctl(f->sock, WEIR_SIOCOUTQ, &outq);
    endpoint_text(&from, local, sizeof(local));
    endpoint_text(&to, remote, sizeof(remote));
    fprintf(out, "socket %d %s %s %s %d %d\n", f->fd,
            names[info.state < sizeof(names) / sizeof(names[0]) ? info.state : 0], local, remote,
            inq, outq);
}

/* Counters that mean the same as one of Linux's have its name too. */
static void write_linux_counters(FILE *out, const struct weir_stats *s)
{
    const struct {
        const char *name;
        uint64_t value;
    } counters[] = {
        {"OutOfWindowIcmps", s->dropped[WEIR_DROP_ICMP_SEQUENCE]},
        {"TCPFastOpenActive", s->fastopen_active},
        {"TCPFastOpenActiveFail", s->fastopen_active_failed},
        {"TCPFastOpenPassive", s->fastopen_passive},
        {"TCPFastOpenPassiveFail", s->fastopen_passive_failed},
        {"TCPFastOpenListenOverflow", s->fastopen_overflow},
    };

    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
        if (counters[i].value) {
            fprintf(out, "counter TcpExt%s %" PRIu64 "\n", counters[i].name, counters[i].value);
        }
    }
}

static void write_counters(FILE *out, const struct weir_stack *stack)
{
    struct weir_stats stats = {.size = sizeof(stats)};

    if (weir_stats(stack, &stats) != WEIR_OK) {
        return;
    }
    fprintf(out, "counter packets_in %" PRIu64 "\n", stats.frames_in);
    fprintf(out, "counter packets_out %" PRIu64 "\n", stats.frames_out);
    fprintf(out, "counter connections %" PRIu32 "\n", stats.connections);
    fprintf(out, "counter half_open %" PRIu32 "\n", stats.half_open);
    fprintf(out, "counter time_wait %" PRIu32 "\n", stats.time_wait);
    fprintf(out, "counter listeners %" PRIu32 "\n", stats.listeners);
    for (uint32_t i = 1; i < WEIR_DROP_REASONS_MAX; i++) {
        if (stats.dropped[i]) {
            fprintf(out, "counter dropped_%" PRIu32 " %" PRIu64 "\n", i, stats.dropped[i]);
        }
    }
    write_linux_counters(out, &stats);
}

void state_write(struct adapter *a)
{
    FILE *out = a->flags.state && a->stack ? fopen(a->flags.state, "we") : NULL;

    if (!out) {
        return;
    }
    for (const struct file *f = a->files; f; f = f->next) {
        if (f->kind == FILE_SOCKET) {
            write_socket(out, f);
        }
    }
    write_counters(out, a->stack);
    settings_unmodelled(a, out);
    (void)fclose(out);
}
