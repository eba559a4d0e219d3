/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the counting programs leave in memory that user space maps; fixed widths, no includes.
 * Nothing of it is a stream: it is read whenever a sample is taken, and may be missed.
 */
#ifndef BPF_COUNT_H
#define BPF_COUNT_H

#define COUNT_ORDERS 16	   /* 11 are in use: a mask is cheaper than a comparison */
#define COUNT_TYPES 8	   /* the kernel's migratetypes */
#define COUNT_ZONES 32	   /* told apart in what per-cpu lists take and give */
#define COUNT_CPU_SHIFT 12 /* log2 of the size of struct count_cpu */
#define COUNT_MAX_CPUS 8192
#define COUNT_COSTLY 3 /* PAGE_ALLOC_COSTLY_ORDER */

/* Index of an order and a migratetype. */
#define COUNT_KEY(order, mt) (((order) | (mt) << 4) & (COUNT_ORDERS * COUNT_TYPES - 1))

/*
 * Of one CPU, written by it alone, and each member by one program: a program does not nest in
 * itself, so that no addition is lost.
 */
struct count_cpu {
	__u64 allocs[COUNT_ORDERS * COUNT_TYPES]; /* blocks that reached a caller, by COUNT_KEY */
	__u64 picks[COUNT_ORDERS * COUNT_TYPES];  /* blocks off a free list, by COUNT_KEY */
	__u64 drains[COUNT_ORDERS], refills[COUNT_ORDERS]; /* blocks */
	struct {
		__u64 refilled, drained; /* pages */
	} zone[COUNT_ZONES];
	__u64 failed; /* requests that got nothing */
	__u64 pad[2048 / 8 - 2 * COUNT_ORDERS - 2 * COUNT_ZONES - 1];
};

_Static_assert(sizeof(struct count_cpu) == 1 << COUNT_CPU_SHIFT, "a shift is cheap");

/*
 * Who asked is looked at for each block of an order above COUNT_COSTLY; of a smaller one for the
 * first COUNT_FIRST of its order and type on a CPU, then for each COUNT_EACH-th, which stands for
 * so many.  From where, which costs a walk of the stack: likewise of all orders, but for each
 * COUNT_EACH_STACK-th; movable blocks up to COUNT_COSTLY are left out.
 */
#define COUNT_FIRST 64
#define COUNT_EACH 64
#define COUNT_EACH_STACK 1024

/* Rare events, all CPUs together. */
enum count_rare {
	RARE_RECLAIMS,
	RARE_RECLAIMED,
	RARE_COMPACTIONS,
	RARE_RUNS,
	RARE_DONE,
	RARE_SCANNED,
	RARE_MOVED,
	RARE_KSWAPD,
	RARE_OOM,
	RARE_STACKS_FULL, /* blocks whose stack found no room */
	NR_RARE
};

/* enum source_stall_kind of tools/source.h */
#define COUNT_RECLAIM 0
#define COUNT_COMPACT 1
#define COUNT_KCOMPACTD 2

#define COUNT_BUCKETS 20
#define COUNT_NR_STALLS 512

struct count_stall {
	__u64 seq; /* its number + 1, written last; 0 is none yet */
	__u64 ts, ns;
	__u64 scanned, taken, moved, reclaimed;
	__u32 pid, cpu;
	__s32 order; /* -1: not known */
	__u32 kind, status, done;
};

struct count_fallbacks {
	/* By claim (not known, no, yes), type wanted, type taken, order of the block taken. */
	__u64 n[3][COUNT_TYPES][COUNT_TYPES][COUNT_ORDERS];
};

struct count_histogram {
	/* By kind, order + 1, outcome, log2 of us. */
	__u64 n[3][COUNT_ORDERS][2][COUNT_BUCKETS];
};

struct count_process {
	char comm[16];
	__u64 allocs, pages, unmovable, high;
	__u64 stalls, stall_ns;
	__u32 max_order, pad;
};

#define COUNT_NR_PROCESSES 4096 /* who did nothing for longest is forgotten */
#define COUNT_NR_STACKS 2048
#define COUNT_DEPTH 32

struct count_stack_key {
	__s32 id;
	__u32 key; /* COUNT_KEY */
};

struct count_stack {
	__u64 blocks;
};

#endif /* BPF_COUNT_H */
