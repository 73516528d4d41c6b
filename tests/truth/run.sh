#!/usr/bin/env bash
# Makes a truth corpus, scores the analysers against it and writes the result into docs/lens.md.
#
# usage: run.sh [SEEDS...]      such as 1-421:2; odd seeds are for publishing, even ones for tuning (score.py)
#
# Environment: WEIR, TSHARK, TCPTRACE; TRUTH, a directory for the corpus (else it is thrown away).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export WEIR=${WEIR:-$here/../../build/release/weir}
directory=${TRUTH:-$(mktemp -d)}
[ -n "${TRUTH:-}" ] || trap 'rm -rf "$directory"' EXIT
[ $# -gt 0 ] || set -- 1-421:2
"$here/corpus.py" --out "$directory" "$@" >"$directory/made.txt"
"$here/score.py" --write "$here/../../docs/lens.md" --seeds "$*" "$directory"
