/* SPDX-License-Identifier: GPL-2.0-only */
#pragma GCC diagnostic ignored "-Wunknown-pragmas" /* of clang, in vmlinux.h */
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#include "vmlinux.h"

#include "bpf/event.h"
#include "frees.h"
#include "tests/bpf/mock.h"

#define barrier() __asm__ volatile("" ::: "memory")
#define barrier_var(var) __asm__ volatile("" : "+r"(var))

static __u64 vmemmap_base, stream_head;
static __u32 nr_unseen, buddy_type = 0xf0;

#include "bpf/page.bpf.h"
#include "bpf/compat.bpf.h"
#include "bpf/snap.h"

static struct watched_cpu stream[1]; /* what lies behind it */
static struct {
	bool watch_quickly;
	__u32 watched_mask;
	__u64 watched_offset;
} stream_size;

#include "bpf/buddy.bpf.h"
#include "bpf/frees.bpf.h"

void *bpf_rdonly_cast(const void *obj, __u32 type)
{
	__asm__ volatile("" : "+r"(obj) : : "memory"); /* it is read as another type next */
	return (void *)obj;
}

static struct page pages[FREES_PAGES];
static struct per_cpu_pages pcp;
static struct list_head elsewhere_list; /* no page is next to it */

void frees_reset(void)
{
	mock_reset();
	memset(pages, 0, sizeof(pages));
	memset(&pcp, 0, sizeof(pcp));
	readable[0].at = (char *)pages;
	readable[0].len = sizeof(pages);
	readable[1].at = (char *)&pcp;
	readable[1].len = sizeof(pcp);
	for (int i = 0; i < FREES_PAGES; i++)
		pages[i].lru.next = &elsewhere_list;
	vmemmap_base = (__u64)pages;
	nr_awaited = nr_unseen = 0;
	*(__u32 *)&watch_pcp_locks = WATCH_BY_HELPER;
	*(bool *)&frees_runs = true;
	stream_size.watch_quickly = false;
	memset(stream, 0, sizeof(stream));
	stream[0].zone[0] = (struct watched_pcp){ .first_pfn = 1, .addr = (__u64)&pcp };
}

void frees_watch(bool quickly)
{
	*(__u32 *)&watch_pcp_locks = quickly ? WATCH_BY_CAST : WATCH_BY_HELPER;
	*(bool *)&frees_runs = false;
	stream_size.watch_quickly = quickly;
}

void frees_lock(bool locked)
{
	pcp.lock.rlock.raw_lock.val.counter = locked;
}

void frees_count(int count)
{
	pcp.count = count;
}

void frees_free(uint64_t pfn)
{
	pages[pfn]._refcount.counter = 0;
	if (stream_size.watch_quickly)
		note_page(pfn, 0);
	else
		note_pending(pfn, 0, 0);
}

void frees_free_block(uint64_t pfn, int order)
{
	pages[pfn]._refcount.counter = 0;
	note_pending(pfn, order, 0);
}

void frees_set_free(uint64_t pfn, int order)
{
	pages[pfn].page_type = order < 0 ? 0xffffffff : buddy_type;
	pages[pfn].private = order < 0 ? 0 : order;
	pages[pfn]._refcount.counter = order < 0;
}

void frees_in_lock(void)
{
	report_arrivals(FREES_PAGES - 1, 1);
}

size_t frees_events(const struct kernel_event **ev)
{
	*ev = events;
	return nr_events;
}
