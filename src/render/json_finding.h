/*
 * json_finding.h - what was found, as JSON Lines beside those of json.h.
 *
 *   {"v":1,"e":"finding","conn":1,"id":"NAGLE_DELACK","sev":"warn","confidence":0.95,"side":"client","t0":0.000796,
 *    "t1":0.224293,"cost":0.223092,"occurrences":5,"segs":[10,11,12],"frames":[10,11,12],"en":"...","zh":"...",
 *    "evidence":"..."}
 *   {"v":1,"e":"verdict","conn":1,"id":"NAGLE_DELACK","en":"...","zh":"..."}
 *   {"v":1,"e":"account","conn":1,"total":0.2245,"handshake":0.000018,"data":0.0002,"rto":0.0,...}
 *
 * Times are seconds since the connection's first segment.
 */
#ifndef RENDER_JSON_FINDING_H
#define RENDER_JSON_FINDING_H

#include <stdio.h>

#include "render/findings.h"

/* Each returns WEIR_OK or WEIR_ENOBUFS. */
int json_finding(FILE *out, uint32_t conn, const struct finding *finding, weir_time origin);

/* A connection without its segments: connection, verdict, findings, account, end. */
int json_outcome(FILE *out, uint32_t conn, const struct weir_endpoint end[2],
                 const struct outcome *outcome);

#endif
