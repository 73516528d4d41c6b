#!/usr/bin/env python3
"""Checks the labelling itself (labels.py) with logs written by hand: what each packet must be called."""
import sys

import labels

A, B = "10.0.0.1:1", "10.0.0.2:2"


class Log:
    def __init__(self):
        self.lines, self.now, self.n = [], 0, {"ab": 0, "ba": 0}

    def packet(self, way, flags, seq, length=0, takes=10, fate=None, win=1000, wait=1, ack=0):
        """takes: milliseconds on the way, None: lost. Returns the line's index."""
        self.now += wait
        self.n[way] += 1
        src, dst = (A, B) if way == "ab" else (B, A)
        self.lines.append({
            "dir": way, "n": self.n[way], "fate": fate or ("delivered" if takes is not None else "lost"),
            "sent_ns": self.now * 10**6, "delivered_ns": None if takes is None else (self.now + takes) * 10**6,
            "src": src, "dst": dst, "flags": flags, "seq": seq % 2**32, "len": length, "win": win, "ack": ack % 2**32,
            "corrupted": False})
        return len(self.lines) - 1

    def copy(self, index):
        self.lines.insert(index + 1, dict(self.lines[index], fate="duplicate"))
        return index + 1

    def words(self):
        """Per line: what it is called, those of arrival included."""
        verdicts = labels.judge(self.lines)
        labels.find_refused(self.lines, verdicts)
        for way in ("ab", "ba"):
            order = [i for i, p in enumerate(self.lines) if p["dir"] == way and p["delivered_ns"] is not None]
            labels.find_overtaken(self.lines, verdicts, sorted(order, key=lambda i: self.lines[i]["delivered_ns"]))
        return [sorted(v - {"span"}) for v in verdicts]


def opened(isn=2**32 - 100):
    """With numbers that wrap soon."""
    log = Log()
    log.packet("ab", "SYN", isn)
    log.packet("ba", "SYN,ACK", 500)
    log.packet("ab", "ACK", isn + 1)
    return log, isn + 1


def check(what, got, wanted):
    if got != wanted:
        print(f"check_labels: {what}: {got} instead of {wanted}")
    return got != wanted


def main():
    bad = 0
    log, at = opened()
    log.packet("ab", "ACK", at, 1000)  # 3: wraps
    log.packet("ab", "ACK", at + 1000, 1000, None)  # 4: lost
    log.packet("ab", "ACK", at + 1000, 1000)  # 5: sent again, needed
    log.packet("ab", "ACK", at + 1000, 1000)  # 6: and again, needless
    log.packet("ab", "ACK", at, 1500, wait=50)  # 7: old and new in one, all delivered before
    log.packet("ab", "ACK", at + 1500, 1000)  # 8: half new
    log.packet("ab", "FIN,ACK", at + 2500, 0, None)  # 9
    log.packet("ab", "FIN,ACK", at + 2500)  # 10
    bad += check("losses", log.words()[3:], [[], ["lost"], ["retx"], ["needless", "retx"], ["needless", "retx"],
                                             ["retx"], ["lost"], ["retx"]])
    log, at = opened()
    late = log.packet("ab", "ACK", at, 1000, 30)
    log.packet("ab", "ACK", at + 1000, 1000)
    log.packet("ab", "ACK", at, 1000)  # needless: the first one is late, not lost
    log.copy(late)
    bad += check("reordering", log.words()[3:], [["reordered"], ["copy"], [], ["needless", "retx"]])
    log, at = opened()
    log.packet("ab", "ACK", at, 1000)
    log.packet("ba", "ACK", 501, win=0, wait=20)
    log.packet("ab", "ACK", at + 999, 0, wait=5)  # the window 0 is not here yet
    log.packet("ab", "ACK", at + 999, 0, wait=20)
    log.packet("ba", "ACK", 501, win=900)
    log.packet("ab", "ACK", at + 999, 0, wait=5)  # nor is the opening
    log.packet("ab", "ACK", at + 999, 0, wait=20)
    bad += check("probes", log.words()[5:], [["keepalive"], ["zero_window_probe"], [], ["zero_window_probe"],
                                             ["keepalive"]])
    log, at = opened()
    log.packet("ab", "ACK", at, 1000)  # 3
    log.packet("ab", "ACK", at + 1000, 1000)
    log.packet("ba", "ACK", 501, win=0, wait=60, ack=at + 1000)  # the second one was refused
    log.packet("ab", "ACK", at + 1000, 1000, wait=200)
    log.packet("ba", "ACK", 501, wait=60, ack=at + 2000)
    log.packet("ab", "ACK", at + 1000, 1000, wait=200)
    bad += check("refusal", log.words()[6:], [["retx"], [], ["needless", "retx"]])
    log = Log()
    log.packet("ab", "SYN", 100)
    log.packet("ba", "SYN", 500)
    log.packet("ab", "SYN,ACK", 100, wait=15)
    log.packet("ab", "SYN,ACK", 100, wait=1000)
    log.packet("ab", "SYN", 7000, wait=1000)  # another connection
    bad += check("opening", log.words(), [[], [], ["simopen"], ["needless", "retx"], []])
    return bad


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
