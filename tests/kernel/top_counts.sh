#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# top that counts in the kernel: it counts what the kernel counts, names who and from where, and
# takes over from the stream.
. tests/kernel/common.sh
export LC_ALL=C.UTF-8

vmstat() {
	awk '/^pgalloc_/ { n += $2 } END { printf "%.0f\n", n }' /proc/vmstat
}
# Pages of all requests: blocks by order, of each type.
pages() {
	sed 's/.*"requests":{\([^}]*\)}.*/\1/' | grep -oE '\[[0-9,]*\]' | tr -d '[]' |
		awk -F, '{ for (i = 1; i <= NF; i++) n += $i * 2 ^ (i - 1) } END { printf "%.0f\n", n }'
}
samples() {
	wc -l <"$dir/samples"
}
has_more_than() {
	[ "$(samples)" -gt "$1" ]
}

: >"$dir/samples"
"$BUDDYSCOPE" top --json --source counts -d 0.5 >"$dir/samples" 2>"$dir/log" &
pid=$!
within 10 has_more_than 1 || fail "no samples: $(cat "$dir/log")"
vmstat >"$dir/idle0"
sleep 3
vmstat >"$dir/idle1"
noise=$(($(cat "$dir/idle1") - $(cat "$dir/idle0")))
[ $noise -ge 0 ] || noise=0

# The kernel folds the counters of each CPU every second; ours are read at once.
n=$(samples)
within 5 has_more_than "$n"
before=$(tail -n 1 "$dir/samples" | pages)
vmstat >"$dir/before"
"$WORKLOAD" --mode gentle --seconds 3 >/dev/null
sleep 1.5
n=$(samples)
within 5 has_more_than "$n"
after=$(tail -n 1 "$dir/samples" | pages)
vmstat >"$dir/after"
kill -INT $pid
wait $pid || fail "top: exit $?: $(cat "$dir/log")"
kernel=$(($(cat "$dir/after") - $(cat "$dir/before")))
ours=$((after - before))
may=$((kernel / 50 + 2 * noise + 4096))
off=$((kernel > ours ? kernel - ours : ours - kernel))
[ $off -le $may ] || fail "allocated: kernel $kernel pages, top $ours; may differ by $may"
[ "$ours" -gt 10000 ] || fail "the workload took $ours pages only"

tail -n 1 "$dir/samples" >"$dir/last"
grep -q '"source":"counts"' "$dir/last" || fail 'not counts'
grep -q '"core":null' "$dir/last" || fail 'a core without a stream'
grep -qE '"name":"workload","pages":[1-9]' "$dir/last" || fail 'the workload is not among the callers'
# It was at work for three of the seconds that the samples came in.
grep -qE '"name":"workload",[^}]*"pages_s":[1-9]' "$dir/samples" || fail 'nothing says how fast it took pages'
grep -qE '\{"pages":[1-9][0-9]*,"pages_s":[1-9]' "$dir/samples" || fail 'nothing says how fast stacks did'
grep -qE '"bpf_percent":[0-9]' "$dir/last" || fail 'its own cost is not told'
grep -qE '"refilled":[1-9]' "$dir/last" || fail 'no per-cpu list took a page'
# Somebody opened pipes and processes: a function asked for pages that cannot be moved.
grep -qE '"type":"Unmovable","stack":"[a-z_]+[^"]* < ' "$dir/last" || fail 'no stack has a name'
! grep -q '__traceiter_mm_page_alloc\|bpf_trace_run' "$dir/last" || fail 'a stack begins in the tracepoint'

# It stops where even that costs too much, and says so.
"$BUDDYSCOPE" top --json --source counts -d 0.1 -n 6 --overhead-limit 0.0001 >"$dir/out" 2>"$dir/log" ||
	fail "top: exit $?: $(cat "$dir/log")"
tail -n 1 "$dir/out" >"$dir/last"
grep -q '"source":"proc".*more than --overhead-limit: counting was stopped' "$dir/last" ||
	fail "$(cut -c 1-300 "$dir/last")"

# From the stream it comes to counting first, with no more than CAP_BPF.
"$BUDDYSCOPE" top --json --source live -d 0.1 -n 8 --overhead-limit 0.0001 >"$dir/out" 2>"$dir/log" ||
	fail "top: exit $?: $(cat "$dir/log")"
grep -q '"source":"live"' "$dir/out" || fail 'it does not begin with the stream'
grep -q '"source":"counts".*the stream was stopped: counts alone' "$dir/out" ||
	fail "the stream is not followed by counts: $(cut -c 1-300 "$dir/out")"
grep '"source":"counts"' "$dir/out" | tail -n 1 | grep -q '"events":[1-9]' || fail 'nothing is counted'
exit $bad
