#!/usr/bin/env python3
"""Holds the findings of weir ladder against tests/data/findings/expected.tsv.

usage: check_findings.py [--list] [NAME...]      no NAME: all captures; --list: what is found in each, and no verdict

One line for each finding that is missing or should not be there; exit code 1 if there is one.
"""
import argparse
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


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("names", nargs="*")
    a = parser.parse_args()
    checked, right = 0, 0
    bad = 0
    for line in open(os.path.join(DIRECTORY, "expected.tsv")):
        if line.startswith("#"):
            continue
        name, fire, silent = (field.split(",") for field in line.rstrip("\n").split("\t"))
        name = name[0]
        if a.names and name not in a.names:
            continue
        try:
            found = found_in(name)
        except RuntimeError as problem:
            print(f"{name}: {problem}")
            checked, bad = checked + 1, bad + 1
            continue
        if a.list:
            print(f"{name}: {' '.join(sorted(found)) or '-'}")
            continue
        missing, wrong = [f for f in fire if f != "-" and f not in found], sorted(found & set(silent))
        checked += 1
        right += not missing and not wrong
        for word, what in [(w, "missing") for w in missing] + [(w, "must be silent") for w in wrong]:
            print(f"{name}: {word} {what}")
            bad += 1
    if not a.list:
        print(f"{right} of {checked} captures as they should be")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
