/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel to replay: a second core that allocates and frees as it likes and says so in the
 * events of the kernel whose policy it follows.  What it writes into a trace is known to be
 * right, so a test can take something away, or change it, and see just that come back.
 */
#ifndef TESTS_REPLAY_MACHINE_H
#define TESTS_REPLAY_MACHINE_H

#include "core/pa.h"
#include "tools/replay.h"
#include "tools/trace.h"

/* The kernel's migratetype numbers here; 4 is CMA in the core. */
enum { K_UNMOVABLE, K_MOVABLE, K_RECLAIMABLE, K_HIGHATOMIC, K_ISOLATE };

#define GFP_MOVABLE 8u

struct machine_list {
	struct trace_list list;
	uint64_t *pfn;
};

struct machine_block {
	uint64_t pfn;
	unsigned int order, mt;
};

struct machine {
	struct trace_meta meta;
	struct pa *pa;
	void *mem;
	bool tell_claims; /* EV_CLAIM_KNOWN in fallbacks */
	bool unlocked;	  /* direct frees are told by mm_page_free alone */
	bool begun;
	struct trace_event *ev;
	size_t n, room;
	struct machine_list *begin, *end;
	size_t nr_begin, nr_end;
	struct machine_block *used; /* what the workload holds */
	size_t nr_used, room_used;
	uint64_t seed, picks, fallbacks;
	size_t slice; /* events in an item when it is replayed; 0: all */
};

/* Two zones of 4096 and 2048 frames, all free, in pageblocks of 512 (order 9). */
void machine_init(struct machine *m, const char *policy);
void machine_free(struct machine *m);
uint32_t machine_random(struct machine *m, uint32_t below);

/* Take down the free lists as the opening or the closing snapshot. */
void machine_begin(struct machine *m);
void machine_end(struct machine *m);

struct trace_event *machine_emit(struct machine *m, struct trace_event ev);

/* __rmqueue under one lock hold that goes on at *@mode; PA_PFN_NONE if nothing fits. */
uint64_t machine_pick(struct machine *m, unsigned int cpu, uint32_t zone, unsigned int order,
		      unsigned int mt, uint8_t *mode);
/* The block reaches its caller: mm_page_alloc. */
void machine_alloc(struct machine *m, unsigned int cpu, uint64_t pfn, unsigned int order,
		   unsigned int mt);
/* The two at once, in a lock hold of its own. */
uint64_t machine_get(struct machine *m, unsigned int cpu, uint32_t zone, unsigned int order,
		     unsigned int mt);
/* mm_page_free, and the way back into the lists by a drain or directly. */
void machine_put(struct machine *m, unsigned int cpu, uint64_t pfn, unsigned int order);
/* @steps random steps on two CPUs: batches, single blocks, frees, isolations. */
void machine_work(struct machine *m, unsigned int steps);

/* Replay what there is. */
void machine_replay(const struct machine *m, const struct replay_options *opt,
		    struct replay_result *res);
/* Feed it to @r item by item and finish. */
void machine_feed(const struct machine *m, struct replay *r);

/* Bytes of memory that this process, not the machine, holds. */
uint64_t machine_resident(void);

/* The @i-th event of @type. */
struct trace_event *machine_event(const struct machine *m, unsigned int type, size_t i);

#endif /* TESTS_REPLAY_MACHINE_H */
