/* SPDX-License-Identifier: GPL-2.0-only */
/* The event loop of request mode: a window of events, and what comes with each. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "request_whatif.h"

#define CHECK_EVERY 65536

/*
 * A list was turned.  What is last is reported ahead of the event that saw it: a block that only
 * comes with that event is no news.
 */
void request_rotate(struct request *r, const struct trace_event *ev, bool tail)
{
	struct pa_page_info info;

	if (pa_page(r->pa, ev->pfn, &info) || !info.head || info.order != ev->order ||
	    info.mt != PA_MOVABLE)
		return;
	r->res.rotations += pa_rotate(r->pa, ev->pfn, tail) > 0;
}

static void on_isolate(struct request *r, const struct trace_event *ev, const struct run_zone *z)
{
	if (ev->bits & EV_FAST)
		request_rotate(r, ev, false);
	if (pa_isolate_by(r->pa, request_core_cpu(r, ev->cpu), ev->pfn, ev->order) ||
	    pa_set_allocated(r->pa, ev->pfn, ev->order, PA_USE_MOVABLE)) {
		r->res.isolated_missed++;
		return;
	}
	r->res.isolated++;
	for (uint64_t i = 0; i < request_pages(z, ev->pfn, ev->order); i++)
		r->handle[request_frame(z, ev->pfn) + i] = (uint32_t)(ev->pfn + i);
}

static void on_putback(struct request *r, const struct trace_event *ev, const struct run_zone *z)
{
	uint64_t core = request_take_handle(r, z, ev->pfn, ev->order);

	if (core != PA_PFN_NONE)
		pa_free_direct(r->pa, request_core_cpu(r, ev->cpu), core, ev->order, PA_TO_TAIL,
			       NULL);
}

void request_on_task(struct request *r, const struct trace_event *ev, bool begins)
{
	uint32_t i;

	for (i = 0; i < r->nr_memalloc && r->memalloc[i] != ev->pid; i++)
		;
	if (begins && i == r->nr_memalloc && i < sizeof(r->memalloc) / sizeof(r->memalloc[0]))
		r->memalloc[r->nr_memalloc++] = ev->pid;
	if (!begins && i < r->nr_memalloc)
		r->memalloc[i] = r->memalloc[--r->nr_memalloc];
}

/* Events outside the lock that tell what others are at. */
static void on_other(struct request *r, const struct trace_event *ev)
{
	switch (ev->type) {
	case EV_LOST:
		r->res.lost += ev->arg;
		break;
	case EV_TRY:
		request_on_try(r, ev);
		break;
	case EV_VMSTAT:
		request_on_vmstat(r, ev);
		break;
	case EV_DRAIN_PAGES:
		request_on_drain_pages(r, ev);
		break;
	case EV_BALANCE_BEGIN:
		request_on_balance_begin(r, ev);
		break;
	case EV_BALANCE_END:
		request_on_balance_end(r, ev);
		break;
	case EV_KSWAPD_WAKE:
	case EV_KSWAPD_SLEEP:
		if (!r->has_thresholds)
			request_set_thresholds(r, ev->arg, ev->type == EV_KSWAPD_WAKE, ev->cpu);
		break;
	case EV_RECLAIM_BEGIN:
	case EV_RECLAIM_END:
		request_on_task(r, ev, ev->type == EV_RECLAIM_BEGIN);
		break;
	case EV_OOM_VICTIM:
		r->victims[r->nr_victims++ % MAX_VICTIMS] = ev->arg;
		r->nr_victims = r->nr_victims < MAX_VICTIMS ? r->nr_victims : MAX_VICTIMS;
		break;
	default:
		break;
	}
}

/* What an event comes to, or for a script, that it does. */
static void do_whatif(struct request *r, const struct whatif *op)
{
	if (!r->script)
		request_whatif(r, op);
	else if (!r->err)
		r->err = request_collect(r, op);
}

/* Before the per-cpu lists are known only the free lists are kept up. */
static void warm_up(struct request *r, const struct trace_event *ev)
{
	struct whatif op = { .event = r->now,
			     .pfn = (uint32_t)ev->pfn,
			     .order = ev->order,
			     .mt = request_type_of(r, ev->mt) };

	if (request_is_pick(r, ev))
		op.kind = WHATIF_TAKE;
	else if (ev->type == EV_ISOLATE)
		op.kind = WHATIF_ISOLATE;
	else if ((ev->type == EV_DRAIN || ev->type == EV_ZONE_FREE) && op.mt != NO_MT)
		op.kind = WHATIF_INSERT;
	if (op.kind != WHATIF_NONE)
		do_whatif(r, &op);
	r->res.before++;
}

static inline void dispatch(struct request *r, const struct trace_event *ev)
{
	switch (ev->type) {
	case EV_ALLOC:
		request_on_alloc(r, ev);
		return;
	case EV_FREE:
		request_on_free(r, ev, request_zone_of(r, ev));
		return;
	case EV_ZONE_ALLOC:
		request_on_pick(r, ev);
		return;
	case EV_FALLBACK:
		if (!(ev->note & WIN_CAPTURE))
			request_on_fallback(r, ev);
		return;
	case EV_DRAIN:
		request_on_drain(r, ev);
		return;
	case EV_ZONE_FREE:
		if (!(ev->note & WIN_ASIDE)) /* the free was told when it was announced */
			request_on_zone_free(r, ev, request_zone_of(r, ev));
		return;
	case EV_PUSH:
		request_on_push(r, ev, request_zone_of(r, ev));
		return;
	case EV_BULK:
		request_on_bulk(r, ev);
		return;
	case EV_ISOLATE:
		on_isolate(r, ev, request_zone_of(r, ev));
		return;
	case EV_PUTBACK:
		on_putback(r, ev, request_zone_of(r, ev));
		return;
	case EV_ROTATE:
		request_rotate(r, ev, ev->bits & EV_ROTATE_TAIL);
		return;
	default:
		on_other(r, ev);
	}
}

#define EXPECT 12 /* events from a look ahead to what it is about */

/* A page that is pushed is far from what was asked for last, so what is known of it is fetched early. */
static inline void expect(const struct request *r, const struct trace_event *ev)
{
	const struct run_zone *z = request_zone_of(r, ev);

	if (!z)
		return;
	__builtin_prefetch(&r->handle[request_frame(z, ev->pfn)], 1);
	pa_expect(r->pa, ev->pfn); /* nearly always it is the core's as well */
}

/* For the same kernel with the same settings. */
static inline void follow(struct request *r, const struct trace_event *ev)
{
	const struct trace_event *ahead = request_event(r, r->now + EXPECT);

	if (ahead->type == EV_PUSH && r->now + EXPECT < r->win_end)
		expect(r, ahead);
	dispatch(r, ev);
}

/* For another kernel's rules, or another setting. */
static void play_whatif(struct request *r, const struct trace_event *ev)
{
	struct whatif op;

	if (!r->err && recorded_event(r, ev, &op))
		do_whatif(r, &op);
	while (ev->type == EV_FREE && !r->err && recorded_more(r, ev, &op))
		do_whatif(r, &op);
	if (!(ev->note & WIN_ASIDE))
		r->cpus[ev->cpu].before = ev->type;
}

/* What the caller asked for now and then. */
static void look_on(struct request *r, const struct trace_event *ev)
{
	if (r->opt.check && r->now >= r->next_check && !r->res.unsound) {
		pa_check(r->pa, &r->res.unsound);
		r->next_check = r->now + CHECK_EVERY;
	}
	if (r->opt.sample && r->opt.every && r->now % r->opt.every == r->opt.every - 1)
		r->opt.sample(r->opt.sample_arg, r->pa, &r->res, r->now, ev->ts);
}

static inline void play(struct request *r, const struct trace_event *ev)
{
	r->ts = ev->ts;
	if (r->setting == ev->cpu + 1u)
		request_doubt_thresholds(r, true);
	if (r->cpus[ev->cpu].folding)
		request_end_fold(r, ev->cpu);
	if (r->cpus[ev->cpu].folds_late)
		request_fold_late(r, ev);
	if (r->nr_late && ev->type != EV_ROTATE)
		request_late_push(r, ev->cpu, ev);
	if (r->res.changed)
		play_whatif(r, ev);
	else
		follow(r, ev);
	if (r->cpus[ev->cpu].counts_late && request_in_lock(ev))
		request_trust_thresholds(r, ev->cpu);
	r->cpus[ev->cpu].played = r->now;
	if (r->looked_on)
		look_on(r, ev);
}

/* The per-cpu lists hold from here on, if that is where we are. */
static bool load(struct request *r)
{
	const struct whatif op = { .kind = WHATIF_LOAD, .event = r->now };

	if (r->start == NO_EVENT)
		r->start = request_find_start(r);
	if (r->now < r->start)
		return false;
	if (r->res.changed && !r->err)
		r->err = recorded_open(r);
	do_whatif(r, &op);
	r->loaded = true;
	return true;
}

/* Play events until no more than @keep are left to look ahead at. */
static void play_down_to(struct request *r, size_t keep)
{
	r->play_end = r->win_end > keep ? r->win_end - keep : 0;
	for (; r->now < r->play_end; r->now++) {
		const struct trace_event *ev = request_event(r, r->now);
		bool loaded = r->loaded || load(r);

		if (ev->note & WIN_ALIEN)
			r->res.dropped++;
		else if (loaded)
			play(r, ev);
		else if (ev->note & WIN_ZONE)
			warm_up(r, ev);
	}
	r->res.events = r->now;
}

static int take_events(struct request *r, const struct trace_item *item)
{
	int err = request_read_ahead(r, item->events.ev, item->events.n);

	if (err)
		return err;
	play_down_to(r, REQUEST_WINDOW);
	return r->err;
}

static void settle(struct request *r)
{
	if (r->settled)
		return;
	r->settled = true;
	play_down_to(r, 0);
	for (uint32_t cpu = 0; cpu < r->nr_cpus; cpu++) {
		request_end_hold(r, cpu);
		request_late_push(r, cpu, NULL);
	}
	if (r->opt.check && !r->res.unsound)
		pa_check(r->pa, &r->res.unsound);
	if (r->opt.sample)
		r->opt.sample(r->opt.sample_arg, r->pa, &r->res, r->now, r->ts);
}

int request_item(struct request *r, const struct trace_item *item)
{
	switch (item->kind) {
	case TRACE_EVENTS:
		return take_events(r, item);
	case TRACE_LIST:
		if (item->list.at == TRACE_AT_BEGIN)
			return request_load_list(r, &item->list);
		settle(r);
		return request_final_list(r, &item->list);
	case TRACE_BLOCKS:
		if (item->blocks.at == TRACE_AT_BEGIN)
			request_load_blocks(r, &item->blocks);
		return 0;
	case TRACE_PAGES:
		return item->pages.at == TRACE_AT_BEGIN ? request_load_pages(r, &item->pages) : 0;
	case TRACE_PCP:
		return item->pcp.at == TRACE_AT_BEGIN ? request_keep_pcp(r, &item->pcp) : 0;
	case TRACE_CPU:
		return item->cpu.at == TRACE_AT_BEGIN ? request_keep_cpu(r, &item->cpu) : 0;
	default:
		return 0;
	}
}

int request_finish(struct request *r)
{
	settle(r);
	request_final_end(r);
	return r->err;
}

uint64_t request_played(const struct request *r)
{
	return r->now;
}

static int play_item(void *arg, const struct trace_item *item)
{
	return request_item(arg, item);
}

static int play_end(void *arg)
{
	return request_finish(arg);
}

int request_run(struct trace_reader *reader, const struct request_options *opt,
		struct request_result *res, char *why, size_t len)
{
	struct trace_pass pass;
	struct request *r;
	int err;

	err = request_open(trace_meta(reader), opt, &r, why, len);
	if (err)
		return err;
	err = trace_play(reader, play_item, play_end, r, &pass, why, len);
	if (!err) {
		*res = *request_result(r);
		res->seconds = pass.seconds;
		res->cut = pass.cut;
		memcpy(res->why, pass.why, sizeof(res->why));
	}
	request_close(r);
	return err;
}
