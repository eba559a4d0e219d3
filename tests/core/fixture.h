/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of core/ share: one model in static memory, and lists as text. */
#ifndef TESTS_CORE_FIXTURE_H
#define TESTS_CORE_FIXTURE_H

#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "core/pa.h"
#include "bytes.h"

#define PBO 9
#define PBN (1u << PBO)

static alignas(max_align_t) unsigned char mem[1 << 20];

/* Zones at [@start, @start + @spanned) under one policy, boosts unlimited for all purposes. */
static inline struct pa *model_at(const char *policy, uint64_t start, uint64_t spanned)
{
	const struct pa_zone_config zone = {
		.start_pfn = start,
		.spanned = spanned,
		.managed = spanned,
		.wmark = { 1000, 2000, 30000 },
	};
	const struct pa_config cfg = {
		.policy = pa_policy_find(policy),
		.zones = &zone,
		.nr_zones = 1,
		.nr_orders = 11,
		.pageblock_order = PBO,
		.boost_factor = 15000,
	};
	struct pa *pa = NULL;

	assert_int_equal(pa_init(mem, sizeof(mem), &cfg, &pa), 0);
	return pa;
}

/* A zone of 64 pageblocks at 0, all in use. */
static inline struct pa *model(const char *policy)
{
	return model_at(policy, 0, 64 * PBN);
}

static inline void sound(const struct pa *pa)
{
	const char *why = "";

	if (!pa_check(pa, &why))
		fail_msg("%s: %s", pa_policy(pa)->name, why);
}

static inline void load(struct pa *pa, uint64_t pfn, unsigned int order, enum pa_mt mt)
{
	assert_int_equal(pa_load_block(pa, pfn, order, mt), 0);
}

static inline void put(struct pa *pa, uint64_t pfn, unsigned int order, enum pa_mt mt)
{
	assert_int_equal(pa_free_block(pa, pfn, order, mt, 0, -1), 0);
	sound(pa);
}

/* Every list of zone 0 that has blocks, as "U7:300 U5:240,280": type, order, frames from the head. */
static inline const char *lists(const struct pa *pa)
{
	static char text[4096];
	size_t len = 0;

	text[0] = '\0';
	for (unsigned int mt = 0; mt < PA_NR_MT; mt++) {
		for (int order = PA_MAX_ORDERS - 1; order >= 0; order--) {
			uint64_t pfn = pa_list_head(pa, 0, (unsigned int)order, (enum pa_mt)mt);
			const char *sep = ":";

			if (pfn == PA_PFN_NONE)
				continue;
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%c%d",
						len ? " " : "", "UMRHCIV"[mt], order);
			for (; pfn != PA_PFN_NONE; pfn = pa_list_next(pa, pfn), sep = ",")
				len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%llx",
							sep, (unsigned long long)pfn);
			assert_true(len < sizeof(text));
		}
	}
	return text;
}

#define LISTS(pa, want) assert_string_equal(lists(pa), want)

/* Decide and commit; deciding must change no byte.  Returns the decision. */
static inline struct pa_decision request(struct pa *pa, struct pa_request req)
{
	static unsigned char before[sizeof(mem)];
	struct pa_decision d;

	memset(&d, 0xa5, sizeof(d));
	memcpy(before, mem, sizeof(mem));
	assert_int_equal(pa_decide(pa, &req, &d), 0);
	assert_same_bytes(before, mem, sizeof(mem));
	assert_int_equal(pa_commit(pa, &d), 0);
	sound(pa);
	return d;
}

static inline struct pa_decision take(struct pa *pa, unsigned int order, enum pa_mt mt)
{
	return request(pa, (struct pa_request){ .order = (uint8_t)order, .mt = (uint8_t)mt });
}

/* Run @test for each policy from @oldest to @newest; NULL: the newest there is. */
static inline void each_policy(void (*test)(const char *policy), const char *oldest,
			       const char *newest)
{
	const struct pa_policy *policy = pa_policy_find(oldest);
	const struct pa_policy *last = newest ? pa_policy_find(newest) : NULL;

	assert_non_null(policy);
	assert_true(!newest || last);
	for (size_t i = 0; pa_policy_at(i); i++) {
		if (pa_policy_at(i) < policy || (last && pa_policy_at(i) > last))
			continue;
		test(pa_policy_at(i)->name);
	}
}

/* A test of its own for a function that takes a policy: all from @oldest on, or to @newest. */
#define SINCE(oldest, test) BETWEEN(oldest, NULL, test)
#define BETWEEN(oldest, newest, test)                                                              \
	static void test##_everywhere(void **state)                                                \
	{                                                                                          \
		(void)state;                                                                       \
		each_policy(test, oldest, newest);                                                 \
	}

#endif /* TESTS_CORE_FIXTURE_H */
