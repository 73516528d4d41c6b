#!/bin/sh
# Stands in for the set_sysctls.py of the public suites: "/proc/sys/net/ipv4/NAME=VALUE" arguments become
# settings of the adapter, and the script that puts back the old values is written where they expect it.
restore=/tmp/sysctl_restore_${PACKETDRILL_PID:-$PPID}.sh
here=$(dirname "$(readlink -f "$0")")

printf '#!/bin/sh\nrm -f "$0"\n' >"$restore"
chmod u+x "$restore"
for argument; do
    "$here/sysctl" -q "${argument#/proc/sys/}"
done
