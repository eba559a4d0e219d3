/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The BPF side as the rest of the tools sees it: load, attach, read the stream, run the
 * snapshot programs.  probe.c is the only file that knows the skeleton.
 */
#ifndef TOOLS_PROBE_H
#define TOOLS_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>

#include "bpf/snap.h"
#include "host.h"
#include "probe_sites.h"
#include "trace.h"

struct probe;

#define PROBE_MAX_BUFFER (128 << 20) /* bytes of stream */

/*
 * Load the programs of @plan with a stream of about @buffer bytes.  Nothing is attached.
 *
 * Return: 0, -EPERM without the privilege, -errno with @why filled.
 */
int probe_open(const struct host *host, struct site_plan *plan, uint64_t buffer, struct probe **out,
	       char *why, size_t len);
/*
 * Attach every site of the plan; those that refuse now are dropped from the plan with
 * their group.  Fails only when a required one does.
 */
int probe_attach(struct probe *p, struct site_plan *plan, char *why, size_t len);
void probe_detach(struct probe *p);
void probe_close(struct probe *p); /* accepts NULL */

/* ---- the stream ---- */

/* Number of records claimed so far. */
uint64_t probe_head(const struct probe *p);
/*
 * Decode up to @max records.  @first gets the number of the first of them; records that
 * were overwritten before we came are one EV_LOST, and numbers go on behind the gap.
 * A slot that was claimed but never finished counts as lost after a tenth of a second.
 *
 * Return: how many events were stored; 0 if there is nothing new.
 */
size_t probe_read(struct probe *p, struct trace_event *ev, size_t max, uint64_t *first);
/* Number of the record that probe_read() will look at next. */
uint64_t probe_tail(const struct probe *p);

/* ---- state ---- */

enum probe_program { PROBE_DESCRIBE_ZONE, PROBE_FREE_LISTS, PROBE_PCP_LISTS, PROBE_PAGEBLOCKS };

/* Ask and answer area of the programs, shared with them. */
struct snap *probe_snap(struct probe *p);
/* What they listed; @n gets its capacity. */
const uint64_t *probe_pages(const struct probe *p, size_t *n);
int probe_run(struct probe *p, enum probe_program program);
/* Addresses of the nodes' pglist_data; at most @max.  Return: how many, or -errno. */
int probe_nodes(struct probe *p, uint64_t *node, size_t max);
/* Where struct page 0 would be; until it is set, pages are listed as address / size. */
void probe_set_vmemmap(struct probe *p, uint64_t base);
/* False where BPF cannot walk a zone in one go, from inside its lock. */
bool probe_walks_in_lock(const struct probe *p);
/* Make a zone known to programs that cannot take note of one by themselves.  0 or -errno. */
int probe_add_zone(struct probe *p, uint64_t addr, uint64_t first_pfn, uint64_t end_pfn);
uint64_t probe_vmemmap(const struct probe *p);
/*
 * Let mm_page_free look at the lock of the pcp lists just described by PROBE_PCP_LISTS, in
 * the zone that begins at snap.first_pfn, on @cpu.  Of more than seven zones, the highest
 * are watched.
 */
void probe_watch_pcp(struct probe *p, uint32_t cpu);

/* recursion_misses and run counts of every program that has any, into @stats. */
int probe_stats(const struct probe *p, const struct site_plan *plan, struct trace_pairs *stats);

/*
 * Nanoseconds that the programs ran, all CPUs together, while BPF_STATS_RUN_TIME was enabled; and
 * how often one was not run because it was running on that CPU already.
 */
int probe_cost(const struct probe *p, const struct site_plan *plan, uint64_t *ns, uint64_t *missed);

#endif /* TOOLS_PROBE_H */
