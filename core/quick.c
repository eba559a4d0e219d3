/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two calls that nearly always suffice: a page from the CPU's own list, and back to it.
 *
 * Nothing here is a rule of its own.  What takes more than these few steps, or is wrong, goes to
 * pa_alloc_full() and pa_free_full(), which say the same at length; a test holds them together.
 */
#include "pa_req_internal.h"

#define GFP_QUICK (PA_GFP_KNOWN & ~PA_GFP_THISNODE)

static inline bool args_quick(const struct pa_req *req, const struct pa_alloc_args *args)
{
	return !(args->task | args->order | args->nodemask) && args->cpu < req->cpus &&
	       args->nid < req->nodes && !(args->gfp & ~GFP_QUICK) && args->use < PA_USE_FREE;
}

/* The first zone of the zonelist is above its mark, and the CPU's list there has a page. */
static inline bool quick_alloc(struct pa *pa, const struct pa_alloc_args *args, uint64_t *pfn)
{
	const struct pa_req *req = pa_at(pa, pa->req);
	const struct pa_route *route;
	struct pa_cpu_pages *cp;
	struct pa_queue *list;
	const struct pa_zone *z;
	uint32_t frame;

	if (!args_quick(req, args))
		return false;
	route = (const struct pa_route *)pa_at(pa, req->routes) +
		((uint32_t)args->nid << ROUTE_BITS | (args->gfp & ((1u << ROUTE_BITS) - 1)));
	z = pa_at(pa, route->zone);
	cp = (struct pa_cpu_pages *)pa_at(pa, route->pages) + args->cpu;
	list = &cp->lists[route->mt];
	if (!route->zone || !z->quick || list->head == PA_NIL)
		return false;

	frame = list->head;
	cp->pcp.count--;
	cp->pcp.free_count >>= 1;
	cp->pcp.free_factor >>= 1;
	pa_queue_pop(pa_links(pa), list, frame);
	((uint8_t *)pa_at(pa, req->owners))[frame] = OWNER_ALLOCATED;
	pa_tags(pa)[frame] = args->use;
	*pfn = z->start + (frame - z->frame0);
	return true;
}

int pa_alloc(struct pa *pa, const struct pa_alloc_args *args, uint64_t *pfn,
	     struct pa_alloc_record *rec)
{
	if (!rec && pa->req && quick_alloc(pa, args, pfn))
		return 0;
	return pa_alloc_full(pa, args, pfn, rec);
}

/* The page goes to a list that stays short enough. */
static inline bool quick_free(struct pa *pa, uint32_t cpu, uint64_t pfn)
{
	const struct pa_req *req = pa_at(pa, pa->req);
	const struct pa_span *span = pa_spans(pa);
	struct pa_cpu_pages *cp;
	const struct pa_zone *z;
	uint32_t frame;
	uint8_t *owner, type;

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
	if (*owner != OWNER_ALLOCATED || type >= PA_PCPTYPES || cp->pcp.count + 1 >= cp->pcp.high)
		return false;

	cp->pcp.count++;
	cp->pcp.alloc_factor >>= 1;
	cp->pcp.flags &= (uint8_t)~PA_PCP_PREV_FREE_HIGH_ORDER;
	cp->pcp.free_count += cp->pcp.free_count < cp->free_most;
	pa_queue_push(pa_links(pa), &cp->lists[type], frame);
	*owner = pa_pcp_owner(0, type);
	pa_tags(pa)[frame] = PA_USE_PINNED;
	return true;
}

int pa_free_pages(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order,
		  struct pa_free_record *rec)
{
	if (!order && !rec && pa->req && quick_free(pa, cpu, pfn))
		return 0;
	return pa_free_full(pa, cpu, pfn, order, rec);
}
