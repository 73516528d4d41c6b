/* nc_link.c - the stack of `weir nc`: one link on the interface, with its addresses and routes. */
#include "cli/nc.h"

#include "host/config.h"

const char *nc_address_text(const struct weir_ip *ip, char text[WEIR_IP_TEXT_MAX])
{
    weir_ip_format(ip, text, WEIR_IP_TEXT_MAX);
    return text;
}

static int attach(struct nc_link *link, const struct nc_options *options, struct node *node,
                  struct weir_device *device)
{
    struct weir_link_config config;

    node_link_config(&config, device);
    if (options->mtu > config.mtu) {
        return cli_error(CLI_USAGE, "more than the interface's MTU of %u: --mtu %u", config.mtu,
                         options->mtu);
    }
    config.mtu = options->mtu != 0 ? options->mtu : config.mtu;
    config.no_dad = options->no_dad;
    int index = node_attach(node, device, &config);
    if (index < 0) {
        return cli_error(CLI_SYSTEM, "cannot use it (%s): %s", weir_strerror(index),
                         options->device.name);
    }
    link->index = (uint32_t)index;
    return CLI_OK;
}

static int add_addresses(const struct nc_link *link, const struct nc_options *o, struct node *node)
{
    char text[WEIR_IP_TEXT_MAX];

    for (size_t i = 0; i < o->address_count; i++) {
        int error = node_address(node, link->index, o->addresses[i], NULL);
        if (error != WEIR_OK) {
            return cli_error(CLI_USAGE, "cannot use this address (%s): %s", weir_strerror(error),
                             o->addresses[i]);
        }
    }
    for (size_t i = 0; i < o->gateway_count; i++) {
        struct weir_ip any = {.family = o->gateways[i].family};
        int error = weir_route_add(link->stack, &any, 0, &o->gateways[i], link->index, 0);
        if (error < 0) {
            return cli_error(CLI_USAGE, "cannot use this gateway (%s): %s", weir_strerror(error),
                             nc_address_text(&o->gateways[i], text));
        }
    }
    return CLI_OK;
}

int nc_link_open(struct nc_link *link, const struct nc_options *options, struct nc_watch *watch,
                 struct weir_device *device, const struct node_app *app)
{
    struct weir_config config;
    struct node *node = NULL;
    int code;

    host_config(&config);
    if (options->ladder) {
        config.trace = nc_watch_record;
        config.trace_ctx = watch;
    }
    code = nc_key_config(options, &config);
    if (code != CLI_OK) {
        weir_device_del(device);
        return code;
    }
    if (loop_new(&link->loop) == WEIR_OK) {
        node = loop_add(link->loop, &config, app);
    }
    if (node == NULL) {
        code = cli_error(CLI_SYSTEM, "no memory, or no entropy: weir nc");
    } else {
        link->stack = node_stack(node);
        code = attach(link, options, node, device);
    }
    if (code != CLI_OK) {
        weir_device_del(device);
        return code;
    }
    code = add_addresses(link, options, node);
    return code == CLI_OK ? nc_config_start(link, options) : code;
}
