/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The slow path before 4.7, as lists of steps: 2.4, 2.6.24, 3.10, 4.4.
 *
 * They loop where later versions give up: a request of up to PA_COSTLY_ORDER that may wait goes on
 * until it succeeds or, from 4.4 on, nobody is left to kill.  4.4's __GFP_REPEAT even goes on where
 * nothing can be reclaimed.
 */
#include "pa_slow.h"

/* What one attempt may ignore altogether does not count for the others. */
static uint32_t without_reserves(const struct pa_slow_request *s)
{
	return s->flags & ~PA_ALLOC_NO_WATERMARKS;
}

static enum pa_next step_adjusted(struct pa_slow_request *s)
{
	return pa_attempt(s, PA_STEP_ADJUSTED, without_reserves(s));
}

static enum pa_next step_nopage(struct pa_slow_request *s)
{
	pa_note_step(s->ac, PA_STEP_NOPAGE, false, 0);
	return FAIL;
}

static bool is_oom_victim(const struct pa_slow_request *s)
{
	return s->ac->args->task & PA_TASK_OOM_VICTIM;
}

static bool has(const struct pa_slow_request *s, uint32_t gfp)
{
	return (s->ac->gfp & gfp) == gfp;
}

/* GFP_THISNODE of up to 3.18: whoever asks so has a way out other than reclaim. */
static enum pa_next step_thisnode(struct pa_slow_request *s)
{
	bool numa = pa_req(s->ac->pa)->nodes > 1;

	return numa && has(s, PA_GFP_THISNODE | PA_GFP_NORETRY | PA_GFP_NOWARN) ? NOPAGE : NEXT;
}

/* One more attempt before the last resort, and why there may be none; -1 if there may. */
static int oom_refusal(const struct pa_slow_request *s)
{
	const struct pa_ctx *ac = s->ac;

	if (ac->gfp & PA_GFP_NOFAIL)
		return -1;
	if (ac->args->task & PA_TASK_DUMPCORE)
		return PA_OOM_DUMPCORE;
	if (pa_costly(s))
		return PA_OOM_COSTLY;
	if (ac->highest < PA_ZONE_NORMAL)
		return PA_OOM_LOWMEM;
	return ac->gfp & PA_GFP_THISNODE ? PA_OOM_THISNODE : -1;
}

/* -------------------------------------------------------------------------
 * 2.4.10 to 2.4.22: __alloc_pages
 */

static enum pa_next step_2_4_min(struct pa_slow_request *s)
{
	s->flags = pa_may_reclaim(s) ? 0 : PA_ALLOC_NON_BLOCK; /* a quarter of the marks */
	pa_note_step(s->ac, PA_STEP_RESTART, false, s->flags);
	pa_wake_kswapds(s);
	return step_adjusted(s);
}

/* rebalance: */
static enum pa_next step_2_4_reserves(struct pa_slow_request *s)
{
	pa_note_step(s->ac, PA_STEP_RETRY, false, s->flags);
	if (s->ac->args->task & (PA_TASK_MEMALLOC | PA_TASK_OOM_VICTIM))
		return pa_attempt(s, PA_STEP_RESERVES, PA_ALLOC_NO_WATERMARKS) == GOT_PG ? GOT_PG :
											   NOPAGE;
	return pa_helps_itself(s) ? NEXT : NOPAGE;
}

/* balance_classzone: the first page that is reclaimed may be the very one.  try_to_free_pages kills. */
static enum pa_next step_2_4_reclaim(struct pa_slow_request *s)
{
	struct pa_ctx *ac = s->ac;

	s->victim = false;
	s->progress = pa_reclaim_local(ac, &s->pfn);
	pa_note_step(ac, PA_STEP_RECLAIM, s->pfn != PA_PFN_NONE, (int64_t)s->progress);
	if (s->pfn != PA_PFN_NONE) {
		pa_prep_new_page(ac, s->pfn);
		if (ac->rec) {
			ac->rec->zone = (uint8_t)pa_zone_of(ac->pa, s->pfn);
			ac->rec->source = PA_FROM_LOCAL;
		}
		return GOT_PG;
	}
	if (!s->progress)
		pa_kill(s);
	return pa_attempt(s, PA_STEP_RECLAIM_ATTEMPT, s->flags);
}

static enum pa_next step_2_4_again(struct pa_slow_request *s)
{
	if (pa_costly(s))
		return NOPAGE;
	return s->progress || s->victim ? RETRY : pa_idle(s, RETRY);
}

static pa_step_fn *const steps_2_4[] = {
	step_2_4_min, step_2_4_reserves, step_2_4_reclaim, step_2_4_again, step_nopage,
};

const struct pa_course pa_course_2_4 = { steps_2_4, 0, { [RETRY] = 1, [NOPAGE] = 4 } };

/* -------------------------------------------------------------------------
 * 2.6.24: __alloc_pages
 */

static enum pa_next step_2_6_fast(struct pa_slow_request *s)
{
	return pa_attempt(s, PA_STEP_FAST, PA_WMARK_LOW << PA_ALLOC_WMARK_SHIFT | PA_ALLOC_CPUSET);
}

static enum pa_next step_2_6_min(struct pa_slow_request *s)
{
	uint32_t gfp = s->ac->gfp, task = s->ac->args->task;
	bool rt = task & PA_TASK_RT && !(task & PA_TASK_IRQ);

	pa_wake_kswapds(s);
	s->flags = gfp & PA_GFP_HIGH ? PA_ALLOC_MIN_RESERVE : 0;
	s->flags |= pa_may_reclaim(s) ? PA_ALLOC_CPUSET : PA_ALLOC_NON_BLOCK;
	s->flags |= rt ? PA_ALLOC_NON_BLOCK : 0;
	pa_note_step(s->ac, PA_STEP_RESTART, false, s->flags);
	return step_adjusted(s);
}

/* rebalance: */
static enum pa_next step_2_6_reserves(struct pa_slow_request *s)
{
	uint32_t gfp = s->ac->gfp, task = s->ac->args->task;

	pa_note_step(s->ac, PA_STEP_RETRY, false, s->flags);
	if (!(task & (PA_TASK_MEMALLOC | PA_TASK_OOM_VICTIM)) || task & PA_TASK_IRQ)
		return pa_helps_itself(s) ? NEXT : NOPAGE;
	if (gfp & PA_GFP_NOMEMALLOC)
		return NOPAGE;
	if (pa_attempt(s, PA_STEP_RESERVES, PA_ALLOC_NO_WATERMARKS) == GOT_PG)
		return GOT_PG;
	return gfp & PA_GFP_NOFAIL ? FOREVER : NOPAGE;
}

static enum pa_next step_2_6_reclaim(struct pa_slow_request *s)
{
	struct pa_ctx *ac = s->ac;

	s->progress = pa_direct_reclaim(ac);
	pa_note_step(ac, PA_STEP_RECLAIM, false, (int64_t)s->progress);
	if (ac->order)
		pa_note_step(ac, PA_STEP_DRAIN_ALL, false,
			     pa_drain(ac->pa, UINT32_MAX, UINT32_MAX, ac->cpu, pa_trail_of(ac)));
	return s->progress ? pa_attempt(s, PA_STEP_RECLAIM_ATTEMPT, s->flags) : NEXT;
}

static enum pa_next step_2_6_oom(struct pa_slow_request *s)
{
	if (s->progress || !has(s, PA_GFP_FS) || has(s, PA_GFP_NORETRY))
		return NEXT;
	if (pa_step_oom_attempt(s) == GOT_PG)
		return GOT_PG;
	if (pa_costly(s)) {
		pa_note_step(s->ac, PA_STEP_OOM_REFUSED, false, PA_OOM_COSTLY);
		return NOPAGE;
	}
	return pa_kill(s) ? RESTART : pa_idle(s, RESTART);
}

static enum pa_next step_2_6_again(struct pa_slow_request *s)
{
	bool again = !pa_costly(s) || s->ac->gfp & (PA_GFP_RETRY_MAYFAIL | PA_GFP_NOFAIL);

	if (!again || has(s, PA_GFP_NORETRY))
		return NOPAGE;
	return s->progress ? RETRY : pa_idle(s, RETRY);
}

static pa_step_fn *const steps_2_6[] = {
	step_2_6_fast,	  step_thisnode, step_2_6_min,	 step_2_6_reserves,
	step_2_6_reclaim, step_2_6_oom,	 step_2_6_again, step_nopage,
};

const struct pa_course pa_course_2_6 = { steps_2_6,
					 1,
					 { [RESTART] = 0, [RETRY] = 3, [NOPAGE] = 7 } };

/* -------------------------------------------------------------------------
 * What 3.10 and 4.4 share
 */

static enum pa_next step_flags(struct pa_slow_request *s)
{
	if (has(s, PA_GFP_KSWAPD_RECLAIM))
		pa_wake_kswapds(s);
	s->flags = pa_adjusted_flags(s->ac);
	/* To 4.12 OOM victims have all reserves, not a share. */
	if (pa_task_reserves(s->ac))
		s->flags |= PA_ALLOC_NO_WATERMARKS;
	pa_note_step(s->ac, PA_STEP_RESTART, false, s->flags);
	return NEXT;
}

/* __alloc_pages_high_priority, and who leaves here. */
static enum pa_next step_reserves(struct pa_slow_request *s)
{
	bool nofail = has(s, PA_GFP_NOFAIL);

	pa_note_step(s->ac, PA_STEP_RETRY, false, s->flags);
	if (s->flags & PA_ALLOC_NO_WATERMARKS) {
		if (pa_attempt(s, PA_STEP_RESERVES, PA_ALLOC_NO_WATERMARKS) == GOT_PG)
			return GOT_PG;
		if (nofail)
			return FOREVER;
	}
	if (!pa_helps_itself(s))
		return NOPAGE;
	return is_oom_victim(s) && !nofail ? NOPAGE : NEXT;
}

static enum pa_next step_reclaim(struct pa_slow_request *s)
{
	enum pa_next next = pa_try_reclaim(s, without_reserves(s));

	s->reclaimed += s->progress;
	return next;
}

/* __GFP_REPEAT: until as much was reclaimed as is asked for. */
static bool repeats(const struct pa_slow_request *s)
{
	return has(s, PA_GFP_RETRY_MAYFAIL) && s->reclaimed < pa_pages(s->ac->order);
}

/* -------------------------------------------------------------------------
 * 3.10: __alloc_pages_slowpath
 */

static enum pa_next step_3_10_start(struct pa_slow_request *s)
{
	s->priority = PA_PRIO_ASYNC;
	return step_thisnode(s);
}

/* Only the preferred zone keeps account of failures. */
static enum pa_next compact_3_10(struct pa_slow_request *s, enum pa_step step)
{
	struct pa_ctx *ac = s->ac;
	struct pa_zone_req *zr;
	uint8_t preferred = pa_preferred(ac);

	if (!ac->order || preferred == PA_NO_ZONE)
		return NEXT;
	zr = pa_zone_req(ac->pa, preferred);
	if (pa_compact_deferred(zr, ac->order)) {
		s->compacted = PA_COMPACT_DEFERRED;
		pa_note_step(ac, step, false, s->compacted);
		return NEXT;
	}
	if (pa_try_compaction(s, step, without_reserves(s)) == GOT_PG)
		return GOT_PG;
	if (s->compacted != PA_COMPACT_SKIPPED && s->priority != PA_PRIO_ASYNC)
		pa_compact_defer(zr, ac->order);
	return NEXT;
}

/* The first run is asynchronous; what fails then and may not wake kswapd either, was for a THP. */
static enum pa_next step_3_10_compact(struct pa_slow_request *s)
{
	if (compact_3_10(s, PA_STEP_COMPACT_FIRST) == GOT_PG)
		return GOT_PG;
	s->priority = PA_PRIO_SYNC_LIGHT;
	return s->compacted == PA_COMPACT_DEFERRED && !has(s, PA_GFP_KSWAPD_RECLAIM) ? NOPAGE :
										       NEXT;
}

static bool asks_for_oom(const struct pa_slow_request *s)
{
	return !s->progress && has(s, PA_GFP_FS) && !has(s, PA_GFP_NORETRY);
}

static enum pa_next step_3_10_oom_attempt(struct pa_slow_request *s)
{
	bool tries = asks_for_oom(s) && oom_refusal(s) != PA_OOM_DUMPCORE;

	return tries ? pa_step_oom_attempt(s) : NEXT;
}

static enum pa_next step_3_10_oom(struct pa_slow_request *s)
{
	int refusal = oom_refusal(s);

	if (!asks_for_oom(s))
		return NEXT;
	if (refusal >= 0)
		pa_note_step(s->ac, PA_STEP_OOM_REFUSED, false, refusal);
	if (refusal < 0 && pa_kill(s))
		return RESTART;
	return refusal < 0 || refusal == PA_OOM_THISNODE ? pa_idle(s, RESTART) : NOPAGE;
}

/* should_alloc_retry; who may not, has one more run of compaction. */
static enum pa_next step_3_10_again(struct pa_slow_request *s)
{
	bool again = has(s, PA_GFP_NOFAIL) || !pa_costly(s) || repeats(s);

	if (!again || has(s, PA_GFP_NORETRY))
		return NEXT;
	return s->progress ? RETRY : pa_idle(s, RETRY);
}

static enum pa_next step_3_10_last(struct pa_slow_request *s)
{
	return compact_3_10(s, PA_STEP_COMPACT);
}

static pa_step_fn *const steps_3_10[] = {
	step_3_10_start,   step_flags,	   step_adjusted,	  step_reserves,
	step_3_10_compact, step_reclaim,   step_3_10_oom_attempt, step_3_10_oom,
	step_3_10_again,   step_3_10_last, step_nopage,
};

const struct pa_course pa_course_3_10 = { steps_3_10,
					  0,
					  { [RESTART] = 1, [RETRY] = 2, [NOPAGE] = 10 } };

/* -------------------------------------------------------------------------
 * 4.4: __alloc_pages_slowpath
 */

static enum pa_next step_4_4_start(struct pa_slow_request *s)
{
	bool numa = pa_req(s->ac->pa)->nodes > 1;

	s->priority = PA_PRIO_ASYNC;
	return numa && has(s, PA_GFP_THISNODE) && !pa_may_reclaim(s) ? NOPAGE : NEXT;
}

/* is_thp_gfp_mask */
static bool is_thp(const struct pa_slow_request *s)
{
	uint32_t thp = PA_GFP_HIGHUSER_MOVABLE | PA_GFP_COMP | PA_GFP_NOMEMALLOC | PA_GFP_NORETRY |
		       PA_GFP_NOWARN;

	return has(s, thp & ~PA_GFP_KSWAPD_RECLAIM) && !has(s, PA_GFP_KSWAPD_RECLAIM);
}

static enum pa_next step_4_4_compact(struct pa_slow_request *s)
{
	if (pa_try_compaction(s, PA_STEP_COMPACT_FIRST, without_reserves(s)) == GOT_PG)
		return GOT_PG;
	if (is_thp(s) && s->compacted == PA_COMPACT_DEFERRED)
		return NOPAGE;
	if (!is_thp(s) || s->ac->args->task & PA_TASK_KTHREAD)
		s->priority = PA_PRIO_SYNC_LIGHT;
	return NEXT;
}

static enum pa_next step_4_4_again(struct pa_slow_request *s)
{
	if (has(s, PA_GFP_NORETRY))
		return NORETRY;
	if (s->progress)
		return !pa_costly(s) || repeats(s) ? RETRY : NEXT;
	return repeats(s) ? pa_idle(s, RETRY) : NEXT;
}

static enum pa_next step_4_4_oom(struct pa_slow_request *s)
{
	int refusal = oom_refusal(s);
	/* Who may not call file systems waits for others, but for those refused before it is asked. */
	bool waits = !has(s, PA_GFP_FS) && !has(s, PA_GFP_NOFAIL) &&
		     (refusal < 0 || refusal == PA_OOM_THISNODE);

	if (waits)
		return pa_idle(s, RETRY);
	if (refusal >= 0) {
		pa_note_step(s->ac, PA_STEP_OOM_REFUSED, false, refusal);
		return NEXT;
	}
	if (pa_kill(s))
		return RETRY;
	return has(s, PA_GFP_NOFAIL) ? pa_idle(s, RETRY) : NEXT;
}

static enum pa_next step_4_4_last(struct pa_slow_request *s)
{
	return pa_try_compaction(s, PA_STEP_COMPACT, without_reserves(s));
}

static pa_step_fn *const steps_4_4[] = {
	step_4_4_start,	  step_flags,	 step_adjusted,	 step_reserves,
	step_4_4_compact, step_reclaim,	 step_4_4_again, pa_step_oom_attempt,
	step_4_4_oom,	  step_4_4_last, step_nopage,
};

const struct pa_course pa_course_4_4 = { steps_4_4,
					 0,
					 { [RETRY] = 1, [NORETRY] = 9, [NOPAGE] = 10 } };
