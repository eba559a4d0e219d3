/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is done for each block that enters or leaves a free list: link, unlink, merge.
 *
 * buddy.c is made of these, and pcp.c, which gives back hundreds of pages in a row.
 */
#ifndef PA_LISTS_H
#define PA_LISTS_H

#include "pa_internal.h"

/* The block of @order at @frame enters a list, its pages being counted; @whole: it is a pageblock or more. */
PA_INLINE void pa_enter_list(struct pa *pa, struct pa_zone *z, struct pa_desc *descs,
			     uint32_t frame, unsigned int order, enum pa_mt mt, bool tail,
			     bool whole)
{
	struct pa_list *list = &z->lists[order][mt];
	struct pa_link *self = pa_link_at(pa, z, frame, whole);
	uint32_t other;

	if (tail) {
		other = list->tail;
		*self = (struct pa_link){ .next = PA_NIL, .prev = other };
		*(other == PA_NIL ? &list->head : &pa_link_at(pa, z, other, whole)->next) = frame;
		list->tail = frame;
	} else {
		other = list->head;
		*self = (struct pa_link){ .next = other, .prev = PA_NIL };
		*(other == PA_NIL ? &list->tail : &pa_link_at(pa, z, other, whole)->prev) = frame;
		list->head = frame;
	}
	list->count++;
	z->orders[mt] |= 1u << order;
	descs[frame].tag = pa_head_tag(order, mt);
}

/* The block of @order at @frame, which is on the list of type @mt, leaves it, still counted. */
PA_INLINE void pa_leave_list(struct pa *pa, struct pa_zone *z, uint32_t frame, unsigned int order,
			     enum pa_mt mt, bool whole)
{
	struct pa_list *list = &z->lists[order][mt];
	const struct pa_link self = *pa_link_at(pa, z, frame, whole);

	*(self.prev == PA_NIL ? &list->head : &pa_link_at(pa, z, self.prev, whole)->next) =
		self.next;
	*(self.next == PA_NIL ? &list->tail : &pa_link_at(pa, z, self.next, whole)->prev) =
		self.prev;
	if (!--list->count)
		z->orders[mt] &= ~(1u << order);
}

/* page_is_buddy: is there a free block of this very order?  Needs no zone: see PA_FRAMES_ALIGN. */
PA_INLINE bool pa_free_at(const struct pa_desc *descs, uint32_t frame, unsigned int order)
{
	return (descs[frame].tag & (TAG_HEAD | TAG_ORDER)) == (TAG_HEAD | order);
}

/* Is the block likely to merge further soon?  buddy_merge_likely, within __free_one_page at first. */
PA_INLINE bool pa_merge_likely(const struct pa *pa, const struct pa_desc *descs, uint32_t frame,
			       unsigned int order)
{
	uint32_t parent = frame & ~(1u << order);

	return order < pa->tail_orders && pa_free_at(descs, parent ^ 2u << order, order + 1);
}

/*
 * __free_one_page on frames whose tags say that they are free, where no bitmap is kept and nobody captures.
 * Within a pageblock nothing but the buddy has a say.
 */
PA_INLINE void pa_merge_plain(struct pa *pa, struct pa_zone *z, struct pa_desc *descs,
			      uint32_t frame, unsigned int order, enum pa_mt mt, bool tail)
{
	const unsigned int end = pa->pageblock_order;

	z->quick = 0;
	z->free[mt] += pa_pages(order);
	for (; order < end; order++) {
		const uint32_t buddy = frame ^ 1u << order;
		const uint8_t tag = descs[buddy].tag;

		if ((tag & (TAG_HEAD | TAG_ORDER)) != (TAG_HEAD | order)) {
			tail |= pa_merge_likely(pa, descs, frame, order);
			pa_enter_list(pa, z, descs, frame, order, mt, tail, false);
			return;
		}
		pa_leave_list(pa, z, buddy, order, pa_tag_mt(tag), false);
		if (pa_tag_mt(tag) != mt) {
			z->free[pa_tag_mt(tag)] -= pa_pages(order);
			z->free[mt] += pa_pages(order);
		}
		descs[buddy].tag = PA_USE_FREE;
		frame &= buddy;
	}
	z->free[mt] -= pa_pages(order);
	pa_merge_above(pa, z, pa_pfn(z, frame), order, mt, tail);
}

#endif /* PA_LISTS_H */
