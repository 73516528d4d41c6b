/* test_pcapfile.c - capture files: readable by libpcap, complete, and errors that are told. */
#include "device/pcapfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <pcap/pcap.h>

static const struct pcapfile_interface one[] = {{.name = "a", .medium = WEIR_MEDIUM_IP}};

static void make_path(char *path)
{
    strcpy(path, "/tmp/weir-test-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
}

static void test_packets_come_back(void **state)
{
    char path[64], why[200], text[PCAP_ERRBUF_SIZE];
    struct pcapfile *file;
    uint8_t data[1500];
    (void)state;
    make_path(path);
    struct pcapfile_config config = {
        .path = path, .interfaces = one, .interface_count = 1, .epoch_ns = 1700000000 * WEIR_S};
    assert_int_equal(pcapfile_open(&file, &config, why, sizeof(why)), WEIR_OK);
    for (unsigned i = 0; i < 1000; i++) { /* more than the buffer holds */
        memset(data, (int)i, sizeof(data));
        struct pcapfile_packet packet = {.time = i * WEIR_MS + 1, .data = data, .size = 500 + i};
        packet.out = i % 2;
        packet.comment = i == 3 ? "lost on the way" : NULL;
        assert_int_equal(pcapfile_write(file, &packet), WEIR_OK);
    }
    assert_null(pcapfile_error(file));
    assert_int_equal(pcapfile_close(file, why, sizeof(why)), WEIR_OK);

    pcap_t *pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, text);
    assert_non_null(pcap);
    assert_int_equal(pcap_datalink(pcap), DLT_RAW);
    struct pcap_pkthdr *header;
    const unsigned char *bytes;
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(pcap_next_ex(pcap, &header, &bytes), 1);
        assert_int_equal(header->len, 500 + i);
        assert_int_equal(header->ts.tv_sec, 1700000000 + i / 1000);
        assert_int_equal(header->ts.tv_usec, i % 1000 * 1000000 + 1); /* nanoseconds here */
        assert_int_equal(bytes[499 + i], i & 0xff);
    }
    assert_int_equal(pcap_next_ex(pcap, &header, &bytes), PCAP_ERROR_BREAK);
    pcap_close(pcap);
    unlink(path);
}

static void test_flush_lets_others_read(void **state)
{
    char path[64], text[PCAP_ERRBUF_SIZE];
    struct pcapfile *file;
    struct pcapfile_packet packet = {.data = (const uint8_t *)"weir", .size = 4};
    struct pcap_pkthdr *header;
    const unsigned char *bytes;
    (void)state;
    make_path(path);
    struct pcapfile_config config = {.path = path, .interfaces = one, .interface_count = 1};
    assert_int_equal(pcapfile_open(&file, &config, NULL, 0), WEIR_OK);
    assert_int_equal(pcapfile_write(file, &packet), WEIR_OK);
    assert_int_equal(pcapfile_flush(file), WEIR_OK);
    pcap_t *pcap = pcap_open_offline(path, text);
    assert_non_null(pcap);
    assert_int_equal(pcap_next_ex(pcap, &header, &bytes), 1);
    assert_memory_equal(bytes, "weir", 4);
    pcap_close(pcap);
    assert_int_equal(pcapfile_close(file, NULL, 0), WEIR_OK);
    unlink(path);
}

static void test_cannot_open(void **state)
{
    char why[200] = "";
    struct pcapfile *file;
    (void)state;
    struct pcapfile_config config = {
        .path = "/no/such/place/x.pcapng", .interfaces = one, .interface_count = 1};
    assert_int_equal(pcapfile_open(&file, &config, why, sizeof(why)), WEIR_ENOENT);
    assert_string_equal(why, "cannot write /no/such/place/x.pcapng: No such file or directory");
    config.path = "";
    assert_int_equal(pcapfile_open(&file, &config, why, sizeof(why)), WEIR_EINVAL);
}

static void test_full_disk_is_told(void **state)
{
    char why[200] = "";
    struct pcapfile *file;
    (void)state;
    if (access("/dev/full", W_OK) < 0)
        skip();
    struct pcapfile_config config = {.path = "/dev/full", .interfaces = one, .interface_count = 1};
    assert_int_equal(pcapfile_open(&file, &config, why, sizeof(why)), WEIR_ENOBUFS);
    assert_string_equal(why, "cannot write /dev/full: No space left on device");
}

static void test_standard_output(void **state)
{
    char path[64], text[PCAP_ERRBUF_SIZE], why[200] = "";
    struct pcapfile *file;
    struct pcapfile_packet packet = {.data = (const uint8_t *)"weir", .size = 4};
    (void)state;
    make_path(path);
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    FILE *to = fopen(path, "w");
    assert_true(saved >= 0 && to);
    dup2(fileno(to), STDOUT_FILENO);
    struct pcapfile_config config = {.path = "-", .interfaces = one, .interface_count = 1};
    int opened = pcapfile_open(&file, &config, NULL, 0);
    int written = opened ? opened : pcapfile_write(file, &packet);
    int closed = opened ? opened : pcapfile_close(file, NULL, 0);
    /* The same on a standard output that is gone: the write fails, the error stays. */
    FILE *reading = fopen(path, "r");
    dup2(fileno(reading), STDOUT_FILENO);
    int failed = pcapfile_open(&file, &config, why, sizeof(why));
    dup2(saved, STDOUT_FILENO);
    close(saved);
    fclose(to);
    fclose(reading);
    assert_int_equal(opened, WEIR_OK);
    assert_int_equal(written, WEIR_OK);
    assert_int_equal(closed, WEIR_OK);
    assert_true(failed < 0);
    assert_string_equal(why, "cannot write standard output: Bad file descriptor");
    pcap_t *pcap = pcap_open_offline(path, text);
    assert_non_null(pcap);
    pcap_close(pcap);
    unlink(path);
}

static void test_two_interfaces(void **state)
{
    static const struct pcapfile_interface two[] = {
        {.name = "left", .medium = WEIR_MEDIUM_ETHERNET},
        {.name = "right", .medium = WEIR_MEDIUM_ETHERNET}};
    char path[64], text[PCAP_ERRBUF_SIZE];
    struct pcapfile *file;
    struct pcapfile_packet packet = {.data = (const uint8_t *)"weirweirweirweir", .size = 16};
    struct pcap_pkthdr *header;
    const unsigned char *bytes;
    (void)state;
    make_path(path);
    struct pcapfile_config config = {.path = path, .interfaces = two, .interface_count = 2};
    assert_int_equal(pcapfile_open(&file, &config, NULL, 0), WEIR_OK);
    for (packet.interface = 0; packet.interface < 2; packet.interface++)
        assert_int_equal(pcapfile_write(file, &packet), WEIR_OK);
    assert_int_equal(pcapfile_write(file, &packet), WEIR_EINVAL); /* there is no third */
    assert_int_equal(pcapfile_close(file, NULL, 0), WEIR_OK);
    pcap_t *pcap = pcap_open_offline(path, text);
    assert_non_null(pcap);
    assert_int_equal(pcap_datalink(pcap), DLT_EN10MB);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pcap_next_ex(pcap, &header, &bytes), 1);
    pcap_close(pcap);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packets_come_back), cmocka_unit_test(test_flush_lets_others_read),
        cmocka_unit_test(test_cannot_open),       cmocka_unit_test(test_full_disk_is_told),
        cmocka_unit_test(test_standard_output),   cmocka_unit_test(test_two_interfaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
