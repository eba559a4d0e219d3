/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The event loop of replay: which events make up one pick, when a free enters
 * its list, and everything that is not a pick.
 *
 * Events of one zone that were stamped inside zone->lock stand in lock order.
 * Between them the file may hold unlocked events of other CPUs and anything of
 * other zones.  So whatever needs a second event (a fallback, a free seen before
 * the lock) is kept open per CPU and closed by that CPU's next event, or by the
 * next in-lock event of another CPU in the same zone.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay_internal.h"

#define NO_CPU UINT32_MAX

struct zone_state *replay_zone(struct replay *r, uint64_t pfn)
{
	uint32_t i;

	for (i = 0; i < r->nr_zones; i++)
		if (pfn >= r->zones[i].start && pfn < r->zones[i].end)
			return &r->zones[i];
	return NULL;
}

uint32_t replay_zone_id(const struct replay *r, const struct zone_state *z)
{
	return (uint32_t)(z - r->zones);
}

static bool pcp_order(const struct replay *r, unsigned int order)
{
	return order < PA_MAX_ORDERS && r->pcp_orders >> order & 1;
}

uint8_t replay_mt(const struct replay *r, unsigned int mt)
{
	return mt < r->meta->nr_mt ? r->mt[mt] : NO_MT;
}

/* -------------------------------------------------------------------------
 * Changing lists
 */

/*
 * A free's list tells its pageblock's type: always from 6.10 on, where one is the other,
 * and as a first guess on older kernels while nothing better is known.
 */
bool replay_retypes(const struct replay *r, const struct zone_state *z)
{
	return r->policy->hygiene || !z->blocks_known;
}

/*
 * A page shows its pageblock to be of another type than it was.  If that was HIGHATOMIC or is now,
 * it was reserved or released unseen, and its free pages went along (reserve_highatomic_pageblock,
 * unreserve_highatomic_pageblock).
 */
static void retype(struct pa *pa, uint64_t pfn, unsigned int mt)
{
	if ((mt != PA_HIGHATOMIC && pa_pageblock(pa, pfn) != PA_HIGHATOMIC) ||
	    pa_move_block(pa, pfn, mt))
		pa_set_pageblock(pa, pfn, mt);
}

int replay_insert(struct pa *pa, const struct replay *r, const struct insertion *ins)
{
	if (ins->mt == NO_MT || (ins->order > r->meta->pageblock_order && r->policy->split_large))
		return pa_free(pa, ins->pfn, ins->order, ins->flags, ins->capture);
	if (replay_retypes(r, &r->zones[ins->zone]) && pa_pageblock(pa, ins->pfn) != ins->mt)
		retype(pa, ins->pfn, ins->mt);
	return pa_free_block(pa, ins->pfn, ins->order, ins->mt, ins->flags, ins->capture);
}

void replay_take(struct replay *r, uint64_t pfn, unsigned int order)
{
	struct pa_page_info info;
	uint64_t end = pfn + (UINT64_C(1) << order);

	if (!pa_take(r->pa, pfn, order))
		return;
	/* Only parts of it are free, or it is free in pieces. */
	while (pfn < end && !pa_page(r->pa, pfn, &info)) {
		if (info.free)
			pa_take(r->pa, pfn, 0);
		pfn++;
	}
}

void replay_misfit(struct replay *r, uint64_t event, uint64_t ts, const char *kernel,
		   const char *core)
{
	struct replay_divergence *first = &r->res.first;
	enum replay_class class = r->res.lost ? REPLAY_LOST : REPLAY_MISSING;

	if (r->opt.no_repair) {
		r->res.dropped++;
	} else {
		r->res.repairs++;
		r->res.classes[class].repairs++;
	}
	if (first->found)
		return;
	*first = (struct replay_divergence){ .found = true,
					     .event = event,
					     .ts = ts,
					     .class = class };
	snprintf(first->kernel, sizeof(first->kernel), "%s", kernel);
	snprintf(first->core, sizeof(first->core), "%s", core);
}

static void misfit(struct replay *r, const char *what, const char *core, uint64_t event,
		   uint64_t ts, uint64_t pfn, unsigned int order)
{
	char text[REPLAY_TEXT];

	snprintf(text, sizeof(text), "%s of 0x%" PRIx64 " order %u", what, pfn, order);
	replay_misfit(r, event, ts, text, core);
}

static const char *type_name(unsigned int type)
{
	struct trace_type t;

	return trace_type_get(type, &t) ? t.name : "event";
}

void replay_insertion(struct replay *r, const struct insertion *ins)
{
	int err;

	if (ins->mt == NO_MT)
		replay_guess_block(r, &r->zones[ins->zone], ins->event, ins->pfn);
	else
		replay_learn_block(r, &r->zones[ins->zone], ins->pfn, ins->mt);
	err = replay_insert(r->pa, r, ins);

	if (err == -EEXIST) {
		misfit(r, type_name(ins->type), "free already", ins->event, ins->ts, ins->pfn,
		       ins->order);
		if (r->opt.no_repair)
			return;
		replay_take(r, ins->pfn, ins->order);
		err = replay_insert(r->pa, r, ins);
	}
	if (err < 0)
		r->res.dropped++;
	else if (err)
		r->res.captures++;
}

/* -------------------------------------------------------------------------
 * What is open
 */

/* Close the pick and the block move that @cpu has open. */
static void close_pick(struct replay *r, uint32_t cpu)
{
	struct cpu_state *c = &r->cpus[cpu];
	bool claims =
		c->has_pick && c->pick.kernel.fallback && c->pick.kernel.claim == REPLAY_CLAIM_YES;

	if (c->has_move) {
		c->has_move = false;
		r->zones[c->move.zone].open_cpu = NO_CPU;
		/* Part of the claim that is to be predicted, it says nothing new. */
		if (!claims && pa_move_block(r->pa, c->move.pfn, c->move.mt))
			r->res.dropped++;
	}
	if (c->has_pick) {
		c->has_pick = false;
		r->zones[c->pick.zone].open_cpu = NO_CPU;
		replay_pick(r, cpu, &c->pick);
	}
}

static void close_insertion(struct replay *r, struct cpu_state *c)
{
	if (!c->has_insertion)
		return;
	c->has_insertion = false;
	r->zones[c->insertion.zone].races = true;
	replay_insertion(r, &c->insertion);
}

void replay_close_zone(struct replay *r, struct zone_state *z)
{
	if (z->open_cpu != NO_CPU)
		close_pick(r, z->open_cpu);
}

/* An event of @c's CPU that is no pick: everything open there is over, and so is the lock hold. */
void replay_close_cpu(struct replay *r, uint32_t cpu)
{
	struct cpu_state *c = &r->cpus[cpu];

	if (c->has_pick || c->has_move)
		close_pick(r, cpu);
	if (c->has_insertion) {
		replay_close_zone(r, &r->zones[c->insertion.zone]);
		close_insertion(r, c);
	}
	c->batch = false;
}

/* An event of @cpu inside the lock of @z; @cpu's own pick may still go on. */
static void enter_lock(struct replay *r, struct zone_state *z, uint32_t cpu)
{
	if (z->open_cpu != NO_CPU && z->open_cpu != cpu)
		close_pick(r, z->open_cpu);
}

static int grow_cpus(struct replay *r, uint32_t n)
{
	struct cpu_state *cpus = realloc(r->cpus, n * sizeof(*cpus));

	if (!cpus)
		return -ENOMEM;
	memset(cpus + r->nr_cpus, 0, (n - r->nr_cpus) * sizeof(*cpus));
	r->cpus = cpus;
	r->nr_cpus = n;
	return 0;
}

/* -------------------------------------------------------------------------
 * Picks: one event or two, see kernel/page_alloc.c: __rmqueue_smallest and the fallbacks
 */

/* rmqueue_bulk keeps its rmqueue_mode (late 6.12, 6.15+) while it holds the lock. */
static uint8_t pick_mode(const struct replay *r, const struct cpu_state *c,
			 const struct zone_state *z, uint32_t cpu, unsigned int order, uint8_t mt)
{
	if (c->batch && z->last_cpu == cpu && c->batch_order == order && c->batch_mt == mt &&
	    c->batch_zone == replay_zone_id(r, z) && pcp_order(r, order))
		return c->batch_mode;
	return PA_MODE_NORMAL;
}

static void start_pick(struct replay *r, const struct trace_event *ev, struct zone_state *z)
{
	struct cpu_state *c = &r->cpus[ev->cpu];
	uint8_t mt = replay_mt(r, ev->mt);

	c->pick = (struct pick){
		.event = r->now,
		.ts = ev->ts,
		.zone = replay_zone_id(r, z),
		.order = ev->order,
		.mt = mt,
		.mode = pick_mode(r, c, z, ev->cpu, ev->order, mt),
		.kernel = { .pfn = PA_PFN_NONE, .fallback_pfn = PA_PFN_NONE },
	};
	c->has_pick = true;
	z->open_cpu = ev->cpu;
	z->last_cpu = ev->cpu;
}

/* The first event of a pick ends what the CPU had open, but for a block move it may belong to. */
static void close_before_pick(struct replay *r, const struct trace_event *ev,
			      const struct zone_state *z)
{
	struct cpu_state *c = &r->cpus[ev->cpu];
	bool claim = c->has_move && !c->has_pick && c->move.zone == replay_zone_id(r, z) &&
		     c->move.mt == replay_mt(r, ev->mt);

	if (!claim && (c->has_move || c->has_pick))
		close_pick(r, ev->cpu);
	if (c->has_insertion)
		replay_close_cpu(r, ev->cpu);
}

static void on_zone_alloc(struct replay *r, const struct trace_event *ev, struct zone_state *z)
{
	struct cpu_state *c = &r->cpus[ev->cpu];
	struct pick *p = &c->pick;

	enter_lock(r, z, ev->cpu);
	if (!(c->has_pick && p->kernel.fallback && !p->has_alloc && !r->kernel->hygiene &&
	      p->order == ev->order && p->zone == replay_zone_id(r, z))) {
		close_before_pick(r, ev, z);
		start_pick(r, ev, z);
	}
	p->has_alloc = true;
	p->last = r->now;
	p->kernel.pfn = ev->pfn;
	if (!r->kernel->hygiene)
		close_pick(r, ev->cpu);
}

static enum replay_claim claim_of(const struct replay *r, const struct trace_event *ev, bool paired,
				  bool moved)
{
	if (ev->bits & EV_CLAIM_KNOWN)
		return ev->bits & EV_CLAIMED ? REPLAY_CLAIM_YES : REPLAY_CLAIM_NO;
	if (moved || trace_fallback_order(ev) >= r->meta->pageblock_order)
		return REPLAY_CLAIM_YES;
	if (!r->kernel->hygiene)
		return REPLAY_CLAIM_UNKNOWN;
	return paired ? REPLAY_CLAIM_YES : REPLAY_CLAIM_NO;
}

/* Does this fallback tell how the page of the open pick came about?  6.10 and later. */
static bool pairs(const struct replay *r, const struct trace_event *ev, const struct zone_state *z)
{
	const struct cpu_state *c = &r->cpus[ev->cpu];
	const struct pick *p = &c->pick;

	if (!r->kernel->hygiene || !c->has_pick || !p->has_alloc || p->kernel.fallback ||
	    p->order != ev->order || p->mt != replay_mt(r, ev->mt) ||
	    p->zone != replay_zone_id(r, z) || trace_fallback_order(ev) >= r->meta->pageblock_order)
		return false;
	if (ev->bits & EV_CLAIM_KNOWN)
		return ev->bits & EV_CLAIMED;
	return p->kernel.pfn == ev->pfn;
}

static void on_fallback(struct replay *r, const struct trace_event *ev, struct zone_state *z)
{
	struct cpu_state *c = &r->cpus[ev->cpu];
	struct pick *p = &c->pick;
	bool paired;

	enter_lock(r, z, ev->cpu);
	paired = pairs(r, ev, z);
	if (!paired) {
		close_before_pick(r, ev, z);
		start_pick(r, ev, z);
		if (r->kernel->hygiene)
			p->kernel.pfn = ev->pfn;
		else
			p->kernel.fallback_pfn = ev->pfn;
	}
	p->last = r->now;
	p->kernel.fallback = true;
	p->kernel.fallback_order = trace_fallback_order(ev);
	p->kernel.fallback_mt = replay_mt(r, trace_fallback_mt(ev));
	p->kernel.claim = claim_of(r, ev, paired, c->has_move);
	if (paired)
		close_pick(r, ev->cpu);
}

/* -------------------------------------------------------------------------
 * Everything else
 */

static void on_alloc(struct replay *r, const struct trace_event *ev, struct zone_state *z)
{
	bool movable = r->gfp_movable && ev->arg ? ev->arg & r->gfp_movable :
						   replay_mt(r, ev->mt) == PA_MOVABLE;
	const struct pa_request req = { .zone = replay_zone_id(r, z),
					.order = ev->order,
					.mt = replay_mt(r, ev->mt),
					.mode = PA_MODE_NORMAL };
	struct pa_page_info info;

	replay_close_cpu(r, ev->cpu);
	if (!r->opt.no_repair && !pa_page(r->pa, ev->pfn, &info) && info.free) {
		/* Picked on another CPU a moment ago, or never seen leaving its list. */
		replay_close_zone(r, z);
		if (!pa_page(r->pa, ev->pfn, &info) && info.free) {
			misfit(r, "alloc", "still free", r->now, ev->ts, ev->pfn, ev->order);
			replay_take(r, ev->pfn, ev->order);
			replay_take_unseen(r, r->now, &req);
		}
	}
	pa_set_use(r->pa, ev->pfn, ev->order, movable ? PA_USE_MOVABLE : PA_USE_PINNED);
	replay_learn_block(r, z, ev->pfn, replay_mt(r, ev->mt));
}

static struct insertion insertion_of(const struct replay *r, const struct trace_event *ev,
				     const struct zone_state *z)
{
	return (struct insertion){
		.event = r->now,
		.ts = ev->ts,
		.pfn = ev->pfn,
		.zone = replay_zone_id(r, z),
		.type = ev->type,
		.order = ev->order,
		.mt = ev->type == EV_FREE ? NO_MT : replay_mt(r, ev->mt),
		.flags = ev->type == EV_ZONE_FREE && ev->bits & EV_TO_TAIL ? PA_TO_TAIL : 0,
		.capture = ev->type == EV_FREE ? -1 : (int8_t)(EV_CAPTURE(ev->bits) - 1),
	};
}

static void on_free(struct replay *r, const struct trace_event *ev, const struct zone_state *z)
{
	struct cpu_state *c = &r->cpus[ev->cpu];
	struct pa_page_info info;

	replay_close_cpu(r, ev->cpu);
	if (r->inserts_unlocked && !pa_page(r->pa, ev->pfn, &info) && info.free) {
		/* Taken unseen, by a compactor: it takes free blocks whole. */
		misfit(r, "free", "free already", r->now, ev->ts, ev->pfn, ev->order);
		if (!r->opt.no_repair)
			replay_take(r, info.block, info.order);
	}
	pa_set_use(r->pa, ev->pfn, ev->order, PA_USE_PINNED);
	if (r->inserts_unlocked && !pcp_order(r, ev->order)) {
		c->insertion = insertion_of(r, ev, z);
		c->has_insertion = true;
	}
}

/*
 * From 6.16 on a capture by a compactor of another type says mm_page_alloc_extfrag in the
 * middle of the free, whose own record follows: no pick.
 */
static void drop_capture(struct replay *r, const struct trace_event *ev)
{
	struct cpu_state *c = &r->cpus[ev->cpu];
	const struct pick *p = &c->pick;
	unsigned int order = EV_CAPTURE(ev->bits);

	if (!order-- || !c->has_pick || p->has_alloc || !p->kernel.fallback || p->order != order ||
	    p->kernel.fallback_order != order || !r->kernel->hygiene ||
	    p->kernel.pfn >> order != ev->pfn >> order)
		return;
	c->has_pick = false;
	r->zones[p->zone].open_cpu = NO_CPU;
}

/*
 * The free found its pcp list locked, but whoever held the lock may have let go before the
 * trylock: a page that is drained next, or handed out without a pick, was on that list.
 */
static bool reached_pcp(const struct replay *r, const struct trace_event *ev)
{
	enum replay_later later;

	if (r->opt.no_repair || !pcp_order(r, ev->order))
		return false;
	later = replay_later(r, r->now, ev->pfn, ev->order);
	return later == REPLAY_LATER_ALLOC || later == REPLAY_LATER_USED;
}

/*
 * A free was found on its list: it got there in a hold of the lock that is over.  If it is free
 * here, that is no news.
 */
static void on_arrived(struct replay *r, const struct trace_event *ev, struct zone_state *z)
{
	struct insertion ins = insertion_of(r, ev, z);
	struct pa_page_info info;
	struct cpu_state *c;

	for (c = r->cpus; c < r->cpus + r->nr_cpus; c++)
		if (c->has_insertion && c->insertion.pfn == ev->pfn)
			c->has_insertion = false; /* this one is the insertion */
	replay_close_zone(r, z);
	if (!pa_page(r->pa, ev->pfn, &info) && info.free)
		return;
	replay_close_cpu(r, ev->cpu);
	replay_insertion(r, &ins);
	r->res.arrived++;
}

/* A drain, or a free that goes to the buddy by itself. */
static void on_insert(struct replay *r, const struct trace_event *ev, struct zone_state *z)
{
	struct cpu_state *c = &r->cpus[ev->cpu];
	struct insertion ins = insertion_of(r, ev, z);

	if (ev->type == EV_ZONE_FREE && trace_is_aside(ev)) {
		on_arrived(r, ev, z);
		return;
	}
	drop_capture(r, ev);
	if (c->has_insertion && ev->type == EV_ZONE_FREE && c->insertion.pfn == ev->pfn)
		c->has_insertion = false; /* this one is the insertion */
	replay_close_cpu(r, ev->cpu);
	if (ev->type == EV_ZONE_FREE && !(ev->bits & EV_LOCKED)) {
		c->insertion = ins;
		c->has_insertion = !(ev->bits & EV_AWAITED) && !reached_pcp(r, ev);
		return;
	}
	enter_lock(r, z, ev->cpu);
	z->last_cpu = ev->cpu;
	replay_insertion(r, &ins);
}

static void rotate(struct replay *r, const struct trace_event *ev, bool tail)
{
	struct pa_page_info info;

	/*
	 * What is last on a list is reported ahead of the event that saw it: a block that only
	 * comes with that event is no news.
	 */
	if (pa_page(r->pa, ev->pfn, &info) || !info.head || info.order != ev->order ||
	    (info.mt != PA_MOVABLE && info.order < r->meta->pageblock_order))
		return;
	if (pa_rotate(r->pa, ev->pfn, tail) > 0)
		r->res.rotations++;
}

static void on_isolate(struct replay *r, const struct trace_event *ev)
{
	if (ev->bits & EV_FAST)
		rotate(r, ev, false);
	if (pa_isolate(r->pa, ev->pfn, ev->order)) {
		misfit(r, "isolate", "no such free block", r->now, ev->ts, ev->pfn, ev->order);
		if (r->opt.no_repair)
			return;
		replay_take(r, ev->pfn, ev->order);
	}
	pa_set_use(r->pa, ev->pfn, ev->order, PA_USE_MOVABLE); /* a migration target */
}

/* Frees seen before the lock that are part of this block have entered their list by now. */
static void insert_parts(struct replay *r, struct zone_state *z, uint64_t pfn, unsigned int order)
{
	struct cpu_state *c;

	for (c = r->cpus; c < r->cpus + r->nr_cpus; c++) {
		if (!c->has_insertion || c->insertion.pfn >> order != pfn >> order)
			continue;
		replay_close_zone(r, z);
		close_insertion(r, c);
	}
}

/*
 * A compactor was seen to hold a block: it took it in a hold of the lock that is over.  If it is
 * not free, that is no news: nothing follows from it, least of all that this hold is a new one.
 * Free blocks are taken whole, so one seen in pieces (up to 6.9) tells of all of it.
 */
static void on_held(struct replay *r, const struct trace_event *ev, struct zone_state *z)
{
	struct trace_event whole = *ev;
	struct pa_page_info info;

	insert_parts(r, z, ev->pfn, ev->order);
	if (pa_page(r->pa, ev->pfn, &info) || !info.free)
		return;
	replay_close_zone(r, z);
	if (pa_page(r->pa, ev->pfn, &info) || !info.free)
		return;
	if (info.order > ev->order) {
		whole.pfn = info.block;
		whole.order = info.order;
	}
	r->cpus[ev->cpu].batch = false;
	r->compacted = r->now + 1;
	r->res.held++;
	on_isolate(r, &whole);
}

/*
 * Page reporting had taken this block and put it back, in holds of the lock that are over: it was
 * seen at the tail.  All of it was free, or it is the event's own that saw it.
 */
static void on_returned(struct replay *r, const struct trace_event *ev, struct zone_state *z)
{
	uint64_t pfn, end = ev->pfn + (UINT64_C(1) << ev->order);
	struct pa_page_info info;

	insert_parts(r, z, ev->pfn, ev->order);
	replay_close_zone(r, z);
	for (pfn = ev->pfn; pfn < end; pfn = info.block + (UINT64_C(1) << info.order))
		if (pa_page(r->pa, pfn, &info) || !info.free || info.order > ev->order)
			return;
	r->compacted = r->now + 1;
	for (pfn = ev->pfn; pfn < end; pfn += UINT64_C(1) << info.order) {
		pa_page(r->pa, pfn, &info);
		pa_isolate(r->pa, pfn, info.order);
	}
	if (pa_putback(r->pa, ev->pfn, ev->order, replay_mt(r, ev->mt)))
		r->res.dropped++;
	r->res.returned++;
}

static void on_putback(struct replay *r, const struct trace_event *ev)
{
	uint64_t block = UINT64_C(1) << r->meta->pageblock_order, pfn = ev->pfn;
	uint8_t mt = replay_mt(r, ev->mt);
	int err;

	/* unset_migratetype_isolate() gives the types back in between. */
	for (; r->policy->hygiene && mt != NO_MT && pfn < ev->pfn + (UINT64_C(1) << ev->order);
	     pfn += block)
		if (pa_pageblock(r->pa, pfn) == PA_ISOLATE)
			pa_set_pageblock(r->pa, pfn, mt);
	err = pa_putback(r->pa, ev->pfn, ev->order, mt);

	if (err == -EEXIST) {
		misfit(r, "putback", "free already", r->now, ev->ts, ev->pfn, ev->order);
		if (r->opt.no_repair)
			return;
		replay_take(r, ev->pfn, ev->order);
		err = pa_putback(r->pa, ev->pfn, ev->order, mt);
	}
	if (err < 0)
		r->res.dropped++;
}

static void on_move(struct replay *r, const struct trace_event *ev, struct zone_state *z)
{
	struct cpu_state *c = &r->cpus[ev->cpu];

	c->move = (struct move){
		.event = r->now,
		.ts = ev->ts,
		.pfn = ev->pfn,
		.zone = replay_zone_id(r, z),
		.mt = replay_mt(r, ev->mt),
	};
	c->has_move = true;
	z->open_cpu = ev->cpu;
}

/* A pageblock was seen to be of a type that it got in a hold of the lock that is over. */
static void on_typed(struct replay *r, const struct trace_event *ev, struct zone_state *z)
{
	uint8_t mt = replay_mt(r, ev->mt);

	if (pa_pageblock(r->pa, ev->pfn) == mt)
		return;
	replay_close_zone(r, z);
	retype(r->pa, ev->pfn, mt);
}

/* List surgery that is neither pick nor free. */
static void on_surgery(struct replay *r, const struct trace_event *ev, struct zone_state *z)
{
	replay_close_cpu(r, ev->cpu);
	enter_lock(r, z, ev->cpu);
	z->last_cpu = ev->cpu;
	if (ev->type == EV_MOVE_BLOCK) {
		on_move(r, ev, z);
	} else if (ev->type == EV_PUTBACK) {
		on_putback(r, ev);
	} else {
		r->compacted = r->now + 1;
		if (ev->type == EV_ISOLATE)
			on_isolate(r, ev);
		else
			rotate(r, ev, ev->bits & EV_ROTATE_TAIL);
	}
}

static void on_other(struct replay *r, const struct trace_event *ev)
{
	replay_close_cpu(r, ev->cpu);
	if (ev->type == EV_LOST)
		r->res.lost += ev->arg;
	else if (ev->type >= EV_COMPACT_TRY && ev->type <= EV_COMPACT_MIGRATE)
		r->compacted = r->now + 1;
	if (ev->type == EV_COMPACT_FREE && r->infers_ranges)
		replay_range(r, ev);
}

int replay_event(struct replay *r, const struct trace_event *ev)
{
	struct zone_state *z;

	if (ev->cpu >= r->nr_cpus && grow_cpus(r, ev->cpu + 1u))
		return -ENOMEM;
	z = ev->type <= EV_ROTATE && ev->type != EV_FREE_BATCHED ? replay_zone(r, ev->pfn) : NULL;
	if (!z) {
		on_other(r, ev);
		return 0;
	}
	if (!z->begin && ev->type != EV_ZONE_ALLOC && ev->type != EV_FALLBACK) {
		replay_close_cpu(r, ev->cpu);
		return 0;
	}
	switch (ev->type) {
	case EV_ALLOC:
		on_alloc(r, ev, z);
		break;
	case EV_FREE:
		on_free(r, ev, z);
		break;
	case EV_ZONE_ALLOC:
		on_zone_alloc(r, ev, z);
		break;
	case EV_FALLBACK:
		on_fallback(r, ev, z);
		break;
	case EV_DRAIN:
	case EV_ZONE_FREE:
		on_insert(r, ev, z);
		break;
	case EV_ISOLATE:
		if (ev->bits & EV_HELD) {
			on_held(r, ev, z);
			break;
		}
		on_surgery(r, ev, z);
		break;
	case EV_PUTBACK:
		if (ev->bits & EV_HELD) {
			on_returned(r, ev, z);
			break;
		}
		on_surgery(r, ev, z);
		break;
	case EV_MOVE_BLOCK:
		if (ev->bits & EV_HELD) {
			on_typed(r, ev, z);
			break;
		}
		/* fall through */
	default:
		on_surgery(r, ev, z);
	}
	return 0;
}
