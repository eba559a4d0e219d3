/* SPDX-License-Identifier: GPL-2.0-only */
/* buddyscope check: what can be recorded on this kernel, and what would stay unseen. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "out.h"
#include "recorder.h"
#include "util.h"

/*
 * Of two groups that do the same, the one that works; the first if neither does.  Without the groups
 * for reporting, preempted probes and hidden tasks nothing is unseen where they are not needed.
 */
static bool worth_showing(const struct site_plan *plan, unsigned int g)
{
	if (site_groups[g].instead_of >= 0 || g == GROUP_REPORTING || g == GROUP_PREEMPTING ||
	    g == GROUP_HIDDEN)
		return plan->group[g];
	for (int other = 0; other < NR_SITE_GROUPS; other++)
		for (int at = other; at >= 0 && plan->group[other]; at = site_groups[at].instead_of)
			if (at == (int)g && at != other)
				return false;
	return true;
}

static void print_text(const struct recorder *r)
{
	printf("kernel     %s\n", r->host.kernel);
	printf("profile    %s%s%s\n", r->host.policy,
	       r->host.unknown[0] ? " (nearest): not known: " : "", r->host.unknown);
	printf("tier       %s\n", r->meta.tier);
	printf("zones     ");
	for (uint32_t z = 0; z < r->meta.nr_zones; z++)
		printf(" %s/%u", r->meta.zone[z].name, r->meta.zone[z].node);
	printf("\npageblocks %s\n",
	       r->host.mem_section ? "types are read" :
				     "types are derived from the lists (no symbol mem_section)");
	for (unsigned int g = 0; g < NR_SITE_GROUPS; g++) {
		const struct site_group *group = &site_groups[g];
		bool all = true;

		if (!worth_showing(&r->plan, g))
			continue;
		printf("\n%s\n", group->what);
		for (size_t i = 0; i < nr_sites; i++) {
			const struct site_state *state = &r->plan.site[i];

			if (sites[i].group != g || !site_plan_shows(&r->plan, i))
				continue;
			all &= state->on;
			printf("  %-4s %-10s %s%s%s\n", state->on ? "ok" : "no",
			       site_kind_name(sites[i].kind), sites[i].func, state->on ? "" : ": ",
			       state->why);
		}
		if (!all)
			printf("  invisible: %s\n", group->without);
	}
}

static int print_json(const struct recorder *r)
{
	struct out_json j;

	out_json_init(&j, stdout, 2);
	out_object(&j, NULL);
	out_str(&j, "schema", "buddyscope.check/1");
	out_str(&j, "kernel", r->host.kernel);
	out_str(&j, "policy", r->host.policy);
	out_str(&j, "unknown_members", r->host.unknown);
	out_str(&j, "tier", r->meta.tier);
	out_bool(&j, "pageblock_types", r->host.mem_section != 0);
	out_array(&j, "sites");
	for (size_t i = 0; i < nr_sites; i++) {
		if (!site_plan_shows(&r->plan, i))
			continue;
		out_object_inline(&j, NULL);
		out_str(&j, "kind", site_kind_name(sites[i].kind));
		out_str(&j, "func", sites[i].func);
		out_bool(&j, "on", r->plan.site[i].on);
		out_str(&j, "why", r->plan.site[i].why);
		out_str(&j, "shows", site_groups[sites[i].group].what);
		out_str(&j, "without", site_groups[sites[i].group].without);
		out_close(&j);
	}
	out_close(&j);
	out_close(&j);
	return out_json_end(&j);
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	struct recorder r = { 0 };
	bool json = false;
	int opt, err, code;

	while ((opt = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (opt != 'j')
			return cmd_bad_option(&cmd_check, argc, argv, opt);
		json = true;
	}
	if (optind < argc)
		return cmd_misused(&cmd_check, "%s: no argument is expected", argv[optind]);
	err = recorder_open(&r, TIER_AUTO, true, 1 << 16);
	if (err) {
		code = recorder_failed(&r, "check", err);
	} else {
		probe_detach(r.probe);
		code = CMD_OK;
		if (!json)
			print_text(&r);
		else if (print_json(&r))
			code = CMD_FAILURE;
	}
	recorder_close(&r);
	return code;
}

const struct cmd cmd_check = {
	.name = "check",
	.summary = "Say what can be recorded on this kernel",
	.usage = "[--json]\n"
		 "      --json           print one JSON object",
	.run = run,
};
