/* SPDX-License-Identifier: GPL-2.0-only */
/* The error codes of core/, for who embeds it without a C library: any numbers would do. */
#ifndef TESTS_FREESTANDING_ERRNO_H
#define TESTS_FREESTANDING_ERRNO_H

#define ENOENT 2
#define EAGAIN 11
#define ENOMEM 12
#define EEXIST 17
#define EINVAL 22
#define ENOSPC 28

#endif /* TESTS_FREESTANDING_ERRNO_H */
