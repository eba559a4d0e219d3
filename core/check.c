/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The invariants, one function each.  They come in this order because each may rely on those
 * before it: once the links are sound, lists can be walked.
 */
#include "pa_req_internal.h"

typedef const char *invariant(const struct pa *pa, const struct pa_zone *z);

static const char *list_sound(const struct pa *pa, const struct pa_zone *z, unsigned int order,
			      enum pa_mt mt)
{
	const struct pa_list *list = &z->lists[order][mt];
	uint32_t nr_frames = (uint32_t)(z->end - z->start);
	uint32_t prev = PA_NIL, frame = list->head, count = 0;

	for (; frame != PA_NIL; prev = frame, frame = pa_link_of(pa, z, frame, order)->next) {
		uint64_t pfn;

		if (frame - z->frame0 >= nr_frames)
			return "a list leads out of its zone";
		if (count++ == list->count)
			return "a list is longer than its count";
		pfn = pa_pfn(z, frame);
		if (*pa_tag(pa, z, pfn) != pa_head_tag(order, mt))
			return "a block on a list is marked otherwise";
		if (pfn & (pa_pages(order) - 1) || !pa_spanned(z, pfn, pa_pages(order)))
			return "a free block is not aligned or leaves its zone";
		if (pa_link_of(pa, z, frame, order)->prev != prev)
			return "a list does not read the same backwards";
	}
	if (count != list->count)
		return "a list is shorter than its count";
	return list->tail == prev ? NULL : "the tail of a list is not its last block";
}

static const char *lists_sound(const struct pa *pa, const struct pa_zone *z)
{
	for (unsigned int i = 0; i < PA_MAX_ORDERS * PA_NR_MT; i++) {
		unsigned int order = i / PA_NR_MT;
		enum pa_mt mt = (enum pa_mt)(i % PA_NR_MT);
		const char *why = list_sound(pa, z, order, mt);

		if (why)
			return why;
		if (order >= pa->nr_orders && z->lists[order][mt].count)
			return "a list of an order that does not exist has blocks";
		if (pa->maps && mt != PA_MOVABLE && z->lists[order][mt].count)
			return "there is more than one list of an order";
	}
	return NULL;
}

static const char *sums_match(const struct pa *pa, const struct pa_zone *z)
{
	for (unsigned int mt = 0; mt < PA_NR_MT; mt++) {
		uint64_t free = 0;
		uint32_t orders = 0;

		for (unsigned int order = 0; order < pa->nr_orders; order++) {
			free += z->lists[order][mt].count * pa_pages(order);
			orders |= (uint32_t) !!z->lists[order][mt].count << order;
		}
		if (free != z->free[mt])
			return "the free pages of a type do not sum up";
		if (orders != z->orders[mt])
			return "the set of non-empty lists is wrong";
	}
	return NULL;
}

/* Walk the zone block by block: heads are on lists, insides are free, nothing else is. */
static const char *frames_match(const struct pa *pa, const struct pa_zone *z)
{
	uint64_t pfn = z->start, heads = 0, listed = 0;

	while (pfn < z->end) {
		uint8_t tag = *pa_tag(pa, z, pfn++);
		uint64_t end;

		if (tag == PA_USE_FREE)
			return "a frame is free but in no block";
		if (!pa_tag_is_head(tag))
			continue;
		heads++;
		end = pfn - 1 + pa_pages(pa_tag_order(tag));
		for (; pfn < end; pfn++) {
			if (*pa_tag(pa, z, pfn) != PA_USE_FREE)
				return "a frame inside a free block is not free";
		}
	}
	for (unsigned int i = 0; i < PA_MAX_ORDERS * PA_NR_MT; i++)
		listed += z->lists[i / PA_NR_MT][i % PA_NR_MT].count;
	return heads == listed ? NULL : "a free block is on no list";
}

/* Below pageblock order nothing keeps two free buddies apart. */
static const char *buddies_merged(const struct pa *pa, const struct pa_zone *z)
{
	for (uint64_t pfn = z->start; pfn < z->end; pfn++) {
		uint8_t tag = *pa_tag(pa, z, pfn);
		unsigned int order = pa_tag_order(tag);
		uint64_t buddy = pfn ^ pa_pages(order);
		uint8_t other;

		if (!pa_tag_is_head(tag) || order >= pa->pageblock_order ||
		    !pa_spanned(z, buddy, 1))
			continue;
		other = *pa_tag(pa, z, buddy);
		if (pa_tag_is_head(other) && pa_tag_order(other) == order)
			return "two free buddies in one pageblock were left apart";
	}
	return NULL;
}

static bool heads(const struct pa *pa, const struct pa_zone *z, uint64_t pfn, unsigned int order)
{
	uint8_t tag = pa_spanned(z, pfn, 1) ? *pa_tag(pa, z, pfn) : PA_USE_UNKNOWN;

	return pa_tag_is_head(tag) && pa_tag_order(tag) == order;
}

/* 2.4: the bit of a pair says whether just one of the two is free, and both never are. */
static const char *pairs_match(const struct pa *pa, const struct pa_zone *z)
{
	if (!pa->maps)
		return NULL;
	for (unsigned int order = 0; order + 1 < pa->nr_orders; order++) {
		uint64_t step = pa_pages(order + 1), pfn = z->start & ~(step - 1);

		for (; pfn < z->end; pfn += step) {
			bool lower = heads(pa, z, pfn, order);
			bool upper = heads(pa, z, pfn + pa_pages(order), order);

			if (lower && upper)
				return "a pair of buddies is free and was left apart";
			if (pa_pair_bit(pa, z, pfn, order) != (lower || upper))
				return "the bit of a pair of buddies is wrong";
		}
	}
	return NULL;
}

static const char *types_known(const struct pa *pa, const struct pa_zone *z)
{
	uint64_t step = pa_pages(pa->pageblock_order);
	uint32_t isolated = 0;

	for (uint64_t pfn = z->start & ~(step - 1); pfn < z->end; pfn += step) {
		uint8_t mt = *pa_block(pa, z, pfn < z->start ? z->start : pfn);

		if (mt >= PA_NR_MT)
			return "a pageblock has no known type";
		if (pa->maps && mt != PA_MOVABLE)
			return "a pageblock has a type though there are none";
		isolated += mt == PA_ISOLATE;
	}
	return isolated == z->nr_isolate ? NULL : "the isolated pageblocks are miscounted";
}

/*
 * 6.10 and later: a block is on the list of its pageblock's type.  Not so where a merge across
 * small pageblocks retypes just the first one absorbed.
 */
static const char *types_agree(const struct pa *pa, const struct pa_zone *z)
{
	const struct pa_policy *policy = pa_version(pa);
	bool small = pa->pageblock_order + 2 < pa->nr_orders;

	if (!policy->hygiene || (small && !policy->retype_range))
		return NULL;
	for (uint64_t pfn = z->start; pfn < z->end; pfn++) {
		uint8_t tag = *pa_tag(pa, z, pfn);
		uint64_t end = pfn + pa_pages(pa_tag_order(tag));

		if (!pa_tag_is_head(tag))
			continue;
		for (uint64_t p = pfn; p < end; p += pa_pages(pa->pageblock_order)) {
			if (*pa_block(pa, z, p) != pa_tag_mt(tag))
				return "a free block is not on the list of its pageblock's type";
		}
	}
	return NULL;
}

static const char *boost_bounded(const struct pa *pa, const struct pa_zone *z)
{
	return z->boost <= pa_boost_max(pa, z) ? NULL : "a watermark boost is above its limit";
}

static const char *request_sound(const struct pa *pa, const struct pa_zone *z)
{
	return pa->req ? pa_check_request(pa, pa_zone_index(pa, z)) : NULL;
}

bool pa_check(const struct pa *pa, const char **why)
{
	static invariant *const invariants[] = {
		lists_sound, sums_match,  frames_match,	 buddies_merged, pairs_match,
		types_known, types_agree, boost_bounded, request_sound,
	};

	for (uint32_t zone = 0; zone < pa->nr_zones; zone++) {
		for (size_t i = 0; i < sizeof(invariants) / sizeof(invariants[0]); i++) {
			const char *broken = invariants[i](pa, &pa_zones(pa)[zone]);

			if (broken) {
				if (why)
					*why = broken;
				return false;
			}
		}
	}
	return true;
}
