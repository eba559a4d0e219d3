// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which point was better, and by more than chance?  Two runs of the same setting differ by what
 * happens a little earlier or later, and so each is made more than once.  The differences of a point's
 * runs from those of the base are drawn anew, with replacement: first which runs, then their slices,
 * in blocks that follow each other (a circular block bootstrap: what happens in one slice lasts into
 * the next).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tune.h"
#include "util.h"

#define DRAWS 2000
#define BLOCK 4 /* slices; about their number's cube root */
#define SEED UINT64_C(0x74756e65)
#define LOW (DRAWS / 40) /* 2.5 % on either side */
#define HIGH (DRAWS - 1 - DRAWS / 40)

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of what a mean over time is made of the sum has to be divided by the time. */
static double scaled(const struct tune_plan *plan, int64_t sum, uint64_t ns)
{
	if (plan->goal != TUNE_ORDER)
		return (double)sum;
	return ns ? (double)sum / (double)ns : 0;
}

static uint64_t all_of(const struct tune_run *run, enum tune_goal goal)
{
	uint64_t sum = 0;

	for (int i = 0; i < TUNE_SLICES; i++)
		sum += run->slice[i].goals[goal];
	return sum;
}

static uint32_t runs_in(const struct tune_run *run)
{
	return run->of ? run->of : 1;
}

uint64_t tune_sum(const struct tune_run *run, enum tune_goal goal)
{
	return (all_of(run, goal) + runs_in(run) / 2) / runs_in(run);
}

static uint64_t time_of(const struct tune_run *run)
{
	uint64_t ns = 0;

	for (int i = 0; i < TUNE_SLICES; i++)
		ns += run->slice[i].ns;
	return ns;
}

double tune_value(const struct tune_plan *plan, const struct tune_run *run)
{
	double all = scaled(plan, (int64_t)all_of(run, plan->goal), time_of(run));

	return plan->goal == TUNE_ORDER ? all : all / runs_in(run);
}

/* The first of the runs of @what. */
static const struct tune_run *runs_of(const struct tune_plan *plan, const struct tune_run *runs,
				      size_t what)
{
	return &runs[what == TUNE_FIDELITY ? 0 : 1 + (what - TUNE_BASE) * plan->runs];
}

/* Differences of the slices, of one run after the other, added up: by @by[] of each. */
static void add_up(const struct tune_plan *plan, const struct tune_run *base,
		   const struct tune_run *run, const uint32_t *by, int64_t *diff)
{
	memset(diff, 0, TUNE_SLICES * sizeof(*diff));
	for (uint32_t m = 0; m < plan->runs; m++)
		for (int i = 0; i < TUNE_SLICES && by[m]; i++)
			diff[i] += by[m] * (int64_t)(run[m].slice[i].goals[plan->goal] -
						     base[m].slice[i].goals[plan->goal]);
}

static void interval(const struct tune_plan *plan, const struct tune_run *base,
		     const struct tune_run *run, double *draws, struct tune_row *row)
{
	uint64_t random = SEED; /* the same draws for every point */
	int64_t diff[TUNE_SLICES];

	for (int draw = 0; draw < DRAWS; draw++) {
		uint32_t by[TUNE_MAX_RUNS] = { 0 };
		int64_t sum = 0;
		uint64_t ns = 0;

		for (uint32_t m = 0; m < plan->runs; m++)
			by[plan->runs > 1 ? next_random(&random) % plan->runs : 0]++;
		add_up(plan, base, run, by, diff);
		for (int i = 0; i < TUNE_SLICES; i += BLOCK) {
			uint64_t from = next_random(&random) % TUNE_SLICES;

			for (int k = 0; k < BLOCK; k++) {
				sum += diff[(from + k) % TUNE_SLICES];
				ns += base->slice[(from + k) % TUNE_SLICES].ns;
			}
		}
		draws[draw] = scaled(plan, sum, ns) / plan->runs;
	}
	qsort(draws, DRAWS, sizeof(*draws), by_value);
	row->low = draws[LOW];
	row->high = draws[HIGH];
}

static int by_rank(const void *a, const void *b)
{
	const struct tune_row *x = a, *y = b;

	if (x->verdict != y->verdict)
		return x->verdict < y->verdict ? -1 : 1;
	if (x->verdict != TUNE_SAME && x->rank != y->rank) /* holds the place by value as yet */
		return x->rank < y->rank ? -1 : 1;
	return x->point < y->point ? -1 : 1;
}

/* How many of the same verdict are better than @row. */
static uint32_t better_than(const struct tune_row *rows, size_t n, const struct tune_row *row,
			    bool more)
{
	uint32_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += rows[i].verdict == row->verdict &&
			 (more ? rows[i].diff > row->diff : rows[i].diff < row->diff);
	return count;
}

/* Add what @run counted to @sum. */
static void add_run(struct tune_run *sum, const struct tune_run *run)
{
	for (int i = 0; i < TUNE_SLICES; i++) {
		sum->slice[i].ns += run->slice[i].ns;
		for (int goal = 0; goal < TUNE_NR_GOALS; goal++)
			sum->slice[i].goals[goal] += run->slice[i].goals[goal];
	}
	sum->fallbacks.core += run->fallbacks.core;
	sum->end_free.core += run->end_free.core;
	sum->failed += run->failed;
	sum->reclaimed += run->reclaimed;
	sum->thp_asked += run->thp_asked;
}

static void divide(uint64_t *sum, uint32_t by)
{
	*sum = (*sum + by / 2) / by;
}

void tune_fold(const struct tune_plan *plan, const struct tune_run *runs, struct tune_run *out)
{
	out[TUNE_FIDELITY] = runs[0];
	for (size_t what = TUNE_BASE; what < plan->nr_points + TUNE_POINTS; what++) {
		const struct tune_run *of = runs_of(plan, runs, what);
		struct tune_run *mean = &out[what];

		*mean = of[0]; /* what the kernel did is the same in all */
		for (uint32_t m = 1; m < plan->runs; m++)
			add_run(mean, &of[m]);
		mean->of = plan->runs;
		divide(&mean->fallbacks.core, plan->runs);
		divide(&mean->end_free.core, plan->runs);
		divide(&mean->failed, plan->runs);
		divide(&mean->reclaimed, plan->runs);
		divide(&mean->thp_asked, plan->runs);
	}
}

int tune_rank(const struct tune_plan *plan, const struct tune_run *runs, struct tune_row *rows)
{
	struct tune_run *mean = calloc(plan->nr_points + TUNE_POINTS, sizeof(*mean));
	const struct tune_run *base = runs_of(plan, runs, TUNE_BASE);
	bool more = tune_goal_more(plan->goal);
	double draws[DRAWS];

	if (!mean)
		return -ENOMEM;
	tune_fold(plan, runs, mean);
	for (size_t i = 0; i < plan->nr_points; i++) {
		struct tune_row *row = &rows[i];

		*row = (struct tune_row){ .point = i, .verdict = TUNE_SAME };
		row->base = tune_value(plan, &mean[TUNE_BASE]);
		row->value = tune_value(plan, &mean[TUNE_POINTS + i]);
		row->diff = row->value - row->base;
		interval(plan, base, runs_of(plan, runs, TUNE_POINTS + i), draws, row);
		if (row->low > 0 && row->diff > 0)
			row->verdict = more ? TUNE_BETTER : TUNE_WORSE;
		if (row->high < 0 && row->diff < 0)
			row->verdict = more ? TUNE_WORSE : TUNE_BETTER;
	}
	for (size_t i = 0; i < plan->nr_points; i++)
		rows[i].rank = better_than(rows, plan->nr_points, &rows[i], more);
	qsort(rows, plan->nr_points, sizeof(*rows), by_rank);
	for (size_t i = 0; i < plan->nr_points; i++)
		rows[i].rank = rows[i].verdict == TUNE_SAME ? 0 : (uint32_t)i + 1;
	free(mean);
	return 0;
}
