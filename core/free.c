/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Giving pages back: to the CPU's own list where it holds such orders, else to the buddy lists.
 */
#include <errno.h>
#include <string.h>

#include "pa_req_internal.h"

static void start(struct pa_free_record *rec, uint32_t zone, enum pa_mt mt)
{
	if (!rec)
		return;
	memset((char *)rec + sizeof(rec->trail), 0, sizeof(*rec) - sizeof(rec->trail));
	rec->zone = (uint8_t)zone;
	rec->mt = (uint8_t)mt;
}

/* A drain may have brought the zone above its high mark again: 6.7 and later. */
static void leave_below_high(struct pa *pa, uint32_t zone)
{
	struct pa_zone_req *zr = pa_zone_req(pa, zone);
	struct pa_zone *z = &pa_zones(pa)[zone];

	if (!(zr->flags & PA_ZONE_BELOW_HIGH))
		return;
	if (pa_watermark_test(pa, zone, 0, pa_mark_of(z, zr, PA_WMARK_HIGH), PA_ZONE_MOVABLE, 0,
			      pa_zone_free(z, zr), NULL))
		zr->flags &= ~PA_ZONE_BELOW_HIGH;
}

/* What a push does to the counters, before it asks whether they are too high now. */
static void count_push(struct pa_pcp *pcp, unsigned int order, bool cold)
{
	pcp->alloc_factor >>= 1;
	pcp->count += 1 << order;
	pcp->cold_count += cold;
}

/* And to the list: to its head, at its tail for @last. */
static inline void link_push(struct pa *pa, struct pa_zone *z, struct pa_cpu_pages *cp,
			     uint32_t cpu, uint64_t pfn, unsigned int order, enum pa_mt type,
			     unsigned int pindex, bool last)
{
	uint32_t frame = pa_frame(z, pfn);

	pa_note_back(pa, z, cp, cpu);
	if (last)
		pa_queue_append(pa, &cp->lists[pindex], frame);
	else
		pa_queue_push(pa, &cp->lists[pindex], frame);
	pa_descs(pa)[frame].owner = pa_pcp_owner(order, type);
}

/*
 * free_hot_cold_page, free_unref_page_commit, free_frozen_page_commit: to the head of the list, a
 * cold page to the tail.  Return: how many base pages are too many now; the oldest are to go.
 */
static int32_t push(struct pa *pa, uint32_t zone, uint32_t cpu, uint64_t pfn, unsigned int order,
		    enum pa_mt type, unsigned int pindex, bool cold, struct pa_free_record *rec)
{
	bool types = pa_rules(pa)->pcp_lists == PA_PCP_TYPES;
	struct pa_cpu_pages *cp = pa_cpu_pages(pa, zone, cpu);
	int32_t excess;

	count_push(&cp->pcp, order, cold && !types);
	link_push(pa, &pa_zones(pa)[zone], cp, cpu, pfn, order, type, pindex, cold && types);
	excess = pa_pcp_excess(pa, zone, &cp->pcp, order, pindex);
	if (rec) {
		rec->pcp = true;
		rec->pindex = (uint8_t)pindex;
		rec->target = (uint32_t)excess;
	}
	return excess;
}

/* The allocation (@pfn, @order) as a zone, or NULL if there is none: nothing else may be freed. */
static inline struct pa_zone *allocation(const struct pa *pa, uint64_t pfn, unsigned int order)
{
	struct pa_zone *z = pa_zone_at(pa, pfn);
	uint8_t owner;

	if (!z || order >= pa->nr_orders)
		return NULL;
	owner = pa_desc(pa, z, pfn)->owner;
	return owner >= OWNER_ALLOCATED && (owner & OWNER_ORDER) == order ? z : NULL;
}

/* The frames are nobody's from here on: free_pages_prepare. */
static inline void disown(struct pa *pa, struct pa_zone *z, uint64_t pfn, unsigned int order)
{
	struct pa_desc *desc = pa_desc(pa, z, pfn);

	if ((desc->owner & OWNER_KIND) == OWNER_LRU)
		pa_lru_remove(pa, z, pfn);
	pa_use(pa, desc, order, (struct pa_desc){ PA_USE_PINNED, 0 });
}

static int free_pages(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order, bool cold,
		      struct pa_free_record *rec)
{
	bool isolates;
	struct pa_zone *z;
	enum pa_mt type, list;
	uint32_t zone;
	int32_t excess;
	int pindex;

	if (!pa_req(pa) || cpu >= pa_req(pa)->cpus)
		return -EINVAL;
	z = allocation(pa, pfn, order);
	if (!z)
		return -EINVAL;
	zone = pa_zone_index(pa, z);
	type = *pa_block(pa, z, pfn);
	list = type < PA_PCPTYPES ? type : PA_MOVABLE;
	pindex = pa_pindex(pa, pa_rules(pa), order, list);
	/* 2.6.24 asks for the type when the list gives the page back. */
	isolates = type == PA_ISOLATE && pa_rules(pa)->pcp_lists != PA_PCP_HOT_COLD;
	cold = cold && pa_rules(pa)->cold;
	if (cold && pa_rules(pa)->pcp_lists == PA_PCP_HOT_COLD)
		pindex = PA_COLD;
	disown(pa, z, pfn, order);
	if (pindex < 0 || isolates) {
		start(rec, zone, type);
		pa_free_one(pa, zone, pfn, order, 0, cpu, rec ? &rec->trail : NULL);
		pa_allow_quick(pa, zone);
		return 0;
	}
	start(rec, zone, list);
	excess = push(pa, zone, cpu, pfn, order, type, (unsigned int)pindex, cold, rec);
	if (excess) {
		pa_free_excess(pa, zone, pa_cpu_pages(pa, zone, cpu), excess, (unsigned int)pindex,
			       cpu, rec ? &rec->trail : NULL);
		leave_below_high(pa, zone);
		pa_allow_quick(pa, zone);
	}
	return 0;
}

/* The zone and list that pa_push() adds the allocation to, NULL if there is none. */
static inline struct pa_zone *push_to(const struct pa *pa, uint32_t cpu, uint64_t pfn,
				      unsigned int order, enum pa_mt type, struct pa_bulk *bulk)
{
	const struct pa_rules *rules = pa_rules(pa);
	struct pa_zone *z;
	int pindex;

	if (cpu >= pa->cpus || (unsigned int)type >= PA_NR_MT || rules->pcp_lists < PA_PCP_ORDERS)
		return NULL;
	z = allocation(pa, pfn, order);
	pindex = pa_pindex(pa, rules, order, type < PA_PCPTYPES ? type : PA_MOVABLE);
	if (!z || pindex < 0)
		return NULL;
	*bulk = (struct pa_bulk){
		.zone = pa_zone_index(pa, z),
		.cpu = cpu,
		.by = cpu,
		.first = (uint32_t)pindex,
		.pindex = (uint32_t)pindex,
	};
	return z;
}

int pa_push(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order, enum pa_mt type,
	    struct pa_bulk *bulk)
{
	struct pa_bulk made;
	struct pa_zone *z = push_to(pa, cpu, pfn, order, type, &made);

	if (!z)
		return -EINVAL;
	disown(pa, z, pfn, order);
	made.left = push(pa, made.zone, cpu, pfn, order, type, made.pindex, false, NULL);
	*bulk = pa_bulk_of(pa, made.zone, cpu, made.pindex, made.left);
	return 0;
}

int32_t pa_push_size_at(const struct pa *pa, uint32_t zone, const struct pa_pcp *pcp,
			unsigned int order)
{
	int pindex = pa_pcp_index(pa, order, PA_UNMOVABLE);
	struct pa_pcp then = *pcp;

	if (pindex < 0 || zone >= pa->nr_zones)
		return 0;
	count_push(&then, order, false);
	return pa_pcp_excess(pa, zone, &then, order, (unsigned int)pindex);
}

int32_t pa_push_size(const struct pa *pa, uint32_t zone, uint32_t cpu, unsigned int order)
{
	struct pa_pcp pcp;

	return pa_pcp_get(pa, zone, cpu, &pcp) ? 0 : pa_push_size_at(pa, zone, &pcp, order);
}

int pa_push_as(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order, enum pa_mt type,
	       bool drains, struct pa_bulk *bulk)
{
	struct pa_bulk made;
	struct pa_zone *z = push_to(pa, cpu, pfn, order, type, &made);
	struct pa_cpu_pages *cp;
	struct pa_pcp before;

	if (!z)
		return -EINVAL;
	cp = pa_cpu_pages(pa, made.zone, cpu);
	before = cp->pcp;
	count_push(&cp->pcp, order, false);
	made.left = pa_pcp_excess(pa, made.zone, &cp->pcp, order, made.pindex);
	if ((made.left > 0) != drains) {
		cp->pcp = before;
		return -EAGAIN;
	}
	disown(pa, z, pfn, order);
	link_push(pa, z, cp, cpu, pfn, order, type, made.pindex, false);
	*bulk = made.left ? pa_bulk_of(pa, made.zone, cpu, made.pindex, made.left) : made;
	return 0;
}

void pa_push_end(struct pa *pa, const struct pa_bulk *bulk)
{
	if (!pa_req(pa) || bulk->zone >= pa->nr_zones)
		return;
	leave_below_high(pa, bulk->zone);
	pa_allow_quick(pa, bulk->zone);
}

int pa_free_full(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order,
		 struct pa_free_record *rec)
{
	return free_pages(pa, cpu, pfn, order, false, rec);
}

int pa_free_cold(struct pa *pa, uint32_t cpu, uint64_t pfn, struct pa_free_record *rec)
{
	return free_pages(pa, cpu, pfn, 0, true, rec);
}

void pa_free_traced(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order,
		    struct pa_trail *trail)
{
	struct pa_free_record rec;

	if (!trail) {
		pa_free_full(pa, cpu, pfn, order, NULL);
		return;
	}
	rec.trail = *trail;
	pa_free_full(pa, cpu, pfn, order, &rec);
	*trail = rec.trail;
}

int pa_free_direct(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order,
		   unsigned int flags, struct pa_free_record *rec)
{
	struct pa_zone *z;

	if (!pa_req(pa) || cpu >= pa_req(pa)->cpus || flags & ~(unsigned int)PA_TO_TAIL)
		return -EINVAL;
	z = allocation(pa, pfn, order);
	if (!z)
		return -EINVAL;
	start(rec, pa_zone_index(pa, z), *pa_block(pa, z, pfn));
	disown(pa, z, pfn, order);
	pa_free_one(pa, pa_zone_index(pa, z), pfn, order, flags, cpu, rec ? &rec->trail : NULL);
	return 0;
}
