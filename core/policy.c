/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel versions the model knows, each as data.
 *
 * "X.Y" is the late stable series that distributions ship, "X.Y.0" the early one: stable
 * back-ports changed the allocator inside both 6.1.y and 6.12.y.
 */
#include <string.h>

#include "pa_internal.h"

static const struct pa_policy policies[] = {
	{
		.name = "6.1.0",
		.summary = "6.1.0 to 6.1.20: a fallback moves free pages, then looks again",
		.fallback = PA_FALLBACK_STEAL_RETRY,
	},
	{
		.name = "6.1",
		.summary = "late 6.1.y: lists as in 6.1.0; the per-cpu lists differ",
		.fallback = PA_FALLBACK_STEAL_RETRY,
	},
	{
		.name = "6.12.0",
		.summary =
			"6.10 to early 6.12.y: list type follows pageblock type; claim or one page",
		.fallback = PA_FALLBACK_STEAL_PAGE,
		.hygiene = true,
		.split_large = true,
		.isolate_moves_rest = true,
	},
	{
		.name = "6.12",
		.summary = "late 6.12.y: tries to claim largest first, then steals smallest first",
		.fallback = PA_FALLBACK_CLAIM_STEAL,
		.hygiene = true,
		.retype_range = true,
		.split_large = true,
		.claim_skips_highatomic = true,
		.isolate_moves_rest = true,
	},
	{
		.name = "6.18",
		.summary = "6.15 to 6.18: claim, then steal",
		.fallback = PA_FALLBACK_CLAIM_STEAL,
		.hygiene = true,
		.retype_range = true,
		.split_large = true,
		.isolate_moves_rest = true,
	},
};

#define NR_POLICIES (sizeof(policies) / sizeof(policies[0]))

const struct pa_policy *pa_policy_at(size_t i)
{
	return i < NR_POLICIES ? &policies[i] : NULL;
}

const struct pa_policy *pa_policy_find(const char *name)
{
	for (size_t i = 0; i < NR_POLICIES; i++) {
		if (!strcmp(policies[i].name, name))
			return &policies[i];
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
