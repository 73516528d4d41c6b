/* test_sock_keys.c - sockets: TCP_MD5SIG, TCP_MD5SIG_EXT, TCP_AO_ADD_KEY, TCP_AO_DEL_KEY. The errors of TCP-MD5 were
 * compared with Linux 6.18's; its layouts are written out here by hand. */
#include "unit/sock_kit.h"

enum { MD5 = 14, MD5_EXT = 32, AO_ADD = 38, AO_DEL = 39 };

struct blob {
    uint8_t bytes[320];
};

static void put16(uint8_t *at, uint16_t value)
{
    memcpy(at, &value, sizeof(value));
}

static struct blob sockaddr(const char *address)
{
    struct weir_endpoint e = sk_at(address, 0);
    struct blob b = {{0}};

    put16(b.bytes, e.ip.family == 4 ? WEIR_AF_INET : WEIR_AF_INET6);
    memcpy(b.bytes + (e.ip.family == 4 ? 4 : 8), e.ip.bytes, e.ip.family == 4 ? 4 : 16);
    return b;
}

/* struct tcp_md5sig: 216 bytes. */
static int md5(struct weir_sock *s, int name, const char *address, uint8_t flags, uint8_t prefix,
               const char *key)
{
    struct blob b = sockaddr(address);

    b.bytes[128] = flags;
    b.bytes[129] = prefix;
    put16(b.bytes + 130, (uint16_t)strlen(key));
    memcpy(b.bytes + 136, key, strlen(key) < 80 ? strlen(key) : 80);
    return weir_sock_setsockopt(s, WEIR_SOL_TCP, name, b.bytes, 216);
}

/* struct tcp_ao_add: 288 bytes. */
static int ao_add(struct weir_sock *s, const char *address, uint8_t prefix, const char *algorithm,
                  uint8_t send_id, uint8_t recv_id, const char *key)
{
    struct blob b = sockaddr(address);

    memcpy(b.bytes + 128, algorithm, strlen(algorithm));
    b.bytes[202] = prefix;
    b.bytes[203] = send_id;
    b.bytes[204] = recv_id;
    b.bytes[207] = (uint8_t)strlen(key);
    memcpy(b.bytes + 208, key, strlen(key));
    return weir_sock_setsockopt(s, WEIR_SOL_TCP, AO_ADD, b.bytes, 288);
}

static int ao_del(struct weir_sock *s, const char *address, uint8_t prefix, uint8_t send_id,
                  uint8_t recv_id)
{
    struct blob b = sockaddr(address);

    b.bytes[138] = prefix;
    b.bytes[139] = send_id;
    b.bytes[140] = recv_id;
    return weir_sock_setsockopt(s, WEIR_SOL_TCP, AO_DEL, b.bytes, 144);
}

static void test_md5_errors(void **state)
{
    struct sk *k = sk_new_loopback();
    struct weir_sock *s = sk_socket(k, 0, WEIR_AF_INET), *six = sk_socket(k, 0, WEIR_AF_INET6);
    char long_key[82];
    struct blob b = sockaddr("1.2.3.4");
    uint32_t size = 216;

    (void)state;
    memset(long_key, 'k', 81);
    long_key[81] = 0;
    sk_fails(md5(s, MD5, "1.2.3.4", 0, 0, ""), WEIR_SOCK_ENOENT);
    sk_ok(md5(s, MD5, "1.2.3.4", 0, 0, "abc"));
    sk_ok(md5(s, MD5, "1.2.3.4", 0, 0, "abd")); /* another password */
    sk_ok(md5(s, MD5, "1.2.3.5", 0, 0, "abc"));
    sk_ok(md5(s, MD5, "1.2.3.4", 0, 0, ""));
    sk_fails(md5(s, MD5, "1.2.3.4", 0, 0, ""), WEIR_SOCK_ENOENT);
    sk_ok(md5(s, MD5, "1.2.3.5", 0, 0, ""));
    sk_fails(md5(s, MD5, "1.2.3.4", 0, 0, long_key), WEIR_SOCK_EINVAL);
    sk_ok(md5(s, MD5, "1.2.3.4", 0, 0, long_key + 1));
    sk_fails(md5(s, MD5, "::1", 0, 0, "a"), WEIR_SOCK_EINVAL);
    sk_fails(md5(six, MD5, "1.2.3.4", 0, 0, "a"), WEIR_SOCK_EINVAL);
    sk_ok(md5(six, MD5, "::ffff:1.2.3.4", 0, 0, "a"));
    sk_fails(md5(six, MD5_EXT, "::ffff:1.2.3.4", 1, 33, "a"), WEIR_SOCK_EINVAL);
    sk_fails(md5(s, MD5_EXT, "1.2.3.4", 1, 33, "a"), WEIR_SOCK_EINVAL);
    sk_ok(md5(s, MD5, "1.2.3.4", 1, 33, "a")); /* not extended: the flag is not looked at */
    sk_fails(md5(six, MD5_EXT, "fd00::1", 1, 129, "a"), WEIR_SOCK_EINVAL);
    sk_ok(md5(s, MD5_EXT, "0.0.0.0", 1, 0, "a"));
    sk_ok(md5(six, MD5_EXT, "::", 1, 0, "a"));
    b.bytes[128] = 2; /* by interface */
    b.bytes[130] = 1;
    sk_ok(weir_sock_setsockopt(s, WEIR_SOL_TCP, MD5_EXT, b.bytes, 216));
    b.bytes[132] = 1;
    sk_fails(weir_sock_setsockopt(s, WEIR_SOL_TCP, MD5_EXT, b.bytes, 216), WEIR_SOCK_EINVAL);
    sk_fails(weir_sock_setsockopt(s, WEIR_SOL_TCP, MD5, b.bytes, 215), WEIR_SOCK_EINVAL);
    sk_fails(weir_sock_setsockopt(s, WEIR_SOL_TCP, MD5, b.bytes, 3), WEIR_SOCK_EINVAL);
    sk_ok(weir_sock_setsockopt(s, WEIR_SOL_TCP, MD5, b.bytes, 218));
    sk_fails(weir_sock_getsockopt(s, WEIR_SOL_TCP, MD5, b.bytes, &size), WEIR_SOCK_ENOPROTOOPT);
    sk_del(k);
}

static void test_ao_errors(void **state)
{
    struct sk *k = sk_new_loopback();
    struct weir_sock *s = sk_socket(k, 0, WEIR_AF_INET);
    struct blob b = sockaddr("1.2.3.4");

    (void)state;
    sk_ok(ao_add(s, "1.2.3.4", 32, "hmac(sha1)", 1, 2, "key"));
    sk_fails(ao_add(s, "1.2.3.4", 32, "hmac(sha1)", 1, 3, "key"), WEIR_SOCK_EEXIST);
    sk_fails(ao_add(s, "1.2.3.4", 32, "hmac(sha1)", 3, 2, "key"), WEIR_SOCK_EEXIST);
    sk_ok(ao_add(s, "1.2.3.4", 32, "cmac(aes128)", 3, 4, "key"));
    sk_fails(ao_add(s, "1.2.3.5", 32, "hmac(md5)", 1, 2, "key"), WEIR_SOCK_ENOENT);
    sk_fails(ao_add(s, "1.2.3.5", 33, "hmac(sha1)", 1, 2, "key"), WEIR_SOCK_EINVAL);
    sk_fails(ao_add(s, "1.2.3.5", 24, "hmac(sha1)", 1, 2, "key"), WEIR_SOCK_EINVAL);
    sk_fails(ao_add(s, "1.2.3.5", 32, "hmac(sha1)", 1, 2, ""), WEIR_SOCK_EINVAL);
    sk_ok(ao_add(s, "1.2.3.0", 24, "hmac(sha1)", 1, 2, "key"));
    sk_fails(ao_del(s, "1.2.3.4", 32, 1, 4), WEIR_SOCK_ENOENT);
    sk_ok(ao_del(s, "1.2.3.4", 32, 3, 4));
    sk_fails(ao_del(s, "1.2.3.4", 32, 3, 4), WEIR_SOCK_ENOENT);
    sk_fails(weir_sock_setsockopt(s, WEIR_SOL_TCP, AO_ADD, b.bytes, 287), WEIR_SOCK_EINVAL);
    sk_fails(weir_sock_setsockopt(s, WEIR_SOL_TCP, AO_DEL, b.bytes, 143), WEIR_SOCK_EINVAL);
    sk_del(k);
}

static void exchange(struct sk *k, struct weir_sock *l, struct weir_sock *c)
{
    struct weir_sock *a = NULL;
    char text[8];

    sk_ok(weir_sock_accept(l, &a, NULL));
    assert_int_equal(weir_sock_send(c, "hello", 5, 0), 5);
    sk_run(k, WEIR_S);
    assert_int_equal(weir_sock_recv(a, text, sizeof(text), 0), 5);
    assert_memory_equal(text, "hello", 5);
}

/* The keys are those of the handshake and of the data, of connecting and of listening sockets, old or new. */
static void test_keys_work(void **state)
{
    (void)state;
    for (int variant = 0; variant < 8; variant++) {
        bool v6 = variant & 1, late = variant & 2, ao = variant & 4;
        const char *at[2] = {v6 ? "fd00::1" : "10.0.0.1", v6 ? "fd00::2" : "10.0.0.2"};
        struct sk *k = sk_new();
        struct weir_sock *l, *c = sk_socket(k, 0, v6 ? WEIR_AF_INET6 : WEIR_AF_INET), *plain;
        uint8_t whole = v6 ? 128 : 32;

        if (late) {
            l = sk_listener(k, 1, at[1], 80, 5);
        } else {
            l = sk_socket(k, 1, v6 ? WEIR_AF_INET6 : WEIR_AF_INET);
            sk_ok(sk_bind(l, at[1], 80));
        }
        if (ao) {
            sk_ok(ao_add(l, at[0], whole, "hmac(sha1)", 7, 9, "secret"));
            sk_ok(ao_add(c, at[1], whole, "hmac(sha1)", 9, 7, "secret"));
        } else {
            sk_ok(md5(l, MD5, at[0], 0, 0, "secret"));
            sk_ok(md5(c, MD5, at[1], 0, 0, "secret"));
        }
        if (!late) {
            sk_ok(weir_sock_listen(l, 5));
        }
        sk_fails(sk_connect_to(c, at[1], 80), WEIR_SOCK_EINPROGRESS);
        plain = sk_socket(k, 0, v6 ? WEIR_AF_INET6 : WEIR_AF_INET);
        sk_fails(sk_connect_to(plain, at[1], 80), WEIR_SOCK_EINPROGRESS);
        sk_run(k, WEIR_S);
        assert_int_equal(weir_sock_poll(plain), 0); /* it has no key */
        exchange(k, l, c);
        if (!ao) {
            sk_fails(md5(c, MD5, at[1], 0, 0, ""), WEIR_SOCK_EBUSY);
            sk_ok(md5(c, MD5, at[1], 0, 0, "secret"));
        }
        sk_ok(ao ? ao_del(l, at[0], whole, 7, 9) : md5(l, MD5, at[0], 0, 0, ""));
        plain = sk_socket(k, 0, v6 ? WEIR_AF_INET6 : WEIR_AF_INET);
        sk_fails(sk_connect_to(plain, at[1], 80), WEIR_SOCK_EINPROGRESS);
        sk_run(k, WEIR_S);
        assert_int_equal(weir_sock_poll(plain), OUT); /* and needs none any more */
        sk_fails(md5(plain, MD5, at[1], 0, 0, "late"), WEIR_SOCK_EISCONN);
        sk_del(k);
    }
}

/* A key for a network is for its hosts, and an exact one comes before it. */
static void test_md5_prefix(void **state)
{
    (void)state;
    for (int exact = 0; exact < 2; exact++) {
        struct sk *k = sk_new();
        struct weir_sock *l = sk_listener(k, 1, "10.0.0.2", 80, 5);
        struct weir_sock *c = sk_socket(k, 0, WEIR_AF_INET);

        sk_ok(md5(l, MD5_EXT, "10.0.0.0", 1, 24, exact ? "other" : "secret"));
        if (exact) {
            sk_ok(md5(l, MD5, "10.0.0.1", 0, 0, "secret"));
        }
        sk_ok(md5(c, MD5_EXT, "0.0.0.0", 1, 0, "secret"));
        sk_fails(sk_connect_to(c, "10.0.0.2", 80), WEIR_SOCK_EINPROGRESS);
        sk_run(k, WEIR_S);
        exchange(k, l, c);
        sk_del(k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_md5_errors),
        cmocka_unit_test(test_ao_errors),
        cmocka_unit_test(test_keys_work),
        cmocka_unit_test(test_md5_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
