/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kernel versions differ in above zone->lock, each as a row of data.  policy.c has the rows
 * for what happens under it.
 */
#include <string.h>

#include "pa_req_internal.h"

/* What late 6.1 and everything after it share. */
#define SINCE_LATE_6_1                                                                             \
	.pcp_lists = 14, .highatomic_last = true, .drain_chunks = true, .compact_needs_io = true,  \
	.compact_fatal = true, .unreserve_no_retry = true

/* What 6.12 and everything after it share. */
#define SINCE_6_12                                                                                 \
	SINCE_LATE_6_1, .free_highatomic = true, .highatomic_percent = true,                       \
			.unreserve_large = true, .pcp_auto = true, .boosted_by_kswapd = true,      \
			.movable_capped = true

static const struct pa_rules rules[] = {
	{
		.policy = "6.1.0",
		.pcp_lists = 13,
		.harder = true,
		.pcp_stored = true,
		.boost_by_atomic = true,
		.compact_retry_old = true,
	},
	{
		.policy = "6.1",
		SINCE_LATE_6_1,
		.pcp_stored = true,
		.factor_capped = true,
		.boost_by_atomic = true,
		.thisnode_nopage = true,
		.compact_retry_old = true,
	},
	{
		.policy = "6.12.0",
		SINCE_6_12,
		.highatomic_any = true,
		.reserve_needs_top = true,
	},
	{
		.policy = "6.12",
		SINCE_6_12,
		.decay_chunks = true,
		.thisnode_nopage = true,
	},
	{
		.policy = "6.18",
		SINCE_6_12,
		.decay_chunks = true,
		.free_high_more = true,
		.unreserve_always = true,
		.defrag_mode = true,
		.skip_busy_kswapd = true,
		.thisnode_nopage = true,
		.compact_base_mark = true,
		.compact_score_new = true,
	},
};

#define NR_RULES (sizeof(rules) / sizeof(rules[0]))

const struct pa_rules *pa_rules_at(uint32_t i)
{
	return &rules[i];
}

const struct pa_rules *pa_rules_find(const char *policy)
{
	for (size_t i = 0; i < NR_RULES; i++) {
		if (!strcmp(rules[i].policy, policy))
			return &rules[i];
	}
	return NULL;
}

const struct pa_policy *pa_request_policy(const struct pa_policy *policy)
{
	const struct pa_policy *found = NULL, *at;
	bool reached = false;

	for (size_t i = 0; (at = pa_policy_at(i)); i++) {
		reached |= at == policy;
		if (pa_rules_find(at->name))
			found = at;
		if (reached && found)
			return found;
	}
	return NULL;
}
