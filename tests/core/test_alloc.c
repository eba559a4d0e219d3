// SPDX-License-Identifier: GPL-2.0-only
/* Requests from end to end on the fast path, refusals, and random operations. */
#include "machine.h"

#define MB 256 /* pages */

static const uint64_t marks[] = { 100, 200, 300 };

/* DMA of 8 MB, DMA32 of 24 MB and Normal of 32 MB, all free; marks 100, 200, 300 each. */
static struct pa *pc(const char *policy)
{
	static const struct pa_zone_config zones[] = {
		{ 0, 8 * MB, 8 * MB, { 100, 200, 300 }, 0, PA_ZONE_DMA, 0 },
		{ 8 * MB, 24 * MB, 24 * MB, { 100, 200, 300 }, 0, PA_ZONE_DMA32, 0 },
		{ 32 * MB, 32 * MB, 32 * MB, { 100, 200, 300 }, 0, PA_ZONE_NORMAL, 0 },
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
	struct pa *pa = machine_of(&cfg);

	fill(pa, 0, 64 * MB);
	return pa;
}

static bool is_auto(const struct pa *pa)
{
	return since(pa_policy(pa)->name, "6.12.0");
}

/* Where a request ends up as zones fill: Normal, then DMA32, then DMA, each to its low mark. */
static void test_zones(const char *policy)
{
	struct pa_alloc_record rec = { 0 };
	struct pa *pa = pc(policy);
	uint64_t pfn;

	get(pa, 0, PA_GFP_DMA | PA_GFP_KERNEL, 0, &rec);
	assert_int_equal(rec.zone, 0);
	assert_int_equal(rec.nr_looks, 1);
	get(pa, 0, PA_GFP_DMA32 | PA_GFP_KERNEL, 0, &rec);
	assert_int_equal(rec.zone, 1);
	do {
		pfn = get(pa, 0, PA_GFP_KERNEL & ~PA_GFP_DIRECT_RECLAIM, 5, &rec);
	} while (pfn != PA_PFN_NONE && rec.zone == 2);
	assert_int_equal(rec.zone, 1);
	assert_int_equal(rec.looks[rec.nr_looks - 1].verdict, PA_ZONE_OK);
	/* The rest of Normal is its low mark and no more than one block; 4.4 takes turns. */
	if (strcmp(policy, "4.4"))
		assert_in_range(zone_of(pa, 2).nr_free, 200, 200 + 64);
	else
		assert_in_range(zone_of(pa, 2).nr_free, 32 * MB - 100 - 64, 32 * MB - 100);
	sound(pa);
}

/* lowmem_reserve: DMA keeps pages from those who could have had Normal. */
static void test_reserve(const char *policy)
{
	struct pa *pa = pc(policy);
	struct pa_zone_state zs = zone_of(pa, 0);
	struct pa_alloc_record rec = { 0 };

	zs.lowmem_reserve[PA_ZONE_NORMAL] = 1000;
	assert_int_equal(pa_zone_set(pa, 0, &zs), 0);
	do {
		get(pa, 0, PA_GFP_KSWAPD_RECLAIM, 5, &rec);
	} while (rec.source && rec.zone);
	assert_int_equal(rec.looks[rec.nr_looks - 1].reserve, 1000);
	while (get(pa, 0, PA_GFP_KSWAPD_RECLAIM, 5, &rec) != PA_PFN_NONE)
		;
	assert_in_range(zone_of(pa, 0).nr_free, 1000, 1300);
	assert_true(get(pa, 0, PA_GFP_KSWAPD_RECLAIM | PA_GFP_DMA, 5, &rec) != PA_PFN_NONE);
	sound(pa);
}

/* The arithmetic of a watermark stands in the record. */
static void test_record(const char *policy)
{
	struct pa_decision picks[2];
	struct pa_alloc_record rec = { .trail = { .picks = picks, .max_picks = 2 } };
	struct pa *pa = pc(policy);
	uint64_t pfn = get(pa, 1, PA_GFP_KERNEL, 0, &rec);

	assert_int_equal(rec.pfn, pfn);
	assert_int_equal(rec.mt, PA_UNMOVABLE);
	assert_int_equal(rec.highest, PA_ZONE_NORMAL);
	assert_int_equal(rec.zone, 2);
	assert_false(rec.slow);
	assert_int_equal(rec.looks[0].zone, 2);
	assert_int_equal(rec.looks[0].free, 32 * MB);
	assert_int_equal(rec.looks[0].mark, is_auto(pa) ? 300 : 200);
	assert_int_equal(rec.looks[0].wmark, is_auto(pa) ? PA_WMARK_HIGH : PA_WMARK_LOW);
	/* Normal with DMA32 below */
	assert_int_equal(!!(rec.flags & PA_ALLOC_NOFRAGMENT), since(policy, "5.4"));
	assert_int_equal(!!(rec.flags & PA_ALLOC_KSWAPD), since(policy, "5.4"));
	assert_true(rec.trail.nr_picks >= 1);
	assert_int_equal(picks[0].pfn, pfn);
	assert_int_equal(picks[0].path,
			 since(policy, "2.6.24") ? PA_PATH_CLAIM_WHOLE : PA_PATH_SMALLEST);
	assert_int_equal(pa_allocated(pa, pfn), 0);
	assert_int_equal(pa_allocated(pa, pfn + 1), -ENOENT);
	assert_string_equal(pa_source_name(rec.source),
			    since(policy, "2.6.24") ? "refill" : "buddy");
	assert_string_equal(pa_verdict_name(rec.looks[0].verdict), "ok");
}

/* NOFRAGMENT: a lower zone with a block of the type, or a whole one, before Normal is mixed. */
static void test_nofragment(const char *policy)
{
	struct pa *pa = pc(policy);
	struct pa_alloc_record rec = { 0 };

	/* Normal: nothing free but halves of MOVABLE pageblocks. */
	while (pa_nr_free(pa, 2, 10))
		pa_take(pa, pa_list_head(pa, 2, 10, PA_MOVABLE), 10);
	for (uint64_t pfn = 32 * MB; pfn < 64 * MB; pfn += PBN)
		assert_int_equal(pa_free(pa, pfn, 8, 0, -1), 0);
	get(pa, 0, PA_GFP_KERNEL, 0, &rec);
	assert_int_equal(rec.zone, 1);
	assert_int_equal(rec.looks[rec.nr_looks - 2].verdict, PA_ZONE_EMPTY);
	get(pa, 0, PA_GFP_HIGHUSER_MOVABLE, 0, &rec);
	assert_int_equal(rec.zone, 2);
	sound(pa);
}

static void test_nodes(void **state)
{
	static const struct pa_zone_config zones[] = {
		{ 0, 4096, 4096, { 10, 20, 30 }, 0, PA_ZONE_NORMAL, 0 },
		{ 4096, 4096, 4096, { 10, 20, 30 }, 1, PA_ZONE_NORMAL, 0 },
	};
	const struct pa_config cfg = {
		.policy = pa_policy_find("6.12"),
		.zones = zones,
		.nr_zones = 2,
		.nr_orders = 11,
		.pageblock_order = PBO,
		.cpus = 2,
	};
	struct pa_alloc_args args = { .gfp = PA_GFP_KSWAPD_RECLAIM, .order = 4 };
	struct pa *pa = machine_of(&cfg);
	struct pa_alloc_record rec = { 0 };
	uint64_t pfn;

	(void)state;
	fill(pa, 0, 8192);
	assert_int_equal(pa_alloc(pa, &args, &pfn, &rec), 0);
	assert_int_equal(rec.zone, 0);
	args.nid = 1;
	assert_int_equal(pa_alloc(pa, &args, &pfn, &rec), 0);
	assert_int_equal(rec.zone, 1);
	args.nodemask = 1;
	assert_int_equal(pa_alloc(pa, &args, &pfn, &rec), 0);
	assert_int_equal(rec.zone, 0);
	assert_int_equal(rec.looks[0].verdict, PA_ZONE_NODE);
	args.nodemask = 2;
	args.nid = 0;
	args.gfp |= PA_GFP_THISNODE;
	assert_int_equal(pa_alloc(pa, &args, &pfn, &rec), -ENOMEM);
	args.nid = 2;
	REFUSED(pa_alloc(pa, &args, &pfn, &rec), -EINVAL);
}

static void test_refused(void **state)
{
	struct pa *pa = pc("6.12");
	struct pa_alloc_args args = { .gfp = PA_GFP_KERNEL };
	uint64_t pfn, a = get(pa, 0, PA_GFP_KERNEL, 3, NULL);

	(void)state;
	REFUSED(pa_free_pages(pa, 0, a, 2, NULL), -EINVAL);
	REFUSED(pa_free_pages(pa, 0, a, 99, NULL), -EINVAL);
	REFUSED(pa_free_pages(pa, 0, a + 1, 0, NULL), -EINVAL);
	REFUSED(pa_free_pages(pa, 0, a + 8, 3, NULL), -EINVAL); /* on a per-cpu list */
	REFUSED(pa_free_pages(pa, 2, a, 3, NULL), -EINVAL);
	REFUSED(pa_free_pages(pa, 0, 64 * MB, 0, NULL), -EINVAL);
	REFUSED(pa_free_pages(pa, 0, PA_PFN_NONE, 0, NULL), -EINVAL);
	REFUSED(pa_free_direct(pa, 0, a, 3, 2, NULL), -EINVAL);
	REFUSED(pa_free_direct(pa, 0, a, 2, 0, NULL), -EINVAL);
	REFUSED(pa_split_page(pa, a, 3, 4), -EINVAL);
	REFUSED(pa_split_page(pa, a, 2, 0), -EINVAL);
	REFUSED(pa_set_allocated(pa, a + 4, 1, PA_USE_PINNED), -EEXIST);
	REFUSED(pa_set_allocated(pa, a & ~UINT64_C(1023), 10, PA_USE_PINNED), -EEXIST);
	REFUSED(pa_set_allocated(pa, a + 1, 1, PA_USE_PINNED), -EINVAL);
	REFUSED(pa_set_allocated(pa, a, 0, PA_USE_FREE), -EINVAL);
	args.order = 11;
	REFUSED(pa_alloc(pa, &args, &pfn, NULL), -EINVAL);
	args.order = 0;
	args.cpu = 2;
	REFUSED(pa_alloc(pa, &args, &pfn, NULL), -EINVAL);
	args.cpu = 0;
	args.gfp = PA_GFP_DMA | PA_GFP_DMA32;
	REFUSED(pa_alloc(pa, &args, &pfn, NULL), -EINVAL);
	args.gfp = PA_GFP_MOVABLE | PA_GFP_RECLAIMABLE;
	REFUSED(pa_alloc(pa, &args, &pfn, NULL), -EINVAL);
	args.gfp = PA_GFP_KERNEL | 1u << 31;
	REFUSED(pa_alloc(pa, &args, &pfn, NULL), -EINVAL);
	args.gfp = PA_GFP_KERNEL;
	args.use = PA_USE_FREE;
	REFUSED(pa_alloc(pa, &args, &pfn, NULL), -EINVAL);
	put(pa, 0, a, 3, NULL);
	REFUSED(pa_free_pages(pa, 0, a, 3, NULL), -EINVAL); /* twice */
	pa_drain(pa, 0, UINT32_MAX, 0, NULL);
	REFUSED(pa_free_pages(pa, 0, a, 3, NULL), -EINVAL);
}

static void test_split_and_direct(const char *policy)
{
	struct pa_free_record rec = { 0 };
	struct pa *pa = pc(policy);
	uint64_t a = get(pa, 0, PA_GFP_KERNEL, 3, NULL);

	assert_int_equal(pa_split_page(pa, a, 3, 1), 0);
	sound(pa);
	put(pa, 1, a + 2, 1, &rec);
	assert_int_equal(rec.pcp, since(policy, "6.1.0"));
	rec.trail.nr_drains = 0;
	assert_int_equal(pa_free_direct(pa, 0, a, 1, 0, &rec), 0);
	assert_false(rec.pcp);
	assert_int_equal(rec.trail.nr_drains, 1);
	assert_int_equal(pa_free_direct(pa, 0, a + 4, 1, PA_TO_TAIL, NULL), 0);
	sound(pa);
	put(pa, 1, a + 6, 1, NULL);
	/* Orders that per-cpu lists do not hold; 6.10 and later free them as pageblocks. */
	a = get(pa, 0, PA_GFP_KERNEL, 10, NULL);
	rec.trail.nr_drains = 0;
	put(pa, 0, a, 10, &rec);
	assert_false(rec.pcp);
	assert_int_equal(rec.trail.nr_drains, is_auto(pa) ? 2 : 1);
	sound(pa);
}

/* The short way and the long way leave the same state: with and without a record. */
static void test_quick(const char *policy)
{
	static const uint8_t orders[] = { 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 9, 10 };
	static unsigned char other[sizeof(mem)];
	static struct {
		uint64_t pfn;
		uint64_t order;
	} live[2][512];
	struct pa_alloc_record rec = { 0 };
	struct pa_free_record freed = { 0 };

	for (int way = 0; way < 2; way++) {
		struct pa *pa = pc(policy);
		uint32_t nr = 0, pages = 0;

		srand(7);
		for (int i = 0; i < 40000; i++) {
			uint32_t r = (uint32_t)rand(), cpu = r >> 4 & 1;
			uint64_t order = orders[r >> 5 & 15];
			uint32_t gfp = r & 8 ? PA_GFP_KERNEL : PA_GFP_HIGHUSER_MOVABLE;

			if (nr < 512 && pages < 12000 && (r & 1 || !nr)) {
				live[way][nr].order = order;
				live[way][nr].pfn =
					get(pa, cpu, gfp, (unsigned int)order, way ? &rec : NULL);
				if (live[way][nr].pfn == PA_PFN_NONE)
					continue;
				nr++;
				pages += 1u << order;
			} else {
				uint32_t victim = (r >> 9) % nr;

				order = live[way][victim].order;
				put(pa, cpu, live[way][victim].pfn, (unsigned int)order,
				    way ? &freed : NULL);
				live[way][victim] = live[way][--nr];
				pages -= 1u << order;
			}
			if (i % 5000 == 0)
				pa_vmstat_update(pa, cpu, NULL);
		}
		sound(pa);
		if (!way)
			memcpy(other, mem, sizeof(mem));
	}
	assert_memory_equal(live[0], live[1], sizeof(live[0]));
	assert_same_bytes(other, mem, sizeof(mem));
}

/* A request that finds no block of its order ends the short way for the others. */
static void test_quick_ends(void **state)
{
	struct pa *pa = machine("6.12", 1, 65536, PA_ZONE_NORMAL, marks);
	struct pa_pcp pcp;
	uint64_t pfn;

	(void)state;
	for (uint64_t p = 0; p < 65536; p += 64)
		assert_int_equal(pa_load_block(pa, p, 5, PA_MOVABLE), 0);
	pfn = get(pa, 0, PA_GFP_HIGHUSER_MOVABLE, 0, NULL);
	pcp = pcp_of(pa, 0, 0);
	pcp.high = 1000;
	assert_int_equal(pa_pcp_set(pa, 0, 0, &pcp), 0);
	assert_int_equal(get(pa, 0, 0, 10, NULL), PA_PFN_NONE);
	assert_int_equal(zone_of(pa, 0).flags, PA_ZONE_BELOW_HIGH);
	put(pa, 0, pfn, 0, NULL);
	assert_int_equal(pcp_of(pa, 0, 0).high, 1000 - 15);
}

/* Random requests of all orders and types: no page is lost, none is given twice. */
static void test_random(const char *policy)
{
	static struct {
		uint64_t pfn;
		uint8_t order;
	} live[4096];
	struct pa *pa = pc(policy);
	uint32_t nr = 0;

	srand(42);
	for (int i = 0; i < 30000; i++) {
		uint32_t r = (uint32_t)rand(), cpu = r & 1;
		static const uint32_t gfps[] = { PA_GFP_KERNEL, PA_GFP_HIGHUSER_MOVABLE,
						 PA_GFP_KERNEL | PA_GFP_RECLAIMABLE,
						 PA_GFP_ATOMIC_ALLOC };

		if (nr < 4096 && (r & 6 || !nr)) {
			unsigned int order = r >> 8 & 7 ? (r >> 11) % 4 : (r >> 11) % 11;
			uint32_t gfp = gfps[r >> 4 & 3] & ~PA_GFP_DIRECT_RECLAIM;
			uint64_t pfn = get(pa, cpu, gfp, order, NULL);

			if (pfn == PA_PFN_NONE) {
				while (nr > 100) {
					nr--;
					put(pa, cpu, live[nr].pfn, live[nr].order, NULL);
				}
				continue;
			}
			live[nr].pfn = pfn;
			live[nr++].order = (uint8_t)order;
		} else {
			uint32_t victim = (r >> 8) % nr;

			put(pa, cpu, live[victim].pfn, live[victim].order, NULL);
			live[victim] = live[--nr];
		}
		if (i % 97 == 0)
			pa_vmstat_update(pa, cpu, NULL);
		if (i % 251 == 0)
			sound(pa);
	}
	while (nr--)
		put(pa, 0, live[nr].pfn, live[nr].order, NULL);
	pa_drain(pa, UINT32_MAX, UINT32_MAX, 0, NULL);
	sound(pa);
	for (uint32_t zone = 0, free = 0; zone < 3; zone++) {
		for (unsigned int order = 0; order < 11; order++)
			free += (uint32_t)(pa_nr_free(pa, zone, order) << order);
		if (zone == 2)
			assert_int_equal(free, 64 * MB);
	}
}

/* alloc_pages_bulk: from one list, which it does not tell that there was an allocation. */
static void test_bulk(const char *policy)
{
	struct pa_alloc_args args = { .gfp = PA_GFP_HIGHUSER_MOVABLE };
	struct pa_alloc_record rec = { 0 };
	struct pa *pa = pc(policy);
	struct pa_pcp pcp;
	uint64_t pfns[64];

	assert_int_equal(pa_pcp_get(pa, 2, 0, &pcp), 0);
	pcp.free_count = 8;
	pcp.free_factor = 4;
	assert_int_equal(pa_pcp_set(pa, 2, 0, &pcp), 0);
	assert_int_equal(pa_alloc_bulk(pa, &args, 20, pfns, &rec), 20);
	assert_int_equal(pcp_of(pa, 2, 0).free_count, 8);
	assert_int_equal(pcp_of(pa, 2, 0).free_factor, 4);
	assert_true(rec.refill >= 20);
	for (int i = 0; i < 20; i++)
		put(pa, 0, pfns[i], 0, NULL);
	assert_int_equal(pa_alloc_bulk(pa, &args, 1, pfns, &rec), 1); /* an ordinary request */
	assert_true(pcp_of(pa, 2, 0).free_factor < 4);
	REFUSED(pa_alloc_bulk(pa, &args, 0, pfns, NULL), -EINVAL);
	args.order = 1;
	REFUSED(pa_alloc_bulk(pa, &args, 2, pfns, NULL), -EINVAL);
	/* No zone has so much above its mark. */
	args.order = 0;
	assert_int_equal(pa_alloc_bulk(pa, &args, 60000, pfns, &rec), 1);
	sound(pa);
}

/* 6.7 and later set ZONE_BELOW_HIGH where the high mark does not hold. */
static void test_below_high(const char *policy)
{
	struct pa *pa = machine(policy, 1, 4096, PA_ZONE_NORMAL, marks);
	struct pa_alloc_record rec = { 0 };

	assert_int_equal(pa_free(pa, 0, 8, 0, -1), 0); /* 256 pages: above low, not high */
	get(pa, 0, PA_GFP_HIGHUSER_MOVABLE, 4, &rec);
	assert_int_equal(rec.nr_looks, is_auto(pa) ? 2 : 1);
	assert_int_equal(zone_of(pa, 0).flags & PA_ZONE_BELOW_HIGH,
			 is_auto(pa) ? PA_ZONE_BELOW_HIGH : 0);
	get(pa, 0, PA_GFP_HIGHUSER_MOVABLE, 4, &rec);
	assert_int_equal(rec.nr_looks, 1);
}

EACH(test_zones)
SINCE("2.6.24", test_reserve)
EACH(test_record)
SINCE("5.4", test_nofragment)
EACH(test_split_and_direct)
EACH(test_quick)
EACH(test_random)
EACH(test_below_high)
SINCE("6.1.0", test_bulk)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_test_zones),
		cmocka_unit_test(each_test_reserve),
		cmocka_unit_test(each_test_record),
		cmocka_unit_test(each_test_nofragment),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(each_test_split_and_direct),
		cmocka_unit_test(each_test_quick),
		cmocka_unit_test(test_quick_ends),
		cmocka_unit_test(each_test_random),
		cmocka_unit_test(each_test_below_high),
		cmocka_unit_test(each_test_bulk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
