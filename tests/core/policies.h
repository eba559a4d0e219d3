/* SPDX-License-Identifier: GPL-2.0-only */
/* One test for a range of policies of the request level, as one case. */
#ifndef TESTS_CORE_POLICIES_H
#define TESTS_CORE_POLICIES_H

#include "core/pa.h"

/* Run @test under each policy from @oldest to @newest. */
static inline void under(void (*test)(const char *policy), const char *oldest, const char *newest)
{
	const struct pa_policy *first = pa_policy_find(oldest), *last = pa_policy_find(newest);

	assert_true(first && last && first <= last);
	for (size_t i = 0; pa_policy_at(i); i++) {
		if (pa_policy_at(i) >= first && pa_policy_at(i) <= last)
			test(pa_policy_at(i)->name);
	}
}

#define UNDER_RANGE(test, oldest, newest)                                                          \
	static void test##_under_each(void **state)                                                \
	{                                                                                          \
		(void)state;                                                                       \
		under(test, oldest, newest);                                                       \
	}

/* All versions whose per-cpu lists hold several orders. */
#define UNDER_EACH(test) UNDER_RANGE(test, "6.1.0", "6.18")

#endif /* TESTS_CORE_POLICIES_H */
