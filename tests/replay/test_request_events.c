/* SPDX-License-Identifier: GPL-2.0-only */
/* What single events tell request mode of looks at the marks and of flags, in traces written by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "request_rig.h"

/* ZONE_BELOW_HIGH is set by another CPU's attempt: the push finds it if its CPU drains next. */
static void finds_later_flag(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (int drains = 0; drains < 2; drains++) {
		begin(&m);
		for (uint64_t i = 0; i <= LATER; i++)
			give_back(&m, NORMAL + i);
		emit(&m, EV_TRY, 1, 0);
		if (drains)
			emit(&m, EV_DRAIN, 0, NORMAL);
		emit(&m, EV_ALLOC, 0, NORMAL + HELD); /* the hold is over */
		run(&m, &res);
		assert_int_equal(res.frees, LATER + 1);
		assert_int_equal(res.drains.core, drains);
		assert_int_equal(res.drained.core, drains ? LATER + 1 : 0);
	}
}

/* Set before, all of them find it, whether a drain is seen or not: that is no event's to say. */
static void finds_earlier_flag(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	begin(&m);
	emit(&m, EV_TRY, 1, 0);
	for (uint64_t i = 0; i <= LATER; i++)
		give_back(&m, NORMAL + i);
	run(&m, &res);
	assert_int_equal(res.frees, LATER + 1);
	assert_int_equal(res.drained.kernel, 0);
	assert_true(res.drained.core > 0);
}

/*
 * A drain ends ZONE_BELOW_HIGH where its last block goes, or if the next push still finds it, when its
 * CPU is heard of next: by then others may have taken what brought the zone above the mark.
 */
static void looks_after_drain(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	/* How many of the pushes that follow are told of it: the first one's word settles it. */
	for (unsigned int told = 0; told < 3; told++) {
		begin(&m);
		for (uint64_t i = 0; i <= LATER; i++)
			give_back(&m, NORMAL + i);
		emit(&m, EV_TRY, 1, 0);
		for (uint64_t i = 0; i <= LATER; i++)
			emit(&m, EV_DRAIN, 0, NORMAL + i);
		machine_emit(&m, (struct trace_event){ .type = EV_ISOLATE,
						       .cpu = 1,
						       .order = 10,
						       .pfn = NORMAL + 1024,
						       .mt = TRACE_MT_NONE });
		for (uint64_t i = LATER + 1; i <= 2 * LATER + 1; i++) {
			give_back(&m, NORMAL + i);
			m.ev[m.n - 1].bits = i - LATER <= told ? EV_BELOW_HIGH : 0;
		}
		run(&m, &res);
		assert_int_equal(res.drained.core > LATER + 1, told > 0);
	}
}

/*
 * An attempt sets the flag again after a drain's last block, and the push right behind does not find it:
 * the drain looked after the attempt.  With another event in between that is not known.
 */
static void looks_after_attempts(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (int right_behind = 0; right_behind < 2; right_behind++) {
		begin_drained_below(&m, NORMAL + HELD);
		try_without(&m, NORMAL + HELD + 1);
		if (!right_behind)
			emit(&m, EV_ALLOC, 0, NORMAL + HELD + 2);
		for (uint64_t i = LATER + 1; i <= 2 * LATER + 1; i++) {
			emit(&m, EV_FREE, 0, NORMAL + i);
			emit(&m, EV_PUSH, 0, NORMAL + i);
			m.ev[m.n - 1].arg = 1;
		}
		run(&m, &res);
		assert_int_equal(res.drained.core > LATER + 1, !right_behind);
	}
}

/*
 * A push finds the flag that a drain ended before: an attempt in between set it again, with what is kept from
 * it above the mark (lowmem_reserve), or as it goes on to the zone behind, or none did, that looked at the zone, and
 * it did not end.
 */
static void finds_flag_after_attempt(void **state)
{
	enum { KEPT = 60, ENDED = KEPT + 1 + 2 + 4 + 8 + 16 + 32 };
	static const struct {
		uint64_t page;
		unsigned int highest;
		uint64_t high, reserve;
		uint32_t may_hold; /* CPU 0's lists, as refills had no flag or had it */
	} cases[] = {
		{ NORMAL + HELD + 9, 2, 1500, 0, ENDED },
		{ NORMAL + HELD + 9, 2, 900, 200, ENDED },
		{ DMA32, 1, 1500, 0, KEPT },
		{ NORMAL + HELD + 9, 3, 800, 200, KEPT },
		{ DMA32, 3, 800, 200, ENDED }, /* it has gone past it */
	};
	struct request_result res;
	struct machine m;
	size_t drained;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trace_event block = {
			.cpu = 1, .order = 10, .pfn = NORMAL + 1024, .mt = TRACE_MT_NONE
		};

		begin(&m);
		m.meta.zone[1].high = cases[i].high;
		m.meta.zone[1].nr_lowmem_reserve = 4;
		m.meta.zone[1].lowmem_reserve[2] = (int64_t)cases[i].reserve;
		for (uint64_t k = 0; k <= LATER; k++)
			give_back(&m, NORMAL + k);
		try_without(&m, NORMAL + HELD + 8);
		for (uint64_t k = 0; k <= LATER; k++)
			emit(&m, EV_DRAIN, 0, NORMAL + k);
		drained = m.n - 1;
		for (uint64_t k = 0; k < 2 * HELD; k++)
			emit(&m, EV_ALLOC, 0, NORMAL + HELD + k);
		block.type = EV_ISOLATE;
		machine_emit(&m, block);
		emit(&m, EV_TRY, 1, 0);
		m.ev[m.n - 1].arg = event_try(1, cases[i].highest);
		emit(&m, EV_ALLOC, 1, cases[i].page);
		block.type = EV_PUTBACK;
		machine_emit(&m, block);
		give_back(&m, NORMAL + LATER + 1);
		m.ev[m.n - 1].bits = EV_BELOW_HIGH;
		m.ev[m.n - 1].arg = cases[i].may_hold;
		run_watched(&m, &res, keep_moment);
		assert_int_equal(!!(after[drained].flags & PA_ZONE_BELOW_HIGH),
				 cases[i].may_hold == KEPT);
		assert_int_equal(res.highs_exact, 1);
	}
}

/* The same, of a zone above the mark that has no block of the order that the attempt asks for. */
static void finds_flag_of_a_fragmented_zone(void **state)
{
	enum { KEPT = 60, ENDED = KEPT + 1 + 2 + 4 + 8 + 16 + 32 };
	struct request_result res;
	struct machine m;

	(void)state;
	for (int large = 0; large < 2; large++) {
		unsigned int order = large ? 10 : 0;

		begin(&m);
		m.meta.zone[1].high = 900;
		emit(&m, EV_ISOLATE, 1, NORMAL + 1024)->order = 10;
		for (uint64_t k = 0; k <= LATER; k++)
			give_back(&m, NORMAL + k);
		emit(&m, EV_TRY, 1, 0)->order = 10;
		emit(&m, EV_ALLOC, 1, DMA32)->order = 10;
		for (uint64_t k = 0; k <= LATER; k++)
			emit(&m, EV_DRAIN, 0, NORMAL + k);
		for (uint64_t k = 0; k < 2 * HELD; k++)
			emit(&m, EV_ALLOC, 0, NORMAL + HELD + k);
		emit(&m, EV_TRY, 1, 0)->order = (uint8_t)order;
		emit(&m, EV_ALLOC, 1, large ? DMA32 + 1024 : NORMAL + 512)->order = (uint8_t)order;
		give_back(&m, NORMAL + LATER + 1);
		m.ev[m.n - 1].bits = EV_BELOW_HIGH;
		m.ev[m.n - 1].arg = large ? ENDED : KEPT; /* none set it, and it did not end */
		run(&m, &res);
		assert_int_equal(res.highs_exact, 1);
	}
}

/*
 * Told that the flag was not there, pushes do without, while the attempt that sets it is under way, be it their own CPU's
 * and they an interrupt's.
 */
static void flag_is_set_later(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		bool ends = i & 1;
		unsigned int cpu = i >> 1;

		begin(&m);
		emit(&m, EV_TRY, cpu, 0)->order = 10; /* no list has it */
		if (ends)
			emit(&m, EV_ALLOC, cpu, NORMAL + 1024)->order = 10;
		for (uint64_t k = 0; k <= LATER; k++) {
			give_back(&m, NORMAL + k);
			m.ev[m.n - 1].arg = 1;
		}
		if (!ends)
			emit(&m, EV_ALLOC, cpu, NORMAL + 1024)->order = 10;
		run(&m, &res);
		assert_int_equal(res.drained.core > 0, ends);
	}
}

/*
 * A claim takes its block out of the zone's counter for a moment, and each try to claim boosts the marks.
 * An attempt that sees the zone below the high one then sets ZONE_BELOW_HIGH, which the next push finds:
 * so it is known that one did.
 */
static void looks_amid_a_claim(void **state)
{
	static const struct {
		uint32_t high;
		unsigned int order;
		bool told, claimed, sees;
		int turned; /* the CPU that tells of a turned list before that, + 1 */
	} cases[] = {
		{ 1200, 10, true, true, true, 0 },
		{ 1200, 10, true, true, true, 2 },
		{ 1200, 10, true, true, false, 1 }, /* it has the lock, too */
		{ 1200, 10, false, true, false, 0 },
		{ 100, 8, true, true, false, 0 }, /* above the mark without those, too */
		{ 1500, 0, true, false, true,
		  0 }, /* but not above this one with a pageblock of boost */
		{ 1200, 0, true, false, true, 0 }, /* nor above this one with two */
		{ 100, 0, true, false, false,
		  0 }, /* and no more than one is given where so few matter */
	};
	struct request_result res;
	struct machine m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trace_event claim = { .type = EV_FALLBACK,
					     .cpu = 1,
					     .pfn = NORMAL + 1024,
					     .mt = K_UNMOVABLE,
					     .bits = cases[i].claimed ? EV_CLAIMED : 0,
					     .arg = trace_fallback_arg(cases[i].order, K_MOVABLE) };

		begin(&m);
		m.meta.zone[1].high = cases[i].high;
		emit(&m, EV_TRY, 0, 0);
		if (cases[i].turned)
			emit(&m, EV_ROTATE, (unsigned int)cases[i].turned - 1, NORMAL + 1024);
		machine_emit(&m, claim);
		emit(&m, EV_ALLOC, 0, NORMAL + HELD);
		give_back(&m, NORMAL);
		m.ev[m.n - 1].bits = cases[i].told ? EV_BELOW_HIGH : 0;
		run(&m, &res);
		assert_int_equal(res.amid_claims, cases[i].sees);
		assert_int_equal(res.drained.core > 0, cases[i].sees);
	}
}

/* An attempt that failed did so amid a claim, where it would have found the zone before and behind it. */
static void fails_amid_a_claim(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (int amid = 0; amid < 2; amid++) {
		begin(&m);
		m.meta.zone[0].low = 4000;
		m.meta.zone[0].high = 4050;
		emit(&m, EV_TRY, 0, 0)->arg = event_try(1, 1);
		if (amid)
			machine_emit(&m, (struct trace_event){
						 .type = EV_FALLBACK,
						 .cpu = 1,
						 .pfn = DMA32 + 1024,
						 .mt = K_UNMOVABLE,
						 .bits = EV_CLAIMED,
						 .arg = trace_fallback_arg(10, K_MOVABLE) });
		emit(&m, EV_ALLOC, 0, EV_PFN_NONE);
		run(&m, &res);
		assert_int_equal(res.failed.kernel, 1);
		assert_int_equal(res.failed.core, amid);
		assert_int_equal(res.amid_claims, amid);
	}
}

/*
 * Another attempt sets the flag in any case, ahead of the next push: whether the one amid the claim had
 * set it, the refill in between tells, whose CPU's next push finds pcp->high as it was, or more.
 */
static void refill_tells_of_looks_amid_claims(void **state)
{
	enum { BEFORE = 71, GROWN = 72 };
	static const struct {
		bool amid;
		uint32_t told; /* pcp->high, to the push */
		bool sees, exact;
	} cases[] = {
		{ true, BEFORE, true, true },
		{ true, GROWN, false, true },
		{ false, BEFORE, false, false }, /* no reason not to grow is known */
	};
	static const uint8_t refill[] = { EV_TRY, EV_ZONE_ALLOC, EV_ALLOC };
	struct request_result res;
	struct machine m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trace_event claim = { .type = EV_FALLBACK,
					     .cpu = 1,
					     .pfn = NORMAL + 1024,
					     .mt = K_UNMOVABLE,
					     .arg = trace_fallback_arg(0, K_MOVABLE) };

		begin(&m);
		m.meta.zone[1].high = 1500;
		emit(&m, EV_TRY, 0, 0);
		if (cases[i].amid)
			machine_emit(&m, claim);
		emit(&m, EV_ALLOC, 0, NORMAL + HELD);
		for (size_t k = 0; k < sizeof(refill) / sizeof(refill[0]); k++) {
			emit(&m, refill[k], 0, k ? NORMAL + 512 : 0);
			m.ev[m.n - 1].order = 1;
		}
		give_back(&m, NORMAL);
		m.ev[m.n - 1].bits = EV_BELOW_HIGH;
		m.ev[m.n - 1].arg = cases[i].told;
		run(&m, &res);
		assert_int_equal(res.amid_claims, cases[i].sees);
		assert_int_equal(res.highs_exact, cases[i].exact);
	}
}

/*
 * A push that drained ends ZONE_BELOW_HIGH between its last block and what its CPU is heard of next.  A refill
 * whose attempt comes in between has let the list grow or not: the next push tells.
 */
static void refill_asked_before_the_end(void **state)
{
	enum { BEFORE = 8, GROWN = 9 };
	static const struct {
		bool heard;    /* of the CPU that drained, ahead of the attempt */
		uint32_t told; /* pcp->high, to the push */
		bool exact;
	} cases[] = {
		{ false, BEFORE, true },
		{ false, GROWN, true },
		{ true, BEFORE, false }, /* no reason not to grow is known */
	};
	struct request_result res;
	struct machine m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&m);
		for (uint64_t k = 0; k <= LATER; k++)
			give_back(&m, NORMAL + k);
		emit(&m, EV_TRY, 1, 0);
		for (uint64_t k = 0; k <= LATER; k++)
			emit(&m, EV_DRAIN, 0, NORMAL + k);
		if (cases[i].heard)
			give_back(&m, NORMAL + LATER + 1);
		emit(&m, EV_TRY, 1, 0);
		emit(&m, EV_ZONE_ALLOC, 1, NORMAL + 512);
		emit(&m, EV_ALLOC, 1, NORMAL + 512);
		if (!cases[i].heard)
			give_back(&m, NORMAL + LATER + 1);
		give_back_on(&m, 1, NORMAL + 512);
		m.ev[m.n - 1].arg = cases[i].told;
		run(&m, &res);
		assert_int_equal(res.highs_exact, cases[i].exact);
	}
}

/* What compaction takes is out of the counter before it is told of: who looks in between goes elsewhere. */
static void looks_amid_an_isolation(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (int taken = 0; taken < 2; taken++) {
		begin(&m);
		m.meta.zone[1].low = 1800;
		emit(&m, EV_TRY, 0, 0);
		emit(&m, EV_ALLOC, 0, DMA32);
		if (taken) {
			emit(&m, EV_ISOLATE, 1, NORMAL + 1024);
			m.ev[m.n - 1].order = 9;
		}
		run(&m, &res);
		assert_int_equal(res.amid_claims, taken);
		assert_int_equal(res.classes[REQUEST_ZONE].order0, !taken);
	}
}

/* A block that is drained merges with its buddies before it is told of: the only one of its order is there by then. */
static void looks_amid_a_drain(void **state)
{
	static const struct rig_lists lists = { .batch = 1, .high_min = 64, .high = 64 };
	struct request_result res;
	struct machine m;

	(void)state;
	for (uint64_t taken = 1; taken <= 2; taken++) {
		machine_init(&m, "6.12");
		machine_begin(&m);
		m.meta.zone[1].min = m.meta.zone[1].low = m.meta.zone[1].high = 0;
		emit(&m, EV_ALLOC, 0, NORMAL)->order = 3;
		emit(&m, EV_FREE, 0, NORMAL)->order = 3;
		emit(&m, EV_PUSH, 0, NORMAL)->order = 3;
		for (uint64_t i = 0; i < taken; i++) /* the second one is the first one's buddy */
			emit(&m, EV_ALLOC, 1, NORMAL + 8 + i);
		for (uint8_t order = 4; order <= 10; order++)
			emit(&m, EV_ISOLATE, 1, NORMAL + (1ull << order))->order = order;
		emit(&m, EV_TRY, 0, 0)->order = 3;
		emit(&m, EV_ALLOC, 0, NORMAL)->order = 3;
		emit(&m, EV_DRAIN, 1, NORMAL + 8);
		run_with(&m, &lists, &res, NULL);
		assert_int_equal(res.amid_claims, taken == 1);
		assert_int_equal(res.looked_late, taken == 2);
	}
}

/*
 * kswapd has cleared ZONE_RECLAIM_ACTIVE and is to take its boost back: an attempt that is told to have left no
 * ZONE_BELOW_HIGH, as it would with the boost, has come after that.
 */
static void boost_is_gone_at_the_end(void **state)
{
	static const struct {
		bool ended, ends, below,
			early; /* known to have by the attempt, by the push behind */
	} cases[] = {
		{ true, true, false, true },
		{ true, true, true, false },
		{ false, true, false, true },
		{ false, false, false, false }, /* as far as is known kswapd is at work */
	};
	struct request_result res;
	struct machine m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&m);
		m.meta.zone[1].high = 1960;
		m.meta.zone[1].boost = 50;
		emit(&m, EV_BALANCE_BEGIN, 1, NORMAL);
		m.ev[m.n - 1].arg = 50;
		emit(&m, EV_ISOLATE, 1, NORMAL + 1024); /* below the mark with the boost alone */
		m.ev[m.n - 1].order = 6;
		give_back(&m, NORMAL);
		m.ev[m.n - 1].bits = cases[i].ended ? 0 : EV_RECLAIMING;
		m.ev[m.n - 1].arg = 1;
		emit(&m, EV_TRY, 0, 0);
		emit(&m, EV_ALLOC, 0, NORMAL + HELD);
		give_back(&m, NORMAL + 1);
		m.ev[m.n - 1].bits =
			(cases[i].ends ? 0 : EV_RECLAIMING) | (cases[i].below ? EV_BELOW_HIGH : 0);
		m.ev[m.n - 1].arg = 1;
		machine_emit(&m, balance_end(1, NORMAL, 0));
		run(&m, &res);
		assert_int_equal(res.boosts_early, cases[i].early);
	}
}

/*
 * balance_pgdat takes its boost back between an attempt's look at the high mark and the one at its own: it passes,
 * and leaves ZONE_BELOW_HIGH, as the next push tells.
 */
static void boost_goes_between_two_looks(void **state)
{
	enum { FOUND = 1000 };
	struct request_result res;
	struct machine m;

	(void)state;
	for (int told = 0; told < 2; told++) {
		begin(&m);
		m.meta.zone[1].high = 900;
		m.meta.zone[1].boost = FOUND;
		emit(&m, EV_BALANCE_BEGIN, 1, NORMAL);
		m.ev[m.n - 1].arg = FOUND;
		emit(&m, EV_ISOLATE, 1, NORMAL + 1024); /* below both marks with the boost alone */
		m.ev[m.n - 1].order = 10;
		emit(&m, EV_TRY, 0, 0);
		machine_emit(&m, balance_end(1, NORMAL, 0));
		emit(&m, EV_ALLOC, 0, NORMAL + HELD);
		for (uint64_t i = 0; i <= LATER; i++) {
			give_back(&m, NORMAL + i);
			m.ev[m.n - 1].bits = told ? EV_BELOW_HIGH : 0;
		}
		run(&m, &res);
		assert_int_equal(res.boosts_early, 1);
		assert_int_equal(res.drained.core > 0, told);
	}
}

/*
 * A claim has changed its pageblock's type before any event: a page that is pushed meanwhile goes to the new
 * type's list, as the push tells, and the next request of that type has it.
 */
static void pushes_amid_a_claim(void **state)
{
	static const char *const policies[] = { "6.1", "6.12" };
	struct request_result res;
	struct machine m;
	uint64_t exact[2];

	(void)state;
	for (int i = 0; i < 4; i++) {
		bool claimed = i & 1;

		begin_as(&m, policies[i / 2]);
		give_back(&m, NORMAL);
		m.ev[m.n - 1].mt = K_UNMOVABLE;
		machine_emit(&m, (struct trace_event){ .type = EV_FALLBACK,
						       .cpu = 1,
						       .order = 1,
						       .pfn = NORMAL + 300,
						       .mt = K_UNMOVABLE,
						       .bits = claimed ? EV_CLAIMED : 0,
						       .arg = trace_fallback_arg(3, K_MOVABLE) });
		emit(&m, EV_TRY, 0, 0);
		m.ev[m.n - 1].mt = K_UNMOVABLE;
		emit(&m, EV_ALLOC, 0, NORMAL);
		m.ev[m.n - 1].mt = K_UNMOVABLE;
		m.ev[m.n - 1].arg = 0;
		run(&m, &res);
		exact[claimed] = res.order0_exact;
		if (claimed)
			assert_int_equal(exact[1], exact[0] + 1);
	}
}

/* kswapd begins between what a push is told of ZONE_RECLAIM_ACTIVE and its own look: it drains. */
static void reclaim_begins_meanwhile(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (int began = 0; began < 3; began++) {
		begin(&m);
		for (uint64_t i = 0; i < LATER; i++)
			give_back(&m, NORMAL + i);
		if (began)
			emit(&m, EV_BALANCE_BEGIN, 1, NORMAL);
		give_back(&m, NORMAL + LATER);
		if (began > 1) /* and has ended by the time the first block goes */
			machine_emit(&m, balance_end(1, NORMAL, 0));
		emit(&m, EV_DRAIN, 0, NORMAL);
		run(&m, &res);
		assert_int_equal(res.drained.core > 0, began > 0);
	}
}

/*
 * Where the push drains either way, as many as with ZONE_RECLAIM_ACTIVE or without: as many as its CPU is seen to drain,
 * while kswapd is at work, which sets it or ends it.
 */
static void reclaim_begins_or_ends_ahead_of_a_drain(void **state)
{
	enum { MAY_HOLD = 8 }; /* the lists; and their batch is 1, twice as much goes each time */
	static const struct {
		bool began, told;
		uint64_t row, drains;
	} cases[] = {
		{ true, false, 3, 3 }, { true, false, 4, 4 }, { false, false, 3, 4 },
		{ true, true, 3, 3 },  { true, true, 4, 4 },  { false, true, 4, 3 },
	};
	struct request_result res;
	struct machine m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint64_t rows[] = { 1, 2, cases[i].row };
		uint64_t pushed = 0, drained = 0;

		begin_as(&m, "6.1");
		for (size_t row = 0; row < 3; row++) {
			if (row == 2 && cases[i].began)
				emit(&m, EV_BALANCE_BEGIN, 1, NORMAL);
			while (pushed < MAY_HOLD + drained)
				give_back(&m, NORMAL + pushed++);
			if (row == 2 && cases[i].told)
				m.ev[m.n - 1].bits = EV_RECLAIMING;
			for (uint64_t n = 0; n < rows[row]; n++)
				emit(&m, EV_DRAIN, 0, NORMAL + drained++);
		}
		emit(&m, EV_ALLOC, 0, NORMAL + HELD);
		run(&m, &res);
		assert_int_equal(res.drained.core, 1 + 2 + cases[i].drains);
		assert_int_equal(res.drains.core, 3);
	}
}

/*
 * Each zone is below its low mark as CPU 1 asks, and one gets a block back: CPU 1 looks there late.  It has come through
 * the one ahead, or to that one alone, by the time CPU 0's push is told of ZONE_BELOW_HIGH, which it left there.
 */
static void comes_through_ahead_of_its_zone(void **state)
{
	static const struct rig_lists short_ones = { .batch = 1, .high_min = 4, .high = 400 };
	struct request_result res;
	struct machine m;

	(void)state;
	for (int i = 0; i < 4; i++) {
		uint64_t pfn = i & 1 ? DMA32 : NORMAL + 1024;
		bool told = i & 2;

		begin(&m);
		m.meta.zone[0].low = 4000;
		m.meta.zone[0].high = 4050;
		m.meta.zone[1].low = 1000;
		m.meta.zone[1].high = 1100;
		for (uint64_t k = 0; k < LATER; k++)
			give_back(&m, NORMAL + k);
		emit(&m, EV_ISOLATE, 1, DMA32)->order = 10;
		emit(&m, EV_ISOLATE, 1, NORMAL + 1024)->order = 10;
		emit(&m, EV_TRY, 1, 0);
		give_back(&m, NORMAL + LATER);
		m.ev[m.n - 1].bits = told ? EV_BELOW_HIGH : 0;
		for (uint64_t k = 0; told && k <= LATER; k++)
			emit(&m, EV_DRAIN, 0, NORMAL + k);
		emit(&m, EV_PUTBACK, 0, pfn)->order = 10;
		emit(&m, EV_ZONE_ALLOC, 1, pfn);
		emit(&m, EV_ALLOC, 1, pfn);
		run_with(&m, &short_ones, &res, NULL);
		assert_int_equal(res.looked_late, 1);
		assert_int_equal(res.drained.core, told ? LATER + 1 : 0);
	}
}

/*
 * What balance_pgdat leaves of the boosts tells which of those that came in between it found.  It takes them back a
 * moment before it is seen to: an attempt may be @amid.
 */
static void boost_comes_in_between(void **state)
{
	static const struct {
		uint32_t found, left;
		bool boosted, told, amid, late;
	} cases[] = {
		{ BOOST, 0, true, true, false, false },
		{ 0, 0, true, false, false, false },
		{ 0, 0, false, true, false, false }, /* nothing came in between */
		{ 0, 0, true, true, false, true },
		{ 100, 0, true, true, true, true },
		{ 100, HIGH * 3 / 2 - 100, true, true, true, false },
	};
	struct request_result res;
	struct machine m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool stays = (!cases[i].found || cases[i].left) && !cases[i].late;
		struct trace_event end = balance_end(1, NORMAL, cases[i].left);

		begin(&m);
		m.meta.zone[1].boost = BOOST;
		emit(&m, EV_BALANCE_BEGIN, 1, NORMAL);
		m.ev[m.n - 1].arg = cases[i].found;
		end.arg = cases[i].told ? end.arg : trace_end_highest(&end);
		if (cases[i].boosted) { /* of a request that is not seen to end */
			emit(&m, EV_FALLBACK, 1, NORMAL + 1024);
			m.ev[m.n - 1].order = 1;
		}
		if (!cases[i].amid)
			machine_emit(&m, end);
		emit(&m, EV_TRY, 1, 0);
		emit(&m, EV_ALLOC, 1, NORMAL + HELD);
		if (cases[i].amid)
			machine_emit(&m, end);
		run(&m, &res);
		assert_int_equal(res.boosts_late, cases[i].late);
		assert_int_equal(res.boosts_early, cases[i].amid && cases[i].late);
		assert_int_equal(res.classes[REQUEST_ZONE].order0, HELD + stays);
	}
}

/* An attempt that looks for less than the low mark is one of the slow path. */
static void slow_attempts(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (unsigned int mark = 0; mark < 2; mark++) {
		begin(&m);
		machine_emit(&m, (struct trace_event){ .type = EV_TRY,
						       .mt = K_MOVABLE,
						       .arg = event_try(mark, 2) });
		emit(&m, EV_ALLOC, 0, NORMAL + HELD);
		run(&m, &res);
		assert_int_equal(res.untried, HELD);
		assert_int_equal(res.slow, !mark);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_later_flag),
		cmocka_unit_test(finds_earlier_flag),
		cmocka_unit_test(looks_after_drain),
		cmocka_unit_test(looks_after_attempts),
		cmocka_unit_test(finds_flag_after_attempt),
		cmocka_unit_test(finds_flag_of_a_fragmented_zone),
		cmocka_unit_test(flag_is_set_later),
		cmocka_unit_test(looks_amid_a_claim),
		cmocka_unit_test(fails_amid_a_claim),
		cmocka_unit_test(refill_tells_of_looks_amid_claims),
		cmocka_unit_test(looks_amid_an_isolation),
		cmocka_unit_test(looks_amid_a_drain),
		cmocka_unit_test(refill_asked_before_the_end),
		cmocka_unit_test(boost_is_gone_at_the_end),
		cmocka_unit_test(boost_goes_between_two_looks),
		cmocka_unit_test(pushes_amid_a_claim),
		cmocka_unit_test(reclaim_begins_meanwhile),
		cmocka_unit_test(reclaim_begins_or_ends_ahead_of_a_drain),
		cmocka_unit_test(comes_through_ahead_of_its_zone),
		cmocka_unit_test(boost_comes_in_between),
		cmocka_unit_test(slow_attempts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
