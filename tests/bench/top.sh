#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What the dashboard costs: a frame, a sample of /proc with its frame, playing a trace beside replay,
# and one CPU's share and memory at rest and while this host works.  Prints figures, fails on none.
dir=$(mktemp -d) || exit 1
trap 'TMUX_TMPDIR=$dir tmux -L bench kill-server 2>/dev/null; rm -rf "$dir"' EXIT
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

# Nanoseconds of CPU that a process has had.
cpu_ns() {
	cut -d ' ' -f 1 "/proc/$1/schedstat"
}

# A redraw of everything on a terminal, curses included: ^L in a tmux, of every screen the slowest.
on_terminal() { # on_terminal SIZE ARGS...
	size=$1
	shift
	t() {
		TMUX_TMPDIR=$dir XDG_CONFIG_HOME=$dir tmux -u -f /dev/null -L bench "$@"
	}
	t new-session -d -x "${size%x*}" -y "${size#*x}" "exec '$(realpath "$BUDDYSCOPE")' top -d 60 $*"
	sleep 3
	pid=$(t list-panes -F '#{pane_pid}' 2>/dev/null)
	most=0
	for screen in 1 2 3 4 5 6 7; do
		[ -r "/proc/$pid/schedstat" ] || break
		t send-keys $screen
		sleep 0.3
		before=$(cpu_ns "$pid")
		sleep 1
		rest=$(($(cpu_ns "$pid") - before))
		before=$(cpu_ns "$pid")
		t send-keys -N 50 C-l
		sleep 1
		took=$((($(cpu_ns "$pid") - before - rest) / 50))
		[ $took -le $most ] || most=$took
	done
	t kill-server 2>/dev/null
	awk -v ns=$most -v what="redraw, $size, $*" 'BEGIN {
		printf "%-36s %s\n", what, ns ? sprintf("%.2f ms, the slowest screen", ns / 1e6) : "not measured"
	}' </dev/null
}

# What a source takes once a second for eleven seconds, the first two apart, while this host does what
# it does, or a command besides.
watch() { # watch NAME SOURCE [COMMAND...]
	what=$1
	source=$2
	shift 2
	"$BUDDYSCOPE" top --json --source "$source" -d 1 -n 12 >"$dir/shown" 2>"$dir/why" &
	pid=$!
	sleep 2
	[ $# -eq 0 ] || "$@" >/dev/null 2>&1 &
	load=$!
	sleep 8
	pss=$(awk '/^Pss:/ { print $2 * 1024 }' "/proc/$pid/smaps_rollup" 2>/dev/null)
	[ $# -eq 0 ] || kill $load 2>/dev/null
	wait $pid || {
		echo "$what: not measured: $(cat "$dir/why")"
		return
	}
	sed 1,2d "$dir/shown" |
		sed 's/.*"rates":{"events":\([^,]*\),.*"own":{"cpu_percent":\([^,]*\),"bpf_percent":\([^,]*\),"rss":\([0-9]*\).*/\1 \2 \3 \4/' |
		awk -v what="$what" -v pss="$pss" '
			{ events += $1; cpu += $2; bpf += $3; if ($4 > rss) rss = $4 }
			END { printf "%-36s %.2f %% of a CPU, programs %.2f %%, at most %.1f MB (PSS %.1f), %.0f events/s\n",
				what, cpu / NR, bpf / NR, rss / 1e6, pss / 1e6, events / NR }'
}

echo "== top (a frame within 5 ms, at rest under 1 % of a CPU and 30 MB)"
"$(dirname "$BUDDYSCOPE")/tests/bench/frame" tests/data/debian-6.12.pgt
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
if command -v tmux >/dev/null; then
	for size in 80x24 200x60; do
		on_terminal $size --source live
	done
fi
for source in proc counts live; do
	watch "$source, once a second" $source
done
watch 'live, while a workload runs' live "$WORKLOAD" --mode gentle --seconds 60
awk '/^MemTotal/ { printf "%-36s %.1f GiB\n", "memory of this host", $2 / 1048576 }' /proc/meminfo
