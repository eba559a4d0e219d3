/* SPDX-License-Identifier: GPL-2.0-only */
/* Request mode where it is in doubt whether refills let lists grow, in traces written by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/pa_request.h"
#include "request_rig.h"

#define MAY_HOLD 8 /* each CPU's lists in the beginning; of batches of one page */

/*
 * CPU 0 frees so many that its lists are too long with ZONE_BELOW_HIGH, which CPU 1 sets while half of the zone is not
 * there; they are drained.
 */
static void free_and_drain(struct machine *m)
{
	m->meta.zone[1].high = 1500;
	for (uint64_t k = 0; k <= LATER; k++)
		give_back(m, NORMAL + k);
	emit(m, EV_ISOLATE, 1, NORMAL + 1024)->order = 10;
	emit(m, EV_TRY, 1, 0);
	emit(m, EV_PUTBACK, 1, NORMAL + 1024)->order = 10;
	for (uint64_t k = 0; k <= LATER; k++)
		emit(m, EV_DRAIN, 0, NORMAL + k);
}

static void begin_drained(struct machine *m)
{
	begin(m);
	free_and_drain(m);
}

/* CPU 1 is amid an attempt for the first page. */
static void fill(struct machine *m, uint64_t pfn, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		emit(m, EV_ZONE_ALLOC, 1, pfn + i);
	for (unsigned int i = 0; i < n; i++) {
		if (i)
			emit(m, EV_TRY, 1, 0);
		emit(m, EV_ALLOC, 1, pfn + i);
	}
}

static void refill(struct machine *m, uint64_t pfn, unsigned int n)
{
	emit(m, EV_TRY, 1, 0);
	fill(m, pfn, n);
}

/*
 * CPU 0 looks whether ZONE_BELOW_HIGH is over some time between its last block and what it is heard of next.  Of two
 * refills in between both let the list grow, or the second, or none: the next push tells.
 */
static void push_tells_which_refills_grew(void **state)
{
	enum { SECOND = MAY_HOLD + 2, BOTH = SECOND + 1, OTHER = BOTH + 1 };
	static const struct {
		bool heard; /* of CPU 0, ahead of the attempts */
		uint32_t told;
		bool exact, otherwise;
	} cases[] = {
		{ false, BOTH, true, false },	  { false, SECOND, true, true },
		{ false, MAY_HOLD, true, false }, /* known at the first one already */
		{ false, OTHER, false, false },	  { true, BOTH, true, false },
		{ true, SECOND, false, false }, /* no reason not to grow is known */
	};
	struct request_result res;
	struct machine m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin_drained(&m);
		if (cases[i].heard)
			give_back(&m, NORMAL + LATER + 1);
		refill(&m, NORMAL + 512, 1);
		refill(&m, NORMAL + 514, 2);
		if (!cases[i].heard)
			give_back(&m, NORMAL + LATER + 1);
		give_back_on(&m, 1, NORMAL + 512);
		m.ev[m.n - 1].arg = cases[i].told;
		run(&m, &res);
		assert_int_equal(res.highs_exact, cases[i].exact);
		assert_int_equal(res.grown_otherwise, cases[i].otherwise);
	}
}

/* There is no push: but a refill that doubles the last one brings fewer, where lists may hold no more. */
static void refill_tells_which_grew(void **state)
{
	enum { TWICE = 8, LEAVES = MAY_HOLD - 1, before = 1 + 2 + 4 + 8 + 16 + 32 };
	struct request_result res;
	struct machine m;

	(void)state;
	for (unsigned int brings = LEAVES; brings <= TWICE; brings++) {
		begin_drained(&m);
		refill(&m, NORMAL + 512, 1);
		refill(&m, NORMAL + 514, 2);
		refill(&m, NORMAL + 516, 4);
		refill(&m, NORMAL + 520, brings);
		give_back(&m, NORMAL + LATER + 1);
		run(&m, &res);
		assert_int_equal(res.refilled.core, before + 1 + 2 + 4 + brings);
		assert_int_equal(res.grown_otherwise, brings == LEAVES);
	}
}

/* The flag is there again since: it is the first refill alone that grew or did not. */
static void refill_with_the_flag_tells(void **state)
{
	enum { TWICE = 8, LEAVES = MAY_HOLD - 1, before = 1 + 2 + 4 + 8 + 16 + 32 };
	struct request_result res;
	struct machine m;

	(void)state;
	for (unsigned int brings = LEAVES; brings <= TWICE; brings++) {
		begin_drained(&m);
		refill(&m, NORMAL + 512, 1);
		give_back(&m, NORMAL + LATER + 1);
		emit(&m, EV_ISOLATE, 1, NORMAL + 1024)->order = 10;
		emit(&m, EV_TRY, 1, 0);
		emit(&m, EV_PUTBACK, 1, NORMAL + 1024)->order = 10;
		fill(&m, NORMAL + 514, 2);
		refill(&m, NORMAL + 516, 4);
		refill(&m, NORMAL + 520, brings);
		run(&m, &res);
		assert_int_equal(res.refilled.core, before + 1 + 2 + 4 + brings);
		assert_int_equal(res.grown_otherwise, brings == LEAVES);
	}
}

/*
 * CPU 1 sets the flag again after CPU 0's last block, and its own push does not find it: CPU 0 has looked since, if it
 * was not heard of before.
 */
static void looks_before_it_is_heard_of(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (int heard = 0; heard < 2; heard++) {
		begin_drained_below(&m, NORMAL + 512);
		if (heard)
			emit(&m, EV_ALLOC, 0, NORMAL + HELD);
		try_without(&m, NORMAL + 513);
		give_back_on(&m, 1, NORMAL + 512);
		m.ev[m.n - 1].arg = 1;
		run_watched(&m, &res, keep_moment);
		assert_int_equal(!!(after[m.n - 1].flags & PA_ZONE_BELOW_HIGH), heard);
	}
}

/* CPU 0's push follows, which it is told of without: with no more than the vmstat worker in between it has looked. */
static void looks_before_the_vmstat_worker(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (int works = 0; works < 2; works++) {
		begin_drained_below(&m, NORMAL + 512);
		try_without(&m, NORMAL + 513);
		if (works)
			emit(&m, EV_VMSTAT, 0, 0)->arg = EV_VMSTAT_WORKER;
		else
			emit(&m, EV_ALLOC, 0, NORMAL + HELD);
		give_back(&m, NORMAL + LATER + 1);
		m.ev[m.n - 1].arg = 1;
		run_watched(&m, &res, keep_moment);
		assert_int_equal(!!(after[m.n - 1].flags & PA_ZONE_BELOW_HIGH), !works);
	}
}

/*
 * An attempt that finds its zone late might have set the flag, which the next push finds: not if its refill must have
 * let the list grow, as its CPU's next push tells.
 */
static void has_found_no_flag_if_it_grew(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (uint32_t grown = 0; grown < 2; grown++) { /* from 128 pages, as the mark is higher */
		struct trace_event block = {
			.type = EV_ISOLATE, .order = 10, .pfn = NORMAL + 1024, .mt = TRACE_MT_NONE
		};
		size_t pick;

		begin(&m);
		m.meta.zone[1].low = 1000;
		m.meta.zone[1].high = 1100;
		machine_emit(&m, block);
		emit(&m, EV_TRY, 1, 0);
		block.type = EV_PUTBACK;
		machine_emit(&m, block);
		pick = m.n;
		emit(&m, EV_ZONE_ALLOC, 1, NORMAL + 512);
		emit(&m, EV_ALLOC, 1, NORMAL + 512);
		give_back_on(&m, 1, NORMAL + 512);
		m.ev[m.n - 1].bits = EV_BELOW_HIGH;
		m.ev[m.n - 1].arg = 128 + grown;
		run_watched(&m, &res, keep_moment);
		assert_int_equal(!!(after[pick].flags & PA_ZONE_BELOW_HIGH), !grown);
	}
}

/* CPU 1 comes too late for its zone, in which CPU 0 has set the flag by then: it may have asked how much to bring before. */
static void came_too_late_and_grew(void **state)
{
	static const unsigned int orders[] = { 0, 6, 7, 8, 9, 10 };
	struct request_result res;
	struct machine m;

	(void)state;
	for (uint32_t grown = 0; grown < 2; grown++) {
		begin(&m);
		m.meta.zone[1].high = 24;
		emit(&m, EV_TRY, 1, 0);
		emit(&m, EV_ISOLATE, 0, NORMAL + 63);
		for (size_t i = 1; i < sizeof(orders) / sizeof(orders[0]); i++)
			emit(&m, EV_ISOLATE, 0, NORMAL + (UINT64_C(1) << orders[i]))->order =
				(uint8_t)orders[i];
		emit(&m, EV_TRY, 0, 0);
		emit(&m, EV_ALLOC, 0, DMA32);
		emit(&m, EV_ALLOC, 1, DMA32 + 1);
		give_back_on(&m, 1, NORMAL);
		m.ev[m.n - 1].arg = MAY_HOLD + grown;
		run(&m, &res);
		assert_int_equal(res.highs_exact, 1);
		assert_int_equal(res.grown_otherwise, grown);
	}
}

/*
 * CPU 1's attempt has found the flag, and CPU 0's push ends it.  Where CPU 1 has a page on its list, which CPU 0 drains
 * behind that, it asks how much to bring only then.
 */
static void asks_when_its_list_is_empty(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (uint32_t has = 0; has < 2; has++) {
		begin(&m);
		if (has)
			give_back_on(&m, 1, NORMAL + HELD - 1);
		free_and_drain(&m);
		emit(&m, EV_DRAIN_PAGES, 0, NORMAL)->arg = 1;
		if (has)
			emit(&m, EV_DRAIN, 0, NORMAL + HELD - 1);
		fill(&m, NORMAL + 512, 1);
		give_back_on(&m, 1, NORMAL + 512);
		m.ev[m.n - 1].arg = MAY_HOLD + has;
		run(&m, &res);
		assert_int_equal(res.highs_exact, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(push_tells_which_refills_grew),
		cmocka_unit_test(refill_tells_which_grew),
		cmocka_unit_test(refill_with_the_flag_tells),
		cmocka_unit_test(looks_before_it_is_heard_of),
		cmocka_unit_test(looks_before_the_vmstat_worker),
		cmocka_unit_test(has_found_no_flag_if_it_grew),
		cmocka_unit_test(came_too_late_and_grew),
		cmocka_unit_test(asks_when_its_list_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
