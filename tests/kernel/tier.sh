#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# --tier gives the tier asked for, or exit 3 and the tier there is; auto gives what check says.
. tests/kernel/common.sh

"$BUDDYSCOPE" check >"$dir/check" || fail "check: exit $?"
best=$(sed -n 's/^tier  *//p' "$dir/check")
case $best in
tracepoint | fentry | kprobe) ;;
*) fail "check: no tier: $(cat "$dir/check")" ;;
esac
"$BUDDYSCOPE" info --json "$dir/try.pgt" | grep -q "\"tier\": \"$best\"" ||
	fail "record --tier auto is not the tier of check, $best"

# Of sites that stand in for each other one is told.
twice=$("$BUDDYSCOPE" check --json | grep -o '"kind": "[^"]*", "func": "[^"]*"' | sort | uniq -d)
[ -z "$twice" ] || fail "check names sites twice: $twice"

for tier in tracepoint fentry kprobe; do
	rm -f "$dir/t.pgt"
	"$BUDDYSCOPE" record -q --tier $tier -o "$dir/t.pgt" -- true >"$dir/log" 2>&1
	code=$?
	case $code in
	0)
		"$BUDDYSCOPE" info --json "$dir/t.pgt" | grep -q "\"tier\": \"$tier\"" ||
			fail "--tier $tier: the trace has another"
		;;
	3)
		grep -q "$best" "$dir/log" || fail "--tier $tier: $(cat "$dir/log")"
		[ $tier != tracepoint ] || fail "--tier tracepoint is refused: $(cat "$dir/log")"
		[ $tier != "$best" ] || fail "--tier $tier is refused, and check says it: $(cat "$dir/log")"
		;;
	*) fail "--tier $tier: exit $code: $(cat "$dir/log")" ;;
	esac
done
"$BUDDYSCOPE" record --tier no-such -o "$dir/t.pgt" -- true >"$dir/log" 2>&1
[ $? -eq 2 ] || fail "--tier no-such is accepted"
exit $bad
