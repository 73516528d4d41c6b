"""Captures for findings that no Linux would give, written byte by byte: @case functions return the captures."""
import struct

from synth import MSS, Synth, option_mss, option_sack, option_timestamps
from wire import ACK, PSH, RST, SYN

CASES = {}


def case(fire="", may="", silent=""):
    """fire: must; may: is true as well or harmless; silent: information that would be wrong here."""
    def keep(function):
        CASES[function.__name__] = (function, fire.split(), may.split(), silent.split())
        return function
    return keep


# ---- Opening --------------------------------------------------------------------------------------------------


@case(fire="FILTERED", silent="SIMULTANEOUS_OPEN")
def filtered():
    s = Synth()
    s.segment("c", SYN, options=option_mss(MSS))
    s.wait(20)
    s.icmp_unreachable(13, s.frames[0][1])
    return s


@case(fire="ISN_REUSE")
def isn_reuse():
    s = Synth()
    s.open()
    s.exchange()
    s.close()
    s.wait(90_000)  # TIME-WAIT is over
    again = Synth()
    again.now, again.frames = s.now, s.frames
    again.open()
    again.exchange()
    again.close()
    return again


@case(silent="ISN_REUSE")
def isn_fresh():
    s = Synth()
    s.open()
    s.exchange()
    s.close()
    s.wait(90_000)
    again = Synth(client_isn=91_234_567, server_isn=3_456_789_012)
    again.now, again.frames = s.now, s.frames
    again.open()
    again.exchange()
    again.close()
    return again


# ---- Sizes ----------------------------------------------------------------------------------------------------


@case(fire="MSS_EXCEEDED")
def mss_exceeded():
    s = Synth()
    s.open(server_mss=1024)
    for _ in range(3):
        s.send("c", 1400)
        s.wait(s.rtt)
        s.ack("s")
        s.wait(2)
    s.close()
    return s


@case()
def mss_respected():
    s = Synth()
    s.open(server_mss=1024)
    for _ in range(3):
        s.send("c", 1024)
        s.wait(s.rtt)
        s.ack("s")
        s.wait(2)
    s.close()
    return s


@case(fire="WINDOW_VIOLATION")
def window_violation():
    s = Synth()
    s.s.window = 3000
    s.open()
    for size in (1460, 1460, 380):  # 300 more than there is room for
        s.send("c", size)
        s.wait(0.1)
    s.wait(s.rtt)
    s.ack("s")
    s.wait(5)
    s.close()
    return s


@case()
def window_filled():
    s = Synth()
    s.s.window = 3000
    s.open()
    for size in (1460, 1460, 80):
        s.send("c", size)
        s.wait(0.1)
    s.wait(s.rtt)
    s.ack("s")
    s.wait(5)
    s.close()
    return s


@case(fire="WINDOW_SHRUNK", may="SWS")
def window_shrunk():
    s = Synth()
    s.s.window = 10_000
    s.open()
    s.send("c", 1000)
    s.wait(s.rtt)
    s.ack("s", win=4000)  # 10 000 before; 9000 would be the least
    s.wait(10)
    s.exchange()
    s.close()
    return s


@case(silent="WINDOW_SHRUNK")
def window_used_up():
    s = Synth()
    s.s.window = 10_000
    s.open()
    for left in (9000, 8000, 7000):
        s.send("c", 1000)
        s.wait(s.rtt)
        s.ack("s", win=left)
        s.wait(10)
    s.s.window = 7000
    s.exchange()
    s.close()
    return s


@case(fire="SWS", may="WINDOW_LIMITED ZERO_WINDOW")
def sws():
    """A buffer of 5840 bytes is full; the application reads 120 bytes now and then, and each time that is told."""
    s = Synth()
    s.s.window = 5840
    s.open()
    for left in (4380, 2920, 1460, 0):
        s.send("c", 1460)
        s.wait(s.rtt)
        s.ack("s", win=left)
        s.wait(1)
    for _ in range(12):
        s.wait(3)
        s.segment("s", ACK, win=120)
        s.wait(1)
        s.send("c", 120)
        s.wait(s.rtt)
        s.ack("s", win=0)
    s.segment("s", ACK, win=5840)
    s.s.window = 5840
    s.close()
    return s


# ---- ACKs and acceptance --------------------------------------------------------------------------------------


@case(fire="ACK_UNSENT", may="CHALLENGE_ACK")
def ack_unsent():
    s = Synth()
    s.open()
    s.send("c", 500)
    s.wait(s.rtt)
    s.segment("s", ACK, ack=s.c.nxt + 5000)
    s.wait(0.1)
    s.segment("c", ACK)
    s.wait(10)
    s.ack("s")
    s.wait(5)
    s.close()
    return s


@case(silent="ACK_UNSENT", may="CAPTURE_LIMITS")
def ack_unsent_late_start():
    """The capture began in the middle: that ACK is of what was sent before."""
    s = Synth()
    s.open()
    s.send("c", 1000)
    s.wait(1)
    s.send("c", 1000)
    s.frames.clear()
    s.wait(s.rtt)
    s.ack("s")
    s.wait(5)
    s.exchange()
    s.close()
    return s


@case(fire="ACK_OLD")
def ack_old():
    """An ACK from 87 kB ago: more than any window there was (RFC 5961 5.2)."""
    s = Synth()
    s.s.window = 20_000
    s.open()
    first = s.c.nxt
    for _ in range(60):
        s.send("c", 1460)
        s.wait(s.rtt)
        s.ack("s")
        s.wait(1)
    s.segment("s", ACK, ack=first)
    s.wait(5)
    s.close()
    return s


@case(fire="CHALLENGE_ACK", may="RST_SUSPECT ACK_OLD")
def challenge_ack():
    """A RST inside the window but not at its edge: a challenge ACK answers, the conversation goes on (RFC 5961 3)."""
    s = Synth()
    s.open()
    s.exchange()
    s.segment("s", RST, seq=s.s.nxt + 700, win=0, advance=False)
    s.wait(0.1)
    s.segment("c", ACK)
    s.wait(20)
    s.exchange()
    s.close()
    return s


@case(fire="RST_SUSPECT", may="RST_UNREAD_OR_ABORT CHALLENGE_ACK")
def rst_suspect():
    """Another TTL and IP ID than the server's, and the server goes on as if nothing had been."""
    s = Synth()
    s.open()
    s.exchange()
    s.send("c", 300)
    s.wait(2)
    s.segment("s", RST | ACK, win=0, ttl=251, ip_id=0xd431, advance=False)
    s.wait(s.rtt - 2)
    s.s.rcv = s.c.nxt
    s.send("s", 700)
    s.wait(0.1)
    s.send("s", 700)
    return s


@case(fire="RST_UNREAD_OR_ABORT", silent="RST_LATE_DATA")
def rst_genuine():
    s = Synth()
    s.open()
    s.exchange()
    s.wait(300)
    s.segment("s", RST | ACK, win=0, advance=False)
    return s


@case(fire="PAWS_DROP", may="RTO SPURIOUS_RETX ACK_OLD CHALLENGE_ACK RTO_BACKOFF REORDERED CONFORM_BACKOFF")
def paws_drop():
    """The client's timestamps jump back by a day: its data is refused and answered by an ACK that moves nothing."""
    s = Synth(timestamps=True)
    s.open()
    s.exchange()
    s.timestamps = False
    value = 5_000_000 + int(s.now) - 86_400_000
    for gap in (300, 600, 1200):
        seq = s.c.nxt - (100 if gap > 300 else 0)
        s.segment("c", ACK | PSH, 100, seq=seq, options=option_timestamps(value & 0xffffffff, 9_000_000))
        s.wait(s.rtt)
        s.segment("s", ACK, options=option_timestamps(9_000_000 + int(s.now), 5_000_000 + int(s.now) - s.rtt))
        s.wait(gap)
        value += gap
    return s


@case(silent="PAWS_DROP")
def paws_fine():
    s = Synth(timestamps=True)
    s.open()
    for _ in range(4):
        s.exchange()
        s.wait(200)
    s.close()
    return s


# ---- Bytes ----------------------------------------------------------------------------------------------------


@case(fire="BAD_CHECKSUM", may="RTO TLP SYN_RETX")
def bad_checksum():
    """One segment of the server comes damaged, and again, whole, 250 ms later."""
    s = Synth()
    s.open()
    s.send("c", 100)
    s.wait(s.rtt)
    s.s.rcv = s.c.nxt
    start, _ = s.send("s", 500, bad_checksum=True)
    s.wait(250)
    s.send("s", 500, seq=start)
    s.wait(0.1)
    s.ack("c")
    s.wait(5)
    s.close()
    return s


@case(may="BAD_CHECKSUM", silent="")
def checksum_offload():
    """Everything of the capturing host has an unfinished checksum: its interface would have completed it."""
    s = Synth()
    plain = s.segment

    def segment(who, *a, **more):
        return plain(who, *a, bad_checksum=who == "c", **more)
    s.segment = segment
    s.open()
    for _ in range(3):
        s.exchange()
    s.close()
    return s


@case(fire="BAD_OPTION_LEN")
def bad_option_len():
    s = Synth()
    s.open()
    s.segment("c", ACK | PSH, 50, options=struct.pack(">BBHBB", 8, 40, 1, 1, 1) + b"\1\1")
    s.wait(s.rtt)
    s.ack("s")
    s.wait(5)
    s.close()
    return s


@case(silent="BAD_OPTION_LEN")
def unknown_option():
    """An experimental option of proper length is nothing to complain about."""
    s = Synth()
    s.open()
    s.segment("c", ACK | PSH, 50, options=struct.pack(">BBHI", 253, 8, 0xf990, 7))
    s.wait(s.rtt)
    s.ack("s")
    s.wait(5)
    s.close()
    return s


# ---- Two captures ---------------------------------------------------------------------------------------------


def seen_from(s, change=lambda packet: packet):
    """The same conversation at the other end: packets of the client come half a round trip later."""
    frames = []
    for time, packet in s.frames:
        shift = s.rtt // 2 * 10**6 * (1 if packet[12:16] == s.c.address else -1)
        frames.append((time + shift, change(packet)))
    return sorted(frames, key=lambda f: f[0])


def with_mss(packet, mss):
    """The SYN's MSS option, which is the first, rewritten as a middlebox does, checksum and all."""
    if not packet[33] & SYN:
        return packet
    tcp = packet[20:36] + b"\0\0" + packet[38:42] + struct.pack(">H", mss) + packet[44:]
    from synth import sum16
    pseudo = packet[12:20] + struct.pack(">BBH", 0, 6, len(tcp))
    return packet[:20] + tcp[:16] + struct.pack(">H", sum16(pseudo + tcp)) + tcp[18:]


@case(fire="MSS_CLAMPED")
def mss_clamped():
    s = Synth()
    s.open()
    s.exchange()
    s.close()
    return {"client": s.frames, "server": seen_from(s, lambda packet: with_mss(packet, 1380))}


@case()
def mss_untouched():
    s = Synth()
    s.open()
    s.exchange()
    s.close()
    return {"client": s.frames, "server": seen_from(s)}


# ---- Limits of a capture -----------------------------------------------------------------------------------------


@case(fire="CAPTURE_LIMITS")
def one_direction():
    """Only what the client sent was captured."""
    s = Synth()
    s.open()
    for _ in range(4):
        s.exchange()
    s.close()
    s.frames = [frame for frame in s.frames if frame[1][12:16] == s.c.address]
    return s


@case(fire="CAPTURE_LIMITS")
def clock_backwards():
    """The capturing machine's clock was set back by two seconds in the middle."""
    s = Synth()
    s.open()
    s.exchange()
    s.exchange()
    first = s.frames
    s.frames = []
    s.exchange()
    s.close()
    return {None: first + [(time - 2 * 10**9, packet) for time, packet in s.frames]}


# ---- Conformance ----------------------------------------------------------------------------------------------


@case(fire="CONFORM_ACK")
def conform_ack():
    """The client receives and acknowledges every fourth full-sized segment only (RFC 5681 4.2)."""
    s = Synth()
    s.open()
    s.exchange(100, 1460)
    for _ in range(12):
        for _ in range(4):
            s.send("s", 1460)
            s.wait(0.2)
        s.ack("c")
        s.wait(s.rtt)
    s.close()
    return s


@case(silent="CONFORM_ACK")
def conform_ack_second():
    s = Synth()
    s.open()
    s.exchange(100, 1460)
    for _ in range(12):
        for _ in range(2):
            for _ in range(2):
                s.send("s", 1460)
                s.wait(0.2)
            s.ack("c")
        s.wait(s.rtt)
    s.close()
    return s


@case(fire="CONFORM_RTO SYN_RETX")
def conform_rto():
    """A SYN again after 150 ms: before the first sample it should be a second (RFC 6298 2.1)."""
    s = Synth()
    s.segment("c", SYN, options=option_mss(MSS))
    s.wait(150)
    s.segment("c", SYN, seq=s.c.isn, options=option_mss(MSS))
    s.wait(s.rtt)
    s.s.rcv = s.c.nxt
    s.segment("s", SYN | ACK, options=option_mss(MSS))
    s.wait(0.05)
    s.c.rcv = s.s.nxt
    s.segment("c", ACK)
    s.wait(2)
    s.exchange()
    s.close()
    return s


@case(fire="CONFORM_IW", may="NO_PIGGYBACK")
def conform_iw():
    """Twenty full segments before the first ACK (RFC 6928: ten)."""
    s = Synth()
    s.open()
    for _ in range(20):
        s.send("c", 1460)
        s.wait(0.01)
    s.wait(s.rtt)
    for number in range(10):
        s.ack("s", s.c.isn + 1 + (number + 1) * 2920)
        s.wait(0.1)
    s.close()
    return s


@case(silent="CONFORM_IW")
def conform_iw_ten():
    s = Synth()
    s.open()
    for _ in range(10):
        s.send("c", 1460)
        s.wait(0.01)
    s.wait(s.rtt)
    for number in range(5):
        s.ack("s", s.c.isn + 1 + (number + 1) * 2920)
        s.wait(0.1)
    s.close()
    return s


@case(fire="CONFORM_BACKOFF RTO", may="RTO_BACKOFF TLP PMTU_BLACKHOLE")
def conform_backoff():
    """The same bytes five times, 300 ms apart: the timeout does not double (RFC 6298 5.5)."""
    s = Synth()
    s.open()
    s.exchange()
    seq = s.c.nxt
    for _ in range(6):
        s.send("c", 400, seq=seq)
        s.wait(300)
    s.wait(s.rtt)
    s.ack("s")
    s.wait(5)
    s.close()
    return s


@case(fire="CONFORM_OUT_OF_ORDER", may="REORDERED RTO TLP NAGLE_DELACK SPURIOUS_RETX DELAYED_ACK")
def conform_out_of_order():
    """The client gets segments 2 to 6 without 1 and says nothing (RFC 5681 4.2: at once, a duplicate ACK)."""
    s = Synth()
    s.open()
    s.exchange(100, 1460)
    lost = s.s.nxt
    s.s.nxt += 1460
    for _ in range(5):
        s.send("s", 1460)
        s.wait(1)
    s.wait(300)
    s.send("s", 1460, seq=lost)
    s.wait(0.1)
    s.ack("c")
    s.wait(20)
    s.close()
    return s


@case(silent="CONFORM_OUT_OF_ORDER", may="REORDERED FAST_RETX RACK")
def conform_dup_acks():
    s = Synth()
    s.open()
    s.exchange(100, 1460)
    lost = s.s.nxt
    s.s.nxt += 1460
    for number in range(5):
        start, end = s.send("s", 1460)
        s.wait(0.05)
        s.segment("c", ACK, options=option_sack((lost + 1460, end)))
        s.wait(1)
    s.wait(s.rtt)
    s.send("s", 1460, seq=lost)
    s.wait(0.1)
    s.ack("c")
    s.wait(20)
    s.close()
    return s
