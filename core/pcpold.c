/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Per-cpu lists before 5.14: single pages only, and sizes that stay as they are.
 *
 * 2.6.24 has two lists of pages of all types, hot ones and cold ones; from 3.10 on there is one
 * for each type, and they share one size.
 */
#include "pa_req_internal.h"

#define PAGE_SHIFT 12

static int32_t at_least_one(int32_t value)
{
	return value > 1 ? value : 1;
}

/* setup_pageset, setup_pagelist_highmark: percpu_pagelist_fraction is for the hot list alone. */
void pa_old_sizes(const struct pa *pa, uint32_t zone, int32_t raw, struct pa_pcp *pcp)
{
	uint32_t fraction = pa_req(pa)->knobs.percpu_pagelist_high_fraction;
	uint64_t managed = pa_zones(pa)[zone].managed;

	pcp->high = 6 * raw;
	pcp->batch = at_least_one(raw);
	if (pa_rules(pa)->present_sizes)
		managed = pa_zone_req(pa, zone)->present;
	if (fraction) {
		pcp->high =
			managed / fraction < INT32_MAX ? (int32_t)(managed / fraction) : INT32_MAX;
		pcp->batch = at_least_one(pcp->high / 4);
		if (pcp->batch > PAGE_SHIFT * 8)
			pcp->batch = PAGE_SHIFT * 8;
	}
	pcp->high_min = pcp->high_max = pcp->high;
	if (pa_rules(pa)->pcp_lists != PA_PCP_HOT_COLD)
		return;
	pcp->cold_high = 2 * raw;
	pcp->cold_batch = at_least_one(raw / 2);
}

/* free_hot_cold_page: a list that is full gives back a batch. */
int32_t pa_old_excess(const struct pa_rules *rules, const struct pa_pcp *pcp, unsigned int pindex)
{
	if (rules->pcp_lists != PA_PCP_HOT_COLD)
		return pcp->count >= pcp->high ? pcp->batch : 0;
	if (pindex == PA_COLD)
		return pcp->cold_count >= pcp->cold_high ? pcp->cold_batch : 0;
	return pcp->count - pcp->cold_count >= pcp->high ? pcp->batch : 0;
}

/* The first page of a list that was freed or fetched as one of type @mt, or PA_NIL. */
static uint32_t first_of(const struct pa *pa, const struct pa_queue *list, unsigned int mt)
{
	uint32_t frame = list->head;

	while (frame != PA_NIL && pa_stored_mt(pa_descs(pa)[frame].owner) != (enum pa_mt)mt)
		frame = pa_links(pa)[frame].next;
	return frame;
}

uint64_t pa_pop_hot_cold(const struct pa_ctx *ac, uint32_t zone, struct pa_cpu_pages *cp,
			 uint32_t *refilled)
{
	unsigned int pindex = ac->gfp & PA_GFP_COLD ? PA_COLD : PA_HOT;
	struct pa_queue *list = &cp->lists[pindex];
	uint32_t frame;

	if (list->head == PA_NIL) {
		*refilled += pa_refill(ac, zone, cp, pindex, 0);
		if (list->head == PA_NIL)
			return PA_PFN_NONE;
	}
	frame = first_of(ac->pa, list, ac->mt);
	if (frame == PA_NIL) {
		*refilled += pa_refill(ac, zone, cp, pindex, 0);
		frame = list->head; /* of whatever type, if nothing came */
	}
	pa_queue_remove(ac->pa, list, frame);
	cp->pcp.count--;
	cp->pcp.cold_count -= pindex == PA_COLD;
	return pa_pfn(&pa_zones(ac->pa)[zone], frame);
}

/*
 * free_pcppages_bulk of 3.10 to 5.12: round the lists; the more empty ones were passed, the more
 * pages the next one gives, and the only one that has any gives all.
 */
unsigned int pa_round_robin(const struct pa_cpu_pages *cp, struct pa_round *round, int32_t left)
{
	if (round->burst && --round->burst && cp->lists[round->list].head != PA_NIL)
		return round->list;
	do {
		round->burst++;
		round->list = round->list + 1 < PA_PCPTYPES ? round->list + 1 : 0;
	} while (cp->lists[round->list].head == PA_NIL);
	if (round->burst == PA_PCPTYPES)
		round->burst = left;
	return round->list;
}
