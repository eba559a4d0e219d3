/* SPDX-License-Identifier: GPL-2.0-only */
/* The closing snapshot: what proves that every list is what the kernel's was. */
#include <errno.h>
#include <string.h>

#include "replay_internal.h"

/* A long list comes in several items. */
int replay_final_list(struct replay *r, const struct trace_list *list)
{
	uint8_t mt = list->mt < r->meta->nr_mt ? r->mt[list->mt] : NO_MT;
	int zone = list->zone < TRACE_MAX_ZONES ? r->zone_at[list->zone] : -1;

	if (zone < 0 || mt == NO_MT || list->order >= r->meta->nr_orders || !r->zones[zone].begin)
		return 0;
	if (!r->final)
		r->final = final_open(r->pa);
	if (!r->final)
		return -ENOMEM;
	r->zones[zone].end_seen = true;
	final_add(r->final, (uint32_t)zone, list->order, mt, list->pfn, list->n);
	return 0;
}

void replay_final_end(struct replay *r)
{
	struct final_count count = { 0 };
	uint32_t zone;

	for (zone = 0; zone < r->nr_zones; zone++) {
		r->res.zones_begin += r->zones[zone].begin;
		if (!r->zones[zone].begin || !r->zones[zone].end_seen)
			continue;
		r->res.end_known = true;
		r->res.zones_compared++;
		final_zone(r->final, zone, &count);
	}
	r->res.lists = count.lists;
	r->res.lists_exact_order = count.lists_exact_order;
	r->res.lists_exact_set = count.lists_exact_set;
	r->res.final_blocks = count.blocks;
	r->res.final_blocks_exact = count.blocks_exact;
	r->res.nr_list_diffs = count.nr_diffs;
	memcpy(r->res.list_diff, count.diff, sizeof(count.diff));
	for (uint32_t i = 0; i < count.nr_diffs; i++)
		r->res.list_diff[i].zone = r->zones[count.diff[i].zone].trace_id;
}

bool replay_same(const struct replay_result *res)
{
	return res->picks == res->picks_exact && res->fallbacks == res->fallbacks_exact &&
	       res->claims == res->claims_exact && !res->repairs && !res->dropped &&
	       !res->unsound && res->lists == res->lists_exact_order &&
	       res->final_blocks == res->final_blocks_exact;
}

bool replay_proven(const struct replay_result *res)
{
	const struct replay_class_count *lru = &res->classes[REPLAY_LRU];

	return res->end_known && res->zones_begin && res->zones_compared == res->zones_begin &&
	       !res->picks_skipped && !res->cut && !res->lost && !res->unsound &&
	       res->picks - res->picks_exact == lru->picks &&
	       res->fallbacks - res->fallbacks_exact == lru->fallbacks &&
	       res->claims - res->claims_exact == lru->claims && res->repairs == lru->repairs &&
	       res->lists == res->lists_exact_order && res->final_blocks == res->final_blocks_exact;
}
