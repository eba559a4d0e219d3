/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of the request level share: machines, requests, and state that must not change. */
#ifndef TESTS_CORE_MACHINE_H
#define TESTS_CORE_MACHINE_H

#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/pa.h"
#include "bytes.h"

#define PBO 9
#define PBN (1u << PBO)
#define ATOMIC_ANY PA_GFP_ATOMIC_ALLOC

static alignas(max_align_t) unsigned char mem[16 << 20];

/* A copy of mem, to compare with. */
static inline unsigned char *before(void)
{
	static unsigned char copy[sizeof(mem)];

	return copy;
}

/* Is @policy as new as @oldest, or newer? */
static inline bool since(const char *policy, const char *oldest)
{
	assert_non_null(pa_policy_find(policy));
	assert_non_null(pa_policy_find(oldest));
	return pa_policy_find(policy) >= pa_policy_find(oldest);
}

static inline struct pa *machine_of(const struct pa_config *cfg)
{
	struct pa *pa = NULL;

	assert_true(pa_size(cfg) > 0);
	assert_true(pa_size(cfg) <= sizeof(mem));
	assert_int_equal(pa_init(mem, sizeof(mem), cfg, &pa), 0);
	return pa;
}

/* One CPU and the given zones, all in use; @knobs NULL: the defaults. */
static inline struct pa *zoned(const char *policy, const struct pa_zone_config *zones, uint32_t nr,
			       const struct pa_knobs *knobs)
{
	const struct pa_config cfg = {
		.policy = pa_policy_find(policy),
		.zones = zones,
		.nr_zones = nr,
		.nr_orders = 11,
		.pageblock_order = PBO,
		.cpus = 1,
		.knobs = knobs,
	};

	return machine_of(&cfg);
}

/* One zone of @pages at 0, all in use, marks as given (NULL: computed). */
static inline struct pa *machine(const char *policy, uint32_t cpus, uint64_t pages,
				 enum pa_zone_type type, const uint64_t *marks)
{
	struct pa_zone_config zone = { .spanned = pages, .managed = pages, .type = type };
	const struct pa_config cfg = {
		.policy = pa_policy_find(policy),
		.zones = &zone,
		.nr_zones = 1,
		.nr_orders = 11,
		.pageblock_order = PBO,
		.boost_factor = 15000,
		.cpus = cpus,
	};

	if (marks)
		memcpy(zone.wmark, marks, sizeof(zone.wmark));
	return machine_of(&cfg);
}

static inline void sound(const struct pa *pa)
{
	const char *why = "";

	if (!pa_check(pa, &why))
		fail_msg("%s: %s", pa_policy(pa)->name, why);
}

/* Free all of @zone as the boot does: largest blocks, ascending. */
static inline void fill(struct pa *pa, uint64_t start, uint64_t end)
{
	for (uint64_t pfn = start; pfn < end; pfn += 1024)
		assert_int_equal(pa_free(pa, pfn, 10, PA_TO_TAIL, -1), 0);
	sound(pa);
}

static inline uint64_t get(struct pa *pa, uint32_t cpu, uint32_t gfp, unsigned int order,
			   struct pa_alloc_record *rec)
{
	const struct pa_alloc_args args = { .cpu = cpu, .gfp = gfp, .order = (uint8_t)order };
	uint64_t pfn = PA_PFN_NONE;
	int err = pa_alloc(pa, &args, &pfn, rec);

	assert_true(err == 0 || err == -ENOMEM);
	assert_true((err == 0) == (pfn != PA_PFN_NONE));
	return pfn;
}

static inline void put(struct pa *pa, uint32_t cpu, uint64_t pfn, unsigned int order,
		       struct pa_free_record *rec)
{
	assert_int_equal(pa_free_pages(pa, cpu, pfn, order, rec), 0);
}

static inline struct pa_pcp pcp_of(const struct pa *pa, uint32_t zone, uint32_t cpu)
{
	struct pa_pcp pcp;

	assert_int_equal(pa_pcp_get(pa, zone, cpu, &pcp), 0);
	return pcp;
}

static inline struct pa_zone_state zone_of(const struct pa *pa, uint32_t zone)
{
	struct pa_zone_state state;

	assert_int_equal(pa_zone_get(pa, zone, &state), 0);
	return state;
}

/* @call returns @want and changes not one byte. */
#define REFUSED(call, want)                                                                        \
	do {                                                                                       \
		memcpy(before(), mem, sizeof(mem));                                                \
		assert_int_equal(call, want);                                                      \
		assert_same_bytes(before(), mem, sizeof(mem));                                     \
	} while (0)

/* Run @test for each policy from @oldest to @newest; NULL: the newest there is. */
static inline void each_request(void (*test)(const char *policy), const char *oldest,
				const char *newest)
{
	for (size_t i = 0; pa_policy_at(i); i++) {
		const char *name = pa_policy_at(i)->name;

		if (since(name, oldest) && (!newest || since(newest, name)))
			test(name);
	}
}

/* A test of its own for a function that takes a policy: for all, for those from @oldest on. */
#define EACH(test) BETWEEN("2.4", NULL, test)
#define SINCE(oldest, test) BETWEEN(oldest, NULL, test)
#define BETWEEN(oldest, newest, test)                                                              \
	static void each_##test(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		each_request(test, oldest, newest);                                                \
	}

#endif /* TESTS_CORE_MACHINE_H */
