"""One end of a conversation of the truth corpus.

usage: traffic.py client|server SCENARIO.json READY      (READY: made when the server listens)
"""
import json
import os
import random
import socket
import struct
import sys
import threading
import time

import link

TCP_CONGESTION = 13


def prepare(s, scenario):
    s.setsockopt(socket.IPPROTO_TCP, TCP_CONGESTION, scenario["congestion"].encode())
    if scenario["pieces"]["nodelay"]:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if scenario["traffic"] == "keepalive":
        for option, value in ((socket.TCP_KEEPIDLE, 1), (socket.TCP_KEEPINTVL, 1), (socket.TCP_KEEPCNT, 5)):
            s.setsockopt(socket.IPPROTO_TCP, option, value)


def read_all(s):
    while s.recv(65536):
        pass


def read_exactly(s, n):
    while n > 0:
        got = s.recv(n)
        if not got:
            raise EOFError
        n -= len(got)


def push(s, n):
    s.sendall(bytes(n))


def linger0(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Talk:
    """Each traffic is a pair of methods, what the client and what the server do with the open socket."""

    def __init__(self, s, scenario):
        self.s, self.p = s, scenario["pieces"]
        self.rng = random.Random(scenario["seed"])
        self.pause = self.p["pause_ms"] / 1000

    def bulk_client(self):
        push(self.s, self.p["bytes"])
        self.s.shutdown(socket.SHUT_WR)
        read_all(self.s)

    def bulk_server(self):
        read_all(self.s)

    def download_client(self):
        push(self.s, self.p["request"])
        read_all(self.s)

    def download_server(self):
        read_exactly(self.s, self.p["request"])
        push(self.s, self.p["bytes"])

    def both_client(self):
        thread = threading.Thread(target=push, args=(self.s, self.p["bytes"] // 2), daemon=True)
        thread.start()
        read_exactly(self.s, self.p["bytes"] // 2)
        thread.join()

    both_server = both_client

    def bursts_client(self):
        for _ in range(6):
            push(self.s, self.p["bytes"] // 12)
            time.sleep(self.rng.choice((0.05, 0.15, 0.35)))
        self.s.shutdown(socket.SHUT_WR)
        read_all(self.s)

    bursts_server = bulk_server

    def reqresp_client(self):
        for _ in range(self.p["rounds"]):
            push(self.s, self.p["request"])
            read_exactly(self.s, self.p["reply"])
            time.sleep(self.pause)

    def reqresp_server(self):
        for _ in range(self.p["rounds"]):
            read_exactly(self.s, self.p["request"])
            push(self.s, self.p["reply"])
        read_all(self.s)

    def small_client(self):
        for _ in range(self.p["rounds"] * 4):
            push(self.s, self.rng.randrange(1, 200))
            time.sleep(self.rng.choice((0, 0.001, 0.01, 0.03)))

    small_server = bulk_server

    def slow_client(self):
        self.s.settimeout(4)
        push(self.s, 120_000)
        self.s.shutdown(socket.SHUT_WR)
        read_all(self.s)

    def slow_server(self):
        time.sleep(self.p["sleep_ms"] / 1000)
        while self.s.recv(3000):
            time.sleep(0.003)

    def halfclose_client(self):
        push(self.s, self.p["request"])
        self.s.shutdown(socket.SHUT_WR)
        read_all(self.s)

    def halfclose_server(self):
        read_all(self.s)
        for _ in range(self.p["rounds"]):
            push(self.s, self.p["reply"])
            time.sleep(self.pause)

    def abort_client(self):
        push(self.s, self.p["bytes"] // 3)
        time.sleep(0.02)
        linger0(self.s)

    abort_server = bulk_server

    def unread_client(self):
        push(self.s, 3000)
        time.sleep(0.5)

    def unread_server(self):
        read_exactly(self.s, 10)
        time.sleep(0.2)

    def keepalive_client(self):
        push(self.s, self.p["request"])
        read_exactly(self.s, 100)
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        time.sleep(3.4)
        push(self.s, 100)

    def keepalive_server(self):
        read_exactly(self.s, self.p["request"])
        push(self.s, 100)
        read_all(self.s)

    def urgent_client(self):
        for _ in range(5):
            push(self.s, 500)
            self.s.send(b"!", socket.MSG_OOB)
            time.sleep(0.05)

    urgent_server = bulk_server

    def simopen_client(self):
        push(self.s, self.p["reply"])
        self.s.shutdown(socket.SHUT_WR)
        read_all(self.s)

    simopen_server = simopen_client


def open_simultaneously(s, scenario, side):
    """Both programs call connect at the same instant of a clock that they share."""
    address, port = link.ADDRESS[scenario["family"]], scenario["port"]
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address[side], port))
    while (left := scenario["start"] - time.monotonic()) > 0:
        time.sleep(left)
    s.connect((address[1 - side], port))
    return s


def open_it(scenario, side, ready):
    family = socket.AF_INET6 if scenario["family"] == 6 else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM)
    prepare(s, scenario)
    there = (link.ADDRESS[scenario["family"]][1], scenario["port"])
    if scenario["traffic"] == "simopen":
        return open_simultaneously(s, scenario, side)
    if side == 0:
        s.connect(there)
        return s
    if scenario["traffic"] == "slow":
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, scenario["pieces"]["receive_buffer"])
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(there)
    s.listen(1)
    os.close(os.open(ready, os.O_CREAT | os.O_WRONLY))
    return s.accept()[0]


def main(role, path, ready):
    scenario = json.load(open(path))
    side = ("client", "server").index(role)
    try:
        s = open_it(scenario, side, ready)
        getattr(Talk(s, scenario), f"{scenario['traffic']}_{role}")()
        s.close()
    except (OSError, EOFError):
        pass  # a link that is bad enough breaks a connection: that is recorded too


if __name__ == "__main__":
    main(*sys.argv[1:])
