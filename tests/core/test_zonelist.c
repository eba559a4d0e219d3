// SPDX-License-Identifier: GPL-2.0-only
/* Zonelists over nodes and zones, and the sizing of ZONE_MOVABLE. */
#include "machine.h"

#define MB 256 /* pages */

/* "2,1,0": indices in the configuration. */
static const char *zonelist(const struct pa *pa, uint32_t nid, enum pa_zone_type highest)
{
	static char text[128];
	uint8_t zones[16];
	uint32_t nr = pa_zonelist(pa, nid, highest, zones, 16);
	size_t len = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < nr; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%u", i ? "," : "",
					zones[i]);
	return text;
}

static struct pa_config config(const struct pa_zone_config *zones, uint32_t nr)
{
	return (struct pa_config){
		.policy = pa_policy_find("6.12"),
		.zones = zones,
		.nr_zones = nr,
		.nr_orders = 11,
		.pageblock_order = PBO,
		.cpus = 4,
	};
}

static void test_one_node(void **state)
{
	const struct pa_zone_config zones[] = {
		{ .start_pfn = 16 * MB,
		  .spanned = 64 * MB,
		  .managed = 64 * MB,
		  .type = PA_ZONE_DMA32 },
		{ .spanned = 16 * MB, .managed = 15 * MB, .type = PA_ZONE_DMA },
		{ .start_pfn = 80 * MB,
		  .spanned = 64 * MB,
		  .managed = 64 * MB,
		  .type = PA_ZONE_NORMAL },
		{ .start_pfn = 144 * MB, .spanned = 64 * MB, .type = PA_ZONE_MOVABLE }, /* empty */
	};
	const struct pa_config cfg = config(zones, 4);
	struct pa *pa = machine_of(&cfg);

	(void)state;
	assert_string_equal(zonelist(pa, 0, PA_ZONE_DMA), "1");
	assert_string_equal(zonelist(pa, 0, PA_ZONE_DMA32), "0,1");
	assert_string_equal(zonelist(pa, 0, PA_ZONE_NORMAL), "2,0,1");
	assert_string_equal(zonelist(pa, 0, PA_ZONE_MOVABLE), "2,0,1");
	assert_int_equal(pa_zonelist(pa, 1, PA_ZONE_DMA, NULL, 0), 0);
}

/* Nearest first; a node without CPUs before one with; node order, not zone order. */
static void test_nodes(void **state)
{
	struct pa_zone_config zones[] = {
		{ .spanned = 16 * MB, .managed = 16 * MB, .type = PA_ZONE_DMA32, .node = 0 },
		{ .start_pfn = 16 * MB,
		  .spanned = MB,
		  .managed = MB,
		  .type = PA_ZONE_NORMAL,
		  .node = 0 },
		{ .start_pfn = 17 * MB,
		  .spanned = MB,
		  .managed = MB,
		  .type = PA_ZONE_NORMAL,
		  .node = 1 },
		{ .start_pfn = 18 * MB,
		  .spanned = MB,
		  .managed = MB,
		  .type = PA_ZONE_NORMAL,
		  .node = 2 },
	};
	static const uint8_t cpu_node[] = { 0, 1, 0, 1 };
	static const uint8_t distance[] = { 10, 21, 30, 21, 10, 20, 30, 20, 10 };
	struct pa_config cfg = config(zones, 4);
	struct pa *pa;

	(void)state;
	cfg.cpu_node = cpu_node;
	pa = machine_of(&cfg); /* equal distances */
	assert_string_equal(zonelist(pa, 0, PA_ZONE_NORMAL), "1,0,3,2");
	assert_string_equal(zonelist(pa, 1, PA_ZONE_NORMAL), "2,3,1,0");
	cfg.distance = distance;
	pa = machine_of(&cfg);
	assert_string_equal(zonelist(pa, 0, PA_ZONE_NORMAL), "1,0,2,3");
	assert_string_equal(zonelist(pa, 2, PA_ZONE_NORMAL), "3,2,1,0");
	assert_string_equal(zonelist(pa, 2, PA_ZONE_DMA32), "0");
	zones[3].node = PA_MAX_NODES;
	assert_int_equal(pa_size(&cfg), 0);
}

/* Equals take turns: node_load. */
static void test_round_robin(void **state)
{
	struct pa_zone_config zones[4];
	struct pa_config cfg = config(zones, 4);
	struct pa *pa;

	(void)state;
	for (uint32_t n = 0; n < 4; n++)
		zones[n] = (struct pa_zone_config){
			.start_pfn = n * MB,
			.spanned = MB,
			.managed = MB,
			.type = PA_ZONE_NORMAL,
			.node = n,
		};
	pa = machine_of(&cfg);
	assert_string_equal(zonelist(pa, 0, PA_ZONE_NORMAL), "0,1,2,3");
	assert_string_equal(zonelist(pa, 1, PA_ZONE_NORMAL), "1,2,3,0");
	assert_string_equal(zonelist(pa, 2, PA_ZONE_NORMAL), "2,3,1,0");
}

static void test_movable(void **state)
{
	struct pa_zone_config zones[4] = {
		{ .spanned = 4 * MB, .managed = 4 * MB, .present = 4 * MB, .type = PA_ZONE_DMA },
		{ .start_pfn = 4 * MB,
		  .spanned = 60 * MB,
		  .managed = 60 * MB,
		  .type = PA_ZONE_NORMAL },
	};
	uint32_t nr = 2;

	(void)state;
	assert_int_equal(pa_split_movable(zones, &nr, 4, 0, 0, 1024), -EINVAL);
	assert_int_equal(pa_split_movable(zones, &nr, 4, MB, MB, 1024), -EINVAL);
	assert_int_equal(pa_split_movable(zones, &nr, 4, MB, 0, 1000), -EINVAL);
	assert_int_equal(pa_split_movable(zones, &nr, 2, 16 * MB, 0, 1024), -ENOSPC);
	assert_int_equal(nr, 2);
	/* kernelcore=: what lower zones hold counts. */
	assert_int_equal(pa_split_movable(zones, &nr, 4, 16 * MB, 0, 1024), 0);
	assert_int_equal(nr, 3);
	assert_int_equal(zones[1].spanned, 12 * MB);
	assert_int_equal(zones[2].type, PA_ZONE_MOVABLE);
	assert_int_equal(zones[2].start_pfn, 16 * MB);
	assert_int_equal(zones[2].managed, 48 * MB);
	assert_int_equal(pa_split_movable(zones, &nr, 4, 16 * MB, 0, 1024), -EINVAL);
	/* movablecore=: rounded up to whole blocks. */
	nr = 2;
	zones[1] = (struct pa_zone_config){
		.start_pfn = 4 * MB, .spanned = 60 * MB, .managed = 60 * MB, .type = PA_ZONE_NORMAL
	};
	assert_int_equal(pa_split_movable(zones, &nr, 4, 0, 8 * MB - 5, 1024), 0);
	assert_int_equal(zones[2].spanned, 8 * MB);
	assert_int_equal(zones[1].spanned, 52 * MB);
	/* Less kernelcore than the lower zones hold: the highest zone is movable as a whole. */
	nr = 2;
	zones[1] = (struct pa_zone_config){
		.start_pfn = 4 * MB, .spanned = 60 * MB, .managed = 60 * MB, .type = PA_ZONE_NORMAL
	};
	assert_int_equal(pa_split_movable(zones, &nr, 4, 2 * MB, 0, 1024), 0);
	assert_int_equal(nr, 2);
	assert_int_equal(zones[1].type, PA_ZONE_MOVABLE);
	/* More than there is: no movable zone. */
	zones[1].type = PA_ZONE_NORMAL;
	assert_int_equal(pa_split_movable(zones, &nr, 4, 640 * MB, 0, 1024), 0);
	assert_int_equal(nr, 2);
	assert_int_equal(zones[1].type, PA_ZONE_NORMAL);
}

/* Two nodes share kernelcore evenly; a node without the highest zone lends none. */
static void test_movable_nodes(void **state)
{
	struct pa_zone_config zones[6] = {
		{ .spanned = 8 * MB, .managed = 8 * MB, .type = PA_ZONE_DMA32 },
		{ .start_pfn = 8 * MB,
		  .spanned = 56 * MB,
		  .managed = 56 * MB,
		  .type = PA_ZONE_NORMAL },
		{ .start_pfn = 64 * MB,
		  .spanned = 64 * MB,
		  .managed = 64 * MB,
		  .type = PA_ZONE_NORMAL,
		  .node = 1 },
		{ .start_pfn = 128 * MB,
		  .spanned = 4 * MB,
		  .managed = 4 * MB,
		  .type = PA_ZONE_DMA32,
		  .node = 2 },
	};
	uint32_t nr = 4;

	(void)state;
	assert_int_equal(pa_split_movable(zones, &nr, 6, 36 * MB, 0, 1024), 0);
	assert_int_equal(nr, 6);
	assert_int_equal(zones[4].start_pfn, 16 * MB);
	assert_int_equal(zones[4].node, 0);
	assert_int_equal(zones[5].start_pfn, 80 * MB);
	assert_int_equal(zones[5].node, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_node),      cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_round_robin),   cmocka_unit_test(test_movable),
		cmocka_unit_test(test_movable_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
