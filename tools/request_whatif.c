/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What would have been under another kernel's rules, another setting, on another machine.
 *
 * What the recorded kernel's kswapd, compactors and OOM killer did says nothing about that, so the
 * core's own run: the page cache is on its lists of reclaimable pages, time is the trace's.  A page
 * that reclaim takes has no owner any more, one that compaction moves keeps it.
 *
 * Anonymous and tmpfs pages are given back when the recording says so: a trace tells nothing of swap.
 */
#include <stdlib.h>
#include <string.h>

#include "request_internal.h"

#define NS_PER_MS 1000000

static uint32_t *owner_of(struct request *r, uint64_t pfn)
{
	return pfn < r->nr_owners ? &r->owner[pfn] : NULL;
}

/* The allocation at the kernel's @frame is at the core's @pfn from now on. */
static void own(struct request *r, uint64_t frame, uint64_t pfn)
{
	uint32_t *owner = owner_of(r, pfn);

	if (!owner)
		return;
	if (*owner != NO_PFN && r->handle[*owner] == (uint32_t)pfn && *owner != frame) {
		r->handle[*owner] = NO_PAGE; /* reclaim took it from there */
		r->res.reclaimed++;
	}
	*owner = (uint32_t)frame;
}

static void follow_moves(struct request *r, const struct pa_trail *trail)
{
	r->res.moved += trail->nr_moves;
	for (uint32_t i = 0; i < trail->nr_moves && i < trail->max_moves; i++) {
		const uint32_t *from = owner_of(r, trail->moves[i].from);

		if (!from || *from == NO_PFN || r->handle[*from] != (uint32_t)trail->moves[i].from)
			continue;
		r->handle[*from] = (uint32_t)trail->moves[i].to;
		own(r, *from, trail->moves[i].to);
	}
}

/*
 * For the page cache?  readahead_gfp_mask adds __GFP_NORETRY and __GFP_NOWARN to the mapping's
 * GFP_USER or more; write_begin asks with __GFP_WRITE.  Slabs want those two as well, but are not
 * hard-walled; a THP is __GFP_NOMEMALLOC.
 */
static bool is_cache(uint32_t gfp)
{
	if (!(gfp & PA_GFP_HARDWALL) || gfp & (PA_GFP_ZERO | PA_GFP_NOMEMALLOC))
		return false;
	return gfp & PA_GFP_WRITE || (gfp & PA_GFP_NORETRY && gfp & PA_GFP_NOWARN);
}

/* Up to which of its free pages would the recorded kswapd go on in a zone?  balance_pgdat */
static int64_t most_of_kswapd(const struct request *r, const struct run_zone *z)
{
	uint64_t high = 0;

	for (uint32_t i = 0; i < r->meta->nr_zones; i++)
		if (r->meta->zone[i].id == z->trace_id)
			high = r->meta->zone[i].high;
	return (int64_t)(high + high * r->recorded.watermark_boost_factor / 10000);
}

/*
 * Did the recorded kernel's reclaim free it?  No event says who frees: page cache went that way if
 * its CPU is inside direct reclaim, or kswapd is awake and has reason to go on; otherwise its file
 * was truncated or closed.  Here the core has its own reclaim.
 */
static bool by_reclaim(const struct request *r, const struct trace_event *ev,
		       const struct run_zone *z, uint64_t frame)
{
	if (!(r->page[frame] & PAGE_CACHE))
		return false;
	return r->cpus[ev->cpu].reclaims ||
	       (r->kernel_kswapd && z->kernel_free < most_of_kswapd(r, z));
}

/* Keep up how many pages are free in the recorded kernel. */
static void count_free(struct request *r, const struct trace_event *ev, const struct run_zone *z)
{
	int64_t pages = INT64_C(1) << ev->order;

	if (ev->type == EV_DRAIN || ev->type == EV_ZONE_FREE || ev->type == EV_PUTBACK)
		r->zones[z - r->zones].kernel_free += pages;
	else if (ev->type == EV_ISOLATE || request_is_pick(r, ev))
		r->zones[z - r->zones].kernel_free -= pages;
}

/* The recorded compaction took free pages: what it moves will live there. */
static void take_targets(struct request *r, const struct trace_event *ev, const struct run_zone *z)
{
	uint64_t frame = request_frame(z, ev->pfn);

	for (uint64_t i = 0; i < request_pages(z, ev->pfn, ev->order); i++) {
		if (r->target[frame + i])
			continue;
		r->target[frame + i] = true;
		r->targets[r->targets_to++ % r->nr_targets] = (uint32_t)(frame + i);
	}
}

/* Pages are no targets any more.  True if the first was one. */
static bool drop_targets(struct request *r, const struct trace_event *ev, const struct run_zone *z)
{
	uint64_t frame = request_frame(z, ev->pfn);
	bool was = r->target[frame];

	memset(&r->target[frame], 0, request_pages(z, ev->pfn, ev->order) * sizeof(*r->target));
	return was;
}

/* The oldest target left, or NO_PFN. */
static uint32_t next_target(struct request *r)
{
	while (r->targets_from < r->targets_to) {
		uint32_t frame = r->targets[r->targets_from++ % r->nr_targets];

		if (r->target[frame]) {
			r->target[frame] = false;
			return frame;
		}
	}
	return NO_PFN;
}

/*
 * A page that is freed on a CPU inside compaction was moved: what is in it lives on in one of the
 * targets, which no event of an allocation names.  Here it stays where the core has it.
 */
static bool moved(struct request *r, const struct trace_event *ev, uint64_t frame)
{
	uint64_t core = r->handle[frame] == NO_HANDLE ? ev->pfn : r->handle[frame];
	uint32_t *owner = core < NO_PAGE ? owner_of(r, core) : NULL, to;

	if (!r->cpus[ev->cpu].compacts || ev->order)
		return false;
	to = next_target(r);
	if (to == NO_PFN)
		return false;
	r->handle[to] = (uint32_t)core;
	r->handle[frame] = NO_HANDLE;
	r->page[to] = r->page[frame];
	if (owner && (*owner == frame || *owner == NO_PFN))
		*owner = to;
	return true;
}

static void free_now(struct request *r, const struct trace_event *ev, const struct run_zone *z)
{
	uint64_t frame = request_frame(z, ev->pfn), core = r->handle[frame];
	uint32_t cpu = request_core_cpu(r, ev->cpu);
	struct pa_free_record rec;
	const uint32_t *owner;
	bool gone;

	r->res.frees++;
	gone = drop_targets(r, ev, z) || moved(r, ev, frame) || by_reclaim(r, ev, z, frame);
	r->page[frame] = 0;
	if (gone)
		return;
	owner = core < NO_PAGE ? owner_of(r, core) : NULL;
	if (owner && (*owner != frame || pa_allocated(r->pa, core) < 0)) {
		r->handle[frame] = NO_HANDLE;
		r->res.reclaimed++;
		return;
	}
	core = request_take_handle(r, z, ev->pfn, ev->order);
	if (core == PA_PFN_NONE)
		return;
	rec.trail = (struct pa_trail){ .drains = r->drains, .max_drains = MAX_DRAINS };
	if (pa_free_pages(r->pa, cpu, core, ev->order, &rec))
		r->res.frees_unknown++;
	else if (rec.pcp && rec.trail.nr_drains) {
		r->res.drains.core++;
		r->res.drained.core += rec.trail.nr_drains;
	}
}

static void alloc_now(struct request *r, const struct trace_event *ev, const struct run_zone *z)
{
	if (z) {
		drop_targets(r, ev, z);
		r->page[request_frame(z, ev->pfn)] = PAGE_TOLD;
	}
	request_make(r, ev, r->now, NULL, 0, false, NULL);
	follow_moves(r, &r->rec.trail);
	if (!z || r->rec.pfn == PA_PFN_NONE)
		return;
	for (uint64_t i = 0; i < request_pages(z, ev->pfn, ev->order); i++)
		own(r, request_frame(z, ev->pfn) + i, r->rec.pfn + i);
	if (!is_cache(r->rec.gfp))
		return;
	r->page[request_frame(z, ev->pfn)] |= PAGE_CACHE;
	pa_lru_add(r->pa, r->rec.pfn);
}

static void tick(struct request *r, uint64_t ts)
{
	struct pa_trail trail = { .drains = r->drains,
				  .moves = r->moves,
				  .max_drains = MAX_DRAINS,
				  .max_moves = MAX_MOVES };

	if (!r->began)
		r->began = ts;
	if (pa_tick(r->pa, (ts - r->began) / NS_PER_MS, &trail))
		return;
	follow_moves(r, &trail);
	r->res.drained.core += trail.nr_drains;
}

/* What the recorded kernel did, for the report. */
static void count_kernel(struct request *r, const struct trace_event *ev)
{
	struct run_cpu *c = &r->cpus[ev->cpu];

	if (ev->type == EV_FALLBACK)
		r->res.fallbacks.kernel++;
	if (ev->type == EV_DRAIN) {
		r->res.drained.kernel++;
		r->res.drains.kernel += c->before != EV_DRAIN;
	}
	if (request_is_pick(r, ev)) {
		r->res.refilled.kernel += ev->type == EV_FALLBACK || ev->bits & EV_REFILL;
		r->res.refills.kernel += ev->bits & EV_REFILL && c->before != EV_ZONE_ALLOC &&
					 c->before != EV_FALLBACK;
	}
}

void request_whatif(struct request *r, const struct trace_event *ev, const struct run_zone *z)
{
	count_kernel(r, ev);
	if (z)
		count_free(r, ev, z);
	if (ev->ts != r->ticked) {
		r->ticked = ev->ts;
		tick(r, ev->ts);
	}
	switch (ev->type) {
	case EV_ALLOC:
		alloc_now(r, ev, z);
		break;
	case EV_BULK:
		/* One of those that it makes one by one was told of; so was what it found there. */
		if (z && !(r->page[request_frame(z, ev->pfn)] & PAGE_TOLD))
			alloc_now(r, ev, z);
		break;
	case EV_FREE:
		if (z)
			free_now(r, ev, z);
		break;
	case EV_LOST:
		r->res.lost += ev->arg;
		break;
	case EV_RECLAIM_BEGIN:
	case EV_RECLAIM_END:
		r->cpus[ev->cpu].reclaims = ev->type == EV_RECLAIM_BEGIN;
		request_on_task(r, ev, ev->type == EV_RECLAIM_BEGIN);
		break;
	case EV_COMPACT_BEGIN:
	case EV_COMPACT_END:
		r->cpus[ev->cpu].compacts = ev->type == EV_COMPACT_BEGIN;
		break;
	case EV_ISOLATE:
		if (z)
			take_targets(r, ev, z);
		break;
	case EV_PUTBACK:
		if (z)
			drop_targets(r, ev, z);
		break;
	case EV_KSWAPD_WAKE:
	case EV_KSWAPD_SLEEP:
		r->kernel_kswapd = ev->type == EV_KSWAPD_WAKE;
		break;
	default:
		break;
	}
}
