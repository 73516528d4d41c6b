/* run_show.c - packets as a script would say them. */
#include "drill/run_private.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/bytes.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

struct text {
    char *out;
    size_t used;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *format, ...)
{
    va_list arguments;
    int size;

    va_start(arguments, format);
    size = vsnprintf(t->out + t->used, RUN_SHOWN_MAX - t->used, format, arguments);
    va_end(arguments);
    if (size > 0) {
        t->used = min_u64(t->used + (size_t)size, RUN_SHOWN_MAX - 1);
    }
}

static void add_flags(struct text *t, const struct run_shown *s)
{
    static const struct {
        uint16_t flag;
        char letter;
    } letters[] = {{WEIR_TCP_FIN, 'F'}, {WEIR_TCP_SYN, 'S'}, {WEIR_TCP_RST, 'R'},
                   {WEIR_TCP_PSH, 'P'}, {WEIR_TCP_ACK, '.'}, {WEIR_TCP_URG, 'U'},
                   {WEIR_TCP_ECE, 'E'}, {WEIR_TCP_CWR, 'W'}, {WEIR_TCP_AE, 'A'}};
    uint16_t flags = s->flags;

    if (s->ace >= 0) {
        flags &= (uint16_t) ~(WEIR_TCP_ECE | WEIR_TCP_CWR | WEIR_TCP_AE);
    }
    for (size_t i = 0; i < ARRAY_SIZE(letters); i++) {
        if (flags & letters[i].flag) {
            add(t, "%c", letters[i].letter);
        }
    }
    if (s->ace >= 0) {
        add(t, "%d", s->ace);
    } else if (!flags) {
        add(t, "-");
    }
}

static void add_hex(struct text *t, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        add(t, "%02x", data[i]);
    }
}

static void add_option(struct text *t, const struct run_option *o)
{
    size_t size = o->size > 2 ? o->size - 2u : 0;
    const uint8_t *d = o->data;

    if (o->kind == TCP_OPTION_EOL) {
        add(t, "eol");
    } else if (o->kind == TCP_OPTION_NOP) {
        add(t, "nop");
    } else if (o->kind == TCP_OPTION_MSS && size == 2) {
        add(t, "mss %u", load_be16(d));
    } else if (o->kind == TCP_OPTION_WSCALE && size == 1) {
        add(t, "wscale %u", d[0]);
    } else if (o->kind == TCP_OPTION_SACK_PERMITTED && size == 0) {
        add(t, "sackOK");
    } else if (o->kind == TCP_OPTION_TIMESTAMPS && size == 8) {
        add(t, "TS val %u ecr %u", load_be32(d), load_be32(d + 4));
    } else if (o->kind == TCP_OPTION_SACK && size % 8 == 0) {
        add(t, "sack");
        for (size_t i = 0; i < size; i += 8) {
            add(t, " %u:%u", load_be32(d + i), load_be32(d + i + 4));
        }
    } else if (o->kind == TCP_OPTION_FASTOPEN) {
        add(t, "FO%s", size ? " " : "");
        add_hex(t, d, size);
    } else if (o->kind == TCP_OPTION_MD5) {
        add(t, "md5 ");
        add_hex(t, d, size);
    } else if (o->kind == TCP_OPTION_AO && size > 2) {
        add(t, "ao %u %u ", d[0], d[1]);
        add_hex(t, d + 2, size - 2);
    } else {
        add(t, "gen-%u%s", o->kind, size ? " " : "");
        add_hex(t, d, size);
    }
}

char *run_show(const struct run_shown *s, char out[RUN_SHOWN_MAX])
{
    struct text t = {.out = out};

    out[0] = '\0';
    add_flags(&t, s);
    if (s->any_seq) {
        add(&t, " ...(%u)", s->length);
    } else {
        add(&t, " %u:%u(%u)", s->seq, s->seq + s->length, s->length);
    }
    if (s->flags & WEIR_TCP_ACK) {
        add(&t, " ack %u", s->ack);
    }
    if (!s->any_window) {
        add(&t, " win %u", s->window);
    }
    if (s->flags & WEIR_TCP_URG || s->urgent) {
        add(&t, " urg %u", s->urgent);
    }
    if (s->any_options) {
        add(&t, " <...>");
    }
    for (int i = 0; i < s->option_count; i++) {
        add(&t, i == 0 ? " <" : ",");
        add_option(&t, &s->options[i]);
    }
    add(&t, s->option_count ? ">" : "");
    return out;
}

char *run_show_script(struct run *run, const struct drill_packet *packet, char out[RUN_SHOWN_MAX])
{
    const struct drill_tcp *tcp = &packet->tcp;
    struct run_shown s = {.seq = tcp->seq.start,
                          .length = tcp->seq.length,
                          .ack = tcp->ack,
                          .flags = tcp->flags,
                          .window = tcp->window,
                          .urgent = tcp->urgent,
                          .ace = tcp->ace,
                          .any_window = !tcp->window_said,
                          .any_options = tcp->options_mode == DRILL_OPTIONS_ANY,
                          .any_seq = tcp->seq.any};

    if (!s.any_options) {
        s.option_count = run_options_script(run, tcp, s.options);
        s.option_count = s.option_count < 0 ? 0 : s.option_count;
    }
    return run_show(&s, out);
}
