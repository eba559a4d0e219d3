/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the dashboard shows, wherever it comes from: a recording that is played, the running
 * kernel through its stream of events, /proc alone, or made up for a test.
 *
 * A source is driven by its caller: source_run() makes it go on for a bounded time, and
 * source_sample() says where it is.  Neither draws, and drawing calls neither.
 */
#ifndef TOOLS_SOURCE_H
#define TOOLS_SOURCE_H

#include <stdio.h>

#include "rates.h"
#include "replay.h"

#define SOURCE_ORDERS PA_MAX_ORDERS
#define SOURCE_BUCKETS                                                                             \
	20 /* of a latency histogram: bucket i holds [2^i, 2^(i+1)) us, 0 also less */
#define SOURCE_TIMELINE 1024 /* cells of the overview of a recording */
#define SOURCE_DECISIONS 2048
#define SOURCE_STALLS 1024
#define SOURCE_CALLERS 4096

/*
 * Counters since the beginning: X(ID, "json name", "what it counts").  The picks of the core and
 * how exact it was are in sample.core.
 */
/* clang-format off */
#define SOURCE_COUNTS(X)                                                                          \
	X(EVENTS,         "events",             "events played")                                   \
	X(LOST,           "lost",               "events the recording lost")                       \
	X(MISSED,         "missed",             "not seen, an interrupt met a probe at work")      \
	X(ALLOCS,         "allocs",             "blocks that reached a caller")                    \
	X(FREES,          "frees",              "blocks given back")                               \
	X(FAILED,         "failed",             "requests that failed")                            \
	X(HIGH_ORDER,     "high_order_allocs",  "allocations of order 4 and above")                \
	X(REFILLED,       "refilled",           "blocks taken into per-cpu lists")                 \
	X(DRAINED,        "drained",            "blocks given back by per-cpu lists")              \
	X(FALLBACKS,      "fallbacks",          "picks from another migratetype")                  \
	X(CLAIMED,        "claimed",            "of these: the pageblock changed its type")        \
	X(KEPT,           "kept",               "of these: the pageblock kept its type")           \
	X(RECLAIMS,       "direct_reclaims",    "direct reclaims")                                 \
	X(RECLAIMED,      "direct_reclaimed",   "pages they reclaimed")                            \
	X(COMPACTIONS,    "direct_compactions", "direct compactions")                              \
	X(COMPACT_RUNS,   "compaction_runs",    "compaction runs, in a zone each")                 \
	X(COMPACT_DONE,   "compaction_success", "of these: ended with a block of the order wanted") \
	X(COMPACT_SCANNED, "compaction_free_scanned", "frames the free scanner looked at")         \
	X(COMPACT_MOVED,  "compaction_migrated", "frames taken for migration")                     \
	X(KSWAPD,         "kswapd_wakes",       "times a kswapd started to work")                  \
	X(OOM,            "oom_kills",          "victims of the OOM killer")                       \
	X(THP_FALLBACK,   "thp_fallbacks",      "huge page faults that got small pages")           \
	X(FREED_PAGES,    "freed_pages",        "pages given back, by the kernel's own count")
/* clang-format on */

enum source_count {
#define X(id, name, what) COUNT_##id,
	SOURCE_COUNTS(X)
#undef X
		NR_COUNTS
};
const char *source_count_name(enum source_count c);
const char *source_count_what(enum source_count c);

struct source_counts {
	uint32_t known; /* bit c: v[c] means something */
	uint64_t v[NR_COUNTS];
};

struct source_zone {
	uint32_t node;
	char name[TRACE_NAME];
	uint64_t start_pfn, spanned, managed; /* frames; 0 where not known */
	uint64_t min, low, high, boost;	      /* pages; boost is not in the three */
	bool boost_exact; /* else what the core added: that kswapd takes it off is not recorded */
	bool kernel_known, types_known; /* kernel: at all; by migratetype */
	bool core_known;
	bool blocks_known, mixed_known;
	bool hides; /* removals that the recording does not hold make `kernel` too high */
	/* Free blocks by order; by order and list, where types_known. */
	uint64_t total[SOURCE_ORDERS];
	uint64_t kernel[SOURCE_ORDERS][PA_NR_MT];
	uint64_t core[SOURCE_ORDERS][PA_NR_MT];
	uint64_t blocks[PA_NR_MT];	 /* pageblocks by type */
	uint64_t mixed[PA_NR_MT];	 /* of these: hold pages of requests of another type */
	uint64_t intruders[PA_PCPTYPES]; /* mixed pageblocks by the type of what does not belong */
};

/* A fallback, or any decision on which kernel and core differ. */
struct source_decision {
	uint64_t event, ts;
	uint32_t cpu;
	struct replay_kernel kernel;
	struct pa_decision core;
	enum replay_class class; /* REPLAY_SAME: they agree */
	/* Of the zone, before: the kernel's free blocks by order and list, free pages, marks. */
	uint32_t before[SOURCE_ORDERS][PA_NR_MT];
	uint64_t free, min, low, high, boost;
};

enum source_stall_kind { STALL_RECLAIM, STALL_COMPACT, STALL_KCOMPACTD };
const char *source_stall_name(enum source_stall_kind kind);

/* Direct reclaim, or one compaction run in one zone. */
struct source_stall {
	uint64_t ts, ns; /* begin; how long, to the clock's readings around it */
	uint32_t pid, cpu;
	uint8_t kind;	/* enum source_stall_kind */
	int8_t order;	/* asked for; -1 not known */
	uint8_t status; /* compaction: enum compact_result */
	bool done;	/* reclaim: pages were reclaimed; compaction: it succeeded */
	uint64_t scanned, taken, moved; /* frames: free scanner saw, took; migrate scanner took */
	uint64_t reclaimed;
};
/* "success", "contended", ...: enum compact_result @ 4.8+. */
const char *source_compact_name(unsigned int status);

struct source_caller {
	uint32_t pid;		/* 0: the idle task, or not known */
	char name[16];		/* "" where not known */
	uint64_t allocs, pages; /* blocks and their pages */
	uint64_t unmovable;	/* pages of requests that are not movable */
	uint64_t high;		/* blocks of order 4 and above */
	uint64_t stalls, stall_ns;
	/* Of these pages and blocks, a second since the sample before; negative: not known. */
	double pages_s, unmovable_s, high_s;
	uint8_t max_order;
};

/* Fallbacks of one kind, where they are counted and not told one by one. */
struct source_fallback {
	uint8_t mt, fallback_mt; /* enum pa_mt, PA_NR_MT: another */
	uint8_t fallback_order;
	uint64_t n, claimed, kept; /* the rest of @n: not known which */
};

/* Where blocks of an order and a type were asked for. */
struct source_stack {
	uint64_t blocks, pages; /* in estimate: of small orders not each was looked at */
	double pages_s;		/* a second since the sample before; negative: not known */
	uint8_t order, mt;	/* mt: enum pa_mt, PA_NR_MT another */
	char text[200];		/* functions, the one that asked first */
};

/* The per-cpu lists of one CPU in one zone. */
struct source_pcp {
	uint32_t zone, cpu;
	int64_t count, batch, high; /* pages; -1 not known */
	bool exact;	 /* count was read now; else in the opening snapshot, and since: */
	int64_t carried; /* pages in less pages out; wrong where another CPU drained these lists */
	bool passed_known;	    /* count is exact, and refilled and drained are known as well */
	uint64_t refilled, drained; /* pages in and out of the buddy lists */
	uint64_t taken, given;	    /* pages to callers and back */
};

/* A pageblock, or several in a row that stand for one cell. */
struct source_block {
	uint64_t pfn, frames; /* first frame; 0 frames: none */
	uint8_t mt;	      /* enum pa_mt of most of them */
	uint32_t mixed;	      /* how many hold pages of another kind */
	uint32_t nr;	      /* how many pageblocks */
	uint32_t unseen;      /* of these: nothing told of them; a hole, or in use all along */
	uint64_t free;	      /* frames */
};

/* What is in one pageblock. */
struct source_content {
	struct source_block block;
	uint64_t used[PA_PCPTYPES]; /* frames by the request that holds them, as far as known */
	uint32_t pieces[SOURCE_ORDERS][PA_NR_MT];
	uint64_t mixed_since; /* ts; 0: it is not mixed */
};

struct source_tick {
	uint32_t events, fallbacks, stalls;
};

/* Of the whole recording, cell by cell; a cell is @ns long. */
struct source_timeline {
	uint64_t first_ts, last_ts, ns;
	uint64_t events, lost;
	uint32_t n;
	struct source_tick tick[SOURCE_TIMELINE];
	bool cut;
	char why[256];
};

struct source_histogram {
	/* By kind, order + 1, outcome (0 in vain, 1 done), log2 of us. */
	uint64_t n[3][SOURCE_ORDERS + 1][2][SOURCE_BUCKETS];
};

struct source_own {
	bool known;
	double cpu_percent; /* of one CPU, this process, since the sample before */
	double bpf_percent; /* the BPF programs, all CPUs together; negative: not measured */
	uint64_t rss;	    /* bytes */
};

/* Where a source stands.  The pointers live until the next call on the source. */
struct sample {
	const char *source; /* "recording", "live", "counts", "proc", "stub" */
	char name[256];	    /* the file, or the host's name */
	char kernel[128], tier[TRACE_NAME];
	char note[256];	       /* what is missing and what grants it; "" nothing */
	uint64_t ts, first_ts; /* ns; of the last event and of the first */
	uint64_t event;	       /* number of the next event */
	bool at_end, playable, recordable;
	char recording[256]; /* the file that is being written; "" none */
	struct source_counts counts;
	uint32_t cpus, page_shift, nr_orders, pageblock_order;
	uint32_t nr_zones;
	uint64_t types_ns_ago; /* by migratetype: since then; reading /proc/pagetypeinfo is dear */
	bool requests_known;
	uint64_t requests[SOURCE_ORDERS][PA_NR_MT]; /* blocks that reached a caller, all zones */
	bool core_known;
	struct replay_result core;
	const struct source_decision *decisions; /* oldest first */
	size_t nr_decisions;
	uint64_t decisions_gone; /* older ones that were dropped */
	const struct source_stall *stalls;
	size_t nr_stalls;
	uint64_t stalls_gone;
	const struct source_histogram *histogram; /* NULL: not known */
	struct source_caller *callers;		  /* source_sample() fills their rates in */
	size_t nr_callers;
	bool callers_sampled; /* of small orders not each block was looked at */
	const struct source_fallback *fallbacks;
	size_t nr_fallbacks;
	const struct source_stack *stacks; /* most pages first, those asked for fastest among
					    * them; NULL: not known */
	size_t nr_stacks;
	const struct source_pcp *pcp;
	size_t nr_pcp;
	const struct source_timeline *timeline; /* NULL: there is none */
	struct source_own own;
	struct source_zone zone[TRACE_MAX_ZONES]; /* last: a copy may end after nr_zones */
};

/* Where to go.  A source that is not playable goes on with the present whatever is asked. */
enum source_goal_kind {
	GOAL_EVENT,	 /* until so many events are played; less than now starts over */
	GOAL_TIME,	 /* until this ts */
	GOAL_END,	 /* to the closing snapshot */
	GOAL_FALLBACK,	 /* until the next fallback is decided */
	GOAL_DIFFERENCE, /* until the next decision on which kernel and core differ */
};

struct source_goal {
	enum source_goal_kind kind;
	uint64_t value;
};

struct source; /* opaque */

/* NULL: it cannot do that; without run() it goes on by itself. */
struct source_ops {
	int (*run)(struct source *s, const struct source_goal *goal, uint64_t budget_ns);
	int (*sample)(struct source *s, struct sample *out);
	void (*map)(struct source *s, uint32_t zone, struct source_block *cell, size_t n);
	bool (*content)(struct source *s, uint32_t zone, uint64_t block,
			struct source_content *out);
	int (*save)(struct source *s, const char *path);
	int (*record)(struct source *s, const char *path);
	void (*close)(struct source *s);
};

/* The head of every kind of source. */
struct source {
	const struct source_ops *ops;
	char why[256];	/* of the last failure */
	char note[256]; /* shown with every sample, in place of the source's own; "" none */
	struct rates callers;
};

struct source_options {
	const char *policy;    /* NULL: the recording's */
	uint64_t buffer;       /* live: bytes of stream */
	double overhead_limit; /* live, counts: percent of a CPU; 0: none */
	bool no_stacks;	       /* counts: leave out from where blocks are asked for */
};

/*
 * Open a recording.  "-" can be played once, forwards.
 * Return: as trace_open() and replay_open().
 */
int source_file(const char *path, const struct source_options *opt, struct source **out, char *why,
		size_t len);
/*
 * What /proc tells without any privilege.  @root: "" or, for a test, a folder in its place.
 */
int source_proc(const char *root, struct source **out, char *why, size_t len);
/*
 * The running kernel's stream beside the core.  Where records are lost the core begins again from
 * a new snapshot; where that goes on, or watching costs more than the limit, counting in the kernel
 * takes over, then /proc, and the sample says so.  Return: as recorder_open(): -EPERM, -ENOENT and
 * -ENOTSUP mean that these privileges or this kernel do not allow it.
 */
int source_live(const struct source_options *opt, struct source **out, char *why, size_t len);
/* The same without a stream: counted in the kernel, the free lists from /proc. */
int source_counts(const struct source_options *opt, struct source **out, char *why, size_t len);

/*
 * For a process that is to stay small while it watches a large host, before it allocates: no 2 MB
 * for a single touched page, and what is freed goes back.  After it has opened what it needs,
 * source_trim() gives back the rest.
 */
void source_stay_small(void);
void source_trim(void);

/* What watching may cost, and for how many samples in a row it has been more. */
struct source_cost {
	double limit; /* percent of a CPU; 0: none */
	unsigned int over;
};
/* Is it more, and has it been for so long that it is believed?  Then @why says how much. */
bool source_costs_too_much(struct source_cost *c, const struct source_own *own, char *why,
			   size_t len);

/*
 * Go on towards @goal for about @budget_ns.  Return: 1 if it is reached or cannot be, 0 if there
 * is more to do, -errno with source_why().
 */
int source_run(struct source *s, const struct source_goal *goal, uint64_t budget_ns);
int source_sample(struct source *s, struct sample *out);
/*
 * The pageblocks of a zone as @n cells: cell i stands for as many in a row as it takes.
 * Cells that are too many, or all where nothing is known, get 0 frames.
 */
void source_map(struct source *s, uint32_t zone, struct source_block *cell, size_t n);
/* What is in the @block-th pageblock of a zone; false: not known. */
bool source_content(struct source *s, uint32_t zone, uint64_t block, struct source_content *out);
/* Write the state as a trace that begins and ends here.  -ENOTSUP: this source has no lists. */
int source_save(struct source *s, const char *path);
/*
 * Begin to record into @path, or with NULL end it.  Both take a snapshot, from which the core
 * begins again.  -ENOTSUP: this source has no stream; else -errno, and nothing is recorded.
 */
int source_record(struct source *s, const char *path);
const char *source_why(const struct source *s);
void source_close(struct source *s); /* accepts NULL */

#endif /* TOOLS_SOURCE_H */
