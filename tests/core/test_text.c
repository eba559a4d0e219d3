/* SPDX-License-Identifier: GPL-2.0-only */
/* Texts and names where they start, end, or nearly match; settings asked about without a policy. */
#include "machine.h"

static void test_gfp(void **state)
{
	char text[64];

	(void)state;
	assert_int_equal(pa_gfp_text(PA_GFP_MOVABLE, text, sizeof(text)), 13);
	assert_string_equal(text, "__GFP_MOVABLE"); /* no set of flags before it */
	assert_int_equal(pa_gfp_bit("__GFP_DMA3"), 0);
	assert_int_equal(pa_gfp_bit("__GFP_DMA322"), 0);
	assert_int_equal(pa_gfp_bit("__GFP_"), 0);
	assert_int_equal(pa_gfp_bit("GFP"), 0);
	assert_int_equal(pa_gfp_bit(""), 0);
	assert_null(pa_policy_find("6.1."));
	assert_null(pa_policy_find("6."));
	assert_null(pa_policy_find(""));
}

static void test_knobs(void **state)
{
	const char *name = "none";
	struct pa_knobs knobs;

	(void)state;
	pa_knobs_default(&knobs);
	knobs.defrag_mode = 1;
	assert_true(pa_knobs_valid(NULL, &knobs, &name, NULL, NULL)); /* some version takes it */
	assert_string_equal(name, "none");
	knobs.compaction_proactiveness = 101;
	assert_false(pa_knobs_valid(NULL, &knobs, &name, NULL, NULL));
	assert_string_equal(name, "compaction_proactiveness");
}

/* A zone without a page is not shown, a nodemask is. */
static void test_report(void **state)
{
	const struct pa_zone_config zones[] = {
		{ .spanned = 1024, .type = PA_ZONE_DMA32 },
		{ .start_pfn = 1024, .spanned = 4096, .managed = 4096, .type = PA_ZONE_NORMAL },
	};
	struct pa_alloc_args args = { .gfp = PA_GFP_KERNEL, .nodemask = 0x1f };
	struct pa *pa = zoned("6.12", zones, 2, NULL);
	char text[2048];

	(void)state;
	assert_true(pa_failure_report(pa, &args, "ls", text, sizeof(text)) > 0);
	assert_non_null(strstr(text, ", nodemask=1f\n"));
	assert_non_null(strstr(text, "Node 0 Normal"));
	assert_null(strstr(text, "DMA32"));
	args.cpu = 1;
	assert_int_equal(pa_failure_report(pa, &args, "ls", text, sizeof(text)), 0);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gfp),
		cmocka_unit_test(test_knobs),
		cmocka_unit_test(test_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
