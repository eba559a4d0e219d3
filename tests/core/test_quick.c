/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The short way and the long way are one: a machine of two nodes and three zones goes through the
 * same random requests, frees and mistakes with records, which take the long way always, and
 * without; every answer and every byte of the state agree.
 */
#include "machine.h"
#include "policies.h"

#define ZONE (16 * PBN)
#define STEPS 30000
#define LIVE 700

struct answer {
	int err;
	uint64_t pfn;
};

static struct pa *machine_of_nodes(const char *policy)
{
	const struct pa_zone_config zones[] = {
		{ .spanned = ZONE, .managed = ZONE, .type = PA_ZONE_DMA32 },
		{ .start_pfn = ZONE, .spanned = ZONE, .managed = ZONE, .type = PA_ZONE_NORMAL },
		{ .start_pfn = 3 * ZONE,
		  .spanned = ZONE,
		  .managed = ZONE,
		  .type = PA_ZONE_NORMAL,
		  .node = 1 },
	};
	static const uint8_t cpu_node[] = { 0, 1, 1 };
	const struct pa_config cfg = {
		.policy = pa_policy_find(policy),
		.zones = zones,
		.nr_zones = 3,
		.nr_orders = 11,
		.pageblock_order = PBO,
		.boost_factor = 15000,
		.cpus = 3,
		.cpu_node = cpu_node,
	};
	struct pa *pa = machine_of(&cfg);

	fill(pa, 0, 2 * ZONE);
	fill(pa, 3 * ZONE, 4 * ZONE);
	return pa;
}

static struct pa_alloc_args some_request(void)
{
	static const uint32_t gfps[] = {
		PA_GFP_KERNEL,
		PA_GFP_KERNEL,
		PA_GFP_HIGHUSER_MOVABLE,
		PA_GFP_HIGHUSER_MOVABLE,
		PA_GFP_DMA32,
		PA_GFP_DMA,
		PA_GFP_KERNEL | PA_GFP_RECLAIMABLE,
		ATOMIC_ANY,
		PA_GFP_KERNEL | PA_GFP_THISNODE,
		PA_GFP_MOVABLE | PA_GFP_RECLAIMABLE,
		PA_GFP_DMA | PA_GFP_DMA32,
		PA_GFP_KERNEL | 1u << 30,
	};
	static const uint8_t orders[] = { 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 9, 9, 10, 11 };
	struct pa_alloc_args args = {
		.gfp = gfps[(uint32_t)rand() % (sizeof(gfps) / sizeof(gfps[0]))],
		.order = orders[rand() & 15],
		.use = rand() & 3,
		.cpu = (uint32_t)rand() % 31 ? (uint32_t)rand() % 3 : 3,
	};

	args.nid = rand() & 7 ? args.cpu != 0 : (uint8_t)(rand() % 3);
	if (!(rand() & 15))
		args.nodemask = (uint64_t)(rand() & 3);
	if (!(rand() & 15))
		args.task = rand() & 1 ? PA_TASK_KTHREAD : PA_TASK_KNOWN + 1;
	return args;
}

/* One way through; the answers and the last state are compared with the first way's. */
static void walk(const char *policy, bool recorded, struct answer answers[STEPS])
{
	static struct {
		uint64_t pfn;
		unsigned int order;
	} live[LIVE];
	struct pa_alloc_record rec = { 0 };
	struct pa_free_record freed = { 0 };
	struct pa *pa = machine_of_nodes(policy);
	uint32_t nr = 0;

	srand(11);
	for (int i = 0; i < STEPS; i++) {
		struct answer *a = &answers[i];
		uint32_t cpu = (uint32_t)rand() % 3;

		a->pfn = PA_PFN_NONE;
		if (nr < LIVE && (rand() & 1 || !nr)) {
			const struct pa_alloc_args args = some_request();

			a->err = pa_alloc(pa, &args, &a->pfn, recorded ? &rec : NULL);
			if (a->err)
				continue;
			live[nr].pfn = a->pfn;
			live[nr++].order = args.order;
		} else {
			uint32_t victim = (uint32_t)rand() % nr;
			unsigned int order = live[victim].order + !(rand() & 31);
			uint64_t pfn =
				live[victim].pfn + !(rand() & 31) * (uint64_t)(rand() & 3) * ZONE;

			a->err = pa_free_pages(pa, rand() & 31 ? cpu : 3, pfn, order,
					       recorded ? &freed : NULL);
			if (!a->err && pfn == live[victim].pfn)
				live[victim] = live[--nr];
		}
		if (i % 4000 == 0)
			assert_int_equal(pa_vmstat_update(pa, cpu, NULL), 0);
		if (nr && i % 500 == 0) { /* the pageblock of some allocation */
			static const uint8_t types[] = { PA_MOVABLE, PA_ISOLATE, PA_CMA };

			assert_int_equal(pa_move_block(pa, live[0].pfn, types[rand() % 3]), 0);
		}
	}
	sound(pa);
}

static void test_ways(const char *policy)
{
	static struct answer answers[2][STEPS];
	int got = 0, refused = 0;

	memset(answers, 0, sizeof(answers));
	walk(policy, false, answers[0]);
	memcpy(before(), mem, sizeof(mem));
	walk(policy, true, answers[1]);
	assert_memory_equal(answers[0], answers[1], sizeof(answers[0]));
	assert_same_bytes(before(), mem, sizeof(mem));
	for (int i = 0; i < STEPS; i++) {
		got += answers[0][i].pfn != PA_PFN_NONE && !answers[0][i].err;
		refused += answers[0][i].err == -EINVAL;
	}
	assert_true(got > STEPS / 8);
	assert_true(refused > STEPS / 20);
}

/* A page waits on the CPU's list, yet the mark of its order is not met: no free block has it. */
static void test_marks_come_first(const char *policy)
{
	static const uint64_t marks[] = { 100, 200, 300 };

	for (int recorded = 0; recorded < 2; recorded++) {
		struct pa *pa = machine(policy, 1, 64 * PBN, PA_ZONE_NORMAL, marks);
		struct pa_alloc_record rec = { 0 };
		int pindex = pa_pcp_index(pa, 3, PA_UNMOVABLE);

		for (uint64_t pfn = 8 * PBN; pfn < 64 * PBN; pfn += 8) {
			assert_int_equal(pa_set_pageblock(pa, pfn, PA_UNMOVABLE), 0);
			assert_int_equal(pa_load_block(pa, pfn, 2, PA_UNMOVABLE), 0);
		}
		assert_int_equal(pa_pcp_load(pa, 0, 0, (unsigned int)pindex, PBN, PA_UNMOVABLE), 0);
		assert_int_not_equal(get(pa, 0, 0, 0, NULL), PA_PFN_NONE);
		assert_int_equal(get(pa, 0, 0, 3, recorded ? &rec : NULL), PA_PFN_NONE);
		assert_int_equal(pa_load_block(pa, 4 * PBN, 3, PA_MOVABLE), 0);
		assert_int_equal(get(pa, 0, 0, 3, recorded ? &rec : NULL), PBN);
		sound(pa);
	}
}

/* Pages come from the CPU's list, @first first, until it is empty. */
static void short_requests(struct pa *pa, uint64_t first)
{
	struct pa_alloc_args args = { .gfp = PA_GFP_KERNEL };
	struct pa_pcp pcp;
	uint64_t pfn;

	assert_true(pa_alloc_quick(pa, &args, &pfn));
	assert_int_equal(pfn, first);
	assert_int_equal(pa_allocated(pa, pfn), 0);
	while (pa_alloc_quick(pa, &args, &pfn))
		assert_int_equal(pa_allocated(pa, pfn), 0);
	assert_int_equal(pa_pcp_get(pa, 0, 0, &pcp), 0);
	assert_int_equal(pcp.count, 0);
	REFUSED(pa_alloc_quick(pa, &args, &pfn), false);
	args.order = 11;
	REFUSED(pa_alloc_quick(pa, &args, &pfn), false);
	args.order = 0;
	args.cpu = 1;
	REFUSED(pa_alloc_quick(pa, &args, &pfn), false);
}

/* A free that is asked to be short is so, and then what the long way makes of it; or it is none. */
static void test_short_or_not_at_all(const char *policy)
{
	static const uint64_t marks[] = { 100, 200, 300 };
	static unsigned char shortly[sizeof(mem)];
	struct pa_free_record freed = { 0 };
	struct pa *pa = machine(policy, 1, 64 * PBN, PA_ZONE_NORMAL, marks);
	bool knows_lists = since(policy, "6.1.0");
	uint64_t pfn;

	fill(pa, 0, 64 * PBN);
	pfn = get(pa, 0, PA_GFP_KERNEL, 0, NULL);
	REFUSED(pa_free_quick(pa, 1, pfn, 0), false);
	REFUSED(pa_free_quick(pa, 0, pfn, 1), false);
	REFUSED(pa_free_quick(pa, 0, pfn, 11), false);
	REFUSED(pa_free_quick(pa, 0, pfn + 64 * PBN, 0), false);
	memcpy(before(), mem, sizeof(mem));
	assert_int_equal(pa_free_quick(pa, 0, pfn, 0), knows_lists);
	memcpy(shortly, mem, sizeof(mem));
	memcpy(mem, before(), sizeof(mem));
	if (!knows_lists) {
		assert_same_bytes(shortly, mem, sizeof(mem));
		return;
	}
	put(pa, 0, pfn, 0, &freed);
	assert_same_bytes(shortly, mem, sizeof(mem));
	REFUSED(pa_free_quick(pa, 0, pfn, 0), false);
	short_requests(pa, pfn);
}

UNDER_EACH(test_short_or_not_at_all)

UNDER_EACH(test_marks_come_first)

UNDER_EACH(test_ways)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ways_under_each),
		cmocka_unit_test(test_marks_come_first_under_each),
		cmocka_unit_test(test_short_or_not_at_all_under_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
