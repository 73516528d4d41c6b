/*
 * json_internals.h - what a stack did inside, as JSON Lines beside those of json.h.
 *
 *   {"v":1,"e":"metric","conn":1,"t":0.1,"side":"client","n":14,"cwnd":16060,"cwnd_before":14600,"ssthresh":null,
 *    "inflight":13032,"reason":"slow-start","rtt":0.04,"srtt":0.04,"rto":0.24,"source":"stack"}
 *   {"v":1,"e":"internal","conn":1,"t":0.4,"side":"client","n":null,"kind":"timer","timer":"rto","count":1,"next":0.5}
 *   {"v":1,"e":"internal",...,"kind":"lost","first":5,"last":17,"segments":13,"seq":2449,"bytes":18824,"reason":"rto"}
 *   {"v":1,"e":"internal",...,"kind":"drop","reason":"duplicate-data"}
 *   {"v":1,"e":"internal",...,"kind":"limit","before":"app","limit":"cwnd"}
 *
 * `n` is the segment that caused it; null: none did. Keys without a value there and then are left out.
 */
#ifndef RENDER_JSON_INTERNALS_H
#define RENDER_JSON_INTERNALS_H

#include <stdio.h>

#include "render/label.h"
#include "trace/internals.h"

/* WEIR_OK or WEIR_ENOBUFS. Both are finished. */
int json_internals(FILE *out, const struct ladder *ladder, const struct internals *internals,
                   enum seq_mode seq);

/* One note. */
int json_note(FILE *out, const struct ladder *ladder, const struct ladder_note *note,
              enum seq_mode seq);

#endif
