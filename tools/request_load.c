/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What request mode starts from: the begin snapshot.  Free lists were read first, per-cpu lists
 * a moment later; at which event that was, is found out from the events around it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pages.h"
#include "request_whatif.h"

#define START_EVENTS 65536 /* the per-cpu lists were read before so many */

static int zone_index(const struct request *r, uint32_t id)
{
	return id < TRACE_MAX_ZONES ? r->zone_at[id] : -1;
}

int request_load_list(struct request *r, const struct trace_list *list)
{
	int zone = zone_index(r, list->zone);
	uint8_t mt = list->mt < r->meta->nr_mt ? r->mt[list->mt] : NO_MT;

	if (zone < 0 || mt == NO_MT || r->described)
		return 0;
	r->zones[zone].begin = true;
	for (size_t i = 0; i < list->n; i++)
		if (pa_load_block(r->pa, list->pfn[i], list->order, mt))
			r->res.dropped++;
	return 0;
}

void request_load_blocks(struct request *r, const struct trace_blocks *blocks)
{
	int zone = zone_index(r, blocks->zone);
	uint64_t pfn = blocks->first_pfn;

	if (zone < 0)
		return;
	for (size_t i = 0; i < blocks->n; i++, pfn += UINT64_C(1) << r->meta->pageblock_order) {
		uint8_t mt = blocks->mt[i] < r->meta->nr_mt ? r->mt[blocks->mt[i]] : NO_MT;

		if (mt == NO_MT || pfn >= r->zones[zone].end)
			continue;
		if (!r->described)
			pa_set_pageblock(
				r->pa, pfn < r->zones[zone].start ? r->zones[zone].start : pfn, mt);
	}
}

int request_load_pages(struct request *r, const struct trace_pages *pages)
{
	const struct run_zone *z = request_zone(r, pages->first_pfn);

	if (!z || r->described)
		return 0;
	pages_load(r->pa, pages);
	if (!r->res.changed)
		return 0;
	if (!r->use)
		r->use = calloc(r->nr_frames, sizeof(*r->use));
	if (!r->use)
		return -ENOMEM;
	for (size_t i = 0; i < pages->n && pages->first_pfn + i < z->end; i++)
		r->use[request_frame(z, pages->first_pfn + i)] = pages->use[i];
	return 0;
}

/* Whatever is not free by now: of what is in large folios the trace does not tell the order. */
static void load_uses(struct request *r)
{
	for (uint32_t zone = 0; r->use && zone < r->nr_zones; zone++) {
		const struct run_zone *z = &r->zones[zone];

		for (uint64_t pfn = z->start; pfn < z->end; pfn++) {
			uint8_t use = r->use[request_frame(z, pfn)];

			if (use == TRACE_USE_ANON || use == TRACE_USE_FILE)
				request_adopt(r, pfn, use);
		}
	}
	free(r->use);
	r->use = NULL;
}

int request_keep_pcp(struct request *r, const struct trace_pcp *pcp)
{
	struct trace_pcp *kept;
	uint64_t *pfn;

	if (zone_index(r, pcp->zone) < 0 || pcp->cpu >= r->nr_cpus)
		return 0;
	if (r->nr_pcp == r->room_pcp) {
		size_t room = r->room_pcp ? 2 * r->room_pcp : 64;

		kept = realloc(r->pcp, room * sizeof(*kept));
		if (!kept)
			return -ENOMEM;
		r->pcp = kept;
		r->room_pcp = room;
	}
	pfn = malloc((pcp->n + 1) * sizeof(*pfn));
	if (!pfn)
		return -ENOMEM;
	memcpy(pfn, pcp->pfn, pcp->n * sizeof(*pfn));
	kept = &r->pcp[r->nr_pcp++];
	*kept = *pcp;
	kept->pfn = pfn;
	return 0;
}

int request_keep_cpu(struct request *r, const struct trace_cpu *cpu)
{
	struct trace_cpu *kept;

	if (zone_index(r, cpu->zone) < 0 || cpu->cpu >= r->nr_cpus)
		return 0;
	if (r->nr_cpu == r->room_cpu) {
		size_t room = r->room_cpu ? 2 * r->room_cpu : 64;

		kept = realloc(r->cpu, room * sizeof(*kept));
		if (!kept)
			return -ENOMEM;
		r->cpu = kept;
		r->room_cpu = room;
	}
	r->cpu[r->nr_cpu++] = *cpu;
	return 0;
}

/* -------------------------------------------------------------------------
 * At which event the per-cpu lists were read
 */

/* A frame, while that is found out. */
#define IS_LISTED 0x1 /* in the snapshot */
#define IS_THERE 0x2  /* on a list, as far as the events tell */
#define IS_SEEN 0x4   /* some event named it */

/* Does this event put a block on a per-cpu list (1), take one off (-1), or neither (0)? */
static int pcp_effect(const struct request *r, const struct trace_event *ev)
{
	if (ev->order > PA_COSTLY_ORDER && ev->order != r->meta->pageblock_order)
		return 0;
	switch (ev->type) {
	case EV_FREE:
	case EV_ZONE_ALLOC:
		return 1;
	case EV_ALLOC:
	case EV_DRAIN:
		return -1;
	default:
		return 0;
	}
}

/* Walk the window; @bad counts frames of which snapshot and events disagree at each point. */
static uint64_t scan(const struct request *r, uint8_t *frame, bool learn, int64_t bad)
{
	uint64_t best_at = 0;
	int64_t best = INT64_MAX;

	for (size_t i = 0; r->now + i < r->win_end && i < START_EVENTS; i++) {
		const struct trace_event *ev = request_event(r, r->now + i);
		int effect = pcp_effect(r, ev);
		const struct run_zone *z;
		uint8_t *f;

		if (bad <= best) {
			best = bad;
			best_at = r->now + i;
		}
		z = effect && ev->pfn != EV_PFN_NONE ? request_zone(r, ev->pfn) : NULL;
		if (!z)
			continue;
		f = &frame[request_frame(z, ev->pfn)];
		if (learn) {
			if (!(*f & IS_SEEN) && effect < 0)
				*f |= IS_THERE;
			*f |= IS_SEEN;
			continue;
		}
		if (effect > 0 ? *f & IS_THERE : !(*f & IS_THERE))
			continue;
		*f ^= IS_THERE;
		bad += !(*f & IS_LISTED) == !(*f & IS_THERE) ? -1 : 1;
	}
	return best_at;
}

uint64_t request_find_start(const struct request *r)
{
	uint8_t *frame = calloc(r->nr_frames + 1, 1);
	uint64_t at = r->now;
	int64_t bad = 0;

	for (size_t i = 0; i < r->nr_cpu; i++)
		at = r->cpu[i].event > at ? r->cpu[i].event : at;
	if (!frame || !r->nr_pcp || r->nr_cpu)
		goto out;
	for (size_t i = 0; i < r->nr_pcp; i++)
		for (size_t k = 0; k < r->pcp[i].n; k++) {
			const struct run_zone *z = request_zone(r, r->pcp[i].pfn[k]);

			if (z)
				frame[request_frame(z, r->pcp[i].pfn[k])] |= IS_LISTED;
		}
	scan(r, frame, true, 0);
	for (uint64_t f = 0; f < r->nr_frames; f++) {
		if (!(frame[f] & IS_SEEN) && frame[f] & IS_LISTED)
			frame[f] |= IS_THERE;
		bad += !(frame[f] & IS_LISTED) != !(frame[f] & IS_THERE);
	}
	at = scan(r, frame, false, bad);
out:
	free(frame);
	return at;
}

/* -------------------------------------------------------------------------
 * Loading them
 */

static void load_list(struct request *r, const struct trace_pcp *list)
{
	int zone = zone_index(r, list->zone);
	uint8_t mt = list->mt < r->meta->nr_mt ? r->mt[list->mt] : NO_MT;
	const struct run_zone *z = &r->zones[zone];
	int pindex = mt < PA_PCPTYPES ? pa_pcp_index(r->pa, list->order, mt) : -EINVAL;

	for (size_t i = 0; i < list->n; i++) {
		if (r->described || list->pfn[i] < z->start || list->pfn[i] >= z->end)
			continue;
		if (pindex < 0 || pa_pcp_load(r->pa, (uint32_t)zone, list->cpu % r->core_cpus,
					      (uint32_t)pindex, list->pfn[i], mt))
			r->res.dropped++;
	}
}

/* The sizes as they were; of what else the kernel keeps there a trace has nothing. */
static void load_sizes(struct request *r, const struct trace_pcp *list)
{
	uint32_t zone = (uint32_t)zone_index(r, list->zone);
	struct pa_pcp pcp;

	if (pa_pcp_get(r->pa, zone, list->cpu, &pcp))
		return;
	if (list->batch > 0)
		pcp.batch = (int32_t)list->batch;
	if (list->high >= 0)
		pcp.high = (int32_t)list->high;
	if (pcp.high_min == pcp.high_max || !list->high)
		pcp.high = pcp.high_min;
	pa_pcp_set(r->pa, zone, list->cpu, &pcp);
}

static int64_t known(int64_t value, int64_t otherwise)
{
	return value < 0 ? otherwise : value;
}

/* The counters that came with the lists. */
static void load_cpu(struct request *r, const struct trace_cpu *cpu)
{
	uint32_t zone = (uint32_t)zone_index(r, cpu->zone);
	int8_t deltas[PA_MAX_CPUS];
	struct pa_zone_state state;
	struct pa_pcp pcp;

	if (pa_pcp_get(r->pa, zone, cpu->cpu, &pcp) || pa_zone_get(r->pa, zone, &state) ||
	    pa_get_counters(r->pa, zone, deltas))
		return;
	pcp.high_min = (int32_t)known(cpu->high_min, pcp.high_min);
	pcp.high_max = (int32_t)known(cpu->high_max, pcp.high_max);
	pcp.free_count = (int32_t)known(cpu->free_count, 0);
	pcp.alloc_factor = (uint8_t)known(cpu->alloc_factor, 0);
	pcp.free_factor = (uint8_t)known(cpu->free_factor, 0);
	pcp.flags = (uint8_t)known(cpu->flags, 0);
	pcp.expire = (uint8_t)known(cpu->expire, 0);
	pa_pcp_set(r->pa, zone, cpu->cpu, &pcp);
	state.threshold = (uint32_t)known(cpu->threshold, state.threshold);
	pa_zone_set(r->pa, zone, &state);
	if (cpu->delta == TRACE_NO_DELTA)
		return;
	deltas[cpu->cpu] = (int8_t)cpu->delta;
	pa_set_counters(r->pa, zone, deltas);
}

/* From 6.10 on a free block is on the list of its pageblock's type; older kernels do not care. */
static void sort_lists(struct request *r, uint32_t zone)
{
	for (unsigned int order = 0; order < r->meta->nr_orders; order++)
		for (unsigned int mt = 0; mt < PA_NR_MT; mt++) {
			uint64_t pfn = pa_list_head(r->pa, zone, order, mt), next;

			for (; pfn != PA_PFN_NONE; pfn = next) {
				int type = pa_pageblock(r->pa, pfn);

				next = pa_list_next(r->pa, pfn);
				if (type < 0 || (unsigned int)type == mt)
					continue;
				pa_take(r->pa, pfn, order);
				pa_load_block(r->pa, pfn, order, (enum pa_mt)type);
			}
		}
}

/*
 * The machine was built with all settings.  Some of them are read where they matter; the handlers
 * of the others compute watermarks and per-cpu sizes anew, in place of those of the snapshot.
 */
static bool computes_nothing(const struct pa_knobs *now, const struct pa_knobs *then)
{
	struct pa_knobs same = *then;

	same.watermark_boost_factor = now->watermark_boost_factor;
	same.extfrag_threshold = now->extfrag_threshold;
	same.compaction_proactiveness = now->compaction_proactiveness;
	same.defrag_mode = now->defrag_mode;
	return !memcmp(&same, now, sizeof(same));
}

void request_load_pcps(struct request *r)
{
	struct pa_zone_state state;

	/* The snapshot's is that of an awake kswapd, if it was. */
	for (uint32_t zone = 0; !pa_zone_get(r->pa, zone, &state); zone++)
		r->zones[zone].threshold = state.threshold;
	for (uint32_t zone = 0; zone < r->nr_zones && r->policy->hygiene && !r->described; zone++)
		sort_lists(r, zone);

	for (size_t i = 0; i < r->nr_pcp; i++) {
		load_list(r, &r->pcp[i]);
		if (!r->described && r->core_cpus == r->nr_cpus &&
		    (!i || r->pcp[i].cpu != r->pcp[i - 1].cpu ||
		     r->pcp[i].zone != r->pcp[i - 1].zone))
			load_sizes(r, &r->pcp[i]);
		free((void *)r->pcp[i].pfn);
	}
	r->nr_pcp = 0;
	for (size_t i = 0; i < r->nr_cpu && !r->described && r->core_cpus == r->nr_cpus; i++)
		load_cpu(r, &r->cpu[i]);
	r->nr_cpu = 0;
	load_uses(r);
	if (r->opt.nr_sets && !r->described && !computes_nothing(&r->knobs, &r->recorded))
		pa_set_knobs(r->pa, &r->knobs);
	r->loaded = true;
}
