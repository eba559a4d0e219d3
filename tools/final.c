/* SPDX-License-Identifier: GPL-2.0-only */
#include "final.h"

#include <stdlib.h>

struct list {
	uint64_t cursor; /* the core's block that should come next */
	uint64_t kernel; /* blocks seen */
	uint64_t found;	 /* of these on the same list of the core */
	bool seen, apart;
	uint64_t at, kernel_pfn, core_pfn; /* if apart: where first, and what was there */
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

/* The next block of the kernel's, or none: is it the core's? */
static void compare_next(struct list *l, uint64_t at, uint64_t pfn)
{
	if (l->apart || l->cursor == pfn)
		return;
	l->apart = true;
	l->at = at;
	l->kernel_pfn = pfn;
	l->core_pfn = l->cursor;
}

void final_add(struct final_lists *f, uint32_t zone, unsigned int order, enum pa_mt mt,
	       const uint64_t *pfn, size_t n)
{
	struct list *l = &f->list[index_of(zone, order, mt)];
	struct pa_page_info info;

	if (!l->seen) {
		l->seen = true;
		l->cursor = pa_list_head(f->pa, zone, order, mt);
	}
	for (size_t i = 0; i < n; i++) {
		compare_next(l, l->kernel + i, pfn[i]);
		if (l->cursor != PA_PFN_NONE)
			l->cursor = pa_list_next(f->pa, l->cursor);
		if (!pa_page(f->pa, pfn[i], &info) && info.head && info.order == order &&
		    info.mt == mt && pa_zone_of(f->pa, pfn[i]) == (int)zone)
			l->found++;
	}
	l->kernel += n;
}

static void count_list(struct final_lists *f, uint32_t zone, unsigned int order, unsigned int mt,
		       struct final_count *count)
{
	struct list *l = &f->list[index_of(zone, order, mt)];
	uint64_t len = pa_list_len(f->pa, zone, order, mt);

	if (!l->seen)
		l->cursor = pa_list_head(f->pa, zone, order, mt);
	compare_next(l, l->kernel, PA_PFN_NONE);
	count->blocks += l->kernel;
	count->blocks_exact += l->found;
	if (!l->kernel && !len)
		return;
	count->lists++;
	count->lists_exact_set += l->kernel == len && l->found == len;
	count->lists_exact_order += !l->apart;
	if (l->apart && count->nr_diffs < FINAL_DIFFS)
		count->diff[count->nr_diffs++] = (struct final_diff){ .zone = zone,
								      .order = order,
								      .mt = mt,
								      .kernel = l->kernel,
								      .core = len,
								      .at = l->at,
								      .kernel_pfn = l->kernel_pfn,
								      .core_pfn = l->core_pfn };
}

void final_zone(struct final_lists *f, uint32_t zone, struct final_count *count)
{
	for (unsigned int order = 0; order < PA_MAX_ORDERS; order++)
		for (unsigned int mt = 0; mt < PA_NR_MT; mt++)
			count_list(f, zone, order, mt, count);
}
