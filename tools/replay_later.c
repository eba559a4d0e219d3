/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * After a mismatch: whom do the events that follow bear out?
 *
 * Either the record is right and the core's state was not, or the state was right and the
 * record is not.  A page that is handed out, freed or drained without having been picked was
 * in use; one that is picked was still free.  This is asked after the comparison, for the
 * repair alone.
 *
 * Where a kernel hides the types of its pageblocks, the trace is also asked ahead for one.  No
 * predicted page comes from here.
 */
#include "replay_internal.h"

static bool picks_from_list(const struct trace_event *ev)
{
	return ev->type == EV_ZONE_ALLOC || ev->type == EV_FALLBACK || ev->type == EV_ISOLATE;
}

static bool names_used_page(const struct trace_event *ev)
{
	return ev->type == EV_FREE || ev->type == EV_DRAIN || ev->type == EV_ZONE_FREE;
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
			if (ev->type == EV_ALLOC)
				return REPLAY_LATER_ALLOC;
			if (names_used_page(ev))
				return REPLAY_LATER_USED;
		}
	}
	return REPLAY_LATER_UNKNOWN;
}

uint8_t replay_later_mt(const struct replay *r, uint64_t after, uint64_t pfn)
{
	unsigned int shift = r->meta->pageblock_order;
	const struct trace_item *item;
	const struct trace_event *ev;
	uint64_t first, i;

	for (item = r->ahead; item < r->ahead + 2 && !r->opt.no_repair; item++) {
		first = item->events.first;
		for (i = after < first ? 0 : after - first + 1; i < item->events.n; i++) {
			ev = &item->events.ev[i];
			if ((ev->type == EV_ALLOC || ev->type == EV_ZONE_ALLOC ||
			     ev->type == EV_DRAIN) &&
			    ev->pfn >> shift == pfn >> shift)
				return replay_mt(r, ev->mt);
		}
	}
	return NO_MT;
}
