#!/usr/bin/env python3
"""Joins pcap files of any link type into one pcapng file, an interface each, one after another in time.

usage: join_captures.py [--together] OUT FILE...

--together: packets keep their times, and stand in the file in that order.
"""
import struct
import sys


def block(kind, body):
    body += bytes(-len(body) % 4)
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def packets(path):
    """Link type, then (time in us, original length, bytes) of each packet."""
    with open(path, "rb") as file:
        data = file.read()
    order = "<" if data[0] in (0xD4, 0x4D) else ">"
    magic, link = struct.unpack(order + "I16xI", data[:24])
    yield link & 0xFFFF
    at = 24
    while at < len(data):
        s, fraction, size, original = struct.unpack(order + "4I", data[at : at + 16])
        yield s * 1000000 + (fraction // 1000 if magic == 0xA1B23C4D else fraction), original, data[at + 16 : at + 16 + size]
        at += 16 + size


def packet_block(interface, ticks, original, data):
    head = struct.pack("<5I", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(data), original)
    return block(6, head + data)


def main():
    together = sys.argv[1] == "--together"
    out, *paths = sys.argv[2:] if together else sys.argv[1:]
    now = 1700000000 * 1000000
    blocks = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))]
    records = []
    for number, path in enumerate(paths):
        link, *rest = packets(path)
        blocks.append(block(1, struct.pack("<HHI", link, 0, 0)))
        shift = 0 if together else now - rest[0][0]
        records += [(time + shift, number, original, data) for time, original, data in rest]
        now = rest[-1][0] + shift + 60000000
    records.sort(key=lambda record: record[0])
    blocks += [packet_block(number, time, original, data) for time, number, original, data in records]
    with open(out, "wb") as file:
        file.write(b"".join(blocks))


if __name__ == "__main__":
    main()
