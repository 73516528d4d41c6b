/*
 * child.h - a command that weir runs, and which TCP sockets belong to it or to what it started.
 *
 * Its descendants are found through /proc; weir adopts those whose parents have gone, so that they stay
 * among its own. A socket's owner can be seen only while the socket is open.
 */
#ifndef CLI_CHILD_H
#define CLI_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include <weir/types.h>

struct child {
    pid_t pid;
    bool ended;
    int code; /* its exit code, or 128 and the signal that ended it */
};

/* Runs argv[0] with the signal mask `mask`. CLI_OK; 126 or 127, of which a line has been printed; CLI_SYSTEM. */
int child_start(struct child *child, char **argv, const sigset_t *mask);

/* Collects what has ended. */
void child_reap(struct child *child);

enum child_owner {
    CHILD_UNKNOWN = 0, /* nobody's: not open yet, or no more */
    CHILD_FOREIGN,
    CHILD_OWN
};

/* Whose is the connection between these endpoints? `local`: which of them are this machine's. */
enum child_owner child_owner(const struct weir_endpoint end[2], const bool local[2]);

#endif
