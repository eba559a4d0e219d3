/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vm.* sysctls that the allocator reads: defaults, ranges, changing them.
 */
#include <errno.h>
#include <limits.h>
#include <stddef.h>

#include "pa_req_internal.h"

#define MIN_PERCPU_PAGELIST_HIGH_FRACTION 8

struct range {
	const char *name;
	size_t offset; /* of a uint32_t in struct pa_knobs */
	uint32_t low, high;
	bool or_zero; /* 0 is fine too */
};

#define KNOB(field, ...)                                                                           \
	{                                                                                          \
#field, offsetof(struct pa_knobs, field), __VA_ARGS__                              \
	}

static const struct range ranges[] = {
	KNOB(min_free_kbytes, 0, INT_MAX, false),
	KNOB(watermark_scale_factor, 1, 3000, false),
	KNOB(watermark_boost_factor, 0, INT_MAX, false),
	KNOB(percpu_pagelist_high_fraction, MIN_PERCPU_PAGELIST_HIGH_FRACTION, INT_MAX, true),
	KNOB(extfrag_threshold, 0, 1000, false),
	KNOB(compaction_proactiveness, 0, 100, false),
	KNOB(defrag_mode, 0, 1, false),
};

void pa_knobs_default(struct pa_knobs *knobs)
{
	*knobs = (struct pa_knobs){
		.khugepaged = true,
		.watermark_scale_factor = 10,
		.watermark_boost_factor = 15000,
		.lowmem_reserve_ratio = { 256, 256, 32, 0, 0 },
		.extfrag_threshold = 500,
		.compaction_proactiveness = 20,
	};
}

void pa_knobs_of(const struct pa_policy *policy, struct pa_knobs *knobs)
{
	const struct pa_rules *rules = pa_rules_find(policy->name);

	pa_knobs_default(knobs);
	if (rules && rules->old_marks)
		knobs->lowmem_reserve_ratio[PA_ZONE_HIGHMEM] = 32;
}

bool pa_knob_known(const struct pa_policy *policy, const char *name)
{
	const struct pa_rules *rules = policy ? pa_rules_find(policy->name) : NULL;
	const struct {
		const char *name;
		bool known;
	} knobs[] = {
		{ "min_free_kbytes", rules && rules->min_free_most },
		{ "lowmem_reserve_ratio", rules && !rules->sum_marks },
		{ "watermark_scale_factor", rules && !rules->sum_marks && !rules->old_marks },
		{ "watermark_boost_factor", rules && rules->nofragment },
		{ "percpu_pagelist_high_fraction", rules && rules->pcp_lists != PA_PCP_NONE },
		{ "extfrag_threshold", rules && rules->suits != PA_SUITS_NEVER },
		{ "compaction_proactiveness", rules && rules->proactive },
		{ "defrag_mode", rules && rules->defrag_mode },
	};

	for (size_t i = 0; i < sizeof(knobs) / sizeof(knobs[0]); i++) {
		if (pa_same_name(knobs[i].name, name))
			return knobs[i].known;
	}
	return false;
}

bool pa_knobs_valid(const struct pa_policy *policy, const struct pa_knobs *knobs, const char **name,
		    uint32_t *low, uint32_t *high)
{
	const struct pa_rules *rules = policy ? pa_rules_find(policy->name) : NULL;

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		const struct range *r = &ranges[i];
		uint32_t value = *(const uint32_t *)((const char *)knobs + r->offset),
			 most = r->high;

		if (r->offset == offsetof(struct pa_knobs, defrag_mode) && rules &&
		    !rules->defrag_mode)
			most = 0;
		if ((value >= r->low && value <= most) || (!value && r->or_zero))
			continue;
		if (name)
			*name = r->name;
		if (low)
			*low = r->low;
		if (high)
			*high = most;
		return false;
	}
	return true;
}

const struct pa_knobs *pa_get_knobs(const struct pa *pa)
{
	return pa_req(pa) ? &pa_req(pa)->knobs : NULL;
}

int pa_set_knobs(struct pa *pa, const struct pa_knobs *knobs)
{
	if (!pa_req(pa) || !pa_knobs_valid(pa_version(pa), knobs, NULL, NULL, NULL))
		return -EINVAL;
	pa_req(pa)->knobs = *knobs;
	pa->boost_factor = knobs->watermark_boost_factor;
	return pa_setup_wmarks(pa);
}

int pa_setup_wmarks(struct pa *pa)
{
	if (!pa_req(pa))
		return -EINVAL;
	pa_setup_marks(pa);
	pa_setup_reserve(pa);
	pa_setup_fair(pa);
	pa_setup_pcps(pa);
	for (uint32_t i = 0; i < pa->nr_zones; i++)
		pa_reserve_pageblocks(pa, i, pa_zone_req(pa, i)->wmark[PA_WMARK_MIN]);
	return 0;
}
