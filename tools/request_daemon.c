/* SPDX-License-Identifier: GPL-2.0-only */
/* What others do that the allocator asks about: kswapd, and the LRU lists. */
#include "request_internal.h"

/* The node that starts at or holds @pfn. */
static int node_of(const struct request *r, uint64_t pfn)
{
	struct pa_zone_state state;

	for (uint32_t zone = 0; zone < r->nr_zones; zone++)
		if (pfn < r->zones[zone].end && !pa_zone_get(r->pa, zone, &state))
			return state.node;
	return -1;
}

/* balance_pgdat begins: set_reclaim_active, and the boost of one zone that it will pay back. */
void request_on_balance_begin(struct request *r, const struct trace_event *ev)
{
	const struct run_zone *z = request_zone(r, ev->pfn);
	uint32_t zone = z ? (uint32_t)(z - r->zones) : UINT32_MAX;
	struct pa_zone_state state;

	if (pa_zone_get(r->pa, zone, &state))
		return;
	r->kswapd_boost[zone] = ev->arg;
	r->zones[zone].reclaiming = r->zones[zone].balancing = true;
	r->zones[zone].boosted = false;
	state.flags |= PA_ZONE_RECLAIM_ACTIVE;
	pa_zone_set(r->pa, zone, &state);
}

bool request_boosts_pending(const struct request *r)
{
	for (uint32_t zone = 0; zone < r->nr_zones; zone++)
		if (r->kswapd_boost[zone])
			return true;
	return false;
}

/* The end of balance_pgdat takes back what it found. */
void request_take_boost(struct request *r, uint32_t zone, struct pa_zone_state *state)
{
	state->boost -= state->boost < r->kswapd_boost[zone] ? state->boost : r->kswapd_boost[zone];
	r->kswapd_boost[zone] = 0;
}

/*
 * balance_pgdat reads the boosts, and takes back what it read, at moments that no event tells of but that
 * they lie between its begin and its end.  Which of the boosts that fallbacks gave meanwhile it took shows
 * in what it leaves.
 */
static void settle_boost(struct request *r, const struct trace_event *ev)
{
	const struct run_zone *z = request_zone(r, ev->pfn);
	uint32_t zone = z ? (uint32_t)(z - r->zones) : UINT32_MAX;
	struct pa_zone_state state;

	if (pa_zone_get(r->pa, zone, &state) || state.boost == trace_end_boost(ev) || !z->boosted)
		return;
	state.boost = trace_end_boost(ev);
	pa_zone_set(r->pa, zone, &state);
	r->res.boosts_late++;
}

/* The end of kswapd's round on @z that is near; NULL: none. */
static const struct trace_event *end_of_round(struct request *r, struct run_zone *z)
{
	uint64_t *n = &z->next_end;

	for (*n = *n > r->now ? *n : r->now; *n < r->win_end; ++*n) {
		const struct trace_event *ev = request_event(r, *n);

		if (ev->type == EV_BALANCE_END && ev->pfn >= z->start && ev->pfn < z->end)
			return trace_end_told(ev) ? ev : NULL;
	}
	return NULL;
}

void request_foresee_boost(struct request *r, uint32_t zone)
{
	struct run_zone *z = &r->zones[zone];
	const struct trace_event *end = z->balancing ? end_of_round(r, z) : NULL;
	struct pa_zone_state state;

	if (!end || pa_zone_get(r->pa, zone, &state) ||
	    state.boost <= trace_end_boost(end) + r->kswapd_boost[zone])
		return;
	r->kswapd_boost[zone] = state.boost - trace_end_boost(end);
	r->res.boosts_late++;
}

bool request_is_passed_over(struct request *r, uint32_t zone)
{
	struct run_zone *z = &r->zones[zone];
	const struct trace_event *end = z->balancing ? end_of_round(r, z) : NULL;
	uint64_t over = end ? request_number_of(r, end) : 0;
	struct pa_zone_state state;

	if (pa_zone_get(r->pa, zone, &state))
		return false;
	for (uint64_t n = r->now + 1; n < over; n++) {
		const struct trace_event *ev = request_event(r, n);

		if (ev->type == EV_TRY && !ev->order &&
		    request_zone_type(trace_try_highest(ev)) >= state.type &&
		    request_goes_past(r, ev, zone, &state))
			return true;
	}
	return false;
}

/* And ends: clear_reclaim_active. */
void request_on_balance_end(struct request *r, const struct trace_event *ev)
{
	unsigned int highest = request_zone_type(trace_end_highest(ev));
	int node = node_of(r, ev->pfn);
	struct pa_zone_state state;

	for (uint32_t zone = 0; !pa_zone_get(r->pa, zone, &state); zone++) {
		if (state.node != node || state.type > highest)
			continue;
		request_take_boost(r, zone, &state);
		r->zones[zone].reclaiming = r->zones[zone].balancing = false;
		state.flags &= ~PA_ZONE_RECLAIM_ACTIVE;
		pa_zone_set(r->pa, zone, &state);
	}
	if (trace_end_told(ev))
		settle_boost(r, ev);
}

/*
 * The thresholds of @zone are other ones now.  Up to 6.9 a refill counts its blocks when it has all of them
 * (__mod_zone_page_state in rmqueue_bulk): one whose last block is gone, and whose CPU was not heard of since,
 * is taken to have counted them by now, but may be about to.
 */
static void doubt_refills(struct request *r, uint32_t zone, int64_t threshold)
{
	for (uint32_t i = 0; i < r->nr_cpus && !r->kernel->hygiene; i++) {
		const struct refill *refill = &r->cpus[i].refill;
		int64_t share =
			refill->share - ((int64_t)refill->by.taken << refill->by.args.order);

		if (!r->cpus[i].picking || refill->open || !refill->by.taken ||
		    refill->by.zone != zone)
			continue;
		if (share > threshold || -share > threshold)
			share = 0;
		r->doubts |= pa_doubt_share(r->pa, zone, refill->by.args.cpu, (int)share);
	}
}

static void doubt_threshold(struct request *r, uint32_t cpu, bool over)
{
	for (uint32_t zone = 0; zone < r->nr_zones; zone++)
		r->doubts |= pa_doubt_threshold(r->pa, zone, request_core_cpu(r, cpu),
						over ? 0 : r->zones[zone].threshold_before);
}

void request_trust_thresholds(struct request *r, uint32_t cpu)
{
	doubt_threshold(r, cpu, true);
	r->cpus[cpu].counts_late = false;
}

/*
 * From 6.10 on each block is counted ahead of its event: one that is told after the thresholds were set may have
 * been counted before (account_freepages).
 */
void request_doubt_thresholds(struct request *r, bool over)
{
	for (uint32_t i = 0; i < r->nr_cpus; i++) {
		if (i + 1 == r->setting)
			continue;
		if (over && r->kernel->hygiene)
			r->cpus[i].counts_late = true;
		else
			doubt_threshold(r, i, over);
	}
	if (over)
		r->setting = 0;
}

/*
 * set_pgdat_percpu_threshold: an awake kswapd, on @cpu, sets how far the CPUs of its node may be off by the gap
 * between the marks, in zones with a percpu_drift_mark.  It does so one CPU after the other, and may stand still in
 * between: until it is heard of again the others may go by the threshold of before.
 */
void request_set_thresholds(struct request *r, uint32_t node, bool awake, uint32_t cpu)
{
	struct pa_zone_state state;

	for (uint32_t i = 0; i < r->nr_cpus; i++)
		if (r->setting || r->cpus[i].counts_late)
			request_trust_thresholds(r, i);
	for (uint32_t zone = 0; !pa_zone_get(r->pa, zone, &state); zone++) {
		uint32_t before = state.threshold;

		r->zones[zone].threshold_before = 0;
		if (state.node != node || !pa_drift_marked(r->pa, zone))
			continue;
		state.threshold =
			awake ? pa_pressure_threshold(r->pa, zone) : r->zones[zone].threshold;
		pa_zone_set(r->pa, zone, &state);
		doubt_refills(r, zone, state.threshold);
		if (before != state.threshold)
			r->zones[zone].threshold_before = before;
	}
	r->setting = cpu + 1;
	request_doubt_thresholds(r, false);
}

/* ---- claims ---- */

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

/* find_suitable_fallback: the first block of @order that a request of @mt could fall back to. */
static uint64_t candidate(const struct request *r, uint32_t zone, unsigned int order, uint8_t mt)
{
	const uint8_t *types = r->kernel->lenders[mt];
	uint64_t pfn = PA_PFN_NONE;

	for (; pfn == PA_PFN_NONE && *types != PA_RESERVE && *types != PA_NR_MT; types++)
		pfn = pa_list_head(r->pa, zone, order, (enum pa_mt) * types);
	return pfn;
}

/* __rmqueue_claim goes on where a claim fails: all that it looked at before @ev's block did. */
static void lean_failed_claims(struct request *r, const struct trace_event *ev, uint8_t mt)
{
	const struct run_zone *z = request_zone_of(r, ev);
	uint64_t frames = UINT64_C(1) << r->meta->pageblock_order;

	if (!z || r->kernel->fallback != PA_FALLBACK_CLAIM_STEAL)
		return;
	for (unsigned int order = r->meta->pageblock_order; order-- > ev->order;) {
		uint64_t pfn = candidate(r, (uint32_t)(z - r->zones), order, mt);

		if (pfn == PA_PFN_NONE)
			continue;
		if (ev->bits & EV_CLAIMED && order == trace_fallback_order(ev))
			return;
		if (would_claim(r, pfn & ~(frames - 1), mt))
			lean(r, pfn & ~(frames - 1), mt, false);
	}
}

/*
 * Which of a pageblock's pages are on LRU lists is known to the kernel alone.  Where it claimed a
 * pageblock that what was seen speaks against, or the other way round, they are taken to be.
 */
void request_lean_claim(struct request *r, const struct trace_event *ev, bool *stealing)
{
	uint64_t block = ev->pfn & ~((UINT64_C(1) << r->meta->pageblock_order) - 1);
	uint8_t mt = request_type_of(r, ev->mt);
	bool claimed = ev->bits & EV_CLAIMED;

	if (mt >= PA_PCPTYPES || !(ev->bits & EV_CLAIM_KNOWN) ||
	    trace_fallback_order(ev) >= r->meta->pageblock_order)
		return;
	/* Once a page was stolen, the rest of the hold steals and asks no more. */
	if (!*stealing)
		lean_failed_claims(r, ev, mt);
	if (!*stealing && would_claim(r, block, mt) != claimed)
		lean(r, block, mt, claimed);
	*stealing |= !claimed && r->kernel->fallback == PA_FALLBACK_CLAIM_STEAL;
}
