/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pcp->high (6.7+): what a CPU's lists may hold.
 *
 * A refill lets them grow where it does not find ZONE_BELOW_HIGH (nr_pcp_alloc), which it asks for a moment after its
 * attempt has looked at the marks.  The CPU's next push is told of what came out.
 */
#include "request_internal.h"

/*
 * What the next push of @end's CPU to @z is told that its lists may hold, where nothing but refills changes that
 * until then; -1: no such push is near.
 */
static int64_t told_high(const struct request *r, const struct run_zone *z,
			 const struct trace_event *end)
{
	const struct trace_event *ev = end;

	for (uint32_t n = 0; n < FLAG_EVENTS && (ev = request_next_of(r, ev)); n++) {
		if (ev->cpu != end->cpu) /* its task has gone on to another CPU */
			break;
		if (ev->type == EV_VMSTAT && (ev->arg & 3) == EV_VMSTAT_WORKER)
			break; /* which lowers it */
		if (ev->type == EV_PUSH && request_zone_of(r, ev) == z)
			return ev->arg ? (int64_t)ev->arg : -1;
	}
	return -1;
}

/* What the lists of @pcp may hold once the refill has asked how much to bring, without ZONE_BELOW_HIGH. */
static int32_t grown_high(struct request *r, const struct refill *refill, const struct pa_pcp *pcp)
{
	uint32_t zone = refill->by.zone, cpu = refill->by.args.cpu;
	bool is_below = pa_zone_flags(r->pa, zone) & PA_ZONE_BELOW_HIGH;
	struct pa_refill by = refill->by;
	struct pa_pcp grown = *pcp;

	request_set_below_high(r, zone, false);
	pa_refill_start(r->pa, &by);
	pa_pcp_get(r->pa, zone, cpu, &grown);
	request_set_below_high(r, zone, is_below);
	pa_pcp_set(r->pa, zone, cpu, pcp);
	return grown.high;
}

/*
 * What the lists of @pcp may hold at the next push of @end's CPU to @z, with the refills that it is seen to make until
 * then: each lets them grow (nr_pcp_alloc).
 */
static int64_t high_then(const struct request *r, const struct run_zone *z,
			 const struct trace_event *end, struct pa_pcp pcp)
{
	const struct trace_event *ev = end;
	bool taking = false;

	for (uint32_t n = 0; n < FLAG_EVENTS && (ev = request_next_of(r, ev)); n++) {
		if (request_zone_of(r, ev) != z)
			continue;
		if (ev->type == EV_PUSH)
			return pcp.high;
		if (ev->type == EV_ALLOC)
			pcp.count -= 1 << ev->order;
		if (request_is_pick(r, ev)) {
			if (!taking && request_is_refill(r, ev))
				pa_refill_size_at(r->pa, (uint32_t)(z - r->zones), &pcp, ev->order);
			pcp.count += 1 << ev->order;
		}
		taking = request_is_pick(r, ev) || ev->type == EV_FALLBACK;
	}
	return -1;
}

/* Is a push of another CPU than @cpu, the core's, about to end the flag, by its last look? */
static bool is_ending(struct request *r, uint32_t zone, uint32_t cpu)
{
	bool ends = false;

	for (uint32_t i = 0; i < r->nr_cpus && !ends; i++) {
		const struct run_cpu *c = &r->cpus[i];

		if (request_core_cpu(r, i) == cpu)
			continue;
		if (c->draining && c->what == WHAT_PUSH && c->drained && c->bulk.zone == zone)
			ends = request_would_end(r, &c->bulk);
		for (uint32_t k = 0; k < c->nr_cuts && !ends; k++)
			if (c->cuts[k].what == WHAT_PUSH && c->cuts[k].bulk.zone == zone)
				ends = request_would_end(r, &c->cuts[k].bulk);
	}
	return ends;
}

/*
 * The attempt has found ZONE_BELOW_HIGH, which a push of another CPU is about to end.  It may have by the time of
 * nr_pcp_alloc: then the list grows, and the CPU's next push is told of just as much more.
 */
static void ask_over(struct request *r, struct refill *refill, const struct trace_event *end)
{
	struct run_zone *z = &r->zones[refill->by.zone];
	struct pa_pcp pcp, grown;
	bool below;
	int64_t told;

	if (!r->has_pushes || !is_ending(r, refill->by.zone, refill->by.args.cpu) ||
	    pa_pcp_get(r->pa, refill->by.zone, refill->by.args.cpu, &pcp))
		return;
	told = told_high(r, z, end);
	if (told < 0)
		return;
	below = pa_zone_flags(r->pa, refill->by.zone) & PA_ZONE_BELOW_HIGH;
	request_set_below_high(r, refill->by.zone, false);
	grown = pcp;
	pa_refill_size_at(r->pa, refill->by.zone, &grown, refill->by.args.order);
	if (told == high_then(r, z, end, grown) && told != high_then(r, z, end, pcp))
		refill->tried.below_high = false;
	request_set_below_high(r, refill->by.zone, below);
}

/*
 * The attempt has found no ZONE_BELOW_HIGH, which another CPU's push was ending: that looks at the mark between its
 * last block and what it is heard of next, and nr_pcp_alloc may have come first.  Or one that came before may have
 * set it, or not.  With it the refill lets the list grow no more, and the CPU's next push finds less than it would.
 */
void request_ask_high(struct request *r, struct refill *refill, const struct trace_event *end)
{
	struct run_zone *z = &r->zones[refill->by.zone];
	bool doubted = request_is_doubted(r, refill->by.zone), below;
	int64_t told, grown;
	struct pa_pcp pcp;

	if (refill->tried.below_high) {
		ask_over(r, refill, end);
		return;
	}
	if (!doubted && (!refill->tried.ending || refill->by.args.order))
		return;
	if (pa_pcp_get(r->pa, refill->by.zone, refill->by.args.cpu, &pcp))
		return;
	told = told_high(r, z, end);
	if (told < 0)
		return;
	grown = grown_high(r, refill, &pcp);
	if (grown == pcp.high)
		return; /* it lets nothing grow, and tells nothing */
	below = told < grown && !request_grew_otherwise(&r->cpus[end->cpu], refill->by.zone,
							(int32_t)(told - grown));
	refill->tried.below_high |= below;
	if (!doubted)
		return;
	z->doubted = 0;
	if (below) {
		request_set_below_high(r, refill->by.zone, true);
		r->res.amid_claims++;
	}
}

/* __rmqueue_pcplist asks nr_pcp_alloc only once the list is empty (6.7+). */
void request_ask_later(struct request *r, uint32_t cpu, uint32_t zone)
{
	struct run_cpu *c = &r->cpus[cpu];

	for (uint32_t i = 0; i < c->nr_tries; i++) {
		struct attempt *a = &c->tries[i];
		int pindex = pa_pcp_index(r->pa, a->order, (enum pa_mt)a->mt);

		if (!a->found || a->late || a->choice.zone != zone || pindex < 0 ||
		    pa_pcp_head(r->pa, zone, request_core_cpu(r, cpu), (unsigned int)pindex) ==
			    PA_PFN_NONE)
			continue;
		a->below_high = pa_zone_flags(r->pa, zone) & PA_ZONE_BELOW_HIGH;
		a->ending = !a->below_high && r->now < r->zones[zone].ended_by;
	}
}
