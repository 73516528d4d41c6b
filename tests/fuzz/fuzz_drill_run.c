/*
 * fuzz_drill_run.c - the runner of scripts, and with it the sockets and the whole stack: any script that
 * parses comes to a verdict, with a good message unless it passed, and leaves nothing behind.
 */
#include "fuzz_kit.h"

#include "drill/run.h"

#define SIZE_MAX_BYTES 4000
#define EVENTS_MAX 60

static void on_packet(void *ctx, const uint8_t *packet, size_t size, bool out, weir_time now)
{
    (void)packet;
    (void)out;
    (void)now;
    *(size_t *)ctx += size;
}

static void run(const struct drill_script *script, enum drill_ip_version version, bool strict)
{
    struct drill_options options;
    struct drill_result result;
    size_t bytes = 0;

    drill_options_default(&options);
    options.ip_version = version;
    options.strict = strict;
    options.ignore_shell = true;
    options.packet = on_packet;
    options.ctx = &bytes;
    drill_run(script, &options, &result);
    CHECK(result.verdict <= DRILL_BROKEN);
    CHECK((result.verdict == DRILL_PASSED) == (result.text[0] == '\0'));
    CHECK(result.text[0] == '\0' || strncmp(result.text, "fuzz:", 5) == 0);
    CHECK(strlen(result.text) < sizeof(result.text));
    CHECK(strstr(result.text, "did not give back") == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct drill_script *script = NULL;
    struct drill_error error;

    if (size < 1 || size > SIZE_MAX_BYTES ||
        drill_parse("fuzz", (const char *)data + 1, size - 1, &script, &error) != DRILL_OK) {
        return 0;
    }
    if (script->event_count <= EVENTS_MAX) {
        run(script, (enum drill_ip_version)(data[0] % 4), data[0] & 0x80);
    }
    drill_script_del(script);
    return 0;
}
