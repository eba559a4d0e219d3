#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# top on this host: the stream beside the core, /proc where that is not permitted or costs too much.
. tests/kernel/common.sh
export LC_ALL=C.UTF-8

# A row of free blocks for each zone, as /proc/buddyinfo has them.
buddyinfo() {
	awk '{ sub(",", "", $2); line = $2 " " $4; for (i = 5; i <= NF; i++) line = line " " $i; print line }' \
		/proc/buddyinfo
}
blocks() {
	grep -oE '"node":[0-9]+,"name":"[^"]*"|"blocks":\[[0-9,]*\]' | tr -d '"[]' | tr ',' ' ' |
		sed 's/node://; s/name://; s/blocks:/ /' | paste -d '' - -
}

# Where nothing changed around a sample, it says what the kernel says.
mkfifo "$dir/samples"
"$BUDDYSCOPE" top --json --source live -d 0.1 -n 60 >"$dir/samples" 2>"$dir/log" &
pid=$!
quiet=0
n=0
while read -r line; do
	n=$((n + 1))
	buddyinfo >"$dir/after"
	if [ -s "$dir/before" ] && cmp -s "$dir/before" "$dir/after"; then
		quiet=$((quiet + 1))
		printf '%s\n' "$line" | blocks >"$dir/shown"
		cmp -s "$dir/before" "$dir/shown" ||
			fail "a quiet host, and top shows other blocks: $(diff "$dir/before" "$dir/shown")"
	fi
	printf '%s\n' "$line" >"$dir/last"
	buddyinfo >"$dir/before"
done <"$dir/samples"
wait $pid || fail "top: exit $?: $(cat "$dir/log")"
[ $n -eq 60 ] || fail "$n samples, not 60"
grep -q '"source":"live"' "$dir/last" || fail 'not live'
grep -q '"picks":[1-9]' "$dir/last" || fail 'nothing was compared'

# It gives up where it costs too much, and says so; the figures go on.
"$BUDDYSCOPE" top --json --source live -d 0.1 -n 8 --overhead-limit 0.0001 >"$dir/out" 2>"$dir/log" ||
	fail "top: exit $?: $(cat "$dir/log")"
tail -n 1 "$dir/out" >"$dir/last"
grep -q '"source":"proc".*more than --overhead-limit' "$dir/last" || fail "$(cut -c 1-300 "$dir/last")"
grep -q '"blocks":\[' "$dir/last" || fail 'no figures any more'

# Without privileges.
chmod 755 "$dir"
cp "$BUDDYSCOPE" "$dir/buddyscope"
chmod 755 "$dir/buddyscope"
nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$dir/buddyscope" "$@"
}
COLUMNS=200 nobody top -b -n 1 >"$dir/out" 2>"$dir/log" || fail "as nobody: exit $?: $(cat "$dir/log")"
grep -q 'not permitted (sudo buddyscope top, or once: sudo setcap' "$dir/out" ||
	fail "as nobody: no command is named: $(cat "$dir/out")"
nobody top -b -n 1 --source live >"$dir/out" 2>"$dir/log"
code=$?
[ $code -eq 3 ] || fail "as nobody, --source live: exit $code"
[ "$(wc -l <"$dir/log")" -eq 1 ] || fail "as nobody: not one line: $(cat "$dir/log")"
[ $quiet -gt 0 ] || {
	[ $bad -eq 0 ] || exit 1
	skip "this host was never quiet for a tenth of a second: free blocks were not compared"
}
exit $bad
