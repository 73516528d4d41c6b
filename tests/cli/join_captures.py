#!/usr/bin/env python3
"""Joins pcap files of any link type into one pcapng file, an interface each, one after another in time.

usage: join_captures.py OUT FILE...
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


def main():
    now = 1700000000 * 1000000
    blocks = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))]
    for number, path in enumerate(sys.argv[2:]):
        source = packets(path)
        blocks.append(block(1, struct.pack("<HHI", next(source), 0, 0)))
        first = None
        for time, original, data in source:
            first = time if first is None else first
            ticks = now + time - first
            head = struct.pack("<5I", number, ticks >> 32, ticks & 0xFFFFFFFF, len(data), original)
            blocks.append(block(6, head + data))
        now = ticks + 60000000
    with open(sys.argv[1], "wb") as out:
        out.write(b"".join(blocks))


if __name__ == "__main__":
    main()
