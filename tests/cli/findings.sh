#!/usr/bin/env bash
# What weir ladder finds in captures made for it (tests/data/findings): what must be found is, and nothing else warns.
set -u
: "${WEIR:?path of the weir binary}" "${WEIR_SOURCE:?source directory}"
command -v python3 >/dev/null || { echo "SKIP: python3 is not installed"; exit 77; }
export PYTHONDONTWRITEBYTECODE=1
python3 "$WEIR_SOURCE/tests/truth/check_findings.py" --open "$WEIR_SOURCE/tests/data/findings/open.txt"
