/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What would have been under another kernel's rules, another setting, on another machine.
 *
 * What the recorded kernel's kswapd, compactors and OOM killer did says nothing about that
 * (request_recorded.c), so the core's own run: the page cache is on its lists of reclaimable pages,
 * time is the trace's.  A page that reclaim takes has no owner any more, one that compaction moves
 * keeps it.
 *
 * Anonymous and tmpfs pages are given back when the recording says so: a trace tells nothing of swap.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request_whatif.h"
#include "util.h"

#define NS_PER_MS 1000000
#define PACE 4000 /* ns that kcompactd takes for a page, unless the trace shows it */
/*
 * The recorder reads the clock for one event in 256 (bpf/stream.bpf.h), ms apart on a slow machine.
 * Daemons do not wait for that: after so many requests and frees they have their turn.
 */
#define TICK_STEPS 64 /* on average, in a run by chance */
#define TICK_MOST 20  /* ms: daemons have their turns while nothing is asked for */

static uint32_t *owner_of(struct request *r, uint64_t pfn)
{
	return pfn < r->nr_owners ? &r->owner[pfn] : NULL;
}

/* What @as has, an index in handle or NO_PFN: nobody, is at the core's @pfn from now on. */
static void own(struct request *r, uint64_t as, uint64_t pfn)
{
	uint32_t *owner = owner_of(r, pfn);

	if (!owner)
		return;
	if (*owner != NO_PFN && r->handle[*owner] == (uint32_t)pfn && *owner != as) {
		r->handle[*owner] = NO_PAGE; /* reclaim took it from there */
		r->res.reclaimed++;
	}
	*owner = (uint32_t)as;
}

static void follow_move(struct request *r, uint64_t pfn, uint64_t to)
{
	const uint32_t *from = owner_of(r, pfn);
	bool owned = from && *from != NO_PFN && r->handle[*from] == (uint32_t)pfn;

	if (owned)
		r->handle[*from] = (uint32_t)to;
	own(r, owned ? *from : NO_PFN, to);
	oom_moved(r, pfn, to);
}

static void follow_moves(struct request *r, const struct pa_trail *trail)
{
	r->res.moved += trail->nr_moves;
	for (uint32_t i = 0; i < trail->nr_moves && i < trail->max_moves; i++) {
		const struct pa_moved *m = &trail->moves[i];

		if (m->from == m->to) { /* split: each page has its handle as it is */
			r->res.moved--;
			continue;
		}
		for (uint64_t k = 0; k < UINT64_C(1) << m->order; k++)
			follow_move(r, m->from + k, m->to + k);
	}
}

void request_adopt(struct request *r, uint64_t pfn, enum trace_use use)
{
	const struct run_zone *z = request_zone(r, pfn);
	uint64_t frame = request_frame(z, pfn);

	if (pa_set_allocated(r->pa, pfn, 0, PA_USE_MOVABLE))
		return;
	r->handle[frame] = (uint32_t)pfn;
	own(r, frame, pfn);
	if (use == TRACE_USE_FILE)
		pa_lru_add(r->pa, pfn);
}

/* The core's page that @owner still has, or PA_PFN_NONE. */
static uint64_t page_of(const struct request *r, uint64_t owner)
{
	uint64_t core = r->handle[owner];

	if (core >= NO_PAGE || core >= r->nr_owners || r->owner[core] != owner ||
	    pa_allocated(r->pa, core) < 0)
		return PA_PFN_NONE;
	return core;
}

/* What a call drained, by a push or by reclaim. */
static void count_drained(struct request *r, const struct pa_trail *trail)
{
	r->res.drains.core += trail->nr_drains != 0;
	r->res.drained.core += trail->nr_drains;
}

static void give_back(struct request *r, uint32_t cpu, uint64_t core, unsigned int order)
{
	struct pa_free_record rec;

	if (pa_free_quick(r->pa, cpu, core, order))
		return;
	rec.trail = (struct pa_trail){ .drains = r->drains, .max_drains = MAX_DRAINS };
	if (pa_free_pages(r->pa, cpu, core, order, &rec))
		r->res.frees_unknown++;
	else if (rec.pcp)
		count_drained(r, &rec.trail);
}

static void free_block(struct request *r, const struct whatif *op, uint64_t pfn, unsigned int order)
{
	const struct run_zone *z = &r->zones[op->zone];
	uint64_t frame = request_frame(z, pfn), core = r->handle[frame];
	uint32_t cpu = request_core_cpu(r, op->cpu);
	const uint32_t *owner = core < NO_PAGE ? owner_of(r, core) : NULL;

	if (owner && (*owner != frame || pa_allocated(r->pa, core) < 0)) {
		r->handle[frame] = NO_HANDLE;
		r->res.reclaimed++;
		return;
	}
	core = request_take_handle(r, z, pfn, order);
	if (core != PA_PFN_NONE)
		give_back(r, cpu, core, order);
}

/* Has the core's compaction split it?  Then its pages are wherever they are. */
static bool is_split(const struct request *r, const struct whatif *op)
{
	const struct run_zone *z = &r->zones[op->zone];

	for (uint64_t i = 1; i < request_pages(z, op->pfn, op->order); i++)
		if (page_of(r, request_frame(z, op->pfn) + i) != PA_PFN_NONE)
			return true;
	return false;
}

static void free_now(struct request *r, const struct whatif *op)
{
	r->res.frees++;
	if (!op->order || !is_split(r, op)) {
		free_block(r, op, op->pfn, op->order);
		return;
	}
	for (uint64_t i = 0; i < request_pages(&r->zones[op->zone], op->pfn, op->order); i++)
		free_block(r, op, op->pfn + i, 0);
}

/* What was in a block of the kernel's is in another one; in the core it stays where it is. */
static void move_now(struct request *r, const struct whatif *op)
{
	const struct run_zone *z = &r->zones[op->zone];

	r->res.frees++;
	for (uint64_t i = 0; i < request_pages(z, op->pfn, op->order); i++) {
		uint64_t frame = request_frame(z, op->pfn) + i;
		uint64_t core = r->handle[frame] == NO_HANDLE ? op->pfn + i : r->handle[frame];
		uint32_t *owner = core < NO_PAGE ? owner_of(r, core) : NULL;

		r->handle[op->arg + i] = (uint32_t)core;
		r->handle[frame] = NO_HANDLE;
		if (owner && (*owner == frame || *owner == NO_PFN))
			*owner = op->arg + (uint32_t)i;
	}
}

/* The kernel's reclaim took it; in the core it stays until reclaim, or who evicts it, does. */
static void evict_now(struct request *r, const struct whatif *op)
{
	uint64_t frame = request_frame(&r->zones[op->zone], op->pfn);
	uint64_t core = page_of(r, frame), old = page_of(r, op->arg);

	if (old != PA_PFN_NONE)
		r->owner[old] = NO_PFN;
	r->res.reclaimed += core == PA_PFN_NONE && r->handle[frame] < NO_PAGE;
	r->handle[op->arg] = core == PA_PFN_NONE ? NO_PAGE : (uint32_t)core;
	for (uint64_t i = 0; i < request_pages(&r->zones[op->zone], op->pfn, op->order); i++) {
		uint64_t page = page_of(r, frame + i);

		/* Of a folio that was split the first page has the number, the others are nobody's. */
		if (i && page != PA_PFN_NONE)
			r->owner[page] = NO_PFN;
		else if (core != PA_PFN_NONE && r->owner[core + i] == frame + i)
			r->owner[core + i] = op->arg;
		r->handle[frame + i] = NO_HANDLE;
	}
}

static void drop_now(struct request *r, const struct whatif *op)
{
	uint64_t core = page_of(r, op->arg);

	r->res.reclaimed += core == PA_PFN_NONE && r->handle[op->arg] < NO_PAGE;
	r->handle[op->arg] = NO_HANDLE;
	if (core != PA_PFN_NONE)
		give_back(r, request_core_cpu(r, op->cpu), core,
			  (unsigned int)pa_allocated(r->pa, core));
}

/* Who was killed asks for nothing. */
static void go_without(struct request *r, const struct whatif *op)
{
	const struct run_zone *z = &r->zones[op->zone];

	for (uint64_t i = 0; op->pfn != NO_PFN && i < request_pages(z, op->pfn, op->order); i++)
		r->handle[request_frame(z, op->pfn) + i] = NO_PAGE;
}

static void alloc_now(struct request *r, const struct whatif *op)
{
	const struct trace_event ev = {
		.ts = op->ts,
		.pfn = op->pfn == NO_PFN ? EV_PFN_NONE : op->pfn,
		.cpu = op->cpu,
		.type = EV_ALLOC,
		.order = op->order,
		.mt = op->mt,
	};
	const struct run_zone *z = op->pfn == NO_PFN ? NULL : &r->zones[op->zone];

	if (oom_is_dead(r, op->pid)) {
		r->res.unasked++;
		go_without(r, op);
		return;
	}
	request_make_whatif(r, &ev, op);
	follow_moves(r, &r->rec.trail);
	count_drained(r, &r->rec.trail);
	if (!z || r->rec.pfn == PA_PFN_NONE)
		return;
	if (oom_is_dead(r, op->pid)) { /* it was its own victim */
		give_back(r, request_core_cpu(r, op->cpu), r->rec.pfn, op->order);
		go_without(r, op);
		return;
	}
	oom_note(r, op, r->rec.pfn);
	for (uint64_t i = 0; i < request_pages(z, ev.pfn, op->order); i++)
		own(r, request_frame(z, ev.pfn) + i, r->rec.pfn + i);
	if (op->cache)
		pa_lru_add(r->pa, r->rec.pfn);
}

static void tick(struct request *r, uint64_t ts)
{
	struct pa_trail trail = { .drains = r->drains,
				  .moves = r->moves,
				  .max_drains = MAX_DRAINS,
				  .max_moves = MAX_MOVES };

	uint64_t now;

	if (!r->began) {
		r->began = ts;
		r->clock = 0;
		pa_set_pace(r->pa, PACE);
	}
	now = (ts - r->began) / NS_PER_MS;
	do {
		r->clock = r->clock + TICK_MOST < now ? r->clock + TICK_MOST : now;
		trail.nr_moves = trail.nr_drains = 0;
		if (pa_tick(r->pa, r->clock, &trail))
			return;
		follow_moves(r, &trail);
		count_drained(r, &trail);
	} while (r->clock < now);
}

/* When the daemons have their next turn. */
static uint32_t next_turn(struct request *r)
{
	if (!r->opt.chance)
		return TICK_STEPS;
	if (!r->random)
		r->random = r->opt.chance;
	return 1 + (uint32_t)(next_random(&r->random) % (2 * TICK_STEPS - 1));
}

void request_whatif(struct request *r, const struct whatif *op)
{
	switch (op->kind) {
	case WHATIF_TAKE:
		pa_take(r->pa, op->pfn, op->order);
		return;
	case WHATIF_ISOLATE:
		pa_isolate(r->pa, op->pfn, op->order);
		return;
	case WHATIF_INSERT:
		pa_free_block(r->pa, op->pfn, op->order, (enum pa_mt)op->mt, 0, -1);
		return;
	case WHATIF_LOAD:
		request_load_pcps(r);
		return;
	default:
		break;
	}
	if (op->ts != r->ticked || ++r->unticked >= r->turn) {
		r->ticked = op->ts;
		r->unticked = 0;
		r->turn = next_turn(r);
		tick(r, op->ts);
	}
	if (op->kind == WHATIF_ALLOC)
		alloc_now(r, op);
	else if (op->kind == WHATIF_FREE)
		free_now(r, op);
	else if (op->kind == WHATIF_MOVE)
		move_now(r, op);
	else if (op->kind == WHATIF_EVICT)
		evict_now(r, op);
	else if (op->kind == WHATIF_DROP)
		drop_now(r, op);
	else if (op->kind == WHATIF_PACE)
		pa_set_pace(r->pa, op->arg);
	else if (op->kind == WHATIF_CPU)
		pa_set_daemon_cpu(r->pa, (enum pa_daemon)op->arg, request_core_cpu(r, op->cpu));
}

/* -------------------------------------------------------------------------
 * Worked out once
 */

int request_collect(struct request *r, const struct whatif *op)
{
	struct request_script *s = r->script;
	struct whatif *grown;

	if (s->n == s->room) {
		size_t room = s->room ? 2 * s->room : 65536;

		grown = realloc(s->op, room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		s->op = grown;
		s->room = room;
	}
	s->op[s->n++] = *op;
	return 0;
}

int request_script_make(const struct trace_meta *meta, const struct trace_item *item, size_t n,
			struct request_script **out, char *why, size_t len)
{
	const struct request_options opt = { .what_if = true };
	struct request_script *s = calloc(1, sizeof(*s));
	struct request *r = NULL;
	int err = s ? 0 : -ENOMEM;

	if (!err)
		err = request_open(meta, &opt, &r, why, len);
	if (err)
		goto out;
	r->script = s;
	for (size_t i = 0; i < n && !err; i++)
		if (item[i].kind == TRACE_EVENTS || item[i].kind == TRACE_PCP ||
		    item[i].kind == TRACE_CPU || item[i].kind == TRACE_PAGES)
			err = request_item(r, &item[i]);
	if (!err)
		err = request_finish(r);
	s->res = r->res;
	s->now = r->now;
	s->ts = r->ts;
	if (err)
		snprintf(why, len, "%s", strerror(-err));
out:
	request_close(r);
	if (err)
		request_script_free(s);
	else
		*out = s;
	return err;
}

size_t request_script_steps(const struct request_script *s)
{
	return s->n;
}

void request_script_free(struct request_script *s)
{
	if (s)
		free(s->op);
	free(s);
}

size_t request_play(struct request *r, const struct request_script *s, size_t from, size_t n)
{
	size_t end = n < s->n - from ? from + n : s->n;

	for (size_t i = from; i < end; i++) {
		const struct whatif *op = &s->op[i];

		while (op->event > r->next_sample) {
			if (r->opt.sample && r->loaded)
				r->opt.sample(r->opt.sample_arg, r->pa, &r->res, r->next_sample,
					      r->ticked ? r->ticked : op->ts);
			r->next_sample += r->opt.every;
		}
		request_whatif(r, op);
	}
	r->now = end == s->n ? s->now : s->op[end].event;
	r->ts = end == s->n ? s->ts : r->ts;
	if (end < s->n)
		return end;
	r->res.events = s->res.events;
	r->res.lost = s->res.lost;
	r->res.before = s->res.before;
	r->res.fallbacks.kernel = s->res.fallbacks.kernel;
	r->res.refills.kernel = s->res.refills.kernel;
	r->res.refilled.kernel = s->res.refilled.kernel;
	r->res.drains.kernel = s->res.drains.kernel;
	r->res.drained.kernel = s->res.drained.kernel;
	r->res.kills.kernel = s->res.kills.kernel;
	return end;
}
