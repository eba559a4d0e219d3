/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists that a search has turned, and nothing told: bpf/turns.bpf.h. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <linux/types.h>

#include "bpf/event.h"
#include "kernel.h"

#define LIST(...)                                                                                  \
	kernel_list(sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t),                        \
		    (uint64_t[]){ __VA_ARGS__ })

/* So many events so far, the last of which says that @pfn is last on its list. */
static void told(size_t n, uint64_t pfn)
{
	const struct kernel_event *ev;

	assert_int_equal(kernel_events(&ev), n);
	if (!n)
		return;
	assert_int_equal(ev[n - 1].type, EV_ROTATE);
	assert_int_equal(ev[n - 1].bits, EV_ROTATE_TAIL);
	assert_int_equal(ev[n - 1].pfn, pfn);
}

/* A search that was told of is over; 20 was last. */
static void after_a_search(void)
{
	kernel_reset();
	LIST(10, 20);
	kernel_search(true);
	kernel_changes(5, KERNEL_DRAINED);
	told(1, 20);
	kernel_search(false);
	kernel_changes(5, KERNEL_DRAINED);
	kernel_changes(5, KERNEL_DRAINED);
	told(1, 20);
}

/* What came to the tail while nobody compacted went to the head at once: 20 is last again. */
static void a_turn_back_to_what_was_told_is_told(void **state)
{
	(void)state;
	after_a_search();
	LIST(10, 20, 30);
	kernel_changes(30, KERNEL_DRAINED);
	told(1, 20);
	kernel_search(true);
	LIST(30, 10, 20);
	kernel_changes(5, KERNEL_DRAINED);
	told(2, 20);
	kernel_changes(5, KERNEL_DRAINED);
	told(2, 20);
}

static void where_nothing_came_nothing_is_told(void **state)
{
	(void)state;
	after_a_search();
	LIST(40, 10, 20);
	kernel_changes(40, KERNEL_DRAINED);
	kernel_search(true);
	kernel_changes(5, KERNEL_DRAINED);
	told(1, 20);
}

/* The same amid a search: 30 came with a fallback of 6.1, or by a free that is told of ahead of it. */
static void a_turn_behind_a_change_is_told(void **state)
{
	static const enum kernel_change by[] = { KERNEL_DONE, KERNEL_TO_COME };

	(void)state;
	for (size_t i = 0; i < sizeof(by) / sizeof(by[0]); i++) {
		after_a_search();
		kernel_search(true);
		if (by[i] == KERNEL_TO_COME)
			kernel_changes(30, by[i]);
		LIST(10, 20, 30);
		if (by[i] == KERNEL_DONE)
			kernel_changes(30, by[i]);
		told(1, 20);
		LIST(30, 10, 20);
		kernel_changes(5, KERNEL_DRAINED);
		told(2, 20);
	}
}

/* A drained block may be last itself; one that is about to be isolated, and is not, is. */
static void of_a_drained_block_the_one_before_is_told(void **state)
{
	(void)state;
	after_a_search();
	kernel_search(true);
	LIST(20, 10, 30);
	kernel_changes(30, KERNEL_DRAINED);
	told(2, 10);
	LIST(30, 20, 10);
	kernel_changes(10, KERNEL_AHEAD);
	told(3, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_turn_back_to_what_was_told_is_told),
		cmocka_unit_test(where_nothing_came_nothing_is_told),
		cmocka_unit_test(a_turn_behind_a_change_is_told),
		cmocka_unit_test(of_a_drained_block_the_one_before_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
