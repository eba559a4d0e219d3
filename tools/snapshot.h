/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Taking the state of the real allocator: zones, and per zone the free lists in order,
 * pageblock types and pcp lists, consistent with the stream of events.
 */
#ifndef TOOLS_SNAPSHOT_H
#define TOOLS_SNAPSHOT_H

#include "probe.h"
#include "side.h"

#define SNAPSHOT_MAX_NODES 64

/* Free lists of one zone as they were between two records of the stream. */
struct zone_state {
	bool valid;
	uint64_t at; /* records before this number are in it, later ones are not */
	uint32_t tries;
	bool in_lock;  /* the zone never rested, so the walk was made inside its lock */
	uint64_t *pfn; /* all blocks, list after list */
	size_t nr_pfn;
	struct snap_list list[SNAP_MAX_LISTS]; /* index: order * nr_mt + migratetype */
};

/* The event vector that fills while a snapshot is being taken. */
struct event_log {
	struct trace_event *ev;
	uint64_t *number; /* of each event in the stream */
	size_t n, room;
};

struct snapshot {
	struct probe *probe;
	const struct host *host;
	struct trace_meta *meta; /* zones are filled in by snapshot_find_zones */
	uint64_t zone_addr[TRACE_MAX_ZONES];
	struct zone_state state[TRACE_MAX_ZONES];
	struct cpu_state *cpus; /* zone by zone, see snapshot_take_cpus() */
	size_t nr_cpus;
	int kpageflags; /* file, opened while that is allowed; -1: there is none, or it never was */
};

/*
 * Find nodes and zones, and from the free pages of a low zone where struct page 0 lies.
 * -ENOTSUP with @why filled if that cannot be told.
 */
int snapshot_find_zones(struct snapshot *s, char *why, size_t len);
/*
 * Take every zone's free lists, reading the stream into @log meanwhile.  Zones that could
 * not be had are left !valid.  @patience_ms bounds the time for each zone.
 */
int snapshot_take(struct snapshot *s, struct event_log *log, unsigned int patience_ms);
/* Write the zones' free lists, and with @details pageblock types too. */
int snapshot_write(struct snapshot *s, struct trace_writer *w, enum trace_at at, bool details);
/*
 * Write what the frames of the zones are in use for, ahead of the other parts: what the stream holds
 * meanwhile is thrown away.  As far as @patience_ms last and /proc/kpageflags tells; @told: of how many.
 */
int snapshot_write_pages(struct snapshot *s, struct trace_writer *w, unsigned int patience_ms,
			 uint64_t *told);
/*
 * Read the lists and counters of every zone and CPU, all at one moment if the machine rests for
 * one; else each as it is.  @log then has every event before.
 */
int snapshot_take_cpus(struct snapshot *s, struct event_log *log);
/* Write them.  @event_of: the number that a record of the stream has in the file. */
int snapshot_write_cpus(const struct snapshot *s, struct trace_writer *w, enum trace_at at,
			uint64_t (*event_of)(const void *arg, uint64_t number), const void *arg);
void snapshot_free_cpus(struct snapshot *s);
void snapshot_free(struct snapshot *s);

/* Move what the stream holds now into @log.  Return: 0 or -ENOMEM. */
int event_log_fill(struct event_log *log, struct probe *p);
void event_log_free(struct event_log *log);

#endif /* TOOLS_SNAPSHOT_H */
