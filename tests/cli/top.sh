#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# top without a terminal: plain frames and JSON of recordings and of /proc; what they
# count is what replay counts.
. tests/cli/common.sh
export LC_ALL=C.UTF-8

# replayed NAME, shown NAME: a number in replay's object, in what top says of the core
replayed() {
	sed -n "s/^  \"$1\": \([0-9]*\),*\$/\1/p" "$dir/replay"
}
shown() {
	sed "s/.*\"core\":{//; s/.*\"$1\":\([0-9]*\).*/\1/" "$dir/core"
}

same() { # same TRACE WHAT LEFT RIGHT
	[ -n "$3" ] && [ "$3" = "$4" ] || fail "$1: $2: '$3' is not '$4'"
}

found=0
for trace in tests/data/*.pgt; do
	[ -f "$trace" ] || continue
	found=1
	run 0 replay --json "$trace"
	cp "$dir/out" "$dir/replay"
	run 0 top --json -n 1 --at end -r "$trace"
	[ "$(wc -l <"$dir/out")" -eq 1 ] || fail "$trace: not one line"
	said out '"schema":"buddyscope.top/1"'
	grep -oE '"core":\{"policy"[^{]*' "$dir/out" >"$dir/core"
	for name in picks picks_exact fallbacks fallbacks_exact claims claims_exact repairs lists \
		lists_exact_order final_blocks final_blocks_exact; do
		same "$trace" $name "$(replayed $name)" "$(shown $name)"
	done
	grep -q "\"counts\":{\"events\":$(replayed events),\"lost\":$(replayed lost),.*\"fallbacks\":$(replayed fallbacks)," \
		"$dir/out" || fail "$trace: counts"

	# All free blocks of the closing snapshot, zone by zone and order by order.
	same "$trace" 'free blocks' "$(replayed final_blocks)" \
		"$(grep -oE '"blocks":\[[0-9,]*\]' "$dir/out" | tr -c '0-9\n' '\n' |
			awk '{ n += $1 } END { print n }')"

	# Played in steps, it comes to the same.
	cp "$dir/out" "$dir/end"
	run 0 top --json -d 5 -r "$trace"
	[ "$(wc -l <"$dir/out")" -ge 4 ] || fail "$trace: fewer than 4 samples"
	tail -n 1 "$dir/out" >"$dir/last"
	for file in end last; do
		# Decisions and rates are those since the sample before.
		sed 's/"decisions":\[[^]]*\],//; s/"[a-z_]*_s":[^,}]*//g; s/.*"core":{/{/; s/"own":.*//' \
			"$dir/$file" >"$dir/$file.numbers"
	done
	cmp -s "$dir/end.numbers" "$dir/last.numbers" ||
		fail "$trace: played in steps it ends otherwise"
done

if [ $found -eq 1 ]; then
	trace=tests/data/debian-6.12.pgt
	for screen in Overview types MAP decisions stalls callers pcp; do
		run 0 top -b -n 1 --at 50% --screen $screen -r $trace
		[ "$(wc -l <"$dir/out")" -eq 24 ] || fail "$screen: not 24 lines"
		! grep -q "$(printf '\033')" "$dir/out" || fail "$screen: an escape in plain text"
	done
	run 0 top -b -n 1 --at 50% -r $trace
	said out 'AGREES'
	said out '6.12: 134763 picks, 7643 fallbacks'
	said out 'order 9'
	run 0 top -b -n 2 -d 1 --order 4 --ascii -r $trace
	said out 'order 4'
	! LC_ALL=C grep -q '[^ -~]' "$dir/out" || fail '--ascii: something else'
	"$BUDDYSCOPE" top -b -n 1 --at end -r - <$trace >"$dir/out" 2>"$dir/err" || fail 'from a pipe'
	said out 'lists exact'
	run 0 top -b -n 1 --at end --policy 6.1 -r $trace
	said out 'DIFFERS'

	# A file cut short is played as far as it goes.
	head -c 300000 $trace >"$dir/cut.pgt"
	run 5 top -b -n 1 --at end -r "$dir/cut.pgt"
	said out '! cut short: offset'
	said err 'offset'
	echo 'no trace at all' >"$dir/text.pgt"
	run 5 top -b -r "$dir/text.pgt"
	for misuse in "--at nowhere -r $trace" "--policy 1.0 -r $trace" '--screen none' '-d 0' '-n 0' \
		'--order 11' '--color mauve' '--source clouds' 'word'; do
		# shellcheck disable=SC2086 # words of their own
		run 2 top -b $misuse
		said err 'usage: buddyscope top'
	done

	# Ctrl-C before there is anything to show: when it listens to signals, but has no trace to read yet.
	for sig in INT TERM; do
		mkfifo "$dir/fifo"
		"$BUDDYSCOPE" top --json -r - <"$dir/fifo" >"$dir/out" 2>"$dir/err" &
		top=$!
		exec 3>"$dir/fifo"
		tries=0
		until awk '/^SigCgt/ && substr($2, length($2) - 3) ~ /^[4-7c-f]..[2367abef]$/ { found = 1 }
			END { exit !found }' /proc/$top/status; do
			[ $((tries += 1)) -lt 200 ] || break
			sleep 0.05
		done
		kill -$sig $top
		cat tests/data/debian-6.12.pgt >&3 2>/dev/null
		exec 3>&-
		wait $top
		code=$?
		[ $code -eq 0 ] || fail "SIG$sig before the first sample: exit $code"
		[ ! -s "$dir/out" ] || fail "SIG$sig before the first sample: one is printed"
		rm "$dir/fifo"
	done
fi
# A list and a per-cpu list of one zone that name frames of another (SAN=1 sees what that does).
cat >"$dir/crossed" <<'END'
{"rec":"meta","schema":"buddyscope.trace/1","migratetypes":["Unmovable","Movable"],"kernel":"6.12.117","tier":"fentry","page_shift":12,"nr_orders":11,"pageblock_order":9,"cpus":2}
{"rec":"zone","id":0,"node":0,"name":"DMA32","start_pfn":4096,"spanned":1024,"present":1024,"managed":1024,"min":10,"low":12,"high":14,"lowmem_reserve":[0,0]}
{"rec":"zone","id":1,"node":0,"name":"Normal","start_pfn":65536,"spanned":1024,"present":1024,"managed":1024,"min":10,"low":12,"high":14,"lowmem_reserve":[0,0]}
{"rec":"free_list","at":"begin","zone":0,"order":3,"mt":"Movable","pfns":[66048,4096,7]}
{"rec":"pcp","at":"begin","zone":0,"cpu":0,"order":0,"mt":"Movable","pfns":[66049,1],"count":2,"batch":1,"high":4}
{"rec":"ev","ts":1000,"cpu":0,"type":"zone_alloc","pfn":4096,"order":3,"mt":"Movable"}
END
run 0 import "$dir/crossed" -o "$dir/crossed.pgt"
run 0 top -b -n 1 --at end -r "$dir/crossed.pgt"
run 0 replay "$dir/crossed.pgt"

run 2 top -r "$dir/none.pgt"
run 2 top -b --at 50% --source proc
said err 'no place in a recording'

# This host, by /proc alone.
if [ -r /proc/buddyinfo ]; then
	run 0 top -b -n 1 --source proc
	said out '/proc alone: no core, decisions, map'
	run 0 top --json -n 2 -d 0.1 --source proc
	[ "$(wc -l <"$dir/out")" -eq 2 ] || fail 'not two samples'
	said out '"core":null'
fi
# No terminal.
run 2 top --source proc
said err 'use -b'
exit $bad
