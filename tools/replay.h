/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Replay in mirror mode: drive the core with what a trace says happened under
 * zone->lock and compare each block it would have picked with the kernel's.
 *
 * The core is told which zone, order and type was asked for and which blocks
 * came back or were isolated.  It predicts the block picked, whether and from
 * where it fell back, the claim, and every list afterwards.
 */
#ifndef TOOLS_REPLAY_H
#define TOOLS_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/pa.h"
#include "final.h"
#include "trace.h"

/*
 * Why kernel and core differ: X(ID, "name", "what it means").  docs/fidelity.md has the
 * evidence for each.
 */
/* clang-format off */
#define REPLAY_CLASSES(X)                                                                          \
	X(MISSING,  "missing event", "the core's state shows that something was not recorded")     \
	X(ORDER,    "order race",    "a free seen outside the lock entered its list elsewhere")    \
	X(ROTATION, "rotation",      "the list was turned and nothing told")                       \
	X(LRU,      "lru estimate",  "a claim test that needs LRU state the trace does not hold")  \
	X(HOLD,     "lock hold",     "where one lock hold ended and the next began was misjudged") \
	X(LOST,     "lost events",   "records were lost earlier in the trace")                     \
	X(POLICY,   "policy",        "the kernel does not follow the policy replayed")             \
	X(UNKNOWN,  "unknown",       "none of these")
/* clang-format on */

enum replay_class {
#define X(id, name, what) REPLAY_##id,
	REPLAY_CLASSES(X)
#undef X
		REPLAY_NR_CLASSES,
	REPLAY_SAME = REPLAY_NR_CLASSES /* no difference */
};

const char *replay_class_name(enum replay_class c); /* NULL for REPLAY_SAME */
const char *replay_class_what(enum replay_class c);

/* Whether the kernel changed the pageblock's type in a fallback. */
enum replay_claim { REPLAY_CLAIM_UNKNOWN, REPLAY_CLAIM_NO, REPLAY_CLAIM_YES };

/* The kernel's side of one pick, in the core's numbering. */
struct replay_kernel {
	uint64_t pfn; /* PA_PFN_NONE: the trace does not say */
	bool fallback;
	uint8_t fallback_order;
	uint8_t fallback_mt;   /* enum pa_mt */
	uint8_t claim;	       /* enum replay_claim; fallbacks only */
	uint64_t fallback_pfn; /* the block moved (kernels up to 6.9), else PA_PFN_NONE */
};

/* One comparison. */
struct replay_decision {
	uint64_t event; /* number of the event that brought the pick, from 0 */
	uint64_t ts;
	uint32_t cpu;
	struct replay_kernel kernel;
	const struct pa_decision *core; /* holds the request; lives until the callback returns */
	enum replay_class class;
	bool pick_exact;
	bool fallback_exact; /* meaningful where kernel.fallback */
	bool claim_told;     /* below pageblock order and the trace tells the outcome */
	bool claim_exact;
};

typedef void replay_fn(void *arg, const struct replay_decision *d);
/* @event is the number of @ev, from 0. */
typedef void replay_event_fn(void *arg, uint64_t event, const struct trace_event *ev);

struct replay_options {
	const char *policy; /* NULL: what the trace says */
	bool no_repair;	    /* go on with the core's own decisions after a mismatch */
	bool check;	    /* run pa_check now and then and at the end */
	uint64_t until;	    /* play so many events; 0: all.  The rest is looked at, never played */
	bool ahead;	    /* keep an item of events back: a repair sees what follows it */
	bool paced;	    /* as ahead, but events are only taken over: replay_play() plays them */
	replay_fn *decision; /* called for each comparison; may be NULL */
	/*
	 * Called ahead of each event, with the state that the ones before made; only a pick or a
	 * free that may take another event to tell is not in it yet.  May be NULL.
	 */
	replay_event_fn *event;
	replay_event_fn *played; /* the same after it; may be NULL */
	void *arg;
};

struct replay_class_count {
	uint64_t picks, fallbacks, claims, repairs;
};

#define REPLAY_TEXT 160

/* The first thing that differed: a pick, or another event that did not fit the state. */
struct replay_divergence {
	bool found;
	uint64_t event, ts;
	enum replay_class class;
	char kernel[REPLAY_TEXT], core[REPLAY_TEXT];
};

struct replay_result {
	const struct pa_policy *policy;
	const char *policy_from; /* "option", "trace" or "kernel release" */
	uint64_t events, lost;
	uint64_t missed; /* events whose program the kernel refused to run, trace_missed() */
	uint64_t hidden; /* times it switched to a task whose events it does not show */
	/* Picks in zones that have a begin snapshot; the others are only counted. */
	uint64_t picks, picks_exact, picks_skipped;
	uint64_t fallbacks, fallbacks_exact;
	uint64_t claims, claims_exact;
	uint64_t claims_untold; /* fallbacks below pageblock order without a told outcome */
	uint64_t repairs;
	uint64_t reordered; /* insertions moved before a pick that needed them */
	uint64_t rotations; /* lists turned because the trace said so */
	uint64_t returned;  /* free blocks that page reporting was seen to have put back */
	uint64_t held;	    /* free blocks removed because a compactor was seen to hold them */
	uint64_t arrived;   /* frees inserted because they were found on their list */
	uint64_t captures;  /* frees that a compactor took before they reached a list */
	uint64_t dropped;   /* events left out because they did not fit the state */
	uint64_t lists, lists_exact_order, lists_exact_set;
	uint64_t final_blocks, final_blocks_exact;
	uint64_t decisions_hash; /* FNV-1a over what the core chose, pick by pick */
	uint32_t zones, zones_begin, zones_compared;
	bool end_known;	     /* the trace has a closing snapshot of a zone that was replayed */
	bool cut;	     /* the file ends early */
	char why[256];	     /* where and why, if it is cut */
	const char *unsound; /* pa_check's sentence, NULL while the state is sound */
	struct replay_class_count classes[REPLAY_NR_CLASSES];
	struct replay_divergence first;
	struct final_diff list_diff[FINAL_DIFFS]; /* the first; zone is the trace's id */
	uint32_t nr_list_diffs;
	double seconds; /* of processor time */
};

/* Nothing differs and the closing snapshot proves it, apart from lru estimates. */
bool replay_proven(const struct replay_result *res);
/* Everything that was compared agrees. */
bool replay_same(const struct replay_result *res);

struct replay;

/*
 * The policy a trace is replayed with if nobody asks for another: the one it names, else the
 * nearest to its kernel's release.  *@from (may be NULL) says which of the two it was.
 * NULL if the core has none.
 */
const struct pa_policy *replay_policy(const struct trace_meta *meta, const char **from);
/* The nearest to a release, "6.12.117-amd64"; NULL if the core has none. */
const struct pa_policy *replay_release_policy(const char *kernel);

/*
 * Build the core's zones from a trace's header.  @meta must outlive the replay.
 *
 * Return: 0, -ENOENT if there is no such policy, -EINVAL if the header makes no sense
 * to the core, -ENOMEM.  On failure @why gets one line of at most @len bytes.
 */
int replay_open(const struct trace_meta *meta, const struct replay_options *opt,
		struct replay **out, char *why, size_t len);
/* Feed one item; items of events may be handed on in smaller slices. -ENOMEM or 0. */
int replay_item(struct replay *r, const struct trace_item *item);
/*
 * With opt.paced: play those of the events at hand that are numbered below @until.  Before it
 * reads another item a caller plays all there are; an item of no events says that none follow
 * for now, so that the last ones, held back until then, are at hand.  -ENOMEM or 0.
 */
int replay_play(struct replay *r, uint64_t until);
/* With opt.paced: the next event at hand, or NULL. */
const struct trace_event *replay_at_hand(const struct replay *r);
/* No more items: settle what is open and finish the result.  -ENOMEM or 0. */
int replay_finish(struct replay *r);
/* It came to replay_options.until, and there was more. */
bool replay_stopped(const struct replay *r);
const struct replay_result *replay_result(const struct replay *r);
const struct pa *replay_state(const struct replay *r);
/*
 * Look at the next @nr pageblocks, all of them in turns, and give back what the state holds for
 * those in one piece: for who watches a large host for long.
 */
void replay_trim(struct replay *r, uint64_t nr);
void replay_close(struct replay *r); /* accepts NULL */

/*
 * All of it on one reader.  A file that ends early is no failure (res->cut).
 * Return: as replay_open, or -EBADMSG with the reader's line in @why.
 */
int replay_run(struct trace_reader *reader, const struct replay_options *opt,
	       struct replay_result *res, char *why, size_t len);

/* One line for people about each side of a decision. */
void replay_kernel_text(const struct replay_decision *d, char *buf, size_t len);
void replay_core_text(const struct replay_decision *d, char *buf, size_t len);

#endif /* TOOLS_REPLAY_H */
