#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# explain from the outside: what it says of a report, where, and its exit codes.
. tests/cli/common.sh
data=tests/data/reports

run 0 explain $data/6.12-fork-failure.txt
said out 'Report 1, line 1: page allocation failure, Linux 6.12.117+deb12-cloud-amd64'
said out 'provoke (pid 161) asked for order 2, 16 kB in one piece, gfp 0x40cc0 GFP_KERNEL|__GFP_COMP'
said out 'Why: fragmented. Node 0 DMA32 has 48252 kB free'
said out 'fragmentation index 750 of 1000'
said out '  Node 0  DMA32        48252        12      5168         0      5168  fragmented'
said out '  >  2       16 kB          0'
said out '     0        4 kB      12061 U      ##############################'
said out 'vm.compaction_proactiveness: '
[ ! -s "$dir/err" ] || fail 'it writes to stderr'

run 0 explain -i $data/6.12-atomic.txt
said out 'lowered to 600 kB as the request may use'
run 0 explain $data/5.10-hog.txt
said out 'The OOM killer took provoke (pid 90), with 187640 kB of anonymous memory.'
grep -q 'watermark_boost_factor' "$dir/out" && fail '5.10 prints no boost'
run 0 explain $data/6.12-memcg.txt
said out 'The memory cgroup /small is at its limit: 24576 of 24576 kB used'
run 0 explain $data/hand-4.4-atomic.txt
said out 'gfp 0x2084020 GFP_ATOMIC|__GFP_COMP'

# Several in one log, from a pipe; as JSON.
cat $data/7.3-*.txt | "$BUDDYSCOPE" explain >"$dir/out" 2>"$dir/err" || fail 'a pipe is not read'
[ "$(grep -c '^Report ' "$dir/out")" -eq "$(ls $data/7.3-*.txt | wc -l)" ] || fail 'not each is told'
cat $data/7.3-*.txt >"$dir/log"
run 0 explain --json "$dir/log"
said out '"schema": "buddyscope.explain/1"'
said out '"alloc_flags": "WMARK_MIN|KSWAPD|NON_BLOCK|MIN_RESERVE"'
said out '"pages": {"free": 13414, "unusable": 3, "mark": 1253, "min": 1253, "reserve": 0}'
[ "$(grep -c '"reason": "memcg"' "$dir/out")" -eq 1 ] || fail 'one memcg report'
[ "$(tr -d '\n' <"$dir/out" | tr -cd '{[' | wc -c)" -eq "$(tr -cd '}]' <"$dir/out" | wc -c)" ] ||
	fail 'the JSON is not closed'

# No report at all, and part of one.
echo 'all is well' >"$dir/log"
run 5 explain "$dir/log"
said err 'not a page allocation failure report'
run 5 explain - # standard input is empty
said err 'buddyscope: -: not a page allocation failure report'
run 5 explain --json "$dir/log"
said out '"reports": []'
head -n 50 $data/6.12-hog.txt | grep -v 'DMA32: ' >"$dir/log"
run 5 explain "$dir/log"
said out 'Why: low. Node 0 DMA32 has 1152 kB free'
said out 'Missing: the free lists of a zone.'
said err 'a report is not complete'
grep 'Killed process' $data/6.12-hog.txt >"$dir/log"
run 5 explain "$dir/log"
said out 'The OOM killer took provoke (pid 149)'
said out 'Missing: the first line, which says what was asked.'
run 5 explain tests/data/debian-6.1.pgt

run 2 explain "$dir/absent"
said err 'No such file'
run 2 explain a b
said err 'one log at a time'
run 2 explain "$dir"
exit $bad
