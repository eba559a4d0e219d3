/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "settings.h"
#include "util.h"

#define NR(table) (sizeof(table) / sizeof((table)[0]))
#define VM 3 /* strlen("vm.") */

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
	int at = snprintf(why, len, "vm.%s: no such setting (", name);
	size_t i;

	for (i = 0; i < NR(settings) && at > 0 && (size_t)at < len; i++)
		at += snprintf(why + at, len - (size_t)at, "%s, ", settings[i].name + VM);
	if (at > 0 && (size_t)at < len)
		snprintf(why + at, len - (size_t)at, "lowmem_reserve_ratio, khugepaged)");
	return -EINVAL;
}

static const struct setting *find(const char *name)
{
	for (size_t i = 0; i < NR(settings); i++)
		if (!strcmp(settings[i].name + VM, name))
			return &settings[i];
	return NULL;
}

uint32_t *settings_at(struct pa_knobs *knobs, const char *name)
{
	const struct setting *s = strncmp(name, "vm.", VM) ? NULL : find(name + VM);

	return s ? (uint32_t *)((char *)knobs + s->offset) : NULL;
}

int settings_ratios(const char *text, uint32_t *ratio)
{
	uint32_t changed[PA_NR_ZONE_TYPES];
	char word[16];
	size_t n = 0, len;
	uint64_t v;

	while (*text) {
		len = strcspn(text, " \t,");
		if (len) {
			if (n == PA_NR_ZONE_TYPES || len >= sizeof(word))
				return -EINVAL;
			memcpy(word, text, len);
			word[len] = '\0';
			if (parse_u64(word, 0, INT32_MAX, &v))
				return -EINVAL;
			changed[n++] = (uint32_t)v;
		}
		text += len + (text[len] != '\0');
	}
	memcpy(ratio, changed, n * sizeof(*ratio));
	return n ? 0 : -EINVAL;
}

static int apply_number(struct pa_knobs *knobs, const struct pa_policy *policy,
			const struct setting *s, const char *text, char *why, size_t len)
{
	/* 0 would ask for the default of the one, and is what the other is without. */
	bool never_zero = s->offset == offsetof(struct pa_knobs, min_free_kbytes);
	bool or_zero = s->offset == offsetof(struct pa_knobs, percpu_pagelist_high_fraction);
	struct pa_knobs changed;
	uint32_t low, high;
	uint64_t value;

	/* What is no number, or too large for one, is out of range, whatever that is. */
	if (parse_u64(text, never_zero, UINT32_MAX, &value))
		value = UINT32_MAX;
	/* Whatever else is wrong with @knobs, this one's range is what is asked for. */
	pa_knobs_default(&changed);
	*(uint32_t *)((char *)&changed + s->offset) = (uint32_t)value;
	if (pa_knobs_valid(policy, &changed, NULL, &low, &high)) {
		*(uint32_t *)((char *)knobs + s->offset) = (uint32_t)value;
		return 0;
	}
	snprintf(why, len,
		 "%s=%s: out of range under policy %s (%s%" PRIu32 " to %" PRIu32 " accepted)",
		 s->name, text, policy->name, or_zero ? "0, or " : "", never_zero ? 1 : low, high);
	return -EINVAL;
}

int settings_apply(struct pa_knobs *knobs, const struct pa_policy *policy, const char *text,
		   char *why, size_t len)
{
	const char *from = strncmp(text, "vm.", VM) ? text : text + VM, *value = strchr(from, '=');
	const struct setting *s;
	char name[64];

	if (!value || (size_t)(value - from) >= sizeof(name)) {
		snprintf(why, len, "%.64s: not a setting (vm.KEY=VALUE)", text);
		return -EINVAL;
	}
	memcpy(name, from, (size_t)(value - from));
	name[value++ - from] = '\0';
	if (!strcmp(name, "lowmem_reserve_ratio")) {
		if (!settings_ratios(value, knobs->lowmem_reserve_ratio))
			return 0;
		snprintf(why, len,
			 "vm.%s: takes 1 to %d numbers with blanks or commas, from ZONE_DMA up"
			 " (0 to %d)",
			 name, PA_NR_ZONE_TYPES, INT32_MAX);
		return -EINVAL;
	}
	if (!strcmp(name, "khugepaged")) {
		if (strcmp(value, "0") && strcmp(value, "1")) {
			snprintf(why, len, "khugepaged=%s: 0 or 1 is accepted", value);
			return -EINVAL;
		}
		knobs->khugepaged = *value == '1';
		return 0;
	}
	s = find(name);
	return s ? apply_number(knobs, policy, s, value, why, len) : refuse_name(name, why, len);
}
