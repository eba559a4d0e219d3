/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compaction's free scanner: places to move to, from the top of a zone downward.
 *
 * From 5.1 on it looks into the free lists first (fast_isolate_freepages); pageblocks where nothing
 * was found are left out from then on (PB_migrate_skip), until a run for a request came to the end of
 * the zone and kswapd goes to sleep, or deferral is over.
 */
#include "pa_compact.h"

#define SAMPLE 8 /* __reset_isolation_pfn looks at each so many frames */

/* -------------------------------------------------------------------------
 * Skip hints
 */

static uint8_t *skip_of(const struct pa *pa, const struct pa_zone *z, uint64_t pfn)
{
	return (uint8_t *)pa_at(pa, pa_req(pa)->skips) + (pa_block(pa, z, pfn) - pa_blocks(pa));
}

bool pa_block_suits(const struct pa_run *r, uint64_t pfn)
{
	return !r->s->hints || r->s->proactive || !*skip_of(r->pa, r->z, pfn);
}

void pa_set_skip(const struct pa_run *r, uint64_t pfn)
{
	if (r->s->hints)
		*skip_of(r->pa, r->z, pfn) = 1;
}

bool pa_is_movable(const struct pa *pa, const struct pa_zone *z, uint64_t pfn)
{
	return pa_desc(pa, z, pfn)->owner >= OWNER_ALLOCATED &&
	       *pa_tag(pa, z, pfn) == PA_USE_MOVABLE;
}

/* __reset_isolation_pfn: is the pageblock of use again, as a source or as a target? */
static bool reset_block(struct pa *pa, const struct pa_zone *z, uint64_t pfn, bool source,
			bool target)
{
	uint64_t step = pa_pages(pa->pageblock_order), end = (pfn | (step - 1)) + 1;
	uint8_t *skip = skip_of(pa, z, pfn);

	if (source && target && !*skip)
		return true;
	if (!source && target && *pa_block(pa, z, pfn) != PA_MOVABLE)
		return false;
	pfn &= ~(step - 1);
	for (pfn = pfn < z->start ? z->start : pfn; pfn < (end < z->end ? end : z->end);
	     pfn += SAMPLE) {
		if ((source && pa_is_movable(pa, z, pfn)) ||
		    (target && pa_tag_is_head(*pa_tag(pa, z, pfn)))) {
			*skip = 0;
			return true;
		}
	}
	return false;
}

void pa_reset_isolation(struct pa *pa, uint32_t zone)
{
	const struct pa_zone *z = &pa_zones(pa)[zone];
	struct pa_zone_req *zr = pa_zone_req(pa, zone);
	uint64_t step = pa_pages(pa->pageblock_order), migrate = z->start, free = z->end - 1;
	uint64_t reset_migrate = free, reset_free = migrate;
	bool source_set = false, free_set = false;

	if (!zr->compact_flush)
		return;
	zr->compact_flush = false;
	for (; migrate < free; migrate += step, free -= step < free ? step : free) {
		if (reset_block(pa, z, migrate, true, source_set) && migrate < reset_migrate) {
			source_set = true;
			reset_migrate = migrate;
			zr->init_migrate = migrate;
			zr->compact_migrate[0] = zr->compact_migrate[1] = migrate;
		}
		if (reset_block(pa, z, free, free_set, true) && free > reset_free) {
			free_set = true;
			reset_free = free;
			zr->init_free = zr->compact_free = free;
		}
	}
	if (reset_migrate >= reset_free) {
		zr->compact_migrate[0] = zr->compact_migrate[1] = migrate;
		zr->compact_free = free;
	}
}

/* -------------------------------------------------------------------------
 * The free scanner
 */

/* suitable_migration_target: not free in large pieces, and of a type that movable pages may fill. */
static bool is_target(const struct pa_run *r, uint64_t block)
{
	uint8_t tag = *pa_tag(r->pa, r->z, block), type = *pa_block(r->pa, r->z, block);
	unsigned int order = r->s->hints ? r->s->order : r->pa->pageblock_order;

	if (pa_tag_is_head(tag) && pa_tag_order(tag) >= order)
		return false;
	return type == PA_MOVABLE || type == PA_CMA;
}

/*
 * __isolate_free_page: take a free block whole, unless that brings the zone below its min mark; up
 * to 4.4 its low mark, CMA pages not counted.
 */
static bool isolate(struct pa_run *r, uint64_t pfn, unsigned int order)
{
	bool old = pa_rules(r->pa)->suits >= PA_SUITS_4_4;

	if (!pa_watermark_test(r->pa, r->s->zone, 0,
			       r->zr->wmark[old ? PA_WMARK_LOW : PA_WMARK_MIN] + pa_pages(order), 0,
			       old ? 0 : PA_ALLOC_CMA, pa_zone_free(r->z, r->zr), NULL))
		return false;
	pa_isolate_by(r->pa, r->s->cpu, pfn, order);
	pa_queue_append(r->pa, &r->s->spare[order], pa_frame(r->z, pfn));
	r->s->nr_free += pa_pages(order);
	return true;
}

/*
 * isolate_freepages_block: from *@at on, until enough is there or the marks end it.  False if nothing
 * was taken.
 */
static bool isolate_free_block(struct pa_run *r, uint64_t *at, uint64_t end, unsigned int stride)
{
	uint64_t had = r->s->nr_free, pfn = *at;

	for (; pfn < end; pfn += stride) {
		uint8_t tag = *pa_tag(r->pa, r->z, pfn), owner = pa_desc(r->pa, r->z, pfn)->owner;
		unsigned int order = pa_tag_is_head(tag) ? pa_tag_order(tag) : 0;

		if (!pa_tag_is_head(tag)) {
			if (pa_owned(owner) && pfn + pa_pages(owner & OWNER_ORDER) <= end)
				pfn += pa_pages(owner & OWNER_ORDER) - 1;
			continue;
		}
		if (!isolate(r, pfn, order))
			break;
		if (r->s->nr_free >= r->s->nr_migrate) {
			pfn += pa_pages(order);
			break;
		}
		pfn += pa_pages(order) - 1;
	}
	*at = pfn < end ? pfn : end;
	r->work++;
	return r->s->nr_free > had;
}

/* fast_isolate_around: what else is free in the pageblock where a page was found. */
static void isolate_around(struct pa_run *r, uint64_t pfn)
{
	uint64_t at = pa_block_of(r, pfn), end = pa_block_end(r, pfn);

	if (r->s->nr_free >= r->s->nr_migrate || (r->s->direct && r->s->async))
		return;
	at = at < r->z->start ? r->z->start : at;
	end = end < r->z->end ? end : r->z->end;
	isolate_free_block(r, &at, end, 1);
	if (at == end)
		pa_set_skip(r, pfn);
}

/* next_search_order; -1 at the end of the round. */
static int next_order(struct pa_scan *s, int order)
{
	if (--order < 0)
		order = s->order - 1;
	if (order == s->search_order) {
		if (--s->search_order < 0)
			s->search_order = (int8_t)(s->order - 1);
		return -1;
	}
	return order;
}

/* One free list, from its tail: where fast_isolate_freepages looks. */
struct look {
	uint64_t low, min; /* wanted are frames from @low on, at least from @min on */
	uint64_t highest;  /* start of the highest pageblock seen */
	unsigned int limit, seen;
	uint64_t found; /* PA_PFN_NONE */
};

static void look_into(struct pa_run *r, struct look *l, unsigned int order)
{
	const struct pa_list *list = &r->z->lists[order][PA_MOVABLE];
	uint32_t frame = list->head == PA_NIL ? PA_NIL : list->tail;
	uint64_t last = PA_PFN_NONE, high = 0;

	for (l->seen = 0; frame != PA_NIL;
	     frame = frame == list->head ? PA_NIL : pa_link_of(r->pa, r->z, frame, order)->prev) {
		uint64_t pfn = pa_pfn(r->z, frame);

		l->seen++;
		if (pfn >= l->highest)
			l->highest = pa_block_of(r, pfn) < r->z->start ? r->z->start :
									 pa_block_of(r, pfn);
		if (pfn >= l->low) {
			r->s->search_fail = 0;
			r->s->search_order = (int8_t)order;
			last = l->found = pfn;
			break;
		}
		if (pfn >= l->min && pfn > high) {
			high = pfn;
			l->limit >>= 1;
		}
		if (l->seen >= l->limit) {
			last = pfn;
			break;
		}
	}
	if (l->found == PA_PFN_NONE && high)
		last = l->found = high;
	if (last != PA_PFN_NONE)
		pa_rotate(r->pa, last, false); /* move_freelist_head */
}

/* fast_isolate_freepages */
static void fast_isolate(struct pa_run *r)
{
	struct pa_scan *s = r->s;
	uint64_t distance = s->free - s->migrate;
	struct look l = { .low = pa_block_of(r, s->free - (distance >> 2)),
			  .min = pa_block_of(r, s->free - (distance >> 1)),
			  .limit = pa_scan_limit(r) > 1 ? pa_scan_limit(r) >> 1 : 1,
			  .found = PA_PFN_NONE };
	bool from_end = s->free >= r->zr->init_free;

	if (!s->hints || s->proactive || s->free <= s->migrate)
		return;
	if (from_end)
		l.limit = (unsigned int)(r->step >> 1);
	if (s->search_order > s->order - 1)
		s->search_order = (int8_t)(s->order - 1);
	for (int order = s->search_order; l.found == PA_PFN_NONE && order >= 0;
	     order = next_order(s, order)) {
		if (!pa_nr_free(r->pa, s->zone, (unsigned int)order))
			continue;
		look_into(r, &l, (unsigned int)order);
		if (l.found != PA_PFN_NONE && !isolate(r, l.found, (unsigned int)order)) {
			order = s->search_order + 1; /* the search is over */
			l.found = PA_PFN_NONE;
		}
		if (s->nr_free >= s->nr_migrate)
			break;
		if (l.seen >= l.limit)
			l.limit = l.limit > 3 ? l.limit >> 1 : 1;
	}
	r->work++;
	if (l.found == PA_PFN_NONE) {
		s->search_fail++;
		if (from_end && l.highest >= l.min) {
			l.found = s->free = l.highest;
		} else if (from_end && s->direct) {
			l.found = is_target(r, l.min < r->z->start ? r->z->start : l.min) ?
					  l.min :
					  PA_PFN_NONE;
			s->free = l.min;
		}
	}
	if (l.highest && l.highest >= r->zr->compact_free)
		r->zr->compact_free = l.highest - r->step;
	if (l.found != PA_PFN_NONE)
		isolate_around(r, l.found);
}

/* isolate_freepages: room for what the migrate scanner took. */
static void isolate_freepages(struct pa_run *r)
{
	struct pa_scan *s = r->s;
	uint64_t at, block, low;
	unsigned int stride = s->hints && s->async ? COMPACT_CLUSTER_MAX : 1;

	fast_isolate(r);
	if (s->nr_free)
		return;
	at = s->free;
	block = pa_block_of(r, at);
	low = pa_block_end(r, s->migrate);
	for (; block >= low; block -= r->step, at = block) {
		uint64_t end = block + r->step < r->z->end ? block + r->step : r->z->end;
		bool some;

		if (!is_target(r, block) || !pa_block_suits(r, block))
			continue;
		some = isolate_free_block(r, &at, end, stride);
		if (at == end) {
			pa_set_skip(r, block);
			if (block - r->step < r->zr->compact_free)
				r->zr->compact_free = block - r->step;
		}
		if (s->nr_free >= s->nr_migrate) {
			if (at >= end)
				at = block - r->step;
			break;
		}
		if (at < end)
			break;
		stride = some || stride >= COMPACT_CLUSTER_MAX ? (some ? 1 : COMPACT_CLUSTER_MAX) :
								 stride << 1;
	}
	s->free = at;
}

uint64_t pa_take_target(struct pa_run *r, unsigned int order)
{
	struct pa_scan *s = r->s;
	bool isolated = false;
	unsigned int high;
	uint32_t frame;

	for (;;) {
		for (high = order; high < r->pa->nr_orders && s->spare[high].head == PA_NIL; high++)
			;
		if (high < r->pa->nr_orders)
			break;
		if (isolated)
			return PA_PFN_NONE;
		isolate_freepages(r);
		isolated = true;
	}
	frame = s->spare[high].head;
	pa_queue_pop(r->pa, &s->spare[high], frame);
	while (high > order) {
		high--;
		pa_queue_push(r->pa, &s->spare[high], frame + pa_pages(high));
	}
	s->nr_free -= (uint32_t)pa_pages(order);
	return pa_pfn(r->z, frame);
}

/* Up to 6.9 what was isolated had been split to single pages, newest first. */
void pa_release_targets(struct pa_run *r)
{
	uint64_t high = 0;

	for (unsigned int order = 0; order < r->pa->nr_orders; order++) {
		unsigned int piece = pa_version(r->pa)->hygiene ? order : 0;
		struct pa_queue *q = &r->s->spare[order];

		while (q->head != PA_NIL) {
			uint64_t pfn = pa_pfn(r->z, q->head);

			pa_queue_pop(r->pa, q, q->head);
			high = pfn > high ? pfn : high;
			for (uint64_t end = pfn + pa_pages(order); end > pfn;
			     end -= pa_pages(piece)) {
				uint64_t at = end - pa_pages(piece);

				pa_own(r->pa, r->z, at, piece, OWNER_ALLOCATED);
				pa_free_traced(r->pa, r->s->cpu, at, piece, r->trail);
			}
		}
	}
	if (r->s->nr_free && pa_block_of(r, high) > r->zr->compact_free)
		r->zr->compact_free = pa_block_of(r, high);
	r->s->nr_free = 0;
}
