#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# How fast a trace is replayed into the core: best of ROUNDS (5) on one CPU, and the
# instructions that each event takes.  The stored traces; without any, a recording of
# this host.  Prints figures, fails on none.
rounds=${ROUNDS:-5}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

set -- tests/data/*.pgt
if [ ! -f "$1" ]; then
	if ! "$BUDDYSCOPE" record -q -o "$dir/host.pgt" -- "$WORKLOAD" --mode gentle --seconds 2 \
		>/dev/null 2>"$dir/why"; then
		echo "replay: not measured: no trace in tests/data, and $(cat "$dir/why")"
		exit 0
	fi
	set -- "$dir/host.pgt"
fi

echo "== replay, mirror mode, best of $rounds on one CPU (at least 5 M events/s, 10 is the aim)"
printf '%-28s %10s %12s %14s\n' trace events 'M events/s' instr/event
for trace; do
	events=$("$BUDDYSCOPE" info --json "$trace" | sed -n 's/^  "events": \([0-9]*\),$/\1/p')
	best=0
	round=0
	while [ $((round += 1)) -le "$rounds" ]; do
		start=$(date +%s%N)
		taskset -c 0 "$BUDDYSCOPE" replay --json "$trace" >/dev/null
		took=$(($(date +%s%N) - start))
		[ $best -gt 0 ] && [ $best -le $took ] || best=$took
	done
	instr=$(perf stat -x, -e instructions:u "$BUDDYSCOPE" replay --json "$trace" 2>&1 >/dev/null |
		awk -F, '/instructions/ { printf "%.0f", $1 }')
	awk -v name="${trace##*/}" -v ev="$events" -v ns="$best" -v instr="$instr" 'BEGIN {
		printf "%-28s %10.2f M %10.2f %14s\n", name, ev / 1e6, ev / ns * 1e3,
			(instr > 0 ? sprintf("%.0f", instr / ev) : "no counters")
	}' </dev/null
done
