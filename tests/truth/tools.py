"""What analysers say about a capture, in the words of labels.py.

Each function returns {word: set of frame numbers}; a word that is missing: the tool has no such class. tcptrace
names no frames: it returns {word: a number}. Words: those of labels.py without the tap, since the tap does not
change what a tool says; and kind_rto, kind_tlp, kind_recovery of a retransmission.
"""
import json
import re
import subprocess

KINDS = {"retx_rto": "kind_rto", "retx_tlp": "kind_tlp", "retx_fast": "kind_recovery", "retx_rack": "kind_recovery",
         "syn_retx": "kind_rto"}
WORDS = ("retx", "needless", "lost", "net_duplicate", "reordered", "zero_window_probe", "keepalive", "simopen",
         "kind_rto", "kind_tlp", "kind_recovery")


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 65 and "no TCP in 0 packets" in done.stderr:
        return ""  # nothing ever reached this end
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}: {done.stderr[-300:]}")
    return done.stdout


def weir(path, tool):
    said = {word: set() for word in WORDS}
    frames, lost = {}, set()
    for line in run(tool, "ladder", "--json", path).splitlines():
        event = json.loads(line)
        number = event.get("n")
        if event["e"] == "segment":
            judge_segment(said, event, event["frame"])
            frames[event["conn"], number] = event["frame"]
        elif event["e"] == "loss":
            lost.add((event["conn"], number))
        elif event["e"] == "finding" and event["id"] == "SIMULTANEOUS_OPEN":
            said["simopen"].add(1)
    said["lost"] |= {frames[key] for key in lost if key in frames}
    return said


def judge_segment(said, event, frame):
    name = event["class"]
    if name.startswith("retx") or name == "syn_retx":
        said["retx"].add(frame)
        if event.get("spurious"):
            said["needless"].add(frame)
        if name in KINDS:
            said[KINDS[name]].add(frame)
    elif name in ("net_duplicate", "reordered", "zero_window_probe", "keepalive"):
        said[name].add(frame)
    if event.get("lost") or event.get("missed"):
        said["lost"].add(frame)


def weir_both(client, server, tool):
    """{"client": frames of lost segments in its own capture, "server": ...}: the ladder of both captures together."""
    lost = {"client": set(), "server": set()}
    for line in run(tool, "ladder", "--json", client, server).splitlines():
        event = json.loads(line)
        if event["e"] == "segment" and event.get("lost") and (event["len"] > 0 or set("SF") & set(event["flags"])):
            lost[event["from"]].add(event["frame"])
    return lost


TSHARK = (("retransmission", "retx"), ("spurious_retransmission", "needless"), ("out_of_order", "reordered"),
          ("zero_window_probe", "zero_window_probe"), ("keep_alive", "keepalive"), ("fast_retransmission", "fast"),
          ("rto_frame", "rto"))


def tshark(path, tool):
    said = {"retx": set(), "needless": set(), "reordered": set(), "zero_window_probe": set(), "keepalive": set()}
    fields = [word for name, _ in TSHARK for word in ("-e", f"tcp.analysis.{name}")]
    for line in run(tool, "-n", "-r", path, "-T", "fields", "-e", "frame.number", *fields).splitlines():
        values = line.split("\t")
        for (_, word), value in zip(TSHARK, values[1:]):
            if value and word in said:
                said[word].add(int(values[0]))
    return said


def tcptrace(path, tool):
    """Pairs: of him whose packet is the first, and of the other."""
    text = run(tool, "-n", "-l", path)

    def total(name):
        counts = [int(n) for n in re.findall(rf"\b{name}:\s+(\d+)", text)]
        return sum(counts[::2]), sum(counts[1::2])

    return {"retx": total("rexmt data pkts"), "reordered": total("outoforder pkts"),
            "zero_window_probe": total("zwnd probe pkts")}


def version(name, tool):
    text = subprocess.run([tool, {"tcptrace": "-version"}.get(name, "--version")], capture_output=True, text=True,
                          check=False)
    found = re.search(r"\d+(\.\d+)+\S*", text.stdout + text.stderr)
    return found.group(0).rstrip(",") if found else ""
