/* SPDX-License-Identifier: GPL-2.0-only */
/* Request mode where tasks preempt each other, in traces written by hand (7.3). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/pa_request.h"
#include "request_rig.h"

#define BATCH 4
#define REST 34	     /* pages on its lists behind begin_cut() */
#define MAY_HOLD 188 /* as the pushes below are told */

static const struct rig_lists lists = { .batch = BATCH, .high_min = 4, .high = 400 };

/* A page is pushed while kswapd is at work: lists of four batches are too long. */
static void push_reclaiming(struct machine *m, uint64_t pfn)
{
	give_back(m, pfn);
	m->ev[m->n - 1].bits = EV_RECLAIMING;
}

/* A push that drains 10 pages stops behind its first hold, and leaves 6; return the next page to free. */
static uint64_t begin_cut(struct machine *m)
{
	begin_as(m, "7.3");
	m->meta.zone[1].high = 100;
	for (uint64_t i = 0; i < 9; i++)
		give_back(m, NORMAL + i);
	push_reclaiming(m, NORMAL + 9);
	drain(m, 0, BATCH);
	return NORMAL + 10;
}

/*
 * Of another task's push 4 pages go, and then the 6 that the first one left: a row of 10, and not of the 11 that
 * the second has to drain.  It goes on later.
 */
static void gives_way(void **state)
{
	struct request_result res;
	struct machine m;
	size_t row;

	(void)state;
	push_reclaiming(&m, begin_cut(&m));
	row = m.n;
	drain(&m, 0, BATCH + 6);
	emit(&m, EV_ALLOC, 0, NORMAL + HELD);
	drain(&m, 0, 7);
	run_with(&m, &lists, &res, keep_moment);
	assert_int_equal(after[row + BATCH + 6].pcp[0].count,
			 after[row - 1].pcp[0].count - BATCH - 6 - 1);
	assert_int_equal(res.drained.core, BATCH + BATCH + 6 + 7);
}

/* drain_pages_zone, too, when what is drained is all of the other CPU's lists. */
static void gives_way_to_drain_pages(void **state)
{
	struct request_result res;
	struct machine m;
	size_t row;

	(void)state;
	begin_as(&m, "7.3");
	m.meta.zone[1].high = 100;
	for (uint64_t i = 0; i < 9; i++)
		give_back_on(&m, 1, NORMAL + i);
	emit(&m, EV_DRAIN_PAGES, 0, NORMAL)->arg = 1;
	for (uint64_t i = 9; i < 18; i++)
		give_back(&m, NORMAL + i);
	push_reclaiming(&m, NORMAL + 18);
	row = m.n;
	drain(&m, 0, BATCH + 9);
	run_with(&m, &lists, &res, keep_moment);
	assert_int_equal(after[row + BATCH + 8].pcp[1].count, 0);
	assert_int_equal(after[row + BATCH + 8].pcp[0].count, after[row].pcp[0].count - BATCH + 1);
}

/* What else is drained in between, of other lists, ends no push that was cut. */
static void outlasts_drain_pages(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	begin_cut(&m);
	emit(&m, EV_DRAIN_PAGES, 0, DMA32)->arg = 0;
	drain(&m, 0, 6);
	run_with(&m, &lists, &res, keep_moment);
	assert_int_equal(res.drained.core, BATCH + 6);
}

/* Another CPU has emptied the lists: the push goes on with what was freed meanwhile. */
static void outlasts_the_lists(void **state)
{
	struct request_result res;
	struct machine m;
	uint64_t pfn;

	(void)state;
	pfn = begin_cut(&m);
	emit(&m, EV_DRAIN_PAGES, 1, NORMAL)->arg = 0;
	drain(&m, 1, REST);
	for (uint64_t i = 0; i < 3; i++)
		give_back(&m, pfn + i);
	drain(&m, 0, 3);
	run_with(&m, &lists, &res, keep_moment);
	assert_int_equal(after[m.n - 4].pcp[0].count, 3);
	assert_int_equal(after[m.n - 1].pcp[0].count, 0);
	assert_int_equal(res.drained.core, BATCH + REST + 3);
}

/* Who gets a page from the lists finds them unlocked: what is drained then is not the last push's. */
static void ends_with_a_request(void **state)
{
	struct request_result res;
	struct machine m;
	size_t push;

	(void)state;
	give_back(&m, begin_cut(&m));
	push = m.n - 1;
	emit(&m, EV_ALLOC, 0, NORMAL + HELD);
	drain(&m, 0, 6);
	run_with(&m, &lists, &res, keep_moment);
	assert_int_equal(after[push].pcp[0].count, after[push - 1].pcp[0].count + 1);
}

/* A, B, then C start, and B, A, C end: of A and C, which end as if one were in the other, A has its page first. */
static void requests_cross(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	begin_as(&m, "7.3");
	emit(&m, EV_TRY, 0, 0);
	emit(&m, EV_TRY, 0, 0);
	emit(&m, EV_ALLOC, 0, NORMAL + HELD + 1);
	emit(&m, EV_TRY, 0, 0);
	emit(&m, EV_ALLOC, 0, NORMAL + HELD);
	emit(&m, EV_ALLOC, 0, NORMAL + HELD + 2);
	run(&m, &res);
	assert_int_equal(res.order0_exact, HELD + 3);
}

#define FAR 200000 /* events, more than are read ahead */

/* An attempt was played when the request that it ends with is read, behind another task's. */
static void ends_long_after(void **state)
{
	struct request_result res;
	struct machine m;
	size_t read;

	(void)state;
	begin_as(&m, "7.3");
	emit(&m, EV_TRY, 0, 0);
	for (unsigned int i = 0; i < FAR; i++)
		emit(&m, EV_VMSTAT, 1, EV_PFN_NONE)->arg = EV_VMSTAT_IDLE;
	read = m.n;
	emit(&m, EV_TRY, 0, 0);
	emit(&m, EV_ALLOC, 0, NORMAL + HELD + 1);
	emit(&m, EV_ALLOC, 0, NORMAL + HELD);
	run_in_two(&m, read, &res);
	assert_int_equal(res.order0_exact, HELD + 2);
}

/* A push to CPU 0's lists that is told of what they may hold, and of ZONE_BELOW_HIGH if it is @below. */
static void push_told(struct machine *m, uint64_t pfn, uint32_t high, bool below)
{
	give_back(m, pfn);
	m->ev[m->n - 1].arg = high;
	m->ev[m->n - 1].bits = below ? EV_BELOW_HIGH : 0;
}

/* nr_pcp_high asks for ZONE_BELOW_HIGH again: what it has found shows in what the CPU's next push is told. */
static void asks_for_the_flag_again(void **state)
{
	static const struct rig_lists long_ones = { .batch = BATCH, .high_min = 100, .high = 400 };
	static const struct {
		uint64_t mark;
		bool before, after; /* an attempt is under way on CPU 1, or comes behind the push */
		bool told, next;    /* the flag is there, as the push and the next one are told */
		uint32_t high;	    /* that is told */
		bool lowers;
	} cases[] = {
		{ HIGH, true, false, false, true, MAY_HOLD - BATCH, true },
		{ HIGH, true, false, false, true, MAY_HOLD, false },
		{ HIGH, true, false, true, false, MAY_HOLD, false },
		{ HIGH, true, false, true, true, MAY_HOLD - BATCH, true },
		{ 100, false, true, false, true, MAY_HOLD - BATCH, true },
		{ 100, false, false, false, true, MAY_HOLD - BATCH, false },
	};
	struct request_result res;
	struct machine m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t push;

		begin_as(&m, "7.3");
		m.meta.zone[1].high = cases[i].mark;
		if (cases[i].before)
			emit(&m, EV_TRY, 1, 0);
		push_told(&m, NORMAL, MAY_HOLD, cases[i].told);
		push = m.n - 1;
		if (cases[i].after)
			emit(&m, EV_TRY, 1, 0);
		push_told(&m, NORMAL + 1, cases[i].high, cases[i].next);
		run_with(&m, &long_ones, &res, keep_moment);
		assert_int_equal(after[push].pcp[0].high < after[push - 1].pcp[0].high,
				 cases[i].lowers);
	}
}

/* kswapd has ended ZONE_RECLAIM_ACTIVE by nr_pcp_high, as the CPU's next push is told, or not. */
static void reclaim_ends_ahead_of_a_push(void **state)
{
	static const struct rig_lists long_ones = { .batch = 16, .high_min = 100, .high = 400 };
	enum { HOLDS = 176 };
	struct request_result res;
	struct machine m;
	size_t push;

	(void)state;
	for (int lowers = 0; lowers < 2; lowers++) {
		begin_as(&m, "7.3");
		push_told(&m, NORMAL, HOLDS, false);
		push = m.n - 1;
		m.ev[push].bits = EV_RECLAIMING;
		push_told(&m, NORMAL + 1, HOLDS - 16 * lowers, false);
		run_with(&m, &long_ones, &res, keep_moment);
		assert_int_equal(res.highs_exact, 2);
		assert_int_equal(after[push].pcp[0].high < after[push - 1].pcp[0].high, lowers);
	}
}

/*
 * CPU 1 splits the only block that is large enough: who looks meanwhile finds none, and goes on to the next
 * zone.  Where there are two, it does not.
 */
static void looks_amid_a_split(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (int others = 0; others < 2; others++) {
		begin_as(&m, "7.3");
		m.meta.zone[1].high = 100;
		for (unsigned int o = 6; o < 10; o++)
			if (o != 8 || !others)
				emit(&m, EV_ISOLATE, 0, NORMAL + (UINT64_C(1) << o))->order =
					(uint8_t)o;
		emit(&m, EV_TRY, 1, 0)->mt = K_UNMOVABLE;
		emit(&m, EV_TRY, 0, 0)->order = 3;
		emit(&m, EV_FALLBACK, 1, NORMAL + 1024)->mt = K_UNMOVABLE;
		m.ev[m.n - 1].bits = EV_CLAIM_KNOWN;
		m.ev[m.n - 1].arg = 10 | K_MOVABLE << 4;
		emit(&m, EV_ALLOC, 1, NORMAL + 1024)->mt = K_UNMOVABLE;
		m.ev[m.n - 1].arg = 0;
		emit(&m, EV_ALLOC, 0, DMA32)->order = 3;
		run_watched(&m, &res, keep_moment);
		assert_int_equal(res.amid_claims, !others);
	}
}

/* The same where compaction takes it, which tells of that late.  Where another one is large enough, it is found. */
static void looks_amid_an_isolation(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (int others = 0; others < 2; others++) {
		begin_as(&m, "7.3");
		m.meta.zone[1].high = 100;
		for (unsigned int o = 7 + others; o < 10; o++) {
			emit(&m, EV_ISOLATE, 0, NORMAL + (UINT64_C(1) << o))->order = (uint8_t)o;
			emit(&m, EV_PUTBACK, 0, NORMAL + (UINT64_C(1) << o))->order = 6;
		}
		emit(&m, EV_TRY, 0, 0)->order = 7;
		emit(&m, EV_ISOLATE, 1, NORMAL + 1024)->order = 10;
		emit(&m, EV_ALLOC, 0, DMA32)->order = 7;
		run_watched(&m, &res, keep_moment);
		assert_int_equal(res.amid_claims, !others);
	}
}

/*
 * A request of movable memory is stopped, and what its CPU pushes goes to another list: whether it has had its page
 * shows in how many pushes make the lists too long.
 */
static void has_no_page_yet(void **state)
{
	static const struct rig_lists short_ones = { .batch = BATCH, .high_min = 40, .high = 40 };
	enum { SHORT = 12 }; /* pages, of what the lists may hold */
	struct request_result res;
	struct machine m;
	size_t push;

	(void)state;
	for (unsigned int has = 0; has < 2; has++) {
		begin_as(&m, "7.3");
		m.meta.zone[1].high = 100;
		for (uint64_t i = 0; i < 16; i++) {
			emit(&m, EV_ALLOC, 0, NORMAL + 512 + i)->mt = K_UNMOVABLE;
			m.ev[m.n - 1].arg = 0;
		}
		emit(&m, EV_TRY, 0, 0);
		push = m.n;
		for (uint64_t i = 0; i < SHORT + has; i++) {
			give_back(&m, NORMAL + 512 + i);
			m.ev[m.n - 1].mt = K_UNMOVABLE;
		}
		drain(&m, 0, SHORT + has);
		emit(&m, EV_ALLOC, 0, NORMAL + HELD);
		run_with(&m, &short_ones, &res, keep_moment);
		assert_int_equal(after[push].pcp[0].count, 40 - SHORT);
		assert_int_equal(res.drained.core, SHORT + has);
		assert_int_equal(res.reordered, has);
	}
}

/*
 * Interrupts push blocks of order 1 ahead of the request's end and behind it: so many in a row empty the lists
 * (free_high in nr_pcp_high), unless a page was taken in between, which halves their number.
 */
static void has_no_page_amid_a_row(void **state)
{
	static const struct rig_lists lists = { .batch = 8, .high_min = 100, .high = 400 };
	enum { AHEAD = 2, BEHIND = 3, ROW = AHEAD + BEHIND };
	struct request_result res;
	struct machine m;

	(void)state;
	for (int has = 0; has < 2; has++) {
		begin_as(&m, "6.12");
		for (uint64_t i = 0; i < ROW; i++) {
			emit(&m, EV_ALLOC, 0, NORMAL + 512 + 2 * i)->order = 1;
			m.ev[m.n - 1].arg = 0;
		}
		emit(&m, EV_TRY, 0, 0);
		for (uint64_t i = 0; i < ROW; i++) {
			if (i == AHEAD)
				emit(&m, EV_ALLOC, 0, NORMAL + HELD);
			give_back(&m, NORMAL + 512 + 2 * i);
			m.ev[m.n - 1].order = m.ev[m.n - 2].order = 1;
		}
		if (has)
			drain(&m, 0, 2 * ROW);
		run_with(&m, &lists, &res, keep_moment);
		assert_int_equal(res.reordered, has);
		assert_int_equal(res.drained.core > 0, has);
	}
}

/*
 * An attempt finds its zone later than it began to look, and the next push finds ZONE_BELOW_HIGH: it has looked at
 * the high mark before that, and at its own behind.
 */
static void looks_at_two_marks(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (int told = 0; told < 2; told++) {
		struct trace_event block = {
			.type = EV_ISOLATE, .order = 10, .pfn = NORMAL + 1024, .mt = TRACE_MT_NONE
		};

		begin_as(&m, "7.3");
		m.meta.zone[1].low = 1000;
		m.meta.zone[1].high = 1100;
		machine_emit(&m, block);
		emit(&m, EV_TRY, 1, 0);
		block.type = EV_PUTBACK;
		machine_emit(&m, block);
		emit(&m, EV_ALLOC, 1, NORMAL + HELD);
		push_told(&m, NORMAL, 1, told);
		run_watched(&m, &res, keep_moment);
		assert_int_equal(res.looked_late, 1);
		assert_int_equal(!!(after[m.n - 3].flags & PA_ZONE_BELOW_HIGH), told);
	}
}

/*
 * CPU 1 finds no block of order 3 and sets ZONE_BELOW_HIGH, as far above the mark as the zone is.  A push that is not
 * told yet is followed by one that is, with no attempt in between: no push that was cut has ended the flag.
 */
static void flag_comes_up(void **state)
{
	struct request_result res;
	struct machine m;
	uint64_t pfn;

	(void)state;
	pfn = begin_cut(&m);
	m.meta.zone[1].min = 1;
	m.meta.zone[1].low = 2;
	m.meta.zone[1].high = 3;
	for (unsigned int o = 3; o < 11; o++)
		emit(&m, EV_ISOLATE, 1, NORMAL + (UINT64_C(1) << o))->order = (uint8_t)o;
	emit(&m, EV_TRY, 1, 0)->order = 3;
	push_told(&m, pfn, 1, false);
	push_told(&m, pfn + 1, 1, true);
	run_with(&m, &lists, &res, keep_moment);
	assert_true(after[m.n - 3].flags & PA_ZONE_BELOW_HIGH);
}

/* What finds no zone has no page, though that is the first of its list. */
static void has_no_zone_yet(void **state)
{
	struct trace_event block = {
		.type = EV_ISOLATE, .order = 10, .pfn = NORMAL + 1024, .mt = TRACE_MT_NONE
	};
	struct request_result res;
	struct machine m;

	(void)state;
	begin_as(&m, "7.3");
	m.meta.zone[1].low = 1000;
	m.meta.zone[1].high = 1100;
	machine_emit(&m, block);
	emit(&m, EV_ALLOC, 0, NORMAL + 512)->mt = K_UNMOVABLE;
	m.ev[m.n - 1].arg = 0;
	emit(&m, EV_TRY, 0, 0);
	give_back(&m, NORMAL + 512);
	m.ev[m.n - 1].mt = K_UNMOVABLE;
	block.type = EV_PUTBACK;
	machine_emit(&m, block);
	emit(&m, EV_ALLOC, 0, NORMAL + HELD);
	run_watched(&m, &res, keep_moment);
	assert_int_equal(res.reordered, 0);
	assert_int_equal(res.order0_exact, HELD + 1); /* the other is not what it looks at */
}

/* compaction_capture tells of a fallback itself, in the middle of the drain that frees the block: none is made. */
static void capture_is_no_fallback(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (int captures = 0; captures < 2; captures++) {
		push_reclaiming(&m, begin_cut(&m));
		drain(&m, 0, BATCH);
		emit(&m, EV_FALLBACK, 0, NORMAL + 512)->order = 1;
		m.ev[m.n - 1].mt = K_UNMOVABLE;
		m.ev[m.n - 1].bits = EV_CLAIM_KNOWN;
		m.ev[m.n - 1].arg = trace_fallback_arg(1, K_MOVABLE);
		drain(&m, 0, 1);
		m.ev[m.n - 1].bits = captures ? 2 << EV_CAPTURE_SHIFT : 0;
		run_with(&m, &lists, &res, keep_moment);
		assert_int_equal(res.fallbacks.kernel, !captures);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_way),
		cmocka_unit_test(gives_way_to_drain_pages),
		cmocka_unit_test(outlasts_drain_pages),
		cmocka_unit_test(outlasts_the_lists),
		cmocka_unit_test(ends_with_a_request),
		cmocka_unit_test(requests_cross),
		cmocka_unit_test(ends_long_after),
		cmocka_unit_test(asks_for_the_flag_again),
		cmocka_unit_test(reclaim_ends_ahead_of_a_push),
		cmocka_unit_test(looks_amid_a_split),
		cmocka_unit_test(looks_amid_an_isolation),
		cmocka_unit_test(has_no_page_yet),
		cmocka_unit_test(has_no_page_amid_a_row),
		cmocka_unit_test(looks_at_two_marks),
		cmocka_unit_test(flag_comes_up),
		cmocka_unit_test(has_no_zone_yet),
		cmocka_unit_test(capture_is_no_fallback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
