/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading the allocator's state: nodes, zones, free lists in order, pcp lists and
 * pageblock types.  User space runs these programs one by one (BPF_PROG_RUN); results
 * lie in the global `snap` and in the mapped array snap_pages.
 *
 * Lists change while they are walked.  A walk is good if zone->lock was free at both
 * ends and the stream holds no list event of the zone in between; tools/snapshot.c
 * judges that.  Where a zone never rests, snapshot_in_lock() walks from inside a drain,
 * with the lock held.
 */
#ifndef FREELIST_BPF_H
#define FREELIST_BPF_H

#include "snap.h"

#ifdef OLD_BPF
#define SNAP_PROGRAM SEC("raw_tp")
#else
#define SNAP_PROGRAM SEC("syscall")
#endif

#define MAX_WALK (1 << 23) /* BPF_MAX_LOOPS */

const volatile __u32 nr_orders = 11;
const volatile __u32 nr_mt = 5;
const volatile __u32 nr_pcp_lists = 14;
const volatile __u32 nr_lowmem_reserve = 5;
const volatile __u32 free_area_size = 88;

const volatile __u32 reporting_order = MAX_ORDERS; /* of the smallest blocks reported; none */

__u32 tails_wanted = 1; /* where free blocks are reported; bpf/reporting.bpf.h says for how long */

static __noinline int report_tails(__u64 pfn);

/* As report_turns(): @pfn is of the zone whose lock is held, and of what was inserted just now. */
static __always_inline void report_reporting(__u64 pfn)
{
	if (reporting_order < MAX_ORDERS && tails_wanted)
		report_tails(pfn);
}

struct snap snap;
__u32 buddy_type; /* page_type of the first page of a free block; 0: not known yet */

/* Only its address matters: see percpu_offset(). */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} anchor SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1 << 16); /* set before load */
	__type(key, __u32);
	__type(value, __u64);
} snap_pages SEC(".maps");

/* A pointer the verifier tracks, as a plain number. */
static __always_inline __u64 number_of(void *ptr)
{
	volatile __u64 *slot;
	__u32 zero = 0;

	slot = bpf_map_lookup_elem(&anchor, &zero);
	if (!slot)
		return 0;
	*slot = (__u64)ptr;
	return *slot;
}

static __always_inline bool zone_locked(struct zone *zone)
{
	return BPF_CORE_READ(zone, lock.rlock.raw_lock.val.counter) != 0;
}

/* page_type of the first block that a walk of free lists found. */
static __always_inline __u32 first_page_type(void)
{
	__u32 zero = 0, type = 0;
	__u64 *pfn = bpf_map_lookup_elem(&snap_pages, &zero);
	struct page *page;

	if (pfn) {
		page = (void *)(vmemmap_base + *pfn * bpf_core_type_size(struct page));
		type = BPF_CORE_READ(page, page_type);
	}
	return type;
}

__u64 percpu_offsets[WATCH_MAX_CPUS]; /* of each CPU that snap_pcp_lists() was run for; or 0 */

#ifdef OLD_BPF
#include "steps.bpf.h"
#else

struct walk {
	__u64 lists; /* address of the first list head */
	__u64 head;  /* list being walked */
	__u64 pos;
	__u32 stride; /* from one group of lists to the next, bytes */
	__u32 group;  /* lists in a group */
	__u32 at;     /* next free entry of snap_pages */
	__u32 status; /* enum snap_status */
};

static long walk_entry(__u32 i, struct walk *w)
{
	__u32 at = w->at;
	__u64 *slot;

	if (w->pos == w->head)
		return 1;
	slot = bpf_map_lookup_elem(&snap_pages, &at);
	if (!slot) {
		w->status = SNAP_FULL;
		return 1;
	}
	*slot = page_pfn(w->pos - bpf_core_field_offset(struct page, lru));
	w->at = at + 1;
	if (bpf_probe_read_kernel(&w->pos, sizeof(w->pos), (void *)w->pos)) {
		w->status = SNAP_FAULT;
		return 1;
	}
	return 0;
}

static long walk_list(__u32 i, struct walk *w)
{
	if (i >= SNAP_MAX_LISTS || !w->group)
		return 1;
	w->head = w->lists + (__u64)(i / w->group) * w->stride + 16 * (i % w->group);
	if (bpf_probe_read_kernel(&w->pos, sizeof(w->pos), (void *)w->head)) {
		w->status = SNAP_FAULT;
		return 1;
	}
	snap.list[i].first = w->at;
	bpf_loop(MAX_WALK, walk_entry, w, 0);
	snap.list[i].n = w->at - snap.list[i].first;
	return w->status != SNAP_OK;
}

static __always_inline void walk_zone(__u64 addr)
{
	struct walk w = {
		.lists = addr + bpf_core_field_offset(struct zone, free_area),
		.stride = free_area_size,
		.group = nr_mt,
	};

	bpf_loop(nr_orders * nr_mt, walk_list, &w, 0);
	snap.status = w.status;
	snap.nr_walked = w.at;
}

/* Walk the free lists of the zone at snap.zone. */
SNAP_PROGRAM
int snap_free_lists(void *ctx)
{
	struct zone *zone = (void *)snap.zone;
	__u32 type;

	report_reporting(BPF_CORE_READ(zone, zone_start_pfn));
	snap.before = stream_position();
	if (zone_locked(zone)) {
		snap.status = SNAP_BUSY;
		return 0;
	}
	walk_zone(snap.zone);
	type = snap.nr_walked ? first_page_type() : 0;
	if (snap.status == SNAP_OK && zone_locked(zone))
		snap.status = SNAP_BUSY;
	else if (snap.status == SNAP_OK && type)
		buddy_type = type;
	snap.after = stream_position();
	return 0;
}

/* In mm_page_pcpu_drain, hence in zone->lock: do the walk that user space asked for. */
static __always_inline void snapshot_in_lock(__u64 pfn)
{
	if (!snap.want_in_lock || pfn < snap.first_pfn || pfn >= snap.end_pfn)
		return;
	if (__sync_val_compare_and_swap(&snap.want_in_lock, 1, 0) != 1)
		return;
	walk_zone(snap.zone);
	if (snap.nr_walked)
		buddy_type = first_page_type();
	snap.before = snap.after = stream_position();
	snap.done_in_lock = 1;
}

/*
 * What turns a per-CPU pointer into that CPU's address.  A map of our own tells without any
 * symbol: its per-CPU pointer lies in struct bpf_array, its address comes from a helper.
 */
static __always_inline __u64 percpu_offset(__u32 cpu)
{
	struct bpf_array *array = (void *)number_of(&anchor);
	__u32 zero = 0;
	__u64 percpu = 0;
	void *addr;

	bpf_probe_read_kernel(&percpu, sizeof(percpu), &array->pptrs);
	addr = bpf_map_lookup_percpu_elem(&anchor, &zero, cpu);
	return addr ? number_of(addr) - percpu : 0;
}

/* What a CPU keeps to itself of a zone, besides pages. */
static __always_inline void read_counters(struct zone *zone, struct per_cpu_pages *pcp,
					  __u64 offset)
{
	struct per_cpu_zonestat *stat = (void *)BPF_CORE_READ(zone, per_cpu_zonestats) + offset;
	struct per_cpu_pages___6_1 *old = (void *)pcp;

	snap.pcp.count = BPF_CORE_READ(pcp, count);
	snap.pcp.high = BPF_CORE_READ(pcp, high);
	snap.pcp.batch = BPF_CORE_READ(pcp, batch);
	snap.pcp.high_min = snap.pcp.high_max = snap.pcp.free_count = -1;
	snap.pcp.alloc_factor = snap.pcp.flags = snap.pcp.free_factor = -1;
	if (bpf_core_field_exists(old->free_factor)) {
		snap.pcp.free_factor = BPF_CORE_READ(old, free_factor);
		snap.pcp.expire = BPF_CORE_READ(old, expire);
	} else {
		snap.pcp.high_min = BPF_CORE_READ(pcp, high_min);
		snap.pcp.high_max = BPF_CORE_READ(pcp, high_max);
		snap.pcp.free_count = BPF_CORE_READ(pcp, free_count);
		snap.pcp.alloc_factor = BPF_CORE_READ(pcp, alloc_factor);
		snap.pcp.flags = BPF_CORE_READ(pcp, flags);
		snap.pcp.expire = BPF_CORE_READ(pcp, expire);
	}
	snap.pcp.delta = BPF_CORE_READ(stat, vm_stat_diff[0]); /* NR_FREE_PAGES is the first */
	snap.pcp.threshold = BPF_CORE_READ(stat, stat_threshold);
}

/* Walk the lists of snap.cpu's per_cpu_pages of the zone at snap.zone. */
SNAP_PROGRAM
int snap_pcp_lists(void *ctx)
{
	struct zone *zone = (void *)snap.zone;
	__u64 offset = percpu_offset(snap.cpu);
	struct per_cpu_pages *pcp;
	struct walk w = { .stride = 0 };

	snap.status = SNAP_FAULT;
	if (!offset)
		return 0;
	percpu_offsets[snap.cpu % WATCH_MAX_CPUS] = offset;
	pcp = (void *)BPF_CORE_READ(zone, per_cpu_pageset) + offset;
	snap.pcp.addr = (__u64)pcp;
	snap.before = stream_position();
	read_counters(zone, pcp, offset);
	w.lists = (__u64)pcp + bpf_core_field_offset(struct per_cpu_pages, lists);
	w.group = nr_pcp_lists;
	bpf_loop(nr_pcp_lists, walk_list, &w, 0);
	snap.status = w.status;
	snap.after = stream_position();
	return 0;
}

static long read_block(__u32 i, void *ctx)
{
	__u64 *slot = bpf_map_lookup_elem(&snap_pages, &i);

	if (!slot)
		return 1;
	*slot = pageblock_mt(snap.first_pfn + ((__u64)i << pageblock_shift));
	return 0;
}

/* Types of snap.nr pageblocks from snap.first_pfn on into snap_pages; ~0 where not known. */
SNAP_PROGRAM
int snap_pageblocks(void *ctx)
{
	bpf_loop(snap.nr, read_block, 0, 0);
	return 0;
}

#endif /* OLD_BPF */

/* Describe zone number snap.index of the node at snap.node in snap.zone_info. */
SNAP_PROGRAM
int snap_describe_zone(void *ctx)
{
	struct pglist_data *node = (void *)snap.node;
	struct snap_zone *out = &snap.zone_info;
	struct zone *zone;
	const char *name;

	zone = (void *)node + bpf_core_field_offset(node->node_zones) +
	       (__u64)snap.index * bpf_core_type_size(struct zone);
	out->addr = (__u64)zone;
	out->node = BPF_CORE_READ(node, node_id);
	out->start_pfn = BPF_CORE_READ(zone, zone_start_pfn);
	out->spanned = BPF_CORE_READ(zone, spanned_pages);
	out->present = BPF_CORE_READ(zone, present_pages);
	out->managed = BPF_CORE_READ(zone, managed_pages.counter);
	out->wmark[0] = BPF_CORE_READ(zone, _watermark[0]);
	out->wmark[1] = BPF_CORE_READ(zone, _watermark[1]);
	out->wmark[2] = BPF_CORE_READ(zone, _watermark[2]);
	out->boost = BPF_CORE_READ(zone, watermark_boost);
	out->nr_reserved_highatomic = BPF_CORE_READ(zone, nr_reserved_highatomic);
	bpf_probe_read_kernel(out->lowmem_reserve,
			      nr_lowmem_reserve * sizeof(long) & (sizeof(out->lowmem_reserve) - 1),
			      (void *)zone + bpf_core_field_offset(zone->lowmem_reserve));
	name = BPF_CORE_READ(zone, name);
	bpf_probe_read_kernel_str(out->name, sizeof(out->name), name);
	return 0;
}

/*
 * Nodes without a symbol: each has a kswapd, and kthread_run() gave it the pglist_data as
 * its argument.  Writes the addresses to the reader of the iterator.
 */
SEC("iter/task")
int find_nodes(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	static const char kswapd[] = "kswapd";
	struct kthread *kthread;
	char comm[16];
	__u64 node;
	__u32 i;

	if (!task || !(task->flags & PF_KTHREAD))
		return 0;
	BPF_CORE_READ_INTO(&comm, task, comm);
	for (i = 0; i < sizeof(kswapd) - 1; i++) /* bpf_strncmp came with 5.17 */
		if (comm[i] != kswapd[i])
			return 0;
	if (bpf_core_field_exists(task->worker_private))
		kthread = BPF_CORE_READ(task, worker_private);
	else
		kthread = BPF_CORE_READ(task, set_child_tid); /* to_kthread @ up to 5.16 */
	node = (__u64)BPF_CORE_READ(kthread, data);
	bpf_seq_write(ctx->meta->seq, &node, sizeof(node));
	return 0;
}

#endif /* FREELIST_BPF_H */
