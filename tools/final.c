/* SPDX-License-Identifier: GPL-2.0-only */
#include "final.h"

#include <stdlib.h>

struct list {
	uint64_t cursor; /* the core's block that should come next */
	uint64_t kernel; /* blocks seen */
	uint64_t found;	 /* of these on the same list of the core */
	bool seen, ordered;
};

struct final_lists {
	const struct pa *pa;
	struct list list[]; /* [zone][order][mt] */
};

static size_t index_of(uint32_t zone, unsigned int order, unsigned int mt)
{
	return ((size_t)zone * PA_MAX_ORDERS + order) * PA_NR_MT + mt;
}

struct final_lists *final_open(const struct pa *pa)
{
	size_t n = index_of(pa_nr_zones(pa), 0, 0);
	struct final_lists *f = calloc(1, sizeof(*f) + n * sizeof(f->list[0]));

	if (f)
		f->pa = pa;
	return f;
}

void final_close(struct final_lists *f)
{
	free(f);
}

void final_add(struct final_lists *f, uint32_t zone, unsigned int order, enum pa_mt mt,
	       const uint64_t *pfn, size_t n)
{
	struct list *l = &f->list[index_of(zone, order, mt)];
	struct pa_page_info info;

	if (!l->seen) {
		l->seen = true;
		l->ordered = true;
		l->cursor = pa_list_head(f->pa, zone, order, mt);
	}
	for (size_t i = 0; i < n; i++) {
		l->ordered &= l->cursor == pfn[i];
		if (l->cursor != PA_PFN_NONE)
			l->cursor = pa_list_next(f->pa, l->cursor);
		if (!pa_page(f->pa, pfn[i], &info) && info.head && info.order == order &&
		    info.mt == mt && pa_zone_of(f->pa, pfn[i]) == (int)zone)
			l->found++;
	}
	l->kernel += n;
}

static void count_list(const struct list *l, uint64_t len, struct final_count *count)
{
	bool same = l->kernel == len && l->found == len;

	count->blocks += l->kernel;
	count->blocks_exact += l->found;
	if (!l->kernel && !len)
		return;
	count->lists++;
	count->lists_exact_set += same;
	count->lists_exact_order += same && l->ordered && l->cursor == PA_PFN_NONE;
}

void final_zone(const struct final_lists *f, uint32_t zone, struct final_count *count)
{
	for (unsigned int order = 0; order < PA_MAX_ORDERS; order++)
		for (unsigned int mt = 0; mt < PA_NR_MT; mt++)
			count_list(&f->list[index_of(zone, order, mt)],
				   pa_list_len(f->pa, zone, order, mt), count);
}
