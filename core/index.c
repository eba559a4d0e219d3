/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Indices of fragmentation, from the number of free blocks of each order alone: mm/vmstat.c.
 */
#include <errno.h>

#include "pa_req_internal.h"

/* struct contig_page_info */
struct contig {
	uint64_t pages;	   /* free pages */
	uint64_t blocks;   /* free blocks */
	uint64_t suitable; /* blocks of the order asked for, once all larger ones are split */
};

static void count(const uint64_t *nr_free, unsigned int nr_orders, unsigned int order,
		  struct contig *info)
{
	*info = (struct contig){ 0 };
	for (unsigned int o = 0; o < nr_orders; o++) {
		info->blocks += nr_free[o];
		info->pages += nr_free[o] << o;
		if (o >= order)
			info->suitable += nr_free[o] << (o - order);
	}
}

static bool fill(const struct pa *pa, uint32_t zone, unsigned int order, struct contig *info)
{
	uint64_t nr_free[PA_MAX_ORDERS];

	if (zone >= pa->nr_zones || order >= pa->nr_orders)
		return false;
	for (unsigned int o = 0; o < pa->nr_orders; o++)
		nr_free[o] = pa_nr_free(pa, zone, o);
	count(nr_free, pa->nr_orders, order, info);
	return true;
}

static int fragmentation(const struct contig *info, unsigned int order)
{
	if (!info->blocks)
		return 0;
	if (info->suitable)
		return -1000;
	return 1000 - (int)((1000 + info->pages * 1000 / pa_pages(order)) / info->blocks);
}

int pa_fragmentation_index(const struct pa *pa, uint32_t zone, unsigned int order)
{
	struct contig info;

	return fill(pa, zone, order, &info) ? fragmentation(&info, order) : -EINVAL;
}

int pa_fragmentation_of(const uint64_t *nr_free, unsigned int nr_orders, unsigned int order)
{
	struct contig info;

	if (nr_orders > PA_TOLD_ORDERS || order >= nr_orders)
		return -EINVAL;
	count(nr_free, nr_orders, order, &info);
	return fragmentation(&info, order);
}

int pa_unusable_index(const struct pa *pa, uint32_t zone, unsigned int order)
{
	struct contig info;

	if (!fill(pa, zone, order, &info))
		return -EINVAL;
	if (!info.pages)
		return 1000;
	return (int)((info.pages - (info.suitable << order)) * 1000 / info.pages);
}

int pa_extfrag(const struct pa *pa, uint32_t zone, unsigned int order)
{
	struct contig info;

	if (!fill(pa, zone, order, &info))
		return -EINVAL;
	if (!info.pages)
		return 0;
	return (int)((info.pages - (info.suitable << order)) * 100 / info.pages);
}
