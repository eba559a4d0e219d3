/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "activity.h"

#define COSTLY_ORDER 3 /* PAGE_ALLOC_COSTLY_ORDER: per-cpu lists hold up to this, and huge pages */
#define COMPACT_SUCCESS 8 /* enum compact_result @ 4.8+ */
#define MAX_OPEN 64	  /* stalls under way */
#define SLOTS (2 * SOURCE_CALLERS)

struct activity {
	const struct trace_meta *meta;
	struct source_counts counts;
	uint64_t requests[SOURCE_ORDERS][PA_NR_MT];
	uint8_t mt[1 << 3]; /* the kernel's number -> enum pa_mt, or PA_NR_MT */
	struct source_stall stall[SOURCE_STALLS], shown[SOURCE_STALLS];
	uint64_t nr_stalls; /* ended, all of them */
	struct source_stall open[MAX_OPEN];
	size_t nr_open;
	/* Direct compaction was tried by this process for this order; its runs follow. */
	struct {
		uint32_t pid;
		int8_t order;
	} tried[MAX_OPEN];
	size_t next_try;
	struct source_histogram histogram;
	struct source_caller caller[SOURCE_CALLERS];
	size_t nr_callers, nr_asked; /* asked for their names */
	uint16_t slot[SLOTS];	     /* hash of pid -> index + 1 of caller */
	struct source_pcp *pcp;	     /* [zone][cpu] */
	uint32_t nr_zones, nr_cpus;
	uint64_t zone_start[TRACE_MAX_ZONES], zone_end[TRACE_MAX_ZONES];
	int zone_at[TRACE_MAX_ZONES];
	uint32_t last_zone;
};

static const char *const count_names[] = {
#define X(id, name, what) name,
	SOURCE_COUNTS(X)
#undef X
};

static const char *const count_whats[] = {
#define X(id, name, what) what,
	SOURCE_COUNTS(X)
#undef X
};

const char *source_count_name(enum source_count c)
{
	return c < NR_COUNTS ? count_names[c] : NULL;
}

const char *source_count_what(enum source_count c)
{
	return c < NR_COUNTS ? count_whats[c] : NULL;
}

const char *source_stall_name(enum source_stall_kind kind)
{
	static const char *const names[] = { "reclaim", "compact", "kcompactd" };

	return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "";
}

const char *source_compact_name(unsigned int status)
{
	static const char *const names[] = { "not suitable", "skipped",	  "deferred",
					     "no page",	     "continue",  "complete",
					     "partial",	     "contended", "success" };

	return status < sizeof(names) / sizeof(names[0]) ? names[status] : "not known";
}

int activity_open(const struct trace_meta *meta, struct activity **out)
{
	struct activity *a = calloc(1, sizeof(*a));
	uint32_t i, n = 0;

	if (!a)
		return -ENOMEM;
	a->meta = meta;
	for (i = 0; i < sizeof(a->mt); i++) {
		a->mt[i] = PA_NR_MT;
		for (unsigned int mt = 0; i < meta->nr_mt && mt < PA_NR_MT; mt++)
			if (!strcmp(meta->mt[i], pa_mt_name(mt)))
				a->mt[i] = (uint8_t)mt;
	}
	/* All but what only /proc counts, and what a recording tells at its end. */
	a->counts.known = ((UINT32_C(1) << NR_COUNTS) - 1) &
			  ~(UINT32_C(1) << COUNT_THP_FALLBACK | UINT32_C(1) << COUNT_MISSED |
			    UINT32_C(1) << COUNT_FREED_PAGES);
	for (i = 0; i < TRACE_MAX_ZONES; i++)
		a->zone_at[i] = -1;
	for (i = 0; i < meta->nr_zones; i++) {
		if (!meta->zone[i].spanned || meta->zone[i].id >= TRACE_MAX_ZONES)
			continue;
		a->zone_at[meta->zone[i].id] = (int)n;
		a->zone_start[n] = meta->zone[i].start_pfn;
		a->zone_end[n++] = meta->zone[i].start_pfn + meta->zone[i].spanned;
	}
	a->nr_zones = n;
	a->nr_cpus = meta->cpus ? meta->cpus : 1;
	if (a->nr_cpus > 1u << EV_CPU_BITS)
		a->nr_cpus = 1u << EV_CPU_BITS;
	a->pcp = calloc((size_t)n * a->nr_cpus + 1, sizeof(*a->pcp));
	if (!a->pcp) {
		activity_close(a);
		return -ENOMEM;
	}
	for (i = 0; i < n * a->nr_cpus; i++)
		a->pcp[i] = (struct source_pcp){ .zone = i / a->nr_cpus,
						 .cpu = i % a->nr_cpus,
						 .count = -1,
						 .batch = -1,
						 .high = -1 };
	*out = a;
	return 0;
}

void activity_close(struct activity *a)
{
	if (a)
		free(a->pcp);
	free(a);
}

uint64_t activity_count(const struct activity *a, enum source_count c)
{
	return a->counts.v[c];
}

/* -------------------------------------------------------------------------
 * Who
 */

static struct source_caller *caller_of(struct activity *a, uint32_t pid)
{
	uint32_t at = pid * UINT32_C(2654435761) % SLOTS;

	for (; a->slot[at]; at = (at + 1) % SLOTS)
		if (a->caller[a->slot[at] - 1].pid == pid)
			return &a->caller[a->slot[at] - 1];
	if (a->nr_callers == SOURCE_CALLERS)
		return NULL; /* the first so many are told apart */
	a->slot[at] = ++a->nr_callers;
	a->caller[a->nr_callers - 1].pid = pid;
	return &a->caller[a->nr_callers - 1];
}

void activity_name(struct activity *a, const char *(*name)(uint32_t pid))
{
	const char *text;

	for (; a->nr_asked < a->nr_callers; a->nr_asked++) {
		text = name(a->caller[a->nr_asked].pid);
		if (text)
			strncpy(a->caller[a->nr_asked].name, text, sizeof(a->caller->name) - 1);
	}
}

static void count_alloc(struct activity *a, const struct trace_event *ev)
{
	unsigned int mt = ev->mt < sizeof(a->mt) ? a->mt[ev->mt] : PA_NR_MT;
	struct source_caller *c;

	if (ev->pfn == EV_PFN_NONE) {
		a->counts.v[COUNT_FAILED]++;
		return;
	}
	a->counts.v[COUNT_ALLOCS]++;
	a->counts.v[COUNT_HIGH_ORDER] += ev->order > COSTLY_ORDER;
	if (ev->order < SOURCE_ORDERS && mt < PA_NR_MT)
		a->requests[ev->order][mt]++;
	c = caller_of(a, ev->pid);
	if (!c)
		return;
	c->allocs++;
	c->pages += UINT64_C(1) << ev->order;
	c->unmovable += mt == PA_MOVABLE ? 0 : UINT64_C(1) << ev->order;
	c->high += ev->order > COSTLY_ORDER;
	if (ev->order > c->max_order)
		c->max_order = ev->order;
}

/* -------------------------------------------------------------------------
 * Stalls
 */

static void begin_stall(struct activity *a, const struct trace_event *ev,
			enum source_stall_kind kind, int order)
{
	if (order >= SOURCE_ORDERS)
		order = -1;	    /* no such block: a trace may say what it likes */
	if (a->nr_open == MAX_OPEN) /* one whose end was lost */
		memmove(a->open, a->open + 1, --a->nr_open * sizeof(a->open[0]));
	a->open[a->nr_open++] = (struct source_stall){
		.ts = ev->ts, .pid = ev->pid, .cpu = ev->cpu, .kind = kind, .order = order
	};
}

/* The last one begun, by this process or else on this CPU. */
static struct source_stall *open_stall(struct activity *a, const struct trace_event *ev,
				       bool reclaim, bool by_pid)
{
	for (size_t i = a->nr_open; i-- > 0;)
		if ((a->open[i].kind == STALL_RECLAIM) == reclaim &&
		    (by_pid ? a->open[i].pid == ev->pid : a->open[i].cpu == ev->cpu))
			return &a->open[i];
	return NULL;
}

static unsigned int bucket_of(uint64_t ns)
{
	unsigned int i = 0;

	for (ns /= 1000; ns > 1 && i < SOURCE_BUCKETS - 1; ns >>= 1)
		i++;
	return i;
}

static void end_stall(struct activity *a, struct source_stall *s, const struct trace_event *ev)
{
	struct source_caller *c = caller_of(a, s->pid);

	s->ns = ev->ts > s->ts ? ev->ts - s->ts : 0;
	if (s->kind == STALL_RECLAIM) {
		s->reclaimed = ev->arg;
		s->done = ev->arg > 0;
		a->counts.v[COUNT_RECLAIMED] += ev->arg;
	} else {
		s->status = ev->arg > 0xff ? 0xff : ev->arg;
		s->done = ev->arg == COMPACT_SUCCESS;
		a->counts.v[COUNT_COMPACT_DONE] += s->done;
	}
	if (c && s->kind != STALL_KCOMPACTD) {
		c->stalls++;
		c->stall_ns += s->ns;
	}
	a->histogram.n[s->kind][s->order + 1][s->done][bucket_of(s->ns)]++;
	a->stall[a->nr_stalls++ % SOURCE_STALLS] = *s;
	memmove(s, s + 1, (char *)(a->open + a->nr_open) - (char *)(s + 1));
	a->nr_open--;
}

static void begin_run(struct activity *a, const struct trace_event *ev)
{
	a->counts.v[COUNT_COMPACT_RUNS]++;
	for (size_t i = 0; i < MAX_OPEN; i++)
		if (a->tried[i].pid == ev->pid && ev->pid) {
			begin_stall(a, ev, STALL_COMPACT, a->tried[i].order);
			return;
		}
	begin_stall(a, ev, STALL_KCOMPACTD, -1);
}

static void try_compact(struct activity *a, const struct trace_event *ev)
{
	size_t i;

	a->counts.v[COUNT_COMPACTIONS]++;
	for (i = 0; i < MAX_OPEN && a->tried[i].pid != ev->pid; i++)
		;
	if (i == MAX_OPEN)
		i = a->next_try++ % MAX_OPEN;
	a->tried[i].pid = ev->pid;
	a->tried[i].order = (int8_t)ev->order; /* four bits */
}

static void slow_event(struct activity *a, const struct trace_event *ev)
{
	struct source_stall *s;

	switch (ev->type) {
	case EV_RECLAIM_BEGIN:
		a->counts.v[COUNT_RECLAIMS]++;
		begin_stall(a, ev, STALL_RECLAIM, ev->order);
		break;
	case EV_COMPACT_TRY:
		try_compact(a, ev);
		break;
	case EV_COMPACT_BEGIN:
		begin_run(a, ev);
		break;
	case EV_RECLAIM_END:
	case EV_COMPACT_END:
		s = open_stall(a, ev, ev->type == EV_RECLAIM_END, true);
		if (s)
			end_stall(a, s, ev);
		break;
	case EV_COMPACT_FREE:
	case EV_COMPACT_FAST:
		a->counts.v[COUNT_COMPACT_SCANNED] += trace_scan_scanned(ev);
		s = open_stall(a, ev, false, false);
		if (s) {
			s->scanned += trace_scan_scanned(ev);
			s->taken += trace_scan_taken(ev);
		}
		break;
	case EV_COMPACT_MIGRATE:
		a->counts.v[COUNT_COMPACT_MOVED] += ev->arg;
		s = open_stall(a, ev, false, false);
		if (s)
			s->moved += ev->arg;
		break;
	case EV_KSWAPD_WAKE:
		a->counts.v[COUNT_KSWAPD]++;
		break;
	case EV_OOM_VICTIM:
		a->counts.v[COUNT_OOM]++;
		break;
	default:
		break;
	}
}

/* -------------------------------------------------------------------------
 * Per-cpu lists
 */

static struct source_pcp *pcp_of(struct activity *a, uint64_t pfn, uint32_t cpu, unsigned int order)
{
	uint32_t z = a->last_zone;

	if ((order > COSTLY_ORDER && order != a->meta->pageblock_order) || cpu >= a->nr_cpus)
		return NULL;
	if (z >= a->nr_zones || pfn < a->zone_start[z] || pfn >= a->zone_end[z]) {
		for (z = 0; z < a->nr_zones; z++)
			if (pfn >= a->zone_start[z] && pfn < a->zone_end[z])
				break;
		if (z == a->nr_zones)
			return NULL;
		a->last_zone = z;
	}
	return &a->pcp[(size_t)z * a->nr_cpus + cpu];
}

void activity_pick(struct activity *a, const struct replay_decision *d)
{
	const struct replay_kernel *k = &d->kernel;
	unsigned int order = d->core->req.order;
	struct source_pcp *p = NULL;

	if (k->fallback) {
		a->counts.v[COUNT_FALLBACKS]++;
		a->counts.v[COUNT_CLAIMED] += k->claim == REPLAY_CLAIM_YES;
		a->counts.v[COUNT_KEPT] += k->claim == REPLAY_CLAIM_NO;
	}
	if (k->pfn != PA_PFN_NONE)
		p = pcp_of(a, k->pfn, d->cpu, order);
	if (p) {
		p->refilled += UINT64_C(1) << order;
		p->carried += INT64_C(1) << order;
	}
}

static void pcp_event(struct activity *a, const struct trace_event *ev)
{
	struct source_pcp *p = pcp_of(a, ev->pfn, ev->cpu, ev->order);
	uint64_t pages = UINT64_C(1) << ev->order;

	if (!p)
		return;
	switch (ev->type) {
	case EV_ALLOC:
		p->taken += pages;
		p->carried -= (int64_t)pages;
		break;
	case EV_FREE:
		p->given += pages;
		p->carried += (int64_t)pages;
		break;
	default:
		p->drained += pages;
		p->carried -= (int64_t)pages;
	}
}

/* -------------------------------------------------------------------------
 * In and out
 */

static void take_stats(struct activity *a, const struct trace_pairs *stats)
{
	a->counts.known |= UINT32_C(1) << COUNT_MISSED;
	a->counts.v[COUNT_MISSED] = trace_missed(stats);
}

int activity_item(struct activity *a, const struct trace_item *item)
{
	const struct trace_pcp *from = &item->pcp;
	struct source_pcp *p;

	if (item->kind == TRACE_STATS)
		take_stats(a, item->stats);
	if (item->kind != TRACE_PCP || from->at != TRACE_AT_BEGIN ||
	    from->zone >= TRACE_MAX_ZONES || a->zone_at[from->zone] < 0 || from->cpu >= a->nr_cpus)
		return 0;
	p = &a->pcp[(size_t)a->zone_at[from->zone] * a->nr_cpus + from->cpu];
	p->count = from->count;
	p->batch = from->batch;
	p->high = from->high;
	return 0;
}

void activity_event(struct activity *a, const struct trace_event *ev)
{
	a->counts.v[COUNT_EVENTS]++;
	switch (ev->type) {
	case EV_ALLOC:
		count_alloc(a, ev);
		pcp_event(a, ev);
		break;
	case EV_FREE:
		a->counts.v[COUNT_FREES]++;
		pcp_event(a, ev);
		break;
	case EV_ZONE_ALLOC:
		a->counts.v[COUNT_REFILLED] += !!(ev->bits & EV_REFILL);
		break;
	case EV_DRAIN:
		a->counts.v[COUNT_DRAINED]++;
		pcp_event(a, ev);
		break;
	case EV_ZONE_FREE:
		if (!trace_is_aside(ev))
			pcp_event(a, ev);
		break;
	case EV_LOST:
		a->counts.v[COUNT_LOST] += ev->arg;
		break;
	default:
		slow_event(a, ev);
	}
}

void activity_sample(struct activity *a, struct sample *out)
{
	size_t n = a->nr_stalls < SOURCE_STALLS ? a->nr_stalls : SOURCE_STALLS;

	for (size_t i = 0; i < n; i++)
		a->shown[i] = a->stall[(a->nr_stalls - n + i) % SOURCE_STALLS];
	out->counts = a->counts;
	out->requests_known = true;
	memcpy(out->requests, a->requests, sizeof(out->requests));
	out->stalls = a->shown;
	out->nr_stalls = n;
	out->stalls_gone = a->nr_stalls - n;
	out->histogram = &a->histogram;
	out->callers = a->caller;
	out->nr_callers = a->nr_callers;
	out->pcp = a->pcp;
	out->nr_pcp = (size_t)a->nr_zones * a->nr_cpus;
}
