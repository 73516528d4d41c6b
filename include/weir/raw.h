/*
 * raw.h - raw IP and ping: packets of any IP protocol, in and out, with the calls of udp.h.
 *
 * weir_raw_open and weir_ping_open make handles; everything else is done with udp.h's calls, which do for them
 * what they say there, except:
 *
 * - Ports. A raw handle has none: they are ignored and 0. The local port of a ping handle is the ICMP
 *   identifier, which bind takes, or chooses (port 0); send_to chooses one if bind did not.
 * - What recv_from gives. Raw IPv4: the packet with its IP header. Raw IPv6: what follows the IPv6 headers (RFC
 *   3542 3). Ping: the ICMP message.
 * - Who receives. Every raw handle of the packet's protocol and family that is not bound or connected to other
 *   addresses, a copy each, before and beside what the stack itself does with the packet; only "protocol
 *   unreachable" is not said. ICMPv6 with a wrong checksum reaches nobody. A ping handle receives the
 *   echo replies with its identifier.
 * - bind of a raw handle may be repeated.
 */
#ifndef WEIR_RAW_H
#define WEIR_RAW_H

#include <weir/udp.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_RAW_PROTOCOL_RAW 255u /* receives nothing, and has WEIR_RAW_HEADER_INCLUDED set */

enum weir_raw_option {
    /* 1: what is sent begins with the IP header; 0. IPv4: total length and checksum are filled in, and so are
     * identification and source if they are 0; a packet larger than the path's MTU is WEIR_EMSGSIZE. IPv6: the
     * payload length must be right (WEIR_EINVAL). The source may be anybody's; the path is that to `to`. */
    WEIR_RAW_HEADER_INCLUDED = 1,
    /* IPv6: where in what is sent the Internet checksum over it and the pseudo-header is stored, an even number;
     * also where that of received packets is checked (WEIR_DROP_RAW_CHECKSUM). WEIR_RAW_NO_CHECKSUM, the
     * default: neither. ICMPv6 always has 2 (WEIR_EINVAL: it cannot be changed). */
    WEIR_RAW_CHECKSUM_OFFSET
};
#define WEIR_RAW_NO_CHECKSUM UINT64_MAX

/* Family 4 or 6, protocol 1..255 (RFC 9293's is 6). WEIR_EINVAL, WEIR_ENOBUFS, WEIR_EBUSY (stack being deleted). */
WEIR_API int weir_raw_open(struct weir_stack *stack, uint8_t family, uint32_t protocol,
                           uint64_t user, weir_handle *raw);

/* Echo requests out, replies in (RFC 792, RFC 4443 4). What is sent is the ICMP message from its type on, with code
 * 0; identifier and checksum are filled in. WEIR_EINVAL if it is nothing else than an echo request. */
WEIR_API int weir_ping_open(struct weir_stack *stack, uint8_t family, uint64_t user,
                            weir_handle *ping);

/* WEIR_ESTALE, WEIR_EINVAL, WEIR_ENOPROTOOPT (no such option, or not of this kind of handle). */
WEIR_API int weir_raw_set(struct weir_stack *stack, weir_handle raw, enum weir_raw_option option,
                          uint64_t value);
WEIR_API int weir_raw_get(struct weir_stack *stack, weir_handle raw, enum weir_raw_option option,
                          uint64_t *value);

/* ICMP types that the handle does not want, bit t % 32 of blocked[t / 32] (RFC 3542 3.2); NULL: it wants all,
 * the default. WEIR_ESTALE, WEIR_ENOPROTOOPT (not a raw handle of ICMP or ICMPv6). */
WEIR_API int weir_raw_filter(struct weir_stack *stack, weir_handle raw, const uint32_t blocked[8]);

#ifdef __cplusplus
}
#endif
#endif
