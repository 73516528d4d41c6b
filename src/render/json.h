/*
 * json.h - a ladder as JSON Lines: one event per line, stable keys.
 *
 *   {"v":1,"e":"connection","conn":1,"start":1700000000.5,"client":"10.0.0.1:40000",...}
 *   {"v":1,"e":"segment","conn":1,"n":5,"t":0.181497,"t_tx":0.161205,"t_rx":0.181497,...}
 *   {"v":1,"e":"state","conn":1,"t":0.281834,"side":"client","old":"ESTABLISHED","new":"FIN-WAIT-1",...}
 *   {"v":1,"e":"loss","conn":1,"n":16,"t":0.125319,"proven":false,"proof":"sack","repaired_by":50,...}
 *   {"v":1,"e":"metric","conn":1,"n":14,"t":0.083243,"side":"client","srtt":0.0407,"rto":0.2407,...}
 *   {"v":1,"e":"finding","conn":1,"id":"FAST_RETX","sev":"warn",...}
 *   {"v":1,"e":"end","conn":1,"how":"fin","segments":10,"bytes":[20,10]}
 *
 * docs/ladder.schema.json is the schema; a test holds the two together.
 * Times are seconds since the connection's first segment. A time that is not known is null; "estimated"
 * names the one that was estimated.
 */
#ifndef RENDER_JSON_H
#define RENDER_JSON_H

#include <stdio.h>

#include "render/label.h"

/* WEIR_OK or WEIR_ENOBUFS. The ladder is finished. */
int json_ladder(FILE *out, const struct ladder *ladder, enum seq_mode seq);

/* The same events one by one, for a ladder that grows (stream.h); what an event says about earlier ones is
 * remembered in between. The calls return WEIR_OK or WEIR_ENOBUFS. */
struct json_rows;
struct json_rows *json_rows_new(FILE *out, enum seq_mode seq); /* NULL: no memory */
void json_rows_del(struct json_rows *rows);                    /* NULL is allowed */
int json_rows_begin(struct json_rows *rows, const struct ladder *ladder);
/* A row's segment or change of state; other rows say nothing. */
int json_rows_take(struct json_rows *rows, const struct ladder *ladder,
                   const struct ladder_row *row);
int json_rows_end(struct json_rows *rows, const struct ladder *ladder);

#endif
