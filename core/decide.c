/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * __rmqueue: decide what is handed out, then do it.  fallback.c knows how another type lends.
 */
#include <errno.h>
#include <string.h>

#include "pa_rmqueue.h"

#define FLAGS (PA_ALLOC_NOFRAGMENT | PA_ALLOC_CMA | PA_ALLOC_KSWAPD)

/* __rmqueue_smallest: head of the smallest list that fits. */
static inline bool smallest(const struct pa *pa, const struct pa_zone *z, enum pa_mt mt,
			    struct pa_decision *d)
{
	uint32_t orders = pa_orders_from(z->orders[mt], d->req.order);

	if (!orders)
		return false;
	d->from_order = (uint8_t)pa_lowest(orders);
	d->pfn = pa_part(pa, pa_head_of(z, d->from_order, mt), d->from_order, d->req.order);
	d->path = PA_PATH_SMALLEST;
	return true;
}

/* Do CMA pages serve @req without any fallback? */
static bool takes_cma(const struct pa *pa, const struct pa_request *req)
{
	if (pa_version(pa)->cma == PA_CMA_FLAG)
		return req->flags & PA_ALLOC_CMA;
	return pa_version(pa)->cma == PA_CMA_MOVABLE && req->mt == PA_MOVABLE;
}

/* Balance movable allocations between CMA areas and the rest: over half of what is free. */
static bool cma_first(const struct pa *pa, const struct pa_zone *z, const struct pa_decision *d)
{
	uint64_t total = 0;

	if (!z->free[PA_CMA] || !(d->req.flags & PA_ALLOC_CMA) ||
	    pa_version(pa)->cma != PA_CMA_FLAG)
		return false;
	for (unsigned int mt = 0; mt < PA_NR_MT; mt++) {
		if (mt != PA_ISOLATE)
			total += z->free[mt];
	}
	return z->free[PA_CMA] > total / 2;
}

/* RESERVE is for whoever would fail. */
static bool may_use_reserve(const struct pa *pa, const struct pa_request *req)
{
	return pa_version(pa)->reserve_max && req->mt < PA_PCPTYPES;
}

static inline void rmqueue(const struct pa *pa, const struct pa_zone *z, struct pa_decision *d)
{
	bool modes = pa->fallback == PA_FALLBACK_CLAIM_STEAL;
	enum pa_mode mode = modes ? (enum pa_mode)d->req.mode : PA_MODE_NORMAL;

	d->next_mode = (uint8_t)mode;
	if (cma_first(pa, z, d) && smallest(pa, z, PA_CMA, d))
		return;
	if (mode == PA_MODE_NORMAL && smallest(pa, z, pa_list_type(pa, (enum pa_mt)d->req.mt), d))
		return;
	if (mode <= PA_MODE_CMA && takes_cma(pa, &d->req) && smallest(pa, z, PA_CMA, d)) {
		d->next_mode = modes ? PA_MODE_CMA : PA_MODE_NORMAL;
		return;
	}
	if (pa_fall_back(pa, z, NULL, d))
		return;
	if (!may_use_reserve(pa, &d->req) || !smallest(pa, z, PA_RESERVE, d))
		d->path = PA_PATH_NONE;
}

static bool request_valid(const struct pa *pa, const struct pa_request *req)
{
	return req->zone < pa->nr_zones && req->order < pa->nr_orders && req->mt < PA_NR_MT &&
	       req->mode <= PA_MODE_STEAL && !(req->flags & ~(unsigned int)FLAGS);
}

void pa_choose(const struct pa *pa, const struct pa_zone *z, const struct pa_request *req,
	       struct pa_decision *d)
{
	pa_blank(d, req);
	rmqueue(pa, z, d);
}

int pa_decide(const struct pa *pa, const struct pa_request *req, struct pa_decision *d)
{
	if (!request_valid(pa, req))
		return -EINVAL;
	pa_choose(pa, &pa_zones(pa)[req->zone], req, d);
	return 0;
}

int pa_decide_fallback(const struct pa *pa, const struct pa_request *req, uint64_t fallback_pfn,
		       unsigned int fallback_order, enum pa_mt fallback_mt, bool claimed,
		       struct pa_decision *d)
{
	const struct pa_told told = { { fallback_pfn, fallback_order, fallback_mt }, claimed };
	const struct pa_zone *z;
	struct pa_decision made;

	if (!request_valid(pa, req))
		return -EINVAL;
	z = &pa_zones(pa)[req->zone];
	if (!pa_may_lend(pa, z, req, &told.block))
		return -EINVAL;
	pa_blank(&made, req);
	if (!pa_fall_back(pa, z, &told, &made))
		return -EINVAL;
	memcpy(d, &made,
	       offsetof(struct pa_decision, tests) + made.nr_tests * sizeof(made.tests[0]));
	return 0;
}

/* -------------------------------------------------------------------------
 * Performing it
 */

static bool fits_smallest(const struct pa *pa, const struct pa_zone *z, const struct pa_decision *d)
{
	uint64_t block;
	enum pa_mt mt;
	uint8_t tag;

	if (d->from_order < d->req.order || d->from_order >= pa->nr_orders)
		return false;
	block = d->pfn & ~(pa_pages(d->from_order) - 1);
	if (!pa_spanned(z, block, 1) || d->pfn != pa_part(pa, block, d->from_order, d->req.order))
		return false;
	tag = *pa_tag(pa, z, block);
	mt = pa_tag_mt(tag);
	if (!pa_tag_is_head(tag) || pa_tag_order(tag) != d->from_order ||
	    pa_head_of(z, d->from_order, mt) != block)
		return false;
	return mt == pa_list_type(pa, (enum pa_mt)d->req.mt) ||
	       (mt == PA_CMA && takes_cma(pa, &d->req)) ||
	       (mt == PA_RESERVE && may_use_reserve(pa, &d->req));
}

static bool fits(const struct pa *pa, const struct pa_zone *z, const struct pa_decision *d)
{
	switch (d->path) {
	case PA_PATH_NONE:
		return d->fallback_pfn == PA_PFN_NONE || pa_fits_in_vain(pa, z, d);
	case PA_PATH_SMALLEST:
		return fits_smallest(pa, z, d);
	default:
		return pa_fits_fallback(pa, z, d);
	}
}

void pa_perform(struct pa *pa, struct pa_zone *z, const struct pa_decision *d)
{
	for (unsigned int i = 0; i < d->boosts; i++)
		pa_boost_watermark(pa, z);
	if (pa_is_fallback(d))
		pa_move_fallback(pa, z, d);
	else if (d->path == PA_PATH_NONE && d->fallback_pfn != PA_PFN_NONE)
		pa_claim_in_vain(pa, z, d);
	if (d->path != PA_PATH_NONE)
		pa_hand_out(pa, z, d->pfn & ~(pa_pages(d->from_order) - 1), d->req.order);
}

int pa_commit(struct pa *pa, const struct pa_decision *d)
{
	if (!request_valid(pa, &d->req) || !fits(pa, &pa_zones(pa)[d->req.zone], d))
		return -EINVAL;
	pa_perform(pa, &pa_zones(pa)[d->req.zone], d);
	return 0;
}
