#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# One look: no source file over 800 lines, no function over 75, vmlinux.h under
# 400 lines, stored traces within 8 MB.
cd "$(dirname "$0")/../.." || exit 1
bad=0

limit() { # limit LINES FILE...
	most=$1
	shift
	for f; do
		[ -f "$f" ] || continue
		lines=$(wc -l <"$f")
		[ "$lines" -le "$most" ] || {
			bad=1
			echo "$f: $lines lines, more than $most"
		}
	done
}

limit 800 Makefile core/*.[ch] bpf/*.[ch] tools/*.[ch] tui/*.[ch] tests/*.[ch] tests/*/*.[ch] tests/*/*.sh
limit 399 vmlinux.h

# A function's body opens and closes in the first column.
long=$(awk 'FNR == 1 { from = 0 }
	/^\{/ { from = FNR }
	/^\}/ { if (from && FNR - from > 75) print FILENAME ":" from ": a function of " FNR - from " lines"; from = 0 }
' core/*.c bpf/*.[ch] tools/*.c tui/*.c 2>/dev/null)
[ -z "$long" ] || {
	bad=1
	echo "$long"
}

if [ -d tests/data ]; then
	kb=$(du -sk tests/data | cut -f 1)
	[ "$kb" -le 8192 ] || {
		bad=1
		echo "tests/data: $kb KB, more than 8192"
	}
fi
exit $bad
