/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Feeding a replay: items in, events one by one, a look ahead at those that follow, the end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pages.h"
#include "replay_internal.h"

#define CHECK_EVERY 65536

static void check(struct replay *r)
{
	const char *why = NULL;

	if (r->opt.check && !r->res.unsound && !pa_check(r->pa, &why))
		r->res.unsound = why ? why : "the state is not sound";
}

/* The events of ahead[0] below number @until; those of ahead[1], if there are any, come next. */
static int play(struct replay *r, uint64_t until)
{
	const struct trace_item *item = &r->ahead[0];
	const struct trace_event *ev;
	int err;

	for (; r->played < item->events.n; r->played++) {
		ev = &item->events.ev[r->played];
		if (item->events.first + r->played >= until)
			return 0;
		if (r->opt.until && item->events.first + r->played >= r->opt.until) {
			r->stopped = true;
			return 0;
		}
		r->now = item->events.first + r->played;
		if (r->opt.event)
			r->opt.event(r->opt.arg, r->now, ev);
		err = replay_event(r, ev);
		if (err)
			return err;
		r->res.events++;
		if (r->opt.played)
			r->opt.played(r->opt.arg, r->now, ev);
		if (r->now >= r->next_check) {
			check(r);
			r->next_check = r->now + CHECK_EVERY;
		}
	}
	return 0;
}

/* Keep a copy of @item as what comes next. */
static int keep(struct replay *r, const struct trace_item *item)
{
	struct trace_event *kept = r->kept[1];

	if (item->events.n > r->kept_room[1]) {
		kept = realloc(kept, item->events.n * sizeof(*kept));
		if (!kept)
			return -ENOMEM;
		r->kept[1] = kept;
		r->kept_room[1] = item->events.n;
	}
	if (item->events.n)
		memcpy(kept, item->events.ev, item->events.n * sizeof(*kept));
	r->ahead[1] = *item;
	r->ahead[1].events.ev = kept;
	return 0;
}

/* ahead[0] is played: what came next is at hand. */
static void shift(struct replay *r)
{
	struct trace_event *kept = r->kept[0];
	size_t room = r->kept_room[0];

	r->kept[0] = r->kept[1];
	r->kept_room[0] = r->kept_room[1];
	r->kept[1] = kept;
	r->kept_room[1] = room;
	r->ahead[0] = r->ahead[1];
	r->ahead[1].events.n = 0;
	r->played = 0;
}

static int on_events(struct replay *r, const struct trace_item *item)
{
	int err;

	if (r->opt.paced) {
		err = play(r, UINT64_MAX);
		if (err)
			return err;
		shift(r);
		return keep(r, item);
	}
	if (!r->opt.ahead) {
		r->ahead[0] = *item;
		err = play(r, UINT64_MAX);
		r->ahead[0].events.n = 0;
		r->played = 0;
		return err;
	}
	err = keep(r, item);
	if (!err)
		err = play(r, UINT64_MAX);
	if (!err)
		shift(r);
	return err;
}

int replay_play(struct replay *r, uint64_t until)
{
	return play(r, until);
}

const struct trace_event *replay_at_hand(const struct replay *r)
{
	return r->played < r->ahead[0].events.n ? &r->ahead[0].events.ev[r->played] : NULL;
}

static int play_rest(struct replay *r)
{
	static const struct trace_item nothing = { .kind = TRACE_EVENTS };
	int err = 0;

	while (!err && r->played < r->ahead[0].events.n + r->ahead[1].events.n)
		err = on_events(r, &nothing);
	return err;
}

/* -------------------------------------------------------------------------
 * Snapshots
 */

static void settle(struct replay *r)
{
	uint32_t cpu;

	if (r->settled)
		return;
	r->settled = true;
	for (cpu = 0; cpu < r->nr_cpus && !r->stopped; cpu++)
		replay_close_cpu(r, cpu);
	check(r);
}

int replay_item(struct replay *r, const struct trace_item *item)
{
	int err = item->kind == TRACE_EVENTS ? 0 : play_rest(r);

	if (err)
		return err;
	switch (item->kind) {
	case TRACE_EVENTS:
		return on_events(r, item);
	case TRACE_LIST:
		if (item->list.at == TRACE_AT_BEGIN) {
			return replay_load_list(r, &item->list);
		}
		settle(r);
		if (r->stopped)
			return 0; /* of another time */
		return replay_final_list(r, &item->list);
	case TRACE_BLOCKS:
		if (item->blocks.at == TRACE_AT_BEGIN)
			replay_load_blocks(r, &item->blocks);
		return 0;
	case TRACE_PAGES:
		if (item->pages.at == TRACE_AT_BEGIN)
			pages_load(r->pa, &item->pages);
		return 0;
	case TRACE_PCP:
		if (item->pcp.at == TRACE_AT_BEGIN)
			replay_load_pcp(r, &item->pcp);
		return 0;
	case TRACE_STATS:
		r->res.missed = trace_missed(item->stats);
		r->res.hidden = (uint64_t)trace_pairs_get(item->stats, "hidden_switches", 0);
		return 0;
	default:
		return 0;
	}
}

bool replay_stopped(const struct replay *r)
{
	return r->stopped;
}

int replay_finish(struct replay *r)
{
	int err = play_rest(r);

	if (err)
		return err;
	settle(r);
	replay_final_end(r);
	return 0;
}

static int play_item(void *arg, const struct trace_item *item)
{
	return replay_item(arg, item);
}

static int play_end(void *arg)
{
	return replay_finish(arg);
}

int replay_run(struct trace_reader *reader, const struct replay_options *opt,
	       struct replay_result *res, char *why, size_t len)
{
	struct replay_options ahead = *opt;
	struct trace_pass pass;
	struct replay *r;
	int err;

	ahead.ahead = true;
	err = replay_open(trace_meta(reader), &ahead, &r, why, len);
	if (err)
		return err;
	err = trace_play(reader, play_item, play_end, r, &pass, why, len);
	if (!err) {
		*res = *replay_result(r);
		res->seconds = pass.seconds;
		res->cut = pass.cut;
		memcpy(res->why, pass.why, sizeof(res->why));
	}
	replay_close(r);
	return err;
}
