#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Ctrl-C ends a recording normally; a killed one reads up to its last whole chunk.
. tests/kernel/common.sh

"$WORKLOAD" --mode gentle --seconds 20 >/dev/null 2>&1 &
load=$!

# SIGINT, as a terminal sends it: a shell without job control starts its children deaf to it.
start() { # start FILE: sets $pid
	env --default-signal=INT "$BUDDYSCOPE" record -q -o "$1" -D 30 2>"$dir/log" &
	pid=$!
	within 10 holds_more "$1" 100000 || fail "$1 does not grow: $(cat "$dir/log")"
}

for signal in INT TERM; do
	start "$dir/$signal.pgt"
	kill -s $signal $pid
	wait $pid
	code=$?
	[ $code -eq 0 ] || fail "SIG$signal: exit $code: $(cat "$dir/log")"
	"$BUDDYSCOPE" verify "$dir/$signal.pgt" >"$dir/log" 2>&1 || fail "SIG$signal: $(cat "$dir/log")"
	"$BUDDYSCOPE" info --json "$dir/$signal.pgt" | grep -q '"complete": true' ||
		fail "SIG$signal: not a whole file"
done

# has_events FILE: as far as it can be read
has_events() {
	[ "$("$BUDDYSCOPE" info --json "$1" 2>/dev/null | sed -n 's/^  "events": \([0-9]*\),$/\1/p')" -gt 0 ] 2>/dev/null
}

start "$dir/kill.pgt"
within 10 has_events "$dir/kill.pgt" || fail "no event reaches the file"
kill -9 $pid
wait $pid 2>/dev/null
"$BUDDYSCOPE" info --json "$dir/kill.pgt" >"$dir/info" 2>"$dir/log"
[ "$(number "$dir/info" events)" -gt 0 ] 2>/dev/null || fail "SIGKILL: info reads no event"
grep -q '"complete": false' "$dir/info" || fail "SIGKILL: info does not say that the file is cut"
"$BUDDYSCOPE" verify "$dir/kill.pgt" >"$dir/log" 2>&1
code=$?
[ $code -eq 5 ] || fail "SIGKILL: verify: exit $code"
grep -qi 'offset\|cut\|end mark' "$dir/log" || fail "SIGKILL: verify: $(cat "$dir/log")"
"$BUDDYSCOPE" replay "$dir/kill.pgt" >"$dir/log" 2>&1
code=$?
[ $code -eq 5 ] || fail "SIGKILL: replay: exit $code: $(cat "$dir/log")"
grep -q '^picks' "$dir/log" || fail "SIGKILL: replay makes nothing of it: $(cat "$dir/log")"

kill $load
wait $load 2>/dev/null
exit $bad
