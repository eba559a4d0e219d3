/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two sides, decision by decision: the kernel and the core, or the core under
 * two policies, each of them set right by the kernel's choice after each pick.
 */
#ifndef TOOLS_DIFF_H
#define TOOLS_DIFF_H

#include "replay.h"

struct diff_side {
	uint64_t pfn;	  /* PA_PFN_NONE: nothing fits, or not told */
	const char *path; /* as pa_path_name(); NULL if the trace does not say */
	bool fallback;
	uint8_t fallback_order, fallback_mt; /* of a fallback */
	char text[REPLAY_TEXT];		     /* the same for people */
};

struct diff_row {
	uint64_t event, ts;
	uint32_t cpu;
	struct pa_request req;
	struct diff_side side[2]; /* kernel and core, or the two policies */
	bool same;
	enum replay_class class; /* REPLAY_SAME if they are the same */
	char why[REPLAY_TEXT];	 /* one clause */
};

struct diff_options {
	const char *policy[2]; /* both: core against core; [0] alone: the core's policy */
	bool all;	       /* rows that do not differ too */
	bool no_repair;
};

struct diff_result {
	const char *name[2]; /* "kernel" and a policy, or two policies */
	uint64_t compared, different;
	struct replay_result replay; /* of the core; of the first policy */
};

typedef void diff_fn(void *arg, const struct diff_row *row);

/*
 * What the sides are called, before the first row: needs no more than the header.
 * Returns and fills @why as replay_open().
 */
int diff_names(const struct trace_meta *meta, const struct diff_options *opt, const char *name[2],
	       char *why, size_t len);
/* Read all of @reader and call @row in the order of events.  Returns as replay_run(). */
int diff_run(struct trace_reader *reader, const struct diff_options *opt, diff_fn *row, void *arg,
	     struct diff_result *res, char *why, size_t len);

#endif /* TOOLS_DIFF_H */
