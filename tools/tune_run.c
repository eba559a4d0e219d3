// SPDX-License-Identifier: GPL-2.0-only
/* The forks: one request-mode run each, side by side on as many threads as asked for. */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tune.h"

#define LOOK_EVERY 256 /* events between looks at the free lists */
#define STEPS 16384    /* of the script between looks whether to stop */
#define BAR 40
#define BAR_NS 200000000 /* between two drawings */

/* What the threads share. */
struct team {
	const struct tune_trace *trace;
	const struct request_script *script; /* what the trace's events come to in what-if runs */
	const struct tune_plan *plan;
	const struct tune_options *opt;
	struct tune_run *runs;
	size_t nr_runs;
	atomic_size_t next;	   /* run to be looked at */
	atomic_size_t slices_done; /* of all runs, for the bar */
	atomic_bool stop;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint32_t busy; /* threads at work; under @lock as what follows */
	size_t failed; /* lowest number of a run that failed */
	int err;
	char why[256];
};

/* One run under way. */
struct fork {
	struct team *team;
	struct tune_run *run;
	uint32_t nr_slices; /* of the run, done */
	uint64_t last_ts, free_then;
	/* Counted since the run began; what @then had is in slices that are done. */
	struct tune_slice now, then;
};

/* -------------------------------------------------------------------------
 * Slices
 */

/* Free blocks of the goal's order, larger ones as so many of them. */
static uint64_t free_blocks(const struct team *team, const struct pa *pa)
{
	unsigned int from = team->plan->order;
	uint64_t n = 0;

	for (uint32_t zone = 0; zone < pa_nr_zones(pa); zone++)
		for (unsigned int order = from; order < team->trace->meta->nr_orders; order++)
			n += (pa_nr_free(pa, zone, order) - pa_list_len(pa, zone, order, PA_ISOLATE))
			     << (order - from);
	return n;
}

/* All slices but the last end at a moment that is the same in every run. */
static uint64_t end_of_slice(const struct tune_trace *t, uint32_t slice)
{
	return t->first_ts + (t->last_ts - t->first_ts) / TUNE_SLICES * (slice + 1);
}

static void end_slice(struct fork *f)
{
	struct tune_slice *s = &f->run->slice[f->nr_slices++];

	for (int goal = 0; goal < TUNE_NR_GOALS; goal++)
		s->goals[goal] = f->now.goals[goal] - f->then.goals[goal];
	s->ns = f->now.ns - f->then.ns;
	f->then = f->now;
	atomic_fetch_add_explicit(&f->team->slices_done, 1, memory_order_relaxed);
}

static void sample(void *arg, const struct pa *pa, const struct request_result *res, uint64_t event,
		   uint64_t ts)
{
	struct fork *f = arg;

	(void)event;
	f->now.goals[TUNE_FALLBACKS] = res->fallbacks.core;
	f->now.goals[TUNE_COMPACTION] = res->moved;
	if (f->last_ts && ts > f->last_ts) {
		f->now.goals[TUNE_ORDER] += f->free_then * (ts - f->last_ts);
		f->now.ns += ts - f->last_ts;
	}
	f->free_then = free_blocks(f->team, pa);
	f->last_ts = ts > f->last_ts ? ts : f->last_ts;
	while (f->nr_slices < TUNE_SLICES - 1 && ts >= end_of_slice(f->team->trace, f->nr_slices))
		end_slice(f);
}

/* Did the request reclaim or compact by itself? */
static bool stalled(const struct pa_alloc_record *rec)
{
	for (uint32_t i = 0; rec->slow && i < rec->nr_steps && i < PA_MAX_STEPS; i++) {
		switch (rec->steps[i].step) {
		case PA_STEP_RECLAIM:
			return true;
		case PA_STEP_COMPACT_FIRST:
		case PA_STEP_COMPACT:
			if (rec->steps[i].value > PA_COMPACT_DEFERRED)
				return true;
			break;
		default:
			break;
		}
	}
	return false;
}

static void decision(void *arg, const struct request_decision *d)
{
	struct fork *f = arg;
	bool got = d->rec->pfn != PA_PFN_NONE;

	f->run->failed += !got;
	f->now.goals[TUNE_STALL] += stalled(d->rec);
	if (d->order == f->team->trace->meta->pageblock_order && d->rec->gfp & PA_GFP_MOVABLE) {
		f->run->thp_asked++;
		f->now.goals[TUNE_THP] += got;
	}
}

/* -------------------------------------------------------------------------
 * A run
 */

static void take_result(struct fork *f, const struct request_result *res)
{
	struct tune_run *run = f->run;
	unsigned int from = f->team->plan->order;

	while (f->nr_slices < TUNE_SLICES)
		end_slice(f);
	run->fallbacks = res->fallbacks;
	run->requests = res->requests;
	run->exact = res->requests_exact;
	run->order0 = res->order0;
	run->order0_exact = res->order0_exact;
	run->reclaimed = res->reclaimed;
	for (unsigned int order = from; order < f->team->trace->meta->nr_orders; order++) {
		run->end_free.kernel += res->final[order].kernel << (order - from);
		run->end_free.core += res->final[order].core << (order - from);
	}
	run->done = true;
}

/* All events in one go. */
static bool play_script(struct team *team, struct request *r)
{
	size_t n = request_script_steps(team->script), at = 0;

	while (at < n && !atomic_load(&team->stop))
		at = request_play(r, team->script, at, STEPS);
	return true;
}

static int play(struct team *team, size_t nr, char *why, size_t len)
{
	const struct tune_point none = { 0 };
	size_t what = nr ? TUNE_BASE + (nr - 1) / team->plan->runs : TUNE_FIDELITY;
	const struct tune_point *point =
		what < TUNE_POINTS ? &none : &team->plan->point[what - TUNE_POINTS];
	struct fork f = { .team = team, .run = &team->runs[nr] };
	struct request_options opt = {
		.policy = point->policy,
		.nr_sets = point->nr_sets,
		.what_if = what != TUNE_FIDELITY,
		.chance = nr ? (uint32_t)((nr - 1) % team->plan->runs) : 0,
		.decision = decision,
		.arg = &f,
		.sample = sample,
		.sample_arg = &f,
		.every = LOOK_EVERY,
	};
	bool played = false;
	struct request *r;
	int err;

	memset(f.run, 0, sizeof(*f.run));
	memcpy(opt.set, point->set, sizeof(opt.set));
	err = request_open(team->trace->meta, &opt, &r, why, len);
	if (err)
		return err;
	for (size_t i = 0; i < team->trace->nr_items && !err && !atomic_load(&team->stop); i++) {
		const struct trace_item *item = &team->trace->item[i];

		if (item->kind != TRACE_EVENTS || !opt.what_if)
			err = request_item(r, item);
		else if (!played)
			played = play_script(team, r);
	}
	if (!err)
		err = request_finish(r);
	if (err)
		snprintf(why, len, "%s", strerror(-err));
	else
		take_result(&f, request_result(r));
	request_close(r);
	return err;
}

/* Which run fails must not depend on who was first: the lowest number is reported. */
static void note_failure(struct team *team, size_t nr, int err, const char *why)
{
	pthread_mutex_lock(&team->lock);
	if (!team->err || nr < team->failed) {
		team->err = err;
		team->failed = nr;
		snprintf(team->why, sizeof(team->why), "%s", why);
	}
	pthread_mutex_unlock(&team->lock);
}

static void *work(void *arg)
{
	struct team *team = arg;
	char why[256];
	size_t nr;
	int err;

	while (!atomic_load(&team->stop) &&
	       (nr = atomic_fetch_add(&team->next, 1)) < team->nr_runs) {
		if (nr % team->opt->shards != team->opt->shard)
			continue;
		why[0] = '\0';
		err = play(team, nr, why, sizeof(why));
		if (err) { /* runs below it were begun earlier and go on to their end */
			note_failure(team, nr, err, why);
			atomic_store(&team->next, team->nr_runs);
		}
	}
	pthread_mutex_lock(&team->lock);
	team->busy--;
	pthread_cond_signal(&team->changed);
	pthread_mutex_unlock(&team->lock);
	return NULL;
}

/* -------------------------------------------------------------------------
 * All of them
 */

static void draw(struct team *team, size_t all)
{
	size_t done = atomic_load_explicit(&team->slices_done, memory_order_relaxed);
	size_t part = all ? done * BAR / all : BAR;

	fprintf(team->opt->progress, "\rtune [%.*s%*s] %zu of %zu runs", (int)part,
		"########################################", (int)(BAR - part), "",
		done / TUNE_SLICES, all / TUNE_SLICES);
	fflush(team->opt->progress);
}

/* Wait until no thread is at work, and show how far they are. */
static void watch(struct team *team, size_t all)
{
	struct timespec until;

	pthread_mutex_lock(&team->lock);
	while (team->busy) {
		if (!team->opt->progress) {
			pthread_cond_wait(&team->changed, &team->lock);
			continue;
		}
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += BAR_NS;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&team->changed, &team->lock, &until);
		draw(team, all);
	}
	pthread_mutex_unlock(&team->lock);
	if (team->opt->progress)
		fputs("\r\033[K", team->opt->progress);
}

int tune_runs(const struct tune_trace *trace, const struct tune_plan *plan,
	      const struct tune_options *opt, struct tune_run *runs, char *why, size_t len)
{
	struct request_script *script = NULL;
	struct team team = { .trace = trace,
			     .plan = plan,
			     .opt = opt,
			     .runs = runs,
			     .nr_runs = tune_nr_runs(plan) };
	size_t mine = (team.nr_runs + opt->shards - 1 - opt->shard) / opt->shards;
	uint32_t jobs = mine < opt->jobs ? (uint32_t)mine : opt->jobs, started = 0;
	pthread_t *threads = calloc(jobs + 1, sizeof(*threads));
	int err = threads ? 0 : -ENOMEM;

	if (!err)
		err = request_script_make(trace->meta, trace->item, trace->nr_items, &script, why,
					  len);
	if (err) {
		free(threads);
		return err;
	}
	team.script = script;
	pthread_mutex_init(&team.lock, NULL);
	pthread_cond_init(&team.changed, NULL);
	team.busy = jobs;
	while (!err && started < jobs) {
		err = -pthread_create(&threads[started], NULL, work, &team);
		started += !err;
	}
	if (err) {
		atomic_store(&team.stop, true);
		snprintf(why, len, "%s", strerror(-err));
		pthread_mutex_lock(&team.lock);
		team.busy -= jobs - started;
		pthread_mutex_unlock(&team.lock);
	}
	watch(&team, mine * TUNE_SLICES);
	for (uint32_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	pthread_cond_destroy(&team.changed);
	pthread_mutex_destroy(&team.lock);
	free(threads);
	request_script_free(script);
	if (!err && team.err) {
		err = team.err;
		snprintf(why, len, "%s", team.why);
	}
	return err;
}
