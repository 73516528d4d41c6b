/* child.c - see child.h. */
#include "cli/child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "cli/cli.h"

#define EXIT_CANNOT_RUN 126 /* as shells have it */
#define EXIT_NOT_FOUND 127
#define EXIT_SIGNAL 128
#define PROCESSES_MAX 1024

/* ---- Running -------------------------------------------------------------------------------------------- */

static void become(char **argv, const sigset_t *mask, int pipe_fd)
{
    sigprocmask(SIG_SETMASK, mask, NULL);
    signal(SIGPIPE, SIG_DFL);
    execvp(argv[0], argv);
    int error = errno;
    ssize_t written = write(pipe_fd, &error, sizeof(error));
    (void)written;
    _exit(EXIT_CANNOT_RUN);
}

int child_start(struct child *child, char **argv, const sigset_t *mask)
{
    int fds[2], error = 0;

    *child = (struct child){.pid = -1};
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (pipe2(fds, O_CLOEXEC) != 0) {
        return cli_error(CLI_SYSTEM, "cannot run it (%s): %s", strerror(errno), argv[0]);
    }
    child->pid = fork();
    if (child->pid == 0) {
        become(argv, mask, fds[1]);
    }
    if (child->pid < 0) {
        error = errno;
    }
    close(fds[1]);
    if (child->pid > 0 && read(fds[0], &error, sizeof(error)) <= 0) {
        error = 0; /* closed by exec: it runs */
    }
    close(fds[0]);
    if (error == 0) {
        return CLI_OK;
    }
    if (child->pid > 0) {
        waitpid(child->pid, NULL, 0);
    }
    child->ended = true;
    bool missing = error == ENOENT;
    return missing ? cli_error(EXIT_NOT_FOUND, "no such command: %s", argv[0])
                   : cli_error(child->pid < 0 ? CLI_SYSTEM : EXIT_CANNOT_RUN,
                               "cannot run it (%s): %s", strerror(error), argv[0]);
}

void child_reap(struct child *child)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == child->pid) {
            child->ended = true;
            child->code =
                WIFSIGNALED(status) ? EXIT_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
        }
    }
}

/* ---- Descendants ---------------------------------------------------------------------------------------- */

struct family {
    pid_t pid[PROCESSES_MAX];
    size_t count;
};

/* The children of one thread, as the kernel lists them. False: this kernel does not. */
static bool add_children_of(struct family *f, pid_t process, const char *thread)
{
    char path[64];
    intmax_t pid;

    snprintf(path, sizeof(path), "/proc/%jd/task/%.20s/children", (intmax_t)process, thread);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    while (f->count < PROCESSES_MAX && fscanf(file, "%jd", &pid) == 1) {
        f->pid[f->count++] = (pid_t)pid;
    }
    fclose(file);
    return true;
}

static void add_children(struct family *f, pid_t process)
{
    char path[64];
    struct dirent *entry;

    snprintf(path, sizeof(path), "/proc/%jd/task", (intmax_t)process);
    DIR *threads = opendir(path);
    while (threads != NULL && (entry = readdir(threads)) != NULL) {
        if (entry->d_name[0] != '.') {
            add_children_of(f, process, entry->d_name);
        }
    }
    if (threads != NULL) {
        closedir(threads);
    }
}

static void find_family(struct family *f)
{
    f->count = 0;
    add_children(f, getpid());
    for (size_t i = 0; i < f->count; i++) { /* the list grows as it is read */
        add_children(f, f->pid[i]);
    }
}

static bool process_has(pid_t process, unsigned long inode)
{
    char path[64], wanted[64], target[64];
    struct dirent *entry;
    bool found = false;

    snprintf(path, sizeof(path), "/proc/%jd/fd", (intmax_t)process);
    snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
    DIR *descriptors = opendir(path);
    while (descriptors != NULL && !found && (entry = readdir(descriptors)) != NULL) {
        ssize_t size = readlinkat(dirfd(descriptors), entry->d_name, target, sizeof(target) - 1);
        if (size > 0) {
            target[size] = '\0';
            found = strcmp(target, wanted) == 0;
        }
    }
    if (descriptors != NULL) {
        closedir(descriptors);
    }
    return found;
}

static bool family_has(const struct family *f, unsigned long inode)
{
    for (size_t i = 0; i < f->count; i++) {
        if (process_has(f->pid[i], inode)) {
            return true;
        }
    }
    return false;
}

/* ---- Sockets -------------------------------------------------------------------------------------------- */

/* "0100007F:1F90": words of the address in the machine's byte order, IPv4 in IPv6 as ::ffff:a.b.c.d. */
static bool parse_endpoint(const char *text, struct weir_endpoint *end)
{
    const char *colon = strchr(text, ':');
    size_t digits = colon != NULL ? (size_t)(colon - text) : 0;
    uint8_t bytes[16] = {0};
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    if (digits != 8 && digits != 32) {
        return false;
    }
    for (size_t i = 0; i < digits / 8; i++) {
        char word[9];
        memcpy(word, text + i * 8, 8);
        word[8] = '\0';
        uint32_t value = (uint32_t)strtoul(word, NULL, 16);
        memcpy(bytes + i * 4, &value, sizeof(value));
    }
    bool four = digits == 8 || memcmp(bytes, mapped, sizeof(mapped)) == 0;
    *end = (struct weir_endpoint){.port = (uint16_t)strtoul(colon + 1, NULL, 16)};
    end->ip.family = four ? 4 : 6;
    memcpy(end->ip.bytes, four && digits == 32 ? bytes + 12 : bytes, four ? 4 : 16);
    return true;
}

static bool is_any(const struct weir_endpoint *end)
{
    for (size_t i = 0; i < sizeof(end->ip.bytes); i++) {
        if (end->ip.bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

static bool same(const struct weir_endpoint *a, const struct weir_endpoint *b)
{
    return a->port == b->port && a->ip.family == b->ip.family &&
           memcmp(a->ip.bytes, b->ip.bytes, a->ip.family == 4 ? 4 : 16) == 0;
}

struct lookup {
    const struct weir_endpoint *end[2];
    unsigned long inode[2]; /* by local end; 0: none */
    unsigned long listener[2];
};

#define STATE_LISTEN 10

static void look_at_line(struct lookup *l, const char *local_text, const char *remote_text,
                         unsigned state, unsigned long inode)
{
    struct weir_endpoint local, remote;

    if (inode == 0 || !parse_endpoint(local_text, &local) ||
        !parse_endpoint(remote_text, &remote)) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        if (state != STATE_LISTEN) {
            l->inode[i] =
                same(&local, l->end[i]) && same(&remote, l->end[1 - i]) ? inode : l->inode[i];
        } else if (local.port == l->end[i]->port && (is_any(&local) || same(&local, l->end[i]))) {
            l->listener[i] = inode;
        }
    }
}

static void look_up(struct lookup *l, const char *path)
{
    char line[512], local[64], remote[64];
    unsigned state;
    unsigned long inode;
    FILE *file = fopen(path, "re");

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (sscanf(line, " %*d: %63s %63s %x %*s %*s %*s %*s %*s %lu", local, remote, &state,
                   &inode) == 4) {
            look_at_line(l, local, remote, state, inode);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
}

static struct lookup look_up_both(const struct weir_endpoint end[2])
{
    struct lookup l = {.end = {&end[0], &end[1]}};

    look_up(&l, "/proc/self/net/tcp");
    look_up(&l, "/proc/self/net/tcp6");
    return l;
}

enum child_owner child_owner(const struct weir_endpoint end[2], const bool local[2])
{
    struct lookup l = look_up_both(end);
    struct family family;
    bool foreign = true;

    find_family(&family);
    for (int i = 0; i < 2; i++) {
        unsigned long inode = l.inode[i] != 0 ? l.inode[i] : l.listener[i];
        if (inode != 0 && family_has(&family, inode)) {
            return CHILD_OWN;
        }
    }
    /* Somebody else's, if it is still open: else it may have been closed between the two looks. A listener's
     * new connection is nobody's until it is accepted. */
    struct lookup again = look_up_both(end);
    for (int i = 0; i < 2; i++) {
        bool still = l.inode[i] != 0 && again.inode[i] == l.inode[i];
        foreign = foreign && (!local[i] || still);
    }
    return foreign && (local[0] || local[1]) ? CHILD_FOREIGN : CHILD_UNKNOWN;
}
