/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel as buddyscope's probes see it: only the types and members that they
 * read, written by hand.  CO-RE relocates each access against the BTF of the
 * running kernel, so neither offsets nor the order of members mean anything here;
 * names and kinds of types do.  A member that some kernels lack is guarded by
 * bpf_core_field_exists() where it is read (bpf/compat.bpf.h).
 *
 * This file is the whole contract with the kernel's structs: keep it that way.
 */
#ifndef __VMLINUX_H__ /* the name by which libbpf knows the kernel's own register names */
#define __VMLINUX_H__

typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __s8 s8;
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;
typedef _Bool bool;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

enum { false = 0, true = 1 };

/* What libbpf's headers name. */
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_STACK_TRACE = 7,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
};

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_F_MMAPABLE = 1024,
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_PROD_POS = 3,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs { /* x86-64 */
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8;
	unsigned long ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};

struct list_head {
	struct list_head *next, *prev;
};

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	s64 counter;
} atomic64_t;

struct qspinlock {
	atomic_t val;
};

struct raw_spinlock {
	struct qspinlock raw_lock;
};

struct spinlock {
	struct raw_spinlock rlock;
};

struct page {
	struct list_head lru;
	unsigned long private; /* order of a free block while it is on a free list */
	unsigned int page_type;
	atomic_t _refcount;
};

struct page___5_10 {
	unsigned long index; /* set_pcppage_migratetype: the list a page was picked from */
};

struct free_area {
	struct list_head free_list[1]; /* per migratetype; the length comes from BTF */
	unsigned long nr_free;
};

struct per_cpu_pages {
	struct spinlock lock;
	int count;
	int high;
	int high_min;
	int high_max;
	int batch;
	u8 flags;
	u8 alloc_factor;
	u8 expire;
	short free_count;
	struct list_head lists[1];
};

struct timespec64 {
	long long tv_sec;
};

struct per_cpu_pageset___5_10 { /* up to 5.13 */
	struct per_cpu_pages pcp;
};

struct per_cpu_pages___6_1 {
	short free_factor;
	short expire;
};

struct per_cpu_zonestat {
	s8 vm_stat_diff[1];
	s8 stat_threshold;
};

enum zone_flags {
	ZONE_RECLAIM_ACTIVE = 1,
	ZONE_BELOW_HIGH,
};

enum zone_type {
	ZONE_DMA,
};

struct alloc_context {
	int migratetype;
	enum zone_type highest_zoneidx;
};

struct pglist_data;

struct zone {
	unsigned long _watermark[3];
	unsigned long watermark_boost;
	unsigned long nr_reserved_highatomic;
	long lowmem_reserve[1];
	struct pglist_data *zone_pgdat;
	struct per_cpu_pages *per_cpu_pageset;
	struct per_cpu_zonestat *per_cpu_zonestats;
	unsigned long zone_start_pfn;
	atomic64_t managed_pages;
	unsigned long spanned_pages;
	unsigned long present_pages;
	const char *name;
	unsigned long nr_isolate_pageblock;
	struct free_area free_area[1];
	unsigned long flags;
	struct spinlock lock;
};

struct zone___5_10 {
	struct per_cpu_pageset___5_10 *pageset;
};

struct pglist_data {
	struct zone node_zones[1];
	unsigned long node_start_pfn;
	int node_id;
};

struct mem_section_usage {
	unsigned long pageblock_flags[1];
};

struct mem_section {
	struct mem_section_usage *usage;
};

struct compact_control {
	struct zone *zone;
	int order;
	int migratetype;
	struct list_head freepages[1]; /* one an order; what the free scanner holds */
};

struct compact_control___6_1 { /* up to 6.9 */
	struct zone *zone;
	struct list_head freepages;
	struct list_head migratepages;
	unsigned int nr_freepages;
	unsigned int nr_migratepages;
	unsigned long free_pfn;
	unsigned long migrate_pfn;
};

struct work_struct {
	void (*func)(struct work_struct *work);
};

struct folio;

struct folio_batch {
	unsigned char nr;
	struct folio *folios[15];
};

struct cpu_fbatches {
	struct folio_batch lru_add;
};

struct pagevec {
	unsigned char nr;
	struct page *pages[15];
};

struct lru_pvecs { /* up to 5.17 */
	struct pagevec lru_add;
};

struct capture_control {
	struct compact_control *cc;
	struct page *page;
};

struct capture_control___7_2 { /* without cc: reclaim has one, too */
	int order;
};

struct bpf_array {
	void *pptrs[1]; /* of a per-CPU array map */
};

struct kthread {
	void *data;
};

struct task_struct {
	unsigned int flags;
	int pid;
	int tgid;
	char comm[16];
	void *worker_private; /* struct kthread of a kernel thread */
	void *set_child_tid;  /* the same up to 5.16 */
	struct capture_control *capture_control;
	void *stack;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	u64 session_id;
	u64 seq_num;
};

struct bpf_prog_aux {
	u32 id;
};

struct bpf_prog {
	int *active; /* of each CPU: it is running there */
	struct bpf_prog_aux *aux;
};

struct bpf_iter__bpf_prog {
	struct bpf_iter_meta *meta;
	struct bpf_prog *prog;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

struct bpf_raw_tracepoint_args { /* a context: the verifier knows it, BTF need not */
	__u64 args[0];
};

#endif /* __VMLINUX_H__ */
