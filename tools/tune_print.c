// SPDX-License-Identifier: GPL-2.0-only
/* What `tune` prints: a table for people, JSON, CSV, and files to put the best settings in force. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "out.h"
#include "tune.h"

static const char *const verdicts[] = {
	[TUNE_BETTER] = "better",
	[TUNE_SAME] = "no difference",
	[TUNE_WORSE] = "worse",
};

void tune_about_trace(const struct tune_trace *trace, struct tune_about *about)
{
	const struct pa_policy *policy;
	const char *from;

	memset(about, 0, sizeof(*about));
	memcpy(about->kernel, trace->meta->kernel, sizeof(about->kernel));
	policy = replay_policy(trace->meta, &from);
	snprintf(about->policy, sizeof(about->policy), "%s", policy ? policy->name : "not known");
	about->events = trace->events;
	about->lost = trace->lost;
	about->ns = trace->last_ts - trace->first_ts;
}

static double percent(uint64_t part, uint64_t all)
{
	return all ? 100.0 * (double)part / (double)all : 0;
}

/* "order:9", "thp" */
static void goal_text(const struct tune_plan *plan, char *buf, size_t len)
{
	if (plan->goal == TUNE_ORDER)
		snprintf(buf, len, "order:%u", plan->order);
	else
		snprintf(buf, len, "%s", tune_goal_name(plan->goal));
}

/* ---- text ---- */

static void print_head(const struct tune_about *about, const struct tune_plan *plan,
		       const struct tune_run *runs)
{
	const struct tune_run *same = &runs[TUNE_FIDELITY], *base = &runs[TUNE_BASE];
	char goal[32];

	goal_text(plan, goal, sizeof(goal));
	printf("goal         %s: %s; %s is better\n", goal, tune_goal_what(plan->goal),
	       tune_goal_more(plan->goal) ? "more" : "less");
	printf("trace        %s, policy %s, %" PRIu64 " events in %.1f s, lost %" PRIu64 "\n",
	       about->kernel[0] ? about->kernel : "kernel not known", about->policy, about->events,
	       (double)about->ns / 1e9, about->lost);
	printf("fidelity     nothing changed, beside the kernel: %.1f %% of %" PRIu64
	       " requests got its very page; fallbacks %" PRIu64 " for its %" PRIu64 "\n",
	       percent(same->exact, same->requests), same->requests, same->fallbacks.core,
	       same->fallbacks.kernel);
	if (plan->runs > 1)
		printf("             each setting was run %" PRIu32
		       " times, its daemons' turns by chance: "
		       "means\n",
		       plan->runs);
	printf("             nothing changed, on its own: fallbacks %" PRIu64 " for %" PRIu64
	       ", free blocks of order %u at the end %" PRIu64 " for %" PRIu64 "\n",
	       base->fallbacks.core, base->fallbacks.kernel, plan->order, base->end_free.core,
	       base->end_free.kernel);
}

static void print_run(const struct tune_run *run)
{
	printf("  %7" PRIu64 " %9" PRIu64 " %7" PRIu64 " %9" PRIu64, run->end_free.core,
	       run->fallbacks.core, tune_sum(run, TUNE_STALL), tune_sum(run, TUNE_COMPACTION));
}

static void print_row(const struct tune_plan *plan, const struct tune_run *runs,
		      const struct tune_row *row)
{
	char text[512], change[32], range[48];

	tune_point_text(&plan->point[row->point], text, sizeof(text));
	if (row->verdict == TUNE_SAME)
		snprintf(change, sizeof(change), "no difference");
	else if (row->base != 0)
		snprintf(change, sizeof(change), "%+.1f (%+.1f %%)", row->diff,
			 100 * row->diff / row->base);
	else
		snprintf(change, sizeof(change), "%+.1f", row->diff);
	snprintf(range, sizeof(range), "%+.1f to %+.1f", row->low, row->high);
	if (row->rank)
		printf("%4u", row->rank);
	else
		printf("   =");
	printf(" %11.1f  %-21s %-24s", row->value, change, range);
	print_run(&runs[TUNE_POINTS + row->point]);
	printf("  %s\n", text);
}

/* Each setting of the plan once, with what stands behind it. */
static void print_proofs(const struct tune_plan *plan)
{
	const char *proof;
	char key[64];
	bool headed = false;

	for (size_t i = 0; i < tune_nr_proofs(); i++) {
		bool used = false;

		proof = tune_proof_at(i, key, sizeof(key));
		for (size_t k = 0; k < plan->nr_points && !used; k++)
			for (uint32_t s = 0; s < plan->point[k].nr_sets && !used; s++)
				used = !strncmp(plan->point[k].set[s] + 3, key, strlen(key)) &&
				       plan->point[k].set[s][3 + strlen(key)] == '=';
		if (!used)
			continue;
		if (!headed)
			puts("\nsuch predictions beside real kernels (docs/fidelity.md):");
		headed = true;
		printf("  %-30s %s\n", key, proof);
	}
}

void tune_print_text(const struct tune_about *about, const struct tune_plan *plan,
		     const struct tune_run *runs, const struct tune_row *rows)
{
	char end[32];

	print_head(about, plan, runs);
	snprintf(end, sizeof(end), "end:%u", plan->order);
	printf("\n%4s %11s  %-21s %-24s  %7s %9s %7s %9s  %s\n", "rank", "value", "change",
	       "95 % interval of it", end, "fallbacks", "stalls", "moved", "setting");
	printf("%4s %11.1f  %-21s %-24s", "", tune_value(plan, &runs[TUNE_BASE]), "", "");
	print_run(&runs[TUNE_BASE]);
	puts("  unchanged");
	for (size_t i = 0; i < plan->nr_points; i++)
		print_row(plan, runs, &rows[i]);
	print_proofs(plan);
}

/* ---- JSON ---- */

static void out_run(struct out_json *j, const struct tune_run *run)
{
	out_u64(j, "end_free", run->end_free.core);
	out_u64(j, "fallbacks", run->fallbacks.core);
	out_u64(j, "stalls", tune_sum(run, TUNE_STALL));
	out_u64(j, "moved", tune_sum(run, TUNE_COMPACTION));
	out_u64(j, "thp_asked", run->thp_asked);
	out_u64(j, "thp", tune_sum(run, TUNE_THP));
	out_u64(j, "failed", run->failed);
	out_u64(j, "reclaimed", run->reclaimed);
}

static void out_pair(struct out_json *j, const char *key, const struct request_pair *p)
{
	out_object_inline(j, key);
	out_u64(j, "kernel", p->kernel);
	out_u64(j, "core", p->core);
	out_close(j);
}

/* How near the unchanged runs came to the kernel. */
static void out_fidelity(struct out_json *j, const struct tune_run *runs)
{
	const struct tune_run *same = &runs[TUNE_FIDELITY], *base = &runs[TUNE_BASE];

	out_object(j, "fidelity");
	out_u64(j, "requests", same->requests);
	out_u64(j, "requests_exact", same->exact);
	out_u64(j, "order0", same->order0);
	out_u64(j, "order0_exact", same->order0_exact);
	out_pair(j, "fallbacks", &same->fallbacks);
	out_pair(j, "what_if_fallbacks", &base->fallbacks);
	out_pair(j, "what_if_end_free", &base->end_free);
	out_close(j);
}

static void out_proof(struct out_json *j, const struct tune_point *point)
{
	char key[64] = "";

	out_array(j, "proof");
	for (uint32_t i = 0; i < point->nr_sets; i++) {
		sscanf(point->set[i], "vm.%63[^=]", key);
		out_str(j, NULL, tune_proof(key));
	}
	out_close(j);
}

static void out_row(struct out_json *j, const struct tune_plan *plan, const struct tune_run *runs,
		    const struct tune_row *row)
{
	const struct tune_point *point = &plan->point[row->point];

	out_object(j, NULL);
	if (row->rank)
		out_u64(j, "rank", row->rank);
	else
		out_null(j, "rank");
	out_str(j, "policy", point->policy);
	out_array_inline(j, "set");
	for (uint32_t i = 0; i < point->nr_sets; i++)
		out_str(j, NULL, point->set[i]);
	out_close(j);
	out_str(j, "verdict", verdicts[row->verdict]);
	out_double(j, "value", row->value, 4);
	out_double(j, "change", row->diff, 4);
	out_array_inline(j, "interval");
	out_double(j, NULL, row->low, 4);
	out_double(j, NULL, row->high, 4);
	out_close(j);
	out_run(j, &runs[TUNE_POINTS + row->point]);
	out_fidelity(j, runs);
	out_proof(j, point);
	out_close(j);
}

int tune_print_json(const struct tune_about *about, const struct tune_plan *plan,
		    const struct tune_run *runs, const struct tune_row *rows)
{
	struct out_json j;
	char goal[32];

	goal_text(plan, goal, sizeof(goal));
	out_json_init(&j, stdout, 2);
	out_object(&j, NULL);
	out_str(&j, "schema", "buddyscope.tune/1");
	out_str(&j, "goal", goal);
	out_bool(&j, "more_is_better", tune_goal_more(plan->goal));
	out_str(&j, "kernel", about->kernel);
	out_str(&j, "policy", about->policy);
	out_u64(&j, "events", about->events);
	out_u64(&j, "lost", about->lost);
	out_double(&j, "seconds", (double)about->ns / 1e9, 3);
	out_u64(&j, "slices", TUNE_SLICES);
	out_u64(&j, "runs", plan->runs);
	out_object(&j, "unchanged");
	out_double(&j, "value", tune_value(plan, &runs[TUNE_BASE]), 4);
	out_run(&j, &runs[TUNE_BASE]);
	out_fidelity(&j, runs);
	out_close(&j);
	out_array(&j, "rows");
	for (size_t i = 0; i < plan->nr_points; i++)
		out_row(&j, plan, runs, &rows[i]);
	out_close(&j);
	out_close(&j);
	return out_json_end(&j);
}

/* ---- CSV ---- */

static void csv_double(struct out_csv *c, double v)
{
	char text[48];

	snprintf(text, sizeof(text), "%.4f", v);
	out_csv_str(c, text);
}

void tune_print_csv(const struct tune_plan *plan, const struct tune_run *runs,
		    const struct tune_row *rows)
{
	static const char *const heads[] = { "rank",
					     "setting",
					     "verdict",
					     "value",
					     "change",
					     "low",
					     "high",
					     "end_free",
					     "fallbacks",
					     "stalls",
					     "moved",
					     "thp_asked",
					     "thp",
					     "failed",
					     "reclaimed",
					     "fidelity_exact_percent",
					     "fidelity_fallbacks_kernel",
					     "fidelity_fallbacks_what_if",
					     "fidelity_end_kernel",
					     "fidelity_end_what_if" };
	const struct tune_run *same = &runs[TUNE_FIDELITY], *base = &runs[TUNE_BASE];
	struct out_csv c = { .to = stdout };
	char text[512];

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		out_csv_str(&c, heads[i]);
	out_csv_end(&c);
	for (size_t i = 0; i < plan->nr_points; i++) {
		const struct tune_row *row = &rows[i];
		const struct tune_run *run = &runs[TUNE_POINTS + row->point];
		const uint64_t counts[] = { run->end_free.core,
					    run->fallbacks.core,
					    tune_sum(run, TUNE_STALL),
					    tune_sum(run, TUNE_COMPACTION),
					    run->thp_asked,
					    tune_sum(run, TUNE_THP),
					    run->failed,
					    run->reclaimed };

		tune_point_text(&plan->point[row->point], text, sizeof(text));
		if (row->rank)
			out_csv_u64(&c, row->rank);
		else
			out_csv_str(&c, NULL);
		out_csv_str(&c, text);
		out_csv_str(&c, verdicts[row->verdict]);
		csv_double(&c, row->value);
		csv_double(&c, row->diff);
		csv_double(&c, row->low);
		csv_double(&c, row->high);
		for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++)
			out_csv_u64(&c, counts[k]);
		csv_double(&c, percent(same->exact, same->requests));
		out_csv_u64(&c, base->fallbacks.kernel);
		out_csv_u64(&c, base->fallbacks.core);
		out_csv_u64(&c, base->end_free.kernel);
		out_csv_u64(&c, base->end_free.core);
		out_csv_end(&c);
	}
}

/* ---- files for sysctl and tuned ---- */

bool tune_emit(FILE *to, const struct tune_about *about, const struct tune_plan *plan,
	       const struct tune_run *runs, const struct tune_row *rows, bool tuned)
{
	const struct tune_point *point = NULL;
	const struct tune_row *row = NULL;
	char goal[32];

	for (size_t i = 0; i < plan->nr_points && !row; i++) {
		point = &plan->point[rows[i].point];
		if (rows[i].verdict == TUNE_BETTER && point->nr_sets && !point->policy)
			row = &rows[i];
	}
	if (!row)
		return false;
	goal_text(plan, goal, sizeof(goal));
	fprintf(to,
		"# buddyscope tune, goal %s (%s), from a recording of %s:\n"
		"# %" PRIu64 " events in %.1f s, lost %" PRIu64 "\n"
		"# predicted: %.1f in place of %.1f, the change %+.1f to %+.1f with 95 %% confidence\n"
		"# fidelity: %.1f %% of requests got the kernel's very page with nothing changed\n",
		goal, tune_goal_what(plan->goal), about->kernel, about->events,
		(double)about->ns / 1e9, about->lost, row->value, row->base, row->low, row->high,
		percent(runs[TUNE_FIDELITY].exact, runs[TUNE_FIDELITY].requests));
	if (tuned)
		fprintf(to, "[main]\nsummary=%s, as buddyscope tune predicts\n\n[sysctl]\n", goal);
	for (uint32_t i = 0; i < point->nr_sets; i++) {
		int key = (int)strcspn(point->set[i], "=");

		fprintf(to, "%.*s%s%s\n", key, point->set[i], tuned ? "=" : " = ",
			point->set[i] + key + 1);
	}
	return true;
}
