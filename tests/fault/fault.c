/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "fault.h"

static int countdown = -1;
static int failed_with;

void fault_arm(int n)
{
	countdown = n;
	failed_with = 0;
}

int fault_disarm(void)
{
	countdown = -1;
	return failed_with;
}

static bool fails(int with)
{
	if (countdown < 0 || countdown-- > 0)
		return false;
	errno = failed_with = with;
	return true;
}

/* WRAP(result, on failure, its errno, name, (parameters), (arguments)) */
#define WRAP(type, none, with, name, params, args)                                                 \
	type __real_##name params;                                                                 \
	type __wrap_##name params;                                                                 \
	type __wrap_##name params                                                                  \
	{                                                                                          \
		return fails(with) ? none : __real_##name args;                                    \
	}

WRAP(void *, NULL, ENOMEM, malloc, (size_t n), (n))
WRAP(void *, NULL, ENOMEM, calloc, (size_t n, size_t size), (n, size))
WRAP(void *, NULL, ENOMEM, realloc, (void *p, size_t n), (p, n))
WRAP(char *, NULL, ENOMEM, strdup, (const char *s), (s))
WRAP(ssize_t, -1, ENOSPC, write, (int fd, const void *p, size_t n), (fd, p, n))
WRAP(ssize_t, -1, EIO, read, (int fd, void *p, size_t n), (fd, p, n))
WRAP(int, -1, EIO, fsync, (int fd), (fd))
WRAP(int, -1, EACCES, rename, (const char *from, const char *to), (from, to))

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if (fails(EMFILE))
		return -1;
	if (flags & O_CREAT) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return __real_open(path, flags, mode);
}
