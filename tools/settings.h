/* SPDX-License-Identifier: GPL-2.0-only */
/* The vm.* settings of the core, by the names that sysctl has for them. */
#ifndef TOOLS_SETTINGS_H
#define TOOLS_SETTINGS_H

#include <stddef.h>

#include "core/pa.h"

/* Where in @knobs the setting "vm.KEY" is; NULL: there is none of that name, or it is a list. */
uint32_t *settings_at(struct pa_knobs *knobs, const char *name);

/*
 * What vm.lowmem_reserve_ratio holds: one to five numbers from ZONE_DMA up, with blanks or commas.
 * The rest of @ratio stays.  0 or -EINVAL, then @ratio is untouched.
 */
int settings_ratios(const char *text, uint32_t *ratio);

/*
 * Apply "vm.KEY=VALUE" to @knobs, as a kernel of @policy would take it; "vm." may be left out.
 * khugepaged, which is no sysctl, takes 0 or 1.
 *
 * Return: 0, or -EINVAL with @knobs untouched and in @why what is wrong and what is accepted.
 */
int settings_apply(struct pa_knobs *knobs, const struct pa_policy *policy, const char *text,
		   char *why, size_t len);

#endif /* TOOLS_SETTINGS_H */
