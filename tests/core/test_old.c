/* SPDX-License-Identifier: GPL-2.0-only */
/* Rules that are gone: RESERVE, fallbacks that split the block they find, moves to the head. */
#include <errno.h>

#include "fixture.h"

/* No look at the parent's buddy before 3.10, and nobody may ask for the tail before 5.10. */
static void every_free_enters_at_the_head(const char *policy)
{
	struct pa *pa = model(policy);

	load(pa, 0x600, 0, PA_MOVABLE);
	load(pa, 0x402, 1, PA_MOVABLE);
	put(pa, 0x401, 0, PA_MOVABLE);
	LISTS(pa, "M1:402 M0:401,600");
}

static void the_tail_cannot_be_asked_for(const char *policy)
{
	struct pa *pa = model(policy);

	load(pa, 0x600, 0, PA_MOVABLE);
	assert_int_equal(pa_free_block(pa, 0x401, 0, PA_MOVABLE, PA_TO_TAIL, -1), 0);
	assert_int_equal(pa_free(pa, 0x701, 0, PA_TO_TAIL, -1), 0);
	assert_int_equal(pa_putback(pa, 0x801, 0, PA_MOVABLE), 0);
	LISTS(pa, "M0:801,701,401,600");
}

/* -------------------------------------------------------------------------
 * RESERVE: 2.6.24 and 3.10
 */

static struct pa *all_free(const char *policy, uint64_t start, uint64_t blocks)
{
	struct pa *pa = model_at(policy, start, blocks * PBN);

	for (uint64_t pfn = start; pfn < start + blocks * PBN; pfn++)
		put(pa, pfn, 0, PA_MOVABLE);
	return pa;
}

static unsigned int reserved(const struct pa *pa, uint64_t first, unsigned int blocks)
{
	unsigned int set = 0;

	for (unsigned int i = 0; i < blocks; i++)
		set |= (unsigned int)(pa_pageblock(pa, first + i * PBN) == PA_RESERVE) << i;
	return set;
}

static void the_reserve_covers_the_min_mark(const char *policy)
{
	bool most_two = pa_policy_find(policy)->reserve_max == 2;
	struct pa *pa = model(policy);

	pa_set_pageblock(pa, 0x200, PA_UNMOVABLE);
	load(pa, 0x000, 3, PA_MOVABLE);
	load(pa, 0x010, 3, PA_MOVABLE);
	load(pa, 0x400, 8, PA_MOVABLE);
	pa_reserve_pageblocks(pa, 0, PBN + 1);
	sound(pa);
	/* Two pageblocks, and the UNMOVABLE one is none of them. */
	assert_int_equal(reserved(pa, 0, 8), 5);
	LISTS(pa, "V8:400 V3:10,0");
	/* As many as it takes; 3.10 never more than two. */
	pa_reserve_pageblocks(pa, 0, 3 * PBN);
	assert_int_equal(reserved(pa, 0, 8), most_two ? 5 : 13);
	/* What is too much goes back. */
	pa_reserve_pageblocks(pa, 0, 1);
	assert_int_equal(reserved(pa, 0, 8), 1);
	assert_int_equal(pa_pageblock(pa, 0x400), PA_MOVABLE);
	LISTS(pa, "M8:400 V3:10,0");
	pa_reserve_pageblocks(pa, 0, 0);
	assert_int_equal(reserved(pa, 0, 8), 0);
	pa_reserve_pageblocks(pa, 1, PBN);
	sound(pa);
}

static void no_other_version_reserves(const char *policy)
{
	struct pa *pa = model(policy);

	pa_reserve_pageblocks(pa, 0, 4 * PBN);
	assert_int_equal(reserved(pa, 0, 8), 0);
}

/* 2.6.24 counts pageblocks from a ragged start, 3.10 from the first that is whole. */
static void a_reserve_in_a_ragged_zone(const char *policy)
{
	struct pa *pa = model_at(policy, 0x180, 3 * PBN);

	load(pa, 0x180, 7, PA_MOVABLE);
	load(pa, 0x200, 7, PA_MOVABLE);
	load(pa, 0x700, 7, PA_MOVABLE);
	pa_reserve_pageblocks(pa, 0, 1);
	sound(pa);
	LISTS(pa, pa_policy(pa)->first_cut ? "M7:200,700 V7:180" : "M7:180,700 V7:200");
	/* A pageblock that leaves the zone at its end changes type, but nothing moves. */
	pa_set_pageblock(pa, 0x200, PA_UNMOVABLE);
	pa_set_pageblock(pa, 0x180, PA_UNMOVABLE);
	pa_set_pageblock(pa, 0x400, PA_UNMOVABLE);
	pa_reserve_pageblocks(pa, 0, 1);
	if (!pa_policy(pa)->first_cut)
		assert_int_equal(pa_pageblock(pa, 0x600), PA_RESERVE);
	assert_int_equal(pa_list_len(pa, 0, 7, PA_MOVABLE), 2);
}

static void the_reserve_is_the_last_resort(const char *policy)
{
	for (unsigned int mt = 0; mt < PA_PCPTYPES; mt++) {
		struct pa *pa = all_free(policy, 0, 2);
		struct pa_decision d;

		pa_reserve_pageblocks(pa, 0, 1);
		/* The free block spans both; once it is used up ... */
		assert_int_equal(take(pa, 9, (enum pa_mt)mt).path, PA_PATH_SMALLEST);
		put(pa, 0, 9, PA_RESERVE);
		LISTS(pa, "V10:0");
		d = take(pa, 3, (enum pa_mt)mt);
		assert_int_equal(d.path, PA_PATH_SMALLEST);
		assert_int_equal(d.pfn, 0);
		assert_int_equal(d.from_order, 10);
		/* ... what is left of the reserve stays the reserve. */
		LISTS(pa, "V9:200 V8:100 V7:80 V6:40 V5:20 V4:10 V3:8");
		load(pa, 0x7, 0, PA_UNMOVABLE);
		assert_int_equal(take(pa, 0, (enum pa_mt)mt).pfn, 7);
		assert_int_equal(take(pa, 10, (enum pa_mt)mt).path, PA_PATH_NONE);
	}
}

/* Types that ask for their list alone do not get the reserve, nor does anybody later. */
static void the_reserve_is_not_for_all(void **state)
{
	struct pa *pa = model("3.10");
	(void)state;

	load(pa, 0x400, 3, PA_RESERVE);
	assert_int_equal(take(pa, 0, PA_ISOLATE).path, PA_PATH_NONE);
	assert_int_equal(take(pa, 0, PA_RESERVE).pfn, 0x400);
	pa = model("4.4");
	load(pa, 0x400, 3, PA_RESERVE);
	assert_int_equal(take(pa, 0, PA_MOVABLE).path, PA_PATH_NONE);
}

/* A decision may name the reserve only where there is one. */
static void forged_reserves_are_refused(void **state)
{
	const struct pa_decision forged = { .req = { .order = 3, .mt = PA_MOVABLE },
					    .path = PA_PATH_SMALLEST,
					    .pfn = 0x400,
					    .fallback_pfn = PA_PFN_NONE,
					    .from_order = 3 };
	struct pa *pa = model("4.4");
	(void)state;

	load(pa, 0x400, 3, PA_RESERVE);
	assert_int_equal(pa_commit(pa, &forged), -EINVAL);
	pa = model("3.10");
	load(pa, 0x400, 3, PA_RESERVE);
	assert_int_equal(pa_commit(pa, &forged), 0);
}

/* -------------------------------------------------------------------------
 * Fallbacks that split the block they find: 2.6.24 to 4.4
 */

#define SPLIT "U6:340 U5:320,280,240 U4:310 U3:308,208 U2:304 U1:302 U0:301"

/* Nobody looks at pages in use, so pages that go with the new type change nothing. */
static void only_free_pages_count(const char *policy)
{
	struct pa *pa = model(policy);
	struct pa_decision d;

	pa_set_use(pa, 0x200, 9, PA_USE_PINNED);
	load(pa, 0x208, 3, PA_MOVABLE);
	load(pa, 0x240, 5, PA_MOVABLE);
	load(pa, 0x280, 5, PA_MOVABLE);
	load(pa, 0x300, 7, PA_MOVABLE);
	d = take(pa, 0, PA_UNMOVABLE);
	assert_int_equal(d.path, PA_PATH_MOVE);
	assert_int_equal(d.pfn, 0x300);
	assert_int_equal(d.tests[0].free, 200);
	assert_int_equal(d.tests[0].alike, 0);
	LISTS(pa, SPLIT);
	assert_int_equal(pa_pageblock(pa, 0x200), PA_MOVABLE);

	/* Half of them free: the pageblock is claimed; the page is the block found all the same. */
	pa = model(policy);
	load(pa, 0x208, 3, PA_MOVABLE);
	load(pa, 0x210, 3, PA_MOVABLE);
	load(pa, 0x220, 4, PA_MOVABLE);
	load(pa, 0x240, 5, PA_MOVABLE);
	load(pa, 0x280, 6, PA_MOVABLE);
	load(pa, 0x300, 7, PA_MOVABLE);
	d = take(pa, 0, PA_UNMOVABLE);
	assert_int_equal(d.path, PA_PATH_CLAIM);
	assert_int_equal(d.pfn, 0x300);
	assert_int_equal(d.boosts, 0);
	assert_int_equal(pa_boost(pa, 0), 0);
	LISTS(pa, "U6:340,280 U5:320,240 U4:310,220 U3:308,210,208 U2:304 U1:302 U0:301");
	assert_int_equal(pa_pageblock(pa, 0x200), PA_UNMOVABLE);
}

/* Small blocks are claimed for RECLAIMABLE requests, from 4.4 on for UNMOVABLE ones as well. */
static void who_moves_small_blocks(const char *policy)
{
	static const enum pa_mt starts[] = { PA_UNMOVABLE, PA_RECLAIMABLE, PA_MOVABLE };

	for (size_t i = 0; i < 3; i++) {
		enum pa_mt owner = starts[i] == PA_MOVABLE ? PA_UNMOVABLE : PA_MOVABLE;
		struct pa *pa = model(policy);
		struct pa_decision d;
		bool moves = starts[i] == PA_RECLAIMABLE ||
			     (starts[i] == PA_UNMOVABLE && pa_policy(pa)->unmovable_claims);

		pa_set_pageblock(pa, 0x200, owner);
		load(pa, 0x208, 3, owner);
		load(pa, 0x220, 2, owner);
		d = take(pa, 1, starts[i]);
		/* The largest, whoever asks. */
		assert_int_equal(d.pfn, 0x208);
		assert_int_equal(d.path, moves ? PA_PATH_MOVE : PA_PATH_STEAL);
		assert_int_equal(d.tests[0].tested, moves);
		assert_int_equal(pa_list_head(pa, 0, 2, moves ? starts[i] : owner),
				 moves || pa_policy(pa)->first_cut ? 0x20c : 0x220);
		/* The rest of the block stays with its owner in 2.6.24 alone. */
		assert_int_equal(pa_list_head(pa, 0, 1,
					      !moves && pa_policy(pa)->first_cut ? owner :
										   starts[i]),
				 0x20a);
		assert_int_equal(pa_list_len(pa, 0, 2, starts[i]), moves		    ? 2 :
								   pa_policy(pa)->first_cut ? 0 :
											      1);
	}
}

static void nofragment_is_unknown(const char *policy)
{
	struct pa *pa = model(policy);

	load(pa, 0x400, 8, PA_MOVABLE);
	assert_int_equal(
		request(pa, (struct pa_request){ .mt = PA_UNMOVABLE, .flags = PA_ALLOC_NOFRAGMENT })
			.pfn,
		0x400);
}

/* What pa_decide chose and pa_decide_fallback was told fit; other outcomes do not. */
static void told_about_a_split(const char *policy)
{
	const struct pa_request req = { .mt = PA_RECLAIMABLE };
	struct pa *pa = model(policy);
	struct pa_decision d;

	load(pa, 0x208, 3, PA_MOVABLE);
	load(pa, 0x220, 2, PA_MOVABLE);
	assert_int_equal(pa_decide_fallback(pa, &req, 0x220, 2, PA_MOVABLE, true, &d), 0);
	assert_int_equal(d.path, PA_PATH_CLAIM);
	assert_int_equal(d.pfn, 0x220);
	assert_int_equal(pa_commit(pa, &d), 0);
	sound(pa);
	LISTS(pa, "R3:208 R1:222 R0:221");
	assert_int_equal(pa_pageblock(pa, 0x200), PA_RECLAIMABLE);
}

/* -------------------------------------------------------------------------
 * CMA before ALLOC_CMA
 */

/* 3.10 falls back to it first, takes one block, and leaves it and its pageblock CMA. */
static void cma_lends_in_3_10(void **state)
{
	struct pa *pa = model("3.10");
	struct pa_decision d;
	(void)state;

	for (uint64_t pfn = 0x800; pfn < 0x1000; pfn += PBN)
		pa_set_pageblock(pa, pfn, PA_CMA);
	load(pa, 0x800, 10, PA_CMA);
	load(pa, 0xc00, 8, PA_CMA);
	load(pa, 0x400, 8, PA_UNMOVABLE);
	d = take(pa, 8, PA_MOVABLE);
	assert_int_equal(d.path, PA_PATH_STEAL);
	assert_int_equal(d.pfn, 0x800);
	assert_int_equal(d.fallback_mt, PA_CMA);
	LISTS(pa, "U8:400 C9:a00 C8:900,c00");
	assert_int_equal(pa_pageblock(pa, 0x800), PA_CMA);
	/* Never for others. */
	assert_int_equal(take(pa, 8, PA_RECLAIMABLE).pfn, 0x400);
	assert_int_equal(take(pa, 8, PA_RECLAIMABLE).path, PA_PATH_NONE);
	LISTS(pa, "C9:a00 C8:900,c00");
}

/* 4.4 and 5.4: MOVABLE requests, flag or not, before any fallback. */
static void cma_comes_before_fallbacks(const char *policy)
{
	struct pa *pa = model(policy);
	struct pa_decision d;

	load(pa, 0x800, 3, PA_CMA);
	load(pa, 0x400, 9, PA_UNMOVABLE);
	load(pa, 0x200, 0, PA_MOVABLE);
	/* Though most free pages were CMA, its own list would come first. */
	assert_int_equal(
		request(pa, (struct pa_request){ .mt = PA_MOVABLE, .flags = PA_ALLOC_CMA }).pfn,
		0x200);
	d = take(pa, 3, PA_MOVABLE);
	assert_int_equal(d.path, PA_PATH_SMALLEST);
	assert_int_equal(d.pfn, 0x800);
	load(pa, 0x800, 3, PA_CMA);
	assert_int_equal(take(pa, 3, PA_UNMOVABLE).pfn, 0x400);
}

static void cma_is_unknown_in_2_6_24(void **state)
{
	struct pa *pa = model("2.6.24");
	(void)state;

	load(pa, 0x800, 3, PA_CMA);
	assert_int_equal(take(pa, 0, PA_MOVABLE).path, PA_PATH_NONE);
}

/* -------------------------------------------------------------------------
 * Isolation, and NOFRAGMENT above pageblock order
 */

static void what_isolating_half_a_pageblock_retypes(void **state)
{
	static const struct {
		const char *policy;
		enum pa_mt mt;
		bool retypes;
	} cases[] = {
		{ "2.6.24", PA_UNMOVABLE, false }, { "3.10", PA_UNMOVABLE, true },
		{ "3.10", PA_RESERVE, true },	   { "3.10", PA_CMA, false },
		{ "3.10", PA_ISOLATE, false },	   { "4.4", PA_HIGHATOMIC, true },
		{ "4.4", PA_CMA, false },	   { "4.4", PA_ISOLATE, false },
		{ "5.4", PA_HIGHATOMIC, false },   { "5.4", PA_RECLAIMABLE, true },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pa *pa = model(cases[i].policy);

		pa_set_pageblock(pa, 0x400, cases[i].mt);
		load(pa, 0x400, 3, cases[i].mt);
		load(pa, 0x500, 8, cases[i].mt);
		assert_int_equal(pa_isolate(pa, 0x500, 8), 0);
		sound(pa);
		assert_int_equal(pa_pageblock(pa, 0x400),
				 cases[i].retypes ? PA_MOVABLE : cases[i].mt);
		/* The rest does not move. */
		assert_int_equal(pa_list_len(pa, 0, 3, cases[i].mt), 1);
	}
}

/* The barrier kept them apart; now the block is pulled, its pageblock retyped, and freed again. */
static void isolated_blocks_merge_once_they_are_not(const char *policy)
{
	struct pa *pa = model(policy);

	put(pa, 0x600, 9, PA_MOVABLE);
	pa_set_pageblock(pa, 0x400, PA_ISOLATE);
	put(pa, 0x400, 9, PA_ISOLATE);
	LISTS(pa, "M9:600 I9:400");
	/* Nothing is taken from an isolated pageblock. */
	assert_int_equal(take(pa, 9, PA_MOVABLE).pfn, 0x600);
	assert_int_equal(take(pa, 0, PA_MOVABLE).path, PA_PATH_NONE);
	put(pa, 0x600, 9, PA_MOVABLE);
	assert_int_equal(pa_unisolate(pa, 0x4ff, PA_MOVABLE), 0);
	sound(pa);
	LISTS(pa, "M10:400");
	assert_int_equal(pa_pageblock(pa, 0x400), PA_MOVABLE);
	assert_int_equal(pa_unisolate(pa, 0x400, PA_MOVABLE), -EINVAL);

	/* Small blocks, a buddy in use, an isolated buddy: they just move. */
	pa = model(policy);
	pa_set_pageblock(pa, 0x400, PA_ISOLATE);
	pa_set_pageblock(pa, 0x600, PA_ISOLATE);
	load(pa, 0x400, 9, PA_ISOLATE);
	load(pa, 0x600, 8, PA_ISOLATE);
	assert_int_equal(pa_unisolate(pa, 0x600, PA_ISOLATE), -EINVAL);
	assert_int_equal(pa_unisolate(pa, 0x600, PA_NR_MT), -EINVAL);
	assert_int_equal(pa_unisolate(pa, 0x600, PA_RECLAIMABLE), 0);
	assert_int_equal(pa_unisolate(pa, 0x400, PA_MOVABLE), 0);
	sound(pa);
	LISTS(pa, "M9:400 R8:600");
	pa = model(policy);
	pa_set_pageblock(pa, 0x400, PA_ISOLATE);
	pa_set_pageblock(pa, 0x600, PA_ISOLATE);
	load(pa, 0x400, 9, PA_ISOLATE);
	load(pa, 0x600, 9, PA_ISOLATE);
	assert_int_equal(pa_unisolate(pa, 0x400, PA_MOVABLE), 0);
	LISTS(pa, "M9:400 I9:600");
	assert_int_equal(pa_unisolate(pa, 0x600, PA_MOVABLE), 0);
	sound(pa);
	LISTS(pa, "M10:400");
}

static void a_type_read_before_the_lock(void **state)
{
	static const struct {
		const char *policy;
		int plain, isolated, other;
	} cases[] = {
		{ "2.4", PA_MOVABLE, PA_MOVABLE, PA_MOVABLE },
		{ "2.6.24", PA_RECLAIMABLE, PA_ISOLATE, PA_RECLAIMABLE },
		{ "3.10", PA_UNMOVABLE, PA_UNMOVABLE, PA_UNMOVABLE },
		{ "4.4", PA_UNMOVABLE, PA_ISOLATE, PA_RECLAIMABLE },
		{ "6.1", PA_UNMOVABLE, PA_ISOLATE, PA_RECLAIMABLE },
		{ "6.12.0", PA_RECLAIMABLE, PA_ISOLATE, PA_RECLAIMABLE },
		{ "7.3", PA_RECLAIMABLE, PA_ISOLATE, PA_RECLAIMABLE },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pa *pa = model(cases[i].policy);

		pa_set_pageblock(pa, 0x400, PA_RECLAIMABLE);
		assert_int_equal(pa_free_type(pa, 0x400, PA_UNMOVABLE), cases[i].plain);
		pa_set_pageblock(pa, 0x600, PA_ISOLATE);
		assert_int_equal(pa_free_type(pa, 0x600, PA_UNMOVABLE), cases[i].isolated);
		/* One isolated pageblock makes the kernel look at all. */
		assert_int_equal(pa_free_type(pa, 0x400, PA_UNMOVABLE), cases[i].other);
		pa_set_pageblock(pa, 0x600, PA_MOVABLE);
		assert_int_equal(pa_free_type(pa, 0x400, PA_UNMOVABLE), cases[i].plain);
		if (pa_policy(pa)->type_read != PA_TYPE_BEFORE)
			assert_int_not_equal(pa_free_type(pa, 0x400, PA_ISOLATE), PA_ISOLATE);
		assert_int_equal(pa_free_type(pa, 1u << 30, PA_MOVABLE), -ENOENT);
		assert_int_equal(pa_free_type(pa, 0x400, PA_NR_MT), -EINVAL);
		sound(pa);
	}
}

/* Order 10 finds no block, claims every free pageblock on the way to that, and fails. */
static void claiming_in_vain(const char *policy)
{
	const struct pa_request req = { .order = 10,
					.mt = PA_UNMOVABLE,
					.flags = PA_ALLOC_NOFRAGMENT };
	bool vain = pa_policy_find(policy)->wide_nofragment;
	struct pa *pa = model(policy);
	struct pa_decision d;

	load(pa, 0x400, 9, PA_MOVABLE);
	load(pa, 0x800, 9, PA_MOVABLE);
	load(pa, 0xc00, 8, PA_MOVABLE);
	pa_set_pageblock(pa, 0x1000, PA_HIGHATOMIC);
	load(pa, 0x1000, 9, PA_RECLAIMABLE);
	d = request(pa, req);
	assert_int_equal(d.path, PA_PATH_NONE);
	assert_int_equal(d.pfn, PA_PFN_NONE);
	assert_int_equal(d.fallback_pfn, vain ? 0x1000 : PA_PFN_NONE);
	assert_int_equal(pa_pageblock(pa, 0x400), vain ? PA_UNMOVABLE : PA_MOVABLE);
	assert_int_equal(pa_pageblock(pa, 0x800), vain ? PA_UNMOVABLE : PA_MOVABLE);
	assert_int_equal(pa_pageblock(pa, 0xc00), PA_MOVABLE);
	assert_int_equal(pa_pageblock(pa, 0x1000), PA_HIGHATOMIC);
	if (!vain)
		LISTS(pa, "M9:400,800 M8:c00 R9:1000");
	else
		LISTS(pa, pa_policy(pa)->tail_moves ? "U9:1000,400,800 M8:c00" :
						      "U9:800,400,1000 M8:c00");
	/* By now it claims nothing, and a decision that says so is stale. */
	if (vain)
		assert_int_equal(pa_commit(pa, &d), -EINVAL);
	/* A block that is large enough is found first. */
	load(pa, 0x2000, 10, PA_MOVABLE);
	assert_int_equal(request(pa, req).pfn, 0x2000);
}

BETWEEN("2.4", "2.6.24", every_free_enters_at_the_head)
BETWEEN("2.4", "5.4", the_tail_cannot_be_asked_for)
BETWEEN("2.6.24", "3.10", the_reserve_covers_the_min_mark)
SINCE("4.4", no_other_version_reserves)
BETWEEN("2.6.24", "3.10", a_reserve_in_a_ragged_zone)
BETWEEN("2.6.24", "3.10", the_reserve_is_the_last_resort)
BETWEEN("2.6.24", "4.4", only_free_pages_count)
BETWEEN("2.6.24", "4.4", who_moves_small_blocks)
BETWEEN("2.6.24", "4.4", nofragment_is_unknown)
BETWEEN("2.6.24", "4.4", told_about_a_split)
BETWEEN("4.4", "5.4", cma_comes_before_fallbacks)
SINCE("4.4", isolated_blocks_merge_once_they_are_not)
BETWEEN("5.4", "6.1", claiming_in_vain)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_free_enters_at_the_head_everywhere),
		cmocka_unit_test(the_tail_cannot_be_asked_for_everywhere),
		cmocka_unit_test(the_reserve_covers_the_min_mark_everywhere),
		cmocka_unit_test(no_other_version_reserves_everywhere),
		cmocka_unit_test(a_reserve_in_a_ragged_zone_everywhere),
		cmocka_unit_test(the_reserve_is_the_last_resort_everywhere),
		cmocka_unit_test(the_reserve_is_not_for_all),
		cmocka_unit_test(forged_reserves_are_refused),
		cmocka_unit_test(only_free_pages_count_everywhere),
		cmocka_unit_test(who_moves_small_blocks_everywhere),
		cmocka_unit_test(nofragment_is_unknown_everywhere),
		cmocka_unit_test(told_about_a_split_everywhere),
		cmocka_unit_test(cma_lends_in_3_10),
		cmocka_unit_test(cma_comes_before_fallbacks_everywhere),
		cmocka_unit_test(cma_is_unknown_in_2_6_24),
		cmocka_unit_test(what_isolating_half_a_pageblock_retypes),
		cmocka_unit_test(isolated_blocks_merge_once_they_are_not_everywhere),
		cmocka_unit_test(a_type_read_before_the_lock),
		cmocka_unit_test(claiming_in_vain_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
