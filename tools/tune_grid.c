// SPDX-License-Identifier: GPL-2.0-only
/* What is to be tried: goals, and the combinations of settings and policies. */
#define _GNU_SOURCE /* asprintf */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "settings.h"
#include "tune.h"
#include "util.h"

#define VM 3 /* strlen("vm.") */

static const struct {
	const char *name, *what;
	bool more;
} goals[] = {
#define X(id, text, means, is_more) [TUNE_##id] = { text, means, is_more },
	TUNE_GOALS(X)
#undef X
};

const char *tune_goal_name(enum tune_goal goal)
{
	return goals[goal].name;
}

const char *tune_goal_what(enum tune_goal goal)
{
	return goals[goal].what;
}

bool tune_goal_more(enum tune_goal goal)
{
	return goals[goal].more;
}

int tune_parse_goal(const char *text, const struct trace_meta *meta, struct tune_plan *plan)
{
	size_t name = strcspn(text, ":");
	uint64_t order = meta->pageblock_order;

	for (int goal = 0; goal < TUNE_NR_GOALS; goal++) {
		if (strlen(goals[goal].name) != name || strncmp(goals[goal].name, text, name))
			continue;
		if ((goal == TUNE_ORDER) != (text[name] == ':'))
			return -EINVAL;
		if (goal == TUNE_ORDER &&
		    parse_u64(text + name + 1, 0, meta->nr_orders - 1, &order))
			return -EINVAL;
		plan->goal = goal;
		plan->order = (unsigned int)order;
		return 0;
	}
	return -EINVAL;
}

/* -------------------------------------------------------------------------
 * Strings and points
 */

static const char *keep_text(struct tune_plan *plan, char *text)
{
	char **grown;

	grown = text ? reallocarray(plan->text, plan->nr_texts + 1, sizeof(*grown)) : NULL;
	if (!grown) {
		free(text);
		return NULL;
	}
	plan->text = grown;
	plan->text[plan->nr_texts++] = text;
	return text;
}

size_t tune_nr_runs(const struct tune_plan *plan)
{
	return 1 + (plan->nr_points + TUNE_POINTS - TUNE_BASE) * plan->runs;
}

void tune_plan_free(struct tune_plan *plan)
{
	for (size_t i = 0; i < plan->nr_texts; i++)
		free(plan->text[i]);
	free(plan->text);
	free(plan->point);
	*plan = (struct tune_plan){ 0 };
}

static int add_point(struct tune_plan *plan, const struct tune_point *point)
{
	struct tune_point *grown;

	if (plan->nr_points == TUNE_MAX_POINTS)
		return -E2BIG;
	if (!(plan->nr_points & (plan->nr_points - 1))) { /* grows at the powers of two */
		grown = reallocarray(plan->point, plan->nr_points ? 2 * plan->nr_points : 1,
				     sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		plan->point = grown;
	}
	plan->point[plan->nr_points++] = *point;
	return 0;
}

void tune_point_text(const struct tune_point *point, char *buf, size_t len)
{
	size_t at = 0;

	buf[0] = '\0';
	if (point->policy)
		at += (size_t)snprintf(buf, len, "policy %s", point->policy);
	for (uint32_t i = 0; i < point->nr_sets && at < len; i++)
		at += (size_t)snprintf(buf + at, len - at, "%s%s", at ? " " : "", point->set[i]);
	if (!at)
		snprintf(buf, len, "unchanged");
}

/* -------------------------------------------------------------------------
 * A grid that was given
 */

/* The values of one --grid, as settings. */
struct axis {
	const char *set[256];
	size_t n;
};

static int check_setting(const char *text, const struct pa_policy *policy, char *why, size_t len)
{
	struct pa_knobs knobs;
	char key[64] = "";

	pa_knobs_of(policy, &knobs);
	sscanf(text, "vm.%63[^=]", key);
	if (!strcmp(key, "khugepaged")) {
		snprintf(why, len, "khugepaged is no sysctl");
		return -EINVAL;
	}
	if (settings_apply(&knobs, policy, text, why, len))
		return -EINVAL;
	if (!pa_knob_known(policy, key)) {
		snprintf(why, len, "policy %s has no vm.%s", policy->name, key);
		return -EINVAL;
	}
	return 0;
}

/* "vm.KEY=a,b,c" */
static int split_grid(struct tune_plan *plan, const char *text, struct axis *axis, char *why,
		      size_t len)
{
	const char *value = strchr(text, '=');
	int key;

	if (strncmp(text, "vm.", VM) || !value || value - text > 60 || !value[1]) {
		snprintf(why, len, "'%.80s' is no grid (vm.KEY=VALUE,VALUE,...)", text);
		return -EINVAL;
	}
	key = (int)(value - text);
	axis->n = 0;
	for (value++;; value++) {
		size_t n = strcspn(value, ",");
		char *one = malloc((size_t)key + n + 2);

		if (axis->n == sizeof(axis->set) / sizeof(axis->set[0])) {
			free(one);
			snprintf(why, len, "more than %zu values for %.*s", axis->n, key, text);
			return -EINVAL;
		}
		if (one)
			sprintf(one, "%.*s=%.*s", key, text, (int)n, value);
		axis->set[axis->n] = keep_text(plan, one);
		if (!axis->set[axis->n++])
			return -ENOMEM;
		value += n;
		if (!*value)
			return 0;
	}
}

/* One point for each way of taking a value from each axis; the last axis turns fastest. */
static int cross(struct tune_plan *plan, const struct axis *axis, uint32_t n, const char *policy)
{
	size_t at[TUNE_MAX_GRIDS] = { 0 };
	struct tune_point point = { .policy = policy, .nr_sets = n };
	uint32_t i;
	int err;

	do {
		for (i = 0; i < n; i++)
			point.set[i] = axis[i].set[at[i]];
		err = add_point(plan, &point);
		if (err)
			return err;
		for (i = n; i > 0 && ++at[i - 1] == axis[i - 1].n; i--)
			at[i - 1] = 0;
	} while (i > 0);
	return 0;
}

static int check_axes(const struct axis *axis, uint32_t n, const struct pa_policy *policy,
		      char *why, size_t len)
{
	int err = 0;

	for (uint32_t i = 0; i < n && !err; i++)
		for (size_t k = 0; k < axis[i].n && !err; k++)
			err = check_setting(axis[i].set[k], policy, why, len);
	return err;
}

/* -------------------------------------------------------------------------
 * Without one
 */

#define OF(goal) (1u << TUNE_##goal)
#define LARGE (OF(ORDER) | OF(THP))

static const struct {
	const char *key;
	unsigned int goals; /* it bears on */
	bool times;	    /* the values are factors of what it is */
	uint32_t value[3];
	uint32_t n;
} usual[] = {
	{ "vm.watermark_boost_factor",
	  LARGE | OF(STALL) | OF(FALLBACKS) | OF(COMPACTION),
	  false,
	  { 0, 30000 },
	  2 },
	{ "vm.min_free_kbytes", LARGE | OF(STALL) | OF(FALLBACKS), true, { 2, 4 }, 2 },
	{ "vm.watermark_scale_factor",
	  LARGE | OF(STALL) | OF(FALLBACKS) | OF(COMPACTION),
	  false,
	  { 50, 200, 500 },
	  3 },
	{ "vm.percpu_pagelist_high_fraction",
	  LARGE | OF(STALL) | OF(FALLBACKS),
	  false,
	  { 8, 64 },
	  2 },
	{ "vm.extfrag_threshold", LARGE | OF(STALL) | OF(COMPACTION), false, { 200, 800 }, 2 },
	{ "vm.compaction_proactiveness",
	  LARGE | OF(STALL) | OF(COMPACTION),
	  false,
	  { 0, 60, 100 },
	  3 },
	{ "vm.defrag_mode", LARGE | OF(STALL) | OF(FALLBACKS) | OF(COMPACTION), false, { 0, 1 }, 2 },
};

static int add_usual(struct tune_plan *plan, const struct trace_meta *meta,
		     const struct pa_policy *policy)
{
	struct tune_point point = { .nr_sets = 1 };
	char why[256];
	struct pa_knobs defaults;

	pa_knobs_of(policy, &defaults);
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		int64_t now = trace_pairs_get(&meta->sysctl, usual[i].key,
					      *settings_at(&defaults, usual[i].key));

		if (!(usual[i].goals & 1u << plan->goal) ||
		    !pa_knob_known(policy, usual[i].key + VM))
			continue;
		for (uint32_t k = 0; k < usual[i].n; k++) {
			int64_t value = usual[i].times ? now * usual[i].value[k] :
							 (int64_t)usual[i].value[k];
			char *text;
			int err;

			if (value == now || asprintf(&text, "%s=%" PRId64, usual[i].key, value) < 0)
				continue;
			point.set[0] = keep_text(plan, text);
			err = !point.set[0] ? -ENOMEM : 0;
			if (!err && !check_setting(point.set[0], policy, why, sizeof(why)))
				err = add_point(plan, &point);
			if (err)
				return err;
		}
	}
	return 0;
}

/* -------------------------------------------------------------------------
 * Both
 */

/* The policies asked for; else the trace's, which points name by NULL. */
static int policy_of(const struct tune_grid *grid, uint32_t i, const struct trace_meta *meta,
		     const struct pa_policy **out, char *why, size_t len)
{
	const char *from;

	*out = grid->nr_policies ? pa_policy_find(grid->policy[i]) : replay_policy(meta, &from);
	if (*out)
		return 0;
	if (grid->nr_policies)
		snprintf(why, len, "there is no policy '%s'", grid->policy[i]);
	else
		snprintf(why, len, "no policy is known for kernel \"%s\" (name one with --policy)",
			 meta->kernel);
	return -ENOENT;
}

int tune_plan_points(struct tune_plan *plan, const struct tune_grid *grid,
		     const struct trace_meta *meta, char *why, size_t len)
{
	uint32_t policies = grid->nr_policies ? grid->nr_policies : 1;
	struct axis *axis = calloc(grid->nr_grids + 1, sizeof(*axis));
	const struct pa_policy *policy;
	int err = axis ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < grid->nr_grids && !err; i++)
		err = split_grid(plan, grid->grid[i], &axis[i], why, len);
	for (uint32_t i = 0; i < policies && !err; i++) {
		err = policy_of(grid, i, meta, &policy, why, len);
		if (!err)
			err = check_axes(axis, grid->nr_grids, policy, why, len);
		if (!err && !grid->nr_grids && !grid->nr_policies)
			err = add_usual(plan, meta, policy);
		else if (!err)
			err = cross(plan, axis, grid->nr_grids,
				    grid->nr_policies ? policy->name : NULL);
	}
	free(axis);
	if (err == -E2BIG)
		snprintf(why, len, "more than %d points", TUNE_MAX_POINTS);
	if (err == -ENOMEM)
		snprintf(why, len, "%s", strerror(ENOMEM));
	return err;
}
