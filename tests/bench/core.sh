#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Time and instructions in the core: one pick and one free on the bare lists, and page requests
# through everything, in turns with an allocator that does nothing; best of ROUNDS (5).  The latter's
# time is the processor's, and the phases are those that the peers ran.
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
# Once, on a 2-core Xeon, these phases ran on four other allocators and the core in turns: the fastest of
# the four on each, its ns and what the core took then.
peers='order_0_pairs 6.7 7.6 buddy-malloc
order_0_pairs_aged 6.1 31.7 godspeed
order_9_pairs 11.5 12.2 buddy-malloc
mix_fill 17.0 18.4 mentos
mix 16.9 18.1 mentos
mix_drain 39.3 19.3 llfree
bulk_alloc 6.2 8.8 mentos
bulk_free 52.2 17.8 llfree'
printf '%-20s %8s %8s %8s %8s %8s | %8s %8s %s\n' operation ns 'of none' instr 'of none' target \
	'then: ns' 'peer ns' peer
taskset -c 0 "$dir/request" "$policy" $pairs "$rounds" | PEERS="$peers" awk '
	BEGIN { target["order_0_pairs"] = target["order_0_pairs_aged"] = 100
		target["order_9_pairs"] = 400; target["mix"] = 150
		n = split(ENVIRON["PEERS"], row, "\n")
		for (i = 1; i <= n; i++) {
			split(row[i], p, " ")
			peer[p[1]] = sprintf("%8s %8s %s", p[2], p[3], p[4])
		} }
	$1 == "bytes-a-frame" { bytes = $2; next }
	{ printf "%-20s %8s %8s %8s %8s %8s | %s\n", $1, $2, $3, $4, $5,
		$1 in target ? "<= " target[$1] : "", peer[$1] }
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
echo "peer: of four allocators the fastest on that phase, in turns with the core, once and not in this run: no"
echo "package of Debian has a page allocator's core.  buddy-malloc keeps its links in the free pages, and a fresh"
echo "arena is a small tree to it; godspeed and mentos keep 32 bytes a frame, llfree 0.14 and no order of free"
echo "pages at all.  None of them has zones, types, per-cpu lists or Linux's order of lists."
