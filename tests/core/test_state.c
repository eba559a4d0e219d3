/* SPDX-License-Identifier: GPL-2.0-only */
/* The state as a block of memory: sizes, zones, bad arguments, copies, hashes, pa_check itself. */
#include <errno.h>

#include "fixture.h"

static unsigned char before[sizeof(mem)];

static void policies_have_names(void **state)
{
	static const char *const names[] = { "2.4",   "2.6.24", "3.10",	  "4.4",  "5.4",  "5.10",
					     "6.1.0", "6.1",	"6.12.0", "6.12", "6.18", "7.3" };
	size_t i;
	(void)state;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_non_null(pa_policy_at(i));
		assert_string_equal(pa_policy_at(i)->name, names[i]);
		assert_true(strlen(pa_policy_at(i)->summary) > 0);
		assert_ptr_equal(pa_policy_find(names[i]), pa_policy_at(i));
	}
	assert_null(pa_policy_at(i));
	assert_null(pa_policy_find("6.1.1"));
	assert_null(pa_policy_find(""));
}

static void types_and_paths_have_names(void **state)
{
	(void)state;
	assert_string_equal(pa_mt_name(PA_HIGHATOMIC), "HighAtomic");
	assert_string_equal(pa_mt_name(PA_ISOLATE), "Isolate");
	assert_string_equal(pa_mt_name(PA_RESERVE), "Reserve");
	assert_null(pa_mt_name(PA_NR_MT));
	for (int path = 0; path < PA_NR_PATHS; path++)
		assert_non_null(pa_path_name((enum pa_path)path));
	assert_null(pa_path_name(PA_NR_PATHS));
}

static void bad_configurations_have_no_size(void **state)
{
	const struct pa_zone_config good = { .start_pfn = 1, .spanned = 4095, .managed = 4000 };
	const struct pa_config cfg = { .policy = pa_policy_find("6.18"),
				       .zones = &good,
				       .nr_zones = 1,
				       .nr_orders = 11,
				       .pageblock_order = 9,
				       .boost_factor = 15000 };
	const struct pa_policy stranger = *cfg.policy;
	struct pa_zone_config zones[] = { good, { .start_pfn = 4096, .spanned = 1 } };
	struct pa *pa = NULL;
	struct pa_config bad;
	(void)state;

#define BAD(change)                                                                                \
	do {                                                                                       \
		bad = cfg;                                                                         \
		bad.change;                                                                        \
		assert_int_equal(pa_size(&bad), 0);                                                \
		assert_int_equal(pa_init(mem, sizeof(mem), &bad, &pa), -EINVAL);                   \
	} while (0)
	assert_true(pa_size(&cfg) > 0);
	/* At most 12 bytes a frame, and the zones' heads. */
	assert_true(pa_size(&cfg) < 4095 * 12);
	assert_int_equal(pa_size(NULL), 0);
	BAD(policy = NULL);
	BAD(policy = &stranger);
	BAD(zones = NULL);
	BAD(nr_zones = 0);
	BAD(nr_zones = PA_MAX_ZONES + 1);
	BAD(nr_orders = 1);
	BAD(nr_orders = PA_MAX_ORDERS + 1);
	BAD(pageblock_order = 0);
	BAD(pageblock_order = 11);
	zones[1].start_pfn = 4095; /* overlaps by one frame */
	BAD(zones = zones; bad.nr_zones = 2);
	zones[1].start_pfn = 0;
	zones[1].spanned = 2;
	BAD(zones = zones; bad.nr_zones = 2);
	zones[1].spanned = 1;
	bad = cfg;
	bad.zones = zones;
	bad.nr_zones = 2;
	assert_true(pa_size(&bad) > 0);
	zones[0].spanned = 0;
	BAD(zones = zones);
	zones[0].spanned = UINT64_MAX;
	BAD(zones = zones);
	zones[0].spanned = UINT32_MAX; /* frames are numbered with 32 bits */
	BAD(zones = zones);
	zones[0].spanned = 10;
	zones[0].start_pfn = UINT64_MAX - 4;
	BAD(zones = zones);
	assert_null(pa);
	assert_int_equal(pa_init(mem, pa_size(&cfg) - 1, &cfg, &pa), -ENOSPC);
	assert_int_equal(pa_init(mem + 1, sizeof(mem) - 1, &cfg, &pa), -EINVAL);
	assert_int_equal(pa_init(NULL, sizeof(mem), &cfg, &pa), -EINVAL);
	assert_int_equal(pa_init(mem, pa_size(&cfg), &cfg, &pa), 0);
#undef BAD
}

/* Zones come in any order, with gaps; a zone's number is its place in the configuration. */
static void a_frame_finds_its_zone(void **state)
{
	struct pa_zone_config zones[PA_MAX_ZONES];
	const struct pa_config cfg = { .policy = pa_policy_find("6.1"),
				       .zones = zones,
				       .nr_zones = PA_MAX_ZONES,
				       .nr_orders = 11,
				       .pageblock_order = 9 };
	struct pa *pa;
	(void)state;

	for (uint32_t i = 0; i < PA_MAX_ZONES; i++) {
		uint64_t place = i * 37 % PA_MAX_ZONES;

		zones[i] = (struct pa_zone_config){ .start_pfn = place * 100 + 7, .spanned = 90 };
	}
	assert_int_equal(pa_init(mem, sizeof(mem), &cfg, &pa), 0);
	assert_int_equal(pa_nr_zones(pa), PA_MAX_ZONES);
	assert_ptr_equal(pa_policy(pa), cfg.policy);
	assert_int_equal(pa_zone_of(pa, 6), -ENOENT);
	for (uint32_t i = 0; i < PA_MAX_ZONES; i++) {
		assert_int_equal(pa_zone_of(pa, zones[i].start_pfn), i);
		assert_int_equal(pa_zone_of(pa, zones[i].start_pfn + 89), i);
		assert_int_equal(pa_zone_of(pa, zones[i].start_pfn + 90), -ENOENT);
		assert_int_equal(pa_pageblock(pa, zones[i].start_pfn), PA_MOVABLE);
	}
	assert_int_equal(pa_zone_of(pa, UINT64_MAX), -ENOENT);
	sound(pa);
}

static void pages_say_what_they_are(void **state)
{
	struct pa *pa = model("6.18");
	struct pa_page_info info;
	(void)state;

	load(pa, 0x440, 5, PA_MOVABLE);
	assert_int_equal(pa_page(pa, 0x45f, &info), 0);
	assert_true(info.free && !info.head);
	assert_int_equal(info.use, PA_USE_FREE);
	assert_int_equal(info.block, 0x440);
	assert_int_equal(info.order, 5);
	assert_int_equal(info.mt, PA_MOVABLE);
	assert_int_equal(pa_page(pa, 0x440, &info), 0);
	assert_true(info.free && info.head);
	assert_int_equal(pa_page(pa, 0x460, &info), 0);
	assert_true(!info.free && !info.head);
	assert_int_equal(info.use, PA_USE_UNKNOWN);
	assert_int_equal(info.block, PA_PFN_NONE);
	assert_int_equal(pa_page(pa, 64 * PBN, &info), -ENOENT);

	/* Only frames in use take a use, and only inside the zone. */
	pa_set_use(pa, 0x400, 7, PA_USE_MOVABLE);
	pa_page(pa, 0x450, &info);
	assert_int_equal(info.use, PA_USE_FREE);
	pa_page(pa, 0x460, &info);
	assert_int_equal(info.use, PA_USE_MOVABLE);
	pa_set_use(pa, 0x460, 0, PA_USE_FREE);
	pa_page(pa, 0x460, &info);
	assert_int_equal(info.use, PA_USE_MOVABLE);
	pa_set_use(pa, 64 * PBN - 1, 3, PA_USE_PINNED);
	pa_set_use(pa, 64 * PBN, 0, PA_USE_PINNED);
	sound(pa);
	/* What is handed out is pinned until somebody says otherwise. */
	assert_int_equal(take(pa, 0, PA_MOVABLE).pfn, 0x440);
	pa_page(pa, 0x440, &info);
	assert_int_equal(info.use, PA_USE_PINNED);
}

static void lists_load_and_clear(void **state)
{
	struct pa *pa = model("6.1");
	struct pa_page_info info;
	(void)state;

	load(pa, 0x440, 1, PA_MOVABLE);
	load(pa, 0x402, 1, PA_MOVABLE);
	load(pa, 0x200, 1, PA_UNMOVABLE);
	LISTS(pa, "U1:200 M1:440,402");
	assert_int_equal(pa_list_len(pa, 0, 1, PA_MOVABLE), 2);
	assert_int_equal(pa_nr_free(pa, 0, 1), 3);
	pa_clear_list(pa, 0, 1, PA_MOVABLE);
	sound(pa);
	LISTS(pa, "U1:200");
	pa_page(pa, 0x441, &info);
	assert_int_equal(info.use, PA_USE_UNKNOWN);
	pa_clear_list(pa, 1, 1, PA_MOVABLE);
	pa_clear_list(pa, 0, 11, PA_MOVABLE);
	pa_clear_list(pa, 0, 1, PA_NR_MT);
	assert_int_equal(pa_list_head(pa, 1, 1, PA_MOVABLE), PA_PFN_NONE);
	assert_int_equal(pa_list_next(pa, 0x201), PA_PFN_NONE);
	assert_int_equal(pa_list_next(pa, 64 * PBN), PA_PFN_NONE);
	assert_int_equal(pa_list_len(pa, 0, 1, PA_NR_MT), 0);
	assert_int_equal(pa_nr_free(pa, 0, 11), 0);
	assert_int_equal(pa_boost(pa, 1), 0);
}

/* A refused call leaves every byte as it was. */
static void bad_arguments_change_nothing(const char *policy)
{
	const struct pa_request bad[] = {
		{ .zone = 1 }, { .order = 11 }, { .mt = PA_NR_MT }, { .mode = 4 }, { .flags = 8 },
	};
	const uint64_t end = 64 * PBN;
	struct pa *pa = model(policy);
	struct pa_decision d = { .req = { .zone = 7 } };

	load(pa, 0x440, 4, PA_MOVABLE);
	memcpy(before, mem, sizeof(mem));
	assert_int_equal(pa_load_block(pa, 0x441, 1, PA_MOVABLE), -EINVAL);
	assert_int_equal(pa_load_block(pa, 0x800, 11, PA_MOVABLE), -EINVAL);
	assert_int_equal(pa_load_block(pa, 0x800, 1, PA_NR_MT), -EINVAL);
	assert_int_equal(pa_load_block(pa, end, 0, PA_MOVABLE), -EINVAL);
	assert_int_equal(pa_load_block(pa, 0x400, 7, PA_MOVABLE), -EEXIST);
	assert_int_equal(pa_free_block(pa, 0x441, 1, PA_MOVABLE, 0, -1), -EINVAL);
	assert_int_equal(pa_free_block(pa, 0x800, 11, PA_MOVABLE, 0, -1), -EINVAL);
	assert_int_equal(pa_free_block(pa, 0x800, 0, PA_NR_MT, 0, -1), -EINVAL);
	assert_int_equal(pa_free_block(pa, 0x800, 0, PA_MOVABLE, 2, -1), -EINVAL);
	assert_int_equal(pa_free_block(pa, end, 0, PA_MOVABLE, 0, -1), -EINVAL);
	assert_int_equal(pa_free_block(pa, 0x444, 0, PA_MOVABLE, 0, -1), -EEXIST);
	assert_int_equal(pa_free_block(pa, 0x440, 4, PA_MOVABLE, 0, -1), -EEXIST);
	assert_int_equal(pa_free_block(pa, 0x400, 9, PA_MOVABLE, 0, -1), -EEXIST);
	assert_int_equal(pa_free(pa, 0x400, 10, 0, -1), -EEXIST);
	assert_int_equal(pa_free(pa, 0x401, 1, 0, -1), -EINVAL);
	assert_int_equal(pa_free(pa, 0x800, 0, 2, -1), -EINVAL);
	assert_int_equal(pa_putback(pa, 0x440, 4, PA_MOVABLE), -EEXIST);
	assert_int_equal(pa_set_pageblock(pa, 0x400, PA_NR_MT), -EINVAL);
	assert_int_equal(pa_set_pageblock(pa, end, PA_MOVABLE), -ENOENT);
	assert_int_equal(pa_pageblock(pa, end), -ENOENT);
	assert_int_equal(pa_isolate(pa, 0x800, 2), -ENOENT);
	assert_int_equal(pa_isolate(pa, 0x442, 1), -ENOENT);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(pa_decide(pa, &bad[i], &d), -EINVAL);
		assert_int_equal(pa_decide_fallback(pa, &bad[i], 0x440, 4, PA_MOVABLE, false, &d),
				 -EINVAL);
		assert_int_equal(d.req.zone, 7);
	}
	assert_int_equal(pa_commit(pa, &d), -EINVAL);
	assert_same_bytes(before, mem, sizeof(mem));
}

static void bad_arguments(void **state)
{
	(void)state;
	each_policy(bad_arguments_change_nothing, "2.4", NULL);
}

static uint64_t play(struct pa *pa)
{
	for (uint64_t pfn = 0; pfn < 32 * PBN; pfn += 3)
		assert_int_equal(pa_free(pa, pfn, 0, 0, -1), 0);
	for (unsigned int i = 0; i < 500; i++)
		take(pa, i % 2, (enum pa_mt)(i % 3));
	return pa_hash(pa);
}

static void equal_calls_give_equal_bytes(void **state)
{
	static alignas(max_align_t) unsigned char copy[sizeof(mem)];
	struct pa *pa = model("6.18"), *fork;
	uint64_t hash;
	(void)state;

	hash = play(pa);
	memcpy(copy, mem, sizeof(mem));
	pa = model("6.18");
	assert_int_not_equal(pa_hash(pa), hash);
	assert_int_equal(play(pa), hash);
	assert_same_bytes(copy, mem,
			  pa_size(&(struct pa_config){
				  .policy = pa_policy(pa),
				  .zones = &(struct pa_zone_config){ .spanned = 64 * PBN },
				  .nr_zones = 1,
				  .nr_orders = 11,
				  .pageblock_order = PBO }));

	/* A copy is a fork: the same from here on, whatever becomes of the other. */
	fork = (struct pa *)(void *)(copy + ((unsigned char *)pa - mem));
	assert_int_equal(pa_hash(fork), hash);
	pa_free(pa, 40 * PBN, 0, 0, -1);
	assert_int_equal(pa_hash(fork), hash);
	assert_int_not_equal(pa_hash(pa), hash);
	pa_free(fork, 40 * PBN, 0, 0, -1);
	assert_int_equal(pa_hash(fork), pa_hash(pa));
	assert_true(pa_check(fork, NULL));
}

/* Of a pageblock that is in use, or free as a whole; and they fill pages, whatever the zones. */
static void links_of_no_piece_are_idle(void **state)
{
	const struct pa_zone_config zones[] = {
		{ .start_pfn = 1, .spanned = 4095 },
		{ .start_pfn = 4096, .spanned = 4100, .type = PA_ZONE_DMA32 }
	};
	struct pa_config cfg = { .policy = pa_policy_find("6.12"),
				 .zones = zones,
				 .nr_zones = 2,
				 .nr_orders = 11,
				 .pageblock_order = PBO };
	size_t at = 0, len = 0, next;
	struct pa *pa;

	(void)state;
	assert_int_equal(pa_init(mem, sizeof(mem), &cfg, &pa), 0);
	assert_false(pa_idle_links(pa, 0, &at, &len));
	assert_false(pa_idle_links(pa, 8196, &at, &len));
	assert_true(pa_idle_links(pa, 5, &at, &len));
	assert_int_equal(at % 4096, 8);
	assert_int_equal(len, 4096 - 8);
	assert_true(pa_idle_links(pa, 8195, &at, &len));
	assert_int_equal(len, 4 * 8);
	assert_true(pa_idle_links(pa, 5120, &at, &len));
	assert_int_equal(at % 4096, 0);
	assert_int_equal(len, 4096);
	assert_true(pa_idle_links(pa, 5120 + PBN - 1, &next, &len));
	assert_int_equal(next, at);
	load(pa, 5120, 10, PA_MOVABLE);
	load(pa, 4096, 9, PA_MOVABLE);
	assert_true(pa_idle_links(pa, 5120, &at, &len));
	assert_true(pa_idle_links(pa, 5120 + PBN, &at, &len));
	assert_true(pa_idle_links(pa, 4096, &at, &len));
	load(pa, 4096 + PBN, 8, PA_MOVABLE);
	load(pa, 6144 + PBN - 1, 0, PA_MOVABLE);
	assert_false(pa_idle_links(pa, 4096 + PBN + 300, &at, &len));
	assert_false(pa_idle_links(pa, 6144, &at, &len));
	cfg.cpus = 1;
	assert_int_equal(pa_init(mem, sizeof(mem), &cfg, &pa), 0);
	assert_false(pa_idle_links(pa, 5120, &at, &len));
}

/* Same blocks, another order or another type: another state. */
static void the_hash_knows_order_and_types(void **state)
{
	struct pa *pa = model("6.1");
	uint64_t hash;
	(void)state;

	load(pa, 0x400, 3, PA_MOVABLE);
	load(pa, 0x410, 3, PA_MOVABLE);
	hash = pa_hash(pa);
	assert_int_equal(pa_rotate(pa, 0x410, false), 1);
	assert_int_not_equal(pa_hash(pa), hash);
	assert_int_equal(pa_rotate(pa, 0x400, false), 1);
	assert_int_equal(pa_hash(pa), hash);
	pa_set_pageblock(pa, 0x2000, PA_UNMOVABLE);
	assert_int_not_equal(pa_hash(pa), hash);
	pa_set_pageblock(pa, 0x2000, PA_MOVABLE);
	pa_set_use(pa, 0x2000, 3, PA_USE_PINNED);
	assert_int_equal(pa_hash(pa), hash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies_have_names),
		cmocka_unit_test(types_and_paths_have_names),
		cmocka_unit_test(bad_configurations_have_no_size),
		cmocka_unit_test(a_frame_finds_its_zone),
		cmocka_unit_test(pages_say_what_they_are),
		cmocka_unit_test(lists_load_and_clear),
		cmocka_unit_test(bad_arguments),
		cmocka_unit_test(equal_calls_give_equal_bytes),
		cmocka_unit_test(links_of_no_piece_are_idle),
		cmocka_unit_test(the_hash_knows_order_and_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
