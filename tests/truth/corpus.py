#!/usr/bin/env python3
"""Makes the truth corpus: double captures of real Linux TCP in which every loss, duplicate and reordering is known.

usage: corpus.py --out DIR [--jobs 2] SEEDS...      SEEDS: 12, 2-40 (all of them) or 2-40:2 (every second)

Each seed becomes DIR/SEED.client.pcap, DIR/SEED.server.pcap and DIR/SEED.json: the scenario and the labels
(labels.py). Even seeds are for tuning, odd ones for publishing. Environment: WEIR, the tool (else the newest build).
Exit code 77: namespaces or TUN interfaces cannot be had here.
"""
import argparse
import concurrent.futures
import json
import os
import sys
import tempfile
import time

import kinds
import labels
import link
import scenario
import wire

HERE = os.path.dirname(os.path.abspath(__file__))
LONGEST = 9  # seconds of a conversation; then it is cut off, which harms no label


def seeds_of(words):
    seeds = []
    for word in words:
        span, _, step = word.partition(":")
        first, _, last = span.partition("-")
        seeds += range(int(first), int(last or first) + 1, int(step or 1))
    return seeds


def converse(s, directory):
    """Inside: the conversation of one scenario; leaves log and pcapng in `directory`."""
    settings = [("ipv4/tcp_sack", s["sack"]), ("ipv4/tcp_timestamps", s["timestamps"])]
    relay = s["relay"] + ([] if s["offload"] else ["--no-offload"])
    world = link.Link(directory, relay, s["mtu"], settings, s["family"] == 6)
    if s["tap"] == "kernel":
        world.dump()
    s["start"] = time.monotonic() + 0.4
    with open(world.path("scenario"), "w") as out:
        json.dump(s, out)
    arguments = [os.path.join(HERE, "traffic.py")]
    server = world.start(1, arguments + ["server", world.path("scenario"), world.path("ready")])
    if s["traffic"] != "simopen":
        link.wait_for_file(world.path("ready"))
    client = world.start(0, arguments + ["client", world.path("scenario"), world.path("ready")])
    link.wait_all([client, server], LONGEST)
    time.sleep(min(1, 0.3 + 6 * s["link"]["delay_ms"] / 1000))  # the last segments
    world.stop()


def inside(seed, directory):
    converse(scenario.make(seed), directory)


def watch(port, work):
    """Does the work; what the kernel told about its retransmissions, None where it does not tell."""
    try:
        trace = kinds.Trace(port)
    except OSError:
        work()
        return None
    try:
        work()
        return trace.events()
    finally:
        trace.close()


def make(seed, out):
    s = scenario.make(seed)
    with tempfile.TemporaryDirectory() as directory:
        events = watch(s["port"], lambda: link.run_inside([__file__, "--inside", directory, str(seed)]))
        frames, found = labels.label(directory, events)
    for side in ("client", "server"):
        wire.write_pcap(os.path.join(out, f"{seed}.{side}.pcap"), frames[side])
    with open(os.path.join(out, f"{seed}.json"), "w") as file:
        json.dump({"scenario": s, **found}, file)
    return seed, s["traffic"], {side: len(frames[side]) for side in frames}


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--out")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--inside")
    parser.add_argument("seeds", nargs="+")
    a = parser.parse_args()
    if a.inside:
        return inside(int(a.seeds[0]), a.inside)
    if not link.possible():
        print("SKIP: no TUN interfaces or namespaces here (try as root)", file=sys.stderr)
        return 77
    os.makedirs(a.out, exist_ok=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        jobs = {seed: pool.submit(make, seed, a.out) for seed in seeds_of(a.seeds)}
        for seed, job in jobs.items():
            try:
                print(*job.result(), flush=True)
            except Exception as problem:  # one bad scenario must not end the others
                failed += 1
                print(f"corpus: {seed}: {problem}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
