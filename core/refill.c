/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the buddy lists: one block for a request, and rmqueue_bulk, which fills a CPU's list.
 */
#include "pa_req_internal.h"
#include "pa_rmqueue.h"

/* move_to_free_list of 6.10 and later, block by block: off one list, onto the other. */
void pa_count_moves(struct pa *pa, uint32_t zone, uint32_t cpu, uint64_t first, uint64_t end)
{
	struct pa_zone *z = &pa_zones(pa)[zone];

	for (uint64_t pfn = first; pfn < end;) {
		uint8_t tag = *pa_tag(pa, z, pfn);
		uint64_t pages = pa_tag_is_head(tag) ? pa_pages(pa_tag_order(tag)) : 0;

		pa_count_free(pa_zone_req(pa, zone), pa_cpu_pages(pa, zone, cpu), -(int64_t)pages);
		pa_count_free(pa_zone_req(pa, zone), pa_cpu_pages(pa, zone, cpu), (int64_t)pages);
		pfn += pages ? pages : 1;
	}
}

/* The steps in which the zone counter is told of one decision; up to 2.6.24 there is but one. */
static void count_decision(const struct pa_ctx *ac, struct pa_cpu_pages *cp,
			   const struct pa_decision *d)
{
	struct pa_zone_req *zr = pa_zone_req(ac->pa, d->req.zone);
	int64_t whole = (int64_t)pa_pages(d->fallback_order),
		part = (int64_t)pa_pages(d->req.order);
	bool steps = pa_version(ac->pa)->hygiene;
	uint64_t first, end;

	if (steps && d->path == PA_PATH_CLAIM_WHOLE) {
		pa_count_free(zr, cp, -whole);
		pa_count_free(zr, cp, whole - part);
		return;
	}
	if (steps && d->path == PA_PATH_CLAIM &&
	    pa_block_range(ac->pa, &pa_zones(ac->pa)[d->req.zone], d->fallback_pfn, &first, &end))
		pa_count_moves(ac->pa, d->req.zone, ac->cpu, first, end);
	pa_count_free(zr, cp, -part);
}

const struct pa_decision *pa_rmqueue(const struct pa_ctx *ac, struct pa_cpu_pages *cp,
				     const struct pa_request *request, struct pa_decision *spare)
{
	struct pa_zone *z = &pa_zones(ac->pa)[request->zone];
	struct pa_trail *trail = pa_trail_of(ac);
	struct pa_decision *d = spare;

	if (trail && trail->nr_picks++ < trail->max_picks)
		d = &trail->picks[trail->nr_picks - 1];
	pa_choose(ac->pa, z, request, d);
	if (d->path == PA_PATH_SMALLEST && !d->boosts) { /* nearly always, so at once */
		if (!ac->rules->counts_late)
			pa_count_free(pa_zone_req(ac->pa, request->zone), cp,
				      -(int64_t)pa_pages(request->order));
		pa_hand_out(ac->pa, z, d->pfn & ~(pa_pages(d->from_order) - 1), request->order);
		return d;
	}
	if (d->boosts && request->flags & PA_ALLOC_KSWAPD &&
	    (ac->rules->boosted_always || pa_boost_max(ac->pa, z)))
		pa_zone_req(ac->pa, request->zone)->flags |= PA_ZONE_BOOSTED_WATERMARK;
	if (d->path != PA_PATH_NONE && !ac->rules->counts_late)
		count_decision(ac, cp, d);
	pa_perform(ac->pa, z, d);
	return d->path == PA_PATH_NONE ? NULL : d;
}

bool pa_refill_block(const struct pa_ctx *ac, struct pa_cpu_pages *cp, struct pa_request *request,
		     unsigned int pindex, uint32_t *last)
{
	struct pa_zone *z = &pa_zones(ac->pa)[request->zone];
	struct pa_decision spare;
	const struct pa_decision *d = pa_rmqueue(ac, cp, request, &spare);
	uint32_t frame;

	if (!d)
		return false;
	frame = pa_frame(z, d->pfn);
	request->mode = d->next_mode;
	pa_queue_insert(ac->pa, &cp->lists[pindex], *last, frame);
	/* Cold requests take the other end, so theirs are the other way round. */
	if (!pa_takes_tail(ac))
		*last = frame;
	pa_descs(ac->pa)[frame].owner = pa_pcp_owner(
		ac->order, *pa_block(ac->pa, z, d->pfn) == PA_CMA ? PA_CMA : request->mt);
	return true;
}

#define RUN 256

/*
 * The decisions of a run that began with a block of @high: what is split off it is as large as the
 * alignment within it says.
 */
static void note_run(struct pa_trail *trail, const struct pa_zone *z,
		     const struct pa_request *request, unsigned int high, const uint32_t *frames,
		     uint32_t n)
{
	bool parts = high > request->order;

	for (uint32_t i = 0; i < n; i++) {
		unsigned int from = parts && i ? (unsigned int)__builtin_ctz(i) : 0;

		if (trail->nr_picks++ < trail->max_picks)
			pa_decide_smallest(&trail->picks[trail->nr_picks - 1], request,
					   pa_pfn(z, frames[i]), i ? request->order + from : high);
	}
}

/* They are blocks on a per-cpu list from now on. */
static void list_run(struct pa *pa, const struct pa_zone *z, const struct pa_request *request,
		     const uint32_t *frames, uint32_t n)
{
	const unsigned int order = request->order, block_order = pa->pageblock_order;
	const uint8_t own = pa_pcp_owner(order, request->mt), cma = pa_pcp_owner(order, PA_CMA);
	const uint8_t *types = pa_at(pa, z->blocks);
	struct pa_desc *descs = pa_descs(pa);
	const uint64_t pfn0 = z->pfn0;

	for (uint32_t i = 0; i < n; i++) {
		struct pa_desc *desc = &descs[frames[i]];
		uint8_t owner = types[(frames[i] + pfn0) >> block_order] == PA_CMA ? cma : own;

		if (order)
			pa_fill(desc, order, PA_USE_PINNED, owner);
		else
			*desc = (struct pa_desc){ PA_USE_PINNED, owner };
	}
}

int32_t pa_refill_run(const struct pa_ctx *ac, struct pa_cpu_pages *cp,
		      const struct pa_request *request, unsigned int pindex, int32_t want,
		      uint32_t *last)
{
	struct pa_zone_req *zr = pa_zone_req(ac->pa, request->zone);
	struct pa_zone *z = &pa_zones(ac->pa)[request->zone];
	uint32_t orders = pa_orders_from(z->orders[request->mt], request->order);
	uint32_t frames[RUN], n;

	if (!orders || request->mode || z->free[PA_CMA] || ac->pa->maps || pa_takes_tail(ac))
		return 0;
	n = pa_hand_out_run(ac->pa, z, request->order, request->mt,
			    want < RUN ? (uint32_t)want : RUN, frames);
	if (ac->rec)
		note_run(&ac->rec->trail, z, request, pa_lowest(orders), frames, n);
	list_run(ac->pa, z, request, frames, n);
	pa_queue_insert_run(ac->pa, &cp->lists[pindex], *last, frames, n);
	*last = frames[n - 1];
	if (!ac->rules->counts_late)
		pa_count_free_run(zr, cp, -(int64_t)pa_pages(request->order), n);
	return (int32_t)n;
}

uint32_t pa_refill(const struct pa_ctx *ac, uint32_t zone, struct pa_cpu_pages *cp,
		   unsigned int pindex, uint32_t flags)
{
	struct pa_zone_req *zr = pa_zone_req(ac->pa, zone);
	int32_t want = pa_refill_size(ac->rules, &cp->pcp, zr, ac->order, pindex), nr = 0;
	struct pa_request request = pa_refill_request(ac, zone, flags);
	uint32_t last = PA_NIL; /* the list is empty, or 2.6.24 */

	while (nr < want) {
		int32_t run = pa_refill_run(ac, cp, &request, pindex, want - nr, &last);

		if (!run && !pa_refill_block(ac, cp, &request, pindex, &last))
			break;
		nr += run ? run : 1;
	}
	if (ac->rules->counts_late)
		pa_count_free(zr, cp, -((int64_t)nr << ac->order));
	cp->pcp.count += nr << ac->order;
	if (ac->rules->pcp_lists == PA_PCP_HOT_COLD && pindex == PA_COLD)
		cp->pcp.cold_count += nr;
	return (uint32_t)nr;
}
