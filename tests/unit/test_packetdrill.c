/*
 * test_packetdrill.c - libweir_packetdrill.so as packetdrill uses it: loaded, its table filled, and driven
 * packet by packet in virtual time, with a second thread for the calls that block.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "packetdrill/table.h"

#define SYN 2
#define RST 4
#define PSH 8
#define ACK 16
#define HEADERS 40
#define PEER_PORT 40000
#define PORT 8080

static struct packetdrill_table t;
static void *library;

static int load(void **state)
{
    void (*init)(const char *, struct packetdrill_table *);

    (void)state;
    library = dlopen(WEIR_BUILD "/libweir_packetdrill.so", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        print_error("%s\n", dlerror());
        return -1;
    }
    *(void **)&init = dlsym(library, "packetdrill_interface_init");
    memset(&t, 0, sizeof(t));
    init("local=192.168.0.1", &t);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    t.free(t.userdata);
    return dlclose(library);
}

/* ---- Packets ------------------------------------------------------------------------------------------ */

static uint32_t sum_of(const uint8_t *p, size_t size, uint32_t sum)
{
    for (size_t i = 0; i < size; i++) {
        sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
    }
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p + 2, v & 0xffff);
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void inject(uint8_t flags, uint32_t seq, uint32_t ack, const void *payload, size_t size)
{
    static const uint8_t from[4] = {192, 0, 2, 1}, to[4] = {192, 168, 0, 1};
    uint8_t p[HEADERS + 100] = {0x45};

    put16(p + 2, (uint32_t)(HEADERS + size));
    p[8] = 64;
    p[9] = 6;
    memcpy(p + 12, from, 4);
    memcpy(p + 16, to, 4);
    put16(p + 10, ~sum_of(p, 20, 0) & 0xffff);
    put16(p + 20, PEER_PORT);
    put16(p + 22, PORT);
    put32(p + 24, seq);
    put32(p + 28, ack);
    p[32] = 0x50;
    p[33] = flags;
    put16(p + 34, 32768);
    if (size) {
        memcpy(p + HEADERS, payload, size);
    }
    put16(p + 36,
          ~sum_of(p + 20, 20 + size, sum_of(p + 12, 8, (uint32_t)(6 + 20 + size))) & 0xffff);
    assert_int_equal(t.netdev_send(t.userdata, p, HEADERS + size), 0);
}

struct segment {
    uint8_t flags;
    uint32_t seq, ack;
    size_t size;
    uint8_t payload[100];
    long long time_us;
};

static struct segment expect_segment(uint8_t flags)
{
    uint8_t p[65536];
    size_t size = sizeof(p), header;
    struct segment s = {0};

    assert_int_equal(t.netdev_receive(t.userdata, p, &size, &s.time_us), 0);
    assert_true(size >= HEADERS);
    header = 20 + (p[32] >> 4) * 4u;
    s.flags = p[33];
    s.seq = get32(p + 24);
    s.ack = get32(p + 28);
    s.size = size - header;
    assert_int_equal(s.flags, flags);
    if (s.size <= sizeof(s.payload)) {
        memcpy(s.payload, p + header, s.size);
    }
    return s;
}

static long long now_us(void)
{
    struct timeval now;

    assert_int_equal(t.gettimeofday(t.userdata, &now, NULL), 0);
    return now.tv_sec * 1000000LL + now.tv_usec;
}

/* ---- A connection --------------------------------------------------------------------------------------- */

static int listener(void)
{
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int fd = t.socket(t.userdata, AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    local.sin_addr.s_addr = htonl(0xc0a80001);
    assert_int_equal(t.bind(t.userdata, fd, (struct sockaddr *)&local, sizeof(local)), 0);
    assert_int_equal(t.listen(t.userdata, fd, 1), 0);
    return fd;
}

/* Their ISN is 100; returns the first number of ours that is not yet used. */
static uint32_t handshake(void)
{
    struct segment synack;

    inject(SYN, 100, 0, NULL, 0);
    synack = expect_segment(SYN | ACK);
    assert_int_equal(synack.ack, 101);
    inject(ACK, 101, synack.seq + 1, NULL, 0);
    return synack.seq + 1;
}

static void every_slot_is_set(void **state)
{
    const unsigned char *bytes = (const unsigned char *)&t;

    (void)state;
    assert_int_equal(sizeof(t), 33 * sizeof(void *));
    for (size_t i = 0; i < sizeof(t); i += sizeof(void *)) {
        void *slot;

        memcpy(&slot, bytes + i, sizeof(slot));
        assert_non_null(slot);
    }
}

static void accept_names_the_peer_and_bytes_go_both_ways(void **state)
{
    struct sockaddr_in peer = {0};
    socklen_t size = sizeof(peer);
    int fd = listener(), conn;
    struct segment s;
    uint32_t seq;
    char text[8];

    (void)state;
    seq = handshake();
    conn = t.accept(t.userdata, fd, (struct sockaddr *)&peer, &size);
    assert_true(conn >= 0);
    assert_int_equal(size, sizeof(peer));
    assert_int_equal(peer.sin_addr.s_addr, htonl(0xc0000201));
    assert_int_equal(ntohs(peer.sin_port), PEER_PORT);
    assert_int_equal(t.write(t.userdata, conn, "hello", 5), 5);
    s = expect_segment(PSH | ACK);
    assert_int_equal(s.seq, seq);
    assert_memory_equal(s.payload, "hello", 5);
    inject(PSH | ACK, 101, seq + 5, "world", 5);
    (void)expect_segment(ACK);
    assert_int_equal(t.read(t.userdata, conn, text, sizeof(text)), 5);
    assert_memory_equal(text, "world", 5);
    assert_int_equal(fcntl(conn, F_GETFD), FD_CLOEXEC); /* a real descriptor */
    assert_int_equal(t.close(t.userdata, conn), 0);
    assert_int_equal(fcntl(conn, F_GETFD), -1);
    assert_int_equal(t.close(t.userdata, conn), -1);
    assert_int_equal(errno, EBADF);
    (void)expect_segment(ACK | 1);
    inject(RST | ACK, 106, seq + 6, NULL, 0);
}

static void what_would_block_says_so(void **state)
{
    int fd = listener();

    (void)state;
    assert_int_equal(t.fcntl(t.userdata, fd, F_SETFL, O_RDWR | O_NONBLOCK), 0);
    assert_int_equal(t.fcntl(t.userdata, fd, F_GETFL), O_RDWR | O_NONBLOCK);
    assert_int_equal(t.accept(t.userdata, fd, NULL, NULL), -1);
    assert_int_equal(errno, EAGAIN);
}

/* packetdrill spins on the clock; sleeping runs timers; an expected packet jumps to the next timer */
static void time_moves_only_when_asked_to(void **state)
{
    struct segment first, second;
    long long start = now_us(), before;
    int fd = listener();

    (void)state;
    (void)fd;
    assert_int_equal(now_us(), start + 1);
    t.usleep(t.userdata, 5000000);
    assert_int_equal(now_us(), start + 5000002);
    inject(SYN, 100, 0, NULL, 0);
    before = now_us();
    first = expect_segment(SYN | ACK);
    second = expect_segment(SYN | ACK);
    assert_true(first.time_us <= before);
    assert_in_range(second.time_us - first.time_us, 900000, 1100000);
    assert_true(now_us() > second.time_us);
    inject(RST, 101, 0, NULL, 0);
}

static void no_packet_will_ever_come(void **state)
{
    uint8_t p[1500];
    size_t size = sizeof(p);
    long long time_us;

    (void)state;
    assert_int_equal(t.netdev_receive(t.userdata, p, &size, &time_us), 0);
    assert_int_equal(size, 0);
}

static void an_edge_is_told_once(void **state)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data = {.u64 = 7}}, told;
    int fd = listener(), epoll = t.epoll_create(t.userdata, 1), conn;
    uint32_t seq = handshake();

    (void)state;
    conn = t.accept(t.userdata, fd, NULL, NULL);
    assert_int_equal(t.epoll_ctl(t.userdata, epoll, EPOLL_CTL_ADD, conn, &event), 0);
    assert_int_equal(t.epoll_ctl(t.userdata, epoll, EPOLL_CTL_ADD, conn, &event), -1);
    assert_int_equal(errno, EEXIST);
    assert_int_equal(t.epoll_wait(t.userdata, epoll, &told, 1, 0), 0);
    inject(PSH | ACK, 101, seq, "a", 1);
    assert_int_equal(t.epoll_wait(t.userdata, epoll, &told, 1, 0), 1);
    assert_int_equal(told.events, EPOLLIN);
    assert_int_equal(told.data.u64, 7);
    assert_int_equal(t.epoll_wait(t.userdata, epoll, &told, 1, 0), 0);
    inject(PSH | ACK, 102, seq, "b", 1);
    assert_int_equal(t.epoll_wait(t.userdata, epoll, &told, 1, 0), 1);
    event.events = EPOLLIN;
    assert_int_equal(t.epoll_ctl(t.userdata, epoll, EPOLL_CTL_MOD, conn, &event), 0);
    assert_int_equal(t.epoll_wait(t.userdata, epoll, &told, 1, 0), 1);
    assert_int_equal(t.epoll_wait(t.userdata, epoll, &told, 1, 0), 1);
    inject(RST | ACK, 103, seq, NULL, 0);
}

static void poll_waits_in_virtual_time(void **state)
{
    struct pollfd entry = {.events = POLLIN};
    long long start;

    (void)state;
    entry.fd = listener();
    start = now_us();
    assert_int_equal(t.poll(t.userdata, &entry, 1, 300), 0);
    assert_in_range(now_us() - start, 300000, 300010);
}

static void splice_moves_bytes_through_a_pipe(void **state)
{
    int fd = listener(), ends[2], conn;
    uint32_t seq = handshake();
    loff_t ignored = 0;
    char text[8];

    (void)state;
    conn = t.accept(t.userdata, fd, NULL, NULL);
    assert_int_equal(t.pipe(t.userdata, ends), 0);
    inject(PSH | ACK, 101, seq, "abc", 3);
    assert_int_equal(t.splice(t.userdata, conn, &ignored, ends[1], &ignored, 100, 0), 3);
    assert_int_equal(t.read(t.userdata, ends[0], text, sizeof(text)), 3);
    assert_memory_equal(text, "abc", 3);
    inject(RST | ACK, 104, seq, NULL, 0);
}

/* ---- Blocking calls ------------------------------------------------------------------------------------- */

struct blocked {
    atomic_int thread;
    int fd, result;
    long long end_us;
};

static void *accept_in_thread(void *argument)
{
    struct blocked *b = argument;

    atomic_store(&b->thread, gettid());
    b->result = t.accept(t.userdata, b->fd, NULL, NULL);
    b->end_us = now_us();
    return NULL;
}

/* Asleep in the kernel: that is how packetdrill, too, finds out that a call blocks. */
static void await_sleep(struct blocked *b)
{
    char path[64], stat[256];
    size_t size;
    FILE *file;

    do {
        (void)sched_yield();
        snprintf(path, sizeof(path), "/proc/self/task/%d/stat", atomic_load(&b->thread));
        file = fopen(path, "r");
        size = file ? fread(stat, 1, sizeof(stat) - 1, file) : 0;
        stat[size] = 0;
        if (file) {
            (void)fclose(file);
        }
    } while (!strstr(stat, ") S "));
}

/* The time at which the call ends is that of the packet that ended it, however the threads are scheduled. */
static void a_blocked_accept_ends_with_the_ack(void **state)
{
    struct blocked b = {.fd = listener()};
    struct segment synack;
    pthread_t thread;
    long long sent_us;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, accept_in_thread, &b), 0);
    await_sleep(&b);
    inject(SYN, 100, 0, NULL, 0);
    synack = expect_segment(SYN | ACK);
    t.usleep(t.userdata, 100000);
    sent_us = now_us();
    inject(ACK, 101, synack.seq + 1, NULL, 0);
    t.usleep(t.userdata, 100000);
    pthread_join(thread, NULL);
    assert_true(b.result >= 0);
    assert_in_range(b.end_us - sent_us, 0, 2);
    inject(RST | ACK, 101, synack.seq + 1, NULL, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, load, unload)
    const struct CMUnitTest tests[] = {
        CASE(every_slot_is_set),
        CASE(accept_names_the_peer_and_bytes_go_both_ways),
        CASE(what_would_block_says_so),
        CASE(time_moves_only_when_asked_to),
        CASE(no_packet_will_ever_come),
        CASE(an_edge_is_told_once),
        CASE(poll_waits_in_virtual_time),
        CASE(splice_moves_bytes_through_a_pipe),
        CASE(a_blocked_accept_ends_with_the_ack),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
