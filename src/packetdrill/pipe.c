/* pipe.c - pipe and splice: a pipe is a buffer of 64 KiB with two descriptors, and no waiting. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "packetdrill/adapter.h"

#define ROOM 65536u

struct pipe_buffer {
    uint8_t data[ROOM];
    size_t size; /* from data */
    unsigned readers, writers;
};

unsigned pipe_poll(const struct file *f)
{
    const struct pipe_buffer *p = f->pipe;

    if (f->write_end) {
        return (p->size < ROOM ? POLLOUT : 0u) | (p->readers ? 0u : POLLERR);
    }
    return (p->size ? POLLIN : 0u) | (p->writers ? 0u : POLLHUP);
}

void pipe_close(struct adapter *a, struct file *f)
{
    struct pipe_buffer *p = f->pipe;

    if (f->write_end) {
        p->writers--;
    } else {
        p->readers--;
    }
    for (struct file *other = a->files; other; other = other->next) {
        if (other != f && other->pipe == p) {
            polls_signal(a, other, 0);
        }
    }
    if (p->readers + p->writers == 0) {
        free(p);
    }
}

static void skip(struct pipe_buffer *p, size_t size)
{
    p->size -= size;
    memmove(p->data, p->data + size, p->size);
}

int64_t pipe_read(struct adapter *a, struct file *f, void *data, size_t size)
{
    struct pipe_buffer *p = f->pipe;

    if (f->write_end) {
        return -EBADF;
    }
    if (p->size == 0) {
        return p->writers ? -EAGAIN : 0;
    }
    size = size < p->size ? size : p->size;
    memcpy(data, p->data, size);
    skip(p, size);
    a->news = true;
    return (int64_t)size;
}

int64_t pipe_write(struct adapter *a, struct file *f, const void *data, size_t size)
{
    struct pipe_buffer *p = f->pipe;
    size_t room = ROOM - p->size;

    if (!f->write_end) {
        return -EBADF;
    }
    if (!p->readers) {
        return -EPIPE;
    }
    if (room == 0) {
        return -EAGAIN;
    }
    size = size < room ? size : room;
    memcpy(p->data + p->size, data, size);
    p->size += size;
    a->news = true;
    return (int64_t)size;
}

int slot_pipe(void *u, int fds[2])
{
    struct adapter *a = u;
    struct pipe_buffer *p;
    struct file *ends[2];

    adapter_enter(a);
    p = calloc(1, sizeof(*p));
    ends[0] = p ? file_new(a, FILE_PIPE) : NULL;
    ends[1] = ends[0] ? file_new(a, FILE_PIPE) : NULL;
    if (!ends[1]) {
        if (ends[0]) {
            file_del(a, ends[0]);
        }
        free(p);
        return (int)adapter_leave(a, -ENOMEM);
    }
    p->readers = p->writers = 1;
    ends[1]->write_end = true;
    for (int i = 0; i < 2; i++) {
        ends[i]->pipe = p;
        fds[i] = ends[i]->fd;
    }
    return (int)adapter_leave(a, 0);
}

/* ---- splice ------------------------------------------------------------------------------------------- */

static int64_t from_socket(struct adapter *a, struct file *in, struct pipe_buffer *p, size_t size)
{
    struct weir_sock_slice slice = {.data = p->data + p->size, .size = ROOM - p->size};
    struct weir_sock_message m = {.slices = &slice, .slice_count = 1};
    int64_t done;

    slice.size = slice.size < size ? slice.size : size;
    done = slice.size ? adapter_receive(a, in->fd, &m, 0) : -EAGAIN;
    p->size += done > 0 ? (size_t)done : 0;
    return done;
}

static int64_t to_socket(struct adapter *a, struct pipe_buffer *p, struct file *out, size_t size)
{
    struct weir_sock_slice slice = {.data = p->data, .size = size < p->size ? size : p->size};
    struct weir_sock_message m = {.slices = &slice, .slice_count = 1};
    int64_t done;

    if (slice.size == 0) {
        return p->writers ? -EAGAIN : 0;
    }
    done = adapter_send(a, out->fd, &m, 0);
    if (done > 0) {
        skip(p, (size_t)done);
    }
    return done;
}

/* One of the two must be a pipe. The offsets stand for NULL: packetdrill has no way to say it. */
int slot_splice(void *u, int in_fd, loff_t *in_at, int out_fd, loff_t *out_at, size_t size,
                unsigned flags)
{
    struct adapter *a = u;
    struct file *in, *out;
    int64_t done = -EINVAL;

    (void)in_at;
    (void)out_at;
    (void)flags;
    adapter_enter(a);
    in = file_find(a, in_fd);
    out = file_find(a, out_fd);
    if (!in || !out) {
        done = -EBADF;
    } else if (in->kind == FILE_SOCKET && out->kind == FILE_PIPE && out->write_end) {
        done = from_socket(a, in, out->pipe, size);
    } else if (in->kind == FILE_PIPE && !in->write_end && out->kind == FILE_SOCKET) {
        done = to_socket(a, in->pipe, out, size);
    }
    return (int)adapter_leave(a, done);
}
