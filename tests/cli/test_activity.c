/* SPDX-License-Identifier: GPL-2.0-only */
/* Who is named, and how often that is asked. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tools/activity.h"

static unsigned int asked;

static const char *name_of(uint32_t pid)
{
	asked++;
	return pid == 3 ? NULL : pid == 1 ? "init" : "a name that is too long for the kernel";
}

static void allocate(struct activity *a, uint32_t pid)
{
	activity_event(a, &(struct trace_event){ .type = EV_ALLOC, .pfn = 4096, .pid = pid });
}

/* Each sample asks: once is enough, also for the many that are gone by then. */
static void a_process_is_asked_for_once(void **state)
{
	const struct trace_meta meta = {
		.cpus = 1, .nr_orders = 11, .nr_mt = 1, .mt = { "Movable" }
	};
	struct sample *s = calloc(1, sizeof(*s));
	struct activity *a;

	(void)state;
	assert_non_null(s);
	assert_int_equal(activity_open(&meta, &a), 0);
	allocate(a, 1);
	allocate(a, 3);
	activity_name(a, name_of);
	activity_name(a, name_of);
	assert_int_equal(asked, 2);
	allocate(a, 4);
	allocate(a, 1);
	activity_name(a, name_of);
	assert_int_equal(asked, 3);
	activity_sample(a, s);
	assert_int_equal(s->nr_callers, 3);
	assert_string_equal(s->callers[0].name, "init");
	assert_string_equal(s->callers[1].name, "");
	assert_string_equal(s->callers[2].name, "a name that is ");
	activity_close(a);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_process_is_asked_for_once) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
