/* SPDX-License-Identifier: GPL-2.0-only */
/* What slowpath.c and slowold.c share: one request on its slow path, and the steps it takes. */
#ifndef PA_SLOW_H
#define PA_SLOW_H

#include "pa_req_internal.h"

/* The model's own: after so many rounds in vain, nobody in this call will free memory. */
#define MAX_IDLE_ROUNDS 16

/* Where a step sends the request: to the next one, to a label, or out. */
enum pa_next {
	NEXT,
	RESTART,
	RETRY, /* rebalance: of old versions */
	NORETRY,
	NOPAGE,
	PA_NR_LABELS,
	FAIL = PA_NR_LABELS,
	GOT_PG,
	FOREVER /* the kernel would go on until others free memory */
};

struct pa_slow_request {
	struct pa_ctx *ac;
	uint64_t pfn;
	uint64_t progress;  /* did_some_progress */
	uint64_t reclaimed; /* pages_reclaimed, to 4.6 */
	uint32_t flags;
	int no_progress_loops;
	int compaction_retries;
	int idle_rounds;
	uint32_t rounds;
	enum pa_priority priority;
	enum pa_compact compacted;
	bool victim; /* the last resort found somebody */
};

typedef enum pa_next pa_step_fn(struct pa_slow_request *s);

/* The steps of one version, in order; where it starts, and where each label stands. */
struct pa_course {
	pa_step_fn *const *steps;
	uint8_t first;
	uint8_t labels[PA_NR_LABELS];
};

extern const struct pa_course pa_course_2_4, pa_course_2_6, pa_course_3_10, pa_course_4_4;

static inline bool pa_costly(const struct pa_slow_request *s)
{
	return s->ac->order > PA_COSTLY_ORDER;
}

/* __GFP_WAIT, later __GFP_DIRECT_RECLAIM */
static inline bool pa_may_reclaim(const struct pa_slow_request *s)
{
	return s->ac->gfp & PA_GFP_DIRECT_RECLAIM;
}

/* Does it reclaim and compact on its own behalf?  Who reclaims for others does not. */
static inline bool pa_helps_itself(const struct pa_slow_request *s)
{
	return pa_may_reclaim(s) && !(s->ac->args->task & (PA_TASK_MEMALLOC | PA_TASK_HELPED));
}

/* Before OOM: one more attempt. */
enum pa_next pa_step_oom_attempt(struct pa_slow_request *s);
/* get_page_from_freelist, noted as @step. */
enum pa_next pa_attempt(struct pa_slow_request *s, enum pa_step step, uint32_t flags);
/* gfp_to_alloc_flags of 2.6.30 and later, without what up to 4.6 comes from pa_task_reserves(). */
uint32_t pa_adjusted_flags(const struct pa_ctx *ac);
/* __gfp_pfmemalloc_flags: reserves that the task is entitled to, 0 for none. */
uint32_t pa_task_reserves(const struct pa_ctx *ac);
/* wake_all_kswapds, noted. */
void pa_wake_kswapds(const struct pa_slow_request *s);
/* __alloc_pages_direct_compact, noted as @step. */
enum pa_next pa_try_compaction(struct pa_slow_request *s, enum pa_step step, uint32_t flags);
/* __alloc_pages_direct_reclaim */
enum pa_next pa_try_reclaim(struct pa_slow_request *s, uint32_t flags);
/* The caller's OOM killer, noted: out_of_memory. */
bool pa_kill(struct pa_slow_request *s);
/* Another round, unless there were many in a row of which nothing came. */
enum pa_next pa_idle(struct pa_slow_request *s, enum pa_next label);

#endif /* PA_SLOW_H */
