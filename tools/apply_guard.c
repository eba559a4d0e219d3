// SPDX-License-Identifier: GPL-2.0-only
/* What would show that a setting does harm: memory pressure, and requests that reclaim themselves. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "apply.h"
#include "util.h"

static FILE *open_proc(const char *root, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/proc/%s", root, name);
	return fopen(path, "re");
}

void guard_read(const char *root, struct guard *g)
{
	FILE *psi = open_proc(root, "pressure/memory"), *vmstat = open_proc(root, "vmstat");
	char line[256];
	uint64_t n;

	*g = (struct guard){ .at = now_ns() };
	while (psi && fgets(line, sizeof(line), psi))
		if (sscanf(line, "some avg10=%lf", &g->psi) == 1)
			g->has_psi = true;
	while (vmstat && fgets(line, sizeof(line), vmstat))
		if (sscanf(line, "allocstall%*[a-z0-9_] %" SCNu64, &n) == 1 ||
		    sscanf(line, "allocstall %" SCNu64, &n) == 1) /* up to 4.7 */
			g->stalls += n;
	if (psi)
		fclose(psi);
	if (vmstat)
		fclose(vmstat);
}

double guard_rate(const struct guard *from, const struct guard *to)
{
	if (to->at <= from->at || to->stalls < from->stalls)
		return 0;
	return (double)(to->stalls - from->stalls) * 1e9 / (double)(to->at - from->at);
}
