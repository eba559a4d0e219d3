/* SPDX-License-Identifier: GPL-2.0-only */
/* A replay that is played in steps comes to what one in a single run comes to. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <glob.h>
#include <string.h>
#include <cmocka.h>

#include "tools/replay.h"

struct seen {
	uint64_t events;
	bool in_order;
};

static void note_event(void *arg, uint64_t number, const struct trace_event *ev)
{
	struct seen *seen = arg;

	(void)ev;
	seen->in_order &= number == seen->events++;
}

/* Play what is at hand in steps of @step events. */
static uint64_t play_in_steps(struct replay *r, uint64_t next, uint64_t step)
{
	while (replay_at_hand(r)) {
		assert_int_equal(replay_play(r, next + step), 0);
		assert_true(replay_result(r)->events <= next + step);
		next = replay_result(r)->events;
	}
	return next;
}

static void paced(const char *path, uint64_t step, struct replay_result *res, struct seen *seen)
{
	static const struct trace_item none = { .kind = TRACE_EVENTS };
	const struct replay_options opt = { .paced = true, .played = note_event, .arg = seen };
	struct trace_reader *reader;
	struct trace_item item;
	struct replay *r;
	uint64_t next = 0;
	char why[256];

	*seen = (struct seen){ .in_order = true };
	assert_int_equal(trace_open(path, &reader, why, sizeof(why)), 0);
	assert_int_equal(replay_open(trace_meta(reader), &opt, &r, why, sizeof(why)), 0);
	while (!trace_next(reader, &item) && item.kind != TRACE_END) {
		if (item.kind != TRACE_EVENTS) {
			assert_int_equal(replay_item(r, &none), 0);
			next = play_in_steps(r, next, step);
		}
		assert_int_equal(replay_item(r, &item), 0);
		next = play_in_steps(r, next, step);
	}
	assert_int_equal(replay_finish(r), 0);
	*res = *replay_result(r);
	replay_close(r);
	trace_close(reader);
}

static void check_trace(const char *path)
{
	const struct replay_options opt = { 0 };
	struct replay_result whole, steps;
	struct trace_reader *reader;
	struct seen seen;
	char why[256];

	assert_int_equal(trace_open(path, &reader, why, sizeof(why)), 0);
	assert_int_equal(replay_run(reader, &opt, &whole, why, sizeof(why)), 0);
	trace_close(reader);
	paced(path, 997, &steps, &seen);
	assert_true(seen.in_order);
	assert_int_equal(seen.events, whole.events);
	whole.seconds = 0;
	assert_memory_equal(&whole, &steps, sizeof(whole));
}

static void steps_do_not_matter(void **state)
{
	glob_t found;

	(void)state;
	if (glob("tests/data/*.pgt", 0, NULL, &found))
		skip(); /* none is stored */
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_trace(found.gl_pathv[i]);
	globfree(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_do_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
