/* table_find.c - a finder beside each judge of a table, and what stays of it when the conversation is settled. */
#include <stdlib.h>

#include "base/compiler.h"
#include "trace/table_private.h"

/* A connection that was closed properly and whose numbers are known: its ports are in TIME-WAIT. */
static void look_back(const struct entry *entry, struct finder_setup *setup)
{
    const struct entry *before = entry->before;

    if (before == NULL || !before->over || before->finder == NULL) {
        return;
    }
    setup->previous_end = before->told.last;
    finder_numbers(before->finder, LADDER_CLIENT, &setup->previous_isn, &setup->previous_next);
}

void table_find_begin(const struct demux_entry *demux, struct entry *e)
{
    struct weir_endpoint end[2];
    struct finder_setup setup = {.vantage = (enum ladder_vantage)e->told.vantage};

    demux_endpoints(demux, end);
    setup.port = end[1 - e->client].port;
    look_back(e, &setup);
    e->finder = finder_new(&setup); /* without memory nothing is found, and all is counted */
}

/* In short, for lists. */
static void keep(struct entry *e)
{
    size_t count;
    const struct finding *list = finder_list(e->finder, &count);

    e->told.finding = calloc(count + 1, sizeof(*e->told.finding));
    if (e->told.finding == NULL) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        e->told.finding[i] = (struct conversation_finding){.id = (uint8_t)list[i].id,
                                                           .severity = (uint8_t)list[i].severity,
                                                           .confidence = list[i].confidence,
                                                           .side = (uint8_t)list[i].side,
                                                           .occurrences = list[i].occurrences,
                                                           .cost_ns = list[i].cost_ns};
    }
    e->told.findings = (uint16_t)count;
}

void table_find_end(const struct table *t, struct entry *e)
{
    finder_end(e->finder);
    if (t->search == TABLE_SEARCH) {
        keep(e);
    }
    finder_rest(e->finder);
}

int table_icmp(struct table *t, const struct trace_icmp *icmp)
{
    struct demux_key key;
    int result = table_flush(t);

    demux_key(&key, &icmp->src, &icmp->dst);
    struct demux_entry *d = demux_peek(t->demux, &key);
    if (d == NULL || t->search == TABLE_COUNT || result != WEIR_OK) {
        return result;
    }
    struct entry *e = demux_payload(d);
    unsigned from = key.swapped != ((d->flags & DEMUX_SWAPPED) != 0);
    if (e->phase == PHASE_WAITING && e->waiting != NULL) {
        result = table_decide(t, d, e);
    }
    if (result == WEIR_OK && e->phase == PHASE_JUDGED && e->finder != NULL) {
        enum trace_side side = (enum trace_side)(from ^ e->client);
        finder_icmp(e->finder, icmp->time, side, icmp->what, icmp->mtu);
    }
    return result;
}

const struct finding *table_findings(const struct table *t, size_t index, size_t *count,
                                     struct account *account, struct finder_totals *totals)
{
    struct entry *e = demux_payload(demux_at(t->demux, index));

    *count = 0;
    if (e->finder == NULL) {
        return NULL;
    }
    finder_account(e->finder, account);
    finder_totals(e->finder, totals);
    for (int side = 0; side < 2; side++) {
        totals->bytes[side] = e->told.bytes[side];
    }
    return finder_list(e->finder, count);
}
