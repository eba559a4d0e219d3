/* SPDX-License-Identifier: GPL-2.0-only */
/* Events put together by hand: what makes up one pick, where a free enters, which class a miss has. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "rig.h"

/* The micro-test of the fallback rules: four free pieces in one MOVABLE pageblock. */
static void load_pieces(struct rig *rig)
{
	LOAD(rig, 3, K_MOVABLE, 4096 + 0x008);
	LOAD(rig, 5, K_MOVABLE, 4096 + 0x040, 4096 + 0x080);
	LOAD(rig, 7, K_MOVABLE, 4096 + 0x100);
}

/* 6.12 late: nothing is claimed (all in use is movable), the smallest is stolen, told by fallback alone. */
static void a_lone_fallback_is_a_steal(void **state)
{
	const struct replay_result *res;
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.12", "fentry", false);
	load_pieces(&rig);
	EV(&rig, .type = EV_ALLOC, .pfn = EV_PFN_NONE, .arg = GFP_MOVABLE); /* it failed: nothing */
	EV(&rig, .type = EV_FALLBACK, .pfn = 4096 + 8, .order = 0, .mt = K_UNMOVABLE,
	   .arg = trace_fallback_arg(3, K_MOVABLE));
	res = rig_end(&rig);
	assert_int_equal(res->picks_exact, 1);
	assert_int_equal(res->fallbacks_exact, 1);
	assert_int_equal(rig.last.kernel.claim, REPLAY_CLAIM_NO);
	assert_int_equal(res->claims, 1);
	assert_int_equal(res->claims_exact, 1);
	rig_close(&rig);
}

static void a_claim_is_told_by_two_events(void **state)
{
	const struct replay_result *res;
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.12", "fentry", false);
	LOAD(&rig, 8, K_MOVABLE, 4096 + 256);
	EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4096 + 256, .order = 0, .mt = K_UNMOVABLE);
	/* Unlocked, of another CPU: does not end the pick. */
	EV(&rig, .type = EV_FREE_BATCHED, .cpu = 1, .pfn = 4096);
	/* A compactor split outside the lock what it holds: no news. */
	EV(&rig, .type = EV_ISOLATE, .pfn = 4096 + 64, .bits = EV_HELD);
	assert_int_equal(rig.seen, 0);
	EV(&rig, .type = EV_FALLBACK, .pfn = 4096 + 256, .order = 0, .mt = K_UNMOVABLE,
	   .arg = trace_fallback_arg(8, K_MOVABLE));
	assert_int_equal(rig.seen, 1);
	res = rig_end(&rig);
	assert_int_equal(res->picks_exact, 1);
	assert_int_equal(res->fallbacks_exact, 1);
	assert_int_equal(res->claims_exact, 1);
	assert_int_equal(pa_pageblock(replay_state(rig.r), 4096), PA_UNMOVABLE);
	rig_close(&rig);
}

static void each_event_is_announced_ahead(void **state)
{
	const struct replay_result *res;
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.1", "fentry", false);
	LOAD(&rig, 0, K_MOVABLE, 4096 + 1, 4096 + 3);
	assert_int_equal(rig.heard, 0);
	EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4096 + 1, .order = 0, .mt = K_MOVABLE);
	assert_int_equal(rig.free, 2);
	EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4096 + 3, .order = 0, .mt = K_MOVABLE);
	assert_int_equal(rig.free, 1);
	EV(&rig, .type = EV_KSWAPD_WAKE);
	assert_int_equal(rig.free, 0);
	assert_int_equal(rig.type, EV_KSWAPD_WAKE);
	res = rig_end(&rig);
	assert_int_equal(res->events, 3);
	assert_int_equal(rig.heard, 3);
	rig_close(&rig);
}

/* In a batch that runs dry, a normal pick stands right before a steal: two picks. */
static void a_steal_after_a_pick_is_its_own_pick(void **state)
{
	const struct replay_result *res;
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.18", "fentry", false);
	LOAD(&rig, 0, K_MOVABLE, 4096 + 9);
	LOAD(&rig, 0, K_UNMOVABLE, 4608 + 9);
	EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4096 + 9, .mt = K_MOVABLE);
	EV(&rig, .type = EV_FALLBACK, .pfn = 4608 + 9, .mt = K_MOVABLE,
	   .arg = trace_fallback_arg(0, K_UNMOVABLE));
	res = rig_end(&rig);
	assert_int_equal(res->picks_exact, 2);
	assert_int_equal(res->fallbacks_exact, 1);
	rig_close(&rig);
}

/*
 * One lock hold goes on stealing even where the wanted list has pages again; a new one does
 * not.  What makes a hold end: any other event of the CPU, another CPU inside the lock.
 */
static void modes_live_as_long_as_the_lock_is_held(void **state)
{
	struct rig rig;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		rig_open(&rig, "6.18", "fentry", true);
		LOAD(&rig, 1, K_UNMOVABLE, 4608 + 2, 4608 + 6);
		EV(&rig, .type = EV_FALLBACK, .pfn = 4608 + 2, .mt = K_MOVABLE,
		   .arg = trace_fallback_arg(1, K_UNMOVABLE));
		if (i == 1)
			EV(&rig, .type = EV_ALLOC, .pfn = 4608 + 2, .mt = K_MOVABLE);
		if (i == 2)
			EV(&rig, .type = EV_DRAIN, .cpu = 1, .pfn = 4096 + 64, .mt = K_RECLAIMABLE);
		EV(&rig, .type = EV_FALLBACK, .pfn = 4608 + 3, .mt = K_MOVABLE,
		   .arg = trace_fallback_arg(0, K_UNMOVABLE));
		assert_int_equal(replay_finish(rig.r), 0);
		assert_int_equal(rig.seen, 2);
		assert_int_equal(rig.core.req.mode, i ? PA_MODE_NORMAL : PA_MODE_STEAL);
		rig_close(&rig);
	}
}

/* Up to 6.9 the fallback comes first and names the block, the pick follows always. */
static void an_old_fallback_comes_before_its_pick(void **state)
{
	const struct replay_result *res;
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.1", "fentry", false);
	load_pieces(&rig);
	EV(&rig, .type = EV_FALLBACK, .pfn = 4096 + 0x100, .mt = K_UNMOVABLE,
	   .arg = trace_fallback_arg(7, K_MOVABLE));
	assert_int_equal(rig.seen, 0);
	EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4096 + 0x8, .mt = K_UNMOVABLE);
	assert_int_equal(rig.seen, 1);
	res = rig_end(&rig);
	assert_int_equal(res->picks_exact, 1);
	assert_int_equal(res->fallbacks_exact, 1);
	/* Whether it was claimed is not told. */
	assert_int_equal(res->claims, 0);
	assert_int_equal(res->claims_untold, 1);
	rig_close(&rig);
}

/* What the LRU held decides the claim on 6.1; the page is the same, the pageblock is not. */
static void a_wrong_claim_is_an_lru_estimate(void **state)
{
	const struct replay_result *res;
	struct rig rig;
	int claimed;

	(void)state;
	for (claimed = 0; claimed < 2; claimed++) {
		rig_open(&rig, "6.1", "fentry", false);
		load_pieces(&rig);
		EV(&rig, .type = EV_FALLBACK, .pfn = 4096 + 0x100, .mt = K_UNMOVABLE,
		   .arg = trace_fallback_arg(7, K_MOVABLE),
		   .bits = EV_CLAIM_KNOWN | (claimed ? EV_CLAIMED : 0));
		EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4096 + 0x8, .mt = K_UNMOVABLE);
		res = rig_end(&rig);
		assert_int_equal(res->picks_exact, 1);
		assert_int_equal(res->fallbacks_exact, 1);
		assert_int_equal(res->claims, 1);
		assert_int_equal(res->claims - res->claims_exact, res->repairs);
		assert_int_equal(res->classes[REPLAY_LRU].repairs, res->repairs);
		assert_int_equal(res->classes[REPLAY_LRU].claims, res->repairs);
		assert_int_equal(pa_pageblock(replay_state(rig.r), 4096),
				 claimed ? PA_UNMOVABLE : PA_MOVABLE);
		rig_close(&rig);
	}
}

/* What pages were in use for as the recording began is no estimate. */
static void told_uses_decide_a_claim(void **state)
{
	static const enum trace_use uses[] = { TRACE_USE_OTHER, TRACE_USE_ANON, TRACE_USE_FILE,
					       TRACE_USE_LARGE };
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		bool claimed = uses[i] == TRACE_USE_OTHER;

		rig_open(&rig, "6.1", "fentry", true);
		rig_pages(&rig, 4096, uses[i], 1024);
		load_pieces(&rig);
		EV(&rig, .type = EV_FALLBACK, .pfn = 4096 + 0x100, .mt = K_UNMOVABLE,
		   .arg = trace_fallback_arg(7, K_MOVABLE),
		   .bits = EV_CLAIM_KNOWN | (claimed ? EV_CLAIMED : 0));
		EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4096 + 0x8, .mt = K_UNMOVABLE);
		assert_int_equal(rig_end(&rig)->claims_exact, 1);
		assert_int_equal(pa_pageblock(replay_state(rig.r), 4096),
				 claimed ? PA_UNMOVABLE : PA_MOVABLE);
		rig_close(&rig);
	}
}

/* On late kernels the page differs too, and what follows is set right. */
static void an_lru_estimate_may_cost_the_pick(void **state)
{
	const struct replay_result *res;
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.12", "fentry", false);
	/* 256 free pages: claimed for sure in the core, but the kernel says it stole. */
	LOAD(&rig, 7, K_MOVABLE, 4096 + 0x080, 4096 + 0x100);
	LOAD(&rig, 0, K_MOVABLE, 4608 + 1);
	EV(&rig, .type = EV_FALLBACK, .pfn = 4608 + 1, .mt = K_UNMOVABLE,
	   .arg = trace_fallback_arg(0, K_MOVABLE));
	res = rig_end(&rig);
	assert_int_equal(rig.last.class, REPLAY_LRU);
	assert_int_equal(res->picks - res->picks_exact, 1);
	assert_int_equal(res->classes[REPLAY_LRU].picks, 1);
	assert_int_equal(res->repairs, 1);
	assert_int_equal(pa_list_len(replay_state(rig.r), 0, 7, PA_MOVABLE), 2);
	assert_int_equal(pa_list_len(replay_state(rig.r), 0, 0, PA_MOVABLE), 0);
	rig_close(&rig);
}

static void a_page_that_is_not_free_is_a_missing_event(void **state)
{
	const struct replay_result *res;
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.12", "fentry", false);
	LOAD(&rig, 0, K_MOVABLE, 4099);
	EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4200, .mt = K_MOVABLE);
	res = rig_end(&rig);
	assert_int_equal(rig.last.class, REPLAY_MISSING);
	assert_int_equal(res->classes[REPLAY_MISSING].picks, 1);
	assert_int_equal(res->classes[REPLAY_MISSING].repairs, 1);
	/* The page the core would have taken is still there. */
	assert_int_equal(pa_list_head(replay_state(rig.r), 0, 0, PA_MOVABLE), 4099);
	rig_close(&rig);
}

/* Second on the list instead of first: why depends on what went on around it. */
static void a_wrong_place_has_a_reason(void **state)
{
	static const struct {
		const char *tier, *unknown;
		uint8_t before;
		uint32_t lost;
		enum replay_class class;
	} cases[] = {
		{ "fentry", "", 0, 0, REPLAY_UNKNOWN },
		{ "fentry", "zone.vendor_data", 0, 0, REPLAY_POLICY },
		{ "fentry", "", EV_COMPACT_BEGIN, 0, REPLAY_ROTATION },
		{ "tracepoint", "", EV_FREE, 0, REPLAY_ORDER },
		{ "fentry", "", EV_LOST, 3, REPLAY_LOST },
	};
	const struct replay_result *res;
	struct rig rig;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rig_open(&rig, "6.12", cases[i].tier, false);
		strcpy(rig.m.meta.unknown, cases[i].unknown);
		LOAD(&rig, 0, K_MOVABLE, 4099, 4105);
		LOAD(&rig, 5, K_MOVABLE, 4608);
		if (cases[i].before)
			EV(&rig, .type = cases[i].before, .pfn = 4096 + 64, .order = 5,
			   .arg = cases[i].lost);
		EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4105, .mt = K_MOVABLE);
		res = rig_end(&rig);
		assert_int_equal(rig.last.class, cases[i].class);
		assert_int_equal(res->classes[cases[i].class].picks, 1);
		assert_int_equal(res->repairs, 1);
		assert_int_equal(res->lost, cases[i].lost);
		assert_false(replay_proven(res));
		rig_close(&rig);
	}
}

/* The kernel goes on where it began, behind two blocks: they have left unseen, at once and for good. */
static void what_is_left_behind_twice_has_left_the_list(void **state)
{
	struct trace_event on[] = {
		{ .type = EV_ZONE_ALLOC, .pfn = 4107, .mt = K_MOVABLE },
		{ .type = EV_ZONE_ALLOC, .pfn = 4109, .mt = K_MOVABLE },
		{ .type = EV_ZONE_ALLOC, .pfn = 4111, .mt = K_MOVABLE },
	};
	struct trace_event back[] = {
		{ .type = EV_ZONE_ALLOC, .pfn = 4107, .mt = K_MOVABLE },
		{ .type = EV_ZONE_ALLOC, .pfn = 4099, .mt = K_MOVABLE },
		{ .type = EV_ZONE_ALLOC, .pfn = 4105, .mt = K_MOVABLE },
	};
	const struct replay_result *res;
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.18", "tracepoint", false);
	strcpy(rig.m.meta.unknown, "zone.vendor_data");
	LOAD(&rig, 0, K_MOVABLE, 4099, 4105, 4107, 4109, 4111);
	rig_feed_all(&rig, on, 3);
	res = rig_end(&rig);
	assert_int_equal(res->picks, 3);
	assert_int_equal(res->picks_exact, 2);
	assert_int_equal(res->classes[REPLAY_MISSING].picks, 1);
	assert_int_equal(res->classes[REPLAY_MISSING].repairs, 1);
	assert_int_equal(pa_list_head(replay_state(rig.r), 0, 0, PA_MOVABLE), PA_PFN_NONE);
	rig_close(&rig);

	rig_open(&rig, "6.18", "tracepoint", false);
	strcpy(rig.m.meta.unknown, "zone.vendor_data");
	LOAD(&rig, 0, K_MOVABLE, 4099, 4105, 4107, 4109, 4111);
	rig_feed_all(&rig, back, 3);
	res = rig_end(&rig);
	assert_int_equal(res->picks_exact, 2);
	assert_int_equal(res->classes[REPLAY_POLICY].picks, 1);
	assert_int_equal(pa_list_head(replay_state(rig.r), 0, 0, PA_MOVABLE), 4109);
	rig_close(&rig);
}

/* What was freed after compaction turned a list is picked first; the turn shows only then. */
static void a_turn_shows_late_and_is_healed_once(void **state)
{
	const struct replay_result *res;
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.12", "fentry", false);
	LOAD(&rig, 0, K_MOVABLE, 4099, 4105, 4109, 4111);
	EV(&rig, .type = EV_COMPACT_BEGIN, .pfn = 4096);
	EV(&rig, .type = EV_DRAIN, .pfn = 4200, .mt = K_MOVABLE);
	EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4200, .mt = K_MOVABLE);
	EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4109, .mt = K_MOVABLE);
	EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4111, .mt = K_MOVABLE);
	EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4099, .mt = K_MOVABLE);
	EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4105, .mt = K_MOVABLE);
	res = rig_end(&rig);
	assert_int_equal(res->picks, 5);
	assert_int_equal(res->picks_exact, 4);
	assert_int_equal(res->classes[REPLAY_ROTATION].picks, 1);
	assert_int_equal(res->repairs, 1);
	rig_close(&rig);
}

/* A free seen before the lock is placed where the picks agree. */
static void a_pending_free_is_placed_by_the_picks(void **state)
{
	const struct replay_result *res;
	struct rig rig;
	int early;

	(void)state;
	for (early = 0; early < 2; early++) {
		rig_open(&rig, "6.12", "tracepoint", false);
		LOAD(&rig, 4, K_MOVABLE, 4608, 4640);
		EV(&rig, .type = EV_FREE, .cpu = 1, .pfn = 4096 + 64, .order = 4);
		EV(&rig, .type = EV_ZONE_ALLOC, .pfn = early ? 4096 + 64 : 4608, .order = 4,
		   .mt = K_MOVABLE);
		EV(&rig, .type = EV_ALLOC, .pfn = early ? 4096 + 64 : 4608, .order = 4,
		   .mt = K_MOVABLE);
		EV(&rig, .type = EV_FREE_BATCHED, .cpu = 1, .pfn = 4096 + 64);
		EV(&rig, .type = EV_ZONE_ALLOC, .pfn = early ? 4608 : 4096 + 64, .order = 4,
		   .mt = K_MOVABLE);
		res = rig_end(&rig);
		assert_int_equal(res->picks, 2);
		assert_int_equal(res->picks_exact, 2);
		assert_int_equal(res->reordered, early);
		assert_int_equal(res->repairs, 0);
		rig_close(&rig);
	}
}

/* The record made inside the lock is the insertion; the plain free before it is none. */
static void a_locked_free_replaces_the_pending_one(void **state)
{
	const struct replay_result *res;
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.12", "tracepoint", false);
	LOAD(&rig, 0, K_MOVABLE, 4608);
	EV(&rig, .type = EV_FREE, .pfn = 4096 + 64, .order = 5);
	EV(&rig, .type = EV_ZONE_FREE, .pfn = 4096 + 64, .order = 5, .mt = TRACE_MT_NONE,
	   .bits = EV_LOCKED);
	res = rig_end(&rig);
	assert_int_equal(res->repairs, 0);
	assert_int_equal(res->dropped, 0);
	assert_int_equal(pa_list_len(replay_state(rig.r), 0, 5, PA_MOVABLE), 1);
	rig_close(&rig);
}

/* Whoever holds the lock next found the free on its list: it is in ahead of that one's pick. */
static void a_free_is_in_when_it_was_found_there(void **state)
{
	const struct replay_result *res;
	struct rig rig;
	int again;

	(void)state;
	for (again = 0; again < 2; again++) {
		rig_open(&rig, "6.12", "tracepoint", false);
		LOAD(&rig, 4, K_MOVABLE, 4608, 4640);
		EV(&rig, .type = EV_FREE, .cpu = 1, .pfn = 4096 + 64, .order = 4);
		EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4608, .order = 4, .mt = K_MOVABLE);
		EV(&rig, .type = EV_ZONE_FREE, .pfn = 4096 + 64, .order = 4, .mt = K_MOVABLE,
		   .bits = EV_LOCKED | EV_AWAITED | EV_MT_KNOWN);
		if (again) /* found by two: no news */
			EV(&rig, .type = EV_ZONE_FREE, .pfn = 4096 + 64, .order = 4,
			   .mt = K_MOVABLE, .bits = EV_LOCKED | EV_AWAITED | EV_MT_KNOWN);
		EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4096 + 64, .order = 4, .mt = K_MOVABLE);
		EV(&rig, .type = EV_FREE_BATCHED, .cpu = 1, .pfn = 4096 + 64);
		res = rig_end(&rig);
		assert_int_equal(res->picks_exact, 2);
		assert_int_equal(res->arrived, 1);
		assert_int_equal(res->reordered, 0);
		assert_int_equal(res->repairs, 0);
		assert_int_equal(pa_list_len(replay_state(rig.r), 0, 4, PA_MOVABLE), 1);
		rig_close(&rig);
	}
}

/* It found its pcp list locked, but may have reached it after all: only its arrival counts. */
static void an_awaited_free_enters_by_its_arrival_only(void **state)
{
	const struct replay_result *res;
	struct rig rig;
	int arrives;

	(void)state;
	for (arrives = 0; arrives < 2; arrives++) {
		rig_open(&rig, "6.12", "tracepoint", false);
		LOAD(&rig, 0, K_MOVABLE, 4608);
		EV(&rig, .type = EV_FREE, .cpu = 1, .pfn = 4096 + 64);
		EV(&rig, .type = EV_ZONE_FREE, .cpu = 1, .pfn = 4096 + 64, .mt = TRACE_MT_NONE,
		   .bits = EV_AWAITED);
		EV(&rig, .type = EV_FREE, .cpu = 1, .pfn = 4096 + 80);
		if (arrives)
			EV(&rig, .type = EV_ZONE_FREE, .pfn = 4096 + 64, .mt = K_MOVABLE,
			   .bits = EV_LOCKED | EV_AWAITED | EV_MT_KNOWN);
		EV(&rig, .type = EV_ZONE_ALLOC, .pfn = arrives ? 4096 + 64 : 4608, .mt = K_MOVABLE);
		res = rig_end(&rig);
		assert_int_equal(res->picks_exact, 1);
		assert_int_equal(res->arrived, arrives);
		assert_int_equal(res->repairs, 0);
		assert_int_equal(pa_list_len(replay_state(rig.r), 0, 0, PA_MOVABLE), arrives);
		rig_close(&rig);
	}
}

/* A page is drained to another list than its pageblock had: HIGHATOMIC was reserved, or released. */
static void a_drain_shows_a_reserved_pageblock(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.12", "tracepoint", false);
	LOAD(&rig, 2, K_MOVABLE, 4608, 4616);
	EV(&rig, .type = EV_DRAIN, .pfn = 4700, .mt = K_HIGHATOMIC);
	assert_int_equal(pa_list_len(replay_state(rig.r), 0, 2, PA_HIGHATOMIC), 2);
	EV(&rig, .type = EV_DRAIN, .pfn = 4720, .mt = K_MOVABLE);
	assert_int_equal(pa_list_len(replay_state(rig.r), 0, 2, PA_HIGHATOMIC), 0);
	EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4608, .order = 2, .mt = K_MOVABLE);
	assert_int_equal(rig_end(&rig)->picks_exact, 1);
	assert_int_equal(pa_list_len(replay_state(rig.r), 0, 0, PA_MOVABLE), 2);
	rig_close(&rig);
}

/* Orders that pcp lists hold wait for their drain, at every tier. */
static void small_frees_enter_by_drains_only(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.12", "tracepoint", false);
	LOAD(&rig, 0, K_MOVABLE, 4608);
	EV(&rig, .type = EV_FREE, .pfn = 4096 + 64, .order = 3);
	EV(&rig, .type = EV_FREE, .pfn = 5120, .order = 9);
	EV(&rig, .type = EV_FREE_BATCHED, .pfn = 0);
	assert_int_equal(pa_list_len(replay_state(rig.r), 0, 3, PA_MOVABLE), 0);
	assert_int_equal(pa_list_len(replay_state(rig.r), 0, 9, PA_MOVABLE), 0);
	rig_end(&rig);
	rig_close(&rig);
}

/* A free of what the core thinks free: somebody took it unseen. */
static void a_double_free_is_a_missing_event(void **state)
{
	const struct replay_result *res;
	struct rig rig;
	int no_repair;

	(void)state;
	for (no_repair = 0; no_repair < 2; no_repair++) {
		rig_open(&rig, "6.12", "fentry", no_repair);
		LOAD(&rig, 2, K_MOVABLE, 4100);
		EV(&rig, .type = EV_DRAIN, .pfn = 4101, .order = 0, .mt = K_MOVABLE);
		EV(&rig, .type = EV_ISOLATE, .pfn = 4096 + 64, .order = 4);
		res = rig_end(&rig);
		assert_int_equal(res->repairs, no_repair ? 0 : 2);
		assert_int_equal(res->dropped, no_repair ? 2 : 0);
		assert_int_equal(res->classes[REPLAY_MISSING].repairs, no_repair ? 0 : 2);
		assert_int_equal(res->first.event, 0);
		assert_int_equal(pa_list_len(replay_state(rig.r), 0, 2, PA_MOVABLE), 1);
		rig_close(&rig);
	}
}

/* What is seen in a compactor's hands was taken; to see it again, or a part of it, is no news. */
static void a_held_block_is_gone_once(void **state)
{
	const struct replay_result *res;
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.12", "tracepoint", false);
	LOAD(&rig, 4, K_MOVABLE, 4608, 4640, 4672);
	EV(&rig, .type = EV_ISOLATE, .pfn = 4608, .order = 4, .bits = EV_HELD);
	EV(&rig, .type = EV_ISOLATE, .pfn = 4608, .order = 4, .bits = EV_HELD);
	EV(&rig, .type = EV_ISOLATE, .pfn = 4612, .order = 2, .bits = EV_HELD);
	/* Split before it was seen (up to 6.9): a compactor takes free blocks whole. */
	EV(&rig, .type = EV_ISOLATE, .pfn = 4641, .order = 0, .bits = EV_HELD);
	EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4672, .order = 4, .mt = K_MOVABLE);
	res = rig_end(&rig);
	assert_int_equal(res->picks_exact, 1);
	assert_int_equal(res->held, 2);
	assert_int_equal(res->repairs, 0);
	assert_int_equal(pa_list_len(replay_state(rig.r), 0, 4, PA_MOVABLE), 0);
	rig_close(&rig);
}

/* Where nothing names what compaction took (5.10), the range that it scanned tells. */
static void a_scanned_range_is_gone(void **state)
{
	static const struct {
		unsigned int taken, scanned, left;
	} cases[] = {
		{ 8, 506, 1 }, /* both blocks of the range */
		{ 4, 506, 1 }, /* the fast search has had one of them before */
		{ 4, 16, 2 },  /* one frame in 32 was looked at, and one block begins there */
		{ 5, 16, 3 },  /* it was not these: nothing is known */
	};
	const struct replay_result *res;
	struct rig rig;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rig_open(&rig, "5.10", "tracepoint", false);
		LOAD(&rig, 2, K_MOVABLE, 4100, 4128, 4608);
		EV(&rig, .type = EV_COMPACT_FREE, .pfn = 4096,
		   .arg = event_scan(cases[i].taken, cases[i].scanned, 512));
		EV(&rig, .type = EV_COMPACT_FREE, .pfn = 4608, .arg = event_scan(0, 506, 512));
		res = rig_end(&rig);
		assert_int_equal(pa_list_len(replay_state(rig.r), 0, 2, PA_MOVABLE), cases[i].left);
		assert_int_equal(res->held, 3 - cases[i].left);
		assert_int_equal(res->repairs, 0);
		rig_close(&rig);
	}
}

/* A free seen before the lock must be in if a larger block that holds it was taken. */
static void a_held_block_places_the_frees_in_it(void **state)
{
	const struct replay_result *res;
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.12", "tracepoint", false);
	LOAD(&rig, 4, K_MOVABLE, 4096 + 80);
	EV(&rig, .type = EV_FREE, .cpu = 1, .pfn = 4096 + 64, .order = 4);
	EV(&rig, .type = EV_ISOLATE, .pfn = 4096 + 64, .order = 5, .bits = EV_HELD);
	EV(&rig, .type = EV_FREE_BATCHED, .cpu = 1, .pfn = 4096 + 64);
	res = rig_end(&rig);
	assert_int_equal(res->held, 1);
	assert_int_equal(res->repairs, 0);
	assert_int_equal(pa_list_len(replay_state(rig.r), 0, 4, PA_MOVABLE), 0);
	assert_int_equal(pa_list_len(replay_state(rig.r), 0, 5, PA_MOVABLE), 0);
	rig_close(&rig);
}

/* Its owner frees a page of a free block: that block was taken unseen, once, as a whole. */
static void a_free_of_a_free_page_tells_of_its_block(void **state)
{
	const struct replay_result *res;
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.1", "tracepoint", false);
	LOAD(&rig, 2, K_MOVABLE, 4100);
	EV(&rig, .type = EV_FREE, .pfn = 4101);
	EV(&rig, .type = EV_FREE, .pfn = 4102);
	res = rig_end(&rig);
	assert_int_equal(res->repairs, 1);
	assert_int_equal(res->classes[REPLAY_MISSING].repairs, 1);
	assert_int_equal(pa_list_len(replay_state(rig.r), 0, 2, PA_MOVABLE), 0);
	rig_close(&rig);
}

/* The pcp list was locked when the free looked, and was not when it tried. */
static void a_page_that_is_drained_was_on_a_pcp_list(void **state)
{
	static const struct trace_event ev[] = {
		{ .type = EV_FREE, .pfn = 4100, .mt = TRACE_MT_NONE },
		{ .type = EV_ZONE_FREE, .pfn = 4100, .mt = TRACE_MT_NONE },
		{ .type = EV_FREE_BATCHED, .pfn = 0, .mt = TRACE_MT_NONE },
		{ .type = EV_DRAIN, .pfn = 4100, .mt = K_MOVABLE },
	};
	const struct replay_result *res;
	struct rig rig;
	size_t n;

	(void)state;
	for (n = 3; n <= 4; n++) {
		struct trace_item item = { .kind = TRACE_EVENTS,
					   .events = { .ev = (struct trace_event *)ev, .n = n } };

		rig_open(&rig, "6.12", "tracepoint", false);
		LOAD(&rig, 0, K_MOVABLE, 4608);
		assert_int_equal(replay_item(rig.r, &item), 0);
		res = rig_end(&rig);
		assert_int_equal(res->repairs, 0);
		assert_int_equal(pa_list_len(replay_state(rig.r), 0, 0, PA_MOVABLE), 2);
		rig_close(&rig);
	}
}

/* From 6.16 a capture says mm_page_alloc_extfrag inside the free: not a pick. */
static void a_capture_is_no_pick(void **state)
{
	const struct replay_result *res;
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.18", "fentry", false);
	LOAD(&rig, 0, K_MOVABLE, 4608);
	EV(&rig, .type = EV_FALLBACK, .pfn = 4100, .order = 2, .mt = K_UNMOVABLE,
	   .arg = trace_fallback_arg(2, K_MOVABLE));
	EV(&rig, .type = EV_ZONE_FREE, .pfn = 4100, .order = 2, .mt = K_MOVABLE,
	   .bits = EV_LOCKED | EV_MT_KNOWN | 3 << EV_CAPTURE_SHIFT);
	res = rig_end(&rig);
	assert_int_equal(res->picks, 0);
	assert_int_equal(res->captures, 1);
	assert_int_equal(pa_list_len(replay_state(rig.r), 0, 2, PA_MOVABLE), 0);
	rig_close(&rig);
}

/* A told block move that is part of a claim must not give the claim away. */
static void a_move_in_a_claim_is_still_predicted(void **state)
{
	const struct replay_result *res;
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.12", "fentry", false);
	LOAD(&rig, 8, K_MOVABLE, 4096 + 256);
	EV(&rig, .type = EV_MOVE_BLOCK, .pfn = 4096, .mt = K_UNMOVABLE, .arg = K_MOVABLE);
	EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4096 + 256, .mt = K_UNMOVABLE);
	EV(&rig, .type = EV_FALLBACK, .pfn = 4096 + 256, .mt = K_UNMOVABLE,
	   .arg = trace_fallback_arg(8, K_MOVABLE));
	/* And one that stands for itself. */
	EV(&rig, .type = EV_MOVE_BLOCK, .pfn = 4096, .mt = K_HIGHATOMIC, .arg = K_UNMOVABLE);
	EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4096 + 257, .mt = K_HIGHATOMIC);
	res = rig_end(&rig);
	assert_int_equal(res->picks_exact, 2);
	assert_int_equal(res->fallbacks_exact, 1);
	assert_int_equal(res->repairs, 0);
	rig_close(&rig);
}

static void nothing_to_compare_is_not_exact(void **state)
{
	const struct replay_result *res;
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.12", "fentry", false);
	EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4200, .mt = K_MOVABLE);
	res = rig_end(&rig);
	assert_int_equal(res->picks_skipped, 1);
	assert_int_equal(res->picks, 0);
	assert_int_equal(res->zones_begin, 0);
	assert_false(res->end_known);
	assert_false(replay_proven(res));
	rig_close(&rig);
}

static void the_closing_snapshot_is_compared_in_order(void **state)
{
	static const uint64_t swapped[] = { 4105, 4099 }, other[] = { 4099, 4107 };
	const struct replay_result *res;
	struct rig rig;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		rig_open(&rig, "6.12", "fentry", false);
		LOAD(&rig, 0, K_MOVABLE, 4099, 4105);
		LOAD(&rig, 3, K_MOVABLE, 4608);
		rig_list(&rig, TRACE_AT_END, 0, 0, K_MOVABLE, 2, i == 1 ? swapped : other);
		if (i == 2)
			rig_list(&rig, TRACE_AT_END, 0, 3, K_MOVABLE, 1, (uint64_t[]){ 4608 });
		res = rig_end(&rig);
		assert_true(res->end_known);
		assert_int_equal(res->lists, 2);
		assert_int_equal(res->lists_exact_order, i == 2);
		assert_int_equal(res->lists_exact_set, i == 0 ? 0 : 1);
		assert_int_equal(res->final_blocks, i == 2 ? 3 : 2);
		assert_int_equal(res->final_blocks_exact, i == 0 ? 1 : 2);
		assert_int_equal(res->nr_list_diffs, i == 2 ? 1 : 2);
		assert_int_equal(res->list_diff[0].at, i == 1 ? 0 : 1);
		assert_int_equal(res->list_diff[0].kernel_pfn, i == 1 ? 4105 : 4107);
		assert_int_equal(res->list_diff[0].core_pfn, i == 1 ? 4099 : 4105);
		if (i < 2) { /* a list that the kernel does not have */
			assert_int_equal(res->list_diff[1].order, 3);
			assert_int_equal(res->list_diff[1].kernel, 0);
			assert_int_equal(res->list_diff[1].core, 1);
			assert_int_equal(res->list_diff[1].kernel_pfn, PA_PFN_NONE);
			assert_int_equal(res->list_diff[1].core_pfn, 4608);
		}
		assert_false(replay_proven(res));
		rig_close(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lone_fallback_is_a_steal),
		cmocka_unit_test(a_claim_is_told_by_two_events),
		cmocka_unit_test(a_steal_after_a_pick_is_its_own_pick),
		cmocka_unit_test(modes_live_as_long_as_the_lock_is_held),
		cmocka_unit_test(an_old_fallback_comes_before_its_pick),
		cmocka_unit_test(a_wrong_claim_is_an_lru_estimate),
		cmocka_unit_test(told_uses_decide_a_claim),
		cmocka_unit_test(an_lru_estimate_may_cost_the_pick),
		cmocka_unit_test(a_page_that_is_not_free_is_a_missing_event),
		cmocka_unit_test(a_wrong_place_has_a_reason),
		cmocka_unit_test(what_is_left_behind_twice_has_left_the_list),
		cmocka_unit_test(a_turn_shows_late_and_is_healed_once),
		cmocka_unit_test(a_pending_free_is_placed_by_the_picks),
		cmocka_unit_test(a_locked_free_replaces_the_pending_one),
		cmocka_unit_test(a_free_is_in_when_it_was_found_there),
		cmocka_unit_test(an_awaited_free_enters_by_its_arrival_only),
		cmocka_unit_test(a_drain_shows_a_reserved_pageblock),
		cmocka_unit_test(small_frees_enter_by_drains_only),
		cmocka_unit_test(a_double_free_is_a_missing_event),
		cmocka_unit_test(a_held_block_is_gone_once),
		cmocka_unit_test(a_scanned_range_is_gone),
		cmocka_unit_test(a_held_block_places_the_frees_in_it),
		cmocka_unit_test(a_free_of_a_free_page_tells_of_its_block),
		cmocka_unit_test(a_page_that_is_drained_was_on_a_pcp_list),
		cmocka_unit_test(a_capture_is_no_pick),
		cmocka_unit_test(each_event_is_announced_ahead),
		cmocka_unit_test(a_move_in_a_claim_is_still_predicted),
		cmocka_unit_test(nothing_to_compare_is_not_exact),
		cmocka_unit_test(the_closing_snapshot_is_compared_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
