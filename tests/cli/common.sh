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

# trace NAME: NAME.pgt out of the standard header and stdin
trace() {
	{
		cat <<-END
			{"rec":"meta","schema":"buddyscope.trace/1","kernel":"6.12.117","policy":"","tier":"fentry","page_shift":12,"nr_orders":11,"pageblock_order":9,"cpus":2,"migratetypes":["Unmovable","Movable","Reclaimable","HighAtomic","Isolate"],"gfp":{"__GFP_MOVABLE":8}}
			{"rec":"zone","id":0,"node":0,"name":"DMA32","start_pfn":4096,"spanned":4096,"present":4096,"managed":4096,"min":8,"low":16,"high":24,"lowmem_reserve":[]}
		END
		cat
	} >"$dir/$1.json"
	run 0 import "$dir/$1.json" -o "$dir/$1.pgt"
}
