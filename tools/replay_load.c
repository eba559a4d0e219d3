/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a replay starts from: the begin snapshot.  And the types of pageblocks where a host
 * hides them, found out on the way: from 6.10 on each list of free pages, also of a CPU,
 * holds pages of pageblocks of its type only.
 */
#include <errno.h>
#include <stdlib.h>

#include "replay_internal.h"

static struct zone_state *zone_of_id(struct replay *r, uint32_t id)
{
	return id < TRACE_MAX_ZONES && r->zone_at[id] >= 0 ? &r->zones[r->zone_at[id]] : NULL;
}

/* Number of the pageblock of @pfn in its zone. */
static uint64_t block_of(const struct replay *r, const struct zone_state *z, uint64_t pfn)
{
	return (pfn >> r->meta->pageblock_order) - (z->start >> r->meta->pageblock_order);
}

static bool is_hidden(const struct replay *r, const struct zone_state *z, uint64_t pfn)
{
	/* A trace may list a frame for a zone that does not hold it. */
	return !z->blocks_known && r->policy->hygiene && z->known && pfn >= z->start &&
	       pfn < z->end && !z->known[block_of(r, z, pfn)];
}

void replay_learn_block(struct replay *r, const struct zone_state *z, uint64_t pfn, uint8_t mt)
{
	if (mt == NO_MT || !is_hidden(r, z, pfn))
		return;
	z->known[block_of(r, z, pfn)] = 1;
	pa_set_pageblock(r->pa, pfn, mt);
}

void replay_guess_block(struct replay *r, const struct zone_state *z, uint64_t after, uint64_t pfn)
{
	if (is_hidden(r, z, pfn))
		replay_learn_block(r, z, pfn, replay_later_mt(r, after, pfn));
}

int replay_load_list(struct replay *r, const struct trace_list *list)
{
	struct zone_state *z = zone_of_id(r, list->zone);
	uint8_t mt = replay_mt(r, list->mt);
	uint64_t block = UINT64_C(1) << r->meta->pageblock_order, pfn;
	size_t i;

	if (!z || mt == NO_MT)
		return 0;
	if (!z->known)
		z->known = calloc(block_of(r, z, z->end - 1) + 1, 1);
	if (!z->known)
		return -ENOMEM;
	z->begin = true;
	for (i = 0; i < list->n; i++) {
		if (pa_load_block(r->pa, list->pfn[i], list->order, mt)) {
			r->res.dropped++;
			continue;
		}
		pfn = list->pfn[i];
		do {
			replay_learn_block(r, z, pfn, mt);
			pfn += block;
		} while (pfn < list->pfn[i] + (UINT64_C(1) << list->order));
	}
	return 0;
}

void replay_load_blocks(struct replay *r, const struct trace_blocks *blocks)
{
	struct zone_state *z = zone_of_id(r, blocks->zone);
	uint64_t pfn = blocks->first_pfn;
	size_t i;

	if (!z)
		return;
	z->blocks_known = true;
	for (i = 0; i < blocks->n; i++, pfn += UINT64_C(1) << r->meta->pageblock_order)
		if (replay_mt(r, blocks->mt[i]) != NO_MT)
			/* The first block of a zone may start before it. */
			pa_set_pageblock(r->pa, pfn < z->start ? z->start : pfn,
					 replay_mt(r, blocks->mt[i]));
}

void replay_load_pcp(struct replay *r, const struct trace_pcp *pcp)
{
	struct zone_state *z = zone_of_id(r, pcp->zone);
	size_t i;

	for (i = 0; i < pcp->n && z; i++) {
		pa_set_use(r->pa, pcp->pfn[i], pcp->order, PA_USE_PINNED);
		/* Orders above 3 share a list among the types that are not movable. */
		if (pcp->order <= 3)
			replay_learn_block(r, z, pcp->pfn[i], replay_mt(r, pcp->mt));
	}
}
