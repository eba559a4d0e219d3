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

#define MAX_AWAITED 256	     /* more are told as before: announced, not seen arriving */
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

/* False: there is no room, or nothing to know it by when it arrives. */
static __noinline int await_free(__u64 pfn, __u64 order)
{
	struct awaited *a;
	__u32 i, slot;

	if (!buddy_type)
		return 0;
	for (i = 0; i < MAX_AWAITED; i++) {
		slot = i; /* its address is taken */
		a = bpf_map_lookup_elem(&awaited, &slot);
		if (!a)
			return 0;
		if (a->state || __sync_val_compare_and_swap(&a->state, SLOT_EMPTY, SLOT_HELD))
			continue;
		a->pfn = pfn;
		a->order = order;
		a->zone = watched_zone(0, pfn)->first_pfn;
		a->since = stream_head;
		barrier();
		a->state = SLOT_FULL;
		__sync_fetch_and_add(&nr_awaited, 1);
		__sync_fetch_and_add(&nr_unseen, 1);
		return 1;
	}
	return 0;
}

/* Is @pfn part of a free block of at least this order?  Inside the lock of its zone. */
static __always_inline bool in_buddy(__u64 pfn, __u32 order)
{
	__u64 head, page, private;
	__u32 type;

	for (; order < MAX_ORDERS; order++) {
		head = pfn >> order << order;
		page = vmemmap_base + head * bpf_core_type_size(struct page);
		type = 0;
		private = 0;
		bpf_probe_read_kernel(
			&type, sizeof(type),
			(void *)(page + bpf_core_field_offset(struct page, page_type)));
		if (type != buddy_type)
			continue;
		bpf_probe_read_kernel(&private, sizeof(private),
				      (void *)(page + bpf_core_field_offset(struct page, private)));
		return private >= order && private < MAX_ORDERS;
	}
	return false;
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

#endif /* FREES_BPF_H */
