/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the counting programs have counted, as part of a sample: pure, so that it is tested
 * without a kernel.
 */
#ifndef TOOLS_COUNTED_H
#define TOOLS_COUNTED_H

#include <linux/types.h>

#include "bpf/count.h"
#include "source.h"

/* Where it lies; the kernel goes on counting meanwhile. */
struct counted {
	const struct count_cpu *cpu;
	uint32_t nr_cpus;
	const __u64 *rare; /* by enum count_rare */
	const struct count_fallbacks *fallbacks;
	const struct count_histogram *histogram;
	const struct count_stall *stalls; /* COUNT_NR_STALLS */
	uint64_t nr_stalls;
	const __u32 *pid; /* of process[i] */
	const struct count_process *process;
	size_t nr_processes;
	const struct count_stack_key *stack_key;
	const struct count_stack *stack;
	size_t nr_stacks;
	uint64_t missed; /* a program was not run: it was running on that CPU already */
	bool refills_known;
};

#define COUNTED_STACKS 64 /* those with most pages, or most pages a second, are shown */

/* Room for what a sample points to. */
struct counted_room {
	uint8_t mt[COUNT_TYPES]; /* the kernel's number -> enum pa_mt, or PA_NR_MT */
	struct source_fallback fallback[COUNT_TYPES * COUNT_TYPES * COUNT_ORDERS];
	struct source_stall stall[COUNT_NR_STALLS];
	struct source_histogram histogram;
	struct source_caller caller[COUNT_NR_PROCESSES];
	struct source_stack stack[COUNTED_STACKS];
	double stack_pages_s[2 * COUNT_NR_STACKS];
};

/* @mt: the kernel's names, as in a trace's header. */
void counted_types(struct counted_room *room, const char mt[][TRACE_NAME], uint32_t nr_mt);

/* How many times a counting program ran for a page. */
uint64_t counted_runs(const struct counted *c);
/* Everything of @out that was counted; pcp lists by counted_pcp(), stacks by counted_stacks(). */
void counted_sample(const struct counted *c, struct counted_room *room, struct sample *out);
/* Add pages in and out to the per-cpu lists of @out; @zone: its zones' places in count_cpu.zone. */
void counted_pcp(const struct counted *c, const int *zone, struct source_pcp *pcp, size_t n);
/*
 * The stacks with the largest share of pages, since the beginning and since the sample that @rates
 * began before, most pages first, without their text; @id: of each in the stack map.
 * Return: how many, at most COUNTED_STACKS.
 */
size_t counted_stacks(const struct counted *c, struct counted_room *room, struct rates *rates,
		      int32_t *id);

#endif /* TOOLS_COUNTED_H */
