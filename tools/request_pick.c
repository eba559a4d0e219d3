/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When a request is made.
 *
 * mm_page_alloc is stamped when a request has its page.  One that takes zone->lock is made when its
 * CPU is first seen inside it, so that both take the lock in the kernel's order.  Which pages the
 * lock's events name is not told to the core.
 */
#include "request_internal.h"

#define UNSEEN_EVENTS 65536 /* a page nobody names for so long left unseen */
#define LOOK_FOR 64	    /* events of a CPU searched for the request of a lock hold */

/* Do the events that follow know nothing of these frames as yet? */
static bool unseen(const struct request *r, const struct run_zone *z, const uint32_t *frame,
		   uint32_t n)
{
	uint64_t left = n;

	for (size_t i = r->now - r->win_first; i < r->win_n && i < UNSEEN_EVENTS && left; i++) {
		const struct trace_event *ev = &r->win[r->win_from + i];

		if (ev->type > EV_DRAIN || ev->pfn < z->start || ev->pfn >= z->end)
			continue;
		for (uint32_t k = 0; k < n; k++) {
			if (request_frame(z, ev->pfn) != frame[k])
				continue;
			if (ev->type == EV_ALLOC || ev->type == EV_DRAIN)
				return false;
			left--;
		}
	}
	return true;
}

/* The first @n blocks of a list are gone: take as many from the core's. */
static void take_unseen(struct request *r, const struct trace_event *ev, const struct run_zone *z,
			int64_t list, uint32_t n)
{
	struct pa_alloc_args args = {
		.cpu = request_core_cpu(r, ev->cpu),
		.gfp = request_gfp_of(r, ev) &
		       (PA_GFP_KERNEL | PA_GFP_MOVABLE | PA_GFP_RECLAIMABLE | PA_GFP_HIGHMEM |
			PA_GFP_DMA | PA_GFP_DMA32),
		.use = PA_USE_PINNED,
	};
	uint32_t frame[MAX_UNSEEN], at = r->shadow.head[list];
	uint64_t pfn[MAX_UNSEEN];
	int got;

	if (n > MAX_UNSEEN || ev->order)
		return;
	for (uint32_t i = 0; i < n; i++, at = r->shadow.frame[at].next)
		frame[i] = at;
	if (!unseen(r, z, frame, n))
		return;
	got = pa_alloc_bulk(r->pa, &args, n, pfn, NULL);
	r->res.unseen += n;
	for (uint32_t i = 0; i < n; i++) {
		shadow_remove(r, frame[i]);
		r->handle[frame[i]] = (int)i < got ? (uint32_t)pfn[i] : NO_PAGE;
	}
}

/* How many blocks are ahead of @frame on a list, or on all of it; more than MAX_UNSEEN: that. */
static uint32_t ahead_of(const struct request *r, int64_t list, uint32_t frame)
{
	uint32_t n = 0;

	for (uint32_t at = r->shadow.head[list]; at != NO_PFN && at != frame && n <= MAX_UNSEEN;
	     at = r->shadow.frame[at].next)
		n++;
	return n;
}

void request_on_alloc(struct request *r, const struct trace_event *ev, const struct run_zone *z)
{
	struct run_cpu *c = &r->cpus[ev->cpu];
	int64_t list = z ? shadow_list(r, ev->cpu, z, ev->order, request_type_of(r, ev->mt)) : -1;
	uint32_t frame = z ? (uint32_t)request_frame(z, ev->pfn) : NO_PFN, n;

	request_flush(r, ev->cpu);
	request_end_burst(c);
	c->drains_all = false;
	if (c->early == r->now) {
		c->early = NO_EVENT;
	} else {
		if (list >= 0 && r->shadow.frame[frame].list == (uint32_t)list) {
			n = ahead_of(r, list, frame);
			if (n && n <= MAX_UNSEEN)
				take_unseen(r, ev, z, list, n);
		}
		request_make(r, ev, r->now, 0, false);
	}
	if (z)
		shadow_remove(r, frame);
}

/* The request that a lock hold which starts here is part of; NULL if none is in sight. */
static const struct trace_event *request_of(const struct request *r, const struct trace_event *pick,
					    uint64_t *number, uint32_t *picks)
{
	uint32_t seen = 0;

	*picks = 0;
	for (const struct trace_event *ev = pick; ev && seen < LOOK_FOR;
	     ev = request_next_of(r, ev)) {
		if (request_is_pick(r, ev) || ev->type == EV_FALLBACK) {
			*picks += request_is_pick(r, ev);
			continue;
		}
		if (ev->type == EV_ALLOC && ev->order == pick->order) {
			*number = request_number_of(r, ev);
			return ev;
		}
		seen++;
	}
	return NULL;
}

/* Would a request be served now from the zone that the kernel's page is of? */
static bool suits_now(const struct request *r, const struct trace_event *ev)
{
	int highest = pa_gfp_zone(r->pa, request_gfp_of(r, ev)), zone = pa_zone_of(r->pa, ev->pfn);
	uint8_t zones[PA_NR_ZONE_TYPES];
	uint32_t n, at;

	if (highest < 0 || zone < 0)
		return false;
	n = pa_zonelist(r->pa, 0, (enum pa_zone_type)highest, zones, PA_NR_ZONE_TYPES);
	at = request_first_above(r, ev, zones, n, highest, true);
	return at < n && zones[at] == zone;
}

/* The request that @cpu ends next, if it does so without having taken a lock. */
const struct trace_event *request_under_way(const struct request *r, uint32_t cpu)
{
	const struct run_cpu *c = &r->cpus[cpu];
	const struct trace_event *ev;

	if (c->early != NO_EVENT || c->nr_pending || c->upcoming == NO_EVENT)
		return NULL;
	ev = &r->win[r->win_from + (c->upcoming - r->win_first)];
	return ev->type == EV_ALLOC && ev->pfn != EV_PFN_NONE ? ev : NULL;
}

void request_make_early(struct request *r, const struct trace_event *ev)
{
	r->cpus[ev->cpu].early = request_number_of(r, ev);
	request_make(r, ev, request_number_of(r, ev), 0, false);
	r->res.reordered++;
}

/*
 * @by takes zone->lock.  Requests of other CPUs that end later without having taken it may have
 * looked at the marks before.  Those that fit what they got do so now: it is the same list that
 * they take from, now or later.
 */
void request_overtake(struct request *r, uint32_t by)
{
	const struct trace_event *ev;

	for (uint32_t cpu = 0; cpu < r->nr_cpus; cpu++) {
		ev = cpu == by ? NULL : request_under_way(r, cpu);
		if (ev && suits_now(r, ev))
			request_make_early(r, ev);
	}
}

/* Is a refill of more than one block the rule in this zone? */
static bool refills_more(const struct request *r, const struct run_zone *z)
{
	struct pa_pcp pcp;

	return !pa_pcp_get(r->pa, (uint32_t)(z - r->zones), 0, &pcp) && pcp.batch > 1;
}

static void start_picks(struct request *r, const struct trace_event *ev)
{
	struct run_cpu *c = &r->cpus[ev->cpu];
	const struct trace_event *end;
	const struct run_zone *z;
	uint64_t number = 0;
	uint32_t picks, n = 0;
	bool bypass;
	int64_t list;

	request_end_burst(c);
	c->burst = BURST_PICKS;
	r->res.refills.kernel += ev->bits & EV_REFILL ? 1 : 0;
	request_overtake(r, ev->cpu);
	end = request_of(r, ev, &number, &picks);
	if (!end || c->early != NO_EVENT)
		return;
	z = end->pfn == EV_PFN_NONE ? NULL : request_zone(r, end->pfn);
	list = z ? shadow_list(r, end->cpu, z, end->order, request_type_of(r, end->mt)) : -1;
	if (list >= 0)
		n = ahead_of(r, list, NO_PFN);
	/* A refill brings two blocks at least: one for one page went past a list that was locked. */
	bypass = list >= 0 && picks == 1 && ev->pfn == end->pfn && refills_more(r, z);
	if (n && !bypass && n <= MAX_UNSEEN)
		take_unseen(r, end, z, list, n);
	if (!r->res.changed)
		request_tell_claims(r, ev, end);
	c->early = number;
	request_make(r, end, number, picks, bypass);
}

void request_on_pick(struct request *r, const struct trace_event *ev, const struct run_zone *z)
{
	struct run_cpu *c = &r->cpus[ev->cpu];
	uint64_t frame = request_frame(z, ev->pfn);
	uint8_t mt = request_type_of(r, ev->mt);
	int64_t list = shadow_list(r, ev->cpu, z, ev->order, mt);

	request_flush(r, ev->cpu);
	if (c->burst != BURST_PICKS)
		start_picks(r, ev);
	r->res.refilled.kernel += ev->type == EV_FALLBACK || ev->bits & EV_REFILL ? 1 : 0;
	if (list >= 0 && mt < PA_PCPTYPES && r->shadow.frame[frame].list != (uint32_t)list)
		shadow_append(r, (uint64_t)list, frame);
}

void request_on_fallback(struct request *r, const struct trace_event *ev, const struct run_zone *z)
{
	unsigned int order = trace_fallback_order(ev), pbo = r->meta->pageblock_order;
	uint64_t first = ev->pfn >> pbo, n = 1;
	uint8_t mt = request_type_of(r, ev->mt);

	r->res.fallbacks.kernel++;
	if (request_is_pick(r, ev)) {
		request_on_pick(r, ev, z);
	} else if (r->cpus[ev->cpu].burst != BURST_PICKS) {
		request_flush(r, ev->cpu);
		start_picks(r, ev);
	}
	if (order >= pbo) {
		n = UINT64_C(1) << (order - pbo);
		first &= ~(n - 1);
	} else if (!(ev->bits & EV_CLAIMED)) {
		return;
	}
	for (uint64_t b = first; b < first + n && b < r->shadow.nr_blocks; b++)
		r->shadow.block[b] = mt;
}
