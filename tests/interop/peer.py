#!/usr/bin/env python3
"""The Linux side of a conversation with weir: a TCP endpoint whose every step is under the test's control.

usage: peer.py listen|connect ADDRESS PORT [--ready FILE] [--timeout S] [--md5-key FILE] [--congestion NAME] STEP...

`listen` accepts one connection. --md5-key FILE: TCP-MD5 with the password in there. Steps, in order:
  send=FILE       sends the whole file
  text=TEXT       sends the text
  shut            closes our direction
  recv[=FILE]     receives until the end of the peer's direction, into FILE if given; prints size and sha256
  read=N          receives just N bytes
  both=FILE       sends the file and receives at the same time, until both are done; prints size and sha256
  wait=FILE       waits until that file exists
  until-readable  waits until something is there to read, and leaves it there
  reset           closes with SO_LINGER 0: RST instead of FIN
  expect=ERROR    the next step (or connecting) must fail with this errno's name
The end prints "done" and exits with 0; what was not expected is one line on stderr and exit code 1.
"""
import argparse
import errno
import hashlib
import os
import select
import socket
import struct
import sys
import threading
import time

CHUNK = 1 << 20
TCP_CONGESTION = 13


def send_file(s, path):
    with open(path, "rb") as file:
        s.settimeout(None)
        size, offset = os.fstat(file.fileno()).st_size, 0
        while offset < size:
            offset += os.sendfile(s.fileno(), file.fileno(), offset, min(size - offset, 16 * CHUNK))


def receive(s, path=None, most=None):
    digest, size, buffer = hashlib.sha256(), 0, bytearray(CHUNK)
    view, file = memoryview(buffer), open(path, "wb") if path else None
    while most is None or size < most:
        n = s.recv_into(view, CHUNK if most is None else min(CHUNK, most - size))
        if n == 0:
            break
        digest.update(view[:n])
        size += n
        if file:
            file.write(view[:n])
    if file:
        file.close()
    if most is not None and size < most:
        raise SystemExit(f"peer: the end came after {size} of {most} bytes")
    return f"{size} {digest.hexdigest()}"


def send_and_receive(s, path):
    def sender():
        send_file(s, path)
        s.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=sender, daemon=True)
    thread.start()
    result = receive(s)
    thread.join()
    return result


def wait_for(condition, deadline, what):
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"peer: waited in vain for {what}")
        time.sleep(0.01)


def step(s, word, deadline):
    name, _, value = word.partition("=")
    if name == "send":
        send_file(s, value)
    elif name == "text":
        s.sendall(value.encode())
    elif name == "shut":
        s.shutdown(socket.SHUT_WR)
    elif name == "recv":
        print(receive(s, value or None), flush=True)
    elif name == "read":
        receive(s, None, int(value))
    elif name == "both":
        print(send_and_receive(s, value), flush=True)
    elif name == "wait":
        wait_for(lambda: os.path.exists(value), deadline, value)
    elif name == "until-readable":
        wait_for(lambda: select.select([s], [], [], 0)[0], deadline, "data")
    elif name == "reset":
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()
    else:
        raise SystemExit(f"peer: no such step: {word}")


def sign(s, family, peer, path):
    """TCP_MD5SIG_EXT: a key for one peer, or (None) for all of that family; struct tcp_md5sig."""
    with open(path, "rb") as file:
        key = file.read().rstrip(b"\n")
    address = socket.inet_pton(family, peer) if peer else bytes(4 if family == socket.AF_INET else 16)
    before = struct.pack("=HH", family, 0) + (b"" if family == socket.AF_INET else bytes(4))
    prefix = len(address) * 8 if peer else 0
    s.setsockopt(socket.IPPROTO_TCP, 32, struct.pack("=128sBBHi80s", before + address, 1, prefix, len(key), 0, key))


def open_socket(a):
    family = socket.AF_INET6 if ":" in a.address else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM)
    if a.md5_key:
        sign(s, family, a.address if a.how == "connect" else None, a.md5_key)
    if a.congestion:  # a listener's connections inherit it
        s.setsockopt(socket.IPPROTO_TCP, TCP_CONGESTION, a.congestion.encode())
    if a.how == "connect":
        s.settimeout(a.timeout)
        s.connect((a.address, a.port))
        return s
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((a.address, a.port))
    s.listen(1)
    if a.ready:
        open(a.ready, "w").close()
    s.settimeout(a.timeout)
    return s.accept()[0]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("how", choices=["listen", "connect"])
    p.add_argument("address")
    p.add_argument("port", type=int)
    p.add_argument("--ready")
    p.add_argument("--timeout", type=float, default=60)
    p.add_argument("--md5-key", metavar="FILE")
    p.add_argument("--congestion")
    p.add_argument("steps", nargs="*")
    a = p.parse_intermixed_args()
    deadline = time.monotonic() + a.timeout
    steps, expected = list(a.steps), None

    def attempt(function, *arguments):
        nonlocal expected
        want, expected = expected, None
        try:
            result = function(*arguments)
        except OSError as error:
            name = errno.errorcode.get(error.errno, str(error))
            if name != want:
                raise SystemExit(f"peer: {function.__name__} {arguments[1:2]}: {name}, not {want}")
            return None
        if want:
            raise SystemExit(f"peer: {function.__name__} {arguments[1:2]}: no {want}")
        return result

    if steps and steps[0].startswith("expect="):
        expected = steps.pop(0).partition("=")[2]
    s = attempt(open_socket, a)
    if s and a.congestion:
        used = s.getsockopt(socket.IPPROTO_TCP, TCP_CONGESTION, 16).rstrip(b"\0").decode()
        if used != a.congestion:
            raise SystemExit(f"peer: {used} is at work, not {a.congestion}")
    while s and steps:
        word = steps.pop(0)
        if word.startswith("expect="):
            expected = word.partition("=")[2]
        else:
            s.settimeout(max(deadline - time.monotonic(), 0.1))
            attempt(step, s, word, deadline)
    print("done")


if __name__ == "__main__":
    sys.exit(main())
