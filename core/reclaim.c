/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reclaim: pages that can be had back, and who goes for them.
 */
#include <errno.h>

#include "pa_req_internal.h"

#define MAX_RECLAIM_RETRIES 16

/* -------------------------------------------------------------------------
 * Reclaimable pages
 */

int pa_lru_add(struct pa *pa, uint64_t pfn)
{
	struct pa_zone *z = pa_zone_at(pa, pfn);
	struct pa_zone_req *zr;
	uint8_t *owner;

	if (!z || !pa_req(pa))
		return -EINVAL;
	owner = &pa_owners(pa)[pa_frame(z, pfn)];
	if (*owner < OWNER_ALLOCATED)
		return -EINVAL;
	if (*owner >= OWNER_LRU)
		return -EEXIST;
	zr = pa_zone_req(pa, pa_zone_index(pa, z));
	*owner |= OWNER_LRU;
	pa_mark(pa, z, pfn, *owner & OWNER_ORDER, PA_USE_MOVABLE);
	pa_queue_push(pa_links(pa), &zr->lru, pa_frame(z, pfn));
	zr->nr_lru += pa_pages(*owner & OWNER_ORDER);
	return 0;
}

void pa_lru_remove(struct pa *pa, struct pa_zone *z, uint64_t pfn)
{
	struct pa_zone_req *zr = pa_zone_req(pa, pa_zone_index(pa, z));
	uint8_t *owner = &pa_owners(pa)[pa_frame(z, pfn)];

	pa_queue_remove(pa_links(pa), &zr->lru, pa_frame(z, pfn));
	zr->nr_lru -= pa_pages(*owner & OWNER_ORDER);
	*owner = (uint8_t)(OWNER_ALLOCATED | (*owner & OWNER_ORDER));
}

int pa_lru_del(struct pa *pa, uint64_t pfn)
{
	struct pa_zone *z = pa_zone_at(pa, pfn);

	if (!z || !pa_req(pa) || pa_owners(pa)[pa_frame(z, pfn)] < OWNER_LRU)
		return -EINVAL;
	pa_lru_remove(pa, z, pfn);
	return 0;
}

/* -------------------------------------------------------------------------
 * kswapd
 */

/* zone_watermark_ok_safe: where deltas could hide too much, the lists themselves are asked. */
static bool watermark_safe(const struct pa *pa, uint32_t zone, unsigned int order, uint64_t mark,
			   unsigned int highest)
{
	const struct pa_zone_req *zr = pa_zone_req(pa, zone);
	const struct pa_zone *z = &pa->zones[zone];
	uint64_t drift = (uint64_t)zr->threshold * pa_req(pa)->cpus;
	int64_t free = pa_zone_free(z, zr);

	if (drift > zr->wmark[PA_WMARK_LOW] - zr->wmark[PA_WMARK_MIN] &&
	    free < (int64_t)(pa_mark_of(z, zr, PA_WMARK_HIGH) + drift))
		free += zr->deltas;
	return pa_watermark_test(pa, zone, order, mark, highest, 0, free, NULL);
}

/* pgdat_balanced: some zone of the node, low to high, is above its high mark. */
static bool balanced(const struct pa *pa, uint32_t nid, unsigned int order, unsigned int highest)
{
	bool any = false;

	for (unsigned int type = 0; type <= highest; type++) {
		uint32_t zone = pa_zone_by(pa, nid, type);
		const struct pa_zone *z;

		if (zone == PA_NO_ZONE || !pa->zones[zone].managed)
			continue;
		z = &pa->zones[zone];
		any = true;
		if (watermark_safe(pa, zone, order,
				   pa_mark_of(z, pa_zone_req(pa, zone), PA_WMARK_HIGH), highest))
			return true;
	}
	return !any;
}

/* pgdat_watermark_boosted */
static bool boosted(const struct pa *pa, uint32_t nid, unsigned int highest)
{
	for (unsigned int type = 0; type <= highest; type++) {
		uint32_t zone = pa_zone_by(pa, nid, type);

		if (zone != PA_NO_ZONE && pa->zones[zone].boost)
			return true;
	}
	return false;
}

bool pa_wakeup_kswapd(struct pa *pa, uint32_t zone, uint32_t gfp, unsigned int order,
		      unsigned int highest)
{
	struct pa_node *node = pa_node(pa, pa_zone_req(pa, zone)->node);
	uint32_t nid = pa_zone_req(pa, zone)->node;

	if (!pa->zones[zone].managed)
		return false;
	if (node->kswapd_highest < highest)
		node->kswapd_highest = (uint8_t)highest;
	if (node->kswapd_order < order)
		node->kswapd_order = order;
	if (node->kswapd_woken)
		return false;
	if (node->kswapd_failures >= MAX_RECLAIM_RETRIES ||
	    (balanced(pa, nid, order, highest) && !boosted(pa, nid, highest))) {
		/* Enough memory, maybe in pieces: kcompactd's to see to. */
		if (!(gfp & PA_GFP_DIRECT_RECLAIM))
			pa_wakeup_kcompactd(node, order, highest);
		return false;
	}
	node->kswapd_woken = true;
	for (uint32_t i = 0; i < pa->nr_zones; i++)
		pa->zones[i].quick = false;
	return true;
}
