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

#define MAX_HANDS 16  /* compactors at work at one time; what more of them take is not told */
#define MAX_HELD 4096 /* entries looked at on one list; a pageblock holds fewer */

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

static long report_held(__u32 i, struct held_walk *w)
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
	bpf_loop(MAX_HELD, report_held, &w, 0);
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
const volatile __u64 lru_batches; /* per-CPU address of cpu_fbatches; 0: not known */

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

static __noinline int report_moved(void)
{
	__u32 cpu = bpf_get_smp_processor_id() % WATCH_MAX_CPUS;
	struct cpu_fbatches *batches = (void *)(lru_batches + percpu_offsets[cpu]);
	__u64 folio[16] = {};
	__u32 last = 14; /* a full batch was emptied, but what was in it is there to read */
	struct page *page;
	__u8 nr = 0;

	if (!lru_batches || !percpu_offsets[cpu] || !bpf_core_type_exists(struct cpu_fbatches))
		return 0;
	bpf_probe_read_kernel(&nr, sizeof(nr), &batches->lru_add.nr);
	bpf_probe_read_kernel(folio, 15 * sizeof(folio[0]), &batches->lru_add.folios);
	if (nr)
		last = nr - 1;
	page = (void *)folio[last & 15];
	if (page && BPF_CORE_READ(page, _refcount.counter) > 0)
		report_used(page_pfn((__u64)page));
	return 0;
}

/* (cc, zone start, zone end, sync): its lists are empty */
SEC("raw_tp/mm_compaction_begin")
int hands_begin(struct bpf_raw_tracepoint_args *ctx)
{
	struct compact_control *cc = (void *)ctx->args[0];
	struct zone *zone = BPF_CORE_READ(cc, zone);
	struct hands *h;
	__u32 i;

	turns_begin((__u64)zone);
	if (silent_search)
		report_near_tail(BPF_CORE_READ(zone, zone_start_pfn), NOT_IN_LOCK);
	for (i = 0; i < MAX_HANDS; i++) {
		h = hands_at(i);
		if (!h)
			return 0;
		if (__sync_val_compare_and_swap(&h->task, 0, bpf_get_current_pid_tgid()))
			continue;
		__builtin_memset(h->tail, 0, sizeof(h->tail));
		h->first_pfn = BPF_CORE_READ(zone, zone_start_pfn);
		h->end_pfn = h->first_pfn + BPF_CORE_READ(zone, spanned_pages);
		h->cc = (__u64)cc;
		__sync_fetch_and_add(&nr_hands, 1);
		return 0;
	}
	return 0;
}

/* (cc, zone start, zone end, sync, status): all was given back */
SEC("raw_tp/mm_compaction_end")
int hands_end(struct bpf_raw_tracepoint_args *ctx)
{
	struct compact_control *cc = (void *)ctx->args[0];
	struct hands *h;
	__u32 i;

	turns_end((__u64)BPF_CORE_READ(cc, zone));
	for (i = 0; i < MAX_HANDS; i++) {
		h = hands_at(i);
		if (!h)
			return 0;
		if (h->cc != (__u64)cc)
			continue;
		h->cc = 0;
		h->task = 0;
		__sync_fetch_and_add(&nr_hands, -1);
		return 0;
	}
	return 0;
}

#endif /* HANDS_BPF_H */
