/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A second page allocator, to hold the first against.
 *
 * It shares nothing with core/ but the names in pa.h: lists are plain arrays, every lookup is
 * a search, and an allocation happens as the kernel does it, without deciding first.
 */
#ifndef TESTS_MODEL_REFERENCE_H
#define TESTS_MODEL_REFERENCE_H

#include "core/pa.h"

#define REF_FRAMES 8192 /* pfns the reference can hold */
#define REF_ZONES 2

struct ref_zone {
	uint32_t start, end, managed, high;
	uint32_t boost;
	uint8_t type[REF_FRAMES];
	bool bit[PA_MAX_ORDERS][REF_FRAMES]; /* 2.4: one for each pair, by its lower frame */
	uint32_t n[PA_MAX_ORDERS][PA_NR_MT];
	uint16_t list[PA_MAX_ORDERS][PA_NR_MT][REF_FRAMES];
};

struct ref {
	int flavour; /* 1 to 6: the fallback paragraphs of kernel history; 0: 2.4, without any */
	const char *policy; /* its name, where that is not enough */
	uint32_t orders, pbo, factor;
	uint8_t use[REF_FRAMES]; /* enum pa_use of frames in use */
	struct ref_zone zone[REF_ZONES];
};

struct ref_pick {
	uint32_t pfn; /* UINT32_MAX: none */
	int path;
	uint32_t fallback_pfn, fallback_order, fallback_mt;
	int mode;
};

void ref_init(struct ref *r, const char *policy, const struct pa_config *cfg);
/* Is the policy one of those the names in @list, separated by spaces? */
bool ref_is(const struct ref *r, const char *list);
/* Type of the list that holds a block, -1 if it is on none. */
int ref_find(const struct ref *r, int zone, uint32_t pfn, uint32_t order);
bool ref_is_free(const struct ref *r, int zone, uint32_t pfn);

struct ref_pick ref_alloc(struct ref *r, const struct pa_request *req);
/* Returns whether the block was captured. */
bool ref_free(struct ref *r, int zone, uint32_t pfn, uint32_t order, uint32_t mt, bool tail,
	      int capture);
bool ref_free_direct(struct ref *r, int zone, uint32_t pfn, uint32_t order, bool tail, int capture);
void ref_isolate(struct ref *r, int zone, uint32_t pfn, uint32_t order);
bool ref_move_block(struct ref *r, int zone, uint32_t pfn, uint32_t mt);
void ref_take(struct ref *r, int zone, uint32_t pfn, uint32_t order);
/* unset_migratetype_isolate; false if that is not possible */
bool ref_unisolate(struct ref *r, int zone, uint32_t pfn, uint32_t mt);
/* setup_zone_migrate_reserve */
void ref_reserve(struct ref *r, int zone, uint32_t min);
bool ref_rotate(struct ref *r, int zone, uint32_t pfn, bool tail);

#endif /* TESTS_MODEL_REFERENCE_H */
