"""Why the kernel sent something again, from the kernel itself: its tracepoint tcp_retransmit_skb with the stack.

A Trace watches one port. kinds() joins its events with the retransmissions in the relay's log by order and time:
kind_rto (the retransmission timer), kind_tlp (the loss probe), kind_recovery (fast recovery or RACK), kind_unknown
(what follows a timeout, or more than one could be meant). Where there is no tracefs there are no kinds.
"""
import os
import re
import time

ROOT = "/sys/kernel/tracing"
EVENTS = ("tcp_retransmit_skb", "tcp_cong_state_set")
RECOVERY, LOSS = 3, 4


def write(path, text):
    with open(path, "w") as out:
        out.write(text)


class Trace:
    def __init__(self, port):
        """OSError: not possible here."""
        self.port = port
        self.path = f"{ROOT}/instances/weir-{os.getpid()}-{port}"
        os.mkdir(self.path)
        try:
            write(f"{self.path}/trace_clock", "mono")
            write(f"{self.path}/options/stacktrace", "1")
            write(f"{self.path}/buffer_size_kb", "2000")
            for event in EVENTS:
                write(f"{self.path}/events/tcp/{event}/filter", f"sport=={port} || dport=={port}")
                write(f"{self.path}/events/tcp/{event}/enable", "1")
        except OSError:
            self.close()
            raise

    def close(self):
        for event in EVENTS:
            write(f"{self.path}/events/tcp/{event}/enable", "0")
        os.rmdir(self.path)

    def events(self):
        """{"ab": [(monotonic ns, kind)], "ba": ...}: a is who calls the port."""
        found, state, last = {"ab": [], "ba": []}, {}, None
        for line in open(f"{self.path}/trace"):
            head = re.search(r" (\d+)\.(\d+): (tcp_\w+): .*sport=(\d+) dport=(\d+)", line)
            if head:
                seconds, micro, name, sport, dport = head.groups()
                way = "ba" if int(sport) == self.port else "ab"
                last = None
                if name == "tcp_cong_state_set":
                    state[way] = int(re.search(r"cong_state=(\d+)", line).group(1))
                elif int(sport) != int(dport):
                    last = [int(seconds) * 10**9 + int(micro) * 1000, "kind_unknown"]
                    found[way].append(last)
            elif last and last[1] == "kind_unknown":
                if "tcp_send_loss_probe" in line:
                    last[1] = "kind_tlp"
                elif "tcp_retransmit_timer" in line:
                    last[1] = "kind_rto"
                elif "tcp_xmit_retransmit_queue" in line and state.get(way) == RECOVERY:
                    last[1] = "kind_recovery"
        return found


def unix_offset():
    """Nanoseconds from the monotonic clock to the time since 1970."""
    return min((time.time_ns() - time.monotonic_ns() for _ in range(5)), key=abs)


def kinds(events, log, verdicts, start_unix_ns):
    """{index of a line of the log: kind} of the retransmissions."""
    start, found = start_unix_ns - unix_offset(), {}
    for way, mine in events.items():
        sent = [i for i, (p, v) in enumerate(zip(log, verdicts)) if p["dir"] == way and "retx" in v]
        at = 0
        while at < len(sent):
            moment = log[sent[at]]["sent_ns"]
            batch = [i for i in sent[at:] if log[i]["sent_ns"] == moment]
            at += len(batch)
            ready = [e for e in mine if e[0] <= start + moment + 20_000]
            mine = mine[len(ready):]
            if len(ready) == len(batch):
                found.update(zip(batch, (kind for _, kind in ready)))
            elif ready and len({kind for _, kind in ready}) == 1:
                found.update((i, ready[0][1]) for i in batch)
            else:
                found.update((i, "kind_unknown") for i in batch)
    return found
