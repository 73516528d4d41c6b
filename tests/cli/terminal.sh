#!/usr/bin/env bash
# What depends on where the drawing goes: colour, width, characters of ambiguous width, a reader that goes away.
#
# usage: WEIR=path/of/weir WEIR_SOURCE=top/of/source terminal.sh
set -uo pipefail
: "${WEIR:?path of the weir binary}" "${WEIR_SOURCE:?source directory}"
command -v python3 >/dev/null || exit 77
exec python3 - "$WEIR" "$WEIR_SOURCE/tests/data/tun_fastrx.client.pcap" <<'PYTHON'
"""Runs weir on a pseudo-terminal that answers, or does not answer, where its cursor is."""
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios

weir, capture = sys.argv[1:]
failed = 0


def expect(what, good):
    global failed
    if not good:
        failed = 1
        print(f"FAILED: {what}")


def environment(**more):
    env = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR", "LC_ALL", "LC_MESSAGES", "LANG")}
    return {**env, **more}


def on_terminal(arguments, env, column=None, width=100):
    """Output and whether the terminal was asked for its cursor; `column`: what it answers."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(weir, [weir, *arguments], env)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    out, asked = b"", False
    while select.select([fd], [], [], 20)[0]:
        try:
            piece = os.read(fd, 65536)
        except OSError:
            break
        if not piece:
            break
        out += piece
        if b"\033[6n" in out and not asked:
            asked = True
            if column is not None:
                os.write(fd, b"\033[7;%dR" % column)
    return out.decode(), asked, os.waitpid(pid, 0)[1]


def in_pipe(arguments, env):
    return subprocess.run([weir, *arguments], env=env, capture_output=True, check=True, stdin=subprocess.DEVNULL).stdout.decode()


ladder = ["ladder", "--color=never", capture]
english, chinese = environment(LANG="C.UTF-8"), environment(LANG="zh_CN.UTF-8")

text, asked, status = on_terminal(ladder, english, 3)
expect("an English locale asks nothing", not asked and status == 0 and "│" in text)
text, asked, status = on_terminal(ladder, chinese, 2)
expect("narrow characters are used where they are narrow", asked and status == 0 and "│◀" in text and "客户端" in text)
text, asked, status = on_terminal(ladder, chinese, 3)
drawing = text.split("\033[K", 1)[-1]
expect("wide ones are not", asked and status == 0 and "|<" in drawing and not re.search("[│▶◀┊–×…→]", drawing))
text, asked, status = on_terminal(ladder, chinese)
expect("a terminal that does not answer is taken to be narrow", asked and status == 0 and "│◀" in text)
text, asked, status = on_terminal([*ladder, "--ambiguous=2"], chinese, 2)
expect("--ambiguous answers for the terminal", not asked and "|<" in text)
text, asked, status = on_terminal(["ladder", "--json", capture], chinese, 3)
expect("JSON asks nothing", not asked and status == 0)

text, _, _ = on_terminal(["ladder", capture], english)
expect("a terminal gets colours", "\033[35m" in text and "\033[32m" in text)
text, _, _ = on_terminal(["ladder", capture], {**english, "NO_COLOR": "1"})
expect("NO_COLOR", "\033[" not in text)
text, _, _ = on_terminal(ladder, {**english, "COLUMNS": "72"})
expect("COLUMNS", max(len(line) for line in text.splitlines() if "│" in line) <= 72)

plain = in_pipe(["ladder", capture], english)
expect("a pipe gets neither colours nor questions", "\033" not in plain)
expect("the same input gives the same bytes", plain == in_pipe(["ladder", capture], english))
expect("a pipe is 100 columns wide", plain == in_pipe(["ladder", "--width=100", capture], english))
expect("colour on demand", "\033[35m" in in_pipe(["ladder", "--color=always", capture], {**english, "NO_COLOR": "1"}))
bare = re.sub("\033\\[[0-9]*m", "", in_pipe(["ladder", "--color=always", capture], english))
expect("colours say nothing that the text does not", bare == plain)

reader = subprocess.run(["bash", "-c", '"$0" ladder --all "$1" | head -n 1 | wc -l; echo "${PIPESTATUS[*]}" >&2', weir, capture],
                        env=english, capture_output=True, text=True, check=False)
expect("a reader that goes away is no reason to complain", reader.stdout.strip() == "1" and "weir:" not in reader.stderr)

for where, code in (("warn", 1), ("error", 0), ("FAST_RETX", 1), ("REFUSED", 0)):
    result = subprocess.run([weir, "ladder", f"--fail-on={where}", capture], env=english, capture_output=True, check=False)
    expect(f"--fail-on={where}", result.returncode == code and result.stdout.decode() == plain)
print("terminal: done" if not failed else "terminal: failures")
sys.exit(failed)
PYTHON
