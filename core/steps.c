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

int pa_refill_step(struct pa *pa, struct pa_refill *refill, struct pa_alloc_record *rec)
{
	int pindex = list_of(pa, refill);
	struct pa_request request;
	struct pa_cpu_pages *cp;
	struct pa_ctx ac;

	if (pindex < 0)
		return -EINVAL;
	if (refill->taken >= refill->want)
		return 0;
	ac = refill_ctx(pa, refill, rec);
	cp = pa_cpu_pages(pa, refill->zone, ac.cpu);
	request = pa_refill_request(&ac, refill->zone, refill->flags);
	request.mode = refill->mode;
	if (!pa_refill_block(&ac, cp, &request, (unsigned int)pindex, &refill->last)) {
		refill->want = refill->taken;
		return 0;
	}
	refill->mode = request.mode;
	refill->taken++;
	cp->pcp.count += 1 << ac.order;
	return 1;
}

void pa_refill_end(struct pa *pa, const struct pa_refill *refill)
{
	if (list_of(pa, refill) >= 0 && pa_rules(pa)->counts_late)
		pa_count_free(pa_zone_req(pa, refill->zone),
			      pa_cpu_pages(pa, refill->zone, refill->args.cpu),
			      -((int64_t)refill->taken << refill->args.order));
}
