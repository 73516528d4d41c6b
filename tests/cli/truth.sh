#!/usr/bin/env bash
# The classes of weir ladder against captures of which the truth is known (docs/lens.md): eight double captures, with
# the least precision and recall per class. Also: the corpus' own programs agree with themselves.
set -u
: "${WEIR:?path of the weir binary}" "${WEIR_SOURCE:?source directory}"
command -v python3 >/dev/null || { echo "SKIP: python3 is not installed"; exit 77; }
truth=$WEIR_SOURCE/tests/truth
export PYTHONDONTWRITEBYTECODE=1
python3 "$truth/score.py" --tools weir --least "$WEIR_SOURCE/tests/data/truth/least.txt" "$WEIR_SOURCE/tests/data/truth" || exit 1
python3 "$truth/check_labels.py"
