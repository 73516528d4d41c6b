"""Rows of table.py: reading large captures, beside tcptrace and tshark.

Four files of 300 MB, made anew and read from the page cache; weir and its peers take turns. Figures are packets per
second of CPU time (user and system), medians. weir classifies every segment and looks for findings; tcptrace counts.
"""
import os
import statistics
import subprocess

KINDS = (("full", "captures, whole frames"), ("headers", "captures, headers only, 300 connections"),
         ("conns", "captures, 127 000 connections"), ("one", "captures, one connection"))


def measure(command):
    """CPU seconds and peak memory in KB; None when it cannot be run."""
    try:
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except FileNotFoundError:
        return None
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return (usage.ru_utime + usage.ru_stime, usage.ru_maxrss) if child.returncode == 0 else None


def packets_in(tool, path):
    done = subprocess.run([tool, "flows", "--json", "--top", "1", path], capture_output=True, text=True, check=True)
    return int(done.stdout.split('"packets":')[1].split(",")[0])


def file_rows(table, kind, what, tool, path, runs):
    packets = packets_in(tool, path)
    commands = {"weir": [tool, "flows", "--top", "1", path], "tcptrace": ["tcptrace", path]}
    found = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            said = measure(command)
            if said:
                found[name].append(said)
    rate = {n: packets / statistics.median(f[0] for f in v) / 1e6 for n, v in found.items() if v}
    memory = {n: statistics.median(f[1] for f in v) / 1024 for n, v in found.items() if v}
    peer = "tcptrace" in rate
    ratio = rate["weir"] / rate["tcptrace"] if peer else None
    table.add(what, f"{rate['weir']:.2f} M packets/s", f"tcptrace {rate['tcptrace']:.2f}" if peer else "none",
              f"{ratio:.2f}" if peer else "", ">= 1.0", ratio >= 1 if peer else None)
    if kind == "conns":
        share = memory["weir"] / memory["tcptrace"] if peer else None
        table.add("the same, memory", f"{memory['weir']:.0f} MB", f"tcptrace {memory['tcptrace']:.0f}" if peer else "none",
                  f"{share:.2f}" if peer else "", "<= 0.1", share <= 0.1 if peer else None)


def tshark_row(table, tool, path):
    """tshark takes minutes for the large files, so a small one is read, once."""
    packets = packets_in(tool, path)
    mine, peer = measure([tool, "flows", path]), measure(["tshark", "-q", "-z", "conv,tcp", "-r", path])
    ratio = peer[0] / mine[0] if mine and peer else None
    table.add("captures, classified, headers only, 20 MB", f"{packets / mine[0] / 1e6:.2f} M packets/s",
              f"tshark {packets / peer[0] / 1e6:.2f}" if peer else "none", f"{ratio:.0f}" if ratio else "", ">= 10",
              ratio >= 10 if ratio else None)


def capture_rows(table, options, folder, say):
    make, tool = options.bench / "bench_make_capture", options.bench.parent / "weir"
    for kind, what in KINDS:
        say(f"reading captures: {kind}")
        path = folder / f"{kind}.pcap"
        subprocess.run([make, kind, str(options.captures), path], check=True)
        file_rows(table, kind, what, tool, path, options.runs)
        path.unlink()
    subprocess.run([make, "headers", "20", folder / "small.pcap"], check=True)
    say("reading captures: tshark")
    tshark_row(table, tool, folder / "small.pcap")
