/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages that are given back: frees, and what empties the per-cpu lists.
 *
 * mm_page_free is stamped before the page is on its way.  What drains takes zone->lock when the
 * drain is seen; the rest is carried out at once.
 */
#include <string.h>

#include "request_internal.h"

#define VMSTAT_NS UINT64_C(1000000000) /* vm.stat_interval */
#define VMSTAT_MOST 64
#define INTERRUPT_FREES 8 /* on top of one request */
#define VMSTAT_LATE UINT64_C(60000000)

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

/* Carry out one free; how many base pages the per-cpu lists gave back for it. */
static int64_t carry_out(struct request *r, uint32_t cpu, const struct pending *p, bool direct)
{
	struct pa_free_record rec;
	int64_t pages = 0;
	int err;

	if (p->pfn == PA_PFN_NONE)
		return 0;
	if (!direct && pa_free_quick(r->pa, request_core_cpu(r, cpu), p->pfn, p->order))
		return 0;
	lend_drains(r, &rec.trail);
	if (direct)
		err = pa_free_direct(r->pa, request_core_cpu(r, cpu), p->pfn, p->order, 0, &rec);
	else
		err = pa_free_pages(r->pa, request_core_cpu(r, cpu), p->pfn, p->order, &rec);
	if (err)
		r->res.frees_unknown++;
	else if (rec.pcp && rec.trail.nr_drains)
		drained_all(r, &rec.trail, &pages);
	return pages;
}

/* Carry out what is pending on @cpu, the first @n of it, or less if that drains. */
static int64_t push_pending(struct request *r, uint32_t cpu, uint32_t n, bool until_drain)
{
	struct run_cpu *c = &r->cpus[cpu];
	int64_t pages = 0;
	uint32_t i = 0;

	while (i < n && !(until_drain && pages))
		pages += carry_out(r, cpu, &c->pending[i++], false);
	c->nr_pending -= i;
	memmove(c->pending, c->pending + i, c->nr_pending * sizeof(*c->pending));
	return pages;
}

int64_t request_flush(struct request *r, uint32_t cpu)
{
	uint32_t n = r->cpus[cpu].nr_pending;

	return n ? push_pending(r, cpu, n, false) : 0;
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
void request_end_burst(struct run_cpu *c)
{
	if (c->burst == BURST_DRAIN)
		c->drain_left = 0;
	c->burst = BURST_NONE;
}

/*
 * Pages freed as a batch are all announced before the first is pushed.  This is one if a push would
 * drain now, and a drain is only seen once the row of frees is over.
 */
static bool is_batch(const struct request *r, uint32_t zone, const struct trace_event *ev)
{
	const struct run_cpu *c = &r->cpus[ev->cpu];
	struct pa_pcp pcp;

	if (c->nr_pending > 1)
		return true;
	if (pa_pcp_get(r->pa, zone, request_core_cpu(r, ev->cpu), &pcp) ||
	    pcp.count + (1 << ev->order) < pcp.high)
		return false;
	for (uint32_t n = 0; n < MAX_PENDING && ev && ev->type == EV_FREE; n++)
		ev = request_next_of(r, ev);
	return ev && ev->type == EV_DRAIN;
}

/*
 * An interrupt may free pages on top of a task that has its page but has not said so yet: then that
 * one was the first of the list before the pages came.
 */
static void let_go_first(struct request *r, const struct trace_event *free,
			 const struct run_zone *z, int64_t list)
{
	const struct trace_event *ev = request_next_of(r, free);

	for (uint32_t n = 0; n < INTERRUPT_FREES && ev && ev->type == EV_FREE; n++)
		ev = request_next_of(r, ev);
	if (!ev || ev->type != EV_ALLOC || ev->pfn < z->start || ev->pfn >= z->end ||
	    r->cpus[free->cpu].early != NO_EVENT ||
	    shadow_list(r, ev->cpu, z, ev->order, request_type_of(r, ev->mt)) != list ||
	    r->shadow.head[list] != request_frame(z, ev->pfn))
		return;
	request_flush(r, free->cpu);
	request_make_early(r, ev);
	shadow_remove(r, request_frame(z, ev->pfn));
}

void request_on_free(struct request *r, const struct trace_event *ev, const struct run_zone *z)
{
	struct run_cpu *c = &r->cpus[ev->cpu];
	unsigned int mt = r->shadow.block[ev->pfn >> r->meta->pageblock_order];
	int64_t list = shadow_list(r, ev->cpu, z, ev->order, mt);
	uint32_t zone = (uint32_t)(z - r->zones);
	const struct trace_event *next;

	request_end_burst(c);
	r->res.frees++;
	if (list >= 0)
		let_go_first(r, ev, z, list);
	next = request_next_of(r, ev);
	if (c->nr_pending == MAX_PENDING)
		c->drain_left += request_flush(r, ev->cpu);
	c->pending[c->nr_pending++] = (struct pending){
		.pfn = request_take_handle(r, z, ev->pfn, ev->order),
		.kernel = ev->pfn,
		.order = ev->order,
	};
	/* With kswapd at work short lists drain: if these do not, it is not any more. */
	if (r->kswapd_at_work && request_is_short(r, zone, ev) && !request_may_drain(r, ev))
		request_kswapd_stops(r, ev->cpu);
	if (r->decays)
		request_tell_below_high(r, zone, ev, next && next->type == EV_DRAIN);
	/* What drains, or passes the lists, takes the lock a moment from now. */
	if (!next ||
	    (next->type != EV_DRAIN && next->type != EV_ZONE_FREE && !is_batch(r, zone, ev)))
		c->drain_left += request_flush(r, ev->cpu);
	if (list >= 0)
		shadow_push(r, (uint64_t)list, request_frame(z, ev->pfn));
}

/*
 * A free that goes to the buddy by itself.  Of an order that per-cpu lists hold it is one that
 * found its list locked: only the recording can know.
 */
void request_on_zone_free(struct request *r, const struct trace_event *ev, const struct run_zone *z)
{
	struct run_cpu *c = &r->cpus[ev->cpu];

	request_end_burst(c);
	shadow_remove(r, request_frame(z, ev->pfn));
	if (!c->nr_pending || c->pending[c->nr_pending - 1].kernel != ev->pfn) {
		request_flush(r, ev->cpu);
		return;
	}
	push_pending(r, ev->cpu, c->nr_pending - 1, false);
	c->nr_pending = 0;
	carry_out(r, ev->cpu, &c->pending[0], true);
	r->res.bypasses += shadow_list(r, ev->cpu, z, ev->order, PA_MOVABLE) >= 0;
}

/* The stretch of time between two readings of the clock that the event at hand lies in. */
static const struct request_clock *clock_around(struct request *r, const struct trace_event *ev)
{
	struct request_clock *c = &r->clock;

	if (ev->ts != c->from || r->now >= c->to_event) {
		size_t i = 0;

		*c = (struct request_clock){ ev->ts, r->now, ev->ts, r->now + 1 };
		while (i < r->win_n && r->win[r->win_from + i].ts == ev->ts)
			i++;
		c->to_event = r->now + i;
		if (i < r->win_n && r->win[r->win_from + i].ts > ev->ts)
			c->to = r->win[r->win_from + i].ts;
	}
	return c;
}

/* Time of the event at hand, as request_clock(). */
uint64_t request_clock_now(struct request *r, const struct trace_event *ev)
{
	const struct request_clock *c = clock_around(r, ev);

	return c->from +
	       (c->to - c->from) * (r->now - c->from_event) / (c->to_event - c->from_event);
}

/* A round of the vmstat worker. */
static int64_t vmstat_round(struct request *r, uint32_t cpu)
{
	struct pa_trail trail;
	int64_t pages = 0;

	lend_drains(r, &trail);
	pa_vmstat_update(r->pa, request_core_cpu(r, cpu), &trail);
	r->res.vmstat_rounds++;
	if (trail.nr_drains)
		drained_all(r, &trail, &pages);
	return pages;
}

/* Lists shrink though nothing was freed: the worker's round, unless that was just made. */
static int64_t vmstat_seen(struct request *r, uint32_t cpu)
{
	struct run_cpu *c = &r->cpus[cpu];
	uint64_t ns = request_clock_now(r, &r->win[r->win_from]);

	if (c->vmstat_at != UINT64_MAX && c->vmstat_at > ns + VMSTAT_NS / 2)
		return 0;
	c->vmstat_at = ns + VMSTAT_NS;
	if (c->vmstat_at < r->vmstat_next)
		r->vmstat_next = c->vmstat_at;
	return vmstat_round(r, cpu);
}

/*
 * One lock hold of drain_pages_zone by @by on the lists of @cpu.  While it lasts these cannot be
 * popped from: a request of theirs that ends later without the zone's lock has its page already.
 */
static int64_t drain_step(struct request *r, uint32_t zone, uint32_t cpu, uint32_t by)
{
	const struct trace_event *ev = cpu == by ? NULL : request_under_way(r, cpu);
	struct pa_trail trail;
	int64_t pages = 0;

	if (ev)
		request_make_early(r, ev);
	lend_drains(r, &trail);
	request_flush(r, cpu);
	pa_drain_step(r->pa, zone, request_core_cpu(r, cpu), request_core_cpu(r, by), &trail);
	if (!trail.nr_drains)
		return 0;
	r->res.drain_alls++;
	drained_all(r, &trail, &pages);
	return pages;
}

static void start_drain(struct request *r, const struct trace_event *ev, uint32_t owner)
{
	struct run_cpu *c = &r->cpus[ev->cpu];

	c->burst = BURST_DRAIN;
	c->drain_from = owner;
	c->why = WHY_STEP;
	if (owner == ev->cpu && (c->nr_pending || c->drain_left > 0))
		c->why = WHY_PUSH;
	else if (owner == ev->cpu && c->before == EV_ALLOC && r->decays && !c->drains_all)
		c->why = WHY_VMSTAT;
	c->told = false;
	request_overtake(r, ev->cpu);
	r->res.drains.kernel++;
}

/* Do in the core what the kernel is seen to do; base pages that it drained. */
static int64_t answer_drain(struct request *r, const struct trace_event *ev, uint32_t zone)
{
	struct run_cpu *c = &r->cpus[ev->cpu];
	int64_t pages = 0;

	if (c->why == WHY_PUSH) {
		pages = push_pending(r, ev->cpu, c->nr_pending, true);
		if (pages || !(r->compacting || c->drains_all))
			return pages;
		c->why = WHY_STEP; /* no push does that: it is the compactor's drain_local_pages */
	}
	if (c->why == WHY_STEP)
		return drain_step(r, zone, c->drain_from, ev->cpu);
	return c->told ? 0 : vmstat_seen(r, ev->cpu);
}

void request_on_drain(struct request *r, const struct trace_event *ev, const struct run_zone *z)
{
	struct run_cpu *c = &r->cpus[ev->cpu];
	uint64_t frame = request_frame(z, ev->pfn);
	uint32_t owner = shadow_cpu(r, frame);

	if (owner == UINT32_MAX)
		owner = c->burst == BURST_DRAIN ? c->drain_from : ev->cpu;
	shadow_remove(r, frame);
	r->res.drained.kernel++;
	if (c->burst != BURST_DRAIN || c->drain_from != owner)
		start_drain(r, ev, owner);
	if (c->drain_left <= 0)
		c->drain_left = answer_drain(r, ev, (uint32_t)(z - r->zones));
	c->told = true;
	c->drain_left -= INT64_C(1) << ev->order;
}

/* Will the events of @cpu show the worker's round by themselves, before @until? */
static bool vmstat_in_sight(const struct request *r, uint32_t cpu, uint64_t until)
{
	for (size_t i = 0; i < r->win_n && r->win[r->win_from + i].ts < until; i++)
		if (r->win[r->win_from + i].cpu == cpu && request_decays_at(r, i))
			return true;
	return false;
}

/* The vmstat worker of each CPU has its round once a second: round_jiffies_relative. */
void request_timers(struct request *r, const struct trace_event *ev)
{
	uint64_t ns = request_clock_now(r, ev);

	if (ns < r->vmstat_next)
		return;
	r->vmstat_next = UINT64_MAX;
	for (uint32_t cpu = 0; cpu < r->nr_cpus; cpu++) {
		struct run_cpu *c = &r->cpus[cpu];

		if (ns > c->vmstat_at && ns - c->vmstat_at > VMSTAT_MOST * VMSTAT_NS)
			c->vmstat_at = ns; /* nothing is left to do after so many rounds */
		while (c->vmstat_at <= ns) {
			if (vmstat_in_sight(r, cpu, c->vmstat_at + VMSTAT_LATE)) {
				c->vmstat_at = UINT64_MAX;
				break;
			}
			vmstat_round(r, cpu);
			c->vmstat_at += VMSTAT_NS;
		}
		if (c->vmstat_at < r->vmstat_next)
			r->vmstat_next = c->vmstat_at;
	}
}
