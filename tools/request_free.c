/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages that are given back: pushes to per-cpu lists, frees past them, and what empties the lists.
 *
 * What drains does so once its CPU is seen to: others may take zone->lock before it.
 */
#include <errno.h>
#include <string.h>

#include "request_internal.h"

/* compaction_capture took what the CPU freed just now, for the attempt of that order that failed. */
static void take_capture(struct request *r, uint32_t cpu, unsigned int order, uint64_t pfn)
{
	struct run_cpu *c = &r->cpus[cpu];

	for (uint32_t i = c->nr_tries; i-- > 0;)
		if (c->tries[i].order == order && c->tries[i].captured == NO_PFN) {
			c->tries[i].captured = (uint32_t)pfn;
			r->res.captures++;
			return;
		}
}

/*
 * Where the event says that compaction captured a block as this one was freed, it may do so in the
 * core: between these two.  That the type allows it, the event says too.
 */
static void start_capture(struct request *r, const struct trace_event *ev)
{
	if (request_captured(ev) >= 0)
		pa_start_capture(r->pa, (uint32_t)(request_zone_of(r, ev) - r->zones),
				 (unsigned int)request_captured(ev), PA_MOVABLE);
}

static void end_capture(struct request *r, const struct trace_event *ev)
{
	uint64_t pfn = request_captured(ev) >= 0 ? pa_end_capture(r->pa) : PA_PFN_NONE;

	if (pfn != PA_PFN_NONE)
		take_capture(r, ev->cpu, (unsigned int)request_captured(ev), pfn);
}

/* Free the core's @pfn past the per-cpu lists. */
static void free_past(struct request *r, uint32_t cpu, uint64_t pfn, unsigned int order)
{
	if (pfn != PA_PFN_NONE &&
	    pa_free_direct(r->pa, request_core_cpu(r, cpu), pfn, order, 0, NULL))
		r->res.frees_unknown++;
}

/* Make an allocation of @order at the core's @pfn out of the larger one that it is part of. */
static bool cut_out(struct request *r, uint64_t pfn, unsigned int order)
{
	for (unsigned int k = order; k < r->meta->nr_orders; k++) {
		uint64_t head = pfn & ~((UINT64_C(1) << k) - 1);
		int found = pa_allocated(r->pa, head);

		if (found < (int)k || (found == (int)k && k == order))
			continue;
		while (found > (int)order) {
			if (pa_split_page(r->pa, head, (unsigned int)found,
					  (unsigned int)found - 1))
				return false;
			found--;
			head = pfn & ~((UINT64_C(1) << found) - 1);
		}
		return true;
	}
	return false;
}

/* The core's page for the allocation that the kernel has at @pfn; it ends here. */
uint64_t request_take_handle(struct request *r, const struct run_zone *z, uint64_t pfn,
			     unsigned int order)
{
	uint64_t frame = request_frame(z, pfn), core = r->handle[frame];
	uint64_t n = UINT64_C(1) << order;

	r->handle[frame] = NO_HANDLE;
	for (uint64_t i = 1; i < n && pfn + i < z->end; i++)
		r->handle[frame + i] = NO_HANDLE;
	if (core == NO_HANDLE) {
		r->res.frees_before++;
		if (r->described)
			return PA_PFN_NONE;
		if (!pa_set_allocated(r->pa, pfn, order, PA_USE_PINNED))
			return pfn;
		r->res.frees_unknown++;
		return PA_PFN_NONE;
	}
	if (core == NO_PAGE)
		return PA_PFN_NONE;
	if (pa_allocated(r->pa, core) == (int)order || cut_out(r, core, order))
		return core;
	r->res.frees_unknown++;
	return PA_PFN_NONE;
}

/*
 * Between two holds of its locks a push gives up where it finds the list's lock taken or itself on another CPU
 * (free_frozen_page_commit @ 6.19+).  Or an interrupt has come, or another task: then its last look is yet to
 * come.  Where it has emptied the lists, itself, it is over, true; but of two that came upon one another the other may
 * be left, and which of them it was that emptied them is not known.
 */
static bool leave_between(struct request *r, struct run_cpu *c)
{
	bool emptied = !request_pages_on_lists(r, c->bulk.zone, c->bulk.cpu);

	if (c->what == WHAT_FOLD) {
		request_cut(c, WHAT_FOLD, false);
	} else if (!emptied || !c->emptied || c->resumed) {
		request_cut(c, WHAT_PUSH, emptied);
		r->res.drains_cut++;
	}
	c->bulk.left = 0;
	return emptied;
}

/* What the core has left to drain in the hold that ended.  True: see request_ends_too_early(). */
static bool finish_bulk(struct request *r, struct run_cpu *c)
{
	bool any = c->drained, early = false;

	/* One of two, that has emptied the lists: the other is between two holds. */
	if (c->what == WHAT_PUSH && c->resumed && c->emptied && c->bulk.left > 0)
		c->bulk.between = true;
	if (c->bulk.between && c->bulk.left > 0) {
		any &= leave_between(r, c);
	} else {
		do {
			while (c->bulk.left > 0 && pa_bulk_step(r->pa, &c->bulk, NULL) > 0)
				r->res.drained.core++;
		} while (c->what == WHAT_FOLD && request_next_fold(r, c));
	}
	if (any && c->what == WHAT_PUSH)
		early = request_ends_too_early(r, &c->bulk);
	if (c->what != WHAT_DRAIN_PAGES)
		c->what = WHAT_NOTHING;
	c->bulk.left = 0;
	c->drained = false;
	return early;
}

void request_finish_hold(struct request *r, uint32_t cpu)
{
	struct run_cpu *c = &r->cpus[cpu];

	request_end_refill(r, cpu);
	if (!c->draining)
		return;
	c->draining = false;
	finish_bulk(r, c);
}

bool request_drains_next(const struct request *r, const struct trace_event *ev)
{
	if (ev->type != EV_FREE)
		return ev->note & WIN_DRAINS;
	for (uint32_t n = 0; n < INTERRUPT_EVENTS && (ev = request_next_of(r, ev)); n++) {
		if (ev->type == EV_DRAIN)
			return true;
		if (ev->type == EV_PUSH || ev->type == EV_VMSTAT || ev->type == EV_DRAIN_PAGES)
			return false;
	}
	return false;
}

int32_t request_row_of(const struct request *r, const struct trace_event *ev, uint32_t zone)
{
	int32_t pages = 0;

	while ((ev = request_next_of(r, ev)) && ev->type == EV_DRAIN)
		if (request_zone_of(r, ev) == &r->zones[zone])
			pages += 1 << ev->order;
	return pages;
}

/* The next hold of drain_pages_zone. */
static void start_drain_pages(struct request *r, uint32_t cpu)
{
	struct run_cpu *c = &r->cpus[cpu];
	const struct trace_event *popped = request_has_popped(r, c->drain_of);

	request_end_refill(r, c->drain_of);
	request_late_push(r, c->drain_of, NULL);
	if (popped)
		request_make_early(r, popped);
	request_ask_later(r, c->drain_of, c->drain_zone);
	pa_drain_start(r->pa, c->drain_zone, request_core_cpu(r, c->drain_of),
		       request_core_cpu(r, cpu), &c->bulk);
	c->drain_goes_on = request_pages_on_lists(r, c->drain_zone,
						  request_core_cpu(r, c->drain_of)) > c->bulk.left;
	r->res.drain_alls += c->bulk.left > 0;
}

/* ZONE_RECLAIM_ACTIVE as the push finds it. */
static void tell_reclaiming(struct request *r, uint32_t zone, bool active)
{
	struct pa_zone_state state;

	if (r->zones[zone].reclaiming == active || pa_zone_get(r->pa, zone, &state))
		return;
	r->zones[zone].reclaiming = active;
	state.flags &= ~PA_ZONE_RECLAIM_ACTIVE;
	state.flags |= active ? PA_ZONE_RECLAIM_ACTIVE : 0;
	pa_zone_set(r->pa, zone, &state);
}

/* The type of the pageblock when the kernel asked: in free_pages_prepare, later from 6.10 on. */
static enum pa_mt type_of(const struct request *r, uint64_t frame, uint64_t core)
{
	uint8_t asked = r->kernel->hygiene ? NO_MT : r->asked[frame];
	int now;

	if (asked != NO_MT)
		return (enum pa_mt)asked;
	now = pa_pageblock(r->pa, core);
	return now < 0 ? PA_MOVABLE : (enum pa_mt)now;
}

/*
 * What a push was told of the list's high, just before, beside the core's: @high.  Which event it was
 * is kept of the first that differs.
 */
static void compare_high(struct request *r, const struct push *p, int32_t high)
{
	if (!p->high || high < 0)
		return;
	r->res.highs++;
	if ((uint32_t)high == p->high)
		r->res.highs_exact++;
	else if (r->res.first_high == UINT64_MAX)
		r->res.first_high = p->number;
}

/* How many pages the lists may hold that a push goes to; -1: it was not told, or is none. */
static int32_t high_of(const struct request *r, uint32_t cpu, const struct push *p)
{
	int zone = p->high ? pa_zone_of(r->pa, p->pfn) : -1;
	struct pa_pcp pcp;

	if (zone < 0 || pa_pcp_get(r->pa, (uint32_t)zone, request_core_cpu(r, cpu), &pcp))
		return -1;
	return pcp.high;
}

/* What the push left in c->bulk; if the CPU is not seen to drain, what is too much goes at once. */
static void pushed(struct request *r, struct run_cpu *c, const struct push *p, bool drains)
{
	c->what = WHAT_PUSH;
	c->pid = p->pid;
	c->drained = c->bulk.left > 0;
	c->resumed = false;
	if (drains)
		return;
	r->res.drains.core += c->drained;
	finish_bulk(r, c);
}

/* free_unref_page_commit */
static void push(struct request *r, uint32_t cpu, const struct push *p, bool drains)
{
	struct run_cpu *c = &r->cpus[cpu];
	int32_t high = high_of(r, cpu, p);

	if (pa_push(r->pa, request_core_cpu(r, cpu), p->pfn, p->order, (enum pa_mt)p->mt,
		    &c->bulk)) {
		r->res.frees_unknown +=
			!!pa_free_pages(r->pa, request_core_cpu(r, cpu), p->pfn, p->order, NULL);
		return;
	}
	compare_high(r, p, high);
	pushed(r, c, p, drains);
}

/* The push, if it comes out as its CPU is seen to go on; -EAGAIN: it would not. */
static int push_as_seen(struct request *r, uint32_t cpu, const struct push *p)
{
	struct run_cpu *c = &r->cpus[cpu];
	int32_t high = high_of(r, cpu, p);
	int err = pa_push_as(r->pa, request_core_cpu(r, cpu), p->pfn, p->order, (enum pa_mt)p->mt,
			     p->drains, &c->bulk);

	if (err)
		return err;
	compare_high(r, p, high);
	pushed(r, c, p, p->drains);
	return 0;
}

/*
 * A push that drains, though nothing it was told of would make it: since then an attempt of another
 * CPU has set ZONE_BELOW_HIGH, or else kswapd has begun.
 */
static void push_that_drains(struct request *r, uint32_t cpu, const struct push *p)
{
	int zone = pa_zone_of(r->pa, p->pfn);
	bool was_active;

	if (zone < 0 || !(p->balancing || r->zones[zone].balancing)) {
		push(r, cpu, p, true);
	} else if (push_as_seen(r, cpu, p)) {
		was_active = r->zones[zone].reclaiming;
		tell_reclaiming(r, (uint32_t)zone, true);
		push(r, cpu, p, true);
		if (!r->zones[zone].balancing) /* it has ended since */
			tell_reclaiming(r, (uint32_t)zone, was_active);
	}
}

void request_late_push(struct request *r, uint32_t cpu, const struct trace_event *ev)
{
	struct push *late = &r->cpus[cpu].late;
	bool drain = ev && ev->type == EV_DRAIN;

	if (!late->waits || (ev && late->drains && !drain))
		return;
	late->waits = false;
	r->nr_late--;
	if (drain && late->drains)
		push_that_drains(r, cpu, late);
	else
		push(r, cpu, late, false);
}

/*
 * kswapd has begun, and sets ZONE_RECLAIM_ACTIVE any moment (set_reclaim_active in balance_pgdat): a push that
 * was told that it is not there may find it.  Where it drains either way, but not as much, the row that the
 * CPU drains tells.
 */
static void ask_row(struct request *r, uint32_t cpu, const struct push *p)
{
	const struct trace_event *ev = request_event(r, p->number);
	int zone = pa_zone_of(r->pa, p->pfn);
	int32_t without, with, row;

	if (zone < 0 || !r->zones[zone].balancing || r->zones[zone].reclaiming)
		return;
	row = request_row_of(r, ev, (uint32_t)zone);
	without = pa_push_size(r->pa, (uint32_t)zone, request_core_cpu(r, cpu), p->order);
	tell_reclaiming(r, (uint32_t)zone, true);
	with = pa_push_size(r->pa, (uint32_t)zone, request_core_cpu(r, cpu), p->order);
	if (!without || without == row || with != row)
		tell_reclaiming(r, (uint32_t)zone, false);
}

/*
 * Would the lists be too short for @p to drain, whatever flags it finds?  ZONE_RECLAIM_ACTIVE leaves them four
 * batches, or high_min (nr_pcp_high).  Then what its CPU is seen to drain is another task's doing.
 */
static bool cannot_drain(const struct request *r, uint32_t cpu, const struct push *p)
{
	int zone = pa_zone_of(r->pa, p->pfn);
	struct pa_pcp pcp;

	return !p->order && zone >= 0 &&
	       !pa_pcp_get(r->pa, (uint32_t)zone, request_core_cpu(r, cpu), &pcp) &&
	       pcp.count + 1 < pcp.high_min && pcp.count + 1 < 4 * pcp.batch;
}

/* Does its CPU hand it out again before it is seen to drain?  Then it is on the list. */
static bool is_handed_out(const struct request *r, const struct push *p)
{
	const struct trace_event *push = request_event(r, p->number), *ev = push;

	for (uint32_t n = 0; n < INTERRUPT_EVENTS && (ev = request_next_of(r, ev)); n++) {
		if (ev->type == EV_DRAIN)
			return false;
		if (ev->type == EV_ALLOC && ev->pfn == push->pfn)
			return true;
	}
	return false;
}

/* Now, or if that is not what its CPU is seen to do next, later. */
static void push_or_wait(struct request *r, uint32_t cpu, const struct push *p)
{
	struct run_cpu *c = &r->cpus[cpu];
	int err;

	if (r->has_pushes && p->drains)
		ask_row(r, cpu, p);
	err = r->has_pushes ? push_as_seen(r, cpu, p) : -EINVAL;
	if (err == -EAGAIN && p->drains && (cannot_drain(r, cpu, p) || is_handed_out(r, p))) {
		push(r, cpu, p, true);
	} else if (err == -EAGAIN) {
		c->late = *p;
		c->late.waits = true;
		r->nr_late++;
	} else if (err) {
		push(r, cpu, p, p->drains);
	}
}

/*
 * Has the pageblock of the push @ev been claimed, and was of type @mt before, since its CPU was last heard of?  A free
 * asks for the type before it has the list's lock (__free_frozen_pages, free_unref_folios @ 7.3).
 */
static bool was_claimed(const struct request *r, const struct trace_event *ev, uint8_t mt)
{
	for (uint32_t i = 0; i < MAX_CLAIMS && i < r->nr_claims; i++) {
		const struct claim *c = &r->claims[i];

		if (c->number > r->cpus[ev->cpu].played && c->before == mt &&
		    c->block == ev->pfn >> r->meta->pageblock_order)
			return true;
	}
	return false;
}

/*
 * The type that the page is pushed with.  Where the event tells of another one than the core's pageblock has,
 * and another CPU is about to claim that pageblock for just that type, it has done so by now; or from it, and
 * the core made it do so early, for its boost, it has not.
 */
static enum pa_mt type_of_push(struct request *r, const struct trace_event *ev, uint64_t frame,
			       uint64_t core)
{
	uint64_t block = UINT64_C(1) << r->meta->pageblock_order;
	uint8_t told = request_type_of(r, ev->mt);
	enum pa_mt type = type_of(r, frame, core);

	if (ev->type != EV_PUSH || told >= PA_PCPTYPES || told == type)
		return type;
	for (uint32_t i = 0; i < r->nr_cpus; i++) {
		const struct trace_event *claim =
			i == ev->cpu ? NULL : request_fallback_at_work(r, i);

		if (claim && claim->bits & EV_CLAIMED && claim->pfn / block == ev->pfn / block &&
		    (request_type_of(r, claim->mt) == told ||
		     request_type_of(r, trace_fallback_mt(claim)) == told))
			return (enum pa_mt)told;
	}
	return was_claimed(r, ev, told) ? (enum pa_mt)told : type;
}

/* A push that nothing else its CPU is at matters to, and that is not seen to drain. */
static bool is_plain(const struct request *r, const struct trace_event *ev,
		     const struct run_zone *z)
{
	const struct run_cpu *c = &r->cpus[ev->cpu];

	return ev->type == EV_PUSH && !ev->order && !(ev->note & WIN_DRAINS) && !c->nr_tries &&
	       !c->refill.open && !c->draining && c->what != WHAT_DRAIN_PAGES && !z->kept_below &&
	       z->reclaiming == !!(ev->bits & EV_RECLAIMING);
}

/* As nearly always: the page goes to the CPU's list, which stays short enough. */
static bool push_at_once(struct request *r, const struct trace_event *ev, const struct run_zone *z)
{
	uint64_t frame = request_frame(z, ev->pfn);
	struct push p = { .pfn = r->handle[frame], .number = r->now, .high = ev->arg };
	struct run_cpu *c = &r->cpus[ev->cpu];
	uint32_t zone = (uint32_t)(z - r->zones);
	int32_t high;

	if (p.pfn >= NO_PAGE || request_told_above(r, ev, zone) ||
	    request_keeps_high(r, ev, zone) || request_lowers_late(r, ev, zone))
		return false;
	high = high_of(r, ev->cpu, &p);
	if (pa_push_as(r->pa, request_core_cpu(r, ev->cpu), p.pfn, 0,
		       type_of_push(r, ev, frame, p.pfn), false, &c->bulk))
		return false;
	compare_high(r, &p, high);
	r->handle[frame] = NO_HANDLE;
	r->asked[frame] = NO_MT;
	r->res.frees++;
	c->picking = c->drained = false;
	c->what = WHAT_NOTHING;
	return true;
}

void request_on_push(struct request *r, const struct trace_event *ev, const struct run_zone *z)
{
	struct run_cpu *c = &r->cpus[ev->cpu];
	const struct trace_event *popped;
	uint64_t frame = request_frame(z, ev->pfn);
	struct push p = { .number = r->now, .high = ev->arg, .pid = ev->pid, .order = ev->order };
	uint32_t zone = (uint32_t)(z - r->zones);
	bool early, late;

	if (c->undecayed && ev->type == EV_PUSH)
		request_find_decayed(r, ev, zone);
	if (c->nr_growths && ev->type == EV_PUSH)
		request_settle_growths(r, ev, zone);
	request_pass_late(r, ev, zone);
	if (is_plain(r, ev, z) && push_at_once(r, ev, z))
		return;
	popped = request_has_popped(r, ev->cpu);
	request_end_hold(r, ev->cpu);
	if (ev->type == EV_PUSH)
		tell_reclaiming(r, zone,
				ev->bits & EV_RECLAIMING && !request_reclaim_is_over(r, ev, zone));
	if (popped && !request_waits_for_page(r, ev, zone, popped))
		request_make_early(r, popped);
	r->res.frees++;
	request_cut_drain_pages(c);
	c->what = WHAT_NOTHING;
	if (ev->type == EV_FREE) /* its push was not seen: the drain to come is not that one's */
		request_late_push(r, ev->cpu, NULL);
	p.pfn = request_take_handle(r, z, ev->pfn, ev->order);
	if (p.pfn == PA_PFN_NONE)
		return;
	p.drains = request_drains_next(r, ev);
	p.balancing = r->zones[zone].balancing;
	p.mt = (uint8_t)type_of_push(r, ev, frame, p.pfn);
	r->asked[frame] = NO_MT; /* the next time mm_page_free may be missed */
	if (ev->type == EV_PUSH && !(ev->bits & EV_BELOW_HIGH) && r->zones[zone].kept_below) {
		r->zones[zone].kept_below = false; /* by now it is over */
		request_set_below_high(r, zone, false);
	}
	request_look_after_drains(r, ev, zone);
	early = !p.drains && request_keeps_high(r, ev, zone);
	early |= request_is_set_later(r, ev, zone) &&
		 (p.drains || !request_lowers_high(r, ev, zone));
	late = !p.drains && request_lowers_late(r, ev, zone);
	if (early || late)
		request_set_below_high(r, zone, late);
	push_or_wait(r, ev->cpu, &p);
	if (early || late)
		request_set_below_high(r, zone, early);
}

/*
 * A push that was not recorded, as the interrupt that made it met the recorder at work: the block is
 * seen to leave a list, of whichever CPU, that it was not seen to enter.  Or it stays there for as long as is known.
 */
static bool lost_push(const struct request *r, const struct trace_event *ev)
{
	const struct trace_event *next, *told;

	if (ev->note & WIN_PUSHED)
		return false;
	next = request_next_of(r, ev);
	if (!next || pa_pcp_index(r->pa, ev->order, PA_MOVABLE) < 0)
		return false;
	if (next->pfn == ev->pfn && next->type != EV_DRAIN)
		return false;
	told = request_next_of_block(r, ev);
	if (!told)
		return request_stays_on_list(r, ev);
	return (told->type == EV_DRAIN || told->type == EV_ALLOC) && told->order == ev->order;
}

/* Up to 6.9 free_pages_prepare asks for the type, here. */
static void ask_for_type(struct request *r, const struct trace_event *ev, const struct run_zone *z)
{
	uint64_t frame = request_frame(z, ev->pfn), core = r->handle[frame];
	int now = pa_pageblock(r->pa, core < NO_PAGE ? core : ev->pfn);

	r->asked[frame] = now < 0 ? NO_MT : (uint8_t)now;
}

/* mm_page_free: where pushes are recorded, these or zone_free tell the rest. */
void request_on_free(struct request *r, const struct trace_event *ev, const struct run_zone *z)
{
	const struct trace_event *next = request_next_of(r, ev);

	if (!r->kernel->hygiene)
		ask_for_type(r, ev, z);
	request_end_hold(r, ev->cpu);
	if (r->has_pushes ? !lost_push(r, ev) :
			    next && next->type == EV_ZONE_FREE && next->pfn == ev->pfn)
		return;
	if (pa_pcp_index(r->pa, ev->order, PA_MOVABLE) >= 0)
		request_on_push(r, ev, z);
	else
		request_on_zone_free(r, ev, z);
}

/* A free past the per-cpu lists: of an order that these hold, it found its list locked. */
void request_on_zone_free(struct request *r, const struct trace_event *ev, const struct run_zone *z)
{
	request_end_hold(r, ev->cpu);
	r->res.frees++;
	r->res.bypasses += pa_pcp_index(r->pa, ev->order, PA_MOVABLE) >= 0;
	start_capture(r, ev);
	free_past(r, ev->cpu, request_take_handle(r, z, ev->pfn, ev->order), ev->order);
	end_capture(r, ev);
}

void request_on_drain_pages(struct request *r, const struct trace_event *ev)
{
	struct run_cpu *c = &r->cpus[ev->cpu];
	const struct run_zone *z = request_zone(r, ev->pfn);

	request_end_hold(r, ev->cpu);
	c->what = WHAT_NOTHING;
	c->bulk.left = 0;
	if (!z || ev->arg >= r->nr_cpus)
		return;
	c->what = WHAT_DRAIN_PAGES;
	c->pid = ev->pid;
	c->drain_goes_on = true;
	c->drain_zone = (uint32_t)(z - r->zones);
	c->drain_of = ev->arg;
}

static void take_drain_pages(struct run_cpu *c, uint32_t of, uint32_t zone, uint32_t pid)
{
	c->what = WHAT_DRAIN_PAGES;
	c->pid = pid;
	c->drain_of = of;
	c->drain_zone = zone;
	c->drain_goes_on = true;
}

/* Something came upon it on the other CPU before its task went on here, which is known by its process alone. */
static bool take_cut_over(struct run_cpu *c, struct run_cpu *other, uint32_t pid)
{
	struct cut cut;

	for (uint32_t i = other->nr_cuts; pid && i-- > 0;) {
		if (other->cuts[i].what != WHAT_DRAIN_PAGES || other->cuts[i].pid != pid)
			continue;
		cut = request_take_cut(other, i);
		take_drain_pages(c, cut.drain_of, cut.drain_zone, pid);
		return true;
	}
	return false;
}

/* drain_pages_zone goes on here, if another CPU was at it: the task has moved between two holds. */
static void take_over(struct request *r, struct run_cpu *c, uint32_t pid)
{
	for (uint32_t i = 0; i < r->nr_cpus; i++) {
		struct run_cpu *other = &r->cpus[i];

		if (other == c)
			continue;
		if (other->what == WHAT_DRAIN_PAGES && other->drain_goes_on &&
		    other->bulk.left <= 0 && (!pid || !other->pid || pid == other->pid)) {
			other->what = WHAT_NOTHING;
			take_drain_pages(c, other->drain_of, other->drain_zone, other->pid);
			return;
		}
		if (take_cut_over(c, other, pid))
			return;
	}
}

/*
 * It was an interrupt, if anything: the CPU goes on to drain @zone.  What came upon that drain and was cut
 * in another zone has given up.
 */
static void resume(struct request *r, struct run_cpu *c, uint32_t zone, uint32_t pid)
{
	uint32_t at = request_cut_of(c, zone, pid);
	const struct trace_event *popped;
	struct cut last;

	if (!at) {
		take_over(r, c, pid);
		return;
	}
	last = request_take_cut(c, at - 1);
	c->what = last.what;
	c->pid = last.pid;
	if (last.what == WHAT_DRAIN_PAGES) {
		c->drain_of = last.drain_of;
		c->drain_zone = last.drain_zone;
		return;
	}
	/* A request that came in between and is stopped by this has the page that it will name. */
	popped = request_has_popped(r, (uint32_t)(c - r->cpus));
	if (popped && request_zone_of(r, popped) == &r->zones[zone])
		request_make_early(r, popped);
	c->bulk = last.bulk;
	c->fold_turn = last.fold_turn;
	c->draining = true; /* it is still the same one */
	if (last.what == WHAT_FOLD)
		return;
	c->drained = c->resumed = true;
	r->res.drains_cut--;
}

/* Blocks that the CPU is seen to drain one after the other, with nobody else at work. */
static bool drain_at_once(struct request *r, const struct trace_event *ev, struct run_cpu *c)
{
	int n;

	if (!c->draining || c->bulk.left <= 0 || c->refill.open || request_captured(ev) >= 0 ||
	    c->what == WHAT_NOTHING || (c->what == WHAT_PUSH && (!c->drained || c->nr_cuts)) ||
	    request_zone_of(r, ev) != &r->zones[c->bulk.zone])
		return false;
	n = pa_bulk_steps(r->pa, &c->bulk, request_run_of(r, ev));
	if (n <= 0)
		return false;
	c->picking = false;
	r->res.drained.kernel += (uint64_t)n;
	r->res.drained.core += (uint64_t)n;
	r->now += (uint64_t)n - 1;
	return true;
}

/* The last look of a push that drained is made at @ev, its last block, or when the CPU is heard of next. */
static void end_push(struct request *r, struct run_cpu *c, const struct trace_event *ev)
{
	const struct trace_event *next = request_next_of(r, ev);

	c->looks_until = next ? request_number_of(r, next) : r->win_end;
	/* Up to the next push, but for interrupts, whose frees find the list locked. */
	for (uint32_t n = 0; n < INTERRUPT_EVENTS && next; n++) {
		if (next->type != EV_FREE && next->type != EV_ZONE_FREE &&
		    (next->type != EV_VMSTAT || next->note & WIN_DRAINS))
			break;
		next = request_next_of(r, next);
	}
	if (finish_bulk(r, c)) {
		c->what = WHAT_PUSH;
		c->drained = true;
	}
	c->looks_by = next && next->type == EV_PUSH ? request_number_of(r, next) + 1 : 0;
}

/* Blocks were drained, the last one by @ev. */
static void drained(struct request *r, struct run_cpu *c, const struct trace_event *ev)
{
	bool over = c->bulk.left <= 0;

	c->emptied = !request_pages_on_lists(r, c->bulk.zone, c->bulk.cpu);
	if (c->what == WHAT_PUSH && over)
		end_push(r, c, ev);
	else if (c->what == WHAT_FOLD && (over || c->emptied))
		request_next_fold(r, c);
}

/* What the CPU drains in another zone is not for drain_pages_zone, which is over or preempted. */
static void leave_drain_pages(struct request *r, struct run_cpu *c, uint32_t cpu)
{
	request_finish_hold(r, cpu);
	request_cut_drain_pages(c);
	c->what = WHAT_NOTHING;
	c->bulk.left = 0;
}

/*
 * drain_pages_zone goes by the count as it takes the lists' lock: where that was all there was, or another hold has
 * emptied them, it is over, and what follows is of a drain that it came upon.
 */
static void end_drain_pages(struct request *r, struct run_cpu *c, uint32_t zone, uint32_t pid)
{
	bool over = c->what == WHAT_DRAIN_PAGES && c->bulk.left <= 0 &&
		    (!c->drain_goes_on ||
		     !request_pages_on_lists(r, c->drain_zone, request_core_cpu(r, c->drain_of)));

	if (over && !r->cpus[c->drain_of].late.waits && request_cut_of(c, zone, pid))
		c->what = WHAT_NOTHING;
}

void request_on_drain(struct request *r, const struct trace_event *ev)
{
	struct run_cpu *c = &r->cpus[ev->cpu];
	uint32_t zone;

	/* Another task drains than the one that the CPU was at, which stands between two holds. */
	if (ev->pid && c->pid && ev->pid != c->pid && c->what != WHAT_NOTHING)
		leave_drain_pages(r, c, ev->cpu);

	if (drain_at_once(r, ev, c)) {
		drained(r, c, request_event(r, r->now));
		return;
	}
	zone = (uint32_t)(request_zone_of(r, ev) - r->zones);
	c->picking = false;
	request_end_refill(r, ev->cpu);
	if (c->draining && c->what == WHAT_PUSH && c->bulk.zone != zone) /* that one is over */
		request_finish_hold(r, ev->cpu);
	if (c->what == WHAT_DRAIN_PAGES && c->drain_zone != zone)
		leave_drain_pages(r, c, ev->cpu);
	end_drain_pages(r, c, zone, ev->pid);
	/* Nothing that the CPU was seen to do leads to it: then it goes on with what it was at before. */
	if (c->what == WHAT_NOTHING || (c->what == WHAT_PUSH && !c->drained)) {
		if (c->undecayed && !c->draining) {
			request_start_fold(r, c, c->undecayed_turn);
			c->undecayed = 0;
		} else {
			resume(r, c, zone, ev->pid);
		}
	}
	r->res.drained.kernel++;
	if (c->what == WHAT_FOLD && c->bulk.left <= 0 && !request_next_fold(r, c))
		resume(r, c, zone, ev->pid);
	request_give_way(r, c, ev, zone);
	if (c->what == WHAT_DRAIN_PAGES && c->bulk.left <= 0)
		start_drain_pages(r, ev->cpu);
	if (!c->draining) { /* a row of them is one, whatever holds it took */
		r->res.drains.kernel++;
		r->res.drains.core += c->bulk.left > 0;
	}
	c->draining = true;
	start_capture(r, ev);
	if (pa_bulk_step(r->pa, &c->bulk, NULL) > 0)
		r->res.drained.core++;
	end_capture(r, ev);
	drained(r, c, ev);
}
