/*
 * init.c - the one function that packetdrill looks for: it reads --so_flags, fills the table, and takes
 * everything away at the end.
 *
 * Flags are name=value, separated by commas:
 *     local=ADDRESS    an address of the stack, more than once if wanted; 192.168.0.1 and fd3d:a0b:17d6::1
 *                      if none is given, and what bind names then
 *     mtu=BYTES        1500
 *     settings=FILE    what the stand-in for sysctl wrote ($WEIR_PACKETDRILL_SETTINGS)
 *     state=FILE       where the states of the sockets go ($WEIR_PACKETDRILL_STATE)
 *     capture=FILE     all packets, as pcapng
 *     stray=fail       a packet that the script did not expect fails it, even after its last line
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "host/allocator.h"
#include "packetdrill/adapter.h"
#include "packetdrill/preload/preload.h"

#define START (1000 * WEIR_S) /* of the clock: any time will do */
#define LOCALS_MAX (sizeof(((struct flags *)0)->local) / sizeof(struct weir_ip))

/* ---- The stack ---------------------------------------------------------------------------------------- */

static void add_address(struct adapter *a, const struct weir_ip *ip)
{
    (void)weir_address_add(a->stack, a->link, ip, ip->family == 4 ? 32 : 128);
}

static bool add_link(struct adapter *a)
{
    static const struct weir_ip any4 = {.family = 4}, any6 = {.family = 6};
    static const struct weir_ip upstreams[2] = {
        {.family = 4, .bytes = {192, 168, 0, 1}},
        {.family = 6, .bytes = {0xfd, 0x3d, 0x0a, 0x0b, 0x17, 0xd6, [15] = 1}}};
    struct weir_link_config config;
    int link;

    weir_link_config_default(&config);
    config.medium = WEIR_MEDIUM_IP;
    config.mtu = a->flags.mtu;
    config.no_dad = true;
    link = weir_link_add(a->stack, &config);
    if (link < 0) {
        return false;
    }
    a->link = (uint32_t)link;
    for (uint32_t i = 0; i < a->flags.local_count; i++) {
        add_address(a, &a->flags.local[i]);
    }
    if (a->flags.local_count == 0) {
        add_address(a, &upstreams[0]);
        add_address(a, &upstreams[1]);
    }
    return weir_route_add(a->stack, &any4, 0, NULL, a->link, 0) == WEIR_OK &&
           weir_route_add(a->stack, &any6, 0, NULL, a->link, 0) == WEIR_OK;
}

bool adapter_configure(struct adapter *a)
{
    bool changed = settings_read(a);

    return !changed || weir_sock_space_configure(a->space, &a->settings.sockets) == 0;
}

bool adapter_start(struct adapter *a)
{
    struct weir_config config;

    if (a->stack) {
        return adapter_configure(a);
    }
    (void)settings_read(a);
    config = a->settings.stack;
    config.reproducible = true;
    if (weir_stack_new(&a->stack, &config, &host_allocator) != WEIR_OK) {
        return false;
    }
    weir_input(a->stack, 0, NULL, 0, a->now); /* tells it the time */
    return add_link(a) &&
           weir_sock_space_new(&a->space, a->stack, &a->settings.sockets, &host_allocator) == 0;
}

void adapter_learn_address(struct adapter *a, const struct weir_ip *ip)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}, none[16] = {0};
    struct weir_ip v4 = {.family = 4};

    if (a->flags.local_count || !ip->family || memcmp(ip->bytes, none, 16) == 0) {
        return;
    }
    if (ip->family == 6 && memcmp(ip->bytes, mapped, sizeof(mapped)) == 0) {
        memcpy(v4.bytes, ip->bytes + 12, 4);
        ip = &v4;
    }
    add_address(a, ip);
}

/* ---- Flags -------------------------------------------------------------------------------------------- */

static void complain(const char *what, const char *where)
{
    fprintf(stderr, "weir: --so_flags: %s: %s\n", what, where);
    exit(EXIT_FAILURE);
}

static void open_capture(struct adapter *a, const char *path)
{
    struct pcapfile_interface interface = {.medium = WEIR_MEDIUM_IP};
    struct pcapfile_config config = {.path = path, .interfaces = &interface, .interface_count = 1};
    char why[200];

    if (pcapfile_open(&a->capture, &config, why, sizeof(why)) != WEIR_OK) {
        complain("capture", why);
    }
}

static void set_flag(struct adapter *a, const char *name, const char *value)
{
    struct flags *f = &a->flags;

    if (strcmp(name, "local") == 0) {
        if (f->local_count == LOCALS_MAX ||
            weir_ip_parse(value, &f->local[f->local_count]) != WEIR_OK) {
            complain("local", value);
        }
        f->local_count++;
    } else if (strcmp(name, "mtu") == 0) {
        f->mtu = (uint32_t)strtoul(value, NULL, 10);
    } else if (strcmp(name, "settings") == 0) {
        f->settings = value;
    } else if (strcmp(name, "state") == 0) {
        f->state = value;
    } else if (strcmp(name, "capture") == 0) {
        open_capture(a, value);
    } else if (strcmp(name, "stray") == 0) {
        f->stray_fails = strcmp(value, "fail") == 0;
    } else {
        complain("no such flag", name);
    }
}

static void read_flags(struct adapter *a, const char *text)
{
    char *copy = text ? strdup(text) : NULL, *rest = NULL;

    a->flags_text = copy; /* values point into it */
    a->flags.mtu = 1500;
    a->flags.settings = getenv("WEIR_PACKETDRILL_SETTINGS");
    a->flags.state = getenv("WEIR_PACKETDRILL_STATE");
    for (char *flag = copy ? strtok_r(copy, ",", &rest) : NULL; flag;
         flag = strtok_r(NULL, ",", &rest)) {
        char *value = strchr(flag, '=');

        if (!value) {
            complain("no value", flag);
        }
        *value++ = 0;
        set_flag(a, flag, value);
    }
}

/* ---- The table ---------------------------------------------------------------------------------------- */

static void slot_free(void *u)
{
    struct adapter *a = u;

    pthread_mutex_lock(&a->lock);
    packets_check_strays(a);
    while (a->files) {
        (void)adapter_close(a, a->files->fd);
    }
    weir_sock_space_del(a->space);
    if (a->stack) {
        (void)weir_stack_del(a->stack);
    }
    packets_free(a);
    (void)pcapfile_close(a->capture, NULL, 0);
    pthread_mutex_unlock(&a->lock);
    free(a->flags_text);
    free(a);
}

static void fill(struct packetdrill_table *t, struct adapter *a)
{
    *t = (struct packetdrill_table){
        .userdata = a,
        .free = slot_free,
        .socket = slot_socket,
        .bind = slot_bind,
        .listen = slot_listen,
        .accept = slot_accept,
        .connect = slot_connect,
        .read = slot_read,
        .readv = slot_readv,
        .recv = slot_recv,
        .recvfrom = slot_recvfrom,
        .recvmsg = slot_recvmsg,
        .write = slot_write,
        .writev = slot_writev,
        .send = slot_send,
        .sendto = slot_sendto,
        .sendmsg = slot_sendmsg,
        .fcntl = slot_fcntl,
        .ioctl = slot_ioctl,
        .close = slot_close,
        .shutdown = slot_shutdown,
        .getsockopt = slot_getsockopt,
        .setsockopt = slot_setsockopt,
        .poll = slot_poll,
        .netdev_send = slot_netdev_send,
        .netdev_receive = slot_netdev_receive,
        .usleep = slot_usleep,
        .gettimeofday = slot_gettimeofday,
        .epoll_create = slot_epoll_create,
        .epoll_ctl = slot_epoll_ctl,
        .epoll_wait = slot_epoll_wait,
        .pipe = slot_pipe,
        .splice = slot_splice,
    };
}

static bool owns(void *u, int fd)
{
    struct adapter *a = u;
    bool found;

    pthread_mutex_lock(&a->lock);
    found = file_find(a, fd) != NULL;
    pthread_mutex_unlock(&a->lock);
    return found;
}

__attribute__((visibility("default"))) void
packetdrill_interface_init(const char *flags, struct packetdrill_table *table)
{
    struct adapter *a = calloc(1, sizeof(*a));
    pthread_mutexattr_t recursive;
    packetdrill_attach *attach;

    if (!a) {
        complain("no memory", "");
    }
    pthread_mutexattr_init(&recursive); /* libc's close may come back here by way of preload/ */
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&a->lock, &recursive);
    pthread_cond_init(&a->wake, NULL);
    pthread_cond_init(&a->done, NULL);
    a->main_thread = pthread_self();
    a->now = START;
    a->packets_tail = &a->packets;
    settings_default(&a->settings);
    read_flags(a, flags);
    fill(table, a);
    /* the preload library, if there is one, turns libc's calls to the table */
    *(void **)&attach = dlsym(RTLD_DEFAULT, "weir_packetdrill_attach");
    if (attach) {
        attach(table, owns);
    }
}
