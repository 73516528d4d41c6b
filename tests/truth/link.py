"""Two Linux kernels, a namespace each, joined by `weir relay`: what happens between them is known.

A Link lives inside namespaces of its own (enter()); the client's end is that network, the server's is another one
beside it. Everything is gone when the process ends.
"""
import os
import select
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def find_tool():
    """$WEIR, or the newest build here."""
    built = [os.path.join(HERE, "..", "..", "build", name, "weir") for name in ("release", "dev")]
    built = sorted(filter(os.path.exists, built), key=os.path.getmtime)
    return os.environ.get("WEIR") or (os.path.normpath(built[-1]) if built else "weir")


WEIR = find_tool()
ADDRESS = {4: ("10.9.1.1", "10.9.1.2"), 6: ("fd09:1::1", "fd09:1::2")}
WALL = ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]


def run_inside(arguments):
    """Runs a Python program in namespaces of its own. RuntimeError: with the last line that it said."""
    done = subprocess.run(WALL + [sys.executable, *arguments], stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])


def possible():
    return os.path.exists("/dev/net/tun") and subprocess.run(WALL + ["ip", "tuntap", "add", "dev", "w0", "mode", "tun"],
                                                             stderr=subprocess.DEVNULL, check=False).returncode == 0


def ip(*lines, before=()):
    subprocess.run([*before, "ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)


class Link:
    def __init__(self, directory, relay=(), mtu=1500, settings=(), v6=False):
        """settings: ("ipv4/tcp_sack", 0) and so on, at both ends, or with "client"/"server" in front at one."""
        self.directory, self.v6, self.dumps = directory, v6, []
        with open("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w") as out:
            out.write(str(int(not v6)))  # without: nothing passes but what the programs send
        ip("link set lo up", *(f"{what} dev {name} {how}" for name in ("a0", "b0") for what, how in (
            ("tuntap add", "mode tun"), ("link set", f"mtu {mtu} txqueuelen 4000 up"))))
        self.relay = subprocess.Popen(
            [WEIR, "relay", "--dev", "tun:a0", "--dev", "tun:b0", "--log", self.path("log"), "-w", self.path("pcapng"),
             *relay], stderr=subprocess.PIPE, text=True)
        line = self.relay.stderr.readline()
        if "Relaying" not in line:
            raise RuntimeError(f"relay: {line}")
        self.peer = subprocess.Popen(["unshare", "--net", "sleep", "1000"])
        own = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self.peer.pid}/ns/net") == own:
            time.sleep(0.002)
        self.there = ["nsenter", "--target", str(self.peer.pid), "--net"]
        ip(f"link set b0 netns {self.peer.pid}")
        for side, before, name in ((0, [], "a0"), (1, self.there, "b0")):
            self.settle(side, before, name, settings)
            v4, v6 = ADDRESS[4][side], ADDRESS[6][side]
            ip("link set lo up", f"link set {name} mtu {mtu} txqueuelen 4000", f"addr add {v4}/24 dev {name}",
               f"link set {name} up", *([f"addr add {v6}/64 dev {name} nodad"] if self.v6 else []), before=before)

    def path(self, name):
        return os.path.join(self.directory, name)

    def settle(self, side, before, name, settings):
        wanted = [(f"ipv6/conf/{name}/disable_ipv6", int(not self.v6)),
                  (f"ipv6/conf/{name}/router_solicitations", 0), ("ipv4/tcp_no_metrics_save", 1)]
        for setting in settings:
            if setting[0] in ("client", "server"):
                if side != ("client", "server").index(setting[0]):
                    continue
                setting = setting[1:]
            wanted.append(setting)
        script = "".join(f'echo "{value}" 2>/dev/null >/proc/sys/net/{key}\n' for key, value in wanted)
        subprocess.run([*before, "sh", "-c", script], stderr=subprocess.DEVNULL, check=False)

    def start(self, side, arguments):
        """A Python program at one end (0: client)."""
        return subprocess.Popen([*(self.there if side else []), sys.executable, *arguments])

    def dump(self):
        """The kernels' own captures too, super-segments and all: client.dump and server.dump."""
        for before, device, name in (([], "a0", "client"), (self.there, "b0", "server")):
            dump = subprocess.Popen([*before, "tcpdump", "-i", device, "--immediate-mode", "-U", "-s", "128", "-B",
                                     "16384", "-w", self.path(f"{name}.dump"), "tcp"], stderr=subprocess.PIPE, text=True)
            while (line := dump.stderr.readline()) and "listening on" not in line:
                pass
            self.dumps.append(dump)

    def stop(self):
        """The end of the relay: log and capture are complete."""
        for dump in self.dumps:
            dump.terminate()
            dump.communicate()
        self.relay.send_signal(signal.SIGTERM)
        code = self.relay.wait(20)
        text = self.relay.stderr.read()
        self.peer.kill()
        self.peer.wait()
        if code != 0:
            raise RuntimeError(f"relay: exit code {code}: {text}")


def wait_all(processes, seconds):
    """Waits for them all; kills what is left after that time."""
    end = time.monotonic() + seconds
    for p in processes:
        try:
            p.wait(max(0.01, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()


def wait_for_file(path, seconds=10):
    end = time.monotonic() + seconds
    while not os.path.exists(path):
        if time.monotonic() > end:
            raise RuntimeError(f"waited in vain for {path}")
        select.select([], [], [], 0.002)
