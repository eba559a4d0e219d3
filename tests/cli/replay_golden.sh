#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Traces of stock kernels replay exactly; one whose picks were altered shows just those.
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

# alter: one pick in a few thousand, of order 0, becomes its buddy; its event goes to altered
alter() {
	awk -v list="$dir/altered" '
		/^\{"rec":"(ev|lost)"/ { event++ }
		held != "" {
			# Alone, and not part of a fallback: that has a page of its own.
			if ($0 !~ /"type":"fallback"/ && before !~ /"type":"fallback"/) {
				match(held, /"pfn":[0-9]+/)
				pfn = substr(held, RSTART + 6, RLENGTH - 6) + 0
				other = pfn % 2 ? pfn - 1 : pfn + 1
				sub(/"pfn":[0-9]+/, "\"pfn\":" other, held)
				print event - 2 >list
				picks = 0
			}
			before = held
			print held
			held = ""
		}
		/"type":"zone_alloc"/ && /"order":0,/ && ++picks > 4000 { held = $0; next }
		{ print; before = $0 }
		END { if (held != "") print held }'
}

# differing TRACE OPTION...: numbers of the events at which kernel and core differ, sorted
differing() {
	"$BUDDYSCOPE" diff --csv "$@" | tail -n +2 | cut -d , -f 1 | sort
}

# reported TRACE OPTION...: the altered picks, those and no other, are reported besides
reported() {
	name=$1
	shift
	differing "$name" "$@" >"$dir/before"
	differing "$dir/false.pgt" "$@" >"$dir/after"
	sort "$dir/altered" | comm -23 - "$dir/before" >"$dir/new"
	[ -s "$dir/new" ] || fail "$name: nothing was altered"
	comm -13 "$dir/before" "$dir/after" | cmp -s - "$dir/new" ||
		fail "$name: other picks than the altered ones are reported ($*)"
}

# event and the core's pfn, path and source
choices() {
	"$BUDDYSCOPE" diff --no-repair --all --csv "$1" | cut -d , -f 1,11-14
}

# Nothing is copied from the answer.
altered() {
	"$BUDDYSCOPE" export "$1" >"$dir/true.json" || fail "$1: export"
	alter <"$dir/true.json" >"$dir/false.json"
	"$BUDDYSCOPE" import "$dir/false.json" -o "$dir/false.pgt" || fail "$1: import"
	reported "$1"
	reported "$1" --no-repair
	# The core goes its own way and must choose the same, whatever picks the trace claims.
	choices "$1" >"$dir/core"
	choices "$dir/false.pgt" | cmp -s - "$dir/core" ||
		fail "$1: altered picks changed the core's choices"
	rm -f "$dir/altered"
}

found=0
for trace in tests/data/*.pgt; do
	[ -f "$trace" ] || continue
	found=1
	exact "$trace"
	altered "$trace"
done
[ $found -eq 1 ] || {
	echo "tests/data holds no trace"
	exit 77
}
exit $bad
