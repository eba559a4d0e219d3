/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the request level refuses: configurations that cannot be, arguments out of range, and every
 * call where there is no such level.  Nothing is changed by any of them.
 */
#include <limits.h>

#include "machine.h"
#include "policies.h"

#define PAGES (64 * PBN)

/* A configuration of two zones that is fine, to be spoilt in one place. */
struct plan {
	struct pa_zone_config zones[2];
	struct pa_knobs knobs;
	uint8_t cpu_node[2];
	struct pa_config cfg;
};

static struct plan *good(const char *policy)
{
	static struct plan p;

	p = (struct plan){
		.zones = {
			{ .spanned = PAGES, .managed = PAGES, .type = PA_ZONE_DMA32 },
			{ .start_pfn = PAGES, .spanned = PAGES, .managed = PAGES,
			  .type = PA_ZONE_NORMAL, .wmark = { 10, 20, 30 } },
		},
		.cfg = {
			.policy = pa_policy_find(policy),
			.zones = p.zones,
			.nr_zones = 2,
			.nr_orders = 11,
			.pageblock_order = PBO,
			.cpus = 2,
			.knobs = &p.knobs,
			.cpu_node = p.cpu_node,
		},
	};
	pa_knobs_default(&p.knobs);
	return &p;
}

#define SPOILT(what)                                                                               \
	do {                                                                                       \
		struct plan *p = good(policy);                                                     \
		what;                                                                              \
		assert_int_equal(pa_size(&p->cfg), 0);                                             \
	} while (0)

static void test_configurations(const char *policy)
{
	assert_true(pa_size(&good(policy)->cfg) > 0);
	SPOILT(p->zones[1].type = PA_NR_ZONE_TYPES);
	SPOILT(p->zones[1].type = PA_ZONE_DMA32); /* a node has one zone of a type */
	SPOILT(p->zones[1].wmark[PA_WMARK_MIN] = 21);
	SPOILT(p->zones[1].wmark[PA_WMARK_LOW] = 31);
	SPOILT(p->cfg.cpus = PA_MAX_CPUS + 1);
	SPOILT(p->cfg.pageblock_order = PA_COSTLY_ORDER); /* its per-cpu list would be two */
	SPOILT(p->knobs.extfrag_threshold = 1001);
	SPOILT(p->cpu_node[1] = PA_MAX_NODES);
}

/* A node of CPUs alone is served from where memory is. */
static void test_no_memory(const char *policy)
{
	struct plan *p = good(policy);
	uint8_t zones[2] = { 9, 9 };
	struct pa *pa;

	p->cpu_node[1] = 1;
	pa = machine_of(&p->cfg);
	assert_int_equal(pa_zonelist(pa, 1, PA_ZONE_NORMAL, zones, 2), 2);
	assert_int_equal(zones[0], 1);
	assert_int_equal(zones[1], 0);
	zones[1] = 9;
	assert_int_equal(pa_zonelist(pa, 1, PA_ZONE_NORMAL, zones, 1), 2); /* there is one more */
	assert_int_equal(zones[1], 9);
	assert_int_equal(pa_zonelist(pa, 1, PA_NR_ZONE_TYPES, zones, 2), 0);
	assert_int_equal(pa_zonelist(pa, 2, PA_ZONE_NORMAL, zones, 2), 0);
}

#define ZONE_REFUSED(what)                                                                         \
	do {                                                                                       \
		struct pa_zone_state s = good_zone;                                                \
		what;                                                                              \
		REFUSED(pa_zone_set(pa, 1, &s), -EINVAL);                                          \
	} while (0)

static void test_zones(const char *policy)
{
	struct pa *pa = machine_of(&good(policy)->cfg);
	struct pa_zone_state good_zone = zone_of(pa, 1);
	static const int8_t low[] = { 0, -126 };
	struct pa_zone_state none;

	REFUSED(pa_zone_get(pa, 2, &none), -ENOENT);
	REFUSED(pa_zone_set(pa, 2, &good_zone), -ENOENT);
	ZONE_REFUSED(s.wmark[PA_WMARK_MIN] = s.wmark[PA_WMARK_LOW] + 1);
	ZONE_REFUSED(s.wmark[PA_WMARK_LOW] = s.wmark[PA_WMARK_HIGH] + 1);
	ZONE_REFUSED(s.wmark[PA_WMARK_HIGH] = INT64_MAX);
	ZONE_REFUSED(s.threshold = 126); /* a delta is one byte */
	ZONE_REFUSED(s.defer_shift = 7);
	REFUSED(pa_set_counters(pa, 2, low), -ENOENT);
	REFUSED(pa_set_counters(pa, 1, low), -EINVAL);
	good_zone.boost = UINT64_MAX;
	assert_int_equal(pa_zone_set(pa, 1, &good_zone), 0);
	assert_int_equal(zone_of(pa, 1).boost, PBN); /* as much as it can reach */
	sound(pa);
}

#define PCP_REFUSED(what)                                                                          \
	do {                                                                                       \
		struct pa_pcp s = good_pcp;                                                        \
		what;                                                                              \
		REFUSED(pa_pcp_set(pa, 1, 0, &s), -EINVAL);                                        \
	} while (0)

static void test_pcps(const char *policy)
{
	struct pa *pa = machine_of(&good(policy)->cfg);
	struct pa_pcp good_pcp = pcp_of(pa, 1, 0), none;

	REFUSED(pa_pcp_get(pa, 2, 0, &none), -ENOENT);
	REFUSED(pa_pcp_get(pa, 1, 2, &none), -ENOENT);
	REFUSED(pa_pcp_set(pa, 2, 0, &good_pcp), -ENOENT);
	PCP_REFUSED(s.batch = 257);
	PCP_REFUSED(s.high = -1);
	PCP_REFUSED(s.high_min = -1);
	PCP_REFUSED(s.high_max = s.high_min - 1);
	PCP_REFUSED(s.free_count = -1);
	PCP_REFUSED(s.alloc_factor = 6);
	PCP_REFUSED(s.free_factor = 11);
	assert_int_equal(pa_pcp_index(pa, 0, PA_PCPTYPES), -EINVAL);
	assert_int_equal(pa_pcp_index(pa, 4, PA_MOVABLE), -EINVAL);
	assert_int_equal(pa_pcp_head(pa, 2, 0, 0), PA_PFN_NONE);
	assert_int_equal(pa_pcp_head(pa, 1, 0, PA_NR_PCP_LISTS), PA_PFN_NONE);
	assert_int_equal(pa_pcp_next(pa, 2 * PAGES), PA_PFN_NONE);
	REFUSED(pa_pcp_load(pa, 1, 0, 0, PAGES, PA_NR_MT), -EINVAL);
	REFUSED(pa_pcp_load(pa, 1, 0, 0, 0, PA_MOVABLE), -EINVAL); /* of the other zone */
}

static void test_frames(const char *policy)
{
	struct pa *pa = machine_of(&good(policy)->cfg);
	uint64_t a = PAGES + 4;

	assert_int_equal(pa_set_allocated(pa, a, 2, PA_USE_PINNED), 0);
	REFUSED(pa_set_allocated(pa, PAGES, 3, PA_USE_PINNED), -EEXIST); /* @a is in it */
	REFUSED(pa_split_page(pa, 2 * PAGES, 0, 0), -EINVAL);
	REFUSED(pa_split_page(pa, a, 11, 0), -EINVAL);
	REFUSED(pa_free_direct(pa, 2, a, 2, 0, NULL), -EINVAL);
	REFUSED(pa_lru_add(pa, a + 1), -EINVAL);
	REFUSED(pa_lru_add(pa, 2 * PAGES), -EINVAL);
	REFUSED(pa_lru_del(pa, a), -EINVAL);
	assert_int_equal(pa_allocated(pa, 2 * PAGES), -ENOENT);
	assert_int_equal(pa_allocated(pa, a), 2);
	/* The first frame of a zone that starts inside a larger block. */
	assert_int_equal(pa_set_allocated(pa, PAGES, 0, PA_USE_PINNED), 0);
	sound(pa);
}

/* Requests that the short way must not take either. */
static void test_requests(const char *policy)
{
	struct pa *pa = machine_of(&good(policy)->cfg);
	struct pa_alloc_args args = { .gfp = PA_GFP_KERNEL };
	uint64_t pfn = 7;

	fill(pa, PAGES, 2 * PAGES);
	put(pa, 0, get(pa, 0, PA_GFP_KERNEL, 0, NULL), 0, NULL);
	args.task = PA_TASK_KNOWN + 1;
	REFUSED(pa_alloc(pa, &args, &pfn, NULL), -EINVAL);
	args.task = 0;
	args.nid = 1;
	REFUSED(pa_alloc(pa, &args, &pfn, NULL), -EINVAL);
	args.nid = 0;
	REFUSED(pa_alloc_bulk(pa, &args, 0, &pfn, NULL), -EINVAL);
	REFUSED(pa_alloc_bulk(pa, &args, UINT32_MAX, &pfn, NULL), -EINVAL);
	args.order = 1;
	REFUSED(pa_alloc_bulk(pa, &args, 1, &pfn, NULL), -EINVAL);
	args.order = 0;
	assert_int_equal(pfn, 7);
	args.task = PA_TASK_KTHREAD; /* what a task is may matter, a nodemask of all nodes not */
	assert_int_equal(pa_alloc(pa, &args, &pfn, NULL), 0);
	put(pa, 0, pfn, 0, NULL);
	args.nodemask = 1;
	assert_int_equal(pa_alloc(pa, &args, &pfn, NULL), 0);
	REFUSED(pa_free_pages(pa, 0, 0, 0, NULL), -EINVAL); /* of a zone without a free page */
	assert_int_equal(pa_tick(pa, 5, NULL), 0);
	REFUSED(pa_tick(pa, 4, NULL), -EINVAL);
}

static void test_split(void **state)
{
	struct pa_zone_config zones[3] = {
		{ .spanned = PAGES, .managed = 8, .type = PA_ZONE_DMA32, .present = 16 }
	};
	uint32_t nr = 1, none = 0;

	(void)state;
	assert_int_equal(pa_split_movable(NULL, &nr, 3, PBN, 0, 1024), -EINVAL);
	assert_int_equal(pa_split_movable(zones, &none, 3, PBN, 0, 1024), -EINVAL);
	assert_int_equal(pa_split_movable(zones, &nr, 3, PBN, 0, 0), -EINVAL);
	assert_int_equal(pa_split_movable(zones, &nr, 3, PBN, 0, 1000), -EINVAL);
	assert_int_equal(pa_split_movable(zones, &nr, 3, PBN, PBN, 1024), -EINVAL);
	assert_int_equal(pa_split_movable(zones, &nr, 3, 0, 0, 1024), -EINVAL);
	assert_int_equal(pa_split_movable(zones, &nr, 1, PBN, 0, 1024), -ENOSPC);
	assert_int_equal(pa_split_movable(zones, &nr, 0, PBN, 0, 1024), -ENOSPC);
	zones[0].node = PA_MAX_NODES;
	assert_int_equal(pa_split_movable(zones, &nr, 3, PBN, 0, 1024), -EINVAL);
	zones[0].node = 0;
	zones[0].type = PA_ZONE_MOVABLE;
	assert_int_equal(pa_split_movable(zones, &nr, 3, PBN, 0, 1024), -EINVAL);
	zones[0].type = PA_ZONE_DMA32;
	assert_int_equal(nr, 1);
	assert_int_equal(zones[0].spanned, PAGES);

	/* The movable zone takes what there is, and no more than there is. */
	assert_int_equal(pa_split_movable(zones, &nr, 3, 1024, 0, 1024), 0);
	assert_int_equal(nr, 2);
	assert_int_equal(zones[1].managed, 8);
	assert_int_equal(zones[1].present, 16);
	assert_int_equal(zones[0].managed, 0);
	assert_int_equal(zones[0].spanned, 1024);

	/* A movablecore= of more than there is leaves the kernel nothing: no zone but that one. */
	zones[0] = (struct pa_zone_config){ .spanned = PAGES, .managed = PAGES, .present = PAGES };
	nr = 1;
	assert_int_equal(pa_split_movable(zones, &nr, 3, 0, 2 * PAGES, 1024), 0);
	assert_int_equal(nr, 1);
	assert_int_equal(zones[0].type, PA_ZONE_MOVABLE);
	assert_int_equal(zones[0].spanned, PAGES);

	/* Fewer pages than nodes to spread them over: one each. */
	for (uint32_t n = 0; n < 3; n++)
		zones[n] = (struct pa_zone_config){
			.start_pfn = n * PAGES, .spanned = PAGES, .managed = PAGES, .node = n
		};
	nr = 2;
	assert_int_equal(pa_split_movable(zones, &nr, 3, 1, 0, 1024), -ENOSPC);
}

/* Without a request level there is nothing that its functions could do. */
static void test_none(void **state)
{
	struct plan *p = good("6.12");
	struct pa_alloc_args args = { .gfp = PA_GFP_KERNEL };
	struct pa_zone_state zone = { .threshold = 1 };
	struct pa_pcp pcp = { .batch = 1 };
	uint64_t pfn = 7;
	int8_t delta = 0;
	char text[9] = "x";
	uint8_t list;
	struct pa *pa;

	(void)state;
	p->cfg.cpus = 0;
	pa = machine_of(&p->cfg);
	assert_int_equal(pa_free(pa, 0, 10, 0, -1), 0);
	REFUSED(pa_alloc(pa, &args, &pfn, NULL), -EINVAL);
	REFUSED(pa_alloc_bulk(pa, &args, 1, &pfn, NULL), -EINVAL);
	assert_int_equal(pfn, 7);
	REFUSED(pa_free_pages(pa, 0, 0, 0, NULL), -EINVAL);
	REFUSED(pa_free_direct(pa, 0, 0, 0, 0, NULL), -EINVAL);
	REFUSED(pa_split_page(pa, 0, 1, 0), -EINVAL);
	REFUSED(pa_allocated(pa, 0), -ENOENT);
	REFUSED(pa_set_allocated(pa, PAGES, 0, PA_USE_PINNED), -EINVAL);
	REFUSED(pa_pcp_get(pa, 0, 0, &pcp), -ENOENT);
	REFUSED(pa_pcp_set(pa, 0, 0, &pcp), -ENOENT);
	REFUSED(pa_pcp_index(pa, 0, PA_MOVABLE), -EINVAL);
	REFUSED(pa_pcp_load(pa, 0, 0, 0, PAGES, PA_MOVABLE), -EINVAL);
	REFUSED((int)pa_drain(pa, 0, 0, 0, NULL), -EINVAL);
	REFUSED(pa_vmstat_update(pa, 0, NULL), -EINVAL);
	REFUSED(pa_lru_add(pa, 0), -EINVAL);
	REFUSED(pa_lru_del(pa, 0), -EINVAL);
	REFUSED(pa_tick(pa, 1, NULL), -EINVAL);
	REFUSED(pa_zone_get(pa, 0, &zone), -ENOENT);
	REFUSED(pa_zone_set(pa, 0, &zone), -ENOENT);
	REFUSED(pa_set_counters(pa, 0, &delta), -ENOENT);
	REFUSED(pa_setup_wmarks(pa), -EINVAL);
	REFUSED(pa_set_knobs(pa, &p->knobs), -EINVAL);
	REFUSED(pa_gfp_zone(pa, PA_GFP_KERNEL), -EINVAL);
	assert_null(pa_get_knobs(pa));
	assert_false(pa_watermark_ok(pa, 0, 0, 0, PA_ZONE_NORMAL, 0, NULL));
	assert_int_equal(pa_zonelist(pa, 0, PA_ZONE_NORMAL, &list, 1), 0);
	assert_int_equal(pa_pcp_head(pa, 0, 0, 0), PA_PFN_NONE);
	assert_int_equal(pa_pcp_next(pa, 0), PA_PFN_NONE);
	assert_int_equal(pa_show_mem(pa, 0, text, sizeof(text)), 0);
	assert_string_equal(text, "");
	text[0] = 'x';
	assert_int_equal(pa_failure_report(pa, &args, "ls", text, sizeof(text)), 0);
	assert_string_equal(text, "");
	sound(pa);
}

UNDER_EACH(test_configurations)
UNDER_EACH(test_no_memory)
UNDER_EACH(test_zones)
UNDER_EACH(test_pcps)
UNDER_EACH(test_frames)
UNDER_EACH(test_requests)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_configurations_under_each),
		cmocka_unit_test(test_no_memory_under_each),
		cmocka_unit_test(test_zones_under_each),
		cmocka_unit_test(test_pcps_under_each),
		cmocka_unit_test(test_frames_under_each),
		cmocka_unit_test(test_requests_under_each),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
