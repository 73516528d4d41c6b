/*
 * test_tun_super.c - a large send over a real TUN interface with offload: one output pass, one trace record
 * with its gso_size, each byte copied once app -> stack, and on the way back once stack -> app. The kernel is
 * the peer. Needs a network namespace of its own; skipped where there is none.
 */
#include "unit/device_kit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/clock.h"
#include "host/config.h"
#include "host/loop.h"
#include <weir/trace.h>

#define INTERFACE "weirsuper0"
#define PORT 9000
#define WARM_UP 600000
#define SIZE 64000 /* one super-segment: IP packets end at 65535 bytes */

struct run {
    struct loop *loop;
    struct weir_stack *stack;
    weir_handle conn;
    int listener, peer; /* the kernel's sockets */
    uint64_t peer_got, got;
    bool connected, sent_all;
    uint32_t data_records, gso_size, largest;
};

static bool enter_namespace(void)
{
    return access("/dev/net/tun", R_OK | W_OK) == 0 &&
           unshare(geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

static void configure(void)
{
    struct ifreq request = {0};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000001)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    memcpy(request.ifr_name, INTERFACE, sizeof(INTERFACE));
    memcpy(&request.ifr_addr, &address, sizeof(address));
    assert_int_equal(ioctl(fd, SIOCSIFADDR, &request), 0);
    address.sin_addr.s_addr = htonl(0xffffff00);
    memcpy(&request.ifr_netmask, &address, sizeof(address));
    assert_int_equal(ioctl(fd, SIOCSIFNETMASK, &request), 0);
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
    close(fd);
}

static void listen_in_kernel(struct run *r)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000001), .sin_port = htons(PORT)};
    int size = 1 << 20;

    r->peer = -1;
    r->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(r->listener >= 0);
    setsockopt(r->listener, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    assert_int_equal(bind(r->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(r->listener, 1), 0);
}

static void on_peer(void *ctx, int fd, short revents, weir_time now)
{
    static char data[1 << 16];
    struct run *r = ctx;
    ssize_t n;

    (void)revents;
    (void)now;
    while ((n = read(fd, data, sizeof(data))) > 0) {
        r->peer_got += (uint64_t)n;
    }
}

static void on_listener(void *ctx, int fd, short revents, weir_time now)
{
    struct run *r = ctx;

    (void)revents;
    (void)now;
    r->peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(r->peer >= 0);
    assert_int_equal(loop_watch(r->loop, r->peer, POLLIN, on_peer, r), WEIR_OK);
}

static void on_record(void *ctx, const struct weir_record *record)
{
    struct run *r = ctx;

    if (record->type == WEIR_RECORD_SEGMENT_OUT && record->u.segment.length > 0) {
        r->data_records++;
        r->gso_size = record->u.segment.gso_size;
        r->largest = record->u.segment.length;
    }
}

static void on_event(void *ctx, struct weir_stack *stack, const struct weir_event *event,
                     weir_time now)
{
    static char data[1 << 16];
    struct run *r = ctx;
    int64_t n;

    (void)now;
    r->connected |= (event->bits & WEIR_EVENT_CONNECTED) != 0;
    r->sent_all |= (event->bits & WEIR_EVENT_SENT_ALL) != 0;
    if (event->bits & WEIR_EVENT_READABLE) {
        while ((n = weir_tcp_recv(stack, r->conn, data, sizeof(data))) > 0) {
            r->got += (uint64_t)n;
        }
    }
}

static void open_stack(struct run *r)
{
    struct weir_tuntap_config tuntap = {.name = INTERFACE, .offload = true};
    struct node_app app = {.ctx = r, .event = on_event};
    struct weir_device *device;
    struct weir_config config;
    struct node *node;
    char why[200] = "";
    int link;

    host_config(&config);
    config.trace = on_record;
    config.trace_ctx = r;
    assert_int_equal(loop_new(&r->loop), WEIR_OK);
    node = loop_add(r->loop, &config, &app);
    assert_non_null(node);
    r->stack = node_stack(node);
    if (weir_tuntap_new(&device, &tuntap, why, sizeof(why)) != WEIR_OK) {
        fail_msg("%s", why);
    }
    configure();
    link = node_attach(node, device, NULL);
    assert_int_equal(link, 0);
    assert_int_equal(node_address(node, 0, "10.0.0.2/24", NULL), WEIR_OK);
}

/* Turns until *what is true; a deadline of real time, since the kernel is real. */
static void until(struct run *r, const bool *what)
{
    weir_time end = clock_now() + 20 * WEIR_S;

    while (!*what && clock_now() < end) {
        assert_int_equal(loop_turn(r->loop, 100 * WEIR_MS), WEIR_OK);
    }
    assert_true(*what);
}

static void send_all(struct run *r, const char *data, size_t size)
{
    size_t done = 0;
    weir_time end = clock_now() + 20 * WEIR_S;

    r->sent_all = false;
    while (done < size && clock_now() < end) {
        int64_t n = weir_tcp_send(r->stack, r->conn, data + done, size - done);

        done += n > 0 ? (size_t)n : 0;
        if (done < size) {
            assert_int_equal(loop_turn(r->loop, 10 * WEIR_MS), WEIR_OK);
        }
    }
    assert_int_equal(done, size);
    until(r, &r->sent_all);
}

static struct weir_stats stats_of(const struct run *r)
{
    struct weir_stats stats = {.size = sizeof(stats)};

    assert_int_equal(weir_stats(r->stack, &stats), WEIR_OK);
    return stats;
}

static void check_out(struct run *r, const char *data)
{
    struct weir_stats before, after;
    struct weir_tcp_info info = {.size = sizeof(info)};

    send_all(r, data, WARM_UP); /* opens the congestion window */
    before = stats_of(r);
    r->data_records = 0;
    send_all(r, data, SIZE);
    after = stats_of(r);
    assert_int_equal(weir_tcp_info(r->stack, r->conn, &info), WEIR_OK);
    assert_int_equal(r->data_records, 1);
    assert_int_equal(r->largest, SIZE);
    assert_int_equal(r->gso_size, info.snd_mss);
    assert_int_equal(after.bytes_copied_in - before.bytes_copied_in, SIZE);
    assert_int_equal(r->peer_got, WARM_UP + SIZE);
}

static void from_kernel(struct run *r, const char *data, size_t size)
{
    weir_time end = clock_now() + 20 * WEIR_S;
    uint64_t want = r->got + size;
    size_t done = 0;

    while (r->got < want && clock_now() < end) {
        ssize_t n = done < size ? write(r->peer, data + done, size - done) : 0;

        done += n > 0 ? (size_t)n : 0;
        assert_int_equal(loop_turn(r->loop, 10 * WEIR_MS), WEIR_OK);
    }
    assert_int_equal(r->got, want);
}

/* What the kernel sends comes in super-segments of its choice: those that fill at least half of a buffer are
 * kept where they are, and then the only copy is the application's. */
static void check_in(struct run *r, const char *data)
{
    struct weir_stats before, after;

    from_kernel(r, data, WARM_UP);
    before = stats_of(r);
    for (int i = 0; i < 20; i++) {
        from_kernel(r, data, WARM_UP);
    }
    after = stats_of(r);
    assert_int_equal(after.bytes_copied_out - before.bytes_copied_out, 20 * WARM_UP);
    assert_true(after.bytes_copied_within - before.bytes_copied_within < 20 * WARM_UP / 10);
}

static void test_super_segments(void **state)
{
    struct run r = {.listener = -1};
    struct weir_connect_config config;
    char *data;

    if (!*(bool *)*state) {
        skip();
    }
    data = calloc(1, WARM_UP);
    assert_non_null(data);
    open_stack(&r);
    listen_in_kernel(&r);
    assert_int_equal(loop_watch(r.loop, r.listener, POLLIN, on_listener, &r), WEIR_OK);
    weir_connect_config_default(&config);
    assert_int_equal(weir_ip_parse("10.0.0.1", &config.remote.ip), WEIR_OK);
    config.remote.port = PORT;
    assert_int_equal(weir_tcp_connect(r.stack, &config, &r.conn), WEIR_OK);
    until(&r, &r.connected);
    check_out(&r, data);
    check_in(&r, data);
    weir_tcp_abort(r.stack, r.conn);
    loop_del(r.loop);
    close(r.peer);
    close(r.listener);
    free(data);
}

int main(void)
{
    bool own = enter_namespace();
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(test_super_segments, &own)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
