/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The events that were read ahead, and what each of them leads to.
 *
 * A ring: event number n is at n modulo its room, which is a power of two, so that no event moves
 * while it waits.  What an event leads to is noted when that one comes in, once, and not searched.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "request_internal.h"

/* Events of all CPUs from a free to what its block does next, to tell that its push is lost. */
#define PUSHED_WITHIN REQUEST_WINDOW
/* Events of a CPU from an attempt to the request that it ends with. */
#define ENDS_WITHIN 32768
#define HUGE (UINT64_C(2) << 20)
#define ROOM (UINT64_C(1) << 18) /* at first: what is read ahead, and a chunk */

/* Memory that is gone through over and over: of huge pages, where the host gives any. */
static void *large(size_t size)
{
	void *p;

	if (size < HUGE)
		return malloc(size);
	p = aligned_alloc(HUGE, (size + HUGE - 1) / HUGE * HUGE);
	if (p)
		madvise(p, size, MADV_HUGEPAGE);
	return p;
}

/* Room for @n events behind those there are. */
static int make_room(struct request *r, size_t n)
{
	size_t room = r->win_room ? r->win_room : ROOM;
	struct win_link *link;
	struct trace_event *win;

	while (room < r->win_end - r->now + n)
		room *= 2;
	if (room == r->win_room)
		return 0;
	win = large(room * sizeof(*win));
	link = large(room * sizeof(*link));
	if (!win || !link) {
		free(win);
		free(link);
		return -ENOMEM;
	}
	for (uint64_t i = r->now; i < r->win_end; i++) {
		win[i & (room - 1)] = *request_event(r, i);
		link[i & (room - 1)] = r->win_link[i & (r->win_room - 1)];
	}
	free(r->win);
	free(r->win_link);
	r->win = win;
	r->win_link = link;
	r->win_room = room;
	return 0;
}

/* What is looked at for each event read: a copy, as each note written might be any of these. */
struct reading {
	struct request *r;
	struct trace_event *win;
	struct win_link *link;
	struct run_cpu *cpus, *c; /* all, and the last one that there was something of */
	/* The zone found last: of which frames, and what is noted of its blocks. */
	uint64_t start, pages;
	uint64_t mask, first;
	uint32_t nr_cpus, cpu;
	uint16_t zone;
	bool acts; /* the run follows the kernel's acts */
};

/* ---- frees and pushes ---- */

/*
 * Frees of a list are told of in a row, then their pushes, one for one: c->batch is the first of those
 * frees whose push is still to come.  A block that is freed twice has been somewhere between.
 */
static inline void start_batch(const struct reading *in, struct run_cpu *c,
			       const struct trace_event *ev, uint64_t before, uint64_t number)
{
	if (!c->batch || c->batched != before || in->win[(before - 1) & in->mask].pfn == ev->pfn)
		c->batch = number + 1;
	c->batched = number + 1;
}

static inline void link_push(const struct reading *in, struct run_cpu *c,
			     const struct trace_event *ev)
{
	uint64_t at = (c->batch - 1) & in->mask, next;

	if (c->batch <= in->first)
		return;
	next = c->batch + in->link[at].cpu;
	if (in->win[at].pfn == ev->pfn) {
		in->win[at].note |= WIN_PUSHED;
		c->batch = in->win[(next - 1) & in->mask].type == EV_FREE ? next : 0;
	} else {
		c->batch = 0;
	}
}

/* ---- attempts and requests ---- */

static inline uint64_t *open_try(struct run_cpu *c, const struct trace_event *ev)
{
	return ev->order < MAX_TRY_ORDERS && ev->mt < TRACE_MAX_MT ?
		       &c->tries_open[ev->order][ev->mt] :
		       NULL;
}

/* An attempt starts inside those of its kind that are open. */
static inline void link_try(const struct reading *in, struct run_cpu *c,
			    const struct trace_event *ev, uint64_t number)
{
	uint64_t *open = open_try(c, ev);

	if (!open)
		return;
	if (*open > in->first)
		in->win[(*open - 1) & in->mask].note |= WIN_NESTED;
	if (*open)
		in->link[number & in->mask].to = (uint32_t)(number - (*open - 1));
	*open = number + 1;
}

/* The process of the attempt is the one that @ev, a request, is of, or not known. */
static inline bool may_be_of(const struct trace_event *try, const struct trace_event *ev)
{
	return !try->pid || try->pid == ev->pid;
}

/* The attempt @open ends with the request of @number, and those around it stay: @open is number + 1. */
static void end_try(const struct reading *in, uint64_t *open, uint64_t number)
{
	uint64_t try = *open - 1;
	struct win_link *link = &in->link[try & in->mask];

	*open = link->to ? try - link->to + 1 : 0;
	link->to = (uint32_t)(number - try);
	in->win[try & in->mask].note |= WIN_ENDED;
}

/* The same of the latest one that may be of the process of @ev, but not the latest of all. */
static bool end_inner_try(const struct reading *in, uint64_t open, const struct trace_event *ev,
			  uint64_t number)
{
	while (open > in->first) {
		struct win_link *link = &in->link[(open - 1) & in->mask];
		uint64_t around = link->to ? open - link->to : 0, further;

		if (around <= in->first)
			return false;
		if (may_be_of(&in->win[(around - 1) & in->mask], ev)) {
			further = around;
			end_try(in, &further, number);
			link->to = further ? (uint32_t)(open - further) : 0;
			return true;
		}
		open = around;
	}
	return false;
}

/* The request ends an attempt that was made on another CPU than @c. */
static void link_elsewhere(const struct reading *in, const struct run_cpu *c,
			   const struct trace_event *ev, uint64_t number)
{
	for (uint32_t i = 0; i < in->nr_cpus; i++) {
		uint64_t *open = open_try(&in->cpus[i], ev);

		if (&in->cpus[i] == c || *open <= in->first)
			continue;
		if (may_be_of(&in->win[(*open - 1) & in->mask], ev)) {
			end_try(in, open, number);
			return;
		}
		if (end_inner_try(in, *open, ev, number))
			return;
	}
}

/* The same of the latest attempt on @c, which was played before this was read: its CPU stood still all that time. */
static bool end_played(struct run_cpu *c, uint64_t *open, uint64_t number)
{
	for (uint32_t i = 0; i < c->nr_tries; i++)
		if (c->tries[i].number + 1 == *open && c->tries[i].end == NO_EVENT) {
			c->tries[i].end = number;
			*open = 0;
			return true;
		}
	return false;
}

/*
 * A request ends the latest one of its kind that its process has made.  A task may have gone on to another CPU behind
 * it (7.3), where nothing is open then; and which process it is old traces do not tell.
 */
static inline void link_request(const struct reading *in, struct run_cpu *c,
				const struct trace_event *ev, uint64_t number)
{
	uint64_t *open = open_try(c, ev);

	if (!open)
		return;
	if (*open > in->first) {
		if (may_be_of(&in->win[(*open - 1) & in->mask], ev))
			end_try(in, open, number);
		else if (!end_inner_try(in, *open, ev, number))
			link_elsewhere(in, c, ev, number);
	} else if (!end_played(c, open, number)) {
		link_elsewhere(in, c, ev, number);
	}
}

/* compaction took a block of that order: whose attempt ends with it, is not known. */
static void forget_tries(struct run_cpu *c, int order)
{
	if (order >= 0 && order < MAX_TRY_ORDERS)
		memset(c->tries_open[order], 0, sizeof(c->tries_open[order]));
}

/*
 * compaction took a block as @ev freed another: from 6.13 on compaction_capture itself tells of a fallback, where the
 * block is not of its type.
 */
static void end_capture(const struct reading *in, struct run_cpu *c, const struct trace_event *ev,
			uint64_t before)
{
	struct trace_event *last = &in->win[(before - 1) & in->mask];
	int order = request_captured(ev);

	forget_tries(c, order);
	if (order >= 0 && before > in->first && last->type == EV_FALLBACK && last->order == order)
		last->note |= WIN_CAPTURE;
}

/* ---- drains ---- */

static inline bool is_same_task(const struct trace_event *a, const struct trace_event *b)
{
	return !a->pid || !b->pid || a->pid == b->pid;
}

/*
 * What the CPU's pushes and its vmstat worker's rounds are followed by.  Interrupts may come in between, with as many
 * frees past the lists as they like, which they find locked.
 */
static void link_drain(const struct reading *in, struct run_cpu *c, uint64_t number)
{
	struct trace_event *asker = &in->win[(c->asker - 1) & in->mask];
	uint64_t at = c->asker - 1;

	for (uint32_t n = 0; at != number && n < INTERRUPT_EVENTS;) {
		if (in->win[at & in->mask].type != EV_ZONE_FREE)
			n++;
		else if (n) /* nor does the free ahead of it count */
			n--;
		at += in->link[at & in->mask].cpu;
	}
	if (at == number && is_same_task(asker, &in->win[number & in->mask]))
		asker->note |= WIN_DRAINS;
}

/*
 * From its event to the first block that it drains a push holds the lock of its CPU's lists, and stays on the
 * CPU (pcp_spin_trylock).  Where that CPU is seen to have got a page from these lists, it is over: what is
 * drained behind that is another's.
 */
static inline void end_asker(const struct reading *in, struct run_cpu *c,
			     const struct trace_event *ev, uint64_t before, uint64_t number)
{
	const struct trace_event *asker = &in->win[(c->asker - 1) & in->mask];
	const struct trace_event *last = &in->win[(before - 1) & in->mask];

	if (c->asker <= in->first || asker->type != EV_PUSH ||
	    (asker->note ^ in->win[number & in->mask].note) & WIN_ZONE)
		return;
	/* One that found the list locked has taken a block of its own. */
	if ((last->type != EV_ZONE_ALLOC && last->type != EV_FALLBACK) || last->pfn != ev->pfn)
		c->asker = 0;
}

/*
 * What a run that follows the kernel asks of the events ahead.  @before: number + 1 of the last event
 * of the CPU.
 */
static inline void link_acts(const struct reading *in, struct run_cpu *c,
			     const struct trace_event *ev, uint64_t before, uint64_t number)
{
	switch (ev->type) {
	case EV_TRY:
		link_try(in, c, ev, number);
		break;
	case EV_ALLOC:
		link_request(in, c, ev, number);
		end_asker(in, c, ev, before, number);
		break;
	case EV_FREE:
		start_batch(in, c, ev, before, number);
		break;
	case EV_PUSH:
		link_push(in, c, ev);
		c->asker = number + 1;
		break;
	case EV_VMSTAT:
		c->asker = number + 1;
		break;
	case EV_DRAIN:
		if (c->asker > in->first)
			link_drain(in, c, number);
		c->asker = 0;
		end_capture(in, c, ev, before);
		break;
	case EV_ZONE_FREE:
		end_capture(in, c, ev, before);
		break;
	case EV_DRAIN_PAGES:
		c->asker = 0;
		break;
	default:
		break;
	}
}

/* ---- events ---- */

/* The zone of a block goes into its note, if there is one; it is nearly always the last. */
static inline uint16_t note_of(struct reading *in, const struct trace_event *ev)
{
	uint16_t note = trace_is_aside(ev) ? WIN_ASIDE : 0;
	const struct run_zone *z;

	if (ev->pfn - in->start < in->pages)
		return note | in->zone;
	z = ev->pfn == EV_PFN_NONE ? NULL : request_zone(in->r, ev->pfn);
	if (!z)
		return ev->type == EV_ALLOC ? note : note | WIN_ALIEN;
	in->start = z->start;
	in->pages = z->end - z->start;
	in->zone = (uint16_t)(z - in->r->zones + 1);
	return note | in->zone;
}

/* @ev, of @number, comes into the ring. */
static inline void read_event(struct reading *in, const struct trace_event *ev, uint64_t number)
{
	uint16_t note = trace_of_block(ev->type) ? note_of(in, ev) : 0;
	struct trace_event *self = &in->win[number & in->mask];
	struct run_cpu *c;
	uint64_t before;

	*self = *ev;
	self->note = note;
	in->link[number & in->mask] = (struct win_link){ 0 };
	if (ev->cpu >= in->nr_cpus) {
		self->note |= WIN_ALIEN;
		return;
	}
	if (note & WIN_ASIDE)
		return;
	if (ev->cpu != in->cpu) {
		in->cpu = ev->cpu;
		in->c = &in->cpus[ev->cpu];
	}
	c = in->c;
	before = c->latest;
	if (before > in->first)
		in->link[(before - 1) & in->mask].cpu = (uint32_t)(number + 1 - before);
	c->latest = number + 1;
	if (in->acts)
		link_acts(in, c, ev, before, number);
}

int request_read_ahead(struct request *r, const struct trace_event *ev, size_t n)
{
	uint64_t number = r->win_end;
	struct reading in;
	int err;

	err = make_room(r, n);
	if (err)
		return err;
	in = (struct reading){
		.r = r,
		.win = r->win,
		.link = r->win_link,
		.cpus = r->cpus,
		.c = r->cpus,
		.mask = r->win_room - 1,
		.first = r->now,
		.nr_cpus = r->nr_cpus,
		.acts = !r->res.changed,
	};
	for (size_t i = 0; i < n; i++)
		read_event(&in, &ev[i], number + i);
	r->win_end += n;
	return 0;
}

/* Rarely asked for, so it is searched. */
const struct trace_event *request_next_of_block(const struct request *r,
						const struct trace_event *free)
{
	uint64_t number = request_number_of(r, free), end = number + PUSHED_WITHIN;

	for (end = end < r->win_end ? end : r->win_end; ++number < end;) {
		const struct trace_event *ev = request_event(r, number);

		if (ev->pfn == free->pfn && ev->note & WIN_ZONE)
			return ev;
	}
	return NULL;
}

bool request_stays_on_list(const struct request *r, const struct trace_event *free)
{
	uint64_t number = request_number_of(r, free), end = number + PUSHED_WITHIN;
	uint64_t last = free->pfn + (UINT64_C(1) << free->order);
	uint32_t core = r->handle[request_frame(request_zone_of(r, free), free->pfn)];
	struct pa_page_info info;

	if (core >= NO_PAGE || pa_page(r->pa, core, &info) || info.use != PA_USE_PINNED)
		return false;
	for (end = end < r->win_end ? end : r->win_end; ++number < end;) {
		const struct trace_event *ev = request_event(r, number);

		if (ev->note & WIN_ZONE && ev->pfn < last &&
		    free->pfn < ev->pfn + (UINT64_C(1) << ev->order))
			return false;
	}
	return true;
}

const struct trace_event *request_end_of(const struct request *r, const struct trace_event *try,
					 bool *nested)
{
	uint32_t steps = r->win_link[try - r->win].to;
	const struct trace_event *ev = try, *end;

	*nested = try->note & WIN_NESTED;
	if (!(try->note & WIN_ENDED))
		return NULL;
	end = request_event(r, request_number_of(r, try) + steps);
	if (steps <= ENDS_WITHIN)
		return end;
	for (uint32_t n = 0; n < ENDS_WITHIN && ev != end; n++)
		ev = request_next_of(r, ev);
	return ev == end ? end : NULL;
}

const struct trace_event *request_upcoming(struct request *r, uint32_t cpu)
{
	uint64_t *n = &r->cpus[cpu].upcoming;

	for (*n = *n > r->now ? *n : r->now + 1; *n < r->win_end; ++*n) {
		const struct trace_event *ev = request_event(r, *n);

		if (ev->cpu == cpu && !(ev->note & WIN_ASIDE) && ev->type != EV_ROTATE)
			return ev;
	}
	return NULL;
}

bool request_fallback_is_near(struct request *r)
{
	uint64_t *n = &r->next_fallback;

	for (*n = *n > r->now ? *n : r->now + 1; *n < r->win_end; ++*n)
		if (request_event(r, *n)->type == EV_FALLBACK)
			return *n - r->now < FALLBACK_EVENTS;
	return false;
}
