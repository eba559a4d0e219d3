/* SPDX-License-Identifier: GPL-2.0-only */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine.h"

static const enum pa_mt core_mt[] = { PA_UNMOVABLE, PA_MOVABLE, PA_RECLAIMABLE, PA_HIGHATOMIC,
				      PA_ISOLATE };
#define NR_TYPES (sizeof(core_mt) / sizeof(core_mt[0]))

static unsigned int kernel_mt(unsigned int mt)
{
	return mt == PA_ISOLATE ? K_ISOLATE : mt;
}

static void add_zone(struct machine *m, const char *name, uint64_t start, uint64_t pages)
{
	struct trace_zone *z = &m->meta.zone[m->meta.nr_zones];

	z->id = m->meta.nr_zones++;
	snprintf(z->name, sizeof(z->name), "%s", name);
	z->start_pfn = start;
	z->spanned = z->present = z->managed = pages;
	z->min = 8;
	z->low = 16;
	z->high = 24;
}

static void build_core(struct machine *m)
{
	struct pa_zone_config zones[TRACE_MAX_ZONES] = { 0 };
	struct pa_config cfg = {
		.policy = pa_policy_find(m->meta.policy),
		.zones = zones,
		.nr_zones = m->meta.nr_zones,
		.nr_orders = m->meta.nr_orders,
		.pageblock_order = m->meta.pageblock_order,
		.boost_factor = 15000,
	};
	uint64_t pfn;
	uint32_t i;

	for (i = 0; i < cfg.nr_zones; i++) {
		const struct trace_zone *z = &m->meta.zone[i];

		zones[i].start_pfn = z->start_pfn;
		zones[i].spanned = zones[i].managed = z->spanned;
		zones[i].wmark[2] = z->high;
	}
	m->mem = malloc(pa_size(&cfg));
	if (!m->mem || pa_init(m->mem, pa_size(&cfg), &cfg, &m->pa))
		abort();
	for (i = 0; i < cfg.nr_zones; i++)
		for (pfn = zones[i].start_pfn; pfn < zones[i].start_pfn + zones[i].spanned;
		     pfn += 1024)
			pa_load_block(m->pa, pfn, 10, PA_MOVABLE);
}

void machine_init(struct machine *m, const char *policy)
{
	static const char *const names[] = { "Unmovable", "Movable", "Reclaimable", "HighAtomic",
					     "Isolate" };
	size_t i;

	memset(m, 0, sizeof(*m));
	snprintf(m->meta.kernel, sizeof(m->meta.kernel), "test");
	snprintf(m->meta.policy, sizeof(m->meta.policy), "%s", policy);
	snprintf(m->meta.tier, sizeof(m->meta.tier), "fentry");
	m->meta.page_shift = 12;
	m->meta.nr_orders = 11;
	m->meta.pageblock_order = 9;
	m->meta.cpus = 2;
	for (i = 0; i < NR_TYPES; i++)
		snprintf(m->meta.mt[i], TRACE_NAME, "%s", names[i]);
	m->meta.nr_mt = NR_TYPES;
	if (trace_pairs_add(&m->meta.gfp, "__GFP_MOVABLE", GFP_MOVABLE, NULL))
		abort();
	add_zone(m, "DMA32", 4096, 4096);
	add_zone(m, "Normal", 8192, 2048);
	m->tell_claims = true;
	m->seed = 1;
	build_core(m);
}

static void free_lists(struct machine_list *lists, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		free(lists[i].pfn);
	free(lists);
}

void machine_free(struct machine *m)
{
	free_lists(m->begin, m->nr_begin);
	free_lists(m->end, m->nr_end);
	trace_meta_free(&m->meta);
	free(m->used);
	free(m->ev);
	free(m->mem);
}

uint32_t machine_random(struct machine *m, uint32_t below)
{
	m->seed = m->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(m->seed >> 33) % below;
}

static void snapshot(struct machine *m, enum trace_at at, struct machine_list **out, size_t *n)
{
	struct machine_list *l;
	uint32_t zone, order, mt;
	uint64_t pfn;

	*out = calloc((size_t)m->meta.nr_zones * m->meta.nr_orders * NR_TYPES, sizeof(**out));
	if (!*out)
		abort();
	for (zone = 0; zone < m->meta.nr_zones; zone++)
		for (order = 0; order < m->meta.nr_orders; order++)
			for (mt = 0; mt < NR_TYPES; mt++) {
				l = &(*out)[(*n)++];
				l->pfn = calloc(pa_list_len(m->pa, zone, order, core_mt[mt]) + 1,
						sizeof(*l->pfn));
				if (!l->pfn)
					abort();
				l->list = (struct trace_list){
					.at = at, .zone = zone, .order = order, .mt = mt
				};
				for (pfn = pa_list_head(m->pa, zone, order, core_mt[mt]);
				     pfn != PA_PFN_NONE; pfn = pa_list_next(m->pa, pfn))
					l->pfn[l->list.n++] = pfn;
				l->list.pfn = l->pfn;
			}
}

void machine_begin(struct machine *m)
{
	snapshot(m, TRACE_AT_BEGIN, &m->begin, &m->nr_begin);
}

void machine_end(struct machine *m)
{
	snapshot(m, TRACE_AT_END, &m->end, &m->nr_end);
}

struct trace_event *machine_emit(struct machine *m, struct trace_event ev)
{
	if (m->n == m->room) {
		m->room = m->room ? 2 * m->room : 1024;
		m->ev = realloc(m->ev, m->room * sizeof(*m->ev));
		if (!m->ev)
			abort();
	}
	ev.ts = 1000 * m->n;
	m->ev[m->n] = ev;
	return &m->ev[m->n++];
}

static void emit_fallback(struct machine *m, unsigned int cpu, const struct pa_decision *d,
			  uint64_t pfn, bool claimed)
{
	machine_emit(
		m, (struct trace_event){
			   .type = EV_FALLBACK,
			   .cpu = cpu,
			   .pfn = pfn,
			   .order = d->req.order,
			   .mt = kernel_mt(d->req.mt),
			   .arg = trace_fallback_arg(d->fallback_order, kernel_mt(d->fallback_mt)),
			   .bits = m->tell_claims ? EV_CLAIM_KNOWN | (claimed ? EV_CLAIMED : 0) : 0,
		   });
}

/* Which events tell of a pick, and in which order: mm_page_alloc_zone_locked and _extfrag. */
static void emit_pick(struct machine *m, unsigned int cpu, const struct pa_decision *d,
		      unsigned int mt)
{
	bool hygiene = pa_policy(m->pa)->hygiene, fell = pa_is_fallback(d);
	bool claimed = fell && pa_pageblock(m->pa, d->fallback_pfn) == d->req.mt;

	if (fell && !hygiene)
		emit_fallback(m, cpu, d, d->fallback_pfn, claimed);
	if (!fell || !hygiene || d->path == PA_PATH_CLAIM)
		machine_emit(m, (struct trace_event){ .type = EV_ZONE_ALLOC,
						      .cpu = cpu,
						      .pfn = d->pfn,
						      .order = d->req.order,
						      .mt = mt });
	/* Something unlocked of the other CPU may come in between. */
	if (machine_random(m, 4) == 0)
		machine_emit(m, (struct trace_event){
					.type = EV_FREE_BATCHED, .cpu = !cpu, .pfn = d->pfn });
	if (fell && hygiene)
		emit_fallback(m, cpu, d, d->pfn, claimed);
	m->picks++;
	m->fallbacks += fell;
}

uint64_t machine_pick(struct machine *m, unsigned int cpu, uint32_t zone, unsigned int order,
		      unsigned int mt, uint8_t *mode)
{
	const struct pa_request req = {
		.zone = zone, .order = order, .mt = core_mt[mt], .mode = *mode
	};
	struct pa_decision d;

	if (pa_decide(m->pa, &req, &d) || d.path == PA_PATH_NONE)
		return PA_PFN_NONE;
	if (pa_commit(m->pa, &d))
		abort();
	*mode = d.next_mode;
	emit_pick(m, cpu, &d, mt);
	return d.pfn;
}

void machine_alloc(struct machine *m, unsigned int cpu, uint64_t pfn, unsigned int order,
		   unsigned int mt)
{
	machine_emit(m, (struct trace_event){ .type = EV_ALLOC,
					      .cpu = cpu,
					      .pfn = pfn,
					      .order = order,
					      .mt = mt,
					      .arg = mt == K_MOVABLE ? GFP_MOVABLE : 0x400 });
	pa_set_use(m->pa, pfn, order, mt == K_MOVABLE ? PA_USE_MOVABLE : PA_USE_PINNED);
}

uint64_t machine_get(struct machine *m, unsigned int cpu, uint32_t zone, unsigned int order,
		     unsigned int mt)
{
	uint8_t mode = PA_MODE_NORMAL;
	uint64_t pfn = machine_pick(m, cpu, zone, order, mt, &mode);

	if (pfn != PA_PFN_NONE)
		machine_alloc(m, cpu, pfn, order, mt);
	return pfn;
}

void machine_put(struct machine *m, unsigned int cpu, uint64_t pfn, unsigned int order)
{
	bool pcp = order <= 3 || order == m->meta.pageblock_order;
	int mt = pa_pageblock(m->pa, pfn);

	machine_emit(m, (struct trace_event){ .type = EV_FREE,
					      .cpu = cpu,
					      .pfn = pfn,
					      .order = order,
					      .mt = TRACE_MT_NONE });
	if (pcp || !m->unlocked)
		machine_emit(m, (struct trace_event){ .type = pcp ? EV_DRAIN : EV_ZONE_FREE,
						      .cpu = cpu,
						      .pfn = pfn,
						      .order = order,
						      .mt = pcp ? kernel_mt(mt) : TRACE_MT_NONE,
						      .bits = pcp ? 0 : EV_LOCKED });
	if (pcp ? pa_free_block(m->pa, pfn, order, mt, 0, -1) : pa_free(m->pa, pfn, order, 0, -1))
		abort();
}

static void hold(struct machine *m, uint64_t pfn, unsigned int order, unsigned int mt)
{
	if (m->nr_used == m->room_used) {
		m->room_used = m->room_used ? 2 * m->room_used : 256;
		m->used = realloc(m->used, m->room_used * sizeof(*m->used));
		if (!m->used)
			abort();
	}
	m->used[m->nr_used++] = (struct machine_block){ pfn, order, mt };
}

/* rmqueue_bulk: some pages under one lock hold, and then somebody gets one of them. */
static void batch(struct machine *m, unsigned int cpu, uint32_t zone)
{
	unsigned int mt = machine_random(m, 3), order = machine_random(m, 4) ? 0 : 1;
	unsigned int n = 1 + machine_random(m, 12), got = 0;
	uint8_t mode = PA_MODE_NORMAL;
	uint64_t pfn = PA_PFN_NONE;

	while (n-- && (pfn = machine_pick(m, cpu, zone, order, mt, &mode)) != PA_PFN_NONE) {
		hold(m, pfn, order, mt);
		got++;
	}
	while (got--) {
		const struct machine_block *b = &m->used[m->nr_used - 1 - got];

		machine_alloc(m, cpu, b->pfn, b->order, b->mt);
	}
}

static void put_one(struct machine *m, unsigned int cpu)
{
	struct machine_block *b;

	if (!m->nr_used)
		return;
	b = &m->used[machine_random(m, (uint32_t)m->nr_used)];
	machine_put(m, cpu, b->pfn, b->order);
	*b = m->used[--m->nr_used];
}

static void isolate(struct machine *m, unsigned int cpu, uint32_t zone)
{
	unsigned int order = machine_random(m, 4);
	uint64_t pfn = pa_list_head(m->pa, zone, order, PA_MOVABLE);

	if (pfn == PA_PFN_NONE || pa_isolate(m->pa, pfn, order))
		return;
	pa_set_use(m->pa, pfn, order, PA_USE_MOVABLE);
	machine_emit(m, (struct trace_event){
				.type = EV_ISOLATE, .cpu = cpu, .pfn = pfn, .order = order });
	if (machine_random(m, 2)) {
		hold(m, pfn, order, K_MOVABLE);
		return;
	}
	machine_emit(m, (struct trace_event){ .type = EV_PUTBACK,
					      .cpu = cpu,
					      .pfn = pfn,
					      .order = order,
					      .mt = K_MOVABLE });
	if (pa_putback(m->pa, pfn, order, PA_MOVABLE))
		abort();
}

static void rotate(struct machine *m, unsigned int cpu, uint32_t zone)
{
	unsigned int order = machine_random(m, 4);
	uint64_t pfn = pa_list_head(m->pa, zone, order, PA_MOVABLE);
	bool tail = machine_random(m, 2);

	if (pfn == PA_PFN_NONE)
		return;
	pfn = pa_list_next(m->pa, pfn) == PA_PFN_NONE ? pfn : pa_list_next(m->pa, pfn);
	pa_rotate(m->pa, pfn, tail);
	machine_emit(m, (struct trace_event){ .type = EV_ROTATE,
					      .cpu = cpu,
					      .pfn = pfn,
					      .order = order,
					      .bits = tail ? EV_ROTATE_TAIL : 0 });
}

static uint64_t free_pages(const struct machine *m)
{
	uint32_t zone, order;
	uint64_t n = 0;

	for (zone = 0; zone < m->meta.nr_zones; zone++)
		for (order = 0; order < m->meta.nr_orders; order++)
			n += pa_nr_free(m->pa, zone, order) << order;
	return n;
}

/* Memory is kept nearly full, so that types run out and fall back on each other. */
void machine_work(struct machine *m, unsigned int steps)
{
	static const unsigned int orders[] = { 0, 2, 3, 4, 5, 7, 9 };
	uint64_t pfn;

	while (steps--) {
		unsigned int cpu = machine_random(m, 2), what = machine_random(m, 100);
		unsigned int order = orders[machine_random(m, 7)], mt = machine_random(m, 3);
		uint32_t zone = machine_random(m, 4) == 0;

		if (what < 30) {
			batch(m, cpu, zone);
		} else if (what < 40) {
			pfn = machine_get(m, cpu, zone, order, mt);
			if (pfn != PA_PFN_NONE)
				hold(m, pfn, order, mt);
		} else if (what < 95) {
			for (what = free_pages(m) < 500 ? what / 2 : 2; what; what--)
				put_one(m, cpu);
		} else if (what < 98) {
			isolate(m, cpu, zone);
		} else {
			rotate(m, cpu, zone);
		}
	}
}

void machine_feed(const struct machine *m, struct replay *r)
{
	struct trace_item item = { .kind = TRACE_LIST };
	size_t i;

	for (i = 0; i < m->nr_begin; i++) {
		item.list = m->begin[i].list;
		assert(!replay_item(r, &item));
	}
	item.kind = TRACE_EVENTS;
	for (i = 0; i < m->n; i += item.events.n) {
		item.events.ev = m->ev + i;
		item.events.n = m->slice && m->slice < m->n - i ? m->slice : m->n - i;
		item.events.first = i;
		assert(!replay_item(r, &item));
	}
	item.kind = TRACE_LIST;
	for (i = 0; i < m->nr_end; i++) {
		item.list = m->end[i].list;
		assert(!replay_item(r, &item));
	}
	assert(!replay_finish(r));
}

void machine_replay(const struct machine *m, const struct replay_options *opt,
		    struct replay_result *res)
{
	struct replay *r;
	char why[256];

	if (replay_open(&m->meta, opt, &r, why, sizeof(why))) {
		fprintf(stderr, "replay_open: %s\n", why);
		abort();
	}
	machine_feed(m, r);
	*res = *replay_result(r);
	replay_close(r);
}

struct trace_event *machine_event(const struct machine *m, unsigned int type, size_t i)
{
	size_t k;

	for (k = 0; k < m->n; k++)
		if (m->ev[k].type == type && i-- == 0)
			return &m->ev[k];
	return NULL;
}

uint64_t machine_resident(void)
{
	unsigned long size, rss = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	assert(f);
	if (fscanf(f, "%lu %lu", &size, &rss) != 2)
		abort();
	fclose(f);
	return (uint64_t)rss * (uint64_t)sysconf(_SC_PAGESIZE);
}
