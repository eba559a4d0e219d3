/* SPDX-License-Identifier: GPL-2.0-only */
/* Compaction: skip hints, kcompactd's time, and what ends its work. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>

#include "machine.h"
#include "slow.h"

/* Pages of @start to @end, every other one free, are movable; the free list holds the lowest last. */
static void scatter(struct pa *pa, uint64_t start, uint64_t end)
{
	for (uint64_t p = end - 2; p + 2 > start; p -= 2) {
		occupy(pa, p + 1, p + 2, true);
		give(pa, p, p + 1, 0);
		if (!p)
			break;
	}
}

static uint64_t moves(struct pa *pa, uint64_t now)
{
	static struct pa_moved moved[PAGES];
	struct pa_trail trail = { .moves = moved, .max_moves = PAGES };

	assert_int_equal(pa_tick(pa, now, &trail), 0);
	return trail.nr_moves;
}

static struct pa *eager(const char *policy)
{
	struct pa *pa = full(policy);
	struct pa_knobs knobs = *pa_get_knobs(pa);

	knobs.compaction_proactiveness = 100;
	assert_int_equal(pa_set_knobs(pa, &knobs), 0);
	return pa;
}

/* A page takes its time: the work goes on from tick to tick, and all comes to the same. */
static void test_pace(const char *policy)
{
	uint64_t at_once, first, later = 0;
	struct pa *pa = eager(policy);

	scatter(pa, 0, PAGES);
	at_once = moves(pa, 1000);
	assert_in_range(at_once, PBN / 2, PAGES);
	sound(pa);
	pa = eager(policy);
	scatter(pa, 0, PAGES);
	assert_int_equal(pa_set_pace(pa, 1000000), 0);
	first = moves(pa, 520);
	assert_in_range(first, 1, 520 + 32);
	for (uint64_t now = 521; now < 4000; now++) {
		later += moves(pa, now);
		if (now % 500 == 0)
			sound(pa);
	}
	assert_in_range(first + later, at_once - at_once / 4, at_once + at_once / 2);
	sound(pa);
}

/* Proactive compaction ends where kswapd wakes. */
static void test_stands_back(const char *policy)
{
	struct pa *pa = eager(policy);
	uint64_t pfn, before;

	scatter(pa, 0, PAGES);
	assert_int_equal(pa_set_pace(pa, 1000000), 0);
	before = moves(pa, 510);
	assert_true(before > 0);
	while (!ask(pa, PA_GFP_NOWAIT, 0, 0, &pfn)) /* down to the min mark: kswapd is woken */
		;
	assert_int_equal(moves(pa, 600), 0);
	sound(pa);
}

/* One that knew of nothing to move says nothing about what comes: it looks again half a second later. */
static void test_looks_again(const char *policy)
{
	struct pa *pa = eager(policy);

	for (uint64_t p = 0; p < PAGES; p += 2) {
		occupy(pa, p + 1, p + 2, false);
		give(pa, p, p + 1, 0);
	}
	assert_int_equal(moves(pa, 510), 0);
	for (uint64_t p = 1; p < PAGES; p += 2) /* now there is */
		assert_int_equal(pa_lru_add(pa, p), 0);
	assert_true(moves(pa, 1600) > 0);
	sound(pa);
}

/* What a run found to be of no use is left out by the next one, until deferral comes to its end. */
static void test_hints(const char *policy)
{
	uint32_t gfp = PA_GFP_HIGHUSER_MOVABLE | PA_GFP_NORETRY;
	struct pa *pa = full(policy);
	struct pa_zone_state zs;
	uint64_t pfn;

	occupy(pa, 1, 2 * PBN, false); /* nothing to move */
	for (uint64_t p = 2 * PBN; p < PAGES; p += 2)
		give(pa, p, p + 1, 0);
	assert_int_equal(ask(pa, gfp, 5, 0, &pfn), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_COMPACT_FIRST), PA_COMPACT_COMPLETE);
	/* By now there is, but nobody looks. */
	for (uint64_t p = 1; p < 2 * PBN; p++)
		assert_int_equal(pa_lru_add(pa, p), 0);
	assert_int_equal(ask(pa, gfp, 5, 0, &pfn), -ENOMEM);
	assert_int_equal(rec.trail.nr_moves, 0);
	/* compaction_restarting: deferred so often that it begins anew. */
	assert_int_equal(pa_zone_get(pa, 0, &zs), 0);
	zs.defer_shift = 6;
	zs.considered = 64;
	zs.order_failed = 5;
	assert_int_equal(pa_zone_set(pa, 0, &zs), 0);
	assert_int_equal(ask(pa, gfp, 5, 0, &pfn), 0);
	assert_true(rec.trail.nr_moves > 0);
	sound(pa);
}

static void test_pace_refused(void **state)
{
	struct pa_zone_config zone = { .spanned = PAGES, .managed = PAGES };
	const struct pa_config cfg = { .policy = pa_policy_find("6.12"),
				       .zones = &zone,
				       .nr_zones = 1,
				       .nr_orders = 11,
				       .pageblock_order = PBO };

	(void)state;
	assert_int_equal(pa_set_pace(machine_of(&cfg), 1), -EINVAL);
	assert_int_equal(pa_set_pace(full("6.12"), UINT64_MAX), -EINVAL);
	assert_int_equal(pa_set_pace(full("6.12"), 0), 0);
}

BETWEEN("5.10", NULL, test_pace)
BETWEEN("5.10", NULL, test_stands_back)
BETWEEN("5.10", NULL, test_looks_again)
BETWEEN("5.4", NULL, test_hints)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_test_pace),	 cmocka_unit_test(each_test_stands_back),
		cmocka_unit_test(each_test_looks_again), cmocka_unit_test(each_test_hints),
		cmocka_unit_test(test_pace_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
