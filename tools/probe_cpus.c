/* SPDX-License-Identifier: GPL-2.0-only */
/* The snapshot's other half: what each CPU keeps of each zone, its lists and its counters. */
#include "snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define QUIET_TRIES 64
#define NAP_NS 300000

/* Lists and counters of one zone and CPU. */
struct cpu_state {
	bool valid;
	uint64_t before, after; /* stream_head around the reading */
	uint32_t zone, cpu;
	struct snap_pcp pcp;
	uint64_t *pfn; /* list after list */
	struct snap_list list[SNAP_MAX_LISTS];
};

static int keep(struct snapshot *s, struct cpu_state *st)
{
	const struct snap *snap = probe_snap(s->probe);
	const struct snap_list *last = &snap->list[s->host->nr_pcp_lists - 1];
	size_t n = last->first + last->n, room;
	const uint64_t *page = probe_pages(s->probe, &room);

	if (n > room)
		return -EIO;
	free(st->pfn);
	st->pfn = malloc((n + 1) * sizeof(*st->pfn));
	if (!st->pfn)
		return -ENOMEM;
	memcpy(st->pfn, page, n * sizeof(*page));
	memcpy(st->list, snap->list, s->host->nr_pcp_lists * sizeof(*st->list));
	st->pcp = snap->pcp;
	st->before = snap->before;
	st->after = snap->after;
	st->valid = true;
	return 0;
}

static int read_one(struct snapshot *s, struct cpu_state *st)
{
	struct snap *snap = probe_snap(s->probe);
	int err;

	st->valid = false;
	snap->zone = s->zone_addr[st->zone];
	snap->cpu = st->cpu;
	err = probe_run(s->probe, PROBE_PCP_LISTS);
	return err || snap->status != SNAP_OK ? err : keep(s, st);
}

/* No event from the first reading to the last: they are of one moment. */
static bool at_rest(const struct snapshot *s)
{
	return s->nr_cpus && s->cpus[0].before == s->cpus[s->nr_cpus - 1].after;
}

int snapshot_take_cpus(struct snapshot *s, struct event_log *log)
{
	int err = 0;

	snapshot_free_cpus(s);
	s->cpus = calloc((size_t)s->meta->nr_zones * s->meta->cpus + 1, sizeof(*s->cpus));
	if (!s->cpus)
		return -ENOMEM;
	s->nr_cpus = (size_t)s->meta->nr_zones * s->meta->cpus;
	for (int tries = 0; tries < QUIET_TRIES && !err && !(tries && at_rest(s)); tries++) {
		if (tries)
			nanosleep(&(struct timespec){ .tv_nsec = NAP_NS }, NULL);
		for (size_t i = 0; i < s->nr_cpus && !err; i++) {
			s->cpus[i].zone = (uint32_t)(i / s->meta->cpus);
			s->cpus[i].cpu = (uint32_t)(i % s->meta->cpus);
			err = read_one(s, &s->cpus[i]);
		}
	}
	/* What happened before the last reading must be in the log, to be counted. */
	return err ? err : event_log_fill(log, s->probe);
}

/* These lists are walked without their lock: what is no page of the zone was never on one. */
static bool plausible(const struct trace_zone *z, const struct trace_pcp *pcp)
{
	for (size_t i = 0; i < pcp->n; i++)
		if (pcp->pfn[i] & ((1ULL << pcp->order) - 1) || pcp->pfn[i] < z->start_pfn ||
		    pcp->pfn[i] - z->start_pfn >= z->spanned)
			return false;
	return true;
}

/* order_to_pindex @ 5.14+: three types of orders 0 to 3, then THP, since 6.1.y movable apart. */
static void pcp_list_of(const struct snapshot *s, uint32_t index, struct trace_pcp *pcp)
{
	uint32_t low = 4 * 3;

	pcp->order = index < low ? index / 3 : s->meta->pageblock_order;
	pcp->mt = index < low ? index % 3 : (index > low ? s->host->mt_movable : 0);
}

static int write_lists(const struct snapshot *s, const struct cpu_state *st, enum trace_at at,
		       struct trace_writer *w)
{
	int err = 0;

	for (uint32_t i = 0; i < s->host->nr_pcp_lists && !err; i++) {
		struct trace_pcp pcp = {
			.at = at,
			.zone = st->zone,
			.cpu = st->cpu,
			.count = st->pcp.count,
			.batch = st->pcp.batch,
			.high = st->pcp.high,
			.pfn = st->pfn + st->list[i].first,
			.n = st->list[i].n,
		};

		pcp_list_of(s, i, &pcp);
		if (plausible(&s->meta->zone[st->zone], &pcp))
			err = trace_write_pcp(w, &pcp);
	}
	return err;
}

int snapshot_write_cpus(const struct snapshot *s, struct trace_writer *w, enum trace_at at,
			uint64_t (*event_of)(const void *arg, uint64_t number), const void *arg)
{
	int err = 0;

	for (size_t i = 0; i < s->nr_cpus && !err; i++)
		if (s->cpus[i].valid)
			err = write_lists(s, &s->cpus[i], at, w);
	for (size_t i = 0; i < s->nr_cpus && !err; i++) {
		const struct cpu_state *st = &s->cpus[i];
		struct trace_cpu cpu = {
			.at = at,
			.zone = st->zone,
			.cpu = st->cpu,
			.event = event_of(arg, st->after),
			.high_min = st->pcp.high_min,
			.high_max = st->pcp.high_max,
			.free_count = st->pcp.free_count,
			.alloc_factor = st->pcp.alloc_factor,
			.flags = st->pcp.flags,
			.free_factor = st->pcp.free_factor,
			.expire = st->pcp.expire,
			.threshold = st->pcp.threshold,
			.delta = st->pcp.threshold < 0 ? TRACE_NO_DELTA : st->pcp.delta,
		};

		if (st->valid)
			err = trace_write_cpu(w, &cpu);
	}
	return err;
}

void snapshot_free_cpus(struct snapshot *s)
{
	for (size_t i = 0; i < s->nr_cpus; i++)
		free(s->cpus[i].pfn);
	free(s->cpus);
	s->cpus = NULL;
	s->nr_cpus = 0;
}
