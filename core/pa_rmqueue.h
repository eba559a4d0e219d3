/* SPDX-License-Identifier: GPL-2.0-only */
/* What decide.c and fallback.c share: the two halves of __rmqueue. */
#ifndef PA_RMQUEUE_H
#define PA_RMQUEUE_H

#include "pa_internal.h"

/* A block on a list. */
struct pa_lent {
	uint64_t pfn;
	unsigned int order;
	enum pa_mt mt;
};

/* What a caller was told about a fallback; see pa_decide_fallback(). */
struct pa_told {
	struct pa_lent block;
	bool claimed;
};

/* Of sets of orders, as in pa_zone.orders. */
static inline unsigned int pa_lowest(uint32_t orders)
{
	return (unsigned int)__builtin_ctz(orders);
}

static inline uint32_t pa_orders_from(uint32_t orders, unsigned int order)
{
	return orders >> order << order;
}

static inline uint64_t pa_head_of(const struct pa_zone *z, unsigned int order, enum pa_mt mt)
{
	return pa_pfn(z, z->lists[order][mt].head);
}

/* No decision yet. */
static inline void pa_blank(struct pa_decision *d, const struct pa_request *req)
{
	memset(d, 0, offsetof(struct pa_decision, tests));
	d->req = *req;
	d->pfn = PA_PFN_NONE;
	d->fallback_pfn = PA_PFN_NONE;
}

/* The one for @pfn, out of a block of @from_order. */
static inline void pa_decide_smallest(struct pa_decision *d, const struct pa_request *req,
				      uint64_t pfn, unsigned int from_order)
{
	pa_blank(d, req);
	d->pfn = pfn;
	d->path = PA_PATH_SMALLEST;
	d->from_order = (uint8_t)from_order;
}

/*
 * __rmqueue_fallback and its heirs: fill @d, which holds the request and the mode.  False if
 * nobody lends, or, where @told says which block does, if the policy has no such outcome.
 */
bool pa_fall_back(const struct pa *pa, const struct pa_zone *z, const struct pa_told *told,
		  struct pa_decision *d);
/* Is @b a block on a list that @req may fall back to? */
bool pa_may_lend(const struct pa *pa, const struct pa_zone *z, const struct pa_request *req,
		 const struct pa_lent *b);
/* Does the fallback @d says lead to the page it says?  Likewise what it claims in vain. */
bool pa_fits_fallback(const struct pa *pa, const struct pa_zone *z, const struct pa_decision *d);
bool pa_fits_in_vain(const struct pa *pa, const struct pa_zone *z, const struct pa_decision *d);
/* Bring the free pages a fallback takes over to the type they go on with. */
void pa_move_fallback(struct pa *pa, struct pa_zone *z, const struct pa_decision *d);
void pa_claim_in_vain(struct pa *pa, struct pa_zone *z, const struct pa_decision *d);

#endif /* PA_RMQUEUE_H */
