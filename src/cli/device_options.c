/* device_options.c - see device_options.h. */
#include "cli/device_options.h"

#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/cli.h"

#define CARRIER_MS 300

bool device_parse(const char *text, struct device_spec *spec)
{
    bool tap = strncmp(text, "tap:", 4) == 0;

    if ((!tap && strncmp(text, "tun:", 4) != 0) || text[4] == '\0') {
        cli_error(CLI_USAGE, "neither tun:NAME nor tap:NAME: %s", text);
        return false;
    }
    spec->name = text + 4;
    spec->tap = tap;
    return true;
}

static int exit_of(int error)
{
    switch (error) {
    case WEIR_ENOENT: return CLI_MISSING;
    case WEIR_EACCES: return CLI_PERMISSION;
    case WEIR_EINVAL: return CLI_USAGE;
    default: return CLI_SYSTEM;
    }
}

/* Flags of the interface, -1: cannot ask. */
static int flags_of(int fd, const char *name)
{
    struct ifreq request = {0};

    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    return ioctl(fd, SIOCGIFFLAGS, &request) == 0 ? (unsigned short)request.ifr_flags : -1;
}

/* An interface that is down swallows every packet, which looks like a network that does not answer. One that
 * is up gets its carrier by our opening it, and the kernel needs a moment until it sends on it. */
static void settle_interface(const char *name)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int flags = fd >= 0 ? flags_of(fd, name) : -1;

    if (flags >= 0 && (flags & IFF_UP) == 0) {
        cli_error(CLI_OK, "the interface is down (ip link set dev %s up): %s", name, name);
    }
    for (int i = 0; i < CARRIER_MS && (flags & (IFF_UP | IFF_RUNNING)) == IFF_UP; i++) {
        poll(NULL, 0, 1);
        flags = flags_of(fd, name);
    }
    if (fd >= 0) {
        close(fd);
    }
}

int device_open(struct weir_device **device, const struct device_spec *spec, bool offload)
{
    struct weir_tuntap_config config = {.name = spec->name, .tap = spec->tap, .offload = offload};
    char why[256];

    int error = weir_tuntap_new(device, &config, why, sizeof(why));
    if (error != WEIR_OK) {
        return cli_error(exit_of(error), "%s", why);
    }
    settle_interface(spec->name);
    return CLI_OK;
}
