#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A recorder that does not keep up loses events: counted, told, and too many end with 4.
. tests/kernel/common.sh

# The smallest array, and a recorder that sleeps for a second while the workload runs.
cat >"$dir/work" <<'END'
"$WORKLOAD" --mode gentle --seconds 1 >/dev/null 2>&1 &
sleep 0.3
kill -STOP $PPID
sleep 1
kill -CONT $PPID
wait
END
export dir

record() { # record FILE OPTION...: sets $code
	file=$1
	shift
	"$BUDDYSCOPE" record -m 64K -o "$file" "$@" -- sh "$dir/work" >"$dir/log" 2>&1
	code=$?
}

record "$dir/t.pgt"
[ $code -eq 0 ] || fail "without --max-loss: exit $code: $(cat "$dir/log")"
"$BUDDYSCOPE" info --json "$dir/t.pgt" >"$dir/info" || fail "info: exit $?"
lost=$(number "$dir/info" lost)
[ "${lost:-0}" -gt 0 ] || fail "nothing was lost: $(cat "$dir/log")"
grep -q "lost [1-9]" "$dir/log" || fail "record does not tell: $(cat "$dir/log")"
"$BUDDYSCOPE" verify "$dir/t.pgt" >"$dir/log" 2>&1 || fail "verify: $(cat "$dir/log")"
# Every record is there or counted, but for those of the snapshots' own time.
events=$(number "$dir/info" events)
records=$(number "$dir/info" records)
[ $((events + lost)) -le "$records" ] || fail "$events events and $lost lost of $records records"
[ $((events + lost)) -ge $((records * 9 / 10)) ] || fail "$events events and $lost lost of $records records"
"$BUDDYSCOPE" replay "$dir/t.pgt" >"$dir/log" 2>&1 || fail "replay: exit $?: $(cat "$dir/log")"
grep -q "lost $lost" "$dir/log" || fail "replay does not tell: $(cat "$dir/log")"

record "$dir/t.pgt" --max-loss 0.001
[ $code -eq 4 ] || fail "--max-loss: exit $code: $(cat "$dir/log")"
grep -q -- '--max-loss' "$dir/log" || fail "--max-loss: not told: $(cat "$dir/log")"
exit $bad
