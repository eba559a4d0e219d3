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
#define PUSHED_WITHIN 65536
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
	uint32_t *freed; /* NULL: a free's block is nobody's concern */
	struct run_cpu *cpus;
	const struct run_zone *zone; /* the last one found */
	uint64_t mask, first;
	uint32_t nr_cpus;
	bool acts; /* the run follows the kernel's acts */
};

/* From a free to what is next told of its block. */
static inline void link_block(const struct reading *in, const struct trace_event *ev,
			      uint64_t number)
{
	uint32_t *freed = &in->freed[request_frame(in->zone, ev->pfn)];
	uint32_t steps = (uint32_t)number + 1 - *freed;

	if (*freed && steps < PUSHED_WITHIN && steps <= number - in->first)
		in->link[(number - steps) & in->mask].to = steps;
	*freed = ev->type == EV_FREE ? (uint32_t)number + 1 : 0;
}

static uint64_t *open_try(struct run_cpu *c, const struct trace_event *ev)
{
	return ev->order < MAX_TRY_ORDERS && ev->mt < TRACE_MAX_MT ?
		       &c->tries_open[ev->order][ev->mt] :
		       NULL;
}

/* An attempt starts inside those of its kind that are open. */
static void link_try(const struct reading *in, struct run_cpu *c, const struct trace_event *ev,
		     uint64_t number)
{
	uint64_t *open = open_try(c, ev);

	if (!open)
		return;
	if (*open > in->first) {
		in->win[(*open - 1) & in->mask].note |= WIN_NESTED;
		in->link[number & in->mask].to = (uint32_t)(number - (*open - 1));
	}
	*open = number + 1;
}

/* A request ends the latest one of its kind. */
static void link_request(const struct reading *in, struct run_cpu *c, const struct trace_event *ev,
			 uint64_t number)
{
	uint64_t *open = open_try(c, ev), try;
	struct win_link *link;

	if (!open || *open <= in->first)
		return;
	try = *open - 1;
	link = &in->link[try & in->mask];
	*open = link->to ? try - link->to + 1 : 0;
	link->to = (uint32_t)(number - try);
	in->win[try & in->mask].note |= WIN_ENDED;
}

/* What the CPU's pushes and its vmstat worker's rounds are followed by. */
static void link_drain(const struct reading *in, struct run_cpu *c, const struct trace_event *ev)
{
	if (ev->type == EV_DRAIN && c->asker > in->first && c->asked <= INTERRUPT_EVENTS)
		in->win[(c->asker - 1) & in->mask].note |= WIN_DRAINS;
	c->asker = 0;
}

/* compaction took a block of that order: whose attempt ends with it, is not known. */
static void forget_tries(struct run_cpu *c, int order)
{
	if (order >= 0 && order < MAX_TRY_ORDERS)
		memset(c->tries_open[order], 0, sizeof(c->tries_open[order]));
}

/* What a run that follows the kernel asks of the events ahead. */
static inline void link_acts(const struct reading *in, struct run_cpu *c,
			     const struct trace_event *ev, uint64_t number)
{
	c->asked++;
	switch (ev->type) {
	case EV_TRY:
		link_try(in, c, ev, number);
		break;
	case EV_ALLOC:
		link_request(in, c, ev, number);
		break;
	case EV_PUSH:
	case EV_VMSTAT:
		c->asker = number + 1;
		c->asked = 0;
		break;
	case EV_DRAIN:
		link_drain(in, c, ev);
		forget_tries(c, request_captured(ev));
		break;
	case EV_ZONE_FREE:
		forget_tries(c, request_captured(ev));
		break;
	case EV_DRAIN_PAGES:
		c->asker = 0;
		break;
	default:
		break;
	}
}

/* The zone of a block, if there is one; @in->zone is nearly always it. */
static const struct run_zone *zone_of(struct reading *in, uint64_t pfn)
{
	const struct run_zone *z;

	if (in->zone && pfn - in->zone->start < in->zone->end - in->zone->start)
		return in->zone;
	z = pfn == EV_PFN_NONE ? NULL : request_zone(in->r, pfn);
	in->zone = z ? z : in->zone;
	return z;
}

/* Of a block: what is known of it. */
static inline uint16_t read_block(struct reading *in, const struct trace_event *ev, uint64_t number)
{
	const struct run_zone *z = zone_of(in, ev->pfn);
	uint16_t note = trace_is_aside(ev) ? WIN_ASIDE : 0;

	if (!z)
		return ev->type == EV_ALLOC ? note : note | WIN_ALIEN;
	if (in->freed)
		link_block(in, ev, number);
	return note | (uint16_t)(z - in->r->zones + 1);
}

/* @ev, of @number, comes into the ring. */
static inline void read_event(struct reading *in, const struct trace_event *ev, uint64_t number)
{
	uint16_t note = trace_of_block(ev->type) ? read_block(in, ev, number) : 0;
	struct trace_event *self = &in->win[number & in->mask];
	struct run_cpu *c;

	*self = *ev;
	self->note = note;
	in->link[number & in->mask] = (struct win_link){ 0 };
	if (ev->cpu >= in->nr_cpus) {
		self->note |= WIN_ALIEN;
		return;
	}
	if (note & WIN_ASIDE)
		return;
	c = &in->cpus[ev->cpu];
	if (c->latest > in->first)
		in->link[(c->latest - 1) & in->mask].cpu = (uint32_t)(number - (c->latest - 1));
	c->latest = number + 1;
	if (in->acts)
		link_acts(in, c, ev, number);
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
		.freed = r->has_pushes && !r->res.changed ? r->freed : NULL,
		.cpus = r->cpus,
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

const struct trace_event *request_next_of_block(const struct request *r,
						const struct trace_event *free)
{
	uint32_t steps = r->win_link[free - r->win].to;

	return steps ? request_event(r, request_number_of(r, free) + steps) : NULL;
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
