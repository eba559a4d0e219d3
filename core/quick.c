/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two calls that nearly always suffice: a page from the CPU's own list, and back to it.
 *
 * Nothing here is a rule of its own.  What takes more than these few steps, or is wrong, goes to
 * pa_alloc_full() and pa_free_full(), which say the same at length; a test holds them together.
 * What the steps ask for is known before: pa_way for requests, pa_zone.quick for zones.
 */
#include <string.h>

#include "pa_req_internal.h"

#define NOINLINE __attribute__((noinline))

/* Is one free block of @order there, as the watermark test of high orders wants? */
PA_INLINE bool has_block(const struct pa_zone *z, unsigned int order)
{
	return (z->orders[PA_UNMOVABLE] | z->orders[PA_MOVABLE] | z->orders[PA_RECLAIMABLE]) >>
	       order;
}

/* List of a type and an order; -1 if there is none. */
PA_INLINE int list_of(const struct pa *pa, unsigned int order, unsigned int mt)
{
	const struct pa_req *req;

	if (order <= PA_COSTLY_ORDER)
		return (int)(PA_PCPTYPES * order + mt);
	if (order != pa->pageblock_order)
		return -1;
	req = pa_at(pa, pa->req);
	return PA_PCPTYPES * (PA_COSTLY_ORDER + 1) + (mt == PA_MOVABLE && req->thp_lists > 1);
}

/* -------------------------------------------------------------------------
 * From a list
 */

/* All of a request that is plain, the node mask left out. */
PA_INLINE void look_at(const struct pa_alloc_args *args, uint64_t seen[2])
{
	_Static_assert(offsetof(struct pa_alloc_args, nodemask) == 2 * sizeof(seen[0]),
		       "what comes before it is looked at in two words");
	memcpy(seen, args, 2 * sizeof(seen[0]));
}

/* Is it the very request that went this way? */
PA_INLINE bool asks_again(const struct pa_way *way, const struct pa_alloc_args *args)
{
	uint64_t seen[2];

	look_at(args, seen);
	return !((seen[0] ^ way->asked[0]) | (seen[1] ^ way->asked[1]) | args->nodemask);
}

/*
 * Where a request starts that asks for nothing special of its CPU's node: GFP_ZONE_TABLE, the first
 * zone of the zonelist and order_to_pindex in one.  False if it is not such a request.
 */
static bool find_way(const struct pa *pa, const struct pa_alloc_args *args, struct pa_way *way)
{
	struct pa_alloc_args plain;
	unsigned int highest;
	uint32_t zone;
	int pindex;

	if (!pa_args_valid(pa, args) || args->task || args->nodemask ||
	    args->gfp & PA_GFP_THISNODE || args->nid != pa_cpu_node(pa)[args->cpu])
		return false;
	highest = pa_req(pa)->gfp_zones[args->gfp & 0xf];
	zone = *pa_zonelist_of(pa, args->nid, highest);
	pindex = list_of(pa, args->order, (unsigned int)pa_gfp_mt(args->gfp));
	if (zone == PA_NO_ZONE || pindex < 0)
		return false;
	memset(&plain, 0, sizeof(plain)); /* whatever is between its members */
	plain.cpu = args->cpu;
	plain.gfp = args->gfp;
	plain.order = args->order;
	plain.nid = args->nid;
	plain.use = args->use;
	look_at(&plain, way->asked);
	way->zone = (uint64_t)((char *)&pa_zones(pa)[zone] - (const char *)pa);
	way->pages = pa_zones(pa)[zone].pages + args->cpu * sizeof(struct pa_cpu_pages);
	way->pindex = (uint64_t)pindex;
	way->desc = (struct pa_desc){ args->use, (uint8_t)(OWNER_ALLOCATED | args->order) };
	return true;
}

/* The zone is above its mark, and the CPU's list there has a page. */
PA_INLINE bool quick_alloc(struct pa *pa, const struct pa_way *way, unsigned int order,
			   uint64_t *pfn)
{
	const struct pa_zone *z = pa_at(pa, way->zone);
	struct pa_cpu_pages *cp = pa_at(pa, way->pages);
	uint32_t frame = cp->lists[way->pindex].head;

	if (!z->quick || frame == PA_NIL || (order && !has_block(z, order)))
		return false;

	cp->pcp.count -= 1 << order;
	cp->pcp.free_count >>= 1;
	cp->pcp.free_factor >>= 1;
	pa_queue_pop(pa, &cp->lists[way->pindex], frame);
	pa_use(pa, &pa_descs(pa)[frame], order, way->desc);
	*pfn = frame + cp->pfn0;
	return true;
}

/* Another request than the last, or with more to do. */
static NOINLINE int alloc_otherwise(struct pa *pa, const struct pa_alloc_args *args, uint64_t *pfn,
				    struct pa_alloc_record *rec)
{
	struct pa_way *way = &pa->ways[args->order < PA_WAYS ? args->order : PA_WAYS - 1];

	if ((asks_again(way, args) || find_way(pa, args, way)) && !rec &&
	    quick_alloc(pa, way, args->order, pfn))
		return 0;
	return pa_alloc_full(pa, args, pfn, rec);
}

bool pa_alloc_quick(struct pa *pa, const struct pa_alloc_args *args, uint64_t *pfn)
{
	struct pa_way *way = &pa->ways[args->order < PA_WAYS ? args->order : PA_WAYS - 1];

	return (asks_again(way, args) || find_way(pa, args, way)) &&
	       quick_alloc(pa, way, args->order, pfn);
}

int pa_alloc(struct pa *pa, const struct pa_alloc_args *args, uint64_t *pfn,
	     struct pa_alloc_record *rec)
{
	if (!rec && asks_again(&pa->ways[0], args) && quick_alloc(pa, &pa->ways[0], 0, pfn))
		return 0;
	return alloc_otherwise(pa, args, pfn, rec);
}

/* -------------------------------------------------------------------------
 * And back to it
 */

/* The pages go to a list of @cp, which is @z's, that stays short enough, and no row empties it. */
PA_INLINE bool quick_free(struct pa *pa, const struct pa_zone *z, struct pa_cpu_pages *cp,
			  uint64_t pfn, unsigned int order)
{
	bool row = order && order <= PA_COSTLY_ORDER;
	uint64_t frame = pfn - cp->pfn0, type;
	struct pa_desc *desc;
	int32_t count;
	int pindex;

	if (pfn - cp->start >= z->quick)
		return false;
	desc = &pa_descs(pa)[frame];
	if (desc->owner != (OWNER_ALLOCATED | order))
		return false;
	type = *((uint8_t *)pa_at(pa, cp->blocks) + (pfn >> pa->pageblock_order));
	pindex = list_of(pa, order, (unsigned int)type);
	if (type >= PA_PCPTYPES || pindex < 0)
		return false;
	if (row && (cp->pcp.free_factor || cp->pcp.free_count >= cp->pcp.batch))
		return false;
	count = cp->pcp.count + (1 << order);
	if (count >= cp->pcp.high)
		return false;

	cp->pcp.count = count;
	cp->pcp.alloc_factor >>= 1;
	cp->pcp.flags &= (uint8_t)~PA_PCP_PREV_FREE_HIGH_ORDER;
	if (row && cp->free_most)
		cp->pcp.flags |= PA_PCP_PREV_FREE_HIGH_ORDER;
	cp->pcp.free_count += ((uint32_t)cp->pcp.free_count < (uint32_t)cp->free_most) << order;
	if (order)
		pa_use(pa, desc, order,
		       (struct pa_desc){ PA_USE_PINNED, pa_pcp_owner(order, (unsigned int)type) });
	else
		*desc = pa->back.listed[type];
	pa_queue_push(pa, &cp->lists[order ? (uint64_t)pindex : type], frame);
	return true;
}

/* The same for any zone and CPU; the next page may go there as well. */
PA_INLINE bool quick_free_anywhere(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order)
{
	const struct pa_zone *z = pa_at(pa, pa_span_of(pa, pfn)->at);
	struct pa_cpu_pages *cp;

	if (cpu >= pa->cpus || order >= pa->nr_orders)
		return false;
	cp = pa_at(pa, z->pages + cpu * sizeof(*cp));
	if (!quick_free(pa, z, cp, pfn, order))
		return false;
	pa_note_back(pa, z, cp, cpu);
	return true;
}

bool pa_free_quick(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order)
{
	return quick_free_anywhere(pa, cpu, pfn, order);
}

/* In another zone than last time, by another CPU, or with more to do. */
static NOINLINE int free_otherwise(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order,
				   struct pa_free_record *rec)
{
	if (!rec && quick_free_anywhere(pa, cpu, pfn, order))
		return 0;
	return pa_free_full(pa, cpu, pfn, order, rec);
}

int pa_free_pages(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order,
		  struct pa_free_record *rec)
{
	if ((uintptr_t)rec | order)
		return free_otherwise(pa, cpu, pfn, order, rec);
	if (cpu == pa->back.cpu &&
	    quick_free(pa, pa_at(pa, pa->back.zone), pa_at(pa, pa->back.pages), pfn, 0))
		return 0;
	return free_otherwise(pa, cpu, pfn, 0, NULL);
}
