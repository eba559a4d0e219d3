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
PA_INLINE void pa_link_free(struct pa *pa, struct pa_zone *z, uint32_t frame, unsigned int order,
			    enum pa_mt mt, bool tail, bool whole)
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
PA_INLINE void pa_unlink_free(const struct pa *pa, struct pa_zone *z, uint32_t frame,
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

/* page_is_buddy: is the frame in this zone, and there a free block of this very order? */
PA_INLINE bool pa_free_at(const struct pa *pa, const struct pa_zone *z, uint32_t frame,
			  unsigned int order)
{
	if (frame - (uint32_t)z->frame0 >= z->nr_frames)
		return false;
	return (pa_descs(pa)[frame].tag & (TAG_HEAD | TAG_ORDER)) == (TAG_HEAD | order);
}

/* Is the block likely to merge further soon?  buddy_merge_likely, within __free_one_page at first. */
PA_INLINE bool pa_merge_likely(const struct pa *pa, const struct pa_zone *z, uint32_t frame,
			       unsigned int order)
{
	uint32_t parent = frame & ~(1u << order);

	return order < pa->tail_orders && pa_free_at(pa, z, parent ^ 2u << order, order + 1);
}

/*
 * Merge within a pageblock, where nothing but the buddy has a say, and nobody captures: the order
 * that it comes to.  Not 2.4.
 */
PA_INLINE unsigned int pa_merge_within(struct pa *pa, struct pa_zone *z, uint32_t *first,
				       unsigned int order)
{
	const uint32_t frame0 = (uint32_t)z->frame0, nr = z->nr_frames;
	const unsigned int end = pa->pageblock_order;
	struct pa_desc *descs = pa_descs(pa);
	uint32_t frame = *first;

	for (; order < end; order++) {
		uint32_t buddy = frame ^ 1u << order;
		uint8_t tag;

		if (buddy - frame0 >= nr)
			break;
		tag = descs[buddy].tag;
		if ((tag & (TAG_HEAD | TAG_ORDER)) != (TAG_HEAD | order))
			break;
		pa_unlink_free(pa, z, buddy, order, tag, false);
		descs[buddy].tag = PA_USE_FREE;
		frame &= buddy;
	}
	*first = frame;
	z->quick = 0;
	return order;
}

/* __free_one_page on frames in use: nobody's from now on, and nobody captures any.  Not 2.4. */
PA_INLINE void pa_free_plain(struct pa *pa, struct pa_zone *z, uint32_t frame, unsigned int order,
			     enum pa_mt mt)
{
	if (order)
		pa_fill(&pa_descs(pa)[frame], order, PA_USE_FREE, 0);
	else
		pa_descs(pa)[frame] = (struct pa_desc){ PA_USE_FREE, 0 };
	order = pa_merge_within(pa, z, &frame, order);
	if (order >= pa->pageblock_order)
		pa_merge_above(pa, z, pa_pfn(z, frame), order, mt);
	else
		pa_link_free(pa, z, frame, order, mt, pa_merge_likely(pa, z, frame, order), false);
}

#endif /* PA_LISTS_H */
