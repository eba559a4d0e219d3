/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A long recording: it is played in slices, to its end and back.
 *
 *	test_long FILE EVENTS	writes one, for the tests that drive the command
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tools/source.h"

#define LONG 1000000
#define BATCH 4096
#define STEPS 4 /* events of a block that is taken, used, freed and given back */

static int write_events(struct trace_writer *w, uint64_t n)
{
	static const uint8_t types[STEPS] = { EV_ZONE_ALLOC, EV_ALLOC, EV_FREE, EV_DRAIN };
	static struct trace_event ev[BATCH];
	uint64_t done = 0;
	size_t i;
	int err = 0;

	while (!err && done < n) {
		for (i = 0; i < BATCH && done < n; i++, done++)
			ev[i] = (struct trace_event){ .ts = 1000 + done * 1000,
						      .pfn = 4096,
						      .type = types[done % STEPS],
						      .order = 3,
						      .mt = 1,
						      .pid = done % STEPS == 1 ? 77 : 0 };
		err = trace_write_events(w, ev, i);
	}
	return err;
}

static int write_long(const char *path, uint64_t n)
{
	static const uint64_t pfn[] = { 4096, 5120, 6144, 7168 };
	const struct trace_list list = { .order = 10, .mt = 1, .pfn = pfn, .n = 4 };
	struct trace_meta meta = {
		.kernel = "6.12.117",
		.tier = "fentry",
		.page_shift = 12,
		.nr_orders = 11,
		.pageblock_order = 9,
		.cpus = 1,
		.mt = { "Unmovable", "Movable", "Reclaimable" },
		.nr_mt = 3,
		.zone = { { .name = "DMA32",
			    .start_pfn = 4096,
			    .spanned = 4096,
			    .present = 4096,
			    .managed = 4096 } },
		.nr_zones = 1,
	};
	struct trace_writer *w;
	int err = trace_writer_open(path, &meta, &w);

	if (err)
		return err;
	err = trace_write_list(w, &list);
	if (!err)
		err = write_events(w, n);
	if (!err)
		return trace_writer_close(w);
	trace_writer_abandon(w);
	return err;
}

static int go(struct source *source, enum source_goal_kind kind, uint64_t value)
{
	const struct source_goal goal = { .kind = kind, .value = value };
	int slices = 0, done;

	do {
		done = source_run(source, &goal, 1000000);
		slices++;
	} while (!done);
	assert_int_equal(done, 1);
	return slices;
}

static void it_is_played_in_slices(void **state)
{
	const struct source_options opt = { 0 };
	struct sample *s = malloc(sizeof(*s));
	char path[] = "/tmp/buddyscope-long.XXXXXX", why[256];
	struct source *source;

	(void)state;
	assert_non_null(s);
	close(mkstemp(path));
	assert_int_equal(write_long(path, LONG), 0);
	assert_int_equal(source_file(path, &opt, &source, why, sizeof(why)), 0);
	assert_true(go(source, GOAL_END, 0) > 10); /* no more than so many ns at a time */
	assert_int_equal(source_sample(source, s), 0);
	assert_int_equal(s->event, LONG);
	assert_int_equal(s->timeline->events, LONG);
	assert_int_equal(s->core.picks, LONG / STEPS);
	assert_int_equal(s->core.picks_exact, LONG / STEPS);
	assert_true(s->at_end);
	go(source, GOAL_EVENT, 10);
	assert_int_equal(source_sample(source, s), 0);
	assert_int_equal(s->event, 10);
	source_close(source);
	unlink(path);
	free(s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(it_is_played_in_slices) };

	if (argc == 3)
		return write_long(argv[1], strtoull(argv[2], NULL, 10)) ? 1 : 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
