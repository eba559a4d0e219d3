/* SPDX-License-Identifier: GPL-2.0-only */
#include "request_print.h"

#include <inttypes.h>
#include <stdio.h>

#include "out.h"
#include "replay_print.h"

/* ---- text ---- */

/* "refills      16070 in the kernel, 16001 in the core (-0.42 %)" */
static void print_pair(const char *what, const struct request_pair *p)
{
	printf("%-12s %" PRIu64 " in the kernel, %" PRIu64 " in the core", what, p->kernel,
	       p->core);
	if (p->kernel)
		printf(" (%+.2f %%)",
		       100.0 * ((double)p->core - (double)p->kernel) / (double)p->kernel);
	putchar('\n');
}

static void print_inputs(const struct request_result *res)
{
	printf("inputs       %" PRIu64 " blocks isolated, %" PRIu64 " not there; %" PRIu64
	       " lists turned; %" PRIu64 " drains from outside; %" PRIu64 " pages in bulk; %" PRIu64
	       " blocks captured; %" PRIu64 " times a list was locked\n",
	       res->isolated, res->isolated_missed, res->rotations, res->drain_alls, res->bulk,
	       res->captures, res->bypasses);
	printf("told by others  %" PRIu64 " requests had their page earlier, %" PRIu64
	       " looked at the marks later, %" PRIu64 " fallbacks came earlier, %" PRIu64
	       " rounds of kswapd took boosts back earlier, %" PRIu64 " found others, %" PRIu64
	       " looked amid a claim, %" PRIu64 " refills were counted later, %" PRIu64
	       " lists decayed later, %" PRIu64 " grew or did not, %" PRIu64
	       " pageblocks' LRU pages\n",
	       res->reordered, res->looked_late, res->fallbacks_early, res->boosts_early,
	       res->boosts_late, res->amid_claims, res->counted_late, res->decayed_late,
	       res->grown_otherwise, res->leaned);
	if (res->untried)
		printf("not told     when %" PRIu64
		       " requests looked at the watermarks (record with "
		       "--requests)\n",
		       res->untried);
}

void request_print_text(const struct trace_meta *meta, const struct request_result *res)
{
	bool known = res->zones_begin && !res->changed;

	printf("kernel       %s, recorded by %s\n", meta->kernel[0] ? meta->kernel : "not known",
	       meta->tier[0] ? meta->tier : "means not known");
	printf("policy       %s (by %s)%s\n", res->policy->name, res->policy_from,
	       res->changed ? ", what-if: not what the trace's kernel had" : "");
	printf("events       %" PRIu64 ", lost %" PRIu64, res->events, res->lost);
	if (res->seconds > 0)
		printf("; %.1f million requests and frees a second",
		       (double)(res->requests + res->frees) / res->seconds / 1e6);
	printf("\nbefore       %" PRIu64 " events ahead of the snapshot of the per-cpu lists\n",
	       res->before);
	print_share("order 0", res->order0_exact, res->order0, known);
	print_share("order 1 up", res->high_exact, res->high, known);
	print_pair("failed", &res->failed);
	if (res->changed && (res->kills.kernel || res->kills.core))
		print_pair("OOM kills", &res->kills);
	if (res->unasked)
		printf("unasked      %" PRIu64 " requests of processes that were killed\n",
		       res->unasked);
	print_pair("fallbacks", &res->fallbacks);
	print_pair("refills", &res->refills);
	print_pair("refilled", &res->refilled);
	print_pair("drains", &res->drains);
	print_pair("drained", &res->drained);
	if (res->highs)
		print_share("pcp high", res->highs_exact, res->highs, known);
	printf("slow path    %" PRIu64 " requests\n", res->slow);
	if (res->changed)
		printf("modelled     %" PRIu64 " pages moved by compaction, %" PRIu64
		       " allocations reclaimed\n",
		       res->moved, res->reclaimed);
	else
		print_inputs(res);
	for (uint32_t order = 0; order < meta->nr_orders && res->end_known; order++)
		printf("free order %-2" PRIu32 " %" PRIu64 " in the kernel, %" PRIu64
		       " in the core\n",
		       order, res->final[order].kernel, res->final[order].core);
	for (int c = 0; c < REQUEST_NR_CLASSES && known; c++)
		if (res->classes[c].order0 || res->classes[c].high)
			printf("  %-14s %" PRIu64 " of order 0, %" PRIu64 " above: %s\n",
			       request_class_name(c), res->classes[c].order0, res->classes[c].high,
			       request_class_what(c));
	if (res->first.found && known)
		printf("first: event %" PRIu64 ": kernel %s; core %s\n", res->first.event,
		       res->first.kernel, res->first.core);
	if (res->first_high != UINT64_MAX && known)
		printf("first other pcp high: event %" PRIu64 "\n", res->first_high);
	if (res->unsound)
		printf("unsound: %s\n", res->unsound);
	if (!res->zones_begin && !res->described)
		printf("the trace has no opening snapshot: describe a machine (--mem, --zones)\n");
}

/* ---- JSON ---- */

/* What mirror mode counts and this mode cannot: its comparisons are others. */
static const char *const mirrored[] = { "picks",	   "picks_exact", "picks_skipped",
					"fallbacks_exact", "claims",	  "claims_exact",
					"repairs",	   "inferred",	  "captures" };

static void out_pair(struct out_json *j, const char *key, const struct request_pair *p, bool known)
{
	if (!known) {
		out_null(j, key);
		return;
	}
	out_object_inline(j, key);
	out_u64(j, "kernel", p->kernel);
	out_u64(j, "core", p->core);
	out_close(j);
}

static void out_classes(struct out_json *j, const struct request_result *res)
{
	out_object(j, "classes");
	for (int c = 0; c < REQUEST_NR_CLASSES; c++) {
		out_object_inline(j, request_class_name(c));
		out_u64(j, "order0", res->classes[c].order0);
		out_u64(j, "high", res->classes[c].high);
		out_close(j);
	}
	out_close(j);
}

static void out_requests(struct out_json *j, const struct request_result *res, bool known)
{
	out_u64(j, "before", res->before);
	out_u64(j, "requests", res->requests);
	print_known(j, "requests_exact", res->requests_exact, known);
	out_u64(j, "order0", res->order0);
	print_known(j, "order0_exact", res->order0_exact, known);
	out_u64(j, "high_orders", res->high);
	print_known(j, "high_orders_exact", res->high_exact, known);
	out_u64(j, "frees", res->frees);
	out_u64(j, "frees_before", res->frees_before);
	out_u64(j, "frees_unknown", res->frees_unknown);
	out_pair(j, "requests_failed", &res->failed, true);
	out_pair(j, "oom_kills", &res->kills, res->changed);
	out_u64(j, "unasked", res->unasked);
	out_pair(j, "fallbacks_in", &res->fallbacks, true);
	print_known(j, "pcp_highs", res->highs, known);
	print_known(j, "pcp_highs_exact", res->highs_exact, known);
	out_pair(j, "refills", &res->refills, true);
	out_pair(j, "refilled", &res->refilled, true);
	out_pair(j, "drains", &res->drains, true);
	out_pair(j, "drained", &res->drained, true);
	out_u64(j, "slow", res->slow);
	out_u64(j, "moved", res->moved);
	out_u64(j, "reclaimed", res->reclaimed);
}

static void out_inputs(struct out_json *j, const struct request_result *res)
{
	if (res->changed) {
		out_null(j, "inputs");
		return;
	}
	out_object(j, "inputs");
	out_u64(j, "isolated", res->isolated);
	out_u64(j, "isolated_missed", res->isolated_missed);
	out_u64(j, "drains_from_outside", res->drain_alls);
	out_u64(j, "vmstat_rounds", res->vmstat_rounds);
	out_u64(j, "bulk", res->bulk);
	out_u64(j, "captures", res->captures);
	out_u64(j, "bypasses", res->bypasses);
	out_u64(j, "drains_cut", res->drains_cut);
	out_u64(j, "untried", res->untried);
	out_u64(j, "looked_late", res->looked_late);
	out_u64(j, "boosts_early", res->boosts_early);
	out_u64(j, "boosts_late", res->boosts_late);
	out_u64(j, "fallbacks_early", res->fallbacks_early);
	out_u64(j, "amid_claims", res->amid_claims);
	out_u64(j, "counted_late", res->counted_late);
	out_u64(j, "decayed_late", res->decayed_late);
	out_u64(j, "grown_otherwise", res->grown_otherwise);
	out_u64(j, "lru_blocks", res->leaned);
	out_close(j);
}

static void out_final(struct out_json *j, const struct trace_meta *meta,
		      const struct request_result *res)
{
	if (!res->end_known) {
		out_null(j, "final_free");
		return;
	}
	out_array(j, "final_free");
	for (uint32_t order = 0; order < meta->nr_orders; order++)
		out_pair(j, NULL, &res->final[order], true);
	out_close(j);
}

int request_print_json(const struct trace_meta *meta, bool checked,
		       const struct request_result *res)
{
	bool known = res->zones_begin && !res->changed;
	bool lists = known && res->lists_known;
	struct out_json j;

	out_json_init(&j, stdout, 2);
	out_object(&j, NULL);
	out_str(&j, "schema", "buddyscope.replay/1");
	out_str(&j, "mode", "request");
	out_str(&j, "policy", res->policy->name);
	out_str(&j, "policy_from", res->policy_from);
	out_bool(&j, "what_if", res->changed);
	out_str(&j, "kernel", meta->kernel);
	out_str(&j, "tier", meta->tier[0] ? meta->tier : NULL);
	out_str(&j, "unknown_members", meta->unknown[0] ? meta->unknown : NULL);
	out_bool(&j, "repair", false);
	out_u64(&j, "events", res->events);
	out_u64(&j, "lost", res->lost);
	out_classes(&j, res);
	print_first(&j, &res->first);
	for (size_t i = 0; i < sizeof(mirrored) / sizeof(mirrored[0]); i++)
		out_null(&j, mirrored[i]);
	out_u64(&j, "fallbacks", res->fallbacks.kernel);
	out_u64(&j, "reordered", res->reordered);
	out_u64(&j, "rotations", res->rotations);
	out_u64(&j, "dropped", res->dropped);
	print_known(&j, "lists", res->lists, lists);
	print_known(&j, "lists_exact_order", res->lists_exact_order, lists);
	print_known(&j, "lists_exact_set", res->lists_exact_set, lists);
	print_known(&j, "final_blocks", res->final_blocks, lists);
	print_known(&j, "final_blocks_exact", res->final_blocks_exact, lists);
	out_requests(&j, res, known);
	out_inputs(&j, res);
	out_final(&j, meta, res);
	if (checked)
		out_str(&j, "unsound", res->unsound);
	out_str(&j, "cut", res->cut ? res->why : NULL);
	out_null(&j, "proven");
	if (res->seconds > 0)
		out_double(&j, "events_per_second", (double)res->events / res->seconds, 0);
	else
		out_null(&j, "events_per_second");
	out_close(&j);
	return out_json_end(&j);
}
