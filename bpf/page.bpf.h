/* SPDX-License-Identifier: GPL-2.0-only */
/* From a struct page to its frame.  Whoever includes this declares vmemmap_base first. */
#ifndef PAGE_BPF_H
#define PAGE_BPF_H

static __always_inline __u64 page_pfn(__u64 page)
{
	__u64 offset = page - vmemmap_base;

	if (bpf_core_type_size(struct page) == 64)
		return offset >> 6;
	return offset / bpf_core_type_size(struct page);
}

#endif /* PAGE_BPF_H */
