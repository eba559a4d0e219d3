/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One run of compaction, compact_zone, and its migrate scanner.
 *
 * The migrate scanner takes pages out of pageblocks from the bottom of a zone upward, the free scanner
 * (compact_free.c) places for them from the top downward, until they meet or a page of the wanted
 * order is there.  From 5.1 on the next pageblock is looked for in the free lists first
 * (fast_find_migrateblock).
 *
 * A run goes step by step, a batch of pages each, as a daemon's takes time.
 */
#include "pa_compact.h"

#define DEFER_MAX 6 /* COMPACT_MAX_DEFER_SHIFT */
#define NO_FAST UINT64_MAX

static bool met(const struct pa_run *r)
{
	return pa_block_of(r, r->s->free) <= pa_block_of(r, r->s->migrate);
}

static void update_cached_migrate(const struct pa_run *r, uint64_t pfn)
{
	pfn = pa_block_end(r, pfn);
	if (pfn > r->zr->compact_migrate[0])
		r->zr->compact_migrate[0] = pfn;
	if (!r->s->async && pfn > r->zr->compact_migrate[1])
		r->zr->compact_migrate[1] = pfn;
}

static void reset_cached(const struct pa_run *r)
{
	r->zr->compact_migrate[0] = r->zr->compact_migrate[1] = r->z->start;
	r->zr->compact_free = pa_block_of(r, r->z->end - 1);
}

/* -------------------------------------------------------------------------
 * The migrate scanner
 */

/* From 7.3 on who wants a whole pageblock may have it of movable ones: it changes its type. */
static bool makes_blocks(const struct pa_run *r)
{
	return pa_rules(r->pa)->defrag_whole && r->s->order >= r->pa->pageblock_order;
}

/* fast_find_migrateblock: a pageblock that has free pages already. */
static uint64_t find_source(struct pa_run *r)
{
	struct pa_scan *s = r->s;
	unsigned int limit = pa_scan_limit(r), seen = 0;
	uint64_t distance = (s->free - s->migrate) >> 1, high;

	if (!s->hints || s->proactive || r->finish || s->order <= PA_COSTLY_ORDER ||
	    s->free <= s->migrate ||
	    (s->migrate != r->z->start && s->migrate != pa_block_of(r, s->migrate)) ||
	    (s->direct && s->mt != PA_MOVABLE && !makes_blocks(r)))
		return s->migrate;
	if (s->migrate != r->z->start)
		distance >>= 2;
	high = pa_block_of(r, s->migrate + distance);
	for (unsigned int order = s->order - 1; order >= PA_COSTLY_ORDER && seen < limit; order--) {
		const struct pa_list *list = &r->z->lists[order][PA_MOVABLE];

		for (uint32_t frame = list->head; frame != PA_NIL;
		     frame = pa_link_of(r->pa, r->z, frame, order)->next) {
			uint64_t pfn = pa_pfn(r->z, frame);

			if (seen++ >= limit) {
				pa_rotate(r->pa, pfn, true);
				break;
			}
			if (pfn >= high || !pa_block_suits(r, pfn))
				continue;
			pa_rotate(r->pa, pfn, true); /* move_freelist_tail */
			if (s->fast_start != NO_FAST && (!s->fast_start || pfn < s->fast_start))
				s->fast_start = pfn;
			s->search_fail = 0;
			return pa_block_of(r, pfn) < r->z->start ? r->z->start :
								   pa_block_of(r, pfn);
		}
	}
	s->search_fail++;
	if (s->fast_start && s->fast_start != NO_FAST) { /* reinit_migrate_pfn */
		s->migrate = s->fast_start;
		s->fast_start = NO_FAST;
	}
	return s->migrate;
}

/* suitable_migration_source; up to 4.4 an asynchronous run leaves all but MOVABLE ones alone. */
static bool is_source(const struct pa_run *r, uint64_t block)
{
	enum pa_mt type = *pa_block(r->pa, r->z, block);

	if (!r->s->async || !r->s->direct)
		return true;
	if (pa_rules(r->pa)->suits >= PA_SUITS_4_4 || r->s->mt == PA_MOVABLE || makes_blocks(r))
		return type == PA_MOVABLE || type == PA_CMA;
	return type == (enum pa_mt)r->s->mt;
}

/*
 * Is what starts here to be moved?  skip_isolation_on_order; up to 6.8 single pages alone are
 * (isolate_migratepages_block skips what is PageCompound).
 */
static bool to_move(const struct pa_run *r, uint64_t pfn)
{
	unsigned int order = pa_desc(r->pa, r->z, pfn)->owner & OWNER_ORDER;

	return pa_is_movable(r->pa, r->z, pfn) &&
	       order < (pa_version(r->pa)->hygiene ? r->s->order : 1);
}

/*
 * isolate_migratepages_block: a batch from @low on.  What is to be moved of [r->s->from, r->s->migrate)
 * is isolated; for asynchronous direct compaction, only where all of an aligned block can be moved.
 */
static void isolate_source_block(struct pa_run *r, uint64_t low, uint64_t end)
{
	struct pa_scan *s = r->s;
	bool picky = s->direct && s->async, some = false, taken = false;
	bool valid =
		low == pa_block_of(r, low) || low == r->z->start; /* from the pageblock's start */
	uint64_t chunk = pa_pages(s->order), next = (low | (chunk - 1)) + 1, start = low;

	s->from = low;
	for (; low < end; low++) {
		uint8_t tag = *pa_tag(r->pa, r->z, low), owner = pa_desc(r->pa, r->z, low)->owner;

		if (picky && some && low >= next)
			break;
		if (low >= next)
			next = (low | (chunk - 1)) + 1;
		if (pa_tag_is_head(tag)) {
			low += pa_pages(pa_tag_order(tag)) - 1;
			continue;
		}
		if (to_move(r, low)) {
			/* test_and_set_skip: other compactors are to leave it alone. */
			if (valid && !some && !s->proactive)
				pa_set_skip(r, low);
			some = taken = true;
			s->nr_migrate += (uint32_t)pa_pages(owner & OWNER_ORDER);
			low += pa_pages(owner & OWNER_ORDER) - 1;
			if (s->nr_migrate >= COMPACT_CLUSTER_MAX && !r->finish) {
				low++;
				break;
			}
			continue;
		}
		if (pa_owned(owner))
			low += pa_pages(owner & OWNER_ORDER) - 1;
		if (!picky)
			continue;
		some = false; /* that block will not be free: put back */
		s->nr_migrate = 0;
		if (low < next) {
			low = next - 1;
			next += chunk;
		}
		s->from = low + 1;
	}
	low = low < end ? low : end;
	if (low == end && (!some || r->finish)) {
		if (valid && !taken)
			pa_set_skip(r, start);
		update_cached_migrate(r, low);
	}
	s->migrate = low;
	r->work++;
}

/* isolate_migratepages: true if there is something to move. */
static bool isolate_migratepages(struct pa_run *r)
{
	struct pa_scan *s = r->s;
	uint64_t low = find_source(r);
	bool fast = low != s->migrate && !s->search_fail;

	for (uint64_t end = pa_block_end(r, low); end <= s->free; end += r->step) {
		bool whole = low == pa_block_of(r, low) || low == r->z->start;

		if (!(whole && !fast && !pa_block_suits(r, low))) {
			if (is_source(r, low)) {
				isolate_source_block(r, low, end);
				break;
			}
			update_cached_migrate(r, end);
		}
		fast = false;
		s->migrate = low = end;
	}
	return s->nr_migrate;
}

static void note_move(const struct pa_run *r, uint64_t from, uint64_t to, unsigned int order)
{
	if (!r->trail)
		return;
	if (r->trail->nr_moves < r->trail->max_moves)
		r->trail->moves[r->trail->nr_moves] = (struct pa_moved){ from, to, (uint8_t)order };
	r->trail->nr_moves++;
}

/* What lived at @from lives at @to, on the same list; @from is freed by this CPU. */
static void migrate(struct pa_run *r, uint64_t from, uint64_t to, unsigned int order)
{
	uint8_t owner = pa_desc(r->pa, r->z, from)->owner;

	pa_mark(r->pa, r->z, to, order, (enum pa_use) * pa_tag(r->pa, r->z, from));
	pa_own(r->pa, r->z, to, order, OWNER_ALLOCATED);
	if (owner >= OWNER_LRU)
		pa_lru_add(r->pa, to);
	note_move(r, from, to, order);
	pa_free_traced(r->pa, r->s->cpu, from, order, r->trail);
	r->s->moved = true;
}

/* split_folio: its pages are single ones, as much in use as it was. */
static void split(const struct pa_run *r, uint64_t pfn, unsigned int order)
{
	bool lru = pa_desc(r->pa, r->z, pfn)->owner >= OWNER_LRU;

	if (lru)
		pa_lru_remove(r->pa, r->z, pfn);
	pa_split_page(r->pa, pfn, order, 0);
	for (uint64_t i = pa_pages(order); lru && i-- > 0;)
		pa_lru_add(r->pa, pfn + i);
	note_move(r, pfn, pfn, order);
}

enum moved { MOVED_ALL, MOVED_SOME, MOVED_NOWHERE };

/*
 * migrate_pages of the batch, the last isolated first.  For a single page there must be room; a large
 * folio that finds none is split (try_split_folio in migrate_pages_batch), and its pages have another
 * try once all others have gone.
 */
static enum moved migrate_batch(struct pa_run *r)
{
	struct pa_scan *s = r->s;
	enum moved moved = MOVED_ALL;

	for (int again = 0; again < 2 && s->nr_migrate; again++)
		for (uint64_t pfn = s->migrate; pfn-- > s->from && s->nr_migrate;) {
			unsigned int order = pa_desc(r->pa, r->z, pfn)->owner & OWNER_ORDER;
			uint64_t to;

			if (!to_move(r, pfn))
				continue;
			to = pa_take_target(r, order);
			if (to == PA_PFN_NONE && !order)
				return again ? MOVED_SOME : MOVED_NOWHERE;
			if (to == PA_PFN_NONE) {
				split(r, pfn, order);
				moved = MOVED_SOME;
				continue;
			}
			migrate(r, pfn, to, order);
			s->nr_migrate -= (uint32_t)pa_pages(order);
			r->work += (uint32_t)pa_pages(order);
		}
	return moved;
}

/* -------------------------------------------------------------------------
 * A run
 */

/* May a request of the run's type take a free block of @order away from another type? */
static bool may_claim(const struct pa_run *r, unsigned int order)
{
	if (pa_rules(r->pa)->suits == PA_SUITS_3_10)
		return order >= r->pa->pageblock_order;
	return order >= r->pa->pageblock_order / 2 || r->s->mt != PA_MOVABLE;
}

/* Does the zone hold the low mark and @more for one page of the order?  Up to 4.4. */
static bool low_mark_ok(const struct pa_run *r, uint64_t more)
{
	return pa_watermark_test(r->pa, r->s->zone, r->s->order, r->zr->wmark[PA_WMARK_LOW] + more,
				 r->s->classzone, r->s->flags, pa_zone_free(r->z, r->zr), NULL);
}

/* Would an allocation of the order and type succeed now? */
static bool is_there(const struct pa_run *r)
{
	const uint8_t *lenders = pa_version(r->pa)->lenders[r->s->mt];

	if (pa_rules(r->pa)->suits == PA_SUITS_4_4 && !low_mark_ok(r, 0))
		return false;
	if (pa_rules(r->pa)->suits == PA_SUITS_3_10 && !low_mark_ok(r, pa_pages(r->s->order)))
		return false;
	for (unsigned int order = r->s->order; order < r->pa->nr_orders; order++) {
		bool claims = may_claim(r, order);

		if (r->z->orders[r->s->mt] >> order & 1 ||
		    (r->s->mt == PA_MOVABLE && r->z->orders[PA_CMA] >> order & 1))
			return true;
		for (unsigned int i = 0; claims && i < PA_MAX_LENDERS && lenders[i] < PA_PCPTYPES;
		     i++) {
			if (r->z->orders[lenders[i]] >> order & 1)
				return true;
		}
	}
	return false;
}

/* kcompactd with defrag_mode goes on until the high mark is met in whole pageblocks. */
static bool blocks_are_there(const struct pa_run *r)
{
	const struct pa_node *node = pa_node(r->pa, r->zr->node);

	return pa_watermark_test(r->pa, r->s->zone, r->s->order,
				 pa_mark_of(r->z, r->zr, PA_WMARK_HIGH), node->work_highest, 0,
				 pa_free_in_blocks(r->pa, r->s->zone), NULL);
}

/* __compact_finished */
static bool finished(const struct pa_run *r, enum pa_compact *result)
{
	if (met(r)) {
		reset_cached(r);
		if (r->s->direct)
			r->zr->compact_flush = true;
		*result = r->s->whole ? PA_COMPACT_COMPLETE : PA_COMPACT_PARTIAL_SKIPPED;
		return true;
	}
	if (r->s->proactive && pa_kswapd_busy(pa_node(r->pa, r->zr->node))) {
		*result = PA_COMPACT_PARTIAL_SKIPPED;
		return true;
	}
	*result = PA_COMPACT_SUCCESS;
	if (r->s->proactive)
		return pa_score_zone(r->pa, r->s->zone) <= pa_score_mark(r->pa, false);
	/* A pageblock is done with first. */
	if (r->s->migrate != pa_block_of(r, r->s->migrate))
		return false;
	return !r->s->direct && pa_req(r->pa)->knobs.defrag_mode ? blocks_are_there(r) :
								   is_there(r);
}

/* Leaving a block of the wanted order: what was freed there must be able to merge. */
static void check_drain(struct pa_run *r)
{
	uint64_t current = r->s->migrate & ~(pa_pages(r->s->order) - 1);

	/* 3.10 does so once, when all is over. */
	if (r->s->proactive || r->s->last == PA_PFN_NONE || r->s->last >= current ||
	    pa_rules(r->pa)->suits == PA_SUITS_3_10)
		return;
	pa_drain(r->pa, r->s->zone, r->s->cpu, r->s->cpu, r->trail);
	r->s->last = PA_PFN_NONE;
}

static struct pa_run run_of(struct pa *pa, struct pa_scan *s, struct pa_trail *trail)
{
	return (struct pa_run){ .pa = pa,
				.s = s,
				.trail = trail,
				.z = &pa_zones(pa)[s->zone],
				.zr = pa_zone_req(pa, s->zone),
				.step = pa_pages(pa->pageblock_order) };
}

void pa_scan_begin(struct pa *pa, struct pa_scan *s)
{
	const struct pa_queue none = { PA_NIL, PA_NIL };
	const struct pa_run r = run_of(pa, s, NULL);
	struct pa_zone_req *zr = r.zr;
	bool lost;

	s->hints = pa_rules(pa)->compact_hints;
	s->nr_free = s->nr_migrate = s->search_fail = 0;
	s->search_order = (int8_t)s->order;
	s->last = PA_PFN_NONE;
	s->fast_start = 0;
	s->in_step = s->moved = false;
	for (unsigned int order = 0; order < PA_MAX_ORDERS; order++)
		s->spare[order] = none;
	/* compaction_restarting */
	if (s->hints && !s->proactive && s->order >= zr->order_failed &&
	    zr->defer_shift == DEFER_MAX && zr->considered >= 1u << DEFER_MAX)
		pa_reset_isolation(pa, s->zone);
	s->whole = s->proactive;
	if (s->whole) {
		s->migrate = r.z->start;
		s->free = pa_block_of(&r, r.z->end - 1);
		return;
	}
	s->migrate = zr->compact_migrate[!s->async];
	s->free = zr->compact_free;
	if (s->free < r.z->start || s->free >= r.z->end)
		s->free = zr->compact_free = pa_block_of(&r, r.z->end - 1);
	lost = s->migrate < r.z->start || s->migrate >= r.z->end;
	s->migrate = lost ? r.z->start : s->migrate;
	zr->compact_migrate[0] = lost ? r.z->start : zr->compact_migrate[0];
	zr->compact_migrate[1] = lost ? r.z->start : zr->compact_migrate[1];
	s->whole = s->migrate <= (s->hints ? zr->init_migrate : r.z->start);
	s->in_step = s->async && zr->compact_migrate[0] == zr->compact_migrate[1];
}

/* One pass of compact_zone's loop.  True if it was the last, with what came of it all. */
static bool pass(struct pa_run *r, enum pa_compact *result)
{
	struct pa_scan *s = r->s;
	enum moved moved;

	if (finished(r, result))
		return true;
	/* Nowhere is frame 0 to the kernel. */
	r->finish =
		pa_block_of(r, s->last == PA_PFN_NONE ? 0 : s->last) == pa_block_of(r, s->migrate);
	for (;;) {
		s->nr_migrate = 0;
		if (!isolate_migratepages(r)) {
			if (s->in_step)
				r->zr->compact_migrate[1] = r->zr->compact_migrate[0];
			check_drain(r);
			return false;
		}
		s->in_step = false;
		s->last = pa_block_of(r, s->migrate - 1);
		s->last = s->last < r->z->start ? r->z->start : s->last;
		moved = migrate_batch(r);
		s->nr_migrate = 0;
		if (moved == MOVED_ALL)
			break;
		if (moved == MOVED_NOWHERE && !met(r)) {
			*result = PA_COMPACT_CONTENDED;
			return true;
		}
		if (s->migrate == pa_block_of(r, s->migrate) || !s->hints || s->proactive ||
		    r->finish)
			break;
		r->finish = true; /* scan the rest, so that it is marked */
		if (s->order == r->pa->pageblock_order)
			s->last = PA_PFN_NONE;
	}
	if (pa_req(r->pa)->capture.pfn != PA_PFN_NONE) {
		*result = PA_COMPACT_SUCCESS;
		return true;
	}
	check_drain(r);
	return false;
}

bool pa_scan_step(struct pa *pa, struct pa_scan *s, struct pa_trail *trail, uint32_t *work,
		  enum pa_compact *result)
{
	struct pa_run r = run_of(pa, s, trail);
	bool done = pass(&r, result);

	*work = r.work;
	if (!done)
		return false;
	pa_release_targets(&r);
	if (pa_rules(pa)->suits == PA_SUITS_3_10)
		pa_drain(pa, UINT32_MAX, s->cpu, s->cpu, trail);
	if (!s->hints && *result == PA_COMPACT_SUCCESS) {
		r.zr->compact_migrate[0] = r.zr->compact_migrate[1] = pa_block_of(&r, s->migrate);
		r.zr->compact_free = pa_block_of(&r, s->free);
	}
	return true;
}

enum pa_compact pa_scan_zone(struct pa *pa, struct pa_scan *s, struct pa_trail *trail)
{
	enum pa_compact result;
	uint32_t work;

	pa_scan_begin(pa, s);
	while (!pa_scan_step(pa, s, trail, &work, &result))
		;
	return result;
}
