/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a trace says about the host it was recorded on: who allocated what, what was borrowed
 * from whom, who waited and for how long, how memory was cut up over time, and how far all of
 * it can be trusted.  Collected in one pass, in memory that does not grow with the trace.
 */
#ifndef TOOLS_REPORT_H
#define TOOLS_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/pa.h"
#include "replay.h"
#include "trace.h"

#define REPORT_ORDERS 16     /* an event's order is below */
#define REPORT_SLICES 128    /* the recording's time is cut into 65 to 128 slices, if it has any */
#define REPORT_TALLIES 65536 /* slots for processes, and for gfp masks; up to half are used */
#define REPORT_OPEN 4096     /* stalls at any one time */
#define REPORT_CELLS 1024    /* of the pageblock map */
#define REPORT_STATUSES 10   /* the statuses of enum compact_result, and one for others */

/* ---- durations ---- */

#define REPORT_SUB_BITS 5 /* a bucket is 1/32 of its value wide */
#define REPORT_BUCKETS ((64 - REPORT_SUB_BITS + 1) << REPORT_SUB_BITS)

struct report_hist {
	uint64_t n, zero, sum, max; /* zero: how many are 0 */
	uint64_t bucket[REPORT_BUCKETS];
};

void report_hist_add(struct report_hist *h, uint64_t v);
/*
 * The @percent-th percentile by nearest rank, as the upper end of its bucket: at most 1/32 too
 * much, never too little.  0 for an empty one.
 */
uint64_t report_hist_rank(const struct report_hist *h, unsigned int percent);
/* How many values lie in @from <= v < @below; exact where both are powers of 2. */
uint64_t report_hist_between(const struct report_hist *h, uint64_t from, uint64_t below);

/* ---- stalls ---- */

enum report_stall { REPORT_RECLAIM, REPORT_COMPACT, REPORT_NR_STALLS };
const char *report_stall_name(enum report_stall kind);

#define REPORT_ALL REPORT_ORDERS /* where an index by order means all of them */

/* One that began and has not ended yet: a stall, or a run of compaction. */
struct report_open {
	uint64_t ts;
	uint64_t last; /* REPORT_COMPACT: when the last run of the call ended */
	uint32_t pid, cpu, gfp;
	uint32_t runs;
	uint8_t kind; /* enum report_stall, or REPORT_NR_STALLS for a run */
	uint8_t order;
	bool running;
};

struct report_runs {
	uint64_t n, ns, max;
};

struct report_stalls {
	struct report_open open[REPORT_OPEN];
	size_t nr_open;
	size_t nr_calls;	  /* of kind REPORT_COMPACT */
	struct report_hist *hist; /* [REPORT_NR_STALLS][REPORT_ORDERS + 1] */
	struct report_hist *gaps; /* between two reads of the clock */
	uint64_t last_ts;
	/* What could not be made a pair. */
	uint64_t unfinished, unbegun, lost, overflow;
	uint64_t ambiguous;   /* pairs chosen among threads of one process */
	uint64_t without_run; /* calls of direct compaction that tried no zone */
	struct report_runs runs[2][REPORT_STATUSES]; /* [direct][status] */
	uint64_t reclaimed;			     /* pages, by direct reclaim */
};

const char *report_status_name(unsigned int status); /* of enum compact_result */

/* ---- who ---- */

struct report_tally {
	uint64_t allocs, pages, failed, frees;
	uint64_t stalls[REPORT_NR_STALLS], ns[REPORT_NR_STALLS];
};

struct report_slot {
	struct report_tally tally;
	uint32_t key;
	bool used;
};

/* Tallies by a 32-bit key; what does not fit is summed up in @others. */
struct report_map {
	struct report_slot *slot; /* [REPORT_TALLIES] */
	size_t used;
	const struct report_slot **sorted; /* the used ones, busiest first, when all is read */
	struct report_tally others;
	bool overflow;
};

/* ---- what ---- */

struct report_order {
	uint64_t allocs, failed, frees;
	uint64_t picks, picks_exact, fallbacks; /* as replay counts them */
};

struct report_type {
	uint64_t allocs, pages, failed;
};

/* Fallbacks of one kind. */
struct report_fallback {
	uint64_t events;
	uint64_t claimed, stolen; /* as far as the trace tells or the replay knows */
	uint64_t core;		  /* what the core chose in its place */
};

/* ---- where, over time ---- */

/* Pages of the three types that share pageblocks, handed out and not given back. */
struct report_block {
	uint16_t used[PA_PCPTYPES];
};

/* What a pageblock was when the trace ended. */
struct report_final {
	uint32_t frames, free; /* of the zone; free pages of these */
	uint32_t foreign;      /* pages handed out for a type that is not the pageblock's */
	uint8_t mt;	       /* enum pa_mt */
};

struct report_zone {
	const struct trace_zone *meta;
	uint32_t index; /* in the core */
	bool begin;	/* its free lists are known */
	bool types_known;
	uint8_t *owner; /* a byte a frame: enum pa_mt + 1, 0 not known */
	struct report_block *block;
	struct report_final *final;
	uint64_t first_block, nr_blocks; /* in pageblocks from pfn 0 */
	uint64_t begin_free[PA_MAX_ORDERS], end_free[PA_MAX_ORDERS], kernel_free[PA_MAX_ORDERS];
	uint64_t low_free[PA_MAX_ORDERS], high_free[PA_MAX_ORDERS];
	bool kernel_known; /* the closing snapshot has it */
};

/* A zone at one moment. */
struct report_sample {
	uint64_t free[PA_MAX_ORDERS]; /* blocks */
	uint64_t mixed;		      /* pageblocks that hold pages of a type not their own */
	uint64_t mixed_movable;	      /* those of them that are MOVABLE */
};

/* What happened in one slice. */
struct report_slice {
	uint64_t allocs, failed, fallbacks, stalls[REPORT_NR_STALLS], lost;
};

struct report {
	struct trace_meta const *meta;
	struct replay *replay;
	struct replay_result result;
	bool has_events;
	uint64_t first_ts, last_ts;
	uint64_t allocs, failed, frees, fallbacks;
	uint64_t kswapd_wakes, kswapd_sleeps, victims;
	uint64_t isolated, migrated; /* pages that compaction took to fill, and to move */
	struct trace_pairs stats;
	uint8_t mt[TRACE_MAX_MT]; /* the kernel's number -> enum pa_mt, or PA_NR_MT */
	struct report_order order[REPORT_ORDERS];
	struct report_type type[PA_NR_MT];
	struct report_fallback fallback[PA_NR_MT][PA_NR_MT][REPORT_ORDERS]; /* [to][from][order] */
	struct report_map by_gfp, by_pid;
	struct report_stalls stalls;
	struct report_zone zone[TRACE_MAX_ZONES];
	uint32_t nr_zones;
	uint32_t last_zone; /* where a frame was found last */
	uint64_t start;	    /* time of the first event */
	uint64_t width;	    /* of a slice, ns; 0: no event */
	uint32_t slice;	    /* the one at hand */
	struct report_slice activity[REPORT_SLICES];
	struct report_sample *sample; /* [REPORT_SLICES][nr_zones]: at the end of each slice */
};

/*
 * Read all of @reader.  A file that ends early is no failure (result.cut).
 * Return: as replay_run().  @rep is to be freed either way.
 */
int report_collect(struct report *rep, struct trace_reader *reader, const char *policy,
		   uint64_t until, char *why, size_t len);
void report_free(struct report *rep); /* accepts a zeroed one */

/* ---- printing: the tables, each of which a form writes its own way ---- */

struct report_form {
	void *arg;
	bool series; /* wants what is too long for people */
	/*
	 * A table, which may have no row; with @one it is a single row, which has a name for
	 * each value.  @title is for people.
	 */
	void (*begin)(void *arg, const char *name, const char *title, bool one);
	void (*text)(void *arg, const char *key, const char *v); /* NULL: not known */
	void (*number)(void *arg, const char *key, uint64_t v);
	void (*ns)(void *arg, const char *key, uint64_t v);
	void (*flag)(void *arg, const char *key, bool v);
	void (*none)(void *arg, const char *key); /* not known */
	void (*row)(void *arg);			  /* the row is complete */
	void (*end)(void *arg);
};

/* Show at most @most processes and gfp masks, the rest summed up. */
void report_tables(const struct report *rep, const struct report_form *form, size_t most);

/* Each returns 0, or -EIO or -ENOMEM. */
int report_text(const struct report *rep, FILE *to, size_t most);
int report_json(const struct report *rep, FILE *to, size_t most, unsigned int indent);
int report_csv(const struct report *rep, FILE *to, size_t most);
int report_html(const struct report *rep, FILE *to, size_t most);

#endif /* TOOLS_REPORT_H */
