/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pageblocks reserved for high-order atomic requests: 4.4 and later.
 */
#include "pa_req_internal.h"

/* May the zone reserve one more? */
static bool may_reserve(const struct pa_ctx *ac, const struct pa_zone *z,
			const struct pa_zone_req *zr)
{
	uint64_t percent = z->managed / 100, block = pa_pages(ac->pa->pageblock_order);

	if (!ac->rules->highatomic_percent)
		return zr->nr_reserved_highatomic < percent + block;
	return percent >= block &&
	       zr->nr_reserved_highatomic < (percent + block - 1) / block * block;
}

/* Move the free pages of @pfn's pageblock and give it @mt; pages moved, or -1. */
static int64_t move_block(struct pa_ctx *ac, uint32_t zone, uint64_t pfn, enum pa_mt mt)
{
	struct pa_zone *z = &pa_zones(ac->pa)[zone];
	uint64_t first, end, before = z->free[mt];

	if (!pa_block_range(ac->pa, z, pfn, &first, &end))
		return -1;
	if (pa_version(ac->pa)->hygiene)
		pa_count_moves(ac->pa, zone, ac->cpu, first, end);
	pa_move_range(ac->pa, z, first, end, mt);
	*pa_block(ac->pa, z, pfn) = (uint8_t)mt;
	return (int64_t)(z->free[mt] - before);
}

void pa_reserve_highatomic(struct pa_ctx *ac, uint32_t zone, uint64_t pfn)
{
	struct pa_zone_req *zr = pa_zone_req(ac->pa, zone);
	struct pa_zone *z = &pa_zones(ac->pa)[zone];
	uint64_t block = pa_pages(ac->pa->pageblock_order);

	z->quick = 0;
	if (!may_reserve(ac, z, zr) || !pa_mergeable(*pa_block(ac->pa, z, pfn)))
		return;
	if (ac->rules->unreserve_large && ac->order >= ac->pa->pageblock_order) {
		pa_retype(ac->pa, z, pfn, ac->order, PA_HIGHATOMIC);
		zr->nr_reserved_highatomic += pa_pages(ac->order);
	} else {
		/* Before 6.10 a pageblock cut off by its zone is reserved without its free pages. */
		if (move_block(ac, zone, pfn, PA_HIGHATOMIC) < 0 && pa_version(ac->pa)->hygiene)
			return;
		*pa_block(ac->pa, z, pfn) = PA_HIGHATOMIC;
		zr->nr_reserved_highatomic += block;
	}
	if (ac->rec)
		ac->rec->reserved = true;
}

/* Give the pageblocks of one free block back; true if free pages moved. */
static bool give_back(struct pa_ctx *ac, uint32_t zone, uint64_t pfn, unsigned int order)
{
	struct pa_zone_req *zr = pa_zone_req(ac->pa, zone);
	struct pa_zone *z = &pa_zones(ac->pa)[zone];
	bool large = ac->rules->unreserve_large && order >= ac->pa->pageblock_order;
	uint64_t size = pa_pages(large ? order : ac->pa->pageblock_order);
	enum pa_mt mt = (enum pa_mt)ac->mt;

	if (ac->rules->unreserve_always || *pa_block(ac->pa, z, pfn) == PA_HIGHATOMIC)
		zr->nr_reserved_highatomic -=
			size < zr->nr_reserved_highatomic ? size : zr->nr_reserved_highatomic;
	if (large) {
		pa_count_moves(ac->pa, zone, ac->cpu, pfn, pfn + pa_pages(order));
		pa_move_range(ac->pa, z, pfn, pfn + pa_pages(order), mt);
		pa_retype(ac->pa, z, pfn, order, mt);
		return true;
	}
	/* Before 6.10 the type changes even where nothing can be moved. */
	if (!pa_version(ac->pa)->hygiene)
		*pa_block(ac->pa, z, pfn) = (uint8_t)mt;
	return move_block(ac, zone, pfn, mt) > 0 || ac->rules->unreserve_once;
}

bool pa_unreserve_highatomic(struct pa_ctx *ac, bool force)
{
	for (const uint8_t *at = ac->zonelist; *at != PA_NO_ZONE; at++) {
		const struct pa_zone_req *zr = pa_zone_req(ac->pa, *at);
		struct pa_zone *z = &pa_zones(ac->pa)[*at];

		if (!pa_node_allowed(ac, zr) ||
		    (!force && zr->nr_reserved_highatomic <= pa_pages(ac->pa->pageblock_order)))
			continue;
		for (unsigned int order = 0; order < ac->pa->nr_orders; order++) {
			uint64_t pfn = pa_pfn(z, z->lists[order][PA_HIGHATOMIC].head);

			if (pfn != PA_PFN_NONE && give_back(ac, *at, pfn, order))
				return true;
		}
	}
	return false;
}
