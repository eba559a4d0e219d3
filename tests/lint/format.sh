#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# C as .clang-format has it, scripts as shellcheck wants them.
cd "$(dirname "$0")/../.." || exit 1
bad=0
lacks=

if command -v clang-format >/dev/null; then
	find core bpf tools tui tests vmlinux.h -name '*.[ch]' -print0 2>/dev/null |
		xargs -0 clang-format --dry-run -Werror || bad=1
else
	lacks=clang-format
fi

if command -v shellcheck >/dev/null; then
	for f in .ci/run tests/run tests/cov tests/portable/run tests/vm/run tests/*/*.sh tools/*.sh contrib/*.sh; do
		[ ! -f "$f" ] || shellcheck -x -S warning -e SC3013 "$f" || bad=1
	done
else
	lacks="$lacks shellcheck"
fi

[ $bad -eq 0 ] || exit 1
[ -z "$lacks" ] || {
	echo "not installed: $lacks (make deps installs it)"
	exit 77
}
