/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Free lists and blocks: link and unlink, merge upward, split downward, take, rotate.
 */
#include <errno.h>
#include <string.h>

#include "pa_lists.h"

static inline void link_block(struct pa *pa, struct pa_zone *z, uint64_t pfn, unsigned int order,
			      enum pa_mt mt, bool tail)
{
	pa_enter_list(pa, z, pa_descs(pa), pa_frame(z, pfn), order, mt, tail,
		      order >= pa->pageblock_order);
	z->free[mt] += pa_pages(order);
	if (pa->maps)
		pa_flip_pair(pa, z, pfn, order);
}

/* The frames stay PA_USE_FREE: the caller links them again or marks them. */
static inline void unlink_block(struct pa *pa, struct pa_zone *z, uint64_t pfn)
{
	uint32_t frame = pa_frame(z, pfn);
	uint8_t *tag = &pa_descs(pa)[frame].tag;
	unsigned int order = pa_tag_order(*tag);

	pa_leave_list(pa, z, frame, order, pa_tag_mt(*tag), order >= pa->pageblock_order);
	z->free[pa_tag_mt(*tag)] -= pa_pages(order);
	z->quick = 0;
	*tag = PA_USE_FREE;
	if (pa->maps)
		pa_flip_pair(pa, z, pfn, order);
}

void pa_link_block(struct pa *pa, struct pa_zone *z, uint64_t pfn, unsigned int order,
		   enum pa_mt mt, bool tail)
{
	link_block(pa, z, pfn, order, mt, tail);
}

void pa_unlink_block(struct pa *pa, struct pa_zone *z, uint64_t pfn)
{
	unlink_block(pa, z, pfn);
}

void pa_mark(struct pa *pa, struct pa_zone *z, uint64_t pfn, unsigned int order, enum pa_use use)
{
	struct pa_desc *desc = pa_desc(pa, z, pfn);

	if (order)
		pa_fill(desc, order, use, desc->owner);
	else
		desc->tag = (uint8_t)use;
}

bool pa_any_free(const struct pa *pa, const struct pa_zone *z, uint64_t pfn, unsigned int order)
{
	const struct pa_desc *desc = pa_desc(pa, z, pfn);
	size_t n = (size_t)pa_pages(order);

	/* Behind the first, frames of one use, as in most blocks: no need to look at each. */
	if (n > 1 && !memcmp(desc + 1, desc + 2, (n - 2) * sizeof(*desc)))
		n = 2;
	for (size_t i = 0; i < n; i++) {
		if (pa_tag_is_free(desc[i].tag))
			return true;
	}
	return false;
}

/* Halves go to the heads of their lists, largest first. */
void pa_hand_out(struct pa *pa, struct pa_zone *z, uint64_t pfn, unsigned int order)
{
	uint8_t tag = *pa_tag(pa, z, pfn);
	unsigned int high = pa_tag_order(tag);

	unlink_block(pa, z, pfn);
	while (high > order) {
		uint64_t spare = pa_pages(--high);

		if (pa->maps) {
			pfn += spare;
			spare = -spare;
		}
		link_block(pa, z, pfn + spare, high, pa_tag_mt(tag), false);
	}
	pa_mark(pa, z, pfn, order, PA_USE_PINNED);
}

/* The first blocks of a list leave it, one after another: each is of the order that is wanted. */
static uint32_t hand_out_list(struct pa *pa, struct pa_zone *z, unsigned int order, enum pa_mt mt,
			      uint32_t most, uint32_t *frames)
{
	struct pa_list *list = &z->lists[order][mt];
	uint32_t n = most < list->count ? most : list->count, frame = list->head;

	for (uint32_t i = 0; i < n; i++) {
		frames[i] = frame;
		frame = pa_link_of(pa, z, frame, order)->next;
		if (frame != PA_NIL)
			pa_prefetch(pa, frame);
	}
	list->head = frame;
	*(frame == PA_NIL ? &list->tail : &pa_link_of(pa, z, frame, order)->prev) = PA_NIL;
	list->count -= n;
	if (!list->count)
		z->orders[mt] &= ~(1u << order);
	z->free[mt] -= (uint64_t)n << order;
	return n;
}

/*
 * One block is split for as many as it has: what is left of it is as if they had been asked for one
 * by one, as all lists below its own are empty.
 */
static uint32_t hand_out_parts(struct pa *pa, struct pa_zone *z, unsigned int high,
			       unsigned int order, enum pa_mt mt, uint32_t most, uint32_t *frames)
{
	uint32_t first = z->lists[high][mt].head, parts = 1u << (high - order);
	uint32_t n = most < parts ? most : parts;
	uint64_t pfn = pa_pfn(z, first);

	unlink_block(pa, z, pfn);
	for (uint32_t i = 0; i < n; i++)
		frames[i] = first + (i << order);
	for (uint32_t at = n; at < parts; at += at & -at)
		link_block(pa, z, pfn + ((uint64_t)at << order),
			   order + (unsigned int)__builtin_ctz(at), mt, false);
	return n;
}

uint32_t pa_hand_out_run(struct pa *pa, struct pa_zone *z, unsigned int order, enum pa_mt mt,
			 uint32_t most, uint32_t *frames)
{
	unsigned int high = (unsigned int)__builtin_ctz(z->orders[mt] >> order << order);

	z->quick = 0;
	return high == order ? hand_out_list(pa, z, order, mt, most, frames) :
			       hand_out_parts(pa, z, high, order, mt, most, frames);
}

/* Is the buddy of (@pfn, @order), which is being freed, a free block?  2.4 asks its bit alone. */
static inline bool buddy_free(const struct pa *pa, const struct pa_zone *z, uint64_t pfn,
			      unsigned int order)
{
	if (pa->maps)
		return pa_pair_bit(pa, z, pfn, order);
	return pa_free_at(pa_descs(pa), pa_frame(z, pfn ^ pa_pages(order)), order);
}

/*
 * May a block of list type @mt absorb its buddy?  Below pageblock order both are in one block, and
 * it may.  Above, isolated pages must stay countable, later no type that cannot fall back may spread.
 * 4.4 to 5.17 looked only where the zone has isolated pageblocks; elsewhere the test passes anyway.
 */
static bool may_absorb(const struct pa *pa, const struct pa_zone *z, uint64_t buddy, enum pa_mt mt)
{
	enum pa_mt buddy_mt;

	buddy_mt = *pa_block(pa, z, buddy);
	switch (pa_version(pa)->barrier) {
	case PA_BARRIER_NONE:
		return true;
	case PA_BARRIER_ISOLATE:
		return (buddy_mt == PA_ISOLATE) == (mt == PA_ISOLATE);
	default:
		return buddy_mt == mt || (pa_mergeable(mt) && pa_mergeable(buddy_mt));
	}
}

/*
 * 6.10 and later give an absorbed buddy the type of the list it joins; the first of them gave
 * it to its first pageblock only.
 */
static void retype_absorbed(struct pa *pa, struct pa_zone *z, uint64_t buddy, unsigned int order,
			    enum pa_mt mt)
{
	const struct pa_policy *policy = pa_version(pa);

	if (*pa_block(pa, z, buddy) == mt)
		return;
	if (policy->hygiene)
		pa_retype(pa, z, buddy, policy->retype_range ? order : pa->pageblock_order, mt);
}

/* compaction_capture, as far as it does not depend on who asks. */
static bool captures(unsigned int order, enum pa_mt mt, int capture)
{
	return capture >= 0 && order == (unsigned int)capture && mt != PA_CMA && mt != PA_ISOLATE;
}

/* The same with all that has a say.  True: the block was captured, and is no order's any more. */
static bool merge_on(struct pa *pa, struct pa_zone *z, uint64_t *pfn, unsigned int *order,
		     enum pa_mt mt, int capture)
{
	for (; *order + 1 < pa->nr_orders; ++*order) {
		uint64_t buddy = *pfn ^ pa_pages(*order);
		bool across = *order >= pa->pageblock_order;

		if (captures(*order, mt, capture)) {
			pa_mark(pa, z, *pfn, *order, PA_USE_PINNED);
			return true;
		}
		if (!buddy_free(pa, z, *pfn, *order) || (across && !may_absorb(pa, z, buddy, mt)))
			break;
		unlink_block(pa, z, buddy);
		if (across)
			retype_absorbed(pa, z, buddy, *order, mt);
		*pfn &= buddy;
	}
	return false;
}

/* To the tail: the caller says so, or the block is likely to merge further. */
static void link_merged(struct pa *pa, struct pa_zone *z, uint64_t pfn, unsigned int order,
			enum pa_mt mt, bool tail)
{
	tail = tail || pa_merge_likely(pa, pa_descs(pa), pa_frame(z, pfn), order);
	link_block(pa, z, pfn, order, mt, tail);
}

/* __free_one_page on frames known to be in use.  Returns whether they were captured. */
static inline bool merge_and_link(struct pa *pa, struct pa_zone *z, uint64_t pfn,
				  unsigned int order, enum pa_mt mt, unsigned int flags,
				  int capture)
{
	bool tail = flags & PA_TO_TAIL && pa_version(pa)->tail_moves;

	pa_mark(pa, z, pfn, order, PA_USE_FREE);
	if (capture < 0 && !pa->maps) {
		pa_merge_plain(pa, z, pa_descs(pa), pa_frame(z, pfn), order, mt, tail);
		return false;
	}
	if (merge_on(pa, z, &pfn, &order, mt, capture))
		return true;
	link_merged(pa, z, pfn, order, mt, tail);
	return false;
}

void pa_merge_above(struct pa *pa, struct pa_zone *z, uint64_t pfn, unsigned int order,
		    enum pa_mt mt, bool tail)
{
	merge_on(pa, z, &pfn, &order, mt, -1);
	link_merged(pa, z, pfn, order, mt, tail);
}

bool pa_merge_block(struct pa *pa, struct pa_zone *z, uint64_t pfn, unsigned int order,
		    enum pa_mt mt, unsigned int flags, int capture)
{
	return merge_and_link(pa, z, pfn, order, pa_list_type(pa, mt), flags, capture);
}

int pa_free_block(struct pa *pa, uint64_t pfn, unsigned int order, enum pa_mt mt,
		  unsigned int flags, int capture)
{
	struct pa_zone *z = pa_valid_block(pa, pfn, order);

	if (!z || (unsigned int)mt >= PA_NR_MT || flags & ~(unsigned int)PA_TO_TAIL)
		return -EINVAL;
	if (pa_any_free(pa, z, pfn, order))
		return -EEXIST;
	return merge_and_link(pa, z, pfn, order, pa_list_type(pa, mt), flags, capture);
}

int pa_free(struct pa *pa, uint64_t pfn, unsigned int order, unsigned int flags, int capture)
{
	struct pa_zone *z = pa_valid_block(pa, pfn, order);
	uint64_t end = pfn + pa_pages(order);
	bool captured = false;

	if (!z || flags & ~(unsigned int)PA_TO_TAIL)
		return -EINVAL;
	if (pa_any_free(pa, z, pfn, order))
		return -EEXIST;
	if (order > pa->pageblock_order && pa_version(pa)->split_large)
		order = pa->pageblock_order;
	for (; pfn < end; pfn += pa_pages(order)) {
		/* One compactor takes one page: what follows goes to the lists. */
		if (merge_and_link(pa, z, pfn, order, *pa_block(pa, z, pfn), flags,
				   captured ? -1 : capture))
			captured = true;
	}
	return captured;
}

/* First frame of the free block that holds @pfn, which is free. */
static uint64_t block_of(const struct pa *pa, const struct pa_zone *z, uint64_t pfn)
{
	while (!pa_tag_is_head(*pa_tag(pa, z, pfn)))
		pfn &= pfn - 1; /* a block is aligned: its head has fewer low bits set */
	return pfn;
}

/* What the frame is used for, which is not free; see pa_use(). */
static enum pa_use use_at(const struct pa *pa, const struct pa_zone *z, uint64_t pfn)
{
	uint64_t first = pfn & -pa_pages(pa->pageblock_order);
	const struct pa_desc *desc = pa_desc(pa, z, pfn);

	if (first >= z->start && pa_owned(pa_desc(pa, z, first)->owner) &&
	    (pa_desc(pa, z, first)->owner & OWNER_ORDER) == pa->pageblock_order)
		desc = pa_desc(pa, z, first);
	return (enum pa_use)desc->tag;
}

int pa_page(const struct pa *pa, uint64_t pfn, struct pa_page_info *info)
{
	const struct pa_zone *z = pa_zone_at(pa, pfn);
	uint8_t tag;

	if (!z)
		return -ENOENT;
	tag = *pa_tag(pa, z, pfn);
	memset(info, 0, sizeof(*info));
	info->block = PA_PFN_NONE;
	info->use = PA_USE_FREE;
	if (!pa_tag_is_free(tag)) {
		info->use = use_at(pa, z, pfn);
		return 0;
	}
	info->free = true;
	info->head = pa_tag_is_head(tag);
	info->block = block_of(pa, z, pfn);
	tag = *pa_tag(pa, z, info->block);
	info->order = (uint8_t)pa_tag_order(tag);
	info->mt = (uint8_t)pa_tag_mt(tag);
	return 0;
}

int pa_take(struct pa *pa, uint64_t pfn, unsigned int order)
{
	struct pa_zone *z = pa_valid_block(pa, pfn, order);
	unsigned int high;
	uint64_t block;
	enum pa_mt mt;

	if (!z || !pa_tag_is_free(*pa_tag(pa, z, pfn)))
		return -ENOENT;
	block = block_of(pa, z, pfn);
	high = pa_tag_order(*pa_tag(pa, z, block));
	mt = pa_tag_mt(*pa_tag(pa, z, block));
	if (high < order)
		return -ENOENT;

	unlink_block(pa, z, block);
	while (high > order) {
		uint64_t upper = block + pa_pages(--high);

		if (pfn >= upper) {
			link_block(pa, z, block, high, mt, false);
			block = upper;
		} else {
			link_block(pa, z, upper, high, mt, false);
		}
	}
	pa_mark(pa, z, pfn, order, PA_USE_PINNED);
	return 0;
}

int pa_isolate(struct pa *pa, uint64_t pfn, unsigned int order)
{
	const struct pa_policy *policy = pa_version(pa);
	struct pa_zone *z = pa_valid_block(pa, pfn, order);
	uint64_t last = pfn + pa_pages(order) - 1;

	if (!z || !pa_free_at(pa_descs(pa), pa_frame(z, pfn), order))
		return -ENOENT;
	unlink_block(pa, z, pfn);
	pa_mark(pa, z, pfn, order, PA_USE_PINNED);
	if (order + 1 < pa->pageblock_order)
		return 0;

	for (; pfn < last; pfn += pa_pages(pa->pageblock_order)) {
		uint64_t first, end;

		if (!(policy->isolate_retypes >> *pa_block(pa, z, pfn) & 1))
			continue;
		if (policy->isolate_moves_rest) {
			if (!pa_block_range(pa, z, pfn, &first, &end))
				continue;
			pa_move_range(pa, z, first, end, PA_MOVABLE);
		}
		pa_set_block(pa, z, pfn, PA_MOVABLE);
	}
	return 0;
}

int pa_putback(struct pa *pa, uint64_t pfn, unsigned int order, enum pa_mt mt)
{
	return pa_free_block(pa, pfn, order, mt, PA_TO_TAIL, -1);
}

int pa_rotate(struct pa *pa, uint64_t pfn, bool tail)
{
	struct pa_zone *z = pa_zone_at(pa, pfn);
	struct pa_list *list;
	struct pa_link *link;
	uint32_t first, last;
	unsigned int order;
	uint8_t tag;

	if (!z)
		return -ENOENT;
	tag = *pa_tag(pa, z, pfn);
	if (!pa_tag_is_head(tag))
		return -ENOENT;
	order = pa_tag_order(tag);
	list = &z->lists[order][pa_tag_mt(tag)];
	first = pa_frame(z, pfn);
	if (tail)
		first = pa_link_of(pa, z, first, order)->next;
	if (first == PA_NIL || first == list->head)
		return 0;

	/* Close the ring, then open it before @first. */
	link = pa_link_of(pa, z, first, order);
	last = link->prev;
	pa_link_of(pa, z, list->tail, order)->next = list->head;
	pa_link_of(pa, z, list->head, order)->prev = list->tail;
	pa_link_of(pa, z, last, order)->next = PA_NIL;
	link->prev = PA_NIL;
	list->head = first;
	list->tail = last;
	return 1;
}
