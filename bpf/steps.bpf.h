/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The walks of freelist.bpf.h where BPF has neither bpf_loop nor "syscall" programs: raw
 * tracepoint programs that are attached to nothing and test-run (5.10), a number of steps each
 * time.  They leave snap.more set until the last; user space starts them with it clear.
 *
 * A walk from inside the lock, in one go, is not to be had this way.
 */
#ifndef STEPS_BPF_H
#define STEPS_BPF_H

#define STEPS 512 /* the verifier follows each */

struct {
	__u64 lists, head, pos;
	__u32 stride, group, nr; /* bytes between groups, lists in one, lists in all */
	__u32 list, at;		 /* list being walked, next free entry of snap_pages */
} steps;

static __always_inline void begin_list(void)
{
	__u32 i = steps.list;

	if (i >= steps.nr || i >= SNAP_MAX_LISTS || !steps.group) {
		snap.more = 0;
		return;
	}
	steps.head = steps.lists + (__u64)(i / steps.group) * steps.stride + 16 * (i % steps.group);
	snap.list[i].first = steps.at;
	snap.list[i].n = 0;
	if (bpf_probe_read_kernel(&steps.pos, sizeof(steps.pos), (void *)steps.head)) {
		snap.status = SNAP_FAULT;
		snap.more = 0;
	}
}

/* Note one block, or end a list.  False: there is nothing more to do now. */
static __always_inline bool step(void)
{
	__u32 at = steps.at, i = steps.list;
	__u64 *slot;

	if (steps.pos == steps.head) {
		steps.list = i + 1;
		begin_list();
		return snap.more;
	}
	slot = bpf_map_lookup_elem(&snap_pages, &at);
	if (!slot || i >= SNAP_MAX_LISTS) {
		snap.status = SNAP_FULL;
		snap.more = 0;
		return false;
	}
	*slot = page_pfn(steps.pos - bpf_core_field_offset(struct page, lru));
	steps.at = at + 1;
	snap.list[i].n = steps.at - snap.list[i].first;
	if (bpf_probe_read_kernel(&steps.pos, sizeof(steps.pos), (void *)steps.pos)) {
		snap.status = SNAP_FAULT;
		snap.more = 0;
	}
	return snap.more;
}

static __always_inline void begin_walk(__u64 lists, __u32 stride, __u32 group, __u32 nr)
{
	steps.lists = lists;
	steps.stride = stride;
	steps.group = group;
	steps.nr = nr;
	steps.list = steps.at = 0;
	snap.status = SNAP_OK;
	snap.more = 1;
	begin_list();
}

static __always_inline void walk_on(void)
{
	int i;

	for (i = 0; i < STEPS; i++)
		if (!step())
			break;
}

SNAP_PROGRAM
int snap_free_lists(void *ctx)
{
	struct zone *zone = (void *)snap.zone;

	if (!snap.more) {
		snap.before = stream_position();
		if (zone_locked(zone)) {
			snap.status = SNAP_BUSY;
			return 0;
		}
		begin_walk(snap.zone + bpf_core_field_offset(struct zone, free_area),
			   free_area_size, nr_mt, nr_orders * nr_mt);
	}
	if (snap.more)
		walk_on();
	if (snap.more)
		return 0;
	if (snap.status == SNAP_OK && zone_locked(zone))
		snap.status = SNAP_BUSY;
	else if (snap.status == SNAP_OK && steps.at)
		buddy_type = first_page_type();
	snap.after = stream_position();
	return 0;
}

static __always_inline void snapshot_in_lock(__u64 pfn)
{
}

/*
 * What turns a per-CPU pointer into this CPU's address, see freelist.bpf.h: without
 * bpf_map_lookup_percpu_elem the program must run on the CPU asked for.
 */
static __always_inline __u64 percpu_offset(void)
{
	struct bpf_array *array = (void *)number_of(&anchor);
	__u32 zero = 0;
	__u64 percpu = 0;
	void *addr;

	bpf_probe_read_kernel(&percpu, sizeof(percpu), &array->pptrs);
	addr = bpf_map_lookup_elem(&anchor, &zero);
	return addr ? number_of(addr) - percpu : 0;
}

/* per_cpu_pages of this CPU; up to 5.13 it is a member of per_cpu_pageset. */
static __always_inline struct per_cpu_pages *this_pcp(struct zone *zone, __u64 offset)
{
	struct zone___5_10 *old = (void *)zone;

	if (!bpf_core_field_exists(old->pageset))
		return (void *)BPF_CORE_READ(zone, per_cpu_pageset) + offset;
	return (void *)BPF_CORE_READ(old, pageset) + offset +
	       bpf_core_field_offset(struct per_cpu_pageset___5_10, pcp);
}

/* To be run on snap.cpu: with its interrupts off, as it is there, nothing changes these lists. */
SNAP_PROGRAM
int snap_pcp_lists(void *ctx)
{
	struct zone *zone = (void *)snap.zone;
	struct per_cpu_pages *pcp;
	__u64 offset;

	if (!snap.more) {
		snap.status = SNAP_FAULT;
		offset = percpu_offset();
		if (!offset || bpf_get_smp_processor_id() != snap.cpu)
			return 0;
		percpu_offsets[snap.cpu % WATCH_MAX_CPUS] = offset;
		pcp = this_pcp(zone, offset);
		snap.pcp.addr = (__u64)pcp;
		snap.pcp.count = BPF_CORE_READ(pcp, count);
		snap.pcp.high = BPF_CORE_READ(pcp, high);
		snap.pcp.batch = BPF_CORE_READ(pcp, batch);
		snap.pcp.high_min = snap.pcp.high_max = snap.pcp.free_count = -1;
		snap.pcp.alloc_factor = snap.pcp.flags = snap.pcp.free_factor = -1;
		snap.pcp.expire = snap.pcp.threshold = -1; /* not needed: no --requests there */
		begin_walk((__u64)pcp + bpf_core_field_offset(struct per_cpu_pages, lists), 0,
			   nr_pcp_lists, nr_pcp_lists);
	}
	if (snap.more)
		walk_on();
	return 0;
}

/* Types of snap.nr pageblocks from snap.first_pfn on into snap_pages; ~0 where not known. */
SNAP_PROGRAM
int snap_pageblocks(void *ctx)
{
	__u64 *slot;
	__u32 at;
	int i;

	if (!snap.more)
		steps.at = 0;
	snap.more = 1;
	for (i = 0; i < STEPS; i++) {
		at = steps.at;
		slot = bpf_map_lookup_elem(&snap_pages, &at);
		if (at >= snap.nr || !slot) {
			snap.more = 0;
			break;
		}
		*slot = pageblock_mt(snap.first_pfn + ((__u64)at << pageblock_shift));
		steps.at = at + 1;
	}
	return 0;
}

#endif /* STEPS_BPF_H */
