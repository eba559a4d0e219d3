// SPDX-License-Identifier: GPL-2.0-only
/* Partial results: what a shard made, and joining them.  The files may be anybody's. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "out.h"
#include "tune.h"

#define SCHEMA "buddyscope.tune-part/1"

/* The numbers of a run besides its slices, in the order a part has them. */
#define NR_NUMBERS 11

static void numbers_of(struct tune_run *run, uint64_t *at[NR_NUMBERS])
{
	uint64_t *const list[NR_NUMBERS] = {
		&run->fallbacks.kernel, &run->fallbacks.core, &run->end_free.kernel,
		&run->end_free.core,	&run->requests,	      &run->exact,
		&run->order0,		&run->order0_exact,   &run->failed,
		&run->thp_asked,	&run->reclaimed,
	};

	memcpy(at, list, sizeof(list));
}

/* -------------------------------------------------------------------------
 * Writing
 */

static void write_plan(struct out_json *j, const struct tune_trace *trace,
		       const struct tune_plan *plan)
{
	struct tune_about about;
	char id[24];

	tune_about_trace(trace, &about);
	snprintf(id, sizeof(id), "%016" PRIx64, trace->id);
	out_object(j, "plan");
	out_str(j, "version", BUDDYSCOPE_VERSION);
	out_str(j, "trace", id);
	out_str(j, "kernel", about.kernel);
	out_str(j, "policy", about.policy);
	out_u64(j, "events", about.events);
	out_u64(j, "lost", about.lost);
	out_u64(j, "ns", about.ns);
	out_str(j, "goal", tune_goal_name(plan->goal));
	out_u64(j, "order", plan->order);
	out_u64(j, "runs", plan->runs);
	out_array(j, "points");
	for (size_t i = 0; i < plan->nr_points; i++) {
		out_object_inline(j, NULL);
		out_str(j, "policy", plan->point[i].policy);
		out_array(j, "set");
		for (uint32_t k = 0; k < plan->point[i].nr_sets; k++)
			out_str(j, NULL, plan->point[i].set[k]);
		out_close(j);
		out_close(j);
	}
	out_close(j);
	out_close(j);
}

static void write_run(struct out_json *j, size_t nr, const struct tune_run *run)
{
	struct tune_run copy = *run;
	uint64_t *numbers[NR_NUMBERS];

	numbers_of(&copy, numbers);
	out_object(j, NULL);
	out_u64(j, "run", nr);
	out_array_inline(j, "numbers");
	for (int i = 0; i < NR_NUMBERS; i++)
		out_u64(j, NULL, *numbers[i]);
	out_close(j);
	out_array(j, "slices");
	for (int i = 0; i < TUNE_SLICES; i++) {
		out_array_inline(j, NULL);
		out_u64(j, NULL, run->slice[i].ns);
		for (int goal = 0; goal < TUNE_NR_GOALS; goal++)
			out_u64(j, NULL, run->slice[i].goals[goal]);
		out_close(j);
	}
	out_close(j);
	out_close(j);
}

int tune_write_part(FILE *to, const struct tune_trace *trace, const struct tune_plan *plan,
		    const struct tune_run *runs)
{
	struct out_json j;

	out_json_init(&j, to, 1);
	out_object(&j, NULL);
	out_str(&j, "schema", SCHEMA);
	write_plan(&j, trace, plan);
	out_array(&j, "runs");
	for (size_t i = 0; i < tune_nr_runs(plan); i++)
		if (runs[i].done)
			write_run(&j, i, &runs[i]);
	out_close(&j);
	out_close(&j);
	return out_json_end(&j);
}

/* -------------------------------------------------------------------------
 * Reading
 */

struct part {
	const char *path;
	char *why;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static int refuse(const struct part *p, const char *fmt, ...)
{
	int n = snprintf(p->why, p->len, "%.160s: ", p->path);
	va_list ap;

	va_start(ap, fmt);
	if (n > 0 && (size_t)n < p->len)
		vsnprintf(p->why + n, p->len - (size_t)n, fmt, ap);
	va_end(ap);
	return -EBADMSG;
}

static bool number(const json_t *v, uint64_t *out)
{
	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return false;
	*out = (uint64_t)json_integer_value(v);
	return true;
}

static int read_run(const struct part *p, const json_t *v, size_t nr_runs, struct tune_run *runs)
{
	const json_t *numbers = json_object_get(v, "numbers"),
		     *slices = json_object_get(v, "slices");
	struct tune_run run = { .done = true };
	uint64_t nr, *at[NR_NUMBERS];

	if (!number(json_object_get(v, "run"), &nr) || nr >= nr_runs)
		return refuse(p, "a run without its number");
	if (runs[nr].done)
		return refuse(p, "run %" PRIu64 " is in another part too", nr);
	numbers_of(&run, at);
	if (json_array_size(numbers) != NR_NUMBERS || json_array_size(slices) != TUNE_SLICES)
		return refuse(p, "run %" PRIu64 " is not complete", nr);
	for (size_t i = 0; i < NR_NUMBERS; i++)
		if (!number(json_array_get(numbers, i), at[i]))
			return refuse(p, "run %" PRIu64 " is damaged", nr);
	for (size_t i = 0; i < TUNE_SLICES; i++) {
		const json_t *slice = json_array_get(slices, i);
		bool good = json_array_size(slice) == TUNE_NR_GOALS + 1 &&
			    number(json_array_get(slice, 0), &run.slice[i].ns);

		for (size_t goal = 0; goal < TUNE_NR_GOALS && good; goal++)
			good = number(json_array_get(slice, goal + 1), &run.slice[i].goals[goal]);
		if (!good)
			return refuse(p, "run %" PRIu64 " is damaged", nr);
	}
	runs[nr] = run;
	return 0;
}

static bool copy_text(const json_t *o, const char *key, char *to, size_t len)
{
	const char *text = json_string_value(json_object_get(o, key));

	if (!text || strlen(text) >= len)
		return false;
	memcpy(to, text, strlen(text) + 1);
	return true;
}

static bool read_about(const json_t *o, struct tune_about *about)
{
	return copy_text(o, "kernel", about->kernel, sizeof(about->kernel)) &&
	       copy_text(o, "policy", about->policy, sizeof(about->policy)) &&
	       number(json_object_get(o, "events"), &about->events) &&
	       number(json_object_get(o, "lost"), &about->lost) &&
	       number(json_object_get(o, "ns"), &about->ns);
}

/* The points' strings stay the JSON's: @o lives as long as the plan. */
static bool read_point(const json_t *o, struct tune_point *point)
{
	const json_t *set = json_object_get(o, "set"), *policy = json_object_get(o, "policy");

	point->policy = json_string_value(policy);
	point->nr_sets = (uint32_t)json_array_size(set);
	if ((!point->policy && !json_is_null(policy)) || !json_is_array(set) ||
	    json_array_size(set) > TUNE_MAX_GRIDS)
		return false;
	for (uint32_t i = 0; i < point->nr_sets; i++) {
		point->set[i] = json_string_value(json_array_get(set, i));
		if (!point->set[i])
			return false;
	}
	return true;
}

static int read_plan(const struct part *p, const json_t *o, struct tune_merged *out)
{
	const char *name = json_string_value(json_object_get(o, "goal"));
	const json_t *points = json_object_get(o, "points");
	uint64_t order, times;
	int goal;

	for (goal = 0; goal < TUNE_NR_GOALS; goal++)
		if (name && !strcmp(name, tune_goal_name(goal)))
			break;
	if (goal == TUNE_NR_GOALS || !read_about(o, &out->about) ||
	    !number(json_object_get(o, "order"), &order) || order >= PA_MAX_ORDERS ||
	    !number(json_object_get(o, "runs"), &times) || !times || times > TUNE_MAX_RUNS ||
	    !json_is_array(points) || json_array_size(points) > TUNE_MAX_POINTS)
		return refuse(p, "its plan is damaged");
	out->plan.goal = goal;
	out->plan.order = (unsigned int)order;
	out->plan.runs = (uint32_t)times;
	out->plan.nr_points = json_array_size(points);
	out->plan.point = calloc(out->plan.nr_points + 1, sizeof(*out->plan.point));
	out->runs = calloc(tune_nr_runs(&out->plan), sizeof(*out->runs));
	if (!out->plan.point || !out->runs)
		return -ENOMEM;
	for (size_t i = 0; i < out->plan.nr_points; i++)
		if (!read_point(json_array_get(points, i), &out->plan.point[i]))
			return refuse(p, "its plan is damaged");
	return 0;
}

static int merge_one(const struct part *p, struct tune_merged *out)
{
	const json_t *plan, *runs;
	json_error_t error;
	const char *schema;
	json_t *root;
	int err = 0;

	root = json_load_file(p->path, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		return refuse(p, "%s", error.text);
	schema = json_string_value(json_object_get(root, "schema"));
	plan = json_object_get(root, "plan");
	runs = json_object_get(root, "runs");
	if (!schema || strcmp(schema, SCHEMA) || !json_is_array(runs))
		err = refuse(p, "not a partial result of tune --shard");
	else if (!out->json)
		err = read_plan(p, plan, out);
	else if (!json_equal(plan, json_object_get(out->json, "plan")))
		err = refuse(p, "another trace, grid, goal or version than the parts before");
	for (size_t i = 0; !err && i < json_array_size(runs); i++)
		err = read_run(p, json_array_get(runs, i), tune_nr_runs(&out->plan), out->runs);
	if (out->json)
		json_decref(root);
	else
		out->json = root;
	return err;
}

int tune_merge(char *const *paths, size_t n, struct tune_merged *out, char *why, size_t len)
{
	struct part p = { .why = why, .len = len };
	int err = 0;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < n && !err; i++) {
		p.path = paths[i];
		err = merge_one(&p, out);
	}
	for (size_t i = 0; !err && i < tune_nr_runs(&out->plan); i++) {
		if (out->runs[i].done)
			continue;
		snprintf(why, len, "run %zu of %zu is in none of the parts", i,
			 tune_nr_runs(&out->plan));
		err = -EBADMSG;
	}
	if (err == -ENOMEM)
		snprintf(why, len, "%s", strerror(ENOMEM));
	if (err)
		tune_merged_free(out);
	return err;
}

void tune_merged_free(struct tune_merged *m)
{
	tune_plan_free(&m->plan);
	free(m->runs);
	json_decref(m->json);
	memset(m, 0, sizeof(*m));
}
