/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A refill block by block, for who follows a kernel on which others look at the zone meanwhile.
 */
#include <errno.h>

#include "pa_req_internal.h"

/* The list that @refill fills, -1 if there can be no such refill. */
static int list_of(const struct pa *pa, const struct pa_refill *refill)
{
	if (!pa->cpus || pa_rules(pa)->pcp_lists < PA_PCP_ORDERS || refill->zone >= pa->nr_zones ||
	    !pa_args_valid(pa, &refill->args))
		return -1;
	return pa_pindex(pa, pa_rules(pa), refill->args.order, refill->args.gfp >> 3 & 3);
}

static struct pa_ctx refill_ctx(struct pa *pa, const struct pa_refill *refill,
				struct pa_alloc_record *rec)
{
	return (struct pa_ctx){
		.pa = pa,
		.rules = pa_rules(pa),
		.args = &refill->args,
		.rec = rec,
		.cpu = refill->args.cpu,
		.gfp = refill->args.gfp,
		.order = refill->args.order,
		.mt = refill->args.gfp >> 3 & 3,
	};
}

int pa_refill_start(struct pa *pa, struct pa_refill *refill)
{
	int pindex = list_of(pa, refill);
	struct pa_cpu_pages *cp;
	struct pa_ctx ac;

	if (pindex < 0)
		return -EINVAL;
	ac = refill_ctx(pa, refill, NULL);
	cp = pa_cpu_pages(pa, refill->zone, ac.cpu);
	refill->taken = 0;
	refill->last = PA_NIL;
	refill->mode = 0;
	refill->want = 0;
	if (cp->lists[pindex].head == PA_NIL &&
	    !(ac.rules->highatomic_buddy && refill->flags & PA_ALLOC_HIGHATOMIC))
		refill->want = pa_refill_size(ac.rules, &cp->pcp, pa_zone_req(pa, refill->zone),
					      ac.order, (unsigned int)pindex);
	return refill->want;
}

int32_t pa_refill_size_at(const struct pa *pa, uint32_t zone, struct pa_pcp *pcp,
			  unsigned int order)
{
	int pindex = pa_pcp_index(pa, order, PA_UNMOVABLE);

	if (pindex < 0 || zone >= pa->nr_zones)
		return 0;
	return pa_refill_size(pa_rules(pa), pcp, pa_zone_req(pa, zone), order,
			      (unsigned int)pindex);
}

/* What goes on with a refill; its ac is not to be copied. */
struct filling {
	struct pa_ctx ac;
	struct pa_cpu_pages *cp;
	struct pa_request request;
	unsigned int pindex;
};

static bool go_on(struct pa *pa, const struct pa_refill *refill, struct filling *f)
{
	int pindex = list_of(pa, refill);

	if (pindex < 0)
		return false;
	f->pindex = (unsigned int)pindex;
	f->ac = refill_ctx(pa, refill, NULL);
	f->cp = pa_cpu_pages(pa, refill->zone, f->ac.cpu);
	f->request = pa_refill_request(&f->ac, refill->zone, refill->flags);
	f->request.mode = refill->mode;
	return true;
}

/* A block that has to be asked for. */
static bool ask_for_block(struct filling *f, struct pa_refill *refill, struct pa_alloc_record *rec)
{
	f->ac.rec = rec;
	if (!pa_refill_block(&f->ac, f->cp, &f->request, f->pindex, &refill->last)) {
		refill->want = refill->taken;
		return false;
	}
	refill->mode = f->request.mode;
	return true;
}

static void count_taken(struct filling *f, struct pa_refill *refill, int32_t blocks)
{
	refill->taken += blocks;
	f->cp->pcp.count += blocks << f->ac.order;
}

int pa_refill_step(struct pa *pa, struct pa_refill *refill, struct pa_alloc_record *rec)
{
	struct filling f;

	if (!go_on(pa, refill, &f))
		return -EINVAL;
	if (refill->taken >= refill->want || !ask_for_block(&f, refill, rec))
		return 0;
	count_taken(&f, refill, 1);
	return 1;
}

/* Did another type lend the block that was asked for?  Else nothing is told of it. */
static bool is_lent(struct pa_alloc_record *rec)
{
	if (!rec || !rec->trail.nr_picks || !rec->trail.max_picks)
		return false;
	if (pa_is_fallback(&rec->trail.picks[0]))
		return true;
	rec->trail.nr_picks = 0;
	return false;
}

int pa_refill_steps(struct pa *pa, struct pa_refill *refill, int32_t most,
		    struct pa_alloc_record *rec)
{
	int32_t end = refill->taken, start = end, run;
	struct filling f;
	bool lent = false;

	if (!go_on(pa, refill, &f))
		return -EINVAL;
	end += most < refill->want - start ? most : refill->want - start;
	while (refill->taken < end && !lent) {
		f.ac.rec = NULL;
		run = pa_refill_run(&f.ac, f.cp, &f.request, f.pindex, end - refill->taken,
				    &refill->last);
		if (!run) {
			if (!ask_for_block(&f, refill, rec))
				break;
			lent = is_lent(rec);
			run = 1;
		}
		count_taken(&f, refill, run);
	}
	return refill->taken - start;
}

void pa_refill_end(struct pa *pa, const struct pa_refill *refill)
{
	if (list_of(pa, refill) >= 0 && pa_rules(pa)->counts_late)
		pa_count_free(pa_zone_req(pa, refill->zone),
			      pa_cpu_pages(pa, refill->zone, refill->args.cpu),
			      -((int64_t)refill->taken << refill->args.order));
}
