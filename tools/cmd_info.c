/* SPDX-License-Identifier: GPL-2.0-only */
/* buddyscope info: what is in a trace. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd.h"
#include "out.h"
#include "trace.h"
#include "util.h"

struct summary {
	uint64_t counts[EV_NR_TYPES];
	uint64_t events, lost;
	uint64_t first_ts, last_ts;
	uint64_t lists[2], listed[2]; /* free lists and blocks on them, by enum trace_at */
	uint64_t pageblocks[2], pcp[2];
	uint64_t uses[TRACE_NR_USES]; /* pages that were told of */
	struct trace_pairs stats;
	bool cut;
};

static int add_stats(struct summary *sum, const struct trace_pairs *stats)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < stats->n; i++)
		err = trace_pairs_add(&sum->stats, stats->v[i].name, stats->v[i].value,
				      stats->v[i].text);
	return err;
}

static void add_events(struct summary *sum, const struct trace_event *ev, size_t n)
{
	for (; n; n--, ev++) {
		if (!sum->events++ || ev->ts < sum->first_ts)
			sum->first_ts = ev->ts;
		if (ev->ts > sum->last_ts)
			sum->last_ts = ev->ts;
		sum->counts[ev->type]++;
		if (ev->type == EV_LOST)
			sum->lost += ev->arg;
	}
}

static int summarize(struct trace_reader *r, struct summary *sum)
{
	struct trace_item item;
	int err;

	for (;;) {
		err = trace_next(r, &item);
		if (err)
			return err;
		switch (item.kind) {
		case TRACE_END:
			return 0;
		case TRACE_CUT:
			sum->cut = true;
			return 0;
		case TRACE_EVENTS:
			add_events(sum, item.events.ev, item.events.n);
			break;
		case TRACE_LIST:
			sum->lists[item.list.at]++;
			sum->listed[item.list.at] += item.list.n;
			break;
		case TRACE_BLOCKS:
			sum->pageblocks[item.blocks.at] += item.blocks.n;
			break;
		case TRACE_PAGES:
			for (size_t i = 0; i < item.pages.n; i++)
				sum->uses[item.pages.use[i]]++;
			break;
		case TRACE_CPU:
			break;
		case TRACE_PCP:
			sum->pcp[item.pcp.at]++;
			break;
		case TRACE_STATS:
			err = add_stats(sum, item.stats);
			if (err)
				return err;
			break;
		}
	}
}

/* Size of the file; 0 for what has none. */
static uint64_t file_size(const char *path)
{
	struct stat st;

	if (!strcmp(path, "-") || stat(path, &st) || !S_ISREG(st.st_mode))
		return 0;
	return st.st_size;
}

static const char *type_name(unsigned int type)
{
	struct trace_type t;

	return trace_type_get(type, &t) ? t.name : NULL;
}

/* ---- JSON ---- */

static void json_snapshot(struct out_json *j, const char *key, const struct summary *sum, int at)
{
	out_object_inline(j, key);
	out_u64(j, "lists", sum->lists[at]);
	out_u64(j, "free_blocks", sum->listed[at]);
	out_u64(j, "pageblocks", sum->pageblocks[at]);
	out_u64(j, "pcp_lists", sum->pcp[at]);
	out_close(j);
}

static void json_meta(struct out_json *j, const struct trace_meta *meta)
{
	uint32_t i;

	out_str(j, "kernel", meta->kernel);
	out_str(j, "policy", meta->policy[0] ? meta->policy : NULL);
	out_str(j, "tier", meta->tier[0] ? meta->tier : NULL);
	out_str(j, "command", meta->command[0] ? meta->command : NULL);
	out_str(j, "unknown_members", meta->unknown[0] ? meta->unknown : NULL);
	out_u64(j, "page_shift", meta->page_shift);
	out_u64(j, "nr_orders", meta->nr_orders);
	out_u64(j, "pageblock_order", meta->pageblock_order);
	out_u64(j, "cpus", meta->cpus);
	out_array_inline(j, "migratetypes");
	for (i = 0; i < meta->nr_mt; i++)
		out_str(j, NULL, meta->mt[i]);
	out_close(j);
	out_array(j, "zones");
	for (i = 0; i < meta->nr_zones; i++) {
		const struct trace_zone *z = &meta->zone[i];

		out_object_inline(j, NULL);
		out_u64(j, "id", z->id);
		out_u64(j, "node", z->node);
		out_str(j, "name", z->name);
		out_u64(j, "start_pfn", z->start_pfn);
		out_u64(j, "spanned", z->spanned);
		out_u64(j, "present", z->present);
		out_u64(j, "managed", z->managed);
		out_u64(j, "min", z->min);
		out_u64(j, "low", z->low);
		out_u64(j, "high", z->high);
		out_close(j);
	}
	out_close(j);
}

static void json_pairs(struct out_json *j, const char *key, const struct trace_pairs *pairs)
{
	size_t i;

	out_object(j, key);
	for (i = 0; i < pairs->n; i++)
		if (pairs->v[i].text)
			out_str(j, pairs->v[i].name, pairs->v[i].text);
		else
			out_i64(j, pairs->v[i].name, pairs->v[i].value);
	out_close(j);
}

static int print_json(const struct trace_meta *meta, const struct summary *sum, uint64_t bytes)
{
	struct out_json j;
	unsigned int i;

	out_json_init(&j, stdout, 2);
	out_object(&j, NULL);
	out_str(&j, "schema", "buddyscope.info/1");
	json_meta(&j, meta);
	out_u64(&j, "events", sum->events);
	out_u64(&j, "lost", sum->lost);
	out_u64(&j, "duration_ns", sum->last_ts - sum->first_ts);
	out_object(&j, "counts");
	for (i = 0; i < EV_NR_TYPES; i++)
		if (sum->counts[i])
			out_u64(&j, type_name(i), sum->counts[i]);
	out_close(&j);
	json_snapshot(&j, "begin", sum, TRACE_AT_BEGIN);
	json_snapshot(&j, "end", sum, TRACE_AT_END);
	out_object_inline(&j, "pages");
	for (i = 0; i < TRACE_NR_USES; i++)
		out_u64(&j, trace_use_name((enum trace_use)i), sum->uses[i]);
	out_close(&j);
	json_pairs(&j, "stats", &sum->stats);
	json_pairs(&j, "sites", &meta->sites);
	if (bytes)
		out_u64(&j, "bytes", bytes);
	else
		out_null(&j, "bytes");
	if (bytes && sum->events)
		out_double(&j, "bytes_per_event", (double)bytes / (double)sum->events, 3);
	else
		out_null(&j, "bytes_per_event");
	out_bool(&j, "complete", !sum->cut);
	out_close(&j);
	return out_json_end(&j) ? CMD_FAILURE : CMD_OK;
}

/* ---- text ---- */

static void print_meta(const struct trace_meta *meta)
{
	uint32_t i;

	printf("kernel       %s\n", meta->kernel[0] ? meta->kernel : "not known");
	printf("policy       %s\n", meta->policy[0] ? meta->policy : "not chosen");
	printf("tier         %s\n", meta->tier[0] ? meta->tier : "not known");
	if (meta->command[0])
		printf("command      %s\n", meta->command);
	if (meta->unknown[0])
		printf("patched      the kernel has members this tool does not know: %s\n",
		       meta->unknown);
	printf("memory       %u CPUs, pages of %llu bytes, %u orders, pageblocks of order %u\n",
	       meta->cpus, 1ULL << meta->page_shift, meta->nr_orders, meta->pageblock_order);
	printf("types       ");
	for (i = 0; i < meta->nr_mt; i++)
		printf(" %s", meta->mt[i]);
	printf("\n");
	for (i = 0; i < meta->nr_zones; i++) {
		const struct trace_zone *z = &meta->zone[i];

		printf("zone %-7u node %u %s: pfn %" PRIu64 " to %" PRIu64 ", %" PRIu64
		       " managed, min %" PRIu64 " low %" PRIu64 " high %" PRIu64 "\n",
		       z->id, z->node, z->name, z->start_pfn, z->start_pfn + z->spanned, z->managed,
		       z->min, z->low, z->high);
	}
}

/* Pages on LRU lists as the recording began, if it tells. */
static void print_uses(const struct summary *sum)
{
	uint64_t all = 0;

	for (int use = 0; use < TRACE_NR_USES; use++)
		all += sum->uses[use];
	if (!all)
		return;
	printf("LRU lists   ");
	for (int use = TRACE_USE_OTHER + 1; use < TRACE_NR_USES; use++)
		printf(" %" PRIu64 " %s%s", sum->uses[use], trace_use_name((enum trace_use)use),
		       use + 1 < TRACE_NR_USES ? "," : "");
	printf(" of %" PRIu64 " pages\n", all);
}

static void print_pairs(const char *title, const struct trace_pairs *pairs)
{
	size_t i;

	for (i = 0; i < pairs->n; i++) {
		printf("%-12s %s ", i ? "" : title, pairs->v[i].name);
		if (pairs->v[i].text)
			printf("%s\n", pairs->v[i].text);
		else
			printf("%" PRId64 "\n", pairs->v[i].value);
	}
}

static void print_snapshot(const char *title, const struct summary *sum, int at)
{
	if (!sum->lists[at] && !sum->pageblocks[at] && !sum->pcp[at])
		printf("%-12s no snapshot\n", title);
	else
		printf("%-12s %" PRIu64 " free lists with %" PRIu64 " blocks, %" PRIu64
		       " pageblocks, %" PRIu64 " pcp lists\n",
		       title, sum->lists[at], sum->listed[at], sum->pageblocks[at], sum->pcp[at]);
}

static int print_text(const struct trace_meta *meta, const struct summary *sum, uint64_t bytes)
{
	uint64_t ns = sum->last_ts - sum->first_ts;
	unsigned int i;

	print_meta(meta);
	print_snapshot("begin", sum, TRACE_AT_BEGIN);
	print_uses(sum);
	print_snapshot("end", sum, TRACE_AT_END);
	printf("events       %" PRIu64 " in %.3f s, lost %" PRIu64 "\n", sum->events,
	       (double)ns / 1e9, sum->lost);
	for (i = 0; i < EV_NR_TYPES; i++)
		if (sum->counts[i])
			printf("%12" PRIu64 " %s\n", sum->counts[i], type_name(i));
	print_pairs("stats", &sum->stats);
	print_pairs("sites", &meta->sites);
	if (bytes && sum->events)
		printf("size         %" PRIu64 " bytes, %.2f an event\n", bytes,
		       (double)bytes / (double)sum->events);
	return fflush(stdout) || ferror(stdout) ? CMD_FAILURE : CMD_OK;
}

/* ---- the command ---- */

static int run_info(const char *path, bool json)
{
	struct summary sum = { 0 };
	struct trace_reader *r;
	char why[256];
	int err, code;

	err = trace_open(path, &r, why, sizeof(why));
	if (err)
		return trace_failed(path, err, why);
	err = summarize(r, &sum);
	if (err) {
		code = trace_failed(path, err, trace_why(r));
	} else {
		code = (json ? print_json : print_text)(trace_meta(r), &sum, file_size(path));
		if (code)
			error_msg("info: output failed");
		else if (sum.cut)
			code = trace_failed(path, -EBADMSG, trace_why(r));
	}
	trace_pairs_free(&sum.stats);
	trace_close(r);
	return code;
}

static int info_main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "input", required_argument, NULL, 'i' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = "pages.pgt";
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, ":i:", longs, NULL)) != -1) {
		switch (c) {
		case 'i':
			path = optarg;
			break;
		case 'j':
			json = true;
			break;
		default:
			return cmd_bad_option(&cmd_info, argc, argv, c);
		}
	}
	if (argc - optind > 1)
		return cmd_misused(&cmd_info, "one trace at a time");
	if (optind < argc)
		path = argv[optind];
	return run_info(path, json);
}

const struct cmd cmd_info = {
	.name = "info",
	.summary = "Tell what is in a trace",
	.usage = "[--json] [FILE]\n"
		 "  --json            one JSON object\n"
		 "  -i, --input FILE  the trace (pages.pgt; - is stdin)",
	.run = info_main,
};
