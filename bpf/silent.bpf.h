/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Single pages that a silent search took, where no probe sees __isolate_free_page.
 *
 * Up to 6.2 no event follows a fast search (fast_isolate_freepages), and a block of one page is
 * in the hands of the compactor (hands.bpf.h) only until compaction_alloc hands it on, long before
 * the page it is for is freed.  In between its list, which was turned to where it stood, shows the
 * gap to whoever takes the next page.  The search goes from the tail towards the head and looks at
 * few entries.  So those are remembered, and when the tail has changed whoever reports anything
 * inside the lock first reports those of them that are free no more.
 *
 * A page that left in another way may be reported as well: what is said is that it is not free, and
 * of every other way there is a record already.
 */
#ifndef SILENT_BPF_H
#define SILENT_BPF_H

#define NEAR_TAIL 32 /* freelist_scan_limit() >> 1 is up to 16; the first search goes deeper */

struct near_tail {
	__u64 pfn[NEAR_TAIL]; /* single MOVABLE pages, the last on the list first; 0 is none */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_TURNING); /* as those of `turning` */
	__type(key, __u32);
	__type(value, struct near_tail);
} near_tails SEC(".maps");

struct near_walk {
	__u64 at, list;
	__u64 pfn, taken; /* see report_arrivals() */
	__u32 slot;
};

#define NOT_IN_LOCK (~0ULL) /* for taken: nothing can be told */

static __noinline long look_near_tail(__u32 i, struct near_walk *w)
{
	__u32 slot = w->slot;
	struct near_tail *near = bpf_map_lookup_elem(&near_tails, &slot);
	struct turning *t = turning_at(slot);
	__u64 was, now = 0;

	if (!near || !t)
		return 1;
	if (w->at && w->at != w->list) {
		now = page_pfn(w->at - bpf_core_field_offset(struct page, lru));
		w->at = before_on_list(w->at);
	}
	was = near->pfn[i % NEAR_TAIL];
	near->pfn[i % NEAR_TAIL] = now;
	if (was >= t->first_pfn && was < t->end_pfn && was - w->pfn >= w->taken &&
	    !in_buddy(was, 0))
		emit(EV_ISOLATE, was, 0, 0, 0, 0, EV_HELD);
	return 0;
}

/* @pfn is of the zone; @taken as in report_arrivals(), or NOT_IN_LOCK. */
static __noinline int report_near_tail(__u64 pfn, __u64 taken)
{
	struct near_walk w = { .pfn = pfn, .taken = taken, .slot = turning_slot(pfn) };
	struct turning *t = turning_at(w.slot);
	struct near_tail *near;
	__u64 last = 0;

	near = bpf_map_lookup_elem(&near_tails, &w.slot);
	if (!t || !near)
		return 0;
	w.list = t->zone + bpf_core_field_offset(struct zone, free_area) + 16 * mt_movable;
	w.at = before_on_list(w.list);
	if (w.at && w.at != w.list)
		last = page_pfn(w.at - bpf_core_field_offset(struct page, lru));
	if (last != near->pfn[0] || taken == NOT_IN_LOCK)
		REPEAT(NEAR_TAIL, look_near_tail, &w);
	return 0;
}

#endif /* SILENT_BPF_H */
