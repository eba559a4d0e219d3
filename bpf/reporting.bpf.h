/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lists that free page reporting turns, where a balloon has it on.
 *
 * page_reporting_cycle @ 5.7+ takes unreported blocks of a list, up to 32 at a time, gives up the
 * lock, tells the hypervisor, and page_reporting_drain puts them back at the tail (of MOVABLE, if
 * __isolate_free_page made their pageblocks that).  It also turns a list so that its first
 * unreported block leads.  No tracepoint tells.
 *
 * Both show in what is last on the list: blocks of such orders enter at the head otherwise.  So
 * whoever reports anything inside the lock first reports what is new at the tails.  Where taking
 * and putting back have probes, a new tail is a turn.  Elsewhere each block that came to the tail
 * was put back.  What is out with the hypervisor at a moment does not show.
 *
 * To look costs more than all else that an event does.  So where the work of the kernel's that
 * reports (page_reporting_process) is seen to begin and end, tails are looked at from its
 * beginning until each zone whose tails it left changed was looked at.
 */
#ifndef REPORTING_BPF_H
#define REPORTING_BPF_H

#define MAX_RETURNED 64 /* blocks told of at once: two rounds of 32 */

const volatile bool reporting_probed; /* taking and putting back have probes */
const volatile __u64 reporting_work;  /* address of page_reporting_process; 0: look always */
__u32 reporting_runs;		      /* it is at work */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_TURNING);
	__type(key, __u32);
	__type(value, struct reported_zone);
} reported_zones SEC(".maps"); /* user space sets them */

static __always_inline struct reported_zone *reported_zone_at(__u32 i)
{
	return bpf_map_lookup_elem(&reported_zones, &i);
}

static __always_inline __u64 list_entry_at(__u64 entry, __u32 offset)
{
	__u64 other = 0;

	bpf_probe_read_kernel(&other, sizeof(other), (void *)(entry + offset));
	return other;
}

#define NEXT 0 /* in struct list_head */
#define PREV 8

static __always_inline __u64 entry_frame(__u64 entry)
{
	return page_pfn(entry - bpf_core_field_offset(struct page, lru));
}

#ifdef OLD_BPF
static __always_inline void report_returned(__u64 list, __u64 last, __u64 old, __u32 order,
					    __u32 mt)
{
	emit(EV_PUTBACK, entry_frame(last), order, mt, 0, 0, EV_HELD);
}
#else
struct returned {
	__u64 list, at, stop;
	__u32 order, mt;
};

/* Back to what was the tail; it may have left, and then nothing tells where to stop. */
static long find_returned(__u32 i, struct returned *r)
{
	__u64 before = list_entry_at(r->at, PREV);

	if (!before || before == r->list || before == r->stop)
		return 1;
	r->at = before;
	return 0;
}

static long emit_returned(__u32 i, struct returned *r)
{
	emit(EV_PUTBACK, entry_frame(r->at), r->order, r->mt, 0, 0, EV_HELD);
	if (r->at == r->stop)
		return 1;
	r->at = list_entry_at(r->at, NEXT);
	return !r->at || r->at == r->list;
}

static __always_inline void report_returned(__u64 list, __u64 last, __u64 old, __u32 order,
					    __u32 mt)
{
	struct returned r = { .list = list, .at = last, .stop = old, .order = order, .mt = mt };

	if (old)
		bpf_loop(MAX_RETURNED - 1, find_returned, &r, 0);
	r.stop = last;
	bpf_loop(MAX_RETURNED, emit_returned, &r, 0);
}
#endif

/* list_head of the free list @at = order * REPORTED_TYPES + migratetype of the zone. */
static __always_inline __u64 reported_list(const struct reported_zone *z, __u32 at)
{
	return z->zone + bpf_core_field_offset(struct zone, free_area) +
	       at / REPORTED_TYPES * free_area_size + 16 * (at % REPORTED_TYPES);
}

/* Not static: the verifier then looks at it once and not for each call. */
__noinline int report_tail(__u32 slot, __u32 order, __u32 mt, __u64 pfn)
{
	struct reported_zone *z = reported_zone_at(slot);
	__u32 at = order * REPORTED_TYPES + mt;
	__u64 list, last, old;

	barrier_var(at); /* or the bounds of the parts are all that is checked */
	if (!z || at >= MAX_ORDERS * REPORTED_TYPES || order >= MAX_ORDERS || mt >= REPORTED_TYPES)
		return 0;
	list = reported_list(z, at);
	last = list_entry_at(list, PREV);
	if (last && last != list && entry_frame(last) >> order == pfn >> order)
		last = list_entry_at(last, PREV); /* the block of the event itself */
	old = z->tail[at];
	if (!last || last == list || last == old)
		return 0;
	z->tail[at] = last;
	if (reporting_probed)
		emit(EV_ROTATE, entry_frame(last), order, 0, 0, 0, EV_ROTATE_TAIL);
	else
		report_returned(list, last, old, order, mt);
	return 0;
}

/* The zone of @z is being looked at after the work: is it the last that had to be? */
static __always_inline void looked_at_tails(struct reported_zone *z)
{
	struct reported_zone *other;
	__u32 slot;

	z->due = 0;
	for (slot = 0; slot < MAX_TURNING; slot++) {
		other = reported_zone_at(slot);
		if (!other || other->due)
			return;
	}
	tails_wanted = 0;
	barrier();
	if (reporting_runs) /* began meanwhile */
		tails_wanted = 1;
}

static __noinline int report_tails(__u64 pfn)
{
	struct reported_zone *z;
	__u32 slot, order, mt;

	for (slot = 0; slot < MAX_TURNING; slot++) {
		z = reported_zone_at(slot);
		if (!z || !z->zone)
			break;
		if (pfn < z->first_pfn || pfn >= z->end_pfn)
			continue;
		if (reporting_work && !reporting_runs)
			looked_at_tails(z);
		for (order = reporting_order; order < MAX_ORDERS; order++)
			for (mt = 0; mt < REPORTED_TYPES; mt++)
				report_tail(slot, order, mt, pfn);
		break;
	}
	return 0;
}

/* Outside the lock, so a hint only: whoever holds it next decides. */
static __always_inline bool tails_changed(const struct reported_zone *z)
{
	__u64 list, last;
	__u32 at;

	for (at = 0; at < MAX_ORDERS * REPORTED_TYPES; at++) {
		if (at < reporting_order * REPORTED_TYPES)
			continue;
		list = reported_list(z, at);
		last = list_entry_at(list, PREV);
		if (last && last != list && last != z->tail[at])
			return true;
	}
	return false;
}

static __noinline int reporting_begins(void)
{
	reporting_runs = 1;
	barrier();
	tails_wanted = 1;
	return 0;
}

static __noinline int reporting_ends(void)
{
	struct reported_zone *z;
	__u32 slot;

	for (slot = 0; slot < MAX_TURNING; slot++) {
		z = reported_zone_at(slot);
		if (!z || !z->zone)
			break;
		z->due = tails_changed(z);
	}
	barrier();
	reporting_runs = 0;
	return 0;
}

#endif /* REPORTING_BPF_H */
