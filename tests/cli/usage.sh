#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Help, version and misuse of the command and of each subcommand.
. tests/cli/common.sh

run 0 --help
said out 'usage: buddyscope COMMAND'
commands=$(sed -n 's/^  \([a-z]*\) .*/\1/p' "$dir/out")
[ -n "$commands" ] || fail 'no command is listed'

run 0 -V
grep -qE '^buddyscope [0-9]+\.[0-9]+\.[0-9]+$' "$dir/out" || fail 'version line'
run 2
said err 'usage: buddyscope COMMAND'
run 2 nonesuch
said err 'buddyscope: nonesuch: no such command'
said err 'usage: buddyscope COMMAND'
run 2 help nonesuch

for c in $commands; do
	run 0 help "$c"
	said out "usage: buddyscope $c"
	[ ! -s "$dir/err" ] || fail "help $c writes to stderr"
	cp "$dir/out" "$dir/help"
	run 0 "$c" --help
	cmp -s "$dir/out" "$dir/help" || fail "help $c and $c --help differ"

	# Without BPF these two have no options to refuse.
	"$BUDDYSCOPE" "$c" --nonesuch >"$dir/out" 2>"$dir/err" </dev/null
	if [ $? -eq 3 ] && grep -q 'this build has no BPF' "$dir/err"; then
		continue
	fi
	run 2 "$c" --nonesuch
	said err "buddyscope: $c: "
	said err '--nonesuch'
	said err "usage: buddyscope $c"
	[ "$(grep -c '^buddyscope:' "$dir/err")" -eq 1 ] || fail "$c says it more than once"
done
exit $bad
