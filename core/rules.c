/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kernel versions differ in above zone->lock, each as a row of data.  policy.c has the rows
 * for what happens under it.
 *
 * 2.4 is 2.4.10 to 2.4.22: its last point releases had a lowmem reserve instead of added marks.
 * On several nodes it asked one node after the other, each to the end; here they share one zonelist.
 */

#include "pa_req_internal.h"

#define HALF_MB 128 /* pages */
#define ONE_MB 256

/* What 3.10 had and 4.4 still. */
#define UP_TO_4_4                                                                                  \
	.pcp_lists = PA_PCP_TYPES, .balance = PA_BALANCE_QUARTER, .batch_cap = HALF_MB,            \
	.min_free_most = 65536, .old_marks = true, .by_preferred = true, .harder = true,           \
	.cold = true, .counts_late = true, .pressure = true, .compact_needs_fs = true

/* What came between 4.4 and 5.4. */
#define SINCE_5_4                                                                                  \
	.batch_cap = ONE_MB, .nofragment = true, .highatomic = true, .pressure = true,             \
	.kcompactd = true, .capture = true, .compact_hints = true

/* What came up to 5.10. */
#define SINCE_5_10 SINCE_5_4, .min_free_most = 262144, .proactive = true

/* What late 6.1 and everything after it share. */
#define SINCE_LATE_6_1                                                                             \
	SINCE_5_10, .reserves_wake = true, .pcp_lists = PA_PCP_THP_LISTS, .highatomic_last = true, \
		    .drain_chunks = true, .compact_needs_io = true, .compact_fatal = true,         \
		    .unreserve_no_retry = true, .capture_movable = true

/* What 6.12 and everything after it share. */
#define SINCE_6_12                                                                                 \
	SINCE_LATE_6_1, .free_highatomic = true, .highatomic_percent = true,                       \
			.unreserve_large = true, .pcp_auto = true, .boosted_by_kswapd = true,      \
			.boost_by_min = true, .movable_capped = true, .lru_gen = true

/* What 6.18 and everything after it share. */
#define SINCE_6_18                                                                                 \
	SINCE_6_12, .suits = PA_SUITS_6_18, .decay_chunks = true, .free_high_more = true,          \
		    .unreserve_always = true, .defrag_mode = true, .skip_busy_kswapd = true,       \
		    .thisnode_nopage = true, .compact_score_new = true

const struct pa_rules pa_all_rules[] = {
	{
		.policy = "2.4",
		.pcp_lists = PA_PCP_NONE,
		.slow = PA_SLOW_2_4,
		.old_zones = true,
		.suits = PA_SUITS_NEVER,
		.sum_marks = true,
		.exact_counter = true,
		.present_sizes = true,
	},
	{
		.policy = "2.6.24",
		.pcp_lists = PA_PCP_HOT_COLD,
		.slow = PA_SLOW_2_6,
		.balance = PA_BALANCE_ALL,
		.suits = PA_SUITS_NEVER,
		.batch_cap = HALF_MB,
		.min_free_most = 65536,
		.zone_order = true,
		.present_sizes = true,
		.old_marks = true,
		.cumulative = true,
		.by_preferred = true,
		.harder = true,
		.cold = true,
	},
	{
		.policy = "3.10",
		UP_TO_4_4,
		.slow = PA_SLOW_3_10,
		.suits = PA_SUITS_3_10,
		.zone_order = true,
		.cumulative = true,
		.harder_unwilling = true,
	},
	{
		.policy = "4.4",
		UP_TO_4_4,
		.slow = PA_SLOW_4_4,
		.suits = PA_SUITS_4_4,
		.fair = true,
		.harder_any_block = true,
		.highatomic = true,
		.unreserve_once = true,
	},
	{
		.policy = "5.4",
		SINCE_5_4,
		.pcp_lists = PA_PCP_TYPES,
		.min_free_most = 65536,
		.boost_stays = true,
		.by_preferred = true,
		.fast_highatomic = true,
		.harder = true,
		.counts_late = true,
		.boosted_always = true,
		.compact_tries = true,
		.deferred_nopage = true,
		.drift_early = true,
	},
	{
		/* Late 5.10.y, as Debian 11 has it. */
		.policy = "5.10",
		SINCE_5_10,
		.pcp_lists = PA_PCP_TYPES,
		.harder = true,
		.counts_late = true,
		.boost_by_atomic = true,
		.compact_tries = true,
		.compact_needs_io = true,
		.drift_early = true,
	},
	{
		.policy = "6.1.0",
		SINCE_5_10,
		.pcp_lists = PA_PCP_ORDERS,
		.harder = true,
		.counts_late = true,
		.boost_by_atomic = true,
		.reserves_wake = true,
		.capture_movable = true,
		.drift_early = true,
	},
	{
		.policy = "6.1",
		SINCE_LATE_6_1,
		.counts_late = true,
		.factor_capped = true,
		.boost_by_atomic = true,
		.thisnode_nopage = true,
		.drift_early = true,
	},
	{
		.policy = "6.12.0",
		SINCE_6_12,
		.highatomic_any = true,
		.reserve_needs_top = true,
		.drift_early = true,
	},
	{
		.policy = "6.12",
		SINCE_6_12,
		.decay_chunks = true,
		.thisnode_nopage = true,
		.drift_early = true,
	},
	{
		.policy = "6.18",
		SINCE_6_18,
	},
	{
		.policy = "7.3",
		SINCE_6_18,
		.push_chunks = true,
		.highatomic_early = true,
		.highatomic_buddy = true,
		.defrag_whole = true,
		.deferred_reclaims = true,
		.boost_may_fail = true,
	},
};

#define NR_RULES (sizeof(pa_all_rules) / sizeof(pa_all_rules[0]))

const struct pa_rules *pa_rules_find(const char *policy)
{
	for (size_t i = 0; i < NR_RULES; i++) {
		if (pa_same_name(pa_all_rules[i].policy, policy))
			return &pa_all_rules[i];
	}
	return NULL;
}

bool pa_pcp_holds(const struct pa_policy *policy, unsigned int order, unsigned int pageblock_order)
{
	const struct pa_rules *r = policy ? pa_rules_find(policy->name) : NULL;

	if (!r || r->pcp_lists == PA_PCP_NONE)
		return false;
	if (!order || r->pcp_lists < PA_PCP_ORDERS)
		return !order;
	return order <= PA_COSTLY_ORDER || order == pageblock_order;
}
