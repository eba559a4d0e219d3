/* SPDX-License-Identifier: GPL-2.0-only */
#include "snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PAGE_AREA_BITS 24 /* struct pages of one 1 GiB step of vmemmap_base: 64 GiB of memory */
#define QUIET_TRIES 20

/* ---- events seen meanwhile ---- */

int event_log_fill(struct event_log *log, struct probe *p)
{
	enum { CHUNK = 4096 };

	for (;;) {
		uint64_t first;
		size_t n;

		if (log->room - log->n < CHUNK) {
			size_t room = log->room ? 2 * log->room : 16 * CHUNK;
			void *ev = realloc(log->ev, room * sizeof(*log->ev));
			void *number;

			if (!ev)
				return -ENOMEM;
			log->ev = ev;
			number = realloc(log->number, room * sizeof(*log->number));
			if (!number)
				return -ENOMEM;
			log->number = number;
			log->room = room;
		}
		n = probe_read(p, log->ev + log->n, CHUNK, &first);
		if (!n)
			return 0;
		for (size_t i = 0; i < n; i++)
			log->number[log->n + i] = first + i;
		log->n += n;
	}
}

void event_log_free(struct event_log *log)
{
	free(log->ev);
	free(log->number);
	memset(log, 0, sizeof(*log));
}

/* Did the stream tell of a change of @zone's lists among records @from to @to? */
static bool disturbed(const struct snapshot *s, const struct event_log *log, uint32_t zone,
		      uint64_t from, uint64_t to)
{
	for (size_t i = log->n; i-- > 0 && log->number[i] >= from;)
		if (log->number[i] < to && (log->ev[i].type == EV_LOST ||
					    (event_changes_lists(&log->ev[i], s->meta) &&
					     meta_zone_of(s->meta, log->ev[i].pfn) == (int)zone)))
			return true;
	return false;
}

/* ---- zones ---- */

static int describe_zone(struct snapshot *s, uint64_t node, uint32_t index)
{
	struct snap *snap = probe_snap(s->probe);
	struct trace_zone *z = &s->meta->zone[s->meta->nr_zones];
	int err;

	snap->node = node;
	snap->index = index;
	err = probe_run(s->probe, PROBE_DESCRIBE_ZONE);
	if (err || !snap->zone_info.managed)
		return err;
	if (s->meta->nr_zones == TRACE_MAX_ZONES)
		return -E2BIG;
	memset(z, 0, sizeof(*z));
	z->id = s->meta->nr_zones;
	z->node = snap->zone_info.node;
	snprintf(z->name, sizeof(z->name), "%s", snap->zone_info.name);
	z->start_pfn = snap->zone_info.start_pfn;
	z->spanned = snap->zone_info.spanned;
	z->present = snap->zone_info.present;
	z->managed = snap->zone_info.managed;
	z->min = snap->zone_info.wmark[0];
	z->low = snap->zone_info.wmark[1];
	z->high = snap->zone_info.wmark[2];
	z->boost = snap->zone_info.boost;
	z->nr_reserved_highatomic = snap->zone_info.nr_reserved_highatomic;
	z->nr_lowmem_reserve = s->host->nr_lowmem_reserve;
	if (z->nr_lowmem_reserve > 8)
		z->nr_lowmem_reserve = 8;
	for (uint32_t i = 0; i < z->nr_lowmem_reserve; i++)
		z->lowmem_reserve[i] = snap->zone_info.lowmem_reserve[i];
	s->zone_addr[s->meta->nr_zones++] = snap->zone_info.addr;
	return 0;
}

static int walk_lists(struct snapshot *s, uint32_t zone)
{
	struct snap *snap = probe_snap(s->probe);

	snap->zone = s->zone_addr[zone];
	return probe_run(s->probe, PROBE_FREE_LISTS);
}

/*
 * vmemmap_base is randomised in steps of 1 GiB, that is of 1 << 24 struct pages.  In a
 * zone that ends below that frame, the low bits of a page's address are its frame, so
 * the rest is the base; every free page of the zone must agree.
 */
static int find_vmemmap(struct snapshot *s, char *why, size_t len)
{
	const struct snap *snap = probe_snap(s->probe);
	const uint64_t area = 1ULL << PAGE_AREA_BITS;
	const uint64_t *page;
	uint64_t base = 0;
	size_t room, i;

	page = probe_pages(s->probe, &room);
	for (uint32_t z = 0; z < s->meta->nr_zones; z++) {
		const struct trace_zone *zone = &s->meta->zone[z];
		size_t n = 0;
		int tries = 0;

		if (zone->start_pfn + zone->spanned > area)
			continue;
		do {
			if (walk_lists(s, z))
				return -EIO;
		} while (snap->status != SNAP_OK && ++tries < 100);
		if (snap->status != SNAP_OK)
			continue;
		for (i = 0; i < s->meta->nr_orders * s->meta->nr_mt; i++)
			n = snap->list[i].first + snap->list[i].n;
		for (i = 0; i < n; i++) {
			uint64_t pfn = page[i] & (area - 1);

			if ((base && (page[i] & ~(area - 1)) != base) || pfn < zone->start_pfn ||
			    pfn - zone->start_pfn >= zone->spanned)
				break;
			base = page[i] & ~(area - 1);
		}
		if (i == n && n) {
			probe_set_vmemmap(s->probe, base * s->host->page_struct_size);
			return 0;
		}
		base = 0;
	}
	snprintf(why, len, "cannot tell frames from struct pages: no zone below 64 GiB agrees");
	return -ENOTSUP;
}

/* Where the locks of the pcp lists are; a host that hides them is recorded without. */
static int watch_pcp(struct snapshot *s)
{
	struct snap *snap = probe_snap(s->probe);
	int err = 0;

	for (uint32_t z = 0; z < s->meta->nr_zones && !err; z++)
		for (uint32_t cpu = 0; cpu < s->host->cpus && !err; cpu++) {
			snap->zone = s->zone_addr[z];
			snap->cpu = cpu;
			snap->first_pfn = s->meta->zone[z].start_pfn;
			err = probe_run(s->probe, PROBE_PCP_LISTS);
			if (!err && snap->status == SNAP_OK)
				probe_watch_pcp(s->probe, cpu);
		}
	return err;
}

int snapshot_find_zones(struct snapshot *s, char *why, size_t len)
{
	uint64_t node[SNAPSHOT_MAX_NODES];
	int n = probe_nodes(s->probe, node, SNAPSHOT_MAX_NODES), err = 0;

	if (n <= 0) {
		snprintf(why, len, "no kswapd thread tells of a node: %s",
			 n ? strerror(-n) : "none found");
		return n ? n : -ENOTSUP;
	}
	s->meta->nr_zones = 0;
	for (int i = 0; i < n; i++)
		for (uint32_t z = 0; z < s->host->nr_node_zones && !err; z++)
			err = describe_zone(s, node[i], z);
	if (err) {
		snprintf(why, len, "cannot read the zones: %s", strerror(-err));
		return err;
	}
	err = find_vmemmap(s, why, len);
	if (err)
		return err;
	err = watch_pcp(s);
	if (err)
		snprintf(why, len, "cannot read the pcp lists: %s", strerror(-err));
	for (uint32_t z = 0; z < s->meta->nr_zones && !err; z++) {
		const struct trace_zone *zone = &s->meta->zone[z];

		err = probe_add_zone(s->probe, s->zone_addr[z], zone->start_pfn,
				     zone->start_pfn + zone->spanned);
	}
	return err;
}

/* ---- free lists ---- */

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

static void nap_us(long us)
{
	nanosleep(&(struct timespec){ .tv_nsec = us * 1000 }, NULL);
}

/* Keep what the programs found, if every block is one: aligned and inside the zone. */
static int keep_lists(struct snapshot *s, uint32_t zone)
{
	const struct trace_zone *z = &s->meta->zone[zone];
	const struct snap *snap = probe_snap(s->probe);
	struct zone_state *st = &s->state[zone];
	uint32_t nr_lists = s->meta->nr_orders * s->meta->nr_mt;
	const struct snap_list *last = &snap->list[nr_lists - 1];
	const uint64_t *page;
	size_t room;

	page = probe_pages(s->probe, &room);
	st->nr_pfn = last->first + last->n;
	if (st->nr_pfn > room)
		return -EIO;
	free(st->pfn);
	st->pfn = malloc((st->nr_pfn + 1) * sizeof(*st->pfn));
	if (!st->pfn)
		return -ENOMEM;
	memcpy(st->pfn, page, st->nr_pfn * sizeof(*page));
	memcpy(st->list, snap->list, sizeof(st->list));
	for (uint32_t i = 0; i < nr_lists; i++) {
		uint64_t mask = (1ULL << (i / s->meta->nr_mt)) - 1;

		for (uint32_t k = 0; k < st->list[i].n; k++) {
			uint64_t pfn = st->pfn[st->list[i].first + k];

			if (pfn & mask || pfn < z->start_pfn || pfn - z->start_pfn >= z->spanned)
				return -EAGAIN;
		}
	}
	return 0;
}

/* One walk without the lock; good if nothing happened to the zone in the meantime. */
static int try_quiet(struct snapshot *s, struct event_log *log, uint32_t zone)
{
	const struct snap *snap = probe_snap(s->probe);
	struct zone_state *st = &s->state[zone];
	int err = walk_lists(s, zone);

	if (!err && snap->status == SNAP_FULL)
		return -ENOSPC;
	if (!err)
		err = event_log_fill(log, s->probe);
	if (err)
		return err;
	if (snap->status != SNAP_OK || probe_tail(s->probe) < snap->after ||
	    disturbed(s, log, zone, snap->before, snap->after))
		return -EAGAIN;
	st->at = snap->after;
	return keep_lists(s, zone);
}

/* Ask the next drain of the zone to make the walk with the lock held. */
static int try_in_lock(struct snapshot *s, struct event_log *log, uint32_t zone, uint64_t until)
{
	struct snap *snap = probe_snap(s->probe);
	struct zone_state *st = &s->state[zone];
	int err = 0;

	snap->zone = s->zone_addr[zone];
	snap->first_pfn = s->meta->zone[zone].start_pfn;
	snap->end_pfn = snap->first_pfn + s->meta->zone[zone].spanned;
	snap->done_in_lock = 0;
	__atomic_store_n(&snap->want_in_lock, 1, __ATOMIC_RELEASE);
	while (!err && !__atomic_load_n(&snap->done_in_lock, __ATOMIC_ACQUIRE) &&
	       now_ms() < until) {
		nap_us(500);
		err = event_log_fill(log, s->probe);
	}
	/* Taken back in time, or a walk is under way and ends within the lock it holds. */
	if (!__atomic_exchange_n(&snap->want_in_lock, 0, __ATOMIC_ACQ_REL))
		while (!__atomic_load_n(&snap->done_in_lock, __ATOMIC_ACQUIRE))
			nap_us(100);
	if (err || !snap->done_in_lock || snap->status != SNAP_OK)
		return err ? err : -EAGAIN;
	st->at = snap->after;
	st->in_lock = true;
	return keep_lists(s, zone);
}

int snapshot_take(struct snapshot *s, struct event_log *log, unsigned int patience_ms)
{
	for (uint32_t z = 0; z < s->meta->nr_zones; z++) {
		struct zone_state *st = &s->state[z];
		uint64_t until = now_ms() + patience_ms;
		int err = -EAGAIN;

		free(st->pfn);
		memset(st, 0, sizeof(*st));
		while (err == -EAGAIN && (now_ms() < until || !st->tries)) {
			st->tries++;
			if (st->tries % QUIET_TRIES || !probe_walks_in_lock(s->probe))
				err = try_quiet(s, log, z);
			else
				err = try_in_lock(s, log, z, now_ms() + patience_ms / 8);
			if (err == -EAGAIN)
				nap_us(200);
		}
		if (err && err != -EAGAIN)
			return err;
		st->valid = !err;
	}
	return 0;
}

/* ---- writing ---- */

static int write_lists(struct snapshot *s, struct trace_writer *w, enum trace_at at, uint32_t zone)
{
	const struct zone_state *st = &s->state[zone];
	int err = 0;

	for (uint32_t i = 0; i < s->meta->nr_orders * s->meta->nr_mt && !err; i++) {
		struct trace_list list = {
			.at = at,
			.zone = zone,
			.order = i / s->meta->nr_mt,
			.mt = i % s->meta->nr_mt,
			.pfn = st->pfn + st->list[i].first,
			.n = st->list[i].n,
		};

		/* Empty lists too: a list that is not there would mean that it is not known. */
		err = trace_write_list(w, &list);
	}
	return err;
}

static int write_pageblocks(struct snapshot *s, struct trace_writer *w, enum trace_at at,
			    uint32_t zone)
{
	const struct trace_zone *z = &s->meta->zone[zone];
	uint64_t block = 1ULL << s->meta->pageblock_order, pfn = z->start_pfn & ~(block - 1);
	struct snap *snap = probe_snap(s->probe);
	const uint64_t *type;
	uint8_t mt[4096];
	size_t room;
	int err = 0;

	type = probe_pages(s->probe, &room);
	while (pfn < z->start_pfn + z->spanned && !err) {
		uint64_t left = (z->start_pfn + z->spanned - pfn + block - 1) / block;
		struct trace_blocks blocks = { .at = at, .zone = zone, .first_pfn = pfn, .mt = mt };

		snap->first_pfn = pfn;
		snap->nr = left < sizeof(mt) ? left : sizeof(mt);
		err = probe_run(s->probe, PROBE_PAGEBLOCKS);
		for (uint32_t i = 0; i < snap->nr; i++)
			mt[i] = type[i] < s->meta->nr_mt ? type[i] : TRACE_MT_NONE;
		blocks.n = snap->nr;
		if (!err)
			err = trace_write_blocks(w, &blocks);
		pfn += snap->nr * block;
	}
	return err;
}

int snapshot_write(struct snapshot *s, struct trace_writer *w, enum trace_at at, bool details)
{
	int err = 0;

	for (uint32_t z = 0; z < s->meta->nr_zones && !err; z++) {
		if (s->state[z].valid)
			err = write_lists(s, w, at, z);
		if (!err && details && s->host->mem_section)
			err = write_pageblocks(s, w, at, z);
	}
	return err;
}

void snapshot_free(struct snapshot *s)
{
	for (uint32_t z = 0; z < TRACE_MAX_ZONES; z++) {
		free(s->state[z].pfn);
		s->state[z].pfn = NULL;
	}
	snapshot_free_cpus(s);
	if (s->kpageflags >= 0)
		close(s->kpageflags);
	s->kpageflags = -1;
}
