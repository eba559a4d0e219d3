/* SPDX-License-Identifier: GPL-2.0-only */
/* Drains that others' work came upon, and which of them a CPU goes on with. */
#include <string.h>

#include "request_internal.h"

void request_cut(struct run_cpu *c, enum what what, bool emptied)
{
	request_drop_emptied(c, c->pid);
	if (c->nr_cuts == MAX_CUTS)
		memmove(c->cuts, c->cuts + 1, --c->nr_cuts * sizeof(c->cuts[0]));
	c->cuts[c->nr_cuts++] = (struct cut){
		.what = what,
		.emptied = emptied,
		.bulk = c->bulk,
		.fold_turn = c->fold_turn,
		.pid = c->pid,
		.drain_of = c->drain_of,
		.drain_zone = c->drain_zone,
	};
}

void request_cut_drain_pages(struct run_cpu *c)
{
	if (c->what == WHAT_DRAIN_PAGES && c->drain_goes_on)
		request_cut(c, WHAT_DRAIN_PAGES, false);
}

int32_t request_pages_on_lists(const struct request *r, uint32_t zone, uint32_t cpu)
{
	struct pa_pcp pcp;

	return pa_pcp_get(r->pa, zone, cpu, &pcp) ? 0 : pcp.count;
}

uint32_t request_last_cut(const struct run_cpu *c, uint32_t zone)
{
	uint32_t i;

	for (i = c->nr_cuts; i; i--) {
		const struct cut *cut = &c->cuts[i - 1];

		if ((cut->what == WHAT_DRAIN_PAGES ? c->drain_zone : cut->bulk.zone) == zone)
			break;
	}
	return i;
}

uint32_t request_cut_of(const struct run_cpu *c, uint32_t zone, uint32_t pid)
{
	uint32_t i;

	if (!pid)
		return request_last_cut(c, zone);
	for (i = c->nr_cuts; i; i--) {
		const struct cut *cut = &c->cuts[i - 1];

		if ((!cut->pid || cut->pid == pid) &&
		    (cut->what == WHAT_DRAIN_PAGES ? cut->drain_zone : cut->bulk.zone) == zone)
			break;
	}
	return i;
}

struct cut request_take_cut(struct run_cpu *c, uint32_t i)
{
	struct cut cut = c->cuts[i];

	memmove(&c->cuts[i], &c->cuts[i + 1], (--c->nr_cuts - i) * sizeof(c->cuts[0]));
	return cut;
}

/* Drains of a CPU, one after the other. */
struct row {
	const struct trace_event *end; /* the last one */
	int32_t pages;		       /* of one zone */
	int32_t last;		       /* of these that last block of the zone */
};

/* The one that @ev goes on with. */
static struct row row_from(const struct request *r, const struct trace_event *ev, uint32_t zone)
{
	struct row row = { .pages = 0 };

	for (; ev && ev->type == EV_DRAIN; ev = request_next_of(r, ev)) {
		row.end = ev;
		if (request_zone_of(r, ev) != &r->zones[zone])
			continue;
		row.last = 1 << ev->order;
		row.pages += row.last;
	}
	return row;
}

/* May @bulk end with all but @ahead pages of @row?  It stops where its lock is free; its last block may go beyond. */
static bool ends_with(const struct pa_bulk *bulk, const struct row *row, int32_t ahead)
{
	int32_t pages = row->pages - ahead;

	return pages < bulk->left ? bulk->most > 0 && !(pages % bulk->most) :
				    pages - row->last < bulk->left;
}

/* The same of drain_pages_zone: what is on the other CPU's lists by then, and what that pushes meanwhile. */
static bool empties_with(const struct request *r, const struct run_cpu *c, const struct row *row,
			 int32_t ahead)
{
	int32_t pages = request_pages_on_lists(r, c->drain_zone, request_core_cpu(r, c->drain_of));

	if (!pages || row->pages - ahead < pages)
		return false;
	for (uint64_t n = r->now; n < request_number_of(r, row->end); n++) {
		const struct trace_event *ev = request_event(r, n);

		if (ev->type == EV_PUSH && ev->cpu == c->drain_of &&
		    request_zone_of(r, ev) == &r->zones[c->drain_zone])
			pages += 1 << ev->order;
	}
	return row->pages - ahead <= pages;
}

/* Which of the drains of @zone that were cut may end so, + 1; 0: none. */
static uint32_t cut_with(const struct request *r, const struct run_cpu *c, uint32_t zone,
			 const struct row *row, int32_t ahead)
{
	uint32_t i;

	for (i = c->nr_cuts; i; i--) {
		const struct cut *cut = &c->cuts[i - 1];

		if (cut->what == WHAT_PUSH && cut->bulk.zone == zone &&
		    ends_with(&cut->bulk, row, ahead))
			break;
		if (cut->what == WHAT_DRAIN_PAGES && c->drain_zone == zone &&
		    empties_with(r, c, row, ahead))
			break;
	}
	return i;
}

void request_give_way(struct request *r, struct run_cpu *c, const struct trace_event *ev,
		      uint32_t zone)
{
	struct row row;
	struct cut other;
	uint32_t i;

	if (ev->pid || !c->nr_cuts || !c->draining || c->what != WHAT_PUSH || !c->drained ||
	    !c->bulk.between || c->bulk.left <= 0 || c->bulk.zone != zone)
		return;
	row = row_from(r, ev, zone);
	if (ends_with(&c->bulk, &row, 0) ||
	    row.pages == request_pages_on_lists(r, zone, c->bulk.cpu) ||
	    (row.pages > c->bulk.left && cut_with(r, c, zone, &row, c->bulk.left)))
		return;
	i = cut_with(r, c, zone, &row, 0);
	if (!i)
		return;
	other = request_take_cut(c, i - 1);
	request_cut(c, WHAT_PUSH, false);
	c->what = other.what;
	c->bulk = other.bulk;
	c->resumed = true;
	if (c->what == WHAT_DRAIN_PAGES)
		c->bulk.left = 0;
}
