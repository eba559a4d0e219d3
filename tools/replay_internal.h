/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of replay share: replay.c, replay_pick.c, replay_final.c. */
#ifndef TOOLS_REPLAY_INTERNAL_H
#define TOOLS_REPLAY_INTERNAL_H

#include "final.h"
#include "replay.h"

#define NO_MT 0xff

/* A kernel pick being put together from one event or two. */
struct pick {
	uint64_t event, ts;
	uint64_t last; /* number of the last event that tells of it */
	uint32_t zone;
	uint8_t order;
	uint8_t mt;	/* enum pa_mt: the type asked for */
	uint8_t mode;	/* enum pa_mode it starts at, if the lock hold was judged right */
	bool has_alloc; /* ZONE_ALLOC was seen */
	struct replay_kernel kernel;
};

/* A free that was seen before the lock was taken: it enters its list any time now. */
struct insertion {
	uint64_t event, ts, pfn;
	uint32_t zone;
	uint8_t type; /* enum event_type */
	uint8_t order;
	uint8_t mt;	/* enum pa_mt or NO_MT */
	uint8_t flags;	/* PA_TO_TAIL or 0 */
	int8_t capture; /* as pa_free_block wants it */
};

/* move_block: may turn out to be part of a claim that the next events tell. */
struct move {
	uint64_t event, ts, pfn;
	uint32_t zone;
	uint8_t mt;
};

struct cpu_state {
	bool has_pick, has_insertion, has_move;
	struct pick pick;
	struct insertion insertion;
	struct move move;
	/* The last pick, for rmqueue_mode: what one lock hold goes on with. */
	bool batch;
	uint8_t batch_order, batch_mt, batch_mode;
	uint32_t batch_zone;
	/* The last in-lock event was a free that was captured at this order. */
	bool captured;
	uint8_t captured_order;
};

struct zone_state {
	uint64_t start, end;
	uint32_t trace_id;
	bool begin;	   /* its lists were loaded */
	bool blocks_known; /* its pageblock types were loaded */
	uint8_t *known;	   /* a byte a pageblock: its type is known, from whatever source */
	bool end_seen;
	bool races;	   /* frees entered it that were not stamped in the lock */
	uint32_t last_cpu; /* of the last event inside its lock; UINT32_MAX none */
	uint32_t open_cpu; /* that has a pick or a move open here; UINT32_MAX none */
	uint64_t right[PA_MAX_ORDERS][PA_NR_MT]; /* event of the last exact pick from a list */
};

struct replay {
	struct replay_options opt;
	const struct trace_meta *meta;
	const struct pa_policy *kernel; /* how the recording kernel words its events */
	const struct pa_policy *policy; /* what decides */
	struct pa *pa;
	void *mem, *trial; /* the state, and room for a second one */
	size_t mem_size;
	uint32_t trim_zone; /* where replay_trim() goes on */
	uint64_t trim_pfn;
	uint8_t mt[TRACE_MAX_MT + 1]; /* the kernel's number -> enum pa_mt */
	int zone_at[TRACE_MAX_ZONES]; /* zone of the trace -> zone of the core, -1 none */
	struct zone_state *zones;
	uint32_t nr_zones;
	struct cpu_state *cpus;
	uint32_t nr_cpus;
	uint32_t gfp_movable;
	uint32_t pcp_orders; /* that pcp lists hold, a bit each */
	bool inserts_unlocked; /* a plain free stands for its insertion where pcp lists do not hold it */
	unsigned int
		reporting_order; /* of the smallest free blocks that are reported; or more than any */
	bool infers_ranges;	 /* nothing names the blocks that compaction takes */
	bool settled;
	bool stopped;		     /* at replay_options.until, with more to come */
	struct trace_item ahead[2];  /* the events at hand and those that follow */
	struct trace_event *kept[2]; /* room for them, if they must outlive their item */
	size_t kept_room[2];
	size_t played;	    /* events of ahead[0] */
	uint64_t now;	    /* number of the event at hand */
	uint64_t misled;    /* page the core picked at the last mismatch */
	uint64_t compacted; /* event of the last sign of compaction, + 1 */
	uint64_t next_check;
	struct final_lists *final;
	struct replay_result res;
};

/* ---- replay.c ---- */

/* The zone that holds @pfn, or NULL. */
struct zone_state *replay_zone(struct replay *r, uint64_t pfn);
uint32_t replay_zone_id(const struct replay *r, const struct zone_state *z);
/* Put a free into the lists: 0, 1 captured, -errno as pa_free_block. */
int replay_insert(struct pa *pa, const struct replay *r, const struct insertion *ins);
/* The same for good: what does not fit is counted and repaired. */
void replay_insertion(struct replay *r, const struct insertion *ins);
/* Remove whatever of (@pfn, @order) is free. */
void replay_take(struct replay *r, uint64_t pfn, unsigned int order);
/* An event that the state contradicts: an unseen one must have come before. */
void replay_misfit(struct replay *r, uint64_t event, uint64_t ts, const char *kernel,
		   const char *core);
bool replay_retypes(const struct replay *r, const struct zone_state *z);

/* The next event of this zone is another's: close what is open there. */
void replay_close_zone(struct replay *r, struct zone_state *z);

/* An event, numbered r->now: -ENOMEM or 0. */
int replay_event(struct replay *r, const struct trace_event *ev);
/* Whatever @cpu has open is over. */
void replay_close_cpu(struct replay *r, uint32_t cpu);

/* The kernel's number of a migratetype -> enum pa_mt, or NO_MT. */
uint8_t replay_mt(const struct replay *r, unsigned int mt);

/* ---- replay_load.c ---- */

int replay_load_list(struct replay *r, const struct trace_list *list); /* -ENOMEM or 0 */
void replay_load_blocks(struct replay *r, const struct trace_blocks *blocks);
void replay_load_pcp(struct replay *r, const struct trace_pcp *pcp);
/* A page of this pageblock was on a list of @mt: set the type, if nothing told it before. */
void replay_learn_block(struct replay *r, const struct zone_state *z, uint64_t pfn, uint8_t mt);
/* A page of it is freed and nothing told the type yet: what the trace says next of the pageblock. */
void replay_guess_block(struct replay *r, const struct zone_state *z, uint64_t after, uint64_t pfn);

/* ---- replay_pick.c ---- */

/*
 * Pages that left their list unseen mislead every pick until they are all gone.  Takes what the
 * core would pick next for @req, one after the other, as long as the events after number @after
 * show it in use.  Returns how many.
 */
unsigned int replay_take_unseen(struct replay *r, uint64_t after, const struct pa_request *req);
/* Predict, compare, count and perform the open pick of @cpu. */
void replay_pick(struct replay *r, uint32_t cpu, const struct pick *p);

/* ---- replay_range.c ---- */

/* EV_COMPACT_FREE, where nothing else tells which blocks the free scanner took. */
void replay_range(struct replay *r, const struct trace_event *ev);

/* ---- replay_later.c ---- */

/* Next it is picked; or it reaches a caller; or it is freed or drained, so it was in use. */
enum replay_later {
	REPLAY_LATER_UNKNOWN,
	REPLAY_LATER_FREE,
	REPLAY_LATER_ALLOC,
	REPLAY_LATER_USED
};

/* What the events after number @after say (@pfn, @order) was at that moment. */
enum replay_later replay_later(const struct replay *r, uint64_t after, uint64_t pfn,
			       unsigned int order);
/* Type of the list that a page of @pfn's pageblock is next seen on after @after, or NO_MT. */
uint8_t replay_later_mt(const struct replay *r, uint64_t after, uint64_t pfn);
/* The page that is picked next from the list of @p, or PA_PFN_NONE. */
uint64_t replay_later_pick(struct replay *r, const struct pick *p);

/* ---- replay_final.c ---- */

int replay_final_list(struct replay *r, const struct trace_list *list);
void replay_final_end(struct replay *r);

#endif /* TOOLS_REPLAY_INTERNAL_H */
