#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# tune: what it prints, that it prints the same whoever does the work, what it refuses.
. tests/cli/common.sh

trace=tests/data/debian-6.1.pgt
[ -f "$trace" ] || {
	echo "$trace is not there"
	exit 77
}
grid='--runs 2 --grid vm.watermark_boost_factor=0,15000 --grid vm.min_free_kbytes=65536'

# Parts, joined, are the whole: the same bytes with one thread and with five.
# shellcheck disable=SC2086 # they are words
run 0 tune --goal fallbacks $grid --json --jobs 5 $trace
[ ! -s "$dir/err" ] || fail 'a bar is drawn though this is no terminal'
cp "$dir/out" "$dir/whole"
for member in '"schema": "buddyscope.tune/1"' '"goal": "fallbacks"' '"runs": 2' '"unchanged": {' '"rows": [' \
	'"set": ["vm.watermark_boost_factor=0", "vm.min_free_kbytes=65536"]' '"interval": [' \
	'"fidelity": {' '"requests_exact": '; do
	said out "$member"
done
[ "$(grep -c '"rank"' "$dir/out")" -eq 2 ] || fail 'not two rows'
for i in 1 2 3; do
	# shellcheck disable=SC2086
	run 0 tune --goal fallbacks $grid --shard $i/3 --jobs 1 $trace
	cp "$dir/out" "$dir/part$i"
done
run 0 tune --merge --json "$dir/part3" "$dir/part1" "$dir/part2"
cmp -s "$dir/whole" "$dir/out" || fail 'the parts joined are not the whole, or the number of jobs counts'
run 0 tune --merge "$dir/part1" "$dir/part2" "$dir/part3"
for line in 'goal         fallbacks: ' 'less is better' 'fidelity     nothing changed' ' unchanged' \
	' vm.watermark_boost_factor=0 vm.min_free_kbytes=65536' \
	' vm.watermark_boost_factor=15000 vm.min_free_kbytes=65536'; do
	said out "$line"
done
said out 'each setting was run 2 times'
said out 'such predictions beside real kernels'
said out '  min_free_kbytes  '
run 5 tune --merge "$dir/part1" "$dir/part3"
said err 'is in none of the parts'
run 5 tune --merge "$dir/part1" "$dir/part1" "$dir/part2" "$dir/part3"
said err 'is in another part too'
run 0 tune --runs 1 --goal stall --grid vm.watermark_boost_factor=0 --shard 1/1 $trace
cp "$dir/out" "$dir/other"
run 5 tune --merge "$dir/part1" "$dir/other"
said err 'another trace, grid, goal or version'
run 5 tune --merge $trace
run 5 tune --merge "$dir/whole"
said err 'not a partial result'
sed 's/"run": 0/"run": 99/' "$dir/part1" >"$dir/bad"
run 5 tune --merge "$dir/bad" "$dir/part2" "$dir/part3"
said err 'a run without its number'
run 2 tune --merge
run 2 tune --merge --grid vm.min_free_kbytes=4096 "$dir/part1"
run 2 tune --shard 4/3 $trace
run 2 tune --shard 0/3 $trace
run 2 tune --shard 3 $trace

# What the trace had already makes no difference, to the last block.
run 0 tune --goal order:4 --grid vm.watermark_boost_factor=15000 --csv $trace
[ "$(wc -l <"$dir/out")" -eq 2 ] || fail 'not a heading and a row'
grep -q '^,vm.watermark_boost_factor=15000,no difference,[0-9.]*,0.0000,0.0000,0.0000,' "$dir/out" ||
	fail 'the setting of the trace differs from the trace'

# Policies.
run 0 tune --runs 1 --policy 6.18 $trace
said out 'policy 6.18'

# Where nothing is better there is no file to write.
run 1 tune --grid vm.watermark_boost_factor=15000 --emit sysctl.d $trace
said err 'nothing to emit'
[ ! -s "$dir/out" ] || fail 'something is emitted all the same'

# What cannot be is refused, with what can.
run 2 tune --grid vm.swappiness=1 $trace
said err 'no such setting'
run 2 tune --grid vm.watermark_scale_factor=10,3001 $trace
said err '1 to 3000'
run 2 tune --grid vm.defrag_mode=1 --policy 6.1,6.12 $trace
said err 'out of range under policy 6.1'
run 2 tune --grid vm.compaction_proactiveness=1 --policy 4.4 $trace
said err 'policy 4.4 has no vm.compaction_proactiveness'
run 2 tune --grid vm.khugepaged=1 $trace
run 2 tune --grid min_free_kbytes=1 $trace
run 2 tune --grid vm.min_free_kbytes= $trace
run 2 tune --grid vm.min_free_kbytes=4096, $trace
run 2 tune --goal order:11 $trace
said err 'order:N below 11'
run 2 tune --goal order $trace
run 2 tune --goal thp:3 $trace
run 2 tune --policy 9.9 $trace
run 2 tune --emit yaml $trace
run 2 tune --jobs 0 $trace
run 2 tune --runs 0 $trace
run 2 tune --runs 65 $trace
said err '1 to 64'
run 2 tune a b
run 2 tune "$dir/nonesuch"
run 5 tune "$0"

# Nothing here may reach a setting of this host: only what is refused before.
run 2 tune --apply vm.swappiness=1
said err 'no such setting'
run 2 tune --apply vm.watermark_scale_factor=3001
said err '1 to 3000'
run 2 tune --apply "$dir/nonesuch"
printf '# a comment\n\nvm.min_free_kbytes = 5 6\n' >"$dir/settings"
run 2 tune --apply "$dir/settings"
said err 'out of range'
run 2 tune --undo --journal "$dir/nonesuch"
said err 'nothing is to be undone'
echo nonsense >"$dir/journal"
run 5 tune --undo --journal "$dir/journal"
said err 'the journal is damaged'
run 2 tune --undo --apply vm.watermark_scale_factor=3000 --journal "$dir/journal"
run 2 tune --undo $trace
run 2 tune --watch 5 $trace
said err '--watch goes with --apply or --undo'

# No snapshot; nothing in it; too much lost; nobody asks for huge pages; cut short.
trace bare <<END
{"rec":"ev","ts":1000,"cpu":0,"type":"alloc","pfn":4100,"order":0,"mt":"Movable","gfp":8}
END
run 5 tune "$dir/bare.pgt"
said err 'no opening snapshot'
trace idle <<END
{"rec":"free_list","at":"begin","zone":0,"order":10,"mt":"Movable","pfns":[4096,5120]}
END
run 5 tune "$dir/idle.pgt"
said err 'no events'
trace lossy <<END
{"rec":"free_list","at":"begin","zone":0,"order":10,"mt":"Movable","pfns":[4096,5120]}
{"rec":"ev","ts":1000,"cpu":0,"type":"alloc","pfn":4096,"order":0,"mt":"Movable","gfp":8}
{"rec":"lost","ts":2000,"cpu":1,"count":17}
{"rec":"ev","ts":3000,"cpu":0,"type":"free","pfn":4096,"order":0}
END
run 4 tune --max-loss 1 "$dir/lossy.pgt"
said err 'more than --max-loss'
[ ! -s "$dir/out" ] || fail 'a table is printed ahead of the refusal'
run 0 tune --max-loss 95 --grid vm.watermark_boost_factor=0 "$dir/lossy.pgt"
said out 'lost 17'
run 2 tune --goal thp "$dir/lossy.pgt"
said err 'nobody asked for a huge page'
head -c 400000 $trace >"$dir/cut.pgt"
run 5 tune --grid vm.watermark_boost_factor=0 "$dir/cut.pgt"
said out ' unchanged'
exit $bad
