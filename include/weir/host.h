/*
 * host.h - what a program on a POSIX system needs around a stack: a config, memory, a clock, and a loop.
 *
 * None of this is needed to use weir.h: whoever has an event loop of his own calls weir_input and weir_output
 * from there. For all others:
 *
 *     struct weir_host_app app = {.ctx = &mine, .event = on_event};
 *     weir_host_new(&host, NULL, &app);                       a stack with a fresh secret, malloc's memory
 *     weir_tuntap_new(&device, &tuntap, why, sizeof(why));    device.h
 *     link = weir_host_attach(host, device, NULL);
 *     weir_host_address(host, (uint32_t)link, "10.0.0.2/24", "10.0.0.1");
 *     weir_tcp_listen(weir_host_stack(host), &config, &listener);
 *     error = weir_host_run(host);                            until weir_host_stop
 *     weir_host_del(host);
 *
 * One host is one loop with one stack, used by one thread. Several hosts, in as many threads, share nothing.
 */
#ifndef WEIR_HOST_H
#define WEIR_HOST_H

#include <weir/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Parts, also of use without the loop ------------------------------------------------------------ */

/* weir_config_default, a secret from the system's entropy, and the fastest inner loops that this processor
 * has. Without entropy the secret stays zero, which weir_stack_new refuses. */
WEIR_API void weir_host_config(struct weir_config *config);

/* malloc and free. */
WEIR_API const struct weir_allocator *weir_host_allocator(void);

/* The monotonic clock: what `now` is in this header. */
WEIR_API weir_time weir_host_clock(void);

/* ---- A stack with its devices and its loop ------------------------------------------------------------ */

struct weir_host;

/* The application. Every member may be NULL. The callbacks may call everything of weir.h on their stack, and
 * of this header all but weir_host_del, weir_host_turn and weir_host_run. */
struct weir_host_app {
    void *ctx;
    /* One event of the stack. */
    void (*event)(void *ctx, struct weir_stack *stack, const struct weir_event *event,
                  weir_time now);
    /* Once in every turn, after its events: does what can be done now without waiting. Returns when it wants
     * to run again though nothing happens, or WEIR_NEVER. A time that is not after `now` means at once. */
    weir_time (*run)(void *ctx, struct weir_stack *stack, weir_time now);
    /* A device failed for good; its link is down from now on. Without this callback weir_host_run ends with
     * the error. */
    void (*gone)(void *ctx, struct weir_stack *stack, uint32_t link, int error);
};

/* `config` NULL: weir_host_config's. Both are copied. WEIR_EINVAL (the config is refused), WEIR_ENOBUFS. Sets
 * the calling thread's timer slack to 1 ns; this thread must run the host. */
WEIR_API int weir_host_new(struct weir_host **host, const struct weir_config *config,
                           const struct weir_host_app *app);

/* Deletes the devices and the stack; peers are told nothing. Watched descriptors are not closed. NULL is
 * allowed. */
WEIR_API void weir_host_del(struct weir_host *host);

WEIR_API struct weir_stack *weir_host_stack(const struct weir_host *host);

/* The time of the present turn. */
WEIR_API weir_time weir_host_now(const struct weir_host *host);

/* Adds a link for the device and takes the device over. `config` NULL: medium, MTU, MAC and offloads are the
 * device's. Returns the link's index; after a negative enum weir_error the device is still the caller's. */
WEIR_API int weir_host_attach(struct weir_host *host, struct weir_device *device,
                              const struct weir_link_config *config);

/* Adds an address, "10.0.0.2/24" or "fd00::2/64", and when `gateway` is not NULL a default route of the same
 * family. WEIR_EINVAL, and what weir_address_add and weir_route_add return. */
WEIR_API int weir_host_address(struct weir_host *host, uint32_t link, const char *address,
                               const char *gateway);

/* Another descriptor to wait for. `events`: POLLIN, POLLOUT, both, or 0: not now. The callback runs before
 * the stack's turn. Watching again changes the entry; unwatch before closing. WEIR_EINVAL, WEIR_ENOBUFS. */
WEIR_API int weir_host_watch(struct weir_host *host, int fd, short events,
                             void (*ready)(void *ctx, int fd, short revents, weir_time now),
                             void *ctx);
WEIR_API void weir_host_unwatch(struct weir_host *host, int fd);

/* Calls fn(ctx, now) once when the clock reaches `time`. WEIR_ENOBUFS. */
WEIR_API int weir_host_at(struct weir_host *host, weir_time time,
                          void (*fn)(void *ctx, weir_time now), void *ctx);

/* One turn of everything after waiting for at most `wait_max` ns (0: does not wait). WEIR_OK, or the error of
 * a device or of waiting. */
WEIR_API int weir_host_turn(struct weir_host *host, weir_time wait_max);

/* Turns until weir_host_stop (WEIR_OK) or an error. What the last turn brought forth has been sent. */
WEIR_API int weir_host_run(struct weir_host *host);

/* Ends weir_host_run after the present turn. */
WEIR_API void weir_host_stop(struct weir_host *host);

#ifdef __cplusplus
}
#endif
#endif
