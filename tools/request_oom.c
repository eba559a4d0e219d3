/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The OOM killer of a what-if run.
 *
 * out_of_memory kills the task with most memory (oom_badness @ 6.12: its pages, swap and page
 * tables), and the reaper and exit_mmap give that back.  A trace names the process of each request,
 * so what it has for itself is known: anonymous pages and page tables.  Not known are what it had
 * ahead of the trace and oom_score_adj.  A process that is dead asks for nothing any more; who would
 * have been started in its place is in no trace.
 */
#include <errno.h>
#include <stdlib.h>

#include "request_whatif.h"

#define NOBODY 0 /* a page stays when its process dies; to a trace an interrupt is process 0, too */
#define DEAD UINT32_MAX

struct oom {
	uint32_t *payer; /* by the core's frame: the process that a page goes with, or NOBODY */
	uint32_t *pages; /* by process, while a victim is looked for; DEAD: it was killed */
	uint32_t cpu;	 /* of the request that there is no page for */
};

int oom_open(struct request *r)
{
	struct oom *o = calloc(1, sizeof(*o));

	if (!o)
		return -ENOMEM;
	r->oom = o;
	o->payer = calloc(r->nr_owners + 1, sizeof(*o->payer));
	o->pages = calloc((size_t)1 << EV_PID_BITS, sizeof(*o->pages));
	return o->payer && o->pages ? 0 : -ENOMEM;
}

void oom_close(struct oom *o)
{
	if (!o)
		return;
	free(o->payer);
	free(o->pages);
	free(o);
}

bool oom_is_dead(const struct request *r, uint32_t pid)
{
	return r->oom->pages[pid] == DEAD;
}

/*
 * Does a page go when its process does?  Anonymous ones are GFP_HIGHUSER_MOVABLE, as are those of
 * tmpfs where they are not zeroed; page tables are GFP_PGTABLE_USER.
 */
static bool is_private(const struct whatif *op)
{
	const uint32_t table = PA_GFP_ZERO | PA_GFP_ACCOUNT,
		       anonymous = PA_GFP_MOVABLE | PA_GFP_HARDWALL;

	if (op->cache)
		return false;
	if (op->arg & PA_GFP_MOVABLE)
		return (op->arg & anonymous) == anonymous;
	return op->order <= 1 &&
	       (op->arg & (table | PA_GFP_HARDWALL | PA_GFP_RECLAIMABLE)) == table;
}

void oom_note(struct request *r, const struct whatif *op, uint64_t pfn)
{
	for (uint64_t end = pfn + (UINT64_C(1) << op->order); pfn < end && pfn < r->nr_owners;
	     pfn++)
		r->oom->payer[pfn] = is_private(op) ? op->pid : NOBODY;
}

void oom_moved(struct request *r, uint64_t from, uint64_t to)
{
	if (from < r->nr_owners && to < r->nr_owners)
		r->oom->payer[to] = r->oom->payer[from];
}

/* Order of the allocation at @pfn that goes with its process, or -1. */
static int order_of(const struct request *r, uint64_t pfn)
{
	uint32_t as = r->owner[pfn];

	if (r->oom->payer[pfn] == NOBODY || as == NO_PFN || r->handle[as] != (uint32_t)pfn)
		return -1;
	return pa_allocated(r->pa, pfn);
}

/* select_bad_process: the one with most pages, NOBODY if none has any. */
static uint32_t select_victim(struct request *r)
{
	struct oom *o = r->oom;
	uint32_t victim = NOBODY, most = 0;

	for (uint64_t pfn = 0; pfn < r->nr_owners; pfn++) {
		uint32_t pid = o->payer[pfn];
		int order = order_of(r, pfn);

		if (order < 0 || o->pages[pid] == DEAD)
			continue;
		o->pages[pid] += UINT32_C(1) << order;
		if (o->pages[pid] > most) {
			most = o->pages[pid];
			victim = pid;
		}
	}
	for (uint64_t pfn = 0; pfn < r->nr_owners; pfn++)
		if (o->pages[o->payer[pfn]] != DEAD)
			o->pages[o->payer[pfn]] = 0;
	return victim;
}

/* pa_oom_fn */
static bool kill_one(struct pa *pa, void *arg)
{
	struct request *r = arg;
	uint32_t victim = select_victim(r);

	if (victim == NOBODY)
		return false;
	for (uint64_t pfn = 0; pfn < r->nr_owners; pfn++) {
		int order = order_of(r, pfn);

		if (order < 0 || r->oom->payer[pfn] != victim)
			continue;
		for (uint64_t i = 0; i < UINT64_C(1) << order; i++)
			if (r->owner[pfn + i] != NO_PFN)
				r->handle[r->owner[pfn + i]] = NO_PAGE;
		pa_free_pages(pa, r->oom->cpu, pfn, (unsigned int)order, NULL);
	}
	r->oom->pages[victim] = DEAD;
	r->res.kills.core++;
	return true;
}

void oom_arm(struct request *r, struct pa_alloc_args *args)
{
	r->oom->cpu = args->cpu;
	args->oom = kill_one;
	args->oom_ctx = r;
}
