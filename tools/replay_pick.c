/* SPDX-License-Identifier: GPL-2.0-only */
/* One pick: predict it, compare with the kernel's, say why they differ, and go on. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay_internal.h"

#define FNV_PRIME UINT64_C(0x100000001b3)
/* States up to this size are copied to try whether a late insertion explains a pick. */
#define TRIAL_MAX (UINT64_C(256) << 20)
/* After so many repairs it is the state that is bad: looking ahead each time would only cost. */
#define DOUBT_MAX 2048
#define UNSEEN_MAX 4096 /* pages in a refill that nothing tells of */

static const char *const class_names[] = {
#define X(id, name, what) name,
	REPLAY_CLASSES(X)
#undef X
};

static const char *const class_whats[] = {
#define X(id, name, what) what,
	REPLAY_CLASSES(X)
#undef X
};

const char *replay_class_name(enum replay_class c)
{
	return c < REPLAY_NR_CLASSES ? class_names[c] : NULL;
}

const char *replay_class_what(enum replay_class c)
{
	return c < REPLAY_NR_CLASSES ? class_whats[c] : NULL;
}

/* -------------------------------------------------------------------------
 * Comparing
 */

static void decide(const struct pa *pa, const struct pa_request *req, struct pa_decision *d)
{
	if (pa_decide(pa, req, d))
		*d = (struct pa_decision){ .req = *req, .pfn = PA_PFN_NONE };
}

/*
 * Up to 6.9 a block may lie on a list that is not of its pageblock's type.  Where that type is
 * the wanted one already, it is so afterwards, claimed or not: the trace tells nothing.
 */
static bool typed_before(const struct replay *r, const struct pa *pa, const struct pick *p)
{
	return !r->kernel->hygiene && p->kernel.fallback_pfn != PA_PFN_NONE &&
	       pa_pageblock(pa, p->kernel.fallback_pfn) == p->mt;
}

/* True if the core did all that the trace tells of the kernel. */
static bool compare(const struct replay *r, const struct pa *pa, const struct pick *p,
		    const struct pa_decision *d, struct replay_decision *out)
{
	const struct replay_kernel *k = &p->kernel;
	bool fell = pa_is_fallback(d);

	out->pick_exact = d->pfn == k->pfn && k->pfn != PA_PFN_NONE;
	if (!k->fallback)
		return out->pick_exact && !fell;
	out->fallback_exact =
		out->pick_exact && fell && d->fallback_order == k->fallback_order &&
		d->fallback_mt == k->fallback_mt &&
		(k->fallback_pfn == PA_PFN_NONE || d->fallback_pfn == k->fallback_pfn);
	out->claim_told = k->fallback_order < r->meta->pageblock_order &&
			  k->claim != REPLAY_CLAIM_UNKNOWN && !typed_before(r, pa, p);
	out->claim_exact =
		out->claim_told && fell && pa_is_claim(d) == (k->claim == REPLAY_CLAIM_YES);
	return out->fallback_exact && (!out->claim_told || out->claim_exact);
}

/* -------------------------------------------------------------------------
 * Frees that may have reached their list already
 */

static struct cpu_state *oldest_insertion(struct replay *r, uint32_t zone, const uint64_t *after)
{
	struct cpu_state *c, *oldest = NULL;
	uint32_t cpu;

	for (cpu = 0; cpu < r->nr_cpus; cpu++) {
		c = &r->cpus[cpu];
		if (c->has_insertion && c->insertion.zone == zone &&
		    (!after || c->insertion.event > *after) &&
		    (!oldest || c->insertion.event < oldest->insertion.event))
			oldest = c;
	}
	return oldest;
}

static void insert_up_to(struct replay *r, uint32_t zone, uint64_t last)
{
	struct cpu_state *c;

	while ((c = oldest_insertion(r, zone, NULL)) && c->insertion.event <= last) {
		c->has_insertion = false;
		replay_insertion(r, &c->insertion);
		r->res.reordered++;
	}
	r->zones[zone].races = true;
}

/* What is alike already is not written: memory that neither has touched stays so. */
static void copy_state(char *to, const char *from, size_t len)
{
	enum { PIECE = 4096 };
	size_t n;

	for (; len; len -= n, to += n, from += n) {
		n = len < PIECE ? len : PIECE;
		if (memcmp(to, from, n))
			memcpy(to, from, n);
	}
}

/*
 * A free seen before the lock may have got it before this pick: try the open ones, oldest
 * first, on a copy of the state, and keep what makes the pick agree.
 */
static bool place_insertions(struct replay *r, const struct pick *p, struct pa_decision *d,
			     struct replay_decision *out)
{
	struct cpu_state *c = oldest_insertion(r, p->zone, NULL);
	struct replay_decision tried = *out;
	struct pa_request req = d->req;
	struct pa_decision late;
	struct pa *trial;
	uint64_t last;

	if (!c || r->mem_size > TRIAL_MAX)
		return false;
	if (!r->trial)
		r->trial = calloc(1, r->mem_size);
	if (!r->trial)
		return false;
	copy_state(r->trial, r->mem, r->mem_size);
	trial = (struct pa *)((char *)r->trial + ((char *)r->pa - (char *)r->mem));
	for (; c; c = oldest_insertion(r, p->zone, &last)) {
		last = c->insertion.event;
		if (replay_insert(trial, r, &c->insertion) < 0)
			continue;
		decide(trial, &req, &late);
		if (!compare(r, trial, p, &late, &tried))
			continue;
		insert_up_to(r, p->zone, last);
		decide(r->pa, &req, d);
		return compare(r, r->pa, p, d, out);
	}
	return false;
}

/*
 * Compaction turned the list, which is a ring to it (move_freelist_head, move_freelist_tail
 * @ 5.1+): where the kernel's block is the first, the rest follows.
 */
static bool turn_list(struct replay *r, const struct pick *p, const struct pa_decision *d,
		      struct pa_decision *turned)
{
	const struct replay_kernel *k = &p->kernel;
	uint64_t block = k->fallback_pfn != PA_PFN_NONE ? k->fallback_pfn : k->pfn;
	struct replay_decision ignored = { .class = REPLAY_ROTATION };

	if (pa_rotate(r->pa, block, false) < 0)
		return false;
	r->res.rotations++;
	decide(r->pa, &d->req, turned);
	return compare(r, r->pa, p, turned, &ignored);
}

/* -------------------------------------------------------------------------
 * Why they differ
 */

/*
 * From 6.10 on the trace names the page handed out, not the block looked at.  After a claim
 * both are of one pageblock, so that block is found also where it is not the head of its list.
 */
static uint64_t claimed_block(const struct replay *r, const struct pick *p)
{
	uint64_t block = UINT64_C(1) << r->meta->pageblock_order;
	uint64_t pfn = p->kernel.pfn & -block, end = pfn + block;
	struct pa_page_info info;

	if (p->kernel.fallback_order >= r->meta->pageblock_order)
		return PA_PFN_NONE;
	for (; pfn < end; pfn += UINT64_C(1) << p->kernel.fallback_order)
		if (!pa_page(r->pa, pfn, &info) && info.head &&
		    info.order == p->kernel.fallback_order && info.mt == p->kernel.fallback_mt)
			return pfn;
	return PA_PFN_NONE;
}

/* What the core would have done, had it known where from and whether the kernel claimed. */
static bool told_decision(const struct replay *r, const struct pick *p, const struct pa_decision *d,
			  struct pa_decision *told)
{
	const struct replay_kernel *k = &p->kernel;
	uint64_t block = k->fallback_pfn;
	bool claimed = k->claim == REPLAY_CLAIM_YES;

	if (!k->fallback)
		return false;
	if (k->claim == REPLAY_CLAIM_UNKNOWN)
		claimed = pa_is_claim(d);
	if (block == PA_PFN_NONE && claimed)
		block = claimed_block(r, p);
	if (block == PA_PFN_NONE)
		block = pa_list_head(r->pa, p->zone, k->fallback_order, k->fallback_mt);
	return block != PA_PFN_NONE &&
	       !pa_decide_fallback(r->pa, &d->req, block, k->fallback_order, k->fallback_mt,
				   claimed, told) &&
	       told->pfn == k->pfn;
}

/* Did a claim test come out otherwise than the kernel's choice says? */
static bool test_contradicted(const struct pa_decision *d, const struct replay_kernel *k)
{
	const struct pa_claim_test *t;
	bool here;

	for (t = d->tests; t < d->tests + d->nr_tests; t++) {
		here = k->claim == REPLAY_CLAIM_YES && k->fallback_order == t->order &&
		       k->fallback_mt == t->mt;
		if (t->tested && t->claimed != here)
			return true;
	}
	return false;
}

/* Would the kernel's choice follow if the lock had, or had not, been given up before? */
static bool hold_decision(const struct replay *r, const struct pick *p, const struct cpu_state *c,
			  const struct pa_decision *d, struct pa_decision *other)
{
	struct replay_decision ignored = { .class = REPLAY_HOLD };
	struct pa_request req = d->req;
	bool stole = c->batch_mode == PA_MODE_STEAL && c->batch_zone == p->zone &&
		     c->batch_order == p->order && c->batch_mt == p->mt;

	if (r->policy->fallback != PA_FALLBACK_CLAIM_STEAL || !stole)
		return false;
	req.mode = p->mode == PA_MODE_NORMAL ? PA_MODE_STEAL : PA_MODE_NORMAL;
	decide(r->pa, &req, other);
	return compare(r, r->pa, p, other, &ignored);
}

/* The kernel's page is free in the core: is it on the list the core picked from? */
static bool same_list(const struct pick *p, const struct pa_decision *d,
		      const struct pa_page_info *info)
{
	bool fell = pa_is_fallback(d);

	return d->path != PA_PATH_NONE && fell == p->kernel.fallback &&
	       info->block == p->kernel.pfn &&
	       info->order == (fell ? d->fallback_order : d->from_order) &&
	       info->mt == (fell ? d->fallback_mt : p->mt);
}

/*
 * The kernel picks the first of a list (get_page_from_free_area).  It took a block behind others, and next
 * takes the one behind that: the others have left the list, and nothing told of them.
 */
static bool others_have_left(struct replay *r, const struct pick *p)
{
	uint64_t pfn = pa_list_head(r->pa, p->zone, p->order, p->mt), next;
	struct pa_page_info info;
	unsigned int n;

	if (p->kernel.fallback || pa_page(r->pa, p->kernel.pfn, &info) || !info.head ||
	    info.order != p->order || info.mt != p->mt)
		return false;
	next = pa_list_next(r->pa, p->kernel.pfn);
	if (next == PA_PFN_NONE || replay_later_pick(r, p) != next)
		return false;
	for (n = 0; pfn != p->kernel.pfn && n < UNSEEN_MAX; n++)
		pfn = pa_list_next(r->pa, pfn);
	return pfn == p->kernel.pfn;
}

static enum replay_class classify(struct replay *r, const struct pick *p,
				  const struct pa_decision *d)
{
	const struct zone_state *z = &r->zones[p->zone];
	struct pa_page_info info;

	if (r->res.lost)
		return REPLAY_LOST;
	if (r->policy != r->kernel)
		return REPLAY_POLICY;
	if (p->kernel.pfn == PA_PFN_NONE || pa_page(r->pa, p->kernel.pfn, &info) || !info.free ||
	    !same_list(p, d, &info))
		return REPLAY_MISSING;
	if (r->compacted > z->right[info.order][info.mt] || info.order >= r->reporting_order)
		return REPLAY_ROTATION;
	if (z->races)
		return REPLAY_ORDER;
	/* What was freed since the list was turned stands before the turned part and came first. */
	if (r->compacted)
		return REPLAY_ROTATION;
	if (others_have_left(r, p))
		return REPLAY_MISSING;
	return r->meta->unknown[0] ? REPLAY_POLICY : REPLAY_UNKNOWN;
}

/* -------------------------------------------------------------------------
 * Going on
 */

/* Make the state what the kernel's must be now, where no decision of the core does. */
static void force(struct replay *r, const struct pick *p)
{
	const struct replay_kernel *k = &p->kernel;
	uint64_t block = UINT64_C(1) << r->meta->pageblock_order, pfn, end;

	if (k->pfn == PA_PFN_NONE)
		return;
	replay_take(r, k->pfn, p->order);
	pfn = k->pfn;
	end = pfn + 1;
	if (k->fallback && k->fallback_order > r->meta->pageblock_order) {
		pfn &= -(UINT64_C(1) << k->fallback_order);
		end = pfn + (UINT64_C(1) << k->fallback_order);
	}
	/* Where a page was found on a list of this type, its pageblock is of this type. */
	if (k->fallback ? k->claim == REPLAY_CLAIM_YES :
			  r->policy->hygiene && pa_pageblock(r->pa, pfn) != p->mt)
		for (; pfn < end; pfn += block)
			pa_move_block(r->pa, pfn, p->mt);
	pa_set_use(r->pa, k->pfn, p->order, PA_USE_PINNED);
}

static void first_divergence(struct replay *r, const struct replay_decision *out)
{
	struct replay_divergence *first = &r->res.first;

	if (first->found)
		return;
	*first = (struct replay_divergence){ .found = true,
					     .event = out->event,
					     .ts = out->ts,
					     .class = out->class };
	replay_kernel_text(out, first->kernel, sizeof(first->kernel));
	replay_core_text(out, first->core, sizeof(first->core));
}

/*
 * Is it the record that is wrong?  A trace that somebody changed looks like that: the kernel's
 * page is picked later and was not given back before, or the core's was in use from then on.
 */
static bool record_is_false(const struct replay *r, const struct pick *p,
			    const struct pa_decision *d)
{
	enum replay_later kernel, core;
	struct pa_page_info info;

	if (d->path == PA_PATH_NONE || p->kernel.pfn == PA_PFN_NONE || d->pfn == p->kernel.pfn ||
	    r->res.repairs > DOUBT_MAX)
		return false;
	kernel = replay_later(r, p->last, p->kernel.pfn, p->order);
	core = replay_later(r, p->last, d->pfn, p->order);
	if (kernel == REPLAY_LATER_FREE)
		return core != REPLAY_LATER_FREE;
	if (core != REPLAY_LATER_ALLOC && core != REPLAY_LATER_USED)
		return false;
	return kernel == REPLAY_LATER_UNKNOWN || pa_page(r->pa, p->kernel.pfn, &info) || !info.free;
}

static bool take_others(struct replay *r, const struct pick *p)
{
	uint64_t pfn;

	if (!others_have_left(r, p))
		return false;
	while ((pfn = pa_list_head(r->pa, p->zone, p->order, p->mt)) != p->kernel.pfn)
		replay_take(r, pfn, p->order);
	return true;
}

unsigned int replay_take_unseen(struct replay *r, uint64_t after, const struct pa_request *req)
{
	enum replay_later later;
	struct pa_decision d;
	unsigned int n;

	for (n = 0; n < UNSEEN_MAX && r->res.repairs <= DOUBT_MAX; n++) {
		decide(r->pa, req, &d);
		if (d.path == PA_PATH_NONE || pa_is_fallback(&d))
			break;
		later = replay_later(r, after, d.pfn, req->order);
		if ((later != REPLAY_LATER_ALLOC && later != REPLAY_LATER_USED) ||
		    pa_commit(r->pa, &d))
			break;
	}
	return n;
}

/*
 * The kernel picked from a pageblock that is isolated here: isolation is over, for all of that range,
 * and the blocks were moved from the first to the last (undo_isolate_page_range).
 */
static bool end_isolation(struct replay *r, const struct pick *p)
{
	uint64_t block = UINT64_C(1) << r->meta->pageblock_order, pfn = p->kernel.pfn & -block;

	if (p->kernel.pfn == PA_PFN_NONE || pa_pageblock(r->pa, pfn) != PA_ISOLATE)
		return false;
	while (replay_zone(r, pfn - block) && pa_pageblock(r->pa, pfn - block) == PA_ISOLATE)
		pfn -= block;
	for (; replay_zone(r, pfn) && pa_pageblock(r->pa, pfn) == PA_ISOLATE; pfn += block)
		if (pa_unisolate(r->pa, pfn, PA_MOVABLE))
			return false;
	return true;
}

/*
 * They differ.  Count it in its class and, unless the core is to go on by itself, do what
 * the kernel did.  Returns the mode the same lock hold goes on with.
 */
static uint8_t differ(struct replay *r, const struct cpu_state *c, const struct pick *p,
		      const struct pa_decision *d, struct replay_decision *out)
{
	struct replay_class_count *count;
	struct pa_decision told;
	bool known, again;

	known = told_decision(r, p, d, &told);
	if (known && p->kernel.claim != REPLAY_CLAIM_UNKNOWN && test_contradicted(d, &p->kernel)) {
		out->class = REPLAY_LRU;
	} else if (hold_decision(r, p, c, d, &told)) {
		out->class = REPLAY_HOLD;
		known = true;
	} else {
		out->class = classify(r, p, d);
	}

	count = &r->res.classes[out->class];
	count->picks += !out->pick_exact;
	count->fallbacks += p->kernel.fallback && !out->fallback_exact;
	count->claims += out->claim_told && !out->claim_exact;
	first_divergence(r, out);
	if (r->opt.no_repair) {
		if (d->path != PA_PATH_NONE)
			pa_commit(r->pa, d);
		return d->next_mode;
	}
	if (!known && record_is_false(r, p, d)) {
		pa_commit(r->pa, d);
		return d->next_mode;
	}
	count->repairs++;
	r->res.repairs++;
	/* A block that is first only in the core is wrong for the next picks too: twice is enough. */
	again = d->pfn == r->misled && d->path != PA_PATH_NONE;
	if ((out->class == REPLAY_ROTATION || (out->class == REPLAY_ORDER && again)) &&
	    turn_list(r, p, d, &told))
		known = true;
	if (out->class == REPLAY_MISSING && !known &&
	    (end_isolation(r, p) || take_others(r, p) || replay_take_unseen(r, p->last, &d->req))) {
		decide(r->pa, &d->req, &told);
		known = told.path != PA_PATH_NONE && told.pfn == p->kernel.pfn;
	}
	r->misled = d->pfn;
	if (known && !pa_commit(r->pa, &told))
		return told.next_mode;
	if (out->class == REPLAY_MISSING && again)
		replay_take(r, d->pfn, p->order);
	force(r, p);
	return p->kernel.fallback && p->kernel.claim == REPLAY_CLAIM_NO ? PA_MODE_STEAL :
									  PA_MODE_NORMAL;
}

static void count_pick(struct replay *r, const struct replay_decision *out)
{
	struct replay_result *res = &r->res;

	res->picks++;
	res->picks_exact += out->pick_exact;
	if (!out->kernel.fallback)
		return;
	res->fallbacks++;
	res->fallbacks_exact += out->fallback_exact;
	res->claims += out->claim_told;
	res->claims_exact += out->claim_exact;
	res->claims_untold +=
		!out->claim_told && out->kernel.fallback_order < r->meta->pageblock_order;
}

void replay_pick(struct replay *r, uint32_t cpu, const struct pick *p)
{
	struct cpu_state *c = &r->cpus[cpu];
	struct zone_state *z = &r->zones[p->zone];
	const struct pa_request req = {
		.zone = p->zone, .order = p->order, .mt = p->mt, .mode = p->mode
	};
	struct replay_decision out = {
		.event = p->event,
		.ts = p->ts,
		.cpu = cpu,
		.kernel = p->kernel,
		.class = REPLAY_SAME,
	};
	struct pa_decision d;
	bool same;

	if (!z->begin) {
		r->res.picks_skipped++;
		c->batch = false;
		return;
	}
	decide(r->pa, &req, &d);
	out.core = &d;
	same = compare(r, r->pa, p, &d, &out) ||
	       (!r->opt.no_repair && place_insertions(r, p, &d, &out));
	r->res.decisions_hash = (r->res.decisions_hash ^ d.pfn) * FNV_PRIME;
	r->res.decisions_hash = (r->res.decisions_hash ^ d.path) * FNV_PRIME;
	count_pick(r, &out);

	if (same) {
		c->batch_mode = d.next_mode;
		if (!pa_is_fallback(&d))
			z->right[d.from_order][p->mt] = p->event + 1;
		pa_commit(r->pa, &d);
	} else {
		c->batch_mode = differ(r, c, p, &d, &out);
	}
	c->batch = true;
	c->batch_zone = p->zone;
	c->batch_order = p->order;
	c->batch_mt = p->mt;
	if (r->opt.decision)
		r->opt.decision(r->opt.arg, &out);
}

/* -------------------------------------------------------------------------
 * For people
 */

void replay_kernel_text(const struct replay_decision *d, char *buf, size_t len)
{
	static const char *const claims[] = { "claim not told", "pageblock kept",
					      "pageblock claimed" };
	const struct replay_kernel *k = &d->kernel;

	if (k->pfn == PA_PFN_NONE)
		snprintf(buf, len, "page not told");
	else if (!k->fallback)
		snprintf(buf, len, "0x%" PRIx64 " from its list", k->pfn);
	else
		snprintf(buf, len, "0x%" PRIx64 " by fallback to order %u %s, %s", k->pfn,
			 k->fallback_order, pa_mt_name(k->fallback_mt), claims[k->claim]);
}

void replay_core_text(const struct replay_decision *d, char *buf, size_t len)
{
	const struct pa_decision *c = d->core;

	if (c->path == PA_PATH_NONE)
		snprintf(buf, len, "nothing fits");
	else if (!pa_is_fallback(c))
		snprintf(buf, len, "0x%" PRIx64 " from its list, order %u", c->pfn, c->from_order);
	else
		snprintf(buf, len, "0x%" PRIx64 " by fallback to order %u %s, pageblock %s", c->pfn,
			 c->fallback_order, pa_mt_name(c->fallback_mt),
			 pa_is_claim(c) ? "claimed" : "kept");
}
