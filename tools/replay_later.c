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

/* Event @n, or the first at hand if that is gone; NULL where no more are known. */
static const struct trace_event *event_at(const struct replay *r, uint64_t *n)
{
	const struct trace_item *item;

	if (*n < r->ahead[0].events.first)
		*n = r->ahead[0].events.first;
	for (item = r->ahead; item < r->ahead + 2; item++)
		if (*n - item->events.first < item->events.n)
			return &item->events.ev[*n - item->events.first];
	return NULL;
}

enum replay_later replay_later(const struct replay *r, uint64_t after, uint64_t pfn,
			       unsigned int order)
{
	uint64_t end = pfn + (UINT64_C(1) << order), n = after + 1;
	const struct trace_event *ev;

	for (; (ev = event_at(r, &n)); n++) {
		if (ev->pfn >= end || ev->pfn + (UINT64_C(1) << ev->order) <= pfn)
			continue;
		if (picks_from_list(ev))
			return REPLAY_LATER_FREE;
		if (ev->type == EV_ALLOC)
			return REPLAY_LATER_ALLOC;
		if (names_used_page(ev))
			return REPLAY_LATER_USED;
	}
	return REPLAY_LATER_UNKNOWN;
}

uint8_t replay_later_mt(const struct replay *r, uint64_t after, uint64_t pfn)
{
	unsigned int shift = r->meta->pageblock_order;
	const struct trace_event *ev;
	uint64_t n = after + 1;

	if (r->opt.no_repair)
		return NO_MT;
	for (; (ev = event_at(r, &n)); n++)
		if ((ev->type == EV_ALLOC || ev->type == EV_ZONE_ALLOC || ev->type == EV_DRAIN) &&
		    ev->pfn >> shift == pfn >> shift)
			return replay_mt(r, ev->mt);
	return NO_MT;
}

uint64_t replay_later_pick(struct replay *r, const struct pick *p)
{
	const struct trace_event *ev;
	uint64_t n = p->last + 1;

	for (; (ev = event_at(r, &n)); n++)
		if (ev->type == EV_ZONE_ALLOC && ev->order == p->order &&
		    replay_mt(r, ev->mt) == p->mt && replay_zone(r, ev->pfn) == &r->zones[p->zone])
			return ev->pfn;
	return PA_PFN_NONE;
}
