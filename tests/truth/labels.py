"""The truth about a double capture, from the relay's log (and for the kind of a retransmission from the sending
kernel's trace, kinds.py): no analyser has a say here.

The log has a line for each packet in the order of handing in. In the relay's capture (-w) the k-th packet that
came in at a side is the k-th original of that direction in the log, and the packets that went out are the
delivered ones, sorted by the time at which they were due (docs/relay.md). So every frame has its line.

Labels, as lists of frame numbers per capture (client: A, server: B):
  retx_sent         at the sender's tap: sequence numbers that were sent before in this direction
  retx_arrived      the same at the receiver's tap
  needless_sent     of retx_sent: every byte was in an earlier packet which was, or will be, delivered, and not refused
  needless_arrived  the same at the receiver's tap
  lost              at the sender's tap: never came out of the relay
  net_duplicate     the copy that the relay made, of whatever
  reordered         at the receiver's tap: not a retransmission, and later bytes that were sent later came before
  zero_window_probe no data, the last number again, and the last window that had reached the sender was 0
  keepalive         the same, and the window was not 0
  simopen           the SYN,ACKs of a simultaneous open: their SYN's number was sent before, and yet they are new
"""
import ipaddress
import json
import os

import kinds
import wire

KINDS = ("kind_rto", "kind_tlp", "kind_recovery", "kind_unknown")
NAMES = ("retx_sent", "retx_arrived", "needless_sent", "needless_arrived", "lost", "net_duplicate", "reordered",
         "zero_window_probe", "keepalive", "simopen")
DIRECTIONS = ("ab", "ba")
SLACK = 30 * 10**6  # ns: from the time when a segment is due to an ACK that knows of it, on a busy machine


class Ranges:
    """Sorted, disjoint half-open ranges of numbers."""

    def __init__(self):
        self.ranges = []

    def add(self, start, end):
        keep = []
        for a, b in self.ranges:
            if b < start or end < a:
                keep.append((a, b))
            else:
                start, end = min(start, a), max(end, b)
        keep.append((start, end))
        self.ranges = sorted(keep)

    def touches(self, start, end):
        return any(a < end and start < b for a, b in self.ranges)

    def covers(self, start, end):
        return any(a <= start and end <= b for a, b in self.ranges)


class Stream:
    """One direction of one connection."""

    def __init__(self, isn):
        self.isn, self.top = isn, 0
        self.sent, self.delivered = Ranges(), Ranges()
        self.syns, self.syns_delivered = set(), set()

    def place(self, seq):
        """Without wrapping: the place nearest to the highest number so far."""
        offset = (seq - self.isn - self.top) & 0xffffffff
        return self.top + offset - (offset >> 31 << 32)


def flag(p, name):
    return name in p["flags"].split(",")


def last_window(arrivals, stream_key, at):
    """The window that the sender had seen last at `at`; None: none yet."""
    window = None
    for due, key, win in arrivals:
        if due > at:
            break
        if key == stream_key:
            window = win
    return window


def judge(log):
    """{index of a line: set of what it is}; indices count the packet lines."""
    verdicts, streams = [set() for _ in log], {}
    arrivals = sorted(((p["delivered_ns"], (p["dir"], p["src"], p["dst"]), p["win"]) for p in log
                       if "seq" in p and p["delivered_ns"] is not None), key=lambda a: a[0])
    for p, verdict in zip(log, verdicts):
        if "seq" not in p:
            continue
        if p["fate"] == "duplicate":
            verdict.add("copy")
            continue
        key, syn = (p["dir"], p["src"], p["dst"]), flag(p, "SYN")
        stream = streams.get(key)
        if stream is None or (syn and not flag(p, "ACK") and p["seq"] != stream.isn):
            stream = streams[key] = Stream(p["seq"])
        other = ({"ab": "ba", "ba": "ab"}[p["dir"]], p["dst"], p["src"])
        judge_one(p, verdict, stream, lambda: last_window(arrivals, other, p["sent_ns"]))
        p["place"] = stream.place(p["seq"])
    return verdicts


def judge_one(p, verdict, stream, window):
    syn, fin = flag(p, "SYN"), flag(p, "FIN")
    start = stream.place(p["seq"])
    end = start + p["len"] + syn + fin
    arrives = p["delivered_ns"] is not None and not p["corrupted"]
    if end == start:
        if start == stream.top - 1 and not flag(p, "RST"):
            verdict.add("zero_window_probe" if window() == 0 else "keepalive")
        return
    verdict.add("span")
    if syn:
        kind = p["flags"]
        if kind in stream.syns:
            verdict.add("retx")
            if kind in stream.syns_delivered:
                verdict.add("needless")
        elif stream.syns:
            verdict.add("simopen")
        stream.syns.add(kind)
        if arrives:
            stream.syns_delivered.add(kind)
    elif stream.sent.touches(start, end):
        verdict.add("retx")
        if stream.delivered.covers(start, end):
            verdict.add("needless")
    if p["delivered_ns"] is None:
        verdict.add("lost")
    stream.sent.add(start, end)
    stream.top = max(stream.top, end)
    if arrives:
        stream.delivered.add(start, end)


def find_refused(log, verdicts):
    """A host may refuse what is delivered to it: its buffer is full. Then the next copy is not needless. It was refused
    if, with everything up to its end delivered, the receiver still sends an ACK of less before the next copy comes."""
    for r, verdict in zip(log, verdicts):
        if "needless" not in verdict:
            continue
        end = r["place"] + r["len"] + flag(r, "FIN")
        own = [p for p in log if "place" in p and p["dir"] == r["dir"] and p["src"] == r["src"] and
               p["dst"] == r["dst"] and p["delivered_ns"] is not None and p["n"] != r["n"]]
        complete, have = None, Ranges()
        for p in sorted(own, key=lambda p: p["delivered_ns"]):
            have.add(p["place"], p["place"] + p["len"] + flag(p, "FIN") + flag(p, "SYN"))
            if have.covers(0, end):
                complete = p["delivered_ns"]
                break
        until = r["delivered_ns"] or float("inf")
        if complete is None or complete >= until:
            continue
        answers = [p for p in log if "place" in p and p["dir"] != r["dir"] and flag(p, "ACK") and
                   complete + SLACK < p["sent_ns"] < until and (p["src"], p["dst"]) == (r["dst"], r["src"])]
        if answers and all(0 < (r["seq"] + r["len"] + flag(r, "FIN") - p["ack"]) % 2**32 < 2**31 for p in answers):
            verdict.discard("needless")


def find_overtaken(log, verdicts, order):
    """Marks the reordered originals of one direction; `order`: indices in the order of arrival."""
    seen = []
    for i in order:
        p, verdict = log[i], verdicts[i]
        if "span" in verdict:
            if "retx" not in verdict and any(n > p["n"] and key == (p["src"], p["dst"]) and place > p["place"]
                                             for n, place, key in seen[-2000:]):
                verdict.add("reordered")
            seen.append((p["n"], p["place"], (p["src"], p["dst"])))


def same(frame, p):
    t = wire.parse(frame)
    return (t is None) == ("seq" not in p) and (t is None or p["corrupted"] or
                                                (t.seq, t.len) == (p["seq"], p["len"]))


def join(log, capture):
    """[(frame, indices into the log, arrived)] per side, in the order of the capture. ValueError: they disagree."""
    waiting = {}
    for d, name in enumerate(DIRECTIONS):
        mine = [i for i, p in enumerate(log) if p["dir"] == name]
        waiting[d, False] = iter([i for i in mine if log[i]["fate"] != "duplicate"])
        out = [i for i in mine if log[i]["delivered_ns"] is not None]
        waiting[1 - d, True] = iter(sorted(out, key=lambda i: log[i]["delivered_ns"]))
    sides = ([], [])
    for interface, out, time, packet in capture:
        index = next(waiting[interface, out], None)
        if index is None or not same(packet, log[index]):
            raise ValueError(f"capture and log disagree at {time} on interface {interface}")
        sides[interface].append(((time, packet), [index], out))
    return sides


def join_kernel(log, captures):
    """The same for captures of the kernels (tcpdump at either end, TCP only). A frame that left may be a super-segment:
    it has several lines, one for each packet that it was cut into."""
    sides = []
    for d, capture in enumerate(captures):
        mine = iter([i for i, p in enumerate(log)
                     if p["dir"] == DIRECTIONS[d] and p["fate"] != "duplicate" and "seq" in p])
        arrived = [i for i, p in enumerate(log) if p["dir"] != DIRECTIONS[d] and p["delivered_ns"] is not None]
        theirs = iter([i for i in sorted(arrived, key=lambda i: log[i]["delivered_ns"]) if "seq" in log[i]])
        own = None
        side = []
        for time, packet in capture:
            t = wire.parse(packet)
            own = own or own_address(log, DIRECTIONS[d], t)
            left = t.src == own
            indices = [next(mine if left else theirs, None)]
            while left and None not in indices and sum(log[i]["len"] for i in indices) < t.len:
                indices.append(next(mine, None))
            if None in indices or log[indices[0]]["seq"] != t.seq or sum(log[i]["len"] for i in indices) != t.len:
                raise ValueError(f"the kernel's capture and the log disagree at {time}")
            side.append(((time, packet), indices, not left))
        sides.append(side)
    return sides


def own_address(log, way, t):
    """As in a packet, of him who sends this way."""
    first = next(p for p in log if p["dir"] == way and "seq" in p)
    host = ipaddress.ip_address(first["src"].rpartition(":")[0].strip("[]")).packed
    return t.src if t.src == host else t.dst


def combine(verdicts):
    """Of the pieces of a super-segment: it is lost if one of them is, and needless if none was needed."""
    words = set().union(*verdicts)
    if any("needless" not in v for v in verdicts):
        words.discard("needless")
    return words


def name_labels(verdict, arrived):
    retx, needless = "retx" in verdict, "needless" in verdict
    return [name for name, here in (
        ("retx_sent", retx and not arrived), ("retx_arrived", retx and arrived),
        ("needless_sent", needless and not arrived), ("needless_arrived", needless and arrived),
        ("lost", "lost" in verdict), ("net_duplicate", "copy" in verdict and arrived),
        ("reordered", "reordered" in verdict and arrived), ("zero_window_probe", "zero_window_probe" in verdict),
        ("keepalive", "keepalive" in verdict), ("simopen", "simopen" in verdict)) if here]


def label(directory, events=None):
    """Of log and captures in a directory: ({"client": [(time, packet)], "server": [...]}, {"client": {label: [frame numbers]}, "server": ...}).

    Only TCP is kept; frame numbers count from 1 in what is returned.
    """
    lines = [json.loads(line) for line in open(os.path.join(directory, "log"))]
    log = [p for p in lines if p["e"] == "packet"]
    verdicts = judge(log)
    find_refused(log, verdicts)
    why = kinds.kinds(events, log, verdicts, lines[0]["start_unix_ns"]) if events else {}
    dumps = [os.path.join(directory, f"{side}.dump") for side in ("client", "server")]
    if os.path.exists(dumps[0]):
        sides = join_kernel(log, [wire.read_pcap(dump) for dump in dumps])
    else:
        sides = join(log, wire.read_pcapng(os.path.join(directory, "pcapng")))
    for side in sides:
        find_overtaken(log, verdicts, [i for _, indices, out in side for i in indices if out])
    frames, labels = {}, {}
    for name, side in zip(("client", "server"), sides):
        kept = [(frame, indices, out) for frame, indices, out in side if "seq" in log[indices[0]]]
        frames[name] = [frame for frame, _, _ in kept]
        labels[name] = {label: [] for label in (NAMES + KINDS if events else NAMES)}
        for number, (_, indices, out) in enumerate(kept, 1):
            verdict = combine([verdicts[i] for i in indices])
            for word in name_labels(verdict, out):
                labels[name][word].append(number)
            if "retx" in verdict and not out and events:
                labels[name][why.get(indices[0], "kind_unknown")].append(number)
    return frames, labels
