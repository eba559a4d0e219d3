/* SPDX-License-Identifier: GPL-2.0-only */
/* A recording as a source: played to any event, backwards by starting over. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "source_stream.h"
#include "util.h"

struct file_source {
	struct source head;
	char path[4096];
	struct source_options opt;
	struct trace_reader *reader;
	struct stream stream;
	struct trace_item item; /* read, not yet taken */
	bool has_item, ended;
	struct source_timeline *timeline; /* NULL: the file cannot be read twice */
};

/* -------------------------------------------------------------------------
 * The whole of it at a glance
 */

static void halve(struct source_timeline *t)
{
	struct source_tick *a;

	for (uint32_t i = 0; i < SOURCE_TIMELINE / 2; i++) {
		a = &t->tick[2 * i];
		t->tick[i] = (struct source_tick){
			.events = a[0].events + a[1].events,
			.fallbacks = a[0].fallbacks + a[1].fallbacks,
			.stalls = a[0].stalls + a[1].stalls,
		};
	}
	memset(t->tick + SOURCE_TIMELINE / 2, 0, sizeof(t->tick) / 2);
	t->ns *= 2;
}

static void add_tick(struct source_timeline *t, const struct trace_event *ev)
{
	uint64_t at;

	if (!t->events++)
		t->first_ts = t->last_ts = ev->ts;
	if (ev->type == EV_LOST)
		t->lost += ev->arg;
	if (ev->ts > t->last_ts)
		t->last_ts = ev->ts;
	at = ev->ts > t->first_ts ? ev->ts - t->first_ts : 0;
	while (at / t->ns >= SOURCE_TIMELINE)
		halve(t);
	at /= t->ns;
	if (at >= t->n)
		t->n = (uint32_t)at + 1;
	t->tick[at].events++;
	t->tick[at].fallbacks += ev->type == EV_FALLBACK;
	t->tick[at].stalls += ev->type == EV_RECLAIM_BEGIN || ev->type == EV_COMPACT_TRY;
}

static int look_ahead(struct file_source *f, char *why, size_t len)
{
	struct source_timeline *t;
	struct trace_reader *r;
	struct trace_item item;
	int err = trace_open(f->path, &r, why, len);

	if (err)
		return err;
	t = calloc(1, sizeof(*t));
	if (!t) {
		trace_close(r);
		return -ENOMEM;
	}
	t->ns = 100000;
	while (!(err = trace_next(r, &item)) && item.kind != TRACE_END && item.kind != TRACE_CUT)
		for (size_t i = 0; item.kind == TRACE_EVENTS && i < item.events.n; i++)
			add_tick(t, &item.events.ev[i]);
	t->n = t->events ? (uint32_t)((t->last_ts - t->first_ts) / t->ns) + 1 : 0;
	t->cut = err || item.kind == TRACE_CUT;
	if (t->cut)
		snprintf(t->why, sizeof(t->why), "%s", trace_why(r));
	trace_close(r);
	f->timeline = t;
	return 0;
}

/* -------------------------------------------------------------------------
 * Playing
 */

/* Get events at hand, or reach the end. */
static int feed(struct file_source *f)
{
	static const struct trace_item none = { .kind = TRACE_EVENTS };
	struct stream *s = &f->stream;
	int err;

	if (!f->has_item) {
		err = trace_next(f->reader, &f->item);
		if (err == -EBADMSG)
			f->item.kind = TRACE_CUT; /* damaged: what came before counts */
		else if (err)
			return err;
		f->has_item = true;
	}
	if (f->item.kind == TRACE_EVENTS) {
		f->has_item = false;
		return stream_item(s, &f->item);
	}
	err = replay_item(s->replay, &none);
	if (err || replay_at_hand(s->replay))
		return err;
	f->has_item = false;
	if (f->item.kind != TRACE_END && f->item.kind != TRACE_CUT)
		return stream_item(s, &f->item);
	f->ended = true;
	return replay_finish(s->replay);
}

/* To the first event. */
static int start(struct file_source *f, char *why, size_t len)
{
	const struct replay_options opt = { .paced = true };
	int err = trace_open(f->path, &f->reader, why, len);

	if (!err)
		err = stream_open(&f->stream, trace_meta(f->reader), &f->opt, opt, why, len);
	while (!err && !f->ended && !replay_at_hand(f->stream.replay)) {
		err = feed(f);
		if (err)
			snprintf(why, len, "%s", strerror(-err));
	}
	if (!err && !f->ended) /* time starts with the first event, not at 0 */
		f->stream.ts = f->stream.first_ts = replay_at_hand(f->stream.replay)->ts;
	return err;
}

static int start_over(struct file_source *f)
{
	if (!strcmp(f->path, "-")) {
		snprintf(f->head.why, sizeof(f->head.why),
			 "standard input cannot be played backwards (name a file)");
		return -ESPIPE;
	}
	stream_close(&f->stream);
	trace_close(f->reader);
	f->reader = NULL;
	f->has_item = f->ended = false;
	return start(f, f->head.why, sizeof(f->head.why));
}

static bool behind(const struct file_source *f, const struct source_goal *goal)
{
	if (goal->kind == GOAL_EVENT)
		return goal->value < replay_result(f->stream.replay)->events;
	return goal->kind == GOAL_TIME && goal->value < f->stream.ts;
}

static int run(struct source *head, const struct source_goal *goal, uint64_t budget_ns)
{
	struct file_source *f = (struct file_source *)head;
	uint64_t until = now_ns() + budget_ns, next, fallbacks, differences;
	const struct trace_event *ev;
	unsigned int n = 0;
	int err = behind(f, goal) ? start_over(f) : 0;

	fallbacks = activity_count(f->stream.activity, COUNT_FALLBACKS);
	differences = f->stream.differences;
	while (!err && !f->ended) {
		ev = replay_at_hand(f->stream.replay);
		next = replay_result(f->stream.replay)->events;
		if (!ev) {
			err = feed(f);
			continue;
		}
		if ((goal->kind == GOAL_EVENT && next >= goal->value) ||
		    (goal->kind == GOAL_TIME && ev->ts > goal->value) ||
		    (goal->kind == GOAL_FALLBACK &&
		     activity_count(f->stream.activity, COUNT_FALLBACKS) > fallbacks) ||
		    (goal->kind == GOAL_DIFFERENCE && f->stream.differences > differences))
			return 1;
		if (++n % 1024 == 0 && now_ns() >= until)
			return 0;
		err = replay_play(f->stream.replay, next + 1);
	}
	if (err && err != -ESPIPE)
		snprintf(head->why, sizeof(head->why), "%s", strerror(-err));
	return err ? err : 1;
}

/* -------------------------------------------------------------------------
 * The rest of the interface
 */

static int sample(struct source *head, struct sample *out)
{
	struct file_source *f = (struct file_source *)head;

	stream_sample(&f->stream, out);
	out->source = "recording";
	snprintf(out->name, sizeof(out->name), "%.255s", f->path);
	out->playable = true;
	out->at_end = f->ended;
	out->timeline = f->timeline;
	if (f->timeline && f->timeline->cut)
		snprintf(out->note, sizeof(out->note), "cut short: %.200s", f->timeline->why);
	else if (!out->core_known)
		snprintf(out->note, sizeof(out->note),
			 "no opening snapshot: free lists are not known");
	return 0;
}

static void map(struct source *head, uint32_t zone, struct source_block *cell, size_t n)
{
	stream_map(&((struct file_source *)head)->stream, zone, cell, n);
}

static bool content(struct source *head, uint32_t zone, uint64_t block, struct source_content *out)
{
	return stream_content(&((struct file_source *)head)->stream, zone, block, out);
}

static int save(struct source *head, const char *path)
{
	return stream_save(&((struct file_source *)head)->stream, path);
}

static void close_file(struct source *head)
{
	struct file_source *f = (struct file_source *)head;

	stream_close(&f->stream);
	trace_close(f->reader);
	free(f->timeline);
	free(f);
}

static const struct source_ops ops = {
	.run = run,
	.sample = sample,
	.map = map,
	.content = content,
	.save = save,
	.close = close_file,
};

int source_file(const char *path, const struct source_options *opt, struct source **out, char *why,
		size_t len)
{
	struct file_source *f = calloc(1, sizeof(*f));
	int err;

	if (!f)
		return -ENOMEM;
	f->head.ops = &ops;
	f->opt = *opt;
	if (snprintf(f->path, sizeof(f->path), "%s", path) >= (int)sizeof(f->path)) {
		free(f);
		return -ENAMETOOLONG;
	}
	err = strcmp(path, "-") ? look_ahead(f, why, len) : 0;
	if (!err)
		err = start(f, why, len);
	if (err) {
		close_file(&f->head);
		return err;
	}
	*out = &f->head;
	return 0;
}
