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
#define MAX_PENDING 2048	 /* frees announced ahead of their pushes */
#define MAX_PICKS 1024		 /* of one request */
#define MAX_DRAINS 8192		 /* of one call */
#define MAX_VICTIMS 16
#define MAX_MOVES 8192 /* of one call */
#define MAX_UNSEEN 64  /* pages taken from a list by somebody who says nothing */

#define NR_LISTS PA_NR_PCP_LISTS

/* A free on its way: seen when it was called, carried out when its CPU is seen again. */
struct pending {
	uint64_t pfn;	 /* the core's; PA_PFN_NONE: it had none to give back */
	uint64_t kernel; /* the kernel's */
	uint8_t order;
};

/* What the lock events of one CPU in a row are about. */
enum burst { BURST_NONE, BURST_PICKS, BURST_DRAIN };

/* What empties per-cpu lists. */
enum why {
	WHY_PUSH,   /* a free that makes them too long */
	WHY_STEP,   /* drain_pages_zone, by its own CPU or another */
	WHY_VMSTAT, /* decay_pcp_high */
};

struct run_cpu {
	struct pending pending[MAX_PENDING];
	uint32_t nr_pending;
	enum burst burst;
	uint64_t latest;     /* number of the last event read of it, + 1; 0: none */
	uint64_t upcoming;   /* number of the next one to be played; NO_EVENT: none read yet */
	uint64_t early;	     /* event of the request that was made when its lock hold began */
	uint32_t drain_from; /* CPU whose lists a BURST_DRAIN without a push empties */
	enum why why;	     /* of a BURST_DRAIN */
	bool told;	     /* the core has done its part */
	int64_t drain_left;  /* base pages the core drained and the recording has yet to show */
	uint64_t vmstat_at;  /* ns; UINT64_MAX: at an event that is in sight */
	uint8_t before;	     /* type of its event before the one at hand */
	bool compacts;	     /* what-if: between the events of compaction's begin and end */
	bool reclaims;	     /* what-if: a task is inside direct reclaim here */
	bool drains_all; /* reclaim or compaction just ended here: what drains now is their doing */
};

struct run_zone {
	uint64_t start, end;
	uint64_t frame0; /* index of its first frame in the arrays below */
	uint32_t trace_id;
	int64_t kernel_free; /* what-if: pages on the recorded kernel's free lists */
	bool begin, end_seen;
};

/*
 * The kernel's per-cpu lists as the events tell of them.  Serves one purpose: to notice pages
 * that left them without an event (alloc_pages_bulk), and whose list a page is on.
 */
struct shadow {
	uint32_t *next, *prev; /* by frame; NO_PFN ends */
	uint32_t *list;	       /* number of the list it is on, NO_PFN: none */
	uint32_t *head, *tail; /* by list */
	uint8_t *block;	       /* enum pa_mt of each pageblock, by pfn >> pageblock_order */
	uint64_t nr_blocks;
};

struct request_clock {
	uint64_t from, from_event, to, to_event;
};

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
	uint8_t mt[TRACE_MAX_MT + 1];
	int zone_at[TRACE_MAX_ZONES];
	struct run_zone zones[TRACE_MAX_ZONES];
	uint32_t nr_zones;
	uint64_t nr_frames;
	struct run_cpu *cpus;
	uint32_t nr_cpus; /* the trace's */
	uint32_t core_cpus;
	bool decays;	      /* per-cpu lists shrink by themselves: 6.7 and later */
	uint32_t gfp[4][256]; /* the kernel's bits, byte by byte -> PA_GFP_* */
	uint32_t *handle;     /* by the kernel's frame: the core's pfn of the allocation there */
	struct shadow shadow;
	struct trace_pcp *pcp; /* kept from the snapshot until the moment they hold */
	size_t nr_pcp, room_pcp;
	/* The events at hand and those that follow. */
	struct trace_event *win;
	uint32_t *win_next; /* from each event to the next one of its CPU, rotations left out */
	size_t win_room, win_from, win_n;
	uint64_t win_first; /* number of win[win_from] */
	uint64_t now;
	uint64_t ts;
	struct request_clock clock;
	uint64_t vmstat_next;
	bool settled;
	uint64_t start; /* event at which the per-cpu lists hold */
	uint32_t memalloc[64];
	uint32_t victims[MAX_VICTIMS]; /* of the OOM killer */
	uint32_t nr_victims;
	uint32_t compacting;  /* compaction runs under way */
	uint32_t nr_memalloc; /* tasks inside reclaim or compaction */
	bool kswapd_at_work;  /* woken, and nothing speaks against it as yet */
	bool kswapd_awake;
	uint64_t kswapd_boost[PA_MAX_ZONES];
	uint32_t threshold[PA_MAX_ZONES]; /* stat_threshold while it sleeps */
	uint64_t next_check;
	struct final_lists *final;
	uint64_t nr_owners;
	uint64_t began, ticked; /* what-if: time of the first event, and of the last pa_tick() */
	uint32_t *owner; /* what-if: by the core's frame, the kernel's whose allocation is there */
	uint8_t *cache;	 /* what-if: by the kernel's frame, is a page of the page cache there? */
	/* What-if: frames that the recorded compaction holds to move pages to, oldest first. */
	bool *target;	   /* by frame */
	uint32_t *targets; /* a ring; some of it may be none any more */
	uint64_t nr_targets, targets_from, targets_to;
	bool kernel_kswapd; /* what-if: the recorded kernel's is awake */
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

static inline uint32_t request_core_cpu(const struct request *r, uint32_t cpu)
{
	return cpu % r->core_cpus;
}

/* From 6.10 on a fallback is a pick of its own, unless its pageblock was claimed for the page. */
static inline bool request_is_pick(const struct request *r, const struct trace_event *ev)
{
	return ev->type == EV_ZONE_ALLOC ||
	       (ev->type == EV_FALLBACK && r->kernel->hygiene &&
		(!(ev->bits & EV_CLAIMED) || trace_fallback_order(ev) >= r->meta->pageblock_order));
}

/* The event that follows @ev on its CPU, as far as was read ahead; NULL if none. */
static inline const struct trace_event *request_next_of(const struct request *r,
							const struct trace_event *ev)
{
	uint32_t step = r->win_next[ev - r->win];

	return step ? ev + step : NULL;
}

static inline uint64_t request_number_of(const struct request *r, const struct trace_event *ev)
{
	return r->win_first + (uint64_t)(ev - (r->win + r->win_from));
}

static inline uint64_t request_frame(const struct run_zone *z, uint64_t pfn)
{
	return z->frame0 + (pfn - z->start);
}

/* Frames of a block that starts in @z; a trace may say it goes on beyond. */
static inline uint64_t request_pages(const struct run_zone *z, uint64_t pfn, unsigned int order)
{
	uint64_t n = UINT64_C(1) << order;

	return n < z->end - pfn ? n : z->end - pfn;
}

/* ---- request_open.c ---- */

/* The zone of the trace that holds @pfn, or NULL. */
const struct run_zone *request_zone(const struct request *r, uint64_t pfn);

/* ---- request_load.c ---- */

int request_load_list(struct request *r, const struct trace_list *list);
void request_load_blocks(struct request *r, const struct trace_blocks *blocks);
int request_keep_pcp(struct request *r, const struct trace_pcp *pcp);
/* Load what was kept; from here on requests count. */
void request_load_pcps(struct request *r);
bool request_decays_at(const struct request *r, size_t i);
/*
 * The time of the window's @i-th event.  The clock is read for one record in many: in between it
 * is taken to run evenly.
 */
uint64_t request_clock(const struct request *r, size_t i);
/* Number of the first event that the snapshot of the per-cpu lists does not know. */
uint64_t request_find_start(const struct request *r);

/* ---- request_shadow.c ---- */

int shadow_open(struct request *r);
void shadow_close(struct shadow *s);
/* Number of a list; -1 if per-cpu lists hold no such order. */
int64_t shadow_list(const struct request *r, uint32_t cpu, const struct run_zone *z,
		    unsigned int order, unsigned int mt);
void shadow_push(struct request *r, uint64_t list, uint64_t frame);
void shadow_append(struct request *r, uint64_t list, uint64_t frame);
void shadow_remove(struct request *r, uint64_t frame); /* nothing if it is on no list */
/* CPU on whose lists the frame is, or UINT32_MAX. */
uint32_t shadow_cpu(const struct request *r, uint64_t frame);

/* ---- request_free.c ---- */

/* Carry out what is pending on @cpu; how many base pages the per-cpu lists gave back for it. */
int64_t request_flush(struct request *r, uint32_t cpu);
/* The core's page for the allocation that the kernel has at @pfn; it ends here. */
uint64_t request_take_handle(struct request *r, const struct run_zone *z, uint64_t pfn,
			     unsigned int order);
/* Another kind of event of the CPU: what the lock's events before were about is over. */
void request_end_burst(struct run_cpu *c);
void request_on_free(struct request *r, const struct trace_event *ev, const struct run_zone *z);
void request_on_zone_free(struct request *r, const struct trace_event *ev,
			  const struct run_zone *z);
void request_on_drain(struct request *r, const struct trace_event *ev, const struct run_zone *z);
/* Time of the event at hand, as request_clock(). */
uint64_t request_clock_now(struct request *r, const struct trace_event *ev);
/* The vmstat worker of each CPU has its round once a second: round_jiffies_relative. */
void request_timers(struct request *r, uint64_t ns);
/* Find out when that is. */
void request_set_timers(struct request *r);

/* ---- request_make.c ---- */

uint32_t request_gfp_of(const struct request *r, const struct trace_event *ev);	 /* PA_GFP_* */
uint32_t request_task_of(const struct request *r, const struct trace_event *ev); /* PA_TASK_* */
/*
 * Make the request that @ev ends, the trace's event @number.  @picked: blocks the kernel took
 * under the lock for it; @bypass: past the per-cpu lists.
 */
void request_make(struct request *r, const struct trace_event *ev, uint64_t number, uint32_t picked,
		  bool bypass);

/* ---- request_pick.c ---- */

void request_on_alloc(struct request *r, const struct trace_event *ev, const struct run_zone *z);
void request_on_pick(struct request *r, const struct trace_event *ev, const struct run_zone *z);
void request_on_fallback(struct request *r, const struct trace_event *ev, const struct run_zone *z);
/* The request that @cpu ends next, if it does so without having taken a lock. */
const struct trace_event *request_under_way(const struct request *r, uint32_t cpu);
void request_make_early(struct request *r, const struct trace_event *ev);
/*
 * @by takes zone->lock.  Requests of other CPUs that end later without having taken it may have
 * looked at the marks before.  Those that fit what they got do so now: it is the same list that
 * they take from, now or later.
 */
void request_overtake(struct request *r, uint32_t by);

/* ---- request_tell.c ---- */

/* Of pages that are freed as one batch all are announced first: may this one's push drain? */
bool request_may_drain(const struct request *r, const struct trace_event *ev);
void request_tell_below_high(struct request *r, uint32_t zone, const struct trace_event *ev,
			     bool drains);
/* Would a push to the lists make them drain because of ZONE_RECLAIM_ACTIVE alone? */
bool request_is_short(const struct request *r, uint32_t zone, const struct trace_event *ev);
/* Number of the first of @zones that is above its low mark; @n: none. */
uint32_t request_first_above(const struct request *r, const struct trace_event *ev,
			     const uint8_t *zones, uint32_t n, int highest, bool boosted);
/* True if the request passes at its first zone's low mark as things are. */
bool request_tell_counters(struct request *r, const struct trace_event *ev, uint32_t gfp);
void request_tell_claims(struct request *r, const struct trace_event *pick,
			 const struct trace_event *end);
void request_kswapd_wakes(struct request *r);
void request_kswapd_stops(struct request *r, uint32_t by); /* as an event of CPU @by shows */
void request_kswapd_sleeps(struct request *r);

/* ---- request_whatif.c ---- */

/* Another kernel, setting or machine: only requests, frees and the time count. */
void request_whatif(struct request *r, const struct trace_event *ev, const struct run_zone *z);

/* ---- request_run.c ---- */

/* A task enters or leaves reclaim. */
void request_on_task(struct request *r, const struct trace_event *ev, bool begins);

/* ---- request_final.c ---- */

/* Put the first difference into words. */
void request_note_first(struct request *r, const struct request_decision *d);
int request_final_list(struct request *r, const struct trace_list *list);
void request_final_end(struct request *r);

#endif /* TOOLS_REQUEST_INTERNAL_H */
