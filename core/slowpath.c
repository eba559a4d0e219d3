/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The slow path as a list of steps: __alloc_pages_slowpath of 4.7 and later, and what it shares with
 * those before, which are in slowold.c.
 *
 * Each row of steps[] tries something or decides something, and says where to go on: with the
 * next row, or at one of the labels.  Cpusets and scoped allocation contexts do not exist here,
 * so nothing but kswapd and the caller's OOM killer changes memory meanwhile.
 */
#include <errno.h>
#include <string.h>

#include "pa_slow.h"

#define MAX_RECLAIM_RETRIES 16
#define MAX_COMPACT_RETRIES 16
/* The model's own: a caller that says it killed somebody, again and again, is believed so often. */
#define MAX_ROUNDS 65536
/* And rounds in which nothing was reclaimed and nobody killed: compaction is deferred 64 times. */
#define MAX_QUIET_ROUNDS 256

void pa_note_step(const struct pa_ctx *ac, enum pa_step step, bool got, int64_t value)
{
	struct pa_alloc_record *rec = ac->rec;

	if (!rec)
		return;
	if (rec->nr_steps < PA_MAX_STEPS)
		rec->steps[rec->nr_steps] = (struct pa_step_done){ (uint8_t)step, got, value };
	rec->nr_steps++;
}

/* gfp_compaction_allowed; before late 6.1 only compaction itself asked. */
static bool may_compact(const struct pa_slow_request *s)
{
	return !s->ac->rules->compact_needs_io || s->ac->gfp & PA_GFP_IO;
}

enum pa_next pa_attempt(struct pa_slow_request *s, enum pa_step step, uint32_t flags)
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

/* Is it a request that may block, as far as its reserves go? */
static bool blocks(const struct pa_rules *rules, uint32_t gfp)
{
	if (!rules->harder)
		return gfp & PA_GFP_DIRECT_RECLAIM;
	if (!rules->harder_unwilling)
		return !(gfp & PA_GFP_ATOMIC);
	/* Nor is one atomic with __GFP_NO_KSWAPD. */
	return (gfp & PA_GFP_RECLAIM) != PA_GFP_KSWAPD_RECLAIM;
}

/* What a request may use whatever reserves it has. */
static uint32_t common_flags(const struct pa_policy *policy, const struct pa_rules *rules,
			     uint32_t gfp)
{
	bool movable = pa_gfp_mt(gfp) == PA_MOVABLE && policy->cma != PA_CMA_NONE;
	uint32_t flags = movable ? PA_ALLOC_CMA : 0;

	if (gfp & PA_GFP_KSWAPD_RECLAIM && rules->nofragment)
		flags |= PA_ALLOC_KSWAPD;
	return flags;
}

/* defrag_mode is for those who can wait for a whole pageblock; 6.15 to 7.2 let nobody off. */
static bool keeps_blocks_whole(const struct pa_ctx *ac)
{
	return pa_req(ac->pa)->knobs.defrag_mode &&
	       (!ac->rules->defrag_whole || ac->gfp & PA_GFP_DIRECT_RECLAIM);
}

uint32_t pa_highatomic_flag(const struct pa_rules *rules, uint32_t gfp, unsigned int order)
{
	bool urgent = rules->highatomic_any || gfp & PA_GFP_HIGH;

	if (rules->harder || gfp & (PA_GFP_DIRECT_RECLAIM | PA_GFP_NOMEMALLOC))
		return 0;
	return order && urgent ? PA_ALLOC_HIGHATOMIC : 0;
}

static uint32_t flags_of(const struct pa_policy *policy, const struct pa_rules *rules, uint32_t gfp,
			 unsigned int order, uint32_t task)
{
	uint32_t flags = PA_ALLOC_CPUSET | common_flags(policy, rules, gfp);
	bool rt = task & PA_TASK_RT && !(task & PA_TASK_IRQ);

	flags |= gfp & PA_GFP_HIGH ? PA_ALLOC_MIN_RESERVE : 0;
	if (blocks(rules, gfp)) {
		if (rt)
			flags |= rules->harder ? PA_ALLOC_NON_BLOCK : PA_ALLOC_MIN_RESERVE;
		return flags;
	}
	if (!(gfp & PA_GFP_NOMEMALLOC))
		flags |= PA_ALLOC_NON_BLOCK | pa_highatomic_flag(rules, gfp, order);
	if (rules->harder || flags & PA_ALLOC_MIN_RESERVE)
		flags &= ~PA_ALLOC_CPUSET;
	return flags;
}

uint32_t pa_adjusted_flags(const struct pa_ctx *ac)
{
	uint32_t flags =
		flags_of(pa_version(ac->pa), ac->rules, ac->gfp, ac->order, ac->args->task);

	return flags | (keeps_blocks_whole(ac) ? PA_ALLOC_NOFRAGMENT : 0);
}

uint32_t pa_gfp_alloc_flags(const struct pa_policy *policy, uint32_t gfp, unsigned int order,
			    uint32_t task)
{
	const struct pa_rules *rules = policy ? pa_rules_find(policy->name) : NULL;

	return rules ? flags_of(policy, rules, gfp, order, task) : 0;
}

uint32_t pa_task_reserves(const struct pa_ctx *ac)
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

void pa_wake_kswapds(const struct pa_slow_request *s)
{
	const struct pa_ctx *ac = s->ac;
	bool defrag = pa_req(ac->pa)->knobs.defrag_mode, old = ac->rules->slow != PA_SLOW_4_7;
	unsigned int order = ac->order, highest = old ? ac->classzone : ac->highest;
	int64_t woken = 0;

	if (defrag && order < ac->pa->pageblock_order)
		order = ac->pa->pageblock_order;
	for (const uint8_t *at = ac->zonelist; *at != PA_NO_ZONE; at++) {
		if (pa_node_allowed(ac, pa_zone_req(ac->pa, *at)))
			woken += pa_wakeup_kswapd(ac->pa, *at, ac->gfp, order, highest);
	}
	pa_note_step(ac, PA_STEP_WAKE_KSWAPD, false, woken);
}

static enum pa_next step_restart(struct pa_slow_request *s)
{
	s->flags = pa_adjusted_flags(s->ac);
	pa_note_step(s->ac, PA_STEP_RESTART, false, s->flags);
	if (pa_preferred(s->ac) == PA_NO_ZONE)
		return NOPAGE;
	if (s->flags & PA_ALLOC_KSWAPD)
		pa_wake_kswapds(s);
	return NEXT;
}

static enum pa_next step_adjusted(struct pa_slow_request *s)
{
	return pa_attempt(s, PA_STEP_ADJUSTED, s->flags);
}

/* A page that compaction caught on the way is the request's already. */
static void use_captured(struct pa_slow_request *s, uint64_t pfn)
{
	s->pfn = pfn;
	pa_prep_new_page(s->ac, pfn);
	if (!s->ac->rec)
		return;
	s->ac->rec->zone = (uint8_t)pa_zone_of(s->ac->pa, pfn);
	s->ac->rec->source = PA_FROM_CAPTURE;
}

/* Is there any use in looking again?  5.4 and 5.10 do not ask. */
static bool ran(const struct pa_slow_request *s)
{
	if (s->ac->rules->compact_tries)
		return true;
	if (s->compacted == PA_COMPACT_DEFERRED)
		return s->ac->rules->slow == PA_SLOW_4_7;
	return s->compacted != PA_COMPACT_SKIPPED;
}

enum pa_next pa_try_compaction(struct pa_slow_request *s, enum pa_step step, uint32_t flags)
{
	uint64_t captured;
	uint32_t zone;

	if (!s->ac->reach)
		return NEXT;
	s->compacted = pa_direct_compact(s->ac, flags, s->priority, &captured);
	pa_note_step(s->ac, step, captured != PA_PFN_NONE, s->compacted);
	if (captured != PA_PFN_NONE)
		use_captured(s, captured);
	else if (!ran(s) || pa_attempt(s, PA_STEP_COMPACT_ATTEMPT, flags) != GOT_PG)
		return NEXT;
	zone = (uint32_t)pa_zone_of(s->ac->pa, s->pfn);
	pa_compact_reset(pa_zone_req(s->ac->pa, zone), s->ac->reach, true);
	return GOT_PG;
}

/* 5.4 alone: where compaction has nothing to offer a costly request, neither has reclaim. */
static bool ends_deferred(const struct pa_slow_request *s)
{
	const struct pa_ctx *ac = s->ac;

	if (s->compacted == PA_COMPACT_DEFERRED && ac->gfp & PA_GFP_NORETRY)
		return true;
	return ac->order >= ac->pa->pageblock_order && ac->gfp & PA_GFP_IO &&
	       !(ac->gfp & PA_GFP_RETRY_MAYFAIL) && s->compacted <= PA_COMPACT_DEFERRED;
}

static enum pa_next step_compact_first(struct pa_slow_request *s)
{
	const struct pa_ctx *ac = s->ac;
	enum pa_next next;

	if (!pa_may_reclaim(s) || !may_compact(s) || !ac->order ||
	    (!pa_costly(s) && ac->mt == PA_MOVABLE) || pa_task_reserves(ac) ||
	    ac->args->task & PA_TASK_HELPED)
		return NEXT;
	s->priority = PA_PRIO_ASYNC;
	next = pa_try_compaction(s, PA_STEP_COMPACT_FIRST, s->flags);
	s->priority = PA_PRIO_SYNC_LIGHT;
	if (next == GOT_PG)
		return GOT_PG;
	if (ac->rules->deferred_nopage && pa_costly(s) && ends_deferred(s))
		return NOPAGE;
	if (!pa_costly(s) || !(ac->gfp & PA_GFP_NORETRY))
		return NEXT;
	if (s->compacted <= PA_COMPACT_DEFERRED && !ac->rules->deferred_nopage &&
	    !ac->rules->deferred_reclaims)
		return NOPAGE;
	if (ac->rules->thisnode_nopage && ac->gfp & PA_GFP_THISNODE)
		return NOPAGE;
	s->priority = PA_PRIO_ASYNC;
	return NEXT;
}

/* -------------------------------------------------------------------------
 * retry:
 */

/* What is left to a request of its flags once it uses reserves: 5.4 forgets them all. */
static uint32_t reserve_rest(const struct pa_ctx *ac)
{
	uint32_t flags = common_flags(pa_version(ac->pa), ac->rules, ac->gfp);

	if (!ac->rules->reserves_wake)
		flags &= ~PA_ALLOC_KSWAPD;
	return pa_version(ac->pa)->cma == PA_CMA_FLAG ? flags : flags & ~PA_ALLOC_CMA;
}

static enum pa_next step_retry(struct pa_slow_request *s)
{
	struct pa_ctx *ac = s->ac;
	uint32_t reserves = pa_task_reserves(ac);

	if (s->flags & PA_ALLOC_KSWAPD)
		pa_wake_kswapds(s);
	if (reserves)
		s->flags = reserves | reserve_rest(ac);
	/* Those who may ignore marks may ignore where memory policies want them, too. */
	if (!(s->flags & PA_ALLOC_CPUSET) || reserves) {
		ac->nodemask =
			ac->gfp & PA_GFP_THISNODE ? UINT64_C(1) << ac->args->nid : UINT64_MAX;
		pa_set_classzone(ac);
	}
	pa_note_step(ac, PA_STEP_RETRY, false, s->flags);
	return NEXT;
}

static enum pa_next step_reserves(struct pa_slow_request *s)
{
	return pa_attempt(s, PA_STEP_RESERVES, s->flags);
}

static enum pa_next step_can_reclaim(struct pa_slow_request *s)
{
	return pa_helps_itself(s) ? NEXT : NOPAGE;
}

enum pa_next pa_try_reclaim(struct pa_slow_request *s, uint32_t flags)
{
	struct pa_ctx *ac = s->ac;
	int64_t drained;

	s->progress = pa_direct_reclaim(ac);
	pa_note_step(ac, PA_STEP_RECLAIM, false, (int64_t)s->progress);
	if (!s->progress)
		return NEXT;
	if (pa_attempt(s, PA_STEP_RECLAIM_ATTEMPT, flags) == GOT_PG)
		return GOT_PG;
	if (ac->rules->highatomic)
		pa_note_step(ac, PA_STEP_UNRESERVE, false, pa_unreserve_highatomic(ac, false));
	drained = pa_drain(ac->pa, UINT32_MAX, UINT32_MAX, ac->cpu, pa_trail_of(ac));
	pa_note_step(ac, PA_STEP_DRAIN_ALL, false, drained);
	return pa_attempt(s, PA_STEP_RECLAIM_ATTEMPT, flags);
}

static enum pa_next step_reclaim(struct pa_slow_request *s)
{
	return pa_try_reclaim(s, s->flags);
}

static enum pa_next step_compact(struct pa_slow_request *s)
{
	return pa_try_compaction(s, PA_STEP_COMPACT, s->flags);
}

static enum pa_next step_willing(struct pa_slow_request *s)
{
	uint32_t gfp = s->ac->gfp;

	if (gfp & PA_GFP_NORETRY)
		return NOPAGE;
	return pa_costly(s) && (!may_compact(s) || !(gfp & PA_GFP_RETRY_MAYFAIL)) ? NOPAGE : NEXT;
}

/* Would some zone do if all that is reclaimable were reclaimed? */
static bool reclaim_may_help(const struct pa_slow_request *s)
{
	const struct pa_ctx *ac = s->ac;

	for (const uint8_t *at = ac->zonelist; *at != PA_NO_ZONE; at++) {
		const struct pa_zone_req *zr = pa_zone_req(ac->pa, *at);
		const struct pa_zone *z = &pa_zones(ac->pa)[*at];
		int64_t available = pa_zone_free(z, zr) + zr->deltas + (int64_t)zr->nr_lru;

		if (pa_node_allowed(ac, zr) &&
		    pa_watermark_test(ac->pa, *at, ac->order, pa_mark_of(z, zr, PA_WMARK_MIN),
				      ac->classzone, s->flags, available, NULL))
			return true;
	}
	return false;
}

/*
 * order_defrag_promoted: defrag_mode of 7.3 aims at a whole pageblock.  Reclaim that leaves the zone
 * to compaction is no progress then, and compaction that is skipped leads to a fallback.
 */
static bool is_promoted(const struct pa_slow_request *s)
{
	return s->ac->reach != s->ac->order;
}

/* should_reclaim_retry */
static enum pa_next step_reclaim_retry(struct pa_slow_request *s)
{
	bool tired, yes;

	s->no_progress_loops =
		s->progress && !pa_costly(s) && !is_promoted(s) ? 0 : s->no_progress_loops + 1;
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
static bool compaction_may_help(const struct pa_slow_request *s)
{
	const struct pa_ctx *ac = s->ac;

	for (const uint8_t *at = ac->zonelist; *at != PA_NO_ZONE; at++) {
		const struct pa_zone_req *zr = pa_zone_req(ac->pa, *at);
		int64_t available = (int64_t)(zr->nr_lru / ac->reach) + zr->deltas +
				    pa_zone_free(&pa_zones(ac->pa)[*at], zr);

		if (pa_node_allowed(ac, zr) &&
		    pa_compact_suitable(ac->pa, *at, ac->reach,
					pa_compact_mark(ac->pa, *at, ac->reach, s->flags),
					ac->classzone, available))
			return true;
	}
	return false;
}

static bool should_compact_retry(struct pa_slow_request *s)
{
	int most = pa_costly(s) ? MAX_COMPACT_RETRIES / 4 : MAX_COMPACT_RETRIES;
	enum pa_priority floor = pa_costly(s) ? PA_PRIO_SYNC_LIGHT : PA_PRIO_SYNC_FULL;
	bool again;

	if (!s->ac->reach)
		return false;
	if (s->ac->rules->compact_fatal && s->ac->args->task & PA_TASK_FATAL)
		return false;
	if (s->compacted == PA_COMPACT_SKIPPED)
		return !is_promoted(s) && compaction_may_help(s);
	again = s->compacted == PA_COMPACT_SUCCESS && ++s->compaction_retries <= most;
	if (again || s->priority <= floor)
		return again;
	s->priority--;
	s->compaction_retries = 0;
	return true;
}

static enum pa_next step_compact_retry(struct pa_slow_request *s)
{
	bool yes;

	if (!s->progress || !may_compact(s))
		return NEXT;
	yes = should_compact_retry(s);
	pa_note_step(s->ac, PA_STEP_COMPACT_RETRY, false, yes);
	return yes ? RETRY : NEXT;
}

static enum pa_next step_drop_nofragment(struct pa_slow_request *s)
{
	if (!(s->flags & PA_ALLOC_NOFRAGMENT))
		return NEXT;
	s->flags &= ~PA_ALLOC_NOFRAGMENT;
	if (s->ac->rules->defrag_whole) {
		s->no_progress_loops = s->compaction_retries = 0;
		s->ac->reach = s->ac->order;
	}
	pa_note_step(s->ac, PA_STEP_DROP_NOFRAGMENT, false, 0);
	return RETRY;
}

/* -------------------------------------------------------------------------
 * __alloc_pages_may_oom
 */

/* Why nobody is killed for this request; -1 if somebody may be. */
static int oom_refusal(const struct pa_slow_request *s)
{
	const struct pa_ctx *ac = s->ac;

	if (ac->args->task & PA_TASK_DUMPCORE)
		return PA_OOM_DUMPCORE;
	if (pa_costly(s))
		return PA_OOM_COSTLY;
	if (ac->gfp & PA_GFP_RETRY_MAYFAIL)
		return PA_OOM_MAYFAIL;
	if (ac->gfp & PA_GFP_THISNODE)
		return PA_OOM_THISNODE;
	return ac->highest < PA_ZONE_NORMAL ? PA_OOM_LOWMEM : -1;
}

/* Without __GFP_FS out_of_memory of 4.7 and later says yes and kills nobody. */
bool pa_kill(struct pa_slow_request *s)
{
	const struct pa_ctx *ac = s->ac;

	s->victim =
		ac->gfp & PA_GFP_FS && ac->args->oom && ac->args->oom(ac->pa, ac->args->oom_ctx);
	pa_note_step(ac, PA_STEP_OOM_KILL, false, s->victim);
	return s->victim;
}

/* Has somebody else killed meanwhile?  The mark is high, so that nothing less will do. */
enum pa_next pa_step_oom_attempt(struct pa_slow_request *s)
{
	return pa_attempt(s, PA_STEP_OOM_ATTEMPT,
			  PA_WMARK_HIGH << PA_ALLOC_WMARK_SHIFT | PA_ALLOC_CPUSET);
}

static enum pa_next step_oom(struct pa_slow_request *s)
{
	struct pa_ctx *ac = s->ac;
	int refusal = oom_refusal(s);

	s->progress = 0;
	if (refusal >= 0) {
		pa_note_step(ac, PA_STEP_OOM_REFUSED, false, refusal);
		return NEXT;
	}
	s->progress = pa_kill(s) || !(ac->gfp & PA_GFP_FS) || ac->gfp & PA_GFP_NOFAIL;
	if (!(ac->gfp & PA_GFP_NOFAIL))
		return NEXT;
	if (pa_attempt(s, PA_STEP_OOM_RESERVES, PA_ALLOC_NO_WATERMARKS | PA_ALLOC_CPUSET) == GOT_PG)
		return GOT_PG;
	return pa_attempt(s, PA_STEP_OOM_RESERVES, PA_ALLOC_NO_WATERMARKS);
}

static enum pa_next step_after_oom(struct pa_slow_request *s)
{
	if (s->ac->args->task & PA_TASK_OOM_VICTIM &&
	    (s->flags & PA_ALLOC_OOM || s->ac->gfp & PA_GFP_NOMEMALLOC))
		return NOPAGE;
	if (!s->progress)
		return NOPAGE;
	s->no_progress_loops = 0;
	return s->victim ? RETRY : pa_idle(s, RETRY);
}

/* -------------------------------------------------------------------------
 * nopage:
 */

static enum pa_next step_nopage(struct pa_slow_request *s)
{
	uint32_t flags = s->ac->rules->harder ? PA_ALLOC_NON_BLOCK : PA_ALLOC_MIN_RESERVE;

	pa_note_step(s->ac, PA_STEP_NOPAGE, false, 0);
	if (!(s->ac->gfp & PA_GFP_NOFAIL) || !pa_may_reclaim(s))
		return FAIL;
	/* __alloc_pages_cpuset_fallback: first where the cpuset allows, then anywhere. */
	if (pa_attempt(s, PA_STEP_NOFAIL, flags | PA_ALLOC_CPUSET) == GOT_PG ||
	    pa_attempt(s, PA_STEP_NOFAIL, flags) == GOT_PG)
		return GOT_PG;
	return pa_idle(s, RETRY);
}

enum pa_next pa_idle(struct pa_slow_request *s, enum pa_next label)
{
	return ++s->idle_rounds > MAX_IDLE_ROUNDS ? FOREVER : label;
}

static pa_step_fn *const steps[] = {
	step_restart,	     step_adjusted,	 step_compact_first, step_retry,
	step_reserves,	     step_can_reclaim,	 step_reclaim,	     step_compact,
	step_willing,	     step_reclaim_retry, step_compact_retry, step_drop_nofragment,
	pa_step_oom_attempt, step_oom,		 step_after_oom,     step_nopage,
};

static const struct pa_course course_4_7 = { steps, 0, { [RETRY] = 3, [NOPAGE] = 15 } };

/* What reclaim and compaction aim at: more than the request if pageblocks are to stay whole. */
static unsigned int aim(const struct pa_ctx *ac)
{
	if (!ac->rules->defrag_whole || !keeps_blocks_whole(ac) || ac->mt == PA_MOVABLE ||
	    ac->order >= ac->pa->pageblock_order)
		return ac->order;
	return ac->pa->pageblock_order;
}

/* Will another round come to anything?  @lru: what was reclaimable when the last one began. */
static bool goes_on(struct pa_slow_request *s, uint64_t *lru, uint32_t *quiet)
{
	uint64_t now = 0;

	for (uint32_t i = 0; i < s->ac->pa->nr_zones; i++)
		now += pa_zone_req(s->ac->pa, i)->nr_lru;
	*quiet = now == *lru && !s->victim ? *quiet + 1 : 0;
	*lru = now;
	s->victim = false;
	return *quiet <= MAX_QUIET_ROUNDS && ++s->rounds <= MAX_ROUNDS;
}

int pa_slowpath(struct pa_ctx *ac, uint64_t *pfn)
{
	static const struct pa_course *const courses[PA_NR_SLOW] = {
		[PA_SLOW_4_7] = &course_4_7,	  [PA_SLOW_4_4] = &pa_course_4_4,
		[PA_SLOW_3_10] = &pa_course_3_10, [PA_SLOW_2_6] = &pa_course_2_6,
		[PA_SLOW_2_4] = &pa_course_2_4,
	};
	const struct pa_course *course = courses[ac->rules->slow];
	struct pa_slow_request s = {
		.ac = ac,
		.pfn = PA_PFN_NONE,
		.priority = PA_PRIO_SYNC_LIGHT,
		.compacted = PA_COMPACT_SKIPPED,
	};
	enum pa_next next = NEXT;
	uint64_t lru = 0;
	uint32_t quiet = 0;

	if (ac->rec)
		ac->rec->slow = true;
	if (ac->gfp & PA_GFP_DIRECT_RECLAIM)
		ac->gfp &= ~PA_GFP_ATOMIC; /* not both: a warning */
	/* An empty zonelist is no slow path: up to 4.6 it does not come here at all. */
	if (ac->rules->slow != PA_SLOW_4_7 && pa_preferred(ac) == PA_NO_ZONE)
		next = FAIL;
	ac->reach = aim(ac);
	for (size_t at = course->first; next < PA_NR_LABELS;) {
		next = course->steps[at](&s);
		if ((next == RETRY || next == RESTART) && !goes_on(&s, &lru, &quiet))
			next = FOREVER;
		if (next < PA_NR_LABELS)
			at = next == NEXT ? at + 1 : course->labels[next];
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
