/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the events alone say of the kernel's free blocks is what its closing snapshot says, block
 * for block and type for type; and a core that decides otherwise does not change that.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <glob.h>
#include <string.h>
#include <cmocka.h>

#include "machine.h"
#include "tools/tally.h"

static void note_decision(void *arg, const struct replay_decision *d)
{
	tally_pick(arg, d);
}

static void note_event(void *arg, uint64_t number, const struct trace_event *ev)
{
	(void)number;
	tally_event(arg, ev);
}

static void check_sums(const struct tally *t)
{
	uint64_t pages, free, used;
	struct tally_block b;

	for (uint32_t z = 0; z < tally_nr_zones(t); z++) {
		pages = free = 0;
		for (unsigned int o = 0; o < PA_MAX_ORDERS; o++)
			for (unsigned int mt = 0; mt < PA_NR_MT; mt++)
				pages += tally_free(t, z, o, mt) << o;
		for (uint64_t i = 0; i < tally_nr_blocks(t, z); i++) {
			tally_block(t, z, i, &b);
			used = 0;
			for (int mt = 0; mt < PA_PCPTYPES; mt++)
				used += b.used[mt];
			assert_true(b.free + used <= b.frames);
			free += b.free;
		}
		assert_int_equal(free, pages);
	}
}

/* The closing snapshot's blocks that the events had put elsewhere. */
static uint64_t differs(const char *path, const char *policy)
{
	struct replay_options opt = { .policy = policy,
				      .decision = note_decision,
				      .played = note_event };
	struct trace_reader *reader;
	struct trace_item item;
	struct replay *r;
	struct tally *t;
	uint64_t n;
	char why[256];

	assert_int_equal(trace_open(path, &reader, why, sizeof(why)), 0);
	assert_int_equal(
		tally_open(trace_meta(reader), replay_policy(trace_meta(reader), NULL), &t), 0);
	opt.arg = t;
	assert_int_equal(replay_open(trace_meta(reader), &opt, &r, why, sizeof(why)), 0);
	while (!trace_next(reader, &item) && item.kind != TRACE_END) {
		assert_int_equal(replay_item(r, &item), 0);
		assert_int_equal(tally_item(t, &item), 0);
	}
	assert_int_equal(replay_finish(r), 0);
	check_sums(t);
	n = tally_differs(t);
	replay_close(r);
	tally_close(t);
	trace_close(reader);
	return n;
}

static void real_kernels(void **state)
{
	glob_t found;
	size_t n = 0;

	(void)state;
	if (glob("tests/data/*.pgt", 0, NULL, &found))
		skip(); /* none is stored */
	for (size_t i = 0; i < found.gl_pathc; i++) {
		assert_int_equal(differs(found.gl_pathv[i], NULL), 0);
		/* The core goes astray: what the events say stays. */
		assert_int_equal(differs(found.gl_pathv[i], "6.18"), 0);
		n++;
	}
	assert_true(n > 0);
	globfree(&found);
}

/* Compaction takes blocks and nothing tells which, until something does. */
static void removals_may_be_hidden(void **state)
{
	const struct trace_event scan = { .type = EV_COMPACT_FREE,
					  .pfn = 4096,
					  .arg = event_scan(3, 20, 512) };
	const struct trace_event taken = { .type = EV_ISOLATE, .pfn = 4096, .bits = EV_HELD };
	struct machine m;
	struct tally *t;

	(void)state;
	machine_init(&m, "6.12");
	assert_int_equal(tally_open(&m.meta, pa_policy_find("6.12"), &t), 0);
	assert_false(tally_hides(t));
	tally_event(t, &scan);
	assert_true(tally_hides(t));
	tally_event(t, &taken);
	assert_false(tally_hides(t));
	tally_close(t);
	machine_free(&m);
}

/* A frame on a list is held by nobody, whoever gave it back, and whether that was seen. */
static void what_is_free_is_not_held(void **state)
{
	const struct trace_event held = { .type = EV_ALLOC, .pfn = 4097, .mt = PA_UNMOVABLE };
	const struct trace_event drained = { .type = EV_DRAIN, .pfn = 4097, .mt = PA_MOVABLE };
	uint32_t pieces[PA_MAX_ORDERS][PA_NR_MT];
	struct trace_item item = { .kind = TRACE_LIST };
	struct tally_block b;
	struct machine m;
	struct tally *t;

	(void)state;
	machine_init(&m, "6.12");
	assert_int_equal(tally_open(&m.meta, pa_policy_find("6.12"), &t), 0);
	item.list = (struct trace_list){ .zone = m.meta.zone[0].id, .mt = PA_MOVABLE };
	assert_int_equal(tally_item(t, &item), 0);
	tally_event(t, &held);
	tally_block(t, 0, (4097 - m.meta.zone[0].start_pfn) >> m.meta.pageblock_order, &b);
	assert_true(b.mixed);
	assert_int_equal(b.used[PA_UNMOVABLE], 1);
	tally_event(t, &drained);
	tally_block(t, 0, (4097 - m.meta.zone[0].start_pfn) >> m.meta.pageblock_order, &b);
	assert_false(b.mixed);
	assert_int_equal(b.used[PA_UNMOVABLE], 0);
	assert_int_equal(b.free, 1);
	tally_pieces(t, 0, (4097 - m.meta.zone[0].start_pfn) >> m.meta.pageblock_order, pieces);
	assert_int_equal(pieces[0][PA_MOVABLE], 1);
	check_sums(t);
	tally_close(t);
	machine_free(&m);
}

static void every_policy(void **state)
{
	static const char *const policies[] = { "6.1.0", "6.1", "6.12.0", "6.12", "6.18" };
	struct replay_options opt = { .decision = note_decision, .played = note_event };
	struct trace_item item = { .kind = TRACE_LIST };
	struct machine m;
	struct replay *r;
	struct tally *t;
	char why[256];

	(void)state;
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		machine_init(&m, policies[i]);
		m.seed = i + 1;
		m.tell_claims = true;
		machine_begin(&m);
		machine_work(&m, 4000);
		machine_end(&m);
		assert_int_equal(tally_open(&m.meta, pa_policy_find(policies[i]), &t), 0);
		for (size_t k = 0; k < m.nr_begin; k++) {
			item.list = m.begin[k].list;
			assert_int_equal(tally_item(t, &item), 0);
		}
		opt.arg = t;
		assert_int_equal(replay_open(&m.meta, &opt, &r, why, sizeof(why)), 0);
		machine_feed(&m, r);
		for (size_t k = 0; k < m.nr_end; k++) {
			item.list = m.end[k].list;
			assert_int_equal(tally_item(t, &item), 0);
		}
		check_sums(t);
		assert_int_equal(tally_differs(t), 0);
		replay_close(r);
		tally_close(t);
		machine_free(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_kernels),
		cmocka_unit_test(removals_may_be_hidden),
		cmocka_unit_test(what_is_free_is_not_held),
		cmocka_unit_test(every_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
