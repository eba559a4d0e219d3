/* SPDX-License-Identifier: GPL-2.0-only */
/* Frees that go to the buddy by themselves, by tracepoints alone: bpf/frees.bpf.h. */
#include <stdarg.h>
#include <stdbool.h>
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

/* Frees of a zone that nobody has told of yet, and which all are on the pcp list or in use. */
static void begin(bool quickly)
{
	frees_reset();
	frees_watch(quickly);
	for (uint64_t pfn = 1; pfn < FREES_PAGES; pfn++)
		frees_set_free(pfn, -1);
}

static void told(size_t n, const uint64_t *pfn)
{
	const struct kernel_event *ev;

	frees_in_lock();
	assert_int_equal(frees_events(&ev), n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(ev[i].type, EV_ZONE_FREE);
		assert_int_equal(ev[i].pfn, pfn[i]);
	}
}

/* One after the other, and a batch that is told of before any of it is on the list. */
static void frees_that_reach_their_list_are_not_told_of(void **state)
{
	int count = 100;
	uint64_t pfn;

	(void)state;
	for (int quickly = 0; quickly <= 1; quickly++) {
		begin(quickly);
		for (pfn = 100; pfn < 200; pfn++) {
			frees_count(count++);
			frees_free(pfn);
			frees_set_free(pfn, 0); /* were it looked for, it would be found */
		}
		for (pfn = 200; pfn < 231; pfn++) {
			frees_free(pfn);
			frees_set_free(pfn, 0);
		}
		frees_count(count + 31);
		frees_free(7);
		told(0, NULL);
	}
}

/* The list is locked when their turn comes: it has not grown by them. */
static void frees_that_pass_their_list_are_told_of(void **state)
{
	static const uint64_t alone[] = { 100 }, batch[] = { 100, 301, 303 },
			      at_last[] = { 100, 301, 303, 432 };
	uint64_t pfn;

	(void)state;
	for (int quickly = 0; quickly <= 1; quickly++) {
		begin(quickly);
		frees_count(5);
		frees_free(100);
		frees_set_free(100, 0);
		frees_count(9); /* of others: an allocation took from it, a refill came */
		frees_free(300);
		told(1, alone);
		frees_count(10);
		for (pfn = 301; pfn < 304; pfn++)
			frees_free(pfn);
		frees_set_free(301, 0);
		frees_set_free(303, 0);
		frees_count(11); /* by one, not by three */
		frees_free(302);
		told(3, batch);
		frees_count(20);
		for (pfn = 400; pfn < 440; pfn++) /* more than are kept */
			frees_free(pfn);
		frees_set_free(432, 0);
		frees_count(21);
		frees_free(302);
		told(4, at_last);
	}
}

/* Blocks count as many pages, and need as much room. */
static void blocks_are_pending_among_pages(void **state)
{
	static const uint64_t both[] = { 512, 1024 };

	(void)state;
	for (int quickly = 0; quickly <= 1; quickly++) {
		begin(quickly);
		frees_count(40);
		frees_free(100);
		frees_free_block(104, 3);
		frees_free(101);
		frees_set_free(100, 0);
		frees_set_free(104, 3);
		frees_count(50);
		frees_free(102);
		told(0, NULL);
		frees_count(51);
		frees_free_block(512, 9);
		frees_set_free(512, 9);
		frees_count(52); /* not by 512 */
		frees_free_block(1024, 3);
		frees_set_free(1024, 3);
		frees_count(55);
		frees_free(103);
		told(2, both);
	}
}

/* An interrupt on top of who has the lock: it is waited for at once. */
static void a_free_that_finds_its_list_locked_is_announced(void **state)
{
	const struct kernel_event *ev;

	(void)state;
	for (int quickly = 0; quickly <= 1; quickly++) {
		begin(quickly);
		frees_count(3);
		frees_free(100);
		frees_lock(true);
		frees_free(101);
		assert_int_equal(frees_events(&ev), 1);
		assert_int_equal(ev[0].pfn, 101);
		assert_int_equal(ev[0].bits, EV_AWAITED);
		frees_lock(false);
		frees_set_free(101, 0);
		frees_in_lock();
		assert_int_equal(frees_events(&ev), 2);
		assert_int_equal(ev[1].pfn, 101);
		assert_int_equal(ev[1].bits, EV_LOCKED | EV_AWAITED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_block_of_an_area_is_told_of_once),
		cmocka_unit_test(runs_of_two_tasks_are_kept_apart),
		cmocka_unit_test(the_ends_of_a_run_are_pending_still),
		cmocka_unit_test(frees_that_reach_their_list_are_not_told_of),
		cmocka_unit_test(frees_that_pass_their_list_are_told_of),
		cmocka_unit_test(blocks_are_pending_among_pages),
		cmocka_unit_test(a_free_that_finds_its_list_locked_is_announced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
