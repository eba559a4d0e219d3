/* SPDX-License-Identifier: GPL-2.0-only */
/* The loop: let the source go on, sample, draw, wait for a key. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "term.h"
#include "top.h"
#include "view.h"

#define SLICE_NS 20000000ULL /* the longest the source runs before keys are looked at */
#define WAIT_MS 20	     /* for a key, while a stream has to be read or a recording plays */
#define REST_MS 100

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	stopped = sig;
}

struct loop {
	struct tui t;
	struct source *source;
	struct sample *room;
	uint64_t samples, most; /* taken; 0: no end */
	uint64_t sampled_ns;	/* when */
	uint64_t play_ts;	/* how far a recording is played */
	uint64_t played_ns;	/* when that was so */
	struct source_goal goal;
	bool going, dirty;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static int take_sample(struct loop *l)
{
	int err = top_sample(&l->t, l->source, l->room);

	l->sampled_ns = now_ns();
	l->dirty = true;
	return err;
}

static void draw(struct loop *l)
{
	struct cells c;

	if (cells_open(&c, l->t.w, l->t.h, l->t.set.ascii))
		return; /* the next frame may find the memory */
	view_draw(&l->t, &c);
	term_draw(&c);
	cells_close(&c);
	l->dirty = false;
}

/* -------------------------------------------------------------------------
 * What the state wants
 */

static void save(struct loop *l)
{
	int err = source_save(l->source, l->t.want.path);

	l->t.want.save = false;
	if (err)
		tui_say(&l->t, "%s: cannot write: %s", l->t.want.path, strerror(-err));
	else
		tui_say(&l->t, "%s: written", l->t.want.path);
}

/* The file was named, or it is to end. */
static void record(struct loop *l)
{
	struct tui_want *want = &l->t.want;
	int err = source_record(l->source, want->stop ? NULL : want->path);

	if (err)
		tui_say(&l->t, "%s: cannot record: %s", want->path,
			source_why(l->source)[0] ? source_why(l->source) : strerror(-err));
	else if (want->stop)
		tui_say(&l->t, "%s: recorded", want->path);
	want->record = want->stop = false;
	want->sample = true;
}

static int serve(struct loop *l)
{
	struct tui_want *want = &l->t.want;

	if (want->goal_set) {
		l->goal = want->goal;
		l->going = true;
		want->goal_set = false;
	}
	if (want->redraw) {
		term_redraw();
		want->redraw = false;
		l->dirty = true;
	}
	if (want->save)
		save(l);
	if (want->record || want->stop)
		record(l);
	return want->sample ? take_sample(l) : 0;
}

/* -------------------------------------------------------------------------
 * Going on
 */

/* A step, a jump, a seek: as fast as it goes, looking at keys in between. */
static int go(struct loop *l)
{
	int done = source_run(l->source, &l->goal, SLICE_NS), err;

	l->dirty = true;
	if (done == -ESPIPE) {
		tui_say(&l->t, "%s", source_why(l->source));
		done = 1;
	}
	if (done < 0)
		return done;
	if (!done && now_ns() - l->sampled_ns < 100000000)
		return 0;
	err = take_sample(l);
	l->going = !done;
	l->play_ts = l->t.now->ts;
	return err;
}

static int play(struct loop *l)
{
	const struct sample *s = l->t.now;
	struct source_goal goal = { .kind = GOAL_TIME };
	uint64_t now = now_ns();
	int done;

	if (s->playable && !l->t.paused && !s->at_end)
		l->play_ts += (uint64_t)((double)(now - l->played_ns) * l->t.speed);
	l->played_ns = now;
	if (s->playable && (l->t.paused || s->at_end))
		return 0;
	goal.value = l->play_ts;
	done = source_run(l->source, &goal, SLICE_NS);
	if (done < 0)
		return done;
	if (l->t.paused || now_ns() - l->sampled_ns < l->t.set.delay_ns)
		return 0;
	l->samples++;
	return take_sample(l);
}

/* A key stops what is under way. */
static void on_key(struct loop *l, int key)
{
	if (l->going && key != TUI_KEY_NONE) {
		l->going = false;
		l->t.want.sample = true;
	}
	tui_key(&l->t, key);
	if (!l->t.paused && l->t.has_now && l->play_ts < l->t.now->ts)
		l->play_ts = l->t.now->ts;
	l->dirty = true;
}

static void resize(struct loop *l)
{
	int w, h;

	term_size(&w, &h);
	tui_resize(&l->t, w, h);
	l->dirty = true;
}

static bool is_moving(const struct loop *l)
{
	const struct sample *s = l->t.now;

	return s->recordable || (s->playable && !l->t.paused && !s->at_end);
}

static int loop(struct loop *l)
{
	struct term_event ev;
	int err = take_sample(l);

	if (err)
		return err;
	l->samples = 1;
	l->play_ts = l->t.now->ts;
	l->played_ns = now_ns();
	while (!err && !l->t.want.quit && !stopped && (!l->most || l->samples <= l->most)) {
		if (l->dirty)
			draw(l);
		ev = term_wait(l->going ? 0 : is_moving(l) ? WAIT_MS : REST_MS);
		if (ev.kind == TERM_GONE)
			break;
		if (ev.kind == TERM_RESIZE)
			resize(l);
		else if (ev.kind == TERM_KEY)
			on_key(l, ev.key);
		else if (ev.kind == TERM_CLICK)
			tui_click(&l->t, ev.x, ev.y);
		l->dirty |= ev.kind != TERM_NOTHING;
		err = serve(l);
		if (!err)
			err = l->going ? go(l) : play(l);
	}
	return err;
}

int top_run(struct source *source, struct tui_settings *set, enum tui_color color, uint64_t samples,
	    char *why, size_t len)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct loop l = { .source = source, .most = samples, .dirty = true };
	int err;

	l.room = malloc(sizeof(*l.room));
	err = l.room ? tui_open(&l.t, set) : -ENOMEM;
	if (!err)
		err = term_open(color, set->mouse, why, len);
	if (!err) {
		/* No SA_RESTART: a signal ends the wait for a key. */
		sigaction(SIGINT, &action, NULL);
		sigaction(SIGTERM, &action, NULL);
		sigaction(SIGHUP, &action, NULL);
		resize(&l);
		err = loop(&l);
		term_close();
		if (err)
			snprintf(why, len, "%s",
				 source_why(source)[0] ? source_why(source) : strerror(-err));
		*set = l.t.set;
	}
	tui_close(&l.t);
	free(l.room);
	return err;
}
