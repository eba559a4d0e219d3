# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# What the tests of this folder share; they source it first.

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0 # what each test exits with
export bad

fail() {
	bad=1
	echo "$1"
}

skip() {
	echo "$1"
	exit 77
}

# A member of a JSON object in a file that is a number; the first of that name.
number() { # number FILE NAME
	sed -n "s/^ *\"$2\": \([0-9.]*\),*\$/\1/p" "$1" | head -n 1
}

# Wait until a command succeeds; it fails after SECONDS.
within() { # within SECONDS COMMAND...
	left=$(($1 * 20))
	shift
	until "$@"; do
		[ $((left -= 1)) -gt 0 ] || return 1
		sleep 0.05
	done
}

holds_more() { # holds_more FILE BYTES
	[ "$(stat -c %s "$1" 2>/dev/null || echo 0)" -gt "$2" ]
}

ended() {
	! kill -0 "$1" 2>/dev/null
}

[ "$(id -u)" -eq 0 ] || skip "needs root"
[ -r /sys/kernel/btf/vmlinux ] || skip "this kernel has no BTF"
"$BUDDYSCOPE" record -q -o "$dir/try.pgt" -- true >"$dir/why" 2>&1
code=$?
[ $code -ne 3 ] || skip "$(cat "$dir/why")"
[ $code -eq 0 ] || {
	cat "$dir/why"
	exit 1
}
