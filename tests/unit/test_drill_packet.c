/*
 * test_drill_packet.c - packets: TCP lines, IP header fields, ICMP, UDP, and what is not supported.
 */
#include "unit/drill_kit.h"

#include "base/compiler.h"

static void test_tcp_line(void **state)
{
    struct drill_script *script = drill_good("0 < P. 1:1001(1000) ack 5 win 257 urg 9 <nop>");
    const struct drill_packet *packet = drill_packet_of(script);

    (void)state;
    assert_int_equal(packet->direction, DRILL_IN);
    assert_int_equal(packet->kind, DRILL_PACKET_TCP);
    assert_int_equal(packet->tcp.flags, DRILL_PSH | DRILL_ACK);
    assert_int_equal(packet->tcp.ace, -1);
    assert_int_equal(packet->tcp.seq.start, 1);
    assert_int_equal(packet->tcp.seq.end, 1001);
    assert_int_equal(packet->tcp.seq.length, 1000);
    assert_true(packet->tcp.ack_said && packet->tcp.window_said && packet->tcp.urgent_said);
    assert_int_equal(packet->tcp.ack, 5);
    assert_int_equal(packet->tcp.window, 257);
    assert_int_equal(packet->tcp.urgent, 9);
    assert_int_equal(packet->ip.tos_mask, 0);
    assert_false(packet->ip.ttl_said || packet->ip.flow_label_said || packet->socket_said);
    assert_false(packet->ports.said || packet->tcp.tunnel.said);
    drill_script_del(script);
}

static void test_bare_line(void **state)
{
    struct drill_script *script = drill_good("0 > - 4294967295:9(10)");
    const struct drill_packet *packet = drill_packet_of(script);

    (void)state;
    assert_int_equal(packet->direction, DRILL_OUT);
    assert_int_equal(packet->tcp.flags, 0);
    assert_int_equal(packet->tcp.seq.start, UINT32_MAX);
    assert_false(packet->tcp.ack_said || packet->tcp.window_said || packet->tcp.urgent_said);
    assert_int_equal(packet->tcp.options_mode, DRILL_OPTIONS_LIST);
    assert_null(packet->tcp.options);
    drill_script_del(script);
}

struct flags_case {
    const char *text;
    uint16_t flags;
    int ace;
};

static void test_flags(void **state)
{
    static const struct flags_case cases[] = {
        {".", DRILL_ACK, -1},
        {"S", DRILL_SYN, -1},
        {"S.", DRILL_SYN | DRILL_ACK, -1},
        {"F  .", DRILL_FIN | DRILL_ACK, -1},
        {"SEWA", DRILL_SYN | DRILL_ECE | DRILL_CWR | DRILL_AE, -1},
        {"EAP.", DRILL_ECE | DRILL_AE | DRILL_PSH | DRILL_ACK, -1},
        {"S.EW", DRILL_SYN | DRILL_ACK | DRILL_ECE | DRILL_CWR, -1},
        {"R", DRILL_RST, -1},
        {"FU.", DRILL_FIN | DRILL_URG | DRILL_ACK, -1},
        {".5", DRILL_ACK, 5},
        {"P.0", DRILL_PSH | DRILL_ACK, 0},
        {"P7.", DRILL_PSH | DRILL_ACK, 7},
    };
    char text[80];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        snprintf(text, sizeof(text), "0 > %s 1:1(0) ack 1", cases[i].text);
        struct drill_script *script = drill_good(text);
        assert_int_equal(drill_packet_of(script)->tcp.flags, cases[i].flags);
        assert_int_equal(drill_packet_of(script)->tcp.ace, cases[i].ace);
        drill_script_del(script);
    }
}

static void test_sequence_forms(void **state)
{
    struct drill_script *script = drill_good("0 > S. ...(0) ack 1 +0 > R. 5:5(0)! ack 7");
    const struct drill_event *event = script->events;

    (void)state;
    assert_true(event->packet->tcp.seq.any);
    assert_false(event->packet->tcp.seq.absolute);
    assert_true(event->next->packet->tcp.seq.absolute);
    drill_script_del(script);
}

struct ip_case {
    const char *text;
    struct drill_ip ip;
};

static void test_ip_header(void **state)
{
    static const struct ip_case cases[] = {
        {"[ect0]", {.tos = 2, .tos_mask = 3}},
        {"[ect1]", {.tos = 1, .tos_mask = 3}},
        {"(ce)", {.tos = 3, .tos_mask = 3}},
        {"[noecn]", {.tos = 0, .tos_mask = 3}},
        {"[ect01]", {.tos = 2, .tos_mask = 3, .any_ect = true}},
        {"(ecn ect0)", {.tos = 2, .tos_mask = 3}},
        {"(tos 0xb8)", {.tos = 0xb8, .tos_mask = 0xff}},
        {"(class 0x10)", {.tos = 0x10, .tos_mask = 0xff}},
        {"(dscp 0x2e)", {.tos = 0xb8, .tos_mask = 0xfc}},
        {"(dscp cs1, ecn ce)", {.tos = 0x23, .tos_mask = 0xff}},
        {"[dscp voice-admit]", {.tos = 0xb0, .tos_mask = 0xfc}},
        {"(ttl 64)", {.ttl_said = true, .ttl = 64}},
        {"(hlim 1, flowlabel 0xfffff)",
         {.ttl_said = true, .ttl = 1, .flow_label_said = true, .flow_label = 0xfffff}},
        {"[ect0,flowlabel 0x5]",
         {.tos = 2, .tos_mask = 3, .flow_label_said = true, .flow_label = 5}},
    };
    char text[80];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct drill_ip *want = &cases[i].ip;

        snprintf(text, sizeof(text), "0 > %s . 1:1(0) ack 1", cases[i].text);
        struct drill_script *script = drill_good(text);
        const struct drill_ip *ip = &drill_packet_of(script)->ip;
        assert_int_equal(ip->tos, want->tos);
        assert_int_equal(ip->tos_mask, want->tos_mask);
        assert_int_equal(ip->any_ect, want->any_ect);
        assert_int_equal(ip->ttl_said, want->ttl_said);
        assert_int_equal(ip->ttl, want->ttl);
        assert_int_equal(ip->flow_label_said, want->flow_label_said);
        assert_int_equal(ip->flow_label, want->flow_label);
        drill_script_del(script);
    }
}

static void test_ports_socket_tunnel(void **state)
{
    struct drill_script *script =
        drill_good("0 > (4) [ce] 1000 > 8080 S 0:0(0) win 5 <mss 9>/udp(1 > 65535)");
    const struct drill_packet *packet = drill_packet_of(script);

    (void)state;
    assert_true(packet->socket_said);
    assert_int_equal(packet->socket, 4);
    assert_int_equal(packet->ip.tos, 3);
    assert_int_equal(packet->ports.src, 1000);
    assert_int_equal(packet->ports.dst, 8080);
    assert_true(packet->tcp.tunnel.said);
    assert_int_equal(packet->tcp.tunnel.src, 1);
    assert_int_equal(packet->tcp.tunnel.dst, 65535);
    drill_script_del(script);
}

static void test_udp(void **state)
{
    struct drill_script *script = drill_good("0 < udp(12) +0 > [ect0] udp 5 > 6 (0)");
    const struct drill_packet *packet = script->events->packet;

    (void)state;
    assert_int_equal(packet->kind, DRILL_PACKET_UDP);
    assert_int_equal(packet->udp_length, 12);
    packet = script->events->next->packet;
    assert_int_equal(packet->udp_length, 0);
    assert_int_equal(packet->ports.dst, 6);
    drill_script_del(script);
}

static void check_icmp(const char *text, const char *type, const char *code,
                       enum drill_quote_kind quote)
{
    struct drill_script *script = drill_good(text);
    const struct drill_packet *packet = drill_packet_of(script);

    assert_int_equal(packet->kind, DRILL_PACKET_ICMP);
    assert_string_equal(packet->icmp.type, type);
    assert_int_equal(packet->icmp.code == NULL, code == NULL);
    if (code != NULL) {
        assert_string_equal(packet->icmp.code, code);
    }
    assert_int_equal(packet->icmp.quote, quote);
    drill_script_del(script);
}

static void test_icmp(void **state)
{
    (void)state;
    check_icmp("0 < icmp echo_request id 7", "echo_request", NULL, DRILL_QUOTE_NONE);
    check_icmp("0 < icmp unreachable", "unreachable", NULL, DRILL_QUOTE_NONE);
    check_icmp("0 < icmp type_3 code_4 [1:1001(1000)/udp(1 > 2)]", "type_3", "code_4",
               DRILL_QUOTE_TCP);
    check_icmp("0 < icmp packet_too_big mtu 1280 [udp(9)]", "packet_too_big", NULL,
               DRILL_QUOTE_UDP);
    check_icmp("0 < [ect0] icmp redirect [raw (9)]", "redirect", NULL, DRILL_QUOTE_RAW);
    check_icmp("0 < [1:2(1)] icmp unreachable host_unknown", "unreachable", "host_unknown",
               DRILL_QUOTE_TCP);

    struct drill_script *script =
        drill_good("0 < icmp unreachable frag_needed mtu 1200 id 3 [1:1001(1000)]");
    const struct drill_icmp *icmp = &drill_packet_of(script)->icmp;
    assert_true(icmp->mtu_said);
    assert_int_equal(icmp->mtu, 1200);
    assert_int_equal(icmp->id, 3);
    assert_int_equal(icmp->seq.end, 1001);
    drill_script_del(script);
}

struct icmp_case {
    int family;
    struct drill_icmp icmp;
    int type; /* -1: unknown */
    int code;
};

static void test_icmp_numbers(void **state)
{
    static const struct icmp_case cases[] = {
        {4, {.type = "unreachable", .code = "frag_needed"}, 3, 4},
        {4, {.type = "unreachable"}, 3, 0},
        {6, {.type = "unreachable", .code = "port_unreachable"}, 1, 4},
        {6, {.type = "packet_too_big"}, 2, 0},
        {4, {.type = "packet_too_big"}, -1, 0},
        {4, {.type = "type_200", .code = "code_255"}, 200, 255},
        {4, {.type = "type_3", .code = "host_unknown"}, 3, 7},
        {4, {.type = "type_256"}, -1, 0},
        {4, {.type = "type_"}, -1, 0},
        {4, {.type = "type_1x"}, -1, 0},
        {4, {.type = "host_unknown"}, -1, 0},
        {4, {.type = "redirect", .code = "host_unknown"}, -1, 0},
        {6, {.type = "unreachable", .code = "frag_needed"}, -1, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        uint8_t type = 0;
        uint8_t code = 0;
        bool known = drill_icmp_numbers(cases[i].family, &cases[i].icmp, &type, &code);

        assert_int_equal(known, cases[i].type >= 0);
        if (known) {
            assert_int_equal(type, cases[i].type);
            assert_int_equal(code, cases[i].code);
        }
    }
}

static void test_unsupported(void **state)
{
    struct drill_script *script =
        drill_good("0 > sctp: INIT[flgs=0, tag=1,\n 7, ...],\n  MORE[] // x\n"
                   "+0 < gre: . 1:1(0)\n"
                   "+0 < mpls (label 1, tc 0, ttl 2): . 1:1(0)\n"
                   "+0 < ipv6 fd00::1 > fd00::2: S 0:0(0)\n"
                   "* < [ect0] encap psp spi 7 . 1:1(0)\n"
                   "+0 < udplite(1, 2)\n"
                   "#ifdef X\n"
                   "+0 > sctp: ABORT[]\n"
                   "#endif\n"
                   "+0 > . 1:1(0)\n");
    static const char *const names[] = {"SCTP", "GRE",      "MPLS", "IP in IP",
                                        "PSP",  "UDP-Lite", "SCTP"};
    const struct drill_event *event = script->events;

    (void)state;
    assert_ptr_equal(script->unsupported, event);
    assert_string_equal(event->text.data, "> sctp: INIT[flgs=0, tag=1,\n 7, ...],\n  MORE[] // x");
    for (size_t i = 0; i < ARRAY_SIZE(names); i++, event = event->next) {
        assert_int_equal(event->kind, DRILL_EVENT_UNSUPPORTED);
        assert_string_equal(event->unsupported, names[i]);
    }
    assert_int_equal(event->kind, DRILL_EVENT_PACKET);
    assert_null(event->next);
    drill_script_del(script);
}

static void test_errors(void **state)
{
    (void)state;
    drill_wrong("0 < 1:1(0)", "t.pkt:1:6: expected '>', found ':'");
    drill_wrong("0 < +", "t.pkt:1:5: expected TCP flags, udp or icmp, found '+'");
    drill_wrong("0 < SX. 1:1(0)",
                "t.pkt:1:6: 'X' is no TCP flag: F S R P . U E W A, one digit, or - for none");
    drill_wrong("0 < .12 1:1(0)",
                "t.pkt:1:7: '2' is no TCP flag: F S R P . U E W A, one digit, or - for none");
    drill_wrong("0 < E.1 1:1(0)", "t.pkt:1:5: a digit stands for the flags E, W and A together");
    drill_wrong("0 < . 1:1001", "t.pkt:1:13: expected '(', found the end of the file");
    drill_wrong("0 < . 1:1001(999)", "t.pkt:1:7: 1 to 1001 is not a length of 999");
    drill_wrong("0 < . 4294967296:0(0)", "t.pkt:1:7: a sequence number is at most 4294967295");
    drill_wrong("0 < . 1:1(65536)", "t.pkt:1:11: a payload length is at most 65535");
    drill_wrong("0 < . 1:1(0) ack x", "t.pkt:1:18: expected an ACK number, found 'x'");
    drill_wrong("0 < . 1:1(0) win 65536", "t.pkt:1:18: a window is at most 65535");
    drill_wrong("0 < . 1:1(0) urg -1", "t.pkt:1:18: expected an urgent pointer, found '-'");
    drill_wrong("0 < . 1:1(0)/tcp(1 > 2)", "t.pkt:1:14: expected 'udp', found 'tcp'");
    drill_wrong("0 < [ect2] . 1:1(0)",
                "t.pkt:1:6: expected noecn, ect0, ect1, ect01 or ce, found 'ect2'");
    drill_wrong("0 < [ect01] . 1:1(0)",
                "t.pkt:1:3: [ect01] is for packets that are expected ('>') only");
    drill_wrong("0 < (tos 256) . 1:1(0)", "t.pkt:1:10: a TOS or class is at most 255");
    drill_wrong("0 < (tos 1, ce) . 1:1(0)",
                "t.pkt:1:15: these bits of the IP header are given twice");
    drill_wrong("0 < (ttl 1] . 1:1(0)", "t.pkt:1:11: expected ')', found ']'");
    drill_wrong("0 < (flowlabel 0x100000) .", "t.pkt:1:16: a flow label is at most 1048575");
    drill_wrong("0 < [1:1(0)] . 1:1(0)", "t.pkt:1:5: a quoted packet belongs to an ICMP message");
    drill_wrong("0 < [1:1(0)] icmp redirect [1:1(0)]",
                "t.pkt:1:29: this ICMP message quotes two packets");
    drill_wrong("0 < icmp 3", "t.pkt:1:10: expected an ICMP type, found '3'");
    drill_wrong("0 < icmp a mtu 4294967296", "t.pkt:1:16: an MTU is at most 4294967295");
    drill_wrong("0 < udp 1", "t.pkt:1:10: expected '>', found the end of the file");
    drill_wrong("0 < 65536 > 1 . 1:1(0)", "t.pkt:1:5: a port is at most 65535");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcp_line),     cmocka_unit_test(test_bare_line),
        cmocka_unit_test(test_flags),        cmocka_unit_test(test_sequence_forms),
        cmocka_unit_test(test_ip_header),    cmocka_unit_test(test_ports_socket_tunnel),
        cmocka_unit_test(test_udp),          cmocka_unit_test(test_icmp),
        cmocka_unit_test(test_icmp_numbers), cmocka_unit_test(test_unsupported),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
