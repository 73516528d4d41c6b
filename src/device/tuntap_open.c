/* tuntap_open.c - attaching to a TUN or TAP interface, and saying why it cannot be done. */
#include "device/tuntap_open.h"

#include "device/error.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct attempt {
    const struct weir_tuntap_config *config;
    char *why;
    size_t size;
};

static int check_name(const struct attempt *a)
{
    const char *name = a->config->name;
    if (!name || !name[0]) {
        return error_say(a->why, a->size, WEIR_EINVAL, "the interface needs a name");
    }
    if (strlen(name) >= IFNAMSIZ) {
        return error_say(a->why, a->size, WEIR_EINVAL,
                         "interface name '%s' is longer than %d bytes", name, IFNAMSIZ - 1);
    }
    if (strpbrk(name, "/: \t\n%") || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        return error_say(a->why, a->size, WEIR_EINVAL, "'%s' is no interface name", name);
    }
    return WEIR_OK;
}

static int open_node(struct tuntap_interface *tun, const struct attempt *a)
{
    tun->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (tun->fd >= 0) {
        return WEIR_OK;
    }
    int number = errno;
    if (number == ENOENT || number == ENODEV || number == ENXIO) {
        return error_errno(a->why, a->size, number,
                           "/dev/net/tun is missing (is the kernel's tun module there?)");
    }
    return error_errno(a->why, a->size, number, "cannot open /dev/net/tun");
}

static int name_error(const struct attempt *a, int number)
{
    const char *name = a->config->name, *kind = a->config->tap ? "TAP" : "TUN";
    switch (number) {
    case EPERM:
    case EACCES:
        return error_errno(
            a->why, a->size, number,
            "no permission to use %s interface %s (needs CAP_NET_ADMIN or its owner)", kind, name);
    case EBUSY:
        return error_errno(a->why, a->size, number, "%s interface %s is in use", kind, name);
    case EINVAL:
        return error_errno(a->why, a->size, number,
                           "%s is no %s interface, or made with other flags", name, kind);
    default:
        return error_errno(a->why, a->size, number, "cannot attach to %s interface %s", kind, name);
    }
}

static int set_interface(const struct tuntap_interface *tun, const struct attempt *a)
{
    const struct weir_tuntap_config *c = a->config;
    struct ifreq request = {0};
    int flags = (c->tap ? IFF_TAP : IFF_TUN) | IFF_NO_PI | (c->offload ? IFF_VNET_HDR : 0) |
                (c->multi_queue ? IFF_MULTI_QUEUE : 0);
    strncpy(request.ifr_name, c->name, IFNAMSIZ - 1);
    request.ifr_flags = (short)flags;
    return ioctl(tun->fd, TUNSETIFF, &request) < 0 ? name_error(a, errno) : WEIR_OK;
}

/* What an earlier owner of a persistent interface set is set again, in both cases. */
static int set_offload(struct tuntap_interface *tun, const struct attempt *a)
{
    int header_size = sizeof(struct virtio_net_hdr);
    unsigned long offload = a->config->offload ? TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 : 0;
    if (a->config->offload && ioctl(tun->fd, TUNSETVNETHDRSZ, &header_size) < 0) {
        return error_errno(a->why, a->size, errno, "%s: cannot set the virtio-net header size",
                           a->config->name);
    }
    if (ioctl(tun->fd, TUNSETOFFLOAD, offload) < 0) {
        return error_errno(a->why, a->size, errno, "%s: cannot set the offloads", a->config->name);
    }
    return WEIR_OK;
}

/* Fills the caps. The interface's own MAC address is the kernel's; ours differs in the last bit. */
static int read_caps(struct tuntap_interface *tun, const struct attempt *a)
{
    struct weir_device_caps *caps = &tun->caps;
    struct ifreq request = {0};
    int number = 0, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    }
    if (fd < 0) {
        return error_errno(a->why, a->size, errno, "cannot ask for the MTU of %s", a->config->name);
    }
    strncpy(request.ifr_name, a->config->name, IFNAMSIZ - 1);
    if (ioctl(fd, SIOCGIFMTU, &request) < 0) {
        number = errno;
    }
    caps->mtu = (uint32_t)request.ifr_mtu;
    if (a->config->tap && !number) {
        if (ioctl(fd, SIOCGIFHWADDR, &request) < 0) {
            number = errno;
        }
        memcpy(caps->mac, request.ifr_hwaddr.sa_data, 6);
        caps->mac[0] |= 2;
        caps->mac[5] ^= 1;
    }
    close(fd);
    caps->medium = a->config->tap ? WEIR_MEDIUM_ETHERNET : WEIR_MEDIUM_IP;
    caps->tx_csum = caps->tx_gso = a->config->offload;
    caps->gso_max = a->config->offload ? 65535 : 0;
    return number
               ? error_errno(a->why, a->size, number, "cannot ask %s for its MTU", a->config->name)
               : WEIR_OK;
}

int tuntap_open(struct tuntap_interface *tun, const struct weir_tuntap_config *config, char *why,
                size_t size)
{
    struct attempt attempt = {.config = config, .why = why, .size = size};
    *tun = (struct tuntap_interface){.fd = -1};
    int error = check_name(&attempt);
    if (!error) {
        error = open_node(tun, &attempt);
    }
    if (!error) {
        error = set_interface(tun, &attempt);
    }
    if (!error) {
        error = set_offload(tun, &attempt);
    }
    if (!error) {
        error = read_caps(tun, &attempt);
    }
    if (error && tun->fd >= 0) {
        close(tun->fd);
    }
    return error;
}
