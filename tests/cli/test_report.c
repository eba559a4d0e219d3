/* SPDX-License-Identifier: GPL-2.0-only */
/* What a report counts with: lengths in buckets, tallies by key. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "report_internal.h"

#define NR_VALUES 5000

static uint64_t seed = 20;

static uint64_t random_u64(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static int ascending(const void *a, const void *b)
{
	uint64_t l = *(const uint64_t *)a, r = *(const uint64_t *)b;

	return l < r ? -1 : l > r;
}

static void a_percentile_is_never_too_small_and_hardly_too_large(void **state)
{
	static const unsigned int percents[] = { 1, 50, 90, 99, 100 };
	static uint64_t v[NR_VALUES];
	struct report_hist *h = calloc(1, sizeof(*h));
	uint64_t exact, told;
	size_t i;

	(void)state;
	assert_non_null(h);
	for (i = 0; i < NR_VALUES; i++) {
		v[i] = random_u64() >> random_u64() % 64; /* of every magnitude */
		report_hist_add(h, v[i]);
	}
	qsort(v, NR_VALUES, sizeof(*v), ascending);
	for (i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
		exact = v[(percents[i] * NR_VALUES + 99) / 100 - 1];
		told = report_hist_rank(h, percents[i]);
		assert_true(told >= exact);
		assert_true(told - exact <= exact / 32);
	}
	assert_int_equal(h->max, v[NR_VALUES - 1]);
	assert_int_equal(report_hist_rank(h, 100), h->max);
	free(h);
}

static void the_ends_of_the_range_have_buckets(void **state)
{
	struct report_hist *h = calloc(1, sizeof(*h));
	unsigned int bit;

	(void)state;
	assert_non_null(h);
	assert_int_equal(report_hist_rank(h, 50), 0);
	report_hist_add(h, 0);
	report_hist_add(h, UINT64_MAX);
	assert_int_equal(h->zero, 1);
	assert_int_equal(report_hist_rank(h, 50), 0);
	assert_int_equal(report_hist_rank(h, 51), UINT64_MAX);
	for (bit = 0; bit < 63; bit++)
		assert_int_equal(report_hist_between(h, UINT64_C(1) << bit, UINT64_C(2) << bit), 0);
	for (bit = 0; bit < 63; bit++) {
		report_hist_add(h, UINT64_C(1) << bit);
		report_hist_add(h, (UINT64_C(2) << bit) - 1);
		assert_int_equal(report_hist_between(h, UINT64_C(1) << bit, UINT64_C(2) << bit), 2);
	}
	free(h);
}

static void what_does_not_fit_is_summed_up(void **state)
{
	struct report_map map = { .slot = calloc(REPORT_TALLIES, sizeof(*map.slot)) };
	uint32_t key, sum = 0, i;

	(void)state;
	assert_non_null(map.slot);
	for (key = 0; key < REPORT_TALLIES; key++)
		report_tally(&map, key * 77773)->allocs += 2; /* odd: no key twice */
	assert_true(map.overflow);
	assert_int_equal(map.used, REPORT_TALLIES / 2);
	for (i = 0; i < REPORT_TALLIES; i++)
		sum += map.slot[i].tally.allocs;
	assert_int_equal(sum, REPORT_TALLIES);
	assert_int_equal(map.others.allocs, REPORT_TALLIES);
	assert_int_equal(report_tally(&map, 77773)->allocs, 2);
	assert_ptr_equal(report_tally(&map, 1), &map.others);
	free(map.slot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_percentile_is_never_too_small_and_hardly_too_large),
		cmocka_unit_test(the_ends_of_the_range_have_buckets),
		cmocka_unit_test(what_does_not_fit_is_summed_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
