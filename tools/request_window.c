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

#include "request_internal.h"

/* Events of all CPUs from a free to its push, to tell that one is lost. */
#define PUSHED_WITHIN 1024
#define ROOM (UINT64_C(1) << 18) /* at first: what is read ahead, and a chunk */

/* Room for @n events behind those there are. */
static int make_room(struct request *r, size_t n)
{
	size_t room = r->win_room ? r->win_room : ROOM;
	struct win_link *link;
	struct trace_event *win;

	while (room < r->win_n + n)
		room *= 2;
	if (room == r->win_room)
		return 0;
	win = malloc(room * sizeof(*win));
	link = malloc(room * sizeof(*link));
	if (!win || !link) {
		free(win);
		free(link);
		return -ENOMEM;
	}
	for (uint64_t i = r->win_first; i < r->win_first + r->win_n; i++) {
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

static struct win_link *link_of(const struct request *r, uint64_t number)
{
	return &r->win_link[number & (r->win_room - 1)];
}

/* From a free to what is next told of its block. */
static void link_block(struct request *r, const struct trace_event *ev, uint64_t number)
{
	const struct run_zone *z = ev->pfn == EV_PFN_NONE ? NULL : request_zone(r, ev->pfn);
	uint32_t *freed = z ? &r->freed[request_frame(z, ev->pfn)] : NULL, steps;

	if (!freed)
		return;
	steps = (uint32_t)number + 1 - *freed;
	if (*freed && steps < PUSHED_WITHIN && steps <= number - r->win_first)
		link_of(r, number - steps)->block = steps;
	*freed = ev->type == EV_FREE ? (uint32_t)number + 1 : 0;
}

static void link_event(struct request *r, const struct trace_event *ev, uint64_t number)
{
	struct run_cpu *c;

	*link_of(r, number) = (struct win_link){ 0 };
	if (r->has_pushes && !r->res.changed && trace_of_block(ev->type))
		link_block(r, ev, number);
	if (ev->cpu >= r->nr_cpus || trace_is_aside(ev))
		return;
	c = &r->cpus[ev->cpu];
	if (c->latest > r->win_first)
		link_of(r, c->latest - 1)->cpu = (uint32_t)(number - (c->latest - 1));
	c->latest = number + 1;
	if (c->upcoming == NO_EVENT)
		c->upcoming = number;
}

int request_read_ahead(struct request *r, const struct trace_event *ev, size_t n)
{
	uint64_t number = r->win_first + r->win_n;
	size_t left, part;
	int err;

	err = make_room(r, n);
	if (err)
		return err;
	part = r->win_room - (number & (r->win_room - 1));
	part = part < n ? part : n;
	left = n - part;
	memcpy(&r->win[number & (r->win_room - 1)], ev, part * sizeof(*ev));
	memcpy(r->win, ev + part, left * sizeof(*ev));
	for (size_t i = 0; i < n; i++)
		link_event(r, &ev[i], number + i);
	r->win_n += n;
	return 0;
}

const struct trace_event *request_next_of_block(const struct request *r,
						const struct trace_event *free)
{
	uint32_t steps = r->win_link[free - r->win].block;

	return steps ? request_event(r, request_number_of(r, free) + steps) : NULL;
}
