/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compaction: pages from the bottom of a zone move to free places at its top.
 *
 * Both scanners go pageblock by pageblock, the migrate scanner up, the free scanner down, until
 * they meet or a page of the wanted order is there.  The kernel's short cuts (skip hints, fast
 * searches through the free lists) find the same pages sooner and are not modelled.
 */
#include <errno.h>
#include <string.h>

#include "pa_req_internal.h"

#define DEFER_MAX 6 /* COMPACT_MAX_DEFER_SHIFT */

/* struct compact_control */
struct run {
	struct pa *pa;
	struct pa_trail *trail;
	uint32_t zone, cpu;
	uint32_t flags;		/* alloc flags of the request, and */
	unsigned int classzone; /* its index into reserves: up to 4.4 the end asks for both */
	unsigned int order, mt;
	bool async_direct;	       /* looks at pageblocks of the request's own type only */
	bool proactive;		       /* goes on until the zone's score is low */
	uint64_t migrate, free, block; /* scanners; start of the pageblock the free scanner is in */
	uint64_t last; /* where something was taken last, since the lists were drained */
	uint64_t spare[PA_MAX_ORDERS]; /* isolated free blocks, at most one an order */
};

/* compact_gap: free pages that a run may hold at a time. */
static uint64_t gap(unsigned int order)
{
	return UINT64_C(2) << order;
}

/* -------------------------------------------------------------------------
 * Deferral
 */

void pa_compact_defer(struct pa_zone_req *zr, unsigned int order)
{
	zr->considered = 0;
	if (zr->defer_shift < DEFER_MAX)
		zr->defer_shift++;
	if (order < zr->order_failed)
		zr->order_failed = (uint8_t)order;
}

/* compaction_deferred: true if this attempt is to be skipped. */
bool pa_compact_deferred(struct pa_zone_req *zr, unsigned int order)
{
	uint32_t limit = 1u << zr->defer_shift;

	if (order < zr->order_failed)
		return false;
	if (++zr->considered < limit)
		return true;
	zr->considered = limit;
	return false;
}

void pa_compact_reset(struct pa_zone_req *zr, unsigned int order, bool success)
{
	if (success) {
		zr->considered = 0;
		zr->defer_shift = 0;
	}
	if (order >= zr->order_failed)
		zr->order_failed = (uint8_t)(order + 1);
}

/* -------------------------------------------------------------------------
 * Suitability
 */

/* The index says whether memory is in pieces, and not simply short. */
static bool in_pieces(const struct pa *pa, uint32_t zone, unsigned int order)
{
	int index = pa_fragmentation_index(pa, zone, order);

	return index < 0 || index > (int)pa_req(pa)->knobs.extfrag_threshold;
}

/* compaction_suitable: are there pages to move to, and is fragmentation what is wrong? */
bool pa_compact_suitable(const struct pa *pa, uint32_t zone, unsigned int order, uint64_t mark,
			 unsigned int highest, int64_t free)
{
	if (!pa_watermark_test(pa, zone, 0, mark + gap(order), highest, PA_ALLOC_CMA, free, NULL))
		return false;
	if (order <= PA_COSTLY_ORDER)
		return true;
	return in_pieces(pa, zone, order);
}

/* The mark that suitability starts from. */
uint64_t pa_compact_mark(const struct pa *pa, uint32_t zone, unsigned int order, uint32_t flags)
{
	const struct pa_zone_req *zr = pa_zone_req(pa, zone);
	const struct pa_zone *z = &pa_zones(pa)[zone];
	unsigned int wmark = (flags & PA_ALLOC_WMARK_MASK) >> PA_ALLOC_WMARK_SHIFT;
	bool costly = order > PA_COSTLY_ORDER;

	if (pa_rules(pa)->suits != PA_SUITS_6_18)
		return pa_mark_of(z, zr, costly ? PA_WMARK_LOW : PA_WMARK_MIN);
	return pa_mark_of(z, zr, wmark) +
	       (costly ? zr->wmark[PA_WMARK_LOW] - zr->wmark[PA_WMARK_MIN] : 0);
}

/* Does @zone hold the low mark and what @flags leave of it, for one page of @order? */
static bool low_mark_ok(const struct run *r, unsigned int order, uint64_t more)
{
	const struct pa_zone_req *zr = pa_zone_req(r->pa, r->zone);
	const struct pa_zone *z = &pa_zones(r->pa)[r->zone];

	return pa_watermark_test(r->pa, r->zone, order, zr->wmark[PA_WMARK_LOW] + more,
				 r->classzone, r->flags, pa_zone_free(z, zr), NULL);
}

/* compaction_suitable of 3.10 and 4.4: whatever the order, and with the request's own flags. */
static enum pa_compact suits_old(const struct run *r)
{
	bool looks_first = pa_rules(r->pa)->suits == PA_SUITS_4_4;

	if (looks_first && low_mark_ok(r, r->order, 0))
		return PA_COMPACT_SUCCESS;
	if (!low_mark_ok(r, 0, gap(r->order)) || !in_pieces(r->pa, r->zone, r->order))
		return PA_COMPACT_SKIPPED;
	if (!looks_first && pa_fragmentation_index(r->pa, r->zone, r->order) == -1000 &&
	    low_mark_ok(r, r->order, gap(r->order)))
		return PA_COMPACT_SUCCESS;
	return PA_COMPACT_COMPLETE;
}

bool pa_compact_may_run(const struct pa *pa, uint32_t zone, unsigned int order)
{
	const struct run r = { .pa = (struct pa *)(uintptr_t)pa, .zone = zone, .order = order };

	return suits_old(&r) != PA_COMPACT_SKIPPED;
}

/* compaction_suit_allocation_order: SUCCESS if it need not run, SKIPPED if it cannot help. */
static enum pa_compact suits(const struct run *r, bool async)
{
	const struct pa_zone_req *zr = pa_zone_req(r->pa, r->zone);
	const struct pa_zone *z = &pa_zones(r->pa)[r->zone];
	unsigned int wmark = (r->flags & PA_ALLOC_WMARK_MASK) >> PA_ALLOC_WMARK_SHIFT;
	uint64_t mark = pa_mark_of(z, zr, wmark);
	int64_t free = pa_zone_free(z, zr);

	if (pa_rules(r->pa)->suits >= PA_SUITS_4_4)
		return suits_old(r);
	if (pa_watermark_test(r->pa, r->zone, r->order, mark, r->classzone, r->flags, free, NULL))
		return PA_COMPACT_SUCCESS;
	/* 6.18: where only CMA pages make up the gap, an async costly run would move in vain. */
	if (pa_rules(r->pa)->suits == PA_SUITS_6_18 && async && r->order > PA_COSTLY_ORDER &&
	    !(r->flags & PA_ALLOC_CMA) &&
	    !pa_watermark_test(r->pa, r->zone, 0, mark + gap(r->order), r->classzone, 0, free,
			       NULL))
		return PA_COMPACT_SKIPPED;
	if (!pa_compact_suitable(r->pa, r->zone, r->order,
				 pa_compact_mark(r->pa, r->zone, r->order, r->flags), r->classzone,
				 free))
		return PA_COMPACT_SKIPPED;
	return PA_COMPACT_COMPLETE;
}

/* -------------------------------------------------------------------------
 * The free scanner
 */

/* suitable_migration_target: not wholly free, and of a type that movable pages may fill. */
static bool is_target(const struct run *r, uint64_t block)
{
	const struct pa_zone *z = &pa_zones(r->pa)[r->zone];
	uint8_t tag = *pa_tag(r->pa, z, block), type = *pa_block(r->pa, z, block);

	if (pa_tag_is_head(tag) && pa_tag_order(tag) >= r->pa->pageblock_order)
		return false;
	return type == PA_MOVABLE || type == PA_CMA;
}

/*
 * __isolate_free_page: take a free block whole, unless that brings the zone below its min mark; up
 * to 4.4 its low mark, CMA pages not counted.
 */
static bool isolate(struct run *r, uint64_t pfn, unsigned int order)
{
	struct pa_zone_req *zr = pa_zone_req(r->pa, r->zone);
	struct pa_zone *z = &pa_zones(r->pa)[r->zone];
	bool old = pa_rules(r->pa)->suits >= PA_SUITS_4_4;

	if (!pa_watermark_test(r->pa, r->zone, 0,
			       zr->wmark[old ? PA_WMARK_LOW : PA_WMARK_MIN] + pa_pages(order), 0,
			       old ? 0 : PA_ALLOC_CMA, pa_zone_free(z, zr), NULL))
		return false;
	pa_isolate_by(r->pa, r->cpu, pfn, order);
	r->spare[order] = pfn;
	return true;
}

/* Isolate the next free block that holds @order, upward in a pageblock, pageblocks downward. */
static bool find_free(struct run *r, unsigned int order)
{
	const struct pa_zone *z = &pa_zones(r->pa)[r->zone];
	uint64_t step = pa_pages(r->pa->pageblock_order);

	for (;;) {
		uint64_t end = r->block + step < z->end ? r->block + step : z->end;

		while (r->free < end) {
			uint8_t tag = *pa_tag(r->pa, z, r->free);
			uint64_t pfn = r->free;

			if (!pa_tag_is_head(tag)) {
				r->free++;
				continue;
			}
			r->free += pa_pages(pa_tag_order(tag));
			if (pa_tag_order(tag) >= order)
				return isolate(r, pfn, pa_tag_order(tag));
		}
		/* The next pageblock down, unless it is the migrate scanner's. */
		do {
			if (r->block <= (r->migrate | (step - 1)) + step)
				return false;
			r->block -= step;
		} while (!is_target(r, r->block));
		r->free = r->block;
	}
}

/* compaction_alloc: a place for a page of @order, larger blocks split downward. */
static uint64_t take_free(struct run *r, unsigned int order)
{
	unsigned int high = order;
	uint64_t pfn;

	while (high < r->pa->nr_orders && r->spare[high] == PA_PFN_NONE)
		high++;
	if (high == r->pa->nr_orders) {
		if (!find_free(r, order))
			return PA_PFN_NONE;
		return take_free(r, order);
	}
	pfn = r->spare[high];
	r->spare[high] = PA_PFN_NONE;
	while (high > order) {
		high--;
		r->spare[high] = pfn + pa_pages(high);
	}
	return pfn;
}

/* release_free_list; up to 6.9 what was isolated had been split to single pages, newest first. */
static void release(struct run *r)
{
	struct pa_zone *z = &pa_zones(r->pa)[r->zone];

	for (unsigned int order = 0; order < r->pa->nr_orders; order++) {
		uint64_t pfn = r->spare[order], nr = pa_pages(order);
		unsigned int piece = pa_version(r->pa)->hygiene ? order : 0;

		if (pfn == PA_PFN_NONE)
			continue;
		for (uint64_t end = pfn + nr; end > pfn; end -= pa_pages(piece)) {
			uint64_t at = end - pa_pages(piece);

			pa_own(r->pa, z, at, piece, OWNER_ALLOCATED);
			pa_free_traced(r->pa, r->cpu, at, piece, r->trail);
		}
	}
}

/* -------------------------------------------------------------------------
 * The migrate scanner
 */

/* suitable_migration_source; up to 4.4 an asynchronous run leaves all but MOVABLE ones alone. */
static bool is_source(const struct run *r, uint64_t block)
{
	const struct pa_zone *z = &pa_zones(r->pa)[r->zone];
	enum pa_mt type = *pa_block(r->pa, z, block);

	if (!r->async_direct)
		return true;
	if (pa_rules(r->pa)->suits >= PA_SUITS_4_4)
		return type == PA_MOVABLE || type == PA_CMA;
	return r->mt == PA_MOVABLE ? type == PA_MOVABLE || type == PA_CMA : type == r->mt;
}

/* What lived at @from lives at @to, on the same list; @from is freed by this CPU. */
static void migrate(struct run *r, uint64_t from, uint64_t to, unsigned int order)
{
	struct pa_zone *z = &pa_zones(r->pa)[r->zone];
	uint8_t owner = pa_desc(r->pa, z, from)->owner;

	pa_mark(r->pa, z, to, order, (enum pa_use) * pa_tag(r->pa, z, from));
	pa_own(r->pa, z, to, order, OWNER_ALLOCATED);
	if (owner >= OWNER_LRU)
		pa_lru_add(r->pa, to);
	if (r->trail) {
		if (r->trail->nr_moves < r->trail->max_moves)
			r->trail->moves[r->trail->nr_moves] =
				(struct pa_moved){ from, to, (uint8_t)order };
		r->trail->nr_moves++;
	}
	pa_free_traced(r->pa, r->cpu, from, order, r->trail);
	r->last = from;
}

/* Move what can be moved out of one pageblock; false if there is nowhere left to move to. */
static bool migrate_block(struct run *r, uint64_t end)
{
	struct pa_zone *z = &pa_zones(r->pa)[r->zone];

	while (r->migrate < end) {
		uint8_t owner = pa_desc(r->pa, z, r->migrate)->owner;
		unsigned int order = owner & OWNER_ORDER;
		uint64_t from = r->migrate, to;

		r->migrate += pa_owned(owner) ? pa_pages(order) : 1;
		if (owner < OWNER_ALLOCATED || *pa_tag(r->pa, z, from) != PA_USE_MOVABLE ||
		    order >= r->order)
			continue;
		to = take_free(r, order);
		if (to == PA_PFN_NONE)
			return false;
		migrate(r, from, to, order);
	}
	return true;
}

/* Score of a zone for proactive compaction: fragmentation_score_zone. */
static uint64_t score_zone(const struct pa *pa, uint32_t zone)
{
	return (uint64_t)pa_extfrag(pa, zone, pa->pageblock_order);
}

/* fragmentation_score_wmark: at which score proactive compaction ends, or (@high) begins. */
static uint64_t score_mark(const struct pa *pa, bool high)
{
	uint32_t p = pa_req(pa)->knobs.compaction_proactiveness;
	uint64_t low = 100 - p, gap = 10;

	if (pa_rules(pa)->compact_score_new)
		gap = low / 2 < 10 ? low / 2 : 10;
	else if (low < 5)
		low = 5;
	if (!high)
		return low;
	return low + gap < 100 ? low + gap : 100;
}

/* May a request of the run's type take a free block of @order away from another type? */
static bool may_claim(const struct run *r, unsigned int order)
{
	if (pa_rules(r->pa)->suits == PA_SUITS_3_10)
		return order >= r->pa->pageblock_order;
	return order >= r->pa->pageblock_order / 2 || r->mt != PA_MOVABLE;
}

/* __compact_finished: would an allocation of the order and type succeed now? */
static bool finished(const struct run *r)
{
	const struct pa_zone *z = &pa_zones(r->pa)[r->zone];
	const uint8_t *lenders = pa_version(r->pa)->lenders[r->mt];

	if (r->proactive)
		return score_zone(r->pa, r->zone) <= score_mark(r->pa, false);
	if (pa_rules(r->pa)->suits == PA_SUITS_4_4 && !low_mark_ok(r, r->order, 0))
		return false;
	if (pa_rules(r->pa)->suits == PA_SUITS_3_10 &&
	    !low_mark_ok(r, r->order, pa_pages(r->order)))
		return false;
	for (unsigned int order = r->order; order < r->pa->nr_orders; order++) {
		bool claims = may_claim(r, order);

		if (z->orders[r->mt] >> order & 1 ||
		    (r->mt == PA_MOVABLE && z->orders[PA_CMA] >> order & 1))
			return true;
		for (unsigned int i = 0; claims && i < PA_MAX_LENDERS && lenders[i] < PA_PCPTYPES;
		     i++) {
			if (z->orders[lenders[i]] >> order & 1)
				return true;
		}
	}
	return false;
}

/* Leaving a block of the wanted order: what was freed there must be able to merge. */
static void drain_local(struct run *r)
{
	uint64_t block = r->migrate & ~(pa_pages(r->order) - 1);

	/* 3.10 does so once, when all is over. */
	if (pa_rules(r->pa)->suits == PA_SUITS_3_10)
		return;
	if (r->last == PA_PFN_NONE || r->last >= block)
		return;
	pa_drain(r->pa, r->zone, r->cpu, r->cpu, r->trail);
	r->last = PA_PFN_NONE;
}

/* compact_zone, from one end to the other unless a page turns up. */
static enum pa_compact scan(struct run *r)
{
	struct pa_zone *z = &pa_zones(r->pa)[r->zone];
	struct pa_zone_req *zr = pa_zone_req(r->pa, r->zone);
	uint64_t step = pa_pages(r->pa->pageblock_order);
	bool whole = r->proactive || zr->compact_migrate <= z->start;
	enum pa_compact result = whole ? PA_COMPACT_COMPLETE : PA_COMPACT_PARTIAL_SKIPPED;

	r->migrate = whole ? z->start : zr->compact_migrate;
	/* The free scanner is about to enter the last pageblock, or where it was left. */
	r->block = z->end - 1;
	if (!whole && zr->compact_free > r->migrate && zr->compact_free < z->end)
		r->block = zr->compact_free;
	r->block = (r->block | (step - 1)) + 1;
	r->free = r->block;
	r->last = PA_PFN_NONE;
	for (unsigned int order = 0; order < PA_MAX_ORDERS; order++)
		r->spare[order] = PA_PFN_NONE;

	while (r->migrate < r->block) {
		uint64_t end = (r->migrate | (step - 1)) + 1;

		if (finished(r) || pa_req(r->pa)->capture.pfn != PA_PFN_NONE) {
			result = PA_COMPACT_SUCCESS;
			break;
		}
		if (end > r->block ||
		    (is_source(r, r->migrate) && !migrate_block(r, end < z->end ? end : z->end)))
			break;
		r->migrate = end;
		drain_local(r);
	}
	release(r);
	pa_drain(r->pa, pa_rules(r->pa)->suits == PA_SUITS_3_10 ? UINT32_MAX : r->zone, r->cpu,
		 r->cpu, r->trail);
	if (result != PA_COMPACT_SUCCESS &&
	    (finished(r) || pa_req(r->pa)->capture.pfn != PA_PFN_NONE))
		result = PA_COMPACT_SUCCESS;
	/* The scanners met: the next run starts at both ends again. */
	zr->compact_migrate = result == PA_COMPACT_SUCCESS ? r->migrate & ~(step - 1) : z->start;
	zr->compact_free = result == PA_COMPACT_SUCCESS ? r->block : z->end;
	return result;
}

/* -------------------------------------------------------------------------
 * Who compacts
 */

int pa_start_capture(struct pa *pa, uint32_t zone, unsigned int order, enum pa_mt mt)
{
	if (!pa_req(pa) || !pa_rules(pa)->capture || zone >= pa->nr_zones ||
	    order >= pa->nr_orders || (unsigned int)mt >= PA_PCPTYPES)
		return -EINVAL;
	pa_req(pa)->capture = (struct pa_capture){
		.pfn = PA_PFN_NONE, .zone = zone + 1, .order = order, .mt = mt
	};
	return 0;
}

uint64_t pa_end_capture(struct pa *pa)
{
	uint64_t pfn = PA_PFN_NONE;

	if (pa_req(pa)) {
		pfn = pa_req(pa)->capture.pfn;
		pa_req(pa)->capture = (struct pa_capture){ .pfn = PA_PFN_NONE };
	}
	return pfn;
}

/* Run on one zone; a block of the request's own order may be captured on the way. */
static enum pa_compact run_for(const struct pa_ctx *ac, struct run *r, uint64_t *captured)
{
	enum pa_compact result;

	if (ac->order == r->order)
		pa_start_capture(ac->pa, r->zone, ac->order, (enum pa_mt)ac->mt);
	result = scan(r);
	*captured = pa_end_capture(ac->pa);
	return result;
}

/* Is this zone enough?  Up to 4.4 the run's own word is not. */
static bool enough(const struct run *r, enum pa_compact result)
{
	if (pa_rules(r->pa)->suits < PA_SUITS_4_4)
		return result == PA_COMPACT_SUCCESS;
	return low_mark_ok(r, r->order, 0);
}

/* compaction_deferred, which 3.10 asks of the preferred zone alone and elsewhere. */
static bool left_out(const struct pa_ctx *ac, struct pa_zone_req *zr, enum pa_priority priority)
{
	return ac->rules->suits != PA_SUITS_3_10 && priority != PA_PRIO_SYNC_FULL &&
	       pa_compact_deferred(zr, ac->reach);
}

/* Does a run that came to @result count as a failure? */
static bool failed(const struct pa_ctx *ac, enum pa_priority priority, enum pa_compact result)
{
	if (priority == PA_PRIO_ASYNC || ac->rules->suits == PA_SUITS_3_10)
		return false;
	return result == PA_COMPACT_COMPLETE ||
	       (result == PA_COMPACT_PARTIAL_SKIPPED && ac->rules->suits < PA_SUITS_4_4);
}

/* try_to_compact_pages.  A page that is captured on the way is already the request's. */
enum pa_compact pa_direct_compact(struct pa_ctx *ac, uint32_t flags, enum pa_priority priority,
				  uint64_t *captured)
{
	uint32_t needs = PA_GFP_IO | (ac->rules->compact_needs_fs ? PA_GFP_FS : 0);
	bool old = ac->rules->suits >= PA_SUITS_4_4, skipped = false;
	enum pa_compact best = PA_COMPACT_SKIPPED;

	*captured = PA_PFN_NONE;
	if ((ac->gfp & needs) != needs)
		return best;
	for (const uint8_t *at = ac->zonelist; *at != PA_NO_ZONE; at++) {
		struct pa_zone_req *zr = pa_zone_req(ac->pa, *at);
		struct run r = { .pa = ac->pa,
				 .trail = pa_trail_of(ac),
				 .zone = *at,
				 .cpu = ac->cpu,
				 .flags = flags,
				 .classzone = ac->classzone,
				 .order = ac->reach,
				 .mt = ac->mt,
				 .async_direct = priority == PA_PRIO_ASYNC };
		enum pa_compact result;

		if (ac->rules->suits == PA_SUITS_3_10)
			r.flags = r.classzone = 0;
		if (!pa_node_allowed(ac, zr))
			continue;
		if (left_out(ac, zr, priority)) {
			best = best > PA_COMPACT_DEFERRED ? best : PA_COMPACT_DEFERRED;
			continue;
		}
		result = suits(&r, r.async_direct);
		if (result == PA_COMPACT_COMPLETE)
			result = run_for(ac, &r, captured);
		best = best > result ? best : result;
		skipped |= result == PA_COMPACT_SKIPPED;
		if (*captured != PA_PFN_NONE || enough(&r, result)) {
			pa_compact_reset(zr, ac->reach, false);
			return best;
		}
		if (failed(ac, priority, result))
			pa_compact_defer(zr, ac->reach);
	}
	/* Up to 4.4 a zone that was skipped says more than one that was deferred. */
	return old && skipped && best == PA_COMPACT_DEFERRED ? PA_COMPACT_SKIPPED : best;
}

/* compact_pgdat of 3.10 and 4.4: asynchronous, for UNMOVABLE pages as nobody says otherwise. */
void pa_compact_node(struct pa *pa, uint32_t nid, unsigned int order, struct pa_trail *trail)
{
	for (unsigned int type = 0; type < PA_NR_ZONE_TYPES; type++) {
		uint32_t zone = pa_zone_by(pa, nid, type);
		struct run r = { .pa = pa,
				 .trail = trail,
				 .zone = zone,
				 .cpu = pa_node_cpu(pa, nid),
				 .order = order,
				 .mt = PA_UNMOVABLE,
				 .async_direct = true };

		if (zone == PA_NO_ZONE || pa_compact_deferred(pa_zone_req(pa, zone), order))
			continue;
		if (suits(&r, true) == PA_COMPACT_COMPLETE)
			scan(&r);
		if (low_mark_ok(&r, order, 0))
			pa_compact_reset(pa_zone_req(pa, zone), order, false);
	}
}

void pa_wakeup_kcompactd(struct pa *pa, uint32_t nid, unsigned int order, unsigned int highest)
{
	struct pa_node *node = pa_node(pa, nid);

	if (!order)
		return;
	if (!node->kcompactd_order || node->kcompactd_highest > highest)
		node->kcompactd_highest = (uint8_t)highest;
	if (node->kcompactd_order < order)
		node->kcompactd_order = order;
	for (unsigned int type = 0; type <= node->kcompactd_highest && !node->kcompactd_woken;
	     type++) {
		uint32_t zone = pa_zone_by(pa, nid, type);
		struct run r = { .pa = pa,
				 .zone = zone,
				 .classzone = node->kcompactd_highest,
				 .order = node->kcompactd_order };

		node->kcompactd_woken =
			zone != PA_NO_ZONE && suits(&r, false) == PA_COMPACT_COMPLETE;
	}
}

/* kcompactd_do_work: for GFP_KERNEL, so what UNMOVABLE pages would need. */
void pa_kcompactd(struct pa *pa, uint32_t nid, struct pa_trail *trail)
{
	struct pa_node *node = pa_node(pa, nid);
	unsigned int order = node->kcompactd_order;

	for (unsigned int type = 0; type <= node->kcompactd_highest; type++) {
		uint32_t zone = pa_zone_by(pa, nid, type);
		struct run r = { .pa = pa,
				 .trail = trail,
				 .zone = zone,
				 .cpu = pa_node_cpu(pa, nid),
				 .classzone = type,
				 .order = order,
				 .mt = PA_UNMOVABLE };
		struct pa_zone_req *zr;
		enum pa_compact result;

		if (zone == PA_NO_ZONE || pa_compact_deferred(pa_zone_req(pa, zone), order) ||
		    suits(&r, false) != PA_COMPACT_COMPLETE)
			continue;
		zr = pa_zone_req(pa, zone);
		result = scan(&r);
		if (result == PA_COMPACT_SUCCESS) {
			pa_compact_reset(zr, order, false);
		} else {
			pa_drain(pa, zone, UINT32_MAX, r.cpu, trail);
			pa_compact_defer(zr, order);
		}
	}
	node->kcompactd_order = 0;
	node->kcompactd_highest = 0;
	node->kcompactd_woken = false;
}

/* fragmentation_score_node: each zone by its share of the node. */
static uint64_t score_node(const struct pa *pa, uint32_t nid)
{
	uint64_t present = 1, score = 0;

	for (uint32_t i = 0; i < pa->nr_zones; i++)
		present += pa_zone_req(pa, i)->node == nid ? pa_zone_req(pa, i)->present : 0;
	for (uint32_t i = 0; i < pa->nr_zones; i++) {
		if (pa_zone_req(pa, i)->node == nid)
			score += pa_zone_req(pa, i)->present * score_zone(pa, i) / present;
	}
	return score;
}

/* kcompactd with nothing else to do: proactive_compact_node.  False if it was of no use. */
bool pa_proactive(struct pa *pa, uint32_t nid, struct pa_trail *trail)
{
	uint64_t before = score_node(pa, nid);

	if (!pa_rules(pa)->proactive || !pa_req(pa)->knobs.compaction_proactiveness ||
	    pa_kswapd_busy(pa_node(pa, nid)) || before <= score_mark(pa, true))
		return true;
	for (unsigned int type = 0; type < PA_NR_ZONE_TYPES; type++) {
		uint32_t zone = pa_zone_by(pa, nid, type);
		struct run r = { .pa = pa,
				 .trail = trail,
				 .zone = zone,
				 .cpu = pa_node_cpu(pa, nid),
				 .order = pa->pageblock_order,
				 .mt = PA_UNMOVABLE,
				 .proactive = true };

		if (zone != PA_NO_ZONE)
			scan(&r);
	}
	return score_node(pa, nid) < before;
}

const char *pa_compact_name(enum pa_compact result)
{
	static const char *const names[PA_NR_COMPACT] = {
		[PA_COMPACT_SKIPPED] = "skipped",   [PA_COMPACT_DEFERRED] = "deferred",
		[PA_COMPACT_COMPLETE] = "complete", [PA_COMPACT_PARTIAL_SKIPPED] = "partial",
		[PA_COMPACT_SUCCESS] = "success",
	};

	return (unsigned int)result < PA_NR_COMPACT ? names[result] : NULL;
}
