/* api_tcp.c - the TCP calls of weir.h: handles to connections and listeners, opening and closing. */
#include "stack/stack.h"

#include "base/siphash.h"
#include "tcp/auth.h"
#include "tcp/fastopen.h"

void weir_listen_config_default(struct weir_listen_config *c)
{
    *c = (struct weir_listen_config){.size = sizeof(*c), .link = WEIR_ANY_LINK, .backlog = 128};
}

void weir_connect_config_default(struct weir_connect_config *c)
{
    *c = (struct weir_connect_config){.size = sizeof(*c)};
}

struct tcp_conn *stack_conn(const struct weir_stack *s, weir_handle handle)
{
    uint32_t index = (uint32_t)handle, generation = (uint32_t)(handle >> 32);
    struct tcp_conn *c;

    if ((index & TCP_LISTENER_EVENT) || index == 0 || index >= pool_limit(&s->tcp.conns)) {
        return NULL;
    }
    c = tcp_conn_at(&s->tcp, index);
    return c->generation == generation && generation && !c->orphan ? c : NULL;
}

struct listener *stack_listener(const struct weir_stack *s, weir_handle handle)
{
    uint32_t index = (uint32_t)handle & ~TCP_LISTENER_EVENT, generation = (uint32_t)(handle >> 32);
    struct listener *l;

    if (!((uint32_t)handle & TCP_LISTENER_EVENT) || index == 0 ||
        index >= pool_limit(&s->tcp.listeners)) {
        return NULL;
    }
    l = tcp_listener_at(&s->tcp, index);
    return l->generation == generation && generation ? l : NULL;
}

/* The settings of a new handle: the stack's own, or a block of its own. The caller drops a reference. */
static struct tcp_settings *settings_for(struct weir_stack *s, const struct weir_tcp_options *o,
                                         int *error)
{
    struct tcp_settings *settings;

    *error = WEIR_OK;
    if (!o) {
        tcp_settings_ref(s->tcp.settings);
        return s->tcp.settings;
    }
    if (!stack_options_valid(o) || !auth_keys_valid(&s->env, o->keys, o->key_count)) {
        *error = WEIR_EINVAL;
        return NULL;
    }
    settings = tcp_settings_new(&s->tcp, o);
    if (!settings) {
        *error = WEIR_ENOBUFS;
    }
    return settings;
}

/* ---- Listening -------------------------------------------------------------------------------------------- */

bool stack_local_usable(const struct weir_stack *s, const struct ip_addr *a)
{
    if (ip_addr_is_unspecified(a) || ip_addr_is_loopback(a) || ip_address_find(&s->ip, a)) {
        return true;
    }
    for (uint32_t i = 0; i < s->ip.link_count; i++) {
        if (s->ip.links[i].used && s->ip.links[i].config.accept_any) {
            return true;
        }
    }
    return false;
}

static int check_listen(const struct weir_stack *s, const struct weir_listen_config *config)
{
    struct ip_addr local;

    if (s->dying) {
        return WEIR_EBUSY;
    }
    if (config->size != sizeof(*config) || config->backlog == 0 || config->local.ip.family > 6 ||
        (config->local.port == 0 && !config->deferred)) {
        return WEIR_EINVAL;
    }
    if (config->link != WEIR_ANY_LINK &&
        (config->link >= s->ip.link_count || !s->ip.links[config->link].used)) {
        return WEIR_ENOENT;
    }
    local = ip_addr_from_public(&config->local.ip);
    return stack_local_usable(s, &local) ? WEIR_OK : WEIR_EADDRNOTAVAIL;
}

int weir_tcp_listen(struct weir_stack *s, const struct weir_listen_config *config, weir_handle *out)
{
    int error = check_listen(s, config);
    struct tcp_settings *settings;
    struct listener *l;

    if (error != WEIR_OK) {
        return error;
    }
    settings = settings_for(s, config->options, &error);
    if (!settings) {
        return error;
    }
    l = tcp_listener_new(&s->tcp, settings);
    tcp_settings_unref(&s->tcp, settings);
    if (!l) {
        return WEIR_ENOBUFS;
    }
    l->local = ip_addr_from_public(&config->local.ip);
    l->family = ip_addr_is_unspecified(&l->local) ? config->local.ip.family : 0;
    l->local_port = config->local.port;
    l->link = (uint16_t)min_u32(config->link, UINT16_MAX);
    l->backlog = config->backlog;
    l->deferred = config->deferred;
    l->half_open_max = config->half_open_max;
    l->abort_on_overflow = config->abort_on_overflow;
    l->soft_errors_end = config->soft_errors_end;
    l->fastopen_queue = l->settings->o.fastopen_queue;
    l->user = config->user;
    if (demux_listen_conflict(&s->demux, l)) { /* MUST-41: a new record or an error, never both */
        tcp_listener_free(&s->tcp, l);
        return WEIR_EADDRINUSE;
    }
    demux_listen(&s->demux, l);
    *out = stack_listener_handle(l);
    return WEIR_OK;
}

/* Half-open entries of a listener that goes, and connections nobody accepted. */
static void drop_children(struct weir_stack *s, struct listener *l)
{
    struct tcp_conn *c;

    for (uint32_t level = 0; level < HALF_LEVELS; level++) {
        uint32_t name = s->tcp.half_level[level].head, next;

        for (; name; name = next) {
            struct half_open *h = tcp_half_at(&s->tcp, name);
            struct tcp_tuple tuple;

            next = h->list_next;
            if (h->listener == l->index) {
                tcp_half_tuple(&s->tcp, name, &tuple);
                demux_remove(&s->demux, &tuple, name);
                tcp_half_free(&s->tcp, name);
            }
        }
    }
    while ((c = tcp_accept(&s->tcp, l)) != NULL) {
        tcp_user_abort(&s->tcp, c);
    }
}

static void close_listener(struct weir_stack *s, struct listener *l)
{
    drop_children(s, l);
    demux_unlisten(&s->demux, l);
    l->generation = 0; /* the handle is dead; the entry goes when its event is pulled */
    l->events = 0;
    if (!l->in_event_list) {
        tcp_listener_free(&s->tcp, l);
    }
    stack_settle(s);
}

int weir_tcp_accept(struct weir_stack *s, weir_handle listener, weir_handle *conn)
{
    struct listener *l = stack_listener(s, listener);
    struct tcp_conn *c;

    if (!l) {
        return WEIR_ESTALE;
    }
    c = tcp_accept(&s->tcp, l);
    if (!c) {
        return WEIR_EAGAIN;
    }
    *conn = stack_conn_handle(c);
    return WEIR_OK;
}

int weir_tcp_answer(struct weir_stack *s, uint64_t syn, enum weir_verdict verdict)
{
    uint32_t name = (uint32_t)syn;
    struct tcp_tuple tuple;

    if (!tcp_half_valid(&s->tcp, name, (uint32_t)(syn >> 32)) ||
        !(tcp_half_at(&s->tcp, name)->flags & HALF_DEFERRED)) {
        return WEIR_ESTALE;
    }
    if (tcp_half_decide(&s->tcp, name, verdict)) {
        stack_send_syn_ack(s, name);
        return WEIR_OK;
    }
    tcp_half_tuple(&s->tcp, name, &tuple);
    if (verdict == WEIR_SYN_REFUSE) {
        const struct half_open *h = tcp_half_at(&s->tcp, name);
        struct tcp_segment rst = {
            .src_port = h->local_port,
            .dst_port = h->remote_port,
            .ack = h->irs + 1,
            .flags = WEIR_TCP_RST | WEIR_TCP_ACK,
        };

        s->env.dropped[WEIR_DROP_SYN_REFUSED]++;
        stack_reply_tcp(s, &tuple, &rst, h->link == UINT8_MAX ? IP_LINK_LOOPBACK : h->link,
                        s->env.config.tcp.ttl, 0);
    }
    demux_remove(&s->demux, &tuple, name);
    tcp_half_free(&s->tcp, name);
    return WEIR_OK;
}

/* ---- Connecting -------------------------------------------------------------------------------------------- */

/* Is the four-tuple free? One in TIME-WAIT that may be reused will make way (evict_time_wait). */
static bool tuple_free(struct weir_stack *s, const struct tcp_tuple *tuple)
{
    uint32_t name = demux_find(&s->demux, tuple);
    uint8_t rule = s->env.config.time_wait_reuse;

    if (!name || tcp_name_kind(name) != TCP_KIND_TIME_WAIT || rule == WEIR_REUSE_NEVER ||
        (rule == WEIR_REUSE_LOOPBACK && !ip_addr_is_loopback(&tuple->remote))) {
        return !name;
    }
    return tcp_time_wait_reusable(&s->tcp, name & TCP_INDEX_MASK);
}

static void evict_time_wait(struct weir_stack *s, const struct tcp_tuple *tuple, struct tcp_conn *c)
{
    uint32_t name = demux_find(&s->demux, tuple);

    if (name) {
        tcp_start_above(c, tcp_time_wait_at(&s->tcp, name & TCP_INDEX_MASK)->snd_nxt);
        stack_time_wait_end(s, name & TCP_INDEX_MASK, WEIR_REASON_TIME_WAIT_REUSED);
    }
}

/* RFC 6056 algorithm 3: a keyed hash of where we go, plus a counter. */
static uint16_t choose_port(struct weir_stack *s, struct tcp_tuple *tuple)
{
    const struct weir_config *c = &s->env.config;
    uint32_t range = (uint32_t)c->port_last - c->port_first + 1;
    uint8_t bytes[34];
    uint32_t offset;

    memcpy(bytes, tuple->local.b, 16);
    memcpy(bytes + 16, tuple->remote.b, 16);
    memcpy(bytes + 32, &tuple->remote_port, 2);
    offset = (uint32_t)siphash(c->secret + 8, bytes, sizeof(bytes));
    for (uint32_t i = 0; i < range; i++) {
        tuple->local_port = (uint16_t)(c->port_first + (offset + s->port_next++) % range);
        if (!demux_port_listened(&s->demux, tuple->local_port) && tuple_free(s, tuple)) {
            return tuple->local_port;
        }
    }
    return 0;
}

static int check_connect(const struct weir_connect_config *config, const struct ip_addr *remote)
{
    if (config->size != sizeof(*config) || config->remote.port == 0 ||
        (config->local.ip.family && config->local.ip.family != config->remote.ip.family) ||
        ip_addr_is_unspecified(remote) || ip_addr_is_multicast(remote) ||
        ip_addr_is_broadcast(remote)) {
        return WEIR_EINVAL; /* MUST-46 */
    }
    return WEIR_OK;
}

/* Fills the four-tuple and finds the path. */
static int choose_tuple(struct weir_stack *s, const struct weir_connect_config *config,
                        struct tcp_tuple *tuple, struct ip_path *path)
{
    uint32_t link = config->remote.ip.scope ? config->remote.ip.scope - 1 : WEIR_ANY_LINK;
    struct ip_addr chosen;
    int error;

    tuple->remote = ip_addr_from_public(&config->remote.ip);
    tuple->local = ip_addr_from_public(&config->local.ip);
    tuple->remote_port = config->remote.port;
    tuple->local_port = config->local.port;
    error = check_connect(config, &tuple->remote);
    if (error == WEIR_OK && s->dying) {
        error = WEIR_EBUSY;
    }
    if (error == WEIR_OK && !stack_local_usable(s, &tuple->local)) {
        error = WEIR_EADDRNOTAVAIL;
    }
    if (error == WEIR_OK) {
        error = ip_path_find(&s->ip, &tuple->remote, &tuple->local, link, path, &chosen);
    }
    if (error == WEIR_OK && address_is_subnet_broadcast(&s->ip, path->link, &tuple->remote)) {
        error = WEIR_EINVAL;
    }
    if (error != WEIR_OK) {
        return error;
    }
    if (ip_addr_is_unspecified(&tuple->local)) {
        tuple->local = chosen; /* MUST-44 */
    }
    if (tuple->local_port == 0) {
        return choose_port(s, tuple) ? WEIR_OK : WEIR_EADDRINUSE;
    }
    return tuple_free(s, tuple) ? WEIR_OK : WEIR_EADDRINUSE;
}

static int set_keys(struct fastopen_keys *to, const uint8_t (*keys)[16], size_t count)
{
    if (count > ARRAY_SIZE(to->key)) {
        return WEIR_EINVAL;
    }
    if (count) {
        memcpy(to->key, keys, count * sizeof(keys[0]));
    }
    to->count = (uint8_t)count;
    return WEIR_OK;
}

int weir_tcp_fastopen_room(struct weir_stack *s, const struct weir_connect_config *config)
{
    struct tcp_tuple tuple;
    struct ip_path path;
    uint16_t next = s->port_next;
    int error = choose_tuple(s, config, &tuple, &path);

    s->port_next = next; /* nothing was taken */
    if (error != WEIR_OK) {
        return error;
    }
    return (int)fastopen_room(&s->tcp, &tuple, path.mtu,
                              config->options ? config->options : &s->tcp.settings->o);
}

int weir_fastopen_keys(struct weir_stack *s, const uint8_t (*keys)[16], size_t count)
{
    return count ? set_keys(&s->tcp.fastopen.keys, keys, count) : WEIR_EINVAL;
}

int weir_tcp_fastopen_keys(struct weir_stack *s, weir_handle listener, const uint8_t (*keys)[16],
                           size_t count)
{
    struct listener *l = stack_listener(s, listener);

    return l ? set_keys(&l->fastopen_keys, keys, count) : WEIR_ESTALE;
}

int weir_tcp_fastopen_keys_get(struct weir_stack *s, weir_handle listener, uint8_t (*keys)[16])
{
    const struct listener *l = listener ? stack_listener(s, listener) : NULL;
    const struct fastopen_keys *now = fastopen_keys_of(&s->tcp, l);

    if (listener && !l) {
        return WEIR_ESTALE;
    }
    memcpy(keys, now->key, now->count * sizeof(keys[0]));
    return now->count;
}

int weir_tcp_connect(struct weir_stack *s, const struct weir_connect_config *config,
                     weir_handle *out)
{
    const struct weir_tcp_key *key;
    struct tcp_settings *settings;
    struct tcp_tuple tuple;
    struct ip_path path;
    struct tcp_conn *c;
    int error = choose_tuple(s, config, &tuple, &path);

    if (error != WEIR_OK) {
        return error;
    }
    settings = settings_for(s, config->options, &error);
    if (!settings) {
        return error;
    }
    c = tcp_conn_new(&s->tcp, &tuple, settings, false);
    tcp_settings_unref(&s->tcp, settings);
    if (!c) {
        return WEIR_ENOBUFS;
    }
    key = auth_key_for(c->settings->keys, &c->remote);
    if (key && auth_begin(&s->tcp, c, key) != WEIR_OK) {
        tcp_conn_free(&s->tcp, c);
        return WEIR_ENOBUFS;
    }
    c->user = config->user;
    c->bound_link = config->remote.ip.scope ? (uint16_t)(config->remote.ip.scope - 1) : UINT16_MAX;
    c->path_generation = path.generation;
    c->path_neighbor = path.neighbor;
    c->path_link = path.link;
    evict_time_wait(s, &tuple, c);
    demux_enter(&s->demux, &tuple, tcp_name(TCP_KIND_CONN, c->index));
    c->in_demux = 1;
    tcp_open(&s->tcp, c, path.mtu);
    stack_settle(s);
    *out = stack_conn_handle(c);
    return WEIR_OK;
}

/* ---- The rest: find the connection, do it, settle ---------------------------------------------------------- */

int64_t weir_tcp_send(struct weir_stack *s, weir_handle conn, const void *data, size_t size)
{
    struct tcp_conn *c = stack_conn(s, conn);
    int64_t done = c ? tcp_user_send(&s->tcp, c, data, size, 0) : WEIR_ESTALE;

    stack_settle(s);
    return done;
}

int64_t weir_tcp_send_flags(struct weir_stack *s, weir_handle conn, const void *data, size_t size,
                            uint32_t flags)
{
    struct tcp_conn *c = stack_conn(s, conn);
    int64_t done = !c                         ? WEIR_ESTALE
                   : flags & WEIR_SEND_URGENT ? tcp_user_send_urgent(&s->tcp, c, data, size, flags)
                                              : tcp_user_send(&s->tcp, c, data, size, flags);

    stack_settle(s);
    return done;
}

int weir_tcp_urgent(struct weir_stack *s, weir_handle conn, struct weir_urgent *u)
{
    struct tcp_conn *c = stack_conn(s, conn);

    return c ? tcp_user_urgent(&s->tcp, c, u) : WEIR_ESTALE;
}

int weir_tcp_send_ref(struct weir_stack *s, weir_handle conn, const void *data, uint32_t size,
                      uint64_t cookie)
{
    struct tcp_conn *c = stack_conn(s, conn);
    int error = c ? tcp_user_send_ref(&s->tcp, c, data, size, cookie) : WEIR_ESTALE;

    stack_settle(s);
    return error;
}

int64_t weir_tcp_recv(struct weir_stack *s, weir_handle conn, void *data, size_t size)
{
    struct tcp_conn *c = stack_conn(s, conn);
    int64_t done = c ? tcp_user_recv(&s->tcp, c, data, size) : WEIR_ESTALE;

    stack_settle(s);
    return done;
}

int weir_tcp_peek(struct weir_stack *s, weir_handle conn, struct weir_slice slices[], size_t n)
{
    struct tcp_conn *c = stack_conn(s, conn);

    return c ? tcp_user_peek(&s->tcp, c, slices, n) : WEIR_ESTALE;
}

int weir_tcp_consume(struct weir_stack *s, weir_handle conn, size_t size)
{
    struct tcp_conn *c = stack_conn(s, conn);
    int error = c ? tcp_user_consume(&s->tcp, c, size) : WEIR_ESTALE;

    stack_settle(s);
    return error;
}

int weir_tcp_shutdown(struct weir_stack *s, weir_handle conn)
{
    struct tcp_conn *c = stack_conn(s, conn);
    int error = c ? tcp_user_shutdown(&s->tcp, c) : WEIR_ESTALE;

    stack_settle(s);
    return error;
}

int weir_tcp_close(struct weir_stack *s, weir_handle handle)
{
    struct listener *l = stack_listener(s, handle);
    struct tcp_conn *c = stack_conn(s, handle);

    if (l) {
        close_listener(s, l);
        return WEIR_OK;
    }
    if (!c) {
        return WEIR_ESTALE;
    }
    tcp_user_close(&s->tcp, c);
    stack_settle(s);
    return WEIR_OK;
}

int weir_tcp_abort(struct weir_stack *s, weir_handle conn)
{
    struct tcp_conn *c = stack_conn(s, conn);

    if (!c) {
        return WEIR_ESTALE;
    }
    tcp_user_abort(&s->tcp, c);
    stack_settle(s);
    return WEIR_OK;
}

int weir_tcp_info(struct weir_stack *s, weir_handle handle, struct weir_tcp_info *out)
{
    struct weir_tcp_info info;
    struct listener *l = stack_listener(s, handle);
    struct tcp_conn *c = stack_conn(s, handle);
    uint32_t size = out->size;

    if (!c && !l) {
        return WEIR_ESTALE;
    }
    if (size < offsetof(struct weir_tcp_info, state) + 1 || size > sizeof(info)) {
        return WEIR_EINVAL;
    }
    memset(&info, 0, sizeof(info));
    if (c) {
        tcp_user_info(&s->tcp, c, &info);
    } else {
        info.state = WEIR_TCP_LISTEN;
        ip_addr_to_public(&l->local, &info.local.ip);
        info.local.port = l->local_port;
        info.accept_queue = l->accept_count;
        info.backlog = l->backlog;
        info.half_open = l->half_count;
    }
    info.size = size;
    memcpy(out, &info, size);
    return WEIR_OK;
}

static int set_listener(struct weir_stack *s, struct listener *l, enum weir_option option,
                        uint64_t value)
{
    struct weir_tcp_options o = l->settings->o;
    int error =
        option == WEIR_OPT_RECEIVE_BUFFER ? WEIR_ENOPROTOOPT : tcp_option_apply(&o, option, value);

    if (error != WEIR_OK) {
        return error;
    }
    if (!tcp_settings_own(&s->tcp, &l->settings)) {
        return WEIR_ENOBUFS;
    }
    l->settings->o = o;
    return WEIR_OK;
}

int weir_tcp_set(struct weir_stack *s, weir_handle handle, enum weir_option option, uint64_t value)
{
    struct listener *l = stack_listener(s, handle);
    struct tcp_conn *c = stack_conn(s, handle);
    int error = WEIR_ESTALE;

    if (c) {
        error = tcp_user_set(&s->tcp, c, option, value);
    } else if (l && option == WEIR_OPT_USER) {
        l->user = value;
        error = WEIR_OK;
    } else if (l && option == WEIR_OPT_FASTOPEN_QUEUE) {
        error = value <= UINT32_MAX ? WEIR_OK : WEIR_EINVAL;
        l->fastopen_queue = error == WEIR_OK ? (uint32_t)value : l->fastopen_queue;
    } else if (l && option == WEIR_OPT_BACKLOG) {
        error = value && value <= UINT32_MAX ? WEIR_OK : WEIR_EINVAL;
        l->backlog = error == WEIR_OK ? (uint32_t)value : l->backlog;
    } else if (l) {
        error = set_listener(s, l, option, value);
    }
    stack_settle(s);
    return error;
}

int weir_tcp_get(struct weir_stack *s, weir_handle handle, enum weir_option option, uint64_t *value)
{
    struct listener *l = stack_listener(s, handle);
    struct tcp_conn *c = stack_conn(s, handle);

    if (c) {
        return tcp_user_get(&s->tcp, c, option, value);
    }
    if (l && (option == WEIR_OPT_USER || option == WEIR_OPT_BACKLOG ||
              option == WEIR_OPT_FASTOPEN_QUEUE)) {
        *value = option == WEIR_OPT_USER      ? l->user
                 : option == WEIR_OPT_BACKLOG ? l->backlog
                                              : l->fastopen_queue;
        return WEIR_OK;
    }
    return l ? tcp_option_read(&l->settings->o, option, value) : WEIR_ESTALE;
}
