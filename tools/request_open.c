/* SPDX-License-Identifier: GPL-2.0-only */
/* Building request mode's machine: from a trace's header, or as --mem and --zones describe it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request_whatif.h"
#include "settings.h"
#include "util.h"

#define MB_PAGES (UINT64_C(1) << 8) /* pages of 4 KiB */

/* -------------------------------------------------------------------------
 * Settings
 */

int request_add_set(struct request_options *opt, const char *text)
{
	if (opt->nr_sets == REQUEST_MAX_SETS)
		return -E2BIG;
	opt->set[opt->nr_sets++] = text;
	return 0;
}

static bool is_reserve_ratio(const struct trace_pair *pair)
{
	return !strcmp(pair->name, "vm.lowmem_reserve_ratio") && pair->text;
}

/*
 * Who reads vm.lowmem_reserve_ratio has lowmem_reserve[] worked out anew, from the pages that zones
 * manage by then (lowmem_reserve_ratio_sysctl_handler @ 2.6.11 .. 7.3, which asks for no write).
 * What boot left there was of fewer: it frees memory later.  A trace that has the ratios comes from
 * a recorder that read them, whatever it had found in the zones before.
 */
static bool has_fresh_reserve(const struct trace_meta *meta)
{
	for (size_t i = 0; i < meta->sysctl.n; i++)
		if (is_reserve_ratio(&meta->sysctl.v[i]))
			return true;
	return false;
}

/* What the trace says of its kernel's settings. */
static void knobs_of_trace(const struct trace_meta *meta, struct pa_knobs *knobs)
{
	uint32_t *knob;

	pa_knobs_default(knobs);
	for (size_t i = 0; i < meta->sysctl.n; i++) {
		knob = settings_at(knobs, meta->sysctl.v[i].name);
		if (knob)
			*knob = (uint32_t)meta->sysctl.v[i].value;
		else if (is_reserve_ratio(&meta->sysctl.v[i]))
			settings_ratios(meta->sysctl.v[i].text, knobs->lowmem_reserve_ratio);
	}
}

static int choose_settings(struct request *r, char *why, size_t len)
{
	int err = 0;

	knobs_of_trace(r->meta, &r->knobs);
	if (!pa_knobs_valid(r->policy, &r->knobs, NULL, NULL, NULL)) {
		r->knobs.defrag_mode =
			0; /* of a kernel that has it, under a policy that does not */
		if (!pa_knobs_valid(r->policy, &r->knobs, NULL, NULL, NULL)) {
			snprintf(why, len, "the trace's vm sysctls are out of range");
			return -EINVAL;
		}
	}
	r->recorded = r->knobs;
	for (uint32_t i = 0; i < r->opt.nr_sets && !err; i++)
		err = settings_apply(&r->knobs, r->policy, r->opt.set[i], why, len);
	return err;
}

/* -------------------------------------------------------------------------
 * Zones
 */

static int type_of_zone(const char *name)
{
	for (int t = 0; t < PA_NR_ZONE_TYPES; t++)
		if (!strcmp(name, pa_zone_type_name(t)))
			return t;
	return -1;
}

static int zones_of_trace(struct request *r, struct pa_config *cfg, struct pa_zone_config *zones,
			  char *why, size_t len)
{
	const struct trace_zone *from;
	int type;

	for (uint32_t i = 0; i < r->meta->nr_zones; i++) {
		from = &r->meta->zone[i];
		if (!from->spanned || from->id >= TRACE_MAX_ZONES)
			continue;
		type = type_of_zone(from->name);
		if (type < 0) {
			snprintf(why, len, "zone \"%s\" is none the core allocates from",
				 from->name);
			return -EINVAL;
		}
		zones[cfg->nr_zones++] = (struct pa_zone_config){
			.start_pfn = from->start_pfn,
			.spanned = from->spanned,
			.managed = from->managed,
			.present = from->present,
			.wmark = { from->min, from->low, from->high },
			.node = from->node,
			.type = (uint32_t)type,
		};
	}
	return 0;
}

/* x86's memory map without its holes: DMA below 16 MB, DMA32 below 4 GB, NORMAL. */
static void zones_of_size(uint64_t pages, struct pa_config *cfg, struct pa_zone_config *zones)
{
	static const uint64_t limits[] = { 16 * MB_PAGES, 4096 * MB_PAGES, UINT64_MAX };
	uint64_t from = 1, end;

	for (uint32_t t = PA_ZONE_DMA; t <= PA_ZONE_NORMAL && from < pages; t++, from = end) {
		end = pages < limits[t] ? pages : limits[t];
		zones[cfg->nr_zones++] = (struct pa_zone_config){
			.start_pfn = from, .spanned = end - from, .managed = end - from, .type = t
		};
	}
}

/* "DMA=16M,Normal=496M": one after another from frame 1 on. */
static int zones_described(const char *text, struct pa_config *cfg, struct pa_zone_config *zones,
			   char *why, size_t len)
{
	uint64_t from = 1, bytes, end = 0;
	char name[TRACE_NAME], size[TRACE_NAME];
	int used, type;

	while (cfg->nr_zones < PA_NR_ZONE_TYPES &&
	       sscanf(text, "%31[A-Za-z0-9]=%31[A-Za-z0-9]%n", name, size, &used) == 2) {
		type = type_of_zone(name);
		if (type < 0 || parse_size(size, &bytes) || bytes < 4096 ||
		    bytes >> 12 > UINT32_MAX)
			break;
		end += bytes >> 12;
		zones[cfg->nr_zones++] = (struct pa_zone_config){ .start_pfn = from,
								  .spanned = end - from,
								  .managed = end - from,
								  .type = (uint32_t)type };
		from = end;
		text += used;
		if (!*text)
			return 0;
		if (*text++ != ',')
			break;
	}
	snprintf(why, len, "--zones is NAME=SIZE,..., such as DMA=16M,DMA32=496M; \"%s\" is not",
		 text);
	return -EINVAL;
}

/* Boot: every page is freed, largest blocks first, as memblock_free_all leaves it. */
static int free_all(struct request *r, const struct pa_config *cfg)
{
	unsigned int top = cfg->nr_orders - 1;

	for (uint32_t z = 0; z < cfg->nr_zones; z++) {
		uint64_t pfn = cfg->zones[z].start_pfn, end = pfn + cfg->zones[z].spanned;

		while (pfn < end) {
			unsigned int order = 0;

			while (order < top && !(pfn & (UINT64_C(1) << order)) &&
			       pfn + (UINT64_C(2) << order) <= end)
				order++;
			if (pa_free_block(r->pa, pfn, order, PA_MOVABLE, 0, -1))
				return -EINVAL;
			pfn += UINT64_C(1) << order;
		}
	}
	return 0;
}

/* Is it only per-cpu lists and the like that the core cannot give this policy? */
static bool has_no_requests(const struct pa_config *cfg)
{
	struct pa_config without = *cfg;

	without.cpus = 0;
	return pa_size(&without);
}

static int build(struct request *r, char *why, size_t len)
{
	struct pa_zone_config zones[TRACE_MAX_ZONES];
	struct pa_config cfg = {
		.policy = r->policy,
		.zones = zones,
		.nr_orders = r->meta->nr_orders,
		.pageblock_order = r->meta->pageblock_order,
		.boost_factor = r->knobs.watermark_boost_factor,
		.cpus = r->opt.cpus ? r->opt.cpus : r->meta->cpus,
		.knobs = &r->knobs,
	};
	size_t size;
	int err = 0;

	if (r->opt.zones)
		err = zones_described(r->opt.zones, &cfg, zones, why, len);
	else if (r->opt.mem)
		zones_of_size(r->opt.mem >> r->meta->page_shift, &cfg, zones);
	else
		err = zones_of_trace(r, &cfg, zones, why, len);
	if (err)
		return err;
	if (!cfg.cpus) {
		snprintf(why, len, "the trace does not say how many CPUs there were (use --cpus)");
		return -EINVAL;
	}
	r->core_cpus = cfg.cpus;
	r->nr_cpus = r->meta->cpus ? r->meta->cpus : cfg.cpus;
	r->res.zones = cfg.nr_zones;
	for (uint32_t z = 0; z < cfg.nr_zones; z++) {
		r->res.zone_start[z] = zones[z].start_pfn;
		r->res.zone_end[z] = zones[z].start_pfn + zones[z].spanned;
		if (r->res.zone_end[z] >= NO_PAGE) {
			snprintf(why, len, "more than 16 TiB of memory");
			return -EINVAL;
		}
	}
	size = pa_size(&cfg);
	if (!size && has_no_requests(&cfg)) {
		snprintf(why, len, "policy %s has no request level", r->policy->name);
		return -ENOTSUP;
	}
	if (!size) {
		snprintf(why, len,
			 r->described ? "the core cannot hold the machine described" :
					"the core cannot hold the zones of this header");
		return -EINVAL;
	}
	r->mem = malloc(size);
	if (!r->mem)
		return -ENOMEM;
	if (pa_init(r->mem, size, &cfg, &r->pa) || (r->described && free_all(r, &cfg))) {
		snprintf(why, len, "the core refuses the zones");
		return -EINVAL;
	}
	return 0;
}

/* What the header says of a zone beyond its marks. */
static void set_zones(struct request *r)
{
	const struct trace_zone *from;
	struct pa_zone_state state;
	bool fresh = has_fresh_reserve(r->meta);
	uint32_t zone = 0, i, t;

	for (i = 0; i < r->meta->nr_zones; i++) {
		from = &r->meta->zone[i];
		if (!from->spanned || from->id >= TRACE_MAX_ZONES)
			continue;
		r->zone_at[from->id] = (int)zone;
		r->zones[zone] = (struct run_zone){
			.start = from->start_pfn,
			.end = from->start_pfn + from->spanned,
			.frame0 = r->nr_frames,
			.trace_id = from->id,
		};
		r->nr_frames += from->spanned;
		zone++;
		if (r->described || pa_zone_get(r->pa, zone - 1, &state))
			continue;
		for (t = 0; !fresh && t < from->nr_lowmem_reserve && t < PA_NR_ZONE_TYPES; t++)
			state.lowmem_reserve[t] = (uint64_t)from->lowmem_reserve[t];
		state.boost = from->boost;
		state.nr_reserved_highatomic = from->nr_reserved_highatomic;
		pa_zone_set(r->pa, zone - 1, &state);
	}
	r->nr_zones = zone;
}

/* -------------------------------------------------------------------------
 * All of it
 */

static int choose_policy(struct request *r, char *why, size_t len)
{
	r->res.first_high = UINT64_MAX;
	r->kernel = replay_policy(r->meta, &r->res.policy_from);
	r->policy = r->kernel;
	if (r->opt.policy) {
		r->res.policy_from = "option";
		r->policy = pa_policy_find(r->opt.policy);
	}
	if (!r->kernel)
		r->kernel = r->policy;
	if (!r->policy) {
		snprintf(why, len, "no policy is known for kernel \"%s\" (name one with --policy)",
			 r->meta->kernel);
		return -ENOENT;
	}
	r->res.policy = r->policy;
	r->described = r->opt.mem || r->opt.zones;
	r->res.described = r->described;
	r->res.changed = r->opt.what_if || r->policy != r->kernel || r->opt.nr_sets ||
			 r->described || (r->opt.cpus && r->opt.cpus != r->meta->cpus);
	return 0;
}

static void name_types(struct request *r)
{
	memset(r->mt, NO_MT, sizeof(r->mt));
	for (uint32_t i = 0; i < r->meta->nr_mt && i < TRACE_MAX_MT; i++)
		for (uint32_t mt = 0; mt < PA_NR_MT; mt++)
			if (!strcmp(r->meta->mt[i], pa_mt_name(mt)))
				r->mt[i] = (uint8_t)mt;
}

static void name_gfp(struct request *r)
{
	for (size_t i = 0; i < r->meta->gfp.n; i++) {
		uint32_t bit = pa_gfp_bit(r->meta->gfp.v[i].name);
		uint32_t mask = (uint32_t)r->meta->gfp.v[i].value;

		for (uint32_t byte = 0; byte < 4; byte++)
			for (uint32_t v = 0; v < 256; v++)
				if (mask && (v & mask >> 8 * byte) &&
				    mask >> 8 * byte << 8 * byte == mask)
					r->gfp[byte][v] |= bit;
	}
}

/* Were pushes to per-cpu lists recorded? */
static bool has_pushes(const struct trace_meta *meta)
{
	return trace_pairs_get(&meta->sites, "fentry:free_unref_page_commit", 0) > 0 ||
	       trace_pairs_get(&meta->sites, "fentry:free_frozen_page_commit", 0) > 0;
}

static int open_owners(struct request *r)
{
	uint64_t n = 0;

	for (uint32_t z = 0; z < r->res.zones; z++)
		n = r->res.zone_end[z] > n ? r->res.zone_end[z] : n;
	r->owner = malloc((size_t)(n + 1) * sizeof(*r->owner));
	if (!r->owner)
		return -ENOMEM;
	memset(r->owner, 0xff, (size_t)(n + 1) * sizeof(*r->owner));
	r->nr_owners = n;
	return oom_open(r);
}

static size_t nr_handles(const struct request *r)
{
	return (r->res.changed ? 2 : 1) * r->nr_frames + 1;
}

/*
 * Does cond_resched give way?  Distributions build kernels up to 6.12 so (PREEMPT_VOLUNTARY); what can preempt a task
 * anywhere, lazily (6.13 and later), has no use for it.
 */
static bool yields(const struct trace_meta *meta)
{
	unsigned int major, minor;

	return sscanf(meta->kernel, "%u.%u", &major, &minor) != 2 || major < 6 ||
	       (major == 6 && minor < 13);
}

int request_open(const struct trace_meta *meta, const struct request_options *opt,
		 struct request **out, char *why, size_t len)
{
	struct request *r = calloc(1, sizeof(*r));
	int err;

	if (!r) {
		snprintf(why, len, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	r->opt = *opt;
	r->meta = meta;
	r->looked_on = opt->check || opt->sample;
	r->start = NO_EVENT;
	for (uint32_t i = 0; i < TRACE_MAX_ZONES; i++)
		r->zone_at[i] = -1;
	name_types(r);
	name_gfp(r);
	err = choose_policy(r, why, len);
	if (!err)
		err = choose_settings(r, why, len);
	if (!err)
		err = build(r, why, len);
	if (!err) {
		set_zones(r);
		r->cpus = calloc(r->nr_cpus, sizeof(*r->cpus));
		r->handle = malloc(nr_handles(r) * sizeof(*r->handle));
		r->asked = malloc(r->nr_frames + 1);
		r->has_pushes = has_pushes(meta);
		r->yields = yields(meta);
		r->has_thresholds =
			trace_pairs_get(&meta->sites, "fentry:set_pgdat_percpu_threshold", 0) > 0 ||
			trace_pairs_get(&meta->sites, "fexit:set_pgdat_percpu_threshold", 0) > 0;
		err = r->cpus && r->handle && r->asked ? 0 : -ENOMEM;
	}
	if (!err && r->res.changed)
		err = open_owners(r);
	if (err) {
		if (err == -ENOMEM)
			snprintf(why, len, "%s", strerror(ENOMEM));
		request_close(r);
		return err;
	}
	memset(r->asked, NO_MT, r->nr_frames + 1);
	memset(r->handle, 0xff, nr_handles(r) * sizeof(*r->handle));
	r->next_sample = r->opt.every ? r->opt.every - 1 : NO_EVENT;
	*out = r;
	return 0;
}

const struct request_result *request_result(const struct request *r)
{
	return &r->res;
}

const struct pa *request_state(const struct request *r)
{
	return r->pa;
}

void request_close(struct request *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->nr_pcp; i++)
		free((void *)r->pcp[i].pfn);
	free(r->pcp);
	free(r->cpu);
	free(r->cpus);
	free(r->handle);
	free(r->asked);
	free(r->owner);
	free(r->use);
	oom_close(r->oom);
	recorded_close(r->rec_side);
	final_close(r->final);
	free(r->win);
	free(r->win_link);
	free(r->mem);
	free(r);
}
