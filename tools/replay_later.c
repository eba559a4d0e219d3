/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * After a mismatch: whom do the events that follow bear out?
 *
 * Either the record is right and the core's state was not, or the state was right and the
 * record is not.  A page that is handed out, freed or drained without having been picked was
 * in use; one that is picked was still free.  This is asked after the comparison, for the
 * repair alone: no prediction ever looks ahead.
 */
#include "replay_internal.h"

static bool picks_from_list(const struct trace_event *ev)
{
	return ev->type == EV_ZONE_ALLOC || ev->type == EV_FALLBACK || ev->type == EV_ISOLATE;
}

static bool names_used_page(const struct trace_event *ev)
{
	return ev->type == EV_ALLOC || ev->type == EV_FREE || ev->type == EV_DRAIN ||
	       ev->type == EV_ZONE_FREE;
}

enum replay_later replay_later(const struct replay *r, uint64_t after, uint64_t pfn,
			       unsigned int order)
{
	uint64_t end = pfn + (UINT64_C(1) << order), first, i;
	const struct trace_item *item;
	const struct trace_event *ev;

	for (item = r->ahead; item < r->ahead + 2; item++) {
		first = item->events.first;
		for (i = after < first ? 0 : after - first + 1; i < item->events.n; i++) {
			ev = &item->events.ev[i];
			if (ev->pfn >= end || ev->pfn + (UINT64_C(1) << ev->order) <= pfn)
				continue;
			if (picks_from_list(ev))
				return REPLAY_LATER_FREE;
			if (names_used_page(ev))
				return REPLAY_LATER_USED;
		}
	}
	return REPLAY_LATER_UNKNOWN;
}

/* -------------------------------------------------------------------------
 * A list that was turned before anybody could say so
 *
 * compaction_alloc() reports the heads of the lists that it may have turned once it is out of
 * their lock.  If another CPU takes pages in between, the report comes after them.  It still
 * tells where the list was turned: the head it names, back by the blocks taken until then.
 */

/* How an event of the zone bears on its free list of @order. */
enum bearing { BEARS_NOTHING, BEARS_POP, BEARS_REPORT, BEARS_OTHER };

static enum bearing bears(const struct replay *r, const struct trace_event *ev,
			  const struct pick *p, unsigned int order)
{
	const struct zone_state *z = &r->zones[p->zone];
	bool movable = ev->mt < r->meta->nr_mt && r->mt[ev->mt] == PA_MOVABLE;

	if (ev->pfn < z->start || ev->pfn >= z->end)
		return BEARS_NOTHING;
	switch (ev->type) {
	case EV_ZONE_ALLOC:
	case EV_FALLBACK:
		if (ev->order == p->order && ev->mt < r->meta->nr_mt && r->mt[ev->mt] == p->mt &&
		    (ev->type == EV_FALLBACK) == p->kernel.fallback)
			return BEARS_POP;
		return movable || ev->type == EV_FALLBACK ? BEARS_OTHER : BEARS_NOTHING;
	case EV_ROTATE:
		if (ev->order != order)
			return BEARS_NOTHING;
		return ev->bits & EV_ROTATE_TAIL ? BEARS_OTHER : BEARS_REPORT;
	case EV_DRAIN:
		return movable ? BEARS_OTHER : BEARS_NOTHING;
	case EV_ISOLATE:
		return ev->order == order ? BEARS_OTHER : BEARS_NOTHING;
	case EV_ZONE_FREE:
	case EV_PUTBACK:
	case EV_MOVE_BLOCK:
		return BEARS_OTHER;
	default:
		return BEARS_NOTHING;
	}
}

bool replay_turned_later(const struct replay *r, const struct pick *p, uint64_t block,
			 unsigned int order)
{
	uint64_t head = pa_list_head(r->pa, p->zone, order, PA_MOVABLE), first, i;
	uint64_t after_pops = pa_list_next(r->pa, block);
	const struct trace_item *item;

	for (item = r->ahead; item < r->ahead + 2; item++) {
		first = item->events.first;
		for (i = p->last < first ? 0 : p->last - first + 1; i < item->events.n; i++) {
			if (after_pops == PA_PFN_NONE)
				after_pops = head;
			switch (bears(r, &item->events.ev[i], p, order)) {
			case BEARS_NOTHING:
				break;
			case BEARS_POP:
				after_pops = pa_list_next(r->pa, after_pops);
				break;
			case BEARS_REPORT:
				return item->events.ev[i].pfn == after_pops;
			case BEARS_OTHER:
				return false;
			}
		}
	}
	return false;
}
