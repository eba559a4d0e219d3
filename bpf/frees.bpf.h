/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frees under way, where no probe sees free_one_page.
 *
 * mm_page_free comes before the lock is taken, and nothing follows it.  But where a free page
 * is on a list, its block says so (PageBuddy), and that changes inside the lock only.  So a
 * free that goes to the buddy by itself, or may, waits here; and whoever reports anything
 * inside the lock first reports those of them that have reached their list since.
 */
#ifndef FREES_BPF_H
#define FREES_BPF_H

#define MAX_AWAITED 1024     /* more are told as before: announced, not seen arriving */
#define MAX_AWAITED_AGE 4096 /* records; then it is on a pcp list, captured or poisoned */

enum { SLOT_EMPTY, SLOT_HELD, SLOT_FULL };

struct awaited {
	__u32 state;
	__u32 order;
	__u64 pfn;
	__u64 zone;  /* first_pfn */
	__u64 since; /* stream_head when it was announced */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_AWAITED);
	__type(key, __u32);
	__type(value, struct awaited);
} awaited SEC(".maps");

struct watched_pcp watched[WATCH_MAX_CPUS][WATCH_MAX_ZONES]; /* by first_pfn, highest first */

__u32 nr_awaited;

static __always_inline const struct watched_pcp *watched_zone(__u64 cpu, __u64 pfn)
{
	const struct watched_pcp *at = watched[cpu % WATCH_MAX_CPUS];
	int z;

	barrier_var(at); /* one address that grows, not one for each zone */
	for (z = 0; z < WATCH_MAX_ZONES - 1 && pfn < at->first_pfn; z++)
		at++;
	return at;
}

static __always_inline bool pcp_is_locked(__u64 addr)
{
	struct per_cpu_pages *pcp = (void *)addr;

	if (watch_pcp_locks == WATCH_BY_HELPER)
		return BPF_CORE_READ(pcp, lock.rlock.raw_lock.val.counter) != 0;
	pcp = bpf_rdonly_cast(pcp, bpf_core_type_id_kernel(struct per_cpu_pages));
	return pcp->lock.rlock.raw_lock.val.counter != 0;
}

static __always_inline __u32 pcp_count(__u64 addr)
{
	struct per_cpu_pages *pcp = (void *)addr;

	if (watch_pcp_locks == WATCH_BY_HELPER)
		return BPF_CORE_READ(pcp, count);
	pcp = bpf_rdonly_cast(pcp, bpf_core_type_id_kernel(struct per_cpu_pages));
	return pcp->count;
}

struct await {
	__u64 pfn;
	__u32 order, found; /* a slot */
};

static long await_in_slot(__u32 i, struct await *w)
{
	struct awaited *a = bpf_map_lookup_elem(&awaited, &i);

	if (!a)
		return 1;
	if (a->state || __sync_val_compare_and_swap(&a->state, SLOT_EMPTY, SLOT_HELD))
		return 0;
	a->pfn = w->pfn;
	a->order = w->order;
	a->zone = watched_zone(0, w->pfn)->first_pfn;
	a->since = stream_head;
	barrier();
	a->state = SLOT_FULL;
	__sync_fetch_and_add(&nr_awaited, 1);
	__sync_fetch_and_add(&nr_unseen, 1);
	w->found = 1;
	return 1;
}

/* False: there is no room, or nothing to know it by when it arrives. */
static __noinline int await_free(__u64 pfn, __u64 order)
{
	struct await w = { .pfn = pfn, .order = order };

	if (buddy_type)
		bpf_loop(MAX_AWAITED, await_in_slot, &w, 0);
	return w.found;
}

struct arrivals {
	__u64 zone;
	__u64 pfn, taken; /* see report_arrivals() */
	__u32 left;	  /* slots in use that were not looked at yet */
};

static long report_arrival(__u32 i, struct arrivals *w)
{
	struct awaited *a = bpf_map_lookup_elem(&awaited, &i);
	bool arrived, drained;
	int mt;

	if (!a || !w->left)
		return 1;
	if (a->state != SLOT_FULL)
		return 0;
	w->left--;
	if (a->zone != w->zone)
		return 0;
	drained = !w->taken && a->pfn == w->pfn;
	arrived = !drained &&
		  (a->pfn - w->pfn < w->taken ||
		   in_buddy(a->pfn, a->order < pageblock_shift ? a->order : pageblock_shift));
	if (!arrived && !drained && stream_head - a->since < MAX_AWAITED_AGE)
		return 0;
	if (__sync_val_compare_and_swap(&a->state, SLOT_FULL, SLOT_HELD) != SLOT_FULL)
		return 0;
	if (arrived) {
		mt = pageblock_mt(a->pfn);
		emit(EV_ZONE_FREE, a->pfn, a->order, mt, 0, 0,
		     EV_LOCKED | EV_AWAITED | (mt >= 0 ? EV_MT_KNOWN : 0));
	}
	__sync_fetch_and_add(&nr_awaited, -1);
	__sync_fetch_and_add(&nr_unseen, -1);
	barrier();
	a->state = SLOT_EMPTY;
	return 0;
}

/*
 * @pfn is of the zone whose lock is held.  @taken frames from there on left their list just now;
 * or, if it is 0, @pfn was drained, which has an event of its own.
 */
static __noinline int report_arrivals(__u64 pfn, __u64 taken)
{
	struct arrivals w = {
		.zone = watched_zone(0, pfn)->first_pfn,
		.pfn = pfn,
		.taken = taken,
		.left = nr_awaited,
	};

	bpf_loop(MAX_AWAITED, report_arrival, &w, 0);
	return 0;
}

/*
 * Frees of a CPU of which it is not known yet whether they reached its pcp list.  mm_page_free
 * comes before the trylock, for a batch even before the first one (free_unref_page_list @ 6.1,
 * free_unref_folios @ 6.10+), and the list may be locked only then: another CPU drains it.  How
 * many pages the list holds tells without a look at any of them: it grew by just these.
 */
#define MAX_PENDING 32
#define MAX_DRAINED_CPUS                                                                           \
	64		 /* of more, nobody else's frees are looked for while lists are drained */
#define PENDING_ORDER 60 /* bit where the order is kept */

struct pending {
	__u64 pcp;
	__u32 before; /* pages on the list */
	__u32 pages;  /* in these */
	__u32 n;
	__u64 block[MAX_PENDING];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* NR_FREE_SETS for each CPU, set before load */
	__type(key, __u32);
	__type(value, struct pending);
} pending SEC(".maps");

const volatile __u32 nr_pending = 1; /* CPUs */

/*
 * From 7.2 on vfree and its like tell of each page, then free runs of them as the largest blocks
 * that they hold (free_prepared_contig_range), of which those above order 3 are for no pcp list.
 */
const volatile bool frees_runs;

struct run {
	__u64 pfn, end;
};

static long await_block(__u32 i, struct run *r)
{
	__u32 order;

	for (order = 0; order < MAX_ORDERS - 1; order++)
		if (r->pfn >> order & 1 || r->end - r->pfn < 2ULL << order)
			break;
	if (order > 3 && order != pageblock_shift)
		await_free(r->pfn, order);
	r->pfn += 1ULL << order;
	return r->pfn >= r->end;
}

__noinline int await_run(__u64 pfn, __u64 end)
{
	struct run r = { .pfn = pfn, .end = end };

	bpf_loop(MAX_AWAITED, await_block, &r, 0);
	return 0;
}

/* Each CPU has several: of those who preempt the program that keeps the first, see record.bpf.c. */
static __always_inline struct pending *pending_of(__u32 slot)
{
	return bpf_map_lookup_elem(&pending, &slot);
}

struct awaited_run {
	__u64 pfn, frames; /* of its blocks above order 3 */
	__u32 slot;
};

static long forget_pending(__u32 i, struct awaited_run *r)
{
	struct pending *p = pending_of(r->slot);

	if (p && p->block[i % MAX_PENDING] - r->pfn < r->frames) {
		p->block[i % MAX_PENDING] = 0;
		p->pages--;
	}
	return 0;
}

/* Pages that are awaited as parts of a block need not be awaited one by one. */
__noinline int forget_run(__u32 slot, __u64 pfn, __u64 end)
{
	struct awaited_run r = { .pfn = (pfn + 15) & ~15ULL, .slot = slot };
	struct pending *p = pending_of(slot);

	r.frames = (end & ~15ULL) - r.pfn;
	if (p && (__s64)r.frames > 0)
		bpf_loop(p->n, forget_pending, &r, 0);
	return 0;
}

/*
 * Frames that a CPU freed one after the other.  Tasks take turns there, each with a run of its own,
 * and there are single frees in between.  A run is over when what it begins with is free.
 */
#define NR_RUNS 5 /* the first is the last free, and what came before it if it goes on from there */
#define LONG_RUN 16 /* it may hold a block that is for no pcp list: it moves to the others */

struct runs {
	struct run run[NR_RUNS]; /* empty: 0, 0 */
	__u32 next;		 /* of the others, to be given up */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* CPUs, set before load */
	__type(key, __u32);
	__type(value, struct runs);
} runs SEC(".maps");

static __always_inline void end_run(__u32 cpu, struct run *run)
{
	__u64 pfn = run->pfn, end = run->end;
	__u32 set;

	run->pfn = run->end = 0;
	if (!end)
		return;
	await_run(pfn, end);
	for (set = 0; set < NR_FREE_SETS; set++)
		forget_run(cpu + set * nr_pending, pfn, end);
}

static long end_if_over(__u32 i, __u32 *cpu)
{
	struct runs *r = bpf_map_lookup_elem(&runs, cpu);
	struct run *run;

	if (!r || i >= NR_RUNS - 1)
		return 1;
	run = &r->run[i + 1];
	if (run->end && in_buddy((run->pfn + 15) & ~15ULL, 4))
		end_run(*cpu, run);
	return 0;
}

/* Not static: the verifier then looks at it once and not for each call. */
__noinline int note_run(__u32 cpu, __u64 pfn)
{
	struct runs *r = bpf_map_lookup_elem(&runs, &cpu);
	__u32 i;

	if (!r)
		return 0;
	for (i = 0; i < NR_RUNS; i++) {
		if (pfn != r->run[i].end)
			continue;
		r->run[i].end = pfn + 1;
		if (i || pfn + 1 - r->run[i].pfn < LONG_RUN)
			return 0;
		i = 1 + (r->next++ & (NR_RUNS - 2)); /* NR_RUNS - 1 is a power of two */
		end_run(cpu, &r->run[i]);
		r->run[i] = r->run[0];
		r->run[0].pfn = r->run[0].end = 0;
		return 0;
	}
	bpf_loop(NR_RUNS - 1, end_if_over, &cpu, 0);
	r->run[0].pfn = pfn;
	r->run[0].end = pfn + 1;
	return 0;
}

/*
 * In use again, or on a list without being the head of a free block: on a pcp list.  Most are, and
 * that is quicker told than that no block holds it.
 */
static __always_inline bool elsewhere(__u64 pfn)
{
	struct page *page = (void *)(vmemmap_base + pfn * bpf_core_type_size(struct page));
	struct list_head *lru = (void *)((__u64)page + bpf_core_field_offset(struct page, lru)),
			 *next;

	if (watch_pcp_locks == WATCH_BY_CAST) {
		page = bpf_rdonly_cast(page, bpf_core_type_id_kernel(struct page));
		if (page->page_type == buddy_type)
			return false;
		if (page->_refcount.counter > 0)
			return true;
		next = bpf_rdonly_cast(page->lru.next, bpf_core_type_id_kernel(struct list_head));
		return next->prev == lru;
	}
	if (BPF_CORE_READ(page, page_type) == buddy_type)
		return false;
	return BPF_CORE_READ(page, _refcount.counter) > 0 ||
	       BPF_CORE_READ(page, lru.next, prev) == lru;
}

static long await_pending(__u32 i, __u32 *slot)
{
	struct pending *p = pending_of(*slot);
	__u64 block = p ? p->block[i % MAX_PENDING] : 0;
	__u64 pfn = block & ((1ULL << PENDING_ORDER) - 1);

	if (block && !elsewhere(pfn) && in_buddy(pfn, block >> PENDING_ORDER))
		await_free(pfn, block >> PENDING_ORDER);
	return 0;
}

/* This CPU frees @pfn, whose list at @pcp is not locked at this moment. */
static __noinline int note_pending(__u32 slot, __u64 pcp, __u64 block)
{
	__u32 count = pcp_count(pcp), n;
	struct pending *p = pending_of(slot);

	if (!p)
		return 0;
	if (frees_runs && !(block >> PENDING_ORDER))
		note_run(slot % nr_pending, block);
	n = p->n;
	if (n && (p->pcp != pcp || count != p->before || n >= MAX_PENDING)) {
		if (p->pcp != pcp || count != p->before + p->pages)
			bpf_loop(n, await_pending, &slot, 0);
		n = 0;
	}
	if (!n) {
		p->pcp = pcp;
		p->before = count;
		p->pages = 0;
	}
	p->block[n % MAX_PENDING] = block;
	p->pages += 1 << (block >> PENDING_ORDER);
	p->n = n + 1;
	return 0;
}

struct drained {
	__u64 pfn;
	__u32 slot;
};

static long report_pending(__u32 i, struct drained *d)
{
	struct pending *p = pending_of(d->slot);
	__u64 block = p ? p->block[i % MAX_PENDING] : 0;
	__u64 pfn = block & ((1ULL << PENDING_ORDER) - 1);
	int mt;

	if (!block || pfn == d->pfn || !in_buddy(pfn, block >> PENDING_ORDER))
		return 0;
	p->block[i % MAX_PENDING] = 0;
	mt = pageblock_mt(pfn);
	emit(EV_ZONE_FREE, pfn, block >> PENDING_ORDER, mt, 0, 0,
	     EV_LOCKED | EV_AWAITED | (mt >= 0 ? EV_MT_KNOWN : 0));
	return 0;
}

static long report_pending_of(__u32 slot, __u64 *pfn)
{
	struct drained d = { .pfn = *pfn, .slot = slot };
	struct pending *p = pending_of(slot);

	if (p && p->n && p->pcp == watched_zone(slot % nr_pending, *pfn)->addr)
		bpf_loop(p->n, report_pending, &d, 0);
	return 0;
}

static __noinline int report_others(__u64 pfn)
{
	bpf_loop(NR_FREE_SETS * nr_pending, report_pending_of, &pfn, 0);
	return 0;
}

/*
 * @pfn is being drained.  If this CPU's own list is not locked it is of another's, whose frees
 * find that one locked meanwhile.
 */
static __always_inline void report_passing(__u64 pfn)
{
	__u64 pcp;

	if (!watch_pcp_locks || nr_pending > MAX_DRAINED_CPUS)
		return;
	pcp = watched_zone(bpf_get_smp_processor_id(), pfn)->addr;
	if (pcp && !pcp_is_locked(pcp))
		report_others(pfn);
}

#endif /* FREES_BPF_H */
