/* SPDX-License-Identifier: GPL-2.0-only */
/* Merging and splitting, which end of a list a block enters, and list surgery. */
#include <errno.h>

#include "fixture.h"

static void splitting_keeps_the_lower_half(const char *policy)
{
	struct pa *pa = model(policy);
	struct pa_decision d;

	load(pa, 0x400, 4, PA_MOVABLE);
	load(pa, 0x800, 3, PA_MOVABLE);
	load(pa, 0x810, 3, PA_MOVABLE);
	d = take(pa, 2, PA_MOVABLE);
	assert_int_equal(d.path, PA_PATH_SMALLEST);
	assert_int_equal(d.pfn, 0x800);
	assert_int_equal(d.from_order, 3);
	LISTS(pa, "M4:400 M3:810 M2:804");
	assert_int_equal(take(pa, 2, PA_MOVABLE).pfn, 0x804);
	assert_int_equal(take(pa, 4, PA_MOVABLE).pfn, 0x400);
	/* 16 frames for 1: halves of 8, 4, 2 and 1 stay, each at the head of its list. */
	load(pa, 0xa00, 4, PA_MOVABLE);
	assert_int_equal(take(pa, 3, PA_MOVABLE).pfn, 0x810);
	assert_int_equal(take(pa, 0, PA_MOVABLE).pfn, 0xa00);
	LISTS(pa, "M3:a08 M2:a04 M1:a02 M0:a01");
}

static void remainders_enter_at_the_head(const char *policy)
{
	struct pa *pa = model(policy);

	load(pa, 0x600, 1, PA_MOVABLE);
	load(pa, 0x400, 3, PA_MOVABLE);
	assert_int_equal(take(pa, 2, PA_MOVABLE).pfn, 0x400);
	load(pa, 0x610, 2, PA_MOVABLE);
	assert_int_equal(take(pa, 1, PA_MOVABLE).pfn, 0x600);
	assert_int_equal(take(pa, 1, PA_MOVABLE).pfn, 0x404);
	LISTS(pa, "M2:610 M1:406");
}

static void free_buddies_merge_upward(const char *policy)
{
	struct pa *pa = model(policy);

	put(pa, 0x400, 0, PA_MOVABLE);
	put(pa, 0x402, 1, PA_MOVABLE);
	LISTS(pa, "M1:402 M0:400");
	put(pa, 0x401, 0, PA_MOVABLE);
	LISTS(pa, "M2:400");
	/* Equal size, but not each other's buddy. */
	put(pa, 0x408, 2, PA_MOVABLE);
	LISTS(pa, "M2:408,400");
	put(pa, 0x40c, 2, PA_MOVABLE);
	put(pa, 0x404, 2, PA_MOVABLE);
	LISTS(pa, "M4:400");
}

static void merging_stops_at_the_largest_order(const char *policy)
{
	struct pa *pa = model(policy);

	put(pa, 0x400, 10, PA_MOVABLE);
	put(pa, 0x000, 10, PA_MOVABLE);
	LISTS(pa, "M10:0,400");
}

/* The list is the argument's type, whatever the buddy was on. */
static void a_merged_block_goes_where_the_last_free_says(void **state)
{
	struct pa *pa = model("6.1");
	(void)state;

	load(pa, 0x400, 0, PA_RECLAIMABLE);
	put(pa, 0x401, 0, PA_UNMOVABLE);
	LISTS(pa, "U1:400");
	assert_int_equal(pa_pageblock(pa, 0x400), PA_MOVABLE);
}

/* One that will merge soon, judging by its parent's buddy, goes to the tail. */
static void the_tail_is_for_blocks_likely_to_merge(const char *policy)
{
	struct pa *pa = model(policy);

	load(pa, 0x600, 0, PA_MOVABLE);
	load(pa, 0x402, 1, PA_MOVABLE);
	put(pa, 0x401, 0, PA_MOVABLE);
	LISTS(pa, "M1:402 M0:600,401");

	pa = model(policy);
	load(pa, 0x600, 0, PA_MOVABLE);
	put(pa, 0x401, 0, PA_MOVABLE);
	LISTS(pa, "M0:401,600");

	/* Smaller than its parent is not enough. */
	pa = model(policy);
	load(pa, 0x600, 0, PA_MOVABLE);
	load(pa, 0x402, 0, PA_MOVABLE);
	put(pa, 0x401, 0, PA_MOVABLE);
	LISTS(pa, "M0:401,600,402");

	/* Of any type. */
	pa = model("6.1");
	load(pa, 0x600, 0, PA_MOVABLE);
	load(pa, 0x402, 1, PA_UNMOVABLE);
	put(pa, 0x401, 0, PA_MOVABLE);
	LISTS(pa, "U1:402 M0:600,401");
}

/* At the last two orders there is no parent that could merge. */
static void large_blocks_enter_at_the_head(const char *policy)
{
	struct pa *pa = model(policy);

	load(pa, 0x1000, 9, PA_MOVABLE);
	load(pa, 0x400, 10, PA_MOVABLE);
	put(pa, 0x000, 9, PA_MOVABLE);
	LISTS(pa, "M10:400 M9:0,1000");

	pa = model(policy);
	load(pa, 0x1000, 8, PA_MOVABLE);
	load(pa, 0x200, 9, PA_MOVABLE);
	put(pa, 0x000, 8, PA_MOVABLE);
	LISTS(pa, "M9:200 M8:1000,0");
}

static void the_caller_may_ask_for_the_tail(const char *policy)
{
	struct pa *pa = model(policy);

	load(pa, 0x600, 0, PA_MOVABLE);
	assert_int_equal(pa_free_block(pa, 0x401, 0, PA_MOVABLE, PA_TO_TAIL, -1), 0);
	assert_int_equal(pa_free(pa, 0x701, 0, PA_TO_TAIL, -1), 0);
	LISTS(pa, "M0:600,401,701");
}

static bool joins(enum pa_barrier barrier, unsigned int a, unsigned int b)
{
	if (barrier == PA_BARRIER_ISOLATE)
		return a != PA_ISOLATE && b != PA_ISOLATE;
	return barrier == PA_BARRIER_NONE || (a < PA_PCPTYPES && b < PA_PCPTYPES);
}

/* From pageblock order on, blocks merge across types; by and by fewer and fewer of them. */
static void a_barrier_between_pageblocks(const char *policy)
{
	for (unsigned int a = 0; a < PA_NR_MT; a++) {
		for (unsigned int b = 0; b < PA_NR_MT; b++) {
			struct pa *pa = model(policy);
			bool merge = a == b || joins(pa_policy(pa)->barrier, a, b);

			pa_set_pageblock(pa, 0x400, (enum pa_mt)a);
			pa_set_pageblock(pa, 0x600, (enum pa_mt)b);
			load(pa, 0x600, 9, (enum pa_mt)b);
			put(pa, 0x400, 9, (enum pa_mt)a);
			assert_int_equal(pa_nr_free(pa, 0, 10), merge);
			assert_int_equal(pa_nr_free(pa, 0, 9), merge ? 0 : 2);
			if (merge)
				assert_int_equal(pa_list_head(pa, 0, 10, (enum pa_mt)a), 0x400);
			assert_int_equal(pa_pageblock(pa, 0x400), a);
			assert_int_equal(pa_pageblock(pa, 0x600),
					 merge && pa_policy(pa)->hygiene ? a : b);
		}
	}
}

/* With pageblocks smaller than half the largest block, 6.12.0 retypes but one of them. */
static void how_much_of_a_buddy_is_retyped(const char *policy)
{
	const struct pa_zone_config zone = { .spanned = 1024, .managed = 1024 };
	const struct pa_config cfg = { .policy = pa_policy_find(policy),
				       .zones = &zone,
				       .nr_zones = 1,
				       .nr_orders = 11,
				       .pageblock_order = 3 };
	struct pa *pa;

	assert_int_equal(pa_init(mem, sizeof(mem), &cfg, &pa), 0);
	load(pa, 0x10, 4, PA_MOVABLE);
	pa_set_pageblock(pa, 0x00, PA_UNMOVABLE);
	pa_set_pageblock(pa, 0x08, PA_UNMOVABLE);
	assert_int_equal(pa_free(pa, 0x00, 4, 0, -1), 0);
	sound(pa);
	LISTS(pa, "U5:0");
	assert_int_equal(pa_pageblock(pa, 0x10), cfg.policy->hygiene ? PA_UNMOVABLE : PA_MOVABLE);
	assert_int_equal(pa_pageblock(pa, 0x18),
			 cfg.policy->retype_range ? PA_UNMOVABLE : PA_MOVABLE);
}

/* 6.10 and later free more than a pageblock as pageblocks, each with its own type. */
static void large_frees(const char *policy)
{
	struct pa *pa = model(policy);

	pa_set_pageblock(pa, 0x400, PA_UNMOVABLE);
	pa_set_pageblock(pa, 0x600, PA_HIGHATOMIC);
	assert_int_equal(pa_free(pa, 0x400, 10, 0, -1), 0);
	LISTS(pa, pa_policy(pa)->split_large ? "U9:400 H9:600" : "U10:400");
	assert_int_equal(pa_pageblock(pa, 0x600), PA_HIGHATOMIC);

	/* Free pieces of one type merge again. */
	pa = model(policy);
	assert_int_equal(pa_free(pa, 0x400, 10, 0, -1), 0);
	LISTS(pa, "M10:400");
	sound(pa);
}

static void a_captured_block_reaches_no_list(const char *policy)
{
	struct pa *pa = model(policy);
	struct pa_page_info info;

	load(pa, 0x401, 0, PA_UNMOVABLE);
	load(pa, 0x402, 1, PA_UNMOVABLE);
	assert_int_equal(pa_free_block(pa, 0x400, 0, PA_UNMOVABLE, 0, 2), 1);
	sound(pa);
	LISTS(pa, "");
	for (uint64_t pfn = 0x400; pfn < 0x404; pfn++) {
		assert_int_equal(pa_page(pa, pfn, &info), 0);
		assert_int_equal(info.use, PA_USE_PINNED);
	}

	/* It looks before each merge: what starts above its order is not its. */
	pa = model(policy);
	assert_int_equal(pa_free_block(pa, 0x400, 3, PA_UNMOVABLE, 0, 2), 0);
	LISTS(pa, "U3:400");
	/* Nor is the largest order ever looked at, nor CMA or isolated pages taken. */
	assert_int_equal(pa_free_block(pa, 0x800, 10, PA_UNMOVABLE, 0, 10), 0);
	assert_int_equal(pa_free_block(pa, 0xc00, 2, PA_CMA, 0, 2), 0);
	assert_int_equal(pa_free_block(pa, 0xe00, 2, PA_ISOLATE, 0, 2), 0);
	LISTS(pa, "U10:800 U3:400 C2:c00 I2:e00");
	/* One compactor takes one page of a free in pieces. */
	pa = model(policy);
	assert_int_equal(pa_free(pa, 0x400, 10, 0, 9), pa_policy(pa)->split_large);
	LISTS(pa, pa_policy(pa)->split_large ? "M9:600" : "M10:400");
}

static void zones_do_not_merge(const char *policy)
{
	const struct pa_zone_config zones[] = {
		{ .start_pfn = 0, .spanned = 0x401, .managed = 1 },
		{ .start_pfn = 0x401, .spanned = 0x3ff, .managed = 1 },
	};
	const struct pa_config cfg = { .policy = pa_policy_find(policy),
				       .zones = zones,
				       .nr_zones = 2,
				       .nr_orders = 11,
				       .pageblock_order = PBO };
	struct pa *pa;

	assert_int_equal(pa_init(mem, sizeof(mem), &cfg, &pa), 0);
	put(pa, 0x400, 0, PA_MOVABLE);
	put(pa, 0x401, 0, PA_MOVABLE);
	assert_int_equal(pa_list_head(pa, 0, 0, PA_MOVABLE), 0x400);
	assert_int_equal(pa_list_head(pa, 1, 0, PA_MOVABLE), 0x401);
	assert_int_equal(pa_free_block(pa, 0x400, 1, PA_MOVABLE, 0, -1), -EINVAL);
}

static void taking_one_block_out_of_a_larger(const char *policy)
{
	struct pa *pa = model(policy);

	load(pa, 0x400, 4, PA_MOVABLE);
	load(pa, 0x600, 2, PA_MOVABLE);
	assert_int_equal(pa_take(pa, 0x406, 1), 0);
	sound(pa);
	LISTS(pa, "M3:408 M2:400,600 M1:404");
	assert_int_equal(pa_take(pa, 0x406, 1), -ENOENT);
	assert_int_equal(pa_take(pa, 0x600, 3), -ENOENT);
	assert_int_equal(pa_take(pa, 0x601, 1), -ENOENT);
	assert_int_equal(pa_take(pa, 1u << 30, 0), -ENOENT);
	assert_int_equal(pa_take(pa, 0x600, 2), 0);
	LISTS(pa, "M3:408 M2:400 M1:404");
}

static void isolating_small_blocks_changes_no_type(const char *policy)
{
	struct pa *pa = model(policy);

	pa_set_pageblock(pa, 0x400, PA_UNMOVABLE);
	load(pa, 0x400, 7, PA_UNMOVABLE);
	load(pa, 0x500, 7, PA_UNMOVABLE);
	assert_int_equal(pa_isolate(pa, 0x400, 6), -ENOENT);
	assert_int_equal(pa_isolate(pa, 0x400, 7), 0);
	LISTS(pa, "U7:500");
	assert_int_equal(pa_pageblock(pa, 0x400), PA_UNMOVABLE);
	/* Put back, it goes to the tail. */
	load(pa, 0x600, 7, PA_UNMOVABLE);
	pa_set_pageblock(pa, 0x600, PA_UNMOVABLE);
	assert_int_equal(pa_putback(pa, 0x400, 7, PA_UNMOVABLE), 0);
	sound(pa);
	LISTS(pa, "U7:500,600,400");
}

/* Half a pageblock makes the block MOVABLE; from 6.10 on its other free pages move along. */
static void isolating_half_a_pageblock(const char *policy)
{
	struct pa *pa = model(policy);

	pa_set_pageblock(pa, 0x400, PA_UNMOVABLE);
	pa_set_pageblock(pa, 0x800, PA_HIGHATOMIC);
	load(pa, 0x400, 3, PA_UNMOVABLE);
	load(pa, 0x500, 8, PA_UNMOVABLE);
	load(pa, 0x600, 3, PA_MOVABLE);
	load(pa, 0x800, 8, PA_HIGHATOMIC);
	assert_int_equal(pa_isolate(pa, 0x500, 8), 0);
	assert_int_equal(pa_isolate(pa, 0x800, 8), 0);
	sound(pa);
	LISTS(pa, pa_policy(pa)->isolate_moves_rest ? "M3:600,400" : "U3:400 M3:600");
	assert_int_equal(pa_pageblock(pa, 0x400), PA_MOVABLE);
	assert_int_equal(pa_pageblock(pa, 0x800), PA_HIGHATOMIC);
	/* Both pageblocks of a larger block. */
	pa_set_pageblock(pa, 0xc00, PA_UNMOVABLE);
	pa_set_pageblock(pa, 0xe00, PA_UNMOVABLE);
	load(pa, 0xc00, 10, PA_UNMOVABLE);
	assert_int_equal(pa_isolate(pa, 0xc00, 10), 0);
	assert_int_equal(pa_pageblock(pa, 0xc00), PA_MOVABLE);
	assert_int_equal(pa_pageblock(pa, 0xe00), PA_MOVABLE);
}

static void moving_a_pageblock(const char *policy)
{
	struct pa *pa = model(policy);

	pa_set_pageblock(pa, 0x600, PA_HIGHATOMIC);
	load(pa, 0x600, 2, PA_HIGHATOMIC);
	load(pa, 0x4c0, 2, PA_MOVABLE);
	load(pa, 0x400, 2, PA_MOVABLE);
	load(pa, 0x408, 0, PA_MOVABLE);
	load(pa, 0x200, 2, PA_MOVABLE);
	assert_int_equal(pa_move_block(pa, 0x4ff, PA_HIGHATOMIC), 0);
	sound(pa);
	LISTS(pa, pa_policy(pa)->tail_moves ? "M2:200 H2:600,400,4c0 H0:408" :
					      "M2:200 H2:4c0,400,600 H0:408");
	assert_int_equal(pa_pageblock(pa, 0x400), PA_HIGHATOMIC);
	assert_int_equal(pa_move_block(pa, 1u << 30, PA_MOVABLE), -ENOENT);
	assert_int_equal(pa_move_block(pa, 0x400, PA_NR_MT), -EINVAL);
	pa = model_at(policy, 0, 0x500);
	assert_int_equal(pa_move_block(pa, 0x480, PA_HIGHATOMIC), -ENOENT);
}

/* Isolating a part of a larger free block: 6.12 breaks the block up first. */
static void moving_a_pageblock_of_a_larger_block(const char *policy)
{
	for (uint64_t pfn = 0x400; pfn <= 0x600; pfn += 0x200) {
		struct pa *pa = model(policy);
		const char *want = pfn == 0x400 ? "M9:600 I9:400" : "M9:400 I9:600";

		load(pa, 0x400, 10, PA_MOVABLE);
		assert_int_equal(pa_move_block(pa, pfn, PA_ISOLATE), 0);
		sound(pa);
		if (!pa_policy(pa)->hygiene)
			want = pfn == 0x400 ? "I10:400" : "M10:400";
		LISTS(pa, want);
		assert_int_equal(pa_pageblock(pa, pfn), PA_ISOLATE);
	}
}

static void rotating_a_list(const char *policy)
{
	static const uint64_t pfns[] = { 0x400, 0x410, 0x420, 0x430, 0x440 };
	struct pa *pa = model(policy);

	for (size_t i = 0; i < sizeof(pfns) / sizeof(pfns[0]); i++)
		load(pa, pfns[i], 3, PA_MOVABLE);
	assert_int_equal(pa_rotate(pa, 0x420, false), 1);
	LISTS(pa, "M3:420,430,440,400,410");
	assert_int_equal(pa_rotate(pa, 0x420, false), 0);
	assert_int_equal(pa_rotate(pa, 0x440, true), 1);
	LISTS(pa, "M3:400,410,420,430,440");
	assert_int_equal(pa_rotate(pa, 0x440, true), 0);
	assert_int_equal(pa_rotate(pa, 0x440, false), 1);
	LISTS(pa, "M3:440,400,410,420,430");
	sound(pa);
	assert_int_equal(pa_rotate(pa, 0x441, false), -ENOENT);
	assert_int_equal(pa_rotate(pa, 0x800, false), -ENOENT);
	assert_int_equal(pa_rotate(pa, 1u << 30, false), -ENOENT);
}

SINCE("2.6.24", splitting_keeps_the_lower_half)
SINCE("2.6.24", remainders_enter_at_the_head)
SINCE("2.4", free_buddies_merge_upward)
SINCE("2.4", merging_stops_at_the_largest_order)
SINCE("3.10", the_tail_is_for_blocks_likely_to_merge)
SINCE("3.10", large_blocks_enter_at_the_head)
SINCE("5.10", the_caller_may_ask_for_the_tail)
SINCE("2.6.24", a_barrier_between_pageblocks)
SINCE("2.6.24", how_much_of_a_buddy_is_retyped)
SINCE("2.6.24", large_frees)
SINCE("5.4", a_captured_block_reaches_no_list)
SINCE("2.4", zones_do_not_merge)
SINCE("2.4", taking_one_block_out_of_a_larger)
SINCE("5.10", isolating_small_blocks_changes_no_type)
SINCE("5.4", isolating_half_a_pageblock)
SINCE("2.6.24", moving_a_pageblock)
SINCE("2.6.24", moving_a_pageblock_of_a_larger_block)
SINCE("2.4", rotating_a_list)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splitting_keeps_the_lower_half_everywhere),
		cmocka_unit_test(remainders_enter_at_the_head_everywhere),
		cmocka_unit_test(free_buddies_merge_upward_everywhere),
		cmocka_unit_test(merging_stops_at_the_largest_order_everywhere),
		cmocka_unit_test(a_merged_block_goes_where_the_last_free_says),
		cmocka_unit_test(the_tail_is_for_blocks_likely_to_merge_everywhere),
		cmocka_unit_test(large_blocks_enter_at_the_head_everywhere),
		cmocka_unit_test(the_caller_may_ask_for_the_tail_everywhere),
		cmocka_unit_test(a_barrier_between_pageblocks_everywhere),
		cmocka_unit_test(how_much_of_a_buddy_is_retyped_everywhere),
		cmocka_unit_test(large_frees_everywhere),
		cmocka_unit_test(a_captured_block_reaches_no_list_everywhere),
		cmocka_unit_test(zones_do_not_merge_everywhere),
		cmocka_unit_test(taking_one_block_out_of_a_larger_everywhere),
		cmocka_unit_test(isolating_small_blocks_changes_no_type_everywhere),
		cmocka_unit_test(isolating_half_a_pageblock_everywhere),
		cmocka_unit_test(moving_a_pageblock_everywhere),
		cmocka_unit_test(moving_a_pageblock_of_a_larger_block_everywhere),
		cmocka_unit_test(rotating_a_list_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
