/*
 * test_tuntap.c - real TUN and TAP interfaces, in a network namespace of the test's own.
 *
 * Where the system allows no such namespace or has no /dev/net/tun, only the errors are tested.
 */
#include "unit/device_kit.h"

#include <arpa/inet.h>
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

static bool enter_namespace(void)
{
    if (access("/dev/net/tun", R_OK | W_OK) < 0)
        return false;
    return unshare(geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

static void set_flags(int fd, const char *name, short flags)
{
    struct ifreq request = {0};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    request.ifr_flags = flags;
    assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
}

/* Gives the kernel's side 10.0.0.1/24 and an MTU, and sets it up. Returns a UDP socket. */
static int configure(const char *name, int mtu)
{
    struct ifreq request = {0};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000001)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_true(fd >= 0);
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    request.ifr_mtu = mtu;
    assert_int_equal(ioctl(fd, SIOCSIFMTU, &request), 0);
    memcpy(&request.ifr_addr, &address, sizeof(address));
    assert_int_equal(ioctl(fd, SIOCSIFADDR, &request), 0);
    address.sin_addr.s_addr = htonl(0xffffff00);
    memcpy(&request.ifr_netmask, &address, sizeof(address));
    assert_int_equal(ioctl(fd, SIOCSIFNETMASK, &request), 0);
    set_flags(fd, name, IFF_UP | IFF_RUNNING);
    return fd;
}

/* The next IPv4 packet of a protocol, at most 2 s later. */
static struct weir_buffer *next_packet(struct weir_device *device, uint8_t protocol)
{
    struct pollfd poller = {.fd = weir_device_fd(device), .events = POLLIN};
    while (poll(&poller, 1, 2000) == 1) {
        struct weir_buffer *buffer;
        int n = weir_device_recv(device, &buffer, 1, 0);
        assert_true(n >= 0);
        if (n == 1 && buffer->data[0] >> 4 == 4 && buffer->data[9] == protocol)
            return buffer;
        if (n == 1)
            weir_buffer_free(device->stack, buffer);
    }
    fail_msg("the kernel sent nothing");
    return NULL;
}

static void check_echo(struct weir_device *device, uint16_t number, uint32_t size)
{
    uint8_t packet[1500];
    struct kit_frame frame;
    kit_echo(packet, size, number);
    assert_int_equal(weir_device_send(device, kit_frame(&frame, packet, size), 1, 0), 1);
    struct weir_buffer *reply = next_packet(device, 1);
    assert_int_equal(reply->size, size);
    assert_int_equal(reply->data[20], 0);
    assert_int_equal(kit_echo_number(reply->data), number);
    assert_memory_equal(reply->data + 28, packet + 28, size - 28);
    weir_buffer_free(device->stack, reply);
}

static void send_udp(int fd, size_t size)
{
    char data[9000];
    memset(data, 'w', sizeof(data));
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(0x0a000002)};
    ssize_t n = sendto(fd, data, size, 0, (const struct sockaddr *)&to, sizeof(to));
    assert_true(n == (ssize_t)size);
}

static void run_tun(bool offload)
{
    struct weir_tuntap_config config = {.name = "weirtest0", .offload = offload};
    struct weir_device *device, *other;
    struct weir_stack *stack = kit_stack();
    struct kit_frame frame;
    char why[200] = "";
    uint8_t packet[100];
    if (weir_tuntap_new(&device, &config, why, sizeof(why)) != WEIR_OK)
        fail_msg("%s", why);
    assert_int_equal(device->caps.mtu, 1500);
    assert_int_equal(device->caps.medium, WEIR_MEDIUM_IP);
    assert_true(device->caps.tx_csum == offload && device->caps.tx_gso == offload);
    weir_device_attach(device, stack);
    kit_echo(packet, sizeof(packet), 1); /* it is down: the packet is lost, the device lives */
    assert_int_equal(weir_device_send(device, kit_frame(&frame, packet, 100), 1, 0), 1);

    int udp = configure("weirtest0", 9000);
    check_echo(device, 2, 100);
    check_echo(device, 3, 1500);
    send_udp(udp, 100);
    struct weir_buffer *got = next_packet(device, 17);
    assert_int_equal(got->size, 128);
    assert_int_equal(got->offload.csum, offload ? WEIR_CSUM_PARTIAL : WEIR_CSUM_NONE);
    assert_int_equal(got->offload.csum_start, offload ? 20 : 0);
    assert_int_equal(got->offload.csum_offset, offload ? 6 : 0);
    weir_buffer_free(stack, got);
    send_udp(udp, 8000); /* more than the small buffer holds */
    got = next_packet(device, 17);
    assert_int_equal(got->size, 8028);
    assert_int_equal(got->data[2047], 'w');
    assert_int_equal(got->data[2048], 'w');
    assert_int_equal(got->data[8027], 'w');
    weir_buffer_free(stack, got);
    assert_int_equal(weir_tuntap_new(&other, &config, why, sizeof(why)), WEIR_EBUSY);
    assert_non_null(strstr(why, "weirtest0 is in use"));
    close(udp);
    weir_device_del(device);
    assert_int_equal(weir_stack_del(stack), WEIR_OK);
}

static void test_tun(void **state)
{
    if (!*(bool *)*state)
        skip();
    run_tun(false);
    run_tun(true);
}

static void test_partial_checksum_is_completed(void **state)
{
    struct weir_device *device;
    struct kit_super super;
    char why[200] = "";
    if (!*(bool *)*state)
        skip();
    for (int offload = 0; offload < 2; offload++) {
        struct weir_stack *stack = kit_stack();
        struct weir_tuntap_config config = {.name = "weirtest1", .offload = offload};
        assert_int_equal(weir_tuntap_new(&device, &config, why, sizeof(why)), WEIR_OK);
        weir_device_attach(device, stack);
        close(configure("weirtest1", 1500));
        kit_super(&super, 1000,
                  0); /* ACK to a closed port: the kernel answers a right one with RST */
        assert_int_equal(weir_device_send(device, &super.frame, 1, 0), 1);
        struct weir_buffer *got = next_packet(device, 6);
        assert_true(got->data[33] & WEIR_TCP_RST);
        weir_buffer_free(stack, got);
        weir_device_del(device);
        assert_int_equal(weir_stack_del(stack), WEIR_OK);
    }
}

static void test_tap(void **state)
{
    static const uint8_t zero[6];
    struct weir_device *device;
    char why[200] = "";
    if (!*(bool *)*state)
        skip();
    assert_int_equal(weir_tuntap_new(&device,
                                     &(struct weir_tuntap_config){.name = "weirtest2", .tap = true},
                                     why, sizeof(why)),
                     WEIR_OK);
    assert_int_equal(device->caps.medium, WEIR_MEDIUM_ETHERNET);
    assert_memory_not_equal(device->caps.mac, zero, 6);
    assert_int_equal(device->caps.mac[0] & 3, 2);
    weir_device_del(device);
}

static void test_bad_names(void **state)
{
    static const char *const names[] = {NULL, "", "1234567890123456", "a/b", "a b", "..", "tun%d"};
    struct weir_device *device;
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct weir_tuntap_config config = {.name = names[i]};
        char why[200] = "";
        assert_int_equal(weir_tuntap_new(&device, &config, why, sizeof(why)), WEIR_EINVAL);
        assert_true(strlen(why) > 0 && !strchr(why, '\n'));
        assert_int_equal(weir_tuntap_new(&device, &config, NULL, 0), WEIR_EINVAL);
    }
}

static void test_not_a_tun_interface(void **state)
{
    struct weir_device *device;
    char why[200] = "";
    if (!*(bool *)*state)
        skip();
    assert_int_equal(
        weir_tuntap_new(&device, &(struct weir_tuntap_config){.name = "lo"}, why, sizeof(why)),
        WEIR_EINVAL);
    assert_non_null(strstr(why, "lo is no TUN interface"));
}

int main(void)
{
    bool real = enter_namespace();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_tun, &real),
        cmocka_unit_test_prestate(test_partial_checksum_is_completed, &real),
        cmocka_unit_test_prestate(test_tap, &real),
        cmocka_unit_test(test_bad_names),
        cmocka_unit_test_prestate(test_not_a_tun_interface, &real),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
