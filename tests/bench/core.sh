#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Time and instructions of one pick and one free in the core, best of ROUNDS (5).
rounds=${ROUNDS:-5}
core=$(dirname "$BUDDYSCOPE")/tests/bench/core
pairs=2000000

count() { # count ORDER PAIRS: instructions, nothing where there are no counters
	perf stat -x, -e instructions:u "$core" "$1" "$2" 2>&1 >/dev/null |
		awk -F, '/instructions/ && $1 > 0 { printf "%.0f", $1 }'
}

echo "== core, decision recorded, best of $rounds (at most 400 instructions an order-9 pair)"
printf '%-16s %8s %8s\n' pair ns instr
for order in 0 9; do
	best=0
	round=0
	while [ $((round += 1)) -le "$rounds" ]; do
		took=$(taskset -c 0 "$core" $order $pairs)
		[ "$best" -gt 0 ] && [ "$best" -le "$took" ] || best=$took
	done
	some=$(count $order $pairs)
	none=$(count $order 0) # what it takes to build the model
	awk -v order=$order -v n=$pairs -v ns="$best" -v some="$some" -v none="$none" 'BEGIN {
		printf "order %-10d %8.1f %8s\n", order, ns / n, some ? int((some - none) / n) : "-"
	}'
done
