/* nc_key.c - `weir nc --md5-key FILE`: TCP-MD5 (RFC 2385) with the peer. The password comes from a file, because
 * everybody on the machine can read a command line. */
#include <errno.h>
#include <string.h>

#include "base/compiler.h"
#include "cli/nc.h"
#include <weir/trace.h>
#ifdef WEIR_WITH_MAC
#include <weir/mac.h>
#endif

int nc_key_read(struct nc_options *options, const char *path)
{
    struct weir_tcp_key *key = &options->key;
    char text[WEIR_KEY_MAX + 2]; /* one too long, and its newline */
    FILE *file = fopen(path, "re");
    size_t size;

    if (file == NULL) {
        return cli_error(CLI_SYSTEM, "cannot read the key (%s): %s", strerror(errno), path);
    }
    size = fread(text, 1, sizeof(text), file);
    bool failed = ferror(file) != 0;
    fclose(file);
    if (size > 0 && text[size - 1] == '\n') {
        size--;
    }
    if (failed || size == 0 || size > WEIR_KEY_MAX) {
        return cli_error(CLI_USAGE, "no key of 1 to %d bytes: %s", WEIR_KEY_MAX, path);
    }
    key->size = sizeof(*key);
    key->auth = WEIR_AUTH_MD5;
    key->key_size = (uint8_t)size;
    memcpy(key->key, text, size);
    explicit_bzero(text, sizeof(text));
    options->tcp.keys = key; /* of anybody: there is one peer */
    options->tcp.key_count = 1;
    return CLI_OK;
}

int nc_key_config(const struct nc_options *options, struct weir_config *config)
{
    if (options->tcp.key_count == 0) {
        return CLI_OK;
    }
#ifdef WEIR_WITH_MAC
    if (weir_mac_libcrypto(&config->mac)) {
        return CLI_OK;
    }
#else
    (void)config;
#endif
    return cli_error(CLI_SYSTEM,
                     "no MD5 in this libcrypto, or weir was built without it: --md5-key");
}

void nc_key_report(const struct nc_options *options, const struct weir_stack *stack)
{
    static const enum weir_drop drops[] = {WEIR_DROP_AUTH_MISSING, WEIR_DROP_AUTH_UNEXPECTED,
                                           WEIR_DROP_AUTH_KEY, WEIR_DROP_AUTH_MAC};
    struct weir_stats stats = {.size = sizeof(stats)};

    if (options->tcp.key_count == 0 || weir_stats(stack, &stats) != WEIR_OK) {
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(drops); i++) {
        if (stats.dropped[drops[i]] != 0) {
            fprintf(stderr, "Dropped: %s %llu\n", weir_drop_name(drops[i]),
                    (unsigned long long)stats.dropped[drops[i]]);
        }
    }
}
