/* SPDX-License-Identifier: GPL-2.0-only */
/* A running scenario, as the files that run, judge and show it see it. */
#ifndef TOOLS_SIM_RUN_H
#define TOOLS_SIM_RUN_H

#include "sim.h"

#define SIM_MAX_PICKS 64
#define SIM_MAX_KILLS 8
#define SIM_MAX_CELLS (PA_MAX_ZONES * 32)

/* How a request or a free ended. */
enum sim_result {
	SIM_NO_RESULT,
	SIM_OK,
	SIM_NULL,    /* no page */
	SIM_WAITS,   /* __GFP_NOFAIL goes round until others free memory */
	SIM_REFUSED, /* a free of what is not allocated so */
};

enum sim_life { SIM_LIVE, SIM_FREED, SIM_RECLAIMED };

/* A block that a name stands for. */
struct sim_block {
	uint64_t pfn;
	uint32_t order, name;
	uint32_t before; /* the name's block before this one, and 1; 0: none */
	uint8_t life;	 /* enum sim_life */
	bool listed;	 /* taken straight from the lists: the request level knows nothing of it */
};

/* What a zone held before the last step. */
struct sim_before {
	uint64_t free, reclaimable, boost;
};

/* The last step that was more than words and expectations. */
struct sim_last {
	const struct sim_step *step;
	enum sim_result result;
	bool request; /* an `alloc' of the request level */
	uint64_t pfn;
	uint32_t order, name, done; /* of the last page handed out or back; pages of names so far */
	struct pa_decision decision; /* of an `alloc' from the lists */
	bool decided;
	struct pa_free_record freed;
	uint32_t nr_picks, nr_moves;
	int64_t drained; /* base pages */
	uint32_t kills[SIM_MAX_KILLS], nr_kills;
	struct sim_before before[PA_MAX_ZONES];
	uint64_t moved_pages; /* pages that changed lists, of isolate and its like */
};

struct sim {
	const struct sim_scenario *s;
	const struct pa_policy *policy;
	uint32_t policy_bit;
	void *mem;
	struct pa *pa;
	uint64_t now; /* ms */
	uint32_t at;  /* next step */
	uint32_t frame0[PA_MAX_ZONES], nr_frames;
	uint32_t *owner; /* of each frame: a block's number and 1; 0: no name's */
	struct sim_block *blocks;
	uint32_t nr_blocks, max_blocks;
	uint32_t *newest;	   /* of each name: its newest block's number and 1 */
	bool *in_use;		   /* frames that `use' named, for `boot' */
	uint8_t *cell_marks;	   /* room for sim_map(): a byte a frame */
	char cells[SIM_MAX_CELLS]; /* of the map drawn last; 0: none */
	uint32_t *victims;	   /* names, in the order in which they are killed */
	uint32_t nr_victims, next_victim;
	uint32_t oom_cpu;
	struct pa_moved *moves;
	uint32_t max_moves;
	struct pa_decision picks[SIM_MAX_PICKS];
	struct pa_alloc_record record;
	struct sim_last last;
};

struct sim_parser;

/* A question that `expect' asks. */
struct sim_question {
	const char *words; /* NULL ends a table */
	uint32_t keys;	   /* options it takes */
	/* One whose answer is a number; false if there is none. */
	bool (*ask)(const struct sim *sim, const struct sim_args *a, int64_t *answer);
	/* Else: read what follows the words; look whether it holds, and say what is. */
	int (*parse)(struct sim_parser *p, struct sim_step *step);
	bool (*holds)(const struct sim *sim, const struct sim_step *step, char *got, size_t len);
	uint32_t word; /* sim_expect.word, if nothing else decides it */
	bool one_zone; /* makes no sense of all zones together */
	bool request;  /* only with cpus */
};

extern const struct sim_question sim_numbers[];

/* The list type that options name: 2.4 has one list an order, whatever the type. */
enum pa_mt sim_list_type(const struct sim *sim, const struct sim_args *a);
/* The frame's number among all zones' frames; UINT32_MAX outside. */
uint32_t sim_frame(const struct sim *sim, uint64_t pfn);
/* The block whose frame @pfn is; NULL if no name's. */
const struct sim_block *sim_block_at(const struct sim *sim, uint64_t pfn);
/* The block is its name's no longer; with SIM_LIVE, until it is found elsewhere. */
void sim_end_life(struct sim *sim, struct sim_block *b, enum sim_life life);
/* @name stands for this block, too.  -ENOMEM or 0. */
int sim_add_block(struct sim *sim, uint32_t name, uint64_t pfn, uint32_t order, bool listed);
/* Blocks that compaction moved, the first @nr of sim->moves, keep their names. */
int sim_follow_moves(struct sim *sim, uint32_t nr);
/* What is allocated no longer though nobody freed it was reclaimed. */
void sim_find_reclaimed(struct sim *sim);
/* The newest block of a name; NULL if it never had one. */
const struct sim_block *sim_newest(const struct sim *sim, uint32_t name);
/* The first of the last request's decisions that is a fallback, else the first; NULL: none. */
const struct pa_decision *sim_main_decision(const struct sim *sim);
/* Base pages on @cpu's lists (UINT32_MAX: all CPUs') of @zone. */
int64_t sim_pcp_pages(const struct sim *sim, uint32_t zone, uint32_t cpu);
/* Pages on all lists of a zone. */
uint64_t sim_zone_free(const struct sim *sim, uint32_t zone);

/* What the kernel would write of the last request, which failed; "" if nothing. */
void sim_failure_text(const struct sim *sim, char *buf, size_t len);

/* Compare what is with what an `expect' says; fills outcome, expected, got. */
void sim_judge(const struct sim *sim, const struct sim_step *step, struct sim_report *report);
/* Is @step an expectation that allows the last step to have failed? */
bool sim_forgives(const struct sim_step *step);

#endif /* TOOLS_SIM_RUN_H */
