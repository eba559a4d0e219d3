#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What `make install` leaves behind suffices to use the command and to build against libpa.
. tests/cli/common.sh
for tool in make pkg-config "${CC:-cc}"; do
	command -v "$tool" >/dev/null || {
		echo "$tool is not installed"
		exit 77
	}
done
prefix=/opt/some/where
root=$dir/root$prefix
case $BUDDYSCOPE in
*/san/*) san=-fsanitize=address,undefined ;; # the library wants its run-time
*) san= ;;
esac

make --no-print-directory DESTDIR="$dir/root" PREFIX=$prefix install >"$dir/out" 2>"$dir/err" || {
	fail 'make install'
	exit 1
}
[ "$("$root/bin/buddyscope" -V)" = "$("$BUDDYSCOPE" -V)" ] || fail 'the command does not run'
[ "$(ls "$root/share/man/man1" | wc -l)" -eq "$(ls man/*.1 | wc -l)" ] || fail 'man pages are missing'
if grep -rq "$dir" "$dir/root"; then
	fail 'DESTDIR stands in what was installed'
fi

pc() {
	PKG_CONFIG_PATH=$root/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$dir/root pkg-config "$@" libpa
}
[ "buddyscope $(pc --modversion)" = "$("$BUDDYSCOPE" -V)" ] || fail 'the version of libpa.pc'
grep -qx "prefix=$prefix" "$root/lib/pkgconfig/libpa.pc" || fail 'the prefix of libpa.pc'

cat >"$dir/first.c" <<'END'
#include <pa.h>
#include <stdio.h>
#include <stddef.h>

static _Alignas(max_align_t) char mem[1 << 17];

int main(void)
{
	struct pa_zone_config zone = { .spanned = 4096, .managed = 4096, .type = PA_ZONE_NORMAL };
	struct pa_config cfg = { pa_policy_find("6.12"), &zone, 1, 11, 9, 15000, .cpus = 1 };
	struct pa_alloc_args args = { .gfp = PA_GFP_KERNEL, .order = 3 };
	uint64_t pfn;
	struct pa *pa;

	if (pa_init(mem, sizeof(mem), &cfg, &pa) || pa_free(pa, 2048, 10, 0, -1))
		return 1;
	if (pa_alloc(pa, &args, &pfn, NULL) || pa_free_pages(pa, 0, pfn, 3, NULL))
		return 1;
	printf("%d\n", (int)pfn);
	return pa_free_pages(pa, 0, pfn, 3, NULL) == 0;
}
END
# shellcheck disable=SC2046,SC2086 # words of a command line
"${CC:-cc}" -Wall -Wextra -Werror -pedantic $san -o "$dir/first" "$dir/first.c" \
	$(pc --cflags --libs) >"$dir/out" 2>"$dir/err" || fail 'a program does not build against it'
[ "$("$dir/first")" = 2048 ] || fail 'the program does not run as it should'
exit $bad
