// SPDX-License-Identifier: GPL-2.0-only
/* Turns of the slow paths that few requests take. */
#include "slow.h"

/* Compaction catches the block on the way, and nobody keeps a record of it. */
static void test_captured(const char *policy)
{
	uint64_t pfn[2];

	for (int recorded = 0; recorded < 2; recorded++) {
		const struct pa_alloc_args args = { .gfp = PA_GFP_HIGHUSER_MOVABLE, .order = 9 };
		struct pa *pa = full(policy);

		in_pieces(pa, 0, PAGES, true);
		assert_int_equal(pa_alloc(pa, &args, &pfn[recorded], recorded ? &rec : NULL), 0);
		assert_int_equal(pa_allocated(pa, pfn[recorded]), 9);
		sound(pa);
	}
	assert_int_equal(rec.source, PA_FROM_CAPTURE);
	assert_int_equal(pfn[0], pfn[1]);
}

/*
 * Too little is free for compaction to start, but reclaim would see to that: it is tried again.  It
 * does not help, for every other page is pinned.
 */
static void test_reclaim_for_compaction(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	for (uint64_t p = 0; p < PAGES; p += 2) {
		occupy(pa, p, p + 1, p < 4096);
		if (p >= 5000 && p < 5120)
			give(pa, p + 1, p + 2, 0);
	}
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 1, 0, &pfn), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_RECLAIM_RETRY), 0);
	assert_int_equal(value_of(PA_STEP_COMPACT_RETRY), 1);
	assert_int_equal(value_of(PA_STEP_COMPACT), PA_COMPACT_SKIPPED);
	sound(pa);
}

/* What reclaim finds is too little, and a single page is not to be had by compaction either. */
static void test_no_compaction_for_one_page(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	occupy(pa, 0, 40, true);
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 0, 0, &pfn), -ENOMEM);
	assert_true(took(PA_STEP_COMPACT_RETRY));
	assert_int_equal(value_of(PA_STEP_COMPACT_RETRY), 0);
	sound(pa);
}

/* Who may not call file systems has nobody killed, and asks until somebody frees memory. */
static void test_nofs(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	assert_int_equal(ask(pa, PA_GFP_KERNEL & ~PA_GFP_FS, 0, 0, &pfn), -EAGAIN);
	assert_int_equal(pfn, PA_PFN_NONE);
	assert_int_equal(value_of(PA_STEP_OOM_KILL), 0);
	sound(pa);
}

static bool kills_in_vain(struct pa *pa, void *ctx)
{
	(void)pa;
	++*(int *)ctx;
	return true;
}

/* Each time somebody is killed, and never is anything freed: that has an end here, unlike there. */
static void test_victims_without_memory(const char *policy)
{
	int killed = 0;
	struct pa_alloc_args args = { .gfp = PA_GFP_KERNEL,
				      .oom = kills_in_vain,
				      .oom_ctx = &killed };
	struct pa *pa = full(policy);
	uint64_t pfn;

	assert_int_equal(pa_alloc(pa, &args, &pfn, NULL), -EAGAIN);
	assert_true(killed > 1);
	sound(pa);
}

/* No reclaim, but CPUs that hold pages: draining them is enough for the last attempt. */
static void test_drain_before_oom(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	for (uint64_t p = 0; p < 512; p++)
		assert_int_equal(pa_pcp_load(pa, 0, 0, 0, 1024 + p, PA_MOVABLE), 0);
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 2, 0, &pfn), 0);
	assert_int_equal(value_of(PA_STEP_RECLAIM), 0);
	assert_int_equal(value_of(PA_STEP_DRAIN_ALL), 512);
	assert_true(took(PA_STEP_OOM_ATTEMPT));
	assert_false(took(PA_STEP_OOM_KILL));
	sound(pa);
}

/* A nodemask holds for reclaim as well. */
static void test_reclaim_by_nodemask(const char *policy)
{
	const struct pa_zone_config zones[] = {
		{ .spanned = PAGES,
		  .managed = PAGES,
		  .type = PA_ZONE_NORMAL,
		  .wmark = { 128, 256, 384 } },
		{ .start_pfn = PAGES,
		  .spanned = PAGES,
		  .managed = PAGES,
		  .type = PA_ZONE_NORMAL,
		  .wmark = { 128, 256, 384 },
		  .node = 1 },
	};
	const struct pa_config cfg = {
		.policy = pa_policy_find(policy),
		.zones = zones,
		.nr_zones = 2,
		.nr_orders = 10,
		.pageblock_order = PBO,
		.cpus = 1,
	};
	struct pa_alloc_args args = { .gfp = PA_GFP_KERNEL, .nodemask = 2 };
	struct pa *pa = machine_of(&cfg);
	uint64_t pfn;

	occupy(pa, 0, 1024, true);
	occupy(pa, PAGES, PAGES + 1024, true);
	assert_int_equal(pa_alloc(pa, &args, &pfn, NULL), 0);
	assert_int_equal(pa_zone_of(pa, pfn), 1);
	assert_int_equal(zone_of(pa, 0).reclaimable, 1024);
	assert_true(zone_of(pa, 1).reclaimable < 1024);
	sound(pa);
}

/*
 * The free scanner starts in the last pageblock, reset_cached_positions, and ends above the migrate
 * scanner's, isolate_freepages: pages go from the first to the last, none within the first.
 */
static void test_ends_of_the_scanners(const char *policy)
{
	static struct pa_moved moves[PBN];
	struct pa_alloc_args args = { .gfp = PA_GFP_HIGHUSER_MOVABLE | PA_GFP_NORETRY, .order = 5 };
	struct pa *pa = machine(policy, 1, 8 * PBN, PA_ZONE_NORMAL, (uint64_t[]){ 12, 25, 38 });
	uint64_t pfn;

	memset(&rec, 0, sizeof(rec));
	rec.trail.moves = moves;
	rec.trail.max_moves = PBN;
	for (uint64_t p = 7 * PBN; p < 8 * PBN; p += 2)
		give(pa, p, p + 1, 0); /* last of the list, where a fast search looks */
	in_pieces(pa, 0, PBN, true);
	assert_int_equal(pa_alloc(pa, &args, &pfn, &rec), 0);
	assert_in_range(rec.trail.nr_moves, 1, PBN);
	for (uint32_t i = 0; i < rec.trail.nr_moves; i++) {
		assert_true(moves[i].from < PBN);
		assert_true(moves[i].to >= 7 * PBN);
	}
	sound(pa);
}

/* __GFP_NOFAIL of a high order: what the reserves give ends the round, not the OOM killer. */
static void test_nofail_from_reserves(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	give(pa, 4096, 4096 + 128, 5);
	give(pa, 4608, 4608 + 12, 0);
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_NOFAIL, 5, 0, &pfn), 0);
	assert_true(took(PA_STEP_NOPAGE));
	assert_false(took(PA_STEP_OOM_KILL));
	assert_int_equal(pa_allocated(pa, pfn), 5);
	sound(pa);
}

BETWEEN("3.10", NULL, test_ends_of_the_scanners)
BETWEEN("5.4", NULL, test_nofail_from_reserves)
BETWEEN("6.1.0", NULL, test_captured)
BETWEEN("5.4", NULL, test_reclaim_for_compaction)
BETWEEN("5.4", NULL, test_nofs)
BETWEEN("5.4", NULL, test_no_compaction_for_one_page)
EACH(test_victims_without_memory)
BETWEEN("2.6.24", "2.6.24", test_drain_before_oom)
EACH(test_reclaim_by_nodemask)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_test_ends_of_the_scanners),
		cmocka_unit_test(each_test_nofail_from_reserves),
		cmocka_unit_test(each_test_captured),
		cmocka_unit_test(each_test_reclaim_for_compaction),
		cmocka_unit_test(each_test_nofs),
		cmocka_unit_test(each_test_no_compaction_for_one_page),
		cmocka_unit_test(each_test_victims_without_memory),
		cmocka_unit_test(each_test_drain_before_oom),
		cmocka_unit_test(each_test_reclaim_by_nodemask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
