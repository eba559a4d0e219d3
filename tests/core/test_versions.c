// SPDX-License-Identifier: GPL-2.0-only
/* What versions differ in besides lists and slow paths: marks, zones, turns, flags, daemons. */
#include "slow.h"

#define MB 256 /* pages */

/* -------------------------------------------------------------------------
 * Marks
 */

/* 2.4: a 128th of each zone, 20 at least, 255 at most; twice and three times that. */
static void test_marks_2_4(void **state)
{
	static const struct {
		uint64_t pages, min;
	} rows[] = { { 1024, 20 }, { 16384, 128 }, { 131072, 255 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pa *pa = machine("2.4", 1, rows[i].pages, PA_ZONE_NORMAL, NULL);
		struct pa_zone_state zs = zone_of(pa, 0);

		assert_int_equal(zs.wmark[PA_WMARK_MIN], rows[i].min);
		assert_int_equal(zs.wmark[PA_WMARK_LOW], 2 * rows[i].min);
		assert_int_equal(zs.wmark[PA_WMARK_HIGH], 3 * rows[i].min);
		assert_int_equal(zs.threshold, 0);
	}
}

/* min_free_kbytes = 4002: 1000 pages.  Up to 4.5 a quarter and a half above, whatever the factor. */
static void test_gaps(const char *policy)
{
	bool old = !since(policy, "5.4");
	struct pa_zone_state zs;
	struct pa_knobs knobs;
	struct pa *pa;

	pa_knobs_of(pa_policy_find(policy), &knobs);
	knobs.min_free_kbytes = 4003 * 4 / 4;
	knobs.watermark_scale_factor = 300;
	pa = machine(policy, 1, 131072, PA_ZONE_NORMAL, NULL);
	assert_int_equal(pa_set_knobs(pa, &knobs), 0);
	zs = zone_of(pa, 0);
	assert_int_equal(zs.wmark[PA_WMARK_MIN], 1000);
	assert_int_equal(zs.wmark[PA_WMARK_LOW], 1000 + (old ? 250 : 3932));
	assert_int_equal(zs.wmark[PA_WMARK_HIGH], 1000 + (old ? 500 : 2 * 3932));
	/* tmp / 2 is not twice tmp / 4. */
	knobs.watermark_scale_factor = 1;
	knobs.min_free_kbytes = 4012;
	assert_int_equal(pa_set_knobs(pa, &knobs), 0);
	zs = zone_of(pa, 0);
	assert_int_equal(zs.wmark[PA_WMARK_LOW], 1003 + 250);
	assert_int_equal(zs.wmark[PA_WMARK_HIGH], 1003 + (old ? 501 : 500));
	sound(pa);
}

/* A zone of 1 TiB: 65536 kB at most up to 5.7, 262144 later. */
static void test_min_free_most(const char *policy)
{
	const struct pa_zone_config zone = { .spanned = PBN,
					     .managed = UINT64_C(1) << 28,
					     .type = PA_ZONE_NORMAL };
	struct pa_knobs knobs;
	struct pa *pa;

	pa_knobs_default(&knobs);
	knobs.khugepaged = false;
	pa = zoned(policy, &zone, 1, &knobs);
	assert_int_equal(zone_of(pa, 0).wmark[PA_WMARK_MIN],
			 (since(policy, "5.10") ? 131072 : 65536) / 4);
}

/* Only where there is compaction there are THPs, for which more is kept free. */
static void test_khugepaged(const char *policy)
{
	struct pa *pa = machine(policy, 1, 1048576, PA_ZONE_NORMAL, NULL);
	bool thp = since(policy, "3.10");

	assert_int_equal(zone_of(pa, 0).wmark[PA_WMARK_MIN], (thp ? 512 * 11 * 4 : 8192) / 4);
}

/* Up to 2.6.24 shares go by present pages, later by managed ones. */
static void test_present(const char *policy)
{
	const struct pa_zone_config zones[] = {
		{ 0, 4096, 4096, { 0 }, 0, PA_ZONE_DMA, 4096 },
		{ 4096, 8192, 4096, { 0 }, 0, PA_ZONE_NORMAL, 8192 },
	};
	bool present = !since(policy, "3.10");
	struct pa_knobs knobs;
	struct pa *pa;

	pa_knobs_default(&knobs);
	knobs.min_free_kbytes = 1200;
	pa = zoned(policy, zones, 2, &knobs);
	if (!since(policy, "2.6.24")) {
		assert_int_equal(zone_of(pa, 1).wmark[PA_WMARK_MIN], 64);
		return;
	}
	assert_int_equal(zone_of(pa, 0).wmark[PA_WMARK_MIN], present ? 100 : 150);
	assert_int_equal(zone_of(pa, 0).lowmem_reserve[PA_ZONE_NORMAL],
			 present ? 8192 / 256 : 4096 / 256);
}

/* RESERVE pageblocks are chosen with the marks: as many as hold the min mark, 3.10 two at most. */
static void test_reserve_blocks(const char *policy)
{
	struct pa *pa = machine(policy, 1, 131072, PA_ZONE_NORMAL, NULL);
	struct pa_knobs knobs = *pa_get_knobs(pa);
	uint32_t blocks = 0;

	fill(pa, 0, 131072);
	knobs.min_free_kbytes = 4 * 4 * PBN - 4;
	assert_int_equal(pa_set_knobs(pa, &knobs), 0);
	for (uint64_t pfn = 0; pfn < 131072; pfn += PBN)
		blocks += pa_pageblock(pa, pfn) == PA_RESERVE;
	assert_int_equal(blocks, since(policy, "4.4") ? 0 : since(policy, "3.10") ? 2 : 4);
	assert_int_equal(zone_of(pa, 0).nr_free, 131072);
	sound(pa);
	knobs.min_free_kbytes = 4 * PBN - 4;
	assert_int_equal(pa_set_knobs(pa, &knobs), 0);
	assert_int_equal(pa_pageblock(pa, PBN), PA_MOVABLE);
	sound(pa);
}

/* A ratio of 0: nothing is kept; up to 4.15 as much as there is above, and HIGHMEM's is 32. */
static void test_ratio(const char *policy)
{
	const struct pa_zone_config zones[] = {
		{ 0, 4096, 4096, { 0 }, 0, PA_ZONE_NORMAL, 0 },
		{ 4096, 4096, 4096, { 0 }, 0, PA_ZONE_HIGHMEM, 0 },
		{ 8192, 6400, 6400, { 0 }, 0, PA_ZONE_MOVABLE, 0 },
	};
	bool old = !since(policy, "5.4");
	struct pa *pa = zoned(policy, zones, 3, NULL);
	struct pa_knobs knobs = *pa_get_knobs(pa);

	assert_int_equal(zone_of(pa, 0).lowmem_reserve[PA_ZONE_HIGHMEM], 128);
	assert_int_equal(zone_of(pa, 1).lowmem_reserve[PA_ZONE_MOVABLE], old ? 200 : 0);
	knobs.lowmem_reserve_ratio[PA_ZONE_NORMAL] = 0;
	assert_int_equal(pa_set_knobs(pa, &knobs), 0);
	assert_int_equal(zone_of(pa, 0).lowmem_reserve[PA_ZONE_HIGHMEM], old ? 4096 : 0);
}

/* 5.4 sets up marks with the boost still in them. */
static void test_boost_stays(const char *policy)
{
	bool stays = !strcmp(policy, "5.4");
	struct pa *pa = machine(policy, 1, 131072, PA_ZONE_NORMAL, NULL);
	struct pa_zone_state zs, after;
	struct pa_knobs knobs = *pa_get_knobs(pa);

	knobs.min_free_kbytes = 4000;
	assert_int_equal(pa_set_knobs(pa, &knobs), 0);
	zs = zone_of(pa, 0);
	zs.boost = 700;
	assert_int_equal(pa_zone_set(pa, 0, &zs), 0);
	assert_int_equal(zone_of(pa, 0).boost, 700);
	assert_int_equal(pa_setup_wmarks(pa), 0);
	after = zone_of(pa, 0);
	assert_int_equal(after.boost, 0);
	assert_int_equal(after.wmark[PA_WMARK_MIN], zs.wmark[PA_WMARK_MIN]);
	assert_int_equal(after.wmark[PA_WMARK_LOW], zs.wmark[PA_WMARK_LOW] + (stays ? 700 : 0));
	assert_int_equal(after.wmark[PA_WMARK_HIGH], zs.wmark[PA_WMARK_HIGH] + (stays ? 700 : 0));
}

/* Which sysctls a version has. */
static void test_knob_known(void **state)
{
	static const struct {
		const char *name, *oldest;
	} rows[] = {
		{ "min_free_kbytes", "2.6.24" },
		{ "lowmem_reserve_ratio", "2.6.24" },
		{ "percpu_pagelist_high_fraction", "2.6.24" },
		{ "extfrag_threshold", "3.10" },
		{ "watermark_scale_factor", "5.4" },
		{ "watermark_boost_factor", "5.4" },
		{ "compaction_proactiveness", "5.10" },
		{ "defrag_mode", "6.18" },
	};

	(void)state;
	for (size_t i = 0; pa_policy_at(i); i++) {
		for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++)
			assert_int_equal(pa_knob_known(pa_policy_at(i), rows[r].name),
					 since(pa_policy_at(i)->name, rows[r].oldest));
	}
	assert_false(pa_knob_known(pa_policy_find("7.3"), "swappiness"));
	assert_false(pa_knob_known(NULL, "min_free_kbytes"));
	assert_false(pa_knob_known(&(struct pa_policy){ .name = "8.0" }, "min_free_kbytes"));
}

/* -------------------------------------------------------------------------
 * Who may go below a mark
 */

/* Lower zones spare what is kept from the preferred zone, or, from 5.8 on, from the highest allowed. */
static void test_by_preferred(const char *policy)
{
	static const struct pa_zone_config zones[] = {
		{ 0, 4096, 4096, { 10, 20, 30 }, 0, PA_ZONE_DMA, 0 },
		{ 4096, 4096, 4096, { 10, 20, 30 }, 0, PA_ZONE_NORMAL, 0 },
	};
	struct pa *pa = zoned(policy, zones, 2, NULL);
	struct pa_zone_state zs = zone_of(pa, 1);
	uint64_t pfn;

	zs.lowmem_reserve[PA_ZONE_NORMAL] = 1;
	zs.lowmem_reserve[PA_ZONE_MOVABLE] = 2;
	assert_int_equal(pa_zone_set(pa, 1, &zs), 0);
	give(pa, 4096, 8192, 10);
	assert_int_equal(ask(pa, PA_GFP_HIGHUSER_MOVABLE, 0, 0, &pfn), 0);
	assert_int_equal(rec.looks[0].reserve, since(policy, "5.10") ? 2 : 1);
}

/* 4.4: to HARDER any free block will do, of whatever type. */
static void test_any_block(const char *policy)
{
	struct pa *pa = machine(policy, 1, PAGES, PA_ZONE_NORMAL, marks);

	give(pa, 0, 512, 2);
	for (uint64_t p = 0; p < 512; p += 4)
		pa_take(pa, p, 0);
	assert_int_equal(pa_load_block(pa, 1024, 5, PA_CMA), 0);
	assert_false(pa_watermark_ok(pa, 0, 4, 10, PA_ZONE_NORMAL, 0, NULL));
	assert_int_equal(pa_watermark_ok(pa, 0, 4, 10, PA_ZONE_NORMAL, PA_ALLOC_NON_BLOCK, NULL),
			 !strcmp(policy, "4.4"));
	assert_true(pa_watermark_ok(pa, 0, 4, 10, PA_ZONE_NORMAL, PA_ALLOC_CMA, NULL));
}

/* 5.4: the short cut for order 0 forgets what is reserved for atomic requests. */
static void test_short_cut(const char *policy)
{
	struct pa *pa = machine(policy, 1, PAGES, PA_ZONE_NORMAL, marks);
	struct pa_zone_state zs = zone_of(pa, 0);
	uint64_t pfn;

	zs.nr_reserved_highatomic = 512;
	assert_int_equal(pa_zone_set(pa, 0, &zs), 0);
	give(pa, 0, 512, 9);
	ask(pa, PA_GFP_NOWAIT, 0, 0, &pfn);
	assert_int_equal(rec.looks[0].verdict, !strcmp(policy, "5.4") ? PA_ZONE_OK : PA_ZONE_LOW);
	ask(pa, PA_GFP_NOWAIT, 1, 0, &pfn);
	assert_int_equal(rec.looks[0].verdict, PA_ZONE_LOW);
}

/* A boost does not hold back urgent requests: 5.10 to 6.1 by __GFP_ATOMIC, later by __GFP_HIGH. */
static void test_through_boost(const char *policy)
{
	struct pa *pa = full(policy);
	struct pa_zone_state zs = zone_of(pa, 0);
	uint64_t pfn;

	zs.boost = 500;
	assert_int_equal(pa_zone_set(pa, 0, &zs), 0);
	give(pa, 0, 200, 0); /* above the min mark, far below the boosted one */
	assert_int_equal(ask(pa, PA_GFP_NOWAIT, 0, 0, &pfn), -ENOMEM);
	assert_int_equal(ask(pa, PA_GFP_HIGH | PA_GFP_KSWAPD_RECLAIM, 0, 0, &pfn),
			 since(policy, "6.12.0") ? 0 : -ENOMEM);
	assert_int_equal(ask(pa, PA_GFP_ATOMIC_ALLOC, 0, 0, &pfn),
			 since(policy, "5.10") ? 0 : -ENOMEM);
}

/* The short-lived __GFP_ATOMIC means nothing beside __GFP_DIRECT_RECLAIM. */
static void test_not_both(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	ask(pa, PA_GFP_KERNEL | PA_GFP_NORETRY | PA_GFP_ATOMIC, 0, 0, &pfn);
	assert_false(value_of(PA_STEP_RESTART) & PA_ALLOC_NON_BLOCK);
	assert_true(value_of(PA_STEP_RESTART) & PA_ALLOC_CPUSET);
}

/* What is left of a request's flags with reserves: CMA from 5.8 on, kswapd from 6.x on. */
static void test_reserve_flags(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;
	uint32_t flags;

	ask(pa, PA_GFP_HIGHUSER_MOVABLE, 0, PA_TASK_MEMALLOC, &pfn);
	flags = rec.flags;
	assert_true(flags & PA_ALLOC_NO_WATERMARKS);
	assert_int_equal(!!(flags & PA_ALLOC_CMA), since(policy, "5.10"));
	assert_int_equal(!!(flags & PA_ALLOC_KSWAPD), since(policy, "6.1.0"));
}

/* 5.4 and 5.10 look at the lists again even where compaction could not run. */
static void test_tries(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	give(pa, 0, 64, 0);
	ask(pa, PA_GFP_KERNEL | PA_GFP_NORETRY, 2, 0, &pfn);
	assert_int_equal(value_of(PA_STEP_COMPACT_FIRST), PA_COMPACT_SKIPPED);
	assert_int_equal(took(PA_STEP_COMPACT_ATTEMPT), !since(policy, "6.1.0"));
}

/* 5.4: THPs and the like give up where compaction could not run, without __GFP_NORETRY too. */
static void test_deferred_nopage(const char *policy)
{
	bool old = !strcmp(policy, "5.4");
	struct pa *pa = full(policy);
	uint64_t pfn;

	give(pa, 0, 64, 0);
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 9, 0, &pfn), -ENOMEM);
	assert_int_equal(took(PA_STEP_RECLAIM), !old);
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_RETRY_MAYFAIL, 9, 0, &pfn), -ENOMEM);
	assert_true(took(PA_STEP_RECLAIM));
	/* Below pageblock order it is deferral alone that ends 5.4's. */
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_NORETRY, 4, 0, &pfn), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_COMPACT_FIRST), PA_COMPACT_SKIPPED);
	assert_int_equal(took(PA_STEP_RECLAIM), old || since(policy, "7.3"));
}

/* -------------------------------------------------------------------------
 * Zones
 */

/* HIGHMEM, then NORMAL, then DMA; and 2.4 has neither DMA32 nor MOVABLE. */
static void test_highmem(const char *policy)
{
	/* Turns that do not end here: 4.4. */
	uint64_t high = strcmp(policy, "4.4") ? 30 : 5000;
	const struct pa_zone_config zones[] = {
		{ 0, 2048, 2048, { 10, 20, high }, 0, PA_ZONE_DMA, 0 },
		{ 2048, 2048, 2048, { 10, 20, high }, 0, PA_ZONE_NORMAL, 0 },
		{ 4096, 2048, 2048, { 10, 20, high }, 0, PA_ZONE_HIGHMEM, 0 },
	};
	struct pa *pa = zoned(policy, zones, 3, NULL);
	uint8_t list[4];
	uint64_t pfn;

	assert_int_equal(pa_zonelist(pa, 0, PA_ZONE_HIGHMEM, list, 4), 3);
	assert_int_equal(list[0], 2);
	assert_int_equal(list[1], 1);
	assert_int_equal(list[2], 0);
	assert_int_equal(pa_zonelist(pa, 0, PA_ZONE_NORMAL, list, 4), 2);
	assert_int_equal(pa_gfp_zone(pa, PA_GFP_HIGHUSER), PA_ZONE_HIGHMEM);
	assert_int_equal(pa_gfp_zone(pa, PA_GFP_HIGHUSER_MOVABLE),
			 since(policy, "2.6.24") ? PA_ZONE_MOVABLE : PA_ZONE_HIGHMEM);
	fill(pa, 0, 6144);
	assert_int_equal(ask(pa, PA_GFP_HIGHUSER_MOVABLE, 0, 0, &pfn), 0);
	assert_int_equal(rec.zone, 2);
	assert_int_equal(ask(pa, PA_GFP_HIGHUSER, 10, 0, &pfn), 0);
	assert_int_equal(rec.zone, 2);
	/* HIGHMEM has less than 1024 pages in one now: on to NORMAL.  Kernel pages start there. */
	assert_int_equal(ask(pa, PA_GFP_HIGHUSER, 10, 0, &pfn), 0);
	assert_int_equal(rec.zone, 1);
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 0, 0, &pfn), 0);
	assert_int_equal(rec.zone, 1);
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_DMA, 0, 0, &pfn), 0);
	assert_int_equal(rec.zone, 0);
	sound(pa);
}

/* Up to 3.15 small DMA zones may be left to the end of all nodes, and not of each. */
static void test_zone_order(const char *policy)
{
	struct pa_zone_config zones[] = {
		{ 0, 4 * MB, 4 * MB, { 10, 20, 30 }, 0, PA_ZONE_DMA32, 0 },
		{ 4 * MB, 8 * MB, 8 * MB, { 10, 20, 30 }, 0, PA_ZONE_NORMAL, 0 },
		{ 12 * MB, 8 * MB, 8 * MB, { 10, 20, 30 }, 1, PA_ZONE_NORMAL, 0 },
	};
	bool old = since(policy, "2.6.24") && !since(policy, "4.4");
	struct pa *pa = zoned(policy, zones, 3, NULL);
	uint8_t list[3];

	assert_int_equal(pa_zonelist(pa, 0, PA_ZONE_NORMAL, list, 3), 3);
	assert_int_equal(list[0], 1);
	assert_int_equal(list[1], old ? 2 : 0);
	assert_int_equal(list[2], old ? 0 : 2);
	/* A large one, or one that is most of its node, is used as near as it is. */
	zones[1].managed = 1 * MB;
	pa = zoned(policy, zones, 3, NULL);
	pa_zonelist(pa, 0, PA_ZONE_NORMAL, list, 3);
	assert_int_equal(list[1], 0);
	zones[2].managed = 1 * MB;
	zones[1].managed = 2 * MB;
	pa = zoned(policy, zones, 3, NULL);
	pa_zonelist(pa, 0, PA_ZONE_NORMAL, list, 3);
	assert_int_equal(list[1], 0);
	/* A node that has nothing else: 3.10 alone minds. */
	zones[0].managed = 1 * MB;
	zones[1].node = 1;
	zones[2].node = 2;
	zones[1].managed = zones[2].managed = 8 * MB;
	pa = zoned(policy, zones, 3, NULL);
	pa_zonelist(pa, 0, PA_ZONE_NORMAL, list, 3);
	assert_int_equal(list[0], !strcmp(policy, "2.6.24") ? 1 : 0);
}

/* kernelcore= leaves a movable zone at the top of HIGHMEM: for movable pages, never for others. */
static void test_movable_zone(const char *policy)
{
	struct pa_zone_config zones[3] = {
		{ 0, 8 * MB, 8 * MB, { 0 }, 0, PA_ZONE_NORMAL, 8 * MB },
		{ 8 * MB, 24 * MB, 24 * MB, { 0 }, 0, PA_ZONE_HIGHMEM, 24 * MB },
	};
	uint32_t nr = 2;
	uint64_t pfn;
	struct pa *pa;

	assert_int_equal(pa_split_movable(zones, &nr, 3, 16 * MB, 0, 1024), 0);
	assert_int_equal(nr, 3);
	assert_int_equal(zones[2].start_pfn, 16 * MB);
	assert_int_equal(zones[1].spanned, 8 * MB);
	for (int i = 0; i < 3; i++)
		zones[i].wmark[2] = zones[i].wmark[1] = zones[i].wmark[0] = 16;
	pa = zoned(policy, zones, 3, NULL);
	fill(pa, 0, 32 * MB);
	assert_int_equal(ask(pa, PA_GFP_HIGHUSER_MOVABLE, 0, 0, &pfn), 0);
	assert_int_equal(rec.zone, 2);
	assert_int_equal(ask(pa, PA_GFP_HIGHUSER, 0, 0, &pfn), 0);
	assert_int_equal(rec.zone, 1);
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_MOVABLE, 0, 0, &pfn), 0);
	assert_int_equal(rec.zone, 0);
	while (ask(pa, PA_GFP_HIGHUSER & ~PA_GFP_DIRECT_RECLAIM, 8, 0, &pfn) == 0)
		assert_true(rec.zone != 2);
	assert_true(zone_of(pa, 2).nr_free > 15 * MB);
	sound(pa);
}

/* 4.4: zones of a node in turn, each for as many pages as lie between its low and high mark. */
static void test_turns(const char *policy)
{
	static const struct pa_zone_config zones[] = {
		{ 0, 4096, 4096, { 100, 200, 300 }, 0, PA_ZONE_DMA, 0 },
		{ 4096, 4096, 4096, { 100, 200, 350 }, 0, PA_ZONE_NORMAL, 0 },
	};
	bool fair = !strcmp(policy, "4.4");
	struct pa *pa = zoned(policy, zones, 2, NULL);
	uint32_t nr = 0;
	uint64_t pfn;

	fill(pa, 0, 8192);
	assert_int_equal(zone_of(pa, 1).fair, fair ? 150 : 0);
	do {
		assert_int_equal(ask(pa, PA_GFP_NOWAIT, 4, 0, &pfn), 0);
		nr++;
	} while (rec.zone == 1 && nr < 100);
	assert_int_equal(nr, fair ? 11 : 100);
	if (!fair)
		return;
	assert_true(rec.flags & PA_ALLOC_FAIR);
	assert_int_equal(rec.looks[0].verdict, PA_ZONE_UNFAIR);
	assert_int_equal(zone_of(pa, 1).flags, PA_ZONE_FAIR_DEPLETED);
	assert_int_equal(zone_of(pa, 0).fair, 100 - 16);
	/* When all had their turn, all have another, and this request goes on without asking. */
	for (nr = 1; nr < 7; nr++)
		assert_int_equal(ask(pa, PA_GFP_NOWAIT, 4, 0, &pfn), 0);
	assert_int_equal(rec.zone, 0);
	assert_int_equal(zone_of(pa, 0).flags, PA_ZONE_FAIR_DEPLETED);
	assert_int_equal(ask(pa, PA_GFP_NOWAIT, 4, 0, &pfn), 0);
	assert_int_equal(rec.zone, 1);
	assert_int_equal(rec.nr_looks, 3);
	assert_false(rec.slow);
	assert_int_equal(zone_of(pa, 0).fair, 100);
	assert_int_equal(zone_of(pa, 1).fair, 150 - 16);
	assert_int_equal(zone_of(pa, 1).flags, 0);
	/* Small steps count once a CPU tells them. */
	assert_int_equal(ask(pa, PA_GFP_NOWAIT, 0, 0, &pfn), 0);
	assert_int_equal(zone_of(pa, 1).fair, 150 - 16);
	pa_vmstat_update(pa, 0, NULL);
	assert_int_equal(zone_of(pa, 1).fair, 150 - 17);
	sound(pa);
}

/* Other nodes have no turn: the local one is asked once more before it comes to them. */
static void test_turns_local(void **state)
{
	static const struct pa_zone_config zones[] = {
		{ 0, 4096, 4096, { 100, 200, 300 }, 0, PA_ZONE_NORMAL, 0 },
		{ 4096, 4096, 4096, { 100, 200, 300 }, 1, PA_ZONE_NORMAL, 0 },
	};
	struct pa *pa = zoned("4.4", zones, 2, NULL);
	uint64_t pfn;

	(void)state;
	fill(pa, 0, 8192);
	assert_int_equal(ask(pa, PA_GFP_NOWAIT, 7, 0, &pfn), 0);
	assert_int_equal(zone_of(pa, 0).fair, 100 - 128);
	assert_int_equal(ask(pa, PA_GFP_NOWAIT, 0, 0, &pfn), 0);
	assert_int_equal(rec.nr_looks, 3);
	assert_int_equal(rec.looks[0].verdict, PA_ZONE_UNFAIR);
	assert_int_equal(rec.looks[1].verdict, PA_ZONE_REMOTE);
	assert_int_equal(rec.looks[2].verdict, PA_ZONE_OK);
	assert_int_equal(rec.zone, 0);
	assert_int_equal(zone_of(pa, 0).fair, 100);
	assert_int_equal(zone_of(pa, 1).fair, 100);
	sound(pa);
}

/* A nodemask, a task's cpuset or memory policy, holds until reserves are at stake. */
static void test_nodemask(const char *policy)
{
	static const struct pa_zone_config zones[] = {
		{ 0, PAGES, PAGES, { 128, 256, 384 }, 0, PA_ZONE_NORMAL, 0 },
		{ PAGES, PAGES, PAGES, { 128, 256, 384 }, 1, PA_ZONE_NORMAL, 0 },
	};
	struct pa *pa = zoned(policy, zones, 2, NULL);
	struct pa_alloc_args args = { .gfp = PA_GFP_KERNEL | PA_GFP_NORETRY, .nodemask = 1 };
	uint64_t pfn;

	give(pa, PAGES, 2 * PAGES, 10);
	assert_int_equal(pa_alloc(pa, &args, &pfn, &rec), -ENOMEM);
	args.task = PA_TASK_MEMALLOC;
	assert_int_equal(pa_alloc(pa, &args, &pfn, &rec), 0);
	assert_int_equal(rec.zone, 1);
	args.task = 0;
	args.gfp = PA_GFP_ATOMIC_ALLOC;
	assert_int_equal(pa_alloc(pa, &args, &pfn, &rec), 0);
	assert_int_equal(rec.zone, 1);
	args.gfp |= PA_GFP_THISNODE; /* nor does __GFP_THISNODE end there */
	assert_int_equal(pa_alloc(pa, &args, &pfn, &rec), -ENOMEM);
	args.nodemask = 0;
	args.gfp = PA_GFP_KERNEL | PA_GFP_NORETRY;
	assert_int_equal(pa_alloc(pa, &args, &pfn, &rec), 0);
	sound(pa);
}

/* -------------------------------------------------------------------------
 * HIGHATOMIC, boost
 */

/* 4.4 and later reserve for atomic requests of high orders; before there is no such type. */
static void test_reserves_block(const char *policy)
{
	static const uint64_t low[] = { 6000, 7000, 8000 };
	struct pa *pa = machine(policy, 1, 65536, PA_ZONE_NORMAL, low);
	uint64_t pfn;

	give(pa, 0, 5120, 10);
	assert_int_equal(ask(pa, PA_GFP_ATOMIC_ALLOC, 2, 0, &pfn), 0);
	assert_int_equal(rec.reserved, since(policy, "4.4"));
	assert_int_equal(zone_of(pa, 0).nr_reserved_highatomic, since(policy, "4.4") ? 512 : 0);
	sound(pa);
}

/* 7.3: no refill for them, and what a per-cpu list or the low mark gave reserves nothing. */
static void test_highatomic_7_3(const char *policy)
{
	bool newest = since(policy, "7.3");
	struct pa *pa = machine(policy, 1, 65536, PA_ZONE_NORMAL, marks);
	uint64_t pfn;

	give(pa, 0, 65536, 10);
	assert_int_equal(ask(pa, PA_GFP_ATOMIC_ALLOC, 2, 0, &pfn), 0);
	assert_int_equal(!!(rec.flags & PA_ALLOC_HIGHATOMIC), newest);
	assert_int_equal(rec.source, newest ? PA_FROM_BUDDY : PA_FROM_REFILL);
	assert_false(rec.reserved);
	assert_int_equal(ask(pa, PA_GFP_ATOMIC_ALLOC | PA_GFP_NOMEMALLOC, 2, 0, &pfn), 0);
	assert_int_equal(rec.flags & PA_ALLOC_HIGHATOMIC, 0);
	assert_int_equal(ask(pa, PA_GFP_ATOMIC_ALLOC, 2, 0, &pfn), 0);
	assert_int_equal(rec.source, PA_FROM_PCP); /* what is there is taken */
	sound(pa);
}

/* Only from 5.0 on does mixing raise marks, and zones are kept from mixing. */
static void test_no_boost(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	for (uint64_t p = 4096; p < 6144; p += 512)
		give(pa, p, p + 256, 8);
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 4, 0, &pfn), 0);
	assert_int_equal(zone_of(pa, 0).boost > 0, since(policy, "5.4"));
}

/* -------------------------------------------------------------------------
 * Daemons
 */

/* Half of all pages in use, every other one: nobody sees to that unasked before 5.9. */
static void test_not_proactive(const char *policy)
{
	struct pa *pa = full(policy);

	for (uint64_t p = 0; p < PAGES; p += 2) {
		occupy(pa, p, p + 1, true);
		give(pa, p + 1, p + 2, 0);
	}
	assert_int_equal(pa_tick(pa, 1000, NULL), 0);
	assert_int_equal(pa_extfrag(pa, 0, 9) == 100, !since(policy, "5.10"));
}

/* kcompactd, 4.6 and later: woken where there is enough memory, but in pieces. */
static void test_kcompactd(const char *policy)
{
	struct pa *pa = full(policy);
	struct pa_knobs knobs = *pa_get_knobs(pa);
	struct pa_zone_state zs = zone_of(pa, 0);
	uint64_t pfn;

	knobs.compaction_proactiveness = 0;
	assert_int_equal(pa_set_knobs(pa, &knobs), 0);
	assert_int_equal(pa_zone_set(pa, 0, &zs), 0);
	for (uint64_t p = 0; p < PAGES; p += 2) {
		occupy(pa, p, p + 1, true);
		give(pa, p + 1, p + 2, 0);
	}
	assert_int_equal(ask(pa, PA_GFP_NOWAIT | PA_GFP_MOVABLE, 5, 0, &pfn), -ENOMEM);
	assert_int_equal(zone_of(pa, 0).reclaimable, PAGES / 2);
	assert_int_equal(pa_tick(pa, 1, NULL), 0);
	assert_int_equal(pa_tick(pa, 2, NULL), 0); /* kswapd is done, kcompactd's turn */
	sound(pa);
	assert_int_equal(ask(pa, PA_GFP_NOWAIT | PA_GFP_MOVABLE, 5, 0, &pfn), 0);
}

/* What it fails at is deferred, and all lists are drained once. */
static void test_kcompactd_fails(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	for (uint64_t p = 0; p < PAGES; p += 2) {
		occupy(pa, p, p + 1, false);
		give(pa, p + 1, p + 2, 0);
	}
	/* It is left to kcompactd once kswapd has come to nothing 16 times. */
	for (uint64_t now = 0; now < 17 * 2; now += 2) {
		assert_int_equal(zone_of(pa, 0).defer_shift, 0);
		assert_int_equal(ask(pa, PA_GFP_NOWAIT, 5, 0, &pfn), -ENOMEM);
		assert_int_equal(pa_tick(pa, now, NULL), 0);
		assert_int_equal(pa_tick(pa, now + 1, NULL), 0);
	}
	assert_int_equal(zone_of(pa, 0).defer_shift, since(policy, "5.4"));
	sound(pa);
}

/* Pages on @zone's lists that its counter has not heard of, once kswapd brought it above @high. */
static int64_t untold(const char *policy, uint64_t low, uint64_t high)
{
	const uint64_t wmark[] = { 128, low, high };
	struct pa *pa = machine(policy, 8, PAGES, PA_ZONE_NORMAL, wmark);
	struct pa_knobs knobs = *pa_get_knobs(pa);
	struct pa_zone_state zs = zone_of(pa, 0);
	int64_t free = 0;
	uint64_t pfn;

	knobs.compaction_proactiveness = 0;
	assert_int_equal(pa_set_knobs(pa, &knobs), 0);
	assert_int_equal(pa_zone_set(pa, 0, &zs), 0);
	occupy(pa, 1024, 2048, true);
	assert_int_equal(zs.threshold, 8);
	assert_int_equal(ask(pa, PA_GFP_NOWAIT, 0, 0, &pfn), -ENOMEM);
	assert_int_equal(pa_tick(pa, 1, NULL), 0);
	assert_int_equal(pa_tick(pa, 2, NULL), 0);
	assert_int_equal(zone_of(pa, 0).threshold, 8);
	sound(pa);
	for (unsigned int order = 0; order < 11; order++)
		free += (int64_t)(pa_nr_free(pa, 0, order) << order);
	assert_true(free > (int64_t)high);
	return free - zone_of(pa, 0).nr_free;
}

/*
 * Where deltas could hide that a zone is below its min mark, kswapd at work makes CPUs tell the
 * counter sooner: by a share of what lies between the marks.  Not in 2.6.24, nor where they cannot.
 */
static void test_pressure(const char *policy)
{
	static const uint64_t high[] = { 384, 430 };
	int64_t most[2] = { 0, 0 };

	for (int i = 0; i < 2; i++) {
		for (int apart = 0; apart < 2; apart++) {
			int64_t pages = untold(policy, apart ? 256 : 144, high[i]);

			most[apart] = pages > most[apart] ? pages : most[apart];
		}
	}
	/* From 5.4 to 6.12 they all may (pa_drift_marked()), and by more where the marks are far apart. */
	if (!since(policy, "5.4") || since(policy, "6.18"))
		assert_in_range(most[1], 3, 8);
	assert_int_equal(most[0] <= 2, since(policy, "3.10"));
}

/* A compactor keeps a block that merges to its order while it frees: 5.1 and later. */
static void test_capture(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	/* UNMOVABLE pageblocks with one movable page in four, and a place to move them to. */
	for (uint64_t p = 0; p < 2048; p += PBN)
		assert_int_equal(pa_set_pageblock(pa, p, PA_UNMOVABLE), 0);
	for (uint64_t p = 0; p < 2048; p += 8) {
		occupy(pa, p, p + 1, true);
		for (uint64_t q = p + 1; q < p + 8; q++)
			give(pa, q, q + 1, 0);
	}
	for (uint64_t p = 4096; p < PAGES; p += 2) {
		occupy(pa, p, p + 1, true);
		give(pa, p + 1, p + 2, 0);
	}
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 4, 0, &pfn), 0);
	assert_int_equal(rec.source == PA_FROM_CAPTURE, since(policy, "5.4"));
	sound(pa);
}

BETWEEN("2.6.24", "7.3", test_gaps)
SINCE("2.6.24", test_min_free_most)
BETWEEN("2.6.24", "5.4", test_khugepaged)
BETWEEN("2.4", "4.4", test_present)
SINCE("2.6.24", test_ratio)
SINCE("4.4", test_boost_stays)
SINCE("2.6.24", test_by_preferred)
BETWEEN("4.4", "5.10", test_any_block)
BETWEEN("4.4", "6.1", test_short_cut)
SINCE("5.4", test_through_boost)
BETWEEN("4.4", "6.1.0", test_not_both)
SINCE("5.4", test_reserve_flags)
SINCE("5.4", test_tries)
SINCE("5.4", test_deferred_nopage)
EACH(test_highmem)
EACH(test_zone_order)
BETWEEN("2.6.24", "4.4", test_reserve_blocks)
SINCE("2.6.24", test_movable_zone)
BETWEEN("3.10", "5.4", test_turns)
SINCE("5.4", test_nodemask)
SINCE("3.10", test_reserves_block)
SINCE("6.12", test_highatomic_7_3)
SINCE("3.10", test_no_boost)
BETWEEN("3.10", "5.10", test_not_proactive)
SINCE("5.4", test_kcompactd)
SINCE("2.4", test_kcompactd_fails)
SINCE("2.6.24", test_pressure)
SINCE("4.4", test_capture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_marks_2_4),
		cmocka_unit_test(each_test_gaps),
		cmocka_unit_test(each_test_min_free_most),
		cmocka_unit_test(each_test_khugepaged),
		cmocka_unit_test(each_test_present),
		cmocka_unit_test(each_test_ratio),
		cmocka_unit_test(each_test_boost_stays),
		cmocka_unit_test(test_knob_known),
		cmocka_unit_test(each_test_by_preferred),
		cmocka_unit_test(each_test_any_block),
		cmocka_unit_test(each_test_short_cut),
		cmocka_unit_test(each_test_through_boost),
		cmocka_unit_test(each_test_not_both),
		cmocka_unit_test(each_test_reserve_flags),
		cmocka_unit_test(each_test_tries),
		cmocka_unit_test(each_test_deferred_nopage),
		cmocka_unit_test(each_test_highmem),
		cmocka_unit_test(each_test_zone_order),
		cmocka_unit_test(each_test_reserve_blocks),
		cmocka_unit_test(each_test_movable_zone),
		cmocka_unit_test(each_test_turns),
		cmocka_unit_test(test_turns_local),
		cmocka_unit_test(each_test_nodemask),
		cmocka_unit_test(each_test_reserves_block),
		cmocka_unit_test(each_test_highatomic_7_3),
		cmocka_unit_test(each_test_no_boost),
		cmocka_unit_test(each_test_not_proactive),
		cmocka_unit_test(each_test_kcompactd),
		cmocka_unit_test(each_test_kcompactd_fails),
		cmocka_unit_test(each_test_pressure),
		cmocka_unit_test(each_test_capture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
