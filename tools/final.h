/* SPDX-License-Identifier: GPL-2.0-only */
/* The lists of a closing snapshot beside those of a core. */
#ifndef TOOLS_FINAL_H
#define TOOLS_FINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/pa.h"

struct final_lists;

struct final_count {
	uint64_t lists, lists_exact_order, lists_exact_set; /* that are not empty on both sides */
	uint64_t blocks, blocks_exact;			    /* of the snapshot */
};

/* NULL without memory. */
struct final_lists *final_open(const struct pa *pa);
void final_close(struct final_lists *f); /* accepts NULL */
/* More of a list, in order: a long one comes in pieces.  The core must not change in between. */
void final_add(struct final_lists *f, uint32_t zone, unsigned int order, enum pa_mt mt,
	       const uint64_t *pfn, size_t n);
/* All of a zone's lists are in: add what they come to to @count. */
void final_zone(const struct final_lists *f, uint32_t zone, struct final_count *count);

#endif /* TOOLS_FINAL_H */
