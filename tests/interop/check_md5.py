#!/usr/bin/env python3
"""Checks a capture of weir nc (bare IP) for TCP-MD5: every segment of both ends carries the option (RFC 2385 3.0).

usage: check_md5.py PCAPNG [MIN_SEGMENTS]
"""
import sys

from check_ecn import packets


def has_md5(options):
    at = 0
    while at < len(options) and options[at] != 0:
        if options[at] == 1:
            at += 1
            continue
        if options[at] == 19:
            return options[at + 1] == 18
        at += options[at + 1]
    return False


def main():
    seen = [p for p in packets(sys.argv[1]) if p[2] is not None]
    least = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for out in (True, False):
        of = [p for p in seen if bool(p[0]) == out]
        bare = [p for p in of if not has_md5(p[4])]
        if bare or len(of) < least:
            sys.exit(f"check_md5: {'out' if out else 'in'}: {len(bare)} of {len(of)} segments without MAC")


main()
