/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pageblocks: their types, moving their free pages, and the watermark boost that pays for it.
 */
#include <errno.h>

#include "pa_internal.h"

int pa_pageblock(const struct pa *pa, uint64_t pfn)
{
	const struct pa_zone *z = pa_zone_at(pa, pfn);

	return z ? *pa_block(pa, z, pfn) : -ENOENT;
}

int pa_set_pageblock(struct pa *pa, uint64_t pfn, enum pa_mt mt)
{
	struct pa_zone *z = pa_zone_at(pa, pfn);

	if ((unsigned int)mt >= PA_NR_MT)
		return -EINVAL;
	if (!z)
		return -ENOENT;
	pa_set_block(pa, z, pfn, mt);
	return 0;
}

void pa_set_block(struct pa *pa, struct pa_zone *z, uint64_t pfn, enum pa_mt mt)
{
	uint8_t *block = pa_block(pa, z, pfn);

	mt = pa_list_type(pa, mt);
	z->nr_isolate += (mt == PA_ISOLATE) - (*block == PA_ISOLATE);
	*block = (uint8_t)mt;
}

void pa_retype(struct pa *pa, struct pa_zone *z, uint64_t pfn, unsigned int order, enum pa_mt mt)
{
	uint64_t end = pfn + pa_pages(order);

	for (; pfn < end; pfn += pa_pages(pa->pageblock_order))
		pa_set_block(pa, z, pfn, mt);
}

int pa_free_type(const struct pa *pa, uint64_t pfn, enum pa_mt before)
{
	const struct pa_zone *z = pa_zone_at(pa, pfn);

	if ((unsigned int)before >= PA_NR_MT)
		return -EINVAL;
	if (!z)
		return -ENOENT;
	return pa_type_at_free(pa, z, pfn, before);
}

/*
 * prep_move_freepages_block (6.10 and later) refuses a pageblock that is not wholly inside the
 * zone.  Before, move_freepages_block refused one cut off at its end, and moved one cut off at
 * its start from @pfn on.
 */
bool pa_block_range(const struct pa *pa, const struct pa_zone *z, uint64_t pfn, uint64_t *first,
		    uint64_t *end)
{
	uint64_t nr = pa_pages(pa->pageblock_order);
	uint64_t start = pfn & ~(nr - 1);

	if (start + nr > z->end || (start < z->start && pa_version(pa)->hygiene))
		return false;
	*first = start < z->start ? pfn : start;
	*end = start + nr;
	return true;
}

void pa_move_range(struct pa *pa, struct pa_zone *z, uint64_t first, uint64_t end, enum pa_mt mt)
{
	bool tail = pa_version(pa)->tail_moves;

	for (uint64_t pfn = first; pfn < end;) {
		uint8_t tag = *pa_tag(pa, z, pfn);

		if (!pa_tag_is_head(tag)) {
			pfn++;
			continue;
		}
		pa_unlink_block(pa, z, pfn);
		pa_link_block(pa, z, pfn, pa_tag_order(tag), mt, tail);
		pfn += pa_pages(pa_tag_order(tag));
	}
}

/*
 * move_freepages_block_isolate: a free block larger than the pageblock must not keep one type
 * for all of it, so it goes back as pageblocks, each with its own.
 */
static bool split_straddler(struct pa *pa, uint64_t pfn, enum pa_mt mt)
{
	struct pa_page_info info;

	if (pa_page(pa, pfn, &info) || !info.free || info.order <= pa->pageblock_order)
		return false;
	pa_take(pa, info.block, info.order);
	pa_set_pageblock(pa, pfn, mt);
	pa_free(pa, info.block, info.order, 0, -1);
	return true;
}

int pa_move_block(struct pa *pa, uint64_t pfn, enum pa_mt mt)
{
	struct pa_zone *z = pa_zone_at(pa, pfn);
	uint64_t first, end;

	if ((unsigned int)mt >= PA_NR_MT)
		return -EINVAL;
	if (!z || !pa_block_range(pa, z, pfn, &first, &end))
		return -ENOENT;
	if (pa->maps || (pa_version(pa)->hygiene && split_straddler(pa, pfn, mt)))
		return 0;
	pa_move_range(pa, z, first, end, mt);
	pa_set_block(pa, z, pfn, mt);
	return 0;
}

/* Is the isolated free block @info kept from merging with its buddy by nothing but that? */
static bool waits(const struct pa *pa, const struct pa_page_info *info)
{
	uint64_t buddy = info->block ^ pa_pages(info->order);
	struct pa_page_info other;

	return info->head && info->order >= pa->pageblock_order &&
	       info->order + 1u < pa->nr_orders && !pa_page(pa, buddy, &other) && other.head &&
	       other.order == info->order && pa_zone_at(pa, buddy) == pa_zone_at(pa, info->block) &&
	       pa_pageblock(pa, buddy) != PA_ISOLATE;
}

int pa_unisolate(struct pa *pa, uint64_t pfn, enum pa_mt mt)
{
	uint64_t first = pfn & ~(pa_pages(pa->pageblock_order) - 1);
	struct pa_page_info info;

	if ((unsigned int)mt >= PA_NR_MT || mt == PA_ISOLATE || pa_pageblock(pa, pfn) != PA_ISOLATE)
		return -EINVAL;
	if (pa_page(pa, first, &info) || !waits(pa, &info))
		return pa_move_block(pa, pfn, mt);
	pa_isolate(pa, first, info.order);
	pa_set_pageblock(pa, first, mt);
	return pa_putback(pa, first, info.order, mt);
}

/* Retype one pageblock of a reserve, and move what may be moved of it. */
static void set_reserve(struct pa *pa, struct pa_zone *z, uint64_t pfn, enum pa_mt mt)
{
	uint64_t first, end;

	pa_set_block(pa, z, pfn, mt);
	if (pa_block_range(pa, z, pfn, &first, &end))
		pa_move_range(pa, z, first, end, mt);
}

void pa_reserve_pageblocks(struct pa *pa, uint32_t zone, uint64_t min)
{
	uint64_t block = pa_pages(pa->pageblock_order), max = pa_version(pa)->reserve_max;
	uint64_t want = min / block + !!(min % block), pfn;
	struct pa_zone *z;

	if (zone >= pa->nr_zones || !max)
		return;
	z = &pa_zones(pa)[zone];
	if (want > max)
		want = max;
	/* 2.6.24 steps from a ragged start on; 3.10 begins with the first whole pageblock. */
	pfn = pa_version(pa)->first_cut ? z->start : (z->start + block - 1) & ~(block - 1);
	for (; pfn < z->end; pfn += block) {
		enum pa_mt mt = *pa_block(pa, z, pfn);

		if (want && (mt == PA_RESERVE || mt == PA_MOVABLE)) {
			want--;
			if (mt == PA_MOVABLE)
				set_reserve(pa, z, pfn, PA_RESERVE);
		} else if (mt == PA_RESERVE) {
			set_reserve(pa, z, pfn, PA_MOVABLE);
		}
	}
}

/* mult_frac(high, factor, 10000), but never below one pageblock; 0 where boosting is off. */
uint64_t pa_boost_max(const struct pa *pa, const struct pa_zone *z)
{
	uint64_t block = pa_pages(pa->pageblock_order), max;

	if (!pa->boost_factor || block * 4 > z->managed)
		return 0;
	max = z->wmark_high / 10000 * pa->boost_factor +
	      z->wmark_high % 10000 * pa->boost_factor / 10000;
	if (!max)
		return 0;
	return max > block ? max : block;
}

void pa_boost_watermark(const struct pa *pa, struct pa_zone *z)
{
	uint64_t max = pa_boost_max(pa, z);

	if (!max)
		return;
	z->quick = 0;
	z->boost += pa_pages(pa->pageblock_order);
	if (z->boost > max)
		z->boost = max;
}

uint64_t pa_boost(const struct pa *pa, uint32_t zone)
{
	return zone < pa->nr_zones ? pa_zones(pa)[zone].boost : 0;
}
