/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay_print.h"

#include <inttypes.h>
#include <stdio.h>

/* What was counted, or null where nothing of the kind could be compared. */
void print_known(struct out_json *j, const char *key, uint64_t v, bool known)
{
	if (known)
		out_u64(j, key, v);
	else
		out_null(j, key);
}

void print_first(struct out_json *j, const struct replay_divergence *first)
{
	if (!first->found) {
		out_null(j, "first_divergence");
		return;
	}
	out_object(j, "first_divergence");
	out_u64(j, "event", first->event);
	out_u64(j, "ts", first->ts);
	out_str(j, "class", replay_class_name(first->class));
	out_str(j, "kernel", first->kernel);
	out_str(j, "core", first->core);
	out_close(j);
}

/* "17 of 18 (94.44 %)"; rounded down, so that only all of them are 100 %. */
void print_share(const char *what, uint64_t part, uint64_t whole, bool known)
{
	uint64_t share;

	if (!known) {
		printf("%-12s not known\n", what);
	} else if (!whole) {
		printf("%-12s none\n", what);
	} else {
		share = (uint64_t)((unsigned __int128)part * 10000 / whole);
		printf("%-12s %" PRIu64 " of %" PRIu64 " (%" PRIu64 ".%02" PRIu64 " %%)\n", what,
		       part, whole, share / 100, share % 100);
	}
}
