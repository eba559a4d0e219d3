#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The main job on real input, for `make run`: record this host for a few
# seconds, or take the stored trace of a stock kernel where it does not let us;
# replay it into the core; show the first decisions where the two differ.
#
# BUDDYSCOPE and WORKLOAD name the two programs.
trace=$(dirname "$BUDDYSCOPE")/run.pgt
shown=$(mktemp) || exit 1
trap 'rm -f "$shown"' EXIT

echo "== record this host for 5 seconds"
"$BUDDYSCOPE" record -o "$trace" -D 5 -- "$WORKLOAD" --mode gentle
code=$?
if [ $code -ne 0 ] && [ $code -ne 4 ]; then
	[ $code -eq 3 ] || exit $code
	for trace in tests/data/*6.12*.pgt tests/data/*.pgt; do
		[ ! -f "$trace" ] || break
	done
	[ -f "$trace" ] || {
		echo "buddyscope: run: no trace is stored in tests/data (run it as root, on a kernel with BTF)" >&2
		exit $code
	}
	echo "This host cannot be recorded; $trace, a stock kernel's trace, takes its place."
fi

echo "== replay $trace into the core"
"$BUDDYSCOPE" replay "$trace" || exit

echo "== the first decisions where kernel and core differ"
"$BUDDYSCOPE" diff "$trace" >"$shown"
code=$?
head -n 10 "$shown"
[ "$(wc -l <"$shown")" -le 10 ] || tail -n 1 "$shown"
# Differences are a finding, not a failure of the demonstration.
[ $code -le 1 ] || exit $code
