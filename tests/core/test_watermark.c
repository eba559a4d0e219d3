// SPDX-License-Identifier: GPL-2.0-only
/* Watermarks: how high, what is reserved, who may go below; and the per-cpu deltas. */
#include "machine.h"

/* An x86-64 machine: DMA, DMA32, Normal, and Movable of @movable pages. */
static struct pa *pc(const char *policy, const struct pa_knobs *knobs, uint64_t normal,
		     uint64_t movable)
{
	static struct pa_zone_config zones[4];
	struct pa_config cfg = {
		.policy = pa_policy_find(policy),
		.zones = zones,
		.nr_zones = 4,
		.nr_orders = 11,
		.pageblock_order = PBO,
		.cpus = 2,
		.knobs = knobs,
	};

	zones[0] = (struct pa_zone_config){ 0, 4096, 3840, { 0 }, 0, PA_ZONE_DMA, 0 };
	zones[1] = (struct pa_zone_config){ 4096, 100000, 100000, { 0 }, 0, PA_ZONE_DMA32, 0 };
	zones[2] = (struct pa_zone_config){ 104448, normal, normal, { 0 }, 0, PA_ZONE_NORMAL, 0 };
	zones[3] = (struct pa_zone_config){ 1048576, movable ? movable : 1, movable, { 0 },
					    0,	     PA_ZONE_MOVABLE,	    0 };
	return machine_of(&cfg);
}

/* Spec 6.5: min_free_kbytes as computed, in kB. */
static void test_min_free(void **state)
{
	static const struct {
		uint64_t pages, kbytes;
	} rows[] = { { 131072, 2896 }, { 1048576, 8192 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pa_zone_config zone = { .spanned = rows[i].pages,
					       .managed = rows[i].pages,
					       .type = PA_ZONE_NORMAL };
		struct pa_knobs knobs;
		const struct pa_config cfg = { .policy = pa_policy_find("6.12"),
					       .zones = &zone,
					       .nr_zones = 1,
					       .nr_orders = 11,
					       .pageblock_order = PBO,
					       .cpus = 1,
					       .knobs = &knobs };

		pa_knobs_default(&knobs);
		knobs.khugepaged = false;
		assert_int_equal(zone_of(machine_of(&cfg), 0).wmark[PA_WMARK_MIN],
				 rows[i].kbytes / 4);
	}
}

/* khugepaged: 2 + 9 pageblocks a zone; three zones make the classic 67584 kB, if 5 % allow it. */
static void test_recommended(void **state)
{
	struct pa_zone_state z;
	uint64_t sum = 0;
	struct pa *pa = pc("6.12", NULL, 900000, 0);

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		sum += zone_of(pa, i).wmark[PA_WMARK_MIN];
	assert_in_range(sum, 67584 / 4 - 3, 67584 / 4);
	z = zone_of(pa, 2);
	assert_int_equal(z.wmark[PA_WMARK_LOW] - z.wmark[PA_WMARK_MIN], z.wmark[PA_WMARK_MIN] / 4);
	assert_int_equal(z.wmark[PA_WMARK_HIGH] - z.wmark[PA_WMARK_LOW], z.wmark[PA_WMARK_MIN] / 4);
}

static void test_scale(void **state)
{
	struct pa_zone_state z;
	struct pa_knobs knobs;
	struct pa *pa;

	(void)state;
	pa_knobs_default(&knobs);
	knobs.min_free_kbytes = 4000;
	knobs.watermark_scale_factor = 100;
	pa = pc("6.1", &knobs, 123456, 50000);
	z = zone_of(pa, 2);
	assert_int_equal(z.wmark[PA_WMARK_MIN],
			 1000ull * 123456 / (3840 + 100000 + 123456 + 50000));
	assert_int_equal(z.wmark[PA_WMARK_LOW] - z.wmark[PA_WMARK_MIN], 1234); /* mult_frac */
	/* From 6.12 on a movable zone has its own small mark, and the rest share all. */
	pa = pc("6.12", &knobs, 123456, 50000);
	assert_int_equal(zone_of(pa, 2).wmark[PA_WMARK_MIN],
			 1000ull * 123456 / (3840 + 100000 + 123456));
	assert_int_equal(zone_of(pa, 3).wmark[PA_WMARK_MIN], 50000 / 1024);
}

static void test_reserve(void **state)
{
	struct pa_zone_state z;

	(void)state;
	z = zone_of(pc("6.12", NULL, 320000, 64000), 0);
	assert_int_equal(z.lowmem_reserve[PA_ZONE_DMA], 0);
	assert_int_equal(z.lowmem_reserve[PA_ZONE_DMA32], 100000 / 256);
	assert_int_equal(z.lowmem_reserve[PA_ZONE_NORMAL], 420000 / 256);
	assert_int_equal(z.lowmem_reserve[PA_ZONE_MOVABLE], 484000 / 256);
	z = zone_of(pc("6.12", NULL, 320000, 64000), 2);
	assert_int_equal(z.lowmem_reserve[PA_ZONE_MOVABLE], 64000 / 32);
	/* An empty zone above: 6.12.0 alone keeps nothing from it. */
	z = zone_of(pc("6.12", NULL, 320000, 0), 1);
	assert_int_equal(z.lowmem_reserve[PA_ZONE_MOVABLE], 320000 / 256);
	z = zone_of(pc("6.12.0", NULL, 320000, 0), 1);
	assert_int_equal(z.lowmem_reserve[PA_ZONE_MOVABLE], 0);
	assert_int_equal(z.lowmem_reserve[PA_ZONE_NORMAL], 320000 / 256);
}

/* Spec 6.6: thresholds of the per-cpu deltas. */
static void test_threshold(void **state)
{
	static const struct {
		uint32_t cpus;
		uint64_t pages;
		uint32_t threshold;
	} rows[] = { { 1, 1048576, 14 }, { 2, 1048576, 28 }, { 8, 1048576, 56 }, { 2, 3840, 4 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pa *pa = machine("6.1", rows[i].cpus, rows[i].pages, PA_ZONE_NORMAL, NULL);

		assert_int_equal(zone_of(pa, 0).threshold, rows[i].threshold);
	}
}

/* A CPU tells the zone once its delta passes the threshold, or the vmstat worker comes. */
static void test_deltas(void **state)
{
	static const uint64_t marks[] = { 10, 20, 30 };
	static const int8_t deltas[] = { 5, -3 }, wild[] = { 0, 100 };
	struct pa *pa = machine("6.12", 2, 8192, PA_ZONE_NORMAL, marks);
	uint32_t threshold = zone_of(pa, 0).threshold;
	uint64_t pfn;

	(void)state;
	assert_int_equal(threshold, 4);
	fill(pa, 0, 8192);
	assert_int_equal(zone_of(pa, 0).nr_free, 8192);
	REFUSED(pa_set_counters(pa, 0, wild), -EINVAL);
	REFUSED(pa_set_counters(pa, 1, wild), -ENOENT);
	REFUSED(pa_set_counters(pa, 0, deltas), -EINVAL);
	pfn = get(pa, 0, PA_GFP_HIGHUSER_MOVABLE, 1, NULL); /* one block of two */
	assert_int_equal(zone_of(pa, 0).nr_free, 8192);
	put(pa, 0, pfn, 1, NULL);
	pa_drain(pa, UINT32_MAX, UINT32_MAX, 1, NULL);
	sound(pa);
	assert_int_equal(zone_of(pa, 0).nr_free, 8192);
	pa_vmstat_update(pa, 0, NULL);
	assert_int_equal(zone_of(pa, 0).nr_free, 8190);
	pa_vmstat_update(pa, 1, NULL);
	assert_int_equal(zone_of(pa, 0).nr_free, 8192);
	pfn = get(pa, 0, PA_GFP_HIGHUSER_MOVABLE, 4, NULL); /* sixteen at once pass it */
	assert_int_equal(zone_of(pa, 0).nr_free, 8176);
	put(pa, 0, pfn, 4, NULL);
	sound(pa);
}

/* 1000 pages free in one block of 512 and small ones; the flags of spec 6.6. */
static void test_ok(const char *policy)
{
	static const struct {
		uint32_t flags;
		unsigned int order;
		uint64_t mark;
		bool ok[2]; /* to 6.1.0; 6.1 and later */
	} rows[] = {
		{ 0, 0, 999, { true, true } },
		{ 0, 0, 1000, { false, false } },
		{ 0, 3, 992, { true, true } },
		{ 0, 3, 993, { false, false } },
		{ 0, 10, 100, { false, false } }, /* no such block */
		{ PA_ALLOC_MIN_RESERVE, 0, 1999, { false, false } },
		{ PA_ALLOC_MIN_RESERVE, 0, 1998, { true, true } },
		{ PA_ALLOC_NON_BLOCK, 0, 1332, { true, false } },
		{ PA_ALLOC_MIN_RESERVE | PA_ALLOC_NON_BLOCK, 0, 2664, { true, true } },
		{ PA_ALLOC_MIN_RESERVE | PA_ALLOC_NON_BLOCK, 0, 2670, { false, false } },
		{ PA_ALLOC_OOM, 0, 1998, { true, true } },
	};
	static const uint64_t marks[] = { 10, 20, 30 };
	struct pa *pa = machine(policy, 1, 8192, PA_ZONE_NORMAL, marks);
	struct pa_zone_look look;

	assert_int_equal(pa_load_block(pa, 1024, 9, PA_MOVABLE), 0);
	for (uint64_t n = 0; n < 61; n++)
		assert_int_equal(pa_load_block(pa, 2048 + n * 16, 3, PA_MOVABLE), 0);
	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		bool ok = pa_watermark_ok(pa, 0, rows[r].order, rows[r].mark, PA_ZONE_NORMAL,
					  rows[r].flags, &look);

		if (ok != rows[r].ok[since(policy, "6.1")])
			fail_msg("%s: row %zu: free %ld less %ld, min %ld", policy, r,
				 (long)look.free, (long)look.unusable, (long)look.min);
		assert_int_equal(look.free, 1000);
	}
	assert_false(pa_watermark_ok(pa, 1, 0, 0, PA_ZONE_NORMAL, 0, NULL));
}

/*
 * Up to 4.3 each order must have its share: of 1000 pages 512 are in one block, 488 in blocks of
 * eight.  For order 4 these 488 do not count, and a sixteenth of the mark must be left.
 */
static void test_cumulative(const char *policy)
{
	static const uint64_t marks[] = { 10, 20, 30 };
	struct pa *pa = machine(policy, 1, 8192, PA_ZONE_NORMAL, marks);
	bool cumulative = !since(policy, "4.4");
	struct pa_zone_look look;

	assert_int_equal(pa_load_block(pa, 1024, 9, PA_MOVABLE), 0);
	for (uint64_t n = 0; n < 61; n++)
		assert_int_equal(pa_load_block(pa, 2048 + n * 16, 3, PA_MOVABLE), 0);
	assert_true(pa_watermark_ok(pa, 0, 4, 984, PA_ZONE_NORMAL, 0, &look));
	assert_false(pa_watermark_ok(pa, 0, 4, 985, PA_ZONE_NORMAL, 0, &look));
	assert_int_equal(look.verdict, PA_ZONE_LOW);
	/* For order 9 it is 1 page, the 512 less 511: more than a sixteenth of 15, not of 16. */
	assert_true(pa_watermark_ok(pa, 0, 9, 15, PA_ZONE_NORMAL, 0, &look));
	assert_int_equal(pa_watermark_ok(pa, 0, 9, 16, PA_ZONE_NORMAL, 0, &look), !cumulative);
	if (cumulative)
		assert_int_equal(look.verdict, PA_ZONE_FRAGMENTED);
}

/* HIGHATOMIC pages count only for those who may have them. */
static void test_highatomic(const char *policy)
{
	static const uint64_t marks[] = { 10, 20, 30 };
	struct pa *pa = machine(policy, 1, 8192, PA_ZONE_NORMAL, marks);
	struct pa_zone_state zs = zone_of(pa, 0);
	uint32_t opens = since(policy, "6.1") ? PA_ALLOC_HIGHATOMIC : PA_ALLOC_NON_BLOCK;

	zs.nr_reserved_highatomic = 512;
	assert_int_equal(pa_zone_set(pa, 0, &zs), 0);
	assert_int_equal(pa_set_pageblock(pa, 1024, PA_HIGHATOMIC), 0);
	assert_int_equal(pa_load_block(pa, 1024, 8, PA_HIGHATOMIC), 0);
	assert_int_equal(pa_load_block(pa, 2048, 9, PA_MOVABLE), 0);
	/* 768 free: 6.1 takes the whole reserve off, 6.12 what of it is free. */
	assert_int_equal(pa_watermark_ok(pa, 0, 0, 300, PA_ZONE_NORMAL, 0, NULL),
			 since(policy, "6.12.0"));
	assert_true(pa_watermark_ok(pa, 0, 0, 700, PA_ZONE_NORMAL, opens, NULL));
}

static void test_knobs(void **state)
{
	struct pa *pa = machine("6.12", 1, 131072, PA_ZONE_NORMAL, NULL);
	const char *name = NULL;
	struct pa_knobs knobs;
	uint32_t low, high;

	(void)state;
	pa_knobs_default(&knobs);
	knobs.watermark_scale_factor = 0;
	assert_false(pa_knobs_valid(pa_policy(pa), &knobs, &name, &low, &high));
	assert_string_equal(name, "watermark_scale_factor");
	assert_int_equal(low, 1);
	assert_int_equal(high, 3000);
	REFUSED(pa_set_knobs(pa, &knobs), -EINVAL);
	knobs.watermark_scale_factor = 10;
	knobs.percpu_pagelist_high_fraction = 7;
	REFUSED(pa_set_knobs(pa, &knobs), -EINVAL);
	knobs.percpu_pagelist_high_fraction = 8;
	knobs.defrag_mode = 1;
	REFUSED(pa_set_knobs(pa, &knobs), -EINVAL); /* 6.18 has it */
	assert_true(pa_knobs_valid(pa_policy_find("6.18"), &knobs, NULL, NULL, NULL));
	knobs.defrag_mode = 0;
	knobs.min_free_kbytes = 8000;
	assert_int_equal(pa_set_knobs(pa, &knobs), 0);
	assert_int_equal(zone_of(pa, 0).wmark[PA_WMARK_MIN], 2000);
	assert_int_equal(pcp_of(pa, 0, 0).high_min, 131072 / 8);
	assert_int_equal(pcp_of(pa, 0, 0).high_max, 131072 / 8);
	assert_int_equal(pa_get_knobs(pa)->min_free_kbytes, 8000);
	sound(pa);
}

/* Spec 6.6 and 6.7 on numbers alone, as a report gives them. */
static void test_numbers(void **state)
{
	static const uint32_t single[PA_NR_MT] = { [PA_UNMOVABLE] = 1, [PA_HIGHATOMIC] = 1 << 3 };
	const struct pa_policy *p61 = pa_policy_find("6.1"), *p612 = pa_policy_find("6.12");
	struct pa_zone_numbers z = {
		.free = 1000,
		.reserved_highatomic = 300,
		.free_highatomic = 100,
		.free_cma = 50,
		.mark = 800,
		.reserve = 20,
		.orders = single,
	};
	struct pa_zone_look look = { 0 };
	uint64_t blocks[PA_TOLD_ORDERS] = { 200 };
	uint32_t atomic = pa_gfp_alloc_flags(p612, PA_GFP_ATOMIC_ALLOC, 2, 0);

	(void)state;
	assert_true(pa_watermark_numbers(p612, &z, 0, 0, &look)); /* 1000 - 150 > 820 */
	assert_int_equal(look.unusable, 150);
	z.mark = 830;
	assert_false(pa_watermark_numbers(p612, &z, 0, 0, &look));
	assert_int_equal(look.verdict, PA_ZONE_LOW);
	z.mark = 700;
	assert_false(pa_watermark_numbers(p61, &z, 0, 0, NULL)); /* all that is reserved counts */
	assert_false(pa_watermark_numbers(p612, &z, 1, 0, &look));
	assert_int_equal(look.verdict, PA_ZONE_FRAGMENTED);
	assert_true(atomic & PA_ALLOC_HIGHATOMIC && atomic & PA_ALLOC_MIN_RESERVE);
	assert_false(atomic & PA_ALLOC_CPUSET);
	assert_true(pa_watermark_numbers(p612, &z, 2, atomic, &look));
	assert_int_equal(look.min, 700 - 350 - 350 / 4);
	assert_false(pa_watermark_numbers(NULL, &z, 0, 0, NULL));
	/* 3.10 asks how many blocks of each order there are. */
	z.mark = 100;
	assert_false(pa_watermark_numbers(pa_policy_find("3.10"), &z, 1, 0, NULL));
	z.nr_free = blocks;
	assert_true(pa_watermark_numbers(pa_policy_find("3.10"), &z, 1, 0, NULL));
	blocks[0] = 950;
	assert_false(pa_watermark_numbers(pa_policy_find("3.10"), &z, 1, 0, &look));
	assert_int_equal(look.verdict, PA_ZONE_FRAGMENTED);
	assert_int_equal(pa_gfp_alloc_flags(NULL, PA_GFP_KERNEL, 0, 0), 0);
}

SINCE("2.6.24", test_ok)
BETWEEN("2.6.24", "4.4", test_cumulative)
SINCE("4.4", test_highatomic)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_min_free),	cmocka_unit_test(test_recommended),
		cmocka_unit_test(test_scale),		cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_threshold),	cmocka_unit_test(test_deltas),
		cmocka_unit_test(each_test_ok),		cmocka_unit_test(each_test_cumulative),
		cmocka_unit_test(each_test_highatomic), cmocka_unit_test(test_knobs),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
