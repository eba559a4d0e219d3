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

bool request_keeps_high(const struct request *r, const struct trace_event *ev, uint32_t zone)
{
	uint32_t high = ev->arg;
	struct pa_pcp pcp;

	if (ev->type != EV_PUSH || ev->order || ev->bits & EV_RECLAIMING ||
	    !(ev->bits & EV_BELOW_HIGH) || !(pa_zone_flags(r->pa, zone) & PA_ZONE_BELOW_HIGH) ||
	    pa_pcp_get(r->pa, zone, request_core_cpu(r, ev->cpu), &pcp) ||
	    high <= (uint32_t)pcp.high_min)
		return false;
	do
		ev = request_next_of(r, ev);
	while (ev && ev->type == EV_FREE);
	return ev && ev->type == EV_PUSH && request_zone_of(r, ev) == &r->zones[zone] &&
	       !(ev->bits & EV_BELOW_HIGH) && ev->arg == high;
}

/*
 * How much the @nth push from now on to @zone would drain, with nothing drained before; @popped: a page is
 * taken off the CPU's lists first.
 */
static int32_t nth_push_size(struct request *r, uint32_t zone, uint32_t cpu, int32_t nth,
			     bool popped)
{
	struct pa_pcp pcp;

	if (pa_pcp_get(r->pa, zone, cpu, &pcp))
		return 0;
	if (popped) {
		pcp.count--;
		pcp.free_count >>= 1;
	}
	pcp.count += nth - 1;
	pcp.free_count += nth - 1;
	return pa_push_size_at(r->pa, zone, &pcp, 0);
}

/*
 * The request @popped was preempted, and its page is the first of its list as another task begins to push.  It
 * may not have taken it, if what is pushed goes to other lists.  Then there is one page more on the lists:
 * where the CPU is seen to drain by that, and would not without, it has not.
 */
static bool is_yet_to_pop(struct request *r, const struct trace_event *ev, uint32_t zone,
			  const struct trace_event *popped)
{
	const uint8_t flags = EV_RECLAIMING | EV_BELOW_HIGH;
	uint8_t bits = ev->bits & flags;
	uint32_t cpu = request_core_cpu(r, ev->cpu);
	int32_t nth = 0;

	if (popped->order || request_zone_of(r, popped) != &r->zones[zone])
		return false;
	for (uint32_t n = 0; n < FLAG_EVENTS && ev; n++, ev = request_next_of(r, ev)) {
		if (ev->type == EV_FREE)
			continue;
		if (ev->type != EV_PUSH)
			return false;
		if (request_zone_of(r, ev) != &r->zones[zone])
			continue;
		if (ev->order || ev->mt == popped->mt || (ev->bits & flags) != bits)
			return false;
		nth++;
		if (ev->note & WIN_DRAINS)
			return !nth_push_size(r, zone, cpu, nth, true) &&
			       nth_push_size(r, zone, cpu, nth, false);
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
