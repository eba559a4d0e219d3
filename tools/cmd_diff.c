/* SPDX-License-Identifier: GPL-2.0-only */
/* buddyscope diff: the decisions where kernel and core, or two policies, part. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "diff.h"
#include "out.h"
#include "request_diff.h"
#include "util.h"

enum format { TEXT, JSON, CSV };

struct options {
	struct diff_options diff;
	struct request_options request; /* --set, for the second side */
	bool is_request;
	const char *path;
	enum format format;
	uint64_t most; /* rows to print; 0 all */
};

struct printer {
	const struct options *opt;
	const struct trace_meta *meta;
	const char *name[2];
	struct out_json json;
	struct out_csv csv;
	uint64_t rows;
};

/* Core against core, not core against kernel. */
static bool two_cores(const struct options *opt)
{
	return opt->is_request || opt->diff.policy[1];
}

/* The core numbers its zones as the header does, without those that have no pages. */
static const char *zone_name(const struct trace_meta *meta, uint32_t zone)
{
	uint32_t i;

	for (i = 0; i < meta->nr_zones; i++)
		if (meta->zone[i].spanned && !zone--)
			return meta->zone[i].name;
	return "";
}

static const char *class_name(const struct diff_row *row)
{
	return row->same ? "same" : replay_class_name(row->class);
}

static void text_row(const struct printer *p, const struct diff_row *row)
{
	printf("%" PRIu64 " %" PRIu64 ".%09" PRIu64 " cpu%u %s order %u %s: %s %s; %s %s; %s%s%s\n",
	       row->event, row->ts / 1000000000, row->ts % 1000000000, row->cpu,
	       zone_name(p->meta, row->req.zone), row->req.order, pa_mt_name(row->req.mt),
	       p->name[0], row->side[0].text, p->name[1], row->side[1].text, class_name(row),
	       row->why[0] ? ": " : "", row->why);
}

static void json_side(struct out_json *j, const char *key, const struct diff_side *s)
{
	out_object_inline(j, key);
	if (s->pfn == PA_PFN_NONE)
		out_null(j, "pfn");
	else
		out_u64(j, "pfn", s->pfn);
	out_str(j, "path", s->path);
	if (s->fallback) {
		out_u64(j, "fallback_order", s->fallback_order);
		out_str(j, "fallback_mt", pa_mt_name(s->fallback_mt));
	}
	out_close(j);
}

static void json_row(struct printer *p, const struct diff_row *row)
{
	struct out_json *j = &p->json;

	out_object_inline(j, NULL);
	out_u64(j, "event", row->event);
	out_u64(j, "ts", row->ts);
	out_u64(j, "cpu", row->cpu);
	out_str(j, "zone", zone_name(p->meta, row->req.zone));
	out_u64(j, "order", row->req.order);
	out_str(j, "mt", pa_mt_name(row->req.mt));
	json_side(j, two_cores(p->opt) ? "a" : "kernel", &row->side[0]);
	json_side(j, two_cores(p->opt) ? "b" : "core", &row->side[1]);
	out_bool(j, "same", row->same);
	out_str(j, "class", row->same ? NULL : replay_class_name(row->class));
	out_str(j, "why", row->why[0] ? row->why : NULL);
	out_close(j);
}

static void csv_side(struct out_csv *c, const struct diff_side *s)
{
	if (s->pfn == PA_PFN_NONE)
		out_csv_str(c, NULL);
	else
		out_csv_u64(c, s->pfn);
	out_csv_str(c, s->path);
	if (s->fallback)
		out_csv_u64(c, s->fallback_order);
	else
		out_csv_str(c, NULL);
	out_csv_str(c, s->fallback ? pa_mt_name(s->fallback_mt) : NULL);
}

static void csv_head(struct printer *p)
{
	static const char *const front[] = { "event", "ts", "cpu", "zone", "order", "mt" };
	static const char *const sides[] = { "pfn", "path", "fallback_order", "fallback_mt" };
	static const char *const back[] = { "class", "why" };
	const char *const names[2] = { two_cores(p->opt) ? "a" : "kernel",
				       two_cores(p->opt) ? "b" : "core" };
	char column[64];
	size_t i, k;

	for (i = 0; i < sizeof(front) / sizeof(front[0]); i++)
		out_csv_str(&p->csv, front[i]);
	for (i = 0; i < 2; i++)
		for (k = 0; k < sizeof(sides) / sizeof(sides[0]); k++) {
			snprintf(column, sizeof(column), "%s_%s", names[i], sides[k]);
			out_csv_str(&p->csv, column);
		}
	for (i = 0; i < sizeof(back) / sizeof(back[0]); i++)
		out_csv_str(&p->csv, back[i]);
	out_csv_end(&p->csv);
}

static void csv_row(struct printer *p, const struct diff_row *row)
{
	struct out_csv *c = &p->csv;

	out_csv_u64(c, row->event);
	out_csv_u64(c, row->ts);
	out_csv_u64(c, row->cpu);
	out_csv_str(c, zone_name(p->meta, row->req.zone));
	out_csv_u64(c, row->req.order);
	out_csv_str(c, pa_mt_name(row->req.mt));
	csv_side(c, &row->side[0]);
	csv_side(c, &row->side[1]);
	out_csv_str(c, class_name(row));
	out_csv_str(c, row->why[0] ? row->why : NULL);
	out_csv_end(c);
}

static void print_row(void *arg, const struct diff_row *row)
{
	struct printer *p = arg;

	if (p->opt->most && p->rows >= p->opt->most)
		return;
	p->rows++;
	switch (p->opt->format) {
	case TEXT:
		text_row(p, row);
		break;
	case JSON:
		json_row(p, row);
		break;
	case CSV:
		csv_row(p, row);
		break;
	}
}

static void print_head(struct printer *p)
{
	struct out_json *j = &p->json;

	if (p->opt->format == CSV)
		csv_head(p);
	if (p->opt->format != JSON)
		return;
	out_json_init(j, stdout, 2);
	out_object(j, NULL);
	out_str(j, "schema", "buddyscope.diff/1");
	out_str(j, "kernel", p->meta->kernel);
	out_array_inline(j, "sides");
	out_str(j, NULL, p->name[0]);
	out_str(j, NULL, p->name[1]);
	out_close(j);
	out_array(j, "decisions");
}

static int print_tail(struct printer *p, const struct diff_result *res)
{
	struct out_json *j = &p->json;

	if (p->opt->format == TEXT)
		printf("%" PRIu64 " of %" PRIu64 " decisions differ, lost %" PRIu64 "\n",
		       res->different, res->compared, res->replay.lost);
	if (p->opt->format != JSON)
		return 0;
	out_close(j);
	if (res->replay.zones_begin) {
		out_u64(j, "compared", res->compared);
		out_u64(j, "different", res->different);
	} else {
		out_null(j, "compared");
		out_null(j, "different");
	}
	out_u64(j, "lost", res->replay.lost);
	out_str(j, "cut", res->replay.cut ? res->replay.why : NULL);
	out_close(j);
	return out_json_end(j);
}

/* "6.1" and "6.1 vm.min_free_kbytes=20000" */
static void name_sides(const struct options *opt, struct printer *p, char *second, size_t len)
{
	const struct pa_policy *own = replay_policy(p->meta, NULL);
	const char *first = opt->diff.policy[0];
	size_t n;

	if (!first)
		first = own ? own->name : "";
	p->name[0] = first;
	snprintf(second, len, "%s", opt->diff.policy[1] ? opt->diff.policy[1] : first);
	for (uint32_t i = 0; i < opt->request.nr_sets; i++) {
		n = strlen(second);
		snprintf(second + n, len - n, " %s", opt->request.set[i]);
	}
	p->name[1] = second;
}

/* Both runs in request mode; the settings are the second one's. */
static int run_requests(const struct options *opt, struct trace_reader *reader, struct printer *p,
			struct diff_result *res, char *why, size_t len)
{
	struct request_diff_options diff = { .all = opt->diff.all };
	static char second[256];

	diff.side[0].policy = opt->diff.policy[0];
	diff.side[1] = opt->request;
	diff.side[1].policy = opt->diff.policy[1] ? opt->diff.policy[1] : opt->diff.policy[0];
	/* What is wrong with a setting has to be said ahead of any output. */
	for (int k = 0; k < 2; k++) {
		struct request *run;
		int err = request_open(p->meta, &diff.side[k], &run, why, len);

		if (err)
			return err;
		request_close(run);
	}
	name_sides(opt, p, second, sizeof(second));
	print_head(p);
	return request_diff_run(reader, &diff, print_row, p, res, why, len);
}

static int run_diff(const struct options *opt)
{
	struct printer p = { .opt = opt, .csv = { .to = stdout } };
	struct trace_reader *reader;
	struct diff_result res;
	char why[256] = "";
	int err;

	err = trace_open(opt->path, &reader, why, sizeof(why));
	if (err)
		return trace_failed(opt->path, err, why);
	p.meta = trace_meta(reader);
	if (opt->is_request)
		err = run_requests(opt, reader, &p, &res, why, sizeof(why));
	else
		err = diff_names(p.meta, &opt->diff, p.name, why, sizeof(why));
	if (!err && !opt->is_request) {
		print_head(&p);
		err = diff_run(reader, &opt->diff, print_row, &p, &res, why, sizeof(why));
	}
	if (!err)
		err = print_tail(&p, &res);
	trace_close(reader);
	if (opt->is_request && (err == -ENOENT || err == -EINVAL || err == -ENOTSUP))
		return cmd_misused(&cmd_diff, "%s", why);
	if (err)
		return trace_failed(opt->path, err, why);
	if (res.replay.cut)
		return trace_failed(opt->path, -EBADMSG, res.replay.why);
	if (!res.replay.zones_begin) {
		error_msg("%s: nothing to compare: the trace has no opening snapshot", opt->path);
		return CMD_FAILURE;
	}
	return res.different ? CMD_DIFFERENT : CMD_OK;
}

static int add_policy(struct options *opt, const char *name)
{
	if (!pa_policy_find(name))
		return cmd_misused(&cmd_diff, "there is no policy '%s'", name);
	if (opt->diff.policy[1])
		return cmd_misused(&cmd_diff, "more than two policies");
	opt->diff.policy[opt->diff.policy[0] != NULL] = name;
	return CMD_OK;
}

static int diff_main(int argc, char **argv)
{
	enum { OPT_ALL = 256, OPT_MODE, OPT_POLICY, OPT_SET, OPT_NO_REPAIR, OPT_JSON, OPT_CSV };
	static const struct option longs[] = {
		{ "all", no_argument, NULL, OPT_ALL },
		{ "mode", required_argument, NULL, OPT_MODE },
		{ "policy", required_argument, NULL, OPT_POLICY },
		{ "set", required_argument, NULL, OPT_SET },
		{ "no-repair", no_argument, NULL, OPT_NO_REPAIR },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "csv", no_argument, NULL, OPT_CSV },
		{ "input", required_argument, NULL, 'i' },
		{ NULL, 0, NULL, 0 },
	};
	struct options opt = { .path = "pages.pgt" };
	int c;

	while ((c = getopt_long(argc, argv, ":i:n:", longs, NULL)) != -1) {
		switch (c) {
		case OPT_ALL:
			opt.diff.all = true;
			break;
		case OPT_POLICY:
			if (add_policy(&opt, optarg))
				return CMD_FAILURE;
			break;
		case OPT_MODE:
			opt.is_request = !strcmp(optarg, "request");
			if (!opt.is_request && strcmp(optarg, "mirror"))
				return cmd_misused(&cmd_diff, "there is no mode '%s'", optarg);
			break;
		case OPT_SET:
			opt.is_request = true;
			if (request_add_set(&opt.request, optarg))
				return cmd_misused(&cmd_diff, "--set: at most %d of them",
						   REQUEST_MAX_SETS);
			break;
		case OPT_NO_REPAIR:
			opt.diff.no_repair = true;
			break;
		case OPT_JSON:
			opt.format = JSON;
			break;
		case OPT_CSV:
			opt.format = CSV;
			break;
		case 'i':
			opt.path = optarg;
			break;
		case 'n':
			if (parse_u64(optarg, 1, UINT64_MAX, &opt.most))
				return cmd_misused(&cmd_diff, "'%s' is no count", optarg);
			break;
		default:
			return cmd_bad_option(&cmd_diff, argc, argv, c);
		}
	}
	if (opt.is_request && !opt.diff.policy[1] && !opt.request.nr_sets)
		return cmd_misused(&cmd_diff, "--mode request compares two runs: give a second "
					      "--policy, or --set");
	if (argc - optind > 1)
		return cmd_misused(&cmd_diff, "one trace at a time");
	if (optind < argc)
		opt.path = argv[optind];
	return run_diff(&opt);
}

const struct cmd cmd_diff = {
	.name = "diff",
	.summary = "List the decisions where kernel and core differ",
	.usage =
		"[options] [FILE]\n"
		"  --all             every decision, not only those that differ\n"
		"  --policy NAME     follow this kernel's rules; given twice: compare the two\n"
		"  --mode request    compare two runs of whole requests (mirror: of list operations)\n"
		"  --set vm.KEY=VAL  the second run has this setting; implies --mode request\n"
		"  --no-repair       leave the core as it is after a mismatch\n"
		"  --json            one JSON object\n"
		"  --csv             comma-separated values with a heading\n"
		"  -n COUNT          print so many at most; all are counted\n"
		"  -i, --input FILE  the trace (pages.pgt; - is stdin)",
	.run = diff_main,
};
