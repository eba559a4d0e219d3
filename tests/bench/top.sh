#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What the dashboard costs: a sample of /proc with its frame, playing a trace beside replay, and
# one CPU's share at rest.  Prints figures, fails on none.
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export LC_ALL=C.UTF-8

instructions() { # instructions COMMAND...
	perf stat -x, -e instructions:u "$@" 2>&1 >/dev/null |
		awk -F, '/instructions/ { printf "%.0f", $1 }'
}
# Milliseconds of CPU, user and kernel.
milliseconds() { # milliseconds COMMAND...
	perf stat -x, -e task-clock "$@" 2>&1 >/dev/null |
		awk -F, '/task-clock/ { printf "%.3f", $1 }'
}

echo "== top (a frame within 5 ms, at rest under 1 % of a CPU and 30 MB)"
for size in 80x24 200x60; do
	export COLUMNS="${size%x*}" LINES="${size#*x}"
	one=$(instructions "$BUDDYSCOPE" top -b --source proc -n 1)
	more=$(instructions "$BUDDYSCOPE" top -b --source proc -d 0.1 -n 11)
	ms=$(milliseconds "$BUDDYSCOPE" top -b --source proc -n 1)
	ms_more=$(milliseconds "$BUDDYSCOPE" top -b --source proc -d 0.1 -n 11)
	awk -v one="$one" -v more="$more" -v ms="$ms" -v ms_more="$ms_more" -v size="$size" 'BEGIN {
		printf "%-36s %s\n", "sample and frame of /proc, " size,
			(one > 0 ? sprintf("%.2f M instructions, %.2f ms of CPU", (more - one) / 1e7,
				(ms_more - ms) / 10) : "no counters")
	}' </dev/null
done
for trace in tests/data/*.pgt; do
	[ -f "$trace" ] || continue
	events=$("$BUDDYSCOPE" info --json "$trace" | sed -n 's/^  "events": \([0-9]*\),$/\1/p')
	instr=$(instructions "$BUDDYSCOPE" top --json -n 1 --at end -r "$trace")
	awk -v name="${trace##*/}" -v ev="$events" -v instr="$instr" 'BEGIN {
		printf "%-36s %s\n", "play " name,
			(instr > 0 ? sprintf("%.0f instructions an event", instr / ev) : "no counters")
	}' </dev/null
done
"$BUDDYSCOPE" top --json --source proc -d 1 -n 6 | tail -n 1 |
	sed 's/.*"own":{"cpu_percent":\([^,]*\),.*"rss":\([0-9]*\).*/\1 \2/' |
	awk '{ printf "%-36s %.2f %% of a CPU, %.1f MB\n", "at rest, /proc once a second", $1, $2 / 1e6 }'
for source in counts live; do
	if "$BUDDYSCOPE" top --json --source $source -d 1 -n 6 >"$dir/shown" 2>"$dir/why"; then
		tail -n 1 "$dir/shown" |
			sed 's/.*"rates":{"events":\([^,]*\),.*"own":{"cpu_percent":\([^,]*\),"bpf_percent":\([^,]*\),"rss":\([0-9]*\).*/\1 \2 \3 \4/' |
			awk -v what="$source, once a second" '{ printf "%-36s %.2f %% of a CPU, programs %.2f %%, %.1f MB, %.0f events/s\n", what, $2, $3, $4 / 1e6, $1 }'
	else
		echo "$source: not measured: $(cat "$dir/why")"
	fi
done
awk '/^MemTotal/ { printf "%-36s %.1f GiB\n", "memory of this host", $2 / 1048576 }' /proc/meminfo
