/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tracepoints do not show but imply: which free blocks compaction took.
 *
 * Without a site at __isolate_free_page the free scanner's removals are silent.  Its events
 * come after the lock was dropped and carry counts.  While one compactor is at work, these
 * nearly always leave one choice; with two in a zone they do not, and misses show it.
 */
#include <limits.h>
#include <stdlib.h>

#include "replay_internal.h"

static void isolate(struct replay *r, uint64_t pfn, unsigned int order)
{
	if (pa_isolate(r->pa, pfn, order)) {
		r->res.dropped++;
		return;
	}
	pa_set_use(r->pa, pfn, order, PA_USE_MOVABLE); /* a migration target */
	r->res.inferred++;
}

struct scan {
	unsigned int taken, scanned;
};

/* The scanner steps over compound pages at a stride, so where they begin must be known. */
void replay_note_compound(const struct zone_state *z, uint64_t pfn, unsigned int order)
{
	if (z->compound)
		z->compound[pfn - z->start] = order;
}

static unsigned int compound_order(struct replay *r, uint64_t pfn)
{
	const struct zone_state *z = replay_zone(r, pfn);

	return z && z->compound ? z->compound[pfn - z->start] : 0;
}

/*
 * isolate_freepages_block @ 6.1 to 7.3 goes up a range by @stride frames and takes each free
 * block that starts where it looks; the event's range ends where it stopped.
 */
static struct scan walk_block(struct replay *r, const struct trace_event *ev, unsigned int stride,
			      bool take)
{
	uint64_t pfn = ev->pfn, end = pfn + trace_scan_range(ev);
	struct pa_page_info info;
	struct scan scan = { 0 };
	unsigned int size;

	for (; pfn < end && !pa_page(r->pa, pfn, &info); pfn += stride) {
		scan.scanned++;
		size = 1U << (info.head ? info.order : compound_order(r, pfn));
		if (!info.head && pfn + size <= end) {
			scan.scanned += size - 1;
			pfn += size - 1;
		}
		if (!info.head)
			continue;
		if (scan.taken + size > trace_scan_taken(ev))
			break;
		if (take)
			isolate(r, pfn, info.order);
		scan.taken += size;
		scan.scanned += size - 1;
		pfn += size - 1;
	}
	return scan;
}

/*
 * The stride doubles from 1, or starts at 32, while blocks yield nothing (isolate_freepages
 * @ 5.1+).  The count of frames looked at tells which it was; where the core knows fewer free
 * blocks there than were taken, those it knows are among them.
 */
static void block_scan(struct replay *r, const struct trace_event *ev)
{
	unsigned int stride, best = 1, least = UINT_MAX, off;
	struct scan scan;

	if (!trace_scan_taken(ev))
		return;
	for (stride = 1; stride <= 32; stride *= 2) {
		scan = walk_block(r, ev, stride, false);
		off = abs((int)scan.scanned - (int)trace_scan_scanned(ev)) * 2 +
		      (scan.taken != trace_scan_taken(ev));
		if (off < least) {
			least = off;
			best = stride;
		}
	}
	scan = walk_block(r, ev, best, true);
	r->res.dropped += scan.taken != trace_scan_taken(ev);
}

static uint64_t free_frames(const struct replay *r, uint64_t pfn, uint64_t end)
{
	struct pa_page_info info;
	uint64_t n = 0;

	for (; pfn < end && !pa_page(r->pa, pfn, &info); pfn++)
		n += info.free;
	return n;
}

/*
 * After a hit the rest of its pageblock is taken too (fast_isolate_around): the next event of
 * this CPU is of that pageblock, and its count lacks the hit.
 */
static bool is_around(const struct replay *r, const struct trace_event *ev, unsigned int taken,
		      uint64_t *block)
{
	const struct trace_event *next = replay_next(r, r->now, ev->cpu);

	if (!next || next->type != EV_COMPACT_FREE)
		return false;
	*block = next->pfn >> r->meta->pageblock_order;
	return free_frames(r, next->pfn, next->pfn + trace_scan_range(next)) ==
	       trace_scan_taken(next) + taken;
}

/*
 * fast_isolate_freepages @ 6.12+ looks at the last entries of a MOVABLE list, and of others
 * when that yields nothing.  It takes the first frame high enough, which none before it was,
 * or else the highest it saw: the highest of the entries looked at either way.  Before that
 * it makes it the head of the list.  Its event counts entries plus the frames after the first.
 */
static void list_scan(struct replay *r, const struct trace_event *ev, uint32_t zone)
{
	unsigned int taken = trace_scan_taken(ev), order, entries;
	uint64_t best = PA_PFN_NONE, near = PA_PFN_NONE, len, pfn, block = 0, i = 0;
	bool around;

	if (!taken)
		return; /* the list was turned, but the event does not say which */
	order = __builtin_ctz(taken);
	entries = trace_scan_scanned(ev) - (taken - 1);
	if (taken != 1U << order || order >= r->meta->nr_orders || !entries)
		return;
	around = is_around(r, ev, taken, &block);
	len = pa_list_len(r->pa, zone, order, PA_MOVABLE);
	for (pfn = pa_list_head(r->pa, zone, order, PA_MOVABLE); pfn != PA_PFN_NONE;
	     pfn = pa_list_next(r->pa, pfn)) {
		if (++i + entries > len && (best == PA_PFN_NONE || pfn > best))
			best = pfn;
		if (around && pfn >> r->meta->pageblock_order == block)
			near = pfn; /* the last of them */
	}
	if (near != PA_PFN_NONE && best >> r->meta->pageblock_order != block)
		best = near;
	if (best == PA_PFN_NONE) {
		r->res.dropped++;
		return;
	}
	if (pa_rotate(r->pa, best, false) > 0)
		r->res.rotations++;
	isolate(r, best, order);
}

void replay_infer(struct replay *r, const struct trace_event *ev)
{
	struct zone_state *z = replay_zone(r, ev->pfn);

	if (!r->infers || !z || !z->begin)
		return;
	replay_close_zone(r, z);
	if (ev->type == EV_COMPACT_FREE)
		block_scan(r, ev);
	else
		list_scan(r, ev, replay_zone_id(r, z));
}
