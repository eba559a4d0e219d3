#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Time and instructions in the core: one pick and one free on the bare lists, and page requests
# through everything, in turns with an allocator that does nothing; best of ROUNDS (5).
# Prints figures, fails on none.
rounds=${ROUNDS:-5}
policy=${POLICY:-6.12}
dir=$(dirname "$BUDDYSCOPE")/tests/bench
pairs=2000000

count() { # count ORDER PAIRS: instructions, nothing where there are no counters
	perf stat -x, -e instructions:u "$dir/core" "$1" "$2" 2>&1 >/dev/null |
		awk -F, '/instructions/ && $1 > 0 { printf "%.0f", $1 }'
}

echo "== core, bare lists, decision recorded, best of $rounds"
printf '%-20s %8s %8s\n' pair ns instr
for order in 0 9; do
	best=0
	round=0
	while [ $((round += 1)) -le "$rounds" ]; do
		took=$(taskset -c 0 "$dir/core" $order $pairs)
		[ "$best" -gt 0 ] && [ "$best" -le "$took" ] || best=$took
	done
	some=$(count $order $pairs)
	none=$(count $order 0) # what it takes to build the model
	awk -v order=$order -v n=$pairs -v ns="$best" -v some="$some" -v none="$none" 'BEGIN {
		printf "order %-14d %8.1f %8s\n", order, ns / n, some ? int((some - none) / n) : "-"
	}'
done

echo "== core, page requests under $policy: 1048576 frames, 4 CPUs, best of $rounds in turns with none"
printf '%-20s %8s %8s %8s %8s %8s\n' operation ns 'of none' instr 'of none' target
taskset -c 0 "$dir/request" "$policy" $pairs "$rounds" | awk '
	BEGIN { target["order_0_pairs"] = target["order_0_pairs_aged"] = 100
		target["order_9_pairs"] = 400; target["mix"] = 150 }
	$1 == "bytes-a-frame" { bytes = $2; next }
	{ printf "%-20s %8s %8s %8s %8s %8s\n", $1, $2, $3, $4, $5,
		$1 in target ? "<= " target[$1] : "" }
	END { printf "%-20s %8s %35s\n", "bytes a frame", bytes, "<= 12" }'

# The state of a zone of 1 TiB takes 2.5 GiB.
free=$(awk '/^MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)
if [ "${free:-0}" -ge 4 ]; then
	taskset -c 0 "$dir/request" "$policy" start 268435456 | awk '
		{ printf "%-20s %8s %35s\n%-20s %8s %35s\n", "1 TiB, start (ms)", $1, "<= 2000",
			"1 TiB, bytes a frame", $2, "<= 12" }'
else
	echo "1 TiB, start: not measured: less than 4 GiB of memory are free"
fi
echo "none: the same work without an allocator.  Memory of the 1 TiB zone was touched before."
echo "No peer runs beside it: Debian has no page allocator's core as a package."
