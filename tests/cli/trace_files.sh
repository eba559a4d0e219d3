#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# info, verify, export and import from the outside: what they print, where, and
# their exit codes; pipes, default names, full disks, damage.
b=$(realpath "${BUDDYSCOPE:?}") || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
bad=0

check() { # check EXIT WHAT-IT-MUST-SAY COMMAND...: stdout and stderr together
	want=$1
	say=$2
	shift 2
	out=$("$@" 2>&1)
	got=$?
	[ $got -eq "$want" ] || {
		bad=1
		echo "$*: exit $got, not $want: $out"
	}
	printf '%s\n' "$out" | grep -qF -- "$say" || {
		bad=1
		echo "$*: does not say '$say': $out"
	}
}

cat >text <<'END'
{"rec":"meta","schema":"buddyscope.trace/1","migratetypes":["Unmovable","Movable"],"kernel":"6.12.117","tier":"fentry","page_shift":12,"nr_orders":11,"pageblock_order":9,"cpus":2}
{"rec":"zone","id":0,"node":0,"name":"Normal","start_pfn":4096,"spanned":8192,"present":8192,"managed":8000,"min":10,"low":12,"high":14,"lowmem_reserve":[0,0]}
{"rec":"free_list","at":"begin","zone":0,"order":3,"mt":"Movable","pfns":[4096,4112]}
{"rec":"ev","ts":1000000000,"cpu":0,"type":"zone_alloc","pfn":4096,"order":3,"mt":"Movable"}
{"rec":"lost","ts":2000000000,"cpu":1,"count":17}
{"rec":"free_list","at":"end","zone":0,"order":3,"mt":"Movable","pfns":[4112]}
{"rec":"stats","counters":{"records":1}}
END

# There and back, by file, by pipe and by default name.
"$b" import text || exit 1
"$b" export >again || exit 1
cmp text again || bad=1
"$b" export | "$b" import - -o - | "$b" export - >again || bad=1
cmp text again || bad=1
"$b" export --format ndjson -i pages.pgt -o again || bad=1
cmp text again || bad=1
cp pages.pgt first.pgt
"$b" import text || bad=1
cmp first.pgt pages.pgt.old || bad=1

check 0 "pages.pgt: ok, 7 chunks, 2 events, lost 17" "$b" verify
check 0 "2 in 1.000 s, lost 17" "$b" info
check 0 '"schema": "buddyscope.info/1"' "$b" info --json first.pgt
check 0 '"kernel": "6.12.117"' "$b" info --json -i first.pgt
check 0 '"complete": true' "$b" info --json

# Damage: exit 5, one line, offset and reason.
size=$(wc -c <pages.pgt)
head -c $((size - 1)) pages.pgt >cut.pgt
for c in verify info export; do
	check 5 "cut.pgt: offset $((size - 64)): cut" "$b" $c cut.pgt
done
check 5 '"complete": false' "$b" info --json cut.pgt
printf 'PGTRACE\n\002\0\0\0\0\0\0\0' >newer.pgt
: >empty.pgt
for c in verify info export; do
	check 5 "text: offset 0: not a trace" "$b" $c text
	check 5 "newer" "$b" $c newer.pgt
	check 5 "empty.pgt: offset 0: empty file" "$b" $c empty.pgt
	check 2 "absent.pgt: No such file" "$b" $c absent.pgt
	check 2 "usage: buddyscope $c" "$b" $c --no-such-option
	check 2 "usage: buddyscope $c" "$b" $c a b
	[ "$("$b" $c text 2>&1 | wc -l)" -eq 1 ] || bad=1
done
sed '3s/Movable/Green/' text >green
check 5 'buddyscope: import: line 3: "mt" is not one of the migratetypes' "$b" import green -o x.pgt
check 2 "there is no format 'xml'" "$b" import --format xml text
check 2 "there is no format 'xml'" "$b" export --format xml
{
	cat text
	echo '{"rec":"weather"}'
} >extra
check 0 "1 of 8 lines are of a kind that a trace has no place for" "$b" import extra -o x.pgt

if [ -w /dev/full ]; then
	check 2 "/dev/full: No space left" "$b" import text -o /dev/full
	check 2 "/dev/full: No space left" "$b" export -o /dev/full
fi
exit $bad
