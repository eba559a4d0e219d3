/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fast path: from a request to a page, zone by zone.
 */
#include <errno.h>
#include <string.h>

#include "pa_req_internal.h"

#define LOCK_FLAGS (PA_ALLOC_NOFRAGMENT | PA_ALLOC_CMA | PA_ALLOC_KSWAPD)

/* -------------------------------------------------------------------------
 * rmqueue
 */

static void found(const struct pa_ctx *ac, uint32_t zone, enum pa_source source)
{
	if (!ac->rec)
		return;
	ac->rec->zone = (uint8_t)zone;
	ac->rec->source = (uint8_t)source;
}

/* The end of a list by types and orders; the list is filled first if it is empty. */
static uint64_t pop_end(struct pa_ctx *ac, uint32_t zone, struct pa_cpu_pages *cp,
			unsigned int pindex, uint32_t flags, uint32_t *refilled)
{
	struct pa_queue *list = &cp->lists[pindex];
	uint32_t frame;

	if (list->head == PA_NIL) {
		if (ac->rules->highatomic_buddy && flags & PA_ALLOC_HIGHATOMIC)
			return PA_PFN_NONE;
		*refilled = pa_refill(ac, zone, cp, pindex, flags);
		if (!*refilled)
			return PA_PFN_NONE;
	}
	frame = pa_takes_tail(ac) ? list->tail : list->head;
	pa_queue_remove(ac->pa, list, frame);
	cp->pcp.count -= 1 << ac->order;
	return pa_pfn(&pa_zones(ac->pa)[zone], frame);
}

/* __rmqueue_pcplist, or that part of buffered_rmqueue. */
static uint64_t pop(struct pa_ctx *ac, uint32_t zone, unsigned int pindex, uint32_t flags)
{
	struct pa_cpu_pages *cp = pa_cpu_pages(ac->pa, zone, ac->cpu);
	uint32_t refilled = 0;
	uint64_t pfn;

	if (ac->rules->pcp_lists == PA_PCP_HOT_COLD)
		pfn = pa_pop_hot_cold(ac, zone, cp, &refilled);
	else
		pfn = pop_end(ac, zone, cp, pindex, flags, &refilled);
	if (ac->rec)
		ac->rec->refill += refilled;
	if (pfn != PA_PFN_NONE)
		found(ac, zone, refilled ? PA_FROM_REFILL : PA_FROM_PCP);
	return pfn;
}

/* rmqueue_pcplist: an allocation shortens the next bulk of frees. */
static uint64_t from_pcp(struct pa_ctx *ac, uint32_t zone, unsigned int pindex, uint32_t flags)
{
	struct pa_pcp *pcp = &pa_cpu_pages(ac->pa, zone, ac->cpu)->pcp;

	pcp->free_count >>= 1;	/* 6.7 and later */
	pcp->free_factor >>= 1; /* before */
	return pop(ac, zone, pindex, flags);
}

/* rmqueue_buddy: from the buddy lists, HIGHATOMIC first or last for those who may. */
static uint64_t from_buddy(struct pa_ctx *ac, uint32_t zone, uint32_t flags)
{
	struct pa_cpu_pages *cp = pa_cpu_pages(ac->pa, zone, ac->cpu);
	struct pa_request request = {
		.zone = zone,
		.order = (uint8_t)ac->order,
	};
	const struct pa_rules *rules = ac->rules;
	bool last = rules->highatomic_last && flags & (PA_ALLOC_OOM | PA_ALLOC_NON_BLOCK);
	const uint8_t types[] = { PA_HIGHATOMIC, (uint8_t)ac->mt, PA_HIGHATOMIC };
	const bool tries[] = { pa_is_highatomic(ac, flags), true, last };
	const struct pa_decision *d;
	struct pa_decision spare;

	for (unsigned int i = 0; i < 3; i++) {
		request.mt = types[i];
		request.flags = types[i] == PA_HIGHATOMIC ? 0 : flags & LOCK_FLAGS;
		d = tries[i] ? pa_rmqueue(ac, cp, &request, &spare) : NULL;
		if (!d)
			continue;
		if (rules->counts_late)
			pa_count_free(pa_zone_req(ac->pa, zone), cp, -(int64_t)pa_pages(ac->order));
		found(ac, zone, PA_FROM_BUDDY);
		return d->pfn;
	}
	return PA_PFN_NONE;
}

/* 4.4: what a zone gives counts against its turn. */
static void use_turn(const struct pa_ctx *ac, uint32_t zone)
{
	struct pa_zone_req *zr = pa_zone_req(ac->pa, zone);

	pa_count_fair(zr, pa_cpu_pages(ac->pa, zone, ac->cpu), -(int64_t)pa_pages(ac->order));
	if (zr->fair <= 0)
		zr->flags |= PA_ZONE_FAIR_DEPLETED;
}

static uint64_t rmqueue(struct pa_ctx *ac, uint32_t zone, uint32_t flags, bool *buddy)
{
	struct pa_zone_req *zr = pa_zone_req(ac->pa, zone);
	int pindex = pa_pindex(ac->pa, ac->rules, ac->order, ac->mt);
	uint64_t pfn = PA_PFN_NONE;

	if (pindex >= 0 && !(ac->args->task & PA_TASK_PCP_BUSY))
		pfn = from_pcp(ac, zone, (unsigned int)pindex, flags);
	/* Before 5.14 a list that cannot be filled is the end of it. */
	*buddy = pfn == PA_PFN_NONE && (pindex < 0 || ac->rules->pcp_lists >= PA_PCP_ORDERS);
	if (*buddy)
		pfn = from_buddy(ac, zone, flags);
	if (pfn != PA_PFN_NONE && ac->rules->fair)
		use_turn(ac, zone);
	if (zr->flags & PA_ZONE_BOOSTED_WATERMARK &&
	    (flags & PA_ALLOC_KSWAPD || !ac->rules->boosted_by_kswapd)) {
		zr->flags &= ~PA_ZONE_BOOSTED_WATERMARK;
		pa_wakeup_kswapd(ac->pa, zone, 0, 0, zr->type);
	}
	return pfn;
}

/* -------------------------------------------------------------------------
 * get_page_from_freelist
 */

/* The last look gets another verdict. */
static void judge(const struct pa_ctx *ac, enum pa_verdict verdict)
{
	if (ac->rec && ac->rec->nr_looks && ac->rec->nr_looks <= PA_MAX_LOOKS)
		ac->rec->looks[ac->rec->nr_looks - 1].verdict = (uint8_t)verdict;
}

/* A zone not even looked at. */
static void pass_over(const struct pa_ctx *ac, uint32_t zone, uint32_t flags,
		      enum pa_verdict verdict)
{
	struct pa_alloc_record *rec = ac->rec;

	if (!rec)
		return;
	if (rec->nr_looks < PA_MAX_LOOKS)
		rec->looks[rec->nr_looks] = (struct pa_zone_look){
			.zone = (uint8_t)zone,
			.verdict = (uint8_t)verdict,
			.flags = flags,
		};
	rec->nr_looks++;
}

/* May the request take pages of this zone?  6.7 and later note whether it is below high. */
static bool zone_suits(struct pa_ctx *ac, uint32_t zone, uint32_t flags)
{
	unsigned int wmark = (flags & PA_ALLOC_WMARK_MASK) >> PA_ALLOC_WMARK_SHIFT;
	struct pa_zone_req *zr = pa_zone_req(ac->pa, zone);

	if (ac->rules->pcp_auto && !(zr->flags & PA_ZONE_BELOW_HIGH)) {
		if (pa_watermark_fast(ac, zone, PA_WMARK_HIGH, flags))
			return true;
		zr->flags |= PA_ZONE_BELOW_HIGH;
		pa_zones(ac->pa)[zone].quick = 0;
	}
	if (pa_watermark_fast(ac, zone, wmark, flags))
		return true;
	if (!(flags & PA_ALLOC_NO_WATERMARKS))
		return false;
	judge(ac, PA_ZONE_IGNORED);
	return true;
}

uint8_t pa_preferred(const struct pa_ctx *ac)
{
	const uint8_t *at = ac->zonelist;

	while (*at != PA_NO_ZONE && !pa_node_allowed(ac, pa_zone_req(ac->pa, *at)))
		at++;
	return *at;
}

void pa_prep_new_page(const struct pa_ctx *ac, uint64_t pfn)
{
	struct pa_zone *z = pa_zone_at(ac->pa, pfn);

	pa_use(ac->pa, pa_desc(ac->pa, z, pfn), ac->order,
	       (struct pa_desc){ ac->args->use, (uint8_t)(OWNER_ALLOCATED | ac->order) });
}

/* A high-order atomic request reserves the pageblock it was served from. */
static bool reserves(const struct pa_ctx *ac, uint32_t flags, bool buddy)
{
	if (ac->rules->highatomic_buddy && (!buddy || flags & PA_ALLOC_WMARK_MASK))
		return false;
	return pa_is_highatomic(ac, flags);
}

static const uint8_t no_zone = PA_NO_ZONE;

/* One walk along the zonelist. */
struct walk {
	uint32_t flags;
	uint8_t preferred;
	bool several;	/* nodes */
	bool skip_busy; /* leaves out nodes whose kswapd is running */
	bool skipped;	/* and did */
	bool unfair;	/* left out zones that had their turn */
	bool remote;	/* came to another node, where fragments matter less than distance */
};

/* Why the walk passes @zone over; PA_ZONE_OK if it may look at it. */
static enum pa_verdict passes(const struct pa_ctx *ac, const struct walk *w, uint32_t zone)
{
	const struct pa_zone_req *zr = pa_zone_req(ac->pa, zone);
	bool remote;

	if (!pa_node_allowed(ac, zr))
		return PA_ZONE_NODE;
	remote = zr->node != pa_zone_req(ac->pa, w->preferred)->node;
	if (remote && w->flags & PA_ALLOC_FAIR)
		return PA_ZONE_REMOTE;
	if (w->flags & PA_ALLOC_FAIR && zr->flags & PA_ZONE_FAIR_DEPLETED)
		return PA_ZONE_UNFAIR;
	if (remote && w->flags & PA_ALLOC_NOFRAGMENT && !pa_req(ac->pa)->knobs.defrag_mode)
		return PA_ZONE_REMOTE;
	if (w->skip_busy && pa_kswapd_busy(pa_node(ac->pa, zr->node)))
		return PA_ZONE_KSWAPD;
	return PA_ZONE_OK;
}

/* The request has its page from @zone. */
static uint64_t take(struct pa_ctx *ac, uint32_t zone, uint64_t pfn, uint32_t flags, bool buddy)
{
	pa_prep_new_page(ac, pfn);
	if (reserves(ac, flags, buddy))
		pa_reserve_highatomic(ac, zone, pfn);
	if (!pa_zones(ac->pa)[zone].quick)
		pa_allow_quick(ac->pa, zone);
	return pfn;
}

/* The first zone from @at on that will do, or the end of the list with @w told why none does. */
static const uint8_t *next_zone(struct pa_ctx *ac, struct walk *w, const uint8_t *at)
{
	for (; *at != PA_NO_ZONE && !w->remote; at++) {
		enum pa_verdict verdict = passes(ac, w, *at);

		if (verdict != PA_ZONE_OK)
			pass_over(ac, *at, w->flags, verdict);
		w->remote = verdict == PA_ZONE_REMOTE;
		w->skipped |= verdict == PA_ZONE_KSWAPD;
		w->unfair |= verdict == PA_ZONE_UNFAIR;
		if (verdict == PA_ZONE_OK && zone_suits(ac, *at, w->flags))
			return at;
	}
	return w->remote ? &no_zone : at;
}

/* A page of the zone at @at, which will do, or of one behind it that does; PA_PFN_NONE. */
static uint64_t take_from(struct pa_ctx *ac, struct walk *w, const uint8_t *at)
{
	for (; *at != PA_NO_ZONE; at = next_zone(ac, w, at + 1)) {
		bool buddy;
		uint64_t pfn = rmqueue(ac, *at, w->flags, &buddy);

		if (pfn != PA_PFN_NONE)
			return take(ac, *at, pfn, w->flags, buddy);
		judge(ac, PA_ZONE_EMPTY);
	}
	return PA_PFN_NONE;
}

static const uint8_t *first_zone(struct pa_ctx *ac, struct walk *w)
{
	ac->tried = 0;
	w->skipped = w->remote = false;
	return next_zone(ac, w, ac->zonelist);
}

/* reset_alloc_batches: every zone of the node up to the preferred one has a new turn. */
static void reset_turns(const struct pa_ctx *ac, uint32_t preferred)
{
	const struct pa_zone_req *first = pa_zone_req(ac->pa, preferred);

	for (uint32_t i = 0; i < ac->pa->nr_zones; i++) {
		struct pa_zone_req *zr = pa_zone_req(ac->pa, i);

		if (zr->node != first->node || zr->type > first->type)
			continue;
		pa_count_fair(zr, pa_cpu_pages(ac->pa, i, ac->cpu), pa_turn(zr) - zr->fair);
		zr->flags &= ~PA_ZONE_FAIR_DEPLETED;
	}
}

/* What the next walk may do that this one might not; false if that is nothing. */
static bool loosen(const struct pa_ctx *ac, struct walk *w)
{
	if (w->flags & PA_ALLOC_FAIR) {
		w->flags &= ~PA_ALLOC_FAIR;
		if (w->unfair)
			reset_turns(ac, w->preferred);
		return w->unfair || w->several;
	}
	if (w->skipped && !w->remote) {
		w->skip_busy = false;
		return true;
	}
	if (!(w->flags & PA_ALLOC_NOFRAGMENT) || pa_req(ac->pa)->knobs.defrag_mode)
		return false;
	w->flags &= ~PA_ALLOC_NOFRAGMENT;
	return true;
}

static void set_out(const struct pa_ctx *ac, uint32_t flags, struct walk *w)
{
	bool several = pa_req(ac->pa)->nodes > 1;

	*w = (struct walk){
		.flags = flags,
		.preferred = pa_preferred(ac),
		.several = several,
		.skip_busy = ac->rules->skip_busy_kswapd && several,
	};
}

uint64_t pa_get_page(struct pa_ctx *ac, uint32_t flags)
{
	struct walk w;
	uint64_t pfn;

	set_out(ac, flags, &w);
	do {
		pfn = take_from(ac, &w, first_zone(ac, &w));
	} while (pfn == PA_PFN_NONE && loosen(ac, &w));
	return pfn;
}

/* -------------------------------------------------------------------------
 * __alloc_pages
 */

void pa_set_classzone(struct pa_ctx *ac)
{
	uint8_t preferred;

	ac->classzone = ac->highest;
	if (!ac->rules->by_preferred)
		return;
	preferred = pa_preferred(ac);
	if (preferred != PA_NO_ZONE)
		ac->classzone = pa_zone_req(ac->pa, preferred)->type;
}

static void open_record(struct pa_alloc_record *rec, const struct pa_alloc_args *args,
			unsigned int highest)
{
	if (!rec)
		return;
	memset((char *)rec + sizeof(rec->trail), 0,
	       offsetof(struct pa_alloc_record, looks) - sizeof(rec->trail));
	rec->pfn = PA_PFN_NONE;
	rec->gfp = args->gfp;
	rec->order = args->order;
	rec->mt = args->gfp >> 3 & 3;
	rec->highest = (uint8_t)highest;
}

/* prepare_alloc_pages: zonelist, highest zone, type. */
static void set_up(struct pa *pa, const struct pa_alloc_args *args, struct pa_alloc_record *rec,
		   struct pa_ctx *ac)
{
	unsigned int highest = pa_req(pa)->gfp_zones[args->gfp & 0xf];

	*ac = (struct pa_ctx){
		.pa = pa,
		.rules = pa_rules(pa),
		.args = args,
		.uncounted = NULL,
		.rec = rec,
		.zonelist = pa_zonelist_of(pa, args->nid, highest),
		.nodemask = args->nodemask ? args->nodemask : UINT64_MAX,
		.cpu = args->cpu,
		.gfp = args->gfp,
		.order = args->order,
		.mt = args->gfp >> 3 & 3,
		.reach = 0,
		.highest = highest,
		.classzone = highest,
		.tried = 0,
	};
	if (args->gfp & PA_GFP_THISNODE)
		ac->nodemask &= UINT64_C(1) << args->nid;
	pa_set_classzone(ac);
	open_record(rec, args, highest);
}

/* Flags of the first attempt. */
static uint32_t fast_flags(const struct pa_ctx *ac)
{
	uint32_t flags = (uint32_t)PA_WMARK_LOW << PA_ALLOC_WMARK_SHIFT;
	uint8_t preferred = pa_preferred(ac);

	if (ac->gfp & PA_GFP_KSWAPD_RECLAIM && ac->rules->nofragment)
		flags |= PA_ALLOC_KSWAPD;
	if (ac->mt == PA_MOVABLE && pa_version(ac->pa)->cma != PA_CMA_NONE)
		flags |= PA_ALLOC_CMA;
	if (ac->rules->fair)
		flags |= PA_ALLOC_FAIR;
	if (ac->rules->highatomic_early)
		flags |= pa_highatomic_flag(ac->rules, ac->gfp, ac->order);
	if (pa_req(ac->pa)->knobs.defrag_mode ||
	    (preferred != PA_NO_ZONE && pa_zone_req(ac->pa, preferred)->nofragment))
		flags |= PA_ALLOC_NOFRAGMENT;
	return flags;
}

int pa_alloc_full(struct pa *pa, const struct pa_alloc_args *args, uint64_t *pfn,
		  struct pa_alloc_record *rec)
{
	struct pa_ctx ac;
	uint32_t flags;
	int err = 0;

	if (!pa_args_valid(pa, args))
		return -EINVAL;
	set_up(pa, args, rec, &ac);
	flags = fast_flags(&ac);
	if (rec)
		rec->flags = flags;
	*pfn = pa_get_page(&ac, flags);
	pa_note_step(&ac, PA_STEP_FAST, *pfn != PA_PFN_NONE, 0);
	if (*pfn == PA_PFN_NONE)
		err = pa_slowpath(&ac, pfn);
	if (rec)
		rec->pfn = *pfn;
	return err;
}

/* Is the first zone of the list above the mark by so much that nobody's reserve matters? */
static inline bool first_suits(const struct pa *pa, const struct pa_alloc_args *args,
			       unsigned int highest, uint32_t flags, const int64_t *uncounted,
			       uint32_t zone)
{
	const struct pa_rules *rules = pa_rules(pa);
	const struct pa_zone *z = &pa_zones(pa)[zone];
	const struct pa_zone_req *zr = pa_zone_req(pa, zone);
	unsigned int wmark = (flags & PA_ALLOC_WMARK_MASK) >> PA_ALLOC_WMARK_SHIFT;
	uint64_t kept =
		rules->free_highatomic ? z->free[PA_HIGHATOMIC] : zr->nr_reserved_highatomic;
	int64_t free = pa_zone_free(z, zr) + (uncounted ? uncounted[zone] : 0);

	if (args->order || args->nodemask || args->gfp & PA_GFP_THISNODE ||
	    rules->pcp_lists < PA_PCP_ORDERS || flags & PA_ALLOC_NO_WATERMARKS ||
	    pa_req(pa)->nodes > 1)
		return false;
	if (rules->pcp_auto && !(zr->flags & PA_ZONE_BELOW_HIGH) && wmark < PA_WMARK_HIGH)
		wmark = PA_WMARK_HIGH;
	return free - (int64_t)(kept + z->free[PA_CMA]) >
	       (int64_t)(pa_mark_of(z, zr, wmark) + zr->reserve[highest]);
}

bool pa_look_quick(const struct pa *pa, const struct pa_alloc_args *args, uint32_t flags,
		   const int64_t *uncounted, struct pa_choice *choice)
{
	unsigned int highest;
	uint8_t zone;

	if (!pa_args_valid(pa, args))
		return false;
	highest = pa_req(pa)->gfp_zones[args->gfp & 0xf];
	zone = *pa_zonelist_of(pa, args->nid, highest);
	if (zone == PA_NO_ZONE || !first_suits(pa, args, highest, flags, uncounted, zone))
		return false;
	choice->zone = zone;
	choice->flags = flags;
	return true;
}

int pa_look_for_zone(struct pa *pa, const struct pa_alloc_args *args, uint32_t flags,
		     const int64_t *uncounted, struct pa_choice *choice)
{
	struct pa_ctx ac;
	struct walk w;

	if (!pa_args_valid(pa, args))
		return -EINVAL;
	set_up(pa, args, NULL, &ac);
	ac.uncounted = uncounted;
	set_out(&ac, flags, &w);
	do {
		choice->zone = *first_zone(&ac, &w);
	} while (choice->zone == PA_NO_ZONE && loosen(&ac, &w));
	choice->flags = w.flags;
	return choice->zone == PA_NO_ZONE ? -ENOMEM : 0;
}

/* A page from the CPU's list in the very zone, at no more than that; false: it takes more. */
static bool take_listed(struct pa *pa, const struct pa_alloc_args *args,
			const struct pa_choice *choice, uint64_t *pfn, struct pa_alloc_record *rec)
{
	int pindex = pa_pindex(pa, pa_rules(pa), args->order, args->gfp >> 3 & 3);
	struct pa_cpu_pages *cp;
	uint32_t frame;

	if (pindex < 0 || pa_rules(pa)->pcp_lists < PA_PCP_ORDERS ||
	    args->task & PA_TASK_PCP_BUSY || choice->flags & PA_ALLOC_HIGHATOMIC ||
	    (args->order && choice->flags & PA_ALLOC_NON_BLOCK) ||
	    pa_zone_req(pa, choice->zone)->flags & PA_ZONE_BOOSTED_WATERMARK)
		return false;
	cp = pa_cpu_pages(pa, choice->zone, args->cpu);
	frame = cp->lists[pindex].head;
	if (frame == PA_NIL)
		return false;
	cp->pcp.count -= 1 << args->order;
	cp->pcp.free_count >>= 1;
	cp->pcp.free_factor >>= 1;
	pa_queue_pop(pa, &cp->lists[pindex], frame);
	pa_use(pa, &pa_descs(pa)[frame], args->order,
	       (struct pa_desc){ args->use, (uint8_t)(OWNER_ALLOCATED | args->order) });
	*pfn = frame + cp->pfn0;
	open_record(rec, args, pa_req(pa)->gfp_zones[args->gfp & 0xf]);
	if (rec) {
		rec->zone = choice->zone;
		rec->source = PA_FROM_PCP;
	}
	return true;
}

int pa_alloc_from(struct pa *pa, const struct pa_alloc_args *args, const struct pa_choice *choice,
		  uint64_t *pfn, struct pa_alloc_record *rec)
{
	const uint8_t *at;
	struct pa_ctx ac;
	struct walk w;

	if (!pa_args_valid(pa, args))
		return -EINVAL;
	at = pa_zonelist_of(pa, args->nid, pa_req(pa)->gfp_zones[args->gfp & 0xf]);
	while (*at != PA_NO_ZONE && *at != choice->zone)
		at++;
	if (*at == PA_NO_ZONE)
		return -EINVAL;
	if (!take_listed(pa, args, choice, pfn, rec)) {
		set_up(pa, args, rec, &ac);
		set_out(&ac, choice->flags, &w);
		*pfn = take_from(&ac, &w, at);
	}
	if (rec) {
		rec->flags = choice->flags;
		rec->pfn = *pfn;
	}
	return *pfn == PA_PFN_NONE ? -ENOMEM : 0;
}

bool pa_alloc_at_once(struct pa *pa, const struct pa_alloc_args *args, uint32_t looks,
		      const struct pa_choice *choice, uint64_t *pfn)
{
	unsigned int highest, allowed;

	if (!pa_args_valid(pa, args))
		return false;
	highest = pa_req(pa)->gfp_zones[looks & 0xf];
	allowed = pa_req(pa)->gfp_zones[args->gfp & 0xf];
	return highest != PA_NO_ZONE && choice->zone != PA_NO_ZONE &&
	       *pa_zonelist_of(pa, args->nid, highest) == choice->zone &&
	       *pa_zonelist_of(pa, args->nid, allowed) == choice->zone &&
	       first_suits(pa, args, highest, choice->flags, NULL, choice->zone) &&
	       take_listed(pa, args, choice, pfn, NULL);
}

/*
 * The zone that alloc_pages_bulk takes from: the first of the preferred node that holds @nr pages
 * above its low mark.  It judges the reserve by the preferred zone, not by the request's highest.
 */
static uint32_t bulk_zone(struct pa_ctx *ac, uint32_t nr, uint32_t flags)
{
	uint8_t preferred = pa_preferred(ac);
	const struct pa_zone_req *first;

	if (preferred == PA_NO_ZONE)
		return PA_NO_ZONE;
	first = pa_zone_req(ac->pa, preferred);
	for (const uint8_t *at = ac->zonelist; *at != PA_NO_ZONE; at++) {
		const struct pa_zone_req *zr = pa_zone_req(ac->pa, *at);
		const struct pa_zone *z = &pa_zones(ac->pa)[*at];

		if (!pa_node_allowed(ac, zr))
			continue;
		if (zr->node != first->node)
			return PA_NO_ZONE;
		if (pa_watermark_test(ac->pa, *at, 0, pa_mark_of(z, zr, PA_WMARK_LOW) + nr,
				      first->type, flags, pa_zone_free(z, zr), NULL))
			return *at;
	}
	return PA_NO_ZONE;
}

int pa_alloc_bulk(struct pa *pa, const struct pa_alloc_args *args, uint32_t nr, uint64_t *pfns,
		  struct pa_alloc_record *rec)
{
	uint32_t flags = (uint32_t)PA_WMARK_LOW << PA_ALLOC_WMARK_SHIFT, zone = PA_NO_ZONE;
	uint32_t got = 0;
	struct pa_ctx ac;
	int err;

	if (!pa_args_valid(pa, args) || args->order || !nr || nr > INT32_MAX)
		return -EINVAL;
	set_up(pa, args, rec, &ac);
	if (ac.mt == PA_MOVABLE)
		flags |= PA_ALLOC_CMA;
	if (nr > 1 && ac.rules->pcp_lists >= PA_PCP_ORDERS)
		zone = bulk_zone(&ac, nr, flags);
	for (; zone != PA_NO_ZONE && got < nr; got++) {
		pfns[got] = pop(&ac, zone, ac.mt, flags);
		if (pfns[got] == PA_PFN_NONE)
			break;
		pa_prep_new_page(&ac, pfns[got]);
	}
	if (got) {
		if (rec)
			rec->pfn = pfns[0];
		return (int)got;
	}
	err = pa_alloc_full(pa, args, pfns, rec);
	return err ? err : 1;
}

/* -------------------------------------------------------------------------
 * Names
 */

const char *pa_source_name(enum pa_source source)
{
	static const char *const names[PA_NR_SOURCES] = {
		[PA_FROM_NONE] = "none",       [PA_FROM_PCP] = "pcp",
		[PA_FROM_REFILL] = "refill",   [PA_FROM_BUDDY] = "buddy",
		[PA_FROM_CAPTURE] = "capture", [PA_FROM_LOCAL] = "local",
	};

	return (unsigned int)source < PA_NR_SOURCES ? names[source] : NULL;
}

const char *pa_verdict_name(enum pa_verdict verdict)
{
	static const char *const names[PA_NR_VERDICTS] = {
		[PA_ZONE_OK] = "ok",
		[PA_ZONE_IGNORED] = "mark ignored",
		[PA_ZONE_LOW] = "below mark",
		[PA_ZONE_FRAGMENTED] = "no block of the order",
		[PA_ZONE_NODE] = "not in the nodemask",
		[PA_ZONE_REMOTE] = "remote node",
		[PA_ZONE_EMPTY] = "nothing found",
		[PA_ZONE_KSWAPD] = "kswapd is running",
		[PA_ZONE_UNFAIR] = "had its turn",
	};

	return (unsigned int)verdict < PA_NR_VERDICTS ? names[verdict] : NULL;
}
