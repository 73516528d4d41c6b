#!/usr/bin/env bash
# 100 MB over a clean TAP link: IPv4 and IPv6, with and without offload, both roles, both directions.
. "$(dirname "$0")/lib.sh"
enter "$@"
. "$here/lib_transfer.sh"

make_interface tap tap1 1
make_file "$work/file" 100M
sum=$(sum_of "$work/file")
one() { transfer 1 tap "$@" "$work/file" "$sum"; }
each_way one
