/* SPDX-License-Identifier: GPL-2.0-only */
/* Collecting a report: one pass over a trace, beside its replay. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report_internal.h"

/* Fibonacci hashing: the upper bits of key * 2^32 / phi. */
static uint32_t slot_of(uint32_t key)
{
	_Static_assert(REPORT_TALLIES == 1 << 16, "the upper half of the product");
	return (key * UINT32_C(2654435769)) >> 16;
}

struct report_tally *report_tally(struct report_map *map, uint32_t key)
{
	uint32_t i = slot_of(key);

	for (; map->slot[i].used; i = (i + 1) % REPORT_TALLIES)
		if (map->slot[i].key == key)
			return &map->slot[i].tally;
	if (map->used >= REPORT_TALLIES / 2) {
		map->overflow = true;
		return &map->others;
	}
	map->used++;
	map->slot[i].used = true;
	map->slot[i].key = key;
	return &map->slot[i].tally;
}

/* Busiest first; a tie goes by key, so that equal traces give equal reports. */
static int busier(const void *a, const void *b)
{
	const struct report_slot *left = *(const struct report_slot *const *)a;
	const struct report_slot *right = *(const struct report_slot *const *)b;
	uint64_t l = left->tally.allocs + left->tally.failed;
	uint64_t r = right->tally.allocs + right->tally.failed;

	if (l != r)
		return l < r ? 1 : -1;
	return left->key < right->key ? -1 : left->key > right->key;
}

static int sort_map(struct report_map *map)
{
	size_t i, n = 0;

	map->sorted = calloc(map->used + 1, sizeof(*map->sorted));
	if (!map->sorted)
		return -ENOMEM;
	for (i = 0; i < REPORT_TALLIES; i++)
		if (map->slot[i].used)
			map->sorted[n++] = &map->slot[i];
	qsort(map->sorted, n, sizeof(*map->sorted), busier);
	return 0;
}

static void free_map(struct report_map *map)
{
	free(map->slot);
	free(map->sorted);
}

/* ---- events ---- */

static void add_alloc(struct report_tally *tally, const struct trace_event *ev)
{
	if (ev->pfn == EV_PFN_NONE) {
		tally->failed++;
		return;
	}
	tally->allocs++;
	tally->pages += UINT64_C(1) << ev->order;
}

static void on_alloc(struct report *rep, const struct trace_event *ev)
{
	struct report_type *type = &rep->type[rep->mt[ev->mt]];
	bool failed = ev->pfn == EV_PFN_NONE;

	add_alloc(report_tally(&rep->by_pid, ev->pid), ev);
	add_alloc(report_tally(&rep->by_gfp, ev->arg), ev);
	rep->activity[rep->slice].allocs += !failed;
	rep->activity[rep->slice].failed += failed;
	rep->order[ev->order].allocs += !failed;
	rep->order[ev->order].failed += failed;
	type->allocs += !failed;
	type->failed += failed;
	type->pages += failed ? 0 : UINT64_C(1) << ev->order;
}

static void on_fallback(struct report *rep, const struct trace_event *ev)
{
	unsigned int from = rep->mt[trace_fallback_mt(ev)];

	rep->fallback[rep->mt[ev->mt]][from][trace_fallback_order(ev)].events++;
	rep->fallbacks++;
	rep->activity[rep->slice].fallbacks++;
}

static void on_event(void *arg, uint64_t event, const struct trace_event *ev)
{
	struct report *rep = arg;

	(void)event;
	if (!rep->has_events || ev->ts < rep->first_ts)
		rep->first_ts = ev->ts;
	if (!rep->has_events || ev->ts > rep->last_ts)
		rep->last_ts = ev->ts;
	rep->has_events = true;
	report_zones_advance(rep, ev->ts);
	switch (ev->type) {
	case EV_ALLOC:
		on_alloc(rep, ev);
		break;
	case EV_FREE:
		rep->order[ev->order].frees++;
		report_tally(&rep->by_pid, ev->pid)->frees++;
		break;
	case EV_FALLBACK:
		on_fallback(rep, ev);
		break;
	case EV_KSWAPD_WAKE:
		rep->kswapd_wakes++;
		break;
	case EV_KSWAPD_SLEEP:
		rep->kswapd_sleeps++;
		break;
	case EV_OOM_VICTIM:
		rep->victims++;
		break;
	case EV_COMPACT_MIGRATE:
		rep->migrated += ev->arg;
		break;
	case EV_COMPACT_FREE:
	case EV_COMPACT_FAST:
		rep->isolated += trace_scan_taken(ev);
		break;
	case EV_LOST:
		rep->activity[rep->slice].lost += ev->arg;
		break;
	}
	report_stalls_event(rep, ev);
	report_zones_event(rep, ev);
}

static void on_decision(void *arg, const struct replay_decision *d)
{
	struct report *rep = arg;
	const struct replay_kernel *k = &d->kernel;
	const struct pa_decision *core = d->core;
	struct report_order *order = &rep->order[core->req.order];
	struct report_fallback *f;

	order->picks++;
	order->picks_exact += d->pick_exact;
	if (k->fallback) {
		order->fallbacks++;
		f = &rep->fallback[core->req.mt][k->fallback_mt][k->fallback_order];
		f->claimed += k->claim == REPLAY_CLAIM_YES;
		f->stolen += k->claim == REPLAY_CLAIM_NO;
	}
	if (pa_is_fallback(core))
		rep->fallback[core->req.mt][core->fallback_mt][core->fallback_order].core++;
}

/* ---- the pass ---- */

static int add_stats(struct report *rep, const struct trace_pairs *stats)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < stats->n; i++)
		err = trace_pairs_add(&rep->stats, stats->v[i].name, stats->v[i].value,
				      stats->v[i].text);
	return err;
}

static int play(struct report *rep, struct trace_reader *reader, char *why, size_t len)
{
	struct trace_item item;
	int err;

	while (!(err = trace_next(reader, &item)) && item.kind != TRACE_END &&
	       item.kind != TRACE_CUT) {
		err = replay_item(rep->replay, &item);
		/* What closes a recording is of another time than where it was stopped. */
		if (!err && item.kind == TRACE_STATS && !replay_stopped(rep->replay))
			err = add_stats(rep, item.stats);
		if (err)
			break;
		if (!replay_stopped(rep->replay))
			report_zones_item(rep, &item);
	}
	if (!err)
		err = replay_finish(rep->replay);
	if (!err)
		err = report_zones_end(rep);
	report_stalls_end(rep);
	if (!err)
		err = sort_map(&rep->by_gfp);
	if (!err)
		err = sort_map(&rep->by_pid);
	if (err) {
		snprintf(why, len, "%s", err == -EBADMSG ? trace_why(reader) : strerror(-err));
		return err;
	}
	rep->result = *replay_result(rep->replay);
	rep->result.cut = item.kind == TRACE_CUT;
	if (rep->result.cut)
		snprintf(rep->result.why, sizeof(rep->result.why), "%s", trace_why(reader));
	return 0;
}

/* replay_open() has refused names that the core does not know. */
static void name_types(struct report *rep)
{
	uint32_t i, mt;

	memset(rep->mt, PA_NR_MT, sizeof(rep->mt));
	for (i = 0; i < rep->meta->nr_mt; i++)
		for (mt = 0; mt < PA_NR_MT; mt++)
			if (!strcmp(rep->meta->mt[i], pa_mt_name(mt)))
				rep->mt[i] = mt;
}

int report_collect(struct report *rep, struct trace_reader *reader, const char *policy,
		   uint64_t until, char *why, size_t len)
{
	const struct replay_options opt = {
		.policy = policy,
		.until = until,
		.ahead = true,
		.decision = on_decision,
		.event = on_event,
		.arg = rep,
	};
	int err;

	memset(rep, 0, sizeof(*rep));
	rep->meta = trace_meta(reader);
	err = replay_open(rep->meta, &opt, &rep->replay, why, len);
	if (err)
		return err;
	name_types(rep);
	rep->by_gfp.slot = calloc(REPORT_TALLIES, sizeof(*rep->by_gfp.slot));
	rep->by_pid.slot = calloc(REPORT_TALLIES, sizeof(*rep->by_pid.slot));
	err = rep->by_gfp.slot && rep->by_pid.slot ? report_stalls_open(&rep->stalls) : -ENOMEM;
	if (!err)
		err = report_zones_open(rep);
	if (err) {
		snprintf(why, len, "%s", strerror(-err));
		return err;
	}
	return play(rep, reader, why, len);
}

void report_free(struct report *rep)
{
	report_zones_free(rep);
	report_stalls_free(&rep->stalls);
	trace_pairs_free(&rep->stats);
	free_map(&rep->by_gfp);
	free_map(&rep->by_pid);
	replay_close(rep->replay);
	memset(rep, 0, sizeof(*rep));
}
