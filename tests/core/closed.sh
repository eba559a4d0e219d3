#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The model is closed: what libpa.a wants from outside is what a freestanding
# compiler may call by itself.
lib=$(dirname "$BUDDYSCOPE")/libpa.a
command -v nm >/dev/null || {
	echo "nm is not installed"
	exit 77
}

defined=$(nm -g --defined-only "$lib" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u)
wanted=$(nm -u "$lib" 2>/dev/null | awk '$1 == "U" { print $2 }' | sort -u)
for symbol in $wanted; do
	case $symbol in
	memcpy | memset | memmove | memcmp | __stack_chk_fail | __asan_* | __ubsan_* | _GLOBAL_OFFSET_TABLE_) ;;
	*) echo "$defined" | grep -qx "$symbol" || echo "$symbol" ;;
	esac
done | {
	! grep . # prints what is left, and fails if anything is
}
