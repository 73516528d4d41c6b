/* device_options.h - "tun:NAME" and "tap:NAME" on the command line, and opening what they name. */
#ifndef CLI_DEVICE_OPTIONS_H
#define CLI_DEVICE_OPTIONS_H

#include <weir/device.h>

struct device_spec {
    const char *name; /* NULL: none was given */
    bool tap;
};

/* false, after one line on standard error, if the text is neither. */
bool device_parse(const char *text, struct device_spec *spec);

/* Opens it. CLI_OK, or another exit code after one line on standard error. An interface that is down is
 * opened all the same, with a note. */
int device_open(struct weir_device **device, const struct device_spec *spec, bool offload);

#endif
