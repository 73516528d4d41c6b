/* fail_on.h - --fail-on: which findings make a verb end with another exit code than 0. */
#ifndef CLI_FAIL_ON_H
#define CLI_FAIL_ON_H

#include <argp.h>
#include <stdbool.h>

#include "trace/finding.h"

struct fail_on {
    bool at_all;                 /* --fail-on was given a severity */
    enum finding_severity level; /* then: from this one on */
    bool id[FINDING_COUNT];
};

/* One option, --fail-on; its input is a struct fail_on of zeros. */
extern const struct argp fail_on_argp;

/* CLI_OK, CLI_FINDINGS, or CLI_ERRORS when an error is among what matches. */
int fail_on_judge(const struct fail_on *f, const struct finding *findings, size_t count);

#endif
