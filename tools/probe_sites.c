/* SPDX-License-Identifier: GPL-2.0-only */
#include "probe_sites.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
const struct site_group site_groups[NR_SITE_GROUPS] = {
	[GROUP_PAGES] = { "page requests, frees, picks, fallbacks, drains",
		"everything", -1, true },
	[GROUP_PREEMPTING] = { "requests and frees of who preempts a program of the former",
		"pages that a task allocates or frees while another is preempted in a program", -1, false },
	[GROUP_SLOW_PATH] = { "reclaim, compaction, kswapd, OOM",
		"when and why the slow path was taken", -1, false },
	[GROUP_WMARKS] = { "recomputed watermarks",
		"a change of the watermarks", -1, false },
	[GROUP_REPORTING] = { "when free pages are reported to the hypervisor",
		"nothing; each event costs more, as what reporting did is looked for each time", -1, true },
	[GROUP_HIDDEN] = { "whether a patched kernel shows the events of every task",
		"that it hides some", -1, false },
	[GROUP_DIRECT_FREE] = { "frees that enter the buddy directly, in lock order",
		"when a free of order 4-8 or 10 reached its list; order-0 frees past a busy pcp list", -1, false },
	[GROUP_DIRECT_FREE_TYPED] = { "the same before 6.10, stamped at __mod_zone_page_state",
		"when a free of order 4-8 or 10 (before 5.14: 1-10) reached its list",
		GROUP_DIRECT_FREE, false },
	[GROUP_DIRECT_FREE_OLD] = { "the same where free_one_page has lost an argument",
		"when a free of order 4-8 or 10 reached its list; order-0 frees past a busy pcp list",
		GROUP_DIRECT_FREE_TYPED, false },
	[GROUP_ISOLATE] = { "blocks that compaction and page reporting take out",
		"free blocks isolated by compaction or page reporting; its list rotations", -1, false },
	[GROUP_HANDS] = { "blocks in the hands of compaction, read from its own lists",
		"free blocks isolated by compaction; its list rotations", GROUP_ISOLATE, false },
	[GROUP_HANDS_OLD] = { "the same before 6.0, found on the compactor's stack",
		"free blocks isolated by compaction; its list rotations", GROUP_HANDS, false },
	[GROUP_PUTBACK] = { "isolated blocks put back", "isolated blocks put back", -1, false },
	[GROUP_ROTATE] = { "list rotations of compaction's migrate scanner",
		"list rotations by compaction", -1, false },
	[GROUP_MOVE] = { "pageblocks reserved, released, isolated",
		"HighAtomic reserve and release, isolation of pageblocks", -1, false },
	[GROUP_MOVE_TYPED] = { "the same before 6.17",
		"HighAtomic reserve and release, isolation of pageblocks", GROUP_MOVE, false },
	[GROUP_MOVE_OLD] = { "the same before 6.10",
		"HighAtomic reserve and release, isolation of pageblocks", GROUP_MOVE_TYPED, false },
	[GROUP_PUSH] = { "when a freed page is on its per-cpu list",
		"the order of frees around interrupts (request mode)", -1, false, true },
	[GROUP_PUSH_OLD] = { "the same before 6.14",
		"the order of frees around interrupts (request mode)", GROUP_PUSH, false, true },
	[GROUP_TRY] = { "when a request looks at the watermarks",
		"at which moment and mark a zone was chosen (request mode)", -1, false, true },
	[GROUP_COUNTERS] = { "kswapd's rounds, the vmstat workers', drains of per-cpu lists",
		"whose work empties lists, moves counters and ends boosts (request mode)", -1, false, true },
	[GROUP_BULK] = { "pages of alloc_pages_bulk",
		"requests for many pages at once, kernel stacks (request mode)", -1, false, true },
	[GROUP_BULK_LIST] = { "the same before 6.14",
		"requests for many pages at once, kernel stacks (request mode)", GROUP_BULK, false, true },
	[GROUP_BULK_OLD] = { "the same before 6.10",
		"requests for many pages at once, kernel stacks (request mode)", GROUP_BULK_LIST, false, true },
};

#define TP(name, group, args) { "on_" #name, #name, SITE_TP, group, args }

const struct site sites[] = {
	TP(mm_page_alloc, GROUP_PAGES, 4),
	TP(mm_page_free, GROUP_PAGES, 2),
	{ "preempting_alloc", "mm_page_alloc", SITE_PREEMPTING, GROUP_PREEMPTING, 4 },
	{ "preempting_free", "mm_page_free", SITE_PREEMPTING, GROUP_PREEMPTING, 2 },
	{ "preempting_free_again", "mm_page_free", SITE_PREEMPTING, GROUP_PREEMPTING, 2 },
	TP(mm_page_alloc_zone_locked, GROUP_PAGES, 4),
	{ "on_zone_locked_5_10", "mm_page_alloc_zone_locked", SITE_TP, GROUP_PAGES, 3 },
	TP(mm_page_pcpu_drain, GROUP_PAGES, 3),
	TP(mm_page_alloc_extfrag, GROUP_PAGES, 5),
	TP(mm_vmscan_direct_reclaim_begin, GROUP_SLOW_PATH, 0),
	TP(mm_vmscan_direct_reclaim_end, GROUP_SLOW_PATH, 0),
	TP(mm_vmscan_kswapd_wake, GROUP_SLOW_PATH, 3),
	TP(mm_vmscan_kswapd_sleep, GROUP_SLOW_PATH, 1),
	TP(mm_compaction_try_to_compact_pages, GROUP_SLOW_PATH, 3),
	TP(mm_compaction_begin, GROUP_SLOW_PATH, 4),
	{ "on_compaction_begin_5_10", "mm_compaction_begin", SITE_TP, GROUP_SLOW_PATH, 5 },
	TP(mm_compaction_end, GROUP_SLOW_PATH, 5),
	{ "on_compaction_end_5_10", "mm_compaction_end", SITE_TP, GROUP_SLOW_PATH, 6 },
	TP(mm_compaction_isolate_freepages, GROUP_SLOW_PATH, 4),
	TP(mm_compaction_fast_isolate_freepages, GROUP_SLOW_PATH, 4),
	TP(mm_compaction_isolate_migratepages, GROUP_SLOW_PATH, 4),
	TP(mark_victim, GROUP_SLOW_PATH, 2),
	{ "on_mark_victim_5_10", "mark_victim", SITE_TP, GROUP_SLOW_PATH, 1 },
	TP(mm_setup_per_zone_wmarks, GROUP_WMARKS, 1),
	TP(workqueue_execute_start, GROUP_REPORTING, 1),
	TP(workqueue_execute_end, GROUP_REPORTING, 2),
	TP(sched_switch, GROUP_HIDDEN, 0),
	{ "site_split_large_buddy", "split_large_buddy", SITE_FEXIT, GROUP_DIRECT_FREE, 0 },
	{ "site_free_one_page_5_10", "free_one_page", SITE_FENTRY, GROUP_DIRECT_FREE_TYPED, 6 },
	{ "site_free_one_page_5_10_exit", "free_one_page", SITE_FEXIT, GROUP_DIRECT_FREE_TYPED, 6 },
	{ "site_free_pages_ok", "__free_pages_ok", SITE_FENTRY, GROUP_DIRECT_FREE_TYPED, 3 },
	{ "site_free_pages_ok_exit", "__free_pages_ok", SITE_FEXIT, GROUP_DIRECT_FREE_TYPED, 3 },
	{ "site_free_pcppages_bulk", "free_pcppages_bulk", SITE_FENTRY, GROUP_DIRECT_FREE_TYPED, 0 },
	{ "site_free_pcppages_bulk_exit", "free_pcppages_bulk", SITE_FEXIT, GROUP_DIRECT_FREE_TYPED, 0 },
	{ "site_mod_zone_page_state", "__mod_zone_page_state", SITE_FENTRY, GROUP_DIRECT_FREE_TYPED, 3 },
	{ "site_free_one_page", "free_one_page", SITE_KPROBE, GROUP_DIRECT_FREE_OLD, 0 },
	{ "site_free_one_page_exit", "free_one_page", SITE_KRETPROBE, GROUP_DIRECT_FREE_OLD, 0 },
	{ "site_free_pages_ok", "__free_pages_ok", SITE_FENTRY, GROUP_DIRECT_FREE_OLD, 0 },
	{ "site_free_pages_ok_exit", "__free_pages_ok", SITE_FEXIT, GROUP_DIRECT_FREE_OLD, 0 },
	{ "site_free_pcppages_bulk", "free_pcppages_bulk", SITE_FENTRY, GROUP_DIRECT_FREE_OLD, 0 },
	{ "site_free_pcppages_bulk_exit", "free_pcppages_bulk", SITE_FEXIT, GROUP_DIRECT_FREE_OLD, 0 },
	{ "site_mod_zone_page_state", "__mod_zone_page_state", SITE_FENTRY, GROUP_DIRECT_FREE_OLD, 0 },
	{ "site_isolate_free_page", "__isolate_free_page", SITE_FEXIT, GROUP_ISOLATE, 0 },
	{ "site_isolate_entry", "__isolate_free_page", SITE_FENTRY, GROUP_ISOLATE, 0 },
	{ "site_compaction_alloc", "compaction_alloc", SITE_FENTRY, GROUP_ISOLATE, 0 },
	{ "site_compaction_alloc_exit", "compaction_alloc", SITE_FEXIT, GROUP_ISOLATE, 0 },
	{ "site_isolate_block", "isolate_freepages_block", SITE_FENTRY, GROUP_ISOLATE, 0 },
	{ "site_isolate_block_exit", "isolate_freepages_block", SITE_FEXIT, GROUP_ISOLATE, 0 },
	{ "hands_begin", "mm_compaction_begin", SITE_HANDS, GROUP_HANDS, 4 },
	{ "hands_end", "mm_compaction_end", SITE_HANDS, GROUP_HANDS, 5 },
	TP(remove_migration_pte, GROUP_HANDS, 3),
	{ "hands_begin_5_10", "mm_compaction_begin", SITE_HANDS, GROUP_HANDS_OLD, 5 },
	{ "hands_end_5_10", "mm_compaction_end", SITE_HANDS, GROUP_HANDS_OLD, 6 },
	{ "site_putback", "__putback_isolated_page", SITE_FENTRY, GROUP_PUTBACK, 0 },
	{ "site_move_freelist_tail", "move_freelist_tail", SITE_FENTRY, GROUP_ROTATE, 0 },
	{ "site_move_block", "__move_freepages_block", SITE_FENTRY, GROUP_MOVE, 4 },
	{ "site_isolation", "__move_freepages_block_isolate", SITE_FENTRY, GROUP_MOVE, 3 },
	{ "site_isolation_exit", "__move_freepages_block_isolate", SITE_FEXIT, GROUP_MOVE, 3 },
	{ "site_change_range", "change_pageblock_range", SITE_FENTRY, GROUP_MOVE, 3 },
	{ "site_move_block", "__move_freepages_block", SITE_FENTRY, GROUP_MOVE_TYPED, 4 },
	{ "site_isolation_old", "move_freepages_block_isolate", SITE_FENTRY, GROUP_MOVE_TYPED, 3 },
	{ "site_isolation_old_exit", "move_freepages_block_isolate", SITE_FEXIT, GROUP_MOVE_TYPED, 3 },
	{ "site_move_block_old", "move_freepages_block", SITE_FENTRY, GROUP_MOVE_OLD, 0 },
	{ "site_steal", "steal_suitable_fallback", SITE_FENTRY, GROUP_MOVE_OLD, 0 },
	{ "site_steal_exit", "steal_suitable_fallback", SITE_FEXIT, GROUP_MOVE_OLD, 0 },
	{ "site_push_frozen", "free_frozen_page_commit", SITE_FENTRY, GROUP_PUSH, 6 },
	{ "site_push", "free_unref_page_commit", SITE_FENTRY, GROUP_PUSH_OLD, 5 },
	{ "site_try", "get_page_from_freelist", SITE_FENTRY, GROUP_TRY, 4 },
	{ "site_fold", "refresh_cpu_vm_stats", SITE_FENTRY, GROUP_COUNTERS, 1 },
	{ "site_thresholds", "set_pgdat_percpu_threshold", SITE_FENTRY, GROUP_COUNTERS, 2 },
	{ "site_balance", "balance_pgdat", SITE_FENTRY, GROUP_COUNTERS, 3 },
	{ "site_boost_over", "wakeup_kcompactd", SITE_FENTRY, GROUP_COUNTERS, 3 },
	{ "site_balance_exit", "balance_pgdat", SITE_FEXIT, GROUP_COUNTERS, 3 },
	{ "site_drain_pages", "drain_pages_zone", SITE_FENTRY, GROUP_COUNTERS, 2 },
	{ "site_bulk", "alloc_pages_bulk_noprof", SITE_FEXIT, GROUP_BULK, 5 },
	{ "site_bulk_list", "alloc_pages_bulk_noprof", SITE_FEXIT, GROUP_BULK_LIST, 6 },
	{ "site_bulk_old", "__alloc_pages_bulk", SITE_FEXIT, GROUP_BULK_OLD, 6 },
};
/* clang-format on */

const size_t nr_sites = sizeof(sites) / sizeof(sites[0]);

const char *tier_name(enum tier tier)
{
	static const char *const names[] = { "auto", "tracepoint", "fentry", "kprobe" };

	return names[tier];
}

bool site_is_tracepoint(const struct site *site)
{
	return site->kind == SITE_TP || site->kind == SITE_HANDS || site->kind == SITE_PREEMPTING;
}

const char *site_kind_name(enum site_kind kind)
{
	static const char *const names[] = { "tracepoint", "hands",  "preempting", "fentry",
					     "fexit",	   "kprobe", "kretprobe" };

	return names[kind];
}

/*
 * Attach a program of two instructions and take it off again.  BTF lists functions that
 * refuse (static inline expands to notrace), so nothing short of this tells.
 */
static int try_function(const struct host *host, const char *func, bool at_exit)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = at_exit ? BPF_TRACE_FEXIT : BPF_TRACE_FENTRY);
	int id = btf__find_by_name_kind(host->btf, func, BTF_KIND_FUNC);
	int prog, link, err = 0;

	if (id < 0)
		return -ENOENT;
	opts.attach_btf_id = id;
	prog = bpf_prog_load(BPF_PROG_TYPE_TRACING, "try", "GPL", insns, 2, &opts);
	if (prog < 0)
		return -errno;
	link = bpf_raw_tracepoint_open(NULL, prog);
	if (link < 0)
		err = -errno;
	else
		close(link);
	close(prog);
	return err;
}

static void try_site(const struct host *host, const struct site *site, enum tier tier,
		     struct site_state *state)
{
	bool probe = site->kind == SITE_KPROBE || site->kind == SITE_KRETPROBE;
	int err;

	if (site_is_tracepoint(site)) {
		err = host_tracepoint_args(host, site->func);
		if (err < 0)
			snprintf(state->why, sizeof(state->why), "not in this kernel");
		else if (site->args && err != site->args)
			snprintf(state->why, sizeof(state->why), "has %d arguments here, not %d",
				 err, site->args);
		else if (site->kind == SITE_HANDS &&
			 host->old_bpf != (site->group == GROUP_HANDS_OLD))
			snprintf(state->why, sizeof(state->why), "not with this kernel's BPF");
		else if (site->kind == SITE_PREEMPTING && !host->probes_preempt)
			snprintf(state->why, sizeof(state->why), "not needed here");
	} else if (tier == TIER_TRACEPOINT) {
		snprintf(state->why, sizeof(state->why), "not asked for (--tier tracepoint)");
	} else if (probe && tier == TIER_FENTRY) {
		snprintf(state->why, sizeof(state->why), "not asked for (--tier fentry)");
	} else if (!probe && site->args && host_func_args(host, site->func) != site->args) {
		snprintf(state->why, sizeof(state->why), "%s",
			 host_has_func(host, site->func) ? "has other arguments here" :
							   "not in this kernel");
	} else if (!probe) {
		err = try_function(host, site->func, site->kind == SITE_FEXIT);
		if (err == -ENOENT)
			snprintf(state->why, sizeof(state->why), "not in this kernel");
		else if (err)
			snprintf(state->why, sizeof(state->why), "refused by the kernel: %s",
				 strerror(-err));
	}
	state->on = !state->why[0];
}

void site_plan_drop(struct site_plan *plan, size_t i, const char *why)
{
	enum site_group_id group = sites[i].group;

	plan->group[group] = false;
	plan->site[i].on = false;
	snprintf(plan->site[i].why, sizeof(plan->site[i].why), "%s", why);
	for (size_t j = 0; j < nr_sites; j++)
		if (sites[j].group == group && plan->site[j].on) {
			plan->site[j].on = false;
			snprintf(plan->site[j].why, sizeof(plan->site[j].why),
				 "of no use without %s", sites[i].func);
		}
}

/* Groups come in the order of their ids, so what one stands in for was tried before. */
static void plan_group(const struct host *host, enum tier tier, enum site_group_id g,
		       struct site_plan *plan)
{
	const struct site_group *group = &site_groups[g];
	bool needed = (g != GROUP_REPORTING || host->reporting_work) &&
		      (g != GROUP_HIDDEN || host->unknown[0]);
	char why[sizeof(plan->site->why)];

	for (int other = group->instead_of; other >= 0; other = site_groups[other].instead_of)
		needed &= !plan->group[other];
	plan->group[g] = needed;
	for (size_t i = 0; i < nr_sites; i++) {
		if (sites[i].group != g)
			continue;
		if (needed)
			try_site(host, &sites[i], tier, &plan->site[i]);
		else
			snprintf(plan->site[i].why, sizeof(why), "not needed here");
	}
	for (size_t i = 0; i < nr_sites; i++) {
		/* A tracepoint that is missing takes only itself away, unless all depends on it. */
		bool alone =
			sites[i].kind == SITE_TP && (!group->required || !site_plan_shows(plan, i));

		if (sites[i].group != g || plan->site[i].on || alone || !plan->group[g])
			continue;
		memcpy(why, plan->site[i].why, sizeof(why));
		site_plan_drop(plan, i, why);
	}
}

static void leave_out(enum site_group_id g, struct site_plan *plan)
{
	for (size_t i = 0; i < nr_sites; i++)
		if (sites[i].group == g)
			snprintf(plan->site[i].why, sizeof(plan->site->why),
				 "not asked for (--requests)");
}

int site_plan_make(const struct host *host, enum tier tier, bool requests, struct site_plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->site = calloc(nr_sites, sizeof(*plan->site));
	if (!plan->site)
		return -ENOMEM;
	for (size_t g = 0; g < NR_SITE_GROUPS; g++)
		if (requests || !site_groups[g].for_requests)
			plan_group(host, tier, g, plan);
		else
			leave_out(g, plan);
	return 0;
}

bool site_plan_shows(const struct site_plan *plan, size_t i)
{
	bool on = plan->site[i].on;

	for (size_t j = 0; j < nr_sites; j++) {
		if (j == i || sites[j].kind != sites[i].kind ||
		    strcmp(sites[j].func, sites[i].func))
			continue;
		if (plan->site[j].on ? j < i || !on : j < i && !on)
			return false;
	}
	return true;
}

void site_plan_free(struct site_plan *plan)
{
	free(plan->site);
	plan->site = NULL;
}

enum tier site_plan_tier(const struct site_plan *plan)
{
	if (plan->group[GROUP_DIRECT_FREE] || plan->group[GROUP_DIRECT_FREE_TYPED])
		return TIER_FENTRY;
	return plan->group[GROUP_DIRECT_FREE_OLD] ? TIER_KPROBE : TIER_TRACEPOINT;
}
