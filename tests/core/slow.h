/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of the slow paths share: full zones, one request, the steps it took. */
#ifndef TESTS_CORE_SLOW_H
#define TESTS_CORE_SLOW_H

#include "machine.h"

#define PAGES 8192

static const uint64_t marks[] = { 128, 256, 384 };

static struct pa_alloc_record rec;

/* A zone of 16 pageblocks for one CPU, of which nothing is free. */
static inline struct pa *full(const char *policy)
{
	memset(&rec, 0, sizeof(rec));
	return machine(policy, 1, PAGES, PA_ZONE_NORMAL, marks);
}

/* Allocations of one page each, on the LRU list or not. */
static inline void occupy(struct pa *pa, uint64_t start, uint64_t end, bool lru)
{
	for (uint64_t pfn = start; pfn < end; pfn++) {
		assert_int_equal(pa_set_allocated(pa, pfn, 0, PA_USE_PINNED), 0);
		if (lru)
			assert_int_equal(pa_lru_add(pa, pfn), 0);
	}
}

static inline void give(struct pa *pa, uint64_t start, uint64_t end, unsigned int order)
{
	for (uint64_t pfn = start; pfn < end; pfn += 1u << order)
		assert_int_equal(pa_free(pa, pfn, order, 0, -1), 0);
}

/*
 * Every other page in use, on the LRU list or not.  The even ones are free: an asynchronous free
 * scanner looks at each 32nd frame.
 */
static inline void in_pieces(struct pa *pa, uint64_t start, uint64_t end, bool lru)
{
	for (uint64_t p = start; p < end; p += 2) {
		occupy(pa, p + 1, p + 2, lru);
		give(pa, p, p + 1, 0);
	}
}

static inline int ask(struct pa *pa, uint32_t gfp, unsigned int order, uint32_t task, uint64_t *pfn)
{
	const struct pa_alloc_args args = {
		.gfp = gfp,
		.order = (uint8_t)order,
		.task = task,
	};

	memset(&rec, 0, sizeof(rec));
	return pa_alloc(pa, &args, pfn, &rec);
}

static inline bool took(enum pa_step step)
{
	for (uint32_t i = 0; i < rec.nr_steps && i < PA_MAX_STEPS; i++) {
		if (rec.steps[i].step == step)
			return true;
	}
	return false;
}

static inline int64_t value_of(enum pa_step step)
{
	for (uint32_t i = 0; i < rec.nr_steps && i < PA_MAX_STEPS; i++) {
		if (rec.steps[i].step == step)
			return rec.steps[i].value;
	}
	fail_msg("%s was not taken", pa_step_name(step));
	return 0;
}

struct victim {
	uint64_t start, end;
	int killed;
};

static inline bool kill_one(struct pa *pa, void *ctx)
{
	struct victim *v = ctx;

	if (v->killed++)
		return false;
	for (uint64_t pfn = v->start; pfn < v->end; pfn++)
		assert_int_equal(pa_free_pages(pa, 0, pfn, 0, NULL), 0);
	pa_drain(pa, UINT32_MAX, UINT32_MAX, 0, NULL);
	return true;
}

#endif /* TESTS_CORE_SLOW_H */
