/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Several nodes, nodes without CPUs, zones that start or end inside a block, zones that hold
 * nothing for anybody: what a request makes of machines that are not all alike.
 */
#include "machine.h"
#include "policies.h"

#define ZONE (32 * PBN)
#define NODE1 (2 * ZONE)

static const uint64_t marks[] = { 128, 256, 384 };

static struct pa_alloc_record rec;

/* DMA32 and NORMAL on node 0 with all CPUs, NORMAL on node 1; nothing is free. */
static struct pa *two_nodes(const char *policy)
{
	struct pa_zone_config zones[] = {
		{ .spanned = ZONE, .managed = ZONE, .type = PA_ZONE_DMA32 },
		{ .start_pfn = ZONE, .spanned = ZONE, .managed = ZONE, .type = PA_ZONE_NORMAL },
		{ .start_pfn = NODE1,
		  .spanned = ZONE,
		  .managed = ZONE,
		  .type = PA_ZONE_NORMAL,
		  .node = 1 },
	};
	const struct pa_config cfg = {
		.policy = pa_policy_find(policy),
		.zones = zones,
		.nr_zones = 3,
		.nr_orders = 11,
		.pageblock_order = PBO,
		.boost_factor = 15000,
		.cpus = 2,
	};

	for (int i = 0; i < 3; i++)
		memcpy(zones[i].wmark, marks, sizeof(marks));
	memset(&rec, 0, sizeof(rec));
	return machine_of(&cfg);
}

static bool looked(uint32_t zone, enum pa_verdict verdict)
{
	for (uint32_t i = 0; i < rec.nr_looks && i < PA_MAX_LOOKS; i++) {
		if (rec.looks[i].zone == zone && rec.looks[i].verdict == verdict)
			return true;
	}
	return false;
}

/* ALLOC_NOFRAGMENT is for one's own node: rather mix pageblocks here than go there. */
static void test_mix_before_leaving(const char *policy)
{
	struct pa *pa = two_nodes(policy);
	uint64_t pfn;

	fill(pa, NODE1, NODE1 + ZONE);
	pfn = get(pa, 0, PA_GFP_KERNEL, 0, &rec);
	assert_true(looked(1, PA_ZONE_LOW));
	assert_true(looked(2, PA_ZONE_REMOTE));
	assert_int_equal(rec.flags & PA_ALLOC_NOFRAGMENT, PA_ALLOC_NOFRAGMENT);
	assert_int_equal(pa_zone_of(pa, pfn), 2);
	assert_false(rec.slow);
	sound(pa);
}

/* 6.18 goes elsewhere while a node's kswapd is at work, and comes back if nobody else has any. */
static void test_busy_kswapd(const char *policy)
{
	bool avoids = pa_policy_find(policy) >= pa_policy_find("6.18");
	struct pa *pa = two_nodes(policy);
	uint64_t pfn;

	fill(pa, NODE1, NODE1 + ZONE);
	assert_int_equal(pa_free(pa, ZONE, 7, 0, -1), 0);
	get(pa, 0, PA_GFP_KERNEL | PA_GFP_THISNODE, 0, NULL); /* wakes node 0's */
	assert_int_equal(pa_free(pa, ZONE + 1024, 10, 0, -1), 0);
	pa_drain(pa, 1, UINT32_MAX, 0, NULL);
	pfn = get(pa, 0, PA_GFP_KERNEL, 5, &rec);
	assert_int_equal(looked(1, PA_ZONE_KSWAPD), avoids);
	assert_int_equal(pa_zone_of(pa, pfn), avoids ? 2 : 1);
	memset(&rec, 0, sizeof(rec));
	pfn = get(pa, 0, PA_GFP_KERNEL | PA_GFP_THISNODE, 5, &rec);
	assert_int_equal(looked(1, PA_ZONE_KSWAPD), avoids);
	assert_int_equal(pa_zone_of(pa, pfn), 1);
	sound(pa);
}

/* The kswapd of a node without CPUs runs on some CPU. */
static void test_memory_alone(const char *policy)
{
	struct pa *pa = two_nodes(policy);
	const struct pa_alloc_args args = { .gfp = PA_GFP_HIGHUSER_MOVABLE | PA_GFP_THISNODE,
					    .nid = 1 };
	uint64_t pfn, free = 0;

	for (uint64_t p = NODE1; p < NODE1 + 2048; p++) {
		assert_int_equal(pa_set_allocated(pa, p, 0, PA_USE_MOVABLE), 0);
		assert_int_equal(pa_lru_add(pa, p), 0);
	}
	for (uint64_t p = NODE1 + 4096; p < NODE1 + 4096 + 208; p += 16)
		assert_int_equal(pa_free(pa, p, 4, 0, -1), 0);
	assert_int_equal(pa_alloc(pa, &args, &pfn, NULL), 0);
	assert_true(zone_of(pa, 2).nr_free <= 256);
	assert_int_equal(pa_tick(pa, 10, NULL), 0);
	for (unsigned int order = 0; order < 11; order++)
		free += pa_nr_free(pa, 2, order) << order;
	assert_true(free > 384); /* the counter may be behind by what CPUs have not told */
	assert_true(zone_of(pa, 2).reclaimable < 2048);
	sound(pa);
}

/* No node is allowed: there is nothing to walk, and nobody to wake. */
static void test_no_node(const char *policy)
{
	struct pa *pa = two_nodes(policy);
	struct pa_alloc_args args = { .nodemask = 1u << 5 };
	uint64_t pfns[8];

	fill(pa, ZONE, 2 * ZONE);
	REFUSED(pa_alloc(pa, &args, pfns, NULL), -ENOMEM);
	REFUSED(pa_alloc_bulk(pa, &args, 8, pfns, NULL), -ENOMEM);
	args.nodemask = 0;
	assert_int_equal(pa_alloc_bulk(pa, &args, 8, pfns, NULL), 8);
	sound(pa);
}

/* The mark is met by pages that are not for this request: bulk takes what there is. */
static void test_bulk_runs_dry(const char *policy)
{
	struct pa *pa = machine(policy, 1, 2 * ZONE, PA_ZONE_NORMAL, marks);
	const struct pa_alloc_args args = { .gfp = 0 };
	uint64_t pfns[200];

	for (uint64_t p = ZONE; p < 2 * ZONE; p += PBN) {
		assert_int_equal(pa_set_pageblock(pa, p, PA_HIGHATOMIC), 0);
		assert_int_equal(pa_free(pa, p, 9, 0, -1), 0);
	}
	for (uint64_t p = 0; p < 80; p += 16)
		assert_int_equal(pa_free(pa, p, 4, 0, -1), 0);
	assert_int_equal(pa_alloc_bulk(pa, &args, 200, pfns, NULL), 80);
	sound(pa);
}

/* A zone whose last page went away wakes nobody. */
static void test_zone_without_pages(const char *policy)
{
	struct pa *pa = machine(policy, 1, ZONE, PA_ZONE_NORMAL, marks);
	struct pa_zone_state zone = zone_of(pa, 0);

	zone.managed = 0;
	assert_int_equal(pa_zone_set(pa, 0, &zone), 0);
	assert_int_equal(get(pa, 0, PA_GFP_NOWAIT, 0, &rec), PA_PFN_NONE);
	for (uint32_t i = 0; i < rec.nr_steps && i < PA_MAX_STEPS; i++)
		assert_true(rec.steps[i].step != PA_STEP_WAKE_KSWAPD || !rec.steps[i].value);
	sound(pa);
}

/* -------------------------------------------------------------------------
 * Zones that start inside a block
 */

/* One zone of NORMAL from @start on, all in use. */
static struct pa *from(const char *policy, uint64_t start, uint64_t pages)
{
	struct pa_zone_config zone = {
		.start_pfn = start, .spanned = pages, .managed = pages, .type = PA_ZONE_NORMAL
	};
	const struct pa_config cfg = {
		.policy = pa_policy_find(policy),
		.zones = &zone,
		.nr_zones = 1,
		.nr_orders = 11,
		.pageblock_order = PBO,
		.boost_factor = 15000,
		.cpus = 1,
	};

	memcpy(zone.wmark, marks, sizeof(marks));
	memset(&rec, 0, sizeof(rec));
	return machine_of(&cfg);
}

static void test_blocks_cut_off(const char *policy)
{
	struct pa *pa = from(policy, PBN, 8 * PBN);

	assert_int_equal(pa_set_allocated(pa, PBN, 9, PA_USE_PINNED),
			 0); /* order 10 starts below */
	REFUSED(pa_set_allocated(pa, PBN, 9, PA_USE_PINNED), -EEXIST);
	assert_int_equal(pa_pcp_load(pa, 0, 0, 12, 2 * PBN, PA_MOVABLE), 0);
	sound(pa);
}

/*
 * The pageblock that a high-order atomic request was served from is kept for others like it; from
 * 6.10 on not if its zone cuts it off, for it cannot be moved.  One of more than a pageblock keeps
 * all of them, where a version knows of such.
 */
static void test_highatomic(const char *policy)
{
	bool hygiene = pa_policy_find(policy)->hygiene;
	bool large = pa_policy_find(policy) >= pa_policy_find("6.12.0");
	struct pa *pa = from(policy, PBN + 256, 256 * PBN);
	struct pa_zone_state zone;
	uint64_t pfn;

	assert_int_equal(pa_free(pa, PBN + 256, 8, 0, -1), 0);
	pfn = get(pa, 0, ATOMIC_ANY, 5, &rec);
	assert_int_equal(pfn >> PBO, 1);
	assert_int_equal(rec.reserved, !hygiene);
	assert_int_equal(pa_pageblock(pa, pfn), hygiene ? PA_MOVABLE : PA_HIGHATOMIC);
	sound(pa);

	pa = from(policy, 0, 256 * PBN);
	fill(pa, 0, 8 * PBN);
	zone = zone_of(pa, 0);
	zone.wmark[PA_WMARK_MIN] = 1000; /* between min and low: the first attempt must not do */
	zone.wmark[PA_WMARK_LOW] = 5000;
	zone.wmark[PA_WMARK_HIGH] = 6000;
	assert_int_equal(pa_zone_set(pa, 0, &zone), 0);
	pfn = get(pa, 0, ATOMIC_ANY, 10, &rec);
	assert_int_not_equal(pfn, PA_PFN_NONE);
	assert_true(rec.reserved);
	assert_int_equal(pa_pageblock(pa, pfn), PA_HIGHATOMIC);
	assert_int_equal(zone_of(pa, 0).nr_reserved_highatomic, large ? 2 * PBN : PBN);
	assert_int_equal(pa_pageblock(pa, pfn + PBN) == PA_HIGHATOMIC, large);
	sound(pa);
}

/*
 * The free scanner comes down to a pageblock that its zone begins in, and stops: the pages to move
 * are in that one, and all that is free is in pageblocks where none may be put.
 */
static void test_compact_to_the_start(const char *policy)
{
	struct pa *pa = from(policy, PBN + 128, 7 * PBN + 384);

	for (uint64_t p = PBN + 128; p < 2 * PBN; p++) {
		assert_int_equal(pa_set_allocated(pa, p, 0, PA_USE_MOVABLE), 0);
		assert_int_equal(pa_lru_add(pa, p), 0);
	}
	for (uint64_t p = 2 * PBN; p < 9 * PBN; p += 2) {
		assert_int_equal(pa_set_pageblock(pa, p, PA_UNMOVABLE), 0);
		assert_int_equal(pa_free(pa, p, 0, 0, -1), 0);
	}
	assert_int_equal(get(pa, 0, PA_GFP_HIGHUSER_MOVABLE | PA_GFP_NORETRY, 9, &rec),
			 PA_PFN_NONE);
	assert_int_equal(rec.trail.nr_moves, 0);
	assert_true(rec.slow);
	sound(pa);
}

UNDER_EACH(test_mix_before_leaving)
UNDER_EACH(test_busy_kswapd)
UNDER_EACH(test_memory_alone)
UNDER_EACH(test_no_node)
UNDER_RANGE(test_bulk_runs_dry, "6.1.0", "6.1") /* later versions take HIGHATOMIC off */
UNDER_EACH(test_zone_without_pages)
UNDER_EACH(test_blocks_cut_off)
UNDER_EACH(test_highatomic)
UNDER_EACH(test_compact_to_the_start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mix_before_leaving_under_each),
		cmocka_unit_test(test_busy_kswapd_under_each),
		cmocka_unit_test(test_memory_alone_under_each),
		cmocka_unit_test(test_no_node_under_each),
		cmocka_unit_test(test_bulk_runs_dry_under_each),
		cmocka_unit_test(test_zone_without_pages_under_each),
		cmocka_unit_test(test_blocks_cut_off_under_each),
		cmocka_unit_test(test_highatomic_under_each),
		cmocka_unit_test(test_compact_to_the_start_under_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
