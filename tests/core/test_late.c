// SPDX-License-Identifier: GPL-2.0-only
/* What late trees differ in, one rule a test, under each policy on either side of it. */
#include "slow.h"

static void set_zone(struct pa *pa, const struct pa_zone_state *zs)
{
	assert_int_equal(pa_zone_set(pa, 0, zs), 0);
}

/* New settings, the same marks. */
static void set_knobs(struct pa *pa, const struct pa_knobs *knobs)
{
	struct pa_zone_state zs = zone_of(pa, 0);

	assert_int_equal(pa_set_knobs(pa, knobs), 0);
	set_zone(pa, &zs);
}

/* -------------------------------------------------------------------------
 * HIGHATOMIC
 */

/* Early 6.12 takes any request that cannot wait for an atomic one. */
static void test_any(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	ask(pa, PA_GFP_NOWAIT, 2, 0, &pfn);
	assert_int_equal(!!(value_of(PA_STEP_RESTART) & PA_ALLOC_HIGHATOMIC),
			 !strcmp(policy, "6.12.0"));
	ask(pa, PA_GFP_ATOMIC_ALLOC, 2, 0, &pfn);
	assert_int_equal(!!(value_of(PA_STEP_RESTART) & PA_ALLOC_HIGHATOMIC), since(policy, "6.1"));
	ask(pa, PA_GFP_ATOMIC_ALLOC, 0, 0, &pfn);
	assert_false(value_of(PA_STEP_RESTART) & PA_ALLOC_HIGHATOMIC);
}

/* A zone whose hundredth is less than a pageblock reserves none from 6.12 on. */
static void test_percent(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	give(pa, 0, 128, 7);
	assert_int_equal(ask(pa, PA_GFP_ATOMIC_ALLOC, 2, 0, &pfn), 0);
	assert_int_equal(rec.reserved, !since(policy, "6.12.0"));
}

/* A zone in which direct reclaim frees pages, but none of order 3; nothing else is free. */
static struct pa *in_vain(const char *policy, uint64_t pages)
{
	struct pa *pa = machine(policy, 1, pages, PA_ZONE_NORMAL, marks);

	for (uint64_t p = 4096; p < 5120; p += 2) {
		occupy(pa, p, p + 1, true);
		occupy(pa, p + 1, p + 2, false);
	}
	return pa;
}

static void reserved(struct pa *pa, uint64_t pages)
{
	struct pa_zone_state zs = zone_of(pa, 0);

	zs.nr_reserved_highatomic = pages;
	set_zone(pa, &zs);
}

/* Blocks beyond a pageblock go back whole from 6.12 on; before, their first pageblock does. */
static void test_unreserve_large(const char *policy)
{
	bool large = since(policy, "6.12.0");
	struct pa *pa = in_vain(policy, PAGES);
	uint64_t pfn;

	assert_int_equal(pa_set_pageblock(pa, 1024, PA_HIGHATOMIC), 0);
	assert_int_equal(pa_set_pageblock(pa, 1536, PA_HIGHATOMIC), 0);
	assert_int_equal(pa_load_block(pa, 1024, 10, PA_HIGHATOMIC), 0);
	reserved(pa, 2048);
	ask(pa, PA_GFP_KERNEL | PA_GFP_NORETRY, 3, 0, &pfn);
	assert_int_equal(value_of(PA_STEP_UNRESERVE), 1);
	assert_int_equal(pa_pageblock(pa, 1024), PA_UNMOVABLE);
	assert_int_equal(pa_pageblock(pa, 1536), large ? PA_UNMOVABLE : PA_HIGHATOMIC);
	assert_int_equal(zone_of(pa, 0).nr_reserved_highatomic, 2048 - (large ? 1024 : 512));
}

/* 6.18 lowers the number whatever the pageblock's type is by now. */
static void test_unreserve_always(const char *policy)
{
	struct pa *pa = in_vain(policy, PAGES);
	uint64_t pfn;

	assert_int_equal(pa_load_block(pa, 1024, 3, PA_HIGHATOMIC), 0);
	reserved(pa, 1024);
	ask(pa, PA_GFP_KERNEL | PA_GFP_NORETRY, 3, 0, &pfn);
	assert_int_equal(zone_of(pa, 0).nr_reserved_highatomic, since(policy, "6.18") ? 512 : 1024);
}

/* 4.4 gives up after one pageblock, though nothing of it could be moved. */
static void test_unreserve_once(const char *policy)
{
	struct pa *pa = in_vain(policy, PAGES + 256); /* the last pageblock is cut off */
	uint64_t pfn;

	assert_int_equal(pa_set_pageblock(pa, PAGES, PA_HIGHATOMIC), 0);
	assert_int_equal(pa_set_pageblock(pa, 1024, PA_HIGHATOMIC), 0);
	assert_int_equal(pa_load_block(pa, PAGES, 0, PA_HIGHATOMIC), 0);
	assert_int_equal(pa_load_block(pa, 1024, 3, PA_HIGHATOMIC), 0);
	reserved(pa, 1024);
	ask(pa, PA_GFP_KERNEL | PA_GFP_NORETRY, 3, 0, &pfn);
	assert_int_equal(pa_pageblock(pa, 1024),
			 strcmp(policy, "4.4") ? PA_UNMOVABLE : PA_HIGHATOMIC);
}

/* -------------------------------------------------------------------------
 * Boosts
 */

/* 5.4 wakes kswapd for a boost that could not be. */
static void test_boosted_always(const char *policy)
{
	static const uint64_t high[] = { 128, 256, 6000 };
	struct pa *pa = machine(policy, 1, PAGES, PA_ZONE_NORMAL, high);
	struct pa_knobs knobs = *pa_get_knobs(pa);
	uint64_t pfn;

	knobs.watermark_boost_factor = 0;
	set_knobs(pa, &knobs);
	occupy(pa, 0, 1024, true);
	for (uint64_t p = 4096; p < 6144; p += 512)
		give(pa, p, p + 256, 8);
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 4, 0, &pfn), 0);
	assert_int_equal(zone_of(pa, 0).boost, 0);
	assert_int_equal(zone_of(pa, 0).flags & PA_ZONE_BOOSTED_WATERMARK, 0);
	assert_int_equal(pa_tick(pa, 1, NULL), 0);
	assert_int_equal(zone_of(pa, 0).reclaimable < 1024, !strcmp(policy, "5.4"));
}

/* Up to 6.9 whoever comes next tells kswapd, later only who may wake it. */
static void test_boosted_by(const char *policy)
{
	struct pa *pa = full(policy);
	struct pa_zone_state zs = zone_of(pa, 0);
	uint64_t pfn;

	give(pa, 0, 4096, 10);
	zs.flags = PA_ZONE_BOOSTED_WATERMARK;
	set_zone(pa, &zs);
	assert_int_equal(ask(pa, 0, 4, 0, &pfn), 0);
	assert_int_equal(zone_of(pa, 0).flags & PA_ZONE_BOOSTED_WATERMARK,
			 since(policy, "6.12.0") ? PA_ZONE_BOOSTED_WATERMARK : 0);
	assert_int_equal(ask(pa, PA_GFP_NOWAIT, 4, 0, &pfn), 0);
	assert_int_equal(zone_of(pa, 0).flags & PA_ZONE_BOOSTED_WATERMARK, 0);
}

/* -------------------------------------------------------------------------
 * The slow path
 */

/* Late trees: a costly request that neither retries nor leaves its node ends without reclaim. */
static void test_thisnode(const char *policy)
{
	bool ends = !strcmp(policy, "6.1") || since(policy, "6.12");
	struct pa *pa = full(policy);
	uint64_t pfn;

	in_pieces(pa, 0, PAGES, false);
	ask(pa, PA_GFP_KERNEL | PA_GFP_NORETRY | PA_GFP_THISNODE, 5, 0, &pfn);
	assert_int_equal(value_of(PA_STEP_COMPACT_FIRST), PA_COMPACT_COMPLETE);
	assert_int_equal(took(PA_STEP_RECLAIM), !ends);
}

/* Who is about to die does not wait for compaction: late 6.1 and later. */
static void test_fatal(const char *policy)
{
	for (int fatal = 0; fatal < 2; fatal++) {
		struct pa *pa = full(policy);
		uint64_t pfn;

		for (uint64_t p = 0; p < PAGES; p += 8) { /* nothing of order 3 will ever be free */
			occupy(pa, p, p + 1, false);
			occupy(pa, p + 1, p + 2, true);
			give(pa, p + 2, p + 3, 0);
		}
		ask(pa, PA_GFP_KERNEL, 3, fatal ? PA_TASK_FATAL : 0, &pfn);
		assert_int_equal(value_of(PA_STEP_COMPACT_RETRY), !fatal || !since(policy, "6.1"));
	}
}

/* Compaction had too little room: another round if reclaim can make it, and not if it cannot. */
static void test_room(const char *policy)
{
	for (int enough = 0; enough < 2; enough++) {
		struct pa *pa = full(policy);
		uint64_t pfn;

		for (uint64_t p = 0; p < PAGES; p += 4) { /* nothing of order 2 will ever be free */
			occupy(pa, p, p + 1, false);
			if (p < (enough ? 4096 : 400))
				occupy(pa, p + 1, p + 2, true);
		}
		ask(pa, PA_GFP_KERNEL, 2, 0, &pfn);
		assert_int_equal(value_of(PA_STEP_COMPACT_FIRST), PA_COMPACT_SKIPPED);
		assert_int_equal(value_of(PA_STEP_COMPACT_RETRY), enough);
	}
}

/* 6.18 on several nodes: where kswapd is at work others come first. */
static void test_busy(const char *policy)
{
	static const struct pa_zone_config zones[] = {
		{ 0, PAGES, PAGES, { 128, 256, 6000 }, 0, PA_ZONE_NORMAL, 0 },
		{ PAGES, PAGES, PAGES, { 128, 256, 384 }, 1, PA_ZONE_NORMAL, 0 },
	};
	const struct pa_alloc_args one = { .gfp = PA_GFP_NOWAIT, .order = 10, .nodemask = 1 };
	struct pa *pa = zoned(policy, zones, 2, NULL);
	uint64_t pfn;

	give(pa, 0, 512, 9);
	give(pa, PAGES, 2 * PAGES, 10);
	assert_int_equal(pa_alloc(pa, &one, &pfn, &rec), -ENOMEM); /* wakes node 0's */
	assert_int_equal(ask(pa, PA_GFP_NOWAIT, 0, 0, &pfn), 0);
	assert_int_equal(rec.zone, since(policy, "6.18"));
	if (since(policy, "6.18"))
		assert_int_equal(rec.looks[0].verdict, PA_ZONE_KSWAPD);
	/* But where there is no other, it is asked in the end. */
	assert_int_equal(ask(pa, PA_GFP_NOWAIT | PA_GFP_THISNODE, 0, 0, &pfn), 0);
	assert_int_equal(rec.zone, 0);
}

/* 7.3's defrag_mode goes for whole pageblocks, and not at all for who cannot wait. */
static void test_defrag_whole(const char *policy)
{
	bool whole = since(policy, "7.3");
	struct pa *pa = full(policy);
	struct pa_knobs knobs = *pa_get_knobs(pa);
	uint64_t pfn;

	knobs.defrag_mode = 1;
	set_knobs(pa, &knobs);
	for (uint64_t p = 0; p < PAGES; p += 512)
		give(pa, p, p + 256, 8);
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 0, 0, &pfn), 0);
	assert_true(took(PA_STEP_DROP_NOFRAGMENT));
	assert_false(took(PA_STEP_COMPACT_FIRST)); /* for a page reclaim is first, then */
	assert_int_equal(took(PA_STEP_COMPACT), whole);
	/* Movable pages may be mixed into nothing, so they have nothing to make whole. */
	pa = full(policy);
	knobs = *pa_get_knobs(pa);
	knobs.defrag_mode = 1;
	set_knobs(pa, &knobs);
	for (uint64_t p = 0; p < PAGES; p += 512)
		give(pa, p, p + 256, 8);
	ask(pa, PA_GFP_NOWAIT, 0, 0, &pfn);
	assert_true(rec.slow);
	assert_int_equal(!!(value_of(PA_STEP_RESTART) & PA_ALLOC_NOFRAGMENT), !whole);
	assert_int_equal(pfn != PA_PFN_NONE, whole);
	sound(pa);
}

/* How often @step comes in the record. */
static uint32_t times(enum pa_step step)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < rec.nr_steps && i < PA_MAX_STEPS; i++)
		n += rec.steps[i].step == step;
	return n;
}

/*
 * What reclaim says of a whole pageblock that compaction should make is no progress on a page, and
 * where compaction is skipped the request falls back (order_defrag_promoted @ 7.3).
 */
static void test_defrag_gives_up(const char *policy)
{
	struct pa *pa = full(policy);
	struct pa_knobs knobs = *pa_get_knobs(pa);
	uint64_t pfn;

	if (!since(policy, "7.3"))
		return;
	knobs.defrag_mode = 1;
	set_knobs(pa, &knobs);
	for (uint64_t p = 0; p < PAGES; p += 64) /* some of it is page cache */
		occupy(pa, p, p + 1, true);
	for (uint64_t p = 1; p < 1024; p += 2)
		give(pa, p, p + 1, 0);
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 0, 0, &pfn), 0);
	assert_int_equal(value_of(PA_STEP_COMPACT), PA_COMPACT_SKIPPED);
	assert_true(took(PA_STEP_DROP_NOFRAGMENT));
	assert_in_range(times(PA_STEP_RECLAIM), 1, 17); /* MAX_RECLAIM_RETRIES, and the first */
	sound(pa);
}

/*
 * With defrag_mode kswapd is content with whole pageblocks alone (pgdat_balanced @ 6.18, 7.3), and
 * kcompactd goes on until the high mark is met in them.
 */
static void test_defrag_daemons(const char *policy)
{
	uint64_t blocks[2], pfn;

	if (!since(policy, "6.18"))
		return;
	for (uint32_t mode = 0; mode <= 1; mode++) {
		struct pa *pa = full(policy);
		struct pa_knobs knobs = *pa_get_knobs(pa);
		struct pa_zone_state state;

		knobs.defrag_mode = mode;
		knobs.compaction_proactiveness = 0;
		set_knobs(pa, &knobs);
		assert_int_equal(pa_zone_get(pa, 0, &state), 0);
		state.wmark[PA_WMARK_MIN] = 128;
		state.wmark[PA_WMARK_LOW] = 256;
		state.wmark[PA_WMARK_HIGH] = 2 * PBN + 1; /* more than two pageblocks */
		assert_int_equal(pa_zone_set(pa, 0, &state), 0);
		for (uint64_t p = 0; p < PAGES; p += 2) { /* half free, in single pages */
			occupy(pa, p + 1, p + 2, true);
			give(pa, p, p + 1, 0);
		}
		assert_int_equal(ask(pa, PA_GFP_NOWAIT, 9, 0, &pfn), -ENOMEM); /* wakes them */
		for (uint64_t now = 1; now < 3000; now++)
			assert_int_equal(pa_tick(pa, now, NULL), 0);
		blocks[mode] = pa_nr_free(pa, 0, 9) + 2 * pa_nr_free(pa, 0, 10);
		sound(pa);
	}
	assert_in_range(blocks[0], 1, 2);
	assert_in_range(blocks[1], 3, PAGES / PBN);
}

/* It is left to kcompactd once kswapd has come to nothing 16 times. */
static void test_defrag_kcompactd(const char *policy)
{
	struct pa *pa = full(policy);
	struct pa_knobs knobs = *pa_get_knobs(pa);
	struct pa_zone_state state;
	uint64_t pfn, now = 0;

	knobs.defrag_mode = 1;
	knobs.compaction_proactiveness = 0;
	set_knobs(pa, &knobs);
	assert_int_equal(pa_zone_get(pa, 0, &state), 0);
	state.wmark[PA_WMARK_HIGH] = 2 * PBN + 1;
	assert_int_equal(pa_zone_set(pa, 0, &state), 0);
	in_pieces(pa, 0, PAGES, false);
	for (int tries = 0; tries < 16; tries++) {
		assert_int_equal(ask(pa, PA_GFP_NOWAIT, 9, 0, &pfn), -ENOMEM);
		assert_int_equal(pa_tick(pa, now++, NULL), 0);
		assert_int_equal(pa_tick(pa, now++, NULL), 0);
	}
	for (uint64_t p = 1; p < PAGES; p += 2)
		assert_int_equal(pa_lru_add(pa, p), 0);
	assert_int_equal(ask(pa, PA_GFP_NOWAIT, 9, 0, &pfn), -ENOMEM);
	for (uint64_t until = now + 1000; now < until; now++)
		assert_int_equal(pa_tick(pa, now, NULL), 0);
	assert_int_equal(pa_zone_get(pa, 0, &state), 0);
	assert_int_equal(state.reclaimable, PAGES / 2); /* none was reclaimed */
	assert_in_range(pa_nr_free(pa, 0, 9) + 2 * pa_nr_free(pa, 0, 10), 3, 4);
	sound(pa);
}

/* -------------------------------------------------------------------------
 * Compaction
 */

/* What merges while a compactor frees is its own: MOVABLE blocks for MOVABLE requests from 6.1 on. */
static void test_capture_movable(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	for (uint64_t p = 0; p < 2048; p += 8) {
		occupy(pa, p, p + 1, true);
		for (uint64_t q = p + 1; q < p + 8; q++)
			give(pa, q, q + 1, 0);
	}
	in_pieces(pa, 4096, PAGES, true);
	assert_int_equal(ask(pa, PA_GFP_HIGHUSER_MOVABLE, 4, 0, &pfn), 0);
	assert_int_equal(rec.source == PA_FROM_CAPTURE, since(policy, "6.1.0"));
	sound(pa);
}

/* 6.18: a first run for a costly order does not count on CMA pages that the request may not have. */
static void test_counts_cma(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	for (uint64_t p = 0; p < 1024; p += PBN)
		assert_int_equal(pa_set_pageblock(pa, p, PA_CMA), 0);
	for (uint64_t p = 0; p < 800; p += 2)
		give(pa, p, p + 1, 0);
	in_pieces(pa, 4096, 4096 + 200, false);
	ask(pa, PA_GFP_KERNEL | PA_GFP_NORETRY, 4, 0, &pfn);
	assert_int_equal(value_of(PA_STEP_COMPACT_FIRST) == PA_COMPACT_SKIPPED,
			 since(policy, "6.18"));
	sound(pa);
}

/* Proactive compaction at 98: from a score of 15 to 5, or from 6.18 on from 3 to 2. */
static void test_score(const char *policy)
{
	struct pa *pa = full(policy);
	struct pa_knobs knobs = *pa_get_knobs(pa);

	in_pieces(pa, 0, 512, true); /* 256 pages of 5632, and 256 where they may go */
	give(pa, 7168, 7168 + 256, 8);
	give(pa, 1024, 6144, 9);
	assert_int_equal(pa_extfrag(pa, 0, 9), 9);
	knobs.compaction_proactiveness = 98;
	set_knobs(pa, &knobs);
	assert_int_equal(pa_tick(pa, 1000, NULL), 0);
	assert_int_equal(pa_extfrag(pa, 0, 9) < 9, since(policy, "6.18"));
	sound(pa);
}

/* -------------------------------------------------------------------------
 * Marks and lists
 */

/* From 6.12 on a movable zone has a small mark of its own. */
static void test_movable_capped(const char *policy)
{
	static const struct pa_zone_config zones[] = {
		{ 0, 65536, 65536, { 0 }, 0, PA_ZONE_NORMAL, 0 },
		{ 65536, 65536, 65536, { 0 }, 0, PA_ZONE_MOVABLE, 0 },
	};
	struct pa *pa = zoned(policy, zones, 2, NULL);
	uint64_t min = zone_of(pa, 0).wmark[PA_WMARK_MIN];

	assert_int_equal(zone_of(pa, 1).wmark[PA_WMARK_MIN], since(policy, "6.12.0") ? 64 : min);
}

/* decay_pcp_high in steps: each may take a whole THP for a part of a batch. */
static void test_decay_steps(const char *policy)
{
	struct pa *pa = machine(policy, 1, 65536, PA_ZONE_NORMAL, marks); /* batch 15 */
	struct pa_pcp pcp = pcp_of(pa, 0, 0);

	for (uint64_t i = 0; i < 4; i++)
		assert_int_equal(pa_pcp_load(pa, 0, 0, 12, 1024 * i, PA_UNMOVABLE), 0);
	pcp.high_min = 100;
	pcp.high_max = pcp.high = 2317; /* less an eighth: 2028, so 20 are too many */
	assert_int_equal(pa_pcp_set(pa, 0, 0, &pcp), 0);
	assert_int_equal(pa_vmstat_update(pa, 0, NULL), 0);
	assert_int_equal(pcp_of(pa, 0, 0).high, 2028);
	assert_int_equal(pcp_of(pa, 0, 0).count, since(policy, "6.12") ? 1024 : 1536);
	sound(pa);
}

SINCE("5.4", test_any)
SINCE("4.4", test_percent)
SINCE("5.4", test_unreserve_large)
SINCE("5.4", test_unreserve_always)
BETWEEN("4.4", "6.1", test_unreserve_once)
SINCE("5.4", test_boosted_always)
SINCE("5.4", test_boosted_by)
SINCE("5.10", test_thisnode)
SINCE("5.4", test_fatal)
SINCE("5.4", test_room)
SINCE("5.4", test_busy)
SINCE("6.18", test_defrag_whole)
SINCE("6.18", test_defrag_gives_up)
SINCE("6.18", test_defrag_daemons)
SINCE("6.18", test_defrag_kcompactd)
SINCE("5.4", test_capture_movable)
SINCE("5.4", test_counts_cma)
SINCE("5.10", test_score)
SINCE("2.6.24", test_movable_capped)
SINCE("6.12.0", test_decay_steps)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_test_any),
		cmocka_unit_test(each_test_percent),
		cmocka_unit_test(each_test_unreserve_large),
		cmocka_unit_test(each_test_unreserve_always),
		cmocka_unit_test(each_test_unreserve_once),
		cmocka_unit_test(each_test_boosted_always),
		cmocka_unit_test(each_test_boosted_by),
		cmocka_unit_test(each_test_thisnode),
		cmocka_unit_test(each_test_fatal),
		cmocka_unit_test(each_test_room),
		cmocka_unit_test(each_test_busy),
		cmocka_unit_test(each_test_defrag_whole),
		cmocka_unit_test(each_test_defrag_gives_up),
		cmocka_unit_test(each_test_defrag_daemons),
		cmocka_unit_test(each_test_defrag_kcompactd),
		cmocka_unit_test(each_test_capture_movable),
		cmocka_unit_test(each_test_counts_cma),
		cmocka_unit_test(each_test_score),
		cmocka_unit_test(each_test_movable_capped),
		cmocka_unit_test(each_test_decay_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
