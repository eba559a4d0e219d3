#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Traces of stock kernels replay exactly.
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0

fail() {
	bad=1
	echo "$1"
}

# number NAME: a member of the object in $dir/json that is a number
number() {
	sed -n "s/^  \"$1\": \([0-9]*\),*\$/\1/p" "$dir/json"
}

# estimates NAME: a count of the class "lru estimate"
estimates() {
	sed -n "s/.*\"lru estimate\": {.*\"$1\": \([0-9]*\).*/\1/p" "$dir/json"
}

same() { # same TRACE WHAT LEFT RIGHT
	[ -n "$3" ] && [ "$3" = "$4" ] || fail "$1: $2: '$3' is not '$4'"
}

exact() {
	"$BUDDYSCOPE" replay --json "$1" >"$dir/json" || fail "$1: replay: exit $?"
	same "$1" 'lost' "$(number lost)" 0
	same "$1" 'picks' "$(number picks_exact)" "$(($(number picks) - $(estimates picks)))"
	same "$1" 'fallbacks' "$(number fallbacks_exact)" \
		"$(($(number fallbacks) - $(estimates fallbacks)))"
	same "$1" 'claims' "$(number claims_exact)" "$(($(number claims) - $(estimates claims)))"
	same "$1" 'repairs' "$(number repairs)" "$(estimates repairs)"
	same "$1" 'lists in order' "$(number lists_exact_order)" "$(number lists)"
	same "$1" 'free blocks' "$(number final_blocks_exact)" "$(number final_blocks)"
	[ "$(number picks)" -ge 100000 ] || fail "$1: fewer than 100000 picks"
	[ "$(number lists)" -gt 0 ] || fail "$1: no list was compared"
	grep -q '"proven": true' "$dir/json" || fail "$1: not proven"
}

# Tracepoints alone: not everything is seen, and every miss has a class.
nearly() {
	"$BUDDYSCOPE" replay --json "$1" >"$dir/json" || fail "$1: replay: exit $?"
	same "$1" 'lost' "$(number lost)" 0
	[ $(($(number picks_exact) * 1000)) -ge $(($(number picks) * 999)) ] ||
		fail "$1: $(number picks_exact) of $(number picks) picks are fewer than 99.9 %"
	same "$1" 'misses in a class' "$(sed -n 's/.*": {"picks": \([0-9]*\),.*/\1/p' "$dir/json" |
		awk '{ n += $1 } END { print n + 0 }')" "$(($(number picks) - $(number picks_exact)))"
}

found=0
for trace in tests/data/*.pgt; do
	[ -f "$trace" ] || continue
	found=1
	case $trace in
	*tracepoint*) nearly "$trace" ;;
	*) exact "$trace" ;;
	esac
done
[ $found -eq 1 ] || {
	echo "tests/data holds no trace"
	exit 77
}
exit $bad
