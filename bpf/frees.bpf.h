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

/*
 * By slot: a CPU's, and after all of these those of who stands in there, see record.bpf.c.  They lie
 * behind the stream, for libbpf 1.1 has but one .bss, of which one array can be cut to size.
 */
const volatile __u32 nr_watched = 1; /* CPUs, up to a power of two */

__u32 nr_awaited;

static __always_inline struct watched_pcp *watched_at(__u32 slot, __u32 zone)
{
	struct watched_cpu *watched = (void *)stream + stream_size.watched_offset;

	return &watched[slot & stream_size.watched_mask].zone[zone % WATCH_MAX_ZONES];
}

/* The number of @pfn's zone there. */
static __always_inline __u32 watched_zone(__u32 slot, __u64 pfn)
{
	struct watched_pcp *at = watched_at(slot, 0);
	__u32 zone;

	barrier_var(at); /* one address that grows, not one for each zone */
	for (zone = 0; zone < WATCH_MAX_ZONES - 1 && pfn < at->first_pfn; zone++)
		at++;
	return zone;
}

/* What tells zones apart. */
static __always_inline __u64 zone_first_pfn(__u64 pfn)
{
	return watched_at(0, watched_zone(0, pfn))->first_pfn;
}

static __always_inline __u32 nr_pending(const struct watched_pcp *p)
{
	return p->pages < MAX_PENDING ? p->pages : MAX_PENDING;
}

#define PCP_PAGE (1ULL << 32) /* in pcp_word() */

/*
 * The lock of a per_cpu_pages, 0 if nobody has it, and its count above.  One load, of a type that
 * begins with 64 bits: where watch_pcp_locks says so the two lie like that.
 */
static __always_inline __u64 pcp_word_by_cast(__u64 addr)
{
	struct timespec64 *both = (void *)addr;

	both = bpf_rdonly_cast(both, bpf_core_type_id_kernel(struct timespec64));
	return both->tv_sec;
}

static __always_inline __u64 pcp_word(__u64 addr)
{
	struct per_cpu_pages *pcp = (void *)addr;

	if (watch_pcp_locks == WATCH_BY_CAST)
		return pcp_word_by_cast(addr);
	return (__u32)BPF_CORE_READ(pcp, lock.rlock.raw_lock.val.counter) |
	       (__u64)BPF_CORE_READ(pcp, count) << 32;
}

struct await {
	__u64 pfn, zone;
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
	a->zone = w->zone;
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
	struct await w = { .pfn = pfn, .zone = zone_first_pfn(pfn), .order = order };

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
		.zone = zone_first_pfn(pfn),
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
#define MAX_DRAINED_CPUS                                                                           \
	64		 /* of more, nobody else's frees are looked for while lists are drained */
#define PENDING_ORDER 60 /* bit where the order is kept */

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

struct awaited_run {
	__u64 pfn, frames; /* of its blocks above order 3 */
	__u32 slot, zone;
};

static long forget_pending(__u32 i, struct awaited_run *r)
{
	struct watched_pcp *p = watched_at(r->slot, r->zone);

	if (p->block[i % MAX_PENDING] - r->pfn < r->frames) {
		p->block[i % MAX_PENDING] = 0;
		p->gone++;
	}
	return 0;
}

/* Pages that are awaited as parts of a block need not be awaited one by one. */
__noinline int forget_run(__u32 slot, __u64 pfn, __u64 end)
{
	struct awaited_run r = { .pfn = (pfn + 15) & ~15ULL, .slot = slot };

	r.zone = watched_zone(slot, pfn);
	r.frames = (end & ~15ULL) - r.pfn;
	if ((__s64)r.frames > 0)
		bpf_loop(nr_pending(watched_at(slot, r.zone)), forget_pending, &r, 0);
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

static __noinline int end_run(__u32 cpu, __u32 i)
{
	struct runs *r = bpf_map_lookup_elem(&runs, &cpu);
	struct run run;
	__u32 set;

	if (!r || i >= NR_RUNS || !r->run[i].end)
		return 0;
	run = r->run[i];
	r->run[i].pfn = r->run[i].end = 0;
	for (set = 0; set < NR_FREE_SETS; set++)
		forget_run(cpu + set * nr_watched, run.pfn, run.end);
	bpf_loop(MAX_AWAITED, await_block, &run, 0);
	return 0;
}

/* Not static, as these are: the verifier then looks at it once and not for each call. */
__noinline int is_over(__u64 pfn)
{
	return in_buddy((pfn + 15) & ~15ULL, 4);
}

static __always_inline void note_run(__u32 cpu, __u64 pfn)
{
	struct runs *r = bpf_map_lookup_elem(&runs, &cpu);
	__u32 i;

	if (!r)
		return;
	for (i = 0; i < NR_RUNS; i++) {
		if (pfn != r->run[i].end)
			continue;
		r->run[i].end = pfn + 1;
		if (i || pfn + 1 - r->run[i].pfn < LONG_RUN)
			return;
		i = 1 + (r->next++ & (NR_RUNS - 2)); /* NR_RUNS - 1 is a power of two */
		end_run(cpu, i);
		r->run[i] = r->run[0];
		r->run[0].pfn = r->run[0].end = 0;
		return;
	}
	for (i = 1; i < NR_RUNS; i++)
		if (r->run[i].end && is_over(r->run[i].pfn))
			end_run(cpu, i);
	r->run[0].pfn = pfn;
	r->run[0].end = pfn + 1;
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

struct pending {
	__u64 pfn; /* being drained: that one is told of */
	__u32 slot, zone;
};

static long await_pending(__u32 i, struct pending *w)
{
	struct watched_pcp *p = watched_at(w->slot, w->zone);
	__u64 block = p->block[i % MAX_PENDING];
	__u64 pfn = block & ((1ULL << PENDING_ORDER) - 1);

	if (block && !elsewhere(pfn) && in_buddy(pfn, block >> PENDING_ORDER))
		await_free(pfn, block >> PENDING_ORDER);
	return 0;
}

static __noinline int emit_zone_free(__u64 pfn, __u64 order)
{
	emit(EV_ZONE_FREE, pfn, order, 0, 0, 0, await_free(pfn, order) ? EV_AWAITED : 0);
	return 0;
}

/* @slot frees @pfn.  Not static: the verifier then looks at it once and not for each call. */
__noinline int note_pending(__u64 pfn, __u64 order, __u32 slot)
{
	struct pending w = { .slot = slot };
	struct watched_pcp *p;
	__u64 word;
	__u32 n, i;

	if (order > 3 && order != pageblock_shift) {
		await_free(pfn, order);
		return 0;
	}
	w.zone = watched_zone(slot, pfn);
	p = watched_at(slot, w.zone);
	if (!p->addr)
		return 0;
	word = pcp_word(p->addr);
	if ((__u32)word) {
		emit_zone_free(pfn, order);
		return 0;
	}
	if (frees_runs && !order)
		note_run(slot % nr_watched, pfn);
	n = p->pages;
	if (n && (word != p->before || n + (1 << order) > MAX_PENDING)) {
		if (word != p->before + (n - p->gone) * PCP_PAGE)
			bpf_loop(nr_pending(p), await_pending, &w, 0);
		n = 0;
	}
	if (!n) {
		p->before = word;
		p->gone = 0;
	}
	p->pages = n + (1 << order);
	for (i = 0; i < MAX_PENDING && i < 1ULL << order; i++)
		p->block[(n + i) % MAX_PENDING] = i ? 0 : pfn | order << PENDING_ORDER;
	return 0;
}

/* A single page freed by this CPU. */
static __noinline int note_any_page(__u64 pfn)
{
	return note_pending(pfn, 0, bpf_get_smp_processor_id());
}

/*
 * The same.  What is common needs no call: a page of the highest zone, whose list is not locked,
 * is as it was, or has grown by what was freed since.
 */
static __always_inline int note_page(__u64 pfn, __u32 cpu)
{
	struct watched_pcp *p = watched_at(cpu, 0);
	__u64 word, grown;
	__u32 n;

	barrier_var(p);
	if (pfn < p->first_pfn)
		return note_any_page(pfn);
	word = pcp_word_by_cast(p->addr);
	grown = word - p->before;
	n = p->pages;
	if (!grown) {
		if (n >= MAX_PENDING)
			return note_any_page(pfn);
		p->block[n] = pfn;
		p->pages = n + 1;
		return 0;
	}
	if (grown != n * PCP_PAGE)
		return note_any_page(pfn);
	p->before = word;
	p->block[0] = pfn;
	p->pages = 1;
	return 0;
}

static long report_pending(__u32 i, struct pending *w)
{
	struct watched_pcp *p = watched_at(w->slot, w->zone);
	__u64 block = p->block[i % MAX_PENDING];
	__u64 pfn = block & ((1ULL << PENDING_ORDER) - 1);
	int mt;

	if (!block || pfn == w->pfn || !in_buddy(pfn, block >> PENDING_ORDER))
		return 0;
	p->block[i % MAX_PENDING] = 0;
	mt = pageblock_mt(pfn);
	emit(EV_ZONE_FREE, pfn, block >> PENDING_ORDER, mt, 0, 0,
	     EV_LOCKED | EV_AWAITED | (mt >= 0 ? EV_MT_KNOWN : 0));
	return 0;
}

static long report_pending_of(__u32 slot, __u64 *pfn)
{
	struct pending w = { .pfn = *pfn, .slot = slot, .zone = watched_zone(slot, *pfn) };

	bpf_loop(nr_pending(watched_at(slot, w.zone)), report_pending, &w, 0);
	return 0;
}

static __noinline int report_others(__u64 pfn)
{
	bpf_loop(stream_size.watched_mask + 1, report_pending_of, &pfn, 0);
	return 0;
}

/*
 * @pfn is being drained.  If this CPU's own list is not locked it is of another's, whose frees
 * find that one locked meanwhile.
 */
static __always_inline void report_passing(__u64 pfn)
{
	__u32 cpu = bpf_get_smp_processor_id();
	__u64 pcp;

	if (!watch_pcp_locks || nr_watched > MAX_DRAINED_CPUS)
		return;
	pcp = watched_at(cpu, watched_zone(cpu, pfn))->addr;
	if (pcp && !(__u32)pcp_word(pcp))
		report_others(pfn);
}

#endif /* FREES_BPF_H */
