/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the request level share: its part of the state and its smallest verbs.
 *
 * It follows the pageblock types in the caller's block of memory: struct pa_req, a struct
 * pa_zone_req for each zone, a struct pa_cpu_pages for each zone and CPU, a struct pa_node for each
 * node, and the zonelists.
 */
#ifndef PA_REQ_INTERNAL_H
#define PA_REQ_INTERNAL_H

#include "pa_internal.h"

#define PA_NO_ZONE UINT8_MAX
#define PA_THRESHOLD_MOST 125 /* of a CPU's delta, which has eight bits */

/* 2.6.24's two lists of a CPU. */
#define PA_HOT 0
#define PA_COLD 1
#define PA_BATCH_SCALE_MAX 5 /* CONFIG_PCP_BATCH_SCALE_MAX */

/* NR_PCP_LISTS and what the lists are. */
enum pa_pcp_lists {
	PA_PCP_NONE = 0,      /* 2.4: there are none */
	PA_PCP_HOT_COLD = 2,  /* 2.6.24: single pages of all types, hot and cold ones */
	PA_PCP_TYPES = 3,     /* 3.10 to 5.12: single pages, by type */
	PA_PCP_ORDERS = 13,   /* 5.14 to early 6.1: orders 0 to 3 by type, one list of THPs */
	PA_PCP_THP_LISTS = 14 /* later: movable THPs apart */
};

/* Which list of steps the slow path is; see slowpath.c and slowold.c. */
enum pa_slow { PA_SLOW_4_7, PA_SLOW_4_4, PA_SLOW_3_10, PA_SLOW_2_6, PA_SLOW_2_4, PA_NR_SLOW };

/* When kswapd has done enough for the zones of a node up to the highest asked for. */
enum pa_balance {
	PA_BALANCE_ANY,	    /* one of them is above its high mark: 2.4, and 4.6+ */
	PA_BALANCE_ALL,	    /* all are: 2.6.24 */
	PA_BALANCE_QUARTER, /* all are, or for higher orders a quarter of their pages: 3.10, 4.4 */
};

/* What compaction asks of a zone before it runs, and when it is done. */
enum pa_suits {
	PA_SUITS_4_7,	/* the mark by the order, and a gap */
	PA_SUITS_6_18,	/* the caller's mark, and a gap */
	PA_SUITS_4_4,	/* the low mark, and a gap */
	PA_SUITS_3_10,	/* the same, before it looks whether the order is there */
	PA_SUITS_NEVER, /* there is no compaction: 2.4, 2.6.24 */
};

/* What the versions differ in above zone->lock, one row for each policy (rules.c). */
struct pa_rules {
	const char *policy;
	uint8_t pcp_lists;	/* enum pa_pcp_lists */
	uint8_t slow;		/* enum pa_slow */
	uint8_t balance;	/* enum pa_balance */
	uint8_t suits;		/* enum pa_suits */
	uint16_t batch_cap;	/* most pages zone_batchsize starts from */
	uint32_t min_free_most; /* calculate_min_free_kbytes ends here; 0: marks are 2.4's */

	bool old_zones;	       /* 2.4: DMA, NORMAL and HIGHMEM only */
	bool sum_marks;	       /* 2.4: a zone's mark is on top of those tried before it */
	bool zone_order;       /* to 3.15: several nodes may be walked zone type by zone type */
	bool exact_counter;    /* 2.4: CPUs tell the zone counter at once */
	bool present_sizes;    /* 2.6.24: shares go by present pages, not managed ones */
	bool old_marks;	       /* to 4.5: no scale factor; a reserve ratio of 0 means 1 */
	bool boost_stays;      /* 5.4: new low and high marks are those of the boosted zone */
	bool cumulative;       /* to 4.3: each order must have its share of what is free */
	bool by_preferred;     /* to 5.7: reserves are those against the preferred zone */
	bool fair;	       /* 3.12 to 4.7: ALLOC_FAIR takes from a node's zones in turn */
	bool fast_highatomic;  /* 5.4: zone_watermark_fast forgets the HIGHATOMIC reserve */
	bool nofragment;       /* 5.0+: ALLOC_NOFRAGMENT */
	bool harder;	       /* ALLOC_HARDER, ALLOC_HIGH: to early 6.1 */
	bool harder_unwilling; /* to 4.3: HARDER is for who may not reclaim; then __GFP_ATOMIC */
	bool harder_any_block; /* 4.4: for HARDER any free block of the order will do */
	bool highatomic;       /* 4.4+: such pageblocks */
	bool highatomic_any;   /* ALLOC_HIGHATOMIC without __GFP_HIGH: early 6.12 */
	bool highatomic_last;  /* rmqueue_buddy ends with the HIGHATOMIC list */
	bool highatomic_early; /* 7.3: ALLOC_HIGHATOMIC on the first attempt already */
	bool highatomic_buddy; /* 7.3: no refill for it; reserves what the buddy lists gave at min */
	bool free_highatomic;  /* watermarks: nr_free_highatomic, not nr_reserved_highatomic */
	bool highatomic_percent; /* reserve at most 1 % rounded, nothing below one pageblock */
	bool unreserve_once;	 /* 4.4: unreserve stops at its first attempt */
	bool unreserve_large;	 /* unreserve knows blocks of pageblock order and above */
	bool unreserve_always;	 /* 6.18: lowers nr_reserved whatever the pageblock's type */
	bool unreserve_no_retry; /* should_reclaim_retry: any "no" unreserves first, late trees */

	bool cold;		/* to 4.14: __GFP_COLD takes from the other end */
	bool counts_late;	/* 3.10 to 6.9: a refill tells the zone counter once, at its end */
	bool pcp_auto;		/* 6.7+: high floats between high_min and high_max */
	bool factor_capped;	/* free_factor stops at 5: late 6.1 */
	bool drain_chunks;	/* drain_pages_zone in steps of batch << 5 */
	bool push_chunks;	/* 6.19+: free_frozen_page_commit in steps of batch */
	bool decay_chunks;	/* decay_pcp_high in steps of batch */
	bool free_high_more;	/* 6.18: free_high from batch + high_min / 2 on */
	bool boosted_always;	/* 5.4: ZONE_BOOSTED_WATERMARK even where no boost is possible */
	bool boosted_by_kswapd; /* only ALLOC_KSWAPD clears ZONE_BOOSTED_WATERMARK */

	bool movable_capped;	/* 6.12+: ZONE_MOVABLE's min mark is capped as highmem's */
	bool reserve_needs_top; /* 6.12.0: no lowmem_reserve against an empty zone */
	bool boost_by_atomic;	/* 5.10 to 6.1: __GFP_ATOMIC sees through the boost */
	bool boost_by_min;	/* later: ALLOC_MIN_RESERVE does */
	bool defrag_mode;	/* 6.15+ */
	bool defrag_whole;	/* 7.3: defrag_mode reclaims and compacts for whole pageblocks */
	bool deferred_reclaims; /* 7.3: costly NORETRY reclaims even where compaction did not run */
	bool skip_busy_kswapd;	/* 6.18: zones of a node whose kswapd runs come second */
	bool pressure;		/* 2.6.38+: kswapd at work makes CPUs tell the counter sooner */
	bool drift_early;	/* 5.4 to 6.12: percpu_drift_mark is set before there are marks */
	bool thisnode_nopage;	/* costly NORETRY with THISNODE does not reclaim: late trees */
	bool reserves_wake;	/* 6.x: who uses reserves still wakes kswapd */
	bool deferred_nopage;	/* 5.4: costly requests end sooner where compaction is deferred */
	bool compact_tries;	/* 5.4, 5.10: a look at the lists even if it could not run */
	bool compact_needs_fs;	/* 3.10, 4.4: compaction asks for __GFP_FS too */
	bool compact_needs_io;	/* first compaction asks gfp_compaction_allowed: late trees */
	bool compact_fatal;	/* should_compact_retry gives up on a fatal signal */
	bool compact_hints;	/* fast searches, and skip hints that they set: 5.1+ */
	bool compact_score_new; /* 6.18: proactive compaction's marks go down to 0 */
	bool kcompactd;		/* 4.6+; before, kswapd compacts */
	bool lru_gen;		/* the multi-gen LRU, which Debian turns on from 6.12 on */
	bool boost_may_fail;	/* 7.3: kswapd_failures leaves out rounds for a boost */
	bool proactive;		/* 5.9+: vm.compaction_proactiveness */
	bool capture;		/* 5.1+: compaction_capture */
	bool capture_movable;	/* 6.1+: even small MOVABLE blocks, for MOVABLE requests */
};

/* The row for @policy, or NULL: the request level does not know it. */
const struct pa_rules *pa_rules_find(const char *policy);
extern const struct pa_rules pa_all_rules[];

struct pa_queue {
	uint32_t head; /* PA_NIL: it is empty */
	uint32_t tail; /* means nothing while it is */
};

#define PA_MAX_OTHERS 32

struct pa_cpu_pages {
	struct pa_queue lists[PA_NR_PCP_LISTS];
	struct pa_pcp pcp;
	int8_t delta;		      /* vm_stat_diff[NR_FREE_PAGES] */
	int8_t fair_delta;	      /* vm_stat_diff[NR_ALLOC_BATCH] */
	uint8_t nr_others;	      /* while doubted: what delta may be as well */
	bool doubted;		      /* there are any, or may be soon */
	int32_t free_most;	      /* free_count grows while it is below this; 0 up to 6.6 */
	uint64_t start, pfn0, blocks; /* the zone's */
	int8_t other[PA_MAX_OTHERS];
	int8_t late; /* what delta is by late_threshold, if that is not 0 */
	uint8_t late_threshold;
	uint8_t pad[6];
	uint64_t zeros[4]; /* up to a power of two */
};

_Static_assert(sizeof(struct pa_cpu_pages) == 256, "each free looks for one by its number");

struct pa_zone_req {
	uint64_t wmark[PA_NR_WMARKS];
	uint64_t reserve[PA_NR_ZONE_TYPES];
	uint64_t present;
	uint64_t nr_reserved_highatomic;
	int64_t deltas; /* sum of all CPUs' */
	uint32_t flags; /* PA_ZONE_* */
	uint32_t threshold;
	uint8_t type;
	uint8_t node;
	bool nofragment; /* a request that prefers this zone starts with ALLOC_NOFRAGMENT */
	uint8_t defer_shift;
	uint32_t considered;
	uint8_t order_failed;
	bool compact_flush; /* compact_blockskip_flush */
	uint8_t zero[2];
	struct pa_queue lru; /* newest at the head */
	uint64_t nr_lru;     /* pages */
	uint64_t compact_migrate[2],
		compact_free;		  /* compact_cached_*_pfn; asynchronous, synchronous */
	uint64_t init_migrate, init_free; /* compact_init_*_pfn */
	int64_t fair;			  /* NR_ALLOC_BATCH */
	uint64_t run_boost;		  /* as a run of kswapd under way found it */
	uint32_t run_threshold;		  /* to go back to after it; 0: none under way */
	uint32_t zero1;
};

/* A run of compaction on a zone: struct compact_control. */
struct pa_scan {
	/* What the caller sets. */
	uint32_t zone, cpu;
	uint32_t flags;	   /* alloc flags of the request, and */
	uint8_t classzone; /* its index into reserves: up to 4.4 the end asks for both */
	uint8_t order, mt; /* proactive: pageblock order */
	bool async;
	bool direct;	/* for a request */
	bool proactive; /* goes on until the zone's score is low; knows no hints */

	bool whole;		/* it began at the zone's start */
	bool hints;		/* the version has them, and fast searches */
	bool in_step;		/* both cached places of the migrate scanner are the same yet */
	int8_t search_order;	/* of the fast search for free pages */
	uint64_t migrate, free; /* scanners */
	uint64_t from;		/* where the batch begins */
	uint64_t last;		/* where something was taken last, since lists were drained */
	uint64_t fast_start;	/* lowest frame of the fast search; 0: none */
	uint32_t search_fail;	/* of fast searches, in a row */
	uint32_t nr_migrate, nr_free;	      /* pages isolated: to be moved, to move to */
	bool moved;			      /* something was */
	struct pa_queue spare[PA_MAX_ORDERS]; /* the latter */
};

/* What kcompactd is at. */
enum pa_kcompactd_work { PA_KCOMPACTD_IDLE, PA_KCOMPACTD_ASKED, PA_KCOMPACTD_PROACTIVE };

struct pa_node {
	uint32_t cpus;
	uint32_t daemon_cpu[PA_NR_DAEMONS];
	uint32_t kswapd_order;
	uint32_t kcompactd_order;
	uint8_t kswapd_highest;
	uint8_t kcompactd_highest;
	bool kswapd_woken;
	bool kcompactd_woken;
	uint32_t kswapd_failures;
	/* A run of kswapd under way: what it was asked for, what it came down to. */
	bool kswapd_runs;
	uint8_t run_highest, run_order, run_left;
	uint64_t proactive_at; /* when it is tried next, in ms */
	/* kcompactd's work under way. */
	uint8_t work;	      /* enum pa_kcompactd_work */
	uint8_t work_type;    /* the zone it comes to next */
	uint8_t work_highest; /* and the last one */
	uint8_t work_order;
	bool scanning;	     /* there is one */
	bool work_moved;     /* it moved something */
	uint64_t work_score; /* proactive: the node's before it */
	int64_t work_credit; /* ns */
	struct pa_scan scan;
};

/* Work of a direct compactor on the way: current->capture_control. */
struct pa_capture {
	uint64_t pfn;  /* PA_PFN_NONE until a block is captured */
	uint32_t zone; /* one more than its index; 0: nobody captures */
	uint32_t order;
	uint32_t mt;
	uint32_t zero;
};

struct pa_req {
	struct pa_knobs knobs;
	uint32_t thp_lists; /* per-cpu lists of pageblock order */
	uint32_t cpus;
	uint32_t nodes;
	uint32_t types;	       /* bit t: the kernel has zones of type t */
	uint8_t gfp_zones[16]; /* GFP_ZONE_TABLE by the low four gfp bits */
	struct pa_capture capture;
	uint64_t now;			     /* ms */
	uint64_t pace;			     /* ns that kcompactd takes for a page; 0: none */
	uint64_t skips;			     /* by pageblock: PB_migrate_skip; from struct pa */
	uint64_t pgdat, zonelists, cpu_node; /* from struct pa */
};

static inline uint8_t pa_pcp_owner(unsigned int order, unsigned int mt)
{
	return (uint8_t)(OWNER_PCP + (mt << OWNER_SHIFT) + order);
}

/* Type stored with a block on a per-cpu list. */
static inline enum pa_mt pa_stored_mt(uint8_t owner)
{
	return (enum pa_mt)((owner >> OWNER_SHIFT) - 1);
}

static inline void *pa_at(const struct pa *pa, uint64_t offset)
{
	return (char *)(uintptr_t)pa + offset;
}

/* The next page that this CPU frees may be of the same zone. */
static inline void pa_note_back(struct pa *pa, const struct pa_zone *z,
				const struct pa_cpu_pages *cp, uint32_t cpu)
{
	pa->back.zone = (uint64_t)((const char *)z - (const char *)pa);
	pa->back.pages = (uint64_t)((const char *)cp - (const char *)pa);
	pa->back.cpu = cpu;
}

/* NULL without a request level. */
static inline struct pa_req *pa_req(const struct pa *pa)
{
	return pa->req ? pa_at(pa, pa->req) : NULL;
}

static inline struct pa_zone_req *pa_zone_req(const struct pa *pa, uint32_t zone)
{
	return (struct pa_zone_req *)pa_at(pa, pa->zone_reqs) + zone;
}

static inline struct pa_cpu_pages *pa_cpu_pages(const struct pa *pa, uint32_t zone, uint32_t cpu)
{
	return (struct pa_cpu_pages *)pa_at(pa, pa_zones(pa)[zone].pages) + cpu;
}

static inline struct pa_node *pa_node(const struct pa *pa, uint32_t nid)
{
	return (struct pa_node *)pa_at(pa, pa_req(pa)->pgdat) + nid;
}

static inline uint8_t *pa_cpu_node(const struct pa *pa)
{
	return pa_at(pa, pa_req(pa)->cpu_node);
}

/* Zones for a request at @nid, best first, up to PA_NO_ZONE. */
static inline const uint8_t *pa_zonelist_of(const struct pa *pa, uint32_t nid, unsigned int highest)
{
	return (const uint8_t *)pa_at(pa, pa_req(pa)->zonelists) +
	       ((size_t)nid * PA_NR_ZONE_TYPES + highest) * (pa->nr_zones + 1);
}

static inline const struct pa_rules *pa_rules(const struct pa *pa)
{
	return &pa_all_rules[pa->rules];
}

static inline uint32_t pa_zone_index(const struct pa *pa, const struct pa_zone *z)
{
	return (uint32_t)(z - pa_zones(pa));
}

/* The zone counter NR_FREE_PAGES: free pages but the isolated, less what CPUs have not told. */
static inline int64_t pa_zone_free(const struct pa_zone *z, const struct pa_zone_req *zr)
{
	return (int64_t)(z->free[PA_UNMOVABLE] + z->free[PA_MOVABLE] + z->free[PA_RECLAIMABLE] +
			 z->free[PA_HIGHATOMIC] + z->free[PA_CMA] + z->free[PA_RESERVE]) -
	       zr->deltas;
}

/* A CPU's share when @pages are added to one of @had: beyond the threshold the zone is told of all. */
static inline int64_t pa_share_by(uint32_t threshold, int64_t had, int64_t pages)
{
	const int64_t delta = had + pages;

	return delta > (int64_t)threshold || -delta > (int64_t)threshold ? 0 : delta;
}

static inline int64_t pa_share_after(const struct pa_zone_req *zr, int64_t had, int64_t pages)
{
	return pa_share_by(zr->threshold, had, pages);
}

/* What was added to the share in @n goes, @pages each, was to be added to the other ones, too. */
void pa_count_other(const struct pa_zone_req *zr, struct pa_cpu_pages *cp, int64_t pages,
		    uint32_t n);

/* __mod_zone_page_state(NR_FREE_PAGES): called beside each change of the lists. */
static inline void pa_count_free(struct pa_zone_req *zr, struct pa_cpu_pages *cp, int64_t pages)
{
	const int64_t delta = pa_share_after(zr, cp->delta, pages);

	zr->deltas += delta - cp->delta;
	cp->delta = (int8_t)delta;
	if (cp->doubted)
		pa_count_other(zr, cp, pages, 1);
}

/* The same for @n blocks of @pages each, which may be less than 0: as one by one, but in strides. */
static inline void pa_count_free_run(struct pa_zone_req *zr, struct pa_cpu_pages *cp, int64_t pages,
				     uint32_t n)
{
	const int64_t most = (int64_t)zr->threshold, size = pages < 0 ? -pages : pages;
	const int64_t had = cp->delta;
	const uint32_t all = n;
	int64_t delta = had;

	while (n) {
		int64_t room = pages < 0 ? most + delta : most - delta; /* what needs not be told */
		uint32_t quiet = 0;

		if (room >= size && delta <= most && -delta <= most)
			quiet = room / size < n ? (uint32_t)(room / size) : n;
		delta += quiet * pages;
		n -= quiet;
		if (n) {
			n--;
			delta += pages;
			if (delta > most || -delta > most)
				delta = 0;
		}
	}
	zr->deltas += delta - had;
	cp->delta = (int8_t)delta;
	if (cp->doubted)
		pa_count_other(zr, cp, pages, all);
}

/* 4.4: pages that a zone may give before its node's others have their turn. */
static inline int64_t pa_turn(const struct pa_zone_req *zr)
{
	return (int64_t)(zr->wmark[PA_WMARK_HIGH] - zr->wmark[PA_WMARK_LOW]);
}

/* __mod_zone_page_state(NR_ALLOC_BATCH) */
static inline void pa_count_fair(struct pa_zone_req *zr, struct pa_cpu_pages *cp, int64_t pages)
{
	int64_t delta = cp->fair_delta + pages;

	if (delta > (int64_t)zr->threshold || -delta > (int64_t)zr->threshold) {
		zr->fair += delta;
		delta = 0;
	}
	cp->fair_delta = (int8_t)delta;
}

static inline uint64_t pa_mark_of(const struct pa_zone *z, const struct pa_zone_req *zr,
				  unsigned int wmark)
{
	return zr->wmark[wmark] + z->boost;
}

/* pcp_allowed_order and order_to_pindex; -1 if per-cpu lists hold no such order. */
static inline int pa_pindex(const struct pa *pa, const struct pa_rules *rules, unsigned int order,
			    unsigned int mt)
{
	if (rules->pcp_lists < PA_PCP_ORDERS) {
		if (order || rules->pcp_lists == PA_PCP_NONE)
			return -1;
		return rules->pcp_lists == PA_PCP_HOT_COLD ? PA_HOT : (int)mt;
	}
	if (order <= PA_COSTLY_ORDER)
		return (int)(PA_PCPTYPES * order + mt);
	if (order != pa->pageblock_order)
		return -1;
	return rules->pcp_lists == PA_PCP_THP_LISTS ? 12 + (mt == PA_MOVABLE) : 12;
}

/*
 * Queues of frames, through the links that free blocks use too.  The prev of the first frame means
 * nothing: whoever takes the first off need not touch the second, nor the tail.
 */
static inline uint32_t pa_queue_last(const struct pa_queue *q)
{
	return q->head == PA_NIL ? PA_NIL : q->tail;
}

/* A frame that comes back finds the second as it left it: a store less for later loads to wait for. */
static inline void pa_queue_push(struct pa *pa, struct pa_queue *q, uint64_t frame)
{
	uint32_t second = q->head;

	pa->links[frame].next = second;
	q->head = (uint32_t)frame;
	if (second == PA_NIL)
		q->tail = (uint32_t)frame;
	else if (pa->links[second].prev != (uint32_t)frame)
		pa->links[second].prev = (uint32_t)frame;
}

/* Take @frame, the first, off. */
static inline void pa_queue_pop(struct pa *pa, struct pa_queue *q, uint32_t frame)
{
	q->head = pa->links[frame].next;
}

static inline void pa_queue_append(struct pa *pa, struct pa_queue *q, uint32_t frame)
{
	pa->links[frame].next = PA_NIL;
	pa->links[frame].prev = q->tail;
	*(q->head == PA_NIL ? &q->head : &pa->links[q->tail].next) = frame;
	q->tail = frame;
}

/* Put @frame behind @after, or first if that is none. */
static inline void pa_queue_insert(struct pa *pa, struct pa_queue *q, uint32_t after,
				   uint32_t frame)
{
	if (after == PA_NIL) {
		pa_queue_push(pa, q, frame);
		return;
	}
	pa->links[frame].prev = after;
	pa->links[frame].next = pa->links[after].next;
	*(pa->links[after].next == PA_NIL ? &q->tail : &pa->links[pa->links[after].next].prev) =
		frame;
	pa->links[after].next = frame;
}

/* The same for @n of them, one behind the other. */
static inline void pa_queue_insert_run(struct pa *pa, struct pa_queue *q, uint32_t after,
				       const uint32_t *frames, uint32_t n)
{
	uint32_t *from = after == PA_NIL ? &q->head : &pa->links[after].next;
	const uint32_t behind = *from, last = frames[n - 1];

	*from = frames[0];
	for (uint32_t i = 0; i + 1 < n; i++) {
		pa->links[frames[i]] = (struct pa_link){ .next = frames[i + 1], .prev = after };
		after = frames[i];
	}
	pa->links[last] = (struct pa_link){ .next = behind, .prev = after };
	*(behind == PA_NIL ? &q->tail : &pa->links[behind].prev) = last;
}

static inline void pa_queue_remove(struct pa *pa, struct pa_queue *q, uint32_t frame)
{
	const struct pa_link self = pa->links[frame];

	if (frame == q->head) {
		pa_queue_pop(pa, q, frame);
		return;
	}
	pa->links[self.prev].next = self.next;
	*(self.next == PA_NIL ? &q->tail : &pa->links[self.next].prev) = self.prev;
}

/* What one request carries along: struct alloc_context, and who asks. */
struct pa_ctx {
	struct pa *pa;
	const struct pa_rules *rules;
	const struct pa_alloc_args *args;
	const int64_t *uncounted;    /* see pa_look_for_zone(); NULL: nothing */
	struct pa_alloc_record *rec; /* may be NULL */
	const uint8_t *zonelist;
	uint64_t nodemask; /* bit n: node n allowed */
	uint32_t cpu;
	uint32_t gfp;
	unsigned int order;
	unsigned int mt;
	unsigned int reach;	/* order that reclaim and compaction aim at */
	unsigned int highest;	/* zone type it may go up to */
	unsigned int classzone; /* the type whose reserves lower zones keep from it */
	uint64_t tried;		/* 2.4: marks of the zones that this attempt has looked at */
};

/* Can there be such a request? */
static inline bool pa_args_valid(const struct pa *pa, const struct pa_alloc_args *args)
{
	const struct pa_req *req = pa_req(pa);

	return req && args->cpu < req->cpus && args->nid < req->nodes &&
	       args->order < pa->nr_orders && args->use < PA_USE_FREE &&
	       !(args->gfp & ~PA_GFP_KNOWN) && !(args->task & ~PA_TASK_KNOWN) &&
	       req->gfp_zones[args->gfp & 0xf] != PA_NO_ZONE && (args->gfp >> 3 & 3) != 3;
}

static inline struct pa_trail *pa_trail_of(const struct pa_ctx *ac)
{
	return ac->rec ? &ac->rec->trail : NULL;
}

/* __GFP_COLD: the page that is least likely in the cache, at the tail of a list by types. */
static inline bool pa_takes_tail(const struct pa_ctx *ac)
{
	return ac->rules->cold && ac->rules->pcp_lists == PA_PCP_TYPES && ac->gfp & PA_GFP_COLD;
}

/* request.c: does @cfg ask for a request level that can be?  Its bytes. */
bool pa_req_plan(const struct pa_config *cfg, uint64_t *size);
void pa_req_init(struct pa *pa, const struct pa_config *cfg);
/* Index of a node's zone of one type, or PA_NO_ZONE. */
uint32_t pa_zone_by(const struct pa *pa, uint32_t nid, unsigned int type);
/* Is no frame of (@pfn, @order) free, on a per-cpu list, or part of an allocation? */
bool pa_unclaimed(const struct pa *pa, const struct pa_zone *z, uint64_t pfn, unsigned int order);
/* The frames from @pfn on have a new owner; @kind is one of OWNER_*. */
static inline void pa_own(struct pa *pa, const struct pa_zone *z, uint64_t pfn, unsigned int order,
			  uint8_t kind)
{
	pa_desc(pa, z, pfn)->owner = (uint8_t)(kind | order);
}

/* check_request.c: what is wrong with a zone at this level, or NULL. */
const char *pa_check_request(const struct pa *pa, uint32_t zone);

/* A text that grows in somebody's buffer and is cut where that ends. */
struct pa_text {
	char *buf;
	size_t size, len;
};

/* gfp.c */
void pa_text_add(struct pa_text *t, const char *word);

/* zonelist.c */
void pa_build_zonelists(struct pa *pa, const uint8_t *distance);

/* watermark.c */
void pa_setup_reserve(struct pa *pa);
void pa_setup_marks(struct pa *pa);
void pa_setup_fair(struct pa *pa);
uint32_t pa_stat_threshold(uint32_t cpus, uint64_t managed);
/* NR_FREE_PAGES_BLOCKS: free pages in whole pageblocks, those of isolated ones left out. */
int64_t pa_free_in_blocks(const struct pa *pa, uint32_t zone);
/* zone_watermark_fast at the mark that @flags name. */
bool pa_watermark_fast(struct pa_ctx *ac, uint32_t zone, unsigned int wmark, uint32_t flags);
/* __zone_watermark_ok with @free pages in place of the zone counter. */
bool pa_watermark_test(const struct pa *pa, uint32_t zone, unsigned int order, uint64_t mark,
		       unsigned int highest, uint32_t flags, int64_t free,
		       struct pa_zone_look *look);

/* pcpold.c: what per-cpu lists were before 5.14.  @raw is what zone_batchsize says. */
void pa_old_sizes(const struct pa *pa, uint32_t zone, int32_t raw, struct pa_pcp *pcp);
/* How much a push to list @pindex makes it give back; 0: nothing. */
int32_t pa_old_excess(const struct pa_rules *rules, const struct pa_pcp *pcp, unsigned int pindex);
/* buffered_rmqueue of 2.6.24 for single pages; PA_PFN_NONE if there is none. */
uint64_t pa_pop_hot_cold(const struct pa_ctx *ac, uint32_t zone, struct pa_cpu_pages *cp,
			 uint32_t *refilled);
/* The list that the next page of a bulk free comes from; @left pages are still to go. */
struct pa_round {
	unsigned int list;
	int32_t burst;
};
unsigned int pa_round_robin(const struct pa_cpu_pages *cp, struct pa_round *round, int32_t left);

/* pcp.c */
void pa_setup_pcps(struct pa *pa);
/* refill.c */
/* rmqueue_bulk to an empty list; how many blocks came. */
uint32_t pa_refill(const struct pa_ctx *ac, uint32_t zone, struct pa_cpu_pages *cp,
		   unsigned int pindex, uint32_t flags);
/* Its parts: how many blocks, what each is asked for with, and a round; @last: the frame before. */
int32_t pa_refill_size(const struct pa_rules *rules, struct pa_pcp *pcp,
		       const struct pa_zone_req *zr, unsigned int order, unsigned int pindex);
static inline struct pa_request pa_refill_request(const struct pa_ctx *ac, uint32_t zone,
						  uint32_t flags)
{
	return (struct pa_request){
		.zone = zone,
		.order = (uint8_t)ac->order,
		.mt = (uint8_t)ac->mt,
		.flags = flags & (PA_ALLOC_NOFRAGMENT | PA_ALLOC_CMA | PA_ALLOC_KSWAPD),
	};
}
bool pa_refill_block(const struct pa_ctx *ac, struct pa_cpu_pages *cp, struct pa_request *request,
		     unsigned int pindex, uint32_t *last);
/*
 * Blocks that come from the request's own type, where nothing says that each has to be asked for: CMA
 * has no say.  How many came, up to @want; 0: the next one takes more.
 */
int32_t pa_refill_run(const struct pa_ctx *ac, struct pa_cpu_pages *cp,
		      const struct pa_request *request, unsigned int pindex, int32_t want,
		      uint32_t *last);
/* free_pcppages_bulk; @by is the CPU that does it.  Base pages freed. */
uint32_t pa_free_bulk(struct pa *pa, uint32_t zone, struct pa_cpu_pages *cp, int32_t count,
		      unsigned int pindex, uint32_t by, struct pa_trail *trail);
/* The @excess pages that a push found to be too many, and the same step by step. */
void pa_free_excess(struct pa *pa, uint32_t zone, struct pa_cpu_pages *cp, int32_t excess,
		    unsigned int pindex, uint32_t by, struct pa_trail *trail);
struct pa_bulk pa_bulk_of(const struct pa *pa, uint32_t zone, uint32_t cpu, unsigned int pindex,
			  int32_t excess);
/* What moving the free blocks of [@first, @end) to another type does to @cpu's delta. */
void pa_count_moves(struct pa *pa, uint32_t zone, uint32_t cpu, uint64_t first, uint64_t end);
/* How much a push of @order to a list that may be too long by now gives back; 0: nothing. */
int32_t pa_pcp_excess(const struct pa *pa, uint32_t zone, struct pa_pcp *pcp, unsigned int order,
		      unsigned int pindex);
/*
 * A block leaves the buddy lists: decided, done, counted.  The decision, which is in the trail, or
 * where that has no room in @spare; NULL if there is no block.
 */
const struct pa_decision *pa_rmqueue(const struct pa_ctx *ac, struct pa_cpu_pages *cp,
				     const struct pa_request *request, struct pa_decision *spare);
/* A block enters them past the per-cpu lists: free_one_page. */
void pa_free_one(struct pa *pa, uint32_t zone, uint64_t pfn, unsigned int order, unsigned int flags,
		 uint32_t by, struct pa_trail *trail);

/*
 * May quick.c take pages from @zone's per-cpu lists and add to them without asking for marks?
 * True until the lists, the marks or the flags change.
 */
void pa_allow_quick(struct pa *pa, uint32_t zone);
/* pa_free_pages() with somebody else's trail. */
void pa_free_traced(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order,
		    struct pa_trail *trail);
/* slowpath.c: 0, -ENOMEM or -EAGAIN, as pa_alloc(). */
int pa_slowpath(struct pa_ctx *ac, uint64_t *pfn);
void pa_note_step(const struct pa_ctx *ac, enum pa_step step, bool got, int64_t value);
/* pa_alloc() and pa_free_pages() where quick.c does not suffice. */
int pa_alloc_full(struct pa *pa, const struct pa_alloc_args *args, uint64_t *pfn,
		  struct pa_alloc_record *rec);
int pa_free_full(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order,
		 struct pa_free_record *rec);

/* alloc.c */
/* get_page_from_freelist; PA_PFN_NONE if no zone will do. */
uint64_t pa_get_page(struct pa_ctx *ac, uint32_t flags);
/* prep_new_page */
void pa_prep_new_page(const struct pa_ctx *ac, uint64_t pfn);
/* First zone of the zonelist that the nodemask allows, or PA_NO_ZONE. */
uint8_t pa_preferred(const struct pa_ctx *ac);
/* Whose reserves count, once zonelist and nodemask are known. */
void pa_set_classzone(struct pa_ctx *ac);
/* slowpath.c: ALLOC_HIGHATOMIC, or 0 for a request that is not a high-order atomic one. */
uint32_t pa_highatomic_flag(const struct pa_rules *rules, uint32_t gfp, unsigned int order);
/* Is it one on this attempt?  Before late 6.1 every high order with ALLOC_HARDER is. */
static inline bool pa_is_highatomic(const struct pa_ctx *ac, uint32_t flags)
{
	if (!ac->rules->highatomic)
		return false;
	return ac->rules->harder ? ac->order && flags & PA_ALLOC_NON_BLOCK :
				   (flags & PA_ALLOC_HIGHATOMIC) != 0;
}
/* May the request look at this zone at all? */
static inline bool pa_node_allowed(const struct pa_ctx *ac, const struct pa_zone_req *zr)
{
	return ac->nodemask >> zr->node & 1;
}

/* enum compact_priority, from the most to the least effort. */
enum pa_priority { PA_PRIO_SYNC_FULL, PA_PRIO_SYNC_LIGHT, PA_PRIO_ASYNC };

/* compact.c */
enum pa_compact pa_direct_compact(struct pa_ctx *ac, uint32_t flags, enum pa_priority priority,
				  uint64_t *captured);
/* compaction_suit_allocation_order for a kcompactd that was asked for @order: should it run? */
bool pa_compact_suits_daemon(const struct pa *pa, uint32_t zone, unsigned int order,
			     unsigned int highest);
bool pa_compact_deferred(struct pa_zone_req *zr, unsigned int order);
void pa_compact_defer(struct pa_zone_req *zr, unsigned int order);
/* What kswapd compacted itself, before there was kcompactd. */
void pa_compact_node(struct pa *pa, uint32_t nid, unsigned int order, struct pa_trail *trail);
/* compaction_defer_reset */
void pa_compact_reset(struct pa_zone_req *zr, unsigned int order, bool success);
/* compaction_suitable of 3.10 and 4.4: it need not run, or it may. */
bool pa_compact_may_run(const struct pa *pa, uint32_t zone, unsigned int order);
bool pa_compact_suitable(const struct pa *pa, uint32_t zone, unsigned int order, uint64_t mark,
			 unsigned int highest, int64_t free);
uint64_t pa_compact_mark(const struct pa *pa, uint32_t zone, unsigned int order, uint32_t flags);

/* compact_scan.c: one zone.  What the caller sets of @s is set. */
enum pa_compact pa_scan_zone(struct pa *pa, struct pa_scan *s, struct pa_trail *trail);
void pa_scan_begin(struct pa *pa, struct pa_scan *s);
/* The next batch of it.  True: it was the last.  @work: pages moved and pageblocks looked at. */
bool pa_scan_step(struct pa *pa, struct pa_scan *s, struct pa_trail *trail, uint32_t *work,
		  enum pa_compact *result);
/* __reset_isolation_suitable */
void pa_reset_isolation(struct pa *pa, uint32_t zone);

/* kcompactd.c */
/* wakeup_kcompactd: what it is to do is noted; it wakes if some zone is fit for it. */
void pa_wakeup_kcompactd(struct pa *pa, uint32_t nid, unsigned int order, unsigned int highest);
/* fragmentation_score_zone; fragmentation_score_wmark: at which it ends, or (@high) begins. */
uint64_t pa_score_zone(const struct pa *pa, uint32_t zone);
uint64_t pa_score_mark(const struct pa *pa, bool high);
/* It has @ms more of time: a round, if something wakes it, or more of the one under way. */
void pa_run_kcompactd(struct pa *pa, uint32_t nid, uint64_t ms, struct pa_trail *trail);

/* highatomic.c */
void pa_reserve_highatomic(struct pa_ctx *ac, uint32_t zone, uint64_t pfn);
/* unreserve_highatomic_pageblock: true if free pages moved. */
bool pa_unreserve_highatomic(struct pa_ctx *ac, bool force);

/* reclaim.c */
/* try_to_free_pages: pages reclaimed for the request. */
uint64_t pa_direct_reclaim(struct pa_ctx *ac);
/* balance_classzone of 2.4: the same, but a page of the order asked for is @pfn and stays with it. */
uint64_t pa_reclaim_local(struct pa_ctx *ac, uint64_t *pfn);
/* Is it awake, or about to be?  waitqueue_active(&pgdat->kswapd_wait) would be false. */
static inline bool pa_kswapd_busy(const struct pa_node *node)
{
	return node->kswapd_woken || node->kswapd_runs;
}
void pa_lru_remove(struct pa *pa, struct pa_zone *z, uint64_t pfn);
/* wakeup_kswapd on @zone's node; true if it wakes. */
bool pa_wakeup_kswapd(struct pa *pa, uint32_t zone, uint32_t gfp, unsigned int order,
		      unsigned int highest);

#endif /* PA_REQ_INTERNAL_H */
