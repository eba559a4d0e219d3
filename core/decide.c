/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * __rmqueue: decide what is handed out, then do it.
 *
 * pa_decide() only reads.  A decision is a path plus the block it starts from; settle() tells
 * which page that comes to, so deciding, being told, and checking a decision before it is
 * performed share one rule.
 */
#include <errno.h>
#include <string.h>

#include "pa_internal.h"

#define FLAGS (PA_ALLOC_NOFRAGMENT | PA_ALLOC_CMA | PA_ALLOC_KSWAPD)

/* For one order they are tried left to right; types from PA_PCPTYPES on lend nothing. */
static const uint8_t fallbacks[PA_PCPTYPES][2] = {
	[PA_UNMOVABLE] = { PA_RECLAIMABLE, PA_MOVABLE },
	[PA_MOVABLE] = { PA_RECLAIMABLE, PA_UNMOVABLE },
	[PA_RECLAIMABLE] = { PA_UNMOVABLE, PA_MOVABLE },
};

/* A block on a list. */
struct block {
	uint64_t pfn;
	unsigned int order;
	enum pa_mt mt;
};

/* What a caller was told about a fallback; see pa_decide_fallback(). */
struct told {
	struct block block;
	bool claimed;
};

static unsigned int lowest(uint32_t orders)
{
	return (unsigned int)__builtin_ctz(orders);
}

static unsigned int highest(uint32_t orders)
{
	return 31 - (unsigned int)__builtin_clz(orders);
}

static uint32_t from_order(uint32_t orders, unsigned int order)
{
	return orders >> order << order;
}

static uint64_t head_of(const struct pa_zone *z, unsigned int order, enum pa_mt mt)
{
	return pa_pfn(z, z->lists[order][mt].head);
}

/* Orders at which a fallback of @start finds a block. */
static uint32_t fallback_orders(const struct pa_zone *z, enum pa_mt start)
{
	return z->orders[fallbacks[start][0]] | z->orders[fallbacks[start][1]];
}

/* find_suitable_fallback at an order of fallback_orders(). */
static struct block fallback_at(const struct pa_zone *z, unsigned int order, enum pa_mt start)
{
	enum pa_mt first = fallbacks[start][0], second = fallbacks[start][1];
	enum pa_mt mt = z->orders[first] >> order & 1 ? first : second;

	return (struct block){ head_of(z, order, mt), order, mt };
}

/* can_steal_fallback, should_try_claim_block: large, or of a type that must not scatter. */
static bool claimable(const struct pa *pa, unsigned int order, enum pa_mt start)
{
	return order >= pa->pageblock_order / 2 || start != PA_MOVABLE;
}

/* Lowest order a fallback may look at. */
static unsigned int min_order(const struct pa *pa, const struct pa_request *req)
{
	if (req->flags & PA_ALLOC_NOFRAGMENT && req->order < pa->pageblock_order)
		return pa->pageblock_order;
	return req->order;
}

/* __rmqueue_smallest: head of the smallest list that fits. */
static bool smallest(const struct pa_zone *z, enum pa_mt mt, struct pa_decision *d)
{
	uint32_t orders = from_order(z->orders[mt], d->req.order);

	if (!orders)
		return false;
	d->from_order = (uint8_t)lowest(orders);
	d->pfn = head_of(z, d->from_order, mt);
	d->path = PA_PATH_SMALLEST;
	return true;
}

/* -------------------------------------------------------------------------
 * The claim test
 */

static struct pa_claim_test *look_at(struct pa_decision *d, const struct block *b)
{
	struct pa_claim_test *t = &d->tests[d->nr_tests++];

	memset(t, 0, sizeof(*t));
	t->pfn = b->pfn;
	t->order = (uint8_t)b->order;
	t->mt = (uint8_t)b->mt;
	return t;
}

static void count_block(const struct pa *pa, const struct pa_zone *z, uint64_t first, uint64_t end,
			struct pa_claim_test *t)
{
	const uint8_t *tags = pa_tag(pa, z, first);
	uint32_t nr = (uint32_t)(end - first), free = 0, uses[PA_USE_FREE + 1] = { 0 };

	for (uint32_t i = 0; i < nr;) {
		if (pa_tag_is_head(tags[i])) {
			free += (uint32_t)pa_pages(pa_tag_order(tags[i]));
			i += (uint32_t)pa_pages(pa_tag_order(tags[i]));
		} else {
			uses[tags[i++]]++;
		}
	}
	t->free = (uint16_t)free;
	t->movable = (uint16_t)uses[PA_USE_MOVABLE];
	t->unknown = (uint16_t)uses[PA_USE_UNKNOWN];
}

/*
 * Is the pageblock of @t->pfn, of which only that block is known to be free, worth claiming?
 * False with @t->tested unset if it may not be moved at all.
 */
static bool claim_test(const struct pa *pa, const struct pa_zone *z, enum pa_mt start,
		       struct pa_claim_test *t)
{
	uint32_t nr = (uint32_t)pa_pages(pa->pageblock_order);
	enum pa_mt type = *pa_block(pa, z, t->pfn);
	uint64_t first, end;

	if (!pa_block_range(pa, z, t->pfn, &first, &end))
		return false;
	count_block(pa, z, first, end, t);
	if (type == PA_MOVABLE)
		t->movable =
			(uint16_t)(t->movable +
				   t->unknown); /* most of what lives there is on an LRU list */
	if (start == PA_MOVABLE)
		t->alike = t->movable;
	else if (type == PA_MOVABLE)
		t->alike = (uint16_t)(nr - (uint32_t)(t->free + t->movable));
	t->tested = true;
	t->claimed = (uint32_t)(t->free + t->alike) >= nr / 2;
	return t->claimed;
}

/* -------------------------------------------------------------------------
 * Which page a fallback comes to
 */

/* First block of [@first, @end) that has @order, or PA_PFN_NONE. */
static uint64_t lowest_in(const struct pa *pa, const struct pa_zone *z, uint64_t first,
			  uint64_t end, unsigned int order)
{
	for (uint64_t pfn = first; pfn < end;) {
		uint8_t tag = *pa_tag(pa, z, pfn);

		if (!pa_tag_is_head(tag)) {
			pfn++;
			continue;
		}
		if (pa_tag_order(tag) == order)
			return pfn;
		pfn += pa_pages(pa_tag_order(tag));
	}
	return PA_PFN_NONE;
}

/* First block of a list that does not start in [@first, @end), or PA_PFN_NONE. */
static uint64_t head_outside(const struct pa *pa, const struct pa_zone *z, unsigned int order,
			     enum pa_mt mt, uint64_t first, uint64_t end)
{
	uint64_t pfn = head_of(z, order, mt);

	while (pfn != PA_PFN_NONE && pfn >= first && pfn < end)
		pfn = pa_pfn(z, pa_links(pa)[pa_frame(z, pfn)].next);
	return pfn;
}

/*
 * __rmqueue_smallest once the free blocks of [@first, @end) are at the tails of @mt's lists.  It
 * ends at the order of the fallback block, which is one of them, at the latest.
 */
static void smallest_after_move(const struct pa *pa, const struct pa_zone *z, enum pa_mt mt,
				uint64_t first, uint64_t end, struct pa_decision *d)
{
	unsigned int order = d->req.order;

	for (;; order++) {
		d->pfn = head_outside(pa, z, order, mt, first, end);
		if (d->pfn == PA_PFN_NONE)
			d->pfn = lowest_in(pa, z, first, end, order);
		if (d->pfn != PA_PFN_NONE)
			break;
	}
	d->from_order = (uint8_t)order;
}

/* From path and fallback block to the page handed out.  False if the path is not possible. */
static bool settle(const struct pa *pa, const struct pa_zone *z, struct pa_decision *d)
{
	enum pa_mt start = (enum pa_mt)d->req.mt;
	uint64_t first = d->fallback_pfn;
	uint64_t end = first + pa_pages(d->fallback_order);

	if (d->path == PA_PATH_CLAIM || d->path == PA_PATH_MOVE) {
		if (!pa_block_range(pa, z, d->fallback_pfn, &first, &end))
			return false;
	} else if (pa->fallback != PA_FALLBACK_STEAL_RETRY) {
		d->pfn = d->fallback_pfn;
		d->from_order = d->fallback_order;
		return true;
	}
	smallest_after_move(pa, z, start, first, end, d);
	return true;
}

static bool fall_back(const struct pa *pa, const struct pa_zone *z, const struct block *b,
		      enum pa_path path, struct pa_decision *d)
{
	d->path = (uint8_t)path;
	d->fallback_pfn = b->pfn;
	d->fallback_order = (uint8_t)b->order;
	d->fallback_mt = (uint8_t)b->mt;
	return settle(pa, z, d);
}

/* -------------------------------------------------------------------------
 * 5.4 to early 6.12: __rmqueue_fallback and steal_suitable_fallback
 */

/* Largest first; but a MOVABLE request that may not claim splits the smallest it can. */
static bool find_block(const struct pa *pa, const struct pa_zone *z, const struct pa_request *req,
		       struct block *b)
{
	enum pa_mt start = (enum pa_mt)req->mt;
	uint32_t orders = from_order(fallback_orders(z, start), min_order(pa, req));
	unsigned int order;

	if (!orders)
		return false;
	order = highest(orders);
	if (!claimable(pa, order, start))
		order = lowest(from_order(fallback_orders(z, start), req->order));
	*b = fallback_at(z, order, start);
	return true;
}

/* steal_suitable_fallback.  @told replaces the outcome of the claim test, nothing else. */
static bool steal_suitable(const struct pa *pa, const struct pa_zone *z, const struct block *b,
			   const struct told *told, struct pa_decision *d)
{
	bool retry = pa->fallback == PA_FALLBACK_STEAL_RETRY;
	enum pa_mt start = (enum pa_mt)d->req.mt, type = *pa_block(pa, z, b->pfn);
	struct pa_claim_test *t = look_at(d, b);
	enum pa_path path = PA_PATH_STEAL;

	if (type == PA_HIGHATOMIC) {
		t->claimed = false;
	} else if (b->order >= pa->pageblock_order) {
		t->claimed = true;
		path = PA_PATH_CLAIM_WHOLE;
	} else {
		d->boosts++;
		if (claimable(pa, b->order, start))
			claim_test(pa, z, start, t);
		if (t->tested && told)
			t->claimed = told->claimed;
		if (t->tested && (retry || t->claimed))
			path = t->claimed ? PA_PATH_CLAIM : PA_PATH_MOVE;
	}
	/* Blocks that had the type before look claimed in a trace. */
	if (told && told->claimed != t->claimed && !(told->claimed && type == start))
		return false;
	return fall_back(pa, z, b, path, d);
}

static bool decide_one(const struct pa *pa, const struct pa_zone *z, const struct told *told,
		       struct pa_decision *d)
{
	struct block b;

	if (told)
		return steal_suitable(pa, z, &told->block, told, d);
	return find_block(pa, z, &d->req, &b) && steal_suitable(pa, z, &b, NULL, d);
}

/* -------------------------------------------------------------------------
 * Late 6.12 and 6.15 on: __rmqueue_claim and __rmqueue_steal
 */

/* try_to_steal_block, try_to_claim_block: is @b claimed?  @told decides in place of the test. */
static bool try_to_claim(const struct pa *pa, const struct pa_zone *z, const struct block *b,
			 const struct told *told, struct pa_decision *d)
{
	struct pa_claim_test *t = look_at(d, b);

	if (pa_policy(pa)->claim_skips_highatomic && *pa_block(pa, z, b->pfn) == PA_HIGHATOMIC)
		return false;
	if (b->order >= pa->pageblock_order) {
		t->claimed = true;
	} else {
		d->boosts++;
		claim_test(pa, z, (enum pa_mt)d->req.mt, t);
	}
	if (told)
		t->claimed = told->claimed && b->pfn == told->block.pfn;
	return t->claimed;
}

static bool claim(const struct pa *pa, const struct pa_zone *z, const struct told *told,
		  struct pa_decision *d)
{
	enum pa_mt start = (enum pa_mt)d->req.mt;
	/* Where the outcome is known, so is that the flag did not forbid it. */
	unsigned int min = told ? d->req.order : min_order(pa, &d->req);
	uint32_t orders = from_order(fallback_orders(z, start), min);

	for (; orders; orders &= ~(1u << highest(orders))) {
		unsigned int order = highest(orders);
		struct block b = fallback_at(z, order, start);

		if (!claimable(pa, order, start))
			break;
		if (told && told->claimed && told->block.order == order)
			b = told->block;
		if (!try_to_claim(pa, z, &b, told, d))
			continue;
		d->next_mode = PA_MODE_NORMAL;
		return fall_back(pa, z, &b,
				 order >= pa->pageblock_order ? PA_PATH_CLAIM_WHOLE : PA_PATH_CLAIM,
				 d);
	}
	return false;
}

static bool steal(const struct pa *pa, const struct pa_zone *z, const struct told *told,
		  struct pa_decision *d)
{
	enum pa_mt start = (enum pa_mt)d->req.mt;
	uint32_t orders = from_order(fallback_orders(z, start), d->req.order);
	struct block b;

	if (!orders || (!told && d->req.flags & PA_ALLOC_NOFRAGMENT))
		return false;
	b = told ? told->block : fallback_at(z, lowest(orders), start);
	d->next_mode = PA_MODE_STEAL;
	return fall_back(pa, z, &b, PA_PATH_STEAL, d);
}

static bool decide_claim_steal(const struct pa *pa, const struct pa_zone *z,
			       const struct told *told, struct pa_decision *d)
{
	if (d->req.mode <= PA_MODE_CLAIM && claim(pa, z, told, d))
		return true;
	return !(told && told->claimed) && steal(pa, z, told, d);
}

/* -------------------------------------------------------------------------
 * __rmqueue
 */

static bool fallback(const struct pa *pa, const struct pa_zone *z, const struct told *told,
		     struct pa_decision *d)
{
	if (d->req.mt >= PA_PCPTYPES)
		return false;
	if (pa->fallback == PA_FALLBACK_CLAIM_STEAL)
		return decide_claim_steal(pa, z, told, d);
	return decide_one(pa, z, told, d);
}

/* Balance movable allocations between CMA areas and the rest: over half of what is free. */
static bool cma_first(const struct pa_zone *z, const struct pa_decision *d)
{
	uint64_t total = 0;

	if (!(d->req.flags & PA_ALLOC_CMA))
		return false;
	for (unsigned int mt = 0; mt < PA_NR_MT; mt++) {
		if (mt != PA_ISOLATE)
			total += z->free[mt];
	}
	return z->free[PA_CMA] > total / 2;
}

static void rmqueue(const struct pa *pa, const struct pa_zone *z, struct pa_decision *d)
{
	bool modes = pa->fallback == PA_FALLBACK_CLAIM_STEAL;
	enum pa_mode mode = modes ? (enum pa_mode)d->req.mode : PA_MODE_NORMAL;

	d->next_mode = (uint8_t)mode;
	if (cma_first(z, d) && smallest(z, PA_CMA, d))
		return;
	if (mode == PA_MODE_NORMAL && smallest(z, (enum pa_mt)d->req.mt, d))
		return;
	if (mode <= PA_MODE_CMA && d->req.flags & PA_ALLOC_CMA && smallest(z, PA_CMA, d)) {
		d->next_mode = modes ? PA_MODE_CMA : PA_MODE_NORMAL;
		return;
	}
	if (!fallback(pa, z, NULL, d))
		d->path = PA_PATH_NONE;
}

static bool request_valid(const struct pa *pa, const struct pa_request *req)
{
	return req->zone < pa->nr_zones && req->order < pa->nr_orders && req->mt < PA_NR_MT &&
	       req->mode <= PA_MODE_STEAL && !(req->flags & ~(unsigned int)FLAGS);
}

static void blank(struct pa_decision *d, const struct pa_request *req)
{
	memset(d, 0, offsetof(struct pa_decision, tests));
	d->req = *req;
	d->pfn = PA_PFN_NONE;
	d->fallback_pfn = PA_PFN_NONE;
}

int pa_decide(const struct pa *pa, const struct pa_request *req, struct pa_decision *d)
{
	if (!request_valid(pa, req))
		return -EINVAL;
	blank(d, req);
	rmqueue(pa, &pa->zones[req->zone], d);
	return 0;
}

/* Is @b a block on a list that @req may fall back to? */
static bool may_lend(const struct pa *pa, const struct pa_zone *z, const struct pa_request *req,
		     const struct block *b)
{
	if (req->mt >= PA_PCPTYPES || (unsigned int)b->mt >= PA_PCPTYPES || b->mt == req->mt)
		return false;
	if (b->order < req->order || b->order >= pa->nr_orders || !pa_spanned(z, b->pfn, 1))
		return false;
	return *pa_tag(pa, z, b->pfn) == pa_head_tag(b->order, b->mt);
}

int pa_decide_fallback(const struct pa *pa, const struct pa_request *req, uint64_t fallback_pfn,
		       unsigned int fallback_order, enum pa_mt fallback_mt, bool claimed,
		       struct pa_decision *d)
{
	const struct told told = { { fallback_pfn, fallback_order, fallback_mt }, claimed };
	const struct pa_zone *z;
	struct pa_decision made;

	if (!request_valid(pa, req))
		return -EINVAL;
	z = &pa->zones[req->zone];
	if (!may_lend(pa, z, req, &told.block))
		return -EINVAL;
	blank(&made, req);
	if (!fallback(pa, z, &told, &made))
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
	enum pa_mt mt;
	uint8_t tag;

	if (!pa_spanned(z, d->pfn, 1))
		return false;
	tag = *pa_tag(pa, z, d->pfn);
	mt = pa_tag_mt(tag);
	if (!pa_tag_is_head(tag) || pa_tag_order(tag) != d->from_order ||
	    d->from_order < d->req.order || head_of(z, d->from_order, mt) != d->pfn)
		return false;
	return mt == d->req.mt || (mt == PA_CMA && d->req.flags & PA_ALLOC_CMA);
}

static bool fits_fallback(const struct pa *pa, const struct pa_zone *z, const struct pa_decision *d)
{
	const struct block b = { d->fallback_pfn, d->fallback_order, (enum pa_mt)d->fallback_mt };
	bool retry = pa->fallback == PA_FALLBACK_STEAL_RETRY;
	bool large = b.order >= pa->pageblock_order;
	struct pa_decision again;

	if (d->path >= PA_NR_PATHS || (d->path == PA_PATH_MOVE && !retry))
		return false;
	if (d->path != PA_PATH_STEAL && large != (d->path == PA_PATH_CLAIM_WHOLE))
		return false;
	if (!may_lend(pa, z, &d->req, &b))
		return false;
	memcpy(&again, d, offsetof(struct pa_decision, tests));
	return settle(pa, z, &again) && again.pfn == d->pfn && again.from_order == d->from_order;
}

/* Bring the free pages a fallback takes over to the type they go on with. */
static void move_fallback(struct pa *pa, struct pa_zone *z, const struct pa_decision *d)
{
	enum pa_mt to = (enum pa_mt)d->req.mt;
	uint64_t first = d->fallback_pfn;
	uint64_t end = first + pa_pages(d->fallback_order);

	if (d->path == PA_PATH_STEAL && pa->fallback == PA_FALLBACK_CLAIM_STEAL)
		return;
	if (d->path == PA_PATH_STEAL && pa->fallback == PA_FALLBACK_STEAL_PAGE)
		to = *pa_block(pa, z, d->fallback_pfn);
	if (d->path == PA_PATH_CLAIM || d->path == PA_PATH_MOVE)
		pa_block_range(pa, z, d->fallback_pfn, &first, &end);
	pa_move_range(pa, z, first, end, to);
	if (d->path == PA_PATH_CLAIM_WHOLE)
		pa_retype(pa, z, d->fallback_pfn, d->fallback_order, to);
	else if (d->path == PA_PATH_CLAIM)
		*pa_block(pa, z, d->fallback_pfn) = (uint8_t)to;
}

int pa_commit(struct pa *pa, const struct pa_decision *d)
{
	struct pa_zone *z;

	if (!request_valid(pa, &d->req))
		return -EINVAL;
	z = &pa->zones[d->req.zone];
	if (d->path == PA_PATH_SMALLEST) {
		if (!fits_smallest(pa, z, d))
			return -EINVAL;
	} else if (d->path != PA_PATH_NONE && !fits_fallback(pa, z, d)) {
		return -EINVAL;
	}

	for (unsigned int i = 0; i < d->boosts; i++)
		pa_boost_watermark(pa, z);
	if (pa_is_fallback(d))
		move_fallback(pa, z, d);
	if (d->path != PA_PATH_NONE)
		pa_hand_out(pa, z, d->pfn, d->req.order);
	return 0;
}
