/* api_keys.c - weir_tcp_key_*: keys of listeners and connections. */
#include "stack/stack.h"
#include "tcp/auth.h"
#include <weir/keys.h>

/* The settings of a listener or a connection, its own from now on; NULL: *error says why not. */
static struct tcp_settings *own_settings(struct weir_stack *s, weir_handle handle, int *error)
{
    struct tcp_conn *c = stack_conn(s, handle);
    struct listener *l = stack_listener(s, handle);
    struct tcp_settings **settings = c ? &c->settings : l ? &l->settings : NULL;

    if (!settings) {
        *error = WEIR_ESTALE;
        return NULL;
    }
    *error = tcp_settings_own(&s->tcp, settings) ? WEIR_OK : WEIR_ENOBUFS;
    return *error == WEIR_OK ? *settings : NULL;
}

static int replace(struct weir_stack *s, weir_handle handle, const struct weir_tcp_key *key,
                   int (*change)(struct tcp *t, const struct tcp_keychain *chain,
                                 const struct weir_tcp_key *key, struct tcp_keychain **out))
{
    struct tcp_keychain *chain;
    int error;
    struct tcp_settings *settings = own_settings(s, handle, &error);

    if (!settings) {
        return error;
    }
    error = change(&s->tcp, settings->keys, key, &chain);
    if (error == WEIR_OK) {
        auth_chain_unref(&s->tcp, settings->keys);
        settings->keys = chain;
    }
    return error;
}

int weir_tcp_key_add(struct weir_stack *s, weir_handle handle, const struct weir_tcp_key *key)
{
    const struct tcp_conn *c = stack_conn(s, handle);

    if (!auth_key_valid(&s->env, key)) {
        return WEIR_EINVAL;
    }
    if (c && !c->auth && auth_key_matches(key, &c->remote)) {
        return WEIR_EISCONN;
    }
    return replace(s, handle, key, auth_chain_add);
}

int weir_tcp_key_change(struct weir_stack *s, weir_handle handle, const struct weir_tcp_key *key)
{
    if (!auth_key_valid(&s->env, key) || key->auth != WEIR_AUTH_MD5) {
        return WEIR_EINVAL;
    }
    return replace(s, handle, key, auth_chain_change);
}

int weir_tcp_key_check(const struct weir_stack *s, const struct weir_tcp_key *key)
{
    return auth_key_valid(&s->env, key) ? WEIR_OK : WEIR_EINVAL;
}

int weir_tcp_key_del(struct weir_stack *s, weir_handle handle, const struct weir_tcp_key *key)
{
    const struct tcp_conn *c = stack_conn(s, handle);

    if (key->size != sizeof(*key)) {
        return WEIR_EINVAL;
    }
    if (c && auth_uses(&s->tcp, c, key)) {
        return WEIR_EBUSY;
    }
    return replace(s, handle, key, auth_chain_del);
}

int weir_tcp_key_prefer(struct weir_stack *s, weir_handle conn, uint8_t recv_id)
{
    struct tcp_conn *c = stack_conn(s, conn);

    return c ? auth_set_rnext(&s->tcp, c, recv_id) : WEIR_ESTALE;
}
