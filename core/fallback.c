/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Another type lends: which block is looked at, whether its pageblock changes type, which page
 * that comes to.
 *
 * Deciding only reads.  A decision is a path plus the block it starts from; settle() tells which
 * page is handed out, so deciding, being told, and checking a decision before it is performed
 * share one rule.
 */
#include <string.h>

#include "pa_rmqueue.h"

static unsigned int highest(uint32_t orders)
{
	return 31 - (unsigned int)__builtin_clz(orders);
}

/* RESERVE, or the end of the kernel's table: neither lends. */
static bool lends(uint8_t mt)
{
	return mt < PA_ISOLATE;
}

/* Orders at which a fallback of @start finds a block. */
static uint32_t fallback_orders(const struct pa *pa, const struct pa_zone *z, enum pa_mt start)
{
	uint32_t orders = 0;

	for (const uint8_t *mt = pa_version(pa)->lenders[start]; lends(*mt); mt++)
		orders |= z->orders[*mt];
	return orders;
}

/* find_suitable_fallback at an order of fallback_orders(): left to right. */
static struct pa_lent fallback_at(const struct pa *pa, const struct pa_zone *z, unsigned int order,
				  enum pa_mt start)
{
	const uint8_t *mt = pa_version(pa)->lenders[start];

	while (!(z->orders[*mt] >> order & 1))
		mt++;
	return (struct pa_lent){ pa_head_of(z, order, (enum pa_mt) * mt), order,
				 (enum pa_mt) * mt };
}

/*
 * can_steal_fallback, should_try_claim_block: large, or for a type that must not scatter.  CMA
 * pageblocks never change type (3.10 alone borrows from them).
 */
static bool claimable(const struct pa *pa, const struct pa_lent *b, enum pa_mt start)
{
	if (b->mt == PA_CMA)
		return false;
	return b->order >= pa->pageblock_order / 2 || start == PA_RECLAIMABLE ||
	       (start == PA_UNMOVABLE && pa_version(pa)->unmovable_claims);
}

/* Lowest order a fallback may look at.  ALLOC_NOFRAGMENT is as old as 5.0. */
static unsigned int min_order(const struct pa *pa, const struct pa_request *req)
{
	const struct pa_policy *policy = pa_version(pa);

	if (req->flags & PA_ALLOC_NOFRAGMENT && policy->fallback != PA_FALLBACK_SPLIT &&
	    (req->order < pa->pageblock_order || policy->wide_nofragment))
		return pa->pageblock_order;
	return req->order;
}

/* -------------------------------------------------------------------------
 * The claim test
 */

static struct pa_claim_test *look_at(struct pa_decision *d, const struct pa_lent *b)
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
	const struct pa_desc *desc = pa_desc(pa, z, first);
	uint32_t nr = (uint32_t)(end - first), free = 0, uses[PA_USE_FREE + 1] = { 0 };

	for (uint32_t i = 0; i < nr;) {
		uint8_t tag = desc[i].tag;

		if (pa_tag_is_head(tag)) {
			free += (uint32_t)pa_pages(pa_tag_order(tag));
			i += (uint32_t)pa_pages(pa_tag_order(tag));
		} else {
			uses[tag]++;
			i++;
		}
	}
	t->free = (uint16_t)free;
	t->movable = (uint16_t)uses[PA_USE_MOVABLE];
	t->unknown = (uint16_t)uses[PA_USE_UNKNOWN];
}

/* Frames in use that go with @start, in a pageblock of @type with @nr frames. */
static void count_alike(enum pa_mt type, enum pa_mt start, uint32_t nr, struct pa_claim_test *t)
{
	if (type == PA_MOVABLE) /* most of what lives there is on an LRU list */
		t->movable = (uint16_t)(t->movable + t->unknown);
	if (start == PA_MOVABLE)
		t->alike = t->movable;
	else if (type == PA_MOVABLE)
		t->alike = (uint16_t)(nr - (uint32_t)(t->free + t->movable));
}

/*
 * Is the pageblock of @t->pfn, of which only that block is known to be free, worth claiming?
 * False with @t->tested unset if it may not be moved at all.
 */
static bool claim_test(const struct pa *pa, const struct pa_zone *z, enum pa_mt start,
		       struct pa_claim_test *t)
{
	uint32_t nr = (uint32_t)pa_pages(pa->pageblock_order);
	uint64_t first, end;

	if (!pa_block_range(pa, z, t->pfn, &first, &end))
		return false;
	count_block(pa, z, first, end, t);
	if (pa_version(pa)->counts_alike)
		count_alike((enum pa_mt) * pa_block(pa, z, t->pfn), start, nr, t);
	else
		t->movable = t->unknown = 0;
	t->tested = true;
	t->claimed = (uint32_t)(t->free + t->alike) >= nr / 2;
	return t->claimed;
}

/* -------------------------------------------------------------------------
 * Which page a fallback comes to
 */

/* A block of [@first, @end) that has @order, the lowest or the @highest; or PA_PFN_NONE. */
static uint64_t block_in(const struct pa *pa, const struct pa_zone *z, uint64_t first, uint64_t end,
			 unsigned int order, bool highest)
{
	uint64_t found = PA_PFN_NONE;

	for (uint64_t pfn = first; pfn < end;) {
		uint8_t tag = *pa_tag(pa, z, pfn);

		if (!pa_tag_is_head(tag)) {
			pfn++;
			continue;
		}
		if (pa_tag_order(tag) == order) {
			found = pfn;
			if (!highest)
				break;
		}
		pfn += pa_pages(pa_tag_order(tag));
	}
	return found;
}

/* First block of a list that does not start in [@first, @end), or PA_PFN_NONE. */
static uint64_t head_outside(const struct pa *pa, const struct pa_zone *z, unsigned int order,
			     enum pa_mt mt, uint64_t first, uint64_t end)
{
	uint64_t pfn = pa_head_of(z, order, mt);

	while (pfn != PA_PFN_NONE && pfn >= first && pfn < end)
		pfn = pa_pfn(z, pa_link_of(pa, z, pa_frame(z, pfn), order)->next);
	return pfn;
}

/*
 * __rmqueue_smallest once the free blocks of [@first, @end) were moved, one by one, to the tails
 * or to the heads of @mt's lists.  It ends at the order of the fallback block, which is one of
 * them, at the latest.
 */
static void smallest_after_move(const struct pa *pa, const struct pa_zone *z, enum pa_mt mt,
				uint64_t first, uint64_t end, struct pa_decision *d)
{
	bool tail = pa_version(pa)->tail_moves;
	unsigned int order = d->req.order;

	for (;; order++) {
		d->pfn = tail ? head_outside(pa, z, order, mt, first, end) :
				block_in(pa, z, first, end, order, true);
		if (d->pfn == PA_PFN_NONE)
			d->pfn = tail ? block_in(pa, z, first, end, order, false) :
					head_outside(pa, z, order, mt, first, end);
		if (d->pfn != PA_PFN_NONE)
			break;
	}
	d->from_order = (uint8_t)order;
}

/* Does a fallback of this kind hand out the very block it found? */
static bool takes_block(const struct pa *pa, enum pa_path path)
{
	switch (pa_version(pa)->fallback) {
	case PA_FALLBACK_SPLIT:
		return true;
	case PA_FALLBACK_STEAL_RETRY:
		return false;
	default:
		return path != PA_PATH_CLAIM;
	}
}

/* From path and fallback block to the page handed out.  False if the path is not possible. */
static bool settle(const struct pa *pa, const struct pa_zone *z, struct pa_decision *d)
{
	uint64_t first = d->fallback_pfn;
	uint64_t end = first + pa_pages(d->fallback_order);

	if ((d->path == PA_PATH_CLAIM || d->path == PA_PATH_MOVE) &&
	    !pa_block_range(pa, z, d->fallback_pfn, &first, &end))
		return false;
	if (takes_block(pa, (enum pa_path)d->path)) {
		d->pfn = d->fallback_pfn;
		d->from_order = d->fallback_order;
		return true;
	}
	smallest_after_move(pa, z, (enum pa_mt)d->req.mt, first, end, d);
	return true;
}

static void note_block(struct pa_decision *d, const struct pa_lent *b)
{
	d->fallback_pfn = b->pfn;
	d->fallback_order = (uint8_t)b->order;
	d->fallback_mt = (uint8_t)b->mt;
}

static bool take(const struct pa *pa, const struct pa_zone *z, const struct pa_lent *b,
		 enum pa_path path, struct pa_decision *d)
{
	d->path = (uint8_t)path;
	note_block(d, b);
	return settle(pa, z, d);
}

/* -------------------------------------------------------------------------
 * Up to early 6.12: __rmqueue_fallback, from 4.4 on with steal_suitable_fallback
 */

/* Largest first; but since 4.13 a MOVABLE request that may not claim splits the smallest it can. */
static bool find_block(const struct pa *pa, const struct pa_zone *z, const struct pa_request *req,
		       struct pa_lent *b)
{
	enum pa_mt start = (enum pa_mt)req->mt;
	uint32_t all = fallback_orders(pa, z, start);
	uint32_t orders = pa_orders_from(all, min_order(pa, req));

	if (!orders)
		return false;
	*b = fallback_at(pa, z, highest(orders), start);
	if (pa_version(pa)->fallback != PA_FALLBACK_SPLIT && !claimable(pa, b, start))
		*b = fallback_at(pa, z, pa_lowest(pa_orders_from(all, req->order)), start);
	return true;
}

/* @told replaces the outcome of the claim test, nothing else. */
static bool steal_suitable(const struct pa *pa, const struct pa_zone *z, const struct pa_lent *b,
			   const struct pa_told *told, struct pa_decision *d)
{
	enum pa_fallback flavour = pa_version(pa)->fallback;
	enum pa_mt start = (enum pa_mt)d->req.mt, type = *pa_block(pa, z, b->pfn);
	struct pa_claim_test *t = look_at(d, b);
	enum pa_path path = PA_PATH_STEAL;

	if (type == PA_HIGHATOMIC && flavour != PA_FALLBACK_SPLIT) {
		t->claimed = false;
	} else if (b->order >= pa->pageblock_order && b->mt != PA_CMA) {
		t->claimed = true;
		path = PA_PATH_CLAIM_WHOLE;
	} else {
		d->boosts += flavour != PA_FALLBACK_SPLIT;
		if (claimable(pa, b, start))
			claim_test(pa, z, start, t);
		if (t->tested && told)
			t->claimed = told->claimed;
		/* Up to 6.9 free pages move whether or not their pageblock is claimed. */
		if (t->tested && (flavour != PA_FALLBACK_STEAL_PAGE || t->claimed))
			path = t->claimed ? PA_PATH_CLAIM : PA_PATH_MOVE;
	}
	/* Blocks that had the type before look claimed in a trace. */
	if (told && told->claimed != t->claimed && !(told->claimed && type == start))
		return false;
	return take(pa, z, b, path, d);
}

static bool decide_one(const struct pa *pa, const struct pa_zone *z, const struct pa_told *told,
		       struct pa_decision *d)
{
	struct pa_lent b;

	if (told)
		return steal_suitable(pa, z, &told->block, told, d);
	if (!find_block(pa, z, &d->req, &b))
		return false;
	if (b.order < d->req.order) {
		note_block(d, &b);
		return false;
	}
	return steal_suitable(pa, z, &b, NULL, d);
}

/* -------------------------------------------------------------------------
 * Late 6.12 and 6.15 on: __rmqueue_claim and __rmqueue_steal
 */

/* try_to_steal_block, try_to_claim_block: is @b claimed?  @told decides in place of the test. */
static bool try_to_claim(const struct pa *pa, const struct pa_zone *z, const struct pa_lent *b,
			 const struct pa_told *told, struct pa_decision *d)
{
	struct pa_claim_test *t = look_at(d, b);

	if (pa_version(pa)->claim_skips_highatomic && *pa_block(pa, z, b->pfn) == PA_HIGHATOMIC)
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

static bool claim(const struct pa *pa, const struct pa_zone *z, const struct pa_told *told,
		  struct pa_decision *d)
{
	enum pa_mt start = (enum pa_mt)d->req.mt;
	/* Where the outcome is known, so is that the flag did not forbid it. */
	unsigned int min = told ? d->req.order : min_order(pa, &d->req);
	uint32_t orders = pa_orders_from(fallback_orders(pa, z, start), min);

	for (; orders; orders &= ~(1u << highest(orders))) {
		unsigned int order = highest(orders);
		struct pa_lent b = fallback_at(pa, z, order, start);

		if (!claimable(pa, &b, start))
			break;
		if (told && told->claimed && told->block.order == order)
			b = told->block;
		if (!try_to_claim(pa, z, &b, told, d))
			continue;
		d->next_mode = PA_MODE_NORMAL;
		return take(pa, z, &b,
			    order >= pa->pageblock_order ? PA_PATH_CLAIM_WHOLE : PA_PATH_CLAIM, d);
	}
	return false;
}

static bool steal(const struct pa *pa, const struct pa_zone *z, const struct pa_told *told,
		  struct pa_decision *d)
{
	enum pa_mt start = (enum pa_mt)d->req.mt;
	uint32_t orders = pa_orders_from(fallback_orders(pa, z, start), d->req.order);
	struct pa_lent b;

	if (!orders || (!told && d->req.flags & PA_ALLOC_NOFRAGMENT))
		return false;
	b = told ? told->block : fallback_at(pa, z, pa_lowest(orders), start);
	d->next_mode = PA_MODE_STEAL;
	return take(pa, z, &b, PA_PATH_STEAL, d);
}

static bool decide_claim_steal(const struct pa *pa, const struct pa_zone *z,
			       const struct pa_told *told, struct pa_decision *d)
{
	if (d->req.mode <= PA_MODE_CLAIM && claim(pa, z, told, d))
		return true;
	return !(told && told->claimed) && steal(pa, z, told, d);
}

bool pa_fall_back(const struct pa *pa, const struct pa_zone *z, const struct pa_told *told,
		  struct pa_decision *d)
{
	if (d->req.mt >= PA_PCPTYPES)
		return false;
	switch (pa_version(pa)->fallback) {
	case PA_FALLBACK_NONE:
		return false;
	case PA_FALLBACK_CLAIM_STEAL:
		return decide_claim_steal(pa, z, told, d);
	default:
		return decide_one(pa, z, told, d);
	}
}

/* -------------------------------------------------------------------------
 * Performing it
 */

bool pa_may_lend(const struct pa *pa, const struct pa_zone *z, const struct pa_request *req,
		 const struct pa_lent *b)
{
	const uint8_t *mt;

	if (req->mt >= PA_PCPTYPES)
		return false;
	for (mt = pa_version(pa)->lenders[req->mt]; lends(*mt) && *mt != b->mt; mt++)
		;
	if (!lends(*mt) || b->order < req->order || b->order >= pa->nr_orders ||
	    !pa_spanned(z, b->pfn, 1))
		return false;
	return *pa_tag(pa, z, b->pfn) == pa_head_tag(b->order, b->mt);
}

bool pa_fits_fallback(const struct pa *pa, const struct pa_zone *z, const struct pa_decision *d)
{
	const struct pa_lent b = { d->fallback_pfn, d->fallback_order, (enum pa_mt)d->fallback_mt };
	bool large = b.order >= pa->pageblock_order;
	struct pa_decision again;

	if (d->path >= PA_NR_PATHS ||
	    (d->path == PA_PATH_MOVE && pa_version(pa)->fallback >= PA_FALLBACK_STEAL_PAGE))
		return false;
	if (d->path != PA_PATH_STEAL && large != (d->path == PA_PATH_CLAIM_WHOLE))
		return false;
	if (!pa_may_lend(pa, z, &d->req, &b))
		return false;
	memcpy(&again, d, offsetof(struct pa_decision, tests));
	return settle(pa, z, &again) && again.pfn == d->pfn && again.from_order == d->from_order;
}

/* Does the rest of a block that is split keep the type it had?  Up to 4.4. */
static bool rest_stays(const struct pa *pa, const struct pa_lent *b, enum pa_mt start)
{
	return b->mt == PA_CMA || (pa_version(pa)->first_cut && !claimable(pa, b, start));
}

void pa_move_fallback(struct pa *pa, struct pa_zone *z, const struct pa_decision *d)
{
	const struct pa_lent b = { d->fallback_pfn, d->fallback_order, (enum pa_mt)d->fallback_mt };
	const struct pa_policy *policy = pa_version(pa);
	enum pa_mt to = (enum pa_mt)d->req.mt;
	uint64_t first = b.pfn, end = b.pfn + pa_pages(b.order);

	if (d->path == PA_PATH_STEAL) {
		if (policy->fallback == PA_FALLBACK_CLAIM_STEAL ||
		    (policy->fallback == PA_FALLBACK_SPLIT && rest_stays(pa, &b, to)))
			return;
		if (policy->fallback == PA_FALLBACK_STEAL_PAGE)
			to = *pa_block(pa, z, b.pfn);
	}
	if (d->path == PA_PATH_CLAIM || d->path == PA_PATH_MOVE)
		pa_block_range(pa, z, b.pfn, &first, &end);
	pa_move_range(pa, z, first, end, to);
	if (d->path == PA_PATH_CLAIM_WHOLE)
		pa_retype(pa, z, b.pfn, policy->first_cut ? pa->pageblock_order : b.order, to);
	else if (d->path == PA_PATH_CLAIM)
		pa_set_block(pa, z, b.pfn, to);
}

bool pa_fits_in_vain(const struct pa *pa, const struct pa_zone *z, const struct pa_decision *d)
{
	struct pa_lent b;

	return d->req.mt < PA_PCPTYPES && find_block(pa, z, &d->req, &b) &&
	       b.order < d->req.order && b.pfn == d->fallback_pfn;
}

/*
 * 5.4 with ALLOC_NOFRAGMENT: a request above pageblock order claims a pageblock that is too small
 * for it, looks at its own lists, claims the next, and gives up when there is none left.
 */
void pa_claim_in_vain(struct pa *pa, struct pa_zone *z, const struct pa_decision *d)
{
	enum pa_mt start = (enum pa_mt)d->req.mt;
	struct pa_lent b;

	while (find_block(pa, z, &d->req, &b)) {
		pa_move_range(pa, z, b.pfn, b.pfn + pa_pages(b.order), start);
		if (*pa_block(pa, z, b.pfn) != PA_HIGHATOMIC)
			pa_retype(pa, z, b.pfn, b.order, start);
	}
}
