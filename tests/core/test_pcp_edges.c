/* SPDX-License-Identifier: GPL-2.0-only */
/* Per-cpu lists at the ends of their ranges: sizes of 0, remote zones, CMA, huge zones. */
#include <limits.h>

#include "machine.h"
#include "policies.h"

#define PAGES (64 * PBN)

static const uint64_t marks[] = { 128, 256, 384 };

static struct pa *filled(const char *policy)
{
	struct pa *pa = machine(policy, 2, PAGES, PA_ZONE_NORMAL, marks);

	fill(pa, 0, PAGES);
	return pa;
}

static void set_pcp(struct pa *pa, const struct pa_pcp *pcp)
{
	assert_int_equal(pa_pcp_set(pa, 0, 0, pcp), 0);
}

/* nr_pcp_free: where high is below batch, a page that is one too many leaves alone. */
static void test_high_below_batch(const char *policy)
{
	static const int32_t highs[] = { 0, 10 };

	for (size_t i = 0; i < 2; i++) {
		const struct pa_pcp pcp = {
			.high = highs[i], .high_min = highs[i], .high_max = highs[i], .batch = 31
		};
		struct pa *pa = filled(policy);
		uint64_t pages[20];

		for (int n = 0; n < 20; n++)
			pages[n] = get(pa, 0, PA_GFP_KERNEL, 0, NULL);
		pa_drain(pa, 0, UINT32_MAX, 0, NULL);
		set_pcp(pa, &pcp);
		for (int n = 0; n < 20; n++) {
			struct pa_free_record rec = { 0 };

			put(pa, 0, pages[n], 0, &rec);
			assert_true(rec.pcp);
			assert_int_equal(rec.target, n + 1 >= highs[i]);
		}
		assert_int_equal(pcp_of(pa, 0, 0).count, highs[i] ? highs[i] - 1 : 0);
		sound(pa);
	}
}

/* vm.percpu_pagelist_high_fraction: refills and frees no longer move high. */
static void test_fraction(const char *policy)
{
	struct pa *pa = filled(policy);
	uint64_t pages[2000];
	struct pa_knobs knobs;

	pa_knobs_default(&knobs);
	knobs.percpu_pagelist_high_fraction = 16;
	assert_int_equal(pa_set_knobs(pa, &knobs), 0);
	for (int n = 0; n < 2000; n++)
		pages[n] = get(pa, 0, PA_GFP_KERNEL, 0, NULL);
	assert_int_equal(pcp_of(pa, 0, 0).high, PAGES / 16 / 2);
	for (int n = 0; n < 2000; n++)
		put(pa, 0, pages[n], 0, NULL);
	assert_int_equal(pcp_of(pa, 0, 0).high, PAGES / 16 / 2);
	assert_in_range(pcp_of(pa, 0, 0).count, 1, PAGES / 16 / 2);
	sound(pa);
}

/* A low mark beyond what an int holds: high is the largest int. */
static void test_huge_mark(const char *policy)
{
	static const uint64_t huge[] = { 0, UINT64_C(1) << 40, UINT64_C(1) << 40 };
	struct pa *pa = machine(policy, 1, PAGES, PA_ZONE_NORMAL, huge);

	assert_int_equal(pcp_of(pa, 0, 0).high_min, INT_MAX);
}

/* The second is of another node than the CPUs. */
static const struct pa_zone_config two_nodes[] = {
	{ .spanned = PAGES, .managed = PAGES, .type = PA_ZONE_NORMAL },
	{ .start_pfn = PAGES,
	  .spanned = PAGES,
	  .managed = PAGES,
	  .type = PA_ZONE_NORMAL,
	  .node = 1 },
};

/*
 * refresh_cpu_vm_stats: what a CPU holds of another node's zone goes home, a batch of it, in the
 * third round after the zone's counter was last told anything.  Its own node's stays.
 */
static void test_remote(const char *policy)
{
	struct pa *pa = zoned(policy, two_nodes, 2, NULL);
	int32_t batch, counts[2];

	for (uint8_t nid = 0; nid < 2; nid++) {
		const struct pa_alloc_args args = { .gfp = PA_GFP_KERNEL, .nid = nid };
		static const int8_t told = 1;
		uint64_t pfn[400];
		uint32_t nr = 0;

		fill(pa, nid * PAGES, (nid + 1) * PAGES);
		while (nr < 400)
			assert_int_equal(pa_alloc(pa, &args, &pfn[nr++], NULL), 0);
		while (nr-- > 0)
			put(pa, 0, pfn[nr], 0, NULL);
		assert_int_equal(pa_set_counters(pa, nid, &told), 0);
		counts[nid] = pcp_of(pa, nid, 0).count;
	}
	batch = pcp_of(pa, 1, 0).batch;
	assert_true(counts[1] > batch);
	for (int round = 1; round <= 3; round++) {
		assert_int_equal(pa_vmstat_update(pa, 0, NULL), 0);
		assert_int_equal(pcp_of(pa, 0, 0).count, counts[0]);
		assert_int_equal(pcp_of(pa, 1, 0).count, counts[1] - (round < 3 ? 0 : batch));
	}
	sound(pa);
}

/* Three rounds with a remote zone that has too much on its list, at once or part by part. */
static uint64_t rounds(const char *policy, bool in_parts)
{
	const struct pa_alloc_args args = { .gfp = PA_GFP_KERNEL, .nid = 1 };
	struct pa *pa = zoned(policy, two_nodes, 2, NULL);
	static const int8_t told = 1;
	uint64_t pfn[400];
	struct pa_pcp pcp;

	fill(pa, PAGES, 2 * PAGES);
	for (int i = 0; i < 400; i++)
		assert_int_equal(pa_alloc(pa, &args, &pfn[i], NULL), 0);
	for (int i = 0; i < 400; i++)
		put(pa, 0, pfn[i], 0, NULL);
	pcp = pcp_of(pa, 1, 0);
	pcp.high = pcp.high_max = pcp.count - 1;
	pcp.high_min = pcp.batch;
	assert_int_equal(pa_pcp_set(pa, 1, 0, &pcp), 0);
	assert_int_equal(pa_set_counters(pa, 1, &told), 0);
	for (int round = 0; round < 3; round++) {
		struct pa_bulk bulk;
		uint32_t turn = 0;

		if (!in_parts)
			assert_int_equal(pa_vmstat_update(pa, 0, NULL), 0);
		while (in_parts && pa_vmstat_next(pa, 0, &turn, &bulk) > 0)
			while (bulk.left > 0 && pa_bulk_step(pa, &bulk, NULL) > 0)
				;
	}
	assert_true(pcp_of(pa, 1, 0).count < pcp.count);
	sound(pa);
	return pa_hash(pa);
}

static void test_rounds(const char *policy)
{
	assert_true(rounds(policy, false) == rounds(policy, true));
}

/* A page of a CMA pageblock keeps that type on a per-cpu list, and goes back to it. */
static void test_cma(const char *policy)
{
	struct pa *pa = machine(policy, 1, PAGES, PA_ZONE_NORMAL, marks);
	uint64_t pfn;

	for (uint64_t block = 0; block < PAGES; block += PBN)
		assert_int_equal(pa_set_pageblock(pa, block, PA_CMA), 0);
	fill(pa, 0, PAGES);
	assert_int_equal(pa_list_len(pa, 0, 10, PA_CMA), PAGES >> 10);
	assert_int_equal(get(pa, 0, PA_GFP_KERNEL & ~PA_GFP_RECLAIM, 0, NULL), PA_PFN_NONE);
	pfn = get(pa, 0, PA_GFP_HIGHUSER_MOVABLE, 0, NULL);
	assert_int_not_equal(pfn, PA_PFN_NONE);
	put(pa, 0, pfn, 0, NULL);
	assert_int_equal(pa_pcp_head(pa, 0, 0, PA_MOVABLE), pfn);
	pa_drain(pa, 0, 0, 0, NULL);
	assert_int_equal(pa_list_len(pa, 0, 10, PA_CMA), PAGES >> 10);
	sound(pa);
}

/*
 * A CPU may go by the threshold of before for some more of what it counts: all that comes out of it is kept up, and
 * what has become the same is one.
 */
static void test_doubted_threshold(const char *policy)
{
	enum { BEFORE = 4, NOW = 1, COUNTED = 5 };
	struct pa *pa = filled(policy);
	struct pa_zone_state state = zone_of(pa, 0);
	int64_t nr_free;

	for (uint64_t i = 0; i < COUNTED; i++) {
		assert_int_equal(pa_take(pa, 1024 * i, 10), 0);
		assert_int_equal(pa_free_block(pa, 1024 * i, 0, PA_MOVABLE, 0, -1), 0);
	}
	assert_int_equal(pa_set_counters(pa, 0, (int8_t[]){ 0, 0 }), 0);
	state.threshold = NOW;
	assert_int_equal(pa_zone_set(pa, 0, &state), 0);
	assert_false(pa_doubt_threshold(pa, 0, 1, BEFORE));
	for (uint64_t i = 0; i < COUNTED; i++)
		assert_int_equal(pa_isolate_by(pa, 1, 1024 * i, 0), 0);
	assert_true(pa_doubt_threshold(pa, 0, 1, 0));
	/* Told at 2 and 4 pages; or from then on, at 3 and 5. */
	nr_free = zone_of(pa, 0).nr_free;
	assert_int_equal(pa_share(pa, 0, 1), -1);
	assert_true(pa_swap_share(pa, 0, 1, 0));
	assert_int_equal(pa_share(pa, 0, 1), 0);
	assert_int_equal(zone_of(pa, 0).nr_free, nr_free - 1);
	assert_false(pa_swap_share(pa, 0, 1, 1));
	pa_drop_share(pa, 0, 1, 1); /* there is none */
	assert_true(pa_swap_share(pa, 0, 1, 0));
	pa_drop_share(pa, 0, 1, 0);
	assert_false(pa_swap_share(pa, 0, 1, 0));
	assert_false(pa_doubt_threshold(pa, 0, 1, BEFORE)); /* and again: */
	assert_true(pa_doubt_share(pa, 0, 1, 1));
	assert_int_equal(pa_fold_counters(pa, 1), 0); /* nothing is left by either */
	assert_false(pa_doubt_threshold(pa, 0, 1, 0));
	for (int other = 1; other <= 40; other++)
		pa_doubt_share(pa, 0, 1, other);
	assert_true(pa_swap_share(pa, 0, 1, 31)); /* there is an end to it */
	assert_false(pa_swap_share(pa, 0, 1, 32));
	assert_true(pa_swap_share(pa, 0, 1, 31));
	pa_trust_share(pa, 0, 1);
	assert_false(pa_swap_share(pa, 0, 1, 0));
	assert_false(pa_doubt_threshold(pa, 0, 2, BEFORE)); /* no such CPU */
	pa_trust_share(pa, 0, 2);
	pa_drop_share(pa, 0, 2, 0);
	pa_settle_share(pa, 0, 2, 0);
	/* Settled it is that one, and so much is not the zone's. */
	assert_int_equal(pa_fold_counters(pa, 1), 0);
	nr_free = zone_of(pa, 0).nr_free;
	assert_true(pa_doubt_share(pa, 0, 1, 1));
	pa_settle_share(pa, 0, 1, 1);
	assert_int_equal(pa_share(pa, 0, 1), 1);
	assert_int_equal(zone_of(pa, 0).nr_free, nr_free - 1);
	assert_false(pa_swap_share(pa, 0, 1, 0));
	sound(pa);
}

UNDER_EACH(test_high_below_batch)
UNDER_EACH(test_fraction)
UNDER_EACH(test_huge_mark)
UNDER_EACH(test_remote)
UNDER_EACH(test_rounds)
UNDER_EACH(test_cma)
SINCE("6.1.0", test_doubted_threshold)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_high_below_batch_under_each),
		cmocka_unit_test(test_fraction_under_each),
		cmocka_unit_test(test_huge_mark_under_each),
		cmocka_unit_test(test_remote_under_each),
		cmocka_unit_test(test_rounds_under_each),
		cmocka_unit_test(test_cma_under_each),
		cmocka_unit_test(each_test_doubted_threshold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
