/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two calls that nearly always suffice: a page from the CPU's own list, and back to it.
 *
 * Nothing here is a rule of its own.  What takes more than these few steps, or is wrong, goes to
 * pa_alloc_full() and pa_free_full(), which say the same at length; a test holds them together.
 */
#include <string.h>

#include "pa_req_internal.h"

#define NOINLINE __attribute__((noinline))
#define INLINE static inline __attribute__((always_inline))
#define GFP_QUICK (PA_GFP_KNOWN & ~PA_GFP_THISNODE)

INLINE bool args_quick(const struct pa_req *req, const struct pa_alloc_args *args)
{
	return !args->task && !args->nodemask && args->cpu < req->cpus && args->nid < req->nodes &&
	       !(args->gfp & ~GFP_QUICK) && args->use < PA_USE_FREE;
}

/* Is one free block of @order there, as the watermark test of high orders wants? */
INLINE bool has_block(const struct pa_zone *z, unsigned int order)
{
	return (z->orders[PA_UNMOVABLE] | z->orders[PA_MOVABLE] | z->orders[PA_RECLAIMABLE]) >>
	       order;
}

/* List of a type and an order; -1 if there is none. */
INLINE int list_of(const struct pa *pa, const struct pa_req *req, unsigned int order,
		   unsigned int mt)
{
	if (order <= PA_COSTLY_ORDER)
		return (int)(PA_PCPTYPES * order + mt);
	if (order != pa->pageblock_order)
		return -1;
	return PA_PCPTYPES * (PA_COSTLY_ORDER + 1) + (mt == PA_MOVABLE && req->thp_lists > 1);
}

INLINE void mark(struct pa *pa, uint32_t frame, unsigned int order, uint8_t use)
{
	if (order)
		memset(pa_tags(pa) + frame, use, (size_t)pa_pages(order));
	else
		pa_tags(pa)[frame] = use;
}

/* The first zone of the zonelist is above its mark, and the CPU's list there has a page. */
INLINE bool quick_alloc(struct pa *pa, const struct pa_alloc_args *args, unsigned int order,
			uint64_t *pfn)
{
	const struct pa_req *req = pa_at(pa, pa->req);
	const struct pa_route *route;
	const struct pa_zone *z;
	struct pa_cpu_pages *cp;
	struct pa_queue *list;
	uint32_t frame;
	int pindex;

	if (!args_quick(req, args))
		return false;
	route = (const struct pa_route *)pa_at(pa, req->routes) +
		((uint32_t)args->nid << ROUTE_BITS | (args->gfp & ((1u << ROUTE_BITS) - 1)));
	z = pa_at(pa, route->zone);
	cp = (struct pa_cpu_pages *)pa_at(pa, route->pages) + args->cpu;
	pindex = list_of(pa, req, order, (unsigned int)route->mt);
	if (!route->zone || !z->quick || pindex < 0 || (order && !has_block(z, order)))
		return false;
	list = &cp->lists[pindex];
	frame = list->head;
	if (frame == PA_NIL)
		return false;

	cp->pcp.count -= 1 << order;
	cp->pcp.free_count >>= 1;
	cp->pcp.free_factor >>= 1;
	pa_queue_pop(pa_links(pa), list, frame);
	((uint8_t *)pa_at(pa, req->owners))[frame] = (uint8_t)(OWNER_ALLOCATED | order);
	mark(pa, frame, order, args->use);
	*pfn = z->start + (frame - z->frame0);
	return true;
}

/* Kept apart so that order 0 needs no registers for it. */
static NOINLINE int alloc_high(struct pa *pa, const struct pa_alloc_args *args, uint64_t *pfn)
{
	return quick_alloc(pa, args, args->order, pfn) ? 0 : pa_alloc_full(pa, args, pfn, NULL);
}

int pa_alloc(struct pa *pa, const struct pa_alloc_args *args, uint64_t *pfn,
	     struct pa_alloc_record *rec)
{
	if (rec || !pa->req)
		return pa_alloc_full(pa, args, pfn, rec);
	if (args->order)
		return alloc_high(pa, args, pfn);
	return quick_alloc(pa, args, 0, pfn) ? 0 : pa_alloc_full(pa, args, pfn, NULL);
}

/* The pages go to a list that stays short enough, and no row of high orders empties it. */
INLINE bool quick_free(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order)
{
	const struct pa_req *req = pa_at(pa, pa->req);
	bool row = order && order <= PA_COSTLY_ORDER;
	const struct pa_span *span = pa_spans(pa);
	struct pa_cpu_pages *cp;
	const struct pa_zone *z;
	uint8_t *owner, type;
	uint32_t frame;
	int pindex;

	for (uint32_t n = pa->nr_zones; n > 1; n -= n / 2) {
		if (span[n / 2].start <= pfn)
			span += n / 2;
	}
	z = &pa->zones[span->zone];
	if (cpu >= req->cpus || pfn < z->start || pfn >= z->end || !z->quick)
		return false;
	frame = pa_frame(z, pfn);
	owner = (uint8_t *)pa_at(pa, req->owners) + frame;
	type = *pa_block(pa, z, pfn);
	cp = (struct pa_cpu_pages *)pa_at(pa, req->pages) + (size_t)span->zone * req->cpus + cpu;
	pindex = list_of(pa, req, order, type);
	if (*owner != (OWNER_ALLOCATED | order) || type >= PA_PCPTYPES || pindex < 0 ||
	    cp->pcp.count + (1 << order) >= cp->pcp.high)
		return false;
	if (row && (cp->pcp.free_factor || cp->pcp.free_count >= cp->pcp.batch))
		return false;

	cp->pcp.count += 1 << order;
	cp->pcp.alloc_factor >>= 1;
	cp->pcp.flags &= (uint8_t)~PA_PCP_PREV_FREE_HIGH_ORDER;
	if (row && cp->free_most)
		cp->pcp.flags |= PA_PCP_PREV_FREE_HIGH_ORDER;
	cp->pcp.free_count += (cp->pcp.free_count < cp->free_most) << order;
	pa_queue_push(pa_links(pa), &cp->lists[pindex], frame);
	*owner = pa_pcp_owner(order, type);
	mark(pa, frame, order, PA_USE_PINNED);
	return true;
}

static NOINLINE int free_high(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order)
{
	if (order < pa->nr_orders && quick_free(pa, cpu, pfn, order))
		return 0;
	return pa_free_full(pa, cpu, pfn, order, NULL);
}

int pa_free_pages(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order,
		  struct pa_free_record *rec)
{
	if (rec || !pa->req)
		return pa_free_full(pa, cpu, pfn, order, rec);
	if (order)
		return free_high(pa, cpu, pfn, order);
	return quick_free(pa, cpu, pfn, 0) ? 0 : pa_free_full(pa, cpu, pfn, 0, NULL);
}
