/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs of bpf/ as functions of this process: what they call is stood in for, and what they
 * read is memory that the test lays out.
 */
#ifndef TESTS_HANDS_KERNEL_H
#define TESTS_HANDS_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bpf/events.h"

#define KERNEL_STACK 16384
#define KERNEL_PAGES 1024 /* frames 0 to 1023, all of one zone from frame 1 on */

/* What compact_zone @ 5.10 has set up when mm_compaction_begin is called. */
struct kernel_control {
	uint64_t addr;
	uint64_t migrate_pfn, free_pfn;
	uint32_t nr_freepages, nr_migratepages;
	bool freepages, migratepages; /* the lists are empty */
	bool zone;		      /* it is the one that the tracepoint tells of */
};

void kernel_reset(void);
uint64_t kernel_stack(void);
void kernel_put_control(const struct kernel_control *cc);
/* Task @pid's mm_compaction_begin and _end, its arguments at @args, which may be off the stack. */
void kernel_compaction_begin(unsigned int pid, uint64_t args, uint64_t migrate_pfn,
			     uint64_t free_pfn);
void kernel_compaction_end(unsigned int pid);
/* Zone's MOVABLE list of order 0, from the head on. */
void kernel_list(size_t n, const uint64_t *pfn);
/* @pfn heads a free block of @order; -1: it is in use. */
void kernel_set_free(uint64_t pfn, int order);
/* Inside the lock: @taken frames from @pfn on left their list. */
void kernel_in_lock(uint64_t pfn, uint64_t taken);
/* A search of the lists begins, and is over. */
void kernel_search(bool begins);
/* Inside the lock: @pfn was drained; or something begins with it, or is done, or is about to be. */
enum kernel_change { KERNEL_DRAINED, KERNEL_AHEAD, KERNEL_DONE, KERNEL_TO_COME };
void kernel_changes(uint64_t pfn, enum kernel_change change);

uint64_t kernel_compactor(unsigned int slot); /* compact_control; 0: none */
uint32_t kernel_compactors(void);	      /* at work in the zone, as bpf/turns counts them */
uint64_t kernel_not_found(void);
size_t kernel_events(const struct kernel_event **ev);

#endif /* TESTS_HANDS_KERNEL_H */
