/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The invariants of the request level, one function each; check.c calls them for each zone after
 * its own.
 */
#include "pa_req_internal.h"

typedef const char *invariant(const struct pa *pa, uint32_t zone);

/* Walk one queue of blocks whose owner byte is in [@low, @high]; their base pages in @pages. */
static const char *queue_sound(const struct pa *pa, uint32_t zone, const struct pa_queue *q,
			       uint8_t low, uint8_t high, uint64_t *pages)
{
	const struct pa_zone *z = &pa_zones(pa)[zone];
	uint32_t nr = (uint32_t)(z->end - z->start), prev = PA_NIL;

	/*
	 * A list that never ends comes to a block from two others, or to the first from one: prev is
	 * wrong for one of them.
	 */
	for (uint32_t frame = q->head; frame != PA_NIL; frame = pa_links(pa)[frame].next) {
		uint8_t owner;

		if (frame - z->frame0 >= nr)
			return "a per-cpu or LRU list leads out of its zone";
		owner = pa_descs(pa)[frame].owner;
		if (owner < low || owner > high)
			return "a block on a per-cpu or LRU list is marked otherwise";
		if ((frame == q->head ? PA_NIL : pa_links(pa)[frame].prev) != prev)
			return "a per-cpu or LRU list does not read the same backwards";
		*pages += pa_pages(owner & OWNER_ORDER);
		prev = frame;
	}
	return pa_queue_last(q) == prev ? NULL :
					  "the tail of a per-cpu or LRU list is not its last block";
}

static unsigned int order_of(const struct pa *pa, unsigned int pindex)
{
	unsigned int small = PA_PCPTYPES * (PA_COSTLY_ORDER + 1);

	return pindex < small ? pindex / PA_PCPTYPES : pa->pageblock_order;
}

/* Pages on 2.6.24's cold list; every later list is a list of both. */
static uint64_t cold_pages(const struct pa *pa, const struct pa_cpu_pages *cp)
{
	uint64_t pages = 0;

	if (pa_rules(pa)->pcp_lists != PA_PCP_HOT_COLD)
		return 0;
	for (uint32_t frame = cp->lists[PA_COLD].head; frame != PA_NIL;
	     frame = pa_links(pa)[frame].next)
		pages++;
	return pages;
}

static const char *pcps_sound(const struct pa *pa, uint32_t zone)
{
	const struct pa_zone *z = &pa_zones(pa)[zone];

	for (uint32_t cpu = 0; cpu < pa_req(pa)->cpus; cpu++) {
		const struct pa_cpu_pages *cp = pa_cpu_pages(pa, zone, cpu);
		uint64_t pages = 0;

		for (unsigned int i = 0; i < PA_NR_PCP_LISTS; i++) {
			const char *why = queue_sound(pa, zone, &cp->lists[i], OWNER_PCP,
						      OWNER_ALLOCATED - 1, &pages);

			if (why)
				return why;
			for (uint64_t pfn = pa_pfn(z, cp->lists[i].head); pfn != PA_PFN_NONE;
			     pfn = pa_pcp_next(pa, pfn)) {
				if ((pa_desc(pa, z, pfn)->owner & OWNER_ORDER) != order_of(pa, i))
					return "a per-cpu list holds a block of another order";
			}
		}
		if (pages != (uint64_t)cp->pcp.count)
			return "a per-cpu count is not what its lists hold";
		if (cold_pages(pa, cp) != (uint64_t)cp->pcp.cold_count)
			return "a cold list's count is not what it holds";
	}
	return NULL;
}

static const char *lru_sound(const struct pa *pa, uint32_t zone)
{
	const struct pa_zone_req *zr = pa_zone_req(pa, zone);
	uint64_t pages = 0;
	const char *why = queue_sound(pa, zone, &zr->lru, OWNER_LRU, UINT8_MAX, &pages);

	if (why)
		return why;
	return pages == zr->nr_lru ? NULL : "the LRU count is not what its list holds";
}

/* No frame has two owners, none of an owner is free, and what is marked listed is listed. */
static const char *owners_sound(const struct pa *pa, uint32_t zone)
{
	const struct pa_zone *z = &pa_zones(pa)[zone];
	uint64_t marked = 0, listed = pa_zone_req(pa, zone)->nr_lru;

	for (uint64_t pfn = z->start; pfn < z->end; pfn++) {
		uint8_t owner = pa_desc(pa, z, pfn)->owner;
		uint64_t end = pfn + pa_pages(owner & OWNER_ORDER);

		if (owner <= PA_USE_FREE)
			continue;
		if (!pa_owned(owner) || (owner & OWNER_ORDER) >= pa->nr_orders || end > z->end)
			return "a frame has an owner that cannot be";
		if (pa_any_free(pa, z, pfn, owner & OWNER_ORDER))
			return "a frame is both handed out and free";
		for (uint64_t inner = pfn + 1; inner < end; inner++) {
			if (pa_owned(pa_desc(pa, z, inner)->owner))
				return "a frame has two owners";
		}
		if ((owner & OWNER_KIND) != OWNER_ALLOCATED)
			marked += end - pfn;
		pfn = end - 1;
	}
	for (uint32_t cpu = 0; cpu < pa_req(pa)->cpus; cpu++)
		listed += (uint64_t)pa_cpu_pages(pa, zone, cpu)->pcp.count;
	return marked == listed ? NULL : "a frame is marked as listed but on no list";
}

static const char *counters_sound(const struct pa *pa, uint32_t zone)
{
	const struct pa_zone_req *zr = pa_zone_req(pa, zone);
	/* What a CPU left untold before kswapd began, or while it worked, may be more than it may now. */
	int64_t most = zr->threshold > zr->run_threshold ? zr->threshold : zr->run_threshold;
	int64_t pressure = pa_drift_marked(pa, zone) ? pa_pressure_threshold(pa, zone) : 0;
	int64_t sum = 0;

	most = most > pressure ? most : pressure;
	for (uint32_t cpu = 0; cpu < pa_req(pa)->cpus; cpu++) {
		const struct pa_cpu_pages *cp = pa_cpu_pages(pa, zone, cpu);

		if (cp->delta > most || -cp->delta > most)
			return "a per-cpu delta is beyond its threshold";
		if (cp->fair_delta && !pa_rules(pa)->fair)
			return "a turn is counted where there are none";
		sum += cp->delta;
	}
	if (sum != zr->deltas)
		return "the per-cpu deltas do not sum up";
	return zr->wmark[PA_WMARK_HIGH] == pa_zones(pa)[zone].wmark_high ?
		       NULL :
		       "the two copies of the high mark differ";
}

const char *pa_check_request(const struct pa *pa, uint32_t zone)
{
	static invariant *const invariants[] = {
		pcps_sound,
		lru_sound,
		owners_sound,
		counters_sound,
	};
	const char *why = NULL;

	for (size_t i = 0; !why && i < sizeof(invariants) / sizeof(invariants[0]); i++)
		why = invariants[i](pa, zone);
	return why;
}
