/* SPDX-License-Identifier: GPL-2.0-only */
/* Per-cpu lists as their user sees them: looking at them, and loading what a snapshot found. */
#include <errno.h>

#include "pa_req_internal.h"

#define BATCH_MOST 256 /* what any version's batch stays below */
#define THP_PINDEX (PA_PCPTYPES * (PA_COSTLY_ORDER + 1))

static struct pa_cpu_pages *find(const struct pa *pa, uint32_t zone, uint32_t cpu)
{
	if (!pa_req(pa) || zone >= pa->nr_zones || cpu >= pa_req(pa)->cpus)
		return NULL;
	return pa_cpu_pages(pa, zone, cpu);
}

int pa_pcp_get(const struct pa *pa, uint32_t zone, uint32_t cpu, struct pa_pcp *pcp)
{
	const struct pa_cpu_pages *cp = find(pa, zone, cpu);

	if (!cp)
		return -ENOENT;
	*pcp = cp->pcp;
	return 0;
}

int pa_pcp_set(struct pa *pa, uint32_t zone, uint32_t cpu, const struct pa_pcp *pcp)
{
	struct pa_cpu_pages *cp = find(pa, zone, cpu);
	int32_t count, cold;

	if (!cp)
		return -ENOENT;
	if (pcp->batch < 1 || pcp->batch > BATCH_MOST || pcp->cold_high < 0 ||
	    pcp->cold_batch < 0 || pcp->cold_batch > BATCH_MOST || pcp->high < 0 ||
	    pcp->high_min < 0 || pcp->high_max < pcp->high_min || pcp->free_count < 0 ||
	    pcp->alloc_factor > PA_BATCH_SCALE_MAX || pcp->free_factor > 2 * PA_BATCH_SCALE_MAX)
		return -EINVAL;
	count = cp->pcp.count;
	cold = cp->pcp.cold_count;
	cp->pcp = *pcp;
	cp->pcp.count = count;
	cp->pcp.cold_count = cold;
	cp->free_most = pa_rules(pa)->pcp_auto ? pcp->batch << PA_BATCH_SCALE_MAX : 0;
	if (pa_rules(pa)->pcp_auto) /* as its first use would */
		cp->pcp.high = pcp->high < pcp->high_min ? pcp->high_min :
			       pcp->high > pcp->high_max ? pcp->high_max :
							   pcp->high;
	return 0;
}

int pa_pcp_index(const struct pa *pa, unsigned int order, enum pa_mt mt)
{
	int pindex;

	if (!pa_req(pa) || (unsigned int)mt >= PA_PCPTYPES)
		return -EINVAL;
	pindex = pa_pindex(pa, pa_rules(pa), order, mt);
	return pindex < 0 ? -EINVAL : pindex;
}

uint64_t pa_pcp_head(const struct pa *pa, uint32_t zone, uint32_t cpu, unsigned int pindex)
{
	const struct pa_cpu_pages *cp = find(pa, zone, cpu);

	if (!cp || pindex >= PA_NR_PCP_LISTS)
		return PA_PFN_NONE;
	return pa_pfn(&pa_zones(pa)[zone], cp->lists[pindex].head);
}

uint64_t pa_pcp_next(const struct pa *pa, uint64_t pfn)
{
	const struct pa_zone *z = pa_zone_at(pa, pfn);
	uint8_t owner;

	if (!z || !pa_req(pa))
		return PA_PFN_NONE;
	owner = pa_desc(pa, z, pfn)->owner;
	if (!pa_owned(owner) || owner >= OWNER_ALLOCATED)
		return PA_PFN_NONE;
	return pa_pfn(z, pa_links(pa)[pa_frame(z, pfn)].next);
}

int pa_pcp_load(struct pa *pa, uint32_t zone, uint32_t cpu, unsigned int pindex, uint64_t pfn,
		enum pa_mt mt)
{
	struct pa_cpu_pages *cp = find(pa, zone, cpu);
	unsigned int order;
	struct pa_zone *z;

	if (!cp || pindex >= pa_rules(pa)->pcp_lists || (unsigned int)mt >= PA_NR_MT ||
	    mt == PA_ISOLATE)
		return -EINVAL;
	order = pindex < THP_PINDEX ? pindex / PA_PCPTYPES : pa->pageblock_order;
	z = pa_valid_block(pa, pfn, order);
	if (!z || z != &pa_zones(pa)[zone])
		return -EINVAL;
	if (!pa_unclaimed(pa, z, pfn, order))
		return -EEXIST;
	pa_mark(pa, z, pfn, order, PA_USE_PINNED);
	pa_desc(pa, z, pfn)->owner = pa_pcp_owner(order, mt);
	pa_queue_append(pa, &cp->lists[pindex], pa_frame(z, pfn));
	cp->pcp.count += 1 << order;
	cp->pcp.cold_count += pa_rules(pa)->pcp_lists == PA_PCP_HOT_COLD && pindex == PA_COLD;
	return 0;
}
