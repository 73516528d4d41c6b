/*
 * http_file_server.c - serves the files of a directory by HTTP/1.0, on weir's TCP over a TUN or TAP device.
 *
 *     http_file_server tun:tun0 10.0.0.2/24 DIRECTORY [PORT]      several addresses: separated by commas
 *
 * Files are mapped into memory and sent from there (weir_tcp_send_ref): no byte is copied between the page
 * cache and the packets. A mapping goes when the last of its bytes has been acknowledged, which the stack
 * tells by the event RELEASED, also after the connection has failed.
 *
 * Reading order: files, answers, one connection, events, main.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <weir/host.h>

#define REQUEST_MAX 8192
#define CHUNK (256u * 1024)     /* bytes lent to the stack at once */
#define IDLE_TIME (30 * WEIR_S) /* without any progress: the client is gone */
#define CONNECTIONS_MAX 1000

/* ---- Files ------------------------------------------------------------------------------------------- */

struct file {
    uint8_t *bytes;
    size_t size;
    uint32_t users; /* the connection, and each chunk that is lent */
};

static void file_drop(struct file *file)
{
    if (!file || --file->users > 0)
        return;
    if (file->size > 0)
        munmap(file->bytes, file->size);
    free(file);
}

/* Opens a path below `root` and nowhere else, whatever the links in it say. */
static int open_below(int root, const char *path)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};

    return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

/* A file that shrinks while it is served ends the program (SIGBUS): what is served must not be edited in
 * place. */
static struct file *file_open(int root, const char *path)
{
    struct stat status;
    int fd = open_below(root, path[0] ? path : "index.html");
    struct file *file = fd >= 0 ? calloc(1, sizeof(*file)) : NULL;

    if (file && fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
        file->users = 1;
        file->size = (size_t)status.st_size;
        if (file->size > 0)
            file->bytes = mmap(NULL, file->size, PROT_READ, MAP_SHARED, fd, 0);
    }
    if (fd >= 0)
        close(fd);
    if (file && (file->users == 0 || file->bytes == MAP_FAILED)) {
        free(file);
        return NULL;
    }
    return file;
}

/* ---- Answers ----------------------------------------------------------------------------------------- */

struct client {
    struct client *next, **link;
    weir_handle conn;
    char request[REQUEST_MAX];
    size_t request_size;
    bool answering;
    struct file *file;
    size_t sent; /* bytes of the file that were lent */
    weir_time idle_at;
};

struct server {
    struct weir_stack *stack;
    struct weir_host *host;
    struct client *clients;
    uint32_t client_count;
    int root; /* directory */
};

/* The header fits an empty send buffer. */
static void send_header(struct server *s, struct client *c, const char *status, size_t size)
{
    char header[256];
    int length = snprintf(header, sizeof(header),
                          "HTTP/1.0 %s\r\nServer: weir\r\nContent-Length: %zu\r\n"
                          "Content-Type: %s\r\nConnection: close\r\n\r\n",
                          status, size, c->file ? "application/octet-stream" : "text/plain");

    weir_tcp_send(s->stack, c->conn, header, (size_t)length);
}

static void refuse(struct server *s, struct client *c, const char *status)
{
    char text[64];
    int length = snprintf(text, sizeof(text), "%s\n", status);

    send_header(s, c, status, (size_t)length);
    weir_tcp_send(s->stack, c->conn, text, (size_t)length);
    weir_tcp_shutdown(s->stack, c->conn);
}

/* Lends the stack what it takes. */
static void send_body(struct server *s, struct client *c)
{
    while (c->file && c->sent < c->file->size) {
        size_t left = c->file->size - c->sent;
        uint32_t size = left < CHUNK ? (uint32_t)left : CHUNK;
        if (weir_tcp_send_ref(s->stack, c->conn, c->file->bytes + c->sent, size,
                              (uint64_t)(uintptr_t)c->file) != WEIR_OK)
            return; /* full: WRITABLE will come. Over: CLOSED will. */
        c->file->users++;
        c->sent += size;
    }
    if (c->answering)
        weir_tcp_shutdown(s->stack, c->conn);
}

static int hex(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = digit ? strchr(digits, digit | 0x20) : NULL;

    return at && (digit > '9' || (digit >= '0' && digit <= '9')) ? (int)(at - digits) : -1;
}

/* Decodes %41 in place; false for bad escapes and for %00. */
static bool decode(char *text)
{
    char *to = text;

    for (; *text; text++) {
        if (*text == '%') {
            int high = hex(text[1]), low = high >= 0 ? hex(text[2]) : -1;
            if (low < 0 || high + low == 0)
                return false;
            *to++ = (char)(high << 4 | low);
            text += 2;
        } else {
            *to++ = *text;
        }
    }
    *to = '\0';
    return true;
}

/* Has the path a component ".."? (The kernel would see to it as well.) */
static bool climbs(const char *path)
{
    for (const char *at = path; (at = strstr(at, "..")) != NULL; at += 2) {
        bool begins = at == path || at[-1] == '/', ends = at[2] == '\0' || at[2] == '/';
        if (begins && ends)
            return true;
    }
    return false;
}

/* The request's head is complete; c->request is a string. */
static void answer(struct server *s, struct client *c)
{
    char *path = c->request + 4;

    c->answering = true;
    if (strncmp(c->request, "GET ", 4) != 0) {
        refuse(s, c, "501 Not Implemented");
        return;
    }
    path[strcspn(path, " \r\n?#")] = '\0';
    if (path[0] != '/' || !decode(path)) {
        refuse(s, c, "400 Bad Request");
        return;
    }
    path += strspn(path, "/");
    if (climbs(path)) {
        refuse(s, c, "403 Forbidden");
        return;
    }
    c->file = file_open(s->root, path);
    if (!c->file) {
        refuse(s, c, "404 Not Found");
        return;
    }
    send_header(s, c, "200 OK", c->file->size);
    send_body(s, c);
}

/* ---- One connection ---------------------------------------------------------------------------------- */

static void client_del(struct server *s, struct client *c)
{
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    s->client_count--;
    file_drop(c->file);
    free(c);
}

static void accept_clients(struct server *s, weir_handle listener, weir_time now)
{
    weir_handle conn;

    while (weir_tcp_accept(s->stack, listener, &conn) == WEIR_OK) {
        struct client *c = s->client_count < CONNECTIONS_MAX ? calloc(1, sizeof(*c)) : NULL;
        if (!c) {
            weir_tcp_abort(s->stack, conn);
            continue;
        }
        c->conn = conn;
        c->idle_at = now + IDLE_TIME;
        c->next = s->clients;
        c->link = &s->clients;
        if (c->next)
            c->next->link = &c->next;
        s->clients = c;
        s->client_count++;
        weir_tcp_set(s->stack, conn, WEIR_OPT_USER, (uint64_t)(uintptr_t)c);
    }
}

/* Everything behind the request's head is read and thrown away: unread data would end in a reset. */
static void discard(struct server *s, struct client *c)
{
    char waste[4096];

    while (weir_tcp_recv(s->stack, c->conn, waste, sizeof(waste)) > 0)
        ;
}

static void receive(struct server *s, struct client *c)
{
    while (!c->answering) {
        int64_t n = weir_tcp_recv(s->stack, c->conn, c->request + c->request_size,
                                  sizeof(c->request) - 1 - c->request_size);
        if (n <= 0)
            return;
        c->request_size += (size_t)n;
        c->request[c->request_size] = '\0';
        if (strstr(c->request, "\r\n\r\n") || strstr(c->request, "\n\n")) {
            answer(s, c);
        } else if (c->request_size == sizeof(c->request) - 1) {
            c->answering = true;
            refuse(s, c, "400 Bad Request");
        }
    }
    discard(s, c);
}

/* ---- Events ------------------------------------------------------------------------------------------ */

static void on_event(void *ctx, struct weir_stack *stack, const struct weir_event *event,
                     weir_time now)
{
    struct server *s = ctx;
    struct client *c = (struct client *)(uintptr_t)event->user;

    if (event->bits & WEIR_EVENT_RELEASED)
        file_drop((struct file *)(uintptr_t)event->cookie);
    if (event->bits & WEIR_EVENT_ACCEPT)
        accept_clients(s, event->handle, now);
    if (!c || event->handle != c->conn)
        return;
    c->idle_at = now + IDLE_TIME;
    if (event->bits & WEIR_EVENT_READABLE)
        receive(s, c);
    if ((event->bits & WEIR_EVENT_END) && !c->answering) { /* no request at all */
        c->answering = true;
        weir_tcp_shutdown(stack, c->conn);
    }
    if (event->bits & WEIR_EVENT_WRITABLE)
        send_body(s, c);
    if (event->bits & WEIR_EVENT_CLOSED) {
        weir_tcp_close(stack, c->conn);
        client_del(s, c);
    }
}

/* Ends those with whom nothing happens any more. */
static weir_time on_run(void *ctx, struct weir_stack *stack, weir_time now)
{
    struct server *s = ctx;
    weir_time next_time = WEIR_NEVER;

    for (struct client *c = s->clients, *next; c; c = next) {
        next = c->next;
        if (c->idle_at <= now) {
            weir_tcp_abort(stack, c->conn);
            client_del(s, c);
        } else if (c->idle_at < next_time) {
            next_time = c->idle_at;
        }
    }
    return next_time;
}

/* ---- Main -------------------------------------------------------------------------------------------- */

static int complain(int code, const char *what, const char *where)
{
    fprintf(stderr, "http_file_server: %s: %s\n", what, where);
    return code;
}

/* 0 or an exit code. */
static int open_device(struct server *s, const char *device_name, char *addresses)
{
    struct weir_tuntap_config config = {.tap = strncmp(device_name, "tap:", 4) == 0,
                                        .offload = true};
    struct weir_device *device;
    char why[256], *rest;

    if (!config.tap && strncmp(device_name, "tun:", 4) != 0)
        return complain(64, "neither tun:NAME nor tap:NAME", device_name);
    config.name = device_name + 4;
    int error = weir_tuntap_new(&device, &config, why, sizeof(why));
    if (error < 0)
        return complain(error == WEIR_EACCES   ? 77
                        : error == WEIR_ENOENT ? 69
                                               : 71,
                        why, device_name);
    int link = weir_host_attach(s->host, device, NULL);
    if (link < 0) {
        weir_device_del(device);
        return complain(71, weir_strerror(link), device_name);
    }
    for (char *one = strtok_r(addresses, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
        error = weir_host_address(s->host, (uint32_t)link, one, NULL);
        if (error < 0)
            return complain(64, weir_strerror(error), one);
    }
    return 0;
}

static int serve(struct server *s, const char *port)
{
    struct weir_listen_config config;
    weir_handle listener;

    weir_listen_config_default(&config);
    config.local.port = (uint16_t)strtoul(port, NULL, 10);
    int error = weir_tcp_listen(s->stack, &config, &listener);
    if (error < 0)
        return complain(71, weir_strerror(error), port);
    fprintf(stderr, "serving at port %s\n", port);
    return complain(71, weir_strerror(weir_host_run(s->host)), "the loop ended");
}

int main(int argc, char **argv)
{
    struct server s = {.root = -1};
    struct weir_host_app app = {.ctx = &s, .event = on_event, .run = on_run};

    if (argc < 4 || argc > 5)
        return complain(64, "usage",
                        "http_file_server DEVICE ADDRESS/PREFIX[,...] DIRECTORY [PORT]");
    s.root = open(argv[3], O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (s.root < 0)
        return complain(errno == EACCES ? 77 : 69, strerror(errno), argv[3]);
    if (weir_host_new(&s.host, NULL, &app) < 0)
        return complain(71, "no memory, or no entropy", "weir");
    s.stack = weir_host_stack(s.host);
    int code = open_device(&s, argv[1], argv[2]);
    if (code == 0)
        code = serve(&s, argc == 5 ? argv[4] : "80");
    weir_host_del(s.host);
    close(s.root);
    return code;
}
