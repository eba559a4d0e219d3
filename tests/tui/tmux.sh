#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The real command in a real terminal, a private tmux: every screen shows what -b prints, every
# key does what the table says, and what was chosen lasts.
. tests/tui/common.sh

# same SCREEN WIDTH HEIGHT: the terminal shows what -b prints
same() {
	COLUMNS=$2 LINES=$3 "$b" top -b -n 1 --at end --screen "$1" -r "$trace" >"$dir/want"
	tries=0
	while :; do
		screen >"$dir/got"
		cmp -s "$dir/want" "$dir/got" && return
		tries=$((tries + 1))
		[ $tries -lt 200 ] || break
		sleep 0.05
	done
	echo "$1 at $2x$3 is not what -b prints:"
	diff "$dir/want" "$dir/got"
	exit 1
}

# Every screen, at three sizes and back.
start 80x24 --at end -r "$trace"
shows 'order 9'
n=0
for name in overview types map decisions stalls callers pcp; do
	n=$((n + 1))
	keys $n
	same $name 80 24
done
keys 1
t resize-window -x 60 -y 16
same overview 60 16
t resize-window -x 1 -y 1
keys 2 3 4 Enter 5 6 7 '?' '?' Escape 1
t resize-window -x 3 -y 500
keys 3 Down 6 1
t resize-window -x 200 -y 60
same overview 200 60
t resize-window -x 80 -y 24
keys Tab
same types 80 24
keys BTab
same overview 80 24
keys '?'
shows 'this help'
keys Down '?'

# Moving in time.
keys ,
shows 'event 1233540 of 1233541'
shows PAUSED
keys .
shows ' END'
keys Home
shows 'event 0 of 1233541'
keys f
shows ', 1 fallback,'
keys f
shows ', 2 fallbacks,'
keys ')' '('
keys g 5 0 % Enter
shows 'event 616770 of 1233541'
shows '134763 picks, 7643 fallbacks'
keys g 1 2 . 5 s Enter
shows '12.468 s' # the last event before it
keys g x Enter
shows 'no place to go to'
keys Home
shows 'event 0 of'
keys ' '
keys ']' ']' ']'
shows '8x'
keys '['
shows '4x'
keys Z
shows PAUSED
screen | sed -n 3p >"$dir/then"
sleep 0.6
screen | sed -n 3p >"$dir/now"
cmp -s "$dir/then" "$dir/now" || fail 'it plays on while it is paused'
keys d
shows ' END'

# Zones and the order.
keys 1 o
shows 'order 8'
keys O
shows 'order 9'
keys z
shows '>N0 DMA '
keys x
shows '>N0 DMA32'
keys Up
shows '>N0 DMA '
keys j

# Lists: search, filter, sort, invert, explain.
keys 4 /
keys c l a i m e d Enter
shows 'claimed'
keys Enter
shows 'pageblock claimed'
keys Escape
keys '\' R e c l Enter
shows 'filter: Recl'
screen | sed 1,4d | grep -q 'agree' && screen | sed 1,4d | grep agree | grep -qv Recl &&
	fail 'a row that the filter does not hold'
keys Escape
keys '\' n o n e Enter
shows 'no row passes'
keys Escape
shows 'event↓'
keys I
shows 'event↑'
keys I '>'
shows 'time s↓'
keys '<'
shows 'event↓'
keys F6
shows 'time s↓'
keys '<' NPage PPage n
keys 6 + -
shows 'every 0.2 s'

# The map's cursor, by key and mouse (the X10 form of a click on its first cell).
keys 3 h l l
shows 'pfn 0x1400'
t send-keys -H 1b 5b 4d 20 22 25
t send-keys -H 1b 5b 4d 23 22 25
shows 'pfn 0x1000'
t send-keys -H 1b 5b 4d 20 2e 21
shows '[1 Overview]'

# A snapshot of where it stands is a trace that replays.
keys w C-u
t send-keys -l "$dir/here.pgt"
keys Enter
shows 'written'
"$b" replay "$dir/here.pgt" | grep -q 'free blocks  4907 of 4907' || fail 'the snapshot does not replay'
keys C-l
shows 'order 9'
keys q
gives_back 0

# What was chosen lasts: the screen, the order, a list's column.
start 80x24 --at end -r "$trace"
shows '[1 Overview]'
keys o 6 '<' I
shows 'pages/s↑'
keys q
gives_back 0
start 80x24 --at end -r "$trace"
shows '[6 Callers]'
shows 'pages/s↑'
keys 1
shows 'order 8'
keys q
gives_back 0
echo 'screen nonsense' >"$dir/config/buddyscope/top"
echo 'order 77' >>"$dir/config/buddyscope/top"
start 80x24 --screen overview --order 9 -r "$trace"
shows 'order 9'
keys q
gives_back 0

# A difference is found, and the trace ends otherwise.
start 80x24 --policy 6.1 -r "$trace"
shows '1x'
keys d
shows DIFFERS
keys q
gives_back 0

# No colours, no characters but ASCII, N samples.
start 80x24 --at end --color never -r "$trace"
shows 'order 9'
t capture-pane -pe | grep -q "$(printf '\033')\[\([0-9;]*;\)*[34][0-8][;m]" && fail '--color never: a colour'
NO_COLOR=1 start 80x24 --at end -r "$trace"
shows 'order 9'
t capture-pane -pe | grep -q "$(printf '\033')\[\([0-9;]*;\)*[34][0-8][;m]" && fail 'NO_COLOR: a colour'
start 80x24 --at end --ascii -r "$trace"
shows 'order 9'
screen | LC_ALL=C grep -q '[^ -~]' && fail '--ascii: something else'
# What was shown of this host can be gone back to.
start 80x24 -d 0.1 --source proc
shows 'reclaim 0/s'
keys ,
shows 's ago'
keys Home 4
shows 'kept without this list'
keys 1 End
shows PAUSED
keys ' ' q
gives_back 0
start 80x24 -n 2 -d 0.1 --source proc
gives_back 0
exit 0
