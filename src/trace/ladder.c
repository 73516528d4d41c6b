/*
 * ladder.c - collecting what is known about a conversation, and the order in which it becomes a ladder.
 *
 * Reading order: ladder_finish (the steps), then times.c, verdict.c, states.c, rows.c.
 */
#include "trace/ladder.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "trace/ladder_private.h"
#include "trace/merge.h"

#define APPEND(l, array, count, room) \
    ladder_append((void **)&(l)->array, &(l)->count, &(l)->room, sizeof(*(l)->array))

struct ladder *ladder_new(enum ladder_vantage vantage)
{
    struct ladder *l = calloc(1, sizeof(*l));

    if (l != NULL) {
        l->info.vantage = vantage;
        l->info.reference = vantage == LADDER_AT_SERVER ? LADDER_SERVER : LADDER_CLIENT;
        l->info.number = 1;
        l->info.side[0].initial_state = LADDER_STATE_UNKNOWN;
        l->info.side[1].initial_state = LADDER_STATE_UNKNOWN;
    }
    return l;
}

void ladder_del(struct ladder *l)
{
    if (l == NULL) {
        return;
    }
    free(l->segments);
    free(l->told);
    free(l->causes);
    free(l->changes);
    free(l->rows);
    free(l->findings);
    free(l->merge);
    free(l->icmps);
    free(l);
}

void *ladder_append(void **array, size_t *count, size_t *room, size_t size)
{
    if (*count == *room) {
        size_t more = *room == 0 ? 16 : *room * 2;
        void *grown = realloc(*array, more * size);
        if (grown == NULL) {
            return NULL;
        }
        *array = grown;
        *room = more;
    }
    return (char *)*array + (*count)++ * size;
}

bool ladder_arrives(const struct ladder_segment *s)
{
    return s->arrived.known != LADDER_LOST && (s->facts & LADDER_FACT_RESENT) == 0;
}

/* ---- In --------------------------------------------------------------------------------------------- */

void ladder_set_ends(struct ladder *l, const struct weir_endpoint *client,
                     const struct weir_endpoint *server, bool guessed)
{
    l->info.side[LADDER_CLIENT].endpoint = *client;
    l->info.side[LADDER_SERVER].endpoint = *server;
    l->info.client_guessed = guessed;
    l->ends_known = true;
}

void ladder_set_number(struct ladder *l, uint32_t number)
{
    l->info.number = number;
}

int ladder_set_merge(struct ladder *l, const struct merge_report *report)
{
    struct merge_report *copy = malloc(sizeof(*copy));

    if (copy == NULL) {
        return WEIR_ENOBUFS;
    }
    *copy = *report;
    free(l->merge);
    l->info.merge = l->merge = copy;
    return WEIR_OK;
}

void ladder_set_initial(struct ladder *l, enum trace_side side, enum weir_tcp_state state)
{
    l->info.side[side].initial_state = (uint8_t)state;
    l->initial_told[side] = true;
}

static struct ladder_segment *add_segment(struct ladder *l, const struct trace_segment *wire)
{
    struct ladder_segment *s = APPEND(l, segments, segment_count, segment_room);

    if (s != NULL) {
        *s = (struct ladder_segment){.wire = *wire,
                                     .state_sent = LADDER_STATE_SAME,
                                     .state_arrived = LADDER_STATE_SAME,
                                     .told = (uint32_t)l->segment_count};
        l->info.cut = l->info.cut || wire->cut;
    }
    return s;
}

int ladder_add_packet(struct ladder *l, const struct ladder_packet *packet)
{
    struct trace_segment wire;
    struct weir_endpoint src, dst;

    if (l->finished ||
        trace_parse_ip(packet->bytes, packet->size, packet->size, &wire, &src, &dst) != TRACE_TCP) {
        return WEIR_EINVAL;
    }
    if (!l->ends_known) {
        bool by_client = packet->from == LADDER_CLIENT;
        ladder_set_ends(l, by_client ? &src : &dst, by_client ? &dst : &src, false);
    }
    if (!trace_same_end(&src, &l->info.side[packet->from].endpoint) ||
        !trace_same_end(&dst, &l->info.side[trace_other(packet->from)].endpoint)) {
        return WEIR_EINVAL;
    }
    wire.time = packet->sent;
    wire.side = (uint8_t)packet->from;
    struct ladder_segment *s = add_segment(l, &wire);
    if (s == NULL) {
        return WEIR_ENOBUFS;
    }
    s->sent = (struct ladder_time){(int64_t)packet->sent, LADDER_MEASURED};
    s->arrived = packet->arrived == LADDER_NEVER
                     ? (struct ladder_time){(int64_t)packet->sent, LADDER_LOST}
                     : (struct ladder_time){(int64_t)packet->arrived, LADDER_MEASURED};
    s->facts = (packet->duplicate ? (uint32_t)LADDER_FACT_COPY : 0) |
               (packet->corrupted ? (uint32_t)LADDER_FACT_CORRUPTED : 0);
    return WEIR_OK;
}

int ladder_add_flight(struct ladder *l, const struct ladder_flight *flight)
{
    if (l->finished || l->info.vantage != LADDER_AT_BOTH) {
        return WEIR_EINVAL;
    }
    struct ladder_segment *s = add_segment(l, &flight->wire);
    if (s == NULL) {
        return WEIR_ENOBUFS;
    }
    s->wire.time = flight->sent;
    s->sent = (struct ladder_time){(int64_t)flight->sent,
                                   flight->sending_estimated ? LADDER_ESTIMATED : LADDER_MEASURED};
    s->arrived = (struct ladder_time){(int64_t)(flight->lost ? flight->sent : flight->arrived),
                                      flight->lost                ? LADDER_LOST
                                      : flight->arrival_estimated ? LADDER_ESTIMATED
                                                                  : LADDER_MEASURED};
    s->facts = flight->duplicate ? (uint32_t)LADDER_FACT_COPY : 0;
    return WEIR_OK;
}

int ladder_add_segment(struct ladder *l, const struct trace_segment *segment)
{
    if (l->finished || l->info.vantage == LADDER_AT_BOTH) {
        return WEIR_EINVAL;
    }
    struct ladder_segment *s = add_segment(l, segment);
    if (s == NULL) {
        return WEIR_ENOBUFS;
    }
    s->sent = s->arrived = (struct ladder_time){(int64_t)segment->time, LADDER_UNKNOWN};
    return WEIR_OK;
}

int ladder_add_state(struct ladder *l, weir_time time, enum trace_side side,
                     enum weir_tcp_state from, enum weir_tcp_state to)
{
    if (l->finished || from >= WEIR_TCP_STATE_COUNT || to >= WEIR_TCP_STATE_COUNT) {
        return WEIR_EINVAL;
    }
    struct told_state *told = APPEND(l, told, told_count, told_room);
    if (told == NULL) {
        return WEIR_ENOBUFS;
    }
    *told = (struct told_state){.time = time,
                                .side = (uint8_t)side,
                                .from = (uint8_t)from,
                                .to = (uint8_t)to,
                                .order = (uint32_t)l->told_count};
    return WEIR_OK;
}

int ladder_add_cause(struct ladder *l, weir_time time, enum trace_side side,
                     enum ladder_cause cause)
{
    if (l->finished || cause >= LADDER_CAUSE_COUNT) {
        return WEIR_EINVAL;
    }
    struct told_cause *told = APPEND(l, causes, cause_count, cause_room);
    if (told == NULL) {
        return WEIR_ENOBUFS;
    }
    *told = (struct told_cause){.time = time, .side = (uint8_t)side, .cause = (uint8_t)cause};
    return WEIR_OK;
}

int ladder_add_record(struct ladder *l, enum trace_side side, const struct weir_record *record)
{
    static const uint8_t causes[WEIR_TIMER_COUNT] = {
        [WEIR_TIMER_RTO] = LADDER_CAUSE_RTO,
        [WEIR_TIMER_DELAYED_ACK] = LADDER_CAUSE_DELAYED_ACK,
        [WEIR_TIMER_PERSIST] = LADDER_CAUSE_ZERO_WINDOW,
        [WEIR_TIMER_KEEPALIVE] = LADDER_CAUSE_KEEPALIVE,
        [WEIR_TIMER_TIME_WAIT] = LADDER_CAUSE_TIME_WAIT,
        [WEIR_TIMER_SYN_ACK] = LADDER_CAUSE_RTO,
        [WEIR_TIMER_PROBE] = LADDER_CAUSE_TLP,
    };

    if (record->type == WEIR_RECORD_STATE) {
        return ladder_add_state(l, record->time, side, record->u.state.from, record->u.state.to);
    }
    if (record->type == WEIR_RECORD_TIMER && record->u.timer.timer < WEIR_TIMER_COUNT &&
        causes[record->u.timer.timer] != LADDER_CAUSE_NONE) {
        return ladder_add_cause(l, record->time, side, causes[record->u.timer.timer]);
    }
    return WEIR_OK;
}

/* ---- Finishing ---------------------------------------------------------------------------------------- */

/* Does segment `s` say where the numbers of the other side begin? */
static bool tells_peer_isn(const struct ladder_segment *s)
{
    uint16_t mask = WEIR_TCP_SYN | WEIR_TCP_ACK | WEIR_TCP_RST;

    return (s->wire.flags & mask) == (WEIR_TCP_SYN | WEIR_TCP_ACK);
}

static void find_numbers(struct ladder *l, enum trace_side side)
{
    struct ladder_side_info *info = &l->info.side[side];
    bool first = true, guessed = false;

    for (size_t i = 0; i < l->segment_count; i++) {
        const struct ladder_segment *s = &l->segments[i];
        bool own = s->wire.side == side;
        if ((s->wire.flags & WEIR_TCP_RST) != 0) {
            continue;
        }
        if (own ? (s->wire.flags & WEIR_TCP_SYN) != 0 : tells_peer_isn(s)) {
            info->isn = own ? s->wire.seq : s->wire.ack - 1;
            info->isn_known = info->numbered = true;
            return;
        }
        if (own && first) {
            info->isn = s->wire.seq - 1;
            info->numbered = true;
            first = false;
        } else if (!own && first && !guessed && (s->wire.flags & WEIR_TCP_ACK) != 0) {
            info->isn = s->wire.ack - 1;
            info->numbered = guessed = true;
        }
    }
}

static enum ladder_end find_end(const struct ladder *l)
{
    bool refused = false, over = false, reset = false, answered = false;

    for (size_t i = 0; i < l->segment_count; i++) {
        const struct ladder_segment *s = &l->segments[i];
        refused = refused || (s->facts & LADDER_FACT_REFUSED) != 0;
        over = over || (s->facts & LADDER_FACT_LAST_ACK) != 0;
        reset = reset || s->class == LADDER_RST;
        answered = answered || s->wire.side == LADDER_SERVER || (s->wire.flags & WEIR_TCP_SYN) == 0;
    }
    if (refused) {
        return LADDER_END_REFUSED;
    }
    if (over) {
        return LADDER_END_FIN;
    }
    if (reset) {
        return LADDER_END_RST;
    }
    return answered || l->segment_count == 0 ? LADDER_END_OPEN : LADDER_END_TIMEOUT;
}

static void fill_info(struct ladder *l)
{
    for (size_t i = 0; i < l->segment_count; i++) {
        const struct ladder_segment *s = &l->segments[i];
        l->info.side[s->wire.side].segments++;
        l->info.handshake = l->info.handshake || (s->wire.flags & WEIR_TCP_SYN) != 0;
    }
    for (int side = 0; side < 2; side++) {
        find_numbers(l, (enum trace_side)side);
    }
    l->info.one_way = l->info.vantage != LADDER_AT_BOTH && l->segment_count > 1 &&
                      (l->info.side[0].segments == 0 || l->info.side[1].segments == 0) &&
                      find_end(l) != LADDER_END_TIMEOUT;
    l->info.end = find_end(l);
}

int ladder_finish(struct ladder *l)
{
    if (l->finished) {
        return WEIR_EINVAL;
    }
    l->finished = true;
    int result = times_order(l);
    if (result != WEIR_OK) {
        return result;
    }
    result = verdict_judge(l);
    fill_info(l);
    if (result != WEIR_OK) {
        return result;
    }
    times_estimate(l);
    result = verdict_causes(l);
    if (result != WEIR_OK) {
        return result;
    }
    result = states_fill(l);
    if (result != WEIR_OK) {
        return result;
    }
    result = rows_build(l);
    return result != WEIR_OK ? result : findings_fill(l);
}

/* ---- Out -------------------------------------------------------------------------------------------- */

const struct ladder_info *ladder_info(const struct ladder *l)
{
    return &l->info;
}

const struct ladder_row *ladder_rows(const struct ladder *l, size_t *count)
{
    *count = l->row_count;
    return l->rows;
}

const struct ladder_segment *ladder_segments(const struct ladder *l, size_t *count)
{
    *count = l->segment_count;
    return l->segments;
}

const struct ladder_change *ladder_changes(const struct ladder *l, size_t *count)
{
    *count = l->change_count;
    return l->changes;
}

const struct finding *ladder_findings(const struct ladder *l, size_t *count)
{
    *count = l->finding_count;
    return l->findings;
}

const char *ladder_class_name(enum ladder_class class, enum ladder_cause cause)
{
    static const char *const names[] = {
        [LADDER_SYN] = "syn",
        [LADDER_SYN_ACK] = "synack",
        [LADDER_DATA] = "data",
        [LADDER_ACK] = "ack",
        [LADDER_FIN] = "fin",
        [LADDER_RST] = "rst",
        [LADDER_DUP_ACK] = "dup_ack",
        [LADDER_WINDOW_UPDATE] = "window_update",
        [LADDER_ZERO_WINDOW_PROBE] = "zero_window_probe",
        [LADDER_KEEPALIVE] = "keepalive",
        [LADDER_SYN_RETX] = "syn_retx",
        [LADDER_RETX] = "retx_unknown",
        [LADDER_REORDERED] = "reordered",
        [LADDER_LATE] = "undetermined",
        [LADDER_NET_DUPLICATE] = "net_duplicate",
        [LADDER_CHALLENGE_ACK] = "challenge_ack",
    };
    _Static_assert(ARRAY_SIZE(names) == LADDER_CLASS_COUNT, "a name for every class");

    if (class != LADDER_RETX) {
        return names[class];
    }
    switch (cause) {
    case LADDER_CAUSE_RTO: return "retx_rto";
    case LADDER_CAUSE_TLP: return "retx_tlp";
    case LADDER_CAUSE_FAST: return "retx_fast";
    case LADDER_CAUSE_RACK: return "retx_rack";
    default: return names[class];
    }
}

const char *ladder_end_name(enum ladder_end end)
{
    static const char *const names[] = {
        [LADDER_END_OPEN] = "open",       [LADDER_END_FIN] = "fin",
        [LADDER_END_RST] = "rst",         [LADDER_END_REFUSED] = "refused",
        [LADDER_END_TIMEOUT] = "timeout",
    };

    return names[end];
}
