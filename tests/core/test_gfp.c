// SPDX-License-Identifier: GPL-2.0-only
/* gfp and alloc flags: names, zones, types. */
#include "machine.h"

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(pa_gfp_bit("__GFP_IO"), PA_GFP_IO);
	assert_int_equal(pa_gfp_bit("___GFP_IO"), PA_GFP_IO);
	assert_int_equal(pa_gfp_bit("IO"), PA_GFP_IO);
	assert_int_equal(pa_gfp_bit("__GFP_WAIT"), PA_GFP_RECLAIM);
	assert_int_equal(pa_gfp_bit("__GFP_REPEAT"), PA_GFP_RETRY_MAYFAIL);
	assert_int_equal(pa_gfp_bit("__GFP_NOLOCKDEP"), 0);
	assert_int_equal(pa_gfp_set("GFP_KERNEL"), PA_GFP_KERNEL);
	assert_int_equal(pa_gfp_set("GFP_TRANSHUGE_LIGHT") & PA_GFP_RECLAIM, 0);
	assert_true(pa_gfp_set("GFP_TRANSHUGE_LIGHT") & PA_GFP_MOVABLE);
	assert_int_equal(pa_gfp_set("GFP_ZERO_GRAVITY"), 0);
	assert_string_equal(pa_gfp_name(PA_GFP_NOMEMALLOC), "__GFP_NOMEMALLOC");
	assert_null(pa_gfp_name(PA_GFP_KERNEL));
	assert_null(pa_gfp_name(0));
	for (uint32_t bit = 1; bit & PA_GFP_KNOWN; bit <<= 1)
		assert_int_equal(pa_gfp_bit(pa_gfp_name(bit)), bit);
	assert_string_equal(pa_zone_type_name(PA_ZONE_DMA32), "DMA32");
	assert_null(pa_zone_type_name(PA_NR_ZONE_TYPES));
}

static void test_text(void **state)
{
	char text[128], cut[8];

	(void)state;
	pa_gfp_text(PA_GFP_KERNEL | PA_GFP_COMP, text, sizeof(text));
	assert_string_equal(text, "GFP_KERNEL|__GFP_COMP");
	pa_gfp_text(PA_GFP_HIGHUSER_MOVABLE, text, sizeof(text));
	assert_string_equal(text, "GFP_HIGHUSER_MOVABLE");
	pa_gfp_text(PA_GFP_HIGH | PA_GFP_KSWAPD_RECLAIM, text, sizeof(text));
	assert_string_equal(text, "GFP_ATOMIC");
	pa_gfp_text(0, text, sizeof(text));
	assert_string_equal(text, "0");
	assert_int_equal(pa_gfp_text(PA_GFP_KERNEL, cut, sizeof(cut)), 10);
	assert_string_equal(cut, "GFP_KER");
	assert_int_equal(pa_gfp_text(PA_GFP_KERNEL, NULL, 0), 10);
	pa_alloc_flags_text(PA_WMARK_LOW << PA_ALLOC_WMARK_SHIFT | PA_ALLOC_KSWAPD |
				    PA_ALLOC_NOFRAGMENT,
			    text, sizeof(text));
	assert_string_equal(text, "WMARK_LOW|NOFRAGMENT|KSWAPD");
	pa_alloc_flags_text(PA_ALLOC_WMARK_MASK, text, sizeof(text));
	assert_string_equal(text, "WMARK_?");
}

/* Spec 6.2, on x86-64 and with high memory. */
static void test_zone(void **state)
{
	static const struct {
		uint32_t gfp;
		int zone, zone_high;
	} rows[] = {
		{ PA_GFP_KERNEL, PA_ZONE_NORMAL, PA_ZONE_NORMAL },
		{ PA_GFP_DMA, PA_ZONE_DMA, PA_ZONE_DMA },
		{ PA_GFP_DMA32, PA_ZONE_DMA32, PA_ZONE_NORMAL },
		{ PA_GFP_HIGHUSER, PA_ZONE_NORMAL, PA_ZONE_HIGHMEM },
		{ PA_GFP_HIGHUSER_MOVABLE, PA_ZONE_MOVABLE, PA_ZONE_MOVABLE },
		{ PA_GFP_MOVABLE, PA_ZONE_NORMAL, PA_ZONE_NORMAL },
		{ PA_GFP_DMA | PA_GFP_MOVABLE, PA_ZONE_DMA, PA_ZONE_DMA },
		{ PA_GFP_DMA32 | PA_GFP_MOVABLE, PA_ZONE_DMA32, PA_ZONE_NORMAL },
		{ PA_GFP_DMA | PA_GFP_HIGHMEM, -EINVAL, -EINVAL },
		{ PA_GFP_DMA | PA_GFP_DMA32, -EINVAL, -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pa *pa = machine("6.1", 1, PBN, PA_ZONE_NORMAL, NULL);

		assert_int_equal(pa_gfp_zone(pa, rows[i].gfp), rows[i].zone);
		pa = machine("6.1", 1, PBN, PA_ZONE_HIGHMEM, NULL);
		assert_int_equal(pa_gfp_zone(pa, rows[i].gfp), rows[i].zone_high);
	}
}

static void test_type(void **state)
{
	(void)state;
	assert_int_equal(pa_gfp_mt(PA_GFP_KERNEL), PA_UNMOVABLE);
	assert_int_equal(pa_gfp_mt(PA_GFP_HIGHUSER_MOVABLE), PA_MOVABLE);
	assert_int_equal(pa_gfp_mt(PA_GFP_RECLAIMABLE), PA_RECLAIMABLE);
	assert_int_equal(pa_gfp_mt(PA_GFP_RECLAIMABLE | PA_GFP_MOVABLE), -EINVAL);
}

/* Without CPUs there is no request level: no memory, no answers. */
static void test_absent(void **state)
{
	const struct pa_zone_config zone = { .spanned = PBN, .managed = PBN };
	struct pa_config cfg = {
		.policy = pa_policy_find("6.12"),
		.zones = &zone,
		.nr_zones = 1,
		.nr_orders = 11,
		.pageblock_order = PBO,
	};
	const struct pa_alloc_args args = { 0 };
	struct pa_zone_state zs;
	struct pa_knobs knobs;
	struct pa_pcp pcp;
	struct pa *pa;
	uint64_t pfn;
	size_t size = pa_size(&cfg);

	(void)state;
	pa = machine_of(&cfg);
	pa_knobs_default(&knobs);
	REFUSED(pa_gfp_zone(pa, 0), -EINVAL);
	REFUSED(pa_alloc(pa, &args, &pfn, NULL), -EINVAL);
	REFUSED(pa_free_pages(pa, 0, 0, 0, NULL), -EINVAL);
	REFUSED(pa_free_direct(pa, 0, 0, 0, 0, NULL), -EINVAL);
	REFUSED(pa_set_allocated(pa, 0, 0, PA_USE_PINNED), -EINVAL);
	REFUSED(pa_split_page(pa, 0, 0, 0), -EINVAL);
	REFUSED(pa_allocated(pa, 0), -ENOENT);
	REFUSED(pa_pcp_get(pa, 0, 0, &pcp), -ENOENT);
	REFUSED(pa_zone_get(pa, 0, &zs), -ENOENT);
	REFUSED(pa_zone_flags(pa, 0), 0);
	REFUSED(pa_drift_marked(pa, 0), false);
	REFUSED((int)pa_pressure_threshold(pa, 0), 0);
	REFUSED(pa_free_quick(pa, 0, 0, 0), false);
	REFUSED(pa_set_knobs(pa, &knobs), -EINVAL);
	REFUSED(pa_setup_wmarks(pa), -EINVAL);
	REFUSED((int)pa_drain(pa, 0, 0, 0, NULL), -EINVAL);
	REFUSED(pa_vmstat_update(pa, 0, NULL), -EINVAL);
	REFUSED(pa_lru_add(pa, 0), -EINVAL);
	REFUSED(pa_lru_del(pa, 0), -EINVAL);
	assert_null(pa_get_knobs(pa));
	assert_int_equal(pa_zonelist(pa, 0, PA_ZONE_NORMAL, NULL, 0), 0);
	cfg.cpus = 1;
	assert_true(pa_size(&cfg) > size + PBN);
	cfg.cpus = PA_MAX_CPUS + 1;
	assert_int_equal(pa_size(&cfg), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),  cmocka_unit_test(test_text),
		cmocka_unit_test(test_zone),   cmocka_unit_test(test_type),
		cmocka_unit_test(test_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
