#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# replay and diff on small traces written by hand: output, JSON members, exit codes.
. tests/cli/common.sh

begin='{"rec":"free_list","at":"begin","zone":0,"order":0,"mt":"Movable","pfns":[4099,4105,4107]}'
first='{"rec":"ev","ts":1000,"cpu":0,"type":"zone_alloc","pfn":4099,"order":0,"mt":"Movable"}'
second='{"rec":"ev","ts":2000,"cpu":0,"type":"zone_alloc","pfn":4105,"order":0,"mt":"Movable"}'
wrong='{"rec":"ev","ts":2000,"cpu":0,"type":"zone_alloc","pfn":4107,"order":0,"mt":"Movable"}'
end='{"rec":"free_list","at":"end","zone":0,"order":0,"mt":"Movable","pfns":[4107]}'

trace exact <<END
$begin
$first
$second
$end
END
run 0 replay "$dir/exact.pgt"
said out 'picks        2 of 2 (100.00 %)'
said out 'policy       6.12 (by kernel release)'
said out 'exact: at the end every list is identical, in order'
run 0 replay --check --json "$dir/exact.pgt"
for member in '"schema": "buddyscope.replay/1"' '"mode": "mirror"' '"policy": "6.12"' '"events": 2' \
	'"lost": 0' '"missed": 0' '"hidden_switches": 0' '"picks": 2' '"picks_exact": 2' '"fallbacks": 0' '"fallbacks_exact": 0' \
	'"claims": 0' '"claims_exact": 0' '"repairs": 0' '"lists": 1' '"lists_exact_order": 1' \
	'"lists_exact_set": 1' '"final_blocks": 1' '"final_blocks_exact": 1' \
	'"first_divergence": null' '"proven": true' '"events_per_second": ' '"lru estimate": {'; do
	said out "$member"
done
run 0 diff "$dir/exact.pgt"
said out '0 of 2 decisions differ, lost 0'
run 0 diff --all --csv "$dir/exact.pgt"
said out 'event,ts,cpu,zone,order,mt,kernel_pfn,kernel_path,'
[ "$(wc -l <"$dir/out")" -eq 3 ] || fail 'two decisions are two rows and a heading'

# What the recorder says of itself is told where the figures are.
trace watched <<END
$begin
$first
$second
$end
{"rec":"stats","counters":{"hidden_switches":15,"recursion_misses:mm_page_free":3,"recursion_misses:mm_page_alloc":1}}
END
run 0 replay "$dir/watched.pgt"
said out 'hidden       it switched 15 times to tasks whose events it does not show'
said out 'events       2, lost 0, missed 4; '
run 0 replay --json "$dir/watched.pgt"
said out '"missed": 4'
said out '"hidden_switches": 15'

# What could not be compared is null and nothing is claimed.
trace open <<END
$begin
$first
END
run 0 replay --json "$dir/open.pgt"
for member in '"picks_exact": 1' '"lists": null' '"lists_exact_order": null' \
	'"lists_exact_set": null' '"final_blocks": null' '"final_blocks_exact": null' \
	'"proven": false'; do
	said out "$member"
done
run 0 replay "$dir/open.pgt"
said out 'no closing snapshot proves it'

trace blind <<END
$first
END
run 0 replay --json "$dir/blind.pgt"
for member in '"picks": null' '"picks_exact": null' '"picks_skipped": 1' '"fallbacks": null' \
	'"claims": null' '"repairs": null' '"lists": null'; do
	said out "$member"
done
run 0 replay "$dir/blind.pgt"
said out 'nothing was compared'
run 2 diff "$dir/blind.pgt"

# A fallback whose claim is not told: on 6.1 there is nothing to compare it with.
sed 's/"kernel":"6.12.117"/"kernel":"6.1.192"/' "$dir/blind.json" | sed '$d' >"$dir/untold.json"
cat >>"$dir/untold.json" <<END
{"rec":"free_list","at":"begin","zone":0,"order":3,"mt":"Movable","pfns":[4104]}
{"rec":"ev","ts":1,"cpu":0,"type":"fallback","pfn":4104,"order":0,"mt":"Unmovable","fallback_order":3,"fallback_mt":"Movable"}
{"rec":"ev","ts":2,"cpu":0,"type":"zone_alloc","pfn":4104,"order":0,"mt":"Unmovable"}
END
run 0 import "$dir/untold.json" -o "$dir/untold.pgt"
run 0 replay --json "$dir/untold.pgt"
for member in '"policy": "6.1"' '"fallbacks": 1' '"fallbacks_exact": 1' '"claims": null' \
	'"claims_exact": null'; do
	said out "$member"
done

# Differences, and a loss before them.
trace wrong <<END
$begin
$first
$wrong
$end
END
run 0 replay "$dir/wrong.pgt"
said out 'picks        1 of 2 (50.00 %)'
said out 'first: event 1, unknown: kernel 0x100b from its list; core 0x1009 from its list'
run 0 replay --json "$dir/wrong.pgt"
said out '"class": "unknown"'
run 1 diff "$dir/wrong.pgt"
said out '1 0.000002000 cpu0 DMA32 order 0 Movable: kernel 0x100b from its list; 6.12 0x1009'
said out '1 of 2 decisions differ'
run 1 diff --json "$dir/wrong.pgt"
said out '"schema": "buddyscope.diff/1"'
said out '"kernel": {"pfn": 4107, "path": "smallest"}, "core": {"pfn": 4105, "path": "smallest"}'
said out '"different": 1'
run 0 diff --policy 6.12 --policy 6.18 "$dir/wrong.pgt"
run 1 diff -n 1 --no-repair "$dir/wrong.pgt"

trace lost <<END
$begin
$first
{"rec":"lost","ts":1500,"cpu":1,"count":17}
$wrong
END
run 0 replay --json "$dir/lost.pgt"
said out '"lost": 17'
said out '"class": "lost events"'
run 0 replay --max-loss 99.9 "$dir/lost.pgt"
run 4 replay --max-loss 1% "$dir/lost.pgt"
said err 'more than --max-loss'

# Trouble.
run 2 replay "$dir/none.pgt"
echo 'no trace at all' >"$dir/text.pgt"
run 5 replay "$dir/text.pgt"
run 5 diff "$dir/text.pgt"
head -c "$(($(wc -c <"$dir/exact.pgt") - 9))" "$dir/exact.pgt" >"$dir/cut.pgt"
run 5 replay "$dir/cut.pgt"
[ "$(wc -l <"$dir/err")" -eq 1 ] || fail 'one line says why'
said err 'offset'
sed 's/6.12.117/2.2.26/' "$dir/exact.json" >"$dir/old.json"
run 0 import "$dir/old.json" -o "$dir/old.pgt"
run 2 replay "$dir/old.pgt"
said err 'no policy is known for kernel "2.2.26" (name one with --policy)'
run 0 replay --policy 6.1 "$dir/old.pgt"
for misuse in '--policy 1.0' '--mode guess' '--max-loss much' '--nonsense' 'a b'; do
	# shellcheck disable=SC2086 # words of their own
	run 2 replay $misuse
	said err 'usage: buddyscope replay'
done
for misuse in '--policy 1.0' '-n 0' '--nonsense' 'a b' '--policy 6.1 --policy 6.1 --policy 6.1'; do
	# shellcheck disable=SC2086 # words of their own
	run 2 diff $misuse
	said err 'usage: buddyscope diff'
done
exit $bad
