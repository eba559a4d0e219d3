/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a recording asks of a kernel with other rules or settings: its requests, frees and time.
 *
 * The recorded kernel's own doing says nothing about another one, and is sorted out here: pages that
 * its compaction moved were not given back, and page cache that its reclaim took would be there still.
 * No event says who frees, so both are known by their place: a compactor names the pageblock and the
 * number of pages that it is about to move, and reclaim evicts pages in the order in which they came.
 *
 * None of this depends on the core, so it is worked out once for any number of runs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "request_whatif.h"
#include "util.h"

/* What an event told of the allocation at a frame. */
#define PAGE_TOLD 0x1  /* that there is one */
#define PAGE_CACHE 0x2 /* it is page cache */

#define PACE_FROM 256	/* pages and pageblocks of compaction that tell how fast it is */
#define EVICT 64	/* pages that one look ahead is about: a batch of reclaim (MIN_LRU_BATCH) */
#define LOOK_FOR 256	/* events of the CPU in which they are looked for */
#define NEAR 128	/* that far apart in age two pages of a batch may be, next to each other */
#define PAGES_A_JUMP 24 /* pages of a batch for each pair that is further apart */

struct sweep {
	uint64_t source_from, source_to; /* where the migrate scanner isolated pages, */
	uint32_t sources;		 /* and how many of them are not freed yet */
	uint32_t batch; /* frees of page cache that the last look ahead was about */
	bool evicts;	/* and what came out: it is reclaim */
	bool reclaims;	/* a task is inside direct reclaim here */
};

struct recorded {
	uint8_t *page;	/* by frame: PAGE_* */
	uint32_t *age;	/* by frame of page cache: number of its allocation */
	uint32_t aged;	/* allocations of page cache so far */
	bool *target;	/* by frame: held by compaction to move pages to */
	uint32_t *ring; /* these, oldest first; some of it may be none any more */
	uint64_t nr_ring, from, to;
	struct sweep *cpu;
	uint32_t nr_cpus;
	bool kswapd; /* is awake */
	uint64_t ticked;
	uint64_t cached;   /* pages of page cache that events told of and that are there */
	uint32_t *evicted; /* numbers of those that reclaim took, in no order, */
	uint64_t nr_evicted;
	uint32_t *spare; /* and numbers that are free again */
	uint64_t nr_spare, numbered;
	uint64_t due;			    /* that go with a file, in 1/65536 */
	uint64_t random;		    /* from the same start in each run */
	uint32_t daemon_cpu[PA_NR_DAEMONS]; /* and one more; 0: not heard of yet */
	uint32_t asker;			    /* pid that compacts for itself, or did last */
	bool kcompactd;			    /* is at work, */
	bool direct;			    /* and who compacts for itself */
	uint64_t compacts;		    /* when the compactor at work began; 0: there is none */
	uint64_t compacted, compact_ns;
};

/* What is in the page cache since before the trace: who came first is not known, they are of one age. */
static void adopt_cache(struct recorded *k, const uint8_t *use, uint64_t nr_frames)
{
	for (uint64_t frame = 0; use && frame < nr_frames; frame++) {
		if (use[frame] != TRACE_USE_FILE)
			continue;
		k->page[frame] = PAGE_TOLD | PAGE_CACHE;
		k->cached++;
	}
}

int recorded_open(struct request *r)
{
	struct recorded *k = calloc(1, sizeof(*k));

	if (!k)
		return -ENOMEM;
	r->rec_side = k;
	k->nr_cpus = r->nr_cpus;
	k->nr_ring = 2 * r->nr_frames + 1;
	k->page = calloc(r->nr_frames + 1, sizeof(*k->page));
	k->age = calloc(r->nr_frames + 1, sizeof(*k->age));
	k->target = calloc(r->nr_frames + 1, sizeof(*k->target));
	k->ring = malloc(k->nr_ring * sizeof(*k->ring));
	k->cpu = calloc(k->nr_cpus + 1, sizeof(*k->cpu));
	k->evicted = malloc((r->nr_frames + 1) * sizeof(*k->evicted));
	k->spare = malloc((r->nr_frames + 1) * sizeof(*k->spare));
	if (!k->page || !k->age || !k->target || !k->ring || !k->cpu || !k->evicted || !k->spare)
		return -ENOMEM;
	adopt_cache(k, r->use, r->nr_frames);
	return 0;
}

void recorded_close(struct recorded *k)
{
	if (!k)
		return;
	free(k->page);
	free(k->age);
	free(k->target);
	free(k->ring);
	free(k->cpu);
	free(k->evicted);
	free(k->spare);
	free(k);
}

/* -------------------------------------------------------------------------
 * Reclaim
 */

/*
 * For the page cache?  readahead_gfp_mask adds __GFP_NORETRY and __GFP_NOWARN to the mapping's
 * GFP_USER or more; write_begin asks with __GFP_WRITE.  Slabs want those two as well, but are not
 * hard-walled; a THP is __GFP_NOMEMALLOC.
 */
static bool is_cache(uint32_t gfp)
{
	if (!(gfp & PA_GFP_HARDWALL) || gfp & (PA_GFP_ZERO | PA_GFP_NOMEMALLOC))
		return false;
	return gfp & PA_GFP_WRITE || (gfp & PA_GFP_NORETRY && gfp & PA_GFP_NOWARN);
}

/* The page cache's frame that @ev frees, or NO_PFN. */
static uint32_t cache_of(const struct request *r, const struct trace_event *ev)
{
	const struct run_zone *z = ev->type == EV_FREE ? request_zone_of(r, ev) : NULL;
	uint64_t frame = z ? request_frame(z, ev->pfn) : 0;

	return z && r->rec_side->page[frame] & PAGE_CACHE ? (uint32_t)frame : NO_PFN;
}

/*
 * Do the pages of the page cache that @ev's CPU frees from here on go in the order of their age?
 * Reclaim goes through a list by age; who truncates a file goes by its offsets.  @n: how many pages
 * that is about.
 */
static bool goes_by_age(const struct request *r, const struct trace_event *ev, uint32_t *n)
{
	const struct recorded *k = r->rec_side;
	uint32_t last = k->age[cache_of(r, ev)], jumps = 0;

	*n = 1;
	for (uint32_t seen = 0; *n < EVICT && seen < LOOK_FOR; seen++) {
		uint32_t frame, age;

		ev = request_next_of(r, ev);
		if (!ev || ev->type == EV_ALLOC || ev->type == EV_KSWAPD_SLEEP ||
		    ev->type == EV_RECLAIM_BEGIN || ev->type == EV_RECLAIM_END)
			break;
		frame = cache_of(r, ev);
		if (frame == NO_PFN)
			continue;
		age = k->age[frame];
		jumps += age > last + NEAR || age + NEAR < last;
		last = age;
		++*n;
	}
	return jumps * PAGES_A_JUMP < *n;
}

static bool by_reclaim(struct request *r, const struct trace_event *ev)
{
	struct recorded *k = r->rec_side;
	struct sweep *c = &k->cpu[ev->cpu];

	if (cache_of(r, ev) == NO_PFN)
		return false;
	if (!c->batch)
		c->evicts = k->kswapd && goes_by_age(r, ev, &c->batch);
	c->batch -= c->batch > 0;
	return c->reclaims || c->evicts;
}

/*
 * A page is evicted: it gets a number, as its frame will be another's.  If there are none left, it
 * takes over that of another one, which is forgotten.
 */
static uint32_t number_evicted(struct recorded *k, uint64_t nr_frames)
{
	uint32_t number;

	if (k->nr_evicted == nr_frames)
		return k->evicted[next_random(&k->random) % k->nr_evicted];
	number = k->nr_spare ? k->spare[--k->nr_spare] : (uint32_t)(nr_frames + k->numbered++);
	k->evicted[k->nr_evicted++] = number;
	return number;
}

/*
 * A page of the cache goes with its file.  Of the file's pages that were evicted before no event
 * tells that they would be gone too, nor which these are: they are taken to be the same share of the
 * evicted as of those that were still there, so all when the last one goes.
 */
static void drop_share(struct recorded *k)
{
	k->due += (k->nr_evicted << 16) / k->cached;
}

bool recorded_more(struct request *r, const struct trace_event *ev, struct whatif *op)
{
	struct recorded *k = r->rec_side;
	uint64_t i;

	if (k->due < 1 << 16 || !k->nr_evicted) {
		k->due = k->nr_evicted ? k->due : 0;
		return false;
	}
	k->due -= 1 << 16;
	i = next_random(&k->random) % k->nr_evicted;
	*op = (struct whatif){ .kind = WHATIF_DROP,
			       .ts = ev->ts,
			       .event = r->now,
			       .arg = k->evicted[i],
			       .cpu = ev->cpu };
	k->spare[k->nr_spare++] = k->evicted[i];
	k->evicted[i] = k->evicted[--k->nr_evicted];
	return true;
}

/* -------------------------------------------------------------------------
 * Compaction
 */

/* Free pages were taken: what is moved will live there. */
static void take_targets(struct request *r, const struct trace_event *ev, const struct run_zone *z)
{
	struct recorded *k = r->rec_side;
	uint64_t frame = request_frame(z, ev->pfn);

	for (uint64_t i = 0; i < request_pages(z, ev->pfn, ev->order); i++) {
		if (k->target[frame + i])
			continue;
		k->target[frame + i] = true;
		k->ring[k->to++ % k->nr_ring] = (uint32_t)(frame + i);
	}
}

/* Pages are no targets any more.  True if the first was one. */
static bool drop_targets(struct request *r, const struct trace_event *ev, const struct run_zone *z)
{
	bool *target = &r->rec_side->target[request_frame(z, ev->pfn)];
	bool was = *target;

	*target = false;
	if (ev->order)
		memset(target, 0, request_pages(z, ev->pfn, ev->order) * sizeof(*target));
	return was;
}

/* Are all frames of a block of @z at @frame held as targets? */
static bool is_target(const struct recorded *k, const struct run_zone *z, uint32_t frame,
		      unsigned int order)
{
	const uint64_t n = UINT64_C(1) << order, pfn = z->start + (frame - z->frame0);

	return frame >= z->frame0 && pfn + n <= z->end && !(pfn & (n - 1)) &&
	       !memchr(&k->target[frame], false, n);
}

/* The oldest target left in @z that is as large, or NO_PFN. */
static uint32_t next_target(struct recorded *k, const struct run_zone *z, unsigned int order)
{
	while (k->from < k->to && !k->target[k->ring[k->from % k->nr_ring]])
		k->from++;
	for (uint64_t at = k->from; at < k->to; at++) {
		uint32_t frame = k->ring[at % k->nr_ring];

		if (!is_target(k, z, frame, order))
			continue;
		memset(&k->target[frame], false, (size_t)1 << order);
		return frame;
	}
	return NO_PFN;
}

/* Is it of the pages that a compactor isolated to move them? */
static bool is_source(struct recorded *k, uint64_t pfn, unsigned int order)
{
	for (uint32_t cpu = 0; cpu < k->nr_cpus; cpu++) {
		struct sweep *c = &k->cpu[cpu];

		if (c->sources >> order == 0 || pfn < c->source_from || pfn >= c->source_to)
			continue;
		c->sources -= UINT32_C(1) << order;
		return true;
	}
	return false;
}

/*
 * mm_compaction_isolate_migratepages: the migrate scanner stays within a pageblock, and frees what
 * it took once that is moved, before it takes more.
 */
static void note_sources(struct request *r, const struct trace_event *ev)
{
	struct sweep *c = &r->rec_side->cpu[ev->cpu];
	uint64_t block = UINT64_C(1) << r->meta->pageblock_order;

	c->source_from = ev->pfn;
	c->source_to = (ev->pfn | (block - 1)) + 1;
	c->sources = ev->arg;
}

/* -------------------------------------------------------------------------
 * Events
 */

static void on_free(struct request *r, const struct trace_event *ev, const struct run_zone *z,
		    struct whatif *op)
{
	struct recorded *k = r->rec_side;
	uint64_t frame = request_frame(z, ev->pfn);
	uint32_t to = NO_PFN;

	if (!drop_targets(r, ev, z)) {
		if (is_source(k, ev->pfn, ev->order))
			to = next_target(k, z, ev->order);
		if (to != NO_PFN) {
			k->page[to] = k->page[frame];
			k->age[to] = k->age[frame];
			op->kind = WHATIF_MOVE;
			op->arg = to;
		} else if (by_reclaim(r, ev)) {
			op->kind = WHATIF_EVICT;
			op->arg = number_evicted(k, r->nr_frames);
		} else {
			op->kind = WHATIF_FREE;
			if (k->page[frame] & PAGE_CACHE)
				drop_share(k);
		}
	}
	k->cached -= op->kind != WHATIF_MOVE && k->page[frame] & PAGE_CACHE ? 1 : 0;
	k->page[frame] = 0;
}

static void on_alloc(struct request *r, const struct trace_event *ev, const struct run_zone *z,
		     struct whatif *op)
{
	struct recorded *k = r->rec_side;
	uint64_t frame;

	op->kind = WHATIF_ALLOC;
	op->arg = request_gfp_of(r, ev);
	op->task = (uint8_t)request_task_of(r, ev);
	op->cache = is_cache(op->arg);
	if (!z)
		return;
	drop_targets(r, ev, z);
	frame = request_frame(z, ev->pfn);
	k->cached -= k->page[frame] & PAGE_CACHE ? 1 : 0;
	k->page[frame] = PAGE_TOLD;
	if (!op->cache)
		return;
	k->cached++;
	k->page[frame] |= PAGE_CACHE;
	k->age[frame] = k->aged++;
}

/* What the recorded kernel did, for the report. */
static void count_kernel(struct request *r, const struct trace_event *ev)
{
	const struct run_cpu *c;

	if (ev->type != EV_FALLBACK && ev->type != EV_DRAIN && ev->type != EV_ZONE_ALLOC)
		return;
	c = &r->cpus[ev->cpu];
	if (ev->type == EV_FALLBACK)
		r->res.fallbacks.kernel++;
	if (ev->type == EV_DRAIN) {
		r->res.drained.kernel++;
		r->res.drains.kernel += c->before != EV_DRAIN;
	}
	if (request_is_pick(r, ev)) {
		r->res.refilled.kernel += request_is_refill(r, ev);
		r->res.refills.kernel += ev->bits & EV_REFILL && c->before != EV_ZONE_ALLOC &&
					 c->before != EV_FALLBACK;
	}
}

/* How long the recorded machine took for what its compactors did: pages, and pageblocks looked at. */
static void note_pace(struct recorded *k, const struct trace_event *ev, struct whatif *op)
{
	uint64_t pace;

	if (!k->compacts || ev->ts < k->compacts)
		return;
	k->compact_ns += ev->ts - k->compacts;
	k->compacts = 0;
	pace = k->compacted ? k->compact_ns / k->compacted : 0;
	if (k->compacted < PACE_FROM || !pace || pace > UINT32_MAX)
		return;
	op->kind = WHATIF_PACE;
	op->arg = (uint32_t)pace;
}

/* The scheduler has @daemon run where @ev comes from; what it frees goes to that CPU's lists. */
static void note_cpu(struct recorded *k, enum pa_daemon daemon, const struct trace_event *ev,
		     struct whatif *op)
{
	if (k->daemon_cpu[daemon] == ev->cpu + 1u)
		return;
	k->daemon_cpu[daemon] = ev->cpu + 1u;
	op->kind = WHATIF_CPU;
	op->arg = daemon;
}

/* Who it is that compacts: kcompactd is asked by nobody who would say so. */
static void note_compactor(struct recorded *k, const struct trace_event *ev, bool begins)
{
	*(ev->pid && ev->pid == k->asker ? &k->direct : &k->kcompactd) = begins;
}

/* Of a CPU, or of the whole machine. */
static void on_other(struct request *r, const struct trace_event *ev, struct whatif *op)
{
	struct recorded *k = r->rec_side;

	switch (ev->type) {
	case EV_LOST:
		r->res.lost += ev->arg;
		break;
	case EV_RECLAIM_BEGIN:
	case EV_RECLAIM_END:
		k->cpu[ev->cpu].reclaims = ev->type == EV_RECLAIM_BEGIN;
		request_on_task(r, ev, ev->type == EV_RECLAIM_BEGIN);
		break;
	case EV_OOM_VICTIM:
		r->res.kills.kernel++;
		break;
	case EV_KSWAPD_WAKE:
	case EV_KSWAPD_SLEEP:
		k->kswapd = ev->type == EV_KSWAPD_WAKE;
		note_cpu(k, PA_KSWAPD, ev, op);
		break;
	case EV_COMPACT_TRY:
		k->asker = ev->pid;
		break;
	case EV_COMPACT_BEGIN:
		k->compacts = ev->ts;
		note_compactor(k, ev, true);
		break;
	case EV_COMPACT_END:
		note_pace(k, ev, op);
		note_compactor(k, ev, false);
		break;
	case EV_COMPACT_MIGRATE:
		note_sources(r, ev);
		k->compacted += ev->arg + 1;
		if (k->kcompactd && !k->direct)
			note_cpu(k, PA_KCOMPACTD, ev, op);
		break;
	case EV_COMPACT_FREE:
		k->compacted++;
		break;
	default:
		break;
	}
}

static void sort_out(struct request *r, const struct trace_event *ev, const struct run_zone *z,
		     struct whatif *op)
{
	switch (ev->type) {
	case EV_ALLOC:
		on_alloc(r, ev, z, op);
		break;
	case EV_BULK:
		/* One of those that it makes one by one was told of; so was what it found there. */
		if (z && !(r->rec_side->page[request_frame(z, ev->pfn)] & PAGE_TOLD))
			on_alloc(r, ev, z, op);
		break;
	case EV_FREE:
		if (z)
			on_free(r, ev, z, op);
		break;
	case EV_ISOLATE:
		if (z)
			take_targets(r, ev, z);
		break;
	case EV_PUTBACK:
		if (z)
			drop_targets(r, ev, z);
		break;
	default:
		on_other(r, ev, op);
	}
}

/* Does sort_out() make something of it?  Most events are the recorded kernel's own doing. */
static bool is_sorted_out(const struct trace_event *ev)
{
	const uint32_t not_at_all = 1u << EV_ZONE_ALLOC | 1u << EV_DRAIN | 1u << EV_FALLBACK |
				    1u << EV_ZONE_FREE | 1u << EV_ROTATE | 1u << EV_PUSH |
				    1u << EV_TRY | 1u << EV_VMSTAT;

	return ev->type >= EV_NR_TYPES || !(not_at_all >> ev->type & 1);
}

bool recorded_event(struct request *r, const struct trace_event *ev, struct whatif *op)
{
	struct recorded *k = r->rec_side;
	const struct run_zone *z;

	count_kernel(r, ev);
	if (ev->ts == k->ticked && !is_sorted_out(ev))
		return false;
	z = request_zone_of(r, ev);
	*op = (struct whatif){
		.kind = WHATIF_NONE,
		.ts = ev->ts,
		.event = r->now,
		.pid = ev->pid,
		.pfn = z ? (uint32_t)ev->pfn : NO_PFN,
		.cpu = ev->cpu,
		.order = ev->order,
		.mt = ev->mt,
		.zone = z ? (uint8_t)(z - r->zones) : 0,
	};
	sort_out(r, ev, z, op);
	if (op->kind == WHATIF_NONE && ev->ts != k->ticked)
		op->kind = WHATIF_TICK;
	if (op->kind != WHATIF_NONE)
		k->ticked = ev->ts;
	return op->kind != WHATIF_NONE;
}
