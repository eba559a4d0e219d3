/* SPDX-License-Identifier: GPL-2.0-only */
/* The ends of ranges below the request level, and decisions forged in one number. */
#include <errno.h>

#include "fixture.h"
#include "core/pa_internal.h"

/* Two buddies of the largest order are never merged, not even where the bitmap rules. */
static void largest_blocks_load_side_by_side(const char *policy)
{
	struct pa *pa = model(policy);

	load(pa, 0x400, 10, PA_MOVABLE);
	load(pa, 0x800, 10, PA_MOVABLE);
	load(pa, 0xc00, 10, PA_MOVABLE);
	LISTS(pa, "M10:400,800,c00");
	sound(pa);
}

static void what_is_no_block_is_left_alone(const char *policy)
{
	static unsigned char before[sizeof(mem)];
	struct pa *pa = model(policy);

	load(pa, 0x400, 3, PA_MOVABLE);
	memcpy(before, mem, sizeof(mem));
	pa_set_use(pa, 0x800, PA_MAX_ORDERS, PA_USE_MOVABLE);
	pa_set_use(pa, 0x800, 0, PA_USE_FREE);
	pa_set_use(pa, 64 * PBN, 0, PA_USE_MOVABLE);
	assert_int_equal(pa_isolate(pa, 0x402, 2), -ENOENT);
	assert_int_equal(pa_isolate(pa, 64 * PBN, 3), -ENOENT);
	assert_int_equal(pa_isolate(pa, 0x408, 3), -ENOENT);
	assert_int_equal(pa_isolate(pa, 0x400, 4), -ENOENT);
	assert_same_bytes(before, mem, sizeof(mem));
}

/* A zone may end inside what would be a block. */
static void a_block_that_leaves_its_zone_is_found(const char *policy)
{
	struct pa *pa = model_at(policy, 0, 64 * PBN + 1);
	struct pa_zone *z = &pa_zones(pa)[0];
	const char *why = "";

	pa_link_block(pa, z, 64 * PBN, 1, PA_MOVABLE, false);
	assert_false(pa_check(pa, &why));
	assert_string_equal(why, "a free block is not aligned or leaves its zone");
}

static void forged(struct pa *pa, const struct pa_decision *d)
{
	static unsigned char before[sizeof(mem)];

	memcpy(before, mem, sizeof(mem));
	assert_int_equal(pa_commit(pa, d), -EINVAL);
	assert_same_bytes(before, mem, sizeof(mem));
}

/* A whole pageblock is borrowed: one number wrong, and nothing is done. */
static void a_forged_fallback_is_refused(const char *policy)
{
	const struct pa_request req = { .mt = PA_UNMOVABLE, .order = 2 };
	struct pa *pa = model(policy);
	struct pa_decision d, bad;

	load(pa, 0x400, 9, PA_MOVABLE);
	load(pa, 0x800, 9, PA_MOVABLE);
	assert_int_equal(pa_decide(pa, &req, &d), 0);
	assert_int_equal(d.path, PA_PATH_CLAIM_WHOLE);
	assert_true(pa_is_claim(&d));
	bad = d;
	bad.from_order++;
	forged(pa, &bad);
	bad = d;
	bad.pfn += 4;
	forged(pa, &bad);
	bad = d;
	bad.path = PA_NR_PATHS;
	forged(pa, &bad);
	bad = d;
	bad.fallback_pfn += 0x200;
	forged(pa, &bad);
	/* Whoever says that a whole pageblock was not claimed, is wrong: it always is. */
	if (pa_policy(pa)->fallback != PA_FALLBACK_CLAIM_STEAL)
		assert_int_equal(pa_decide_fallback(pa, &req, d.fallback_pfn, 9, PA_MOVABLE, false,
						    &bad),
				 -EINVAL);
	assert_int_equal(pa_commit(pa, &d), 0);
	sound(pa);
}

/*
 * Told that a small block was claimed: the larger ones of that type were looked at first, and
 * cannot have been.
 */
static void larger_blocks_were_looked_at_first(const char *policy)
{
	const struct pa_request req = { .mt = PA_UNMOVABLE };
	struct pa *pa = model(policy);
	struct pa_decision d;

	load(pa, 0x500, 7, PA_MOVABLE);
	load(pa, 0x820, 5, PA_MOVABLE);
	load(pa, 0xa40, 5, PA_MOVABLE);
	assert_int_equal(pa_decide_fallback(pa, &req, 0xa40, 5, PA_MOVABLE, true, &d), 0);
	assert_int_equal(d.path, PA_PATH_CLAIM);
	assert_int_equal(d.fallback_pfn, 0xa40);
	assert_int_equal(d.nr_tests, 2);
	assert_int_equal(d.tests[0].pfn, 0x500);
	assert_false(d.tests[0].claimed);
	assert_true(d.tests[1].claimed);
	assert_int_equal(pa_commit(pa, &d), 0);
	assert_int_equal(pa_pageblock(pa, 0xa40), PA_UNMOVABLE);
	assert_int_equal(pa_pageblock(pa, 0x500), PA_MOVABLE);
	sound(pa);
}

static void a_forged_claim_in_vain_is_refused(const char *policy)
{
	const struct pa_request req = { .order = 10,
					.mt = PA_UNMOVABLE,
					.flags = PA_ALLOC_NOFRAGMENT };
	struct pa *pa = model(policy);
	struct pa_decision d, bad;

	load(pa, 0x400, 9, PA_MOVABLE);
	load(pa, 0x800, 9, PA_MOVABLE);
	assert_int_equal(pa_decide(pa, &req, &d), 0);
	assert_int_equal(d.path, PA_PATH_NONE);
	bad = d;
	bad.fallback_pfn ^= 0x400 | 0x800;
	forged(pa, &bad);
	bad = d;
	bad.req.mt = PA_HIGHATOMIC;
	forged(pa, &bad);
	load(pa, 0xc00, 10, PA_RECLAIMABLE); /* by now a block is large enough */
	forged(pa, &d);
}

SINCE("2.4", largest_blocks_load_side_by_side)
SINCE("2.4", what_is_no_block_is_left_alone)
SINCE("2.4", a_block_that_leaves_its_zone_is_found)
SINCE("2.6.24", a_forged_fallback_is_refused)
SINCE("6.18", larger_blocks_were_looked_at_first)
BETWEEN("5.4", "5.10", a_forged_claim_in_vain_is_refused)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(largest_blocks_load_side_by_side_everywhere),
		cmocka_unit_test(what_is_no_block_is_left_alone_everywhere),
		cmocka_unit_test(a_block_that_leaves_its_zone_is_found_everywhere),
		cmocka_unit_test(a_forged_fallback_is_refused_everywhere),
		cmocka_unit_test(larger_blocks_were_looked_at_first_everywhere),
		cmocka_unit_test(a_forged_claim_in_vain_is_refused_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
