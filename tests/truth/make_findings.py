#!/usr/bin/env python3
"""Makes tests/data/findings: captures in which a finding must fire, and near misses in which it must not.

usage: make_findings.py [--out DIR] [--jobs 2] [NAME...]      no NAME: all; expected.tsv is written anew in any case

findings_linux.py (real TCP over the relay: root) and findings_synth.py (byte by byte) have the cases. expected.tsv:
capture, what must fire, what must stay silent: whatever warns of something, unless it is true in that capture too,
and what of mere information would be wrong there.
"""
import argparse
import concurrent.futures
import ctypes
import os
import re
import sys
import tempfile
import time

import findings_linux
import findings_synth
import labels
import link
import wire

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, "..", "..")


class World:
    """What a case sees of its surroundings."""

    def __init__(self, directory):
        self.directory, self.start = directory, time.monotonic()

    def ready(self):
        os.close(os.open(os.path.join(self.directory, "ready"), os.O_CREAT | os.O_WRONLY))

    def wait_ready(self):
        link.wait_for_file(os.path.join(self.directory, "ready"))


def in_network_of(process, work):
    """Runs work() in the network of another process, in a child."""
    child = os.fork()
    if child == 0:
        code = 0
        try:
            with open(f"/proc/{process}/ns/net") as net:
                if ctypes.CDLL(None, use_errno=True).setns(net.fileno(), 0) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            work()
        except (OSError, EOFError) as problem:
            print(f"server: {problem}", file=sys.stderr)
        finally:
            os._exit(code)
    return child


def inside(name, directory):
    case_class = findings_linux.CASES[name]
    net = link.Link(directory, case_class.relay.split(), case_class.mtu, case_class.settings)
    if case_class.tap == "tcpdump":
        net.dump()
    case = case_class(World(directory))
    server = in_network_of(net.peer.pid, case.serve)
    try:
        case.dial()
    except OSError as problem:
        print(f"client: {problem}", file=sys.stderr)
    os.waitpid(server, 0)
    time.sleep(0.5)
    net.stop()


def make_linux(name, out):
    case = findings_linux.CASES[name]
    with tempfile.TemporaryDirectory() as directory:
        link.run_inside([__file__, "--inside", directory, name])
        if case.tap == "tcpdump":
            taps = {"client": list(wire.read_pcap(os.path.join(directory, "client.dump")))}
        else:
            taps = labels.label(directory)[0]
    for tap in kept(case):
        suffix = f".{tap}" if case.tap == "both" else ""
        wire.write_pcap(os.path.join(out, f"{name}{suffix}.pcap"), taps[tap][case.cut:], case.snap)


def kept(case):
    return {"both": ("client", "server"), "server": ("server",)}.get(case.tap, ("client",))


def make_synthetic(name, out):
    made = findings_synth.CASES[name][0]()
    for suffix, frames in (made.items() if isinstance(made, dict) else ((None, made.frames),)):
        path = os.path.join(out, f"{name}.{suffix}.pcap" if suffix else f"{name}.pcap")
        size = sum(len(packet) for _, packet in frames)
        wire.write_pcap(path, frames if suffix is None else sorted(frames, key=lambda f: f[0]),
                        96 if size > 20_000 else 65535)


def severities():
    text = open(os.path.join(SOURCE, "src/trace/finding.h")).read()
    return dict(re.findall(r"X\((\w+), (INFO|WARN|ERROR)\)", text))


def expected():
    """Lines of expected.tsv."""
    severity = severities()
    cases = {name: (c.fire.split(), c.may.split(), c.silent.split(), c.tap == "both", c.snap < 65535 or c.cut)
             for name, c in findings_linux.CASES.items()}
    pairs = {"mss_clamped", "mss_untouched"}
    cases |= {name: (fire, may, silent, name in pairs, False)
              for name, (_, fire, may, silent) in findings_synth.CASES.items()}
    yield "# capture\tmust fire\tmust stay silent; written by tests/truth/make_findings.py"
    for name, (fire, may, silent, both, _) in sorted(cases.items()):
        for word in (*fire, *may, *silent):
            assert word in severity, (name, word)
        assert not set(fire) & set(silent), name
        quiet = [word for word, how in severity.items()
                 if word not in fire and (word in silent or (how != "INFO" and word not in may))]
        files = [f"{name}.client", f"{name}.server"] if both else [name]
        if name in pairs:
            files = [f"{name}.client+{name}.server"]
        for file in files:
            yield f"{file}\t{','.join(fire) or '-'}\t{','.join(quiet)}"


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--out", default=os.path.join(SOURCE, "tests/data/findings"))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--inside")
    parser.add_argument("names", nargs="*")
    a = parser.parse_args()
    if a.inside:
        return inside(a.names[0], a.inside)
    os.makedirs(a.out, exist_ok=True)
    failed = 0
    names = a.names or [*findings_synth.CASES, *findings_linux.CASES]
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        jobs = {name: pool.submit(make_synthetic if name in findings_synth.CASES else make_linux, name, a.out)
                for name in names}
        for name, job in jobs.items():
            try:
                job.result()
            except Exception as problem:  # one case must not end the others
                failed += 1
                print(f"make_findings: {name}: {problem}", file=sys.stderr)
    with open(os.path.join(a.out, "expected.tsv"), "w") as out:
        out.write("\n".join(expected()) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
