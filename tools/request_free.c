/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages that are given back: pushes to per-cpu lists, frees past them, and what empties the lists.
 *
 * What drains does so once its CPU is seen to: others may take zone->lock before it.
 */
#include "request_internal.h"

static void drained_all(struct request *r, const struct pa_trail *trail, int64_t *pages)
{
	*pages = 0;
	for (uint32_t i = 0; i < trail->nr_drains && i < trail->max_drains; i++)
		*pages += INT64_C(1) << trail->drains[i].order;
	r->res.drained.core += trail->nr_drains;
	r->res.drains.core++;
}

static void lend_drains(struct request *r, struct pa_trail *trail)
{
	*trail = (struct pa_trail){ .drains = r->drains, .max_drains = MAX_DRAINS };
}

/* Free the core's @pfn; how many base pages the per-cpu lists gave back for it. */
static int64_t free_page(struct request *r, uint32_t cpu, uint64_t pfn, unsigned int order,
			 bool direct)
{
	struct pa_free_record rec;
	int64_t pages = 0;
	int err;

	if (pfn == PA_PFN_NONE)
		return 0;
	lend_drains(r, &rec.trail);
	if (direct)
		err = pa_free_direct(r->pa, request_core_cpu(r, cpu), pfn, order, 0, &rec);
	else
		err = pa_free_pages(r->pa, request_core_cpu(r, cpu), pfn, order, &rec);
	if (err)
		r->res.frees_unknown++;
	else if (rec.pcp && rec.trail.nr_drains)
		drained_all(r, &rec.trail, &pages);
	return pages;
}

/* Make an allocation of @order at the core's @pfn out of the larger one that it is part of. */
static bool cut_out(struct request *r, uint64_t pfn, unsigned int order)
{
	for (unsigned int k = order; k < r->meta->nr_orders; k++) {
		uint64_t head = pfn & ~((UINT64_C(1) << k) - 1);
		int found = pa_allocated(r->pa, head);

		if (found < (int)k || (found == (int)k && k == order))
			continue;
		while (found > (int)order) {
			if (pa_split_page(r->pa, head, (unsigned int)found,
					  (unsigned int)found - 1))
				return false;
			found--;
			head = pfn & ~((UINT64_C(1) << found) - 1);
		}
		return true;
	}
	return false;
}

/* The core's page for the allocation that the kernel has at @pfn; it ends here. */
uint64_t request_take_handle(struct request *r, const struct run_zone *z, uint64_t pfn,
			     unsigned int order)
{
	uint64_t frame = request_frame(z, pfn), core = r->handle[frame];
	uint64_t n = UINT64_C(1) << order;

	for (uint64_t i = 0; i < n && pfn + i < z->end; i++)
		r->handle[frame + i] = NO_HANDLE;
	if (core == NO_HANDLE) {
		r->res.frees_before++;
		if (r->described)
			return PA_PFN_NONE;
		if (!pa_set_allocated(r->pa, pfn, order, PA_USE_PINNED))
			return pfn;
		r->res.frees_unknown++;
		return PA_PFN_NONE;
	}
	if (core == NO_PAGE)
		return PA_PFN_NONE;
	if (pa_allocated(r->pa, core) == (int)order || cut_out(r, core, order))
		return core;
	r->res.frees_unknown++;
	return PA_PFN_NONE;
}

/* Another kind of event of the CPU: what the lock's events before were about is over. */
void request_end_hold(struct run_cpu *c)
{
	c->picking = false;
	c->draining = false;
	c->drain_left = 0;
}

/* Does the CPU drain next, before anything else of it could? */
static bool drains_next(const struct request *r, const struct trace_event *ev)
{
	for (uint32_t n = 0; n < INTERRUPT_EVENTS && (ev = request_next_of(r, ev)); n++) {
		if (ev->type == EV_DRAIN)
			return true;
		if (ev->type == EV_PUSH || ev->type == EV_FOLD || ev->type == EV_DRAIN_PAGES)
			return false;
	}
	return false;
}

/* Do in the core what @cpu was seen to be at; base pages that the core drains for it. */
static int64_t carry_out(struct request *r, uint32_t cpu)
{
	struct run_cpu *c = &r->cpus[cpu];
	const struct trace_event *popped;
	struct pa_trail trail;
	enum what what = c->what;
	int64_t pages = 0;

	lend_drains(r, &trail);
	if (what != WHAT_DRAIN_PAGES)
		c->what = WHAT_NOTHING;
	switch (what) {
	case WHAT_NOTHING:
		return 0;
	case WHAT_PUSH:
		return free_page(r, cpu, c->pushed, c->pushed_order, false);
	case WHAT_FOLD:
		pa_vmstat_update(r->pa, request_core_cpu(r, cpu), &trail);
		r->res.vmstat_rounds++;
		break;
	case WHAT_DRAIN_PAGES: /* again and again, a hold at a time */
		popped = request_has_popped(r, c->drain_of);
		if (popped && c->drain_of != cpu)
			request_make_early(r, popped);
		pa_drain_step(r->pa, c->drain_zone, request_core_cpu(r, c->drain_of),
			      request_core_cpu(r, cpu), &trail);
		r->res.drain_alls += trail.nr_drains != 0;
		break;
	}
	if (trail.nr_drains)
		drained_all(r, &trail, &pages);
	return pages;
}

/* Now, unless the CPU is seen to drain for it in a moment. */
static void begin(struct request *r, const struct trace_event *ev, enum what what)
{
	r->cpus[ev->cpu].what = what;
	if (!drains_next(r, ev))
		carry_out(r, ev->cpu);
}

/* ZONE_RECLAIM_ACTIVE as the push finds it. */
static void tell_reclaiming(struct request *r, uint32_t zone, bool active)
{
	struct pa_zone_state state;

	if (r->zones[zone].reclaiming == active || pa_zone_get(r->pa, zone, &state))
		return;
	r->zones[zone].reclaiming = active;
	state.flags &= ~PA_ZONE_RECLAIM_ACTIVE;
	state.flags |= active ? PA_ZONE_RECLAIM_ACTIVE : 0;
	pa_zone_set(r->pa, zone, &state);
}

void request_on_push(struct request *r, const struct trace_event *ev, const struct run_zone *z)
{
	struct run_cpu *c = &r->cpus[ev->cpu];
	const struct trace_event *popped = request_has_popped(r, ev->cpu);

	request_end_hold(c);
	if (popped)
		request_make_early(r, popped);
	if (ev->type == EV_PUSH)
		tell_reclaiming(r, (uint32_t)(z - r->zones), ev->bits & EV_RECLAIMING);
	r->res.frees++;
	c->pushed = request_take_handle(r, z, ev->pfn, ev->order);
	c->pushed_order = ev->order;
	begin(r, ev, WHAT_PUSH);
}

/* mm_page_free: where pushes are recorded, these or zone_free tell the rest. */
void request_on_free(struct request *r, const struct trace_event *ev, const struct run_zone *z)
{
	const struct trace_event *next = request_next_of(r, ev);

	request_end_hold(&r->cpus[ev->cpu]);
	if (r->has_pushes || (next && next->type == EV_ZONE_FREE && next->pfn == ev->pfn))
		return;
	if (pa_pcp_index(r->pa, ev->order, PA_MOVABLE) >= 0)
		request_on_push(r, ev, z);
	else
		request_on_zone_free(r, ev, z);
}

/* A free past the per-cpu lists: of an order that these hold, it found its list locked. */
void request_on_zone_free(struct request *r, const struct trace_event *ev, const struct run_zone *z)
{
	request_end_hold(&r->cpus[ev->cpu]);
	r->res.frees++;
	r->res.bypasses += pa_pcp_index(r->pa, ev->order, PA_MOVABLE) >= 0;
	free_page(r, ev->cpu, request_take_handle(r, z, ev->pfn, ev->order), ev->order, true);
}

/* refresh_cpu_vm_stats */
void request_on_fold(struct request *r, const struct trace_event *ev)
{
	request_end_hold(&r->cpus[ev->cpu]);
	if (ev->arg)
		begin(r, ev, WHAT_FOLD);
	else
		pa_fold_counters(r->pa, request_core_cpu(r, ev->cpu));
}

void request_on_drain_pages(struct request *r, const struct trace_event *ev)
{
	struct run_cpu *c = &r->cpus[ev->cpu];
	const struct run_zone *z = request_zone(r, ev->pfn);

	request_end_hold(c);
	c->what = WHAT_NOTHING;
	if (!z || ev->arg >= r->nr_cpus)
		return;
	c->what = WHAT_DRAIN_PAGES;
	c->drain_zone = (uint32_t)(z - r->zones);
	c->drain_of = ev->arg;
}

void request_on_drain(struct request *r, const struct trace_event *ev)
{
	struct run_cpu *c = &r->cpus[ev->cpu];

	c->picking = false;
	r->res.drained.kernel++;
	r->res.drains.kernel += !c->draining;
	c->draining = true;
	if (c->drain_left <= 0)
		c->drain_left = carry_out(r, ev->cpu);
	c->drain_left -= INT64_C(1) << ev->order;
}
