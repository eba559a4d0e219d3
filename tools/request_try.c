/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When a request is made.
 *
 * What an attempt takes under zone->lock, it takes where its CPU is first seen inside, so that all
 * take the lock in the kernel's order; and a page of the CPU's own list it has by the time of
 * mm_page_alloc.  Which pages the lock's events name is not told to the core.
 */
#include <errno.h>
#include <string.h>

#include "request_internal.h"

#define LOOK_FOR 256	/* events of a CPU searched for the request of a lock hold */
#define LOOK_AHEAD 4096 /* events searched for who takes a page */

/* ---- alloc_pages_bulk ---- */

static bool is_bulk(const struct request *r, const struct trace_event *ev)
{
	const struct run_zone *z = request_zone_of(r, ev);

	/* One that mm_page_alloc told of comes again: it was made one by one. */
	return ev->type == EV_BULK && z && r->handle[request_frame(z, ev->pfn)] == NO_HANDLE;
}

/* Make the bulk request whose first page @ev names. */
static void make_bulk(struct request *r, const struct trace_event *ev)
{
	uint64_t pfn[MAX_BULK];
	const struct trace_event *at = ev;
	uint32_t gfp = request_gfp_of(r, ev), n = 0;
	struct pa_alloc_args args = {
		.cpu = request_core_cpu(r, ev->cpu),
		.gfp = gfp,
		.use = gfp & PA_GFP_MOVABLE ? PA_USE_MOVABLE : PA_USE_PINNED,
	};
	int got;

	for (; at && at->type == EV_BULK && n < MAX_BULK; at = request_next_of(r, at))
		n += is_bulk(r, at);
	r->rec.trail = (struct pa_trail){ .picks = r->picks, .max_picks = MAX_PICKS };
	got = pa_alloc_bulk(r->pa, &args, n, pfn, &r->rec);
	request_count_picks(r, &r->rec);
	r->res.bulk += n;
	/* A damaged trace may name a frame twice, of which the second is none of it any more. */
	at = ev;
	for (uint32_t i = 0; i < n && at && at->type == EV_BULK; at = request_next_of(r, at)) {
		if (!is_bulk(r, at))
			continue;
		r->handle[request_frame(request_zone_of(r, at), at->pfn)] =
			(int)i < got ? (uint32_t)pfn[i] : NO_PAGE;
		i++;
	}
}

void request_on_bulk(struct request *r, const struct trace_event *ev)
{
	request_end_hold(r, ev->cpu);
	if (is_bulk(r, ev))
		make_bulk(r, ev);
}

/* ---- requests ---- */

static void note_made(struct request *r, uint64_t number)
{
	if (r->nr_made == MAX_MADE)
		memmove(r->made, r->made + 1, --r->nr_made * sizeof(r->made[0]));
	r->made[r->nr_made++] = number;
}

static bool was_made(const struct request *r, uint64_t number)
{
	for (uint32_t i = 0; i < r->nr_made; i++)
		if (r->made[i] == number)
			return true;
	return false;
}

static bool forget_made(struct request *r, uint64_t number)
{
	for (uint32_t i = 0; i < r->nr_made; i++)
		if (r->made[i] == number) {
			r->made[i] = r->made[--r->nr_made];
			return true;
		}
	return false;
}

/* The request that the block at @pfn is for, if the next event that names it is one, of @cpu and not at hand. */
static const struct trace_event *next_taker(const struct request *r, uint64_t pfn, uint32_t cpu)
{
	for (uint64_t n = r->now + 1; n < r->win_end && n - r->now < LOOK_AHEAD; n++) {
		const struct trace_event *ev = request_event(r, n);

		if (ev->pfn == pfn && ev->note & WIN_ZONE)
			return ev->type == EV_ALLOC && ev->cpu == cpu ? ev : NULL;
	}
	return NULL;
}

/*
 * A request of number @number is about to be made whose page is not the first of its list.  Another attempt of
 * its kind is open, that is, a task was stopped behind taking that first page.  Which request an attempt ends
 * with follows from how they nest, and of tasks that preempt each other they need not: where a later attempt
 * seems to end with the request for that page, the two of them end the other way round.
 */
static bool uncross(struct request *r, uint64_t number, uint32_t cpu)
{
	const struct trace_event *ev = request_event(r, number), *taker;
	int pindex = pa_pcp_index(r->pa, ev->order, (enum pa_mt)request_type_of(r, ev->mt));
	const struct run_zone *z = request_zone_of(r, ev);
	struct run_cpu *c = &r->cpus[cpu];
	uint64_t first, to;

	if (!z || pindex < 0)
		return false;
	first = pa_pcp_head(r->pa, (uint32_t)(z - r->zones), request_core_cpu(r, cpu),
			    (unsigned int)pindex);
	taker = first == PA_PFN_NONE || first == ev->pfn ? NULL : next_taker(r, first, cpu);
	if (!taker || taker->order != ev->order || taker->mt != ev->mt)
		return false;
	to = request_number_of(r, taker);
	for (uint32_t i = c->nr_tries; i-- > 0;) {
		struct attempt *a = &c->tries[i];

		if (a->end == NO_EVENT || a->end <= to || a->order != ev->order ||
		    a->mt != request_type_of(r, ev->mt))
			continue;
		for (uint64_t n = r->now + 1; n < to; n++) {
			const struct trace_event *try = request_event(r, n);
			struct win_link *link = &r->win_link[try - r->win];

			if (try->type != EV_TRY || !(try->note & WIN_ENDED) || n + link->to != to)
				continue;
			link->to = (uint32_t)(a->end - n);
			a->end = to;
			return true;
		}
	}
	return false;
}

/*
 * A preemptible kernel may stop a task between the page it took from its CPU's list and
 * mm_page_alloc, for as long as it likes: requests of other tasks on @cpu come after it then.
 * @number: of the one that is about to be made.
 */
static void make_preempted(struct request *r, uint64_t number, uint32_t cpu)
{
	const struct run_cpu *c = &r->cpus[cpu];
	const struct trace_event *ev;

	if (!c->nr_tries || (c->nr_tries == 1 && c->tries[0].end == number))
		return; /* there is no other */
	while (((ev = request_has_popped(r, cpu)) ||
		(uncross(r, number, cpu) && (ev = request_has_popped(r, cpu)))) &&
	       request_number_of(r, ev) != number)
		request_make_early(r, ev);
}

/* Has @c an attempt that @ev, a request, may end?  @lone: one that no request of that CPU ends. */
static bool has_attempt(const struct request *r, const struct run_cpu *c,
			const struct trace_event *ev, bool lone)
{
	uint8_t mt = request_type_of(r, ev->mt);

	for (uint32_t i = c->nr_tries; i-- > 0;)
		if (c->tries[i].order == ev->order && c->tries[i].mt == mt &&
		    (!lone || c->tries[i].end == NO_EVENT))
			return true;
	return false;
}

/* Has @c an attempt that ends with the event of @number? */
static bool ends_with(const struct run_cpu *c, uint64_t number)
{
	for (uint32_t i = c->nr_tries; i-- > 0;)
		if (c->tries[i].end == number)
			return true;
	return false;
}

/*
 * The CPU that the page was taken on: a task that a preemptible kernel stops behind that may go on to
 * mm_page_alloc on another one, which saw no attempt.
 */
static uint32_t taken_on(const struct request *r, const struct trace_event *ev)
{
	uint64_t number = request_number_of(r, ev);
	int pindex = pa_pcp_index(r->pa, ev->order, (enum pa_mt)request_type_of(r, ev->mt));
	const struct run_zone *z = request_zone_of(r, ev);

	if (!z || pindex < 0 || !r->has_pushes)
		return ev->cpu;
	for (uint32_t i = 0; i < r->nr_cpus; i++)
		if (ends_with(&r->cpus[i], number))
			return i;
	if (has_attempt(r, &r->cpus[ev->cpu], ev, false))
		return ev->cpu;
	for (uint32_t i = 0; i < r->nr_cpus; i++)
		if (i != ev->cpu && has_attempt(r, &r->cpus[i], ev, true) &&
		    pa_pcp_head(r->pa, (uint32_t)(z - r->zones), request_core_cpu(r, i),
				(unsigned int)pindex) == ev->pfn)
			return i;
	return ev->cpu;
}

/* For a while @ev is one of @cpu.  Return: whose it was. */
static uint16_t move_to(struct request *r, const struct trace_event *ev, uint32_t cpu)
{
	uint16_t *of = &r->win[ev - r->win].cpu, told = *of;

	*of = (uint16_t)cpu;
	return told;
}

void request_on_alloc(struct request *r, const struct trace_event *ev)
{
	if (forget_made(r, r->now)) {
		request_end_hold(r, ev->cpu);
		return;
	}
	r->win[ev - r->win].cpu = (uint16_t)taken_on(r, ev);
	request_end_hold(r, ev->cpu);
	make_preempted(r, r->now, ev->cpu);
	request_make(r, ev, request_take_try(r, ev), 0, false, NULL);
}

/*
 * The request that a lock hold which starts here is part of; NULL if none is in sight.  Interrupts
 * may make others on top of it once the lock is free.
 */
static const struct trace_event *request_of(const struct request *r, const struct trace_event *pick,
					    uint32_t *picks)
{
	uint32_t seen = 0, nested = 0;
	bool first = true;

	*picks = 0;
	for (const struct trace_event *ev = pick; ev && seen < LOOK_FOR;
	     ev = request_next_of(r, ev)) {
		if (request_is_pick(r, ev) || ev->type == EV_FALLBACK) {
			*picks += first && request_is_pick(r, ev);
			continue;
		}
		first = false;
		if (ev->type == EV_BULK && !nested)
			return ev;
		if (ev->type == EV_TRY && ev->order == pick->order)
			nested++;
		if (ev->type == EV_ALLOC && ev->order == pick->order) {
			if (!nested)
				return ev;
			nested--;
		}
		seen++;
	}
	return NULL;
}

/* How many blocks the core would bring in for @end; 0: its list is not empty. */
static int32_t would_refill(struct request *r, uint32_t zone, const struct trace_event *end)
{
	uint32_t cpu = request_core_cpu(r, end->cpu);
	struct pa_refill by = {
		.args = { .cpu = cpu, .gfp = request_gfp_of(r, end), .order = end->order },
		.zone = zone,
	};
	struct pa_pcp pcp;
	int32_t want;

	if (pa_pcp_get(r->pa, zone, cpu, &pcp))
		return 1;
	want = pa_refill_start(r->pa, &by);
	pa_pcp_set(r->pa, zone, cpu, &pcp);
	return want < 0 ? 1 : want;
}

/*
 * A request that took one block from the free lists, its own: did it find its per-cpu list
 * locked?  A refill brings as many as are wanted, where there are two, and none where the list is not empty.
 */
static bool was_locked(struct request *r, const struct run_zone *z, const struct trace_event *end)
{
	uint32_t zone = (uint32_t)(z - r->zones);
	int32_t want = would_refill(r, zone, end);
	uint64_t blocks = 0;

	for (unsigned int o = end->order; o < r->meta->nr_orders && blocks < 2; o++)
		blocks += pa_nr_free(r->pa, zone, o) << (o - end->order);
	return !want || (blocks > 1 && want != 1);
}

/*
 * Of that list: who drains it for another CPU holds its lock as long as a hold of drain_pages_zone takes, and a
 * virtual CPU may stand still in there.  Who has found it locked finds it so again, until the one that drains is
 * heard of.
 */
static void note_locked(struct request *r, struct run_cpu *c, uint32_t zone)
{
	for (uint32_t i = 0; i < r->nr_cpus; i++) {
		const struct run_cpu *other = &r->cpus[i];
		const struct trace_event *ev;

		if (other == c || other->what != WHAT_DRAIN_PAGES || other->drain_zone != zone ||
		    &r->cpus[other->drain_of] != c)
			continue;
		ev = request_upcoming(r, i);
		c->locked_zone = zone;
		c->locked_until = ev ? request_number_of(r, ev) : r->win_end;
	}
}

static bool is_locked(struct request *r, struct run_cpu *c, const struct run_zone *z,
		      const struct trace_event *end)
{
	uint32_t zone = (uint32_t)(z - r->zones);

	if (pa_pcp_index(r->pa, end->order, PA_UNMOVABLE) < 0)
		return false;
	if (was_locked(r, z, end))
		note_locked(r, c, zone);
	else if (r->now >= c->locked_until || c->locked_zone != zone)
		return false;
	return true;
}

/* ---- refills ---- */

void request_refill_step(struct request *r, const struct trace_event *ev)
{
	struct refill *refill = &r->cpus[ev->cpu].refill;
	const struct trace_event *fallback = request_fallback_of(r, ev);
	struct pa_decision d;

	if (fallback)
		request_lean_claim(r, fallback, &refill->stealing);
	r->rec.trail = (struct pa_trail){ .picks = &d, .max_picks = 1 };
	if (pa_refill_step(r->pa, &refill->by, &r->rec) <= 0)
		return;
	refill->ahead = true;
	request_count_fallback(r, &d);
	if (refill->fell_back || !pa_is_fallback(&d))
		return;
	refill->fell_back = true;
	refill->fallback = d;
}

/*
 * How much a refill is to bring (nr_pcp_alloc) is settled before it waits for zone->lock: meanwhile
 * another CPU may have drained so much that ZONE_BELOW_HIGH is over.
 */
static bool size_refill(struct request *r, struct refill *refill)
{
	struct pa_zone_state state;
	uint32_t flags = pa_zone_flags(r->pa, refill->by.zone);
	bool wants;

	if (refill->tried.below_high == !!(flags & PA_ZONE_BELOW_HIGH) ||
	    pa_zone_get(r->pa, refill->by.zone, &state))
		return pa_refill_start(r->pa, &refill->by) > 0;
	state.flags ^= PA_ZONE_BELOW_HIGH;
	pa_zone_set(r->pa, refill->by.zone, &state);
	wants = pa_refill_start(r->pa, &refill->by) > 0;
	state.flags = flags;
	pa_zone_set(r->pa, refill->by.zone, &state);
	return wants;
}

/*
 * A drain has ended ZONE_BELOW_HIGH, and the next push finds it, though an attempt may have set it anew.
 * While it is there refills let no list grow: where the first one of order 0 since brings as many blocks as
 * would be wanted so, and not those without, it was not over by then.
 */
static void ask_size(struct request *r, struct refill *refill, uint32_t trace_cpu)
{
	struct run_zone *z = &r->zones[refill->by.zone];
	int32_t high = r->cpus[trace_cpu].high_then, picks = (int32_t)refill->picks;
	struct pa_pcp pcp;

	if (!z->may_be_below || refill->by.args.order)
		return;
	z->may_be_below = false;
	if (refill->tried.below_high ||
	    pa_pcp_get(r->pa, refill->by.zone, refill->by.args.cpu, &pcp) ||
	    request_size_with(r, refill, true, high) != picks ||
	    request_size_with(r, refill, false, pcp.high) == picks)
		return;
	refill->tried.below_high = true;
	request_set_below_high(r, refill->by.zone, true);
	pcp.high = high;
	pa_pcp_set(r->pa, refill->by.zone, refill->by.args.cpu, &pcp);
}

/* A refill begins at @ev, if @tried is in for one; its first block is taken. */
static bool start_refill(struct request *r, const struct trace_event *ev,
			 const struct trace_event *end, const struct attempt *tried)
{
	struct refill *refill = &r->cpus[ev->cpu].refill;
	uint32_t cpu = request_core_cpu(r, ev->cpu);
	struct pa_pcp before, after;

	if (!tried || !tried->found || pa_pcp_get(r->pa, tried->choice.zone, cpu, &before))
		return false;
	refill->tried = *tried;
	refill->by = (struct pa_refill){
		.args = { .cpu = cpu, .gfp = request_gfp_of(r, end), .order = end->order },
		.zone = tried->choice.zone,
		.flags = tried->choice.flags,
	};
	ask_size(r, refill, ev->cpu);
	request_ask_high(r, refill, end);
	if (r->cpus[ev->cpu].nr_growths) {
		request_ask_growths(r, refill, ev->cpu);
		pa_pcp_get(r->pa, tried->choice.zone, cpu, &before);
	}
	if (size_refill(r, refill))
		request_refill_step(r, ev);
	if (refill->tried.ending && !refill->tried.below_high &&
	    !pa_pcp_get(r->pa, tried->choice.zone, cpu, &after))
		request_note_growth(&r->cpus[ev->cpu], tried->choice.zone,
				    before.high - after.high);
	refill->open = refill->by.taken > 0;
	r->refills_open += refill->open;
	if (!refill->open)
		pa_pcp_set(r->pa, tried->choice.zone, cpu, &before);
	return refill->open;
}

/* The hold is over: the rest of what the core wants, and the request that it was for. */
void request_end_refill(struct request *r, uint32_t cpu)
{
	struct refill *refill = &r->cpus[cpu].refill;
	struct pa_zone_state before, after;
	const struct trace_event *end;
	uint16_t told;

	if (!refill->open)
		return;
	end = request_event(r, refill->number);
	told = move_to(r, end, cpu);
	while (refill->by.taken < refill->by.want)
		request_refill_step(r, end);
	refill->share = pa_share(r->pa, refill->by.zone, refill->by.args.cpu);
	pa_zone_get(r->pa, refill->by.zone, &before);
	pa_refill_end(r->pa, &refill->by);
	pa_zone_get(r->pa, refill->by.zone, &after);
	refill->counted = (int64_t)(before.nr_free - after.nr_free) +
			  ((int64_t)refill->by.taken << refill->by.args.order);
	refill->open = false;
	r->refills_open--;
	request_make(r, end, &refill->tried, refill->picks, false, refill);
	move_to(r, end, told);
}

/* ---- what happens under the lock ---- */

/* The request that takes blocks from @ev on, as far as is known. */
static const struct trace_event *request_behind(const struct request *r,
						const struct trace_event *ev, uint32_t *picks)
{
	const struct trace_event *end = request_of(r, ev, picks), *sure;
	const struct run_cpu *c = &r->cpus[ev->cpu];

	/* What a hold takes first is for who holds it: tasks may preempt each other behind that, and go elsewhere. */
	for (uint32_t i = c->nr_tries; i-- > 0;) {
		sure = c->tries[i].end == NO_EVENT || c->tries[i].end < r->now ?
			       NULL :
			       request_event(r, c->tries[i].end);
		if (sure && sure->pfn == ev->pfn && sure->order == ev->order)
			return sure;
	}
	for (uint32_t i = c->nr_tries; !end && i-- > 0;)
		if (c->tries[i].order == ev->order && c->tries[i].end != NO_EVENT &&
		    c->tries[i].end > r->now && c->tries[i].mt == request_type_of(r, ev->mt))
			end = request_event(r, c->tries[i].end);
	return end;
}

/* The lists that @cpu tells of as turned between two events. */
static void turn_between(struct request *r, uint64_t from, uint64_t end, uint32_t cpu)
{
	for (uint64_t i = from + 1; i < end; i++) {
		const struct trace_event *turn = request_event(r, i);

		if (turn->type == EV_ROTATE && turn->cpu == cpu && turn->bits & EV_ROTATE_TAIL)
			request_rotate(r, turn, true);
	}
}

void request_turn_ahead(struct request *r, const struct trace_event *ev)
{
	turn_between(r, r->now, request_number_of(r, ev), ev->cpu);
}

/*
 * @ev takes the first block of a hold.  What is told of turned lists ahead of the second was so by then: nobody else
 * has had the lock.  (The recorder may ask late, as it does not ask at the block of a fallback.)
 */
static void turn_lists(struct request *r, const struct trace_event *ev)
{
	const struct trace_event *next = request_next_of(r, ev);
	uint64_t end = next && next->type == EV_ZONE_ALLOC ? request_number_of(r, next) : 0;

	if (ev->type == EV_ZONE_ALLOC)
		turn_between(r, request_number_of(r, ev), end, ev->cpu);
}

/* The hold that starts with @ev is for the request @end: that is made, or begun. */
static void begin_hold(struct request *r, const struct trace_event *ev,
		       const struct trace_event *end)
{
	const struct run_zone *z = request_zone_of(r, end);
	uint64_t number = request_number_of(r, end);
	struct run_cpu *c = &r->cpus[ev->cpu];
	bool bypass, stealing = false;
	const struct attempt *tried;

	c->refill.number = number;
	bypass = z && c->refill.picks == 1 && ev->pfn == end->pfn && is_locked(r, c, z, end);
	r->res.refills.kernel -= bypass; /* a block of an order that lists hold, for no list */
	c->bypassing = bypass;
	make_preempted(r, number, ev->cpu);
	note_made(r, number);
	tried = request_take_try(r, end);
	if (!bypass && start_refill(r, ev, end, tried))
		return;
	for (const struct trace_event *at = ev; at && request_number_of(r, at) < number;
	     at = request_next_of(r, at))
		if (at->type == EV_FALLBACK)
			request_lean_claim(r, at, &stealing);
	request_make(r, end, tried, c->refill.picks, bypass, NULL);
}

void request_start_picks(struct request *r, const struct trace_event *ev)
{
	struct run_cpu *c = &r->cpus[ev->cpu];
	const struct trace_event *end;
	uint16_t told;

	request_end_hold(r, ev->cpu);
	turn_lists(r, ev);
	c->picking = true;
	c->bypassing = false;
	c->refill = (struct refill){ 0 };
	end = request_behind(r, ev, &c->refill.picks);
	r->res.refills.kernel += ev->type == EV_ZONE_ALLOC ?
					 ev->bits & EV_REFILL :
					 end && pa_pcp_index(r->pa, end->order, PA_UNMOVABLE) >= 0;
	if (!end || was_made(r, request_number_of(r, end)))
		return;
	if (end->type == EV_BULK) {
		if (is_bulk(r, end))
			make_bulk(r, end);
		return;
	}
	told = move_to(r, end, ev->cpu);
	begin_hold(r, ev, end);
	move_to(r, end, told);
}

static int32_t less(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

/*
 * Blocks that the CPU is seen to take one after the other, with nobody else at work: all but the last,
 * after which there may be more to do.  Return: the event at hand then.
 */
static const struct trace_event *refill_at_once(struct request *r, const struct trace_event *ev)
{
	struct run_cpu *c = &r->cpus[ev->cpu];
	struct refill *refill = &c->refill;
	int32_t most = (int32_t)request_run_of(r, ev), got;
	struct pa_decision d;

	most = less(most, less((int32_t)(refill->picks - refill->shown),
			       refill->by.want - refill->by.taken)) -
	       1;
	r->rec.trail = (struct pa_trail){ .picks = &d, .max_picks = 1 };
	got = most > 0 ? pa_refill_steps(r->pa, &refill->by, most, &r->rec) : 0;
	if (got <= 0)
		return ev;
	if (r->rec.trail.nr_picks) {
		request_count_fallback(r, &d);
		if (!refill->fell_back)
			refill->fallback = d;
		refill->fell_back = true;
	}
	refill->shown += (uint32_t)got;
	for (int32_t i = 0; i < got; i++, r->now++)
		r->res.refilled.kernel +=
			!c->bypassing && request_event(r, r->now)->bits & EV_REFILL;
	return request_event(r, r->now);
}

void request_on_pick(struct request *r, const struct trace_event *ev)
{
	struct run_cpu *c = &r->cpus[ev->cpu];
	bool pick = request_is_pick(r, ev);

	if (!c->picking)
		request_start_picks(r, ev);
	if (c->refill.open && !c->refill.ahead && ev->type == EV_ZONE_ALLOC)
		ev = refill_at_once(r, ev);
	if (c->refill.open && (pick || !r->kernel->hygiene)) {
		if (!c->refill.ahead)
			request_refill_step(r, ev);
		c->refill.ahead = !pick;
		/* The kernel wanted more, too, if the core does, and found nothing here and now. */
		c->refill.shown += pick;
		if (pick &&
		    (c->refill.by.taken >= c->refill.by.want || c->refill.shown >= c->refill.picks))
			request_end_refill(r, ev->cpu);
	}
	if (pick && !c->bypassing)
		r->res.refilled.kernel += request_is_refill(r, ev);
}

void request_on_fallback(struct request *r, const struct trace_event *ev)
{
	const struct run_zone *z = request_zone_of(r, ev);

	r->res.fallbacks.kernel++;
	if (z)
		r->zones[z - r->zones].boosted = true;
	if (ev->bits & EV_CLAIMED)
		r->claims[r->nr_claims++ % MAX_CLAIMS] = (struct claim){
			.block = ev->pfn >> r->meta->pageblock_order,
			.number = r->now,
			.before = request_type_of(r, trace_fallback_mt(ev)),
		};
	request_on_pick(r, ev);
	if (z)
		request_foresee_boost(r, (uint32_t)(z - r->zones));
}

/* Is the block of @end drained, or picked, before that?  Then it was not had by now. */
static bool moves_before(const struct request *r, const struct trace_event *end)
{
	for (uint64_t i = r->now + 1; i < request_number_of(r, end); i++) {
		const struct trace_event *ev = request_event(r, i);

		if (ev->pfn == end->pfn && (ev->type == EV_DRAIN || request_is_pick(r, ev)))
			return true;
	}
	return false;
}

/*
 * A request that @cpu has under way without having taken a lock for it, if the page it will name is
 * the first of its list by now: something else is about to happen to that list.
 */
const struct trace_event *request_has_popped(struct request *r, uint32_t cpu)
{
	const struct run_cpu *c = &r->cpus[cpu];

	for (uint32_t i = c->nr_tries; i-- > 0;) {
		const struct attempt *a = &c->tries[i];
		const struct trace_event *ev =
			a->end == NO_EVENT || a->end < r->now ? NULL : request_event(r, a->end);
		int pindex = pa_pcp_index(r->pa, a->order, (enum pa_mt)a->mt);
		const struct run_zone *z = ev ? request_zone_of(r, ev) : NULL;

		if (z && pindex >= 0 && !a->waits && !was_made(r, a->end) &&
		    pa_pcp_head(r->pa, (uint32_t)(z - r->zones), request_core_cpu(r, cpu),
				(unsigned int)pindex) == ev->pfn &&
		    !moves_before(r, ev) && (!a->late || request_fits_now(r, cpu, a, ev)))
			return ev;
	}
	return NULL;
}

void request_make_early(struct request *r, const struct trace_event *ev)
{
	uint16_t told = move_to(r, ev, taken_on(r, ev));

	note_made(r, request_number_of(r, ev));
	request_make(r, ev, request_take_try(r, ev), 0, false, NULL);
	move_to(r, ev, told);
	r->res.reordered++;
}
