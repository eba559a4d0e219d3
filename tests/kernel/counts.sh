#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The pages of the recorded allocations and frees are those that the kernel counts itself.
. tests/kernel/common.sh

# pgalloc counts what leaves the buddy lists for somebody's use, pcp hits included: in pages.
pages() {
	awk '/^pgalloc_/ { a += $2 } /^pgfree / { f += $2 } END { printf "%.0f %.0f\n", a, f }' \
		/proc/vmstat
}

# The counters of each CPU are folded every second (vm.stat_interval); events are counted at once.
cat >"$dir/work" <<'END'
awk '/^pgalloc_/ { a += $2 } /^pgfree / { f += $2 } END { printf "%.0f %.0f\n", a, f }' /proc/vmstat >"$dir/before"
"$WORKLOAD" --mode gentle --seconds 3
awk '/^pgalloc_/ { a += $2 } /^pgfree / { f += $2 } END { printf "%.0f %.0f\n", a, f }' /proc/vmstat >"$dir/after"
END
export dir
"$BUDDYSCOPE" record -q -o "$dir/t.pgt" -- sh "$dir/work" >/dev/null || fail "record: exit $?"
[ -s "$dir/after" ] || fail "the workload did not run"
"$BUDDYSCOPE" export "$dir/t.pgt" | awk -F'[:,]' '
	/"type":"(alloc|free)"/ {
		match($0, /"order":[0-9]+/)
		n = 2 ^ substr($0, RSTART + 8, RLENGTH - 8)
		if ($0 ~ /"type":"alloc"/)
			a += $0 ~ /"pfn"/ ? n : 0
		else
			f += n
	}
	END { printf "%.0f %.0f\n", a, f }' >"$dir/ours"
# The noise: what this host does by itself in as long, and what record does at its start and end.
pages >"$dir/idle0"
sleep 3
pages >"$dir/idle1"
noise=$(cat "$dir/idle0" "$dir/idle1" | awk 'NR == 1 { a = $1 } END { print $1 - a }')
cat "$dir/before" "$dir/after" "$dir/ours" | awk -v noise="$noise" '
	NR == 1 { a = $1; f = $2 }
	NR == 2 { a = $1 - a; f = $2 - f }
	END {
		may = a / 50 + 2 * noise + 4096
		printf "allocated: kernel %d, trace %d; freed: kernel %d, trace %d; may differ by %d (idle host: %d)\n",
			a, $1, f, $2, may, noise
		exit ($1 - a) ^ 2 > may ^ 2 || ($2 - f) ^ 2 > may ^ 2
	}' >"$dir/verdict" || fail "$(cat "$dir/verdict")"
cat "$dir/verdict"
exit $bad
