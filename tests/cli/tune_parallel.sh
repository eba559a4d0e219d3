#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The command that buddyscope-tune(1) names for GNU parallel: its parts are the whole.
. tests/cli/common.sh

trace=tests/data/debian-6.1.pgt
[ -f "$trace" ] || {
	echo "$trace is not there"
	exit 77
}
parallel --version 2>/dev/null | grep -q '^GNU parallel' || {
	echo 'no GNU parallel (apt-get install parallel)'
	exit 77
}
grid='--grid vm.watermark_boost_factor=0,15000,30000'

# shellcheck disable=SC2086 # they are words
run 0 tune $grid --csv $trace
cp "$dir/out" "$dir/whole"
cd "$dir" || exit 1
BUDDYSCOPE=$(realpath "$OLDPWD/$BUDDYSCOPE" 2>/dev/null || echo "$BUDDYSCOPE")
# shellcheck disable=SC2086
PARALLEL_HOME=$dir parallel --will-cite "$BUDDYSCOPE" tune $grid --jobs 1 --shard {}/4 "$OLDPWD/$trace" \
	'>' part{} ::: 1 2 3 4 >"$dir/out" 2>"$dir/err" </dev/null || fail 'parallel failed'
run 0 tune --merge --csv part1 part2 part3 part4
cmp -s "$dir/whole" "$dir/out" || fail 'the parts joined are not the whole'
exit $bad
