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
#include "util.h"

struct options {
	struct replay_options replay;
	const char *path;
	double max_loss; /* percent; negative: any loss will do */
	bool json;
};

/* What was counted, or null where nothing of the kind could be compared. */
static void out_known(struct out_json *j, const char *key, uint64_t v, bool known)
{
	if (known)
		out_u64(j, key, v);
	else
		out_null(j, key);
}

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

static void out_first(struct out_json *j, const struct replay_divergence *first)
{
	if (!first->found) {
		out_null(j, "first_divergence");
		return;
	}
	out_object(j, "first_divergence");
	out_u64(j, "event", first->event);
	out_u64(j, "ts", first->ts);
	out_str(j, "class", replay_class_name(first->class));
	out_str(j, "kernel", first->kernel);
	out_str(j, "core", first->core);
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

	out_known(j, "picks", res->picks, picks);
	out_known(j, "picks_exact", res->picks_exact, picks);
	out_u64(j, "picks_skipped", res->picks_skipped);
	out_known(j, "fallbacks", res->fallbacks, picks);
	out_known(j, "fallbacks_exact", res->fallbacks_exact, picks);
	out_known(j, "claims", res->claims, claims);
	out_known(j, "claims_exact", res->claims_exact, claims);
	out_known(j, "repairs", res->repairs, picks);
	out_u64(j, "reordered", res->reordered);
	out_u64(j, "rotations", res->rotations);
	out_u64(j, "held", res->held);
	out_u64(j, "captures", res->captures);
	out_u64(j, "dropped", res->dropped);
	out_known(j, "lists", res->lists, end);
	out_known(j, "lists_exact_order", res->lists_exact_order, end);
	out_known(j, "lists_exact_set", res->lists_exact_set, end);
	out_known(j, "final_blocks", res->final_blocks, end);
	out_known(j, "final_blocks_exact", res->final_blocks_exact, end);
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
	out_known(j, name, pfn, pfn != PA_PFN_NONE);
}

static void out_lists(struct out_json *j, const struct trace_meta *meta,
		      const struct replay_result *res)
{
	const struct replay_list_diff *d;

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
	out_classes(&j, res);
	out_first(&j, &res->first);
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

/* "17 of 18 (94.44 %)"; rounded down, so that only all of them are 100 %. */
static void print_share(const char *what, uint64_t part, uint64_t whole, bool known)
{
	uint64_t share;

	if (!known) {
		printf("%-12s not known\n", what);
	} else if (!whole) {
		printf("%-12s none\n", what);
	} else {
		share = (uint64_t)((unsigned __int128)part * 10000 / whole);
		printf("%-12s %" PRIu64 " of %" PRIu64 " (%" PRIu64 ".%02" PRIu64 " %%)\n", what,
		       part, whole, share / 100, share % 100);
	}
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
	const struct replay_list_diff *d;

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
	printf("events       %" PRIu64 ", lost %" PRIu64, res->events, res->lost);
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

static int run_replay(const struct options *opt)
{
	struct replay_result res = { 0 };
	struct trace_reader *reader;
	char why[256] = "";
	double share;
	int err, code;

	err = trace_open(opt->path, &reader, why, sizeof(why));
	if (err)
		return trace_failed(opt->path, err, why);
	err = replay_run(reader, &opt->replay, &res, why, sizeof(why));
	if (err) {
		trace_close(reader);
		return trace_failed(opt->path, err, why);
	}
	code = CMD_OK;
	if (opt->json)
		code = print_json(trace_meta(reader), opt, &res);
	else
		print_text(trace_meta(reader), &res);
	trace_close(reader);

	share = res.lost ? 100.0 * (double)res.lost / (double)(res.lost + res.events) : 0;
	if (res.cut)
		return trace_failed(opt->path, -EBADMSG, res.why);
	if (opt->max_loss >= 0 && share > opt->max_loss) {
		error_msg("%s: %.3f %% of the events are lost: more than --max-loss", opt->path,
			  share);
		return CMD_LOST;
	}
	return code;
}

static int replay_main(int argc, char **argv)
{
	enum { OPT_MODE = 256, OPT_POLICY, OPT_NO_REPAIR, OPT_CHECK, OPT_JSON, OPT_MAX_LOSS };
	static const struct option longs[] = {
		{ "mode", required_argument, NULL, OPT_MODE },
		{ "policy", required_argument, NULL, OPT_POLICY },
		{ "no-repair", no_argument, NULL, OPT_NO_REPAIR },
		{ "check", no_argument, NULL, OPT_CHECK },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "max-loss", required_argument, NULL, OPT_MAX_LOSS },
		{ "input", required_argument, NULL, 'i' },
		{ NULL, 0, NULL, 0 },
	};
	struct options opt = { .path = "pages.pgt", .max_loss = -1 };
	int c;

	while ((c = getopt_long(argc, argv, ":i:", longs, NULL)) != -1) {
		switch (c) {
		case OPT_MODE:
			if (strcmp(optarg, "mirror"))
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
		case 'i':
			opt.path = optarg;
			break;
		default:
			return cmd_bad_option(&cmd_replay, argc, argv, c);
		}
	}
	if (argc - optind > 1)
		return cmd_misused(&cmd_replay, "one trace at a time");
	if (optind < argc)
		opt.path = argv[optind];
	return run_replay(&opt);
}

const struct cmd cmd_replay = {
	.name = "replay",
	.summary = "Run a trace through the core and count where both agree",
	.usage = "[options] [FILE]\n"
		 "  --mode mirror     list by list, in the order of the zone's lock (the default)\n"
		 "  --policy NAME     follow this kernel's rules, not those of the trace's kernel\n"
		 "  --no-repair       leave the core as it is after a mismatch\n"
		 "  --check           verify every invariant of the core on the way\n"
		 "  --max-loss PCT    exit 4 if more of the events are lost\n"
		 "  --json            one JSON object\n"
		 "  -i, --input FILE  the trace (pages.pgt; - is stdin)",
	.run = replay_main,
};
