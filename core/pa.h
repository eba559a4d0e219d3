/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of Linux's page allocator: the whole public interface of core/.
 *
 * The model is a state machine over page frame numbers.  It reads no clock,
 * opens no file, starts no thread and calls no malloc: the caller owns one block
 * of memory (pa_size) and the state in it holds offsets, never pointers.  Equal
 * calls give equal bytes, so a state can be saved, compared, hashed or forked
 * with memcpy.
 *
 * Frames, blocks and lists are the kernel's: a free block of order o is 1 << o
 * frames, naturally aligned, and sits on free_area[o].free_list[migratetype] of
 * its zone.  List order is part of the state: picks come from the head.
 *
 * Every int function returns 0 or -errno and leaves the state untouched on
 * failure, unless it says otherwise.
 */
#ifndef PA_H
#define PA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PA_MAX_ORDERS 11 /* orders 0 to 10: NR_PAGE_ORDERS, MAX_ORDER before 6.4 */
#define PA_MAX_ZONES 80
#define PA_PFN_NONE UINT64_MAX

/*
 * The core's own numbering, the same for every policy.  A kernel's numbers
 * differ between versions and builds (4 is Isolate here and CMA there), so a
 * caller translates by name.
 */
enum pa_mt {
	PA_UNMOVABLE,
	PA_MOVABLE,
	PA_RECLAIMABLE,
	PA_PCPTYPES, /* types below this one merge freely and sit on pcp lists */
	PA_HIGHATOMIC = PA_PCPTYPES,
	PA_CMA,
	PA_ISOLATE,
	PA_RESERVE, /* 2.6.24, 3.10: what the last resort is taken from */
	PA_NR_MT
};

/* "Unmovable", "Movable", ... as /proc/pagetypeinfo spells them; NULL if @mt is out of range. */
const char *pa_mt_name(enum pa_mt mt);

/* -------------------------------------------------------------------------
 * Policies: one kernel version's behaviour as data
 */

/* What decides and performs a fallback. */
enum pa_fallback {
	PA_FALLBACK_NONE,	 /* there are no types to fall back to: 2.4 */
	PA_FALLBACK_SPLIT,	 /* the block found is the one split: 2.6.24 to 4.4 */
	PA_FALLBACK_STEAL_RETRY, /* steal_suitable_fallback, then __rmqueue again: 5.4 to 6.9 */
	PA_FALLBACK_STEAL_PAGE,	 /* steal_suitable_fallback returns the page: 6.10 to early 6.12 */
	PA_FALLBACK_CLAIM_STEAL, /* __rmqueue_claim, then __rmqueue_steal: late 6.12, 6.15+ */
};

/* Which blocks of pageblock order and above stay apart though they are free buddies. */
enum pa_barrier {
	PA_BARRIER_NONE,      /* none: up to 3.10 */
	PA_BARRIER_ISOLATE,   /* one isolated, the other not: 4.4 to 5.17 */
	PA_BARRIER_MERGEABLE, /* of two types, one of which cannot fall back: 5.18+ */
};

/* Which requests CMA pages serve. */
enum pa_cma {
	PA_CMA_NONE,	/* there is no such type: up to 2.6.24 */
	PA_CMA_LENDER,	/* MOVABLE ones, as their first fallback: 3.10 */
	PA_CMA_MOVABLE, /* MOVABLE ones, before any fallback: 4.4 to 5.7 */
	PA_CMA_FLAG,	/* those with ALLOC_CMA, and first while most free pages are CMA: 5.8+ */
};

/* When a free reads the type of the list it goes to; see pa_free_type(). */
enum pa_type_read {
	PA_TYPE_LOCKED,	     /* under zone->lock: up to 2.6.24, and 6.10+ */
	PA_TYPE_BEFORE,	     /* before taking it: 3.10 */
	PA_TYPE_IF_ISOLATED, /* before, and again where pageblocks are isolated: 4.4 to 6.9 */
};

#define PA_MAX_LENDERS 3

struct pa_policy {
	const char *name;    /* "2.4", "2.6.24", ... as DESIGN.md and --policy spell them */
	const char *summary; /* one line for people */
	enum pa_fallback fallback;
	enum pa_barrier barrier;
	enum pa_cma cma;
	enum pa_type_read type_read;
	/* The kernel's fallbacks[]: whom each type borrows from; ends with PA_RESERVE or PA_NR_MT. */
	uint8_t lenders[PA_PCPTYPES][PA_MAX_LENDERS + 1];
	uint8_t isolate_retypes; /* bit t: __isolate_free_page makes pageblocks of type t MOVABLE */
	uint32_t reserve_max;	 /* to 3.10: the most RESERVE pageblocks; 0: there is no RESERVE */
	bool pair_map; /* 2.4: one list an order whatever the type, a bit for each pair of buddies */
	bool tail_rule;	 /* 3.10+: a block likely to merge goes to the tail of its list */
	bool tail_moves; /* 5.10+: FPI_TO_TAIL; blocks that change type enter at the tail */
	bool first_cut; /* 2.6.24: a small block's rest, a large one's 2nd pageblock keep their type */
	bool unmovable_claims; /* 4.4+: UNMOVABLE requests claim small blocks as RECLAIMABLE ones do */
	bool counts_alike; /* 4.12+: the claim test also counts pages in use that suit the new type */
	bool wide_nofragment; /* to 5.10: NOFRAGMENT breaks whole pageblocks even for larger orders */
	bool hygiene;	   /* 6.10+: a free page's list type always equals its pageblock's type */
	bool retype_range; /* a merge across types retypes all blocks absorbed, not only the first */
	bool split_large; /* 6.10+: a free above pageblock order enters as pageblocks (split_large_buddy) */
	bool claim_skips_highatomic; /* late 6.12: try_to_steal_block looks at the block's own type first */
	bool isolate_moves_rest; /* 6.12+: __isolate_free_page also moves the block's other free pages */
};

/* Find a policy by name; NULL if there is none. */
const struct pa_policy *pa_policy_find(const char *name);
/* The @i-th policy, oldest first; NULL past the last. */
const struct pa_policy *pa_policy_at(size_t i);

/* -------------------------------------------------------------------------
 * State
 */

struct pa; /* opaque and position independent; lives inside the caller's memory */

struct pa_zone_config {
	uint64_t start_pfn;
	uint64_t spanned;  /* frames from start_pfn, holes included */
	uint64_t managed;  /* frames the buddy system manages */
	uint64_t wmark[3]; /* min, low, high in pages, boost not included */
	uint32_t node;
	/* For the request level only. */
	uint32_t type;	  /* enum pa_zone_type */
	uint64_t present; /* frames that exist; 0: as many as are managed */
};

struct pa_knobs; /* pa_request.h */

struct pa_config {
	const struct pa_policy *policy;	    /* from pa_policy_find() or pa_policy_at() */
	const struct pa_zone_config *zones; /* must not overlap; any order */
	uint32_t nr_zones;		    /* 1 to PA_MAX_ZONES */
	uint32_t nr_orders;		    /* 2 to PA_MAX_ORDERS */
	uint32_t pageblock_order;	    /* 1 to nr_orders - 1 */
	uint32_t boost_factor;		    /* vm.watermark_boost_factor, 15000 by default */
	/*
	 * The request level of pa_request.h.  Zones whose marks are all 0 have them computed from
	 * the knobs; with @knobs, theirs is the boost factor.
	 */
	uint32_t cpus;		      /* 1 to PA_MAX_CPUS; 0: no request level */
	const struct pa_knobs *knobs; /* NULL: pa_knobs_default() */
	const uint8_t *cpu_node;      /* node of each CPU; NULL: all on node 0 */
	const uint8_t *distance;      /* nodes x nodes, row by row; NULL: 10 on a node, 20 off it */
	/*
	 * The memory is known to hold nothing but zeroes, as fresh pages do: what the state has of
	 * a frame is then left untouched until something happens to it.
	 */
	bool zeroed;
};

/* Bytes of state @cfg needs; 0 if @cfg is not valid. */
size_t pa_size(const struct pa_config *cfg);

/**
 * pa_init() - Build zones with nothing free, every pageblock MOVABLE.
 * @mem: at least pa_size(@cfg) bytes, aligned for max_align_t; overwritten.
 * @out: the model, inside @mem; it needs no destructor.
 *
 * Return: 0, -EINVAL if @cfg is not valid, -ENOSPC if @len is too small.
 */
int pa_init(void *mem, size_t len, const struct pa_config *cfg, struct pa **out);

/* The zone that holds @pfn, or -ENOENT. */
int pa_zone_of(const struct pa *pa, uint64_t pfn);
uint32_t pa_nr_zones(const struct pa *pa);
const struct pa_policy *pa_policy(const struct pa *pa);

/*
 * What the holder of an allocated frame does with it, as far as the caller
 * knows: the claim test (steal_suitable_fallback and its heirs) counts frames
 * that are on an LRU list or have movable_ops, which no trace holds.
 */
enum pa_use {
	PA_USE_UNKNOWN, /* allocated before anybody looked: guessed from the block's type */
	PA_USE_MOVABLE, /* on an LRU list or movable_ops */
	PA_USE_PINNED,	/* anything else: slab, page table, pcp list, in flight */
	PA_USE_FREE,	/* part of a free block; only ever read, see pa_page_info */
};

/* Set what 1 << @order allocated frames at @pfn are used for; free frames are left alone. */
void pa_set_use(struct pa *pa, uint64_t pfn, unsigned int order, enum pa_use use);

/*
 * Load a snapshot: append a free block at the tail of its list, no merging (but under 2.4, which
 * cannot hold two buddies apart).
 * -EINVAL: not aligned, outside its zone, bad order or type; -EEXIST: a frame is already free.
 */
int pa_load_block(struct pa *pa, uint64_t pfn, unsigned int order, enum pa_mt mt);
/* Unlink every free block of one list of @zone (before it is loaded again). */
void pa_clear_list(struct pa *pa, uint32_t zone, unsigned int order, enum pa_mt mt);
/* Set the type of the pageblock that holds @pfn, moving nothing.  Under 2.4 all stay MOVABLE. */
int pa_set_pageblock(struct pa *pa, uint64_t pfn, enum pa_mt mt);
/* Type of the pageblock that holds @pfn, or -ENOENT. */
int pa_pageblock(const struct pa *pa, uint64_t pfn);

/* -------------------------------------------------------------------------
 * What happens under zone->lock
 */

#define PA_TO_TAIL 0x1 /* FPI_TO_TAIL: insert at the tail whatever the rule says; 5.10+ */

/**
 * pa_free_block() - __free_one_page: merge upward and insert.
 * @mt:      list type to use; the caller's argument counts, not the block's type.
 * @flags:   PA_TO_TAIL or 0.
 * @capture: order at which a direct compactor captures the block (compaction_capture),
 *           negative for none.  A block that reaches it goes to no list, except that
 *           CMA and isolated pages are never captured.  Whether a MOVABLE block below
 *           pageblock order may be, depends on who asks: the caller's to know.
 *
 * Return: 0, 1 if the block was captured, -EINVAL if (@pfn, @order) is not a
 * block inside one zone, -EEXIST if a frame of it is free already.
 */
int pa_free_block(struct pa *pa, uint64_t pfn, unsigned int order, enum pa_mt mt,
		  unsigned int flags, int capture);

/**
 * pa_free() - A direct free: free_one_page.
 *
 * The type is the pageblock's; above pageblock order the block enters as
 * pageblocks where the policy does so.  Returns as pa_free_block().
 */
int pa_free(struct pa *pa, uint64_t pfn, unsigned int order, unsigned int flags, int capture);

/*
 * pa_free_type() - The list type of a free whose caller read @before ahead of the lock.
 *
 * What free_one_page and free_pcppages_bulk make of it, for pa_free_block(); the version decides
 * whether the pageblock is asked again (pa_policy.type_read).  -ENOENT if no zone holds @pfn.
 */
int pa_free_type(const struct pa *pa, uint64_t pfn, enum pa_mt before);

/* Where __rmqueue found a page. */
enum pa_path {
	PA_PATH_NONE,	     /* nothing fits: the request fails here */
	PA_PATH_SMALLEST,    /* __rmqueue_smallest on the wanted type, on CMA or on RESERVE */
	PA_PATH_CLAIM_WHOLE, /* fallback of pageblock order or above: its blocks change type */
	PA_PATH_CLAIM,	     /* fallback below: the whole pageblock moved and changed type */
	PA_PATH_MOVE,	     /* up to 6.9: its free pages moved, the pageblock kept its type */
	PA_PATH_STEAL,	     /* one block taken; up to 6.9 it moved to the wanted list first */
	PA_NR_PATHS
};
const char *pa_path_name(enum pa_path path);

/* Where the attempts of one lock hold start: enum rmqueue_mode of late 6.12 and 6.15+. */
enum pa_mode { PA_MODE_NORMAL, PA_MODE_CMA, PA_MODE_CLAIM, PA_MODE_STEAL };

#define PA_ALLOC_NOFRAGMENT 0x1 /* do not mix pageblocks: ALLOC_NOFRAGMENT */
#define PA_ALLOC_CMA 0x2	/* a MOVABLE request that may use CMA: ALLOC_CMA */
#define PA_ALLOC_KSWAPD 0x4	/* may wake kswapd: ALLOC_KSWAPD */

struct pa_request {
	uint32_t zone;
	uint8_t order;
	uint8_t mt;    /* enum pa_mt; HIGHATOMIC and ISOLATE ask for just that list */
	uint8_t mode;  /* enum pa_mode to start at; ignored by policies without it */
	uint8_t flags; /* PA_ALLOC_* */
};

/* One run of the claim test on one pageblock: what it counted and what came out. */
struct pa_claim_test {
	uint64_t pfn;  /* head page that was looked at */
	uint8_t order; /* its order */
	uint8_t mt;    /* list it was on */
	bool tested;   /* the counts below were taken */
	bool claimed;
	uint16_t free;	  /* free pages in the pageblock */
	uint16_t movable; /* frames taken for LRU or movable_ops pages */
	uint16_t unknown; /* of these and the rest: frames whose use was a guess */
	uint16_t alike;	  /* frames compatible with the start type */
};

#define PA_MAX_TESTS PA_MAX_ORDERS

/*
 * One decision of the allocator, complete: what was asked, what was chosen and
 * why.  Made by pa_decide() from the state alone and performed by pa_commit().
 */
struct pa_decision {
	struct pa_request req;
	uint64_t pfn;	    /* first frame handed out; PA_PFN_NONE if none fits */
	uint8_t path;	    /* enum pa_path */
	uint8_t from_order; /* order of the block the page was split from */
	uint8_t next_mode;  /* enum pa_mode the same lock hold goes on with */
	uint8_t boosts;	    /* how often boost_watermark ran */
	/*
	 * Fallbacks only: what mm_page_alloc_extfrag says; but from 6.10 its pfn is @pfn.  With
	 * PA_PATH_NONE and a @fallback_pfn: the first whole pageblock that was claimed in vain
	 * (pa_policy.wide_nofragment); all there are change type though the request fails.
	 */
	uint8_t fallback_order;
	uint8_t fallback_mt;
	uint64_t fallback_pfn; /* the block chosen; the page handed out may be another */
	/* The pageblocks looked at on the way, in order. */
	uint8_t nr_tests;
	struct pa_claim_test tests[PA_MAX_TESTS];
};

static inline bool pa_is_fallback(const struct pa_decision *d)
{
	return d->path >= PA_PATH_CLAIM_WHOLE;
}

static inline bool pa_is_claim(const struct pa_decision *d)
{
	return d->path == PA_PATH_CLAIM_WHOLE || d->path == PA_PATH_CLAIM;
}

/*
 * pa_decide() - What __rmqueue would do now; changes nothing.
 *
 * Return: 0 with @d filled (path PA_PATH_NONE if nothing fits), -EINVAL on a bad request.
 */
int pa_decide(const struct pa *pa, const struct pa_request *req, struct pa_decision *d);

/*
 * pa_decide_fallback() - The decision a fallback to one given block amounts to.
 *
 * For a caller that was told the outcome of the claim test: the block @fallback_pfn on
 * list (@fallback_order, @fallback_mt) is taken for @req, and its pageblock is claimed or
 * not as @claimed says.  Fills @d as pa_decide would have.
 *
 * Return: 0, -EINVAL if that block is not on that list or the policy has no such outcome.
 */
int pa_decide_fallback(const struct pa *pa, const struct pa_request *req, uint64_t fallback_pfn,
		       unsigned int fallback_order, enum pa_mt fallback_mt, bool claimed,
		       struct pa_decision *d);

/*
 * pa_commit() - Perform a decision made on this very state.
 *
 * The frames handed out become PA_USE_PINNED.  -EINVAL if @d does not fit the state.
 */
int pa_commit(struct pa *pa, const struct pa_decision *d);

/*
 * pa_take() - Take exactly (@pfn, @order) out of the free block that holds it.
 *
 * No policy: what take_page_off_buddy does, and what a repair needs.  Halves that do not
 * hold @pfn go to the head of their lists.  -ENOENT if it is not wholly inside a free block.
 */
int pa_take(struct pa *pa, uint64_t pfn, unsigned int order);

/*
 * pa_isolate() - __isolate_free_page without its watermark test: unlink a free block.
 *
 * At pageblock order - 1 and above the pageblocks become MOVABLE where the policy says
 * so.  -ENOENT if (@pfn, @order) is not a free block.
 */
int pa_isolate(struct pa *pa, uint64_t pfn, unsigned int order);

/* __putback_isolated_page: pa_free_block at the tail (up to 5.4 by the rule, like any free). */
int pa_putback(struct pa *pa, uint64_t pfn, unsigned int order, enum pa_mt mt);

/*
 * pa_move_block() - move_freepages_block plus the retype: every free block of the
 * pageblock that holds @pfn goes, in ascending order, to the tail (up to 5.4 the head) of its list
 * of type @mt.  2.4 has no types, so there nothing happens.
 * With -ENOENT nothing was done: the pageblock is not wholly inside its zone (up to 6.9 one cut
 * off at its start is moved from @pfn on).  From 6.10 a free block larger than a pageblock that
 * holds @pfn is freed again as pageblocks, as move_freepages_block_isolate does.
 */
int pa_move_block(struct pa *pa, uint64_t pfn, enum pa_mt mt);

/*
 * pa_unisolate() - unset_migratetype_isolate: give the isolated pageblock at @pfn the type @mt.
 *
 * Its free blocks move as with pa_move_block(), which with PA_ISOLATE also isolates; but one whose
 * buddy waits beyond the barrier is freed again, so that they merge.  -EINVAL if the pageblock is
 * not isolated, or @mt no other type; else as pa_move_block().
 */
int pa_unisolate(struct pa *pa, uint64_t pfn, enum pa_mt mt);

/*
 * pa_reserve_pageblocks() - setup_zone_migrate_reserve: MOVABLE pageblocks become RESERVE, or back.
 * @min: the zone's min mark in pages; so many pageblocks as cover it are reserved, lowest first.
 *
 * The kernel runs it whenever marks are set up.  It skips pageblocks with frames that will never
 * be free, of which the model knows none.  Nothing happens under a policy without RESERVE.
 */
void pa_reserve_pageblocks(struct pa *pa, uint32_t zone, uint64_t min);

/*
 * pa_rotate() - Compaction's move_freelist_head and move_freelist_tail.
 *
 * Turn the list that holds the free block @pfn so that it is the first (@tail false) or
 * the last (@tail true).  Return: 1 if the order changed, 0 if not, -ENOENT if no free block starts there.
 */
int pa_rotate(struct pa *pa, uint64_t pfn, bool tail);

/* -------------------------------------------------------------------------
 * Looking at it
 */

struct pa_page_info {
	enum pa_use use;
	bool free;	/* inside a free block */
	bool head;	/* first frame of that block */
	uint8_t order;	/* of the free block that holds the frame */
	uint8_t mt;	/* list that block is on */
	uint64_t block; /* first frame of that block */
};

/* -ENOENT if no zone holds @pfn. */
int pa_page(const struct pa *pa, uint64_t pfn, struct pa_page_info *info);

/* Head of a list, or PA_PFN_NONE; and the block after @pfn on @pfn's list, or PA_PFN_NONE. */
uint64_t pa_list_head(const struct pa *pa, uint32_t zone, unsigned int order, enum pa_mt mt);
uint64_t pa_list_next(const struct pa *pa, uint64_t pfn);
/*
 * Is the pageblock of @pfn all in use, or part of a free block no smaller than it?  Then what the
 * state keeps to link its pieces, @*len bytes from @pa + @*at on, means nothing until a piece of it
 * is free again, and the caller may do with these bytes as it likes: give the page back.  False also
 * with a request level, whose lists use them too.
 */
bool pa_idle_links(const struct pa *pa, uint64_t pfn, size_t *at, size_t *len);
/* Blocks on a list; and over all types of an order (free_area.nr_free). */
uint64_t pa_list_len(const struct pa *pa, uint32_t zone, unsigned int order, enum pa_mt mt);
uint64_t pa_nr_free(const struct pa *pa, uint32_t zone, unsigned int order);
/*
 * The bit that 2.4 keeps for the pair of buddies (@pfn, @order) belongs to: 1 if just one of the
 * two is a free block of @order.  -EINVAL without pa_policy.pair_map, at the largest order, which
 * has no bits, or outside all zones.
 */
int pa_pair(const struct pa *pa, uint64_t pfn, unsigned int order);
/* Watermark boost of a zone in pages (zone.watermark_boost). */
uint64_t pa_boost(const struct pa *pa, uint32_t zone);

/* A number that names the state: lists in order, pageblock types.  FNV-1a, 64 bits. */
uint64_t pa_hash(const struct pa *pa);

/**
 * pa_check() - Verify every invariant.  O(frames); for tests and --check.
 * @why: a static sentence on failure; may be NULL.
 *
 * Return: true if the state is sound.
 */
bool pa_check(const struct pa *pa, const char **why);

#include "pa_request.h"
#include "pa_shares.h"

#endif /* PA_H */
