/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ladder of probe sites: every place in the kernel that buddyscope can watch, what
 * it shows and what stays invisible without it.  Which ones work is found at run time.
 */
#ifndef TOOLS_PROBE_SITES_H
#define TOOLS_PROBE_SITES_H

#include <stdbool.h>
#include <stddef.h>

#include "host.h"

enum site_kind {
	SITE_TP,
	SITE_HANDS, /* a tracepoint as well: its program keeps track of a compactor's own lists */
	SITE_PREEMPTING, /* and one more of a tracepoint, for who preempts the first */
	SITE_FENTRY,
	SITE_FEXIT,
	SITE_KPROBE,
	SITE_KRETPROBE
};

/*
 * Sites of one group work together or not at all.  A group with `instead_of` is tried
 * only where that one is out of reach, and what that one stands in for.  Sites of one
 * tracepoint with other arguments stand in for each other.
 */
enum site_group_id {
	GROUP_PAGES,
	GROUP_PREEMPTING,
	GROUP_SLOW_PATH,
	GROUP_WMARKS,
	GROUP_REPORTING,
	GROUP_HIDDEN,
	GROUP_DIRECT_FREE,
	GROUP_DIRECT_FREE_TYPED,
	GROUP_DIRECT_FREE_OLD,
	GROUP_ISOLATE,
	GROUP_HANDS,
	GROUP_HANDS_OLD,
	GROUP_PUTBACK,
	GROUP_ROTATE,
	GROUP_MOVE,
	GROUP_MOVE_TYPED,
	GROUP_MOVE_OLD,
	GROUP_PUSH,
	GROUP_PUSH_OLD,
	GROUP_TRY,
	GROUP_COUNTERS,
	GROUP_BULK,
	GROUP_BULK_LIST,
	GROUP_BULK_OLD,
	NR_SITE_GROUPS
};

struct site_group {
	const char *what;    /* what the group records */
	const char *without; /* what nobody sees when it is off */
	int instead_of;	     /* enum site_group_id, or -1 */
	bool required;
	bool for_requests; /* only where request mode is to be exact: it costs events */
};

struct site {
	const char *program; /* name of the BPF program */
	const char *func;    /* tracepoint or kernel function */
	enum site_kind kind;
	enum site_group_id group;
	int args; /* it has this number of arguments, or it is not the one meant; 0: any */
};

extern const struct site_group site_groups[NR_SITE_GROUPS];
extern const struct site sites[];
extern const size_t nr_sites;

enum tier { TIER_AUTO, TIER_TRACEPOINT, TIER_FENTRY, TIER_KPROBE };

const char *tier_name(enum tier tier);
const char *site_kind_name(enum site_kind kind);
bool site_is_tracepoint(const struct site *site);

struct site_state {
	bool on;
	char why[96]; /* why not, empty if on */
};

struct site_plan {
	struct site_state *site; /* one for each of sites[] */
	bool group[NR_SITE_GROUPS];
};

/*
 * Find out which sites this kernel lets us use, at most up to @tier.  Functions are tried
 * with a program that does nothing, because BTF alone does not tell what can be attached.
 * @requests: with the groups for_requests.
 *
 * Return: 0, -ENOMEM.  Free with site_plan_free().
 */
int site_plan_make(const struct host *host, enum tier tier, bool requests, struct site_plan *plan);
/* Turn off the group of site @i, and the others in it, because of @why. */
void site_plan_drop(struct site_plan *plan, size_t i, const char *why);
/* Of the sites of one kind and function, is @i the one to speak of: that is on, or the first? */
bool site_plan_shows(const struct site_plan *plan, size_t i);
void site_plan_free(struct site_plan *plan);
/* The tier a plan amounts to: what its record of direct frees rests on. */
enum tier site_plan_tier(const struct site_plan *plan);

#endif /* TOOLS_PROBE_SITES_H */
