"""A seed becomes a scenario: link, kernel settings and traffic. The same seed gives the same scenario for ever."""
import random

TRAFFIC = (("bulk", 8), ("download", 5), ("both", 3), ("bursts", 3), ("reqresp", 3), ("small", 3), ("slow", 4),
           ("halfclose", 2), ("abort", 2), ("unread", 1), ("keepalive", 3), ("urgent", 1), ("simopen", 2))


SPARSE = ("reqresp", "small", "halfclose", "keepalive", "bursts")


def weighted(rng, pairs):
    return rng.choices([value for value, _ in pairs], [weight for _, weight in pairs])[0]


def make(seed):
    rng = random.Random(f"truth {seed}")
    s = {"seed": seed, "traffic": weighted(rng, TRAFFIC), "port": 10000 + seed * 7 % 50000}
    s["congestion"] = weighted(rng, (("cubic", 4), ("reno", 2), ("bbr", 2)))
    s["sack"] = weighted(rng, ((1, 5), (0, 1)))
    s["timestamps"] = weighted(rng, ((1, 4), (0, 1)))
    s["family"] = weighted(rng, ((4, 5), (6, 1)))
    s["mtu"] = weighted(rng, ((1500, 5), (1280, 1), (576 if s["family"] == 4 else 1300, 1)))
    s["offload"] = weighted(rng, ((True, 2), (False, 1)))
    s["tap"] = weighted(rng, (("relay", 3), ("kernel", 1)))  # kernel: tcpdump, which sees super-segments
    s["relay"], s["link"] = link(rng, s)
    s["pieces"] = pieces(rng, s)
    return s


def link(rng, s):
    delay = rng.choice((1, 3, 8, 15, 25, 40, 60))
    if s["traffic"] == "simopen":
        delay = max(delay, 25)
    options = ["--delay", f"{delay}ms", "--seed", str(s["seed"])]
    words = {"delay_ms": delay}

    def maybe(chance, name, values):
        if rng.random() < chance:
            words[name] = rng.choice(values)
            options.extend((f"--{name}", words[name]))

    maybe(0.3, "jitter", (f"{max(1, delay // 8)}ms", f"{max(1, delay // 3)}ms"))
    if rng.random() < 0.6:
        words["rate"] = rng.choice((1, 2, 4, 8, 16))
        options += ["--rate", f"{words['rate']}mbit"]
        maybe(0.6, "queue", ("10", "20", "40", "100"))
    trouble = rng.random()
    if s["traffic"] in SPARSE and trouble < 0.7:  # few segments: more of them have to go
        maybe(1, "loss-out", ("3%", "6%", "10%"))
        maybe(0.5, "loss-in", ("3%", "6%", "10%"))
    elif trouble < 0.45:
        maybe(1, "loss-out" if s["traffic"] != "download" else "loss-in", ("0.5%", "1%", "2%", "4%"))
        maybe(0.3, "data-loss", ("1%", "3%"))
    elif trouble < 0.6:
        maybe(1, "loss", ("1%", "2%", "5%"))
    elif trouble < 0.7:
        first = rng.randrange(1, 60)
        words["drop-out"] = [first + i for i in range(rng.randrange(1, 20))]
        options += ["--drop-out", ",".join(map(str, words["drop-out"]))]
        if rng.random() < 0.3:
            options += ["--drop-in", str(rng.randrange(1, 10))]
    elif trouble < 0.75:
        maybe(1, "loss-in", ("5%", "15%"))
    maybe(0.3, "reorder", ("0.5%", "1%", "3%"))
    maybe(0.25, "duplicate", ("0.5%", "1%", "3%"))
    if rng.random() < 0.2:
        spikes(rng, options, words)
    return options, words


def spikes(rng, options, words):
    """The link stands still: from this packet on, everything comes later, in order."""
    words["stall"] = [rng.choice((0, 300, 500, 900)) or 200, rng.randrange(8, 120)]
    options += [rng.choice(("--stall-out", "--stall-in")), f"{words['stall'][1]}:{words['stall'][0]}ms"]


def pieces(rng, s):
    """What the programs do, in numbers: a second or two of traffic."""
    rate = s["link"].get("rate", 16)
    budget = int(min(rate * 125000 * 1.2, 900_000))
    rtts = max(4, int(1500 / (2 * s["link"]["delay_ms"])))
    return {
        "bytes": rng.randrange(30_000, max(60_000, budget)),
        "rounds": min(40, rtts, rng.randrange(5, 40)),
        "request": rng.choice((20, 200, 1000)),
        "reply": rng.choice((10, 500, 3000, 20000)),
        "pause_ms": rng.choice((0, 2, 10, 45)),
        "nodelay": rng.random() < 0.5,
        "receive_buffer": rng.choice((4096, 8192, 20000)),
        "sleep_ms": rng.choice((800, 1500, 2200)),
    }
