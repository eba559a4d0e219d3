/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The dashboard on a recording of ten million events: it comes to the end, every pick agrees, and
 * what it keeps in memory does not grow with the length.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "machine.h"
#include "tools/source.h"

#ifdef __SANITIZE_ADDRESS__
#define EVENTS 400000 /* its memory is not ours, and it takes its time */
#define MAY_GROW UINT64_MAX
#else
#define EVENTS 10000000
#define MAY_GROW (24 << 20)
#endif

static void write_lists(struct trace_writer *w, const struct machine_list *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(trace_write_list(w, &list[i].list), 0);
}

static void write_long(const char *path)
{
	struct trace_writer *w;
	struct machine m;
	uint64_t n = 0;

	machine_init(&m, "6.12");
	machine_begin(&m);
	assert_int_equal(trace_writer_open(path, &m.meta, &w), 0);
	write_lists(w, m.begin, m.nr_begin);
	while (n < EVENTS) {
		machine_work(&m, 5000);
		for (size_t i = 0; i < m.n; i++)
			m.ev[i].ts = 1000 * (n + i);
		assert_int_equal(trace_write_events(w, m.ev, m.n), 0);
		n += m.n;
		m.n = 0;
	}
	machine_end(&m);
	write_lists(w, m.end, m.nr_end);
	assert_int_equal(trace_writer_close(w), 0);
	machine_free(&m);
}

static void ten_million_events_take_bounded_memory(void **state)
{
	const struct source_goal some = { .kind = GOAL_EVENT, .value = EVENTS / 20 };
	const struct source_goal all = { .kind = GOAL_END };
	struct sample *s = calloc(1, sizeof(*s));
	const struct source_options opt = { 0 };
	char path[] = "/tmp/buddyscope.XXXXXX", why[256] = "";
	struct source *source;
	uint64_t early;
	int fd = mkstemp(path);

	(void)state;
	assert_non_null(s);
	assert_true(fd >= 0);
	close(fd);
	write_long(path);
	assert_int_equal(source_file(path, &opt, &source, why, sizeof(why)), 0);
	assert_int_equal(source_run(source, &some, UINT64_MAX / 2), 1);
	assert_int_equal(source_sample(source, s), 0);
	assert_int_equal(s->event, EVENTS / 20);
	early = machine_resident();
	assert_int_equal(source_run(source, &all, UINT64_MAX / 2), 1);
	assert_int_equal(source_sample(source, s), 0);
	assert_true(machine_resident() < early || machine_resident() - early <= MAY_GROW);
	assert_true(s->event >= EVENTS);
	assert_int_equal(s->timeline->events, s->event);
	assert_in_range(s->timeline->n, 2, SOURCE_TIMELINE);
	assert_true(s->core.picks > EVENTS / 10);
	assert_int_equal(s->core.picks_exact, s->core.picks);
	assert_true(s->core.lists > 0);
	assert_int_equal(s->core.lists_exact_order, s->core.lists);
	assert_true(s->decisions_gone > 0);
	source_close(source);
	unlink(path);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_million_events_take_bounded_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
