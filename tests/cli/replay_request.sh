#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# replay --mode request and diff between two such runs: what they print, what they refuse.
. tests/cli/common.sh

trace=tests/data/debian-6.1.pgt
[ -f "$trace" ] || {
	echo "$trace is not there"
	exit 77
}

# number NAME: a member of the object in $dir/out that is a number
number() {
	sed -n "s/^  \"$1\": \([0-9]*\),*\$/\1/p" "$dir/out"
}

run 0 replay --mode request $trace
for line in 'policy       6.1 (by trace)' 'order 0  ' 'order 1 up' 'refills  ' 'drained  ' \
	'free order 10' 'told by others'; do
	said out "$line"
done

run 0 replay --mode request --json $trace
for member in '"mode": "request"' '"what_if": false' '"repair": false' '"picks": null' \
	'"claims_exact": null' '"proven": null' '"refills": {"kernel": ' '"final_free": [' \
	'"first_divergence": ' '"inputs": {' '"zone": {"order0": '; do
	said out "$member"
done
[ "$(number requests)" -gt 200000 ] || fail 'fewer than 200000 requests'
[ "$(($(number order0) + $(number high_orders)))" -eq "$(number requests)" ] || fail 'orders do not add up'
[ "$(number lists)" -gt 0 ] || fail 'no list was compared'
cp "$dir/out" "$dir/first"
run 0 replay --mode request --json $trace
grep -v events_per_second "$dir/first" >"$dir/a"
grep -v events_per_second "$dir/out" >"$dir/b"
cmp -s "$dir/a" "$dir/b" || fail 'two runs differ'

run 0 replay --mode request --json --set vm.min_free_kbytes=20000 $trace
said out '"what_if": true'
said out '"requests_exact": null'
said out '"lists": null'
said out '"inputs": null'
run 0 replay --mode request --policy 6.12 --cpus 4 --check $trace
said out 'what-if'
run 0 replay --mode request --mem 512M $trace
run 0 replay --mode request --zones DMA=16M,DMA32=496M $trace

# A what-if run reclaims the page cache, known by its gfp, and nothing else: 5000 requests for the
# 4096 pages there are.
ask() { # ask NAME GFP: such a trace; the kernel's page is another each time, and none from the end on
	{
		cat <<-END
			{"rec":"meta","schema":"buddyscope.trace/1","kernel":"6.12.117","policy":"6.12","tier":"fentry","page_shift":12,"nr_orders":11,"pageblock_order":9,"cpus":1,"migratetypes":["Unmovable","Movable","Reclaimable","HighAtomic","Isolate"],"gfp":{"__GFP_IO":64,"__GFP_ZERO":256,"__GFP_DIRECT_RECLAIM":1024,"__GFP_KSWAPD_RECLAIM":2048,"__GFP_NOWARN":8192,"__GFP_NORETRY":65536,"__GFP_HARDWALL":1048576}}
			{"rec":"zone","id":0,"node":0,"name":"DMA32","start_pfn":4096,"spanned":4096,"present":4096,"managed":4096,"min":32,"low":40,"high":48,"lowmem_reserve":[]}
			{"rec":"free_list","at":"begin","zone":0,"order":10,"mt":"Unmovable","pfns":[4096,5120,6144,7168]}
		END
		awk -v gfp="$2" 'BEGIN { for (i = 0; i < 5000; i++)
			printf "{\"rec\":\"ev\",\"ts\":%d,\"cpu\":0,\"type\":\"alloc\",%s\"order\":0,\"mt\":\"Unmovable\",\"gfp\":%d}\n",
				1000000 * (i + 1), i < 4096 ? "\"pfn\":" 4096 + i "," : "", gfp }'
	} >"$dir/$1.json"
	run 0 import "$dir/$1.json" -o "$dir/$1.pgt"
}
ask cache 1125440 # GFP_NOFS | __GFP_HARDWALL | __GFP_NORETRY | __GFP_NOWARN
run 0 replay --mode request --json --set vm.watermark_boost_factor=0 "$dir/cache.pgt"
[ "$(number reclaimed)" -gt 0 ] || fail 'page cache was not reclaimed'
ask anonymous 1051968 # __GFP_ZERO in place of the last two
run 0 replay --mode request --json --set vm.watermark_boost_factor=0 "$dir/anonymous.pgt"
[ "$(number reclaimed)" -eq 0 ] || fail 'anonymous memory was reclaimed, though a trace tells nothing of swap'

# The pages of alloc_pages_bulk are requests there as well, once: one of them mm_page_alloc told of, one
# was in the array before, one is another by then.
{
	head -3 "$dir/cache.json"
	echo '{"rec":"cpu","at":"begin","zone":0,"cpu":0,"event":0,"threshold":8,"delta":0}'
	awk 'function ev(type, pfn, more) {
			printf "{\"rec\":\"ev\",\"ts\":%d,\"cpu\":0,\"type\":\"%s\",\"pfn\":%d,\"order\":0,\"mt\":\"Unmovable\"%s}\n",
				++n * 1000000, type, pfn, more }
		BEGIN {
			gfp = ",\"gfp\":3136"
			for (i = 0; i < 10; i++)
				ev("bulk", 4096 + i, gfp)
			ev("alloc", 4200, gfp)
			ev("bulk", 4096, gfp)
			ev("bulk", 4200, gfp)
			ev("free", 4097, "")
			ev("push", 4097, "")
			ev("bulk", 4097, gfp)
		}'
} >"$dir/bulk.json"
run 0 import "$dir/bulk.json" -o "$dir/bulk.pgt"
run 0 replay --mode request --json --set vm.watermark_boost_factor=0 "$dir/bulk.pgt"
[ "$(number requests)" -eq 12 ] || fail "$(number requests) requests in a trace of 12"
[ "$(number frees)" -eq 1 ] || fail "$(number frees) frees in a trace of one"
run 0 tune --goal fallbacks --grid vm.watermark_boost_factor=0 "$dir/bulk.pgt"
said out ' unchanged'

# A heading, and one row a zone for each 200000 events and for the end.
run 0 replay --mode request --series "$dir/series" --every 200000 $trace
[ "$(wc -l <"$dir/series")" -eq 15 ] || fail "series of $(wc -l <"$dir/series") lines"
head -1 "$dir/series" | grep -q '^event,ts,zone,free_0_Unmovable,.*unusable_10,polluted,fallback_.*,slow,.*,moved,reclaimed$' ||
	fail 'the heading of the series'
awk -F, 'NR == 1 { n = NF } NF != n { exit 1 }' "$dir/series" || fail 'rows of the series differ in length'
run 2 replay --mode request --series "$dir/no/such/folder" $trace

# What cannot be is refused, with what can.
run 2 replay --mode request --set vm.watermark_scale_factor=3001 $trace
said err '1 to 3000'
run 2 replay --mode request --set vm.swappiness=1 $trace
said err 'no such setting'
run 2 replay --mode request --set vm.min_free_kbytes $trace
said err 'KEY=VALUE'
run 2 replay --mode request --cpus 0 $trace
run 2 replay --mode request --mem 12X $trace
run 2 replay --mode request --zones Attic=5M $trace
said err 'DMA=16M'
run 2 replay --mode nonesuch $trace
run 2 replay --set vm.min_free_kbytes=4096 $trace
said err '--set is for --mode request'

# Two runs beside each other.
run 0 diff --mode request --policy 6.1 --policy 6.1 $trace
said out '0 of '
run 1 diff --mode request --policy 6.1 --policy 6.12 -n 3 $trace
[ "$(wc -l <"$dir/out")" -eq 4 ] || fail 'not three rows and the sum'
said out ' by pcp'
run 1 diff --set vm.min_free_kbytes=20000 --csv -n 5 $trace
[ "$(wc -l <"$dir/out")" -eq 6 ] || fail 'not a heading and five rows'
said out 'a_pfn,a_path'
run 1 diff --set vm.min_free_kbytes=20000 --json -n 2 $trace
said out '"sides": ["6.1", "6.1 vm.min_free_kbytes=20000"]'
run 2 diff --mode request $trace
said err 'give a second'
run 2 diff --set vm.extfrag_threshold=1001 --json $trace
said err '0 to 1000'
[ ! -s "$dir/out" ] || fail 'something was printed ahead of the refusal'
exit $bad
