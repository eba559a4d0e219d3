#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Facts shown twice agree: every tools/cmd_NAME.c is in main.c's table and has a
# page that buddyscope(1) names; every option of its getopt table stands in that
# page and in its usage.
cd "$(dirname "$0")/../.." || exit 1
bad=0

complain() {
	bad=1
	echo "$*"
}

# Pages spell an option "Fl -json" (mdoc) or "\-\-json" (man).
plain() {
	sed 's/\\-/-/g; s/Fl -/--/g' "$1"
}

for source in tools/cmd_*.c; do
	[ -f "$source" ] || continue
	c=${source#tools/cmd_}
	c=${c%.c}
	page=man/buddyscope-$c.1
	grep -q "&cmd_$c\b" tools/main.c || complain "tools/main.c: cmd_$c is not in the table"
	grep -qE "buddyscope-$c\b" man/buddyscope.1 || complain "man/buddyscope.1: does not name $c"
	if [ ! -f "$page" ]; then
		complain "$page: missing"
		continue
	fi
	table=$source
	! grep -q cmd_files_options "$source" || table=tools/cmd.c # the options they share
	options=$(grep -oE '\{ *"[a-z-]+", *(no|required|optional)_argument' "$table" | cut -d '"' -f 2)
	for o in $options; do
		plain "$page" | grep -qE -- "--$o([^a-z-]|$)" || complain "$page: no word of --$o"
		grep -qE -- "--$o([^a-z-]|$)" "$source" || complain "$source: --$o is not in its usage"
	done
done

# The classes of mismatch, X(ID, "name", ...), stand in buddyscope-diff(1).
sed -n '/define REPLAY_CLASSES/,/^$/s/.*X([A-Z]*, *"\([a-z ]*\)",.*/\1/p' tools/replay.h 2>/dev/null |
	while read -r name; do
		grep -qx ".It $name" man/buddyscope-diff.1 || echo "$name"
	done | {
	! grep .
} || complain 'man/buddyscope-diff.1: no word of the classes above'

# What a scenario may say (verbs, options, questions) stands in buddyscope-sim(1).
words=$({
	sed -n 's/.*\] = { "\([a-z]*\)", \(sim_\)*parse_.*/\1/p' tools/sim_steps.c
	sed -n 's/^\t\t{ "\([a-z-]*\)", parse_.*/\1/p' tools/sim_machine.c
	sed -n 's/^\t{ "\([a-z-]*\)", SIM_KEY_.*/\1/p' tools/sim_terms.c
	sed -n 's/^\t{ "\([A-Za-z_0-9-]*\)", PA_.*/\1/p' tools/sim_terms.c
	sed -n 's/^\t\(NUMBER\|OF_ZONE\|OF_REQUEST\|WORDS\)("\([a-z_ -]*\)".*/\2/p' tools/sim_numbers.c tools/sim_expect.c
	sed -n 's/.*\[PA_STEP_[A-Z_]*\] = "\([a-z? ]*\)".*/\1/p' core/slowpath.c
	sed -n 's/^\tSETTING(\([a-z_]*\)).*/\1/p' tools/settings.c
} | sort -u)
[ "$(echo "$words" | wc -l)" -ge 120 ] || complain 'tests/lint/docs.sh: what scenarios may say is not found'
page=$(sed 's/^\.[A-Z][a-z] //; s/\(Cm\|Ar\|Ns\|Oo\|Oc\|Op\|Li\) //g' man/buddyscope-sim.1 | tr '\n' ' ')
while read -r w; do
	case $page in
	*"$w"*) ;;
	*) complain "man/buddyscope-sim.1: no word of '$w'" ;;
	esac
done <<END
$words
END

if command -v mandoc >/dev/null; then
	for page in man/*.[15]; do
		mandoc -Tlint -Wwarning "$page" || bad=1
	done
fi
exit $bad
