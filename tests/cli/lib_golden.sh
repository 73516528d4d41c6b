# What the tests of exported formats share. They end with `finish NAME`.
# UPDATE=1 writes the golden files anew: look at the difference before you keep them.
: "${WEIR:?path of the weir binary}" "${WEIR_SOURCE:?source directory}"
export LC_ALL=C.UTF-8 NO_COLOR= COLUMNS=
unset LANG LC_MESSAGES
data=$WEIR_SOURCE/tests/data
golden=$WEIR_SOURCE/tests/golden
failed=0 compared=0 skipped=""
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

compare() { # compare FILE OF GOLDEN, COMMAND...
    local name=$1
    shift
    compared=$((compared + 1))
    "$@" >"$work/actual" || { echo "FAILED: exit $?: $*"; failed=$((failed + 1)); }
    if [ "${UPDATE:-}" = 1 ]; then
        cp "$work/actual" "$golden/$name"
    elif ! diff -u "$golden/$name" "$work/actual" >"$work/difference"; then
        head -60 "$work/difference"
        echo "FAILED: differs from tests/golden/$name: $*"
        failed=$((failed + 1))
    fi
}

expect() { # expect WHAT EXPECTED ACTUAL
    compared=$((compared + 1))
    if [ "$2" != "$3" ]; then
        echo "FAILED: $1: expected \"${2:0:400}\", got \"${3:0:400}\""
        failed=$((failed + 1))
    fi
}

holds() { # holds WHAT, COMMAND...
    local what=$1
    shift
    compared=$((compared + 1))
    "$@" >"$work/said" 2>&1 || { echo "FAILED: $what"; head -20 "$work/said"; failed=$((failed + 1)); }
}

skip() { # skip WHAT WHY
    skipped=1
    echo "SKIPPED: $1: $2"
}

finish() {
    echo "$1: $compared checks, $failed failures"
    [ "$failed" -eq 0 ] || exit 1
    exit 0
}
