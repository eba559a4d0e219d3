/* SPDX-License-Identifier: GPL-2.0-only */
/* Is a page free?  Its block says so (PageBuddy), and that changes inside the lock only. */
#ifndef BUDDY_BPF_H
#define BUDDY_BPF_H

/*
 * Without a site inside free_one_page: does this free find its pcp list locked?  Then its
 * trylock will fail (free_unref_page @ 6.1.y and later) and it goes straight to the buddy.
 * An interrupt that frees a batch of pages on top of a task that holds the lock does that.
 */
const volatile __u32 watch_pcp_locks; /* enum watch_mode */

extern void *bpf_rdonly_cast(const void *obj, __u32 type) __ksym __weak;

/* Is @pfn part of a free block of at least this order?  Inside the lock of its zone. */
static __always_inline bool in_buddy(__u64 pfn, __u32 order)
{
	struct page *page;
	__u64 head, private;
	__u32 type;

	for (; order < MAX_ORDERS; order++) {
		head = pfn >> order << order;
		page = (void *)(vmemmap_base + head * bpf_core_type_size(struct page));
#ifndef OLD_BPF
		if (watch_pcp_locks == WATCH_BY_CAST) {
			page = bpf_rdonly_cast(page, bpf_core_type_id_kernel(struct page));
			type = page->page_type;
			private = page->private;
		} else
#endif
		{
			type = BPF_CORE_READ(page, page_type);
			private = type == buddy_type ? BPF_CORE_READ(page, private) : 0;
		}
		if (type == buddy_type)
			return private >= order && private < MAX_ORDERS;
	}
	return false;
}

#endif /* BUDDY_BPF_H */
