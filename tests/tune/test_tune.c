// SPDX-License-Identifier: GPL-2.0-only
/* tune without a trace: goals, grids, what slices come to, the file that is emitted. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/tune.h"

static const struct trace_meta meta = {
	.kernel = "6.12.1", .policy = "6.12", .nr_orders = 11, .pageblock_order = 9, .cpus = 2
};

static void goals_are_read_whole(void **state)
{
	static const char *const wrong[] = { "",     "order", "order:", "order:11", "order:-1",
					     "thps", "thp:9", "stall ", "orde:9",   "order:9x" };
	struct tune_plan plan = { 0 };

	(void)state;
	assert_int_equal(tune_parse_goal("order:4", &meta, &plan), 0);
	assert_int_equal(plan.goal, TUNE_ORDER);
	assert_int_equal(plan.order, 4);
	for (int goal = TUNE_THP; goal < TUNE_NR_GOALS; goal++) {
		assert_int_equal(tune_parse_goal(tune_goal_name(goal), &meta, &plan), 0);
		assert_int_equal(plan.goal, goal);
		assert_int_equal(plan.order, 9);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(tune_parse_goal(wrong[i], &meta, &plan), -EINVAL);
}

static void grids_are_crossed_the_last_fastest(void **state)
{
	static const char *const want[] = {
		"policy 6.12 vm.min_free_kbytes=1 vm.watermark_scale_factor=10",
		"policy 6.12 vm.min_free_kbytes=1 vm.watermark_scale_factor=20",
		"policy 6.12 vm.min_free_kbytes=2 vm.watermark_scale_factor=10",
		"policy 6.12 vm.min_free_kbytes=2 vm.watermark_scale_factor=20",
		"policy 6.18 vm.min_free_kbytes=1 vm.watermark_scale_factor=10",
	};
	const struct tune_grid grid = {
		.grid = { "vm.min_free_kbytes=1,2", "vm.watermark_scale_factor=10,20" },
		.nr_grids = 2,
		.policy = { "6.12", "6.18" },
		.nr_policies = 2,
	};
	struct tune_plan plan = { 0 };
	char why[256] = "", text[128];

	(void)state;
	assert_int_equal(tune_plan_points(&plan, &grid, &meta, why, sizeof(why)), 0);
	assert_int_equal(plan.nr_points, 8);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		tune_point_text(&plan.point[i], text, sizeof(text));
		assert_string_equal(text, want[i]);
	}
	tune_plan_free(&plan);
}

static void too_many_points_are_refused(void **state)
{
	char many[2048] = "vm.min_free_kbytes=1", why[256] = "";
	struct tune_grid grid = { .nr_grids = 3 };
	struct tune_plan plan = { 0 };

	(void)state;
	for (int i = 2; i <= 200; i++)
		sprintf(many + strlen(many), ",%d", i);
	for (int i = 0; i < 3; i++)
		grid.grid[i] = many;
	assert_int_equal(tune_plan_points(&plan, &grid, &meta, why, sizeof(why)), -E2BIG);
	assert_non_null(strstr(why, "65536"));
	tune_plan_free(&plan);
}

static void usual_settings_leave_out_what_is_set(void **state)
{
	struct trace_meta own = meta;
	const struct tune_grid none = { 0 };
	struct tune_plan plan = { 0 };
	char why[256] = "", text[128];
	bool factor = false;

	(void)state;
	assert_int_equal(trace_pairs_add(&own.sysctl, "vm.watermark_boost_factor", 0, NULL), 0);
	assert_int_equal(trace_pairs_add(&own.sysctl, "vm.min_free_kbytes", 1000, NULL), 0);
	assert_int_equal(tune_parse_goal("stall", &own, &plan), 0);
	assert_int_equal(tune_plan_points(&plan, &none, &own, why, sizeof(why)), 0);
	assert_true(plan.nr_points > 8);
	for (size_t i = 0; i < plan.nr_points; i++) {
		tune_point_text(&plan.point[i], text, sizeof(text));
		assert_string_not_equal(text, "vm.watermark_boost_factor=0");
		assert_null(strstr(text, "defrag_mode")); /* 6.12 has none */
		factor = factor || !strcmp(text, "vm.min_free_kbytes=4000");
	}
	assert_true(factor);
	tune_plan_free(&plan);
	trace_meta_free(&own);
}

/* ---- slices ---- */

/* A base run and four points, of the goal "fallbacks". */
struct made {
	struct tune_plan plan;
	struct tune_point point[4];
	struct tune_run runs[TUNE_POINTS + 4];
	struct tune_row rows[4];
};

static struct made *make(void)
{
	struct made *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->plan = (struct tune_plan){
		.goal = TUNE_FALLBACKS, .order = 9, .point = m->point, .nr_points = 4, .runs = 1
	};
	for (size_t p = 0; p < 4; p++)
		m->point[p] = (struct tune_point){ .set = { "vm.watermark_scale_factor=50" },
						   .nr_sets = 1 };
	for (size_t r = 0; r < TUNE_POINTS + 4; r++)
		for (int i = 0; i < TUNE_SLICES; i++)
			m->runs[r].slice[i].goals[TUNE_FALLBACKS] = 100 + (uint64_t)i;
	return m;
}

static uint64_t *fallbacks(struct made *m, size_t point, int slice)
{
	return &m->runs[TUNE_POINTS + point].slice[slice].goals[TUNE_FALLBACKS];
}

static void noise_is_called_that(void **state)
{
	struct made *m = make();

	(void)state;
	for (int i = 0; i < TUNE_SLICES; i++) {
		*fallbacks(m, 1, i) += i % 8 < 4 ? 30 : -30; /* to and fro */
		*fallbacks(m, 2, i) -= i % 3 ? 10 : 20;	     /* less in every slice */
		*fallbacks(m, 3, i) += 5;
	}
	*fallbacks(m, 1, 7) -= 40; /* one slice alone makes it less in sum */
	assert_int_equal(tune_rank(&m->plan, m->runs, m->rows), 0);
	assert_int_equal(m->rows[0].point, 2);
	assert_int_equal(m->rows[0].verdict, TUNE_BETTER);
	assert_int_equal(m->rows[0].rank, 1);
	assert_true(m->rows[0].low <= m->rows[0].diff && m->rows[0].diff <= m->rows[0].high);
	assert_true(m->rows[0].high < 0);
	assert_int_equal(m->rows[1].point, 0);
	assert_int_equal(m->rows[1].verdict, TUNE_SAME);
	assert_int_equal(m->rows[1].rank, 0);
	assert_true(m->rows[1].low == 0 && m->rows[1].high == 0);
	assert_int_equal(m->rows[2].point, 1);
	assert_int_equal(m->rows[2].verdict, TUNE_SAME);
	assert_true(m->rows[2].low < 0 && m->rows[2].high > 0 && m->rows[2].diff == -40);
	assert_int_equal(m->rows[3].point, 3);
	assert_int_equal(m->rows[3].verdict, TUNE_WORSE);
	assert_int_equal(m->rows[3].rank, 4);
	free(m);
}

/* A setting that was better in one run and worse in the next is not known to be either. */
static void chance_is_noise(void **state)
{
	enum { RUNS = 4 };
	struct tune_run runs[1 + 3 * RUNS], mean[TUNE_POINTS + 2];
	struct made *m = make();

	(void)state;
	memset(runs, 0, sizeof(runs));
	m->plan.nr_points = 2;
	m->plan.runs = RUNS;
	assert_int_equal(tune_nr_runs(&m->plan), 1 + 3 * RUNS);
	for (int r = 0; r < 1 + 3 * RUNS; r++)
		for (int i = 0; i < TUNE_SLICES; i++)
			runs[r].slice[i].goals[TUNE_FALLBACKS] = 100;
	for (int r = 0; r < RUNS; r++)
		for (int i = 0; i < TUNE_SLICES; i++) {
			/* one run of each point alone would be told from the base */
			runs[1 + RUNS + r].slice[i].goals[TUNE_FALLBACKS] += r % 2 ? 30 : -31;
			runs[1 + 2 * RUNS + r].slice[i].goals[TUNE_FALLBACKS] -= r % 2 ? 30 : 20;
		}
	assert_int_equal(tune_rank(&m->plan, runs, m->rows), 0);
	assert_int_equal(m->rows[0].point, 1);
	assert_int_equal(m->rows[0].verdict, TUNE_BETTER);
	assert_true(m->rows[0].diff == -25.0 * TUNE_SLICES);
	assert_int_equal(m->rows[1].point, 0);
	assert_int_equal(m->rows[1].verdict, TUNE_SAME);
	tune_fold(&m->plan, runs, mean);
	assert_int_equal(tune_sum(&mean[TUNE_POINTS + 1], TUNE_FALLBACKS), 75 * TUNE_SLICES);
	assert_int_equal(tune_sum(&mean[TUNE_BASE], TUNE_FALLBACKS), 100 * TUNE_SLICES);
	free(m);
}

/* Free blocks are a mean over time: a long slice counts for more. */
static void means_are_over_time(void **state)
{
	struct made *m = make();

	(void)state;
	m->plan.goal = TUNE_ORDER;
	for (size_t r = 0; r < TUNE_POINTS + 4; r++)
		for (int i = 0; i < TUNE_SLICES; i++) {
			uint64_t ns = i ? 1000 : 1000 * (TUNE_SLICES - 1);

			m->runs[r].slice[i].ns = ns;
			m->runs[r].slice[i].goals[TUNE_ORDER] = (i ? 2 : 4) * ns;
		}
	assert_true(tune_value(&m->plan, &m->runs[TUNE_BASE]) == 3.0);
	for (int i = 0; i < TUNE_SLICES; i++)
		m->runs[TUNE_POINTS + 3].slice[i].goals[TUNE_ORDER] *= 2;
	assert_int_equal(tune_rank(&m->plan, m->runs, m->rows), 0);
	assert_int_equal(m->rows[0].point, 3);
	assert_int_equal(m->rows[0].verdict, TUNE_BETTER);
	assert_true(m->rows[0].diff == 3.0);
	free(m);
}

static void the_best_setting_is_emitted(void **state)
{
	const struct tune_about about = { .kernel = "6.12.1", .events = 7 };
	struct made *m = make();
	char text[1024] = "";
	FILE *to = fmemopen(text, sizeof(text), "w");

	(void)state;
	assert_non_null(to);
	for (int i = 0; i < TUNE_SLICES; i++) {
		*fallbacks(m, 0, i) -= 20;
		*fallbacks(m, 1, i) -= 30; /* better yet, but nobody can set a policy */
		*fallbacks(m, 2, i) -= 10;
	}
	m->point[1].policy = "6.18";
	m->point[0] = (struct tune_point){
		.set = { "vm.watermark_scale_factor=500", "vm.min_free_kbytes=9" }, .nr_sets = 2
	};
	assert_int_equal(tune_rank(&m->plan, m->runs, m->rows), 0);
	assert_true(tune_emit(to, &about, &m->plan, m->runs, m->rows, false));
	fflush(to);
	assert_non_null(
		strstr(text, "\nvm.watermark_scale_factor = 500\nvm.min_free_kbytes = 9\n"));
	rewind(to);
	assert_true(tune_emit(to, &about, &m->plan, m->runs, m->rows, true));
	fflush(to);
	assert_non_null(strstr(text, "\n[sysctl]\nvm.watermark_scale_factor=500\n"));
	for (int i = 0; i < TUNE_SLICES; i++)
		*fallbacks(m, 0, i) = *fallbacks(m, 2, i) = 200;
	assert_int_equal(tune_rank(&m->plan, m->runs, m->rows), 0);
	assert_false(tune_emit(to, &about, &m->plan, m->runs, m->rows, false));
	fclose(to);
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goals_are_read_whole),
		cmocka_unit_test(grids_are_crossed_the_last_fastest),
		cmocka_unit_test(too_many_points_are_refused),
		cmocka_unit_test(usual_settings_leave_out_what_is_set),
		cmocka_unit_test(noise_is_called_that),
		cmocka_unit_test(chance_is_noise),
		cmocka_unit_test(chance_is_noise),
		cmocka_unit_test(means_are_over_time),
		cmocka_unit_test(the_best_setting_is_emitted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
