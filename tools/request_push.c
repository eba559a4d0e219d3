/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a push met, as the events behind it tell.
 *
 * It is told of its zone's flags and of pcp->high as it begins, and asks for both again a moment later
 * (nr_pcp_high); and a request that it came upon has its page by then, or has not.
 */
#include "request_internal.h"

bool request_lowers_high(const struct request *r, const struct trace_event *ev, uint32_t zone)
{
	uint32_t high = ev->arg;

	if (ev->type != EV_PUSH || ev->order || ev->bits & (EV_RECLAIMING | EV_BELOW_HIGH))
		return false;
	for (uint32_t n = 0; n < INTERRUPT_EVENTS && (ev = request_next_of(r, ev)); n++) {
		if (ev->type == EV_VMSTAT || ev->type == EV_DRAIN)
			return false;
		if (ev->type == EV_PUSH && request_zone_of(r, ev) == &r->zones[zone])
			return ev->arg && ev->arg < high && !(ev->bits & EV_RECLAIMING);
	}
	return false;
}

bool request_lowers_late(const struct request *r, const struct trace_event *ev, uint32_t zone)
{
	const struct trace_event *next;

	if (pa_zone_flags(r->pa, zone) & PA_ZONE_BELOW_HIGH || !request_lowers_high(r, ev, zone))
		return false;
	next = request_next_of(r, ev);
	for (uint64_t n = r->now + 1; next && n < request_number_of(r, next); n++) {
		const struct trace_event *at = request_event(r, n);

		if (at->cpu != ev->cpu && (at->type == EV_TRY || at->type == EV_BALANCE_BEGIN))
			return true;
	}
	return r->zones[zone].balancing;
}

/* The push @ev was told of @flag, which lowers pcp->high: the CPU's next one is not, and finds that as it was. */
static bool keeps_high(const struct request *r, const struct trace_event *ev, uint32_t zone,
		       unsigned int flag)
{
	uint32_t high = ev->arg;
	struct pa_pcp pcp;

	if (ev->type != EV_PUSH || ev->order || !(ev->bits & flag) ||
	    pa_pcp_get(r->pa, zone, request_core_cpu(r, ev->cpu), &pcp) ||
	    high <= (uint32_t)pcp.high_min)
		return false;
	do
		ev = request_next_of(r, ev);
	while (ev && ev->type == EV_FREE);
	return ev && ev->type == EV_PUSH && request_zone_of(r, ev) == &r->zones[zone] &&
	       !(ev->bits & flag) && ev->arg == high;
}

bool request_keeps_high(const struct request *r, const struct trace_event *ev, uint32_t zone)
{
	return !(ev->bits & EV_RECLAIMING) && pa_zone_flags(r->pa, zone) & PA_ZONE_BELOW_HIGH &&
	       keeps_high(r, ev, zone, EV_BELOW_HIGH);
}

/* What a push of @ev's order would drain from lists that are as @pcp says, in a zone with the flags that @bits tells. */
static int32_t size_with(struct request *r, const struct trace_event *ev, uint32_t zone,
			 const struct pa_pcp *pcp, unsigned int bits)
{
	struct pa_zone_state state, told;
	int32_t size;

	if (pa_zone_get(r->pa, zone, &state))
		return 0;
	told = state;
	told.flags &= ~(PA_ZONE_RECLAIM_ACTIVE | PA_ZONE_BELOW_HIGH);
	told.flags |= bits & EV_RECLAIMING ? PA_ZONE_RECLAIM_ACTIVE : 0;
	told.flags |= bits & EV_BELOW_HIGH ? PA_ZONE_BELOW_HIGH : 0;
	pa_zone_set(r->pa, zone, &told);
	size = pa_push_size_at(r->pa, zone, pcp, ev->order);
	pa_zone_set(r->pa, zone, &state);
	return size;
}

/* As @ev, a push, was told. */
static int32_t size_as_told(struct request *r, const struct trace_event *ev, uint32_t zone,
			    const struct pa_pcp *pcp)
{
	return size_with(r, ev, zone, pcp, ev->bits);
}

/*
 * kswapd has taken ZONE_RECLAIM_ACTIVE back, and is yet to be seen to end (clear_reclaim_active in balance_pgdat).  Where a
 * push drains either way, how much its CPU drains tells whether nr_pcp_high has found the flag.
 */
static bool drains_as_over(struct request *r, const struct trace_event *ev, uint32_t zone)
{
	struct pa_pcp pcp;
	int32_t row;

	if (ev->type != EV_PUSH || !(ev->bits & EV_RECLAIMING) || !r->zones[zone].balancing ||
	    pa_pcp_get(r->pa, zone, request_core_cpu(r, ev->cpu), &pcp))
		return false;
	row = request_row_of(r, ev, zone);
	return size_as_told(r, ev, zone, &pcp) != row &&
	       size_with(r, ev, zone, &pcp, ev->bits & ~EV_RECLAIMING) == row;
}

bool request_reclaim_is_over(struct request *r, const struct trace_event *ev, uint32_t zone)
{
	return ev->note & WIN_DRAINS ? drains_as_over(r, ev, zone) :
				       keeps_high(r, ev, zone, EV_RECLAIMING);
}

/* One block more is on the lists; with @row pages drained, that many are gone. */
static void note_push(struct pa_pcp *pcp, unsigned int order, int32_t row)
{
	pcp->count += (1 << order) - row;
	if (pcp->free_count < pcp->batch << 5) /* CONFIG_PCP_BATCH_SCALE_MAX */
		pcp->free_count += 1 << order;
	pcp->flags &= (uint8_t)~PA_PCP_PREV_FREE_HIGH_ORDER;
	if (order)
		pcp->flags |= PA_PCP_PREV_FREE_HIGH_ORDER;
}

static void note_pop(struct pa_pcp *pcp, unsigned int order)
{
	pcp->count -= 1 << order;
	pcp->free_count >>= 1;
}

/*
 * The request @popped was preempted, and its page is the first of its list as another task begins to push.  It
 * may not have taken it, if what is pushed goes to other lists.  Then there is more on the lists, and what was
 * freed in a row is counted differently from then on: where the CPU is seen to drain, or not, by that, and would
 * do otherwise without, it has not.
 */
static bool is_yet_to_pop(struct request *r, const struct trace_event *ev, uint32_t zone,
			  const struct trace_event *popped)
{
	struct pa_pcp with, without; /* the page */
	bool ended = false;

	if (request_zone_of(r, popped) != &r->zones[zone] ||
	    pa_pcp_get(r->pa, zone, request_core_cpu(r, ev->cpu), &with))
		return false;
	without = with;
	note_pop(&without, popped->order);
	for (uint32_t n = 0; n < FLAG_EVENTS && ev; n++, ev = request_next_of(r, ev)) {
		bool drains = ev->note & WIN_DRAINS;
		int32_t row;

		if (ev == popped) {
			note_pop(&with, popped->order);
			ended = true;
		}
		if (ev == popped || ev->type == EV_FREE || ev->type == EV_DRAIN)
			continue;
		if (ev->type != EV_PUSH)
			return false;
		if (request_zone_of(r, ev) != &r->zones[zone])
			continue;
		if (!ended && ev->mt == popped->mt && ev->order == popped->order)
			return false;
		if (ev->arg)
			with.high = without.high = (int32_t)ev->arg;
		if ((size_as_told(r, ev, zone, &with) > 0) !=
		    (size_as_told(r, ev, zone, &without) > 0))
			return (size_as_told(r, ev, zone, &with) > 0) == drains;
		row = drains ? request_row_of(r, ev, zone) : 0;
		note_push(&with, ev->order, row);
		note_push(&without, ev->order, row);
	}
	return false;
}

/* The attempt that ends with @popped is at that point still. */
static void let_wait(struct request *r, uint32_t cpu, const struct trace_event *popped)
{
	struct run_cpu *c = &r->cpus[cpu];

	for (uint32_t i = 0; i < c->nr_tries; i++)
		if (c->tries[i].end == request_number_of(r, popped))
			c->tries[i].waits = true;
}

bool request_waits_for_page(struct request *r, const struct trace_event *ev, uint32_t zone,
			    const struct trace_event *popped)
{
	if (!is_yet_to_pop(r, ev, zone, popped))
		return false;
	let_wait(r, ev->cpu, popped);
	return true;
}
