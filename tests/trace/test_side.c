/* SPDX-License-Identifier: GPL-2.0-only */
/* Which of the events that are read while snapshots are taken a file has. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tools/side.h"

#define LOW 100	   /* a frame of the first zone */
#define HIGH 10000 /* and of the second */

static const struct trace_meta meta = {
	.policy = "6.1",
	.pageblock_order = 9,
	.nr_zones = 2,
	.zone = { { .start_pfn = 1, .spanned = 4095 }, { .start_pfn = 4096, .spanned = 65536 } },
};

/* The first zone's snapshot lies ahead of record 10, the second one's of record 20. */
static const struct sides sides = { .meta = &meta, .at = { 10, 20 } };

static bool belongs(uint8_t type, uint64_t pfn, uint64_t number, enum trace_at at)
{
	const struct trace_event ev = { .type = type, .pfn = pfn };

	return event_belongs(&sides, &ev, number, at);
}

/* Its drain is behind the snapshot, too, and not written. */
static void a_push_behind_its_zones_end_is_left_out(void **state)
{
	static const uint8_t types[] = { EV_PUSH,	 EV_FREE,  EV_BULK,
					 EV_DRAIN_PAGES, EV_DRAIN, EV_ALLOC };

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		assert_true(belongs(types[i], LOW, 9, TRACE_AT_END));
		assert_false(belongs(types[i], LOW, 10, TRACE_AT_END));
		assert_true(belongs(types[i], HIGH, 10, TRACE_AT_END));
		assert_true(belongs(types[i], HIGH, 19, TRACE_AT_END));
		assert_false(belongs(types[i], HIGH, 20, TRACE_AT_END));
	}
}

/* The CPUs' lists are read later, so that what goes to them meanwhile does not harm. */
static void at_the_beginning_pushes_count_from_the_first_zone_on(void **state)
{
	(void)state;
	assert_false(belongs(EV_PUSH, LOW, 9, TRACE_AT_BEGIN));
	assert_true(belongs(EV_PUSH, LOW, 10, TRACE_AT_BEGIN));
	assert_true(belongs(EV_PUSH, HIGH, 10, TRACE_AT_BEGIN));
	assert_false(belongs(EV_DRAIN, HIGH, 19, TRACE_AT_BEGIN));
	assert_true(belongs(EV_DRAIN, HIGH, 20, TRACE_AT_BEGIN));
	assert_false(belongs(EV_ALLOC, HIGH, 19, TRACE_AT_BEGIN));
}

static void what_tells_of_no_zone_is_written_up_to_the_last_one(void **state)
{
	(void)state;
	assert_false(belongs(EV_TRY, 0, 9, TRACE_AT_BEGIN));
	assert_true(belongs(EV_TRY, 0, 10, TRACE_AT_BEGIN));
	assert_true(belongs(EV_TRY, 0, 19, TRACE_AT_END));
	assert_false(belongs(EV_TRY, 0, 20, TRACE_AT_END));
}

/* It is compared with nothing: what tells of it is written as the rest is. */
static void a_zone_that_could_not_be_had_has_no_side(void **state)
{
	const struct sides one = { .meta = &meta, .at = { SIDE_NONE, 20 } };
	const struct trace_event push = { .type = EV_PUSH, .pfn = LOW };

	(void)state;
	assert_true(event_belongs(&one, &push, 19, TRACE_AT_END));
	assert_false(event_belongs(&one, &push, 20, TRACE_AT_END));
	assert_true(event_belongs(&one, &push, 20, TRACE_AT_BEGIN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_push_behind_its_zones_end_is_left_out),
		cmocka_unit_test(at_the_beginning_pushes_count_from_the_first_zone_on),
		cmocka_unit_test(what_tells_of_no_zone_is_written_up_to_the_last_one),
		cmocka_unit_test(a_zone_that_could_not_be_had_has_no_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
