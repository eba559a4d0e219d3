#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A full disk is told and ends the recording; what was written before can be read.
. tests/kernel/common.sh

cat >"$dir/inside" <<'END'
mount -t tmpfs -o size=1m none "$dir/small" || exit 77
"$BUDDYSCOPE" record -o "$dir/small/t.pgt" -D 30 -- "$WORKLOAD" --mode gentle --seconds 20 >/dev/null 2>"$dir/log"
echo $? >"$dir/code"
cp "$dir/small/t.pgt" "$dir/t.pgt"
END
export dir
mkdir "$dir/small"
unshare -m sh "$dir/inside" 2>"$dir/why"
case $? in
0) ;;
*) skip "no tmpfs in a private mount namespace: $(cat "$dir/why")" ;;
esac
[ "$(cat "$dir/code")" -eq 2 ] || fail "exit $(cat "$dir/code") instead of 2: $(cat "$dir/log")"
grep -q 'No space left on device' "$dir/log" || fail "the reason is not told: $(cat "$dir/log")"
[ "$(grep -c '^buddyscope: ' "$dir/log")" -eq 1 ] || fail "not one message: $(cat "$dir/log")"
"$BUDDYSCOPE" info --json "$dir/t.pgt" >"$dir/info" 2>"$dir/log"
[ "$(number "$dir/info" events)" -gt 0 ] 2>/dev/null || fail "nothing can be read: $(cat "$dir/log")"
grep -q '"complete": false' "$dir/info" || fail "info does not say that the file is cut"
exit $bad
