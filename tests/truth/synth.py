"""Conversations written byte by byte, for what a real Linux will not do. Times in milliseconds, seen at the client.

    s = Synth(rtt=20)
    s.open()                          three segments
    s.send("c", 100)                  100 bytes of the client, now
    s.wait(20); s.ack("s")            and so on; everything is kept in s.frames
"""
import socket
import struct

import wire
from wire import ACK, FIN, PSH, RST, SYN

START = 1_700_000_000 * 10**9
MSS = 1460


def sum16(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def option_mss(mss):
    return struct.pack(">BBH", 2, 4, mss)


def option_timestamps(value, echo):
    return struct.pack(">BBBBII", 1, 1, 8, 10, value, echo)


def option_sack(*blocks):
    return struct.pack(">BBBB", 1, 1, 5, 2 + 8 * len(blocks)) + b"".join(struct.pack(">II", *b) for b in blocks)


class End:
    def __init__(self, address, port, isn, ip_id):
        self.address, self.port, self.ip_id = socket.inet_aton(address), port, ip_id
        self.isn = self.nxt = isn  # next number to send
        self.rcv = 0  # what it acknowledges
        self.window, self.ttl = 64240, 64


class Synth:
    def __init__(self, rtt=20, timestamps=False, client_isn=1000, server_isn=8000, port=40000):
        self.c = End("192.168.0.100", port, client_isn, 100)
        self.s = End("192.168.0.200", 8080, server_isn, 9000)
        self.s.ttl = 60  # four routers away
        self.rtt, self.timestamps, self.now, self.frames = rtt, timestamps, 0.0, []

    def end(self, who):
        return self.c if who == "c" else self.s

    def wait(self, milliseconds):
        self.now += milliseconds

    def raw(self, who, protocol, payload, address=None, ttl=None, ip_id=None, to=None):
        me, peer = self.end(who), self.end("s" if who == "c" else "c")
        ident = me.ip_id if ip_id is None else ip_id
        if ip_id is None:
            me.ip_id = (me.ip_id + 1) & 0xffff
        source, target = address or me.address, to or peer.address
        header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, 0x4000, ttl or me.ttl, protocol, 0,
                             source, target)
        header = header[:10] + struct.pack(">H", sum16(header)) + header[12:]
        self.frames.append((START + int(self.now * 10**6), header + payload))

    def segment(self, who, flags, length=0, seq=None, ack=None, win=None, options=b"", bad_checksum=False, data=None,
                advance=True, **ip):
        """One segment of `who`. seq, ack: else what is next; `advance`: the next number moves on."""
        me, peer = self.end(who), self.end("s" if who == "c" else "c")
        seq = me.nxt if seq is None else seq & 0xffffffff
        ack = (me.rcv if ack is None else ack & 0xffffffff) if flags & ACK else 0
        if self.timestamps and not flags & RST:
            options += option_timestamps(*self.stamps(who))
        options += b"\1" * (-len(options) % 4)
        payload = data if data is not None else bytes(65 + i % 26 for i in range(length))
        tcp = struct.pack(">HHIIHHHH", me.port, peer.port, seq, ack, (5 + len(options) // 4) << 12 | flags,
                          me.window if win is None else win, 0, 0) + options + payload
        pseudo = me.address + peer.address + struct.pack(">BBH", 0, 6, len(tcp))
        checksum = sum16(pseudo + tcp) ^ (0x5555 if bad_checksum else 0)
        self.raw(who, 6, tcp[:16] + struct.pack(">H", checksum) + tcp[18:], **ip)
        end = (seq + len(payload) + (flags & SYN != 0) + (flags & FIN != 0)) & 0xffffffff
        if advance and (end - me.nxt) & 0xffffffff < 1 << 31:
            me.nxt = end
        return seq, end

    def stamps(self, who):
        base = {"c": 5_000_000, "s": 9_000_000}
        peer = "s" if who == "c" else "c"
        return base[who] + int(self.now), base[peer] + int(self.now) - self.rtt // 2 if self.frames else 0

    def open(self, client_mss=MSS, server_mss=MSS):
        self.segment("c", SYN, options=option_mss(client_mss))
        self.wait(self.rtt)
        self.s.rcv = self.c.nxt
        self.segment("s", SYN | ACK, options=option_mss(server_mss))
        self.wait(0.05)
        self.c.rcv = self.s.nxt
        self.segment("c", ACK)
        self.wait(1)

    def send(self, who, length, **more):
        return self.segment(who, ACK | PSH, length, **more)

    def ack(self, who, upto=None, **more):
        """Acknowledges everything (or up to a number) of the other one."""
        me, peer = self.end(who), self.end("s" if who == "c" else "c")
        me.rcv = peer.nxt if upto is None else upto & 0xffffffff
        return self.segment(who, ACK, **more)

    def exchange(self, request=100, reply=200):
        """A request and its answer, and the ACK of that."""
        self.send("c", request)
        self.wait(self.rtt)
        self.s.rcv = self.c.nxt
        self.send("s", reply)
        self.wait(0.1)
        self.ack("c")
        self.wait(5)

    def close(self):
        self.segment("c", FIN | ACK)
        self.wait(self.rtt)
        self.s.rcv = self.c.nxt
        self.segment("s", FIN | ACK)
        self.wait(0.05)
        self.ack("c")

    def icmp_unreachable(self, code, about):
        """From a router on the way: destination unreachable, quoting a packet."""
        quoted = about[:28]
        body = struct.pack(">BBHI", 3, code, 0, 0) + quoted
        body = body[:2] + struct.pack(">H", sum16(body)) + body[4:]
        self.raw("s", 1, body, address=socket.inet_aton("192.168.0.1"), ttl=63, ip_id=7)

    def write(self, path):
        wire.write_pcap(path, sorted(self.frames, key=lambda f: f[0]))
