/* SPDX-License-Identifier: GPL-2.0-only */
/* The source that counts in the kernel, for the one that reads a stream and may have to stop. */
#ifndef TOOLS_SOURCE_COUNTS_H
#define TOOLS_SOURCE_COUNTS_H

#include "host.h"
#include "source.h"

/*
 * Load what counts, while all privileges are there; nothing runs until source_counts_start(),
 * which takes CAP_BPF alone.  @vmemmap: as probe_vmemmap().  Return: 0 or -errno with @why.
 */
int source_counts_open(const struct host *host, const struct trace_meta *meta, uint64_t vmemmap,
		       const struct source_options *opt, struct source **out, char *why,
		       size_t len);
/* @because: why it runs in place of another, for the samples' note; "" for no reason. */
int source_counts_start(struct source *s, const char *because, char *why, size_t len);

#endif /* TOOLS_SOURCE_COUNTS_H */
