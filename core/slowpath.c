/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The slow path, __alloc_pages_slowpath of 6.1 and later, as a list of steps.
 *
 * Each row of steps[] tries something or decides something, and says where to go on: with the
 * next row, or at one of the labels.  Cpusets and scoped allocation contexts do not exist here,
 * so nothing but kswapd and the caller's OOM killer changes memory meanwhile.
 */
#include <errno.h>
#include <string.h>

#include "pa_req_internal.h"

#define MAX_RECLAIM_RETRIES 16
#define MAX_COMPACT_RETRIES 16
/* The model's own: after so many rounds in vain, nobody in this call will free memory. */
#define MAX_IDLE_ROUNDS 16
#define MAX_ROUNDS 65536

enum next { NEXT, RETRY, NOPAGE, FAIL, GOT_PG, FOREVER };

struct slow {
	struct pa_ctx *ac;
	uint64_t pfn;
	uint64_t progress; /* did_some_progress */
	uint32_t flags;
	int no_progress_loops;
	int compaction_retries;
	int idle_rounds;
	enum pa_priority priority;
	enum pa_compact compacted;
	bool victim; /* the last resort found somebody */
};

void pa_note_step(const struct pa_ctx *ac, enum pa_step step, bool got, int64_t value)
{
	struct pa_alloc_record *rec = ac->rec;

	if (!rec)
		return;
	if (rec->nr_steps < PA_MAX_STEPS)
		rec->steps[rec->nr_steps] = (struct pa_step_done){ (uint8_t)step, got, value };
	rec->nr_steps++;
}

static bool costly(const struct slow *s)
{
	return s->ac->order > PA_COSTLY_ORDER;
}

static bool may_reclaim(const struct slow *s)
{
	return s->ac->gfp & PA_GFP_DIRECT_RECLAIM;
}

/* gfp_compaction_allowed; before late 6.1 only compaction itself asked. */
static bool may_compact(const struct slow *s)
{
	return !s->ac->rules->compact_needs_io || s->ac->gfp & PA_GFP_IO;
}

/* get_page_from_freelist, noted as @step. */
static enum next attempt(struct slow *s, enum pa_step step, uint32_t flags)
{
	s->pfn = pa_get_page(s->ac, flags);
	if (s->ac->rec)
		s->ac->rec->flags = flags;
	pa_note_step(s->ac, step, s->pfn != PA_PFN_NONE, 0);
	return s->pfn == PA_PFN_NONE ? NEXT : GOT_PG;
}

/* -------------------------------------------------------------------------
 * Flags
 */

/* gfp_to_alloc_flags */
static uint32_t adjusted_flags(const struct pa_ctx *ac)
{
	uint32_t gfp = ac->gfp, flags = PA_ALLOC_CPUSET, task = ac->args->task;
	bool rt = task & PA_TASK_RT && !(task & PA_TASK_IRQ);
	bool blocks = ac->rules->harder ? !(gfp & PA_GFP_ATOMIC) : gfp & PA_GFP_DIRECT_RECLAIM;

	flags |= gfp & PA_GFP_HIGH ? PA_ALLOC_MIN_RESERVE : 0;
	flags |= gfp & PA_GFP_KSWAPD_RECLAIM ? PA_ALLOC_KSWAPD : 0;
	flags |= ac->mt == PA_MOVABLE ? PA_ALLOC_CMA : 0;
	flags |= pa_req(ac->pa)->knobs.defrag_mode ? PA_ALLOC_NOFRAGMENT : 0;
	if (blocks) {
		if (rt)
			flags |= ac->rules->harder ? PA_ALLOC_NON_BLOCK : PA_ALLOC_MIN_RESERVE;
		return flags;
	}
	if (!(gfp & PA_GFP_NOMEMALLOC)) {
		flags |= PA_ALLOC_NON_BLOCK;
		if (!ac->rules->harder && ac->order &&
		    (ac->rules->highatomic_any || flags & PA_ALLOC_MIN_RESERVE))
			flags |= PA_ALLOC_HIGHATOMIC;
	}
	if (ac->rules->harder || flags & PA_ALLOC_MIN_RESERVE)
		flags &= ~PA_ALLOC_CPUSET;
	return flags;
}

/* __gfp_pfmemalloc_flags: reserves that the task is entitled to, 0 for none. */
static uint32_t reserve_flags(const struct pa_ctx *ac)
{
	uint32_t task = ac->args->task;

	if (ac->gfp & PA_GFP_NOMEMALLOC)
		return 0;
	if (ac->gfp & PA_GFP_MEMALLOC)
		return PA_ALLOC_NO_WATERMARKS;
	if (task & PA_TASK_SOFTIRQ && task & PA_TASK_MEMALLOC)
		return PA_ALLOC_NO_WATERMARKS;
	if (task & PA_TASK_IRQ)
		return 0;
	if (task & PA_TASK_MEMALLOC)
		return PA_ALLOC_NO_WATERMARKS;
	return task & PA_TASK_OOM_VICTIM ? PA_ALLOC_OOM : 0;
}

/* -------------------------------------------------------------------------
 * restart:
 */

static int64_t wake_all_kswapds(const struct slow *s)
{
	const struct pa_ctx *ac = s->ac;
	bool defrag = pa_req(ac->pa)->knobs.defrag_mode;
	unsigned int order = ac->order;
	int64_t woken = 0;

	if (defrag && order < ac->pa->pageblock_order)
		order = ac->pa->pageblock_order;
	for (const uint8_t *at = ac->zonelist; *at != PA_NO_ZONE; at++) {
		if (pa_node_allowed(ac, pa_zone_req(ac->pa, *at)))
			woken += pa_wakeup_kswapd(ac->pa, *at, ac->gfp, order, ac->highest);
	}
	return woken;
}

static enum next step_restart(struct slow *s)
{
	s->flags = adjusted_flags(s->ac);
	pa_note_step(s->ac, PA_STEP_RESTART, false, s->flags);
	if (pa_preferred(s->ac) == PA_NO_ZONE)
		return NOPAGE;
	if (s->flags & PA_ALLOC_KSWAPD)
		pa_note_step(s->ac, PA_STEP_WAKE_KSWAPD, false, wake_all_kswapds(s));
	return NEXT;
}

static enum next step_adjusted(struct slow *s)
{
	return attempt(s, PA_STEP_ADJUSTED, s->flags);
}

/* __alloc_pages_direct_compact */
static enum next direct_compact(struct slow *s, enum pa_step step, enum pa_priority priority)
{
	uint64_t captured;
	enum next next;

	if (!s->ac->order)
		return NEXT;
	s->compacted = pa_direct_compact(s->ac, s->flags, priority, &captured);
	pa_note_step(s->ac, step, captured != PA_PFN_NONE, s->compacted);
	if (captured != PA_PFN_NONE) {
		s->pfn = captured;
		pa_prep_new_page(s->ac, captured);
		if (s->ac->rec) {
			s->ac->rec->zone = (uint8_t)pa_zone_of(s->ac->pa, captured);
			s->ac->rec->source = PA_FROM_CAPTURE;
		}
		next = GOT_PG;
	} else if (s->compacted == PA_COMPACT_SKIPPED) {
		return NEXT;
	} else {
		next = attempt(s, PA_STEP_COMPACT_ATTEMPT, s->flags);
	}
	if (next == GOT_PG) {
		uint32_t zone = (uint32_t)pa_zone_of(s->ac->pa, s->pfn);

		pa_compact_reset(pa_zone_req(s->ac->pa, zone), s->ac->order, true);
	}
	return next;
}

static enum next step_compact_first(struct slow *s)
{
	const struct pa_ctx *ac = s->ac;

	if (!may_reclaim(s) || !may_compact(s) || !ac->order ||
	    (!costly(s) && ac->mt == PA_MOVABLE) || reserve_flags(ac) ||
	    ac->args->task & PA_TASK_HELPED)
		return NEXT;
	if (direct_compact(s, PA_STEP_COMPACT_FIRST, PA_PRIO_ASYNC) == GOT_PG)
		return GOT_PG;
	if (!costly(s) || !(ac->gfp & PA_GFP_NORETRY))
		return NEXT;
	if (s->compacted == PA_COMPACT_SKIPPED || s->compacted == PA_COMPACT_DEFERRED)
		return NOPAGE;
	if (ac->rules->thisnode_nopage && ac->gfp & PA_GFP_THISNODE)
		return NOPAGE;
	s->priority = PA_PRIO_ASYNC;
	return NEXT;
}

/* -------------------------------------------------------------------------
 * retry:
 */

static enum next step_retry(struct slow *s)
{
	struct pa_ctx *ac = s->ac;
	uint32_t reserves = reserve_flags(ac);

	if (s->flags & PA_ALLOC_KSWAPD)
		pa_note_step(ac, PA_STEP_WAKE_KSWAPD, false, wake_all_kswapds(s));
	if (reserves)
		s->flags = reserves | (ac->mt == PA_MOVABLE ? PA_ALLOC_CMA : 0) |
			   (s->flags & PA_ALLOC_KSWAPD);
	/* Those who may ignore marks may ignore where memory policies want them, too. */
	if (!(s->flags & PA_ALLOC_CPUSET) || reserves)
		ac->nodemask =
			ac->gfp & PA_GFP_THISNODE ? UINT64_C(1) << ac->args->nid : UINT64_MAX;
	pa_note_step(ac, PA_STEP_RETRY, false, s->flags);
	return NEXT;
}

static enum next step_reserves(struct slow *s)
{
	return attempt(s, PA_STEP_RESERVES, s->flags);
}

static enum next step_can_reclaim(struct slow *s)
{
	return may_reclaim(s) && !(s->ac->args->task & (PA_TASK_MEMALLOC | PA_TASK_HELPED)) ?
		       NEXT :
		       NOPAGE;
}

/* __alloc_pages_direct_reclaim */
static enum next step_reclaim(struct slow *s)
{
	struct pa_ctx *ac = s->ac;
	int64_t drained;

	s->progress = pa_direct_reclaim(ac);
	pa_note_step(ac, PA_STEP_RECLAIM, false, (int64_t)s->progress);
	if (!s->progress)
		return NEXT;
	if (attempt(s, PA_STEP_RECLAIM_ATTEMPT, s->flags) == GOT_PG)
		return GOT_PG;
	pa_note_step(ac, PA_STEP_UNRESERVE, false, pa_unreserve_highatomic(ac, false));
	drained = pa_drain(ac->pa, UINT32_MAX, UINT32_MAX, ac->cpu, pa_trail_of(ac));
	pa_note_step(ac, PA_STEP_DRAIN_ALL, false, drained);
	return attempt(s, PA_STEP_RECLAIM_ATTEMPT, s->flags);
}

static enum next step_compact(struct slow *s)
{
	return direct_compact(s, PA_STEP_COMPACT, s->priority);
}

static enum next step_willing(struct slow *s)
{
	uint32_t gfp = s->ac->gfp;

	if (gfp & PA_GFP_NORETRY)
		return NOPAGE;
	return costly(s) && (!may_compact(s) || !(gfp & PA_GFP_RETRY_MAYFAIL)) ? NOPAGE : NEXT;
}

/* Would some zone do if all that is reclaimable were reclaimed? */
static bool reclaim_may_help(const struct slow *s)
{
	const struct pa_ctx *ac = s->ac;

	for (const uint8_t *at = ac->zonelist; *at != PA_NO_ZONE; at++) {
		const struct pa_zone_req *zr = pa_zone_req(ac->pa, *at);
		const struct pa_zone *z = &ac->pa->zones[*at];
		int64_t available = pa_zone_free(z, zr) + zr->deltas + (int64_t)zr->nr_lru;

		if (pa_node_allowed(ac, zr) &&
		    pa_watermark_test(ac->pa, *at, ac->order, pa_mark_of(z, zr, PA_WMARK_MIN),
				      ac->highest, s->flags, available, NULL))
			return true;
	}
	return false;
}

/* should_reclaim_retry */
static enum next step_reclaim_retry(struct slow *s)
{
	bool tired, yes;

	s->no_progress_loops = s->progress && !costly(s) ? 0 : s->no_progress_loops + 1;
	tired = s->no_progress_loops > MAX_RECLAIM_RETRIES;
	yes = !tired && reclaim_may_help(s);
	/* Before giving up, what is reserved for atomic requests. */
	if (!yes && (tired || s->ac->rules->unreserve_no_retry)) {
		yes = pa_unreserve_highatomic(s->ac, true);
		pa_note_step(s->ac, PA_STEP_UNRESERVE, false, yes);
	}
	pa_note_step(s->ac, PA_STEP_RECLAIM_RETRY, false, yes);
	return yes ? RETRY : NEXT;
}

/* compaction_zonelist_suitable: would compaction run once everything is reclaimed? */
static bool compaction_may_help(const struct slow *s)
{
	const struct pa_ctx *ac = s->ac;

	for (const uint8_t *at = ac->zonelist; *at != PA_NO_ZONE; at++) {
		const struct pa_zone_req *zr = pa_zone_req(ac->pa, *at);
		int64_t available = (int64_t)(zr->nr_lru / ac->order) + zr->deltas +
				    pa_zone_free(&ac->pa->zones[*at], zr);

		if (pa_node_allowed(ac, zr) &&
		    pa_compact_suitable(ac->pa, *at, ac->order,
					pa_compact_mark(ac->pa, *at, ac->order, s->flags),
					ac->highest, available))
			return true;
	}
	return false;
}

static bool should_compact_retry(struct slow *s)
{
	int most = costly(s) ? MAX_COMPACT_RETRIES / 4 : MAX_COMPACT_RETRIES;
	enum pa_priority floor = costly(s) ? PA_PRIO_SYNC_LIGHT : PA_PRIO_SYNC_FULL;

	if (!s->ac->order)
		return false;
	if (s->ac->rules->compact_fatal && s->ac->args->task & PA_TASK_FATAL)
		return false;
	if (s->compacted == PA_COMPACT_SKIPPED)
		return compaction_may_help(s);
	if (s->compacted == PA_COMPACT_SUCCESS && ++s->compaction_retries <= most)
		return true;
	if (s->priority <= floor)
		return false;
	s->priority--;
	s->compaction_retries = 0;
	return true;
}

static enum next step_compact_retry(struct slow *s)
{
	bool yes;

	if (!s->progress || !may_compact(s))
		return NEXT;
	yes = should_compact_retry(s);
	pa_note_step(s->ac, PA_STEP_COMPACT_RETRY, false, yes);
	return yes ? RETRY : NEXT;
}

static enum next step_drop_nofragment(struct slow *s)
{
	if (!(s->flags & PA_ALLOC_NOFRAGMENT))
		return NEXT;
	s->flags &= ~PA_ALLOC_NOFRAGMENT;
	pa_note_step(s->ac, PA_STEP_DROP_NOFRAGMENT, false, 0);
	return RETRY;
}

/* -------------------------------------------------------------------------
 * __alloc_pages_may_oom
 */

/* Why nobody is killed for this request; -1 if somebody may be. */
static int oom_refusal(const struct slow *s)
{
	const struct pa_ctx *ac = s->ac;

	if (ac->args->task & PA_TASK_DUMPCORE)
		return PA_OOM_DUMPCORE;
	if (costly(s))
		return PA_OOM_COSTLY;
	if (ac->gfp & PA_GFP_RETRY_MAYFAIL)
		return PA_OOM_MAYFAIL;
	if (ac->gfp & PA_GFP_THISNODE)
		return PA_OOM_THISNODE;
	return ac->highest < PA_ZONE_NORMAL ? PA_OOM_LOWMEM : -1;
}

static enum next step_oom(struct slow *s)
{
	struct pa_ctx *ac = s->ac;
	int refusal = oom_refusal(s);
	bool pretends = !(ac->gfp & PA_GFP_FS);

	s->progress = 0;
	if (attempt(s, PA_STEP_OOM_ATTEMPT,
		    PA_WMARK_HIGH << PA_ALLOC_WMARK_SHIFT | PA_ALLOC_CPUSET) == GOT_PG)
		return GOT_PG;
	if (refusal >= 0) {
		pa_note_step(ac, PA_STEP_OOM_REFUSED, false, refusal);
		return NEXT;
	}
	/* out_of_memory: without __GFP_FS it says that somebody was killed, and kills nobody. */
	s->victim = !pretends && ac->args->oom && ac->args->oom(ac->pa, ac->args->oom_ctx);
	pa_note_step(ac, PA_STEP_OOM_KILL, false, s->victim);
	s->progress = pretends || s->victim || ac->gfp & PA_GFP_NOFAIL;
	if (!(ac->gfp & PA_GFP_NOFAIL))
		return NEXT;
	if (attempt(s, PA_STEP_OOM_RESERVES, PA_ALLOC_NO_WATERMARKS | PA_ALLOC_CPUSET) == GOT_PG)
		return GOT_PG;
	return attempt(s, PA_STEP_OOM_RESERVES, PA_ALLOC_NO_WATERMARKS);
}

static enum next step_after_oom(struct slow *s)
{
	if (s->ac->args->task & PA_TASK_OOM_VICTIM &&
	    (s->flags & PA_ALLOC_OOM || s->ac->gfp & PA_GFP_NOMEMALLOC))
		return NOPAGE;
	if (!s->progress)
		return NOPAGE;
	s->no_progress_loops = 0;
	if (!s->victim && ++s->idle_rounds > MAX_IDLE_ROUNDS)
		return FOREVER;
	return RETRY;
}

/* -------------------------------------------------------------------------
 * nopage:
 */

static enum next step_nopage(struct slow *s)
{
	uint32_t flags = s->ac->rules->harder ? PA_ALLOC_NON_BLOCK : PA_ALLOC_MIN_RESERVE;

	pa_note_step(s->ac, PA_STEP_NOPAGE, false, 0);
	if (!(s->ac->gfp & PA_GFP_NOFAIL) || !may_reclaim(s))
		return FAIL;
	/* __alloc_pages_cpuset_fallback: first where the cpuset allows, then anywhere. */
	if (attempt(s, PA_STEP_NOFAIL, flags | PA_ALLOC_CPUSET) == GOT_PG ||
	    attempt(s, PA_STEP_NOFAIL, flags) == GOT_PG)
		return GOT_PG;
	return ++s->idle_rounds > MAX_IDLE_ROUNDS ? FOREVER : RETRY;
}

typedef enum next step_fn(struct slow *s);

static step_fn *const steps[] = {
	step_restart,  step_adjusted,	   step_compact_first, step_retry,
	step_reserves, step_can_reclaim,   step_reclaim,       step_compact,
	step_willing,  step_reclaim_retry, step_compact_retry, step_drop_nofragment,
	step_oom,      step_after_oom,	   step_nopage,
};

#define AT_RETRY 3
#define AT_NOPAGE 14

int pa_slowpath(struct pa_ctx *ac, uint64_t *pfn)
{
	struct slow s = {
		.ac = ac,
		.pfn = PA_PFN_NONE,
		.priority = PA_PRIO_SYNC_LIGHT,
		.compacted = PA_COMPACT_SKIPPED,
	};
	enum next next = NEXT;
	uint32_t rounds = 0;

	if (ac->rec)
		ac->rec->slow = true;
	for (size_t at = 0; next <= NOPAGE;) {
		next = steps[at](&s);
		if (next == RETRY && ++rounds > MAX_ROUNDS)
			next = FOREVER;
		at = next == NEXT ? at + 1 : next == RETRY ? AT_RETRY : AT_NOPAGE;
	}
	pa_note_step(ac, next == GOT_PG ? PA_STEP_GOT_PG : PA_STEP_FAIL, next == GOT_PG, 0);
	*pfn = next == GOT_PG ? s.pfn : PA_PFN_NONE;
	return next == GOT_PG ? 0 : next == FOREVER ? -EAGAIN : -ENOMEM;
}

const char *pa_step_name(enum pa_step step)
{
	static const char *const names[PA_NR_STEPS] = {
		[PA_STEP_FAST] = "fast path",
		[PA_STEP_RESTART] = "restart",
		[PA_STEP_WAKE_KSWAPD] = "wake kswapd",
		[PA_STEP_ADJUSTED] = "adjusted flags",
		[PA_STEP_COMPACT_FIRST] = "compact first",
		[PA_STEP_RETRY] = "retry",
		[PA_STEP_RESERVES] = "reserves",
		[PA_STEP_RECLAIM] = "direct reclaim",
		[PA_STEP_RECLAIM_ATTEMPT] = "after reclaim",
		[PA_STEP_UNRESERVE] = "unreserve highatomic",
		[PA_STEP_DRAIN_ALL] = "drain all",
		[PA_STEP_COMPACT] = "direct compaction",
		[PA_STEP_COMPACT_ATTEMPT] = "after compaction",
		[PA_STEP_RECLAIM_RETRY] = "reclaim again?",
		[PA_STEP_COMPACT_RETRY] = "compact again?",
		[PA_STEP_DROP_NOFRAGMENT] = "drop nofragment",
		[PA_STEP_OOM_ATTEMPT] = "before oom",
		[PA_STEP_OOM_REFUSED] = "no oom",
		[PA_STEP_OOM_KILL] = "oom kill",
		[PA_STEP_OOM_RESERVES] = "oom reserves",
		[PA_STEP_NOPAGE] = "nopage",
		[PA_STEP_NOFAIL] = "nofail",
		[PA_STEP_FAIL] = "fail",
		[PA_STEP_GOT_PG] = "got page",
	};

	return (unsigned int)step < PA_NR_STEPS ? names[step] : NULL;
}
