#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Find out what the build lacks and install it.  Looks at this machine alone
# unless something is missing.
#
#   contrib/deps.sh check|install build|test|bench|fuzz|vm|portable|cov|browser|lint|cluster...
#
# BPF=0 in the environment leaves out what only the kernel side needs, TUI=0
# what only the dashboard does.
# "check" prints the command that installs what is missing and fails;
# "install" runs it if it can.

mode=$1
shift
PATH=$PATH:/usr/sbin:/sbin
missing=

need() { # need PACKAGE TEST...
	package=$1
	shift
	"$@" >/dev/null 2>&1 || missing="$missing $package"
}

lib() { # lib PACKAGE PKG-CONFIG-NAME
	need "$1" pkg-config --exists "$2"
}

# clang's package leaves its run-time libraries to another.
links_fuzzer() {
	echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
		"${CLANG:-clang}" -fsanitize=fuzzer -x c - -o /dev/null
}

links_profile() {
	echo 'int main(void) { return 0; }' |
		"${CLANG:-clang}" -fprofile-instr-generate -x c - -o /dev/null
}

# gcc-multilib itself excludes all cross compilers; what it wraps does not.
links_32() {
	echo 'int main(void) { return 0; }' | gcc -m32 -x c - -o /dev/null
}

for group; do
	case $group in
	build)
		need gcc command -v "${CC:-cc}"
		need libc6-dev test -e /usr/include/stdio.h
		need pkg-config command -v pkg-config
		lib libzstd-dev libzstd
		lib libjansson-dev jansson
		lib libxxhash-dev libxxhash
		[ "$TUI" = 0 ] || lib libncurses-dev ncursesw
		[ "$BPF" = 0 ] && continue
		need clang command -v "${CLANG:-clang}"
		need bpftool command -v "${BPFTOOL:-bpftool}"
		lib libbpf-dev libbpf
		lib libelf-dev libelf
		lib zlib1g-dev zlib
		lib libcap-ng-dev libcap-ng
		;;
	test)
		lib libcmocka-dev cmocka
		[ "$TUI" = 0 ] || need tmux command -v tmux
		;;
	bench) need linux-perf command -v perf ;;
	fuzz)
		need clang command -v "${CLANG:-clang}"
		need libclang-rt-14-dev links_fuzzer
		;;
	lint)
		need clang-format command -v clang-format
		need shellcheck command -v shellcheck
		need mandoc command -v mandoc
		;;
	cluster) need parallel command -v parallel ;; # one test, which skips without it
	cov)
		need clang command -v "${CLANG:-clang}"
		need llvm command -v llvm-cov
		need libclang-rt-14-dev links_profile
		;;
	portable)
		need clang command -v clang
		need gcc-12-multilib links_32
		need libc6-dev-i386 test -e /usr/include/gnu/stubs-32.h -o \
			-e /usr/include/x86_64-linux-gnu/gnu/stubs-32.h
		need musl-tools command -v musl-gcc
		need gcc-s390x-linux-gnu command -v s390x-linux-gnu-gcc
		need libc6-dev-s390x-cross test -e /usr/s390x-linux-gnu/include/stdio.h
		need qemu-user-static command -v qemu-s390x-static
		;;
	vm)
		need qemu-system-x86 command -v qemu-system-x86_64
		need busybox-static test -x /bin/busybox
		need cpio command -v cpio
		need xz-utils command -v xz
		need python3 command -v python3
		;;
	browser)
		need chromium command -v chromium
		need chromium-driver command -v chromedriver
		need python3 command -v python3
		;;
	*)
		echo "buddyscope: $group: no such group of packages" >&2
		exit 2
		;;
	esac
done

# Where pkg-config itself is missing every library looks missing: apt sorts that out.
[ -n "$missing" ] || exit 0
command="apt-get install -y --no-install-recommends$missing"

if ! command -v apt-get >/dev/null; then
	echo "buddyscope: packages are missing: no apt-get here" \
		"(install your system's equivalent of:$missing)" >&2
	exit 1
fi
if [ "$mode" != install ] || [ "$(id -u)" != 0 ]; then
	echo "buddyscope: packages are missing (install them with: sudo $command)" >&2
	exit 1
fi
echo "installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # the list is meant to be split
set -- apt-get install -qq -y --no-install-recommends $missing
"$@" >/dev/null 2>&1 && exit 0
# The usual reason on a fresh machine: it has no package lists yet.
apt-get update -qq >&2 && "$@" >/dev/null
