/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The counting programs: load, attach, read.  probe_count.c is the only file that knows their
 * skeleton.
 */
#ifndef TOOLS_PROBE_COUNT_H
#define TOOLS_PROBE_COUNT_H

#include "counted.h"
#include "host.h"

struct counting; /* opaque */

struct counting_options {
	const struct host *host;
	const struct trace_meta *meta; /* its zones */
	uint64_t vmemmap;	       /* as probe_vmemmap() */
	bool stacks;
};

/*
 * Load the programs and find out what a run of one costs, while all privileges are there; none is
 * attached afterwards.  What is asked of them later needs CAP_BPF alone.
 *
 * Return: 0, or -errno with @why filled.
 */
int counting_open(const struct counting_options *opt, struct counting **out, char *why, size_t len);
/* Begin to count, from nothing. */
int counting_start(struct counting *c, char *why, size_t len);
void counting_close(struct counting *c); /* accepts NULL */

/* What was counted up to now; it lives until the next call. */
int counting_read(struct counting *c, struct counted *out);
/* Frames of stack @id, innermost first; unused ones are 0.  -ENOENT: there is none. */
int counting_stack(const struct counting *c, int32_t id, uint64_t frame[COUNT_DEPTH]);
/* Place of the zone that begins at this frame in count_cpu.zone; -1 if it has none. */
int counting_zone(const struct counting *c, uint64_t start_pfn);
/* Nanoseconds that one run of a program takes, as measured at the start; negative: not measured. */
double counting_run_ns(const struct counting *c);

#endif /* TOOLS_PROBE_COUNT_H */
