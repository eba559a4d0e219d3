/* SPDX-License-Identifier: GPL-2.0-only */
/* buddyscope replay: how exactly the core does what a recorded kernel did. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "out.h"
#include "replay.h"
#include "replay_print.h"
#include "request.h"
#include "request_print.h"
#include "util.h"

struct options {
	struct replay_options replay;
	struct request_options request;
	bool is_request;
	const char *series;
	const char *path;
	double max_loss; /* percent; negative: any loss will do */
	bool json;
};

static void out_classes(struct out_json *j, const struct replay_result *res)
{
	const struct replay_class_count *c;
	int i;

	out_object(j, "classes");
	for (i = 0; i < REPLAY_NR_CLASSES; i++) {
		c = &res->classes[i];
		out_object_inline(j, replay_class_name(i));
		out_u64(j, "picks", c->picks);
		out_u64(j, "fallbacks", c->fallbacks);
		out_u64(j, "claims", c->claims);
		out_u64(j, "repairs", c->repairs);
		out_close(j);
	}
	out_close(j);
}

/* The outcome of the claim test was told for some fallback, or there was none to tell it of. */
static bool claims_known(const struct replay_result *res)
{
	return res->zones_begin && (res->claims || !res->claims_untold);
}

static void out_counts(struct out_json *j, const struct replay_result *res)
{
	bool picks = res->zones_begin, claims = claims_known(res), end = res->end_known;

	print_known(j, "picks", res->picks, picks);
	print_known(j, "picks_exact", res->picks_exact, picks);
	out_u64(j, "picks_skipped", res->picks_skipped);
	print_known(j, "fallbacks", res->fallbacks, picks);
	print_known(j, "fallbacks_exact", res->fallbacks_exact, picks);
	print_known(j, "claims", res->claims, claims);
	print_known(j, "claims_exact", res->claims_exact, claims);
	print_known(j, "repairs", res->repairs, picks);
	out_u64(j, "reordered", res->reordered);
	out_u64(j, "rotations", res->rotations);
	out_u64(j, "held", res->held);
	out_u64(j, "arrived", res->arrived);
	out_u64(j, "captures", res->captures);
	out_u64(j, "dropped", res->dropped);
	print_known(j, "lists", res->lists, end);
	print_known(j, "lists_exact_order", res->lists_exact_order, end);
	print_known(j, "lists_exact_set", res->lists_exact_set, end);
	print_known(j, "final_blocks", res->final_blocks, end);
	print_known(j, "final_blocks_exact", res->final_blocks_exact, end);
}

static const char *zone_name(const struct trace_meta *meta, uint32_t id)
{
	for (uint32_t i = 0; i < meta->nr_zones; i++)
		if (meta->zone[i].id == id)
			return meta->zone[i].name;
	return "?";
}

static void out_pfn(struct out_json *j, const char *name, uint64_t pfn)
{
	print_known(j, name, pfn, pfn != PA_PFN_NONE);
}

static void out_lists(struct out_json *j, const struct trace_meta *meta,
		      const struct replay_result *res)
{
	const struct final_diff *d;

	out_array(j, "list_differences");
	for (d = res->list_diff; d < res->list_diff + res->nr_list_diffs; d++) {
		out_object_inline(j, NULL);
		out_str(j, "zone", zone_name(meta, d->zone));
		out_u64(j, "order", d->order);
		out_str(j, "mt", pa_mt_name(d->mt));
		out_u64(j, "kernel_blocks", d->kernel);
		out_u64(j, "core_blocks", d->core);
		out_u64(j, "at", d->at);
		out_pfn(j, "kernel_pfn", d->kernel_pfn);
		out_pfn(j, "core_pfn", d->core_pfn);
		out_close(j);
	}
	out_close(j);
}

static int print_json(const struct trace_meta *meta, const struct options *opt,
		      const struct replay_result *res)
{
	struct out_json j;

	out_json_init(&j, stdout, 2);
	out_object(&j, NULL);
	out_str(&j, "schema", "buddyscope.replay/1");
	out_str(&j, "mode", "mirror");
	out_str(&j, "policy", res->policy->name);
	out_str(&j, "policy_from", res->policy_from);
	out_str(&j, "kernel", meta->kernel);
	out_str(&j, "tier", meta->tier[0] ? meta->tier : NULL);
	out_str(&j, "unknown_members", meta->unknown[0] ? meta->unknown : NULL);
	out_bool(&j, "repair", !opt->replay.no_repair);
	out_u64(&j, "events", res->events);
	out_u64(&j, "lost", res->lost);
	out_u64(&j, "missed", res->missed);
	out_u64(&j, "hidden_switches", res->hidden);
	out_classes(&j, res);
	print_first(&j, &res->first);
	out_counts(&j, res);
	out_lists(&j, meta, res);
	if (opt->replay.check)
		out_str(&j, "unsound", res->unsound);
	out_str(&j, "cut", res->cut ? res->why : NULL);
	out_bool(&j, "proven", replay_proven(res));
	if (res->seconds > 0)
		out_double(&j, "events_per_second", (double)res->events / res->seconds, 0);
	else
		out_null(&j, "events_per_second");
	out_close(&j);
	return out_json_end(&j) ? CMD_FAILURE : CMD_OK;
}

static void print_classes(const struct replay_result *res)
{
	const struct replay_class_count *c;
	int i;

	for (i = 0; i < REPLAY_NR_CLASSES; i++) {
		c = &res->classes[i];
		if (c->picks || c->fallbacks || c->claims || c->repairs)
			printf("  %-14s %" PRIu64 " picks, %" PRIu64 " fallbacks, %" PRIu64
			       " claims, %" PRIu64 " repairs: %s\n",
			       replay_class_name(i), c->picks, c->fallbacks, c->claims, c->repairs,
			       replay_class_what(i));
	}
	if (res->first.found)
		printf("first: event %" PRIu64 ", %s: kernel %s; core %s\n", res->first.event,
		       replay_class_name(res->first.class), res->first.kernel, res->first.core);
}

static void print_block(const char *whose, uint64_t pfn)
{
	if (pfn == PA_PFN_NONE)
		printf(" %s nothing", whose);
	else
		printf(" %s 0x%" PRIx64, whose, pfn);
}

static void print_lists(const struct trace_meta *meta, const struct replay_result *res)
{
	const struct final_diff *d;

	for (d = res->list_diff; d < res->list_diff + res->nr_list_diffs; d++) {
		printf("list %s order %u %s: %" PRIu64 " blocks in the kernel, %" PRIu64
		       " in the core; first apart at %" PRIu64 ":",
		       zone_name(meta, d->zone), d->order, pa_mt_name(d->mt), d->kernel, d->core,
		       d->at);
		print_block("kernel", d->kernel_pfn);
		print_block("core", d->core_pfn);
		putchar('\n');
	}
	if (res->lists - res->lists_exact_order > res->nr_list_diffs)
		printf("and %" PRIu64 " more lists\n",
		       res->lists - res->lists_exact_order - res->nr_list_diffs);
}

static const char *verdict(const struct replay_result *res)
{
	if (!res->zones_begin)
		return "nothing was compared: the trace has no opening snapshot";
	if (res->unsound)
		return "the core's state is broken, this is a bug";
	if (replay_proven(res))
		return res->classes[REPLAY_LRU].repairs ?
			       "exact but for lru estimates: at the end every list is identical, in order" :
			       "exact: at the end every list is identical, in order";
	if (replay_same(res) && !res->end_known)
		return "no decision differs, but no closing snapshot proves it";
	if (replay_same(res))
		return "no decision differs, but the trace does not show it all";
	return "not exact";
}

static void print_text(const struct trace_meta *meta, const struct replay_result *res)
{
	printf("kernel       %s, recorded by %s\n", meta->kernel[0] ? meta->kernel : "not known",
	       meta->tier[0] ? meta->tier : "means not known");
	printf("policy       %s (by %s)\n", res->policy->name, res->policy_from);
	if (meta->unknown[0])
		printf("patched      the kernel has members this tool does not know: %s\n",
		       meta->unknown);
	if (res->hidden)
		printf("hidden       it switched %" PRIu64
		       " times to tasks whose events it does not show\n",
		       res->hidden);
	printf("events       %" PRIu64 ", lost %" PRIu64, res->events, res->lost);
	if (res->missed)
		printf(", missed %" PRIu64, res->missed);
	if (res->seconds > 0)
		printf("; %.1f million a second", (double)res->events / res->seconds / 1e6);
	putchar('\n');
	print_share("picks", res->picks_exact, res->picks, res->zones_begin);
	print_share("fallbacks", res->fallbacks_exact, res->fallbacks, res->zones_begin);
	print_share("claims", res->claims_exact, res->claims, claims_known(res));
	print_share("lists", res->lists_exact_order, res->lists, res->end_known);
	print_share("free blocks", res->final_blocks_exact, res->final_blocks, res->end_known);
	if (res->picks_skipped)
		printf("skipped      %" PRIu64 " picks in zones without an opening snapshot\n",
		       res->picks_skipped);
	printf("repairs      %" PRIu64 "\n", res->repairs);
	print_classes(res);
	print_lists(meta, res);
	if (res->unsound)
		printf("unsound: %s\n", res->unsound);
	printf("%s\n", verdict(res));
}

/* Exit code once all is printed: what is worst about the trace. */
static int judge(const struct options *opt, int code, const char *cut, uint64_t events,
		 uint64_t lost)
{
	double share = lost ? 100.0 * (double)lost / (double)(lost + events) : 0;

	if (cut)
		return trace_failed(opt->path, -EBADMSG, cut);
	if (opt->max_loss >= 0 && share > opt->max_loss) {
		error_msg("%s: %.3f %% of the events are lost: more than --max-loss", opt->path,
			  share);
		return CMD_LOST;
	}
	return code;
}

static int run_mirror(const struct options *opt, struct trace_reader *reader)
{
	struct replay_result res = { 0 };
	char why[256] = "";
	int err, code = CMD_OK;

	err = replay_run(reader, &opt->replay, &res, why, sizeof(why));
	if (err)
		return trace_failed(opt->path, err, why);
	if (opt->json)
		code = print_json(trace_meta(reader), opt, &res);
	else
		print_text(trace_meta(reader), &res);
	return judge(opt, code, res.cut ? res.why : NULL, res.events, res.lost);
}

static int run_request(const struct options *opt, struct trace_reader *reader)
{
	struct request_options request = opt->request;
	struct request_series *series = NULL;
	struct request_result res = { 0 };
	char why[256] = "";
	int err, code = CMD_OK;

	request.policy = opt->replay.policy;
	request.check = opt->replay.check;
	if (opt->series) {
		err = request_series_open(opt->series, trace_meta(reader), &series);
		if (err)
			return trace_failed(opt->series, err, NULL);
		request.sample = request_series_row;
		request.sample_arg = series;
	}
	err = request_run(reader, &request, &res, why, sizeof(why));
	if (err) {
		request_series_close(series);
		if (err == -ENOENT || err == -EINVAL || err == -ENOTSUP)
			return cmd_misused(&cmd_replay, "%s", why);
		return trace_failed(opt->path, err, why);
	}
	err = request_series_close(series);
	if (err)
		return trace_failed(opt->series, err, NULL);
	if (opt->json)
		code = request_print_json(trace_meta(reader), opt->replay.check, &res) ?
			       CMD_FAILURE :
			       CMD_OK;
	else
		request_print_text(trace_meta(reader), &res);
	return judge(opt, code, res.cut ? res.why : NULL, res.events, res.lost);
}

static int run_replay(const struct options *opt)
{
	struct trace_reader *reader;
	char why[256] = "";
	int err, code;

	err = trace_open(opt->path, &reader, why, sizeof(why));
	if (err)
		return trace_failed(opt->path, err, why);
	code = opt->is_request ? run_request(opt, reader) : run_mirror(opt, reader);
	trace_close(reader);
	return code;
}

/* The options that only request mode has. */
enum { OPT_SET = 512, OPT_MEM, OPT_ZONES, OPT_CPUS, OPT_SERIES, OPT_EVERY };

static int request_option(struct options *opt, int c)
{
	uint64_t v;

	switch (c) {
	case OPT_SET:
		if (request_add_set(&opt->request, optarg))
			return cmd_misused(&cmd_replay, "--set: at most %d of them",
					   REQUEST_MAX_SETS);
		break;
	case OPT_MEM:
		if (parse_size(optarg, &opt->request.mem) || opt->request.mem < 1 << 20)
			return cmd_misused(&cmd_replay, "'%s' is no size of a machine", optarg);
		break;
	case OPT_ZONES:
		opt->request.zones = optarg;
		break;
	case OPT_CPUS:
		if (parse_u64(optarg, 1, PA_MAX_CPUS, &v))
			return cmd_misused(&cmd_replay, "--cpus takes 1 to %d, not '%s'",
					   PA_MAX_CPUS, optarg);
		opt->request.cpus = (uint32_t)v;
		break;
	case OPT_SERIES:
		opt->series = optarg;
		break;
	case OPT_EVERY:
		if (parse_u64(optarg, 1, UINT64_MAX, &opt->request.every))
			return cmd_misused(&cmd_replay, "'%s' is no count", optarg);
		break;
	default:
		break;
	}
	return CMD_OK;
}

static int replay_main(int argc, char **argv)
{
	enum { OPT_MODE = 256, OPT_POLICY, OPT_NO_REPAIR, OPT_CHECK, OPT_JSON, OPT_MAX_LOSS };
	static const struct option longs[] = {
		{ "mode", required_argument, NULL, OPT_MODE },
		{ "policy", required_argument, NULL, OPT_POLICY },
		{ "set", required_argument, NULL, OPT_SET },
		{ "mem", required_argument, NULL, OPT_MEM },
		{ "zones", required_argument, NULL, OPT_ZONES },
		{ "cpus", required_argument, NULL, OPT_CPUS },
		{ "series", required_argument, NULL, OPT_SERIES },
		{ "every", required_argument, NULL, OPT_EVERY },
		{ "no-repair", no_argument, NULL, OPT_NO_REPAIR },
		{ "check", no_argument, NULL, OPT_CHECK },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "max-loss", required_argument, NULL, OPT_MAX_LOSS },
		{ "input", required_argument, NULL, 'i' },
		{ "end", required_argument, NULL, 'E' },
		{ NULL, 0, NULL, 0 },
	};
	struct options opt = { .path = "pages.pgt",
			       .max_loss = -1,
			       .request.every = REQUEST_EVERY };
	const char *alone = NULL; /* an option that request mode alone has */
	int c;

	while ((c = getopt_long(argc, argv, ":i:E:", longs, NULL)) != -1) {
		switch (c) {
		case OPT_MODE:
			opt.is_request = !strcmp(optarg, "request");
			if (!opt.is_request && strcmp(optarg, "mirror"))
				return cmd_misused(&cmd_replay, "there is no mode '%s'", optarg);
			break;
		case OPT_POLICY:
			if (!pa_policy_find(optarg))
				return cmd_misused(&cmd_replay, "there is no policy '%s'", optarg);
			opt.replay.policy = optarg;
			break;
		case OPT_NO_REPAIR:
			opt.replay.no_repair = true;
			break;
		case OPT_CHECK:
			opt.replay.check = true;
			break;
		case OPT_JSON:
			opt.json = true;
			break;
		case OPT_MAX_LOSS:
			if (parse_percent(optarg, &opt.max_loss))
				return cmd_misused(&cmd_replay, "'%s' is no percentage", optarg);
			break;
		case 'E':
			if (parse_u64(optarg, 1, UINT64_MAX, &opt.replay.until))
				return cmd_misused(&cmd_replay,
						   "-E takes a number of events, not '%s'", optarg);
			break;
		case 'i':
			opt.path = optarg;
			break;
		case OPT_SET ... OPT_EVERY:
			alone = longs[c - OPT_SET + 2].name;
			if (request_option(&opt, c))
				return CMD_FAILURE;
			break;
		default:
			return cmd_bad_option(&cmd_replay, argc, argv, c);
		}
	}
	if (alone && !opt.is_request)
		return cmd_misused(&cmd_replay, "--%s is for --mode request", alone);
	if (opt.replay.until && opt.is_request)
		return cmd_misused(&cmd_replay, "-E is for --mode mirror");
	if (argc - optind > 1)
		return cmd_misused(&cmd_replay, "one trace at a time");
	opt.path = optind < argc ? argv[optind] : opt.path;
	return run_replay(&opt);
}

const struct cmd cmd_replay = {
	.name = "replay",
	.summary = "Run a trace through the core and count where both agree",
	.usage =
		"[options] [FILE]\n"
		"  --mode mirror     list by list, in the order of the zone's lock (the default)\n"
		"  --mode request    request by request, through per-cpu lists, watermarks, slow path\n"
		"  --policy NAME     follow this kernel's rules, not those of the trace's kernel\n"
		"  --no-repair       leave the core as it is after a mismatch; request mode always does\n"
		"  --check           verify every invariant of the core on the way\n"
		"  --max-loss PCT    exit 4 if more of the events are lost\n"
		"  --json            one JSON object\n"
		"  -E, --end EVENT   as if the trace ended before the event of this number\n"
		"  -i, --input FILE  the trace (pages.pgt; - is stdin)\n"
		"with --mode request:\n"
		"  --set vm.KEY=VAL  another setting than the trace's; may be given again\n"
		"  --mem SIZE        a machine of this size, freshly booted\n"
		"  --zones LIST      or of these zones: DMA=16M,DMA32=496M\n"
		"  --cpus N          with so many CPUs\n"
		"  --series FILE     write the state over time as CSV (- is stdout)\n"
		"  --every N         a row every N events (10000)",
	.run = replay_main,
};
