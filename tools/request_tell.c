/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a recording has no event for, and the events of others tell: which way a zone counter lags,
 * which pageblocks hold LRU pages, when kswapd stopped.  Only in a replay of the recorded kernel
 * under its own settings; buddyscope-replay(1) lists it.
 */
#include <string.h>

#include "request_internal.h"

#define FREE_BATCH 31 /* PAGEVEC_SIZE */

/* Of pages that are freed as one batch all are announced first: may this one's push drain? */
bool request_may_drain(const struct request *r, const struct trace_event *ev)
{
	for (uint32_t n = 0; n < FREE_BATCH && ev && ev->type == EV_FREE; n++)
		ev = request_next_of(r, ev);
	return ev && ev->type == EV_DRAIN;
}

/*
 * Below its high mark a zone's lists drain with every push.  Whether the counter, which lags behind
 * the lists, was above that mark when it was last looked at, the pushes tell.
 */
void request_tell_below_high(struct request *r, uint32_t zone, const struct trace_event *ev,
			     bool drains)
{
	bool below = pa_zone_flags(r->pa, zone) & PA_ZONE_BELOW_HIGH;
	int32_t pages = INT32_C(1) << ev->order;
	struct pa_zone_state state;
	int64_t above, lag;
	struct pa_pcp pcp;

	if (below == drains || pa_zone_get(r->pa, zone, &state) ||
	    pa_pcp_get(r->pa, zone, request_core_cpu(r, ev->cpu), &pcp))
		return;
	above = state.nr_free - (int64_t)(state.wmark[PA_WMARK_HIGH] + state.boost);
	lag = (int64_t)state.threshold * r->core_cpus;
	if (above > lag || above < -lag || state.flags & PA_ZONE_RECLAIM_ACTIVE ||
	    pcp.count + pages >= pcp.high || (below && request_may_drain(r, ev)))
		return;
	state.flags ^= PA_ZONE_BELOW_HIGH;
	r->res.counters += !pa_zone_set(r->pa, zone, &state);
}

/* Would a push to the lists make them drain because of ZONE_RECLAIM_ACTIVE alone? */
bool request_is_short(const struct request *r, uint32_t zone, const struct trace_event *ev)
{
	int32_t pages = INT32_C(1) << ev->order;
	struct pa_pcp pcp;

	return !pa_pcp_get(r->pa, zone, request_core_cpu(r, ev->cpu), &pcp) &&
	       pcp.count + pages >= 4 * pcp.batch && pcp.count + pages < pcp.high;
}

/* Shift the zone counter of @zone by @pages, if the CPUs' deltas can hold that. */
static bool shift_counter(struct request *r, uint32_t zone, int64_t pages)
{
	int8_t deltas[PA_MAX_CPUS];
	struct pa_zone_state state;
	int64_t most;

	if (pa_zone_get(r->pa, zone, &state) || pa_get_counters(r->pa, zone, deltas))
		return false;
	most = state.threshold;
	for (uint32_t cpu = 0; cpu < r->core_cpus && pages; cpu++) {
		int64_t to = deltas[cpu] - pages;

		to = to > most ? most : to < -most ? -most : to;
		pages -= deltas[cpu] - to;
		deltas[cpu] = (int8_t)to;
	}
	return !pages && !pa_set_counters(r->pa, zone, deltas);
}

/* By how many pages is the zone counter above what a request needs at this mark? */
static int64_t margin(const struct request *r, uint32_t zone, const struct trace_event *ev,
		      enum pa_wmark wmark, enum pa_zone_type highest, bool boosted)
{
	uint64_t mark = pa_zone_mark(r->pa, zone, wmark) + (boosted ? pa_boost(r->pa, zone) : 0);
	struct pa_zone_look look = { 0 };

	pa_watermark_ok(r->pa, zone, ev->order, mark, highest, 0, &look);
	return look.free - look.unusable - look.min - look.reserve;
}

/* What a counter that is @above a mark has to change by to fail there, or to pass. */
static int64_t down(int64_t above)
{
	return above > 0 ? -above : 0;
}

static int64_t up(int64_t above)
{
	return above > 0 ? 0 : 1 - above;
}

/* Number of the first of @zones that is above its low mark; @n: none. */
uint32_t request_first_above(const struct request *r, const struct trace_event *ev,
			     const uint8_t *zones, uint32_t n, int highest, bool boosted)
{
	uint32_t i;

	for (i = 0; i < n && margin(r, zones[i], ev, PA_WMARK_LOW, highest, boosted) <= 0; i++)
		;
	return i;
}

/*
 * The zone counter lags behind the lists by what each CPU has not told, which no trace holds.  A
 * request that passed a zone by, or did not, tells on which side of the mark the counter was: where
 * the core has it on the other by less than the CPUs may keep to themselves, theirs are corrected.
 */
bool request_tell_counters(struct request *r, const struct trace_event *ev, uint32_t gfp)
{
	int highest = pa_gfp_zone(r->pa, gfp), kernel = pa_zone_of(r->pa, ev->pfn);
	int64_t by[3][PA_NR_ZONE_TYPES], cost[3] = { 0, 0, 0 };
	uint8_t zones[PA_NR_ZONE_TYPES];
	uint32_t n, at;
	int way = 0;

	if (highest < 0 || kernel < 0)
		return false;
	n = pa_zonelist(r->pa, 0, (enum pa_zone_type)highest, zones, PA_NR_ZONE_TYPES);
	for (at = 0; at < n && zones[at] != kernel; at++)
		;
	if (at == n)
		return false;
	if (request_first_above(r, ev, zones, n, highest, true) == at)
		return !at;
	if (r->kswapd_at_work && request_first_above(r, ev, zones, n, highest, false) == at)
		request_kswapd_stops(r, ev->cpu); /* and with it goes the boost */
	for (uint32_t i = 0; i < n; i++) {
		int64_t low = margin(r, zones[i], ev, PA_WMARK_LOW, highest, true);
		int64_t min = margin(r, zones[i], ev, PA_WMARK_MIN, highest, true);

		/* Served at the low mark: those before fail there, it passes. */
		by[0][i] = i < at ? down(low) : i == at ? up(low) : 0;
		/* At the min mark: all fail at the low one, those before at this one too. */
		by[1][i] = i < at ? down(min) : i == at && min <= 0 ? up(min) : down(low);
		/* Whatever the marks: all fail at both, and the first one serves. */
		by[2][i] = down(min);
		for (int k = 0; k < 3; k++)
			cost[k] += by[k][i] < 0 ? -by[k][i] : by[k][i];
	}
	if (at || !request_task_of(r, ev))
		cost[2] = INT64_MAX;
	if (cost[1] < cost[0])
		way = 1;
	if (cost[2] < cost[way])
		way = 2;
	for (uint32_t i = 0; i < n; i++)
		if (by[way][i])
			r->res.counters += shift_counter(r, zones[i], by[way][i]);
	return false;
}

/* Make the claim test of a pageblock come out as @claimed for a request of @mt. */
static void lean(struct request *r, uint64_t block, uint8_t mt, bool claimed)
{
	uint64_t end = block + (UINT64_C(1) << r->meta->pageblock_order);
	enum pa_use use = (mt == PA_MOVABLE) == claimed ? PA_USE_MOVABLE : PA_USE_PINNED;
	struct pa_page_info info;

	for (uint64_t pfn = block; pfn < end; pfn++)
		if (!pa_page(r->pa, pfn, &info) && !info.free)
			pa_set_use(r->pa, pfn, 0, use);
	r->res.leaned++;
}

/* steal_suitable_fallback, try_to_claim_block: would the pageblock be claimed, as far as we know? */
static bool would_claim(const struct request *r, uint64_t block, uint8_t mt)
{
	uint64_t half = UINT64_C(1) << r->meta->pageblock_order >> 1, free = 0, movable = 0;
	int type = pa_pageblock(r->pa, block);
	struct pa_page_info info;

	for (uint64_t pfn = block; pfn < block + 2 * half; pfn++) {
		if (pa_page(r->pa, pfn, &info))
			return false;
		free += info.free;
		movable += !info.free && (info.use == PA_USE_MOVABLE ||
					  (info.use == PA_USE_UNKNOWN && type == PA_MOVABLE));
	}
	if (mt == PA_MOVABLE)
		return free + movable >= half;
	return free + (type == PA_MOVABLE ? 2 * half - free - movable : 0) >= half;
}

/*
 * Which of a pageblock's pages are on LRU lists is known to the kernel alone.  Where it claimed a
 * pageblock that what was seen speaks against, or the other way round, they are taken to be.
 */
void request_tell_claims(struct request *r, const struct trace_event *pick,
			 const struct trace_event *end)
{
	uint64_t size = UINT64_C(1) << r->meta->pageblock_order;
	bool stealing = false;

	for (const struct trace_event *ev = pick; ev < end; ev++) {
		uint8_t mt = request_type_of(r, ev->mt);
		bool claimed = ev->bits & EV_CLAIMED;
		uint64_t block = ev->pfn & ~(size - 1);

		if (ev->cpu != pick->cpu || ev->type != EV_FALLBACK || mt >= PA_PCPTYPES ||
		    !(ev->bits & EV_CLAIM_KNOWN) ||
		    trace_fallback_order(ev) >= r->meta->pageblock_order)
			continue;
		/* Once a page was stolen, the rest of the hold steals and asks no more. */
		if (!stealing && would_claim(r, block, mt) != claimed)
			lean(r, block, mt, claimed);
		stealing |= !claimed && r->kernel->fallback == PA_FALLBACK_CLAIM_STEAL;
	}
}

/* balance_pgdat is over: clear_reclaim_active, and the boost it began with is paid for. */
void request_kswapd_stops(struct request *r, uint32_t ev_cpu)
{
	struct pa_zone_state state;

	if (!r->kswapd_at_work)
		return;
	r->kswapd_at_work = false;
	request_overtake(r, ev_cpu);
	for (uint32_t zone = 0; !pa_zone_get(r->pa, zone, &state); zone++) {
		state.flags &= ~PA_ZONE_RECLAIM_ACTIVE;
		state.boost -=
			state.boost < r->kswapd_boost[zone] ? state.boost : r->kswapd_boost[zone];
		pa_zone_set(r->pa, zone, &state);
	}
}

/* kswapd got to work: set_reclaim_active, and the closer count of set_pgdat_percpu_threshold. */
void request_kswapd_wakes(struct request *r)
{
	struct pa_zone_state state;

	request_kswapd_stops(r, UINT32_MAX);
	r->kswapd_at_work = true;
	for (uint32_t zone = 0; !pa_zone_get(r->pa, zone, &state); zone++) {
		uint64_t close =
			(state.wmark[PA_WMARK_LOW] - state.wmark[PA_WMARK_MIN]) / r->core_cpus;

		r->kswapd_boost[zone] = state.boost;
		if (!r->kswapd_awake)
			r->threshold[zone] = state.threshold;
		state.flags |= PA_ZONE_RECLAIM_ACTIVE;
		state.threshold = close < 1 ? 1 : close < 125 ? (uint32_t)close : 125;
		pa_zone_set(r->pa, zone, &state);
	}
	r->kswapd_awake = true;
}

void request_kswapd_sleeps(struct request *r)
{
	struct pa_zone_state state;

	request_kswapd_stops(r, UINT32_MAX);
	for (uint32_t zone = 0; r->kswapd_awake && !pa_zone_get(r->pa, zone, &state); zone++) {
		state.threshold = r->threshold[zone];
		pa_zone_set(r->pa, zone, &state);
	}
	r->kswapd_awake = false;
}
