/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Zonelists: for each node and highest zone type, the zones a request walks, best first; and
 * the sizing of ZONE_MOVABLE.
 */
#include <errno.h>
#include <string.h>

#include "pa_req_internal.h"

#define PENALTY_FOR_NODE_WITH_CPUS 1
#define MAX_NUMNODES 1024 /* CONFIG_NODES_SHIFT=10, as distributions build it */

/* What build_zonelists works on. */
struct order {
	const struct pa *pa;
	const uint8_t *distance; /* NULL: local and remote, nothing between */
	uint32_t nodes;
	uint32_t load[PA_MAX_NODES]; /* node_load: spreads who comes first among equals */
};

static int distance(const struct order *o, uint32_t a, uint32_t b)
{
	if (o->distance)
		return o->distance[a * o->nodes + b];
	return a == b ? PA_DISTANCE_LOCAL : 2 * PA_DISTANCE_LOCAL;
}

static bool has_memory(const struct pa *pa, uint32_t nid)
{
	for (uint32_t i = 0; i < pa->nr_zones; i++) {
		if (pa_zone_req(pa, i)->node == nid && pa_zones(pa)[i].managed)
			return true;
	}
	return false;
}

/* find_next_best_node: the nearest node with memory that is not in @used; -1 when all are. */
static int next_best(const struct order *o, uint32_t local, uint64_t *used)
{
	int best = -1, least = 0;

	if (!(*used >> local & 1) && has_memory(o->pa, local)) {
		*used |= UINT64_C(1) << local;
		return (int)local;
	}
	for (uint32_t n = 0; n < o->nodes; n++) {
		int value;

		if (*used >> n & 1 || !has_memory(o->pa, n))
			continue;
		value = distance(o, local, n) + (n < local);
		if (pa_node(o->pa, n)->cpus)
			value += PENALTY_FOR_NODE_WITH_CPUS;
		value = value * MAX_NUMNODES + (int)o->load[n];
		if (best < 0 || value < least) {
			least = value;
			best = (int)n;
		}
	}
	if (best >= 0)
		*used |= UINT64_C(1) << best;
	return best;
}

/* Append @nid's zones of types @highest down to @lowest: build_zonerefs_node. */
static uint8_t *add_node(const struct pa *pa, uint8_t *list, uint32_t nid, unsigned int highest,
			 unsigned int lowest)
{
	for (unsigned int type = highest + 1; type-- > lowest;) {
		uint32_t zone = pa_zone_by(pa, nid, type);

		if (zone != PA_NO_ZONE && pa_zones(pa)[zone].managed)
			*list++ = (uint8_t)zone;
	}
	return list;
}

/* Pages of @nid, or of all nodes if that is none, in zones below NORMAL, and in all. */
static void count_pages(const struct pa *pa, uint32_t nid, uint64_t *low, uint64_t *all)
{
	*low = *all = 0;
	for (uint32_t i = 0; i < pa->nr_zones; i++) {
		const struct pa_zone_req *zr = pa_zone_req(pa, i);

		if (nid != UINT32_MAX && zr->node != nid)
			continue;
		*all += pa_zones(pa)[i].managed;
		*low += zr->type < PA_ZONE_NORMAL ? pa_zones(pa)[i].managed : 0;
	}
}

/*
 * default_zonelist_order: where zones below NORMAL are small, they are to be used last on all
 * nodes; unless one node has little else.  3.10 also spares a node without NORMAL that.
 */
static bool in_zone_order(const struct pa *pa)
{
	uint32_t nodes = pa_req(pa)->nodes;
	uint64_t low, all, average;

	if (!pa_rules(pa)->zone_order || nodes == 1)
		return false;
	count_pages(pa, UINT32_MAX, &low, &all);
	if (!low || low > all / 2)
		return false;
	average = all / (nodes + 1);
	for (uint32_t n = 0; n < nodes; n++) {
		count_pages(pa, n, &low, &all);
		if (low && all > average && low > all * 70 / 100)
			return false;
		if (pa_rules(pa)->suits != PA_SUITS_NEVER &&
		    pa_zone_by(pa, n, PA_ZONE_NORMAL) == PA_NO_ZONE)
			return false;
	}
	return true;
}

void pa_build_zonelists(struct pa *pa, const uint8_t *distances)
{
	struct order o = { .pa = pa, .distance = distances, .nodes = pa_req(pa)->nodes };
	bool by_zone = in_zone_order(pa);

	for (uint32_t local = 0; local < o.nodes; local++) {
		uint32_t order[PA_MAX_NODES], nr = 0, prev = local;
		uint64_t used = 0;
		int nid;

		while ((nid = next_best(&o, local, &used)) >= 0) {
			if (distance(&o, local, (uint32_t)nid) != distance(&o, local, prev))
				o.load[nid]++;
			prev = (uint32_t)nid;
			order[nr++] = prev;
		}
		for (unsigned int highest = 0; highest < PA_NR_ZONE_TYPES; highest++) {
			uint8_t *end = (uint8_t *)(uintptr_t)pa_zonelist_of(pa, local, highest);

			for (unsigned int type = highest + 1; by_zone && type-- > 0;) {
				for (uint32_t i = 0; i < nr; i++)
					end = add_node(pa, end, order[i], type, type);
			}
			for (uint32_t i = 0; !by_zone && i < nr; i++)
				end = add_node(pa, end, order[i], highest, 0);
			*end = PA_NO_ZONE;
		}
	}
}

uint32_t pa_zonelist(const struct pa *pa, uint32_t nid, enum pa_zone_type highest, uint8_t *zones,
		     uint32_t max)
{
	const uint8_t *list;
	uint32_t nr = 0;

	if (!pa_req(pa) || nid >= pa_req(pa)->nodes || (unsigned int)highest >= PA_NR_ZONE_TYPES)
		return 0;
	for (list = pa_zonelist_of(pa, nid, highest); list[nr] != PA_NO_ZONE; nr++) {
		if (nr < max)
			zones[nr] = list[nr];
	}
	return nr;
}

/* -------------------------------------------------------------------------
 * ZONE_MOVABLE: find_zone_movable_pfns_for_nodes
 */

/* What one node may keep for the kernel, and the zone its movable zone would be cut from. */
struct share {
	uint32_t top;	 /* its zone of the machine's highest type */
	bool lends;	 /* it has one */
	uint64_t usable; /* pages of all its zones */
	uint64_t kernel; /* pages that stay */
};

/* find_usable_zone_for_movable: only zones of the machine's highest type lend. */
static void measure(const struct pa_zone_config *zones, uint32_t nr, struct share *nodes)
{
	uint32_t highest = 0;

	memset(nodes, 0, PA_MAX_NODES * sizeof(*nodes));
	for (uint32_t i = 0; i < nr; i++)
		highest = zones[i].type > highest ? zones[i].type : highest;
	for (uint32_t i = 0; i < nr; i++) {
		struct share *n = &nodes[zones[i].node];

		n->usable += zones[i].spanned;
		if (zones[i].type == highest) {
			n->lends = true;
			n->top = i;
		}
	}
}

/* Spread @kernelcore evenly; what a small node cannot take goes to the others. */
static void spread(struct share *nodes, uint64_t kernelcore)
{
	while (kernelcore) {
		uint64_t each, takers = 0;

		for (uint32_t n = 0; n < PA_MAX_NODES; n++)
			takers += nodes[n].kernel < nodes[n].usable;
		if (!takers)
			return;
		each = kernelcore / takers ? kernelcore / takers : 1;
		for (uint32_t n = 0; n < PA_MAX_NODES && kernelcore; n++) {
			uint64_t room = nodes[n].usable - nodes[n].kernel;
			uint64_t take = each < room ? each : room;

			take = take < kernelcore ? take : kernelcore;
			nodes[n].kernel += take;
			kernelcore -= take;
		}
	}
}

static uint64_t round_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) / align * align;
}

/* Pages of @n's movable zone, taken from the top of its highest zone; 0: none fits. */
static uint64_t movable_pages(const struct pa_zone_config *top, const struct share *n,
			      uint64_t align)
{
	uint64_t want = n->usable - n->kernel, end = top->start_pfn + top->spanned, start;

	if (want >= top->spanned)
		want = top->spanned;
	start = round_up(end - want, align);
	return start < end ? end - start : 0;
}

static void cut(struct pa_zone_config *top, struct pa_zone_config *movable, uint64_t pages)
{
	uint64_t managed = top->managed < pages ? top->managed : pages;
	uint64_t present = top->present < pages ? top->present : pages;

	*movable = *top;
	movable->type = PA_ZONE_MOVABLE;
	movable->start_pfn = top->start_pfn + top->spanned - pages;
	movable->spanned = pages;
	movable->managed = managed;
	movable->present = present;
	top->spanned -= pages;
	top->managed -= managed;
	top->present -= present;
}

static bool split_valid(const struct pa_zone_config *zones, uint32_t nr, uint64_t kernelcore,
			uint64_t movablecore, uint64_t align)
{
	if (!zones || !nr || !align || align & (align - 1) || !kernelcore == !movablecore)
		return false;
	for (uint32_t i = 0; i < nr; i++) {
		if (zones[i].type >= PA_ZONE_MOVABLE || zones[i].node >= PA_MAX_NODES)
			return false;
	}
	return true;
}

int pa_split_movable(struct pa_zone_config *zones, uint32_t *nr, uint32_t max, uint64_t kernelcore,
		     uint64_t movablecore, uint64_t align)
{
	struct share nodes[PA_MAX_NODES];
	uint64_t pages[PA_MAX_NODES], total = 0;
	uint32_t added = 0;

	if (!split_valid(zones, *nr, kernelcore, movablecore, align))
		return -EINVAL;
	measure(zones, *nr, nodes);
	for (uint32_t n = 0; n < PA_MAX_NODES; n++)
		total += nodes[n].usable;
	if (movablecore) {
		movablecore = round_up(movablecore, align);
		kernelcore = total > movablecore ? total - movablecore : 0;
	}
	spread(nodes, kernelcore);
	for (uint32_t n = 0; n < PA_MAX_NODES; n++) {
		pages[n] =
			nodes[n].lends ? movable_pages(&zones[nodes[n].top], &nodes[n], align) : 0;
		added += pages[n] != 0;
	}
	if (added > max || *nr > max - added)
		return -ENOSPC;
	for (uint32_t n = 0; n < PA_MAX_NODES; n++) {
		struct pa_zone_config *top = &zones[nodes[n].top];

		if (!pages[n])
			continue;
		cut(top, &zones[*nr], pages[n]);
		if (top->spanned)
			(*nr)++;
		else
			*top = zones[*nr]; /* all of it: the zone is no more */
	}
	return 0;
}
