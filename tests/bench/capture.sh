#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What it costs to be watched: the same work (pages.c) alone, recorded by buddyscope, shown by
# top (counting in the kernel, and with the stream), under perf record and under ftrace with the
# same events, one after the other, ROUNDS times (3); medians.  TOOLS and KINDS leave some out.  Instructions are those of the working process, in user and kernel mode:
# the programs run in its context.  Prints figures, fails on none.
rounds=${ROUNDS:-3}
tools=${TOOLS:-record counts live perf ftrace}
pages=$(dirname "$BUDDYSCOPE")/tests/bench/pages
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export dir pages

not() {
	echo "capture: not measured: $1"
	exit 0
}

command -v perf >/dev/null || not "there is no perf (apt-get install linux-perf)"
perf stat -x, -e instructions:u,instructions:k true >"$dir/try" 2>&1
[ "$(grep -c '^[0-9][0-9.e+]*,,instructions' "$dir/try")" -eq 2 ] ||
	not "perf cannot count instructions of the kernel here (no counters, or perf_event_paranoid)"
"$BUDDYSCOPE" record -q -o "$dir/try.pgt" -- true 2>"$dir/why" || not "$(cat "$dir/why")"

# work KIND OPS TOOL: adds "instructions nanoseconds" to KIND.TOOL
cat >"$dir/work" <<'END'
#!/bin/sh
ns=$(perf stat -x, -o "$dir/count" -e instructions:u,instructions:k -- "$pages" "$1" "$2") || exit
awk -F, -v ns="$ns" '/instructions/ { n += $1 } END { printf "%.0f %s\n", n, ns }' \
	"$dir/count" >>"$dir/$1.$3"
# Clock ticks that who started this has used so far.
awk '{ print $14 + $15 }' /proc/$PPID/stat >"$dir/ticks"
END
chmod +x "$dir/work"

events='mm_page_alloc mm_page_free mm_page_alloc_zone_locked mm_page_pcpu_drain mm_page_alloc_extfrag'
perf_events=$(echo "$events" | sed 's/[^ ]*/kmem:&/g; s/ /,/g')

alone() {
	"$dir/work" "$1" "$2" alone
}

recorded() {
	"$BUDDYSCOPE" record -q -o "$dir/t.pgt" -- "$dir/work" "$1" "$2" buddyscope || return
	cat "$dir/ticks" >>"$dir/$1.ticks"
	"$BUDDYSCOPE" info --json "$dir/t.pgt" >"$dir/$1.info"
}

# What top shows meanwhile goes nowhere; the work begins once there is something to show.
shown() { # shown KIND OPS SOURCE
	: >"$dir/shown" # not what an earlier one left, while this one starts
	"$BUDDYSCOPE" top --json --source "$3" -d 0.5 >"$dir/shown" 2>/dev/null &
	top=$!
	tries=0
	until grep -q '"own"' "$dir/shown" || [ $((tries += 1)) -gt 200 ]; do
		sleep 0.05
	done
	"$dir/work" "$1" "$2" "$3"
	kill -INT $top
	wait $top
	tail -n 1 "$dir/shown" | grep -o '"missed":[0-9]*' | head -n 1 | tr -dc '0-9' >"$dir/$1.$3_missed"
}

# perf's own count of what it lost is in the header of its report.
perf_recorded() {
	perf record -q -a -o "$dir/perf.data" -e "$perf_events" -- "$dir/work" "$1" "$2" perf \
		>"$dir/log" 2>&1 || return
	[ "$3" -lt "$rounds" ] || {
		stat -c %s "$dir/perf.data" >"$dir/$1.perf_bytes"
		perf report --stdio --sort comm -i "$dir/perf.data" 2>/dev/null |
			awk '/^# Total Lost Samples:/ { lost = $NF } /^# Samples:/ { s = $3
				n += s * (s ~ /K/ ? 1e3 : s ~ /M/ ? 1e6 : 1) }
				END { printf "%.0f %.0f\n", n, lost }' >"$dir/$1.perf_lost"
	}
	rm -f "$dir/perf.data"
}

# An instance of its own in a private mount: the host's tracing is left alone.
cat >"$dir/ftrace" <<'END'
#!/bin/sh
mount -t tracefs none "$dir/tracefs" || exit
here=$dir/tracefs/instances/buddyscope.$$
mkdir "$here" || exit
echo 16384 >"$here/buffer_size_kb"
for event in $events; do
	echo 1 >"$here/events/kmem/$event/enable"
done
readers=
for cpu in "$here"/per_cpu/cpu*; do
	cat "$cpu/trace_pipe_raw" >"$dir/ftrace.${cpu##*/}" &
	readers="$readers $!"
done
"$dir/work" "$1" "$2" ftrace
code=$?
echo 0 >"$here/tracing_on"
sleep 0.2
# shellcheck disable=SC2086 # one argument each
kill $readers
wait
cat "$here"/per_cpu/cpu*/stats |
	awk '/^overrun|^dropped/ { lost += $NF } END { print lost + 0 }' >"$dir/$1.ftrace_lost"
rmdir "$here"
exit $code
END
chmod +x "$dir/ftrace"
mkdir "$dir/tracefs"
export events

ftraced() {
	unshare -m "$dir/ftrace" "$1" "$2" 2>/dev/null
	rm -f "$dir"/ftrace.cpu*
}

# median FILE COLUMN
median() {
	[ -s "$1" ] && cut -d ' ' -f "$2" "$1" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

number() { # number FILE NAME
	sed -n "s/^ *\"$2\": \([0-9.]*\).*/\1/p" "$1"
}

# row KIND TOOL EVENTS LOST BYTES NOTE: one line of the table; what is not known is a dash
row() {
	[ -s "$dir/$1.$2" ] || return
	awk -v kind="$1" -v tool="$2" -v ev="$3" -v lost="$4" -v bytes="$5" -v note="$6" \
		-v n="$(median "$dir/$1.$2" 1)" -v base="$(median "$dir/$1.alone" 1)" \
		-v ns="$(median "$dir/$1.$2" 2)" -v base_ns="$(median "$dir/$1.alone" 2)" \
		-v ours="$(cat "$dir/$1.ours" 2>/dev/null)" 'BEGIN {
		each = ev ? (n - base) / ev : 0
		ratio = each / (ours ? ours : each)
		printf "%-10s %-11s %8.2f M %8s %7.0f %6.1f %8.2f %8s  %s\n", kind, tool, ev / 1e6,
			lost, each, ratio, ns / base_ns,
			(bytes != "" ? sprintf("%.1f", bytes / ev) : "-"), note
		ours_file = ENVIRON["dir"] "/" kind ".ours"
		if (tool == "buddyscope")
			print each > ours_file
	}'
}

table() {
	missed=$(awk -F'[:,]' '/recursion_misses/ { n += $3 } END { print n + 0 }' "$dir/$1.info")
	lost=$(number "$dir/$1.info" lost)
	seen=$(number "$dir/$1.info" events)
	hz=$(getconf CLK_TCK)
	row "$1" buddyscope "$seen" "$lost+$missed" "$(number "$dir/$1.info" bytes)" \
		"recorder $(($(median "$dir/$1.ticks" 1) * 1000 / hz)) ms of CPU, start and snapshot included"
	for source in counts live; do
		row "$1" $source "$seen" "0+$(cat "$dir/$1.${source}_missed" 2>/dev/null)" "" \
			"top --source $source"
	done
	# The others' own counts are of events they kept: ours is the divisor for all.
	kept=
	lost=-
	[ ! -s "$dir/$1.perf_lost" ] || read -r kept lost <"$dir/$1.perf_lost"
	row "$1" perf "$seen" "$lost" "$(cat "$dir/$1.perf_bytes" 2>/dev/null)" "perf record -a, ${kept:-?} kept"
	lost=-
	[ ! -s "$dir/$1.ftrace_lost" ] || read -r lost <"$dir/$1.ftrace_lost"
	row "$1" ftrace "$seen" "$lost" "" "into files"
}

echo "== what it costs to be watched: $(uname -r), $(nproc) CPUs, medians of $rounds rounds"
printf '%-10s %-11s %10s %8s %7s %6s %8s %8s\n' work under events lost instr ratio 'wall x' 'bytes'
printf '%-10s %-11s %10s %8s %7s %6s %8s %8s\n' '' 'targets' '' 0 '<= 220' '>= 9' '<= 1.2' '<= 3'
for kind in ${KINDS:-populate:60 populate2:30 xfer:60 file:60 pipe:60}; do
	ops=${kind#*:}
	kind=${kind%:*}
	round=0
	while [ $((round += 1)) -le "$rounds" ]; do
		alone "$kind" "$ops"
		for tool in $tools; do
			case $tool in
			record) recorded "$kind" "$ops" ;;
			counts | live) shown "$kind" "$ops" "$tool" ;;
			perf) perf_recorded "$kind" "$ops" "$round" ;;
			ftrace) ftraced "$kind" "$ops" ;;
			esac
		done
	done
	table "$kind"
done
echo "counts is to add 160 instructions at most, live what buddyscope (record) does."
echo "instr, bytes: for each event, of buddyscope's count; lost: in the ring + recursion misses;"
echo "ratio: instructions added, by buddyscope's.  The targets of ratio are perf's."
