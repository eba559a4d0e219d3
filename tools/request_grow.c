/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether a CPU's lists grew.
 *
 * nr_pcp_alloc (6.7+) raises pcp->high unless it finds ZONE_BELOW_HIGH, which nobody takes a lock for: another CPU's
 * push may end it any moment between its last block and what that CPU is heard of next, and an attempt that
 * came too late may have asked before or after somebody set it.  What is in doubt so is kept, and the CPU's next push to
 * the zone tells, or before that how much a refill brings.
 */
#include <string.h>

#include "request_internal.h"

#define MOST_FACTOR 5 /* CONFIG_PCP_BATCH_SCALE_MAX */

void request_note_growth(struct run_cpu *c, uint32_t zone, int32_t by)
{
	if (!by)
		return;
	if (c->nr_growths == MAX_GROWTHS)
		memmove(c->growths, c->growths + 1, --c->nr_growths * sizeof(c->growths[0]));
	c->growths[c->nr_growths++] = (struct growth){ .zone = zone, .by = by };
}

bool request_note_too_late(struct request *r, uint32_t cpu, const struct attempt *a)
{
	uint32_t zone = a->first.zone;
	struct pa_pcp pcp;

	if (!pa_pcp_get(r->pa, zone, request_core_cpu(r, cpu), &pcp) && pcp.high < pcp.high_max)
		request_note_growth(&r->cpus[cpu], zone,
				    pcp.batch << (a->order ? 0 : pcp.alloc_factor));
	return false;
}

static void forget(struct run_cpu *c, uint32_t zone)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->nr_growths; i++)
		if (c->growths[i].zone != zone)
			c->growths[n++] = c->growths[i];
	c->nr_growths = n;
}

bool request_grew_otherwise(const struct run_cpu *c, uint32_t zone, int32_t by)
{
	for (uint32_t some = 1; some < 1u << c->nr_growths; some++) {
		int32_t sum = 0;

		for (uint32_t i = 0; i < c->nr_growths; i++)
			if (some >> i & 1 && c->growths[i].zone == zone)
				sum += c->growths[i].by;
		if (sum == by)
			return true;
	}
	return false;
}

static void set_high(struct request *r, uint32_t zone, uint32_t cpu, int32_t high)
{
	struct pa_pcp pcp;

	if (pa_pcp_get(r->pa, zone, cpu, &pcp))
		return;
	pcp.high = high;
	pa_pcp_set(r->pa, zone, cpu, &pcp);
	r->res.grown_otherwise++;
}

void request_settle_growths(struct request *r, const struct trace_event *ev, uint32_t zone)
{
	struct run_cpu *c = &r->cpus[ev->cpu];
	uint32_t cpu = request_core_cpu(r, ev->cpu);
	int32_t told = (int32_t)ev->arg;
	struct pa_pcp pcp;

	if (told && !pa_pcp_get(r->pa, zone, cpu, &pcp) && told != pcp.high &&
	    request_grew_otherwise(c, zone, told - pcp.high))
		set_high(r, zone, cpu, told);
	forget(c, zone);
}

bool request_must_grow(struct request *r, uint32_t cpu, uint32_t zone)
{
	const struct trace_event *ev = request_event(r, r->now);
	bool hold = request_is_pick(r, ev) || ev->type == EV_FALLBACK, pick;
	int32_t most = 0, factor;
	struct pa_pcp pcp;

	if (!hold || ev->cpu != cpu || pa_pcp_get(r->pa, zone, request_core_cpu(r, cpu), &pcp))
		return false;
	factor = pcp.alloc_factor + !ev->order;
	for (uint32_t n = 0; n < FLAG_EVENTS && (ev = request_next_of(r, ev)); n++) {
		pick = request_is_pick(r, ev) || ev->type == EV_FALLBACK;
		if (ev->type == EV_VMSTAT && (ev->arg & 3) == EV_VMSTAT_WORKER)
			break;
		if (ev->type == EV_PUSH && request_zone_of(r, ev) == &r->zones[zone])
			return (int32_t)ev->arg > pcp.high + most;
		if (pick && !hold && request_zone_of(r, ev) == &r->zones[zone])
			most += pcp.batch << (ev->order		   ? 0 :
					      factor < MOST_FACTOR ? factor++ :
								     factor);
		hold = pick;
	}
	return false;
}

int32_t request_size_with(struct request *r, const struct refill *refill, bool below, int32_t high)
{
	uint32_t zone = refill->by.zone, cpu = refill->by.args.cpu;
	bool is_below = pa_zone_flags(r->pa, zone) & PA_ZONE_BELOW_HIGH;
	struct pa_refill by = refill->by;
	struct pa_pcp pcp, then;

	if (pa_pcp_get(r->pa, zone, cpu, &pcp))
		return 0;
	then = pcp;
	then.high = high;
	pa_pcp_set(r->pa, zone, cpu, &then);
	request_set_below_high(r, zone, below);
	if (pa_refill_start(r->pa, &by) < 0)
		by.want = 0;
	request_set_below_high(r, zone, is_below);
	pa_pcp_set(r->pa, zone, cpu, &pcp);
	return by.want;
}

/* The flag ended once: what came first has found it, what came later has not. */
void request_ask_growths(struct request *r, struct refill *refill, uint32_t cpu)
{
	uint32_t zone = refill->by.zone, on = refill->by.args.cpu;
	struct run_cpu *c = &r->cpus[cpu];
	int32_t picks = (int32_t)refill->picks, high;
	struct pa_pcp pcp;

	if (refill->by.args.order || pa_pcp_get(r->pa, zone, on, &pcp) ||
	    request_size_with(r, refill, refill->tried.below_high, pcp.high) == picks)
		return;
	high = pcp.high;
	for (uint32_t i = 0; i < c->nr_growths; i++) {
		if (c->growths[i].zone != zone || c->growths[i].by > 0)
			continue;
		high += c->growths[i].by;
		if (request_size_with(r, refill, refill->tried.below_high, high) != picks)
			continue;
		set_high(r, zone, on, high);
		forget(c, zone);
		return;
	}
	if (high == pcp.high || !refill->tried.ending ||
	    request_size_with(r, refill, true, high) != picks)
		return;
	refill->tried.below_high = true;
	set_high(r, zone, on, high);
	forget(c, zone);
}
