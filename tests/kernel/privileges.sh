#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Without privileges record says what it needs; with them it keeps one while it records.
. tests/kernel/common.sh

chmod 755 "$dir"
cp "$BUDDYSCOPE" "$dir/buddyscope"
chmod 755 "$dir/buddyscope"
mkdir -m 777 "$dir/out"
setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \
	"$dir/buddyscope" record -D 1 -o "$dir/out/t.pgt" >"$dir/log" 2>&1
code=$?
[ $code -eq 3 ] || fail "as nobody: exit $code: $(cat "$dir/log")"
[ "$(wc -l <"$dir/log")" -eq 1 ] || fail "as nobody: not one line: $(cat "$dir/log")"
grep -q 'cap_bpf' "$dir/log" || fail "as nobody: no capability is named: $(cat "$dir/log")"
grep -q 'setcap' "$dir/log" || fail "as nobody: no command is named: $(cat "$dir/log")"

"$BUDDYSCOPE" record -q -o "$dir/t.pgt" -D 5 2>"$dir/log" &
pid=$!
within 10 holds_more "$dir/t.pgt" 10000 || fail "the trace does not grow: $(cat "$dir/log")"
for set in CapEff CapPrm; do
	caps=$(sed -n "s/^$set:[[:space:]]*0*//p" /proc/$pid/status)
	[ "$caps" = 8000000000 ] || fail "while recording $set is '$caps', not CAP_BPF alone"
done
kill $pid
wait $pid || fail "record: exit $?: $(cat "$dir/log")"

# What is recorded has the caller's privileges, all of them.
# shellcheck disable=SC2016 # for the inner shell
"$BUDDYSCOPE" record -q -o "$dir/t.pgt" -- sh -c 'grep ^CapEff /proc/self/status >"$0"' "$dir/child" ||
	fail "record: exit $?"
grep ^CapEff /proc/self/status | cmp -s - "$dir/child" || fail "the command lost privileges"
exit $bad
