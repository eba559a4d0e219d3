// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which run was better, and by more than chance?  The differences of a point's slices from those of
 * the base run are drawn anew, with replacement and in blocks of slices that follow each other (a
 * circular block bootstrap: what happens in one slice lasts into the next).
 */
#include <stdlib.h>
#include <string.h>

#include "tune.h"

#define DRAWS 2000
#define BLOCK 4 /* slices; about their number's cube root */
#define SEED UINT64_C(0x74756e65)
#define LOW (DRAWS / 40) /* 2.5 % on either side */
#define HIGH (DRAWS - 1 - DRAWS / 40)

/* splitmix64 */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

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

uint64_t tune_sum(const struct tune_run *run, enum tune_goal goal)
{
	uint64_t sum = 0;

	for (int i = 0; i < TUNE_SLICES; i++)
		sum += run->slice[i].goals[goal];
	return sum;
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
	return scaled(plan, (int64_t)tune_sum(run, plan->goal), time_of(run));
}

static void interval(const struct tune_plan *plan, const struct tune_run *base,
		     const struct tune_run *run, double *draws, struct tune_row *row)
{
	uint64_t random = SEED; /* the same draws for every point */
	int64_t diff[TUNE_SLICES];

	for (int i = 0; i < TUNE_SLICES; i++)
		diff[i] = (int64_t)(run->slice[i].goals[plan->goal] -
				    base->slice[i].goals[plan->goal]);
	for (int draw = 0; draw < DRAWS; draw++) {
		int64_t sum = 0;
		uint64_t ns = 0;

		for (int i = 0; i < TUNE_SLICES; i += BLOCK) {
			uint64_t from = next_random(&random) % TUNE_SLICES;

			for (int k = 0; k < BLOCK; k++) {
				sum += diff[(from + k) % TUNE_SLICES];
				ns += base->slice[(from + k) % TUNE_SLICES].ns;
			}
		}
		draws[draw] = scaled(plan, sum, ns);
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

void tune_rank(const struct tune_plan *plan, const struct tune_run *runs, struct tune_row *rows)
{
	const struct tune_run *base = &runs[TUNE_BASE];
	bool more = tune_goal_more(plan->goal);
	double draws[DRAWS];

	for (size_t i = 0; i < plan->nr_points; i++) {
		struct tune_row *row = &rows[i];

		*row = (struct tune_row){ .point = i, .verdict = TUNE_SAME };
		row->base = tune_value(plan, base);
		row->value = tune_value(plan, &runs[TUNE_POINTS + i]);
		row->diff = row->value - row->base;
		interval(plan, base, &runs[TUNE_POINTS + i], draws, row);
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
}
