#!/usr/bin/env python3
"""Checks JSON Lines of `weir flows --json` on standard input against docs/flows.schema.json.

usage: check_flows.py SCHEMA

Understands what that schema uses: type, const, enum, required, additionalProperties, items, $ref, bounds.
"""
import json
import sys

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def is_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def check(value, schema, root, where):
    if "$ref" in schema:
        check(value, root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root, where)
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    assert not names or any(is_type(value, n) for n in names), f"{where}: {value!r} is no {names}"
    assert "const" not in schema or value == schema["const"], f"{where}: {value!r}"
    assert "enum" not in schema or value in schema["enum"], f"{where}: {value!r}"
    assert "minimum" not in schema or value >= schema["minimum"], f"{where}: {value!r}"
    assert "maximum" not in schema or value <= schema["maximum"], f"{where}: {value!r}"
    if isinstance(value, dict):
        missing = set(schema.get("required", [])) - set(value)
        more = set(value) - set(schema.get("properties", {}))
        assert not missing and not more, f"{where}: missing {missing}, not known {more}"
        for key, inner in value.items():
            check(inner, schema["properties"][key], root, f"{where}.{key}")
    if isinstance(value, list):
        assert schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)), where
        for i, inner in enumerate(value):
            check(inner, schema.get("items", {}), root, f"{where}[{i}]")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    count = 0
    for number, line in enumerate(sys.stdin, 1):
        event = json.loads(line)
        check(event, schema["$defs"][event["e"]], schema, f"line {number}")
        count += 1
    assert count > 0, "nothing was written"


if __name__ == "__main__":
    main()
