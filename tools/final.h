/* SPDX-License-Identifier: GPL-2.0-only */
/* The lists of a closing snapshot beside those of a core. */
#ifndef TOOLS_FINAL_H
#define TOOLS_FINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/pa.h"

struct final_lists;

#define FINAL_DIFFS 4

/* A list that is not the same, block by block from its head. */
struct final_diff {
	uint32_t zone;
	uint8_t order, mt;	       /* enum pa_mt */
	uint64_t kernel, core;	       /* blocks on it */
	uint64_t at;		       /* the first place where they differ, from 0 */
	uint64_t kernel_pfn, core_pfn; /* what is there; PA_PFN_NONE: nothing */
};

struct final_count {
	uint64_t lists, lists_exact_order, lists_exact_set; /* that are not empty on both sides */
	uint64_t blocks, blocks_exact;			    /* of the snapshot */
	struct final_diff diff[FINAL_DIFFS];		    /* the first lists that differ */
	uint32_t nr_diffs;
};

/* NULL without memory. */
struct final_lists *final_open(const struct pa *pa);
void final_close(struct final_lists *f); /* accepts NULL */
/* More of a list, in order: a long one comes in pieces.  The core must not change in between. */
void final_add(struct final_lists *f, uint32_t zone, unsigned int order, enum pa_mt mt,
	       const uint64_t *pfn, size_t n);
/* All of a zone's lists are in: add what they come to to @count. */
void final_zone(struct final_lists *f, uint32_t zone, struct final_count *count);

#endif /* TOOLS_FINAL_H */
