/* SPDX-License-Identifier: GPL-2.0-only */
/* What single events tell request mode of per-cpu lists, in traces written by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "request_rig.h"

/* drain_pages_zone takes the lists' lock more than once; what an interrupt frees in between ends nothing. */
static void drains_on_after_an_interrupt(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (int interrupted = 0; interrupted < 2; interrupted++) {
		begin(&m);
		for (uint64_t i = 0; i < HELD; i++)
			give_back(&m, NORMAL + i);
		emit(&m, EV_DRAIN_PAGES, 1, NORMAL);
		for (uint64_t i = 0; i < HELD; i++)
			emit(&m, EV_DRAIN, 1, NORMAL + i);
		if (interrupted)
			give_back_on(&m, 1, NORMAL);
		for (uint64_t i = 0; i < LATER; i++)
			emit(&m, EV_DRAIN, 1, NORMAL + i);
		run(&m, &res);
		assert_int_equal(res.drained.core, 2 * HELD - 1);
	}
}

/* From 6.19 on a push may give up between two holds of its locks, or an interrupt comes there. */
static void gives_up_between_holds(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (int goes_on = 0; goes_on < 2; goes_on++) {
		begin_as(&m, "7.3");
		for (uint64_t i = 0; i <= LATER; i++)
			give_back(&m, NORMAL + i);
		emit(&m, EV_TRY, 1, 0);
		emit(&m, EV_DRAIN, 0, NORMAL);
		emit(&m, EV_ALLOC, 0, NORMAL + HELD);
		if (goes_on)
			emit(&m, EV_DRAIN, 0, NORMAL + 1);
		run(&m, &res);
		assert_int_equal(res.drained.core, 1 + goes_on);
		assert_int_equal(res.drains_cut, 1);
		assert_int_equal(res.drains.core, 1);
	}
}

/* What is drained in another zone is not the drain that was cut, and ends the one that is at work. */
static void goes_on_in_its_zone(void **state)
{
	static const struct {
		uint64_t pfn[3]; /* drained; 0: others' work comes in between */
		uint64_t core;
	} cases[] = {
		{ { NORMAL, 0, NORMAL + 1 }, 2 },
		{ { NORMAL, 0, DMA32 }, 1 },
		{ { NORMAL, DMA32, NORMAL + 1 }, 2 },
	};
	struct request_result res;
	struct machine m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin_as(&m, "7.3");
		for (uint64_t k = 0; k <= LATER; k++)
			give_back(&m, NORMAL + k);
		emit(&m, EV_TRY, 1, 0);
		for (size_t k = 0; k < 3; k++) {
			if (cases[i].pfn[k])
				emit(&m, EV_DRAIN, 0, cases[i].pfn[k]);
			else
				emit(&m, EV_ALLOC, 0, NORMAL + HELD);
		}
		run(&m, &res);
		assert_int_equal(res.drained.core, cases[i].core);
	}
}

/* What a list may hold is compared where it is told, and is the core's own. */
static void compares_highs(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	begin(&m);
	give_back(&m, NORMAL);
	m.ev[m.n - 1].arg = 1;
	run(&m, &res);
	assert_int_equal(res.highs, 1);
	assert_int_equal(res.highs_exact, 0);
	assert_int_equal(res.first_high, 2 + HELD - 1);
}

/* A free whose push is missing is one if the page leaves a list later, else it is not known. */
static void lost_push(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (int leaves = 0; leaves < 2; leaves++) {
		begin(&m);
		emit(&m, EV_FREE, 0, NORMAL);
		give_back(&m, NORMAL + 1);
		if (leaves)
			emit(&m, EV_DRAIN, 1, NORMAL);
		run(&m, &res);
		assert_int_equal(res.frees, 1 + leaves);
	}
	begin(&m);
	emit(&m, EV_FREE, 0, NORMAL);
	emit(&m, EV_DRAIN, 0, NORMAL); /* at once */
	run(&m, &res);
	assert_int_equal(res.frees, 1);
}

/* A damaged trace names a frame twice in a row of bulk pages: the second counts for nothing. */
static void bulk_page_twice(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	begin(&m);
	emit(&m, EV_BULK, 0, NORMAL + HELD);
	emit(&m, EV_BULK, 0, NORMAL + HELD);
	run(&m, &res);
	assert_int_equal(res.bulk, 2);
}

/* What compaction captures goes to the request whose attempt failed before, off no list. */
static void captured(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (unsigned int captures = 0; captures < 2; captures++) {
		struct trace_event last = { .type = EV_ZONE_FREE,
					    .pfn = NORMAL + 1,
					    .mt = K_MOVABLE,
					    .bits = captures ? 2 << EV_CAPTURE_SHIFT : 0 };
		struct trace_event order1 = { .mt = K_MOVABLE, .order = 1 };

		begin(&m);
		order1.type = EV_TRY;
		order1.arg = event_try(2, 2); /* the high mark, which is out of reach */
		machine_emit(&m, order1);
		emit(&m, EV_FREE, 0, NORMAL); /* past the list, which somebody has locked */
		emit(&m, EV_ZONE_FREE, 0, NORMAL);
		emit(&m, EV_FREE, 0, NORMAL + 1);
		machine_emit(&m, last);
		order1.type = EV_ALLOC;
		order1.arg = GFP_MOVABLE;
		order1.pfn = NORMAL;
		machine_emit(&m, order1);
		run(&m, &res);
		assert_int_equal(res.high, 1);
		assert_int_equal(res.high_exact, captures);
		assert_int_equal(res.untried, HELD);
	}
}

/*
 * Thresholds rise between a refill's last block and the next that is heard of its CPU: whether it was counted
 * by the old ones, and the zone told of it, or is kept by the new ones, shows where the next attempt goes.
 */
static void refill_counted_late(void **state)
{
	static const struct {
		bool heard; /* of the refill's CPU, before */
		uint64_t first, second;
		bool late;
		unsigned int exact; /* of the last three requests */
	} cases[] = {
		{ false, NORMAL + HELD + 8, NORMAL + HELD + 9, true, 3 },
		{ false, DMA32, DMA32 + 1, false, 3 },
		{ false, DMA32, NORMAL + HELD + 8, false, 2 }, /* the first has settled that */
		{ true, NORMAL + HELD + 8, NORMAL + HELD + 9, false, 1 },
	};
	struct request_result res;
	struct machine m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trace_event order3 = { .pfn = NORMAL + HELD, .mt = K_MOVABLE, .order = 3 };

		begin_as(&m, "6.1");
		m.meta.zone[1].low = 2048 - HELD - 4; /* half of the block is too much */
		m.meta.zone[1].high = 2048;
		order3.type = EV_TRY;
		order3.arg = event_try(0, 2);
		machine_emit(&m, order3);
		order3.type = EV_ZONE_ALLOC;
		order3.arg = 0;
		order3.bits = EV_REFILL;
		machine_emit(&m, order3);
		order3.type = EV_ALLOC;
		order3.arg = GFP_MOVABLE;
		order3.bits = 0;
		if (cases[i].heard)
			machine_emit(&m, order3);
		machine_emit(&m, (struct trace_event){ .type = EV_VMSTAT,
						       .cpu = 1,
						       .pfn = EV_PFN_NONE,
						       .mt = TRACE_MT_NONE,
						       .arg = EV_VMSTAT_AWAKE });
		if (!cases[i].heard)
			machine_emit(&m, order3);
		emit(&m, EV_TRY, 1, 0);
		emit(&m, EV_ALLOC, 1, cases[i].first);
		emit(&m, EV_TRY, 1, 0);
		emit(&m, EV_ALLOC, 1, cases[i].second);
		run(&m, &res);
		assert_int_equal(res.counted_late, cases[i].late);
		assert_int_equal(res.requests_exact, HELD + cases[i].exact);
	}
}

/*
 * One block where a refill brings more: the list was locked.  The batch is 1 here, and so much does a first
 * refill bring; one that follows others brings twice as much as the last (nr_pcp_alloc).
 */
static void finds_list_locked(void **state)
{
	static const struct {
		const char *policy;
		uint64_t before;
		bool locked;
	} cases[] = {
		{ "6.12", 0, false },
		{ "6.12", 1, true },
		{ "6.1", 1, false },
	};
	struct request_result res;
	struct machine m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		machine_init(&m, cases[i].policy);
		machine_begin(&m);
		for (uint64_t k = 0; k < cases[i].before; k++)
			emit(&m, EV_ALLOC, 0, NORMAL + k);
		emit(&m, EV_TRY, 0, 0);
		emit(&m, EV_ZONE_ALLOC, 0, NORMAL + cases[i].before);
		m.ev[m.n - 1].bits = EV_REFILL;
		emit(&m, EV_ALLOC, 0, NORMAL + cases[i].before);
		run(&m, &res);
		assert_int_equal(res.bypasses, cases[i].locked);
		assert_int_equal(res.refills.kernel, !cases[i].locked);
		assert_int_equal(res.requests_exact, res.requests);
	}
}

/* The same where there is one block alone: a refill would have brought no more, but the list has one. */
static void finds_filled_list_locked(void **state)
{
	static const struct rig_lists lists = { .batch = 1, .high_min = 64, .high = 64 };
	struct request_result res;
	struct machine m;

	(void)state;
	for (int filled = 0; filled < 2; filled++) {
		machine_init(&m, "6.12");
		machine_begin(&m);
		m.meta.zone[1].min = m.meta.zone[1].low = m.meta.zone[1].high = 0;
		for (uint64_t i = 0; i < 3; i++) {
			emit(&m, EV_TRY, 0, 0)->order = 3;
			emit(&m, EV_ALLOC, 0, NORMAL + 8 * i)->order = 3;
		}
		if (filled) {
			emit(&m, EV_FREE, 0, NORMAL)->order = 3;
			emit(&m, EV_PUSH, 0, NORMAL)->order = 3;
		}
		for (uint8_t order = 5; order <= 10; order++)
			emit(&m, EV_ISOLATE, 1, NORMAL + (1ull << order))->order = order;
		emit(&m, EV_TRY, 0, 0)->order = 3;
		emit(&m, EV_ZONE_ALLOC, 0, NORMAL + 24)->order = 3;
		m.ev[m.n - 1].bits = EV_REFILL;
		emit(&m, EV_ALLOC, 0, NORMAL + 24)->order = 3;
		run_with(&m, &lists, &res, NULL);
		assert_int_equal(res.bypasses, filled);
		assert_int_equal(res.requests_exact, res.requests);
	}
}

/*
 * The vmstat worker may give way before it lowers what the lists may hold and gives back the rest: pushes find
 * it as it was, until one does not, or the CPU drains with no push to lead to it.
 */
static void decays_later(void **state)
{
	/* Refills came to 8 + 1 + 2 + 4 + 8 + 16 + 32; a first round makes that BEFORE. */
	enum { BEFORE = 71 - 71 / 8, DECAYED = BEFORE - BEFORE / 8, ON_LIST = 31, MORE = 2 };
	static const struct {
		uint32_t finds; /* the first push, and all but the last */
		uint64_t pushes;
		bool drains; /* ahead of the last */
		bool late;
	} cases[] = {
		{ BEFORE, 2, false, true },
		{ DECAYED, 2, false, false },
		{ BEFORE, DECAYED + MORE - ON_LIST + 1, true, true },
	};
	struct request_result res;
	struct machine m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&m);
		m.meta.zone[1].high = 1500;
		for (unsigned int rounds = 0; rounds < 2; rounds++)
			machine_emit(&m, (struct trace_event){ .type = EV_VMSTAT,
							       .pfn = EV_PFN_NONE,
							       .mt = TRACE_MT_NONE,
							       .arg = EV_VMSTAT_WORKER });
		for (uint64_t k = 0; k < cases[i].pushes; k++) {
			bool last = k == cases[i].pushes - 1;

			for (uint64_t n = 0; last && cases[i].drains && n < MORE; n++)
				emit(&m, EV_DRAIN, 0, NORMAL + n);
			for (uint64_t n = 0; last && n < 2; n++) /* or the push would drain */
				emit(&m, EV_ALLOC, 0, NORMAL + HELD + n);
			give_back(&m, NORMAL + k);
			m.ev[m.n - 1].arg = last ? DECAYED : cases[i].finds;
		}
		run(&m, &res);
		assert_int_equal(res.decayed_late, cases[i].late);
		assert_int_equal(res.highs_exact, cases[i].pushes);
		assert_int_equal(res.drained.core, cases[i].drains ? MORE : 0);
		assert_int_equal(res.drains.core, cases[i].drains);
	}
}

/* Until a refill has counted its pages, so has nobody what its CPU's share of the counter had of before. */
static void refill_counts_the_share(void **state)
{
	struct trace_event block = { .pfn = NORMAL + HELD, .mt = K_MOVABLE, .order = 3 };
	struct request_result res;
	struct machine m;

	(void)state;
	begin_as(&m, "6.1");
	m.meta.zone[1].low =
		2048 - HELD; /* without the pages of the block, and with them alone, too much */
	m.meta.zone[1].high = 2048;
	block.type = EV_TRY;
	block.arg = event_try(0, 2);
	machine_emit(&m, block);
	block.type = EV_ZONE_ALLOC;
	block.arg = 0;
	block.bits = EV_REFILL;
	machine_emit(&m, block);
	emit(&m, EV_TRY, 1, 0);
	emit(&m, EV_ALLOC, 1, NORMAL + HELD + 8);
	block.type = EV_ALLOC;
	block.arg = GFP_MOVABLE;
	block.bits = 0;
	machine_emit(&m, block);
	run(&m, &res);
	assert_int_equal(res.requests_exact, HELD + 2);
}

/* A task takes its page on one CPU, is stopped, and reaches mm_page_alloc on another, which saw no attempt. */
static void goes_on_on_another_cpu(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (unsigned int asked = 0; asked < 2; asked++) {
		begin_as(&m, "6.18");
		emit(&m, EV_TRY, 0, 0);
		if (asked) /* that one's own */
			emit(&m, EV_TRY, 1, 0);
		emit(&m, EV_ALLOC, 1, NORMAL + HELD);
		run(&m, &res);
		assert_int_equal(res.requests_exact, HELD + !asked);
	}
}

/* A page that is handed out again is on the list, whatever its CPU drains behind that. */
static void hands_out_before_it_drains(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	begin_as(&m, "7.3");
	for (uint64_t k = 0; k < LATER; k++)
		give_back(&m, NORMAL + k);
	emit(&m, EV_TRY, 0, 0);
	emit(&m, EV_ALLOC, 0, NORMAL + LATER - 1);
	emit(&m, EV_DRAIN, 0, NORMAL);
	run(&m, &res);
	assert_int_equal(res.requests_exact, HELD + 1);
}

/* The vmstat worker preempts a request: what it gives back says whether that has its page by then. */
static void worker_preempts_a_request(void **state)
{
	enum { PUSHES = 30, BEFORE = 71 - 71 / 8, DECAYED = BEFORE - BEFORE / 8 };
	struct request_result res;
	struct machine m;

	(void)state;
	for (unsigned int popped = 0; popped < 2; popped++) {
		begin_as(&m, "7.3");
		m.meta.zone[1].high = 1500;
		for (unsigned int rounds = 0; rounds < 2; rounds++) {
			for (uint64_t k = 0; rounds && k < PUSHES; k++)
				give_back(&m, NORMAL + k);
			if (rounds)
				emit(&m, EV_TRY, 0, 0);
			machine_emit(&m, (struct trace_event){ .type = EV_VMSTAT,
							       .pfn = EV_PFN_NONE,
							       .mt = TRACE_MT_NONE,
							       .arg = EV_VMSTAT_WORKER });
		}
		for (uint64_t k = 0; k < 31 + PUSHES - DECAYED - popped; k++)
			emit(&m, EV_DRAIN, 0, NORMAL + k);
		emit(&m, EV_ALLOC, 0, NORMAL + PUSHES - 1);
		run(&m, &res);
		assert_int_equal(res.drained.core, res.drained.kernel);
		assert_int_equal(res.reordered, popped);
	}
}

/* The same where it gives nothing back, which it would with the page. */
static void worker_finds_the_page_gone(void **state)
{
	enum { ORDER = 3, PUSHES = 30 };
	struct request_result res;
	struct machine m;

	(void)state;
	begin_as(&m, "7.3");
	m.meta.zone[1].high = 1500;
	emit(&m, EV_ALLOC, 0, NORMAL + 64)->order = ORDER;
	for (uint64_t k = 0; k < PUSHES; k++)
		give_back(&m, NORMAL + k);
	emit(&m, EV_FREE, 0, NORMAL + 64)->order = ORDER;
	emit(&m, EV_PUSH, 0, NORMAL + 64)->order = ORDER;
	emit(&m, EV_TRY, 0, 0)->order = ORDER;
	machine_emit(&m, (struct trace_event){ .type = EV_VMSTAT,
					       .pfn = EV_PFN_NONE,
					       .mt = TRACE_MT_NONE,
					       .arg = EV_VMSTAT_WORKER });
	emit(&m, EV_ALLOC, 0, NORMAL + 64)->order = ORDER;
	run_watched(&m, &res, keep_moment);
	assert_int_equal(res.drained.core, 0);
	assert_int_equal(res.reordered, 1);
	assert_int_equal(res.high_exact, 2);
}

/* A list that is told to have turned between two blocks of a hold has been so before the first. */
static void turned_before_the_hold(void **state)
{
	static const uint64_t pfn[] = { NORMAL + 2, NORMAL, NORMAL + 4 };
	struct request_result res;
	struct machine m;

	(void)state;
	for (int turned = 0; turned < 2; turned++) {
		begin_as(&m, "6.1");
		for (size_t i = 0; i < 3; i++) { /* past the lists: the last is first */
			emit(&m, EV_FREE, 0, pfn[i]);
			emit(&m, EV_ZONE_FREE, 0, pfn[i]);
		}
		emit(&m, EV_TRY, 1, 0);
		emit(&m, EV_ZONE_ALLOC, 1, NORMAL);
		if (turned) {
			emit(&m, EV_ROTATE, 1, NORMAL + 4);
			m.ev[m.n - 1].bits = EV_ROTATE_TAIL;
		}
		emit(&m, EV_ZONE_ALLOC, 1, NORMAL + 2);
		emit(&m, EV_ALLOC, 1, NORMAL);
		run(&m, &res);
		assert_int_equal(res.order0_exact, HELD + turned);
		assert_int_equal(res.rotations, turned);
	}
}

/*
 * Up to 6.9 the type of a page is read at mm_page_free.  Where that was missed it is not the one of the time before,
 * if the pageblock was claimed since.
 */
static void type_of_a_free_that_was_missed(void **state)
{
	static const unsigned int larger[] = { 10, 9 }; /* elsewhere */
	struct request_result res;
	struct machine m;

	(void)state;
	begin_as(&m, "6.1");
	give_back(&m, NORMAL);
	emit(&m, EV_ALLOC, 0, NORMAL);
	for (int i = 0; i < 2; i++) {
		emit(&m, EV_ISOLATE, 1, NORMAL + (UINT64_C(1) << larger[i]));
		m.ev[m.n - 1].order = (uint8_t)larger[i];
	}
	emit(&m, EV_TRY, 1, 0)->mt = K_UNMOVABLE;
	machine_emit(&m, (struct trace_event){ .type = EV_FALLBACK,
					       .cpu = 1,
					       .pfn = NORMAL + 256,
					       .mt = K_UNMOVABLE,
					       .bits = EV_CLAIMED | EV_CLAIM_KNOWN,
					       .arg = trace_fallback_arg(8, K_MOVABLE) });
	/* The smallest that came along. */
	emit(&m, EV_ZONE_ALLOC, 1, NORMAL + HELD)->mt = K_UNMOVABLE;
	emit(&m, EV_ALLOC, 1, NORMAL + HELD);
	m.ev[m.n - 1].mt = K_UNMOVABLE;
	m.ev[m.n - 1].arg = 0;
	emit(&m, EV_BALANCE_BEGIN, 1, NORMAL)->arg = BOOST; /* and takes back what the claim gave */
	machine_emit(&m, balance_end(1, NORMAL, 0));
	emit(&m, EV_PUSH, 0, NORMAL)->mt = K_UNMOVABLE;
	emit(&m, EV_TRY, 0, 0)->mt = K_UNMOVABLE;
	emit(&m, EV_ALLOC, 0, NORMAL);
	m.ev[m.n - 1].mt = K_UNMOVABLE;
	m.ev[m.n - 1].arg = 0;
	run(&m, &res);
	assert_int_equal(res.order0_exact, res.order0);
}

/* CPU 0 gives back pages past its lists, those from @from to @to of what it holds. */
static void give_past_lists(struct machine *m, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i <= to; i++) {
		emit(m, EV_FREE, 0, NORMAL + i);
		emit(m, EV_ZONE_FREE, 0, NORMAL + i);
	}
}

static void thresholds(struct machine *m, uint32_t what)
{
	machine_emit(m, (struct trace_event){ .type = EV_VMSTAT,
					      .cpu = 1,
					      .pfn = EV_PFN_NONE,
					      .mt = TRACE_MT_NONE,
					      .arg = what });
}

#define AMID 1930 /* pages: what the counter has, or without what CPU 0 has not told yet */

/* CPU 0 counts pages @ahead of a change of thresholds and @behind it; @heard: of kswapd's CPU in between. */
static void count_amid_change(struct machine *m, bool heard, uint64_t ahead, uint64_t behind)
{
	emit(m, EV_ISOLATE, 1, NORMAL + 2 * HELD)->order = 6;
	thresholds(m, EV_VMSTAT_AWAKE);
	thresholds(m, EV_VMSTAT_IDLE);
	give_past_lists(m, 0, ahead - 1);
	thresholds(m, EV_VMSTAT_ASLEEP);
	if (heard)
		thresholds(m, EV_VMSTAT_IDLE);
	give_past_lists(m, ahead, ahead + behind - 1);
}

/*
 * kswapd sets one CPU's threshold after the other.  Until it is heard of again another CPU may go by the one of before,
 * and not have told the zone yet: an attempt that finds the zone so alone tells.  A block that is told of next may have
 * been counted before, too.
 */
static void goes_by_the_old_threshold(void **state)
{
	static const struct {
		bool heard; /* of kswapd's CPU */
		uint64_t ahead, behind, page;
		bool late, exact;
	} cases[] = {
		{ false, 9, 1, DMA32, true, true },  { false, 9, 1, NORMAL + HELD, false, true },
		{ true, 9, 1, DMA32, true, true },   { true, 9, 1, NORMAL + HELD, false, true },
		{ true, 6, 2, DMA32, false, false }, { true, 6, 2, NORMAL + HELD, false, true },
		{ false, 6, 2, DMA32, true, true },
	};
	struct request_result res;
	struct machine m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&m);
		m.meta.zone[1].low = AMID - 10 + cases[i].ahead + cases[i].behind;
		count_amid_change(&m, cases[i].heard, cases[i].ahead, cases[i].behind);
		emit(&m, EV_TRY, 0, 0);
		emit(&m, EV_ALLOC, 0, cases[i].page);
		run(&m, &res);
		assert_int_equal(res.counted_late, cases[i].late);
		assert_int_equal(res.order0_exact, HELD + cases[i].exact);
	}
}

/* The same at the high mark: ZONE_BELOW_HIGH, which the next push finds, was set for what is not told. */
static void below_high_by_the_old_threshold(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (int i = 0; i < 4; i++) {
		bool heard = i & 1, told = i & 2;

		begin(&m);
		m.meta.zone[1].low = 1000; /* far from the lowest, so that thresholds change */
		m.meta.zone[1].high = AMID - 2 * heard;
		count_amid_change(&m, heard, heard ? 6 : 9, heard ? 2 : 1);
		emit(&m, EV_TRY, 0, 0);
		emit(&m, EV_ALLOC, 0, NORMAL + HELD);
		give_back(&m, NORMAL + 10);
		m.ev[m.n - 1].bits = told ? EV_BELOW_HIGH : 0;
		run(&m, &res);
		assert_int_equal(res.counted_late, told && !heard);
	}
}

/*
 * The vmstat worker gives way to others behind the first zone's counters: until it goes on an attempt finds those of the
 * next one as they were.  An idle CPU's do not stay away, nor do any where nothing gives way so.
 */
static void zone_folded_late(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (int i = 0; i < 8; i++) {
		bool works = i & 1, found = i & 2, lazy = i & 4, late = works && !lazy;

		begin(&m);
		snprintf(m.meta.kernel, sizeof(m.meta.kernel), "%s", lazy ? "6.18.15" : "6.12.117");
		m.meta.zone[1].low = AMID - 5;
		emit(&m, EV_ISOLATE, 1, NORMAL + 2 * HELD)->order = 6;
		thresholds(&m, EV_VMSTAT_AWAKE);
		thresholds(&m, EV_VMSTAT_IDLE);
		give_past_lists(&m, 0, 8);
		thresholds(&m, works ? EV_VMSTAT_WORKER : EV_VMSTAT_IDLE);
		m.ev[m.n - 1].cpu = 0;
		emit(&m, EV_TRY, 0, 0);
		emit(&m, EV_ALLOC, 0, found ? NORMAL + HELD : DMA32);
		run(&m, &res);
		assert_int_equal(res.counted_late, late && !found);
		assert_int_equal(res.order0_exact, HELD + (late || found));
	}
}

/* A CPU stands still amid its fold: another's attempts find the counters as they were, and those behind it do not. */
static void others_amid_the_fold(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (int i = 0; i < 4; i++) {
		bool works = i & 1, heard = i & 2;

		begin(&m);
		snprintf(m.meta.kernel, sizeof(m.meta.kernel), "6.18.15");
		m.meta.zone[1].low = AMID - 5;
		emit(&m, EV_ISOLATE, 1, NORMAL + 2 * HELD)->order = 6;
		thresholds(&m, EV_VMSTAT_AWAKE);
		thresholds(&m, EV_VMSTAT_IDLE);
		give_past_lists(&m, 0, 8);
		thresholds(&m, works ? EV_VMSTAT_WORKER : EV_VMSTAT_IDLE);
		m.ev[m.n - 1].cpu = 0;
		if (heard)
			give_past_lists(&m, 9, 9);
		emit(&m, EV_TRY, 1, 0);
		emit(&m, EV_ALLOC, 1, DMA32);
		emit(&m, EV_TRY, 1, 0);
		emit(&m, EV_ALLOC, 1, NORMAL + 8);
		run(&m, &res);
		assert_int_equal(res.counted_late > 0, !heard);
		assert_int_equal(res.order0_exact, HELD + 1 + !heard);
	}
}

/*
 * An attempt that is behind the fold leaves ZONE_BELOW_HIGH.  A push that comes before it has its page may find none yet:
 * the one behind it tells that the attempt found the counters as they were.
 */
static void above_high_behind_the_attempt(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (int i = 0; i < 8; i++) {
		bool amid = i & 1, below = i & 2, ends = i & 4;

		begin(&m);
		m.meta.zone[1].low = 1000;
		snprintf(m.meta.kernel, sizeof(m.meta.kernel), "6.12.117");
		m.meta.zone[1].high = AMID - 8;
		emit(&m, EV_ISOLATE, 1, NORMAL + 2 * HELD)->order = 6;
		thresholds(&m, EV_VMSTAT_AWAKE);
		thresholds(&m, EV_VMSTAT_IDLE);
		emit(&m, EV_ISOLATE, 0, NORMAL + 8 * HELD)->order = 3;
		thresholds(&m, EV_VMSTAT_WORKER);
		m.ev[m.n - 1].cpu = 0;
		emit(&m, EV_TRY, 1, 0);
		give_back(&m, NORMAL + 10);
		m.ev[m.n - 1].bits = amid ? EV_BELOW_HIGH : 0;
		m.ev[m.n - 1].arg = 1;
		emit(&m, EV_ALLOC, 1, NORMAL + HELD);
		if (ends) {
			give_back(&m, NORMAL + 11);
			m.ev[m.n - 1].bits = below ? EV_BELOW_HIGH : 0;
			m.ev[m.n - 1].arg = 1;
		}
		run(&m, &res);
		assert_int_equal(res.counted_late, !amid && ends && !below);
	}
}

/*
 * An attempt that passes for counters not folded yet, or for a boost that kswapd has taken back: one that goes on to the
 * zone behind tells that the boost is still there.
 */
static void passed_over_for_its_boost(void **state)
{
	enum { FOUND = 900 };
	struct request_result res;
	struct machine m;

	(void)state;
	for (int over = 0; over < 2; over++) {
		begin(&m);
		snprintf(m.meta.kernel, sizeof(m.meta.kernel), "6.12.117");
		m.meta.zone[1].low = AMID - 8 - FOUND;
		m.meta.zone[1].boost = FOUND;
		emit(&m, EV_ISOLATE, 1, NORMAL + 2 * HELD)->order = 6;
		thresholds(&m, EV_VMSTAT_AWAKE);
		thresholds(&m, EV_VMSTAT_IDLE);
		emit(&m, EV_BALANCE_BEGIN, 1, NORMAL)->arg = FOUND;
		emit(&m, EV_ISOLATE, 0, NORMAL + 8 * HELD)->order = 3;
		thresholds(&m, EV_VMSTAT_WORKER);
		m.ev[m.n - 1].cpu = 0;
		emit(&m, EV_TRY, 0, 0);
		emit(&m, EV_ALLOC, 0, NORMAL + HELD);
		emit(&m, EV_TRY, 0, 0);
		emit(&m, EV_ALLOC, 0, over ? DMA32 : NORMAL + HELD + 1);
		machine_emit(&m, balance_end(1, NORMAL, 0));
		run(&m, &res);
		assert_int_equal(res.counted_late, over);
		assert_int_equal(res.boosts_early, !over);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drains_on_after_an_interrupt),
		cmocka_unit_test(gives_up_between_holds),
		cmocka_unit_test(goes_on_in_its_zone),
		cmocka_unit_test(compares_highs),
		cmocka_unit_test(lost_push),
		cmocka_unit_test(bulk_page_twice),
		cmocka_unit_test(captured),
		cmocka_unit_test(refill_counted_late),
		cmocka_unit_test(finds_list_locked),
		cmocka_unit_test(finds_filled_list_locked),
		cmocka_unit_test(decays_later),
		cmocka_unit_test(worker_preempts_a_request),
		cmocka_unit_test(worker_finds_the_page_gone),
		cmocka_unit_test(hands_out_before_it_drains),
		cmocka_unit_test(refill_counts_the_share),
		cmocka_unit_test(goes_on_on_another_cpu),
		cmocka_unit_test(turned_before_the_hold),
		cmocka_unit_test(type_of_a_free_that_was_missed),
		cmocka_unit_test(goes_by_the_old_threshold),
		cmocka_unit_test(zone_folded_late),
		cmocka_unit_test(others_amid_the_fold),
		cmocka_unit_test(above_high_behind_the_attempt),
		cmocka_unit_test(passed_over_for_its_boost),
		cmocka_unit_test(below_high_by_the_old_threshold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
