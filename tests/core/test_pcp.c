// SPDX-License-Identifier: GPL-2.0-only
/* Per-cpu lists by type and order, 5.14 and later: sizes, refill, push, drain, decay. */
#include "machine.h"

static const uint64_t marks[] = { 100, 200, 300 };

/* A zone of 64 blocks of 1024, free, for two CPUs: batch 15 (65536 pages). */
static struct pa *roomy(const char *policy)
{
	struct pa *pa = machine(policy, 2, 65536, PA_ZONE_NORMAL, marks);

	fill(pa, 0, 65536);
	return pa;
}

static bool is_auto(const char *policy)
{
	return since(policy, "6.12.0");
}

static void set_pcp(struct pa *pa, struct pa_pcp pcp)
{
	assert_int_equal(pa_pcp_set(pa, 0, 0, &pcp), 0);
}

static void set_flags(struct pa *pa, uint32_t flags)
{
	struct pa_zone_state zs = zone_of(pa, 0);

	zs.flags = flags;
	assert_int_equal(pa_zone_set(pa, 0, &zs), 0);
}

static void test_batch(void **state)
{
	static const struct {
		uint64_t pages;
		int batch;
	} rows[] = { { 131072, 31 }, { 262144, 63 }, { 1048576, 63 }, { 50000, 15 }, { 3840, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pa *pa = machine("6.12", 1, rows[i].pages, PA_ZONE_NORMAL, marks);

		assert_int_equal(pcp_of(pa, 0, 0).batch, rows[i].batch);
	}
}

static void test_high(const char *policy)
{
	static const uint64_t high[] = { 1000, 5000, 9000 };
	struct pa *pa = machine(policy, 4, 262144, PA_ZONE_NORMAL, high);
	struct pa_pcp pcp = pcp_of(pa, 0, 3);

	assert_int_equal(pcp.high, 1250);
	assert_int_equal(pcp.high_min, 1250);
	assert_int_equal(pcp.high_max, is_auto(policy) ? 262144 / 8 / 4 : 1250);
	pa = machine(policy, 4, 262144, PA_ZONE_NORMAL, marks); /* 4 batches at least */
	assert_int_equal(pcp_of(pa, 0, 0).high_min, 252);
}

static void test_index(const char *policy)
{
	struct pa *pa = roomy(policy);

	assert_int_equal(pa_pcp_index(pa, 0, PA_UNMOVABLE), 0);
	assert_int_equal(pa_pcp_index(pa, 0, PA_MOVABLE), 1);
	assert_int_equal(pa_pcp_index(pa, 3, PA_RECLAIMABLE), 11);
	assert_int_equal(pa_pcp_index(pa, 9, PA_UNMOVABLE), 12);
	assert_int_equal(pa_pcp_index(pa, 9, PA_MOVABLE), strcmp(policy, "6.1.0") ? 13 : 12);
	assert_int_equal(pa_pcp_index(pa, 4, PA_MOVABLE), -EINVAL);
	assert_int_equal(pa_pcp_index(pa, 10, PA_MOVABLE), -EINVAL);
	assert_int_equal(pa_pcp_index(pa, 0, PA_CMA), -EINVAL);
}

/* A refill appends in the order of __rmqueue; the first is handed out. */
static void test_refill(const char *policy)
{
	struct pa_alloc_record rec = { 0 };
	struct pa *pa = roomy(policy);
	uint64_t pfn = get(pa, 0, PA_GFP_HIGHUSER_MOVABLE, 0, &rec), next;

	assert_int_equal(rec.source, PA_FROM_REFILL);
	assert_int_equal(rec.refill, 15);
	assert_int_equal(rec.trail.nr_picks, 15);
	assert_int_equal(pfn, 0);
	assert_int_equal(pcp_of(pa, 0, 0).count, 14);
	next = pa_pcp_head(pa, 0, 0, 1);
	for (uint64_t i = 1; i < 15; i++, next = pa_pcp_next(pa, next))
		assert_int_equal(next, i);
	assert_int_equal(next, PA_PFN_NONE);
	assert_int_equal(get(pa, 0, PA_GFP_HIGHUSER_MOVABLE, 0, &rec), 1);
	assert_int_equal(rec.source, PA_FROM_PCP);
	assert_int_equal(rec.refill, 0);
	/* High orders: batch >> order, but two at least; no batch, no second. */
	get(pa, 0, PA_GFP_HIGHUSER_MOVABLE, 2, &rec);
	assert_int_equal(rec.refill, 3);
	get(pa, 0, PA_GFP_HIGHUSER_MOVABLE, 9, &rec);
	assert_int_equal(rec.refill, 2);
	get(pa, 0, PA_GFP_HIGHUSER_MOVABLE, 4, &rec);
	assert_int_equal(rec.source, PA_FROM_BUDDY);
	sound(pa);
}

/* 6.7 and later: each refill in a row asks for twice as many, high grows along. */
static void test_alloc_factor(const char *policy)
{
	static const int batches[] = { 15, 30, 60, 120, 240, 480, 480 };
	struct pa_alloc_record rec = { 0 };
	struct pa *pa = roomy(policy);
	int high = pcp_of(pa, 0, 0).high;

	for (int i = 0; i < 7; i++) {
		int want = is_auto(policy) ? batches[i] : 15;

		get(pa, 0, PA_GFP_KERNEL, 0, &rec);
		assert_int_equal(rec.refill, want);
		high = is_auto(policy) ? high + want : high;
		assert_int_equal(pcp_of(pa, 0, 0).high, high < 4096 ? high : 4096);
		while (pcp_of(pa, 0, 0).count)
			get(pa, 0, PA_GFP_KERNEL, 0, NULL);
	}
	sound(pa);
}

/* Below the high mark the list neither grows nor keeps more than high - count - batch. */
static void test_alloc_below_high(void **state)
{
	struct pa_alloc_record rec = { 0 };
	struct pa *pa = roomy("6.12");
	struct pa_pcp pcp = pcp_of(pa, 0, 0);

	(void)state;
	set_flags(pa, PA_ZONE_BELOW_HIGH);
	pcp.alloc_factor = 3;
	set_pcp(pa, pcp); /* high_min 100, batch 15 */
	get(pa, 0, PA_GFP_KERNEL, 0, &rec);
	assert_int_equal(rec.refill, 85);
	assert_int_equal(pcp_of(pa, 0, 0).high, 100);
	assert_int_equal(pcp_of(pa, 0, 0).alloc_factor, 3);
	pcp = pcp_of(pa, 0, 0);
	pcp.high_min = pcp.high_max = pcp.high = 10; /* less than a batch: one page */
	set_pcp(pa, pcp);
	get(pa, 0, PA_GFP_HIGHUSER_MOVABLE, 0, &rec);
	assert_int_equal(rec.refill, 1);
}

/* A free goes to the head; the drain takes the oldest, from this list on, then round. */
static void test_push_and_drain(const char *policy)
{
	struct pa_drained drains[64];
	struct pa_free_record rec = { .trail = { .drains = drains, .max_drains = 64 } };
	struct pa *pa = roomy(policy);
	struct pa_pcp pcp;
	uint64_t pfn[40];

	for (int i = 0; i < 40; i++)
		pfn[i] = get(pa, 0,
			     i < 20 ? PA_GFP_HIGHUSER_MOVABLE :
				      PA_GFP_HIGHUSER_MOVABLE | PA_GFP_COMP,
			     0, NULL);
	pa_drain(pa, 0, 0, 0, NULL);
	pcp = pcp_of(pa, 0, 0);
	assert_int_equal(pcp.count, 0);
	pcp.high = pcp.high_min = pcp.high_max = 40;
	pcp.alloc_factor = pcp.free_factor = 0;
	pcp.free_count = 0;
	set_pcp(pa, pcp);
	for (int i = 0; i < 39; i++) {
		put(pa, 0, pfn[i], 0, &rec);
		assert_true(rec.pcp);
		assert_int_equal(rec.target, 0);
		assert_int_equal(rec.pindex, 1);
		assert_int_equal(pa_pcp_head(pa, 0, 0, 1), pfn[i]);
	}
	put(pa, 0, pfn[39], 0, &rec);
	/* 6.1: a batch; from 6.7 on as many as were freed in a row, less than high - batch. */
	assert_int_equal(rec.target, is_auto(policy) ? 25 : 15);
	assert_int_equal(rec.trail.nr_drains, rec.target);
	for (uint32_t i = 0; i < rec.target; i++) {
		assert_int_equal(drains[i].pfn, pfn[i]);
		assert_true(drains[i].pcp);
	}
	assert_int_equal(pcp_of(pa, 0, 0).count, 40 - (int)rec.target);
	sound(pa);
}

/* 6.1: each drain in a row doubles, late 6.1 stops at batch << 5; an alloc halves. */
static void test_free_factor(void **state)
{
	static const char *const names[] = { "6.1.0", "6.1" };

	(void)state;
	for (int v = 0; v < 2; v++) {
		struct pa *pa = roomy(names[v]);
		struct pa_free_record rec = { 0 };
		struct pa_pcp pcp = pcp_of(pa, 0, 0);
		static uint64_t pfn[20000];

		for (int i = 0; i < 20000; i++)
			pfn[i] = get(pa, 1, PA_GFP_KERNEL, 0, NULL);
		pcp.high = pcp.high_min = pcp.high_max = 4000;
		set_pcp(pa, pcp);
		for (int i = 0, n = 0, want = 15; i < 20000; i++) {
			put(pa, 0, pfn[i], 0, &rec);
			if (!rec.target)
				continue;
			assert_int_equal(rec.target, want < 3985 ? want : 3985);
			if (v == 0 ? want < 3985 : n < 5)
				want *= 2;
			n++;
		}
		assert_int_equal(pcp_of(pa, 0, 0).free_factor, v ? 5 : 9);
		get(pa, 0, PA_GFP_KERNEL, 0, NULL);
		assert_int_equal(pcp_of(pa, 0, 0).free_factor, v ? 2 : 4);
		sound(pa);
	}
}

/* 6.1: high orders freed while the factor is up empty the lists. */
static void test_free_high_factor(void **state)
{
	struct pa_free_record rec = { 0 };
	struct pa *pa = roomy("6.1");
	uint64_t a = get(pa, 0, PA_GFP_KERNEL, 2, NULL), b = get(pa, 0, PA_GFP_KERNEL, 2, NULL);
	struct pa_pcp pcp = pcp_of(pa, 0, 0);

	(void)state;
	put(pa, 0, a, 2, &rec);
	assert_int_equal(rec.target, 0);
	pcp = pcp_of(pa, 0, 0);
	pcp.free_factor = 1;
	set_pcp(pa, pcp);
	put(pa, 0, b, 2, &rec);
	assert_int_equal(rec.target, pcp.count + 4);
	assert_int_equal(pcp_of(pa, 0, 0).count, 0);
	sound(pa);
}

/* 6.7 and later: free_count, the flag of the free before, and 6.18's higher bar. */
static void test_free_high_count(void **state)
{
	static const char *const names[] = { "6.12.0", "6.12", "6.18", "7.3" };

	(void)state;
	for (int v = 0; v < 4; v++) {
		struct pa_free_record rec = { 0 };
		struct pa *pa = roomy(names[v]);
		uint64_t a = get(pa, 0, PA_GFP_KERNEL, 1, NULL),
			 b = get(pa, 0, PA_GFP_KERNEL, 1, NULL),
			 c = get(pa, 0, PA_GFP_KERNEL, 1, NULL);
		struct pa_pcp pcp = pcp_of(pa, 0, 0);
		int bar = v < 2 ? 15 : 15 + pcp.high_min / 2;

		pcp.free_count = bar;
		pcp.high = 1000;
		set_pcp(pa, pcp);
		put(pa, 0, a, 1, &rec); /* not twice in a row */
		assert_int_equal(rec.target, 0);
		assert_true(pcp_of(pa, 0, 0).flags & PA_PCP_PREV_FREE_HIGH_ORDER);
		pcp = pcp_of(pa, 0, 0);
		pcp.free_count = bar - 1;
		set_pcp(pa, pcp);
		put(pa, 0, b, 1, &rec); /* below the bar */
		assert_int_equal(rec.target, 0);
		pcp = pcp_of(pa, 0, 0);
		pcp.free_count = bar;
		pcp.flags |= PA_PCP_FREE_HIGH_BATCH;
		set_pcp(pa, pcp);
		put(pa, 0, c, 1, &rec);
		assert_int_equal(rec.target, pcp.count + 2 >= 15 ? pcp.count + 2 : 0);
		assert_int_equal(pcp_of(pa, 0, 0).high, rec.target ? 520 : 1000);
		sound(pa);
	}
}

/* 6.7 and later: high falls while the zone is below its high mark or being reclaimed. */
static void test_pressure(void **state)
{
	struct pa_free_record rec = { 0 };
	struct pa *pa = roomy("6.12");
	uint64_t a = get(pa, 0, PA_GFP_KERNEL, 0, NULL), b = get(pa, 0, PA_GFP_KERNEL, 0, NULL);
	struct pa_pcp pcp = pcp_of(pa, 0, 0);

	(void)state;
	pcp.high = 1000;
	pcp.free_count = 50;
	set_pcp(pa, pcp);
	set_flags(pa, PA_ZONE_RECLAIM_ACTIVE);
	put(pa, 0, a, 0, &rec);
	assert_int_equal(pcp_of(pa, 0, 0).high, 949); /* 51 freed in a row */
	assert_int_equal(rec.target, 0);	      /* 14 pages: fewer than four batches */
	set_flags(pa, PA_ZONE_BELOW_HIGH);
	put(pa, 0, b, 0, &rec);
	assert_int_equal(pcp_of(pa, 0, 0).high, 949 - 52);
	assert_int_equal(rec.target, 0); /* fewer than high_min */
	sound(pa);
}

/* A drain that brings the zone above its high mark ends BELOW_HIGH. */
static void test_leave_below_high(void **state)
{
	struct pa_free_record rec = { 0 };
	struct pa *pa = roomy("6.12");
	uint64_t a = get(pa, 0, PA_GFP_KERNEL, 0, NULL);
	struct pa_pcp pcp = pcp_of(pa, 0, 0);

	(void)state;
	set_flags(pa, PA_ZONE_BELOW_HIGH);
	pcp.high = pcp.high_min = pcp.high_max = 1;
	set_pcp(pa, pcp);
	put(pa, 0, a, 0, &rec);
	assert_int_equal(rec.target, 1);
	assert_int_equal(zone_of(pa, 0).flags, 0);
}

/* Up to 6.9 a drained page goes where its pageblock pointed when it was freed. */
static void test_stored_type(const char *policy)
{
	struct pa_drained drain;
	struct pa_trail trail = { .drains = &drain, .max_drains = 1 };
	struct pa *pa = machine(policy, 1, 65536, PA_ZONE_NORMAL, marks);

	assert_int_equal(pa_set_allocated(pa, 1024, 0, PA_USE_PINNED), 0);
	put(pa, 0, 1024, 0, NULL);
	assert_int_equal(pa_set_pageblock(pa, 1024, PA_UNMOVABLE), 0);
	assert_int_equal(pa_drain(pa, 0, 0, 0, &trail), 1);
	assert_int_equal(drain.mt, is_auto(policy) ? PA_UNMOVABLE : PA_MOVABLE);
	/* HIGHATOMIC and CMA wait on the MOVABLE list, ISOLATE waits nowhere: 3.10 and later. */
	assert_int_equal(pa_set_allocated(pa, 2048, 0, PA_USE_PINNED), 0);
	assert_int_equal(pa_set_pageblock(pa, 2048, PA_HIGHATOMIC), 0);
	put(pa, 0, 2048, 0, NULL);
	assert_int_equal(pa_pcp_head(pa, 0, 0, PA_MOVABLE), 2048);
	trail.nr_drains = 0;
	pa_drain(pa, UINT32_MAX, UINT32_MAX, 0, &trail);
	assert_int_equal(drain.mt, PA_HIGHATOMIC);
	assert_int_equal(pa_set_allocated(pa, 4096, 0, PA_USE_PINNED), 0);
	assert_int_equal(pa_set_pageblock(pa, 4096, PA_ISOLATE), 0);
	put(pa, 0, 4096, 0, NULL);
	assert_int_equal(pcp_of(pa, 0, 0).count, 0);
	assert_int_equal(pa_list_head(pa, 0, 0, PA_ISOLATE), 4096);
	sound(pa);
}

/* Drains start at list 0 and take each list whole; 6.1.0 in one call, later in steps. */
static void test_drain_order(const char *policy)
{
	struct pa_drained drains[8];
	struct pa_trail trail = { .drains = drains, .max_drains = 8 };
	struct pa *pa = machine(policy, 2, 65536, PA_ZONE_NORMAL, marks);
	static const struct {
		uint64_t pfn;
		unsigned int pindex;
	} rows[] = { { 512, 4 }, { 1024, 1 }, { 1026, 1 }, { 2048, 0 }, { 4096, 12 } };
	static const uint64_t order[] = { 2048, 1026, 1024, 512, 4096 };

	for (int i = 0; i < 5; i++)
		assert_int_equal(pa_pcp_load(pa, 0, 1, rows[i].pindex, rows[i].pfn, PA_MOVABLE), 0);
	sound(pa);
	assert_int_equal(pcp_of(pa, 0, 1).count, 517);
	assert_int_equal(pa_drain(pa, 0, UINT32_MAX, 0, &trail), 517);
	assert_int_equal(trail.nr_drains, 5);
	for (int i = 0; i < 5; i++)
		assert_int_equal(drains[i].pfn, order[i]);
	sound(pa);
}

static void test_load_refused(void **state)
{
	struct pa *pa = machine("6.12", 1, 65536, PA_ZONE_NORMAL, marks);
	struct pa_pcp pcp = pcp_of(pa, 0, 0);

	(void)state;
	assert_int_equal(pa_pcp_load(pa, 0, 0, 12, 512, PA_MOVABLE), 0);
	assert_int_equal(pa_load_block(pa, 2048, 3, PA_MOVABLE), 0);
	REFUSED(pa_pcp_load(pa, 0, 0, 1, 600, PA_MOVABLE), -EEXIST);
	REFUSED(pa_pcp_load(pa, 0, 0, 1, 2050, PA_MOVABLE), -EEXIST);
	REFUSED(pa_pcp_load(pa, 0, 0, 12, 513, PA_MOVABLE), -EINVAL);
	REFUSED(pa_pcp_load(pa, 0, 0, 14, 0, PA_MOVABLE), -EINVAL);
	REFUSED(pa_pcp_load(pa, 0, 1, 1, 0, PA_MOVABLE), -EINVAL);
	REFUSED(pa_pcp_load(pa, 0, 0, 1, 70000, PA_MOVABLE), -EINVAL);
	REFUSED(pa_pcp_load(pa, 0, 0, 1, 0, PA_ISOLATE), -EINVAL);
	pcp.batch = 0;
	REFUSED(pa_pcp_set(pa, 0, 0, &pcp), -EINVAL);
	REFUSED(pa_pcp_set(pa, 0, 1, &pcp), -ENOENT);
	REFUSED((int)pa_drain(pa, 1, 0, 0, NULL), -EINVAL);
	REFUSED((int)pa_drain(pa, 0, 1, 0, NULL), -EINVAL);
	REFUSED((int)pa_drain(pa, 0, 0, 1, NULL), -EINVAL);
	REFUSED(pa_vmstat_update(pa, 1, NULL), -EINVAL);
	assert_int_equal(pa_pcp_head(pa, 0, 0, 14), PA_PFN_NONE);
	assert_int_equal(pa_pcp_next(pa, 0), PA_PFN_NONE);
	assert_int_equal(pa_pcp_next(pa, 512), PA_PFN_NONE);
}

/* decay_pcp_high: by an eighth a round; what does not fit goes, from 6.12.y on in batches. */
static void test_decay(const char *policy)
{
	struct pa *pa = roomy(policy);
	struct pa_pcp pcp = pcp_of(pa, 0, 0);
	static uint64_t pfn[800];

	for (int i = 0; i < 800; i++)
		pfn[i] = get(pa, 1, PA_GFP_KERNEL, 0, NULL);
	pcp.high = pcp.high_max = 1000;
	set_pcp(pa, pcp);
	for (int i = 0; i < 800; i++)
		put(pa, 0, pfn[i], 0, NULL);
	assert_int_equal(pcp_of(pa, 0, 0).count, 800);
	pa_vmstat_update(pa, 0, NULL);
	assert_int_equal(pcp_of(pa, 0, 0).high, is_auto(policy) ? 875 : 1000);
	assert_int_equal(pcp_of(pa, 0, 0).count, 800);
	pa_vmstat_update(pa, 0, NULL);
	assert_int_equal(pcp_of(pa, 0, 0).count, is_auto(policy) ? 766 : 800);
	sound(pa);
}

/* A list whose trylock fails is left alone: the page comes from the buddy lists. */
static void test_busy(const char *policy)
{
	struct pa_alloc_args args = { .gfp = PA_GFP_KERNEL, .task = PA_TASK_PCP_BUSY };
	struct pa_alloc_record rec = { 0 };
	struct pa *pa = roomy(policy);
	struct pa_pcp pcp, now;
	uint64_t head, pfn;

	put(pa, 0, get(pa, 0, PA_GFP_KERNEL, 0, NULL), 0, NULL);
	pcp = pcp_of(pa, 0, 0);
	head = pa_pcp_head(pa, 0, 0, 0);
	assert_int_equal(pa_alloc(pa, &args, &pfn, &rec), 0);
	assert_int_equal(rec.source, PA_FROM_BUDDY);
	assert_int_equal(rec.refill, 0);
	assert_true(pfn != head);
	assert_true(pa_pcp_head(pa, 0, 0, 0) == head);
	now = pcp_of(pa, 0, 0);
	assert_memory_equal(&now, &pcp, sizeof(pcp));
	args.task = 0;
	assert_int_equal(pa_alloc(pa, &args, &pfn, &rec), 0);
	assert_true(pfn == head);
	sound(pa);
}

/* What is set as the CPUs' deltas is what they are, and the counter lags by their sum. */
static void test_counters(const char *policy)
{
	const int8_t set[2] = { 3, -5 };
	struct pa *pa = roomy(policy);
	int8_t got[2] = { 0, 0 };

	assert_int_equal(pa_set_counters(pa, 0, set), 0);
	assert_int_equal(pa_get_counters(pa, 0, got), 0);
	assert_memory_equal(got, set, sizeof(set));
	assert_int_equal(zone_of(pa, 0).nr_free, 65536 + 2);
	assert_int_equal(pa_get_counters(pa, 1, got), -ENOENT);
}

/* Every frame of [@pfn, @pfn + @nr) is in use for @use. */
static void used_for(const struct pa *pa, uint64_t pfn, uint64_t nr, enum pa_use use)
{
	struct pa_page_info info;

	for (uint64_t end = pfn + nr; pfn < end; pfn++) {
		assert_int_equal(pa_page(pa, pfn, &info), 0);
		assert_false(info.free);
		assert_int_equal(info.use, use);
	}
}

/* A pageblock that a list hands out and takes back; what it is split into; a neighbour of it. */
static void test_whole_use(const char *policy)
{
	struct pa_alloc_args args = { .gfp = PA_GFP_KERNEL, .order = PBO };
	static const enum pa_use uses[] = { PA_USE_MOVABLE, PA_USE_UNKNOWN, PA_USE_PINNED };
	struct pa *pa = roomy(policy);
	uint64_t pfn, single = get(pa, 1, PA_GFP_KERNEL, 0, NULL);

	set_pcp(pa,
		(struct pa_pcp){ .batch = 15, .high = 4000, .high_min = 4000, .high_max = 4000 });
	for (size_t i = 0; i < 2 * (sizeof(uses) / sizeof(uses[0])); i++) {
		args.use = (uint8_t)uses[i / 2];
		assert_int_equal(pa_alloc(pa, &args, &pfn, NULL), 0);
		used_for(pa, pfn, PBN, args.use);
		put(pa, 0, pfn, PBO, NULL);
		used_for(pa, pfn, PBN, PA_USE_PINNED);
		sound(pa);
	}
	args.use = PA_USE_MOVABLE;
	assert_int_equal(pa_alloc(pa, &args, &pfn, NULL), 0);
	assert_int_equal(pa_split_page(pa, pfn, PBO, 1), 0);
	used_for(pa, pfn, PBN, PA_USE_MOVABLE);
	put(pa, 0, pfn + 2, 1, NULL);
	used_for(pa, pfn + 2, 2, PA_USE_PINNED);
	used_for(pa, pfn + 4, PBN - 4, PA_USE_MOVABLE);
	used_for(pa, single, 1, PA_USE_UNKNOWN);
	sound(pa);
}

SINCE("6.1.0", test_whole_use)
SINCE("6.1.0", test_high)
SINCE("6.1.0", test_index)
SINCE("6.1.0", test_refill)
SINCE("6.1.0", test_alloc_factor)
SINCE("6.1.0", test_push_and_drain)
SINCE("3.10", test_stored_type)
SINCE("6.1.0", test_drain_order)
SINCE("6.1.0", test_decay)
SINCE("6.1.0", test_busy)
SINCE("6.1.0", test_counters)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batch),
		cmocka_unit_test(each_test_whole_use),
		cmocka_unit_test(each_test_high),
		cmocka_unit_test(each_test_index),
		cmocka_unit_test(each_test_refill),
		cmocka_unit_test(each_test_alloc_factor),
		cmocka_unit_test(test_alloc_below_high),
		cmocka_unit_test(each_test_push_and_drain),
		cmocka_unit_test(test_free_factor),
		cmocka_unit_test(test_free_high_factor),
		cmocka_unit_test(test_free_high_count),
		cmocka_unit_test(test_pressure),
		cmocka_unit_test(test_leave_below_high),
		cmocka_unit_test(each_test_stored_type),
		cmocka_unit_test(each_test_drain_order),
		cmocka_unit_test(test_load_refused),
		cmocka_unit_test(each_test_decay),
		cmocka_unit_test(each_test_busy),
		cmocka_unit_test(each_test_counters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
