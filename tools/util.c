/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "util.h"

void error_msg(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout); /* a pipe shows what came before in its place */
	fputs("buddyscope: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

int trace_failed(const char *path, int err, const char *why)
{
	error_msg("%s: %s", path, why && *why ? why : strerror(-err));
	return err == -EBADMSG || err == -ENOTSUP ? CMD_BAD_INPUT : CMD_FAILURE;
}

/* Digits and what follows them; strtoull alone would accept "-1" and " 1". */
static int leading_u64(const char *text, const char **rest, uint64_t *out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*out = strtoull(text, &end, text[0] == '0' && (text[1] | 0x20) == 'x' ? 16 : 10);
	if (errno)
		return -errno;
	*rest = end;
	return 0;
}

int parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	const char *rest;
	uint64_t v;
	int err;

	err = leading_u64(text, &rest, &v);
	if (err)
		return err;
	if (*rest)
		return -EINVAL;
	if (v < min || v > max)
		return -ERANGE;
	*out = v;
	return 0;
}

int parse_size(const char *text, uint64_t *out)
{
	static const char units[] = "KMG";
	unsigned int shift = 0;
	const char *rest, *unit;
	uint64_t v;
	int err;

	err = leading_u64(text, &rest, &v);
	if (err)
		return err;
	if (*rest) {
		unit = strchr(units, *rest & ~0x20);
		if (!unit || !*unit || rest[1])
			return -EINVAL;
		shift = 10 * (unsigned int)(unit - units + 1);
	}
	if (v > UINT64_MAX >> shift)
		return -ERANGE;
	*out = v << shift;
	return 0;
}

/* A plain decimal fraction: strtod would accept "inf", "nan" and hex floats. */
static int leading_fraction(const char *text, const char **rest, double *out)
{
	size_t len = strspn(text, "0123456789.");
	char *end;
	double v;

	v = strtod(text, &end);
	if (!len || end != text + len)
		return -EINVAL;
	*rest = end;
	*out = v;
	return 0;
}

int parse_duration(const char *text, uint64_t *out)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = { { "", 1e9 }, { "s", 1e9 },  { "ms", 1e6 },  { "us", 1e3 },
		      { "ns", 1 }, { "m", 60e9 }, { "h", 3600e9 } };
	const char *rest;
	size_t i;
	double v;
	int err;

	err = leading_fraction(text, &rest, &v);
	if (err)
		return err;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(rest, units[i].unit) != 0)
			continue;
		v *= units[i].ns;
		if (v >= 0x1p63)
			return -ERANGE;
		*out = (uint64_t)(v + 0.5);
		return 0;
	}
	return -EINVAL;
}

int parse_percent(const char *text, double *out)
{
	const char *rest;
	double v;
	int err;

	err = leading_fraction(text, &rest, &v);
	if (err)
		return err;
	if (*rest && strcmp(rest, "%") != 0)
		return -EINVAL;
	if (v > 100)
		return -ERANGE;
	*out = v;
	return 0;
}

uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

int full_write(int fd, const void *buf, size_t len)
{
	const char *p = buf;
	ssize_t n;

	while (len) {
		n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}
