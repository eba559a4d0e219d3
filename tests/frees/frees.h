/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs of bpf/frees.bpf.h as functions of this process, on memory that the test lays out. */
#ifndef TESTS_FREES_FREES_H
#define TESTS_FREES_FREES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bpf/events.h"

#define FREES_PAGES 8192 /* frames of the one zone */

void frees_reset(void);
void frees_count(int count);  /* pages on the pcp list */
void frees_lock(bool locked); /* somebody has the lock of that list */
/* From here on not as on 7.2: runs are not looked for.  @quickly: by the short way, if it is of use. */
void frees_watch(bool quickly);
/* mm_page_free of a page, or of a block. */
void frees_free(uint64_t pfn);
void frees_free_block(uint64_t pfn, int order);
/* @pfn heads a free block of @order; -1: it is in use. */
void frees_set_free(uint64_t pfn, int order);
void frees_in_lock(void); /* of another zone's page or of none: whatever arrived is reported */
size_t frees_events(const struct kernel_event **ev);

#endif /* TESTS_FREES_FREES_H */
