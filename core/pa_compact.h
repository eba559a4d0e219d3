/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two scanners of compaction share: a run, and pageblocks that it is to leave out. */
#ifndef PA_COMPACT_H
#define PA_COMPACT_H

#include "pa_req_internal.h"

#define COMPACT_CLUSTER_MAX 32 /* pages of a batch */

struct pa_run {
	struct pa *pa;
	struct pa_scan *s;
	struct pa_trail *trail;
	struct pa_zone *z;
	struct pa_zone_req *zr;
	uint64_t step; /* pages of a pageblock */
	uint32_t work; /* pages moved and pageblocks looked at in this step */
	bool finish;   /* finish_pageblock */
	bool contended;
};

static inline uint64_t pa_block_of(const struct pa_run *r, uint64_t pfn)
{
	return pfn & ~(r->step - 1);
}

static inline uint64_t pa_block_end(const struct pa_run *r, uint64_t pfn)
{
	return (pfn | (r->step - 1)) + 1;
}

/* freelist_scan_limit */
static inline unsigned int pa_scan_limit(const struct pa_run *r)
{
	return (r->s->search_fail > 5 ? 0 : COMPACT_CLUSTER_MAX >> r->s->search_fail) + 1;
}

/* compact_free.c */
/* isolation_suitable: nothing speaks against the pageblock of @pfn. */
bool pa_block_suits(const struct pa_run *r, uint64_t pfn);
/* set_pageblock_skip */
void pa_set_skip(const struct pa_run *r, uint64_t pfn);
/* May compaction move what starts here?  PageLRU, as far as a use tells. */
bool pa_is_movable(const struct pa *pa, const struct pa_zone *z, uint64_t pfn);
/* compaction_alloc: a place for a page of @order, larger blocks split downward; or PA_PFN_NONE. */
uint64_t pa_take_target(struct pa_run *r, unsigned int order);
/* release_free_list: what was isolated and not needed goes back. */
void pa_release_targets(struct pa_run *r);

#endif /* PA_COMPACT_H */
