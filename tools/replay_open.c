/* SPDX-License-Identifier: GPL-2.0-only */
/* Building a replay from a trace's header: the policy, the zones, the migratetypes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "replay_internal.h"

#define PAGE 4096 /* what the core lays out its links by, see pa_idle_links() */

/* The policy of a kernel that the trace does not name: the newest entry not above it. */
static const struct {
	unsigned int major, minor;
	const char *policy;
} releases[] = {
	{ 2, 4, "2.4" },     { 2, 6, "2.6.24" }, { 3, 0, "3.10" },
	{ 4, 0, "4.4" },     { 4, 12, "5.4" },	 /* the claim test counts pages of a kind */
	{ 5, 10, "5.10" },   { 5, 19, "6.1.0" }, /* zone_locked names the list used */
	{ 6, 1, "6.1" },     /* late in its stable series, as distributions ship it */
	{ 6, 10, "6.12.0" }, /* the claim returns the page */
	{ 6, 12, "6.12" },   /* late in its stable series: claim and steal apart */
	{ 6, 13, "6.12.0" }, /* 6.13 and 6.14 had no such back-port */
	{ 6, 15, "6.18" },   { 7, 2, "7.3" },
};

const struct pa_policy *replay_release_policy(const char *kernel)
{
	const struct pa_policy *found = NULL;
	unsigned int major, minor;
	size_t i;

	if (sscanf(kernel, "%u.%u", &major, &minor) != 2)
		return NULL;
	for (i = 0; i < sizeof(releases) / sizeof(releases[0]); i++)
		if (major > releases[i].major ||
		    (major == releases[i].major && minor >= releases[i].minor))
			found = pa_policy_find(releases[i].policy);
	return found;
}

const struct pa_policy *replay_policy(const struct trace_meta *meta, const char **from)
{
	const struct pa_policy *named = meta->policy[0] ? pa_policy_find(meta->policy) : NULL;

	if (from)
		*from = named ? "trace" : "kernel release";
	return named ? named : replay_release_policy(meta->kernel);
}

static int choose_policy(struct replay *r, char *why, size_t len)
{
	r->kernel = replay_policy(r->meta, &r->res.policy_from);
	r->policy = r->kernel;
	if (r->opt.policy) {
		r->res.policy_from = "option";
		r->policy = pa_policy_find(r->opt.policy);
		if (!r->policy) {
			snprintf(why, len, "there is no policy \"%s\"", r->opt.policy);
			return -ENOENT;
		}
		if (!r->kernel)
			r->kernel = r->policy;
	}
	if (!r->policy) {
		snprintf(why, len, "no policy is known for kernel \"%s\" (name one with --policy)",
			 r->meta->kernel);
		return -ENOENT;
	}
	r->res.policy = r->policy;
	return 0;
}

static int name_types(struct replay *r, char *why, size_t len)
{
	uint32_t i, mt;

	memset(r->mt, NO_MT, sizeof(r->mt));
	for (i = 0; i < r->meta->nr_mt && i < TRACE_MAX_MT; i++) {
		for (mt = 0; mt < PA_NR_MT; mt++)
			if (!strcmp(r->meta->mt[i], pa_mt_name(mt)))
				r->mt[i] = mt;
		if (r->mt[i] == NO_MT) {
			snprintf(why, len, "migratetype \"%s\" is none the core knows",
				 r->meta->mt[i]);
			return -EINVAL;
		}
	}
	return 0;
}

/* Zones without pages, as most kernels have some, are left out. */
static int build_zones(struct replay *r, char *why, size_t len)
{
	struct pa_zone_config zones[TRACE_MAX_ZONES];
	struct pa_config cfg = {
		.policy = r->policy,
		.zones = zones,
		.nr_orders = r->meta->nr_orders,
		.pageblock_order = r->meta->pageblock_order,
		.boost_factor = (uint32_t)trace_pairs_get(&r->meta->sysctl,
							  "vm.watermark_boost_factor", 15000),
		.zeroed = true,
	};
	const struct trace_zone *from;
	uint32_t i;
	char *at;
	int err;

	r->zones = calloc(TRACE_MAX_ZONES, sizeof(*r->zones));
	if (!r->zones)
		return -ENOMEM;
	for (i = 0; i < TRACE_MAX_ZONES; i++)
		r->zone_at[i] = -1;
	for (i = 0; i < r->meta->nr_zones; i++) {
		from = &r->meta->zone[i];
		if (!from->spanned || from->id >= TRACE_MAX_ZONES)
			continue;
		zones[cfg.nr_zones] = (struct pa_zone_config){
			.start_pfn = from->start_pfn,
			.spanned = from->spanned,
			.managed = from->managed,
			.wmark = { from->min, from->low, from->high },
			.node = from->node,
		};
		r->zones[cfg.nr_zones] = (struct zone_state){
			.start = from->start_pfn,
			.end = from->start_pfn + from->spanned,
			.trace_id = from->id,
			.last_cpu = UINT32_MAX,
			.open_cpu = UINT32_MAX,
		};
		r->zone_at[from->id] = (int)cfg.nr_zones++;
	}
	r->nr_zones = cfg.nr_zones;
	r->res.zones = cfg.nr_zones;

	r->mem_size = pa_size(&cfg);
	if (!r->mem_size) {
		snprintf(why, len, "the core cannot hold the zones of this header");
		return -EINVAL;
	}
	/* Of a large one the kernel zeroes what is touched. */
	r->mem = calloc(1, r->mem_size + PAGE);
	if (!r->mem)
		return -ENOMEM;
	at = (char *)r->mem + (-(uintptr_t)r->mem & (PAGE - 1));
	err = pa_init(at, r->mem_size, &cfg, &r->pa);
	r->mem_size += PAGE;
	if (err) {
		snprintf(why, len, "the core refuses the zones of this header");
		return -EINVAL;
	}
	return 0;
}

int replay_open(const struct trace_meta *meta, const struct replay_options *opt,
		struct replay **out, char *why, size_t len)
{
	const char *movable = "__GFP_MOVABLE";
	struct replay *r;
	int err;

	r = calloc(1, sizeof(*r));
	if (!r) {
		snprintf(why, len, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	r->opt = *opt;
	r->meta = meta;
	r->gfp_movable = (uint32_t)trace_pairs_get(&meta->gfp, movable, 0);
	r->inserts_unlocked = strcmp(meta->tier, "fentry") && strcmp(meta->tier, "kprobe");
	r->reporting_order =
		(unsigned int)trace_pairs_get(&r->meta->sysctl, REPORTING_ORDER, PA_MAX_ORDERS);
	r->infers_ranges = r->inserts_unlocked &&
			   !trace_pairs_get(&meta->sites, "hands:mm_compaction_begin", 1) &&
			   !trace_pairs_get(&meta->sites, "fexit:__isolate_free_page", 1);
	r->res.decisions_hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a's start */

	err = choose_policy(r, why, len);
	for (unsigned int order = 0; !err && order < PA_MAX_ORDERS; order++)
		r->pcp_orders |= (uint32_t)pa_pcp_holds(r->kernel, order, meta->pageblock_order)
				 << order;
	if (!err)
		err = name_types(r, why, len);
	if (!err)
		err = build_zones(r, why, len);
	if (err) {
		if (err == -ENOMEM)
			snprintf(why, len, "%s", strerror(ENOMEM));
		replay_close(r);
		return err;
	}
	*out = r;
	return 0;
}

/* What lies in whole pages between the two is not needed any more. */
static void give_back(char *from, char *to)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	from += -(uintptr_t)from & (page - 1);
	to -= (uintptr_t)to & (page - 1);
	if (from < to)
		madvise(from, (size_t)(to - from), MADV_DONTNEED);
}

void replay_trim(struct replay *r, uint64_t nr)
{
	uint64_t size = UINT64_C(1) << r->meta->pageblock_order;
	char *from = NULL, *to = NULL, *base = (char *)r->pa;
	size_t at, len;

	for (; nr && r->nr_zones; nr--) {
		if (r->trim_pfn >= r->zones[r->trim_zone].end) {
			r->trim_zone = (r->trim_zone + 1) % r->nr_zones;
			r->trim_pfn = r->zones[r->trim_zone].start;
		}
		if (pa_idle_links(r->pa, r->trim_pfn, &at, &len)) {
			if (to != base + at) { /* runs make for fewer calls */
				give_back(from, to);
				from = base + at;
			}
			to = base + at + len;
		}
		r->trim_pfn = (r->trim_pfn | (size - 1)) + 1;
	}
	give_back(from, to);
}

const struct replay_result *replay_result(const struct replay *r)
{
	return &r->res;
}

const struct pa *replay_state(const struct replay *r)
{
	return r->pa;
}

void replay_close(struct replay *r)
{
	if (!r)
		return;
	for (uint32_t i = 0; r->zones && i < r->nr_zones; i++) {
		free(r->zones[i].known);
	}
	free(r->zones);
	free(r->cpus);
	final_close(r->final);
	free(r->kept[0]);
	free(r->kept[1]);
	free(r->mem);
	free(r->trial);
	free(r);
}
