/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The request level's part of the state: measuring and building it, zones and their counters,
 * and which frames are handed out.
 */
#include <errno.h>
#include <stdalign.h>
#include <string.h>

#include "pa_req_internal.h"

#define DEFER_MAX 6 /* COMPACT_MAX_DEFER_SHIFT */

struct req_layout {
	uint64_t zones, pages, pgdat, zonelists, cpu_node, skips; /* from struct pa_req */
	uint64_t size;
	uint32_t nodes;
};

static uint64_t place(uint64_t *at, uint64_t nr, size_t size)
{
	uint64_t here = *at;

	*at = (here + nr * size + alignof(max_align_t) - 1) / alignof(max_align_t) *
	      alignof(max_align_t);
	return here;
}

static void lay_out(const struct pa_config *cfg, struct req_layout *l)
{
	uint64_t at = 0;

	l->nodes = 1;
	for (uint32_t i = 0; i < cfg->nr_zones; i++) {
		if (cfg->zones[i].node >= l->nodes)
			l->nodes = cfg->zones[i].node + 1;
	}
	for (uint32_t c = 0; cfg->cpu_node && c < cfg->cpus; c++) {
		if (cfg->cpu_node[c] >= l->nodes)
			l->nodes = cfg->cpu_node[c] + 1u;
	}
	place(&at, 1, sizeof(struct pa_req));
	l->zones = place(&at, cfg->nr_zones, sizeof(struct pa_zone_req));
	l->pages = place(&at, (uint64_t)cfg->nr_zones * cfg->cpus, sizeof(struct pa_cpu_pages));
	l->pgdat = place(&at, l->nodes, sizeof(struct pa_node));
	l->zonelists = place(&at, (uint64_t)l->nodes * PA_NR_ZONE_TYPES, cfg->nr_zones + 1);
	l->cpu_node = place(&at, cfg->cpus, 1);
	l->skips = place(&at, pa_count_blocks(cfg), 1);
	l->size = at;
}

static bool zones_valid(const struct pa_config *cfg)
{
	for (uint32_t i = 0; i < cfg->nr_zones; i++) {
		const struct pa_zone_config *z = &cfg->zones[i];

		if (z->node >= PA_MAX_NODES || z->type >= PA_NR_ZONE_TYPES)
			return false;
		if (z->wmark[0] > z->wmark[1] || z->wmark[1] > z->wmark[2])
			return false;
		for (uint32_t k = 0; k < i; k++) {
			if (cfg->zones[k].node == z->node && cfg->zones[k].type == z->type)
				return false;
		}
	}
	return true;
}

bool pa_req_plan(const struct pa_config *cfg, uint64_t *size)
{
	struct req_layout l;

	if (cfg->cpus > PA_MAX_CPUS || !pa_rules_find(cfg->policy->name) || !zones_valid(cfg))
		return false;
	if (cfg->pageblock_order <= PA_COSTLY_ORDER)
		return false;
	if (cfg->knobs && !pa_knobs_valid(cfg->policy, cfg->knobs, NULL, NULL, NULL))
		return false;
	for (uint32_t c = 0; cfg->cpu_node && c < cfg->cpus; c++) {
		if (cfg->cpu_node[c] >= PA_MAX_NODES)
			return false;
	}
	lay_out(cfg, &l);
	*size = l.size;
	return true;
}

/* GFP_ZONE_TABLE */
static void init_gfp_zones(struct pa_req *req)
{
	for (uint32_t gfp = 0; gfp < 16; gfp++) {
		int type = pa_gfp_zone_of(req->types, gfp);

		req->gfp_zones[gfp] = type < 0 ? PA_NO_ZONE : (uint8_t)type;
	}
}

/* alloc_flags_nofragment, as far as the preferred zone decides it. */
static bool starts_nofragment(const struct pa *pa, const struct pa_zone_req *zr)
{
	if (!pa_rules(pa)->nofragment)
		return false;
	if (zr->type != PA_ZONE_NORMAL || !(pa_req(pa)->types >> PA_ZONE_DMA32 & 1))
		return false;
	if (pa_req(pa)->nodes == 1)
		return true;
	for (uint32_t i = 0; i < pa->nr_zones; i++) {
		const struct pa_zone_req *other = pa_zone_req(pa, i);

		if (other->node == zr->node && other->type == PA_ZONE_DMA32 && other->present)
			return true;
	}
	return false;
}

static void init_zone_req(struct pa *pa, uint32_t zone, const struct pa_zone_config *cfg)
{
	const struct pa_queue none = { PA_NIL, PA_NIL };
	struct pa_zone_req *zr = pa_zone_req(pa, zone);
	const struct pa_zone *z = &pa_zones(pa)[zone];
	struct pa_req *req = pa_req(pa);

	memcpy(zr->wmark, cfg->wmark, sizeof(zr->wmark));
	zr->type = (uint8_t)cfg->type;
	zr->node = (uint8_t)cfg->node;
	zr->present = cfg->present ? cfg->present : cfg->managed;
	zr->threshold =
		pa_rules(pa)->exact_counter ? 0 : pa_stat_threshold(req->cpus, cfg->managed);
	zr->lru = none;
	zr->compact_migrate[0] = zr->compact_migrate[1] = cfg->start_pfn;
	zr->compact_free = cfg->start_pfn + cfg->spanned; /* nowhere yet */
	for (uint32_t cpu = 0; cpu < req->cpus; cpu++) {
		struct pa_cpu_pages *cp = pa_cpu_pages(pa, zone, cpu);

		cp->start = z->start;
		cp->pfn0 = z->pfn0;
		cp->blocks = z->blocks;
		for (unsigned int i = 0; i < PA_NR_PCP_LISTS; i++)
			cp->lists[i] = none;
	}
}

/*
 * Which types of zone this kernel was built with: x86's, of 32 bits if there is HIGHMEM.  2.4 gets
 * along with a machine's newer zones as if it knew them.
 */
static uint32_t built_in(const struct pa_config *cfg, const struct pa_rules *rules)
{
	uint32_t types = 1u << PA_ZONE_DMA | 1u << PA_ZONE_NORMAL;

	for (uint32_t i = 0; i < cfg->nr_zones; i++)
		types |= 1u << cfg->zones[i].type;
	if (rules->old_zones)
		return types;
	if (!(types >> PA_ZONE_HIGHMEM & 1))
		types |= 1u << PA_ZONE_DMA32;
	return types | 1u << PA_ZONE_MOVABLE;
}

void pa_req_init(struct pa *pa, const struct pa_config *cfg)
{
	struct pa_req *req = pa_req(pa);
	struct req_layout l;
	bool marked = false;

	lay_out(cfg, &l);
	if (cfg->knobs)
		req->knobs = *cfg->knobs;
	else
		pa_knobs_of(cfg->policy, &req->knobs);
	pa->boost_factor = cfg->knobs ? cfg->knobs->watermark_boost_factor : cfg->boost_factor;
	req->knobs.watermark_boost_factor = pa->boost_factor;
	pa->rules = (uint32_t)(pa_rules_find(cfg->policy->name) - pa_all_rules);
	if (pa_rules(pa)->pcp_lists >= PA_PCP_ORDERS)
		req->thp_lists = pa_rules(pa)->pcp_lists - PA_PCPTYPES * (PA_COSTLY_ORDER + 1u);
	req->cpus = cfg->cpus;
	pa->cpus = cfg->cpus;
	req->capture.pfn = PA_PFN_NONE;
	req->nodes = l.nodes;
	req->types = built_in(cfg, pa_rules(pa));
	pa->zone_reqs = pa->req + l.zones;
	for (uint32_t i = 0; i < pa->nr_zones; i++)
		pa_zones(pa)[i].pages =
			pa->req + l.pages + i * cfg->cpus * sizeof(struct pa_cpu_pages);
	req->pgdat = pa->req + l.pgdat;
	req->zonelists = pa->req + l.zonelists;
	req->cpu_node = pa->req + l.cpu_node;
	req->skips = pa->req + l.skips;
	init_gfp_zones(req);
	for (uint32_t c = 0; c < req->cpus; c++)
		pa_cpu_node(pa)[c] = cfg->cpu_node ? cfg->cpu_node[c] : 0;
	for (uint32_t c = req->cpus; c-- > 0;) {
		pa_node(pa, pa_cpu_node(pa)[c])->cpus++;
		pa_set_daemon_cpu(pa, PA_KSWAPD, c);
		pa_set_daemon_cpu(pa, PA_KCOMPACTD, c);
	}
	for (uint32_t i = 0; i < pa->nr_zones; i++) {
		init_zone_req(pa, i, &cfg->zones[i]);
		marked |= cfg->zones[i].wmark[PA_WMARK_HIGH] != 0;
	}
	for (uint32_t i = 0; i < pa->nr_zones; i++)
		pa_zone_req(pa, i)->nofragment = starts_nofragment(pa, pa_zone_req(pa, i));
	for (uint32_t i = 0; i < PA_WAYS; i++)
		pa->ways[i].asked[0] = UINT64_MAX; /* no CPU has such a number */
	pa->back.pages = ((struct pa_zone *)pa_at(pa, pa->back.zone))->pages;
	for (unsigned int mt = 0; mt < PA_PCPTYPES; mt++)
		pa->back.listed[mt] = (struct pa_desc){ PA_USE_PINNED, pa_pcp_owner(0, mt) };
	pa_build_zonelists(pa, cfg->distance);
	if (!marked)
		pa_setup_marks(pa);
	pa_setup_reserve(pa);
	pa_setup_fair(pa);
	pa_setup_pcps(pa);
}

/* -------------------------------------------------------------------------
 * Zones
 */

uint32_t pa_zone_by(const struct pa *pa, uint32_t nid, unsigned int type)
{
	for (uint32_t i = 0; i < pa->nr_zones; i++) {
		if (pa_zone_req(pa, i)->node == nid && pa_zone_req(pa, i)->type == type)
			return i;
	}
	return PA_NO_ZONE;
}

int pa_zone_get(const struct pa *pa, uint32_t zone, struct pa_zone_state *state)
{
	const struct pa_zone_req *zr;
	const struct pa_zone *z;

	if (!pa_req(pa) || zone >= pa->nr_zones)
		return -ENOENT;
	zr = pa_zone_req(pa, zone);
	z = &pa_zones(pa)[zone];
	memset(state, 0, sizeof(*state));
	memcpy(state->wmark, zr->wmark, sizeof(state->wmark));
	memcpy(state->lowmem_reserve, zr->reserve, sizeof(state->lowmem_reserve));
	state->boost = z->boost;
	state->managed = z->managed;
	state->present = zr->present;
	state->nr_reserved_highatomic = zr->nr_reserved_highatomic;
	state->flags = zr->flags;
	state->threshold = zr->threshold;
	state->nr_free = pa_zone_free(z, zr);
	state->type = zr->type;
	state->node = zr->node;
	state->defer_shift = zr->defer_shift;
	state->order_failed = zr->order_failed;
	state->considered = zr->considered;
	state->reclaimable = zr->nr_lru;
	state->fair = zr->fair;
	return 0;
}

uint32_t pa_zone_flags(const struct pa *pa, uint32_t zone)
{
	return pa_req(pa) && zone < pa->nr_zones ? pa_zone_req(pa, zone)->flags : 0;
}

int pa_zone_set(struct pa *pa, uint32_t zone, const struct pa_zone_state *state)
{
	struct pa_zone_req *zr;
	struct pa_zone *z;

	if (!pa_req(pa) || zone >= pa->nr_zones)
		return -ENOENT;
	if (state->wmark[0] > state->wmark[1] || state->wmark[1] > state->wmark[2] ||
	    state->wmark[2] > INT64_MAX / 2 || state->threshold > PA_THRESHOLD_MOST ||
	    state->defer_shift > DEFER_MAX)
		return -EINVAL;
	zr = pa_zone_req(pa, zone);
	z = &pa_zones(pa)[zone];
	memcpy(zr->wmark, state->wmark, sizeof(zr->wmark));
	memcpy(zr->reserve, state->lowmem_reserve, sizeof(zr->reserve));
	z->wmark_high = zr->wmark[PA_WMARK_HIGH];
	z->managed = state->managed;
	z->boost = state->boost < pa_boost_max(pa, z) ? state->boost : pa_boost_max(pa, z);
	zr->present = state->present;
	zr->nr_reserved_highatomic = state->nr_reserved_highatomic;
	zr->flags = state->flags;
	zr->threshold = state->threshold;
	zr->defer_shift = state->defer_shift;
	zr->order_failed = state->order_failed;
	zr->considered = state->considered;
	z->quick = 0;
	return 0;
}

int pa_set_counters(struct pa *pa, uint32_t zone, const int8_t *deltas)
{
	struct pa_zone_req *zr;
	int64_t sum = 0;

	if (!pa_req(pa) || zone >= pa->nr_zones)
		return -ENOENT;
	zr = pa_zone_req(pa, zone);
	for (uint32_t cpu = 0; cpu < pa_req(pa)->cpus; cpu++) {
		int64_t delta = deltas[cpu];

		if (delta > (int64_t)zr->threshold || -delta > (int64_t)zr->threshold)
			return -EINVAL;
		sum += delta;
	}
	zr->deltas = sum;
	pa_zones(pa)[zone].quick = 0;
	for (uint32_t cpu = 0; cpu < pa_req(pa)->cpus; cpu++) {
		pa_cpu_pages(pa, zone, cpu)->delta = deltas[cpu];
		pa_trust_share(pa, zone, cpu);
	}
	return 0;
}

int pa_get_counters(const struct pa *pa, uint32_t zone, int8_t *deltas)
{
	if (!pa_req(pa) || zone >= pa->nr_zones)
		return -ENOENT;
	for (uint32_t cpu = 0; cpu < pa_req(pa)->cpus; cpu++)
		deltas[cpu] = pa_cpu_pages(pa, zone, cpu)->delta;
	return 0;
}

/* ---- doubted shares ---- */

/* It may be @share as well, unless that is known. */
static void add_other(struct pa_cpu_pages *cp, int64_t share)
{
	for (uint32_t i = 0; i < cp->nr_others; i++)
		if (cp->other[i] == share)
			return;
	if (cp->nr_others < PA_MAX_OTHERS)
		cp->other[cp->nr_others++] = (int8_t)share;
}

/* Those that have become one. */
static void merge_others(struct pa_cpu_pages *cp)
{
	uint32_t n = cp->nr_others;

	cp->nr_others = 0;
	for (uint32_t i = 0; i < n; i++)
		if (cp->other[i] != cp->delta)
			add_other(cp, cp->other[i]);
	cp->doubted = cp->nr_others || cp->late_threshold;
}

void pa_count_other(const struct pa_zone_req *zr, struct pa_cpu_pages *cp, int64_t pages,
		    uint32_t n)
{
	while (n--) {
		for (uint32_t i = 0; i < cp->nr_others; i++)
			cp->other[i] = (int8_t)pa_share_after(zr, cp->other[i], pages);
		if (!cp->late_threshold)
			continue;
		add_other(cp, pa_share_after(zr, cp->late, pages));
		cp->late = (int8_t)pa_share_by(cp->late_threshold, cp->late, pages);
	}
	merge_others(cp);
}

static struct pa_cpu_pages *pages_of(const struct pa *pa, uint32_t zone, uint32_t cpu)
{
	return pa_req(pa) && zone < pa->nr_zones && cpu < pa_req(pa)->cpus ?
		       pa_cpu_pages(pa, zone, cpu) :
		       NULL;
}

int pa_share(const struct pa *pa, uint32_t zone, uint32_t cpu)
{
	const struct pa_cpu_pages *cp = pages_of(pa, zone, cpu);

	return cp ? cp->delta : 0;
}

bool pa_doubt_share(struct pa *pa, uint32_t zone, uint32_t cpu, int other)
{
	struct pa_cpu_pages *cp = pages_of(pa, zone, cpu);

	if (!cp)
		return false;
	add_other(cp, other);
	merge_others(cp);
	return cp->nr_others;
}

bool pa_doubt_threshold(struct pa *pa, uint32_t zone, uint32_t cpu, uint32_t threshold)
{
	struct pa_cpu_pages *cp = pages_of(pa, zone, cpu);

	if (!cp)
		return false;
	if (cp->late_threshold)
		add_other(cp, cp->late);
	if (cp->late_threshold != threshold)
		cp->late = cp->delta;
	cp->late_threshold = (uint8_t)threshold;
	merge_others(cp);
	return cp->nr_others;
}

void pa_trust_share(struct pa *pa, uint32_t zone, uint32_t cpu)
{
	struct pa_cpu_pages *cp = pages_of(pa, zone, cpu);

	if (!cp)
		return;
	cp->nr_others = 0;
	cp->late_threshold = 0;
	cp->doubted = false;
}

bool pa_swap_share(struct pa *pa, uint32_t zone, uint32_t cpu, uint32_t i)
{
	struct pa_cpu_pages *cp = pages_of(pa, zone, cpu);
	int8_t delta;

	if (!cp || i >= cp->nr_others)
		return false;
	delta = cp->other[i];
	pa_zone_req(pa, zone)->deltas += delta - cp->delta;
	pa_zones(pa)[zone].quick = 0;
	cp->other[i] = cp->delta;
	cp->delta = delta;
	return true;
}

void pa_drop_share(struct pa *pa, uint32_t zone, uint32_t cpu, uint32_t i)
{
	struct pa_cpu_pages *cp = pages_of(pa, zone, cpu);

	if (!cp || i >= cp->nr_others)
		return;
	cp->other[i] = cp->other[--cp->nr_others];
	cp->doubted = cp->nr_others || cp->late_threshold;
}

void pa_settle_share(struct pa *pa, uint32_t zone, uint32_t cpu, int share)
{
	struct pa_cpu_pages *cp = pages_of(pa, zone, cpu);

	if (!cp)
		return;
	pa_zone_req(pa, zone)->deltas += share - cp->delta;
	pa_zones(pa)[zone].quick = 0;
	cp->delta = (int8_t)share;
	cp->nr_others = 0;
	cp->doubted = cp->late_threshold;
}

/* -------------------------------------------------------------------------
 * Frames handed out
 */

void pa_expect(const struct pa *pa, uint64_t pfn)
{
	const struct pa_zone *z = pa_zone_at(pa, pfn);

	if (z)
		pa_prefetch(pa, pa_frame(z, pfn));
}

int pa_allocated(const struct pa *pa, uint64_t pfn)
{
	const struct pa_zone *z = pa_zone_at(pa, pfn);
	uint8_t owner;

	if (!z || !pa_req(pa))
		return -ENOENT;
	owner = pa_desc(pa, z, pfn)->owner;
	return owner >= OWNER_ALLOCATED ? (int)(owner & OWNER_ORDER) : -ENOENT;
}

bool pa_unclaimed(const struct pa *pa, const struct pa_zone *z, uint64_t pfn, unsigned int order)
{
	if (pa_any_free(pa, z, pfn, order))
		return false;
	for (uint64_t p = pfn; p < pfn + pa_pages(order); p++) {
		if (pa_owned(pa_desc(pa, z, p)->owner))
			return false;
	}
	/* A larger block may start below. */
	for (unsigned int high = order + 1; high < pa->nr_orders; high++) {
		uint64_t head = pfn & ~(pa_pages(high) - 1);
		uint8_t owner;

		if (head < z->start)
			break;
		owner = pa_desc(pa, z, head)->owner;
		if (pa_owned(owner) && head + pa_pages(owner & OWNER_ORDER) > pfn)
			return false;
	}
	return true;
}

int pa_set_allocated(struct pa *pa, uint64_t pfn, unsigned int order, enum pa_use use)
{
	struct pa_zone *z = pa_valid_block(pa, pfn, order);

	if (!z || !pa_req(pa) || (unsigned int)use >= PA_USE_FREE)
		return -EINVAL;
	if (!pa_unclaimed(pa, z, pfn, order))
		return -EEXIST;
	pa_mark(pa, z, pfn, order, use);
	pa_own(pa, z, pfn, order, OWNER_ALLOCATED);
	return 0;
}

int pa_split_page(struct pa *pa, uint64_t pfn, unsigned int order, unsigned int to)
{
	struct pa_zone *z = pa_zone_at(pa, pfn);

	if (!z || !pa_req(pa) || order >= pa->nr_orders || to > order ||
	    pa_desc(pa, z, pfn)->owner != (OWNER_ALLOCATED | order))
		return -EINVAL;
	pa_mark(pa, z, pfn, order, (enum pa_use) * pa_tag(pa, z, pfn)); /* see pa_use() */
	for (uint64_t p = pfn; p < pfn + pa_pages(order); p += pa_pages(to))
		pa_own(pa, z, p, to, OWNER_ALLOCATED);
	return 0;
}
