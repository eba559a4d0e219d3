/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two runs of request mode on one trace, request by request: another policy, another setting.
 * Both are what-if runs: the core's reclaim and compaction, not what the recorded kernel's did.
 */
#ifndef TOOLS_REQUEST_DIFF_H
#define TOOLS_REQUEST_DIFF_H

#include "diff.h"
#include "request.h"

struct request_diff_options {
	struct request_options side[2];
	bool all; /* rows that do not differ too */
};

/*
 * Read all of @reader and call @row in the order of events.  Return: as request_open() and
 * request_run().
 */
int request_diff_run(struct trace_reader *reader, const struct request_diff_options *opt,
		     diff_fn *row, void *arg, struct diff_result *res, char *why, size_t len);

#endif /* TOOLS_REQUEST_DIFF_H */
