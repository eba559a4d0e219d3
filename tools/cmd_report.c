/* SPDX-License-Identifier: GPL-2.0-only */
/* buddyscope report: what a recording says about the host, for people. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "report.h"
#include "util.h"

struct options {
	const char *path;
	const char *policy;
	const char *html;     /* NULL: no page */
	double max_loss;      /* percent; negative: any loss will do */
	uint64_t most, until; /* until: events; 0 all */
	bool json, csv;
};

static int write_page(const struct report *rep, const struct options *opt)
{
	bool to_stdout = !strcmp(opt->html, "-");
	FILE *to = to_stdout ? stdout : fopen(opt->html, "w");
	int err;

	if (!to) {
		error_msg("%s: %s", opt->html, strerror(errno));
		return CMD_FAILURE;
	}
	err = report_html(rep, to, opt->most);
	if (!to_stdout && fclose(to) && !err)
		err = -EIO;
	if (!err)
		return CMD_OK;
	error_msg("%s: the page was not written: %s", opt->html, strerror(-err));
	return CMD_FAILURE;
}

static int print(const struct report *rep, const struct options *opt)
{
	int err = 0;

	if (opt->json)
		err = report_json(rep, stdout, opt->most, 2);
	else if (opt->csv)
		err = report_csv(rep, stdout, opt->most);
	else if (!opt->html)
		err = report_text(rep, stdout, opt->most);
	if (err) {
		error_msg("report: output failed: %s", strerror(-err));
		return CMD_FAILURE;
	}
	return opt->html ? write_page(rep, opt) : CMD_OK;
}

static int finish(const struct report *rep, const struct options *opt)
{
	const struct replay_result *res = &rep->result;
	double share =
		res->lost ? 100.0 * (double)res->lost / (double)(res->lost + res->events) : 0;
	int code = print(rep, opt);

	if (code)
		return code;
	if (res->cut)
		return trace_failed(opt->path, -EBADMSG, res->why);
	if (opt->max_loss >= 0 && share > opt->max_loss) {
		error_msg("%s: %.3f %% of the events are lost: more than --max-loss", opt->path,
			  share);
		return CMD_LOST;
	}
	return CMD_OK;
}

static int run_report(const struct options *opt)
{
	struct report *rep = calloc(1, sizeof(*rep));
	struct trace_reader *reader = NULL;
	char why[256] = "";
	int err, code;

	err = rep ? trace_open(opt->path, &reader, why, sizeof(why)) : -ENOMEM;
	if (!err)
		err = report_collect(rep, reader, opt->policy, opt->until, why, sizeof(why));
	code = err ? trace_failed(opt->path, err, why) : finish(rep, opt);
	if (rep)
		report_free(rep);
	free(rep);
	trace_close(reader);
	return code;
}

static int report_main(int argc, char **argv)
{
	enum { OPT_JSON = 256, OPT_CSV, OPT_HTML, OPT_POLICY, OPT_MAX_LOSS };
	static const struct option longs[] = {
		{ "json", no_argument, NULL, OPT_JSON },
		{ "csv", no_argument, NULL, OPT_CSV },
		{ "html", required_argument, NULL, OPT_HTML },
		{ "policy", required_argument, NULL, OPT_POLICY },
		{ "max-loss", required_argument, NULL, OPT_MAX_LOSS },
		{ "input", required_argument, NULL, 'i' },
		{ "count", required_argument, NULL, 'n' },
		{ "end", required_argument, NULL, 'E' },
		{ NULL, 0, NULL, 0 },
	};
	struct options opt = { .path = "pages.pgt", .max_loss = -1, .most = 20 };
	int c;

	while ((c = getopt_long(argc, argv, ":i:n:E:", longs, NULL)) != -1) {
		switch (c) {
		case OPT_JSON:
			opt.json = true;
			break;
		case OPT_CSV:
			opt.csv = true;
			break;
		case OPT_HTML:
			opt.html = optarg;
			break;
		case OPT_POLICY:
			if (!pa_policy_find(optarg))
				return cmd_misused(&cmd_report, "there is no policy '%s'", optarg);
			opt.policy = optarg;
			break;
		case OPT_MAX_LOSS:
			if (parse_percent(optarg, &opt.max_loss))
				return cmd_misused(&cmd_report, "'%s' is no percentage", optarg);
			break;
		case 'n':
			if (parse_u64(optarg, 1, REPORT_TALLIES, &opt.most))
				return cmd_misused(&cmd_report, "-n takes 1 to %d, not '%s'",
						   REPORT_TALLIES, optarg);
			break;
		case 'E':
			if (parse_u64(optarg, 1, UINT64_MAX, &opt.until))
				return cmd_misused(&cmd_report,
						   "-E takes a number of events, not '%s'", optarg);
			break;
		case 'i':
			opt.path = optarg;
			break;
		default:
			return cmd_bad_option(&cmd_report, argc, argv, c);
		}
	}
	if (opt.json && opt.csv)
		return cmd_misused(&cmd_report, "--json or --csv, not both");
	if (opt.html && !strcmp(opt.html, "-") && (opt.json || opt.csv))
		return cmd_misused(&cmd_report, "only one of them can go to standard output");
	if (argc - optind > 1)
		return cmd_misused(&cmd_report, "one trace at a time");
	if (optind < argc)
		opt.path = argv[optind];
	return run_report(&opt);
}

const struct cmd cmd_report = {
	.name = "report",
	.summary = "Tell what a trace says about the host: who, what, how long",
	.usage =
		"[options] [FILE]\n"
		"  --json            one JSON object\n"
		"  --csv             a row for each value\n"
		"  --html OUT        a page with plots (- is stdout)\n"
		"  -n, --count N     this many processes and gfp masks (20), the rest summed up\n"
		"  -E, --end EVENT   as if the trace ended before the event of this number\n"
		"  --policy NAME     replay with this kernel's rules, not those of the trace's kernel\n"
		"  --max-loss PCT    exit 4 if more of the events are lost\n"
		"  -i, --input FILE  the trace (pages.pgt; - is stdin)",
	.run = report_main,
};
