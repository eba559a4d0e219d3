/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every difference between kernels that the probes must bridge, one function each.
 *
 * Where a kernel's BPF lacks what no relocation can stand in for, the programs are compiled a second
 * time, with OLD_BPF: instructions (atomics that fetch, 5.12), helpers (bpf_loop, 5.17;
 * bpf_map_lookup_percpu_elem, 5.19) and kinds of programs ("syscall", 5.14).
 */
#ifndef COMPAT_BPF_H
#define COMPAT_BPF_H

#define PF_KTHREAD 0x00200000
#define PAGE_SECTION_SHIFT 15 /* SECTION_SIZE_BITS - PAGE_SHIFT on x86-64 */

const volatile __u64 mem_section_addr; /* 0: not known on this host, types are not read */
const volatile __u32 mem_sections_per_root = 256;
const volatile __u32 pageblock_shift = 9; /* pageblock_order */
const volatile __u32 pageblock_bits = 4;  /* bits of a pageblock: 4, or 8 from 6.17 */
const volatile __u32 mt_isolate = 4;
const volatile __u32 mt_movable = 1;
const volatile bool captures_movable = true; /* compaction_capture() knows cc->migratetype */

/* A member of the current task; bpf_get_current_task_btf came with 5.11. */
#ifdef OLD_BPF
#define CURRENT(member) BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), member)
#else
#define CURRENT(member) (bpf_get_current_task_btf()->member)
#endif

/*
 * Call @step(0), @step(1), ... with @ctx until it says that it is done, @n times at most, which is a
 * constant.  Without the helper the verifier follows each, so they had better be few; and @step must
 * not be inlined, for up to 5.10 at least it takes a loop only if a jump closes it (check_cfg).
 */
#ifdef OLD_BPF
#define REPEAT(n, step, ctx)                                                                       \
	do {                                                                                       \
		__u32 i_;                                                                          \
                                                                                                   \
		for (i_ = 0; i_ < (n) && !step(i_, ctx); i_++)                                     \
			;                                                                          \
	} while (0)
#else
#define REPEAT(n, step, ctx) bpf_loop(n, step, ctx, 0)
#endif

/*
 * The next number of a sequence that all CPUs share.  Without an atomic that gives back the old
 * value two of them may come by the same one: the later one's entry is seen.
 */
static __always_inline __u64 next_number(__u64 *numbers)
{
#ifdef OLD_BPF
	__u64 number = *(volatile __u64 *)numbers;

	__sync_fetch_and_add(numbers, 1);
	return number;
#else
	return __sync_fetch_and_add(numbers, 1);
#endif
}

static __always_inline __u64 current_tgid(void)
{
	return (__u32)CURRENT(tgid);
}

/* mem_section[] is SPARSEMEM_EXTREME's array of roots; `usage` holds the pageblock bits. */
static __always_inline struct mem_section_usage *section_usage(__u64 pfn)
{
	__u64 section = pfn >> PAGE_SECTION_SHIFT;
	struct mem_section_usage *usage = 0;
	struct mem_section *root = 0;
	__u64 roots = 0;

	if (!mem_section_addr)
		return 0;
	bpf_probe_read_kernel(&roots, sizeof(roots), (void *)mem_section_addr);
	if (!roots)
		return 0;
	bpf_probe_read_kernel(&root, sizeof(root),
			      (void *)(roots + 8 * (section / mem_sections_per_root)));
	if (!root)
		return 0;
	root = (void *)root +
	       (section % mem_sections_per_root) * bpf_core_type_size(struct mem_section);
	bpf_probe_read_kernel(&usage, sizeof(usage), &root->usage);
	return usage;
}

/* The bits of a pageblock, and what is above them; -1 where they cannot be found. */
static __always_inline __s64 pageblock_flags(__u64 pfn)
{
	struct mem_section_usage *usage = section_usage(pfn);
	__u64 bit =
		((pfn & ((1ULL << PAGE_SECTION_SHIFT) - 1)) >> pageblock_shift) * pageblock_bits;
	__u64 word = 0;

	if (!usage)
		return -1;
	bpf_probe_read_kernel(&word, sizeof(word),
			      (void *)&usage->pageblock_flags + 8 * (bit / 64));
	return word >> bit % 64 & 0xff;
}

/*
 * get_pfnblock_migratetype: three bits of the pageblock; from 6.17 on a fifth one says
 * isolated and leaves the type alone.  Returns -1 where the bits cannot be found.
 */
static __always_inline int pageblock_mt(__u64 pfn)
{
	__s64 flags = pageblock_flags(pfn);

	if (flags < 0)
		return -1;
	if (pageblock_bits == 8 && flags & 0x10)
		return mt_isolate;
	return flags & 7;
}

/* From 7.2 on direct reclaim captures as compaction does. */
static __always_inline bool reclaim_captures(void)
{
	return bpf_core_field_exists(struct capture_control___7_2, order);
}

/* Order + 1 of the capture that took the block with @pfn just now, or 0. */
static __always_inline unsigned int captured(__u64 pfn)
{
	struct capture_control *capc = CURRENT(capture_control);
	struct compact_control *cc = 0;
	__u64 page = 0;
	int order = 0;

	if (!capc)
		return 0;
	bpf_probe_read_kernel(&page, sizeof(page), &capc->page);
	if (!page)
		return 0;
	if (reclaim_captures()) {
		order = BPF_CORE_READ((struct capture_control___7_2 *)capc, order);
	} else {
		bpf_probe_read_kernel(&cc, sizeof(cc), &capc->cc);
		bpf_probe_read_kernel(&order, sizeof(order), &cc->order);
	}
	if (order < 0 || order > 10 || page_pfn(page) >> order != pfn >> order)
		return 0;
	return order + 1;
}

/*
 * The same, asked before the block is merged: compaction_capture @ 6.1 takes what reaches
 * cc->order in cc->zone, but no CMA or isolated page, and below pageblock order no
 * MOVABLE one unless the request is MOVABLE; @ 5.10 none at all.
 */
static __always_inline unsigned int will_capture(__u64 zone, int mt)
{
	struct capture_control *capc = CURRENT(capture_control);
	struct compact_control *cc = 0;
	__u64 page = 0, cc_zone = 0;
	int order = 0, cc_mt = 0;

	if (!capc || CURRENT(flags) & PF_KTHREAD || !bpf_core_field_exists(capc->cc))
		return 0;
	bpf_probe_read_kernel(&page, sizeof(page), &capc->page);
	bpf_probe_read_kernel(&cc, sizeof(cc), &capc->cc);
	bpf_probe_read_kernel(&cc_zone, sizeof(cc_zone), &cc->zone);
	if (page || cc_zone != zone)
		return 0;
	bpf_probe_read_kernel(&order, sizeof(order), &cc->order);
	bpf_probe_read_kernel(&cc_mt, sizeof(cc_mt), &cc->migratetype);
	if (order < 0 || order > 10 || mt == (int)mt_isolate)
		return 0;
	if (order < (int)pageblock_shift && mt == (int)mt_movable &&
	    (cc_mt != (int)mt_movable || !captures_movable))
		return 0;
	return order + 1;
}

/* Offset of compact_control.freepages, and how many lists it is. */
static __always_inline __u64 held_lists(__u32 *lists)
{
	if (bpf_core_field_exists(struct compact_control___6_1, freepages)) {
		*lists = 1; /* page->private has the order */
		return bpf_core_field_offset(struct compact_control___6_1, freepages);
	}
	*lists = bpf_core_field_size(struct compact_control, freepages) / sizeof(struct list_head);
	return bpf_core_field_offset(struct compact_control, freepages);
}

#endif /* COMPAT_BPF_H */
