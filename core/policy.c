/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel versions the model knows, each as data.
 *
 * "X.Y" is the late stable series that distributions ship, "X.Y.0" the early one: stable
 * back-ports changed the allocator inside both 6.1.y and 6.12.y.
 */

#include "pa_internal.h"

#define BIT(mt) (1u << (mt))
#define MERGEABLE (BIT(PA_UNMOVABLE) | BIT(PA_MOVABLE) | BIT(PA_RECLAIMABLE))
#define ALL_BUT_CMA_AND_ISOLATE (MERGEABLE | BIT(PA_HIGHATOMIC) | BIT(PA_RESERVE))

/* Whom each type borrows from, best first, up to what ends the row. */
#define NO_LENDERS                                                                                 \
	{                                                                                          \
		{ PA_NR_MT }, { PA_NR_MT },                                                        \
		{                                                                                  \
			PA_NR_MT                                                                   \
		}                                                                                  \
	}
#define LENDERS(end)                                                                               \
	{                                                                                          \
		[PA_UNMOVABLE] = { PA_RECLAIMABLE, PA_MOVABLE, end },                              \
		[PA_MOVABLE] = { PA_RECLAIMABLE, PA_UNMOVABLE, end },                              \
		[PA_RECLAIMABLE] = { PA_UNMOVABLE, PA_MOVABLE, end },                              \
	}
#define LENDERS_AND_CMA(end)                                                                       \
	{                                                                                          \
		[PA_UNMOVABLE] = { PA_RECLAIMABLE, PA_MOVABLE, end },                              \
		[PA_MOVABLE] = { PA_CMA, PA_RECLAIMABLE, PA_UNMOVABLE, end },                      \
		[PA_RECLAIMABLE] = { PA_UNMOVABLE, PA_MOVABLE, end },                              \
	}

/* What 4.12 brought and 6.9 still had. */
#define STEALS_AND_RETRIES                                                                         \
	.fallback = PA_FALLBACK_STEAL_RETRY, .type_read = PA_TYPE_IF_ISOLATED,                     \
	.lenders = LENDERS(PA_NR_MT), .isolate_retypes = MERGEABLE, .tail_rule = true,             \
	.unmovable_claims = true, .counts_alike = true

/* What 5.18 brought to that. */
#define SINCE_5_18                                                                                 \
	STEALS_AND_RETRIES, .barrier = PA_BARRIER_MERGEABLE, .cma = PA_CMA_FLAG, .tail_moves = true

/* What 6.10 brought and every version since has. */
#define SINCE_6_10                                                                                 \
	.barrier = PA_BARRIER_MERGEABLE, .cma = PA_CMA_FLAG, .lenders = LENDERS(PA_NR_MT),         \
	.isolate_retypes = MERGEABLE, .tail_rule = true, .tail_moves = true,                       \
	.unmovable_claims = true, .counts_alike = true, .hygiene = true, .split_large = true,      \
	.isolate_moves_rest = true

/* What late 6.12 and 6.15 brought, and every version since has. */
#define CLAIMS_AND_STEALS SINCE_6_10, .fallback = PA_FALLBACK_CLAIM_STEAL, .retype_range = true

const struct pa_policy pa_policies[] = {
	{
		.name = "2.4",
		.summary = "2.4: one list an order, a bitmap of buddy pairs, no migratetypes",
		.lenders = NO_LENDERS,
		.pair_map = true,
	},
	{
		.name = "2.6.24",
		.summary = "2.6.24: the first migratetypes; largest block first; RESERVE last",
		.fallback = PA_FALLBACK_SPLIT,
		.lenders = LENDERS(PA_RESERVE),
		.reserve_max = UINT32_MAX,
		.first_cut = true,
	},
	{
		.name = "3.10",
		.summary =
			"3.10: blocks likely to merge wait at the tail; CMA; two blocks of RESERVE",
		.fallback = PA_FALLBACK_SPLIT,
		.cma = PA_CMA_LENDER,
		.type_read = PA_TYPE_BEFORE,
		.lenders = LENDERS_AND_CMA(PA_RESERVE),
		.isolate_retypes = ALL_BUT_CMA_AND_ISOLATE,
		.reserve_max = 2,
		.tail_rule = true,
	},
	{
		.name = "4.4",
		.summary = "4.4: HIGHATOMIC instead of RESERVE; UNMOVABLE requests claim as well",
		.fallback = PA_FALLBACK_SPLIT,
		.barrier = PA_BARRIER_ISOLATE,
		.cma = PA_CMA_MOVABLE,
		.type_read = PA_TYPE_IF_ISOLATED,
		.lenders = LENDERS(PA_NR_MT),
		.isolate_retypes = ALL_BUT_CMA_AND_ISOLATE,
		.tail_rule = true,
		.unmovable_claims = true,
	},
	{
		.name = "5.4",
		.summary = "5.4: the claim test counts used pages too; free pages move to the head",
		STEALS_AND_RETRIES,
		.barrier = PA_BARRIER_ISOLATE,
		.cma = PA_CMA_MOVABLE,
		.wide_nofragment = true,
	},
	{
		.name = "5.10",
		.summary = "5.10: as 5.4, but free pages move to the tail",
		STEALS_AND_RETRIES,
		.barrier = PA_BARRIER_ISOLATE,
		.cma = PA_CMA_FLAG,
		.tail_moves = true,
		.wide_nofragment = true,
	},
	{
		.name = "6.1.0",
		.summary = "6.1.0 to 6.1.20: a fallback moves free pages, then looks again",
		SINCE_5_18,
	},
	{
		.name = "6.1",
		.summary = "late 6.1.y: lists as in 6.1.0; the per-cpu lists differ",
		SINCE_5_18,
	},
	{
		.name = "6.12.0",
		.summary =
			"6.10 to early 6.12.y: list type follows pageblock type; claim or one page",
		SINCE_6_10,
		.fallback = PA_FALLBACK_STEAL_PAGE,
	},
	{
		.name = "6.12",
		.summary = "late 6.12.y: tries to claim largest first, then steals smallest first",
		CLAIMS_AND_STEALS,
		.claim_skips_highatomic = true,
	},
	{
		.name = "6.18",
		.summary = "6.15 to 6.18: claim, then steal",
		CLAIMS_AND_STEALS,
	},
	{
		.name = "7.3",
		.summary = "7.3: lists as in 6.18",
		CLAIMS_AND_STEALS,
	},
};

#define NR_POLICIES (sizeof(pa_policies) / sizeof(pa_policies[0]))

const struct pa_policy *pa_policy_at(size_t i)
{
	return i < NR_POLICIES ? &pa_policies[i] : NULL;
}

const struct pa_policy *pa_policy_find(const char *name)
{
	for (size_t i = 0; i < NR_POLICIES; i++) {
		if (pa_same_name(pa_policies[i].name, name))
			return &pa_policies[i];
	}
	return NULL;
}

const char *pa_mt_name(enum pa_mt mt)
{
	static const char *const names[PA_NR_MT] = {
		[PA_UNMOVABLE] = "Unmovable",
		[PA_MOVABLE] = "Movable",
		[PA_RECLAIMABLE] = "Reclaimable",
		[PA_HIGHATOMIC] = "HighAtomic",
		[PA_CMA] = "CMA",
		[PA_ISOLATE] = "Isolate",
		[PA_RESERVE] = "Reserve",
	};

	return (unsigned int)mt < PA_NR_MT ? names[mt] : NULL;
}

const char *pa_path_name(enum pa_path path)
{
	static const char *const names[PA_NR_PATHS] = {
		[PA_PATH_NONE] = "none",
		[PA_PATH_SMALLEST] = "smallest",
		[PA_PATH_CLAIM_WHOLE] = "claim-whole",
		[PA_PATH_CLAIM] = "claim",
		[PA_PATH_MOVE] = "move",
		[PA_PATH_STEAL] = "steal",
	};

	return (unsigned int)path < PA_NR_PATHS ? names[path] : NULL;
}
