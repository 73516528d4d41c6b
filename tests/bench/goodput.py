#!/usr/bin/env python3
"""Goodput of weir's congestion control beside Linux's over `weir relay`; needs root. docs/performance.md has the method.

usage: goodput.py BUILD [--cells REGEX] [--algorithms cubic,bbr] [--seeds 5] [--seconds N] [--jobs 2] [--json FILE]
                        [--trace DIRECTORY] [--realtime] [--list]

A run is one sender for some seconds to a Linux receiver: weir by bench_goodput on a TUN interface behind a router, Linux
by a socket beside it. Both runs of a pair go at the same time, each over a relay of its own, with the same losses.
Exit code 0: all requirements are met; 1: not; 77: not possible here.
"""
import argparse
import concurrent.futures
import itertools
import json
import os
import re
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import threading
import time

BUFFER = 8 << 20        # bytes, of both senders and of the receiver
SEGMENT = 1500          # a packet in a queue
TCP_CONGESTION, SO_SNDBUFFORCE, SO_RCVBUFFORCE = 13, 32, 33
GOODPUT_AIM, GOODPUT_LEAST, CELLS_AT_AIM, REPEATED_MOST = 0.95, 0.85, 0.9, 1.1
REPEATED_SLACK = 0.001  # of all bytes: less is noise
LATE, LATE_MOST = 0.003, 0.02  # seconds; share of naps that may be so late before the machine, not the path, is the limit


# ---- Cells ---------------------------------------------------------------------------------------------------------

class Cell:
    def __init__(self, rate, rtt, loss, kind="", queue=1.0, reorder=0.0):
        self.rate, self.rtt, self.loss, self.reorder, self.kind = rate, rtt, loss, reorder, kind
        product = rate * 1e6 * rtt / 1e3 / 8 / SEGMENT
        self.queue = max(int(product * queue), 4 if queue < 1 else 32)
        self.name = f"{rate}mbit-{rtt}ms-{loss:g}%" + (f"-{kind}" if kind else "")

    def seconds(self):
        return 20 if self.rtt >= 200 else 10

    def trouble(self, seed):
        words = ["--rate-out", f"{self.rate}mbit", "--queue-out", str(self.queue), "--delay", f"{self.rtt * 500}us",
                 "--data-loss-out", f"{self.loss}%", "--seed", str(seed)]
        return words + (["--reorder-out", f"{self.reorder}%"] if self.reorder else [])


CELLS = [Cell(*c) for c in itertools.product((10, 100), (5, 50, 200), (0, 0.1, 1, 3))] + [
    Cell(100, 50, 0, "reordered", reorder=1), Cell(10, 50, 0, "bufferbloat", queue=10), Cell(100, 50, 0, "shallow", queue=0.1)]


# ---- The two ends that are Linux's; each is this program, started again in its namespace ---------------------------

def be_receiver(port, seconds):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    listener.bind(("", port))
    listener.listen(1)
    print("ready", flush=True)
    listener.settimeout(20)
    s, _ = listener.accept()
    end, counted, buffer = time.monotonic() + seconds, 0, bytearray(1 << 18)
    s.settimeout(5)
    try:
        while n := s.recv_into(buffer):
            if time.monotonic() < end:
                counted += n
    except OSError:
        pass
    print(counted)


def be_sender(address, port, algorithm, seconds):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, BUFFER)
    s.setsockopt(socket.IPPROTO_TCP, TCP_CONGESTION, algorithm.encode())
    s.connect((address, port))
    end, data = time.monotonic() + seconds, bytes(1 << 16)
    while (left := end - time.monotonic()) > 0:
        s.settimeout(left)
        try:
            s.send(data)
        except TimeoutError:
            break
    info = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    names = "retransmits", "probes", "backoff"
    said = dict(zip(names, info[2:5]), srtt=struct.unpack_from("=I", info, 68)[0] / 1e6,
                cwnd=struct.unpack_from("=I", info, 80)[0], cpu=time.process_time())
    said["congestion"] = s.getsockopt(socket.IPPROTO_TCP, TCP_CONGESTION, 16).rstrip(b"\0").decode()
    print(json.dumps(said))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


# ---- One run -------------------------------------------------------------------------------------------------------

numbers = itertools.count(1)


def ip(namespace, *lines):
    subprocess.run(["ip", "-n", namespace, "-batch", "-"], input="\n".join(lines), text=True, check=True)


def inside(namespace, *words, **more):
    return subprocess.Popen(["ip", "netns", "exec", namespace, *words], text=True, stdout=subprocess.PIPE, **more)


def make_ends(near, far):
    for namespace in (near, far):
        subprocess.run(["ip", "netns", "add", namespace], check=True)
    for word in ("ip_forward=1", "tcp_no_metrics_save=1"):
        subprocess.run(["ip", "netns", "exec", near, "sysctl", "-qw", f"net.ipv4.{word}"], check=True)
    ip(near, *(f"tuntap add dev {device} mode tun" for device in ("a0", "b0", "w0")),
       *(f"link set {device} txqueuelen 4000" for device in ("a0", "b0", "w0")),
       "addr add 10.9.1.1/24 dev a0", "addr add 10.9.2.1/24 dev w0", "link set a0 up", "link set w0 up", "link set lo up")


def connect_ends(near, far):
    ip(near, f"link set b0 netns {far}")
    ip(far, "addr add 10.9.1.2/24 dev b0", "link set b0 up", "route add default dev b0")


def sender_words(options, stack, algorithm, seconds, name):
    if stack == "linux":
        return [sys.executable, __file__, "--be-sender", "10.9.1.2", "9", algorithm, str(seconds)]
    words = [f"{options.build}/bench/bench_goodput", "w0", "10.9.2.2/24", "10.9.2.1", "10.9.1.2", "9", algorithm,
             str(BUFFER), str(seconds)]
    return words + ([f"{options.trace}/{name}"] if options.trace else [])


def run(options, stack, algorithm, cell, seed):
    number = next(numbers)
    near, far = f"near{number}", f"far{number}"
    seconds = options.seconds or cell.seconds()
    make_ends(near, far)
    relay = inside(near, f"{options.build}/weir", "relay", "--dev", "tun:a0", "--dev", "tun:b0", *cell.trouble(seed),
                   stderr=subprocess.PIPE)
    receiver = sender = None
    try:
        relay.stderr.readline()
        connect_ends(near, far)
        receiver = inside(far, sys.executable, __file__, "--be-receiver", "9", str(seconds))
        receiver.stdout.readline()
        sender = inside(near, *sender_words(options, stack, algorithm, seconds, f"{algorithm}-{cell.name}-{seed}"))
        said = json.loads(sender.communicate(timeout=seconds + 40)[0])
        got = int(receiver.communicate(timeout=20)[0])
        relay.terminate()
        counts = relay.communicate(timeout=20)[1]
        sent, repeated = (int(n) for n in re.search(r"a0 to tun:b0: (\d+) bytes of data, (\d+)", counts).groups())
        return {"stack": stack, "algorithm": algorithm, "cell": cell.name, "seed": seed, "mbit": got * 8 / 1e6 / seconds,
                "sent": sent, "repeated": repeated, "said": said, "relay": counts}
    finally:
        for process in (sender, receiver, relay):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        for namespace in (near, far):
            subprocess.run(["ip", "netns", "del", namespace], check=False)


def count_late(stop, naps):
    """Sleeps a little again and again: whoever wakes up late at this priority has no processor when it needs one."""
    while not stop.is_set():
        began = time.monotonic()
        time.sleep(0.01)
        naps.append(time.monotonic() - began - 0.01 > LATE)


def run_pair(options, algorithm, cell, seed):
    stop, naps = threading.Event(), []
    watch = threading.Thread(target=count_late, args=(stop, naps))
    watch.start()
    try:
        with concurrent.futures.ThreadPoolExecutor(2) as both:
            runs = [both.submit(run, options, stack, algorithm, cell, seed) for stack in ("weir", "linux")]
            pair = {r["stack"]: r for r in (future.result() for future in runs)}
    finally:
        stop.set()
        watch.join()
    pair["late"] = sum(naps) / max(len(naps), 1)
    return pair


# ---- Verdict -------------------------------------------------------------------------------------------------------

def median_of(pairs, stack, value):
    return statistics.median(value(p[stack]) for p in pairs)


def judge(cell, algorithm, pairs):
    goodput = [median_of(pairs, stack, lambda r: r["mbit"]) for stack in ("weir", "linux")]
    repeated = [median_of(pairs, stack, lambda r: r["repeated"] / max(r["sent"], 1)) for stack in ("weir", "linux")]
    ratio = statistics.median(p["weir"]["mbit"] / max(p["linux"]["mbit"], 1e-9) for p in pairs)
    return {"cell": cell.name, "algorithm": algorithm, "weir": goodput[0], "linux": goodput[1], "ratio": ratio,
            "weir_repeated": repeated[0], "linux_repeated": repeated[1],
            "repeated_ok": repeated[0] <= REPEATED_MOST * repeated[1] + REPEATED_SLACK,
            "late": statistics.median(p["late"] for p in pairs), "required": algorithm == "cubic" or cell.loss <= 1}


HEAD = (f"| {'control':7} | {'path':24} | {'weir Mbit/s':>11} | {'Linux Mbit/s':>12} | {'ratio':>5} | {'weir sent again':>15} "
        f"| {'Linux sent again':>16} |    |")


def show(v):
    words = [] if v["required"] else ["only reported"]
    if v["required"] and v["ratio"] < GOODPUT_AIM:
        words.append("below" if v["ratio"] < GOODPUT_LEAST else "low")
    if v["required"] and not v["repeated_ok"]:
        words.append("repeats")
    if v["late"] > LATE_MOST:
        words.append("machine busy")
    print(f"| {v['algorithm']:7} | {v['cell']:24} | {v['weir']:11.2f} | {v['linux']:12.2f} | {v['ratio']:5.2f} "
          f"| {v['weir_repeated']:14.2%}  | {v['linux_repeated']:15.2%}  | {', '.join(words) or 'ok'} |", flush=True)


def sum_up(verdicts):
    good = True
    for algorithm in dict.fromkeys(v["algorithm"] for v in verdicts):
        asked = [v for v in verdicts if v["algorithm"] == algorithm and v["required"]]
        if not asked:
            continue
        at_aim = sum(v["ratio"] >= GOODPUT_AIM for v in asked) / len(asked)
        below = sum(v["ratio"] < GOODPUT_LEAST for v in asked)
        repeats = sum(not v["repeated_ok"] for v in asked)
        met = at_aim >= CELLS_AT_AIM and not below and not repeats
        good = good and met
        print(f"{algorithm}: {at_aim:.0%} of {len(asked)} cells reach {GOODPUT_AIM} of Linux's goodput, {below} are below "
              f"{GOODPUT_LEAST}, {repeats} send more than {REPEATED_MOST} times as much again: {'met' if met else 'NOT MET'}")
    return good


# ---- All of it -----------------------------------------------------------------------------------------------------

def measure(options):
    cells = [c for c in CELLS if re.search(options.cells, c.name)]
    wanted = [(a, c) for a in options.algorithms.split(",") for c in cells]
    verdicts, everything = [], []
    print(HEAD, flush=True)
    print(re.sub(r"[^|]", "-", HEAD), flush=True)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as jobs:
        futures = [[jobs.submit(run_pair, options, a, c, seed) for seed in range(1, options.seeds + 1)] for a, c in wanted]
        for (algorithm, cell), cell_futures in zip(wanted, futures):
            pairs = [future.result() for future in cell_futures]
            everything += pairs
            verdicts.append(judge(cell, algorithm, pairs))
            show(verdicts[-1])
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"verdicts": verdicts, "pairs": everything}, file, indent=1)
    return sum_up(verdicts)


def parse():
    p = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n\n")[0])
    p.add_argument("build")
    p.add_argument("--cells", default="", help="a regular expression over their names")
    p.add_argument("--algorithms", default="cubic,bbr")
    p.add_argument("--seeds", type=int, default=5)
    p.add_argument("--seconds", type=float, default=0, help="of each run; 0: 10, or 20 where the round trip is 200 ms")
    p.add_argument("--jobs", type=int, default=2, help="pairs at the same time")
    p.add_argument("--json", default="")
    p.add_argument("--trace", default="", help="a directory for the course of weir's cwnd")
    p.add_argument("--realtime", action="store_true", help="real-time priority, on a machine with other work")
    p.add_argument("--list", action="store_true")
    return p.parse_args()


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def enter():
    """Starts this program again in namespaces of its own, where `ip netns` leaves no traces."""
    wall = ["unshare", "--net", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if os.geteuid() != 0 or not os.path.exists("/dev/net/tun") or subprocess.run([*wall, "true"], check=False).returncode:
        skip("namespaces and TUN need root")
    os.execvpe(wall[0], [*wall, sys.executable, *sys.argv], {**os.environ, "WEIR_GOODPUT_INSIDE": "1"})


def main():
    if len(sys.argv) > 1 and sys.argv[1] == "--be-receiver":
        return be_receiver(int(sys.argv[2]), float(sys.argv[3]))
    if len(sys.argv) > 1 and sys.argv[1] == "--be-sender":
        return be_sender(sys.argv[2], int(sys.argv[3]), sys.argv[4], float(sys.argv[5]))
    options = parse()
    if options.list:
        print("\n".join(c.name for c in CELLS))
        return 0
    for tool in ("ip", "unshare", "sysctl"):
        if not shutil.which(tool):
            skip(f"{tool} is not installed")
    if "WEIR_GOODPUT_INSIDE" not in os.environ:
        enter()
    options.build = os.path.abspath(options.build)
    if options.trace:
        os.makedirs(options.trace, exist_ok=True)
    if options.realtime:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(5))
    os.makedirs("/run/netns", exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run/netns"], check=True)
    return 0 if measure(options) else 1


if __name__ == "__main__":
    sys.exit(main())
