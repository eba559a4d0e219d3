#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The page that report --html writes, opened in a headless Chromium and clicked through.
# SCREENSHOTS=DIR keeps a picture of each, light and dark.
for tool in chromium chromedriver python3; do
	command -v $tool >/dev/null || {
		echo "$tool is not installed (make test-browser installs it as root)"
		exit 77
	}
done
. tests/cli/common.sh

for file in tests/data/*.pgt; do
	[ -f "$file" ] || continue
	name=$(basename "$file" .pgt)
	run 0 report --json --html "$dir/$name.html" "$file"
	cp "$dir/out" "$dir/$name.json"
done

# One without a single event, one with names that are markup, one cut.
trace empty </dev/null
trace hostile <<END
{"rec":"free_list","at":"begin","zone":0,"order":0,"mt":"Movable","pfns":[4099]}
{"rec":"ev","ts":1000,"cpu":0,"type":"zone_alloc","pfn":4099,"order":0,"mt":"Movable"}
{"rec":"lost","ts":1500,"cpu":1,"count":17}
{"rec":"ev","ts":2000,"cpu":0,"type":"alloc","order":9,"mt":"Movable","gfp":8,"pid":7}
END
sed 's/"tier":"fentry"/"tier":"fentry","command":"<\/script><b id=\\"hostile\\">"/' "$dir/hostile.json" >"$dir/named.json"
run 0 import "$dir/named.json" -o "$dir/hostile.pgt"
head -c 200000 tests/data/debian-6.12.pgt >"$dir/cut.pgt"
for name in empty hostile cut; do
	code=0
	[ $name != cut ] || code=5
	run $code report --json --html "$dir/$name.html" "$dir/$name.pgt"
	cp "$dir/out" "$dir/$name.json"
done
[ $bad -eq 0 ] || exit 1

python3 tests/browser/report.py "$dir"/*.html
