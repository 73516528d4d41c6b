#!/usr/bin/env python3
"""Scores analysers against the truth corpus: precision and recall per class.

usage: score.py [--tools weir,tshark,tcptrace] [--errors CLASS] [--json FILE] [--least FILE]
                [--write DOCUMENT --seeds TEXT] DIR

DIR is what corpus.py made. --errors lists each frame that weir misnamed in a class (or in `all`), with what it is
in truth and what weir said. --least FILE: a table `class least-precision least-recall`; exit code 1 if weir falls
below. --write puts the result between the marks of a Markdown document. Environment: WEIR, TSHARK, TCPTRACE, the tools.
"""
import argparse
import concurrent.futures
import glob
import json
import os
import shutil
import sys

import link
import tools
import wire

# class, title, label, what the tool calls it, whose frames count
CLASSES = (
    ("retx_sent", "retransmission, at the sender's tap", "retx_sent", "retx", "own"),
    ("retx_arrived", "retransmission, at the receiver's tap", "retx_arrived", "retx", "peer"),
    ("needless_sent", "needless retransmission, at the sender's tap", "needless_sent", "needless", "own"),
    ("needless_arrived", "needless retransmission, at the receiver's tap", "needless_arrived", "needless", "peer"),
    ("lost", "lost segment, at the sender's tap", "lost", "lost", "own"),
    ("reordered", "reordered original, at the receiver's tap", "reordered", "reordered", "all"),
    ("net_duplicate", "duplicated by the network", "net_duplicate", "net_duplicate", "all"),
    ("zero_window_probe", "zero-window probe", "zero_window_probe", "zero_window_probe", "all"),
    ("keepalive", "keep-alive", "keepalive", "keepalive", "all"),
    ("simopen", "simultaneous open (captures)", "simopen", "simopen", "any"),
    ("kind_timer", "sent again by a timer (timeout or probe), at the sender's tap", "kind_rto+kind_tlp",
     "kind_rto+kind_tlp", "own"),
    ("kind_rto", "retransmission timeout, at the sender's tap", "kind_rto", "kind_rto", "own"),
    ("kind_tlp", "tail loss probe, at the sender's tap", "kind_tlp", "kind_tlp", "own"),
    ("kind_recovery", "fast recovery or RACK, at the sender's tap", "kind_recovery", "kind_recovery", "own"),
)
TOOLS = {"weir": link.WEIR, "tshark": os.environ.get("TSHARK", "tshark"),
         "tcptrace": os.environ.get("TCPTRACE", "tcptrace")}


class Sum:
    def __init__(self):
        self.truth = self.said = self.right = 0

    def add(self, truth, said):
        self.truth += len(truth)
        self.said += len(said)
        self.right += len(truth & said)

    def add_counts(self, truth, said):
        """No frames are named: as right as can be."""
        self.truth += truth
        self.said += said
        self.right += min(truth, said)

    def plus(self, other):
        self.truth += other.truth
        self.said += other.said
        self.right += other.right

    @property
    def precision(self):
        return self.right / self.said if self.said else None

    @property
    def recall(self):
        return self.right / self.truth if self.truth else None


class Capture:
    def __init__(self, path):
        self.path = path
        stem, side, _ = path.rsplit(".", 2)
        self.side = ("client", "server").index(side)
        known = json.load(open(stem + ".json"))
        self.scenario, self.labels = known["scenario"], known[side]
        family = self.scenario["family"]
        own = link.ADDRESS[family][self.side]
        self.own, self.all = set(), set()
        for number, (_, packet) in enumerate(wire.read_pcap(path), 1):
            self.all.add(number)
            if text_address(wire.parse(packet).src) == own:
                self.own.add(number)
        self.first_is_own = 1 in self.own

    def frames_of(self, whose):
        return {"own": self.own, "peer": self.all - self.own}.get(whose, self.all)


def text_address(raw):
    import ipaddress
    return str(ipaddress.ip_address(raw))


def take_sides(capture, pair):
    """tcptrace: (first speaker's, the other's) -> (own, peer)."""
    return pair if capture.first_is_own else pair[::-1]


def score_capture(path, names):
    capture, results, errors = Capture(path), {}, []
    for name in names:
        said = getattr(tools, name)(path, TOOLS[name])
        for key, _, label, word, whose in CLASSES:
            if any(w not in said for w in word.split("+")) or any(w not in capture.labels for w in label.split("+")):
                continue
            result = results.setdefault((name, key), Sum())
            truth = {frame for w in label.split("+") for frame in capture.labels[w]}
            if name == "tcptrace":
                own, peer = take_sides(capture, said[word])
                result.add_counts(len(truth), {"own": own, "peer": peer}.get(whose, own + peer))
            elif whose == "any":
                result.add({1} if truth else set(), {1} if said[word] else set())
            else:
                ignored = set(capture.labels.get("kind_unknown", ())) if word.startswith("kind_") else set()
                told = {frame for w in word.split("+") for frame in said[w]} & capture.frames_of(whose) - ignored
                result.add(truth, told)
                if name == "weir":
                    errors += [(key, frame, "missed" if frame in truth else "wrong", capture, said)
                               for frame in sorted(truth ^ told)]
    return results, errors, bool(capture.scenario["sack"])


def score_pair(path):
    """Of the client's capture with the server's: the lost segments."""
    result, captures = Sum(), [Capture(path), Capture(path.replace(".client.", ".server."))]
    said = tools.weir_both(*(c.path for c in captures), TOOLS["weir"])
    for side, capture in zip(("client", "server"), captures):
        result.add(set(capture.labels["lost"]), said[side])
    return result


def score_pairs(directory, jobs=2):
    total = Sum()
    paths = sorted(glob.glob(os.path.join(directory, "*.client.pcap")))
    paths = [path for path in paths if all(next(wire.read_pcap(path.replace(".client.", f".{side}.")), None)
                                           for side in ("client", "server"))]
    with concurrent.futures.ProcessPoolExecutor(jobs) as pool:
        for result in pool.map(score_pair, paths):
            total.plus(result)
    return (f"With both captures (`weir ladder CLIENT SERVER`), lost segments: {total.truth} in truth, precision "
            f"{percent(total.precision)}, recall {percent(total.recall)}.")


def explain(error):
    key, frame, how, capture, said = error
    true = [label for label, frames in capture.labels.items() if frame in frames] or ["plain"]
    words = [word for word, frames in said.items() if frame in frames] or ["plain"]
    return (f"{key}: {how}: {capture.path} frame {frame}: truth {','.join(true)}; weir {','.join(words)}; "
            f"{capture.scenario['traffic']} sack={capture.scenario['sack']} ts={capture.scenario['timestamps']} "
            f"ipv{capture.scenario['family']} {capture.scenario['congestion']}")


def score(directory, names, jobs=2):
    totals, with_sack, errors, sack_count = {}, {}, [], 0
    paths = sorted(glob.glob(os.path.join(directory, "*.client.pcap")) +
                   glob.glob(os.path.join(directory, "*.server.pcap")))
    paths = [path for path in paths if next(wire.read_pcap(path), None)]  # nothing may have come through
    with concurrent.futures.ProcessPoolExecutor(jobs) as pool:
        for results, wrong, sack in pool.map(score_capture, paths, [names] * len(paths)):
            errors += wrong
            sack_count += sack
            for key, result in results.items():
                totals.setdefault(key, Sum()).plus(result)
                if sack:
                    with_sack.setdefault(key, Sum()).plus(result)
    return totals, with_sack, errors, len(paths), sack_count


def percent(value):
    return "–" if value is None else f"{100 * value:.1f}"


def table(totals, names):
    """Markdown: precision / recall in percent, how many there are in truth and what each tool named so."""
    lines = ["| class | in truth | " + " | ".join(f"{name}: precision | recall | named so" for name in names) + " |",
             "|---|---:|" + "---:|---:|---:|" * len(names)]
    for key, title, *_ in CLASSES:
        mine = [totals.get((name, key)) for name in names]
        truth = next((m.truth for m in mine if m), 0)
        if not any(mine):
            continue
        cells = [f"{percent(m.precision)} | {percent(m.recall)} | {m.said}" if m else "no such class | | "
                 for m in mine]
        lines.append(f"| {title} | {truth} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def below(path, totals):
    bad = 0
    for line in open(path):
        if line.strip() and not line.startswith("#"):
            key, precision, recall = line.split()
            total = totals.get(("weir", key), Sum())
            for name, value, least in (("precision", total.precision, precision), ("recall", total.recall, recall)):
                if least != "-" and (value is None or 100 * value < float(least)):
                    print(f"score: {key}: {name} {percent(value)} is below {least}")
                    bad += 1
    return bad


def write_between(path, text):
    begin, end = "<!-- truth: written by tests/truth/score.py -->\n", "<!-- truth: end -->"
    before, rest = open(path).read().split(begin)
    after = rest.split(end)[1]
    with open(path, "w") as out:
        out.write(f"{before}{begin}{text}{end}{after}")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--tools", default="weir,tshark,tcptrace")
    parser.add_argument("--errors")
    parser.add_argument("--json")
    parser.add_argument("--least")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write")
    parser.add_argument("--seeds", default="")
    parser.add_argument("directory")
    a = parser.parse_args()
    names = [name for name in a.tools.split(",") if shutil.which(TOOLS[name])]
    for name in set(a.tools.split(",")) - set(names):
        print(f"score: {name} is not installed", file=sys.stderr)
    totals, with_sack, errors, count, sack_count = score(a.directory, names, a.jobs)
    if not count:
        print(f"score: no captures in {a.directory}", file=sys.stderr)
        return 1
    head = f"{count} captures; {', '.join(f'{n} {tools.version(n, TOOLS[n])}' for n in names)}"
    text = f"{head}\n\n{table(totals, names)}\n"
    if "weir" in names:
        text += f"\n{score_pairs(a.directory, a.jobs)}\n"
    if sack_count not in (0, count):
        text += (f"\nOnly the {sack_count} captures of conversations with SACK: without it a sender sends blindly again what had "
                 f"arrived, and only timestamps tell, at best.\n\n{table(with_sack, names)}\n")
    print(text, end="")
    if a.write:
        write_between(a.write, f"Seeds {a.seeds}: {text}")
    for error in errors:
        if a.errors and a.errors in (error[0], "all"):
            print(explain(error))
    if a.json:
        with open(a.json, "w") as out:
            json.dump([{"tool": tool, "class": key, "truth": s.truth, "said": s.said, "right": s.right}
                       for (tool, key), s in totals.items()], out, indent=1)
    return 1 if a.least and below(a.least, totals) else 0


if __name__ == "__main__":
    sys.exit(main())
