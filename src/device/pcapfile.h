/*
 * pcapfile.h - a capture file being written (pcapng), for `-w`.
 *
 * Packets are gathered in memory and written in large pieces; pcapfile_flush writes what is there,
 * for readers that follow. The first failure is kept: later calls return it and write nothing.
 */
#ifndef DEVICE_PCAPFILE_H
#define DEVICE_PCAPFILE_H

#include <weir/weir.h>

struct pcapfile;

struct pcapfile_interface {
    const char *name;   /* NULL: none */
    uint8_t medium;     /* enum weir_medium */
    uint16_t link_type; /* LINKTYPE_ number, for what is no medium of ours; 0: that of the medium */
};

struct pcapfile_config {
    const char *path; /* "-": standard output */
    const struct pcapfile_interface *interfaces;
    uint32_t interface_count;
    const char *application; /* NULL: "weir" */
    uint64_t epoch_ns;       /* added to every time: clock_epoch() of host/, 0 for virtual time */
};

/* Creates (or empties) the file. Returns WEIR_OK or a negative enum weir_error with one line in
 * why[size], like pcapfile_error. */
int pcapfile_open(struct pcapfile **file, const struct pcapfile_config *config, char *why,
                  size_t size);

struct pcapfile_packet {
    uint32_t interface; /* index into the config's interfaces */
    weir_time time;
    const uint8_t *data;
    uint32_t size;
    uint32_t original_size; /* 0: the same */
    bool out;               /* sent, else received */
    const char *comment;    /* NULL: none */
};
int pcapfile_write(struct pcapfile *file, const struct pcapfile_packet *packet);

int pcapfile_flush(struct pcapfile *file);

/* What went wrong, in one line; NULL: nothing. Valid until the file is closed. */
const char *pcapfile_error(const struct pcapfile *file);

/* Writes the rest and closes; the object is gone in any case. Returns the first error there was,
 * with its line in why[size]. NULL is allowed. */
int pcapfile_close(struct pcapfile *file, char *why, size_t size);

#endif
