#!/usr/bin/env python3
"""Runs all benchmarks and prints one table: what, weir, peer, ratio, required, verdict.

usage: table.py BUILD [--runs N] [--megabytes N] [--captures N] [--only-captures]

Rows of weir and of its peers take turns, so that what disturbs the machine disturbs both; figures are
medians. Exit code 1 when a row that has a requirement misses it, or could not be measured although nothing
but a missing permission may excuse that.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from captures import capture_rows

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
VARIANTS = ("mss1460", "mss1460-second-pass", "mss1460-timestamps", "mss1460-borrow", "mtu16k", "mtu64k", "gso", "gso-borrow")
LWIP_FLAGS = ["-std=c17", "-O3", "-march=x86-64-v3", "-D_GNU_SOURCE"]
LWIP_LEFT_OUT = ("dns.c", "raw.c", "stats.c", "sys.c", "altcp")
LWIP_IP4 = ("icmp.c", "ip4.c", "ip4_addr.c", "ip4_frag.c")


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(command):
    """Lines "name value unit" of a program as a dictionary; None when it fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        say(f"{' '.join(map(str, command))}: {done.stderr.strip()[-400:]}")
        return None
    return {line.split()[0]: float(line.split()[1]) for line in done.stdout.splitlines()}


class Table:
    def __init__(self):
        self.rows, self.missed = [], 0

    def add(self, what, weir, peer="", ratio="", required="", ok=None):
        verdict = "" if ok is None else "ok" if ok else "missed"
        self.missed += ok is False
        self.rows.append([what, weir, peer, ratio, required, verdict])

    def print(self):
        rows = [["what", "weir", "peer", "ratio", "required", ""]] + self.rows
        widths = [max(len(row[i]) for row in rows) for i in range(6)]
        for number, row in enumerate(rows):
            print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
            if number == 0:
                print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


# ---- The peers ----

def build_lwip(folder):
    """lwIP from Debian's source and Debian's shared library, as programs; those that could be made."""
    programs, source = {}, subprocess.run([ROOT / "tools/lwip-source"], capture_output=True, text=True)
    jobs = {"debian": ["-I/usr/include/lwip", HERE / "lwip/bulk.c", "-llwip"]}
    if source.returncode == 0:
        core = Path(source.stdout.strip()) / "src/core"
        files = [f for f in core.glob("*.c") if not f.name.startswith(LWIP_LEFT_OUT)]
        files += [core / "ipv4" / name for name in LWIP_IP4]
        tuned = [f"-I{HERE}/lwip", f"-I{core.parent}/include", HERE / "lwip/bulk.c", *files]
        jobs |= {"tuned": tuned, "tuned16k": ["-DBENCH_MSS=16000", *tuned]}
    else:
        say(source.stderr.strip())
    for name, arguments in jobs.items():
        program = folder / f"lwip-{name}"
        done = subprocess.run(["gcc", *LWIP_FLAGS, "-o", program, *arguments], capture_output=True, text=True)
        if done.returncode == 0:
            programs[name] = program
        else:
            say(f"lwip-{name} cannot be built:\n{done.stderr[:800]}")
    return programs


# ---- Rows ----

def bulk_rows(table, options, lwip):
    commands = {name: [options.bench / "bench_bulk", name] for name in VARIANTS}
    commands |= {f"lwip-{name}": [program] for name, program in lwip.items()}
    rates = {name: [] for name in commands}
    for number in range(options.runs):
        say(f"bulk in memory, run {number + 1} of {options.runs}")
        for name, command in commands.items():
            said = run([*command, str(options.megabytes)])
            if said:
                rates[name].append(said["gbit_per_s"])
    middle = {name: statistics.median(values) for name, values in rates.items() if values}

    def row(what, name, peer=None, label="", required=None):
        mine, other = middle.get(name), middle.get(peer)
        ratio = mine / other if mine and other else None
        ok = None if required is None else ratio is not None and ratio >= required
        table.add(what, f"{mine:.1f} Gbit/s" if mine else "failed",
                  f"{label} {other:.1f}" if other else "none" if peer else "",
                  f"{ratio:.2f}" if ratio else "", f">= {required:.1f}" if required else "", ok)

    row("bulk, MSS 1460", "mss1460", "lwip-tuned", "lwIP tuned", 1.0)
    row("bulk, MSS 1460", "mss1460", "lwip-debian", "lwIP Debian's")
    row("the same, verified in a second pass", "mss1460-second-pass", "lwip-tuned", "lwIP tuned")
    row("bulk, MTU 1500, timestamps", "mss1460-timestamps", "lwip-tuned", "lwIP tuned")
    row("bulk, MSS 1460, borrowed buffers", "mss1460-borrow")
    row("bulk, MSS 16000", "mtu16k", "lwip-tuned16k", "lwIP tuned")
    row("bulk, MTU 65535", "mtu64k")
    row("bulk, super-segments, no checksums", "gso")
    row("the same, borrowed buffers", "gso-borrow")


def instruction_rows(table, options, lwip):
    say("instructions per data segment (callgrind)")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "json"
        peer = ["--lwip", lwip["tuned"]] if "tuned" in lwip else []
        done = subprocess.run([HERE / "instructions.py", options.build, "--json", out, *peer], stdout=sys.stderr)
        result = json.loads(out.read_text()) if done.returncode == 0 else {}
    weir, other = result.get("weir"), result.get("lwip")
    if not weir:
        table.add("instructions per data segment", "failed", required="<= 2200", ok=False)
        return
    for key, what, most in (("rest", "instructions per segment, no copy, no checksum", 2200),
                            ("total", "instructions per segment, all", None)):
        table.add(what, f"{weir[key]:.0f}", f"lwIP tuned {other[key]:.0f}" if other else "",
                  f"{weir[key] / other[key]:.2f}" if other else "", f"<= {most}" if most else "",
                  weir[key] <= most if most else None)
    table.add("instructions per trace record", f"{weir['per_record']:.0f}", required="(aim 25)")


def tun_rows(table, options):
    say("bulk over TUN and veth")
    done = subprocess.run([HERE / "tun.sh", options.build, "4000", str(options.runs)],
                          capture_output=True, text=True)
    rows = {}
    for line in done.stdout.splitlines():
        if len(line.split()) == 3 and done.returncode == 0:
            rows.setdefault(line.split()[0], []).append(float(line.split()[2]))
    for name, what in (("tun-receive", "TUN, kernel to weir, MTU 1500"), ("tun-send", "TUN, weir to kernel, MTU 1500")):
        if done.returncode == 77:
            table.add(what, done.stdout.strip().splitlines()[-1], required="<= 1.5")
        elif name not in rows or "veth" not in rows:
            say(done.stderr.strip())
            table.add(what, "failed", required="<= 1.5", ok=False)
        else:
            mine, other = statistics.median(rows[name]), statistics.median(rows["veth"])
            table.add(what, f"{mine:.3f} CPU s/GB", f"kernel, veth {other:.3f}", f"{mine / other:.2f}", "<= 1.5",
                      mine / other <= 1.5)


def small_rows(table, options):
    for kind, what in (("transactions", "1 byte there and back, in memory"), ("connections", "connect and close, in memory")):
        say(what)
        said = [run([options.bench / "bench_rr", kind]) for _ in range(options.runs)]
        each = statistics.median(s["us_each"] for s in said if s) if all(said) else None
        table.add(what, f"{each:.2f} us, {1000 / each:.0f} k/s" if each else "failed")
    say("memory of idle connections")
    said = run([options.bench / "bench_memory"])
    most = max(said["client_bytes"], said["server_bytes"]) if said else None
    table.add("memory per idle connection, 100000 of them", f"{most:.0f} bytes" if said else "failed",
              required="<= 512", ok=bool(said) and most <= 512)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("build")
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--megabytes", type=int, default=4000)
    arguments.add_argument("--captures", type=int, default=300, help="megabytes of each capture file")
    arguments.add_argument("--only-captures", action="store_true")
    options = arguments.parse_args()
    options.bench = Path(options.build).resolve() / "bench"
    table = Table()
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as folder:
        if not options.only_captures:
            lwip = build_lwip(Path(folder))
            bulk_rows(table, options, lwip)
            instruction_rows(table, options, lwip)
            tun_rows(table, options)
            small_rows(table, options)
        capture_rows(table, options, Path(folder), say)
    table.print()
    print(f"{table.missed} missed")
    sys.exit(1 if table.missed else 0)


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C"
    main()
