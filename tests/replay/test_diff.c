/* SPDX-License-Identifier: GPL-2.0-only */
/* diff lists the decisions that differ, all of them and no other, by event. */
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
#include "tools/diff.h"

struct rows {
	uint64_t n, different, event[64];
	struct diff_row last;
};

static void on_row(void *arg, const struct diff_row *row)
{
	struct rows *rows = arg;

	rows->n++;
	if (!row->same && rows->different < 64)
		rows->event[rows->different++] = row->event;
	rows->last = *row;
}

static char path[] = "/tmp/buddyscope-diff-XXXXXX";

/* A trace of a known kernel, in a file. */
static void record(const char *policy, size_t alter_every, struct rows *altered, uint64_t *picks)
{
	struct trace_writer *w;
	struct machine m;
	size_t i;

	machine_init(&m, policy);
	machine_begin(&m);
	machine_work(&m, 2000);
	machine_end(&m);
	memset(altered, 0, sizeof(*altered));
	for (i = alter_every; alter_every && i + 1 < m.n; i += alter_every) {
		while (i + 1 < m.n &&
		       (m.ev[i].type != EV_ZONE_ALLOC || m.ev[i + 1].type == EV_FALLBACK ||
			m.ev[i - 1].type == EV_FALLBACK))
			i++;
		if (i + 1 < m.n) {
			m.ev[i].pfn ^= 1;
			altered->event[altered->different++] = i;
		}
	}
	assert_int_equal(trace_writer_open(path, &m.meta, &w), 0);
	for (i = 0; i < m.nr_begin; i++)
		assert_int_equal(trace_write_list(w, &m.begin[i].list), 0);
	assert_int_equal(trace_write_events(w, m.ev, m.n), 0);
	for (i = 0; i < m.nr_end; i++)
		assert_int_equal(trace_write_list(w, &m.end[i].list), 0);
	assert_int_equal(trace_writer_close(w), 0);
	*picks = m.picks;
	machine_free(&m);
}

static void run(const struct diff_options *opt, struct rows *rows, struct diff_result *res)
{
	struct trace_reader *reader;
	char why[256];

	memset(rows, 0, sizeof(*rows));
	assert_int_equal(trace_open(path, &reader, why, sizeof(why)), 0);
	assert_int_equal(diff_run(reader, opt, on_row, rows, res, why, sizeof(why)), 0);
	assert_false(res->replay.cut);
	trace_close(reader);
}

static void the_same_kernel_does_not_differ(void **state)
{
	struct diff_options opt = { .all = false };
	struct rows rows, altered;
	struct diff_result res;
	uint64_t picks;

	(void)state;
	record("6.12", 0, &altered, &picks);
	run(&opt, &rows, &res);
	assert_string_equal(res.name[0], "kernel");
	assert_string_equal(res.name[1], "6.12");
	assert_int_equal(res.compared, picks);
	assert_int_equal(res.different, 0);
	assert_int_equal(rows.n, 0);
	opt.all = true;
	run(&opt, &rows, &res);
	assert_int_equal(rows.n, picks);
	assert_int_equal(rows.different, 0);
	assert_true(replay_proven(&res.replay));
}

static void altered_picks_are_listed_by_event(void **state)
{
	const struct diff_options opt = { .no_repair = true };
	struct rows rows, altered;
	struct diff_result res;
	uint64_t picks;

	(void)state;
	record("6.18", 301, &altered, &picks);
	assert_true(altered.different > 10);
	run(&opt, &rows, &res);
	assert_int_equal(res.different, altered.different);
	assert_int_equal(rows.different, altered.different);
	assert_memory_equal(rows.event, altered.event,
			    altered.different * sizeof(altered.event[0]));
	assert_int_equal(rows.last.side[0].pfn, rows.last.side[1].pfn ^ 1);
	assert_string_equal(rows.last.side[0].path, "smallest");
}

static void two_policies_are_compared_on_one_trace(void **state)
{
	struct diff_options opt = { .policy = { "6.12", "6.12" } };
	struct rows rows, altered;
	struct diff_result res;
	uint64_t picks;

	(void)state;
	record("6.12", 0, &altered, &picks);
	run(&opt, &rows, &res);
	assert_int_equal(res.compared, picks);
	assert_int_equal(res.different, 0);

	opt.policy[1] = "6.1";
	run(&opt, &rows, &res);
	assert_string_equal(res.name[1], "6.1");
	assert_int_equal(res.compared, picks);
	assert_true(res.different > 0);
	assert_true(res.different < picks / 2);
	assert_int_equal(rows.n, res.different);
	assert_int_equal(rows.last.class, REPLAY_POLICY);
	assert_true(rows.last.why[0]);
}

static int setup(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	char old[sizeof(path) + 4];

	(void)state;
	snprintf(old, sizeof(old), "%s.old", path);
	unlink(old);
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_kernel_does_not_differ),
		cmocka_unit_test(altered_picks_are_listed_by_event),
		cmocka_unit_test(two_policies_are_compared_on_one_trace),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
