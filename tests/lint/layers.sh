#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Fail where a file includes what its folder may not depend on.
cd "$(dirname "$0")/../.." || exit 1
bad=0

allow() { # allow FOLDER REGEX...: what an #include there may name, quotes and all
	folder=$1
	shift
	[ -d "$folder" ] || return
	allowed=$(printf '|%s' "$@")
	hits=$(grep -rnE '^[[:space:]]*#[[:space:]]*include' "$folder" --include='*.[ch]' |
		grep -vE "include[[:space:]]+(${allowed#|})")
	[ -n "$hits" ] || return
	bad=1
	printf '%s may not include:\n%s\n' "$folder" "$hits"
}

only() { # only REGEX FILE...: the files that may include it
	what=$1
	shift
	for f in core/*.[ch] bpf/*.[ch] tools/*.[ch] tui/*.[ch]; do
		case " $* " in
		*" $f "*) continue ;;
		esac
		if grep -qsE "^[[:space:]]*#[[:space:]]*include.*$what" "$f"; then
			bad=1
			echo "$f: only $* may include $what"
		fi
	done
}

own='"[a-z_]+\.h"'
allow core '<(errno|inttypes|limits|stdalign|stdbool|stddef|stdint|string)\.h>' '"pa[a-z_]*\.h"'
allow bpf '"vmlinux\.h"' '<bpf/bpf_[a-z_]+\.h>' '"(bpf/)?[a-z_]+(\.bpf)?\.h"'
allow tools '<[a-z0-9_/-]+\.h>' "$own" '"core/pa\.h"' '"bpf/[a-z_]+\.h"' '"[a-z_]+\.skel\.h"' '"tui/(top|settings)\.h"'
allow tui '<[a-z0-9_/-]+\.h>' "$own" '"tools/(source|metrics|out)\.h"'

only 'pa_internal\.h' "$(echo core/*)"
only '\.skel\.h' tools/probe.c tools/probe_count.c
only 'curses\.h' tui/term.c
only 'tui/' tools/cmd_top.c

# The dashboard's state and views: nothing goes in or out, no clock is read.
hits=$(grep -nE '\<(fopen|open|read|write|printf|fprintf|getenv|time|clock_gettime|nanosleep|source_[a-z]+)\(' \
	tui/state.c tui/keys.c tui/list.c tui/text.c tui/view*.c 2>/dev/null | grep -vE 'source_(count|stall|compact)_name\(')
[ -z "$hits" ] || {
	bad=1
	printf 'a state or a view does I/O:\n%s\n' "$hits"
}
exit $bad
