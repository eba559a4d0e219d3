/* SPDX-License-Identifier: GPL-2.0-only */
/* Which settings bear on a failure, and why; as a table of reasons, with the report's numbers. */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "explain.h"

__attribute__((format(printf, 3, 4))) static void add(struct explain_report *rep, const char *name,
						      const char *fmt, ...)
{
	struct explain_setting *s = &rep->settings[rep->nr_settings];
	va_list ap;

	if (rep->nr_settings == EXPLAIN_MAX_SETTINGS)
		return;
	rep->nr_settings++;
	s->name = name;
	va_start(ap, fmt);
	vsnprintf(s->why, sizeof(s->why), fmt, ap);
	va_end(ap);
}

/* The min marks are min_free_kbytes, shared out: __setup_per_zone_wmarks. */
static uint64_t min_sum(const struct explain_report *rep)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < rep->nr_zones; i++) {
		const struct explain_zone *z = &rep->zones[i];

		if (z->type >= 0 && z->type <= PA_ZONE_NORMAL)
			sum += z->min > z->boost ? z->min - z->boost : 0;
	}
	return sum;
}

static bool boosted(const struct explain_report *rep)
{
	for (unsigned int i = 0; i < rep->nr_zones; i++)
		if (rep->zones[i].boost)
			return true;
	return false;
}

/* Is the kernel of this report that new?  One that is not told is taken for new. */
static bool since(const struct explain_report *rep, unsigned int major, unsigned int minor)
{
	unsigned int its_major, its_minor;

	if (sscanf(rep->kernel, "%u.%u", &its_major, &its_minor) != 2)
		return true;
	return its_major > major || (its_major == major && its_minor >= minor);
}

static void low_memory(struct explain_report *rep)
{
	bool waits = rep->gfp & PA_GFP_DIRECT_RECLAIM;

	if (!waits)
		add(rep, "vm.min_free_kbytes",
		    "this request cannot wait for reclaim and lives on what is kept below the marks;"
		    " a larger value keeps more (the min marks shown add up to %" PRIu64 " kB)",
		    min_sum(rep));
	else
		add(rep, "vm.min_free_kbytes",
		    "it is what the min marks are made of (those shown add up to %" PRIu64
		    " kB); too large a value makes memory short by itself",
		    min_sum(rep));
	if (since(rep, 4, 6))
		add(rep, "vm.watermark_scale_factor",
		    "a larger value has kswapd start earlier and free more before requests fall to the"
		    " min mark");
	if (rep->swap_told && !rep->swap_total)
		add(rep, "swap", "there is none: anonymous memory and tmpfs cannot be reclaimed");
	else if (rep->swap_told && rep->swap_free < rep->swap_total / 100)
		add(rep, "swap", "%" PRIu64 " of %" PRIu64 " kB are left", rep->swap_free,
		    rep->swap_total);
	if (rep->kind == EXPLAIN_OOM)
		add(rep, "memory.max of cgroups",
		    "a limit on the groups that grow has them reclaim, or lose a process, before"
		    " the whole machine does");
	if (boosted(rep))
		add(rep, "vm.watermark_boost_factor",
		    "min, low and high shown contain a boost after fallbacks; 0 switches it off");
}

static void fragmented(struct explain_report *rep)
{
	const struct explain_zone *z = rep->zone < 0 ? NULL : &rep->zones[rep->zone];

	if (rep->order > PA_COSTLY_ORDER && z && z->fragmentation >= 0)
		add(rep, "vm.extfrag_threshold",
		    "above order 3 compaction is tried only if the fragmentation index is above it"
		    " (500 unless set); here it is %d",
		    z->fragmentation);
	if (since(rep, 5, 9))
		add(rep, "vm.compaction_proactiveness",
		    "a larger value compacts in the background before large blocks are asked for");
	add(rep, "vm.min_free_kbytes",
	    "more free memory leaves compaction room and keeps types apart (the min marks shown"
	    " add up to %" PRIu64 " kB)",
	    min_sum(rep));
	if (since(rep, 5, 0))
		add(rep, "vm.watermark_boost_factor",
		    "reclaims after each fallback, so that fewer types mix in one pageblock");
	if (since(rep, 6, 15))
		add(rep, "vm.defrag_mode",
		    "1 keeps types out of each other's pageblocks at the cost of more compaction");
	if (since(rep, 4, 6) && !(rep->gfp & PA_GFP_DIRECT_RECLAIM))
		add(rep, "vm.watermark_scale_factor",
		    "this request cannot compact by itself; the earlier kswapd and kcompactd wake,"
		    " the more blocks are ready");
}

static void cgroup(struct explain_report *rep)
{
	if (rep->memcg_v1) {
		add(rep, "memory.limit_in_bytes", "the limit that was reached");
		add(rep, "memory.memsw.limit_in_bytes", "the limit on memory and swap together");
		return;
	}
	add(rep, "memory.max", "the limit that was reached, of this group or one above it");
	add(rep, "memory.high",
	    "set below memory.max, it slows and reclaims before the OOM killer");
	add(rep, "memory.swap.max", "what the group may put to swap instead");
	add(rep, "memory.oom.group", "1 has all of the group killed, not one process of it");
}

static void places(struct explain_report *rep)
{
	add(rep, "cpuset.mems", "the nodes that the task's cgroup may take memory from");
	add(rep, "set_mempolicy(2), mbind(2), numactl",
	    "a bind policy fails, or kills, when its nodes are full; preferred and interleave do"
	    " not");
}

void explain_advise(struct explain_report *rep)
{
	switch (rep->reason) {
	case EXPLAIN_MEMCG:
		cgroup(rep);
		return;
	case EXPLAIN_FRAGMENTED:
		fragmented(rep);
		return;
	case EXPLAIN_TYPE:
		fragmented(rep);
		add(rep, "cma=, hugetlb_cma=", "boot parameters: what is set aside for CMA");
		return;
	case EXPLAIN_CMA:
		add(rep, "cma=, hugetlb_cma=",
		    "boot parameters: only movable requests may use what is set aside for CMA");
		break;
	case EXPLAIN_RESERVE:
		add(rep, "vm.lowmem_reserve_ratio",
		    "a larger ratio has lower zones keep less from requests that could use higher"
		    " ones");
		break;
	case EXPLAIN_NODES:
		places(rep);
		break;
	case EXPLAIN_ZONE:
		add(rep, "movablecore=, kernelcore=, movable_node",
		    "boot parameters that size ZONE_MOVABLE, where unmovable requests get nothing");
		break;
	case EXPLAIN_FORCED:
	case EXPLAIN_UNKNOWN:
		return;
	default:
		break;
	}
	low_memory(rep);
}
