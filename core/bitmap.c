/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * 2.4's free_area.map: one bit for each pair of buddies, flipped whenever one of the two enters or
 * leaves the free list of their order.
 *
 * So the bit is 1 while just one of them is free.  A free that finds it 1 knows without looking
 * that the buddy is free, takes it off its list and goes on one order up; a free that finds it 0
 * stops there, for two free buddies never stay apart.  The largest order has no bits: nothing
 * merges there.  A buddy that would lie outside the zone counts as allocated for good.
 */
#include <errno.h>

#include "pa_internal.h"

uint64_t pa_nr_pairs(uint64_t start, uint64_t end, unsigned int order)
{
	return ((end - 1) >> (order + 1)) - (start >> (order + 1)) + 1;
}

static uint64_t pair_of(const struct pa_zone *z, uint64_t pfn, unsigned int order)
{
	return z->pairs[order] + (pfn >> (order + 1)) - (z->start >> (order + 1));
}

bool pa_pair_bit(const struct pa *pa, const struct pa_zone *z, uint64_t pfn, unsigned int order)
{
	uint64_t bit = pair_of(z, pfn, order);

	return pa_maps(pa)[bit / 8] >> bit % 8 & 1;
}

void pa_flip_pair(struct pa *pa, const struct pa_zone *z, uint64_t pfn, unsigned int order)
{
	uint64_t bit;

	if (order + 1 == pa->nr_orders)
		return;
	bit = pair_of(z, pfn, order);
	pa_maps(pa)[bit / 8] ^= (uint8_t)(1u << bit % 8);
}

int pa_pair(const struct pa *pa, uint64_t pfn, unsigned int order)
{
	const struct pa_zone *z = pa_zone_at(pa, pfn);

	if (!z || !pa->maps || order + 1 >= pa->nr_orders)
		return -EINVAL;
	return pa_pair_bit(pa, z, pfn, order);
}
