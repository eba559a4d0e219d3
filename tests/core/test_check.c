/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pa_check: every invariant, broken on purpose.  The one test that looks inside the state, for a
 * sound one cannot be damaged from outside.
 */
#include "fixture.h"
#include "core/pa_internal.h"

#define LIST lists[1][PA_MOVABLE]

struct damage {
	const char *why;
	void (*inflict)(struct pa *pa, struct pa_zone *z);
	const char *policy; /* NULL: 6.18 */
};

static void leave_zone(struct pa *pa, struct pa_zone *z)
{
	pa_links(pa)[0x414].next = (uint32_t)(z->end - z->start);
}

static void close_a_ring(struct pa *pa, struct pa_zone *z)
{
	(void)z;
	pa_links(pa)[0x414].next = 0x410;
}

static void mark_as_another_type(struct pa *pa, struct pa_zone *z)
{
	(void)z;
	pa_descs(pa)[0x410].tag = pa_head_tag(1, PA_UNMOVABLE);
}

static void shift_a_block(struct pa *pa, struct pa_zone *z)
{
	z->LIST.head = 0x411;
	pa_descs(pa)[0x411].tag = pa_head_tag(1, PA_MOVABLE);
}

static void break_the_way_back(struct pa *pa, struct pa_zone *z)
{
	(void)z;
	pa_links(pa)[0x414].prev = PA_NIL;
}

static void cut_a_list_short(struct pa *pa, struct pa_zone *z)
{
	(void)z;
	pa_links(pa)[0x410].next = PA_NIL;
}

static void forget_the_tail(struct pa *pa, struct pa_zone *z)
{
	(void)pa;
	z->LIST.tail = 0x410;
}

static void lower_the_orders(struct pa *pa, struct pa_zone *z)
{
	(void)z;
	pa->nr_orders = 1;
}

static void miscount_pages(struct pa *pa, struct pa_zone *z)
{
	(void)pa;
	z->free[PA_MOVABLE]++;
}

static void misjudge_a_list(struct pa *pa, struct pa_zone *z)
{
	(void)pa;
	z->orders[PA_MOVABLE] |= 4;
}

static void free_a_frame_of_nobody(struct pa *pa, struct pa_zone *z)
{
	(void)z;
	pa_descs(pa)[0x2000].tag = PA_USE_FREE;
}

static void use_a_free_frame(struct pa *pa, struct pa_zone *z)
{
	(void)z;
	pa_descs(pa)[0x411].tag = PA_USE_PINNED;
}

static void head_no_list(struct pa *pa, struct pa_zone *z)
{
	(void)z;
	pa_descs(pa)[0x2000].tag = pa_head_tag(0, PA_MOVABLE);
}

static void leave_buddies_apart(struct pa *pa, struct pa_zone *z)
{
	(void)z;
	load(pa, 0x412, 1, PA_MOVABLE);
}

static void invent_a_type(struct pa *pa, struct pa_zone *z)
{
	(void)z;
	pa_blocks(pa)[5] = PA_NR_MT;
}

static void change_a_type(struct pa *pa, struct pa_zone *z)
{
	(void)z;
	pa_set_pageblock(pa, 0x410, PA_UNMOVABLE);
}

static void miscount_isolated(struct pa *pa, struct pa_zone *z)
{
	(void)pa;
	z->nr_isolate++;
}

static void flip_a_bit(struct pa *pa, struct pa_zone *z)
{
	pa_flip_pair(pa, z, 0x2000, 3);
}

/* Above pageblock order, where other versions may hold buddies apart. */
static void split_a_pair(struct pa *pa, struct pa_zone *z)
{
	pa_mark(pa, z, 0x800, 10, PA_USE_FREE);
	pa_link_block(pa, z, 0x800, 9, PA_MOVABLE, false);
	pa_link_block(pa, z, 0xa00, 9, PA_MOVABLE, false);
}

static void open_another_list(struct pa *pa, struct pa_zone *z)
{
	pa_mark(pa, z, 0x800, 2, PA_USE_FREE);
	pa_link_block(pa, z, 0x800, 2, PA_UNMOVABLE, false);
}

static void type_a_block(struct pa *pa, struct pa_zone *z)
{
	(void)z;
	pa_blocks(pa)[5] = PA_UNMOVABLE;
}

static void boost_too_far(struct pa *pa, struct pa_zone *z)
{
	z->boost = pa_boost_max(pa, z) + 1;
}

static const struct damage damages[] = {
	{ "a list leads out of its zone", leave_zone, NULL },
	{ "a list is longer than its count", close_a_ring, NULL },
	{ "a block on a list is marked otherwise", mark_as_another_type, NULL },
	{ "a free block is not aligned or leaves its zone", shift_a_block, NULL },
	{ "a list does not read the same backwards", break_the_way_back, NULL },
	{ "a list is shorter than its count", cut_a_list_short, NULL },
	{ "the tail of a list is not its last block", forget_the_tail, NULL },
	{ "a list of an order that does not exist has blocks", lower_the_orders, NULL },
	{ "the free pages of a type do not sum up", miscount_pages, NULL },
	{ "the set of non-empty lists is wrong", misjudge_a_list, NULL },
	{ "a frame is free but in no block", free_a_frame_of_nobody, NULL },
	{ "a frame inside a free block is not free", use_a_free_frame, NULL },
	{ "a free block is on no list", head_no_list, NULL },
	{ "two free buddies in one pageblock were left apart", leave_buddies_apart, NULL },
	{ "a pageblock has no known type", invent_a_type, NULL },
	{ "a free block is not on the list of its pageblock's type", change_a_type, NULL },
	{ "a watermark boost is above its limit", boost_too_far, NULL },
	{ "the isolated pageblocks are miscounted", miscount_isolated, NULL },
	{ "the bit of a pair of buddies is wrong", flip_a_bit, "2.4" },
	{ "a pair of buddies is free and was left apart", split_a_pair, "2.4" },
	{ "there is more than one list of an order", open_another_list, "2.4" },
	{ "a pageblock has a type though there are none", type_a_block, "2.4" },
};

static void each_damage_has_its_name(void **state)
{
	(void)state;

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct pa *pa = model(damages[i].policy ? damages[i].policy : "6.18");
		const char *why = "";

		load(pa, 0x410, 1, PA_MOVABLE);
		load(pa, 0x414, 1, PA_MOVABLE);
		sound(pa);
		damages[i].inflict(pa, &pa_zones(pa)[0]);
		assert_false(pa_check(pa, &why));
		assert_string_equal(why, damages[i].why);
		assert_false(pa_check(pa, NULL));
	}
}

/* Before 6.10 a list's type need not be the pageblock's. */
static void old_kernels_mix_types(void **state)
{
	struct pa *pa = model("6.1");
	(void)state;

	load(pa, 0x400, 3, PA_UNMOVABLE);
	sound(pa);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_damage_has_its_name),
		cmocka_unit_test(old_kernels_mix_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
