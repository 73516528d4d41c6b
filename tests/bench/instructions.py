#!/usr/bin/env python3
"""Counts the instructions that weir spends on a data segment, without the copies and checksums.

usage: instructions.py BUILD [--limit N] [--lwip PROGRAM] [--json FILE]

Runs bench_bulk mss1460 under callgrind, which counts only what bench_measured calls. Everything counts that
runs there: both stacks, the link, the host's turns, the applications; the sender's half and the receiver's
half of a segment, and its share of ACKs. Left out are only the functions that copy and sum payload. With
--limit the exit code is 1 above it: that is the gate.
"""
import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

MEGABYTES = 40
COPY = re.compile(r"^(simd_\w+|csum_(sum|copy)_portable|lwip_standard_chksum|_*mem(cpy|move)\w*)$")
TRACE = {"src/tcp/trace.c", "src/tcp/trace.h", "src/base/env.c", "src/base/env.h"}
FOLDERS = ("base", "wire", "ip", "tcp", "stack", "device", "host")


def values(text):
    """Lines "name value unit" as a dictionary."""
    return {line.split()[0]: float(line.split()[1]) for line in text.splitlines() if len(line.split()) == 3}


def parse(path):
    """Own cost by (file, function); a line belongs to the file it was written in, also when inlined."""
    cost, names, skip = Counter(), {}, False
    file = function = ""
    for line in path.read_text(errors="replace").splitlines():
        match = re.match(r"(fl|fi|fe|fn)=\((\d+)\)(?: (.*))?", line)
        if match:
            kind, number, name = match.groups()
            key = ("fn" if kind == "fn" else "fl", number)
            names.setdefault(key, name)
            if kind == "fn":
                function = names[key].split("'")[0]
            else:
                file = names[key]
        elif line.startswith("calls="):
            skip = True  # the next line is what the callee cost
        elif re.match(r"(c?(ob|fi|fl|fn))=\((\d+)\) ", line):
            match = re.match(r"c(fn|fi|fl)=\((\d+)\) (.*)", line)
            if match:
                names.setdefault(("fn" if match[1] == "fn" else "fl", match[2]), match[3])
        elif re.match(r"[+*\d-]", line):
            if skip:
                skip = False
                continue
            cost[file, function] += int(line.split()[1])
    return cost


def profile(command):
    """What a run under callgrind cost, and what the program said."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--toggle-collect=bench_measured",
             "--compress-pos=no", *command], capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(f"instructions.py: {' '.join(command)} failed under callgrind:\n{run.stderr[-2000:]}")
        return parse(out), values(run.stdout)


def layer(file, function):
    for folder in FOLDERS:
        if f"src/{folder}/" in file:
            return folder
    return "application" if "tests/bench/" in file else "libc, allocator"


def measure(command):
    cost, said = profile(command)
    segments = said["data_frames"]
    copies = sum(n for (_, function), n in cost.items() if COPY.match(function))
    layers = Counter()
    for (file, function), n in cost.items():
        if not COPY.match(function):
            layers[layer(file, function)] += n
    return {
        "total": sum(cost.values()) / segments,
        "rest": (sum(cost.values()) - copies) / segments,
        "layers": {name: n / segments for name, n in layers.most_common()},
        "trace": sum(n for (file, _), n in cost.items() if any(file.endswith(t) for t in TRACE)),
    }


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("build")
    arguments.add_argument("--limit", type=float)
    arguments.add_argument("--lwip")
    arguments.add_argument("--json")
    options = arguments.parse_args()
    bulk = [f"{options.build}/bench/bench_bulk", "mss1460", str(MEGABYTES)]
    result = {"weir": measure(bulk)}
    records = values(subprocess.run([*bulk, "records"], capture_output=True, text=True, check=True).stdout)
    weir = result["weir"]
    weir["per_record"] = weir["trace"] / records["records"]
    print(f"instructions per data segment: {weir['rest']:.0f} without copies and checksums, {weir['total']:.0f} in all")
    print("by layer: " + ", ".join(f"{name} {n:.0f}" for name, n in weir["layers"].items()))
    print(f"instructions per trace record: {weir['per_record']:.0f}")
    if options.lwip:
        result["lwip"] = measure([options.lwip, str(MEGABYTES)])
        print(f"lwIP: {result['lwip']['rest']:.0f} without copies and checksums, {result['lwip']['total']:.0f} in all")
    if options.json:
        Path(options.json).write_text(json.dumps(result))
    if options.limit and weir["rest"] > options.limit:
        sys.exit(f"instructions.py: {weir['rest']:.0f} per data segment is above {options.limit:.0f}")


if __name__ == "__main__":
    main()
