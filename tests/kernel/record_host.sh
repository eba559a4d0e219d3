#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A recording of this host is whole, and the core makes the host's decisions.
. tests/kernel/common.sh

"$BUDDYSCOPE" record -o "$dir/t.pgt" -D 5 -- "$WORKLOAD" --mode gentle >"$dir/log" 2>&1 ||
	fail "record: exit $?: $(cat "$dir/log")"
"$BUDDYSCOPE" verify "$dir/t.pgt" >"$dir/log" 2>&1 || fail "verify: exit $?: $(cat "$dir/log")"
"$BUDDYSCOPE" info --json "$dir/t.pgt" >"$dir/info" || fail "info: exit $?"
grep -q '"complete": true' "$dir/info" || fail "info: not complete"
[ "$(number "$dir/info" lost)" = 0 ] || fail "lost in the stream: $(number "$dir/info" lost)"
[ "$(number "$dir/info" events)" -ge 10000 ] || fail "only $(number "$dir/info" events) events"
awk -v b="$(number "$dir/info" bytes_per_event)" 'BEGIN { exit b <= 3 ? 0 : 1 }' ||
	echo "note: $(number "$dir/info" bytes_per_event) bytes an event"

"$BUDDYSCOPE" replay --json "$dir/t.pgt" >"$dir/replay" || fail "replay: exit $?"
picks=$(number "$dir/replay" picks)
exact=$(number "$dir/replay" picks_exact)
[ "${picks:-0}" -ge 500 ] || fail "only '$picks' picks"
[ $((exact * 1000)) -ge $((picks * 995)) ] || fail "$exact of $picks picks are exact: under 99.5 %"
# Every miss is in a class: {"lru estimate": {"picks": 3, ...}, ...}
classed=$(sed -n '/"classes"/,/^  }/p' "$dir/replay" | grep -o '"picks": [0-9]*' |
	awk '{ n += $2 } END { print n + 0 }')
[ $((exact + classed)) -eq "$picks" ] || fail "$((picks - exact)) misses, $classed of them in a class"
exit $bad
