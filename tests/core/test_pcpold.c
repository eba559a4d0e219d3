// SPDX-License-Identifier: GPL-2.0-only
/* Per-cpu lists before 5.14: none, hot and cold, by type; sizes, refill, push, drain. */
#include "machine.h"

static const uint64_t marks[] = { 100, 200, 300 };

/* A zone of 64 blocks of 1024, free, for two CPUs: batch 15 (65536 pages). */
static struct pa *roomy(const char *policy)
{
	struct pa *pa = machine(policy, 2, 65536, PA_ZONE_NORMAL, marks);

	fill(pa, 0, 65536);
	return pa;
}

static void set_pcp(struct pa *pa, struct pa_pcp pcp)
{
	assert_int_equal(pa_pcp_set(pa, 0, 0, &pcp), 0);
}

/* A batch is made from at most 512 kB up to 4.4, later from 1 MB; high is six of them. */
static void test_sizes(const char *policy)
{
	static const struct {
		uint64_t pages;
		int old, later;
	} rows[] = { { 131072, 31, 31 }, { 262144, 31, 63 }, { 50000, 15, 15 }, { 3840, 0, 0 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pa *pa = machine(policy, 2, rows[i].pages, PA_ZONE_NORMAL, marks);
		int raw = since(policy, "5.4") ? rows[i].later : rows[i].old;
		bool cold = !strcmp(policy, "2.6.24");
		struct pa_pcp pcp = pcp_of(pa, 0, 1);

		assert_int_equal(pcp.batch, raw ? raw : 1);
		assert_int_equal(pcp.high, 6 * raw);
		assert_int_equal(pcp.cold_high, cold ? 2 * raw : 0);
		assert_int_equal(pcp.cold_batch, !cold ? 0 : raw ? raw / 2 : 1);
	}
}

/* percpu_pagelist_fraction: a share of the zone for each CPU, and at most 96 pages a batch. */
static void test_fraction(const char *policy)
{
	struct pa *pa = roomy(policy);
	struct pa_knobs knobs = *pa_get_knobs(pa);
	struct pa_pcp pcp;

	knobs.percpu_pagelist_high_fraction = 8;
	assert_int_equal(pa_set_knobs(pa, &knobs), 0);
	pcp = pcp_of(pa, 0, 0);
	assert_int_equal(pcp.high, 65536 / 8);
	assert_int_equal(pcp.batch, 96);
	knobs.percpu_pagelist_high_fraction = 1000;
	assert_int_equal(pa_set_knobs(pa, &knobs), 0);
	assert_int_equal(pcp_of(pa, 0, 0).batch, 65 / 4);
	if (!strcmp(policy, "2.6.24"))
		assert_int_equal(pcp_of(pa, 0, 0).cold_high, 30); /* the hot list alone */
}

/* 2.4 knows no such lists: each page comes from the buddy lists and goes back to them. */
static void test_none(void **state)
{
	struct pa_alloc_record rec = { 0 };
	struct pa_free_record freed = { 0 };
	struct pa *pa = roomy("2.4");
	uint64_t pfn = get(pa, 0, PA_GFP_KERNEL, 0, &rec);

	(void)state;
	assert_int_equal(rec.source, PA_FROM_BUDDY);
	assert_int_equal(rec.refill, 0);
	assert_int_equal(zone_of(pa, 0).nr_free, 65535); /* told at once */
	assert_int_equal(pa_pcp_index(pa, 0, PA_MOVABLE), -EINVAL);
	REFUSED(pa_pcp_load(pa, 0, 0, 0, pfn, PA_MOVABLE), -EINVAL);
	put(pa, 1, pfn, 0, &freed);
	assert_false(freed.pcp);
	assert_int_equal(zone_of(pa, 0).nr_free, 65536);
	assert_int_equal(pa_list_len(pa, 0, 10, PA_MOVABLE), 64);
}

/* Single pages by type, from 3.10 on; a refill is one batch, and the first of it is handed out. */
static void test_refill(const char *policy)
{
	struct pa_decision picks[15];
	struct pa_alloc_record rec = { .trail = { .picks = picks, .max_picks = 15 } };
	struct pa *pa = roomy(policy);
	uint64_t pfn = get(pa, 0, PA_GFP_HIGHUSER_MOVABLE, 0, &rec), next;

	assert_int_equal(rec.refill, 15);
	assert_int_equal(rec.trail.nr_picks, 15);
	assert_int_equal(pfn, picks[0].pfn);
	next = pa_pcp_head(pa, 0, 0, PA_MOVABLE);
	for (int i = 1; i < 15; i++, next = pa_pcp_next(pa, next))
		assert_int_equal(next, picks[i].pfn);
	assert_int_equal(pcp_of(pa, 0, 0).count, 14);
	for (unsigned int order = 1; order < 11; order++) {
		get(pa, 0, PA_GFP_HIGHUSER_MOVABLE, order, &rec);
		assert_int_equal(rec.source, PA_FROM_BUDDY);
		assert_int_equal(pa_pcp_index(pa, order, PA_MOVABLE), -EINVAL);
	}
	for (int mt = 0; mt < PA_PCPTYPES; mt++)
		assert_int_equal(pa_pcp_index(pa, 0, (enum pa_mt)mt), mt);
	REFUSED(pa_pcp_load(pa, 0, 0, PA_PCPTYPES, 0, PA_MOVABLE), -EINVAL);
	sound(pa);
}

/* Up to 4.14 a cold request takes the tail, and fills a list from there; a cold free goes there. */
static void test_cold(const char *policy)
{
	bool cold = !since(policy, "5.4");
	struct pa_decision picks[15];
	struct pa_alloc_record rec = { .trail = { .picks = picks, .max_picks = 15 } };
	struct pa *pa = roomy(policy);
	uint64_t a = get(pa, 0, PA_GFP_HIGHUSER_MOVABLE | PA_GFP_COLD, 0, &rec), b;

	assert_int_equal(a, picks[0].pfn);
	assert_int_equal(pa_pcp_head(pa, 0, 0, PA_MOVABLE), picks[cold ? 14 : 1].pfn);
	b = get(pa, 0, PA_GFP_HIGHUSER_MOVABLE | PA_GFP_COLD, 0, NULL);
	assert_int_equal(b, picks[1].pfn);
	assert_int_equal(get(pa, 0, PA_GFP_HIGHUSER_MOVABLE, 0, NULL), picks[cold ? 14 : 2].pfn);
	put(pa, 0, a, 0, NULL);
	assert_int_equal(pa_free_cold(pa, 0, b, NULL), 0);
	assert_int_equal(pa_pcp_head(pa, 0, 0, PA_MOVABLE), cold ? a : b);
	assert_int_equal(get(pa, 0, PA_GFP_HIGHUSER_MOVABLE | PA_GFP_COLD, 0, NULL), b);
	REFUSED(pa_free_cold(pa, 0, 70000, NULL), -EINVAL);
	sound(pa);
}

/* A full list gives back a batch. */
static void test_push(const char *policy)
{
	struct pa_drained drains[32];
	struct pa_free_record rec = { .trail = { .drains = drains, .max_drains = 32 } };
	struct pa *pa = roomy(policy);
	uint64_t pfn[90];

	for (int i = 0; i < 90; i++)
		pfn[i] = get(pa, 1, PA_GFP_HIGHUSER_MOVABLE, 0, NULL);
	for (int i = 0; i < 89; i++) {
		put(pa, 0, pfn[i], 0, &rec);
		assert_true(rec.pcp);
		assert_int_equal(rec.target, 0);
	}
	put(pa, 0, pfn[89], 0, &rec);
	assert_int_equal(rec.target, 15);
	assert_int_equal(rec.trail.nr_drains, 15);
	for (int i = 0; i < 15; i++) {
		assert_int_equal(drains[i].pfn, pfn[i]); /* the oldest first */
		assert_int_equal(drains[i].mt, PA_MOVABLE);
	}
	assert_int_equal(pcp_of(pa, 0, 0).count, 75);
	/* A second in a row is no larger: the count is all that matters. */
	get(pa, 0, PA_GFP_HIGHUSER_MOVABLE, 0, NULL);
	assert_int_equal(pcp_of(pa, 0, 0).count, 74);
	sound(pa);
}

/* Round the lists from 3.10 on: one page each, then as many as lists were passed, then all. */
static void test_round_robin(const char *policy)
{
	static const struct {
		uint64_t pfn;
		unsigned int pindex;
	} rows[] = { { 512, 0 }, { 514, 0 }, { 516, 0 }, { 1024, 1 }, { 2048, 2 }, { 2050, 2 } };
	static const uint64_t order[] = { 1024, 2050, 516, 2048, 514, 512 };
	struct pa_drained drains[8];
	struct pa_trail trail = { .drains = drains, .max_drains = 8 };
	struct pa *pa = machine(policy, 2, 65536, PA_ZONE_NORMAL, marks);

	for (int i = 0; i < 6; i++)
		assert_int_equal(pa_pcp_load(pa, 0, 1, rows[i].pindex, rows[i].pfn, PA_MOVABLE), 0);
	sound(pa);
	assert_int_equal(pa_drain(pa, 0, UINT32_MAX, 0, &trail), 6);
	for (int i = 0; i < 6; i++)
		assert_int_equal(drains[i].pfn, order[i]);
	/* One list has all: one page, then, having passed two, the rest. */
	for (uint64_t i = 0; i < 5; i++)
		assert_int_equal(pa_pcp_load(pa, 0, 1, 1, 4096 + 2 * i, PA_MOVABLE), 0);
	trail.nr_drains = 0;
	assert_int_equal(pa_drain(pa, 0, UINT32_MAX, 0, &trail), 5);
	for (uint64_t i = 0; i < 5; i++)
		assert_int_equal(drains[i].pfn, 4096 + 2 * (4 - i));
	sound(pa);
}

/* 2.6.24: a list of all types is searched, and what is missing is put in front. */
static void test_hot_cold(void **state)
{
	struct pa_decision picks[32];
	struct pa_alloc_record rec = { .trail = { .picks = picks, .max_picks = 32 } };
	struct pa *pa = roomy("2.6.24");
	uint64_t a = get(pa, 0, PA_GFP_HIGHUSER_MOVABLE, 0, &rec), b, next;

	(void)state;
	assert_int_equal(rec.refill, 15);
	assert_int_equal(a, picks[0].pfn);
	rec.trail.nr_picks = 15; /* keep those */
	b = get(pa, 0, PA_GFP_KERNEL, 0, &rec);
	assert_int_equal(rec.source, PA_FROM_REFILL);
	assert_int_equal(b, picks[15].pfn);
	next = pa_pcp_head(pa, 0, 0, 0);
	for (int i = 16; i < 30; i++, next = pa_pcp_next(pa, next))
		assert_int_equal(next, picks[i].pfn);
	assert_int_equal(next, picks[1].pfn);
	/* The first of its type, wherever it is. */
	assert_int_equal(get(pa, 0, PA_GFP_HIGHUSER_MOVABLE, 0, &rec), picks[1].pfn);
	assert_int_equal(rec.source, PA_FROM_PCP);
	/* The cold list is another, half the size of a batch. */
	get(pa, 0, PA_GFP_HIGHUSER_MOVABLE | PA_GFP_COLD, 0, &rec);
	assert_int_equal(rec.refill, 7);
	assert_int_equal(pcp_of(pa, 0, 0).cold_count, 6);
	assert_int_equal(pcp_of(pa, 0, 0).count, 27 + 6);
	sound(pa);
	put(pa, 0, a, 0, NULL);
	assert_int_equal(pa_pcp_head(pa, 0, 0, 0), a);
	assert_int_equal(pa_free_cold(pa, 0, b, NULL), 0);
	assert_int_equal(pa_pcp_head(pa, 0, 0, 1), b);
	assert_int_equal(pcp_of(pa, 0, 0).cold_count, 7);
	assert_int_equal(pa_pcp_index(pa, 0, PA_RECLAIMABLE), 0);
	sound(pa);
}

/* Each of the two lists is full by itself. */
static void test_cold_full(void **state)
{
	struct pa_free_record rec = { 0 };
	struct pa *pa = roomy("2.6.24");
	uint64_t pfn[60];

	(void)state;
	for (int i = 0; i < 60; i++)
		pfn[i] = get(pa, 1, PA_GFP_KERNEL, 0, NULL);
	for (int i = 0; i < 29; i++)
		assert_int_equal(pa_free_cold(pa, 0, pfn[i], &rec), 0);
	assert_int_equal(rec.target, 0);
	assert_int_equal(pa_free_cold(pa, 0, pfn[29], &rec), 0);
	assert_int_equal(rec.target, 7);
	assert_int_equal(pcp_of(pa, 0, 0).cold_count, 23);
	for (int i = 30; i < 60; i++)
		put(pa, 0, pfn[i], 0, &rec);
	assert_int_equal(rec.target, 0); /* 30 hot ones of 90 */
	assert_int_equal(pcp_of(pa, 0, 0).count, 53);
	sound(pa);
	assert_int_equal(pa_drain(pa, 0, 0, 1, NULL), 53);
	assert_int_equal(pcp_of(pa, 0, 0).cold_count, 0);
	sound(pa);
}

/* 2.6.24 rather hands out a page of another type than none. */
static void test_any_type(void **state)
{
	struct pa *pa = machine("2.6.24", 1, 65536, PA_ZONE_NORMAL, marks);
	const struct pa_alloc_args args = { .gfp = PA_GFP_NOWAIT | PA_GFP_MEMALLOC,
					    .task = PA_TASK_MEMALLOC };
	uint64_t pfn;

	(void)state;
	assert_int_equal(pa_pcp_load(pa, 0, 0, 0, 4096, PA_MOVABLE), 0);
	assert_int_equal(pa_alloc(pa, &args, &pfn, NULL), 0);
	assert_int_equal(pfn, 4096);
	assert_int_equal(pa_alloc(pa, &args, &pfn, NULL), -ENOMEM);
	sound(pa);
}

/* Up to 2.6.24 the type is asked for when the page leaves the list, so isolated ones wait there. */
static void test_type_asked_late(void **state)
{
	struct pa_drained drain;
	struct pa_trail trail = { .drains = &drain, .max_drains = 1 };
	struct pa *pa = machine("2.6.24", 1, 65536, PA_ZONE_NORMAL, marks);

	(void)state;
	assert_int_equal(pa_set_allocated(pa, 1024, 0, PA_USE_PINNED), 0);
	put(pa, 0, 1024, 0, NULL);
	assert_int_equal(pa_set_pageblock(pa, 1024, PA_RECLAIMABLE), 0);
	pa_drain(pa, 0, 0, 0, &trail);
	assert_int_equal(drain.mt, PA_RECLAIMABLE);
	assert_int_equal(pa_set_allocated(pa, 4096, 0, PA_USE_PINNED), 0);
	assert_int_equal(pa_set_pageblock(pa, 4096, PA_ISOLATE), 0);
	put(pa, 0, 4096, 0, NULL);
	assert_int_equal(pcp_of(pa, 0, 0).count, 1);
	trail.nr_drains = 0;
	pa_drain(pa, 0, 0, 0, &trail);
	assert_int_equal(drain.mt, PA_ISOLATE);
	sound(pa);
}

/* A refill tells the zone counter page by page (2.6.24), or once, at its end: threshold 12. */
static void test_counts(const char *policy)
{
	struct pa *pa = roomy(policy);

	assert_int_equal(zone_of(pa, 0).threshold, 12);
	get(pa, 0, PA_GFP_KERNEL, 0, NULL);
	assert_int_equal(zone_of(pa, 0).nr_free, 65536 - (since(policy, "3.10") ? 15 : 13));
}

/* Before 6.0 each CPU drains its own lists, so its own delta says so. */
static void test_drains_itself(const char *policy)
{
	bool itself = !since(policy, "6.1.0");
	struct pa *pa = machine(policy, 2, 65536, PA_ZONE_NORMAL, marks);

	assert_int_equal(pa_pcp_load(pa, 0, 1, 0, 4096, PA_MOVABLE), 0);
	assert_int_equal(pa_drain(pa, 0, 1, 0, NULL), 1);
	assert_int_equal(zone_of(pa, 0).nr_free, 0);
	pa_vmstat_update(pa, 0, NULL);
	assert_int_equal(zone_of(pa, 0).nr_free, !itself);
	pa_vmstat_update(pa, 1, NULL);
	assert_int_equal(zone_of(pa, 0).nr_free, 1);
}

/* NUMA: a remote zone's pages go home a batch at a time, of both of 2.6.24's lists. */
static void test_expire(const char *policy)
{
	static const struct pa_zone_config zones[] = {
		{ 0, 65536, 65536, { 10, 20, 30 }, 0, PA_ZONE_NORMAL, 0 },
		{ 65536, 65536, 65536, { 10, 20, 30 }, 1, PA_ZONE_NORMAL, 0 },
	};
	static const uint8_t cpu_node[] = { 0, 1 };
	const struct pa_config cfg = {
		.policy = pa_policy_find(policy),
		.zones = zones,
		.nr_zones = 2,
		.nr_orders = 11,
		.pageblock_order = PBO,
		.cpus = 2,
		.cpu_node = cpu_node,
	};
	bool two = !strcmp(policy, "2.6.24");
	struct pa *pa = machine_of(&cfg);
	struct pa_pcp pcp;

	for (uint64_t i = 0; i < 20; i++) {
		assert_int_equal(pa_pcp_load(pa, 1, 0, 0, 65536 + 2 * i, PA_MOVABLE), 0);
		assert_int_equal(pa_pcp_load(pa, 1, 0, 1, 66536 + 2 * i, PA_MOVABLE), 0);
	}
	pcp = pcp_of(pa, 1, 0);
	pcp.expire = 3;
	assert_int_equal(pa_pcp_set(pa, 1, 0, &pcp), 0);
	pa_vmstat_update(pa, 0, NULL);
	pa_vmstat_update(pa, 0, NULL);
	assert_int_equal(pcp_of(pa, 1, 0).count, 40);
	pa_vmstat_update(pa, 0, NULL);
	assert_int_equal(pcp_of(pa, 1, 0).count, 40 - 15 - (two ? 7 : 0));
	sound(pa);
	pcp.cold_batch = -1;
	REFUSED(pa_pcp_set(pa, 1, 0, &pcp), -EINVAL);
	set_pcp(pa, pcp_of(pa, 0, 0));
}

/* Where the list cannot be filled, there is no second look at the buddy lists: HIGHATOMIC stays. */
static void test_no_second_look(const char *policy)
{
	bool second = since(policy, "6.1");
	const struct pa_alloc_args args = { .gfp = PA_GFP_ATOMIC_ALLOC };
	struct pa *pa = machine(policy, 1, 65536, PA_ZONE_NORMAL, marks);
	uint64_t pfn;

	assert_int_equal(pa_set_pageblock(pa, 4096, PA_HIGHATOMIC), 0);
	assert_int_equal(pa_load_block(pa, 4096, 9, PA_HIGHATOMIC), 0);
	assert_int_equal(pa_alloc(pa, &args, &pfn, NULL), second ? 0 : -ENOMEM);
}

BETWEEN("2.6.24", "5.10", test_sizes)
BETWEEN("2.6.24", "5.10", test_fraction)
BETWEEN("3.10", "5.10", test_refill)
BETWEEN("3.10", "5.10", test_cold)
BETWEEN("3.10", "5.10", test_push)
BETWEEN("3.10", "5.10", test_round_robin)
BETWEEN("2.6.24", "6.1", test_counts)
BETWEEN("3.10", "6.1.0", test_drains_itself)
/* Which orders a free does not bring to the free lists at once. */
static void test_holds(void **state)
{
	static const struct {
		const char *policy;
		unsigned int orders; /* a bit each, pageblocks being of order 9 */
	} rows[] = {
		{ "2.4", 0 }, { "2.6.24", 1 }, { "5.10", 1 }, { "6.1.0", 0x20f }, { "7.3", 0x20f }
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (unsigned int order = 0; order < PA_MAX_ORDERS; order++)
			assert_int_equal(pa_pcp_holds(pa_policy_find(rows[i].policy), order, 9),
					 rows[i].orders >> order & 1);
	assert_false(pa_pcp_holds(NULL, 0, 9));
}

BETWEEN("2.6.24", "5.10", test_expire)
SINCE("4.4", test_no_second_look)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_test_sizes),
		cmocka_unit_test(each_test_fraction),
		cmocka_unit_test(test_none),
		cmocka_unit_test(each_test_refill),
		cmocka_unit_test(each_test_cold),
		cmocka_unit_test(each_test_push),
		cmocka_unit_test(each_test_round_robin),
		cmocka_unit_test(test_hot_cold),
		cmocka_unit_test(test_cold_full),
		cmocka_unit_test(test_any_type),
		cmocka_unit_test(test_type_asked_late),
		cmocka_unit_test(each_test_counts),
		cmocka_unit_test(each_test_drains_itself),
		cmocka_unit_test(each_test_expire),
		cmocka_unit_test(test_holds),
		cmocka_unit_test(each_test_no_second_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
