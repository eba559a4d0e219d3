/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel writes when a request fails: warn_alloc and show_free_areas, as far as the
 * model knows the numbers.
 */
#include "pa_req_internal.h"

#define KB_PER_PAGE 4

static void add_number(struct pa_text *t, uint64_t value, unsigned int base)
{
	char digits[24];
	size_t at = sizeof(digits);

	digits[--at] = '\0';
	do {
		digits[--at] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	pa_text_add(t, digits + at);
}

/* "name:12kB" */
static void add_kb(struct pa_text *t, const char *name, int64_t pages)
{
	pa_text_add(t, name);
	pa_text_add(t, ":");
	add_number(t, pages > 0 ? (uint64_t)pages * KB_PER_PAGE : 0, 10);
	pa_text_add(t, "kB");
}

static void add_place(struct pa_text *t, const struct pa_zone_req *zr)
{
	pa_text_add(t, "Node ");
	add_number(t, zr->node, 10);
	pa_text_add(t, " ");
	pa_text_add(t, pa_zone_type_name((enum pa_zone_type)zr->type));
}

static void add_zone(struct pa_text *t, const struct pa *pa, uint32_t zone, uint32_t cpu)
{
	const struct pa_zone_req *zr = pa_zone_req(pa, zone);
	const struct pa_zone *z = &pa_zones(pa)[zone];
	int64_t on_pcps = 0;

	for (uint32_t c = 0; c < pa_req(pa)->cpus; c++)
		on_pcps += pa_cpu_pages(pa, zone, c)->pcp.count;
	add_place(t, zr);
	add_kb(t, " free", pa_zone_free(z, zr));
	add_kb(t, " boost", (int64_t)z->boost);
	add_kb(t, " min", (int64_t)pa_mark_of(z, zr, PA_WMARK_MIN));
	add_kb(t, " low", (int64_t)pa_mark_of(z, zr, PA_WMARK_LOW));
	add_kb(t, " high", (int64_t)pa_mark_of(z, zr, PA_WMARK_HIGH));
	add_kb(t, " reserved_highatomic", (int64_t)zr->nr_reserved_highatomic);
	add_kb(t, " reclaimable", (int64_t)zr->nr_lru);
	add_kb(t, " present", (int64_t)zr->present);
	add_kb(t, " managed", (int64_t)z->managed);
	add_kb(t, " free_pcp", on_pcps);
	add_kb(t, " local_pcp", pa_cpu_pages(pa, zone, cpu)->pcp.count);
	add_kb(t, " free_cma", (int64_t)z->free[PA_CMA]);
	pa_text_add(t, "\nlowmem_reserve[]:");
	for (unsigned int type = 0; type < PA_NR_ZONE_TYPES; type++) {
		if (!(pa_req(pa)->types >> type & 1))
			continue;
		pa_text_add(t, " ");
		add_number(t, zr->reserve[type], 10);
	}
	pa_text_add(t, "\n");
}

/* "2*16kB (UM)": show_migration_types */
static void add_order(struct pa_text *t, const struct pa_zone *z, unsigned int order, uint64_t nr)
{
	static const char letters[PA_NR_MT][2] = {
		[PA_UNMOVABLE] = "U",  [PA_MOVABLE] = "M", [PA_RECLAIMABLE] = "E",
		[PA_HIGHATOMIC] = "H", [PA_CMA] = "C",	   [PA_ISOLATE] = "I",
		[PA_RESERVE] = "R",
	};

	pa_text_add(t, " ");
	add_number(t, nr, 10);
	pa_text_add(t, "*");
	add_number(t, (uint64_t)KB_PER_PAGE << order, 10);
	pa_text_add(t, "kB");
	if (!nr)
		return;
	pa_text_add(t, " (");
	for (unsigned int mt = 0; mt < PA_NR_MT; mt++) {
		if (z->orders[mt] >> order & 1)
			pa_text_add(t, letters[mt]);
	}
	pa_text_add(t, ")");
}

static void add_free_areas(struct pa_text *t, const struct pa *pa, uint32_t zone)
{
	uint64_t total = 0;

	add_place(t, pa_zone_req(pa, zone));
	pa_text_add(t, ":");
	for (unsigned int order = 0; order < pa->nr_orders; order++) {
		uint64_t nr = pa_nr_free(pa, zone, order);

		add_order(t, &pa_zones(pa)[zone], order, nr);
		total += nr << order;
	}
	pa_text_add(t, " = ");
	add_number(t, total * KB_PER_PAGE, 10);
	pa_text_add(t, "kB\n");
}

/* @each for every zone that has pages, by node, low to high. */
static void add_zones(struct pa_text *t, const struct pa *pa, uint32_t cpu, bool areas)
{
	for (uint32_t i = 0; i < pa_req(pa)->nodes * PA_NR_ZONE_TYPES; i++) {
		uint32_t zone = pa_zone_by(pa, i / PA_NR_ZONE_TYPES, i % PA_NR_ZONE_TYPES);

		if (zone == PA_NO_ZONE || !pa_zone_req(pa, zone)->present)
			continue;
		if (areas)
			add_free_areas(t, pa, zone);
		else
			add_zone(t, pa, zone, cpu);
	}
}

size_t pa_show_mem(const struct pa *pa, uint32_t cpu, char *buf, size_t len)
{
	struct pa_text t = { buf, len, 0 };

	pa_text_add(&t, "");
	if (!pa_req(pa) || cpu >= pa_req(pa)->cpus)
		return 0;
	add_zones(&t, pa, cpu, false);
	add_zones(&t, pa, cpu, true);
	return t.len;
}

size_t pa_failure_report(const struct pa *pa, const struct pa_alloc_args *args, const char *comm,
			 char *buf, size_t len)
{
	struct pa_text t = { buf, len, 0 };
	char gfp[512];

	pa_text_add(&t, "");
	if (!pa_req(pa) || args->cpu >= pa_req(pa)->cpus || args->gfp & PA_GFP_NOWARN)
		return 0;
	pa_gfp_text(args->gfp, gfp, sizeof(gfp));
	pa_text_add(&t, comm);
	pa_text_add(&t, ": page allocation failure: order:");
	add_number(&t, args->order, 10);
	pa_text_add(&t, ", mode:0x");
	add_number(&t, args->gfp, 16);
	pa_text_add(&t, "(");
	pa_text_add(&t, gfp);
	pa_text_add(&t, "), nodemask=");
	if (args->nodemask)
		add_number(&t, args->nodemask, 16);
	else
		pa_text_add(&t, "(null)");
	pa_text_add(&t, "\nMem-Info:\n");
	add_zones(&t, pa, args->cpu, false);
	add_zones(&t, pa, args->cpu, true);
	return t.len;
}
