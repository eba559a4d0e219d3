/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A second reader of .pgt files, written from man/pgt.5 alone: it shares no code with
 * trace_read.c, so that a mistake in one shows against the other.
 */
#ifndef TOOLS_VERIFY_H
#define TOOLS_VERIFY_H

#include <stdint.h>

struct verify_result {
	uint64_t chunks, events, lost;
	char why[200]; /* one line with offset and reason on failure, else "" */
};

/*
 * Check every byte of the file @path ("-": stdin) against the specification, and what a
 * snapshot says against the zones.
 *
 * Return: 0; -EBADMSG if it is damaged, cut or no trace; -ENOTSUP if it is of a newer
 * version; -errno of a failed open or read.
 */
int verify_file(const char *path, struct verify_result *out);

#endif /* TOOLS_VERIFY_H */
