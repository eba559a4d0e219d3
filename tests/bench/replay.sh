#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# How fast a trace is replayed into the core: best of ROUNDS (5) on one CPU, and the
# instructions that each event takes, in request mode each request and each free.  The stored traces; without any, a recording of
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

# number NAME: a member of the object on stdin that is a number
number() {
	sed -n "s/^  \"$1\": \([0-9]*\),\$/\1/p"
}

# measure MODE TRACE...: what a second holds of what the mode plays
measure() {
	mode=$1
	shift
	for trace; do
		"$BUDDYSCOPE" replay --mode "$mode" --json "$trace" >"$dir/json"
		case $mode in
		mirror)
			n=$(number events <"$dir/json")
			requests=0
			;;
		request)
			requests=$(number requests <"$dir/json")
			n=$((requests + $(number frees <"$dir/json")))
			;;
		esac
		best=0
		round=0
		while [ $((round += 1)) -le "$rounds" ]; do
			start=$(date +%s%N)
			taskset -c 0 "$BUDDYSCOPE" replay --mode "$mode" --json "$trace" >/dev/null
			took=$(($(date +%s%N) - start))
			[ $best -gt 0 ] && [ $best -le $took ] || best=$took
		done
		instr=$(perf stat -x, -e instructions:u "$BUDDYSCOPE" replay --mode "$mode" --json \
			"$trace" 2>&1 >/dev/null | awk -F, '/instructions/ { printf "%.0f", $1 }')
		awk -v name="${trace##*/}" -v n="$n" -v requests="$requests" -v ns="$best" \
			-v instr="$instr" 'BEGIN {
			printf "%-28s %10.2f M %10.2f %14s", name, n / 1e6, n / ns * 1e3,
				(instr > 0 ? sprintf("%.0f", instr / n) : "no counters")
			printf requests ? sprintf(" %14.2f\n", requests / ns * 1e3) : "\n"
		}' </dev/null
	done
}

echo "== replay, mirror mode, best of $rounds on one CPU (at least 5 M events/s, 10 is the aim)"
printf '%-28s %10s %12s %14s\n' trace events 'M events/s' instr/event
measure mirror "$@"
echo "== replay, request mode: requests and frees (at least 3 M requests a second, 5 is the aim)"
printf '%-28s %10s %12s %14s %14s\n' trace both 'M/s' instr 'M requests/s'
measure request "$@"
