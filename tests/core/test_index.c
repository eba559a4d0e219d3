// SPDX-License-Identifier: GPL-2.0-only
/* Indices of fragmentation, as debugfs has them. */
#include "machine.h"

/* Spec 8.3: free blocks of order 0 to 5: 100, 50, 20, 10, 5, 2. */
static struct pa *vector(void)
{
	static const unsigned int nr[] = { 100, 50, 20, 10, 5, 2 };
	struct pa *pa = machine("6.12", 1, 64 * PBN, PA_ZONE_NORMAL, NULL);
	uint64_t pfn = 0;

	for (unsigned int order = 0; order < 6; order++) {
		/* Every other one, so that nothing merges. */
		for (unsigned int i = 0; i < nr[order]; i++, pfn += 2u << order)
			assert_int_equal(pa_load_block(pa, pfn, order, PA_MOVABLE), 0);
		pfn = (pfn + 127) & ~UINT64_C(127);
	}
	return pa;
}

static void test_vectors(void **state)
{
	static const struct {
		unsigned int order;
		int frag, unusable, extfrag;
	} rows[] = { { 2, -1000, 396, 39 }, { 6, 953, 1000, 100 }, { 9, 990, 1000, 100 } };
	const struct pa *pa = vector();
	uint64_t nr_free[11];

	(void)state;
	for (unsigned int order = 0; order < 11; order++)
		nr_free[order] = pa_nr_free(pa, 0, order);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(pa_fragmentation_index(pa, 0, rows[i].order), rows[i].frag);
		assert_int_equal(pa_unusable_index(pa, 0, rows[i].order), rows[i].unusable);
		assert_int_equal(pa_extfrag(pa, 0, rows[i].order), rows[i].extfrag);
		assert_int_equal(pa_fragmentation_of(nr_free, 11, rows[i].order), rows[i].frag);
	}
}

static void test_edges(void **state)
{
	const struct pa *pa = machine("6.12", 1, 64 * PBN, PA_ZONE_NORMAL, NULL);

	(void)state;
	assert_int_equal(pa_fragmentation_index(pa, 0, 3), 0);
	assert_int_equal(pa_unusable_index(pa, 0, 3), 1000);
	assert_int_equal(pa_extfrag(pa, 0, 3), 0);
	assert_int_equal(pa_fragmentation_index(pa, 1, 3), -EINVAL);
	assert_int_equal(pa_unusable_index(pa, 0, 11), -EINVAL);
	assert_int_equal(pa_extfrag(pa, 0, 11), -EINVAL);
	assert_int_equal(pa_fragmentation_of((const uint64_t[2]){ 0 }, 2, 1), 0);
	assert_int_equal(pa_fragmentation_of((const uint64_t[2]){ 0 }, 2, 2), -EINVAL);
	assert_int_equal(pa_fragmentation_of(NULL, PA_TOLD_ORDERS + 1, 2), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
