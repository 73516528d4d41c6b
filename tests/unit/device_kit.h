/* device_kit.h - for tests of devices: a stack to receive into, packets to send, a device to
 * script. */
#ifndef UNIT_DEVICE_KIT_H
#define UNIT_DEVICE_KIT_H

#include <weir/device.h>
#include <weir/trace.h>

/* A stack with the reproducible default config. */
struct weir_stack *kit_stack(void);

/* An IPv4 ICMP echo request 10.0.0.2 -> 10.0.0.1 of `size` bytes (28..1500) with right checksums.
 * Its sequence number is `number`. */
void kit_echo(uint8_t *packet, uint32_t size, uint16_t number);
/* The sequence number of an echo request or reply. */
uint16_t kit_echo_number(const uint8_t *packet);

/* An IPv4 TCP super-segment in two slices: header_size = 40, `payload` bytes, checksum partial. */
struct kit_super {
    uint8_t header[40];
    uint8_t payload[60000];
    struct weir_slice slices[2];
    struct weir_frame frame;
};
void kit_super(struct kit_super *s, uint32_t payload, uint16_t gso_size);
/* Is the IPv4 packet's TCP checksum whole and right? */
bool kit_tcp_checksum_ok(const uint8_t *packet, uint32_t size);

/* A frame of one slice. */
struct kit_frame {
    struct weir_slice slice;
    struct weir_frame frame;
};
const struct weir_frame *kit_frame(struct kit_frame *f, const uint8_t *packet, uint32_t size);

/* A device that delivers what the test enters at the times it says, and notes what is sent. */
#define KIT_PACKETS_MAX 2048
struct kit_packet {
    weir_time time;
    uint32_t size;
    struct weir_offload offload;
    uint8_t bytes[1600];
};
struct kit_device {
    struct weir_device device;
    struct kit_packet *in, *out; /* arrays of KIT_PACKETS_MAX */
    size_t in_count, in_at, out_count;
    size_t take; /* frames that one send takes at most */
    int fail;    /* send and recv return this if it is not 0 */
    int sends, recvs;
};
/* The device is deleted through weir_device_del. */
struct kit_device *kit_device_new(void);
void kit_device_enter(struct kit_device *d, weir_time time, const uint8_t *packet, uint32_t size);

#endif
