#!/usr/bin/env python3
"""Checks the log of weir relay against itself, against the options it was given, and against its capture.

usage: check_relay_log.py LOG PCAPNG OPTION...
"""
import json
import struct
import sys

NS = {"ms": 10**6, "us": 10**3, "s": 10**9}


def options(words):
    """{"loss": ("1%", "1%"), "drop": ("5,20", "7")}: out and in."""
    found = {}
    for word, value in zip(words[::2], words[1::2]):
        name = word.removeprefix("--")
        base = name.removesuffix("-out").removesuffix("-in")
        out, into = found.get(base, (None, None))
        found[base] = (out if name.endswith("-in") else value, into if name.endswith("-out") else value)
    return found


def duration(text):
    for unit in ("ms", "us", "s"):
        if text and text.endswith(unit):
            return int(float(text.removesuffix(unit)) * NS[unit])
    return 0


def blocks(path):
    """Yields (interface, out, packet) of a pcapng file in this machine's byte order."""
    data, at = open(path, "rb").read(), 0
    while at < len(data):
        kind, length = struct.unpack_from("=II", data, at)
        if kind == 6:
            interface, _, _, captured, _ = struct.unpack_from("=IIIII", data, at + 8)
            packet = data[at + 28:at + 28 + captured]
            option, out = at + 28 + (captured + 3) // 4 * 4, None
            while option < at + length - 4:
                code, size = struct.unpack_from("=HH", data, option)
                if code == 0:
                    break
                if code == 2:
                    out = struct.unpack_from("=I", data, option + 4)[0] & 3 == 2
                option += 4 + (size + 3) // 4 * 4
            yield interface, out, packet
        at += length


def main(log, capture, words):
    lines = [json.loads(line) for line in open(log)]
    given, problems = options(words), []

    def check(good, what):
        if not good:
            problems.append(what)

    first, last, packets = lines[0], lines[-1], lines[1:-1]
    check(first["e"] == "relay" and last["e"] == "end", "first and last line")
    check(all(p["e"] == "packet" and p["v"] == 1 for p in packets), "the lines between")
    seen = {}
    for interface, out, packet in blocks(capture):
        seen.setdefault((interface, out), []).append(packet)
    for index, direction in enumerate(("ab", "ba")):
        mine = [p for p in packets if p["dir"] == direction]
        originals = [p for p in mine if p["fate"] != "duplicate"]
        arrived = [p for p in mine if p["delivered_ns"] is not None]
        what = lambda text: f"{direction}: {text}"
        check([p["n"] for p in originals] == list(range(1, len(originals) + 1)), what("numbers"))
        check(all(p["sent_ns"] >= q["sent_ns"] for q, p in zip(mine, mine[1:])), what("order of sending"))
        check(all((p["delivered_ns"] is not None) == (p["fate"] in ("delivered", "duplicate")) for p in mine),
              what("what is delivered has a time, what is not has none"))
        delay = duration(given.get("delay", (None, None))[index])
        check(all(p["delivered_ns"] - p["sent_ns"] >= delay for p in arrived), what("delay"))
        in_order = [p["delivered_ns"] for p in arrived if not p["reordered"]]
        check(in_order == sorted(in_order), what("order of delivery"))
        drop = given.get("drop", (None, None))[index]
        dropped = [p["n"] for p in mine if p["fate"] == "dropped"]
        check(dropped == ([int(n) for n in drop.split(",")] if drop else []), what(f"dropped {dropped}"))
        for name, marked in (("duplicate", [p["n"] for p in mine if p["fate"] == "duplicate"]),
                             ("reorder", [p["n"] for p in originals if p["reordered"]])):
            numbers = given.get(f"{name}-nth", (None, None))[index]
            if numbers:
                check(marked == [int(n) for n in numbers.split(",")], what(f"{name} by number: {marked}"))
        stall = given.get("stall", (None, None))[index]
        if stall:
            number, _, time = stall.partition(":")
            begin = originals[int(number) - 1]["sent_ns"]
            check(all(p["delivered_ns"] >= begin + duration(time) for p in arrived if p["n"] >= int(number)),
                  what("standstill"))
        for name, count in (("loss", sum(p["fate"] == "lost" for p in mine)),
                            ("duplicate", len(mine) - len(originals)),
                            ("reorder", sum(p["reordered"] for p in originals)),
                            ("corrupt", sum(p["corrupted"] for p in originals))):
            wanted = given.get(name, (None, None))[index]
            if given.get(f"{name}-nth", (None, None))[index]:
                continue
            share = float(wanted.removesuffix("%")) / 100 if wanted else 0
            expected = share * len(originals)
            check(abs(count - expected) <= 5 * expected**0.5, what(f"{name}: {count}, expected {expected:.0f}"))
        counts = last[direction]
        check(counts["sent"] == len(originals), what("count of sent"))
        check(counts["delivered"] + counts["duplicated"] == len(arrived), what("count of delivered"))
        check(counts["under_way"] == 0, what("under way at the end"))
        check(max((p["size"] for p in mine), default=0) <= 1514, what("larger than a wire segment"))
        # The capture: what was handed in on one side, and what came out on the other.
        check([len(p) for p in seen.get((index, False), [])] == [p["size"] for p in originals],
              what("the capture of what was handed in"))
        check(len(seen.get((1 - index, True), [])) == len(arrived), what("the capture of what came out"))
    check(any("seq" in p for p in packets), "no TCP")
    for problem in problems:
        print(f"check_relay_log: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
