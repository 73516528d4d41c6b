#!/usr/bin/env bash
# A real curl downloads from the example http_file_server on weir's TCP: one large file, many small ones over
# several connections at a time, and what must be refused.
. "$(dirname "$0")/lib.sh"
enter "$@"
. "$here/lib_matrix.sh"

server=$WEIR_BUILD/examples/http_file_server
[ -x "$server" ] || skip "the examples are not built"
need curl cmp

get() { curl --silent --show-error --noproxy '*' --max-time 60 "$@"; }
status_of() { get -o /dev/null -w '%{http_code}' --path-as-is "$@"; }
expect_status() { # WANTED URL
    local got
    got=$(status_of "$2")
    [ "$got" = "$1" ] || fail "$kind IPv$family: $2: status $got instead of $1"
}

start_server() {
    fresh
    ASAN_OPTIONS="${ASAN_OPTIONS:-}" timeout 120 "$server" "$kind:$kind$number" \
        "10.9.$number.2/24,fd09:$number::2/64" "$work/www" 8080 2>"$work/err" &
    pid=$!
    wait_for_text serving "$work/err"
    wait_for 20 get -o /dev/null "$base/small/1" # the IPv6 address is checked for duplicates first
}

one() {
    local base="http://$at_weir:8080" pid i urls=()
    [ "$family" = 4 ] || base="http://[$at_weir]:8080"
    start_server
    get -o "$work/got" -w '%{speed_download}' "$base/large" >"$work/speed" || fail "curl $base/large"
    cmp "$work/got" "$work/www/large" || fail "$kind IPv$family: the large file is not what is served"
    for ((i = 1; i <= 50; i++)); do urls+=("$base/small/$i"); done
    rm -rf "$work/small" && mkdir "$work/small"
    (cd "$work/small" && get --no-progress-meter --parallel --parallel-max 10 --remote-name-all "${urls[@]}") || fail "50 files at once"
    diff -r "$work/small" "$work/www/small" || fail "$kind IPv$family: the small files are not what is served"
    get -o "$work/got" "$base/empty" && [ ! -s "$work/got" ] || fail "the empty file"
    get -o "$work/got" "$base/with%20blank" && cmp "$work/got" "$work/www/with blank" || fail "a name with a blank"
    expect_status 404 "$base/nothing"
    expect_status 404 "$base/small" # a directory
    expect_status 403 "$base/../outside"
    expect_status 403 "$base/small/../../outside"
    expect_status 403 "$base/%2e%2e/outside"
    expect_status 404 "$base/link" # a symbolic link that leads outside
    expect_status 400 "$base/%zz"
    [ "$(status_of -X POST "$base/large")" = 501 ] || fail "POST"
    kill $pid
    wait $pid
    say "$kind IPv$family: 100 MB at $(($(cut -d. -f1 "$work/speed") / 125000)) Mbit/s, small files, refusals"
}

mkdir -p "$work/www/small"
make_file "$work/www/large" 100M
for ((i = 1; i <= 50; i++)); do make_file "$work/www/small/$i" $((i * 1000)); done
: >"$work/www/empty"
echo blank >"$work/www/with blank"
echo secret >"$work/outside"
ln -s ../outside "$work/www/link"
on_each_link one
exit 0
