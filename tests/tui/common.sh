# shellcheck shell=sh disable=SC2034 # trace is for who includes this
# SPDX-License-Identifier: GPL-2.0-only
# What the scripts of this folder share: the command in a private tmux, keys and what it shows.
trace=$PWD/tests/data/debian-6.12.pgt
[ -f "$trace" ] || {
	echo "tests/data holds no trace"
	exit 77
}
command -v tmux >/dev/null || {
	echo "tmux is not installed (make deps installs it)"
	exit 77
}
export LC_ALL=C.UTF-8
dir=$(mktemp -d) || exit 1
b=$(realpath "${BUDDYSCOPE:?}") || exit 1
"$b" top -r "$trace" </dev/null 2>&1 | grep -q 'no dashboard' && {
	echo "this build has no dashboard (TUI=0)"
	exit 77
}
export TMUX_TMPDIR="$dir" XDG_CONFIG_HOME="$dir/config"
unset TMUX NO_COLOR COLUMNS LINES
server=0
wrap= # a command in front of it
t() {
	tmux -u -f /dev/null -L "top$server" "$@"
}
trap 't kill-server 2>/dev/null; rm -rf "$dir"' EXIT

screen() {
	t capture-pane -p | sed 's/ *$//'
}

fail() { # the first is enough: what follows rests on it
	echo "$1"
	screen | sed 's/^/    |/'
	exit 1
}

# start SIZE ARGS...: a new server that runs top; its exit code and the terminal's state follow
start() {
	size=$1
	shift
	t kill-server 2>/dev/null
	server=$((server + 1)) # the old one may take its time to go
	t new-session -d -x "${size%x*}" -y "${size#*x}" \
		"$wrap '$b' top $*; echo exit \$?; stty -a | grep -o -- '-*icanon\|-*echo '; exec sleep 100"
}

keys() {
	for k; do
		t send-keys "$k"
	done
}

shows() { # shows TEXT: within ten seconds, or $patience times 50 ms
	tries=0
	while ! screen | grep -qF -- "$1"; do
		tries=$((tries + 1))
		[ $tries -lt "${patience:-200}" ] || fail "does not show '$1'"
		sleep 0.05
	done
}

pid() { # of top itself
	cat /proc/[0-9]*/stat 2>/dev/null |
		awk -v parent="$(t list-panes -F '#{pane_pid}')" \
			'$2 == "(buddyscope)" && $4 == parent { print $1 }'
}

gives_back() { # gives_back CODE: it ended so, and the terminal is as it was
	shows "exit $1"
	shows icanon
	screen | grep -q -- '-icanon\|-echo' && fail 'the terminal stays raw'
	[ "$(t display-message -p '#{alternate_on}')" = 0 ] || fail 'the alternate screen stays'
}
