#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# report: its figures are those of export and replay, counted another way; small traces whose
# figures are known; cut, empty and lossy ones.
. tests/cli/common.sh

# Events as counts: "table key column value" for all that is not 0.
count_events() { # reads NDJSON; leaves the lengths of stalls in $dir/lengths.KIND
	grep -vE '"type":"(zone_alloc|drain|isolate|rotate)"' | awk '
	# Looked for by name: to split a million lines into fields takes far longer.
	function has(name) { return index($0, "\"" name "\":") }
	function num(name, at) {
		at = has(name)
		return at ? substr($0, at + length(name) + 3, 20) + 0 : ""
	}
	function word(name, rest) {
		rest = substr($0, has(name) + length(name) + 4, 64)
		return substr(rest, 1, index(rest, "\"") - 1)
	}
	function count(what, n) { sum[what] += n }
	function waited(kind, ns) {
		count("stalls " kind " count", 1)
		count("stalls " kind " total_ns", ns)
		if (!ns) count("stalls " kind " below_clock", 1)
		if (ns > most[kind]) most[kind] = ns
		print ns >(lengths kind)
	}
	function end_call(pid) {
		if (runs[pid]) waited("compaction", last[pid] - call[pid])
		else if (pid in call) count("pairs compactions_without_run", 1)
		delete call[pid]; runs[pid] = 0
	}
	function by_request(column, n) {
		count("orders " num("order") " " column, n)
		count("processes " num("pid") " " column, n)
		if (column == "frees") return
		count("migratetypes " word("mt") " " column, n)
		count("gfp " sprintf("0x%x", num("gfp")) " " column, n)
	}
	# Requests and frees that say the same after "pfn" are counted together.
	function end_alike(key) {
		for (key in alike) {
			$0 = key
			by_request($1, alike[key])
			if ($1 != "frees") count("activity - " $1, alike[key])
			if ($1 == "allocs") by_request("pages", alike[key] * 2 ^ num("order"))
		}
	}
	BEGIN { lengths = "'"$dir/lengths."'" }
	/^{"rec":"free_list"/ && word("at") == "end" && !/"pfns":\[\]/ {
		count("free " num("zone") " " num("order") " end_kernel", gsub(/,/, ",", $0) - 4)
	}
	!/^{"rec":"ev"/ { next }
	{ type = word("type") }
	type == "free" { alike["frees " substr($0, has("order"))]++; next }
	{ pid = num("pid") }
	type == "alloc" {
		alike[(has("pfn") ? "allocs " : "failed ") substr($0, has("order"))]++
		if (!running[pid]) end_call(pid)
		next
	}
	{ ts = num("ts") }
	type == "fallback" {
		count("fallbacks " word("mt") " " word("fallback_mt") " " num("fallback_order") " events", 1)
		count("migratetypes " word("mt") " borrowed", 1)
		count("migratetypes " word("fallback_mt") " lent", 1)
		count("activity - fallbacks", 1)
	}
	type == "mm_vmscan_direct_reclaim_begin" {
		if (!running[pid]) end_call(pid)
		reclaim[pid] = ts
		count("activity - reclaims", 1)
	}
	type == "mm_vmscan_direct_reclaim_end" {
		if (pid in reclaim) waited("reclaim", ts - reclaim[pid])
		else count("pairs unbegun", 1)
		delete reclaim[pid]
		count("pressure pages_reclaimed_directly", num("nr_reclaimed"))
	}
	type == "mm_compaction_try_to_compact_pages" {
		end_call(pid)
		call[pid] = ts
		count("activity - compactions", 1)
	}
	type == "mm_compaction_begin" { running[pid] = 1; run[pid] = ts }
	type == "mm_compaction_end" {
		running[pid] = 0
		last[pid] = ts
		if (pid in call) runs[pid]++
		count("compaction " num("status") " runs", 1)
		count("compaction " num("status") " total_ns", ts - run[pid])
		delete run[pid]
	}
	type == "mm_vmscan_kswapd_wake" { count("pressure kswapd_wakes", 1) }
	type == "mark_victim" { count("pressure oom_victims", 1) }
	END {
		end_alike()
		for (pid in call) if (!running[pid]) end_call(pid)
		for (pid in reclaim) count("pairs unfinished", 1)
		for (pid in run) count("pairs unfinished", 1)
		for (kind in most) count("stalls " kind " max_ns", most[kind])
		for (what in sum) if (sum[what]) printf "%s %.0f\n", what, sum[what]
	}' | LC_ALL=C sort
}

# The same out of report --csv.
count_report() {
	awk -F , '
	BEGIN {
		split("not_suitable_zone skipped deferred no_suitable_page continue complete " \
			"partial_skipped contended success", names, " ")
		for (i in names) status[names[i]] = i - 1
	}
	function put(what, column) { sum[what " " column] += v[column] }
	function flush() {
		if (table == "orders") {
			put(table " " v["order"], "allocs"); put(table " " v["order"], "failed")
			put(table " " v["order"], "pages"); put(table " " v["order"], "frees")
		} else if (table == "migratetypes") {
			put(table " " v["type"], "allocs"); put(table " " v["type"], "failed")
			put(table " " v["type"], "pages"); put(table " " v["type"], "borrowed")
			put(table " " v["type"], "lent")
		} else if (table == "processes" || table == "gfp") {
			key = table " " (table == "gfp" ? v["mask"] : v["pid"])
			put(key, "allocs"); put(key, "failed"); put(key, "pages")
			if (table == "processes") put(key, "frees")
		} else if (table == "fallbacks") {
			put(table " " v["to"] " " v["from"] " " v["order"], "events")
			if (v["claimed"] + v["stolen"] + v["not_told"] != v["events"])
				print "a fallback is neither claimed, stolen nor not told"
		} else if (table == "stalls" && v["order"] == "") {
			key = table " " (v["stall"] ~ /reclaim/ ? "reclaim" : "compaction")
			put(key, "count"); put(key, "total_ns"); put(key, "max_ns"); put(key, "below_clock")
		} else if (table == "compaction") {
			put(table " " status[v["outcome"]], "runs")
			put(table " " status[v["outcome"]], "total_ns")
		} else if (table == "activity") {
			put(table " -", "allocs"); put(table " -", "failed"); put(table " -", "fallbacks")
			put(table " -", "reclaims"); put(table " -", "compactions")
		} else if (table == "pairs") {
			put(table, "unfinished"); put(table, "unbegun"); put(table, "compactions_without_run")
		} else if (table == "pressure") {
			put(table, "kswapd_wakes"); put(table, "oom_victims")
			put(table, "pages_reclaimed_directly")
		} else if (table == "free") {
			if (!(v["zone"] in zone)) zone[v["zone"]] = zones++
			put(table " " zone[v["zone"]] " " v["order"], "end_kernel")
		}
		split("", v)
	}
	$1 != table || $2 != row { flush(); table = $1; row = $2 }
	{ v[$3] = $4 }
	END {
		flush()
		for (what in sum) if (sum[what]) printf "%s %.0f\n", what, sum[what]
	}' | LC_ALL=C sort
}

# A figure is wrong: what the command printed is too long to show.
wrong() {
	bad=1
	echo "$trace: $1"
}

# value TABLE ROW COLUMN: out of $dir/csv
value() {
	sed -n "s/^$1,$2,$3,//p" "$dir/csv"
}

total() { # total TABLE COLUMN
	awk -F , -v table="$1" -v column="$2" '$1 == table && $3 == column { n += $4 }
		END { printf "%.0f\n", n }' "$dir/csv"
}

same() { # same WHAT LEFT RIGHT
	[ -n "$2" ] && [ "$2" = "$3" ] || wrong "$1: '$2' is not '$3'"
}

# Percentiles of all stalls of a kind, from their lengths: never too small, at most 1/32 too large.
percentiles() { # percentiles KIND
	row=$(awk -F , -v kind="$1" '$1 == "stalls" { if ($3 == "stall") stall = $4
		if ($3 == "order" && $4 == "" && stall ~ kind) print $2 }' "$dir/csv")
	for p in 50 90 99; do
		exact=$(LC_ALL=C sort -n "$dir/lengths.$1" | awk -v p="$p" '{ v[NR] = $1 }
			END { k = int((p * NR + 99) / 100); printf "%.0f\n", v[k] }')
		told=$(value stalls "$row" "p${p}_ns")
		awk -v v="$exact" -v p="$told" 'BEGIN { exit !(v <= p && p <= v + v / 32) }' ||
			wrong "p$p of direct $1 is $exact, told is $told"
	done
}

golden() {
	trace=$1
	run 0 report --csv -n 65536 "$trace"
	cp "$dir/out" "$dir/csv"
	rm -f "$dir"/lengths.*
	"$BUDDYSCOPE" export "$trace" | count_events >"$dir/expected"
	count_report <"$dir/csv" >"$dir/got"
	cmp -s "$dir/expected" "$dir/got" || {
		diff "$dir/expected" "$dir/got" | head -n 20
		wrong "report and export disagree"
	}
	[ "$(wc -l <"$dir/expected")" -gt 100 ] || wrong "too little was counted"

	percentiles reclaim
	percentiles compaction

	run 0 replay --json "$trace"
	row=0
	for what in picks fallbacks claims lists final_blocks; do
		exact=${what}_exact
		[ $what != lists ] || exact=lists_exact_order
		same "$what" "$(value fidelity $row of)" \
			"$(sed -n "s/^  \"$what\": \([0-9]*\),*\$/\1/p" "$dir/out")"
		same "$exact" "$(value fidelity $row exact)" \
			"$(sed -n "s/^  \"$exact\": \([0-9]*\),*\$/\1/p" "$dir/out")"
		row=$((row + 1))
	done
	said out "\"proven\": $(value replay 0 proven)"
	same 'picks by order' "$(total orders picks)" "$(value fidelity 0 of)"
	same 'exact picks by order' "$(total orders picks_exact)" "$(value fidelity 0 exact)"
	same 'fallbacks by order' "$(total orders fallbacks)" "$(value fidelity 1 of)"

	# Over time: the last moment is the end, and none is beyond the lowest and the highest.
	bad_times=$(awk -F , '
		$1 == "free" { f[$2 "," $3] = $4 }
		$1 == "timeline" { if ($2 != row) { row = $2; zone = "" }
			if ($3 == "zone") { zone = $4; if (!(zone in index_of)) index_of[zone] = zones++ }
			if ($3 ~ /^free_/) {
				order = substr($3, 6); now[zone "," order] = $4
				if (!((zone "," order) in low) || $4 < low[zone "," order]) low[zone "," order] = $4
				if ($4 > high[zone "," order] + 0) high[zone "," order] = $4
				if (!((zone "," order) in first)) first[zone "," order] = $4 } }
		END { orders = 11; for (k in now) { split(k, key, ",")
			row = index_of[key[1]] * orders + key[2]; n++
			if (now[k] != f[row ",end_core"] || first[k] != f[row ",begin"] ||
			    low[k] < f[row ",low"] || high[k] > f[row ",high"]) print k }
			if (n != 22) print n " lists" }' "$dir/csv")
	[ -z "$bad_times" ] || wrong "the timeline does not fit: $bad_times"
	rows=$(awk -F , '$1 == "activity" { n = $2 + 1 } END { print n }' "$dir/csv")
	[ "$rows" -gt 64 ] && [ "$rows" -le 128 ] || wrong "$rows slices"
	[ "$(total timeline mixed)" -gt 0 ] || wrong "no pageblock was ever mixed"

	# The map and the sums by type are of the same pageblocks.
	for column in pageblocks frames free_pages mixed foreign_pages; do
		same "$column" "$(total map $column)" "$(total pageblocks $column)"
	done
	same 'free pages' "$(total map free_pages)" "$(awk -F , '$1 == "free" {
		if ($3 == "order") o = $4; if ($3 == "end_core") n += $4 * 2 ^ o } END { print n }' "$dir/csv")"
}

found=0
for file in tests/data/debian-5.10.pgt tests/data/debian-6.12.pgt; do # the oldest and the newest
	[ -f "$file" ] || continue
	found=1
	golden "$file"
done
[ $found -eq 1 ] || fail 'tests/data holds no trace'

rows() { # rows ROW...: the CSV printed has each
	for line; do
		grep -qxF "$line" "$dir/out" || fail "no row $line"
	done
}

# A trace whose figures are known.
at='"rec":"ev","ts"'
trace known <<END
{"rec":"free_list","at":"begin","zone":0,"order":0,"mt":"Movable","pfns":[4099,4105,4107]}
{$at:1000,"cpu":0,"type":"zone_alloc","pfn":4099,"order":0,"mt":"Movable"}
{$at:1000,"cpu":0,"type":"alloc","pfn":4099,"order":0,"mt":"Movable","gfp":8,"pid":7}
{$at:2000,"cpu":0,"type":"fallback","pfn":4105,"order":0,"mt":"Unmovable","fallback_order":0,"fallback_mt":"Movable"}
{$at:2000,"cpu":0,"type":"alloc","pfn":4105,"order":0,"mt":"Unmovable","gfp":72,"pid":8}
{$at:3000,"cpu":0,"type":"alloc","order":9,"mt":"Movable","gfp":8,"pid":7}
{$at:3000,"cpu":0,"type":"mm_vmscan_direct_reclaim_begin","order":0,"gfp":8,"pid":7}
{$at:5000,"cpu":0,"type":"mm_vmscan_direct_reclaim_end","nr_reclaimed":32,"pid":7}
{$at:6000,"cpu":0,"type":"mm_vmscan_direct_reclaim_begin","order":0,"gfp":8,"pid":9}
{$at:7000,"cpu":1,"type":"mm_vmscan_direct_reclaim_begin","order":1,"gfp":8,"pid":9}
{$at:8000,"cpu":1,"type":"mm_vmscan_direct_reclaim_end","nr_reclaimed":1,"pid":9}
{$at:16000,"cpu":0,"type":"mm_vmscan_direct_reclaim_end","nr_reclaimed":1,"pid":9}
{$at:16000,"cpu":0,"type":"mm_vmscan_direct_reclaim_end","nr_reclaimed":1,"pid":10}
{$at:17000,"cpu":0,"type":"mm_compaction_try_to_compact_pages","order":9,"gfp":8,"pid":7}
{$at:17000,"cpu":0,"type":"mm_compaction_begin","pfn":4096,"zone_end":8192,"pid":7}
{$at:20000,"cpu":0,"type":"mm_compaction_end","pfn":4096,"status":8,"pid":7}
{$at:20000,"cpu":0,"type":"mm_compaction_begin","pfn":4096,"zone_end":8192,"pid":7}
{$at:26000,"cpu":0,"type":"mm_compaction_end","pfn":4096,"status":6,"pid":7}
{$at:30000,"cpu":0,"type":"alloc","order":9,"mt":"Movable","gfp":8,"pid":7}
{$at:31000,"cpu":0,"type":"mm_compaction_try_to_compact_pages","order":9,"gfp":8,"pid":7}
{$at:32000,"cpu":0,"type":"mm_compaction_begin","pfn":4096,"zone_end":8192,"pid":40}
{$at:33000,"cpu":0,"type":"mm_compaction_end","pfn":4096,"status":77,"pid":40}
{$at:35000,"cpu":0,"type":"mm_vmscan_direct_reclaim_begin","order":0,"gfp":8,"pid":11}
{$at:35000,"cpu":1,"type":"mm_vmscan_kswapd_wake","order":0,"nid":0}
{$at:36000,"cpu":1,"type":"mark_victim","victim":7,"pid":8}
{"rec":"free_list","at":"end","zone":0,"order":0,"mt":"Movable","pfns":[4107]}
{"rec":"stats","counters":{"recursion_misses:mm_page_free":3,"recursion_misses:mm_page_alloc":2}}
END
run 0 report --csv "$dir/known.pgt"
rows trace,0,duration_ns,35000 zones,0,zone,DMA32 zones,0,managed,4096 zones,0,high,24 loss,0,missed,5 fidelity,0,exact,2 replay,0,proven,true \
	orders,1,order,9 orders,1,failed,2 orders,0,fallbacks,1 fallbacks,0,from,Movable \
	fallbacks,0,stolen,1 fallbacks,0,core,1 gfp,0,mask,0x8 gfp,0,flags,__GFP_MOVABLE \
	'gfp,1,flags,__GFP_MOVABLE|0x40' processes,0,pid,7 processes,0,reclaim_ns,2000 \
	processes,0,compaction_ns,9000 stalls,0,count,2 stalls,0,p50_ns,2015 stalls,0,max_ns,10000 \
	stalls,1,order,1 stalls,1,max_ns,1000 'stalls,2,order,' stalls,2,count,3 stalls,2,total_ns,13000 \
	stalls,3,order,9 stalls,3,max_ns,9000 clock,0,max_ns,8000 pairs,0,unfinished,1 pairs,0,unbegun,1 \
	pairs,0,ambiguous,1 pairs,0,compactions_without_run,1 compaction,0,by,background \
	'compaction,0,outcome,not known' compaction,1,outcome,partial_skipped compaction,1,max_ns,6000 \
	compaction,2,outcome,success pressure,0,kswapd_wakes,1 pressure,0,oom_victims,1 \
	pressure,0,pages_reclaimed_directly,34 pageblocks,0,mixed,1 pageblocks,0,foreign_pages,1 \
	pageblocks,0,types_recorded,false map,0,pfn,4096 map,0,foreign_pages,1 map,0,free_pages,1 \
	timeline,0,free_0,3 timeline,1,t_ns,35000 timeline,1,free_0,1 timeline,1,mixed_movable,1
run 0 report "$dir/known.pgt"
said out '  direct reclaim         -      3  2.02 us  10.00 us  10.00 us  10.00 us  13.00 us            0'
said out '  0x48       1       0      1         0         0            0           0  __GFP_MOVABLE|0x40'
run 0 report -n 1 --csv "$dir/known.pgt"
rows processes,0,pid,7 'processes,1,pid,' 'processes,1,note,all others' processes,1,allocs,1
run 0 report --json "$dir/known.pgt"
for member in '"schema": "buddyscope.report/1"' '"what": "picks", "exact": 2, "of": 2' '"cut": null'; do
	said out "$member"
done

# Two threads that wait on CPUs that neither began on: the one that began first ends first.
trace moved <<END
{$at:500,"cpu":0,"type":"mm_vmscan_direct_reclaim_begin","order":0,"gfp":8,"pid":8}
{$at:1000,"cpu":0,"type":"mm_vmscan_direct_reclaim_begin","order":0,"gfp":8,"pid":9}
{$at:2000,"cpu":1,"type":"mm_vmscan_direct_reclaim_begin","order":0,"gfp":8,"pid":9}
{$at:2500,"cpu":0,"type":"mm_vmscan_direct_reclaim_end","nr_reclaimed":1,"pid":8}
{$at:5000,"cpu":2,"type":"mm_vmscan_direct_reclaim_end","nr_reclaimed":1,"pid":9}
{$at:6000,"cpu":3,"type":"mm_vmscan_direct_reclaim_end","nr_reclaimed":1,"pid":9}
END
run 0 report --csv "$dir/moved.pgt"
rows stalls,0,count,3 stalls,0,total_ns,10000 stalls,0,max_ns,4000 pairs,0,ambiguous,1

# A page on a list again is nobody's, whether its free was seen or not.
trace drained <<END
{"rec":"free_list","at":"begin","zone":0,"order":0,"mt":"Movable","pfns":[4099,4105,4107]}
{$at:2000,"cpu":0,"type":"fallback","pfn":4099,"order":0,"mt":"Unmovable","fallback_order":0,"fallback_mt":"Movable"}
{$at:2000,"cpu":0,"type":"alloc","pfn":4099,"order":0,"mt":"Unmovable","gfp":72,"pid":8}
{$at:9000000,"cpu":0,"type":"drain","pfn":4099,"order":0,"mt":"Movable"}
END
run 0 report --csv "$dir/drained.pgt"
rows timeline,1,mixed,1 pageblocks,0,mixed,0 pageblocks,0,foreign_pages,0

# What compaction took to fill will hold pages that move; what it put back will not.
trace taken <<END
{"rec":"free_list","at":"begin","zone":0,"order":0,"mt":"Unmovable","pfns":[4099,4105]}
{"rec":"pageblocks","at":"begin","zone":0,"first_pfn":4096,"mt":["Unmovable","Movable","Movable","Movable","Movable","Movable","Movable","Movable"]}
{$at:2000,"cpu":0,"type":"isolate","pfn":4099,"order":0}
{$at:2000,"cpu":0,"type":"isolate","pfn":4105,"order":0}
{$at:9000000,"cpu":0,"type":"putback","pfn":4105,"order":0,"mt":"Unmovable"}
END
run 0 report --csv "$dir/taken.pgt"
rows pageblocks,0,type,Unmovable pageblocks,0,mixed,1 pageblocks,0,foreign_pages,1 \
	pageblocks,0,types_recorded,true

# Another thread of the process allocates between two runs: the call goes on.
trace threads <<END
{$at:1000,"cpu":0,"type":"mm_compaction_try_to_compact_pages","order":9,"gfp":8,"pid":9}
{$at:1000,"cpu":0,"type":"mm_compaction_begin","pfn":1,"zone_end":4096,"pid":9}
{$at:2000,"cpu":0,"type":"mm_compaction_end","pfn":1,"status":6,"pid":9}
{$at:2500,"cpu":1,"type":"alloc","order":9,"mt":"Movable","gfp":8,"pid":9}
{$at:3000,"cpu":0,"type":"mm_compaction_begin","pfn":4096,"zone_end":8192,"pid":9}
{$at:5000,"cpu":0,"type":"mm_compaction_end","pfn":4096,"status":8,"pid":9}
END
run 0 report --csv "$dir/threads.pgt"
rows stalls,1,order,9 stalls,1,count,1 stalls,1,max_ns,4000 compaction,0,by,direct compaction,1,by,direct

# A page leaves the list every 10 ms: each slice's sample is of the moment that the slice ends.
awk 'BEGIN {
	print "{\"rec\":\"meta\",\"schema\":\"buddyscope.trace/1\",\"kernel\":\"6.1.192\",\"nr_orders\":11," \
		"\"pageblock_order\":9,\"migratetypes\":[\"Unmovable\",\"Movable\",\"Reclaimable\"]}"
	print "{\"rec\":\"zone\",\"id\":0,\"name\":\"DMA32\",\"start_pfn\":4096,\"spanned\":4096,\"managed\":4096}"
	printf "{\"rec\":\"free_list\",\"at\":\"begin\",\"zone\":0,\"order\":0,\"mt\":\"Movable\",\"pfns\":["
	for (i = 0; i < 200; i++) printf "%s%d", i ? "," : "", 4096 + 2 * i
	print "]}"
	for (i = 0; i < 200; i++)
		printf "{\"rec\":\"ev\",\"ts\":%.0f,\"cpu\":0,\"type\":\"zone_alloc\",\"pfn\":%d,\"order\":0,\"mt\":\"Movable\"}\n",
			5e9 + i * 1e7, 4096 + 2 * i
}' >"$dir/slices.json"
run 0 import "$dir/slices.json" -o "$dir/slices.pgt"
run 0 report --csv "$dir/slices.pgt"
odd=$(awk -F , '$1 == "timeline" && $3 == "t_ns" { t = $4 }
	$1 == "timeline" && $3 == "free_0" { n++
		gone = t == 1.99e9 ? 200 : int((t + 1e7 - 1) / 1e7)
		if ($4 != 200 - gone) print t, $4 }
	END { if (n < 65) print n " samples" }' "$dir/out")
[ -z "$odd" ] || wrong "free blocks at a time are not what was left: $odd"

# What a loss tears apart is no pair, and no figure is made up where nothing could be compared.
trace lost <<END
{$at:1000,"cpu":0,"type":"mm_vmscan_direct_reclaim_begin","order":0,"gfp":8,"pid":7}
{"rec":"lost","ts":1500,"cpu":1,"count":17}
{$at:2000,"cpu":0,"type":"mm_vmscan_direct_reclaim_end","nr_reclaimed":1,"pid":7}
{$at:2000,"cpu":0,"type":"fallback","pfn":4105,"order":0,"mt":"Unmovable","fallback_order":0,"fallback_mt":"Movable"}
END
run 0 report --csv "$dir/lost.pgt"
rows loss,0,lost,17 'loss,0,missed,' pairs,0,lost,1 pairs,0,unbegun,1 stalls,0,count,0 'stalls,0,p50_ns,' \
	'fidelity,0,exact,' 'fidelity,0,of,' fallbacks,0,events,1 fallbacks,0,not_told,1 'fallbacks,0,core,' \
	activity,0,lost,17
! grep -q '^timeline\|^free,\|^map' "$dir/out" || fail 'lists out of nothing'
run 4 report --max-loss 1% "$dir/lost.pgt"
said err 'more than --max-loss'
run 0 report --max-loss 90 "$dir/lost.pgt"

trace empty </dev/null
run 0 report "$dir/empty.pgt"
said out 'By process
  none'
run 0 report --json "$dir/empty.pgt"
said out '"stall": "direct reclaim", "order": null, "count": 0, "p50_ns": null'
run 0 report --html "$dir/empty.html" "$dir/empty.pgt"

# The page: one file, nothing from elsewhere, the very JSON, and hostile names stay names.
sed 's/"tier":"fentry"/"tier":"fentry","command":"<\/script><b>\&\\"x"/' "$dir/known.json" >"$dir/hostile.json"
run 0 import "$dir/hostile.json" -o "$dir/hostile.pgt"
for file in tests/data/*.pgt "$dir/hostile.pgt" "$dir/empty.pgt"; do
	trace=$file
	run 0 report --json --html "$dir/page.html" "$file"
	[ ! -s "$dir/err" ] || fail "$file: words on stderr"
	sed -n 's/.*<script type="application\/json" id="data">\(.*\)/\1/p' "$dir/page.html" |
		sed 's/\\u003c/</g' | tr -d ' \n' >"$dir/data"
	tr -d ' \n' <"$dir/out" | cmp -s - "$dir/data" || wrong "the page has other data than --json"
	[ "$(wc -c <"$dir/page.html")" -lt 300000 ] || wrong "a page of more than 300 KB"
	[ "$(grep -c '</script' "$dir/page.html")" -eq 2 ] || wrong "a script ends early"
	! grep -oE "(src|href) *= *[\"']?[a-z]+:|url\(|@import|fetch\(|XMLHttp" "$dir/page.html" ||
		wrong "the page reaches out"
done
run 0 report --html - "$dir/hostile.pgt"
said out '\u003c/script>\u003cb>'
said out '</html>'

# The same again, and from a pipe.
run 0 report --json "$dir/known.pgt"
"$BUDDYSCOPE" report --json - <"$dir/known.pgt" | cmp -s - "$dir/out" || fail 'a pipe differs'

# Cut and damaged files: what could be read is told, and that it is not all.
trace=$dir/cut.pgt
head -c 200000 tests/data/debian-6.12.pgt >"$trace"
run 5 report --json --html "$dir/cut.html" "$trace"
grep -q '"cut": "offset [0-9]' "$dir/out" || wrong 'not told that it was cut'
tail -n 1 "$dir/out" | grep -qx '}' || wrong 'half an object'
[ "$(grep -c '^buddyscope: ' "$dir/err")" -eq 1 ] || wrong 'one line says why'
tail -n 1 "$dir/cut.html" | grep -qx '</html>' || wrong 'half a page'
for bytes in 0 10 100 600; do
	head -c $bytes "$dir/known.pgt" >"$dir/cut.pgt"
	run 5 report "$dir/cut.pgt"
	said err 'offset'
done
run 2 report "$dir/none.pgt"
sed 's/6.12.117/2.2.26/' "$dir/known.json" >"$dir/old.json"
run 0 import "$dir/old.json" -o "$dir/old.pgt"
run 2 report "$dir/old.pgt"
said err 'no policy is known for kernel "2.2.26" (name one with --policy)'
run 0 report --policy 6.1 "$dir/old.pgt"

run 2 report --html "$dir/no/such/place" "$dir/known.pgt"
said err 'No such file or directory'
[ ! -w /dev/full ] || {
	run 2 report --html /dev/full "$dir/known.pgt"
	said err 'the page was not written'
}
for misuse in '--policy 1.0' '-n 0' '-n many' '--max-loss much' '--json --csv' '--html - --json' '--html' 'a b'; do
	# shellcheck disable=SC2086 # words of their own
	run 2 report $misuse
	said err 'usage: buddyscope report'
done
exit $bad
