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

/* Folios of four pages below, and above them room of @order as far as @end. */
static struct pa *with_folios(const char *policy, unsigned int order, uint64_t end)
{
	struct pa *pa = eager(policy);

	for (uint64_t p = 0; p < 64; p += 8) {
		assert_int_equal(pa_set_allocated(pa, p, 2, PA_USE_MOVABLE), 0);
		if (p & 8)
			assert_int_equal(pa_lru_add(pa, p), 0);
		assert_int_equal(pa_set_allocated(pa, p + 4, 2, PA_USE_PINNED), 0);
	}
	for (uint64_t p = 8 * PBN; p < end; p += UINT64_C(2) << order)
		give(pa, p, p + 1, order);
	return pa;
}

static unsigned int folios_left(struct pa *pa)
{
	unsigned int n = 0;

	for (uint64_t p = 0; p < 64; p += 8)
		n += pa_allocated(pa, p) == 2;
	return n;
}

/*
 * From 6.9 on a large folio is moved as it is, or split where no such block is free; older kernels
 * leave it alone.
 */
static void test_folios(const char *policy)
{
	bool moves_them = since(policy, "6.12.0");
	struct pa *pa = with_folios(policy, 2, PAGES);

	assert_int_equal(moves(pa, 510), moves_them ? 8 : 0);
	assert_int_equal(folios_left(pa), moves_them ? 0 : 8);
	sound(pa);
	pa = with_folios(policy, 0, PAGES);
	assert_int_equal(moves(pa, 510), moves_them ? 8 + 32 : 0); /* split, and moved */
	assert_int_equal(folios_left(pa), moves_them ? 0 : 8);
	sound(pa);
}

/* The marks leave room for some of the pages of a folio that was split: that ends nothing. */
static void test_little_room(const char *policy)
{
	struct pa *pa = eager(policy);
	uint64_t room = zone_of(pa, 0).wmark[PA_WMARK_MIN] + 3;

	pa = with_folios(policy, 0, 8 * PBN + 2 * room);
	assert_in_range(moves(pa, 510), 8 + 1, 8 + 3); /* split, and moved */
	assert_int_equal(folios_left(pa), 0);
	sound(pa);
}

/* Room that was left over goes back, and is where the next free scanner begins. */
static void test_left_over(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	for (uint64_t p = 0; p < 30; p += 2) {
		occupy(pa, p + 1, p + 2, true);
		give(pa, p, p + 1, 0);
	}
	occupy(pa, 30, 32, true); /* 17 pages stand in the way */
	for (uint64_t p = PAGES - PBN; p < PAGES; p += 16) {
		give(pa, p, p + 8, 3);
		give(pa, p + 8, p + 12, 2);
	}
	assert_int_equal(ask(pa, PA_GFP_HIGHUSER_MOVABLE | PA_GFP_NORETRY, 5, 0, &pfn), 0);
	assert_int_equal(pfn, 0);
	assert_int_equal(rec.trail.nr_moves, 17);
	sound(pa);
}

/* What kcompactd frees goes to the lists of the CPU that it runs on. */
static void test_daemon_cpu(void **state)
{
	struct pa_zone_config zone = { .spanned = PAGES, .managed = PAGES };
	const struct pa_config none = { .policy = pa_policy_find("6.12"),
					.zones = &zone,
					.nr_zones = 1,
					.nr_orders = 11,
					.pageblock_order = PBO };
	struct pa *pa;
	struct pa_pcp pcp[2];

	(void)state;
	for (uint32_t cpu = 0; cpu < 2; cpu++) {
		struct pa_knobs knobs;

		pa = machine("6.12", 2, PAGES, PA_ZONE_NORMAL, marks);
		knobs = *pa_get_knobs(pa);
		knobs.compaction_proactiveness = 100;
		assert_int_equal(pa_set_knobs(pa, &knobs), 0);
		scatter(pa, 0, PAGES);
		assert_int_equal(pa_set_daemon_cpu(pa, PA_KCOMPACTD, cpu), 0);
		assert_int_equal(pa_set_pace(pa, 1000000), 0);
		assert_true(moves(pa, 510) > 0);
		for (uint32_t i = 0; i < 2; i++)
			assert_int_equal(pa_pcp_get(pa, 0, i, &pcp[i]), 0);
		assert_true(pcp[cpu].count > 0);
		assert_int_equal(pcp[!cpu].count, 0);
		assert_int_equal(pa_set_daemon_cpu(pa, PA_KSWAPD, 2), -EINVAL);
		assert_int_equal(pa_set_daemon_cpu(pa, PA_NR_DAEMONS, 0), -EINVAL);
	}
	assert_int_equal(pa_set_daemon_cpu(machine_of(&none), PA_KSWAPD, 0), -EINVAL);
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
BETWEEN("5.4", NULL, test_left_over)
BETWEEN("5.10", NULL, test_folios)
BETWEEN("6.12.0", NULL, test_little_room)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_test_pace),	 cmocka_unit_test(each_test_stands_back),
		cmocka_unit_test(each_test_looks_again), cmocka_unit_test(each_test_hints),
		cmocka_unit_test(each_test_left_over),	 cmocka_unit_test(each_test_folios),
		cmocka_unit_test(each_test_little_room), cmocka_unit_test(test_daemon_cpu),
		cmocka_unit_test(test_pace_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
