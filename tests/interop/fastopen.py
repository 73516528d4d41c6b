#!/usr/bin/env python3
"""The Linux side of TCP Fast Open with weir, and what the interface shows of it.

usage: fastopen.py serve ADDRESS PORT COUNT READY    echoes COUNT connections to their end
       fastopen.py ask ADDRESS PORT COUNT            sends a request in COUNT connections, and compares the echo
       fastopen.py watch INTERFACE FILE              one line per SYN: sender, payload bytes, cookie bytes or -
`serve` and `ask` print for each connection whether data in the SYN was used (TCP_INFO).
"""
import ipaddress
import socket
import struct
import sys

MSG_FASTOPEN, TCP_FASTOPEN, SYN_DATA = 0x20000000, 23, 32
REQUEST = bytes(range(256)) * 4
TIMEOUT = 30


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def used(s):
    options = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[5]
    return "used" if options & SYN_DATA else "not used"


def read_all(s):
    data = b""
    while part := s.recv(65536):
        data += part
    return data


def serve(address, port, count, ready):
    listener = socket.socket(family(address), socket.SOCK_STREAM)
    listener.settimeout(TIMEOUT)
    listener.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, int(port)))
    listener.listen(16)
    open(ready, "w").close()
    for _ in range(int(count)):
        s = listener.accept()[0]
        s.settimeout(TIMEOUT)
        print(used(s), flush=True)
        s.sendall(read_all(s))
        s.close()


def ask(address, port, count):
    for _ in range(int(count)):
        s = socket.socket(family(address), socket.SOCK_STREAM)
        s.settimeout(TIMEOUT)
        s.setblocking(True)
        sent = s.sendto(REQUEST, MSG_FASTOPEN, (address, int(port)))
        s.sendall(REQUEST[sent:])
        s.shutdown(socket.SHUT_WR)
        if read_all(s) != REQUEST:
            sys.exit("fastopen: the answer is not the request")
        print(used(s), flush=True)
        s.close()


def syn_line(packet):
    if packet[0] >> 4 == 4:
        header, protocol, source = (packet[0] & 15) * 4, packet[9], packet[12:16]
        total = struct.unpack_from("!H", packet, 2)[0]
    else:
        header, protocol, source = 40, packet[6], packet[8:24]
        total = 40 + struct.unpack_from("!H", packet, 4)[0]
    if protocol != 6 or packet[header + 13] & 0x12 != 2:
        return None
    size = (packet[header + 12] >> 4) * 4
    options, cookie = packet[header + 20:header + size], "-"
    while options and options[0] != 0:
        if options[0] == 34:
            cookie = options[1] - 2
        options = options[1:] if options[0] == 1 else options[options[1]:]
    return f"{ipaddress.ip_address(source)} {total - header - size} {cookie}"


def watch(interface, path):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
    s.bind((interface, 0))
    with open(path, "w", buffering=1) as out:
        while True:
            line = syn_line(s.recv(65536))
            if line:
                out.write(line + "\n")


{"serve": serve, "ask": ask, "watch": watch}[sys.argv[1]](*sys.argv[2:])
