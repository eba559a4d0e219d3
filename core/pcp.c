/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Per-cpu lists: their sizes, how much they give back, emptying them.
 *
 * A block on such a list is linked as a free block is, and its owner byte says which order it
 * has and which type it was freed with.
 */
#include <errno.h>
#include <limits.h>

#include "pa_lists.h"
#include "pa_req_internal.h"

#define HIGH_MAX_FRACTION 8 /* MIN_PERCPU_PAGELIST_HIGH_FRACTION */
#define REMOTE_ROUNDS 3	    /* vmstat rounds until a remote zone's pages go home */

static int32_t min(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

static int32_t max(int32_t a, int32_t b)
{
	return a > b ? a : b;
}

/* The kernel's clamp: @high wins where the two cross. */
static int32_t clamp(int32_t value, int32_t low, int32_t high)
{
	return min(max(value, low), high);
}

/* -------------------------------------------------------------------------
 * Sizes
 */

/* zone_batchsize: one less than a power of two, so that lists do not share page colours. */
static int32_t zone_batch(const struct pa_rules *rules, uint64_t pages)
{
	uint64_t batch = pages >> 10 < rules->batch_cap ? pages >> 10 : rules->batch_cap;
	int32_t power = 1;

	batch /= 4;
	if (!batch)
		batch = 1;
	while ((uint64_t)power * 2 <= batch + batch / 2)
		power *= 2;
	return power - 1;
}

/* zone_highsize: a share of the low mark, or of the zone, for each CPU of its node. */
static int32_t zone_high(const struct pa *pa, uint32_t zone, int32_t batch, uint32_t fraction)
{
	const struct pa_zone_req *zr = pa_zone_req(pa, zone);
	const struct pa_zone *z = &pa_zones(pa)[zone];
	uint64_t pages = fraction ? z->managed / fraction : pa_mark_of(z, zr, PA_WMARK_LOW);
	uint32_t cpus = pa_node(pa, zr->node)->cpus;

	pages /= cpus ? cpus : pa_req(pa)->cpus;
	return max(pages < INT_MAX ? (int32_t)pages : INT_MAX, batch * 4);
}

static void setup_old(struct pa *pa)
{
	const struct pa_rules *rules = pa_rules(pa);

	for (uint32_t zone = 0; zone < pa->nr_zones; zone++) {
		uint64_t pages = rules->present_sizes ? pa_zone_req(pa, zone)->present :
							pa_zones(pa)[zone].managed;

		for (uint32_t cpu = 0; cpu < pa_req(pa)->cpus; cpu++)
			pa_old_sizes(pa, zone, zone_batch(rules, pages),
				     &pa_cpu_pages(pa, zone, cpu)->pcp);
	}
}

/* zone_set_pageset_high_and_batch */
void pa_setup_pcps(struct pa *pa)
{
	const struct pa_req *req = pa_req(pa);
	uint32_t fraction = req->knobs.percpu_pagelist_high_fraction;
	bool is_auto = pa_rules(pa)->pcp_auto;

	if (pa_rules(pa)->pcp_lists < PA_PCP_ORDERS) {
		setup_old(pa);
		return;
	}
	for (uint32_t zone = 0; zone < pa->nr_zones; zone++) {
		int32_t batch = max(1, zone_batch(pa_rules(pa), pa_zones(pa)[zone].managed));
		int32_t low = zone_high(pa, zone, batch, fraction), high = low;

		if (is_auto && !fraction)
			high = zone_high(pa, zone, batch, HIGH_MAX_FRACTION);
		for (uint32_t cpu = 0; cpu < req->cpus; cpu++) {
			struct pa_cpu_pages *cp = pa_cpu_pages(pa, zone, cpu);
			struct pa_pcp *pcp = &cp->pcp;

			pcp->batch = batch;
			cp->free_most = is_auto ? batch << PA_BATCH_SCALE_MAX : 0;
			pcp->high_min = low;
			pcp->high_max = high;
			pcp->high = is_auto ? clamp(pcp->high, low, high) : low;
		}
	}
}

/* nr_pcp_alloc of 6.7 and later: how many blocks a refill asks for. */
static int32_t refill_auto(struct pa_pcp *pcp, const struct pa_zone_req *zr, unsigned int order)
{
	int32_t base = pcp->batch, high, batch;

	high = pcp->high = clamp(pcp->high, pcp->high_min, pcp->high_max);
	if (high < base)
		return 1;
	batch = order ? base : base << pcp->alloc_factor;
	if (pcp->high_min != pcp->high_max && !(zr->flags & PA_ZONE_BELOW_HIGH))
		high = pcp->high = min(high + batch, pcp->high_max);
	if (!order) {
		int32_t most = max(high - pcp->count - base, base);

		if (batch <= most && pcp->alloc_factor < PA_BATCH_SCALE_MAX)
			pcp->alloc_factor++;
		batch = min(batch, most);
	}
	return batch > 1 ? max(batch >> order, 2) : batch;
}

int32_t pa_refill_size(const struct pa_rules *rules, struct pa_pcp *pcp,
		       const struct pa_zone_req *zr, unsigned int order, unsigned int pindex)
{
	if (rules->pcp_lists == PA_PCP_HOT_COLD)
		return pindex == PA_COLD ? pcp->cold_batch : pcp->batch;
	if (rules->pcp_auto)
		return refill_auto(pcp, zr, order);
	return pcp->batch > 1 ? max(pcp->batch >> order, 2) : pcp->batch;
}

/* -------------------------------------------------------------------------
 * Giving back: nr_pcp_high and nr_pcp_free
 */

/* Up to 6.6.  High orders freed in a row empty the lists. */
static int32_t excess_factor(const struct pa_rules *rules, const struct pa_zone_req *zr,
			     struct pa_pcp *pcp, unsigned int order)
{
	bool free_high = pcp->free_factor && order && order <= PA_COSTLY_ORDER;
	int32_t high = pcp->high && !free_high ? pcp->high : 0, batch = pcp->batch, nr;

	if (high && zr->flags & PA_ZONE_RECLAIM_ACTIVE)
		high = min(batch * 4, high);
	if (pcp->count < high)
		return 0;
	if (free_high)
		return pcp->count;
	if (high < batch)
		return 1;
	nr = batch << pcp->free_factor;
	if (nr < high - batch && (!rules->factor_capped || pcp->free_factor < PA_BATCH_SCALE_MAX))
		pcp->free_factor++;
	return clamp(nr, batch, high - batch);
}

/* nr_pcp_high of 6.7 and later: pcp->high follows what is freed, and falls under pressure. */
static int32_t high_auto(const struct pa_zone_req *zr, struct pa_pcp *pcp, bool free_high)
{
	int32_t batch = pcp->batch, freed = max(pcp->free_count, batch), high;

	high = pcp->high = clamp(pcp->high, pcp->high_min, pcp->high_max);
	if (!high)
		return 0;
	if (free_high) {
		pcp->high = max(high - (batch << PA_BATCH_SCALE_MAX), pcp->high_min);
		return 0;
	}
	if (zr->flags & PA_ZONE_RECLAIM_ACTIVE) {
		pcp->high = max(high - freed, pcp->high_min);
		return min(batch * 4, pcp->high);
	}
	if (pcp->high_min == pcp->high_max)
		return high;
	if (zr->flags & PA_ZONE_BELOW_HIGH) {
		pcp->high = max(high - freed, pcp->high_min);
		return max(pcp->count, pcp->high_min);
	}
	if (pcp->count >= high && pcp->high < pcp->free_count + batch)
		pcp->high = clamp(pcp->free_count + batch, pcp->high_min, pcp->high_max);
	return high;
}

static int32_t excess_auto(const struct pa_rules *rules, const struct pa_zone_req *zr,
			   struct pa_pcp *pcp, unsigned int order)
{
	int32_t batch = pcp->batch, high;
	bool free_high = false;

	if (order && order <= PA_COSTLY_ORDER) {
		int32_t from = batch + (rules->free_high_more ? pcp->high_min / 2 : 0);

		free_high = pcp->free_count >= from && pcp->flags & PA_PCP_PREV_FREE_HIGH_ORDER &&
			    (!(pcp->flags & PA_PCP_FREE_HIGH_BATCH) || pcp->count >= batch);
		pcp->flags |= PA_PCP_PREV_FREE_HIGH_ORDER;
	} else {
		pcp->flags &= (uint8_t)~PA_PCP_PREV_FREE_HIGH_ORDER;
	}
	if (pcp->free_count < batch << PA_BATCH_SCALE_MAX)
		pcp->free_count += 1 << order;
	high = high_auto(zr, pcp, free_high);
	if (pcp->count < high)
		return 0;
	if (free_high)
		return min(pcp->count, batch << PA_BATCH_SCALE_MAX);
	return high < batch ? 1 : clamp(pcp->free_count, batch, high - batch);
}

int32_t pa_pcp_excess(const struct pa *pa, uint32_t zone, struct pa_pcp *pcp, unsigned int order,
		      unsigned int pindex)
{
	const struct pa_zone_req *zr = pa_zone_req(pa, zone);
	const struct pa_rules *rules = pa_rules(pa);

	if (rules->pcp_lists < PA_PCP_ORDERS)
		return pa_old_excess(rules, pcp, pindex);
	return rules->pcp_auto ? excess_auto(rules, zr, pcp, order) :
				 excess_factor(rules, zr, pcp, order);
}

/* -------------------------------------------------------------------------
 * To the buddy lists
 */

/* Where blocks enter the buddy lists, and by whose doing. */
struct entry {
	struct pa *pa;
	struct pa_zone *z;
	struct pa_zone_req *zr;
	struct pa_cpu_pages *by;
	struct pa_capture *capture; /* NULL: nobody captures in this zone */
	struct pa_trail *trail;
};

static struct entry entry_of(struct pa *pa, uint32_t zone, uint32_t by, struct pa_trail *trail)
{
	struct pa_capture *capture = &pa_req(pa)->capture;

	return (struct entry){
		.pa = pa,
		.z = &pa_zones(pa)[zone],
		.zr = pa_zone_req(pa, zone),
		.by = pa_cpu_pages(pa, zone, by),
		.capture = capture->zone == zone + 1 ? capture : NULL,
		.trail = trail,
	};
}

/* compaction_capture: whom a free may serve, as pa_free_block() wants it. */
static int capture_order(const struct entry *e, enum pa_mt mt)
{
	const struct pa_capture *c = e->capture;

	if (!c || c->pfn != PA_PFN_NONE)
		return -1;
	if (c->order < e->pa->pageblock_order && mt == PA_MOVABLE &&
	    (c->mt != PA_MOVABLE || !pa_rules(e->pa)->capture_movable))
		return -1;
	return (int)c->order;
}

/* A block enters the buddy lists, or a direct compactor takes it as it merges. */
static inline void enter(const struct entry *e, uint64_t pfn, unsigned int order, enum pa_mt mt,
			 unsigned int flags)
{
	struct pa_capture *c = e->capture;

	e->z->quick = 0; /* a delta that is told may lower the counter */
	if (mt != PA_ISOLATE)
		pa_count_free(e->zr, e->by, (int64_t)pa_pages(order));
	if (pa_merge_block(e->pa, e->z, pfn, order, mt, flags, capture_order(e, mt))) {
		c->pfn = pfn & ~(pa_pages(c->order) - 1);
		pa_count_free(e->zr, e->by, -(int64_t)pa_pages(c->order));
	}
}

static void note_drain(struct pa_trail *trail, uint64_t pfn, unsigned int order, enum pa_mt mt,
		       bool pcp)
{
	if (trail->nr_drains < trail->max_drains)
		trail->drains[trail->nr_drains] = (struct pa_drained){
			pfn,
			(uint8_t)order,
			(uint8_t)mt,
			pcp,
		};
	trail->nr_drains++;
}

/* The oldest block of @cp's list @pindex, which has one; its base pages. */
static inline int32_t free_oldest(const struct entry *e, struct pa_cpu_pages *cp,
				  unsigned int pindex)
{
	struct pa *pa = e->pa;
	struct pa_queue *list = &cp->lists[pindex];
	uint32_t frame = list->tail;
	uint64_t pfn = pa_pfn(e->z, frame);
	uint8_t owner = pa_descs(pa)[frame].owner;
	unsigned int order = owner & OWNER_ORDER;
	enum pa_mt mt = pa_type_at_free(pa, e->z, pfn, pa_stored_mt(owner));

	pa_queue_remove(pa, list, frame);
	if (list->head != PA_NIL && list->tail != list->head)
		pa_prefetch(pa, pa->links[list->tail].prev); /* the next but one to go */
	pa_descs(pa)[frame].owner = 0;
	cp->pcp.count -= 1 << order;
	cp->pcp.cold_count -= pindex == PA_COLD && pa_rules(pa)->pcp_lists == PA_PCP_HOT_COLD;
	enter(e, pfn, order, mt, 0);
	if (e->trail)
		note_drain(e->trail, pfn, order, mt, true);
	return 1 << order;
}

#define AHEAD 16 /* blocks of a list that are known before their turn; a power of two */

/*
 * What the block at @frame, less than a pageblock, will merge with is on its way to the cache: its list's
 * neighbours there.  No branch: nobody could foretell it.
 */
PA_INLINE void expect_merge(const struct pa_link *links, const struct pa_desc *descs,
			    uint32_t frame, unsigned int order)
{
	const uint32_t buddy = frame ^ 1u << order;
	const struct pa_link link = links[buddy];
	const bool head = pa_tag_is_head(descs[buddy].tag);

	PA_PREFETCH(&links[head && link.next != PA_NIL ? link.next : frame]);
	PA_PREFETCH(&links[head && link.prev != PA_NIL ? link.prev : frame]);
}

/*
 * free_oldest() for blocks of one list in a row, up to @left base pages or all of it, where nobody
 * captures.  Those that have no place in the cache any more are asked for some blocks ahead.
 */
PA_INLINE int32_t free_row_of(const struct entry *e, struct pa_cpu_pages *cp, unsigned int pindex,
			      int32_t left, unsigned int order)
{
	struct pa *pa = e->pa;
	struct pa_zone *z = e->z;
	struct pa_link *links = pa->links;
	struct pa_desc *descs = pa_descs(pa);
	struct pa_queue *list = &cp->lists[pindex];
	const enum pa_type_read read = pa_version(pa)->type_read;
	const bool part = order < pa->pageblock_order;
	const uint64_t pfn0 = z->pfn0;
	const uint32_t first = list->head;
	const uint32_t most = ((uint32_t)left + (1u << order) - 1) >> order;
	uint32_t frames[AHEAD], known = list->tail, frame, n = 0;
	uint32_t isolated = 0;

	for (uint32_t i = 0; i < AHEAD; i++) {
		frames[i] = known;
		if (i < most && known != first) {
			known = links[known].prev;
			PA_PREFETCH(&links[known]);
			PA_PREFETCH(&descs[known]);
		}
	}
	do {
		enum pa_mt mt;
		uint64_t pfn;

		frame = frames[n % AHEAD];
		frames[n % AHEAD] = known;
		known = known == first ? first : links[known].prev;
		PA_PREFETCH(&links[known]);
		PA_PREFETCH(&descs[known]);
		n++;
		if (part)
			expect_merge(links, descs, frames[(n + AHEAD / 2) % AHEAD], order);

		pfn = frame + pfn0;
		mt = pa_type_by(read, pa, z, pfn, pa_stored_mt(descs[frame].owner));
		isolated += mt == PA_ISOLATE;
		if (e->trail)
			note_drain(e->trail, pfn, order, mt, true);
		if (order)
			pa_fill(&descs[frame], order, PA_USE_FREE, 0);
		else
			descs[frame] = (struct pa_desc){ PA_USE_FREE, 0 };
		pa_merge_plain(pa, z, descs, frame, order, mt, false);
	} while (n < most && frame != first);

	if (frame == first) {
		list->head = PA_NIL;
	} else {
		list->tail = frames[n % AHEAD];
		links[list->tail].next = PA_NIL;
	}
	pa_count_free_run(e->zr, e->by, (int64_t)pa_pages(order), n - isolated);
	cp->pcp.count -= (int32_t)(n << order);
	return (int32_t)(n << order);
}

/* The same, built apart for single pages: most are. */
static int32_t free_row(const struct entry *e, struct pa_cpu_pages *cp, unsigned int pindex,
			int32_t left)
{
	unsigned int order = pa_descs(e->pa)[cp->lists[pindex].tail].owner & OWNER_ORDER;

	return order ? free_row_of(e, cp, pindex, left, order) :
		       free_row_of(e, cp, pindex, left, 0);
}

/* From list @pindex on, the first that is not empty; one of them is not. */
static unsigned int next_list(const struct pa *pa, const struct pa_cpu_pages *cp,
			      unsigned int pindex)
{
	while (cp->lists[pindex].head == PA_NIL)
		pindex = pindex + 1 < pa_rules(pa)->pcp_lists ? pindex + 1 : 0;
	return pindex;
}

uint32_t pa_free_bulk(struct pa *pa, uint32_t zone, struct pa_cpu_pages *cp, int32_t count,
		      unsigned int pindex, uint32_t by, struct pa_trail *trail)
{
	bool types = pa_rules(pa)->pcp_lists == PA_PCP_TYPES;
	const struct entry e = entry_of(pa, zone, by, trail);
	struct pa_round round = { 0, 0 };
	int32_t left = min(cp->pcp.count, count), before = cp->pcp.count;

	while (left > 0) {
		pindex = types ? pa_round_robin(cp, &round, left) : next_list(pa, cp, pindex);
		if (pa_rules(pa)->pcp_lists >= PA_PCP_ORDERS && !e.capture)
			left -= free_row(&e, cp, pindex, left);
		else
			left -= free_oldest(&e, cp, pindex);
	}
	return (uint32_t)(before - cp->pcp.count);
}

static void start_hold(struct pa_bulk *bulk, int32_t left)
{
	bulk->left = left;
	bulk->stop = max(left - bulk->most, 0);
}

/* Base pages that one hold of the locks in free_unref_page_commit takes of @excess. */
static int32_t push_most(const struct pa *pa, const struct pa_cpu_pages *cp, int32_t excess)
{
	return pa_rules(pa)->push_chunks ? min(excess, cp->pcp.batch) : excess;
}

void pa_free_excess(struct pa *pa, uint32_t zone, struct pa_cpu_pages *cp, int32_t excess,
		    unsigned int pindex, uint32_t by, struct pa_trail *trail)
{
	int32_t most = push_most(pa, cp, excess);

	for (; excess > 0; excess -= most)
		pa_free_bulk(pa, zone, cp, min(excess, most), pindex, by, trail);
}

struct pa_bulk pa_bulk_of(const struct pa *pa, uint32_t zone, uint32_t cpu, unsigned int pindex,
			  int32_t excess)
{
	struct pa_bulk bulk = {
		.zone = zone, .cpu = cpu, .by = cpu, .first = pindex, .pindex = pindex
	};

	bulk.most = push_most(pa, pa_cpu_pages(pa, zone, cpu), excess);
	start_hold(&bulk, excess);
	return bulk;
}

static bool is_bulk(const struct pa *pa, const struct pa_bulk *bulk)
{
	return bulk->zone < pa->nr_zones && bulk->cpu < pa->cpus && bulk->by < pa->cpus &&
	       pa_rules(pa)->pcp_lists >= PA_PCP_ORDERS && bulk->pindex < pa_rules(pa)->pcp_lists;
}

/* The next block of @bulk, from @cp, which has one; its base pages. */
static inline int32_t free_next(const struct entry *e, struct pa_cpu_pages *cp,
				struct pa_bulk *bulk)
{
	int32_t pages;

	if (bulk->between)
		bulk->pindex = bulk->first;
	bulk->pindex = next_list(e->pa, cp, bulk->pindex);
	pages = free_oldest(e, cp, bulk->pindex);
	bulk->left -= pages;
	bulk->between = bulk->left <= bulk->stop;
	if (bulk->between)
		start_hold(bulk, bulk->stop);
	return pages;
}

int pa_bulk_step(struct pa *pa, struct pa_bulk *bulk, struct pa_trail *trail)
{
	struct pa_cpu_pages *cp;
	struct entry e;

	if (!is_bulk(pa, bulk))
		return -EINVAL;
	cp = pa_cpu_pages(pa, bulk->zone, bulk->cpu);
	if (bulk->left <= 0 || cp->pcp.count <= 0)
		return 0;
	e = entry_of(pa, bulk->zone, bulk->by, trail);
	return free_next(&e, cp, bulk);
}

int pa_bulk_steps(struct pa *pa, struct pa_bulk *bulk, uint32_t most)
{
	struct pa_cpu_pages *cp;
	struct entry e;
	uint32_t n;

	if (!is_bulk(pa, bulk))
		return -EINVAL;
	cp = pa_cpu_pages(pa, bulk->zone, bulk->cpu);
	e = entry_of(pa, bulk->zone, bulk->by, NULL);
	for (n = 0; n < most && bulk->left > 0 && cp->pcp.count > 0; n++)
		free_next(&e, cp, bulk);
	return (int)n;
}

/* free_one_page; above pageblock order the kernel may do it in pieces, of pageblock order. */
void pa_free_one(struct pa *pa, uint32_t zone, uint64_t pfn, unsigned int order, unsigned int flags,
		 uint32_t by, struct pa_trail *trail)
{
	const struct entry e = entry_of(pa, zone, by, trail);
	uint64_t end = pfn + pa_pages(order);

	if (pa_version(pa)->split_large && order > pa->pageblock_order)
		order = pa->pageblock_order;
	for (; pfn < end; pfn += pa_pages(order)) {
		enum pa_mt mt = *pa_block(pa, e.z, pfn);

		enter(&e, pfn, order, mt, flags);
		if (trail)
			note_drain(trail, pfn, order, mt, false);
	}
}

int pa_isolate_by(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order)
{
	const struct pa_zone *z = pa_zone_at(pa, pfn);
	uint32_t zone;
	int err;

	if (!pa_req(pa) || cpu >= pa_req(pa)->cpus || !z)
		return -EINVAL;
	zone = pa_zone_index(pa, z);
	err = pa_isolate(pa, pfn, order);
	if (!err)
		pa_count_free(pa_zone_req(pa, zone), pa_cpu_pages(pa, zone, cpu),
			      -(int64_t)pa_pages(order));
	return err;
}

/* -------------------------------------------------------------------------
 * Draining
 */

/* Base pages that one hold of the locks in drain_pages_zone takes. */
static int32_t drain_most(const struct pa *pa, const struct pa_cpu_pages *cp)
{
	return pa_rules(pa)->drain_chunks ?
		       min(cp->pcp.count, cp->pcp.batch << PA_BATCH_SCALE_MAX) :
		       cp->pcp.count;
}

/* One such hold. */
static uint32_t drain_hold(struct pa *pa, uint32_t zone, struct pa_cpu_pages *cp, uint32_t by,
			   struct pa_trail *trail)
{
	return pa_free_bulk(pa, zone, cp, drain_most(pa, cp), 0, by, trail);
}

/* drain_pages_zone */
static uint32_t drain_zone(struct pa *pa, uint32_t zone, uint32_t cpu, uint32_t by,
			   struct pa_trail *trail)
{
	struct pa_cpu_pages *cp = pa_cpu_pages(pa, zone, cpu);
	uint32_t drained = 0;

	while (cp->pcp.count > 0)
		drained += drain_hold(pa, zone, cp, by, trail);
	return drained;
}

int pa_drain_start(struct pa *pa, uint32_t zone, uint32_t cpu, uint32_t by, struct pa_bulk *bulk)
{
	if (!pa_req(pa) || zone >= pa->nr_zones || cpu >= pa_req(pa)->cpus ||
	    by >= pa_req(pa)->cpus || pa_rules(pa)->pcp_lists < PA_PCP_ORDERS)
		return -EINVAL;
	*bulk = (struct pa_bulk){ .zone = zone, .cpu = cpu, .by = by };
	bulk->most = drain_most(pa, pa_cpu_pages(pa, zone, cpu));
	start_hold(bulk, bulk->most);
	return 0;
}

int64_t pa_drain(struct pa *pa, uint32_t zone, uint32_t cpu, uint32_t by, struct pa_trail *trail)
{
	int64_t drained = 0;

	if (!pa_req(pa) || by >= pa_req(pa)->cpus || (zone != UINT32_MAX && zone >= pa->nr_zones) ||
	    (cpu != UINT32_MAX && cpu >= pa_req(pa)->cpus))
		return -EINVAL;
	for (uint32_t c = 0; c < pa_req(pa)->cpus; c++) {
		if (cpu != UINT32_MAX && c != cpu)
			continue;
		/* Before 6.0 each CPU is asked to do it itself. */
		if (pa_rules(pa)->pcp_lists < PA_PCP_ORDERS)
			by = c;
		/* for_each_populated_zone: by node, low to high. */
		for (uint32_t i = 0; i < pa_req(pa)->nodes * PA_NR_ZONE_TYPES; i++) {
			uint32_t z = pa_zone_by(pa, i / PA_NR_ZONE_TYPES, i % PA_NR_ZONE_TYPES);

			if (z != PA_NO_ZONE && (zone == UINT32_MAX || z == zone))
				drained += drain_zone(pa, z, c, by, trail);
		}
	}
	return drained;
}

/* decay_pcp_high: idle lists shrink, */
static int32_t decayed(const struct pa_pcp *pcp)
{
	if (pcp->high <= pcp->high_min)
		return pcp->high;
	return max(max(pcp->count - (pcp->batch << PA_BATCH_SCALE_MAX),
		       pcp->high - (pcp->high >> 3)),
		   pcp->high_min);
}

/* and give back what no longer fits. */
static struct pa_bulk decay_start(struct pa *pa, uint32_t zone, uint32_t cpu)
{
	struct pa_pcp *pcp = &pa_cpu_pages(pa, zone, cpu)->pcp;
	struct pa_bulk bulk = { .zone = zone, .cpu = cpu, .by = cpu };
	int32_t left = 0;

	if (pa_rules(pa)->pcp_auto) {
		pcp->high = decayed(pcp);
		left = pcp->count - pcp->high;
	}
	bulk.most = pa_rules(pa)->decay_chunks ? min(left, pcp->batch) : left;
	start_hold(&bulk, max(left, 0));
	return bulk;
}

/* drain_zone_pages: a batch of each list that has its own. */
static void expire_lists(struct pa *pa, uint32_t zone, struct pa_cpu_pages *cp, uint32_t cpu,
			 struct pa_trail *trail)
{
	int32_t cold = min(cp->pcp.cold_count, cp->pcp.cold_batch);
	int32_t nr = min(cp->pcp.count - cp->pcp.cold_count, cp->pcp.batch);

	pa_free_bulk(pa, zone, cp, nr, 0, cpu, trail);
	pa_free_bulk(pa, zone, cp, cold, PA_COLD, cpu, trail);
}

/* The pages of a remote zone go home once nothing was counted for some rounds. */
static void expire(struct pa *pa, uint32_t zone, struct pa_cpu_pages *cp, uint32_t cpu,
		   struct pa_trail *trail)
{
	if (!cp->pcp.expire || !cp->pcp.count)
		return;
	if (pa_zone_req(pa, zone)->node == pa_cpu_node(pa)[cpu])
		cp->pcp.expire = 0;
	else if (!--cp->pcp.expire)
		expire_lists(pa, zone, cp, cpu, trail);
}

/* The shares of one zone's counters. */
static void fold(struct pa *pa, uint32_t zone, struct pa_cpu_pages *cp)
{
	struct pa_zone_req *zr = pa_zone_req(pa, zone);

	pa_zones(pa)[zone].quick = 0;
	if (cp->delta || cp->fair_delta)
		cp->pcp.expire = REMOTE_ROUNDS;
	zr->deltas -= cp->delta;
	zr->fair += cp->fair_delta;
	cp->delta = 0;
	cp->nr_others = 0; /* either way nothing is left of it */
	cp->late = 0;
	cp->doubted = cp->late_threshold;
	cp->fair_delta = 0;
}

int pa_fold_counters(struct pa *pa, uint32_t cpu)
{
	if (!pa_req(pa) || cpu >= pa_req(pa)->cpus)
		return -EINVAL;
	for (uint32_t zone = 0; zone < pa->nr_zones; zone++)
		fold(pa, zone, pa_cpu_pages(pa, zone, cpu));
	return 0;
}

/* What a round does of each zone, one after the other. */
enum { VMSTAT_COUNTERS, VMSTAT_DECAY, VMSTAT_EXPIRE, VMSTAT_PARTS };

/* for_each_populated_zone: by node, low to high. */
static uint32_t vmstat_turns(const struct pa *pa)
{
	return VMSTAT_PARTS * pa_req(pa)->nodes * PA_NR_ZONE_TYPES;
}

static uint32_t zone_of_turn(const struct pa *pa, uint32_t turn)
{
	uint32_t i = turn / VMSTAT_PARTS;

	return pa_zone_by(pa, i / PA_NR_ZONE_TYPES, i % PA_NR_ZONE_TYPES);
}

/* True: something is to be given back, in @bulk. */
static bool vmstat_turn(struct pa *pa, uint32_t turn, uint32_t cpu, struct pa_bulk *bulk,
			struct pa_trail *trail)
{
	uint32_t zone = zone_of_turn(pa, turn), part = turn % VMSTAT_PARTS;
	struct pa_cpu_pages *cp;

	if (zone == PA_NO_ZONE)
		return false;
	cp = pa_cpu_pages(pa, zone, cpu);
	if (part == VMSTAT_COUNTERS)
		fold(pa, zone, cp);
	else if (part == VMSTAT_EXPIRE)
		expire(pa, zone, cp, cpu, trail);
	else
		*bulk = decay_start(pa, zone, cpu);
	return part == VMSTAT_DECAY && bulk->left > 0;
}

static void vmstat_turn_at_once(struct pa *pa, uint32_t turn, uint32_t cpu, struct pa_trail *trail)
{
	struct pa_bulk bulk;

	if (!vmstat_turn(pa, turn, cpu, &bulk, trail))
		return;
	for (; bulk.left > 0; bulk.left -= bulk.most)
		pa_free_bulk(pa, bulk.zone, pa_cpu_pages(pa, bulk.zone, cpu),
			     min(bulk.left, bulk.most), 0, cpu, trail);
}

int pa_vmstat_next(struct pa *pa, uint32_t cpu, uint32_t *turn, struct pa_bulk *bulk)
{
	if (!pa_req(pa) || cpu >= pa_req(pa)->cpus)
		return -EINVAL;
	while (*turn < vmstat_turns(pa))
		if (vmstat_turn(pa, (*turn)++, cpu, bulk, NULL))
			return 1;
	return 0;
}

int pa_vmstat_until(struct pa *pa, uint32_t zone, uint32_t cpu, uint32_t *turn,
		    struct pa_trail *trail)
{
	if (!pa_req(pa) || cpu >= pa_req(pa)->cpus || zone >= pa->nr_zones)
		return -EINVAL;
	for (*turn = 0; zone_of_turn(pa, *turn) != zone; ++*turn)
		vmstat_turn_at_once(pa, *turn, cpu, trail);
	vmstat_turn_at_once(pa, (*turn)++, cpu, trail);
	return 0;
}

int pa_vmstat_update(struct pa *pa, uint32_t cpu, struct pa_trail *trail)
{
	if (!pa_req(pa) || cpu >= pa_req(pa)->cpus)
		return -EINVAL;
	for (uint32_t turn = 0; turn < vmstat_turns(pa); turn++)
		vmstat_turn_at_once(pa, turn, cpu, trail);
	return 0;
}

int32_t pa_decayed_high(const struct pa *pa, uint32_t zone, uint32_t cpu)
{
	struct pa_pcp pcp;

	if (pa_pcp_get(pa, zone, cpu, &pcp))
		return 0;
	return pa_rules(pa)->pcp_auto ? decayed(&pcp) : pcp.high;
}
