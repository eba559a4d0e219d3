/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "settings.h"
#include "util.h"

#define NR(table) (sizeof(table) / sizeof((table)[0]))

#define SETTING(field)                                                                             \
	{                                                                                          \
		"vm." #field, offsetof(struct pa_knobs, field)                                     \
	}

static const struct setting {
	const char *name;
	size_t offset; /* of a uint32_t in struct pa_knobs */
} settings[] = {
	SETTING(min_free_kbytes),
	SETTING(watermark_scale_factor),
	SETTING(watermark_boost_factor),
	SETTING(percpu_pagelist_high_fraction),
	SETTING(extfrag_threshold),
	SETTING(compaction_proactiveness),
	SETTING(defrag_mode),
};

static int refuse_name(const char *name, char *why, size_t len)
{
	int at = snprintf(why, len, "%s: no such setting (", name);
	size_t i;

	for (i = 0; i < NR(settings) && at > 0 && (size_t)at < len; i++)
		at += snprintf(why + at, len - (size_t)at, "%s, ", settings[i].name + 3);
	if (at > 0 && (size_t)at < len)
		snprintf(why + at, len - (size_t)at, "lowmem_reserve_ratio, khugepaged)");
	return -EINVAL;
}

/* "256,256,32,0,0" */
static int apply_ratios(struct pa_knobs *knobs, const char *text, char *why, size_t len)
{
	struct pa_knobs changed = *knobs;
	char copy[80], *rest = copy, *one;
	uint64_t value;
	size_t i;

	if (strlen(text) >= sizeof(copy))
		text = "";
	strcpy(copy, text);
	for (i = 0; (one = strsep(&rest, ",")); i++) {
		if (i == PA_NR_ZONE_TYPES || parse_u64(one, 0, UINT32_MAX, &value)) {
			snprintf(why, len,
				 "vm.lowmem_reserve_ratio: takes one to %d numbers with commas,"
				 " from ZONE_DMA up (0 to %" PRIu32 ")",
				 PA_NR_ZONE_TYPES, UINT32_MAX);
			return -EINVAL;
		}
		changed.lowmem_reserve_ratio[i] = (uint32_t)value;
	}
	*knobs = changed;
	return 0;
}

static int apply_number(struct pa_knobs *knobs, const struct pa_policy *policy,
			const struct setting *s, const char *text, char *why, size_t len)
{
	struct pa_knobs changed;
	uint32_t low, high;
	uint64_t value;
	int err;

	err = parse_u64(text, 0, UINT32_MAX, &value);
	/* Whatever else is wrong with @knobs, this one's range is what is asked for. */
	pa_knobs_default(&changed);
	*(uint32_t *)((char *)&changed + s->offset) = err ? UINT32_MAX : (uint32_t)value;
	if (pa_knobs_valid(policy, &changed, NULL, &low, &high)) {
		*(uint32_t *)((char *)knobs + s->offset) = (uint32_t)value;
		return 0;
	}
	snprintf(why, len,
		 "%s=%s: out of range under policy %s (%" PRIu32 " to %" PRIu32 " accepted)",
		 s->name, text, policy->name, low, high);
	return -EINVAL;
}

int settings_apply(struct pa_knobs *knobs, const struct pa_policy *policy, const char *text,
		   char *why, size_t len)
{
	const char *value = strchr(text, '=');
	char name[64];
	size_t i;

	if (!value || (size_t)(value - text) >= sizeof(name)) {
		snprintf(why, len, "%.64s: not a setting (vm.KEY=VALUE)", text);
		return -EINVAL;
	}
	memcpy(name, text, (size_t)(value - text));
	name[value++ - text] = '\0';
	if (!strcmp(name, "vm.lowmem_reserve_ratio"))
		return apply_ratios(knobs, value, why, len);
	if (!strcmp(name, "khugepaged")) {
		if (strcmp(value, "0") && strcmp(value, "1")) {
			snprintf(why, len, "khugepaged=%s: 0 or 1 is accepted", value);
			return -EINVAL;
		}
		knobs->khugepaged = *value == '1';
		return 0;
	}
	for (i = 0; i < NR(settings); i++)
		if (!strcmp(settings[i].name, name))
			return apply_number(knobs, policy, &settings[i], value, why, len);
	return refuse_name(name, why, len);
}
