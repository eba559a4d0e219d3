/* SPDX-License-Identifier: GPL-2.0-only */
/* Parsing of numbers, sizes, durations: a whole string or nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tools/util.h"

#define UNTOUCHED 0xdead

struct sample {
	const char *text;
	int err;
	uint64_t want;
};

static int parse_any(const char *text, uint64_t *out)
{
	return parse_u64(text, 0, UINT64_MAX, out);
}

static int parse_1_to_64(const char *text, uint64_t *out)
{
	return parse_u64(text, 1, 64, out);
}

static void check(int (*parse)(const char *, uint64_t *), const struct sample *s)
{
	uint64_t got;

	for (; s->text; s++) {
		got = UNTOUCHED;
		if (parse(s->text, &got) != s->err || got != (s->err ? UNTOUCHED : s->want))
			fail_msg("'%s' gave %llu", s->text, (unsigned long long)got);
	}
}

static void numbers(void **state)
{
	static const struct sample any[] = {
		{ "0", 0, 0 },	      { "18446744073709551615", 0, UINT64_MAX },
		{ "0x1F", 0, 31 },    { "18446744073709551616", -ERANGE, 0 },
		{ "", -EINVAL, 0 },   { "-1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 }, { "1 ", -EINVAL, 0 },
		{ "010", 0, 10 },     { "0x", -EINVAL, 0 },
		{ "x", -EINVAL, 0 },  { 0 },
	};
	static const struct sample bounded[] = {
		{ "1", 0, 1 }, { "64", 0, 64 }, { "0", -ERANGE, 0 }, { "65", -ERANGE, 0 }, { 0 },
	};

	(void)state;
	check(parse_any, any);
	check(parse_1_to_64, bounded);
}

static void sizes(void **state)
{
	static const struct sample samples[] = {
		{ "4096", 0, 4096 },	  { "64K", 0, 65536 },
		{ "8m", 0, 8 << 20 },	  { "1G", 0, 1 << 30 },
		{ "16383P", -EINVAL, 0 }, { "17179869184G", -ERANGE, 0 },
		{ "1KB", -EINVAL, 0 },	  { "K", -EINVAL, 0 },
		{ "1.5M", -EINVAL, 0 },	  { 0 },
	};

	(void)state;
	check(parse_size, samples);
}

static void durations(void **state)
{
	static const struct sample samples[] = {
		{ "5", 0, 5000000000 },
		{ "0.25", 0, 250000000 },
		{ "5s", 0, 5000000000 },
		{ "250ms", 0, 250000000 },
		{ "10us", 0, 10000 },
		{ "2m", 0, 120000000000 },
		{ "1h", 0, 3600000000000 },
		{ "inf", -EINVAL, 0 },
		{ "nan", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "1.2.3", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ ".", -EINVAL, 0 },
		{ "99999999999", -ERANGE, 0 },
		{ "5 s", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
		{ 0 },
	};

	(void)state;
	check(parse_duration, samples);
}

static void percents(void **state)
{
	double v = -1;

	(void)state;
	assert_int_equal(parse_percent("101", &v), -ERANGE);
	assert_int_equal(parse_percent("1x", &v), -EINVAL);
	assert_true(v < 0);
	assert_int_equal(parse_percent("0.5%", &v), 0);
	assert_true(v > 0.49 && v < 0.51);
	assert_int_equal(parse_percent("100", &v), 0);
	assert_true(v > 99.9);
}

static void full_write_reports_errors(void **state)
{
	char back[6] = "";
	int fd[2];

	(void)state;
	assert_int_equal(full_write(-1, "x", 1), -EBADF);
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(full_write(fd[1], "hello", 5), 0);
	assert_int_equal(read(fd[0], back, 5), 5);
	assert_string_equal(back, "hello");
	close(fd[0]);
	close(fd[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(sizes),
		cmocka_unit_test(durations),
		cmocka_unit_test(percents),
		cmocka_unit_test(full_write_reports_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
