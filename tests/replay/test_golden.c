/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nothing is copied from the answer: in traces of real kernels (tests/data) some picks are
 * replaced by another page, and the replay must report these, no others, and choose the same.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tools/replay.h"

#define MAX_EVENTS 65536 /* of one chunk, see pgt(5) */
#define MAX_NUMBERS 65536

struct numbers {
	uint64_t v[MAX_NUMBERS];
	size_t n;
};

struct run {
	struct numbers differ, altered;
	struct replay_result res;
};

static struct run plain, falsified;
static struct trace_event buffer[MAX_EVENTS];

static void add(struct numbers *set, uint64_t v)
{
	assert_true(set->n < MAX_NUMBERS);
	set->v[set->n++] = v;
}

static bool holds(const struct numbers *set, uint64_t v)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->v[i] == v)
			return true;
	return false;
}

static void note_difference(void *arg, const struct replay_decision *d)
{
	if (d->class != REPLAY_SAME)
		add(arg, d->event);
}

/* Every 4000th pick of order 0 that stands alone becomes its buddy. */
static void alter(const struct trace_item *item, struct numbers *altered)
{
	static uint64_t picks;

	if (!item->events.first)
		picks = 0;
	for (size_t i = 1; i + 1 < item->events.n; i++) {
		if (buffer[i].type != EV_ZONE_ALLOC || buffer[i].order || ++picks < 4000 ||
		    buffer[i - 1].type == EV_FALLBACK || buffer[i + 1].type == EV_FALLBACK)
			continue;
		buffer[i].pfn ^= 1;
		add(altered, item->events.first + i);
		picks = 0;
	}
}

static void replay(const char *path, bool repair, bool falsify, struct run *run)
{
	struct replay_options opt = { .no_repair = !repair,
				      .ahead = true,
				      .decision = note_difference,
				      .arg = &run->differ };
	struct trace_reader *reader;
	struct trace_item item;
	struct replay *r;
	char why[256];

	memset(run, 0, sizeof(*run));
	assert_int_equal(trace_open(path, &reader, why, sizeof(why)), 0);
	assert_int_equal(replay_open(trace_meta(reader), &opt, &r, why, sizeof(why)), 0);
	while (!trace_next(reader, &item) && item.kind != TRACE_END) {
		assert_int_not_equal(item.kind, TRACE_CUT);
		if (item.kind == TRACE_EVENTS) {
			assert_true(item.events.n <= MAX_EVENTS);
			memcpy(buffer, item.events.ev, item.events.n * sizeof(buffer[0]));
			item.events.ev = buffer;
			if (falsify)
				alter(&item, &run->altered);
		}
		assert_int_equal(replay_item(r, &item), 0);
		replay_trim(r, 64); /* which changes nothing of what follows */
	}
	assert_int_equal(replay_finish(r), 0);
	run->res = *replay_result(r);
	replay_close(r);
	trace_close(reader);
}

/* Exactly the altered picks differ besides those that differed before. */
static void check_reported(void)
{
	size_t both = 0;

	assert_true(falsified.altered.n > 30);
	for (size_t i = 0; i < falsified.altered.n; i++) {
		assert_true(holds(&falsified.differ, falsified.altered.v[i]));
		both += holds(&plain.differ, falsified.altered.v[i]);
	}
	for (size_t i = 0; i < plain.differ.n; i++)
		assert_true(holds(&falsified.differ, plain.differ.v[i]));
	assert_int_equal(falsified.differ.n, plain.differ.n + falsified.altered.n - both);
}

static void each_trace(void (*check)(const char *path))
{
	glob_t found;
	size_t n = 0;

	if (glob("tests/data/*.pgt", 0, NULL, &found))
		skip(); /* none is stored */
	for (size_t i = 0; i < found.gl_pathc; i++)
		if (!strstr(found.gl_pathv[i],
			    "tracepoint")) { /* which is not exact to begin with */
			check(found.gl_pathv[i]);
			n++;
		}
	assert_true(n > 0);
	globfree(&found);
}

static void check_repaired(const char *path)
{
	replay(path, true, false, &plain);
	replay(path, true, true, &falsified);
	check_reported();
}

static void check_unrepaired(const char *path)
{
	replay(path, false, false, &plain);
	replay(path, false, true, &falsified);
	check_reported();
	/* The core goes its own way: what the trace claims of picks moves nothing. */
	assert_true(falsified.res.decisions_hash == plain.res.decisions_hash);
}

static void altered_picks_are_reported(void **state)
{
	(void)state;
	each_trace(check_repaired);
}

static void altered_picks_change_no_choice(void **state)
{
	(void)state;
	each_trace(check_unrepaired);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(altered_picks_are_reported),
		cmocka_unit_test(altered_picks_change_no_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
