# shellcheck shell=sh disable=SC2034 # bad is for who includes this
# SPDX-License-Identifier: GPL-2.0-only
# What the scripts of this folder share: run the command, look at what it said.
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0

run() { # run CODE ARGS...: run the command and check its exit code
	want=$1
	shift
	"$BUDDYSCOPE" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	code=$?
	[ "$code" -eq "$want" ] || fail "exit $code, not $want: buddyscope $*"
}

fail() {
	bad=1
	echo "$1"
	sed 's/^/    /' "$dir/out" "$dir/err"
}

said() { # said FILE TEXT: FILE holds TEXT
	grep -qF -- "$2" "$dir/$1" || fail "std$1 lacks '$2'"
}
