/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each zone looked like: free blocks by order over time, and which pageblocks hold pages
 * of a type that is not their own.
 *
 * The free lists are the replay's.  Whose a page is comes from the events alone: a byte a frame
 * says for which type it was handed out, from its alloc to its free.  What was handed out
 * before the recording began is not known and counts for nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report_internal.h"

#define FIRST_WIDTH (UINT64_C(1) << 20) /* ns of a slice, doubled until the slices suffice */

static struct report_zone *zone_of(struct report *rep, uint64_t pfn)
{
	const struct trace_zone *z;
	uint32_t i, n;

	for (n = 0; n < rep->nr_zones; n++) {
		i = (rep->last_zone + n) % rep->nr_zones;
		z = rep->zone[i].meta;
		if (pfn >= z->start_pfn && pfn - z->start_pfn < z->spanned) {
			rep->last_zone = i;
			return &rep->zone[i];
		}
	}
	return NULL;
}

static struct report_zone *zone_of_id(struct report *rep, uint32_t id)
{
	uint32_t i;

	for (i = 0; i < rep->nr_zones; i++)
		if (rep->zone[i].meta->id == id)
			return &rep->zone[i];
	return NULL;
}

/* ---- whose pages these are ---- */

#define NO_OWNER 0

/* What is allocated as @mt shares its pageblock with; CMA lends itself to MOVABLE pages. */
static uint8_t owner_of(unsigned int mt)
{
	if (mt == PA_CMA)
		mt = PA_MOVABLE;
	return mt < PA_PCPTYPES ? (uint8_t)(mt + 1) : NO_OWNER;
}

static void own(struct report *rep, uint64_t pfn, unsigned int order, uint8_t owner)
{
	struct report_zone *z = zone_of(rep, pfn);
	uint64_t i, end;
	struct report_block *block;

	if (!z)
		return;
	i = pfn - z->meta->start_pfn;
	end = i + (UINT64_C(1) << order);
	if (end > z->meta->spanned)
		end = z->meta->spanned;
	for (; i < end; i++) {
		if (z->owner[i] == owner)
			continue;
		block = &z->block[((z->meta->start_pfn + i) >> rep->meta->pageblock_order) -
				  z->first_block];
		if (z->owner[i] != NO_OWNER)
			block->used[z->owner[i] - 1]--;
		if (owner != NO_OWNER)
			block->used[owner - 1]++;
		z->owner[i] = owner;
	}
}

void report_zones_event(struct report *rep, const struct trace_event *ev)
{
	switch (ev->type) {
	case EV_ALLOC:
		if (ev->pfn != EV_PFN_NONE)
			own(rep, ev->pfn, ev->order, owner_of(rep->mt[ev->mt]));
		break;
	case EV_ISOLATE: /* pages will be moved there; what is put back is free again */
		own(rep, ev->pfn, ev->order, owner_of(PA_MOVABLE));
		break;
	case EV_FREE:
	case EV_FREE_BATCHED:
	case EV_DRAIN:
	case EV_ZONE_FREE:
	case EV_PUTBACK:
		own(rep, ev->pfn, ev->order, NO_OWNER);
		break;
	}
}

/*
 * Pages that make a pageblock of @mt a mixed one, as pagetypeinfo_showmixedcount_print counts
 * them; but of HIGHATOMIC and ISOLATE pageblocks, where no page is at home, it says nothing.
 */
static uint32_t foreign(const struct report_block *block, unsigned int mt)
{
	uint8_t own_type = owner_of(mt);
	uint32_t n = 0;
	unsigned int i;

	for (i = 0; i < PA_PCPTYPES && own_type != NO_OWNER; i++)
		if (own_type != i + 1)
			n += block->used[i];
	return n;
}

/* A frame of the @i-th pageblock of @z; zones may start and end inside one. */
static uint64_t block_pfn(const struct report *rep, const struct report_zone *z, uint64_t i)
{
	uint64_t pfn = (z->first_block + i) << rep->meta->pageblock_order;

	return pfn < z->meta->start_pfn ? z->meta->start_pfn : pfn;
}

static uint8_t block_type(const struct report *rep, const struct report_zone *z, uint64_t i)
{
	int mt = pa_pageblock(replay_state(rep->replay), block_pfn(rep, z, i));

	return mt < 0 ? PA_NR_MT : (uint8_t)mt;
}

/* ---- over time ---- */

static void look(const struct report *rep, struct report_zone *z, struct report_sample *s)
{
	const struct pa *pa = replay_state(rep->replay);
	unsigned int order;
	uint64_t i;
	uint8_t mt;

	memset(s, 0, sizeof(*s));
	for (order = 0; order < rep->meta->nr_orders; order++) {
		s->free[order] = pa_nr_free(pa, z->index, order);
		if (s->free[order] < z->low_free[order])
			z->low_free[order] = s->free[order];
		if (s->free[order] > z->high_free[order])
			z->high_free[order] = s->free[order];
	}
	for (i = 0; i < z->nr_blocks; i++) {
		mt = block_type(rep, z, i);
		if (!foreign(&z->block[i], mt))
			continue;
		s->mixed++;
		s->mixed_movable += mt == PA_MOVABLE;
	}
}

static struct report_sample *samples(const struct report *rep, uint32_t slice)
{
	return &rep->sample[(size_t)slice * rep->nr_zones];
}

static void sample(struct report *rep, uint32_t slice)
{
	uint32_t i;

	for (i = 0; i < rep->nr_zones; i++)
		if (rep->zone[i].begin)
			look(rep, &rep->zone[i], &samples(rep, slice)[i]);
}

/* Slices twice as long: of two, the later one's sample is the one at the end of both. */
static void widen(struct report *rep)
{
	size_t row = rep->nr_zones * sizeof(*rep->sample);
	struct report_slice *a = rep->activity, *from;
	uint32_t i;

	for (i = 0; i < REPORT_SLICES / 2; i++) {
		memmove(samples(rep, i), samples(rep, 2 * i + 1), row);
		a[i] = a[2 * i];
		from = &a[2 * i + 1];
		a[i].allocs += from->allocs;
		a[i].failed += from->failed;
		a[i].fallbacks += from->fallbacks;
		a[i].stalls[REPORT_RECLAIM] += from->stalls[REPORT_RECLAIM];
		a[i].stalls[REPORT_COMPACT] += from->stalls[REPORT_COMPACT];
		a[i].lost += from->lost;
	}
	memset(&a[REPORT_SLICES / 2], 0, sizeof(*a) * REPORT_SLICES / 2);
	rep->slice /= 2;
	rep->width *= 2;
}

static void first_look(struct report *rep)
{
	const struct pa *pa = replay_state(rep->replay);
	struct report_zone *z;
	unsigned int order;

	for (z = rep->zone; z < rep->zone + rep->nr_zones; z++)
		for (order = 0; order < rep->meta->nr_orders; order++)
			z->begin_free[order] = z->low_free[order] = z->high_free[order] =
				pa_nr_free(pa, z->index, order);
}

void report_zones_advance(struct report *rep, uint64_t ts)
{
	uint64_t since;

	if (!rep->width) { /* the first event */
		rep->width = FIRST_WIDTH;
		rep->start = ts;
		first_look(rep);
		return;
	}
	since = ts > rep->start ? ts - rep->start : 0;
	while (since / rep->width >= REPORT_SLICES)
		widen(rep);
	for (; rep->slice < since / rep->width; rep->slice++)
		sample(rep, rep->slice);
}

/* ---- snapshots ---- */

static void on_list(struct report *rep, const struct trace_list *list)
{
	struct report_zone *z = zone_of_id(rep, list->zone);

	if (!z || list->order >= PA_MAX_ORDERS)
		return;
	if (list->at == TRACE_AT_BEGIN) {
		z->begin = true;
	} else {
		z->kernel_known = true;
		z->kernel_free[list->order] += list->n;
	}
}

void report_zones_item(struct report *rep, const struct trace_item *item)
{
	struct report_zone *z;

	if (item->kind == TRACE_LIST)
		on_list(rep, &item->list);
	if (item->kind != TRACE_BLOCKS || item->blocks.at != TRACE_AT_BEGIN)
		return;
	z = zone_of_id(rep, item->blocks.zone);
	if (z)
		z->types_known = true;
}

/* ---- life ---- */

int report_zones_open(struct report *rep)
{
	unsigned int shift = rep->meta->pageblock_order;
	const struct trace_zone *meta;
	struct report_zone *z;
	uint32_t i;

	for (i = 0; i < rep->meta->nr_zones; i++) {
		meta = &rep->meta->zone[i];
		if (!meta->spanned) /* the core has none either */
			continue;
		z = &rep->zone[rep->nr_zones++];
		z->meta = meta;
		z->index = (uint32_t)pa_zone_of(replay_state(rep->replay), meta->start_pfn);
		z->first_block = meta->start_pfn >> shift;
		z->nr_blocks =
			((meta->start_pfn + meta->spanned - 1) >> shift) - z->first_block + 1;
		z->owner = calloc(meta->spanned, sizeof(*z->owner));
		z->block = calloc(z->nr_blocks, sizeof(*z->block));
		if (!z->owner || !z->block)
			return -ENOMEM;
	}
	rep->sample = calloc((size_t)REPORT_SLICES * rep->nr_zones, sizeof(*rep->sample));
	return rep->sample ? 0 : -ENOMEM;
}

/* Free pages of each pageblock; a block may be larger than one. */
static void add_free(const struct report *rep, struct report_zone *z, uint64_t pfn,
		     unsigned int order)
{
	unsigned int shift = rep->meta->pageblock_order;
	uint64_t i = (pfn >> shift) - z->first_block;

	if (order < shift) {
		z->final[i].free += 1u << order;
		return;
	}
	for (pfn = 0; pfn >> (order - shift) == 0; pfn++)
		z->final[i + pfn].free = 1u << shift;
}

static int final_look(struct report *rep, struct report_zone *z)
{
	const struct pa *pa = replay_state(rep->replay);
	uint64_t block = UINT64_C(1) << rep->meta->pageblock_order, i, pfn, start, end;
	uint64_t zone_end = z->meta->start_pfn + z->meta->spanned;
	unsigned int order, mt;

	z->final = calloc(z->nr_blocks, sizeof(*z->final));
	if (!z->final)
		return -ENOMEM;
	for (i = 0; i < z->nr_blocks; i++) {
		start = block_pfn(rep, z, i);
		end = (z->first_block + i + 1) * block;
		z->final[i].mt = block_type(rep, z, i);
		z->final[i].foreign = foreign(&z->block[i], z->final[i].mt);
		z->final[i].frames = (uint32_t)((end < zone_end ? end : zone_end) - start);
	}
	for (order = 0; order < rep->meta->nr_orders; order++) {
		z->end_free[order] = pa_nr_free(pa, z->index, order);
		for (mt = 0; mt < PA_NR_MT; mt++)
			for (pfn = pa_list_head(pa, z->index, order, mt); pfn != PA_PFN_NONE;
			     pfn = pa_list_next(pa, pfn))
				add_free(rep, z, pfn, order);
	}
	return 0;
}

int report_zones_end(struct report *rep)
{
	uint32_t i;
	int err;

	if (!rep->width)
		first_look(rep);
	else
		sample(rep, rep->slice);
	for (i = 0; i < rep->nr_zones; i++) {
		err = final_look(rep, &rep->zone[i]);
		if (err)
			return err;
	}
	return 0;
}

void report_zones_free(struct report *rep)
{
	uint32_t i;

	for (i = 0; i < rep->nr_zones; i++) {
		free(rep->zone[i].owner);
		free(rep->zone[i].block);
		free(rep->zone[i].final);
	}
	free(rep->sample);
}
