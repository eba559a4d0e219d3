/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When a request is made.
 *
 * An attempt looks at the marks where `try` is; what it takes under zone->lock, it takes where its
 * CPU is first seen inside, so that all take the lock in the kernel's order; and a page of the
 * CPU's own list it has by the time of mm_page_alloc.  Which pages the lock's events name is not
 * told to the core.
 */
#include <errno.h>
#include <string.h>

#include "request_internal.h"

#define LOOK_FOR 256 /* events of a CPU searched for the request of a lock hold */

/* enum zone_type of x86-64 */
static uint32_t gfp_of_zone(unsigned int highest)
{
	static const uint32_t gfp[] = { PA_GFP_DMA, PA_GFP_DMA32, 0,
					PA_GFP_HIGHMEM | PA_GFP_MOVABLE };

	return highest < sizeof(gfp) / sizeof(gfp[0]) ? gfp[highest] : 0;
}

/* The kernel's ALLOC_*, which have kept their bits since 4.20 (mm/internal.h). */
static uint32_t flags_of(const struct request *r, uint32_t kernel)
{
	static const struct {
		uint32_t kernel, core;
	} bits[] = {
		{ 0x004, PA_ALLOC_NO_WATERMARKS }, { 0x008, PA_ALLOC_OOM },
		{ 0x010, PA_ALLOC_NON_BLOCK },	   { 0x020, PA_ALLOC_MIN_RESERVE },
		{ 0x040, PA_ALLOC_CPUSET },	   { 0x080, PA_ALLOC_CMA },
		{ 0x100, PA_ALLOC_NOFRAGMENT },	   { 0x200, PA_ALLOC_HIGHATOMIC },
		{ 0x800, PA_ALLOC_KSWAPD },
	};
	uint32_t flags = (kernel & 0x3) << PA_ALLOC_WMARK_SHIFT;

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		flags |= kernel & bits[i].kernel ? bits[i].core : 0;
	return r->kernel->cma == PA_CMA_NONE ? flags & ~PA_ALLOC_CMA : flags;
}

/* What @n steps of a refill let the zone's counter know (__mod_zone_page_state). */
static int64_t told(const struct refill *refill, uint32_t n, int64_t threshold, bool late)
{
	int64_t share = refill->delta, all = 0;
	uint32_t steps = late ? n == refill->blocks : n;
	int64_t step = late ? (int64_t)n << refill->order : INT64_C(1) << refill->order;

	while (steps--) {
		share -= step;
		if (-share > threshold) {
			all += share;
			share = 0;
		}
	}
	return all;
}

/* Pages by zone that refills under way on other CPUs have taken from the core but not from the counter. */
static const int64_t *uncounted(struct request *r, uint32_t cpu)
{
	bool any = false;

	for (uint32_t i = 0; i < r->nr_cpus; i++) {
		const struct refill *refill = &r->cpus[i].refill;
		bool late = !r->kernel->hygiene;
		struct pa_zone_state state;

		if (i == cpu || !r->cpus[i].picking || refill->shown >= refill->blocks ||
		    pa_zone_get(r->pa, refill->zone, &state))
			continue;
		if (!any)
			memset(r->uncounted, 0, sizeof(r->uncounted));
		any = true;
		r->uncounted[refill->zone] += told(refill, refill->shown, state.threshold, late) -
					      told(refill, refill->blocks, state.threshold, late);
	}
	return any ? r->uncounted : NULL;
}

/* The request that this attempt ends, if it does and that is in sight. */
static const struct trace_event *outcome(const struct request *r, const struct trace_event *try)
{
	const struct trace_event *ev = request_next_of(r, try);

	for (uint32_t n = 0; ev && n < LOOK_FOR; n++, ev = request_next_of(r, ev)) {
		if (ev->order != try->order || ev->mt != try->mt)
			continue;
		if (ev->type == EV_ALLOC)
			return ev;
		if (ev->type == EV_TRY)
			return NULL;
	}
	return NULL;
}

static bool look(struct request *r, const struct pa_alloc_args *args, struct attempt *a)
{
	return !pa_look_for_zone(r->pa, args, a->flags, uncounted(r, args->cpu), &a->choice);
}

/* Is @a's zone the one that the kernel's page is of? */
static bool fits(const struct request *r, const struct attempt *a, const struct trace_event *end)
{
	const struct run_zone *z = request_zone(r, end->pfn);

	return z && a->found && a->choice.zone == z - r->zones;
}

/*
 * balance_pgdat takes boosts back a moment before it is seen to.  An attempt that took a zone which
 * fits only then comes after it: the boosts go now.
 */
static bool take_boosts(struct request *r, const struct pa_alloc_args *args,
			const struct pa_zone_state *before, const struct trace_event *end,
			struct attempt *a)
{
	uint64_t boost[PA_MAX_ZONES];
	struct pa_zone_state state;

	memcpy(boost, r->kswapd_boost, sizeof(boost));
	for (uint32_t zone = 0; zone < r->nr_zones; zone++) {
		state = before[zone];
		request_take_boost(r, zone, &state);
		pa_zone_set(r->pa, zone, &state);
	}
	a->found = look(r, args, a);
	if (fits(r, a, end)) {
		r->res.boosts_early++;
		return true;
	}
	memcpy(r->kswapd_boost, boost, sizeof(boost));
	return false;
}

static bool boosts_pending(const struct request *r)
{
	for (uint32_t zone = 0; zone < r->nr_zones; zone++)
		if (r->kswapd_boost[zone])
			return true;
	return false;
}

static struct pa_alloc_args args_of(const struct request *r, const struct trace_event *ev,
				    const struct attempt *a)
{
	return (struct pa_alloc_args){
		.cpu = request_core_cpu(r, ev->cpu),
		.gfp = gfp_of_zone(a->highest) | (uint32_t)a->mt << 3,
		.order = a->order,
	};
}

/* The zone found does not fit: another look, or a later one, with the zones' @flags as they were. */
static void look_again(struct request *r, const struct pa_alloc_args *args, const uint32_t *flags,
		       const struct trace_event *end, struct attempt *a)
{
	struct pa_zone_state before[PA_MAX_ZONES];

	for (uint32_t zone = 0; zone < r->nr_zones; zone++) {
		pa_zone_get(r->pa, zone, &before[zone]);
		before[zone].flags = flags[zone];
	}
	if (boosts_pending(r) && take_boosts(r, args, before, end, a))
		return;
	a->late = true;
	for (uint32_t zone = 0; zone < r->nr_zones; zone++)
		pa_zone_set(r->pa, zone, &before[zone]);
}

/*
 * An attempt starts.  Of one that fails nothing more is heard; the next one comes on top of it.
 *
 * It looks at the marks at once, as a rule.  But between the probe and the look an interrupt may
 * come, or a host that has better things to do: where the zone that it finds now is not the one it
 * will take from, it looks when its CPU is heard of next (request_take_try).
 */
void request_on_try(struct request *r, const struct trace_event *ev)
{
	const struct trace_event *end = outcome(r, ev);
	struct run_cpu *c = &r->cpus[ev->cpu];
	uint32_t flags[PA_MAX_ZONES];
	uint8_t mt = request_type_of(r, ev->mt);
	struct pa_alloc_args args;
	struct attempt *a;

	if (mt >= PA_PCPTYPES)
		return;
	if (c->nr_tries == MAX_TRIES) {
		memmove(c->tries, c->tries + 1, (MAX_TRIES - 1) * sizeof(c->tries[0]));
		c->nr_tries--;
	}
	a = &c->tries[c->nr_tries++];
	*a = (struct attempt){
		.order = ev->order,
		.mt = mt,
		.highest = (uint8_t)trace_try_highest(ev),
		.flags = flags_of(r, trace_try_flags(ev)),
	};
	args = args_of(r, ev, a);
	for (uint32_t zone = 0; zone < r->nr_zones; zone++)
		flags[zone] = pa_zone_flags(r->pa, zone);
	a->found = look(r, &args, a);
	if (end && end->pfn != EV_PFN_NONE && !fits(r, a, end))
		look_again(r, &args, flags, end, a);
}

/* The attempt that a request of this CPU ends with; those on top of it are over, too. */
const struct attempt *request_take_try(struct request *r, const struct trace_event *ev)
{
	struct run_cpu *c = &r->cpus[ev->cpu];
	uint8_t mt = request_type_of(r, ev->mt);
	struct pa_alloc_args args;
	uint32_t i = c->nr_tries;
	struct attempt *a;

	while (i > 0 && (c->tries[i - 1].order != ev->order || c->tries[i - 1].mt != mt))
		i--;
	if (!i)
		return NULL;
	c->nr_tries = i - 1;
	a = &c->tries[i - 1];
	if (a->late) {
		args = args_of(r, ev, a);
		a->found = look(r, &args, a);
		r->res.looked_late++;
	}
	return a;
}

/* ---- alloc_pages_bulk ---- */

static bool is_bulk(const struct request *r, const struct trace_event *ev)
{
	const struct run_zone *z = request_zone(r, ev->pfn);

	/* One that mm_page_alloc told of comes again: it was made one by one. */
	return ev->type == EV_BULK && z && r->handle[request_frame(z, ev->pfn)] == NO_HANDLE;
}

/* Make the bulk request whose first page @ev names. */
static void make_bulk(struct request *r, const struct trace_event *ev)
{
	uint64_t pfn[MAX_BULK];
	const struct trace_event *at = ev;
	uint32_t gfp = request_gfp_of(r, ev), n = 0;
	struct pa_alloc_args args = {
		.cpu = request_core_cpu(r, ev->cpu),
		.gfp = gfp,
		.use = gfp & PA_GFP_MOVABLE ? PA_USE_MOVABLE : PA_USE_PINNED,
	};
	int got;

	for (; at && at->type == EV_BULK && n < MAX_BULK; at = request_next_of(r, at))
		n += is_bulk(r, at);
	r->rec.trail = (struct pa_trail){ .picks = r->picks, .max_picks = MAX_PICKS };
	got = pa_alloc_bulk(r->pa, &args, n, pfn, &r->rec);
	request_count_picks(r, &r->rec);
	r->res.bulk += n;
	at = ev;
	for (uint32_t i = 0; i < n; at = request_next_of(r, at)) {
		if (!is_bulk(r, at))
			continue;
		r->handle[request_frame(request_zone(r, at->pfn), at->pfn)] =
			(int)i < got ? (uint32_t)pfn[i] : NO_PAGE;
		i++;
	}
}

void request_on_bulk(struct request *r, const struct trace_event *ev)
{
	request_end_hold(r, ev->cpu);
	if (is_bulk(r, ev))
		make_bulk(r, ev);
}

/* ---- requests ---- */

void request_on_alloc(struct request *r, const struct trace_event *ev)
{
	struct run_cpu *c = &r->cpus[ev->cpu];

	request_end_hold(r, ev->cpu);
	if (c->early == r->now)
		c->early = NO_EVENT;
	else
		request_make(r, ev, r->now, request_take_try(r, ev), 0, false);
}

/*
 * The request that a lock hold which starts here is part of; NULL if none is in sight.  Interrupts
 * may make others on top of it once the lock is free.
 */
static const struct trace_event *request_of(const struct request *r, const struct trace_event *pick,
					    uint32_t *picks)
{
	uint32_t seen = 0, nested = 0;
	bool first = true;

	*picks = 0;
	for (const struct trace_event *ev = pick; ev && seen < LOOK_FOR;
	     ev = request_next_of(r, ev)) {
		if (request_is_pick(r, ev) || ev->type == EV_FALLBACK) {
			*picks += first && request_is_pick(r, ev);
			continue;
		}
		first = false;
		if (ev->type == EV_BULK && !nested)
			return ev;
		if (ev->type == EV_TRY && ev->order == pick->order)
			nested++;
		if (ev->type == EV_ALLOC && ev->order == pick->order) {
			if (!nested)
				return ev;
			nested--;
		}
		seen++;
	}
	return NULL;
}

/*
 * A request that took one block from the free lists, its own: did it find its per-cpu list
 * locked?  A refill brings two blocks at least, where there are two.
 */
static bool was_locked(const struct request *r, const struct run_zone *z,
		       const struct trace_event *end)
{
	uint32_t zone = (uint32_t)(z - r->zones);
	uint64_t blocks = 0;
	struct pa_pcp pcp;

	if (pa_pcp_index(r->pa, end->order, PA_UNMOVABLE) < 0 || pa_pcp_get(r->pa, zone, 0, &pcp))
		return false;
	for (unsigned int o = end->order; o < r->meta->nr_orders; o++)
		blocks += pa_nr_free(r->pa, zone, o) << (o - end->order);
	return pcp.batch > 1 && blocks > 1;
}

static void start_picks(struct request *r, const struct trace_event *ev)
{
	struct run_cpu *c = &r->cpus[ev->cpu];
	const struct trace_event *end;
	int8_t deltas[PA_MAX_CPUS];
	const struct run_zone *z;
	uint32_t picks;
	bool bypass;

	request_end_hold(r, ev->cpu);
	c->picking = true;
	c->bypassing = false;
	end = request_of(r, ev, &picks);
	r->res.refills.kernel += ev->type == EV_ZONE_ALLOC ?
					 ev->bits & EV_REFILL :
					 end && pa_pcp_index(r->pa, end->order, PA_UNMOVABLE) >= 0;
	if (!end || c->early != NO_EVENT)
		return;
	if (end->type == EV_BULK) {
		if (is_bulk(r, end))
			make_bulk(r, end);
		return;
	}
	z = end->pfn == EV_PFN_NONE ? NULL : request_zone(r, end->pfn);
	bypass = z && picks == 1 && ev->pfn == end->pfn && was_locked(r, z, end);
	request_lean_claims(r, ev, end);
	r->res.refills.kernel -= bypass; /* a block of an order that lists hold, for no list */
	c->bypassing = bypass;
	c->early = request_number_of(r, end);
	c->refill = (struct refill){ .order = end->order };
	if (z && !pa_get_counters(r->pa, (uint32_t)(z - r->zones), deltas))
		c->refill.delta = deltas[request_core_cpu(r, ev->cpu)];
	request_make(r, end, c->early, request_take_try(r, end), picks, bypass);
	c->refill.zone = r->rec.zone;
	c->refill.blocks = r->rec.trail.nr_picks;
}

void request_on_pick(struct request *r, const struct trace_event *ev)
{
	struct run_cpu *c = &r->cpus[ev->cpu];

	if (!c->picking)
		start_picks(r, ev);
	if (!request_is_pick(r, ev))
		return;
	c->refill.shown++;
	if (!c->bypassing)
		r->res.refilled.kernel += ev->type == EV_FALLBACK || ev->bits & EV_REFILL ? 1 : 0;
}

void request_on_fallback(struct request *r, const struct trace_event *ev)
{
	r->res.fallbacks.kernel++;
	request_on_pick(r, ev);
}

/*
 * The request that ends among the next events of a CPU, before another attempt or pick.  Each event
 * is looked at once, whoever asks how often.
 */
static const struct trace_event *next_request(const struct request *r, struct run_cpu *c)
{
	const struct trace_event *ev;

	if (c->ahead_nth <= c->nth) {
		c->ahead = c->upcoming;
		c->ahead_nth = c->nth;
	}
	ev = request_event(r, c->ahead);
	while (c->ahead_nth - c->nth <= INTERRUPT_EVENTS) {
		if (ev->type == EV_ALLOC)
			return ev;
		if (ev->type == EV_TRY || request_is_pick(r, ev))
			return NULL;
		ev = request_next_of(r, ev);
		if (!ev)
			return NULL;
		c->ahead = request_number_of(r, ev);
		c->ahead_nth++;
	}
	return NULL;
}

/*
 * The request that @cpu has under way without having taken a lock for it, if the page it will
 * name is the first of its list by now: something else is about to happen to that list.
 */
const struct trace_event *request_has_popped(const struct request *r, uint32_t cpu)
{
	struct run_cpu *c = &r->cpus[cpu];
	const struct run_zone *z;
	const struct trace_event *ev;
	int pindex;

	if (c->early != NO_EVENT || !c->nr_tries || c->upcoming == NO_EVENT)
		return NULL;
	ev = next_request(r, c);
	if (!ev || ev->pfn == EV_PFN_NONE)
		return NULL;
	z = request_zone(r, ev->pfn);
	pindex = pa_pcp_index(r->pa, ev->order, (enum pa_mt)request_type_of(r, ev->mt));
	if (!z || pindex < 0 ||
	    pa_pcp_head(r->pa, (uint32_t)(z - r->zones), request_core_cpu(r, cpu),
			(unsigned int)pindex) != ev->pfn)
		return NULL;
	return ev;
}

void request_make_early(struct request *r, const struct trace_event *ev)
{
	uint64_t number = request_number_of(r, ev);

	r->cpus[ev->cpu].early = number;
	request_make(r, ev, number, request_take_try(r, ev), 0, false);
	r->res.reordered++;
}
