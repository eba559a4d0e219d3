/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The request level of the model: what a page request passes through before and after
 * zone->lock.  Included by pa.h; never include it alone.
 *
 * A pa_config with cpus != 0 builds it: per-cpu lists, zonelists, watermarks, reserves, the slow
 * path with reclaim, compaction and OOM.  With cpus == 0 it takes no memory, and every function
 * below returns -EINVAL (or 0, false, NULL).
 *
 * Time is what pa_tick() says.  Nothing runs by itself: kswapd, kcompactd and the vmstat worker
 * run inside pa_tick(), never inside a request, so a caller decides how they interleave.
 */
#ifndef PA_REQUEST_H
#define PA_REQUEST_H

#include "pa.h"

#define PA_MAX_CPUS 1024
#define PA_MAX_NODES 64
#define PA_COSTLY_ORDER 3    /* PAGE_ALLOC_COSTLY_ORDER */
#define PA_NR_PCP_LISTS 14   /* NR_PCP_LISTS; 13 in 6.1.0, 3 to 5.12, 2 in 2.6.24, none in 2.4 */
#define PA_DISTANCE_LOCAL 10 /* LOCAL_DISTANCE; REMOTE_DISTANCE is twice it */

/* enum zone_type, low to high; ZONE_DEVICE is never allocated from. */
enum pa_zone_type {
	PA_ZONE_DMA,
	PA_ZONE_DMA32,
	PA_ZONE_NORMAL,
	PA_ZONE_HIGHMEM,
	PA_ZONE_MOVABLE,
	PA_NR_ZONE_TYPES
};

/* "DMA", "DMA32", "Normal", "HighMem", "Movable" as zone_names spells them; NULL out of range. */
const char *pa_zone_type_name(enum pa_zone_type type);

/* enum zone_watermarks */
enum pa_wmark { PA_WMARK_MIN, PA_WMARK_LOW, PA_WMARK_HIGH, PA_NR_WMARKS };

/* -------------------------------------------------------------------------
 * Settings: the vm.* sysctls that the allocator reads
 */

struct pa_knobs {
	uint32_t min_free_kbytes; /* 1 up; 0: as computed at boot, calculate_min_free_kbytes */
	bool khugepaged; /* THP is on: set_recommended_min_free_kbytes raises the computed one */
	uint32_t watermark_scale_factor; /* 1 to 3000, in 1/10000 of a zone; default 10 */
	uint32_t watermark_boost_factor; /* in 1/10000 of the high mark; default 15000, 0: off */
	uint32_t lowmem_reserve_ratio[PA_NR_ZONE_TYPES]; /* 0: none; 256, 256, 32, 0, 0 */
	uint32_t percpu_pagelist_high_fraction;		 /* 0: automatic, or 8 up */
	uint32_t extfrag_threshold;			 /* 0 to 1000; default 500 */
	uint32_t compaction_proactiveness;		 /* 0 to 100; default 20 */
	uint32_t defrag_mode;				 /* 0 or 1; 6.15 and later */
};

/* The kernel's defaults: what 4.16 and later have. */
void pa_knobs_default(struct pa_knobs *knobs);

/* Those of @policy, which differ in lowmem_reserve_ratio alone. */
void pa_knobs_of(const struct pa_policy *policy, struct pa_knobs *knobs);

/*
 * Has @policy the sysctl @name ("watermark_scale_factor", ...)?  A knob it has not keeps its
 * default: another value is without effect, but for defrag_mode, which pa_knobs_valid() refuses.
 * percpu_pagelist_high_fraction stands for percpu_pagelist_fraction, as it was before 5.14.
 */
bool pa_knob_known(const struct pa_policy *policy, const char *name);

/*
 * Does every knob lie in its range for @policy?  Else *@name is the sysctl's name, and @low to
 * @high what it accepts; each of the three may be NULL.
 */
bool pa_knobs_valid(const struct pa_policy *policy, const struct pa_knobs *knobs, const char **name,
		    uint32_t *low, uint32_t *high);

/*
 * Change settings at run time, as their sysctl handlers do: watermarks, reserves and per-cpu
 * sizes are computed anew (setup_per_zone_wmarks, setup_per_zone_lowmem_reserve,
 * zone_set_pageset_high_and_batch), boosts are dropped; in 2.6.24 and 3.10 RESERVE pageblocks are
 * chosen (pa_reserve_pageblocks).  -EINVAL: out of range, nothing changed.
 */
int pa_set_knobs(struct pa *pa, const struct pa_knobs *knobs);
/* The settings in force; NULL without a request level. */
const struct pa_knobs *pa_get_knobs(const struct pa *pa);

/*
 * pa_split_movable() - Size ZONE_MOVABLE: find_zone_movable_pfns_for_nodes for kernelcore= or
 * movablecore=.
 * @zones:   what the machine has, without ZONE_MOVABLE; room for @max.
 * @nr:      how many there are; grows by one for each node that gets a movable zone.
 * @kernelcore, @movablecore: pages, at most one of them not 0.
 * @align:   pages of the largest block, MAX_ORDER_NR_PAGES.
 *
 * Each node's movable zone is cut from the top of its highest zone.  Return: 0, -EINVAL on bad
 * arguments, -ENOSPC if @max is too small; nothing is changed then.
 */
int pa_split_movable(struct pa_zone_config *zones, uint32_t *nr, uint32_t max, uint64_t kernelcore,
		     uint64_t movablecore, uint64_t align);

/* -------------------------------------------------------------------------
 * gfp: what a request says.  The core's own numbers; translate by name.
 */

#define PA_GFP_DMA 0x1u
#define PA_GFP_HIGHMEM 0x2u
#define PA_GFP_DMA32 0x4u
#define PA_GFP_MOVABLE 0x8u
#define PA_GFP_RECLAIMABLE 0x10u
#define PA_GFP_HIGH 0x20u
#define PA_GFP_IO 0x40u
#define PA_GFP_FS 0x80u
#define PA_GFP_ZERO 0x100u
#define PA_GFP_ATOMIC 0x200u /* up to 6.2 */
#define PA_GFP_DIRECT_RECLAIM 0x400u
#define PA_GFP_KSWAPD_RECLAIM 0x800u
#define PA_GFP_WRITE 0x1000u
#define PA_GFP_NOWARN 0x2000u
#define PA_GFP_RETRY_MAYFAIL 0x4000u /* __GFP_REPEAT before 4.13 */
#define PA_GFP_NOFAIL 0x8000u
#define PA_GFP_NORETRY 0x10000u
#define PA_GFP_MEMALLOC 0x20000u
#define PA_GFP_COMP 0x40000u
#define PA_GFP_NOMEMALLOC 0x80000u
#define PA_GFP_HARDWALL 0x100000u
#define PA_GFP_THISNODE 0x200000u
#define PA_GFP_ACCOUNT 0x400000u
#define PA_GFP_COLD 0x800000u /* up to 4.14 */
#define PA_GFP_KNOWN 0xffffffu

#define PA_GFP_RECLAIM (PA_GFP_DIRECT_RECLAIM | PA_GFP_KSWAPD_RECLAIM)
#define PA_GFP_KERNEL (PA_GFP_RECLAIM | PA_GFP_IO | PA_GFP_FS)
#define PA_GFP_USER (PA_GFP_KERNEL | PA_GFP_HARDWALL)
#define PA_GFP_HIGHUSER (PA_GFP_USER | PA_GFP_HIGHMEM)
#define PA_GFP_HIGHUSER_MOVABLE (PA_GFP_HIGHUSER | PA_GFP_MOVABLE)
/* GFP_ATOMIC of every version: where PA_GFP_ATOMIC means nothing it is ignored. */
#define PA_GFP_ATOMIC_ALLOC (PA_GFP_HIGH | PA_GFP_ATOMIC | PA_GFP_KSWAPD_RECLAIM)
#define PA_GFP_NOWAIT (PA_GFP_KSWAPD_RECLAIM)

/*
 * The bit of a flag by its kernel name: "__GFP_IO", "___GFP_IO", "IO"; __GFP_WAIT is
 * DIRECT_RECLAIM and KSWAPD_RECLAIM, __GFP_REPEAT is RETRY_MAYFAIL.  0 if unknown or without
 * a meaning here.
 */
uint32_t pa_gfp_bit(const char *name);
/* Bits of a set by its name: "GFP_KERNEL", "GFP_TRANSHUGE_LIGHT"; 0 if unknown. */
uint32_t pa_gfp_set(const char *name);
/* Kernel name of one bit; NULL if @bit is not one known bit. */
const char *pa_gfp_name(uint32_t bit);
/* "GFP_KERNEL|__GFP_COMP" into @buf, cut to fit; returns the length it would have. */
size_t pa_gfp_text(uint32_t gfp, char *buf, size_t len);
/* gfp_zone: highest zone type allowed here, or -EINVAL on two zone modifiers. */
int pa_gfp_zone(const struct pa *pa, uint32_t gfp);
/* The same for a kernel with zones of these types: bit t is enum pa_zone_type t. */
int pa_gfp_zone_of(uint32_t types, uint32_t gfp);
/* gfp_migratetype: UNMOVABLE, MOVABLE or RECLAIMABLE; -EINVAL on both mobility flags. */
int pa_gfp_mt(uint32_t gfp);

/*
 * alloc_flags: what a request may do on one attempt.  PA_ALLOC_NOFRAGMENT, PA_ALLOC_CMA and
 * PA_ALLOC_KSWAPD (pa.h) are part of the set.
 */
#define PA_ALLOC_NO_WATERMARKS 0x10u
#define PA_ALLOC_OOM 0x20u
#define PA_ALLOC_NON_BLOCK 0x40u   /* ALLOC_HARDER before late 6.1 */
#define PA_ALLOC_MIN_RESERVE 0x80u /* ALLOC_HIGH before late 6.1 */
#define PA_ALLOC_CPUSET 0x100u
#define PA_ALLOC_HIGHATOMIC 0x200u
#define PA_ALLOC_FAIR 0x400u	/* 3.12 to 4.7 */
#define PA_ALLOC_WMARK_SHIFT 12 /* enum pa_wmark of the attempt */
#define PA_ALLOC_WMARK_MASK 0x3000u

/* "WMARK_LOW|KSWAPD|NOFRAGMENT" into @buf, cut to fit; returns the length it would have. */
size_t pa_alloc_flags_text(uint32_t flags, char *buf, size_t len);

/*
 * gfp_to_alloc_flags: what the slow path lets a request of @task (PA_TASK_*) do, at the min mark,
 * ALLOC_NOFRAGMENT left out.  0 if @policy is NULL.
 */
uint32_t pa_gfp_alloc_flags(const struct pa_policy *policy, uint32_t gfp, unsigned int order,
			    uint32_t task);

/* -------------------------------------------------------------------------
 * One request
 */

/* What matters of the task that asks. */
#define PA_TASK_MEMALLOC 0x1u	 /* PF_MEMALLOC */
#define PA_TASK_RT 0x2u		 /* rt_or_dl_task */
#define PA_TASK_IRQ 0x4u	 /* in hard or soft interrupt */
#define PA_TASK_SOFTIRQ 0x8u	 /* in_serving_softirq; give PA_TASK_IRQ too */
#define PA_TASK_OOM_VICTIM 0x10u /* tsk_is_oom_victim */
#define PA_TASK_KTHREAD 0x20u	 /* PF_KTHREAD */
#define PA_TASK_FATAL 0x40u	 /* fatal_signal_pending */
#define PA_TASK_DUMPCORE 0x80u	 /* PF_DUMPCORE */
#define PA_TASK_PCP_BUSY 0x100u	 /* the trylock of its per-cpu lists fails: rmqueue_buddy */
#define PA_TASK_HELPED 0x200u	 /* the caller reclaims and compacts for it: neither is done here */
#define PA_TASK_KNOWN 0x3ffu

/*
 * The OOM killer as the caller has it: free the victim's pages with pa_free_pages() and return
 * true, or return false if there is nobody to kill (out_of_memory).
 */
typedef bool pa_oom_fn(struct pa *pa, void *ctx);

struct pa_alloc_args {
	uint32_t cpu;	   /* below pa_config.cpus */
	uint32_t gfp;	   /* PA_GFP_* */
	uint32_t task;	   /* PA_TASK_* */
	uint8_t order;	   /* below pa_config.nr_orders */
	uint8_t nid;	   /* preferred node */
	uint8_t use;	   /* enum pa_use the frames get; PA_USE_UNKNOWN is fine */
	uint64_t nodemask; /* bit n: node n allowed; 0: all */
	pa_oom_fn *oom;	   /* NULL: nobody can be killed */
	void *oom_ctx;
};

/* Where the page came from. */
enum pa_source {
	PA_FROM_NONE,
	PA_FROM_PCP,	 /* head of a per-cpu list */
	PA_FROM_REFILL,	 /* the same, after rmqueue_bulk */
	PA_FROM_BUDDY,	 /* rmqueue_buddy: order not on per-cpu lists, or refill came back empty */
	PA_FROM_CAPTURE, /* compaction_capture */
	PA_FROM_LOCAL,	 /* 2.4: the first page that the request's own reclaim freed */
	PA_NR_SOURCES
};
const char *pa_source_name(enum pa_source source);

/* Why a zone was passed over, or taken. */
enum pa_verdict {
	PA_ZONE_OK,	    /* the watermark allows it */
	PA_ZONE_IGNORED,    /* it does not, but ALLOC_NO_WATERMARKS */
	PA_ZONE_LOW,	    /* free pages not above mark and reserve */
	PA_ZONE_FRAGMENTED, /* above, but no block of the order that the request may use */
	PA_ZONE_NODE,	    /* not in the nodemask */
	PA_ZONE_REMOTE,	    /* NOFRAGMENT would leave the node: dropped, search starts over */
	PA_ZONE_EMPTY,	    /* watermark ok, but rmqueue found nothing */
	PA_ZONE_KSWAPD,	    /* 6.18 on several nodes: its kswapd is running */
	PA_ZONE_UNFAIR,	    /* 4.4: it has had its turn, ZONE_FAIR_DEPLETED */
	PA_NR_VERDICTS
};
const char *pa_verdict_name(enum pa_verdict verdict);

/* One zone looked at by get_page_from_freelist, with the arithmetic of its watermark. */
struct pa_zone_look {
	uint8_t zone;	  /* index in pa_config.zones */
	uint8_t verdict;  /* enum pa_verdict */
	uint8_t wmark;	  /* enum pa_wmark the attempt asks for */
	uint32_t flags;	  /* alloc flags of the attempt */
	int64_t free;	  /* zone counter, per-cpu deltas not included */
	int64_t unusable; /* taken off for the order, HIGHATOMIC and CMA */
	int64_t mark;	  /* with boost */
	int64_t min;	  /* what is left of the mark after the reserves the flags open */
	int64_t reserve;  /* lowmem_reserve against this request */
};

/* What the slow path does; the names are those of __alloc_pages_slowpath where it has any. */
enum pa_step {
	PA_STEP_FAST,		 /* first get_page_from_freelist, at the low mark */
	PA_STEP_RESTART,	 /* flags adjusted: gfp_to_alloc_flags; value: the flags */
	PA_STEP_WAKE_KSWAPD,	 /* wake_all_kswapds; value: nodes woken */
	PA_STEP_ADJUSTED,	 /* get_page_from_freelist with the adjusted flags */
	PA_STEP_COMPACT_FIRST,	 /* direct compaction before reclaim; value: enum pa_compact */
	PA_STEP_RETRY,		 /* retry: value: the flags, reserves included */
	PA_STEP_RESERVES,	 /* get_page_from_freelist with them */
	PA_STEP_RECLAIM,	 /* direct reclaim; value: pages reclaimed */
	PA_STEP_RECLAIM_ATTEMPT, /* get_page_from_freelist after it */
	PA_STEP_UNRESERVE,	 /* unreserve_highatomic_pageblock; value: 1 if it moved pages */
	PA_STEP_DRAIN_ALL,	 /* drain_all_pages; value: pages drained */
	PA_STEP_COMPACT,	 /* direct compaction; value: enum pa_compact */
	PA_STEP_COMPACT_ATTEMPT, /* get_page_from_freelist after either compaction */
	PA_STEP_RECLAIM_RETRY,	 /* should_reclaim_retry; value: yes or no */
	PA_STEP_COMPACT_RETRY,	 /* should_compact_retry; value: yes or no */
	PA_STEP_DROP_NOFRAGMENT, /* defrag_mode gives up on it */
	PA_STEP_OOM_ATTEMPT,	 /* get_page_from_freelist at the high mark */
	PA_STEP_OOM_REFUSED,	 /* no kill; value: enum pa_oom_refusal */
	PA_STEP_OOM_KILL,	 /* out_of_memory; value: 1 if a victim was found */
	PA_STEP_OOM_RESERVES,	 /* __GFP_NOFAIL after a kill: ALLOC_NO_WATERMARKS */
	PA_STEP_NOPAGE,		 /* nopage: */
	PA_STEP_NOFAIL,		 /* __GFP_NOFAIL: a try at the reserves before the next round */
	PA_STEP_FAIL,		 /* fail: */
	PA_STEP_GOT_PG,		 /* got_pg: */
	PA_NR_STEPS
};
const char *pa_step_name(enum pa_step step);

struct pa_step_done {
	uint8_t step;  /* enum pa_step */
	uint8_t got;   /* it found the page */
	int64_t value; /* what its comment says, else 0 */
};

/* enum compact_result, as far as the model knows the cases. */
enum pa_compact {
	PA_COMPACT_SKIPPED,	    /* not suitable */
	PA_COMPACT_DEFERRED,	    /* failed too often lately */
	PA_COMPACT_COMPLETE,	    /* whole zone scanned, no page */
	PA_COMPACT_PARTIAL_SKIPPED, /* part of it */
	PA_COMPACT_CONTENDED,	    /* given up: the marks left no room to move to */
	PA_COMPACT_SUCCESS,	    /* a page of the order is there */
	PA_NR_COMPACT
};
const char *pa_compact_name(enum pa_compact result);

/* Why __alloc_pages_may_oom kills nobody. */
enum pa_oom_refusal {
	PA_OOM_DUMPCORE,
	PA_OOM_COSTLY,	 /* order above PA_COSTLY_ORDER */
	PA_OOM_MAYFAIL,	 /* __GFP_RETRY_MAYFAIL */
	PA_OOM_THISNODE, /* __GFP_THISNODE */
	PA_OOM_LOWMEM,	 /* a request for DMA or DMA32 */
	PA_NR_OOM_REFUSALS
};

/* A block that went from a per-cpu list, or past it, to the buddy lists. */
struct pa_drained {
	uint64_t pfn;
	uint8_t order;
	uint8_t mt;  /* list it was freed to */
	uint8_t pcp; /* it came from a per-cpu list */
};

/* A page that compaction moved, @from is @to now; split into pages of order 0 where these are equal. */
struct pa_moved {
	uint64_t from;
	uint64_t to;
	uint8_t order;
};

/*
 * Everything a call did to lists, in order.  The caller lends the arrays (NULL, 0 where it does
 * not care) and sets nr_* to 0; each nr_* counts all there was, even past its maximum.
 */
struct pa_trail {
	struct pa_decision *picks; /* one for each block __rmqueue was asked for */
	struct pa_drained *drains;
	struct pa_moved *moves;
	uint32_t max_picks, max_drains, max_moves;
	uint32_t nr_picks, nr_drains, nr_moves;
};

#define PA_MAX_LOOKS 32
#define PA_MAX_STEPS 128

struct pa_alloc_record {
	struct pa_trail trail; /* in and out; the rest is only written */
	uint64_t pfn;	       /* PA_PFN_NONE on failure */
	uint32_t gfp;
	uint32_t flags; /* alloc flags of the attempt that came last */
	uint8_t order;
	uint8_t mt;	 /* type the request asks for */
	uint8_t highest; /* enum pa_zone_type: highest zone allowed */
	uint8_t zone;	 /* zone the page is of */
	uint8_t source;	 /* enum pa_source */
	bool slow;	 /* the fast path did not suffice */
	bool reserved;	 /* reserve_highatomic_pageblock took its pageblock */
	uint32_t refill; /* blocks rmqueue_bulk brought to the list */
	/* The first PA_MAX_LOOKS and PA_MAX_STEPS; nr_* counts all.  What is behind is left alone. */
	uint32_t nr_looks, nr_steps;
	struct pa_zone_look looks[PA_MAX_LOOKS];
	struct pa_step_done steps[PA_MAX_STEPS];
};

/**
 * pa_alloc() - One page request: __alloc_pages.
 * @pfn: first frame handed out.
 * @rec: what happened and why; may be NULL.  Set rec->trail before the call.
 *
 * Return: 0; -ENOMEM if the kernel would return NULL; -EAGAIN if it would loop on until somebody
 * frees memory, which nobody does inside this call (__GFP_NOFAIL, and before 4.7 most requests up
 * to PA_COSTLY_ORDER); -EINVAL on bad arguments, with the state untouched.
 */
int pa_alloc(struct pa *pa, const struct pa_alloc_args *args, uint64_t *pfn,
	     struct pa_alloc_record *rec);

/*
 * pa_alloc_quick() - pa_alloc() if it comes to no more than a page from the CPU's list: true.  Else
 * false, and nothing is done: it takes more, or is wrong.  For who wants a record of the rest.
 */
bool pa_alloc_quick(struct pa *pa, const struct pa_alloc_args *args, uint64_t *pfn);

/* What one attempt found when it looked at the marks. */
struct pa_choice {
	uint8_t zone;	/* index in pa_config.zones */
	uint32_t flags; /* those it had in the end: ALLOC_NOFRAGMENT may be dropped */
};

/*
 * One attempt, get_page_from_freelist, in its two halves: others may take zone->lock in between.
 *
 * pa_look_for_zone() - Look at the marks.  @flags: PA_ALLOC_*, as pa_gfp_alloc_flags() has them.
 * @uncounted: by zone, pages that are off the lists already while the counter still has them, as in
 * the middle of somebody's refill; NULL: none.
 * Return: 0; -ENOMEM, no zone will do; -EINVAL on bad arguments.
 *
 * pa_look_quick() - The same if it comes to no more than a first zone that has plenty: true.  Else
 * false: it takes more, or is wrong.  Nothing is changed in either case.
 *
 * pa_alloc_from() - Take the page, of that zone or one behind it.  @rec as for pa_alloc().
 * Return: 0; -ENOMEM, there is none; -EINVAL on bad arguments, or if no zone for @args is meant.
 *
 * pa_alloc_at_once() - pa_look_quick() with the gfp @looks and pa_alloc_from() in one: true, if that
 * finds the very @choice, the first zone of either, and it comes to no more than a page from the CPU's
 * list.  Else false, and nothing is done.
 */
int pa_look_for_zone(struct pa *pa, const struct pa_alloc_args *args, uint32_t flags,
		     const int64_t *uncounted, struct pa_choice *choice);
bool pa_look_quick(const struct pa *pa, const struct pa_alloc_args *args, uint32_t flags,
		   const int64_t *uncounted, struct pa_choice *choice);
int pa_alloc_from(struct pa *pa, const struct pa_alloc_args *args, const struct pa_choice *choice,
		  uint64_t *pfn, struct pa_alloc_record *rec);
bool pa_alloc_at_once(struct pa *pa, const struct pa_alloc_args *args, uint32_t looks,
		      const struct pa_choice *choice, uint64_t *pfn);

/**
 * pa_alloc_bulk() - alloc_pages_bulk: order-0 pages from one per-cpu list.
 * @args: order 0.
 * @pfns: room for @nr.
 *
 * If no zone of the node holds the low mark plus @nr, or @nr is 1, one ordinary request is made;
 * before 5.13, which had no such thing, always.
 * Return: how many pages, or as pa_alloc().
 */
int pa_alloc_bulk(struct pa *pa, const struct pa_alloc_args *args, uint32_t nr, uint64_t *pfns,
		  struct pa_alloc_record *rec);

struct pa_free_record {
	struct pa_trail trail; /* in and out; the rest is only written */
	bool pcp;	       /* pushed to a per-cpu list, else freed to the buddy lists */
	uint8_t zone;
	uint8_t mt;	 /* list it was pushed to or freed to */
	uint8_t pindex;	 /* per-cpu list */
	uint32_t target; /* base pages the drain was asked for; 0: none */
};

/**
 * pa_free_pages() - __free_pages of a whole allocation, on @cpu.
 * @rec: may be NULL.  Set rec->trail before the call.
 *
 * Return: 0, or -EINVAL with not a byte changed: @pfn is not the first frame of an allocation
 * of @order (double free, wrong order, unaligned, outside).
 */
int pa_free_pages(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order,
		  struct pa_free_record *rec);

/*
 * pa_free_quick() - pa_free_pages() if it comes to no more than a push to the CPU's list: true.
 * Else false, and nothing is done: it takes more, or is wrong.  For who wants a record of the rest.
 */
bool pa_free_quick(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order);

/*
 * pa_free_cold() - free_cold_page: a single page that is not in the CPU's cache.  Up to 4.14 it
 * goes to 2.6.24's cold list, later to the tail of its list; from 4.15 on no page is cold, and this
 * is pa_free_pages().  As there.
 */
int pa_free_cold(struct pa *pa, uint32_t cpu, uint64_t pfn, struct pa_free_record *rec);

/*
 * pa_free_direct() - Free to the buddy lists, past the per-cpu lists: what a failed trylock of
 * the per-cpu lists leads to, and with PA_TO_TAIL the surplus of alloc_pages_exact.  As above.
 */
int pa_free_direct(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order,
		   unsigned int flags, struct pa_free_record *rec);

/*
 * pa_split_page() - split_page: one allocation of @order becomes allocations of @to, which may
 * be freed one by one.  -EINVAL as pa_free_pages(), or @to > @order.
 */
int pa_split_page(struct pa *pa, uint64_t pfn, unsigned int order, unsigned int to);

/* Order of the allocation that starts at @pfn, or -ENOENT. */
int pa_allocated(const struct pa *pa, uint64_t pfn);
/* A hint: the frame @pfn, wherever it is, is given back before long.  Nothing changes but how soon. */
void pa_expect(const struct pa *pa, uint64_t pfn);

/*
 * pa_set_allocated() - A block in use that no pa_alloc() here handed out (a snapshot's, a
 * scenario's) can be freed from now on.  -EINVAL: not aligned, or outside its zone; -EEXIST: a
 * frame of it is free, on a per-cpu list or known to be allocated already.
 */
int pa_set_allocated(struct pa *pa, uint64_t pfn, unsigned int order, enum pa_use use);

/* -------------------------------------------------------------------------
 * Per-cpu lists
 */

#define PA_PCP_PREV_FREE_HIGH_ORDER 0x1u /* PCPF_PREV_FREE_HIGH_ORDER */
#define PA_PCP_FREE_HIGH_BATCH 0x2u	 /* PCPF_FREE_HIGH_BATCH */

/* struct per_cpu_pages; a version ignores what it does not have. */
struct pa_pcp {
	int32_t count; /* base pages on the lists; only ever read */
	int32_t high;
	int32_t high_min; /* 6.7 up */
	int32_t high_max; /* 6.7 up */
	int32_t batch;
	int32_t free_count;   /* 6.7 up */
	uint8_t free_factor;  /* up to 6.6 */
	uint8_t alloc_factor; /* 6.7 up */
	uint8_t flags;	      /* PA_PCP_*; 6.7 up */
	uint8_t expire;	      /* rounds left before a remote zone's pages go home; NUMA */
	/* 2.6.24 has a hot list, for which the numbers above stand, and a cold one. */
	int32_t cold_count; /* pages of @count that are on the cold list; only ever read */
	int32_t cold_high;
	int32_t cold_batch;
};

/* -ENOENT without such a zone and CPU; pa_pcp_set() also -EINVAL if batch < 1, or high < 0. */
int pa_pcp_get(const struct pa *pa, uint32_t zone, uint32_t cpu, struct pa_pcp *pcp);
int pa_pcp_set(struct pa *pa, uint32_t zone, uint32_t cpu, const struct pa_pcp *pcp);

/*
 * order_to_pindex: list of a type below PA_PCPTYPES, or -EINVAL if per-cpu lists hold no such.
 * 2.6.24's list 0 is the hot one, of all types, and 1 the cold one.
 */
int pa_pcp_index(const struct pa *pa, unsigned int order, enum pa_mt mt);
/*
 * pcp_allowed_order: may per-cpu lists of @policy hold blocks of @order?  Single pages up to 5.13,
 * later also orders 1 to 3 and that of a pageblock.  None at all in 2.4.
 */
bool pa_pcp_holds(const struct pa_policy *policy, unsigned int order, unsigned int pageblock_order);
/* First block of list @pindex, and the one after @pfn on the same list; PA_PFN_NONE at its end. */
uint64_t pa_pcp_head(const struct pa *pa, uint32_t zone, uint32_t cpu, unsigned int pindex);
uint64_t pa_pcp_next(const struct pa *pa, uint64_t pfn);

/*
 * pa_pcp_load() - Load a snapshot: append a block at the tail of per-cpu list @pindex.
 * @mt: type stored with it (page->index, from 3.10 to 6.9; in 2.6.24 the type it serves); later
 * versions ask the pageblock.
 *
 * -EINVAL: no such zone, CPU or list, or not a block of that zone; -EEXIST as pa_set_allocated().
 */
int pa_pcp_load(struct pa *pa, uint32_t zone, uint32_t cpu, unsigned int pindex, uint64_t pfn,
		enum pa_mt mt);

/*
 * pa_drain() - drain_pages_zone on @cpu's lists of @zone, by the calling CPU @by.
 * UINT32_MAX for @zone or @cpu: all of them, as drain_all_pages.  Return: base pages drained.
 */
int64_t pa_drain(struct pa *pa, uint32_t zone, uint32_t cpu, uint32_t by, struct pa_trail *trail);

/*
 * pa_isolate_by() - pa_isolate() by @cpu, whose share of the counter it goes to.  As there, and
 * -EINVAL without such a CPU.
 */
int pa_isolate_by(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order);

/*
 * pa_start_capture() - current->capture_control of a direct compactor that works for a request of
 * @order and @mt: the first block that frees into @zone make of that order goes to it instead of a
 * list, from here to pa_end_capture().  -EINVAL: no such zone, order or type, or a policy without.
 * pa_end_capture() - That block, in use and nobody's until pa_set_allocated(); PA_PFN_NONE: none.
 */
int pa_start_capture(struct pa *pa, uint32_t zone, unsigned int order, enum pa_mt mt);
uint64_t pa_end_capture(struct pa *pa);

/* A refill of a CPU's list, rmqueue_bulk, block by block: others look at the marks meanwhile. */
struct pa_refill {
	struct pa_alloc_args args; /* of the request that needs it */
	uint32_t zone;
	uint32_t flags; /* PA_ALLOC_* of the attempt */
	int32_t want;	/* blocks, from here on set by pa_refill_start() */
	int32_t taken;	/* so far */
	uint32_t last;
	uint8_t mode;
};

/*
 * pa_refill_start() - nr_pcp_alloc.  Return: blocks wanted, 0 if the list needs none; -EINVAL: no such
 * CPU, zone, order or list, or a policy without lists by order.
 * pa_refill_size_at() - The same of lists that are as @pcp says, which it changes; 0: there are none such.
 * pa_refill_step() - The next block.  @rec: its trail gets the decision; may be NULL.  Return: 1, 0
 * if there is no more, -EINVAL.  Up to 6.9 the zone counter is told of all blocks at the end: it reads
 * that much too low in between.
 * pa_refill_steps() - As many of the next ones as there are up to @most, but none after one that another
 * type lent: that one's decision is all that @rec's trail gets.  Return: how many, or -EINVAL.
 * pa_refill_end() - The end of it; a request of the same kind takes the first block from then on.
 */
int pa_refill_start(struct pa *pa, struct pa_refill *refill);
int32_t pa_refill_size_at(const struct pa *pa, uint32_t zone, struct pa_pcp *pcp,
			  unsigned int order);
int pa_refill_step(struct pa *pa, struct pa_refill *refill, struct pa_alloc_record *rec);
int pa_refill_steps(struct pa *pa, struct pa_refill *refill, int32_t most,
		    struct pa_alloc_record *rec);
void pa_refill_end(struct pa *pa, const struct pa_refill *refill);

/*
 * What goes from a per-cpu list to the buddy lists in one hold of the locks, block by block, for
 * callers that see others look on meanwhile.  5.14 and later.
 */
struct pa_bulk {
	uint32_t zone, cpu; /* whose lists */
	uint32_t by;	    /* the CPU that does it */
	uint32_t first;	    /* the list that each hold of the locks begins with */
	uint32_t pindex;    /* the list that is next, unless it is empty */
	int32_t left;	    /* base pages still to go */
	int32_t most;	    /* of these in one hold */
	int32_t stop;	    /* @left when this hold is over: what goes beyond does not count */
	bool between;	    /* a hold is over, and the next has not begun */
};

/*
 * pa_push() - free_unref_page_commit of an allocation: @type is its pageblock's, which the caller
 * read before; bulk->left is what is too much then.  -EINVAL as pa_free_pages(), nothing changed.
 * pa_push_as() - The same, if it comes out like that: @drains if something is too much then.  Else
 * -EAGAIN, nothing changed.
 * pa_push_size() - How many base pages would be too much after a push of @order; nothing is changed.
 * pa_push_size_at() - The same of lists that are as @pcp says, its count too.
 * pa_drain_start() - drain_pages_zone: the next hold.  -EINVAL: no such zone or CPU.
 * pa_bulk_step() - The next block.  Return: its base pages, 0 if there is no more, -EINVAL.
 * pa_bulk_steps() - Up to @most of the next blocks, until nothing is left.  Return: how many, or -EINVAL.
 * pa_push_end() - What a push does last, if anything was too much: ZONE_BELOW_HIGH may be over.
 */
int pa_push(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order, enum pa_mt type,
	    struct pa_bulk *bulk);
int pa_push_as(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order, enum pa_mt type,
	       bool drains, struct pa_bulk *bulk);
int32_t pa_push_size(const struct pa *pa, uint32_t zone, uint32_t cpu, unsigned int order);
int32_t pa_push_size_at(const struct pa *pa, uint32_t zone, const struct pa_pcp *pcp,
			unsigned int order);
int pa_drain_start(struct pa *pa, uint32_t zone, uint32_t cpu, uint32_t by, struct pa_bulk *bulk);
int pa_bulk_step(struct pa *pa, struct pa_bulk *bulk, struct pa_trail *trail);
int pa_bulk_steps(struct pa *pa, struct pa_bulk *bulk, uint32_t most);
void pa_push_end(struct pa *pa, const struct pa_bulk *bulk);

/* @cpu's shares of the counters go to the zones: quiet_vmstat, as it goes idle.  -EINVAL */
int pa_fold_counters(struct pa *pa, uint32_t cpu);

/* One round of the vmstat worker on @cpu: refresh_cpu_vm_stats, with decay_pcp_high. */
int pa_vmstat_update(struct pa *pa, uint32_t cpu, struct pa_trail *trail);

/*
 * The same in parts.  @turn is where the round is, 0 at first: of each zone it is the
 * counters' first, then that of what is too much, then that of a remote zone's pages to go home.
 * pa_vmstat_next() - go on to the next zone of which something is too much, in @bulk.  Return: 1; 0, it is
 * over; -EINVAL.
 * pa_vmstat_until() - begin, and stop behind the counters of @zone: the worker gives way to others there.
 * -EINVAL: no such CPU or zone.
 * pa_decayed_high() - pcp.high as the round would leave it now; 0 without such a CPU or zone.
 */
int pa_vmstat_next(struct pa *pa, uint32_t cpu, uint32_t *turn, struct pa_bulk *bulk);
int pa_vmstat_until(struct pa *pa, uint32_t zone, uint32_t cpu, uint32_t *turn,
		    struct pa_trail *trail);
int32_t pa_decayed_high(const struct pa *pa, uint32_t zone, uint32_t cpu);

/* -------------------------------------------------------------------------
 * Reclaim
 */

/*
 * pa_lru_add() - Put an allocation on its zone's list of reclaimable pages, as the newest:
 * reclaim frees the oldest first, and compaction may move it.  Its frames become PA_USE_MOVABLE.
 * -EINVAL: no allocation starts at @pfn; -EEXIST: it is on the list.
 */
int pa_lru_add(struct pa *pa, uint64_t pfn);
/* Take it off again.  -EINVAL: it is not on the list. */
int pa_lru_del(struct pa *pa, uint64_t pfn);

/*
 * pa_tick() - It is @now, in ms since anything: the daemons run.  A kswapd that was woken reclaims
 * to the high mark (balance_pgdat); its run is over at the next call, and only then it takes back
 * the boosts that it found, tells kcompactd and can be woken again.  A kcompactd that was woken
 * compacts, one that was not may do so unasked (vm.compaction_proactiveness), and for each second
 * that has passed the vmstat worker of every CPU has its round.  -EINVAL: time goes back.
 */
int pa_tick(struct pa *pa, uint64_t now, struct pa_trail *trail);

/*
 * pa_set_pace() - kcompactd takes @ns for each page that it moves and each pageblock that it looks
 * at: its work goes on over as many calls of pa_tick() as it takes.  0, as at first: no time.
 * -EINVAL: there is no request level, or more than 10^12.
 */
int pa_set_pace(struct pa *pa, uint64_t ns);

enum pa_daemon { PA_KSWAPD, PA_KCOMPACTD, PA_NR_DAEMONS };

/*
 * pa_set_daemon_cpu() - @daemon of the node of @cpu runs there from now on: what it frees goes to that
 * CPU's lists.  At first it is the node's first CPU.  -EINVAL: there is no such daemon or CPU.
 */
int pa_set_daemon_cpu(struct pa *pa, enum pa_daemon daemon, uint32_t cpu);

/* -------------------------------------------------------------------------
 * Zones: watermarks, counters, indices
 */

#define PA_ZONE_BOOSTED_WATERMARK 0x1u
#define PA_ZONE_RECLAIM_ACTIVE 0x2u
#define PA_ZONE_BELOW_HIGH 0x4u
#define PA_ZONE_FAIR_DEPLETED 0x8u /* 3.12 to 4.7 */

struct pa_zone_state {
	uint64_t wmark[PA_NR_WMARKS]; /* boost not included */
	uint64_t boost;
	uint64_t lowmem_reserve[PA_NR_ZONE_TYPES];
	uint64_t managed;
	uint64_t present;
	uint64_t nr_reserved_highatomic;
	uint32_t flags;	      /* PA_ZONE_* */
	uint32_t threshold;   /* stat_threshold of the per-cpu deltas, in pages */
	int64_t nr_free;      /* the zone counter, without per-cpu deltas; only ever read */
	uint8_t type;	      /* enum pa_zone_type; only ever read */
	uint8_t node;	      /* only ever read */
	uint8_t defer_shift;  /* compact_defer_shift, 0 to 6 */
	uint8_t order_failed; /* compact_order_failed */
	uint32_t considered;  /* compact_considered */
	uint64_t reclaimable; /* pages on the zone's LRU lists; only ever read */
	int64_t fair;	      /* NR_ALLOC_BATCH: pages left of its turn; only ever read; 4.4 */
};

/* -ENOENT without such a zone; set: -EINVAL if min <= low <= high does not hold. */
int pa_zone_get(const struct pa *pa, uint32_t zone, struct pa_zone_state *state);
int pa_zone_set(struct pa *pa, uint32_t zone, const struct pa_zone_state *state);
/*
 * zone.percpu_drift_mark is set (refresh_zone_stat_thresholds): the CPUs' shares of the counter could
 * hide together that the zone is below its min mark; kswapd at work makes them tell sooner.
 */
bool pa_drift_marked(const struct pa *pa, uint32_t zone); /* false without such a zone */
/* How soon then (calculate_pressure_threshold): pages, 1 to 125; 0 without such a zone. */
uint32_t pa_pressure_threshold(const struct pa *pa, uint32_t zone);
uint32_t pa_zone_flags(const struct pa *pa, uint32_t zone); /* PA_ZONE_* alone; 0 without it */

/*
 * pa_set_counters() - The per-cpu deltas of NR_FREE_PAGES, one for each CPU; the zone counter is
 * what the lists hold, less their sum.  -ENOENT, or -EINVAL if one is beyond the threshold.
 */
int pa_set_counters(struct pa *pa, uint32_t zone, const int8_t *deltas);

/* What they are; room for one for each CPU.  -ENOENT */
int pa_get_counters(const struct pa *pa, uint32_t zone, int8_t *deltas);

/*
 * Compute watermarks, reserves and per-cpu sizes anew from the knobs and managed pages, as
 * pa_set_knobs() does.  pa_init() chooses no RESERVE pageblocks: call this once memory is there.
 */
int pa_setup_wmarks(struct pa *pa);

/*
 * pa_watermark_ok() - zone_watermark_ok: __zone_watermark_ok on the zone counter.
 * @mark: in pages, boost included if wanted.  @look: the arithmetic; may be NULL.
 */
bool pa_watermark_ok(const struct pa *pa, uint32_t zone, unsigned int order, uint64_t mark,
		     enum pa_zone_type highest, uint32_t flags, struct pa_zone_look *look);

#define PA_TOLD_ORDERS 16 /* with numbers alone; arm64 with 64 KB pages has 14 */

/* What __zone_watermark_ok looks at of a zone, for a caller with numbers and no state.  In pages. */
struct pa_zone_numbers {
	int64_t free; /* the zone counter */
	int64_t reserved_highatomic;
	int64_t free_highatomic;
	int64_t free_cma;
	int64_t mark;		 /* boost included if wanted */
	int64_t reserve;	 /* lowmem_reserve against this request */
	const uint32_t *orders;	 /* PA_NR_MT of them; bit o: the type has a free block of order o */
	const uint64_t *nr_free; /* blocks of each order below the one asked for; up to 3.10 only */
};

/*
 * pa_watermark_numbers() - pa_watermark_ok() on numbers alone.
 * @policy: NULL: the answer is false, and @look untouched.
 * @look:   the arithmetic, but for the zone; may be NULL.
 */
bool pa_watermark_numbers(const struct pa_policy *policy, const struct pa_zone_numbers *numbers,
			  unsigned int order, uint32_t flags, struct pa_zone_look *look);

/* Zones that a request at node @nid walks, best first: at most @max into @zones.  How many there are. */
uint32_t pa_zonelist(const struct pa *pa, uint32_t nid, enum pa_zone_type highest, uint8_t *zones,
		     uint32_t max);

/*
 * pa_failure_report() - What warn_alloc writes of a request that failed, by the task @comm: the
 * request, the zones with their marks, the free blocks by order and type.  Cut to fit @len, always
 * terminated; returns the length it would have.  0 for __GFP_NOWARN, as the kernel is silent then.
 */
size_t pa_failure_report(const struct pa *pa, const struct pa_alloc_args *args, const char *comm,
			 char *buf, size_t len);
/* The part of it that needs no request: show_free_areas, as seen from @cpu. */
size_t pa_show_mem(const struct pa *pa, uint32_t cpu, char *buf, size_t len);

/*
 * Indices of fragmentation as debugfs shows them, in 1/1000; any policy, any pa_config.
 * fragmentation_index: -1000 if a block of @order is free, near 0 if memory is short, near 1000
 * if it is fragmented.  unusable_free_index: share of free memory in blocks below @order.
 */
int pa_fragmentation_index(const struct pa *pa, uint32_t zone, unsigned int order);
int pa_unusable_index(const struct pa *pa, uint32_t zone, unsigned int order);
/* fragmentation_index of so many free blocks of each order, all below 2^32. */
int pa_fragmentation_of(const uint64_t *nr_free, unsigned int nr_orders, unsigned int order);
/* extfrag_for_order: the same share in percent. */
int pa_extfrag(const struct pa *pa, uint32_t zone, unsigned int order);

#endif /* PA_REQUEST_H */
