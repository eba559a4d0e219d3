/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the other CPUs are at, inside zone->lock, before an event tells: from the events to come.
 */
#include "request_internal.h"

bool request_lock_is_free(const struct request *r, const struct trace_event *ev,
			  const struct run_zone *z)
{
	for (uint64_t i = r->now + 1; i < request_number_of(r, ev); i++) {
		const struct trace_event *at = request_event(r, i);

		if (trace_of_block(at->type) && at->type != EV_ALLOC && at->type != EV_FREE &&
		    at->type != EV_PUSH && at->pfn >= z->start && at->pfn < z->end &&
		    (at->type != EV_ROTATE || at->cpu != ev->cpu))
			return false;
	}
	return true;
}

const struct trace_event *request_fallback_at_work(struct request *r, uint32_t i)
{
	const struct trace_event *ev = request_upcoming(r, i);
	const struct trace_event *fallback = ev ? request_fallback_of(r, ev) : NULL;
	const struct run_zone *z = fallback ? request_zone_of(r, fallback) : NULL;

	return z && request_lock_is_free(r, ev, z) ? fallback : NULL;
}

const struct run_zone *request_taken_next(struct request *r, uint32_t i, unsigned int *order)
{
	const struct trace_event *ev = request_upcoming(r, i), *claim = NULL;
	const struct run_zone *z;

	if (ev && ev->type == EV_ISOLATE) {
		*order = ev->order;
		z = request_zone_of(r, ev);
		return z && request_lock_is_free(r, ev, z) ? z : NULL;
	}
	if (r->kernel->hygiene)
		claim = request_fallback_at_work(r, i);
	if (!claim || !(claim->bits & EV_CLAIMED))
		return NULL;
	*order = trace_fallback_order(claim);
	return request_zone_of(r, claim);
}

const struct run_zone *request_held_next(struct request *r, uint32_t i, unsigned int *order)
{
	const struct run_zone *z = request_taken_next(r, i, order);
	const struct trace_event *ev = z ? NULL : request_fallback_at_work(r, i);

	if (!ev)
		return z;
	*order = trace_fallback_order(ev);
	return request_zone_of(r, ev);
}

uint64_t request_blocks_for(const struct request *r, uint32_t zone, unsigned int order)
{
	uint64_t n = 0;

	for (unsigned int o = order; o < r->meta->nr_orders; o++)
		n += pa_nr_free(r->pa, zone, o);
	return n;
}

/* Does the block of @ev, free, merge with its buddies to one of @order? */
static bool comes_to(const struct request *r, const struct trace_event *ev, unsigned int order)
{
	struct pa_page_info info;

	for (unsigned int o = ev->order; o < order; o++) {
		uint64_t size = UINT64_C(1) << o, buddy = (ev->pfn & ~(size - 1)) ^ size;

		if (pa_page(r->pa, buddy, &info) || !info.free || !info.head || info.order != o)
			return false;
	}
	return true;
}

bool request_drains_now(struct request *r, uint32_t cpu, const struct trace_event *end,
			unsigned int order)
{
	const struct run_zone *z = request_zone_of(r, end);

	for (uint32_t i = 0; i < r->nr_cpus; i++) {
		const struct trace_event *ev = i == cpu ? NULL : request_upcoming(r, i);

		if (ev && ev->type == EV_DRAIN && z && request_zone_of(r, ev) == z &&
		    request_lock_is_free(r, ev, z) && comes_to(r, ev, order))
			return true;
	}
	return false;
}
