#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# How fast a trace is replayed into the core: best of ROUNDS (5) on one CPU, and the instructions
# that each event takes, in request mode each request and each free.  Reading is part of it; time is
# the processor's, which a busy machine spoils less than the clock, instructions are those of the whole
# program.  The stored traces; without any, a recording of this host.  Prints figures, fails on none.
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
	sed -n "s/^  \"$1\": \([0-9]*\),*\$/\1/p"
}

# measure "MODE [OPTION...]" TRACE...: what a second holds of what the mode plays
measure() {
	mode=$1
	shift
	for trace; do
		# shellcheck disable=SC2086 # they are words
		if ! "$BUDDYSCOPE" replay --mode $mode --json "$trace" >"$dir/json" 2>"$dir/why"; then
			echo "${trace##*/}: not measured: $(cat "$dir/why")"
			continue
		fi
		case $mode in
		mirror)
			n=$(number events <"$dir/json")
			requests=0
			;;
		request*)
			requests=$(number requests <"$dir/json")
			n=$((requests + $(number frees <"$dir/json")))
			;;
		esac
		best=0
		round=0
		while [ $((round += 1)) -le "$rounds" ]; do
			# shellcheck disable=SC2086
			rate=$(taskset -c 0 "$BUDDYSCOPE" replay --mode $mode --json "$trace" |
				number events_per_second)
			[ "${rate:-0}" -le "$best" ] || best=$rate
		done
		# shellcheck disable=SC2086
		instr=$(perf stat -x, -e instructions:u "$BUDDYSCOPE" replay --mode $mode --json \
			"$trace" 2>&1 >/dev/null | awk -F, '/instructions/ { printf "%.0f", $1 }')
		awk -v name="${trace##*/}" -v n="$n" -v requests="$requests" -v rate="$best" \
			-v events="$(number events <"$dir/json")" -v instr="$instr" 'BEGIN {
			share = rate / events / 1e6
			printf "%-28s %10.2f M %10.2f %14s", name, n / 1e6, n * share,
				(instr > 0 ? sprintf("%.0f", instr / n) : "no counters")
			printf requests ? sprintf(" %14.2f\n", requests * share) : "\n"
		}' </dev/null
	done
}

echo "== replay, mirror mode, best of $rounds on one CPU (at least 5 M events/s, 10 is the aim)"
printf '%-28s %10s %12s %14s\n' trace events 'M events/s' instr/event
measure mirror "$@"
echo "== replay, request mode, unchanged (at least 3 M requests a second, 5 is the aim)"
printf '%-28s %10s %12s %14s %14s\n' trace both 'M/s' instr 'M allocs/s'
measure request "$@"
echo "== replay, request mode, what if: vm.watermark_scale_factor=50"
printf '%-28s %10s %12s %14s %14s\n' trace both 'M/s' instr 'M allocs/s'
measure 'request --set vm.watermark_scale_factor=50' "$@"
echo "both: requests for pages and requests to take them back, which are counted alike; allocs: the former"
echo "alone.  Each comes with some two events more of the kernel's own doing, which are read, too."
