/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reclaim: pages that can be had back, and who goes for them.
 */
#include <errno.h>

#include "pa_req_internal.h"

#define MAX_RECLAIM_RETRIES 16
#define SWAP_CLUSTER_MAX 32
#define MIN_LRU_BATCH 64 /* pages that the multi-gen LRU isolates at a time */
#define DEF_PRIORITY 12
#define VMSTAT_INTERVAL 1000 /* ms: vm.stat_interval */
#define VMSTAT_ROUNDS 64     /* after so many nothing is left to do */

/* -------------------------------------------------------------------------
 * Reclaimable pages
 */

int pa_lru_add(struct pa *pa, uint64_t pfn)
{
	struct pa_zone *z = pa_zone_at(pa, pfn);
	struct pa_zone_req *zr;
	uint8_t *owner;

	if (!z || !pa_req(pa))
		return -EINVAL;
	owner = &pa_desc(pa, z, pfn)->owner;
	if (*owner < OWNER_ALLOCATED)
		return -EINVAL;
	if (*owner >= OWNER_LRU)
		return -EEXIST;
	zr = pa_zone_req(pa, pa_zone_index(pa, z));
	*owner |= OWNER_LRU;
	pa_mark(pa, z, pfn, *owner & OWNER_ORDER, PA_USE_MOVABLE);
	pa_queue_push(pa, &zr->lru, pa_frame(z, pfn));
	zr->nr_lru += pa_pages(*owner & OWNER_ORDER);
	return 0;
}

void pa_lru_remove(struct pa *pa, struct pa_zone *z, uint64_t pfn)
{
	struct pa_zone_req *zr = pa_zone_req(pa, pa_zone_index(pa, z));
	uint8_t *owner = &pa_desc(pa, z, pfn)->owner;

	pa_queue_remove(pa, &zr->lru, pa_frame(z, pfn));
	zr->nr_lru -= pa_pages(*owner & OWNER_ORDER);
	*owner = (uint8_t)(OWNER_ALLOCATED | (*owner & OWNER_ORDER));
}

int pa_lru_del(struct pa *pa, uint64_t pfn)
{
	struct pa_zone *z = pa_zone_at(pa, pfn);

	if (!z || !pa_req(pa) || pa_desc(pa, z, pfn)->owner < OWNER_LRU)
		return -EINVAL;
	pa_lru_remove(pa, z, pfn);
	return 0;
}

/* -------------------------------------------------------------------------
 * kswapd
 */

/* Pages between the min mark and the low one. */
static uint64_t mark_gap(const struct pa_zone_req *zr)
{
	return zr->wmark[PA_WMARK_LOW] - zr->wmark[PA_WMARK_MIN];
}

/*
 * The gap between the marks decides.  But from 5.4 on the second CPU comes online before there are
 * marks (vmstat_cpu_online), and nothing takes a drift mark back; vmstat_late_init @ 6.13+ mends that.
 */
bool pa_drift_marked(const struct pa *pa, uint32_t zone)
{
	uint32_t cpus;

	if (!pa_req(pa) || zone >= pa->nr_zones || !pa_rules(pa)->pressure)
		return false;
	cpus = pa_req(pa)->cpus;
	return (pa_rules(pa)->drift_early && cpus > 1) ||
	       (uint64_t)pa_stat_threshold(cpus, pa_zones(pa)[zone].managed) * cpus >
		       mark_gap(pa_zone_req(pa, zone));
}

uint32_t pa_pressure_threshold(const struct pa *pa, uint32_t zone)
{
	uint64_t share;

	if (!pa_req(pa) || zone >= pa->nr_zones)
		return 0;
	share = mark_gap(pa_zone_req(pa, zone)) / pa_req(pa)->cpus;
	return share < 1 ? 1 : share < PA_THRESHOLD_MOST ? (uint32_t)share : PA_THRESHOLD_MOST;
}

/* zone_watermark_ok_safe: where deltas could hide too much, the lists themselves are asked. */
static bool watermark_safe(const struct pa *pa, uint32_t zone, unsigned int order, uint64_t mark,
			   unsigned int highest)
{
	const struct pa_zone_req *zr = pa_zone_req(pa, zone);
	const struct pa_zone *z = &pa_zones(pa)[zone];
	uint64_t drift = (uint64_t)zr->threshold * pa_req(pa)->cpus;
	int64_t free = pa_zone_free(z, zr);

	/* Not yet in 2.6.24. */
	if (pa_drift_marked(pa, zone) && free < (int64_t)(pa_mark_of(z, zr, PA_WMARK_HIGH) + drift))
		free += zr->deltas;
	return pa_watermark_test(pa, zone, order, mark, highest, 0, free, NULL);
}

/*
 * Is @zone above its high mark for @order, to kswapd of 2.6.31 and later?  With defrag_mode whole
 * pageblocks have to be, unless single pages are all that is left to do (pgdat_balanced @ 7.3).
 */
static bool zone_balanced(const struct pa *pa, uint32_t zone, unsigned int order,
			  unsigned int classzone)
{
	uint64_t mark = pa_mark_of(&pa_zones(pa)[zone], pa_zone_req(pa, zone), PA_WMARK_HIGH);

	if (order && pa_req(pa)->knobs.defrag_mode)
		return pa_watermark_test(pa, zone, order, mark, classzone, 0,
					 pa_free_in_blocks(pa, zone), NULL);
	return watermark_safe(pa, zone, order, mark, classzone);
}

/* For 3.10 and 4.4 a zone with enough memory in pieces is not balanced either. */
static bool zone_done(const struct pa *pa, uint32_t zone, unsigned int order,
		      unsigned int classzone)
{
	enum pa_suits suits = (enum pa_suits)pa_rules(pa)->suits;

	if (!zone_balanced(pa, zone, order, classzone))
		return false;
	return !order || suits < PA_SUITS_4_4 || suits == PA_SUITS_NEVER ||
	       pa_compact_may_run(pa, zone, order);
}

/* pgdat_balanced of 3.10 and 4.4: each zone by its own mark; for high orders a quarter will do. */
static bool quarter_balanced(const struct pa *pa, uint32_t nid, unsigned int order,
			     unsigned int highest)
{
	uint64_t managed = 0, balanced = 0;

	for (unsigned int type = 0; type <= highest; type++) {
		uint32_t zone = pa_zone_by(pa, nid, type);

		if (zone == PA_NO_ZONE || !pa_zones(pa)[zone].managed)
			continue;
		managed += pa_zones(pa)[zone].managed;
		if (zone_done(pa, zone, order, type))
			balanced += pa_zones(pa)[zone].managed;
		else if (!order)
			return false;
	}
	return balanced >= managed / 4;
}

/* pgdat_balanced: some zone of the node, low to high, is above its high mark; or all must be. */
static bool balanced(const struct pa *pa, uint32_t nid, unsigned int order, unsigned int highest)
{
	bool all = pa_rules(pa)->balance == PA_BALANCE_ALL, any = false;

	if (pa_rules(pa)->balance == PA_BALANCE_QUARTER)
		return quarter_balanced(pa, nid, order, highest);
	for (unsigned int type = 0; type <= highest; type++) {
		uint32_t zone = pa_zone_by(pa, nid, type);

		if (zone == PA_NO_ZONE || !pa_zones(pa)[zone].managed)
			continue;
		any = true;
		if (zone_balanced(pa, zone, order, highest) != all)
			return !all;
	}
	return all || !any;
}

/* pgdat_watermark_boosted */
static bool boosted(const struct pa *pa, uint32_t nid, unsigned int highest)
{
	for (unsigned int type = 0; type <= highest; type++) {
		uint32_t zone = pa_zone_by(pa, nid, type);

		if (zone != PA_NO_ZONE && pa_zones(pa)[zone].boost)
			return true;
	}
	return false;
}

/*
 * Is there nothing to do for kswapd?  Up to 4.5 each zone asks for itself, 2.6.24's by its low mark;
 * 2.4 wakes it in any case.
 */
static bool content(const struct pa *pa, uint32_t zone, unsigned int order, unsigned int highest)
{
	const struct pa_zone_req *zr = pa_zone_req(pa, zone);
	const struct pa_zone *z = &pa_zones(pa)[zone];

	switch (pa_rules(pa)->slow) {
	case PA_SLOW_2_4:
		return false;
	case PA_SLOW_2_6:
		return pa_watermark_test(pa, zone, order, zr->wmark[PA_WMARK_LOW], 0, 0,
					 pa_zone_free(z, zr), NULL);
	case PA_SLOW_3_10:
	case PA_SLOW_4_4:
		return zone_done(pa, zone, order, 0);
	default:
		return balanced(pa, zr->node, order, highest) && !boosted(pa, zr->node, highest);
	}
}

bool pa_wakeup_kswapd(struct pa *pa, uint32_t zone, uint32_t gfp, unsigned int order,
		      unsigned int highest)
{
	struct pa_node *node = pa_node(pa, pa_zone_req(pa, zone)->node);

	if (!pa_zones(pa)[zone].managed)
		return false;
	if (pa_rules(pa)->slow == PA_SLOW_2_4)
		order = 0; /* it does not know of orders; nor does 2.6.24's of zones */
	if (pa_rules(pa)->slow == PA_SLOW_2_6) {
		if (content(pa, zone, order, highest))
			return false;
		highest = PA_NR_ZONE_TYPES - 1;
	}
	if (node->kswapd_highest < highest)
		node->kswapd_highest = (uint8_t)highest;
	if (node->kswapd_order < order)
		node->kswapd_order = order;
	if (pa_kswapd_busy(node))
		return false;
	if ((pa_rules(pa)->kcompactd && node->kswapd_failures >= MAX_RECLAIM_RETRIES) ||
	    content(pa, zone, order, highest)) {
		/* Enough memory, maybe in pieces: kcompactd's to see to. */
		if (pa_rules(pa)->kcompactd && !(gfp & PA_GFP_DIRECT_RECLAIM))
			pa_wakeup_kcompactd(pa, pa_zone_req(pa, zone)->node, order, highest);
		return false;
	}
	node->kswapd_woken = true;
	for (uint32_t i = 0; i < pa->nr_zones; i++)
		pa_zones(pa)[i].quick = 0;
	return true;
}

/* -------------------------------------------------------------------------
 * Reclaiming
 */

/* Free the oldest reclaimable pages of @zone, up to @nr, on @cpu; how many. */
static uint64_t shrink(struct pa *pa, uint32_t zone, uint64_t nr, uint32_t cpu,
		       struct pa_trail *trail)
{
	struct pa_zone_req *zr = pa_zone_req(pa, zone);
	const struct pa_zone *z = &pa_zones(pa)[zone];
	uint64_t done = 0;
	uint32_t oldest;

	while (done < nr && (oldest = pa_queue_last(&zr->lru)) != PA_NIL) {
		unsigned int order = pa_descs(pa)[oldest].owner & OWNER_ORDER;

		pa_free_traced(pa, cpu, pa_pfn(z, oldest), order, trail);
		done += pa_pages(order);
	}
	return done;
}

/* compaction_ready: compaction alone would do, so reclaim leaves the zone in peace. */
static bool compaction_ready(const struct pa_ctx *ac, uint32_t zone)
{
	const struct pa_zone_req *zr = pa_zone_req(ac->pa, zone);
	const struct pa_zone *z = &pa_zones(ac->pa)[zone];
	int64_t free = pa_zone_free(z, zr);

	return ac->reach > PA_COSTLY_ORDER && ac->rules->suits != PA_SUITS_NEVER &&
	       pa_compact_suitable(ac->pa, zone, ac->reach,
				   pa_compact_mark(ac->pa, zone, ac->reach, 0), ac->classzone,
				   free) &&
	       pa_watermark_test(ac->pa, zone, 0,
				 pa_mark_of(z, zr, PA_WMARK_HIGH) + (UINT64_C(2) << ac->reach),
				 ac->classzone, 0, free, NULL);
}

uint64_t pa_direct_reclaim(struct pa_ctx *ac)
{
	uint64_t nr = SWAP_CLUSTER_MAX, done = 0;
	bool ready = false;

	if (ac->rules->lru_gen)
		nr = MIN_LRU_BATCH; /* try_to_shrink_lruvec: one batch is more than a priority's share */
	else if (ac->reach > PA_COSTLY_ORDER && ac->rules->suits != PA_SUITS_NEVER)
		nr = UINT64_C(2) << ac->reach; /* should_continue_reclaim: compact_gap */
	for (const uint8_t *at = ac->zonelist; *at != PA_NO_ZONE && done < nr; at++) {
		if (!pa_node_allowed(ac, pa_zone_req(ac->pa, *at)))
			continue;
		if (compaction_ready(ac, *at))
			ready = true;
		else
			done += shrink(ac->pa, *at, nr - done, ac->cpu, pa_trail_of(ac));
	}
	for (uint32_t nid = 0; done && nid < pa_req(ac->pa)->nodes; nid++)
		pa_node(ac->pa, nid)->kswapd_failures = 0;
	return done ? done : ready;
}

uint64_t pa_reclaim_local(struct pa_ctx *ac, uint64_t *pfn)
{
	uint64_t done = 0, local = PA_PFN_NONE;
	unsigned int order = 0;

	for (const uint8_t *at = ac->zonelist; *at != PA_NO_ZONE && done < SWAP_CLUSTER_MAX; at++) {
		struct pa_zone_req *zr = pa_zone_req(ac->pa, *at);
		struct pa_zone *z = &pa_zones(ac->pa)[*at];

		if (!pa_node_allowed(ac, zr))
			continue;
		if (local == PA_PFN_NONE && zr->nr_lru) {
			local = pa_pfn(z, zr->lru.tail);
			order = pa_descs(ac->pa)[zr->lru.tail].owner & OWNER_ORDER;
			pa_lru_remove(ac->pa, z, local);
			done += pa_pages(order);
		}
		if (done < SWAP_CLUSTER_MAX)
			done += shrink(ac->pa, *at, SWAP_CLUSTER_MAX - done, ac->cpu,
				       pa_trail_of(ac));
	}
	*pfn = PA_PFN_NONE;
	if (local != PA_PFN_NONE && order == ac->order && done >= SWAP_CLUSTER_MAX)
		*pfn = local;
	else if (local != PA_PFN_NONE)
		pa_free_traced(ac->pa, ac->cpu, local, order, pa_trail_of(ac));
	return done < SWAP_CLUSTER_MAX ? 0 : done;
}

/*
 * Zones that kswapd leaves alone up to 4.4.  2.6.24 has equal pressure for all but those with far
 * too much; 3.10 and 4.4 leave to compaction what compaction can do.
 */
static bool is_spared(const struct pa *pa, uint32_t zone, unsigned int order, unsigned int highest)
{
	const struct pa_zone_req *zr = pa_zone_req(pa, zone);

	if (pa_rules(pa)->balance == PA_BALANCE_ALL)
		return pa_watermark_test(pa, zone, order, 8 * zr->wmark[PA_WMARK_HIGH], highest, 0,
					 pa_zone_free(&pa_zones(pa)[zone], zr), NULL);
	if (order && pa_compact_may_run(pa, zone, order))
		order = 0;
	return zone_balanced(pa, zone, order, highest);
}

/*
 * Highest type first: a request for it is what usually wakes kswapd.  Up to 4.4 all zones get the
 * same pressure, low to high.
 */
static uint64_t shrink_node(struct pa *pa, uint32_t nid, unsigned int order, unsigned int highest,
			    struct pa_trail *trail)
{
	bool each = pa_rules(pa)->balance != PA_BALANCE_ANY;
	uint64_t done = 0;

	for (unsigned int i = 0; i <= highest && (each || done < SWAP_CLUSTER_MAX); i++) {
		uint32_t zone = pa_zone_by(pa, nid, each ? i : highest - i);

		if (zone == PA_NO_ZONE || (each && is_spared(pa, zone, order, highest)))
			continue;
		done += shrink(pa, zone, SWAP_CLUSTER_MAX - (each ? 0 : done),
			       pa_node(pa, nid)->daemon_cpu[PA_KSWAPD], trail);
	}
	return done;
}

/*
 * What kswapd changes in a zone while it is at work: set_reclaim_active, and the closer count of
 * set_pgdat_percpu_threshold.  Boosts, all together.
 */
static uint64_t begin(struct pa *pa, uint32_t nid, unsigned int highest)
{
	uint64_t boost = 0;

	for (unsigned int type = 0; type <= highest; type++) {
		uint32_t zone = pa_zone_by(pa, nid, type);
		struct pa_zone_req *zr;

		if (zone == PA_NO_ZONE)
			continue;
		zr = pa_zone_req(pa, zone);
		zr->run_boost = pa_zones(pa)[zone].boost;
		zr->run_threshold = zr->threshold;
		boost += zr->run_boost;
		if (pa_rules(pa)->pcp_lists >= PA_PCP_ORDERS)
			zr->flags |= PA_ZONE_RECLAIM_ACTIVE;
		if (pa_drift_marked(pa, zone))
			zr->threshold = pa_pressure_threshold(pa, zone);
	}
	return boost;
}

/* The same back.  True if there was a boost. */
static bool end(struct pa *pa, uint32_t nid, unsigned int highest)
{
	bool boosted = false;

	for (unsigned int type = 0; type <= highest; type++) {
		uint32_t zone = pa_zone_by(pa, nid, type);
		struct pa_zone_req *zr;
		struct pa_zone *z;

		if (zone == PA_NO_ZONE)
			continue;
		z = &pa_zones(pa)[zone];
		zr = pa_zone_req(pa, zone);
		boosted |= zr->run_boost != 0;
		z->boost -= z->boost < zr->run_boost ? z->boost : zr->run_boost;
		zr->flags &= ~PA_ZONE_RECLAIM_ACTIVE;
		if (zr->run_threshold)
			zr->threshold = zr->run_threshold;
		zr->run_threshold = 0;
		pa_allow_quick(pa, zone);
	}
	return boosted;
}

/* Is no zone of the node able to give a page of @order?  pgdat_needs_compaction. */
static bool needs_compaction(const struct pa *pa, uint32_t nid, unsigned int order)
{
	for (uint32_t i = 0; i < pa->nr_zones; i++) {
		const struct pa_zone_req *zr = pa_zone_req(pa, i);

		if (zr->node == nid && pa_zones(pa)[i].managed &&
		    pa_watermark_test(pa, i, order, zr->wmark[PA_WMARK_LOW], zr->type, 0,
				      pa_zone_free(&pa_zones(pa)[i], zr), NULL))
			return false;
	}
	return order;
}

/*
 * The end of balance_pgdat and what follows.  What was reclaimed for a high order is compacted: by
 * kcompactd, or up to 4.5 by kswapd itself.
 */
static void end_kswapd(struct pa *pa, uint32_t nid, struct pa_trail *trail)
{
	struct pa_node *node = pa_node(pa, nid);
	bool boosted = end(pa, nid, node->run_highest);

	node->kswapd_runs = false;
	if (!pa_rules(pa)->kcompactd) {
		if (pa_rules(pa)->suits != PA_SUITS_NEVER &&
		    needs_compaction(pa, nid, node->run_order))
			pa_compact_node(pa, nid, node->run_order, trail);
		return;
	}
	if (boosted)
		pa_wakeup_kcompactd(pa, nid, pa->pageblock_order, node->run_highest);
	/* kswapd_try_to_sleep; one that came no further forgets the order instead. */
	if (node->kswapd_failures < MAX_RECLAIM_RETRIES &&
	    !balanced(pa, nid, node->run_left, node->run_highest))
		return;
	for (uint32_t i = 0; i < pa->nr_zones; i++) {
		if (pa_zone_req(pa, i)->node == nid)
			pa_reset_isolation(pa, i);
	}
	if (node->run_left < node->run_order)
		pa_wakeup_kcompactd(pa, nid, node->run_order, node->run_highest);
}

/* fls_long */
static int last_bit(uint64_t v)
{
	int n = 0;

	for (; v; v >>= 1)
		n++;
	return n;
}

/* One balance_pgdat. */
struct balance {
	struct pa *pa;
	struct pa_trail *trail;
	uint32_t nid;
	unsigned int order, highest;
	int priority;
	uint64_t boost; /* nr_boost_reclaim */
	uint64_t done;
};

/* sc.nr_to_reclaim of kswapd_shrink_node; @pages: on all lists. */
static uint64_t wanted(const struct balance *b, uint64_t *pages)
{
	uint64_t nr = 0;

	*pages = 0;
	for (unsigned int type = 0; type < PA_NR_ZONE_TYPES; type++) {
		uint32_t zone = pa_zone_by(b->pa, b->nid, type);
		uint64_t mark;

		if (zone == PA_NO_ZONE || !pa_zones(b->pa)[zone].managed)
			continue;
		*pages += pa_zone_req(b->pa, zone)->nr_lru;
		if (type > b->highest)
			continue;
		mark = pa_mark_of(&pa_zones(b->pa)[zone], pa_zone_req(b->pa, zone), PA_WMARK_HIGH);
		nr += mark < SWAP_CLUSTER_MAX ? SWAP_CLUSTER_MAX : mark;
	}
	return nr;
}

/* should_abort_scan: each zone is a batch above its high mark. */
static bool is_safe(const struct balance *b)
{
	for (unsigned int type = 0; type <= b->highest; type++) {
		uint32_t zone = pa_zone_by(b->pa, b->nid, type);
		const struct pa_zone_req *zr;
		const struct pa_zone *z;

		if (zone == PA_NO_ZONE || !pa_zones(b->pa)[zone].managed)
			continue;
		zr = pa_zone_req(b->pa, zone);
		z = &pa_zones(b->pa)[zone];
		if (!pa_watermark_test(b->pa, zone, 0,
				       pa_mark_of(z, zr, PA_WMARK_HIGH) + MIN_LRU_BATCH, b->highest,
				       0, pa_zone_free(z, zr), NULL))
			return false;
	}
	return true;
}

/*
 * lru_gen_shrink_node: batch by batch, a share of the lists that doubles with each priority.  Nothing
 * for a boost alone, as that may not write pages.
 */
static uint64_t shrink_gen(struct balance *b)
{
	uint64_t pages, nr = wanted(b, &pages), gap = UINT64_C(2) << b->order, done = 0, share;

	if (b->boost)
		return 0;
	if (b->priority == DEF_PRIORITY && nr >= MIN_LRU_BATCH) { /* set_initial_priority */
		int priority = last_bit(pages) - 1 - last_bit(nr - 1);

		b->priority = priority < DEF_PRIORITY / 2 ? DEF_PRIORITY / 2 : priority;
		b->priority = b->priority > DEF_PRIORITY ? DEF_PRIORITY : b->priority;
	}
	share = pages >> b->priority;
	while (done < share) {
		uint64_t batch = 0;

		for (unsigned int i = 0; i <= b->highest && batch < MIN_LRU_BATCH; i++) {
			uint32_t zone = pa_zone_by(b->pa, b->nid, b->highest - i);

			if (zone != PA_NO_ZONE)
				batch += shrink(b->pa, zone, MIN_LRU_BATCH - batch,
						pa_node(b->pa, b->nid)->daemon_cpu[PA_KSWAPD],
						b->trail);
		}
		done += batch;
		if (!batch || done >= (nr > gap ? nr : gap) || (!b->order && is_safe(b)))
			break;
	}
	if (!done || done < nr)
		b->priority--;
	return done;
}

/* balance_pgdat: reclaim until a zone is above its high mark and the boost is paid for. */
static void run_kswapd(struct pa *pa, uint32_t nid, struct pa_trail *trail)
{
	struct pa_node *node = pa_node(pa, nid);
	uint64_t was_boosted = begin(pa, nid, node->kswapd_highest);
	struct balance b = { .pa = pa,
			     .trail = trail,
			     .nid = nid,
			     .order = node->kswapd_order,
			     .highest = node->kswapd_highest,
			     .priority = DEF_PRIORITY,
			     .boost = was_boosted };
	bool tried = false;

	node->kswapd_runs = true;
	node->run_highest = node->kswapd_highest;
	node->run_order = (uint8_t)node->kswapd_order;
	node->kswapd_woken = false;
	node->kswapd_order = 0;
	node->kswapd_highest = 0;
	for (;;) {
		bool is_balanced = balanced(pa, nid, b.order, b.highest);
		uint64_t nr;

		if (!is_balanced && b.boost) { /* the marks first */
			b.boost = 0;
			b.priority = DEF_PRIORITY;
		}
		if (is_balanced && !b.boost)
			break;
		nr = pa_rules(pa)->lru_gen ? shrink_gen(&b) :
					     shrink_node(pa, nid, b.order, b.highest, trail);
		tried = true;
		b.done += nr;
		if ((!nr && (b.boost || !pa_rules(pa)->lru_gen)) || b.priority < 1)
			break;
		b.boost -= b.boost < nr ? b.boost : nr;
		/* Enough for compaction: from here on single pages count. */
		if (b.order && pa_rules(pa)->suits != PA_SUITS_NEVER &&
		    b.done >= UINT64_C(2) << b.order)
			b.order = 0;
	}
	node->run_left = (uint8_t)b.order;
	if (b.done)
		node->kswapd_failures = 0;
	else
		node->kswapd_failures += tried && !(was_boosted && pa_rules(pa)->boost_may_fail);
}

int pa_set_daemon_cpu(struct pa *pa, enum pa_daemon daemon, uint32_t cpu)
{
	if (!pa_req(pa) || (unsigned int)daemon >= PA_NR_DAEMONS || cpu >= pa_req(pa)->cpus)
		return -EINVAL;
	pa_node(pa, pa_cpu_node(pa)[cpu])->daemon_cpu[daemon] = cpu;
	return 0;
}

/* -------------------------------------------------------------------------
 * Time
 */

int pa_tick(struct pa *pa, uint64_t now, struct pa_trail *trail)
{
	uint64_t rounds, ms;

	if (!pa_req(pa) || now < pa_req(pa)->now)
		return -EINVAL;
	ms = now - pa_req(pa)->now;
	rounds = now / VMSTAT_INTERVAL - pa_req(pa)->now / VMSTAT_INTERVAL;
	pa_req(pa)->now = now;
	for (uint32_t nid = 0; nid < pa_req(pa)->nodes; nid++) {
		/* It takes a while: what it found is out of date when it is done. */
		if (pa_node(pa, nid)->kswapd_runs)
			end_kswapd(pa, nid, trail);
		if (pa_node(pa, nid)->kswapd_woken)
			run_kswapd(pa, nid, trail);
		if (pa_rules(pa)->kcompactd)
			pa_run_kcompactd(pa, nid, ms, trail);
	}
	for (uint64_t i = 0; i < rounds && i < VMSTAT_ROUNDS; i++) {
		for (uint32_t cpu = 0; cpu < pa_req(pa)->cpus; cpu++)
			pa_vmstat_update(pa, cpu, trail);
	}
	return 0;
}
