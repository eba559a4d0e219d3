/* SPDX-License-Identifier: GPL-2.0-only */
/* The closing snapshot: what proves that every list is what the kernel's was. */
#include <errno.h>
#include <stdlib.h>

#include "replay_internal.h"

static struct final_list *final_list(const struct replay *r, uint32_t zone, unsigned int order,
				     unsigned int mt)
{
	return &r->final[(zone * PA_MAX_ORDERS + order) * PA_NR_MT + mt];
}

/* The next block of the kernel's, or none: is it the core's? */
static void compare_next(struct final_list *f, uint64_t at, uint64_t pfn)
{
	if (f->apart || f->cursor == pfn)
		return;
	f->apart = true;
	f->at = at;
	f->kernel_pfn = pfn;
	f->core_pfn = f->cursor;
}

/* A long list comes in several items. */
int replay_final_list(struct replay *r, const struct trace_list *list)
{
	struct final_list *f;
	struct pa_page_info info;
	uint8_t mt = list->mt < r->meta->nr_mt ? r->mt[list->mt] : NO_MT;
	int zone = list->zone < TRACE_MAX_ZONES ? r->zone_at[list->zone] : -1;
	size_t i;

	if (zone < 0 || mt == NO_MT || list->order >= r->meta->nr_orders || !r->zones[zone].begin)
		return 0;
	if (!r->final)
		r->final =
			calloc((size_t)r->nr_zones * PA_MAX_ORDERS * PA_NR_MT, sizeof(*r->final));
	if (!r->final)
		return -ENOMEM;
	r->zones[zone].end_seen = true;
	f = final_list(r, zone, list->order, mt);
	if (!f->seen) {
		f->seen = true;
		f->cursor = pa_list_head(r->pa, zone, list->order, mt);
	}
	for (i = 0; i < list->n; i++) {
		compare_next(f, f->kernel + i, list->pfn[i]);
		if (f->cursor != PA_PFN_NONE)
			f->cursor = pa_list_next(r->pa, f->cursor);
		if (!pa_page(r->pa, list->pfn[i], &info) && info.head &&
		    info.order == list->order && info.mt == mt &&
		    pa_zone_of(r->pa, list->pfn[i]) == zone)
			f->found++;
	}
	f->kernel += list->n;
	return 0;
}

static void count_list(struct replay *r, uint32_t zone, unsigned int order, unsigned int mt)
{
	struct final_list *f = final_list(r, zone, order, mt);
	uint64_t len = pa_list_len(r->pa, zone, order, mt);
	struct replay_result *res = &r->res;

	if (!f->seen)
		f->cursor = pa_list_head(r->pa, zone, order, mt);
	compare_next(f, f->kernel, PA_PFN_NONE);
	res->final_blocks += f->kernel;
	res->final_blocks_exact += f->found;
	if (!f->kernel && !len)
		return;
	res->lists++;
	res->lists_exact_set += f->kernel == len && f->found == len;
	res->lists_exact_order += !f->apart;
	if (f->apart && res->nr_list_diffs < REPLAY_LIST_DIFFS)
		res->list_diff[res->nr_list_diffs++] =
			(struct replay_list_diff){ .zone = r->zones[zone].trace_id,
						   .order = order,
						   .mt = mt,
						   .kernel = f->kernel,
						   .core = len,
						   .at = f->at,
						   .kernel_pfn = f->kernel_pfn,
						   .core_pfn = f->core_pfn };
}

void replay_final_end(struct replay *r)
{
	uint32_t zone, order, mt;

	for (zone = 0; zone < r->nr_zones; zone++) {
		r->res.zones_begin += r->zones[zone].begin;
		if (!r->zones[zone].begin || !r->zones[zone].end_seen)
			continue;
		r->res.end_known = true;
		r->res.zones_compared++;
		for (order = 0; order < r->meta->nr_orders; order++)
			for (mt = 0; mt < PA_NR_MT; mt++)
				count_list(r, zone, order, mt);
	}
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
