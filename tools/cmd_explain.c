/* SPDX-License-Identifier: GPL-2.0-only */
/* buddyscope explain: what a page allocation failure or OOM report of the kernel says. */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "cmd.h"
#include "explain.h"
#include "out.h"
#include "util.h"

struct session {
	struct out_json *json; /* NULL: text */
	unsigned int nr;
	bool cut; /* some report is not complete */
};

/* ---- JSON ---- */

static void json_zone(struct out_json *j, const struct explain_zone *z)
{
	const struct pa_zone_look *look = &z->look;

	out_object(j, NULL);
	out_u64(j, "node", z->node);
	out_str(j, "name", z->name);
	out_bool(j, "allowed", z->allowed);
	out_str(j, "reason", explain_reason_name(z->reason));
	if (z->told) {
		out_u64(j, "free_kb", z->free);
		out_u64(j, "boost_kb", z->boost);
		out_u64(j, "min_kb", z->min);
		out_u64(j, "low_kb", z->low);
		out_u64(j, "high_kb", z->high);
		out_u64(j, "managed_kb", z->managed);
		out_u64(j, "reserved_highatomic_kb", z->highatomic);
		out_u64(j, "free_cma_kb", z->free_cma);
		out_u64(j, "free_pcp_kb", z->free_pcp);
	}
	out_array_inline(j, "lowmem_reserve");
	for (unsigned int i = 0; i < z->nr_reserves; i++)
		out_u64(j, NULL, z->reserve[i]);
	out_close(j);
	if (z->reason != EXPLAIN_UNKNOWN) {
		out_object_inline(j, "pages");
		out_i64(j, "free", look->free);
		out_i64(j, "unusable", look->unusable);
		out_i64(j, "mark", look->mark);
		out_i64(j, "min", look->min);
		out_i64(j, "reserve", look->reserve);
		out_close(j);
		out_i64(j, "fragmentation_index", z->fragmentation);
	}
	out_array_inline(j, "free_blocks");
	for (unsigned int order = 0; order < z->nr_orders; order++)
		out_u64(j, NULL, z->blocks[order]);
	out_close(j);
	out_array_inline(j, "types");
	for (unsigned int order = 0; order < z->nr_orders; order++) {
		out_array_inline(j, NULL);
		for (unsigned int mt = 0; mt < PA_NR_MT; mt++)
			if (z->types[order] >> mt & 1)
				out_str(j, NULL, pa_mt_name((enum pa_mt)mt));
		out_close(j);
	}
	out_close(j);
	out_close(j);
}

static void json_number(struct out_json *j, const char *key, int64_t v)
{
	if (v < 0)
		out_null(j, key);
	else
		out_i64(j, key, v);
}

static const char *or_null(const char *text)
{
	return text[0] ? text : NULL;
}

static void json_request(struct out_json *j, const struct explain_report *rep)
{
	char flags[128];
	int mt = pa_gfp_mt(rep->gfp);

	out_u64(j, "line", rep->line);
	out_str(j, "kind", explain_kind_name(rep->kind));
	out_str(j, "comm", or_null(rep->comm));
	json_number(j, "pid", rep->pid);
	json_number(j, "cpu", rep->cpu);
	out_str(j, "kernel", or_null(rep->kernel));
	out_str(j, "policy", rep->policy->name);
	json_number(j, "order", rep->order);
	out_u64(j, "gfp_mask", rep->mode);
	out_str(j, "gfp", or_null(rep->gfp_text));
	out_str(j, "gfp_unknown", or_null(rep->gfp_strange));
	out_str(j, "migratetype", rep->gfp_known && mt >= 0 ? pa_mt_name((enum pa_mt)mt) : NULL);
	out_str(j, "highest_zone",
		rep->gfp_known ? pa_zone_type_name((enum pa_zone_type)rep->highest) : NULL);
	pa_alloc_flags_text(rep->flags, flags, sizeof(flags));
	out_str(j, "alloc_flags", rep->gfp_known ? flags : NULL);
	out_str(j, "slab_cache", or_null(rep->cache));
	out_str(j, "nodemask", or_null(rep->nodemask));
	out_str(j, "mems_allowed", or_null(rep->mems_allowed));
	out_str(j, "constraint", or_null(rep->constraint));
}

static void json_groups(struct out_json *j, const struct explain_report *rep)
{
	if (rep->memcg) {
		out_object(j, "memcg");
		out_str(j, "path", or_null(rep->memcg_path));
		json_number(j, "usage_kb", rep->memcg_told ? (int64_t)rep->memcg_usage : -1);
		json_number(j, "limit_kb", rep->memcg_told ? (int64_t)rep->memcg_limit : -1);
		json_number(j, "failcnt", rep->memcg_told ? (int64_t)rep->memcg_failcnt : -1);
		out_close(j);
	} else {
		out_null(j, "memcg");
	}
	if (rep->victim[0]) {
		out_object_inline(j, "victim");
		out_str(j, "comm", rep->victim);
		out_i64(j, "pid", rep->victim_pid);
		out_u64(j, "anon_rss_kb", rep->victim_rss);
		out_close(j);
	} else {
		out_null(j, "victim");
	}
}

static void json_report(struct out_json *j, const struct explain_report *rep)
{
	const struct explain_zone *z = rep->zone < 0 ? NULL : &rep->zones[rep->zone];

	out_object(j, NULL);
	json_request(j, rep);
	out_str(j, "reason", explain_reason_name(rep->reason));
	if (z) {
		out_object_inline(j, "zone");
		out_u64(j, "node", z->node);
		out_str(j, "name", z->name);
		out_close(j);
	} else {
		out_null(j, "zone");
	}
	out_str(j, "why", rep->why);
	json_groups(j, rep);
	out_u64(j, "page_kb", explain_block_kb(rep, 0));
	out_array(j, "zones");
	for (unsigned int i = 0; i < rep->nr_zones; i++)
		json_zone(j, &rep->zones[i]);
	out_close(j);
	out_array(j, "settings");
	for (unsigned int i = 0; i < rep->nr_settings; i++) {
		out_object_inline(j, NULL);
		out_str(j, "name", rep->settings[i].name);
		out_str(j, "why", rep->settings[i].why);
		out_close(j);
	}
	out_close(j);
	out_array(j, "missing");
	for (unsigned int i = 0; i < rep->nr_missing; i++)
		out_str(j, NULL, rep->missing[i]);
	out_close(j);
	out_close(j);
}

/* ---- the command ---- */

static int each(struct explain_report *rep, void *ctx)
{
	struct session *s = ctx;

	explain_why(rep);
	s->nr++;
	s->cut |= rep->nr_missing > 0;
	if (s->json)
		json_report(s->json, rep);
	else
		explain_print(stdout, rep, s->nr);
	return 0;
}

static int run(const char *path, bool json)
{
	FILE *in = !strcmp(path, "-") ? stdin : fopen(path, "re");
	struct session s = { 0 };
	struct out_json j;
	int err;

	if (!in) {
		error_msg("%s: %s", path, strerror(errno));
		return CMD_FAILURE;
	}
	if (json) {
		s.json = &j;
		out_json_init(&j, stdout, 2);
		out_object(&j, NULL);
		out_str(&j, "schema", "buddyscope.explain/1");
		out_array(&j, "reports");
	}
	err = explain_read(in, each, &s);
	if (in != stdin)
		fclose(in);
	if (json) {
		out_close(&j);
		out_close(&j);
		out_json_end(&j); /* main() tells of a failed write */
	}
	if (err) {
		error_msg("%s: %s", path, strerror(-err));
		return CMD_FAILURE;
	}
	if (!s.nr)
		error_msg("%s: not a page allocation failure report (give it dmesg's output)",
			  path);
	else if (s.cut)
		error_msg("%s: a report is not complete (what is missing is told with it)", path);
	return s.nr && !s.cut ? CMD_OK : CMD_BAD_INPUT;
}

static int explain_main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "input", required_argument, NULL, 'i' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = "-";
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, ":i:", longs, NULL)) != -1) {
		if (c == 'i')
			path = optarg;
		else if (c == 'j')
			json = true;
		else
			return cmd_bad_option(&cmd_explain, argc, argv, c);
	}
	if (argc - optind > 1)
		return cmd_misused(&cmd_explain, "one log at a time");
	if (optind < argc)
		path = argv[optind];
	return run(path, json);
}

const struct cmd cmd_explain = {
	.name = "explain",
	.summary = "Say why a page allocation failed, from the kernel's report",
	.usage = "[FILE] [--json]\n"
		 "  -i, --input FILE  the log (standard input; -)\n"
		 "  --json            one JSON object instead of text",
	.run = explain_main,
};
