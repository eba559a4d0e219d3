/* SPDX-License-Identifier: GPL-2.0-only */
#pragma GCC diagnostic ignored "-Wunknown-pragmas" /* of clang, in vmlinux.h */
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#define OLD_BPF
#include "vmlinux.h"

#include "bpf/event.h"
#include "kernel.h"

#include "tests/bpf/mock.h"

/* ---- the programs ---- */

__u64 vmemmap_base;
__u64 nr_bad_layout;
static __u32 buddy_type = 0xf0;
static const __u32 reporting_order = 11, tails_wanted, free_area_size = sizeof(struct free_area);

#include "bpf/page.bpf.h"
#include "bpf/compat.bpf.h"
#include "bpf/snap.h"
__u64 percpu_offsets[WATCH_MAX_CPUS];
#include "bpf/turns.bpf.h"
#include "bpf/buddy.bpf.h"
#include "bpf/silent.bpf.h"
#include "bpf/hands.bpf.h"

/* ---- what the programs look at ---- */

static char stack[KERNEL_STACK] __attribute__((aligned(16)));
static struct page pages[KERNEL_PAGES];
static union {
	struct zone zone;
	char room[sizeof(struct zone) + MAX_ORDERS * sizeof(struct free_area) + 64];
} memory;
static struct zone other_zone;
void kernel_reset(void)
{
	struct turning *t;

	mock_reset();
	memset(stack, 0x5a, sizeof(stack));
	memset(pages, 0, sizeof(pages));
	memset(&memory, 0, sizeof(memory));
	nr_bad_layout = 0;
	nr_hands = 0;
	vmemmap_base = (__u64)pages;
	*(bool *)&silent_search = true;
	memory.zone.zone_start_pfn = other_zone.zone_start_pfn = 1;
	memory.zone.spanned_pages = KERNEL_PAGES - 1;
	other_zone.spanned_pages = 7;
	readable[0].at = stack;
	readable[0].len = sizeof(stack);
	readable[1].at = (char *)pages;
	readable[1].len = sizeof(pages);
	readable[2].at = (char *)&memory;
	readable[2].len = sizeof(memory);
	readable[3].at = (char *)&current_task;
	readable[3].len = sizeof(current_task);
	current_task.stack = stack;
	t = turning_at(0);
	t->zone = (__u64)&memory;
	t->first_pfn = 1;
	t->end_pfn = KERNEL_PAGES;
	kernel_list(0, 0);
}

uint64_t kernel_stack(void)
{
	return (__u64)stack;
}

static void set_list(struct list_head *list, bool empty)
{
	list->next = empty ? list : 0;
	list->prev = list;
}

void kernel_put_control(const struct kernel_control *from)
{
	struct compact_control___6_1 *cc = (void *)from->addr;

	memset(cc, 0, sizeof(*cc));
	set_list(&cc->freepages, from->freepages);
	set_list(&cc->migratepages, from->migratepages);
	cc->nr_freepages = from->nr_freepages;
	cc->nr_migratepages = from->nr_migratepages;
	cc->migrate_pfn = from->migrate_pfn;
	cc->free_pfn = from->free_pfn;
	cc->zone = from->zone ? &memory.zone : &other_zone;
}

static struct bpf_raw_tracepoint_args *arguments(__u64 at, __u64 migrate_pfn, __u64 free_pfn)
{
	static __u64 elsewhere[5];
	__u64 *args = at ? (__u64 *)at : elsewhere;

	args[0] = 1;
	args[1] = migrate_pfn;
	args[2] = free_pfn;
	args[3] = KERNEL_PAGES;
	args[4] = 1;
	return (void *)args;
}

void kernel_compaction_begin(unsigned int pid, uint64_t args, uint64_t migrate_pfn,
			     uint64_t free_pfn)
{
	current_pid = pid;
	hands_begin_5_10(arguments(args, migrate_pfn, free_pfn));
}

void kernel_compaction_end(unsigned int pid)
{
	current_pid = pid;
	hands_end_5_10(arguments(0, 1, 1));
}

void kernel_list(size_t n, const uint64_t *pfn)
{
	struct list_head *head = &memory.zone.free_area[0].free_list[0] + mt_movable, *last = head,
			 *at;
	size_t i;

	for (i = 0; i < n; i++) {
		at = &pages[pfn[i]].lru;
		last->next = at;
		at->prev = last;
		last = at;
		kernel_set_free(pfn[i], 0);
	}
	last->next = head;
	head->prev = last;
}

void kernel_set_free(uint64_t pfn, int order)
{
	pages[pfn].page_type = order < 0 ? 0xffffffff : buddy_type;
	pages[pfn].private = order < 0 ? 0 : order;
	pages[pfn]._refcount.counter = order < 0;
}

void kernel_in_lock(uint64_t pfn, uint64_t taken)
{
	report_near_tail(pfn, taken);
}

void kernel_search(bool begins)
{
	(begins ? turns_begin : turns_end)((__u64)&memory);
}

void kernel_changes(uint64_t pfn, enum kernel_change change)
{
	switch (change) {
	case KERNEL_DRAINED:
		report_turns(pfn);
		break;
	case KERNEL_AHEAD:
		report_turns_ahead(pfn);
		break;
	case KERNEL_DONE:
		see_tails(pfn);
		break;
	case KERNEL_TO_COME:
		forget_tails(pfn, 0);
		break;
	}
}

uint64_t kernel_compactor(unsigned int slot)
{
	return hands_at(slot)->cc;
}

uint32_t kernel_compactors(void)
{
	return turning_at(0)->compactors;
}

uint64_t kernel_not_found(void)
{
	return nr_bad_layout;
}

size_t kernel_events(const struct kernel_event **ev)
{
	*ev = events;
	return nr_events;
}
