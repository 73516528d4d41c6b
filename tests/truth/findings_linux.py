"""Captures for findings, made by real Linux TCP over the relay: what each conversation is.

A case is a class: options of the relay, settings of the kernels, what the client and the server do, which tap is kept
(several: a file each, NAME.client and NAME.server) and what must and must not be found in it.
"""
import socket
import struct
import time

CASES = {}
PORT = 8080
TCP_QUICKACK, TCP_FASTOPEN, MSG_FASTOPEN = 12, 23, 0x20000000


class Case:
    fire = may = silent = ""
    relay, settings, mtu, tap, snap = "--delay 10ms", (), 1500, "client", 65535
    client_options = server_options = ()  # (level, name, value)
    cut = 0  # frames left out at the beginning

    def __init_subclass__(cls):
        if cls.__name__[0] != "_":
            CASES[cls.__name__] = cls

    def __init__(self, world):
        self.world = world

    # What the ends do with the open connection; a Case may replace serve and dial altogether.
    def client(self, s):
        pass

    def server(self, s):
        pass

    def listener(self):
        l = socket.socket()
        l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for option in self.server_options:
            l.setsockopt(*option)
        l.bind(("0.0.0.0", PORT))
        l.listen(5)
        self.world.ready()
        return l

    def serve(self):
        l = self.listener()
        s, _ = l.accept()
        l.close()
        self.server(s)
        s.close()

    def plug(self, port=40000):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for option in self.client_options:
            s.setsockopt(*option)
        s.bind(("10.9.1.1", port))
        return s

    def dial(self):
        self.world.wait_ready()
        s = self.plug()
        s.connect(("10.9.1.2", PORT))
        self.client(s)
        s.close()


def read_all(s):
    total = 0
    while data := s.recv(65536):
        total += len(data)
    return total


def read_exactly(s, n):
    while n > 0:
        got = s.recv(n)
        if not got:
            raise EOFError
        n -= len(got)


def quick(s, on):
    s.setsockopt(socket.IPPROTO_TCP, TCP_QUICKACK, on)


NODELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
NO_TLP = ("ipv4/tcp_early_retrans", 0)
NO_SACK = ("ipv4/tcp_sack", 0)
RENO = (socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"reno")


# ---- Opening ----------------------------------------------------------------------------------------------------


class refused(Case):
    fire = "REFUSED"

    def serve(self):
        self.world.ready()

    def dial(self):
        self.world.wait_ready()
        try:
            self.plug().connect(("10.9.1.2", PORT))
        except ConnectionRefusedError:
            pass


class opened(Case):
    """The natural program: the first data is acknowledged at once, and then answered."""
    fire, may = "NO_PIGGYBACK", "THREE_SEG_CLOSE"

    def client(self, s):
        s.sendall(b"x" * 20)
        read_exactly(s, 10)

    def server(self, s):
        read_exactly(s, 20)
        s.sendall(b"y" * 10)
        read_all(s)


class piggyback(opened):
    fire, silent = "", "NO_PIGGYBACK REFUSED"

    def client(self, s):
        time.sleep(0.1)
        opened.client(self, s)

    def server(self, s):
        quick(s, 0)
        opened.server(self, s)


class syn_retx(opened):
    fire, relay, silent = "SYN_RETX", "--delay 10ms --drop-out 1", "SIMULTANEOUS_OPEN"
    may = "NO_PIGGYBACK THREE_SEG_CLOSE"


class syn_ack_lost(opened):
    fire, relay, silent = "SYN_RETX", "--delay 10ms --drop-in 1", "SIMULTANEOUS_OPEN"
    may = "NO_PIGGYBACK THREE_SEG_CLOSE SPURIOUS_RETX"  # the SYN had arrived, its answer was lost


class syn_timeout(Case):
    fire, may = "SYN_TIMEOUT", "SYN_RETX"
    relay = "--drop-larger-out 1"
    settings = (("ipv4/tcp_syn_retries", 2), ("ipv4/tcp_syn_linear_timeouts", 0))

    def serve(self):
        self.listener().settimeout(0.1)

    def dial(self):
        self.world.wait_ready()
        try:
            self.plug().connect(("10.9.1.2", PORT))
        except TimeoutError:
            pass


class late_start(opened):
    """The capture began in mid-connection."""
    fire, silent, cut = "CAPTURE_LIMITS", "REFUSED", 4
    may = "NO_PIGGYBACK THREE_SEG_CLOSE"


class simultaneous_open(Case):
    fire, relay = "SIMULTANEOUS_OPEN", "--delay 60ms"
    may = "SIMULTANEOUS_CLOSE THREE_SEG_CLOSE"

    def serve(self):
        self.world.ready()
        self.meet("10.9.1.2", "10.9.1.1")

    def dial(self):
        self.world.wait_ready()
        self.meet("10.9.1.1", "10.9.1.2")

    def meet(self, here, there):
        s = socket.socket()
        s.bind((here, 5000))
        time.sleep(max(0, self.world.start + 0.5 - time.monotonic()))
        s.connect((there, 5000))
        s.sendall(b"x" * 50)
        read_exactly(s, 50)
        time.sleep(max(0, self.world.start + 1 - time.monotonic()))
        s.close()
        time.sleep(0.3)


class simultaneous_close(Case):
    fire, relay, silent = "SIMULTANEOUS_CLOSE", "--delay 60ms", "THREE_SEG_CLOSE HALF_CLOSE SIMULTANEOUS_OPEN"
    may = "NO_PIGGYBACK DELAYED_ACK"

    def client(self, s):
        s.sendall(b"x" * 50)
        time.sleep(max(0, self.world.start + 0.8 - time.monotonic()))

    def server(self, s):
        read_exactly(s, 50)
        time.sleep(max(0, self.world.start + 0.8 - time.monotonic()))


# ---- Closing ----------------------------------------------------------------------------------------------------


class three_close(opened):
    fire, silent, may = "THREE_SEG_CLOSE", "SIMULTANEOUS_CLOSE HALF_CLOSE", "NO_PIGGYBACK"


class four_close(opened):
    silent, may = "THREE_SEG_CLOSE SIMULTANEOUS_CLOSE HALF_CLOSE", "NO_PIGGYBACK DELAYED_ACK"

    def server(self, s):
        opened.server(self, s)
        time.sleep(0.3)


class half_close(Case):
    fire, silent, may = "HALF_CLOSE", "THREE_SEG_CLOSE", "NO_PIGGYBACK DELAYED_ACK APP_LIMITED"

    def client(self, s):
        s.sendall(b"x" * 100)
        s.shutdown(socket.SHUT_WR)
        read_all(s)

    def server(self, s):
        read_all(s)
        for _ in range(3):
            s.sendall(b"y" * 200)
            time.sleep(0.2)


class half_close_crossing(Case):
    """Data that was on its way already when the FIN came: nobody uses half a connection."""
    relay, silent, may = "--delay 50ms", "HALF_CLOSE", "NO_PIGGYBACK DELAYED_ACK THREE_SEG_CLOSE"

    def client(self, s):
        s.sendall(b"x" * 100)
        time.sleep(max(0, self.world.start + 0.8 - time.monotonic()))
        s.shutdown(socket.SHUT_WR)
        read_all(s)

    def server(self, s):
        read_exactly(s, 100)
        time.sleep(max(0, self.world.start + 0.79 - time.monotonic()))
        s.sendall(b"y" * 200)
        read_all(s)


class rst_unread(Case):
    fire, silent = "RST_UNREAD_OR_ABORT", "RST_LATE_DATA RST_SUSPECT"

    def client(self, s):
        s.sendall(b"x" * 3000)
        time.sleep(0.6)

    def server(self, s):
        read_exactly(s, 10)
        time.sleep(0.3)


class rst_linger(rst_unread):
    def server(self, s):
        read_exactly(s, 3000)
        time.sleep(0.3)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class rst_late_data(Case):
    fire, silent = "RST_LATE_DATA", "RST_UNREAD_OR_ABORT RST_SUSPECT"
    may = "NO_PIGGYBACK DELAYED_ACK HALF_CLOSE"

    def client(self, s):
        s.sendall(b"x" * 50)
        time.sleep(0.3)
        s.sendall(b"x" * 50)
        time.sleep(0.2)

    def server(self, s):
        read_exactly(s, 50)


# ---- Waiting ----------------------------------------------------------------------------------------------------


class nagle_delack(Case):
    fire, relay, may = "NAGLE_DELACK", "--delay 1ms", "DELAYED_ACK THREE_SEG_CLOSE NO_PIGGYBACK"

    def client(self, s):
        time.sleep(0.1)
        for _ in range(5):
            s.sendall(b"h" * 10)
            self.between()
            s.sendall(b"b" * 40)
            read_exactly(s, 30)

    def between(self):
        pass

    def server(self, s):
        quick(s, 0)
        for _ in range(5):
            read_exactly(s, 50)
            s.sendall(b"a" * 30)
            quick(s, 0)
        read_all(s)


class nagle_off(nagle_delack):
    fire, silent, client_options = "", "NAGLE_DELACK", (NODELAY,)


class nagle_application(nagle_delack):
    """The application itself pauses between its writes; the ACK that was delayed held nothing up."""
    fire, silent = "", "NAGLE_DELACK"

    def between(self):
        time.sleep(0.07)


class delayed_ack(Case):
    fire, may = "DELAYED_ACK", "THREE_SEG_CLOSE NO_PIGGYBACK APP_LIMITED"

    def client(self, s):
        for _ in range(4):
            s.sendall(b"x" * 20)
            time.sleep(0.15)

    def server(self, s):
        quick(s, 0)
        for _ in range(4):
            read_exactly(s, 20)
            quick(s, 0)
        read_all(s)


class ack_at_once(delayed_ack):
    """A long way, but no delay at its end."""
    fire, silent, relay = "", "DELAYED_ACK", "--delay 40ms"

    def server(self, s):
        while s.recv(20):
            quick(s, 1)


# ---- Windows ----------------------------------------------------------------------------------------------------


class zero_window(Case):
    fire, silent, snap = "ZERO_WINDOW", "KEEPALIVE SWS WINDOW_VIOLATION WINDOW_SHRUNK", 96
    may = "WINDOW_LIMITED DELAYED_ACK THREE_SEG_CLOSE HALF_CLOSE"
    server_options = ((socket.SOL_SOCKET, socket.SO_RCVBUF, 8192),)

    def client(self, s):
        s.sendall(b"x" * 40_000)

    def server(self, s):
        time.sleep(1.5)
        read_all(s)


class window_limited(Case):
    fire, silent, snap = "WINDOW_LIMITED", "ZERO_WINDOW CWND_LIMITED APP_LIMITED", 96
    relay, may = "--delay 15ms", "DELAYED_ACK THREE_SEG_CLOSE HALF_CLOSE"
    server_options = ((socket.SOL_SOCKET, socket.SO_RCVBUF, 12_000),)

    def client(self, s):
        s.sendall(b"x" * 250_000)

    def server(self, s):
        read_all(s)


class cwnd_limited(Case):
    fire, silent, snap = "CWND_LIMITED", "ZERO_WINDOW WINDOW_LIMITED APP_LIMITED PMTU_BLACKHOLE", 96
    relay = "--delay 20ms --data-loss-out 2.5% --seed 3"
    may = "FAST_RETX RACK TLP RTO DELAYED_ACK THREE_SEG_CLOSE RTO_BACKOFF HALF_CLOSE"
    client_options = (RENO,)

    def client(self, s):
        s.sendall(b"x" * 280_000)

    def server(self, s):
        read_all(s)


class app_limited(Case):
    fire, silent, snap = "APP_LIMITED", "ZERO_WINDOW WINDOW_LIMITED CWND_LIMITED NAGLE_DELACK", 96
    relay, may = "--delay 5ms", "DELAYED_ACK THREE_SEG_CLOSE"

    def client(self, s):
        for _ in range(60):
            s.sendall(b"x" * 1448)
            time.sleep(0.02)

    def server(self, s):
        read_all(s)


# ---- Losses -----------------------------------------------------------------------------------------------------


class _Bulk(Case):
    """A burst of twenty segments or so; packet 1 is the SYN, 2 the ACK, 3 the first data."""
    snap, size = 96, 40_000
    may = "DELAYED_ACK THREE_SEG_CLOSE HALF_CLOSE"
    silent = "SPURIOUS_RETX REORDERED DUPLICATED PMTU_BLACKHOLE"

    def client(self, s):
        s.sendall(b"x" * self.size)
        time.sleep(0.3)

    def server(self, s):
        read_all(s)


class clean(_Bulk):
    silent = _Bulk.silent + " FAST_RETX RTO TLP RACK RTO_BACKOFF WINDOW_LIMITED"


class fast_retx(_Bulk):
    fire, relay, settings = "FAST_RETX", "--delay 20ms --drop-out 15", (NO_SACK,)
    silent = _Bulk.silent + " RTO TLP RTO_BACKOFF"


class fast_retx_sack(_Bulk):
    fire, relay = "FAST_RETX", "--delay 20ms --drop-out 15"
    may, silent = _Bulk.may + " RACK", _Bulk.silent + " RTO TLP RTO_BACKOFF"


class rack(_Bulk):
    """Two segments behind it only: too few for fast retransmit, enough for RACK."""
    fire, relay, size = "RACK", "--delay 20ms --drop-out 10", 14_480
    silent = _Bulk.silent + " RTO TLP RTO_BACKOFF FAST_RETX"


class tlp(_Bulk):
    """The last two are lost (with one in flight the probe would wait as long as a timeout)."""
    fire, relay, size = "TLP", "--delay 20ms --drop-out 11,12", 14_480
    silent = _Bulk.silent + " RTO RTO_BACKOFF FAST_RETX"
    may = _Bulk.may + " RACK"


class rto(_Bulk):
    """The last two are lost, and this kernel makes no probes."""
    fire, relay, size, settings = "RTO", "--delay 20ms --drop-out 11,12", 14_480, (NO_TLP,)
    silent = _Bulk.silent + " TLP RTO_BACKOFF FAST_RETX RACK"

    def client(self, s):
        s.sendall(b"x" * self.size)
        time.sleep(0.6)


class rto_backoff(rto):
    fire, relay = "RTO RTO_BACKOFF", "--delay 20ms --drop-out 11,12,13,14"
    silent = _Bulk.silent + " TLP FAST_RETX RACK CONFORM_BACKOFF"

    def client(self, s):
        s.sendall(b"x" * self.size)
        time.sleep(2.5)


class spurious(_Bulk):
    """The link stands still: the timeout is too early, nothing was lost."""
    fire, relay = "SPURIOUS_RETX", "--delay 10ms --stall-out 9:600ms"
    silent, may = "DUPLICATED REORDERED PMTU_BLACKHOLE", _Bulk.may + " RTO TLP RTO_BACKOFF"

    def client(self, s):
        s.sendall(b"x" * self.size)
        time.sleep(1)


class reordered(_Bulk):
    """One segment is overtaken by the two behind it: too few for a retransmission."""
    fire, relay, tap = "REORDERED", "--delay 2ms --rate 16mbit --reorder-nth-out 6", "server"
    settings, silent = (NO_SACK,), "SPURIOUS_RETX DUPLICATED RTO TLP FAST_RETX RACK"


class resent(_Bulk):
    """At the receiver's tap: the hole is filled by a retransmission, not by a late original."""
    relay, tap = "--delay 20ms --drop-out 15", "server"
    silent, may = "REORDERED DUPLICATED SPURIOUS_RETX", _Bulk.may + " FAST_RETX RACK"


class duplicated(_Bulk):
    fire, relay, tap = "DUPLICATED", "--delay 10ms --duplicate-nth-out 6,9", "server"
    silent = "SPURIOUS_RETX REORDERED RTO FAST_RETX RACK"


class needless(spurious):
    """At the receiver's tap: a second copy, but it was the sender who made it."""
    fire, tap, silent = "SPURIOUS_RETX", "server", "DUPLICATED REORDERED"


class black_hole(Case):
    fire, snap = "PMTU_BLACKHOLE", 96
    relay, settings = "--delay 10ms --drop-larger-out 1200", (("ipv4/tcp_mtu_probing", 0),)
    may = "RTO TLP RTO_BACKOFF NO_PIGGYBACK DELAYED_ACK SPURIOUS_RETX"  # the server's: its ACKs are lost, not its data
    silent = "WINDOW_LIMITED"

    def client(self, s):
        for _ in range(3):
            s.sendall(b"x" * 200)
            read_exactly(s, 200)
        s.sendall(b"x" * 20_000)
        time.sleep(3)

    def server(self, s):
        for _ in range(3):
            read_exactly(s, 200)
            s.sendall(b"y" * 200)
        s.settimeout(4)
        read_all(s)


class link_dead(black_hole):
    """Everything is lost, large or small: no black hole for large ones."""
    fire, silent = "RTO_BACKOFF", "PMTU_BLACKHOLE"
    relay = "--delay 10ms --drop-out " + ",".join(str(n) for n in range(10, 60))
    may = "RTO TLP NO_PIGGYBACK DELAYED_ACK SPURIOUS_RETX"

    def client(self, s):
        for _ in range(3):
            s.sendall(b"x" * 200)
            read_exactly(s, 200)
        for _ in range(10):
            s.sendall(b"x" * 300)
            time.sleep(0.2)
        time.sleep(0.5)


# ---- Rare things ------------------------------------------------------------------------------------------------


class gso(Case):
    """Super-segments of the sender's own host: longer than the peer's MSS, and nothing is wrong."""
    silent, tap, snap = "MSS_EXCEEDED", "tcpdump", 96
    may = "DELAYED_ACK THREE_SEG_CLOSE NO_PIGGYBACK HALF_CLOSE"
    server_options = ((socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1024),)

    def client(self, s):
        s.sendall(b"x" * 120_000)
        time.sleep(0.2)

    def server(self, s):
        read_all(s)


class keepalive(Case):
    fire, silent = "KEEPALIVE", "ZERO_WINDOW SPURIOUS_RETX RTO TLP DUPLICATED"
    may = "NO_PIGGYBACK THREE_SEG_CLOSE DELAYED_ACK"
    client_options = tuple((socket.IPPROTO_TCP, name, 1) for name in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL)) + (
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),)

    def client(self, s):
        s.sendall(b"x" * 20)
        time.sleep(3.3)

    def server(self, s):
        read_all(s)


class urgent(Case):
    fire, may = "URG_USED", "NO_PIGGYBACK THREE_SEG_CLOSE DELAYED_ACK"

    def client(self, s):
        s.sendall(b"x" * 20)
        s.send(b"!", socket.MSG_OOB)
        s.sendall(b"x" * 20)
        time.sleep(0.2)

    def server(self, s):
        read_all(s)


class ecn_marked(_Bulk):
    fire, settings, tap = "ECN_CE", (("ipv4/tcp_ecn", 1),), "both"
    relay, silent = "--delay 10ms --mark-out 8% --seed 4", _Bulk.silent + " RTO FAST_RETX"
    may = _Bulk.may + " CWND_LIMITED"


class ecn_unmarked(_Bulk):
    settings, silent = (("ipv4/tcp_ecn", 1),), _Bulk.silent + " ECN_CE"


class fast_open(Case):
    """The first connection fetches the cookie, the second one sends its data in the SYN."""
    fire, settings = "TFO", (("ipv4/tcp_fastopen", 3),)
    may = "NO_PIGGYBACK THREE_SEG_CLOSE DELAYED_ACK"
    server_options = ((socket.IPPROTO_TCP, TCP_FASTOPEN, 5),)

    def serve(self):
        l = self.listener()
        for _ in range(2):
            s, _ = l.accept()
            read_exactly(s, 50)
            s.sendall(b"y" * 50)
            read_all(s)
            s.close()

    def dial(self):
        self.world.wait_ready()
        for port in (40000, 40001):
            s = self.plug(port)
            s.sendto(b"x" * 50, MSG_FASTOPEN, ("10.9.1.2", PORT))
            read_exactly(s, 50)
            s.close()
            time.sleep(0.2)


class time_wait_reuse(Case):
    """The server closes first and keeps TIME-WAIT; the client calls again from the same port."""
    fire, silent, ports = "TIME_WAIT_REUSE", "ISN_REUSE", (40000, 40000)
    may = "NO_PIGGYBACK THREE_SEG_CLOSE DELAYED_ACK"

    def serve(self):
        l = self.listener()
        for _ in range(2):
            s, _ = l.accept()
            read_exactly(s, 50)
            s.sendall(b"y" * 50)
            s.close()

    def dial(self):
        self.world.wait_ready()
        for port in self.ports:
            s = self.plug(port)
            s.connect(("10.9.1.2", PORT))
            s.sendall(b"x" * 50)
            read_all(s)
            s.close()
            time.sleep(1.2)


class two_connections(time_wait_reuse):
    fire, silent, ports = "", "TIME_WAIT_REUSE ISN_REUSE", (40000, 40001)
