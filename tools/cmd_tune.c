// SPDX-License-Identifier: GPL-2.0-only
/* buddyscope tune: what other settings would have done to what was recorded. */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "tune.h"
#include "tune_host.h"
#include "util.h"

enum format { AS_TEXT, AS_JSON, AS_CSV, AS_SYSCTL, AS_TUNED };

struct options {
	const char *path, *goal;
	struct tune_grid grid;
	struct tune_options run;
	uint32_t runs;	 /* of each setting */
	double max_loss; /* percent; negative: any loss will do */
	enum format format;
	bool part; /* --shard was given */
	bool merge;
	struct tune_host host;
	const char *of_host; /* an option that --apply and --undo alone have */
};

/* -------------------------------------------------------------------------
 * Reporting
 */

static int report(const struct options *opt, const struct tune_about *about,
		  const struct tune_plan *plan, const struct tune_run *runs)
{
	struct tune_run *mean = calloc(plan->nr_points + TUNE_POINTS, sizeof(*mean));
	struct tune_row *rows = calloc(plan->nr_points + 1, sizeof(*rows));
	int code = CMD_OK;

	if (!rows || !mean || tune_rank(plan, runs, rows)) {
		error_msg("tune: %s", strerror(ENOMEM));
		free(mean);
		free(rows);
		return CMD_FAILURE;
	}
	tune_fold(plan, runs, mean);
	switch (opt->format) {
	case AS_TEXT:
		tune_print_text(about, plan, mean, rows);
		break;
	case AS_JSON:
		code = tune_print_json(about, plan, mean, rows) ? CMD_FAILURE : CMD_OK;
		break;
	case AS_CSV:
		tune_print_csv(plan, mean, rows);
		break;
	case AS_SYSCTL:
	case AS_TUNED:
		if (tune_emit(stdout, about, plan, mean, rows, opt->format == AS_TUNED))
			break;
		error_msg("tune: nothing to emit: no setting is better than those recorded");
		code = CMD_DIFFERENT;
		break;
	}
	free(mean);
	free(rows);
	return code;
}

static int merge(const struct options *opt, char *const *paths, size_t n)
{
	struct tune_merged merged;
	char why[512];
	int err, code;

	err = tune_merge(paths, n, &merged, why, sizeof(why));
	if (err) {
		error_msg("tune: cannot merge: %s", why);
		return err == -EBADMSG ? CMD_BAD_INPUT : CMD_FAILURE;
	}
	code = report(opt, &merged.about, &merged.plan, merged.runs);
	tune_merged_free(&merged);
	return code;
}

/* -------------------------------------------------------------------------
 * Running
 */

/* A reason not to begin, as an exit code after its message; else CMD_OK. */
static int refuse(const struct options *opt, const struct tune_trace *trace)
{
	double share = trace->lost ?
			       100.0 * (double)trace->lost / (double)(trace->lost + trace->events) :
			       0;

	if (!trace->begin) {
		error_msg("%s: no opening snapshot: there is no state to begin from", opt->path);
		return CMD_BAD_INPUT;
	}
	if (!trace->events) {
		error_msg("%s: no events: there is nothing to try settings on", opt->path);
		return CMD_BAD_INPUT;
	}
	if (opt->max_loss >= 0 && share > opt->max_loss) {
		error_msg("%s: %.3f %% of the events are lost: more than --max-loss", opt->path,
			  share);
		return CMD_LOST;
	}
	return CMD_OK;
}

static int run_plan(const struct options *opt, const struct tune_trace *trace,
		    const struct tune_plan *plan)
{
	struct tune_run *runs = calloc(tune_nr_runs(plan), sizeof(*runs));
	struct tune_about about;
	char why[256] = "";
	int err, code;

	err = runs ? tune_runs(trace, plan, &opt->run, runs, why, sizeof(why)) : -ENOMEM;
	if (err == -EINVAL || err == -ENOENT || err == -ENOTSUP) {
		code = cmd_misused(&cmd_tune, "%s", why);
	} else if (err) {
		code = trace_failed(opt->path, err, why);
	} else if (opt->part) {
		code = tune_write_part(stdout, trace, plan, runs) ? CMD_FAILURE : CMD_OK;
	} else if (plan->goal == TUNE_THP && !runs[TUNE_BASE].thp_asked) {
		error_msg("%s: nobody asked for a huge page (--goal order:%u tells how many would "
			  "have been free)",
			  opt->path, plan->order);
		code = CMD_FAILURE;
	} else {
		tune_about_trace(trace, &about);
		code = report(opt, &about, plan, runs);
	}
	free(runs);
	return code;
}

static int tune_trace(const struct options *opt, struct trace_reader *reader)
{
	struct tune_plan plan = { .runs = opt->runs };
	struct tune_trace trace = { 0 };
	char why[256] = "";
	int err, code;

	if (tune_parse_goal(opt->goal, trace_meta(reader), &plan))
		return cmd_misused(&cmd_tune,
				   "--goal takes order:N below %u, thp, stall, fallbacks or "
				   "compaction, not '%s'",
				   trace_meta(reader)->nr_orders, opt->goal);
	/* What is wrong with the question is said before the trace is read. */
	err = tune_plan_points(&plan, &opt->grid, trace_meta(reader), why, sizeof(why));
	if (err) {
		code = err == -ENOMEM ? trace_failed(opt->path, err, why) :
					cmd_misused(&cmd_tune, "%s", why);
		goto out;
	}
	err = tune_trace_read(reader, &trace, why, sizeof(why));
	if (err) {
		code = trace_failed(opt->path, err, why);
		goto out;
	}
	code = refuse(opt, &trace);
	if (!code)
		code = run_plan(opt, &trace, &plan);
	if (code <= CMD_DIFFERENT && trace.cut)
		code = trace_failed(opt->path, -EBADMSG, trace.why);
out:
	tune_trace_free(&trace);
	tune_plan_free(&plan);
	return code;
}

static int run_tune(const struct options *opt)
{
	struct trace_reader *reader;
	char why[256] = "";
	int err, code;

	err = trace_open(opt->path, &reader, why, sizeof(why));
	if (err)
		return trace_failed(opt->path, err, why);
	code = tune_trace(opt, reader);
	trace_close(reader);
	return code;
}

/* -------------------------------------------------------------------------
 * Options
 */

static uint32_t cpus_allowed(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set)) {
		long n = sysconf(_SC_NPROCESSORS_ONLN);

		return n > 0 ? (uint32_t)n : 1;
	}
	return (uint32_t)CPU_COUNT(&set);
}

/* "I/N", I from 1 to N */
static int parse_shard(const char *text, struct tune_options *run)
{
	const char *slash = strchr(text, '/');
	char first[24];
	uint64_t of;

	if (!slash || (size_t)(slash - text) >= sizeof(first) ||
	    parse_u64(slash + 1, 1, TUNE_MAX_POINTS, &of))
		return -EINVAL;
	memcpy(first, text, (size_t)(slash - text));
	first[slash - text] = '\0';
	if (parse_u64(first, 1, of, &run->shard))
		return -EINVAL;
	run->shard--;
	run->shards = of;
	return 0;
}

static int add_policies(struct tune_grid *grid, char *list)
{
	for (char *name = strtok(list, ","); name; name = strtok(NULL, ",")) {
		if (!pa_policy_find(name))
			return cmd_misused(&cmd_tune, "there is no policy '%s'", name);
		if (grid->nr_policies == TUNE_MAX_POLICIES)
			return cmd_misused(&cmd_tune, "--policy: at most %d of them",
					   TUNE_MAX_POLICIES);
		grid->policy[grid->nr_policies++] = name;
	}
	return CMD_OK;
}

static int set_emit(struct options *opt, const char *what)
{
	if (strcmp(what, "sysctl.d") && strcmp(what, "tuned"))
		return cmd_misused(&cmd_tune, "--emit takes sysctl.d or tuned, not '%s'", what);
	opt->format = strcmp(what, "tuned") ? AS_SYSCTL : AS_TUNED;
	return CMD_OK;
}

enum {
	OPT_GOAL = 256,
	OPT_GRID,
	OPT_POLICY,
	OPT_RUNS,
	OPT_JOBS,
	OPT_SHARD,
	OPT_MERGE,
	OPT_MAX_LOSS,
	OPT_JSON,
	OPT_CSV,
	OPT_EMIT,
	OPT_APPLY,
	OPT_UNDO,
	OPT_JOURNAL,
	OPT_WATCH,
	OPT_MAX_PSI,
	OPT_MAX_STALLS
};

/* Those that are about this host. */
static int set_host(struct options *opt, int c)
{
	struct apply_options *apply = &opt->host.opt;
	char why[512] = "";
	uint64_t v;

	switch (c) {
	case OPT_APPLY:
		if (tune_host_add(&opt->host, optarg, why, sizeof(why)))
			return cmd_misused(&cmd_tune, "--apply: %s", why);
		return CMD_OK;
	case OPT_UNDO:
		opt->host.undo = true;
		return CMD_OK;
	case OPT_JOURNAL:
		apply->journal = optarg;
		break;
	case OPT_WATCH:
		if (parse_duration(optarg, &apply->watch))
			return cmd_misused(&cmd_tune, "'%s' is no time", optarg);
		break;
	case OPT_MAX_PSI:
		if (parse_percent(optarg, &apply->max_psi))
			return cmd_misused(&cmd_tune, "'%s' is no percentage", optarg);
		break;
	default:
		if (parse_u64(optarg, 0, UINT32_MAX, &v))
			return cmd_misused(&cmd_tune, "'%s' is no count", optarg);
		apply->max_stalls = (double)v;
		break;
	}
	opt->of_host = c == OPT_JOURNAL ? "--journal" :
		       c == OPT_WATCH	? "--watch" :
		       c == OPT_MAX_PSI ? "--max-psi" :
					  "--max-stalls";
	return CMD_OK;
}

static int set_option(struct options *opt, int c)
{
	uint64_t v;

	switch (c) {
	case OPT_GOAL:
		opt->goal = optarg;
		return CMD_OK;
	case OPT_GRID:
		if (opt->grid.nr_grids == TUNE_MAX_GRIDS)
			return cmd_misused(&cmd_tune, "--grid: at most %d of them", TUNE_MAX_GRIDS);
		opt->grid.grid[opt->grid.nr_grids++] = optarg;
		return CMD_OK;
	case OPT_POLICY:
		return add_policies(&opt->grid, optarg);
	case OPT_RUNS:
		if (parse_u64(optarg, 1, TUNE_MAX_RUNS, &v))
			return cmd_misused(&cmd_tune, "--runs takes 1 to %d, not '%s'",
					   TUNE_MAX_RUNS, optarg);
		opt->runs = (uint32_t)v;
		return CMD_OK;
	case OPT_JOBS:
		if (parse_u64(optarg, 1, 4096, &v))
			return cmd_misused(&cmd_tune, "--jobs takes 1 to 4096, not '%s'", optarg);
		opt->run.jobs = (uint32_t)v;
		return CMD_OK;
	case OPT_SHARD:
		if (parse_shard(optarg, &opt->run))
			return cmd_misused(&cmd_tune, "--shard takes I/N, I from 1 to N, not '%s'",
					   optarg);
		opt->part = true;
		return CMD_OK;
	case OPT_MERGE:
		opt->merge = true;
		return CMD_OK;
	case OPT_MAX_LOSS:
		if (parse_percent(optarg, &opt->max_loss))
			return cmd_misused(&cmd_tune, "'%s' is no percentage", optarg);
		return CMD_OK;
	case OPT_JSON:
		opt->format = AS_JSON;
		return CMD_OK;
	case OPT_CSV:
		opt->format = AS_CSV;
		return CMD_OK;
	case OPT_EMIT:
		return set_emit(opt, optarg);
	default:
		return set_host(opt, c);
	}
}

static int run_merge(const struct options *opt, char *const *paths, int n)
{
	if (opt->part || opt->grid.nr_grids || opt->grid.nr_policies)
		return cmd_misused(&cmd_tune, "--merge takes its grid and goal from the parts");
	if (!n)
		return cmd_misused(&cmd_tune, "--merge: which files?");
	return merge(opt, paths, (size_t)n);
}

static int run_host(struct options *opt, bool others)
{
	if (opt->host.apply && opt->host.undo)
		return cmd_misused(&cmd_tune, "--apply or --undo, not both");
	if (others)
		return cmd_misused(&cmd_tune, "--apply and --undo go with no other work");
	return tune_host_run(&opt->host);
}

static int tune_main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "goal", required_argument, NULL, OPT_GOAL },
		{ "grid", required_argument, NULL, OPT_GRID },
		{ "policy", required_argument, NULL, OPT_POLICY },
		{ "runs", required_argument, NULL, OPT_RUNS },
		{ "jobs", required_argument, NULL, OPT_JOBS },
		{ "shard", required_argument, NULL, OPT_SHARD },
		{ "merge", no_argument, NULL, OPT_MERGE },
		{ "max-loss", required_argument, NULL, OPT_MAX_LOSS },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "csv", no_argument, NULL, OPT_CSV },
		{ "emit", required_argument, NULL, OPT_EMIT },
		{ "apply", required_argument, NULL, OPT_APPLY },
		{ "undo", no_argument, NULL, OPT_UNDO },
		{ "journal", required_argument, NULL, OPT_JOURNAL },
		{ "watch", required_argument, NULL, OPT_WATCH },
		{ "max-psi", required_argument, NULL, OPT_MAX_PSI },
		{ "max-stalls", required_argument, NULL, OPT_MAX_STALLS },
		{ "input", required_argument, NULL, 'i' },
		{ NULL, 0, NULL, 0 },
	};
	struct options opt = {
		.path = "pages.pgt",
		.goal = "order:9",
		.max_loss = -1,
		.runs = TUNE_RUNS,
		.run = { .jobs = cpus_allowed(), .shards = 1 },
	};
	int c, code;

	tune_host_init(&opt.host);
	while ((c = getopt_long(argc, argv, ":i:", longs, NULL)) != -1) {
		if (c == 'i') {
			opt.path = optarg;
			continue;
		}
		if (c < OPT_GOAL)
			return cmd_bad_option(&cmd_tune, argc, argv, c);
		code = set_option(&opt, c);
		if (code)
			return code;
	}
	if (opt.host.apply || opt.host.undo)
		return run_host(&opt, opt.merge || opt.part || opt.grid.nr_grids ||
					      opt.grid.nr_policies || optind < argc);
	if (opt.of_host)
		return cmd_misused(&cmd_tune, "%s goes with --apply or --undo", opt.of_host);
	if (opt.merge)
		return run_merge(&opt, argv + optind, argc - optind);
	if (argc - optind > 1)
		return cmd_misused(&cmd_tune, "one trace at a time");
	if (optind < argc)
		opt.path = argv[optind];
	if (isatty(STDERR_FILENO))
		opt.run.progress = stderr;
	return run_tune(&opt);
}

const struct cmd cmd_tune = {
	.name = "tune",
	.summary = "Rank settings by what they would have done to what was recorded",
	.usage = "[options] [FILE]\n"
		 "  --goal GOAL       order:N, thp, stall, fallbacks or compaction (order:9)\n"
		 "  --grid vm.KEY=A,B try these values; again: every combination\n"
		 "  --policy A,B      under these kernels' rules\n"
		 "  --runs N          run each N times, the daemons' turns by chance (4)\n"
		 "  --jobs N          runs side by side (all CPUs)\n"
		 "  --shard I/N       make the I-th part of N of the runs; write a partial result\n"
		 "  --merge FILE...   join partial results\n"
		 "  --max-loss PCT    exit 4 if more of the events are lost\n"
		 "  --json, --csv     the table as JSON, as CSV\n"
		 "  --emit WHAT       the best settings as a file: sysctl.d or tuned\n"
		 "  -i, --input FILE  the trace (pages.pgt; - is stdin)",
	.run = tune_main,
};
