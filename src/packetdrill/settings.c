/*
 * settings.c - what scripts say with sysctl, as far as the core or the sockets have an option that means the
 * same: drill/sysctl.h knows. The stand-in for sysctl appends "name=value" lines to a file, which is read when
 * something that depends on it is called (socket, listen, setsockopt, MSG_FASTOPEN); a later line wins. Other names are not modelled; settings_unmodelled lists them.
 */
#include <string.h>

#include "drill/sysctl.h"
#include "packetdrill/adapter.h"

void settings_default(struct settings *s)
{
    weir_config_default(&s->stack);
    weir_sock_config_default(&s->sockets);
    s->sockets.zerocopy_copies = true; /* packetdrill frees its buffers after each call */
    s->sockets.tcp_differs = true;     /* the stack has what was set before its first socket */
}

static bool read_file(const struct adapter *a, struct settings *s, FILE *unmodelled)
{
    FILE *file = a->flags.settings ? fopen(a->flags.settings, "re") : NULL;
    struct drill_sysctl_target target = {&s->stack, &s->sockets};
    char line[512];

    if (!file) {
        return false;
    }
    settings_default(s);
    while (fgets(line, sizeof(line), file)) {
        char *value = strchr(line, '=');

        if (!value) {
            continue;
        }
        *value++ = 0;
        value[strcspn(value, "\n")] = 0;
        if (drill_sysctl_set(&target, line, value) != DRILL_SYSCTL_SET && unmodelled) {
            fprintf(unmodelled, "unmodelled %s\n", line);
        }
    }
    (void)fclose(file);
    return true;
}

bool settings_read(struct adapter *a)
{
    struct settings before = a->settings;

    return read_file(a, &a->settings, NULL) && memcmp(&before, &a->settings, sizeof(before)) != 0;
}

void settings_unmodelled(const struct adapter *a, FILE *out)
{
    struct settings ignored;

    (void)read_file(a, &ignored, out);
}
