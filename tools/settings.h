/* SPDX-License-Identifier: GPL-2.0-only */
/* The vm.* settings of the core, by the names that sysctl has for them. */
#ifndef TOOLS_SETTINGS_H
#define TOOLS_SETTINGS_H

#include <stddef.h>

#include "core/pa.h"

/*
 * Apply "vm.KEY=VALUE" to @knobs, as a kernel of @policy would take it.  vm.lowmem_reserve_ratio
 * takes one to five values with commas, from ZONE_DMA up; khugepaged, which is no sysctl, 0 or 1.
 *
 * Return: 0, or -EINVAL with @knobs untouched and in @why what is wrong and what is accepted.
 */
int settings_apply(struct pa_knobs *knobs, const struct pa_policy *policy, const char *text,
		   char *why, size_t len);

#endif /* TOOLS_SETTINGS_H */
