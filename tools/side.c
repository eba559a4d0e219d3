/* SPDX-License-Identifier: GPL-2.0-only */
#include "side.h"

#include <errno.h>

#include "core/pa.h"

int meta_zone_of(const struct trace_meta *meta, uint64_t pfn)
{
	for (uint32_t z = 0; z < meta->nr_zones; z++)
		if (pfn >= meta->zone[z].start_pfn &&
		    pfn - meta->zone[z].start_pfn < meta->zone[z].spanned)
			return z;
	return -ENOENT;
}

bool event_changes_lists(const struct trace_event *ev, const struct trace_meta *meta)
{
	switch (ev->type) {
	case EV_ZONE_ALLOC:
	case EV_DRAIN:
	case EV_FALLBACK:
	case EV_ZONE_FREE:
	case EV_ISOLATE:
	case EV_PUTBACK:
	case EV_MOVE_BLOCK:
	case EV_ROTATE:
		return true;
	case EV_FREE: /* of an order that no pcp list holds */
		return !pa_pcp_holds(pa_policy_find(meta->policy), ev->order,
				     meta->pageblock_order);
	default:
		return false;
	}
}

/*
 * A page that reaches its caller left its list before.  What goes to a CPU's lists, or is to empty them, may end with a
 * drain: behind the closing snapshot that is not written, so this is not either.  At the beginning nothing is
 * amiss, as the CPUs' lists are read later than all zones.
 */
static bool has_side(const struct sides *s, const struct trace_event *ev, enum trace_at at)
{
	switch (ev->type) {
	case EV_ALLOC:
		return true;
	case EV_FREE:
	case EV_PUSH:
	case EV_BULK:
	case EV_DRAIN_PAGES:
		return at == TRACE_AT_END || event_changes_lists(ev, s->meta);
	default:
		return event_changes_lists(ev, s->meta);
	}
}

bool event_belongs(const struct sides *s, const struct trace_event *ev, uint64_t number,
		   enum trace_at at)
{
	int z = has_side(s, ev, at) ? meta_zone_of(s->meta, ev->pfn) : -ENOENT;
	uint64_t first = SIDE_NONE, last = 0;

	if (z >= 0 && s->at[z] != SIDE_NONE)
		return (number >= s->at[z]) == (at == TRACE_AT_BEGIN);
	for (uint32_t k = 0; k < s->meta->nr_zones; k++) {
		if (s->at[k] < first)
			first = s->at[k];
		if (s->at[k] != SIDE_NONE && s->at[k] > last)
			last = s->at[k];
	}
	return at == TRACE_AT_BEGIN ? number >= first : number < last;
}
