#!/usr/bin/env python3
"""Holds the findings of weir ladder against tests/data/findings/expected.tsv.

usage: check_findings.py [--list] [--open FILE] [NAME...]      no NAME: all captures

One line for each finding that is missing or should not be there; exit code 1 if there is one in a capture that FILE
does not name. --list: only what is found in each.
"""
import argparse
import concurrent.futures
import json
import os
import sys

import link
import tools

DIRECTORY = os.path.normpath(os.path.join(link.HERE, "..", "data", "findings"))


def found_in(name):
    files = [os.path.join(DIRECTORY, f"{part}.pcap") for part in name.split("+")]
    events = map(json.loads, tools.run(link.WEIR, "ladder", "--json", *files).splitlines())
    return {event["id"] for event in events if event["e"] == "finding"}


def judge(line):
    """(name, what was found, problems) of a line of expected.tsv."""
    name, fire, silent = line.rstrip("\n").split("\t")
    try:
        found = found_in(name)
    except RuntimeError as problem:
        return name, set(), [str(problem)]
    missing = [f"{word} missing" for word in fire.split(",") if word != "-" and word not in found]
    return name, found, missing + [f"{word} must be silent" for word in sorted(found & set(silent.split(",")))]


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--open")
    parser.add_argument("names", nargs="*")
    a = parser.parse_args()
    lines = [line for line in open(os.path.join(DIRECTORY, "expected.tsv")) if not line.startswith("#")]
    lines = [line for line in lines if not a.names or line.split("\t")[0] in a.names]
    known = {line.strip() for line in open(a.open)} if a.open else set()
    wrong, bad = 0, 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, found, problems in pool.map(judge, lines):
            if a.list:
                print(f"{name}: {' '.join(sorted(found)) or '-'}")
                continue
            wrong += bool(problems)
            bad += bool(problems) and name not in known
            for problem in problems:
                print(f"{name}: {problem}{' (known)' if name in known else ''}")
    if not a.list:
        print(f"{len(lines) - wrong} of {len(lines)} captures as they should be")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
