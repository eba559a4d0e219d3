/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where things lie: measuring and building the state, finding zones, loading a snapshot.
 */
#include <errno.h>
#include <stdalign.h>
#include <string.h>

#include "pa_req_internal.h"

#define PFN_LIMIT ((uint64_t)1 << 52) /* 64 address bits; keeps every sum of pfns in range */

struct layout {
	uint32_t policy;
	uint64_t zones, spans, descs, blocks, maps; /* offsets */
	uint64_t nr_frames, nr_blocks, nr_pairs;
	uint64_t req; /* 0: none */
	uint64_t size;
};

static bool policy_index(const struct pa_policy *policy, uint32_t *index)
{
	const struct pa_policy *known;

	for (uint32_t i = 0; policy && (known = pa_policy_at(i)); i++) {
		if (known == policy) {
			*index = i;
			return true;
		}
	}
	return false;
}

static uint64_t zone_blocks(const struct pa_zone_config *z, unsigned int pbo)
{
	return ((z->start_pfn + z->spanned - 1) >> pbo) - (z->start_pfn >> pbo) + 1;
}

uint64_t pa_count_blocks(const struct pa_config *cfg)
{
	uint64_t nr = 0;

	for (uint32_t i = 0; i < cfg->nr_zones; i++)
		nr += zone_blocks(&cfg->zones[i], cfg->pageblock_order);
	return nr;
}

static uint64_t zone_pairs(const struct pa_zone_config *z, const struct pa_config *cfg)
{
	uint64_t nr = 0;

	for (unsigned int order = 0; cfg->policy->pair_map && order + 1 < cfg->nr_orders; order++)
		nr += pa_nr_pairs(z->start_pfn, z->start_pfn + z->spanned, order);
	return nr;
}

static bool zone_valid(const struct pa_config *cfg, uint32_t i)
{
	const struct pa_zone_config *z = &cfg->zones[i];

	if (!z->spanned || z->spanned > PFN_LIMIT || z->start_pfn > PFN_LIMIT - z->spanned)
		return false;
	for (uint32_t k = 0; k < i; k++) {
		const struct pa_zone_config *other = &cfg->zones[k];

		if (z->start_pfn < other->start_pfn + other->spanned &&
		    other->start_pfn < z->start_pfn + z->spanned)
			return false;
	}
	return true;
}

static uint64_t whole_row(uint64_t nr)
{
	return (nr + PA_FRAMES_ALIGN - 1) & ~(uint64_t)(PA_FRAMES_ALIGN - 1);
}

/* The number of a zone's first frame, aligned as its pfn is, in a row behind the first @nr frames. */
static uint64_t first_frame(const struct pa_zone_config *z, uint64_t nr)
{
	return whole_row(nr) + (z->start_pfn & (PA_FRAMES_ALIGN - 1));
}

/* Validate @cfg and place every part of the state. */
static bool plan(const struct pa_config *cfg, struct layout *l)
{
	memset(l, 0, sizeof(*l));
	if (!cfg || !cfg->zones || !policy_index(cfg->policy, &l->policy))
		return false;
	if (!cfg->nr_zones || cfg->nr_zones > PA_MAX_ZONES)
		return false;
	if (cfg->nr_orders < 2 || cfg->nr_orders > PA_MAX_ORDERS)
		return false;
	if (!cfg->pageblock_order || cfg->pageblock_order >= cfg->nr_orders)
		return false;

	for (uint32_t i = 0; i < cfg->nr_zones; i++) {
		if (!zone_valid(cfg, i))
			return false;
		l->nr_frames = first_frame(&cfg->zones[i], l->nr_frames) + cfg->zones[i].spanned;
		l->nr_pairs += zone_pairs(&cfg->zones[i], cfg);
	}
	l->nr_frames = whole_row(l->nr_frames);
	if (l->nr_frames >= PA_NIL)
		return false;
	l->nr_blocks = pa_count_blocks(cfg);

	l->zones = sizeof(struct pa) + (l->nr_frames + l->nr_blocks) * sizeof(struct pa_link);
	l->spans = l->zones + cfg->nr_zones * (uint64_t)sizeof(struct pa_zone);
	l->descs = l->spans + cfg->nr_zones * (uint64_t)sizeof(struct pa_span);
	l->blocks = l->descs + l->nr_frames * sizeof(struct pa_desc);
	l->maps = l->blocks + l->nr_blocks;
	l->size = l->maps + (l->nr_pairs + 7) / 8;
	if (cfg->cpus) {
		uint64_t more;

		if (!pa_req_plan(cfg, &more))
			return false;
		l->req = (l->size + alignof(max_align_t) - 1) / alignof(max_align_t) *
			 alignof(max_align_t);
		l->size = l->req + more;
	}
	return l->size <= SIZE_MAX;
}

size_t pa_size(const struct pa_config *cfg)
{
	struct layout l;

	return plan(cfg, &l) ? (size_t)l.size : 0;
}

static void init_zone(struct pa_zone *z, const struct pa_zone_config *cfg)
{
	z->start = cfg->start_pfn;
	z->end = cfg->start_pfn + cfg->spanned;
	z->nr_frames = (uint32_t)cfg->spanned;
	z->managed = cfg->managed;
	z->wmark_high = cfg->wmark[2];
	for (unsigned int order = 0; order < PA_MAX_ORDERS; order++) {
		for (unsigned int mt = 0; mt < PA_NR_MT; mt++) {
			z->lists[order][mt].head = PA_NIL;
			z->lists[order][mt].tail = PA_NIL;
		}
	}
}

/* Insertion sort: there are few zones, and they usually come sorted. */
static void sort_spans(struct pa *pa)
{
	struct pa_span *spans = pa_spans(pa);

	for (uint32_t i = 0; i < pa->nr_zones; i++) {
		const struct pa_zone *z = &pa_zones(pa)[i];
		struct pa_span span = { z->start, (uint64_t)((char *)z - (char *)pa), i, 0 };
		uint32_t k = i;

		for (; k && spans[k - 1].start > span.start; k--)
			spans[k] = spans[k - 1];
		spans[k] = span;
	}
}

int pa_init(void *mem, size_t len, const struct pa_config *cfg, struct pa **out)
{
	uint32_t frame = 0, block = 0;
	uint64_t pair = 0;
	struct pa *pa = mem;
	struct layout l;

	if (!mem || (uintptr_t)mem % alignof(max_align_t) || !plan(cfg, &l))
		return -EINVAL;
	if (len < l.size)
		return -ENOSPC;

	if (!cfg->zeroed)
		memset(mem, 0, (size_t)l.size);
	pa->policy = l.policy;
	pa->fallback = cfg->policy->fallback;
	pa->tail_orders = cfg->policy->tail_rule ? cfg->nr_orders - 2 : 0;
	pa->nr_zones = cfg->nr_zones;
	pa->nr_orders = cfg->nr_orders;
	pa->pageblock_order = cfg->pageblock_order;
	pa->boost_factor = cfg->boost_factor;
	pa->nr_frames = (uint32_t)l.nr_frames;
	pa->nr_blocks = (uint32_t)l.nr_blocks;
	pa->zones = l.zones;
	pa->spans = l.spans;
	pa->descs = l.descs;
	pa->blocks = l.blocks;
	pa->req = l.req;
	pa->maps = cfg->policy->pair_map ? l.maps : 0;

	for (uint32_t i = 0; i < cfg->nr_zones; i++) {
		struct pa_zone *z = &pa_zones(pa)[i];

		init_zone(z, &cfg->zones[i]);
		frame = (uint32_t)first_frame(&cfg->zones[i], frame);
		z->frame0 = frame;
		z->pfn0 = z->start - frame;
		z->blocks = l.blocks + block - (z->start >> cfg->pageblock_order);
		for (unsigned int order = 0; order + 1 < pa->nr_orders; order++) {
			z->pairs[order] = pair;
			pair += pa->maps ? pa_nr_pairs(z->start, z->end, order) : 0;
		}
		frame += (uint32_t)cfg->zones[i].spanned;
		block += (uint32_t)zone_blocks(&cfg->zones[i], cfg->pageblock_order);
	}
	sort_spans(pa);
	_Static_assert(PA_USE_UNKNOWN == 0, "tags are as they should be");
	memset(pa_blocks(pa), PA_MOVABLE, pa->nr_blocks);
	pa->back.zone = pa_spans(pa)->at;
	if (pa->req)
		pa_req_init(pa, cfg);
	*out = pa;
	return 0;
}

int pa_zone_of(const struct pa *pa, uint64_t pfn)
{
	const struct pa_zone *z = pa_zone_at(pa, pfn);

	return z ? (int)(z - pa_zones(pa)) : -ENOENT;
}

uint32_t pa_nr_zones(const struct pa *pa)
{
	return pa->nr_zones;
}

const struct pa_policy *pa_policy(const struct pa *pa)
{
	return pa_policy_at(pa->policy);
}

struct pa_zone *pa_valid_block(const struct pa *pa, uint64_t pfn, unsigned int order)
{
	struct pa_zone *z;

	if (order >= pa->nr_orders || pfn & (pa_pages(order) - 1))
		return NULL;
	z = pa_zone_at(pa, pfn);
	return z && pa_spanned(z, pfn, pa_pages(order)) ? z : NULL;
}

void pa_set_use(struct pa *pa, uint64_t pfn, unsigned int order, enum pa_use use)
{
	struct pa_zone *z = pa_zone_at(pa, pfn);
	uint64_t end;

	if (!z || order >= pa->nr_orders || (unsigned int)use >= PA_USE_FREE)
		return;
	end = pfn + pa_pages(order);
	if (end > z->end)
		end = z->end;
	for (; pfn < end; pfn++) {
		uint8_t *tag = pa_tag(pa, z, pfn);

		if (!pa_tag_is_free(*tag))
			*tag = (uint8_t)use;
	}
}

int pa_load_block(struct pa *pa, uint64_t pfn, unsigned int order, enum pa_mt mt)
{
	struct pa_zone *z = pa_valid_block(pa, pfn, order);

	if (!z || (unsigned int)mt >= PA_NR_MT)
		return -EINVAL;
	if (pa_any_free(pa, z, pfn, order))
		return -EEXIST;
	if (pa->maps && order + 1 < pa->nr_orders && pa_pair_bit(pa, z, pfn, order))
		return pa_free_block(pa, pfn, order, mt, 0, -1);
	pa_mark(pa, z, pfn, order, PA_USE_FREE);
	pa_link_block(pa, z, pfn, order, pa_list_type(pa, mt), true);
	return 0;
}

void pa_clear_list(struct pa *pa, uint32_t zone, unsigned int order, enum pa_mt mt)
{
	struct pa_zone *z;

	if (zone >= pa->nr_zones || order >= pa->nr_orders || (unsigned int)mt >= PA_NR_MT)
		return;
	z = &pa_zones(pa)[zone];
	while (z->lists[order][mt].head != PA_NIL) {
		uint64_t pfn = pa_pfn(z, z->lists[order][mt].head);

		pa_unlink_block(pa, z, pfn);
		pa_mark(pa, z, pfn, order, PA_USE_UNKNOWN);
	}
}
