#!/usr/bin/env python3
"""Checks a capture of weir nc (one connection, bare IP) for explicit congestion notification.

usage: check_ecn.py PCAPNG send|receive classic|accurate     (the direction is weir's)

The handshake agreed on it; data is ECT, other packets are not; marks arrived and were fed back; with RFC 3168 the
sender answered with CWR, and ECE ended.
"""
import struct
import sys

CWR, ECE, SYN, ACK, FIN = 0x80, 0x40, 2, 16, 1


def packets(path):
    """Yields (out, IP-ECN, flags with AE, payload bytes, options)."""
    data, at = open(path, "rb").read(), 0
    while at < len(data):
        kind, length = struct.unpack_from("=II", data, at)
        if kind == 6:
            captured = struct.unpack_from("=I", data, at + 20)[0]
            packet = data[at + 28:at + 28 + captured]
            option, out = at + 28 + (captured + 3) // 4 * 4, None
            while option < at + length - 4:
                code, size = struct.unpack_from("=HH", data, option)
                if code == 0:
                    break
                if code == 2:
                    out = struct.unpack_from("=I", data, option + 4)[0] & 3 == 2
                option += 4 + (size + 3) // 4 * 4
            yield out, *tcp(packet)
        at += length


def tcp(packet):
    if packet[0] >> 4 == 4:
        ecn, header, total, protocol = packet[1] & 3, (packet[0] & 15) * 4, struct.unpack_from("!H", packet, 2)[0], packet[9]
    else:
        ecn, header, protocol = packet[1] >> 4 & 3, 40, packet[6]
        total = 40 + struct.unpack_from("!H", packet, 4)[0]
    if protocol != 6:
        return ecn, None, 0, b""
    size = (packet[header + 12] >> 4) * 4
    flags = struct.unpack_from("!H", packet, header + 12)[0] & 0x1ff
    return ecn, flags, total - header - size, packet[header + 20:header + size]


def expect(what, condition):
    if not condition:
        sys.exit(f"check_ecn: {what}")


def main():
    path, direction, kind = sys.argv[1:]
    seen = [p for p in packets(path) if p[2] is not None]
    syn = next(p for p in seen if p[2] & (SYN | ACK) == SYN)
    syn_ack = next(p for p in seen if p[2] & (SYN | ACK) == SYN | ACK)
    expect(f"the SYN asks for nothing: {syn[2]:#x}", syn[2] & (CWR | ECE) == CWR | ECE)
    answer = syn_ack[2] >> 6 & 7
    expect(f"the SYN,ACK answers {answer}", answer == 1 if kind == "classic" else answer in (2, 3, 4, 6))
    sender = direction == "send"  # weir sends: its data is "out", feedback is "in"
    data = [p for p in seen if p[0] == sender and p[3] > 0]
    back = [p for p in seen if p[0] != sender and not p[2] & SYN and p[2] & ACK]
    capable = [p for p in data if p[1] != 0]
    expect(f"only {len(capable)} of {len(data)} data packets are ECT", len(capable) > 0.9 * len(data))
    if sender:
        expect("a packet without data is ECT", not [p for p in seen if p[0] and p[3] == 0 and p[1]])
    else:
        expect("no mark arrived", [p for p in data if p[1] == 3])
    if kind == "classic":
        expect("no ECE", [p for p in back if p[2] & ECE])
        expect("ECE never ended", [p for p in back if not p[2] & ECE])
        cwr = [p for p in data if p[2] & CWR]
        expect("no CWR", cwr)
        expect("CWR without end", len(cwr) < len(data) / 4)
    else:
        steps = {p[2] >> 6 & 7 for p in back}
        expect(f"ACE did not move: {steps}", len(steps) > 2)
        expect("no AccECN option", [p for p in back if 172 in p[4] or 174 in p[4]])


if __name__ == "__main__":
    main()
