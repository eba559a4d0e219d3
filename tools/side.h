/* SPDX-License-Identifier: GPL-2.0-only */
/* On which side of a zone's snapshot an event lies that was read while that was taken. */
#ifndef TOOLS_SIDE_H
#define TOOLS_SIDE_H

#include "trace.h"

/* Where the snapshots of the zones lie in the stream. */
struct sides {
	const struct trace_meta *meta;
	uint64_t at[TRACE_MAX_ZONES]; /* records before this number are in it; SIDE_NONE: there is none */
};

#define SIDE_NONE UINT64_MAX

/* Index of the zone that holds @pfn, or -ENOENT. */
int meta_zone_of(const struct trace_meta *meta, uint64_t pfn);
/* Does this event tell of a change of the zone's free lists, at its very place in the stream? */
bool event_changes_lists(const struct trace_event *ev, const struct trace_meta *meta);
/*
 * Is record @number, @ev, to be written?  At the beginning what lies behind its zone's snapshot, at the end what
 * lies before it.  What tells of no zone has no side: it is written from the first snapshot on, and up to the last one.
 */
bool event_belongs(const struct sides *s, const struct trace_event *ev, uint64_t number,
		   enum trace_at at);

#endif /* TOOLS_SIDE_H */
