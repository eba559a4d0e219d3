/* SPDX-License-Identifier: GPL-2.0-only */
/* Which page a request gets when its own lists are empty, and what that does to the rest. */
#include <errno.h>

#include "fixture.h"

/* One MOVABLE pageblock with four free pieces; @pinned of its 312 used frames are not movable. */
static struct pa *scattered(const char *policy, unsigned int pinned)
{
	struct pa *pa = model(policy);

	pa_set_use(pa, 0x200, 9, PA_USE_MOVABLE);
	for (unsigned int i = 0; i < pinned; i++)
		pa_set_use(pa, 0x380 + i, 0, PA_USE_PINNED);
	load(pa, 0x208, 3, PA_MOVABLE);
	load(pa, 0x240, 5, PA_MOVABLE);
	load(pa, 0x280, 5, PA_MOVABLE);
	load(pa, 0x300, 7, PA_MOVABLE);
	sound(pa);
	return pa;
}

#define MOVED "U7:300 U5:240,280 U2:20c U1:20a U0:209"
#define MOVED_TO_HEAD "U7:300 U5:280,240 U2:20c U1:20a U0:209"
#define SPLIT "U6:340 U5:320,280,240 U4:310 U3:308,208 U2:304 U1:302 U0:301"

static const char *moved(const struct pa *pa)
{
	return pa_policy(pa)->tail_moves ? MOVED : MOVED_TO_HEAD;
}

static void too_few_alike_pages_leave_the_block_alone(void **state)
{
	static const struct {
		const char *policy;
		enum pa_path path;
		uint64_t pfn, fallback_pfn;
		unsigned int fallback_order, boosts;
		const char *lists;
	} cases[] = {
		{ "2.6.24", PA_PATH_MOVE, 0x300, 0x300, 7, 0, SPLIT },
		{ "3.10", PA_PATH_MOVE, 0x300, 0x300, 7, 0, SPLIT },
		{ "4.4", PA_PATH_MOVE, 0x300, 0x300, 7, 0, SPLIT },
		{ "5.4", PA_PATH_MOVE, 0x208, 0x300, 7, 1, MOVED_TO_HEAD },
		{ "5.10", PA_PATH_MOVE, 0x208, 0x300, 7, 1, MOVED },
		{ "6.1.0", PA_PATH_MOVE, 0x208, 0x300, 7, 1, MOVED },
		{ "6.1", PA_PATH_MOVE, 0x208, 0x300, 7, 1, MOVED },
		{ "6.12.0", PA_PATH_STEAL, 0x300, 0x300, 7, 1,
		  "M6:340 M5:320,240,280 M4:310 M3:308,208 M2:304 M1:302 M0:301" },
		{ "6.12", PA_PATH_STEAL, 0x208, 0x208, 3, 3,
		  "M7:300 M5:240,280 M2:20c M1:20a M0:209" },
		{ "6.18", PA_PATH_STEAL, 0x208, 0x208, 3, 3,
		  "M7:300 M5:240,280 M2:20c M1:20a M0:209" },
		{ "7.3", PA_PATH_STEAL, 0x208, 0x208, 3, 3,
		  "M7:300 M5:240,280 M2:20c M1:20a M0:209" },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pa *pa = scattered(cases[i].policy, 0);
		struct pa_decision d = take(pa, 0, PA_UNMOVABLE);

		assert_int_equal(d.path, cases[i].path);
		assert_int_equal(d.pfn, cases[i].pfn);
		assert_int_equal(d.fallback_pfn, cases[i].fallback_pfn);
		assert_int_equal(d.fallback_order, cases[i].fallback_order);
		assert_int_equal(d.fallback_mt, PA_MOVABLE);
		assert_int_equal(d.boosts, cases[i].boosts);
		assert_int_equal(d.nr_tests, cases[i].boosts ? cases[i].boosts : 1);
		assert_int_equal(d.tests[0].free, 200);
		/* Up to 4.4 nobody looks at pages in use. */
		assert_int_equal(d.tests[0].movable, cases[i].boosts ? 312 : 0);
		assert_int_equal(d.tests[0].alike, 0);
		assert_int_equal(d.tests[0].unknown, 0);
		assert_false(d.tests[0].claimed);
		LISTS(pa, cases[i].lists);
		assert_int_equal(pa_pageblock(pa, 0x200), PA_MOVABLE);
		assert_int_equal(pa_boost(pa, 0), PBN * cases[i].boosts);
	}
}

static void half_a_block_alike_claims_it(const char *policy)
{
	struct pa *pa = scattered(policy, 56);
	struct pa_decision d = take(pa, 0, PA_UNMOVABLE);

	assert_int_equal(d.path, PA_PATH_CLAIM);
	assert_int_equal(d.pfn, 0x208);
	assert_int_equal(d.from_order, 3);
	assert_int_equal(d.fallback_pfn, 0x300);
	assert_int_equal(d.nr_tests, 1);
	assert_int_equal(d.tests[0].alike, 56);
	assert_true(d.tests[0].claimed);
	LISTS(pa, moved(pa));
	assert_int_equal(pa_pageblock(pa, 0x200), PA_UNMOVABLE);
	assert_int_equal(pa_boost(pa, 0), PBN);
}

static void one_page_short_of_half_does_not(const char *policy)
{
	struct pa *pa = scattered(policy, 55);
	struct pa_decision d = take(pa, 0, PA_UNMOVABLE);

	assert_false(pa_is_claim(&d));
	assert_int_equal(d.tests[0].alike, 55);
	assert_int_equal(pa_pageblock(pa, 0x200), PA_MOVABLE);
}

/* Frames nobody has looked at count as movable in a MOVABLE block, and only there. */
static void unknown_frames_are_guessed_from_the_block(const char *policy)
{
	struct pa *pa = model(policy);
	struct pa_decision d;

	load(pa, 0x200, 7, PA_MOVABLE);
	d = take(pa, 0, PA_UNMOVABLE);
	assert_int_equal(d.tests[0].unknown, 384);
	assert_int_equal(d.tests[0].movable, 384);
	assert_int_equal(d.tests[0].alike, 0);

	pa = model(policy);
	assert_int_equal(pa_set_pageblock(pa, 0x200, PA_UNMOVABLE), 0);
	load(pa, 0x200, 7, PA_UNMOVABLE);
	d = take(pa, 0, PA_MOVABLE);
	assert_int_equal(d.tests[0].unknown, 384);
	assert_int_equal(d.tests[0].movable, 0);
	assert_int_equal(d.tests[0].alike, 0);
}

/* UNMOVABLE and RECLAIMABLE cannot be told apart, so such a block needs half its pages free. */
static void other_types_count_free_pages_alone(const char *policy)
{
	struct pa *pa = model(policy);
	struct pa_decision d;

	assert_int_equal(pa_set_pageblock(pa, 0x200, PA_UNMOVABLE), 0);
	pa_set_use(pa, 0x200, 9, PA_USE_PINNED);
	load(pa, 0x200, 7, PA_UNMOVABLE);
	d = take(pa, 0, PA_RECLAIMABLE);
	assert_int_equal(d.tests[0].alike, 0);
	assert_false(pa_is_claim(&d));

	pa = model(policy);
	assert_int_equal(pa_set_pageblock(pa, 0x200, PA_UNMOVABLE), 0);
	load(pa, 0x200, 8, PA_UNMOVABLE);
	d = take(pa, 0, PA_RECLAIMABLE);
	assert_int_equal(d.path, PA_PATH_CLAIM);
	LISTS(pa, "R7:280 R6:240 R5:220 R4:210 R3:208 R2:204 R1:202 R0:201");
}

/* A MOVABLE request that may not claim takes the smallest block that fits. */
static void movable_splits_the_smallest(const char *policy)
{
	struct pa *pa = model(policy);
	struct pa_decision d;

	assert_int_equal(pa_set_pageblock(pa, 0x200, PA_UNMOVABLE), 0);
	load(pa, 0x208, 3, PA_UNMOVABLE);
	load(pa, 0x204, 1, PA_UNMOVABLE);
	load(pa, 0x210, 0, PA_UNMOVABLE);
	d = take(pa, 1, PA_MOVABLE);
	assert_int_equal(d.path, PA_PATH_STEAL);
	assert_int_equal(d.pfn, 0x204);
	assert_int_equal(d.fallback_order, 1);
	LISTS(pa, "U3:208 U0:210");
	assert_int_equal(pa_pageblock(pa, 0x200), PA_UNMOVABLE);
}

/* From 3.10 to 6.9 the rest of a stolen block changes list; before and later it keeps its type. */
static void the_rest_of_a_stolen_block(const char *policy)
{
	struct pa *pa = model(policy);

	assert_int_equal(pa_set_pageblock(pa, 0x200, PA_UNMOVABLE), 0);
	load(pa, 0x208, 3, PA_UNMOVABLE);
	take(pa, 1, PA_MOVABLE);
	LISTS(pa, pa_policy(pa)->hygiene || pa_policy(pa)->first_cut ? "U2:20c U1:20a" :
								       "M2:20c M1:20a");
}

static void a_free_pageblock_is_claimed_whole(const char *policy)
{
	struct pa *pa = model(policy);
	struct pa_decision d;

	load(pa, 0x400, 10, PA_MOVABLE);
	d = request(pa, (struct pa_request){ .mt = PA_RECLAIMABLE, .flags = PA_ALLOC_NOFRAGMENT });
	assert_int_equal(d.path, PA_PATH_CLAIM_WHOLE);
	assert_int_equal(d.pfn, 0x400);
	assert_int_equal(d.from_order, 10);
	assert_int_equal(d.boosts, 0);
	LISTS(pa, "R9:600 R8:500 R7:480 R6:440 R5:420 R4:410 R3:408 R2:404 R1:402 R0:401");
	assert_int_equal(pa_pageblock(pa, 0x400), PA_RECLAIMABLE);
	assert_int_equal(pa_pageblock(pa, 0x600),
			 pa_policy(pa)->first_cut ? PA_MOVABLE : PA_RECLAIMABLE);
}

static void nofragment_leaves_parts_of_blocks_alone(const char *policy)
{
	struct pa *pa = model(policy);
	struct pa_decision d;

	load(pa, 0x400, 8, PA_MOVABLE);
	d = request(pa, (struct pa_request){ .mt = PA_UNMOVABLE, .flags = PA_ALLOC_NOFRAGMENT });
	assert_int_equal(d.path, PA_PATH_NONE);
	assert_int_equal(d.pfn, PA_PFN_NONE);
	LISTS(pa, "M8:400");
	assert_int_equal(pa_boost(pa, 0), 0);
}

static void the_table_is_read_from_left_to_right(const char *policy)
{
	static const uint8_t wanted[PA_PCPTYPES] = {
		[PA_UNMOVABLE] = PA_RECLAIMABLE,
		[PA_MOVABLE] = PA_RECLAIMABLE,
		[PA_RECLAIMABLE] = PA_UNMOVABLE,
	};

	for (unsigned int start = 0; start < PA_PCPTYPES; start++) {
		struct pa *pa = model(policy);

		for (unsigned int mt = 0; mt < PA_NR_MT; mt++) {
			pa_set_pageblock(pa, 0x400 + mt * PBN, (enum pa_mt)mt);
			/* 4.4 and 5.4 take CMA pages before they look at the table. */
			if (mt != start && (mt != PA_CMA || pa_policy(pa)->cma != PA_CMA_MOVABLE))
				load(pa, 0x400 + mt * PBN, 9, (enum pa_mt)mt);
		}
		assert_int_equal(take(pa, 3, (enum pa_mt)start).fallback_mt,
				 start == PA_MOVABLE && pa_policy(pa)->cma == PA_CMA_LENDER ?
					 PA_CMA :
					 wanted[start]);
	}
}

static void special_types_ask_for_their_list_alone(const char *policy)
{
	for (unsigned int mt = PA_PCPTYPES; mt < PA_NR_MT; mt++) {
		struct pa *pa = model(policy);

		load(pa, 0x400, 9, PA_MOVABLE);
		assert_int_equal(take(pa, 0, (enum pa_mt)mt).path, PA_PATH_NONE);
		pa_set_pageblock(pa, 0x800, (enum pa_mt)mt);
		load(pa, 0x800, 0, (enum pa_mt)mt);
		assert_int_equal(take(pa, 0, (enum pa_mt)mt).pfn, 0x800);
		LISTS(pa, "M9:400");
	}
}

/* CMA comes first while it holds over half of what is free, and before any fallback. */
static void cma(const char *policy)
{
	const struct pa_request req = { .mt = PA_MOVABLE, .flags = PA_ALLOC_CMA };
	struct pa *pa = model(policy);
	struct pa_decision d;

	pa_set_pageblock(pa, 0x800, PA_CMA);
	load(pa, 0x801, 0, PA_CMA);
	load(pa, 0x804, 0, PA_CMA);
	load(pa, 0x400, 0, PA_MOVABLE);
	d = request(pa, req);
	assert_int_equal(d.pfn, 0x801);
	assert_int_equal(d.path, PA_PATH_SMALLEST);
	assert_int_equal(d.next_mode, PA_MODE_NORMAL);
	/* Half is not over half. */
	assert_int_equal(request(pa, req).pfn, 0x400);
	load(pa, 0x600, 3, PA_UNMOVABLE);
	pa_set_pageblock(pa, 0x600, PA_UNMOVABLE);
	d = request(pa, req);
	assert_int_equal(d.pfn, 0x804);
	assert_int_equal(d.next_mode, pa_policy(pa)->fallback == PA_FALLBACK_CLAIM_STEAL ?
					      PA_MODE_CMA :
					      PA_MODE_NORMAL);
	assert_true(pa_is_fallback(&(struct pa_decision){ .path = request(pa, req).path }));
}

/* A block in a HIGHATOMIC pageblock that strayed to another list is never claimed before 6.15. */
static void highatomic_blocks_are_not_claimed(void **state)
{
	static const struct {
		const char *policy;
		enum pa_path path;
		const char *lists;
		int type; /* of the pageblock afterwards */
	} cases[] = {
		{ "5.4", PA_PATH_STEAL, "U7:280 U6:240 U5:220 U4:210 U3:208 U2:204 U1:202 U0:201",
		  PA_HIGHATOMIC },
		{ "6.1", PA_PATH_STEAL, "U7:280 U6:240 U5:220 U4:210 U3:208 U2:204 U1:202 U0:201",
		  PA_HIGHATOMIC },
		{ "6.12.0", PA_PATH_STEAL,
		  "H7:280 H6:240 H5:220 H4:210 H3:208 H2:204 H1:202 H0:201", PA_HIGHATOMIC },
		{ "6.12", PA_PATH_STEAL, "M7:280 M6:240 M5:220 M4:210 M3:208 M2:204 M1:202 M0:201",
		  PA_HIGHATOMIC },
		{ "6.18", PA_PATH_CLAIM, "U7:280 U6:240 U5:220 U4:210 U3:208 U2:204 U1:202 U0:201",
		  PA_UNMOVABLE },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct pa_request req = { .mt = PA_UNMOVABLE };
		struct pa *pa = model(cases[i].policy);
		bool claimed = cases[i].path == PA_PATH_CLAIM;
		struct pa_decision d;

		pa_set_pageblock(pa, 0x200, PA_HIGHATOMIC);
		load(pa, 0x200, 8, PA_MOVABLE);
		assert_int_equal(pa_decide(pa, &req, &d), 0);
		assert_int_equal(d.path, cases[i].path);
		assert_int_equal(d.boosts, claimed);
		assert_int_equal(d.nr_tests, 1);
		assert_int_equal(d.tests[0].tested, claimed);
		assert_int_equal(pa_commit(pa, &d), 0);
		LISTS(pa, cases[i].lists);
		assert_int_equal(pa_pageblock(pa, 0x200), cases[i].type);
	}
}

/* A pageblock cut off by the zone's end is never moved, one cut off by its start up to 6.9. */
static void blocks_that_leave_the_zone(const char *policy)
{
	struct pa *pa = model_at(policy, 0x100, 8 * PBN);
	bool hygiene = pa_policy(pa)->hygiene;
	struct pa_decision d;

	load(pa, 0x10f0, 4, PA_MOVABLE);
	d = take(pa, 0, PA_UNMOVABLE);
	assert_int_equal(d.path, PA_PATH_STEAL);
	assert_false(d.tests[0].tested);

	pa = model_at(policy, 0x100, 8 * PBN);
	load(pa, 0x108, 3, PA_MOVABLE);
	load(pa, 0x180, 7, PA_MOVABLE);
	d = take(pa, 0, PA_UNMOVABLE);
	assert_int_equal(d.tests[0].tested, !hygiene);
	if (!hygiene) /* it begins at the block chosen: what lies before stays */
		LISTS(pa, "U6:1c0 U5:1a0 U4:190 U3:188 U2:184 U1:182 U0:181 M3:108");
}

/* In one lock hold a STEAL goes on stealing, though a block could be claimed by then. */
static void a_batch_goes_on_where_it_found_pages(void **state)
{
	static const char *const policies[] = { "6.12", "6.18" };
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		struct pa *pa = scattered(policies[i], 0);
		struct pa_request req = { .mt = PA_UNMOVABLE };
		struct pa_decision d = request(pa, req);

		assert_int_equal(d.path, PA_PATH_STEAL);
		assert_int_equal(d.next_mode, PA_MODE_STEAL);
		load(pa, 0x600, 9, PA_MOVABLE);
		req.mode = d.next_mode;
		d = request(pa, req);
		assert_int_equal(d.path, PA_PATH_STEAL);
		assert_int_equal(d.pfn, 0x209);
		assert_int_equal(d.nr_tests, 0);
		assert_int_equal(d.next_mode, PA_MODE_STEAL);
		req.mode = PA_MODE_NORMAL;
		d = request(pa, req);
		assert_int_equal(d.path, PA_PATH_CLAIM_WHOLE);
		assert_int_equal(d.next_mode, PA_MODE_NORMAL);
		/* Even its own list is not looked at from CLAIM on. */
		req.mode = PA_MODE_CLAIM;
		d = request(pa, req);
		assert_true(pa_is_fallback(&d));
	}
}

/* What pa_decide chose, told to pa_decide_fallback, is the same decision. */
static void being_told_the_outcome_gives_the_same_decision(const char *policy)
{
	for (unsigned int pinned = 0; pinned <= 56; pinned += 56) {
		struct pa *pa = scattered(policy, pinned);
		const struct pa_request req = { .mt = PA_UNMOVABLE };
		struct pa_decision a, b;

		memset(&a, 0, sizeof(a));
		memset(&b, 0, sizeof(b));
		assert_int_equal(pa_decide(pa, &req, &a), 0);
		assert_int_equal(pa_decide_fallback(pa, &req, a.fallback_pfn, a.fallback_order,
						    (enum pa_mt)a.fallback_mt, pa_is_claim(&a), &b),
				 0);
		assert_memory_equal(&a, &b, sizeof(a));
	}
}

/* A model that is behind: blocks of the wanted type in the pageblock go to the tail with the rest. */
static void wanted_blocks_of_the_pageblock_move_too(void **state)
{
	const struct pa_request req = { .mt = PA_UNMOVABLE };
	struct pa *pa = scattered("6.1", 0);
	struct pa_decision d;
	(void)state;

	load(pa, 0x2c0, 3, PA_UNMOVABLE);
	load(pa, 0x600, 3, PA_UNMOVABLE);
	assert_int_equal(pa_decide_fallback(pa, &req, 0x300, 7, PA_MOVABLE, true, &d), 0);
	assert_int_equal(d.pfn, 0x600);
	assert_int_equal(pa_commit(pa, &d), 0);
	LISTS(pa, "U7:300 U5:240,280 U3:208,2c0 U2:604 U1:602 U0:601");
}

/* The opposite outcome is what the kernel would have made of other LRU contents. */
static void the_outcome_told_overrules_the_test(const char *policy)
{
	const struct pa_request req = { .mt = PA_UNMOVABLE };
	struct pa *pa = scattered(policy, 0);
	struct pa_decision d;

	assert_int_equal(pa_decide_fallback(pa, &req, 0x300, 7, PA_MOVABLE, true, &d), 0);
	assert_int_equal(d.path, PA_PATH_CLAIM);
	assert_int_equal(d.pfn, 0x208);
	assert_int_equal(pa_commit(pa, &d), 0);
	LISTS(pa, moved(pa));
	sound(pa);

	pa = scattered(policy, 56);
	assert_int_equal(pa_decide_fallback(pa, &req, 0x208, 3, PA_MOVABLE, false, &d), 0);
	assert_false(pa_is_claim(&d));
	assert_int_equal(pa_commit(pa, &d), 0);
	assert_int_equal(pa_pageblock(pa, 0x200), PA_MOVABLE);
	sound(pa);
}

static void outcomes_that_cannot_be_are_refused(const char *policy)
{
	const struct pa_request req = { .mt = PA_MOVABLE, .order = 1 };
	struct pa *pa = model(policy);
	struct pa_decision d, untouched;

	memset(&d, 0x5a, sizeof(d));
	untouched = d;
	pa_set_pageblock(pa, 0x200, PA_UNMOVABLE);
	load(pa, 0x208, 3, PA_UNMOVABLE);
	load(pa, 0x210, 0, PA_UNMOVABLE);
	load(pa, 0x400, 9, PA_HIGHATOMIC);
	/* Not on that list; too small; lends nothing; too small to be claimed by MOVABLE. */
	assert_int_equal(pa_decide_fallback(pa, &req, 0x208, 2, PA_UNMOVABLE, false, &d), -EINVAL);
	assert_int_equal(pa_decide_fallback(pa, &req, 0x208, 3, PA_RECLAIMABLE, false, &d),
			 -EINVAL);
	assert_int_equal(pa_decide_fallback(pa, &req, 0x210, 0, PA_UNMOVABLE, false, &d), -EINVAL);
	assert_int_equal(pa_decide_fallback(pa, &req, 0x400, 9, PA_HIGHATOMIC, true, &d), -EINVAL);
	assert_int_equal(pa_decide_fallback(pa, &req, 0x208, 3, PA_UNMOVABLE, true, &d), -EINVAL);
	assert_int_equal(pa_decide_fallback(pa, &req, 1u << 30, 3, PA_UNMOVABLE, true, &d),
			 -EINVAL);
	assert_memory_equal(&d, &untouched, sizeof(d));
}

/* A decision is good for the state it was made on, and for no other. */
static void a_stale_decision_is_refused(const char *policy)
{
	static unsigned char before[sizeof(mem)];
	const struct pa_request req = { .mt = PA_UNMOVABLE };
	struct pa *pa = scattered(policy, 0);
	struct pa_decision d, smallest;

	assert_int_equal(pa_decide(pa, &req, &d), 0);
	load(pa, 0x600, 0, PA_MOVABLE);
	assert_int_equal(pa_decide(pa, &(struct pa_request){ .mt = PA_MOVABLE }, &smallest), 0);
	assert_int_equal(smallest.pfn, 0x600);
	assert_int_equal(pa_take(pa, d.pfn, 0), 0);
	assert_int_equal(pa_take(pa, 0x600, 0), 0);
	memcpy(before, mem, sizeof(mem));
	assert_int_equal(pa_commit(pa, &d), -EINVAL);
	assert_int_equal(pa_commit(pa, &smallest), -EINVAL);
	assert_same_bytes(before, mem, sizeof(mem));

	/* Another page is first by now; another page than the decision leads to. */
	load(pa, 0x602, 0, PA_MOVABLE);
	assert_int_equal(pa_decide(pa, &(struct pa_request){ .mt = PA_MOVABLE }, &smallest), 0);
	put(pa, 0x600, 0, PA_MOVABLE);
	assert_int_equal(pa_commit(pa, &smallest), -EINVAL);
	pa = scattered(policy, 0);
	assert_int_equal(pa_decide(pa, &req, &d), 0);
	d.pfn++;
	memcpy(before, mem, sizeof(mem));
	assert_int_equal(pa_commit(pa, &d), -EINVAL);
	d.path = PA_NR_PATHS;
	assert_int_equal(pa_commit(pa, &d), -EINVAL);
	d.req.zone = 1;
	assert_int_equal(pa_commit(pa, &d), -EINVAL);
	assert_same_bytes(before, mem, sizeof(mem));
}

/* Nothing a decision can be made to say leads outside the state. */
static void a_forged_decision_is_refused(const char *policy)
{
	static unsigned char before[sizeof(mem)];
	struct pa *pa = model_at(policy, 0x100, 8 * PBN);
	const struct pa_decision good = {
		.req = { .order = 1, .mt = PA_UNMOVABLE },
		.path = PA_PATH_STEAL,
		.pfn = 0x10e0,
		.from_order = 5,
		.fallback_pfn = 0x10e0,
		.fallback_order = 5,
		.fallback_mt = PA_MOVABLE,
	};
	struct pa_decision forged[17];

	load(pa, 0x10e0, 5, PA_MOVABLE);
	load(pa, 0x10c0, 0, PA_MOVABLE);
	load(pa, 0x200, 4, PA_CMA);
	for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++)
		forged[i] = good;
	forged[0].path = PA_PATH_CLAIM;	      /* leaves the zone */
	forged[1].path = PA_PATH_CLAIM_WHOLE; /* is no pageblock */
	forged[2].path = PA_PATH_MOVE;	      /* likewise, or never done */
	forged[3].fallback_pfn = PA_PFN_NONE;
	forged[4].fallback_order = 200;
	forged[5].fallback_mt = PA_UNMOVABLE;
	forged[6].fallback_pfn = forged[6].pfn = 0x10c0; /* too small */
	forged[6].fallback_order = forged[6].from_order = 0;
	forged[7].path = forged[8].path = forged[9].path = forged[10].path = PA_PATH_SMALLEST;
	forged[7].pfn = PA_PFN_NONE;
	forged[8].pfn = 0x10e1;
	forged[9].from_order = 4;
	forged[10].pfn = 0x200; /* CMA was not asked for */
	forged[10].from_order = 4;
	forged[11].path = forged[12].path = PA_PATH_SMALLEST;
	forged[11].from_order = 200;
	forged[12].from_order = 0;
	forged[13].req.mt = PA_HIGHATOMIC;
	forged[14].path = forged[15].path = forged[16].path = PA_PATH_NONE; /* nothing is in vain */
	forged[15].req.mt = PA_HIGHATOMIC;
	forged[16].req.mt = PA_MOVABLE;
	memcpy(before, mem, sizeof(mem));
	for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++)
		assert_int_equal(pa_commit(pa, &forged[i]), -EINVAL);
	assert_same_bytes(before, mem, sizeof(mem));
	assert_int_equal(pa_commit(pa, &good), 0);
}

static void boosts_stop_at_their_limit(void **state)
{
	static const struct {
		uint64_t managed, high;
		uint32_t factor;
		uint64_t after_one, limit;
	} cases[] = {
		{ 64 * PBN, 500, 15000, 512, 750 }, /* a share of the high mark */
		{ 64 * PBN, 100, 15000, 512, 512 }, /* but a pageblock at least */
		{ 64 * PBN, 500, 0, 0, 0 },	    /* switched off */
		{ 64 * PBN, 0, 15000, 0, 0 },	    /* marks not set up */
		{ 4 * PBN - 1, 500, 15000, 0, 0 },  /* too small a zone to bother */
		{ 4 * PBN, 500, 15000, 512, 750 },  /* just large enough */
		{ 64 * PBN, 12345, 15000, 512, 18517 },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct pa_zone_config zone = { .spanned = 64 * PBN,
						     .managed = cases[i].managed,
						     .wmark = { 0, 0, cases[i].high } };
		const struct pa_config cfg = { .policy = pa_policy_find("6.18"),
					       .zones = &zone,
					       .nr_zones = 1,
					       .nr_orders = 11,
					       .pageblock_order = PBO,
					       .boost_factor = cases[i].factor };
		struct pa *pa;

		assert_int_equal(pa_init(mem, sizeof(mem), &cfg, &pa), 0);
		for (unsigned int n = 0; n < 40; n++) {
			load(pa, 0x400, 4, PA_MOVABLE);
			take(pa, 4, PA_UNMOVABLE);
			if (!n)
				assert_int_equal(pa_boost(pa, 0), cases[i].after_one);
		}
		assert_int_equal(pa_boost(pa, 0), cases[i].limit);
	}
}

SINCE("5.4", half_a_block_alike_claims_it)
SINCE("5.4", one_page_short_of_half_does_not)
SINCE("5.4", unknown_frames_are_guessed_from_the_block)
SINCE("5.4", other_types_count_free_pages_alone)
SINCE("5.4", movable_splits_the_smallest)
SINCE("2.6.24", the_rest_of_a_stolen_block)
SINCE("2.6.24", a_free_pageblock_is_claimed_whole)
SINCE("5.4", nofragment_leaves_parts_of_blocks_alone)
SINCE("2.6.24", the_table_is_read_from_left_to_right)
SINCE("2.6.24", special_types_ask_for_their_list_alone)
SINCE("5.10", cma)
SINCE("2.6.24", blocks_that_leave_the_zone)
SINCE("2.6.24", being_told_the_outcome_gives_the_same_decision)
SINCE("5.4", the_outcome_told_overrules_the_test)
SINCE("2.6.24", outcomes_that_cannot_be_are_refused)
SINCE("2.6.24", a_stale_decision_is_refused)
SINCE("2.6.24", a_forged_decision_is_refused)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(too_few_alike_pages_leave_the_block_alone),
		cmocka_unit_test(half_a_block_alike_claims_it_everywhere),
		cmocka_unit_test(one_page_short_of_half_does_not_everywhere),
		cmocka_unit_test(unknown_frames_are_guessed_from_the_block_everywhere),
		cmocka_unit_test(other_types_count_free_pages_alone_everywhere),
		cmocka_unit_test(movable_splits_the_smallest_everywhere),
		cmocka_unit_test(the_rest_of_a_stolen_block_everywhere),
		cmocka_unit_test(a_free_pageblock_is_claimed_whole_everywhere),
		cmocka_unit_test(nofragment_leaves_parts_of_blocks_alone_everywhere),
		cmocka_unit_test(the_table_is_read_from_left_to_right_everywhere),
		cmocka_unit_test(special_types_ask_for_their_list_alone_everywhere),
		cmocka_unit_test(cma_everywhere),
		cmocka_unit_test(highatomic_blocks_are_not_claimed),
		cmocka_unit_test(blocks_that_leave_the_zone_everywhere),
		cmocka_unit_test(a_batch_goes_on_where_it_found_pages),
		cmocka_unit_test(being_told_the_outcome_gives_the_same_decision_everywhere),
		cmocka_unit_test(wanted_blocks_of_the_pageblock_move_too),
		cmocka_unit_test(the_outcome_told_overrules_the_test_everywhere),
		cmocka_unit_test(outcomes_that_cannot_be_are_refused_everywhere),
		cmocka_unit_test(a_stale_decision_is_refused_everywhere),
		cmocka_unit_test(a_forged_decision_is_refused_everywhere),
		cmocka_unit_test(boosts_stop_at_their_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
