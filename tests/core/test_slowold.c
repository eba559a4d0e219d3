// SPDX-License-Identifier: GPL-2.0-only
/* The slow paths before 4.7: 2.4, 2.6.24, 3.10, 4.4, step by step. */
#include "slow.h"

static uint32_t times(enum pa_step step)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < rec.nr_steps && i < PA_MAX_STEPS; i++)
		nr += rec.steps[i].step == step;
	return nr;
}

static uint8_t last_step(void)
{
	assert_true(rec.nr_steps > 0 && rec.nr_steps <= PA_MAX_STEPS);
	return rec.steps[rec.nr_steps - 1].step;
}

/* Two nodes of one zone each, nothing free: node 0 at 0, node 1 at 8192. */
static struct pa *two_nodes(const char *policy)
{
	static const struct pa_zone_config zones[] = {
		{ 0, PAGES, PAGES, { 128, 256, 384 }, 0, PA_ZONE_NORMAL, 0 },
		{ PAGES, PAGES, PAGES, { 128, 256, 384 }, 1, PA_ZONE_NORMAL, 0 },
	};

	memset(&rec, 0, sizeof(rec));
	return zoned(policy, zones, 2, NULL);
}

/* -------------------------------------------------------------------------
 * 2.4
 */

/* Marks add up along the zonelist, a quarter of them for who cannot wait. */
static void test_2_4_sums(void **state)
{
	static const struct pa_zone_config zones[] = {
		{ 0, 2048, 2048, { 100, 200, 300 }, 0, PA_ZONE_DMA, 0 },
		{ 2048, 2048, 2048, { 100, 200, 300 }, 0, PA_ZONE_NORMAL, 0 },
		{ 4096, 2048, 2048, { 100, 200, 300 }, 0, PA_ZONE_HIGHMEM, 0 },
	};
	struct pa *pa = zoned("2.4", zones, 3, NULL);
	uint64_t pfn;

	(void)state;
	give(pa, 0, 602, 0); /* DMA alone: above 600 and one page for the third zone of the list */
	assert_int_equal(ask(pa, PA_GFP_HIGHUSER, 0, 0, &pfn), 0);
	assert_false(rec.slow);
	assert_int_equal(rec.nr_looks, 3);
	assert_int_equal(rec.looks[0].zone, 2);
	assert_int_equal(rec.looks[0].verdict, PA_ZONE_LOW);
	assert_int_equal(rec.looks[0].min, 200);
	assert_int_equal(rec.looks[2].min, 600);
	assert_int_equal(rec.looks[2].free, 602);
	assert_int_equal(rec.looks[2].verdict, PA_ZONE_OK);
	/* One page less: not for this request, but for one that starts at Normal. */
	assert_int_equal(ask(pa, PA_GFP_HIGHUSER, 0, 0, &pfn), 0);
	assert_true(rec.slow);
	assert_true(took(PA_STEP_ADJUSTED));
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 0, 0, &pfn), 0);
	assert_false(rec.slow);
	while (zone_of(pa, 0).nr_free > 301)
		assert_int_equal(ask(pa, PA_GFP_HIGHUSER, 0, 0, &pfn), 0);
	assert_int_equal(ask(pa, PA_GFP_HIGHUSER & ~PA_GFP_DIRECT_RECLAIM, 0, 0, &pfn), 0);
	while (zone_of(pa, 0).nr_free > 76)
		assert_int_equal(ask(pa, PA_GFP_NOWAIT | PA_GFP_HIGHMEM, 0, 0, &pfn), 0);
	assert_int_equal(ask(pa, PA_GFP_NOWAIT | PA_GFP_HIGHMEM, 0, 0, &pfn), -ENOMEM);
	assert_int_equal(rec.looks[5].mark, 25);
	assert_int_equal(rec.looks[5].min, 75);
	assert_int_equal(last_step(), PA_STEP_FAIL);
	assert_false(took(PA_STEP_RECLAIM));
	sound(pa);
}

/* What the request itself reclaims first is its own, if the order fits and enough comes. */
static void test_2_4_local(void **state)
{
	struct pa *pa = full("2.4");
	uint64_t pfn;

	(void)state;
	occupy(pa, 1024, 1124, true);
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 0, 0, &pfn), 0);
	assert_int_equal(pfn, 1024);
	assert_int_equal(rec.source, PA_FROM_LOCAL);
	assert_int_equal(zone_of(pa, 0).nr_free, 31);
	assert_int_equal(zone_of(pa, 0).reclaimable, 68);
	assert_int_equal(pa_allocated(pa, 1024), 0);
	sound(pa);
	/* Of another order it goes to the lists, and costly requests do not try twice. */
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 4, 0, &pfn), -ENOMEM);
	assert_int_equal(times(PA_STEP_RECLAIM), 1);
	assert_int_equal(zone_of(pa, 0).nr_free, 63);
	assert_int_equal(pa_allocated(pa, 1056), -ENOENT);
	/* Fewer than 32 pages are none: the last resort is asked, in vain, and so on for ever. */
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 1, 0, &pfn), -EAGAIN);
	assert_int_equal(value_of(PA_STEP_OOM_KILL), 0);
	assert_int_equal(zone_of(pa, 0).reclaimable, 0);
	sound(pa);
}

static void test_2_4_oom(void **state)
{
	struct victim v = { 1024, 1224, 0 };
	struct pa_alloc_args args = { .gfp = PA_GFP_KERNEL, .oom = kill_one, .oom_ctx = &v };
	struct pa *pa = full("2.4");
	uint64_t pfn;

	(void)state;
	occupy(pa, 1024, 1224, false);
	assert_int_equal(pa_alloc(pa, &args, &pfn, &rec), 0);
	assert_int_equal(v.killed, 1);
	assert_int_equal(value_of(PA_STEP_OOM_KILL), 1);
	sound(pa);
}

/* PF_MEMALLOC: no marks, but no end either if there is nothing at all. */
static void test_2_4_memalloc(void **state)
{
	struct pa *pa = full("2.4");
	uint64_t pfn;

	(void)state;
	give(pa, 0, 1, 0);
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 0, PA_TASK_MEMALLOC, &pfn), 0);
	assert_int_equal(rec.looks[rec.nr_looks - 1].verdict, PA_ZONE_IGNORED);
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 0, PA_TASK_OOM_VICTIM, &pfn), -ENOMEM);
	assert_false(took(PA_STEP_RECLAIM));
}

/* kswapd is woken by any request that comes so far, and knows of no order. */
static void test_2_4_kswapd(void **state)
{
	struct pa *pa = full("2.4");
	uint64_t pfn;

	(void)state;
	occupy(pa, 1024, 2048, true);
	for (uint64_t p = 4096; p < 6144; p += 4)
		give(pa, p, p + 2, 1); /* enough, but in pairs */
	assert_int_equal(ask(pa, PA_GFP_NOWAIT, 2, 0, &pfn), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_WAKE_KSWAPD), 1);
	assert_int_equal(pa_tick(pa, 1, NULL), 0);
	assert_int_equal(zone_of(pa, 0).reclaimable, 1024); /* it is content */
	pa = full("2.4");
	occupy(pa, 1024, 2048, true);
	assert_int_equal(ask(pa, PA_GFP_NOWAIT, 0, 0, &pfn), -ENOMEM);
	assert_int_equal(pa_tick(pa, 1, NULL), 0);
	assert_in_range(zone_of(pa, 0).nr_free, 385, 385 + 32);
	sound(pa);
}

/* -------------------------------------------------------------------------
 * 2.6.24
 */

/* Who cannot wait tries harder, __GFP_NOMEMALLOC or not; real-time tasks outside interrupts too. */
static void test_2_6_flags(void **state)
{
	struct pa *pa = full("2.6.24");
	uint64_t pfn;

	(void)state;
	assert_int_equal(ask(pa, PA_GFP_HIGH | PA_GFP_NOMEMALLOC, 0, 0, &pfn), -ENOMEM);
	assert_int_equal(rec.flags, PA_ALLOC_MIN_RESERVE | PA_ALLOC_NON_BLOCK);
	assert_true(took(PA_STEP_WAKE_KSWAPD)); /* there is no flag against it */
	ask(pa, PA_GFP_KERNEL | PA_GFP_NORETRY, 0, PA_TASK_RT, &pfn);
	assert_int_equal(value_of(PA_STEP_RESTART), PA_ALLOC_NON_BLOCK | PA_ALLOC_CPUSET);
	ask(pa, PA_GFP_KERNEL | PA_GFP_NORETRY, 0, PA_TASK_RT | PA_TASK_IRQ, &pfn);
	assert_int_equal(value_of(PA_STEP_RESTART), PA_ALLOC_CPUSET);
	give(pa, 0, 49, 0); /* 128, halved, less a quarter: 48 */
	assert_int_equal(ask(pa, PA_GFP_HIGH, 0, 0, &pfn), 0);
}

/* Reclaim, and only for high orders all lists are drained. */
static void test_2_6_reclaim(void **state)
{
	struct pa *pa = full("2.6.24");
	uint64_t pfn;

	(void)state;
	occupy(pa, 0, 1024, true);
	give(pa, 4096, 4096 + 128, 5);
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 0, 0, &pfn), 0);
	assert_int_equal(value_of(PA_STEP_RECLAIM), 32);
	assert_false(took(PA_STEP_DRAIN_ALL));
	assert_true(took(PA_STEP_RECLAIM_ATTEMPT));
	assert_false(took(PA_STEP_COMPACT));
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_NORETRY, 8, 0, &pfn), -ENOMEM);
	assert_int_equal(times(PA_STEP_DRAIN_ALL), 1);
	sound(pa);
}

/* No progress: somebody dies, and all starts over, from the first attempt on. */
static void test_2_6_oom(void **state)
{
	struct victim v = { 1024, 2048, 0 };
	struct pa_alloc_args args = { .gfp = PA_GFP_KERNEL, .oom = kill_one, .oom_ctx = &v };
	struct pa *pa = full("2.6.24");
	uint64_t pfn;

	(void)state;
	occupy(pa, 1024, 2048, false);
	assert_int_equal(pa_alloc(pa, &args, &pfn, &rec), 0);
	assert_int_equal(value_of(PA_STEP_OOM_KILL), 1);
	assert_true(took(PA_STEP_OOM_ATTEMPT));
	assert_int_equal(times(PA_STEP_FAST), 2);
	/* Nobody need die if the lists, once drained, hold enough. */
	pa = full("2.6.24");
	for (uint64_t p = 0; p < 400; p++)
		assert_int_equal(pa_pcp_load(pa, 0, 0, 0, p, PA_MOVABLE), 0);
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 1, 0, &pfn), 0);
	assert_int_equal(value_of(PA_STEP_DRAIN_ALL), 400);
	assert_int_equal(rec.steps[rec.nr_steps - 2].step, PA_STEP_OOM_ATTEMPT);
	/* Not for everybody. */
	pa = full("2.6.24");
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 4, 0, &pfn), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_OOM_REFUSED), PA_OOM_COSTLY);
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_NORETRY, 0, 0, &pfn), -ENOMEM);
	assert_false(took(PA_STEP_OOM_ATTEMPT));
	/* Small ones never fail. */
	assert_int_equal(ask(pa, PA_GFP_KERNEL & ~PA_GFP_FS, 0, 0, &pfn), -EAGAIN);
	assert_false(took(PA_STEP_OOM_ATTEMPT));
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 0, 0, &pfn), -EAGAIN);
	/* Large ones may, unless they insist. */
	assert_int_equal(ask(pa, PA_GFP_KERNEL & ~PA_GFP_FS, 4, 0, &pfn), -ENOMEM);
	assert_int_equal(ask(pa, (PA_GFP_KERNEL & ~PA_GFP_FS) | PA_GFP_RETRY_MAYFAIL, 4, 0, &pfn),
			 -EAGAIN);
	assert_int_equal(ask(pa, (PA_GFP_KERNEL & ~PA_GFP_FS) | PA_GFP_NOFAIL, 4, 0, &pfn),
			 -EAGAIN);
	sound(pa);
}

/* Reserves for who frees memory, or is dying. */
static void test_2_6_reserves(void **state)
{
	struct pa *pa = full("2.6.24");
	uint64_t pfn;

	(void)state;
	give(pa, 0, 2, 0);
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 1, PA_TASK_MEMALLOC, &pfn), 0);
	assert_true(took(PA_STEP_RESERVES));
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 0, PA_TASK_MEMALLOC, &pfn), -ENOMEM);
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_NOFAIL, 0, PA_TASK_OOM_VICTIM, &pfn),
			 -EAGAIN);
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_NOMEMALLOC, 0, PA_TASK_MEMALLOC, &pfn),
			 -ENOMEM);
	assert_false(took(PA_STEP_RESERVES));
	ask(pa, PA_GFP_NOWAIT, 0, PA_TASK_MEMALLOC | PA_TASK_IRQ, &pfn);
	assert_false(took(PA_STEP_RESERVES));
}

/* GFP_THISNODE, the three flags together, asks nobody to reclaim. */
static void test_thisnode(const char *policy)
{
	uint32_t bundle = PA_GFP_THISNODE | PA_GFP_NORETRY | PA_GFP_NOWARN;
	struct pa *pa = two_nodes(policy);
	uint64_t pfn;

	occupy(pa, 0, 1024, true);
	assert_int_equal(ask(pa, PA_GFP_KERNEL | bundle, 0, 0, &pfn), -ENOMEM);
	assert_false(took(PA_STEP_WAKE_KSWAPD));
	assert_false(took(PA_STEP_RECLAIM));
	ask(pa, PA_GFP_KERNEL | (bundle & ~PA_GFP_NOWARN), 0, 0, &pfn);
	assert_true(took(PA_STEP_WAKE_KSWAPD));
}

/* 2.6.24 and 3.10 have RESERVE: for whoever would fail, and no fallback touches it. */
static void test_reserve_last(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	assert_int_equal(pa_set_pageblock(pa, 1024, PA_RESERVE), 0);
	assert_int_equal(pa_load_block(pa, 1024, 9, PA_RESERVE), 0);
	assert_int_equal(zone_of(pa, 0).nr_free, 512);
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 4, 0, &pfn), 0);
	assert_int_equal(pfn, 1024);
	assert_int_equal(pa_pageblock(pa, 1024), PA_RESERVE);
	assert_int_equal(pa_list_head(pa, 0, 8, PA_RESERVE), 1024 + 256);
	assert_int_equal(pa_free_pages(pa, 0, pfn, 4, NULL), 0);
	assert_int_equal(pa_list_head(pa, 0, 9, PA_RESERVE), 1024);
	sound(pa);
}

/* From 2.6.24 to 4.5 kswapd goes on until all zones are above their high marks; else one will do. */
static void test_all_zones(const char *policy)
{
	static const struct pa_zone_config zones[] = {
		{ 0, 4096, 4096, { 100, 200, 300 }, 0, PA_ZONE_DMA, 0 },
		{ 4096, 4096, 4096, { 100, 200, 300 }, 0, PA_ZONE_NORMAL, 0 },
	};
	struct pa *pa = zoned(policy, zones, 2, NULL);
	uint64_t pfn;

	occupy(pa, 0, 2048, true);
	occupy(pa, 4096, 6144, true);
	give(pa, 6144, 6144 + 176, 4); /* Normal is above its min mark, DMA has nothing */
	assert_int_equal(ask(pa, PA_GFP_NOWAIT, 0, 0, &pfn), 0);
	assert_int_equal(value_of(PA_STEP_WAKE_KSWAPD), 1);
	assert_int_equal(pa_tick(pa, 1, NULL), 0);
	assert_true(zone_of(pa, 1).nr_free > 300);
	if (since(policy, "2.6.24") && !since(policy, "5.4"))
		assert_true(zone_of(pa, 0).nr_free > 300);
	else
		assert_int_equal(zone_of(pa, 0).nr_free, 0);
	sound(pa);
}

/* For high orders 3.10 and 4.4 are content with a quarter of the node. */
static void test_quarter(const char *policy)
{
	static const struct pa_zone_config zones[] = {
		{ 0, 8192, 8192, { 100, 200, 300 }, 0, PA_ZONE_NORMAL, 0 },
		{ 8192, 2048, 2048, { 100, 200, 300 }, 0, PA_ZONE_HIGHMEM, 0 },
	};
	struct pa *pa = zoned(policy, zones, 2, NULL);
	struct pa_zone_state zs = zone_of(pa, 0);
	uint64_t pfn;

	/* NORMAL has plenty, but not for who could have HIGHMEM, which has nothing. */
	zs.lowmem_reserve[PA_ZONE_HIGHMEM] = 8000;
	assert_int_equal(pa_zone_set(pa, 0, &zs), 0);
	give(pa, 0, 4096, 10);
	occupy(pa, 8192, 9216, true);
	assert_int_equal(ask(pa, PA_GFP_NOWAIT | PA_GFP_HIGHMEM, 1, 0, &pfn), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_WAKE_KSWAPD), 1);
	assert_int_equal(pa_tick(pa, 1, NULL), 0);
	assert_int_equal(zone_of(pa, 1).reclaimable == 1024, since(policy, "3.10"));
	assert_int_equal(pa_tick(pa, 2, NULL), 0);
	/* Single pages are another matter. */
	assert_int_equal(ask(pa, PA_GFP_NOWAIT | PA_GFP_HIGHMEM, 0, 0, &pfn),
			 since(policy, "3.10") ? -ENOMEM : 0);
	assert_int_equal(pa_tick(pa, 3, NULL), 0);
	assert_true(zone_of(pa, 1).reclaimable < 1024);
	sound(pa);
}

/* -------------------------------------------------------------------------
 * 3.10
 */

/* Asynchronous at first; what fails later counts against the preferred zone. */
static void test_3_10_deferral(void **state)
{
	struct pa *pa = full("3.10");
	uint64_t pfn;

	(void)state;
	in_pieces(pa, 0, PAGES, false);
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_NORETRY, 5, 0, &pfn), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_COMPACT_FIRST), PA_COMPACT_COMPLETE);
	assert_int_equal(value_of(PA_STEP_COMPACT), PA_COMPACT_COMPLETE);
	assert_int_equal(zone_of(pa, 0).defer_shift, 1); /* the second run's doing */
	assert_int_equal(zone_of(pa, 0).order_failed, 0);
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_NORETRY, 5, 0, &pfn), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_COMPACT_FIRST), PA_COMPACT_DEFERRED);
	assert_true(took(PA_STEP_RECLAIM));
	/* A THP, which does not wake kswapd, ends there. */
	assert_int_equal(ask(pa, PA_GFP_KERNEL & ~PA_GFP_KSWAPD_RECLAIM, 5, 0, &pfn), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_COMPACT_FIRST), PA_COMPACT_DEFERRED);
	assert_false(took(PA_STEP_WAKE_KSWAPD));
	assert_false(took(PA_STEP_RECLAIM));
	sound(pa);
}

/* Compaction needs __GFP_FS as well, up to 4.5. */
static void test_needs_fs(const char *policy)
{
	uint32_t gfp = (PA_GFP_KERNEL & ~PA_GFP_FS) | PA_GFP_MOVABLE | PA_GFP_NORETRY;
	struct pa *pa = full(policy);
	uint64_t pfn;

	in_pieces(pa, 0, PAGES, true);
	assert_int_equal(ask(pa, gfp, 5, 0, &pfn), since(policy, "5.4") ? 0 : -ENOMEM);
	assert_int_equal(value_of(PA_STEP_COMPACT_FIRST),
			 since(policy, "5.4") ? PA_COMPACT_SUCCESS : PA_COMPACT_SKIPPED);
	sound(pa);
}

/* An asynchronous run leaves UNMOVABLE pageblocks alone; up to 4.4 even for UNMOVABLE requests. */
static void test_async_source(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	for (uint64_t p = 0; p < PAGES / 2; p += PBN)
		assert_int_equal(pa_set_pageblock(pa, p, PA_UNMOVABLE), 0);
	in_pieces(pa, 0, PAGES, false);
	for (uint64_t p = 1; p < PAGES / 2; p += 2)
		assert_int_equal(pa_lru_add(pa, p), 0);
	ask(pa, PA_GFP_KERNEL | PA_GFP_NORETRY, 5, 0, &pfn);
	assert_int_equal(value_of(PA_STEP_COMPACT_FIRST),
			 since(policy, "5.4") ? PA_COMPACT_SUCCESS : PA_COMPACT_COMPLETE);
	sound(pa);
}

static void test_3_10_oom(void **state)
{
	struct victim v = { 1024, 2048, 0 };
	struct pa_alloc_args args = { .gfp = PA_GFP_KERNEL, .oom = kill_one, .oom_ctx = &v };
	struct pa *pa = full("3.10");
	uint64_t pfn;

	(void)state;
	occupy(pa, 1024, 2048, false);
	assert_int_equal(pa_alloc(pa, &args, &pfn, &rec), 0);
	assert_int_equal(value_of(PA_STEP_OOM_KILL), 1);
	assert_int_equal(times(PA_STEP_RESTART), 2);
	pa = full("3.10");
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 0, PA_TASK_DUMPCORE, &pfn), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_OOM_REFUSED), PA_OOM_DUMPCORE);
	assert_false(took(PA_STEP_OOM_ATTEMPT));
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 4, 0, &pfn), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_OOM_REFUSED), PA_OOM_COSTLY);
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_NOFAIL, 4, 0, &pfn), -EAGAIN);
	assert_int_equal(value_of(PA_STEP_OOM_KILL), 0);
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_THISNODE, 0, 0, &pfn), -EAGAIN);
	assert_int_equal(value_of(PA_STEP_OOM_REFUSED), PA_OOM_THISNODE);
	/* No file systems, no killer: small ones wait, large ones have one more run. */
	assert_int_equal(ask(pa, PA_GFP_KERNEL & ~PA_GFP_FS, 0, 0, &pfn), -EAGAIN);
	assert_false(took(PA_STEP_OOM_ATTEMPT));
	assert_int_equal(ask(pa, PA_GFP_KERNEL & ~PA_GFP_FS, 4, 0, &pfn), -ENOMEM);
	assert_true(took(PA_STEP_COMPACT));
	sound(pa);
}

/* A lowmem request does not kill. */
static void test_lowmem(const char *policy)
{
	struct pa *pa = machine(policy, 1, PAGES, PA_ZONE_DMA, marks);
	uint64_t pfn;

	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_DMA, 0, 0, &pfn), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_OOM_REFUSED), PA_OOM_LOWMEM);
}

/* The attempt that ignores marks comes after the one that does not; who is dying leaves then. */
static void test_victim(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	give(pa, 0, 16, 4);
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 4, PA_TASK_OOM_VICTIM, &pfn), 0);
	assert_true(took(PA_STEP_ADJUSTED));
	assert_true(took(PA_STEP_RESERVES));
	assert_int_equal(rec.flags, PA_ALLOC_NO_WATERMARKS);
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 0, PA_TASK_OOM_VICTIM, &pfn), -ENOMEM);
	assert_false(took(PA_STEP_RECLAIM));
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_NOFAIL, 0, PA_TASK_OOM_VICTIM, &pfn),
			 -EAGAIN);
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 0, PA_TASK_MEMALLOC, &pfn), -ENOMEM);
	assert_false(took(PA_STEP_RECLAIM));
}

/* Atomic: 3.10 who may not wait but may wake kswapd; 4.4 who says __GFP_ATOMIC. */
static void test_atomic(const char *policy)
{
	struct pa *pa = full(policy);
	bool flag = since(policy, "4.4");
	uint64_t pfn;

	ask(pa, PA_GFP_HIGH | PA_GFP_KSWAPD_RECLAIM, 0, 0, &pfn);
	assert_int_equal(!!(value_of(PA_STEP_RESTART) & PA_ALLOC_NON_BLOCK), !flag);
	assert_int_equal(!!(value_of(PA_STEP_RESTART) & PA_ALLOC_CPUSET), flag);
	ask(pa, PA_GFP_ATOMIC_ALLOC, 0, 0, &pfn);
	assert_true(value_of(PA_STEP_RESTART) & PA_ALLOC_NON_BLOCK);
	ask(pa, PA_GFP_ATOMIC_ALLOC | PA_GFP_NOMEMALLOC, 0, 0, &pfn);
	assert_false(value_of(PA_STEP_RESTART) & PA_ALLOC_NON_BLOCK);
	ask(pa, PA_GFP_HIGH, 0, 0, &pfn);
	assert_false(value_of(PA_STEP_RESTART) & PA_ALLOC_NON_BLOCK);
	assert_false(took(PA_STEP_WAKE_KSWAPD));
}

/* -------------------------------------------------------------------------
 * 4.4
 */

static void test_4_4_oom(void **state)
{
	struct victim v = { 1024, 2048, 0 };
	struct pa_alloc_args args = { .gfp = PA_GFP_KERNEL, .oom = kill_one, .oom_ctx = &v };
	struct pa *pa = full("4.4");
	uint64_t pfn;

	(void)state;
	occupy(pa, 1024, 2048, false);
	assert_int_equal(pa_alloc(pa, &args, &pfn, &rec), 0);
	assert_int_equal(value_of(PA_STEP_OOM_KILL), 1);
	pa = full("4.4");
	/* Nobody left: one more run, and the end. */
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 1, 0, &pfn), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_OOM_KILL), 0);
	assert_true(took(PA_STEP_COMPACT));
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 0, PA_TASK_DUMPCORE, &pfn), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_OOM_REFUSED), PA_OOM_DUMPCORE);
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_THISNODE, 0, 0, &pfn), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_OOM_REFUSED), PA_OOM_THISNODE);
	/* Without __GFP_FS it waits for others; but not for what nobody would be killed for. */
	assert_int_equal(ask(pa, PA_GFP_KERNEL & ~PA_GFP_FS, 0, 0, &pfn), -EAGAIN);
	assert_false(took(PA_STEP_OOM_KILL));
	assert_int_equal(ask(pa, PA_GFP_KERNEL & ~PA_GFP_FS, 4, 0, &pfn), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_OOM_REFUSED), PA_OOM_COSTLY);
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_NOFAIL, 4, 0, &pfn), -EAGAIN);
	assert_int_equal(value_of(PA_STEP_OOM_KILL), 0);
	sound(pa);
}

/* __GFP_NORETRY: no last resort, but one more run of compaction. */
static void test_4_4_noretry(void **state)
{
	struct pa *pa = full("4.4");
	uint64_t pfn;

	(void)state;
	in_pieces(pa, 0, PAGES, false);
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_NORETRY, 5, 0, &pfn), -ENOMEM);
	assert_false(took(PA_STEP_OOM_ATTEMPT));
	assert_int_equal(value_of(PA_STEP_COMPACT_FIRST), PA_COMPACT_COMPLETE);
	assert_int_equal(value_of(PA_STEP_COMPACT), PA_COMPACT_COMPLETE);
	assert_int_equal(zone_of(pa, 0).defer_shift, 1); /* only the synchronous one counts */
	assert_true(took(PA_STEP_COMPACT_ATTEMPT));
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_NORETRY, 5, 0, &pfn), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_COMPACT_FIRST), PA_COMPACT_DEFERRED);
	assert_true(took(PA_STEP_RECLAIM));
}

/* A THP stays asynchronous, unless it is khugepaged's, and ends where compaction is deferred. */
static void test_4_4_thp(void **state)
{
	uint32_t thp = (PA_GFP_HIGHUSER_MOVABLE & ~PA_GFP_KSWAPD_RECLAIM) | PA_GFP_COMP |
		       PA_GFP_NOMEMALLOC | PA_GFP_NORETRY | PA_GFP_NOWARN;
	struct pa *pa = full("4.4");
	uint64_t pfn;

	(void)state;
	in_pieces(pa, 0, PAGES, false);
	assert_int_equal(ask(pa, thp, 9, 0, &pfn), -ENOMEM);
	assert_false(took(PA_STEP_WAKE_KSWAPD));
	assert_true(took(PA_STEP_COMPACT));
	assert_int_equal(zone_of(pa, 0).defer_shift, 0);
	assert_int_equal(ask(pa, thp, 9, PA_TASK_KTHREAD, &pfn), -ENOMEM);
	assert_int_equal(zone_of(pa, 0).defer_shift, 1);
	assert_int_equal(ask(pa, thp, 9, 0, &pfn), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_COMPACT_FIRST), PA_COMPACT_DEFERRED);
	assert_false(took(PA_STEP_RECLAIM));
}

/* __GFP_REPEAT: costly requests go on until as many pages were reclaimed as they ask for. */
static void test_repeat(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	/* Every other pair reclaimable: nothing merges beyond order 1. */
	for (uint64_t p = 0; p < 1024; p += 4) {
		occupy(pa, p, p + 2, true);
		occupy(pa, p + 2, p + 4, false);
	}
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_RETRY_MAYFAIL, 7, 0, &pfn), -ENOMEM);
	assert_int_equal(times(PA_STEP_RECLAIM), 1); /* 256 pages, room for it and a copy */
	assert_int_equal(zone_of(pa, 0).reclaimable, 512 - 256);
	pa = full(policy);
	for (uint64_t p = 0; p < 1024; p += 4) {
		occupy(pa, p, p + 2, true);
		occupy(pa, p + 2, p + 4, false);
	}
	/* 512 are less than it wants: 3.10 tries again and gives up, 4.4 never does. */
	assert_int_equal(ask(pa, PA_GFP_KERNEL | PA_GFP_RETRY_MAYFAIL, 10, 0, &pfn),
			 since(policy, "4.4") ? -EAGAIN : -ENOMEM);
	assert_true(times(PA_STEP_RECLAIM) > 1);
	assert_int_equal(zone_of(pa, 0).reclaimable, 0);
	assert_int_equal(ask(pa, PA_GFP_KERNEL, 10, 0, &pfn), -ENOMEM);
	assert_int_equal(times(PA_STEP_RECLAIM), 1);
	sound(pa);
}

/* 4.4: a request for one node that cannot wait does not even wake kswapd. */
static void test_4_4_thisnode(void **state)
{
	struct pa *pa = two_nodes("4.4");
	uint64_t pfn;

	(void)state;
	assert_int_equal(ask(pa, PA_GFP_NOWAIT | PA_GFP_THISNODE, 0, 0, &pfn), -ENOMEM);
	assert_false(took(PA_STEP_WAKE_KSWAPD));
	assert_int_equal(ask(pa, PA_GFP_NOWAIT, 0, 0, &pfn), -ENOMEM);
	assert_int_equal(value_of(PA_STEP_WAKE_KSWAPD), 2);
}

/* Up to 4.5 kswapd compacts what it was woken for, asynchronously. */
static void test_kswapd_compacts(const char *policy)
{
	struct pa *pa = full(policy);
	uint64_t pfn;

	in_pieces(pa, 0, PAGES, true);
	assert_int_equal(ask(pa, PA_GFP_NOWAIT, 5, 0, &pfn), -ENOMEM);
	assert_int_equal(pa_tick(pa, 1, NULL), 0);
	assert_int_equal(pa_tick(pa, 2, NULL), 0);
	sound(pa);
	assert_int_equal(ask(pa, PA_GFP_NOWAIT, 5, 0, &pfn), 0);
}

BETWEEN("2.6.24", "3.10", test_thisnode)
BETWEEN("2.6.24", "3.10", test_reserve_last)
EACH(test_all_zones)
BETWEEN("2.6.24", "4.4", test_quarter)
BETWEEN("3.10", "5.4", test_needs_fs)
BETWEEN("3.10", "5.4", test_async_source)
SINCE("3.10", test_lowmem)
BETWEEN("3.10", "4.4", test_victim)
BETWEEN("3.10", "4.4", test_atomic)
BETWEEN("3.10", "4.4", test_repeat)
BETWEEN("3.10", "4.4", test_kswapd_compacts)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_2_4_sums),
		cmocka_unit_test(test_2_4_local),
		cmocka_unit_test(test_2_4_oom),
		cmocka_unit_test(test_2_4_memalloc),
		cmocka_unit_test(test_2_4_kswapd),
		cmocka_unit_test(test_2_6_flags),
		cmocka_unit_test(test_2_6_reclaim),
		cmocka_unit_test(test_2_6_oom),
		cmocka_unit_test(test_2_6_reserves),
		cmocka_unit_test(each_test_thisnode),
		cmocka_unit_test(each_test_reserve_last),
		cmocka_unit_test(each_test_all_zones),
		cmocka_unit_test(each_test_quarter),
		cmocka_unit_test(test_3_10_deferral),
		cmocka_unit_test(each_test_needs_fs),
		cmocka_unit_test(each_test_async_source),
		cmocka_unit_test(test_3_10_oom),
		cmocka_unit_test(each_test_lowmem),
		cmocka_unit_test(each_test_victim),
		cmocka_unit_test(each_test_atomic),
		cmocka_unit_test(test_4_4_oom),
		cmocka_unit_test(test_4_4_noretry),
		cmocka_unit_test(test_4_4_thp),
		cmocka_unit_test(each_test_repeat),
		cmocka_unit_test(test_4_4_thisnode),
		cmocka_unit_test(each_test_kswapd_compacts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
