#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The main job on real input, for `make run`: record this host for a few
# seconds, or take the stored trace of a stock kernel where it does not let us;
# replay it into the core; show the first decisions where the two differ.
#
# BUDDYSCOPE and WORKLOAD name the two programs.
trace=$(dirname "$BUDDYSCOPE")/run.pgt

echo "== record this host for 5 seconds"
"$BUDDYSCOPE" record -o "$trace" -D 5 -- "$WORKLOAD" --mode gentle
code=$?
if [ $code -ne 0 ] && [ $code -ne 4 ]; then
	[ $code -eq 3 ] || exit $code
	set -- tests/data/*6.12*.pgt
	trace=$1
	[ -f "$trace" ] || exit $code
	echo "This host cannot be recorded; $trace, a stock kernel's trace, takes its place."
fi

echo "== replay $trace into the core"
"$BUDDYSCOPE" replay "$trace" || exit

echo "== the first decisions where kernel and core differ"
"$BUDDYSCOPE" diff "$trace" >"$trace.diff"
code=$?
head -n 12 "$trace.diff"
rm -f "$trace.diff"
case $code in
0) echo "None: they agree in every decision." ;;
1) ;; # differences are a finding, not a failure of the demonstration
*) exit $code ;;
esac
