// SPDX-License-Identifier: GPL-2.0-only
/* The failure report, word for word. */
#include "machine.h"

static const uint64_t marks[] = { 128, 256, 384 };

static void test_text(void **state)
{
	static const char want[] =
		"ls: page allocation failure: order:4, mode:0xcc0(GFP_KERNEL), nodemask=(null)\n"
		"Mem-Info:\n"
		"Node 0 Normal free:324kB boost:0kB min:512kB low:1024kB high:1536kB"
		" reserved_highatomic:0kB reclaimable:16kB present:32768kB managed:32768kB"
		" free_pcp:8kB local_pcp:8kB free_cma:0kB\n"
		"lowmem_reserve[]: 0 0 0 0\n"
		"Node 0 Normal: 1*4kB (U) 2*8kB (UM) 1*16kB (M) 0*32kB 1*64kB (M) 2*128kB"
		" (M) 0*256kB 0*512kB 0*1024kB 0*2048kB 0*4096kB = 356kB\n";
	struct pa_alloc_args args = { .gfp = PA_GFP_KERNEL, .order = 4 };
	struct pa *pa = machine("6.12", 2, 8192, PA_ZONE_NORMAL, marks);
	static const int8_t deltas[] = { 4, 4 };
	char text[2048], cut[20];
	size_t len;

	(void)state;
	assert_int_equal(pa_load_block(pa, 1, 0, PA_UNMOVABLE), 0);
	assert_int_equal(pa_set_pageblock(pa, 0, PA_UNMOVABLE), 0);
	assert_int_equal(pa_load_block(pa, 4, 1, PA_UNMOVABLE), 0);
	assert_int_equal(pa_load_block(pa, 1024, 1, PA_MOVABLE), 0);
	assert_int_equal(pa_load_block(pa, 2048, 2, PA_MOVABLE), 0);
	assert_int_equal(pa_load_block(pa, 3072, 4, PA_MOVABLE), 0);
	assert_int_equal(pa_load_block(pa, 4096, 5, PA_MOVABLE), 0);
	assert_int_equal(pa_load_block(pa, 5120, 5, PA_MOVABLE), 0);
	assert_int_equal(pa_pcp_load(pa, 0, 0, 3, 6144, PA_UNMOVABLE), 0);
	assert_int_equal(pa_set_allocated(pa, 7168, 2, PA_USE_UNKNOWN), 0);
	assert_int_equal(pa_lru_add(pa, 7168), 0);
	assert_int_equal(pa_set_counters(pa, 0, deltas), 0);
	sound(pa);
	len = pa_failure_report(pa, &args, "ls", text, sizeof(text));
	assert_int_equal(len, strlen(text));
	assert_string_equal(text, want); /* 32 kB of deltas not told */
	assert_int_equal(pa_failure_report(pa, &args, "ls", cut, sizeof(cut)), len);
	assert_string_equal(cut, "ls: page allocation");
	assert_int_equal(pa_failure_report(pa, &args, "ls", NULL, 0), len);
	args.gfp |= PA_GFP_NOWARN;
	assert_int_equal(pa_failure_report(pa, &args, "ls", text, sizeof(text)), 0);
	assert_string_equal(text, "");
	len = pa_show_mem(pa, 1, text, sizeof(text));
	assert_int_equal(len, strlen(text));
	assert_non_null(strstr(text, "local_pcp:0kB"));
	assert_int_equal(pa_show_mem(pa, 2, text, sizeof(text)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_text) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
