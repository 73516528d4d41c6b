/*
 * json_live.h - what only a live ladder says, as JSON Lines like json.h's:
 *
 *   {"v":1,"e":"lesson","conn":1,"t":0.125319,"what":"lost","n":16,"by":50,"side":"client","seq":[15929,17377],
 *    "evidence":"sack","proven":false}
 *   {"v":1,"e":"drops","packets":37,"total":37}          the kernel dropped packets
 *   {"v":1,"e":"omitted","segments":3512,"data":3000,"acks":500,"others":12,"span":1.0}
 *   {"v":1,"e":"summary","packets":1000,"tcp":990,"conns":3,"drops":0,"interface_drops":0,"duration":4.2}
 */
#ifndef RENDER_JSON_LIVE_H
#define RENDER_JSON_LIVE_H

#include <stdio.h>

#include "render/label.h"
#include "render/text_live.h"

/* All return WEIR_OK or WEIR_ENOBUFS. */
int json_lesson(FILE *out, const struct ladder *ladder, enum seq_mode seq,
                const struct lesson *lesson);
int json_drops(FILE *out, uint64_t packets, uint64_t total);
int json_omitted(FILE *out, const struct text_live_omitted *omitted);

struct json_live_summary {
    uint64_t packets, tcp, conversations, drops, interface_drops;
    double duration_s;
};
int json_summary(FILE *out, const struct json_live_summary *summary);

#endif
