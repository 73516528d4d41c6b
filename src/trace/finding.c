/* finding.c - the names of findings, from the one list in finding.h. */
#include "trace/finding.h"

const char *finding_name(enum finding_id id)
{
    static const char *const names[] = {
#define FINDING_NAME(id, severity) #id,
        FINDINGS(FINDING_NAME)
#undef FINDING_NAME
    };

    return names[id];
}

const char *finding_severity_name(enum finding_severity severity)
{
    static const char *const names[] = {"info", "warn", "error"};

    return names[severity];
}
