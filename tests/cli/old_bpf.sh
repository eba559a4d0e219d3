#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The programs for old kernels hold nothing that 5.10's BPF lacks: neither an atomic operation that
# gives back the old value (5.12) nor a helper above 155, the last one there.
build=$(dirname "$BUDDYSCOPE")/bpf
dump=$(PATH=$PATH:/usr/lib/llvm-14/bin command -v llvm-objdump) || {
	echo "no llvm-objdump to read BPF with"
	exit 77
}
[ -f "$build/record_old.bpf.o" ] || {
	echo "built without BPF: there is no $build/record_old.bpf.o"
	exit 77
}

# lacks OBJECT: its instructions that 5.10 would refuse
lacks() {
	"$dump" -d "$build/$1" | awk '
		/^[0-9a-f]+ <[a-z_0-9]+>:/ { program = $2 }
		($2 ~ /^(c3|db)$/ && $6 != "00") || ($2 $3 == "8500" && $NF > 155) { print program, $0 }'
}

[ -n "$(lacks record.bpf.o)" ] || {
	echo "record.bpf.o is said to need nothing new: this test sees nothing"
	exit 1
}
for object in record_old.bpf.o count_old.bpf.o; do
	found=$(lacks $object)
	[ -z "$found" ] || {
		echo "$object is not for 5.10: $found"
		exit 1
	}
done
