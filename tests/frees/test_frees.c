/* SPDX-License-Identifier: GPL-2.0-only */
/* Frees that go to the buddy by themselves, by tracepoints alone: bpf/frees.bpf.h. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <linux/types.h>

#include "bpf/event.h"
#include "frees.h"

#define RUN 32	/* pages, an order-5 block each */
#define RUNS 60 /* with a hole behind each: the blocks do not touch */

/*
 * vfree of a large area @ 7.2+: it tells of each page, and each run goes to the buddy as one block
 * before the next is told of.  Nobody holds the lock in between who would report anything.
 */
static void each_block_of_an_area_is_told_of_once(void **state)
{
	const struct kernel_event *ev;
	uint64_t run, pfn;
	size_t i, n;

	(void)state;
	frees_reset();
	for (pfn = 1; pfn < FREES_PAGES; pfn++)
		frees_set_free(pfn, -1);
	for (run = RUN; run < (2 * RUNS + 1) * RUN; run += 2 * RUN) {
		for (pfn = run; pfn < run + RUN; pfn++) {
			frees_set_free(pfn, -1);
			frees_free(pfn);
		}
		frees_set_free(run, 5);
	}
	frees_free(1); /* the last run is over */
	frees_in_lock();
	n = frees_events(&ev);
	assert_int_equal(n, RUNS);
	for (i = 0; i < n; i++) {
		assert_int_equal(ev[i].type, EV_ZONE_FREE);
		assert_int_equal(ev[i].order, 5);
		assert_int_equal(ev[i].pfn, RUN + 2 * RUN * i);
	}
	frees_in_lock();
	assert_int_equal(frees_events(&ev), RUNS);
}

/* Two tasks take turns on the CPU, an interrupt frees single pages on top. */
static void runs_of_two_tasks_are_kept_apart(void **state)
{
	const struct kernel_event *ev;
	uint64_t pfn, turn, i;

	(void)state;
	frees_reset();
	for (pfn = 1; pfn < FREES_PAGES; pfn++)
		frees_set_free(pfn, -1);
	for (turn = 0; turn < 4; turn++) {
		for (i = 0; i < 32; i++)
			frees_free(1024 + 32 * turn + i);
		for (i = 0; i < 64; i++)
			frees_free(2048 + 64 * turn + i);
		frees_free(4000 + 2 * turn);
	}
	frees_in_lock();
	assert_int_equal(frees_events(&ev), 0);
	frees_set_free(1024, 7);
	frees_free(7);
	frees_in_lock();
	assert_int_equal(frees_events(&ev), 1);
	frees_set_free(2048, 8);
	frees_free(9);
	frees_in_lock();
	assert_int_equal(frees_events(&ev), 2);
	assert_int_equal(ev[0].pfn, 1024);
	assert_int_equal(ev[0].order, 7);
	assert_int_equal(ev[1].pfn, 2048);
	assert_int_equal(ev[1].order, 8);
}

/* What is left over at the ends of a run is of pcp orders: it is looked for as before. */
static void the_ends_of_a_run_are_pending_still(void **state)
{
	const struct kernel_event *ev;
	uint64_t pfn;

	(void)state;
	frees_reset();
	for (pfn = 1; pfn < FREES_PAGES; pfn++)
		frees_set_free(pfn, -1);
	for (pfn = 63; pfn < 82; pfn++)
		frees_free(pfn);
	frees_set_free(63, 0);
	frees_set_free(64, 4);
	frees_set_free(80, 1);
	frees_count(1); /* of another: not what this CPU freed */
	frees_free(7);
	frees_in_lock();
	assert_int_equal(frees_events(&ev), 4);
	assert_int_equal(ev[0].pfn, 64);
	assert_int_equal(ev[0].order, 4);
	assert_int_equal(ev[1].pfn, 63);
	assert_int_equal(ev[2].pfn, 80);
	assert_int_equal(ev[3].pfn, 81);
	assert_int_equal(ev[3].order, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_block_of_an_area_is_told_of_once),
		cmocka_unit_test(runs_of_two_tasks_are_kept_apart),
		cmocka_unit_test(the_ends_of_a_run_are_pending_still),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
