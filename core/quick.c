/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two calls that nearly always suffice: a page from the CPU's own list, and back to it.
 *
 * Nothing here is a rule of its own.  What takes more than these few steps, or is wrong, goes to
 * pa_alloc_full() and pa_free_full(), which say the same at length; a test holds them together.
 * What the steps ask for is computed ahead: pa_route for requests, pa_zone.quick for zones.
 */
#include <string.h>

#include "pa_req_internal.h"

#define NOINLINE __attribute__((noinline))
#define INLINE static inline __attribute__((always_inline))
#define GFP_QUICK (PA_GFP_KNOWN & ~PA_GFP_THISNODE)
#define ROUTES (1u << ROUTE_BITS)

/* -------------------------------------------------------------------------
 * Routes
 */

/* What a request's task, order and node are in one number; of its use, only what cannot be. */
INLINE uint64_t looks(const struct pa_alloc_args *args, bool with_order)
{
	const struct pa_alloc_args every = {
		.task = UINT32_MAX,
		.order = with_order ? UINT8_MAX : 0,
		.nid = UINT8_MAX,
		.use = (uint8_t)~PA_USE_FREE,
	};
	uint64_t value, mask;

	_Static_assert(offsetof(struct pa_alloc_args, nodemask) ==
			       offsetof(struct pa_alloc_args, task) + sizeof(value),
		       "these fields and nothing else are looked at at once");
	memcpy(&value, &args->task, sizeof(value));
	memcpy(&mask, &every.task, sizeof(mask));
	return value & mask;
}

/* Where a request on @cpu for its own node starts.  Nowhere: no request looks like @plain. */
static struct pa_route route_of(const struct pa *pa, uint32_t cpu, uint32_t gfp)
{
	const struct pa_alloc_args plain = { .nid = pa_cpu_node(pa)[cpu] };
	int mt = pa_gfp_mt(gfp), highest = pa_gfp_zone(pa, gfp);
	struct pa_route route = { .plain = UINT64_MAX };
	uint32_t zone = PA_NO_ZONE;

	if (mt >= 0 && highest >= 0)
		zone = *pa_zonelist_of(pa, plain.nid, (unsigned int)highest);
	if (zone == PA_NO_ZONE)
		return route;
	route.plain = looks(&plain, true);
	route.zone = (uint64_t)((const char *)&pa->zones[zone] - (const char *)pa);
	route.pages = pa->zones[zone].pages + cpu * sizeof(struct pa_cpu_pages);
	route.mt = (uint64_t)mt;
	return route;
}

void pa_init_routes(struct pa *pa)
{
	struct pa_route *route = pa_at(pa, pa->routes);

	for (uint32_t i = 0; i < pa->cpus << ROUTE_BITS; i++)
		route[i] = route_of(pa, i / ROUTES, i % ROUTES);
}

/* -------------------------------------------------------------------------
 * From a list and back to it
 */

/* Is one free block of @order there, as the watermark test of high orders wants? */
INLINE bool has_block(const struct pa_zone *z, unsigned int order)
{
	return (z->orders[PA_UNMOVABLE] | z->orders[PA_MOVABLE] | z->orders[PA_RECLAIMABLE]) >>
	       order;
}

/* List of a type and an order; -1 if there is none. */
INLINE int list_of(const struct pa *pa, unsigned int order, unsigned int mt)
{
	const struct pa_req *req;

	if (order <= PA_COSTLY_ORDER)
		return (int)(PA_PCPTYPES * order + mt);
	if (order != pa->pageblock_order)
		return -1;
	req = pa_at(pa, pa->req);
	return PA_PCPTYPES * (PA_COSTLY_ORDER + 1) + (mt == PA_MOVABLE && req->thp_lists > 1);
}

/* The frames get an owner, noted at the first, and a use; @at is the state plus their number. */
INLINE void mark(const struct pa *pa, uint8_t *at, unsigned int order, uint8_t owner, uint8_t use)
{
	at[pa->owners] = owner;
	if (order)
		memset(at + pa->tags, use, (size_t)pa_pages(order));
	else
		at[pa->tags] = use;
}

/* The first zone of the zonelist is above its mark, and the CPU's list there has a page. */
INLINE bool quick_alloc(struct pa *pa, const struct pa_alloc_args *args, unsigned int order,
			uint64_t *pfn)
{
	const struct pa_route *route;
	const struct pa_zone *z;
	struct pa_cpu_pages *cp;
	struct pa_queue *list;
	uint32_t frame;
	int pindex;

	if (args->cpu >= pa->cpus || args->gfp & ~GFP_QUICK || args->use == PA_USE_FREE)
		return false;
	route = (const struct pa_route *)pa_at(pa, pa->routes) +
		(args->cpu << ROUTE_BITS | (args->gfp & (ROUTES - 1)));
	z = pa_at(pa, route->zone);
	if ((looks(args, !order) ^ route->plain) | args->nodemask || !z->quick)
		return false;
	pindex = list_of(pa, order, (unsigned int)route->mt);
	if (order && (pindex < 0 || !has_block(z, order)))
		return false;
	cp = pa_at(pa, route->pages);
	list = &cp->lists[pindex];
	frame = list->head;
	if (frame == PA_NIL)
		return false;

	cp->pcp.count -= 1 << order;
	cp->pcp.free_count >>= 1;
	cp->pcp.free_factor >>= 1;
	pa_queue_pop(pa_links(pa), list, frame);
	mark(pa, (uint8_t *)pa + frame, order, (uint8_t)(OWNER_ALLOCATED | order), args->use);
	*pfn = frame + cp->pfn0;
	return true;
}

/* Kept apart so that order 0 needs no registers for it. */
static NOINLINE int alloc_rest(struct pa *pa, const struct pa_alloc_args *args, uint64_t *pfn,
			       struct pa_alloc_record *rec)
{
	if (!rec && args->order && quick_alloc(pa, args, args->order, pfn))
		return 0;
	return pa_alloc_full(pa, args, pfn, rec);
}

int pa_alloc(struct pa *pa, const struct pa_alloc_args *args, uint64_t *pfn,
	     struct pa_alloc_record *rec)
{
	if (!rec && quick_alloc(pa, args, 0, pfn))
		return 0;
	return alloc_rest(pa, args, pfn, rec);
}

/* The pages go to a list of @z that stays short enough, and no row of high orders empties it. */
INLINE bool quick_free(struct pa *pa, const struct pa_zone *z, uint32_t cpu, uint64_t pfn,
		       unsigned int order)
{
	bool row = order && order <= PA_COSTLY_ORDER;
	uint64_t frame = pfn - z->start, type;
	struct pa_cpu_pages *cp;
	uint8_t *at;
	int pindex;

	if (frame >= z->quick || cpu >= pa->cpus)
		return false;
	type = *pa_block(pa, z, pfn);
	pindex = list_of(pa, order, (unsigned int)type);
	if (type >= PA_PCPTYPES || pindex < 0)
		return false;
	frame += z->frame0;
	at = (uint8_t *)pa + frame;
	if (at[pa->owners] != (OWNER_ALLOCATED | order))
		return false;
	cp = pa_at(pa, z->pages + cpu * sizeof(*cp));
	if (cp->pcp.count + (1 << order) >= cp->pcp.high)
		return false;
	if (row && (cp->pcp.free_factor || cp->pcp.free_count >= cp->pcp.batch))
		return false;

	cp->pcp.count += 1 << order;
	cp->pcp.alloc_factor >>= 1;
	cp->pcp.flags &= (uint8_t)~PA_PCP_PREV_FREE_HIGH_ORDER;
	if (row && cp->free_most)
		cp->pcp.flags |= PA_PCP_PREV_FREE_HIGH_ORDER;
	cp->pcp.free_count += ((uint32_t)cp->pcp.free_count < (uint32_t)cp->free_most) << order;
	pa_queue_push(pa_links(pa), &cp->lists[order ? (uint64_t)pindex : type], frame);
	mark(pa, at, order, pa_pcp_owner(order, (unsigned int)type), PA_USE_PINNED);
	return true;
}

/* In another zone than last time, or with more to do. */
static NOINLINE int free_otherwise(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order,
				   struct pa_free_record *rec)
{
	const struct pa_span *span = pa_span_of(pa, pfn);

	if (!rec && order < pa->nr_orders && quick_free(pa, pa_at(pa, span->at), cpu, pfn, order)) {
		pa->last = span->at;
		return 0;
	}
	return pa_free_full(pa, cpu, pfn, order, rec);
}

int pa_free_pages(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order,
		  struct pa_free_record *rec)
{
	if ((uintptr_t)rec | order)
		return free_otherwise(pa, cpu, pfn, order, rec);
	if (quick_free(pa, pa_at(pa, pa->last), cpu, pfn, 0))
		return 0;
	return free_otherwise(pa, cpu, pfn, 0, NULL);
}
