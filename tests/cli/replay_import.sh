#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A capture that comes as NDJSON replays as the native trace does.
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
native=tests/data/debian-6.12.pgt
[ -f $native ] || {
	echo "tests/data holds no trace"
	exit 77
}
bad=0

# replay TRACE: all that it prints but how fast it was
replay() {
	"$BUDDYSCOPE" replay --json "$1" | grep -v events_per_second
}

same() { # same WHAT FILE FILE
	cmp -s "$2" "$3" || {
		bad=1
		echo "$1:"
		diff "$2" "$3"
	}
}

# The first of it is enough; a reader that goes away early is no error of export's.
"$BUDDYSCOPE" export $native 2>"$dir/err" | head -n 200000 >"$dir/all"
"$BUDDYSCOPE" import -o "$dir/native.pgt" "$dir/all" || exit 1
replay "$dir/native.pgt" >"$dir/want"
grep -q '"picks": [1-9][0-9]\{4\}' "$dir/want" || {
	bad=1
	echo "fewer than 10000 picks: $(grep '"picks"' "$dir/want")"
}
"$BUDDYSCOPE" export "$dir/native.pgt" >"$dir/all" || exit 1
"$BUDDYSCOPE" import -o "$dir/all.pgt" "$dir/all" || exit 1
replay "$dir/all.pgt" >"$dir/got"
same "imported" "$dir/want" "$dir/got"

# Somebody else's: no policy, no tier, nothing that only this tool writes about itself.
sed '1s/"\(policy\|tier\|command\)":"[^"]*",\{0,1\}//g; 1s/"recorder_pid":[0-9]*,\{0,1\}//
	1s/"sites":{[^}]*},\{0,1\}//; 1s/,}$/}/; /"rec":"stats"/d' "$dir/all" >"$dir/foreign"
head -n 1 "$dir/foreign" | grep -q '"policy"\|"tier"\|"sites"' && {
	bad=1
	echo "the foreign header still has members of ours"
}
"$BUDDYSCOPE" import -o "$dir/foreign.pgt" "$dir/foreign" || exit 1
replay "$dir/foreign.pgt" >"$dir/got"
for file in want got; do # what it was told, and what it made of it
	grep -v '"policy_from"\|"tier"' "$dir/$file" >"$dir/$file.numbers"
done
same "foreign" "$dir/want.numbers" "$dir/got.numbers"
exit $bad
