/*
 * nc_pump.c - standard input to the connection, the connection to standard output.
 *
 * Neither may stop the loop: a stack that sleeps in a write acknowledges nothing. Standard input is read
 * only when there is something, and not while the send buffer is full. Standard output is asked first; a
 * pipe or a terminal is opened a second time for writing without blocking (the first description belongs
 * to others as well, so it stays as it is), and where that is not allowed it gets no more than fits.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/compiler.h"
#include "cli/nc.h"

#define BUFFER_SIZE ((size_t)256 * 1024)
#define SLICES 16
#define OUTPUT_ROUNDS 8 /* writes in a turn */

/* ---- Input --------------------------------------------------------------------------------------------- */

static void end_input(struct pump *p)
{
    loop_unwatch(p->loop, STDIN_FILENO);
    p->input_over = true;
    weir_tcp_shutdown(p->stack, p->conn); /* an error here is told by receiving as well */
}

static void send_pending(struct pump *p)
{
    while (p->start < p->end) {
        int64_t sent = weir_tcp_send(p->stack, p->conn, p->buffer + p->start, p->end - p->start);
        if (sent <= 0) { /* full, or over: then receiving tells how */
            break;
        }
        p->start += (size_t)sent;
    }
    loop_watch_events(p->loop, STDIN_FILENO, p->start < p->end ? 0 : POLLIN);
}

static void on_input(void *ctx, int fd, short revents, weir_time now)
{
    struct pump *p = ctx;
    ssize_t n = read(fd, p->buffer, BUFFER_SIZE);

    (void)revents;
    (void)now;
    if (n > 0) {
        p->start = 0;
        p->end = (size_t)n;
        send_pending(p);
    } else if (n == 0) {
        end_input(p);
    } else if (errno != EINTR && errno != EAGAIN) {
        p->exit = cli_error(CLI_SYSTEM, "cannot read (%s): standard input", strerror(errno));
    }
}

/* ---- Output -------------------------------------------------------------------------------------------- */

static void on_output(void *ctx, int fd, short revents, weir_time now)
{
    struct pump *p = ctx;

    (void)revents;
    (void)now;
    p->output_blocked = false;
    loop_watch_events(p->loop, fd, 0);
}

static void block_output(struct pump *p)
{
    p->output_blocked = true;
    if (loop_watch(p->loop, p->output, POLLOUT, on_output, p) != WEIR_OK) {
        p->output_blocked = false;
    }
}

/* At most `most` bytes of the slices as iovecs. */
static int fill_iov(struct iovec iov[SLICES], const struct weir_slice *slices, int n, size_t most)
{
    int count = 0;

    for (; count < n && most > 0; count++) {
        size_t size = MIN(slices[count].size, most);
        iov[count] = (struct iovec){(void *)(uintptr_t)slices[count].data, size};
        most -= size;
    }
    return count;
}

static bool output_ready(const struct pump *p)
{
    struct pollfd poll_fd = {.fd = p->output, .events = POLLOUT};

    return p->own_output || poll(&poll_fd, 1, 0) != 0;
}

/* Writes some of what has arrived; false: nothing more can be done now. */
static bool write_some(struct pump *p)
{
    struct weir_slice slices[SLICES];
    struct iovec iov[SLICES];

    int n = weir_tcp_peek(p->stack, p->conn, slices, SLICES);
    if (n <= 0) {
        p->output_over = n == 0;
        p->error = n < 0 && n != WEIR_EAGAIN ? n : 0;
        return false;
    }
    if (!output_ready(p)) {
        block_output(p);
        return false;
    }
    ssize_t done = writev(p->output, iov, fill_iov(iov, slices, n, p->output_most));
    if (done >= 0) {
        weir_tcp_consume(p->stack, p->conn, (size_t)done);
        return true;
    }
    if (errno == EAGAIN) {
        block_output(p);
    } else if (errno != EINTR) {
        p->exit = cli_error(CLI_SYSTEM, "cannot write (%s): standard output", strerror(errno));
    }
    return false;
}

bool pump_run(struct pump *p)
{
    bool more = !p->output_blocked && !p->output_over && p->exit == 0;

    if (p->start < p->end) {
        send_pending(p);
    }
    for (int i = 0; more && i < OUTPUT_ROUNDS; i++) {
        more = write_some(p);
    }
    if (p->output_over && !p->input_over && isatty(STDIN_FILENO) != 0) {
        end_input(p); /* somebody sits there and can only wait */
    }
    return more;
}

/* ---- Begin and end ------------------------------------------------------------------------------------- */

static void open_output(struct pump *p)
{
    struct stat status;

    p->output = STDOUT_FILENO;
    p->output_most = SIZE_MAX;
    if (fstat(STDOUT_FILENO, &status) != 0 || S_ISREG(status.st_mode)) {
        return; /* files do not block */
    }
    int fd = -1;
    if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) {
        fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    }
    if (fd >= 0) {
        p->output = fd;
        p->own_output = true;
    } else {
        p->output_most = PIPE_BUF;
    }
}

int pump_start(struct pump *p, struct loop *loop, struct weir_stack *stack, weir_handle conn)
{
    *p = (struct pump){.loop = loop, .stack = stack, .conn = conn, .output = STDOUT_FILENO};
    p->buffer = malloc(BUFFER_SIZE);
    if (p->buffer == NULL) {
        return WEIR_ENOBUFS;
    }
    open_output(p);
    return loop_watch(loop, STDIN_FILENO, POLLIN, on_input, p);
}

void pump_stop(struct pump *p)
{
    if (p->loop == NULL) {
        return;
    }
    loop_unwatch(p->loop, STDIN_FILENO);
    loop_unwatch(p->loop, p->output);
    if (p->own_output) {
        close(p->output);
    }
    free(p->buffer);
    *p = (struct pump){.loop = NULL};
}
