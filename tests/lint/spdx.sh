#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Every file that can hold a comment names its licence in its first lines, and
# no file names a path of the machine it was written on.
cd "$(dirname "$0")/../.." || exit 1
bad=0

files() {
	git ls-files --cached --others --exclude-standard 2>/dev/null | grep . ||
		find . -type f ! -path './.git/*' ! -path './build/*' | sed 's|^\./||'
}

for f in $(files); do
	case $f in
	LICENSE | tests/data/* | tests/fuzz/*corpus* | *.md | *.expect | *.json | *.ndjson | *.png | .editorconfig) ;;
	*)
		[ ! -f "$f" ] || head -n 3 "$f" | grep -q 'SPDX-License-Identifier: GPL-2.0-only' || {
			bad=1
			echo "$f: no SPDX-License-Identifier: GPL-2.0-only in its first lines"
		}
		;;
	esac
done

# Built from parts, so that this file does not find itself.
homes="/(home|Users)/[a-z]|/wor""k/|/roo""t/"
hits=$(files | grep -v '^LICENSE$' | tr '\n' '\0' | xargs -0 grep -nIE "$homes" 2>/dev/null)
[ -z "$hits" ] || {
	bad=1
	printf 'a path of one machine:\n%s\n' "$hits"
}
exit $bad
