/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Asking a recording what other settings would have done.
 *
 * A plan is a goal and a list of runs: the trace as it is, request by request beside the kernel
 * (TUNE_FIDELITY); the same as a what-if run (TUNE_BASE); then a point each: a policy and settings.
 * The trace is read once into memory, every run is a fork of its own from the same snapshot.
 * A run comes to numbers by time slice, all integers: whatever ran them, and wherever, what is
 * made of them afterwards is the same.
 */
#ifndef TOOLS_TUNE_H
#define TOOLS_TUNE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "request.h"
#include "trace.h"

/* X(ID, "name", "what is counted", more is better) */
/* clang-format off */
#define TUNE_GOALS(X)                                                                              \
	X(ORDER,      "order",      "free blocks of that order, mean over time",           true)   \
	X(THP,        "thp",        "requests for a huge page that got one",               true)   \
	X(STALL,      "stall",      "requests that reclaimed or compacted by themselves",  false)  \
	X(FALLBACKS,  "fallbacks",  "page blocks borrowed from another migratetype",       false)  \
	X(COMPACTION, "compaction", "pages moved by compaction",                           false)
/* clang-format on */

enum tune_goal {
#define X(id, name, what, more) TUNE_##id,
	TUNE_GOALS(X)
#undef X
		TUNE_NR_GOALS
};

const char *tune_goal_name(enum tune_goal goal);
const char *tune_goal_what(enum tune_goal goal);
bool tune_goal_more(enum tune_goal goal); /* more of it is better */

#define TUNE_SLICES 32
#define TUNE_MAX_POINTS 65536
#define TUNE_MAX_GRIDS REQUEST_MAX_SETS
#define TUNE_MAX_POLICIES 16

#define TUNE_RUNS 4 /* of each what-if run, unless somebody says */
#define TUNE_MAX_RUNS 64

/* What is run; the points follow.  The first once, each other one plan->runs times. */
enum { TUNE_FIDELITY, TUNE_BASE, TUNE_POINTS };

/* One combination. */
struct tune_point {
	const char *policy;		 /* NULL: the trace's */
	const char *set[TUNE_MAX_GRIDS]; /* "vm.KEY=VALUE" */
	uint32_t nr_sets;
};

/* What a run was within one slice of time. */
struct tune_slice {
	uint64_t goals[TUNE_NR_GOALS]; /* TUNE_ORDER: free blocks times ns */
	uint64_t ns;
};

struct tune_run {
	bool done;
	uint32_t of; /* folded: its slices are those of so many runs added up; 0: it is one */
	struct tune_slice slice[TUNE_SLICES];
	/* Of the whole run. */
	struct request_pair fallbacks, end_free; /* free blocks of the goal's order at the end */
	uint64_t requests, exact, order0, order0_exact;
	uint64_t failed, thp_asked, reclaimed;
};

struct tune_plan {
	enum tune_goal goal;
	unsigned int order; /* of TUNE_ORDER and of end_free: the goal's, else a huge page's */
	struct tune_point *point;
	size_t nr_points;
	uint32_t runs; /* at least 1: so often, each time with the daemons' turns by another chance */
	char **text;   /* the points' strings */
	size_t nr_texts;
};

/* What the command line says of the points. */
struct tune_grid {
	const char *grid[TUNE_MAX_GRIDS]; /* "vm.KEY=a,b,c" */
	uint32_t nr_grids;
	const char *policy[TUNE_MAX_POLICIES];
	uint32_t nr_policies;
};

/*
 * "order:9", "thp", ... with @meta's orders.  -EINVAL: no such goal.
 */
int tune_parse_goal(const char *text, const struct trace_meta *meta, struct tune_plan *plan);

/*
 * The points: the cross product of what @grid names, or without any grid settings that bear on the
 * goal, one at a time; each under each policy.  Every value is checked here.
 *
 * Return: 0; -EINVAL or -ENOENT with one line in @why; -E2BIG more than TUNE_MAX_POINTS; -ENOMEM.
 */
int tune_plan_points(struct tune_plan *plan, const struct tune_grid *grid,
		     const struct trace_meta *meta, char *why, size_t len);
void tune_plan_free(struct tune_plan *plan); /* accepts a zeroed one */
size_t tune_nr_runs(const struct tune_plan *plan);

/* "vm.a=1 vm.b=2", "policy 6.18", "unchanged"; cut to fit. */
void tune_point_text(const struct tune_point *point, char *buf, size_t len);

/* ---- tune_trace.c: a trace in memory ---- */

struct tune_trace {
	const struct trace_meta *meta; /* the reader's */
	struct trace_item *item;
	size_t nr_items;
	uint64_t events, lost;
	uint64_t first_ts, last_ts;
	uint64_t id; /* of all events and lists: names the trace in partial results */
	bool begin;  /* there is an opening snapshot */
	bool cut;
	char why[256];
};

/* Return: 0, -EBADMSG or -ENOMEM, with one line in @why. */
int tune_trace_read(struct trace_reader *reader, struct tune_trace *out, char *why, size_t len);
void tune_trace_free(struct tune_trace *t); /* accepts a zeroed one */

/* ---- tune_run.c ---- */

struct tune_options {
	uint32_t jobs;		/* at least 1 */
	uint64_t shard, shards; /* run i is made if i % shards == shard; 0 of 1: all */
	FILE *progress;		/* a bar is drawn there; NULL: none */
};

/*
 * Make the runs of this shard.  @runs: room for tune_nr_runs(); what is not of the shard is left
 * alone.  Return: 0, or of the first run to fail what request_open() and
 * request_item() return, with one line in @why.
 */
int tune_runs(const struct tune_trace *trace, const struct tune_plan *plan,
	      const struct tune_options *opt, struct tune_run *runs, char *why, size_t len);

/* ---- tune_stats.c ---- */

enum tune_verdict { TUNE_BETTER, TUNE_SAME, TUNE_WORSE };

struct tune_row {
	size_t point;
	uint32_t rank; /* from 1; rows without a difference share none: 0 */
	enum tune_verdict verdict;
	double value, base;	/* of the goal */
	double diff, low, high; /* value - base; its 95 % interval */
};

/* The mean of what is run more than once.  @out: room for plan->nr_points + TUNE_POINTS. */
void tune_fold(const struct tune_plan *plan, const struct tune_run *runs, struct tune_run *out);
/*
 * Compare each point with the base, run by run and slice by slice, and rank them: better ones first,
 * then those without a difference in the order of the plan, then the worse.  @runs: all of them;
 * @rows: plan->nr_points.  -ENOMEM
 */
int tune_rank(const struct tune_plan *plan, const struct tune_run *runs, struct tune_row *rows);
/* The goal's number of a whole run. */
double tune_value(const struct tune_plan *plan, const struct tune_run *run);
uint64_t tune_sum(const struct tune_run *run, enum tune_goal goal);

/* ---- tune_proof.c: what stands behind a prediction ---- */

/*
 * What was found when the setting @key ("watermark_boost_factor") was changed on real kernels; NULL:
 * it was not tried.  From tests/vm/ab, as docs/fidelity.md has it.
 */
const char *tune_proof(const char *key);
size_t tune_nr_proofs(void);
const char *tune_proof_at(size_t i, char *key, size_t len); /* the setting's name into @key */

/* ---- tune_shard.c ---- */

/* What the report says of the trace; in the parts too. */
struct tune_about {
	char kernel[128], policy[TRACE_NAME];
	uint64_t events, lost;
	uint64_t ns; /* from the first event to the last */
};

/* Partial results: one JSON object.  -errno of the write. */
int tune_write_part(FILE *to, const struct tune_trace *trace, const struct tune_plan *plan,
		    const struct tune_run *runs);

struct tune_merged {
	struct tune_plan plan;
	struct tune_about about;
	struct tune_run *runs; /* tune_nr_runs() */
	struct json_t *json;   /* holds the plan's strings */
};

/*
 * Join the parts in @paths to what one run of all would have had.  -EBADMSG: a file is no partial
 * result, is of another trace or plan, or runs are missing; @why says which.
 */
int tune_merge(char *const *paths, size_t n, struct tune_merged *out, char *why, size_t len);
void tune_merged_free(struct tune_merged *m); /* accepts a zeroed one */

/* ---- tune_print.c: of runs that are folded ---- */

void tune_about_trace(const struct tune_trace *trace, struct tune_about *about);
void tune_print_text(const struct tune_about *about, const struct tune_plan *plan,
		     const struct tune_run *runs, const struct tune_row *rows);
int tune_print_json(const struct tune_about *about, const struct tune_plan *plan,
		    const struct tune_run *runs, const struct tune_row *rows);
void tune_print_csv(const struct tune_plan *plan, const struct tune_run *runs,
		    const struct tune_row *rows);
/* The best row as a file for sysctl.d, or (@tuned) a tuned profile.  False: none is better. */
bool tune_emit(FILE *to, const struct tune_about *about, const struct tune_plan *plan,
	       const struct tune_run *runs, const struct tune_row *rows, bool tuned);

#endif /* TOOLS_TUNE_H */
