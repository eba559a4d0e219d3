/* SPDX-License-Identifier: GPL-2.0-only */
/* What compaction holds, by tracepoints alone: bpf/hands.bpf.h and bpf/silent.bpf.h. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <linux/types.h>

#include "bpf/event.h"
#include "kernel.h"

#define MIGRATE 40
#define FREE 960

/* Where the arguments of the tracepoint lie on the stack, and the variable of a caller's caller. */
#define ARGS (kernel_stack() + KERNEL_STACK - 1600)
#define CONTROL (ARGS + 640)

static struct kernel_control control(uint64_t addr)
{
	return (struct kernel_control){ .addr = addr,
					.migrate_pfn = MIGRATE,
					.free_pfn = FREE,
					.freepages = true,
					.migratepages = true,
					.zone = true };
}

static void a_control_is_found_on_the_stack(void **state)
{
	struct kernel_control cc;

	(void)state;
	kernel_reset();
	cc = control(CONTROL);
	kernel_put_control(&cc);
	kernel_compaction_begin(7, ARGS, MIGRATE, FREE);
	assert_int_equal(kernel_compactor(0), CONTROL);
	assert_int_equal(kernel_not_found(), 0);
	kernel_compaction_begin(8, ARGS, MIGRATE, FREE);
	assert_int_equal(kernel_compactor(1), CONTROL);
	kernel_compaction_end(7);
	assert_int_equal(kernel_compactor(0), 0);
	assert_int_equal(kernel_compactor(1), CONTROL);
	kernel_compaction_begin(9, ARGS, MIGRATE, FREE);
	assert_int_equal(kernel_compactor(0), CONTROL);
}

static void what_is_not_just_so_is_no_control(void **state)
{
	struct kernel_control cc[7];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cc) / sizeof(cc[0]); i++) {
		kernel_reset();
		cc[i] = control(CONTROL);
		cc[i].freepages = i != 0;
		cc[i].migratepages = i != 1;
		cc[i].nr_freepages = i == 2;
		cc[i].nr_migratepages = i == 3;
		cc[i].migrate_pfn += i == 4;
		cc[i].free_pfn += i == 5;
		cc[i].zone = i != 6;
		kernel_put_control(&cc[i]);
		kernel_compaction_begin(7, ARGS, MIGRATE, FREE);
		assert_int_equal(kernel_compactor(0), 0);
		assert_int_equal(kernel_not_found(), 1);
		kernel_compaction_end(7); /* of nobody */
	}
}

static void a_control_elsewhere_is_not_looked_for(void **state)
{
	struct kernel_control cc;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		kernel_reset();
		cc = control(i ? CONTROL : ARGS - 640); /* below: left from an earlier call */
		kernel_put_control(&cc);
		kernel_compaction_begin(7, i ? 0 : ARGS, MIGRATE, FREE);
		assert_int_equal(kernel_compactor(0), 0);
		assert_int_equal(kernel_not_found(), 1);
	}
}

#define LIST(...)                                                                                  \
	kernel_list(sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t),                        \
		    (uint64_t[]){ __VA_ARGS__ })

static void begin(void)
{
	struct kernel_control cc = control(CONTROL);

	kernel_put_control(&cc);
	kernel_compaction_begin(7, ARGS, MIGRATE, FREE);
}

/* The search took frame 50, turned the list to it, and nothing told. */
static void a_page_that_a_silent_search_took_is_told_of(void **state)
{
	const struct kernel_event *ev;

	(void)state;
	kernel_reset();
	LIST(10, 20, 30, 40, 50, 60, 70);
	begin();
	kernel_in_lock(5, 1); /* another took a page: nothing near the tail is new */
	assert_int_equal(kernel_events(&ev), 0);
	LIST(60, 70, 10, 20, 30, 40);
	kernel_set_free(50, -1);
	kernel_in_lock(5, 1);
	assert_int_equal(kernel_events(&ev), 1);
	assert_int_equal(ev->type, EV_ISOLATE);
	assert_int_equal(ev->bits, EV_HELD);
	assert_int_equal(ev->pfn, 50);
	assert_int_equal(ev->order, 0);
	kernel_in_lock(5, 1);
	assert_int_equal(kernel_events(&ev), 1);
	LIST(70, 10, 20, 30); /* and two more, one after the other */
	kernel_set_free(60, -1);
	kernel_set_free(40, -1);
	kernel_in_lock(5, 0);
	assert_int_equal(kernel_events(&ev), 3);
	assert_int_equal(ev[1].pfn, 40);
	assert_int_equal(ev[2].pfn, 60);
}

/* A page that merged is free; the event's own has a record to come. */
static void a_page_that_left_otherwise_is_not(void **state)
{
	const struct kernel_event *ev;

	(void)state;
	kernel_reset();
	LIST(10, 20, 30, 40, 50, 61, 71);
	begin();
	LIST(10, 20, 30, 50);
	kernel_set_free(40, -1);
	kernel_set_free(71, -1); /* 68 to 71 are one block */
	kernel_set_free(68, 2);
	kernel_set_free(61, -1); /* as are 60 and 61 */
	kernel_set_free(60, 1);
	kernel_in_lock(40, 1);
	assert_int_equal(kernel_events(&ev), 0);
	LIST();
	kernel_set_free(10, -1);
	kernel_in_lock(20, 32);
	assert_int_equal(kernel_events(&ev), 1);
	assert_int_equal(ev->pfn, 10);
}

/* Whoever finds no slot is not told of, and its end takes nothing back that another has begun. */
static void as_many_end_as_begin_where_there_is_no_slot(void **state)
{
	struct kernel_control cc = control(CONTROL);
	unsigned int pid, slots = 16;

	(void)state;
	kernel_reset();
	kernel_put_control(&cc);
	for (pid = 1; pid <= slots + 1; pid++)
		kernel_compaction_begin(pid, ARGS, MIGRATE, FREE);
	assert_int_equal(kernel_compactors(), slots);
	kernel_compaction_end(slots + 1);
	assert_int_equal(kernel_compactors(), slots);
	for (pid = 1; pid <= slots; pid++)
		kernel_compaction_end(pid);
	assert_int_equal(kernel_compactors(), 0);
	kernel_compaction_end(slots + 2); /* begun before anyone looked */
	assert_int_equal(kernel_compactors(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_control_is_found_on_the_stack),
		cmocka_unit_test(what_is_not_just_so_is_no_control),
		cmocka_unit_test(a_control_elsewhere_is_not_looked_for),
		cmocka_unit_test(a_page_that_a_silent_search_took_is_told_of),
		cmocka_unit_test(a_page_that_left_otherwise_is_not),
		cmocka_unit_test(as_many_end_as_begin_where_there_is_no_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
