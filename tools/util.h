/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages to people, checked parsing, whole writes. */
#ifndef TOOLS_UTIL_H
#define TOOLS_UTIL_H

#include <stddef.h>
#include <stdint.h>

/* "buddyscope: " and the message on stderr; it reads "what: why (what to do)". */
__attribute__((format(printf, 1, 2))) void error_msg(const char *fmt, ...);

/*
 * Say why reading the trace @path failed and pick the exit code: CMD_BAD_INPUT
 * for -EBADMSG and -ENOTSUP, CMD_FAILURE for the rest.  @why is the reader's
 * line; NULL or "" leaves the text of @err.
 */
int trace_failed(const char *path, int err, const char *why);

/*
 * The parsers take a whole string or nothing, and leave *out untouched on
 * failure: -EINVAL if it is no such thing, -ERANGE if it is out of bounds.
 */

/* A decimal or 0x number, no sign. */
int parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out);
/* Bytes: 4096, 64K, 8M, 1G (powers of 1024, small letters too). */
int parse_size(const char *text, uint64_t *out);
/* Nanoseconds: 5, 0.25 and 5s are seconds, 250ms, 10us; also m and h. */
int parse_duration(const char *text, uint64_t *out);
/* 0 to 100, with or without a fraction and the sign. */
int parse_percent(const char *text, double *out);

/* splitmix64: the next number of a row that @state, any number at first, stands for. */
uint64_t next_random(uint64_t *state);

/* CLOCK_MONOTONIC, nanoseconds. */
uint64_t now_ns(void);

/* Write all of it, whatever signals and pipes do. */
int full_write(int fd, const void *buf, size_t len);

#endif /* TOOLS_UTIL_H */
