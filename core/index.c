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

static bool fill(const struct pa *pa, uint32_t zone, unsigned int order, struct contig *info)
{
	*info = (struct contig){ 0 };
	if (zone >= pa->nr_zones || order >= pa->nr_orders)
		return false;
	for (unsigned int o = 0; o < pa->nr_orders; o++) {
		uint64_t nr = pa_nr_free(pa, zone, o);

		info->blocks += nr;
		info->pages += nr << o;
		if (o >= order)
			info->suitable += nr << (o - order);
	}
	return true;
}

int pa_fragmentation_index(const struct pa *pa, uint32_t zone, unsigned int order)
{
	struct contig info;

	if (!fill(pa, zone, order, &info))
		return -EINVAL;
	if (!info.blocks)
		return 0;
	if (info.suitable)
		return -1000;
	return 1000 - (int)((1000 + info.pages * 1000 / pa_pages(order)) / info.blocks);
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
