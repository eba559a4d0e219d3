/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Facts about the running kernel that the probes and a trace's header need, taken from
 * its BTF, kallsyms and /proc.  Nothing here loads a BPF program.
 */
#ifndef TOOLS_HOST_H
#define TOOLS_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "trace.h"

struct btf;

struct host {
	struct btf *btf; /* of vmlinux */
	char kernel[128];
	char policy[TRACE_NAME]; /* nearest profile, by features */
	char unknown[256]; /* members of zone, free_area, per_cpu_pages, page not known here */
	uint32_t page_shift, page_struct_size, cpus;
	uint32_t nr_orders, pageblock_order, pageblock_bits;
	uint32_t nr_mt, nr_pcp_lists, nr_lowmem_reserve, nr_node_zones;
	uint32_t free_area_size, mem_section_size;
	char mt[TRACE_MAX_MT][TRACE_NAME];
	uint32_t mt_isolate, mt_movable;
	uint32_t reporting_order; /* of the smallest free blocks that are reported; 0: none are */
	uint64_t reporting_work;  /* the function that reports them; 0: none, or hidden */
	bool old_bpf;		  /* BPF without what bpf/compat.bpf.h names */
	bool probes_preempt;	  /* tasks may be preempted in what a tracepoint calls */
	bool pcp_word;		  /* per_cpu_pages has lock and count in its first 8 bytes */
	bool captures_movable;	  /* see bpf/compat.bpf.h */
	uint64_t mem_section;	  /* address of the symbol; 0 without CONFIG_KALLSYMS_ALL */
	uint64_t mem_free_blocks; /* free blocks in /proc/buddyinfo now */
};

/*
 * Return: 0, -ENOENT if the kernel has no BTF, -ENOTSUP if it lacks what every tier needs
 * (@why says what, at most @len bytes), or -errno.
 */
int host_open(struct host *host, char *why, size_t len);
void host_close(struct host *host); /* accepts a zeroed one */
/* Give back the BTF, several MB, once nothing is loaded or asked for any more. */
void host_forget_btf(struct host *host);

bool host_has_func(const struct host *host, const char *name);
/* Number of arguments of a function, or -ENOENT if BTF has none of that name. */
int host_func_args(const struct host *host, const char *name);
/* Number of arguments of a tracepoint, or -ENOENT if this kernel has none of that name. */
int host_tracepoint_args(const struct host *host, const char *name);
/* Address of a kernel symbol, 0 if it is hidden or absent. */
uint64_t host_symbol(const char *name);

/* gfp names and sysctls into the header. */
int host_describe(const struct host *host, struct trace_meta *meta);

#endif /* TOOLS_HOST_H */
