/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For a live view without a stream: what the page allocator does is counted where it happens,
 * in memory of each CPU, and user space looks at the sums once in a while.  Tracepoints alone, so
 * that it works on every kernel that can be recorded.
 *
 * What runs for each allocation is a handful of instructions, and nothing for a free: the kernel
 * counts those itself (pgfree in /proc/vmstat), and to get into a program costs more than what
 * such a program does.  Who it was and from where is asked for few (bpf/count.h says which).
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "count.h"

const volatile __u64 vmemmap_base; /* where struct page 0 would be */

#include "page.bpf.h"
#include "compat.bpf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 cpu_mask; /* CPUs, a power of two, less 1 */
const volatile __u64
	zone_page[COUNT_ZONES];	  /* struct page of each zone's first frame, highest first */
const volatile bool knows_refill; /* zone_locked has its fourth argument */
const volatile bool want_stacks;
const volatile bool reclaim_gfp_first;

__u64 rare[NR_RARE];
__u64 nr_stalls;
struct count_fallbacks fallbacks;
struct count_histogram histogram;
struct count_stall stalls[COUNT_NR_STALLS];

/* It comes last and is cut to size before load, as tools/probe_count.c asserts. */
extern struct count_cpu cpus[COUNT_MAX_CPUS];

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, COUNT_NR_PROCESSES);
	__type(key, __u32); /* tgid */
	__type(value, struct count_process);
} processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, COUNT_NR_STACKS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, COUNT_DEPTH * sizeof(__u64));
} traces SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2 * COUNT_NR_STACKS);
	__type(key, struct count_stack_key);
	__type(value, struct count_stack);
} stacks SEC(".maps");

#define RAW_TP(event) SEC("raw_tp/" #event) int count_##event(struct bpf_raw_tracepoint_args *ctx)

/* COUNT_KEY(), with the mask where 6.1's verifier sees it: it loses bounds in an or. */
static __always_inline __u64 count_key(__u64 order, __u64 mt)
{
	__u64 key = order | mt << 4;

	barrier_var(key);
	return key & (COUNT_ORDERS * COUNT_TYPES - 1);
}

static __always_inline struct count_cpu *this_cpu(void)
{
	return &cpus[bpf_get_smp_processor_id() & cpu_mask];
}

/* Index of the zone that a struct page lies in. */
static __always_inline __u32 zone_of(__u64 page)
{
	__u32 z;

	for (z = 0; z < COUNT_ZONES - 1 && page < zone_page[z]; z++)
		;
	return z;
}

/* ---- who and from where ---- */

static __noinline struct count_process *this_process(void)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct count_process *p = bpf_map_lookup_elem(&processes, &tgid);
	struct count_process new = {};

	if (p)
		return p;
	bpf_get_current_comm(new.comm, sizeof(new.comm));
	bpf_map_update_elem(&processes, &tgid, &new, BPF_NOEXIST);
	return bpf_map_lookup_elem(&processes, &tgid);
}

static __always_inline void count_stack(struct bpf_raw_tracepoint_args *ctx, __u32 key,
					__u64 blocks)
{
	struct count_stack_key at = { .key = key };
	struct count_stack new = {}, *stack;

	at.id = bpf_get_stackid(ctx, &traces, 0);
	stack = bpf_map_lookup_elem(&stacks, &at);
	if (!stack && at.id >= 0) {
		bpf_map_update_elem(&stacks, &at, &new, BPF_NOEXIST);
		stack = bpf_map_lookup_elem(&stacks, &at);
	}
	__sync_fetch_and_add(stack ? &stack->blocks : &rare[RARE_STACKS_FULL], blocks);
}

/* The @n-th block of its order and type on this CPU. */
static __noinline int look_closer(struct bpf_raw_tracepoint_args *ctx, __u64 n)
{
	__u64 order = ctx->args[1], mt = ctx->args[3], first = n <= COUNT_FIRST, stands_for;
	struct count_process *p;

	if (order >= COUNT_ORDERS)
		return 0;
	stands_for = first || order > COUNT_COSTLY ? 1 : COUNT_EACH;
	p = this_process();
	if (p) {
		__sync_fetch_and_add(&p->allocs, stands_for);
		__sync_fetch_and_add(&p->pages, stands_for << order);
		if (mt != mt_movable)
			__sync_fetch_and_add(&p->unmovable, stands_for << order);
		if (order > COUNT_COSTLY)
			__sync_fetch_and_add(&p->high, 1);
		if (order > p->max_order)
			p->max_order = order;
	}
	if (want_stacks && (order > COUNT_COSTLY || mt != mt_movable) &&
	    (first || !(n & (COUNT_EACH_STACK - 1))))
		count_stack(ctx, count_key(order, mt), first ? 1 : COUNT_EACH_STACK);
	return 0;
}

/* ---- pages ---- */

/* (page, order, gfp, migratetype); page is NULL when the request failed */
RAW_TP(mm_page_alloc)
{
	struct count_cpu *c = this_cpu();
	__u64 order = ctx->args[1], n;

	if (!ctx->args[0]) {
		c->failed++;
		return 0;
	}
	n = ++c->allocs[count_key(order, ctx->args[3])];
	if (!(n & (COUNT_EACH - 1)) || n <= COUNT_FIRST || order > COUNT_COSTLY)
		look_closer(ctx, n);
	return 0;
}

/* (page, order, migratetype, percpu_refill); 5.10 has no fourth argument */
RAW_TP(mm_page_alloc_zone_locked)
{
	struct count_cpu *c = this_cpu();
	__u64 order = ctx->args[1] & (COUNT_ORDERS - 1);

	if (!ctx->args[0])
		return 0;
	c->picks[count_key(order, ctx->args[2])]++;
	if (knows_refill && ctx->args[3]) {
		c->refills[order]++;
		c->zone[zone_of(ctx->args[0])].refilled += 1ULL << order;
	}
	return 0;
}

/* (page, order, migratetype) */
RAW_TP(mm_page_pcpu_drain)
{
	struct count_cpu *c = this_cpu();
	__u64 order = ctx->args[1] & (COUNT_ORDERS - 1);

	c->drains[order]++;
	c->zone[zone_of(ctx->args[0])].drained += 1ULL << order;
	return 0;
}

/* (page, alloc order, fallback order, alloc migratetype, fallback migratetype) */
RAW_TP(mm_page_alloc_extfrag)
{
	__u64 wanted = ctx->args[3];
	int now = pageblock_mt(page_pfn(ctx->args[0]));
	__u32 claim = now < 0 ? 0 : now == (int)wanted ? 2 : 1;

	__sync_fetch_and_add(
		&fallbacks.n[claim][wanted & (COUNT_TYPES - 1)][ctx->args[4] & (COUNT_TYPES - 1)]
			    [ctx->args[2] & (COUNT_ORDERS - 1)],
		1);
	return 0;
}

/* ---- the slow path ---- */

struct stalling {
	__u64 ts;
	__u64 scanned, taken, moved;
	__s32 order;
	__u32 kind;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH); /* an end that is not seen takes its room no longer */
	__uint(max_entries, 4096);
	__type(key, __u64); /* thread << 1 | it compacts */
	__type(value, struct stalling);
} stalling SEC(".maps");

static __always_inline __u64 stall_key(bool compacts)
{
	return (__u64)(__u32)bpf_get_current_pid_tgid() << 1 | compacts;
}

static __always_inline void stall_begin(bool compacts, __u32 kind, __s32 order)
{
	struct stalling s = { .ts = bpf_ktime_get_ns(), .order = order, .kind = kind };
	__u64 key = stall_key(compacts);

	bpf_map_update_elem(&stalling, &key, &s, BPF_ANY);
}

/* Bucket i holds [2^i, 2^(i + 1)) us, 0 also less, the last also more. */
static __always_inline __u32 bucket_of(__u64 ns)
{
	__u64 us = ns / 1000;
	__u32 i;

	for (i = 0; i < COUNT_BUCKETS - 1 && us > 1; i++)
		us >>= 1;
	return i;
}

static __always_inline void stall_end(bool compacts, __u32 status, bool done, __u64 reclaimed)
{
	__u64 key = stall_key(compacts), now = bpf_ktime_get_ns(), n;
	struct stalling *s = bpf_map_lookup_elem(&stalling, &key);
	struct count_process *p;
	struct count_stall *to;

	if (!s)
		return;
	n = next_number(&nr_stalls);
	to = &stalls[n & (COUNT_NR_STALLS - 1)];
	to->seq = 0;
	to->ts = s->ts;
	to->ns = now - s->ts;
	to->scanned = s->scanned;
	to->taken = s->taken;
	to->moved = s->moved;
	to->reclaimed = reclaimed;
	to->pid = bpf_get_current_pid_tgid() >> 32;
	to->cpu = bpf_get_smp_processor_id();
	to->order = s->order;
	to->kind = s->kind;
	to->status = status;
	to->done = done;
	barrier();
	to->seq = n + 1;
	if (s->kind <= COUNT_KCOMPACTD && s->order >= -1 && s->order < COUNT_ORDERS - 1)
		__sync_fetch_and_add(
			&histogram.n[s->kind][s->order + 1][done][bucket_of(now - s->ts)], 1);
	p = s->kind == COUNT_KCOMPACTD ? 0 : this_process();
	if (p) {
		__sync_fetch_and_add(&p->stalls, 1);
		__sync_fetch_and_add(&p->stall_ns, now - s->ts);
	}
	bpf_map_delete_elem(&stalling, &key);
}

static __always_inline struct stalling *this_run(void)
{
	__u64 key = stall_key(true);

	return bpf_map_lookup_elem(&stalling, &key);
}

static __always_inline void count_rare(enum count_rare what, __u64 n)
{
	__sync_fetch_and_add(&rare[what], n);
}

/* (order, gfp); (gfp, order, memcg) from 7.1 */
RAW_TP(mm_vmscan_direct_reclaim_begin)
{
	count_rare(RARE_RECLAIMS, 1);
	stall_begin(false, COUNT_RECLAIM, reclaim_gfp_first ? ctx->args[1] : ctx->args[0]);
	return 0;
}

/* (nr_reclaimed) */
RAW_TP(mm_vmscan_direct_reclaim_end)
{
	count_rare(RARE_RECLAIMED, ctx->args[0]);
	stall_end(false, 0, ctx->args[0] > 0, ctx->args[0]);
	return 0;
}

/* (nid, zone index, order) */
RAW_TP(mm_vmscan_kswapd_wake)
{
	count_rare(RARE_KSWAPD, 1);
	return 0;
}

/* (order, gfp, priority) */
RAW_TP(mm_compaction_try_to_compact_pages)
{
	count_rare(RARE_COMPACTIONS, 1);
	return 0;
}

/* (cc, zone start, zone end, sync); an order of -1 compacts a whole zone for no request */
RAW_TP(mm_compaction_begin)
{
	struct compact_control *cc = (void *)ctx->args[0];
	int order = BPF_CORE_READ(cc, order);
	bool direct = order >= 0 && !(CURRENT(flags) & PF_KTHREAD);

	count_rare(RARE_RUNS, 1);
	stall_begin(true, direct ? COUNT_COMPACT : COUNT_KCOMPACTD, direct ? order : -1);
	return 0;
}

#define COMPACT_SUCCESS 8 /* enum compact_result @ 4.8+ */

/* (cc, zone start, zone end, sync, status) */
RAW_TP(mm_compaction_end)
{
	bool done = ctx->args[4] == COMPACT_SUCCESS;

	count_rare(RARE_DONE, done);
	stall_end(true, ctx->args[4], done, 0);
	return 0;
}

static __always_inline void free_scanner(__u64 scanned, __u64 taken)
{
	struct stalling *s = this_run();

	count_rare(RARE_SCANNED, scanned);
	if (s) {
		s->scanned += scanned;
		s->taken += taken;
	}
}

/* (start, end, scanned, taken) */
RAW_TP(mm_compaction_isolate_freepages)
{
	free_scanner(ctx->args[2], ctx->args[3]);
	return 0;
}

/* (lowest frame wanted, start of the block scan, list entries looked at, taken) @ 6.12+ */
RAW_TP(mm_compaction_fast_isolate_freepages)
{
	free_scanner(ctx->args[2], ctx->args[3]);
	return 0;
}

/* (start, end, scanned, taken) */
RAW_TP(mm_compaction_isolate_migratepages)
{
	struct stalling *s = this_run();

	count_rare(RARE_MOVED, ctx->args[3]);
	if (s)
		s->moved += ctx->args[3];
	return 0;
}

/* (task, uid) */
RAW_TP(mark_victim)
{
	count_rare(RARE_OOM, 1);
	return 0;
}

struct count_cpu cpus[COUNT_MAX_CPUS]; /* the last one */
