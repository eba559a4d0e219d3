/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is done for each block that enters or leaves a free list: link, unlink, merge.
 *
 * buddy.c is made of these, and pcp.c, which gives back hundreds of pages in a row.
 */
#ifndef PA_LISTS_H
#define PA_LISTS_H

#include "pa_internal.h"

/* The block of @order at @frame enters a list; @whole: it is a pageblock or more. */
static inline void pa_link_free(struct pa *pa, struct pa_zone *z, uint32_t frame,
				unsigned int order, enum pa_mt mt, bool tail, bool whole)
{
	struct pa_link *self = pa_link_at(pa, z, frame, whole);
	struct pa_list *list = &z->lists[order][mt];
	uint32_t prev = tail ? list->tail : PA_NIL, next = tail ? PA_NIL : list->head;

	*self = (struct pa_link){ .next = next, .prev = prev };
	*(prev == PA_NIL ? &list->head : &pa_link_at(pa, z, prev, whole)->next) = frame;
	*(next == PA_NIL ? &list->tail : &pa_link_at(pa, z, next, whole)->prev) = frame;
	list->count++;
	z->orders[mt] |= 1u << order;
	z->free[mt] += pa_pages(order);
	pa_descs(pa)[frame].tag = pa_head_tag(order, mt);
}

/* The block of @order at @frame, which has this tag, leaves its list. */
static inline void pa_unlink_free(const struct pa *pa, struct pa_zone *z, uint32_t frame,
				  unsigned int order, uint8_t tag, bool whole)
{
	enum pa_mt mt = pa_tag_mt(tag);
	struct pa_list *list = &z->lists[order][mt];
	const struct pa_link self = *pa_link_at(pa, z, frame, whole);

	*(self.prev == PA_NIL ? &list->head : &pa_link_at(pa, z, self.prev, whole)->next) =
		self.next;
	*(self.next == PA_NIL ? &list->tail : &pa_link_at(pa, z, self.next, whole)->prev) =
		self.prev;
	z->free[mt] -= pa_pages(order);
	if (!--list->count)
		z->orders[mt] &= ~(1u << order);
}

/* page_is_buddy: free, of this very order, in this zone. */
static inline bool pa_free_at(const struct pa *pa, const struct pa_zone *z, uint64_t pfn,
			      unsigned int order)
{
	uint8_t tag;

	if (pfn - z->start >= z->end - z->start)
		return false;
	tag = *pa_tag(pa, z, pfn);
	return (tag & (TAG_HEAD | TAG_ORDER)) == (TAG_HEAD | order);
}

/* Is the block likely to merge further soon?  buddy_merge_likely, within __free_one_page at first. */
static inline bool pa_merge_likely(const struct pa *pa, const struct pa_zone *z, uint64_t pfn,
				   unsigned int order)
{
	uint64_t parent = pfn & ~pa_pages(order);

	if (order >= pa->tail_orders)
		return false;
	return pa_free_at(pa, z, parent ^ pa_pages(order + 1), order + 1);
}

/*
 * Merge within a pageblock, where nothing but the buddy has a say, and nobody captures: the order
 * that it comes to.  Not 2.4.
 */
static inline unsigned int pa_merge_within(struct pa *pa, struct pa_zone *z, uint64_t *pfn,
					   unsigned int order)
{
	unsigned int top = pa->nr_orders - 1u;
	unsigned int end = top < pa->pageblock_order ? top : pa->pageblock_order;
	const uint64_t start = z->start, pages = z->end - start, pfn0 = z->pfn0;
	struct pa_desc *descs = pa_descs(pa);

	for (; order < end; order++) {
		uint64_t buddy = *pfn ^ pa_pages(order);
		struct pa_desc *desc;
		uint8_t tag;

		if (buddy - start >= pages)
			break;
		desc = &descs[buddy - pfn0];
		tag = desc->tag;
		if ((tag & (TAG_HEAD | TAG_ORDER)) != (TAG_HEAD | order))
			break;
		pa_unlink_free(pa, z, (uint32_t)(buddy - pfn0), order, tag, false);
		desc->tag = PA_USE_FREE;
		*pfn &= buddy;
	}
	z->quick = 0;
	return order;
}

/* __free_one_page on frames that are in use, of which nobody captures any.  Not 2.4. */
static inline void pa_free_plain(struct pa *pa, struct pa_zone *z, uint64_t pfn, unsigned int order,
				 enum pa_mt mt)
{
	pa_mark(pa, z, pfn, order, PA_USE_FREE);
	order = pa_merge_within(pa, z, &pfn, order);
	if (order >= pa->pageblock_order)
		pa_merge_above(pa, z, pfn, order, mt);
	else
		pa_link_free(pa, z, pa_frame(z, pfn), order, mt, pa_merge_likely(pa, z, pfn, order),
			     false);
}

#endif /* PA_LISTS_H */
