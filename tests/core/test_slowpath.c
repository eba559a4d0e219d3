// SPDX-License-Identifier: GPL-2.0-only
/* Each exit of the slow path: kswapd, compaction, reclaim, OOM, NOFAIL, failure; reserves. */
#include "slow.h"

/* Below low, above min: the lowered mark suffices, and kswapd brings the zone back to high. */
static void test_kswapd(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	occupy(pa, 1024, 2048, true);
	give(pa, 4096, 4096 + 208, 4);
	assert_int_equal(ask(pa, PA_GFP_HIGHUSER_MOVABLE, 0, 0, &pfn), 0);
	assert_true(rec.slow);
	assert_int_equal(value_of(PA_STEP_WAKE_KSWAPD), 1);
	assert_true(took(PA_STEP_ADJUSTED));
	assert_false(took(PA_STEP_RETRY));
	assert_int_equal(rec.steps[rec.nr_steps - 1].step, PA_STEP_GOT_PG);
	assert_int_equal(pa_tick(pa, 10, NULL), 0);
	assert_true(zone_of(pa, 0).nr_free > 384);
	assert_true(zone_of(pa, 0).reclaimable < 1024);
	assert_int_equal(pa_tick(pa, 11, NULL), 0); /* its run is over */
	assert_int_equal(zone_of(pa, 0).flags & PA_ZONE_RECLAIM_ACTIVE, 0);
	sound(pa);
	assert_int_equal(pa_tick(pa, 10, NULL), -EINVAL);
}

/*
 * While kswapd works, CPUs count closer, but only where their deltas could hide the min mark
 * (set_pgdat_percpu_threshold): else the deltas it leaves behind would be beyond the threshold.
 */
static void test_kswapd_counts(const char *policy)
{
	static const uint64_t near[] = { 128, 256, 360 };
	static const unsigned int orders[] = { 5, 5, 4, 5, 4, 5 };
	struct pa *pa = machine(policy, 1, PAGES, PA_ZONE_NORMAL, near);
	struct pa_knobs knobs = *pa_get_knobs(pa);
	struct pa_zone_state zs = zone_of(pa, 0);
	uint64_t pfn = 1024;

	knobs.compaction_proactiveness = 0; /* kcompactd would count, too */
	assert_int_equal(pa_set_knobs(pa, &knobs), 0);
	assert_int_equal(pa_zone_set(pa, 0, &zs), 0);
	assert_true(zs.threshold <= 2); /* against 128 pages from min to low */
	/* At the closer count's 125, the fifth block would be told and the sixth left untold. */
	for (size_t i = 0; i < 6; i++, pfn += 32) {
		assert_int_equal(pa_set_allocated(pa, pfn, orders[i], PA_USE_PINNED), 0);
		assert_int_equal(pa_lru_add(pa, pfn), 0);
	}
	give(pa, 4096, 4096 + 256, 4);
	assert_int_equal(ask(pa, PA_GFP_HIGHUSER_MOVABLE, 0, 0, &pfn), 0);
	assert_true(rec.slow);
	assert_int_equal(pa_tick(pa, 10, NULL), 0);
	assert_true(zone_of(pa, 0).nr_free > 360);
	assert_int_equal(pa_tick(pa, 11, NULL), 0);
	assert_int_equal(zone_of(pa, 0).threshold, zs.threshold);
	sound(pa);
}

/* Nothing free: direct reclaim, drain, success. */
static void test_direct_reclaim(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	occupy(pa, 1024, 2048, true);
	give(pa, 4096, 4096 + 112, 4);
	assert_int_equal(ask(pa, PA_GFP_HIGHUSER_MOVABLE, 0, 0, &pfn), 0);
	assert_true(value_of(PA_STEP_RECLAIM) >= 32);
	assert_true(zone_of(pa, 0).reclaimable < 1024);
	sound(pa);
	/* Without __GFP_DIRECT_RECLAIM it fails before that. */
	pa = full(policy);
	occupy(pa, 1024, 2048, true);
	assert_int_equal(ask(pa, PA_GFP_NOWAIT, 0, 0, &pfn), -ENOMEM);
	assert_false(took(PA_STEP_RECLAIM));
	assert_true(took(PA_STEP_NOPAGE));
	assert_int_equal(rec.steps[rec.nr_steps - 1].step, PA_STEP_FAIL);
	assert_int_equal(pfn, PA_PFN_NONE);
}

/* Half of all pages in use, every other one: kcompactd sees to that unasked. */
static void test_proactive(const char *policy)
{
	struct pa *pa = full(policy);
	struct pa_knobs knobs = *pa_get_knobs(pa);
	struct pa_zone_state zs = zone_of(pa, 0);

	for (uint64_t p = 0; p < PAGES; p += 2) {
		assert_int_equal(pa_set_allocated(pa, p, 0, PA_USE_PINNED), 0);
		assert_int_equal(pa_lru_add(pa, p), 0);
		assert_int_equal(pa_free(pa, p + 1, 0, 0, -1), 0);
	}
	assert_int_equal(pa_extfrag(pa, 0, 9), 100);
	knobs.compaction_proactiveness = 0;
	assert_int_equal(pa_set_knobs(pa, &knobs), 0);
	assert_int_equal(pa_zone_set(pa, 0, &zs), 0);
	assert_int_equal(pa_tick(pa, 500, NULL), 0);
	assert_int_equal(pa_extfrag(pa, 0, 9), 100);
	knobs.compaction_proactiveness = 60;
	assert_int_equal(pa_set_knobs(pa, &knobs), 0);
	assert_int_equal(pa_zone_set(pa, 0, &zs), 0);
	assert_int_equal(pa_tick(pa, 1000, NULL), 0);
	assert_in_range(pa_extfrag(pa, 0, 9), 1, 40);
	assert_int_equal(zone_of(pa, 0).reclaimable, PAGES / 2);
	sound(pa);
}

/* Enough free pages, but in pieces: compaction comes before reclaim for costly orders. */
static void test_compaction(const char *policy)
{
	struct pa_moved moves[600];
	const struct pa_alloc_args args = { .gfp = PA_GFP_HIGHUSER_MOVABLE, .order = 5 };
	struct pa *pa = full(policy);
	uint64_t pfn;

	in_pieces(pa, 0, PAGES, true);
	sound(pa);
	memset(&rec, 0, sizeof(rec));
	rec.trail.moves = moves;
	rec.trail.max_moves = 600;
	assert_int_equal(pa_alloc(pa, &args, &pfn, &rec), 0);
	assert_int_equal(value_of(PA_STEP_COMPACT_FIRST), PA_COMPACT_SUCCESS);
	assert_false(took(PA_STEP_RECLAIM));
	assert_true(rec.trail.nr_moves >= 16);
	for (uint32_t i = 0; i < rec.trail.nr_moves && i < 600; i++) {
		assert_true(moves[i].from < moves[i].to);
		assert_int_equal(pa_allocated(pa, moves[i].to), 0);
	}
	assert_int_equal(zone_of(pa, 0).reclaimable, PAGES / 2);
	assert_int_equal(pa_allocated(pa, pfn), 5);
	sound(pa);
}

/* Nothing can be moved: COMPLETE, and after that attempts are deferred. */
static void test_deferral(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	for (uint64_t p = 0; p < PAGES; p += 2) {
		assert_int_equal(pa_set_allocated(pa, p, 0, PA_USE_PINNED), 0);
		assert_int_equal(pa_free(pa, p + 1, 0, 0, -1), 0);
	}
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_RETRY_MAYFAIL, 5, 0, &pfn), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_COMPACT_FIRST), PA_COMPACT_COMPLETE);
	assert_int_equal(value_of(PA_STEP_OOM_REFUSED), PA_OOM_COSTLY);
	assert_true(zone_of(pa, 0).defer_shift > 0);
	assert_true(zone_of(pa, 0).order_failed <= 5);
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_NORETRY, 5, 0, &pfn), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_COMPACT_FIRST), PA_COMPACT_DEFERRED);
	assert_int_equal(took(PA_STEP_RECLAIM), since(policy, "7.3"));
	sound(pa);
}

/* No gap to move into: SKIPPED. */
static void test_unsuitable(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	give(pa, 0, 64, 0);
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_NORETRY, 4, 0, &pfn), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_COMPACT_FIRST), PA_COMPACT_SKIPPED);
	/* Without __GFP_IO there is no compaction; late trees do not even ask. */
	assert_int_equal(ask(pa, PA_GFP_RECLAIM, 4, 0, &pfn), -ENOMEM);
	assert_int_equal(took(PA_STEP_COMPACT_FIRST),
			 !strcmp(policy, "5.4") || !strcmp(policy, "6.1.0"));
}

/* Whoever reclaims and compacts for a request does so before it comes. */
static void test_helped(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	occupy(pa, 1024, 2048, true);
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 4, PA_TASK_HELPED, &pfn), -ENOMEM);
	assert_false(took(PA_STEP_COMPACT_FIRST));
	assert_int_equal(ask(pa, PA_GFP_HIGHUSER_MOVABLE, 0, PA_TASK_HELPED, &pfn), -ENOMEM);
	assert_false(took(PA_STEP_RECLAIM));
	assert_false(took(PA_STEP_COMPACT));
	assert_true(took(PA_STEP_RESERVES));
	assert_int_equal(ask(pa, PA_GFP_HIGHUSER_MOVABLE, 0, 0, &pfn), 0);
	assert_true(took(PA_STEP_RECLAIM));
	sound(pa);
}

static void test_oom(const char *policy)
{
	struct victim v = { 1024, 2048, 0 };
	struct pa_alloc_args args = { .gfp = PA_GFP_HIGHUSER_MOVABLE,
				      .oom = kill_one,
				      .oom_ctx = &v };
	struct pa *pa = full(policy);
	uint64_t pfn;

	occupy(pa, 1024, 2048, false);
	assert_int_equal(pa_alloc(pa, &args, &pfn, &rec), 0);
	assert_int_equal(v.killed, 1);
	assert_int_equal(value_of(PA_STEP_OOM_KILL), 1);
	assert_true(took(PA_STEP_OOM_ATTEMPT));
	sound(pa);
	/* Not for everybody. */
	v.killed = 0;
	pa = full(policy);
	occupy(pa, 1024, 2048, false);
	args.gfp |= PA_GFP_RETRY_MAYFAIL;
	assert_int_equal(pa_alloc(pa, &args, &pfn, &rec), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_OOM_REFUSED), PA_OOM_MAYFAIL);
	assert_int_equal(v.killed, 0);
	args.gfp = PA_GFP_KERNEL | PA_GFP_THISNODE;
	assert_int_equal(pa_alloc(pa, &args, &pfn, &rec), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_OOM_REFUSED), PA_OOM_THISNODE);
	args.gfp = PA_GFP_KERNEL;
	args.task = PA_TASK_DUMPCORE;
	assert_int_equal(pa_alloc(pa, &args, &pfn, &rec), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_OOM_REFUSED), PA_OOM_DUMPCORE);
	/* Without __GFP_FS nobody is killed, and the request waits for others. */
	args.task = 0;
	args.gfp = PA_GFP_KERNEL & ~PA_GFP_FS;
	assert_int_equal(pa_alloc(pa, &args, &pfn, &rec), -EAGAIN);
	assert_int_equal(v.killed, 0);
	args.gfp = PA_GFP_KERNEL;
	v.killed = 1; /* nobody is left */
	assert_int_equal(pa_alloc(pa, &args, &pfn, &rec), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_OOM_KILL), 0);
	sound(pa);
}

static void test_nofail(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_NOFAIL, 0, 0, &pfn), -EAGAIN);
	assert_true(took(PA_STEP_OOM_RESERVES));
	give(pa, 0, 1, 0); /* one page: below every mark, but marks do not count after a kill */
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_NOFAIL, 0, 0, &pfn), 0);
	assert_int_equal(pfn, 0);
	/* A costly one finds no killer, and no end. */
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_NOFAIL, 4, 0, &pfn), -EAGAIN);
	assert_true(took(PA_STEP_NOFAIL));
	assert_int_equal(ask(pa, PA_GFP_NOWAIT | PA_GFP_NOFAIL, 0, 0, &pfn), -ENOMEM);
	sound(pa);
}

/* Marks that stay where they are. */
static void no_boost(struct pa *pa)
{
	struct pa_knobs knobs = *pa_get_knobs(pa);
	struct pa_zone_state zs = zone_of(pa, 0);

	knobs.watermark_boost_factor = 0;
	assert_int_equal(pa_set_knobs(pa, &knobs), 0);
	assert_int_equal(pa_zone_set(pa, 0, &zs), 0);
}

/* Who may go how far below the mark. */
static void test_reserves(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	no_boost(pa);

	give(pa, 0, 48, 4); /* min 128: a half is 64, less a quarter 48 */
	assert_int_equal(ask(pa, PA_GFP_ATOMIC_ALLOC, 0, 0, &pfn), -ENOMEM);
	assert_true(rec.flags & PA_ALLOC_MIN_RESERVE);
	assert_true(rec.flags & PA_ALLOC_NON_BLOCK);
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 0, PA_TASK_MEMALLOC, &pfn), 0);
	assert_int_equal(rec.looks[rec.nr_looks - 1].verdict, PA_ZONE_IGNORED);
	assert_int_equal(ask(pa, PA_GFP_NOWAIT | PA_GFP_MEMALLOC, 0, PA_TASK_IRQ, &pfn), 0);
	assert_int_equal(ask(pa, PA_GFP_NOWAIT | PA_GFP_MEMALLOC | PA_GFP_NOMEMALLOC, 0, 0, &pfn),
			 -ENOMEM);
	assert_int_equal(ask(pa, PA_GFP_NOWAIT, 0, PA_TASK_SOFTIRQ | PA_TASK_IRQ | PA_TASK_MEMALLOC,
			     &pfn),
			 0);
	give(pa, 1024, 1024 + 16, 4);
	assert_int_equal(ask(pa, PA_GFP_ATOMIC_ALLOC, 0, 0, &pfn), 0);
	assert_int_equal(ask(pa, PA_GFP_NOWAIT, 0, 0, &pfn), -ENOMEM);
	give(pa, 2048, 2048 + 16, 4); /* over half the mark: OOM victims */
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 0, PA_TASK_OOM_VICTIM, &pfn), 0);
	assert_true(rec.flags & PA_ALLOC_OOM);
	/* Real-time tasks that may block. */
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_NORETRY, 0, PA_TASK_RT, &pfn),
			 since(policy, "6.1") ? 0 : -ENOMEM);
	sound(pa);
}

/* A high-order atomic request leaves its pageblock reserved; force gives it back. */
static void test_highatomic(const char *policy)
{
	static const uint64_t low[] = { 6000, 7000, 8000 };
	struct pa *pa = machine(policy, 1, 65536, PA_ZONE_NORMAL, low);
	uint64_t pfn, other;

	memset(&rec, 0, sizeof(rec));
	give(pa, 0, 5120, 10); /* below min: only the reserves */
	assert_int_equal(ask(pa, PA_GFP_ATOMIC_ALLOC, 2, 0, &pfn), 0);
	assert_true(rec.reserved);
	assert_int_equal(pa_pageblock(pa, pfn), PA_HIGHATOMIC);
	assert_int_equal(zone_of(pa, 0).nr_reserved_highatomic, 512);
	assert_true(pa_list_len(pa, 0, 8, PA_HIGHATOMIC) > 0);
	sound(pa);
	/* The next one takes from it, and reserves another until 1 % is there. */
	assert_int_equal(ask(pa, PA_GFP_ATOMIC_ALLOC, 4, 0, &other), 0);
	assert_int_equal(pa_pageblock(pa, other), PA_HIGHATOMIC);
	/* The last resort of an order-0 request that cannot wait. */
	assert_int_equal(zone_of(pa, 0).nr_reserved_highatomic, 512);
	while (ask(pa, PA_GFP_KERNEL | PA_GFP_NORETRY, 5, PA_TASK_MEMALLOC, &other) == 0)
		;
	assert_int_equal(pa_list_len(pa, 0, 8, PA_HIGHATOMIC), 1);
	/* An ordinary request gets it back before OOM. */
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 0, PA_TASK_OOM_VICTIM, &other), -ENOMEM);
	if (since(policy, "6.1")) { /* before, it asks only after sixteen rounds */
		assert_true(took(PA_STEP_UNRESERVE));
		assert_int_equal(zone_of(pa, 0).nr_reserved_highatomic, 0);
		assert_int_equal(pa_pageblock(pa, pfn), PA_UNMOVABLE);
	}
	sound(pa);
}

/* 6.15 and later under defrag_mode: whole pageblocks until nothing else helps. */
static void test_defrag_mode(void **state)
{
	struct pa *pa = full("6.18");
	struct pa_knobs knobs = *pa_get_knobs(pa);
	struct pa_zone_state zs = zone_of(pa, 0);
	uint64_t pfn;

	(void)state;
	knobs.defrag_mode = 1;
	assert_int_equal(pa_set_knobs(pa, &knobs), 0);
	memcpy(zs.wmark, marks, sizeof(marks));
	assert_int_equal(pa_zone_set(pa, 0, &zs), 0);
	/* MOVABLE pageblocks with half of them free, the other half pinned. */
	for (uint64_t p = 0; p < PAGES; p += 512)
		give(pa, p, p + 256, 8);
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 0, 0, &pfn), 0);
	assert_true(rec.slow);
	assert_true(took(PA_STEP_DROP_NOFRAGMENT));
	sound(pa);
}

/*
 * A boost is paid back by kswapd, and what came on top of it meanwhile stays.  The multi-gen LRU
 * reclaims nothing for it, where the marks are met (lru_gen_shrink_node).
 */
static void test_boost(const char *policy)
{
	bool lru_gen = pa_policy_find(policy) >= pa_policy_find("6.12.0");
	struct pa *pa = full(policy);
	struct pa_zone_state zs;
	uint64_t pfn;

	occupy(pa, 0, 2048, true);
	for (uint64_t p = 4096; p < 6144; p += 512)
		give(pa, p, p + 256, 8);
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 4, 0, &pfn), 0);
	zs = zone_of(pa, 0);
	assert_true(zs.boost > 0);
	assert_int_equal(zs.flags & PA_ZONE_BOOSTED_WATERMARK, 0); /* seen to on the way out */
	pa_tick(pa, 1, NULL);
	assert_int_equal(zone_of(pa, 0).boost, zs.boost);
	zs = zone_of(pa, 0);
	zs.boost += 3;
	assert_int_equal(pa_zone_set(pa, 0, &zs), 0);
	pa_tick(pa, 2, NULL);
	assert_int_equal(zone_of(pa, 0).boost, 3);
	assert_int_equal(zone_of(pa, 0).reclaimable == 2048, lru_gen);
	sound(pa);
}

static void test_lru(void **state)
{
	struct pa *pa = full("6.12");

	(void)state;
	REFUSED(pa_lru_add(pa, 0), -EINVAL);
	assert_int_equal(pa_set_allocated(pa, 0, 2, PA_USE_PINNED), 0);
	REFUSED(pa_lru_del(pa, 0), -EINVAL);
	assert_int_equal(pa_lru_add(pa, 0), 0);
	REFUSED(pa_lru_add(pa, 0), -EEXIST);
	assert_int_equal(zone_of(pa, 0).reclaimable, 4);
	assert_int_equal(pa_lru_del(pa, 0), 0);
	assert_int_equal(pa_lru_add(pa, 0), 0);
	assert_int_equal(pa_free_pages(pa, 0, 0, 2, NULL), 0);
	assert_int_equal(zone_of(pa, 0).reclaimable, 0);
	sound(pa);
}

static void test_names(void **state)
{
	(void)state;
	for (int i = 0; i < PA_NR_STEPS; i++)
		assert_non_null(pa_step_name((enum pa_step)i));
	assert_null(pa_step_name(PA_NR_STEPS));
	for (int i = 0; i < PA_NR_COMPACT; i++)
		assert_non_null(pa_compact_name((enum pa_compact)i));
	for (int i = 0; i < PA_NR_SOURCES; i++)
		assert_non_null(pa_source_name((enum pa_source)i));
	for (int i = 0; i < PA_NR_VERDICTS; i++)
		assert_non_null(pa_verdict_name((enum pa_verdict)i));
}

EACH(test_kswapd)
EACH(test_kswapd_counts)
EACH(test_direct_reclaim)
SINCE("5.10", test_proactive)
SINCE("3.10", test_compaction)
SINCE("5.4", test_deferral)
SINCE("5.4", test_unsuitable)
SINCE("5.4", test_helped)
SINCE("5.4", test_oom)
SINCE("5.4", test_nofail)
SINCE("5.4", test_reserves)
SINCE("5.4", test_highatomic)
SINCE("5.4", test_boost)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_test_kswapd),
		cmocka_unit_test(each_test_kswapd_counts),
		cmocka_unit_test(each_test_direct_reclaim),
		cmocka_unit_test(each_test_compaction),
		cmocka_unit_test(each_test_proactive),
		cmocka_unit_test(each_test_deferral),
		cmocka_unit_test(each_test_unsuitable),
		cmocka_unit_test(each_test_helped),
		cmocka_unit_test(each_test_oom),
		cmocka_unit_test(each_test_nofail),
		cmocka_unit_test(each_test_reserves),
		cmocka_unit_test(each_test_highatomic),
		cmocka_unit_test(test_defrag_mode),
		cmocka_unit_test(each_test_boost),
		cmocka_unit_test(test_lru),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
