/* tuntap_open.h - attaching to a TUN or TAP interface. */
#ifndef DEVICE_TUNTAP_OPEN_H
#define DEVICE_TUNTAP_OPEN_H

#include <weir/device.h>

struct tuntap_interface {
    int fd; /* non-blocking; the caller closes it */
    struct weir_device_caps caps;
};

/* Creates the interface if it does not exist and the process may. Errors as weir_tuntap_new. With
 * config->offload every packet has a struct virtio_net_hdr before it. */
int tuntap_open(struct tuntap_interface *tun, const struct weir_tuntap_config *config, char *why,
                size_t size);

#endif
