/* SPDX-License-Identifier: GPL-2.0-only */
/* Request mode where tasks stop in the middle of what they do, in traces written by hand (7.3). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/pa_request.h"
#include "request_rig.h"

#define LISTED 31 /* refills have brought so many besides */
#define FAR 70000

/* CPU 1 empties CPU 0's lists, which hold @n pages. */
static void empty(struct machine *m, unsigned int n)
{
	emit(m, EV_DRAIN_PAGES, 1, NORMAL)->arg = 0;
	drain(m, 1, n);
}

static bool is_below(size_t event)
{
	return after[event].flags & PA_ZONE_BELOW_HIGH;
}

/* A push that others came upon between two holds ends ZONE_BELOW_HIGH when it ends itself. */
static void looks_when_it_ends(void **state)
{
	struct request_result res;
	size_t cut, end;
	struct machine m;

	(void)state;
	begin_as(&m, "7.3");
	for (uint64_t i = 0; i <= LATER; i++)
		give_back(&m, NORMAL + i);
	emit(&m, EV_TRY, 1, 0);
	drain(&m, 0, LATER - 2);
	emit(&m, EV_ALLOC, 0, NORMAL + HELD);
	cut = m.n - 1;
	drain(&m, 0, 3);
	end = m.n - 1;
	run_watched(&m, &res, keep_moment);
	assert_int_equal(res.drained.core, LATER + 1);
	assert_true(is_below(cut));
	assert_false(is_below(end));
}

/* Where it has emptied the lists it is over: what is drained next is none of its own. */
static void ends_with_the_lists(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	begin_as(&m, "7.3");
	for (uint64_t i = 0; i < 2; i++)
		emit(&m, EV_ALLOC, 0, NORMAL + 64 + 4 * i)->order = 2;
	for (uint64_t i = 0; i < HELD; i++)
		give_back(&m, NORMAL + i);
	empty(&m, HELD + LISTED);
	for (uint64_t i = 0; i < 2; i++) {
		emit(&m, EV_FREE, 0, NORMAL + 64 + 4 * i)->order = 2;
		emit(&m, EV_PUSH, 0, NORMAL + 64 + 4 * i)->order = 2;
	}
	drain(&m, 0, 2);
	emit(&m, EV_ALLOC, 1, NORMAL + 512);
	emit(&m, EV_FREE, 0, NORMAL + 512);
	emit(&m, EV_PUSH, 0, NORMAL + 512);
	drain(&m, 0, 1);
	run_watched(&m, &res, keep_moment);
	assert_int_equal(res.drained.core, HELD + LISTED + 2);
	assert_int_equal(res.drains_cut, 0);
}

/* A push whose list is too short for any drain is made at once, whatever its CPU drains next. */
static void cannot_drain(void **state)
{
	struct request_result res;
	struct machine m;
	size_t push;

	(void)state;
	begin_as(&m, "7.3");
	m.meta.zone[1].high = 2040; /* the zone stays below it */
	empty(&m, LISTED);
	emit(&m, EV_TRY, 1, 0);
	for (uint64_t i = 0; i < 8; i++)
		give_back(&m, NORMAL + i);
	drain(&m, 0, 6); /* of seven */
	give_back(&m, NORMAL + 8);
	push = m.n - 1;
	drain(&m, 0, 1);
	run_watched(&m, &res, keep_moment);
	assert_int_equal(after[push].pcp[0].count, 3);
	assert_int_equal(after[push + 1].pcp[0].count, 2);
}

/* Its round goes block by block, and on after another task came upon it. */
static void worker_in_steps(void **state)
{
	struct request_result res;
	struct machine m;
	size_t round;
	int32_t left;

	(void)state;
	begin_as(&m, "7.3");
	m.meta.zone[1].high = 24; /* and the zone above it */
	for (uint64_t i = 0; i < HELD - 1; i++)
		give_back(&m, NORMAL + i);
	emit(&m, EV_VMSTAT, 0, EV_PFN_NONE)->arg = EV_VMSTAT_WORKER;
	emit(&m, EV_ALLOC, 1, NORMAL + 512);
	emit(&m, EV_VMSTAT, 0, EV_PFN_NONE)->arg = EV_VMSTAT_WORKER;
	round = m.n - 1;
	drain(&m, 0, 3);
	emit(&m, EV_ALLOC, 0, NORMAL + HELD);
	drain(&m, 0, LATER);
	run_watched(&m, &res, keep_moment);
	left = after[round].pcp[0].count;
	assert_int_equal(after[round + 1].pcp[0].count, left - 1);
	assert_int_equal(after[round + 3].pcp[0].count, left - 3);
	assert_int_equal(after[round + 4].pcp[0].count, left - 4);
	assert_int_equal(after[m.n - 1].pcp[0].count, after[m.n - 1].pcp[0].high - 1);
}

/* A page whose push was missed may stay on its list for long. */
static void lost_push_far_back(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	begin_as(&m, "7.3");
	emit(&m, EV_FREE, 0, NORMAL);
	give_back(&m, NORMAL + 1);
	for (unsigned int i = 0; i < FAR; i++)
		emit(&m, EV_VMSTAT, 1, EV_PFN_NONE)->arg = EV_VMSTAT_IDLE;
	emit(&m, EV_DRAIN, 1, NORMAL);
	run_watched(&m, &res, keep_moment);
	assert_int_equal(res.frees, 2);
}

/*
 * Of a page whose push was missed nothing more is told: it is on its list, unless a larger block holds it, or it may be one
 * that compaction_free gave back.
 */
static void lost_push_of_which_nothing_is_told(void **state)
{
	enum { PINNED, MOVABLE, MERGED, CASES };
	struct request_result res;
	struct machine m;

	(void)state;
	for (int which = 0; which < CASES; which++) {
		begin_as(&m, "7.3");
		emit(&m, EV_ALLOC, 0, NORMAL + HELD);
		if (which != MOVABLE) {
			m.ev[m.n - 1].arg = 0;
			m.ev[m.n - 1].mt = K_UNMOVABLE;
		}
		emit(&m, EV_FREE, 0, NORMAL + HELD);
		give_back(&m, NORMAL + 1);
		if (which == MERGED)
			emit(&m, EV_ISOLATE, 1, NORMAL)->order = 6;
		run(&m, &res);
		assert_int_equal(res.frees, 1 + (which == PINNED));
	}
}

/* kswapd has taken its boosts back by the last look of a push that drained, if no push finds the flag then. */
static void last_look_without_boost(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (int told = 0; told < 2; told++) {
		begin_as(&m, "7.3");
		m.meta.zone[1].boost = 20;
		for (uint64_t i = 0; i <= LATER; i++)
			give_back(&m, NORMAL + i);
		emit(&m, EV_TRY, 1, 0);
		drain(&m, 0, LATER + 1);
		emit(&m, EV_BALANCE_BEGIN, 1, NORMAL)->arg = 20;
		give_back(&m, NORMAL + LATER + 1);
		m.ev[m.n - 1].arg = 1;
		m.ev[m.n - 1].bits = told ? EV_BELOW_HIGH : 0;
		run_watched(&m, &res, keep_moment);
		assert_int_equal(res.boosts_early, !told);
		assert_int_equal(is_below(m.n - 1), told);
	}
}

/* And it stays locked until the CPU that drains it is heard of. */
static void stays_locked(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (int heard = 0; heard < 2; heard++) {
		begin_as(&m, "7.3");
		for (uint64_t i = 0; i < HELD; i++)
			give_back(&m, NORMAL + i);
		empty(&m, HELD); /* a hold; there are more */
		emit(&m, EV_TRY, 0, 0);
		emit(&m, EV_ZONE_ALLOC, 0, NORMAL + 512);
		emit(&m, EV_ALLOC, 0, NORMAL + 512);
		if (heard)
			drain(&m, 1, 1);
		emit(&m, EV_TRY, 0, 0)->order = 3;
		emit(&m, EV_ZONE_ALLOC, 0, NORMAL + 520)->order = 3;
		emit(&m, EV_ALLOC, 0, NORMAL + 520)->order = 3;
		drain(&m, 1, 1);
		run_watched(&m, &res, keep_moment);
		assert_int_equal(res.bypasses, heard ? 1 : 2);
	}
}

/* A request settles for a zone, which is empty once it has the lock: it has asked how much to bring. */
static void comes_too_late(void **state)
{
	static const unsigned int orders[] = { 0, 6, 7, 8, 9, 10 };
	struct request_result res;
	struct machine m;

	(void)state;
	begin_as(&m, "7.3");
	emit(&m, EV_TRY, 1, 0);
	emit(&m, EV_ISOLATE, 0, NORMAL + 63);
	for (size_t i = 1; i < sizeof(orders) / sizeof(orders[0]); i++)
		emit(&m, EV_ISOLATE, 0, NORMAL + (UINT64_C(1) << orders[i]))->order =
			(uint8_t)orders[i];
	emit(&m, EV_ALLOC, 1, 4096);
	run_watched(&m, &res, keep_moment);
	assert_int_equal(res.isolated, sizeof(orders) / sizeof(orders[0]));
	assert_int_equal(res.order0_exact, HELD + 1);
	assert_int_equal(after[m.n - 1].pcp[1].alloc_factor, 1);
	assert_true(is_below(m.n - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks_when_it_ends),
		cmocka_unit_test(ends_with_the_lists),
		cmocka_unit_test(cannot_drain),
		cmocka_unit_test(worker_in_steps),
		cmocka_unit_test(lost_push_far_back),
		cmocka_unit_test(lost_push_of_which_nothing_is_told),
		cmocka_unit_test(last_look_without_boost),
		cmocka_unit_test(stays_locked),
		cmocka_unit_test(comes_too_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
