/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ZONE_BELOW_HIGH (6.7+).
 *
 * Attempts set it where they find a zone below its high mark, a push that drained ends it where it finds
 * the zone above; neither takes a lock for that, and a CPU may stand still between what it looks at and what
 * it sets.  A push is told whether the flag is there as it begins.  So it is known afterwards who was
 * first, and here it is found out.
 */
#include "request_internal.h"

/* The push to @zone that is near, and so told of the flag; NULL: none. */
static const struct trace_event *next_push(struct request *r, uint32_t zone)
{
	struct run_zone *z = &r->zones[zone];
	uint64_t *n = &z->next_push;

	for (*n = *n > r->now ? *n : r->now; *n < r->win_end; ++*n) {
		const struct trace_event *ev = request_event(r, *n);

		if (ev->type == EV_PUSH && ev->pfn >= z->start && ev->pfn < z->end)
			return *n - r->now < FLAG_EVENTS ? ev : NULL;
	}
	return NULL;
}

bool request_below_high_next(struct request *r, uint32_t zone)
{
	const struct trace_event *push = next_push(r, zone);

	return push && push->bits & EV_BELOW_HIGH;
}

bool request_stays_above(const struct request *r, uint32_t zone, const struct trace_event *end)
{
	const struct run_zone *z = &r->zones[zone];
	uint64_t over = end ? request_number_of(r, end) : r->now;

	for (uint64_t n = r->now + 1; n < r->win_end && n - r->now < FLAG_EVENTS; n++) {
		const struct trace_event *ev = request_event(r, n);

		if (ev->pfn < z->start || ev->pfn >= z->end)
			continue;
		if (ev->type == EV_DRAIN ||
		    (ev->type == EV_PUSH && (!ev->arg || ev->bits & EV_BELOW_HIGH ||
					     (z->reclaiming && ev->bits & EV_RECLAIMING))))
			return false;
		if (ev->type == EV_PUSH && n > over)
			return true;
	}
	return false;
}

uint64_t request_boosted(const struct request *r, const struct trace_event *ev,
			 const struct pa_zone_state *state, uint64_t boost)
{
	uint64_t block = UINT64_C(1) << r->meta->pageblock_order;
	uint64_t most = state->wmark[PA_WMARK_HIGH] * r->knobs.watermark_boost_factor / 10000;

	if (!most ||
	    (ev->bits & EV_CLAIMED && trace_fallback_order(ev) >= r->meta->pageblock_order))
		return boost;
	most = most < block ? block : most;
	return boost + block < most ? boost + block : most;
}

bool request_goes_past(const struct request *r, const struct trace_event *try, uint32_t zone,
		       const struct pa_zone_state *state)
{
	struct pa_zone_state other;
	bool nested;
	const struct trace_event *end = request_end_of(r, try, &nested);
	const struct run_zone *z = end && !nested ? request_zone_of(r, end) : NULL;

	return z && z != &r->zones[zone] && !pa_zone_get(r->pa, (uint32_t)(z - r->zones), &other) &&
	       other.node == state->node && other.type < state->type;
}

/*
 * Does the attempt @try look at the marks of @zone, and what does it add to them?  It does not get as far if
 * its page is of one that comes first.
 */
static bool looks_at(const struct request *r, const struct trace_event *try, uint32_t zone,
		     const struct pa_zone_state *state, uint64_t *reserve)
{
	unsigned int highest = request_zone_type(trace_try_highest(try));
	const struct run_zone *z;
	const struct trace_event *end;
	struct pa_zone_state other;
	bool nested;

	if (state->type > highest)
		return false;
	*reserve = state->lowmem_reserve[highest];
	end = request_end_of(r, try, &nested);
	z = end && !nested ? request_zone_of(r, end) : NULL;
	return !z || z == &r->zones[zone] || pa_zone_get(r->pa, (uint32_t)(z - r->zones), &other) ||
	       other.node != state->node || other.type < state->type;
}

/* The order of the largest free block of @zone, + 1. */
static unsigned int largest(const struct request *r, uint32_t zone)
{
	unsigned int order = r->meta->nr_orders;

	while (order && !pa_nr_free(r->pa, zone, order - 1))
		order--;
	return order;
}

bool request_is_set_again(const struct request *r, uint32_t zone)
{
	const struct run_zone *z = &r->zones[zone];
	unsigned int orders = largest(r, zone);
	struct pa_zone_state state;
	uint64_t boost, reserve;
	int64_t free;

	if (pa_zone_get(r->pa, zone, &state))
		return false;
	boost = state.boost;
	free = (int64_t)state.nr_free;
	for (uint64_t i = r->now + 1; i < r->win_end; i++) {
		const struct trace_event *ev = request_event(r, i);

		if (ev->type == EV_TRY && looks_at(r, ev, zone, &state, &reserve) &&
		    (ev->order >= orders || request_goes_past(r, ev, zone, &state) ||
		     free <= (int64_t)(state.wmark[PA_WMARK_HIGH] + boost + reserve)))
			return true;
		if (ev->pfn < z->start || ev->pfn >= z->end)
			continue;
		if (ev->type == EV_PUSH)
			return false;
		if (ev->type == EV_FALLBACK)
			boost = request_boosted(r, ev, &state, boost);
		else if (ev->type == EV_BALANCE_END)
			boost = trace_end_boost(ev);
		if (request_is_pick(r, ev) || ev->type == EV_ISOLATE)
			free -= INT64_C(1) << ev->order;
		else if (ev->type == EV_DRAIN || ev->type == EV_ZONE_FREE) {
			free += INT64_C(1) << ev->order;
			orders = r->meta->nr_orders; /* it may have merged with others */
		}
	}
	return false;
}

void request_doubt_below(struct request *r, uint32_t zone)
{
	const struct trace_event *push = next_push(r, zone);

	r->zones[zone].doubted = push ? request_number_of(r, push) : 0;
}

bool request_is_doubted(const struct request *r, uint32_t zone)
{
	return r->now < r->zones[zone].doubted &&
	       !(pa_zone_flags(r->pa, zone) & PA_ZONE_BELOW_HIGH);
}

void request_set_below_high(struct request *r, uint32_t zone, bool below)
{
	struct pa_zone_state state;

	if (pa_zone_get(r->pa, zone, &state))
		return;
	state.flags &= ~PA_ZONE_BELOW_HIGH;
	state.flags |= below ? PA_ZONE_BELOW_HIGH : 0;
	pa_zone_set(r->pa, zone, &state);
}

bool request_ends_too_early(struct request *r, const struct pa_bulk *bulk)
{
	uint32_t flags = pa_zone_flags(r->pa, bulk->zone);
	struct run_zone *z = &r->zones[bulk->zone];

	pa_push_end(r->pa, bulk);
	if (flags == pa_zone_flags(r->pa, bulk->zone))
		return false;
	if (!request_below_high_next(r, bulk->zone)) {
		const struct trace_event *next = request_upcoming(r, bulk->by);

		z->ended_by = next ? request_number_of(r, next) : 0;
		return false;
	}
	z->may_be_below = request_is_set_again(r, bulk->zone);
	for (uint32_t cpu = 0; z->may_be_below && cpu < r->nr_cpus; cpu++) {
		struct pa_pcp pcp = { 0 };

		pa_pcp_get(r->pa, bulk->zone, request_core_cpu(r, cpu), &pcp);
		r->cpus[cpu].high_then = pcp.high;
	}
	if (z->may_be_below)
		return false;
	request_set_below_high(r, bulk->zone, true);
	z->kept_below = true;
	return true;
}

bool request_would_end(struct request *r, const struct pa_bulk *bulk)
{
	uint32_t flags = pa_zone_flags(r->pa, bulk->zone);
	bool ends;

	pa_push_end(r->pa, bulk);
	ends = flags != pa_zone_flags(r->pa, bulk->zone);
	if (ends)
		request_set_below_high(r, bulk->zone, true);
	return ends;
}

bool request_told_above(const struct request *r, const struct trace_event *ev, uint32_t zone)
{
	return ev->type == EV_PUSH && ev->arg && !(ev->bits & EV_BELOW_HIGH) &&
	       pa_zone_flags(r->pa, zone) & PA_ZONE_BELOW_HIGH;
}

bool request_is_set_later(const struct request *r, const struct trace_event *ev, uint32_t zone)
{
	if (!request_told_above(r, ev, zone))
		return false;
	for (uint32_t cpu = 0; cpu < r->nr_cpus; cpu++)
		if (r->cpus[cpu].nr_tries)
			return true;
	return false;
}

/* Do lists that hold as many as @pcp says, and what @ev pushes, drain with the flag alone? */
static bool drains_then(struct request *r, const struct trace_event *ev, uint32_t zone,
			struct pa_pcp pcp)
{
	int32_t with, without;

	pcp.high = (int32_t)ev->arg;
	with = pa_push_size_at(r->pa, zone, &pcp, ev->order);
	request_set_below_high(r, zone, false);
	without = pa_push_size_at(r->pa, zone, &pcp, ev->order);
	request_set_below_high(r, zone, true);
	return with && !without;
}

/*
 * Is a push to @zone behind the event at hand, which is one, too, told of the flag, and no other attempt seen before that?
 * Or its CPU drains for one, as it would with the flag alone.
 */
static bool comes_up(struct request *r, uint32_t zone)
{
	const struct trace_event *push = request_event(r, r->now);
	const struct run_zone *z = &r->zones[zone];
	struct pa_pcp pcp;

	if (pa_pcp_get(r->pa, zone, request_core_cpu(r, push->cpu), &pcp))
		return false;
	pcp.count += 1 << push->order;
	for (uint64_t n = r->now + 1; n < r->win_end && n - r->now < FLAG_EVENTS; n++) {
		const struct trace_event *ev = request_event(r, n);

		if (ev->type == EV_TRY)
			return false;
		if (ev->type != EV_PUSH || ev->pfn < z->start || ev->pfn >= z->end)
			continue;
		if (ev->bits & EV_BELOW_HIGH)
			return true;
		if (ev->cpu != push->cpu)
			continue;
		pcp.count += 1 << ev->order;
		if (ev->note & WIN_DRAINS)
			return ev->arg && drains_then(r, ev, zone, pcp);
	}
	return false;
}

/* Does the push @ev drain as it would with the flag alone? */
static bool drains_below(struct request *r, const struct trace_event *ev, uint32_t zone)
{
	uint32_t cpu = request_core_cpu(r, ev->cpu);
	int32_t with = pa_push_size(r->pa, zone, cpu, ev->order), without;

	if (!(ev->note & WIN_DRAINS) || !with)
		return false;
	request_set_below_high(r, zone, false);
	without = pa_push_size(r->pa, zone, cpu, ev->order);
	request_set_below_high(r, zone, true);
	return !without;
}

/*
 * The last look of a push that drained.  balance_pgdat takes boosts back a moment before it is seen to: where
 * that alone makes the zone one above its high mark, it has by now.
 */
static void look_last(struct request *r, const struct pa_bulk *bulk)
{
	uint64_t pending = r->kswapd_boost[bulk->zone];
	struct pa_zone_state boosted, state;

	pa_push_end(r->pa, bulk);
	if (!pending || pa_zone_get(r->pa, bulk->zone, &boosted) ||
	    !(boosted.flags & PA_ZONE_BELOW_HIGH))
		return;
	state = boosted;
	request_take_boost(r, bulk->zone, &state);
	pa_zone_set(r->pa, bulk->zone, &state);
	pa_push_end(r->pa, bulk);
	if (!(pa_zone_flags(r->pa, bulk->zone) & PA_ZONE_BELOW_HIGH)) {
		r->res.boosts_early++;
		return;
	}
	r->kswapd_boost[bulk->zone] = pending;
	pa_zone_set(r->pa, bulk->zone, &boosted);
}

void request_look_after_drains(struct request *r, const struct trace_event *ev, uint32_t zone)
{
	if (!request_told_above(r, ev, zone) ||
	    (request_is_set_later(r, ev, zone) && (comes_up(r, zone) || drains_below(r, ev, zone))))
		return;
	for (uint32_t i = 0; i < r->nr_cpus; i++) {
		const struct run_cpu *c = &r->cpus[i];
		bool over = i == ev->cpu ? c->looks_by == r->now + 1 :
					   (c->draining && c->what == WHAT_PUSH) ||
						   r->now < c->looks_until;

		if (over && c->bulk.zone == zone)
			look_last(r, &c->bulk);
		for (uint32_t k = 0; k < c->nr_cuts; k++)
			if (c->cuts[k].what == WHAT_PUSH && c->cuts[k].bulk.zone == zone)
				look_last(r, &c->cuts[k].bulk);
	}
}

/* Does the attempt @a, which ends with a page of @zone or of one behind it, leave the flag in @zone, which it looks at now? */
static bool leaves_below(struct request *r, const struct attempt *a, uint32_t zone)
{
	unsigned int highest = request_zone_type(a->highest);
	const struct run_zone *z =
		a->end == NO_EVENT ? NULL : request_zone_of(r, request_event(r, a->end));
	struct pa_zone_state state, other;

	if (!a->late || !z || pa_zone_get(r->pa, zone, &state) || state.type > highest ||
	    pa_zone_get(r->pa, (uint32_t)(z - r->zones), &other) || other.node != state.node ||
	    other.type > state.type)
		return false;
	return a->order >= largest(r, zone) ||
	       state.nr_free <= (int64_t)(state.wmark[PA_WMARK_HIGH] + state.boost +
					  state.lowmem_reserve[highest]);
}

/*
 * An attempt whose zone does not fit yet looks late; but by now it has gone through the zones ahead of that, and may have
 * come to its own, if a push tells of what it left there (get_page_from_freelist).
 */
void request_pass_late(struct request *r, const struct trace_event *ev, uint32_t zone)
{
	if (ev->type != EV_PUSH || !(ev->bits & EV_BELOW_HIGH) ||
	    pa_zone_flags(r->pa, zone) & PA_ZONE_BELOW_HIGH)
		return;
	for (uint32_t i = 0; i < r->nr_cpus; i++)
		for (uint32_t k = 0; i != ev->cpu && k < r->cpus[i].nr_tries; k++)
			if (leaves_below(r, &r->cpus[i].tries[k], zone)) {
				request_set_below_high(r, zone, true);
				return;
			}
}
