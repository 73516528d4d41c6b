/* nc_options.c - the arguments of `weir nc`. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/compiler.h"
#include "cli/nc.h"
#include "cli/values.h"

enum {
    KEY_DEV = 0x200,
    KEY_ADDR,
    KEY_GATEWAY,
    KEY_MTU,
    KEY_NO_OFFLOAD,
    KEY_NO_DAD,
    KEY_LADDER,
    KEY_TIMEOUT,
    KEY_ECN,
    KEY_CONGESTION,
    KEY_MD5,
    KEY_DHCP,
    KEY_SLAAC,
    KEY_INTERNALS
};

struct nc_parse {
    struct nc_options *options;
    const char *words[2]; /* HOST and PORT */
    unsigned word_count;
};

static const struct argp_option nc_table[] = {
    {"dev", KEY_DEV, "tun:NAME|tap:NAME", 0, "the interface to use", 0},
    {"addr", KEY_ADDR, "ADDR/PREFIX", 0, "our own address, IPv4 or IPv6; may be repeated", 0},
    {"gateway", KEY_GATEWAY, "ADDR", 0, "where everything off the link goes; one for each family",
     0},
    {"dhcp", KEY_DHCP, NULL, 0, "get an IPv4 address from a DHCP server (TAP)", 0},
    {"slaac", KEY_SLAAC, NULL, 0, "get IPv6 addresses from what routers advertise", 0},
    {"mtu", KEY_MTU, "BYTES", 0, "smaller than the interface's", 0},
    {"no-offload", KEY_NO_OFFLOAD, NULL, 0, "no large segments, no checksums by the device", 0},
    {"no-dad", KEY_NO_DAD, NULL, 0, "use IPv6 addresses at once, without looking for duplicates",
     0},
    {"listen", 'l', NULL, 0, "wait for one connection to PORT (at HOST: our own address)", 0},
    {"timeout", KEY_TIMEOUT, "TIME", 0, "give up connecting after this, such as 5s", 0},
    {"ecn", KEY_ECN, "off|on|passive|accurate|accurate-answer|accurate-passive", 0,
     "explicit congestion notification (passive: only when asked; accurate-answer: AccECN when asked, and the "
     "classic kind is asked for)",
     0},
    {"congestion", KEY_CONGESTION, "NAME", 0, "congestion control: cubic, reno, dctcp, prague, ...",
     0},
    {"md5-key", KEY_MD5, "FILE", 0,
     "sign and check each segment with TCP-MD5 (RFC 2385); the password is in FILE", 0},
    {"write", 'w', "FILE", 0, "write what we send and what reaches us to a pcapng file", 0},
    {"ladder", KEY_LADDER, NULL, 0, "draw the conversation on standard error while it goes on", 0},
    {"internals", KEY_INTERNALS, NULL, 0, "the same, and show what weir's stack decides", 0},
    {0}};

static error_t wrong(const char *what, const char *text)
{
    cli_error(CLI_USAGE, "%s: %s", what, text);
    return EINVAL;
}

static error_t add_address(struct nc_options *o, const char *text)
{
    char address[WEIR_IP_TEXT_MAX];
    struct weir_ip ip;
    uint64_t prefix;
    const char *slash = strchr(text, '/');
    size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);

    if (o->address_count == NC_ADDRESSES_MAX) {
        return wrong("too many addresses", text);
    }
    snprintf(address, sizeof(address), "%.*s", (int)length, text);
    if (length >= sizeof(address) || weir_ip_parse(address, &ip) != WEIR_OK ||
        (slash != NULL && !value_number(slash + 1, 0, ip.family == 4 ? 32 : 128, &prefix))) {
        return wrong("bad address (ADDR/PREFIX, such as 10.0.0.2/24)", text);
    }
    o->addresses[o->address_count++] = text;
    return 0;
}

static error_t add_gateway(struct nc_options *o, const char *text)
{
    if (o->gateway_count == NC_ADDRESSES_MAX) {
        return wrong("too many gateways", text);
    }
    if (weir_ip_parse(text, &o->gateways[o->gateway_count]) != WEIR_OK) {
        return wrong("bad gateway address", text);
    }
    o->gateway_count++;
    return 0;
}

static error_t set_number(const char *option, const char *text, uint64_t least, uint64_t most,
                          uint32_t *out)
{
    uint64_t number;

    if (!value_number(text, least, most, &number)) {
        cli_error(CLI_USAGE, "bad value for --%s (%u to %u): %s", option, (unsigned)least,
                  (unsigned)most, text);
        return EINVAL;
    }
    *out = (uint32_t)number;
    return 0;
}

static error_t set_ends(struct nc_parse *p)
{
    struct nc_options *o = p->options;
    const char *host = p->word_count == 2 ? p->words[0] : NULL;
    uint64_t port;

    if (p->word_count == 0 || (p->word_count == 1 && !o->listen)) {
        return wrong("no HOST and PORT given", "weir nc");
    }
    if (!value_number(p->words[p->word_count - 1], 1, UINT16_MAX, &port)) {
        return wrong("bad port number", p->words[p->word_count - 1]);
    }
    o->remote.port = (uint16_t)port;
    if (host != NULL && weir_ip_parse(host, &o->remote.ip) != WEIR_OK) {
        return wrong("not a numeric address (names are not looked up)", host);
    }
    if (o->device.name == NULL) {
        return wrong("no interface given (--dev tun:NAME or tap:NAME)", "weir nc");
    }
    if (o->address_count == 0 && !o->dhcp && !o->slaac) {
        return wrong("no address of our own given (--addr ADDR/PREFIX)", "weir nc");
    }
    return 0;
}

static error_t set_ecn(struct nc_options *o, const char *text)
{
    static const char *const names[] = {[WEIR_ECN_OFF] = "off",
                                        [WEIR_ECN_ON] = "on",
                                        [WEIR_ECN_PASSIVE] = "passive",
                                        [WEIR_ECN_ACCURATE] = "accurate",
                                        [WEIR_ECN_ACCURATE_ANSWER] = "accurate-answer",
                                        [WEIR_ECN_ACCURATE_PASSIVE] = "accurate-passive"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (strcmp(names[i], text) == 0) {
            o->tcp.ecn = (uint8_t)i;
            return 0;
        }
    }
    return wrong("bad value for --ecn", text);
}

static error_t set_congestion(struct nc_options *o, const char *text)
{
    int found = weir_congestion_find(text, strlen(text));

    o->tcp.congestion = (uint8_t)MAX(found, 0);
    return found >= 0 ? 0 : wrong("unknown congestion control", text);
}

static error_t add_word(struct nc_parse *p, const char *word)
{
    if (p->word_count == 2) {
        return wrong("more than HOST and PORT", word);
    }
    p->words[p->word_count++] = word;
    return 0;
}

static error_t parse_nc(int key, char *arg, struct argp_state *state)
{
    struct nc_parse *p = state->input;
    struct nc_options *o = p->options;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &o->impair;
        state->child_inputs[1] = &o->output;
        return 0;
    case 'l': o->listen = true; return 0;
    case 'w': o->write = arg; return 0;
    case KEY_DEV: return device_parse(arg, &o->device) ? 0 : EINVAL;
    case KEY_ADDR: return add_address(o, arg);
    case KEY_GATEWAY: return add_gateway(o, arg);
    case KEY_MTU: return set_number("mtu", arg, 68, 65535, &o->mtu);
    case KEY_NO_OFFLOAD: o->no_offload = true; return 0;
    case KEY_NO_DAD: o->no_dad = true; return 0;
    case KEY_DHCP: o->dhcp = true; return 0;
    case KEY_SLAAC: o->slaac = true; return 0;
    case KEY_LADDER: o->ladder = true; return 0;
    case KEY_INTERNALS: o->ladder = o->internals = true; return 0;
    case KEY_ECN: return set_ecn(o, arg);
    case KEY_CONGESTION: return set_congestion(o, arg);
    case KEY_MD5: return nc_key_read(o, arg) == CLI_OK ? 0 : EINVAL;
    case KEY_TIMEOUT:
        return value_duration(arg, &o->timeout) && o->timeout > 0
                   ? 0
                   : wrong("bad value for --timeout", arg);
    case ARGP_KEY_ARG: return add_word(p, arg);
    case ARGP_KEY_END: return set_ends(p);
    default: return ARGP_ERR_UNKNOWN;
    }
}

/* The drawing goes to standard error, so that is the terminal that matters. */
static void settle_output(struct cli_output *output)
{
    struct winsize size;

    if (output->text.width == 0 && getenv("COLUMNS") == NULL &&
        ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        output->text.width = (unsigned)MIN(MAX(size.ws_col, TEXT_WIDTH_MIN), TEXT_WIDTH_MAX);
    }
    bool automatic = output->color == CLI_AUTO;
    cli_output_settle(output, output->json ? SEQ_RAW : SEQ_PRETTY);
    const char *no_color = getenv("NO_COLOR");
    if (automatic) {
        output->text.color =
            isatty(STDERR_FILENO) != 0 && (no_color == NULL || no_color[0] == '\0');
    }
}

int nc_parse(int argc, char **argv, struct nc_options *options)
{
    static const struct argp_child children[] = {
        {&impair_argp, 0, NULL, 0}, {&cli_output_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .options = nc_table,
        .parser = parse_nc,
        .args_doc = "HOST PORT\n-l [HOST] PORT",
        .doc =
            "Connects or listens like netcat, with weir's own TCP on a TUN or TAP interface.\v"
            "The kernel keeps its own address on the interface; --addr is weir's, another one of the "
            "same network. Standard input is sent, and its end closes that direction only; what "
            "arrives goes to standard output. When standard input is a terminal, the end of the "
            "peer's direction ends the conversation.\n\n"
            "Exit codes: 0 both directions were closed in order; 1 the connection was refused, reset "
            "or timed out; 64 wrong usage; 69 /dev/net/tun is missing; 71 system error (the "
            "interface is in use, a file cannot be written); 77 no permission.",
        .children = children};
    struct nc_parse p = {.options = options};

    *options = (struct nc_options){.mtu = 0};
    weir_tcp_options_default(&options->tcp);
    int code = cli_parse(&argp, argc, argv, &p);
    if (code < 0) {
        settle_output(&options->output);
    }
    return code;
}
