#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# One look: no source file over 800 lines, vmlinux.h under 400, stored traces within 8 MB.
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

if [ -d tests/data ]; then
	kb=$(du -sk tests/data | cut -f 1)
	[ "$kb" -le 8192 ] || {
		bad=1
		echo "tests/data: $kb KB, more than 8192"
	}
fi
exit $bad
