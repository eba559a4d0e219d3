/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the core's tests use of cmocka, for compilers and machines that no package of cmocka is
 * for.  The same names, the same comparisons (integers as uintmax_t), output as TAP.
 */
#ifndef TESTS_PORTABLE_CMOCKA_H
#define TESTS_PORTABLE_CMOCKA_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
	const char *name;
	void (*run)(void **state);
};

static jmp_buf cmocka_out;

static inline _Noreturn void cmocka_fail(const char *file, int line)
{
	printf("# %s:%d\n", file, line);
	longjmp(cmocka_out, 1);
}

#define fail_msg(...)                                                                              \
	do {                                                                                       \
		printf("# " __VA_ARGS__);                                                          \
		putchar('\n');                                                                     \
		cmocka_fail(__FILE__, __LINE__);                                                   \
	} while (0)

static inline void cmocka_true(bool ok, const char *what, const char *file, int line)
{
	if (ok)
		return;
	printf("# %s\n", what);
	cmocka_fail(file, line);
}

static inline void cmocka_integers(bool same, uintmax_t a, uintmax_t b, const char *file, int line)
{
	if ((a == b) == same)
		return;
	printf("# %#jx %s %#jx\n", a, same ? "!=" : "==", b);
	cmocka_fail(file, line);
}

static inline void cmocka_strings(const char *a, const char *b, const char *file, int line)
{
	if (!strcmp(a, b))
		return;
	printf("# \"%s\" != \"%s\"\n", a, b);
	cmocka_fail(file, line);
}

#define assert_true(c) cmocka_true((c) != 0, #c, __FILE__, __LINE__)
#define assert_false(c) cmocka_true((c) == 0, "not: " #c, __FILE__, __LINE__)
#define assert_null(p) cmocka_true((p) == NULL, #p " is not NULL", __FILE__, __LINE__)
#define assert_non_null(p) cmocka_true((p) != NULL, #p " is NULL", __FILE__, __LINE__)
#define assert_ptr_equal(a, b) cmocka_true((a) == (b), #a " is not " #b, __FILE__, __LINE__)
#define assert_int_equal(a, b)                                                                     \
	cmocka_integers(true, (uintmax_t)(a), (uintmax_t)(b), __FILE__, __LINE__)
#define assert_int_not_equal(a, b)                                                                 \
	cmocka_integers(false, (uintmax_t)(a), (uintmax_t)(b), __FILE__, __LINE__)
#define assert_in_range(value, low, high)                                                          \
	cmocka_true((uintmax_t)(value) >= (uintmax_t)(low) &&                                      \
			    (uintmax_t)(value) <= (uintmax_t)(high),                               \
		    #value " is not between " #low " and " #high, __FILE__, __LINE__)
#define assert_string_equal(a, b) cmocka_strings(a, b, __FILE__, __LINE__)
#define assert_memory_equal(a, b, len)                                                             \
	cmocka_true(!memcmp(a, b, len), #a " differs from " #b, __FILE__, __LINE__)

#define cmocka_unit_test(f)                                                                        \
	{                                                                                          \
#f, f                                                                              \
	}
#define cmocka_run_group_tests(tests, setup, teardown)                                             \
	cmocka_run(tests, sizeof(tests) / sizeof((tests)[0]))

static inline int cmocka_run(const struct CMUnitTest *tests, size_t nr)
{
	volatile size_t failed = 0;

	printf("1..%zu\n", nr);
	for (volatile size_t i = 0; i < nr; i++) {
		void *state = NULL;

		if (!setjmp(cmocka_out)) {
			tests[i].run(&state);
			printf("ok %zu - %s\n", i + 1, tests[i].name);
		} else {
			failed++;
			printf("not ok %zu - %s\n", i + 1, tests[i].name);
		}
		fflush(stdout);
	}
	return failed ? 1 : 0;
}

#endif /* TESTS_PORTABLE_CMOCKA_H */
