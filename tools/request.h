/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Replay in request mode: drive the whole allocator of core/pa_request.h with the page
 * requests of a trace, and compare the page each one gets with the kernel's.
 *
 * The core is told who asked for what, on which CPU and in which order, and which allocation
 * was given back.  It fills and empties the per-cpu lists, looks at watermarks, falls back and
 * takes the slow path by itself.  What else it is told is listed in buddyscope-replay(1).
 */
#ifndef TOOLS_REQUEST_H
#define TOOLS_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/pa.h"
#include "replay.h"
#include "trace.h"

/* Why kernel and core differ, of a request: X(ID, "name", "what it means"). */
/* clang-format off */
#define REQUEST_CLASSES(X)                                                                         \
	X(PCP,    "pcp list",     "both took a page from the CPU's list, which differ")             \
	X(SOURCE, "refill",       "one of the two filled the CPU's list first, the other did not") \
	X(BUDDY,  "free list",    "both went to the free lists, which differ")                      \
	X(ZONE,   "zone",         "they took pages of different zones")                            \
	X(FAILED, "failed",       "one of the two got no page")
/* clang-format on */

enum request_class {
#define X(id, name, what) REQUEST_##id,
	REQUEST_CLASSES(X)
#undef X
		REQUEST_NR_CLASSES,
	REQUEST_SAME = REQUEST_NR_CLASSES
};

const char *request_class_name(enum request_class c); /* NULL for REQUEST_SAME */
const char *request_class_what(enum request_class c);

#define REQUEST_MAX_SETS 16
#define REQUEST_EVERY 10000 /* events a row of --series, if nobody says */

/* One request and what came of it. */
struct request_decision {
	uint64_t event; /* number of its mm_page_alloc */
	uint64_t ts;
	uint32_t cpu, gfp; /* PA_GFP_* */
	uint8_t order, mt;
	uint64_t kernel;		   /* PA_PFN_NONE: it failed */
	const struct pa_alloc_record *rec; /* the core's side; lives until the callback returns */
	enum request_class class;
};
typedef void request_fn(void *arg, const struct request_decision *d);

struct request_result;
/* What --series writes a row of: the state at a moment, and what was counted up to it. */
typedef void request_sample_fn(void *arg, const struct pa *pa, const struct request_result *res,
			       uint64_t event, uint64_t ts);

struct request_options {
	const char *policy;		   /* NULL: what the trace says */
	const char *set[REQUEST_MAX_SETS]; /* "vm.KEY=VALUE", see settings_apply() */
	uint32_t nr_sets;
	uint64_t mem;	   /* bytes of a described machine; 0: the trace's */
	const char *zones; /* "DMA=16M,DMA32=496M"; NULL */
	uint32_t cpus;	   /* 0: the trace's */
	bool what_if;	   /* a what-if run even if nothing differs from the trace's kernel */
	bool check;	   /* run pa_check now and then and at the end */
	/*
	 * What-if: which of the runs that could be this is.  Not 0: the daemons' turns come at random,
	 * as often as in run 0.
	 */
	uint32_t chance;
	request_fn *decision;
	void *arg;
	request_sample_fn *sample; /* called each @every events, and at the end */
	void *sample_arg;
	uint64_t every;
};

/* What the recording shows and what the core did, of the same thing. */
struct request_pair {
	uint64_t kernel, core;
};

struct request_class_count {
	uint64_t order0, high;
};

struct request_result {
	const struct pa_policy *policy;
	const char *policy_from;
	bool changed;	/* another policy, setting or machine than the trace's */
	bool described; /* the machine is not the trace's */
	uint64_t events, lost;
	uint64_t before; /* events ahead of the moment at which the per-cpu lists were read */
	uint64_t requests, requests_exact;
	uint64_t order0, order0_exact, high, high_exact;
	struct request_pair failed;
	struct request_pair kills; /* by the OOM killer; what-if runs alone know of the core's */
	uint64_t unasked;	   /* requests that whom it killed would have made */
	struct request_pair fallbacks, refills, refilled, drains, drained;
	struct request_pair final[PA_MAX_ORDERS]; /* free blocks by order at the end */
	uint64_t frees, frees_before; /* of these, what was allocated ahead of the trace */
	uint64_t frees_unknown;	      /* and what the core could not make sense of */
	uint64_t dropped;	      /* events of no known CPU or zone */
	/* Inputs that are no requests, and how often what no event tells was told by others. */
	uint64_t bulk, captures, bypasses, isolated, isolated_missed, rotations, drain_alls,
		vmstat_rounds;
	uint64_t highs,
		highs_exact; /* pushes told of the list's high, and the core's was the same */
	uint64_t first_high; /* event of the first that was not; UINT64_MAX: none */
	uint64_t drains_cut; /* pushes that gave up before all was drained: from outside, too */
	uint64_t reordered, leaned, boosts_early, boosts_late, fallbacks_early, amid_claims,
		counted_late, decayed_late, looked_late, grown_otherwise;
	uint64_t untried;			  /* requests whose attempt was not recorded */
	uint64_t slow;				  /* requests that entered the slow path */
	uint64_t slow_by[PA_NR_STEPS];		  /* by the step that ended it */
	uint64_t moved;				  /* pages that the core's compaction moved */
	uint64_t reclaimed;			  /* allocations that the core's reclaim took */
	uint64_t fallback_by[PA_NR_MT][PA_NR_MT]; /* from, to */
	struct request_class_count classes[REQUEST_NR_CLASSES];
	struct replay_divergence first;
	uint64_t lists, lists_exact_order, lists_exact_set;
	uint64_t final_blocks, final_blocks_exact;
	uint32_t zones, zones_begin;
	uint64_t zone_start[TRACE_MAX_ZONES], zone_end[TRACE_MAX_ZONES]; /* of the core's */
	bool end_known;	  /* the trace has a closing snapshot */
	bool lists_known; /* and its zones are the core's */
	bool cut;
	char why[256];
	const char *unsound;
	double seconds;
};

/* One more setting: -E2BIG */
int request_add_set(struct request_options *opt, const char *text);

struct request;

/*
 * Build the machine.  @meta must outlive it.  Return: 0; -ENOENT no such policy or setting; -EINVAL
 * a header or an option that makes no sense; -ENOTSUP the policy has no request level; -ENOMEM.  On
 * failure @why gets one line.
 */
int request_open(const struct trace_meta *meta, const struct request_options *opt,
		 struct request **out, char *why, size_t len);
int request_item(struct request *r, const struct trace_item *item); /* -ENOMEM or 0 */
/* No more items: play what is left and finish the result.  -ENOMEM or 0. */
int request_finish(struct request *r);
/* Events played: what requests with lower numbers came to is known. */
uint64_t request_played(const struct request *r);
const struct request_result *request_result(const struct request *r);
const struct pa *request_state(const struct request *r);
void request_close(struct request *r); /* accepts NULL */

/*
 * All of it on one reader.  A file that ends early is no failure (res->cut).  Return: as
 * request_open(), or -EBADMSG with the reader's line in @why.
 */
int request_run(struct trace_reader *reader, const struct request_options *opt,
		struct request_result *res, char *why, size_t len);

/*
 * What-if runs of one trace differ in what they make of its requests, not in these: what the events
 * come to can be worked out once, and played by each run in place of the events.
 *
 * request_script_make() - of the @n items of a whole trace.  Return: as request_open().
 * request_play() - Play up to @n steps of it from @from on: how far it came.  A run is given the
 * items of the trace but for events, and the script between the begin snapshot and the end snapshot.
 */
struct request_script;
int request_script_make(const struct trace_meta *meta, const struct trace_item *item, size_t n,
			struct request_script **out, char *why, size_t len);
size_t request_script_steps(const struct request_script *s);
void request_script_free(struct request_script *s); /* accepts NULL */
size_t request_play(struct request *r, const struct request_script *s, size_t from, size_t n);

/* request_series.c: one row of --series for @sample, with a heading ahead of the first. */
struct request_series;
int request_series_open(const char *path, const struct trace_meta *meta,
			struct request_series **out);
request_sample_fn request_series_row;
int request_series_close(struct request_series *s); /* -errno of a failed write; accepts NULL */

#endif /* TOOLS_REQUEST_H */
