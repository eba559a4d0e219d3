/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What compactors hold, where no probe sees __isolate_free_page.
 *
 * The free scanner takes a block off its free list and appends it to the freepages of its
 * compact_control inside one hold of zone->lock.  So whoever reports anything inside the lock
 * first reports the blocks that are new there, and they come out in the order of the lock.  The
 * compactor itself reports at its own events, before it uses or gives back any.  After a fast
 * search that are none on kernels up to 6.2; but each page it uses frees the one it was moved
 * from, and what it took with that page is in its hands still.
 *
 * A block may be reported twice, or after a split in halves: it says that these frames are
 * held, not that they were taken just now.
 */
#ifndef HANDS_BPF_H
#define HANDS_BPF_H

#define MAX_HANDS 16 /* compactors at work at one time; what more of them take is not told */
#ifdef OLD_BPF
#define MAX_HELD 512 /* entries looked at on one list */
#else
#define MAX_HELD 4096 /* a pageblock holds fewer */
#endif

struct hands {
	__u64 cc;		  /* compact_control; 0: not in use */
	__u64 task;		  /* pid_tgid of its owner */
	__u64 first_pfn, end_pfn; /* of its zone */
	__u64 tail[16];		  /* last entry of each list as last seen */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_HANDS);
	__type(key, __u32);
	__type(value, struct hands);
} hands SEC(".maps");

__u32 nr_hands; /* compactors at work now */

static __always_inline struct hands *hands_at(__u32 slot)
{
	return bpf_map_lookup_elem(&hands, &slot);
}

struct held_walk {
	__u64 at, list, stop;
	__u64 first_pfn, end_pfn;
	__u64 order;
	__u64 by_private; /* the list holds all orders: page->private tells */
};

static __noinline long report_held(__u32 i, struct held_walk *w)
{
	__u64 page = w->at - bpf_core_field_offset(struct page, lru), pfn = page_pfn(page);
	__u64 order = w->order;

	if (!w->at || w->at == w->list || w->at == w->stop)
		return 1;
	if (w->by_private)
		bpf_probe_read_kernel(&order, sizeof(order),
				      (void *)(page + bpf_core_field_offset(struct page, private)));
	if (pfn >= w->first_pfn && pfn < w->end_pfn && order < MAX_ORDERS)
		emit(EV_ISOLATE, pfn, order, 0, 0, 0, EV_HELD);
	/* It may have been taken off the list a moment ago, with all before it. */
	return bpf_probe_read_kernel(&w->at, sizeof(w->at), (void *)(w->at + 8)) != 0;
}

/*
 * List @i of hands[@slot], which are @cc's: from the tail, where new blocks are, to what was the
 * tail.  Not static: the verifier then looks at it once and not for each call.
 */
__noinline int report_list(__u32 slot, __u64 cc, __u32 i)
{
	struct held_walk w = { .order = i };
	struct hands *h = hands_at(slot);
	__u64 tail;
	__u32 lists;

	if (!h)
		return 0;
	w.list = cc + held_lists(&lists) + 16 * i;
	w.stop = h->tail[i & 15];
	bpf_probe_read_kernel(&w.at, sizeof(w.at), (void *)(w.list + 8)); /* list_head.prev */
	if (w.at == w.stop || h->cc != cc) /* what was read is no list any more: it has ended */
		return 0;
	tail = w.at;
	w.first_pfn = h->first_pfn;
	w.end_pfn = h->end_pfn;
	w.by_private = lists == 1;
	REPEAT(MAX_HELD, report_held, &w);
	/* Not before: the owner may be preempted here, and others are to tell then. */
	h->tail[i & 15] = tail;
	return 0;
}

/* Of all compactors in the zone of @pfn, whose lock is held; or of @task alone if there is one. */
__noinline int report_hands(__u64 pfn, __u64 task)
{
	__u32 slot, i, lists;
	struct hands *h;
	__u64 cc;

	held_lists(&lists);
	for (slot = 0; slot < MAX_HANDS; slot++) {
		h = hands_at(slot);
		cc = h ? h->cc : 0;
		if (!h || !cc || (task ? h->task != task : pfn < h->first_pfn || pfn >= h->end_pfn))
			continue;
		for (i = 0; i < MAX_ORDERS && i < lists; i++)
			report_list(slot, cc, i);
	}
	return 0;
}

static __always_inline void report_own_hands(void)
{
	if (nr_hands)
		report_hands(0, bpf_get_current_pid_tgid());
}

/*
 * A block of one page is not in its hands any more when the compactor's first event after a
 * silent search comes.  But the page is in use then: mapped again (remove_migration_pte), or
 * the last in this CPU's batch for the LRU lists (folio_add_lru, __migrate_folio_move @ 6.1).
 */
const volatile __u64 lru_batches; /* per-CPU address of cpu_fbatches, lru_pvecs; 0: not known */

/* @pfn is in use.  It is told of if this task compacts its zone. */
static __noinline int report_used(__u64 pfn)
{
	__u64 task = bpf_get_current_pid_tgid();
	struct hands *h;
	__u32 slot;

	for (slot = 0; slot < MAX_HANDS; slot++) {
		h = hands_at(slot);
		if (!h || h->task != task || pfn < h->first_pfn || pfn >= h->end_pfn)
			continue;
		emit(EV_ISOLATE, pfn, 0, 0, 0, 0, EV_HELD);
		break;
	}
	return 0;
}

#define BATCH 15 /* PAGEVEC_SIZE */

/* The batch of this CPU at @addr: how many are in it, and what is in all of its places. */
static __always_inline __u8 read_batch(__u64 addr, __u64 *page)
{
	struct cpu_fbatches *batches = (void *)addr;
	struct lru_pvecs *old = (void *)addr;
	__u8 nr = 0;

	if (bpf_core_type_exists(struct cpu_fbatches)) {
		bpf_probe_read_kernel(&nr, sizeof(nr), &batches->lru_add.nr);
		bpf_probe_read_kernel(page, BATCH * sizeof(*page), &batches->lru_add.folios);
	} else if (bpf_core_type_exists(struct lru_pvecs)) { /* up to 5.17 */
		bpf_probe_read_kernel(&nr, sizeof(nr), &old->lru_add.nr);
		bpf_probe_read_kernel(page, BATCH * sizeof(*page), &old->lru_add.pages);
	}
	return nr;
}

static __noinline int report_moved(void)
{
	__u32 cpu = bpf_get_smp_processor_id() % WATCH_MAX_CPUS, last;
	__u64 pages[BATCH + 1] = {};
	struct page *page;
	__u8 nr;

	if (!lru_batches || !percpu_offsets[cpu])
		return 0;
	nr = read_batch(lru_batches + percpu_offsets[cpu], pages);
	last = nr ? nr - 1 :
		    BATCH - 1; /* a full batch was emptied, but what was in it is there to read */
	page = (void *)pages[last & 15];
	if (page && BPF_CORE_READ(page, _refcount.counter) > 0)
		report_used(page_pfn((__u64)page));
	return 0;
}

#ifdef OLD_BPF
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_HANDS);
	__type(key, __u32);
	__type(value, __u64);
} hands_taken SEC(".maps"); /* slots in use */
#endif

static __always_inline bool take_slot(__u32 slot, struct hands *h, __u64 task)
{
#ifdef OLD_BPF /* without the instruction: who adds the key has it */
	if (bpf_map_update_elem(&hands_taken, &slot, &task, BPF_NOEXIST))
		return false;
	h->task = task;
	return true;
#else
	return !__sync_val_compare_and_swap(&h->task, 0, task);
#endif
}

static __always_inline void give_slot(__u32 slot, struct hands *h)
{
	h->cc = 0;
	h->task = 0;
#ifdef OLD_BPF
	bpf_map_delete_elem(&hands_taken, &slot);
#endif
}

/* This task begins to compact; its lists are empty. */
static __always_inline int begin_hands(struct compact_control *cc)
{
	struct zone *zone = BPF_CORE_READ(cc, zone);
	struct hands *h;
	__u32 i;

	for (i = 0; i < MAX_HANDS; i++) {
		h = hands_at(i);
		if (!h)
			return 0;
		if (!take_slot(i, h, bpf_get_current_pid_tgid()))
			continue;
		turns_begin((
			__u64)zone); /* with a slot only: end_hands() takes it back with the slot */
		if (silent_search)
			report_near_tail(BPF_CORE_READ(zone, zone_start_pfn), NOT_IN_LOCK);
		__builtin_memset(h->tail, 0, sizeof(h->tail));
		h->first_pfn = BPF_CORE_READ(zone, zone_start_pfn);
		h->end_pfn = h->first_pfn + BPF_CORE_READ(zone, spanned_pages);
		h->cc = (__u64)cc;
		__sync_fetch_and_add(&nr_hands, 1);
		return 0;
	}
	return 0;
}

/* It ends: all was given back. */
static __always_inline int end_hands(__u64 task)
{
	struct compact_control *cc;
	struct hands *h;
	__u32 i;

	for (i = 0; i < MAX_HANDS; i++) {
		h = hands_at(i);
		if (!h)
			return 0;
		if (h->task != task || !h->cc)
			continue;
		cc = (void *)h->cc;
		turns_end((__u64)BPF_CORE_READ(cc, zone));
		give_slot(i, h);
		__sync_fetch_and_add(&nr_hands, -1);
		return 0;
	}
	return 0;
}

#ifndef OLD_BPF

/* (cc, zone start, zone end, sync) */
SEC("raw_tp/mm_compaction_begin")
int hands_begin(struct bpf_raw_tracepoint_args *ctx)
{
	return begin_hands((void *)ctx->args[0]);
}

/* (cc, zone start, zone end, sync, status) */
SEC("raw_tp/mm_compaction_end")
int hands_end(struct bpf_raw_tracepoint_args *ctx)
{
	return end_hands(bpf_get_current_pid_tgid());
}

#else

/*
 * Up to 5.19 mm_compaction_begin names no compact_control.  But that is a variable of whoever called
 * compact_zone (compact_zone_order, kcompactd_do_work, compact_node, proactive_compact_node @ 5.10),
 * so it lies on the stack of the same task, above the arguments of the tracepoint.  And it has just
 * been set up: both of its lists point to themselves and are counted as empty, its scanners stand
 * where the tracepoint says, in the zone that it says.  What is not just so is not taken for one.
 */
#define STACK_SIZE 16384 /* THREAD_SIZE without KASAN */
#define STACK_LOOK 512	 /* words */

static __always_inline bool is_empty_list(__u64 list)
{
	struct list_head head = {};

	bpf_probe_read_kernel(&head, sizeof(head), (void *)list);
	return (__u64)head.next == list && (__u64)head.prev == list;
}

/* Is what lies at @addr the compact_control of a run that begins with these scanners? */
__noinline int is_control(__u64 addr, __u64 migrate_pfn, __u64 free_pfn, __u64 zone_start,
			  __u64 zone_end)
{
	struct compact_control___6_1 *cc = (void *)addr;
	struct zone *zone;

	if (!is_empty_list(addr + bpf_core_field_offset(struct compact_control___6_1, freepages)) ||
	    !is_empty_list(addr +
			   bpf_core_field_offset(struct compact_control___6_1, migratepages)) ||
	    BPF_CORE_READ(cc, nr_freepages) || BPF_CORE_READ(cc, nr_migratepages) ||
	    BPF_CORE_READ(cc, migrate_pfn) != migrate_pfn ||
	    BPF_CORE_READ(cc, free_pfn) != free_pfn)
		return 0;
	zone = BPF_CORE_READ(cc, zone);
	return BPF_CORE_READ(zone, zone_start_pfn) == zone_start &&
	       zone_start + BPF_CORE_READ(zone, spanned_pages) == zone_end;
}

/* A pointer the verifier tracks, as a plain number; see number_of(), which an interrupt may disturb. */
static __always_inline __u64 address_of(void *ptr)
{
	__u64 addr = 0;

	bpf_probe_read_kernel(&addr, sizeof(addr), &ptr);
	return addr;
}

/* 0: it is not where it should be. */
static __always_inline __u64 find_control(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 stack = (__u64)CURRENT(stack), addr = address_of(ctx), word;
	__u64 list = bpf_core_field_offset(struct compact_control___6_1, freepages);
	int i;

	if (addr < stack || addr & 7)
		return 0;
	for (i = 0; i < STACK_LOOK; i++) {
		addr += 8;
		if (addr - stack >= STACK_SIZE ||
		    bpf_probe_read_kernel(&word, sizeof(word), (void *)addr))
			break;
		if (word == addr &&
		    is_control(addr - list, ctx->args[1], ctx->args[2], ctx->args[0], ctx->args[3]))
			return addr - list;
	}
	return 0;
}

/* (zone start, migrate scanner, free scanner, zone end, sync) */
SEC("raw_tp/mm_compaction_begin")
int hands_begin_5_10(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 cc = find_control(ctx);

	if (cc)
		return begin_hands((void *)cc);
	__sync_fetch_and_add(&nr_bad_layout, 1);
	return 0;
}

/* (zone start, migrate scanner, free scanner, zone end, sync, status) */
SEC("raw_tp/mm_compaction_end")
int hands_end_5_10(struct bpf_raw_tracepoint_args *ctx)
{
	return end_hands(bpf_get_current_pid_tgid());
}

#endif /* OLD_BPF */

#endif /* HANDS_BPF_H */
