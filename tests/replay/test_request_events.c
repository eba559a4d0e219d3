/* SPDX-License-Identifier: GPL-2.0-only */
/* What single events mean to request mode, in traces written by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tools/request.h"

#include "machine.h"

#define NORMAL 8192 /* the zone that requests prefer starts here; 2048 frames */
#define DMA32 4096
#define HIGH 1990 /* its high mark: it is below once HELD pages were asked for */
#define DMA32 4096  /* and the one behind it here; 4096 frames */
#define HIGH 1990   /* its high mark: it is below once HELD pages were asked for */
#define HELD 32
#define BOOST 3000 /* and with this the zone is below its low mark */
#define LATER 10   /* pushes before the one that is looked at */

static void emit(struct machine *m, unsigned int type, unsigned int cpu, uint64_t pfn)
{
	struct trace_event ev = { .type = type, .cpu = cpu, .pfn = pfn, .mt = K_MOVABLE };

	if (type == EV_ALLOC)
		ev.arg = GFP_MOVABLE;
	if (type == EV_FREE)
		ev.mt = TRACE_MT_NONE;
	if (type == EV_TRY)
		ev.arg = event_try(1, 2);
	machine_emit(m, ev);
}

/* CPU 0 holds pages, and has as many on its list. */
static void begin_as(struct machine *m, const char *policy)
{
	machine_init(m, policy);
	m->meta.zone[1].high = HIGH;
	assert_int_equal(trace_pairs_add(&m->meta.sites, "fentry:free_unref_page_commit", 1, NULL),
			 0);
	machine_begin(m);
	for (uint64_t i = 0; i < HELD; i++)
		emit(m, EV_ALLOC, 0, NORMAL + i);
}

static void begin(struct machine *m)
{
	begin_as(m, "6.12");
}

static void give_back_on(struct machine *m, unsigned int cpu, uint64_t pfn)
{
	emit(m, EV_FREE, cpu, pfn);
	emit(m, EV_PUSH, cpu, pfn);
}

static void give_back(struct machine *m, uint64_t pfn)
{
	give_back_on(m, 0, pfn);
}

static struct trace_event balance_end(unsigned int cpu, uint64_t pfn, uint32_t boost)
{
	return (struct trace_event){ .type = EV_BALANCE_END,
				     .cpu = (uint16_t)cpu,
				     .pfn = pfn,
				     .mt = TRACE_MT_NONE,
				     .arg = event_balance_end(2, 1, boost) };
}

static void run(struct machine *m, struct request_result *res)
{
	struct request_options opt = { .check = true };
	struct trace_item item = { .kind = TRACE_LIST };
	struct request *r;
	char why[256];

	assert_int_equal(request_open(&m->meta, &opt, &r, why, sizeof(why)), 0);
	for (size_t i = 0; i < m->nr_begin; i++) {
		item.list = m->begin[i].list;
		assert_int_equal(request_item(r, &item), 0);
	}
	item.kind = TRACE_EVENTS;
	item.events.ev = m->ev;
	item.events.n = m->n;
	item.events.first = 0;
	assert_int_equal(request_item(r, &item), 0);
	assert_int_equal(request_finish(r), 0);
	*res = *request_result(r);
	assert_null(res->unsound);
	request_close(r);
	machine_free(m);
}

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

/* CPU 1 makes a request, which ends with @pfn, while half of the zone is not there. */
static void try_without(struct machine *m, uint64_t pfn)
{
	struct trace_event block = {
		.cpu = 1, .order = 10, .pfn = NORMAL + 1024, .mt = TRACE_MT_NONE
	};

	block.type = EV_ISOLATE;
	machine_emit(m, block);
	emit(m, EV_TRY, 1, 0);
	emit(m, EV_ALLOC, 1, pfn);
	block.type = EV_PUTBACK;
	machine_emit(m, block);
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
		begin(&m);
		m.meta.zone[1].high = 1500;
		for (uint64_t i = 0; i <= LATER; i++)
			give_back(&m, NORMAL + i);
		try_without(&m, NORMAL + HELD);
		for (uint64_t i = 0; i <= LATER; i++)
			emit(&m, EV_DRAIN, 0, NORMAL + i);
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
 * it above the mark (lowmem_reserve), or none did, that looked at the zone, and it did not end.
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
	};
	struct request_result res;
	struct machine m;

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
		run(&m, &res);
		assert_int_equal(res.highs_exact, 1);
	}
}

/* Told that the flag was not there, pushes do without, while the attempt that sets it is under way. */
static void flag_is_set_later(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (int ends = 0; ends < 2; ends++) {
		begin(&m);
		emit(&m, EV_TRY, 1, 0);
		if (ends)
			emit(&m, EV_ALLOC, 1, NORMAL + HELD);
		for (uint64_t i = 0; i <= LATER; i++) {
			give_back(&m, NORMAL + i);
			m.ev[m.n - 1].arg = 1;
		}
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
		{ 1200, 10, true, true, true, 0 },   { 1200, 10, true, true, true, 2 },
		{ 1200, 10, true, true, false, 1 }, /* it has the lock, too */
		{ 1200, 10, false, true, false, 0 }, { 1200, 10, true, false, false, 0 },
		{ 1200, 8, true, true, false, 0 }, /* above the mark without those, too */
		{ 1500, 0, true, false, true, 0 }, /* but not above this one with a pageblock of boost */
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

/*
 * kswapd has cleared ZONE_RECLAIM_ACTIVE and is to take its boost back: an attempt that is told to have left no
 * ZONE_BELOW_HIGH, as it would with the boost, has come after that.
 */
static void boost_is_gone_at_the_end(void **state)
{
	static const struct {
		bool ended, below, early;
	} cases[] = {
		{ true, false, true },
		{ true, true, false },
		{ false, false, false }, /* as far as is known kswapd is at work */
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
			(cases[i].ended ? 0 : EV_RECLAIMING) | (cases[i].below ? EV_BELOW_HIGH : 0);
		m.ev[m.n - 1].arg = 1;
		machine_emit(&m, balance_end(1, NORMAL, 0));
		run(&m, &res);
		assert_int_equal(res.boosts_early, cases[i].early);
	}
}

/*
 * A claim has changed its pageblock's type before any event: a page that is pushed meanwhile goes to the new
 * type's list, as the push tells, and the next request of that type has it.
 */
static void pushes_amid_a_claim(void **state)
{
	struct request_result res;
	struct machine m;
	uint64_t exact[2];

	(void)state;
	for (int claimed = 0; claimed < 2; claimed++) {
		begin(&m);
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
	}
	assert_int_equal(exact[1], exact[0] + 1);
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

/* Where the push drains either way, as many as with it or without: as many as its CPU is seen to drain. */
static void reclaim_begins_ahead_of_a_drain(void **state)
{
	enum { MAY_HOLD = 8 }; /* the lists; and their batch is 1, twice as much goes each time */
	static const struct {
		bool began;
		uint64_t row, drains;
	} cases[] = { { true, 3, 3 }, { true, 4, 4 }, { false, 3, 4 } };
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
			for (uint64_t n = 0; n < rows[row]; n++)
				emit(&m, EV_DRAIN, 0, NORMAL + drained++);
		}
		emit(&m, EV_ALLOC, 0, NORMAL + HELD);
		run(&m, &res);
		assert_int_equal(res.drained.core, 1 + 2 + cases[i].drains);
		assert_int_equal(res.drains.core, 3);
	}
}

/* What balance_pgdat leaves of the boosts tells which of those that came in between it found. */
static void boost_comes_in_between(void **state)
{
	static const struct {
		uint32_t found, left;
		bool boosted, told, late;
	} cases[] = {
		{ BOOST, 0, true, true, false },
		{ 0, 0, true, false, false },
		{ 0, 0, false, true, false }, /* nothing came in between */
		{ 0, 0, true, true, true },
	};
	struct request_result res;
	struct machine m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool stays = !cases[i].found && !cases[i].late;
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
		machine_emit(&m, end);
		emit(&m, EV_TRY, 1, 0);
		emit(&m, EV_ALLOC, 1, NORMAL + HELD);
		run(&m, &res);
		assert_int_equal(res.boosts_late, cases[i].late);
		assert_int_equal(res.classes[REQUEST_ZONE].order0, HELD + stays);
	}
}

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

/* What is drained in another zone is not the drain that was cut. */
static void goes_on_in_its_zone(void **state)
{
	struct request_result res;
	struct machine m;

	(void)state;
	for (int other = 0; other < 2; other++) {
		begin_as(&m, "7.3");
		for (uint64_t i = 0; i <= LATER; i++)
			give_back(&m, NORMAL + i);
		emit(&m, EV_TRY, 1, 0);
		emit(&m, EV_DRAIN, 0, NORMAL);
		emit(&m, EV_ALLOC, 0, NORMAL + HELD);
		emit(&m, EV_DRAIN, 0, other ? DMA32 : NORMAL + 1);
		run(&m, &res);
		assert_int_equal(res.drained.core, 2 - other);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_later_flag),
		cmocka_unit_test(finds_earlier_flag),
		cmocka_unit_test(lost_push),
		cmocka_unit_test(looks_after_drain),
		cmocka_unit_test(reclaim_begins_meanwhile),
		cmocka_unit_test(reclaim_begins_ahead_of_a_drain),
		cmocka_unit_test(flag_is_set_later),
		cmocka_unit_test(looks_after_attempts),
		cmocka_unit_test(finds_flag_after_attempt),
		cmocka_unit_test(looks_amid_a_claim),
		cmocka_unit_test(looks_amid_an_isolation),
		cmocka_unit_test(boost_is_gone_at_the_end),
		cmocka_unit_test(pushes_amid_a_claim),
		cmocka_unit_test(boost_comes_in_between),
		cmocka_unit_test(drains_on_after_an_interrupt),
		cmocka_unit_test(gives_up_between_holds),
		cmocka_unit_test(goes_on_in_its_zone),
		cmocka_unit_test(compares_highs),
		cmocka_unit_test(bulk_page_twice),
		cmocka_unit_test(slow_attempts),
		cmocka_unit_test(captured),
		cmocka_unit_test(refill_counted_late),
		cmocka_unit_test(finds_list_locked),
		cmocka_unit_test(decays_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
