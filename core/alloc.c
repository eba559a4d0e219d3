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

/* __rmqueue_pcplist: the head of the CPU's list, filled first if it is empty. */
static uint64_t pop(struct pa_ctx *ac, uint32_t zone, unsigned int pindex, uint32_t flags)
{
	struct pa_cpu_pages *cp = pa_cpu_pages(ac->pa, zone, ac->cpu);
	struct pa_zone *z = &ac->pa->zones[zone];
	enum pa_source source = PA_FROM_PCP;
	uint32_t frame;

	if (cp->lists[pindex].head == PA_NIL) {
		uint32_t nr = pa_refill(ac, zone, cp, pindex, flags);

		if (!nr)
			return PA_PFN_NONE;
		source = PA_FROM_REFILL;
		if (ac->rec)
			ac->rec->refill += nr;
	}
	frame = cp->lists[pindex].head;
	pa_queue_remove(pa_links(ac->pa), &cp->lists[pindex], frame);
	cp->pcp.count -= 1 << ac->order;
	found(ac, zone, source);
	return pa_pfn(z, frame);
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
	bool first = ac->rules->harder ? ac->order && flags & PA_ALLOC_NON_BLOCK :
					 (flags & PA_ALLOC_HIGHATOMIC) != 0;
	bool last = ac->rules->highatomic_last && flags & (PA_ALLOC_OOM | PA_ALLOC_NON_BLOCK);
	const uint8_t types[] = { PA_HIGHATOMIC, (uint8_t)ac->mt, PA_HIGHATOMIC };
	const bool tries[] = { first, true, last };
	struct pa_decision d;

	for (unsigned int i = 0; i < 3; i++) {
		request.mt = types[i];
		request.flags = types[i] == PA_HIGHATOMIC ? 0 : flags & LOCK_FLAGS;
		if (!tries[i] || !pa_rmqueue(ac, cp, &request, &d))
			continue;
		if (ac->rules->pcp_stored)
			pa_count_free(pa_zone_req(ac->pa, zone), cp, -(int64_t)pa_pages(ac->order));
		found(ac, zone, PA_FROM_BUDDY);
		return d.pfn;
	}
	return PA_PFN_NONE;
}

static uint64_t rmqueue(struct pa_ctx *ac, uint32_t zone, uint32_t flags)
{
	struct pa_zone_req *zr = pa_zone_req(ac->pa, zone);
	int pindex = pa_pindex(ac->pa, ac->rules, ac->order, ac->mt);
	uint64_t pfn = PA_PFN_NONE;

	if (pindex >= 0 && !(ac->args->task & PA_TASK_PCP_BUSY))
		pfn = from_pcp(ac, zone, (unsigned int)pindex, flags);
	if (pfn == PA_PFN_NONE)
		pfn = from_buddy(ac, zone, flags);
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
		ac->pa->zones[zone].quick = false;
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

	pa_own(ac->pa, z, pfn, ac->order, OWNER_ALLOCATED);
	pa_mark(ac->pa, z, pfn, ac->order, (enum pa_use)ac->args->use);
}

/* A high-order atomic request reserves the pageblock it was served from. */
static bool reserves(const struct pa_ctx *ac, uint32_t flags)
{
	if (ac->rules->harder)
		return ac->order && flags & PA_ALLOC_NON_BLOCK;
	return flags & PA_ALLOC_HIGHATOMIC;
}

uint64_t pa_get_page(struct pa_ctx *ac, uint32_t flags)
{
	const struct pa *pa = ac->pa;
	uint8_t preferred = pa_preferred(ac);
	bool several = pa_req(pa)->nodes > 1;
	bool skip_busy = ac->rules->skip_busy_kswapd && several, skipped;

again:
	skipped = false;
	for (const uint8_t *at = ac->zonelist; *at != PA_NO_ZONE; at++) {
		const struct pa_zone_req *zr = pa_zone_req(pa, *at);
		uint64_t pfn;

		if (!pa_node_allowed(ac, zr)) {
			pass_over(ac, *at, flags, PA_ZONE_NODE);
			continue;
		}
		if (flags & PA_ALLOC_NOFRAGMENT && several && *at != preferred &&
		    !pa_req(pa)->knobs.defrag_mode &&
		    zr->node != pa_zone_req(pa, preferred)->node) {
			pass_over(ac, *at, flags, PA_ZONE_REMOTE);
			flags &= ~PA_ALLOC_NOFRAGMENT;
			goto again;
		}
		if (skip_busy && pa_node(pa, zr->node)->kswapd_woken) {
			pass_over(ac, *at, flags, PA_ZONE_KSWAPD);
			skipped = true;
			continue;
		}
		if (!zone_suits(ac, *at, flags))
			continue;
		pfn = rmqueue(ac, *at, flags);
		if (pfn != PA_PFN_NONE) {
			pa_prep_new_page(ac, pfn);
			if (reserves(ac, flags))
				pa_reserve_highatomic(ac, *at, pfn);
			if (!ac->pa->zones[*at].quick)
				pa_allow_quick(ac->pa, *at);
			return pfn;
		}
		judge(ac, PA_ZONE_EMPTY);
	}
	if (skipped) {
		skip_busy = false;
		goto again;
	}
	if (flags & PA_ALLOC_NOFRAGMENT && !pa_req(pa)->knobs.defrag_mode) {
		flags &= ~PA_ALLOC_NOFRAGMENT;
		goto again;
	}
	return PA_PFN_NONE;
}

/* -------------------------------------------------------------------------
 * __alloc_pages
 */

/* Everything that can be wrong with a request. */
static bool args_valid(const struct pa *pa, const struct pa_alloc_args *args)
{
	const struct pa_req *req = pa_req(pa);

	return req && args->cpu < req->cpus && args->nid < req->nodes &&
	       args->order < pa->nr_orders && args->use < PA_USE_FREE &&
	       !(args->gfp & ~PA_GFP_KNOWN) && !(args->task & ~PA_TASK_KNOWN) &&
	       req->gfp_zones[args->gfp & 0xf] != PA_NO_ZONE && (args->gfp >> 3 & 3) != 3;
}

/* prepare_alloc_pages: zonelist, highest zone, type. */
static void set_up(struct pa *pa, const struct pa_alloc_args *args, struct pa_alloc_record *rec,
		   struct pa_ctx *ac)
{
	*ac = (struct pa_ctx){
		.pa = pa,
		.rules = pa_rules(pa),
		.args = args,
		.rec = rec,
		.nodemask = args->nodemask ? args->nodemask : UINT64_MAX,
		.cpu = args->cpu,
		.gfp = args->gfp,
		.order = args->order,
		.mt = args->gfp >> 3 & 3,
		.highest = pa_req(pa)->gfp_zones[args->gfp & 0xf],
	};
	ac->zonelist = pa_zonelist_of(pa, args->nid, ac->highest);
	if (args->gfp & PA_GFP_THISNODE)
		ac->nodemask &= UINT64_C(1) << args->nid;
	if (!rec)
		return;
	memset((char *)rec + sizeof(rec->trail), 0, sizeof(*rec) - sizeof(rec->trail));
	rec->pfn = PA_PFN_NONE;
	rec->gfp = args->gfp;
	rec->order = args->order;
	rec->mt = (uint8_t)ac->mt;
	rec->highest = (uint8_t)ac->highest;
}

/* Flags of the first attempt. */
static uint32_t fast_flags(const struct pa_ctx *ac)
{
	uint32_t flags = (uint32_t)PA_WMARK_LOW << PA_ALLOC_WMARK_SHIFT;
	uint8_t preferred = pa_preferred(ac);

	if (ac->gfp & PA_GFP_KSWAPD_RECLAIM)
		flags |= PA_ALLOC_KSWAPD;
	if (ac->mt == PA_MOVABLE)
		flags |= PA_ALLOC_CMA;
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

	if (!args_valid(pa, args))
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
		const struct pa_zone *z = &ac->pa->zones[*at];

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

	if (!args_valid(pa, args) || args->order || !nr || nr > INT32_MAX)
		return -EINVAL;
	set_up(pa, args, rec, &ac);
	if (ac.mt == PA_MOVABLE)
		flags |= PA_ALLOC_CMA;
	if (nr > 1)
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
		[PA_FROM_CAPTURE] = "capture",
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
	};

	return (unsigned int)verdict < PA_NR_VERDICTS ? names[verdict] : NULL;
}
