/* test_dhcp_options.c - what DHCP options say and what the link gets of it: RFC 2132, 3396, 3442. */
#include "dhcp_kit.h"

#include "wire/dhcp.h"

static void parse(struct answer *a, struct dhcp_reply *r, bool good)
{
    uint8_t *exact = malloc(a->size + 1); /* reading one byte further is found */
    assert_non_null(exact);
    memcpy(exact, a->bytes, a->size);
    exact[a->size] = 255;
    assert_int_equal(dhcp_parse(exact, a->size + 1, r), good);
    free(exact);
}

static void begin(struct answer *a)
{
    static struct dk none;
    answer_begin(&none, a, 5);
}

static void expect_bad(uint8_t code, const void *value, uint8_t size)
{
    struct answer a;
    struct dhcp_reply r;
    begin(&a);
    answer_option(&a, code, value, size);
    parse(&a, &r, false);
}

/* RFC 2132: lengths; RFC 950: a mask is ones, then zeros. */
static void test_malformed(void **s)
{
    (void)s;
    static const uint8_t bytes[64] = {0};
    struct answer a;
    struct dhcp_reply r;
    expect_bad(51, bytes, 3);
    expect_bad(58, bytes, 5);
    expect_bad(59, bytes, 0);
    expect_bad(54, bytes, 4); /* twice makes eight bytes (RFC 3396) */
    expect_bad(1, "\377\377\377\001", 4);
    expect_bad(1, bytes, 3);
    expect_bad(3, bytes, 5);
    expect_bad(3, bytes, 0);
    expect_bad(6, bytes, 6);
    expect_bad(26, "\000\103", 2); /* 67 */
    expect_bad(26, bytes, 1);
    expect_bad(52, bytes, 1);
    expect_bad(52, "\004", 1);
    expect_bad(121, "\041\001\002\003\004\005\001\002\003\004", 10); /* a width of 33 */
    expect_bad(121, "\030\001\002\003\004\005", 6);                  /* half a router */
    begin(&a);
    parse(&a, &r, true);
    a.bytes[a.size++] = 12; /* no length */
    assert_false(dhcp_parse(a.bytes, a.size, &r));
    a.bytes[a.size++] = 1; /* no value */
    assert_false(dhcp_parse(a.bytes, a.size, &r));
    begin(&a);
    a.bytes[236] = 0; /* the cookie */
    parse(&a, &r, false);
    begin(&a);
    a.bytes[1] = 6; /* not Ethernet */
    parse(&a, &r, false);
    begin(&a);
    memset(a.bytes + 240, 0, 3); /* no message type: BOOTP */
    parse(&a, &r, false);
    assert_false(dhcp_parse(a.bytes, 239, &r));
}

/* RFC 2131 4.1, RFC 3396 7: options, then file, then sname. */
static void test_overload(void **s)
{
    (void)s;
    struct answer a;
    struct dhcp_reply r;
    begin(&a);
    answer_option(&a, 6, "\001\001\001\001", 4);
    answer_option(&a, 52, "\003", 1);
    memcpy(a.bytes + 108, "\006\002\002\002\377", 5);
    memcpy(a.bytes + 44, "\006\002\002\002\063\004\000\000\016\020\377", 11);
    parse(&a, &r, true);
    assert_int_equal(r.network.dns.count, 2);
    assert_memory_equal(r.network.dns.ip[1], "\002\002\002\002", 4);
    assert_true(r.has_lease);
    assert_int_equal(r.lease, 3600);
    a.bytes[a.size - 1] = 1; /* the file only: half an address */
    parse(&a, &r, false);
    a.bytes[a.size - 1] = 2;
    parse(&a, &r, false);
    memcpy(a.bytes + 44, "\006\377", 2); /* beyond the field */
    parse(&a, &r, false);
}

/* More than there is room for is not looked at. */
static void test_bounds(void **s)
{
    (void)s;
    struct answer a;
    struct dhcp_reply r;
    uint8_t many[200] = {0};
    begin(&a);
    answer_option(&a, 3, many, 40);
    answer_option(&a, 6, many, 80);
    for (int i = 0; i < 20; i++) {
        memcpy(many + i * 7, "\020\012\001\300\000\002\001", 7);
        many[i * 7 + 2] = (uint8_t)i;
    }
    answer_option(&a, 121, many, 140);
    answer_option(&a, 15, many, 100);
    parse(&a, &r, true);
    assert_int_equal(r.network.routers.count, DHCP_ADDRESSES_MAX);
    assert_int_equal(r.network.dns.count, DHCP_ADDRESSES_MAX);
    assert_int_equal(r.network.route_count, DHCP_ROUTES_MAX);
    assert_int_equal(r.network.domain_size, 0);
    answer_option(&a, 121, many, 140);
    answer_option(&a, 121, many, 140);
    parse(&a, &r, true);
    answer_option(&a, 121, many, 140); /* more than an option can hold here */
    parse(&a, &r, false);
}

static bool has_route(const struct dk *k, const uint8_t to[4], uint8_t prefix,
                      const uint8_t gateway[4])
{
    struct ip_addr destination = ip_addr_from_v4(to), hop = {{0}};
    if (gateway != NULL) {
        hop = ip_addr_from_v4(gateway);
    }
    for (uint32_t i = 0; i < k->stack->ip.route_count; i++) {
        const struct ip_route *r = &k->stack->ip.routes[i];
        if (r->prefix == prefix && ip_addr_equal(&r->destination, &destination) &&
            ip_addr_equal(&r->gateway, &hop)) {
            return true;
        }
    }
    return false;
}

/* RFC 3442: with classless routes the routers are not looked at; 0.0.0.0 is on the link; bits behind the width
 * do not count. RFC 2132 5.1: the MTU, until the lease ends. */
static void test_network(void **s)
{
    (void)s;
    static const uint8_t routes[] = {0,   192, 0,   2,  253, 12, 172, 0x1f, 192, 0, 2,
                                     252, 32,  198, 51, 100, 9,  0,   0,    0,   0};
    struct weir_dhcp_config config;
    struct answer a;
    weir_dhcp_config_default(&config);
    config.no_probe = true;
    struct dk *k = dk_new(&config);
    answer_lease(k, &a, 2, 3600);
    answer_send(k, &a);
    answer_lease(k, &a, 5, 3600);
    answer_option(&a, 121, routes, sizeof(routes));
    answer_option(&a, 6, "\011\011\011\011\010\010\010\010", 8);
    answer_option(&a, 15, "example.net", 11);
    answer_option(&a, 26, "\005\024", 2); /* 1300 */
    answer_send(k, &a);
    assert_true(has_route(k, (uint8_t[4]){0}, 0, (uint8_t[]){192, 0, 2, 253}));
    assert_false(has_route(k, (uint8_t[4]){0}, 0, (uint8_t[]){192, 0, 2, 254}));
    assert_true(has_route(k, (uint8_t[]){172, 16, 0, 0}, 12, (uint8_t[]){192, 0, 2, 252}));
    assert_true(has_route(k, (uint8_t[]){198, 51, 100, 9}, 32, NULL));
    assert_true(has_route(k, (uint8_t[]){192, 0, 2, 0}, 24, NULL));
    assert_int_equal(k->stack->ip.links[0].config.mtu, 1300);
    struct weir_dhcp_info info = {.size = sizeof(info)};
    assert_int_equal(weir_dhcp_info(k->dhcp, &info), WEIR_OK);
    assert_int_equal(info.dns_count, 2);
    assert_memory_equal(info.dns[1].bytes, "\010\010\010\010", 4);
    assert_string_equal(info.domain, "example.net");
    assert_int_equal(info.route_count, 3);
    assert_int_equal(info.mtu, 1300);
    weir_dhcp_release(k->dhcp);
    assert_int_equal(k->stack->ip.links[0].config.mtu, 1500);
    assert_int_equal(k->stack->ip.route_count, 0);
    dk_del(k);
}

/* No mask: that of the class. */
static void test_no_mask(void **s)
{
    (void)s;
    struct weir_dhcp_config config;
    struct answer a;
    weir_dhcp_config_default(&config);
    config.no_probe = true;
    struct dk *k = dk_new(&config);
    answer_lease(k, &a, 2, 3600);
    answer_send(k, &a);
    answer_begin(k, &a, 5);
    answer_number(&a, 51, 3600);
    answer_option(&a, 26, "\000\104", 2); /* 68: less than any host must take */
    answer_send(k, &a);
    assert_true(has_route(k, (uint8_t[]){192, 0, 2, 0}, 24, NULL));
    assert_int_equal(k->stack->ip.links[0].config.mtu, 1500);
    assert_int_equal(weir_link_set_mtu(k->stack, 0, 1450), WEIR_OK); /* the application's own */
    weir_dhcp_release(k->dhcp);
    assert_int_equal(k->stack->ip.links[0].config.mtu, 1450);
    dk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_malformed), cmocka_unit_test(test_overload),
        cmocka_unit_test(test_bounds),    cmocka_unit_test(test_network),
        cmocka_unit_test(test_no_mask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
