/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of request mode share. */
#ifndef TOOLS_REQUEST_INTERNAL_H
#define TOOLS_REQUEST_INTERNAL_H

#include "final.h"
#include "request.h"

#define NO_MT 0xff
#define NO_PFN UINT32_MAX /* frames are kept in 32 bits, as the core's are */
#define NO_EVENT UINT64_MAX
#define NO_HANDLE UINT32_MAX	 /* in use since before the trace, or free */
#define NO_PAGE (UINT32_MAX - 1) /* the kernel got a page and the core none */
#define MAX_PICKS 1024		 /* of one request */
#define MAX_DRAINS 8192		 /* of one call in a what-if run */
#define MAX_VICTIMS 16
#define MAX_MOVES 8192 /* of one call */
#define MAX_BULK 512
#define MAX_TRY_ORDERS 16    /* that an event can name */
#define MAX_TRIES 8	     /* open on a CPU: interrupts nest, and failed ones stay a while */
#define FLAG_EVENTS 16384    /* searched for who finds a zone's flag */
#define FALLBACK_EVENTS 1024 /* searched for a fallback that is at work */
#define INTERRUPT_EVENTS 64  /* that may come on top of a free */
#define MAX_CUTS 4
#define MAX_CLAIMS 4 /* of pageblocks, the latest, that are remembered */
#define MAX_GROWTHS 8
#define MAX_MADE 64 /* requests made ahead of their events */

/* What an event comes to in a what-if run. */
enum whatif_kind {
	WHATIF_NONE,
	/* Before the per-cpu lists are known only the free lists are kept up. */
	WHATIF_TAKE,
	WHATIF_ISOLATE,
	WHATIF_INSERT,
	WHATIF_LOAD, /* now they are */
	WHATIF_TICK, /* time goes on, as with any of those that follow */
	WHATIF_ALLOC,
	WHATIF_FREE,
	WHATIF_MOVE,  /* the recorded kernel moved a page */
	WHATIF_EVICT, /* its reclaim took a page, whose number is arg from now on */
	WHATIF_DROP,  /* and the page of that number would be gone by now in any case */
	WHATIF_PACE,  /* its kcompactd takes arg ns for a page */
	WHATIF_CPU,   /* its daemon arg, enum pa_daemon, runs on cpu */
};

struct whatif {
	uint64_t ts;
	uint64_t event : 64 - EV_PID_BITS;
	uint64_t pid : EV_PID_BITS; /* of a request: the process that asks */
	uint32_t pfn;		    /* NO_PFN: a request that failed */
	/* Of a request: PA_GFP_*; of a page moved: the frame where it is now; of one evicted: above. */
	uint32_t arg;
	uint16_t cpu;
	uint8_t kind; /* enum whatif_kind */
	uint8_t order;
	uint8_t mt;    /* of a free block: enum pa_mt */
	uint8_t zone;  /* index in request.zones */
	uint8_t task;  /* of a request: PA_TASK_* */
	uint8_t cache; /* of a request: it is for the page cache */
};

struct request_script {
	struct whatif *op;
	size_t n, room;
	uint64_t now, ts;	   /* at the end of the events */
	struct request_result res; /* what the recorded kernel did */
};

/* An attempt at a request that has looked at the marks. */
struct attempt {
	uint8_t order, mt, highest; /* zone index, as the kernel has it */
	bool found;		    /* a zone */
	bool late;		    /* it looks once its CPU is heard of next */
	bool below_high;	    /* ZONE_BELOW_HIGH of the zone found, then */
	bool ending;		    /* and another CPU may not have ended it yet */
	bool waits;		    /* it has no page yet, see request_is_yet_to_pop() */
	uint32_t flags;		    /* PA_ALLOC_* */
	uint32_t captured;	    /* by compaction, for it: the core's pfn; NO_PFN: none */
	uint64_t number;	    /* of its event */
	uint64_t end;		    /* of the event of its request, as far as is known */
	struct pa_choice choice;
	/* Of one that looks late, what it would have found at once, if anything. */
	bool first_found, first_below;
	struct pa_choice first;
};

/* What a CPU is at that may empty per-cpu lists. */
enum what {
	WHAT_NOTHING,
	WHAT_PUSH,	  /* a free that makes them too long */
	WHAT_FOLD,	  /* the vmstat worker: decay_pcp_high */
	WHAT_DRAIN_PAGES, /* drain_pages_zone, of its own lists or another CPU's */
};

/* A push; one waits where its outcome as of its event is not what its CPU is seen to do next. */
struct push {
	uint64_t pfn;	 /* the core's */
	uint64_t number; /* of its event */
	uint32_t high;	 /* of the CPU's lists, as told; 0: was not */
	uint32_t pid;	 /* of the process, as told; 0: was not */
	uint8_t order;
	uint8_t mt;
	bool drains;	/* the CPU is seen to drain for it */
	bool balancing; /* kswapd was at work on the zone */
	bool waits;
};

/* A drain that others' work came upon. */
struct cut {
	enum what what; /* none that is WHAT_NOTHING */
	/*
	 * The lists.  free_frozen_page_commit is over then; but of two that came upon one another it may
	 * have been the other that emptied them, and this one goes on with what was freed meanwhile.
	 */
	bool emptied;
	struct pa_bulk bulk; /* of a push or a vmstat worker */
	uint32_t fold_turn;
	uint32_t pid;		       /* of the process, 0: not known */
	uint32_t drain_of, drain_zone; /* of drain_pages_zone */
};

/* A refill that the kernel is seen to make: the core takes a block where the kernel does. */
struct refill {
	bool open;
	bool ahead;	       /* the block that its CPU takes next is taken already */
	bool stealing;	       /* see request_lean_claim() */
	uint32_t picks, shown; /* blocks that the kernel takes in this hold, and so far */
	uint64_t number;       /* of the event of the request that it is for */
	struct attempt tried;
	struct pa_refill by;	     /* how far it is */
	struct pa_decision fallback; /* the first one */
	bool fell_back;
	int share;	 /* the CPU's of the zone's counter, ahead of what the refill took */
	int64_t counted; /* by how much that fell as the refill ended: its pages, and the share */
};

/* Whether pcp->high was raised is in doubt: by so much more, or less, than the core has. */
struct growth {
	uint32_t zone;
	int32_t by;
};

struct run_cpu {
	struct attempt tries[MAX_TRIES]; /* the latest one last */
	uint32_t nr_tries;
	struct attempt taken; /* the one that request_take_try() gave out last */
	bool picking;	      /* inside a lock hold whose request was made, or is in */
	struct refill refill;
	bool bypassing;	       /* and that request found its list locked */
	uint32_t locked_zone;  /* its list of that zone, which another CPU drains, was locked */
	uint64_t locked_until; /* and is: number of the event at which that CPU is heard of next */
	bool draining;	       /* inside a row of drains */
	bool drained;	       /* its push found the lists too long */
	bool resumed;	       /* and is one that others' work had come upon */
	bool emptied;	       /* the last block drained was the last on these lists */
	enum what what;	       /* it is at */
	uint32_t pid;	       /* and for which process, 0: not known */
	/* Number + 1 of the zone whose lists its vmstat worker has yet to see, as those behind it; 0: none. */
	uint32_t undecayed;
	uint32_t undecayed_turn; /* and where its round is, as fold_turn */
	uint32_t folds_late; /* holds from which on it may have folded the other zones' counters; 0: it has */
	uint64_t folded_at; /* event of the last of these */
	uint32_t folding;   /* lowest zones whose counters it folds before it is heard of again */
	bool counts_late;   /* its next block may have been counted by the thresholds of before */
	struct push late;
	int32_t high_then; /* its lists', in the zone that may_be_below, when that came up */
	struct growth growths[MAX_GROWTHS]; /* see request_grow.c: in order */
	uint32_t nr_growths;
	uint64_t looks_until; /* number of its event behind the drain of a push, which may look last up to then */
	uint64_t looks_by;   /* number + 1 of the push behind a drain, which has looked by then */
	struct pa_bulk bulk; /* what the core has yet to drain for it */
	uint32_t drain_of, drain_zone;
	uint32_t fold_turn; /* how far the vmstat worker's round is, see pa_vmstat_next() */
	bool drain_goes_on; /* drain_pages_zone takes the lists' lock again: that was not all */
	struct cut cuts[MAX_CUTS]; /* what it seems to have left undrained, the latest last */
	uint32_t nr_cuts;
	uint64_t latest;   /* number of the last event read of it, + 1; 0: none */
	uint64_t played;   /* number of the last event played of it */
	uint64_t upcoming; /* no event ahead of this number is still to be played */
	uint64_t asker; /* number + 1 of the last event read that drains_next() is about; 0: known */
	uint64_t batch,
		batched; /* of frees read, see start_batch(): number + 1 of first and last */
	uint8_t before;	 /* what-if: type of its event before the one at hand */
	/* By order and type of the trace: number + 1 of the latest attempt read that nothing ends. */
	uint64_t tries_open[MAX_TRY_ORDERS][TRACE_MAX_MT];
};

/* A pageblock that was claimed: what type it had before. */
struct claim {
	uint64_t block;	 /* in pageblocks */
	uint64_t number; /* of the event */
	uint8_t before;
};

struct run_zone {
	uint64_t start, end;
	uint64_t frame0; /* index of its first frame in the arrays below */
	uint32_t trace_id;
	bool begin, end_seen;
	bool reclaiming;   /* ZONE_RECLAIM_ACTIVE, as last told */
	bool balancing;	   /* kswapd is at work on it */
	bool boosted;	   /* and a fallback may have boosted its marks since */
	bool kept_below;   /* ZONE_BELOW_HIGH, see request_ends_too_early() */
	bool may_be_below; /* it ended, or not: the next refill tells */
	uint64_t doubted;  /* see request_doubt_below(): number of the push that ends it, 0: none */
	uint64_t ended_by; /* number of the event by which it has ended for sure */
	uint32_t threshold;	   /* stat_threshold while kswapd sleeps */
	uint32_t threshold_before; /* the change that kswapd is at; 0: none */
	uint64_t next_push; /* to the zone, of the events from now on: none ahead of this number */
	uint64_t next_end;  /* of kswapd's round, likewise */
	uint64_t boost_before;	/* of a search that the core makes ahead of its event, */
	uint64_t boosted_until; /* which has this number */
};

/* How many events further on; 0: none that was read. */
struct win_link {
	uint32_t cpu; /* the next one of its CPU, those aside left out */
	/*
	 * From an attempt with WIN_ENDED: the request that it ends with; without, how far back the
	 * attempt around it is.
	 */
	uint32_t to;
};

/* What is noted of an event that was read, in trace_event.note. */
#define WIN_ZONE 0x00ff	  /* one more than the index of its block's zone; 0: it has none */
#define WIN_ASIDE 0x0100  /* trace_is_aside() */
#define WIN_ALIEN 0x0200  /* of no CPU or zone that there is */
#define WIN_DRAINS 0x0400 /* push, vmstat: its CPU drains next, before anything else of it could */
#define WIN_ENDED 0x0800  /* try: it leads to a request */
#define WIN_NESTED 0x1000 /* try: another one of its kind comes before that */
#define WIN_PUSHED 0x2000 /* free: its push was read, nothing else of the block between them */
#define WIN_CAPTURE                                                                                \
	0x4000 /* fallback: compaction_capture tells of the block that it takes (6.13+) */

struct request {
	struct request_options opt;
	const struct trace_meta *meta;
	const struct pa_policy *kernel; /* of the kernel that recorded */
	const struct pa_policy *policy;
	struct pa *pa;
	void *mem;
	struct pa_knobs knobs, recorded; /* the run's, and the trace's */
	bool described;			 /* the machine is not the trace's */
	bool loaded;
	bool looked_on; /* events are seen one by one: opt.check or opt.sample is set */
	uint8_t mt[TRACE_MAX_MT + 1];
	int zone_at[TRACE_MAX_ZONES];
	struct run_zone zones[TRACE_MAX_ZONES];
	uint32_t nr_zones;
	uint64_t nr_frames;
	struct run_cpu *cpus;
	uint32_t nr_cpus; /* the trace's */
	uint32_t core_cpus;
	uint32_t gfp[4][256];		 /* the kernel's bits, byte by byte -> PA_GFP_* */
	uint32_t gfp_asked, gfp_is;	 /* what was looked up there last; 0: nothing */
	uint32_t flags_asked, flags_are; /* an attempt's ALLOC_* likewise */
	uint8_t *asked; /* by the kernel's frame: its pageblock's type at mm_page_free */
	/* By the kernel's frame: the core's pfn of the allocation there; behind these, in a what-if
	 * run, as many by the numbers of pages that the kernel evicted. */
	uint32_t *handle;
	bool has_pushes;       /* the trace has EV_PUSH */
	bool yields;	       /* the kernel's cond_resched lets others run */
	bool has_thresholds;   /* and EV_VMSTAT tells of them */
	uint8_t *use;	       /* what-if: by frame, enum trace_use, likewise; NULL if not told */
	struct trace_pcp *pcp; /* kept from the snapshot until the moment they hold */
	size_t nr_pcp, room_pcp;
	struct trace_cpu *cpu; /* the same of the counters */
	size_t nr_cpu, room_cpu;
	/* The events at hand and those that follow, see request_window.c. */
	struct trace_event *win;
	struct win_link *win_link;
	size_t win_room;
	uint64_t now;	   /* number of the event at hand */
	uint64_t play_end; /* and of the first one that is not to be played yet */
	uint64_t win_end;  /* and of the first one that was not read yet */
	uint64_t ts;
	bool settled;
	int err;	/* -ENOMEM of a script */
	uint64_t start; /* event at which the per-cpu lists hold */
	uint32_t memalloc[64];
	uint32_t victims[MAX_VICTIMS]; /* of the OOM killer */
	uint32_t nr_victims;
	uint32_t nr_memalloc;	 /* tasks inside reclaim or compaction */
	bool looking;		 /* an attempt is, see request_look.c */
	uint32_t setting;	 /* CPU + 1 on which kswapd sets thresholds; 0: none */
	bool folds;		 /* a CPU is in the midst of that: run_cpu.folding */
	bool doubts;		 /* a CPU's share of a counter is in doubt: pa_doubt_share() */
	uint64_t made[MAX_MADE]; /* events of requests that were made ahead of them */
	uint32_t nr_made;
	uint32_t refills_open;
	uint32_t nr_late; /* CPUs with a push that waits */
	uint64_t kswapd_boost[PA_MAX_ZONES];
	struct pa_zone_state before[PA_MAX_ZONES]; /* an attempt that looks more than once */
	int64_t uncounted[PA_MAX_ZONES];
	struct claim claims[MAX_CLAIMS];
	uint32_t nr_claims;	/* ever, modulo the above the next to be forgotten */
	uint64_t next_fallback; /* of the events from now on none ahead of this number is one */
	uint64_t next_check;
	struct final_lists *final;
	uint64_t nr_owners;
	/* what-if: time of the first event and of the last that the core was told of, and the core's */
	uint64_t began, ticked, clock;
	uint32_t unticked, turn; /* steps since then; what they come to when the next is due */
	uint64_t random;
	uint32_t *owner; /* what-if: by the core's frame, the index in handle of what is there */
	struct oom *oom; /* what-if: whose pages they are, and who was killed */
	struct recorded *rec_side; /* what-if: what the recorded kernel does of its own accord */
	struct request_script *script; /* what-if: what events come to is only written down, here */
	uint64_t next_sample;	       /* request_play() */
	struct pa_alloc_record rec;
	struct pa_decision picks[MAX_PICKS];
	struct pa_drained drains[MAX_DRAINS];
	struct pa_moved moves[MAX_MOVES];
	struct request_result res;
};

/* ---- small things about events ---- */

static inline uint8_t request_type_of(const struct request *r, unsigned int mt)
{
	return mt < r->meta->nr_mt ? r->mt[mt] : NO_MT;
}

/* enum zone_type of x86-64, which has no HIGHMEM. */
static inline unsigned int request_zone_type(unsigned int index)
{
	return index < 3 ? index : PA_ZONE_MOVABLE;
}

static inline uint32_t request_core_cpu(const struct request *r, uint32_t cpu)
{
	return cpu % r->core_cpus;
}

/* Is a block told of that entered or left the free lists? */
static inline bool request_in_lock(const struct trace_event *ev)
{
	const uint32_t types = 1u << EV_ZONE_ALLOC | 1u << EV_FALLBACK | 1u << EV_DRAIN |
			       1u << EV_ISOLATE | 1u << EV_ZONE_FREE;

	return types >> ev->type & 1;
}

/* From 6.10 on a fallback is a pick of its own, unless its pageblock was claimed for the page. */
static inline bool request_is_pick(const struct request *r, const struct trace_event *ev)
{
	return ev->type == EV_ZONE_ALLOC ||
	       (ev->type == EV_FALLBACK && r->kernel->hygiene && !(ev->note & WIN_CAPTURE) &&
		(!(ev->bits & EV_CLAIMED) || trace_fallback_order(ev) >= r->meta->pageblock_order));
}

/* May it be for a per-cpu list?  A fallback does not say. */
static inline bool request_is_refill(const struct request *r, const struct trace_event *pick)
{
	return pick->type == EV_FALLBACK ? pa_pcp_index(r->pa, pick->order, PA_UNMOVABLE) >= 0 :
					   pick->bits & EV_REFILL;
}

static inline const struct trace_event *request_event(const struct request *r, uint64_t number)
{
	return &r->win[number & (r->win_room - 1)];
}

/* Order of the block that compaction captured as this event freed another, or -1. */
static inline int request_captured(const struct trace_event *ev)
{
	return ev->type == EV_DRAIN || ev->type == EV_ZONE_FREE ? (int)EV_CAPTURE(ev->bits) - 1 :
								  -1;
}

static inline uint64_t request_number_of(const struct request *r, const struct trace_event *ev)
{
	return r->now + (((uint64_t)(ev - r->win) - r->now) & (r->win_room - 1));
}

/* The event that follows @ev on its CPU, as far as was read ahead; NULL if none. */
static inline const struct trace_event *request_next_of(const struct request *r,
							const struct trace_event *ev)
{
	uint64_t at = (uint64_t)(ev - r->win);
	uint32_t steps = r->win_link[at].cpu;

	return steps ? request_event(r, at + steps) : NULL;
}

/*
 * The fallback that brought the block which @ev tells of, or NULL.  It is told of ahead of the block
 * up to 6.9; later it is the block's own event, or follows it where the pageblock was claimed.
 */
static inline const struct trace_event *request_fallback_of(const struct request *r,
							    const struct trace_event *ev)
{
	const struct trace_event *next =
		ev->type == EV_ZONE_ALLOC && r->kernel->hygiene ? request_next_of(r, ev) : ev;

	return next && next->type == EV_FALLBACK && next->pfn == ev->pfn &&
			       !(next->note & WIN_CAPTURE) ?
		       next :
		       NULL;
}

static inline uint64_t request_frame(const struct run_zone *z, uint64_t pfn)
{
	return z->frame0 + (pfn - z->start);
}

/* The zone of the trace that holds @pfn, or NULL. */
static inline const struct run_zone *request_zone(const struct request *r, uint64_t pfn)
{
	for (uint32_t i = r->nr_zones; i-- > 0;)
		if (pfn >= r->zones[i].start && pfn < r->zones[i].end)
			return &r->zones[i];
	return NULL;
}

/* The same for the block of an event that was read. */
static inline const struct run_zone *request_zone_of(const struct request *r,
						     const struct trace_event *ev)
{
	unsigned int zone = ev->note & WIN_ZONE;

	return zone ? &r->zones[zone - 1] : NULL;
}

/* Frames of a block that starts in @z; a trace may say it goes on beyond. */
static inline uint64_t request_pages(const struct run_zone *z, uint64_t pfn, unsigned int order)
{
	uint64_t n = UINT64_C(1) << order;

	return n < z->end - pfn ? n : z->end - pfn;
}

/*
 * How many events from the one at hand on are of its kind and CPU, with nobody else's between, as far as
 * they may be played now.  Who looks on now and then sees them one by one.
 */
static inline uint32_t request_run_of(const struct request *r, const struct trace_event *ev)
{
	uint64_t n = r->now + 1;

	if (r->looked_on)
		return 1;
	while (n < r->play_end) {
		const struct trace_event *at = request_event(r, n);

		if (at->type != ev->type || at->cpu != ev->cpu || at->pid != ev->pid ||
		    at->note & WIN_ALIEN || (at->note ^ ev->note) & WIN_ZONE ||
		    request_captured(at) >= 0)
			break;
		n++;
	}
	return (uint32_t)(n - r->now);
}

/* Does only __alloc_pages_slowpath look with these PA_ALLOC_*? */
static inline bool request_is_slow(uint32_t flags)
{
	return (flags & PA_ALLOC_NO_WATERMARKS) ||
	       (flags & PA_ALLOC_WMARK_MASK) != PA_WMARK_LOW << PA_ALLOC_WMARK_SHIFT;
}

/* ---- request_window.c ---- */

#define REQUEST_WINDOW (UINT64_C(3) << 16) /* events read ahead */

/* Events that follow what was read; -ENOMEM. */
int request_read_ahead(struct request *r, const struct trace_event *ev, size_t n);
/* The event that tells of the block of @free next, if it is near; only where pushes are recorded. */
const struct trace_event *request_next_of_block(const struct request *r,
						const struct trace_event *free);
/*
 * No event that was read names a block that overlaps that of @free: is it on a list?  Of movable ones that is not known, as
 * compaction_free tells of the like where it gives a page back to its compactor.
 */
bool request_stays_on_list(const struct request *r, const struct trace_event *free);
/*
 * The request that the attempt @try ends, if it does and that is in sight.  @nested: others of its kind
 * came between; if one of them failed, it may be another's.
 */
const struct trace_event *request_end_of(const struct request *r, const struct trace_event *try,
					 bool *nested);

/* The event that @cpu has next, those aside and turned lists left out; NULL: none was read. */
const struct trace_event *request_upcoming(struct request *r, uint32_t cpu);
/* Is the next fallback so near that its search may be at work? */
bool request_fallback_is_near(struct request *r);

/* ---- request_load.c ---- */

int request_load_list(struct request *r, const struct trace_list *list);
void request_load_blocks(struct request *r, const struct trace_blocks *blocks);
int request_load_pages(struct request *r, const struct trace_pages *pages);
int request_keep_pcp(struct request *r, const struct trace_pcp *pcp);
int request_keep_cpu(struct request *r, const struct trace_cpu *cpu);
/* Load what was kept; from here on requests count. */
void request_load_pcps(struct request *r);
/* Number of the first event that the snapshot of the per-cpu lists does not know. */
uint64_t request_find_start(const struct request *r);

/* ---- request_below.c ---- */

/* Does the attempt @try go on to a zone behind @zone?  It has found that below its own mark, and so below the high one. */
bool request_goes_past(const struct request *r, const struct trace_event *try, uint32_t zone,
		       const struct pa_zone_state *state);
/* Does the next push to the zone, if it is near, find ZONE_BELOW_HIGH? */
bool request_below_high_next(struct request *r, uint32_t zone);
/*
 * Is the next push to @zone behind @end told that it is not there, nor any before, with nothing drained that could end
 * it, and where kswapd was at work on the zone, that it is not any more?  It takes boosts back after that.
 */
bool request_stays_above(const struct request *r, uint32_t zone, const struct trace_event *end);
/*
 * That push finds it, and the zone is without: does an attempt of its own accord set it before that?
 * Others take pages meanwhile, and boost, and the zone falls below the mark.
 */
bool request_is_set_again(const struct request *r, uint32_t zone);
/*
 * An attempt may have set it in @zone, and if it did not another one does, ahead of the next push: a refill in between
 * tells, as it lets its list grow (nr_pcp_alloc) where it does not find it.
 */
void request_doubt_below(struct request *r, uint32_t zone);
bool request_is_doubted(const struct request *r, uint32_t zone);
/* boost_watermark: the boost after one try to claim, if @ev, a fallback, may have made any. */
uint64_t request_boosted(const struct request *r, const struct trace_event *ev,
			 const struct pa_zone_state *state, uint64_t boost);
void request_set_below_high(struct request *r, uint32_t zone, bool below);
/*
 * A push that drained looks at the marks last.  Where that ends ZONE_BELOW_HIGH, and the next push
 * finds it still, the look came later, or another CPU's attempt set it again: true, and it stays.
 */
bool request_ends_too_early(struct request *r, const struct pa_bulk *bulk);
/* Would the last look of a push that drained @bulk end it now? */
bool request_would_end(struct request *r, const struct pa_bulk *bulk);
/* The push @ev is told that the flag, which the core has, is not there. */
bool request_told_above(const struct request *r, const struct trace_event *ev, uint32_t zone);
/*
 * The core has ZONE_BELOW_HIGH set, the push did not find it, and an attempt is under way, on its own CPU if it is an
 * interrupt's: that has yet to set the flag.
 */
bool request_is_set_later(const struct request *r, const struct trace_event *ev, uint32_t zone);
/*
 * A push that does not find ZONE_BELOW_HIGH, which the core has: a push that drained before it looked at the
 * marks meanwhile.  On this CPU that was right before this push, and after others' attempts had set the
 * flag again; another CPU may be at it now, its last block being gone.
 */
void request_look_after_drains(struct request *r, const struct trace_event *ev, uint32_t zone);
/* The push @ev finds ZONE_BELOW_HIGH, which the core has not: an attempt that looks late has left it as it came through. */
void request_pass_late(struct request *r, const struct trace_event *ev, uint32_t zone);

/* ---- request_high.c ---- */

/* A refill is about to ask how much to bring, for @end: what it finds of ZONE_BELOW_HIGH is in refill->tried. */
void request_ask_high(struct request *r, struct refill *refill, const struct trace_event *end);
/* drain_pages_zone is about to take what the lists of @cpu in @zone hold: who finds its list empty then asks after that. */
void request_ask_later(struct request *r, uint32_t cpu, uint32_t zone);

/* ---- request_free.c ---- */

/* The core's page for the allocation that the kernel has at @pfn; it ends here. */
uint64_t request_take_handle(struct request *r, const struct run_zone *z, uint64_t pfn,
			     unsigned int order);
/* What the lock's events of the CPU before this one were about is over. */
void request_finish_hold(struct request *r, uint32_t cpu);
/* @pid: of the process that is seen to be at something else, 0: not known. */
static inline void request_drop_emptied(struct run_cpu *c, uint32_t pid)
{
	const struct cut *last = c->nr_cuts ? &c->cuts[c->nr_cuts - 1] : NULL;

	if (last && last->emptied && (!pid || !last->pid || pid == last->pid))
		c->nr_cuts--;
}

/* Another kind of event of the CPU: so it is, if they were about anything. */
static inline void request_end_hold(struct request *r, uint32_t cpu)
{
	struct run_cpu *c = &r->cpus[cpu];

	c->picking = false;
	if (c->refill.open || c->draining)
		request_finish_hold(r, cpu);
}
/* Make the push that waits for another event of @cpu, if any.  @ev: that event, NULL: none comes. */
void request_late_push(struct request *r, uint32_t cpu, const struct trace_event *ev);
void request_on_push(struct request *r, const struct trace_event *ev, const struct run_zone *z);
void request_on_free(struct request *r, const struct trace_event *ev, const struct run_zone *z);
void request_on_zone_free(struct request *r, const struct trace_event *ev,
			  const struct run_zone *z);
void request_on_drain_pages(struct request *r, const struct trace_event *ev);
void request_on_drain(struct request *r, const struct trace_event *ev);
/* Does the CPU of @ev drain next, before anything else of it could? */
bool request_drains_next(const struct request *r, const struct trace_event *ev);
/* Pages of @zone that it drains in the row that follows. */
int32_t request_row_of(const struct request *r, const struct trace_event *ev, uint32_t zone);

/* ---- request_push.c ---- */

/*
 * The push @ev was told that ZONE_BELOW_HIGH is not there, and another CPU sets it.  nr_pcp_high asks once more:
 * where it lowers pcp->high, as the CPU's next push is told, with no vmstat worker in between, it has found it.
 */
bool request_lowers_high(const struct request *r, const struct trace_event *ev, uint32_t zone);
/*
 * The same, and the attempt that sets it is still to come; or kswapd sets ZONE_RECLAIM_ACTIVE, which lowers
 * pcp->high as much.
 */
bool request_lowers_late(const struct request *r, const struct trace_event *ev, uint32_t zone);
/*
 * The push @ev was told of ZONE_BELOW_HIGH, and its CPU stood still before nr_pcp_high: another has ended the flag
 * by then, as its next push is told.  That one finds pcp->high as it is.
 */
bool request_keeps_high(const struct request *r, const struct trace_event *ev, uint32_t zone);
/* The same of ZONE_RECLAIM_ACTIVE, which kswapd ends. */
bool request_reclaim_is_over(struct request *r, const struct trace_event *ev, uint32_t zone);
/*
 * The request @popped was preempted, and its page is the first of its list as another task begins to push, with @ev.
 * It may not have taken it, if what is pushed goes to other lists.  Then there is one page more on the
 * lists: where the CPU is seen to drain by that, and would not without, it has not; and is left so.
 */
bool request_waits_for_page(struct request *r, const struct trace_event *ev, uint32_t zone,
			    const struct trace_event *popped);

/* ---- request_grow.c ---- */

/* Lists of @c in @zone may have grown @by more than in the core, or less. */
void request_note_growth(struct run_cpu *c, uint32_t zone, int32_t by);
/*
 * @a, a failed attempt of @cpu, came too late for its zone, and ZONE_BELOW_HIGH is there by now: whether that was set
 * before it asked is not known.  False.
 */
bool request_note_too_late(struct request *r, uint32_t cpu, const struct attempt *a);
/* Do some of these come to @by? */
bool request_grew_otherwise(const struct run_cpu *c, uint32_t zone, int32_t by);
/* The push @ev tells. */
void request_settle_growths(struct request *r, const struct trace_event *ev, uint32_t zone);
/* A refill of order 0 is to begin on @cpu: it does not bring as many as it would, and so tells. */
void request_ask_growths(struct request *r, struct refill *refill, uint32_t cpu);
/*
 * @cpu takes the first block of a refill.  Its next push to @zone tells of more than all refills behind this one could
 * let the lists grow: this one has, and found no ZONE_BELOW_HIGH.
 */
bool request_must_grow(struct request *r, uint32_t cpu, uint32_t zone);
/* How many blocks the refill would bring, with ZONE_BELOW_HIGH as @below says and lists of @high. */
int32_t request_size_with(struct request *r, const struct refill *refill, bool below, int32_t high);

/* ---- request_cut.c ---- */

/*
 * Others' work comes upon what the CPU does between two holds of its locks: an interrupt's, another
 * task's, and again upon theirs.  It may go on later, or have given up.
 */
void request_cut(struct run_cpu *c, enum what what, bool emptied);
/* Something comes upon drain_pages_zone, if that is what the CPU is at. */
void request_cut_drain_pages(struct run_cpu *c);
/* Pages on the lists that the core's CPU @cpu has of @zone. */
int32_t request_pages_on_lists(const struct request *r, uint32_t zone, uint32_t cpu);
/* Which of the drains that were cut is the last one of @zone, + 1; 0: none. */
uint32_t request_last_cut(const struct run_cpu *c, uint32_t zone);
/* The same of those that the process @pid may be at, 0: not known. */
uint32_t request_cut_of(const struct run_cpu *c, uint32_t zone, uint32_t pid);
/* The drain that was cut as the @i-th goes on. */
struct cut request_take_cut(struct run_cpu *c, uint32_t i);
/*
 * A push stands between two of its holds, and the row that @ev goes on with is not what it has left to go: it is less,
 * and ends amid a hold, or it is more.  That is another's row.  Tasks preempt each other, and one whose own
 * drain was cut before goes on with it here, while this one waits.
 */
void request_give_way(struct request *r, struct run_cpu *c, const struct trace_event *ev,
		      uint32_t zone);

/* ---- request_vmstat.c ---- */

void request_on_vmstat(struct request *r, const struct trace_event *ev);
/* The worker's round begins, or is at @turn (pa_vmstat_next()), and goes on as its CPU is seen to drain. */
void request_start_fold(struct request *r, struct run_cpu *c, uint32_t turn);
/* @ev may be one of another task, behind which the worker goes on with the counters. */
void request_fold_late(struct request *r, const struct trace_event *ev);
/* The counters that CPUs fold now may be as they were, or not any more; and the CPU is heard of: they are folded. */
void request_doubt_folds(struct request *r);
void request_end_fold(struct request *r, uint32_t cpu);
/* It goes on to the next zone of whose lists something is too much, in c->bulk; false: it is over. */
bool request_next_fold(struct request *r, struct run_cpu *c);
/* The worker gave way to others, and went on unseen: the push @ev finds the lists as it leaves them. */
void request_find_decayed(struct request *r, const struct trace_event *ev, uint32_t zone);

/* ---- request_make.c ---- */

uint32_t request_gfp_of(struct request *r, const struct trace_event *ev);	 /* PA_GFP_* */
uint32_t request_flags_of(struct request *r, uint32_t kernel);			 /* PA_ALLOC_* */
uint32_t request_task_of(const struct request *r, const struct trace_event *ev); /* PA_TASK_* */
void request_count_fallback(struct request *r, const struct pa_decision *d);
void request_count_picks(struct request *r, const struct pa_alloc_record *rec);
/*
 * Make the request that @ev ends, which is at hand or read ahead.  @tried: its attempt, NULL if that
 * is not known: then all of it is made now.  @picked: blocks the kernel took under the lock for it;
 * @bypass: past the per-cpu lists.  @refill: what was made for it already, or NULL.
 */
void request_make(struct request *r, const struct trace_event *ev, const struct attempt *tried,
		  uint32_t picked, bool bypass, const struct refill *refill);

/*
 * The same if it comes to no more than a page from the CPU's list, in the zone that the kernel took it
 * from, for an attempt with the flags @flags that looks with the gfp @looks and whose request follows
 * at once.  Else false, and nothing is done.
 */
bool request_make_at_once(struct request *r, const struct trace_event *ev, uint32_t looks,
			  uint32_t flags);

/* ---- request_others.c ---- */

/*
 * The fallback that CPU @i comes to next, with nobody in the zone's lock before it.  It claims a
 * pageblock, or has tried to, before any event: each try is a pageblock of boost (boost_watermark), and
 * what claims takes its blocks out of the zone's counter and puts them back, so that for a moment a whole
 * one is missed (account_freepages in move_to_free_list, in steal_suitable_fallback and later in
 * try_to_claim_block, 6.10+).
 */
const struct trace_event *request_fallback_at_work(struct request *r, uint32_t i);
/*
 * Does nobody take the lock of @z from now until @ev?  Who takes it for @ev tells of turned lists first
 * (bpf/turns.bpf.h).
 */
bool request_lock_is_free(const struct request *r, const struct trace_event *ev,
			  const struct run_zone *z);
/* The block that CPU @i takes from its list next, for a claim or for compaction, and where of; NULL: none. */
const struct run_zone *request_taken_next(struct request *r, uint32_t i, unsigned int *order);
/* The block that CPU @i has in its hands before it tells of it, and where of; NULL: none. */
const struct run_zone *request_held_next(struct request *r, uint32_t i, unsigned int *order);
/* Free blocks of @zone that @order could be cut from; does another CPU than @cpu drain one to the zone of @end next? */
uint64_t request_blocks_for(const struct request *r, uint32_t zone, unsigned int order);
bool request_drains_now(struct request *r, uint32_t cpu, const struct trace_event *end,
			unsigned int order);

/* ---- request_look.c ---- */

void request_on_try(struct request *r, const struct trace_event *ev);
const struct attempt *request_take_try(struct request *r, const struct trace_event *ev);
/* Would @a find the zone of the page of @end if it looked now?  Nothing is changed. */
bool request_fits_now(struct request *r, uint32_t cpu, const struct attempt *a,
		      const struct trace_event *end);

/* ---- request_try.c ---- */

void request_on_bulk(struct request *r, const struct trace_event *ev);
void request_on_alloc(struct request *r, const struct trace_event *ev);
void request_on_pick(struct request *r, const struct trace_event *ev);
/* A CPU is inside the lock: what takes its blocks there is made, or begun.  @ev: the first pick. */
void request_start_picks(struct request *r, const struct trace_event *ev);
/* @ev, in the lock, is about to be played ahead of the events at hand: so is what its CPU tells of turned lists first. */
void request_turn_ahead(struct request *r, const struct trace_event *ev);
/* The next block of an open refill; @ev: the event that will tell of it. */
void request_refill_step(struct request *r, const struct trace_event *ev);
void request_end_refill(struct request *r, uint32_t cpu);
void request_on_fallback(struct request *r, const struct trace_event *ev);
/*
 * The request that @cpu has under way without having taken a lock for it, if the page it will
 * name is the first of its list by now: something else is about to happen to that list.
 */
const struct trace_event *request_has_popped(struct request *r, uint32_t cpu);
void request_make_early(struct request *r, const struct trace_event *ev);

/* ---- request_daemon.c ---- */

void request_on_balance_begin(struct request *r, const struct trace_event *ev);
void request_on_balance_end(struct request *r, const struct trace_event *ev);
bool request_boosts_pending(const struct request *r); /* that kswapd is to take back */
void request_take_boost(struct request *r, uint32_t zone, struct pa_zone_state *state);
/*
 * @zone is boosted while kswapd is at work: if less is left in the end, its round had yet to find the boosts, and takes
 * this one back, too (balance_pgdat).
 */
void request_foresee_boost(struct request *r, uint32_t zone);
/* Does an attempt of order 0 go on to a zone behind @zone before kswapd's round is over?  The boost is there till then. */
bool request_is_passed_over(struct request *r, uint32_t zone);
/* Of @node's zones, as kswapd is @awake or not, on @cpu. */
void request_set_thresholds(struct request *r, uint32_t node, bool awake, uint32_t cpu);
/* Others may go by the ones of before up to now, and if it is not @over, on. */
void request_doubt_thresholds(struct request *r, bool over);
/* @cpu goes by those that were set. */
void request_trust_thresholds(struct request *r, uint32_t cpu);
/* The pageblock of a fallback passes or fails the claim test as it did.  @stealing: of the hold. */
void request_lean_claim(struct request *r, const struct trace_event *ev, bool *stealing);

/* ---- request_run.c ---- */

/* A list was turned: a block is its last one, @tail, or first. */
void request_rotate(struct request *r, const struct trace_event *ev, bool tail);
/* A task enters or leaves reclaim. */
void request_on_task(struct request *r, const struct trace_event *ev, bool begins);

/* ---- request_final.c ---- */

/* Put the first difference into words. */
void request_note_first(struct request *r, const struct request_decision *d);
int request_final_list(struct request *r, const struct trace_list *list);
void request_final_end(struct request *r);

#endif /* TOOLS_REQUEST_INTERNAL_H */
