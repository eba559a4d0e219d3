/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Request mode on traces of real kernels (tests/data): how many requests get the kernel's page,
 * and that no answer is copied: if the trace names other pages, the core hands out the same.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tools/request.h"
#include "tools/settings.h"

/* So many events of a trace are run twice: far enough for refills, drains and direct frees. */
#define EVENTS 150000
#define ALTERED_FROM 140000

static struct trace_event buffer[65536]; /* of one chunk, see pgt(5) */

struct run {
	struct request_result res;
	uint64_t hash; /* over the pages the core handed out */
	uint64_t altered;
};

static void mix(void *arg, const struct request_decision *d)
{
	struct run *run = arg;

	run->hash = (run->hash ^ d->rec->pfn ^ d->event << 20) * UINT64_C(0x100000001b3);
}

/*
 * Of every 50th pair of requests alike near the end each is said to have got the other's page.
 * Between the two is the second one's attempt.
 */
static void alter(struct trace_event *ev, uint64_t number, struct run *run)
{
	static uint32_t pairs;
	uint64_t pfn = ev[0].pfn;

	if (number < ALTERED_FROM || ev[0].type != EV_ALLOC || ev[1].type != EV_TRY ||
	    ev[2].type != EV_ALLOC || ev[0].order || ev[2].order || ev[0].cpu != ev[1].cpu ||
	    ev[0].cpu != ev[2].cpu || ev[0].mt != ev[2].mt || pfn == EV_PFN_NONE ||
	    ev[2].pfn == EV_PFN_NONE || pairs++ % 4)
		return;
	ev[0].pfn = ev[2].pfn;
	ev[2].pfn = pfn;
	run->altered += 2;
}

/* The first EVENTS of a trace. */
static void run_start(const char *path, bool falsify, struct run *run)
{
	struct request_options opt = { .decision = mix, .arg = run };
	struct trace_reader *reader;
	struct trace_item item;
	struct request *r;
	char why[256];

	memset(run, 0, sizeof(*run));
	assert_int_equal(trace_open(path, &reader, why, sizeof(why)), 0);
	assert_int_equal(request_open(trace_meta(reader), &opt, &r, why, sizeof(why)), 0);
	while (!trace_next(reader, &item) && item.kind != TRACE_END) {
		if (item.kind == TRACE_EVENTS) {
			if (item.events.first >= EVENTS)
				break;
			if (item.events.n > EVENTS - item.events.first)
				item.events.n = EVENTS - item.events.first;
			memcpy(buffer, item.events.ev, item.events.n * sizeof(buffer[0]));
			for (size_t i = 0; falsify && i + 2 < item.events.n; i += 3)
				alter(&buffer[i], item.events.first + i, run);
			item.events.ev = buffer;
		}
		assert_int_equal(request_item(r, &item), 0);
	}
	assert_int_equal(request_finish(r), 0);
	run->res = *request_result(r);
	request_close(r);
	trace_close(reader);
}

static void test_exact_start(const char *path)
{
	struct run plain, falsified;

	run_start(path, false, &plain);
	assert_true(plain.res.requests > 20000);
	assert_int_equal(plain.res.requests_exact, plain.res.requests);
	assert_true(plain.res.refills.core > 20);

	run_start(path, true, &falsified);
	assert_true(falsified.altered > 50);
	assert_true(falsified.hash == plain.hash);
	assert_int_equal(falsified.res.requests_exact, falsified.res.requests - falsified.altered);
}

static void exact_start(void **state)
{
	(void)state;
	test_exact_start("tests/data/debian-6.1.pgt");
	test_exact_start("tests/data/debian-6.12.pgt");
}

static void run_all(const char *path, struct request_options *opt, struct request_result *res)
{
	struct trace_reader *reader;
	char why[256];

	assert_int_equal(trace_open(path, &reader, why, sizeof(why)), 0);
	assert_int_equal(request_run(reader, opt, res, why, sizeof(why)), 0);
	trace_close(reader);
}

/* Every request, refill and drain of the whole trace, and every list at its end. */
static void exact_to_the_end(void **state)
{
	static const char *const paths[] = { "tests/data/debian-6.1.pgt",
					     "tests/data/debian-6.12.pgt" };

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct request_options opt = { .check = true };
		struct request_result res;

		run_all(paths[i], &opt, &res);
		assert_null(res.unsound);
		assert_false(res.cut);
		assert_int_equal(res.lost, 0);
		assert_true(res.end_known);
		assert_false(res.first.found);
		assert_int_equal(res.order0_exact, res.order0);
		assert_int_equal(res.high_exact, res.high);
		assert_int_equal(res.untried, 0);
		assert_true(res.slow > 0 && res.slow < res.requests / 10);
		assert_int_equal(res.fallbacks.core, res.fallbacks.kernel);
		assert_int_equal(res.drains.core, res.drains.kernel);
		assert_int_equal(res.drained.core, res.drained.kernel);
		assert_int_equal(res.lists_exact_order, res.lists);
	}
}

/* A what-if run compares nothing, keeps the state sound and is the same each time. */
static void what_if(void **state)
{
	struct request_options opts[] = {
		{ .policy = "6.12", .check = true },
		{ .set = { "vm.min_free_kbytes=20000" }, .nr_sets = 1, .check = true },
		{ .mem = 512 << 20, .cpus = 4, .check = true },
		{ .zones = "DMA=16M,DMA32=256M,Normal=256M", .check = true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(opts) / sizeof(opts[0]); i++) {
		struct request_result res, again;

		run_all("tests/data/debian-6.1.pgt", &opts[i], &res);
		assert_true(res.changed);
		assert_null(res.unsound);
		assert_true(res.requests + res.unasked > 200000);
		assert_true(res.refilled.core > 0);
		run_all("tests/data/debian-6.1.pgt", &opts[i], &again);
		assert_true(again.refilled.core == res.refilled.core);
		assert_true(again.drained.core == res.drained.core);
		assert_true(again.reclaimed == res.reclaimed);
		assert_true(again.moved == res.moved);
	}
}

static void refused(const char *text, const char *said)
{
	const struct pa_policy *policy = pa_policy_find("6.1");
	struct pa_knobs knobs, before;
	char why[256] = "";
	int err;

	pa_knobs_default(&knobs);
	before = knobs;
	err = settings_apply(&knobs, policy, text, why, sizeof(why));
	assert_int_equal(err, said ? -EINVAL : 0);
	if (said) {
		assert_non_null(strstr(why, said));
		assert_memory_equal(&knobs, &before, sizeof(knobs));
	}
}

static void settings(void **state)
{
	(void)state;
	refused("vm.watermark_scale_factor=3000", NULL);
	refused("watermark_scale_factor=3001", "1 to 3000");
	refused("watermark_scale_factor=0", "1 to 3000");
	refused("vm.watermark_scale_factor=ten", "1 to 3000");
	refused("min_free_kbytes=0", "1 to 2147483647");
	refused("percpu_pagelist_high_fraction=0", NULL);
	refused("percpu_pagelist_high_fraction=7", "0, or 8 to");
	refused("extfrag_threshold=1001", "0 to 1000");
	refused("compaction_proactiveness=101", "0 to 100");
	refused("defrag_mode=1", "under policy 6.1 (0 to 0 accepted)");
	refused("lowmem_reserve_ratio=256 256 32 0 0", NULL);
	refused("lowmem_reserve_ratio=1,2", NULL);
	refused("lowmem_reserve_ratio=1 2 3 4 5 6", "1 to 5 numbers");
	refused("lowmem_reserve_ratio=1 x", "1 to 5 numbers");
	refused("lowmem_reserve_ratio=", "1 to 5 numbers");
	refused("vm.swappiness=60", "vm.swappiness: no such setting");
	refused("vm.min_free_kbytes", "vm.KEY=VALUE");
}

static uint64_t reserve_of(const struct trace_meta *meta)
{
	struct request_options opt = { 0 };
	struct pa_zone_state state;
	struct request *r;
	char why[256];

	assert_int_equal(request_open(meta, &opt, &r, why, sizeof(why)), 0);
	assert_int_equal(pa_zone_get(request_state(r), 0, &state), 0);
	request_close(r);
	return state.lowmem_reserve[PA_ZONE_MOVABLE];
}

/* Reading the ratios has the kernel work the reserve out again, so it is no longer what zones had. */
static void reserve_is_fresh(void **state)
{
	struct trace_reader *reader;
	struct trace_meta meta;
	uint64_t above = 0;
	char why[256];

	(void)state;
	assert_int_equal(trace_open("tests/data/debian-6.12.pgt", &reader, why, sizeof(why)), 0);
	meta = *trace_meta(reader);
	assert_int_equal(meta.zone[0].nr_lowmem_reserve, 5);
	for (size_t i = 1; i < meta.nr_zones; i++)
		above += meta.zone[i].managed;
	for (size_t i = 1; i < 5; i++)
		meta.zone[0].lowmem_reserve[i] = 7;
	assert_int_equal(reserve_of(&meta), above / 256);
	meta.sysctl.n = 0;
	assert_int_equal(reserve_of(&meta), 7);
	trace_close(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_start),	    cmocka_unit_test(exact_to_the_end),
		cmocka_unit_test(reserve_is_fresh), cmocka_unit_test(what_if),
		cmocka_unit_test(settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
