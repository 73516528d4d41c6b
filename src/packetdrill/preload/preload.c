/*
 * preload.c - libweir_packetdrill_preload.so: packetdrill makes a few calls of libc itself that the table of
 * libweir_packetdrill.so has no slot for, or that it does not use the slot for: getsockopt (for its %{ }%
 * blocks), close at the end, sendfile. Here they are turned to the table when the descriptor is one of the
 * stack's. Also: mlockall succeeds without doing anything (virtual time needs no locked memory, and locking
 * needs privileges), and with AddressSanitizer dlopen forgets RTLD_DEEPBIND, which that refuses.
 */
#include <dlfcn.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "packetdrill/preload/preload.h"

#define EXPORT __attribute__((visibility("default")))
#define PIECE 65536

static struct packetdrill_table *table;
static bool (*table_owns)(void *u, int fd);

EXPORT void weir_packetdrill_attach(struct packetdrill_table *t, bool (*owns)(void *u, int fd))
{
    table = t;
    table_owns = owns;
}

static bool ours(int fd)
{
    return table && table_owns(table->userdata, fd);
}

/* libc's function of that name, behind this one. */
static void *behind(const char *name)
{
    void *symbol = dlsym(RTLD_NEXT, name);

    if (!symbol) {
        _exit(127);
    }
    return symbol;
}

EXPORT int getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict size)
{
    int (*next)(int, int, int, void *, socklen_t *);

    if (ours(fd)) {
        return table->getsockopt(table->userdata, fd, level, name, value, size);
    }
    *(void **)&next = behind("getsockopt");
    return next(fd, level, name, value, size);
}

EXPORT int close(int fd)
{
    int (*next)(int);

    if (ours(fd)) {
        return table->close(table->userdata, fd);
    }
    *(void **)&next = behind("close");
    return next(fd);
}

/* From a file of the system into a socket of the stack. */
static ssize_t send_file(int out, int in, off_t *at, size_t size)
{
    static char piece[PIECE];
    size_t total = 0;

    while (total < size) {
        size_t wanted = size - total < PIECE ? size - total : PIECE;
        ssize_t got = at ? pread(in, piece, wanted, *at) : read(in, piece, wanted);
        ssize_t sent = got > 0 ? table->write(table->userdata, out, piece, (size_t)got) : got;

        if (sent <= 0) {
            return total ? (ssize_t)total : sent;
        }
        total += (size_t)sent;
        if (at) {
            *at += sent;
        }
        if (sent < got) {
            if (!at) {
                (void)lseek(in, sent - got, SEEK_CUR);
            }
            break;
        }
    }
    return (ssize_t)total;
}

EXPORT ssize_t sendfile(int out, int in, off_t *at, size_t size)
{
    ssize_t (*next)(int, int, off_t *, size_t);

    if (ours(out)) {
        return send_file(out, in, at, size);
    }
    *(void **)&next = behind("sendfile");
    return next(out, in, at, size);
}

EXPORT int mlockall(int flags)
{
    (void)flags;
    return 0;
}

EXPORT void *dlopen(const char *path, int flags)
{
    void *(*next)(const char *, int);

    *(void **)&next = behind("dlopen");
    if (dlsym(RTLD_DEFAULT, "__asan_init")) {
        flags &= ~RTLD_DEEPBIND;
    }
    return next(path, flags);
}
