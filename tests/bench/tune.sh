#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# How long `tune` takes for a grid of 20 points on a trace: reading once and 22 runs, on all CPUs.
# The aim is 30 s on two for a million requests; the stored traces have fewer, so what a million
# would take is computed.  Prints figures, fails on none.
set -- tests/data/debian-6.1.pgt tests/data/debian-6.12.pgt
[ -f "$1" ] || {
	echo "tune: not measured: no trace in tests/data"
	exit 0
}
grid='--grid vm.watermark_scale_factor=10,50,100,200,500 --grid vm.watermark_boost_factor=0,5000,15000,30000'

echo "== tune, 20 points on $(nproc) CPUs (a million requests in less than 30 s is the aim)"
printf '%-28s %10s %10s %12s %14s\n' trace requests seconds 'a million' 'M instr'
for trace; do
	requests=$("$BUDDYSCOPE" replay --mode request --json "$trace" |
		sed -n 's/^  "requests": \([0-9]*\),$/\1/p')
	start=$(date +%s%N)
	# shellcheck disable=SC2086 # they are words
	"$BUDDYSCOPE" tune $grid "$trace" >/dev/null
	took=$(($(date +%s%N) - start))
	# shellcheck disable=SC2086
	instr=$(perf stat -x, -e instructions:u "$BUDDYSCOPE" tune $grid "$trace" 2>&1 >/dev/null |
		awk -F, '/instructions/ { printf "%.0f", $1 / 1e6 }')
	awk -v name="${trace##*/}" -v n="$requests" -v ns="$took" -v instr="$instr" 'BEGIN {
		printf "%-28s %10d %10.1f %12.1f %14s\n", name, n, ns / 1e9, ns / n / 1e3,
			(instr > 0 ? instr : "no counters")
	}' </dev/null
done
