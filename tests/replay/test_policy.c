/* SPDX-License-Identifier: GPL-2.0-only */
/* Which policy stands for a kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tools/replay.h"

static void the_release_chooses_where_the_trace_does_not(void **state)
{
	static const struct {
		const char *release, *policy;
	} cases[] = {
		{ "6.1.0-56-cloud-amd64", "6.1" },
		{ "6.12.117+deb12-amd64", "6.12" },
		{ "6.11.3", "6.12.0" },
		{ "6.18.26", "6.18" },
		{ "6.15.1", "6.18" },
		{ "7.3.4", "7.3" },
		{ "7.1.0", "6.18" },
		{ "6.9.0", "6.1" },
		{ "5.15.0", "5.10" },
		{ "4.19.0", "5.4" },
		{ "4.4.178", "4.4" },
		{ "2.6.32", "2.6.24" },
		{ "2.2.26", NULL },
		{ "BSD", NULL },
	};
	struct trace_meta meta = { .page_shift = 12 };
	const struct pa_policy *policy;
	const char *from;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		strcpy(meta.kernel, cases[i].release);
		policy = replay_policy(&meta, &from);
		assert_string_equal(from, "kernel release");
		if (cases[i].policy)
			assert_string_equal(policy->name, cases[i].policy);
		else
			assert_null(policy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_release_chooses_where_the_trace_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
