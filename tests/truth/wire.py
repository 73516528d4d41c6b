"""Capture files and TCP headers, as far as the truth corpus needs them. Packets begin with their IP header."""
import struct

RAW = 101  # LINKTYPE_RAW

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32


class Tcp:
    """What one packet says. None from parse(): not TCP."""
    __slots__ = ("src", "dst", "sport", "dport", "seq", "ack", "flags", "win", "len", "size")

    @property
    def span(self):
        """Sequence numbers that it occupies."""
        return self.len + (self.flags & SYN != 0) + (self.flags & FIN != 0)


def parse(packet):
    """`packet` may be cut behind its TCP header: the lengths are the IP header's."""
    if len(packet) < 40:
        return None
    version = packet[0] >> 4
    if version == 4 and packet[9] == 6:
        header, size = (packet[0] & 15) * 4, struct.unpack_from(">H", packet, 2)[0]
        src, dst = packet[12:16], packet[16:20]
    elif version == 6 and packet[6] == 6 and len(packet) >= 60:
        header, size = 40, 40 + struct.unpack_from(">H", packet, 4)[0]
        src, dst = packet[8:24], packet[24:40]
    else:
        return None
    t = Tcp()
    t.src, t.dst, t.size = src, dst, size
    t.sport, t.dport, t.seq, t.ack, bits, t.win = struct.unpack_from(">HHIIHH", packet, header)
    t.flags = bits & 0x1ff
    t.len = size - header - (bits >> 12) * 4
    return t


def read_pcapng(path):
    """Yields (interface, out, time in ns, packet) of a file that weir wrote on this machine."""
    data, at, resolutions = open(path, "rb").read(), 0, []
    while at < len(data):
        kind, length = struct.unpack_from("=II", data, at)
        if kind == 1:
            resolutions.append(resolution_of(data[at + 16:at + length - 4]))
        elif kind == 6:
            interface, high, low, captured, _ = struct.unpack_from("=IIIII", data, at + 8)
            packet = data[at + 28:at + 28 + captured]
            flags = option(data[at + 28 + (captured + 3) // 4 * 4:at + length - 4], 2)
            out = flags is not None and struct.unpack("=I", flags)[0] & 3 == 2
            yield interface, out, (high << 32 | low) * resolutions[interface], packet
        at += length


def option(data, wanted):
    at = 0
    while at + 4 <= len(data):
        code, size = struct.unpack_from("=HH", data, at)
        if code == 0:
            break
        if code == wanted:
            return data[at + 4:at + 4 + size]
        at += 4 + (size + 3) // 4 * 4
    return None


def resolution_of(options):
    """Nanoseconds per tick."""
    value = option(options, 9)
    return 10 ** (9 - value[0]) if value else 1000


def original_size(packet):
    t = parse(packet)
    return max(len(packet), t.size if t else 0)


def write_pcap(path, frames, snap=65535, link=RAW):
    """frames: (time in ns, packet). A classic file with microseconds, which every tool reads."""
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, snap, link))
        for time, packet in frames:
            out.write(struct.pack("<IIII", time // 10**9, time % 10**9 // 1000, min(len(packet), snap),
                                  original_size(packet)))
            out.write(packet[:snap])


def read_pcap(path):
    """Yields (time in ns, packet) of a classic file in either resolution."""
    data = open(path, "rb").read()
    scale = {0xa1b2c3d4: 1000, 0xa1b23c4d: 1}[struct.unpack_from("<I", data)[0]]
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, captured, _ = struct.unpack_from("<IIII", data, at)
        yield seconds * 10**9 + fraction * scale, data[at + 16:at + 16 + captured]
        at += 16 + captured
