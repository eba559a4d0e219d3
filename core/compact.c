/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compaction: pages from the bottom of a zone move to free places at its top.
 *
 * When it is put off, where it may help, and what it comes to for a request.  A run itself is in
 * compact_scan.c, the daemon in kcompactd.c.
 */
#include <errno.h>
#include <string.h>

#include "pa_req_internal.h"

#define DEFER_MAX 6 /* COMPACT_MAX_DEFER_SHIFT */

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

/* Does the zone hold the low mark and what its flags leave of it, for one page of @order? */
static bool low_mark_ok(const struct pa *pa, const struct pa_scan *s, unsigned int order,
			uint64_t more)
{
	const struct pa_zone_req *zr = pa_zone_req(pa, s->zone);
	const struct pa_zone *z = &pa_zones(pa)[s->zone];

	return pa_watermark_test(pa, s->zone, order, zr->wmark[PA_WMARK_LOW] + more, s->classzone,
				 s->flags, pa_zone_free(z, zr), NULL);
}

/* compaction_suitable of 3.10 and 4.4: whatever the order, and with the request's own flags. */
static enum pa_compact suits_old(const struct pa *pa, const struct pa_scan *s)
{
	bool looks_first = pa_rules(pa)->suits == PA_SUITS_4_4;

	if (looks_first && low_mark_ok(pa, s, s->order, 0))
		return PA_COMPACT_SUCCESS;
	if (!low_mark_ok(pa, s, 0, gap(s->order)) || !in_pieces(pa, s->zone, s->order))
		return PA_COMPACT_SKIPPED;
	if (!looks_first && pa_fragmentation_index(pa, s->zone, s->order) == -1000 &&
	    low_mark_ok(pa, s, s->order, gap(s->order)))
		return PA_COMPACT_SUCCESS;
	return PA_COMPACT_COMPLETE;
}

bool pa_compact_may_run(const struct pa *pa, uint32_t zone, unsigned int order)
{
	const struct pa_scan s = { .zone = zone, .order = (uint8_t)order };

	return suits_old(pa, &s) != PA_COMPACT_SKIPPED;
}

/*
 * compaction_suit_allocation_order: SUCCESS if it need not run, SKIPPED if it cannot help.  To
 * kcompactd with defrag_mode whole pageblocks alone count (@ 7.3).
 */
static enum pa_compact suits(const struct pa *pa, const struct pa_scan *s)
{
	const struct pa_zone_req *zr = pa_zone_req(pa, s->zone);
	const struct pa_zone *z = &pa_zones(pa)[s->zone];
	unsigned int wmark = (s->flags & PA_ALLOC_WMARK_MASK) >> PA_ALLOC_WMARK_SHIFT;
	uint64_t mark = pa_mark_of(z, zr, wmark);
	int64_t free = pa_zone_free(z, zr);

	if (pa_rules(pa)->suits >= PA_SUITS_4_4)
		return suits_old(pa, s);
	if (pa_watermark_test(pa, s->zone, s->order, mark, s->classzone, s->flags,
			      !s->direct && pa_req(pa)->knobs.defrag_mode ?
				      pa_free_in_blocks(pa, s->zone) :
				      free,
			      NULL))
		return PA_COMPACT_SUCCESS;
	/* 6.18: where only CMA pages make up the gap, an async costly run would move in vain. */
	if (pa_rules(pa)->suits == PA_SUITS_6_18 && s->async && s->order > PA_COSTLY_ORDER &&
	    !(s->flags & PA_ALLOC_CMA) &&
	    !pa_watermark_test(pa, s->zone, 0, mark + gap(s->order), s->classzone, 0, free, NULL))
		return PA_COMPACT_SKIPPED;
	if (!pa_compact_suitable(pa, s->zone, s->order,
				 pa_compact_mark(pa, s->zone, s->order, s->flags), s->classzone,
				 free))
		return PA_COMPACT_SKIPPED;
	return PA_COMPACT_COMPLETE;
}

bool pa_compact_suits_daemon(const struct pa *pa, uint32_t zone, unsigned int order,
			     unsigned int highest)
{
	unsigned int wmark = pa_req(pa)->knobs.defrag_mode ? PA_WMARK_HIGH : PA_WMARK_MIN;
	const struct pa_scan s = { .zone = zone,
				   .flags = wmark << PA_ALLOC_WMARK_SHIFT,
				   .classzone = (uint8_t)highest,
				   .order = (uint8_t)order };

	return suits(pa, &s) == PA_COMPACT_COMPLETE;
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
static enum pa_compact run_for(const struct pa_ctx *ac, struct pa_scan *s, uint64_t *captured)
{
	enum pa_compact result;

	if (ac->order == s->order)
		pa_start_capture(ac->pa, s->zone, ac->order, (enum pa_mt)ac->mt);
	result = pa_scan_zone(ac->pa, s, pa_trail_of(ac));
	*captured = pa_end_capture(ac->pa);
	return result;
}

/* Is this zone enough?  Up to 4.4 the run's own word is not. */
static bool enough(const struct pa *pa, const struct pa_scan *s, enum pa_compact result)
{
	if (pa_rules(pa)->suits < PA_SUITS_4_4)
		return result == PA_COMPACT_SUCCESS;
	return low_mark_ok(pa, s, s->order, 0);
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
		struct pa_scan s = { .zone = *at,
				     .cpu = ac->cpu,
				     .flags = flags,
				     .classzone = (uint8_t)ac->classzone,
				     .order = (uint8_t)ac->reach,
				     .mt = (uint8_t)ac->mt,
				     .async = priority == PA_PRIO_ASYNC,
				     .direct = true };
		enum pa_compact result;

		if (ac->rules->suits == PA_SUITS_3_10)
			s.flags = s.classzone = 0;
		if (!pa_node_allowed(ac, zr))
			continue;
		if (left_out(ac, zr, priority)) {
			best = best > PA_COMPACT_DEFERRED ? best : PA_COMPACT_DEFERRED;
			continue;
		}
		result = suits(ac->pa, &s);
		if (result == PA_COMPACT_COMPLETE)
			result = run_for(ac, &s, captured);
		best = best > result ? best : result;
		skipped |= result == PA_COMPACT_SKIPPED;
		if (*captured != PA_PFN_NONE || enough(ac->pa, &s, result)) {
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
		struct pa_scan s = { .zone = zone,
				     .cpu = pa_node(pa, nid)->daemon_cpu[PA_KSWAPD],
				     .order = (uint8_t)order,
				     .mt = PA_UNMOVABLE,
				     .async = true,
				     .direct = true };

		if (zone == PA_NO_ZONE || pa_compact_deferred(pa_zone_req(pa, zone), order))
			continue;
		if (suits(pa, &s) == PA_COMPACT_COMPLETE)
			pa_scan_zone(pa, &s, trail);
		if (low_mark_ok(pa, &s, order, 0))
			pa_compact_reset(pa_zone_req(pa, zone), order, false);
	}
}

const char *pa_compact_name(enum pa_compact result)
{
	static const char *const names[PA_NR_COMPACT] = {
		[PA_COMPACT_SKIPPED] = "skipped",     [PA_COMPACT_DEFERRED] = "deferred",
		[PA_COMPACT_COMPLETE] = "complete",   [PA_COMPACT_PARTIAL_SKIPPED] = "partial",
		[PA_COMPACT_CONTENDED] = "contended", [PA_COMPACT_SUCCESS] = "success",
	};

	return (unsigned int)result < PA_NR_COMPACT ? names[result] : NULL;
}
