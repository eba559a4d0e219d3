/* SPDX-License-Identifier: GPL-2.0-only */
/* 2.4: one list an order, and a bit for each pair of buddies that says all that merging must know. */
#include <errno.h>

#include "fixture.h"

static void four_pages_from_a_list_of_eight(void **state)
{
	struct pa *pa = model("2.4");
	struct pa_decision d;
	(void)state;

	put(pa, 0x408, 3, PA_MOVABLE);
	assert_int_equal(pa_pair(pa, 0x408, 3), 1);
	d = take(pa, 2, PA_UNMOVABLE);
	assert_int_equal(d.path, PA_PATH_SMALLEST);
	assert_int_equal(d.from_order, 3);
	/* The lower half stays, the upper one is handed out. */
	assert_int_equal(d.pfn, 0x40c);
	LISTS(pa, "M2:408");
	assert_int_equal(pa_pair(pa, 0x408, 3), 0);
	assert_int_equal(pa_pair(pa, 0x40c, 2), 1);
}

static void four_pages_from_a_list_of_sixteen(void **state)
{
	struct pa *pa = model("2.4");
	(void)state;

	put(pa, 0x410, 4, PA_MOVABLE);
	assert_int_equal(take(pa, 2, PA_MOVABLE).pfn, 0x41c);
	LISTS(pa, "M3:410 M2:418");
	assert_int_equal(pa_pair(pa, 0x410, 4), 0);
	assert_int_equal(pa_pair(pa, 0x410, 3), 1);
	assert_int_equal(pa_pair(pa, 0x418, 2), 1);
	assert_int_equal(pa_pair(pa, 0x410, 2), 0);
	/* They all come together again. */
	put(pa, 0x41c, 2, PA_MOVABLE);
	LISTS(pa, "M4:410");
	for (unsigned int order = 0; order < 10; order++)
		assert_int_equal(pa_pair(pa, 0x410, order), order == 4);
}

static void each_free_and_allocation_flips_one_bit(void **state)
{
	struct pa *pa = model("2.4");
	(void)state;

	put(pa, 0x400, 0, PA_MOVABLE);
	assert_int_equal(pa_pair(pa, 0x400, 0), 1);
	assert_int_equal(pa_pair(pa, 0x401, 0), 1);
	assert_int_equal(pa_pair(pa, 0x402, 0), 0);
	assert_int_equal(pa_pair(pa, 0x3ff, 0), 0);
	/* The buddy: 1 becomes 0 and the pair goes up; so twice more. */
	put(pa, 0x401, 0, PA_MOVABLE);
	assert_int_equal(pa_pair(pa, 0x400, 0), 0);
	assert_int_equal(pa_pair(pa, 0x400, 1), 1);
	put(pa, 0x402, 1, PA_MOVABLE);
	assert_int_equal(pa_pair(pa, 0x400, 1), 0);
	assert_int_equal(pa_pair(pa, 0x400, 2), 1);
	LISTS(pa, "M2:400");
	assert_int_equal(take(pa, 2, PA_MOVABLE).pfn, 0x400);
	assert_int_equal(pa_pair(pa, 0x400, 2), 0);
}

static void every_type_shares_one_list(void **state)
{
	struct pa *pa = model("2.4");
	(void)state;

	for (unsigned int mt = 0; mt < PA_NR_MT; mt++) {
		assert_int_equal(pa_set_pageblock(pa, 0x400, (enum pa_mt)mt), 0);
		assert_int_equal(pa_pageblock(pa, 0x400), PA_MOVABLE);
		put(pa, 0x400 + 2 * mt, 0, (enum pa_mt)mt);
	}
	LISTS(pa, "M0:40c,40a,408,406,404,402,400");
	for (unsigned int mt = 0; mt < PA_NR_MT; mt++)
		assert_int_equal(take(pa, 0, (enum pa_mt)mt).pfn, 0x40c - 2 * mt);
	/* Nobody lends, and nothing moves. */
	assert_int_equal(take(pa, 0, PA_UNMOVABLE).path, PA_PATH_NONE);
	put(pa, 0x400, 3, PA_MOVABLE);
	put(pa, 0x500, 3, PA_MOVABLE);
	assert_int_equal(pa_move_block(pa, 0x400, PA_ISOLATE), 0);
	pa_reserve_pageblocks(pa, 0, 4096);
	LISTS(pa, "M3:500,400");
	sound(pa);
}

static void frees_enter_at_the_head(void **state)
{
	struct pa *pa = model("2.4");
	(void)state;

	load(pa, 0x600, 0, PA_MOVABLE);
	load(pa, 0x402, 1, PA_MOVABLE);
	put(pa, 0x401, 0, PA_MOVABLE);
	assert_int_equal(pa_free_block(pa, 0x501, 0, PA_MOVABLE, PA_TO_TAIL, -1), 0);
	LISTS(pa, "M1:402 M0:501,401,600");
	sound(pa);
}

/* A snapshot of another kernel may hold two buddies apart; here that cannot be. */
static void loading_merges_buddies(void **state)
{
	struct pa *pa = model("2.4");
	(void)state;

	load(pa, 0x800, 9, PA_MOVABLE);
	load(pa, 0x400, 9, PA_UNMOVABLE);
	load(pa, 0x600, 9, PA_HIGHATOMIC);
	LISTS(pa, "M10:400 M9:800");
	sound(pa);
	pa_clear_list(pa, 0, 9, PA_MOVABLE);
	pa_clear_list(pa, 0, 10, PA_MOVABLE);
	assert_int_equal(pa_pair(pa, 0x800, 9), 0);
	sound(pa);
}

static void surgery_keeps_the_bits(void **state)
{
	struct pa *pa = model("2.4");
	(void)state;

	put(pa, 0x400, 10, PA_MOVABLE);
	assert_int_equal(pa_take(pa, 0x456, 1), 0);
	sound(pa);
	assert_int_equal(pa_isolate(pa, 0x600, 9), 0);
	sound(pa);
	assert_int_equal(pa_rotate(pa, 0x480, true), 0);
	assert_int_equal(pa_putback(pa, 0x600, 9, PA_MOVABLE), 0);
	put(pa, 0x456, 1, PA_MOVABLE);
	LISTS(pa, "M10:400");
}

/* Buddies that lie outside the zone are allocated for good. */
static void ragged_zones_have_bits_too(void **state)
{
	struct pa *pa = model_at("2.4", 0x401, 0x2fe);
	(void)state;

	for (uint64_t pfn = 0x401; pfn < 0x6ff; pfn++)
		put(pa, pfn, 0, PA_MOVABLE);
	LISTS(pa, "M8:500 M7:600,480 M6:680,440 M5:6c0,420 M4:6e0,410 M3:6f0,408 M2:6f8,404 "
		  "M1:6fc,402 M0:6fe,401");
	assert_int_equal(pa_pair(pa, 0x6fe, 0), 1);
	assert_int_equal(pa_pair(pa, 0x401, 0), 1);
}

static void other_places_have_no_bits(void **state)
{
	struct pa *pa = model("2.4");
	(void)state;

	assert_int_equal(pa_pair(pa, 0x400, 10), -EINVAL);
	assert_int_equal(pa_pair(pa, 1u << 30, 0), -EINVAL);
	assert_int_equal(pa_pair(model("2.6.24"), 0x400, 0), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_pages_from_a_list_of_eight),
		cmocka_unit_test(four_pages_from_a_list_of_sixteen),
		cmocka_unit_test(each_free_and_allocation_flips_one_bit),
		cmocka_unit_test(every_type_shares_one_list),
		cmocka_unit_test(frees_enter_at_the_head),
		cmocka_unit_test(loading_merges_buddies),
		cmocka_unit_test(surgery_keeps_the_bits),
		cmocka_unit_test(ragged_zones_have_bits_too),
		cmocka_unit_test(other_places_have_no_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
