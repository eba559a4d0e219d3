#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What a dashboard may meet, in a private tmux: terminals of no size or that go away, recordings cut
# short, long or of another machine, /proc that cannot be read.  A clear message or a poorer
# screen, and the terminal given back.
. tests/tui/common.sh

# A terminal that is too small for anything, or just odd.
start 80x24 --at end -r "$trace"
shows 'order 9'
t resize-window -x 1 -y 1
keys 1 2 3 4 Enter 5 6 7 '?' Down '?' Escape / x Enter 1
t resize-window -x 3 -y 500
keys 3 Down 6 1
t resize-window -x 500 -y 2
keys 4 5 6 3 l j 1
t resize-window -x 80 -y 24
shows 'order 9'
keys q
gives_back 0
start 1x1 --at end -r "$trace"
t resize-window -x 80 -y 24
shows 'order 9'
keys q
gives_back 0

# A file that is cut short, and a machine unlike this one: each screen, and a way out.
head -c 300000 "$trace" >"$dir/cut.pgt"
start 80x24 --at end -r "$dir/cut.pgt"
shows '! cut short: offset'
keys 2 3 4 5 6 7 1
shows 'cut short'
keys q
gives_back 0
awk 'BEGIN {
	print "{\"rec\":\"meta\",\"schema\":\"buddyscope.trace/1\",\"kernel\":\"5.4.0-mips\",\"tier\":\"tracepoint\",\"page_shift\":16,\"nr_orders\":10,\"pageblock_order\":7,\"cpus\":4096,\"migratetypes\":[\"Unmovable\",\"Movable\",\"Reclaimable\",\"HighAtomic\",\"CMA\",\"Isolate\"]}"
	for (i = 0; i < 70; i++)
		printf "{\"rec\":\"zone\",\"id\":%d,\"node\":%d,\"name\":\"Zone%d\",\"start_pfn\":%d,\"spanned\":1000,\"present\":900,\"managed\":%d,\"min\":0,\"low\":0,\"high\":0,\"lowmem_reserve\":[0]}\n", i, 99 - i, i, 1 + i * 4096, i % 2 ? 900 : 0
	print "{\"rec\":\"free_list\",\"at\":\"begin\",\"zone\":69,\"order\":0,\"mt\":\"Movable\",\"pfns\":[282627,282629]}"
	print "{\"rec\":\"ev\",\"ts\":5,\"cpu\":4095,\"type\":\"alloc\",\"pfn\":9,\"order\":9,\"mt\":\"CMA\",\"gfp\":8,\"pid\":4000000}"
	print "{\"rec\":\"ev\",\"ts\":4,\"cpu\":0,\"type\":\"zone_alloc\",\"pfn\":282627,\"order\":0,\"mt\":\"Movable\"}"
}' </dev/null >"$dir/other"
"$b" import "$dir/other" -o "$dir/other.pgt" || fail 'the other machine is refused'
start 80x24 -r "$dir/other.pgt"
shows '5.4.0-mips'
keys End 1 z z Down 2 3 l j 4 Enter Escape 5 6 7 NPage '?' '?' 1
shows '70 zones'
keys q
gives_back 0

# It ends when it is told to, when it crashes, and when the terminal goes away.
start 80x24 -r "$trace"
shows '1x'
kill -TERM "$(pid)"
gives_back 0
start 80x24 -r "$trace"
shows '1x'
kill -SEGV "$(pid)"
shows 'exit 139'
shows icanon
[ "$(t display-message -p '#{alternate_on}')" = 0 ] || fail 'the alternate screen stays after a crash'
start 80x24 --source proc
shows '/proc alone'
own=$(pid)
t kill-server
n=0
while kill -0 "$own" 2>/dev/null; do
	n=$((n + 1))
	[ $n -lt 200 ] || {
		echo 'it outlives its terminal'
		kill -KILL "$own"
		exit 1
	}
	sleep 0.05
done

# Ten million events: there at once, stopped by any key on the way to the end, and played to it.
long=$(dirname "$b")/tests/tui/test_long
if [ -x "$long" ]; then
	"$long" "$dir/long.pgt" 10000000 || fail 'no long trace'
	start 80x24 -r "$dir/long.pgt"
	shows 'of 10000000'
	keys End
	n=0
	until screen | grep -q 'event [1-9]' || [ $((n += 1)) -gt 200 ]; do # it is on its way
		sleep 0.02
	done
	keys Escape
	shows 'PAUSED'
	screen | grep -q 'event 0 of\|event 10000000 of' && fail 'it was not stopped on its way'
	keys 2 3 4 5 6 7 1
	keys End
	patience=1000 shows 'event 10000000 of'
	shows 'AGREES'
	keys q
	gives_back 0
fi

# /proc hides a file, all the time or from some time on.
wrap='unshare -m'
$wrap true 2>/dev/null || wrap='unshare -rm'
$wrap mount --bind /dev/null /proc/buddyinfo 2>/dev/null || {
	echo "files of /proc cannot be hidden here (unshare -m is not permitted): not tried"
	exit 77
}
cat >"$dir/hidden" <<'END'
hide() {
	for file in $HIDE; do
		mount --bind /dev/null "$file" || exit 9
	done
}
if [ -n "$WHEN" ]; then
	(
		until [ -e "$WHEN" ]; do sleep 0.05; done
		hide
	) &
else
	hide
fi
exec "$@"
END
wrap="$wrap sh '$dir/hidden'"
export HIDE=/proc/buddyinfo WHEN=
start 80x24 --source proc
shows '/proc cannot be read: /proc/buddyinfo: No data available'
shows 'exit 2'
HIDE='/proc/zoneinfo /proc/vmstat /proc/pagetypeinfo'
start 80x24 --source proc
shows 'reclaim -'
shows 'no core, decisions, map, types'
keys 4
shows 'not known to this source'
keys 2 3 5 6 7 1
shows 'order 9'
keys q
gives_back 0
HIDE=/proc/buddyinfo WHEN=$dir/now
start 80x24 -d 0.1 --source proc
shows 'order 9'
: >"$WHEN"
shows '/proc/buddyinfo: No data available'
gives_back 2
exit 0
