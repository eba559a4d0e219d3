#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# buddyscope sim: the scenarios that are shipped hold; those that are wrong are told, with their line.
. tests/cli/common.sh

scenario() { # scenario < TEXT: a file of its own, $dir/s.sim
	cat >"$dir/s.sim"
}

# What is shipped: every expectation is met, under each kernel; each file expects something.
set -- tests/scenarios/*.sim
[ $# -ge 17 ] || fail "only $# scenarios"
run 0 sim "$@"
[ "$(grep -cE '^tests/scenarios/.*: ([0-9]+) of \1 expectations met, under ' "$dir/out")" -eq $# ] ||
	fail 'not one line for each scenario'
! grep -q ': 0 of 0 ' "$dir/out" || fail 'a scenario expects nothing'
for s; do
	run 0 sim --map "$s"
	said out 'expectations met, under'
	long=$(awk 'length > 79 && !/expectations met, under/' "$dir/out")
	[ -z "$long" ] || fail "$s: lines too long for a terminal: $long"
done

# All of it in one object.
run 0 sim --json tests/scenarios/four-from-eight.sim tests/scenarios/slow-oom.sim
said out '"schema": "buddyscope.sim/1"'
said out '"title": "4 pages from a block of 8: what is left is 4"'
said out '"policy": "2.4"'
said out '"outcome": "met"'
said out '"outcome": "skipped"'
said out '"pfn": 12'
said out '"failed": 0'
said out '"slow_path": ["fast path", "restart", "wake kswapd", '

# Another kernel than the scenario names: what it does otherwise.
run 1 sim --policy 2.4 tests/scenarios/figure-32-with-groups.sim
said out 'figure-32-with-groups.sim:33: policy 2.4: expected largest 4, got 3'

# The map, the words, Enter.
printf '\n\nq\n' >"$dir/keys"
"$BUDDYSCOPE" sim --step tests/scenarios/four-from-eight.sim <"$dir/keys" >"$dir/out" 2>"$dir/err" ||
	fail 'sim --step and q'
[ "$(grep -c 'Enter: go on' "$dir/out")" -eq 3 ] || fail 'not three waits'
said out 'line 7: list order 3 = 8 24'
said out 'the smallest block that fits is one of 8 pages'
said out '|A A A A|. . . .|'
said out 'order 2     4 pages  Movable 12'
said out 'as expected: from-order 3; '
run 0 sim --step tests/scenarios/four-from-eight.sim
said out 'not allocated so; the free is refused and changes nothing'
run 0 sim --step --policy 2.4 tests/scenarios/four-from-eight.sim
said out '2.4 hands out the'

# What a step changed, on a terminal or when asked for.
esc=$(printf '\033')
run 0 sim --map --color always tests/scenarios/four-from-eight.sim
said out "|${esc}[7mA${esc}[0m ${esc}[7mA${esc}[0m"
run 0 sim --map --color never tests/scenarios/four-from-eight.sim
! grep -qF "$esc" "$dir/out" || fail '--color never'
run 2 sim --color green tests/scenarios/four-from-eight.sim
said err '--color is auto, always or never'

# An expectation that fails: 1, its line, both sides.
scenario <<'END'
policy 6.12
orders 4
zone Normal 32
list order 3 = 8
alloc a order 2 type Movable
expect pfn 12
expect list order 2 type Movable = empty
free a
alloc b order 3 type Movable
alloc c order 0 type Movable
END
run 1 sim "$dir/s.sim"
said out "s.sim:6: policy 6.12: expected pfn 12, got 8"
said out "s.sim:7: policy 6.12: expected list order 2 type Movable = empty, got 12"
said out "s.sim:10: policy 6.12: expected a page, got no page, and no \`expect fails' follows"
said out "s.sim: 0 of 3 expectations met, under 6.12"
run 1 sim --map "$dir/s.sim"
said out 'NOT as expected: pfn 12'

# A map where the scenario wants one; words for people only with --step and --map.
scenario <<'END'
policy 6.12
orders 4
zone Normal 8
boot
say something
map
END
run 0 sim "$dir/s.sim"
said out 's.sim:6: after: boot'
said out '       0 |. . . . . . . .|'
! grep -q something "$dir/out" || fail 'say is printed'

# Malformed: 2, the line and what is accepted; the other files are run all the same.
scenario <<'END'
policy 6.12
cpus 1
zone Normal 64
set vm.watermark_scale_factor=5000
boot
END
run 2 sim "$dir/s.sim" tests/scenarios/isolate.sim
said err "buddyscope: $dir/s.sim:4: set: vm.watermark_scale_factor=5000: out of range under policy 6.12 (1 to 3000 accepted)"
said out 'isolate.sim: '
run 2 sim --json "$dir/s.sim" tests/scenarios/isolate.sim
said out '"error": {"line": 4, "text": "set: vm.watermark_scale_factor=5000: out of range'
said out '"error": null'
[ "$(wc -l <"$dir/err")" -eq 1 ] || fail 'more than one message'
# What only running shows.
scenario <<'END'
policy 6.12
zone Normal 64
pageblock-order 3
use 0..15
list order 3 = 8
END
run 2 sim "$dir/s.sim"
said err "s.sim:5: page 8: in use already, so not free"
scenario <<'END'
policy 6.12
zone Normal 64
pageblock-order 3
list order 0 type Unmovable = 9
END
run 2 sim "$dir/s.sim"
said err "s.sim:4: list order 0 type Unmovable = 9: no kernel's lists look like this: a free block is not on the list of its"
# 6.15 brought it; the policy that is followed counts, not the one that the file names.
scenario <<'END'
policy 6.18
cpus 1
zone Normal 4096
set vm.defrag_mode=1
boot
expect free 4096
END
run 0 sim "$dir/s.sim"
run 2 sim --policy 6.12 "$dir/s.sim"
said err 's.sim:4: set: vm.defrag_mode=1: out of range under policy 6.12 (0 to 0 accepted)'

# Standard input, no file, misuse.
"$BUDDYSCOPE" sim - <tests/scenarios/isolate.sim >"$dir/out" 2>"$dir/err" || fail 'sim -'
said out '-: 108 of 108 expectations met'
run 2 sim "$dir/none.sim"
said err "buddyscope: $dir/none.sim: No such file or directory"
run 2 sim "$dir"
said err "buddyscope: $dir: Is a directory"
run 2 sim
said err 'buddyscope: sim: a scenario is missing'
run 2 sim --policy 6.99 tests/scenarios/isolate.sim
said err "there is no policy '6.99'"
run 2 sim --step --json tests/scenarios/isolate.sim
run 2 sim --step tests/scenarios/isolate.sim tests/scenarios/dma.sim
run 2 sim --step -
exit $bad
