/* SPDX-License-Identifier: GPL-2.0-only */
/* Request mode where it matters which task does what, and what it had by then, in traces written by hand (7.3). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/pa_request.h"
#include "request_rig.h"

#define BATCH 4
#define REST 34 /* pages on its lists behind begin_cut() */

enum { FIRST = 1, SECOND, THIRD }; /* processes */

static const struct rig_lists lists = { .batch = BATCH, .high_min = 4, .high = 400 };

static struct trace_event *last(struct machine *m)
{
	return &m->ev[m->n - 1];
}

/* A push of the first process that drains 10 pages stops behind its first hold, and leaves 6; return the next page. */
static uint64_t begin_cut(struct machine *m)
{
	begin_as(m, "7.3");
	m->meta.zone[1].high = 100;
	for (uint64_t i = 0; i < 10; i++)
		give_back(m, NORMAL + i);
	last(m)->bits = EV_RECLAIMING;
	last(m)->pid = FIRST;
	drain(m, 0, BATCH);
	for (unsigned int i = 1; i <= BATCH; i++)
		m->ev[m->n - i].pid = FIRST;
	return NORMAL + 10;
}

static void drain_by(struct machine *m, uint32_t pid, unsigned int n)
{
	while (n--) {
		drain(m, 0, 1);
		last(m)->pid = pid;
	}
}

/* A movable page: the attempt, and the request that it ends with. */
static void try_by(struct machine *m, unsigned int cpu, uint32_t pid)
{
	emit(m, EV_TRY, cpu, 0)->pid = pid;
}

static void alloc_by(struct machine *m, unsigned int cpu, uint64_t pfn, uint32_t pid)
{
	emit(m, EV_ALLOC, cpu, pfn)->pid = pid;
}

/*
 * CPU 0's attempt sets ZONE_BELOW_HIGH, which a push of CPU 1 is not told yet, and drains by: no push that was cut has
 * ended the flag.
 */
static void drains_by_the_flag(void **state)
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
	for (uint64_t i = 0; i < 9; i++)
		give_back_on(&m, 1, pfn + i);
	emit(&m, EV_TRY, 0, 0)->order = 3;
	give_back_on(&m, 1, pfn + 9);
	last(&m)->arg = 1;
	drain(&m, 1, BATCH);
	run_with(&m, &lists, &res, NULL);
	assert_int_equal(res.drained.core, BATCH + BATCH);
}

/* The same, and a push that does not drain comes first, which is not told of the flag either. */
static void drains_by_the_flag_later(void **state)
{
	struct request_result res;
	struct machine m;
	uint64_t pfn;

	(void)state;
	for (int drains = 0; drains < 2; drains++) {
		pfn = begin_cut(&m);
		m.meta.zone[1].min = 1;
		m.meta.zone[1].low = 2;
		m.meta.zone[1].high = 3;
		for (unsigned int o = 3; o < 11; o++)
			emit(&m, EV_ISOLATE, 1, NORMAL + (UINT64_C(1) << o))->order = (uint8_t)o;
		for (uint64_t i = 0; i < 8; i++)
			give_back_on(&m, 1, pfn + i);
		emit(&m, EV_TRY, 0, 0)->order = 3;
		for (uint64_t i = 8; i < 10; i++) {
			give_back_on(&m, 1, pfn + i);
			last(&m)->arg = 400;
		}
		if (drains)
			drain(&m, 1, BATCH);
		run_with(&m, &lists, &res, NULL);
		assert_int_equal(res.drained.core, BATCH + (drains ? BATCH : 0));
	}
}

/* drain_pages_zone is over where it has drained what there was: the push that it came upon goes on. */
static void ends_with_what_there_was(void **state)
{
	struct request_result res;
	struct machine m;
	uint64_t pfn;

	(void)state;
	pfn = begin_cut(&m);
	for (uint64_t i = 0; i < 3; i++)
		give_back_on(&m, 1, pfn + i);
	emit(&m, EV_DRAIN_PAGES, 0, NORMAL)->arg = 1;
	drain(&m, 0, 3);
	emit(&m, EV_TRY, 0, 0)->order = 9;
	drain(&m, 0, 6);
	run_with(&m, &lists, &res, keep_moment);
	assert_int_equal(after[m.n - 1].pcp[1].count, 0);
	assert_int_equal(after[m.n - 1].pcp[0].count, REST - 6);
}

/*
 * CPU 1's attempt has found ZONE_BELOW_HIGH, which a push of CPU 0 is about to end: whether it has by nr_pcp_alloc, the
 * next push of CPU 1 tells.
 */
static void flag_ends_ahead_of_the_refill(void **state)
{
	static const struct rig_lists short_ones = { .batch = BATCH, .high_min = 4, .high = 400 };
	struct request_result res;
	struct machine m;

	(void)state;
	for (int grown = 0; grown < 2; grown++) {
		begin_as(&m, "7.3");
		m.meta.zone[1].high = 1900;
		for (uint64_t i = 0; i < 9; i++)
			give_back(&m, NORMAL + i);
		emit(&m, EV_TRY, 1, 0)->order = 9; /* sets it */
		give_back(&m, NORMAL + 9);
		last(&m)->bits = EV_RECLAIMING | EV_BELOW_HIGH;
		drain(&m, 0, BATCH);
		try_by(&m, 1, 0);
		for (uint64_t i = 0; i < BATCH; i++)
			emit(&m, EV_ZONE_ALLOC, 1, NORMAL + 512 + i);
		alloc_by(&m, 1, NORMAL + 512, 0);
		give_back_on(&m, 1, NORMAL + 512);
		last(&m)->arg = grown ? 128 + BATCH : 128;
		run_with(&m, &short_ones, &res, keep_moment);
		assert_int_equal(res.highs_exact, 1);
	}
}

/* The vmstat worker preempts a request, and behind it a push goes on that was cut: both rows are one. */
static void worker_and_a_cut_push(void **state)
{
	static const struct rig_lists short_ones = { .batch = BATCH, .high_min = 4, .high = 46 };
	struct request_result res;
	struct machine m;

	(void)state;
	for (unsigned int popped = 0; popped < 2; popped++) {
		unsigned int row = popped ? 1 + 6 : 2;

		begin_cut(&m);
		try_by(&m, 0, 0);
		machine_emit(&m, (struct trace_event){ .type = EV_VMSTAT,
						       .pfn = EV_PFN_NONE,
						       .mt = TRACE_MT_NONE,
						       .arg = EV_VMSTAT_WORKER });
		drain(&m, 0, row);
		alloc_by(&m, 0, NORMAL + 9, 0);
		run_with(&m, &short_ones, &res, NULL);
		assert_int_equal(res.reordered, popped);
		assert_int_equal(res.drained.core, BATCH + row);
	}
}

/* A task is stopped behind taking its page, another one takes the next, and the first goes on elsewhere. */
static void goes_on_elsewhere(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (int told = 0; told < 2; told++) {
		begin_as(&m, "7.3");
		try_by(&m, 0, told ? FIRST : 0);
		try_by(&m, 0, told ? SECOND : 0);
		alloc_by(&m, 0, NORMAL + HELD + 1, SECOND);
		if (told) { /* even where something is open, if it is another's */
			try_by(&m, 1, THIRD);
			emit(&m, EV_ZONE_ALLOC, 1, NORMAL + 512);
		}
		alloc_by(&m, 1, NORMAL + HELD, FIRST);
		if (told)
			alloc_by(&m, 1, NORMAL + 512, THIRD);
		run(&m, &res);
		assert_int_equal(res.order0_exact, HELD + 2);
	}
}

/* Of two attempts the one that is around the other may end first, if it is of the process that asks. */
static void ends_its_own_attempt(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	begin_as(&m, "7.3");
	try_by(&m, 0, FIRST);
	try_by(&m, 0, SECOND);
	try_by(&m, 0, SECOND); /* the one before has failed */
	alloc_by(&m, 0, NORMAL + HELD, FIRST);
	alloc_by(&m, 0, NORMAL + HELD + 1, SECOND);
	run(&m, &res);
	assert_int_equal(res.order0_exact, HELD + 2);
	assert_int_equal(res.untried, HELD);
}

/* A task that has filled its CPU's list goes on elsewhere: the list is that CPU's. */
static void refills_and_goes_on_elsewhere(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	begin_as(&m, "7.3");
	try_by(&m, 1, FIRST);
	for (uint64_t i = 0; i < BATCH; i++)
		emit(&m, EV_ZONE_ALLOC, 1, NORMAL + 512 + i);
	alloc_by(&m, 0, NORMAL + 512, FIRST);
	run_with(&m, &lists, &res, keep_moment);
	assert_int_equal(after[m.n - 1].pcp[1].count, BATCH - 1);
}

/* A hold is for who gets its first block, though another one's attempt came later and its request comes first. */
static void holds_for_its_first_block(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	begin_as(&m, "7.3");
	try_by(&m, 1, FIRST);
	try_by(&m, 1, SECOND);
	for (uint64_t i = 0; i < BATCH; i++)
		emit(&m, EV_ZONE_ALLOC, 1, NORMAL + 60 + i);
	alloc_by(&m, 1, NORMAL + 61, SECOND);
	alloc_by(&m, 0, NORMAL + 60, FIRST);
	run_with(&m, &lists, &res, NULL);
	assert_int_equal(res.order0_exact, HELD + 2);
}

/* Two holds of a CPU in a row, as two tasks refill two lists: neither is part of the other. */
static void holds_in_a_row(void **state)
{
	struct request_result res;
	struct machine m;
	uint64_t before = 0;

	(void)state;
	for (int both = 0; both < 2; both++) {
		begin_as(&m, "7.3");
		try_by(&m, 1, FIRST);
		for (uint64_t i = 0; i < BATCH; i++)
			emit(&m, EV_ZONE_ALLOC, 1, NORMAL + 512 + i);
		if (both) {
			try_by(&m, 1, SECOND);
			last(&m)->mt = K_UNMOVABLE;
			for (uint64_t i = 0; i < BATCH; i++)
				emit(&m, EV_ZONE_ALLOC, 1, NORMAL + 1024 + i)->mt = K_UNMOVABLE;
			alloc_by(&m, 1, NORMAL + 1024, SECOND);
			last(&m)->mt = K_UNMOVABLE;
			last(&m)->arg = 0;
		}
		alloc_by(&m, 1, NORMAL + 512, FIRST);
		run_with(&m, &lists, &res, NULL);
		if (both)
			assert_int_equal(res.refills.kernel, before + 1);
		before = res.refills.kernel;
	}
}

/* A push that was cut goes on, and a request that came in between is yet to be told of: it has its page. */
static void goes_on_upon_a_request(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	begin_cut(&m);
	try_by(&m, 0, 0);
	alloc_by(&m, 0, NORMAL + 9, 0);
	try_by(&m, 0, 0);
	drain(&m, 0, 6);
	alloc_by(&m, 0, NORMAL + 8, 0);
	run_with(&m, &lists, &res, NULL);
	assert_int_equal(res.reordered, 1);
	assert_int_equal(res.drained.core, BATCH + 6);
}

/* What a CPU drains behind a push is not for that, if it is another process that does. */
static void another_one_drains(void **state)
{
	struct request_result res;
	struct machine m;
	size_t push;

	(void)state;
	give_back(&m, begin_cut(&m));
	last(&m)->pid = SECOND;
	push = m.n - 1;
	drain_by(&m, FIRST, 6);
	run_with(&m, &lists, &res, keep_moment);
	assert_int_equal(after[push].pcp[0].count, REST + 1);
	assert_int_equal(after[m.n - 1].pcp[0].count, REST + 1 - 6);
}

/* Nor for drain_pages_zone, which goes on when its own process drains. */
static void another_one_than_drain_pages(void **state)
{
	struct request_result res;
	struct machine m;
	uint64_t pfn;

	(void)state;
	pfn = begin_cut(&m);
	for (uint64_t i = 0; i < 8; i++)
		give_back_on(&m, 1, pfn + i);
	emit(&m, EV_DRAIN_PAGES, 0, NORMAL)->arg = 1;
	last(&m)->pid = SECOND;
	drain_by(&m, FIRST, 6);
	drain_by(&m, SECOND, 8);
	run_with(&m, &lists, &res, keep_moment);
	assert_int_equal(after[m.n - 9].pcp[1].count, 8);
	assert_int_equal(after[m.n - 9].pcp[0].count, REST - 6);
	assert_int_equal(after[m.n - 1].pcp[1].count, 0);
	assert_int_equal(after[m.n - 1].pcp[0].count, REST - 6);
}

/* Its task goes on on another CPU, behind what came upon it on the first one. */
static void drain_pages_elsewhere(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	begin_as(&m, "7.3");
	for (uint64_t i = 0; i < 8; i++)
		give_back(&m, NORMAL + i);
	emit(&m, EV_DRAIN_PAGES, 0, NORMAL)->arg = 0;
	last(&m)->pid = FIRST;
	give_back(&m, NORMAL + 8);
	last(&m)->pid = SECOND;
	for (unsigned int i = 0; i < 9; i++) {
		drain(&m, 1, 1);
		last(&m)->pid = FIRST;
	}
	run_with(&m, &lists, &res, NULL);
	assert_true(res.drained.core >= 9);
}

/* What is taken ahead of its event comes behind what its CPU tells of turned lists. */
static void turned_ahead_of_a_fallback(void **state)
{
	static const uint64_t pfn[] = { NORMAL + 2, NORMAL, NORMAL + 4 };
	struct request_result res;
	struct machine m;

	(void)state;
	begin_as(&m, "7.3");
	m.meta.zone[1].min = 1;
	m.meta.zone[1].low = 2;
	m.meta.zone[1].high = 3;
	for (unsigned int o = 6; o < 11; o++)
		emit(&m, EV_ISOLATE, 1, NORMAL + (UINT64_C(1) << o))->order = (uint8_t)o;
	for (size_t i = 0; i < 3; i++) { /* past the lists: the last is first */
		emit(&m, EV_FREE, 0, pfn[i]);
		emit(&m, EV_ZONE_FREE, 0, pfn[i]);
	}
	emit(&m, EV_TRY, 1, 0)->mt = K_UNMOVABLE;
	emit(&m, EV_TRY, 0, 0);
	emit(&m, EV_ROTATE, 1, NORMAL + 4)->bits = EV_ROTATE_TAIL;
	machine_emit(&m, (struct trace_event){ .type = EV_FALLBACK,
					       .cpu = 1,
					       .pfn = NORMAL,
					       .mt = K_UNMOVABLE,
					       .bits = EV_CLAIM_KNOWN,
					       .arg = trace_fallback_arg(0, K_MOVABLE) });
	alloc_by(&m, 1, NORMAL, 0);
	last(&m)->mt = K_UNMOVABLE;
	last(&m)->arg = 0;
	emit(&m, EV_ALLOC, 0, DMA32 + 128);
	run(&m, &res);
	assert_int_equal(res.fallbacks_early, 1);
	assert_int_equal(res.order0_exact, HELD + 1);
}

/* A free has asked for its pageblock's type before another CPU's claim, and is pushed behind that. */
static void pushed_behind_a_claim(void **state)
{
	struct request_result res;
	struct machine m;
	uint64_t exact[2];

	(void)state;
	for (int heard = 0; heard < 2; heard++) {
		begin_as(&m, "7.3");
		m.meta.zone[1].min = 1;
		m.meta.zone[1].low = 2;
		m.meta.zone[1].high = 3;
		for (unsigned int o = 7; o < 11; o++)
			emit(&m, EV_ISOLATE, 1, NORMAL + (UINT64_C(1) << o))->order = (uint8_t)o;
		emit(&m, EV_FREE, 0, NORMAL);
		try_by(&m, 1, 0);
		last(&m)->mt = K_UNMOVABLE;
		emit(&m, EV_ZONE_ALLOC, 1, NORMAL + 63)->mt = K_UNMOVABLE;
		machine_emit(&m, (struct trace_event){ .type = EV_FALLBACK,
						       .cpu = 1,
						       .pfn = NORMAL + 63,
						       .mt = K_UNMOVABLE,
						       .bits = EV_CLAIMED | EV_CLAIM_KNOWN,
						       .arg = trace_fallback_arg(6, K_MOVABLE) });
		alloc_by(&m, 1, NORMAL + 63, 0);
		last(&m)->mt = K_UNMOVABLE;
		last(&m)->arg = 0;
		if (heard)
			emit(&m, EV_TRY, 0, 0)->order = 9;
		emit(&m, EV_PUSH, 0, NORMAL);
		emit(&m, EV_TRY, 0, 0)->arg = event_try(4, 2); /* ALLOC_NO_WATERMARKS */
		emit(&m, EV_ALLOC, 0, NORMAL);
		run(&m, &res);
		exact[heard] = res.order0_exact;
		assert_true(res.fallbacks.core > 0);
	}
	assert_int_equal(exact[0], exact[1] + 1);
}

/* Where a claim is made ahead of its event, for its boost, frees in between go by the type before. */
static void pushed_ahead_of_a_claim(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	begin_as(&m, "7.3");
	m.meta.zone[1].min = 1;
	m.meta.zone[1].low = 2;
	m.meta.zone[1].high = 3;
	for (unsigned int o = 7; o < 11; o++)
		emit(&m, EV_ISOLATE, 1, NORMAL + (UINT64_C(1) << o))->order = (uint8_t)o;
	emit(&m, EV_TRY, 1, 0)->mt = K_UNMOVABLE;
	emit(&m, EV_TRY, 0, 0);
	give_back(&m, NORMAL);
	emit(&m, EV_ZONE_ALLOC, 1, NORMAL + 63)->mt = K_UNMOVABLE;
	machine_emit(&m, (struct trace_event){ .type = EV_FALLBACK,
					       .cpu = 1,
					       .pfn = NORMAL + 63,
					       .mt = K_UNMOVABLE,
					       .bits = EV_CLAIMED | EV_CLAIM_KNOWN,
					       .arg = trace_fallback_arg(6, K_MOVABLE) });
	alloc_by(&m, 1, NORMAL + 63, 0);
	last(&m)->mt = K_UNMOVABLE;
	last(&m)->arg = 0;
	emit(&m, EV_ALLOC, 0, DMA32 + 128);
	emit(&m, EV_TRY, 0, 0)->arg = event_try(4, 2); /* ALLOC_NO_WATERMARKS */
	emit(&m, EV_ALLOC, 0, NORMAL);
	run(&m, &res);
	assert_int_equal(res.fallbacks_early, 1);
	assert_int_equal(res.order0_exact, HELD + 2);
}

/*
 * Who goes on to the slow path has found no zone, though it would have: it has looked amid another's claim, and left
 * ZONE_BELOW_HIGH.
 */
static void seen_to_fail(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (int slow = 0; slow < 2; slow++) {
		begin_as(&m, "7.3");
		m.meta.zone[1].low = 1900;
		m.meta.zone[1].high = 1950;
		m.meta.zone[0].low = m.meta.zone[0].high = 8000;
		try_by(&m, 0, FIRST);
		try_by(&m, 0, slow ? FIRST : SECOND);
		last(&m)->arg = event_try(slow ? 0 : 1, 2);
		machine_emit(&m, (struct trace_event){ .type = EV_FALLBACK,
						       .cpu = 1,
						       .pfn = NORMAL + 1024,
						       .mt = K_UNMOVABLE,
						       .bits = EV_CLAIMED,
						       .arg = trace_fallback_arg(10, K_MOVABLE) });
		run_watched(&m, &res, keep_moment);
		assert_int_equal(res.amid_claims, slow);
		assert_int_equal(!!(after[m.n - 3].flags & PA_ZONE_BELOW_HIGH), slow);
	}
}

/*
 * A boost goes between the two looks of an attempt, and another one sets ZONE_BELOW_HIGH in any case: whether the first
 * has left it, the refill in between tells; not a request of an order that no list has.
 */
static void refill_tells_of_two_looks(void **state)
{
	enum { FOUND = 1000, BEFORE = 8 };
	struct request_result res;
	struct machine m;

	(void)state;
	for (int large = 0; large < 2; large++) {
		begin(&m);
		m.meta.zone[1].high = 900;
		m.meta.zone[1].boost = FOUND;
		emit(&m, EV_BALANCE_BEGIN, 1, NORMAL)->arg = FOUND;
		emit(&m, EV_ISOLATE, 1, NORMAL + 1024)->order =
			10; /* below both marks with the boost alone */
		emit(&m, EV_TRY, 0, 0);
		machine_emit(&m, balance_end(1, NORMAL, 0));
		emit(&m, EV_ALLOC, 0, NORMAL + HELD);
		if (large) {
			emit(&m, EV_TRY, 1, 0)->order = 5;
			emit(&m, EV_ZONE_ALLOC, 1, NORMAL + 64)->order = 5;
			emit(&m, EV_ALLOC, 1, NORMAL + 64)->order = 5;
		}
		emit(&m, EV_TRY, 1, 0);
		emit(&m, EV_ZONE_ALLOC, 1, NORMAL + 512);
		emit(&m, EV_ALLOC, 1, NORMAL + 512);
		emit(&m, EV_ISOLATE, 0, NORMAL + 256)->order = 8;
		emit(&m, EV_TRY, 0, 0);
		emit(&m, EV_ALLOC, 0, NORMAL + HELD + 1);
		give_back_on(&m, 1, NORMAL + 512);
		last(&m)->arg = BEFORE;
		last(&m)->bits = EV_BELOW_HIGH;
		run(&m, &res);
		assert_int_equal(res.highs_exact, 1);
	}
}

/* A larger block, too, is not had yet where the pushes that follow drain by it; the first of them drains either way. */
static void has_no_block_yet(void **state)
{
	static const struct rig_lists short_ones = { .batch = BATCH, .high_min = 40, .high = 40 };
	struct request_result res;
	struct machine m;

	(void)state;
	for (unsigned int has = 0; has < 2; has++) {
		begin_as(&m, "7.3");
		m.meta.zone[1].high = 100;
		emit(&m, EV_ALLOC, 0, NORMAL + 60)->order = 1;
		give_back(&m, NORMAL + 60);
		m.ev[m.n - 2].order = last(&m)->order = 1;
		emit(&m, EV_TRY, 0, 0)->order = 1;
		for (uint64_t i = 0; i < 8 + 2 * has; i++)
			give_back(&m, NORMAL + i);
		drain(&m, 0, BATCH);
		emit(&m, EV_ALLOC, 0, NORMAL + 60)->order = 1;
		run_with(&m, &short_ones, &res, keep_moment);
		assert_int_equal(res.reordered, has);
	}
}

/* A drain's last look comes ahead of the push behind it, also where an interrupt has freed past the lists in between. */
static void looks_behind_an_interrupt(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	begin_as(&m, "6.12");
	for (uint64_t i = 0; i <= LATER; i++)
		give_back(&m, NORMAL + i);
	emit(&m, EV_TRY, 1, 0);
	drain(&m, 0, LATER + 1);
	try_without(&m, NORMAL + HELD + 1);
	emit(&m, EV_FREE, 0, NORMAL + LATER + 1);
	emit(&m, EV_ZONE_FREE, 0, NORMAL + LATER + 1)->bits = EV_LOCKED | EV_MT_KNOWN;
	give_back(&m, NORMAL + LATER + 2);
	last(&m)->arg = 1;
	run_watched(&m, &res, keep_moment);
	assert_false(after[m.n - 1].flags & PA_ZONE_BELOW_HIGH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drains_by_the_flag),
		cmocka_unit_test(drains_by_the_flag_later),
		cmocka_unit_test(ends_with_what_there_was),
		cmocka_unit_test(flag_ends_ahead_of_the_refill),
		cmocka_unit_test(worker_and_a_cut_push),
		cmocka_unit_test(goes_on_elsewhere),
		cmocka_unit_test(ends_its_own_attempt),
		cmocka_unit_test(refills_and_goes_on_elsewhere),
		cmocka_unit_test(holds_for_its_first_block),
		cmocka_unit_test(holds_in_a_row),
		cmocka_unit_test(goes_on_upon_a_request),
		cmocka_unit_test(another_one_drains),
		cmocka_unit_test(another_one_than_drain_pages),
		cmocka_unit_test(drain_pages_elsewhere),
		cmocka_unit_test(turned_ahead_of_a_fallback),
		cmocka_unit_test(pushed_behind_a_claim),
		cmocka_unit_test(pushed_ahead_of_a_claim),
		cmocka_unit_test(seen_to_fail),
		cmocka_unit_test(refill_tells_of_two_looks),
		cmocka_unit_test(has_no_block_yet),
		cmocka_unit_test(looks_behind_an_interrupt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
