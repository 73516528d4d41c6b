/* json_flows.c - the list of conversations as JSON Lines, through jansson. */
#include <jansson.h>
#include <stdlib.h>

#include "render/flows.h"

#define DUMP_FLAGS (JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15))

/* A failed allocation anywhere shows as a NULL that jansson refuses. */
struct sink {
    FILE *out;
    json_t *object;
    bool failed;
};

static void begin(struct sink *s, const char *event)
{
    s->object = json_object();
    s->failed = json_object_set_new(s->object, "v", json_integer(1)) != 0 ||
                json_object_set_new(s->object, "e", json_string(event)) != 0;
}

static void set(struct sink *s, const char *key, json_t *value)
{
    s->failed = json_object_set_new(s->object, key, value) != 0 || s->failed;
}

static void set_number(struct sink *s, const char *key, uint64_t value)
{
    set(s, key, json_integer((json_int_t)value));
}

static void set_pair(struct sink *s, const char *key, uint64_t client, uint64_t server)
{
    set(s, key, json_pack("[I,I]", (json_int_t)client, (json_int_t)server));
}

static void set_us(struct sink *s, const char *key, uint32_t us)
{
    set(s, key, us == 0 ? json_null() : json_real(us / 1e6));
}

static int end(struct sink *s)
{
    bool good = !s->failed && json_dumpf(s->object, s->out, DUMP_FLAGS) == 0;

    if (good) {
        fputc('\n', s->out);
    }
    json_decref(s->object);
    return good ? WEIR_OK : WEIR_ENOBUFS;
}

static int put_capture(struct sink *s, const struct table *table, const struct capture_stat *stat,
                       const char *damage)
{
    begin(s, "capture");
    set_number(s, "packets", stat->packets);
    set_number(s, "flows", table_count(table));
    set_number(s, "cut", stat->cut);
    set_number(s, "backwards", stat->backwards);
    set_number(s, "snaplen", stat->snaplen);
    set_number(s, "interfaces", stat->interfaces);
    set(s, "drops", stat->drops_known ? json_integer((json_int_t)stat->drops) : json_null());
    set(s, "damage", damage != NULL ? json_string(damage) : json_null());
    return end(s);
}

static json_t *findings_of(const struct conversation *c)
{
    json_t *array = json_array();

    for (unsigned i = 0; i < c->findings && array != NULL; i++) {
        const struct conversation_finding *f = &c->finding[i];
        json_t *one = json_pack(
            "{s:s,s:s,s:f,s:s,s:i,s:f}", "id", finding_name((enum finding_id)f->id), "sev",
            finding_severity_name((enum finding_severity)f->severity), "confidence",
            f->confidence / 100.0, "side", f->side == LADDER_CLIENT ? "client" : "server", "n",
            (int)f->occurrences, "cost", (double)f->cost_ns / 1e9);
        if (json_array_append_new(array, one) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static int put_flow(struct sink *s, const struct table *table, size_t index, weir_time origin)
{
    static const char *const vantages[] = {"unknown", "client", "server", "both"};
    static const char *const bases[] = {NULL, "checksum", "handshake", "acks", "ttl"};
    struct weir_endpoint ends[2];
    char text[TEXT_ENDPOINT_MAX];
    struct conversation told;
    const struct conversation *c = &told;

    table_conversation(table, index, &told, ends);
    begin(s, "flow");
    set_number(s, "conn", index + 1);
    set(s, "client", json_string(text_endpoint(&ends[LADDER_CLIENT], text)));
    set(s, "server", json_string(text_endpoint(&ends[LADDER_SERVER], text)));
    set(s, "client_guessed", json_boolean(c->client_guessed));
    set(s, "vantage", json_string(vantages[c->vantage]));
    set(s, "vantage_by", c->basis == VANTAGE_NONE ? json_null() : json_string(bases[c->basis]));
    set(s, "handshake", json_boolean(c->handshake));
    set(s, "one_way", json_boolean(c->one_way));
    set(s, "cut", json_boolean(c->cut));
    set(s, "how", json_string(ladder_end_name((enum ladder_end)c->end)));
    set(s, "start", json_real((double)(int64_t)(c->start - origin) / 1e9));
    set(s, "duration", json_real((double)(int64_t)(c->last - c->start) / 1e9));
    set_pair(s, "bytes", c->bytes[0], c->bytes[1]);
    set_pair(s, "segments", c->segments[0], c->segments[1]);
    set_pair(s, "retx", c->retx[0], c->retx[1]);
    set_pair(s, "lost", c->lost[0], c->lost[1]);
    set_pair(s, "spurious", c->spurious[0], c->spurious[1]);
    set_number(s, "reordered", c->reordered);
    set_number(s, "duplicates", c->duplicates);
    set_number(s, "dup_acks", c->dup_acks);
    set_number(s, "zero_windows", c->zero_windows);
    set_us(s, "rtt", c->rtt_us);
    set_us(s, "min_rtt", c->min_rtt_us);
    set_us(s, "srtt", c->srtt_us);
    set(s, "findings", findings_of(c));
    return end(s);
}

int flows_json(FILE *out, const struct table *table, const struct flows_options *options,
               const struct capture_stat *stat, const char *damage)
{
    struct sink s = {.out = out};
    size_t count = table_count(table);
    size_t *order = flows_order(table, options->sort);
    int result = order == NULL ? WEIR_ENOBUFS : put_capture(&s, table, stat, damage);

    for (size_t i = 0; i < count && (options->top == 0 || i < options->top) && result == WEIR_OK;
         i++) {
        result = put_flow(&s, table, order[i], options->origin);
    }
    free(order);
    return result;
}
