#!/usr/bin/env bash
# Shows that every structure check can fail: each gets a small tree with one fault in it and must
# refuse it with a message that names the fault. A tree without fault must pass.
#
# environment: WEIR_SOURCE, the source directory
set -uo pipefail

source_dir=${WEIR_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
tools=$source_dir/tools
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
cases=0

fresh() { # a good little tree in $tree
    tree=$work/tree
    rm -rf "$tree"
    mkdir -p "$tree"/{include/weir,src/base,src/wire,src/tcp,src/ip,src/cli,tools,examples}
    cp "$source_dir/.clang-format" "$tree/"
    printf '#ifndef W_H\n#define W_H\n#include <stdint.h>\nuint32_t weir_one(void);\n#endif\n' >"$tree/include/weir/w.h"
    printf '#include <stdint.h>\n#include <weir/w.h>\n' >"$tree/src/base/bytes.h"
    printf '#include "base/bytes.h"\n' >"$tree/src/wire/eth.h"
    printf '#include "wire/eth.h"\n\nuint32_t weir_one(void)\n{\n    return 1;\n}\n' >"$tree/src/tcp/one.c"
}

verdict() { # verdict EXPECTED_CODE EXPECTED_TEXT NAME COMMAND...
    local want=$1 text=$2 name=$3 output code
    shift 3
    output=$("$@" 2>&1)
    code=$?
    cases=$((cases + 1))
    if [ $code -eq 77 ]; then
        echo "skipped: $name: $output"
        exit 77
    fi
    if [ $code -ne "$want" ] || [[ $output != *"$text"* ]]; then
        echo "FAILED: $name: wanted exit code $want and \"$text\", got $code and:"
        printf '%s\n' "$output" | sed 's/^/    /'
        failures=$((failures + 1))
    fi
}
passes() { verdict 0 "" "$@"; }
refuses() { verdict 1 "$@"; }

# ---- check-layers
layers=$tools/check-layers
fresh
passes "layers: good tree" "$layers" "$tree"
echo '#include "tcp/one.h"' >"$tree/src/base/up.c"
touch "$tree/src/tcp/one.h"
refuses "src/base/up.c:1: base must not include tcp" "layers: upwards" "$layers" "$tree"
fresh
touch "$tree/src/ip/ip.h"
echo '#include "ip/ip.h"' >"$tree/src/tcp/two.c"
refuses "src/tcp/two.c:1: tcp must not include ip" "layers: tcp sees ip" "$layers" "$tree"
fresh
echo '#include "wire/b.h"' >"$tree/src/wire/a.h"
echo '#include "wire/a.h"' >"$tree/src/wire/b.h"
refuses "include cycle: src/wire/a.h -> src/wire/b.h -> src/wire/a.h" "layers: cycle" "$layers" "$tree"
fresh
echo '#include <sys/socket.h>' >"$tree/src/wire/sys.c"
refuses "src/wire/sys.c:1: the core must not include <sys/socket.h>" "layers: system header" "$layers" "$tree"
fresh
mkdir "$tree/src/socket"
echo '#include <errno.h>' >"$tree/src/socket/sys.c"
refuses "src/socket/sys.c:1: socket must not include <errno.h>" "layers: system header beside the core" "$layers" "$tree"
fresh
mkdir "$tree/src/dhcp"
echo '#include <time.h>' >"$tree/src/dhcp/sys.c"
refuses "src/dhcp/sys.c:1: dhcp must not include <time.h>" "layers: system header in dhcp" "$layers" "$tree"
fresh
mkdir "$tree/src/dhcp"
touch "$tree/src/dhcp/client.h"
echo '#include "dhcp/client.h"' >"$tree/src/tcp/dhcp.c"
refuses "src/tcp/dhcp.c:1: tcp must not include dhcp" "layers: the core sees dhcp" "$layers" "$tree"
fresh
mkdir "$tree/src/packetdrill" "$tree/src/render"
touch "$tree/src/render/text.h"
echo '#include "render/text.h"' >"$tree/src/packetdrill/a.c"
refuses "src/packetdrill/a.c:1: packetdrill must not include render" "layers: adapter sees the tool" "$layers" "$tree"
fresh
echo '#include "../wire/eth.h"' >"$tree/src/tcp/rel.c"
refuses 'src/tcp/rel.c:1: "../wire/eth.h": write the include as' "layers: relative" "$layers" "$tree"
fresh
echo '#include "wire/none.h"' >"$tree/src/tcp/none.c"
refuses "includes src/wire/none.h, which does not exist" "layers: missing file" "$layers" "$tree"
fresh
mkdir "$tree/src/misc"
touch "$tree/src/misc/a.c"
refuses "src/misc/a.c:1: lies in no folder" "layers: unknown folder" "$layers" "$tree"
fresh
echo '#include "base/bytes.h"' >"$tree/examples/e.c"
refuses 'examples/e.c:1: an example must not include "base/bytes.h"' "layers: example" "$layers" "$tree"

# ---- check-core-symbols and check-public-symbols
object() { # object NAME C_TEXT: compiles the text
    printf '%s\n' "$2" >"$work/$1.c"
    gcc -std=gnu17 -O2 -fPIC -fvisibility=hidden -c -o "$work/$1.o" "$work/$1.c"
}
core=$tools/check-core-symbols
object good 'void *memcpy(void *, const void *, unsigned long);
    static const char *const names[] = {"a", "b"};
    const char *name(unsigned i) { return names[i & 1]; }
    void copy(void *a, const void *b, unsigned long n) { memcpy(a, b, n); }'
passes "core symbols: good object" "$core" "$work/good.o"
object malloc 'void *malloc(unsigned long); void *get(void) { return malloc(7); }'
refuses "undefined symbol malloc" "core symbols: malloc" "$core" "$work/malloc.o"
object data 'int counter = 3; int count(void) { return ++counter; }'
refuses "section .data holds 4 bytes" "core symbols: .data" "$core" "$work/data.o"
object bss 'static long counter; long count(void) { return ++counter; }'
refuses "section .bss holds 8 bytes" "core symbols: .bss" "$core" "$work/bss.o"
object tls 'static _Thread_local int counter; int count(void) { return ++counter; }'
refuses "section .tbss holds" "core symbols: thread-local" "$core" "$work/tls.o"
object start 'void weir_assert_fail(void); __attribute__((constructor)) void begin(void) { weir_assert_fail(); }'
refuses "section .init_array holds" "core symbols: constructor" "$core" "$work/start.o"
object ifunc 'static int one(void) { return 1; } static int (*pick(void))(void) { return one; }
    int f(void) __attribute__((ifunc("pick"))); int g(void) { return f(); }'
refuses "is an indirect function" "core symbols: ifunc" "$core" "$work/ifunc.o"
refuses "does not exist" "core symbols: no object" "$core" "$work/absent.o"

public=$tools/check-public-symbols
api='__attribute__((visibility("default")))'
object weir "$api int weir_one(void) { return 1; }"
object clash "$api int weir_one(void) { return 1; } $api int tcp_input(void) { return 1; }"
for name in weir clash; do
    ar rcs "$work/$name.a" "$work/$name.o"
    gcc -shared -o "$work/$name.so" "$work/$name.o"
done
passes "public symbols: good library" "$public" "$work/weir.a" "$work/weir.so"
refuses "global symbol tcp_input" "public symbols: archive" "$public" "$work/clash.a" "$work/weir.so"
refuses "global symbol tcp_input" "public symbols: shared" "$public" "$work/weir.a" "$work/clash.so"

# ---- check-headers
fresh
passes "headers: good tree" "$tools/check-headers" "$tree"
echo 'size_t weir_two(void);' >"$tree/include/weir/x.h"
refuses "include/weir/x.h: does not compile alone" "headers: not alone" "$tools/check-headers" "$tree"
fresh
echo 'int weir_new(int class);' >"$tree/include/weir/x.h"
refuses "include/weir/x.h: does not compile alone with: g++" "headers: C++ word" "$tools/check-headers" "$tree"

# ---- check-length
length=$tools/check-length
long_function() {
    echo 'int long_one(int a)'
    echo '{'
    for _ in $(seq 80); do echo '    a++;'; done
    echo '    return a;'
    echo '}'
}
fresh
passes "length: good tree" "$length" "$tree"
long_function >"$tree/src/tcp/long.c"
refuses "src/tcp/long.c:1: function long_one has 84 lines" "length: function" "$length" "$tree"
echo 'src/tcp/long.c:long_one it is one long table' >"$tree/tools/length-allow.txt"
passes "length: allowed function" "$length" "$tree"
echo 'src/tcp/long.c:long_one' >"$tree/tools/length-allow.txt"
refuses "no reason is given" "length: no reason" "$length" "$tree"
fresh
echo 'src/tcp/long.c:long_one it is one long table' >"$tree/tools/length-allow.txt"
refuses "is not (or no longer) too long" "length: stale exception" "$length" "$tree"
fresh
for _ in $(seq 601); do echo '/* line */'; done >"$tree/src/tcp/file.h"
refuses "src/tcp/file.h:1: the file has 601 lines" "length: file" "$length" "$tree"

# ---- check-format
fresh
passes "format: good tree" "$tools/check-format" "$tree"
echo 'int  weir_two( void );' >"$tree/src/tcp/two.h"
refuses "src/tcp/two.h:1" "format: bad layout" "$tools/check-format" "$tree"

# ---- check-words (the words are put together here, so that this file does not contain them)
fresh
passes "words: good tree" "$tools/check-words" "$tree"
echo "see /ho""me/somebody/file" >"$tree/notes.md"
refuses "notes.md:1: names a directory" "words: path" "$tools/check-words" "$tree"
fresh
echo "/* TO""DO: later */" >"$tree/src/tcp/later.h"
refuses "src/tcp/later.h:1: unfinished" "words: mark" "$tools/check-words" "$tree"

# ---- check-clang-warnings
entry() { # entry C_TEXT: a compilation database of one file
    printf '%s\n' "$1" >"$work/one.c"
    printf '[{"directory": "%s", "command": "gcc -fsanitize=address -Wall -Werror -o one.o -c one.c", "file": "one.c"}]\n' \
        "$work" >"$work/commands.json"
}
entry 'int one(void); int one(void) { return 1; }'
passes "clang warnings: good file" "$tools/check-clang-warnings" "$work/commands.json"
entry 'static int one(void) { return 1; }'
refuses "unused function 'one'" "clang warnings: bad file" "$tools/check-clang-warnings" "$work/commands.json"

# ---- count-tests
result() { # result STATUS OUTPUT [SKIP_MESSAGE]: a result file of one test
    local skip=
    [ $# -lt 3 ] || skip="<skipped message=\"$3\"/>"
    printf '<testsuite><testcase name="t" status="%s">%s<system-out>%s</system-out></testcase></testsuite>\n' \
        "$1" "$skip" "$2" >"$work/result.xml"
}
result run '[  PASSED  ] 5 test(s).'
verdict 0 "5 passed, 0 failed, 0 skipped" "count: cases" "$tools/count-tests" "$work/result.xml"
result fail 'crash'
refuses "0 passed, 1 failed, 0 skipped" "count: crash" "$tools/count-tests" "$work/result.xml"
result notrun '' SKIP_RETURN_CODE=77
verdict 0 "0 passed, 0 failed, 1 skipped" "count: skip" "$tools/count-tests" "$work/result.xml"
result notrun '' 'Unable to find executable'
refuses "0 passed, 1 failed, 0 skipped" "count: no program" "$tools/count-tests" "$work/result.xml"
refuses "0 passed, 2 failed, 0 skipped" "count: broken builds" "$tools/count-tests" --extra-failed 2

echo "selftest: $cases cases, $failures failures"
[ "$failures" -eq 0 ]
