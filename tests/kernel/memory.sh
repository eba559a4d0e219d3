#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The recorder has its buffer mapped and not much more: it locks what it has, where it may.
. tests/kernel/common.sh

has_mapped() { # has_mapped PID KB: all that PID has mapped, once it records
	[ -s "$dir/t.pgt" ] && [ "$(awk '$1 == "VmSize:" { print $2 }' "/proc/$1/status")" -lt "$2" ]
}

# dynamically linked it is 20 MB with a buffer of 1 MB; what the largest buffer takes is 128 MB more
"$BUDDYSCOPE" record -q -m 1M -o "$dir/t.pgt" -D 20 2>"$dir/log" &
pid=$!
within 10 has_mapped $pid 65536 || fail "record -m 1M has more than 64 MB mapped: $(
	grep -E '^Vm(Size|RSS|Lck)' "/proc/$pid/status" | tr -s '\t\n ' ' ')"
kill -s INT $pid
wait $pid || fail "record: exit $?: $(cat "$dir/log")"
exit $bad
