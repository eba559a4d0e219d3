/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lists that compaction turns without a word.
 *
 * fast_isolate_freepages @ 5.1+ turns a MOVABLE list also when it finds nothing on it.  The one
 * function it calls inside the lock is the unlock, too hot a place for a probe.  But a turn
 * shows in what is last on the list, which neither a pick nor a free at the head changes.  So
 * while a compactor is at work (in compaction_alloc() where that can be probed), and until the
 * lock was next held after it, whoever reports anything inside the lock first reports the tails
 * that are new.
 *
 * A turn most often takes the last block to the head.  If that block came without a look at the tail,
 * what is last then is what was told before, and the turn does not show.  So whoever changes tails
 * looks behind that (see_tails()), or where no probe is behind it, lets the next one tell of whatever is
 * last (forget_tails()).  While nobody compacts nobody looks: who begins tells apart what has changed.
 */
#ifndef TURNS_BPF_H
#define TURNS_BPF_H

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_TURNING);
	__type(key, __u32);
	__type(value, struct turning);
} turning SEC(".maps");

const volatile bool watch_turns;   /* the sites that tell of compaction are attached */
const volatile bool silent_search; /* up to 6.2: no mm_compaction_fast_isolate_freepages */
__u32 nr_unseen; /* zones that were compacted, reclaim that captures, frees under way */

/* Without either there is nothing to ask for inside the lock, and that is the common case. */
static __always_inline bool unseen(void)
{
	return nr_unseen || !watch_turns || (reporting_order < MAX_ORDERS && tails_wanted);
}

static __always_inline struct turning *turning_at(__u32 i)
{
	return bpf_map_lookup_elem(&turning, &i);
}

/* Make an entry that is not in use the one of the zone at @addr. */
static __always_inline void claim_turning(struct turning *t, __u64 addr)
{
#ifdef OLD_BPF /* without the instruction: user space gave each zone its entry, see probe_add_zone() */
	if (t->zone == addr)
		nr_unseen = 1;
#else
	struct zone *zone = (void *)addr;

	if (__sync_val_compare_and_swap(&t->zone, 0, addr))
		return;
	t->first_pfn = BPF_CORE_READ(zone, zone_start_pfn);
	t->end_pfn = t->first_pfn + BPF_CORE_READ(zone, spanned_pages);
	__sync_fetch_and_add(&nr_unseen, 1);
#endif
}

static __always_inline __u64 before_on_list(__u64 entry)
{
	__u64 prev = 0;

	bpf_probe_read_kernel(&prev, sizeof(prev), (void *)(entry + 8)); /* list_head.prev */
	return prev;
}

static __always_inline __u64 turned_list(const struct turning *t, __u32 order)
{
	return t->zone + bpf_core_field_offset(struct zone, free_area) + order * free_area_size +
	       16 * mt_movable;
}

enum tail_look {
	TAIL_SEEN,   /* inside the lock: whoever changed it tells */
	TAIL_DOUBT,  /* outside: it may change any time */
	TAIL_FORGET, /* inside the lock: it is about to change */
};

/*
 * Look at what is last on the lists of orders from @from on, and say nothing.  Not static: the verifier
 * then looks at it once and not for each call.
 */
__noinline int look_at_tails(__u32 slot, __u32 how, __u32 from)
{
	struct turning *t = turning_at(slot);
	__u64 last;
	__u32 i;

	if (!t)
		return 0;
	for (i = 0; i < MAX_ORDERS; i++) {
		if (i < from)
			continue;
		last = how == TAIL_FORGET ? 0 : before_on_list(turned_list(t, i));
		if (how != TAIL_DOUBT)
			t->tail[i] = last;
		else if (last != t->tail[i])
			t->tail[i] = 0;
	}
	return 0;
}

static __noinline int turns_begin(__u64 addr)
{
	struct turning *t;
	__u32 i;

	for (i = 0; i < MAX_TURNING; i++) {
		t = turning_at(i);
		if (!t)
			return 0;
		claim_turning(t, addr);
		if (t->zone != addr)
			continue;
		__sync_fetch_and_add(&t->compactors, 1);
		look_at_tails(i, TAIL_DOUBT, 0); /* whoever changes one from here on looks at it */
		__sync_fetch_and_add(&t->begun, 1); /* last: see report_turns() */
		break;
	}
	return 0; /* past the last: the turns of more zones than expected show as misses */
}

static __noinline int turns_end(__u64 addr)
{
	struct turning *t;
	__u32 i;

	for (i = 0; i < MAX_TURNING; i++) {
		t = turning_at(i);
		if (t && t->zone == addr)
			__sync_fetch_and_add(&t->compactors, -1);
	}
	return 0;
}

/* Of the zone that @pfn is of; MAX_TURNING if no compactor was ever at work there. */
static __always_inline __u32 turning_slot(__u64 pfn)
{
	struct turning *t;
	__u32 i;

	for (i = 0; i < MAX_TURNING; i++) {
		t = turning_at(i);
		if (!t || !t->zone)
			break;
		if (pfn >= t->first_pfn && pfn < t->end_pfn)
			return i;
	}
	return MAX_TURNING;
}

#define NO_BLOCK (~0ULL)

/*
 * @pfn is of the zone whose lock is held, @inserted of the block that was inserted just now: where that
 * is the last one, a turn shows in what was the last before it.
 */
static __noinline int report_turns_but(__u64 pfn, __u64 inserted)
{
	struct turning *t = turning_at(turning_slot(pfn));
	__u64 list, last, old, frame;
	__u32 i, begun;

	if (!t)
		return 0;
	/* Read first: whoever begins from here on has yet to be looked for. */
	begun = *(volatile __u32 *)&t->begun;
	if (!*(volatile __u32 *)&t->compactors) {
		if (t->seen == begun)
			return 0;
		t->seen = begun;
	}
	for (i = 0; i < MAX_ORDERS; i++) {
		list = turned_list(t, i);
		last = before_on_list(list);
		old = t->tail[i];
		if (!last || last == list || last == old)
			continue;
		t->tail[i] = last;
		frame = page_pfn(last - bpf_core_field_offset(struct page, lru));
		if (frame >> i == inserted >> i) {
			last = before_on_list(last);
			if (!last || last == list || last == old)
				continue;
			frame = page_pfn(last - bpf_core_field_offset(struct page, lru));
		}
		emit(EV_ROTATE, frame, i, 0, 0, 0, EV_ROTATE_TAIL);
	}
	return 0;
}

/* @pfn is of the zone whose lock is held, and of the block that was inserted just now, if one was. */
static __always_inline void report_turns(__u64 pfn)
{
	report_turns_but(pfn, pfn);
}

/* The same ahead of a change, when what is last may be a block that the change begins with. */
static __always_inline void report_turns_ahead(__u64 pfn)
{
	report_turns_but(pfn, NO_BLOCK);
}

/* What was changed in the lock of @pfn's zone is told of by this CPU. */
static __always_inline void see_tails(__u64 pfn)
{
	look_at_tails(turning_slot(pfn), TAIL_SEEN, 0);
}

/* Lists of orders from @from on are about to change, and nothing tells when that is done. */
static __always_inline void forget_tails(__u64 pfn, __u32 from)
{
	look_at_tails(turning_slot(pfn), TAIL_FORGET, from);
}

/* @pfn, a free block of @order, is about to be made the last one on its list, as is told. */
static __noinline int see_turned(__u64 pfn, __u64 order)
{
	struct turning *t = turning_at(turning_slot(pfn));

	if (t && order < MAX_ORDERS)
		t->tail[order] = vmemmap_base + pfn * bpf_core_type_size(struct page) +
				 bpf_core_field_offset(struct page, lru);
	return 0;
}

/*
 * Where this CPU is in a fallback of 6.1, or in an isolation of later kernels, which moves blocks to
 * the tail of their new list before the events that tell of it: until the pick, a tail is no sign of a
 * turn.
 */
enum { NOT_STEALING, STEALING, STOLEN };

const volatile bool moves_first; /* the kernel is such a one: up to 6.9 */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} steal_state SEC(".maps");

static __always_inline __u32 stealing(void)
{
	__u32 zero = 0, *state = bpf_map_lookup_elem(&steal_state, &zero);

	return state ? *state : NOT_STEALING;
}

static __always_inline void set_stealing(__u32 value)
{
	__u32 zero = 0, *state = bpf_map_lookup_elem(&steal_state, &zero);

	if (state)
		*state = value;
}

#endif /* TURNS_BPF_H */
