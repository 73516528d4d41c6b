/* pcapfile.c - a capture file being written. The format is wire/pcapng's; here is the I/O. */
#include "device/pcapfile.h"

#include "device/error.h"

#include "wire/pcapng.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_SIZE \
    (256u * 1024) /* more than one packet of any size with a comment of any sense \
                                   */

struct pcapfile {
    int fd;
    bool own_fd;
    int error;
    uint32_t interface_count;
    uint64_t epoch_ns;
    size_t used;
    char name[128];
    char why[256];
    uint8_t buffer[BUFFER_SIZE];
};

static int fail(struct pcapfile *file, int number)
{
    file->error = error_errno(file->why, sizeof(file->why), number, "cannot write %s", file->name);
    file->used = 0;
    return file->error;
}

int pcapfile_flush(struct pcapfile *file)
{
    size_t done = 0;
    while (!file->error && done < file->used) {
        ssize_t n = write(file->fd, file->buffer + done, file->used - done);
        if (n >= 0) {
            done += (size_t)n;
        } else if (errno != EINTR) {
            return fail(file, errno);
        }
    }
    file->used = 0;
    return file->error;
}

/* Takes what a pcapng_ call has just put at the end of the buffer. */
static int took(struct pcapfile *file, size_t size)
{
    if (size == 0) {
        return fail(file, EMSGSIZE);
    }
    file->used += size;
    return WEIR_OK;
}

static uint8_t *end(struct pcapfile *file)
{
    return file->buffer + file->used;
}

static size_t room(const struct pcapfile *file)
{
    return sizeof(file->buffer) - file->used;
}

static int write_head(struct pcapfile *file, const struct pcapfile_config *config)
{
    const char *application = config->application ? config->application : "weir";
    int error = took(file, pcapng_section(end(file), room(file), application));
    for (uint32_t i = 0; i < config->interface_count && !error; i++) {
        const struct pcapfile_interface *interface = &config->interfaces[i];
        uint16_t link_type = interface->link_type != 0                   ? interface->link_type
                             : interface->medium == WEIR_MEDIUM_ETHERNET ? PCAPNG_LINK_ETHERNET
                                                                         : PCAPNG_LINK_RAW;
        error = took(file, pcapng_interface(end(file), room(file), link_type, interface->name));
    }
    return error ? error : pcapfile_flush(file);
}

static int open_path(struct pcapfile *file, const char *path)
{
    if (strcmp(path, "-") == 0) {
        file->fd = STDOUT_FILENO;
        snprintf(file->name, sizeof(file->name), "standard output");
        return WEIR_OK;
    }
    snprintf(file->name, sizeof(file->name), "%s", path);
    file->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    file->own_fd = file->fd >= 0;
    return file->own_fd ? WEIR_OK : fail(file, errno);
}

int pcapfile_open(struct pcapfile **file, const struct pcapfile_config *config, char *why,
                  size_t size)
{
    if (!config->path || !config->path[0] || config->interface_count == 0) {
        return error_say(why, size, WEIR_EINVAL, "a capture file needs a name and an interface");
    }
    struct pcapfile *f = calloc(1, sizeof(*f));
    if (!f) {
        return error_say(why, size, WEIR_ENOBUFS, "out of memory");
    }
    f->fd = -1;
    f->interface_count = config->interface_count;
    f->epoch_ns = config->epoch_ns;
    if (open_path(f, config->path) || write_head(f, config)) {
        return pcapfile_close(f, why, size);
    }
    *file = f;
    return WEIR_OK;
}

int pcapfile_write(struct pcapfile *file, const struct pcapfile_packet *packet)
{
    if (file->error) {
        return file->error;
    }
    if (packet->interface >= file->interface_count) {
        return WEIR_EINVAL;
    }
    struct pcapng_packet p = {
        .interface = packet->interface,
        .time_ns = packet->time + file->epoch_ns,
        .data = packet->data,
        .size = packet->size,
        .original_size = packet->original_size ? packet->original_size : packet->size,
        .flags = packet->out ? 2 : 1,
        .comment = packet->comment,
    };
    if (pcapng_packet_room(&p) > room(file) && pcapfile_flush(file)) {
        return file->error;
    }
    return took(file, pcapng_packet(end(file), room(file), &p));
}

const char *pcapfile_error(const struct pcapfile *file)
{
    return file->error ? file->why : NULL;
}

int pcapfile_close(struct pcapfile *file, char *why, size_t size)
{
    if (!file) {
        return WEIR_OK;
    }
    pcapfile_flush(file);
    if (file->own_fd && close(file->fd) < 0 && !file->error) { /* some file systems tell only now */
        fail(file, errno);
    }
    int error = file->error ? error_say(why, size, file->error, "%s", file->why) : WEIR_OK;
    free(file);
    return error;
}
